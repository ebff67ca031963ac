# An idle system runs no statements; a submit starts at once nevertheless.
use strict;
use warnings;

use BountyGo::HttpServer;
use BountyGo::Node;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
my @pages = BountyGo::Node::write_pages($dir, 'idle', 3);
my $web = BountyGo::HttpServer->start(root => $dir);
my $node = BountyGo::Node->create('idle', stopped => 1,
	conf => "shared_preload_libraries = 'bountygo, pg_stat_statements'\nbountygo.database = 'postgres'\npg_stat_statements.track = all\n");
$node->sql('SELECT bountygo.start(); CREATE EXTENSION pg_stat_statements;');
ok($node->wait_for_worker, 'a worker runs');
is($node->ended($node->submit($web->url($pages[0])))->{state}, 'done', 'and works');

my $pid = $node->worker_pid;
ok($node->wait_until("SELECT state = 'idle' AND state_change < clock_timestamp() - interval '1 second' FROM pg_stat_activity WHERE pid = $pid"),
	'then there is nothing to do');
my $since = $node->sql('SELECT clock_timestamp() FROM pg_stat_statements_reset()');
my $quiet = "FROM pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid WHERE r.rolname = 'bountygo_worker'";
# Five seconds have to pass for this one: it is about what does not happen meanwhile.
ok($node->wait_until("SELECT clock_timestamp() > '$since'::timestamptz + interval '5 seconds'"), 'five seconds pass');
is($node->sql("SELECT coalesce(sum(s.calls), 0) $quiet"), '0', 'without one statement of the worker');

my $job = $node->ended($node->submit($web->url($pages[1])));
my $ms = $node->sql("SELECT round(extract(epoch FROM started_at - created_at) * 1000) FROM bountygo.jobs WHERE id = $job->{id}");
cmp_ok($ms, '<', 1000, "a submit is claimed at once ($ms ms)");
cmp_ok($node->sql("SELECT coalesce(sum(s.calls), 0) $quiet"), '>', 0, 'which does show in pg_stat_statements');

# Rolled back: nobody is woken for nothing, and nothing is left.
my $count = $node->sql('SELECT count(*) FROM bountygo.jobs');
$node->sql("BEGIN; SELECT bountygo.submit_url('" . $web->url($pages[2]) . "'); ROLLBACK;");
is($node->sql('SELECT count(*) FROM bountygo.jobs'), $count, 'what is rolled back was never submitted');
is($web->count($pages[2]), 0, 'nor fetched');

$node->stop;
$web->stop;
done_testing();

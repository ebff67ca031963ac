# A start() whose transaction takes its time: what it launches waits for exactly its end, whatever it has made by then.
use strict;
use warnings;

use BountyGo::Node;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = BountyGo::Node->create('slow', stopped => 1);

# Waits until a process of that kind waits for a transaction of another; false if it sleeps instead.
sub waits_for_commit
{
	my ($kind, $database) = @_;
	my $is_there = "FROM pg_stat_activity WHERE backend_type = '$kind' AND datname = '$database' AND wait_event";

	$node->wait_until("SELECT count(*) > 0 $is_there IN ('transactionid', 'Extension')");
	return $node->sql("SELECT count(*) $is_there = 'transactionid'");
}

# The first start() in the cluster makes the role that workers log in as: only a launcher can wait for that.
my $slow = $node->background_psql('postgres');
$slow->query_safe('BEGIN; SELECT bountygo.start();');
is(waits_for_commit('bountygo launcher', 'postgres'), 1, 'the launcher waits for the commit of the first start()');
$slow->query_safe('COMMIT');
ok($node->wait_for_worker, 'and launches the worker');

# A worker of a start() that enables it again
$node->sql('SELECT bountygo.stop()');
$slow->query_safe('BEGIN; SELECT bountygo.start();');
is(waits_for_commit('bountygo worker', 'postgres'), 1, 'a worker waits for the start() that enables it');
$slow->query_safe('COMMIT');
ok($node->wait_for_worker, 'and serves');
$slow->quit;

# A second database: the role is there, the tables are not
$node->sql('CREATE DATABASE second');
$slow = $node->background_psql('second');
$slow->query_safe('BEGIN; CREATE EXTENSION IF NOT EXISTS bountygo; SELECT bountygo.start();');
is(waits_for_commit('bountygo worker', 'second'), 1, 'a worker waits for its tables');
$slow->query_safe('COMMIT');
$slow->quit;
$node->poll_query_until('second', 'SELECT bool_and(alive) FROM bountygo.worker_status') or diag('no worker');
is($node->safe_psql('second', 'SELECT bool_and(alive) FROM bountygo.worker_status'), 't', 'and serves');

# One that comes to nothing leaves nobody waiting for ever
$node->sql('CREATE DATABASE third');
$slow = $node->background_psql('third');
$slow->query_safe('BEGIN; CREATE EXTENSION IF NOT EXISTS bountygo; SELECT bountygo.start();');
is(waits_for_commit('bountygo worker', 'third'), 1, 'a worker waits');
$slow->query_safe('ROLLBACK');
$slow->quit;
ok($node->wait_until("SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = 'third' AND wait_event = 'transactionid'"),
	'and no longer after ROLLBACK');
$node->stop;
done_testing();

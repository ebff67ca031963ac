# While a worker waits for the network it holds nothing: no snapshot, no transaction, no lock. Nobody waits for it.
use strict;
use warnings;

use BountyGo::HttpServer;
use BountyGo::Node;
use Test::More;

my $web = BountyGo::HttpServer->start;
my $node = BountyGo::Node->create('held', conf => "bountygo.fetch_per_host = 30\n");
my $pid = $node->worker_pid;

my @jobs = map { $node->submit($web->url("/hang?job=$_")) } 1 .. 20;
ok($node->wait_until("SELECT in_hand = 20 FROM bountygo.worker_status"), '20 slow fetches are in hand');
ok($node->wait_until("SELECT state = 'idle' FROM pg_stat_activity WHERE pid = $pid"), 'the worker is idle meanwhile');
is($node->sql("SELECT coalesce(backend_xmin::text, '') || coalesce(backend_xid::text, '') FROM pg_stat_activity WHERE pid = $pid"),
	'', 'no snapshot and no transaction');
is($node->sql("SELECT count(*) FROM pg_locks WHERE pid = $pid"), '0', 'no lock');
is($node->sql("SELECT wait_event_type FROM pg_stat_activity WHERE pid = $pid"), 'Extension', 'a wait of its own');

$node->sql('CREATE DATABASE other');
cmp_ok(BountyGo::Node::seconds(sub { $node->sql('DROP DATABASE other') }), '<', 2, 'DROP DATABASE of another database takes under 2 s');
cmp_ok(BountyGo::Node::seconds(sub { $node->sql('VACUUM FULL bountygo.jobs') }), '<', 2, 'VACUUM FULL of the queue takes under 2 s');
cmp_ok(BountyGo::Node::seconds(sub {
	$node->sql("SELECT pg_terminate_backend($pid)");
	$node->wait_until("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid)");
}), '<', 2, 'pg_terminate_backend() of the worker takes under 2 s');

$node->stop;
$web->stop;
done_testing();

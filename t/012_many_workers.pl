# Several workers on one queue: limits of hosts hold across them, no job is done twice, and each takes over for another.
use strict;
use warnings;

use BountyGo::HttpServer;
use BountyGo::Node;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
my $each = 60;
BountyGo::Node::write_pages($dir, 'many', $each);
my @webs = map { BountyGo::HttpServer->start(root => $dir, host => "127.0.0.$_") } 2 .. 5;
my $node = BountyGo::Node->create('many', conf => "bountygo.workers = 3\nbountygo.fetch_per_host = 4\nbountygo.fetch_delay = 1ms\n");

ok($node->wait_until('SELECT count(*) = 3 FROM bountygo.worker_status WHERE alive'), 'three workers');

# One host is full for all of them.
my @hanging = map { $node->submit($webs[0]->url("/hang?n=$_")) } 1 .. 12;
ok($node->wait_until("SELECT count(*) = 4 FROM bountygo.jobs WHERE state = 'leased'"), 'four pages of a host are in hand');
$node->sql('SELECT bountygo.wake_workers()');

# The others are served meanwhile, by all.
my @groups;
for my $web (@webs[1 .. 3])
{
	my $base = $web->url('/many');

	push @groups, $node->sql("SELECT bountygo.submit_urls(array(SELECT '$base' || i || '.html' FROM generate_series(1, $each) i), true)
		->> 'group_id'");
}
my $groups = join(', ', @groups);
ok($node->wait_until("SELECT bool_and(finished_at IS NOT NULL) FROM bountygo.jobs WHERE group_id IN ($groups)"), 'all pages of other hosts end');
is($node->sql("SELECT string_agg(DISTINCT state || ' ' || attempts || ' ' || lease_token, ', ') FROM bountygo.jobs WHERE group_id IN ($groups)"),
	'done 1 1', 'each was taken once');
is($node->sql('SELECT count(*) || \' \' || count(DISTINCT source_url) FROM bountygo.tasks'), 3 * $each . ' ' . 3 * $each, 'one task a page');
is($node->sql("SELECT count(*) FROM bountygo.jobs WHERE state = 'leased'"), '4', 'the full host had no more than its share');
is(scalar(grep { $webs[1]->count("/many$_.html") != 1 } 1 .. $each), 0, 'no page was fetched twice');
is($node->sql('SELECT sum(lost_leases) FROM bountygo.worker_status'), '0', 'no lease was lost');

# A worker that ends leaves its pages to the others at once.
my ($slot, $pid) = split /\|/, $node->sql("SELECT w.slot, w.pid FROM bountygo.worker_status w WHERE w.in_hand > 0 ORDER BY w.slot LIMIT 1");
my $mine = $node->sql("SELECT string_agg(id::text, ', ') FROM bountygo.jobs WHERE lease_owner = $slot");
$node->sql("SELECT pg_terminate_backend($pid)");
ok($node->wait_until("SELECT bool_and(lease_owner IS DISTINCT FROM $slot) FROM bountygo.jobs WHERE id IN ($mine)"), 'its pages are released');
ok($node->wait_until("SELECT count(*) = 4 FROM bountygo.jobs WHERE state = 'leased'"), 'and the host is served in full again');
is($node->sql("SELECT count(*) FROM bountygo.jobs WHERE id IN (" . join(', ', @hanging) . ") AND crashes > 0"), '0', 'at nobody\'s charge');

is($node->sql('SELECT bountygo.stop()') >= 2, 1, 'stop() ends them');
ok($node->wait_until('SELECT NOT bool_or(alive) FROM bountygo.worker_status'), 'all of them');
is($node->sql("SELECT count(*) FROM bountygo.jobs WHERE state = 'leased'"), '0', 'and nothing is left in hand');

$node->stop;
$_->stop for @webs;
done_testing();

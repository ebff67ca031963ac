# Committed means kept: kill -9 of the worker, kill -9 of the postmaster and an immediate shutdown in mid-flight, three times each.
use strict;
use warnings;

use BountyGo::HttpServer;
use BountyGo::Node;
use PostgreSQL::Test::Utils;
use Test::More;

my $jobs = 200;
my $dir = PostgreSQL::Test::Utils::tempdir();
my $web;
my $node = BountyGo::Node->create('kill', preload => 1, conf => "bountygo.fetch_delay = 15ms\nfsync = on\n");

my $hanging;

# So many of this round's jobs have ended, and the pages that hang are in hand for the n-th time.
sub in_mid_flight
{
	my ($group, $done, $n) = @_;

	return $node->wait_until("SELECT count(*) FILTER (WHERE state = 'done') >= $done
			AND (SELECT bool_and(state = 'leased' AND lease_token = $n) FROM bountygo.jobs WHERE id IN ($hanging))
		FROM bountygo.jobs WHERE group_id = $group");
}

for my $round (1 .. 3)
{
	BountyGo::Node::write_pages($dir, "kill$round-", $jobs);
	$web->stop if $web;
	$web = BountyGo::HttpServer->start(root => $dir);
	my $base = $web->url("/kill$round-");
	# Two pages that never answer are in hand at every kill, whatever else is.
	my @hanging = map { $node->submit($web->url("/hang?round=$round&n=$_")) } 1 .. 2;
	$hanging = join(', ', @hanging);
	my $group = $node->sql("SELECT bountygo.submit_urls(array(SELECT '$base' || i || '.html' FROM generate_series(1, $jobs) i), true)
		->> 'group_id'");
	ok(in_mid_flight($group, 20, 1), "round $round: in mid-flight");
	kill 'KILL', $node->worker_pid;
	ok(in_mid_flight($group, 60, 2), "round $round: goes on after kill -9 of the worker");
	$node->kill9;
	$node->start_again;
	ok(in_mid_flight($group, 100, 3), "round $round: goes on after kill -9 of the postmaster");
	$node->stop('immediate');
	$node->start_again;
	ok($node->wait_until("SELECT bool_and(finished_at IS NOT NULL) FROM bountygo.jobs WHERE group_id = $group"), "round $round: every job ends");
	is($node->sql("SELECT string_agg(DISTINCT state::text, ' ') FROM bountygo.jobs WHERE group_id = $group"), 'done', "round $round: all are done");
	is($node->sql("SELECT count(*) || ' ' || count(DISTINCT source_url) FROM bountygo.tasks WHERE source_url LIKE '$base%'"),
		"$jobs $jobs", "round $round: exactly one task a page");
	is($node->sql("SELECT count(*) FROM bountygo.events e JOIN bountygo.tasks t ON t.id = e.task_id
		WHERE e.kind = 'task_created' AND t.source_url LIKE '$base%'"), $jobs, "round $round: and one event");
	ok($node->wait_until("SELECT bool_or(state = 'leased' AND lease_token = 4) FROM bountygo.jobs WHERE id IN ($hanging)"),
		"round $round: of what was in hand at all three kills one is in hand again, as a suspect");
	is($node->sql("SELECT string_agg(DISTINCT (attempts - (state = 'leased')::integer) || ' ' || crashes, ',') FROM bountygo.jobs
		WHERE id IN ($hanging)"), '3 0', "round $round: each kill cost it one attempt");
	$node->sql("SELECT bountygo.cancel_job(id) FROM bountygo.jobs WHERE id IN ($hanging)");
	is($node->sql("SELECT count(*) FROM bountygo.jobs WHERE group_id = $group AND attempts <> lease_token"), '0',
		"round $round: one attempt each time that a worker took it");
}

$node->stop;
$web->stop;
done_testing();

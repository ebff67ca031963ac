# A worker that is told to end in mid-transfer hands its jobs back at once; one that loses its lease can't write.
use strict;
use warnings;

use BountyGo::HttpServer;
use BountyGo::Node;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
my @pages = BountyGo::Node::write_pages($dir, 'term', 2);
my $web = BountyGo::HttpServer->start(root => $dir);
my $node = BountyGo::Node->create('terminate');

my $job = $node->submit($web->url('/hang'));
ok($node->wait_until("SELECT state = 'leased' FROM bountygo.jobs WHERE id = $job"), 'a transfer is under way');
my $pid = $node->worker_pid;
$node->sql("SELECT pg_terminate_backend($pid)");
ok($node->wait_until("SELECT state = 'queued' OR lease_token > 1 FROM bountygo.jobs WHERE id = $job"),
	'the job is back in the queue before any lease runs out');
ok($node->wait_until("SELECT state = 'leased' AND lease_token = 2 FROM bountygo.jobs WHERE id = $job"), 'the next worker takes it');
is($node->sql("SELECT attempts || ' ' || crashes FROM bountygo.jobs WHERE id = $job"), '1 0',
	'an end in good order costs neither attempt nor crash');

# Cancel while it is under way: what comes of it is thrown away.
my $other = $node->submit($web->url('/slow?ms=1500'));
ok($node->wait_until("SELECT state = 'leased' FROM bountygo.jobs WHERE id = $other"), 'another transfer is under way');
like($node->sql("SELECT bountygo.cancel_job($other)"), qr/"state": "cancelled"/, 'it can be cancelled');
ok($node->wait_until('SELECT lost_leases >= 1 FROM bountygo.worker_status'), 'the worker notices that it lost it');
is($node->job($other)->{state}, 'cancelled', 'and changes nothing');
is($node->sql("SELECT count(*) FROM bountygo.snapshots"), '0', 'nor stores anything');
is(($node->error_of("SELECT bountygo.cancel_job($other)"))[0], 'UB409', 'what has ended can not be cancelled');
$node->sql("SELECT bountygo.cancel_job($job)");

# An error in the loop is reported and survived.
is($node->ended($node->submit($web->url($pages[0])))->{state}, 'done', 'other pages go on');

# What a host fails at comes back after a pause, and in the end the job says why.
my $node2 = BountyGo::Node->create('retries', conf => "bountygo.max_attempts = 2\nbountygo.fetch_read_timeout = 300ms\n");
my $down = $node2->ended($node2->submit($web->url('/status/500')));
is($down->{state}, 'dead', 'a page that fails at every try is dead');
is($down->{outcome}, 'http_5xx', 'with the outcome');
is($down->{attempts}, 2, 'after the attempts that it has');
like($down->{why}, qr/tried 2 times/, 'and why says so');
my $gone = $node2->ended($node2->submit($web->url('/status/404')));
is("$gone->{state} $gone->{outcome} $gone->{attempts}", 'dead gone 1', 'what is gone is not tried again');
my $silent = $node2->ended($node2->submit($web->url('/hang')));
is("$silent->{state} $silent->{outcome}", 'dead timeout', 'a silent site is a timeout');

# 429 and Retry-After: the host rests, the job waits, no attempt is spent.
my $limited = $node2->submit($web->url('/retry-after?s=120&status=429'));
ok($node2->wait_until("SELECT state = 'queued' AND lease_token > 0 FROM bountygo.jobs WHERE id = $limited"), 'a page that asks for time waits');
is($node2->sql("SELECT attempts FROM bountygo.jobs WHERE id = $limited"), '0', 'without spending an attempt');
is($node2->sql("SELECT next_fetch_at > now() + interval '90 seconds' FROM bountygo.hosts"), 't', 'the host is left alone that long');
like($node2->sql('SELECT why FROM bountygo.host_status'), qr/rests until/, 'host_status says why');

$node2->stop;
$node->stop;
$web->stop;
done_testing();

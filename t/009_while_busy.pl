# Maintenance while the worker is busy: nobody waits for it, and it survives.
use strict;
use warnings;

use BountyGo::HttpServer;
use BountyGo::Node;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
my @pages = BountyGo::Node::write_pages($dir, 'busy', 300);
my $web = BountyGo::HttpServer->start(root => $dir);
my $node = BountyGo::Node->create('busy', conf => "bountygo.fetch_delay = 10ms\n");
my $base = $web->url('/busy');

sub in_time
{
	my ($what, $sql) = @_;

	cmp_ok(BountyGo::Node::seconds(sub { $node->sql($sql) }), '<', 5, "$what takes under 5 s");
}

$node->sql("SELECT bountygo.submit_urls(array(SELECT '$base' || i || '.html' FROM generate_series(1, 300) i), true)");
ok($node->wait_until("SELECT count(*) > 5 FROM bountygo.jobs WHERE state = 'done'"), 'the worker is busy');
$node->sql('CREATE DATABASE other');
in_time('DROP DATABASE of another database', 'DROP DATABASE other');
in_time('VACUUM FULL', 'VACUUM FULL bountygo.jobs');
in_time('REINDEX', 'REINDEX TABLE bountygo.jobs');
in_time('CHECKPOINT', 'CHECKPOINT');
ok($node->wait_until("SELECT bool_and(state = 'done') FROM bountygo.jobs"), 'all jobs are done');
is($node->sql('SELECT count(*) FROM bountygo.tasks'), '300', 'with all their tasks');

# A lock on the queue stops the worker, but costs no job anything.
my $page = $node->background_psql('postgres');
$page->query_safe('BEGIN; LOCK TABLE bountygo.jobs IN ACCESS EXCLUSIVE MODE;');
my $log = -s $node->logfile;
$node->sql('SELECT bountygo.wake_workers()');
ok($node->wait_for_log(qr/canceling statement due to lock timeout/, $log), 'the worker does not wait for a lock for long');
$page->query_safe('COMMIT');
$page->quit;
my $after = $node->submit($web->url('/busy1.html'));
is($node->ended($after)->{attempts}, 1, 'and goes on when it is free, without charging an attempt');

# Without its extension it waits, and comes to life with a new one.
$log = -s $node->logfile;
$node->sql('DROP EXTENSION bountygo CASCADE; DROP SCHEMA bountygo CASCADE;');
$node->sql('CREATE EXTENSION bountygo');
$node->sql('SELECT bountygo.start()');
ok($node->wait_for_worker, 'a new extension has a worker');
is($node->ended($node->submit($web->url('/busy2.html')))->{state}, 'done', 'that works');

# Its own database can be dropped once it was stopped.
$node->sql('SELECT bountygo.stop()');
$node->safe_psql('template1', 'CREATE DATABASE mine');
$node->safe_psql('mine', 'CREATE EXTENSION bountygo; SELECT bountygo.start();');
ok($node->poll_query_until('mine', 'SELECT coalesce(bool_and(alive), false) FROM bountygo.worker_status'), 'another database has workers of its own');
$node->safe_psql('mine', 'SELECT bountygo.stop()');
is(($node->psql('postgres', 'DROP DATABASE mine'))[0], 0, 'after stop() its database can be dropped');

$node->stop;
$web->stop;
done_testing();

# Workers: start without preload, status, reload, pause, stop, and start with the server.
use strict;
use warnings;

use BountyGo::HttpServer;
use BountyGo::Node;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
my @pages = BountyGo::Node::write_pages($dir, 'start', 6);
my $web = BountyGo::HttpServer->start(root => $dir);
my $node = BountyGo::Node->create('start', stopped => 1);

# In a database of its own, so that the test goes on with one where it is installed already.
my ($failed, undef, $notice) = $node->psql('template1', "BEGIN;\nCREATE EXTENSION bountygo;\nROLLBACK;");
like($notice, qr/NOTICE: .*Next step: SELECT bountygo\.start\(\);/, 'CREATE EXTENSION says what is next');
is(($node->error_of("SELECT bountygo.submit_url('http://127.0.0.1/')"))[0], 'UB503', 'before start() submit_url() says that it is missing');

my (undef, $started) = $node->psql('postgres', "SELECT bountygo.start();\nSELECT ok, detail FROM bountygo.doctor() WHERE \"check\" = 'workers';");
like($started, qr/with 1 worker/, 'start() says how many workers run');
like($started, qr/^t\|1 of 1 run$/m, 'and doctor() says so right after it');
ok($node->wait_for_worker, 'the worker is there without a restart of the server');
is($node->sql("SELECT usename FROM pg_stat_activity WHERE backend_type = 'bountygo worker'"),
	'bountygo_worker', 'it runs as its own role');
like($node->sql("SELECT application_name FROM pg_stat_activity WHERE backend_type = 'bountygo worker'"),
	qr/^bountygo worker 1, version \d/, 'application_name names slot and version');
is($node->sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'bountygo launcher'"), '0', 'no launcher is left');
is($node->sql("SELECT bool_and(rolsuper) FROM pg_roles r JOIN pg_stat_activity a ON a.usename = r.rolname
	WHERE backend_type = 'bountygo worker'"), 'f', 'its role is no superuser');
like($node->sql('SELECT bountygo.start()'), qr/with 1 worker/, 'start() again changes nothing');

my $job = $node->ended($node->submit($web->url($pages[0])));
is($job->{state}, 'done', 'a page is read');
is($job->{result}{fields}{reward}{value}{amount}, 1001, 'with its reward');
is(substr($job->{result}{text}, $job->{result}{fields}{reward}{start},
	$job->{result}{fields}{reward}{end} - $job->{result}{fields}{reward}{start}), $job->{result}{fields}{reward}{quote},
	'whose quote stands where it says');
is($job->{progress}, 1, 'progress is 1 at the end');

# The same URL is the same page, whatever its tracking parameters; an earlier snapshot answers at once.
my $again = $node->sql("SELECT bountygo.submit_url('" . $web->url("$pages[0]?utm_source=x#top") . "')");
like($again, qr/"state": "done"/, 'a fresh snapshot ends a job as it is made');
is($web->count($pages[0]), 1, 'without another fetch');

# Pause: what is submitted waits, and says why.
$node->append_conf('postgresql.conf', "bountygo.paused = on\n");
my $log = -s $node->logfile;
$node->reload;
ok($node->wait_for_log(qr/has read its settings again; it is paused/, $log), 'the worker reads its settings again');
my $paused = $node->submit($web->url($pages[1]));
$node->sql('SELECT bountygo.wake_workers()');
is($node->job($paused)->{state}, 'queued', 'a paused worker claims nothing');
like($node->sql("LOAD 'bountygo'; SELECT why FROM bountygo.queue_stats WHERE state = 'queued'"), qr/paused/, 'queue_stats says why');
$node->append_conf('postgresql.conf', "bountygo.paused = off\n");
$node->reload;
is($node->ended($paused)->{state}, 'done', 'it goes on when the pause is over');

# Stop and start again.
my $pid = $node->worker_pid;
is($node->sql('SELECT bountygo.stop()'), '1', 'stop() ends the worker');
is($node->sql("SELECT count(*) FROM pg_stat_activity WHERE pid = $pid"), '0', 'its process is gone');
like($node->sql('SELECT why FROM bountygo.worker_status'), qr/stopped/, 'worker_status says why');
my $waiting = $node->submit($web->url($pages[2]));
ok($node->wait_for_log(qr/worker 1 is not wanted/, $log), 'a stopped worker does not come back');
is($node->job($waiting)->{state}, 'queued', 'a job waits');
$node->sql('SELECT bountygo.start()');
is($node->ended($waiting)->{state}, 'done', 'and is done after start()');

# A start() that takes its time to commit: the worker that it launched waits for it.
$node->sql('SELECT bountygo.stop()');
$log = -s $node->logfile;
my $slow = $node->background_psql('postgres');
$slow->query_safe('BEGIN; SELECT bountygo.start();');
ok($node->wait_until("SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'bountygo worker' AND wait_event = 'transactionid'"),
	'a worker is launched before start() has committed');
$slow->query_safe('COMMIT');
$slow->quit;
ok($node->wait_for_worker, 'and serves once it has');

# A restart without preload: no worker, nothing lost.
$node->restart;
is($node->sql('SELECT bool_or(alive) FROM bountygo.worker_status'), 'f', 'without preload no worker starts with the server');
my $later = $node->submit($web->url($pages[3]));
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'bountygo'\nbountygo.database = 'postgres'\n");
$node->restart;
is($node->ended($later)->{state}, 'done', 'with preload it starts and goes on');
$node->sql('SELECT bountygo.stop()');
$log = -s $node->logfile;
$node->restart;
is($node->sql('SELECT bool_or(alive) FROM bountygo.worker_status'), 'f', 'stop() outlives a restart');
$node->sql('SELECT bountygo.start()');
ok($node->wait_for_worker, 'until start()');

# A worker that is ended by hand comes back by itself.
$pid = $node->worker_pid;
$node->sql("SELECT pg_terminate_backend($pid)");
ok($node->wait_until("SELECT coalesce(bool_and(alive AND pid <> $pid), false) FROM bountygo.worker_status"),
	'a terminated worker comes back');

# Preloaded before there is an extension: the launcher waits for it.
my $early = PostgreSQL::Test::Cluster->new('early');
$early->init;
$early->append_conf('postgresql.conf', "shared_preload_libraries = 'bountygo'\nbountygo.database = 'postgres'\nmax_worker_processes = 4\n");
$early->start;
ok($early->wait_for_log(qr/bountygo launcher waits for bountygo.start\(\)/), 'the launcher waits, and says so');
$early->safe_psql('postgres', 'CREATE EXTENSION bountygo; SELECT bountygo.start();');
ok($early->poll_query_until('postgres', 'SELECT coalesce(bool_and(alive), false) FROM bountygo.worker_status'), 'then it launches');
$early->stop;

# Too few background workers: one clear message.
my $few = PostgreSQL::Test::Cluster->new('few');
$few->init;
$few->append_conf('postgresql.conf', "max_worker_processes = 0\nmax_logical_replication_workers = 0\n");
$few->start;
my ($status, $out, $err) = $few->psql('postgres', 'CREATE EXTENSION bountygo; SELECT bountygo.start();');
like($err, qr/only 0 of 1 BountyGo workers could be registered.*max_worker_processes/s, 'too few worker slots: the message names the setting');
$few->stop;

$node->stop;
$web->stop;
done_testing();

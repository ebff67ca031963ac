# pg_dump and restore into a new cluster: the same rows, the next ids are right, the queue goes on.
use strict;
use warnings;

use BountyGo::HttpServer;
use BountyGo::Node;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
my @pages = BountyGo::Node::write_pages($dir, 'dump', 12);
my $web = BountyGo::HttpServer->start(root => $dir);
my $node = BountyGo::Node->create('old');

$node->ended($node->submit($web->url($_), auto_create => 1)) for @pages[0 .. 5];
$node->sql('SELECT bountygo.stop()');
my @queued = map { $node->submit($web->url($_), auto_create => 1) } @pages[6 .. 9];

my $counts = "SELECT string_agg(format('%s %s', c.relname, (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM
	bountygo.%I', c.relname), false, true, '')))[1]), ', ' ORDER BY c.relname)
	FROM pg_class c WHERE c.relnamespace = 'bountygo'::regnamespace AND c.relkind = 'r'";
my $before = $node->sql($counts);
my $evidence = $node->sql('SELECT md5(string_agg(e::text, chr(10) ORDER BY e.id)) FROM bountygo.evidence e');
$node->command_ok([ 'pg_dump', '-f', "$dir/dump.sql", '-d', $node->connstr('postgres') ], 'pg_dump needs no flags');
$node->command_ok([ 'pg_dumpall', '--roles-only', '-f', "$dir/roles.sql", '-d', $node->connstr('postgres') ], 'roles are dumped as always');

my $new = bless(PostgreSQL::Test::Cluster->new('new'), 'BountyGo::Node');
$new->init;
$new->append_conf('postgresql.conf', $BountyGo::Node::LOOPBACK . "bountygo.fetch_delay = 0\nmax_worker_processes = 16\n");
$new->start;
# The role that both clusters are initialised with exists already: that line may fail, no other.
$new->psql('postgres', "\\i $dir/roles.sql");
$new->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $new->connstr('postgres'), '-f', "$dir/dump.sql" ],
	'the dump is restored without an error');
is($new->sql($counts), $before, 'all tables have the same rows');
is($new->sql('SELECT md5(string_agg(e::text, chr(10) ORDER BY e.id)) FROM bountygo.evidence e'), $evidence, 'evidence is the same to the byte');
$new->sql('SELECT bountygo.start()');
is($new->ended($_)->{state}, 'done', "job $_ goes on") for @queued;
my $next = $new->submit($web->url($pages[10]), auto_create => 1);
cmp_ok($next, '>', $queued[-1], 'the next job has the next id');
is($new->ended($next)->{state}, 'done', 'and is done');
is($new->sql('SELECT count(*) || \' \' || count(DISTINCT source_url) FROM bountygo.tasks'), '11 11', 'one task a page');

# A second database of the same cluster: the rows of the first one's workers come along, but the processes serve the first one only.
my $other = 'copy';
$new->command_ok([ 'pg_dump', '-f', "$dir/copy.sql", '-d', $new->connstr('postgres') ], 'a dump while workers run');
$new->sql("CREATE DATABASE $other");
$new->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $new->connstr($other), '-f', "$dir/copy.sql" ], 'is restored beside it');
my $worker = $new->sql("SELECT pid FROM bountygo.workers WHERE slot = 1");
is($new->safe_psql($other, 'SELECT count(*) FROM bountygo.worker_status WHERE alive'), '0', 'the copy knows that it has no worker');
is($new->safe_psql($other, 'SELECT bountygo.stop()'), '0', 'to stop those of the copy leaves the others alone');
$new->safe_psql($other, 'SELECT bountygo.start()');
my $copied = $new->safe_psql($other, "SELECT bountygo.submit_url('" . $web->url($pages[11]) . "') ->> 'id'");
ok($new->poll_query_until($other, "SELECT state = 'done' FROM bountygo.jobs WHERE id = $copied"), 'start() gives it workers of its own');
is($new->sql('SELECT pid FROM bountygo.workers WHERE slot = 1'), $worker, 'and the first database keeps its own');

my ($code, $error) = $new->error_of('DROP EXTENSION bountygo');
is($code, '2BP01', 'plain DROP EXTENSION is refused');
like($error, qr/DROP \.\.\. CASCADE|other objects depend/, 'for what depends on it');

$new->stop;
$node->stop;
$web->stop;
done_testing();

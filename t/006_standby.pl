# Workers run where the primary is: none on a standby; after its promotion it starts and drains the queue.
use strict;
use warnings;

use BountyGo::HttpServer;
use BountyGo::Node;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
my @pages = BountyGo::Node::write_pages($dir, 'standby', 20);
my $web = BountyGo::HttpServer->start(root => $dir);
my $node = BountyGo::Node->create('primary', preload => 1, init => { allows_streaming => 1 });
$node->backup('base');
my $standby = bless(PostgreSQL::Test::Cluster->new('standby'), 'BountyGo::Node');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;

is($node->ended($node->submit($web->url($pages[0]), auto_create => 1))->{state}, 'done', 'the primary works');
$node->append_conf('postgresql.conf', "bountygo.paused = on\n");
my $log = -s $node->logfile;
$node->reload;
ok($node->wait_for_log(qr/it is paused/, $log), 'the primary is paused');
my @jobs = map { $node->submit($web->url($_), auto_create => 1) } @pages[1 .. 19];
$node->wait_for_catchup($standby);
is($standby->sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'bountygo%'"), '0', 'no worker on the standby');
is($standby->sql("SELECT count(*) FROM bountygo.jobs WHERE state = 'queued'"), '19', 'which has the queue');
is($standby->sql('SELECT bool_or(alive) FROM bountygo.worker_status'), 'f', 'and knows that nobody serves it here');

$node->stop('immediate');
$standby->promote;
ok($standby->wait_until("SELECT bool_and(state = 'done') FROM bountygo.jobs"), 'after promotion the queue drains');
is($standby->sql('SELECT count(*) || \' \' || count(DISTINCT source_url) FROM bountygo.tasks'), '20 20', 'with one task a page');
is($standby->sql('SELECT bool_and(alive) FROM bountygo.worker_status'), 't', 'by a worker of its own');

$standby->stop;
$web->stop;
done_testing();

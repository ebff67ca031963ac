# What is wrong with one row, or with the rights of the workers, is said, costs only itself, and is over when it is put right.
use strict;
use warnings;

use BountyGo::HttpServer;
use BountyGo::Node;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
my @pages = BountyGo::Node::write_pages($dir, 'page', 4);
my $web = BountyGo::HttpServer->start(root => $dir);
my $node = BountyGo::Node->create('rows', conf => "bountygo.max_attempts = 2\nbountygo.backoff_max = 1s\n");
ok($node->wait_for_worker, 'a worker');

# A job that is to ask the model about a page that it does not have.
my $bad = $node->sql("WITH job AS (INSERT INTO bountygo.jobs (kind, stage, host, max_attempts) VALUES ('page', 'model', 'nowhere', 2) RETURNING id),
	payload AS (INSERT INTO bountygo.job_payloads (job_id, url) SELECT id, 'https://nowhere.example/' FROM job)
	SELECT id FROM job");
is($node->ended($node->submit($web->url($pages[0])))->{state}, 'done', 'pages go on beside a broken row');
ok($node->wait_until("SELECT state = 'dead' FROM bountygo.jobs WHERE id = $bad"), 'the broken row ends');
isnt($node->sql("SELECT why FROM bountygo.jobs WHERE id = $bad"), '', 'and says why');

# Workers that may not claim: worker_status tells the code although no turn succeeds.
$node->sql('REVOKE UPDATE ON bountygo.jobs FROM bountygo_worker');
my $waiting = $node->submit($web->url($pages[1]));
ok($node->wait_until("SELECT last_error = '42501' FROM bountygo.worker_status"), 'worker_status names the error while it lasts');
is($node->sql("SELECT state || ' ' || attempts FROM bountygo.jobs WHERE id = $waiting"), 'queued 0', 'no attempt is charged for it');
$node->sql('GRANT UPDATE ON bountygo.jobs TO bountygo_worker');
is($node->ended($waiting)->{state}, 'done', 'the job is done once the workers may');

# Tables of one row that a restore of the schema alone leaves empty.
$node->sql('DELETE FROM bountygo.model_provider');
$node->sql('DELETE FROM bountygo.worker_control');
$node->sql('SELECT bountygo.start()');
is($node->sql('SELECT count(*) FROM bountygo.model_provider'), '1', 'start() puts the row of the model back');
is($node->ended($node->submit($web->url($pages[2])))->{state}, 'done', 'and that of the workers');

$node->stop;
$web->stop;
done_testing();

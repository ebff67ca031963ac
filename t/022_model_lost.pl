# Calls of the model that nobody waits for any more, and jobs that were in the queue for long: the ledger stays true, and a page that
# waited for its turn is asked about like any other.
use strict;
use warnings;

use BountyGo::HttpServer;
use BountyGo::ModelServer;
use BountyGo::Node;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
my $key = 'sk-planted-0123456789abcdef';
append_to_file("$dir/key", "$key\n");
chmod(0600, "$dir/key");
for my $name ('hang', 'good')
{
	append_to_file("$dir/$name.html", <<"END");
<!doctype html><html lang="en"><head><title>Rust parser bounty $name</title></head><body><main><h1>Rust parser bounty $name</h1>
<p>We pay a bounty of 5,000 USDC for a parser in Rust. It all began when Quux Collective could not read its own pages.</p>
<p>Submission deadline: 4 October 2037, 17:00 UTC. Send your work through the form. [[model:$name]]</p>
</main></body></html>
END
}

my $web = BountyGo::HttpServer->start(root => $dir);
my $model = BountyGo::ModelServer->start(dir => $dir, key => $key, script => {
	facts => [ { field => 'organizer', value => 'Quux Collective', quote => 'when Quux Collective could not read its own pages' } ] });
my $node = BountyGo::Node->create('lost', conf => "bountygo.lease = 5s\nbountygo.ppio_url = '" . $model->url . "'\n"
	. "bountygo.ppio_key_file = '$dir/key'\n");

# Cancelled while the model is being asked: the call may have been paid for, but it is no longer reserved.
my $job = $node->submit($web->url('/hang.html'));
$node->wait_until("SELECT count(*) = 1 FROM bountygo.model_calls WHERE job_id = $job AND state = 'reserved'");
my $reserved = $node->sql('SELECT reserved_tokens FROM bountygo.model_budget');
cmp_ok($reserved, '>', 0, 'tokens are reserved for a call under way');
$node->sql("SELECT bountygo.cancel_job($job)");
$node->wait_until('SELECT in_hand = 0 FROM bountygo.worker_status');
$node->ended($node->submit($web->url('/good.html')));
is($node->sql("SELECT state || ' ' || outcome FROM bountygo.model_calls WHERE job_id = $job"), 'failed lost', 'the call is closed');
is($node->sql('SELECT reserved_tokens FROM bountygo.model_budget'), '0', 'nothing is left reserved');
cmp_ok($node->sql('SELECT spent_tokens FROM bountygo.model_budget'), '>=', $reserved, 'it counts as spent');

# A quarter of an hour is what a job waits for the model, not what it waited for its page.
$node->sql('SELECT bountygo.stop()');
$job = $node->submit($web->url('/good.html'));
$node->sql("UPDATE bountygo.jobs SET created_at = created_at - interval '1 hour' WHERE id = $job");
$node->sql('SELECT bountygo.start()');
is($node->ended($job)->{result}{model}{outcome}, 'ok', 'a job that waited an hour for its turn is asked about');

$model->stop;
$web->stop;
done_testing();

# The model's stage, against a stand-in that answers as it is told: quotes that hold, quotes that are made up, errors, limits.
use strict;
use warnings;

use BountyGo::HttpServer;
use BountyGo::ModelServer;
use BountyGo::Node;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
my $secret = 'sk-planted-secret-8f2b';
PostgreSQL::Test::Utils::append_to_file("$dir/key", "$secret\n");
chmod 0600, "$dir/key";
my $eligibility = 'People who live on the moon are welcome to join in';
my $pages = 0;

# A page that rules leave open in places; text for the stand-in may stand in it.
sub page
{
	my ($words) = @_;
	my $name = 'model' . ++$pages;

	PostgreSQL::Test::Utils::append_to_file("$dir/$name.html", <<"END");
<!doctype html><html lang="en"><head><title>Parser bounty $name</title></head><body><main><h1>Parser bounty $name</h1>
<p>Organised by Example Labs. We offer a reward of \$2,500 USD for a working parser in Rust.</p>
<p>$eligibility. Send in your submission by 4 October 2037, 17:00 UTC. @{[ $words // '' ]}</p></main></body></html>
END
	return "/$name.html";
}

my $web = BountyGo::HttpServer->start(root => $dir);
my $model = BountyGo::ModelServer->start(dir => $dir, key => $secret);
my @facts = ({ field => 'eligibility', value => $eligibility, quote => $eligibility });
my $node = BountyGo::Node->create('model', preload => 1, conf => "bountygo.ppio_url = '" . $model->url . "'
bountygo.ppio_key_file = '$dir/key'
bountygo.ppio_total_timeout = 2s
bountygo.ppio_read_timeout = 1s
bountygo.ppio_breaker_failures = 100
bountygo.ppio_breaker_open = 1s
");

sub run_page
{
	my ($words, $script) = @_;

	$model->script({ facts => \@facts, %{ $script // {} } });
	return $node->ended($node->submit($web->url(page($words)), auto_create => 1));
}

# Good: the field is filled with the quote, and the ledger is closed.
my $job = run_page('');
is("$job->{state} $job->{outcome}", 'done ok', 'a page ends after the model was asked');
is($job->{result}{model}{outcome}, 'ok', 'the model answered');
is($job->{result}{fields}{eligibility}{quote}, $eligibility, 'a field that rules left open has its quote');
is($job->{result}{fields}{eligibility}{method}, 'model', 'and says who found it');
is(substr($job->{result}{text}, $job->{result}{fields}{eligibility}{start}, length $eligibility), $eligibility, 'where it says');
is($node->sql("SELECT count(*) FROM bountygo.evidence WHERE task_id = $job->{task_id} AND field = 'eligibility' AND method = 'model'"),
	'1', 'the task has it as evidence');
is($node->sql("SELECT string_agg(state, ' ') FROM bountygo.model_calls WHERE job_id = $job->{id}"), 'settled', 'the call is settled');
is($job->{attempts}, 1, 'two stages are one attempt');
ok(($model->requests)[0]{authorized}, 'the key was sent');

# Made up: the quote is not in the snapshot, so the value does not exist (law 1).
$job = run_page('', { default => 'fabricated' });
is($job->{state}, 'done', 'a made-up quote does not spoil the job');
ok(!defined $job->{result}{fields}{eligibility} || $job->{result}{fields}{eligibility}{method} ne 'model', 'but its value is dropped');
is($node->sql("SELECT count(*) FROM bountygo.evidence WHERE task_id = $job->{task_id} AND method = 'model'"), '0', 'and no evidence is made of it');

# Answers that are none: the rules' result stands, and says so.
for my $case (['not_json', qr/bad_json/], ['wrong_schema', qr/bad_schema/], ['truncated', qr/truncated/], ['refused', qr/refused/])
{
	$job = run_page('', { default => $case->[0] });
	is($job->{state}, 'done', "$case->[0]: the job ends by rules");
	like($job->{result}{model}{outcome}, $case->[1], 'and says why the model was of no use');
	is($job->{result}{fields}{reward}{value}{amount}, 2500, 'with what the rules found');
}

# Failures: tried again with a pause, three times at most.
my $asked = () = $model->requests;
$job = run_page('', { default => 'flaky' });
is($job->{result}{model}{outcome}, 'ok', '500 and then good: good');
is(scalar(() = $model->requests) - $asked, 2, 'with two calls');
is($job->{attempts}, 1, 'that cost the job no attempt');
$asked = () = $model->requests;
$job = run_page('', { default => '500' });
is("$job->{state} $job->{result}{model}{outcome}", 'done unavailable', 'always 500: by rules, marked');
is(scalar(() = $model->requests) - $asked, 3, 'after three calls');
$model->script({ facts => \@facts, default => '429', retry_after => 1 });
my $limited = $node->submit($web->url(page('')));
ok($node->wait_until("SELECT count(*) = 1 FROM bountygo.model_calls WHERE job_id = $limited AND outcome = 'rate_limited'"),
	'429 with Retry-After: the call is closed');
$model->script({ facts => \@facts });
$job = $node->ended($limited);
is("$job->{attempts} $job->{result}{model}{outcome}", '1 ok', 'the job waits, uncharged, and is answered');
$node->sql("UPDATE bountygo.model_provider SET paused_until = NULL, open_until = NULL, failures_in_a_row = 0, recent = ''");
$asked = () = $model->requests;
$job = run_page('', { default => '401' });
is("$job->{state} $job->{result}{model}{outcome}", 'done unavailable', '401: by rules');
is(scalar(() = $model->requests) - $asked, 1, 'without asking again');
for my $mode ('cut', 'huge', 'hang')
{
	$node->sql("UPDATE bountygo.model_provider SET paused_until = NULL, open_until = NULL, failures_in_a_row = 0, recent = ''");
	$job = run_page('', { default => $mode });
	is("$job->{state} $job->{result}{model}{outcome}", 'done unavailable', "$mode: by rules, marked");
}

# The budget: no call beyond it.
$node->sql("UPDATE bountygo.model_provider SET paused_until = NULL, open_until = NULL, failures_in_a_row = 0, recent = ''");
$node->append_conf('postgresql.conf', "bountygo.ppio_daily_tokens = 0\n");
my $log = -s $node->logfile;
$node->reload;
ok($node->wait_for_log(qr/has read its settings again/, $log), 'the budget is taken away');
$asked = () = $model->requests;
$job = run_page('');
is("$job->{state} $job->{result}{model}{outcome}", 'done budget', 'without a budget: by rules, marked');
is(scalar(() = $model->requests) - $asked, 0, 'and no call');
is($node->sql('SELECT count(*) FROM bountygo.model_budget WHERE reserved_tokens <> 0'), '0', 'nothing stays reserved');

# No key: rules only, and said so.
$node->append_conf('postgresql.conf', "bountygo.ppio_daily_tokens = 2000\nbountygo.ppio_key_file = ''\n");
$log = -s $node->logfile;
$node->reload;
ok($node->wait_for_log(qr/has read its settings again/, $log), 'the key is taken away');
$job = run_page('');
is("$job->{state} $job->{result}{model}{outcome}", 'done no_key', 'without a key: by rules, marked');

# The secret is nowhere.
unlike(PostgreSQL::Test::Utils::slurp_file($node->logfile), qr/\Q$secret\E/, 'the key is not in the log');
is($node->sql("SELECT count(*) FROM bountygo.model_calls c WHERE position(convert_to('$secret', 'UTF8') IN c.reply) > 0"), '0', 'nor in the ledger');

$node->stop;
$model->stop;
$web->stop;
done_testing();

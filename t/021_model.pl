# Asking the model: what it quotes from the page counts, what it makes up does not, and nothing that it does costs a job.
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

# Pages whose organizer no rule finds, for what they say of it is no pattern. The marker tells the stand-in how to behave.
my $number = 0;
sub page
{
	my ($mode) = @_;
	my $name = 'model' . ++$number;

	append_to_file("$dir/$name.html", <<"END");
<!doctype html><html lang="en"><head><title>Rust parser bounty $name</title></head><body><main><h1>Rust parser bounty $name</h1>
<p>We pay a bounty of 5,000 USDC for a parser in Rust. It all began when Quuxly could not read its own pages.</p>
<p>Submission deadline: 4 October 2037, 17:00 UTC. Send your work through the form. [[model:$mode]]</p>
</main></body></html>
END
	return "/$name.html";
}

my $web = BountyGo::HttpServer->start(root => $dir);
my $model = BountyGo::ModelServer->start(dir => $dir, key => $key, script => {
	facts => [ { field => 'organizer', value => 'Quuxly', quote => 'when Quuxly could not read its own pages' },
		{ field => 'eligibility', value => 'invented', quote => 'nobody wrote this' } ] });
my $node = BountyGo::Node->create('model', conf => "bountygo.ppio_url = '" . $model->url . "'\nbountygo.ppio_key_file = '$dir/key'\n"
	. "bountygo.ppio_read_timeout = 3s\nbountygo.ppio_breaker_failures = 50\nbountygo.ppio_breaker_open = 1s\n");

sub asked
{
	my ($mode) = @_;
	my $before = () = $model->requests;
	my $job = $node->ended($node->submit($web->url(page($mode)), auto_create => 1));
	my @requests = $model->requests;

	return ($job, @requests[ $before .. $#requests ]);
}


sub organizer
{
	my ($job) = @_;
	return $job->{result}{fields}{organizer};
}

# A reply with quotes.
my ($job, @requests) = asked('good');
is(scalar(@requests), 1, 'the model is asked once');
ok($requests[0]{authorized}, 'with the key');
ok($requests[0]{json_mode}, 'for JSON');
is_deeply([ grep { !/^(organizer|eligibility|summary|tags)$/ } @{ $requests[0]{asked} } ], [], 'for nothing that the rules have found');
is(organizer($job)->{value}, 'Quuxly', 'what it quotes is taken');
is(organizer($job)->{method}, 'model', 'as the model\'s word');
is(substr($job->{result}{text}, organizer($job)->{start}, organizer($job)->{end} - organizer($job)->{start}),
	organizer($job)->{quote}, 'with the place in the text');
is($job->{result}{model}{outcome}, 'ok', 'and the result says so');
like($job->{task_id}, qr/^\d+$/, 'the task is made');
is($node->sql("SELECT method FROM bountygo.evidence WHERE task_id = $job->{task_id} AND field = 'organizer'"), 'model', 'with its evidence');
is($node->sql("SELECT state || ' ' || outcome || ' ' || (prompt_tokens > 0) || ' ' || (reply IS NOT NULL) FROM bountygo.model_calls"),
	'settled ok true true', 'the ledger has the call');
is($node->sql("SELECT b.reserved_tokens || ' ' || (b.spent_tokens = (SELECT sum(prompt_tokens + completion_tokens) FROM bountygo.model_calls))
	FROM bountygo.model_budget b"), '0 true', 'and what it cost');

# Mode, requests made, model outcome, whether the organizer is there.
for my $case ([ 'prose', 1, 'ok', 1 ], [ 'fence', 1, 'ok', 1 ], [ 'empty', 1, 'ok', 0 ], [ 'fabricated', 1, 'ok', 0 ],
	[ 'wrong_schema', 1, 'bad_schema', 0 ], [ 'not_json', 1, 'bad_json', 0 ], [ 'truncated', 1, 'truncated', 0 ],
	[ 'refused', 1, 'refused', 0 ], [ 'flaky', 2, 'ok', 1 ])
{
	my ($mode, $calls, $outcome, $found) = @$case;

	($job, @requests) = asked($mode);
	is("$job->{state} $job->{outcome}", 'done ok', "$mode: the job is done");
	is(scalar(@requests), $calls, "$mode: requests");
	is($job->{result}{model}{outcome}, $outcome, "$mode: what came of it");
	is(defined organizer($job) ? 1 : 0, $found, "$mode: the organizer");
	is($job->{result}{fields}{reward}{value}{amount}, 5000, "$mode: what the rules found stays");
	ok(defined $job->{task_id}, "$mode: the task is made");
}
my ($fabricated) = asked('fabricated');
is($fabricated->{result}{missing}{organizer}, 'unsupported', 'a quote that is not in the page leaves the field open, with the reason');
unlike($node->sql("SELECT string_agg(result::text, ' ') FROM bountygo.job_results"), qr/nobody wrote|Nobody at all/i, 'nothing made up is kept');

# No usable reply: by rules, after as many tries as make sense.
for my $case ([ 'cut', 1 ], [ 'huge', 1 ], [ '401', 1 ], [ '500', 3 ], [ 'reset', undef ], [ 'hang', 3 ])
{
	my ($mode, $calls) = @$case;

	# So many failures are made here on purpose that the breaker would open.
	$node->sql('SELECT bountygo.ppio_reset_breaker()');
	($job, @requests) = asked($mode);
	is("$job->{state} $job->{outcome}", 'done ok', "$mode: the job is done by rules");
	# A connection that was kept and turns out to be closed is replaced once by libcurl itself.
	cmp_ok(scalar(@requests), defined $calls ? '==' : '>=', $calls // 3, "$mode: requests");
	ok(!defined organizer($job), "$mode: no organizer");
	ok(defined $job->{task_id}, "$mode: the task is made");
}
is($node->sql("SELECT count(*) FROM bountygo.model_calls WHERE state NOT IN ('settled', 'failed')"), '0', 'no call is left open');
is($node->sql('SELECT reserved_tokens FROM bountygo.model_budget'), '0', 'nothing is left reserved');
is($node->sql('SELECT breaker FROM bountygo.model_status'), 'closed', 'the breaker has not opened');
$node->sql('SELECT bountygo.ppio_reset_breaker()');

# 429 with Retry-After: the provider rests, the job waits, and spends no attempt.
$model->script({ sequence => [ ('good') x scalar($model->requests), '429' ], retry_after => 1,
	facts => [ { field => 'organizer', value => 'Quuxly', quote => 'when Quuxly could not read its own pages' } ] });
append_to_file("$dir/plain.html", <<'END');
<!doctype html><html lang="en"><head><title>Another Rust parser bounty</title></head><body><main><h1>Another Rust parser bounty</h1>
<p>We pay a bounty of 7,000 USDC for a parser in Rust. It all began when Quuxly could not read its own pages.</p>
<p>Submission deadline: 5 October 2037, 17:00 UTC. Send your work through the form.</p></main></body></html>
END
my $count = () = $model->requests;
$job = $node->ended($node->submit($web->url('/plain.html')));
@requests = ($model->requests)[ $count .. $count + 1 ];
is(join(' ', map { $_->{status} } @requests), '429 200', 'asked again after 429');
cmp_ok($requests[1]{at} - $requests[0]{at}, '>=', 0.95, 'not before it is time');
is(organizer($job)->{value}, 'Quuxly', 'and then it is as if nothing had been');
is($job->{attempts}, 1, 'no attempt is spent');

# The budget: none left, by rules, at once.
$node->sql("LOAD 'bountygo';\nALTER SYSTEM SET bountygo.ppio_daily_tokens = 1");
$node->sql('SELECT pg_reload_conf()');
$node->wait_until("SELECT bountygo.library_version() <> '' AND current_setting('bountygo.ppio_daily_tokens') = '1'");
# The worker reads its settings between two turns: a page that it fetches afterwards is under the new ones.
$node->ended($node->submit($web->url('/status/404')));
($job, @requests) = asked('good');
is("$job->{state} $job->{outcome} " . scalar(@requests), 'done ok 0', 'without a budget nothing is asked');
like($node->sql('SELECT why FROM bountygo.model_status'), qr/tokens are used up/, 'and the status says why');

# The key is nowhere but in its file.
my $log = slurp_file($node->logfile);
unlike($log, qr/\Q$key\E/, 'the key is not in the log');
is($node->sql("SELECT count(*) FROM bountygo.model_calls c WHERE c::text LIKE '%planted%'"), '0', 'nor in the ledger');
is($node->sql("SELECT count(*) FROM pg_settings s WHERE s::text LIKE '%planted%'"), '0', 'nor in a setting');
ok(!(grep { defined $_->{mode} && $_->{mode} eq '401' && !$_->{authorized} } $model->requests), 'and was right every time');

$model->stop;
$web->stop;
done_testing();

# A user's model calls of a day: when they are used up, pages are read by rules, and the job says why.
use strict;
use warnings;

use BountyGo::HttpServer;
use BountyGo::ModelServer;
use BountyGo::Node;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
append_to_file("$dir/model.key", "sk-planted-0123456789abcdef\n");
append_to_file("$dir/key", 'signing-key-of-the-test-0123456789abcdef' . "\n");
chmod(0600, "$dir/key", "$dir/model.key");
for my $n (1 .. 4)
{
	append_to_file("$dir/page$n.html", <<"END");
<!doctype html><html lang="en"><head><title>Rust parser bounty $n</title></head><body><main><h1>Rust parser bounty $n</h1>
<p>We pay a bounty of 5,000 USDC for a parser in Rust. It all began when Quuxly could not read its own pages.</p>
<p>Submission deadline: 4 October 2037, 17:00 UTC. Send your work through the form. [[model:good]]</p>
</main></body></html>
END
}
my $web = BountyGo::HttpServer->start(root => $dir);
my $model = BountyGo::ModelServer->start(dir => $dir, key => 'sk-planted-0123456789abcdef', script => {
	facts => [ { field => 'organizer', value => 'Quuxly', quote => 'when Quuxly could not read its own pages' } ] });
my $node = BountyGo::Node->create('quota', conf => "bountygo.ppio_url = '" . $model->url . "'\nbountygo.ppio_key_file = '$dir/model.key'\n"
	. "bountygo.jwt_key_file = '$dir/key'\nbountygo.ppio_user_daily_calls = 1\n");
my ($ann, $bob) = map { $node->sql("SELECT bountygo.create_user('$_')") } qw(ann bob);

sub as_user
{
	my ($user, $call) = @_;
	my ($status, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\nSELECT bountygo.issue_token($user) AS token \\gset\nBEGIN;\n"
		. "SET LOCAL ROLE bountygo_api;\nSELECT bountygo.authenticate(:'token') AS a \\gset\nSELECT $call;\nCOMMIT;");

	return $err =~ /ERROR:\s+(\w{5}).*?DETAIL:\s+(\d+)/s ? "$1 $2" : $err ne '' ? $err : $out;
}

sub outcome_of
{
	my ($user, $n) = @_;
	my $job = JSON::PP->new->utf8->decode(as_user($user, "bountygo.submit_url('" . $web->url("/page$n.html") . "')"));

	$node->wait_until("SELECT finished_at IS NOT NULL FROM bountygo.jobs WHERE id = $job->{id}") or die "job $job->{id} does not end";
	my $result = JSON::PP->new->utf8->decode($node->sql("SELECT bountygo.extraction_result($job->{id})"));
	return "$result->{model}{outcome} " . ($result->{fields}{organizer}{value} // 'nobody') . " $result->{outcome}";
}

is(outcome_of($ann, 1), 'ok Quuxly ok', 'the first page of a user is read with the model');
is(outcome_of($ann, 2), 'quota nobody ok', 'the second by rules alone: the job says why');
is(outcome_of($bob, 3), 'ok Quuxly ok', 'another user has calls of their own');
is($node->sql("SELECT string_agg(calls::text, ' ' ORDER BY user_id) FROM bountygo.model_usage"), '1 1', 'what was refused is not counted');
like(as_user($ann, "bountygo.extract_text('some words for the model to read', engine => 'model')"), qr/^UB429 \d+$/, 'text for the model is refused, with the seconds until tomorrow');
like(as_user($ann, "bountygo.extract_text('some words for the rules to read') ->> 'outcome'"), qr/^ok$/, 'for the rules it is not');
$node->sql("UPDATE bountygo.users SET model_calls_per_day = 2 WHERE id = $ann");
is(outcome_of($ann, 4), 'ok Quuxly ok', 'a user may have a number of their own');
is(scalar($model->requests), 3, 'the model was asked three times');

done_testing();

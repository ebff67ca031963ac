# Deleting an account leaves nothing of it behind, and an export before holds all of it: the catalog says where to look, so that a
# table that comes later is looked at, too.
use strict;
use warnings;

use BountyGo::Node;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
append_to_file("$dir/key", 'signing-key-of-the-test-0123456789abcdef' . "\n");
chmod(0600, "$dir/key");
my $node = BountyGo::Node->create('deletion', stopped => 1, conf => "bountygo.jwt_key_file = '$dir/key'\n");
$node->sql('SELECT bountygo.init()');
my $json = JSON::PP->new->utf8->canonical->allow_nonref;

# An id that is no other number, so that it can be looked for in any text.
my $id = 76543210987654;
$node->sql("INSERT INTO bountygo.users (id, nickname, email, email_verified, role) VALUES ($id, 'Leaving', 'leaving\@mail.example', true, 'moderator')");
my $other = $node->sql("SELECT bountygo.create_user('Staying')");

# Statements as the API's role in one transaction, signed in as that user; the answer of the last.
sub as_user
{
	my ($user, @statements) = @_;
	my $last = pop @statements;

	return $node->sql("SELECT bountygo.issue_token($user) AS token \\gset\nBEGIN;\nSET LOCAL ROLE bountygo_api;\n"
		. "SELECT bountygo.authenticate(:'token') AS a \\gset\n" . join('', map { "SELECT $_ AS b \\gset\n" } @statements) . "SELECT $last;\nCOMMIT;");
}
my ($me, $them) = (sub { as_user($id, @_) }, sub { as_user($other, @_) });
sub id_of { return $json->decode($_[0])->{id} }

# ---- somebody who has used everything ----

my $draft = id_of($me->("bountygo.create_task('A draft of mine', status => 'draft', tags => ARRAY['rust'])"));
my $task = id_of($me->("bountygo.create_task('A task of mine', summary => 'It says what to do.', tags => ARRAY['rust'], organizer_name => 'Quuxly')"));
my $theirs = id_of($them->("bountygo.create_task('A task of theirs', summary => 'It says something else.')"));
my $alike = id_of($them->("bountygo.create_task('A task that looks alike', summary => 'It says something else.')"));
$me->("bountygo.update_task($task, summary => 'It says more now.')");
$me->("bountygo.join_task($theirs)");
$me->("bountygo.create_todo(title => 'Water the plants')");
$me->("bountygo.post_message($theirs, 'I said this in public.')");
$me->("bountygo.report_task($theirs, 'spam', 'I wrote this note.')");
$them->("bountygo.report_task($task, 'spam')");
$me->("bountygo.correct_task($theirs, 'summary', '\"I have corrected this.\"')");
$me->("bountygo.set_tag_interest(7, name => 'rust')");
$me->("bountygo.create_api_key('my key', ARRAY['tasks:read'])");
$me->("bountygo.update_me(locale => 'zh-CN', avatar_url => 'https://pictures.example/me.png')");
my $job = id_of($me->("bountygo.submit_url('https://pages.example/one')"));
my $text = id_of($me->("bountygo.submit_text('Some words that I have handed in for the model to read.')"));
# What a worker would make of them.
$node->sql(<<"END");
BEGIN;
WITH s AS (INSERT INTO bountygo.snapshots (url, final_url, bytes, text, text_hash, result)
	VALUES ('text:mine', 'text:', 3, 'Some words that I have handed in', sha256('a'), '{}') RETURNING id)
INSERT INTO bountygo.job_results (job_id, snapshot_id) SELECT $text, s.id FROM s;
UPDATE bountygo.jobs SET state = 'leased', leased_until = now() + interval '1 hour', lease_owner = 1 WHERE id = $job;
INSERT INTO bountygo.model_calls (job_id, model, reserved_tokens) VALUES ($text, 'm', 5);
INSERT INTO bountygo.model_usage (user_id, day, calls) VALUES ($id, current_date, 3);
INSERT INTO bountygo.cluster_splits (low_task_id, high_task_id, split_by) VALUES (least($theirs, $alike), greatest($theirs, $alike), $id);
UPDATE bountygo.reports SET status = 'dismissed', resolved_at = now(), resolved_by = $id WHERE task_id = $task;
INSERT INTO bountygo.oidc_providers (name, issuer, jwks_url, audiences) VALUES ('corp', 'https://id.example', 'https://id.example/k', ARRAY['x']);
INSERT INTO bountygo.identities (user_id, provider, subject, email) VALUES ($id, 'corp', 'me', 'leaving\@mail.example');
INSERT INTO bountygo.user_wallets (user_id, address, chain_id, is_primary) VALUES ($id, '0x52908400098527886E0F7030069857D2E4169EE7', 1, true);
INSERT INTO bountygo.wallet_nonces (nonce, address, chain_id, message, expires_at)
	VALUES ('aaaaaaaaaaaaaaaaaaaaaaaa', '0x52908400098527886e0f7030069857d2e4169ee7', 1, 'm', now() + interval '5 minutes');
INSERT INTO bountygo.refresh_tokens (token_hash, session_id) SELECT sha256('b'), max(id) FROM bountygo.sessions WHERE user_id = $id;
COMMIT;
END
my $route = $node->sql("SELECT id FROM bountygo.routes WHERE method = 'POST' AND path = '/api/v1/todos'");
is($node->sql("SELECT bountygo.issue_token($id) AS token \\gset\nSELECT (bountygo.call($route, :'token', NULL, NULL, '{\"title\": \"Once\"}',"
	. " ARRAY['idempotency-key', 'aaaaaaaa-0001'])).status"), '201', 'a call with an idempotency key');
is($node->sql('SELECT count(*) FROM bountygo.record_views(jsonb_build_array(jsonb_build_object(\'task_id\', ' . $theirs
	. ", 'viewer', '192.0.2.1 me', 'source', NULL, 'at', now())))"), '1', 'and a view');

# Every column that refers to users is filled, or the test would say less than it seems to.
my @places = map { [ split /\|/ ] } split /\n/, $node->sql('SELECT name, "column" FROM bountygo.user_columns()');
cmp_ok(scalar(@places), '>=', 15, 'tables refer to users');
for my $place (@places)
{
	my ($table, $column) = @$place;
	cmp_ok($node->sql("SELECT count(*) FROM bountygo.$table WHERE $column = $id"), '>', 0, "the user is in $table.$column");
}

# ---- the export ----

my $text_of = $me->('bountygo.export_me()');
my $export = $json->decode($text_of);
is($export->{user}{email}, 'leaving@mail.example', 'the export has the account');
for my $table (sort { $a cmp $b } keys %{ { map { $_->[0] => 1 } @places } })
{
	my $condition = join(' OR ', map { "$_->[1] = $id" } grep { $_->[0] eq $table } @places);
	my $rows = $node->sql("SELECT count(*) FROM bountygo.$table WHERE $condition");
	is(scalar(@{ $export->{data}{$table} // [] }), $rows, "it has all rows of $table");
}
for my $said ('A draft of mine', 'A task of mine', 'It says more now.', 'Water the plants', 'I said this in public.', 'I wrote this note.',
	'I have corrected this.', 'my key', 'https://pages.example/one', 'Some words that I have handed in', '0x52908400098527886E0F7030069857D2E4169EE7', '"day"')
{
	like($text_of, qr/\Q$said\E/, "it has: $said");
}
unlike($text_of, qr/secret_hash|token_hash|key_hash|sealed|\\\\x[0-9a-f]{32}/, 'it has no hash of a secret');
unlike($text_of, qr/A task of theirs/, 'and nothing of others');

# ---- the end ----

my $key = $node->sql("SELECT bountygo.issue_token($id)");
is(($node->error_of("BEGIN;\nSET LOCAL ROLE bountygo_api;\nSELECT bountygo.delete_me();"))[0], 'UB401', 'nobody deletes nobody');
is($me->('bountygo.delete_me()'), '', 'the account is deleted');
is(($node->error_of("BEGIN;\nSELECT bountygo.authenticate('$key');"))[0], 'UB401', 'its tokens are nothing');

# The number is in no row of no table, whatever the column: as a whole number of a larger one it cannot appear.
for my $table (split /\n/, $node->sql("SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'bountygo'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1"))
{
	is($node->sql("SELECT count(*) FROM bountygo.$table t WHERE to_jsonb(t)::text ~* '$id|leaving\@mail|0x52908400098527886e0f7030069857d2e4169ee7'"),
		'0', "$table has forgotten the user");
}
is($node->sql("SELECT count(*) FROM bountygo.snapshots WHERE text LIKE '%handed in%'"), '0', 'text that was handed in is gone');
is($node->sql("SELECT count(*) FROM bountygo.tasks WHERE id = $draft"), '0', 'a draft is gone');
is($node->sql("SELECT title || ' ' || (sponsor_id IS NULL) || ' ' || (submitted_by IS NULL) FROM bountygo.tasks WHERE id = $task"),
	'A task of mine true true', 'a published task stays, without a sponsor');
is($node->sql("SELECT string_agg(DISTINCT method, ' ') FROM bountygo.evidence WHERE task_id = $task"), 'user:0', 'its evidence is nobody\'s');
is($node->sql("SELECT count(*) FROM bountygo.task_history WHERE task_id = $task AND method <> 'user:0'"), '0', 'so is its history');
is($node->sql("SELECT joins || ' ' || messages FROM bountygo.task_counts WHERE task_id = $theirs"), '0 0', 'counters know that the user is gone');
is($node->sql("SELECT count(*) FROM bountygo.events WHERE kind = 'new_message'"), '0', 'no event speaks of a message that is gone');
is($node->sql("SELECT bountygo.get_task($task) ->> 'title'"), 'A task of mine', 'the task is shown as before');

# The law on evidence lets nobody else do that, nor this way.
for my $case ([ "UPDATE bountygo.evidence SET method = 'user:0' WHERE method = 'user:$other'", 'of somebody who is there' ],
	[ "UPDATE bountygo.evidence SET method = 'user:$other' WHERE method = 'user:0'", 'to somebody' ],
	[ "UPDATE bountygo.evidence SET method = 'user:0', value = '\"x\"' WHERE method = 'user:0'", 'with another value' ])
{
	my ($statement, $what) = @$case;
	is(($node->error_of("BEGIN;\nSET LOCAL ROLE bountygo_owner;\n$statement;\nCOMMIT;"))[0], '23514', "evidence is not rewritten: $what");
}
$node->sql("INSERT INTO bountygo.evidence (task_id, field, value, method, is_current) VALUES ($task, 'language', '\"en\"', 'user:999999', false)");
is(($node->error_of("UPDATE bountygo.evidence SET method = 'user:0' WHERE method = 'user:999999'"))[0], '23514', 'evidence is not rewritten: by others than the owner');

done_testing();

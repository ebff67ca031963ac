# Two at once: the same refresh token, the same new wallet, the last two wallets. One of them waits for the other, and what comes of it
# is what would have come of one after the other.
use strict;
use warnings;

use BountyGo::Node;
use BountyGo::Signer;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
append_to_file("$dir/key", 'signing-key-of-the-test-0123456789abcdef' . "\n");
chmod(0600, "$dir/key");
my $node = BountyGo::Node->create('at_once', stopped => 1, conf => "bountygo.jwt_key_file = '$dir/key'\n"
	. "bountygo.public_url = 'https://bounty.example'\n");
$node->sql('SELECT bountygo.init()');
my $signer = BountyGo::Signer->start;
my $json = JSON::PP->new->utf8->allow_nonref;

sub proof
{
	my ($wallet) = @_;
	my $nonce = $json->decode($node->sql("SELECT bountygo.wallet_nonce('$wallet->{address}')"));
	my $signature = $signer->ask(op => 'sign', wallet => $wallet->{wallet}, message => $nonce->{message})->{signature};

	# As a literal on one line, for psql sessions that are fed by the line.
	my $message = $nonce->{message} =~ s/\n/\\n/gr;
	return "E'$message', '$signature'";
}

sub sign_in
{
	my ($wallet) = @_;
	return $json->decode($node->sql('SELECT bountygo.wallet_sign_in(' . proof($wallet) . ')'));
}

# Runs the first statement in an open transaction, then the second in another session, which must wait until the first commits; returns
# both answers. A statement that fails answers with its SQLSTATE.
sub at_once
{
	my ($first, $second, $before) = @_;
	my @sessions = map { $node->background_psql('postgres', on_error_stop => 0) } 1 .. 2;
	my @answers;

	$_->query_safe("\\set VERBOSITY sqlstate") for @sessions;
	$_->query_safe('BEGIN') for @sessions;
	if (defined $before)
	{
		$sessions[$_]->query_safe($before->[$_]) for 0 .. 1;
	}
	$answers[0] = $sessions[0]->query($first);
	# Not waited for: its answer goes into a variable of psql.
	$sessions[1]->query_until(qr/asked/, "\\echo asked\n$second AS answer \\gset\n\\echo :'answer' :SQLSTATE\n");
	$node->wait_until("SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND state = 'active'") or die 'nobody waits';
	$sessions[0]->query_safe('COMMIT');
	$answers[1] = $sessions[1]->query('COMMIT');
	$_->quit for @sessions;
	return @answers;
}

# The same refresh token.
my $ann = $signer->ask(op => 'wallet');
my $tokens = sign_in($ann);
my ($one, $other) = at_once("SELECT bountygo.refresh_session('$tokens->{refresh_token}')", "SELECT bountygo.refresh_session('$tokens->{refresh_token}')");
like($one, qr/access_token/, 'of two who refresh with the same token one gets tokens');
unlike($other, qr/access_token/, 'the other none');
is($node->sql("SELECT count(*) FROM bountygo.sessions WHERE user_id = $tokens->{user}{id} AND revoked_at IS NULL"), '0',
	'and the session is over, for nobody knows which of them is who');
is($node->sql("SELECT bountygo.refresh_session('" . $json->decode($one)->{refresh_token} . "') IS NULL"), 't', 'what the first got is worth nothing');

# The same wallet for the first time, twice.
my $bob = $signer->ask(op => 'wallet');
my @proofs = map { proof($bob) } 1 .. 2;
($one, $other) = at_once("SELECT bountygo.wallet_sign_in($proofs[0])", "SELECT bountygo.wallet_sign_in($proofs[1])");
my @ids = map { /"user": \{.*?"id": (\d+)/ ? $1 : 'none' } $one, $other;
like($ids[0], qr/^\d+$/, 'a new wallet signs in');
is($ids[1], $ids[0], 'twice at once it is one account');
is($node->sql("SELECT count(*) FROM bountygo.users u WHERE NOT EXISTS (SELECT FROM bountygo.user_wallets w WHERE w.user_id = u.id)"), '0',
	'and no account without a wallet is left over');

# The same message, twice.
my $proof = proof($bob);
($one, $other) = at_once("SELECT bountygo.wallet_sign_in($proof)", "SELECT bountygo.wallet_sign_in($proof)");
like($one, qr/access_token/, 'of two with the same message one signs in');
like($other, qr/UB401/, 'the other is refused');

# The last two wallets, each unlinked by one.
my $session = sign_in($bob);
my $carl = $signer->ask(op => 'wallet');
$node->sql("BEGIN;\nSELECT bountygo.authenticate('$session->{access_token}');\nSELECT bountygo.wallet_link(" . proof($carl) . ");\nCOMMIT;");
my @wallets = split /\n/, $node->sql("SELECT id FROM bountygo.user_wallets WHERE user_id = $session->{user}{id} ORDER BY id");
is(scalar(@wallets), 2, 'two wallets');
my $sign = "SELECT bountygo.authenticate('$session->{access_token}')";
($one, $other) = at_once("SELECT bountygo.unlink_wallet($wallets[0])", "SELECT bountygo.unlink_wallet($wallets[1])", [ $sign, $sign ]);
like($other, qr/UB409/, 'of two wallets that are unlinked at once the second stays');
is($node->sql("SELECT count(*) FROM bountygo.user_wallets WHERE user_id = $session->{user}{id}"), '1', 'as the last way to sign in');

# An account that is deleted while a worker ends a job in its name: one waits for the other, and neither is a deadlock.
my $user = $node->sql("SELECT bountygo.create_user('leaving')");
my $token = $node->sql("SELECT bountygo.issue_token($user)");
my $job = $node->sql("INSERT INTO bountygo.jobs (kind, state, leased_until, lease_owner, host, requested_by) VALUES ('page', 'leased', now() + interval '1 hour', 1, 'x', $user) RETURNING id");
($one, $other) = at_once("SELECT id FROM bountygo.jobs WHERE id = $job FOR UPDATE;\nINSERT INTO bountygo.tasks (submitted_by, title) VALUES ($user, NULL) RETURNING 1",
	'SELECT bountygo.delete_me()', [ 'SELECT 1', "SELECT bountygo.authenticate('$token')" ]);
is($node->sql("SELECT count(*) FROM bountygo.users WHERE id = $user"), '0', 'the account is gone');
is($node->sql("SELECT count(*) FROM bountygo.tasks WHERE submitted_by IS NULL AND title IS NULL"), '1', 'what the worker made meanwhile is nobody\'s');

# Two accounts that took part in the same tasks, each in its own order, deleted at once.
my @leaving = map { $node->sql("SELECT bountygo.create_user('leaving $_')") } 1 .. 2;
my @tokens = map { $node->sql("SELECT bountygo.issue_token($_)") } @leaving;
my @tasks = map { $node->sql("BEGIN;\nSELECT bountygo.authenticate('$tokens[0]') AS a \\gset\nSELECT bountygo.create_task('Task $_') ->> 'id';\nCOMMIT;") } 1 .. 2;
for my $n (0, 1)
{
	my @order = $n ? reverse @tasks : @tasks;
	$node->sql("BEGIN;\nSELECT bountygo.authenticate('$tokens[$n]');\nSELECT bountygo.join_task($_);\nSELECT bountygo.post_message($_, 'Here');\nCOMMIT;")
		for @order;
}
($one, $other) = at_once('SELECT bountygo.delete_me()', 'SELECT bountygo.delete_me()', [ map { "SELECT bountygo.authenticate('$_')" } @tokens ]);
unlike("$one $other", qr/40P01/, 'two who are deleted at once are no deadlock');
is($node->sql("SELECT count(*) FROM bountygo.users WHERE id IN ($leaving[0], $leaving[1])"), '0', 'both are gone');
is($node->sql("SELECT sum(joins) || ' ' || sum(messages) FROM bountygo.task_counts WHERE task_id IN ($tasks[0], $tasks[1])"), '0 0', 'and counted out');

done_testing();

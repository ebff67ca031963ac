# Signing in, with signatures that are not ours: what is right gets in, and each thing that is wrong does not.
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
my $node = BountyGo::Node->create('signin', stopped => 1, conf => "bountygo.jwt_key_file = '$dir/key'\n"
	. "bountygo.public_url = 'https://bounty.example:8443/app'\nbountygo.wallet_chains = '1, 10'\n");
$node->sql('SELECT bountygo.init()');
my $signer = BountyGo::Signer->start;
my $json = JSON::PP->new->utf8->canonical->allow_nonref;

# As the API's role, in one transaction: the statements, of which the last is answered.
sub quoted
{
	my ($text) = @_;
	$text =~ s/'/''/g;
	return "'$text'";
}

sub as_api
{
	my ($token, $sql) = @_;
	my $sign = defined $token ? 'SELECT bountygo.authenticate(' . quoted($token) . ") IS NULL AS a \\gset\n" : '';
	my ($status, $out, $err) = $node->psql('postgres',
		"\\set VERBOSITY verbose\n\\set ON_ERROR_STOP 1\nBEGIN;\nSET LOCAL ROLE bountygo_api;\n$sign$sql;\nCOMMIT;");

	return ('', $out) if $status == 0;
	return $err =~ /ERROR:\s+(\w{5}): (.*)/ ? ($1, $2) : ('XXXXX', $err);
}

sub answer
{
	my ($token, $sql) = @_;
	my ($code, $out) = as_api($token, $sql);

	die "$sql: $code $out" if $code ne '';
	return $out eq '' ? undef : $json->decode($out);
}

sub nonce
{
	my ($address, $chain) = @_;
	return answer(undef, 'SELECT bountygo.wallet_nonce(' . quoted($address) . ', ' . ($chain // 1) . ')');
}

sub sign_in
{
	my ($message, $signature) = @_;
	return 'SELECT bountygo.wallet_sign_in(' . quoted($message) . ', ' . quoted($signature) . ')';
}

sub sign
{
	my ($wallet, $message) = @_;
	return $signer->ask(op => 'sign', wallet => $wallet->{wallet}, message => $message)->{signature};
}

sub enter
{
	my ($wallet) = @_;
	my $nonce = nonce($wallet->{address});
	return answer(undef, sign_in($nonce->{message}, sign($wallet, $nonce->{message})));
}

my $refused = 'the sign-in was refused';
sub is_refused
{
	my ($sql, $what) = @_;
	is_deeply([ as_api(undef, $sql) ], [ 'UB401', $refused ], "$what: refused, without a reason");
}

# ---- wallets ----

my $ann = $signer->ask(op => 'wallet');
my $bob = $signer->ask(op => 'wallet');
my $nonce = nonce(lc($ann->{address}));

is($nonce->{address}, $ann->{address}, 'an address in lower case gets its checksum');
like($nonce->{message}, qr/\Abounty\.example:8443 wants you to sign in with your Ethereum account:\n\Q$ann->{address}\E\n\n/,
	'the message names the host and the address');
like($nonce->{message}, qr/^URI: https:\/\/bounty\.example:8443\/app$/m, 'and the URL');
like($nonce->{nonce}, qr/\A[a-z0-9]{24}\z/, 'the nonce has 124 bits');
my $tokens = answer(undef, sign_in($nonce->{message}, sign($ann, $nonce->{message})));
is($tokens->{token_type}, 'Bearer', 'the wallet signs in');
is_deeply([ sort keys %$tokens ], [qw(access_token expires_in refresh_expires_at refresh_token token_type user)], 'and gets tokens');
is($tokens->{user}{nickname}, substr($ann->{address}, 0, 6) . "\x{2026}" . substr($ann->{address}, -4), 'with an account of its own');
is($tokens->{user}{email}, undef, 'that has no e-mail address');
my $me = answer($tokens->{access_token}, 'SELECT bountygo.me()');
is($me->{id}, $tokens->{user}{id}, 'the access token is good');
is(enter($ann)->{user}{id}, $me->{id}, 'the second time it is the same account');
isnt(enter($bob)->{user}{id}, $me->{id}, 'another wallet is another account');
is($node->sql("SELECT count(*) FROM bountygo.wallet_nonces"), '0', 'used nonces are gone');

is_refused(sign_in($nonce->{message}, sign($ann, $nonce->{message})), 'the same message again');

# Each part changed, and signed by the right wallet: the message is not the one that was handed out.
my %changes = (
	'another domain' => sub { s/\Abounty\.example:8443/evil.example/r },
	'another URI' => sub { s/^URI: .*$/URI: https:\/\/evil.example/mr },
	'another chain' => sub { s/^Chain ID: 1$/Chain ID: 10/mr },
	'a chain that is not accepted' => sub { s/^Chain ID: 1$/Chain ID: 5/mr },
	'another version' => sub { s/^Version: 1$/Version: 2/mr },
	'another statement' => sub { s/^Sign in to BountyGo\.$/Give me all you have./mr },
	'another nonce' => sub { s/^Nonce: ..../Nonce: zzzz/mr },
	'a later end' => sub { s/^Expiration Time: 20/Expiration Time: 21/mr },
	'an earlier start' => sub { s/^Issued At: 20/Issued At: 19/mr },
	'a later start' => sub { "$_\nNot Before: 2999-01-01T00:00:00.000Z" },
	'an address without its checksum' => sub { my $low = lc($ann->{address}); s/\Q$ann->{address}\E/$low/r },
	'the address of another' => sub { s/\Q$ann->{address}\E/$bob->{address}/r },
	'a line more' => sub { "$_\n" },
	'other line ends' => sub { s/\n/\r\n/gr },
	'a space more' => sub { s/Chain ID: /Chain ID:  /r },
	'resources' => sub { "$_\nResources:\n- https://bounty.example/all" },
	'nothing of it' => sub { 'let me in' },
);
for my $what (sort keys %changes)
{
	my $fresh = nonce($ann->{address});
	my ($changed) = map { $changes{$what}->() } $fresh->{message};

	isnt($changed, $fresh->{message}, "$what is a change");
	is_refused(sign_in($changed, sign($ann, $changed)), $what);
}

# The same in the table as well: whoever could write it still cannot sign in for elsewhere, or with what is over.
for my $case ([ 'a domain', sub { s/\Abounty\.example:8443/evil.example/r } ], [ 'a URI', sub { s/^URI: .*$/URI: https:\/\/evil.example/mr } ],
	[ 'a start that lies ahead', sub { "$_\nNot Before: 2999-01-01T00:00:00.000Z" } ],
	[ 'an end that has passed', sub { s/^Expiration Time: 20/Expiration Time: 19/mr } ],
	[ 'an issue that lies ahead', sub { s/^Issued At: 20/Issued At: 29/mr } ],
	[ 'a message without an end', sub { s/\nExpiration Time: .*//r } ])
{
	my ($what, $change) = @$case;
	my $fresh = nonce($ann->{address});
	my ($changed) = map { $change->() } $fresh->{message};

	$node->sql('UPDATE bountygo.wallet_nonces SET message = ' . quoted($changed) . " WHERE nonce = '$fresh->{nonce}'");
	is_refused(sign_in($changed, sign($ann, $changed)), "$what that the table has, too");
}
{
	my $fresh = nonce($ann->{address});
	my $signature = sign($ann, $fresh->{message});

	$node->sql("UPDATE bountygo.wallet_nonces SET expires_at = now() - interval '1 second' WHERE nonce = '$fresh->{nonce}'");
	is_refused(sign_in($fresh->{message}, $signature), 'a nonce that has expired');
	$fresh = nonce($ann->{address});
	is_refused(sign_in($fresh->{message}, sign($bob, $fresh->{message})), 'another signer');
	$signature = sign($ann, $fresh->{message});
	is_refused(sign_in($fresh->{message}, substr($signature, 0, -2) . '1d'), 'a signature with another v');
	is_refused(sign_in($fresh->{message}, substr($signature, 0, 60)), 'half a signature');
	is_refused(sign_in($fresh->{message}, '0x' . '00' x 65), 'a signature of nothing');
	is_refused(sign_in($fresh->{message}, $signature =~ s/\A0x(..)/'0x' . sprintf('%02x', hex($1) ^ 1)/er), 'a signature with a bit changed');
	is(answer(undef, sign_in($fresh->{message}, $signature))->{user}{id}, $me->{id}, 'a refusal uses nothing up: the right signature still does');
	$node->sql("INSERT INTO bountygo.wallet_nonces (nonce, address, chain_id, message, expires_at)
		SELECT 'expired' || lpad(n::text, 13, '0'), '0x', 1, 'm', now() - interval '1 minute' FROM generate_series(1, 12) n");
	my @open = map { nonce($bob->{address}) } 1 .. 3;
	is($node->sql("SELECT count(*) FROM bountygo.wallet_nonces WHERE expires_at < now()"), '0', 'those that nobody used do not pile up');
	is($node->sql("SELECT count(*) FROM bountygo.wallet_nonces WHERE address = '$bob->{address}'"), '3', 'many nonces of an address are open at once');
	is(answer(undef, sign_in($_->{message}, sign($bob, $_->{message})))->{token_type}, 'Bearer', 'each of them is good') for @open[ 2, 0, 1 ];
}
# The sample of EIP-55 with one capital less.
for my $arguments ("'0x123', 1", 'NULL, 1', quoted($ann->{address}) . ', 5', "'0x52908400098527886E0F7030069857D2E4169Ee7', 1")
{
	is((as_api(undef, "SELECT bountygo.wallet_nonce($arguments)"))[0], 'UB422', "no nonce for ($arguments)");
}
is((as_api(undef, 'SELECT bountygo.wallet_sign_in(NULL, NULL)'))[0], 'UB422', 'message and signature are needed');
is((as_api(undef, sign_in('x' x 5000, '0x')))[0], 'UB422', 'and not too long');

# ---- sessions ----

sub refresh
{
	my ($token) = @_;
	return 'SELECT bountygo.refresh_session(' . quoted($token) . ')';
}
my $first = enter($ann);
is($first->{expires_in}, 900, 'an access token lasts a quarter of an hour');
my $second = answer(undef, refresh($first->{refresh_token}));
isnt($second->{refresh_token}, $first->{refresh_token}, 'a refresh token is replaced by another');
is($second->{refresh_expires_at}, $first->{refresh_expires_at}, 'the end of the session does not move');
is(answer($second->{access_token}, 'SELECT bountygo.auth_status()')->{session_id},
	answer($first->{access_token}, 'SELECT bountygo.auth_status()')->{session_id}, 'it is the same session');
is($node->sql("SELECT count(*) FROM bountygo.refresh_tokens WHERE convert_to(" . quoted($second->{refresh_token}) . ", 'UTF8') = token_hash"), '0',
	'the token itself is not stored');
is(answer(undef, refresh('nonsense')), undef, 'an unknown token gets nothing');
is(answer(undef, refresh($first->{refresh_token})), undef, 'a token that was used gets nothing');
is((as_api($second->{access_token}, 'SELECT bountygo.me()'))[0], 'UB401', 'and ends the session: its access token');
is(answer(undef, refresh($second->{refresh_token})), undef, 'and its refresh token');

# Out of date, revoked, disabled.
for my $case ([ 'that is over', "UPDATE bountygo.sessions SET expires_at = now() - interval '1 second' WHERE id = %d" ],
	[ 'that was revoked', 'UPDATE bountygo.sessions SET revoked_at = now() WHERE id = %d' ],
	[ 'of a disabled account', 'UPDATE bountygo.users SET disabled_at = now() WHERE id = (SELECT user_id FROM bountygo.sessions WHERE id = %d)' ])
{
	my ($what, $statement) = @$case;
	my $session = enter($ann);
	my $id = answer($session->{access_token}, 'SELECT bountygo.auth_status()')->{session_id};

	$node->sql(sprintf($statement, $id));
	is((as_api($session->{access_token}, 'SELECT bountygo.me()'))[0], 'UB401', "the access token of a session $what is refused");
	is(answer(undef, refresh($session->{refresh_token})), undef, "and its refresh token");
}
{
	my $fresh = nonce($ann->{address});
	is_refused(sign_in($fresh->{message}, sign($ann, $fresh->{message})), 'a disabled account');
	$node->sql('UPDATE bountygo.users SET disabled_at = NULL');
}
{
	my @sessions = map { enter($ann) } 1 .. 3;
	my $list = answer($sessions[0]{access_token}, 'SELECT bountygo.list_sessions()');

	is(scalar(grep { $_->{is_current} } @{ $list->{items} }), 1, 'one session of the list is this one');
	is_deeply([ map { $_->{method} } @{ $list->{items} }[ 0 .. 2 ] ], [ ('wallet') x 3 ], 'and how it began');
	my ($other) = map { $_->{id} } grep { !$_->{is_current} } @{ $list->{items} };
	is((as_api($sessions[0]{access_token}, "SELECT bountygo.revoke_session($other)"))[0], '', 'the owner of a session ends it');
	is((as_api($sessions[2]{access_token}, 'SELECT bountygo.me()'))[0], 'UB401', 'a session can be ended from another');
	is((as_api($sessions[0]{access_token}, "SELECT bountygo.revoke_session($other)"))[0], 'UB404', 'once');
	my $foreign = $node->sql("SELECT max(s.id) FROM bountygo.sessions s JOIN bountygo.user_wallets w USING (user_id) WHERE w.address = '$bob->{address}'");
	is((as_api($sessions[0]{access_token}, "SELECT bountygo.revoke_session($foreign)"))[0], 'UB404', 'not that of another user');
	my ($code) = as_api($sessions[0]{access_token}, 'SELECT bountygo.sign_out()');
	is($code, '', 'signing out');
	is((as_api($sessions[0]{access_token}, 'SELECT bountygo.me()'))[0], 'UB401', 'ends this session');
	is(answer(undef, refresh($sessions[0]{refresh_token})), undef, 'for good');
	is(answer($sessions[1]{access_token}, 'SELECT bountygo.me()')->{id}, $me->{id}, 'and no other');
	as_api($sessions[1]{access_token}, 'SELECT bountygo.sign_out_everywhere()');
	is($node->sql("SELECT count(*) FROM bountygo.sessions WHERE user_id = $me->{id} AND revoked_at IS NULL AND expires_at > now()"), '0',
		'signing out everywhere ends all');
}

# ---- wallets of an account ----

{
	my $session = enter($ann);
	my $token = $session->{access_token};
	my $carl = $signer->ask(op => 'wallet');
	my $link = sub {
		my ($wallet, $primary) = @_;
		my $fresh = nonce($wallet->{address});
		return 'SELECT bountygo.wallet_link(' . quoted($fresh->{message}) . ', ' . quoted(sign($wallet, $fresh->{message})) . ", $primary)";
	};
	my ($wallet) = @{ answer($token, 'SELECT bountygo.list_wallets()')->{items} };

	is((as_api($token, "SELECT bountygo.unlink_wallet($wallet->{id})"))[0], 'UB409', 'the last way to sign in stays');
	is((as_api($token, $link->($bob, 'false')))[0], 'UB409', 'the wallet of another account is not taken from it');
	is((as_api(undef, $link->($carl, 'false')))[0], 'UB401', 'whoever links is signed in');
	my $linked = answer($token, $link->($carl, 'true'));
	is($linked->{address}, $carl->{address}, 'a second wallet');
	ok($linked->{is_primary}, 'becomes the primary one');
	is(answer($token, $link->($carl, 'false'))->{id}, $linked->{id}, 'linking it again changes nothing');
	is(enter($carl)->{user}{id}, $me->{id}, 'it signs in to the same account');
	ok(answer($token, "SELECT bountygo.set_primary_wallet($wallet->{id})")->{is_primary}, 'the first is primary again');
	is(join(',', map { $_->{is_primary} ? 1 : 0 } @{ answer($token, 'SELECT bountygo.list_wallets()')->{items} }), '1,0', 'alone');
	as_api($token, "SELECT bountygo.unlink_wallet($wallet->{id})");
	my $left = answer($token, 'SELECT bountygo.list_wallets()')->{items};
	is_deeply([ scalar(@$left), $left->[0]{address} ], [ 1, $carl->{address} ], 'a wallet is unlinked');
	ok($left->[0]{is_primary}, 'and the one that is left is primary');
	isnt(enter($ann)->{user}{id}, $me->{id}, 'what was unlinked is nobody\'s: its owner begins anew');
	is((as_api(enter($bob)->{access_token}, "SELECT bountygo.set_primary_wallet($linked->{id})"))[0], 'UB404', 'another\'s wallet is not there');
}

# ---- identity providers: the keys are put into the table here; t/031_jwks.pl has them fetched ----

my %keys = map { $_->{kid} => $_ } map { $signer->ask(op => 'key', %$_)->{jwk} }
	({ kid => 'r1', alg => 'RS256' }, { kid => 'e1', alg => 'ES256' }, { kid => 'r2', alg => 'RS256' }, { kid => 'ps', alg => 'PS256' });
$node->sql("SELECT bountygo.set_oidc_provider('google', 'https://id.example', 'https://id.example/keys', ARRAY['client-1', 'client-2'])");
$node->sql("INSERT INTO bountygo.oidc_keys (provider, kid, jwk) SELECT 'google', j ->> 'kid', j FROM jsonb_array_elements("
	. quoted($json->encode([ @keys{qw(r1 e1 ps)} ])) . ") j");
$node->sql("UPDATE bountygo.oidc_providers SET keys_fetched_at = now()");
my $now = $node->sql('SELECT floor(extract(epoch FROM now()))');
my %good = (iss => 'https://id.example', aud => 'client-1', sub => 'subject-1', iat => $now + 0, exp => $now + 600, name => 'Dora',
	email => 'dora@id.example', email_verified => JSON::PP::true, picture => 'https://id.example/dora.png');
sub token
{
	my ($key, %claims) = @_;
	my %all = (%good, %claims);
	return $signer->ask(op => 'token', key => $key, claims => { map { defined $all{$_} ? ($_ => $all{$_}) : () } keys %all })->{token};
}
sub by_oidc
{
	my ($token, $provider) = @_;
	return 'SELECT bountygo.oidc_sign_in(' . quoted($provider // 'google') . ', ' . quoted($token) . ')';
}

my $dora = answer(undef, by_oidc(token('r1')));
is($dora->{user}{nickname}, 'Dora', 'a token of the provider signs in');
is($dora->{user}{email}, 'dora@id.example', 'with the address that it has verified');
is($dora->{user}{avatar_url}, 'https://id.example/dora.png', 'and a picture');
is(answer(undef, by_oidc(token('e1', name => 'Other', email => 'new@id.example')))->{user}{id}, $dora->{user}{id},
	'the same subject is the same account, whatever its name and address are now (ES256)');
is($node->sql("SELECT email FROM bountygo.identities WHERE subject = 'subject-1'"), 'new@id.example', 'the identity has the new address');
is(answer(undef, by_oidc(token('r1', aud => [ 'client-1', 'client-2' ], azp => 'client-2')))->{user}{id}, $dora->{user}{id}, 'several audiences of ours');
is(answer(undef, 'SELECT bountygo.google_sign_in(' . quoted(token('r1')) . ')')->{user}{id}, $dora->{user}{id}, 'under the provider\'s own name, too');
my $eve = answer(undef, by_oidc(token('r1', sub => 'subject-2', name => undef, email => 'DORA@id.example')));
isnt($eve->{user}{id}, $dora->{user}{id}, 'the e-mail address of another does not join accounts');
is($eve->{user}{email}, undef, 'it is left out');
unlike($eve->{user}{nickname}, qr/dora|@/i, 'and is no nickname');
my $unverified = answer(undef, by_oidc(token('r1', sub => 'subject-3', email => 'who@id.example', email_verified => JSON::PP::false)));
is($unverified->{user}{email}, undef, 'an address that is not verified is not taken');

my %wrong = (
	'an expired token' => sub { token('r1', exp => $now - 3600) },
	'a token without an end' => sub { token('r1', exp => undef) },
	'a token of tomorrow' => sub { token('r1', nbf => $now + 86400) },
	'another issuer' => sub { token('r1', iss => 'https://evil.example') },
	'another audience' => sub { token('r1', aud => 'client-9') },
	'an audience that is not ours beside one that is' => sub { token('r1', aud => [ 'x', 'client-2' ], azp => 'client-2') },
	'another authorized party' => sub { token('r1', azp => 'client-9') },
	'no subject' => sub { token('r1', sub => undef) },
	'an empty subject' => sub { token('r1', sub => '') },
	'a subject that is a number' => sub { token('r1', sub => 17) },
	'HS256 with the public key' => sub { $signer->ask(op => 'confused', key => 'r1', claims => \%good)->{token} },
	'alg none' => sub { $signer->ask(op => 'unsigned', claims => \%good)->{token} },
	'PS256' => sub { token('ps') },
	'a tampered payload' => sub { my @p = split(/\./, token('r1')); my @q = split(/\./, token('r1', sub => 'subject-1x')); "$p[0].$q[1].$p[2]" },
	'a signature that is cut' => sub { substr(token('r1'), 0, -8) },
	'the key of another kid' => sub { $signer->ask(op => 'token', key => 'r2', claims => \%good, header => { kid => 'r1' })->{token} },
	'a key that the provider does not have' => sub { token('r2') },
	'no token at all' => sub { 'nonsense' },
);
is_refused(by_oidc($wrong{$_}->()), $_) for sort keys %wrong;
is((as_api(undef, by_oidc(token('r1'), 'nobody')))[0], 'UB404', 'a provider that there is not');
is((as_api(undef, "SELECT bountygo.oidc_sign_in('google', NULL)"))[0], 'UB422', 'a token is needed');
is((as_api(undef, by_oidc('x' x 20000)))[0], 'UB422', 'and not too long');
$node->sql("UPDATE bountygo.users SET disabled_at = now() WHERE id = $eve->{user}{id}");
is_refused(by_oidc(token('r1', sub => 'subject-2')), 'a disabled account');
$node->sql("UPDATE bountygo.oidc_providers SET is_enabled = false");
is((as_api(undef, by_oidc(token('r1'))))[0], 'UB404', 'a provider that is switched off');
$node->sql("UPDATE bountygo.oidc_providers SET is_enabled = true");

{
	my $session = enter($bob);
	my $linked = answer($session->{access_token}, "SELECT bountygo.oidc_link('google', " . quoted(token('r1', sub => 'bobs')) . ')');

	is($linked->{methods}{identities}[0]{provider}, 'google', 'an identity is linked to an account');
	is(answer(undef, by_oidc(token('r1', sub => 'bobs')))->{user}{id}, $session->{user}{id}, 'and signs in to it');
	is((as_api($session->{access_token}, "SELECT bountygo.oidc_link('google', " . quoted(token('r1')) . ')'))[0], 'UB409',
		'the identity of another account is not taken from it');
	my ($wallet) = @{ answer($session->{access_token}, 'SELECT bountygo.list_wallets()')->{items} };
	is((as_api($session->{access_token}, "SELECT bountygo.unlink_wallet($wallet->{id})"))[0], '', 'with it the only wallet can go');
	is_deeply(answer(undef, 'SELECT bountygo.auth_status()')->{available}, [ { method => 'wallet' }, { method => 'oidc', provider => 'google' } ],
		'what there is to sign in with');
}

# ---- keys for programs ----

{
	my $session = answer(undef, by_oidc(token('r1')));
	my $made = answer($session->{access_token}, "SELECT bountygo.create_api_key('bot', ARRAY['tasks:read'])");

	like($made->{key}, qr/\Abgo_\Q$made->{prefix}\E_[A-Za-z0-9_-]{43}\z/, 'a key is shown');
	is(answer($made->{key}, 'SELECT bountygo.me()')->{id}, $session->{user}{id}, 'and is its owner');
	unlike($json->encode(answer($session->{access_token}, 'SELECT bountygo.list_api_keys()')), qr/\Q@{[ substr($made->{key}, -43) ]}\E/, 'once');
	for my $call ("create_api_key('x', ARRAY['tasks:read'])", 'list_api_keys()', 'sign_out()', 'sign_out_everywhere()', 'list_sessions()', 'delete_me()')
	{
		is((as_api($made->{key}, "SELECT bountygo.$call"))[0], 'UB403', "a key may not $call");
	}
	as_api($session->{access_token}, "SELECT bountygo.revoke_api_key($made->{id})");
	is((as_api($made->{key}, 'SELECT bountygo.me()'))[0], 'UB401', 'a revoked key is nothing');
}

# Nothing of this is public.
my $public = answer(undef, "SELECT bountygo.public_user($dora->{user}{id})");
is_deeply([ sort keys %$public ], [qw(avatar_url created_at id nickname)], 'the public face of a user has no e-mail address');
unlike($node->sql("SELECT string_agg(to_jsonb(u)::text, ' ') FROM bountygo.public_users u"), qr/@/, 'nor has the view');
for my $table (qw(identities user_wallets sessions api_keys refresh_tokens wallet_nonces oidc_keys))
{
	my ($code, $out) = as_api(undef, "SELECT count(*) FROM bountygo.$table");
	ok($code eq '42501' || $out eq '0', "anonymous callers see no row of $table");
}

done_testing();

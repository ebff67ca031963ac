# The keys of identity providers: the workers fetch them, never a client; a new key is found, a key that is gone is not believed.
use strict;
use warnings;

use BountyGo::HttpServer;
use BountyGo::Node;
use BountyGo::Signer;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
append_to_file("$dir/key", 'signing-key-of-the-test-0123456789abcdef' . "\n");
chmod(0600, "$dir/key");
my $www = PostgreSQL::Test::Utils::tempdir();
my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my $signer = BountyGo::Signer->start;
my %key = map { $_ => $signer->ask(op => 'key', kid => $_, alg => /^e/ ? 'ES256' : 'RS256')->{jwk} } qw(r1 r2 e1);

# What the provider publishes: replaced in one step, so that no fetch sees half of it.
sub publish
{
	my ($content) = @_;
	unlink "$www/next";
	append_to_file("$www/next", ref $content ? $json->encode($content) : $content);
	rename("$www/next", "$www/keys.json") or die "rename: $!";
}

# Nobody may read anything of the site: that is for pages.
append_to_file("$www/robots.txt", "User-agent: *\nDisallow: /\n");
publish({ keys => [ $key{r1}, $key{e1} ] });
my $web = BountyGo::HttpServer->start(root => $www);
my $node = BountyGo::Node->create('jwks', conf => "bountygo.jwt_key_file = '$dir/key'\nbountygo.backoff_base = 1s\nbountygo.backoff_max = 1s\nbountygo.max_attempts = 2\n");
my $now = $node->sql('SELECT floor(extract(epoch FROM now()))');

sub sign_in
{
	my ($kid, %claims) = @_;
	my $token = $signer->ask(op => 'token', key => $kid, claims => { iss => 'https://id.example', aud => 'client', sub => 'one', iat => $now + 0,
		exp => $now + 3600, %claims })->{token};
	my ($status, $out, $err) = $node->psql('postgres',
		"\\set VERBOSITY verbose\nBEGIN;\nSET LOCAL ROLE bountygo_api;\nSELECT bountygo.oidc_sign_in('corp', '$token') ->> 'token_type';\nCOMMIT;");

	return $err =~ /ERROR:\s+(\w{5})/ ? $1 : $out eq '' ? 'wait' : $out;
}

sub keys_known
{
	return $node->sql("SELECT string_agg(kid, ' ' ORDER BY kid) FROM bountygo.oidc_keys");
}

sub fetches
{
	return $web->count('/keys.json');
}

sub fetched
{
	return $node->wait_until('SELECT count(*) = 0 FROM bountygo.oidc_providers WHERE keys_wanted_at IS NOT NULL OR keys_fetched_at IS NULL')
		&& $node->wait_until("SELECT count(*) = 0 FROM bountygo.jobs WHERE state IN ('queued', 'leased')");
}

# Time goes by, for the provider's row.
sub later
{
	my ($interval) = @_;
	$node->sql("UPDATE bountygo.oidc_providers SET keys_asked_at = keys_asked_at - interval '$interval', keys_fetched_at = keys_fetched_at - interval '$interval'");
}

$node->sql("SELECT bountygo.set_oidc_provider('corp', 'https://id.example', " . "'" . $web->url('/keys.json') . "', ARRAY['client'])");
ok(fetched(), 'a new provider\'s keys are fetched at once, robots.txt or not');
is(keys_known(), 'e1 r1', 'and kept');
is(fetches(), 1, 'with one request');
is($node->sql("SELECT kind || ' ' || state || ' ' || outcome FROM bountygo.jobs"), 'jwks done ok', 'by a job of its own kind');
is(sign_in('r1'), 'Bearer', 'a token signed with one of them signs in');
is(sign_in('e1'), 'Bearer', 'or with the other');

# A key that is not known: fetched five minutes ago or less, it is refused; else it is looked for, once.
is(sign_in('r2'), 'UB401', 'a key that was not among those just fetched is refused');
is(fetches(), 1, 'without another request');
later('6 minutes');
publish({ keys => [ $key{r1}, $key{r2} ] });
is(sign_in('r2'), 'wait', 'later it is looked for: the caller is told to come again');
ok(fetched(), 'the worker fetches');
is(keys_known(), 'r1 r2', 'what came is known, what went is not');
is(sign_in('r2'), 'Bearer', 'the new key signs in');
is(sign_in('e1'), 'UB401', 'the old one does no more');
is(fetches(), 2, 'one request for it');
later('6 minutes');
is(sign_in('e1'), 'wait', 'an unknown key again');
sign_in('e1') for 1 .. 5;
ok(fetched(), 'many who ask');
is(sign_in('e1'), 'UB401', 'are told that there is no such key');
is(fetches(), 3, 'after one request');

# A day old: without anybody asking.
later('25 hours');
$node->sql('SELECT bountygo.schedule_keys()');
ok($node->wait_until("SELECT keys_fetched_at > now() - interval '1 hour' FROM bountygo.oidc_providers"), 'keys that are a day old are fetched anew');
is(fetches(), 4, 'once');

# What goes wrong is said, and the keys that there are stay.
for my $case ([ 'not JSON', 'nonsense', qr/no keys/ ], [ 'no keys', { keys => [] }, qr/no keys/ ], [ 'a page', '<html>Sign in</html>', qr/no keys/ ],
	[ 'no set', [ 1, 2 ], qr/no keys/ ], [ 'keys of no use', { keys => [ { kty => 'oct', kid => 'x', k => 'AAAA' }, { %{ $key{r1} }, use => 'enc' }, 7,
		{ kty => 'RSA', n => 'AA', e => 'AQAB' } ] }, qr/no keys/ ], [ 'too much', ' ' x 70000, qr/large/ ], [ 'bytes', "\xff\xfe{}", qr/no keys/ ])
{
	my ($what, $content, $why) = @$case;

	publish($content);
	$node->sql("UPDATE bountygo.oidc_providers SET keys_error = NULL, keys_failures = 0");
	later('26 hours');
	$node->sql('SELECT bountygo.schedule_keys()');
	ok($node->wait_until("SELECT count(*) = 1 FROM bountygo.oidc_providers WHERE keys_error IS NOT NULL AND keys_failures = 1"), "$what: that failed");
	like($node->sql('SELECT keys_error FROM bountygo.oidc_providers'), $why, 'the provider\'s row says so');
	is(keys_known(), 'r1 r2', 'the keys that there were stay');
}
is(sign_in('r1'), 'Bearer', 'and are good');
like($node->sql("SELECT bountygo.doctor()::text"), qr/identity providers.*corp/s, 'doctor() says it, too');

# It pauses longer and longer.
$node->sql("UPDATE bountygo.oidc_providers SET keys_failures = 2, keys_asked_at = now() - interval '19 minutes', keys_wanted_at = now()");
is($node->sql('SELECT bountygo.schedule_keys()'), '0', 'after two failures in a row it is not asked for 20 minutes');
$node->sql("UPDATE bountygo.oidc_providers SET keys_failures = 30, keys_asked_at = now() - interval '61 minutes', keys_wanted_at = NULL");
publish({ keys => [ { %{ $key{r2} }, d => 'private', p => 'private' }, map { { %{ $key{r1} }, kid => "k$_" } } 1 .. 60 ] });
$node->sql('SELECT bountygo.schedule_keys()');
ok($node->wait_until('SELECT keys_error IS NULL AND keys_failures = 0 FROM bountygo.oidc_providers'), 'but never for more than an hour');
is($node->sql('SELECT count(*) FROM bountygo.oidc_keys'), '50', 'of many keys 50 are kept');
is($node->sql("SELECT count(*) FROM bountygo.oidc_keys WHERE jwk ? 'd' OR jwk ? 'p'"), '0', 'and nothing private');

# Where keys may come from.
for my $case ([ 'a redirect', $web->url('/redirect?to=/keys.json'), qr/redirects are not followed/ ],
	[ 'an error of the server', $web->url('/status/500'), qr/500/ ], [ 'nothing there', $web->url('/none'), qr/404/ ])
{
	my ($what, $url, $why) = @$case;

	$node->sql("SELECT bountygo.set_oidc_provider('corp', 'https://id.example', '$url', ARRAY['client'])");
	ok($node->wait_until('SELECT keys_failures = 1 FROM bountygo.oidc_providers'), "$what gives no keys");
	like($node->sql('SELECT keys_error FROM bountygo.oidc_providers'), $why, 'and the row says why');
	is(keys_known(), '', 'keys from the place before are no longer believed');
	is(sign_in('r2'), 'wait', 'and nobody signs in');
}
is(($node->error_of("SELECT bountygo.set_oidc_provider('corp', 'https://id.example', 'http://id.example/keys', ARRAY['client'])"))[0], 'UB422',
	'plain HTTP is no way for keys');
is(($node->error_of("SELECT bountygo.set_oidc_provider('corp', 'https://id.example', 'https://10.0.0.1/keys', ARRAY['client'])"))[0], 'UB422',
	'nor is a private address');
is(($node->error_of("SELECT bountygo.set_oidc_provider('Corp!', '', 'x', '{}')"))[0], 'UB422', 'a provider has a name, an issuer and audiences');
# An address in plain HTTP counts only while it is listed: a public one is not.
$node->sql("SELECT bountygo.set_oidc_provider('corp', 'https://id.example', 'http://1.1.1.1/keys', ARRAY['client'])");
ok($node->wait_until('SELECT keys_failures = 1 FROM bountygo.oidc_providers'), 'a public address in plain HTTP');
like($node->sql('SELECT keys_error FROM bountygo.oidc_providers'), qr/https only/, 'is not even asked');

# A client's backend has no part in it: with the workers stopped nothing is fetched.
$node->sql("SELECT bountygo.set_oidc_provider('corp', 'https://id.example', '" . $web->url('/keys.json') . "', ARRAY['client'])");
ok(fetched(), 'back to the right place');
$node->sql('SELECT bountygo.stop()');
later('6 minutes');
my $before = fetches();
is(sign_in('e1'), 'wait', 'without workers an unknown key waits');
is(fetches(), $before, 'and nobody fetches');
is(sign_in('r2'), 'Bearer', 'known ones sign in as ever');

done_testing();

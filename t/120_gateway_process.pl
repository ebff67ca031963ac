# The gateway as a process: flags, settings, reload, a database that comes later, more work than it may take.
use strict;
use warnings;

use BountyGo::Gateway;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $program = $ENV{BOUNTYGO_GATEWAY} || ($ENV{TESTDIR} // '.') . '/gateway/bountygo-gateway';

sub outcome
{
	my (@arguments) = @_;
	my ($out, $err);

	IPC::Run::run([ $program, @arguments ], '>', \$out, '2>', \$err);
	return ($? >> 8, $out, $err);
}

my ($status, $out, $err) = outcome('--help');
is($status, 0, '--help');
like($out, qr/usage: bountygo-gateway.*--check-config.*request_timeout_ms/s, 'tells flags and settings');
($status, $out) = outcome('--version');
like($out, qr/^bountygo-gateway \d+\.\d+$/, '--version');
($status, $out) = outcome('--settings');
like($out, qr/^\| setting \|.*^\| `max_body` \| `\d+` bytes \| \d+ to \d+ \|/ms, '--settings is a table');
($status, $out) = outcome('--check-config');
is($status, 0, '--check-config with the defaults');
($status, $out, $err) = outcome('--check-config', '--threads', 'many', '--redis-url=http://x', '--nonsense', '1', '--rate-limits=api=fast', '--database', 'password=geheim x');
is($status, 2, '--check-config with wrong settings');
like($err, qr/threads must be a whole number from 0 to 256/, 'says what would be right');
like($err, qr/redis_url: must be redis:/, 'for each');
like($err, qr/rate_limits: .*api=10\/20/, 'with an example');
like($err, qr/there is no setting "nonsense"/, 'and what is none');
like($err, qr/database: must be/, 'and names the connection string');
unlike($err, qr/geheim/, 'but shows no password');
{
	local $ENV{BOUNTYGO_MAX_BODY} = '1';
	($status, $out, $err) = outcome('--check-config');
	like($err, qr/BOUNTYGO_MAX_BODY: max_body must be/, 'the environment is read');
}
($status, $out, $err) = outcome('--config', 'does-not-exist');
is($status, 2, 'a file that is not there');

# Started before its database
my $node = PostgreSQL::Test::Cluster->new('later');
$node->init;
my $database = $node->connstr('postgres');
my %settings = (database => $database, threads => 2, max_concurrent_requests => 4, drain_timeout_ms => 300);
my $gateway = BountyGo::Gateway->start(%settings);
is($gateway->get('/livez')->{status}, 200, 'it lives without a database');
is($gateway->get('/readyz')->{status}, 503, 'it is not ready');
my $answer = $gateway->get('/api/v1/tasks');
is($answer->{status}, 503, 'and says so');
is($answer->{headers}{'content-type'}, 'application/problem+json', 'as a problem');
$node->start;
$gateway->wait_for_log(qr/schema .{1,3}bountygo.{1,3} does not exist/);
$node->safe_psql('postgres', <<'SQL');
CREATE SCHEMA bountygo;
CREATE FUNCTION bountygo.gateway_routes() RETURNS TABLE (id int, method text, path text, max_body int, timeout_ms int, is_async boolean,
	is_secret boolean, rate_zone text, cache_seconds int, cache_topics text[])
LANGUAGE sql AS $$VALUES (1, 'GET', '/held', NULL::int, 5000, false, false, 'api', 0, '{}'::text[]), (2, 'GET', '/free', NULL, 5000, false, false, 'api', 0, '{}'::text[])$$;
CREATE FUNCTION bountygo.health() RETURNS jsonb LANGUAGE sql AS $$SELECT '{"status": "healthy", "components": {}}'::jsonb$$;
CREATE FUNCTION bountygo.call(route int, token text, names text[], vals text[], body text, headers text[], OUT status int, OUT location text,
	OUT body text, OUT headers text[])
LANGUAGE sql AS $$SELECT 200, NULL::text, CASE WHEN $1 = 1 THEN pg_advisory_xact_lock(42)::text || '{}' ELSE '{}' END, NULL::text[]$$;
CREATE FUNCTION bountygo.gateway_greeting() RETURNS bytea LANGUAGE sql AS 'SELECT NULL::bytea';
CREATE FUNCTION bountygo.record_views(views jsonb) RETURNS int LANGUAGE sql AS 'SELECT 0';
SQL
$gateway->wait_ready;
is($gateway->get('/free')->{status}, 200, 'it finds the database and its routes by itself');

# More at once than it may take
my $lock = $node->background_psql('postgres');
$lock->query_safe('SELECT pg_advisory_lock(42)');
my @held = map {
	my $socket = $gateway->connect;
	syswrite $socket, $gateway->format_request('GET', '/held');
	$socket;
} 1 .. 4;
$gateway->wait_for('four at work', sub { $gateway->metric('bountygo_http_requests_at_work') == 4 });
my $refused = $gateway->get('/free');
is($refused->{status}, 503, 'the fifth at once is refused');
is($refused->{headers}{'retry-after'}, 1, 'with Retry-After');
is($gateway->get('/livez')->{status}, 200, 'what needs no database is answered');

# Settings read again
$gateway->configure(%settings, listen => '127.0.0.1:0', admin_listen => '127.0.0.1:0', max_concurrent_requests => 5, threads => 1,
	log_format => 'text');
$gateway->signal('HUP');
my $line = $gateway->wait_for_log(qr/settings read again/);
like($line, qr/max_concurrent_requests changed/, 'SIGHUP takes over what may change');
like($line, qr/threads needs a restart/, 'and says what may not');
$gateway->configure(%settings, max_body => 'x');
$gateway->signal('HUP');
like($gateway->wait_for_log(qr/settings are left as they were/), qr/max_body must be/, 'wrong settings change nothing');
$lock->query_safe('SELECT pg_advisory_unlock(42)');
for my $socket (@held)
{
	my $rest;

	is($gateway->read_answer($socket, \$rest)->{status}, 200, 'a held request is answered');
}

# Bytes of every kind: it must live on and never answer with 5xx
srand 4711;
my $bad = 0;
for my $n (1 .. 200)
{
	my $request = $gateway->format_request('GET', '/free?a=1', headers => ['X-A: b']);

	substr($request, int rand length $request, 1) = chr int rand 256 for 0 .. int rand 4;
	my ($bytes) = $gateway->raw($request . "\r\n\r\n", timeout => 0.02);
	$bad++ if $bytes =~ m{\AHTTP/1\.1 5};
}
is($bad, 0, '200 damaged requests, no 5xx');
is($gateway->get('/free')->{status}, 200, 'and it goes on');

# What does not end in time is cut off
$lock->query_safe('SELECT pg_advisory_lock(42)');
my $stuck = $gateway->connect;
syswrite $stuck, $gateway->format_request('GET', '/held');
$gateway->wait_for('one at work', sub { $gateway->metric('bountygo_http_requests_at_work') == 1 });
is($gateway->stop('INT'), 0, 'SIGINT ends it although a request hangs');
like($gateway->log, qr/1 requests are cut off/, 'which it says');
unlike($gateway->log, qr/AddressSanitizer|runtime error|LeakSanitizer/, 'no complaint of a sanitizer');
$lock->quit;
$node->stop;
done_testing();

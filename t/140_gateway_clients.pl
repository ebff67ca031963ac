# Clients that behave badly, and proxies that are trusted: who is cut off, and that honest requests are answered meanwhile.
use strict;
use warnings;

use BountyGo::Gateway;
use IO::Socket::INET;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Socket qw(SOL_SOCKET SO_RCVBUF);
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('clients');
$node->init;
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE SCHEMA bountygo;
CREATE FUNCTION bountygo.gateway_routes() RETURNS TABLE (id int, method text, path text, max_body int, timeout_ms int, is_async boolean,
	is_secret boolean, rate_zone text, cache_seconds int, cache_topics text[])
LANGUAGE sql AS $$VALUES (1, 'GET', '/small', 0, 5000, false, false, 'api', 0, '{}'::text[]), (2, 'POST', '/small', 1000, 5000, false, false, 'api', 0, '{}'::text[]), (3, 'GET', '/big', 0, 20000, false, false, 'api', 0, '{}'::text[])$$;
CREATE FUNCTION bountygo.health() RETURNS jsonb LANGUAGE sql AS $$SELECT '{"status": "healthy", "components": {}}'::jsonb$$;
CREATE FUNCTION bountygo.call(route int, token text, names text[], vals text[], body text, headers text[], OUT status int, OUT location text,
	OUT body text, OUT headers text[])
LANGUAGE sql AS $$SELECT 200, NULL::text, '"' || repeat('x', CASE $1 WHEN 3 THEN 30000000 ELSE 1 END) || '"', NULL::text[]$$;
CREATE FUNCTION bountygo.gateway_greeting() RETURNS bytea LANGUAGE sql AS 'SELECT NULL::bytea';
CREATE FUNCTION bountygo.record_views(views jsonb) RETURNS int LANGUAGE sql AS 'SELECT 0';
SQL
my @settings = (database => $node->connstr('postgres'), threads => 2, db_pool_size => 2, header_timeout_ms => 20000,
	tcp_user_timeout_ms => 3000);

# A connection on which a request with a body was answered: is it still good for another?
sub stays_open
{
	my ($gateway) = @_;
	my $socket = $gateway->connect;
	my $request = $gateway->format_request('POST', '/small', json => {});
	my $rest;

	local $SIG{PIPE} = 'IGNORE';
	syswrite $socket, $request;
	is($gateway->read_answer($socket, \$rest)->{status}, 200, 'a request with a body is answered');
	syswrite $socket, $request;
	my $second = $gateway->read_answer($socket, \$rest);
	return $second ? $second->{status} : 'closed';
}

my $gateway = BountyGo::Gateway->start(@settings, trusted_fronts => '192.0.2.1, 127.0.0.1')->wait_ready;
is(stays_open($gateway), 200, 'the connection of a trusted front stays open');
is($gateway->stop, 0, 'end');
$gateway = BountyGo::Gateway->start(@settings, trusted_fronts => '127.0.0.10,127.0.0.')->wait_ready;
is(stays_open($gateway), 'closed', 'that of another address that only begins like it does not');
is($gateway->stop, 0, 'end');

# From here on with a limit of open files below what the clients take, which the gateway may raise
my $program = $ENV{BOUNTYGO_GATEWAY} || ($ENV{TESTDIR} // '.') . '/gateway/bountygo-gateway';
my $wrapper = PostgreSQL::Test::Utils::tempdir() . '/gateway';
append_to_file($wrapper, "#!/bin/sh\nulimit -Sn 200 && exec '$program' \"\$@\"\n");
chmod 0755, $wrapper or die "chmod: $!";
$ENV{BOUNTYGO_GATEWAY} = $wrapper;
$gateway = BountyGo::Gateway->start(@settings)->wait_ready;
is(stays_open($gateway), 'closed', 'without trusted fronts none does');

# How many connections the gateway has accepted and not closed yet: those of its port that belong to a process
sub accepted
{
	my $port = sprintf '%04X', $gateway->port;

	return scalar grep {
		my @column = split;
		$column[1] =~ /:$port\z/ && $column[3] ne '0A' && $column[9] != 0;
	} split /\n/, slurp_file('/proc/net/tcp');
}

# Clients that ask for much and never read
my @deaf = map {
	my $socket = IO::Socket::INET->new(Proto => 'tcp') // die "socket: $!";

	setsockopt $socket, SOL_SOCKET, SO_RCVBUF, pack('i', 4096) or die "SO_RCVBUF: $!";
	connect $socket, Socket::pack_sockaddr_in($gateway->port, Socket::inet_aton('127.0.0.1')) or die "connect: $!";
	syswrite $socket, $gateway->format_request('GET', '/big');
	$socket;
} 1 .. 5;
$gateway->wait_for('five big answers', sub { (() = $gateway->log =~ m{"route":"/big","status":200}g) == 5 });
cmp_ok(accepted(), '>', 0, 'answers to clients that never read are kept for them');
is($gateway->get('/small')->{status}, 200, 'but hold nobody up');
$gateway->wait_for('the end of those that never read', sub { accepted() == 0 });
pass('they are cut off after tcp_user_timeout_ms');
close $_ for @deaf;

# Clients that never finish asking: a third say nothing, a third stop in the head, a third in the body
my @begun = ('', "GET /small HTTP/1.1\r\nHos", "POST /small HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{");
my @open;

for my $n (0 .. 299)
{
	my $socket = $gateway->connect;

	syswrite $socket, $begun[ $n % 3 ];
	push @open, $socket;
}
$gateway->wait_for('300 connections', sub { accepted() == 300 });
is(scalar(grep { $gateway->get('/small')->{status} == 200 } 1 .. 50), 50, '50 honest requests are answered among 300 unfinished ones');
is($gateway->post('/small', {})->{status}, 200, 'with a body, too');
is($gateway->get('/readyz')->{status}, 200, 'and it is ready');
is($gateway->metric('bountygo_http_requests_at_work'), 0, 'unfinished requests are no work');
$gateway->wait_for('the honest ones to be gone', sub { accepted() <= 300 });
is(accepted(), 300, 'all the others are still open');
# The end waits for none of them
is($gateway->stop, 0, 'it ends');
unlike($gateway->log, qr/cut off/, 'without waiting for requests that never came');
unlike($gateway->log, qr/AddressSanitizer|runtime error|LeakSanitizer/, 'no complaint of a sanitizer');

# They are cut off when their time is over
$gateway = BountyGo::Gateway->start(@settings, header_timeout_ms => 500)->wait_ready;
@open = map { my $socket = $gateway->connect; syswrite $socket, $begun[ $_ % 3 ]; $socket } 1 .. 30;
$gateway->wait_for('30 connections to be ended', sub { accepted() == 0 });
my $ended = 0;
for my $socket (@open)
{
	my $rest = '';

	# Closed or reset; if there was an answer, it is no success
	$ended++ if !defined $gateway->read_answer($socket, \$rest, timeout => 10) && $rest !~ m{^HTTP/1\.1 2};
}
is($ended, 30, 'whoever does not finish in header_timeout_ms is cut off');
is($gateway->stop, 0, 'it ends');
$node->stop;
done_testing();

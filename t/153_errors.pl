# Each error of bountygo.error_catalogue() is raised through REST: the codes of class UB by requests that deserve them where there is
# one, and every SQLSTATE of the table by a function that raises it.
use strict;
use warnings;

use BountyGo::Fixtures;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $json = JSON::PP->new->utf8->canonical;
my $api = BountyGo::Fixtures->start('errors');
my $alice = $api->user('Alice Example');
my $token = $alice->{token};
my $tasks = '/api/v1/tasks';

$api->sql(<<'SQL');
CREATE FUNCTION bountygo.test_raise(code text) RETURNS jsonb LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'secret words of the server' USING ERRCODE = code, DETAIL = 'secret detail', HINT = 'Secret hint.'; END $$;
CREATE FUNCTION bountygo.test_sleep(seconds integer DEFAULT 60) RETURNS jsonb LANGUAGE sql AS $$ SELECT to_jsonb(pg_sleep(seconds)::text) $$;
CREATE FUNCTION bountygo.test_write() RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN DELETE FROM bountygo.todos; RETURN '{}'; END $$;
GRANT EXECUTE ON FUNCTION bountygo.test_raise, bountygo.test_sleep, bountygo.test_write TO bountygo_api;
INSERT INTO bountygo.routes (id, method, path, function, auth, timeout_ms, rate_zone) VALUES
	(10000, 'POST', '/api/v1/test/raise', 'test_raise', 'optional', 10000, 'api'),
	(10001, 'GET', '/api/v1/test/sleep', 'test_sleep', 'none', 300, 'api'),
	(10002, 'GET', '/api/v1/test/raise', 'test_raise', 'optional', 10000, 'api'),
	(10003, 'GET', '/api/v1/test/write', 'test_write', 'none', 10000, 'api');
SQL
$api->gateway->wait_for('the new routes', sub { $api->send('GET', '/api/v1/test/raise')->{status} == 422 });

# Rates are limited at a gateway of its own.
my $limited = BountyGo::Gateway->start(database => $api->node->connstr('postgres') . ' user=bountygo_gateway', threads => 1, rate_limits => 'api=1/1')
	->wait_ready;

sub task_of_alice { return $api->task($alice) }

my %raised = (
	UB400 => sub { $api->send('POST', $tasks, token => $token, body => '{"title": ') },
	UB401 => sub { $api->send('GET', '/api/v1/users/me') },
	UB403 => sub { $api->send('GET', '/api/v1/url-agent/metrics', token => $token) },
	UB404 => sub { $api->send('GET', "$tasks/999999999") },
	UB405 => sub { $api->send('PUT', $tasks, token => $token, json => {}) },
	UB409 => sub {
		my $job = $api->hanging_job($alice);
		$api->send('DELETE', "/api/v1/url-agent/jobs/$job", token => $token);
		return $api->send('DELETE', "/api/v1/url-agent/jobs/$job", token => $token);
	},
	UB412 => sub {
		my $path = "$tasks/" . task_of_alice();
		my $read = $api->send('GET', $path, token => $token);
		$api->send('PATCH', $path, token => $token, json => { summary => 'changed meanwhile' });
		return $api->send('PATCH', $path, token => $token, json => { summary => 'too late' }, headers => ["If-Match: $read->{headers}{etag}"]);
	},
	UB413 => sub { $api->send('POST', '/api/v1/url-agent/process', token => $token, body => '{"url": "' . 'x' x 70000 . '"}') },
	UB414 => sub { $api->send('GET', "$tasks?q=" . 'q' x 20000) },
	UB415 => sub { $api->send('POST', $tasks, token => $token, body => 'title=x', type => 'application/x-www-form-urlencoded') },
	UB422 => sub { $api->send('GET', "$tasks?limit=0") },
	UB429 => sub { my $answer; $answer = $limited->get($tasks) for 1 .. 5; return $answer },
	UB431 => sub { $api->send('GET', $tasks, headers => ['X-Long: ' . 'x' x 100_000]) },
	UB500 => sub { $api->send('POST', '/api/v1/test/raise', json => { code => 'XX000' }) },
	UB504 => sub { $api->send('GET', '/api/v1/test/sleep') },
);
# A number of each range of codes.
my %member = ('22xxx' => '22003', '08xxx' => '08006', '53xxx' => '53200', '54xxx' => '54001', 'any other' => 'XX001');
my @catalogue = @{ $json->decode($api->sql('SELECT jsonb_agg(to_jsonb(c)) FROM bountygo.error_catalogue() c')) };
my $from = length $api->gateway->log;

for my $row (@catalogue)
{
	my $code = $row->{code};
	my $answer = $raised{$code} ? $raised{$code}->() : $api->send('POST', '/api/v1/test/raise', token => $token, json => { code => $member{$code} // $code });

	is($answer->{status}, $row->{status}, "$code: $row->{status}") or diag($answer->{body});
	is($answer->{headers}{'content-type'}, 'application/problem+json', "$code: problem+json");
	my $problem = $answer->{json} // {};
	is($problem->{status}, $row->{status}, "$code: status in the body");
	is($problem->{title}, $row->{title}, "$code: title");
	is($problem->{code}, "UB$row->{status}", "$code: code");
	is($problem->{request_id}, $answer->{headers}{'x-request-id'}, "$code: request id");
	like($answer->{headers}{'retry-after'} // '', qr/^\d+$/, "$code: Retry-After") if $row->{status} == 429 || $row->{status} == 503;
	like($answer->{headers}{'www-authenticate'} // '', qr/^Bearer/, "$code: WWW-Authenticate") if $row->{status} == 401;
	like($answer->{headers}{allow} // '', qr/GET/, "$code: Allow") if $code eq 'UB405';
	unlike($answer->{body} // '', qr/secret/i, "$code: no words of the server") if $code !~ /^UB/;
}
cmp_ok(scalar(@catalogue), '>', 30, 'the catalogue is whole');

# What the table says of particular cases.
is($api->send('GET', '/api/v1/test/write')->{status}, 405, 'a write by GET');
is($api->send('GET', '/api/v1/test/raise?code=42501')->{status}, 401, 'a missing right, of nobody: 401');
is($api->send('GET', '/api/v1/test/raise?code=42501', token => $token)->{status}, 403, 'of somebody: 403');
my $rejected = $api->send('POST', '/api/v1/test/raise', json => { code => 'UB410' });
is($rejected->{json}{detail}, 'secret words of the server', 'class UB says what the function said');
is($rejected->{json}{hint}, 'Secret hint.', 'with its hint');
my $log = substr $api->gateway->log, $from;
like($log, qr/secret words of the server/, 'what was kept back is in the log');

# Every status that the document names is in the catalogue.
my %known = map { $_->{status} => 1 } @catalogue;
my $document = $api->send('GET', '/openapi.json')->{json};
my %named = map { $_ => 1 } grep { /^[45]/ } map { keys %{ $_->{responses} } } grep { ref eq 'HASH' } map { values %$_ } values %{ $document->{paths} };
is_deeply([ grep { !$known{$_} } sort keys %named ], [], 'all documented statuses are explained');

is($limited->stop, 0, 'the limited gateway ends well');
is($api->stop, 0, 'and the other');
done_testing();

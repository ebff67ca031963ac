# The gateway against the contract of bountygo.call() alone: functions of the same signatures, written here, let every error be raised.
use strict;
use warnings;

use BountyGo::Gateway;
use Compress::Zlib ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = PostgreSQL::Test::Cluster->new('contract');
$node->init;
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE SCHEMA bountygo;
CREATE TABLE bountygo.test_routes (id int, method text, path text, max_body int, timeout_ms int, is_async boolean,
	rate_zone text DEFAULT 'api', is_secret boolean DEFAULT false);
INSERT INTO bountygo.test_routes (id, method, path, max_body, timeout_ms, is_async) VALUES
	(1, 'GET', '/api/v1/echo', 0, 5000, false), (2, 'POST', '/api/v1/echo', 65536, 5000, false),
	(3, 'GET', '/api/v1/raise', 0, 5000, false), (4, 'GET', '/api/v1/things/{id}', 0, 5000, false),
	(5, 'GET', '/api/v1/things/mine', 0, 5000, false), (6, 'GET', '/api/v1/slow', 0, 800, false),
	(7, 'POST', '/api/v1/work', 65536, 5000, true), (8, 'GET', '/api/v1/url-agent/jobs/{id}', 0, 5000, false),
	(9, 'POST', '/api/v1/at-commit', 65536, 5000, false), (10, 'DELETE', '/api/v1/things/{id}', 0, 5000, false),
	(11, 'GET', '/api/v1/held', 0, 20000, false), (12, 'GET', '/api/v1/once', 0, 5000, false),
	(13, 'GET', '/api/v1/headers', 0, 5000, false), (14, 'POST', '/api/v1/headers', 65536, 5000, false),
	(15, 'GET', '/api/v1/tasks/{id}', 0, 5000, false), (16, 'POST', '/api/v1/secret', 65536, 5000, false);
UPDATE bountygo.test_routes SET is_secret = true WHERE id = 16;
UPDATE bountygo.test_routes SET rate_zone = 'write' WHERE id = 14;
CREATE TABLE bountygo.test_views (views jsonb);
CREATE TABLE bountygo.test_jobs (id bigint PRIMARY KEY, state text, looks int DEFAULT 0);
CREATE TABLE bountygo.test_commit (id int, CONSTRAINT at_end UNIQUE (id) DEFERRABLE INITIALLY DEFERRED);
CREATE SEQUENCE bountygo.test_tries;
CREATE FUNCTION bountygo.gateway_routes() RETURNS TABLE (id int, method text, path text, auth text, cache_seconds int, cache_topics text[],
	rate_zone text, max_body int, timeout_ms int, is_async boolean, is_secret boolean)
LANGUAGE sql AS 'SELECT id, method, path, ''none'', 0, ''{}''::text[], rate_zone, max_body, timeout_ms, is_async, is_secret FROM bountygo.test_routes';
CREATE SEQUENCE bountygo.test_view_tries;
-- The first batch meets a lock, as when accounts are deleted: it is told again.
CREATE FUNCTION bountygo.gateway_greeting() RETURNS bytea LANGUAGE sql AS 'SELECT NULL::bytea';
CREATE FUNCTION bountygo.record_views(views jsonb) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	IF nextval('bountygo.test_view_tries') = 1 THEN
		RAISE EXCEPTION 'busy' USING ERRCODE = '55P03';
	END IF;
	INSERT INTO bountygo.test_views VALUES ($1);
	RETURN 1;
END
$$;
CREATE FUNCTION bountygo.health() RETURNS jsonb LANGUAGE sql AS
	$$SELECT '{"status": "healthy", "version": "0", "uptime_seconds": 1, "components": {"database": {"status": "healthy"}}}'::jsonb$$;
CREATE FUNCTION bountygo.test_call(route integer, token text, names text[], vals text[], sent text, asked text[], OUT status integer,
	OUT location text, OUT body text, OUT headers text[])
LANGUAGE plpgsql AS $$
BEGIN
	status := 200;
	IF route = 3 THEN
		RAISE EXCEPTION USING ERRCODE = vals[1], MESSAGE = 'the message', DETAIL = coalesce(vals[2], ''), HINT = 'The hint.';
	ELSIF route = 6 THEN
		PERFORM pg_sleep(vals[1]::float);
	ELSIF route = 7 THEN
		INSERT INTO bountygo.test_jobs VALUES (vals[1]::bigint, 'queued');
		status := 202;
		location := '/api/v1/url-agent/jobs/' || vals[1];
	ELSIF route = 8 THEN
		UPDATE bountygo.test_jobs j SET looks = looks + 1 WHERE id = vals[1]::bigint
			RETURNING json_build_object('id', id, 'state', state, 'token', test_call.token)::text INTO test_call.body;
		RETURN;
	ELSIF route = 9 THEN
		INSERT INTO bountygo.test_commit VALUES (1), (1);
		status := 201;
	ELSIF route = 10 THEN
		status := 204;
		RETURN;
	ELSIF route = 11 THEN
		PERFORM pg_advisory_lock(42);
		PERFORM pg_advisory_unlock(42);
	ELSIF route = 12 THEN
		IF nextval('bountygo.test_tries') % 2 = 1 THEN
			RAISE EXCEPTION USING ERRCODE = '40001';
		END IF;
	ELSIF route IN (13, 14) THEN
		headers := ARRAY['etag', '"a.b"', 'link', '</api/v1/headers?cursor=x>; rel="next"', 'preference-applied', 'count=exact', 'content-type',
			'text/plain; charset=utf-8', 'x-bad', E'a\r\nset-cookie: b', 'x-null', NULL];
		IF '"a.b"' = ANY (asked) THEN
			status := 304;
			RETURN;
		END IF;
		body := array_to_json(asked)::text;
		RETURN;
	ELSIF route = 15 AND vals[1] = '404' THEN
		RAISE EXCEPTION USING ERRCODE = 'UB404', MESSAGE = 'none';
	ELSIF route = 16 AND sent IS NULL THEN
		status := 401;
		RETURN;
	END IF;
	body := json_build_object('route', route, 'token', token, 'names', names, 'values', vals, 'body', sent)::text;
END
$$;
CREATE FUNCTION bountygo.call(route integer, token text, names text[], vals text[], body text, headers text[], OUT status integer,
	OUT location text, OUT body text, OUT headers text[])
LANGUAGE sql AS 'SELECT * FROM bountygo.test_call($1, $2, $3, $4, $5, $6)';
SQL

my $database = $node->connstr('postgres');
my $gateway = BountyGo::Gateway->start(database => $database, threads => 2, db_pool_size => 2, request_timeout_ms => 20000,
	header_timeout_ms => 1500, max_body => 100000)->wait_ready;

sub problem
{
	my ($answer, $status, $name) = @_;

	is($answer->{status}, $status, "$name: $status");
	is($answer->{headers}{'content-type'}, 'application/problem+json', "$name: problem+json");
	is($answer->{json}{status}, $status, "$name: status in the body");
	is($answer->{json}{code}, "UB$status", "$name: code");
	is($answer->{json}{request_id}, $answer->{headers}{'x-request-id'}, "$name: request id");
	return $answer->{json};
}

# Routes and parameters
my $echo = $gateway->get('/api/v1/echo?q=a%20b+c&tag=x&tag=%E9%BB%91%E5%AE%A2%22%5C,{}&empty=&bare', token => 'abc.def');
is($echo->{status}, 200, 'a call');
is_deeply($echo->{json}{names}, [qw(q tag tag empty bare)], 'names of the query in their order');
is_deeply($echo->{json}{values}, ['a b c', 'x', "\x{9ed1}\x{5ba2}\"\\,{}", '', ''], 'values decoded, repeated ones kept, quotes safe');
is($echo->{json}{token}, 'abc.def', 'the token is passed');
is($gateway->get('/api/v1/echo')->{json}{token}, undef, 'no token is NULL');
is_deeply($gateway->get('/api/v1/things/a%2Fb?x=1')->{json}, { route => 4, token => undef, names => [qw(id x)], values => ['a/b', '1'],
	body => undef }, 'path parameters come first, percent-decoded after the path was split');
is($gateway->get('/api/v1/things/mine/')->{json}{route}, 5, 'a literal path goes before a parameter; a slash at the end is as none');
is($gateway->get('/api/v1/things/7+8')->{json}{values}[0], '7+8', 'a plus in a path is a plus');
is(problem($gateway->get('/api/v1/nothing'), 404, 'unknown path')->{detail}, 'there is no such path', 'worded as in SQL');
problem($gateway->get('/api/v1/things//'), 404, 'empty segment');
my $other = $gateway->request('PUT', '/api/v1/things/1');
problem($other, 405, 'other method');
is($other->{headers}{allow}, 'GET, HEAD, DELETE', 'Allow lists what is there');
is($gateway->request('OPTIONS', '/api/v1/things/1')->{status}, 204, 'OPTIONS');
my $head = $gateway->request('HEAD', '/api/v1/echo');
is($head->{status}, 200, 'HEAD as GET');
cmp_ok($head->{headers}{'content-length'}, '>', 10, 'with the length of the body');
my $gone = $gateway->request('DELETE', '/api/v1/things/1');
is($gone->{status}, 204, 'status 204');
is($gone->{headers}{'content-type'}, undef, 'has no body');
for my $bad ('/api/v1/echo?q=%zz', '/api/v1/echo?q=%ff', '/api/v1/echo?q=a%00b', '/api/v1/echo?q=%', '/api/v1/echo?q=%ed%a0%80')
{
	my $json = problem($gateway->get($bad), 400, "query $bad");
	is($json->{errors}[0]{pointer}, '?q', "$bad: the pointer names the parameter");
	isnt($json->{errors}[0]{detail}, $json->{detail}, "$bad: and what is wrong with it stands there");
}
problem($gateway->get('/api/v1/things/%c3%28'), 400, 'a path that is no UTF-8');
problem($gateway->get('/api/v1/things/%00'), 400, 'a NUL in a path');

# Bodies
is($gateway->request('POST', '/api/v1/echo', body => "{\"a\": \"\xc3\xbc\"}")->{json}{body}, "{\"a\": \"\x{fc}\"}", 'a body is passed as it is');
is($gateway->request('POST', '/api/v1/echo', body => '{}', type => 'Application/JSON; charset=UTF-8')->{status}, 200, 'content type with charset');
problem($gateway->request('POST', '/api/v1/echo', body => '{}', type => 'text/plain'), 415, 'other content type');
problem($gateway->request('POST', '/api/v1/echo', body => '{}', type => ''), 415, 'no content type');
problem($gateway->request('POST', '/api/v1/echo', body => '{}', type => 'application/merge-patch+json'), 415, 'a merge patch where none is taken');
problem($gateway->request('POST', '/api/v1/echo', body => '{}', type => 'application/json; charset=gbk'), 415, 'other charset');
problem($gateway->request('POST', '/api/v1/echo', body => "{\"a\": \"\xff\"}"), 400, 'a body that is no UTF-8');
problem($gateway->request('POST', '/api/v1/echo', body => "{\"a\": \"\0\"}"), 400, 'a body with NUL');
problem($gateway->request('POST', '/api/v1/echo', body => ' ' x 65537), 413, 'a body over the limit of the route');
problem($gateway->request('POST', '/api/v1/echo', body => ' ' x 100001), 413, 'a body over the limit of the gateway');
problem($gateway->request('GET', '/api/v1/echo', body => '{}'), 413, 'a body where none is taken');
is($gateway->post('/api/v1/echo', {})->{headers}{connection}, 'close', 'after a body the connection is closed');

# Tokens and ids
my $basic = $gateway->get('/api/v1/echo', headers => ['Authorization: Basic eDp5']);
problem($basic, 401, 'another scheme');
like($basic->{headers}{'www-authenticate'}, qr/^Bearer/, 'WWW-Authenticate');
problem($gateway->get('/api/v1/echo', headers => ['Authorization: Bearer a', 'Authorization: Bearer b']), 400, 'two Authorization fields');
problem($gateway->get('/api/v1/echo', token => 'x' x 4097), 401, 'an endless token');
is($gateway->get('/api/v1/echo', headers => ['X-Request-Id: my-request.01_A'])->{headers}{'x-request-id'}, 'my-request.01_A', 'a sane id is kept');
for my $id ('short', 'x' x 65, 'with space inside', 'quote"quote"')
{
	like($gateway->get('/api/v1/echo', headers => ["X-Request-Id: $id"])->{headers}{'x-request-id'}, qr/^[0-9a-f]{32}$/, "id '$id' is replaced");
}

# Every row of the table of SQLSTATEs
my %expected = (
	23505 => 409, '23P01' => 409, 23503 => 409, 23502 => 422, 23514 => 422, 22012 => 422, 22021 => 422, '22P02' => 422, 25006 => 405,
	42501 => 401, 40001 => 503, '40P01' => 503, '55P03' => 503, 57014 => 504, '57P01' => 503, '57P03' => 503, '08006' => 503,
	53300 => 503, 54001 => 400, 'XX000' => 500, 42703 => 500, 'P0001' => 500);
for my $code (sort keys %expected)
{
	my $answer = $gateway->get("/api/v1/raise?code=$code&detail=SELECT+secret");
	problem($answer, $expected{$code}, $code);
	unlike($answer->{body}, qr/the message|secret|The hint|SELECT/, "$code: nothing of the original is told");
	is(defined $answer->{headers}{'retry-after'} ? 1 : 0, $expected{$code} == 503 ? 1 : 0, "$code: Retry-After with 503");
}
is($gateway->get('/api/v1/raise?code=42501', token => 't')->{status}, 403, '42501 of somebody known is 403');
like($gateway->log, qr/"request_id":"[0-9a-f]{32}","message":"[^"]*XX000 the message/, 'the original is in the log');
for my $status (400, 401, 403, 404, 409, 410, 412, 413, 415, 429, 501, 502, 503, 504)
{
	my $json = problem($gateway->get("/api/v1/raise?code=UB$status&detail="), $status, "UB$status");
	is($json->{detail}, 'the message', "UB$status: the message");
	is($json->{hint}, 'The hint.', "UB$status: the hint");
}
my $invalid = $gateway->get('/api/v1/raise?code=UB422&detail=[{"pointer":"/url","detail":"no"},{"pointer":"/b","detail":"no"}]');
is(scalar @{ problem($invalid, 422, 'UB422')->{errors} }, 2, 'UB422: the errors');
is($gateway->get('/api/v1/raise?code=UB422&detail=notjson')->{json}{errors}, undef, 'a detail that is no list of errors is left out');
is($gateway->get('/api/v1/raise?code=UB429&detail=17')->{headers}{'retry-after'}, 17, 'UB429: seconds');
problem($gateway->get('/api/v1/raise?code=UB999&detail='), 500, 'UB of no known status');
problem($gateway->post('/api/v1/at-commit', {}), 409, 'an error that comes only with the commit');
is($gateway->get('/api/v1/echo')->{status}, 200, 'which disturbs nobody else');
is($gateway->get('/api/v1/once')->{status}, 200, 'a serialisation failure of a read is repeated');

# Many on one connection, errors among them
my $socket = $gateway->connect;
syswrite $socket, join '', map { $gateway->format_request('GET', $_ % 3 ? "/api/v1/echo?n=$_" : '/api/v1/raise?code=22012&detail=') } 1 .. 60;
my $rest;
my $right = 0;
for my $n (1 .. 60)
{
	my $answer = $gateway->read_answer($socket, \$rest) or last;
	$right++ if $n % 3 ? $answer->{status} == 200 && $answer->{json}{values}[0] eq $n : $answer->{status} == 422;
}
is($right, 60, '60 requests sent at once on one connection are answered in order, errors only where they belong');

# Framing
my $line = "GET /api/v1/echo HTTP/1.1\r\n";
my $smuggled = "GET /api/v1/echo?smuggled HTTP/1.1\r\nHost: a\r\n\r\n";
my %framings = (
	'no Host' => "$line\r\n",
	'two Hosts' => "${line}Host: a\r\nHost: b\r\n\r\n",
	'a Host that is none' => "${line}Host: a/b\@c\r\n\r\n",
	'a folded line' => "${line}Host: a\r\nX-A: b\r\n c\r\n\r\n",
	'bare line feeds' => "GET /api/v1/echo HTTP/1.1\nHost: a\n\n",
	'two lengths' => "POST /api/v1/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: " . length($smuggled) . "\r\n\r\n$smuggled",
	'a length and a coding' => "POST /api/v1/echo HTTP/1.1\r\nHost: a\r\nContent-Length: " . (5 + length $smuggled) .
		"\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n$smuggled",
	'no HTTP' => "\x16\x03\x01\x02\r\n\r\n",
	'absolute target' => "GET http://a/api/v1/echo HTTP/1.1\r\nHost: a\r\n\r\n");
for my $name (sort keys %framings)
{
	my ($bytes) = $gateway->raw($framings{$name});
	like($bytes, qr{\A(?:HTTP/1\.1 400 |\z)}, "$name: 400");
	is(scalar(() = $bytes =~ m{HTTP/1\.1 }g) <= 1 ? 1 : 0, 1, "$name: no second answer");
	# What is no HTTP at all libh2o answers by itself.
	like($bytes, qr{application/problem\+json}, "$name: as a problem") if $name ne 'no HTTP';
	unlike($bytes, qr/smuggled/, "$name: nothing is smuggled");
}
my ($chunked) = $gateway->raw("POST /api/v1/echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n$smuggled");
like($chunked, qr{\AHTTP/1\.1 200 .*connection: close}is, 'a chunked body is read, then the connection is closed');
unlike($chunked, qr/smuggled/, 'and what follows is not a request');
problem($gateway->get('/api/v1/echo?' . 'q' x 8300), 414, 'a target over 8 KiB');
problem($gateway->get('/api/v1/echo', headers => ['X-A: ' . 'a' x 17000]), 431, 'fields over 16 KiB');
my $many = $gateway->get('/api/v1/echo', headers => [map { "X-$_: 1" } 1 .. 120]);
like($many->{status}, qr/^(?:400|431)$/, 'over 100 fields');
my $began = time;
my ($slow, $closed) = $gateway->raw("GET /api/v1/echo HTTP/1.1\r\nHos", timeout => 8);
ok($closed && time - $began < 6, 'a head that does not come to its end is given up');
($slow, $closed) = $gateway->raw("POST /api/v1/echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12", timeout => 8);
ok($closed, 'a body, too');

# Time
problem($gateway->get('/api/v1/slow?s=3'), 504, 'a call over the time of its route');
$gateway->wait_for('the slow call to end', sub { $gateway->metric('bountygo_database_in_flight') == 0 });

# Prefer: wait
my $wait = [ 'Prefer: respond-async, wait=10' ];
sub later
{
	my ($request) = @_;
	my $to = $gateway->connect;

	syswrite $to, $request;
	return $to;
}
my $waiting = later($gateway->format_request('POST', '/api/v1/work?id=1', body => '{}', headers => $wait, token => 'mine'));
$gateway->wait_for('the job to be looked at', sub { $node->safe_psql('postgres', 'SELECT looks FROM bountygo.test_jobs WHERE id = 1') });
$gateway->wait_for('no call to be in flight', sub { $gateway->metric('bountygo_database_in_flight') == 0 });
is($gateway->metric('bountygo_job_waiters'), 1, 'it waits without a database connection');
is($gateway->metric('bountygo_http_requests_at_work'), 0, 'and without a place among the requests at work');
$node->safe_psql('postgres', "UPDATE bountygo.test_jobs SET state = 'done' WHERE id = 1; SELECT pg_notify('bountygo_job', '1')");
my $buffer;
my $finished = $gateway->read_answer($waiting, \$buffer);
is($finished->{status}, 200, 'Prefer: wait answers with 200 when the job has ended');
is($finished->{json}{state}, 'done', 'with the job');
is($finished->{json}{token}, 'mine', 'seen with the token of the caller');
is($finished->{headers}{'preference-applied'}, 'wait=10', 'Preference-Applied');
is($node->safe_psql('postgres', 'SELECT looks FROM bountygo.test_jobs WHERE id = 1'), '2', 'it was looked at twice only');
$began = time;
my $unfinished = $gateway->request('POST', '/api/v1/work?id=2', body => '{}', headers => ['Prefer: wait=1']);
is($unfinished->{status}, 202, 'when time is up: 202');
is($unfinished->{json}{state}, 'queued', 'with the job as it is');
is($unfinished->{headers}{location}, '/api/v1/url-agent/jobs/2', 'and where to look');
cmp_ok(time - $began, '>=', 0.9, 'after the time that was asked for');
is($gateway->request('POST', '/api/v1/work?id=3', body => '{}')->{json}{route}, 7, 'without Prefer: at once');
my $leaver = later($gateway->format_request('POST', '/api/v1/work?id=4', body => '{}', headers => $wait));
$gateway->wait_for('the waiter', sub { $gateway->metric('bountygo_job_waiters') == 1 });
close $leaver;
$gateway->wait_for('the waiter to be dropped', sub { $gateway->metric('bountygo_job_waiters') == 0 });
ok(1, 'a waiter whose client has gone is dropped');

# What the database is told of a request's headers, and says in its own
is($gateway->get('/api/v1/headers', headers => ['User-Agent: reader', 'X-Other: 1'])->{body}, '', 'a plain read passes no headers');
my $asked = $gateway->get('/api/v1/headers', headers => ['If-None-Match: W/"1"', 'If-None-Match: "2"', 'Prefer: count=exact', 'If-Match: "3"']);
is($asked->{body}, '["if-match","\"3\"","if-none-match","W/\"1\", \"2\"","prefer","count=exact"]', 'those it answers for are passed, repeated ones joined');
is($asked->{headers}{etag}, '"a.b"', 'its ETag comes back');
is($asked->{headers}{link}, '</api/v1/headers?cursor=x>; rel="next"', 'its Link');
is($asked->{headers}{'preference-applied'}, 'count=exact', 'and what it applied');
is($asked->{headers}{'content-type'}, 'text/plain; charset=utf-8', 'its type of content');
is($asked->{headers}{'set-cookie'} // $asked->{headers}{'x-bad'}, undef, 'a header of more than one line is left out');
is($asked->{headers}{'cache-control'}, 'no-cache', 'a public answer may be kept, to be asked for again');
is($asked->{headers}{vary}, 'authorization, accept-encoding', 'it depends on who asks, and on what they take');
is($gateway->get('/api/v1/headers', token => 't')->{headers}{'cache-control'}, 'private, no-cache', 'a private one by its reader only');
my $known = $gateway->get('/api/v1/headers', headers => ['If-None-Match: "a.b"']);
is($known->{status}, 304, 'not modified');
is($known->{body} . ($known->{headers}{'content-length'} // ''), '', 'has no body');
is($known->{headers}{etag}, '"a.b"', 'but its ETag');
my $sent = $gateway->post('/api/v1/headers', {}, headers => ['Idempotency-Key: k1', 'User-Agent: writer']);
is($sent->{body}, '["idempotency-key","k1","bountygo-topics","1","client-address","127.0.0.1","user-agent","writer"]', 'a write tells who sends it');
is($sent->{headers}{'cache-control'}, 'no-store', 'what a write answers is kept by nobody');
problem($gateway->post('/api/v1/headers', {}, headers => ['Idempotency-Key: a', 'Idempotency-Key: b']), 400, 'two keys');
problem($gateway->post('/api/v1/headers', {}, headers => ["If-Match: \"\xc3\xa9\""]), 400, 'a condition that is no ASCII');
problem($gateway->request('POST', '/api/v1/secret'), 401, 'a refusal that was committed');
is($gateway->post('/api/v1/secret', {})->{headers}{'cache-control'}, 'no-store', 'a secret answer');
problem($gateway->post('/api/v1/headers', {}, headers => ['Content-Encoding: gzip']), 415, 'an encoded body');
is($gateway->request('OPTIONS', '/livez')->{headers}{allow}, 'GET, HEAD', 'OPTIONS of its own paths');

# Views of tasks
$gateway->get('/api/v1/tasks/7', headers => ['User-Agent: one', 'Referer: https://user@evil.example/x', 'If-None-Match: "x"']);
$gateway->get('/api/v1/tasks/8', headers => ['User-Agent: two', 'Referer: https://News.example:8443/a?b#c']);
$gateway->get('/api/v1/tasks/8', headers => ["Referer: http://localhost:@{[$gateway->port]}/app"]);
$gateway->get('/api/v1/tasks/8', headers => ['User-Agent: two', 'Referer: https://News.example:8443/a?b#c']) for 1 .. 20;
$gateway->request('HEAD', '/api/v1/tasks/9');
$gateway->get('/api/v1/tasks/404');
my $seen = "SELECT DISTINCT v ->> 'task_id' || ' ' || (v ->> 'viewer') || ' ' || coalesce(v ->> 'source', '-') AS view
	FROM bountygo.test_views, jsonb_array_elements(views) v";
$node->poll_query_until('postgres', "SELECT count(*) = 3 FROM ($seen) s") or die 'no views';
is($node->safe_psql('postgres', "SELECT string_agg(view, ', ' ORDER BY view) FROM ($seen) s"),
	'7 127.0.0.1 one -, 8 127.0.0.1  -, 8 127.0.0.1 two News.example', 'who saw what, coming from where; not HEAD, not what was not there');
cmp_ok($node->safe_psql('postgres', 'SELECT sum(jsonb_array_length(views)) FROM bountygo.test_views'), '<=', 6, 'who looks again is told at most once by each loop');

# How often one may ask
my $limited = BountyGo::Gateway->start(database => $database, threads => 2, db_pool_size => 2, rate_limits => 'api=0.01/3,write=0.01/1',
	trusted_fronts => '127.0.0.1')->wait_ready;
my @from = map { my $i = $_; sub { $limited->get('/api/v1/echo', headers => ["X-Forwarded-For: $_[0]198.51.100.$i"]) } } 1 .. 2;
my @answers = map { $from[0]->('') } 1 .. 4;
is_deeply([map { $_->{status} } @answers], [200, 200, 200, 429], 'a burst of three, over all loops');
is($answers[0]{headers}{ratelimit}, '"api";r=2;t=100', 'RateLimit');
is($answers[0]{headers}{'ratelimit-policy'}, '"api";q=3;w=300', 'RateLimit-Policy');
problem($answers[3], 429, 'the fourth');
cmp_ok($answers[3]{headers}{'retry-after'}, '>', 90, 'Retry-After says when');
is($from[0]->('192.0.2.99, ')->{status}, 429, 'what a client says of itself changes nothing');
is($from[1]->('198.51.100.1, ')->{status}, 200, 'another client has its own');
is_deeply([map { $limited->post('/api/v1/headers', {}, headers => ['X-Forwarded-For: 198.51.100.1'])->{status} } 1 .. 2], [200, 429], 'so has another zone');
is_deeply([map { $limited->get('/api/v1/echo', token => 'same', headers => ["X-Forwarded-For: 203.0.113.$_"])->{status} } 1 .. 4],
	[200, 200, 200, 429], 'a token counts from wherever it comes');
is($limited->get('/livez', headers => ['X-Forwarded-For: 198.51.100.1'])->{status}, 200, 'whether it lives may always be asked');
is($limited->stop, 0, 'it ends');
my $direct = BountyGo::Gateway->start(database => $database, threads => 1, db_pool_size => 1, rate_limits => 'api=0.01/1')->wait_ready;
is_deeply([map { $direct->get('/api/v1/echo', headers => ["X-Forwarded-For: 198.51.100.$_"])->{status} } 1 .. 2], [200, 429],
	'without a trusted front X-Forwarded-For is nothing');
$direct->get('/api/v1/tasks/77', headers => ['X-Real-IP: 1.2.3.4']);
is($direct->stop, 0, 'it ends');

# The documentation page
my $page = PostgreSQL::Test::Utils::tempdir();
PostgreSQL::Test::Utils::append_to_file("$page/index.html", '<!doctype html><title>docs</title>');
PostgreSQL::Test::Utils::append_to_file("$page/docs.js", '1');
my $shown = BountyGo::Gateway->start(database => $database, threads => 1, db_pool_size => 1, docs_dir => $page)->wait_ready;
my $docs = $shown->get('/docs');
is($docs->{status}, 200, '/docs');
is($docs->{headers}{'content-type'}, 'text/html; charset=utf-8', 'is a page');
like($docs->{headers}{'content-security-policy'}, qr/default-src 'none'/, 'that may ask no other host');
is($shown->get('/docs/docs.js')->{headers}{'content-type'}, 'text/javascript; charset=utf-8', 'with its script');
is($shown->get('/docs', headers => ["If-None-Match: $docs->{headers}{etag}"])->{status}, 304, 'which is sent once');
problem($shown->get("/docs/$_"), 404, "/docs/$_") for '../bountygo.conf', '%2e%2e/x', 'missing.js', 'index.html/';
$shown->stop;
my $hidden = BountyGo::Gateway->start(database => $database, threads => 1, db_pool_size => 1, docs_dir => $page, docs => 'off')->wait_ready;
problem($hidden->get($_), 404, "$_ with docs = off") for '/docs', '/docs/', '/docs/docs.js', '/openapi.json', '/llms.txt';
# Views that are still in memory at the end
$hidden->get('/api/v1/tasks/78', headers => ['User-Agent: last']);
is($hidden->stop, 0, 'it ends');
is($node->safe_psql('postgres', "SELECT count(*) FROM bountygo.test_views, jsonb_array_elements(views) v WHERE v ->> 'viewer' = '127.0.0.1 last'"), 1,
	'views are told before it ends');

# Whose pages may call, and under which names it is served
my $guarded = BountyGo::Gateway->start(database => $database, threads => 1, db_pool_size => 1, allowed_hosts => 'localhost, api.example',
	cors_origins => 'https://app.example,http://localhost:3000')->wait_ready;
my $cross = $guarded->get('/api/v1/echo', headers => ['Origin: https://app.example']);
is($cross->{headers}{'access-control-allow-origin'}, 'https://app.example', 'a page of a listed origin may read answers');
like($cross->{headers}{'access-control-expose-headers'}, qr/etag.*link/, 'with their headers');
is($cross->{headers}{'access-control-allow-credentials'}, undef, 'without the browser\'s own credentials');
is($guarded->get('/api/v1/echo', headers => ["Origin: $_"])->{headers}{'access-control-allow-origin'}, undef, "not one of $_")
	for 'https://evil.example', 'https://app.example.evil.example', 'null', 'http://app.example';
my $preflight = $guarded->request('OPTIONS', '/api/v1/things/1', headers => ['Origin: http://localhost:3000', 'Access-Control-Request-Method: DELETE']);
is($preflight->{status}, 204, 'a preflight');
is($preflight->{headers}{'access-control-allow-methods'}, 'GET, HEAD, DELETE', 'learns the methods');
like($preflight->{headers}{'access-control-allow-headers'}, qr/authorization.*idempotency-key/, 'and the headers');
is($guarded->request('OPTIONS', '/api/v1/things/1', headers => ['Origin: https://evil.example', 'Access-Control-Request-Method: DELETE'])
	->{headers}{'access-control-allow-methods'}, undef, 'but not from elsewhere');
is($gateway->get('/api/v1/echo', headers => ['Origin: https://app.example'])->{headers}{'access-control-allow-origin'}, undef, 'by default none may');
for my $host (['api.example', 200], ['API.example:443', 200], ['other.example', 421], ['[::1]:8080', 421])
{
	like(scalar $guarded->raw("GET /api/v1/echo HTTP/1.1\r\nHost: $host->[0]\r\nConnection: close\r\n\r\n"), qr/\AHTTP\/1.1 $host->[1] /, "Host: $host->[0]");
}
is($guarded->stop, 0, 'it ends');

# Compression of what isn't cached
my $long = $gateway->get('/api/v1/echo?q=' . 'abc' x 500, headers => ['Accept-Encoding: gzip']);
is($long->{headers}{'content-encoding'}, 'gzip', 'a long answer is compressed');
like(Compress::Zlib::memGunzip($long->{body}), qr/abcabc/, 'and the same');
is($gateway->get('/api/v1/echo?q=abc', headers => ['Accept-Encoding: gzip'])->{headers}{'content-encoding'}, undef, 'a short one is not');
is($gateway->get('/api/v1/echo?q=' . 'abc' x 500)->{headers}{'content-encoding'}, undef, 'nor for who doesn\'t ask');

# Routes change while it runs
$node->safe_psql('postgres', "INSERT INTO bountygo.test_routes VALUES (20, 'GET', '/api/v1/new', 0, 5000, false, 'api', false); NOTIFY bountygo_routes");
$gateway->wait_for('the new route', sub { $gateway->get('/api/v1/new')->{status} == 200 });
ok(1, 'a new route is served without a restart');

# Plans out of date
$node->safe_psql('postgres', 'BEGIN; ALTER FUNCTION bountygo.call(integer, text, text[], text[], text, text[]) RENAME TO old_call;' .
	' CREATE FUNCTION bountygo.call(route integer, token text, names text[], vals text[], body text, headers text[], OUT status integer,' .
	" OUT location text, OUT body text, OUT headers text[]) LANGUAGE sql AS \$\$SELECT 200, NULL, '{\"second\": true}', NULL::text[]\$\$; COMMIT");
my @seen = map { $gateway->get('/api/v1/echo')->{status} } 1 .. 6;
is_deeply([grep { $_ != 200 } @seen], [], 'a function that is replaced costs no request') or diag("@seen");
$node->safe_psql('postgres', 'BEGIN; DROP FUNCTION bountygo.call(integer, text, text[], text[], text, text[]); ALTER FUNCTION' .
	' bountygo.old_call(integer, text, text[], text[], text, text[]) RENAME TO call; COMMIT');

# A database that goes away and comes back
my $backends = "FROM pg_stat_activity WHERE application_name LIKE 'bountygo-gateway%'";
my $killed = $node->safe_psql('postgres', "SELECT string_agg(pid::text, ',') FROM (SELECT pid, pg_terminate_backend(pid) $backends) AS all_of_them");
cmp_ok(scalar(split /,/, $killed), '>=', 3, 'all its backends are killed');
$node->poll_query_until('postgres', "SELECT count(*) >= 3 $backends AND pid NOT IN ($killed)") or die 'no new connections';
$gateway->wait_ready;
is($gateway->get('/api/v1/echo')->{status}, 200, 'it connects again');
my $survivor = later($gateway->format_request('POST', '/api/v1/work?id=5', body => '{}', headers => ['Prefer: wait=30']));
$gateway->wait_for('the waiter', sub { $gateway->metric('bountygo_job_waiters') == 1 });
$node->stop('fast');
$gateway->wait_for('the loss to be noticed', sub { $gateway->get('/readyz')->{status} == 503 });
is($gateway->get('/livez')->{status}, 200, 'without the database it lives');
my $down = $gateway->get('/api/v1/echo');
problem($down, 503, 'without the database');
ok(defined $down->{headers}{'retry-after'}, 'Retry-After');
my $sick = $gateway->get('/health');
is($sick->{status}, 503, '/health without the database: 503');
is($sick->{json}{status}, 'unhealthy', 'unhealthy');
is($sick->{json}{components}{database}{status}, 'unreachable', 'it names the component');
is($sick->{json}{components}{redis}{status}, 'not_configured', 'Redis is not asked for');
$node->start;
$gateway->wait_for('the database', sub { $gateway->get('/readyz')->{status} == 200 });
is($gateway->get('/api/v1/echo')->{status}, 200, 'it recovers by itself');
$node->safe_psql('postgres', "UPDATE bountygo.test_jobs SET state = 'done' WHERE id = 5; SELECT pg_notify('bountygo_job', '5')");
undef $buffer;
is($gateway->read_answer($survivor, \$buffer)->{status}, 200, 'a waiter outlives a restart of the database');

# The end
my $lock = $node->background_psql('postgres');
$lock->query_safe('SELECT pg_advisory_lock(42)');
my $held = later($gateway->format_request('GET', '/api/v1/held'));
$gateway->wait_for('the call to be in flight', sub { $gateway->metric('bountygo_database_in_flight') == 1 });
my $idle = $gateway->connect;
$gateway->signal('TERM');
$gateway->wait_for_log(qr/ending: no new connections/);
$gateway->wait_for('the listener to close', sub { !IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $gateway->port) });
$lock->query_safe('SELECT pg_advisory_unlock(42)');
undef $buffer;
is($gateway->read_answer($held, \$buffer)->{status}, 200, 'a request at work is answered after SIGTERM');
is($gateway->wait_end, 0, 'then it ends with 0');
unlike($gateway->log, qr/smuggled|a%20b|abc\.def|Bearer|q=/, 'the log has no query strings and no tokens');
unlike($gateway->log, qr/AddressSanitizer|runtime error|LeakSanitizer/, 'no complaint of a sanitizer');
$lock->quit;
$node->stop;
done_testing();

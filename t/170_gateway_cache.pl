# The gateway's cache against the contract of bountygo.call(): what is kept, for how long, and that nothing stale is ever answered.
use strict;
use warnings;

use BountyGo::Gateway;
use Compress::Zlib ();
use IO::Select;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = PostgreSQL::Test::Cluster->new('cache');
$node->init;
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE SCHEMA bountygo;
CREATE TABLE bountygo.things (id int PRIMARY KEY, value int);
INSERT INTO bountygo.things SELECT i, 0 FROM generate_series(1, 100) i;
CREATE SEQUENCE bountygo.calls;
CREATE FUNCTION bountygo.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_notify('bountygo_cache', 'things ' || pg_current_xact_id());
	RETURN NULL;
END
$$;
CREATE TRIGGER touch AFTER UPDATE ON bountygo.things FOR EACH STATEMENT EXECUTE FUNCTION bountygo.touch();
CREATE FUNCTION bountygo.gateway_greeting() RETURNS bytea LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_notify('bountygo_cache', 'things ' || pg_current_xact_id());
	RETURN repeat('s', 32)::bytea;
END
$$;
CREATE FUNCTION bountygo.gateway_routes() RETURNS TABLE (id int, method text, path text, max_body int, timeout_ms int, is_async boolean,
	is_secret boolean, rate_zone text, cache_seconds int, cache_topics text[])
LANGUAGE sql AS $$VALUES (1, 'GET', '/things/{id}', 0, 5000, false, false, 'api', 30, '{things}'::text[]),
	(2, 'POST', '/things/{id}', 1000, 5000, false, false, 'api', 0, '{}'), (3, 'GET', '/held/{id}', 0, 20000, false, false, 'api', 30, '{things}'),
	(4, 'GET', '/plain/{id}', 0, 5000, false, false, 'api', 0, '{}'), (5, 'GET', '/brief/{id}', 0, 5000, false, false, 'api', 1, '{things}')$$;
CREATE FUNCTION bountygo.health() RETURNS jsonb LANGUAGE sql AS $$SELECT '{"status": "healthy", "components": {}}'::jsonb$$;
CREATE FUNCTION bountygo.record_views(views jsonb) RETURNS int LANGUAGE sql AS 'SELECT 0';
CREATE FUNCTION bountygo.answer(route int, token text, names text[], vals text[], asked text[], OUT status int, OUT location text, OUT body text,
	OUT headers text[])
LANGUAGE plpgsql AS $$
DECLARE
	found int;
BEGIN
	PERFORM nextval('bountygo.calls');
	status := 200;
	IF route = 2 THEN
		UPDATE bountygo.things SET value = value + 1 WHERE id = vals[1]::int RETURNING value INTO found;
		body := found::text;
		headers := ARRAY['bountygo-changed', 'other 1, things ' || pg_current_xact_id()];
		RETURN;
	END IF;
	IF route = 3 THEN
		PERFORM pg_advisory_xact_lock_shared(42);
	END IF;
	SELECT value INTO found FROM bountygo.things WHERE id = vals[1]::int;
	IF found IS NULL THEN
		RAISE EXCEPTION 'no such thing' USING ERRCODE = 'UB404', HINT = 'Try another.';
	END IF;
	body := json_build_object('value', found, 'names', names, 'values', vals, 'token', token,
		'padding', CASE WHEN vals[2] = 'big' THEN repeat('much the same, ', 500) ELSE '' END)::text;
	headers := ARRAY['etag', '"' || md5(body) || '"', 'link', '</x>; rel="next"'];
END
$$;
CREATE FUNCTION bountygo.call(route int, token text, names text[], vals text[], body text, headers text[], OUT status int, OUT location text,
	OUT body text, OUT headers text[])
LANGUAGE sql AS 'SELECT * FROM bountygo.answer($1, $2, $3, $4, $6)';
SQL

my $redis_port = PostgreSQL::Test::Cluster::get_free_port();
my $redis_dir = PostgreSQL::Test::Utils::tempdir();
my $redis;

sub start_redis
{
	$redis = fork() // die "fork: $!";
	return if $redis;
	open STDOUT, '>', "$redis_dir/log";
	open STDERR, '>&', \*STDOUT;
	exec 'redis-server', '--port', $redis_port, '--bind', '127.0.0.1', '--dir', $redis_dir, '--save', '' or POSIX::_exit(127);
}

sub stop_redis
{
	kill 'KILL', $redis;
	waitpid $redis, 0;
	undef $redis;
	return;
}

END
{
	my $status = $?;

	stop_redis() if $redis;
	$? = $status;
}

sub redis_cli
{
	my ($out, $err);

	IPC::Run::run(['redis-cli', '-p', $redis_port, @_], '>', \$out, '2>', \$err);
	return $out;
}

sub calls { return $node->safe_psql('postgres', 'SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM bountygo.calls') }

my @settings = (database => $node->connstr('postgres'), threads => 2, db_pool_size => 4);
my $gateway = BountyGo::Gateway->start(@settings)->wait_ready;

# What is kept
my $first = $gateway->get('/things/1');
is($first->{json}{value}, 0, 'a thing');
like($first->{headers}{'cache-status'}, qr/^bountygo; fwd=miss/, 'comes from the database');
my $before = calls();
my $second = $gateway->get('/things/1');
is($second->{body}, $first->{body}, 'the same again');
is($second->{headers}{'cache-status'}, 'bountygo; hit', 'from memory');
is($second->{headers}{age}, 0, 'it is young');
is($second->{headers}{etag}, $first->{headers}{etag}, 'with its ETag');
is($second->{headers}{link}, '</x>; rel="next"', 'and its Link');
$gateway->get('/things/1') for 1 .. 20;
is(calls(), $before, 'no call of the database, whichever loop was asked');
is($gateway->get('/things/1', headers => ["If-None-Match: $first->{headers}{etag}"])->{status}, 304, 'not modified, from memory');
is($gateway->get('/things/1', headers => ["If-None-Match: \"a\", W/$first->{headers}{etag}"])->{status}, 304, 'also weakly, among others');
is($gateway->get('/things/1', headers => ['If-None-Match: "a"'])->{status}, 200, 'another tag is another');
is($gateway->request('HEAD', '/things/1')->{headers}{'content-length'}, length $first->{body}, 'HEAD');
is(calls(), $before, 'still no call');
$gateway->get('/things/1?b=2&a=1');
$before = calls();
is($gateway->get('/things/1?a=%31&b=2')->{headers}{'cache-status'}, 'bountygo; hit', 'the order and the form of parameters make no difference');
isnt($gateway->get('/things/1?a=2&a=1')->{body}, $gateway->get('/things/1?a=1&a=2')->{body}, 'the order of values of one name does');
$before = calls();
$gateway->get('/things/1', token => 't') for 1 .. 2;
is($gateway->get('/things/1', token => 'u')->{json}{token}, 'u', 'who is known gets their own');
is(calls(), $before + 3, 'and always asks the database');
is($gateway->get('/things/1', token => 't')->{headers}{'cache-status'}, undef, 'which no cache speaks of');
$gateway->get('/things/1', headers => ['Prefer: count=exact']) for 1 .. 2;
is(calls(), $before + 6, 'a preference makes a read its own');
$gateway->get('/plain/1') for 1 .. 2;
is(calls(), $before + 8, 'what may not be cached is not');
my $none = $gateway->get('/things/1000');
is($none->{status}, 404, 'nothing');
$before = calls();
is_deeply([@{ $gateway->get('/things/1000')->{json} }{qw(detail hint)}], ['no such thing', 'Try another.'], 'is remembered as well');
is(calls(), $before, 'for a while');
isnt($gateway->get('/things/1000')->{json}{request_id}, $none->{json}{request_id}, 'each request has its own id all the same');

# Compressed
my $big = $gateway->get('/things/1?big=big');
is($big->{headers}{'content-encoding'}, undef, 'as it is without Accept-Encoding');
my $packed = $gateway->get('/things/1?big=big', headers => ['Accept-Encoding: br, gzip;q=0.8']);
is($packed->{headers}{'content-encoding'}, 'gzip', 'gzip for who takes it');
cmp_ok(length $packed->{body}, '<', length($big->{body}) / 10, 'is shorter');
is(Compress::Zlib::memGunzip($packed->{body}), $big->{body}, 'and the same');
isnt($packed->{headers}{etag}, $big->{headers}{etag}, 'another representation has another tag');
is($gateway->get('/things/1?big=big', headers => ["If-None-Match: $packed->{headers}{etag}"])->{status}, 304, 'which is known, too');
is($gateway->get('/things/1?big=big', headers => ["Accept-Encoding: $_"])->{headers}{'content-encoding'}, undef, "not for $_")
	for 'gzip;q=0', 'identity, gzip;q=0.5', 'br', 'gzip;q=x';
is($gateway->get('/things/1', headers => ['Accept-Encoding: gzip'])->{headers}{'content-encoding'}, undef, 'nor what is short');
like($big->{headers}{vary}, qr/accept-encoding/, 'Vary says so');

# A change
my @late;

for my $round (1 .. 50)
{
	my $written = $gateway->post('/things/2', {})->{body};

	push @late, "$round: $written" if $gateway->get('/things/2')->{json}{value} != $written;
}
is_deeply(\@late, [], 'who writes reads what they wrote at once, through this gateway');
is($gateway->get('/things/2')->{json}{value}, 50, 'what was changed is read');

# Many at once
my $lock = $node->background_psql('postgres');
$lock->query_safe('SELECT pg_advisory_lock(42)');
$before = calls();
my @waiting = map {
	my $socket = $gateway->connect;
	syswrite $socket, $gateway->format_request('GET', '/held/3');
	$socket;
} 1 .. 60;
$gateway->wait_for('all to wait', sub { $gateway->metric('bountygo_cache_reads_total') >= 60 && $gateway->metric('bountygo_http_requests_at_work') == 60 });
close pop @waiting;
$lock->query_safe('SELECT pg_advisory_unlock(42)');
my @answers = map { my $rest; $gateway->read_answer($_, \$rest) } @waiting;
is(scalar(grep { $_->{status} == 200 && $_->{json}{value} == 0 } @answers), 59, 'all are answered');
is(calls(), $before + 1, 'by one call');
$lock->query_safe('SELECT pg_advisory_lock(42)');
my $slow = $gateway->connect;
syswrite $slow, $gateway->format_request('GET', '/held/4');
$gateway->wait_for('it to be asked', sub { $gateway->metric('bountygo_database_in_flight') >= 1 });
# A change while the answer is under way: who asks afterwards must not get it.
$gateway->post('/things/4', {});
$lock->query_safe('SELECT pg_advisory_unlock(42)');
my $rest;
$gateway->read_answer($slow, \$rest);
$gateway->wait_for('the change', sub { $gateway->get('/held/4')->{json}{value} == 1 });
is($gateway->get('/held/4')->{json}{value}, 1, 'what was asked for before a change is not kept beyond it');

# Bounded
my $small = BountyGo::Gateway->start(@settings, cache_size => 1)->wait_ready;
$small->get("/things/@{[$_ % 100 + 1]}?x=big&y=$_") for 1 .. 600;
cmp_ok($small->metric('bountygo_cache_bytes'), '<=', 1024 * 1024, 'memory has its bound');
cmp_ok($small->metric('bountygo_cache_entries'), '>', 10, 'and is used');
$small->stop;
my $off = BountyGo::Gateway->start(@settings, cache_size => 0)->wait_ready;
$off->get('/things/9');
$before = calls();
$off->get('/things/9');
is(calls(), $before + 1, 'cache_size = 0 keeps nothing');
$off->stop;

# Redis, shared by two gateways
start_redis();
my @two = map { BountyGo::Gateway->start(@settings, redis_url => "redis://127.0.0.1:$redis_port/0", redis_timeout_ms => 500)->wait_ready } 1 .. 2;
$two[0]->wait_for('Redis', sub { ($two[0]->get('/health')->{json}{components}{redis}{status} // '') eq 'healthy' });
$two[1]->wait_for('Redis', sub { ($two[1]->get('/health')->{json}{components}{redis}{status} // '') eq 'healthy' });
$two[0]->wait_for('an answer in Redis', sub { $two[0]->get('/things/5'); redis_cli('DBSIZE') > 0 });
$before = calls();
my $from = $two[1]->get('/things/5');
is($from->{headers}{'cache-status'}, 'bountygo; hit; detail=redis', 'the other gateway has it from Redis');
is($from->{json}{value}, 0, 'as it was');
is(calls(), $before, 'without the database');
is($two[1]->get('/things/5')->{headers}{'cache-status'}, 'bountygo; hit', 'and then from memory');
$two[0]->post('/things/5', {});
for my $gateway (@two)
{
	$gateway->wait_for('the change', sub { $gateway->get('/things/5')->{json}{value} == 1 });
	is($gateway->get('/things/5')->{json}{value}, 1, 'a change reaches each gateway');
}
# Whatever is in Redis: garbage, another key's answer, an older one
$two[0]->get('/things/6');
$two[0]->get('/things/7');
$two[0]->wait_for('both in Redis', sub { my @k = split /\n/, redis_cli('KEYS', 'bg:*'); @k >= 2 });
my @keys = split /\n/, redis_cli('KEYS', 'bg:*');
redis_cli('RENAME', $keys[0], 'aside');
redis_cli('COPY', $_, $keys[0]) for grep { $_ ne $keys[0] } @keys[1 .. 1];
redis_cli('SETRANGE', $_, 60, 'garbage') for @keys[1 .. $#keys];
my $third = BountyGo::Gateway->start(@settings, redis_url => "redis://127.0.0.1:$redis_port/0", redis_timeout_ms => 500)->wait_ready;
is($third->get("/things/$_")->{json}{values}[0], $_, 'nothing wrong comes out of a Redis that was written to by others') for 5 .. 7;
redis_cli('FLUSHALL');
is($third->get('/things/6')->{json}{values}[0], 6, 'nor out of one that was flushed');
# Stopped: late once, then left alone
kill 'STOP', $redis;
my $began = time;
is($third->get("/things/$_")->{status}, 200, 'a Redis that hangs') for 30 .. 60;
cmp_ok(time - $began, '<', 10, 'costs its patience now and then, not each time');
kill 'CONT', $redis;
stop_redis();
is($third->get("/things/$_")->{status}, 200, 'without Redis it goes on') for 61 .. 64;
start_redis();
$third->wait_for('Redis again', sub { $third->get('/things/' . (1 + int rand 100) . '?' . rand); redis_cli('DBSIZE') > 0 });
ok(1, 'and takes it up again');
$_->stop for @two, $third;

# The database goes away: what is known is still answered, and nothing of it afterwards
$gateway->get('/things/8');
$node->stop('fast');
$gateway->wait_for('the loss to be noticed', sub { $gateway->get('/readyz')->{status} == 503 });
my $known = $gateway->get('/things/8');
is($known->{status}, 200, 'known answers go on without the database');
is($known->{headers}{'cache-status'}, 'bountygo; hit; detail=no-database', 'and say so');
is($gateway->get('/things/99')->{status}, 503, 'others can\'t be given');
$node->start;
$node->safe_psql('postgres', 'ALTER TABLE bountygo.things DISABLE TRIGGER touch; UPDATE bountygo.things SET value = 7 WHERE id = 8; ALTER TABLE bountygo.things ENABLE TRIGGER touch');
$gateway->wait_for('the database', sub { $gateway->get('/readyz')->{status} == 200 });
$gateway->wait_for('the change', sub { $gateway->get('/things/8')->{json}{value} == 7 });
ok(1, 'a change that nobody heard of while it was away is seen once it is back');

# Time
$gateway->wait_for('an old answer to be read again', sub {
	$before = calls();
	$gateway->get('/brief/10');
	return calls() > $before;
}) for 1 .. 2;
ok(1, 'after its time an answer is read again');
is($gateway->stop, 0, 'it ends');

done_testing();

# REST over the gateway and the real extension: from a URL to a task, and wrong input of every kind.
use strict;
use warnings;

use BountyGo::Gateway;
use BountyGo::HttpServer;
use BountyGo::Node;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
my @pages = BountyGo::Node::write_pages($dir, 'api', 2);
my $web = BountyGo::HttpServer->start(root => $dir);
my $key = PostgreSQL::Test::Utils::tempdir() . '/jwt.key';
PostgreSQL::Test::Utils::append_to_file($key, 'k3y' x 20);
chmod 0600, $key or die "chmod: $!";
my $node = BountyGo::Node->create('api', conf => "bountygo.jwt_key_file = '$key'\n");
my $redis_port = PostgreSQL::Test::Cluster::get_free_port();
my $redis_dir = PostgreSQL::Test::Utils::tempdir();
my $redis;

sub start_redis
{
	$redis = fork() // die "fork: $!";
	return if $redis;
	open STDOUT, '>', "$redis_dir/log";
	open STDERR, '>&', \*STDOUT;
	exec 'redis-server', '--port', $redis_port, '--bind', '127.0.0.1', '--dir', $redis_dir, '--save', '', '--requirepass', 'p@ss word'
		or POSIX::_exit(127);
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

start_redis();
my $database = $node->connstr('postgres') . ' user=bountygo_gateway';
my $gateway = BountyGo::Gateway->start(database => $database, threads => 2, redis_url => "redis://:p%40ss%20word\@127.0.0.1:$redis_port/1")
	->wait_ready;
my $user = $node->sql("SELECT bountygo.create_user('Rest Tester')");
my $token = $node->sql("SELECT bountygo.issue_token($user)");
my $somebody = $node->sql("SELECT bountygo.create_user('Somebody Else')");
my $other = $node->sql("SELECT bountygo.issue_token($somebody)");

sub problem
{
	my ($answer, $status, $name, $pointer) = @_;

	is($answer->{status}, $status, "$name: $status") or diag($answer->{body});
	is($answer->{headers}{'content-type'}, 'application/problem+json', "$name: problem+json");
	is($answer->{json}{code}, "UB$status", "$name: code");
	is($answer->{json}{request_id}, $answer->{headers}{'x-request-id'}, "$name: request id");
	unlike($answer->{body} // '', qr/SELECT|bountygo\.|pg_|PL\/|relation|function|\.c:/, "$name: no SQL text");
	is($answer->{json}{errors}[0]{pointer}, $pointer, "$name: pointer") if defined $pointer;
	return $answer->{json};
}

# Health
my $health = $gateway->wait_for('health', sub { my $h = $gateway->get('/health'); $h->{json}{components}{redis} && $h });
is($health->{status}, 200, '/health');
is($health->{json}{components}{redis}{status}, 'healthy', 'with Redis, asked with its password');
like($health->{json}{components}{redis}{latency_ms}, qr/^[0-9.e-]+$/, 'and its latency');
is($health->{json}{components}{workers}{status}, 'healthy', 'with the workers');
stop_redis();
my $without = $gateway->get('/health');
is($without->{status}, 200, '/health without Redis: 200');
is($without->{json}{status}, 'degraded', 'degraded');
is($without->{json}{components}{redis}{status}, 'unreachable', 'it names the component');
unlike($without->{body}, qr/127\.0\.0\.1|$redis_port|ss word/, 'no address and no password');
is($gateway->get('/api/v1/tasks')->{status}, 200, 'and all else goes on');
start_redis();
is($gateway->wait_for('Redis', sub { my $h = $gateway->get('/health'); $h->{json}{components}{redis}{status} eq 'healthy' && $h })->{status},
	200, 'Redis is found again');

# The main job
my $me = $gateway->get('/api/v1/users/me', token => $token);
is($me->{status}, 200, '/users/me');
is($me->{json}{nickname}, 'Rest Tester', 'who I am');
is($me->{headers}{'cache-control'}, 'private, no-cache', 'is kept by nobody but its owner, and asked for again');
my $done = $gateway->request('POST', '/api/v1/url-agent/process', token => $token, headers => ['Prefer: wait=30'],
	json => { url => $web->url($pages[0]), auto_create => JSON::PP::true });
is($done->{status}, 200, 'a URL is worked on while one waits') or diag($done->{body});
is($done->{json}{state}, 'done', 'until it is done');
is($done->{headers}{'preference-applied'}, 'wait=30', 'Preference-Applied');
my $id = $done->{json}{task_id};
like($id, qr/^\d+$/, 'it has become a task');
my $task = $gateway->get("/api/v1/tasks/$id");
is($task->{status}, 200, 'the task can be read by everyone');
is_deeply($task->{json}, JSON::PP->new->utf8->decode($node->sql("SELECT bountygo.get_task($id)")), 'and is the same in SQL');
my $accepted = $gateway->request('POST', '/api/v1/url-agent/process', token => $token, json => { url => $web->url('/hang') });
is($accepted->{status}, 202, 'without Prefer: 202');
like($accepted->{headers}{location}, qr{^/api/v1/url-agent/jobs/\d+$}, 'and where to look');
is($gateway->get($accepted->{headers}{location}, token => $token)->{status}, 200, 'the job is there');
problem($gateway->get($accepted->{headers}{location}, token => $other), 404, "another's job");
is($gateway->request('DELETE', $accepted->{headers}{location}, token => $token)->{status}, 204, 'it can be cancelled');
is($gateway->get($accepted->{headers}{location}, token => $token)->{json}{state}, 'cancelled', 'and then is');

# Conventions that every route keeps
my $trial = $gateway->request('POST', '/api/v1/tasks', token => $token, headers => ['Prefer: respond-async, tx=rollback'],
	json => { title => 'Only a trial' });
is($trial->{status}, 201, 'a dry run answers as the real one would');
is($trial->{headers}{'preference-applied'}, 'tx=rollback', 'says that it was one');
is($trial->{headers}{location}, undef, 'has nowhere to look');
is($node->sql("SELECT count(*) FROM bountygo.tasks WHERE title = 'Only a trial'"), '0', 'and nothing is done');
my $dry = $gateway->request('POST', '/api/v1/url-agent/process', token => $token, headers => ['Prefer: wait=30, tx=rollback'],
	json => { url => $web->url('/hang') });
is($dry->{status}, 202, 'a dry run of a job is not waited for');
my @keyed = map { $gateway->request('POST', '/api/v1/tasks', token => $token, headers => ['Idempotency-Key: "once-1"'], json => { title => 'Made once' }) }
	1 .. 2;
is_deeply([map { $_->{status} } @keyed], [201, 201], 'the same request with the same key');
is($keyed[1]{body}, $keyed[0]{body}, 'gets the same answer');
is($keyed[1]{headers}{location}, $keyed[0]{headers}{location}, 'and the same Location');
is($keyed[1]{headers}{'idempotency-replayed'}, 'true', 'which is said');
is($node->sql("SELECT count(*) FROM bountygo.tasks WHERE title = 'Made once'"), '1', 'it was done once');
problem($gateway->request('POST', '/api/v1/tasks', token => $token, headers => ['Idempotency-Key: "once-1"'], json => { title => 'Made twice' }), 422,
	'another request with that key', 'Idempotency-Key');
my $made = $keyed[0]{headers}{location};
my $shown = $gateway->get($made, token => $token);
is($gateway->get($made, token => $token, headers => ["If-None-Match: $shown->{headers}{etag}"])->{status}, 304, 'what has not changed is not sent again');
my $patched = $gateway->request('PATCH', $made, token => $token, headers => ["If-Match: $shown->{headers}{etag}"], json => { title => 'Changed' });
is($patched->{status}, 200, 'a change of what was seen');
is($patched->{json}{title}, 'Changed', 'is made');
problem($gateway->request('PATCH', $made, token => $token, headers => ["If-Match: $shown->{headers}{etag}"], json => { title => 'Too late' }), 412,
	'a change of what is no longer there');
is($gateway->request('PATCH', "$made/", token => $token, type => 'application/merge-patch+json', json => { category => "\x{5f81}\x{6587}" })->{json}{category},
	'content', 'a merge patch under its own name, a slash at the end, a category in Chinese');
is_deeply([sort keys %{ $gateway->get("$made?fields=id,title", token => $token)->{json} }], [qw(id title)], 'fields= trims');
my $page = $gateway->get('/api/v1/tasks?limit=1&fields=id', headers => ['Prefer: count=exact']);
is($page->{json}{total}, 2, 'how many there are');
like($page->{headers}{link}, qr{^</api/v1/tasks\?limit=1&fields=id&cursor=[^>]+>; rel="next"$}, 'Link');
my ($next) = $page->{headers}{link} =~ /^<([^>]+)>/;
is($gateway->get($next)->{json}{items}[0]{id}, $id, 'leads on');
is($gateway->request('DELETE', $made, token => $token)->{status}, 204, 'it is deleted');
is($gateway->get('/api/v1/tasks?limit=1')->{json}{items}[0]{id}, $id, 'lists');

# Wrong input
my $tasks = '/api/v1/tasks';
my $process = '/api/v1/url-agent/process';
problem($gateway->get('/api/v1/users/me'), 401, 'no token');
like($gateway->get('/api/v1/users/me')->{headers}{'www-authenticate'}, qr/^Bearer/, 'WWW-Authenticate');
problem($gateway->get('/api/v1/users/me', token => 'nonsense'), 401, 'a bad token');
problem($gateway->get('/api/v1/users/me', token => "${token}x"), 401, 'a token with a bad signature');
problem($gateway->get($tasks, token => 'nonsense'), 401, 'a bad token where none is needed');
my %bodies = (
	'bad JSON' => ['{"title": ', 400], 'no JSON' => ['hello', 400], 'an array' => ['[1]', 400], 'a scalar' => ['1', 400],
	'NaN' => ['{"title": "t", "reward_amount": NaN}', 400], 'no UTF-8' => ["{\"title\": \"\xff\xfe\"}", 400],
	'NUL' => ["{\"title\": \"a\0b\"}", 400], 'an escaped NUL' => ['{"title": "a\u0000b"}', 422],
	'half a surrogate' => ['{"title": "a\ud800b"}', 422], 'duplicate keys' => ['{"title": "a", "title": "b"}', 422],
	'too deep' => ['{"title": ' . '[' x 40 . ']' x 40 . '}', 422], 'infinitely deep' => ['{"title": ' . '[' x 20000, 400],
	'a wrong type' => ['{"title": 5}', 422, '/title'], 'an object for a text' => ['{"title": {}}', 422, '/title'],
	'too long' => ['{"title": "' . 'x' x 256 . '"}', 422, '/title'], 'nothing given' => ['{}', 422, '/title'],
	'empty' => ['{"title": ""}', 422, '/title'], 'an unknown field' => ['{"title": "t", "titel": "t"}', 422, '/titel'],
	'null where none may be' => ['{"title": null}', 422, '/title']);
for my $name (sort keys %bodies)
{
	my ($body, $status, $pointer) = @{ $bodies{$name} };
	my $answer = $gateway->request('POST', $tasks, token => $token, body => $body);

	ok($answer->{status} == 400 || $answer->{status} == 422, "$name: refused") or diag("$answer->{status} $answer->{body}");
	problem($answer, $pointer ? $status : $answer->{status}, $name, $pointer);
}
like($gateway->request('POST', $tasks, token => $token, body => '{"titel": "t"}')->{body}, qr/title/, 'an unknown field: the nearest known one is named');
for my $url ('file:///etc/passwd', 'http://user:pw@example.com/', 'gopher://x/', 'http://127.0.0.1:1/', 'http://[::1]/', 'nonsense', '',
	'http://example.com/' . 'x' x 3000)
{
	my $answer = $gateway->request('POST', $process, token => $token, json => { url => $url });

	problem($answer, 422, "URL '" . substr($url, 0, 40) . "'", '/url');
}
for my $query ('limit=0', 'limit=101', 'limit=x', 'limit=1.5', 'limit=', 'sort=nonsense', 'state=nonsense', 'cursor=nonsense', 'lmit=1',
	'reward_min=NaN', 'reward_min=Infinity', 'closes_before=now', 'closes_before=tomorrow', 'limit=99999999999999999999')
{
	my ($name) = split /=/, $query;

	problem($gateway->get("$tasks?$query"), 422, "?$query", "?$name");
}
problem($gateway->get('/api/v1/tasks/abc'), 422, 'an id that is no number');
problem($gateway->get('/api/v1/tasks/999999999'), 404, 'an id of nothing');
problem($gateway->get('/api/v1/tasks/99999999999999999999'), 422, 'an id beyond all numbers');
problem($gateway->get('/api/v1/tasks/-1'), $gateway->get('/api/v1/tasks/-1')->{status} == 404 ? 404 : 422, 'a negative id');
problem($gateway->request('POST', $process, token => $token, body => '{"url": "' . 'x' x 70000 . '"}'), 413, 'a body over 64 KiB');
problem($gateway->request('POST', $process, token => $token, body => 'url=x', type => 'application/x-www-form-urlencoded'), 415, 'a form');
problem($gateway->request('PUT', $tasks, token => $token, body => '{}'), 405, 'another method');
problem($gateway->get('/api/v1/nothing'), 404, 'another path');

my $extracted = $gateway->post('/api/v1/url-agent/extract-from-content',
	{ content => 'Bounty: build a parser in Rust. Reward: $500 USD. Deadline: 4 October 2037, 17:00 UTC. Apply at our site.' });
is($extracted->{status}, 200, 'text is read at once, without a token') or diag($extracted->{body});
is($extracted->{json}{fields}{reward}{value}{amount}, 500, 'with its reward');
is($gateway->request('POST', '/api/v1/url-agent/extract-from-content', body => '{"content": "' . '\ud83d\ude00' x 200_000 . '"}')->{status}, 200,
	'the longest text is taken, even if each character is escaped');

# The gateway's role and log
is($node->psql('postgres', 'SELECT count(*) FROM bountygo.users', extra_params => ['-U', 'bountygo_gateway']), 3, 'its role can read no table');
is($gateway->stop, 0, 'it ends well');
unlike($gateway->log, qr/\Q$token\E|nonsense|p\@ss|limit=/, 'no token, password or query string in the log');
unlike($gateway->log, qr/"status":500/, 'no answer was a 500');
unlike($gateway->log, qr/AddressSanitizer|runtime error|LeakSanitizer/, 'no complaint of a sanitizer');
stop_redis();
$node->stop;
$web->stop;
done_testing();

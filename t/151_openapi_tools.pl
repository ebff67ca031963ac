# The OpenAPI document in the hands of others' tools: two validators accept it, and refuse one that is broken; a client generated from it
# compiles, strictly, and works. The document is complete, cheap to make, and the same each time.
use strict;
use warnings;

use BountyGo::Fixtures;
use BountyGo::Npm;
use IPC::Run ();
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $json = JSON::PP->new->utf8->canonical;
my $api = BountyGo::Fixtures->start('tools');
my $alice = $api->user('Alice Example');
my $dir = BountyGo::Npm::workspace();
my $answer = $api->send('GET', '/openapi.json');
my $document = $answer->{json};

is($answer->{status}, 200, 'GET /openapi.json');
PostgreSQL::Test::Utils::append_to_file("$dir/api.json", $answer->{body});
is($api->send('GET', '/openapi.json')->{body}, $answer->{body}, 'is the same the next time');
is($api->sql('SELECT md5(bountygo.openapi()::text) = md5(bountygo.openapi()::text)'), 't', 'also in SQL');

sub run
{
	my @command = @_;
	my ($out, $err) = ('', '');

	IPC::Run::run(\@command, '<', \undef, '>', \$out, '2>', \$err, init => sub { chdir $dir or die "chdir: $!" });
	return ($? >> 8, "$out$err");
}

# Validators
my ($status, $said) = run('node', 'validate.mjs', 'api.json');
is($status, 0, 'both validators accept it') or diag($said);
my %broken = (
	'a path parameter that is not defined' => sub { $_[0]{paths}{'/api/v1/tasks/{id}'}{get}{parameters} = [] },
	'a reference to nothing' => sub { $_[0]{paths}{'/api/v1/tasks'}{get}{responses}{200}{content}{'application/json'}{schema}{'$ref'} .= 'x' },
	'two operations of one name' => sub { $_[0]{paths}{'/api/v1/tasks'}{get}{operationId} = 'create_task' },
	'a response without description' => sub { delete $_[0]{paths}{'/api/v1/tasks'}{get}{responses}{200}{description} },
	'a type that does not exist' => sub { $_[0]{components}{schemas}{Task}{properties}{title}{type} = 'words' });
for my $name (sort keys %broken)
{
	my $copy = $json->decode($answer->{body});

	$broken{$name}->($copy);
	PostgreSQL::Test::Utils::append_to_file("$dir/broken.json", $json->encode($copy));
	($status, $said) = run('node', 'validate.mjs', 'broken.json');
	is($status, 1, "they refuse $name");
	unlink "$dir/broken.json";
}

# Whole: every route, every argument, every answer is there and described.
my @routes = @{ $json->decode($api->sql('SELECT jsonb_agg(to_jsonb(r)) FROM bountygo.routes r')) };
my @absent = grep { !$document->{paths}{ $_->{path} }{ lc $_->{method} } } @routes;
is_deeply([ map { "$_->{method} $_->{path}" } @absent ], [], 'every route is in it');
is($api->sql("SELECT string_agg(DISTINCT r.function, ', ') FROM bountygo.routes r WHERE NOT EXISTS (SELECT FROM pg_proc p
	WHERE p.pronamespace = 'bountygo'::regnamespace AND p.proname = r.function)"), '', 'every route has its function');
is($api->sql("SELECT string_agg(DISTINCT r.function || '.' || a.name, ', ') FROM bountygo.route_arguments() a JOIN bountygo.routes r ON r.id = a.route
	WHERE a.description IS NULL"), '', 'every argument is described');
is($api->sql("SELECT string_agg(coalesce(u.function, '*') || '.' || u.argument, ', ') FROM bountygo.argument_rules() u
	WHERE NOT EXISTS (SELECT FROM bountygo.route_arguments() a JOIN bountygo.routes r ON r.id = a.route
		WHERE a.name = u.argument AND (u.function = r.function OR u.function IS NULL AND NOT EXISTS (
			SELECT FROM bountygo.argument_rules() o WHERE o.argument = u.argument AND o.function = r.function)))"), '', 'no rule is for nothing');
is($api->sql("SELECT string_agg(e.route || ': ' || k, ', ') FROM (SELECT r.id AS route, p AS place, k FROM bountygo.routes r, unnest(ARRAY['path', 'query', 'body']) p,
	jsonb_object_keys(r.example -> p) k) e WHERE NOT EXISTS (SELECT FROM bountygo.route_arguments() a
		WHERE a.route = e.route AND a.place = e.place AND a.name = e.k)"), '', 'examples give arguments that there are');
my (@plain, @twice, %ids);
for my $path (sort keys %{ $document->{paths} })
{
	for my $method (sort keys %{ $document->{paths}{$path} })
	{
		my $operation = $document->{paths}{$path}{$method};

		push @plain, "$method $path" unless length($operation->{summary} // '') > 3 && length($operation->{description} // '') > 10;
		push @twice, $operation->{operationId} if $ids{ $operation->{operationId} }++;
	}
}
is_deeply(\@plain, [], 'every operation has a summary and a description');
is_deeply(\@twice, [], 'operation ids are unique');
unlike($answer->{body}, qr/SECURITY DEFINER|plpgsql|pg_temp/, 'nothing of the inside');

# Cheap: the best of some runs, as other tests may be at work.
my ($best) = sort { $a <=> $b } map { my $began = time; $api->sql('SELECT length(bountygo.openapi()::text)'); time - $began } 1 .. 5;
cmp_ok($best, '<', 1, sprintf 'made within a second (%d ms, psql included)', 1000 * $best);

# Plain text
my $text = $api->send('GET', '/llms.txt');
is($text->{status}, 200, 'GET /llms.txt');
like($text->{headers}{'content-type'}, qr{^text/plain; charset=utf-8}, 'is text');
my @unsaid = grep { my $line = "- $_->{method} $_->{path}"; $text->{body} !~ /^\Q$line\E[ :]/m } @routes;
is_deeply([ map { $_->{path} } @unsaid ], [], 'with a line for each endpoint');
like($text->{body}, qr/^- POST \/api\/v1\/url-agent\/process \(url, auto_create\?, max_age\?\) \[user\]: /m, 'its arguments and who may use it');

# The page at /docs, without the viewer that make docs brings: it asks nobody else, and holds no script that a policy would have to allow.
my $top = BountyGo::Npm::top();
my $page = join "\n", map { PostgreSQL::Test::Utils::slurp_file($_) } glob "$top/gateway/web/docs/*";
unlike($page, qr{https?://|["'(]//}, 'the page of /docs names no other origin');
unlike($page, qr{<script(?![^>]*\bsrc=)|\son\w+=|<style|javascript:}i, 'nor has it inline scripts or styles');
my $docs = BountyGo::Gateway->start(database => $api->node->connstr('postgres') . ' user=bountygo_gateway', threads => 1, docs_dir => "$top/gateway/web/docs")->wait_ready;
is($docs->get('/docs')->{status}, 200, 'GET /docs');
is($docs->get("/docs/$_")->{status}, 200, "GET /docs/$_") for qw(docs.js docs.css);
like($docs->get('/docs')->{headers}{'content-security-policy'}, qr/default-src 'none'.*script-src 'self';/, 'with its policy');
is($docs->stop, 0, 'that gateway ends well');

# A client
($status, $said) = run('nice', 'node_modules/.bin/openapi-ts', '-i', 'api.json', '-o', 'client', '-c', '@hey-api/client-fetch');
is($status, 0, 'a client can be generated') or diag($said);
PostgreSQL::Test::Utils::append_to_file("$dir/tsconfig.json", $json->encode({ compilerOptions => { target => 'es2022', module => 'commonjs',
	moduleResolution => 'node10', strict => JSON::PP::true, outDir => 'js', skipLibCheck => JSON::PP::true, esModuleInterop => JSON::PP::true, types => ['node'],
	lib => [ 'es2022', 'dom', 'dom.iterable' ] }, files => ['smoke.ts'] }));
($status, $said) = run('nice', 'node_modules/.bin/tsc', '-p', 'tsconfig.json');
is($status, 0, 'and compiled with what uses it') or diag($said);
PostgreSQL::Test::Utils::append_to_file("$dir/js/package.json", '{"type": "commonjs"}');
($status, $said) = run('node', 'js/smoke.js', 'http://127.0.0.1:' . $api->gateway->port, $alice->{token});
is($status, 0, 'and it works') or diag($said);
like($said, qr/^the generated client works$/m, 'to the end');

is($api->stop, 0, 'the gateway ends well');
done_testing();

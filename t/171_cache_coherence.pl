# Coherence of the cache with the real extension, two gateways and one Redis: whoever has seen a write is never answered with what was before.
use strict;
use warnings;

use BountyGo::Gateway;
use BountyGo::Node;
use PostgreSQL::Test::Utils;
use Test::More;

my $key = PostgreSQL::Test::Utils::tempdir() . '/jwt.key';
PostgreSQL::Test::Utils::append_to_file($key, 'k3y' x 20);
chmod 0600, $key or die "chmod: $!";
my $node = BountyGo::Node->create('coherence', conf => "bountygo.jwt_key_file = '$key'\n");
my $redis_port = PostgreSQL::Test::Cluster::get_free_port();
my $redis_dir = PostgreSQL::Test::Utils::tempdir();
my $redis = fork() // die "fork: $!";
if ($redis == 0)
{
	open STDOUT, '>', "$redis_dir/log";
	open STDERR, '>&', \*STDOUT;
	exec 'redis-server', '--port', $redis_port, '--bind', '127.0.0.1', '--dir', $redis_dir, '--save', '' or POSIX::_exit(127);
}

END
{
	my $status = $?;

	if ($redis)
	{
		kill 'KILL', $redis;
		waitpid $redis, 0;
	}
	$? = $status;
}

my @settings = (database => $node->connstr('postgres') . ' user=bountygo_gateway', threads => 2, redis_timeout_ms => 500,
	redis_url => "redis://127.0.0.1:$redis_port/0");
my ($here, $there) = map { BountyGo::Gateway->start(@settings)->wait_ready } 1 .. 2;
for my $gateway ($here, $there)
{
	$gateway->wait_for('Redis', sub { ($gateway->get('/health')->{json}{components}{redis}{status} // '') eq 'healthy' });
}

sub token
{
	my ($name, $role) = @_;

	return $node->sql("SELECT bountygo.issue_token(bountygo.create_user('$name', NULL, '$role'))");
}

my $sponsor = token('Sponsor', 'user');
my $moderator = token('Moderator', 'moderator');
my $guest = token('Guest', 'user');
my $made = $here->post('/api/v1/tasks', { title => 'Round 0', tags => ['alpha'], organizer_name => 'Someone' }, token => $sponsor)->{json};
my $path = "/api/v1/tasks/$made->{id}";

# A writer and readers on both gateways, round by round
my (@late, @back);
my ($shown_here, $shown_there) = (0, 0);
for my $round (1 .. 150)
{
	my $writer = $round % 2 ? $here : $there;

	$writer->request('PATCH', $path, token => $sponsor, json => { title => "Round $round" })->{status} == 200 or BAIL_OUT("write $round");
	my ($seen) = $writer->get($path)->{json}{title} =~ /(\d+)/;

	push @late, "$round: $seen" if $seen != $round;
	for my $reader ([$here, \$shown_here], [$there, \$shown_there])
	{
		my ($title) = $reader->[0]->get("$path?fields=title")->{json}{title} =~ /(\d+)/;

		push @back, "$title after ${$reader->[1]}" if $title < ${ $reader->[1] };
		${ $reader->[1] } = $title;
	}
}
is_deeply(\@late, [], 'who writes reads it at once through the same gateway');
is_deeply(\@back, [], 'no reader is taken back');
$there->wait_for('the last write on the other gateway', sub { $there->get("$path?fields=title")->{json}{title} eq 'Round 150' });

# Everything that a task's answer is made of
sub soon
{
	my ($name, $target, $test) = @_;

	for my $gateway ($here, $there)
	{
		$gateway->wait_for($name, sub { $test->($gateway->get($target)->{json}) });
	}
	ok(1, $name);
	return;
}

$_->get($path) for $here, $there;
$here->request('POST', "$path/join", token => $guest);
soon('joining is seen', $path, sub { $_[0]{counts}{joins} == 1 });
$there->post("$path/messages", { content => 'Hello' }, token => $guest);
soon('a message is counted', $path, sub { $_[0]{counts}{messages} == 1 });
my $tag = $here->get('/api/v1/tags/search?q=alpha')->{json}{items}[0]{id};
$here->request('PATCH', "/api/v1/tags/$tag", token => $moderator, json => { name => 'omega' });
soon('a tag by its new name', $path, sub { "@{$_[0]{tags}}" eq 'omega' });
soon('also by itself', "/api/v1/tags/$tag", sub { $_[0]{name} eq 'omega' });
$here->request('PATCH', "/api/v1/organizers/$made->{organizer}{id}", token => $moderator, json => { name => 'Somebody' });
soon('an organizer by its new name', $path, sub { $_[0]{organizer}{name} eq 'Somebody' });
$here->request('PATCH', '/api/v1/users/me', token => $sponsor, json => { nickname => 'The Sponsor' });
soon('a sponsor by their new name', $path, sub { $_[0]{sponsor}{nickname} eq 'The Sponsor' });
$node->sql("UPDATE bountygo.tasks SET status = 'paused' WHERE id = $made->{id}");
soon('a change made in SQL', $path, sub { $_[0]{status} eq 'paused' });
my $draft = $here->post('/api/v1/tasks', { title => 'A draft', status => 'draft' }, token => $sponsor)->{json}{id};
is($_->get("/api/v1/tasks/$draft")->{status}, 404, 'a draft is nothing to the public') for $here, $there;
$here->request('PATCH', "/api/v1/tasks/$draft", token => $sponsor, json => { status => 'active' });
is($here->get("/api/v1/tasks/$draft")->{status}, 200, 'and something as soon as it is published');
soon('everywhere', "/api/v1/tasks/$draft", sub { ($_[0]{id} // 0) == $draft });
soon('in lists as well', '/api/v1/tasks', sub { scalar grep { $_->{id} == $draft } @{ $_[0]{items} } });
$here->request('DELETE', $path, token => $sponsor);
is($here->get($path)->{status}, 404, 'what is deleted is gone at once');
$there->wait_for('the deletion', sub { $there->get($path)->{status} == 404 });

# Private answers stay private
$here->get('/api/v1/users/me', token => $_) for $sponsor, $guest;
is($here->get('/api/v1/users/me', token => $guest)->{json}{nickname}, 'Guest', 'everyone gets their own');
is($here->get('/api/v1/users/me')->{status}, 401, 'and nobody nothing');
cmp_ok($here->metric('bountygo_cache_reads_total'), '>', 100, 'the cache was used');
is($_->stop, 0, 'it ends') for $here, $there;

done_testing();

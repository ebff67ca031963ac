package BountyGo::Fixtures;

# A server with the extension and a gateway, and objects of each kind made through REST, for tests that walk the whole API.
#
#   my $api = BountyGo::Fixtures->start('walk');
#   my $alice = $api->user('Alice Example', email => 'alice@example.org');   # {id, token}
#   my $task = $api->task($alice, title => 'A task');                       # each object: its id
#   my $answer = $api->send('POST', '/api/v1/todos', token => $alice->{token}, json => {...});
#
# What can't be made dies with the answer. Rates are not limited.

use strict;
use warnings;

use BountyGo::Gateway;
use BountyGo::HttpServer;
use BountyGo::Node;
use BountyGo::Npm;
use Carp;
use JSON::PP ();
use PostgreSQL::Test::Utils;

# A key of a wallet for tests; what it opens is worth nothing.
my $wallet_number = 1;
my $number = 0;

sub start
{
	my ($class, $name, %options) = @_;
	my $self = bless { name => $name }, $class;
	my $key = PostgreSQL::Test::Utils::tempdir() . '/jwt.key';

	PostgreSQL::Test::Utils::append_to_file($key, 'k3y' x 20);
	chmod 0600, $key or croak "chmod: $!";
	$self->{pages} = PostgreSQL::Test::Utils::tempdir();
	$self->{web} = BountyGo::HttpServer->start(root => $self->{pages});
	$self->{node} = BountyGo::Node->create($name, conf => "bountygo.jwt_key_file = '$key'\nbountygo.public_url = 'https://bounties.example'\n" . ($options{conf} // ''));
	$self->{gateway} = BountyGo::Gateway->start(database => $self->{node}->connstr('postgres') . ' user=bountygo_gateway', threads => 2,
		rate_limits => 'off', %{ $options{gateway} // {} })->wait_ready;
	return $self;
}

sub node { return $_[0]{node} }
sub gateway { return $_[0]{gateway} }
sub sql { return $_[0]{node}->sql($_[1]) }

sub stop
{
	my ($self) = @_;
	my $status = $self->{gateway}->stop;

	$self->{node}->stop;
	$self->{web}->stop;
	return $status;
}

sub send
{
	my ($self, $method, $target, %options) = @_;

	return $self->{gateway}->request($method, $target, %options);
}

# The answer's object; dies unless the status is one of success.
sub make
{
	my ($self, $method, $target, %options) = @_;
	my $answer = $self->send($method, "/api/v1$target", %options);

	croak "$method $target: $answer->{status} " . ($answer->{body} // '') unless $answer->{status} =~ /^2/;
	return $answer->{json};
}

sub quote
{
	my ($text) = @_;

	return 'NULL' unless defined $text;
	$text =~ s/'/''/g;
	return "'$text'";
}

# options: email, role
sub user
{
	my ($self, $nickname, %options) = @_;
	my $id = $self->sql(sprintf 'SELECT bountygo.create_user(%s, %s, %s)', map { quote($_) } $nickname, $options{email}, $options{role} // 'user');

	return { id => $id, token => $self->token($id), nickname => $nickname };
}

sub token { return $_[0]->sql("SELECT bountygo.issue_token($_[1])") }

sub task
{
	my ($self, $user, %fields) = @_;

	return $self->make('POST', '/tasks', token => $user->{token}, json => { title => 'Task ' . ++$number, %fields })->{id};
}

# A page of its own, that says what the others of its kind say.
sub page
{
	my ($self) = @_;

	return $self->{web}->url((BountyGo::Node::write_pages($self->{pages}, 'page' . ++$number . '-', 1))[0]);
}

# A task that was read from a page: {id, url, job}.
sub page_task
{
	my ($self, $user) = @_;
	my $url = $self->page;
	my $job = $self->make('POST', '/url-agent/process', token => $user->{token}, headers => ['Prefer: wait=30'],
		json => { url => $url, auto_create => JSON::PP::true });

	croak 'no task came of the page: ' . JSON::PP->new->canonical->encode($job) unless $job->{task_id};
	return { id => $job->{task_id}, url => $url, job => $job->{id}, snapshot => $job->{snapshot_id} };
}

# A job that ends only if it is cancelled.
sub hanging_job
{
	my ($self, $user) = @_;

	return $self->make('POST', '/url-agent/process', token => $user->{token}, json => { url => $self->{web}->url('/hang?' . ++$number) })->{id};
}

sub todo
{
	my ($self, $user, %fields) = @_;

	return $self->make('POST', '/todos', token => $user->{token}, json => { title => 'Todo ' . ++$number, %fields })->{id};
}

sub join_task
{
	my ($self, $user, $task) = @_;

	return $self->make('POST', "/tasks/$task/join", token => $user->{token})->{id};
}

sub message
{
	my ($self, $user, $task, $content) = @_;

	return $self->make('POST', "/tasks/$task/messages", token => $user->{token}, json => { content => $content // 'Message ' . ++$number })->{id};
}

sub report
{
	my ($self, $user, $task, %fields) = @_;

	return $self->make('POST', "/tasks/$task/report", token => $user->{token}, json => { reason => 'spam', %fields })->{id};
}

sub tag
{
	my ($self, $moderator, %fields) = @_;

	return $self->make('POST', '/tags', token => $moderator->{token}, json => { name => 'tag ' . ++$number, %fields })->{id};
}

sub organizer
{
	my ($self, $user) = @_;

	my $task = $self->make('POST', '/tasks', token => $user->{token},
		json => { title => 'Task ' . ++$number, organizer_name => "Organizer $number" });
	return $task->{organizer}{id};
}

sub api_key
{
	my ($self, $user, %fields) = @_;

	return $self->make('POST', '/auth/keys', token => $user->{token}, json => { name => 'key ' . ++$number, scopes => ['tasks:read'], %fields });
}

# A private key that nothing else in this test uses.
sub wallet_key
{
	return sprintf '0x%064x', 1000 + $wallet_number++;
}

# A message of the service, signed: {message, signature, address}.
sub signed_message
{
	my ($self, $key) = @_;
	my $address = $self->identity('wallet', $key)->{address};
	my $message = $self->make('POST', '/auth/wallet/nonce', json => { address => $address })->{message};

	return { message => $message, signature => $self->identity('wallet', $key, $message)->{signature}, address => $address };
}

sub wallet
{
	my ($self, $user) = @_;
	my $signed = $self->signed_message(wallet_key());

	return $self->make('POST', '/auth/wallet/link', token => $user->{token}, json => { map { $_ => $signed->{$_} } qw(message signature) })->{id};
}

# Signs a new user in by wallet: the answer of the service.
sub wallet_user
{
	my ($self) = @_;
	my $signed = $self->signed_message(wallet_key());

	return $self->make('POST', '/auth/wallet/verify', json => { map { $_ => $signed->{$_} } qw(message signature) });
}

# Providers whose tokens the test makes itself: their keys are there already.
sub oidc_providers
{
	my ($self, @names) = @_;
	my $aud = 'tests';
	my @claims = map { { iss => "https://$_.example.org", aud => $aud, sub => "subject-of-$_", email => "$_\@example.org",
			email_verified => JSON::PP::true, name => "User of $_" } } @names;
	my $made = $self->identity('oidc', map { JSON::PP->new->canonical->encode($_) } @claims);
	my %tokens;

	for my $i (0 .. $#names)
	{
		my $name = $names[$i];

		$self->sql("INSERT INTO bountygo.oidc_providers (name, issuer, jwks_url, audiences, keys_fetched_at)
			VALUES ('$name', 'https://$name.example.org', 'https://$name.example.org/keys', '{$aud}', now());
			INSERT INTO bountygo.oidc_keys (provider, kid, jwk) VALUES ('$name', 'test', " . quote(JSON::PP->new->encode($made->{jwk})) . ')');
		$tokens{$name} = $made->{tokens}[$i];
	}
	return \%tokens;
}

sub identity
{
	my ($self, @arguments) = @_;
	my ($status, $out, $err) = BountyGo::Npm::run('identity.mjs', @arguments);

	croak "identity.mjs: $err" if $status;
	return JSON::PP->new->utf8->decode($out);
}

1;

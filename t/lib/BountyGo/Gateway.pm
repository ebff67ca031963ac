package BountyGo::Gateway;

# A gateway process for TAP tests, on free ports, and requests to it over plain sockets.
#
#   my $gateway = BountyGo::Gateway->start(database => $node->connstr('postgres') . ' user=bountygo_gateway', threads => 2);
#   my $answer = $gateway->get('/api/v1/tasks', token => $token);   # {status, headers, body, json}
#   $gateway->stop;                                                 # its exit status
#
# The program is the one that BOUNTYGO_GATEWAY names, else gateway/bountygo-gateway.

use strict;
use warnings;

use Carp;
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More ();
use Time::HiRes ();

my $number = 0;

# Settings of the gateway as options; lines of a configuration file with "conf".
sub start
{
	my ($class, %settings) = @_;
	my $dir = PostgreSQL::Test::Utils::tempdir('gateway');
	my $program = $ENV{BOUNTYGO_GATEWAY} || ($ENV{TESTDIR} // '.') . '/gateway/bountygo-gateway';
	my $self = bless { conf => "$dir/gateway.conf", log => "$dir/gateway.log", program => $program }, $class;

	%settings = (listen => '127.0.0.1:0', admin_listen => '127.0.0.1:0', rate_limits => 'off', docs_dir => '', %settings);
	$self->configure(%settings);
	$self->{pid} = fork() // croak "fork: $!";
	if ($self->{pid} == 0)
	{
		open STDIN, '<', '/dev/null';
		open STDOUT, '>>', $self->{log};
		open STDERR, '>&', \*STDOUT;
		delete $ENV{$_} for grep { /^PG|^BOUNTYGO_/ } keys %ENV;
		exec $program, '--config', $self->{conf} or POSIX::_exit(127);
	}
	my $line = $self->wait_for_log(qr/listens on port (\d+), for operators on port (\d+)/);
	($self->{port}, $self->{admin_port}) = $line =~ /listens on port (\d+), for operators on port (\d+)/;
	return $self;
}

sub configure
{
	my ($self, %settings) = @_;

	open my $file, '>', $self->{conf} or croak "$self->{conf}: $!";
	print $file map { "$_ = $settings{$_}\n" } sort keys %settings;
	close $file;
	$self->{settings} = \%settings;
	return;
}

sub port { return $_[0]{port} }
sub pid { return $_[0]{pid} }

sub log
{
	my ($self) = @_;

	return PostgreSQL::Test::Utils::slurp_file($self->{log});
}

# Runs a piece of code until it is true; dies after a minute at most, showing for what it waited and the end of the gateway's log.
sub wait_for
{
	my ($self, $what, $code) = @_;
	my $default = $PostgreSQL::Test::Utils::timeout_default;
	my $deadline = Time::HiRes::time() + ($default < 60 ? $default : 60);

	while (1)
	{
		my $value = $code->();

		return $value if $value;
		if (Time::HiRes::time() > $deadline)
		{
			my @lines = -e $self->{log} ? split /^/, $self->log : ();

			@lines = @lines[-30 .. -1] if @lines > 30;
			Test::More::diag("$what: waited in vain; the gateway's log ends with:\n", @lines);
			croak "$what: waited in vain";
		}
		select undef, undef, undef, 0.02;
	}
}

sub wait_for_log
{
	my ($self, $pattern, $from) = @_;

	return $self->wait_for("log line $pattern", sub {
		return unless -e $self->{log};
		my $text = PostgreSQL::Test::Utils::slurp_file($self->{log}, $from // 0);
		return $text =~ /^(.*$pattern.*)$/m ? $1 : undef;
	});
}

sub wait_ready
{
	my ($self) = @_;

	$self->wait_for('readiness', sub { ($self->get('/readyz')->{status} // 0) == 200 });
	return $self;
}

sub connect
{
	my ($self, $port) = @_;

	return IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port // $self->{port}, Timeout => 10)
		// croak "connect: $!";
}

# One answer from a socket; the socket's further bytes stay in $$rest. undef if the connection ends first.
sub read_answer
{
	my ($self, $socket, $rest, %options) = @_;
	my $deadline = Time::HiRes::time() + ($options{timeout} // 60);
	my $select = IO::Select->new($socket);

	$$rest //= '';
	while (1)
	{
		if ($$rest =~ /\A(HTTP\/1\.[01] (\d+)[^\r\n]*\r\n(.*?)\r\n\r\n)/s)
		{
			my ($head, $status, $fields) = ($1, $2, $3);
			my %headers;

			for my $line (split /\r\n/, $fields)
			{
				my ($name, $value) = $line =~ /\A([^:]+):\s*(.*)\z/ or next;

				$headers{ lc $name } = $value;
			}
			my $length = $status == 204 || $status == 304 || $options{head} ? 0 : $headers{'content-length'};

			if (defined $length && length($$rest) >= length($head) + $length)
			{
				my $body = substr($$rest, length($head), $length);
				my $json = ($headers{'content-type'} // '') =~ /json/ ? eval { JSON::PP->new->utf8->decode($body) } : undef;

				$$rest = substr($$rest, length($head) + $length);
				return { status => $status, headers => \%headers, body => $body, json => $json };
			}
		}
		my $left = $deadline - Time::HiRes::time();

		return undef if $left <= 0 || !$select->can_read($left);
		my $n = sysread $socket, my $chunk, 65536;

		return undef unless $n;
		$$rest .= $chunk;
	}
}

sub format_request
{
	my ($self, $method, $target, %options) = @_;
	my @fields = ("Host: localhost:$self->{port}");
	my $body = $options{body};

	$body = JSON::PP->new->utf8->canonical->encode($options{json}) if exists $options{json};
	push @fields, "Authorization: Bearer $options{token}" if defined $options{token};
	push @fields, 'Content-Type: ' . ($options{type} // 'application/json') if defined $body && ($options{type} // 'x') ne '';
	push @fields, 'Content-Length: ' . length $body if defined $body;
	push @fields, @{ $options{headers} // [] };
	return join("\r\n", "$method $target HTTP/1.1", @fields, '', '') . ($body // '');
}

# options: token, json or body (bytes), type, headers (lines), port, timeout
sub request
{
	my ($self, $method, $target, %options) = @_;
	my $socket = $self->connect($options{port});
	my $rest;

	local $SIG{PIPE} = 'IGNORE';
	syswrite $socket, $self->format_request($method, $target, %options);
	return $self->read_answer($socket, \$rest, %options, head => $method eq 'HEAD') // { status => 0 };
}

sub get
{
	my ($self, $target, %options) = @_;

	return $self->request('GET', $target, %options);
}

sub post
{
	my ($self, $target, $json, %options) = @_;

	return $self->request('POST', $target, json => $json, %options);
}

# Sends bytes; returns all that comes until the connection is closed or nothing comes for a while, and whether it was closed.
sub raw
{
	my ($self, $bytes, %options) = @_;
	my $socket = $self->connect;
	my $select = IO::Select->new($socket);
	my $all = '';

	local $SIG{PIPE} = 'IGNORE';
	syswrite $socket, $bytes;
	while ($select->can_read($options{timeout} // 1))
	{
		my $n = sysread $socket, my $chunk, 65536;

		return wantarray ? ($all, 1) : $all unless $n;
		$all .= $chunk;
	}
	return wantarray ? ($all, 0) : $all;
}

sub metric
{
	my ($self, $name) = @_;
	my $body = $self->get('/metrics', port => $self->{admin_port})->{body};
	my $sum = 0;

	$sum += $1 while $body =~ /^\Q$name\E(?:\{[^}]*\})? ([0-9.e+-]+)$/mg;
	return $sum;
}

sub signal
{
	my ($self, $name) = @_;

	return kill $name, $self->{pid};
}

# Ends it and returns its exit status; -1 if a signal ended it.
sub stop
{
	my ($self, $signal) = @_;

	$self->signal($signal // 'TERM');
	return $self->wait_end;
}

sub wait_end
{
	my ($self) = @_;
	my $pid = $self->{pid};

	$self->wait_for('end of the gateway', sub { waitpid($pid, POSIX::WNOHANG()) == $pid });
	delete $self->{pid};
	return $? & 127 ? -1 : $? >> 8;
}

sub DESTROY
{
	my ($self) = @_;

	local ($?, $!);
	return unless $self->{pid};
	kill 'KILL', $self->{pid};
	waitpid $self->{pid}, 0;
	return;
}

1;

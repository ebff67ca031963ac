package BountyGo::DnsServer;

# A name server for tests: A and AAAA over UDP from a table, counted; names can change their address or stay silent.
#
#   my $dns = BountyGo::DnsServer->start(records => { 'a.test' => '127.0.0.2', 'both.test' => '127.0.0.2,::1',
#       'rebind.test' => '127.0.0.2;127.0.0.1', 'stuck.test' => 'silent', 'broken.test' => 'servfail' });
#   $dns->servers;   # "127.0.0.1:PORT", for the setting
#   $dns->count('a.test');
#   perl -It/lib -MBountyGo::DnsServer -e 'BountyGo::DnsServer->main' -- [--host 127.0.0.1] [--port 0] [--port-file FILE]
#       [--records FILE] [--with-parent 1] name=answer ...
# (FILE holds such lines; port file "-" is standard output; with-parent: end when the process that started it does.)
#
# An answer is a list of addresses parted by commas. With several parted by semicolons the first lookup gets the first and so
# on, the last stays; A and AAAA of one lookup count apart. "silent" gives no answer at all, "servfail" that error, "none"
# no addresses. "*.zone" answers for every name below. Names not in the table do not exist. TXT of "count.NAME" tells how many
# questions came for NAME.

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Socket qw(inet_pton AF_INET AF_INET6);

sub start
{
	my ($class, %options) = @_;
	my $self = bless { host => '127.0.0.1', port => 0, records => {}, 'with-parent' => 1, %options }, $class;

	$self->_bind;
	my $pid = fork;
	die "fork: $!" unless defined $pid;
	if ($pid == 0)
	{
		$SIG{TERM} = 'DEFAULT';
		eval { $self->_serve; 1 } or print STDERR $@;
		POSIX::_exit(1);
	}
	close delete $self->{socket};
	$self->{pid} = $pid;
	$self->{owner} = $$;
	return $self;
}

sub port { return $_[0]{port} }
sub servers { return "$_[0]{host}:$_[0]{port}" }

sub stop
{
	my ($self) = @_;
	my $pid = delete $self->{pid};

	return unless $pid && $self->{owner} == $$;
	local ($?, $!);
	kill 'TERM', $pid;
	waitpid $pid, 0;
	return;
}

sub DESTROY { $_[0]->stop }

# How many questions came for a name, A and AAAA together.
sub count
{
	my ($self, $name) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => $self->{host}, PeerPort => $self->{port}, Proto => 'udp')
		or die "connect: $!";

	for my $try (1 .. 5)
	{
		$socket->send(pack('n6', $try, 0x0100, 1, 0, 0, 0) . _encode_name("count.$name") . pack('n2', 16, 1));
		next unless IO::Select->new($socket)->can_read(2);
		$socket->recv(my $answer, 512);
		return $1 if $answer =~ /=(\d+)\z/;
	}
	die 'the name server does not answer';
}

sub main
{
	my ($class, @arguments) = @_;
	my %options = (host => '127.0.0.1', port => 0, 'port-file' => undef, 'with-parent' => 0, records => undef);
	my %records;

	@arguments = @ARGV unless @arguments;
	shift @arguments if @arguments && $arguments[0] eq '--';
	while (@arguments)
	{
		my $argument = shift @arguments;

		if ($argument =~ /^--(.*)/)
		{
			die "unknown option $argument\n" unless exists $options{$1} && @arguments;
			$options{$1} = shift @arguments;
		}
		elsif ($argument =~ /^([^=]+)=(.*)\z/) { $records{ lc $1 } = $2 }
		else { die "not a record: $argument\n" }
	}
	if (defined(my $file = delete $options{records}))
	{
		open my $handle, '<', $file or die "$file: $!";
		while (my $line = <$handle>)
		{
			$records{ lc $1 } = $2 if $line =~ /^\s*([^#=\s]+)\s*=\s*(.*?)\s*$/;
		}
	}
	my $self = bless { %options, records => \%records }, $class;
	$self->_bind;
	if (defined(my $file = $options{'port-file'}))
	{
		if ($file eq '-') { syswrite STDOUT, "$self->{port}\n" }
		else
		{
			open my $handle, '>', "$file.new" or die "$file: $!";
			print $handle "$self->{port}\n";
			close $handle or die "$file: $!";
			rename "$file.new", $file or die "$file: $!";
		}
	}
	$self->_serve;
	return;
}

sub _bind
{
	my ($self) = @_;

	$self->{socket} = IO::Socket::INET->new(LocalAddr => $self->{host}, LocalPort => $self->{port}, Proto => 'udp')
		or die "bind to $self->{host}: $!";
	$self->{port} = $self->{socket}->sockport;
	return;
}

sub _serve
{
	my ($self) = @_;
	my $select = IO::Select->new($self->{socket});
	my $parent = getppid;

	$self->{asked} = {};
	$self->{questions} = {};
	for (;;)
	{
		# A test that dies must not leave its server behind.
		return if $self->{'with-parent'} && getppid != $parent;
		next unless $select->can_read(1);
		my $peer = $self->{socket}->recv(my $question, 4096);
		next unless defined $peer && length $question >= 17;
		my $answer = $self->_answer($question);
		$self->{socket}->send($answer, 0, $peer) if defined $answer;
	}
	return;
}

sub _encode_name { return join('', map { pack 'C/a*', $_ } split /\./, $_[0]) . "\0" }

sub _answer
{
	my ($self, $question) = @_;
	my ($id, $flags) = unpack 'n2', $question;
	my $at = 12;
	my @labels;

	while (my $length = unpack 'C', substr $question, $at, 1)
	{
		return undef if $length > 63 || $at + $length + 1 >= length $question;
		push @labels, substr $question, $at + 1, $length;
		$at += $length + 1;
	}
	my ($type) = unpack 'n', substr $question, $at + 1, 2;
	my $echo = substr $question, 12, $at + 5 - 12;
	my $name = lc join '.', @labels;

	if ($type == 16 && $name =~ /\Acount\.(.*)\z/)
	{
		my $text = "n=" . ($self->{questions}{$1} || 0);
		return pack('n6', $id, 0x8580, 1, 1, 0, 0) . $echo . pack('n3Nn', 0xC00C, 16, 1, 0, 1 + length $text)
			. pack('C/a*', $text);
	}
	$self->{questions}{$name}++;
	my $record = $self->{records}{$name};
	for (my @rest = @labels; !defined $record && @rest > 1;)
	{
		shift @rest;
		$record = $self->{records}{ lc join '.', '*', @rest };
	}
	return pack('n6', $id, 0x8583, 1, 0, 0, 0) . $echo unless defined $record;

	my @turns = split /;/, $record;
	my $turn = $self->{asked}{"$name/$type"}++;
	my $now = $turns[ $turn < @turns ? $turn : $#turns ];

	return undef if $now eq 'silent';
	return pack('n6', $id, 0x8582, 1, 0, 0, 0) . $echo if $now eq 'servfail';
	my ($count, $answers) = (0, '');
	for my $address ($now eq 'none' ? () : split /,/, $now)
	{
		my $family = $address =~ /:/ ? AF_INET6 : AF_INET;
		next unless $type == ($family == AF_INET6 ? 28 : 1);
		my $bytes = inet_pton($family, $address);
		$answers .= pack('n3Nn', 0xC00C, $type, 1, 0, length $bytes) . $bytes;
		$count++;
	}
	return pack('n6', $id, 0x8580, 1, $count, 0, 0) . $echo . $answers;
}

1;

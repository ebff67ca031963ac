# The gateway's listening connection and answers that come in pieces: a server sends an error at once, the end of the query later.
# The server here is a process of the test's own that speaks just enough of the protocol to choose the pieces.
use strict;
use warnings;

use BountyGo::Gateway;
use IO::Socket::UNIX;
use POSIX ();
use PostgreSQL::Test::Utils;
use Socket qw(SOCK_STREAM);
use Test::More;

use constant TIOCOUTQ => 0x5411;

sub message
{
	my ($type, $body) = @_;

	return $type . pack('N', 4 + length $body) . $body;
}

sub take
{
	my ($socket, $length) = @_;
	my $bytes = '';

	while (length $bytes < $length)
	{
		sysread($socket, $bytes, $length - length $bytes, length $bytes) or return undef;
	}
	return $bytes;
}

# The text of the next simple query; undef at the end of the connection.
sub query
{
	my ($socket) = @_;
	my $head = take($socket, 5) // return undef;
	my ($type, $length) = unpack 'aN', $head;
	my $body = $length > 4 ? take($socket, $length - 4) : '';

	return $type eq 'Q' ? unpack('Z*', $body) : undef;
}

# Sends, and returns when the other side has read it all (of a Unix socket the queue is the reader's).
sub send_and_wait
{
	my ($socket, $bytes) = @_;
	my $left = pack 'i', 1;

	syswrite $socket, $bytes;
	while (unpack 'i', $left)
	{
		ioctl $socket, TIOCOUTQ, $left or die "ioctl: $!";
		select undef, undef, undef, 0.002;
	}
	return;
}

sub serve_listener
{
	my ($socket, $turn) = @_;
	my $ready = message('Z', 'I');
	my $listen = message('C', "LISTEN\0") x 3;

	syswrite $socket, message('R', pack 'N', 0) . message('S', "client_encoding\0UTF8\0") . $ready;
	query($socket) // return;
	syswrite $socket, $listen . $ready;
	# The greeting, answered with NULL
	query($socket) // return;
	syswrite $socket, message('T', pack 'n Z* N n N n N n', 1, 'encode', 0, 0, 25, 65535, -1, 0) . message('D', pack 'n N', 1, 0xffffffff)
		. message('C', "SELECT 1\0") . $ready;
	query($socket) // return;
	if ($turn == 1)
	{
		send_and_wait($socket, message('E', "SERROR\0VERROR\0C3F000\0Mthe schema is not there\0\0"));
		syswrite $socket, $ready;
	}
	else
	{
		my @names = qw(id method path max_body timeout_ms is_async is_secret rate_zone cache_seconds cache_topics);
		my @row = (1, 'GET', '/free', -1, 0, 'f', 'f', 'api', 0, '');

		# Rows and the end of the query apart, too
		send_and_wait($socket,
			message('T', pack 'n (Z* N n N n N n)10', 10, map { ($_, 0, 0, 25, 65535, -1, 0) } @names)
				. message('D', pack 'n (N/a*)10', 10, @row)
				. message('C', "SELECT 1\0"));
		syswrite $socket, $ready;
	}
	# Until the gateway has done with it
	query($socket);
	return;
}

my $dir = PostgreSQL::Test::Utils::tempdir_short;
my $server = IO::Socket::UNIX->new(Type => SOCK_STREAM, Local => "$dir/.s.PGSQL.5432", Listen => 10) or die "listen: $!";
my $pid = fork() // die "fork: $!";
if ($pid == 0)
{
	my $turn = 0;

	# It must not end as a test does
	eval {
		while (my $socket = $server->accept)
		{
			my $length = unpack 'N', take($socket, 4) // next;
			my $startup = take($socket, $length - 4) // next;

			# Other connections than the listening one get no answer but the end.
			serve_listener($socket, ++$turn) if $startup =~ /bountygo-gateway listener\0/;
			close $socket;
		}
	};
	POSIX::_exit($@ ? 1 : 0);
}
close $server;

END
{
	local $?;
	kill 'KILL', $pid if $pid;
	waitpid $pid, 0 if $pid;
}

my $gateway = BountyGo::Gateway->start(database => "host=$dir port=5432 dbname=postgres user=any gssencmode=disable", threads => 1,
	db_pool_size => 1);
like($gateway->wait_for_log(qr/listening connection: .*the schema is not there/), qr/warning/, 'an error whose end comes later is told');
like($gateway->wait_for_log(qr/\d+ routes loaded/), qr/"1 routes/, 'and the routes are asked for again');
unlike($gateway->log, qr/in time/, 'without waiting for the time limit');
is($gateway->stop, 0, 'it ends');
unlike($gateway->log, qr/AddressSanitizer|runtime error|LeakSanitizer/, 'no complaint of a sanitizer');
done_testing();

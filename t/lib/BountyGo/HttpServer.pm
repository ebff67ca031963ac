package BountyGo::HttpServer;

# A web server for tests: files of a directory, and paths that misbehave on purpose. One process, select(), never blocks.
#
#   my $server = BountyGo::HttpServer->start(root => $dir, host => '127.0.0.2');   # forks
#   $server->url('/page.html'); $server->count('/page.html'); $server->stop;
#   perl -It/lib -MBountyGo::HttpServer -e 'BountyGo::HttpServer->main' -- --root DIR [--host 127.0.0.1] [--port 0]
#       [--port-file FILE]      ("-" writes the port to standard output)
#       [--with-parent 1]       (ends when the process that started it does)
#
# Files: the type goes by the ending; .html is "text/html" without a charset, so that the page's own meta decides. The lines of
# FILE.headers, if there is one, replace the Content-Type (with an ETag among them requests can be conditional), and FILE.status is a
# status to answer with instead. robots.txt is a file like others; "robots.status" makes it a status,
# with a Location after it if it is a redirect ("302 /elsewhere.txt").
#
# Paths, parameters with defaults:
#   /slow?ms=1000               answers after so long               /hang             never answers
#   /drip?n=20&ms=100           n bytes, one each ms                /huge?bytes=1073741824   with its length announced
#   /chunked-forever            no end                              /endless          no length, no end
#   /headers-forever            header lines without end            /interim-forever  103 answers without end
#   /redirect?to=URL&n=1&status=302   n redirects to itself, then to URL
#   /redirect-loop              two pages that redirect to each other
#   /location?raw=VALUE         302 with exactly this Location      /status/NNN       that status
#   /retry-after?s=30&status=503&date=0                             /etag             conditional requests
#   /gzip, /deflate             well encoded                        /gzip-bomb?mb=64  a little gzip that grows
#   /two-encodings              gzip in gzip                        /unknown-encoding zstd, not asked for
#   /broken-gzip                bytes that are no gzip              /truncated        closes before its length
#   /truncated-chunked          closes in mid-chunk                 /reset            closes without an answer
#   /garbage                    not HTTP                            /type?t=TYPE      a small body of that type
#   /empty                      200 with nothing                    /echo             request line, headers, body as text
#   /count                      hits of each path as JSON           /stats            connections, bytes sent by path as JSON

use strict;
use warnings;

use Compress::Zlib ();
use Errno qw(EAGAIN EWOULDBLOCK EINTR);
use IO::Select;
use IO::Socket::INET;
use POSIX ();
use Socket qw(SOL_SOCKET SO_LINGER SO_SNDBUF);
use Time::HiRes ();

my %TYPES = (
	html  => 'text/html',
	htm   => 'text/html',
	xhtml => 'application/xhtml+xml',
	txt   => 'text/plain; charset=utf-8',
	md    => 'text/markdown; charset=utf-8',
	json  => 'application/json',
	xml   => 'application/xml',
	pdf   => 'application/pdf',
	png   => 'image/png',
);

my %REASONS = (
	200 => 'OK', 204 => 'No Content', 301 => 'Moved Permanently', 302 => 'Found', 303 => 'See Other',
	304 => 'Not Modified', 307 => 'Temporary Redirect', 308 => 'Permanent Redirect', 400 => 'Bad Request',
	403 => 'Forbidden', 404 => 'Not Found', 410 => 'Gone', 429 => 'Too Many Requests',
	500 => 'Internal Server Error', 503 => 'Service Unavailable',
);

my %PATHS = (
	'/slow'              => \&_slow,
	'/hang'              => \&_hang,
	'/drip'              => \&_drip,
	'/huge'              => \&_huge,
	'/chunked-forever'   => \&_chunked_forever,
	'/endless'           => \&_endless,
	'/headers-forever'   => \&_headers_forever,
	'/interim-forever'   => \&_interim_forever,
	'/redirect'          => \&_redirect,
	'/redirect-loop'     => sub { _send($_[0], 302, ['Location: /redirect-loop/other'], '') },
	'/redirect-loop/other' => sub { _send($_[0], 302, ['Location: /redirect-loop'], '') },
	'/location'          => sub { _send($_[0], 302, [defined $_[1]{raw} ? "Location: $_[1]{raw}" : ()], '') },
	'/retry-after'       => \&_retry_after,
	'/etag'              => \&_etag,
	'/gzip'              => sub { _send($_[0], 200, ['Content-Type: text/html', 'Content-Encoding: gzip'],
		Compress::Zlib::memGzip('<p>packed</p>')) },
	'/deflate'           => sub { _send($_[0], 200, ['Content-Type: text/html', 'Content-Encoding: deflate'],
		Compress::Zlib::compress('<p>packed</p>')) },
	'/gzip-bomb'         => sub { _send($_[0], 200, ['Content-Type: text/html', 'Content-Encoding: gzip'],
		_bomb($_[1]{mb} || 64)) },
	'/two-encodings'     => sub { _send($_[0], 200, ['Content-Type: text/html', 'Content-Encoding: gzip, gzip'],
		Compress::Zlib::memGzip(Compress::Zlib::memGzip('<p>packed</p>'))) },
	'/unknown-encoding'  => sub { _send($_[0], 200, ['Content-Type: text/html', 'Content-Encoding: zstd'], 'x' x 20) },
	'/broken-gzip'       => sub { _send($_[0], 200, ['Content-Type: text/html', 'Content-Encoding: gzip'], 'x' x 200) },
	'/truncated'         => sub { _raw_close($_[0],
		"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\n<p>only this") },
	'/truncated-chunked' => sub { _raw_close($_[0],
		"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n<p>only this") },
	'/reset'             => sub { _raw_close($_[0], '') },
	'/garbage'           => sub { _raw_close($_[0], "220 ready for something else\r\n") },
	'/type'              => sub { _send($_[0], 200, [defined $_[1]{t} ? "Content-Type: $_[1]{t}" : ()], 'some bytes') },
	'/empty'             => sub { _send($_[0], 200, ['Content-Type: text/html'], '') },
	'/echo'              => \&_echo,
	'/count'             => sub { _send($_[0], 200, ['Content-Type: application/json'],
		_json($_[0]{server}{hits})) },
	'/stats'             => sub { _send($_[0], 200, ['Content-Type: application/json'],
		'{"connections":' . $_[0]{server}{connections} . ',"sent":' . _json($_[0]{server}{sent}) . '}') },
);

# ---- for tests: start, ask, stop ----

sub start
{
	my ($class, %options) = @_;
	my $self = bless { root => '.', host => '127.0.0.1', port => 0, 'with-parent' => 1, %options }, $class;

	$self->_listen;
	my $pid = fork;
	die "fork: $!" unless defined $pid;
	if ($pid == 0)
	{
		$SIG{TERM} = 'DEFAULT';
		eval { $self->_serve; 1 } or print STDERR $@;
		POSIX::_exit(1);
	}
	close delete $self->{listener};
	$self->{pid} = $pid;
	$self->{owner} = $$;
	return $self;
}

sub port { return $_[0]{port} }
sub host { return $_[0]{host} }
sub url { return "http://$_[0]{host}:$_[0]{port}" . ($_[1] // '/') }

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

# One plain request; returns the body.
sub get
{
	my ($self, $path) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => $self->{host}, PeerPort => $self->{port})
		or die "connect: $!";
	print $socket "GET $path HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
	local $/;
	my $answer = <$socket>;
	$answer =~ s/\A.*?\r\n\r\n//s;
	return $answer;
}

# How often a path was asked for. The asking itself counts for /count only.
sub count
{
	my ($self, $path) = @_;
	return $self->get('/count') =~ /"\Q$path\E":(\d+)/ ? $1 : 0;
}

sub main
{
	my ($class, @arguments) = @_;
	my %options = (root => '.', host => '127.0.0.1', port => 0, 'port-file' => undef, 'with-parent' => 0);

	@arguments = @ARGV unless @arguments;
	shift @arguments if @arguments && $arguments[0] eq '--';
	while (@arguments)
	{
		my $name = shift @arguments;
		die "unknown option $name\n" unless $name =~ s/^--// && exists $options{$name} && @arguments;
		$options{$name} = shift @arguments;
	}
	my $self = bless {%options}, $class;
	$self->_listen;
	_write_port($options{'port-file'}, $self->{port});
	$self->_serve;
	return;
}

sub _write_port
{
	my ($file, $port) = @_;

	return unless defined $file;
	if ($file eq '-')
	{
		syswrite STDOUT, "$port\n";
		return;
	}
	# Whoever waits for the file must never see it empty.
	open my $handle, '>', "$file.new" or die "$file: $!";
	print $handle "$port\n";
	close $handle or die "$file: $!";
	rename "$file.new", $file or die "$file: $!";
	return;
}

# ---- the server ----

sub _listen
{
	my ($self) = @_;

	$self->{listener} = IO::Socket::INET->new(
		LocalAddr => $self->{host}, LocalPort => $self->{port}, Proto => 'tcp', Listen => 1024,
		ReuseAddr => 1, Blocking => 0) or die "listen on $self->{host}: $!";
	$self->{port} = $self->{listener}->sockport;
	return;
}

sub _serve
{
	my ($self) = @_;
	my $readers = IO::Select->new($self->{listener});
	my $parent = getppid;

	local $SIG{PIPE} = 'IGNORE';
	$self->{hits} = {};
	$self->{sent} = {};
	$self->{connections} = 0;
	$self->{conns} = {};
	for (;;)
	{
		my $now = Time::HiRes::time();
		my $wait = 1;
		my $writers = IO::Select->new;

		# A test that dies must not leave its server behind.
		return if $self->{'with-parent'} && getppid != $parent;
		for my $conn (values %{ $self->{conns} })
		{
			if ($conn->{step} && $conn->{out} eq '' && $conn->{due} <= $now)
			{
				$conn->{step}->($conn);
			}
			if ($conn->{out} ne '') { $writers->add($conn->{socket}) }
			elsif ($conn->{step})
			{
				my $left = $conn->{due} - $now;
				$wait = $left if $left < $wait;
			}
			elsif ($conn->{closing}) { $self->_drop($conn, $readers) }
		}
		$wait = 0 if $wait < 0;
		my ($readable, $writable) = IO::Select->select($readers, $writers, undef, $wait);
		for my $socket (@{ $writable || [] })
		{
			my $conn = $self->{conns}{ fileno $socket } or next;
			my $sent = syswrite $socket, $conn->{out}, 65536;

			if (defined $sent)
			{
				$self->{sent}{ $conn->{path} } += $sent;
				substr($conn->{out}, 0, $sent, '');
			}
			elsif ($! != EAGAIN && $! != EWOULDBLOCK && $! != EINTR) { $self->_drop($conn, $readers) }
		}
		for my $socket (@{ $readable || [] })
		{
			if ($socket == $self->{listener})
			{
				my $client = $socket->accept or next;

				$client->blocking(0);
				setsockopt $client, SOL_SOCKET, SO_SNDBUF, 65536;
				$self->{connections}++;
				$self->{conns}{ fileno $client } =
					{ server => $self, socket => $client, in => '', out => '', due => 0, path => '' };
				$readers->add($client);
				next;
			}
			my $conn = defined fileno $socket ? $self->{conns}{ fileno $socket } : undef;
			next unless $conn;
			my $got = sysread $socket, $conn->{in}, 65536, length $conn->{in};
			if (defined $got && $got > 0) { _requests($conn) }
			elsif (defined $got || ($! != EAGAIN && $! != EINTR)) { $self->_drop($conn, $readers) }
		}
	}
	return;
}

sub _drop
{
	my ($self, $conn, $readers) = @_;

	$readers->remove($conn->{socket});
	delete $self->{conns}{ fileno $conn->{socket} };
	close $conn->{socket};
	return;
}

# Answers the next request of the connection, if it is all there and no answer is under way.
sub _requests
{
	my ($conn) = @_;

	return if $conn->{out} ne '' || $conn->{step} || $conn->{closing};
	return _raw_close($conn, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		if $conn->{in} =~ /\A[^A-Z]/;
	return unless $conn->{in} =~ /\A(.*?\r\n)\r\n/s;
	my $head = $1;
	my ($length) = $head =~ /^Content-Length:\s*(\d+)/mi;
	my $all = length($head) + 2 + ($length || 0);
	return if length $conn->{in} < $all;
	my $body = substr $conn->{in}, length($head) + 2, $length || 0;

	substr($conn->{in}, 0, $all, '');
	$conn->{head} = $head;
	$conn->{body} = $body;
	my ($method, $target) = $head =~ m{\A(\S+) (\S+) HTTP/1};
	return _send($conn, 400, [], '') unless defined $target;
	my ($path, $query) = split /\?/, $target, 2;
	my %parameters = map { my ($n, $v) = split /=/, $_, 2; ($n => _unescape($v // '')) } split /&/, $query // '';
	$conn->{close_after} = $head =~ /^Connection:\s*close/mi ? 1 : 0;
	$conn->{path} = $path;
	$conn->{server}{hits}{$path}++;
	if (my $handler = $PATHS{$path}) { $handler->($conn, \%parameters) }
	elsif ($path =~ m{\A/status/(\d\d\d)\z}) { _send($conn, $1, ['Content-Type: text/html'], "<p>$1</p>") }
	else { _file($conn, $path) }
	return;
}

sub _unescape
{
	my ($text) = @_;
	$text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
	return $text;
}

sub _json
{
	my ($hash) = @_;
	return '{' . join(',', map { my $k = $_; $k =~ s/(["\\])/\\$1/g; "\"$k\":$hash->{$_}" } sort keys %$hash) . '}';
}

# A whole answer. Keeps the connection unless the client does not want that.
sub _send
{
	my ($conn, $status, $headers, $body) = @_;
	my $reason = $REASONS{$status} || 'Status';
	my $bodiless = $status == 304 || $status == 204;

	$conn->{out} .= join "\r\n", "HTTP/1.1 $status $reason", @$headers,
		($bodiless ? () : 'Content-Length: ' . length $body),
		($conn->{close_after} ? 'Connection: close' : ()), '', $bodiless ? '' : $body;
	_done($conn);
	return;
}

# The answer is complete once "out" is sent; then comes the next request.
sub _done
{
	my ($conn) = @_;

	$conn->{step} = undef;
	if ($conn->{close_after}) { $conn->{closing} = 1 }
	else
	{
		$conn->{due} = 0;
		$conn->{step} = sub { $_[0]{step} = undef; _requests($_[0]) };
	}
	return;
}

sub _raw_close
{
	my ($conn, $bytes) = @_;

	$conn->{out} .= $bytes;
	$conn->{step} = undef;
	$conn->{closing} = 1;
	return;
}

sub _later
{
	my ($conn, $ms, $step) = @_;

	$conn->{due} = Time::HiRes::time() + $ms / 1000;
	$conn->{step} = $step;
	return;
}

sub _file
{
	my ($conn, $path) = @_;
	my $root = $conn->{server}{root};
	my $name = _unescape($path);

	$name .= 'index.html' if $name =~ m{/\z};
	if ($name eq '/robots.txt' && open my $status, '<', "$root/robots.status")
	{
		my $line = <$status>;
		return _send($conn, $1, [defined $2 ? "Location: $2" : ()], '')
			if defined $line && $line =~ /(\d{3})(?: (\S+))?/;
	}
	if ($name !~ m{(?:\A|/)\.\.(?:/|\z)|\0} && open my $other, '<', "$root$name.status")
	{
		my $line = <$other>;
		return _send($conn, $1, ['Content-Type: text/html'], '<p>not here</p>') if defined $line && $line =~ /(\d{3})/;
	}
	if ($name =~ m{(?:\A|/)\.\.(?:/|\z)|\0} || !-f "$root$name" || !open my $file, '<:raw', "$root$name")
	{
		return _send($conn, 404, ['Content-Type: text/html'], '<p>not found</p>');
	}
	else
	{
		my $body = do { local $/; <$file> };
		my ($ending) = $name =~ /\.([a-z]+)\z/;
		my @headers = ('Content-Type: ' . ($TYPES{ $ending // '' } || 'application/octet-stream'));

		if (open my $sidecar, '<:raw', "$root$name.headers")
		{
			@headers = map { s/[\r\n]+\z//r } <$sidecar>;
			my ($etag) = map { /\AETag: (.*)/i ? $1 : () } @headers;
			return _send($conn, 304, [@headers], '')
				if defined $etag && $conn->{head} =~ /^If-None-Match:\s*\Q$etag\E\s*$/mi;
		}
		return _send($conn, 200, \@headers, $body // '');
	}
}

# ---- paths that misbehave ----

sub _slow
{
	my ($conn, $p) = @_;
	_later($conn, $p->{ms} // 1000, sub { _send($_[0], 200, ['Content-Type: text/html'], '<p>slow</p>') });
	return;
}

sub _hang
{
	my ($conn) = @_;
	_later($conn, 3_600_000, sub { _raw_close($_[0], '') });
	return;
}

sub _drip
{
	my ($conn, $p) = @_;
	my ($left, $ms) = ($p->{n} // 20, $p->{ms} // 100);
	my $step;

	$conn->{out} = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: $left\r\n\r\n";
	$step = sub {
		my ($c) = @_;
		return _done($c) if $left-- <= 0;
		$c->{out} .= 'x';
		_later($c, $ms, $step);
	};
	_later($conn, $ms, $step);
	return;
}

# Sends $head, then what $more gives for as long as it gives something.
sub _stream
{
	my ($conn, $head, $more) = @_;
	my $step;

	$conn->{out} = $head;
	$step = sub {
		my ($c) = @_;
		my $bytes = $more->();
		return _done($c) unless defined $bytes;
		$c->{out} .= $bytes;
		_later($c, 0, $step);
	};
	_later($conn, 0, $step);
	return;
}

sub _huge
{
	my ($conn, $p) = @_;
	my $left = $p->{bytes} // 1 << 30;

	_stream($conn, "HTTP/1.1 200 OK\r\nContent-Type: " . ($p->{t} // 'text/html') . "\r\nContent-Length: $left\r\n\r\n",
		sub {
			return undef if $left <= 0;
			my $n = $left > 65536 ? 65536 : $left;
			$left -= $n;
			return 'x' x $n;
		});
	return;
}

sub _chunked_forever
{
	my ($conn) = @_;
	_stream($conn, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n",
		sub { "8000\r\n" . ('x' x 32768) . "\r\n" });
	return;
}

sub _endless
{
	my ($conn) = @_;
	_stream($conn, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", sub { 'x' x 32768 });
	return;
}

sub _headers_forever
{
	my ($conn) = @_;
	my $i = 0;
	_stream($conn, "HTTP/1.1 200 OK\r\n", sub { $i++; "X-Field-$i: " . ('x' x 200) . "\r\n" });
	return;
}

sub _interim_forever
{
	my ($conn) = @_;
	_stream($conn, '', sub { "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n" });
	return;
}

sub _redirect
{
	my ($conn, $p) = @_;
	my $n = $p->{n} // 1;
	my $to = $p->{to} // '/';

	if ($n > 1)
	{
		(my $escaped = $to) =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ge;
		$to = '/redirect?n=' . ($n - 1) . "&to=$escaped";
	}
	_send($conn, $p->{status} // 302, ["Location: $to"], '');
	return;
}

sub _retry_after
{
	my ($conn, $p) = @_;
	my $s = $p->{s} // 30;

	if ($p->{date})
	{
		my @days = qw(Sun Mon Tue Wed Thu Fri Sat);
		my @months = qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec);
		my @t = gmtime(time + $s);
		$s = sprintf '%s, %02d %s %d %02d:%02d:%02d GMT', $days[$t[6]], $t[3], $months[$t[4]], $t[5] + 1900,
			@t[2, 1, 0];
	}
	_send($conn, $p->{status} // 503, ["Retry-After: $s"], '');
	return;
}

sub _etag
{
	my ($conn) = @_;
	my @validators = ('ETag: "v1"', 'Last-Modified: Sat, 01 Jun 2024 10:00:00 GMT');

	if ($conn->{head} =~ /^If-None-Match:\s*"v1"/mi || $conn->{head} =~ /^If-Modified-Since:\s*Sat, 01 Jun 2024/mi)
	{
		return _send($conn, 304, \@validators, '');
	}
	return _send($conn, 200, ['Content-Type: text/html', @validators], '<p>version one</p>');
}

sub _bomb
{
	my ($mb) = @_;
	my ($d) = Compress::Zlib::deflateInit(-Level => 9, -WindowBits => 31);
	my $zeros = ' ' x (1 << 20);
	my $out = '';

	$out .= $d->deflate($zeros) for 1 .. $mb;
	return $out . $d->flush;
}

sub _echo
{
	my ($conn) = @_;
	_send($conn, 200, ['Content-Type: text/plain'], "$conn->{head}\r\n$conn->{body}");
	return;
}

1;

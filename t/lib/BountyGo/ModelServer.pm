package BountyGo::ModelServer;

# A stand-in for the model API in tests: OpenAI-compatible /v1/chat/completions with scripted replies. One process, one select loop,
# Perl core only. It knows nothing of pages: it answers with those entries of a table whose quotes it finds in the prompt, and
# misbehaves as told. The product does not know it.
#
#   my $model = BountyGo::ModelServer->start(dir => $dir, key => 'k');     # in tests: forks, waits until it listens
#   $model->script({ facts => [ { field => 'title', value => 'X', quote => 'X' } ], sequence => [ '500', 'good' ] });
#   $model->url; $model->requests; $model->stop;
#   perl -It/lib -MBountyGo::ModelServer -e 'BountyGo::ModelServer::main(@ARGV)' -- --port-file F [--script FILE] [--log FILE] [--key KEY]
#
# The script, a JSON file read again for every request:
#   facts        list of {field, value, quote}: what "good" answers, as far as the quote is in the prompt and the field is asked for
#   sequence     modes of the first requests, in order; then
#   default      mode of the others, "good" if absent
#   retry_after  seconds for mode 429, 1 if absent          delay   seconds before any answer, 0 if absent
#   usage        {prompt_tokens, completion_tokens}, else counted from the bytes
# A page may choose for itself: text that holds [[model:MODE]] gets that mode, whatever the script says.
#
# Modes: good, prose, fence, empty, wrong_schema, not_json, fabricated, truncated, refused, 429, 500, 503, 401, flaky (500 the first time
# a prompt is seen, then good), cut (the connection closes in mid-body), reset (closes without an answer), hang (never answers), huge
# (more than 256 KiB), html.
#
# The log has one JSON object a line for each request: {n, mode, status, authorized, model, asked, user_bytes, at, open}. "open": requests
# that were being answered at that moment, this one included. The key and the prompt are not in it.

use strict;
use warnings;

use Digest::SHA qw(sha256_hex);
use Errno qw(EAGAIN EWOULDBLOCK EINTR);
use Getopt::Long qw(GetOptionsFromArray);
use IO::Select;
use IO::Socket::INET;
use JSON::PP;
use POSIX ();
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Time::HiRes qw(time);

my $json = JSON::PP->new->utf8->canonical;

use constant MAX_REQUEST => 4 * 1024 * 1024;

my %status_text = (
	200 => 'OK', 400 => 'Bad Request', 401 => 'Unauthorized', 404 => 'Not Found', 413 => 'Content Too Large',
	429 => 'Too Many Requests', 500 => 'Internal Server Error', 502 => 'Bad Gateway', 503 => 'Service Unavailable');

# ---- The replies ---------------------------------------------------------------------------------------------

sub completion
{
	my ($request, $content, $script, $finish) = @_;
	my $bytes = length($request->{user} // '');
	my $usage = $script->{usage} // {
		prompt_tokens => int($bytes / 4) + 200,
		completion_tokens => int(length($content // '') / 4) + 5
	};

	return $json->encode({
		id => 'chatcmpl-' . $request->{n},
		object => 'chat.completion',
		created => int(time),
		model => $request->{model},
		choices => [ {
			index => 0,
			message => { role => 'assistant', content => $content },
			finish_reason => $finish // 'stop' } ],
		usage => { %$usage, total_tokens => ($usage->{prompt_tokens} // 0) + ($usage->{completion_tokens} // 0) } });
}

# The entries of the table that this prompt asks for and whose quotes it holds.
sub found_facts
{
	my ($request, $script) = @_;
	my %fields = map { $_ => undef } @{ $request->{asked} };

	for my $fact (@{ $script->{facts} // [] })
	{
		next unless exists $fields{ $fact->{field} } && !defined $fields{ $fact->{field} };
		next unless index($request->{user}, $fact->{quote}) >= 0;
		$fields{ $fact->{field} } = { value => $fact->{value}, quote => $fact->{quote} };
	}
	return \%fields;
}

# (status, extra headers, body, how to send it)
sub compose
{
	my ($mode, $request, $script) = @_;
	my $good = sub { JSON::PP->new->canonical->encode(found_facts($request, $script)) };
	my $failure = sub { $json->encode({ error => { message => $_[0], type => $_[1] } }) };

	return (200, [], completion($request, $good->(), $script)) if $mode eq 'good';
	return (200, [], completion($request, "Here is what the page says:\n\n" . $good->() . "\n\nTell me if you need more.", $script))
		if $mode eq 'prose';
	return (200, [], completion($request, "```json\n" . $good->() . "\n```", $script)) if $mode eq 'fence';
	return (200, [], completion($request, '{}', $script)) if $mode eq 'empty';
	return (200, [], completion($request, '{"title": "a string", "reward": ["5"], "deadline": "soon"}', $script))
		if $mode eq 'wrong_schema';
	return (200, [], completion($request, 'The page is about a bounty.', $script)) if $mode eq 'not_json';
	if ($mode eq 'fabricated')
	{
		my %made_up = (
			title => 'A task that nobody wrote', organizer => 'Nobody at all', category => 'grant',
			reward => { amount => 987654, currency => 'USD' },
			deadline => { date => '2031-01-02' }, tags => ['invented'],
			eligibility => 'only those who do not exist', summary => 'A summary that is nowhere on the page.');
		my %fields = map { $_ => { value => $made_up{$_}, quote => "This sentence about $_ is not on the page" } }
			grep { exists $made_up{$_} } @{ $request->{asked} };
		return (200, [], completion($request, JSON::PP->new->canonical->encode(\%fields), $script));
	}
	return (200, [], completion($request, substr($good->() . ' ' x 20, 0, 20), $script, 'length')) if $mode eq 'truncated';
	return (200, [], completion($request, '', $script, 'content_filter')) if $mode eq 'refused';
	return (429, [ 'Retry-After: ' . ($script->{retry_after} // 1) ], $failure->('slow down', 'rate_limit')) if $mode eq '429';
	return (401, [], $failure->('this key is not known', 'authentication')) if $mode eq '401';
	return ($mode, [], $failure->('something broke', 'server_error')) if $mode eq '500' || $mode eq '503';
	return (502, [], '<html><body><h1>502 Bad Gateway</h1></body></html>') if $mode eq 'html';
	return (200, [], completion($request, $good->(), $script), 'cut') if $mode eq 'cut';
	return (0, [], '', 'reset') if $mode eq 'reset';
	return (0, [], '', 'hang') if $mode eq 'hang';
	return (200, [], completion($request, '{"title": "' . 'x' x (512 * 1024) . '"}', $script)) if $mode eq 'huge';
	return (400, [], $failure->("the script names a mode that is not known: $mode", 'script'));
}

# ---- The server ----------------------------------------------------------------------------------------------

sub new_server
{
	my (%options) = @_;
	my $listener = IO::Socket::INET->new(
		LocalAddr => '127.0.0.1', LocalPort => $options{port} // 0, Listen => 128, ReuseAddr => 1, Blocking => 0)
		or die "cannot listen: $!\n";

	return { %options, listener => $listener, clients => {}, n => 0, seen => {}, open => 0 };
}

sub read_script
{
	my ($server) = @_;

	return {} unless defined $server->{script} && open(my $file, '<:raw', $server->{script});
	local $/;
	my $text = <$file>;
	return {} unless defined $text && $text =~ /\S/;
	return $json->decode($text);
}

sub write_log
{
	my ($server, $entry) = @_;

	return unless defined $server->{log};
	open(my $file, '>>:raw', $server->{log}) or die "cannot write the log: $!\n";
	print {$file} $json->encode($entry), "\n";
	close($file);
	return;
}

sub choose_mode
{
	my ($server, $request, $script) = @_;
	my $sequence = $script->{sequence} // [];
	my $mode = $script->{default} // 'good';

	$mode = $sequence->[ $request->{n} - 1 ] if $request->{n} <= @$sequence;
	$mode = $1 if $request->{user} =~ /\[\[model:(\w+)\]\]/;
	$mode = $server->{seen}{ sha256_hex(JSON::PP->new->utf8->encode([ $request->{user} ])) }++ ? 'good' : '500' if $mode eq 'flaky';
	return $mode;
}

# A complete request: decides what to answer and when.
sub handle
{
	my ($server, $client, $head, $body) = @_;
	my ($method, $path) = $head =~ m{^(\S+) (\S+) HTTP/1\.[01]\r\n};
	my ($authorization) = $head =~ /^authorization:[ \t]*(.*?)[ \t]*\r$/mi;
	my $close = $head =~ /^connection:[ \t]*close/mi;
	my ($status, $headers, $content, $how) = (404, [], '{"error": {"message": "no such path"}}', undef);
	my $script = {};

	if (defined $method && $method eq 'POST' && $path =~ m{/chat/completions$})
	{
		my $prompt = eval { $json->decode($body) } // {};
		my %message = map { $_->{role} => $_->{content} } @{ $prompt->{messages} // [] };
		my $request = {
			n => ++$server->{n}, model => $prompt->{model}, user => $message{user} // '',
			asked => [ ($message{system} // '') =~ /^- "(\w+)"/mg ] };
		my $authorized = !defined $server->{key} || ($authorization // '') eq "Bearer $server->{key}";

		$script = read_script($server);
		my $mode = $authorized ? choose_mode($server, $request, $script) : '401';
		$server->{open}++;
		$client->{counted} = 1;
		($status, $headers, $content, $how) = compose($mode, $request, $script);
		write_log($server, {
			n => $request->{n}, mode => $mode, status => 0 + $status, authorized => $authorized ? JSON::PP::true : JSON::PP::false,
			model => $request->{model}, asked => $request->{asked}, user_bytes => length($request->{user}), at => time,
			open => $server->{open}, json_mode => (($prompt->{response_format} // {})->{type} // '') eq 'json_object' ? JSON::PP::true
			: JSON::PP::false });
	}
	$how //= '';
	return if $how eq 'hang';
	my $type = $content =~ /^</ ? 'text/html' : 'application/json';
	my $answer = $how eq 'reset' ? '' : "HTTP/1.1 $status " . ($status_text{$status} // 'Unknown') . "\r\n"
		. join('', map { "$_\r\n" } @$headers)
		. "Content-Type: $type\r\nContent-Length: " . length($content) . "\r\n"
		. ($close ? "Connection: close\r\n" : '') . "\r\n" . $content;
	$answer = substr($answer, 0, length($answer) - int(length($content) / 2)) if $how eq 'cut';
	$client->{pending} = $answer;
	$client->{due} = time + ($script->{delay} // 0);
	$client->{close_after} = 1 if $close || $how eq 'cut' || $how eq 'reset';
	return;
}

sub drop
{
	my ($server, $client) = @_;

	$server->{open}-- if delete $client->{counted};
	delete $server->{clients}{ $client->{socket}->fileno };
	close($client->{socket});
	return;
}

# Takes one request out of what has come in, if it is all there.
sub take_request
{
	my ($server, $client) = @_;

	return if defined $client->{pending} || $client->{counted};
	my $end = index($client->{in}, "\r\n\r\n");
	return if $end < 0;
	my $head = substr($client->{in}, 0, $end + 2);
	my ($length) = $head =~ /^content-length:[ \t]*(\d+)/mi;
	$length //= 0;
	if ($length > MAX_REQUEST)
	{
		drop($server, $client);
		return;
	}
	if ($head =~ /^expect:[ \t]*100-continue/mi && !$client->{continued})
	{
		$client->{continued} = 1;
		syswrite($client->{socket}, "HTTP/1.1 100 Continue\r\n\r\n");
	}
	return if length($client->{in}) < $end + 4 + $length;
	my $body = substr($client->{in}, $end + 4, $length);
	substr($client->{in}, 0, $end + 4 + $length) = '';
	$client->{continued} = 0;
	handle($server, $client, $head, $body);
	return;
}

sub read_client
{
	my ($server, $client) = @_;
	my $got = sysread($client->{socket}, $client->{in}, 65536, length($client->{in}));

	return if !defined $got && ($! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR);
	if (!$got || length($client->{in}) > MAX_REQUEST + 65536)
	{
		drop($server, $client);
		return;
	}
	take_request($server, $client);
	return;
}

sub write_client
{
	my ($server, $client) = @_;
	my $put = length($client->{pending}) ? syswrite($client->{socket}, $client->{pending}) : 0;

	return if !defined $put && ($! == EAGAIN || $! == EWOULDBLOCK || $! == EINTR);
	if (!defined $put)
	{
		drop($server, $client);
		return;
	}
	substr($client->{pending}, 0, $put) = '';
	return if length($client->{pending});
	delete $client->{pending};
	$server->{open}-- if delete $client->{counted};
	if ($client->{close_after})
	{
		drop($server, $client);
		return;
	}
	take_request($server, $client);
	return;
}

sub accept_clients
{
	my ($server) = @_;

	while (my $socket = $server->{listener}->accept)
	{
		$socket->blocking(0);
		setsockopt($socket, IPPROTO_TCP, TCP_NODELAY, pack('l', 1));
		$server->{clients}{ $socket->fileno } = { socket => $socket, in => '' };
	}
	return;
}

sub run
{
	my ($server) = @_;

	local $SIG{PIPE} = 'IGNORE';
	for (;;)
	{
		my @clients = values %{ $server->{clients} };
		my @writers = grep { defined $_->{pending} } @clients;
		my $now = time;
		my @waits = map { $_->{due} - $now } grep { $_->{due} > $now } @writers;
		my $wait = (sort { $a <=> $b } @waits)[0];
		my $readers = IO::Select->new($server->{listener}, map { $_->{socket} } @clients);
		my $writable = IO::Select->new(map { $_->{socket} } grep { $_->{due} <= $now } @writers);
		my ($can_read, $can_write) = IO::Select->select($readers, $writable, undef, $wait);

		for my $socket (@{ $can_write // [] })
		{
			my $client = $socket->opened ? $server->{clients}{ $socket->fileno } : undef;
			write_client($server, $client) if defined $client && defined $client->{pending};
		}
		for my $socket (@{ $can_read // [] })
		{
			if ($socket == $server->{listener})
			{
				accept_clients($server);
				next;
			}
			my $client = $socket->opened ? $server->{clients}{ $socket->fileno } : undef;
			read_client($server, $client) if defined $client && $client->{socket} == $socket;
		}
	}
}

sub main
{
	my @arguments = @_;
	my %options;

	GetOptionsFromArray(\@arguments, \%options, 'port-file=s', 'port=i', 'script=s', 'log=s', 'key=s')
		or die "usage: --port-file FILE [--port N] [--script FILE] [--log FILE] [--key KEY]\n";
	my $server = new_server(map { my $name = $_; $name =~ tr/-/_/; $name => $options{$_} } keys %options);
	if (defined $options{'port-file'})
	{
		# In one step, so that whoever waits for it never reads half a number.
		open(my $file, '>', "$options{'port-file'}.new") or die "cannot write the port file: $!\n";
		print {$file} $server->{listener}->sockport, "\n";
		close($file);
		rename("$options{'port-file'}.new", $options{'port-file'}) or die "cannot write the port file: $!\n";
	}
	run($server);
	return;
}

# ---- For tests -----------------------------------------------------------------------------------------------

sub start
{
	my ($class, %options) = @_;
	my $self = bless {
		dir => $options{dir}, key => $options{key}, script_file => "$options{dir}/model-script.json",
		log_file => "$options{dir}/model-log.jsonl", owner => $$ }, $class;
	my $server;

	$self->script($options{script} // {});
	unlink($self->{log_file});
	# Listening before the fork: whoever has the port can connect, there is nothing to wait for.
	$server = new_server(key => $options{key}, script => $self->{script_file}, log => $self->{log_file});
	$self->{port} = $server->{listener}->sockport;
	$self->{pid} = fork() // die "cannot fork: $!\n";
	if ($self->{pid} == 0)
	{
		$SIG{TERM} = sub { POSIX::_exit(0) };
		eval { run($server) };
		print STDERR "model server: $@" if $@;
		POSIX::_exit(1);
	}
	close($server->{listener});
	return $self;
}

sub port { return $_[0]{port}; }

sub url { return "http://127.0.0.1:$_[0]{port}/v1"; }

sub script
{
	my ($self, $script) = @_;

	open(my $file, '>:raw', "$self->{script_file}.new") or die "cannot write the script: $!\n";
	print {$file} $json->encode($script);
	close($file);
	rename("$self->{script_file}.new", $self->{script_file}) or die "cannot write the script: $!\n";
	return;
}

sub requests
{
	my ($self) = @_;
	my @entries;

	return () unless open(my $file, '<:raw', $self->{log_file});
	while (my $line = <$file>)
	{
		push @entries, $json->decode($line) if $line =~ /\n\z/;
	}
	return @entries;
}

sub stop
{
	my ($self) = @_;

	return unless $self->{pid};
	kill('TERM', $self->{pid});
	waitpid($self->{pid}, 0);
	$self->{pid} = 0;
	return;
}

sub DESTROY
{
	my ($self) = @_;
	local $?;

	$self->stop if ($self->{owner} // $$) == $$;
	return;
}

1;

# No worker reaches a forbidden address, by whatever way it is led there: a listener on such an address proves it.
use strict;
use warnings;

use BountyGo::DnsServer;
use BountyGo::HttpServer;
use BountyGo::Node;
use IO::Socket::INET;
use IO::Select;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
BountyGo::Node::write_pages($dir, 'egress', 1);
# The only address that is allowed is 127.0.0.2; the listener is on 127.0.0.1, on a port that is allowed.
my $web = BountyGo::HttpServer->start(root => $dir, host => '127.0.0.2');
my $trap = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 128, Proto => 'tcp') or die "listen: $!";
my $port = $trap->sockport;
my $dns = BountyGo::DnsServer->start(records => {
	'good.test' => '127.0.0.2', 'loop.test' => '127.0.0.1', 'private.test' => '10.1.2.3', 'mixed.test' => '127.0.0.2,127.0.0.1',
	'link.test' => '169.254.169.254', 'six.test' => '::1', 'mapped.test' => '::ffff:127.0.0.1', 'cgnat.test' => '100.64.0.1',
	'rebind.test' => '127.0.0.2;127.0.0.1' });
my $node = BountyGo::Node->create('egress', networks => "bountygo.allowed_networks = '127.0.0.2/32'\nbountygo.allowed_ports = '1024-65535'\n",
	conf => "bountygo.dns_servers = '" . $dns->servers . "'\nbountygo.max_attempts = 2\nbountygo.dns_cache = 0\nbountygo.fetch_robots = off\n");

# What can be seen in the URL is refused when it is submitted.
my %refused = (
	"http://127.0.0.1:$port/" => 'loopback', "http://2130706433:$port/" => 'decimal', "http://0177.0.0.1:$port/" => 'octal',
	"http://0x7f.1:$port/" => 'hex', "http://127.1:$port/" => 'short', "http://[::1]:$port/" => 'IPv6 loopback',
	"http://[::ffff:127.0.0.1]:$port/" => 'mapped', "http://localhost:$port/" => 'localhost', 'http://10.0.0.1/' => 'private',
	'http://169.254.169.254/latest/meta-data/' => 'link-local', 'http://good.test:22/' => 'port', 'file:///etc/passwd' => 'file:',
	'gopher://good.test/' => 'gopher:', "http://user:secret\@good.test:$port/" => 'credentials', 'http://good.test/' . 'a' x 2100 => 'length',
	"http://good.test/a b" => 'white space', '' => 'nothing');
for my $url (sort keys %refused)
{
	my ($code, $message) = $node->error_of("SELECT bountygo.submit_url('$url')");

	is($code, 'UB422', "refused at once: $refused{$url}");
	like($message, qr{"pointer": "/url"}, 'with a pointer to the field');
	unlike($message, qr/secret/, 'and without what may be secret');
}

# What shows only later is refused when the connection is to be made.
my $good = $node->ended($node->submit('http://good.test:' . $web->port . '/egress1.html'));
is($good->{state}, 'done', 'an honest name is fetched');
my %blocked = map { ("http://$_:$port/" => "name $_") } qw(loop.test private.test mixed.test link.test six.test mapped.test cgnat.test);
for my $target ("http://127.0.0.1:$port/", "http://2130706433:$port/", "http://0x7f000001:$port/", "http://[::ffff:7f00:1]:$port/",
	"http://localhost:$port/", "http://loop.test:$port/", "//127.0.0.1:$port/", "http://169.254.169.254/")
{
	(my $escaped = $target) =~ s/([^A-Za-z0-9.])/sprintf('%%%02X', ord $1)/ge;
	$blocked{ $web->url("/location?raw=$escaped") } = "redirect to $target";
}
my %ids = map { ($_ => $node->submit($_)) } sort keys %blocked;
for my $url (sort keys %ids)
{
	my $job = $node->ended($ids{$url});

	is("$job->{state} $job->{outcome}", 'dead blocked_address', "blocked: $blocked{$url}");
	unlike($job->{why}, qr/127\.|10\.|169\./, 'why names no address');
}
# A name that turns: each lookup is checked, and what was checked is what is dialled.
for my $round (1 .. 5)
{
	$node->ended($node->submit('http://rebind.test:' . $web->port . "/egress1.html?round=$round"));
}
my $scheme = $node->ended($node->submit($web->url('/location?raw=file%3A%2F%2F%2Fetc%2Fpasswd')));
is("$scheme->{state} $scheme->{outcome}", 'dead bad_url', 'a redirect to another scheme is no page');

ok(!IO::Select->new($trap)->can_read(0), 'the listener has seen nobody');

$node->stop;
$dns->stop;
$web->stop;
done_testing();

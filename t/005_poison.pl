# A page that kills its reader every time costs only itself; one that kills its worker is set aside, too.
use strict;
use warnings;

use BountyGo::HttpServer;
use BountyGo::Node;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
my @pages = BountyGo::Node::write_pages($dir, 'fine', 30);
PostgreSQL::Test::Utils::append_to_file("$dir/poison.html", '<html><body><p>POISON: a page that a reader dies of.</p></body></html>');
PostgreSQL::Test::Utils::append_to_file("$dir/stuck.html", '<html><body><p>STUCK: a page that a reader never ends with.</p></body></html>');
my $web = BountyGo::HttpServer->start(root => $dir);
my $node = BountyGo::Node->create('poison', preload => 1, conf => "bountygo.readers = 2\nbountygo.backoff_max = 1s\n");

# A reader that dies of one word and hangs on another; all else it passes on to the real one.
my $reader = $ENV{BOUNTYGO_READER} // do { chomp(my $lib = `pg_config --pkglibdir`); "$lib/bountygo-reader" };
my $wrapper = "$dir/reader";
PostgreSQL::Test::Utils::append_to_file($wrapper, <<"END");
#!$^X
use strict;
use IPC::Open2;
binmode STDIN; binmode STDOUT;
my \$pid = open2(my \$from, my \$to, '$reader');
binmode \$from; binmode \$to;
sub take { my (\$in, \$len) = \@_; my \$all = ''; while (length(\$all) < \$len) {
	my \$n = sysread(\$in, \$all, \$len - length(\$all), length(\$all)); exit 0 unless \$n; } return \$all; }
sub put { my (\$out, \$all) = \@_; while (length \$all) { my \$n = syswrite(\$out, \$all); exit 1 unless \$n; substr(\$all, 0, \$n) = ''; } }
while (1) {
	my \$head = take(*STDIN, 20);
	my (undef, undef, \@len) = unpack('L5', \$head);
	my \$body = take(*STDIN, \$len[0] + \$len[1] + \$len[2]);
	kill 'SEGV', \$\$ if \$body =~ /POISON/;
	while (\$body =~ /STUCK/) { select(undef, undef, undef, 60) }
	put(\$to, \$head . \$body);
	my \$answer = take(\$from, 12);
	put(*STDOUT, \$answer . take(\$from, (unpack('L3', \$answer))[2]));
}
END
chmod 0755, $wrapper;
$node->append_conf('postgresql.conf', "bountygo.reader_path = '$wrapper'\n");
$node->restart;
ok($node->wait_for_worker, 'a worker with fragile readers');
my $started = $node->sql('SELECT pg_postmaster_start_time()');
my $log = -s $node->logfile;
my $pid = $node->worker_pid;

my $poison = $node->submit($web->url('/poison.html'));
my $stuck = $node->submit($web->url('/stuck.html'));
my @fine = map { $node->submit($web->url($_)) } @pages;
my $job = $node->ended($poison);
is($job->{state}, 'dead', 'the page that kills its reader is dead');
is($job->{outcome}, 'reader_crashed', 'its outcome says what happened');
like($job->{why}, qr/died on this page.*tried 3 times/, 'and why says how often');
is($node->sql("SELECT crashes || ' ' || attempts FROM bountygo.jobs WHERE id = $poison"), '3 3', 'after three tries');
is($web->count('/poison.html'), 3, 'of which each was a fetch');
$job = $node->ended($stuck);
is("$job->{state} $job->{outcome}", 'dead too_complex', 'the page that a reader never ends with is dead, too');
is($node->ended($_)->{state}, 'done', "page $_ goes on") for @fine;
is($node->worker_pid, $pid, 'the worker lived through it');
is($node->sql('SELECT pg_postmaster_start_time()'), $started, 'and so did the server');
unlike(PostgreSQL::Test::Utils::slurp_file($node->logfile, $log), qr/terminated by signal|terminating any other active/,
	'no instance reset');
cmp_ok($node->sql('SELECT reader_restarts FROM bountygo.worker_status'), '>=', 6, 'the deaths of readers are counted');

# No reader at all: nothing is charged for it, and pages wait.
$node->append_conf('postgresql.conf', "bountygo.reader_path = '$dir/nothing'\nbountygo.reader_pages = 1\n");
$node->restart;
ok($node->wait_for_log(qr/could not start the program that reads pages/, $log), 'a missing reader is said in the log');
BountyGo::Node::write_pages($dir, 'late', 1);
my $late = $node->submit($web->url('/late1.html'));
is($node->sql("SELECT state || ' ' || attempts FROM bountygo.jobs WHERE id = $late"), 'queued 0', 'pages wait without being charged');
$node->append_conf('postgresql.conf', "bountygo.reader_path = ''\n");
$node->restart;
is($node->ended($late)->{state}, 'done', 'and go on when it is there');

# A job that its worker dies with, alone in hand, three times: set aside.
my $killer = $node->submit($web->url('/hang?killer'));
for my $n (1 .. 3)
{
	ok($node->wait_until("SELECT state = 'leased' AND lease_token = $n AND EXISTS (SELECT FROM bountygo.worker_status WHERE alive)
		FROM bountygo.jobs WHERE id = $killer"), "death $n of a worker");
	kill 'KILL', $node->worker_pid;
}
$job = $node->ended($killer);
is($job->{state}, 'dead', 'the job is set aside');
like($job->{why}, qr/worker was lost/, 'and says why');

$node->stop;
$web->stop;
done_testing();

# The reader child of a session: it ends with its query, its session and its server, and what it dies of never harms them.
use strict;
use warnings;

use BountyGo::Node;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes;

my $dir = PostgreSQL::Test::Utils::tempdir();
my $text = "'Some text that is long enough.'";

# A program in the place of bountygo-reader that never answers, and notes its process id. 
sub program
{
	my ($name, $code) = @_;
	my $path = "$dir/$name";

	append_to_file($path, "#!$^X\n\$| = 1;\nopen(my \$f, '>>', '$dir/$name.pids'); print {\$f} \"\$\$\\n\"; close(\$f);\n$code\n");
	chmod(0755, $path);
	return $path;
}

sub pids
{
	my ($name) = @_;
	return -e "$dir/$name.pids" ? split(/\n/, slurp_file("$dir/$name.pids")) : ();
}

# True once the process is gone; a reader of ours never needs long.
sub is_gone
{
	my ($pid) = @_;

	for (1 .. 1000)
	{
		return 1 unless kill(0, $pid);
		select(undef, undef, undef, 0.01);
	}
	return 0;
}

my $node = BountyGo::Node->create('reader', stopped => 1);

sub use_program
{
	my ($path) = @_;

	$node->sql("LOAD 'bountygo';\nALTER SYSTEM SET bountygo.reader_path = " . (defined $path ? "'$path'" : 'DEFAULT'));
	$node->sql('SELECT pg_reload_conf()');
	$node->wait_until("SELECT bountygo.library_version() <> '' AND current_setting('bountygo.reader_path') = '" . ($path // '') . "'")
		or die 'the setting does not change';
	return;
}

# One that never answers: a result after the hard stop, no error.
my $hang = program('hang', 'select(undef, undef, undef, undef);');
use_program($hang);
my $began = Time::HiRes::time();
is($node->sql("SELECT bountygo.extract_text($text) ->> 'outcome'"), 'too_complex', 'a reader that hangs is an outcome');
my $took = Time::HiRes::time() - $began;
ok($took > 1.9 && $took < 5, "after the hard stop of 2 s (took $took s)");
ok(is_gone($_), 'its process is gone') for pids('hang');

# A cancelled query takes its reader with it, and the session goes on.
unlink("$dir/hang.pids");
my ($status, $out, $err) = $node->psql('postgres', "SET statement_timeout = '300ms';\nSELECT bountygo.extract_text($text);\n"
	. "SET statement_timeout = 0;\nSELECT 'alive', pid FROM bountygo.reader_status();", on_error_stop => 0);
like($err, qr/statement timeout/, 'a query that waits for its reader can be cancelled');
like($out, qr/^alive\|$/m, 'the session lives on without a reader');
is(scalar(pids('hang')), 1, 'one reader was started');
ok(is_gone($_), 'and is gone') for pids('hang');

# One that talks nonsense, or leaves.
for my $case ([ 'nonsense', 'print "x" x 100; select(undef, undef, undef, undef);' ], [ 'leaves', 'exit(3);' ], [ 'dies', 'kill(9, $$);' ],
	[ 'echo', 'sysread(STDIN, my $x, 20); print pack("LLL", 0x42475231, 0, 6), q({"a"]}); select(undef, undef, undef, undef);' ],
	[ 'list', 'sysread(STDIN, my $x, 20); print pack("LLL", 0x42475231, 0, 2), q([]); select(undef, undef, undef, undef);' ],
	[ 'latin', 'sysread(STDIN, my $x, 20); print pack("LLL", 0x42475231, 0, 9), qq({"a":"\xe9"}); select(undef, undef, undef, undef);' ])
{
	my ($name, $code) = @$case;
	use_program(program($name, $code));
	is($node->sql("SELECT bountygo.extract_text($text) ->> 'outcome'"), 'reader_crashed', "a reader of kind \"$name\" is an outcome");
	ok(is_gone($_), 'and is gone') for pids($name);
}
use_program("$dir/nowhere");
my ($code) = $node->error_of("SELECT bountygo.extract_text($text)");
is($code, 'UB503', 'a reader that cannot be started is the service\'s fault');
unlike(($node->error_of("SELECT bountygo.extract_text($text)"))[1], qr/\Q$dir\E/, 'and its path stays in the log');

# The real one: one a session, which ends with it whatever ends it.
use_program(undef);
my $session = $node->background_psql('postgres');
my $mine = sub { (split /\|/, $session->query("SELECT pid, pages FROM bountygo.reader_status()"))[0] };
is($session->query("SELECT bountygo.extract_text($text) ->> 'outcome'"), 'ok', 'the real reader reads');
my $reader = $mine->();
like($reader, qr/^\d+$/, 'and has a process');
is($session->query("SELECT count(*) FROM (SELECT bountygo.extract_text($text) AS r FROM generate_series(1, 50) OFFSET 0) x WHERE r ->> 'outcome' = 'ok'"),
	'50', 'it reads again');
is($mine->(), $reader, 'in the same process');
$session->quit;
ok(is_gone($reader), 'it ends with its session');

my $killed = $node->background_psql('postgres');
$killed->query("SELECT bountygo.extract_text($text)");
my ($backend, $child) = split /\|/, $killed->query('SELECT pg_backend_pid(), pid FROM bountygo.reader_status()');
kill(9, $backend);
ok(is_gone($child), 'it ends when its backend is killed');
eval { $killed->quit };
ok($node->wait_until('SELECT true'), 'the server comes back');

my $last = $node->background_psql('postgres');
$last->query("SELECT bountygo.extract_text($text)");
$child = $last->query('SELECT pid FROM bountygo.reader_status()');
$node->stop('immediate');
ok(is_gone($child), 'it ends with the server');
eval { $last->quit };

done_testing();

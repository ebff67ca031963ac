package BountyGo::Node;

# A PostgreSQL server with BountyGo for TAP tests, and what one asks it again and again.
#
#   my $node = BountyGo::Node->create('main', conf => "bountygo.lease = 5s\n", preload => 1);
#   $node->sql("..."); $node->wait_until("SELECT ..."); $node->submit($url, auto_create => 1); $node->ended($id);
#
# Loopback is allowed to be fetched from, at any port over 1023, without a pause between fetches. All else of
# PostgreSQL::Test::Cluster works on it, too.

use strict;
use warnings;

use parent -norequire, 'PostgreSQL::Test::Cluster';

use JSON::PP ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils ();
use Time::HiRes ();

our $LOOPBACK = <<'END';
bountygo.allowed_networks = '127.0.0.0/8'
bountygo.allowed_ports = '1024-65535'
END

# options: conf (lines), preload (start workers with the server), stopped (don't start workers), init (for Cluster::init)
sub create
{
	my ($class, $name, %options) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	bless $node, $class;
	# Whatever the environment's locale: pages are in all languages.
	$node->init(extra => ['--encoding=UTF8', '--locale=C.UTF-8'], %{ $options{init} // {} });
	$node->append_conf('postgresql.conf', $options{networks} // $LOOPBACK);
	$node->append_conf('postgresql.conf', <<'END');
restart_after_crash = on
max_worker_processes = 16
bountygo.fetch_delay = 0
log_statement = none
timezone = 'UTC'
END
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'bountygo'\nbountygo.database = 'postgres'\n")
		if $options{preload};
	$node->append_conf('postgresql.conf', $options{conf}) if $options{conf};
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION bountygo');
	return $node if $options{stopped};
	$node->safe_psql('postgres', 'SELECT bountygo.start()');
	$node->wait_for_worker;
	return $node;
}

sub sql
{
	my ($node, $sql) = @_;

	return $node->safe_psql('postgres', $sql);
}

# SQLSTATE of a statement that shall fail ("" if it does not), and its message.
sub error_of
{
	my ($node, $sql) = @_;
	my ($status, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\n$sql");

	return ('', '') unless $err =~ /ERROR:\s+(\w{5}): (.*)/;
	return ($1, $err);
}

# True once the query gives "t"; survives restarts of the server meanwhile.
sub wait_until
{
	my ($node, $query, $expected) = @_;

	return $node->poll_query_until('postgres', $query, $expected // 't');
}

# Starts a server that was killed: its processes may take a moment to be gone.
sub start_again
{
	my ($node) = @_;
	my $deadline = Time::HiRes::time() + $PostgreSQL::Test::Utils::timeout_default;

	until ($node->start(fail_ok => 1))
	{
		die 'the server does not start again' if Time::HiRes::time() > $deadline;
		# A failed start has found the pid file of the one that is going.
		$node->{_pid} = undef;
	}
}

sub wait_for_worker
{
	my ($node) = @_;

	return $node->wait_until('SELECT coalesce(bool_and(alive), false) FROM bountygo.worker_status');
}

sub worker_pid
{
	my ($node) = @_;

	return $node->sql('SELECT pid FROM bountygo.worker_status WHERE alive ORDER BY slot LIMIT 1');
}

# Submits a page; returns the job's id.
sub submit
{
	my ($node, $url, %options) = @_;
	my $create = $options{auto_create} ? 'true' : 'false';

	$url =~ s/'/''/g;
	return $node->sql("SELECT bountygo.submit_url('$url', $create, 0) ->> 'id'");
}

# The job, once it has ended.
sub ended
{
	my ($node, $id) = @_;

	$node->wait_until("SELECT finished_at IS NOT NULL FROM bountygo.jobs WHERE id = $id")
		or die "job $id has not ended: " . $node->sql("SELECT bountygo.get_job($id)");
	return $node->job($id);
}

sub job
{
	my ($node, $id) = @_;

	# psql speaks UTF-8, and what it says is bytes.
	return JSON::PP->new->utf8->decode($node->sql("SELECT bountygo.get_job($id)"));
}

# Seconds that a piece of code takes.
sub seconds
{
	my ($code) = @_;
	my $began = Time::HiRes::time();

	$code->();
	return Time::HiRes::time() - $began;
}

# Pages of tasks, each with its own title, reward and deadline, in a directory for BountyGo::HttpServer; returns their paths.
sub write_pages
{
	my ($dir, $prefix, $count) = @_;
	my @paths;

	for my $n (1 .. $count)
	{
		my $reward = 1000 + $n;

		PostgreSQL::Test::Utils::append_to_file("$dir/$prefix$n.html", <<"END");
<!doctype html><html lang="en"><head><title>Parser bounty $prefix$n</title>
<meta property="og:title" content="Parser bounty $prefix$n"></head><body><main><h1>Parser bounty $prefix$n</h1>
<p>Organised by Example Labs. We offer a reward of \$$reward USD for a working parser in Rust.</p>
<p>Submissions are due by 4 October 2037, 17:00 UTC. Anyone may take part: submit your work through the form.</p>
</main></body></html>
END
		push @paths, "/$prefix$n.html";
	}
	return @paths;
}

1;

package BountyGo::Npm;

# Programs of t/npm with the packages of its lock file.
#
#   my ($status, $out, $err) = BountyGo::Npm::run('validate.mjs', $file);   # the exit status, what it printed
#   my $dir = BountyGo::Npm::workspace();                                   # a new directory with t/npm/*.mjs and node_modules
#
# The packages are where BOUNTYGO_NPM says (docker/local/npm-packages tests prints it), else that script is asked.

use strict;
use warnings;

use Carp;
use File::Copy ();
use IPC::Run ();
use PostgreSQL::Test::Utils;

my $packages;
my $workspace;

sub top { return $ENV{TESTDIR} // '.' }

sub packages
{
	return $packages if defined $packages;
	$packages = $ENV{BOUNTYGO_NPM};
	if (!defined $packages || $packages eq '')
	{
		my $script = top() . '/docker/local/npm-packages';

		$packages = `$script tests`;
		croak "$script tests failed" if $?;
		chomp $packages;
	}
	croak "no npm packages in $packages" unless -d "$packages/node_modules";
	return $packages;
}

# Modules find packages beside the file that names them, so the programs are copied to where those are.
sub workspace
{
	my $dir = PostgreSQL::Test::Utils::tempdir('npm');

	symlink packages() . '/node_modules', "$dir/node_modules" or croak "symlink: $!";
	for my $file (glob join " ", map { top() . "/t/npm/$_" } qw(*.mjs *.ts package.json))
	{
		File::Copy::copy($file, $dir) or croak "$file: $!";
	}
	return $dir;
}

sub run
{
	my ($program, @arguments) = @_;

	$workspace //= workspace();
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'node', "$workspace/$program", @arguments ], '<', \undef, '>', \$out, '2>', \$err);
	return ($? >> 8, $out, $err);
}

1;

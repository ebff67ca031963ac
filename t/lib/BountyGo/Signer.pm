package BountyGo::Signer;

# Wallets and identity providers for tests, by libraries that are not ours (t/npm/signer.mjs says what can be asked).
#
#   my $signer = BountyGo::Signer->start;
#   my $wallet = $signer->ask(op => 'wallet');    # {"wallet": 0, "address": "0x…"}

use strict;
use warnings;

use BountyGo::Npm;
use Carp;
use IPC::Open2 ();
use JSON::PP ();

sub start
{
	my ($class) = @_;
	my $program = BountyGo::Npm::workspace() . '/signer.mjs';
	my $pid = IPC::Open2::open2(my $out, my $in, 'node', $program);

	return bless { pid => $pid, of => $$, in => $in, out => $out }, $class;
}

sub ask
{
	my ($self, %request) = @_;

	print { $self->{in} } JSON::PP->new->utf8->encode(\%request) . "\n";
	$self->{in}->flush;
	my $line = readline($self->{out}) // croak 'the signer has ended';
	my $answer = JSON::PP->new->utf8->decode($line);
	croak $answer->{error} if defined $answer->{error};
	return $answer;
}

sub DESTROY
{
	my ($self) = @_;
	local $?;

	# A process that was forked meanwhile has its pipe, too, so that closing it would not end it.
	return if $self->{of} != $$;
	kill('TERM', $self->{pid});
	waitpid($self->{pid}, 0);
}

1;

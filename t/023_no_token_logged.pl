# Access tokens are parameters of the gateway's statements: however much the server logs, they are not in the log.
use strict;
use warnings;

use BountyGo::Node;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
append_to_file("$dir/key", "0123456789abcdef0123456789abcdef\n");
chmod(0600, "$dir/key");
my $node = BountyGo::Node->create('quiet', stopped => 1, conf => "bountygo.jwt_key_file = '$dir/key'\n");
$node->sql('SELECT bountygo.init()');
my $user = $node->sql("SELECT bountygo.create_user('someone')");
my $token = $node->sql("SELECT bountygo.issue_token($user)");
my $route = $node->sql("SELECT id FROM bountygo.routes WHERE function = 'me'");

$node->sql("LOAD 'bountygo';\nALTER SYSTEM SET log_min_duration_statement = 0");
$node->sql("ALTER SYSTEM SET log_statement = 'all'");
$node->sql('ALTER SYSTEM SET log_parameter_max_length_on_error = -1');
$node->sql('SELECT pg_reload_conf()');
$node->wait_until("SELECT current_setting('log_parameter_max_length_on_error') = '-1'");

# As the gateway does: extended protocol, everything that comes from outside a parameter. One call that works, one that is refused.
append_to_file("$dir/script", "SELECT status FROM bountygo.call($route, :token, NULL, NULL, NULL);\n");
for my $sent ($token, substr($token, 0, -3) . 'AAA')
{
	IPC::Run::run([ 'pgbench', '-n', '-M', 'extended', '-t', '1', '-U', 'bountygo_gateway', '-f', "$dir/script", '-D', "token=$sent",
		'-h', $node->host, '-p', $node->port, 'postgres' ], '>', \my $out, '2>', \my $err);
	like($err, $sent eq $token ? qr/^(?!.*UB401|.*ERROR)/s : qr/the access token is not valid/, 'the call got where it should');
}
my $log = slurp_file($node->logfile);
like($log, qr/bountygo\.call\(\d+, \$1/, 'the statement is in the log');
unlike($log, qr/parameters: \$1/, 'without its parameters');
my ($payload) = $token =~ /\.([^.]+)\./;
unlike($log, qr/\Q$payload\E/, 'so no token is');
done_testing();

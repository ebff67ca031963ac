# Every documented question of list_tasks has a plan that walks an index and reads few rows, also where a value is rare or nobody
# has it; asked as the API asks, on skewed data.
use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use BountyGo::Node;
use Test::More;

my $tasks = 50_000;
# Rows that one node may read and throw away. What a walk and a sort of what is found cost at worst is the square root of 20 tasks
# times as many as there are, if filters know nothing of each other: 1000. They do; and a ranking looks for 500, not for 20.
my $most = 6_000;

my $node = BountyGo::Node->create('plans', stopped => 1, conf => "max_parallel_workers_per_gather = 2\nshared_buffers = 256MB\n");
$node->safe_psql('postgres', 'SELECT bountygo.init()');
my $lib = "$FindBin::RealBin/lib";
my ($status, $out, $err) = $node->psql('postgres', undef, extra_params => ['-q', '-v', "tasks=$tasks", '-f', "$lib/generated_tasks.sql"]);
is($status, 0, 'the data is there') or diag($err);
cmp_ok($node->sql('SELECT count(*) FROM bountygo.tasks'), '==', $tasks, "$tasks tasks");

# One session asks everything; plans come as messages between markers.
my $script;
my $questions = $node->safe_psql('postgres', "\\i $lib/list_queries.sql\nSELECT name || '|' || args FROM list_queries ORDER BY n");
my @questions = map { [split /\|/, $_, 2] } split /\n/, $questions;
cmp_ok(scalar(@questions), '>', 200, 'there are questions');
$script = <<'END';
LOAD 'auto_explain';
SET auto_explain.log_min_duration = 0;
SET auto_explain.log_nested_statements = on;
SET auto_explain.log_analyze = on;
SET auto_explain.log_timing = off;
SET auto_explain.log_level = notice;
SET ROLE bountygo_api;
END
$script .= "\\warn MARK $_->[0]\nSELECT jsonb_array_length(bountygo.list_tasks($_->[1]) -> 'items');\n" for @questions;
$script .= "\\warn MARK one task\nSELECT bountygo.get_task((SELECT min(t.id) FROM bountygo.tasks t));\n";
$script .= "\\warn MARK estimated\nSELECT bountygo.list_tasks(count => 'estimated', category => 'development');\n";
($status, $out, $err) = $node->psql('postgres', $script);
is($status, 0, 'all are answered') or diag(substr($err, -2000));
my @answers = grep { /^\d+$/ } split /\n/, $out;
is(scalar(@answers), scalar(@questions), 'each with a list');
cmp_ok(scalar(grep { $_ == 20 } @answers), '>', 150, 'most of them full');

my %plans;
my $name;
for my $line (split /\n/, $err)
{
	if ($line =~ /^MARK (.*)/)
	{
		$name = $1;
	}
	elsif (defined $name)
	{
		push @{ $plans{$name} }, $line;
	}
}
for my $question (@questions, ['one task'], ['estimated'])
{
	my @lines = @{ $plans{ $question->[0] } // [] };
	# A plan that was only asked for its estimate has no actual rows.
	my @bad = grep { /actual/ && /Seq Scan on (tasks|task_tags|task_counts|evidence|search_words|organizers|users|snapshots)\b/ } @lines;
	my $removed = 0;
	my $read = 0;

	for my $line (@lines)
	{
		$removed = $1 if $line =~ /Rows Removed by (?:Filter|Index Recheck): (\d+)/ && $1 > $removed;
		$read = $1 * $2 if $line =~ /Scan .*\(actual rows=(\d+) loops=(\d+)\)/ && $1 * $2 > $read;
	}
	my $bound = $question->[0] =~ /-relevance/ ? 2 * $most : $most;
	my $fine = @lines > 0 && !@bad && $removed <= $bound && $read <= 3 * $most;
	ok($fine, "$question->[0]: an index, at most $bound rows in vain")
	  or diag("in vain $removed, read $read\n" . join("\n", grep { /Scan|Sort|Filter|Cond|Limit|Nested|Hash/ } @lines));
}

$node->stop;
done_testing();

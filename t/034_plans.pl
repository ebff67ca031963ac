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

# And what comes is right: the first two pages of every filter and order are those of a plain statement that knows no index.
my $reference = <<'REFERENCE';
CREATE FUNCTION pg_temp.reference(state text DEFAULT 'open', status text DEFAULT NULL, category text DEFAULT NULL, tag text[] DEFAULT NULL, organizer_id bigint DEFAULT NULL,
	sponsor_id bigint DEFAULT NULL, reward_min numeric DEFAULT NULL, reward_max numeric DEFAULT NULL, currency text DEFAULT NULL, reward_type text DEFAULT NULL,
	closes_before timestamptz DEFAULT NULL, closes_after timestamptz DEFAULT NULL, language text DEFAULT NULL, has_deadline boolean DEFAULT NULL,
	source_host text DEFAULT NULL, url text DEFAULT NULL, sort text DEFAULT NULL) RETURNS bigint[] LANGUAGE sql AS $$
	SELECT ARRAY(SELECT t.id FROM bountygo.tasks t JOIN bountygo.task_counts c ON c.task_id = t.id,
			LATERAL bountygo.task_state(t.status, t.deadline_earliest, t.deadline, t.opens_at, t.gone_at, at => now()) AS s (state)
		WHERE CASE $1 WHEN 'any' THEN true WHEN 'open' THEN s.state::text NOT IN ('closed', 'gone') ELSE s.state::text = $1 END
			AND CASE WHEN $2 IS NULL THEN t.status <> 'draft' AND ($1 IN ('any', 'closed') OR t.status IN ('active', 'paused')) ELSE t.status::text = $2 END
			AND ($3 IS NULL OR t.category = (SELECT bountygo.category_of($3)))
			AND ($4 IS NULL OR t.id IN (SELECT tt.task_id FROM bountygo.task_tags tt JOIN bountygo.tags g ON g.id = tt.tag_id
				WHERE g.name_key = ANY (ARRAY(SELECT bountygo.name_key(n) FROM unnest($4) n)) GROUP BY 1 HAVING count(*) = cardinality($4)))
			AND ($5 IS NULL OR t.organizer_id = $5) AND ($6 IS NULL OR t.sponsor_id = $6) AND ($7 IS NULL OR t.reward_amount >= $7) AND ($8 IS NULL OR t.reward_amount <= $8)
			AND ($9 IS NULL OR t.reward_currency = upper($9)) AND ($10 IS NULL OR t.reward_distribution::text = $10) AND ($11 IS NULL OR t.deadline < $11)
			AND ($12 IS NULL OR t.deadline_earliest >= $12) AND ($13 IS NULL OR t.language = $13) AND ($14 IS NULL OR (t.deadline IS NOT NULL) = $14)
			AND ($15 IS NULL OR t.source_host = $15) AND ($16 IS NULL OR t.source_url = $16)
		ORDER BY CASE WHEN $17 = 'deadline' THEN t.deadline END NULLS LAST, CASE WHEN $17 = '-reward' THEN t.reward_amount END DESC NULLS LAST,
			CASE WHEN $17 = '-views' THEN c.views END DESC, CASE WHEN $17 = '-created_at' THEN t.created_at END DESC, CASE WHEN $17 = 'deadline' THEN t.id ELSE -t.id END
		LIMIT 40)
$$;
CREATE FUNCTION pg_temp.ids(list jsonb) RETURNS bigint[] LANGUAGE sql AS $$ SELECT ARRAY(SELECT (i ->> 'id')::bigint FROM jsonb_array_elements(list -> 'items') WITH ORDINALITY AS e (i, n) ORDER BY n) $$;
CREATE FUNCTION pg_temp.two_pages(args text) RETURNS bigint[] LANGUAGE plpgsql AS $$
DECLARE
	first jsonb;
	second jsonb := '{"items": []}';
BEGIN
	EXECUTE format('SELECT bountygo.list_tasks(%s)', args) INTO first;
	IF first ->> 'next' IS NOT NULL THEN
		EXECUTE format('SELECT bountygo.list_tasks(%s, cursor => %L)', args, first ->> 'next') INTO second;
	END IF;
	RETURN pg_temp.ids(first) || pg_temp.ids(second);
END
$$;
REFERENCE
my @plain = grep { $_->[1] !~ /^q =>/ } @questions;
$reference .= "SELECT pg_temp.two_pages(\$q\$$_->[1]\$q\$) = pg_temp.reference($_->[1]);\n" for @plain;
($status, $out, $err) = $node->psql('postgres', $reference);
is($status, 0, 'the plain statement answers, too') or diag(substr($err, -2000));
my @same = grep { /^[tf]?$/ } split /\n/, $out;
is($same[$_], 't', "$plain[$_][0]: the first 40 are right") for 0 .. $#plain;

$node->stop;
done_testing();

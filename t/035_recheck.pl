# The page of a task is looked at again: what it changes, what a person said stays, when it is gone, when it is back; and what workers
# do by the clock.
use strict;
use warnings;

use BountyGo::HttpServer;
use BountyGo::Node;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
my $web = BountyGo::HttpServer->start(root => $dir);
my $node = BountyGo::Node->create('recheck', preload => 1, conf => "bountygo.recheck_pause = 0\nbountygo.backoff_max = 1s\n");

sub write_file
{
	my ($name, $content) = @_;
	unlink "$dir/$name";
	PostgreSQL::Test::Utils::append_to_file("$dir/$name", $content) if defined $content;
}

# The page as it is now; its ETag follows what it says.
sub publish
{
	my (%page) = @_;

	write_file('river.html', <<"END");
<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>$page{title}</title></head>
<body><main><h1>$page{title}</h1>
<p>Organized by the River Lab. Build open tools for rivers, harbours and coasts, online, in teams of up to five people.</p>
<p>Submission deadline: $page{deadline}. Total prize pool: $page{reward}.</p>
<ul><li>1st place: $page{first}</li><li>2nd place: 1,000 USDC</li></ul>
<p>Every project has to be published under a free licence and come with a film of three minutes. The jury looks at usefulness and
quality of the code. Open to students only.</p></main></body></html>
END
	write_file('river.html.headers', "Content-Type: text/html\nETag: \"" . join('-', map { s/\W//gr } @page{ sort keys %page }) . "\"\n");
}

my $url = $web->url('/river.html');
my %page = (title => 'River Data Hackathon 2035', deadline => 'October 4, 2035, 23:59 UTC', reward => '5,000 USDC', first => '4,000 USDC');
publish(%page);
my $job = $node->ended($node->submit($url, auto_create => 1));
my $task = $job->{task_id};
ok($task, 'a task is made');

sub field { return $node->sql("SELECT $_[0] FROM bountygo.tasks WHERE id = $task") }
sub events { return $node->sql("SELECT coalesce(string_agg(kind, ' ' ORDER BY id), '') FROM bountygo.events WHERE task_id = $task") }
sub snapshots { return $node->sql("SELECT count(*) FROM bountygo.snapshots WHERE url = '$url'") }
sub recheck { return $node->ended($node->sql("SELECT bountygo.recheck_task($task) ->> 'id'")) }

is(field('reward_amount'), 5000, 'with its reward');
is(field("deadline = '2035-10-04 23:59:59.999999Z' OR deadline_date = '2035-10-04'"), 't', 'and deadline');
is(field("checked_at IS NOT NULL AND next_check_at BETWEEN now() + interval '6 days' AND now() + interval '8 days'"), 't',
	'the next look is a week off');

# Nothing new.
my $checked = field('checked_at');
$job = recheck();
is("$job->{kind} $job->{state} $job->{outcome}", 'recheck done not_modified', 'a page that has not changed');
is($job->{task_id}, $task, 'the job names its task');
is(snapshots(), 1, 'leaves no snapshot');
is(field("checked_at > '$checked'"), 't', 'but says when it was looked at');
is(events(), 'task_created', 'and makes no event');
# The same text, whatever the server says about it.
write_file('river.html.headers', "Content-Type: text/html\n");
$job = recheck();
is("$job->{state} $job->{outcome}", 'done not_modified', 'the same text under another ETag is no change');
is(snapshots(), 1, 'and no snapshot');

# A person corrects the title, and says that the eligibility is not known.
$node->sql("SELECT bountygo.apply_user_fields($task, '{\"title\": \"River Hackathon\", \"eligibility\": null}', NULL)");
is(field('title'), 'River Hackathon', 'a corrected title');

# The page moves its deadline, changes its reward and its title.
publish(%page = (%page, title => 'River Data Hackathon 2035 (extended)', deadline => 'October 18, 2035, 23:59 UTC', reward => '7,500 USDC',
	first => '6,500 USDC'));
$job = recheck();
is("$job->{state} $job->{outcome}", 'done ok', 'a page that has changed');
is(snapshots(), 2, 'is kept as another snapshot');
is(field('snapshot_id'), $job->{snapshot_id}, 'on which the task rests now');
is(field('reward_amount'), 7500, 'the reward follows the page');
is(field('deadline_date'), '2035-10-18', 'the deadline, too');
is(field('title'), 'River Hackathon', 'what a person said stays');
is(field('eligibility IS NULL'), 't', 'also that something is not known');
is($node->sql("SELECT string_agg(amount::text, ' ' ORDER BY place) FROM bountygo.rewards WHERE task_id = $task"), '6500 1000', 'the prizes are those of the page');
is($node->sql("SELECT string_agg(field, ' ' ORDER BY field) FROM bountygo.task_history WHERE task_id = $task AND method = 'recheck'"),
	'deadline milestones reward rewards', 'the history says what changed');
is($node->sql("SELECT payload -> 'fields' ? 'deadline' FROM bountygo.events WHERE task_id = $task AND kind = 'task_changed' ORDER BY id DESC LIMIT 1"), 't', 'an event, too');
is($node->sql("SELECT string_agg(DISTINCT (snapshot_id = $job->{snapshot_id})::text, ' ') FROM bountygo.evidence
	WHERE task_id = $task AND is_current AND field IN ('reward', 'deadline', 'rewards')"), 'true', 'what changed quotes the new page');
is($node->sql("SELECT count(*) > 0 FROM bountygo.evidence WHERE task_id = $task AND NOT is_current AND field = 'deadline' AND method NOT LIKE 'user:%'"), 't',
	'the old evidence is kept as history');

# A submit brings the task up to date as well, without asking for a recheck.
publish(%page = (%page, reward => '8,000 USDC', first => '7,000 USDC'));
$job = $node->ended($node->submit($url, auto_create => 1));
is($job->{task_id}, $task, 'a submitted page finds its task');
is(field('reward_amount'), 8000, 'and brings it up to date');

# One 404 is a mistake, two a day apart are not.
write_file('river.html.status', '404');
my $before = events();
$job = recheck();
is("$job->{state} $job->{outcome}", 'dead gone', 'the page is not found');
is(field('gone_at IS NULL AND not_found_at IS NOT NULL'), 't', 'once does not count');
is(events(), $before, 'nor is it an event');
recheck();
is(field('gone_at IS NULL'), 't', 'nor twice within the day');
$node->sql("UPDATE bountygo.tasks SET not_found_at = not_found_at - interval '1 day' WHERE id = $task");
recheck();
is(field('gone_at IS NOT NULL'), 't', 'a day later it is gone');
is(events(), "$before task_gone", 'which is an event');
recheck();
is(events(), "$before task_gone", 'that happens once');
is(field('reward_amount'), 8000, 'what was known of it stays');

# Back again.
write_file('river.html.status', undef);
recheck();
is(field('gone_at IS NULL AND not_found_at IS NULL'), 't', 'the page is back');
is(events(), "$before task_gone task_reopened", 'which is an event, too');

# 410 says it at once.
write_file('river.html.status', '410');
recheck();
is(field('gone_at IS NOT NULL'), 't', '410 counts at once');
write_file('river.html.status', undef);
recheck();

# By the clock: workers find what is due; somebody else's open recheck is the one that an asker gets.
$node->sql("UPDATE bountygo.tasks SET next_check_at = now() - interval '1 minute', checked_at = now() - interval '1 day' WHERE id = $task");
my $hits = $web->count('/river.html');
$node->restart;
ok($node->wait_until("SELECT checked_at > now() - interval '1 hour' FROM bountygo.tasks WHERE id = $task"), 'a worker looks at what is due when it starts');
is($web->count('/river.html'), $hits + 1, 'once');
is($node->sql("SELECT requested_by IS NULL AND priority < 0 FROM bountygo.jobs WHERE recheck_of = $task ORDER BY id DESC LIMIT 1"), 't', 'behind what people ask for');
$node->append_conf('postgresql.conf', "bountygo.recheck = off\nbountygo.paused = on\nbountygo.recheck_pause = 1h\n");
$node->reload;
$node->wait_until("SELECT current_setting('bountygo.paused') = 'on'");
$node->sql("UPDATE bountygo.tasks SET next_check_at = now() WHERE id = $task");
is($node->sql('SELECT bountygo.schedule_rechecks()'), 0, 'bountygo.recheck = off: nothing is due');
my $last = $node->sql("SELECT max(id) FROM bountygo.jobs WHERE recheck_of = $task");
is($node->sql("SELECT bountygo.recheck_task($task) ->> 'id'"), $last, 'bountygo.recheck_pause: the last one answers');
$node->append_conf('postgresql.conf', "bountygo.recheck = on\nbountygo.recheck_pause = 0\n");
$node->reload;
$node->wait_until("SELECT current_setting('bountygo.recheck') = 'on'");
is($node->sql('SELECT bountygo.schedule_rechecks()'), 1, 'on: it is');
is($node->sql('SELECT bountygo.schedule_rechecks()'), 0, 'once');
my $open = $node->sql("SELECT id FROM bountygo.jobs WHERE recheck_of = $task AND state = 'queued'");
is($node->sql("SELECT bountygo.recheck_task($task) ->> 'id'"), $open, 'the open one is what an asker gets');
is($node->sql("SELECT priority > 0 FROM bountygo.jobs WHERE id = $open"), 't', 'and now it goes ahead');

# Retention: old jobs go with their snapshots, tasks and what they rest on stay.
$node->sql("UPDATE bountygo.jobs SET finished_at = finished_at - interval '91 days' WHERE finished_at IS NOT NULL");
my $kept = $node->sql("SELECT count(*) FROM bountygo.snapshots s WHERE EXISTS (SELECT FROM bountygo.evidence e WHERE e.snapshot_id = s.id)
	OR EXISTS (SELECT FROM bountygo.tasks t WHERE t.snapshot_id = s.id)");
is($node->sql("SELECT (bountygo.tidy() ->> 'jobs')::integer > 0"), 't', 'ended jobs are deleted after their time');
is($node->sql('SELECT count(*) FROM bountygo.jobs WHERE finished_at IS NOT NULL'), 0, 'all of them');
is($node->sql("SELECT state FROM bountygo.jobs WHERE id = $open"), 'queued', 'open ones stay');
is(snapshots(), $kept, 'what tasks rest on stays');
is(field('reward_amount'), 8000, 'and so do they');

done_testing();

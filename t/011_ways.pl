# The other ways through the pipeline: text that was handed in, a page that has not changed, one that takes longer than a lease, previews.
use strict;
use warnings;

use BountyGo::HttpServer;
use BountyGo::Node;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir();
my @pages = BountyGo::Node::write_pages($dir, 'ways', 3);
my $web = BountyGo::HttpServer->start(root => $dir);
my $node = BountyGo::Node->create('ways', conf => "bountygo.lease = 5s\n");

# While a slow page outlives its lease, all else is done; it is not fetched twice.
my $slow = $node->submit($web->url('/slow?ms=8000'));

my $text = $node->sql("SELECT bountygo.submit_text('Parser bounty. We offer a reward of \$1,250 USD for a parser. Submissions are due by 4 October 2037, 17:00 UTC.') ->> 'id'");
my $job = $node->ended($text);
is("$job->{kind} $job->{state} $job->{outcome}", 'text done ok', 'text that was handed in is read');
is($job->{result}{fields}{reward}{value}{amount}, 1250, 'with its reward');
like($node->sql("SELECT url FROM bountygo.snapshots WHERE id = $job->{snapshot_id}"), qr/^text:[0-9a-f]{64}$/, 'its snapshot has no URL');

# A preview never makes a task; whoever is nobody may read it.
my $preview = $node->sql("SELECT bountygo.preview_url('" . $web->url($pages[0]) . "', 0) ->> 'id'");
$job = $node->ended($preview);
is("$job->{kind} $job->{state}", 'preview done', 'a preview is read');
ok($job->{result}{is_task}, 'it is a task');
is($job->{task_id}, undef, 'but none is made of it');
is($node->sql("SET ROLE bountygo_api; SELECT bountygo.get_job($preview) ->> 'state'"), 'done', 'anyone who knows its id may read it');

# Asked for again, the page is not sent again if it has not changed.
my $first = $node->ended($node->submit($web->url('/etag')));
my $again = $node->ended($node->submit($web->url('/etag')));
is("$again->{state} $again->{outcome}", 'done not_modified', 'a page that has not changed is said to be so');
is($again->{snapshot_id}, $first->{snapshot_id}, 'and keeps its snapshot');
is($again->{result}{text}, $first->{result}{text}, 'and its text');

# A task asked for while the job is open is made, once.
my $url = $web->url($pages[1]);
my $both = $node->sql("SELECT bountygo.submit_url('$url', false, 0) ->> 'id' = bountygo.submit_url('$url', true, 0) ->> 'id'");
is($both, 't', 'submitted twice in one transaction it is one job');
ok($node->wait_until("SELECT count(*) = 1 FROM bountygo.tasks WHERE source_url = '$url'"), 'whose task is made');
my $known = $node->sql("SELECT bountygo.submit_url('$url', true) ->> 'task_id'");
is($known, $node->sql("SELECT id FROM bountygo.tasks WHERE source_url = '$url'"), 'a fresh snapshot leads to the same task');
$url = $web->url($pages[0]);
like($node->sql("SELECT bountygo.submit_url('$url', true) ->> 'task_id'"), qr/^\d+$/, 'also when the snapshot was a preview\'s');


$job = $node->ended($slow);
is($job->{attempts}, 1, 'a page that takes longer than its lease keeps it');
is($web->count('/slow'), 1, 'and is fetched once');

$node->stop;
$web->stop;
done_testing();

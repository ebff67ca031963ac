# What is private to one user is found by nobody else: every route, as another user and as nobody, with the ids of the private objects, with
# filters, cursors, searches and keys of idempotency that aim at them. An answer about such an object is that about one that does not exist.
use strict;
use warnings;

use BountyGo::Fixtures;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my $api = BountyGo::Fixtures->start('two_users');
my $alice = $api->user('Alice Example', email => 'zq1mail@example.org');
my $bob = $api->user('Bob Example', email => 'bob@example.org');
my $no_id = 999_999_999;

# What is planted ------------------------------------------------------------------------------------------------

# A secret is a word that no request of others holds whole; "zq" alone is what they search for.
my %secrets = (email => 'zq1mail@example.org', draft_title => 'zq2draft quartz', draft_summary => 'zq3summary', draft_text => 'zq4text',
	todo_title => 'zq5todo', todo_notes => 'zq6notes', key_name => 'zq7key', report_note => 'zq8report', proposal => 'zq9proposal', agent => 'zq10agent',
	private_page => 'zq11page', preview_page => 'zq12preview', personal_todo => 'zq13personal', batch_page => 'zq14batch');
my $token = $alice->{token};
my %own;

for my $page (qw(private_page preview_page batch_page))
{
	my $file = "$api->{pages}/$secrets{$page}.html";

	PostgreSQL::Test::Utils::append_to_file($file, "<!doctype html><html lang=en><title>$secrets{$page} bounty</title><main><h1>$secrets{$page} bounty</h1>
		<p>We pay 700 USDC for $secrets{$page}. Deadline: 4 October 2037, 17:00 UTC.</p></main></html>");
	$own{"${page}_url"} = $api->{web}->url("/$secrets{$page}.html");
}
my $public = $api->task($bob, title => 'A public task of Bob', tags => ['rust']);
my $alices_public = $api->task($alice, title => 'A public task of Alice', tags => ['rust']);
$own{task} = $api->task($alice, title => $secrets{draft_title}, summary => $secrets{draft_summary}, description => $secrets{draft_text},
	status => 'draft', tags => ['rust'], deadline => '2031-05-01T12:00:00Z');
$own{todo} = $api->todo($alice, title => $secrets{personal_todo}, description => $secrets{todo_notes}, deadline => '2031-01-01T00:00:00Z');
$own{joined} = $api->todo($alice, task_id => $public, title => $secrets{todo_title}, description => $secrets{todo_notes});
$own{report} = $api->report($alice, $public, note => $secrets{report_note});
my $correction = $api->make('POST', "/tasks/$public/correct", token => $token, json => { field => 'summary', value => $secrets{proposal}, note => $secrets{report_note} });
is($correction->{status}, 'proposed', 'what Alice says of a task of Bob is a proposal');
my $private_job = $api->make('POST', '/url-agent/process', token => $token, headers => ['Prefer: wait=30'], json => { url => $own{private_page_url} });
is($private_job->{state}, 'done', 'a page that only Alice had read');
$own{job} = $private_job->{id};
$own{snapshot} = $private_job->{snapshot_id};
$own{preview} = $api->make('POST', '/url-agent/extract-info', token => $token, headers => ['Prefer: wait=30'], json => { url => $own{preview_page_url} })->{id};
$own{group} = $api->make('POST', '/url-agent/batch', token => $token, json => { urls => [ $own{batch_page_url} ] })->{group_id};
# A page that both had read is public by Bob's task; a message, a report and a draft beside it are more ways to hers.
my $page = $api->page_task($bob);
$api->report($alice, $page->{id}, note => $secrets{report_note});
$api->message($alice, $alices_public, 'What anyone may read');
my $key = $api->api_key($alice, name => $secrets{key_name});
$own{key} = $key->{id};
@secrets{qw(key key_prefix)} = @$key{qw(key prefix)};
$own{wallet} = $api->wallet($alice);
$secrets{wallet} = $api->sql("SELECT address FROM bountygo.user_wallets WHERE id = $own{wallet}");
# A session of Alice that came in by her wallet, with the name of her device.
my $wallet_key = BountyGo::Fixtures::wallet_key();
my $link = $api->signed_message($wallet_key);
$api->make('POST', '/auth/wallet/link', token => $token, json => { map { $_ => $link->{$_} } qw(message signature) });
my $signed = $api->signed_message($wallet_key);
my $tokens = $api->make('POST', '/auth/wallet/verify', headers => ["User-Agent: $secrets{agent}"], json => { map { $_ => $signed->{$_} } qw(message signature) });
is($tokens->{user}{id}, $alice->{id}, 'the wallet signs Alice in');
@secrets{qw(access_token refresh_token second_wallet)} = ($tokens->{access_token}, $tokens->{refresh_token}, $signed->{address});
$own{session} = $api->sql("SELECT max(id) FROM bountygo.sessions WHERE user_id = $alice->{id}");
my $repeated = { title => 'zq15repeated', description => 'only once' };
$secrets{repeated} = 'zq15repeated';
$api->make('POST', '/todos', token => $token, headers => ['Idempotency-Key: the-same-key'], json => $repeated);

# She herself finds all of it, so that the search below can find something.
my $hers = join "\n", map { $api->send('GET', "/api/v1$_", token => $token)->{body} // '' } '/users/me', "/tasks/$own{task}", '/todos', '/auth/keys',
	'/reports', "/reports/$own{report}", '/url-agent/jobs', "/url-agent/jobs/$own{job}", "/url-agent/jobs/$own{preview}", '/users/me/wallets', '/auth/sessions', '/tasks?status=draft&state=any';
for my $name (sort keys %secrets)
{
	next if $name =~ /^(key|access_token|refresh_token)$/;
	like($hers, qr/\Q$secrets{$name}\E/, "Alice finds her own $name");
}

sub state_of_alice
{
	return $api->sql(join ' UNION ALL ', map { "SELECT '$_', md5(string_agg(x::text, ' ' ORDER BY x::text)) FROM bountygo.$_ x WHERE " . {
		tasks => "x.sponsor_id = $alice->{id}", todos => "x.user_id = $alice->{id}", jobs => "x.requested_by = $alice->{id} AND x.finished_at IS NOT NULL",
		users => "x.id = $alice->{id}", user_wallets => "x.user_id = $alice->{id}", reports => "x.reporter_id = $alice->{id}",
		sessions => "x.user_id = $alice->{id}", api_keys => "x.user_id = $alice->{id}" }->{$_} } qw(tasks todos jobs users user_wallets reports sessions api_keys));
}
$api->node->wait_until("SELECT count(*) = 0 FROM bountygo.jobs WHERE requested_by = $alice->{id} AND finished_at IS NULL");
my $before = state_of_alice();

# How others look for it -----------------------------------------------------------------------------------------

my @routes = @{ $json->decode($api->sql("SELECT jsonb_agg(to_jsonb(r) ORDER BY r.id) FROM bountygo.routes r")) };
my %arguments;
push @{ $arguments{ $_->{route} } }, $_
	for @{ $json->decode($api->sql("SELECT jsonb_agg(to_jsonb(a) ORDER BY a.route, a.n) FROM bountygo.route_arguments() a")) };
my ($looks, $leaks, @differing, @visible, @miscounted) = (0, 0);

sub escape { my ($text) = @_; utf8::encode($text); $text =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ge; return $text }

# Sends it as somebody; no secret may come back that was not sent along.
sub look
{
	my ($who, $method, $path, %options) = @_;
	my $body = defined $options{body} ? $json->encode($options{body}) : undef;
	my $answer = $api->send($method, $path, ($who ? (token => $who->{token}) : ()), headers => $options{headers} // [], defined $body ? (body => $body) : ());
	my $all = join "\n", $answer->{body} // '', map { "$_: $answer->{headers}{$_}" } sort keys %{ $answer->{headers} };
	my $sent = $path . ($body // '');

	$looks++;
	for my $name (sort keys %secrets)
	{
		my $secret = $secrets{$name};

		next if index($all, $secret) < 0 || index($sent, $secret) >= 0 || index($sent, escape($secret)) >= 0;
		$leaks++;
		fail(($who ? 'another user' : 'nobody') . " learns $name by $method $path") or diag(substr $all, 0, 600);
	}
	return $answer;
}

# The answer without what names the request or the object.
sub plain
{
	my ($answer, @ids) = @_;
	my $body = $answer->{body} // '';

	$body =~ s/"request_id":\s*"[^"]*"//;
	$body =~ s/\b$_\b/ID/g for @ids;
	return "$answer->{status} $body";
}

# Private objects by the path that leads to them.
my @private = ([ qr{^/api/v1/tasks/\{id\}} => 'task' ], [ qr{^/api/v1/analytics/tasks/\{id\}} => 'task' ], [ qr{todos/\{id\}} => 'todo' ],
	[ qr{/reports/\{id\}} => 'report' ], [ qr{/url-agent/jobs/\{id\}} => 'job' ], [ qr{/wallets/\{id\}} => 'wallet' ], [ qr{/sessions/\{id\}} => 'session' ],
	[ qr{/auth/keys/\{id\}} => 'key' ]);

for my $route (@routes)
{
	my ($method, $path) = @$route{qw(method path)};
	my @list = @{ $arguments{ $route->{id} } // [] };
	my $body = $route->{example}{body};
	my ($kind) = map { $path =~ $_->[0] ? $_->[1] : () } @private;

	# What would end Bob's own session or account is left out: it can't be about Alice.
	next if $route->{function} =~ /^(delete_me|sign_out|sign_out_everywhere)$/;
	for my $who ($bob, undef)
	{
		if ($kind)
		{
			for my $which ($kind, $kind eq 'todo' ? 'joined' : $kind eq 'job' ? 'preview' : ())
			{
				my $hidden = $path =~ s/\{id\}/$own{$which}/r;
				my $absent = $path =~ s/\{id\}/$no_id/r;
				my $one = look($who, $method, $hidden, body => $body);
				my $other = look($who, $method, $absent, body => $body);

				push @differing, "$method $hidden: " . plain($one) . ' / ' . plain($other)
					if plain($one, $own{$which}) ne plain($other, $no_id);
				push @visible, "$method $hidden: $one->{status}" if $one->{status} < 400;
			}
			# What is public must not lead to what is not.
			if ($kind eq 'task' && $method eq 'GET')
			{
				look($who, $method, $path =~ s/\{id\}/$_/r) for $public, $alices_public, $page->{id};
			}
			next;
		}
		my $target = $path;

		$target =~ s/\{url\}/escape($own{private_page_url})/e;
		$target =~ s/\{provider\}/example/;
		$target =~ s/\{(id|tag_id)\}/$path =~ m{^.api.v1.users} ? $alice->{id} : 1/e;
		if ($method ne 'GET')
		{
			my %ids = (task_id => $own{task}, job_id => $own{job});
			my $answer = look($who, $method, $target, body => { %{ $body // {} }, map { $_->{name} => $ids{ $_->{name} } } grep { $ids{ $_->{name} } } @list });

			next;
		}
		look($who, $method, $target);
		# Each filter, aimed at her; all values of those that are enumerated.
		my %aims = (q => [ 'zq', 'quartz', 'zq2draft' ], sponsor_id => [ $alice->{id} ], status => [ 'draft', 'open', 'active' ], state => [ 'any', 'open', 'done', 'queued' ],
			url => [ @own{qw(private_page_url preview_page_url batch_page_url)} ], source_host => ['127.0.0.1'], group_id => [ $own{group} ],
			task_id => [ $own{task}, $public ], tag => ['rust'], organizer_id => [1], has_deadline => [qw(true false)], is_completed => [qw(true false)],
			kind => [qw(report correction)], limit => [100], sort => [qw(-created_at created_at deadline -reward -views name)], is_active => [qw(true false)],
			closes_before => ['2032-01-01T00:00:00Z'], closes_after => ['2030-01-01T00:00:00Z'], from => ['2020-01-01T00:00:00Z'], to => ['2040-01-01T00:00:00Z'], days => [365]);
		for my $argument (map { $_->{name} } @list)
		{
			for my $value (@{ $aims{$argument} // [] })
			{
				my $more = $argument eq 'status' && $value eq 'draft' ? "&state=any&sponsor_id=$alice->{id}" : '';

				look($who, $method, "$target?$argument=" . escape($value) . $more);
			}
		}
		if (grep { $_->{name} eq 'cursor' } @list)
		{
			# A cursor that was made for her goes on behind her rows, with what the caller may see.
			my $mine = $api->send('GET', "$target?limit=1", token => $token);

			look($who, $method, "$target?limit=100&cursor=" . escape($mine->{json}{next})) if $mine->{json}{next};
			# A total counts what the caller may see, and no more.
			for my $filter ('', ((grep { $_->{name} eq 'sponsor_id' } @list) ? ("&sponsor_id=$alice->{id}&state=any&status=draft", '&state=any') : ()))
			{
				for my $count ((grep { $_->{name} eq 'sponsor_id' } @list) ? qw(exact estimated) : 'exact')
				{
					my $counted = look($who, $method, "$target?limit=100$filter", headers => ["Prefer: count=$count"])->{json};

					push @miscounted, "$target?limit=100$filter $count: $counted->{total} of " . scalar @{ $counted->{items} }
						if defined $counted->{total} && $counted->{total} != @{ $counted->{items} };
				}
			}
		}
		look($who, $method, "$target?fields=email,sponsor,items,user,reporter,note,author") if $path =~ m{^/api/v1/.};
	}
}

# What is not by a route of its own.
for my $who ($bob, undef)
{
	look($who, 'GET', "/api/v1/url-agent/jobs/$own{job}", headers => ['Prefer: wait=1']);
	my $again = look($who, 'POST', '/api/v1/todos', body => { title => 'My own' }, headers => ['Idempotency-Key: the-same-key']);
	is($again->{status}, $who ? 201 : 401, 'her Idempotency-Key is hers');
	my $card = look($who, 'GET', '/api/v1/x/' . escape($own{private_page_url}));
	is($card->{status}, 404, 'there is no card of a page that only she had read');
	is(look($who, 'GET', "/api/v1/tasks/$own{task}/snapshot")->{status}, 404, 'nor the page of a draft');
	my $user = look($who, 'GET', "/api/v1/users/$alice->{id}");
	is_deeply([ sort keys %{ $user->{json} } ], [qw(avatar_url created_at id nickname)], 'of a user others see four things');
}
# The same words in a patch of hers by Bob, and tokens of hers that are spent.
is(look($bob, 'PATCH', "/api/v1/tasks/$alices_public", body => { title => 'Mine now' })->{status}, 403, 'her public task is not his to change');
is(look($bob, 'GET', "/api/v1/tasks/$alices_public?fields=sponsor")->{status}, 200, 'though to read');
# A total must not count what is hidden.
my $total = look($bob, 'GET', "/api/v1/tasks?state=any&sponsor_id=$alice->{id}", headers => ['Prefer: count=exact'])->{json};
is($total->{total}, 1, 'totals count what one may see') or diag(explain($total));
# In SQL the same: with the rights of the API and another's token.
my $in_sql = $api->sql("BEGIN; SET LOCAL ROLE bountygo_api; SELECT bountygo.authenticate('$bob->{token}') > 0; SELECT bountygo.list_tasks(state => 'any', status => 'draft');
	SELECT bountygo.list_todos(); SELECT bountygo.list_jobs(); SELECT bountygo.list_reports(); COMMIT");
unlike($in_sql, qr/zq\d/, 'SQL users see no more');

is_deeply(\@visible, [], 'no private object answered with success');
is_deeply(\@miscounted, [], 'totals are of what one may see');
is_deeply(\@differing, [], 'what is private answers as what does not exist');
is($leaks, 0, "no secret in $looks answers");
is(state_of_alice(), $before, 'and nothing of hers has changed');
is(scalar(() = $api->gateway->log =~ /"status":500/g), 0, 'no answer was a 500');
unlike($api->gateway->log, qr/zq1mail|zq7key|\Q$secrets{key}\E|\Q$secrets{access_token}\E|\Q$secrets{refresh_token}\E/, 'nor in the log');
is($api->stop, 0, 'the gateway ends well');
done_testing();

# Every route, by every kind of caller, with good and with wrong input: each answer is held against the OpenAPI document (t/npm/conform.mjs),
# and what REST answers is what bountygo.call() answers in SQL.
use strict;
use warnings;

use BountyGo::Fixtures;
use BountyGo::Npm;
use JSON::PP ();
use PostgreSQL::Test::Utils;
use Test::More;

my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my $api = BountyGo::Fixtures->start('conformance');
my %users = map { $_ => $api->user("User $_", email => "$_\@example.org", role => /moderator|admin/ ? $_ : 'user') }
	qw(alice bob moderator admin);
my ($alice, $bob, $moderator, $admin) = @users{qw(alice bob moderator admin)};
my $oidc = $api->oidc_providers(qw(google clerk example));

my $narrow_key = $api->api_key($alice, scopes => ['tags:write'])->{key};
my $wide_key = $api->api_key($alice, scopes => [ split /\n/, $api->sql("SELECT DISTINCT scope FROM bountygo.routes WHERE scope IS NOT NULL") ])->{key};

# What the tests know of the routes is what the database says of them.
my @routes = @{ $json->decode($api->sql("SELECT jsonb_agg(to_jsonb(r) ORDER BY r.id) FROM bountygo.routes r")) };
my %arguments;
push @{ $arguments{ $_->{route} } }, $_
	for @{ $json->decode($api->sql("SELECT jsonb_agg(to_jsonb(a) ORDER BY a.route, a.n) FROM bountygo.route_arguments() a")) };
my $document = $api->send('GET', '/openapi.json');
is($document->{status}, 200, 'the document is there');

# Good requests --------------------------------------------------------------------------------------------------

# What a route needs beyond its example: path parameters, query, body, who asks. By function; "METHOD path" where that is not enough.
my $public_task = $api->task($alice, title => 'A public task', tags => ['rust'], reward_amount => 5, reward_currency => 'USDC',
	deadline => '2031-05-01T12:00:00Z');
my $counter = 0;
my $page;
sub page { return $page //= $api->page_task($alice) }
my %good = (
	public_user => sub { { path => { id => $alice->{id} } } },
	admin_update_user => sub { { path => { id => $api->user('Somebody')->{id} } } },
	delete_me => sub { { as => $api->user('Leaving') } },
	unlink_wallet => sub { my $user = $api->user('Two wallets'); $api->wallet($user); { as => $user, path => { id => $api->wallet($user) } } },
	set_primary_wallet => sub { { path => { id => $api->wallet($alice) } } },
	get_task => sub { { path => { id => page()->{id} } } },
	task_evidence => sub { { path => { id => page()->{id} } } },
	task_snapshot => sub { { path => { id => page()->{id} } } },
	list_task_history => sub { { path => { id => $public_task } } },
	similar_tasks => sub { { path => { id => page()->{id} } } },
	update_task => sub { { path => { id => $public_task } } },
	delete_task => sub { { path => { id => $api->task($alice) } } },
	join_task => sub { { path => { id => $api->task($bob) } } },
	leave_task => sub { my $task = $api->task($bob); $api->join_task($alice, $task); { path => { id => $task } } },
	complete_task => sub { { path => { id => $api->task($alice) } } },
	list_messages => sub { $api->message($alice, $public_task); { path => { id => $public_task } } },
	post_message => sub { { path => { id => $public_task } } },
	get_message => sub { { path => { id => $api->message($alice, $public_task) } } },
	edit_message => sub { { path => { id => $api->message($alice, $public_task) } } },
	delete_message => sub { { path => { id => $api->message($alice, $public_task) } } },
	submit_url => sub { { body => { url => $api->page, auto_create => JSON::PP::true } } },
	submit_urls => sub { { body => { urls => [ $api->page, 'nonsense' ] } } },
	preview_url => sub { { body => { url => $api->page } } },
	get_job => sub { { as => $alice, path => { id => page()->{job} } } },
	cancel_job => sub { { path => { id => $api->hanging_job($alice) } } },
	create_task_from_job => sub {
		my $job = $api->make('POST', '/url-agent/process', token => $alice->{token}, headers => ['Prefer: wait=30'], json => { url => $api->page });
		{ body => { job_id => $job->{id} } } },
	card => sub { { path => { url => page()->{url} } } },
	recheck_task => sub { { path => { id => $api->page_task($alice)->{id} } } },
	correct_task => sub { { path => { id => page()->{id} } } },
	split_task => sub {
		my ($one, $two) = ($api->page_task($alice), $api->page_task($alice));
		$api->sql("WITH c AS (INSERT INTO bountygo.clusters (canonical_task_id) VALUES ($one->{id}) RETURNING id) UPDATE bountygo.tasks SET cluster_id = c.id FROM c WHERE tasks.id IN ($one->{id}, $two->{id})")
			unless $api->sql("SELECT cluster_id FROM bountygo.tasks WHERE id = $two->{id}");
		{ path => { id => $two->{id} } } },
	report_task => sub { { path => { id => $public_task }, as => $bob } },
	get_report => sub { { path => { id => $api->report($alice, $api->task($bob)) } } },
	resolve_report => sub { { path => { id => $api->report($bob, $api->task($alice)) } } },
	get_todo => sub { { path => { id => $api->todo($alice) } } },
	update_todo => sub { { path => { id => $api->todo($alice) } } },
	delete_todo => sub { { path => { id => $api->todo($alice) } } },
	wallet_nonce => sub { { body => { address => $api->identity('wallet', BountyGo::Fixtures::wallet_key())->{address} } } },
	wallet_sign_in => sub { my $s = $api->signed_message(BountyGo::Fixtures::wallet_key()); { body => { map { $_ => $s->{$_} } qw(message signature) } } },
	wallet_link => sub { my $s = $api->signed_message(BountyGo::Fixtures::wallet_key()); { body => { map { $_ => $s->{$_} } qw(message signature) } } },
	oidc_sign_in => sub { { path => { provider => 'example' }, body => { id_token => $oidc->{example} } } },
	oidc_link => sub { { path => { provider => 'example' }, body => { id_token => $api->oidc_providers('another')->{another} },
		path => { provider => 'another' } } },
	google_sign_in => sub { { body => { google_token => $oidc->{google} } } },
	clerk_sign_in => sub { { body => { clerk_token => $oidc->{clerk} } } },
	refresh_session => sub { { body => { refresh_token => $api->wallet_user->{refresh_token} } } },
	sign_out => sub { { as => { token => $api->wallet_user->{access_token} } } },
	sign_out_everywhere => sub { { as => { token => $api->wallet_user->{access_token} } } },
	revoke_session => sub {
		my $tokens = $api->wallet_user;
		my $session = $api->make('GET', '/auth/sessions', token => $tokens->{access_token})->{items}[0]{id};
		{ as => { token => $tokens->{access_token} }, path => { id => $session } } },
	revoke_api_key => sub { { path => { id => $api->api_key($alice)->{id} } } },
	get_organizer => sub { { path => { id => $api->organizer($alice) } } },
	update_organizer => sub { { path => { id => $api->organizer($alice) } } },
	merge_organizer => sub { { path => { id => $api->organizer($alice) }, body => { into => $api->organizer($alice) } } },
	verify_organizer => sub { { path => { id => $api->organizer($alice) } } },
	get_tag => sub { { path => { id => $api->tag($moderator) } } },
	update_tag => sub { { path => { id => $api->tag($moderator) }, body => { synonyms => ['other name ' . ++$counter] } } },
	delete_tag => sub { { path => { id => $api->tag($moderator) } } },
	set_tag_interest => sub { { path => { tag_id => $api->tag($moderator) } } },
	'POST /api/v1/tags/me/profile' => sub { {} },
	remove_tag_interest => sub {
		my $tag = $api->tag($moderator);
		$api->make('PUT', "/tags/me/profile/$tag", token => $alice->{token}, json => { weight => 3 });
		{ path => { tag_id => $tag } } },
	task_analytics => sub { { path => { id => $public_task } } },
);

my %caller = (none => undef, optional => undef, user => $alice, moderator => $moderator, admin => $admin);

sub escape { my ($text) = @_; utf8::encode($text); $text =~ s/([^A-Za-z0-9._~-])/sprintf '%%%02X', ord $1/ge; return $text }

# An example is whole; what %good says comes on top.
sub good_request
{
	my ($route) = @_;
	my $make = $good{"$route->{method} $route->{path}"} // $good{ $route->{function} };
	my %made = $make ? %{ $make->() } : ();
	my $example = $route->{example} // {};
	my %request = (as => exists $made{as} ? $made{as} : $caller{ $route->{auth} });

	$request{path} = { %{ $example->{path} // {} }, %{ $made{path} // {} } };
	$request{query} = { %{ $example->{query} // {} }, %{ $made{query} // {} } };
	$request{body} = $made{body} || $example->{body} ? { %{ $example->{body} // {} }, %{ $made{body} // {} } } : undef;
	return \%request;
}

# A value as it stands in a query, a word for each element of a list.
sub words
{
	my ($value) = @_;

	return ref $value eq 'ARRAY' ? @$value : JSON::PP::is_bool($value) ? ($value ? 'true' : 'false') : $value;
}

sub target
{
	my ($route, $request) = @_;
	my $path = $route->{path};
	my @query;

	$path =~ s/\{(\w+)\}/escape($request->{path}{$1} \/\/ 1)/ge;
	for my $name (sort keys %{ $request->{query} // {} })
	{
		my $value = $request->{query}{$name};

		push @query, map { "$name=" . escape($_) } words($value);
	}
	return @query ? "$path?" . join '&', @query : $path;
}

# Sending and keeping --------------------------------------------------------------------------------------------

my @exchanges;
my %failures;

sub failed
{
	my ($route, $text) = @_;

	push @{ $failures{ $route->{id} } }, $text;
	return;
}

sub exchange
{
	my ($route, $name, $request, %options) = @_;
	my $body = $request->{body};
	my $answer = $api->send($route->{method}, target($route, $request),
		(defined $request->{as} ? (token => $request->{as}{token}) : ()), headers => $options{headers} // [],
		(exists $options{raw} ? (body => $options{raw}) : defined $body ? (body => $json->encode($body)) : ()));

	push @exchanges, { name => "$route->{id}|$name", template => $route->{path}, method => $route->{method},
		good => $options{good} ? JSON::PP::true : JSON::PP::false, (defined $body ? (body => $body) : ()), status => $answer->{status},
		headers => $answer->{headers}, answer => $answer->{body} };
	failed($route, "$name: $answer->{status} " . substr($answer->{body} // '', 0, 300))
		unless grep { $answer->{status} == $_ } @{ $options{expect} };
	return $answer;
}

# A value that the type of an argument does not take.
sub wrong_value
{
	my ($schema, $in_body) = @_;
	my $type = $schema->{type} // ($schema->{'$ref'} ? 'enum' : 'any');

	return if $type eq 'any';
	return $in_body ? 5 : undef if $type eq 'string' && !$schema->{format};
	return 'nonsense' if $type =~ /^(integer|number|boolean|enum|string)$/;
	return $in_body ? 'nonsense' : $schema->{items}{type} && $schema->{items}{type} eq 'string' ? undef : 'nonsense';
}

# Values just beyond the limits that the documentation names.
sub beyond
{
	my ($schema) = @_;
	my @values;

	push @values, $schema->{minimum} - 1 if defined $schema->{minimum};
	push @values, $schema->{maximum} + 1 if defined $schema->{maximum};
	push @values, 'x' x ($schema->{maxLength} + 1) if defined $schema->{maxLength} && $schema->{maxLength} < 300_000;
	push @values, [ map { "x$_" } 1 .. $schema->{maxItems} + 1 ] if defined $schema->{maxItems};
	push @values, 'x' x ($schema->{minLength} - 1) if defined $schema->{minLength};
	push @values, [] if defined $schema->{minItems};
	push @values, $schema->{exclusiveMaximum} if defined $schema->{exclusiveMaximum};
	push @values, 'no such thing!' if defined $schema->{pattern} || defined $schema->{enum};
	push @values, [ 'x' x ($schema->{items}{maxLength} + 1) ] if defined $schema->{items}{maxLength};
	push @values, [''] if defined $schema->{items}{minLength};
	push @values, ['no such thing!'] if defined $schema->{items}{pattern} || defined $schema->{items}{format};
	return @values;
}

# What people send who mean no good, or whose programs are broken.
sub hostile_json
{
	return ('"\\u0001"', '"a\\u0000b"', '"\\ud800"', '"\\u202eabc"', q{"'; DROP TABLE bountygo.tasks; --"}, '"%s%n{id}"', '"\\ud83d\\ude00"', '"' . 'x' x 60000 . '"', '" "',
		'-0', '1e400', '-1e400', '1e-400', '9223372036854775808', '-9223372036854775808', '2147483648', '0.1', '1' . '0' x 400, 'NaN',
		'"infinity"', '"-infinity"', '"NaN"', '"294277-01-01T00:00:00Z"', '"0000-00-00T00:00:00Z"', '"2031-02-30"', '"P1000000000Y"', '"P-3D"',
		'[]', '[null]', '[[]]', '[[1], [2]]', '["a", 5]', '[{}]', '{}', '{"name": null}', '{"date": "x", "amount": {}}', '{"a": {"b": {"c": []}}}', '[' x 30 . ']' x 30,
		'[' . join(',', ('"x"') x 2000) . ']', 'true', '"true"', 'null');
}

sub hostile_words
{
	return ('', ' ', "\x01", "\x{202e}abc", "\x{1f600}", q{'; DROP TABLE bountygo.tasks; --}, '%', '%s%n', '\\', '"', '"a b', '(((', 'a & | !', '-', '- -', '*', 'x' x 5000,
		'-0', '1e400', '9223372036854775808', '-9223372036854775808', '0x10', 'NaN', 'infinity', '-infinity', '294277-01-01T00:00:00Z', '0000-01-01', '{}', '{1,2}', '[]', 'null', 'true');
}

for my $route (@routes)
{
	my $request = eval { good_request($route) };

	if (!$request)
	{
		failed($route, "no good request could be made: $@");
		next;
	}
	my @arguments = @{ $arguments{ $route->{id} } // [] };
	my $has_body = grep { $_->{place} eq 'body' } @arguments;
	my @success = ($route->{success_status}, $route->{is_async} ? 200 : ());

	# What is wrong comes first: none of it may spoil the good request.
	exchange($route, 'nobody', { %$request, as => undef }, expect => [401]) if $route->{auth} =~ /^(user|moderator|admin)$/;
	# Where nobody needs to sign in, tokens are not looked at.
	exchange($route, 'a bad token', { %$request, as => { token => 'nonsense' } }, expect => [401]) if $route->{auth} ne 'none';
	exchange($route, 'a user', { %$request, as => $bob }, expect => [403]) if $route->{auth} =~ /^(moderator|admin)$/;
	exchange($route, 'a moderator', { %$request, as => $moderator }, expect => [403]) if $route->{auth} eq 'admin';

	# What is not known.
	# (The gateway itself answers /health.)
	exchange($route, 'an unknown parameter', { %$request, query => { %{ $request->{query} }, nonsense => 1 } }, expect => [422])
		if $route->{path} ne '/health';
	exchange($route, 'an unknown member', { %$request, body => { %{ $request->{body} // {} }, nonsense => 1 } }, expect => [422])
		if $route->{method} ne 'GET';
	if ($has_body)
	{
		exchange($route, 'no JSON', $request, raw => '{"', expect => [400]);
		exchange($route, 'a list for a body', $request, raw => '[]', expect => [400, 422]);
		exchange($route, 'nothing', { %$request, body => {} }, expect => [422]) if grep { $_->{is_required} && $_->{place} eq 'body' } @arguments;
	}

	# Wrong values, one by one.
	for my $argument (@arguments)
	{
		my ($name, $place) = @$argument{qw(name place)};

		for my $value (grep { defined } wrong_value($argument->{schema}, $place eq 'body'), beyond($argument->{schema}))
		{
			next if ref $value && $place ne 'body';
			my $shown = substr(ref $value ? 'a long list' : $value, 0, 20);
			# A name or an id that can't be is as much not there as one that could.
			my $expect = $place eq 'path' || $name =~ /(^|_)id$/ && $value =~ /^-?\d+$/ ? [404, 422] : [422];

			exchange($route, "$name: $shown", { %$request, $place => { %{ $request->{$place} // {} }, $name => $value } }, expect => $expect);
		}
	}
	# Whatever it is, it is never a fault of the service; nothing of it stays.
	for my $argument (grep { $_->{place} ne 'path' } @arguments)
	{
		my ($name, $place) = @$argument{qw(name place)};

		for my $raw ($place eq 'body' ? hostile_json() : ())
		{
			my %rest = %{ $request->{body} // {} };

			delete $rest{$name};
			my $members = $json->encode(\%rest) =~ s/\A\{|\}\z//gr;
			exchange($route, "$name: " . substr($raw, 0, 30), $request, raw => "{\"$name\": $raw" . ($members eq '' ? '' : ", $members") . '}',
				headers => ['Prefer: tx=rollback'], expect => [ @success, 204, 400, 401, 404, 409, 413, 422 ]);
		}
		for my $word ($place eq 'query' ? hostile_words() : ())
		{
			exchange($route, "$name: " . substr($word, 0, 30), { %$request, query => { %{ $request->{query} }, $name => $word } },
				expect => [ @success, 400, 404, 414, 422 ]);
		}
	}
	# Null, where it must not be.
	for my $argument (grep { $_->{place} eq 'body' && !$_->{is_nullable} && ($_->{schema}{type} || $_->{schema}{'$ref'}) } @arguments)
	{
		exchange($route, "$argument->{name}: null", { %$request, body => { %{ $request->{body} // {} }, $argument->{name} => undef } },
			expect => [422, $argument->{name} =~ /_id$/ ? 404 : ()]);
	}
	# With an API key: only with the scope that the route names, and where it names none only if anybody may.
	if ($route->{auth} ne 'none' && ($request->{as} // $alice) == $alice)
	{
		# Where one need not sign in, such a key is nobody.
		exchange($route, 'a key for something else', { %$request, as => { token => $narrow_key } },
			expect => $route->{auth} eq 'optional' ? [ @success, 404 ] : [403]) if ($route->{scope} // '') !~ /^tags:/;
		exchange($route, 'a key with its scope', { %$request, as => { token => $wide_key } },
			expect => [ $route->{function} =~ /^(auth_status|export_me)$/ ? (200, 403) : @success ])
			if defined $route->{scope} && $route->{method} eq 'GET';
	}
	# A dry run says what would be, and what comes after finds nothing of it. Secrets can't be had by one.
	exchange($route, 'a dry run', $request, headers => ['Prefer: tx=rollback'],
		expect => $route->{is_secret} || defined $route->{null_code} ? [422] : \@success) if $route->{method} ne 'GET';
	# As it should be, and the same through SQL; POST also a second time, which is the first one's answer.
	my @once = $route->{method} eq 'POST' ? ("Idempotency-Key: walk-$route->{id}") : ();
	my $answer = exchange($route, 'good', $request, expect => \@success, good => 1, headers => \@once);
	if (@once && !$route->{is_async} && $route->{function} !~ /^sign_out/)
	{
		my $again = exchange($route, 'repeated', $request, expect => [ $answer->{status} ], headers => \@once);
		failed($route, "repeated: another answer: $again->{body}") if ($again->{body} // '') ne ($answer->{body} // '');
		failed($route, 'repeated: another Location') if ($again->{headers}{location} // '') ne ($answer->{headers}{location} // '');
	}
	compare_with_sql($route, $request, $answer) if $route->{method} eq 'GET' && $answer->{status} == 200;
	if ($route->{method} eq 'GET' && $answer->{status} == 200 && $answer->{headers}{etag})
	{
		my $again = exchange($route, 'unchanged', $request, headers => ["If-None-Match: $answer->{headers}{etag}"], expect => [304, 200]);
		failed($route, 'an answer that is the same has no 304') if $again->{status} == 200 && $again->{body} eq $answer->{body};
	}

	if ($route->{method} =~ /^(PATCH|PUT)$/)
	{
		for my $argument (grep { $_->{place} eq 'body' && $_->{is_nullable} } @arguments)
		{
			my $about_a_task = $route->{function} eq 'update_todo' && $argument->{name} eq 'title';

			exchange($route, "$argument->{name}: null", { %$request, body => { %{ $request->{body} // {} }, $argument->{name} => undef } }, expect => [ $about_a_task ? 422 : 200 ]);
		}
	}
	# A slash at the end makes no difference.
	if ($route->{method} eq 'GET' && $answer->{status} == 200)
	{
		my $slashed = $api->send('GET', target($route, $request) =~ s{(\?|$)}{/$1}r, $request->{as} ? (token => $request->{as}{token}) : ());

		failed($route, "with a slash: $slashed->{status}") if $slashed->{status} != 200 || !similar($slashed, $answer);
	}
	# What is not there.
	exchange($route, 'unknown', { %$request, path => { $1 => $1 eq 'url' ? 'https://nothing.example/' : 'nothing' } }, expect => [404])
		if $route->{path} =~ /\{(url|provider)\}/;
	if ($route->{path} =~ /\{(id|tag_id)\}/)
	{
		exchange($route, 'not there', { %$request, path => { $1 => 999999999 } }, expect => [404])
			if $route->{function} ne 'revoke_session';	# by then it has revoked itself
	}
}

# Methods that a path has not: 405, and Allow says which it has.
my %methods;
push @{ $methods{ $_->{path} } }, $_->{method} for @routes;
for my $path (sort keys %methods)
{
	my ($route) = grep { $_->{path} eq $path } @routes;
	my $target = target($route, { path => { provider => 'example' } });

	for my $method (grep { my $one = $_; !grep { $_ eq $one } @{ $methods{$path} } } qw(GET POST PUT PATCH DELETE))
	{
		# A word and a parameter may share a path: /tasks/my-todos is no task.
		next if grep { my $other = $_->{path} =~ s/\{\w+\}/[^\/]+/gr; $_->{method} eq $method && $_->{path} ne $path && $target =~ /^$other$/ } @routes;
		my $answer = $api->send($method, $target, token => $alice->{token}, $method eq 'GET' ? () : (json => {}));

		failed($route, "$method: $answer->{status}") if $answer->{status} != 405;
		failed($route, "$method: Allow lacks $_") for grep { ($answer->{headers}{allow} // '') !~ /\b$_\b/ } @{ $methods{$path} };
	}
}

sub similar
{
	my ($one, $two) = @_;

	return $one->{json} && $two->{json} ? same($one->{json}, $two->{json}) : ($one->{body} // '') eq ($two->{body} // '');
}

# The same call in SQL, by the gateway's role.
sub compare_with_sql
{
	my ($route, $request, $answer) = @_;
	my $path = $route->{path};
	my @names = $path =~ /\{(\w+)\}/g;
	my @values = map { $request->{path}{$_} } @names;

	for my $name (sort keys %{ $request->{query} })
	{
		my $value = $request->{query}{$name};

		for my $item (words($value))
		{
			push @names, $name;
			push @values, $item;
		}
	}
	my $array = sub { 'ARRAY[' . join(', ', map { BountyGo::Fixtures::quote($_) } @_) . ']::text[]' };
	my $body = $api->sql(sprintf 'SELECT body FROM bountygo.call(%d, %s, %s, %s, NULL)', $route->{id},
		BountyGo::Fixtures::quote($request->{as} ? $request->{as}{token} : undef), $array->(@names), $array->(@values));

	my $said = decoded($answer->{body});
	utf8::decode($body) if $route->{content_type} !~ /json/;

	return if $route->{content_type} !~ /json/ ? $body =~ s/\n+\z//r eq $said =~ s/\n+\z//r : same($json->decode($body), $answer->{json});
	failed($route, 'SQL and REST differ: ' . substr($body, 0, 200) . ' / ' . substr($answer->{body}, 0, 200));
	return;
}

# What differs from one moment to the next is left out: times of use, latencies, counts of views.
sub same
{
	my ($one, $two) = map { without_moments($_) } @_;

	return $json->encode($one) eq $json->encode($two);
}

sub without_moments
{
	my ($value) = @_;

	return [ map { without_moments($_) } @$value ] if ref $value eq 'ARRAY';
	return $value unless ref $value eq 'HASH';
	return { map { $_ => without_moments($value->{$_}) }
		grep { !/^(latency_ms|uptime_seconds|redis|last_used_at|views|oldest_due_seconds|exported_at|computed_at)$/ } keys %$value };
}

# Judging --------------------------------------------------------------------------------------------------------

my $dir = PostgreSQL::Test::Utils::tempdir();
PostgreSQL::Test::Utils::append_to_file("$dir/api.json", $document->{body});
PostgreSQL::Test::Utils::append_to_file("$dir/exchanges", join '', map { $json->encode({ %$_, answer => decoded($_->{answer}) }) . "\n" } @exchanges);

sub decoded { my ($bytes) = @_; utf8::decode($bytes) if defined $bytes; return $bytes }

my ($status, $out, $err) = BountyGo::Npm::run('conform.mjs', "$dir/api.json", "$dir/exchanges");
is($status, 0, 'the judge has judged') or diag($err);
like($out, qr/^${\ scalar @exchanges} exchanges$/m, 'all ' . @exchanges . ' exchanges');
for my $line (grep { /^\{/ } split /\n/, $out)
{
	my $found = $json->decode($line);
	my ($id, $name) = split /\|/, $found->{name}, 2;

	push @{ $failures{$id} }, map { "$name ($found->{status}): $_" } @{ $found->{problems} };
}
for my $route (@routes)
{
	my @what = @{ $failures{ $route->{id} } // [] };

	ok(!@what, "$route->{method} $route->{path}") or diag(map { "  $_\n" } @what > 12 ? (@what[0 .. 11], '… ' . (@what - 12) . ' more') : @what);
}
is(scalar(() = $api->gateway->log =~ /"status":500/g), 0, 'no answer was a 500');
is($api->stop, 0, 'the gateway ends well');
done_testing();

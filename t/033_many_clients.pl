# Thirty-two clients at once join, leave, write, change, tag, correct, report, make and delete the same few tasks through REST's one
# function: counters stay exact, everybody has one todo a task, nobody meets an error of the server, and no two wait for each other.
use strict;
use warnings;

use BountyGo::Node;
use PostgreSQL::Test::Utils;
use Test::More;

my ($clients, $each) = (32, 40);
my $dir = PostgreSQL::Test::Utils::tempdir();
append_to_file("$dir/key", 'signing-key-of-the-test-0123456789abcdef' . "\n");
chmod(0600, "$dir/key");
my $node = BountyGo::Node->create('clients', stopped => 1,
	conf => "bountygo.jwt_key_file = '$dir/key'\nmax_connections = 60\n");
$node->sql('SELECT bountygo.init()');

# People: several clients act as the same one. Tasks: one sponsor, also a moderator.
$node->sql(<<'SETUP');
CREATE TABLE public.people AS SELECT n, bountygo.create_user('Client ' || n, role => CASE WHEN n = 1 THEN 'moderator' ELSE 'user' END::bountygo.user_role) AS id
	FROM generate_series(1, 12) n;
ALTER TABLE public.people ADD token text;
UPDATE public.people SET token = bountygo.issue_token(id, '1 hour');
CREATE TABLE public.things (n integer PRIMARY KEY, id bigint);
CREATE TABLE public.outcomes (action text, code text);

-- One request, in a transaction of its own: what came of it is kept. Nothing else is held when it begins.
CREATE FUNCTION public.act(action text, person integer, route integer, names text[], vals text[], body jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	code text;
BEGIN
	FOR i IN 1..5 LOOP
		BEGIN
			SELECT c.body INTO answer FROM bountygo.call(route, (SELECT p.token FROM public.people p WHERE p.n = person), names, vals, body::text) c;
			-- The deferred ones belong to it.
			SET CONSTRAINTS ALL IMMEDIATE;
			code := 'done';
		EXCEPTION WHEN OTHERS THEN
			code := SQLSTATE;
			IF code NOT IN ('UB404', 'UB409') THEN
				code := code || ' ' || SQLERRM;
			END IF;
		END;
		-- What REST answers with 503 and "Retry-After: 0" is asked again.
		EXIT WHEN code !~ '^(40P01|55P03)';
		INSERT INTO public.outcomes VALUES (action, 'again after ' || code);
	END LOOP;
	INSERT INTO public.outcomes VALUES (action, code);
	RETURN answer::jsonb;
END
$$;
CREATE FUNCTION public.mine(person integer) RETURNS bigint LANGUAGE sql VOLATILE AS $$
	SELECT p.id FROM public.people p WHERE p.n = person
$$;
CREATE FUNCTION public.any_act(roll integer, person integer, thing integer, merges boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	task text := (SELECT t.id FROM public.things t WHERE t.n = thing);
	tags jsonb := (SELECT jsonb_agg('storm ' || g) FROM (SELECT g FROM generate_series(1, 9) g ORDER BY random() LIMIT 1 + (random() * 4)::integer) s);
	picked text;
	two text[];
	short_lived constant integer := 7 + (random() > 0.5)::integer;
BEGIN
	CASE
		WHEN roll <= 20 THEN
			PERFORM public.act('join', person, 28, '{id}', ARRAY[task], NULL);
		WHEN roll <= 35 THEN
			PERFORM public.act('leave', person, 29, '{id}', ARRAY[task], NULL);
		WHEN roll <= 45 THEN
			PERFORM public.act('post', person, 33, '{id}', ARRAY[task], jsonb_build_object('content', 'said by ' || person));
		WHEN roll <= 51 THEN
			picked := (SELECT m.id FROM bountygo.messages m WHERE m.author_id = public.mine(person) ORDER BY random() LIMIT 1);
			PERFORM public.act('unsay', person, 37, '{id}', ARRAY[coalesce(picked, '0')], NULL);
		WHEN roll <= 54 THEN
			picked := (SELECT m.id FROM bountygo.messages m WHERE m.author_id = public.mine(person) ORDER BY random() LIMIT 1);
			PERFORM public.act('edit', person, 36, '{id}', ARRAY[coalesce(picked, '0')], jsonb_build_object('content', 'again by ' || random()));
		WHEN roll <= 64 THEN
			PERFORM public.act('tag', 1, 25, '{id}', ARRAY[task], jsonb_build_object('tags', tags));
		WHEN roll <= 70 THEN
			PERFORM public.act('rename', 1, 25, '{id}', ARRAY[task], jsonb_build_object('title', 'Storm ' || random(), 'organizer_name', 'Storm ' || (random() * 3)::integer));
		WHEN roll <= 76 THEN
			PERFORM public.act('status', 1, 25, '{id}', ARRAY[task], jsonb_build_object('status', (ARRAY['active', 'paused'])[1 + (random() > 0.5)::integer]));
		WHEN roll <= 81 THEN
			PERFORM public.act('todo', person, 71, NULL, NULL, jsonb_build_object('task_id', task::bigint, 'remind_offsets', '["P1D"]'::jsonb));
		WHEN roll <= 85 THEN
			picked := (SELECT d.id FROM bountygo.todos d WHERE d.user_id = public.mine(person) ORDER BY random() LIMIT 1);
			PERFORM public.act('done', person, 74, '{id}', ARRAY[coalesce(picked, '0')], jsonb_build_object('is_completed', random() > 0.5));
		WHEN roll <= 88 THEN
			picked := (SELECT d.id FROM bountygo.todos d WHERE d.user_id = public.mine(person) ORDER BY random() LIMIT 1);
			PERFORM public.act('drop', person, 76, '{id}', ARRAY[coalesce(picked, '0')], NULL);
		WHEN roll <= 91 THEN
			PERFORM public.act('report', person, 63, '{id}', ARRAY[task], '{"reason": "wrong"}');
		WHEN roll <= 94 THEN
			PERFORM public.act('correct', person, 61, '{id}', ARRAY[task], jsonb_build_object('field', 'tags', 'value', tags));
		WHEN roll <= 96 THEN
			picked := (SELECT r.id FROM bountygo.reports r WHERE r.status = 'open' ORDER BY random() LIMIT 1);
			PERFORM public.act('resolve', 1, 66, '{id}', ARRAY[coalesce(picked, '0')], jsonb_build_object('action', (ARRAY['accept', 'dismiss'])[1 + (random() > 0.5)::integer]));
		WHEN roll = 97 AND merges THEN
			-- One organizer or tag becomes another, or gets another name, while tasks use it.
			IF random() < 0.3 THEN
				SELECT array_agg(o.id::text) INTO two FROM (SELECT o.id FROM bountygo.organizers o ORDER BY random() LIMIT 2) o;
				IF cardinality(two) = 2 THEN
					PERFORM public.act('merge', 1, 134, '{id}', two[1:1], jsonb_build_object('into', two[2]::bigint));
				END IF;
			ELSIF random() < 0.5 THEN
				SELECT array_agg(g.id::text) INTO two FROM (SELECT g.id FROM bountygo.tags g ORDER BY random() LIMIT 2) g;
				IF cardinality(two) = 2 THEN
					PERFORM public.act('merge', 1, 148, '{id,into}', two, NULL);
				END IF;
			ELSE
				picked := (SELECT g.id FROM bountygo.tags g ORDER BY random() LIMIT 1);
				PERFORM public.act('respell', 1, 146, '{id}', ARRAY[picked], jsonb_build_object('name', 'storm ' || (random() * 30)::integer));
			END IF;
		WHEN roll <= 98 THEN
			-- The last two places are for tasks that come and go.
			picked := public.act('create', 1, 21, NULL, NULL, jsonb_build_object('title', 'Storm: short-lived', 'tags', tags, 'organizer_name', 'Storm ' || (random() * 3)::integer)) ->> 'id';
			UPDATE public.things SET id = picked::bigint WHERE n = short_lived;
		WHEN roll = 99 THEN
			picked := (SELECT t.id FROM public.things t WHERE t.n = short_lived);
			PERFORM public.act('delete', 1, 27, '{id}', ARRAY[picked], NULL);
		ELSE
			PERFORM public.act('read', person, 22, '{id}', ARRAY[task], NULL);
	END CASE;
END
$$;
SETUP
# One request a transaction, as of the gateway.
$node->sql("INSERT INTO public.things SELECT $_, (public.act('create', 1, 21, NULL, NULL, jsonb_build_object('title', 'Storm: $_')) ->> 'id')::bigint")
	for 1 .. 8;

is($node->sql('SELECT count(*) FROM public.things t JOIN public.outcomes o ON o.code = \'done\' JOIN bountygo.tasks k ON k.id = t.id'), '64', 'eight tasks are there');
$node->sql('TRUNCATE public.outcomes');

append_to_file("$dir/storm.sql", <<'END');
\set roll random(1, 100)
\set person random(1, 12)
\set thing random(1, 8)
SELECT public.any_act(:roll, :person, :thing, :merges::boolean);
END
$node->command_ok(['pgbench', '-n', '--random-seed=33', '-c', $clients, '-j', 4, '-t', $each, '-D', 'merges=false', '-f', "$dir/storm.sql", 'postgres'], "$clients clients, $each requests each");

is($node->sql('SELECT count(*) FROM public.outcomes'), $clients * $each, 'each request has an outcome');
is($node->sql("SELECT string_agg(DISTINCT action || ': ' || code, E'\\n') FROM public.outcomes WHERE code !~ '^(done|UB404|UB409)\$'"), '',
	'done, not there any more, or not in this state: nothing else, no deadlock');
cmp_ok($node->sql("SELECT count(*) FROM public.outcomes WHERE code = 'done'"), '>', $clients * $each / 2, 'most are done');
is($node->sql("SELECT string_agg(action, ' ' ORDER BY action) FROM (SELECT DISTINCT action FROM public.outcomes WHERE code = 'done') a"),
	'correct create delete done drop edit join leave post read rename report resolve status tag todo unsay', 'of every kind');

my $wrong = <<'END';
SELECT t.id, k.joins, d.n, k.messages, m.n FROM bountygo.tasks t LEFT JOIN bountygo.task_counts k ON k.task_id = t.id
	CROSS JOIN LATERAL (SELECT count(*) AS n FROM bountygo.todos d WHERE d.task_id = t.id) d
	CROSS JOIN LATERAL (SELECT count(*) AS n FROM bountygo.messages m WHERE m.task_id = t.id) m
	WHERE (k.joins, k.messages) IS DISTINCT FROM (d.n, m.n)
END
is($node->sql($wrong), '', 'counters are exact');
is($node->sql('SELECT count(*) FROM bountygo.task_counts') - $node->sql('SELECT count(*) FROM bountygo.tasks'), 0, 'one row of them a task');
is($node->sql('SELECT user_id, task_id FROM bountygo.todos GROUP BY 1, 2 HAVING count(*) > 1'), '', 'one todo for each of them and task');
is($node->sql('SELECT count(bountygo.check_task(id)) + count(bountygo.check_task_tags(id)) > 0 FROM bountygo.tasks'), 't', 'every value has its evidence');
is($node->sql(<<'END'), '', 'and tags are those of their evidence, no more and no less');
SELECT t.id FROM bountygo.tasks t
	WHERE (SELECT coalesce(jsonb_agg(g.name ORDER BY g.name), '[]') FROM bountygo.task_tags x JOIN bountygo.tags g ON g.id = x.tag_id WHERE x.task_id = t.id)
		<> coalesce((SELECT jsonb_agg(n.name ORDER BY n.name) FROM bountygo.evidence e, jsonb_array_elements_text(e.value) AS n (name)
			WHERE e.task_id = t.id AND e.field = 'tags' AND e.is_current), '[]')
END
is($node->sql(<<'END'), '', 'each change began where the one before it ended');
SELECT h.task_id, h.field, h.before, h.old_value FROM (SELECT h.*, lag(h.new_value) OVER w AS before, row_number() OVER w AS n FROM bountygo.task_history h
		WINDOW w AS (PARTITION BY h.task_id, h.field ORDER BY h.id)) h
	WHERE h.n > 1 AND h.before IS DISTINCT FROM h.old_value
END
is($node->sql(<<'END'), '', 'and the last one is what is there');
SELECT DISTINCT ON (h.task_id, h.field) h.task_id FROM bountygo.task_history h JOIN bountygo.tasks t ON t.id = h.task_id
	WHERE h.field = 'title' AND h.new_value <> to_jsonb(t.title) AND NOT EXISTS (SELECT FROM bountygo.task_history l
		WHERE l.task_id = h.task_id AND l.field = h.field AND l.id > h.id)
END
is($node->sql(<<'END'), '', 'one event a message');
SELECT m.id FROM bountygo.messages m
	WHERE (SELECT count(*) FROM bountygo.events e WHERE e.kind = 'new_message' AND e.payload ->> 'message_id' = m.id::text) <> 1
END
is($node->sql('SELECT count(*) FROM bountygo.tags WHERE name LIKE \'storm %\''), '9', 'each tag was made once');

# Once more, while a moderator merges and renames what tasks use. Some are told to come again, and then all goes well.
$node->sql('TRUNCATE public.outcomes');
$node->command_ok(['pgbench', '-n', '--random-seed=34', '-c', $clients, '-j', 4, '-t', $each, '-D', 'merges=true', '-f', "$dir/storm.sql", 'postgres'],
	'once more, with merges');
is($node->sql("SELECT string_agg(DISTINCT action || ': ' || code, E'\\n') FROM public.outcomes WHERE code !~ '^(done|UB404|UB409|again after .*)\$'
	AND NOT (action IN ('merge', 'respell') AND code ~ '^(UB422|55P03)')"), '', 'nobody fails; who merges gives way');
is($node->sql("SELECT string_agg(action, ' ' ORDER BY action) FROM (SELECT DISTINCT action FROM public.outcomes WHERE code = 'done' AND action IN ('merge', 'respell')) a"),
	'merge respell', 'both are done');
is($node->sql($wrong), '', 'counters are exact still');
is($node->sql('SELECT count(bountygo.check_task(id)) + count(bountygo.check_task_tags(id)) > 0 FROM bountygo.tasks'), 't', 'and every value has its evidence');

$node->stop;
done_testing();

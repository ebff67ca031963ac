-- Taking part in tasks, and todos of one's own: once, counted exactly, private.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
\pset format unaligned
\pset tuples_only on

-- A signing key for this server; what its operator has set comes back at the end. Each of the generated commands waits a moment,
-- unless this session has seen the new setting.
COPY (SELECT encode(sha256('todos'), 'hex')) TO PROGRAM 'umask 077 && cat > bountygo_todos.key';
LOAD 'bountygo';
SELECT count(*) AS had_key, max(s.setting) AS old_key FROM pg_file_settings s
	WHERE s.name = 'bountygo.jwt_key_file' AND s.sourcefile LIKE '%.auto.conf' \gset
ALTER SYSTEM SET bountygo.jwt_key_file = 'bountygo_todos.key';
SELECT pg_reload_conf();
\set ECHO none
SELECT $$DO 'BEGIN IF current_setting(''bountygo.jwt_key_file'') <> ''bountygo_todos.key'' THEN PERFORM pg_sleep(0.01); END IF; END'$$
	FROM generate_series(1, 1000) \gexec
\set ECHO all
SELECT bountygo.create_user('Todos One', 'one@todos.example') AS one \gset
SELECT bountygo.create_user('Todos Two', 'two@todos.example') AS two \gset
SELECT bountygo.create_user('Todos Moderator', 'moderator@todos.example', 'moderator') AS moderator \gset
SELECT bountygo.issue_token(:one) AS token_one, bountygo.issue_token(:two) AS token_two, bountygo.issue_token(:moderator) AS token_moderator \gset
\set as_nobody 'BEGIN; SET LOCAL ROLE bountygo_api;'
\set as_one 'BEGIN; SET LOCAL ROLE bountygo_api; DO $$BEGIN PERFORM bountygo.authenticate(''' :token_one '''); END$$;'
\set as_two 'BEGIN; SET LOCAL ROLE bountygo_api; DO $$BEGIN PERFORM bountygo.authenticate(''' :token_two '''); END$$;'
\set as_moderator 'BEGIN; SET LOCAL ROLE bountygo_api; DO $$BEGIN PERFORM bountygo.authenticate(''' :token_moderator '''); END$$;'

-- What comes of a statement, with its constraints; numbers of more than one digit differ from run to run. What fails changes nothing.
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	rows bigint;
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	GET DIAGNOSTICS rows = ROW_COUNT;
	SET CONSTRAINTS ALL IMMEDIATE;
	SET CONSTRAINTS ALL DEFERRED;
	RETURN rows || ' row(s)';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE || ' ' || regexp_replace(SQLERRM, '\m(task|todo|message|report|job) \d+\M', '\1 N', 'g'),
		CASE WHEN SQLSTATE LIKE 'UB%' THEN nullif(detail, '') END, CASE WHEN SQLSTATE LIKE 'UB%' THEN nullif(hint, '') END);
END
$$;
GRANT EXECUTE ON FUNCTION pg_temp.try(text) TO PUBLIC;

CREATE FUNCTION pg_temp.brief(d jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' | ', coalesce(d ->> 'title', '-'), 'task ' || (d #>> '{task,title}') || ' ' || (d #>> '{task,state}'), d ->> 'description', d ->> 'deadline',
		d ->> 'remind_offsets', CASE WHEN (d ->> 'is_completed')::boolean THEN 'done' END, CASE WHEN d -> 'completed_at' <> 'null' THEN 'at a time' END)
$$;
GRANT EXECUTE ON FUNCTION pg_temp.brief(jsonb) TO PUBLIC;
CREATE FUNCTION pg_temp.titles(list jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', string_agg(coalesce(i ->> 'title', i #>> '{task,title}'), ', ' ORDER BY n), CASE WHEN list -> 'next' <> 'null' THEN '...' END, 'of ' || (list ->> 'total'))
	FROM jsonb_array_elements(list -> 'items') WITH ORDINALITY AS e (i, n)
$$;
GRANT EXECUTE ON FUNCTION pg_temp.titles(jsonb) TO PUBLIC;

-- Tasks: open, in its window, closed, without a deadline, a draft, ended ones.
:as_one
SELECT bountygo.create_task('Todos: open', deadline => '2100-01-01Z') ->> 'id' AS open, bountygo.create_task('Todos: unknown') ->> 'id' AS unknown,
	bountygo.create_task('Todos: closed', deadline => '2020-01-01Z') ->> 'id' AS closed, bountygo.create_task('Todos: draft', status => 'draft') ->> 'id' AS draft,
	bountygo.create_task('Todos: completed') ->> 'id' AS completed, bountygo.create_task('Todos: cancelled') ->> 'id' AS cancelled,
	bountygo.create_task('Todos: paused') ->> 'id' AS paused, bountygo.create_task('Todos: maybe', deadline_date => (now() AT TIME ZONE 'UTC')::date) ->> 'id' AS maybe \gset
COMMIT;
:as_one
SELECT bountygo.complete_task(:completed) ->> 'status', bountygo.update_task(:cancelled, status => 'cancelled') ->> 'status', bountygo.update_task(:paused, status => 'paused') ->> 'status';
COMMIT;

-- Joining: once, whatever is tried; not what is over.
:as_two
SELECT bountygo.join_task(:open) ->> 'id' AS first \gset
SELECT pg_temp.brief(bountygo.join_task(:open)), (bountygo.join_task(:open) ->> 'id') = :'first';
SELECT t, pg_temp.try(format('SELECT bountygo.join_task(%L)', id)) FROM (VALUES ('closed', :closed), ('draft', :draft), ('completed', :completed), ('cancelled', :cancelled), ('paused', :paused),
	('maybe', :maybe), ('unknown', :unknown), ('none', -1), ('null', NULL)) AS t (t, id);
SELECT pg_temp.try(format('SELECT bountygo.create_todo(%s)', :open));
SELECT pg_temp.try(format('SELECT bountygo.create_todo(%s)', :draft)), pg_temp.try(format('SELECT bountygo.create_todo(%s)', :closed));
SELECT pg_temp.try(format('INSERT INTO bountygo.todos (user_id, task_id) VALUES (%s, %s)', :two, :draft));
SELECT pg_temp.try(format('INSERT INTO bountygo.todos (user_id, task_id) VALUES (%s, %s)', :two, :closed));
SELECT pg_temp.try(format('INSERT INTO bountygo.todos (user_id, task_id) VALUES (%s, %s)', :two, :open));
SELECT pg_temp.try(format('INSERT INTO bountygo.todos (user_id, task_id) VALUES (%s, -1)', :two));
SELECT pg_temp.try(format('INSERT INTO bountygo.todos (user_id, title) VALUES (%s, ''for another'')', :one));
COMMIT;
:as_one
SELECT pg_temp.try(format('SELECT bountygo.join_task(%s)', :draft)), pg_temp.try(format('SELECT bountygo.join_task(%s)', :open));
SELECT pg_temp.try(format('INSERT INTO bountygo.todos (user_id, task_id) VALUES (%s, %s)', :one, :draft));
COMMIT;
SELECT t.title, c.joins, (SELECT count(*) FROM bountygo.todos d WHERE d.task_id = t.id) FROM bountygo.tasks t JOIN bountygo.task_counts c ON c.task_id = t.id WHERE t.sponsor_id = :one ORDER BY 1;
-- Leaving, once and twice; who joined may still be told so after the end.
:as_two
SELECT bountygo.leave_task(:unknown), bountygo.leave_task(:unknown);
SELECT pg_temp.try('SELECT bountygo.leave_task(-1)'), pg_temp.try(format('SELECT bountygo.leave_task(%s)', :draft));
COMMIT;
:as_one
SELECT bountygo.complete_task(:paused) ->> 'status';
COMMIT;
SELECT payload FROM bountygo.events WHERE task_id = :paused AND kind = 'task_completed';
:as_two
SELECT pg_temp.brief(bountygo.join_task(:paused));
COMMIT;
SELECT joins FROM bountygo.task_counts WHERE task_id IN (:unknown, :paused) ORDER BY task_id;

-- One's own things.
:as_two
SELECT bountygo.create_todo(title => ' Todos: own ', description => E'a\r\nb', deadline => '2100-02-01 12:00+08', remind_offsets => '{PT2H,P3D,P1W,PT48H,P7D,PT90M,PT0S,P1DT2H3M4S}') AS own \gset
SELECT :'own'::jsonb ->> 'id' AS own_id \gset
SELECT jsonb_pretty(:'own'::jsonb - '{id,created_at,updated_at}'::text[]);
SELECT pg_temp.try($$SELECT bountygo.create_todo()$$);
SELECT pg_temp.try($$SELECT bountygo.create_todo(title => E'a\nb', description => repeat('d', 10001), deadline => 'infinity', remind_offsets => '{P,PT,P1M,1 day,-P1D,P367D,P9999999999D,PT999999999999S}')$$);
SELECT pg_temp.try($$SELECT bountygo.create_todo(title => repeat('t', 256), remind_offsets => array_fill('P1D'::text, ARRAY[11]))$$);
SELECT pg_temp.try($$SELECT bountygo.create_todo(title => 'x', remind_offsets => '{{P1D},{P2D}}')$$), pg_temp.try($$SELECT bountygo.create_todo(title => 'x', remind_offsets => '{NULL}')$$);
SELECT pg_temp.try('SELECT bountygo.create_todo(-1)');
COMMIT;
:as_two
SELECT updated_at AS before FROM bountygo.todos WHERE id = :own_id \gset
SELECT pg_temp.brief(bountygo.update_todo(:own_id, title => 'Todos: own', is_completed => false));
SELECT updated_at = :'before' FROM bountygo.todos WHERE id = :own_id;
SELECT pg_temp.brief(bountygo.update_todo(:own_id, is_completed => true));
SELECT completed_at AS completed_at FROM bountygo.todos WHERE id = :own_id \gset
SELECT pg_temp.brief(bountygo.update_todo(:own_id, is_completed => true, description => 'c')), completed_at = :'completed_at' FROM bountygo.todos WHERE id = :own_id;
SELECT pg_temp.brief(bountygo.update_todo(:own_id, is_completed => false, clear => '{description,deadline,remind_offsets}'));
SELECT pg_temp.brief(bountygo.update_todo(:own_id, deadline => '2100-01-15Z', remind_offsets => '{}'));
SELECT pg_temp.try(format('SELECT bountygo.update_todo(%s, clear => ''{title,is_completed,task_id,id}'')', :own_id));
SELECT pg_temp.try(format($$SELECT bountygo.update_todo(%s, title => ' ', description => E'\x01', deadline => '-infinity', remind_offsets => '{x}')$$, :own_id));
SELECT pg_temp.brief(bountygo.update_todo(:first, title => 'Mine', deadline => '2099-12-31Z')), pg_temp.brief(bountygo.update_todo(:first, clear => '{title}'));
COMMIT;

-- Nobody sees or changes another's.
:as_one
SELECT pg_temp.try(format('SELECT bountygo.get_todo(%s)', :own_id)), pg_temp.try(format('SELECT bountygo.update_todo(%s, title => ''x'')', :own_id)),
	pg_temp.try(format('SELECT bountygo.delete_todo(%s)', :own_id)), pg_temp.try('SELECT bountygo.get_todo(NULL)');
SELECT bountygo.todo_object(:own_id) IS NULL, (SELECT count(*) FROM bountygo.todos WHERE user_id = :two), pg_temp.titles(bountygo.list_todos(count => 'exact'));
SELECT pg_temp.try(format('UPDATE bountygo.todos SET title = ''x'' WHERE id = %s', :own_id)), pg_temp.try(format('DELETE FROM bountygo.todos WHERE id = %s', :own_id));
SELECT pg_temp.try(format('UPDATE bountygo.todos SET user_id = %s', :two)), pg_temp.try('UPDATE bountygo.todos SET task_id = NULL');
COMMIT;
:as_moderator
SELECT pg_temp.try(format('SELECT bountygo.get_todo(%s)', :own_id)), (SELECT count(*) FROM bountygo.todos);
COMMIT;
:as_nobody
SELECT pg_temp.try(f) FROM unnest(ARRAY['SELECT bountygo.list_todos()', 'SELECT bountygo.my_deadlines()', 'SELECT bountygo.get_todo(1)', 'SELECT bountygo.create_todo(title => ''x'')', 'SELECT bountygo.update_todo(1)',
	'SELECT bountygo.delete_todo(1)', 'SELECT bountygo.join_task(1)', 'SELECT bountygo.leave_task(1)']) f;
SELECT count(*) FROM bountygo.todos;
COMMIT;

-- Lists.
:as_two
SELECT count(bountygo.create_todo(title => 'Todos: n' || n, deadline => CASE WHEN n < 3 THEN '2099-01-01Z'::timestamptz + n * interval '1 day' WHEN n = 3 THEN '2020-01-01Z' END)) FROM generate_series(1, 4) n;
SELECT pg_temp.titles(bountygo.list_todos(count => 'exact'));
SELECT s, pg_temp.titles(bountygo.list_todos(state => s, count => 'estimated')) FROM unnest(enum_range(NULL::bountygo.state_filter)) s;
SELECT pg_temp.brief(bountygo.update_todo(:own_id, is_completed => true));
SELECT pg_temp.titles(bountygo.list_todos(is_completed => true)), pg_temp.titles(bountygo.list_todos(is_completed => false, state => 'closed'));
SELECT bountygo.list_todos("limit" => 3) AS page \gset
SELECT bountygo.create_todo(title => 'Todos: later') IS NOT NULL;
SELECT pg_temp.titles(:'page'::jsonb), pg_temp.titles(bountygo.list_todos(cursor => :'page'::jsonb ->> 'next', "limit" => 100));
SELECT pg_temp.try('SELECT bountygo.list_todos("limit" => 101)'), pg_temp.try(format('SELECT bountygo.my_deadlines(cursor => %L)', :'page'::jsonb ->> 'next'));
-- One list of deadlines, by their early edge; a todo about a task may have its own besides.
SELECT pg_temp.brief(bountygo.update_todo(:first, deadline => '2099-12-31Z'));
SELECT i ->> 'kind', i ->> 'title', i ->> 'at', i ->> 'latest', i #>> '{deadline,precision}', (i ->> 'task_id')::bigint = :open FROM jsonb_array_elements(bountygo.my_deadlines("from" => '2050-01-01Z') -> 'items') i;
SELECT pg_temp.titles(bountygo.my_deadlines(count => 'exact')), pg_temp.titles(bountygo.my_deadlines("from" => '2019-01-01Z', "to" => '2021-01-01Z'));
SELECT pg_temp.titles(l), pg_temp.titles(m), pg_temp.titles(n), n -> 'next' FROM bountygo.my_deadlines("from" => '2050-01-01Z', "limit" => 2) l,
	bountygo.my_deadlines("from" => '2050-01-01Z', "limit" => 1, cursor => l ->> 'next') m, bountygo.my_deadlines("from" => '2050-01-01Z', cursor => m ->> 'next') n;
SELECT pg_temp.try('SELECT bountygo.my_deadlines("from" => ''infinity'', "to" => ''-infinity'')'), pg_temp.try('SELECT bountygo.my_deadlines("limit" => 0)');
-- Deleting a todo about a task is leaving it.
SELECT bountygo.delete_todo(:first), pg_temp.try(format('SELECT bountygo.delete_todo(%s)', :first));
COMMIT;
SELECT joins FROM bountygo.task_counts WHERE task_id = :open;
-- An account that ends takes its todos along, and the counters know.
SELECT joins FROM bountygo.task_counts WHERE task_id = :maybe;
DELETE FROM bountygo.users WHERE id = :two;
SELECT joins FROM bountygo.task_counts WHERE task_id = :maybe;

\if :had_key
ALTER SYSTEM SET bountygo.jwt_key_file = :'old_key';
\else
ALTER SYSTEM RESET bountygo.jwt_key_file;
\endif
SELECT pg_reload_conf();
COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; rm -f bountygo_todos.key';
DELETE FROM bountygo.tasks WHERE sponsor_id IN (:one, :two, :moderator) OR submitted_by IN (:one, :two, :moderator) OR source_host = 'todos.example';
DELETE FROM bountygo.users WHERE id IN (:one, :two, :moderator);

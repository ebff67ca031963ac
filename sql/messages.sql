-- Messages about tasks: who writes, changes, deletes and sees them; pages; counters.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
\pset format unaligned
\pset tuples_only on

-- A signing key for this server; what its operator has set comes back at the end. Each of the generated commands waits a moment,
-- unless this session has seen the new setting.
COPY (SELECT encode(sha256('messages'), 'hex')) TO PROGRAM 'umask 077 && cat > bountygo_messages.key';
LOAD 'bountygo';
SELECT count(*) AS had_key, max(s.setting) AS old_key FROM pg_file_settings s
	WHERE s.name = 'bountygo.jwt_key_file' AND s.sourcefile LIKE '%.auto.conf' \gset
ALTER SYSTEM SET bountygo.jwt_key_file = 'bountygo_messages.key';
SELECT pg_reload_conf();
\set ECHO none
SELECT $$DO 'BEGIN IF current_setting(''bountygo.jwt_key_file'') <> ''bountygo_messages.key'' THEN PERFORM pg_sleep(0.01); END IF; END'$$
	FROM generate_series(1, 1000) \gexec
\set ECHO all
SELECT bountygo.create_user('Messages One', 'one@messages.example') AS one \gset
SELECT bountygo.create_user('Messages Two', 'two@messages.example') AS two \gset
SELECT bountygo.create_user('Messages Moderator', 'moderator@messages.example', 'moderator') AS moderator \gset
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

CREATE FUNCTION pg_temp.brief(m jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' | ', m #>> '{author,nickname}', m ->> 'content', CASE WHEN m -> 'edited_at' <> 'null' THEN 'edited' END)
$$;
GRANT EXECUTE ON FUNCTION pg_temp.brief(jsonb) TO PUBLIC;
CREATE FUNCTION pg_temp.said(list jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', string_agg(i ->> 'content', ', ' ORDER BY n), CASE WHEN list -> 'next' <> 'null' THEN '...' END, 'of ' || (list ->> 'total'))
	FROM jsonb_array_elements(list -> 'items') WITH ORDINALITY AS e (i, n)
$$;
GRANT EXECUTE ON FUNCTION pg_temp.said(jsonb) TO PUBLIC;

:as_one
SELECT bountygo.create_task('Messages: public') ->> 'id' AS task, bountygo.create_task('Messages: draft', status => 'draft') ->> 'id' AS draft \gset
SELECT pg_temp.brief(bountygo.post_message(:draft, 'to myself'));
COMMIT;
:as_two
SELECT bountygo.post_message(:task, E'  Is it\r\nstill open? ') AS message \gset
SELECT :'message'::jsonb ->> 'id' AS id \gset
SELECT :'message'::jsonb - '{id,created_at,task_id,author}'::text[], (:'message'::jsonb ->> 'task_id')::bigint = :task, (:'message'::jsonb -> 'author') - '{id,created_at}'::text[];
SELECT pg_temp.try(format($$SELECT bountygo.post_message(%s, E' \n ')$$, :task)), pg_temp.try(format($$SELECT bountygo.post_message(%s, NULL)$$, :task));
SELECT pg_temp.try(format($$SELECT bountygo.post_message(%s, repeat('x', 10001))$$, :task)), pg_temp.try(format($$SELECT bountygo.post_message(%s, E'bell\x07')$$, :task));
SELECT length(bountygo.post_message(:task, repeat('界', 10000)) ->> 'content');
SELECT pg_temp.try(format($$SELECT bountygo.post_message(%s, 'x')$$, :draft)), pg_temp.try('SELECT bountygo.post_message(-1, ''x'')');
SELECT pg_temp.try(format('SELECT bountygo.list_messages(%s)', :draft)), (SELECT count(*) FROM bountygo.messages WHERE task_id = :draft);
-- Under one's own name only, and an event only of what one said.
SELECT pg_temp.try(format($$INSERT INTO bountygo.messages (task_id, author_id, content) VALUES (%s, %s, 'forged')$$, :task, :one));
SELECT pg_temp.try(format($$INSERT INTO bountygo.messages (task_id, author_id, content) VALUES (%s, %s, 'unseen')$$, :draft, :two));
SELECT pg_temp.try(format($$INSERT INTO bountygo.events (kind, task_id, payload) VALUES ('new_message', %s, '{"message_id": %s}')$$, :task, :id));
SELECT pg_temp.try(format($$INSERT INTO bountygo.events (kind, task_id, payload) VALUES ('new_message', %s, '{"message_id": 0}')$$, :task));
SELECT pg_temp.try(format($$INSERT INTO bountygo.events (kind, task_id, payload) VALUES ('task_completed', %s, '{}')$$, :task));
COMMIT;
:as_one
SELECT pg_temp.try(format($$INSERT INTO bountygo.events (kind, task_id, payload) VALUES ('new_message', %s, '{"message_id": 1000000000}')$$, :task));
COMMIT;
SELECT e.kind, (e.payload ->> 'message_id')::bigint = m.id FROM bountygo.messages m LEFT JOIN bountygo.events e ON e.payload ->> 'message_id' = m.id::text WHERE m.task_id = :task;
SELECT messages FROM bountygo.task_counts WHERE task_id = :task;

-- Changing: the author. Deleting: the author and moderators.
:as_two
SELECT pg_temp.brief(bountygo.edit_message(:id, E'Is it\nstill open?')), pg_temp.brief(bountygo.edit_message(:id));
SELECT pg_temp.brief(bountygo.edit_message(:id, 'Still open?'));
SELECT pg_temp.try(format($$SELECT bountygo.edit_message(%s, ' ')$$, :id)), pg_temp.try(format($$SELECT bountygo.edit_message(%s, clear => '{content}')$$, :id));
SELECT pg_temp.try('SELECT bountygo.edit_message(-1, ''x'')'), pg_temp.try('SELECT bountygo.get_message(NULL)'), pg_temp.try('SELECT bountygo.delete_message(-1)');
COMMIT;
:as_one
SELECT pg_temp.try(format($$SELECT bountygo.edit_message(%s, 'x')$$, :id)), pg_temp.try(format('SELECT bountygo.delete_message(%s)', :id));
SELECT pg_temp.try(format($$UPDATE bountygo.messages SET content = 'x' WHERE id = %s$$, :id)), pg_temp.try(format('DELETE FROM bountygo.messages WHERE id = %s', :id));
SELECT pg_temp.try(format('UPDATE bountygo.messages SET author_id = %s', :one));
COMMIT;
:as_nobody
SELECT pg_temp.brief(bountygo.get_message(:id)), pg_temp.said(bountygo.list_messages(:task, "limit" => 1));
SELECT pg_temp.try(f) FROM unnest(ARRAY['SELECT bountygo.post_message(1, ''x'')', 'SELECT bountygo.edit_message(1, ''x'')', 'SELECT bountygo.delete_message(1)']) f;
COMMIT;
:as_moderator
SELECT pg_temp.try(format($$SELECT bountygo.edit_message(%s, 'x')$$, :id)), pg_temp.try(format('SELECT bountygo.delete_message(%s)', :id));
SELECT pg_temp.brief(bountygo.get_message((bountygo.list_messages(:draft) #>> '{items,0,id}')::bigint));
COMMIT;
SELECT messages FROM bountygo.task_counts WHERE task_id = :task;

-- Pages, in both orders, stable when others write meanwhile.
DELETE FROM bountygo.messages WHERE task_id = :task;
SELECT messages FROM bountygo.task_counts WHERE task_id = :task;
:as_one
SELECT count(bountygo.post_message(:task, 'm' || n)) FROM generate_series(1, 5) n;
SELECT bountygo.list_messages(:task, "limit" => 2) AS up, bountygo.list_messages(:task, '-created_at', "limit" => 2) AS down \gset
SELECT pg_temp.brief(bountygo.post_message(:task, 'm6'));
SELECT pg_temp.said(:'up'::jsonb), pg_temp.said(bountygo.list_messages(:task, cursor => :'up'::jsonb ->> 'next', "limit" => 2)), pg_temp.said(bountygo.list_messages(:task, cursor => :'up'::jsonb ->> 'next', "limit" => 100));
SELECT pg_temp.said(:'down'::jsonb), pg_temp.said(bountygo.list_messages(:task, '-created_at', cursor => :'down'::jsonb ->> 'next', count => 'exact'));
SELECT pg_temp.try(format('SELECT bountygo.list_messages(%s, cursor => %L)', :task, :'down'::jsonb ->> 'next')), pg_temp.try(format('SELECT bountygo.list_messages(%s, "limit" => 0)', :task));
COMMIT;
-- An account that ends leaves what it said, without its name.
:as_two
SELECT bountygo.post_message(:task, 'soon gone') ->> 'id' AS last \gset
COMMIT;
DELETE FROM bountygo.users WHERE id = :two;
SELECT bountygo.message_object(:last) - '{id,task_id,created_at}'::text[], messages FROM bountygo.task_counts WHERE task_id = :task;

\if :had_key
ALTER SYSTEM SET bountygo.jwt_key_file = :'old_key';
\else
ALTER SYSTEM RESET bountygo.jwt_key_file;
\endif
SELECT pg_reload_conf();
COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; rm -f bountygo_messages.key';
DELETE FROM bountygo.tasks WHERE sponsor_id IN (:one, :two, :moderator) OR submitted_by IN (:one, :two, :moderator) OR source_host = 'messages.example';
DELETE FROM bountygo.users WHERE id IN (:one, :two, :moderator);

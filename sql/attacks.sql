-- What somebody tries who has a login with the rights of the API and writes SQL by hand: values that the functions would not write, ids and
-- times of their own choice, and functions that are only meant for other functions.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
\pset format unaligned
\pset tuples_only on

-- A signing key for this server, as in policies.sql.
COPY (SELECT encode(sha256('attacks'), 'hex')) TO PROGRAM 'umask 077 && cat > bountygo_attacks.key';
LOAD 'bountygo';
SELECT count(*) AS had_key, max(s.setting) AS old_key FROM pg_file_settings s
	WHERE s.name = 'bountygo.jwt_key_file' AND s.sourcefile LIKE '%.auto.conf' \gset
ALTER SYSTEM SET bountygo.jwt_key_file = 'bountygo_attacks.key';
SELECT pg_reload_conf();
\set ECHO none
SELECT $$DO 'BEGIN IF current_setting(''bountygo.jwt_key_file'') <> ''bountygo_attacks.key'' THEN PERFORM pg_sleep(0.01); END IF; END'$$
	FROM generate_series(1, 1000) \gexec
\set ECHO all
SELECT bountygo.create_user('Attacks One', 'one@attacks.example') AS one \gset
SELECT bountygo.create_user('Attacks Two', 'two@attacks.example') AS two \gset
SELECT bountygo.issue_token(:one) AS token_one, bountygo.issue_token(:two) AS token_two \gset
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	rows bigint;
BEGIN
	EXECUTE statement;
	GET DIAGNOSTICS rows = ROW_COUNT;
	SET CONSTRAINTS ALL IMMEDIATE;
	RAISE EXCEPTION '% row(s)', rows USING ERRCODE = '00001';
EXCEPTION WHEN OTHERS THEN
	RETURN CASE SQLSTATE WHEN '00001' THEN SQLERRM ELSE SQLSTATE || ' ' || regexp_replace(SQLERRM, '\m\d+\M', 'N', 'g') END;
END
$$;
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT bountygo.authenticate(:'token_one') = :one;
SELECT bountygo.create_task('Attacks: a public task', description => 'What this task is about is told here at some length, in words.', tags => '{attacks}',
	organizer_name => 'Attacks Inc') ->> 'id' AS public \gset
SELECT bountygo.create_task('Attacks: a draft', description => 'What this task is about is told here at some length, in words.', tags => '{attacks}',
	organizer_name => 'Attacks Inc', status => 'draft') ->> 'id' AS draft \gset
COMMIT;
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT bountygo.authenticate(:'token_two') = :two;
SELECT bountygo.create_task('Attacks: mine', tags => '{attacks}') ->> 'id' AS mine \gset
SELECT bountygo.post_message(:public, 'A message of two') ->> 'id' AS message \gset
SELECT bountygo.create_todo(title => 'A todo of two') ->> 'id' AS todo \gset
SELECT bountygo.submit_url('http://attacks.example/') ->> 'id' AS job \gset
COMMIT;
SELECT id AS tag FROM bountygo.tags WHERE name = 'attacks' \gset

-- What stood in a draft stays its sponsor's when the draft becomes a task.
BEGIN; SET LOCAL ROLE bountygo_api; SELECT bountygo.authenticate(:'token_one') = :one;
SELECT bountygo.create_task('Attacks: a secret name', status => 'draft', summary => 'A secret') ->> 'id' AS former \gset
SELECT bountygo.update_task(:former, title => 'Attacks: another secret name') ->> 'title';
SELECT bountygo.update_task(:former, title => 'Attacks: a fine name', clear => '{summary}', status => 'active') ->> 'status';
SELECT bountygo.update_task(:former, title => 'Attacks: a finer name') ->> 'status';
SELECT count(*) FROM bountygo.evidence WHERE task_id = :former;
SELECT bountygo.authenticate(NULL);
SELECT h.field, h.old_value, h.new_value FROM bountygo.task_history h WHERE h.task_id = :former ORDER BY h.id;
SELECT e.field, e.value FROM bountygo.evidence e WHERE e.task_id = :former ORDER BY e.id;
SELECT jsonb_path_query(bountygo.list_task_history(:former), '$.items[*].new_value');
ROLLBACK;

-- Drafts are not made without end, and what happens to them is nobody's news.
BEGIN; SET LOCAL ROLE bountygo_api; SELECT bountygo.authenticate(:'token_one') = :one;
SELECT bountygo.update_task(:draft, summary => 'Changed') ->> 'summary';
SELECT count(*) FROM bountygo.events WHERE task_id = :draft AND kind = 'task_changed';
INSERT INTO bountygo.tasks (sponsor_id, submitted_by, title, status) SELECT :one, :one, 'x', 'draft' FROM generate_series(2, 499);
SELECT bountygo.create_task('Attacks: the last draft', status => 'draft') ->> 'status';
SELECT pg_temp.try('SELECT bountygo.create_task(''Attacks: one too many'', status => ''draft'')');
SELECT bountygo.create_task('Attacks: for all to see') ->> 'status';
ROLLBACK;

-- Jobs of kinds that only the service makes, and tasks by nobody.
BEGIN; SET LOCAL ROLE bountygo_api;
SELECT pg_temp.try(format('SELECT bountygo.submit_one(%L, ''http://attacks.example/'', false, NULL)', k.kind)) FROM (VALUES ('jwks'), ('recheck'), ('text'), (NULL)) AS k (kind);
SELECT pg_temp.try('SELECT bountygo.submit_one(''page'', ''http://attacks.example/'', false, NULL)');
SELECT pg_temp.try('SELECT bountygo.submit_text(''More than ten characters'')');
SELECT bountygo.submit_one('preview', 'http://attacks.example/anonymous', true, NULL) ->> 'id' AS preview \gset
SELECT auto_create FROM bountygo.jobs WHERE id = :preview;
-- What another's draft is like.
SELECT count(*) FROM bountygo.nearest_tasks(:draft, 100);
SELECT count(*) > 0 FROM bountygo.nearest_tasks(:public, 100);
-- What belongs to moderators and administrators.
SELECT pg_temp.try(format('SELECT bountygo.move_tag_interests(%s, %1$s)', :tag));
SELECT pg_temp.try('SELECT bountygo.agent_metrics()');
SELECT pg_temp.try(format('SELECT bountygo.recheck_task(%s)', :public));
ROLLBACK;
BEGIN; SET LOCAL ROLE bountygo_api; SELECT bountygo.authenticate(:'token_one') = :one;
SELECT count(*) > 0 FROM bountygo.nearest_tasks(:draft, 100);
ROLLBACK;

BEGIN; SET LOCAL ROLE bountygo_api; SELECT bountygo.authenticate(:'token_two') = :two;
SELECT count(*) FROM bountygo.nearest_tasks(:draft, 100);
\echo columns that the database fills: an id that comes next stops the next one, a time to come stands first for ever
SELECT pg_temp.try(format('INSERT INTO bountygo.tasks (sponsor_id, submitted_by, title, %I) VALUES (%s, %2$s, ''x'', DEFAULT)', c.name, :two))
	FROM unnest('{id,created_at,updated_at,gone_at,opens_at,checked_at,next_check_at,not_found_at,simhash,bands,cluster_id,cluster_is_due,search,source_url,snapshot_id,job_id}'::text[]) AS c (name);
SELECT pg_temp.try(format('INSERT INTO bountygo.tasks (sponsor_id, submitted_by, title, status) VALUES (%s, %1$s, ''x'', ''completed'')', :two));
SELECT pg_temp.try('INSERT INTO bountygo.organizers (id, name, name_key) VALUES (DEFAULT, ''attacks x'', ''attacks x'')');
SELECT pg_temp.try('INSERT INTO bountygo.organizers (name, name_key, is_verified) VALUES (''attacks x'', ''attacks x'', true)');
SELECT pg_temp.try(E'INSERT INTO bountygo.organizers (name, name_key) VALUES (E''attacks\\x07'', bountygo.name_key(E''attacks\\x07''))');
SELECT pg_temp.try('INSERT INTO bountygo.organizers (name, name_key) VALUES (''attacks x'', ''attacks x'')');
SELECT pg_temp.try('INSERT INTO bountygo.tags (id, name, name_key) VALUES (DEFAULT, ''attacks x'', ''attacks x'')');
SELECT pg_temp.try('INSERT INTO bountygo.tags (name, name_key, created_at) VALUES (''attacks x'', ''attacks x'', DEFAULT)');
SELECT pg_temp.try(E'INSERT INTO bountygo.tags (name, name_key) VALUES (E''attacks\\x07'', bountygo.name_key(E''attacks\\x07''))');
SELECT pg_temp.try('INSERT INTO bountygo.tags (name, name_key) VALUES (''attacks x'', ''attacks x'')');
SELECT pg_temp.try(format('INSERT INTO bountygo.evidence (id, task_id, field, value, method) VALUES (DEFAULT, %s, ''summary'', ''"x"'', ''user:%s'')', :mine, :two));
SELECT pg_temp.try(format('INSERT INTO bountygo.evidence (task_id, field, value, method, created_at) VALUES (%s, ''summary'', ''"x"'', ''user:%s'', DEFAULT)', :mine, :two));
SELECT pg_temp.try(format('INSERT INTO bountygo.evidence (task_id, field, value, method) VALUES (%s, ''summary'', ''"x"'', ''user:%s'')', :mine, :two));
\echo events that did not happen
SELECT pg_temp.try(format('INSERT INTO bountygo.events (id, kind, task_id) VALUES (DEFAULT, ''task_changed'', %s)', :mine));
SELECT pg_temp.try(format('INSERT INTO bountygo.events (kind, task_id, created_at) VALUES (''task_changed'', %s, DEFAULT)', :mine));
SELECT pg_temp.try(format('INSERT INTO bountygo.events (kind, task_id) VALUES (%L, %s)', k.kind, :mine))
	FROM (VALUES ('task_gone'), ('task_reopened'), ('task_split'), ('task_completed'), ('task_cancelled'), ('search_match'), ('task_changed')) AS k (kind);
SELECT pg_temp.try(format('INSERT INTO bountygo.events (kind, task_id, payload) VALUES (''task_changed'', %s, to_jsonb(repeat(''x'', 3000)))', :mine));
\echo history in another name, by another method, at another time
SELECT pg_temp.try(format('INSERT INTO bountygo.task_history (task_id, changed_by, method, field) VALUES (%s, %s, ''jsonld'', ''title'')', :mine, :two));
SELECT pg_temp.try(format('INSERT INTO bountygo.task_history (task_id, changed_by, method, field) VALUES (%s, %s, ''user:%s'', ''title'')', :mine, :two, :one));
SELECT pg_temp.try(format('INSERT INTO bountygo.task_history (task_id, changed_by, method, field) VALUES (%s, %s, ''user:%2$s'', ''title'')', :mine, :one));
SELECT pg_temp.try(format('INSERT INTO bountygo.task_history (task_id, changed_by, method, field, changed_at) VALUES (%s, %s, ''user:%2$s'', ''title'', ''2001-01-01'')', :mine, :two));
SELECT pg_temp.try(format('SELECT bountygo.record_task_changes(%s, ''{"title": "a"}'', ''{"title": "b"}'', ''rule'', %s)', :mine, :two));
SELECT pg_temp.try(format('SELECT bountygo.record_task_changes(%s, ''{"title": "a"}'', ''{"title": "b"}'', ''user:%s'', %2$s)', :mine, :two));
\echo texts that would break lines elsewhere, and links that are none
SELECT pg_temp.try(format('UPDATE bountygo.users SET %s WHERE id = %s', c.change, :two)) FROM (VALUES (E'nickname = E''a\\x07'''), (E'avatar_url = E''https://x.example\\r\\nX: y'''),
	('locale = ''<b>'''), (E'timezone = E''UTC\\n'''), ('nickname = ''Fine'', avatar_url = ''https://x.example/a'', locale = ''zh-Hans'', timezone = ''America/Port-au-Prince''')) AS c (change);
SELECT pg_temp.try(format('INSERT INTO bountygo.messages (task_id, author_id, content) VALUES (%s, %s, E''a\x08'')', :public, :two));
SELECT pg_temp.try(format('INSERT INTO bountygo.messages (task_id, author_id, content) VALUES (%s, %s, E''two\nlines\t'')', :public, :two));
SELECT pg_temp.try(format('INSERT INTO bountygo.todos (user_id, title) VALUES (%s, E''a\x08'')', :two));
SELECT pg_temp.try(format('INSERT INTO bountygo.todos (user_id, title, remind_offsets) VALUES (%s, ''x'', %L)', :two, o.spans))
	FROM (VALUES ('{178000000 years}'), ('{-1 day}'), ('{NULL}'), ('{3 days,2 hours}'), ('{}')) AS o (spans);
SELECT pg_temp.try(format('INSERT INTO bountygo.reports (task_id, reporter_id, kind, reason, note) VALUES (%s, %s, ''report'', ''spam'', E''a\x08'')', :public, :two));
SELECT pg_temp.try(format('INSERT INTO bountygo.reports (task_id, reporter_id, kind, field, value) VALUES (%s, %s, ''correction'', ''title'', to_jsonb(repeat(''x'', 500000)))', :public, :two));
SELECT pg_temp.try(format('INSERT INTO bountygo.tasks (sponsor_id, submitted_by, title, external_link) VALUES (%s, %1$s, ''x'', E''https://x.example/\r\nX:y'')', :two));
SELECT pg_temp.try(format('INSERT INTO bountygo.tasks (sponsor_id, submitted_by, title) VALUES (%s, %1$s, E''a\x08'')', :two));
SELECT pg_temp.try(format('INSERT INTO bountygo.tasks (sponsor_id, submitted_by, title, description) VALUES (%s, %1$s, ''x'', E''a\x08'')', :two));
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET summary = E''a\x08'' WHERE id = %s', :mine));
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET missing = jsonb_build_object(''summary'', repeat(''x'', 5000)) WHERE id = %s', :mine));
SELECT pg_temp.try(format('INSERT INTO bountygo.evidence (task_id, field, value, method) VALUES (%s, ''summary'', to_jsonb(repeat(''x'', 500000)), ''user:%s'')', :mine, :two));
\echo jobs: cancelled, and nothing else said about them
SELECT pg_temp.try(format('UPDATE bountygo.jobs SET state = ''cancelled'', outcome = ''ok'', why = ''x'', finished_at = now() WHERE id = %s', :job));
SELECT pg_temp.try(format('UPDATE bountygo.jobs SET state = ''cancelled'', outcome = ''cancelled'', why = repeat(''x'', 201), finished_at = now() WHERE id = %s', :job));
SELECT pg_temp.try(format('UPDATE bountygo.jobs SET state = ''cancelled'', outcome = ''cancelled'', why = ''x'', finished_at = ''2001-01-01'' WHERE id = %s', :job));
SELECT pg_temp.try(format('UPDATE bountygo.jobs SET state = ''cancelled'', outcome = ''cancelled'', why = ''x'', finished_at = ''infinity'' WHERE id = %s', :job));
SELECT bountygo.cancel_job(:job) ->> 'state';
SELECT pg_temp.try(format('UPDATE bountygo.jobs SET state = ''cancelled'', outcome = ''cancelled'', why = ''again'', finished_at = now() WHERE id = %s', :job));
ROLLBACK;

-- Cursors that this service signs, but would not make.
SELECT s.sort, k.key, pg_temp.try(format('SELECT bountygo.list_tasks(q => %L, sort => %L, cursor => bountygo.cursor_make(%2$L, %L, 1))', CASE s.sort WHEN '-relevance' THEN 'x' END, s.sort, k.key))
	FROM (VALUES ('-views'), ('-reward'), ('-relevance'), ('deadline'), ('-created_at')) AS s (sort), (VALUES ('NaN'), ('infinity'), ('-infinity'), ('1e400'), ('x'), ('')) AS k (key) ORDER BY 1, 2;

-- Names that look like others, or like none.
SELECT n.what, bountygo.nickname_problem(n.nickname) = '[]' AS fine FROM (VALUES ('turned', U&'Alice\202Eexe'), ('isolated', U&'\2066Alice'), ('no width', U&'\200B\200D'),
	('filler', U&'\3164'), ('variation', U&'\FE0F'), ('Hebrew', U&'\05D0\05DC\05D9\05E1'), ('Persian, with a joiner', U&'\0646\0645\06CC\200C\062F\0627\0646\0645'),
	('Chinese', U&'\5C0F\660E'), ('a face', U&'\+01F468\200D\+01F4BB')) AS n (what, nickname);

-- API keys: through SQL, too, only what their scopes say.
INSERT INTO bountygo.api_keys (user_id, name, prefix, secret_hash, scopes) SELECT :two, k.name, k.name, sha256(convert_to(repeat('s', 43), 'UTF8')), k.scopes
	FROM (VALUES ('attackreader', '{tasks:read}'::text[]), ('attacktodoer', '{todos:write}'), ('attackwriter', '{tasks:write}'), ('attackowner0', '{account:write}'), ('attackqueuer', '{jobs:write}')) AS k (name, scopes);
CREATE FUNCTION pg_temp.may(task bigint, todo bigint, message bigint, job bigint) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT v.what || ': ' || pg_temp.try(v.statement) FROM (VALUES
		('rename', 'UPDATE bountygo.users SET nickname = ''Taken'' WHERE id = bountygo.current_user_id()'),
		('sign out', 'UPDATE bountygo.sessions SET revoked_at = now() WHERE user_id = bountygo.current_user_id()'),
		('look at sessions', 'SELECT FROM bountygo.sessions'), ('look at keys', 'SELECT id FROM bountygo.api_keys'),
		('end keys', 'UPDATE bountygo.api_keys SET revoked_at = now() WHERE user_id = bountygo.current_user_id()'),
		('pause', format('UPDATE bountygo.tasks SET status = ''paused'' WHERE id = %s', task)), ('delete', format('DELETE FROM bountygo.tasks WHERE id = %s', task)),
		('make a task', 'SELECT bountygo.create_task(''By a key'')'),
		('untag', format('DELETE FROM bountygo.task_tags WHERE task_id = %s', task)),
		('report', format('SELECT bountygo.report_task(%s, ''spam'')', task)),
		('make a todo', 'SELECT bountygo.create_todo(title => ''By a key'')'), ('delete a todo', format('DELETE FROM bountygo.todos WHERE id = %s', todo)),
		('post', format('SELECT bountygo.post_message(%s, ''By a key'')', task)), ('delete a message', format('DELETE FROM bountygo.messages WHERE id = %s', message)),
		('make a tag', 'SELECT bountygo.create_tag(''Attacks by a key'')'),
		('care for a tag', 'SELECT bountygo.set_tag_interest(5, name => ''attacks'')'),
		('split', format('SELECT bountygo.split_task(%s)', task)),
		('correct', format('SELECT bountygo.correct_task(%s, ''summary'', ''"By a key"'')', task)),
		('task of a job', format('SELECT bountygo.create_task_from_job(%s)', job)),
		('submit', 'SELECT bountygo.submit_url(''http://attacks.example/key'')'), ('submit some', 'SELECT bountygo.submit_urls(''{http://attacks.example/key}'')'),
		('preview', 'SELECT bountygo.preview_url(''http://attacks.example/key'')'), ('recheck', format('SELECT bountygo.recheck_task(%s)', task)),
		('hand in text', 'SELECT bountygo.submit_text(''More than ten characters'')'), ('export', 'SELECT bountygo.export_me()'),
		('delete the account', 'SELECT bountygo.delete_me()'),
		('cancel', format('UPDATE bountygo.jobs SET state = ''cancelled'', outcome = ''cancelled'', why = ''x'', finished_at = now() WHERE id = %s', job))) AS v (what, statement)
$$;
\set secret sssssssssssssssssssssssssssssssssssssssssss
\echo attackreader
BEGIN; SET LOCAL ROLE bountygo_api; SELECT bountygo.authenticate('bgo_attackreader_' || :'secret') = :two;
SELECT * FROM pg_temp.may(:mine, :todo, :message, :job);
ROLLBACK;
\echo attacktodoer
BEGIN; SET LOCAL ROLE bountygo_api; SELECT bountygo.authenticate('bgo_attacktodoer_' || :'secret') = :two;
SELECT * FROM pg_temp.may(:mine, :todo, :message, :job);
ROLLBACK;
\echo attackwriter
BEGIN; SET LOCAL ROLE bountygo_api; SELECT bountygo.authenticate('bgo_attackwriter_' || :'secret') = :two;
SELECT * FROM pg_temp.may(:mine, :todo, :message, :job);
ROLLBACK;
\echo attackowner0
BEGIN; SET LOCAL ROLE bountygo_api; SELECT bountygo.authenticate('bgo_attackowner0_' || :'secret') = :two;
SELECT * FROM pg_temp.may(:mine, :todo, :message, :job);
ROLLBACK;
\echo attackqueuer
BEGIN; SET LOCAL ROLE bountygo_api; SELECT bountygo.authenticate('bgo_attackqueuer_' || :'secret') = :two;
SELECT * FROM pg_temp.may(:mine, :todo, :message, :job);
ROLLBACK;
\echo signed in
BEGIN; SET LOCAL ROLE bountygo_api; SELECT bountygo.authenticate(:'token_two') = :two;
SELECT * FROM pg_temp.may(:mine, :todo, :message, :job);
ROLLBACK;

-- Secrets, tokens and what only other functions call: no API user may.
SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'bountygo'::regnamespace AND has_function_privilege('bountygo_api', p.oid, 'EXECUTE')
	AND (p.proname IN ('random_token', 'random_name', 'seal', 'unseal', 'access_token', 'equal_secrets', 'start_session', 'new_refresh_token', 'tokens_object',
			'make_wallet_primary', 'take_wallet_message', 'read_id_token', 'user_from_claims', 'want_keys', 'schedule_keys', 'issue_token', 'create_user',
			'set_user_role', 'queue_submit', 'task_from_snapshot', 'repair_cluster', 'index_tasks', 'tidy', 'tidy_views', 'record_views', 'refresh_analytics',
			'call', 'init', 'grant_privileges', 'protect_table', 'limit_api_keys', 'secret_status')
		OR p.prorettype = 'trigger'::regtype);
-- Where API users insert, they name the columns; whatever has an id or a time of its own is left to the database.
SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'bountygo'::regnamespace AND c.relkind = 'r' AND c.relname <> 'task_tags'
	AND (has_table_privilege('bountygo_api', c.oid, 'INSERT') OR has_table_privilege('bountygo_api', c.oid, 'UPDATE') OR has_table_privilege('bountygo_api', c.oid, 'TRUNCATE'));
SELECT a.attrelid::regclass, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' AND c.relnamespace = 'bountygo'::regnamespace
	WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attname IN ('id', 'created_at') AND (has_column_privilege('bountygo_api', c.oid, a.attnum, 'INSERT')
		OR has_column_privilege('bountygo_api', c.oid, a.attnum, 'UPDATE'));

-- Keys that were made and revoked again and again do not stay for ever.
UPDATE bountygo.api_keys SET revoked_at = now() - CASE name WHEN 'attackreader' THEN interval '31 days' ELSE interval '29 days' END WHERE user_id = :two;
SELECT bountygo.tidy() ->> 'accounts' <> '0';
SELECT name FROM bountygo.api_keys WHERE user_id = :two ORDER BY name;

-- Leave the server as it was.
\if :had_key
ALTER SYSTEM SET bountygo.jwt_key_file = :'old_key';
\else
ALTER SYSTEM RESET bountygo.jwt_key_file;
\endif
SELECT pg_reload_conf();
COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; rm -f bountygo_attacks.key';
DELETE FROM bountygo.tasks WHERE id IN (:public, :draft, :mine);
DELETE FROM bountygo.jobs WHERE requested_by IN (:one, :two);
DELETE FROM bountygo.users WHERE id IN (:one, :two);

-- Row-level security: who sees and writes what, through SQL, as the roles that people and programs have.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
\pset format unaligned
\pset tuples_only on

-- A signing key for this server, in its own directory, open to nobody else. Each of the generated commands waits a moment, unless
-- this session has seen the new setting.
COPY (SELECT encode(sha256('policies'), 'hex')) TO PROGRAM 'umask 077 && cat > bountygo_policies.key';
LOAD 'bountygo';
-- What the operator of the server has set comes back at the end.
SELECT count(*) AS had_key, max(s.setting) AS old_key FROM pg_file_settings s
	WHERE s.name = 'bountygo.jwt_key_file' AND s.sourcefile LIKE '%.auto.conf' \gset
ALTER SYSTEM SET bountygo.jwt_key_file = 'bountygo_policies.key';
SELECT pg_reload_conf();
\set ECHO none
SELECT $$DO 'BEGIN IF current_setting(''bountygo.jwt_key_file'') <> ''bountygo_policies.key'' THEN PERFORM pg_sleep(0.01); END IF; END'$$
	FROM generate_series(1, 1000) \gexec
\set ECHO all
SELECT current_setting('bountygo.jwt_key_file');

SELECT bountygo.create_user('Policies One', 'one@policies.example') AS one \gset
SELECT bountygo.create_user('Policies Two', 'two@policies.example') AS two \gset
SELECT bountygo.create_user('Policies Moderator', 'moderator@policies.example', 'moderator') AS moderator \gset
SELECT bountygo.issue_token(:one) AS token_one, bountygo.issue_token(:two) AS token_two, bountygo.issue_token(:moderator) AS token_moderator \gset

-- One makes a task and a draft, as an API user.
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT bountygo.authenticate(:'token_one') = :one;
SELECT bountygo.create_task('Policies: public', tags => '{policies}', organizer_name => 'Policies Inc') ->> 'id' AS public \gset
SELECT bountygo.create_task('Policies: draft', status => 'draft') ->> 'id' AS draft \gset
COMMIT;
SELECT sponsor_id = :one AND submitted_by = :one FROM bountygo.tasks WHERE id = :public;
SELECT DISTINCT method = 'user:' || :one FROM bountygo.evidence WHERE task_id IN (:public, :draft);

-- Snapshots and jobs of one, of nobody, and of a page with a task.
INSERT INTO bountygo.snapshots (url, final_url, bytes, text, text_hash, result) VALUES ('https://policies.example/own', '', 1, 'Own', '', '{}') RETURNING id AS own \gset
INSERT INTO bountygo.snapshots (url, final_url, bytes, text, text_hash, result) VALUES ('https://policies.example/anonymous', '', 1, 'Anonymous', '', '{}') RETURNING id AS anonymous \gset
INSERT INTO bountygo.snapshots (url, final_url, bytes, text, text_hash, result) VALUES ('https://policies.example/unowned', '', 1, 'Unowned', '', '{}') RETURNING id AS unowned \gset
INSERT INTO bountygo.snapshots (url, final_url, bytes, text, text_hash, result) VALUES ('https://policies.example/task', '', 1, 'Task', '', '{}') RETURNING id AS seen \gset
SELECT bountygo.task_from_snapshot(:seen, '{"is_task": true}') AS page_task \gset
INSERT INTO bountygo.jobs (kind, state, stage, requested_by, finished_at) VALUES ('page', 'done', 'end', :one, now()) RETURNING id AS job_one \gset
INSERT INTO bountygo.jobs (kind, requested_by) VALUES ('page', :one) RETURNING id AS job_open \gset
INSERT INTO bountygo.jobs (kind, state, stage, is_public, finished_at) VALUES ('preview', 'done', 'end', true, now()) RETURNING id AS job_public \gset
INSERT INTO bountygo.job_results (job_id, snapshot_id) VALUES (:job_one, :own), (:job_public, :anonymous);
INSERT INTO bountygo.job_payloads (job_id, url) VALUES (:job_one, 'https://policies.example/own');

CREATE FUNCTION pg_temp.sees(public bigint, draft bigint, page_task bigint) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', (SELECT string_agg(CASE t.id WHEN public THEN 'public' WHEN draft THEN 'draft' WHEN page_task THEN 'page' END, ',' ORDER BY t.id) FROM bountygo.tasks t WHERE t.id IN (public, draft, page_task)),
		'| evidence', (SELECT string_agg(CASE e.task_id WHEN public THEN 'public' ELSE 'draft' END || '.' || e.field, ',' ORDER BY e.task_id, e.field) FROM bountygo.evidence e WHERE e.task_id IN (public, draft)),
		'| events', (SELECT count(*) FROM bountygo.events e WHERE e.task_id IN (public, draft)),
		'| tags', (SELECT count(*) FROM bountygo.task_tags e WHERE e.task_id IN (public, draft)),
		'| snapshots', (SELECT string_agg(s.text, ',' ORDER BY s.id) FROM bountygo.snapshots s WHERE s.url LIKE 'https://policies.example/%'),
		'| users', (SELECT string_agg(u.nickname, ',' ORDER BY u.id) FROM bountygo.users u WHERE u.nickname LIKE 'Policies %'),
		'| faces', (SELECT count(*) FROM bountygo.public_users u WHERE u.nickname LIKE 'Policies %'))
$$;
GRANT EXECUTE ON FUNCTION pg_temp.sees(bigint, bigint, bigint) TO PUBLIC;
CREATE FUNCTION pg_temp.sees_jobs(one bigint, open bigint, public bigint) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', (SELECT string_agg(CASE j.id WHEN one THEN 'one' WHEN open THEN 'open' ELSE 'public' END, ',' ORDER BY j.id) FROM bountygo.jobs j WHERE j.id IN (one, open, public)),
		'| results', (SELECT count(*) FROM bountygo.job_results r WHERE r.job_id IN (one, open, public)), '| payloads', (SELECT count(*) FROM bountygo.job_payloads r WHERE r.job_id IN (one, open, public)))
$$;

-- Nobody, one, another, a moderator, an administrator of the database, the worker.
BEGIN; SET LOCAL ROLE bountygo_api;
SELECT pg_temp.sees(:public, :draft, :page_task), pg_temp.sees_jobs(:job_one, :job_open, :job_public); ROLLBACK;
BEGIN; SET LOCAL ROLE bountygo_api; SELECT bountygo.authenticate(:'token_one') > 0;
SELECT pg_temp.sees(:public, :draft, :page_task), pg_temp.sees_jobs(:job_one, :job_open, :job_public); ROLLBACK;
BEGIN; SET LOCAL ROLE bountygo_api; SELECT bountygo.authenticate(:'token_two') > 0;
SELECT pg_temp.sees(:public, :draft, :page_task), pg_temp.sees_jobs(:job_one, :job_open, :job_public); ROLLBACK;
BEGIN; SET LOCAL ROLE bountygo_api; SELECT bountygo.authenticate(:'token_moderator') > 0;
SELECT pg_temp.sees(:public, :draft, :page_task), pg_temp.sees_jobs(:job_one, :job_open, :job_public); ROLLBACK;
BEGIN; SET LOCAL ROLE bountygo_admin;
SELECT pg_temp.sees(:public, :draft, :page_task), pg_temp.sees_jobs(:job_one, :job_open, :job_public); ROLLBACK;
BEGIN; SET LOCAL ROLE bountygo_worker;
SELECT pg_temp.sees_jobs(:job_one, :job_open, :job_public); ROLLBACK;

-- The caller is forgotten with the transaction.
BEGIN; SELECT bountygo.authenticate(:'token_one') > 0; COMMIT;
SELECT bountygo.current_user_id() IS NULL;

-- What each may not. Every attempt is taken back.
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
BEGIN; SET LOCAL ROLE bountygo_api;
\echo nobody
SELECT pg_temp.try('SELECT bountygo.create_task(''By nobody'')');
SELECT pg_temp.try('SELECT bountygo.submit_url(''http://policies.example/nobody'')');
SELECT pg_temp.try('SELECT bountygo.submit_urls(''{http://policies.example/nobody}'')');
SELECT pg_temp.try('INSERT INTO bountygo.tasks (status) VALUES (''active'')');
SELECT pg_temp.try(format('SELECT bountygo.get_task(%s)', :draft));
SELECT pg_temp.try(format('SELECT bountygo.task_evidence(%s)', :draft));
SELECT pg_temp.try(format('SELECT bountygo.snapshot(%s)', :own));
SELECT pg_temp.try(format('SELECT bountygo.snapshot(%s)', :seen));
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET status = ''cancelled'' WHERE id = %s', :public));
SELECT pg_temp.try(format('DELETE FROM bountygo.tasks WHERE id = %s', :public));
SELECT pg_temp.try(format('UPDATE bountygo.jobs SET state = ''cancelled'', finished_at = now() WHERE id = %s', :job_open));
SELECT pg_temp.try('INSERT INTO bountygo.jobs (kind) VALUES (''page'')');
SELECT pg_temp.try('INSERT INTO bountygo.tags (name, name_key) VALUES (''policies-x'', ''policies x'')');
SELECT pg_temp.try('SELECT * FROM bountygo.hosts');
SELECT pg_temp.try('SELECT * FROM bountygo.model_calls');
SELECT pg_temp.try('SELECT bountygo.task_from_snapshot(1, ''{"is_task": true}'')');
SELECT pg_temp.try('SELECT bountygo.issue_token(1)');
SELECT pg_temp.try('SELECT bountygo.create_user(''x'')');
SELECT pg_temp.try('SELECT bountygo.doctor()');
SELECT pg_temp.try('SELECT bountygo.init()');
SELECT pg_temp.try('SELECT bountygo.launch_workers()');
ROLLBACK;
BEGIN; SET LOCAL ROLE bountygo_api; SELECT bountygo.authenticate(:'token_two') > 0;
\echo two
SELECT pg_temp.try(format('SELECT bountygo.get_task(%s)', :draft));
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET status = ''cancelled'' WHERE id = %s', :public));
SELECT pg_temp.try(format('DELETE FROM bountygo.tasks WHERE id = %s', :public));
SELECT pg_temp.try(format('INSERT INTO bountygo.tasks (sponsor_id, submitted_by, title) VALUES (%s, %1$s, ''For one'')', :one));
SELECT pg_temp.try(format('INSERT INTO bountygo.evidence (task_id, field, value, method) VALUES (%s, ''summary'', ''"x"'', ''user:%s'')', :public, :two));
SELECT pg_temp.try(format('INSERT INTO bountygo.evidence (task_id, field, value, method) VALUES (%s, ''summary'', ''"x"'', ''user:%s'')', :public, :one));
SELECT pg_temp.try(format('UPDATE bountygo.evidence SET is_current = false WHERE task_id = %s', :public));
SELECT pg_temp.try(format('INSERT INTO bountygo.events (kind, task_id) VALUES (''task_cancelled'', %s)', :public));
SELECT pg_temp.try(format('UPDATE bountygo.users SET nickname = ''Taken'' WHERE id = %s', :one));
SELECT pg_temp.try(format('UPDATE bountygo.users SET nickname = ''Mine'' WHERE id = %s', :two));
SELECT pg_temp.try(format('UPDATE bountygo.users SET role = ''admin'' WHERE id = %s', :two));
SELECT pg_temp.try(format('UPDATE bountygo.users SET disabled_at = NULL WHERE id = %s', :two));
SELECT pg_temp.try(format('UPDATE bountygo.jobs SET state = ''cancelled'', finished_at = now() WHERE id = %s', :job_open));
SELECT pg_temp.try('INSERT INTO bountygo.snapshots (url, final_url, bytes, text, text_hash, result) VALUES ('''', '''', 1, '''', '''', ''{}'')');
ROLLBACK;
BEGIN; SET LOCAL ROLE bountygo_api; SELECT bountygo.authenticate(:'token_one') > 0;
\echo one
SELECT pg_temp.try(format('SELECT bountygo.get_task(%s)', :draft));
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET status = ''paused'' WHERE id = %s', :public));
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET title = ''No evidence'' WHERE id = %s', :public));
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET sponsor_id = %s WHERE id = %s', :two, :public));
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET source_url = ''https://policies.example/'' WHERE id = %s', :public));
SELECT pg_temp.try(format('INSERT INTO bountygo.tasks (sponsor_id, submitted_by, title, source_url) VALUES (%s, %1$s, ''Squat'', ''https://policies.example/squat'')', :one));
SELECT pg_temp.try(format('INSERT INTO bountygo.evidence (task_id, field, value, method) VALUES (%s, ''summary'', ''"x"'', ''user:%s'')', :public, :two));
SELECT pg_temp.try(format('INSERT INTO bountygo.evidence (task_id, field, value, snapshot_id, start_char, end_char, quote, method) VALUES (%s, ''summary'', ''"x"'', %s, 0, 4, ''Task'', ''jsonld'')', :public, :seen));
SELECT pg_temp.try(format('UPDATE bountygo.jobs SET state = ''cancelled'', finished_at = now() WHERE id = %s', :job_open));
SELECT pg_temp.try(format('UPDATE bountygo.jobs SET attempts = 0 WHERE id = %s', :job_open));
SELECT pg_temp.try(format('UPDATE bountygo.jobs SET state = ''done'', finished_at = now() WHERE id = %s', :job_open));
SELECT pg_temp.try(format('DELETE FROM bountygo.tasks WHERE id = %s', :draft));
ROLLBACK;
BEGIN; SET LOCAL ROLE bountygo_api; SELECT bountygo.authenticate(:'token_moderator') > 0;
\echo moderator
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET status = ''cancelled'' WHERE id = %s', :page_task));
SELECT pg_temp.try(format('UPDATE bountygo.users SET nickname = ''Taken'' WHERE id = %s', :one));
SELECT pg_temp.try(format('SELECT bountygo.get_task(%s)', :draft));
ROLLBACK;
BEGIN; SET LOCAL ROLE bountygo_gateway;
\echo gateway
SELECT pg_temp.try('SELECT * FROM bountygo.tasks');
SELECT pg_temp.try('SELECT bountygo.list_tasks()');
SELECT pg_temp.try(format('SELECT bountygo.authenticate(%L)', :'token_one'));
SELECT pg_temp.try('SELECT bountygo.health()');
ROLLBACK;
BEGIN; SET LOCAL ROLE bountygo_worker;
\echo worker
SELECT pg_temp.try('SELECT email FROM bountygo.users');
SELECT pg_temp.try('SELECT bountygo.issue_token(1)');
SELECT pg_temp.try('DELETE FROM bountygo.tasks');
SELECT pg_temp.try('UPDATE bountygo.snapshots SET text = ''''');
-- What it is for: a task out of a page.
INSERT INTO bountygo.snapshots (url, final_url, bytes, text, text_hash, result) VALUES ('https://policies.example/new', '', 1, 'A new task', '', '{}') RETURNING id AS new \gset
SELECT bountygo.task_from_snapshot(:new, '{"is_task": true, "fields": {"title": {"value": "A new task", "quote": "A new task", "start": 0, "end": 10, "method": "rule", "confidence": 0.5},
	"tags": {"value": ["policies-new"], "quote": "new", "start": 2, "end": 5, "method": "rule", "confidence": 0.5}, "organizer": {"value": "Policies New", "quote": "new", "start": 2, "end": 5, "method": "rule"}}}') AS new_task \gset
SET CONSTRAINTS ALL IMMEDIATE;
SELECT bountygo.get_task(:new_task) -> 'title', bountygo.get_task(:new_task) -> 'tags';
ROLLBACK;
BEGIN; SET LOCAL ROLE bountygo_monitor;
\echo monitor
SELECT pg_temp.try('SELECT * FROM bountygo.jobs');
SELECT pg_temp.try('SELECT count(*) FROM bountygo.queue_stats');
ROLLBACK;
BEGIN; SET LOCAL ROLE bountygo_admin;
\echo admin
SELECT pg_temp.try('SELECT bountygo.create_task(''By an administrator'')');
SELECT pg_temp.try('SELECT bountygo.create_user(''Policies Three'')');
SELECT pg_temp.try('SELECT count(*) FROM bountygo.doctor()');
SELECT pg_temp.try('SELECT bountygo.init()');
ROLLBACK;

-- A role that commits as somebody else than it wrote: the deferred checks still see everything.
BEGIN; SET LOCAL ROLE bountygo_api; SELECT bountygo.authenticate(:'token_one') > 0;
SELECT bountygo.create_task('Policies: committed by the gateway') ->> 'id' AS handed \gset
SET LOCAL ROLE bountygo_gateway;
COMMIT;
SELECT title FROM bountygo.tasks WHERE id = :handed;

-- Disabled accounts are nobody's any more.
UPDATE bountygo.users SET disabled_at = now() WHERE id = :two;
BEGIN; SET LOCAL ROLE bountygo_api;
\set VERBOSITY sqlstate
SELECT bountygo.authenticate(:'token_two');
\set VERBOSITY default
ROLLBACK;

\if :had_key
ALTER SYSTEM SET bountygo.jwt_key_file = :'old_key';
\else
ALTER SYSTEM RESET bountygo.jwt_key_file;
\endif
SELECT pg_reload_conf();
COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; rm -f bountygo_policies.key';
DELETE FROM bountygo.tasks WHERE sponsor_id = :one OR id = :page_task;
DELETE FROM bountygo.jobs WHERE id IN (:job_one, :job_open, :job_public);
DELETE FROM bountygo.users WHERE id IN (:one, :two, :moderator);

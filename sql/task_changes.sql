-- How people change tasks: fields, status, corrections, history; what is whose.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
\pset format unaligned
\pset tuples_only on

-- A signing key for this server; what its operator has set comes back at the end. Each of the generated commands waits a moment,
-- unless this session has seen the new setting.
COPY (SELECT encode(sha256('task_changes'), 'hex')) TO PROGRAM 'umask 077 && cat > bountygo_task_changes.key';
LOAD 'bountygo';
SELECT count(*) AS had_key, max(s.setting) AS old_key FROM pg_file_settings s
	WHERE s.name = 'bountygo.jwt_key_file' AND s.sourcefile LIKE '%.auto.conf' \gset
ALTER SYSTEM SET bountygo.jwt_key_file = 'bountygo_task_changes.key';
SELECT pg_reload_conf();
\set ECHO none
SELECT $$DO 'BEGIN IF current_setting(''bountygo.jwt_key_file'') <> ''bountygo_task_changes.key'' THEN PERFORM pg_sleep(0.01); END IF; END'$$
	FROM generate_series(1, 1000) \gexec
\set ECHO all
SELECT bountygo.create_user('Changes One', 'one@task_changes.example') AS one \gset
SELECT bountygo.create_user('Changes Two', 'two@task_changes.example') AS two \gset
SELECT bountygo.create_user('Changes Moderator', 'moderator@task_changes.example', 'moderator') AS moderator \gset
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

CREATE FUNCTION pg_temp.brief(t jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' | ', t ->> 'title', t ->> 'status', t ->> 'summary', t ->> 'category', t #>> '{organizer,name}', t ->> 'tags', 'reward ' || (t ->> 'reward'),
		'deadline ' || (t ->> 'deadline'), t ->> 'eligibility', t ->> 'language', t ->> 'external_link', 'missing ' || (t ->> 'missing'))
$$;
GRANT EXECUTE ON FUNCTION pg_temp.brief(jsonb) TO PUBLIC;
CREATE FUNCTION pg_temp.said(task bigint) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT e.field || ' ' || CASE WHEN e.is_current THEN 'current ' ELSE 'old ' END || e.method || ' ' || e.value
	FROM bountygo.evidence e WHERE e.task_id = task ORDER BY e.field, e.id
$$;
CREATE FUNCTION pg_temp.happened(task bigint) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT e.kind || ' ' || e.payload FROM bountygo.events e WHERE e.task_id = task ORDER BY e.id
$$;

-- All that a task can be told, by hand.
:as_one
SELECT t ->> 'id' AS task, pg_temp.brief(t) FROM bountygo.create_task('Changes: first', summary => 'Short', description => 'Long', category => 'design',
	reward_amount => 500, reward_min => 100, reward_currency => 'usdc', reward_distribution => 'split', deadline_date => '2100-03-01',
	external_link => 'https://changes.example/', tags => '{Changes A,changes b}', organizer_name => 'Changes Ltd', language => 'zh-Hans',
	eligibility => 'Anyone') t \gset got_
COMMIT;
\set task :got_task
\echo :got_brief
-- A date without a zone is everything from its first instant on Earth to its last.
SELECT deadline_date, deadline_earliest, deadline, deadline_precision FROM bountygo.tasks WHERE id = :task;
:as_one
SELECT pg_temp.try($$SELECT bountygo.create_task('x', reward_min => 2, reward_amount => 1, language => 'no language', eligibility => repeat('e', 2001),
	deadline => '2100-01-01Z', deadline_date => '2100-01-01')$$);
SELECT pg_temp.try($$SELECT bountygo.create_task('x', reward_min => 2, deadline_date => 'infinity')$$);
SELECT pg_temp.try($$SELECT bountygo.create_task('x', reward_min => 'NaN', reward_amount => 'Infinity', deadline_date => '0044-03-15 BC')$$);
COMMIT;

-- Changing: what is not named stays, what is said is evidence of who said it, history tells all of it.
:as_one
SELECT updated_at AS before FROM bountygo.tasks WHERE id = :task \gset
SELECT pg_temp.brief(bountygo.update_task(:task));
SELECT pg_temp.brief(bountygo.update_task(:task, title => ' Changes: first ', tags => '{CHANGES B,changes-a}', reward_currency => 'USDC', status => 'active'));
SELECT updated_at = :'before' AS untouched FROM bountygo.tasks WHERE id = :task;
SELECT pg_temp.brief(bountygo.update_task(:task, title => 'Changes: second', reward_amount => 700, deadline => '2100-05-01 12:00+02',
	tags => '{changes b,Changes C}', organizer_name => 'Changes Inc', clear => '{summary,category,eligibility,reward_min,deadline_date}'));
SELECT updated_at > :'before' AS touched FROM bountygo.tasks WHERE id = :task;
COMMIT;
SELECT replace(s, 'user:' || :one, 'user:one') FROM pg_temp.said(:task) s;
SELECT pg_temp.happened(:task);
SELECT h ->> 'field', h -> 'old_value', h -> 'new_value', h ->> 'method' = 'user:' || :one, h #>> '{changed_by,nickname}', h ? 'email'
	FROM jsonb_array_elements(bountygo.list_task_history(:task) -> 'items') h;
SELECT jsonb_array_length(l -> 'items'), l -> 'total', jsonb_array_length(m -> 'items'), m -> 'next', m #>> '{items,0,field}'
	FROM bountygo.list_task_history(:task, count => 'exact', "limit" => 5) l, bountygo.list_task_history(:task, cursor => l ->> 'next') m;
SELECT pg_temp.try('SELECT bountygo.list_task_history(-1)'), pg_temp.try(format('SELECT bountygo.list_task_history(%s, "limit" => 0)', :task)),
	pg_temp.try(format('SELECT bountygo.list_task_history(%s, cursor => ''x'')', :task));
-- Each part of a reward by itself; an emptied text is cleared.
:as_one
SELECT bountygo.update_task(:task, clear => '{reward_amount,reward_currency}') -> 'reward';
SELECT bountygo.update_task(:task, clear => '{reward_distribution}') -> 'reward';
SELECT t -> 'reward', t -> 'summary' FROM bountygo.update_task(:task, reward_amount => 3, reward_min => 1, summary => ' ') t;
SELECT pg_temp.brief(bountygo.update_task(:task, clear => '{deadline,tags,organizer_name,external_link,language,description}'));
-- Everything that is wrong is said at once, and nothing is done.
SELECT pg_temp.try(format($$SELECT bountygo.update_task(%s, title => E'a\nb', summary => repeat('s', 501), description => E'\x07', reward_min => 5,
	reward_currency => '??', deadline => 'infinity', external_link => 'ftp://x', tags => '{"",ok}', organizer_name => repeat('o', 201),
	language => '1', eligibility => repeat('e', 2001), clear => '{title,status,id,nonsense}')$$, :task));
SELECT pg_temp.try(format($$SELECT bountygo.update_task(%s, title => ' ', deadline => '2100-01-01Z', deadline_date => '2100-01-01', tags => '{{a,b}}', language => repeat('x', 36))$$, :task));
SELECT pg_temp.try(format('SELECT bountygo.update_task(%s, clear => ''{reward_amount}'')', :task));
SELECT pg_temp.try(format('SELECT bountygo.update_task(%s, reward_amount => ''NaN'')', :task));
SELECT pg_temp.brief(bountygo.get_task(:task));
COMMIT;

-- Tags by name, by whatever spelling, or by id; the task has them under their own names.
SELECT id AS tag FROM bountygo.tags WHERE name = 'Changes C' \gset
:as_one
SELECT t -> 'tags', t #> '{evidence,tags,value}' FROM bountygo.create_task('Changes: by id', tags => ARRAY[:'tag', 'CHANGES-c', 'Changes A']) t;
COMMIT;

-- The status goes its way, for everybody.
CREATE FUNCTION pg_temp.ways(start bountygo.task_status) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	made bigint;
	steps bountygo.task_status[] := CASE start WHEN 'draft' THEN '{}' WHEN 'active' THEN '{active}' ELSE ARRAY['active', start]::bountygo.task_status[] END;
	goal bountygo.task_status;
	answer text := start || ':';
	i bountygo.task_status;
BEGIN
	FOREACH goal IN ARRAY enum_range(NULL::bountygo.task_status) LOOP
		made := bountygo.create_task('Changes: ways', status => 'draft') ->> 'id';
		FOREACH i IN ARRAY steps LOOP
			PERFORM bountygo.update_task(made, status => i);
		END LOOP;
		answer := answer || ' ' || goal || ' ' || pg_temp.try(format('SELECT bountygo.update_task(%s, status => %L)', made, goal));
	END LOOP;
	RETURN replace(answer, ' row(s)', '');
END
$$;
GRANT EXECUTE ON FUNCTION pg_temp.ways(bountygo.task_status) TO PUBLIC;
:as_one
SELECT pg_temp.ways(s) FROM unnest(enum_range(NULL::bountygo.task_status)) s;
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET status = ''draft'' WHERE id = %s', :task));
-- Ending it, once.
SELECT bountygo.complete_task(:task) ->> 'status', bountygo.complete_task(:task) ->> 'state';
SELECT pg_temp.try(format('SELECT bountygo.update_task(%s, status => ''active'')', :task));
COMMIT;
SELECT pg_temp.happened(:task) OFFSET 6;

-- Whose it is not.
:as_one
SELECT bountygo.create_task('Changes: draft', status => 'draft') ->> 'id' AS draft, bountygo.create_task('Changes: open') ->> 'id' AS open \gset
COMMIT;
:as_two
SELECT pg_temp.try(format('SELECT bountygo.update_task(%s, title => ''mine'')', :open));
SELECT pg_temp.try(format('SELECT bountygo.update_task(%s, title => ''mine'')', :draft));
SELECT pg_temp.try(format('SELECT bountygo.complete_task(%s)', :open));
SELECT pg_temp.try(format('SELECT bountygo.delete_task(%s)', :open));
SELECT pg_temp.try(format('SELECT bountygo.delete_task(%s)', :draft));
SELECT pg_temp.try(format('SELECT bountygo.lock_own_task(%s)', :open));
SELECT pg_temp.try(format('SELECT bountygo.apply_user_fields(%s, ''{"title": "mine"}'', %s)', :open, :two));
SELECT pg_temp.try(format('SELECT bountygo.apply_corrections(%s, ''{"title": "mine"}'')', :open));
SELECT pg_temp.try(format('SELECT bountygo.apply_corrections(%s, ''{"title": "mine"}'')', :draft));
SELECT pg_temp.try(format('SELECT bountygo.put_task_fields(%s, ''{"title": "mine"}'')', :open));
SELECT title FROM bountygo.tasks WHERE id = :open;
SELECT pg_temp.try(format('SELECT bountygo.record_task_changes(%s, ''{}'', ''{"title": "mine"}'', ''user:1'', %s)', :open, :two));
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET title = ''mine'' WHERE id = %s', :open));
SELECT pg_temp.try(format('UPDATE bountygo.task_counts SET joins = 9 WHERE task_id = %s', :open));
SELECT pg_temp.try(format('SELECT bountygo.update_task(-1, title => ''mine'')', :open));
SELECT pg_temp.try('SELECT bountygo.update_task(NULL)');
COMMIT;
:as_nobody
SELECT pg_temp.try(format('SELECT bountygo.update_task(%s, title => ''mine'')', :open));
SELECT pg_temp.try(format('SELECT bountygo.delete_task(%s)', :open));
SELECT pg_temp.try(format('SELECT bountygo.complete_task(%s)', :open));
SELECT pg_temp.try(format('SELECT bountygo.apply_corrections(%s, ''{"title": "mine"}'')', :open));
COMMIT;
:as_moderator
SELECT t ->> 'title', t #>> '{evidence,title,method}' = 'user:' || :moderator FROM bountygo.update_task(:draft, title => 'Changes: moderated') t;
SELECT pg_temp.try(format('SELECT bountygo.delete_task(%s)', :draft));
COMMIT;
SELECT count(*) FROM bountygo.tasks WHERE id = :draft;
-- An administrator of the database needs no account.
SELECT t ->> 'title', t #>> '{evidence,title,method}' FROM bountygo.update_task(:open, title => 'Changes: by nobody') t;
SELECT changed_by, method, old_value FROM bountygo.task_history WHERE task_id = :open;

-- The task of a page: its submitter corrects, and nothing else; others propose (see reports).
INSERT INTO bountygo.snapshots (url, final_url, bytes, language, text, text_hash, result) VALUES ('https://task_changes.example/page', '', 1, 'en',
	'Gadget by Acmechanges pays 100 USD until soon', '', '{}') RETURNING id AS snapshot \gset
SELECT bountygo.task_from_snapshot(:snapshot, '{"is_task": true, "missing": {"deadline": "unparseable"}, "fields": {
	"title": {"value": "Gadget", "quote": "Gadget", "start": 0, "end": 6, "method": "rule"},
	"organizer": {"value": "Acmechanges", "quote": "Acmechanges", "start": 10, "end": 21, "method": "rule"},
	"reward": {"value": {"amount": 100, "min": null, "currency": "USD", "distribution": null}, "quote": "100 USD", "start": 27, "end": 34, "method": "model"}}}', :two) AS page \gset
SELECT missing FROM bountygo.tasks WHERE id = :page;
:as_two
SELECT c ->> 'status', c -> 'report', pg_temp.brief(c -> 'task') FROM bountygo.correct_task(:page, 'deadline', '"2100-06-30"') c;
SELECT c ->> 'status', c #> '{task,tags}' FROM bountygo.correct_task(:page, 'tags', '["Changes B", "gadgets", "GADGETS"]', 'as it says') c;
SELECT c #> '{task,reward}', c #> '{task,missing}' FROM bountygo.correct_task(:page, 'reward', NULL) c;
-- Vouching for what is there changes nothing but whose word it is.
SELECT c #> '{task,title}', c #>> '{task,evidence,title,method}' = 'user:' || :two FROM bountygo.correct_task(:page, 'title', '"Gadget"') c;
SELECT pg_temp.try(format('SELECT bountygo.update_task(%s, status => ''cancelled'')', :page));
SELECT pg_temp.try(format('SELECT bountygo.delete_task(%s)', :page));
SELECT pg_temp.try(format('UPDATE bountygo.tasks SET submitted_by = NULL WHERE id = %s', :page));
COMMIT;
SELECT replace(s, 'user:' || :two, 'user:two') FROM pg_temp.said(:page) s;
SELECT pg_temp.happened(:page) OFFSET 1;
SELECT field, old_value, new_value FROM bountygo.task_history WHERE task_id = :page ORDER BY id;
-- Values in every form, right and wrong.
CREATE FUNCTION pg_temp.corrected(task bigint, field text, value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	outcome text := pg_temp.try(format('SELECT bountygo.correct_task(%s, %L, %L)', task, field, value));
BEGIN
	RETURN CASE outcome WHEN '1 row(s)' THEN '= ' || coalesce(bountygo.task_fields(task) ->> field, 'nothing') ELSE outcome END;
END
$$;
GRANT EXECUTE ON FUNCTION pg_temp.corrected(bigint, text, text) TO PUBLIC;
:as_two
SELECT f, v, pg_temp.corrected(:page, f, v)
	FROM (VALUES ('title', '"  Gizmo "'), ('title', '""'), ('title', '5'), ('title', 'null'), ('organizer', '"Acme Changes"'), ('summary', '"a\nb"'), ('eligibility', '"a\u0007"'),
		('description', '["x"]'), ('language', '"EN-gb"'), ('language', '"?"'), ('category', '"grant"'), ('category', '"lottery"'), ('category', '"征文"'), ('category', '5'), ('tags', '[]'), ('tags', '"x"'), ('tags', '["x", 1]'),
		('tags', '["x", ""]'), ('reward', '{"amount": 5, "currency": "usd", "distribution": "each"}'), ('reward', '{"amount": -1, "min": 2, "currency": "", "distribution": "sometimes"}'),
		('reward', '{"amount": "5"}'), ('reward', '{"total": 5}'), ('reward', '[]'), ('reward', '{}'), ('deadline', '"2100-02-30"'), ('deadline', '"2100-02-28T10:00:00+08:00"'),
		('deadline', '"2100-02-28T10:00:00"'), ('deadline', '{"date": "2100-01-01"}'), ('deadline', '{"earliest": "2100-01-02T00:00:00Z", "latest": "2100-01-01T00:00:00Z", "precision": "day"}'),
		('deadline', '{"date": null, "earliest": "2100-01-01T00:00:00Z", "latest": "2100-01-02T00:00:00Z", "precision": "day", "text": "New Year", "zone": "UTC"}'), ('deadline', '[1]'),
		('rewards', '[]'), (NULL, '1')) AS c (f, v);
SELECT pg_temp.try(format('SELECT bountygo.correct_task(%s, ''title'', ''"x"'', repeat(''n'', 2001))', :page));
SELECT pg_temp.try('SELECT bountygo.correct_task(-1, ''title'', ''"x"'')');
COMMIT;
:as_one
SELECT pg_temp.try(format('SELECT bountygo.correct_task(%s, ''title'', NULL)', :open));
COMMIT;
:as_nobody
SELECT pg_temp.try(format('SELECT bountygo.correct_task(%s, ''title'', ''"x"'')', :page));
COMMIT;

-- A task from what a job has read, also if it was taken for none.
INSERT INTO bountygo.snapshots (url, final_url, bytes, language, text, text_hash, result) VALUES ('https://task_changes.example/job', '', 1, 'en', 'Widget day', '',
	'{"is_task": false, "fields": {"title": {"value": "Widget", "quote": "Widget", "start": 0, "end": 6, "method": "rule"}}}') RETURNING id AS read \gset
INSERT INTO bountygo.jobs (kind, state, stage, requested_by, finished_at) VALUES ('page', 'done', 'end', :two, now()) RETURNING id AS job \gset
INSERT INTO bountygo.job_results (job_id, snapshot_id) VALUES (:job, :read);
INSERT INTO bountygo.jobs (kind, state, stage, requested_by, finished_at, why) VALUES ('page', 'dead', 'end', :two, now(), 'gone') RETURNING id AS dead \gset
INSERT INTO bountygo.jobs (kind, requested_by, run_at) VALUES ('page', :two, '2100-01-01') RETURNING id AS waiting \gset
INSERT INTO bountygo.jobs (kind, state, stage, is_public, finished_at) VALUES ('preview', 'done', 'end', true, now()) RETURNING id AS foreign_job \gset
:as_two
SELECT pg_temp.try(format('SELECT bountygo.create_task_from_job(%s, ''{"titel": 1, "tags": "x", "a/b~": 1}'')', :job));
SELECT pg_temp.try(format('SELECT bountygo.create_task_from_job(%s, ''[]'')', :job));
SELECT pg_temp.try(format('SELECT bountygo.create_task_from_job(%s)', :dead)), pg_temp.try(format('SELECT bountygo.create_task_from_job(%s)', :waiting));
SELECT pg_temp.try(format('SELECT bountygo.create_task_from_job(%s)', :foreign_job)), pg_temp.try('SELECT bountygo.create_task_from_job(NULL)');
SELECT t ->> 'id' AS job_task, pg_temp.brief(t) AS brief, t #>> '{evidence,title,quote}' AS quote FROM bountygo.create_task_from_job(:job, '{"summary": "About widgets"}') t \gset
SELECT (bountygo.create_task_from_job(:job) ->> 'id')::bigint = :job_task AS same;
COMMIT;
\echo :brief / :quote
SELECT task_id = :job_task FROM bountygo.job_results WHERE job_id = :job;
:as_one
SELECT pg_temp.try(format('SELECT bountygo.create_task_from_job(%s)', :job));
SELECT pg_temp.try(format('SELECT bountygo.store_job_task(%s)', :job));
COMMIT;
-- Another's job that read the same page gets the same task; its overrides are proposals.
INSERT INTO bountygo.jobs (kind, state, stage, requested_by, finished_at) VALUES ('page', 'done', 'end', :one, now()) RETURNING id AS job_one \gset
INSERT INTO bountygo.job_results (job_id, snapshot_id) VALUES (:job_one, :read);
:as_one
SELECT (t ->> 'id')::bigint = :job_task, t -> 'summary' FROM bountygo.create_task_from_job(:job_one, '{"summary": "Mine"}') t;
SELECT r ->> 'kind', r ->> 'field', r -> 'value', r ->> 'status', r ? 'reporter' FROM jsonb_array_elements(bountygo.list_reports() -> 'items') r;
COMMIT;

-- Everything that hangs on a task goes with it.
:as_two
SELECT bountygo.join_task(:open) #>> '{task,title}', bountygo.post_message(:open, 'hello') ->> 'content', bountygo.report_task(:open, 'spam') ->> 'status';
COMMIT;
SELECT joins, messages FROM bountygo.task_counts WHERE task_id = :open;
:as_one
SELECT bountygo.delete_task(:open);
COMMIT;
SELECT (SELECT count(*) FROM bountygo.todos WHERE task_id = :open) + (SELECT count(*) FROM bountygo.messages WHERE task_id = :open)
	+ (SELECT count(*) FROM bountygo.reports WHERE task_id = :open) + (SELECT count(*) FROM bountygo.task_counts WHERE task_id = :open)
	+ (SELECT count(*) FROM bountygo.evidence WHERE task_id = :open) + (SELECT count(*) FROM bountygo.events WHERE task_id = :open);
SELECT count(*) FROM bountygo.tasks t WHERE NOT EXISTS (SELECT FROM bountygo.task_counts c WHERE c.task_id = t.id);
DELETE FROM bountygo.tasks WHERE submitted_by IN (:one, :two);
DELETE FROM bountygo.jobs WHERE id IN (:job, :dead, :waiting, :foreign_job, :job_one);

\if :had_key
ALTER SYSTEM SET bountygo.jwt_key_file = :'old_key';
\else
ALTER SYSTEM RESET bountygo.jwt_key_file;
\endif
SELECT pg_reload_conf();
COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; rm -f bountygo_task_changes.key';
DELETE FROM bountygo.tasks WHERE sponsor_id IN (:one, :two, :moderator) OR submitted_by IN (:one, :two, :moderator) OR source_host = 'task_changes.example';
DELETE FROM bountygo.users WHERE id IN (:one, :two, :moderator);

-- Reports and proposed corrections: one at a time, seen by their writer and moderators, decided once.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
SET timezone = 'UTC';
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
\pset format unaligned
\pset tuples_only on

-- A signing key for this server; what its operator has set comes back at the end. Each of the generated commands waits a moment,
-- unless this session has seen the new setting.
COPY (SELECT encode(sha256('reports'), 'hex')) TO PROGRAM 'umask 077 && cat > bountygo_reports.key';
LOAD 'bountygo';
SELECT count(*) AS had_key, max(s.setting) AS old_key FROM pg_file_settings s
	WHERE s.name = 'bountygo.jwt_key_file' AND s.sourcefile LIKE '%.auto.conf' \gset
ALTER SYSTEM SET bountygo.jwt_key_file = 'bountygo_reports.key';
SELECT pg_reload_conf();
\set ECHO none
SELECT $$DO 'BEGIN IF current_setting(''bountygo.jwt_key_file'') <> ''bountygo_reports.key'' THEN PERFORM pg_sleep(0.01); END IF; END'$$
	FROM generate_series(1, 1000) \gexec
\set ECHO all
SELECT bountygo.create_user('Reports One', 'one@reports.example') AS one \gset
SELECT bountygo.create_user('Reports Two', 'two@reports.example') AS two \gset
SELECT bountygo.create_user('Reports Moderator', 'moderator@reports.example', 'moderator') AS moderator \gset
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

CREATE FUNCTION pg_temp.brief(r jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' | ', r ->> 'kind', r ->> 'status', r ->> 'reason', r ->> 'field', r ->> 'value', r ->> 'note', 'by ' || (r #>> '{reporter,nickname}'), r ->> 'resolution',
		CASE WHEN r -> 'resolved_at' <> 'null' THEN 'resolved' END)
$$;
GRANT EXECUTE ON FUNCTION pg_temp.brief(jsonb) TO PUBLIC;

:as_one
SELECT bountygo.create_task('Reports: reported', reward_amount => 5) ->> 'id' AS task, bountygo.create_task('Reports: other') ->> 'id' AS other, bountygo.create_task('Reports: draft', status => 'draft') ->> 'id' AS draft \gset
COMMIT;
:as_two
SELECT bountygo.report_task(:task, 'scam', E' Never\npays. ') AS report \gset
SELECT pg_temp.brief(:'report'), :'report'::jsonb ? 'reporter';
SELECT :'report'::jsonb ->> 'id' AS report_id \gset
SELECT pg_temp.brief(bountygo.report_task(:task, 'duplicate')), pg_temp.brief(bountygo.report_task(:other, 'scam'));
SELECT pg_temp.try(format('SELECT bountygo.report_task(%s, ''scam'')', :task));
SELECT pg_temp.try(format('SELECT bountygo.report_task(%s, NULL, repeat(''n'', 2001))', :task)), pg_temp.try(format('SELECT bountygo.report_task(%s, ''spam'', E''\x07'')', :task));
SELECT pg_temp.try(format('SELECT bountygo.report_task(%s, ''spam'')', :draft)), pg_temp.try('SELECT bountygo.report_task(-1, ''spam'')'), pg_temp.try(format('SELECT bountygo.report_task(%s, ''boring'')', :task));
-- A correction of what is not one's own is a proposal.
SELECT c ->> 'status', pg_temp.brief(c -> 'report'), c #> '{task,reward,amount}' FROM bountygo.correct_task(:task, 'reward', '{"amount": 7, "currency": "usd"}', 'says the page') c;
SELECT c ->> 'status', pg_temp.brief(c -> 'report'), c #> '{report,value}' FROM bountygo.correct_task(:task, 'summary', NULL) c;
SELECT c ->> 'status', pg_temp.brief(c -> 'report') FROM bountygo.correct_task(:task, 'tags', '["Reports Tag"]') c;
SELECT pg_temp.try(format('SELECT bountygo.correct_task(%s, ''reward'', ''{"amount": 8}'')', :task));
SELECT pg_temp.try(format('SELECT bountygo.correct_task(%s, ''reward'', ''{"amount": -8}'')', :task)), pg_temp.try(format('SELECT bountygo.correct_task(%s, ''title'', ''"x"'')', :draft));
-- Nobody decides on their own report, nor writes one for another.
SELECT pg_temp.try(format('SELECT bountygo.resolve_report(%s, ''accept'')', :report_id));
SELECT pg_temp.try(format('UPDATE bountygo.reports SET status = ''accepted'', resolved_at = now() WHERE id = %s', :report_id));
SELECT pg_temp.try(format('UPDATE bountygo.reports SET reporter_id = NULL WHERE id = %s', :report_id)), pg_temp.try(format('DELETE FROM bountygo.reports WHERE id = %s', :report_id));
SELECT pg_temp.try(format('INSERT INTO bountygo.reports (task_id, reporter_id, kind, reason) VALUES (%s, %s, ''report'', ''spam'')', :task, :one));
SELECT pg_temp.try(format('INSERT INTO bountygo.reports (task_id, reporter_id, kind, reason) VALUES (%s, %s, ''report'', ''spam'')', :draft, :two));
SELECT pg_temp.try(format('INSERT INTO bountygo.reports (task_id, reporter_id, kind, reason, status) VALUES (%s, %s, ''report'', ''spam'', ''accepted'')', :task, :two));
SELECT pg_temp.brief(r) FROM jsonb_array_elements(bountygo.list_reports() -> 'items') r;
SELECT pg_temp.brief(r) FROM jsonb_array_elements(bountygo.list_reports(kind => 'report', task_id => :task, status => 'open') -> 'items') r;
COMMIT;
-- The sponsor sees nothing of it.
:as_one
SELECT jsonb_array_length(bountygo.list_reports() -> 'items'), (SELECT count(*) FROM bountygo.reports), pg_temp.try(format('SELECT bountygo.get_report(%s)', :report_id)),
	pg_temp.try(format('SELECT bountygo.resolve_report(%s, ''accept'')', :report_id)), pg_temp.try('SELECT bountygo.get_report(NULL)'), bountygo.report_object(:report_id) IS NULL;
COMMIT;
:as_nobody
SELECT pg_temp.try(f) FROM unnest(ARRAY['SELECT bountygo.list_reports()', 'SELECT bountygo.get_report(1)', 'SELECT bountygo.report_task(1, ''spam'')', 'SELECT bountygo.resolve_report(1, ''accept'')']) f;
COMMIT;
-- Moderators see who reports, and decide, once.
:as_moderator
SELECT pg_temp.brief(r) FROM jsonb_array_elements(bountygo.list_reports(task_id => :task) -> 'items') r;
SELECT l -> 'total', pg_temp.brief(l #> '{items,0}'), pg_temp.brief(m #> '{items,0}'), m -> 'next' = 'null' FROM bountygo.list_reports(task_id => :task, count => 'exact', "limit" => 1) l,
	bountygo.list_reports(task_id => :task, cursor => l ->> 'next', "limit" => 1) m;
SELECT pg_temp.brief(bountygo.resolve_report(:report_id, 'dismiss', ' It pays. '));
SELECT pg_temp.try(format('SELECT bountygo.resolve_report(%s, ''accept'')', :report_id));
SELECT pg_temp.try(format('SELECT bountygo.resolve_report((bountygo.list_reports(task_id => %s, kind => ''report'', status => ''open'') #>> ''{items,0,id}'')::bigint, NULL, repeat(''n'', 2001))', :task));
SELECT pg_temp.try('SELECT bountygo.resolve_report(-1, ''accept'')'), pg_temp.try('SELECT bountygo.list_reports(cursor => ''x'')'), pg_temp.try('SELECT bountygo.list_reports("limit" => 0)');
SELECT pg_temp.brief(bountygo.resolve_report((r ->> 'id')::bigint, 'accept', 'thanks')) FROM jsonb_array_elements(bountygo.list_reports(task_id => :task, kind => 'correction') -> 'items') r;
COMMIT;
SELECT t #> '{reward,amount}', t #> '{reward,currency}', t -> 'tags', t -> 'summary', t #>> '{evidence,reward,method}' = 'user:' || :moderator FROM bountygo.get_task(:task) t;
SELECT field, changed_by = :moderator, old_value, new_value FROM bountygo.task_history WHERE task_id = :task ORDER BY field;
-- Once it is decided, it can be said again.
:as_two
SELECT pg_temp.brief(bountygo.get_report(:report_id)), pg_temp.brief(bountygo.report_task(:task, 'scam'));
SELECT c ->> 'status' FROM bountygo.correct_task(:task, 'reward', '{"amount": 8}') c;
COMMIT;
-- What came another way is checked before it is applied.
:as_two
INSERT INTO bountygo.reports (task_id, reporter_id, kind, field, value) VALUES (:other, :two, 'correction', 'title', 'null'), (:other, :two, 'correction', 'nonsense', '1'),
	(:other, :two, 'correction', 'reward', '{"amount": -1}');
COMMIT;
:as_moderator
SELECT pg_temp.try(format('SELECT bountygo.resolve_report(%s, ''accept'')', r ->> 'id')) FROM jsonb_array_elements(bountygo.list_reports(task_id => :other, kind => 'correction') -> 'items') r;
SELECT pg_temp.brief(r) FROM jsonb_array_elements(bountygo.list_reports(task_id => :other, kind => 'correction') -> 'items') r;
COMMIT;

-- An account that ends leaves what it reported, without its name.
DELETE FROM bountygo.users WHERE id = :two;
SELECT count(*), count(reporter_id) FROM bountygo.reports WHERE task_id = :task;
:as_moderator
SELECT pg_temp.brief(r), r -> 'reporter' FROM jsonb_array_elements(bountygo.list_reports(task_id => :task, status => 'open') -> 'items') r;
COMMIT;

\if :had_key
ALTER SYSTEM SET bountygo.jwt_key_file = :'old_key';
\else
ALTER SYSTEM RESET bountygo.jwt_key_file;
\endif
SELECT pg_reload_conf();
COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; rm -f bountygo_reports.key';
DELETE FROM bountygo.tasks WHERE sponsor_id IN (:one, :two, :moderator) OR submitted_by IN (:one, :two, :moderator) OR source_host = 'reports.example';
DELETE FROM bountygo.users WHERE id IN (:one, :two, :moderator);

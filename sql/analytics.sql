-- Views, each viewer once a day, and analytics of what was measured: everybody's, one's own, a sponsor's.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
\pset format unaligned
\pset tuples_only on

-- A signing key for this server, in its own directory (as in policies.sql); the operator's setting comes back at the end.
COPY (SELECT encode(sha256('analytics'), 'hex')) TO PROGRAM 'umask 077 && cat > bountygo_analytics.key';
LOAD 'bountygo';
SELECT count(*) AS had_key, max(s.setting) AS old_key FROM pg_file_settings s
	WHERE s.name = 'bountygo.jwt_key_file' AND s.sourcefile LIKE '%.auto.conf' \gset
ALTER SYSTEM SET bountygo.jwt_key_file = 'bountygo_analytics.key';
SELECT pg_reload_conf();
\set ECHO none
SELECT $$DO 'BEGIN IF current_setting(''bountygo.jwt_key_file'') <> ''bountygo_analytics.key'' THEN PERFORM pg_sleep(0.01); END IF; END'$$
	FROM generate_series(1, 1000) \gexec
\set ECHO all

SELECT bountygo.create_user('Analytics One', 'one@analytics.example') AS one \gset
SELECT bountygo.create_user('Analytics Two', 'two@analytics.example') AS two \gset
SELECT bountygo.create_user('Analytics Moderator', 'moderator@analytics.example', 'moderator') AS moderator \gset
SELECT bountygo.issue_token(:one) AS token_one, bountygo.issue_token(:two) AS token_two, bountygo.issue_token(:moderator) AS token_moderator \gset
-- What a statement fails with.
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
	hint text;
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', SQLSTATE, regexp_replace(SQLERRM, '[0-9]+', 'N', 'g'), nullif(detail, ''), nullif(regexp_replace(hint, '[0-9]+', 'N', 'g'), ''));
END
$$;
GRANT EXECUTE ON FUNCTION pg_temp.try(text) TO PUBLIC;

-- One sponsors a task and a draft; another's task stands beside.
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT bountygo.authenticate(:'token_one') = :one;
SELECT bountygo.create_task('Analytics: a', tags => '{analytics-tag, analytics-other}', reward_amount => 100, reward_currency => 'ANLY') ->> 'id' AS a \gset
SELECT bountygo.create_task('Analytics: draft', tags => '{analytics-tag}', status => 'draft') ->> 'id' AS draft \gset
COMMIT;
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT bountygo.authenticate(:'token_two') = :two;
SELECT bountygo.create_task('Analytics: b', tags => '{analytics-tag}', reward_amount => 50.5, reward_currency => 'ANLY', deadline => now() + interval '1 day') ->> 'id' AS b \gset
SELECT bountygo.create_task('Analytics: over', reward_amount => 7, reward_currency => 'ANLY', deadline => now() - interval '1 day') ->> 'id' AS over \gset
COMMIT;

-- Views come from the gateway's login, and from nobody else.
CREATE FUNCTION pg_temp.view(task bigint, viewer text, source text DEFAULT NULL, at timestamptz DEFAULT clock_timestamp()) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('task_id', task, 'viewer', viewer, 'source', source, 'at', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')) $$;
GRANT EXECUTE ON FUNCTION pg_temp.view(bigint, text, text, timestamptz) TO PUBLIC;
SET ROLE bountygo_api;
SELECT pg_temp.try('SELECT bountygo.record_views(''[]'')');
SELECT pg_temp.try('SELECT FROM bountygo.view_salts'), pg_temp.try('SELECT FROM bountygo.task_views');
SET ROLE bountygo_admin;
SELECT pg_temp.try('SELECT FROM bountygo.view_salts'), pg_temp.try('SELECT FROM bountygo.task_views');
SET ROLE bountygo_worker;
SELECT pg_temp.try('SELECT FROM bountygo.view_salts'), pg_temp.try('SELECT FROM bountygo.task_views');
SET ROLE bountygo_gateway;
SELECT pg_temp.try('SELECT FROM bountygo.view_salts'), pg_temp.try('SELECT bountygo.count_views(''[]'')');
SELECT bountygo.record_views(jsonb_build_array(pg_temp.view(:a, '192.0.2.1 X', 'News.Example'), pg_temp.view(:a, '192.0.2.1 X', 'other.example'), pg_temp.view(:a, '192.0.2.2 X', 'news.example'),
	pg_temp.view(:a, '192.0.2.3 X'), pg_temp.view(:b, '192.0.2.1 X', 'news.example'), pg_temp.view(:draft, '192.0.2.1 X'), pg_temp.view(0, '192.0.2.1 X'))) AS counted;
-- Once more counts nobody twice; who is new counts.
SELECT bountygo.record_views(jsonb_build_array(pg_temp.view(:a, '192.0.2.1 X'), pg_temp.view(:a, '192.0.2.4 X'))) AS counted;
-- What is malformed is left out; the rest is counted.
SELECT bountygo.record_views(jsonb_build_array(1, 'x', NULL, '{}'::jsonb, '[]'::jsonb, pg_temp.view(:a, ''), pg_temp.view(:a, NULL), pg_temp.view(NULL, 'v'), pg_temp.view(:a, 'v') || '{"task_id": 1.5}', pg_temp.view(:a, 'v') || '{"task_id": -1}',
	pg_temp.view(:a, 'v') || '{"task_id": 1e300}', pg_temp.view(:a, 'v') || '{"task_id": "1"}', pg_temp.view(:a, 'v') || '{"viewer": 7}', pg_temp.view(:a, 'v') || '{"at": "yesterday"}', pg_temp.view(:a, 'v') || '{"at": 7}',
	pg_temp.view(:a, 'v') || '{"at": "2026-02-30T00:00:00Z"}', pg_temp.view(:a, 'v') || '{"at": "2027-02-29T00:00:00Z"}', pg_temp.view(:a, 'v') - 'at', pg_temp.view(:a, 'v', at => now() - interval '25 hours'), pg_temp.view(:a, 'v', at => now() + interval '1 hour'),
	pg_temp.view(:a, 'late', at => clock_timestamp() + interval '1 minute'), pg_temp.view(:b, 'sourceless', repeat('x', 300)), pg_temp.view(:b, 'bad source', 'a b'), pg_temp.view(:b, 'no source') || '{"source": [1]}')) AS counted;
-- Days without a salt are over.
SELECT bountygo.record_views(jsonb_build_array(pg_temp.view(:a, 'yesterday', at => clock_timestamp() - interval '23 hours'))) <= 1 AS counted_unless_over;
SELECT pg_temp.try('SELECT bountygo.record_views(''{}'')'), pg_temp.try('SELECT bountygo.record_views(NULL)'), pg_temp.try('SELECT bountygo.record_views((SELECT jsonb_agg(1) FROM generate_series(1, 1001)))'), bountygo.record_views('[]');
RESET ROLE;
-- Nobody can be found in what is stored.
SELECT count(*) FROM bountygo.task_views v WHERE v.task_id = :a AND v.viewer IN (substr(sha256('192.0.2.1 X'), 1, 16), convert_to('192.0.2.1 X', 'UTF8'));
SELECT c.views, (SELECT sum(d.viewers) FROM bountygo.task_view_days d WHERE d.task_id = :a), (SELECT count(*) FROM bountygo.task_views v WHERE v.task_id = :a) FROM bountygo.task_counts c WHERE c.task_id = :a;
SELECT host, sum(viewers) FROM bountygo.task_view_sources WHERE task_id IN (:a, :b) GROUP BY host ORDER BY host;
-- Whoever makes up referrers fills no table.
SELECT bountygo.record_views((SELECT jsonb_agg(pg_temp.view(:b, 'maker ' || i, 'made-up-' || i || '.example')) FROM generate_series(1, 300) i)) AS counted;
SELECT bountygo.record_views((SELECT jsonb_agg(pg_temp.view(:b, 'maker ' || i, 'made-up-' || i || '.example')) FROM generate_series(301, 400) i)) AS counted;
SELECT max(n) AS hosts, max(other) AS other FROM (SELECT count(*) FILTER (WHERE host <> '') AS n, max(viewers) FILTER (WHERE host = '') AS other FROM bountygo.task_view_sources WHERE task_id = :b GROUP BY day) x;
-- The day is over: its salt and its hashes go, its numbers stay.
UPDATE bountygo.task_views SET day = day - 2 WHERE task_id IN (:a, :b);
INSERT INTO bountygo.view_salts SELECT timezone('UTC', now())::date - 2, sha256('');
INSERT INTO bountygo.task_view_days (task_id, day, viewers) SELECT :a, timezone('UTC', now())::date - 500, 1;
SET ROLE bountygo_worker;
SELECT bountygo.tidy_views() > 0;
RESET ROLE;
SELECT (SELECT count(*) FROM bountygo.view_salts WHERE day < timezone('UTC', now() - interval '2 hours')::date), (SELECT count(*) FROM bountygo.task_views WHERE task_id IN (:a, :b)), (SELECT count(*) FROM bountygo.task_view_days WHERE task_id = :a AND day < now() - interval '401 days');
SELECT views FROM bountygo.task_counts WHERE task_id = :a;

-- Everybody's numbers: as they are, and as workers keep them. Neither knows drafts.
SET ROLE bountygo_api;
SELECT (SELECT jsonb_agg(k ORDER BY k) FROM jsonb_object_keys(s) k), s #>> '{tasks,total}' = (SELECT count(*) FROM bountygo.tasks)::text,
		(SELECT sum(v::integer) FROM jsonb_each_text(s #> '{tasks,by_state}') AS x (k, v)) = (s #>> '{tasks,total}')::integer,
		(SELECT r FROM jsonb_array_elements(s -> 'open_rewards') r WHERE r ->> 'currency' = 'ANLY')
	FROM bountygo.system_analytics() s;
SELECT pg_temp.try('SELECT bountygo.refresh_analytics(true)');
SELECT i - 'tag' FROM jsonb_array_elements(bountygo.popular_tags("limit" => 100, days => 2) -> 'items') i WHERE i #>> '{tag,name}' LIKE 'analytics%' ORDER BY i #>> '{tag,name}';
SET ROLE bountygo_worker;
SELECT bountygo.refresh_analytics(true), bountygo.refresh_analytics();
SET ROLE bountygo_api;
SELECT i - 'tag' FROM jsonb_array_elements(bountygo.popular_tags("limit" => 100, days => 2) -> 'items') i WHERE i #>> '{tag,name}' LIKE 'analytics%' ORDER BY i #>> '{tag,name}';
SELECT s #>> '{tasks,total}' = (SELECT count(*) FROM bountygo.tasks)::text, s ? 'computed_at' FROM bountygo.system_analytics() s;
SELECT pg_temp.try('SELECT bountygo.popular_tags(0)'), pg_temp.try('SELECT bountygo.popular_tags(20, 366)'), bountygo.popular_tags(NULL, NULL) -> 'days';
-- A tag that tasks lost is forgotten; one that a task gets is counted.
RESET ROLE;
UPDATE bountygo.tags SET is_active = false WHERE name = 'analytics-other';
DELETE FROM bountygo.tasks WHERE id = :b;
SELECT bountygo.refresh_analytics(true);
SELECT i - 'tag' FROM jsonb_array_elements(bountygo.popular_tags("limit" => 100, days => 2) -> 'items') i WHERE i #>> '{tag,name}' LIKE 'analytics%';
SET ROLE bountygo_api;
SELECT i #>> '{task,title}', i - 'id' - 'at' - 'task' FROM jsonb_array_elements(bountygo.recent_activity("limit" => 100) -> 'items') WITH ORDINALITY AS x (i, n) WHERE i #>> '{task,title}' LIKE 'Analytics%' ORDER BY n;
WITH RECURSIVE pages (page, n) AS (SELECT bountygo.recent_activity("limit" => 1), 1 UNION ALL SELECT bountygo.recent_activity(page ->> 'next', 1), n + 1 FROM pages WHERE page ->> 'next' IS NOT NULL AND n < 100)
SELECT jsonb_agg(page #> '{items,0}' ORDER BY n) = bountygo.recent_activity("limit" => 100) -> 'items' FROM pages;
SELECT pg_temp.try('SELECT bountygo.recent_activity(''x'')'), pg_temp.try('SELECT bountygo.recent_activity("limit" => 0)');

-- One's own.
SELECT pg_temp.try('SELECT bountygo.my_analytics()'), pg_temp.try('SELECT bountygo.sponsor_dashboard()'), pg_temp.try(format('SELECT bountygo.task_analytics(%s)', :a));
RESET ROLE;
INSERT INTO bountygo.jobs (kind, requested_by) VALUES ('page', :one) RETURNING id AS job \gset
INSERT INTO bountygo.model_calls (job_id, model, reserved_tokens, prompt_tokens, completion_tokens) VALUES (:job, 'm', 10, 7, 3);
INSERT INTO bountygo.jobs (kind, requested_by) VALUES ('page', :two) RETURNING id AS job_two \gset
INSERT INTO bountygo.model_calls (job_id, model, reserved_tokens, prompt_tokens) VALUES (:job_two, 'm', 10, 1000);
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT bountygo.authenticate(:'token_one') = :one;
SELECT bountygo.my_analytics();
SELECT d - 'items', (d #> '{items,1}') #- '{task,id}' #- '{task,created_at}' #- '{by_day}', jsonb_path_query_array(d, '$.items[*].task.title') FROM bountygo.sponsor_dashboard() d;
SELECT bountygo.sponsor_dashboard("limit" => 1) AS page \gset
SELECT (:'page'::jsonb) #>> '{items,0,task,title}', bountygo.sponsor_dashboard("limit" => 1, cursor => (:'page'::jsonb) ->> 'next') #>> '{items,0,task,title}', bountygo.sponsor_dashboard("limit" => 1, cursor => (:'page'::jsonb) ->> 'next') -> 'next';
SELECT (SELECT sum((d ->> 'viewers')::integer) FROM jsonb_array_elements(x -> 'by_day') d) = (x ->> 'viewers')::integer, x #> '{counts,views}' FROM bountygo.task_analytics(:a, 2) x;
SELECT pg_temp.try(format('SELECT bountygo.task_analytics(%s)', :over)), pg_temp.try('SELECT bountygo.task_analytics(0)'), pg_temp.try(format('SELECT bountygo.task_analytics(%s, 0)', :a)), pg_temp.try('SELECT bountygo.sponsor_dashboard(0)');
SELECT prompt_tokens FROM bountygo.model_calls;
SELECT pg_temp.try('SELECT reply FROM bountygo.model_calls');
COMMIT;
-- Another sees neither draft nor views, by no way.
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT bountygo.authenticate(:'token_two') = :two;
SELECT pg_temp.try(format('SELECT bountygo.task_analytics(%s)', :a)), pg_temp.try(format('SELECT bountygo.task_analytics(%s)', :draft));
SELECT (SELECT count(*) FROM bountygo.task_view_days WHERE task_id = :a), (SELECT count(*) FROM bountygo.task_view_sources WHERE task_id = :a), (bountygo.task_numbers(:a, 30)) ->> 'viewers';
SELECT jsonb_path_query_array(bountygo.sponsor_dashboard(), '$.items[*].task.title');
SELECT pg_temp.try(format('INSERT INTO bountygo.task_view_days VALUES (%s, ''2026-01-01'', 1)', :a)), pg_temp.try(format('UPDATE bountygo.task_view_days SET viewers = 9 WHERE task_id = %s', :a));
COMMIT;
-- A moderator does.
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT bountygo.authenticate(:'token_moderator') = :moderator;
SELECT bountygo.task_analytics(:a) -> 'viewers', bountygo.task_analytics(:draft) -> 'viewers';
COMMIT;
-- No e-mail and no address anywhere.
SET ROLE bountygo_api;
SELECT count(*) FROM (VALUES (bountygo.system_analytics()::text), (bountygo.recent_activity()::text), (bountygo.popular_tags()::text)) AS x (t) WHERE t ~ '@|192\.0\.2\.';
RESET ROLE;
SELECT count(*) FROM (SELECT v::text AS t FROM bountygo.task_views v UNION ALL SELECT v::text FROM bountygo.task_view_days v UNION ALL SELECT v::text FROM bountygo.task_view_sources v) x WHERE t ~ '192\.0\.2\.';

\if :had_key
ALTER SYSTEM SET bountygo.jwt_key_file = :'old_key';
\else
ALTER SYSTEM RESET bountygo.jwt_key_file;
\endif
SELECT pg_reload_conf();
COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; rm -f bountygo_analytics.key';
DELETE FROM bountygo.jobs WHERE id IN (:job, :job_two);
DELETE FROM bountygo.tasks WHERE sponsor_id IN (:one, :two);
DELETE FROM bountygo.users WHERE id IN (:one, :two, :moderator);
DELETE FROM bountygo.analytics_summary;

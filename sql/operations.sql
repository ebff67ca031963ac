-- health() and doctor(): what they say, and what they keep to themselves.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
\pset format unaligned
\pset tuples_only on

-- No worker runs in this database: degraded, not unhealthy.
SELECT h ->> 'status', h -> 'version' = to_jsonb(bountygo.version()), (h ->> 'uptime_seconds')::bigint >= 0,
	(SELECT string_agg(c.key, ' ' ORDER BY c.key) FROM jsonb_each(h -> 'components') c)
	FROM bountygo.health() h;
SELECT c.key, c.value - 'latency_ms' - 'oldest_due_seconds' FROM jsonb_each(bountygo.health() -> 'components') c WHERE c.key <> 'ppio' ORDER BY 1;
SELECT (bountygo.health() #>> '{components,database,latency_ms}')::numeric BETWEEN 0 AND 60000;
-- A page that waits for long.
BEGIN;
INSERT INTO bountygo.jobs (kind, run_at) VALUES ('page', now() - interval '10 min');
SELECT c.value ->> 'status', (c.value ->> 'oldest_due_seconds')::numeric >= 600 FROM jsonb_each(bountygo.health() -> 'components') c WHERE c.key = 'queue';
ROLLBACK;
-- The workers were stopped on purpose.
BEGIN;
UPDATE bountygo.worker_control SET enabled = false;
SELECT bountygo.health() #>> '{components,workers,status}';
ROLLBACK;

-- Each check has a name, says something, and names a fix if and only if it is not ok.
SELECT d."check", d.detail <> '' AND (d.fix IS NULL) = d.ok AS sound FROM bountygo.doctor() d;
SELECT d."check", d.ok FROM bountygo.doctor() d
	WHERE d."check" IN ('version', 'encoding', 'roles', 'tables', 'row security', 'privileges', 'workers', 'max_worker_processes', 'time zone');

-- What goes wrong is found.
BEGIN;
GRANT EXECUTE ON FUNCTION bountygo.issue_token(bigint, interval) TO PUBLIC;
ALTER TABLE bountygo.users DISABLE ROW LEVEL SECURITY;
DELETE FROM bountygo.schema_migrations WHERE id = (SELECT max(id) FROM bountygo.schema_migrations);
SELECT d."check", d.ok, d.detail ~ 'issue_token|users|schema version' AS named FROM bountygo.doctor() d
	WHERE d."check" IN ('tables', 'row security', 'privileges');
SELECT bountygo.grant_privileges();
SELECT d.ok FROM bountygo.doctor() d WHERE d."check" = 'privileges';
ROLLBACK;

-- Keys: a file that others can read, one that is too short, one that is not there, one that can be guessed, a good one. Their content and path stay unsaid.
LOAD 'bountygo';
COPY (SELECT repeat('open', 16)) TO PROGRAM 'umask 022 && cat > bountygo_operations_open.key';
COPY (SELECT 'short') TO PROGRAM 'umask 077 && cat > bountygo_operations_short.key';
COPY (SELECT repeat('weak', 16)) TO PROGRAM 'umask 077 && cat > bountygo_operations_weak.key';
COPY (SELECT encode(sha256('good'), 'hex')) TO PROGRAM 'umask 077 && cat > bountygo_operations_good.key';
-- Commands that each wait a moment, unless this session has seen the new setting.
CREATE FUNCTION pg_temp.until_seen(value text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('DO %L', format('BEGIN IF current_setting(''bountygo.jwt_key_file'') <> %L THEN PERFORM pg_sleep(0.01); END IF; END', value))
	FROM generate_series(1, 1000)
$$;
CREATE FUNCTION pg_temp.verdict() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' | ', d.ok::text, d.detail, CASE WHEN d.fix LIKE '%operations%' THEN 'tells the path' END)
	FROM bountygo.doctor() d WHERE d."check" = 'signing key'
$$;
\set key bountygo_operations_open.key
-- What the operator of the server has set comes back at the end.
SELECT count(*) AS had_key, max(s.setting) AS old_key FROM pg_file_settings s
	WHERE s.name = 'bountygo.jwt_key_file' AND s.sourcefile LIKE '%.auto.conf' \gset
ALTER SYSTEM SET bountygo.jwt_key_file = :'key';
SELECT pg_reload_conf();
\set ECHO none
SELECT * FROM pg_temp.until_seen(:'key') \gexec
\set ECHO all
SELECT pg_temp.verdict();
\set key bountygo_operations_short.key
ALTER SYSTEM SET bountygo.jwt_key_file = :'key';
SELECT pg_reload_conf();
\set ECHO none
SELECT * FROM pg_temp.until_seen(:'key') \gexec
\set ECHO all
SELECT pg_temp.verdict();
\set key bountygo_operations_none.key
ALTER SYSTEM SET bountygo.jwt_key_file = :'key';
SELECT pg_reload_conf();
\set ECHO none
SELECT * FROM pg_temp.until_seen(:'key') \gexec
\set ECHO all
SELECT pg_temp.verdict();
\set key bountygo_operations_weak.key
ALTER SYSTEM SET bountygo.jwt_key_file = :'key';
SELECT pg_reload_conf();
\set ECHO none
SELECT * FROM pg_temp.until_seen(:'key') \gexec
\set ECHO all
SELECT pg_temp.verdict();
-- The key before is the key itself.
ALTER SYSTEM SET bountygo.jwt_previous_key_file = 'bountygo_operations_good.key';
\set key bountygo_operations_good.key
ALTER SYSTEM SET bountygo.jwt_key_file = :'key';
SELECT pg_reload_conf();
\set ECHO none
SELECT * FROM pg_temp.until_seen(:'key') \gexec
\set ECHO all
SELECT pg_temp.verdict();
SELECT d.ok, d.detail FROM bountygo.doctor() d WHERE d."check" = 'previous signing key';
ALTER SYSTEM RESET bountygo.jwt_previous_key_file;
\set VERBOSITY sqlstate
SELECT bountygo.secret_status('data_directory');
\set VERBOSITY default
\if :had_key
ALTER SYSTEM SET bountygo.jwt_key_file = :'old_key';
\else
ALTER SYSTEM RESET bountygo.jwt_key_file;
\endif
SELECT pg_reload_conf();
COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; rm -f bountygo_operations_open.key bountygo_operations_short.key bountygo_operations_weak.key bountygo_operations_good.key';

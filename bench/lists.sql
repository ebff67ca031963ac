-- The measuring part of bench/lists: psql -v rounds=15 -v lib=t/lib -f lists.sql, in a database with generated tasks.
\i :lib/list_queries.sql
ANALYZE list_queries;
ALTER TABLE list_queries ADD p50 numeric, ADD p95 numeric, ADD plan text;
GRANT SELECT, UPDATE ON list_queries TO bountygo_api;
CREATE FUNCTION pg_temp.milliseconds(statement text, rounds integer, OUT p50 numeric, OUT p95 numeric) LANGUAGE plpgsql AS $$
DECLARE
	times numeric[];
	began timestamptz;
BEGIN
	FOR i IN 0..rounds LOOP
		began := clock_timestamp();
		EXECUTE statement;
		-- The first time reads from disk and makes plans.
		IF i > 0 THEN
			times := times || (extract(epoch FROM clock_timestamp() - began) * 1000)::numeric;
		END IF;
	END LOOP;
	SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY t), percentile_disc(0.95) WITHIN GROUP (ORDER BY t) INTO p50, p95 FROM unnest(times) t;
END
$$;
-- The scans of tasks that a question comes to, by what the server counts.
CREATE FUNCTION pg_temp.scans(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	before jsonb;
	used text;
BEGIN
	SELECT jsonb_object_agg(indexrelname, pg_stat_get_xact_numscans(indexrelid)) INTO before FROM pg_stat_user_indexes
		WHERE schemaname = 'bountygo' AND relname IN ('tasks', 'task_counts', 'task_tags');
	EXECUTE statement;
	SELECT string_agg(regexp_replace(indexrelname, '_idx$', ''), ' + ' ORDER BY indexrelname) INTO used FROM pg_stat_user_indexes
		WHERE schemaname = 'bountygo' AND relname IN ('tasks', 'task_counts', 'task_tags') AND indexrelname NOT IN ('tasks_pkey', 'task_counts_pkey')
			AND pg_stat_get_xact_numscans(indexrelid) > (before ->> indexrelname)::bigint;
	RETURN used || CASE WHEN pg_stat_get_xact_numscans('bountygo.tasks'::regclass) > 0 THEN ' + SEQUENTIAL' ELSE '' END;
END
$$;
SELECT array_agg(t.id) AS ids FROM (SELECT t.id FROM bountygo.tasks t WHERE t.status = 'active' ORDER BY hashint8(t.id) LIMIT 20) t \gset
SET ROLE bountygo_api;
SELECT p50 AS key_p50, p95 AS key_p95 FROM pg_temp.milliseconds(format('SELECT jsonb_agg(to_jsonb(t)) FROM bountygo.tasks t WHERE t.id = ANY (%L)', :'ids'), 100) \gset
SELECT format('20 tasks by primary key: p50 %s ms, p95 %s ms', round(:key_p50, 2), round(:key_p95, 2));
UPDATE list_queries q SET (p50, p95) = (SELECT m.p50, m.p95 FROM pg_temp.milliseconds('SELECT bountygo.list_tasks(' || q.args || ')', :rounds) m);
RESET ROLE;
UPDATE list_queries q SET plan = pg_temp.scans('SELECT bountygo.list_tasks(' || q.args || ')');
\pset format aligned
\pset tuples_only off
\pset footer off
SELECT name AS question, round(p50, 2) AS p50_ms, round(p95, 2) AS p95_ms, round(p95 / :key_p95, 1) AS of_key, plan AS indexes FROM list_queries ORDER BY n;
SELECT name AS slowest, round(p50, 2) AS p50_ms, round(p95, 2) AS p95_ms, round(p95 / :key_p95, 1) AS of_key, plan AS indexes FROM list_queries ORDER BY p95 DESC LIMIT 15;
SELECT split_part(name, ' -', 1) AS filter, round(max(p50), 2) AS worst_p50_ms, round(max(p95), 2) AS worst_p95_ms FROM list_queries WHERE name !~ 'relevance' GROUP BY 1 ORDER BY 3 DESC LIMIT 10;

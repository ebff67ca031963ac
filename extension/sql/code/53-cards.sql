-- What is known of a URL without asking anyone, and how the reading of pages is doing.

CREATE FUNCTION bountygo.known_page(url text, OUT snapshot_id bigint, OUT fetched_at timestamptz, OUT result jsonb, OUT task_id bigint)
RETURNS record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	SELECT t.id INTO task_id FROM bountygo.tasks t WHERE t.source_url = known_page.url AND t.status <> 'draft';
	-- The newest that a task rests on, or that was read for whoever knows the job (previews of anonymous callers).
	SELECT s.id, s.fetched_at, coalesce((SELECT r.result FROM bountygo.job_results r JOIN bountygo.jobs j ON j.id = r.job_id
			WHERE r.snapshot_id = s.id AND r.result IS NOT NULL AND (known_page.task_id IS NOT NULL OR j.is_public)
			ORDER BY r.job_id DESC LIMIT 1), s.result)
		INTO snapshot_id, fetched_at, result
		FROM bountygo.snapshots s
		WHERE s.url = known_page.url
			AND (EXISTS (SELECT FROM bountygo.tasks t WHERE t.snapshot_id = s.id AND t.status <> 'draft')
				OR EXISTS (SELECT FROM bountygo.evidence e JOIN bountygo.tasks t ON t.id = e.task_id
					WHERE e.snapshot_id = s.id AND t.status <> 'draft')
				OR EXISTS (SELECT FROM bountygo.job_results r JOIN bountygo.jobs j ON j.id = r.job_id
					WHERE r.snapshot_id = s.id AND (j.is_public OR (j.recheck_of IS NOT NULL AND known_page.task_id IS NOT NULL))))
		ORDER BY s.fetched_at DESC, s.id DESC LIMIT 1;
END
$$;
COMMENT ON FUNCTION bountygo.known_page(text) IS
'The newest public snapshot of a canonical URL, its result, and the public task of that page; NULLs if there is none. Runs as the owner, who finds what row security would make it look for page by page.';

CREATE FUNCTION bountygo.card(url text) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	checked record;
	page record;
	task jsonb;
BEGIN
	IF card.url IS NULL THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('{url}', 'This is required.'), 'Pass the URL of the page.');
	END IF;
	SELECT * INTO checked FROM bountygo.url_check(card.url);
	IF checked.problem IS NOT NULL THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('{url}', checked.problem));
	END IF;
	page := bountygo.known_page(checked.canonical);
	IF page.snapshot_id IS NULL AND page.task_id IS NULL THEN
		RAISE EXCEPTION 'nothing is known of this page' USING ERRCODE = 'UB404',
			HINT = 'Submit it with submit_url (POST /url-agent/process), or look at it without an account with preview_url (POST /url-agent/extract-info).';
	END IF;
	IF page.task_id IS NOT NULL THEN
		task := bountygo.get_task(page.task_id);
	END IF;
	RETURN jsonb_build_object('url', checked.canonical, 'task', task, 'snapshot_id', page.snapshot_id,
		'fetched_at', bountygo.rfc3339(page.fetched_at),
		'fields', coalesce(CASE WHEN task IS NULL THEN page.result -> 'fields' ELSE task -> 'evidence' END, '{}'),
		'missing', coalesce(CASE WHEN task IS NULL THEN page.result -> 'missing' ELSE task -> 'missing' END, '{}'),
		'metadata', page.result -> 'metadata');
END
$$;
COMMENT ON FUNCTION bountygo.card(text) IS
'What is known of a page by its URL, from its newest public snapshot: the task (with its evidence, in which people''s corrections count) or, if it has none, what rules found. Reads only: it fetches nothing and makes nothing. UB404 if the page is not known, UB422 if the URL is not fit.';

-- How the agent is doing ----------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.outcome_counts(since interval) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT coalesce(jsonb_object_agg(c.outcome, c.n), '{}') FROM (
		SELECT coalesce(j.outcome::text, j.last_error, 'other') AS outcome, count(*) AS n FROM bountygo.jobs j
		WHERE j.finished_at > now() - $1 GROUP BY 1) c
$$;
COMMENT ON FUNCTION bountygo.outcome_counts(interval) IS 'How many jobs ended with each outcome since then: {"ok": 12, "timeout": 1}.';

CREATE FUNCTION bountygo.agent_status() RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	key_problem constant text := bountygo.secret_status('ppio_key_file');
	model record;
	queue record;
	alive integer;
BEGIN
	SELECT m.breaker, m.until, m.left_tokens > 0 AS has_budget, m.calls_last_hour, m.failed_last_hour INTO model FROM bountygo.model_status m;
	SELECT count(*) FILTER (WHERE j.state = 'queued') AS queued, count(*) FILTER (WHERE j.state = 'leased') AS running,
			coalesce(extract(epoch FROM clock_timestamp() - min(j.run_at) FILTER (WHERE j.state = 'queued' AND j.run_at <= clock_timestamp())), 0)
				AS oldest
		INTO queue FROM bountygo.jobs j WHERE j.state IN ('queued', 'leased');
	SELECT count(*) INTO alive FROM bountygo.workers w WHERE bountygo.worker_is_live(w.pid, w.backend_start);
	RETURN jsonb_build_object(
		'workers', alive,
		'rules_only', key_problem IS NOT NULL,
		'model', jsonb_build_object(
			'available', key_problem IS NULL AND model.breaker IN ('closed', 'half_open') AND model.has_budget,
			'state', CASE WHEN key_problem = 'not set' THEN 'not_configured' WHEN key_problem IS NOT NULL THEN 'misconfigured'
				WHEN NOT model.has_budget THEN 'out_of_budget' WHEN model.breaker = 'closed' THEN 'ready' ELSE model.breaker END,
			'until', bountygo.rfc3339(model.until),
			'calls_last_hour', model.calls_last_hour, 'failed_last_hour', model.failed_last_hour),
		'queue', jsonb_build_object('queued', queue.queued, 'running', queue.running, 'oldest_due_seconds', round(queue.oldest::numeric, 3)),
		'last_hour', bountygo.outcome_counts('1 hour'),
		'last_day', bountygo.outcome_counts('1 day'));
END
$$;
COMMENT ON FUNCTION bountygo.agent_status() IS
'How the reading of pages is doing, from what is recorded; it calls nobody: {workers, rules_only, model: {available, state: ready | not_configured | misconfigured | out_of_budget | open | half_open | paused, until, calls_last_hour, failed_last_hour}, queue: {queued, running, oldest_due_seconds}, last_hour and last_day: {outcome: jobs}}. Names no hosts and no keys.';

CREATE FUNCTION bountygo.agent_metrics() RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moment constant timestamptz := clock_timestamp();
	answer jsonb;
BEGIN
	IF NOT bountygo.is_admin()
			AND NOT pg_has_role(coalesce(nullif(current_setting('role'), 'none'), session_user)::name, 'bountygo_admin', 'MEMBER') THEN
		RAISE EXCEPTION 'this is for administrators' USING ERRCODE = CASE WHEN bountygo.current_user_id() IS NULL THEN 'UB401' ELSE 'UB403' END;
	END IF;
	SELECT jsonb_build_object('jobs', coalesce(jsonb_agg(jsonb_build_object('kind', q.kind, 'state', q.state, 'stage', q.stage, 'jobs', q.jobs,
			'oldest_seconds', q.oldest) ORDER BY q.kind, q.state, q.stage), '[]'))
		INTO answer
		FROM (SELECT j.kind, j.state, j.stage, count(*) AS jobs,
				CASE WHEN j.state IN ('queued', 'leased') THEN round(extract(epoch FROM moment - min(j.created_at))::numeric, 3) END AS oldest
			FROM bountygo.jobs j WHERE j.finished_at IS NULL OR j.finished_at > moment - interval '1 day'
			GROUP BY j.kind, j.state, j.stage) q;
	answer := answer || (SELECT jsonb_build_object('latency', coalesce(jsonb_agg(jsonb_build_object('kind', l.kind, 'jobs', l.jobs,
			'wait_ms', l.wait, 'run_ms', l.run) ORDER BY l.kind), '[]'))
		FROM (SELECT j.kind, count(*) AS jobs,
				bountygo.percentiles(array_agg(extract(epoch FROM j.started_at - j.created_at) * 1000)) AS wait,
				bountygo.percentiles(array_agg(extract(epoch FROM j.finished_at - j.started_at) * 1000)) AS run
			FROM bountygo.jobs j WHERE j.finished_at > moment - interval '1 hour' AND j.started_at IS NOT NULL AND j.state <> 'cancelled'
			GROUP BY j.kind) l);
	answer := answer || (SELECT jsonb_build_object('model', jsonb_build_object('day', m.day, 'breaker', m.breaker, 'until', bountygo.rfc3339(m.until),
			'limit_tokens', m.limit_tokens, 'reserved_tokens', m.reserved_tokens, 'spent_tokens', m.spent_tokens,
			'calls_last_hour', m.calls_last_hour, 'failed_last_hour', m.failed_last_hour, 'mean_ms_last_hour', m.mean_ms_last_hour,
			'last_error', m.last_error)) FROM bountygo.model_status m);
	answer := answer || (SELECT jsonb_build_object('hosts', coalesce(jsonb_agg(jsonb_build_object('host', h.host, 'failures', h.failures,
			'outcome', h.last_outcome, 'until', bountygo.rfc3339(h.next_fetch_at), 'why', h.why) ORDER BY h.next_fetch_at DESC), '[]'))
		FROM (SELECT * FROM bountygo.hosts k WHERE k.next_fetch_at > moment AND k.failures > 0 ORDER BY k.next_fetch_at DESC LIMIT 100) h);
	RETURN answer || jsonb_build_object('workers', (SELECT coalesce(jsonb_agg(jsonb_build_object('slot', w.slot,
			'alive', coalesce(bountygo.worker_is_live(w.pid, w.backend_start), false), 'claimed', w.claimed, 'done', w.done, 'failed', w.failed,
			'retried', w.retried, 'lost_leases', w.lost_leases, 'last_error', w.last_error) ORDER BY w.slot), '[]') FROM bountygo.workers w),
		'tasks', (SELECT jsonb_build_object('rechecks_due', count(*)) FROM (SELECT FROM bountygo.tasks t
			WHERE t.next_check_at <= moment LIMIT 10000) d));
END
$$;
COMMENT ON FUNCTION bountygo.agent_metrics() IS
'How jobs, hosts, model and workers are doing, for administrators: open jobs and those of the last day by kind, state and stage with the age of the oldest open one (s); how long jobs that ended in the last hour waited and ran (ms: p50, p90, p99, max); what the model cost today; hosts that rest after failures (at most 100); worker counters; how many rechecks are due (at most 10000). UB401 or UB403 for others.';

CREATE FUNCTION bountygo.percentiles(samples numeric[]) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_build_object('p50', round((p.p)[1]::numeric, 1), 'p90', round((p.p)[2]::numeric, 1), 'p99', round((p.p)[3]::numeric, 1),
		'max', round((p.p)[4]::numeric, 1))
	FROM (SELECT percentile_cont(ARRAY[0.5, 0.9, 0.99, 1]) WITHIN GROUP (ORDER BY s.s::double precision) AS p FROM unnest($1) AS s (s)) p
$$;
COMMENT ON FUNCTION bountygo.percentiles(numeric[]) IS 'The median and the 90th, 99th and 100th percentile of samples.';

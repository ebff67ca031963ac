-- The queue as workers see it: claiming, giving back, storing. Each function is a short transaction's worth of work and checks the
-- lease token, so that a worker that lost its lease changes nothing. When they are called: ENGINEERING 7.4, extension/jobs.

-- Suspects -----------------------------------------------------------------------------------------------------
-- When a worker dies with many jobs in hand, nobody knows which of them it died of. A job that lost its worker three times is a
-- suspect: of suspects a worker takes one at a time, beside other jobs, so that the next death has a name, and the innocent among
-- them get through.

CREATE FUNCTION bountygo.queue_suspect(slot integer, moment timestamptz) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN (SELECT j.id FROM bountygo.jobs j
	WHERE j.state = 'queued' AND j.last_error = 'worker_lost' AND j.attempts >= 3 AND j.run_at <= moment
		AND NOT EXISTS (SELECT FROM bountygo.jobs h
			WHERE h.state = 'leased' AND h.lease_owner = queue_suspect.slot AND h.last_error = 'worker_lost' AND h.attempts > 3)
	ORDER BY j.run_at, j.id LIMIT 1);
END
$$;
COMMENT ON FUNCTION bountygo.queue_suspect(integer, timestamptz) IS
'The suspect that a worker may take next; NULL if there is none or it has one in hand. For workers.';

-- Claiming ----------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.queue_claim_pages(slot integer, slots integer, per_host integer, delay interval, lease interval,
	moment timestamptz)
RETURNS TABLE (id bigint, lease_token integer, kind bountygo.job_kind, attempts integer, host text, is_public boolean, url text,
	snapshot_id bigint, etag text, last_modified text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- More hosts than slots are looked at, because some are full or resting.
	most CONSTANT integer := 50 + 2 * queue_claim_pages.slots;
	behind text;
	candidates text[];
	chosen text[];
	hits integer;
	suspect CONSTANT bigint := bountygo.queue_suspect(queue_claim_pages.slot, moment);
BEGIN
	SELECT w.host_cursor INTO behind FROM bountygo.workers w WHERE w.slot = queue_claim_pages.slot;
	-- (ORDER BY stage, though there is but one: under row security the planner does not conclude that from stage = 'fetch', because
	-- comparing enums is not leakproof, and would sort the whole queue.)
	-- From host to host along the index, round and round: a host with a million pages takes one turn like any other.
	WITH RECURSIVE walk (host, n, wrapped) AS (
		SELECT coalesce(behind, ''), 0, false
		UNION ALL
		SELECT x.host, w.n + 1, w.wrapped OR x.host <= w.host
		FROM walk w CROSS JOIN LATERAL (SELECT coalesce(
			(SELECT j.host FROM bountygo.jobs j WHERE j.state = 'queued' AND j.stage = 'fetch' AND j.host > w.host ORDER BY j.stage, j.host LIMIT 1),
			(SELECT j.host FROM bountygo.jobs j WHERE j.state = 'queued' AND j.stage = 'fetch' ORDER BY j.stage, j.host LIMIT 1)) AS host
			-- OFFSET 0: evaluated once a step, not once for each place that names it.
			OFFSET 0) x
		WHERE w.n < most AND x.host IS NOT NULL AND NOT (w.wrapped AND x.host <= w.host)
			AND NOT ((w.wrapped OR x.host <= w.host) AND x.host > coalesce(behind, ''))
	), urgent AS (
		SELECT j.host FROM bountygo.jobs j WHERE j.state = 'queued' AND j.priority > 0 AND j.stage = 'fetch'
		ORDER BY j.priority DESC, j.run_at LIMIT 50
	)
	SELECT array_agg(c.host ORDER BY c.place) INTO candidates
	FROM (SELECT f.host, min(f.place) AS place
		FROM (SELECT u.host, 0 AS place FROM urgent u UNION ALL SELECT w.host, w.n FROM walk w WHERE w.n > 0) f GROUP BY f.host) c;
	IF candidates IS NULL THEN
		RETURN;
	END IF;
	INSERT INTO bountygo.hosts (host)
	SELECT c.host FROM unnest(candidates) AS c(host)
	WHERE NOT EXISTS (SELECT FROM bountygo.hosts h WHERE h.host = c.host) ORDER BY c.host
	ON CONFLICT DO NOTHING;
	-- The host's row is what two workers meet at: with it locked, the count below can't change under us.
	-- (Subqueries with a LIMIT stay what they are; an EXISTS may become a join over the whole queue when statistics are old.)
	WITH busy AS MATERIALIZED (
		SELECT j.host, count(*) AS n FROM bountygo.jobs j WHERE j.state = 'leased' AND j.stage = 'fetch' GROUP BY j.host
	)
	SELECT array_agg(f.host ORDER BY f.place) INTO chosen FROM (
		SELECT h.host, array_position(candidates, h.host) AS place
		FROM bountygo.hosts h LEFT JOIN busy b ON b.host = h.host
		WHERE h.host = ANY (candidates) AND h.next_fetch_at <= moment AND coalesce(b.n, 0) < per_host
			AND (SELECT true FROM bountygo.jobs j WHERE j.state = 'queued' AND j.stage = 'fetch' AND j.host = h.host
				AND j.run_at <= moment LIMIT 1)
		ORDER BY array_position(candidates, h.host) LIMIT slots FOR UPDATE OF h SKIP LOCKED) f;
	IF chosen IS NOT NULL THEN
		RETURN QUERY
		WITH busy AS (
			SELECT j.host, count(*) AS n FROM bountygo.jobs j WHERE j.state = 'leased' AND j.stage = 'fetch' GROUP BY j.host
		), picked AS (
			SELECT q.id FROM unnest(chosen) WITH ORDINALITY AS c(host, place) LEFT JOIN busy b ON b.host = c.host
			CROSS JOIN LATERAL (
				SELECT d.id, d.priority, row_number() OVER (ORDER BY d.priority DESC, d.run_at, d.id) AS turn
				FROM (SELECT j.id, j.priority, j.run_at FROM bountygo.jobs j
					WHERE j.state = 'queued' AND j.stage = 'fetch' AND j.host = c.host AND j.run_at <= moment
						AND (j.last_error IS DISTINCT FROM 'worker_lost' OR j.attempts < 3 OR j.id = suspect)
					ORDER BY j.stage, j.priority DESC, j.run_at, j.id
					LIMIT greatest(0, least(slots, CASE WHEN delay > '0' THEN 1 ELSE per_host END, per_host - coalesce(b.n, 0)))) d) q
			ORDER BY q.priority DESC, q.turn, c.place LIMIT slots
		), held AS (
			SELECT j.id FROM bountygo.jobs j WHERE j.id IN (SELECT p.id FROM picked p) AND j.state = 'queued' FOR UPDATE SKIP LOCKED
		), taken AS (
			UPDATE bountygo.jobs j SET state = 'leased', attempts = j.attempts + 1, lease_token = j.lease_token + 1,
				leased_until = clock_timestamp() + lease, lease_owner = queue_claim_pages.slot,
				started_at = coalesce(j.started_at, clock_timestamp())
			FROM held WHERE j.id = held.id
			RETURNING j.id, j.lease_token, j.kind, j.attempts, j.host, j.is_public
		), paced AS (
			UPDATE bountygo.hosts h SET next_fetch_at = clock_timestamp() + delay, last_fetch_at = clock_timestamp()
			WHERE h.host IN (SELECT t.host FROM taken t)
				AND (delay > '0' OR h.last_fetch_at IS NULL OR h.last_fetch_at < clock_timestamp() - interval '1 second')
		)
		SELECT t.id, t.lease_token, t.kind, t.attempts::integer, t.host, t.is_public, p.url, s.id, s.etag, s.last_modified
		FROM taken t JOIN bountygo.job_payloads p ON p.job_id = t.id
		LEFT JOIN LATERAL (SELECT n.id, n.etag, n.last_modified FROM bountygo.snapshots n WHERE n.url = p.url
			ORDER BY n.fetched_at DESC LIMIT 1) s ON true;
		GET DIAGNOSTICS hits = ROW_COUNT;
	END IF;
	UPDATE bountygo.workers w SET host_cursor = coalesce(
		CASE WHEN hits >= slots THEN chosen[cardinality(chosen)] ELSE candidates[cardinality(candidates)] END, '')
	WHERE w.slot = queue_claim_pages.slot AND w.host_cursor IS DISTINCT FROM coalesce(
		CASE WHEN hits >= slots THEN chosen[cardinality(chosen)] ELSE candidates[cardinality(candidates)] END, '');
END
$$;
COMMENT ON FUNCTION bountygo.queue_claim_pages(integer, integer, integer, interval, interval, timestamptz) IS
'Leases up to "slots" due pages to a worker, fairly by host, at most per_host of one host in hand, "delay" apart. moment: the clock, the same as for queue_next(), so that nothing falls between the two. For workers.';

CREATE FUNCTION bountygo.queue_claim_stage(slot integer, stage bountygo.job_stage, slots integer, lease interval, moment timestamptz)
RETURNS TABLE (id bigint, lease_token integer, kind bountygo.job_kind, is_public boolean, url text, content text, snapshot_id bigint,
	result text, reply bytea, call_id bigint, tries integer, waited boolean)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN QUERY
	WITH held AS (
		SELECT j.id FROM bountygo.jobs j
		WHERE j.state = 'queued' AND j.stage = queue_claim_stage.stage AND j.run_at <= moment
			AND (j.last_error IS DISTINCT FROM 'worker_lost' OR j.attempts < 3
				OR j.id = bountygo.queue_suspect(queue_claim_stage.slot, queue_claim_stage.moment))
		ORDER BY j.stage, j.host, j.priority DESC, j.run_at, j.id LIMIT slots FOR UPDATE SKIP LOCKED
	), taken AS (
		UPDATE bountygo.jobs j SET state = 'leased', attempts = j.attempts + 1, lease_token = j.lease_token + 1,
			leased_until = clock_timestamp() + lease, lease_owner = queue_claim_stage.slot,
			started_at = coalesce(j.started_at, clock_timestamp())
		FROM held WHERE j.id = held.id
		RETURNING j.id, j.lease_token, j.kind, j.is_public
	)
	SELECT t.id, t.lease_token, t.kind, t.is_public, p.url, p.content, s.id,
		CASE WHEN queue_claim_stage.stage = 'model' THEN (s.result || jsonb_build_object('text', s.text))::text END, c.reply, c.id,
		(SELECT count(*)::integer FROM bountygo.model_calls m WHERE m.job_id = t.id AND m.state = 'failed'
			AND m.outcome IS DISTINCT FROM 'rate_limited'),
		-- The model's time begins when the page has been read: in a long queue most of a job's life is over by then.
		s.fetched_at < clock_timestamp() - interval '15 minutes'
	FROM taken t JOIN bountygo.job_payloads p ON p.job_id = t.id
	LEFT JOIN bountygo.job_results r ON r.job_id = t.id
	LEFT JOIN bountygo.snapshots s ON s.id = r.snapshot_id
	-- An answer that was stored before a crash is used, not bought again.
	LEFT JOIN LATERAL (SELECT m.id, m.reply FROM bountygo.model_calls m WHERE m.job_id = t.id AND m.state = 'answered'
		ORDER BY m.id DESC LIMIT 1) c ON queue_claim_stage.stage = 'model';
END
$$;
COMMENT ON FUNCTION bountygo.queue_claim_stage(integer, bountygo.job_stage, integer, interval, timestamptz) IS
'Leases up to "slots" due jobs of a stage that needs no host (read, model) to a worker. For workers.';

CREATE FUNCTION bountygo.queue_next(moment timestamptz) RETURNS timestamptz
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT least(
	(SELECT min(j.run_at) FROM bountygo.jobs j WHERE j.state = 'queued' AND j.run_at > moment),
	(SELECT min(j.leased_until) FROM bountygo.jobs j WHERE j.state = 'leased'),
	(SELECT h.next_fetch_at FROM bountygo.hosts h WHERE h.next_fetch_at > moment AND (
		SELECT true FROM bountygo.jobs j WHERE j.state = 'queued' AND j.stage = 'fetch' AND j.host = h.host LIMIT 1)
		ORDER BY h.next_fetch_at LIMIT 1))
$$;
COMMENT ON FUNCTION bountygo.queue_next(timestamptz) IS 'When work becomes due next that was not due at this moment; NULL if none waits. For workers.';

CREATE FUNCTION bountygo.queue_renew(jobs bigint[], tokens integer[], lease interval) RETURNS SETOF bigint
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
UPDATE bountygo.jobs j SET leased_until = clock_timestamp() + lease
FROM unnest(jobs, tokens) AS held (id, token)
WHERE j.id = held.id AND j.lease_token = held.token AND j.state = 'leased'
RETURNING j.id
$$;
COMMENT ON FUNCTION bountygo.queue_renew(bigint[], integer[], interval) IS 'Renews leases; returns the jobs that are still held. For workers.';

-- Giving back -------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.queue_take_back(jobs bigint[], culprit bigint, max_crashes integer) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	job record;
	died integer := 0;
BEGIN
	FOR job IN
		UPDATE bountygo.jobs j SET leased_until = NULL, lease_owner = NULL, last_error = 'worker_lost',
			crashes = j.crashes + coalesce(j.id = culprit, false)::integer,
			state = CASE WHEN j.attempts >= j.max_attempts OR j.crashes + coalesce(j.id = culprit, false)::integer >= max_crashes
				THEN 'dead'::bountygo.job_state ELSE 'queued' END,
			finished_at = CASE WHEN j.attempts >= j.max_attempts OR j.crashes + coalesce(j.id = culprit, false)::integer >= max_crashes
				THEN clock_timestamp() END,
			why = CASE WHEN j.attempts >= j.max_attempts OR j.crashes + coalesce(j.id = culprit, false)::integer >= max_crashes
				THEN format('The worker was lost while it held this job, %s of %s attempts are used up.', j.attempts, j.max_attempts)
				ELSE 'The worker was lost while it held this job; it is due again.' END
		WHERE j.id = ANY (jobs) AND j.state = 'leased'
		RETURNING j.id, j.state
	LOOP
		IF job.state = 'dead' THEN
			died := died + 1;
			PERFORM pg_notify('bountygo_job', job.id::text);
		END IF;
	END LOOP;
	RETURN died;
END
$$;
COMMENT ON FUNCTION bountygo.queue_take_back(bigint[], bigint, integer) IS
'Jobs whose worker is gone go back to the queue, or are dead if their attempts or crashes are used up; returns how many died. culprit: the one that the worker died of, if that is known. For workers.';

CREATE FUNCTION bountygo.queue_expire(max_crashes integer) RETURNS integer
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
SELECT bountygo.queue_take_back(array_agg(e.id), NULL, max_crashes) FROM (
	SELECT j.id FROM bountygo.jobs j WHERE j.state = 'leased' AND j.leased_until < clock_timestamp()
	ORDER BY j.leased_until LIMIT 100 FOR UPDATE SKIP LOCKED) e
HAVING count(*) > 0
$$;
COMMENT ON FUNCTION bountygo.queue_expire(integer) IS 'Takes back jobs whose lease has run out; returns how many died. For workers.';

CREATE FUNCTION bountygo.queue_take_slot(slot integer, pid integer, backend_start timestamptz, max_crashes integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	held record;
	ids bigint[];
	culprit bigint;
BEGIN
	INSERT INTO bountygo.workers (slot) VALUES (queue_take_slot.slot) ON CONFLICT DO NOTHING;
	SELECT w.pid, w.backend_start INTO held FROM bountygo.workers w WHERE w.slot = queue_take_slot.slot FOR UPDATE;
	IF held.pid IS DISTINCT FROM queue_take_slot.pid AND bountygo.worker_is_live(held.pid, held.backend_start) THEN
		RETURN false;
	END IF;
	UPDATE bountygo.workers w SET pid = queue_take_slot.pid, backend_start = queue_take_slot.backend_start, started_at = clock_timestamp()
	WHERE w.slot = queue_take_slot.slot;
	SELECT array_agg(j.id) INTO ids FROM bountygo.jobs j WHERE j.state = 'leased' AND j.lease_owner = queue_take_slot.slot;
	IF ids IS NOT NULL THEN
		RAISE LOG 'bountygo worker % takes back % job(s) that its slot held', queue_take_slot.slot, cardinality(ids);
	END IF;
	-- One job in hand when the process died without a word, or one suspect among them: that is what it died of.
	IF cardinality(ids) > 1 THEN
		SELECT CASE WHEN count(*) = 1 THEN min(j.id) END INTO culprit FROM bountygo.jobs j
		WHERE j.id = ANY (ids) AND j.last_error = 'worker_lost' AND j.attempts > 3;
	ELSE
		culprit := ids[1];
	END IF;
	PERFORM bountygo.queue_take_back(ids, culprit, max_crashes);
	RETURN true;
END
$$;
COMMENT ON FUNCTION bountygo.queue_take_slot(integer, integer, timestamptz, integer) IS
'Gives a worker slot to a process, unless the one that holds it lives; jobs that the former process held go back to the queue. For workers.';

CREATE FUNCTION bountygo.queue_leave_slot(slot integer, pid integer) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE bountygo.workers w SET pid = NULL WHERE w.slot = queue_leave_slot.slot AND w.pid = queue_leave_slot.pid;
	IF FOUND THEN
		-- Not a moment's wait on the way out: what is locked is found by the lease or by the slot's next owner.
		UPDATE bountygo.jobs j SET state = 'queued', leased_until = NULL, lease_owner = NULL,
			attempts = greatest(0, j.attempts - 1)
		WHERE j.id IN (SELECT h.id FROM bountygo.jobs h WHERE h.state = 'leased' AND h.lease_owner = queue_leave_slot.slot
			FOR UPDATE SKIP LOCKED);
		PERFORM bountygo.wake_workers();
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.queue_leave_slot(integer, integer) IS
'A worker that ends in good order hands its jobs back: the attempt it broke off is not counted. For workers.';

CREATE FUNCTION bountygo.queue_defer(job bigint, token integer, until timestamptz, reason text) RETURNS boolean
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
UPDATE bountygo.jobs j SET state = 'queued', leased_until = NULL, lease_owner = NULL, attempts = greatest(0, j.attempts - 1),
	run_at = until, why = reason
WHERE j.id = job AND j.lease_token = token AND j.state = 'leased'
RETURNING true
$$;
COMMENT ON FUNCTION bountygo.queue_defer(bigint, integer, timestamptz, text) IS
'Gives a job back to wait until a moment, without spending an attempt. NULL if the lease was lost. For workers.';

CREATE FUNCTION bountygo.queue_backoff(failures integer, base_s integer, max_s integer) RETURNS interval
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT make_interval(secs => least(max_s, base_s * power(2, least(greatest(failures, 1), 30) - 1)) * (0.5 + random() / 2))
$$;
COMMENT ON FUNCTION bountygo.queue_backoff(integer, integer, integer) IS
'The pause after so many failures: doubling from base_s to max_s seconds, of which jitter takes off up to a half.';

CREATE FUNCTION bountygo.queue_fail(job bigint, token integer, outcome bountygo.outcome, code text, reason text, transient boolean,
	crashed boolean, retry_after integer, base_s integer, max_s integer, max_crashes integer, http_status integer DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	held record;
	fails integer;
	pause interval;
	next_state bountygo.job_state := 'queued';
	refund integer := 0;
	says text := reason;
BEGIN
	SELECT j.host, j.stage, j.attempts, j.max_attempts, j.crashes, j.created_at, j.recheck_of INTO held FROM bountygo.jobs j
	WHERE j.id = job AND j.lease_token = token AND j.state = 'leased' FOR UPDATE;
	IF NOT FOUND THEN
		RETURN 'lost';
	END IF;
	pause := bountygo.queue_backoff(held.attempts, base_s, max_s);
	IF transient AND held.host <> '' AND held.stage = 'fetch' THEN
		-- A host that fails three times in a row rests, and one that asks for a pause gets it.
		INSERT INTO bountygo.hosts AS h (host, failures, last_outcome, why) VALUES (held.host, 1, outcome, reason)
		ON CONFLICT (host) DO UPDATE SET failures = h.failures + 1, last_outcome = excluded.last_outcome, why = excluded.why
		RETURNING h.failures INTO fails;
		IF outcome = 'rate_limited' THEN
			pause := CASE WHEN retry_after >= 0 THEN make_interval(secs => least(retry_after, max_s))
				ELSE bountygo.queue_backoff(fails, base_s, max_s) END;
		END IF;
		IF outcome = 'rate_limited' OR fails >= 3 THEN
			UPDATE bountygo.hosts h SET next_fetch_at = greatest(h.next_fetch_at, clock_timestamp()
				+ CASE WHEN outcome = 'rate_limited' THEN pause ELSE bountygo.queue_backoff(fails - 2, base_s, max_s) END)
			WHERE h.host = held.host;
		END IF;
	END IF;
	IF crashed THEN
		IF held.crashes + 1 >= max_crashes THEN
			next_state := 'dead';
			says := format('%s It was tried %s times.', reason, held.crashes + 1);
		END IF;
	ELSIF NOT transient THEN
		next_state := 'dead';
	ELSIF outcome = 'rate_limited' THEN
		IF held.created_at > clock_timestamp() - interval '1 day' THEN
			refund := 1;
		ELSE
			next_state := 'dead';
			says := reason || ' It did so for a day.';
		END IF;
	ELSIF held.attempts >= held.max_attempts THEN
		next_state := 'dead';
		says := format('%s It was tried %s times.', reason, held.attempts);
	END IF;
	UPDATE bountygo.jobs j SET state = next_state, leased_until = NULL, lease_owner = NULL, last_error = code, why = says,
		attempts = j.attempts - refund, crashes = j.crashes + crashed::integer,
		outcome = CASE WHEN next_state = 'dead' THEN queue_fail.outcome END,
		run_at = CASE WHEN next_state = 'dead' THEN j.run_at ELSE clock_timestamp() + pause END,
		finished_at = CASE WHEN next_state = 'dead' THEN clock_timestamp() END
	WHERE j.id = job;
	IF next_state = 'dead' THEN
		IF held.recheck_of IS NOT NULL AND queue_fail.outcome = 'gone' THEN
			PERFORM bountygo.task_not_found(held.recheck_of, queue_fail.http_status);
		END IF;
		PERFORM pg_notify('bountygo_job', job::text);
	END IF;
	RETURN next_state;
END
$$;
COMMENT ON FUNCTION bountygo.queue_fail(bigint, integer, bountygo.outcome, text, text, boolean, boolean, integer, integer, integer, integer, integer) IS
'Ends an attempt that failed: back to the queue after a pause, or dead. A host that asks for a pause (rate_limited) costs no attempt, for a day. Returns queued, dead or lost. For workers.';

-- Storing -----------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.queue_end(job bigint, snapshot bigint, result jsonb, enriched boolean, model text, outcome bountygo.outcome,
	creates boolean, requested_by bigint, recheck_of bigint DEFAULT NULL) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	task bigint;
BEGIN
	IF creates THEN
		task := bountygo.task_from_snapshot(snapshot, queue_end.result, queue_end.requested_by, job);
	ELSIF recheck_of IS NOT NULL THEN
		PERFORM bountygo.recheck_ended(recheck_of, snapshot, queue_end.result);
		SELECT t.id INTO task FROM bountygo.tasks t WHERE t.id = recheck_of;
	END IF;
	INSERT INTO bountygo.job_results AS r (job_id, snapshot_id, task_id, result, model_outcome)
	VALUES (job, snapshot, task, CASE WHEN enriched THEN queue_end.result END, model)
	ON CONFLICT (job_id) DO UPDATE SET snapshot_id = excluded.snapshot_id, task_id = excluded.task_id, result = excluded.result,
		model_outcome = excluded.model_outcome;
	UPDATE bountygo.jobs j SET state = 'done', stage = 'end', outcome = queue_end.outcome, why = NULL, last_error = NULL,
		leased_until = NULL, lease_owner = NULL, finished_at = clock_timestamp()
	WHERE j.id = job;
	PERFORM pg_notify('bountygo_job', job::text);
	RETURN 'done';
END
$$;
COMMENT ON FUNCTION bountygo.queue_end(bigint, bigint, jsonb, boolean, text, bountygo.outcome, boolean, bigint, bigint) IS
'The end of a job whose row is locked: task, made or brought up to date, result and state in one transaction. For workers.';

CREATE FUNCTION bountygo.queue_store_pages(jobs bigint[], tokens integer[], urls text[], final_urls text[], http_statuses integer[],
	content_types text[], etags text[], modified text[], sizes integer[], results jsonb[], to_model boolean[], models text[],
	crawl_delays integer[]) RETURNS TABLE (job bigint, state text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- Of the jobs whose leases hold: their places in the arguments, and what else is known of them, in the same order.
	places bigint[];
	held_hosts text[];
	creates boolean[];
	askers bigint[];
	rechecks bigint[];
	-- The newest snapshot of a page that is looked at again and says the same: there is nothing to store, and nothing to ask the model.
	unchanged bigint[];
	asks_model boolean[];
	stored bigint[];
	snapshots bigint[];
	tasks bigint[];
BEGIN
	-- A few statements for many pages: a statement costs more by itself than by the row.
	SELECT array_agg(l.place ORDER BY l.place), array_agg(l.host ORDER BY l.place), array_agg(l.creates ORDER BY l.place),
		array_agg(l.requested_by ORDER BY l.place), array_agg(l.recheck_of ORDER BY l.place)
	INTO places, held_hosts, creates, askers, rechecks
	FROM (SELECT g.place, j.host, j.auto_create AND j.kind = 'page' AND NOT g.to_model AS creates, j.requested_by, j.recheck_of
		FROM unnest(jobs, tokens, queue_store_pages.to_model) WITH ORDINALITY AS g(id, token, to_model, place)
		JOIN bountygo.jobs j ON j.id = g.id
		WHERE j.lease_token = g.token AND j.state = 'leased' ORDER BY j.id FOR UPDATE OF j) l;
	IF places IS NULL THEN
		RETURN;
	END IF;
	unchanged := array_fill(NULL::bigint, ARRAY[cardinality(places)]);
	asks_model := queue_store_pages.to_model;
	IF num_nonnulls(VARIADIC rechecks) > 0 THEN
		-- In one order for everybody who writes several tasks.
		PERFORM FROM bountygo.tasks t WHERE t.id = ANY (rechecks) ORDER BY t.id FOR NO KEY UPDATE;
		FOR i IN 1..cardinality(places) LOOP
			IF rechecks[i] IS NOT NULL THEN
				unchanged[i] := (SELECT s.id FROM (SELECT n.id, n.text_hash, n.result FROM bountygo.snapshots n
						WHERE n.url = urls[places[i]] ORDER BY n.fetched_at DESC LIMIT 1) s
					WHERE s.text_hash = sha256(convert_to(coalesce(results[places[i]] ->> 'text', ''), 'UTF8'))
						AND s.result - 'stats' = results[places[i]] - '{text,stats}'::text[]);
				asks_model[places[i]] := asks_model[places[i]] AND unchanged[i] IS NULL;
			END IF;
		END LOOP;
	END IF;
	-- Ids rise in the order in which rows are inserted.
	WITH written AS (
		INSERT INTO bountygo.snapshots (url, final_url, http_status, content_type, language, etag, last_modified, bytes, text, text_hash,
			result)
		SELECT coalesce(g.url, 'text:' || encode(w.hash, 'hex')), coalesce(g.final_url, g.url, 'text:'), g.http_status,
			left(g.content_type, 200), g.result ->> 'language', left(g.etag, 1000), left(g.modified, 100), g.size, w.words, w.hash,
			g.result - 'text'
		FROM unnest(urls, final_urls, http_statuses, content_types, etags, queue_store_pages.modified, sizes, results)
			WITH ORDINALITY AS g(url, final_url, http_status, content_type, etag, modified, size, result, place)
		CROSS JOIN LATERAL (SELECT coalesce(g.result ->> 'text', '') AS words OFFSET 0) t
		CROSS JOIN LATERAL (SELECT t.words, sha256(convert_to(t.words, 'UTF8')) AS hash OFFSET 0) w
		WHERE g.place IN (SELECT u.place FROM unnest(places, unchanged) AS u (place, snapshot) WHERE u.snapshot IS NULL) ORDER BY g.place
		RETURNING id)
	SELECT array_agg(w.id ORDER BY w.id) INTO stored FROM written w;
	SELECT array_agg(coalesce(u.snapshot, stored[u.nth]) ORDER BY u.i) INTO snapshots
		FROM (SELECT v.snapshot, v.i, count(*) FILTER (WHERE v.snapshot IS NULL) OVER (ORDER BY v.i) AS nth
			FROM unnest(unchanged) WITH ORDINALITY AS v (snapshot, i)) u;
	-- Hosts in one order, so that two workers can't wait for each other, and only if there is something to change.
	UPDATE bountygo.hosts h SET failures = 0, last_outcome = 'ok', why = NULL,
		next_fetch_at = CASE WHEN l.delay > 0 THEN greatest(h.next_fetch_at, clock_timestamp() + make_interval(secs => least(l.delay, 60)))
			ELSE h.next_fetch_at END
	FROM (SELECT k.host, d.delay
		FROM (SELECT u.host, max(crawl_delays[u.place]) AS delay FROM unnest(held_hosts, places) AS u(host, place) GROUP BY u.host) d
		JOIN bountygo.hosts k ON k.host = d.host
		WHERE k.failures <> 0 OR k.last_outcome IS DISTINCT FROM 'ok' OR d.delay > 0 ORDER BY k.host FOR UPDATE OF k) l
	WHERE h.host = l.host;
	-- An array that is assigned to at its third place alone begins there, and its only element would be unnested as the first.
	tasks := array_fill(NULL::bigint, ARRAY[cardinality(places)]);
	FOR i IN 1..cardinality(places) LOOP
		IF creates[i] THEN
			tasks[i] := bountygo.task_from_snapshot(snapshots[i], results[places[i]] - 'text', askers[i], jobs[places[i]]);
		ELSIF rechecks[i] IS NOT NULL AND NOT asks_model[places[i]] THEN
			PERFORM bountygo.recheck_ended(rechecks[i], snapshots[i], CASE WHEN unchanged[i] IS NULL THEN results[places[i]] - 'text' END);
			tasks[i] := (SELECT t.id FROM bountygo.tasks t WHERE t.id = rechecks[i]);
		END IF;
	END LOOP;
	INSERT INTO bountygo.job_results AS r (job_id, snapshot_id, task_id, model_outcome)
	SELECT jobs[u.place], u.snapshot, u.task, CASE WHEN NOT asks_model[u.place] THEN models[u.place] END
	FROM unnest(places, snapshots, tasks) AS u(place, snapshot, task)
	ON CONFLICT (job_id) DO UPDATE SET snapshot_id = excluded.snapshot_id, task_id = excluded.task_id, result = excluded.result,
		model_outcome = excluded.model_outcome;
	RETURN QUERY
	WITH ended AS (
		-- For those that the model is asked about the fetch has succeeded: its attempt does not count against the model's.
		UPDATE bountygo.jobs j SET leased_until = NULL, lease_owner = NULL, why = NULL, last_error = NULL,
			state = CASE WHEN asks THEN 'queued'::bountygo.job_state ELSE 'done' END,
			stage = CASE WHEN asks THEN 'model'::bountygo.job_stage ELSE 'end' END,
			outcome = CASE WHEN asks THEN j.outcome WHEN a.is_same THEN 'not_modified' ELSE 'ok' END,
			host = CASE WHEN asks THEN '' ELSE j.host END,
			attempts = CASE WHEN asks THEN greatest(0, j.attempts - 1) ELSE j.attempts END,
			run_at = CASE WHEN asks THEN clock_timestamp() ELSE j.run_at END,
			finished_at = CASE WHEN asks THEN NULL ELSE clock_timestamp() END
		FROM (SELECT jobs[u.place] AS id, asks_model[u.place] AS asks, u.snapshot IS NOT NULL AS is_same
			FROM unnest(places, unchanged) AS u(place, snapshot)) a
		WHERE j.id = a.id
		RETURNING j.id, a.asks
	), told AS (
		SELECT e.id, CASE WHEN e.asks THEN bountygo.wake_workers() ELSE pg_notify('bountygo_job', e.id::text) END FROM ended e
	)
	SELECT e.id, CASE WHEN e.asks THEN 'model' ELSE 'done' END FROM ended e WHERE (SELECT count(*) FROM told) >= 0;
END
$$;
COMMENT ON FUNCTION bountygo.queue_store_pages(bigint[], integer[], text[], text[], integer[], text[], text[], text[], integer[], jsonb[], boolean[], text[], integer[]) IS
'Stores what the readers answered as snapshots and ends the jobs, or hands them to the model stage. A recheck whose page says the same stores nothing. Arrays of the same length; returns done or model for each job whose lease still holds, and no row for the others. For workers.';

CREATE FUNCTION bountygo.queue_store_page(job bigint, token integer, url text, final_url text, http_status integer, content_type text,
	etag text, last_modified text, bytes integer, result jsonb, to_model boolean, model text, crawl_delay integer) RETURNS text
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce((SELECT s.state FROM bountygo.queue_store_pages(ARRAY[job], ARRAY[token], ARRAY[url], ARRAY[final_url], ARRAY[http_status],
	ARRAY[content_type], ARRAY[etag], ARRAY[last_modified], ARRAY[bytes], ARRAY[result], ARRAY[to_model], ARRAY[model],
	ARRAY[crawl_delay]) s), 'lost')
$$;
COMMENT ON FUNCTION bountygo.queue_store_page(bigint, integer, text, text, integer, text, text, text, integer, jsonb, boolean, text, integer) IS
'queue_store_pages() for one page: done, model or lost. For workers.';

CREATE FUNCTION bountygo.queue_finish(job bigint, token integer, snapshot bigint, result jsonb, model text, outcome bountygo.outcome)
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	held record;
	page jsonb := queue_finish.result - 'text';
	enriched boolean := page IS NOT NULL;
BEGIN
	SELECT j.auto_create, j.requested_by, j.kind, j.host, j.recheck_of INTO held FROM bountygo.jobs j
	WHERE j.id = job AND j.lease_token = token AND j.state = 'leased' FOR UPDATE;
	IF NOT FOUND THEN
		RETURN 'lost';
	END IF;
	IF page IS NULL AND queue_finish.outcome = 'not_modified' THEN
		-- The page is the same, so what the model said of it still holds.
		SELECT r.result INTO page FROM bountygo.job_results r
		WHERE r.snapshot_id = queue_finish.snapshot AND r.result IS NOT NULL ORDER BY r.job_id DESC LIMIT 1;
		-- A recheck tells nothing new of it: no need to write it down again every hour.
		enriched := FOUND AND held.recheck_of IS NULL;
		UPDATE bountygo.hosts h SET failures = 0, last_outcome = 'not_modified', why = NULL
		WHERE h.host = held.host AND h.last_outcome IS DISTINCT FROM 'not_modified';
	END IF;
	IF page IS NULL THEN
		SELECT s.result INTO STRICT page FROM bountygo.snapshots s WHERE s.id = queue_finish.snapshot;
	END IF;
	RETURN bountygo.queue_end(job, queue_finish.snapshot, page, enriched, model, queue_finish.outcome,
		held.auto_create AND held.kind = 'page', held.requested_by, held.recheck_of);
END
$$;
COMMENT ON FUNCTION bountygo.queue_finish(bigint, integer, bigint, jsonb, text, bountygo.outcome) IS
'Ends a job over an earlier snapshot: with the model''s result, without it (model says why), or because the page has not changed. Returns done or lost. For workers.';

CREATE FUNCTION bountygo.queue_count(slot integer, claimed integer, done integer, failed integer, retried integer, lost integer,
	restarts integer, error text) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
UPDATE bountygo.workers w SET claimed = w.claimed + queue_count.claimed, done = w.done + queue_count.done,
	failed = w.failed + queue_count.failed, retried = w.retried + queue_count.retried, lost_leases = w.lost_leases + lost,
	reader_restarts = w.reader_restarts + restarts, last_error = coalesce(error, w.last_error)
WHERE w.slot = queue_count.slot
$$;
COMMENT ON FUNCTION bountygo.queue_count(integer, integer, integer, integer, integer, integer, integer, text) IS 'Adds to the counters of a worker slot. For workers.';

-- What is done by the clock: expired rows go, pages come up to be looked at again, what was left due is settled. Workers call
-- every_minute(), one at a time; each step is short, waits for nobody, and costs an index look-up when there is nothing to do.

CREATE FUNCTION bountygo.tidy_jobs(most integer DEFAULT 500) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	days constant integer := coalesce(current_setting('bountygo.job_retention', true)::integer, 90);
	ids bigint[];
	pages bigint[];
BEGIN
	IF days = 0 THEN
		RETURN 0;
	END IF;
	ids := ARRAY(SELECT j.id FROM bountygo.jobs j WHERE j.finished_at < clock_timestamp() - make_interval(days => days)
		ORDER BY j.finished_at LIMIT most FOR UPDATE SKIP LOCKED);
	IF cardinality(ids) = 0 THEN
		RETURN 0;
	END IF;
	-- Tasks that are being written keep their job until the next time.
	ids := ARRAY(SELECT i.id FROM unnest(ids) AS i (id) EXCEPT SELECT t.job_id FROM bountygo.tasks t WHERE t.job_id = ANY (ids)
		EXCEPT SELECT c.job_id FROM bountygo.model_calls c WHERE c.job_id = ANY (ids))
		|| ARRAY(SELECT t.job_id FROM bountygo.tasks t WHERE t.job_id = ANY (ids) ORDER BY t.id FOR NO KEY UPDATE SKIP LOCKED)
		|| ARRAY(SELECT c.job_id FROM bountygo.model_calls c WHERE c.job_id = ANY (ids)
			AND NOT EXISTS (SELECT FROM bountygo.tasks t WHERE t.job_id = c.job_id));
	pages := ARRAY(SELECT r.snapshot_id FROM bountygo.job_results r WHERE r.job_id = ANY (ids) AND r.snapshot_id IS NOT NULL);
	DELETE FROM bountygo.jobs j WHERE j.id = ANY (ids);
	-- What a page said stays as long as a task's evidence or another job points at it.
	DELETE FROM bountygo.snapshots s WHERE s.id = ANY (pages)
		AND NOT EXISTS (SELECT FROM bountygo.job_results r WHERE r.snapshot_id = s.id)
		AND NOT EXISTS (SELECT FROM bountygo.tasks t WHERE t.snapshot_id = s.id)
		AND NOT EXISTS (SELECT FROM bountygo.evidence e WHERE e.snapshot_id = s.id);
	RETURN cardinality(ids);
END
$$;
COMMENT ON FUNCTION bountygo.tidy_jobs(integer) IS
'Deletes jobs that ended more than bountygo.job_retention days ago (0: never), at most "most", with their payloads, results, and snapshots that nothing points at; returns how many. Tasks keep what they have.';

CREATE FUNCTION bountygo.tidy_accounts(most integer DEFAULT 1000) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moment constant timestamptz := clock_timestamp();
	gone integer;
	deleted integer := 0;
BEGIN
	DELETE FROM bountygo.idempotency_keys k WHERE k.ctid = ANY (ARRAY(SELECT o.ctid FROM bountygo.idempotency_keys o
		WHERE o.expires_at < moment ORDER BY o.expires_at LIMIT most FOR UPDATE SKIP LOCKED));
	GET DIAGNOSTICS gone = ROW_COUNT;
	deleted := deleted + gone;
	DELETE FROM bountygo.wallet_nonces n WHERE n.nonce = ANY (ARRAY(SELECT o.nonce FROM bountygo.wallet_nonces o
		WHERE o.expires_at < moment ORDER BY o.expires_at LIMIT most FOR UPDATE SKIP LOCKED));
	GET DIAGNOSTICS gone = ROW_COUNT;
	deleted := deleted + gone;
	-- A month after their end, so that a refresh token that comes again is still known for what it is. Their tokens go along.
	DELETE FROM bountygo.sessions s WHERE s.id = ANY (ARRAY(SELECT o.id FROM bountygo.sessions o
		WHERE o.expires_at < moment - interval '30 days' ORDER BY o.expires_at LIMIT most FOR UPDATE SKIP LOCKED));
	GET DIAGNOSTICS gone = ROW_COUNT;
	deleted := deleted + gone;
	-- Whoever makes and revokes keys again and again fills no table.
	DELETE FROM bountygo.api_keys k WHERE k.id = ANY (ARRAY(SELECT o.id FROM bountygo.api_keys o
		WHERE o.revoked_at < moment - interval '30 days' ORDER BY o.revoked_at LIMIT most FOR UPDATE SKIP LOCKED));
	GET DIAGNOSTICS gone = ROW_COUNT;
	deleted := deleted + gone;
	DELETE FROM bountygo.model_usage g WHERE g.ctid = ANY (ARRAY(SELECT o.ctid FROM bountygo.model_usage o
		WHERE o.day < (moment - interval '30 days')::date ORDER BY o.day LIMIT most FOR UPDATE SKIP LOCKED));
	GET DIAGNOSTICS gone = ROW_COUNT;
	RETURN deleted + gone;
END
$$;
COMMENT ON FUNCTION bountygo.tidy_accounts(integer) IS
'Deletes expired idempotency keys and sign-in nonces, sessions with their refresh tokens and API keys 30 days after their end or revocation, and counts of model calls older than that, at most "most" of each; returns how many.';

CREATE FUNCTION bountygo.tidy() RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
-- Workers keep their plans: not one that was made when the tables were empty.
SET enable_seqscan = off
SET lock_timeout = '1s'
AS $$
DECLARE
	done jsonb := '{}';
	step text;
	n integer;
BEGIN
	FOREACH step IN ARRAY ARRAY['jobs', 'accounts', 'views', 'search']
	LOOP
		-- One that fails must not keep the others from their turn.
		BEGIN
			n := CASE step WHEN 'jobs' THEN bountygo.tidy_jobs() WHEN 'accounts' THEN bountygo.tidy_accounts()
				WHEN 'views' THEN bountygo.tidy_views() ELSE bountygo.refresh_search() END;
			done := done || jsonb_build_object(step, n);
		EXCEPTION WHEN OTHERS THEN
			RAISE LOG 'bountygo: tidying % failed: % (%)', step, SQLERRM, SQLSTATE;
			done := done || jsonb_build_object(step, NULL);
		END;
	END LOOP;
	RETURN done;
END
$$;
COMMENT ON FUNCTION bountygo.tidy() IS
'Deletes what has expired, in small batches: ended jobs, idempotency keys, nonces, sessions, views of past days; and indexes what was renamed. Returns how many rows of each, null for a step that failed (the server''s log says why). Workers call it every minute; harmless at any time.';

CREATE FUNCTION bountygo.every_minute() RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	made integer := 0;
	tidied jsonb;
BEGIN
	-- One worker at a time; the others come back in a minute.
	IF NOT pg_try_advisory_xact_lock(hashtext('bountygo.every_minute')) THEN
		RETURN false;
	END IF;
	BEGIN
		made := bountygo.schedule_rechecks();
		PERFORM bountygo.repair_due_clusters();
	EXCEPTION WHEN OTHERS THEN
		RAISE LOG 'bountygo: scheduling failed: % (%)', SQLERRM, SQLSTATE;
	END;
	tidied := bountygo.tidy();
	BEGIN
		PERFORM bountygo.refresh_analytics();
	EXCEPTION WHEN OTHERS THEN
		RAISE LOG 'bountygo: counting failed: % (%)', SQLERRM, SQLSTATE;
	END;
	RETURN made >= 200 OR (tidied ->> 'jobs')::integer >= 500 OR (tidied ->> 'accounts')::integer >= 1000
		OR (tidied ->> 'search')::integer >= 1000;
END
$$;
COMMENT ON FUNCTION bountygo.every_minute() IS
'What workers do by the clock: schedule rechecks, settle clusters, tidy, count. True if there is more to do at once. Nothing if another worker is at it.';

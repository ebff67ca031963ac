-- The model's ledger: which call is admitted, what it costs, when the provider is left alone. Internal; the workers call these
-- through ppio/ledger.c. Lock order everywhere: model_provider, model_budget, model_calls.

CREATE FUNCTION bountygo.ppio_admit(job_id bigint, model text, tokens bigint, daily_tokens bigint, rate_per_minute integer,
	breaker_open_s integer, user_daily_calls integer DEFAULT -1, OUT verdict text, OUT call_id bigint, OUT retry_at timestamptz)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	provider bountygo.model_provider;
	probe bountygo.model_calls;
	lost bountygo.model_calls;
	moment timestamptz;
	today date;
	is_probe boolean := false;
	asker bigint;
	allowed integer;
BEGIN
	-- The one row of the provider is the lock under which admissions happen one after another.
	SELECT * INTO STRICT provider FROM bountygo.model_provider p WHERE p.only FOR UPDATE;
	-- Not now(): that is when the transaction began, perhaps before it waited for the lock.
	moment := clock_timestamp();
	today := (moment AT TIME ZONE 'UTC')::date;

	-- A job has one call at a time. An older one that is still open belongs to a process that died, and one whose job has ended (it was
	-- cancelled, or died with its worker) has nobody left to close it; both may have been paid for. What another transaction holds is
	-- left to the next admission: it may be waiting for the provider's row.
	FOR lost IN
		SELECT c.* FROM bountygo.model_calls c
		WHERE c.state IN ('reserved', 'answered') AND (c.job_id = ppio_admit.job_id
			OR (SELECT j.state IN ('done', 'dead', 'cancelled') FROM bountygo.jobs j WHERE j.id = c.job_id)
			OR c.job_id IS NULL AND c.created_at < moment - interval '1 hour')
		ORDER BY c.id FOR UPDATE OF c SKIP LOCKED
	LOOP
		PERFORM bountygo.ppio_close(lost.id, 'failed', 'lost', NULL, NULL);
		IF provider.probe_call_id = lost.id THEN
			UPDATE bountygo.model_provider p SET probe_call_id = NULL WHERE p.only;
			provider.probe_call_id := NULL;
		END IF;
	END LOOP;

	IF provider.paused_until > moment THEN
		verdict := 'later';
		retry_at := provider.paused_until;
		RETURN;
	END IF;
	IF provider.open_until > moment THEN
		verdict := 'later';
		retry_at := provider.open_until;
		RETURN;
	END IF;
	IF provider.open_until IS NOT NULL THEN
		-- Half open: one probe decides. A probe whose process died is not waited for longer than a call can take.
		SELECT c.* INTO probe FROM bountygo.model_calls c
		WHERE c.id = provider.probe_call_id AND c.state IN ('reserved', 'answered') AND c.created_at > moment - interval '10 minutes';
		IF FOUND THEN
			verdict := 'later';
			retry_at := moment + least(breaker_open_s, 5) * interval '1 second';
			RETURN;
		END IF;
		is_probe := true;
	END IF;

	IF rate_per_minute > 0 THEN
		SELECT c.created_at + interval '1 minute' INTO retry_at FROM bountygo.model_calls c
		WHERE c.created_at > moment - interval '1 minute' ORDER BY c.created_at DESC OFFSET rate_per_minute - 1 LIMIT 1;
		IF FOUND THEN
			verdict := 'later';
			RETURN;
		END IF;
	END IF;

	-- What each user has had today. Admissions happen one after another, so what is looked at here still holds below.
	SELECT j.requested_by, nullif(coalesce(u.model_calls_per_day, user_daily_calls), -1) INTO asker, allowed
		FROM bountygo.jobs j JOIN bountygo.users u ON u.id = j.requested_by WHERE j.id = ppio_admit.job_id;
	IF allowed <= coalesce((SELECT g.calls FROM bountygo.model_usage g WHERE g.user_id = asker AND g.day = today), 0) THEN
		verdict := 'quota';
		retry_at := (today + 1)::timestamp AT TIME ZONE 'UTC';
		RETURN;
	END IF;

	INSERT INTO bountygo.model_budget AS b (day, limit_tokens) VALUES (today, daily_tokens)
	ON CONFLICT (day) DO UPDATE SET limit_tokens = excluded.limit_tokens WHERE b.limit_tokens <> excluded.limit_tokens;
	UPDATE bountygo.model_budget b SET reserved_tokens = b.reserved_tokens + tokens
	WHERE b.day = today AND b.spent_tokens + b.reserved_tokens + tokens <= daily_tokens;
	IF NOT FOUND THEN
		verdict := 'budget';
		retry_at := (today + 1)::timestamp AT TIME ZONE 'UTC';
		RETURN;
	END IF;
	INSERT INTO bountygo.model_calls (job_id, model, reserved_tokens, created_at) VALUES (ppio_admit.job_id, ppio_admit.model, tokens, moment)
	RETURNING id INTO call_id;
	IF asker IS NOT NULL THEN
		INSERT INTO bountygo.model_usage AS g (user_id, day, calls) VALUES (asker, today, 1)
		ON CONFLICT (user_id, day) DO UPDATE SET calls = g.calls + 1;
	END IF;
	IF is_probe THEN
		UPDATE bountygo.model_provider p SET probe_call_id = ppio_admit.call_id WHERE p.only;
	END IF;
	verdict := 'admit';
	retry_at := NULL;
END
$$;
COMMENT ON FUNCTION bountygo.ppio_admit(bigint, text, bigint, bigint, integer, integer, integer) IS 'Internal. Reserves tokens for a call of the model before it is made. verdict: admit (call_id is the reserved row), later (breaker open, provider paused or rate reached; retry_at), budget (today''s tokens are used up; retry_at is the next UTC day), quota (the calls of the job''s user are: users.model_calls_per_day, else user_daily_calls, -1 for no limit). A call counts once it is admitted, whatever comes of it.';

CREATE FUNCTION bountygo.ppio_close(call_id bigint, state text, outcome text, spent bigint, http_status integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	closed bountygo.model_calls;
BEGIN
	SELECT * INTO closed FROM bountygo.model_calls c WHERE c.id = call_id AND c.state IN ('reserved', 'answered');
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	-- The day on which it was reserved, whatever day it is now. The upsert is for a row that somebody deleted.
	INSERT INTO bountygo.model_budget AS b (day, limit_tokens, spent_tokens)
	VALUES ((closed.created_at AT TIME ZONE 'UTC')::date, 0, coalesce(spent, closed.reserved_tokens))
	ON CONFLICT (day) DO UPDATE SET
		reserved_tokens = greatest(b.reserved_tokens - closed.reserved_tokens, 0),
		spent_tokens = b.spent_tokens + excluded.spent_tokens;
	UPDATE bountygo.model_calls c SET state = ppio_close.state, outcome = ppio_close.outcome,
		http_status = coalesce(ppio_close.http_status, c.http_status), finished_at = clock_timestamp()
	WHERE c.id = call_id;
	RETURN true;
END
$$;
COMMENT ON FUNCTION bountygo.ppio_close(bigint, text, text, bigint, integer) IS 'Internal. Ends a call: turns its reservation into tokens spent (NULL: all that was reserved). False if it had ended. The caller holds the lock on model_provider.';

CREATE FUNCTION bountygo.ppio_store_reply(call_id bigint, http_status integer, reply bytea, elapsed_ms integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	UPDATE bountygo.model_calls c SET state = 'answered', http_status = ppio_store_reply.http_status, reply = ppio_store_reply.reply,
		elapsed_ms = ppio_store_reply.elapsed_ms
	WHERE c.id = call_id AND c.state = 'reserved';
	RETURN FOUND;
END
$$;
COMMENT ON FUNCTION bountygo.ppio_store_reply(bigint, integer, bytea, integer) IS 'Internal. Keeps the raw reply, as it came, before anything parses it. False if the call has ended.';

CREATE FUNCTION bountygo.ppio_settle(call_id bigint, outcome text, prompt_tokens bigint, completion_tokens bigint) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	provider bountygo.model_provider;
BEGIN
	SELECT * INTO STRICT provider FROM bountygo.model_provider p WHERE p.only FOR UPDATE;
	-- A reply that does not say what it cost costs what was reserved. NULL + n is NULL.
	IF NOT bountygo.ppio_close(call_id, 'settled', outcome, prompt_tokens + completion_tokens, NULL) THEN
		RETURN false;
	END IF;
	UPDATE bountygo.model_calls c SET prompt_tokens = ppio_settle.prompt_tokens, completion_tokens = ppio_settle.completion_tokens
	WHERE c.id = call_id;
	IF provider.probe_call_id = call_id THEN
		-- The probe was answered: closed, and what happened before counts no more.
		UPDATE bountygo.model_provider p SET failures_in_a_row = 0, recent = 's', open_until = NULL, probe_call_id = NULL WHERE p.only;
	ELSIF provider.open_until IS NULL THEN
		UPDATE bountygo.model_provider p SET failures_in_a_row = 0, recent = right(p.recent || 's', 20) WHERE p.only;
	END IF;
	RETURN true;
END
$$;
COMMENT ON FUNCTION bountygo.ppio_settle(bigint, text, bigint, bigint) IS 'Internal. Ends a call that was answered: what it cost (NULL: what was reserved) and what its reply was worth. An answer, even a useless one, is a success of the provider.';

CREATE FUNCTION bountygo.ppio_fail(call_id bigint, outcome text, http_status integer, retry_after_s integer, counts_for_breaker boolean,
	breaker_failures integer, breaker_open_s integer) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	provider bountygo.model_provider;
	moment timestamptz;
	tally text;
	in_a_row integer;
	was_probe boolean;
BEGIN
	SELECT * INTO STRICT provider FROM bountygo.model_provider p WHERE p.only FOR UPDATE;
	moment := clock_timestamp();
	IF NOT bountygo.ppio_close(call_id, 'failed', outcome, 0, http_status) THEN
		RETURN false;
	END IF;
	was_probe := provider.probe_call_id IS NOT DISTINCT FROM call_id;
	IF retry_after_s > 0 THEN
		provider.paused_until := greatest(provider.paused_until, moment + least(retry_after_s, 120) * interval '1 second');
	END IF;
	IF was_probe THEN
		-- One that failed for another reason than the provider's health leaves the place to the next probe.
		provider.probe_call_id := NULL;
	END IF;
	IF counts_for_breaker THEN
		in_a_row := provider.failures_in_a_row + 1;
		tally := right(provider.recent || 'f', 20);
		IF was_probe OR (provider.open_until IS NULL AND (in_a_row >= breaker_failures
				OR length(tally) = 20 AND length(replace(tally, 's', '')) >= 10)) THEN
			provider.open_until := moment + breaker_open_s * interval '1 second';
		END IF;
		provider.failures_in_a_row := in_a_row;
		provider.recent := tally;
	END IF;
	UPDATE bountygo.model_provider p SET failures_in_a_row = provider.failures_in_a_row, recent = provider.recent,
		open_until = provider.open_until, probe_call_id = provider.probe_call_id, paused_until = provider.paused_until,
		last_error = left(concat_ws(' ', outcome, 'HTTP ' || http_status, 'at ' || to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')), 200)
	WHERE p.only;
	RETURN true;
END
$$;
COMMENT ON FUNCTION bountygo.ppio_fail(bigint, text, integer, integer, boolean, integer, integer) IS 'Internal. Ends a call without a usable reply: gives the reservation back, pauses the provider for retry_after_s (at most 120 s), and opens the circuit breaker after breaker_failures in a row or 10 of the last 20.';

CREATE FUNCTION bountygo.ppio_reset_breaker() RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	provider bountygo.model_provider;
BEGIN
	SELECT * INTO STRICT provider FROM bountygo.model_provider p WHERE p.only FOR UPDATE;
	UPDATE bountygo.model_provider p SET failures_in_a_row = 0, recent = '', open_until = NULL, probe_call_id = NULL, paused_until = NULL
	WHERE p.only;
	RETURN provider.open_until IS NOT NULL OR provider.paused_until IS NOT NULL;
END
$$;
COMMENT ON FUNCTION bountygo.ppio_reset_breaker() IS 'Closes the circuit breaker of the model and ends a pause that the provider asked for. True if there was one to end. Jobs that wait for the model go on at their next try. For administrators.';

CREATE FUNCTION bountygo.model_calls_left() RETURNS integer
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT greatest(0, l.allowed - coalesce((SELECT g.calls FROM bountygo.model_usage g
	WHERE g.user_id = u.id AND g.day = (clock_timestamp() AT TIME ZONE 'UTC')::date), 0))
FROM bountygo.users u
CROSS JOIN LATERAL (SELECT nullif(coalesce(u.model_calls_per_day, current_setting('bountygo.ppio_user_daily_calls')::integer), -1) AS allowed) l
WHERE u.id = bountygo.current_user_id()
$$;
COMMENT ON FUNCTION bountygo.model_calls_left() IS
'How many model calls the caller''s jobs may still make this UTC day; NULL: as many as the budget allows, or nobody is signed in.';

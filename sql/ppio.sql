-- The ledger of the model: budget, breaker, pauses, rate. Times are moved in the table instead of being waited for.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
\pset format unaligned
\pset tuples_only on
BEGIN;
DELETE FROM bountygo.model_calls;
DELETE FROM bountygo.model_budget;
SELECT bountygo.ppio_reset_breaker() IS NOT NULL;

-- Admits n tokens under a limit of 1000 a day, without a limit of the rate; the breaker opens for 30 s after 5 failures in a row.
CREATE FUNCTION pg_temp.admit(tokens bigint, job bigint DEFAULT NULL, rate integer DEFAULT 0, daily bigint DEFAULT 1000) RETURNS text
LANGUAGE sql AS $$
	SELECT verdict || CASE WHEN call_id IS NOT NULL THEN ' call' ELSE '' END
		|| CASE WHEN retry_at > clock_timestamp() THEN ' retry' ELSE '' END
	FROM bountygo.ppio_admit(job, 'some/model', tokens, daily, rate, 30)
$$;
CREATE FUNCTION pg_temp.latest() RETURNS bigint LANGUAGE sql AS $$ SELECT max(id) FROM bountygo.model_calls $$;
CREATE FUNCTION pg_temp.fail(counts boolean DEFAULT true, retry_after integer DEFAULT NULL) RETURNS boolean LANGUAGE sql AS $$
	SELECT bountygo.ppio_fail(pg_temp.latest(), 'http_5xx', 503, retry_after, counts, 5, 30)
$$;
CREATE FUNCTION pg_temp.budget() RETURNS text LANGUAGE sql AS $$
	SELECT format('limit %s reserved %s spent %s', limit_tokens, reserved_tokens, spent_tokens) FROM bountygo.model_budget
	WHERE day = (clock_timestamp() AT TIME ZONE 'UTC')::date
$$;
CREATE FUNCTION pg_temp.breaker() RETURNS text LANGUAGE sql AS $$
	SELECT format('%s, %s in a row, %s', breaker, failures_in_a_row, CASE WHEN why IS NULL THEN 'no why' ELSE 'why' END)
	FROM bountygo.model_status
$$;

-- Budget: what is reserved and spent never passes the limit, and an ended call gives back what it did not use.
SELECT pg_temp.admit(600), pg_temp.budget();
SELECT 'over', pg_temp.admit(401), pg_temp.budget();
SELECT 'fits', pg_temp.admit(400), pg_temp.budget();
SELECT bountygo.ppio_settle(pg_temp.latest(), 'ok', 100, 50), pg_temp.budget();
SELECT 'once', bountygo.ppio_settle(pg_temp.latest(), 'ok', 100, 50), pg_temp.budget();
SELECT pg_temp.admit(10), bountygo.ppio_settle(pg_temp.latest(), 'bad_json', NULL, 5), 'unknown cost', pg_temp.budget();
SELECT pg_temp.admit(10), pg_temp.fail(false), 'nothing spent', pg_temp.budget();
SELECT 'none allowed', pg_temp.admit(1, daily => 0);
SELECT bountygo.ppio_store_reply(min(id), 200, '{}', 12), bountygo.ppio_store_reply(max(id), 200, '{}', 12) FROM bountygo.model_calls;
SELECT state, outcome, reserved_tokens, prompt_tokens, completion_tokens, http_status, reply, finished_at IS NOT NULL
FROM bountygo.model_calls ORDER BY id;

-- What was reserved yesterday is settled yesterday.
UPDATE bountygo.model_calls SET created_at = created_at - interval '1 day' WHERE state = 'answered';
INSERT INTO bountygo.model_budget SELECT day - 1, 1000, 600, 0 FROM bountygo.model_budget;
SELECT bountygo.ppio_settle(id, 'ok', 300, 100) FROM bountygo.model_calls WHERE state = 'answered';
SELECT limit_tokens, reserved_tokens, spent_tokens FROM bountygo.model_budget ORDER BY day;
DELETE FROM bountygo.model_calls;
DELETE FROM bountygo.model_budget;

-- A job whose process died in the middle of a call: the call is over, and counted as paid for.
INSERT INTO bountygo.jobs (id, kind) OVERRIDING SYSTEM VALUE VALUES (900000001, 'page');
SELECT pg_temp.admit(100, 900000001), pg_temp.admit(200, 900000001), pg_temp.budget();
SELECT state, outcome FROM bountygo.model_calls ORDER BY id;
SELECT bountygo.ppio_settle(pg_temp.latest(), 'ok', 1, 1);

-- Rate.
SELECT pg_temp.admit(1, rate => 3), pg_temp.admit(1, rate => 3), pg_temp.admit(1, rate => 0);
UPDATE bountygo.model_calls SET created_at = created_at - interval '61 seconds';
SELECT pg_temp.admit(1, rate => 3);

-- The provider asks for a pause: at most two minutes of it.
SELECT pg_temp.fail(false, 7), pg_temp.admit(1), pg_temp.breaker();
SELECT bountygo.ppio_reset_breaker(), bountygo.ppio_reset_breaker(), pg_temp.admit(1);
SELECT pg_temp.fail(false, 86400);
SELECT paused_until < clock_timestamp() + interval '121 seconds' FROM bountygo.model_provider;
SELECT bountygo.ppio_reset_breaker();

-- Five failures in a row open the breaker; then nothing, then one probe, which decides.
SELECT string_agg(pg_temp.admit(1) || ' ' || pg_temp.fail(), ', ') FROM generate_series(1, 4);
SELECT pg_temp.breaker(), pg_temp.admit(1), pg_temp.fail(), pg_temp.breaker(), pg_temp.admit(1);
UPDATE bountygo.model_provider SET open_until = clock_timestamp();
SELECT 'probe', pg_temp.breaker(), pg_temp.admit(1), 'and no other', pg_temp.admit(1), pg_temp.admit(1);
SELECT 'it fails', pg_temp.fail(), pg_temp.breaker(), pg_temp.admit(1);
UPDATE bountygo.model_provider SET open_until = clock_timestamp();
SELECT 'its process dies', pg_temp.admit(1), pg_temp.admit(1);
UPDATE bountygo.model_calls SET created_at = created_at - interval '11 minutes';
SELECT 'another', pg_temp.admit(1), bountygo.ppio_settle(pg_temp.latest(), 'ok', 1, 0), pg_temp.breaker(), pg_temp.admit(1);
-- A success in between starts the count again; what does not speak of the provider's health does not count.
SELECT string_agg(pg_temp.admit(1) || ' ' || CASE WHEN n = 4 THEN bountygo.ppio_settle(pg_temp.latest(), 'ok', 1, 0)
	ELSE pg_temp.fail(n <> 6) END, ', ' ORDER BY n) FROM generate_series(1, 7) n;
SELECT pg_temp.breaker();
-- Half of the last twenty.
SELECT bountygo.ppio_reset_breaker();
SELECT count(*) FILTER (WHERE pg_temp.admit(0) LIKE 'admit%' AND CASE WHEN n % 2 = 0 THEN pg_temp.fail()
	ELSE bountygo.ppio_settle(pg_temp.latest(), 'ok', 0, 0) END) FROM generate_series(1, 19) n;
SELECT pg_temp.breaker(), pg_temp.admit(0), pg_temp.fail(), pg_temp.breaker();
-- A call from before it opened that ends well closes nothing.
SELECT bountygo.ppio_reset_breaker(), pg_temp.admit(5);
SELECT pg_temp.latest() AS early \gset
SELECT string_agg(pg_temp.admit(1) || ' ' || pg_temp.fail(), ', ') FROM generate_series(1, 5);
SELECT bountygo.ppio_settle(:early, 'ok', 1, 1), pg_temp.breaker();
-- The last error is a code and a time, nothing of what was said.
SELECT string_agg(last_error ~ '^http_5xx HTTP 503 at 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$' || '', ' ') FROM bountygo.model_provider;
ROLLBACK;

-- Administrators may reset it, monitors only look, others neither.
BEGIN;
SET LOCAL ROLE bountygo_admin;
SELECT bountygo.ppio_reset_breaker() IS NOT NULL;
ROLLBACK;
BEGIN;
SET LOCAL ROLE bountygo_monitor;
SELECT count(*) FROM bountygo.model_status;
SELECT bountygo.ppio_reset_breaker();
ROLLBACK;
BEGIN;
SET LOCAL ROLE bountygo_api;
SELECT count(*) FROM bountygo.model_status;
ROLLBACK;

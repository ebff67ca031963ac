-- What operators see of the model API, and what administrators may change of it. The view belongs to the owner of the tables, so it
-- shows all rows to whoever may read it; there is no key, no prompt and no reply in it.

CREATE VIEW bountygo.model_status AS
SELECT CASE WHEN p.paused_until > t.moment THEN 'paused' WHEN p.open_until > t.moment THEN 'open'
		WHEN p.open_until IS NOT NULL THEN 'half_open' ELSE 'closed' END AS breaker,
	CASE WHEN p.open_until > t.moment OR p.paused_until > t.moment THEN greatest(p.open_until, p.paused_until) END AS until,
	p.failures_in_a_row, length(replace(p.recent, 's', '')) AS failures_of_last_20, p.last_error,
	t.today AS day, coalesce(b.limit_tokens, t.limit_tokens) AS limit_tokens, coalesce(b.reserved_tokens, 0) AS reserved_tokens,
	coalesce(b.spent_tokens, 0) AS spent_tokens,
	greatest(coalesce(b.limit_tokens, t.limit_tokens) - coalesce(b.reserved_tokens + b.spent_tokens, 0), 0) AS left_tokens,
	c.calls AS calls_last_hour, c.failed AS failed_last_hour, c.mean_ms AS mean_ms_last_hour,
	CASE WHEN p.paused_until > t.moment THEN 'The model API asked to be left alone for a while; calls go on by themselves.'
		WHEN p.open_until > t.moment
			THEN 'Too many calls failed: none is made before "until", then one as a probe. SELECT bountygo.ppio_reset_breaker() ends this at once.'
		WHEN p.open_until IS NOT NULL THEN 'The next call decides whether the model API is well again.'
		WHEN coalesce(b.limit_tokens, t.limit_tokens) <= coalesce(b.reserved_tokens + b.spent_tokens, 0)
			THEN 'Today''s tokens are used up: pages are read by rules until the next UTC day, or raise bountygo.ppio_daily_tokens.'
	END AS why
FROM bountygo.model_provider p
CROSS JOIN LATERAL (SELECT clock_timestamp() AS moment, (clock_timestamp() AT TIME ZONE 'UTC')::date AS today,
	current_setting('bountygo.ppio_daily_tokens', true)::bigint * 1000 AS limit_tokens) t
LEFT JOIN bountygo.model_budget b ON b.day = t.today
CROSS JOIN LATERAL (
	SELECT count(*) AS calls, count(*) FILTER (WHERE m.state = 'failed') AS failed, round(avg(m.elapsed_ms)) AS mean_ms
	FROM bountygo.model_calls m WHERE m.created_at > t.moment - interval '1 hour') c;
COMMENT ON VIEW bountygo.model_status IS 'One row: the circuit breaker of the model API, today''s token budget (UTC), the last error, and why no call is made, if none is.';

GRANT SELECT ON bountygo.model_status TO bountygo_monitor, bountygo_admin;
-- For ppio_reset_breaker(), which runs with its caller's rights.
GRANT UPDATE ON bountygo.model_provider TO bountygo_admin;

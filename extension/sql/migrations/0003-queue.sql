-- What operators see of the queue. Views belong to the owner of the tables, so they show all rows to whoever may read them.

CREATE SEQUENCE bountygo.job_group_seq;
GRANT USAGE ON SEQUENCE bountygo.job_group_seq TO bountygo_api;

CREATE INDEX jobs_lost_idx ON bountygo.jobs (run_at, id) WHERE state = 'queued' AND last_error = 'worker_lost';

CREATE VIEW bountygo.queue_stats AS
SELECT j.kind, j.state, j.stage, count(*) AS jobs,
	count(*) FILTER (WHERE j.state = 'queued' AND j.run_at <= clock_timestamp()) AS due,
	extract(epoch FROM clock_timestamp() - min(j.run_at) FILTER (WHERE j.state = 'queued' AND j.run_at <= clock_timestamp()))::real
		AS oldest_due_seconds,
	min(j.run_at) FILTER (WHERE j.state = 'queued') AS next_run_at,
	CASE WHEN j.state NOT IN ('queued', 'leased') THEN NULL
		WHEN NOT (SELECT c.enabled FROM bountygo.worker_control c) THEN 'The workers are stopped: SELECT bountygo.start();'
		WHEN current_setting('bountygo.paused', true) = 'on' AND j.state = 'queued' THEN 'Claiming is paused: the setting bountygo.paused is on.'
		WHEN NOT EXISTS (SELECT FROM bountygo.workers w WHERE bountygo.worker_is_live(w.pid, w.backend_start))
			THEN 'No worker runs: SELECT bountygo.start();'
		WHEN j.state = 'leased' AND min(j.leased_until) < clock_timestamp() - interval '1 minute' THEN 'A lease ran out and nobody took the job over.'
	END AS why
FROM bountygo.jobs j
GROUP BY j.kind, j.state, j.stage;
COMMENT ON VIEW bountygo.queue_stats IS 'Jobs by kind, state and stage, how long the oldest due one waits, and why nothing moves, if nothing does.';

CREATE VIEW bountygo.worker_status AS
SELECT w.slot, w.pid, bountygo.worker_is_live(w.pid, w.backend_start) IS TRUE AS alive, w.started_at, w.claimed, w.done, w.failed, w.retried,
	w.lost_leases, w.reader_restarts,
	(SELECT count(*) FROM bountygo.jobs j WHERE j.state = 'leased' AND j.lease_owner = w.slot) AS in_hand,
	extract(epoch FROM clock_timestamp() - (SELECT min(j.run_at) FROM bountygo.jobs j
		WHERE j.state = 'queued' AND j.run_at <= clock_timestamp()))::real AS oldest_due_seconds,
	w.last_error,
	CASE WHEN bountygo.worker_is_live(w.pid, w.backend_start) THEN
			CASE WHEN current_setting('bountygo.paused', true) = 'on' THEN 'It claims nothing: the setting bountygo.paused is on.' END
		WHEN NOT c.enabled THEN 'Workers are stopped in this database: SELECT bountygo.start();'
		WHEN w.pid IS NULL THEN 'It ended in order and was not started again: SELECT bountygo.start();'
		ELSE 'Its process is gone; it comes back within 5 seconds, else: SELECT bountygo.start();' END AS why
FROM bountygo.workers w CROSS JOIN bountygo.worker_control c;
COMMENT ON VIEW bountygo.worker_status IS 'The worker slots: whether a process serves them, its counters, and why not.';

CREATE VIEW bountygo.host_status AS
SELECT h.host, h.failures, h.last_outcome, h.last_fetch_at, h.next_fetch_at, q.queued, q.in_hand,
	CASE WHEN q.queued = 0 THEN NULL
		WHEN h.next_fetch_at > clock_timestamp() AND h.failures > 0
			THEN format('It rests until %s after %s failures: %s', to_char(timezone('UTC', h.next_fetch_at), 'YYYY-MM-DD HH24:MI:SS"Z"'),
				h.failures, coalesce(h.why, h.last_outcome::text))
		WHEN h.next_fetch_at > clock_timestamp() THEN 'It has just been fetched from: politeness.'
		WHEN q.in_hand > 0 THEN 'Fetches from it are under way.'
	END AS why
FROM bountygo.hosts h
CROSS JOIN LATERAL (
	SELECT (SELECT count(*) FROM bountygo.jobs j WHERE j.state = 'queued' AND j.stage = 'fetch' AND j.host = h.host) AS queued,
		(SELECT count(*) FROM bountygo.jobs j WHERE j.state = 'leased' AND j.stage = 'fetch' AND j.host = h.host) AS in_hand) q;
COMMENT ON VIEW bountygo.host_status IS 'The hosts that pages come from: failures, when each may be fetched from next, jobs that wait for it, and why.';

GRANT SELECT ON bountygo.queue_stats, bountygo.worker_status, bountygo.host_status TO bountygo_monitor, bountygo_admin;

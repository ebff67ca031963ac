-- The REST surface. An endpoint is a function and a row here; ids below 10000 are ours, others are left alone.

CREATE FUNCTION bountygo.sync_routes() RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	changed integer;
	removed integer;
BEGIN
	CREATE TEMPORARY TABLE wanted_routes (LIKE bountygo.routes INCLUDING DEFAULTS) ON COMMIT DROP;
	INSERT INTO pg_temp.wanted_routes (id, method, path, function, auth, success_status, location, is_async, rate_zone, max_body,
		timeout_ms, cache_seconds, cache_topics)
	VALUES
		(1, 'GET', '/health', 'health', 'none', 200, NULL, false, 'api', 0, 5000, 0, '{}'),
		(2, 'GET', '/api/v1', 'api_index', 'none', 200, NULL, false, 'api', 0, 5000, 0, '{}'),
		(10, 'GET', '/api/v1/users/me', 'me', 'user', 200, NULL, false, 'api', 0, 5000, 0, '{}'),
		(20, 'GET', '/api/v1/tasks', 'list_tasks', 'optional', 200, NULL, false, 'api', 0, 10000, 30, '{tasks}'),
		(21, 'POST', '/api/v1/tasks', 'create_task', 'user', 201, '/api/v1/tasks/{id}', false, 'api', 262144, 10000, 0, '{}'),
		(22, 'GET', '/api/v1/tasks/{id}', 'get_task', 'optional', 200, NULL, false, 'api', 0, 10000, 30, '{tasks}'),
		(23, 'GET', '/api/v1/tasks/{id}/evidence', 'task_evidence', 'optional', 200, NULL, false, 'api', 0, 10000, 30, '{tasks}'),
		(24, 'GET', '/api/v1/tasks/{id}/snapshot', 'task_snapshot', 'optional', 200, NULL, false, 'api', 0, 10000, 30, '{tasks}'),
		(40, 'POST', '/api/v1/url-agent/process', 'submit_url', 'user', 202, '/api/v1/url-agent/jobs/{id}', true, 'api', 65536, 10000,
			0, '{}'),
		(41, 'POST', '/api/v1/url-agent/batch', 'submit_urls', 'user', 202, '/api/v1/url-agent/jobs?group_id={group_id}', false, 'api',
			3145728, 30000, 0, '{}'),
		(42, 'POST', '/api/v1/url-agent/extract-info', 'preview_url', 'optional', 202, '/api/v1/url-agent/jobs/{id}', true, 'api',
			65536, 10000, 0, '{}'),
		(43, 'POST', '/api/v1/url-agent/parse', 'preview_url', 'optional', 202, '/api/v1/url-agent/jobs/{id}', true, 'api',
			65536, 10000, 0, '{}'),
		(44, 'POST', '/api/v1/url-agent/extract-from-content', 'extract_text', 'optional', 200, NULL, false, 'api', 2621440, 15000,
			0, '{}'),
		(45, 'GET', '/api/v1/url-agent/jobs', 'list_jobs', 'user', 200, NULL, false, 'api', 0, 10000, 0, '{}'),
		(46, 'GET', '/api/v1/url-agent/jobs/{id}', 'get_job', 'optional', 200, NULL, false, 'api', 0, 10000, 0, '{}'),
		(47, 'DELETE', '/api/v1/url-agent/jobs/{id}', 'cancel_job', 'user', 204, NULL, false, 'api', 0, 10000, 0, '{}');

	-- First what is gone or moved, or a path that changed its id would meet its old row.
	DELETE FROM bountygo.routes r
	WHERE r.id < 10000 AND NOT EXISTS (SELECT FROM pg_temp.wanted_routes w WHERE (w.id, w.method, w.path) = (r.id, r.method, r.path));
	GET DIAGNOSTICS removed = ROW_COUNT;
	INSERT INTO bountygo.routes AS r
	SELECT w.* FROM pg_temp.wanted_routes w
	ON CONFLICT (id) DO UPDATE SET function = excluded.function, auth = excluded.auth, scope = excluded.scope,
		success_status = excluded.success_status, location = excluded.location, is_async = excluded.is_async,
		cache_seconds = excluded.cache_seconds, cache_topics = excluded.cache_topics, rate_zone = excluded.rate_zone,
		max_body = excluded.max_body, timeout_ms = excluded.timeout_ms
	WHERE r.* IS DISTINCT FROM excluded.*;
	GET DIAGNOSTICS changed = ROW_COUNT;
	DROP TABLE pg_temp.wanted_routes;
	RETURN removed + changed;
END
$$;
COMMENT ON FUNCTION bountygo.sync_routes() IS
'Brings the routes that belong to BountyGo (ids below 10000) to what this version offers and returns how many rows changed; backends and gateways hear of it at commit. init() calls it. Add your own from id 10000 on.';

-- REST, as the gateway sees it. Owners and rights of these functions: grant_privileges().

CREATE FUNCTION bountygo.call(route integer, token text, names text[], vals text[], body text,
	headers text[] DEFAULT NULL, OUT status integer, OUT location text, OUT body text, OUT headers text[]) RETURNS record
AS 'MODULE_PATHNAME', 'bountygo_call' LANGUAGE c VOLATILE PARALLEL UNSAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION bountygo.call(integer, text, text[], text[], text, text[]) IS
'Answers one REST request. route: id in bountygo.routes; token: access token or NULL; names, vals: path parameters in order, then query parameters (a name may be repeated for an array); body: a JSON object or NULL. GET runs read-only. UB400 for what is no JSON, UB401 and UB403 by the route''s auth, UB404 without such a route or answer, UB422 with a pointer for each bad, unknown, missing or repeated value; other errors are those of the function behind the route.';

CREATE FUNCTION bountygo.gateway_routes() RETURNS TABLE (id integer, method text, path text, auth text, cache_seconds integer,
	cache_topics text[], rate_zone text, max_body integer, timeout_ms integer, is_async boolean, success_status smallint,
	arguments text[], content_type text, is_secret boolean)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT r.id, r.method, r.path, r.auth::text, r.cache_seconds, r.cache_topics, r.rate_zone, r.max_body, r.timeout_ms, r.is_async,
		r.success_status,
		(SELECT coalesce(array_agg(a.name ORDER BY a.place), '{}')
			FROM pg_proc p, unnest(p.proargnames) WITH ORDINALITY AS a (name, place)
			WHERE p.pronamespace = 'bountygo'::regnamespace AND p.proname = r.function
				AND (p.proargmodes IS NULL OR p.proargmodes[a.place] = 'i')),
		r.content_type, r.is_secret
	FROM bountygo.routes r
	ORDER BY r.id
$$;
COMMENT ON FUNCTION bountygo.gateway_routes() IS
'The routes, for the gateway: how to match, limit and cache each. max_body in bytes; timeout_ms in milliseconds; arguments: the names that may be given; content_type: of the answer; is_secret: the answer holds secrets and must not be kept. A change is announced by NOTIFY bountygo_routes.';

CREATE FUNCTION bountygo.routes_changed() RETURNS trigger
AS 'MODULE_PATHNAME', 'bountygo_routes_changed' LANGUAGE c;
COMMENT ON FUNCTION bountygo.routes_changed() IS
'Trigger on bountygo.routes: every backend and gateway reads the routes again when the change is committed.';

CREATE FUNCTION bountygo.api_index() RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_build_object(
		'name', 'BountyGo',
		'version', bountygo.version(),
		'links', (SELECT coalesce(jsonb_agg(jsonb_build_object('method', r.method, 'href', r.path, 'auth', r.auth)
			ORDER BY r.path, r.method), '[]') FROM bountygo.routes r WHERE r.auth <> 'admin'))
$$;
COMMENT ON FUNCTION bountygo.api_index() IS 'What the REST API offers: name, version, and links with method, href and who may use them.';

CREATE FUNCTION bountygo.task_snapshot(id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	page bigint;
BEGIN
	PERFORM bountygo.require_task(task_snapshot.id);
	SELECT t.snapshot_id INTO page FROM bountygo.tasks t WHERE t.id = task_snapshot.id;
	IF page IS NULL THEN
		RAISE EXCEPTION 'this task does not come from a page' USING ERRCODE = 'UB404';
	END IF;
	RETURN bountygo.snapshot(page);
END
$$;
COMMENT ON FUNCTION bountygo.task_snapshot(bigint) IS
'The page a task was read from, as bountygo.snapshot gives it. UB404 without such a task, or if it was made by hand.';

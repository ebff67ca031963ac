-- REST, as the gateway sees it. Owners and rights of these functions: grant_privileges().

CREATE FUNCTION bountygo.call(route integer, token text, names text[], vals text[], body text,
	headers text[] DEFAULT NULL, OUT status integer, OUT location text, OUT body text, OUT headers text[]) RETURNS record
AS 'MODULE_PATHNAME', 'bountygo_call' LANGUAGE c VOLATILE PARALLEL UNSAFE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp;
COMMENT ON FUNCTION bountygo.call(integer, text, text[], text[], text, text[]) IS
'Answers one REST request. route: id in bountygo.routes; token: access token, API key or NULL; names, vals: path parameters in order, then query parameters (a name may be repeated for an array); body: a JSON object or NULL; headers: a flat list of names and values (idempotency-key, if-match, if-none-match, prefer, user-agent, client-address), as those that come back. GET runs read-only; what PATCH and PUT set to null goes to the function''s argument clear, Prefer: count= to its argument count. fields in the query trims an answer to the members that it names. UB400 for what is no JSON and for headers that do not read; UB401 and UB403 by the route''s auth and scope; UB404 without such a route or answer; UB409 while a request with the same Idempotency-Key is under way; UB412 if If-Match or If-None-Match fail; UB422 with a pointer for each bad, unknown, missing or repeated value: "/name" in the body, "?name" in the query, "{name}" in the path, or the name of a header. Other errors are those of the function behind the route.';

CREATE FUNCTION bountygo.request_header(name text) RETURNS text
AS 'MODULE_PATHNAME', 'bountygo_request_header' LANGUAGE c STABLE STRICT PARALLEL RESTRICTED;
COMMENT ON FUNCTION bountygo.request_header(text) IS
'A header field of the REST request under way, such as user-agent or client-address, as the gateway passed it on; NULL if it was not sent, and outside of bountygo.call().';

CREATE FUNCTION bountygo.answer_fields(answer text) RETURNS text[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	every jsonb;
BEGIN
	IF to_regprocedure('bountygo.schemas()') IS NULL THEN
		RETURN NULL;
	END IF;
	every := bountygo.schemas();
	IF every -> answer IS NULL THEN
		RETURN NULL;
	END IF;
	RETURN (
		WITH RECURSIVE node (path, part, is_top, steps) AS (
			SELECT '{}'::text[], every -> answer, true, 0
			UNION
			SELECT inner_node.path, inner_node.part, inner_node.is_top, n.steps + 1
			FROM node n CROSS JOIN LATERAL (
				SELECT n.path, every -> regexp_replace(n.part ->> '$ref', '^.*/', ''), n.is_top WHERE n.part ? '$ref'
				UNION ALL
				SELECT n.path, a.part, n.is_top
				FROM unnest('{allOf,anyOf,oneOf}'::text[]) AS k (name), jsonb_array_elements(n.part -> k.name) AS a (part)
				WHERE jsonb_typeof(n.part -> k.name) = 'array'
				UNION ALL
				-- A list is trimmed item by item.
				SELECT n.path, n.part #> '{properties,items,items}', false WHERE n.is_top AND n.part #> '{properties,items}' ? 'items'
				UNION ALL
				SELECT n.path, n.part -> 'items', false WHERE n.part ? 'items'
				UNION ALL
				SELECT n.path || p.key, p.value, false FROM jsonb_each(n.part -> 'properties') AS p
				WHERE jsonb_typeof(n.part -> 'properties') = 'object' AND cardinality(n.path) < 6
					AND NOT (n.is_top AND coalesce(n.part #> '{properties,items}' ? 'items', false))
			) AS inner_node (path, part, is_top)
			WHERE n.steps < 24 AND jsonb_typeof(n.part) = 'object'
		)
		SELECT array_agg(DISTINCT f.name)
		FROM node n CROSS JOIN LATERAL (
			SELECT array_to_string(n.path, '.') WHERE cardinality(n.path) > 0
			UNION ALL
			-- What may hold members that the schema does not name.
			SELECT array_to_string(n.path || '*'::text, '.')
			WHERE n.part = 'true' OR cardinality(n.path) = 6 OR jsonb_typeof(n.part) = 'object' AND (
				coalesce(n.part -> 'additionalProperties', 'false') <> 'false'
				OR NOT n.part ?| '{$ref,allOf,anyOf,oneOf,properties,items,enum,const}'
					AND (NOT n.part ? 'type' OR n.part -> 'type' ?| '{object,array}'))
		) AS f (name));
END
$$;
COMMENT ON FUNCTION bountygo.answer_fields(text) IS
'The names that ?fields= may hold for an answer whose schema in bountygo.schemas() is named so: dotted paths, of a list those of its items; "a.*" where a may hold anything. NULL if there is no such schema.';

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
				AND (p.proargmodes IS NULL OR p.proargmodes[a.place] = 'i') AND a.name <> ALL ('{clear,count}')),
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

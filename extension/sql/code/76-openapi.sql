-- The REST API described by itself: OpenAPI 3.1 and plain text, made from bountygo.routes, the functions behind it and their comments.

CREATE FUNCTION bountygo.type_schema(type oid) RETURNS jsonb
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	t pg_type%ROWTYPE;
BEGIN
	SELECT * INTO t FROM pg_type WHERE oid = type_schema.type;
	IF t.typcategory = 'A' THEN
		RETURN jsonb_build_object('type', 'array', 'items', bountygo.type_schema(t.typelem));
	ELSIF t.typtype = 'e' AND t.typnamespace = 'bountygo'::regnamespace THEN
		RETURN jsonb_build_object('$ref', '#/components/schemas/' || bountygo.enum_schema_name(t.typname));
	ELSIF t.typtype = 'd' THEN
		RETURN bountygo.type_schema(t.typbasetype);
	END IF;
	RETURN CASE type_schema.type
		WHEN 'int2'::regtype THEN '{"type": "integer", "minimum": -32768, "maximum": 32767}'
		WHEN 'int4'::regtype THEN '{"type": "integer", "format": "int32"}'
		WHEN 'int8'::regtype THEN '{"type": "integer", "format": "int64"}'
		WHEN 'numeric'::regtype THEN '{"type": "number"}'
		WHEN 'float4'::regtype THEN '{"type": "number"}'
		WHEN 'float8'::regtype THEN '{"type": "number"}'
		WHEN 'bool'::regtype THEN '{"type": "boolean"}'
		WHEN 'timestamptz'::regtype THEN '{"type": "string", "format": "date-time"}'
		WHEN 'date'::regtype THEN '{"type": "string", "format": "date"}'
		WHEN 'interval'::regtype THEN '{"type": "string", "format": "duration"}'
		WHEN 'uuid'::regtype THEN '{"type": "string", "format": "uuid"}'
		WHEN 'jsonb'::regtype THEN '{}'
		WHEN 'json'::regtype THEN '{}'
		ELSE '{"type": "string"}' END;
END
$$;
COMMENT ON FUNCTION bountygo.type_schema(oid) IS
'What bountygo.call() takes for an argument of this type, as JSON Schema; enumerated types are references.';

CREATE FUNCTION bountygo.argument_default(function oid, n integer) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	written constant text := pg_get_function_arg_default(function, n);
	quoted constant text := substring(written FROM '^''((?:[^'']|'''')*)''::');
	category constant "char" := (SELECT t.typcategory FROM pg_proc p JOIN pg_type t ON t.oid = p.proargtypes[n - 1] WHERE p.oid = function);
BEGIN
	RETURN CASE
		WHEN quoted IS NULL THEN CASE WHEN written ~ '^-?[0-9]+(\.[0-9]+)?$' OR written IN ('true', 'false') THEN written::jsonb END
		WHEN category = 'A' THEN CASE quoted WHEN '{}' THEN '[]'::jsonb END
		WHEN category = 'N' THEN to_jsonb(quoted::numeric)
		ELSE to_jsonb(replace(quoted, '''''', '''')) END;
END
$$;
COMMENT ON FUNCTION bountygo.argument_default(oid, integer) IS
'The default of a function''s n-th argument if it is a plain value; NULL if it is NULL, computed, or there is none.';

CREATE FUNCTION bountygo.route_arguments() RETURNS TABLE (route integer, name text, n integer, place text, is_required boolean, is_nullable boolean,
	schema jsonb, "default" jsonb, description text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH rules AS MATERIALIZED (SELECT * FROM bountygo.argument_rules()),
	-- Each type once: there are few.
	types AS MATERIALIZED (SELECT t.oid, bountygo.type_schema(t.oid) AS schema FROM (SELECT DISTINCT unnest(p.proargtypes) FROM pg_proc p
		WHERE p.pronamespace = 'bountygo'::regnamespace AND p.proname IN (SELECT r.function FROM bountygo.routes r)) AS t (oid))
	SELECT r.id, a.name, a.n, w.place, w.place = 'path' OR a.n <= p.pronargs - p.pronargdefaults,
		-- In a body null is as good as absent, or, in a merge patch, takes a value away.
		w.place = 'body' AND a.n > p.pronargs - p.pronargdefaults AND NOT p.proisstrict
			AND ('clear' <> ALL (p.proargnames) OR coalesce(rule.is_clearable, false)),
		CASE WHEN t.schema ->> 'type' = 'array' AND rule.rule ? 'items'
			THEN t.schema || rule.rule || jsonb_build_object('items', t.schema -> 'items' || (rule.rule -> 'items'))
			ELSE t.schema || coalesce(rule.rule, '{}') END,
		bountygo.argument_default(p.oid, a.n), rule.description
	FROM bountygo.routes r
	JOIN pg_proc p ON p.pronamespace = 'bountygo'::regnamespace AND p.proname = r.function
	CROSS JOIN LATERAL (SELECT i, p.proargnames[i], p.proargtypes[i - 1] FROM generate_series(1, p.pronargs) i) AS a (n, name, type)
	JOIN types t ON t.oid = a.type
	CROSS JOIN LATERAL (SELECT CASE WHEN strpos(r.path, '{' || a.name || '}') > 0 THEN 'path' WHEN r.method IN ('GET', 'DELETE') THEN 'query'
		ELSE 'body' END) AS w (place)
	LEFT JOIN rules own ON own.argument = a.name AND own.function = r.function
	LEFT JOIN rules common ON common.argument = a.name AND common.function IS NULL
	CROSS JOIN LATERAL (SELECT coalesce(own.rule, common.rule) AS rule, coalesce(own.description, common.description) AS description,
		coalesce(own.is_clearable, common.is_clearable) AS is_clearable) rule
	WHERE a.name NOT IN ('clear', 'count')
$$;
COMMENT ON FUNCTION bountygo.route_arguments() IS
'What each route takes: path parameters, query parameters (GET, DELETE) and members of the body, with their schemas; is_nullable: null may be given.';

CREATE FUNCTION bountygo.route_texts() RETURNS TABLE (route integer, operation_id text, tag text, summary text, description text, mentions smallint[])
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH named AS (
		SELECT r.*, min(r.id) OVER same AS first_id,
			first_value(r.path) OVER same AS first_path,
			dense_rank() OVER (PARTITION BY r.function ORDER BY f.first_of_path) AS nth_path,
			r.id > f.first_of_path AS is_other_method,
			(SELECT obj_description(p.oid, 'pg_proc') FROM pg_proc p
				WHERE p.pronamespace = 'bountygo'::regnamespace AND p.proname = r.function ORDER BY p.oid LIMIT 1) AS comment
		FROM bountygo.routes r
		CROSS JOIN LATERAL (SELECT min(o.id) FROM bountygo.routes o WHERE o.function = r.function AND o.path = r.path) AS f (first_of_path)
		WINDOW same AS (PARTITION BY r.function ORDER BY r.id)
	)
	SELECT n.id, n.function || CASE WHEN n.is_other_method THEN '_' || lower(n.method) ELSE '' END || CASE WHEN n.nth_path > 1 THEN '_' || n.nth_path ELSE '' END,
		CASE WHEN n.path !~ '^/api/v1/.' THEN 'service'
			WHEN n.path ~ '/my-todos' THEN 'todos'
			WHEN n.path ~ '^/api/v1/messages/' THEN 'tasks'
			WHEN n.path ~ '^/api/v1/x/' THEN 'url-agent'
			ELSE split_part(n.path, '/', 4) END,
		CASE WHEN length(s.sentence) <= 160 THEN s.sentence ELSE regexp_replace(left(s.sentence, 160), '[,;:]?\s+\S*$', ' …') END,
		CASE WHEN n.nth_path > 1 THEN format(E'The same as `%s %s`.\n\n', n.method, n.first_path) ELSE '' END 
			-- It is read as Markdown, which would take <this> for a tag.
			|| replace(coalesce(n.comment, ''), '<', '\<'),
		ARRAY(SELECT DISTINCT m[1]::smallint FROM regexp_matches(n.comment, 'UB([45][0-9][0-9])', 'g') m ORDER BY 1)
	FROM named n
	-- The first sentence, or its part before a colon if that says enough.
	CROSS JOIN LATERAL (SELECT coalesce((regexp_match(n.comment, '^([^{]{15,}?)[.:;](?:\s|$)'))[1], (regexp_match(n.comment, '^(.+?)[.;](?:\s|$)'))[1],
		n.comment, n.function) AS sentence) s
$$;
COMMENT ON FUNCTION bountygo.route_texts() IS
'What the documentation calls each route and says of it: a stable operation id, its area, the first sentence and the whole of its function''s comment, and the errors named there.';

-- Parts that operations refer to.
CREATE FUNCTION bountygo.openapi_components() RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_build_object(
		'securitySchemes', jsonb '{
			"accessToken": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT",
				"description": "An access token, as signing in gives it. It ends after some minutes: POST /api/v1/auth/refresh gives the next one."},
			"apiKey": {"type": "http", "scheme": "bearer", "bearerFormat": "bgo_<prefix>_<secret>",
				"description": "An API key of POST /api/v1/auth/keys, for programs. The scopes beside an operation are what the key must hold; area:write includes area:read. Where nobody need sign in, a key without the scope counts as nobody. Operations without apiKey are for people only."}}',
		'parameters', jsonb '{
			"IdempotencyKey": {"name": "Idempotency-Key", "in": "header", "schema": {"type": "string", "minLength": 1, "maxLength": 255},
				"description": "Makes the request safe to repeat for 24 hours: the same key and request give the first answer again. Another request under the same key is 422, one that is still at work 409."},
			"IfMatch": {"name": "If-Match", "in": "header", "schema": {"type": "string", "maxLength": 1024},
				"description": "The ETag of what you have read: if the object has changed since, the answer is 412 and nothing is done."},
			"IfNoneMatch": {"name": "If-None-Match", "in": "header", "schema": {"type": "string", "maxLength": 1024},
				"description": "The ETag of what you have: 304 without a body if it is still the same."},
			"PreferWait": {"name": "Prefer", "in": "header", "schema": {"type": "string", "maxLength": 1024}, "example": "wait=20",
				"description": "wait=N waits up to N seconds (at most 30) for the end of the job; tx=rollback makes it a dry run, of which nothing stays."},
			"PreferCount": {"name": "Prefer", "in": "header", "schema": {"type": "string", "maxLength": 1024}, "example": "count=exact",
				"description": "count=exact or count=estimated adds \"total\"."},
			"PreferDryRun": {"name": "Prefer", "in": "header", "schema": {"type": "string", "maxLength": 1024}, "example": "tx=rollback",
				"description": "tx=rollback makes it a dry run: the answer is as if it were done, but nothing stays."},
			"RequestId": {"name": "X-Request-Id", "in": "header", "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{8,64}$"},
				"description": "Your id for the request; it comes back in the answer and stands in the logs. Without one, or if it is not of this form, one is made."},
			"Fields": {"name": "fields", "in": "query", "schema": {"type": "string", "minLength": 1, "maxLength": 1024}, "example": "id,title",
				"description": "Only these members of the answer (of each item of a list), with commas between."}}',
		'headers', jsonb '{
			"X-Request-Id": {"schema": {"type": "string"}, "description": "The id of this request."},
			"ETag": {"schema": {"type": "string", "pattern": "^(W/)?\"[^\"]*\"$"}, "description": "Stands for this state of the object."},
			"Link": {"schema": {"type": "string"}, "description": "rel=\"next\": the next page of a list."},
			"Location": {"schema": {"type": "string", "format": "uri-reference"}, "description": "Where it is."},
			"Retry-After": {"schema": {"type": "integer", "minimum": 0}, "description": "Seconds to wait."},
			"RateLimit": {"schema": {"type": "string"}, "description": "What is left of the limit, and the seconds until there is more: \"zone\";r=9;t=1."},
			"RateLimit-Policy": {"schema": {"type": "string"}, "description": "The limit: \"zone\";q=requests;w=seconds."},
			"Preference-Applied": {"schema": {"type": "string"}, "description": "What of Prefer was heeded."},
			"WWW-Authenticate": {"schema": {"type": "string"}, "description": "How to sign in."}}',
		'responses', (SELECT jsonb_object_agg('Problem' || e.status, jsonb_build_object('description', e.title || '. ' || e."when",
				'headers', jsonb_build_object('X-Request-Id', '{"$ref": "#/components/headers/X-Request-Id"}'::jsonb)
					|| CASE WHEN e.status IN (429, 503) THEN '{"Retry-After": {"$ref": "#/components/headers/Retry-After"}}' ELSE '{}'::jsonb END
					|| CASE WHEN e.status = 401 THEN '{"WWW-Authenticate": {"$ref": "#/components/headers/WWW-Authenticate"}}' ELSE '{}'::jsonb END,
				'content', '{"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}'::jsonb))
			FROM bountygo.error_catalogue() e
			WHERE e.code LIKE 'UB%' AND (e.status IN (400, 401, 403, 404, 409, 412, 413, 415, 422, 429, 500, 503, 504)
				OR e.status IN (SELECT unnest(t.mentions) FROM bountygo.route_texts() t)))
			|| jsonb '{"Problem": {"description": "Something else went wrong.", "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}},
				"NotModified": {"description": "It is still what you have.", "headers": {"ETag": {"$ref": "#/components/headers/ETag"}, "Link": {"$ref": "#/components/headers/Link"},
					"Preference-Applied": {"$ref": "#/components/headers/Preference-Applied"}}}}',
		'schemas', bountygo.schemas())
$$;
COMMENT ON FUNCTION bountygo.openapi_components() IS 'The components of the OpenAPI document: how to sign in, common parameters and headers, problems, schemas.';

CREATE FUNCTION bountygo.openapi_operations() RETURNS TABLE (path text, method text, operation jsonb)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH
	texts AS MATERIALIZED (SELECT * FROM bountygo.route_texts()),
	arguments AS MATERIALIZED (SELECT * FROM bountygo.route_arguments()),
	traits AS MATERIALIZED (SELECT p.proname AS function, bool_or('cursor' = ANY (p.proargnames)) AS is_list,
			bool_or('count' = ANY (p.proargnames)) AS is_counted, bool_or('clear' = ANY (p.proargnames)) AS is_patch FROM pg_proc p
		WHERE p.pronamespace = 'bountygo'::regnamespace AND p.proargnames && '{cursor,count,clear}' GROUP BY p.proname),
	-- Named parameters of the path and of the query, then those in headers.
	parameters AS (
		SELECT a.route, jsonb_agg(jsonb_build_object('name', a.name, 'in', a.place, 'required', a.is_required,
				'schema', a.schema || CASE WHEN a."default" IS NULL THEN '{}' ELSE jsonb_build_object('default', a."default") END)
				|| CASE WHEN a.description IS NULL THEN '{}' ELSE jsonb_build_object('description', a.description) END
				|| CASE WHEN r.example #> ARRAY[a.place, a.name] IS NULL THEN '{}'
					ELSE jsonb_build_object('example', r.example #> ARRAY[a.place, a.name]) END
				ORDER BY a.place, a.n) AS list
		FROM arguments a JOIN bountygo.routes r ON r.id = a.route
		WHERE a.place <> 'body' GROUP BY a.route),
	bodies AS (
		SELECT a.route, bool_or(a.is_required) AS is_required, jsonb_build_object('type', 'object',
			'properties', jsonb_object_agg(a.name,
				CASE WHEN NOT a.is_nullable THEN a.schema
					WHEN a.schema ? '$ref' THEN jsonb_build_object('anyOf', jsonb_build_array(a.schema, '{"type": "null"}'::jsonb))
					WHEN a.schema ? 'type' THEN a.schema || jsonb_build_object('type', jsonb_build_array(a.schema -> 'type', 'null'))
						|| CASE WHEN a.schema ? 'enum' THEN jsonb_build_object('enum', a.schema -> 'enum' || '[null]') ELSE '{}' END
					ELSE a.schema END
				|| CASE WHEN a."default" IS NULL THEN '{}' ELSE jsonb_build_object('default', a."default") END
				|| CASE WHEN a.description IS NULL THEN '{}' ELSE jsonb_build_object('description', a.description) END),
			'required', coalesce(jsonb_agg(a.name ORDER BY a.n) FILTER (WHERE a.is_required), '[]'),
			'additionalProperties', false) AS schema
		FROM arguments a WHERE a.place = 'body' GROUP BY a.route)
	SELECT r.path, lower(r.method),
		jsonb_build_object(
			'operationId', t.operation_id,
			'tags', jsonb_build_array(t.tag),
			'summary', t.summary,
			'description', t.description
				|| CASE WHEN b.schema IS NOT NULL AND f.is_patch
					THEN E'\n\nA merge patch (RFC 7396), as application/merge-patch+json, too: what is absent stays as it is, null clears a value where it can be cleared.' ELSE '' END
				|| E'\n\nIn SQL: `bountygo.' || r.function || '`.',
			'parameters', coalesce(p.list, '[]')
				|| '[{"$ref": "#/components/parameters/RequestId"}]'
				|| CASE WHEN r.method = 'POST' THEN '[{"$ref": "#/components/parameters/IdempotencyKey"}]' ELSE '[]'::jsonb END
				|| CASE WHEN r.method = 'GET' THEN '[{"$ref": "#/components/parameters/IfNoneMatch"}]'
					WHEN r.method IN ('PATCH', 'PUT', 'DELETE') THEN '[{"$ref": "#/components/parameters/IfMatch"}]' ELSE '[]'::jsonb END
				|| CASE WHEN f.is_counted THEN '[{"$ref": "#/components/parameters/PreferCount"}]'
					WHEN r.is_async OR r.function = 'get_job' THEN '[{"$ref": "#/components/parameters/PreferWait"}]'
					WHEN r.method <> 'GET' AND NOT r.is_secret AND r.null_code IS NULL THEN '[{"$ref": "#/components/parameters/PreferDryRun"}]' ELSE '[]'::jsonb END
				|| CASE WHEN r.answer IS NOT NULL AND r.path ~ '^/api/v1/' THEN '[{"$ref": "#/components/parameters/Fields"}]'
					ELSE '[]'::jsonb END,
			'security', CASE r.auth
				WHEN 'none' THEN '[]'::jsonb
				ELSE CASE r.auth WHEN 'optional' THEN '[{}]' ELSE '[]'::jsonb END || '[{"accessToken": []}]'
					|| CASE WHEN r.scope IS NULL THEN '[]' ELSE jsonb_build_array(jsonb_build_object('apiKey', jsonb_build_array(r.scope))) END END,
			'responses', (
				SELECT jsonb_object_agg(s.status, jsonb_build_object('description', CASE s.status WHEN 201 THEN 'Made.' WHEN 202 THEN 'Accepted: it goes on.'
						WHEN 204 THEN 'Done.' ELSE 'The answer.' END,
					'headers', (SELECT jsonb_object_agg(h, jsonb_build_object('$ref', '#/components/headers/' || h))
						FROM unnest(ARRAY['X-Request-Id', 'RateLimit', 'RateLimit-Policy']
							|| CASE WHEN r.method = 'GET' AND s.status = 200 THEN ARRAY['ETag'] ELSE '{}' END
							|| CASE WHEN f.is_list THEN ARRAY['Link'] ELSE '{}' END
							|| CASE WHEN s.status IN (201, 202) THEN ARRAY['Location'] ELSE '{}' END
							|| CASE WHEN r.is_async OR f.is_counted OR r.method <> 'GET' AND NOT r.is_secret AND r.null_code IS NULL THEN ARRAY['Preference-Applied'] ELSE '{}' END) h))
					|| CASE WHEN r.content_type NOT LIKE 'application/json%' AND s.status <> 204 THEN jsonb_build_object('content',
							jsonb_build_object(split_part(r.content_type, ';', 1), '{"schema": {"type": "string"}}'::jsonb))
						WHEN r.answer IS NOT NULL AND s.status <> 204 THEN jsonb_build_object('content', jsonb_build_object('application/json',
							jsonb_build_object('schema', jsonb_build_object('$ref', '#/components/schemas/' || r.answer))))
						ELSE '{}' END)
				FROM (SELECT r.success_status UNION SELECT 200 WHERE r.is_async) AS s (status))
				|| CASE WHEN r.method = 'GET' THEN '{"304": {"$ref": "#/components/responses/NotModified"}}' ELSE '{}'::jsonb END
				|| (SELECT jsonb_object_agg(e.status, jsonb_build_object('$ref', '#/components/responses/Problem' || e.status))
					FROM (SELECT unnest(t.mentions || '{400,401,422,429,500,503,504}'::smallint[]
						|| CASE WHEN r.method <> 'GET' THEN '{409,412,413,415}'::smallint[] ELSE '{}' END
						|| CASE WHEN r.method <> 'GET' OR r.auth NOT IN ('none', 'optional') OR r.scope IS NOT NULL THEN '{403}'::smallint[] ELSE '{}' END
						|| CASE WHEN r.path LIKE '%{%' THEN '{404}'::smallint[] ELSE '{}' END)) AS e (status))
				|| '{"default": {"$ref": "#/components/responses/Problem"}}',
			'x-rate-zone', r.rate_zone)
		|| CASE WHEN b.schema IS NULL THEN '{}' ELSE jsonb_build_object('requestBody', jsonb_build_object('required', b.is_required,
			'content', jsonb_build_object('application/json', jsonb_build_object('schema', b.schema)
				|| CASE WHEN r.example -> 'body' IS NULL THEN '{}' ELSE jsonb_build_object('example', r.example -> 'body') END))) END
	FROM bountygo.routes r
	JOIN texts t ON t.route = r.id
	LEFT JOIN parameters p ON p.route = r.id
	LEFT JOIN bodies b ON b.route = r.id
	LEFT JOIN traits f ON f.function = r.function
$$;
COMMENT ON FUNCTION bountygo.openapi_operations() IS 'The operations of the OpenAPI document, one a route.';

CREATE FUNCTION bountygo.openapi() RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_build_object(
		'openapi', '3.1.0',
		'info', jsonb_build_object('title', 'BountyGo', 'version', bountygo.version(),
			'summary', 'Bounties, hackathons, grants and bug-bounty programmes as structured tasks with evidence.',
			'description', E'Give it the URL of a task and it becomes structured data: title, organizer, rewards, deadline, tags, each with the exact words of the page that say so. What a page does not say is null, with the reason in `missing`.\n\nTimes are RFC 3339 with a zone. Lists have a cursor: pass `next` as `cursor`. Unknown parameters and members are refused by name. Errors are RFC 9457 problems. A trailing slash makes no difference.',
			'license', '{"name": "PostgreSQL", "identifier": "PostgreSQL"}'::jsonb),
		'servers', '[{"url": "/", "description": "This server."}]'::jsonb,
		'tags', (SELECT jsonb_agg(jsonb_build_object('name', g.tag) || CASE WHEN d.text IS NULL THEN '{}' ELSE jsonb_build_object('description', d.text) END
				ORDER BY g.first)
			FROM (SELECT t.tag, min(t.route) AS first FROM bountygo.route_texts() t GROUP BY t.tag) g
			LEFT JOIN (VALUES ('service', 'The service itself.'), ('users', 'Your account, and what others see of users.'),
				('tasks', 'Tasks, messages about them, and what people do about mistakes.'), ('url-agent', 'Reading pages: jobs, previews, cards.'),
				('reports', 'What people have reported.'), ('todos', 'What you want to do, and until when.'), ('auth', 'Signing in, sessions, API keys.'),
				('organizers', 'Who offers rewards.'), ('tags', 'Keywords, and which of them interest you.'),
				('analytics', 'What is measured.')) AS d (tag, text) ON d.tag = g.tag),
		'paths', (SELECT jsonb_object_agg(m.path, m.methods) FROM (
			SELECT o.path, jsonb_object_agg(o.method, o.operation) AS methods FROM bountygo.openapi_operations() o GROUP BY o.path) m),
		'components', bountygo.openapi_components())
$$;
COMMENT ON FUNCTION bountygo.openapi() IS
'The REST API as an OpenAPI 3.1 document, made from bountygo.routes, the functions behind it, their comments, and bountygo.schemas().';

CREATE FUNCTION bountygo.llms_text() RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT concat_ws(E'\n',
		'# BountyGo',
		'',
		'> Turns the URL of a bounty, hackathon, grant, bug-bounty programme or freelance task into a structured task: title, organizer, rewards, deadline, tags, each with the exact words of the page that say so. What a page does not say is null, and "missing" says why.',
		'',
		'Requests and answers are JSON in UTF-8. Lists are {"items": [...], "next": cursor or null}: pass next as ?cursor=. Errors are application/problem+json with a code (UB and the status) and errors[{pointer, detail}] that name each wrong value. Times are RFC 3339 with a zone.',
		'To sign in: POST /api/v1/auth/wallet/nonce {"address"}, sign its message with the wallet, POST /api/v1/auth/wallet/verify {"message", "signature"}; send the access_token as "Authorization: Bearer ...". Programs use an API key (bgo_...) of POST /api/v1/auth/keys in the same header.',
		'To read a page: POST /api/v1/url-agent/process {"url", "auto_create": true} with the header "Prefer: wait=20"; on 202 look at its Location until state is done, dead or cancelled.',
		'The whole description for machines: /openapi.json. Marks below: [user], [moderator], [admin]: who may call; no mark: anyone. An argument with ? may be left out; those of GET and DELETE go into the query, others into the JSON body.',
		(SELECT string_agg(format(E'\n## %s\n\n%s', g.tag, g.lines), E'\n' ORDER BY g.first) FROM (
			SELECT t.tag, min(r.id) AS first, string_agg(format('- %s %s%s%s: %s', r.method, r.path,
				CASE WHEN a.list IS NULL THEN '' ELSE ' (' || a.list || ')' END,
				CASE WHEN r.auth IN ('user', 'moderator', 'admin') THEN format(' [%s]', r.auth) ELSE '' END, t.summary), E'\n' ORDER BY r.id) AS lines
			FROM bountygo.routes r JOIN bountygo.route_texts() t ON t.route = r.id
			LEFT JOIN (SELECT b.route, string_agg(b.name || CASE WHEN b.is_required THEN '' ELSE '?' END, ', ' ORDER BY b.n) AS list
				FROM bountygo.route_arguments() b WHERE b.place <> 'path' GROUP BY b.route) a ON a.route = r.id
			GROUP BY t.tag) g), '')
$$;
COMMENT ON FUNCTION bountygo.llms_text() IS
'The REST API in plain text, for programs that read prose (/llms.txt): what it is, how to sign in, each endpoint with its arguments.';

-- The description of the API: what it is made of. Whether it is right and true is for t/150 to t/153, with others' tools.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() >= 0 AS ready;
\pset format unaligned
\pset tuples_only on

-- Types of arguments.
SELECT t, bountygo.type_schema(t::regtype) FROM unnest('{smallint,integer,bigint,numeric,double precision,boolean,text,timestamptz,date,interval,uuid,jsonb,text[],bigint[],bountygo.task_status,bountygo.task_status[]}'::text[]) t;
CREATE DOMAIN bountygo.test_percent AS integer CHECK (value BETWEEN 0 AND 100);
SELECT bountygo.type_schema('bountygo.test_percent'::regtype);
DROP DOMAIN bountygo.test_percent;

-- Defaults: plain values only.
CREATE FUNCTION bountygo.test_defaults(a text, b text DEFAULT 'it''s', c integer DEFAULT 20, d boolean DEFAULT true, e bountygo.task_status DEFAULT 'active',
	f text DEFAULT NULL, g numeric DEFAULT -1.5, h timestamptz DEFAULT now(), i text[] DEFAULT '{}') RETURNS jsonb LANGUAGE sql RETURN NULL::jsonb;
SELECT n, bountygo.argument_default('bountygo.test_defaults'::regproc, n) FROM generate_series(1, 9) n;

-- Routes of others are described as well: path, query, body; required, nullable; what only SQL may name is left out.
CREATE FUNCTION bountygo.test_patch(id bigint, name text DEFAULT NULL, count bountygo.count_mode DEFAULT 'none', clear text[] DEFAULT NULL) RETURNS jsonb
LANGUAGE sql RETURN NULL::jsonb;
COMMENT ON FUNCTION bountygo.test_patch(bigint, text, bountygo.count_mode, text[]) IS 'Changes a thing: not much. UB404 without it, UB410 once it is gone.';
INSERT INTO bountygo.routes (id, method, path, function, auth, scope) VALUES
	(10000, 'PATCH', '/api/v1/things/{id}', 'test_patch', 'user', 'things:write'), (10001, 'PUT', '/api/v1/things/{id}', 'test_patch', 'user', 'things:write'),
	(10002, 'GET', '/api/v1/things/{id}', 'test_patch', 'optional', NULL), (10003, 'PATCH', '/api/v1/old-things/{id}', 'test_patch', 'user', NULL),
	(10004, 'POST', '/api/v1/defaults', 'test_defaults', 'none', NULL);
SELECT route, name, place, is_required, is_nullable, "default" FROM bountygo.route_arguments() WHERE route >= 10000 ORDER BY route, n;
SELECT route, operation_id, tag, summary, mentions FROM bountygo.route_texts() WHERE route >= 10000 ORDER BY route;
SELECT o.operation -> 'security', o.operation #> '{requestBody,content,application/json,schema}',
	(SELECT string_agg(k, ' ' ORDER BY k) FROM jsonb_object_keys(o.operation -> 'responses') k)
FROM bountygo.openapi_operations() o WHERE o.path = '/api/v1/things/{id}' AND o.method = 'patch';
SELECT o.operation -> 'security', o.operation -> 'requestBody' IS NULL FROM bountygo.openapi_operations() o WHERE o.path = '/api/v1/things/{id}' AND o.method = 'get';
SELECT bountygo.openapi() #>> ARRAY['paths', '/api/v1/old-things/{id}', 'patch', 'description'];
SELECT regexp_matches(bountygo.llms_text(), '^.*/things/.*$', 'gn');
DELETE FROM bountygo.routes WHERE id >= 10000;
DROP FUNCTION bountygo.test_patch, bountygo.test_defaults;

-- The notation of schemas.
SELECT n, bountygo.schema_of(n) FROM unnest(ARRAY['text', 'text?', 'id', 'count?', '[Tag]', '[text]?', '{count}', 'Task', 'Task?', 'yes|no', 'yes|no?', '"only"', 'any', 'any?', 'share']) n;
SELECT bountygo.schema_of('txet');
SELECT bountygo.enum_schema_name('task_status');
-- Every object of ours says all it has, every member has a description; enumerations are those of the catalog.
SELECT count(*) FILTER (WHERE s.value -> 'additionalProperties' IS DISTINCT FROM 'false' AND s.value ? 'required' AND s.key <> 'OpenApi'),
	count(*) > 100 FROM jsonb_each(bountygo.schemas()) s;
SELECT s.key, p.key FROM jsonb_each(bountygo.schemas()) s, jsonb_each(s.value -> 'properties') p WHERE coalesce(p.value ->> 'description', '') = '' AND NOT p.value ? '$ref';
SELECT bountygo.schemas() #> '{TaskStatus,enum}' = to_jsonb(enum_range(NULL::bountygo.task_status));
SELECT member, count(*) FROM bountygo.schema_members() GROUP BY schema, member HAVING count(*) > 1;
-- What an answer refers to is there.
WITH s AS MATERIALIZED (SELECT bountygo.schemas() AS schemas)
SELECT r.answer FROM bountygo.routes r, s WHERE r.answer IS NOT NULL AND NOT s.schemas ? r.answer;
WITH s AS MATERIALIZED (SELECT bountygo.schemas() AS schemas)
SELECT DISTINCT f #>> '{}' FROM s, jsonb_path_query(s.schemas, 'strict $.**."$ref"', silent => true) f WHERE NOT s.schemas ? split_part(f #>> '{}', '/', 4);

-- Each error once; the status of class UB is in its name.
SELECT code, count(*) FROM bountygo.error_catalogue() GROUP BY code HAVING count(*) > 1;
SELECT code FROM bountygo.error_catalogue() WHERE code LIKE 'UB%' AND code <> 'UB' || status;
-- Whatever a comment of an operation mentions is explained.
SELECT DISTINCT m FROM bountygo.route_texts() t, unnest(t.mentions) m WHERE m NOT IN (SELECT status FROM bountygo.error_catalogue());

-- Anyone may read it, over REST and in SQL.
SET ROLE bountygo_api;
SELECT jsonb_typeof(bountygo.openapi()), length(bountygo.llms_text()) > 1000;
RESET ROLE;
SELECT jsonb_typeof(bountygo.openapi()) = 'object' AND (SELECT body::jsonb = bountygo.openapi() FROM bountygo.call(3, NULL, NULL, NULL, NULL));

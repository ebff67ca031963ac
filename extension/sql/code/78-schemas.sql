-- The schemas of what the REST API answers (JSON Schema 2020-12), for openapi(), made of the list in schema_members().

CREATE FUNCTION bountygo.schema_of(notation text) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	nullable constant boolean := notation LIKE '%?';
	plain constant text := rtrim(notation, '?');
	answer jsonb;
BEGIN
	IF plain ~ '^[A-Z]\w+$' THEN
		answer := jsonb_build_object('$ref', '#/components/schemas/' || plain);
		RETURN CASE WHEN nullable THEN jsonb_build_object('anyOf', jsonb_build_array(answer, '{"type": "null"}'::jsonb)) ELSE answer END;
	ELSIF plain LIKE '[%]' THEN
		answer := jsonb_build_object('type', 'array', 'items', bountygo.schema_of(substr(plain, 2, length(plain) - 2)));
	ELSIF plain LIKE '{%}' THEN
		answer := jsonb_build_object('type', 'object', 'additionalProperties', bountygo.schema_of(substr(plain, 2, length(plain) - 2)));
	ELSIF plain LIKE '%|%' OR plain LIKE '"%"' THEN
		answer := jsonb_build_object('type', 'string', 'enum', to_jsonb(string_to_array(btrim(plain, '"'), '|')));
		RETURN CASE WHEN nullable THEN answer || jsonb_build_object('type', '["string", "null"]'::jsonb,
			'enum', answer -> 'enum' || '[null]') ELSE answer END;
	ELSE
		answer := CASE plain
			WHEN 'any' THEN '{}'
			WHEN 'object' THEN '{"type": "object"}'
			WHEN 'boolean' THEN '{"type": "boolean"}'
			WHEN 'text' THEN '{"type": "string"}'
			WHEN 'url' THEN '{"type": "string", "format": "uri"}'
			WHEN 'email' THEN '{"type": "string", "maxLength": 320}'
			WHEN 'instant' THEN '{"type": "string", "format": "date-time"}'
			WHEN 'date' THEN '{"type": "string", "format": "date"}'
			WHEN 'duration' THEN '{"type": "string", "format": "duration"}'
			WHEN 'id' THEN '{"type": "integer", "format": "int64", "minimum": 1}'
			WHEN 'count' THEN '{"type": "integer", "format": "int64", "minimum": 0}'
			WHEN 'integer' THEN '{"type": "integer"}'
			WHEN 'number' THEN '{"type": "number"}'
			WHEN 'amount' THEN '{"type": "number", "minimum": 0}'
			WHEN 'share' THEN '{"type": "number", "minimum": 0, "maximum": 1}'
			END;
		IF answer IS NULL THEN
			RAISE EXCEPTION 'no schema is written as "%"', notation;
		END IF;
	END IF;
	RETURN CASE WHEN nullable AND answer ? 'type' THEN jsonb_set(answer, '{type}', jsonb_build_array(answer -> 'type', 'null')) ELSE answer END;
END
$$;
COMMENT ON FUNCTION bountygo.schema_of(text) IS
'A type of the list in schemas() as JSON Schema: a word (text, url, instant, id, count, …), Name of another schema, a|b|c for one of these words, [x] for a list, {x} for an object of x by name; with ? it may be null.';

CREATE FUNCTION bountygo.enum_schema_name(type_name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.replace(pg_catalog.initcap(pg_catalog.replace(type_name, '_', ' ')), ' ', '');
COMMENT ON FUNCTION bountygo.enum_schema_name(text) IS 'The name under which an enumerated type stands among the schemas: task_status is TaskStatus.';

CREATE FUNCTION bountygo.schemas() RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	WITH RECURSIVE
	-- A schema with the members of others before its own.
	extended (schema, parent) AS (VALUES ('Me', 'User'), ('AdminUser', 'Me'), ('NewApiKey', 'ApiKey'), ('Task', 'TaskItem'), ('Job', 'JobItem'),
		('Prize', 'Quoted'), ('Milestone', 'Quoted')),
	ancestors (schema, ancestor) AS (
		SELECT DISTINCT m.schema, m.schema FROM bountygo.schema_members() m
		UNION SELECT a.schema, e.parent FROM ancestors a JOIN extended e ON e.schema = a.ancestor),
	objects AS (
		SELECT a.schema AS name, jsonb_build_object('type', 'object',
			'properties', jsonb_object_agg(rtrim(m.member, '?'), bountygo.schema_of(m.notation) || jsonb_build_object('description', replace(m.description, '<', '\<'))),
			'required', coalesce(jsonb_agg(m.member ORDER BY m.member) FILTER (WHERE m.member NOT LIKE '%?'), '[]'),
			'additionalProperties', false) AS body
		FROM ancestors a JOIN bountygo.schema_members() m ON m.schema = a.ancestor
		WHERE a.schema <> 'Quoted'
		GROUP BY a.schema),
	lists (name, item, more) AS (VALUES
		('WalletList', 'Wallet', NULL::jsonb), ('SessionList', 'Session', NULL), ('ApiKeyList', 'ApiKey', NULL),
		('TaskList', 'TaskItem', '{"corrected": {"$ref": "#/components/schemas/CorrectedSearch", "description": "Nothing was found for q as it stands: this was looked for instead."}}'), ('MessageList', 'Message', NULL), ('HistoryList', 'HistoryItem', NULL),
		('JobList', 'JobItem', '{"group": {"$ref": "#/components/schemas/JobGroup", "description": "The progress of the group that was asked for."}}'),
		('ReportList', 'Report', NULL), ('TodoList', 'Todo', NULL), ('DeadlineList', 'DeadlineItem', NULL),
		('OrganizerList', 'Organizer', NULL), ('TagList', 'Tag', NULL), ('InterestList', 'Interest', NULL), ('ActivityList', 'Activity', NULL)),
	list_objects AS (
		SELECT l.name, jsonb_build_object('type', 'object', 'description', 'A page of a list.',
			'properties', jsonb_build_object(
				'items', bountygo.schema_of('[' || l.item || ']') || '{"description": "What is on this page, in the order that was asked for."}',
				'next', bountygo.schema_of('text?') || '{"description": "The cursor of the next page; null: this is the last."}',
				'total', bountygo.schema_of('count') || '{"description": "How many there are in all; only with Prefer: count=exact or count=estimated."}')
				|| coalesce(l.more, '{}'),
			'required', '["items", "next"]'::jsonb, 'additionalProperties', false) AS body
		FROM lists l),
	enums AS (
		SELECT bountygo.enum_schema_name(t.typname) AS name, jsonb_build_object('type', 'string', 'enum',
			(SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))
			|| coalesce(jsonb_build_object('description', obj_description(t.oid, 'pg_type')), '{}') AS body
		FROM pg_type t WHERE t.typnamespace = 'bountygo'::regnamespace AND t.typtype = 'e'
			-- Those that an answer or an argument has.
			AND (bountygo.enum_schema_name(t.typname) IN (SELECT translate(m.notation, '[]{}?', '') FROM bountygo.schema_members() m)
				OR t.oid IN (SELECT coalesce(nullif(y.typelem, 0), y.oid) FROM bountygo.routes r
					JOIN pg_proc p ON p.pronamespace = 'bountygo'::regnamespace AND p.proname = r.function
					CROSS JOIN LATERAL unnest(p.proargtypes[0:], p.proargnames) AS a (type, name)
					JOIN pg_type y ON y.oid = a.type WHERE a.name NOT IN ('clear', 'count')))),
	others (name, body) AS (VALUES
		('EvidenceMap', '{"type": "object", "description": "Evidence by field: title, organizer, category, tags, reward, deadline, eligibility, summary, …",
			"additionalProperties": {"$ref": "#/components/schemas/Evidence"}}'::jsonb),
		('ExtractionOrJob', '{"description": "What the rules found; or, if the model was asked for, the job that asks it.",
			"oneOf": [{"$ref": "#/components/schemas/Extraction"}, {"$ref": "#/components/schemas/Job"}]}'),
		('TagSynonymInput', '{"description": "A name, or a name with its language.", "anyOf": [{"type": "string", "minLength": 1, "maxLength": 100},
			{"type": "object", "required": ["name"], "additionalProperties": false, "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 100},
				"language": {"type": ["string", "null"], "maxLength": 35}}}]}'),
		('TagInput', '{"description": "A name, or a name with more.", "anyOf": [{"type": "string", "minLength": 1, "maxLength": 100},
			{"type": "object", "required": ["name"], "additionalProperties": false, "properties": {"name": {"type": "string", "minLength": 1, "maxLength": 100},
				"category": {"anyOf": [{"$ref": "#/components/schemas/TagCategory"}, {"type": "null"}]},
				"synonyms": {"type": ["array", "null"], "maxItems": 50, "items": {"$ref": "#/components/schemas/TagSynonymInput"}}}}]}'),
		('OpenApi', '{"type": "object", "description": "An OpenAPI 3.1 document.", "required": ["openapi", "info", "paths"]}'),
		('Export', '{"type": "object", "description": "Everything about the user, by kind: account, wallets, tasks, todos, messages and so on."}'),
		('ModelPart', '{"type": "object", "description": "Whether the model was asked, and what came of it.",
			"properties": {"outcome": {"type": "string", "description": "no_key, budget, unavailable, or what came of the call."}}}'))
	SELECT jsonb_object_agg(s.name, s.body) FROM (
		SELECT * FROM objects UNION ALL SELECT * FROM list_objects UNION ALL SELECT * FROM enums UNION ALL SELECT * FROM others) s
$$;
COMMENT ON FUNCTION bountygo.schemas() IS
'The component schemas of the REST API by name, as JSON Schema 2020-12: every answer that routes name, what these are made of, and the enumerated types.';

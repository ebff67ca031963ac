-- Small tools that the rest of the surface shares: errors of class UB422, normalised names, instants as text, cursors.
-- Not STRICT where the body is a CASE or coalesce: the planner inlines a strict function only if it can see that its body is.

CREATE FUNCTION bountygo.problem(pointer text, detail text) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('pointer', pointer, 'detail', detail));
COMMENT ON FUNCTION bountygo.problem(text, text) IS
'One entry of a list of problems, for raise_invalid: an RFC 6901 pointer into the body, "?name" for a query parameter, or "" for the whole, and a sentence.';

CREATE FUNCTION bountygo.raise_invalid(problems jsonb, hint text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF jsonb_array_length(problems) > 0 THEN
		IF hint IS NULL THEN
			RAISE EXCEPTION 'the request is not valid' USING ERRCODE = 'UB422', DETAIL = problems::text;
		END IF;
		RAISE EXCEPTION 'the request is not valid' USING ERRCODE = 'UB422', DETAIL = problems::text, HINT = hint;
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.raise_invalid(jsonb, text) IS
'Raises UB422 with all problems at once in DETAIL ([{"pointer", "detail"}]); does nothing if the list is empty.';

CREATE FUNCTION bountygo.name_key(name text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
-- Only where "é" has two bytes, which is UTF-8, does the server know NFKC; asked like this the function stays immutable throughout.
RETURN coalesce(
	nullif(pg_catalog.btrim(pg_catalog.regexp_replace(
		pg_catalog.lower(CASE WHEN pg_catalog.octet_length(pg_catalog.chr(233)) OPERATOR(pg_catalog.=) 2
			THEN pg_catalog.normalize(name, 'NFKC') ELSE name END COLLATE pg_catalog."und-x-icu"),
		'[\s!-"$-*,-/:-@\[-`{-~·、。「」『』【】〈〉《》“”‘’–—…]+', ' ', 'g')), ''),
	pg_catalog.lower(pg_catalog.btrim(CASE WHEN pg_catalog.octet_length(pg_catalog.chr(233)) OPERATOR(pg_catalog.=) 2
		THEN pg_catalog.normalize(name, 'NFKC') ELSE name END) COLLATE pg_catalog."und-x-icu"));
COMMENT ON FUNCTION bountygo.name_key(text) IS
'The key under which names of organizers and tags are the same: NFKC (in a database whose encoding is UTF8), lower case, punctuation and white space as one space ("+" and "#" stay: C++, C#).';

CREATE FUNCTION bountygo.rfc3339(instant timestamptz) RETURNS text
AS 'MODULE_PATHNAME', 'bountygo_rfc3339' LANGUAGE c STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.rfc3339(timestamptz) IS
'An instant as RFC 3339 text in UTC, with microseconds only if it has a fraction; the same whatever the session''s time zone.';

CREATE FUNCTION bountygo.clean_text(value text, lines boolean DEFAULT false) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN nullif(pg_catalog.btrim(
	CASE WHEN lines THEN pg_catalog.replace(pg_catalog.replace(value, E'\r\n', E'\n'), E'\r', E'\n') ELSE value END,
	E' \t\n'), '');
COMMENT ON FUNCTION bountygo.clean_text(text, boolean) IS
'What a person typed, without white space around it; line ends as LF if the text may have lines; NULL if nothing is left.';

CREATE FUNCTION bountygo.has_control_characters(value text, lines boolean DEFAULT false) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN value OPERATOR(pg_catalog.~) (CASE WHEN lines THEN E'[\x01-\x08\x0b-\x1f\x7f]' ELSE E'[\x01-\x1f\x7f]' END);
COMMENT ON FUNCTION bountygo.has_control_characters(text, boolean) IS
'True if the text holds control characters; tabs and line feeds are fine if it may have lines.';

-- Cursors -----------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.cursor_mac(payload text) RETURNS bytea
AS 'MODULE_PATHNAME', 'bountygo_cursor_mac' LANGUAGE c STABLE STRICT;
COMMENT ON FUNCTION bountygo.cursor_mac(text) IS
'The signature of a cursor: HMAC-SHA256, 16 bytes, under a key derived from bountygo.jwt_key_file; without a key file only a checksum against mistakes, as a cursor grants nothing.';

CREATE FUNCTION bountygo.cursor_is_ours(payload text, mac bytea) RETURNS boolean
AS 'MODULE_PATHNAME', 'bountygo_cursor_is_ours' LANGUAGE c STABLE STRICT;
COMMENT ON FUNCTION bountygo.cursor_is_ours(text, bytea) IS
'Whether mac is what cursor_mac(payload) is, or was under the key of bountygo.jwt_previous_key_file.';

CREATE FUNCTION bountygo.cursor_make(sort text, key text, id bigint) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	payload text := jsonb_build_array(sort, key, id)::text;
BEGIN
	RETURN translate(encode(bountygo.cursor_mac(payload) || convert_to(payload, 'UTF8'), 'base64'), E'+/=\n', '-_');
END
$$;
COMMENT ON FUNCTION bountygo.cursor_make(text, text, bigint) IS
'An opaque, signed cursor: the place after the row with this sort key and id. URL-safe.';

CREATE FUNCTION bountygo.cursor_read(cursor text, sort text, OUT key text, OUT id bigint) RETURNS record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	bytes bytea;
	payload text;
BEGIN
	IF length(cursor) <= 2048 AND cursor ~ '^[A-Za-z0-9_-]+$' AND length(cursor) % 4 <> 1 THEN
		bytes := decode(translate(cursor, '-_', '+/') || repeat('=', (4 - length(cursor) % 4) % 4), 'base64');
		IF length(bytes) > 16 THEN
			BEGIN
				payload := convert_from(substr(bytes, 17), 'UTF8');
				IF NOT bountygo.cursor_is_ours(payload, substr(bytes, 1, 16)) THEN
					payload := NULL;
				END IF;
			EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
				payload := NULL;
			END;
		END IF;
	END IF;
	IF payload IS NULL THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('?cursor', 'This is not a cursor that this service made.'),
			'Pass "next" of the page before, unchanged, or leave cursor out to start at the beginning.');
	END IF;
	IF payload::jsonb ->> 0 IS DISTINCT FROM sort THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('?cursor', 'This cursor belongs to another sort order.'),
			'Keep sort as it was for the first page, or start again without a cursor.');
	END IF;
	key := payload::jsonb ->> 1;
	id := (payload::jsonb ->> 2)::bigint;
END
$$;
COMMENT ON FUNCTION bountygo.cursor_read(text, text) IS
'Sort key and id out of a cursor of cursor_make. UB422 if it was not made here, was altered, or belongs to another sort order.';

-- Tables ------------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.protect_table(name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	EXECUTE format('ALTER TABLE bountygo.%I ENABLE ROW LEVEL SECURITY', name);
	EXECUTE format('REVOKE ALL ON bountygo.%I FROM PUBLIC', name);
	EXECUTE format('DROP POLICY IF EXISTS worker_all ON bountygo.%I', name);
	EXECUTE format('CREATE POLICY worker_all ON bountygo.%I TO bountygo_worker USING (true) WITH CHECK (true)', name);
	EXECUTE format('DROP POLICY IF EXISTS admin_all ON bountygo.%I', name);
	EXECUTE format('CREATE POLICY admin_all ON bountygo.%I TO bountygo_admin USING (true) WITH CHECK (true)', name);
	EXECUTE format('GRANT SELECT ON bountygo.%I TO bountygo_admin', name);
END
$$;
COMMENT ON FUNCTION bountygo.protect_table(text) IS
'For migrations: row-level security on a table of schema bountygo, nothing for PUBLIC, all rows for workers and administrators (rights are granted apart; administrators get SELECT). Harmless when repeated.';

-- What every route of the REST surface keeps, in bountygo.call(): entity tags and conditions, idempotency keys, preferences, fields=,
-- links, merge patches, scopes of API keys. Each on routes of this test alone.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
-- A server without a key gets one for the time of this test.
SELECT bountygo.current_user_id() AS nobody;
SELECT current_setting('bountygo.jwt_key_file') = '' AS no_key \gset
\if :no_key
COPY (SELECT encode(sha256(random()::text::bytea), 'hex')) TO PROGRAM 'umask 077; cat > bountygo_test.key';
-- What the operator of the server has set comes back at the end.
SELECT count(*) AS had_key, max(s.setting) AS old_key FROM pg_file_settings s
	WHERE s.name = 'bountygo.jwt_key_file' AND s.sourcefile LIKE '%.auto.conf' \gset
ALTER SYSTEM SET bountygo.jwt_key_file = 'bountygo_test.key';
SELECT pg_reload_conf() AS reloaded \gset
\c
\endif
SET client_min_messages = warning;
SET timezone = 'UTC';
\pset format unaligned
\pset tuples_only on

CREATE TABLE bountygo.test_things (id bigint PRIMARY KEY, title text NOT NULL, note text, views integer NOT NULL DEFAULT 0,
	CHECK (title <> 'refused at once'));
CREATE TABLE bountygo.test_parts (id bigint PRIMARY KEY, thing_id bigint REFERENCES bountygo.test_things DEFERRABLE INITIALLY DEFERRED);
INSERT INTO bountygo.test_things VALUES (1, 'One', 'a note', 5), (2, 'Two, "counts": {', NULL, 0), (3, 'Three', NULL, 0);
GRANT SELECT, INSERT, UPDATE, DELETE ON bountygo.test_things, bountygo.test_parts TO bountygo_api;

CREATE FUNCTION bountygo.test_thing(id bigint) RETURNS jsonb LANGUAGE sql STABLE AS $$
	SELECT jsonb_build_object('id', t.id, 'title', t.title, 'note', t.note, 'counts', jsonb_build_object('views', t.views, 'x', '[{"'),
		'parts', jsonb_build_array(jsonb_build_object('a', 1, 'b', 2), jsonb_build_object('b', 3)), 'z', jsonb_build_object('deep', jsonb_build_object('er', 1, 'x', 2)))
	FROM bountygo.test_things t WHERE t.id = test_thing.id
$$;
CREATE FUNCTION bountygo.test_strict_thing(id bigint) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$ BEGIN
	IF NOT EXISTS (SELECT FROM bountygo.test_things t WHERE t.id = test_strict_thing.id) THEN RAISE EXCEPTION 'gone' USING ERRCODE = 'UB404'; END IF;
	RETURN bountygo.test_thing(id);
END $$;
CREATE FUNCTION bountygo.test_change(id bigint, title text DEFAULT NULL, note text DEFAULT NULL, clear text[] DEFAULT NULL) RETURNS jsonb LANGUAGE plpgsql AS $$ BEGIN
	IF 'title' = ANY (clear) THEN PERFORM bountygo.raise_invalid(bountygo.problem('/title', 'This cannot be cleared.')); END IF;
	UPDATE bountygo.test_things t SET title = coalesce(test_change.title, t.title),
		note = CASE WHEN 'note' = ANY (clear) THEN NULL ELSE coalesce(test_change.note, t.note) END WHERE t.id = test_change.id;
	RETURN bountygo.test_thing(id) || jsonb_build_object('cleared', clear);
END $$;
CREATE FUNCTION bountygo.test_remove(id bigint) RETURNS void LANGUAGE sql AS $$ DELETE FROM bountygo.test_things t WHERE t.id = test_remove.id $$;
CREATE FUNCTION bountygo.test_make(id bigint, title text) RETURNS jsonb LANGUAGE sql AS $$
	INSERT INTO bountygo.test_things VALUES (id, title) RETURNING jsonb_build_object('id', id, 'title', title) $$;
CREATE FUNCTION bountygo.test_part(id bigint, thing_id bigint) RETURNS jsonb LANGUAGE sql AS $$
	INSERT INTO bountygo.test_parts VALUES (id, thing_id) RETURNING jsonb_build_object('id', id) $$;
CREATE FUNCTION bountygo.test_things(cursor text DEFAULT NULL, "limit" integer DEFAULT 2, q text DEFAULT NULL, tag text[] DEFAULT NULL,
	count bountygo.count_mode DEFAULT 'none') RETURNS SETOF jsonb LANGUAGE sql STABLE AS $$
	SELECT jsonb_build_object('items', coalesce(jsonb_agg(bountygo.test_thing(t.id) ORDER BY t.id) FILTER (WHERE t.n <= "limit"), '[]'),
			'next', CASE WHEN count(*) > "limit" THEN 'a+b/c=' || ("limit" + coalesce(cursor, '0')::integer) END)
		|| CASE count WHEN 'none' THEN '{}'::jsonb ELSE jsonb_build_object('total', (SELECT count(*) FROM bountygo.test_things), 'how', count) END
	FROM (SELECT i.id, row_number() OVER (ORDER BY i.id) AS n FROM bountygo.test_things i OFFSET coalesce(cursor, '0')::integer) t
$$;
CREATE SEQUENCE bountygo.test_secrets;
GRANT USAGE ON SEQUENCE bountygo.test_secrets TO bountygo_api;
CREATE FUNCTION bountygo.test_secret(word text DEFAULT NULL) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('token', 'planted-' || nextval('bountygo.test_secrets'), 'word', word) $$;
CREATE FUNCTION bountygo.test_text(word text DEFAULT NULL) RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'plain ' || word $$;
CREATE FUNCTION bountygo.test_nothing(id bigint DEFAULT NULL) RETURNS jsonb LANGUAGE sql AS $$ INSERT INTO bountygo.test_things VALUES (id, 'kept'); SELECT NULL::jsonb $$;
CREATE FUNCTION bountygo.test_header(name text) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('value', bountygo.request_header(name)) $$;
CREATE FUNCTION bountygo.test_trim(fields text) RETURNS jsonb LANGUAGE sql STABLE AS $$ SELECT jsonb_build_object('fields', fields) $$;
CREATE FUNCTION bountygo.test_json(id bigint DEFAULT 1) RETURNS json LANGUAGE sql STABLE AS $$ SELECT json_build_object('id', id, 'list', '[1]'::json) $$;
CREATE FUNCTION bountygo.test_caller() RETURNS jsonb LANGUAGE sql STABLE AS $$ SELECT jsonb_build_object('somebody', bountygo.current_user_id() IS NOT NULL) $$;
CREATE FUNCTION bountygo.test_mine() RETURNS jsonb LANGUAGE sql STABLE AS $$ SELECT jsonb_build_object('mine', true) $$;
CREATE FUNCTION bountygo.test_change_mine() RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('mine', true) $$;
DO $$ DECLARE f regprocedure; BEGIN
	FOR f IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = 'bountygo'::regnamespace AND p.proname LIKE 'test\_%' LOOP
		EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO bountygo_api', f);
	END LOOP;
END $$;
INSERT INTO bountygo.routes (id, method, path, function, auth, success_status, location, scope, answer, content_type, is_secret, null_code) VALUES
	(10000, 'GET', '/test/things/{id}', 'test_thing', 'none', 200, NULL, NULL, NULL, 'application/json', false, NULL),
	(10001, 'PATCH', '/test/things/{id}', 'test_change', 'none', 200, NULL, NULL, NULL, 'application/json', false, NULL),
	(10002, 'PUT', '/test/things/{id}', 'test_change', 'none', 200, NULL, NULL, NULL, 'application/json', false, NULL),
	(10003, 'DELETE', '/test/things/{id}', 'test_remove', 'none', 204, NULL, NULL, NULL, 'application/json', false, NULL),
	(10004, 'GET', '/test/things', 'test_things', 'none', 200, NULL, NULL, NULL, 'application/json', false, NULL),
	(10005, 'POST', '/test/things', 'test_make', 'optional', 201, '/test/things/{id}', NULL, NULL, 'application/json', false, NULL),
	(10006, 'POST', '/test/things/{id}/poke', 'test_change', 'optional', 200, NULL, NULL, NULL, 'application/json', false, NULL),
	(10007, 'POST', '/test/secret', 'test_secret', 'optional', 200, NULL, NULL, NULL, 'application/json', true, NULL),
	(10008, 'GET', '/test/secret', 'test_mine', 'none', 200, NULL, NULL, NULL, 'application/json', true, NULL),
	(10009, 'GET', '/test/text', 'test_text', 'none', 200, NULL, NULL, NULL, 'text/plain; charset=utf-8', false, NULL),
	(10010, 'POST', '/test/nothing', 'test_nothing', 'none', 200, NULL, NULL, NULL, 'application/json', false, 'UB401'),
	(10011, 'POST', '/test/header', 'test_header', 'none', 200, NULL, NULL, NULL, 'application/json', false, NULL),
	(10012, 'GET', '/test/trim', 'test_trim', 'none', 200, NULL, NULL, NULL, 'application/json', false, NULL),
	(10013, 'GET', '/test/user', 'public_user', 'none', 200, NULL, NULL, 'User', 'application/json', false, NULL),
	(10014, 'POST', '/test/parts', 'test_part', 'none', 201, '/test/parts/{id}', NULL, NULL, 'application/json', false, NULL),
	(10015, 'GET', '/test/strict/{id}', 'test_strict_thing', 'none', 200, NULL, NULL, NULL, 'application/json', false, NULL),
	(10016, 'PATCH', '/test/strict/{id}', 'test_change', 'none', 200, NULL, NULL, NULL, 'application/json', false, NULL),
	(10017, 'GET', '/test/json', 'test_json', 'none', 200, NULL, NULL, NULL, 'application/json', false, NULL),
	(10018, 'DELETE', '/test/json', 'test_void', 'none', 204, NULL, NULL, NULL, 'application/json', false, NULL),
	(10020, 'GET', '/test/scope/none', 'test_caller', 'none', 200, NULL, NULL, NULL, 'application/json', false, NULL),
	(10021, 'GET', '/test/scope/optional', 'test_caller', 'optional', 200, NULL, 'tasks:read', NULL, 'application/json', false, NULL),
	(10022, 'GET', '/test/scope/user', 'test_caller', 'user', 200, NULL, 'tasks:read', NULL, 'application/json', false, NULL),
	(10023, 'POST', '/test/scope/user', 'test_caller', 'user', 200, NULL, 'tasks:write', NULL, 'application/json', false, NULL),
	(10024, 'POST', '/test/scope/person', 'test_caller', 'user', 200, NULL, NULL, NULL, 'application/json', false, NULL),
	(10025, 'GET', '/test/scope/moderator', 'test_caller', 'moderator', 200, NULL, 'tasks:read', NULL, 'application/json', false, NULL),
	(10026, 'PATCH', '/test/scope/none', 'test_caller', 'user', 200, NULL, 'tasks:write', NULL, 'application/json', false, NULL),
	(10030, 'GET', '/test/mine', 'test_mine', 'optional', 200, NULL, NULL, NULL, 'application/json', false, NULL),
	(10031, 'PATCH', '/test/mine', 'test_change_mine', 'optional', 200, NULL, NULL, NULL, 'application/json', false, NULL);

-- What a gateway would see of a call.
CREATE FUNCTION pg_temp.call(route integer, query text[] DEFAULT '{}', body text DEFAULT NULL, headers text[] DEFAULT NULL, token text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	answer record;
	state text; message text; detail text; hint text;
BEGIN
	SELECT * INTO answer FROM bountygo.call(call.route, call.token,
		ARRAY(SELECT q FROM unnest(query) WITH ORDINALITY AS u (q, n) WHERE n % 2 = 1 ORDER BY n),
		ARRAY(SELECT q FROM unnest(query) WITH ORDINALITY AS u (q, n) WHERE n % 2 = 0 ORDER BY n), call.body, call.headers);
	RETURN concat_ws(' ', answer.status, answer.location, answer.body, answer.headers);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', state, CASE message WHEN 'the request is not valid' THEN NULL ELSE message END, nullif(detail, ''),
		nullif(hint, ''));
END
$$;
-- The entity tag of a GET, without its quotes.
CREATE FUNCTION pg_temp.tag(route integer, query text[] DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT btrim(a.headers[array_position(a.headers, 'etag') + 1], '"')
	FROM bountygo.call(route, NULL, ARRAY(SELECT q FROM unnest(query) WITH ORDINALITY AS u (q, n) WHERE n % 2 = 1 ORDER BY n),
		ARRAY(SELECT q FROM unnest(query) WITH ORDINALITY AS u (q, n) WHERE n % 2 = 0 ORDER BY n), NULL) a $$;

-- Headers that are no list.
SELECT h, pg_temp.call(10009, '{word,x}', NULL, h) FROM unnest(ARRAY['{a}', '{a,b,c}', '{NULL,x}', '{prefer,NULL}', '{{a,b},{c,d}}']) AS u (t), LATERAL (SELECT u.t::text[]) AS a (h);
SELECT pg_temp.call(10009, '{word,x}', NULL, array_fill('x'::text, '{128}')) ~ '^200', pg_temp.call(10009, '{word,x}', NULL, array_fill('x'::text, '{130}'));
SELECT pg_temp.call(10009, '{word,x}', NULL, '{}'), pg_temp.call(10009, '{word,x}', NULL, '{"","",x,""}');

-- Entity tags ---------------------------------------------------------------------------------------------------
-- One tag of the body where nothing is written; version and body where something is; none of errors, secrets and writes.
SELECT pg_temp.call(10009, '{word,x}');
SELECT pg_temp.tag(10009, '{word,x}') = rtrim(translate(encode(substr(sha256('plain x'), 1, 16), 'base64'), '+/', '-_'), '=') AS "SHA-256 of the body";
SELECT pg_temp.call(10000, '{id,1}');
SELECT pg_temp.call(10008), pg_temp.call(10000, '{id,99}'), pg_temp.call(10001, '{id,1}', '{}');
SELECT pg_temp.tag(10000, '{id,1}') AS tag, split_part(pg_temp.tag(10000, '{id,1}'), '.', 1) AS version \gset
SELECT split_part(pg_temp.tag(10000, '{id,1,fields,title}'), '.', 1) = :'version' AS "same version", pg_temp.tag(10000, '{id,1,fields,title}') <> :'tag' AS "other body";
-- Looking changes no version, writing does.
UPDATE bountygo.test_things SET views = views + 1 WHERE id = 1;
SELECT split_part(pg_temp.tag(10000, '{id,1}'), '.', 1) = :'version' AS "same version", pg_temp.tag(10000, '{id,1}') <> :'tag' AS "other body";
SELECT pg_temp.tag(10000, '{id,1}') AS tag \gset
UPDATE bountygo.test_things SET note = 'other' WHERE id = 1;
SELECT split_part(pg_temp.tag(10000, '{id,1}'), '.', 1) <> :'version' AS "other version";
UPDATE bountygo.test_things SET note = 'a note' WHERE id = 1;
SELECT pg_temp.tag(10000, '{id,1}') = :'tag' AS "as before", pg_temp.tag(10017) AS "of json";
SELECT split_part(pg_temp.tag(10000, '{id,2}'), '.', 1) AS version \gset
UPDATE bountygo.test_things SET views = 7 WHERE id = 2;
SELECT split_part(pg_temp.tag(10000, '{id,2}'), '.', 1) = :'version' AS "a title that looks like counts";
UPDATE bountygo.test_things SET title = 'Two, "counts": [' WHERE id = 2;
SELECT split_part(pg_temp.tag(10000, '{id,2}'), '.', 1) <> :'version' AS "and is none";

-- If-None-Match: any of the list, weakly, the whole tag; what does not read matches nothing.
SELECT h, left(pg_temp.call(10000, '{id,1}', NULL, ARRAY['if-none-match', h]), 76) FROM unnest(ARRAY['"' || :'tag' || '"', 'W/"' || :'tag' || '"', '"a", W/"b" ,"' || :'tag' || '"', '*', ' * ',
	'"' || :'tag' || '-gzip"', '"x' || :'tag' || '"', '"' || split_part(:'tag', '.', 1) || '"', '""', ',', '', '"', :'tag', 'w/"' || :'tag' || '"', '"a" "' || :'tag' || '"', '*, "a"', '"a b"']) h;
SELECT pg_temp.call(10000, '{id,99}', NULL, '{if-none-match,*}'), pg_temp.call(10008, '{}', NULL, '{if-none-match,*}');
SELECT pg_temp.call(10009, '{word,x}', NULL, ARRAY['If-None-Match', '"' || pg_temp.tag(10009, '{word,x}') || '"']) AS "letter case of names";
SELECT left(pg_temp.call(10000, '{id,1}', NULL, ARRAY['if-none-match', '"a"', 'if-none-match', '"' || :'tag' || '"']), 4) AS "two fields";

-- If-Match on a GET compares the whole tag, strongly.
SELECT h, left(pg_temp.call(10000, '{id,1}', NULL, ARRAY['if-match', h]), 80) FROM unnest(ARRAY['"' || :'tag' || '"', 'W/"' || :'tag' || '"', '"x"', '*', 'x', '']) h;
SELECT pg_temp.call(10000, '{id,99}', NULL, '{if-match,*}');

-- If-Match on a write compares the version, strongly.
SELECT h, left(pg_temp.call(10001, '{id,1}', '{"note": "a note"}', ARRAY['if-match', h]), 120) FROM unnest(ARRAY['"' || :'tag' || '"', '"x", "' || :'tag' || '"', '"' || :'tag' || '-br"',
	'*', 'W/"' || :'tag' || '"', '"' || split_part(:'tag', '.', 1) || '"', '"x"', '"", ""', 'x', '', '"' || :'tag']) h;
SELECT pg_temp.tag(10000, '{id,1,fields,note}') AS part \gset
SELECT left(pg_temp.call(10002, '{id,1}', '{"note": "changed"}', ARRAY['if-match', '"' || :'part' || '"']), 4) AS "a part of the answer is enough";
SELECT pg_temp.call(10001, '{id,1}', '{"note": "lost"}', ARRAY['if-match', '"' || :'tag' || '"']) AS "seen before the change";
SELECT pg_temp.call(10003, '{id,1}', NULL, ARRAY['if-match', '"' || :'tag' || '"']);
SELECT note FROM bountygo.test_things WHERE id = 1;
UPDATE bountygo.test_things SET views = views + 1 WHERE id = 1;
SELECT left(pg_temp.call(10001, '{id,1}', '{"note": "again"}', ARRAY['if-match', '"' || pg_temp.tag(10000, '{id,1}') || '"']), 4) AS "views do not matter";
-- Nothing there: UB412 with If-Match, whether the GET answers nothing or raises it. What is wrong with the request comes first.
SELECT r, pg_temp.call(r, '{id,99}', '{"note": "x"}', ARRAY['if-match', h]) FROM unnest('{10001,10016}'::integer[]) r, unnest('{*,"\"x\""}'::text[]) h;
SELECT pg_temp.call(10001, '{id,1}', '{"nota": "x"}', '{if-match,"\"x\""}');
-- If-None-Match on a write: only where there is nothing yet.
SELECT h, left(pg_temp.call(10002, '{id,1}', '{"note": "x"}', ARRAY['if-none-match', h]), 120) FROM unnest(ARRAY['*', '"' || pg_temp.tag(10000, '{id,1}') || '"', '"x"', 'x']) h;
SELECT left(pg_temp.call(10002, '{id,99}', '{"note": "x"}', '{if-none-match,*}'), 80) AS "nothing there: the function decides";
-- A path without a GET has nothing to match; its If-None-Match holds.
SELECT pg_temp.call(10006, '{id,1}', '{}', '{if-match,*}'), left(pg_temp.call(10006, '{id,1}', '{}', '{if-none-match,*}'), 4);
-- POST to what a GET lists.
SELECT pg_temp.call(10005, '{}', '{"id": 10, "title": "Ten"}', ARRAY['if-match', '"' || pg_temp.tag(10004) || '"']);
SELECT pg_temp.call(10005, '{}', '{"id": 11, "title": "Eleven"}', '{if-match,"\"x\""}'), pg_temp.call(10007, '{}', '{}', '{if-match,"\"x\""}');
-- Writers of one thing hold its lock until they end, whatever they were asked; readers and other things do not.
BEGIN;
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
SELECT left(pg_temp.call(10001, '{id,1}', '{}'), 4), left(pg_temp.call(10002, '{id,1}', '{}'), 4), left(pg_temp.call(10000, '{id,1}'), 4);
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
SELECT left(pg_temp.call(10001, '{id,2}', '{}'), 4), left(pg_temp.call(10006, '{id,3}', '{}'), 4);
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
COMMIT;

-- Idempotency ---------------------------------------------------------------------------------------------------
SELECT bountygo.create_user('Conditions One') AS one, bountygo.create_user('Conditions Two') AS two \gset
SELECT bountygo.issue_token(:one) AS token_one, bountygo.issue_token(:two) AS token_two \gset
SELECT pg_temp.call(10005, '{}', '{"id": 20, "title": "Twenty"}', '{idempotency-key,k1}', :'token_one');
SELECT pg_temp.call(10005, '{}', '{"id": 20, "title": "Twenty"}', '{idempotency-key,k1}', :'token_one') AS "the same again";
SELECT pg_temp.call(10005, '{}', '{"id": 20, "title": "Twenty"}', '{idempotency-key,"\"k1\""}', :'token_one') AS "quoted";
SELECT pg_temp.call(10005, '{}', '{"id": 20, "title": "Other"}', '{idempotency-key,k1}', :'token_one') AS "another body";
SELECT pg_temp.call(10005, '{fields,id}', '{"id": 20, "title": "Twenty"}', '{idempotency-key,k1}', :'token_one') AS "another query";
SELECT pg_temp.call(10005, '{}', '{"id": 21, "title": "Twenty-one"}', '{idempotency-key,k2}', :'token_one') AS "another key";
SELECT pg_temp.call(10005, '{fields,id}', '{"id": 22, "title": "Twenty-two"}', '{idempotency-key,k1,prefer,wait=1}', :'token_two') AS "another user";
SELECT pg_temp.call(10005, '{fields,id}', '{"id": 22, "title": "Twenty-two"}', '{idempotency-key,k1}', :'token_two') AS "as it was sent";
SELECT left(pg_temp.call(10006, '{id,20}', '{"note": "x"}', '{idempotency-key,k1}', :'token_one'), 4) AS "another route", left(pg_temp.call(10006, '{id,21}', '{"note": "x"}', '{idempotency-key,k1}', :'token_one'), 6) AS "another path";
-- Callers without an account are told apart by address.
SELECT pg_temp.call(10005, '{}', '{"id": 23, "title": "A"}', '{idempotency-key,k1,client-address,192.0.2.1}');
SELECT pg_temp.call(10005, '{}', '{"id": 23, "title": "A"}', '{idempotency-key,k1,client-address,192.0.2.1}'), pg_temp.call(10005, '{}', '{"id": 24, "title": "A"}', '{idempotency-key,k1,client-address,192.0.2.1}');
SELECT pg_temp.call(10005, '{}', '{"id": 24, "title": "A"}', '{idempotency-key,k1,client-address,192.0.2.2}'), pg_temp.call(10005, '{}', '{"id": 25, "title": "A"}', '{idempotency-key,k1}');
-- Errors are not kept: the request may be tried again.
SELECT left(pg_temp.call(10005, '{}', '{"id": 20, "title": "Twice"}', '{idempotency-key,k3}', :'token_one'), 5), left(pg_temp.call(10005, '{}', '{"id": 26, "title": "Once"}', '{idempotency-key,k3}', :'token_one'), 4);
-- Neither is what was refused after something was committed.
SELECT pg_temp.call(10010, '{}', '{"id": 27}', '{idempotency-key,k4}'), pg_temp.call(10010, '{}', '{"id": 28}', '{idempotency-key,k4}');
SELECT title FROM bountygo.test_things WHERE id IN (27, 28);
-- A replay needs no fulfilled condition: what the first one did has changed it.
SELECT left(pg_temp.call(10005, '{}', '{"id": 29, "title": "If"}', ARRAY['idempotency-key', 'k5', 'if-match', '"' || pg_temp.tag(10004, '{}') || '"'], :'token_one'), 4);
SELECT pg_temp.call(10005, '{}', '{"id": 29, "title": "If"}', '{idempotency-key,k5,if-match,"\"x\""}', :'token_one');
-- Keys.
SELECT left(k, 10) AS key, length(k), left(pg_temp.call(10007, '{}', '{}', ARRAY['idempotency-key', k]), 200) FROM unnest(ARRAY['', '"', '""', 'a b', E'a\tb', E'a\x7f', 'é', repeat('k', 256), '"' || repeat('k', 256) || '"']) k;
SELECT length(k), left(pg_temp.call(10005, '{}', '{"id": 30, "title": "Long"}', ARRAY['idempotency-key', k], :'token_one'), 4) FROM unnest(ARRAY[repeat('~', 255), '"' || repeat('~', 255) || '"']) k;
SELECT pg_temp.call(10007, '{}', '{}', '{idempotency-key,a,idempotency-key,b}') AS "two fields";
SELECT left(pg_temp.call(10001, '{id,1}', '{}', '{idempotency-key,"a b"}'), 4) AS "not on PATCH", left(pg_temp.call(10009, '{word,x}', NULL, '{idempotency-key,""}'), 4) AS "nor on GET";
-- What has expired is as if it had not been.
UPDATE bountygo.idempotency_keys SET expires_at = now() - interval '1 second' WHERE user_id = :one;
SELECT pg_temp.call(10005, '{}', '{"id": 31, "title": "Late"}', '{idempotency-key,k1}', :'token_one'), pg_temp.call(10005, '{}', '{"id": 31, "title": "Late"}', '{idempotency-key,k1}', :'token_one');
SELECT count(*) AS fresh, min(expires_at - created_at) FROM bountygo.idempotency_keys WHERE user_id = :one AND expires_at > now();
-- A GET for anyone gives the same to everyone, also when it is looked at for a writer, who stays who it is.
SELECT pg_temp.call(10026, '{}', NULL, ARRAY['if-match', '"' || pg_temp.tag(10020) || '"'], :'token_one'), pg_temp.call(10026, '{}', NULL, '{prefer,tx=rollback}', :'token_one');
-- Secrets are kept sealed, and given to whoever has the key and the body.
SELECT pg_temp.call(10007, '{}', '{"word": "w"}', '{idempotency-key,s1}', :'token_one');
SELECT pg_temp.call(10007, '{}', '{"word": "w"}', '{idempotency-key,s1}', :'token_one'), pg_temp.call(10007, '{}', '{"word": "v"}', '{idempotency-key,s1}', :'token_one');
SELECT count(*) AS rows, count(body) AS bodies, bool_or(k::text LIKE '%' || encode('planted', 'hex') || '%' OR k::text LIKE '%planted%') AS readable FROM bountygo.idempotency_keys k WHERE route = 10007;
UPDATE bountygo.idempotency_keys SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1) WHERE route = 10007;
SELECT pg_temp.call(10007, '{}', '{"word": "w"}', '{idempotency-key,s1}', :'token_one') AS "altered";
-- Nobody else reads what is kept.
SET ROLE bountygo_api;
SELECT count(*) FROM bountygo.idempotency_keys;
RESET ROLE;
SET ROLE bountygo_admin;
SELECT count(*) > 0 AS there FROM (SELECT user_id FROM bountygo.idempotency_keys) k;
SELECT body FROM bountygo.idempotency_keys;
RESET ROLE;
SET ROLE bountygo_worker;
SELECT body FROM bountygo.idempotency_keys;
RESET ROLE;
BEGIN;
SELECT bountygo.authenticate(:'token_two') = :two AS "two";
SET LOCAL ROLE bountygo_rest;
SELECT DISTINCT user_id = :two AS own FROM bountygo.idempotency_keys;
UPDATE bountygo.idempotency_keys SET user_id = :one;
ROLLBACK;
BEGIN;
SET LOCAL ROLE bountygo_rest;
SELECT DISTINCT user_id FROM bountygo.idempotency_keys;
ROLLBACK;
-- They go with the account.
DELETE FROM bountygo.users WHERE id = :two;
SELECT count(*) FROM bountygo.idempotency_keys WHERE user_id = :two;

-- Preferences ---------------------------------------------------------------------------------------------------
SELECT p, pg_temp.call(10004, '{fields,id,limit,1}', NULL, ARRAY['prefer', p]) ~ '"total": \d+' AS total, substring(pg_temp.call(10004, '{fields,id,limit,1}', NULL, ARRAY['prefer', p]) FROM 'preference-applied,[^,}]*') AS applied
	FROM unnest(ARRAY['count=exact', 'Count="exact"', 'count = estimated; x=1', 'wait=10, count=exact', 'count=none', 'count=Exact', 'count', 'count=foo, count=exact', 'foo="a,count=exact", bar', 'foo="\",count=exact', '"', ';;,,=count=exact', ', ,count=exact', 'tx=commit', '']) p;
SELECT substring(pg_temp.call(10004, '{fields,id,limit,1}', NULL, '{prefer,count=exact,prefer,count=estimated}') FROM '"how": "\w+"') AS "the first counts";
SELECT pg_temp.call(10009, '{word,x}', NULL, '{prefer,count=exact}') AS "nothing to count";
SELECT pg_temp.call(10004, '{count,exact}'), pg_temp.call(10001, '{id,1}', '{"clear": ["note"]}');
-- A dry run: the same answer, and nothing done, kept or pointed to.
SELECT pg_temp.call(10005, '{}', '{"id": 40, "title": "Dry"}', '{prefer,tx=rollback,idempotency-key,d1}', :'token_one');
SELECT pg_temp.call(10005, '{}', '{"id": 40, "title": "Wet"}', '{idempotency-key,d1}', :'token_one');
SELECT pg_temp.call(10005, '{}', '{"id": 40, "title": "Wet"}', '{idempotency-key,d1,prefer,tx=rollback}', :'token_one') AS "again, dry: it would fail";
SELECT pg_temp.call(10003, '{id,40}', NULL, '{prefer,tx=rollback}'), left(pg_temp.call(10001, '{id,40}', '{"title": "Dry"}', '{prefer,"tx=rollback"}'), 30);
SELECT title FROM bountygo.test_things WHERE id = 40;
SELECT pg_temp.call(10014, '{}', '{"id": 1, "thing_id": 999}', '{prefer,tx=rollback}') AS "what only commit would find";
SELECT pg_temp.call(10014, '{}', '{"id": 1, "thing_id": 40}', '{prefer,tx=rollback}'), (SELECT count(*) FROM bountygo.test_parts) AS parts;
SELECT pg_temp.call(10005, '{}', '{"id": 41, "title": "refused at once"}', '{prefer,tx=rollback}');
SELECT pg_temp.call(10001, '{id,1}', '{"note": "x"}', '{prefer,tx=rollback,if-match,"\"x\""}'), pg_temp.call(10009, '{word,x}', NULL, '{prefer,tx=rollback}');
-- What gives secrets or remembers failures is not tried: it would give what it does not account for.
SELECT pg_temp.call(10007, '{}', '{}', '{prefer,tx=rollback}'), pg_temp.call(10010, '{}', '{"id": 51}', '{prefer,tx=rollback}'), (SELECT count(*) FROM bountygo.test_things WHERE id = 51);
-- After a dry run and a failed one the transaction goes on, deferred constraints are deferred, and the caller is who it was.
BEGIN;
SELECT pg_temp.call(10014, '{}', '{"id": 2, "thing_id": 40}', '{prefer,tx=rollback}');
INSERT INTO bountygo.test_parts VALUES (3, 999);
DELETE FROM bountygo.test_parts WHERE id = 3;
SELECT left(pg_temp.call(10014, '{}', '{"id": 4, "thing_id": 999}', '{prefer,tx=rollback}'), 5), left(pg_temp.call(10016, '{id,99}', '{}', '{if-match,*}'), 5);
SELECT count(*) FROM bountygo.test_parts;
COMMIT;

-- fields= -------------------------------------------------------------------------------------------------------
SELECT f, regexp_replace(pg_temp.call(10000, ARRAY['id', '1', 'fields', f]), ' \{etag.*', '') FROM unnest(ARRAY['id', 'title,id', 'id,id', 'parts.b', 'parts.a,id', 'z.deep.er', 'z.deep,z.deep.er', 'z', 'counts.views',
	'z.nothing', 'title.x', 'titel', 'x,y', 'parts.', '.id', 'id,', ',', '', ' id', 'a..b', 'a.b.c.d.e.f.g.h', 'a.b.c.d.e.f.g.h.i', repeat('x', 201)]) f;
SELECT regexp_replace(pg_temp.call(10000, ARRAY['id', '1', 'fields', array_to_string(array_fill('id'::text, ARRAY[n]), ',')]), ' \{etag.*', '') FROM unnest('{50,51}'::integer[]) n;
SELECT pg_temp.call(10000, '{id,1,fields,id,fields,title}');
-- Of a list each item, and where it goes on.
SELECT pg_temp.call(10004, '{fields,"id,counts.views",limit,1}', NULL, '{prefer,count=exact}');
SELECT pg_temp.call(10004, ARRAY['fields', f, 'limit', '1']) FROM unnest('{items,items.id,next}'::text[]) f;
SELECT pg_temp.call(10004, '{fields,titel,limit,1}'), pg_temp.call(10004, '{fields,anything,cursor,1000}');
-- Of whatever answers JSON, and of nothing else. An argument of that name comes first.
SELECT pg_temp.call(10005, '{fields,id}', '{"id": 42, "title": "Trimmed"}'), pg_temp.call(10005, '{fields,ids}', '{"id": 43, "title": "Undone"}'), pg_temp.call(10005, '{}', '{"id": 43, "title": "x", "fields": "id"}');
SELECT count(*) FROM bountygo.test_things WHERE id = 43;
SELECT pg_temp.call(10003, '{id,42,fields,id}'), pg_temp.call(10009, '{word,x,fields,id}'), pg_temp.call(10012, '{fields,"a b"}'), pg_temp.call(10017, '{fields,list}'), pg_temp.call(10017, '{field,list}');
-- Names of the schema, if the answer has one: before the function runs, and also what this answer lacks.
SELECT f, regexp_replace(pg_temp.call(10013, ARRAY['id', :'one', 'fields', f]), ' \{etag.*|"created_at": "[^"]*"', '') FROM unnest('{nickname,"avatar_url,nickname",nikname,id.x,email}'::text[]) f;
SELECT pg_temp.call(10013, '{id,0,fields,nikname}'), pg_temp.call(10013, '{id,0,fields,nickname}');
SELECT bountygo.answer_fields('User'), bountygo.answer_fields('No such schema'), bountygo.answer_fields('EvidenceMap');

-- Link ----------------------------------------------------------------------------------------------------------
SELECT substring(pg_temp.call(10004, q::text[]) FROM '<[^>]*>.*next[^,]*') AS link FROM unnest(ARRAY['{limit,1}', '{limit,1,cursor,1}', '{q,"a&b=c d/é\"",tag,x,tag,"y>",limit,1}', '{limit,100}']) q;
SELECT length(pg_temp.call(10004, ARRAY['limit', '1', 'q', repeat('é', 5000)])) < 3000 AS "none that is too long";

-- The rest ------------------------------------------------------------------------------------------------------
SELECT pg_temp.call(10001, '{id,1}', '{"note": null}'), pg_temp.call(10001, '{id,1}', '{"title": null, "note": "new"}'), pg_temp.call(10001, '{id,1}', '{"nota": null}'), pg_temp.call(10001, '{id,1}', '{"id": null}');
SELECT pg_temp.call(10010, '{}', '{"id": 50}'), (SELECT title FROM bountygo.test_things WHERE id = 50);
SELECT pg_temp.call(10011, '{}', format('{"name": "%s"}', n), '{user-agent,"A b/1.0",client-address,2001:db8::1,x,1,X,2}') FROM unnest('{user-agent,User-Agent,client-address,x,nothing,""}'::text[]) n;
SELECT pg_temp.call(10011, '{}', '{"name": "user-agent"}') AS "not of the call before", bountygo.request_header('user-agent') IS NULL AS "nor outside";

-- Scopes of API keys.
BEGIN;
SELECT bountygo.authenticate(:'token_one') = :one AS one;
SET LOCAL ROLE bountygo_api;
CREATE TEMP TABLE keys ON COMMIT PRESERVE ROWS AS SELECT s AS scopes, bountygo.create_api_key('conditions', s::text[]) ->> 'key' AS key
	FROM unnest(ARRAY['{tasks:read}', '{tasks:write}', '{todos:write}', '{todos:read,tasks:read}']) s;
COMMIT;
SELECT k.scopes, r.id, r.auth, r.scope, pg_temp.call(r.id, '{}', NULL, NULL, k.key) FROM keys k, bountygo.routes r WHERE r.id BETWEEN 10020 AND 10025 ORDER BY k.scopes, r.id;
-- A token may do all that its user may.
SELECT r.id, pg_temp.call(r.id, '{}', NULL, NULL, :'token_one') FROM bountygo.routes r WHERE r.id BETWEEN 10020 AND 10025 ORDER BY r.id;

DELETE FROM bountygo.routes WHERE id >= 10000;
DELETE FROM bountygo.idempotency_keys WHERE route >= 10000;
DELETE FROM bountygo.users WHERE id = :one;
DROP FUNCTION bountygo.test_thing, bountygo.test_strict_thing, bountygo.test_change, bountygo.test_remove, bountygo.test_make, bountygo.test_part,
	bountygo.test_things, bountygo.test_secret, bountygo.test_text, bountygo.test_nothing, bountygo.test_header, bountygo.test_trim, bountygo.test_json, bountygo.test_caller, bountygo.test_mine, bountygo.test_change_mine;
DROP TABLE bountygo.test_parts, bountygo.test_things;
DROP SEQUENCE bountygo.test_secrets;
\if :no_key
\if :had_key
ALTER SYSTEM SET bountygo.jwt_key_file = :'old_key';
\else
ALTER SYSTEM RESET bountygo.jwt_key_file;
\endif
SELECT pg_reload_conf() AS reloaded \gset
\endif

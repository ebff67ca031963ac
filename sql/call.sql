-- bountygo.call(): what it binds, what it refuses and how it says so. Acceptance: never a 500, never SQL text.
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

-- Operations of this test alone.
CREATE FUNCTION bountygo.test_types(i2 smallint DEFAULT NULL, i4 integer DEFAULT NULL, i8 bigint DEFAULT NULL, n numeric DEFAULT NULL,
	f double precision DEFAULT NULL, b boolean DEFAULT NULL, t text DEFAULT 'not given', tz timestamptz DEFAULT NULL,
	d date DEFAULT NULL, e bountygo.user_role DEFAULT NULL, j jsonb DEFAULT NULL, ints integer[] DEFAULT NULL,
	words text[] DEFAULT NULL, roles bountygo.user_role[] DEFAULT NULL, u uuid DEFAULT NULL) RETURNS SETOF jsonb LANGUAGE sql STABLE
AS $$ SELECT jsonb_strip_nulls(jsonb_build_object('i2', i2, 'i4', i4, 'i8', i8, 'n', n, 'f', f, 'b', b, 't', coalesce(t, 'null'), 'tz',
	tz, 'd', d, 'e', e, 'j', j, 'ints', ints, 'words', words, 'roles', roles, 'u', u)) $$;
CREATE FUNCTION bountygo.test_required(id bigint, title text, note text DEFAULT NULL) RETURNS jsonb LANGUAGE sql STRICT
AS $$ SELECT jsonb_build_object('id', id, 'title', title, 'note', note) $$;
CREATE FUNCTION bountygo.test_answer(body text DEFAULT NULL) RETURNS jsonb LANGUAGE sql STABLE AS $$ SELECT body::jsonb $$;
CREATE FUNCTION bountygo.test_json() RETURNS json LANGUAGE sql STABLE AS $$ SELECT '{"id":  7}'::json $$;
CREATE FUNCTION bountygo.test_void() RETURNS void LANGUAGE sql AS $$ $$;
CREATE FUNCTION bountygo.test_write() RETURNS jsonb LANGUAGE plpgsql
AS $$ BEGIN CREATE TEMP TABLE written (); RETURN '{}'; END $$;
CREATE FUNCTION bountygo.test_fail(code text) RETURNS jsonb LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'raised by the function' USING ERRCODE = code; END $$;
CREATE FUNCTION bountygo.test_who() RETURNS jsonb LANGUAGE sql STABLE
AS $$ SELECT jsonb_build_object('role', bountygo.current_user_role(), 'as', current_user) $$;
CREATE FUNCTION bountygo.test_nested() RETURNS jsonb LANGUAGE sql AS $$ SELECT body::jsonb FROM bountygo.call(10009, NULL, NULL, NULL, NULL) $$;
CREATE FUNCTION bountygo.test_many() RETURNS SETOF jsonb LANGUAGE sql STABLE AS $$ VALUES ('1'::jsonb), ('2') $$;
CREATE DOMAIN bountygo.test_percent AS integer CHECK (value BETWEEN 0 AND 100);
CREATE DOMAIN bountygo.test_word AS text CHECK (value ~ '^\w+$');
CREATE FUNCTION bountygo.test_domains(p bountygo.test_percent DEFAULT NULL, w bountygo.test_word[] DEFAULT NULL) RETURNS jsonb LANGUAGE sql
AS $$ SELECT jsonb_build_object('p', p, 'w', w) $$;
CREATE FUNCTION bountygo.test_local_time(at timestamp) RETURNS jsonb LANGUAGE sql AS $$ SELECT to_jsonb(at) $$;
GRANT EXECUTE ON FUNCTION bountygo.test_types, bountygo.test_required, bountygo.test_domains, bountygo.test_answer, bountygo.test_json, bountygo.test_void,
	bountygo.test_write, bountygo.test_fail, bountygo.test_who, bountygo.test_nested, bountygo.test_many TO bountygo_api;
INSERT INTO bountygo.routes (id, method, path, function, auth, success_status, location, is_async) VALUES
	(10000, 'GET', '/test/types', 'test_types', 'none', 200, NULL, false),
	(10001, 'POST', '/test/types', 'test_types', 'none', 200, NULL, false),
	(10002, 'PUT', '/test/{id}', 'test_required', 'none', 200, NULL, false),
	(10003, 'GET', '/test/answer', 'test_answer', 'none', 200, NULL, false),
	(10004, 'POST', '/test/job', 'test_answer', 'none', 200, '/test/jobs/{id}', true),
	(10005, 'POST', '/test/made', 'test_answer', 'none', 201, '/test/made/{id}', false),
	(10006, 'DELETE', '/test/void', 'test_void', 'none', 200, NULL, false),
	(10007, 'GET', '/test/write', 'test_write', 'none', 200, NULL, false),
	(10008, 'POST', '/test/fail', 'test_fail', 'none', 200, NULL, false),
	(10009, 'GET', '/test/who', 'test_who', 'optional', 200, NULL, false),
	(10010, 'GET', '/test/user', 'test_who', 'user', 200, NULL, false),
	(10011, 'GET', '/test/moderator', 'test_who', 'moderator', 200, NULL, false),
	(10012, 'GET', '/test/admin', 'test_who', 'admin', 200, NULL, false),
	(10013, 'GET', '/test/missing', 'test_missing', 'none', 200, NULL, false),
	(10014, 'POST', '/test/nested', 'test_nested', 'none', 200, NULL, false),
	(10015, 'GET', '/test/many', 'test_many', 'none', 200, NULL, false),
	(10016, 'POST', '/test/json', 'test_json', 'none', 201, '/test/{id}', false),
	(10018, 'POST', '/test/domains', 'test_domains', 'none', 200, NULL, false),
	(10019, 'POST', '/test/local', 'test_local_time', 'none', 200, NULL, false),
	(10017, 'GET', '/test/unauthenticated', 'test_who', 'none', 200, NULL, false);

-- What a gateway would see of a call.
CREATE FUNCTION pg_temp.call(route integer, body text DEFAULT NULL, query text[] DEFAULT '{}', token text DEFAULT NULL) RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
	answer record;
	state text; message text; detail text; hint text;
BEGIN
	SELECT * INTO answer FROM bountygo.call(call.route, call.token,
		ARRAY(SELECT q FROM unnest(query) WITH ORDINALITY AS u (q, n) WHERE n % 2 = 1 ORDER BY n),
		ARRAY(SELECT q FROM unnest(query) WITH ORDINALITY AS u (q, n) WHERE n % 2 = 0 ORDER BY n), call.body);
	RETURN concat_ws(' ', answer.status, answer.location, answer.body);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', state, CASE message WHEN 'the request is not valid' THEN NULL ELSE message END, nullif(detail, ''),
		nullif(hint, ''));
END
$$;

-- Every type, from the body and from the query.
SELECT pg_temp.call(10001, '{}');
SELECT pg_temp.call(10001);
SELECT pg_temp.call(10001, '{"i2": -32768, "i4": 2147483647, "i8": -9223372036854775808, "n": 1.50, "f": 1e3, "b": true,
	"t": "two\nlines\u00e9 \ud83d\ude00", "tz": "2026-10-04T23:59:00.5+08:00", "d": "2026-02-28", "e": "admin",
	"j": {"a": [1, null, {"b": "c"}]}, "ints": [1, 2], "words": ["a", "b,c"], "roles": ["user", "admin"],
	"u": "6b1b36cb-2c4d-4ac1-8a3e-2f6a55d7f7a1"}');
SELECT pg_temp.call(10000, NULL, '{i2,-32768,i4,2147483647,i8,0,n,-0.5E-2,f,0,b,false,t,a b,tz,2026-10-04T23:59:00z,d,2026-02-28,e,user,ints,1,words,a,ints,2,words,"",u,6b1b36cb-2c4d-4ac1-8a3e-2f6a55d7f7a1}');
SELECT pg_temp.call(10001, '{"t": null, "i4": null, "j": null, "words": null}');
SELECT pg_temp.call(10001, '{"words": [], "j": "text"}'), pg_temp.call(10001, '{"j": [1]}'), pg_temp.call(10001, '{"j": false}');
SELECT pg_temp.call(10001, '{"t": "a\r\nb"}');

-- The wrong type for each.
SELECT v, pg_temp.call(10001, format('{"i4": %s}', v)) FROM unnest('{1.0,1e2,"\"1\"",true,2147483648,-2147483649,[1],"{}"}'::text[]) v;
SELECT v, pg_temp.call(10001, format('{"i2": %s}', v)) FROM unnest('{32768,99999999999999999999999999}'::text[]) v;
SELECT v, pg_temp.call(10001, format('{"i8": %s}', v)) FROM unnest('{9223372036854775808,0.5}'::text[]) v;
SELECT v, pg_temp.call(10001, format('{"n": %s}', v)) FROM unnest('{"\"1\"",1e100,"\"NaN\"",false}'::text[]) v;
SELECT v, pg_temp.call(10001, format('{"b": %s}', v)) FROM unnest('{1,"\"true\"","\"yes\""}'::text[]) v;
SELECT v, pg_temp.call(10001, format('{"t": %s}', v)) FROM unnest('{1,true,[],"{}"}'::text[]) v;
SELECT v, pg_temp.call(10001, format('{"tz": "%s"}', v)) FROM unnest('{now,tomorrow,infinity,epoch,2026-10-04,2026-10-04T10:00:00,2026-13-04T10:00:00Z,2026-02-30T10:00:00Z,2026-10-04T24:00:00Z,"2026-10-04 10:00:00Z",2026-10-04T10:00:00+0800,"2026-10-04T10:00:00Z BC"}'::text[]) v;
SELECT v, pg_temp.call(10001, format('{"d": "%s"}', v)) FROM unnest('{today,infinity,2026-02-29,20260201,10/04/2026}'::text[]) v;
SELECT v, pg_temp.call(10001, format('{"e": %s}', v)) FROM unnest('{"\"Admin\"","\"\"",1}'::text[]) v;
SELECT v, pg_temp.call(10001, format('{"ints": %s}', v)) FROM unnest('{1,"[1, \"2\", 3.5]","[null]","[[1]]","\"{1,2}\""}'::text[]) v;
SELECT v, pg_temp.call(10001, format('{"roles": %s}', v)) FROM unnest('{"[\"user\", \"king\"]"}'::text[]) v;
SELECT pg_temp.call(10001, '{"u": "not-a-uuid"}'), pg_temp.call(10001, '{"u": 5}');
SELECT q, pg_temp.call(10000, NULL, q::text[]) FROM unnest(ARRAY['{i4,1.5}', '{i4," 1"}', '{i4,+1}', '{i4,0x10}', '{i4,01}', '{i4,""}', '{n,NaN}',
	'{n,Infinity}', '{n,.5}', '{f,inf}', '{b,1}', '{b,TRUE}', '{tz,now}', '{e,Admin}', '{j,1}', '{ints,1,ints,x}', '{i4,1,i4,1}',
	E'{t,"a\x01b"}', E'{words,a,words,"\x1b[0m"}']) q;
SELECT pg_temp.call(10018, '{"p": 100, "w": ["a"]}'), pg_temp.call(10018, '{"p": 101}'), pg_temp.call(10018, '{"p": 1.5}'), pg_temp.call(10018, '{"w": ["a", "b c"]}');
SELECT pg_temp.call(10019, '{"at": "now"}') AS "its input function takes too much";
-- All at once.
SELECT pg_temp.call(10001, '{"i4": "x", "b": 0, "titel": 1, "d": "now"}', '{tz,now}');
SELECT json_array_length(substring(pg_temp.call(10001, (SELECT json_object_agg('x' || i, 1)::text FROM generate_series(1, 100) i))
	FROM '\[.*\]')::json) AS problems;

-- Names.
SELECT pg_temp.call(10002, '{"titel": "x"}', '{id,5}');
SELECT pg_temp.call(10002, '{"zzzzzzzz": 1, "title": "x"}', '{id,5}');
SELECT pg_temp.call(10000, NULL, '{wrods,x}');
SELECT pg_temp.call(10000, NULL, '{a/b~c,x}'), pg_temp.call(10001, '{"a/b~c": 1}');
SELECT pg_temp.call(10002, '{}', '{id,5}');
SELECT pg_temp.call(10002, '{"title": null}', '{id,5}');
SELECT pg_temp.call(10002, '{"title": "x", "id": 6}', '{id,5}');
SELECT pg_temp.call(10002, '{"title": "x"}', '{id,5,id,6}');
SELECT pg_temp.call(10002, '{"title": "x"}', '{id,abc}');
SELECT pg_temp.call(10002, '{"title": "x", "note": "y"}', '{id,5}');
SELECT pg_temp.call(10002, '{"title": "x"}');
SELECT pg_temp.call(10002, '{"title": "x"}', '{title,5}');
SELECT pg_temp.call(10009, NULL, '{x,1}');
SELECT length(pg_temp.call(10001, json_build_object(repeat('é', 5000), 1)::text)) < 400 AS "long names are cut";
SELECT * FROM bountygo.call(10001, NULL, '{a}', '{}', NULL);
SELECT * FROM bountygo.call(10001, NULL, '{NULL}', '{1}', NULL);

-- Bodies that are no JSON, or JSON that means nothing here.
SELECT b, pg_temp.call(10001, b) FROM unnest(ARRAY['{', '{"t": }', '{"t": 1,}', '{"t" 1}', '{t: 1}', '{''t'': 1}', '{"t": NaN}', '{"i4": 01}',
	'{"t": "a}', '{} {}', ' ', 'nul', '[]', '1', '"x"', 'null', '[[[', '{"é": tru}']) b;
SELECT pg_temp.call(10001, '{"t": "a' || E'\n' || 'b"}');
SELECT pg_temp.call(10001, '{"t": "a\u0000b"}'), pg_temp.call(10001, '{"j": {"a/b": ["x", {"k": "\u0000"}]}}');
SELECT pg_temp.call(10001, '{"a\u0000b": 1}');
SELECT pg_temp.call(10001, '{"t": "\ud800"}'), pg_temp.call(10001, '{"t": "\udc00"}'), pg_temp.call(10001, '{"words": ["a", "\ud800x"]}');
SELECT pg_temp.call(10001, '{"t": "\u0001"}'), pg_temp.call(10001, '{"t": "a\rb"}'), pg_temp.call(10001, '{"j": {"x": ["\u001b"]}}');
SELECT pg_temp.call(10001, '{"t": "a", "t": "b"}'), pg_temp.call(10001, '{"j": {"a": 1, "b": [{"c": 1, "d": 2, "\u0063": 3}]}}');
SELECT pg_temp.call(10001, '{"j": ' || repeat('[', 31) || repeat(']', 31) || '}');
SELECT pg_temp.call(10001, '{"j": ' || repeat('[', 32) || repeat(']', 32) || '}');
SELECT left(pg_temp.call(10001, repeat('{"j": ', 100000)), 20), left(pg_temp.call(10001, '{"j": ' || repeat('[', 100000)), 20);
SELECT pg_temp.call(10000, '{}');
SELECT pg_temp.call(10000, '');
SELECT pg_temp.call(10001, '{"j": {' || string_agg(format('"%s": 0', i), ',') || '}}') ~ '^200' AS "many members" FROM generate_series(1, 20000) i;

-- Answers.
SELECT pg_temp.call(10003), pg_temp.call(10003, NULL, '{body,"{\"a\": 1}"}');
SELECT s, pg_temp.call(10004, format('{"body": "{\"job_id\": 5, \"state\": \"%s\"}"}', s)) FROM unnest('{queued,leased,done,dead,cancelled}'::text[]) s;
SELECT pg_temp.call(10005, '{"body": "{\"id\": 12345678901}"}'), pg_temp.call(10005, '{"body": "{\"no\": 1}"}'), pg_temp.call(10005, '{"body": "[]"}');
SELECT pg_temp.call(10005), pg_temp.call(10006), pg_temp.call(10016), pg_temp.call(10015);

-- Errors of the function are its own; a GET writes nothing, and the transaction can write again afterwards.
SELECT pg_temp.call(10008, format('{"code": "%s"}', c)) FROM unnest('{UB404,UB409,22012,40001,XX000}'::text[]) c;
BEGIN;
SELECT pg_temp.call(10007);
SELECT pg_temp.call(10009), current_setting('transaction_read_only');
CREATE TEMP TABLE after_get ();
ROLLBACK;
SELECT pg_temp.call(10014);
SELECT pg_temp.call(10013), pg_temp.call(99999), pg_temp.call(NULL);

-- Who may.
SELECT bountygo.create_user('call user') AS usr, bountygo.create_user('call moderator', NULL, 'moderator') AS mod,
	bountygo.create_user('call admin', NULL, 'admin') AS adm \gset
SELECT bountygo.issue_token(:usr) AS usr_token, bountygo.issue_token(:mod) AS mod_token, bountygo.issue_token(:adm) AS adm_token \gset
SELECT r AS route, pg_temp.call(r) AS anonymous, pg_temp.call(r, NULL, '{}', :'usr_token') AS "user",
	pg_temp.call(r, NULL, '{}', :'mod_token') AS moderator, pg_temp.call(r, NULL, '{}', :'adm_token') AS admin
	FROM unnest('{10009,10010,10011,10012,10017}'::integer[]) r;
SELECT t, pg_temp.call(10009, NULL, '{}', t), pg_temp.call(10010, NULL, '{}', t) FROM unnest('{x,a.b.c,eyJhbGciOiJub25lIn0.e30.,"",Bearer x}'::text[]) t;
SELECT pg_temp.call(10009, NULL, '{}', left(:'usr_token', -1)), pg_temp.call(10009, NULL, '{}', repeat('a', 100000));
SELECT pg_temp.call(10017, NULL, '{}', 'x') AS "no look at the token";
-- One call's caller is not the next one's, even in one transaction.
BEGIN;
SELECT pg_temp.call(10009, NULL, '{}', :'usr_token');
SELECT pg_temp.call(10009);
COMMIT;
-- A demotion counts at once, a promotion with the next token.
UPDATE bountygo.users SET role = 'user' WHERE id = :adm;
SELECT pg_temp.call(10012, NULL, '{}', :'adm_token');
UPDATE bountygo.users SET role = 'admin' WHERE id = :usr;
SELECT pg_temp.call(10009, NULL, '{}', :'usr_token');
UPDATE bountygo.users SET disabled_at = now() WHERE id = :usr;
SELECT pg_temp.call(10009, NULL, '{}', :'usr_token');
-- A route that changed acts as it is now.
UPDATE bountygo.routes SET auth = 'user' WHERE id = 10017;
SELECT pg_temp.call(10017);
DROP FUNCTION bountygo.test_json;
SELECT pg_temp.call(10016);

-- The real routes, wrongly used.
SELECT pg_temp.call(21, '{"title": "x"}'), pg_temp.call(40, '{"url": "https://example.com/"}');
SELECT pg_temp.call(21, '{"titel": "x"}', '{}', :'mod_token'), pg_temp.call(40, '{"url": 5, "auto_create": "yes"}', '{}', :'mod_token');
SELECT pg_temp.call(21, json_build_object('title', repeat('x', 256), 'summary', repeat('y', 501))::text, '{}', :'mod_token');
SELECT pg_temp.call(40, json_build_object('url', 'https://example.com/' || repeat('x', 3000))::text, '{}', :'mod_token');
SELECT pg_temp.call(40, '{"url": "file:///etc/passwd"}', '{}', :'mod_token');
SELECT pg_temp.call(20, NULL, '{limit,1.5,stat,open,state,opened}');
SELECT pg_temp.call(22, NULL, '{id,999999999999}');

-- The gateway's login can do this and nothing else.
GRANT EXECUTE ON FUNCTION pg_temp.call TO bountygo_gateway;
SET SESSION AUTHORIZATION bountygo_gateway;
SELECT pg_temp.call(10009);
SELECT count(*) > 10 AS routes FROM bountygo.gateway_routes();
SELECT count(*) AS tables FROM pg_class c WHERE c.relnamespace = 'bountygo'::regnamespace AND c.relkind IN ('r', 'v', 'S')
	AND (has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE'));
SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'bountygo'::regnamespace AND p.proname !~ '^test_'
	AND has_function_privilege(p.oid, 'EXECUTE') ORDER BY 1;
SET ROLE bountygo_api;
SET ROLE bountygo_owner;
SELECT count(*) FROM bountygo.users;
SELECT bountygo.issue_token(1);
SELECT bountygo.me();
CREATE TABLE bountygo.mine ();
RESET SESSION AUTHORIZATION;

DELETE FROM bountygo.routes WHERE id >= 10000;
DELETE FROM bountygo.users WHERE id IN (:usr, :mod, :adm);
DROP FUNCTION bountygo.test_types, bountygo.test_required, bountygo.test_answer, bountygo.test_void, bountygo.test_write,
	bountygo.test_fail, bountygo.test_who, bountygo.test_nested, bountygo.test_many, bountygo.test_domains, bountygo.test_local_time;
DROP DOMAIN bountygo.test_percent, bountygo.test_word;
\if :no_key
\if :had_key
ALTER SYSTEM SET bountygo.jwt_key_file = :'old_key';
\else
ALTER SYSTEM RESET bountygo.jwt_key_file;
\endif
SELECT pg_reload_conf() AS reloaded \gset
\endif

-- Accounts, tokens, and who is calling.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
SELECT bountygo.current_user_id() AS nobody, bountygo.current_user_role() AS no_role;
-- A server without a key gets one for the time of this test.
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
\pset format unaligned
\pset tuples_only on

CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	state text; message text; detail text; hint text;
BEGIN
	EXECUTE statement INTO answer;
	RETURN coalesce(answer, 'NULL');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' | ', state, message, nullif(detail, ''), nullif(hint, ''));
END
$$;

-- Accounts.
SELECT bountygo.create_user('  identity ann ', 'Ann@identity.example') AS ann, bountygo.create_user('identity bob') AS bob \gset
SELECT nickname, email, role, disabled_at IS NULL FROM bountygo.users WHERE id IN (:ann, :bob) ORDER BY id;
SELECT pg_temp.try($$SELECT bountygo.create_user('other ann', 'ann@IDENTITY.example')$$);
SELECT pg_temp.try($$SELECT bountygo.create_user(' ', 'no address', NULL)$$);
SELECT pg_temp.try($$SELECT bountygo.create_user(NULL)$$), pg_temp.try($$SELECT bountygo.create_user(repeat('x', 101))$$);
SELECT pg_temp.try($$SELECT bountygo.create_user(E'a\x1bb')$$);
SELECT bountygo.user_object(1, 'ann', NULL, '2026-01-02 03:04:05+00');

-- A token makes its user the caller, until the transaction ends.
SELECT bountygo.issue_token(:ann) AS token, bountygo.issue_token(:bob) AS bob_token \gset
BEGIN;
SELECT bountygo.authenticate(:'token') = :ann;
SELECT bountygo.current_user_id() = :ann, bountygo.current_user_role();
SELECT bountygo.me() - 'id' - 'created_at' - 'updated_at';
SAVEPOINT one;
SELECT bountygo.authenticate(:'bob_token') = :bob;
ROLLBACK TO one;
SELECT bountygo.current_user_id() = :ann AS "ann again";
SAVEPOINT two;
SAVEPOINT three;
SELECT bountygo.authenticate(:'bob_token') = :bob;
RELEASE three;
SELECT bountygo.current_user_id() = :bob AS "bob stays";
ROLLBACK TO two;
SELECT bountygo.current_user_id() = :ann AS "ann again";
SAVEPOINT four;
SELECT bountygo.authenticate('wrong');
ROLLBACK TO four;
SELECT bountygo.current_user_id() = :ann AS "ann still";
SELECT bountygo.authenticate(NULL), bountygo.current_user_id();
COMMIT;
SELECT bountygo.authenticate(:'token') = :ann;
SELECT bountygo.current_user_id(), bountygo.current_user_role();
BEGIN;
SELECT bountygo.authenticate(:'token') = :ann;
ROLLBACK;
SELECT bountygo.current_user_id();
SELECT pg_temp.try('SELECT bountygo.me()');

-- What a token holds.
CREATE FUNCTION pg_temp.part(token text, n integer) RETURNS text LANGUAGE sql AS $$
	SELECT convert_from(decode(translate(p, '-_', '+/') || repeat('=', (4 - length(p) % 4) % 4), 'base64'), 'UTF8')
	FROM split_part(token, '.', n) p $$;
SELECT h - 'kid', h ->> 'kid' = translate(encode(substr(sha256(convert_to(rtrim(pg_read_file(current_setting('bountygo.jwt_key_file')), E' \n\r\t'), 'UTF8')), 1, 8), 'base64'), '+/=', '-_') AS kid
	FROM CAST(pg_temp.part(:'token', 1) AS jsonb) h;
SELECT (c - 'sub' - 'sid' - 'iat' - 'exp' - 'jti')::text, (c ->> 'sid')::bigint = (SELECT max(s.id) - 1 FROM bountygo.sessions s) AS sid, (c ->> 'sub')::bigint = :ann,
	(c ->> 'exp')::bigint - (c ->> 'iat')::bigint = extract(epoch FROM current_setting('bountygo.access_token_lifetime')::interval),
	length(c ->> 'jti') FROM pg_temp.part(:'token', 2) p, CAST(p AS jsonb) c;
SELECT t, (c ->> 'exp')::bigint - (c ->> 'iat')::bigint FROM unnest('{1 second,90 minutes,1 day,24 hours}'::interval[]) t,
	CAST(pg_temp.part(bountygo.issue_token(:ann, t), 2) AS jsonb) c;
SELECT t, pg_temp.try(format('SELECT bountygo.issue_token(%s, %L)', :ann, t)) FROM unnest('{0,-1 second,"1 day 1 second","1 month -29 days",10 years,178000000 years}'::text[]) t;
SELECT pg_temp.try('SELECT bountygo.issue_token(NULL)'), pg_temp.try('SELECT bountygo.issue_token(-1)'), pg_temp.try('SELECT bountygo.issue_token(999999999999)');

-- Tokens signed with the server's own key that must be refused all the same. HMAC by hand, so that our code isn't checked by itself.
CREATE FUNCTION pg_temp.b64(b bytea) RETURNS text LANGUAGE sql AS $$ SELECT translate(encode(b, 'base64'), E'+/=\n', '-_') $$;
CREATE FUNCTION pg_temp.sign(header text, payload text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	key bytea := convert_to(rtrim(pg_read_file(current_setting('bountygo.jwt_key_file')), E' \n\r\t'), 'UTF8');
	inner_pad bytea := decode(repeat('36', 64), 'hex');
	outer_pad bytea := decode(repeat('5c', 64), 'hex');
	signed text := pg_temp.b64(convert_to(header, 'UTF8')) || '.' || pg_temp.b64(convert_to(payload, 'UTF8'));
BEGIN
	IF length(key) > 64 THEN
		key := sha256(key);
	END IF;
	FOR i IN 0 .. length(key) - 1 LOOP
		inner_pad := set_byte(inner_pad, i, get_byte(key, i) # 54);
		outer_pad := set_byte(outer_pad, i, get_byte(key, i) # 92);
	END LOOP;
	RETURN signed || '.' || pg_temp.b64(sha256(outer_pad || sha256(inner_pad || convert_to(signed, 'UTF8'))));
END
$$;
CREATE FUNCTION pg_temp.claims(id bigint, other jsonb DEFAULT '{}', since integer DEFAULT 0) RETURNS text LANGUAGE sql AS $$
	SELECT jsonb_strip_nulls(jsonb_build_object('iss', current_setting('bountygo.jwt_issuer'), 'aud', current_setting('bountygo.jwt_audience'),
		'sub', id::text, 'sid', coalesce((SELECT max(s.id) FROM bountygo.sessions s WHERE s.user_id = claims.id), 1), 'role', 'user', 'iat', extract(epoch FROM now())::bigint + since, 'exp', extract(epoch FROM now())::bigint + since + 900)
		|| other)::text $$;
CREATE FUNCTION pg_temp.use(payload text, header text DEFAULT '{"alg": "HS256", "typ": "JWT"}') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.try(format('SELECT bountygo.authenticate(%L) IS NOT NULL', pg_temp.sign(header, payload))) $$;
SELECT pg_temp.use(pg_temp.claims(:ann));
SELECT pg_temp.use(pg_temp.claims(:ann, '{"role": "admin"}')), bountygo.current_user_role();
BEGIN;
SELECT bountygo.authenticate(pg_temp.sign('{"alg": "HS256"}', pg_temp.claims(:ann, '{"role": "admin"}'))) = :ann, bountygo.current_user_role();
COMMIT;
SELECT h, pg_temp.use(pg_temp.claims(:ann), h) FROM unnest(ARRAY['{"alg": "none"}', '{"alg": "HS384"}', '{"alg": "RS256"}',
	'{"alg": "HS256", "typ": "JWE"}', '{"alg": "HS256", "crit": ["x"], "x": 1}', '{"alg": "none", "alg": "HS256"}', '{"typ": "JWT"}', '[]']) h;
SELECT o, pg_temp.use(pg_temp.claims(:ann, o::jsonb)) FROM unnest(ARRAY['{"iss": "elsewhere"}', '{"aud": "elsewhere"}', '{"aud": ["elsewhere"]}',
	'{"iss": null}', '{"sub": null}', '{"sub": 1}', '{"sub": "1 OR 1=1"}', '{"sub": "0"}', '{"role": "root"}', '{"role": ""}', '{"exp": null}',
	'{"exp": "4102444800"}', '{"exp": 1e99}', '{"iat": null}', '{"nbf": 4102444800}']) o;
SELECT s AS "made so long ago", pg_temp.use(pg_temp.claims(:ann, '{}', -s)) FROM unnest('{0,900,1000,-30,-100}'::integer[]) s;
SELECT pg_temp.use(pg_temp.claims(999999999999)) AS "nobody's";
-- Tampering: another's payload under this signature, no signature, other letters.
SELECT pg_temp.try(format('SELECT bountygo.authenticate(%L)', split_part(:'token', '.', 1) || '.' || split_part(:'bob_token', '.', 2) || '.' || split_part(:'token', '.', 3)));
SELECT pg_temp.try(format('SELECT bountygo.authenticate(%L)', t)) FROM unnest(ARRAY[regexp_replace(:'token', '[^.]*$', ''), :'token' || '=',
	:'token' || ' ', ' ' || :'token', 'Bearer ' || :'token', upper(:'token'), :'token' || '.', '..', repeat('.', 5000)]) t;

-- Row-level security sees the caller: oneself, nobody else.
SET ROLE bountygo_api;
SELECT count(*) FROM bountygo.users;
BEGIN;
SELECT bountygo.authenticate(:'token') = :ann;
SELECT nickname FROM bountygo.users;
UPDATE bountygo.users SET nickname = 'stolen' WHERE id <> bountygo.current_user_id();
ROLLBACK;
UPDATE bountygo.users SET nickname = 'stolen';
SELECT count(*) FROM bountygo.users WHERE nickname = 'stolen';
SELECT bountygo.issue_token(:ann);
SELECT bountygo.create_user('x');
RESET ROLE;
SET ROLE bountygo_admin;
SELECT bountygo.issue_token(:ann) ~ '^eyJ' AS "administrators may";
SELECT bountygo.create_user('identity carl') > 0 AS "administrators may";
RESET ROLE;

-- A disabled account is out at once.
UPDATE bountygo.users SET disabled_at = now() WHERE id = :bob;
SELECT pg_temp.try(format('SELECT bountygo.authenticate(%L)', :'bob_token')), replace(pg_temp.try(format('SELECT bountygo.issue_token(%s)', :bob)), 'user ' || :bob, 'user N');
-- The key is nowhere in what SQL shows.
SELECT rtrim(pg_read_file(current_setting('bountygo.jwt_key_file')), E' \n\r\t') AS key \gset
SELECT count(*) FROM pg_settings WHERE setting LIKE '%' || :'key' || '%';

DELETE FROM bountygo.users WHERE nickname LIKE 'identity %';
\if :no_key
\if :had_key
ALTER SYSTEM SET bountygo.jwt_key_file = :'old_key';
\else
ALTER SYSTEM RESET bountygo.jwt_key_file;
\endif
SELECT pg_reload_conf() AS reloaded \gset
\endif

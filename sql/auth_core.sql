-- What signing in rests on: tokens and their sessions, API keys, two signing keys, wallets, ID tokens, sealing.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
-- Keys of this test's own, whatever the server has; what its operator has set comes back at the end.
COPY (SELECT encode(sha256(random()::text::bytea), 'hex')) TO PROGRAM 'umask 077; cat > bountygo_auth_1.key';
COPY (SELECT encode(sha256(random()::text::bytea), 'hex')) TO PROGRAM 'umask 077; cat > bountygo_auth_2.key';
SELECT count(*) AS had_key, max(s.setting) AS old_key FROM pg_file_settings s
	WHERE s.name = 'bountygo.jwt_key_file' AND s.sourcefile LIKE '%.auto.conf' \gset
SELECT count(*) AS had_previous, max(s.setting) AS old_previous FROM pg_file_settings s
	WHERE s.name = 'bountygo.jwt_previous_key_file' AND s.sourcefile LIKE '%.auto.conf' \gset
-- Waits until this session has read the settings again.
CREATE FUNCTION pg_temp.reloaded(name text, value text) RETURNS text LANGUAGE sql AS $$
	SELECT format('DO %L', format('BEGIN IF current_setting(%L) <> %L THEN PERFORM pg_sleep(0.01); END IF; END', name, value))
	FROM generate_series(1, 500) $$;
ALTER SYSTEM SET bountygo.jwt_key_file = 'bountygo_auth_1.key';
ALTER SYSTEM SET bountygo.jwt_previous_key_file = '';
SELECT pg_reload_conf() AS reloaded \gset
\o /dev/null
SELECT pg_temp.reloaded('bountygo.jwt_key_file', 'bountygo_auth_1.key') \gexec
\o
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
CREATE FUNCTION pg_temp.use(token text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.try(format('SELECT bountygo.authenticate(%L) IS NOT NULL', token)) $$;
CREATE FUNCTION pg_temp.claim(token text, name text) RETURNS text LANGUAGE sql AS $$
	SELECT convert_from(decode(translate(p, '-_', '+/') || repeat('=', (4 - length(p) % 4) % 4), 'base64'), 'UTF8')::jsonb ->> name
	FROM split_part(token, '.', 2) p $$;

SELECT bountygo.create_user('core ann') AS ann, bountygo.create_user('core mod', NULL, 'moderator') AS mod \gset
SELECT bountygo.current_session_id(), bountygo.current_scopes();

\echo *** issue_token() makes a session that ends with the token
SELECT bountygo.issue_token(:ann, '10 minutes') AS token \gset
SELECT pg_temp.claim(:'token', 'sid') AS sid \gset
SELECT s.user_id = :ann, s.method, s.revoked_at, s.user_agent, extract(epoch FROM s.expires_at) = pg_temp.claim(:'token', 'exp')::bigint
	FROM bountygo.sessions s WHERE s.id = :sid;
BEGIN;
SELECT bountygo.authenticate(:'token') = :ann, bountygo.current_session_id() = :sid, bountygo.current_scopes();
COMMIT;
SELECT bountygo.current_session_id();
-- In one statement, and under every isolation level.
SELECT bountygo.authenticate(bountygo.issue_token(:ann)) = :ann;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY;
SELECT bountygo.authenticate(:'token') = :ann;
COMMIT;

\echo *** A session that is revoked, over, of another or gone takes its tokens with it
BEGIN;
UPDATE bountygo.sessions SET revoked_at = now() WHERE id = :sid;
SELECT pg_temp.use(:'token');
ROLLBACK;
BEGIN;
UPDATE bountygo.sessions SET expires_at = now() WHERE id = :sid;
SELECT pg_temp.use(:'token');
ROLLBACK;
BEGIN;
UPDATE bountygo.sessions SET user_id = :mod WHERE id = :sid;
SELECT pg_temp.use(:'token');
ROLLBACK;
BEGIN;
DELETE FROM bountygo.sessions WHERE id = :sid;
SELECT pg_temp.use(:'token');
ROLLBACK;
SELECT pg_temp.use(:'token');

\echo *** What is refused by its form, its signature or its times reads no table
CREATE FUNCTION pg_temp.reads() RETURNS bigint LANGUAGE sql AS $$
	SELECT sum(t.seq_scan + coalesce(t.idx_scan, 0))::bigint FROM pg_stat_xact_user_tables t WHERE t.schemaname = 'bountygo' $$;
BEGIN;
SELECT pg_temp.reads() AS before \gset
SELECT pg_temp.use(left(:'token', -10) || 'AAAAAAAAAA') <> 'true', pg_temp.use('eyJhbGciOiJub25lIn0.e30.') <> 'true', pg_temp.use('bgo_x') <> 'true',
	pg_temp.use('bgo_' || repeat('A', 56)) <> 'true';
SELECT pg_temp.reads() - :before;
SELECT pg_temp.use(:'token');
SELECT pg_temp.reads() > :before AS "this one does";
COMMIT;

\echo *** access_token() signs for live sessions
INSERT INTO bountygo.sessions (user_id, method, expires_at) VALUES (:mod, 'wallet', now() + interval '1 hour') RETURNING id AS session \gset
BEGIN;
SELECT bountygo.authenticate(bountygo.access_token(:session)) = :mod, bountygo.current_session_id() = :session, bountygo.current_user_role();
COMMIT;
SELECT t, pg_temp.claim(k, 'exp')::bigint - pg_temp.claim(k, 'iat')::bigint
	FROM unnest('{1 second,30 minutes}'::interval[]) t, bountygo.access_token(:session, t) k;
SELECT pg_temp.claim(k, 'exp')::bigint - extract(epoch FROM s.expires_at) BETWEEN 0 AND 1 AS "never beyond the session"
	FROM bountygo.sessions s, bountygo.access_token(s.id, '1 day') k WHERE s.id = :session;
SELECT bountygo.access_token(NULL);
SELECT pg_temp.try(format('SELECT bountygo.access_token(%s, %L)', :session, t)) FROM unnest('{0,-1 second,2 days,1 month}'::text[]) t;
SELECT pg_temp.try('SELECT bountygo.access_token(-1)'), pg_temp.try('SELECT bountygo.access_token(9223372036854775807)');
BEGIN;
UPDATE bountygo.users SET disabled_at = now() WHERE id = :mod;
SELECT pg_temp.try(format('SELECT bountygo.access_token(%s)', :session));
ROLLBACK;
BEGIN;
UPDATE bountygo.sessions SET revoked_at = now() WHERE id = :session;
SELECT pg_temp.try(format('SELECT bountygo.access_token(%s)', :session));
ROLLBACK;

\echo *** API keys
SELECT bountygo.random_name(12) AS prefix, bountygo.random_token(32) AS secret \gset
\set key bgo_ :prefix _ :secret
INSERT INTO bountygo.api_keys (user_id, name, prefix, secret_hash, scopes)
	VALUES (:mod, 'core', :'prefix', sha256(convert_to(:'secret', 'UTF8')), '{tasks:read,todos:write}') RETURNING id AS key_id \gset
BEGIN READ ONLY;
SELECT bountygo.authenticate(:'key') = :mod;
SELECT last_used_at FROM bountygo.api_keys WHERE id = :key_id;
COMMIT;
BEGIN;
SELECT bountygo.authenticate(:'key') = :mod, bountygo.current_user_role() AS "no more than a user", bountygo.current_session_id(), bountygo.current_scopes();
SELECT last_used_at = now() FROM bountygo.api_keys WHERE id = :key_id;
SAVEPOINT one;
SELECT bountygo.authenticate(:'token') = :ann, bountygo.current_session_id() = :sid, bountygo.current_scopes();
ROLLBACK TO one;
SELECT bountygo.current_user_id() = :mod, bountygo.current_session_id(), bountygo.current_scopes();
SAVEPOINT two;
SELECT bountygo.authenticate(NULL), bountygo.current_scopes(), bountygo.current_user_role();
RELEASE two;
SELECT bountygo.current_user_id(), bountygo.current_session_id(), bountygo.current_scopes();
COMMIT;
-- Not again within the hour.
UPDATE bountygo.api_keys SET last_used_at = now() - interval '59 minutes' WHERE id = :key_id;
SELECT pg_temp.use(:'key');
SELECT last_used_at < now() - interval '58 minutes' FROM bountygo.api_keys WHERE id = :key_id;
UPDATE bountygo.api_keys SET last_used_at = now() - interval '61 minutes' WHERE id = :key_id;
-- The caller's own rights don't matter, nor their search path.
CREATE SCHEMA core_evil;
CREATE FUNCTION core_evil.yes(bigint, bigint) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'as %', current_user; END $$;
CREATE OPERATOR core_evil.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = core_evil.yes);
CREATE FUNCTION core_evil.now() RETURNS timestamptz LANGUAGE plpgsql AS $$ BEGIN RAISE 'as %', current_user; END $$;
GRANT USAGE ON SCHEMA core_evil TO bountygo_api;
SET search_path = core_evil, pg_catalog;
SET ROLE bountygo_api;
SELECT bountygo.authenticate(:'key') IS NOT NULL;
RESET ROLE;
RESET search_path;
SELECT last_used_at > now() - interval '1 minute' FROM bountygo.api_keys WHERE id = :key_id;
DROP SCHEMA core_evil CASCADE;
-- Everything near it is refused in the same words.
SELECT what, pg_temp.use(k) FROM (VALUES
	('another secret', 'bgo_' || :'prefix' || '_' || bountygo.random_token(32)),
	('another prefix', 'bgo_' || bountygo.random_name(12) || '_' || :'secret'),
	('no secret', 'bgo_' || :'prefix' || '_'), ('only the mark', 'bgo_'), ('only the prefix', 'bgo_' || :'prefix'),
	('longer', :'key' || 'A'), ('shorter', left(:'key', -1)), ('white space', :'key' || ' '), ('in capitals', upper(:'key')),
	('prefix in capitals', 'bgo_' || upper(:'prefix') || '_' || :'secret'), ('other mark', 'bga_' || substr(:'key', 5)),
	('the hash', 'bgo_' || :'prefix' || '_' || left(encode(sha256(convert_to(:'secret', 'UTF8')), 'hex'), 43)),
	('wildcards', 'bgo_%%%%%%%%%%%%_' || :'secret')) v (what, k);
BEGIN;
UPDATE bountygo.api_keys SET revoked_at = now() WHERE id = :key_id;
SELECT pg_temp.use(:'key');
ROLLBACK;
BEGIN;
UPDATE bountygo.api_keys SET expires_at = now() WHERE id = :key_id;
SELECT pg_temp.use(:'key');
UPDATE bountygo.api_keys SET expires_at = now() + interval '1 minute' WHERE id = :key_id;
SELECT pg_temp.use(:'key');
ROLLBACK;
BEGIN;
UPDATE bountygo.users SET disabled_at = now() WHERE id = :mod;
SELECT pg_temp.use(:'key');
ROLLBACK;
SELECT pg_temp.use(:'key');

\echo *** A new signing key: what the old one signed stays valid until it is gone too
SELECT bountygo.cursor_make('id', 'x', 7) AS cursor, encode(bountygo.seal('a secret', 'test'), 'hex') AS sealed \gset
ALTER SYSTEM SET bountygo.jwt_key_file = 'bountygo_auth_2.key';
ALTER SYSTEM SET bountygo.jwt_previous_key_file = 'bountygo_auth_1.key';
SELECT pg_reload_conf() AS reloaded \gset
\o /dev/null
SELECT pg_temp.reloaded('bountygo.jwt_key_file', 'bountygo_auth_2.key') \gexec
\o
SELECT pg_temp.use(:'token'), bountygo.unseal(decode(:'sealed', 'hex'), 'test'), (bountygo.cursor_read(:'cursor', 'id')).id;
SELECT bountygo.cursor_make('id', 'x', 7) <> :'cursor', split_part(bountygo.issue_token(:ann), '.', 1) <> split_part(:'token', '.', 1);
SELECT bountygo.issue_token(:ann) AS new_token \gset
SELECT pg_temp.use(:'new_token'), bountygo.secret_status('jwt_previous_key_file');
-- A previous key that is not there keeps nobody out but those whom it signed in.
ALTER SYSTEM SET bountygo.jwt_previous_key_file = 'bountygo_auth_3.key';
SELECT pg_reload_conf() AS reloaded \gset
\o /dev/null
SELECT pg_temp.reloaded('bountygo.jwt_previous_key_file', 'bountygo_auth_3.key') \gexec
\o
SELECT pg_temp.use(:'token');
SELECT pg_temp.use(:'new_token'), bountygo.secret_status('jwt_previous_key_file');
SELECT bountygo.unseal(decode(:'sealed', 'hex'), 'test');
SELECT pg_temp.try(format('SELECT bountygo.cursor_read(%L, ''id'')', :'cursor'));
SELECT pg_temp.use(:'key') AS "API keys need no signing key";

\echo *** Secrets
SELECT length(bountygo.random_token(n)), bountygo.random_token(n) ~ '^[A-Za-z0-9_-]+$' FROM unnest('{1,2,3,32,1024}'::integer[]) n;
SELECT count(DISTINCT bountygo.random_token(16)), count(DISTINCT bountygo.random_name(20)) FROM generate_series(1, 1000);
SELECT length(bountygo.random_name(1024)), count(DISTINCT c), min(c), max(c) FROM regexp_split_to_table(bountygo.random_name(1024) || bountygo.random_name(1024), '') c;
SELECT pg_temp.try(format('SELECT bountygo.random_token(%s)', n)), pg_temp.try(format('SELECT bountygo.random_name(%s)', n)) FROM unnest('{0,-1,1025}'::integer[]) n;
SELECT bountygo.random_token(NULL), bountygo.random_name(NULL);
SELECT bountygo.equal_secrets('a', 'a'), bountygo.equal_secrets('a', 'b'), bountygo.equal_secrets('a', 'ab'), bountygo.equal_secrets('', ''), bountygo.equal_secrets(NULL, '');
SELECT bountygo.unseal(bountygo.seal(s, 'x'), 'x') = s, length(bountygo.seal(s, 'x')) - octet_length(s), bountygo.seal(s, 'x') <> bountygo.seal(s, 'x')
	FROM unnest(ARRAY['', 'secret', '密钥 ✓', repeat('x', 100000)]) s;
SELECT bountygo.unseal(bountygo.seal('secret', 'x'), 'y'), bountygo.unseal('', 'x'), bountygo.unseal('\x01', 'x'),
	bountygo.unseal(set_byte(b, 20, get_byte(b, 20) # 1), 'x') FROM bountygo.seal('secret', 'x') b;
SELECT pg_temp.try($$SELECT bountygo.seal('secret', repeat('x', 256))$$);

\echo *** Wallets
SELECT bountygo.checksum_address(lower('0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed')), bountygo.checksum_address('0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'),
	bountygo.checksum_address('0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed'), bountygo.checksum_address('5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'), bountygo.checksum_address('');
-- A message and a signature that viem made.
SELECT bountygo.siwe_message('example.com', lower('0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A'), 'Sign in, please.', 'https://example.com/path', 1, 'foobarbaz1',
	'2026-01-02 03:04:05.678+00', '2026-01-02 03:09:05.678+00') AS message \gset
\echo :message
SET timezone = 'Asia/Shanghai';
SELECT bountygo.siwe_message('example.com', lower('0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A'), 'Sign in, please.', 'https://example.com/path', 1, 'foobarbaz1',
	'2026-01-02 03:04:05.678+00', '2026-01-02 03:09:05.678+00') = :'message';
RESET timezone;
SELECT bountygo.siwe_read(:'message');
SELECT bountygo.siwe_read(:'message' || E'\nNot Before: 2026-01-02T03:04:00Z\nRequest ID: \nResources:\n- https://a.example/?x=%22\n- ipfs://x');
SELECT bountygo.siwe_read(:'message' || E'\n'), bountygo.siwe_read(replace(:'message', E'\n', E'\r\n')), bountygo.siwe_read('');
SELECT bountygo.siwe_message('a b', '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A', NULL, 'https://example.com', 1, 'foobarbaz1', now(), NULL),
	bountygo.siwe_message('a.example', 'nobody', NULL, 'https://example.com', 1, 'foobarbaz1', now(), NULL),
	bountygo.siwe_message('a.example', '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A', E'x\ny', 'https://example.com', 1, 'foobarbaz1', now(), NULL),
	bountygo.siwe_message('a.example', '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A', NULL, 'https://example.com', 0, 'foobarbaz1', now(), NULL),
	bountygo.siwe_message('a.example', '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A', NULL, 'https://example.com', 1, 'short', now(), NULL),
	bountygo.siwe_message('a.example', '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A', NULL, 'https://example.com', 1, 'foobarbaz1', 'infinity', NULL),
	bountygo.siwe_message('a.example', '0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A', NULL, 'https://example.com', 1, 'foobarbaz1', NULL, NULL);
SELECT bountygo.recover_address('hello', '0x9208d5f86a1f5d9c1908dbb42969925675ceb388616fc5b186c248e4967a03e02e9d28a1adcb8cce60ebcef9756dee20522a2987afea3055f4edd8380d425f891b');
SELECT bountygo.recover_address('多语言 ✓ message', '0x4a518ec848de150ddc7f774a6b3cc2bcb1f319de9b08754f327dc8a83bf26c410064d85d95688eed1a672aa3c9e496dd97cd522b50ba751833743bd2f7c9d8cd1b');
SELECT bountygo.recover_address('hello', s) FROM unnest(ARRAY['', '0x', 'text', '0x9208d5f86a1f5d9c1908dbb42969925675ceb388616fc5b186c248e4967a03e02e9d28a1adcb8cce60ebcef9756dee20522a2987afea3055f4edd8380d425f89']) s;

\echo *** ID tokens
-- Tokens and keys that another implementation (jose) made.
\set es256 eyJhbGciOiJFUzI1NiIsImtpZCI6ImtleS0xIn0.eyJlbWFpbCI6ImFubkBpZC5leGFtcGxlIiwiZW1haWxfdmVyaWZpZWQiOnRydWUsIm5hbWUiOiLlrokgQW5uIiwibm9uY2UiOiJuLTEiLCJncm91cHMiOlsieCJdLCJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJhdWQiOiJjbGllbnQiLCJzdWIiOiJ1c2VyLTEiLCJpYXQiOjE4MDAwMDAwMDAsImV4cCI6MTgwMDAwMDkwMH0.E1RiEuLsWvVapbYVcHk7CkblMGY0tay700shRg-nlijArtIs0H9yGqdGr3WmDMYLBlNFGO-a24Z3aO6mIWGZeg
\set es_set '{"keys":[{"kty":"EC","x":"HIl7IAQy9HghIf27fO8UxC3Wxo9hqFudScwtCA6fFkI","y":"MZr6cGpws5KkNFqCAHsnV6XALiL21hWPgliFeD1QF2Q","crv":"P-256","kid":"key-1","use":"sig","alg":"ES256"}]}'
\set rs256 eyJhbGciOiJSUzI1NiIsImtpZCI6ImtleS0xIn0.eyJlbWFpbCI6ImFubkBpZC5leGFtcGxlIiwiZW1haWxfdmVyaWZpZWQiOnRydWUsIm5hbWUiOiLlrokgQW5uIiwibm9uY2UiOiJuLTEiLCJncm91cHMiOlsieCJdLCJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUiLCJhdWQiOiJjbGllbnQiLCJzdWIiOiJ1c2VyLTEiLCJpYXQiOjE4MDAwMDAwMDAsImV4cCI6MTgwMDAwMDkwMH0.atCDGrRXSckGBJNSeHdVKqAVuZ5kPTHXoEOJpVC0_ANWip57cSjuBsZFXueU_kovFeVvOuoWfUAqVsMHaTgb5RhJTmqwSQEsaZWHBhIRe_rVws1CiCNJ1BoJQhns-QfvAnI87Xtk7uiZjZ5Mn2ABpCmQ905YFx09rlT3gtxv_21LFjtlgtGlctI8c6eI9jyq4zfiQYgrFE1D3LmHAfI6sr4orl-cBJVApuKDcBYBDVGdNN_6ZDRDC5LalgiIw7nppEbihiVWyEbwX83wBf6ThQurCO2bnQZ0gsOFCYIeFbgGnV3A_95P7PVJ85MqT93ZOvj--eFoB5H9gd9BaciAuQ
\set rs_set '{"keys":[{"kty":"RSA","n":"hSczlp7LTwszvN3QFqICo-6ccD1uCE1_r4G27bxZhzOrI4dyIV9-ZjQ3fAek5VKAhMAZxb4wbzHpz-oU44A1XtsrZ-abPfiEyotKAxPY2xR90-nw2PbaEqGLbx5xeEuX-L0nLHvi7ENAO5bGJM1Z-loGxpoZs82IFU4_nJu3MYGG1-DQimNsfbKXd4axkVYWcDg5Ym42WgG3bp6-1JVMOVuS5IelO7Vw8jKNPokPb6f5NGs-n7ujK1wYDKIozl0s2lf2_ZWg9v0LKnXb1QEyIyh1yT6jwjLfp9s4OtLPlUZZXFTaeipqiCH_c8TMyWntuaI-x969h83EYN9CVtpdcw","e":"AQAB","kid":"key-1","use":"sig","alg":"RS256"}]}'
SELECT * FROM bountygo.oidc_check(:'es256', :'es_set', 'https://id.example', '{other,client}', '{}', to_timestamp(1800000000));
SELECT (bountygo.oidc_check(:'rs256', :'rs_set', 'https://id.example', '{client}', NULL, to_timestamp(1800000000))).claims =
	(bountygo.oidc_check(:'es256', :'es_set', 'https://id.example', '{client}', '{}', to_timestamp(1800000000))).claims;
SELECT what, c.* FROM (VALUES ('in time', '{client}', 'https://id.example', 1800000959), ('late', '{client}', 'https://id.example', 1800000960),
		('early', '{client}', 'https://id.example', 1799999939), ('other audience', '{other}', 'https://id.example', 1800000000),
		('no audience', '{}', 'https://id.example', 1800000000), ('other issuer', '{client}', 'https://id.example/', 1800000000)) v (what, audiences, issuer, at),
	bountygo.oidc_check(:'rs256', :'rs_set', v.issuer, v.audiences::text[], '{}', to_timestamp(v.at)) c;
SELECT (bountygo.oidc_check(:'rs256', :'es_set', 'https://id.example', '{client}', '{}', to_timestamp(1800000000))).verdict AS "another kind of key",
	(bountygo.oidc_check(:'es256', replace(:'es_set', 'key-1', 'key-2')::jsonb, 'https://id.example', '{client}', '{}', to_timestamp(1800000000))).verdict,
	(bountygo.oidc_check(overlay(:'es256' PLACING 'A' FROM 60), :'es_set', 'https://id.example', '{client}', '{}', to_timestamp(1800000000))).verdict;
-- The example of RFC 7515, A.3, whose claims are not those of an ID token; and what is no question at all.
\set es256 eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q
\set set '{"keys": [{"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}'
SELECT * FROM bountygo.oidc_check(:'es256', :'set', 'joe', '{client}', '{}', to_timestamp(1300819000));
SELECT (bountygo.oidc_check(:'es256', '{"keys": []}', 'joe', '{client}', '{}')).verdict, (bountygo.oidc_check(:'es256', '[]', 'joe', '{client}', '{}')).verdict,
	(bountygo.oidc_check('', :'set', 'joe', '{client}', '{}')).verdict, (bountygo.oidc_check(NULL, :'set', 'joe', '{client}', '{}')).verdict,
	(bountygo.oidc_check(:'es256', NULL, 'joe', '{client}', '{}')).verdict, (bountygo.oidc_check(:'es256', :'set', NULL, '{client}', '{}')).verdict,
	(bountygo.oidc_check(:'es256', :'set', 'joe', NULL, NULL, NULL)).verdict, (bountygo.oidc_check(:'es256', :'set', 'joe', '{NULL}', '{NULL}', 'infinity')).verdict;
SELECT bountygo.oidc_key_id('eyJhbGciOiJFUzI1NiIsImtpZCI6ImEifQ.e30.AA'), bountygo.oidc_key_id(:'es256'), bountygo.oidc_key_id('x');

\echo *** Who may
SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'bountygo'::regnamespace
	AND p.proname IN ('access_token', 'issue_token', 'seal', 'unseal', 'random_token', 'oidc_check', 'recover_address', 'siwe_message')
	AND has_function_privilege('bountygo_api', p.oid, 'EXECUTE');
SELECT has_function_privilege('bountygo_worker', 'bountygo.access_token(bigint, interval)', 'EXECUTE'), has_function_privilege('bountygo_admin', 'bountygo.access_token(bigint, interval)', 'EXECUTE');

DELETE FROM bountygo.users WHERE nickname LIKE 'core %';
SELECT count(*) FROM bountygo.sessions WHERE id IN (:sid, :session);
\if :had_key
ALTER SYSTEM SET bountygo.jwt_key_file = :'old_key';
\else
ALTER SYSTEM RESET bountygo.jwt_key_file;
\endif
\if :had_previous
ALTER SYSTEM SET bountygo.jwt_previous_key_file = :'old_previous';
\else
ALTER SYSTEM RESET bountygo.jwt_previous_key_file;
\endif
SELECT pg_reload_conf() AS reloaded \gset

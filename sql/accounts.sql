-- One's own account, keys for programs, and what administrators change of others. Signing in itself: t/030_signin.pl.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS bountygo;
SELECT bountygo.init() > 0 AS ready;
-- A server without a key gets one for the time of this test.
SELECT current_setting('bountygo.jwt_key_file') = '' AS no_key \gset
\if :no_key
COPY (SELECT encode(sha256(random()::text::bytea), 'hex')) TO PROGRAM 'umask 077; cat > bountygo_accounts.key';
SELECT count(*) AS had_key, max(s.setting) AS old_key FROM pg_file_settings s
	WHERE s.name = 'bountygo.jwt_key_file' AND s.sourcefile LIKE '%.auto.conf' \gset
ALTER SYSTEM SET bountygo.jwt_key_file = 'bountygo_accounts.key';
SELECT pg_reload_conf() AS reloaded \gset
\c
\endif
SET client_min_messages = warning;
\pset format unaligned
\pset tuples_only on

SELECT bountygo.create_user('accounts ann', 'ann@accounts.example') AS ann, bountygo.create_user('accounts bob') AS bob,
	bountygo.create_user('accounts root', NULL, 'admin') AS root \gset
SELECT bountygo.issue_token(:ann) AS token, bountygo.issue_token(:bob) AS bob_token, bountygo.issue_token(:root) AS root_token \gset

-- As the API's role, signed in by the token; the answer, or what was said.
CREATE FUNCTION pg_temp.as_token(token text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	state text; message text; detail text; hint text;
BEGIN
	BEGIN
		SET LOCAL ROLE bountygo_api;
		PERFORM bountygo.authenticate(token);
		EXECUTE statement INTO answer;
		answer := coalesce(answer, 'NULL');
	EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
		answer := concat_ws(' | ', state, message, nullif(detail, ''), nullif(hint, ''));
	END;
	RESET ROLE;
	PERFORM bountygo.authenticate(NULL);
	RETURN answer;
END
$$;

-- Profile.
SELECT pg_temp.as_token(:'token', $$SELECT bountygo.update_me(nickname => '  Ann  ', avatar_url => 'https://pictures.example/ann.png?x=1', locale => 'zh-Hans-CN',
	timezone => 'Asia/Shanghai') - 'id' - 'created_at' - 'updated_at'$$);
SELECT pg_temp.as_token(:'token', $$SELECT bountygo.update_me(clear => ARRAY['avatar_url']) ->> 'avatar_url'$$);
SELECT pg_temp.as_token(:'token', $$SELECT bountygo.update_me() ->> 'nickname'$$);
SELECT pg_temp.as_token(:'token', $$SELECT bountygo.update_me(nickname => ' ', avatar_url => 'http://pictures.example/', locale => 'not a tag', timezone => 'CET-1',
	clear => ARRAY['nickname', 'locale'])$$);
SELECT pg_temp.as_token(:'token', $$SELECT bountygo.update_me(nickname => repeat('x', 101), avatar_url => 'https://a@b.example', locale => 'en_US', timezone => 'posix/UTC')$$);
SELECT pg_temp.as_token(:'token', $$SELECT bountygo.update_me(nickname => E'a\x07b', avatar_url => E'https://pictures.example/\n', timezone => '../../etc/passwd')$$);
-- All zones that the server knows, by their names alone.
SELECT count(*) FROM pg_timezone_names z WHERE z.name !~ '[0-9]' AND NOT bountygo.is_time_zone(z.name);
SELECT string_agg(n, ' ') FROM unnest(ARRAY['asia/shanghai', 'CST', 'PDT', 'CET-1', 'UTC0', 'Asia', 'XYZ', 'Local', 'DEFAULT', '', 'PST8PDT', 'Etc/GMT+5', 'Zulu']) n WHERE bountygo.is_time_zone(n);
SELECT pg_temp.as_token(NULL, $$SELECT bountygo.update_me(nickname => 'nobody')$$);
-- No way around it: what matters of an account is not the caller's to write.
SELECT pg_temp.as_token(:'token', $$UPDATE bountygo.users SET role = 'admin' RETURNING id$$);
SELECT pg_temp.as_token(:'token', $$UPDATE bountygo.users SET email_verified = true RETURNING id$$);
SELECT pg_temp.as_token(:'token', $$INSERT INTO bountygo.sessions (user_id, method, expires_at) VALUES (1, 'x', now()) RETURNING id$$);
SELECT pg_temp.as_token(:'token', $$INSERT INTO bountygo.api_keys (user_id, name, prefix, secret_hash, scopes) VALUES (1, 'x', 'aaaaaaaaaaaa', sha256('x'), ARRAY['x'])$$);
SELECT pg_temp.as_token(:'token', $$SELECT secret_hash FROM bountygo.api_keys$$);
SELECT pg_temp.as_token(:'token', $$SELECT count(*) FROM bountygo.refresh_tokens$$);
SELECT pg_temp.as_token(:'token', $$SELECT bountygo.start_session(1, 'x')$$);
SELECT pg_temp.as_token(:'token', $$SELECT bountygo.access_token(1)$$);
SELECT pg_temp.as_token(:'token', $$SELECT bountygo.set_user_role(1, 'admin')$$);
SELECT pg_temp.as_token(:'token', $$SELECT bountygo.set_oidc_provider('x', 'x', 'https://x.example', ARRAY['x'])$$);

-- Others see a name and a picture.
SELECT pg_temp.as_token(NULL, format('SELECT bountygo.public_user(%s) - ''id'' - ''created_at''', :ann));
SELECT pg_temp.as_token(NULL, 'SELECT bountygo.public_user(0)');

-- Administrators.
SELECT pg_temp.as_token(:'bob_token', format('SELECT bountygo.admin_update_user(%s, role => ''admin'')', :bob));
SELECT pg_temp.as_token(NULL, format('SELECT bountygo.admin_update_user(%s, role => ''admin'')', :bob));
SELECT pg_temp.as_token(:'root_token', format('SELECT bountygo.admin_update_user(%s, role => ''moderator'', model_calls_per_day => 3) - ''id'' - ''created_at'' - ''updated_at''', :bob));
SELECT pg_temp.as_token(:'root_token', format('SELECT bountygo.admin_update_user(%s, clear => ARRAY[''model_calls_per_day'']) ->> ''model_calls_per_day''', :bob));
SELECT pg_temp.as_token(:'root_token', format('SELECT bountygo.admin_update_user(%s, model_calls_per_day => -1, clear => ARRAY[''role''])', :bob));
SELECT pg_temp.as_token(:'root_token', format('SELECT bountygo.admin_update_user(%s, is_disabled => true)', :root));
SELECT pg_temp.as_token(:'root_token', 'SELECT bountygo.admin_update_user(0, is_disabled => true)');
SELECT pg_temp.as_token(:'root_token', format('SELECT bountygo.admin_update_user(%s, is_disabled => true) ->> ''disabled_at'' IS NOT NULL', :bob));
SELECT pg_temp.as_token(:'bob_token', 'SELECT bountygo.me()');
SELECT pg_temp.as_token(NULL, format('SELECT bountygo.public_user(%s)', :bob));
SELECT pg_temp.as_token(:'root_token', format('SELECT bountygo.admin_update_user(%s, is_disabled => false) ->> ''disabled_at''', :bob));
SELECT pg_temp.as_token(:'bob_token', 'SELECT bountygo.me()') AS "sessions do not come back";
SELECT bountygo.set_user_role(:bob, 'user');
SELECT role FROM bountygo.users WHERE id = :bob;

-- Keys for programs.
SELECT pg_temp.as_token(:'token', $$SELECT bountygo.create_api_key(' my bot ', ARRAY['todos:write', 'tasks:read', 'tasks:read'])
	- 'id' - 'created_at' - 'prefix' - 'key'$$);
SELECT pg_temp.as_token(:'token', $$SELECT bountygo.create_api_key('', ARRAY['tasks:read', 'everything', NULL], now() - interval '1 day')$$) LIKE
	'UB422 | the request is not valid | [{"detail": "This must have 1 to 100 characters, on one line.", "pointer": "/name"}, {"detail": "This must be one of account:read, %", "pointer": "/scopes/1"}, {"detail": "This must be one of %", "pointer": "/scopes/2"}, {"detail": "This must be a time in the future.", "pointer": "/expires_at"}]';
SELECT pg_temp.as_token(:'token', $$SELECT bountygo.create_api_key('x', '{}', 'infinity')$$) LIKE 'UB422 %"/scopes"%"/expires_at"%';
SELECT pg_temp.as_token(:'token', $$SELECT bountygo.create_api_key('x', NULL)$$) LIKE 'UB422 %"/scopes"%';
SELECT pg_temp.as_token(:'token', $$SELECT bountygo.list_api_keys(count => 'exact') #- '{items,0,id}' #- '{items,0,prefix}' #- '{items,0,created_at}'$$);
SELECT pg_temp.as_token(:'token', 'SELECT bountygo.revoke_api_key(0)');
SELECT id AS key_id FROM bountygo.api_keys WHERE user_id = :ann \gset
SELECT pg_temp.as_token(:'root_token', format('SELECT bountygo.revoke_api_key(%s)', :key_id)) AS "not another's";
SELECT pg_temp.as_token(:'token', format('SELECT bountygo.revoke_api_key(%s)', :key_id));
SELECT pg_temp.as_token(:'token', format('UPDATE bountygo.api_keys SET revoked_at = NULL WHERE id = %s RETURNING id', :key_id)) AS "nor back";
SELECT pg_temp.as_token(:'token', 'SELECT bountygo.list_api_keys()');
SELECT pg_temp.as_token(:'token', 'SELECT bountygo.list_api_keys("limit" => 0)');

-- Lists have pages.
SELECT bountygo.issue_token(:ann) IS NOT NULL, bountygo.issue_token(:ann) IS NOT NULL;
SELECT pg_temp.as_token(:'token', $$SELECT jsonb_array_length(a -> 'items') || ' ' || (a ->> 'total') || ' ' || jsonb_array_length(b -> 'items') || ' ' || coalesce(b ->> 'next', 'end')
	FROM bountygo.list_sessions('exact', NULL, 2) a, LATERAL bountygo.list_sessions(cursor => a ->> 'next') b$$);
SELECT pg_temp.as_token(:'token', $$SELECT bountygo.list_sessions(cursor => 'nonsense')$$);
SELECT pg_temp.as_token(:'token', $$SELECT bountygo.list_wallets()$$);
SELECT pg_temp.as_token(NULL, $$SELECT bountygo.list_sessions()$$);
SELECT pg_temp.as_token(NULL, $$SELECT bountygo.auth_status() - 'available'$$);

-- A user has so many model calls a day. The ledger admits under one lock, so that no two take the last one.
SELECT bountygo.ppio_reset_breaker() IS NOT NULL;
INSERT INTO bountygo.jobs (kind, stage, requested_by) VALUES ('text', 'model', :ann), ('text', 'model', :ann), ('text', 'model', :ann);
SELECT min(id) AS job_one, max(id) AS job_three FROM bountygo.jobs WHERE requested_by = :ann \gset
UPDATE bountygo.users SET model_calls_per_day = 2 WHERE id = :ann;
SELECT verdict FROM bountygo.jobs j, bountygo.ppio_admit(j.id, 'm', 1, 1000000000, 0, 30, 100) WHERE j.requested_by = :ann ORDER BY j.id;
SELECT calls FROM bountygo.model_usage WHERE user_id = :ann;
SELECT pg_temp.as_token(:'token', 'SELECT bountygo.model_calls_left()');
SELECT split_part(said, '|', 1) || split_part(said, '|', 2), split_part(said, '|', 3)::integer BETWEEN 1 AND 86400
	FROM pg_temp.as_token(:'token', $$SELECT bountygo.submit_text('some words for the model to read')$$) said;
-- Without a number of one's own it is the setting's; -1 is no limit, 0 none at all.
UPDATE bountygo.users SET model_calls_per_day = NULL WHERE id = :ann;
SELECT verdict FROM bountygo.ppio_admit(:job_three, 'm', 1, 1000000000, 0, 30, 3);
SELECT verdict, retry_at = (date_trunc('day', timezone('UTC', now())) + interval '1 day') AT TIME ZONE 'UTC' FROM bountygo.ppio_admit(:job_one, 'm', 1, 1000000000, 0, 30, 3);
SELECT verdict FROM bountygo.ppio_admit(:job_one, 'm', 1, 1000000000, 0, 30, -1);
SELECT verdict FROM bountygo.ppio_admit(:job_one, 'm', 1, 1000000000, 0, 30, 0);
SELECT calls FROM bountygo.model_usage WHERE user_id = :ann;

-- Providers.
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	state text; message text; detail text;
BEGIN
	EXECUTE statement INTO answer;
	RETURN coalesce(answer, 'NULL');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' | ', state, message, nullif(detail, ''));
END
$$;
BEGIN;
SELECT bountygo.set_oidc_provider('google', 'https://id.example', 'https://id.example/keys', ARRAY['client']);
SELECT name, issuer, jwks_url, audiences, authorized_parties, is_enabled, keys_asked_at IS NOT NULL FROM bountygo.oidc_providers;
SELECT kind, state, host, dedupe_key FROM bountygo.jobs WHERE kind = 'jwks';
SELECT bountygo.schedule_keys() AS "not again";
SELECT pg_temp.try($$SELECT bountygo.set_oidc_provider('second', 'https://id.example', 'https://id.example/keys', ARRAY['client'])$$);
SELECT pg_temp.try($$SELECT bountygo.set_oidc_provider('Bad Name', '', 'http://id.example/keys', '{}', ARRAY[''])$$);
SELECT pg_temp.try($$SELECT bountygo.set_oidc_provider(NULL, NULL, NULL, NULL)$$);
SELECT pg_temp.try($$SELECT bountygo.set_oidc_provider('x', 'x', 'https://127.0.0.9.nip/../', ARRAY[NULL])$$);
SELECT bountygo.keys_in('{"keys": [{"kid": "a", "kty": "RSA", "n": "1", "e": "AQAB", "d": "secret"}, {"kid": "a", "kty": "RSA", "n": "2"}, {"kid": "b", "kty": "oct", "k": "1"},
	{"kid": "", "kty": "EC"}, {"kid": "c", "kty": "EC", "use": "enc"}, 7, {"kid": 5, "kty": "EC"}, {"kid": "d", "kty": "EC", "crv": "P-256", "x": "1", "y": "2", "use": "sig"}]}');
SELECT (SELECT count(*) FROM bountygo.keys_in('[]')), (SELECT count(*) FROM bountygo.keys_in('{"keys": {"kid": "a"}}'));
SELECT pg_temp.try($$SELECT bountygo.oidc_sign_in('google', 'x')$$);
SELECT pg_temp.try($$SELECT bountygo.oidc_sign_in('nobody', 'x')$$);
SELECT pg_temp.try($$SELECT bountygo.google_sign_in(NULL)$$);
SELECT pg_temp.try($$SELECT bountygo.clerk_sign_in(NULL)$$);
ROLLBACK;

-- Nothing is left of this test.
DELETE FROM bountygo.model_calls c USING bountygo.jobs j WHERE j.id = c.job_id AND j.requested_by = :ann;
DELETE FROM bountygo.users WHERE id IN (:ann, :bob, :root);
\if :no_key
\if :had_key
ALTER SYSTEM SET bountygo.jwt_key_file = :'old_key';
\else
ALTER SYSTEM RESET bountygo.jwt_key_file;
\endif
SELECT pg_reload_conf() AS reloaded \gset
COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; rm -f bountygo_accounts.key';
\endif

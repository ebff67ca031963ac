-- One's own account: profile, wallets, API keys, what is kept of it, and its end. What administrators change of others.

-- Profile -----------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.public_user(id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	answer jsonb;
BEGIN
	SELECT bountygo.user_object(u.id, u.nickname, u.avatar_url, u.created_at) INTO answer
		FROM bountygo.public_users u WHERE u.id = public_user.id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no such user' USING ERRCODE = 'UB404', HINT = 'It does not exist or is not visible to you.';
	END IF;
	RETURN answer;
END
$$;
COMMENT ON FUNCTION bountygo.public_user(bigint) IS
'What anyone may know of a user: {id, nickname, avatar_url, created_at}. UB404 if there is none, or the account is disabled.';

CREATE FUNCTION bountygo.nickname_problem(nickname text) RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN coalesce(length(bountygo.clean_text(nickname)), 0) NOT BETWEEN 1 AND 100
		THEN bountygo.problem('/nickname', 'This must have 1 to 100 characters.')
	WHEN bountygo.has_control_characters(bountygo.clean_text(nickname))
		THEN bountygo.problem('/nickname', 'This must not hold control characters.')
	-- Marks that turn the direction of a line let a name look like another; a name that nobody sees looks like none.
	WHEN nickname ~ '[\u202a-\u202e\u2066-\u2069]' OR nickname !~ '[^\s\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202f\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0]'
		THEN bountygo.problem('/nickname', 'This must have characters that one sees, and none that turn the direction of a line.')
	ELSE '[]' END
$$;
COMMENT ON FUNCTION bountygo.nickname_problem(text) IS 'What is wrong with a nickname, for raise_invalid; an empty list if nothing is.';

CREATE FUNCTION bountygo.is_time_zone(name text) RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $$
BEGIN
	IF name ~ '[0-9]' THEN
		-- Few zones have a digit, but every rule in the manner of POSIX has one: only the list, which reads hundreds of files, tells them apart.
		RETURN EXISTS (SELECT FROM pg_timezone_names z WHERE z.name = is_time_zone.name);
	END IF;
	-- The setting knows no abbreviations and comes back as the zone is spelt.
	RETURN set_config('timezone', name, true) = name;
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN false;
END
$$;
COMMENT ON FUNCTION bountygo.is_time_zone(text) IS 'Whether that is the name of a time zone as pg_timezone_names lists it: no abbreviation, no rule, letters as they are.';

CREATE FUNCTION bountygo.update_me(nickname text DEFAULT NULL, avatar_url text DEFAULT NULL, locale text DEFAULT NULL,
	timezone text DEFAULT NULL, clear text[] DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_user();
	problems jsonb := '[]';
BEGIN
	SELECT coalesce(jsonb_agg(p.problem), '[]') INTO problems FROM unnest(clear) AS c (name)
		CROSS JOIN LATERAL (SELECT bountygo.problem('/' || c.name, 'This cannot be cleared.') -> 0 AS problem) p
		WHERE c.name <> 'avatar_url';
	IF update_me.nickname IS NOT NULL THEN
		problems := problems || bountygo.nickname_problem(update_me.nickname);
	END IF;
	IF update_me.avatar_url IS NOT NULL AND (length(update_me.avatar_url) > 2048 OR update_me.avatar_url !~ '^https://[^\s/?#@[:cntrl:]]+([/?#][^\s[:cntrl:]]*)?$') THEN
		problems := problems || bountygo.problem('/avatar_url', 'This must be an https URL of at most 2048 characters.');
	END IF;
	IF length(update_me.locale) > 35 OR update_me.locale !~ '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$' THEN
		problems := problems || bountygo.problem('/locale', 'This must be a language tag (BCP 47), such as en or zh-CN.');
	END IF;
	IF update_me.timezone IS NOT NULL AND (update_me.timezone !~ '^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$' OR update_me.timezone ~ '^(posix|right)/'
			OR update_me.timezone IN ('localtime', 'posixrules', 'Factory')
			OR NOT bountygo.is_time_zone(update_me.timezone)) THEN
		problems := problems || bountygo.problem('/timezone', 'This must be the IANA name of a time zone, such as Asia/Shanghai.');
	END IF;
	PERFORM bountygo.raise_invalid(problems);
	UPDATE bountygo.users u SET nickname = coalesce(bountygo.clean_text(update_me.nickname), u.nickname),
		avatar_url = CASE WHEN 'avatar_url' = ANY (clear) THEN NULL ELSE coalesce(update_me.avatar_url, u.avatar_url) END,
		locale = coalesce(update_me.locale, u.locale), timezone = coalesce(update_me.timezone, u.timezone), updated_at = clock_timestamp()
	WHERE u.id = caller;
	RETURN bountygo.me();
END
$$;
COMMENT ON FUNCTION bountygo.update_me(text, text, text, text, text[]) IS
'Changes the caller''s account; what is not given stays. nickname: 1 to 100 characters; avatar_url: https; locale: language tag (BCP 47); timezone: IANA name. clear: names to be emptied, of which avatar_url is the only one that can be. Returns me(). UB401 without a token, UB422 for bad values.';

CREATE FUNCTION bountygo.is_database_admin() RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT pg_has_role(coalesce(nullif(current_setting('role'), 'none'), session_user)::name, 'bountygo_admin', 'MEMBER') $$;
COMMENT ON FUNCTION bountygo.is_database_admin() IS
'Whether the role that the session has set, or has logged in as, is an administrator of the database; true to that also within functions that run as bountygo_owner.';

CREATE FUNCTION bountygo.admin_update_user(id bigint, role bountygo.user_role DEFAULT NULL, is_disabled boolean DEFAULT NULL,
	model_calls_per_day integer DEFAULT NULL, clear text[] DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.current_user_id();
	problems jsonb;
	answer jsonb;
BEGIN
	IF NOT bountygo.is_admin() AND NOT (caller IS NULL AND bountygo.is_database_admin()) THEN
		PERFORM bountygo.require_user();
		RAISE EXCEPTION 'only administrators may do this' USING ERRCODE = 'UB403';
	END IF;
	SELECT coalesce(jsonb_agg(p.problem), '[]') INTO problems FROM unnest(clear) AS c (name)
		CROSS JOIN LATERAL (SELECT bountygo.problem('/' || c.name, 'This cannot be cleared.') -> 0 AS problem) p
		WHERE c.name <> 'model_calls_per_day';
	IF admin_update_user.model_calls_per_day NOT BETWEEN 0 AND 1000000 THEN
		problems := problems || bountygo.problem('/model_calls_per_day', 'This must be from 0 to 1000000.');
	END IF;
	PERFORM bountygo.raise_invalid(problems);
	IF admin_update_user.id = caller AND (admin_update_user.role <> 'admin' OR admin_update_user.is_disabled) THEN
		RAISE EXCEPTION 'administrators cannot take their own rights' USING ERRCODE = 'UB409', HINT = 'Another administrator can.';
	END IF;
	UPDATE bountygo.users u SET role = coalesce(admin_update_user.role, u.role),
		disabled_at = CASE admin_update_user.is_disabled WHEN true THEN coalesce(u.disabled_at, clock_timestamp()) WHEN false THEN NULL
			ELSE u.disabled_at END,
		model_calls_per_day = CASE WHEN 'model_calls_per_day' = ANY (clear) THEN NULL
			ELSE coalesce(admin_update_user.model_calls_per_day, u.model_calls_per_day) END,
		updated_at = clock_timestamp()
	WHERE u.id = admin_update_user.id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no such user' USING ERRCODE = 'UB404', HINT = 'It does not exist or is not visible to you.';
	END IF;
	IF admin_update_user.is_disabled THEN
		-- They do not come back with the account.
		UPDATE bountygo.sessions s SET revoked_at = clock_timestamp() WHERE s.user_id = admin_update_user.id AND s.revoked_at IS NULL;
	END IF;
	SELECT bountygo.me_object(u.id) || jsonb_build_object('disabled_at', bountygo.rfc3339(u.disabled_at),
			'model_calls_per_day', u.model_calls_per_day)
		INTO answer FROM bountygo.users u WHERE u.id = admin_update_user.id;
	RETURN answer;
END
$$;
COMMENT ON FUNCTION bountygo.admin_update_user(bigint, bountygo.user_role, boolean, integer, text[]) IS
'Changes another''s account; what is not given stays. is_disabled true: nobody signs in, all sessions end, API keys rest; false: open again. model_calls_per_day: 0 to 1000000, cleared: bountygo.ppio_user_daily_calls. Returns the account with e-mail, role and disabled_at. For administrators. UB401, UB403 for others, UB404 if there is no such user, UB409 for oneself, UB422 for bad values.';

CREATE FUNCTION bountygo.set_user_role(user_id bigint, role bountygo.user_role) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF set_user_role.role IS NULL THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('/role', 'This must be one of user, moderator, admin.'));
	END IF;
	UPDATE bountygo.users u SET role = set_user_role.role, updated_at = clock_timestamp() WHERE u.id = set_user_role.user_id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no such user' USING ERRCODE = 'UB404';
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.set_user_role(bigint, bountygo.user_role) IS
'Makes a user a moderator, an admin, or a plain user again; counts at once, whatever their token says. This is how the first admin is made. For administrators of the database. UB404 if there is no such user.';

-- Wallets -----------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.list_wallets(count bountygo.count_mode DEFAULT 'none', cursor text DEFAULT NULL, "limit" integer DEFAULT 20)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_user();
	wanted constant integer := coalesce("limit", 20);
	after bigint := 0;
	answer jsonb;
BEGIN
	IF wanted NOT BETWEEN 1 AND 100 THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('?limit', 'This must be from 1 to 100.'));
	END IF;
	IF cursor IS NOT NULL THEN
		SELECT c.id INTO after FROM bountygo.cursor_read(cursor, 'wallets') c;
	END IF;
	SELECT jsonb_build_object('items', coalesce(jsonb_agg(f.item ORDER BY f.id) FILTER (WHERE f.n <= wanted), '[]'),
			'next', CASE WHEN count(*) > wanted THEN bountygo.cursor_make('wallets', '', max(f.id) FILTER (WHERE f.n <= wanted)) END)
		INTO answer
		FROM (SELECT w.id, row_number() OVER (ORDER BY w.id) AS n, bountygo.wallet_object(w.id) AS item
			FROM bountygo.user_wallets w WHERE w.user_id = caller AND w.id > after ORDER BY w.id LIMIT wanted + 1) f;
	IF count <> 'none' THEN
		answer := answer || (SELECT jsonb_build_object('total', count(*)) FROM bountygo.user_wallets w WHERE w.user_id = caller);
	END IF;
	RETURN answer;
END
$$;
COMMENT ON FUNCTION bountygo.list_wallets(bountygo.count_mode, text, integer) IS
'The caller''s wallets, oldest first: {"items": [{id, address, chain_id, is_primary, created_at}], "next"}. limit from 1 to 100. UB401 without a token, UB422 for a bad limit or cursor.';

CREATE FUNCTION bountygo.make_wallet_primary(owner bigint, wallet_id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- The one that is steps down first: at no moment may there be two.
	UPDATE bountygo.user_wallets w SET is_primary = false WHERE w.user_id = owner AND w.is_primary AND w.id <> wallet_id;
	UPDATE bountygo.user_wallets w SET is_primary = true WHERE w.user_id = owner AND w.id = wallet_id AND NOT w.is_primary;
END
$$;
COMMENT ON FUNCTION bountygo.make_wallet_primary(bigint, bigint) IS 'Makes one of a user''s wallets the primary one. The user''s row is locked. Internal.';

CREATE FUNCTION bountygo.set_primary_wallet(id bigint) RETURNS jsonb
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_person();
BEGIN
	PERFORM FROM bountygo.users u WHERE u.id = caller FOR NO KEY UPDATE;
	PERFORM FROM bountygo.user_wallets w WHERE w.id = set_primary_wallet.id AND w.user_id = caller;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no such wallet' USING ERRCODE = 'UB404', HINT = 'It does not exist or is not visible to you.';
	END IF;
	PERFORM bountygo.make_wallet_primary(caller, set_primary_wallet.id);
	RETURN bountygo.wallet_object(set_primary_wallet.id);
END
$$;
COMMENT ON FUNCTION bountygo.set_primary_wallet(bigint) IS
'Makes one of the caller''s wallets the primary one, and returns it. UB401 without a token, UB403 for an API key, UB404 if the caller has no such wallet.';

CREATE FUNCTION bountygo.unlink_wallet(id bigint) RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_person();
	was_primary boolean;
BEGIN
	-- Two at once must not each take the other for the way that is left.
	PERFORM FROM bountygo.users u WHERE u.id = caller FOR NO KEY UPDATE;
	DELETE FROM bountygo.user_wallets w WHERE w.id = unlink_wallet.id AND w.user_id = caller RETURNING w.is_primary INTO was_primary;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no such wallet' USING ERRCODE = 'UB404', HINT = 'It does not exist or is not visible to you.';
	END IF;
	IF NOT EXISTS (SELECT FROM bountygo.user_wallets w WHERE w.user_id = caller)
			AND NOT EXISTS (SELECT FROM bountygo.identities i JOIN bountygo.oidc_providers p ON p.name = i.provider
				WHERE i.user_id = caller AND p.is_enabled) THEN
		RAISE EXCEPTION 'this is the only way to sign in to the account' USING ERRCODE = 'UB409',
			HINT = 'Link another wallet or identity first, or delete the account.';
	END IF;
	IF was_primary THEN
		PERFORM bountygo.make_wallet_primary(caller, (SELECT min(w.id) FROM bountygo.user_wallets w WHERE w.user_id = caller));
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.unlink_wallet(bigint) IS
'Takes a wallet from the caller''s account; if it was the primary one, the oldest of the others becomes that. UB401 without a token, UB403 for an API key, UB404 if the caller has no such wallet, UB409 if it is the only way to sign in.';

-- API keys ----------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.api_key_object(id bigint) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT jsonb_build_object('id', k.id, 'name', k.name, 'prefix', k.prefix, 'scopes', to_jsonb(k.scopes), 'created_at', bountygo.rfc3339(k.created_at),
	'expires_at', bountygo.rfc3339(k.expires_at), 'last_used_at', bountygo.rfc3339(k.last_used_at))
FROM bountygo.api_keys k WHERE k.id = api_key_object.id
$$;
COMMENT ON FUNCTION bountygo.api_key_object(bigint) IS 'An API key as its owner sees it: all but the key.';

CREATE FUNCTION bountygo.list_api_keys(count bountygo.count_mode DEFAULT 'none', cursor text DEFAULT NULL, "limit" integer DEFAULT 20)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_person();
	wanted constant integer := coalesce("limit", 20);
	before bigint := 9223372036854775807;
	answer jsonb;
BEGIN
	IF wanted NOT BETWEEN 1 AND 100 THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('?limit', 'This must be from 1 to 100.'));
	END IF;
	IF cursor IS NOT NULL THEN
		SELECT c.id INTO before FROM bountygo.cursor_read(cursor, 'keys') c;
	END IF;
	SELECT jsonb_build_object('items', coalesce(jsonb_agg(f.item ORDER BY f.id DESC) FILTER (WHERE f.n <= wanted), '[]'),
			'next', CASE WHEN count(*) > wanted THEN bountygo.cursor_make('keys', '', min(f.id) FILTER (WHERE f.n <= wanted)) END)
		INTO answer
		FROM (SELECT k.id, row_number() OVER (ORDER BY k.id DESC) AS n, bountygo.api_key_object(k.id) AS item
			FROM bountygo.api_keys k WHERE k.user_id = caller AND k.revoked_at IS NULL AND k.id < before
			ORDER BY k.id DESC LIMIT wanted + 1) f;
	IF count <> 'none' THEN
		answer := answer || (SELECT jsonb_build_object('total', count(*)) FROM bountygo.api_keys k
			WHERE k.user_id = caller AND k.revoked_at IS NULL);
	END IF;
	RETURN answer;
END
$$;
COMMENT ON FUNCTION bountygo.list_api_keys(bountygo.count_mode, text, integer) IS
'The caller''s API keys that are not revoked, newest first: {"items": [{id, name, prefix, scopes, created_at, expires_at, last_used_at}], "next"}. limit from 1 to 100. UB401 without a token, UB403 for an API key, UB422 for a bad limit or cursor.';

CREATE FUNCTION bountygo.create_api_key(name text, scopes text[], expires_at timestamptz DEFAULT NULL) RETURNS jsonb
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_person();
	wanted_name constant text := bountygo.clean_text(name);
	offered constant text[] := ARRAY(SELECT DISTINCT r.scope FROM bountygo.routes r WHERE r.scope IS NOT NULL ORDER BY 1);
	wanted_scopes constant text[] := ARRAY(SELECT DISTINCT s.scope FROM unnest(scopes) AS s (scope) ORDER BY 1);
	prefix text;
	secret constant text := bountygo.random_token(32);
	problems jsonb := '[]';
	created bigint;
BEGIN
	IF coalesce(length(wanted_name), 0) NOT BETWEEN 1 AND 100 OR bountygo.has_control_characters(wanted_name) THEN
		problems := problems || bountygo.problem('/name', 'This must have 1 to 100 characters, on one line.');
	END IF;
	IF cardinality(wanted_scopes) NOT BETWEEN 1 AND 20 THEN
		problems := problems || bountygo.problem('/scopes', format('This must be a list of 1 to 20 of %s.', array_to_string(offered, ', ')));
	ELSE
		SELECT problems || coalesce(jsonb_agg(p.problem), '[]') INTO problems FROM unnest(scopes) WITH ORDINALITY AS s (scope, place)
			CROSS JOIN LATERAL (SELECT bountygo.problem('/scopes/' || (s.place - 1),
				format('This must be one of %s.', array_to_string(offered, ', '))) -> 0 AS problem) p
			WHERE s.scope IS NULL OR s.scope <> ALL (offered);
	END IF;
	IF create_api_key.expires_at <= clock_timestamp() OR create_api_key.expires_at >= 'infinity' THEN
		problems := problems || bountygo.problem('/expires_at', 'This must be a time in the future.');
	END IF;
	PERFORM bountygo.raise_invalid(problems);
	PERFORM FROM bountygo.users u WHERE u.id = caller FOR NO KEY UPDATE;
	IF (SELECT count(*) FROM bountygo.api_keys k WHERE k.user_id = caller AND k.revoked_at IS NULL) >= 100 THEN
		RAISE EXCEPTION 'there are 100 API keys already' USING ERRCODE = 'UB409', HINT = 'Revoke those that are not used.';
	END IF;
	LOOP
		prefix := bountygo.random_name(12);
		INSERT INTO bountygo.api_keys (user_id, name, prefix, secret_hash, scopes, expires_at)
		VALUES (caller, wanted_name, prefix, sha256(convert_to(secret, 'UTF8')), wanted_scopes, create_api_key.expires_at)
		ON CONFLICT ON CONSTRAINT api_keys_prefix_key DO NOTHING
		RETURNING id INTO created;
		EXIT WHEN FOUND;
	END LOOP;
	RETURN bountygo.api_key_object(created) || jsonb_build_object('key', 'bgo_' || prefix || '_' || secret);
END
$$;
COMMENT ON FUNCTION bountygo.create_api_key(text, text[], timestamptz) IS
'A key for a program that acts for the caller, as a plain user: {id, name, prefix, scopes, created_at, expires_at, last_used_at, key}. key is shown this once: only its hash is kept. name: 1 to 100 characters; scopes: "area:read" or "area:write" (which includes read), as routes name them; expires_at: in the future, or never. At most 100 a user. UB401 without a token, UB403 for an API key, UB409 if there are too many, UB422 for bad values.';

CREATE FUNCTION bountygo.revoke_api_key(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_person();
BEGIN
	UPDATE bountygo.api_keys k SET revoked_at = clock_timestamp() WHERE k.id = revoke_api_key.id AND k.user_id = caller AND k.revoked_at IS NULL;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no such API key' USING ERRCODE = 'UB404', HINT = 'It does not exist or is not visible to you.';
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.revoke_api_key(bigint) IS
'Ends one of the caller''s API keys at once. UB401 without a token, UB403 for an API key, UB404 if there is none of this id that is not revoked.';

-- All of it ---------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.user_columns() RETURNS TABLE (relation regclass, name text, "column" text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT c.oid::regclass, c.relname::text, a.attname::text
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.conkey[1]
WHERE k.contype = 'f' AND k.confrelid = to_regclass('bountygo.users') AND c.relnamespace = 'bountygo'::regnamespace
ORDER BY c.relname, a.attname
$$;
COMMENT ON FUNCTION bountygo.user_columns() IS 'Every column that refers to a user: what an export has to look at, as the catalog says. Internal.';

CREATE FUNCTION bountygo.export_me() RETURNS jsonb
LANGUAGE plpgsql STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- All of it is more than any scope of an API key.
	caller constant bigint := bountygo.require_person();
	mine constant text := 'user:' || caller;
	place record;
	rows jsonb;
	data jsonb := '{}';
BEGIN
	-- The catalog knows which tables there are, also those that came after this was written. Names are its own, never an argument.
	FOR place IN SELECT u.relation, u.name, string_agg(format('t.%I = $1', u."column"), ' OR ') AS condition
		FROM bountygo.user_columns() u GROUP BY u.relation, u.name ORDER BY u.name
	LOOP
		-- Hashes are secrets: no bytes.
		EXECUTE format('SELECT coalesce(jsonb_agg(to_jsonb(t) - $2), ''[]'') FROM %s t WHERE %s', place.relation, place.condition)
			INTO rows USING caller, ARRAY(SELECT a.attname::text FROM pg_attribute a
				WHERE a.attrelid = place.relation AND a.atttypid IN ('bytea'::regtype, 'tsvector'::regtype));
		data := data || jsonb_build_object(place.name, rows);
	END LOOP;
	-- What belongs to a user by way of something else.
	SELECT data || jsonb_build_object(
		'job_payloads', (SELECT coalesce(jsonb_agg(to_jsonb(p) ORDER BY p.job_id), '[]') FROM bountygo.job_payloads p
			JOIN bountygo.jobs j ON j.id = p.job_id WHERE j.requested_by = caller),
		'job_results', (SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY r.job_id), '[]') FROM bountygo.job_results r
			JOIN bountygo.jobs j ON j.id = r.job_id WHERE j.requested_by = caller),
		'evidence', (SELECT coalesce(jsonb_agg(to_jsonb(e) ORDER BY e.id), '[]') FROM bountygo.evidence e WHERE e.method = mine),
		'task_history', (SELECT coalesce(jsonb_agg(to_jsonb(h) ORDER BY h.id), '[]') FROM bountygo.task_history h
			WHERE h.changed_by = caller OR h.method = mine))
		INTO data;
	RETURN jsonb_build_object('exported_at', bountygo.rfc3339(clock_timestamp()), 'user', bountygo.me_object(caller), 'data', data);
END
$$;
COMMENT ON FUNCTION bountygo.export_me() IS
'Everything that is kept about the caller: {exported_at, user, data}, data with a list of rows by table, as they are stored, without hashes of secrets. UB401 without a token, UB403 for an API key.';

CREATE FUNCTION bountygo.delete_me() RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_person();
	mine constant text := 'user:' || caller;
	texts bigint[];
BEGIN
	-- Jobs first, then the account: a worker that holds a job may still write in its name, and is waited for here.
	SELECT array_agg(DISTINCT r.snapshot_id) INTO texts FROM bountygo.jobs j JOIN bountygo.job_results r ON r.job_id = j.id
		JOIN bountygo.snapshots s ON s.id = r.snapshot_id
		WHERE j.requested_by = caller AND j.kind = 'text';
	DELETE FROM bountygo.jobs j WHERE j.id IN (SELECT o.id FROM bountygo.jobs o WHERE o.requested_by = caller ORDER BY o.id FOR UPDATE);
	-- What others write, too, in the order in which everybody locks it, before the deletes below come to it in theirs.
	PERFORM FROM bountygo.tasks t WHERE t.sponsor_id = caller OR t.submitted_by = caller ORDER BY t.id FOR UPDATE;
	PERFORM FROM bountygo.task_counts c WHERE c.task_id IN (SELECT d.task_id FROM bountygo.todos d WHERE d.user_id = caller
		UNION SELECT m.task_id FROM bountygo.messages m WHERE m.author_id = caller) ORDER BY c.task_id FOR UPDATE;
	-- Text that was handed in is the user's, unless somebody else has handed in the same or a task rests on it. Pages are everybody's.
	DELETE FROM bountygo.snapshots s WHERE s.id = ANY (texts)
		AND NOT EXISTS (SELECT FROM bountygo.job_results r WHERE r.snapshot_id = s.id)
		AND NOT EXISTS (SELECT FROM bountygo.tasks t WHERE t.snapshot_id = s.id)
		AND NOT EXISTS (SELECT FROM bountygo.evidence e WHERE e.snapshot_id = s.id);
	DELETE FROM bountygo.wallet_nonces n USING bountygo.user_wallets w WHERE w.user_id = caller AND lower(n.address) = lower(w.address);
	DELETE FROM bountygo.refresh_tokens t USING bountygo.sessions s WHERE s.id = t.session_id AND s.user_id = caller;
	DELETE FROM bountygo.events e USING bountygo.messages m
		WHERE m.author_id = caller AND e.kind = 'new_message' AND e.payload ->> 'message_id' = m.id::text;
	DELETE FROM bountygo.messages m WHERE m.author_id = caller;
	DELETE FROM bountygo.reports r WHERE r.reporter_id = caller;
	-- What nobody else has seen goes; what is public stays, nobody's.
	DELETE FROM bountygo.tasks t WHERE t.sponsor_id = caller AND t.status = 'draft';
	DELETE FROM bountygo.users u WHERE u.id = caller;
	-- Only now: the law on evidence lets go of a name when nobody bears it any more.
	UPDATE bountygo.evidence e SET method = 'user:0' WHERE e.method = mine;
	UPDATE bountygo.task_history h SET method = 'user:0' WHERE h.method = mine;
END
$$;
COMMENT ON FUNCTION bountygo.delete_me() IS
'Deletes the caller''s account for good: sessions, keys, wallets, identities, todos, messages, reports, jobs, drafts and everything else that bears the user''s id. Published tasks stay without a sponsor, and what the user wrote in them as that of user 0. UB401 without a token, UB403 for an API key.';

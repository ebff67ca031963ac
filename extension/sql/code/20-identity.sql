-- Who is calling, and accounts. Roles and rights of these functions: grant_privileges().

CREATE FUNCTION bountygo.authenticate(token text) RETURNS bigint
AS 'MODULE_PATHNAME', 'bountygo_authenticate' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION bountygo.authenticate(text) IS
'Verifies an access token or an API key (bgo_…) and makes its user the caller until the end of the transaction; returns the user''s id. NULL or an empty token: nobody. An API key acts as a plain user, within its scopes, whatever the role of its account; that it is in use is noted once an hour, but not in read-only transactions. UB401 if the token is forged, expired, not valid yet, for another service, its session or key revoked or over, or its account disabled; UB503 if the server has no signing key.';

CREATE FUNCTION bountygo.current_user_id() RETURNS bigint
AS 'MODULE_PATHNAME', 'bountygo_current_user_id' LANGUAGE c STABLE LEAKPROOF PARALLEL RESTRICTED;
COMMENT ON FUNCTION bountygo.current_user_id() IS
'The user whose token was verified in this transaction; NULL if there was none. Row-level security rests on it.';

CREATE FUNCTION bountygo.current_user_role() RETURNS bountygo.user_role
AS 'MODULE_PATHNAME', 'bountygo_current_user_role' LANGUAGE c STABLE LEAKPROOF PARALLEL RESTRICTED;
COMMENT ON FUNCTION bountygo.current_user_role() IS
'The role of the caller: the lesser of what the token says and what the account has now; NULL without a token.';

CREATE FUNCTION bountygo.issue_token(user_id bigint, ttl interval DEFAULT NULL) RETURNS text
AS 'MODULE_PATHNAME', 'bountygo_issue_token' LANGUAGE c VOLATILE PARALLEL UNSAFE;
REVOKE ALL ON FUNCTION bountygo.issue_token(bigint, interval) FROM PUBLIC;
COMMENT ON FUNCTION bountygo.issue_token(bigint, interval) IS
'An access token for a user, signed by the server, with a session of its own (method admin) that ends with it and can be revoked. ttl: 1 second to 1 day, default bountygo.access_token_lifetime. For administrators. UB404 if there is no such active user, UB422 for another ttl, UB503 if the server has no signing key.';

CREATE FUNCTION bountygo.create_user(nickname text, email text DEFAULT NULL, role bountygo.user_role DEFAULT 'user') RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	nick text := btrim(create_user.nickname, E' \t\n');
	mail text := nullif(btrim(create_user.email, E' \t\n'), '');
	problems jsonb := '[]';
	created bigint;
BEGIN
	IF nick IS NULL OR length(nick) NOT BETWEEN 1 AND 100 THEN
		problems := problems || bountygo.problem('/nickname', 'This must have 1 to 100 characters.');
	ELSIF bountygo.has_control_characters(nick) THEN
		problems := problems || bountygo.problem('/nickname', 'This must not hold control characters.');
	END IF;
	IF length(mail) > 320 OR mail !~ '^[^@\s[:cntrl:]]+@[^@\s[:cntrl:]]+$' THEN
		problems := problems || bountygo.problem('/email', 'This must be an e-mail address of at most 320 characters.');
	END IF;
	IF create_user.role IS NULL THEN
		problems := problems || bountygo.problem('/role', 'This must be one of user, moderator, admin.');
	END IF;
	PERFORM bountygo.raise_invalid(problems);
	BEGIN
		INSERT INTO bountygo.users (nickname, email, role) VALUES (nick, mail, create_user.role) RETURNING id INTO created;
	EXCEPTION WHEN unique_violation THEN
		RAISE EXCEPTION 'a user with this e-mail address exists' USING ERRCODE = 'UB409';
	END;
	RETURN created;
END
$$;
REVOKE ALL ON FUNCTION bountygo.create_user(text, text, bountygo.user_role) FROM PUBLIC;
COMMENT ON FUNCTION bountygo.create_user(text, text, bountygo.user_role) IS
'Makes an account and returns its id. nickname: 1 to 100 characters; email: optional, unique whatever its case. For administrators. UB422 for bad values, UB409 if the address is taken.';

CREATE FUNCTION bountygo.user_object(id bigint, nickname text, avatar_url text, created_at timestamptz) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE
RETURN pg_catalog.jsonb_build_object('id', id, 'nickname', nickname, 'avatar_url', avatar_url, 'created_at', bountygo.rfc3339(created_at));
COMMENT ON FUNCTION bountygo.user_object(bigint, text, text, timestamptz) IS
'How a user appears to others: id, nickname, avatar_url, created_at. Never e-mail or role.';

CREATE FUNCTION bountygo.me_object(id bigint) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT bountygo.user_object(u.id, u.nickname, u.avatar_url, u.created_at)
	|| jsonb_build_object('email', u.email, 'email_verified', u.email_verified, 'role', u.role, 'locale', u.locale, 'timezone', u.timezone,
		'updated_at', bountygo.rfc3339(u.updated_at))
FROM bountygo.users u WHERE u.id = me_object.id
$$;
COMMENT ON FUNCTION bountygo.me_object(bigint) IS
'How a user appears to itself and to administrators, e-mail and role included; NULL if there is none that the caller may see.';

CREATE FUNCTION bountygo.me() RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN bountygo.me_object(bountygo.require_user());
END
$$;
COMMENT ON FUNCTION bountygo.me() IS
'The caller''s own account: id, nickname, avatar_url, created_at, email, email_verified, role, locale, timezone, updated_at. UB401 without a token.';

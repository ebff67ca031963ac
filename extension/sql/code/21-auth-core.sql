-- What signing in rests on, in C: who is calling, tokens, secrets. Roles and rights of these functions: grant_privileges().

CREATE FUNCTION bountygo.current_session_id() RETURNS bigint
AS 'MODULE_PATHNAME', 'bountygo_current_session_id' LANGUAGE c STABLE LEAKPROOF PARALLEL RESTRICTED;
COMMENT ON FUNCTION bountygo.current_session_id() IS
'The session whose access token was verified in this transaction; NULL without one, and for API keys.';

CREATE FUNCTION bountygo.current_scopes() RETURNS text[]
AS 'MODULE_PATHNAME', 'bountygo_current_scopes' LANGUAGE c STABLE LEAKPROOF PARALLEL RESTRICTED;
COMMENT ON FUNCTION bountygo.current_scopes() IS
'What the caller''s API key may do, "area:read" or "area:write" each; NULL: everything that the caller''s role may.';

CREATE FUNCTION bountygo.in_scope(VARIADIC wanted text[]) RETURNS boolean
LANGUAGE sql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT bountygo.current_scopes() IS NULL
		OR coalesce(bountygo.current_scopes() && (wanted || ARRAY(SELECT regexp_replace(w, ':read$', ':write') FROM unnest(wanted) w)), false)
$$;
COMMENT ON FUNCTION bountygo.in_scope(text[]) IS
'Whether the caller''s API key has one of these scopes ("area:write" includes "area:read"); true for whoever has signed in, and for nobody. For policies.';

CREATE FUNCTION bountygo.require_scope(wanted text) RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT bountygo.in_scope(wanted) THEN
		RAISE EXCEPTION 'this API key lacks the scope %', wanted USING ERRCODE = 'UB403', HINT = 'Make a key with that scope, or sign in and use an access token.';
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.require_scope(text) IS
'UB403 if the caller uses an API key without this scope. For functions that run as the tables'' owner, where no policy says so.';

CREATE FUNCTION bountygo.limit_api_keys(name text, command text, scopes text[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	policy constant text := 'scope_' || lower(command);
	condition constant text := format('(SELECT bountygo.in_scope(VARIADIC %L::text[]))', scopes);
BEGIN
	EXECUTE format('DROP POLICY IF EXISTS %I ON bountygo.%I', policy, name);
	EXECUTE format('CREATE POLICY %I ON bountygo.%I AS RESTRICTIVE FOR %s TO bountygo_api %s (%s)', policy, name,
		CASE command WHEN 'SELECT' THEN 'SELECT' WHEN 'INSERT' THEN 'INSERT' WHEN 'UPDATE' THEN 'UPDATE' ELSE 'DELETE' END,
		CASE command WHEN 'INSERT' THEN 'WITH CHECK' ELSE 'USING' END, condition);
END
$$;
COMMENT ON FUNCTION bountygo.limit_api_keys(text, text, text[]) IS
'For migrations: SELECT, INSERT, UPDATE or DELETE on a table of schema bountygo takes one of these scopes if the caller uses an API key; no scope: no API key may. Harmless when repeated.';

CREATE FUNCTION bountygo.access_token(session_id bigint, ttl interval DEFAULT NULL) RETURNS text
AS 'MODULE_PATHNAME', 'bountygo_access_token' LANGUAGE c VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION bountygo.access_token(bigint, interval) IS
'An access token for a live session, with the role that its account has now. ttl: 1 second to 1 day, default bountygo.access_token_lifetime; never beyond the end of the session. For the functions that sign people in. UB401 if the session is revoked or over or its account disabled, UB422 for another ttl, UB503 if the server has no signing key.';

CREATE FUNCTION bountygo.random_token(bytes integer) RETURNS text
AS 'MODULE_PATHNAME', 'bountygo_random_token' LANGUAGE c VOLATILE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.random_token(integer) IS
'Strong random bytes as base64url: 32 bytes make 43 characters. bytes: 1 to 1024. UB422 otherwise.';

CREATE FUNCTION bountygo.random_name(length integer) RETURNS text
AS 'MODULE_PATHNAME', 'bountygo_random_name' LANGUAGE c VOLATILE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.random_name(integer) IS
'Strong random letters a-z and digits, each as likely: 5.17 bits a character. length: 1 to 1024. UB422 otherwise.';

CREATE FUNCTION bountygo.equal_secrets(a bytea, b bytea) RETURNS boolean
AS 'MODULE_PATHNAME', 'bountygo_equal_secrets' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.equal_secrets(bytea, bytea) IS
'Whether two secrets are the same, in a time that depends on their length only.';

CREATE FUNCTION bountygo.seal(plain text, context text) RETURNS bytea
AS 'MODULE_PATHNAME', 'bountygo_seal' LANGUAGE c VOLATILE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.seal(text, text) IS
'A secret fit to be stored: AES-256-GCM under a key derived from the signing key and the context, which says what the secret is for (at most 255 bytes). Different each time; 29 bytes longer than the secret. UB503 if the server has no signing key.';

CREATE FUNCTION bountygo.unseal(sealed bytea, context text) RETURNS text
AS 'MODULE_PATHNAME', 'bountygo_unseal' LANGUAGE c STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.unseal(bytea, text) IS
'What seal() sealed, under the present or the previous signing key; NULL if it was altered, belongs to another context, or was sealed under an older key: what is kept for long is sealed again when the key changes. UB503 if the server has no signing key.';

-- Wallets -----------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.checksum_address(address text) RETURNS text
AS 'MODULE_PATHNAME', 'bountygo_checksum_address' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.checksum_address(text) IS
'An Ethereum address with the capitals of EIP-55; NULL if it is none: 0x and 40 hexadecimal digits, all in one case or with just those capitals.';

CREATE FUNCTION bountygo.recover_address(message text, signature text) RETURNS text
AS 'MODULE_PATHNAME', 'bountygo_recover_address' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.recover_address(text, text) IS
'The address (EIP-55) whose key signed the message with personal_sign (EIP-191). signature: 0x and 65 bytes in hexadecimal, v 0, 1, 27 or 28, s low; the short form of EIP-2098 is refused. NULL if the signature is malformed or of no key. Contract wallets (EIP-1271) have no key.';

CREATE FUNCTION bountygo.siwe_read(message text) RETURNS jsonb
AS 'MODULE_PATHNAME', 'bountygo_siwe_read' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.siwe_read(text) IS
'The fields of a message of EIP-4361 (Sign-In with Ethereum): scheme, domain, address, statement, uri, version, chain_id, nonce, issued_at, expiration_time, not_before, request_id, resources; null if absent. Read strictly: NULL for whatever the standard doesn''t have. Says nothing about who signed it, or whether its times have come.';

CREATE FUNCTION bountygo.siwe_message(domain text, address text, statement text, uri text, chain_id bigint, nonce text,
	issued_at timestamptz, expires_at timestamptz) RETURNS text
AS 'MODULE_PATHNAME', 'bountygo_siwe_message' LANGUAGE c IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.siwe_message(text, text, text, text, bigint, text, timestamptz, timestamptz) IS
'A message of EIP-4361 for a wallet to sign, with times in UTC to the millisecond. statement and expires_at may be NULL. NULL if these values make no message that siwe_read() reads.';

-- OpenID Connect ----------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.oidc_check(id_token text, jwks jsonb, issuer text, audiences text[], authorized_parties text[],
	at timestamptz DEFAULT pg_catalog.now(), OUT verdict text, OUT claims jsonb) RETURNS record
AS 'MODULE_PATHNAME', 'bountygo_oidc_check' LANGUAGE c STABLE PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.oidc_check(text, jsonb, text, text[], text[], timestamptz) IS
'Whether an ID token is what its issuer made for us: RS256 (RSA of 2048 bits or more) or ES256, signed by a key of jwks ({"keys": […]}, RFC 7517), iss as given, aud among audiences, azp among authorized_parties (none: among audiences), exp, nbf and iat with 60 s leeway. A token without aud is taken only if authorized_parties name its azp. verdict: ok; unknown_key (the provider may have a new key); expired; not_yet; refused, whatever the reason. claims, if ok: iss, sub, aud, azp, email, email_verified, name, given_name, family_name, locale, picture, nonce, sid, exp, iat, nbf, auth_time, as far as the token has them.';

CREATE FUNCTION bountygo.oidc_key_id(id_token text) RETURNS text
AS 'MODULE_PATHNAME', 'bountygo_oidc_key_id' LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION bountygo.oidc_key_id(text) IS
'The key id (kid) that an ID token names; NULL if it names none or is no token. Nothing is verified.';

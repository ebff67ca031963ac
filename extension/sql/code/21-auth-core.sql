-- What signing in rests on, in C: who is calling, tokens, secrets. Roles and rights of these functions: grant_privileges().

CREATE FUNCTION bountygo.current_session_id() RETURNS bigint
AS 'MODULE_PATHNAME', 'bountygo_current_session_id' LANGUAGE c STABLE LEAKPROOF PARALLEL RESTRICTED;
COMMENT ON FUNCTION bountygo.current_session_id() IS
'The session whose access token was verified in this transaction; NULL without one, and for API keys.';

CREATE FUNCTION bountygo.current_scopes() RETURNS text[]
AS 'MODULE_PATHNAME', 'bountygo_current_scopes' LANGUAGE c STABLE LEAKPROOF PARALLEL RESTRICTED;
COMMENT ON FUNCTION bountygo.current_scopes() IS
'What the caller''s API key may do, "area:read" or "area:write" each; NULL: everything that the caller''s role may.';

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

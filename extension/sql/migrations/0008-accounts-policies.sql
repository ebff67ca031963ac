-- Accounts: everything is private to its owner; what signs people in is written by functions that run as the tables' owner. Hashes of
-- secrets are read by nobody else.

DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['oidc_providers', 'oidc_keys', 'identities', 'user_wallets', 'wallet_nonces', 'sessions', 'refresh_tokens',
		'api_keys', 'model_usage']
	LOOP
		PERFORM bountygo.protect_table(name);
	END LOOP;
END
$$;

-- Who can vouch for users is no secret: by name.
DROP POLICY IF EXISTS public_select ON bountygo.oidc_providers;
CREATE POLICY public_select ON bountygo.oidc_providers FOR SELECT TO bountygo_api USING (is_enabled);
GRANT SELECT (name, is_enabled) ON bountygo.oidc_providers TO bountygo_api;
GRANT INSERT, UPDATE, DELETE ON bountygo.oidc_providers TO bountygo_admin;
GRANT DELETE ON bountygo.oidc_keys TO bountygo_admin;

DROP POLICY IF EXISTS own_select ON bountygo.identities;
CREATE POLICY own_select ON bountygo.identities FOR SELECT TO bountygo_api USING (user_id = (SELECT bountygo.current_user_id()));
GRANT SELECT ON bountygo.identities TO bountygo_api;

DROP POLICY IF EXISTS own_select ON bountygo.user_wallets;
CREATE POLICY own_select ON bountygo.user_wallets FOR SELECT TO bountygo_api USING (user_id = (SELECT bountygo.current_user_id()));
GRANT SELECT ON bountygo.user_wallets TO bountygo_api;

-- Sessions and keys: one's own, to look at and to end. What has ended does not come back.
DROP POLICY IF EXISTS own_select ON bountygo.sessions;
CREATE POLICY own_select ON bountygo.sessions FOR SELECT TO bountygo_api USING (user_id = (SELECT bountygo.current_user_id()));
DROP POLICY IF EXISTS own_update ON bountygo.sessions;
CREATE POLICY own_update ON bountygo.sessions FOR UPDATE TO bountygo_api USING (user_id = (SELECT bountygo.current_user_id()) AND revoked_at IS NULL)
	WITH CHECK (revoked_at IS NOT NULL);
GRANT SELECT, UPDATE (revoked_at) ON bountygo.sessions TO bountygo_api;
DROP POLICY IF EXISTS own_select ON bountygo.api_keys;
CREATE POLICY own_select ON bountygo.api_keys FOR SELECT TO bountygo_api USING (user_id = (SELECT bountygo.current_user_id()));
DROP POLICY IF EXISTS own_update ON bountygo.api_keys;
CREATE POLICY own_update ON bountygo.api_keys FOR UPDATE TO bountygo_api USING (user_id = (SELECT bountygo.current_user_id()) AND revoked_at IS NULL)
	WITH CHECK (revoked_at IS NOT NULL);
GRANT SELECT (id, user_id, name, prefix, scopes, created_at, expires_at, last_used_at, revoked_at), UPDATE (revoked_at)
	ON bountygo.api_keys TO bountygo_api;

DROP POLICY IF EXISTS own_select ON bountygo.model_usage;
CREATE POLICY own_select ON bountygo.model_usage FOR SELECT TO bountygo_api USING (user_id = (SELECT bountygo.current_user_id()));
GRANT SELECT ON bountygo.model_usage TO bountygo_api;

-- The workers fetch providers' keys, and count the model's calls by user. Of a user they read that number alone.
GRANT SELECT, UPDATE ON bountygo.oidc_providers TO bountygo_worker;
GRANT SELECT, INSERT, UPDATE, DELETE ON bountygo.oidc_keys TO bountygo_worker;
GRANT SELECT, INSERT, UPDATE ON bountygo.model_usage TO bountygo_worker;
GRANT SELECT (id, model_calls_per_day) ON bountygo.users TO bountygo_worker;

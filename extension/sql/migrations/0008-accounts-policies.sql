-- Accounts: everything is private to its owner; what signs people in is written by functions that run as the tables' owner.

DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY ARRAY['oidc_providers', 'oidc_keys', 'identities', 'user_wallets', 'wallet_nonces', 'sessions', 'refresh_tokens', 'api_keys']
	LOOP
		PERFORM bountygo.protect_table(name);
	END LOOP;
END
$$;

-- Stored answers are read by bountygo.call() alone, for the caller they were made for. Administrators see that there are some.

DO $$
BEGIN
	PERFORM bountygo.protect_table('idempotency_keys');
END
$$;
REVOKE SELECT ON bountygo.idempotency_keys FROM bountygo_admin;
GRANT SELECT (user_id, route, status, created_at, expires_at) ON bountygo.idempotency_keys TO bountygo_admin;
GRANT SELECT, INSERT, UPDATE ON bountygo.idempotency_keys TO bountygo_rest;
DROP POLICY IF EXISTS own_all ON bountygo.idempotency_keys;
CREATE POLICY own_all ON bountygo.idempotency_keys TO bountygo_rest
	USING (user_id IS NOT DISTINCT FROM (SELECT bountygo.current_user_id()))
	WITH CHECK (user_id IS NOT DISTINCT FROM (SELECT bountygo.current_user_id()));

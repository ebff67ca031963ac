-- Good requests, one a route that takes parameters: what the documentation shows is what the tests send.

CREATE FUNCTION bountygo.route_example(route integer) RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT e.example FROM (VALUES
		(20, '{"query": {"q": "solana", "sort": "deadline", "limit": "5"}}'::jsonb),
		(21, '{"body": {"title": "Write a field guide to zero-knowledge proofs", "reward_amount": 500, "reward_currency": "USDC", "tags": ["writing", "zk"]}}'),
		(40, '{"body": {"url": "https://example.org/bounty", "auto_create": true}}')
		) AS e (route, example)
	WHERE e.route = $1
$$;
COMMENT ON FUNCTION bountygo.route_example(integer) IS
'A good request of a route by its id: {"path": {...}, "query": {...}, "body": {...}}, each optional; NULL if it needs none.';

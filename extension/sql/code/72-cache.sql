-- What gateways keep in memory and in Redis, and how they hear that it is no longer true.

CREATE FUNCTION bountygo.topics_changed() RETURNS trigger
AS 'MODULE_PATHNAME', 'bountygo_topics_changed' LANGUAGE c;
COMMENT ON FUNCTION bountygo.topics_changed() IS
'Statement trigger on tables that cached answers are made of; its arguments are topics of bountygo.routes.cache_topics. When the change is committed, gateways hear NOTIFY bountygo_cache, ''topic transaction'', and what they know of the topic is worth nothing.';

CREATE FUNCTION bountygo.gateway_greeting() RETURNS bytea
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	topic text;
BEGIN
	FOR topic IN SELECT DISTINCT t.topic FROM bountygo.routes r, unnest(r.cache_topics) AS t (topic)
	LOOP
		PERFORM pg_notify('bountygo_cache', topic || ' ' || pg_current_xact_id());
	END LOOP;
	-- Without a key of the server's own, anyone could know it.
	RETURN CASE WHEN bountygo.secret_status('jwt_key_file') IS NULL
		THEN bountygo.cursor_mac('gateway cache 1') || bountygo.cursor_mac('gateway cache 2') END;
END
$$;
COMMENT ON FUNCTION bountygo.gateway_greeting() IS
'What a gateway says after LISTEN: every topic of the cache gets a new generation, so that all gateways agree whatever one has missed; returns the secret that signs answers in Redis (32 bytes of HMAC under the signing key), NULL without a signing key. For the gateway''s login.';

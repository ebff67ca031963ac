-- OpenID Connect providers: who may vouch for users, and their keys, which workers fetch (kind jwks of jobs). Whoever locks both a
-- provider and its job locks the provider first.

CREATE FUNCTION bountygo.set_oidc_provider(name text, issuer text, jwks_url text, audiences text[], authorized_parties text[] DEFAULT '{}',
	is_enabled boolean DEFAULT true) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	checked record;
	old bountygo.oidc_providers;
	parties constant text[] := coalesce(set_oidc_provider.authorized_parties, '{}');
	problems jsonb := '[]';
BEGIN
	IF coalesce(set_oidc_provider.name, '') !~ '^[a-z][a-z0-9_-]{0,31}$' THEN
		problems := problems || bountygo.problem('/name', 'This must be 1 to 32 lower-case letters, digits, "-" or "_", a letter first.');
	END IF;
	IF coalesce(length(set_oidc_provider.issuer), 0) NOT BETWEEN 1 AND 500 OR bountygo.has_control_characters(set_oidc_provider.issuer) THEN
		problems := problems || bountygo.problem('/issuer', 'This must be the value of iss in the provider''s tokens, 1 to 500 characters.');
	END IF;
	SELECT * INTO checked FROM bountygo.url_check(coalesce(set_oidc_provider.jwks_url, ''));
	IF checked.problem IS NOT NULL THEN
		problems := problems || bountygo.problem('/jwks_url', checked.problem);
	-- An address in plain HTTP is fetched from only if bountygo.allowed_networks holds it: the worker sees to that.
	ELSIF set_oidc_provider.jwks_url !~ '^https://' AND checked.host !~ '^[0-9.]+$|:' THEN
		problems := problems || bountygo.problem('/jwks_url', 'This must be an https URL: whoever can change the keys can sign in as anyone.');
	END IF;
	IF cardinality(set_oidc_provider.audiences) NOT BETWEEN 1 AND 20 OR set_oidc_provider.audiences IS NULL
			OR array_position(set_oidc_provider.audiences, NULL) IS NOT NULL OR '' = ANY (set_oidc_provider.audiences) THEN
		problems := problems || bountygo.problem('/audiences', 'This must be a list of 1 to 20 client ids.');
	END IF;
	IF cardinality(parties) > 20 OR array_position(parties, NULL) IS NOT NULL OR '' = ANY (parties) THEN
		problems := problems || bountygo.problem('/authorized_parties', 'This must be a list of at most 20 values.');
	END IF;
	PERFORM bountygo.raise_invalid(problems);
	SELECT p.* INTO old FROM bountygo.oidc_providers p WHERE p.name = set_oidc_provider.name FOR UPDATE;
	BEGIN
		INSERT INTO bountygo.oidc_providers AS p (name, issuer, jwks_url, audiences, authorized_parties, is_enabled)
		VALUES (set_oidc_provider.name, set_oidc_provider.issuer, checked.canonical, set_oidc_provider.audiences, parties,
			coalesce(set_oidc_provider.is_enabled, true))
		ON CONFLICT ON CONSTRAINT oidc_providers_pkey DO UPDATE SET issuer = excluded.issuer, jwks_url = excluded.jwks_url,
			audiences = excluded.audiences, authorized_parties = excluded.authorized_parties, is_enabled = excluded.is_enabled;
	EXCEPTION WHEN unique_violation THEN
		RAISE EXCEPTION 'another provider has this issuer' USING ERRCODE = 'UB409';
	END;
	-- Keys from elsewhere, or for somebody else's tokens, are no longer to be trusted.
	IF old.issuer <> set_oidc_provider.issuer OR old.jwks_url <> checked.canonical THEN
		DELETE FROM bountygo.oidc_keys k WHERE k.provider = set_oidc_provider.name;
		UPDATE bountygo.oidc_providers p SET keys_wanted_at = NULL, keys_asked_at = NULL, keys_fetched_at = NULL, keys_error = NULL,
			keys_failures = 0
		WHERE p.name = set_oidc_provider.name;
	END IF;
	PERFORM bountygo.schedule_keys();
END
$$;
COMMENT ON FUNCTION bountygo.set_oidc_provider(text, text, text, text[], text[], boolean) IS
'Adds an OpenID Connect provider or changes it; the workers fetch its keys at once. name: as in /auth/oidc/{provider}. issuer: exactly the tokens'' iss. audiences: client ids; whatever a token''s aud holds is one of them. authorized_parties: accepted values of azp; empty: azp, if there is one, must be one of audiences. is_enabled false: nobody signs in by it, accounts stay. For administrators. UB422 for bad values, UB409 if another provider has the issuer.';

CREATE FUNCTION bountygo.want_keys(provider text) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	fetched timestamptz;
BEGIN
	SELECT p.keys_fetched_at INTO fetched FROM bountygo.oidc_providers p WHERE p.name = want_keys.provider;
	IF fetched > clock_timestamp() - interval '5 minutes' THEN
		RETURN false;
	END IF;
	-- Once is enough, however many ask: the row is written only by the first of them.
	UPDATE bountygo.oidc_providers p SET keys_wanted_at = clock_timestamp()
	WHERE p.name = want_keys.provider AND p.keys_wanted_at IS NULL;
	IF FOUND THEN
		PERFORM bountygo.schedule_keys();
	END IF;
	RETURN true;
END
$$;
COMMENT ON FUNCTION bountygo.want_keys(text) IS
'A token came whose key is not known: true if the provider''s keys are being fetched or will be, false if they were fetched in the last 5 minutes, so that the key is simply not among them. Internal.';

-- What workers do about it ------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.schedule_keys() RETURNS integer
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moment constant timestamptz := clock_timestamp();
	provider record;
	checked record;
	job bigint;
	made integer := 0;
BEGIN
	FOR provider IN
		SELECT p.name, p.jwks_url FROM bountygo.oidc_providers p
		WHERE p.is_enabled
			AND (p.keys_fetched_at IS NULL OR p.keys_fetched_at < moment - interval '24 hours' OR p.keys_wanted_at IS NOT NULL)
			-- Not more often than every five minutes, and more and more seldom, up to an hour, while it fails.
			AND (p.keys_asked_at IS NULL
				OR p.keys_asked_at < moment - least(interval '1 hour', interval '5 minutes' * power(2, least(p.keys_failures, 10))))
		ORDER BY p.name FOR UPDATE SKIP LOCKED
	LOOP
		SELECT * INTO checked FROM bountygo.url_check(provider.jwks_url);
		IF checked.problem IS NOT NULL THEN
			UPDATE bountygo.oidc_providers p SET keys_asked_at = moment, keys_error = checked.problem, keys_failures = p.keys_failures + 1
			WHERE p.name = provider.name;
			CONTINUE;
		END IF;
		INSERT INTO bountygo.jobs (kind, priority, host, dedupe_key, max_attempts)
		VALUES ('jwks', 20, checked.host, provider.name, current_setting('bountygo.max_attempts')::smallint)
		ON CONFLICT (kind, dedupe_key) WHERE state IN ('queued', 'leased') DO NOTHING
		RETURNING id INTO job;
		IF FOUND THEN
			INSERT INTO bountygo.job_payloads (job_id, url) VALUES (job, checked.canonical);
			made := made + 1;
		END IF;
		UPDATE bountygo.oidc_providers p SET keys_asked_at = moment WHERE p.name = provider.name;
	END LOOP;
	IF made > 0 THEN
		PERFORM bountygo.wake_workers();
	END IF;
	RETURN made;
END
$$;
COMMENT ON FUNCTION bountygo.schedule_keys() IS
'Makes a job for each provider whose keys are wanted, older than a day, or not there, unless it was asked a short while ago; returns how many. For workers and administrators.';

CREATE FUNCTION bountygo.queue_fail_any(job bigint, token integer, outcome bountygo.outcome, code text, reason text, transient boolean,
	crashed boolean, retry_after integer, base_s integer, max_s integer, max_crashes integer, http_status integer) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	provider text;
	became text;
BEGIN
	SELECT j.dedupe_key INTO provider FROM bountygo.jobs j WHERE j.id = queue_fail_any.job AND j.kind = 'jwks';
	IF FOUND THEN
		PERFORM FROM bountygo.oidc_providers p WHERE p.name = provider FOR UPDATE;
	END IF;
	became := bountygo.queue_fail(job, token, outcome, code, reason, transient, crashed, retry_after, base_s, max_s, max_crashes, http_status);
	IF provider IS NOT NULL AND became <> 'lost' THEN
		UPDATE bountygo.oidc_providers p SET keys_error = reason, keys_failures = p.keys_failures + (became = 'dead')::integer
		WHERE p.name = provider;
	END IF;
	RETURN became;
END
$$;
COMMENT ON FUNCTION bountygo.queue_fail_any(bigint, integer, bountygo.outcome, text, text, boolean, boolean, integer, integer, integer, integer, integer) IS
'queue_fail(); if the job is of kind jwks the provider''s row says why, too. For workers.';

CREATE FUNCTION bountygo.keys_in(document jsonb) RETURNS SETOF jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT f.jwk FROM (
	SELECT DISTINCT ON (k.jwk ->> 'kid') p.jwk, k.place
	FROM jsonb_array_elements(CASE jsonb_typeof(document -> 'keys') WHEN 'array' THEN document -> 'keys' ELSE '[]' END)
		WITH ORDINALITY AS k (jwk, place)
	-- Public members only: what a provider publishes by mistake is not kept.
	CROSS JOIN LATERAL (SELECT jsonb_object_agg(m.key, m.value) AS jwk FROM jsonb_each(
		CASE jsonb_typeof(k.jwk) WHEN 'object' THEN k.jwk ELSE '{}' END) m
		WHERE m.key IN ('kty', 'kid', 'use', 'alg', 'key_ops', 'n', 'e', 'crv', 'x', 'y')) p
	WHERE jsonb_typeof(k.jwk -> 'kid') = 'string' AND length(k.jwk ->> 'kid') BETWEEN 1 AND 255
		AND k.jwk ->> 'kty' IN ('RSA', 'EC') AND coalesce(k.jwk ->> 'use', 'sig') = 'sig' AND length(p.jwk::text) <= 8192
	ORDER BY k.jwk ->> 'kid', k.place) f
ORDER BY f.place LIMIT 50
$$;
COMMENT ON FUNCTION bountygo.keys_in(jsonb) IS
'The signature keys (RSA and EC, public members only, at most 50) of a JWK set that have a kid; the first of those with the same one.';

CREATE FUNCTION bountygo.queue_store_keys(job bigint, token integer, body text, base_s integer, max_s integer) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	source text;
	held_host text;
	document jsonb;
	keys jsonb[];
BEGIN
	SELECT j.dedupe_key INTO source FROM bountygo.jobs j WHERE j.id = job;
	PERFORM FROM bountygo.oidc_providers p WHERE p.name = source FOR UPDATE;
	SELECT j.host INTO held_host FROM bountygo.jobs j WHERE j.id = job AND j.lease_token = token AND j.state = 'leased' FOR UPDATE;
	IF NOT FOUND THEN
		RETURN 'lost';
	END IF;
	BEGIN
		document := body::jsonb;
	EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
		document := NULL;
	END;
	keys := ARRAY(SELECT bountygo.keys_in(document));
	IF cardinality(keys) = 0 THEN
		RETURN bountygo.queue_fail_any(job, token, 'bad_response', 'bad_response', 'The answer holds no keys (RFC 7517).', true, false, -1,
			base_s, max_s, 1, NULL);
	END IF;
	DELETE FROM bountygo.oidc_keys k WHERE k.provider = source AND k.kid NOT IN (SELECT n.jwk ->> 'kid' FROM unnest(keys) AS n (jwk));
	INSERT INTO bountygo.oidc_keys AS k (provider, kid, jwk)
	SELECT p.name, n.jwk ->> 'kid', n.jwk FROM bountygo.oidc_providers p, unnest(keys) AS n (jwk) WHERE p.name = source
	ON CONFLICT (provider, kid) DO UPDATE SET jwk = excluded.jwk, fetched_at = excluded.fetched_at;
	-- What was wanted after this job was made may not be in its answer yet.
	UPDATE bountygo.oidc_providers p SET keys_fetched_at = clock_timestamp(), keys_error = NULL, keys_failures = 0,
		keys_wanted_at = CASE WHEN p.keys_wanted_at > p.keys_asked_at THEN p.keys_wanted_at END
	WHERE p.name = source;
	UPDATE bountygo.hosts h SET failures = 0, last_outcome = 'ok', why = NULL
	WHERE h.host = held_host AND (h.failures <> 0 OR h.last_outcome IS DISTINCT FROM 'ok');
	UPDATE bountygo.jobs j SET state = 'done', stage = 'end', outcome = 'ok', why = NULL, last_error = NULL, leased_until = NULL,
		lease_owner = NULL, finished_at = clock_timestamp()
	WHERE j.id = job;
	PERFORM pg_notify('bountygo_job', job::text);
	RETURN 'done';
END
$$;
COMMENT ON FUNCTION bountygo.queue_store_keys(bigint, integer, text, integer, integer) IS
'Stores what a provider''s JWKS URL answered and ends the job: new keys come, others go. Returns done, lost, or what queue_fail() does if there are no keys in it. For workers.';

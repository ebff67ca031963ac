-- Signing in: wallets (EIP-4361), OpenID Connect, refreshing and ending sessions. Functions that write sessions, wallets and
-- identities run as bountygo_owner (grant_privileges), because their callers are nobody yet; they believe nothing they are told.
-- Whoever is refused learns that, not why.

CREATE FUNCTION bountygo.refuse_sign_in() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RAISE EXCEPTION 'the sign-in was refused' USING ERRCODE = 'UB401', HINT = 'Begin again: get a new message or token, and send it unchanged.';
END
$$;
COMMENT ON FUNCTION bountygo.refuse_sign_in() IS 'Raises UB401, the same whatever was wrong. Internal.';

CREATE FUNCTION bountygo.require_user() RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF bountygo.current_user_id() IS NULL THEN
		RAISE EXCEPTION 'sign in first' USING ERRCODE = 'UB401',
			HINT = 'Send an access token, or call bountygo.authenticate(token) in the same transaction.';
	END IF;
	RETURN bountygo.current_user_id();
END
$$;
COMMENT ON FUNCTION bountygo.require_user() IS 'The caller''s id. UB401 without one.';

CREATE FUNCTION bountygo.require_person() RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_user();
BEGIN
	IF bountygo.current_scopes() IS NOT NULL THEN
		RAISE EXCEPTION 'an API key may not do this' USING ERRCODE = 'UB403', HINT = 'Sign in as the key''s owner.';
	END IF;
	RETURN caller;
END
$$;
COMMENT ON FUNCTION bountygo.require_person() IS 'The caller''s id, if it signed in itself. UB401 without one, UB403 for an API key.';

-- Sessions ----------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.new_refresh_token(session_id bigint) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	token constant text := bountygo.random_token(32);
BEGIN
	INSERT INTO bountygo.refresh_tokens (token_hash, session_id) VALUES (sha256(convert_to(token, 'UTF8')), new_refresh_token.session_id);
	RETURN token;
END
$$;
COMMENT ON FUNCTION bountygo.new_refresh_token(bigint) IS 'A new refresh token of a session; only its hash is kept. Internal.';

CREATE FUNCTION bountygo.tokens_object(session_id bigint, refresh_token text) RETURNS jsonb
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
SELECT jsonb_build_object('access_token', bountygo.access_token(s.id), 'token_type', 'Bearer',
	'expires_in', floor(extract(epoch FROM least(current_setting('bountygo.access_token_lifetime')::interval, s.expires_at - clock_timestamp()))),
	'refresh_token', tokens_object.refresh_token, 'refresh_expires_at', bountygo.rfc3339(s.expires_at), 'user', bountygo.me_object(s.user_id))
FROM bountygo.sessions s WHERE s.id = tokens_object.session_id
$$;
COMMENT ON FUNCTION bountygo.tokens_object(bigint, text) IS 'What a client gets when it signs in or refreshes: Tokens of API.md. Internal.';

CREATE FUNCTION bountygo.start_session(user_id bigint, method text) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	agent constant text := left(nullif(bountygo.request_header('user-agent'), ''), 400);
	from_address inet;
	session bigint;
BEGIN
	PERFORM FROM bountygo.users u WHERE u.id = start_session.user_id AND u.disabled_at IS NULL FOR KEY SHARE;
	IF NOT FOUND THEN
		PERFORM bountygo.refuse_sign_in();
	END IF;
	BEGIN
		from_address := nullif(bountygo.request_header('client-address'), '')::inet;
	EXCEPTION WHEN invalid_text_representation THEN
		from_address := NULL;
	END;
	INSERT INTO bountygo.sessions (user_id, method, expires_at, user_agent, address)
	VALUES (start_session.user_id, start_session.method, clock_timestamp() + current_setting('bountygo.refresh_token_lifetime')::interval,
		CASE WHEN NOT bountygo.has_control_characters(agent) THEN agent END, from_address)
	RETURNING id INTO session;
	RETURN bountygo.tokens_object(session, bountygo.new_refresh_token(session));
END
$$;
COMMENT ON FUNCTION bountygo.start_session(bigint, text) IS
'Signs a user in: a session with its first tokens. UB401 if the account is disabled, UB503 if the server has no signing key. Internal: whoever calls it has seen the proof.';

CREATE FUNCTION bountygo.refresh_session(refresh_token text) RETURNS jsonb
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	given record;
	hash bytea;
BEGIN
	IF refresh_token IS NULL OR length(refresh_token) > 200 THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('/refresh_token', 'This must be the refresh token of an answer of this service.'));
	END IF;
	hash := sha256(convert_to(refresh_token, 'UTF8'));
	-- The token's row is where two requests with the same token meet: the second sees what the first made of it.
	SELECT t.session_id, t.used_at INTO given FROM bountygo.refresh_tokens t WHERE t.token_hash = hash FOR UPDATE;
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	IF given.used_at IS NOT NULL THEN
		-- Somebody else has it, too, and nobody can tell who is who: the session ends for both.
		UPDATE bountygo.sessions s SET revoked_at = clock_timestamp() WHERE s.id = given.session_id AND s.revoked_at IS NULL;
		RETURN NULL;
	END IF;
	UPDATE bountygo.sessions s SET last_used_at = clock_timestamp()
	WHERE s.id = given.session_id AND s.revoked_at IS NULL AND s.expires_at > clock_timestamp()
		AND EXISTS (SELECT FROM bountygo.users u WHERE u.id = s.user_id AND u.disabled_at IS NULL);
	IF NOT FOUND THEN
		RETURN NULL;
	END IF;
	UPDATE bountygo.refresh_tokens t SET used_at = clock_timestamp() WHERE t.token_hash = hash;
	RETURN bountygo.tokens_object(given.session_id, bountygo.new_refresh_token(given.session_id));
END
$$;
COMMENT ON FUNCTION bountygo.refresh_session(text) IS
'New tokens for a refresh token, which is good once: {access_token, token_type, expires_in, refresh_token, refresh_expires_at, user}. The session''s end does not move. NULL (over REST: UB401) if the token is unknown or its session over; if it was used before, the whole session ends with it, access tokens too, so commit the NULL. UB422 without a token.';

CREATE FUNCTION bountygo.sign_out() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM bountygo.require_person();
	UPDATE bountygo.sessions s SET revoked_at = clock_timestamp() WHERE s.id = bountygo.current_session_id() AND s.revoked_at IS NULL;
END
$$;
COMMENT ON FUNCTION bountygo.sign_out() IS
'Ends the caller''s session: its access and refresh tokens are worth nothing from then on. UB401 without a token, UB403 for an API key, which revoke_api_key() ends.';

CREATE FUNCTION bountygo.sign_out_everywhere() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_person();
BEGIN
	UPDATE bountygo.sessions s SET revoked_at = clock_timestamp() WHERE s.user_id = caller AND s.revoked_at IS NULL;
END
$$;
COMMENT ON FUNCTION bountygo.sign_out_everywhere() IS
'Ends all sessions of the caller, this one too. API keys stay: they are ended one by one. UB401 without a token, UB403 for an API key.';

CREATE FUNCTION bountygo.list_sessions(count bountygo.count_mode DEFAULT 'none', cursor text DEFAULT NULL, "limit" integer DEFAULT 20)
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
		SELECT c.id INTO before FROM bountygo.cursor_read(cursor, 'sessions') c;
	END IF;
	SELECT jsonb_build_object('items', coalesce(jsonb_agg(f.item ORDER BY f.id DESC) FILTER (WHERE f.n <= wanted), '[]'),
			'next', CASE WHEN count(*) > wanted THEN bountygo.cursor_make('sessions', '', min(f.id) FILTER (WHERE f.n <= wanted)) END)
		INTO answer
		FROM (SELECT s.id, row_number() OVER (ORDER BY s.id DESC) AS n, jsonb_build_object('id', s.id, 'method', s.method,
				'created_at', bountygo.rfc3339(s.created_at), 'last_used_at', bountygo.rfc3339(s.last_used_at),
				'expires_at', bountygo.rfc3339(s.expires_at), 'user_agent', s.user_agent, 'address', host(s.address),
				'is_current', s.id IS NOT DISTINCT FROM bountygo.current_session_id()) AS item
			FROM bountygo.sessions s
			WHERE s.user_id = caller AND s.revoked_at IS NULL AND s.expires_at > clock_timestamp() AND s.id < before
			ORDER BY s.id DESC LIMIT wanted + 1) f;
	IF count <> 'none' THEN
		answer := answer || (SELECT jsonb_build_object('total', count(*)) FROM bountygo.sessions s
			WHERE s.user_id = caller AND s.revoked_at IS NULL AND s.expires_at > clock_timestamp());
	END IF;
	RETURN answer;
END
$$;
COMMENT ON FUNCTION bountygo.list_sessions(bountygo.count_mode, text, integer) IS
'Where the caller is signed in, newest first: {"items": [{id, method, created_at, last_used_at, expires_at, user_agent, address, is_current}], "next"}. limit from 1 to 100. UB401 without a token, UB403 for an API key, UB422 for a bad limit or cursor.';

CREATE FUNCTION bountygo.revoke_session(id bigint) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_person();
BEGIN
	UPDATE bountygo.sessions s SET revoked_at = clock_timestamp()
	WHERE s.id = revoke_session.id AND s.user_id = caller AND s.revoked_at IS NULL AND s.expires_at > clock_timestamp();
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no such session' USING ERRCODE = 'UB404', HINT = 'It does not exist or is not visible to you.';
	END IF;
END
$$;
COMMENT ON FUNCTION bountygo.revoke_session(bigint) IS
'Ends one of the caller''s sessions. UB404 if there is none of this id that is still on, UB401 without a token, UB403 for an API key.';

-- Wallets -----------------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.sign_in_site(OUT domain text, OUT uri text) RETURNS record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	uri := nullif(current_setting('bountygo.public_url', true), '');
	IF uri IS NULL THEN
		RAISE EXCEPTION 'wallets cannot sign in here yet' USING ERRCODE = 'UB503', HINT = 'The operator has to set bountygo.public_url.';
	END IF;
	domain := substring(uri FROM '^https?://([^/]+)');
END
$$;
COMMENT ON FUNCTION bountygo.sign_in_site() IS
'The domain and URI that wallets sign in to, of bountygo.public_url. UB503 if that is not set. Internal.';

CREATE FUNCTION bountygo.wallet_nonce(address text, chain_id bigint DEFAULT 1) RETURNS jsonb
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	checked constant text := CASE WHEN length(address) <= 100 THEN bountygo.checksum_address(btrim(address)) END;
	chains constant bigint[] := string_to_array(regexp_replace(btrim(current_setting('bountygo.wallet_chains'), ', '), '[, ]+', ',', 'g'), ',');
	wanted_chain constant bigint := coalesce(wallet_nonce.chain_id, 1);
	site record;
	nonce text;
	message text;
	issued constant timestamptz := date_trunc('second', clock_timestamp());
	expires constant timestamptz := issued + current_setting('bountygo.wallet_nonce_lifetime')::interval;
	problems jsonb := '[]';
BEGIN
	SELECT * INTO site FROM bountygo.sign_in_site();
	IF checked IS NULL THEN
		problems := problems || bountygo.problem('/address',
			'This must be an address: 0x and 40 hexadecimal digits, in one case or with the checksum of EIP-55.');
	END IF;
	IF wanted_chain <> ALL (chains) THEN
		problems := problems || bountygo.problem('/chain_id', format('This must be one of %s.', array_to_string(chains, ', ')));
	END IF;
	PERFORM bountygo.raise_invalid(problems);
	-- Anyone may ask for any number of these: each that comes takes some with it that have expired.
	DELETE FROM bountygo.wallet_nonces n WHERE n.nonce = ANY (ARRAY(SELECT o.nonce FROM bountygo.wallet_nonces o
		WHERE o.expires_at < issued ORDER BY o.expires_at LIMIT 5 FOR UPDATE SKIP LOCKED));
	-- 24 of 36 letters: 124 bits.
	nonce := bountygo.random_name(24);
	message := bountygo.siwe_message(site.domain, checked, 'Sign in to BountyGo.', site.uri, wanted_chain, nonce, issued, expires);
	INSERT INTO bountygo.wallet_nonces (nonce, address, chain_id, message, issued_at, expires_at)
	VALUES (nonce, checked, wanted_chain, message, issued, expires);
	RETURN jsonb_build_object('message', message, 'nonce', nonce, 'address', checked, 'chain_id', wanted_chain,
		'expires_at', bountygo.rfc3339(expires));
END
$$;
COMMENT ON FUNCTION bountygo.wallet_nonce(text, bigint) IS
'The message (EIP-4361) that a wallet has to sign (personal_sign), exactly as it is, to sign in: {message, nonce, address, chain_id, expires_at}. address: 0x and 40 hexadecimal digits; chain_id: one of bountygo.wallet_chains. Good once, for bountygo.wallet_nonce_lifetime; any number may be open. UB422 for another address or chain, UB503 if bountygo.public_url is not set.';

CREATE FUNCTION bountygo.take_wallet_message(message text, signature text, OUT address text, OUT chain_id bigint) RETURNS record
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	moment constant timestamptz := clock_timestamp();
	site record;
	parsed jsonb;
	given record;
	problems jsonb := '[]';
BEGIN
	IF coalesce(length(message), 0) NOT BETWEEN 1 AND 4096 THEN
		problems := problems || bountygo.problem('/message', 'This must be the message that was signed, at most 4096 characters.');
	END IF;
	IF coalesce(length(signature), 0) NOT BETWEEN 1 AND 200 THEN
		problems := problems || bountygo.problem('/signature', 'This must be the wallet''s signature: 0x and 130 hexadecimal digits.');
	END IF;
	PERFORM bountygo.raise_invalid(problems);
	SELECT * INTO site FROM bountygo.sign_in_site();
	parsed := bountygo.siwe_read(message);
	-- Whoever deletes the row has the nonce, and nobody after him. (If what follows refuses, it is undone: nothing was used.)
	DELETE FROM bountygo.wallet_nonces n WHERE n.nonce = parsed ->> 'nonce' RETURNING n.* INTO given;
	IF given.nonce IS NULL OR given.expires_at <= moment
		-- We know every byte that we handed out. That the parts mean what they should is looked at all the same.
		OR given.message <> take_wallet_message.message
		OR (parsed ->> 'domain') IS DISTINCT FROM site.domain
		OR (parsed ->> 'uri') IS DISTINCT FROM site.uri
		OR (parsed ->> 'version') IS DISTINCT FROM '1'
		OR (parsed ->> 'chain_id')::bigint IS DISTINCT FROM given.chain_id
		OR (parsed ->> 'address') IS DISTINCT FROM given.address
		OR bountygo.checksum_address(given.address) IS DISTINCT FROM given.address
		OR ((parsed ->> 'issued_at')::timestamptz > moment) IS NOT FALSE
		OR ((parsed ->> 'expiration_time')::timestamptz <= moment) IS NOT FALSE
		OR (parsed ->> 'not_before')::timestamptz > moment
		OR bountygo.recover_address(message, signature) IS DISTINCT FROM given.address THEN
		PERFORM bountygo.refuse_sign_in();
	END IF;
	address := given.address;
	chain_id := given.chain_id;
END
$$;
COMMENT ON FUNCTION bountygo.take_wallet_message(text, text) IS
'Uses up the nonce of a message and returns whose wallet has signed it. UB401 if anything about it is wrong, UB422 if one is missing or too long. Internal.';

CREATE FUNCTION bountygo.wallet_sign_in(message text, signature text) RETURNS jsonb
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	proof record;
	account bigint;
BEGIN
	SELECT * INTO proof FROM bountygo.take_wallet_message(message, signature);
	LOOP
		SELECT w.user_id INTO account FROM bountygo.user_wallets w WHERE lower(w.address) = lower(proof.address);
		EXIT WHEN FOUND;
		INSERT INTO bountygo.users (nickname) VALUES (left(proof.address, 6) || '…' || right(proof.address, 4)) RETURNING id INTO account;
		INSERT INTO bountygo.user_wallets (user_id, address, chain_id, is_primary) VALUES (account, proof.address, proof.chain_id, true)
		ON CONFLICT ((lower(address))) DO NOTHING;
		EXIT WHEN FOUND;
		-- Another sign-in with the same wallet has just made its account: that is the one.
		DELETE FROM bountygo.users u WHERE u.id = account;
	END LOOP;
	RETURN bountygo.start_session(account, 'wallet');
END
$$;
COMMENT ON FUNCTION bountygo.wallet_sign_in(text, text) IS
'Signs in by a wallet: message as wallet_nonce() gave it, signature of it (0x and 130 hexadecimal digits). The first time makes the account. Returns {access_token, token_type, expires_in, refresh_token, refresh_expires_at, user}. UB401 if it is refused: the reason is not told; UB422 if one is missing.';

CREATE FUNCTION bountygo.wallet_object(id bigint) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT jsonb_build_object('id', w.id, 'address', w.address, 'chain_id', w.chain_id, 'is_primary', w.is_primary,
	'created_at', bountygo.rfc3339(w.created_at))
FROM bountygo.user_wallets w WHERE w.id = wallet_object.id
$$;
COMMENT ON FUNCTION bountygo.wallet_object(bigint) IS 'A wallet as its owner sees it.';

CREATE FUNCTION bountygo.wallet_link(message text, signature text, is_primary boolean DEFAULT false) RETURNS jsonb
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_person();
	proof record;
	linked record;
BEGIN
	SELECT * INTO proof FROM bountygo.take_wallet_message(message, signature);
	-- One after another for each account: which wallet is primary is decided under this lock.
	PERFORM FROM bountygo.users u WHERE u.id = caller FOR NO KEY UPDATE;
	INSERT INTO bountygo.user_wallets AS w (user_id, address, chain_id) VALUES (caller, proof.address, proof.chain_id)
	ON CONFLICT ((lower(address))) DO NOTHING;
	SELECT w.id, w.user_id INTO linked FROM bountygo.user_wallets w WHERE lower(w.address) = lower(proof.address);
	IF linked.user_id IS DISTINCT FROM caller THEN
		RAISE EXCEPTION 'this wallet belongs to another account' USING ERRCODE = 'UB409', HINT = 'Sign in with it and unlink it there first.';
	END IF;
	IF wallet_link.is_primary OR NOT EXISTS (SELECT FROM bountygo.user_wallets w WHERE w.user_id = caller AND w.is_primary) THEN
		PERFORM bountygo.make_wallet_primary(caller, linked.id);
	END IF;
	RETURN bountygo.wallet_object(linked.id);
END
$$;
COMMENT ON FUNCTION bountygo.wallet_link(text, text, boolean) IS
'Adds a wallet to the caller''s account, with a message of wallet_nonce() that it has signed; returns it. is_primary: make it the primary one, which the first is anyway. UB401 without a token or if the signature is refused, UB403 for an API key, UB409 if the wallet is another account''s, UB422 if one is missing.';

-- OpenID Connect ----------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.read_id_token(provider text, id_token text, OUT claims jsonb) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	known record;
	keys jsonb;
	checked record;
BEGIN
	SELECT p.issuer, p.audiences, p.authorized_parties INTO known FROM bountygo.oidc_providers p
		WHERE p.name = read_id_token.provider AND p.is_enabled;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'there is no such provider' USING ERRCODE = 'UB404', HINT = 'Those that there are: auth_status() (GET /auth/status), available.';
	END IF;
	IF coalesce(length(id_token), 0) NOT BETWEEN 1 AND 16384 THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('/id_token', 'This must be an ID token of the provider, at most 16384 characters.'));
	END IF;
	SELECT jsonb_build_object('keys', coalesce(jsonb_agg(k.jwk ORDER BY k.kid), '[]')) INTO keys FROM bountygo.oidc_keys k
		WHERE k.provider = read_id_token.provider;
	SELECT c.verdict, c.claims INTO checked
		FROM bountygo.oidc_check(id_token, keys, known.issuer, known.audiences, known.authorized_parties, clock_timestamp()) c;
	IF checked.verdict = 'unknown_key' AND bountygo.want_keys(read_id_token.provider) THEN
		RETURN;
	END IF;
	IF checked.verdict IS DISTINCT FROM 'ok' OR jsonb_typeof(checked.claims -> 'sub') IS DISTINCT FROM 'string'
			OR length(checked.claims ->> 'sub') NOT BETWEEN 1 AND 255 THEN
		PERFORM bountygo.refuse_sign_in();
	END IF;
	claims := checked.claims;
END
$$;
COMMENT ON FUNCTION bountygo.read_id_token(text, text) IS
'The claims of an ID token that its provider has signed for us; NULL if it is signed with a key that the workers have been asked to look for. UB401 if anything about it is wrong, UB404 if there is no such provider. Internal.';

CREATE FUNCTION bountygo.verified_email(claims jsonb) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT claims ->> 'email' WHERE claims -> 'email_verified' IN ('true', '"true"') AND jsonb_typeof(claims -> 'email') = 'string'
	AND length(claims ->> 'email') BETWEEN 3 AND 320 AND claims ->> 'email' ~ '^[^@\s[:cntrl:]]+@[^@\s[:cntrl:]]+$'
$$;
COMMENT ON FUNCTION bountygo.verified_email(jsonb) IS 'The e-mail address in claims, if the provider has verified it and it looks like one. Internal.';

CREATE FUNCTION bountygo.user_from_claims(claims jsonb) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	-- Not the e-mail address: nicknames are public.
	nick text := left(btrim(regexp_replace(CASE jsonb_typeof(claims -> 'name') WHEN 'string' THEN claims ->> 'name' END, '[[:cntrl:]\u202a-\u202e\u2066-\u2069]+', ' ', 'g')), 100);
	picture constant text := CASE jsonb_typeof(claims -> 'picture') WHEN 'string' THEN claims ->> 'picture' END;
	mail constant text := bountygo.verified_email(claims);
	created bigint;
BEGIN
	nick := CASE WHEN bountygo.nickname_problem(nick) = '[]' THEN btrim(nick) ELSE 'user ' || bountygo.random_name(6) END;
	-- An address that another account has is left out: an e-mail address alone joins no accounts.
	FOR attempt IN 1..2 LOOP
		INSERT INTO bountygo.users (nickname, avatar_url, email, email_verified)
		VALUES (nick, CASE WHEN length(picture) <= 2048 AND picture ~ '^https://[^\s[:cntrl:]]+$' THEN picture END,
			CASE attempt WHEN 1 THEN mail END, attempt = 1 AND mail IS NOT NULL)
		ON CONFLICT ((lower(email))) DO NOTHING
		RETURNING id INTO created;
		EXIT WHEN FOUND;
	END LOOP;
	RETURN created;
END
$$;
COMMENT ON FUNCTION bountygo.user_from_claims(jsonb) IS 'A new account for somebody whom a provider vouches for. Internal.';

CREATE FUNCTION bountygo.oidc_sign_in(provider text, id_token text) RETURNS jsonb
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	claims constant jsonb := bountygo.read_id_token(provider, id_token);
	mail constant text := bountygo.verified_email(claims);
	account bigint;
BEGIN
	IF claims IS NULL THEN
		RETURN NULL;
	END IF;
	LOOP
		SELECT i.user_id INTO account FROM bountygo.identities i
			WHERE i.provider = oidc_sign_in.provider AND i.subject = claims ->> 'sub';
		EXIT WHEN FOUND;
		account := bountygo.user_from_claims(claims);
		INSERT INTO bountygo.identities (user_id, provider, subject, email) VALUES (account, oidc_sign_in.provider, claims ->> 'sub', mail)
		ON CONFLICT ON CONSTRAINT identities_provider_subject_key DO NOTHING;
		EXIT WHEN FOUND;
		-- Another sign-in of the same person has just made the account.
		DELETE FROM bountygo.users u WHERE u.id = account;
	END LOOP;
	UPDATE bountygo.identities i SET email = mail
	WHERE i.provider = oidc_sign_in.provider AND i.subject = claims ->> 'sub' AND mail IS NOT NULL AND i.email IS DISTINCT FROM mail;
	RETURN bountygo.start_session(account, 'oidc:' || oidc_sign_in.provider);
END
$$;
COMMENT ON FUNCTION bountygo.oidc_sign_in(text, text) IS
'Signs in by an ID token of an OpenID Connect provider (set_oidc_provider). An account belongs to the provider''s subject, never to an e-mail address; the first time makes it. Returns {access_token, token_type, expires_in, refresh_token, refresh_expires_at, user}. NULL (over REST: UB503): the token''s key is not known yet and is being looked for; commit and try again in a few seconds. UB401 if the token is refused: the reason is not told; UB404 if there is no such provider; UB422 without a token.';

CREATE FUNCTION bountygo.google_sign_in(google_token text) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF google_token IS NULL THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('/google_token', 'This is required.'));
	END IF;
	RETURN bountygo.oidc_sign_in('google', google_token);
END
$$;
COMMENT ON FUNCTION bountygo.google_sign_in(text) IS 'Signs in by Google: oidc_sign_in() with the provider google.';

CREATE FUNCTION bountygo.clerk_sign_in(clerk_token text) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF clerk_token IS NULL THEN
		PERFORM bountygo.raise_invalid(bountygo.problem('/clerk_token', 'This is required.'));
	END IF;
	RETURN bountygo.oidc_sign_in('clerk', clerk_token);
END
$$;
COMMENT ON FUNCTION bountygo.clerk_sign_in(text) IS 'Signs in by Clerk: oidc_sign_in() with the provider clerk.';

CREATE FUNCTION bountygo.oidc_link(provider text, id_token text) RETURNS jsonb
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.require_person();
	claims constant jsonb := bountygo.read_id_token(provider, id_token);
	holder bigint;
BEGIN
	IF claims IS NULL THEN
		RETURN NULL;
	END IF;
	INSERT INTO bountygo.identities (user_id, provider, subject, email)
	VALUES (caller, oidc_link.provider, claims ->> 'sub', bountygo.verified_email(claims))
	ON CONFLICT ON CONSTRAINT identities_provider_subject_key DO NOTHING;
	SELECT i.user_id INTO holder FROM bountygo.identities i WHERE i.provider = oidc_link.provider AND i.subject = claims ->> 'sub';
	IF holder IS DISTINCT FROM caller THEN
		RAISE EXCEPTION 'this identity belongs to another account' USING ERRCODE = 'UB409',
			HINT = 'Sign in with it: that is the other account.';
	END IF;
	RETURN bountygo.auth_status();
END
$$;
COMMENT ON FUNCTION bountygo.oidc_link(text, text) IS
'Adds an identity of an OpenID Connect provider to the caller''s account; returns auth_status(). NULL as oidc_sign_in(). UB401 without a token or if the ID token is refused, UB403 for an API key, UB404 if there is no such provider, UB409 if the identity is another account''s.';

-- What there is -----------------------------------------------------------------------------------------------

CREATE FUNCTION bountygo.auth_status() RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	caller constant bigint := bountygo.current_user_id();
BEGIN
	RETURN jsonb_build_object('authenticated', caller IS NOT NULL, 'user', bountygo.me_object(caller),
		'session_id', bountygo.current_session_id(), 'scopes', to_jsonb(bountygo.current_scopes()),
		'methods', jsonb_build_object(
			'wallets', (SELECT coalesce(jsonb_agg(bountygo.wallet_object(w.id) ORDER BY w.id), '[]') FROM bountygo.user_wallets w
				WHERE w.user_id = caller),
			'identities', (SELECT coalesce(jsonb_agg(jsonb_build_object('provider', i.provider, 'email', i.email,
				'created_at', bountygo.rfc3339(i.created_at)) ORDER BY i.id), '[]') FROM bountygo.identities i WHERE i.user_id = caller)),
		'available', CASE WHEN coalesce(current_setting('bountygo.public_url', true), '') <> ''
				THEN jsonb_build_array(jsonb_build_object('method', 'wallet')) ELSE '[]' END
			|| (SELECT coalesce(jsonb_agg(jsonb_build_object('method', 'oidc', 'provider', p.name) ORDER BY p.name), '[]')
				FROM bountygo.oidc_providers p WHERE p.is_enabled));
END
$$;
COMMENT ON FUNCTION bountygo.auth_status() IS
'Who is calling and how one can sign in: {authenticated, user, session_id, scopes (of an API key), methods: {wallets, identities} linked to the account, available: [{"method": "wallet"} or {"method": "oidc", "provider"}]}. Anyone may call it.';

-- Answers to POST requests that named an Idempotency-Key, so that sending them again does nothing again.

CREATE TABLE bountygo.idempotency_keys (
	key_hash bytea PRIMARY KEY CHECK (octet_length(key_hash) = 32),
	user_id bigint REFERENCES bountygo.users ON DELETE CASCADE,
	route integer NOT NULL,
	request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32),
	status smallint NOT NULL CHECK (status BETWEEN 200 AND 399),
	location text,
	headers text[],
	body text,
	sealed bytea,
	created_at timestamptz NOT NULL DEFAULT now(),
	expires_at timestamptz NOT NULL DEFAULT now() + interval '24 hours',
	CHECK (body IS NULL OR sealed IS NULL)
);
CREATE INDEX idempotency_keys_user_idx ON bountygo.idempotency_keys (user_id);
CREATE INDEX idempotency_keys_expires_idx ON bountygo.idempotency_keys (expires_at);
COMMENT ON TABLE bountygo.idempotency_keys IS 'Answers that bountygo.call() gives again when a POST comes with the same Idempotency-Key. A row counts until it expires; the next use of its key replaces it.';
COMMENT ON COLUMN bountygo.idempotency_keys.key_hash IS 'SHA-256 of the user (of the address, for callers who are not signed in), the route and the key.';
COMMENT ON COLUMN bountygo.idempotency_keys.request_hash IS 'SHA-256 of path, query and body: another request with the same key is refused.';
COMMENT ON COLUMN bountygo.idempotency_keys.headers IS 'Header fields of the answer: name, value, name, value.';
COMMENT ON COLUMN bountygo.idempotency_keys.sealed IS 'The body where the route gives secrets: bountygo.seal(), under the key and the body of the request, which are not stored.';

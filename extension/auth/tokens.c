/*
 * tokens.c
 *		Access tokens, made in SQL: issue_token() for administrators, access_token() for those who sign in.
 *
 * A token names a session and never outlives it. Who may call what is decided by grants.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "auth/keys.h"
#include "auth/lookup.h"
#include "config.h"
#include "errors.h"

#define MAX_TTL_S 86400
#define EPOCH_S ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY)

extern PGDLLEXPORT Datum bountygo_issue_token(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_access_token(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(bountygo_issue_token);
PG_FUNCTION_INFO_V1(bountygo_access_token);

/* The second argument of both functions, in seconds. */
static int64 read_ttl(FunctionCallInfo fcinfo)
{
	Interval *span;

	if (PG_ARGISNULL(1))
		return bg_access_token_s;
	span = PG_GETARG_INTERVAL_P(1);
	/* Compared in parts, so that no sum can overflow. */
	if (span->month != 0 || span->day < 0 || span->day > 1 || span->time < 0 ||
	    span->time > MAX_TTL_S * USECS_PER_SEC ||
	    span->day * USECS_PER_DAY + span->time < USECS_PER_SEC ||
	    span->day * USECS_PER_DAY + span->time > MAX_TTL_S * USECS_PER_SEC)
		bg_error_invalid("/ttl", "This must be from 1 second to 1 day.", NULL);
	return (span->day * USECS_PER_DAY + span->time) / USECS_PER_SEC;
}

static text *sign(bg_jwt_claims *claims, const bg_jwt_key *key, bg_role role)
{
	unsigned char random[16];
	char *token;
	text *result;

	strlcpy(claims->role, bg_role_name(role), sizeof(claims->role));
	if (!pg_strong_random(random, sizeof(random)))
		elog(ERROR, "could not get random bytes");
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(claims->jti + 2 * i, 3, "%02x", random[i]);
	token = bg_jwt_sign(claims, key, bg_jwt_issuer, bg_jwt_audience);
	if (token == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("could not make a token")));
	result = cstring_to_text(token);
	free(token);
	return result;
}

/* bountygo.issue_token(user_id bigint, ttl interval) RETURNS text */
Datum bountygo_issue_token(PG_FUNCTION_ARGS)
{
	const bg_jwt_key *keys;
	bg_jwt_claims claims = {0};
	int64 ttl;
	bg_role role;

	if (PG_ARGISNULL(0))
		bg_error_invalid("/user_id", "This is required.", NULL);
	claims.sub = PG_GETARG_INT64(0);
	ttl = read_ttl(fcinfo);
	(void) bg_keys_need(&keys);
	role = claims.sub > 0 ? bg_lookup_user(claims.sub) : BG_ROLE_NONE;
	if (role == BG_ROLE_NONE)
		ereport(ERROR, (errcode(ERRCODE_BG_NOT_FOUND),
		                errmsg("user " INT64_FORMAT " does not exist or is disabled", claims.sub)));
	claims.iat = (int64) (GetCurrentTimestamp() / USECS_PER_SEC) + EPOCH_S;
	claims.exp = claims.iat + ttl;
	claims.sid = bg_lookup_make_session(claims.sub, (claims.exp - EPOCH_S) * USECS_PER_SEC);
	PG_RETURN_TEXT_P(sign(&claims, &keys[0], role));
}

/* bountygo.access_token(session_id bigint, ttl interval) RETURNS text */
Datum bountygo_access_token(PG_FUNCTION_ARGS)
{
	const bg_jwt_key *keys;
	bg_jwt_claims claims = {0};
	bg_session_row session;
	bg_role role;
	int64 end;
	int64 ttl;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	ttl = read_ttl(fcinfo);
	(void) bg_keys_need(&keys);
	claims.sid = PG_GETARG_INT64(0);
	role = bg_lookup_session(claims.sid, &session) ? bg_lookup_user(session.user_id) : BG_ROLE_NONE;
	if (role == BG_ROLE_NONE)
		ereport(ERROR, (errcode(ERRCODE_BG_SIGN_IN), errmsg("the session has ended"),
		                errhint("Sign in again.")));
	claims.sub = session.user_id;
	claims.iat = (int64) (GetCurrentTimestamp() / USECS_PER_SEC) + EPOCH_S;
	/* To the next second, so that even a session in its last one gets a token that has not ended yet. */
	end = session.expires_at / USECS_PER_SEC + EPOCH_S + 1;
	claims.exp = Min(claims.iat + ttl, end);
	PG_RETURN_TEXT_P(sign(&claims, &keys[0], role));
}

/*
 * session.c
 *		Who is calling, for this transaction. See session.h.
 *
 * Format, signature and expiry decide first: a forged or stale token touches no table. Then the tables decide: the session must be
 * live, the account active, and the role is the lesser of the token's and the account's, so that signing out and a demotion count at
 * once. Does not know REST, refresh tokens, or how people prove who they are.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include <openssl/crypto.h>

#include "auth/jwt.h"
#include "auth/keys.h"
#include "auth/lookup.h"
#include "auth/session.h"
#include "config.h"
#include "errors.h"

/* bgo_<prefix>_<secret> */
#define API_KEY_MARK "bgo_"
#define API_KEY_SECRET 43
#define API_KEY_LENGTH ((size_t) (4 + BG_API_KEY_PREFIX + 1 + API_KEY_SECRET))

/* The caller, with what was before it in enclosing subtransactions. Lives in TopTransactionContext. */
typedef struct caller
{
	int64 user_id;
	bg_role role;
	int64 session_id;
	char **scopes; /* NULL = everything */
	int n_scopes;
	SubTransactionId subxact;
	struct caller *before;
} caller;

static caller *current = NULL;

extern PGDLLEXPORT Datum bountygo_authenticate(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_current_user_id(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_current_user_role(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_current_session_id(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_current_scopes(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(bountygo_authenticate);
PG_FUNCTION_INFO_V1(bountygo_current_user_id);
PG_FUNCTION_INFO_V1(bountygo_current_user_role);
PG_FUNCTION_INFO_V1(bountygo_current_session_id);
PG_FUNCTION_INFO_V1(bountygo_current_scopes);

static void set_caller(int64 user_id, bg_role role, int64 session_id, char **scopes, int n_scopes)
{
	SubTransactionId here = GetCurrentSubTransactionId();

	if (current == NULL || current->subxact != here)
	{
		caller *next = MemoryContextAlloc(TopTransactionContext, sizeof(caller));

		next->subxact = here;
		next->before = current;
		current = next;
	}
	current->user_id = user_id;
	current->role = role;
	current->session_id = session_id;
	current->scopes = scopes;
	current->n_scopes = n_scopes;
}

static void set_nobody(void)
{
	if (current != NULL)
		set_caller(0, BG_ROLE_NONE, 0, NULL, 0);
}

static void end_of_transaction(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			/* Its memory goes with the transaction. */
			current = NULL;
			break;
		default:
			break;
	}
}

/* A caller set in a subtransaction goes with it if it is undone, and belongs to the one around it otherwise. */
static void end_of_subtransaction(SubXactEvent event, SubTransactionId mine,
                                  SubTransactionId parent, void *arg)
{
	if (current == NULL || current->subxact != mine)
		return;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		current = current->before;
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
	{
		current->subxact = parent;
		if (current->before != NULL && current->before->subxact == parent)
			current->before = current->before->before;
	}
}

void bg_session_init(void)
{
	RegisterXactCallback(end_of_transaction, NULL);
	RegisterSubXactCallback(end_of_subtransaction, NULL);
}

static int64 unix_now(void)
{
	return (int64) (GetCurrentTimestamp() / USECS_PER_SEC) +
	       (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
}

static const char not_valid[] = "the access token is not valid";

static void refuse(const char *message)
{
	ereport(ERROR, (errcode(ERRCODE_BG_SIGN_IN), errmsg("%s", message),
	                errhint("Sign in again to get a new access token.")));
}

static void use_access_token(const char *token, size_t len)
{
	const bg_jwt_key *keys;
	int n_keys = bg_keys_need(&keys);
	bg_jwt_claims claims;
	bg_session_row session;
	bg_role granted;
	bg_role role;

	switch (bg_jwt_verify(token, len, keys, n_keys, bg_jwt_issuer, bg_jwt_audience, unix_now(),
	                      &claims))
	{
		case BG_JWT_OK:
			break;
		case BG_JWT_EXPIRED:
			refuse("the access token has expired");
			break;
		case BG_JWT_NOT_YET:
			refuse("the access token is not valid yet");
			break;
		case BG_JWT_ISSUER:
		case BG_JWT_AUDIENCE:
			refuse("the access token was made for another service");
			break;
		case BG_JWT_FAILED:
			ereport(ERROR, (errcode(ERRCODE_BG_UNAVAILABLE),
			                errmsg("the access token could not be checked")));
			break;
		default:
			/* What exactly is wrong with a forged token is nobody's business. */
			refuse(not_valid);
	}
	granted = bg_role_from_name(claims.role);
	if (granted == BG_ROLE_NONE)
		refuse(not_valid);
	role = bg_lookup_user(claims.sub);
	if (role == BG_ROLE_NONE)
		refuse("the account of this access token does not exist or is disabled");
	if (!bg_lookup_session(claims.sid, &session) || session.user_id != claims.sub)
		refuse(not_valid);
	set_caller(claims.sub, Min(role, granted), claims.sid, NULL, 0);
}

static bool is_api_key(const char *token, size_t len)
{
	const char *c = token + strlen(API_KEY_MARK);

	if (len != API_KEY_LENGTH)
		return false;
	for (int i = 0; i < BG_API_KEY_PREFIX; i++, c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9')))
			return false;
	if (*c++ != '_')
		return false;
	for (int i = 0; i < API_KEY_SECRET; i++, c++)
		if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
		      *c == '-' || *c == '_'))
			return false;
	return true;
}

static void hash_secret(const char *secret, size_t len, uint8 hash[PG_SHA256_DIGEST_LENGTH])
{
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);
	bool ok = context != NULL && pg_cryptohash_init(context) >= 0 &&
	          pg_cryptohash_update(context, (const uint8 *) secret, len) >= 0 &&
	          pg_cryptohash_final(context, hash, PG_SHA256_DIGEST_LENGTH) >= 0;

	if (context != NULL)
		pg_cryptohash_free(context);
	if (!ok)
		elog(ERROR, "could not hash an API key");
}

/* A program acts as a plain user, whoever made its key: what moderators and administrators may is for people who signed in. */
static void use_api_key(const char *token, size_t len)
{
	uint8 hash[PG_SHA256_DIGEST_LENGTH];
	bg_api_key_row row;
	bool same;
	char **scopes;

	if (!is_api_key(token, len))
		refuse(not_valid);
	hash_secret(token + API_KEY_LENGTH - API_KEY_SECRET, API_KEY_SECRET, hash);
	/* A prefix that nobody has leaves zeros to compare with, so that it takes as long. */
	(void) bg_lookup_api_key(token + strlen(API_KEY_MARK), &row);
	same = CRYPTO_memcmp(hash, row.secret_hash, sizeof(hash)) == 0;
	if (!same || !row.is_live || bg_lookup_user(row.user_id) == BG_ROLE_NONE)
		refuse(not_valid);
	scopes = MemoryContextAlloc(TopTransactionContext, sizeof(char *) * (row.n_scopes + 1));
	for (int i = 0; i < row.n_scopes; i++)
		scopes[i] = MemoryContextStrdup(TopTransactionContext, row.scopes[i]);
	if (row.was_unused)
		bg_lookup_mark_api_key(row.id, row.user_id);
	set_caller(row.user_id, BG_ROLE_USER, 0, scopes, row.n_scopes);
}

void bg_session_authenticate(const char *token, size_t len)
{
	if (token == NULL || len == 0)
		set_nobody();
	else if (len >= strlen(API_KEY_MARK) && memcmp(token, API_KEY_MARK, strlen(API_KEY_MARK)) == 0)
		use_api_key(token, len);
	else
		use_access_token(token, len);
}

void bg_session_forget(void)
{
	set_nobody();
}

int64 bg_session_user_id(void)
{
	return current == NULL ? 0 : current->user_id;
}

bg_role bg_session_role(void)
{
	return current == NULL ? BG_ROLE_NONE : current->role;
}

int64 bg_session_id(void)
{
	return current == NULL ? 0 : current->session_id;
}

const char *const *bg_session_scopes(int *n)
{
	*n = current == NULL ? 0 : current->n_scopes;
	return current == NULL ? NULL : (const char *const *) current->scopes;
}

/* bountygo.authenticate(token text) RETURNS bigint */
Datum bountygo_authenticate(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		bg_session_authenticate(NULL, 0);
	else
	{
		text *token = PG_GETARG_TEXT_PP(0);

		bg_session_authenticate(VARDATA_ANY(token), VARSIZE_ANY_EXHDR(token));
	}
	if (bg_session_user_id() == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(bg_session_user_id());
}

/* bountygo.current_user_id() RETURNS bigint */
Datum bountygo_current_user_id(PG_FUNCTION_ARGS)
{
	if (bg_session_user_id() == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(bg_session_user_id());
}

/* bountygo.current_user_role() RETURNS bountygo.user_role */
Datum bountygo_current_user_role(PG_FUNCTION_ARGS)
{
	HeapTuple entry;
	Oid label;

	if (bg_session_role() == BG_ROLE_NONE)
		PG_RETURN_NULL();
	/* The type of the result is the enum, whatever its oid is here. */
	entry =
	    SearchSysCache2(ENUMTYPOIDNAME, ObjectIdGetDatum(get_func_rettype(fcinfo->flinfo->fn_oid)),
	                    CStringGetDatum(bg_role_name(bg_session_role())));
	if (!HeapTupleIsValid(entry))
		elog(ERROR, "enum user_role has no label %s", bg_role_name(bg_session_role()));
	label = ((Form_pg_enum) GETSTRUCT(entry))->oid;
	ReleaseSysCache(entry);
	PG_RETURN_OID(label);
}

/* bountygo.current_session_id() RETURNS bigint */
Datum bountygo_current_session_id(PG_FUNCTION_ARGS)
{
	if (bg_session_id() == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(bg_session_id());
}

/* bountygo.current_scopes() RETURNS text[] */
Datum bountygo_current_scopes(PG_FUNCTION_ARGS)
{
	int n;
	const char *const *scopes = bg_session_scopes(&n);
	Datum *values;

	if (scopes == NULL)
		PG_RETURN_NULL();
	values = palloc_array(Datum, n + 1);
	for (int i = 0; i < n; i++)
		values[i] = CStringGetTextDatum(scopes[i]);
	PG_RETURN_ARRAYTYPE_P(construct_array(values, n, TEXTOID, -1, false, TYPALIGN_INT));
}

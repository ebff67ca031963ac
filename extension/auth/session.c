/*
 * session.c
 *		Who is calling, for this transaction. See session.h.
 *
 * The signature decides first; only a token of ours costs a look at the users table. The role is the lesser of the token's and the
 * table's, so that a demotion counts at once. Does not know REST, sessions in tables or refresh tokens.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_enum.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include <openssl/crypto.h>

#include "auth/jwt.h"
#include "auth/session.h"
#include "config.h"
#include "errors.h"

#define MAX_TTL_S 86400

/* The caller, with what was before it in enclosing subtransactions. Lives in TopTransactionContext. */
typedef struct caller
{
	int64 user_id;
	bg_role role;
	SubTransactionId subxact;
	struct caller *before;
} caller;

static caller *current = NULL;

/* The signing key as last read, and what it was read from. */
static struct
{
	char *bytes;
	size_t len;
	char *path;
	TimestampTz loaded;
} key;

static const char *const role_names[] = {"", "user", "moderator", "admin"};

extern PGDLLEXPORT Datum bountygo_authenticate(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_current_user_id(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_current_user_role(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_issue_token(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(bountygo_authenticate);
PG_FUNCTION_INFO_V1(bountygo_current_user_id);
PG_FUNCTION_INFO_V1(bountygo_current_user_role);
PG_FUNCTION_INFO_V1(bountygo_issue_token);

static bg_role role_from_name(const char *name)
{
	for (int i = BG_ROLE_USER; i <= BG_ROLE_ADMIN; i++)
		if (strcmp(name, role_names[i]) == 0)
			return (bg_role) i;
	return BG_ROLE_NONE;
}

static void set_caller(int64 user_id, bg_role role)
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

/* Reads the key again when the setting changed or the server's configuration was reloaded. */
static void load_key(void)
{
	const char *why = NULL;
	char *bytes = NULL;

	if (key.bytes != NULL && key.loaded == PgReloadTime && strcmp(key.path, bg_jwt_key_file) == 0)
		return;
	if (key.bytes != NULL)
	{
		OPENSSL_cleanse(key.bytes, key.len);
		pfree(key.bytes);
		pfree(key.path);
		key.bytes = NULL;
	}
	if (bg_jwt_key_file == NULL || bg_jwt_key_file[0] == '\0')
		why = "bountygo.jwt_key_file is not set";
	else
		bytes = bg_config_read_secret(bg_jwt_key_file, &why);
	if (bytes != NULL && strlen(bytes) < BG_JWT_MIN_KEY)
	{
		OPENSSL_cleanse(bytes, strlen(bytes));
		bytes = NULL;
		why = "the key is shorter than 256 bits";
	}
	if (bytes == NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_BG_UNAVAILABLE), errmsg("signing key is not configured"),
		         errdetail_log("%s", why),
		         errhint("The operator finds the reason with SELECT * FROM bountygo.doctor().")));
	key.len = strlen(bytes);
	key.path = MemoryContextStrdup(TopMemoryContext, bg_jwt_key_file);
	key.loaded = PgReloadTime;
	key.bytes = MemoryContextStrdup(TopMemoryContext, bytes);
	OPENSSL_cleanse(bytes, key.len);
	pfree(bytes);
}

static int64 unix_now(void)
{
	return (int64) (GetCurrentTimestamp() / USECS_PER_SEC) +
	       (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
}

/*
 * Looks a user up by primary key, past row-level security: the policies need the answer. Returns BG_ROLE_NONE if there is none or
 * it is disabled.
 */
static bg_role look_up_role(int64 user_id)
{
	Oid namespace = get_namespace_oid("bountygo", false);
	Oid relid = get_relname_relid("users", namespace);
	bg_role role = BG_ROLE_NONE;
	Relation users;
	SysScanDesc scan;
	ScanKeyData which;
	HeapTuple tuple;
	int disabled;
	int column;

	if (!OidIsValid(relid))
		ereport(ERROR, (errcode(ERRCODE_BG_UNAVAILABLE), errmsg("this database is not set up yet"),
		                errhint("A superuser runs SELECT bountygo.init().")));
	users = table_open(relid, AccessShareLock);
	disabled = get_attnum(relid, "disabled_at");
	column = get_attnum(relid, "role");
	ScanKeyInit(&which, get_attnum(relid, "id"), BTEqualStrategyNumber, F_INT8EQ,
	            Int64GetDatum(user_id));
	scan = systable_beginscan(users, RelationGetPrimaryKeyIndex(users), true, GetActiveSnapshot(),
	                          1, &which);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool is_null;

		(void) heap_getattr(tuple, disabled, RelationGetDescr(users), &is_null);
		if (is_null)
		{
			Oid label =
			    DatumGetObjectId(heap_getattr(tuple, column, RelationGetDescr(users), &is_null));
			HeapTuple entry = SearchSysCache1(ENUMOID, ObjectIdGetDatum(label));

			if (HeapTupleIsValid(entry))
			{
				role = role_from_name(NameStr(((Form_pg_enum) GETSTRUCT(entry))->enumlabel));
				ReleaseSysCache(entry);
			}
		}
	}
	systable_endscan(scan);
	table_close(users, AccessShareLock);
	return role;
}

static void refuse(const char *message)
{
	ereport(ERROR, (errcode(ERRCODE_BG_SIGN_IN), errmsg("%s", message),
	                errhint("Sign in again to get a new access token.")));
}

void bg_session_authenticate(const char *token, size_t len)
{
	bg_jwt_claims claims;
	bg_role role;
	bg_role granted;

	if (token == NULL || len == 0)
	{
		if (current != NULL)
			set_caller(0, BG_ROLE_NONE);
		return;
	}
	load_key();
	switch (bg_jwt_verify(token, len, key.bytes, key.len, bg_jwt_issuer, bg_jwt_audience,
	                      unix_now(), &claims))
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
			refuse("the access token is not valid");
	}
	granted = role_from_name(claims.role);
	if (granted == BG_ROLE_NONE)
		refuse("the access token is not valid");
	role = look_up_role(claims.sub);
	if (role == BG_ROLE_NONE)
		refuse("the account of this access token does not exist or is disabled");
	set_caller(claims.sub, Min(role, granted));
}

void bg_session_forget(void)
{
	if (current != NULL)
		set_caller(0, BG_ROLE_NONE);
}

int64 bg_session_user_id(void)
{
	return current == NULL ? 0 : current->user_id;
}

bg_role bg_session_role(void)
{
	return current == NULL ? BG_ROLE_NONE : current->role;
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
	                    CStringGetDatum(role_names[bg_session_role()]));
	if (!HeapTupleIsValid(entry))
		elog(ERROR, "enum user_role has no label %s", role_names[bg_session_role()]);
	label = ((Form_pg_enum) GETSTRUCT(entry))->oid;
	ReleaseSysCache(entry);
	PG_RETURN_OID(label);
}

/* bountygo.issue_token(user_id bigint, ttl interval) RETURNS text */
Datum bountygo_issue_token(PG_FUNCTION_ARGS)
{
	bg_jwt_claims claims = {0};
	int64 ttl = bg_access_token_s;
	bg_role role;
	unsigned char random[16];
	char *token;
	text *result;

	if (PG_ARGISNULL(0))
		bg_error_invalid("/user_id", "This is required.", NULL);
	claims.sub = PG_GETARG_INT64(0);
	if (!PG_ARGISNULL(1))
	{
		Interval *span = PG_GETARG_INTERVAL_P(1);

		/* Compared in parts, so that no sum can overflow. */
		if (span->month != 0 || span->day < 0 || span->day > 1 || span->time < 0 ||
		    span->time > MAX_TTL_S * USECS_PER_SEC ||
		    span->day * USECS_PER_DAY + span->time < USECS_PER_SEC ||
		    span->day * USECS_PER_DAY + span->time > MAX_TTL_S * USECS_PER_SEC)
			bg_error_invalid("/ttl", "This must be from 1 second to 1 day.", NULL);
		ttl = (span->day * USECS_PER_DAY + span->time) / USECS_PER_SEC;
	}
	load_key();
	role = claims.sub > 0 ? look_up_role(claims.sub) : BG_ROLE_NONE;
	if (role == BG_ROLE_NONE)
		ereport(ERROR, (errcode(ERRCODE_BG_NOT_FOUND),
		                errmsg("user " INT64_FORMAT " does not exist or is disabled", claims.sub)));
	strlcpy(claims.role, role_names[role], sizeof(claims.role));
	claims.iat = unix_now();
	claims.exp = claims.iat + ttl;
	if (!pg_strong_random(random, sizeof(random)))
		elog(ERROR, "could not get random bytes");
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(claims.jti + 2 * i, 3, "%02x", random[i]);
	token = bg_jwt_sign(&claims, key.bytes, key.len, bg_jwt_issuer, bg_jwt_audience);
	if (token == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("could not make a token")));
	result = cstring_to_text(token);
	free(token);
	PG_RETURN_TEXT_P(result);
}

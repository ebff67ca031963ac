/*
 * lookup.c
 *		Finds accounts, sessions and API keys by their unique keys. See lookup.h.
 *
 * Past row-level security, because the policies need the answer, and under a snapshot of its own, so that what was revoked counts
 * at once, whatever the isolation level. The two writes run as the owner of the tables; all that they name is qualified, as the search
 * path is the caller's. Decides nothing about tokens.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "auth/lookup.h"
#include "errors.h"

typedef struct search
{
	Relation table;
	Snapshot snapshot;
	SysScanDesc scan;
	HeapTuple tuple;
} search;

static const char *const role_names[] = {"", "user", "moderator", "admin"};

bg_role bg_role_from_name(const char *name)
{
	for (int i = BG_ROLE_USER; i <= BG_ROLE_ADMIN; i++)
		if (strcmp(name, role_names[i]) == 0)
			return (bg_role) i;
	return BG_ROLE_NONE;
}

const char *bg_role_name(bg_role role)
{
	return role_names[role];
}

static Oid table_oid(const char *name)
{
	Oid namespace = get_namespace_oid("bountygo", false);
	Oid relid = get_relname_relid(name, namespace);

	if (!OidIsValid(relid))
		ereport(ERROR, (errcode(ERRCODE_BG_UNAVAILABLE), errmsg("this database is not set up yet"),
		                errhint("A superuser runs SELECT bountygo.init().")));
	return relid;
}

/* The one row whose column equals the value. Should the index have lost its name, the whole table is read. */
static bool find_row(search *s, const char *table, const char *index, const char *column,
                     RegProcedure equals, Datum value)
{
	Oid relid = table_oid(table);
	AttrNumber attnum = get_attnum(relid, column);
	Oid index_oid = get_relname_relid(index, get_rel_namespace(relid));
	ScanKeyData which;

	s->table = table_open(relid, AccessShareLock);
	ScanKeyInit(&which, attnum, BTEqualStrategyNumber, equals, value);
	which.sk_collation =
	    TupleDescAttr(RelationGetDescr(s->table), AttrNumberGetAttrOffset(attnum))->attcollation;
	s->snapshot = RegisterSnapshot(GetLatestSnapshot());
	s->scan =
	    systable_beginscan(s->table, index_oid, OidIsValid(index_oid), s->snapshot, 1, &which);
	s->tuple = systable_getnext(s->scan);
	return HeapTupleIsValid(s->tuple);
}

static Datum value_of(search *s, const char *column, bool *is_null)
{
	return heap_getattr(s->tuple, get_attnum(RelationGetRelid(s->table), column),
	                    RelationGetDescr(s->table), is_null);
}

static void end_search(search *s)
{
	systable_endscan(s->scan);
	UnregisterSnapshot(s->snapshot);
	table_close(s->table, AccessShareLock);
}

bg_role bg_lookup_user(int64 user_id)
{
	bg_role role = BG_ROLE_NONE;
	search s;

	if (find_row(&s, "users", "users_pkey", "id", F_INT8EQ, Int64GetDatum(user_id)))
	{
		bool is_active;

		(void) value_of(&s, "disabled_at", &is_active);
		if (is_active)
		{
			bool is_null;
			Oid label = DatumGetObjectId(value_of(&s, "role", &is_null));
			HeapTuple entry = SearchSysCache1(ENUMOID, ObjectIdGetDatum(label));

			if (HeapTupleIsValid(entry))
			{
				role = bg_role_from_name(NameStr(((Form_pg_enum) GETSTRUCT(entry))->enumlabel));
				ReleaseSysCache(entry);
			}
		}
	}
	end_search(&s);
	return role;
}

bool bg_lookup_session(int64 session_id, bg_session_row *row)
{
	bool found;
	search s;

	found = find_row(&s, "sessions", "sessions_pkey", "id", F_INT8EQ, Int64GetDatum(session_id));
	if (found)
	{
		bool is_null;
		bool is_revoked;

		row->user_id = DatumGetInt64(value_of(&s, "user_id", &is_null));
		row->expires_at = DatumGetTimestampTz(value_of(&s, "expires_at", &is_null));
		(void) value_of(&s, "revoked_at", &is_null);
		is_revoked = !is_null;
		found = !is_revoked && row->expires_at > GetCurrentTimestamp();
	}
	end_search(&s);
	return found;
}

static void read_scopes(bg_api_key_row *row, Datum value)
{
	ArrayType *array = DatumGetArrayTypePCopy(value);
	Datum *elements;
	bool *nulls;
	int n;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	row->scopes = palloc_array(char *, n + 1);
	row->n_scopes = 0;
	for (int i = 0; i < n; i++)
		if (!nulls[i])
			row->scopes[row->n_scopes++] = TextDatumGetCString(elements[i]);
}

bool bg_lookup_api_key(const char *prefix, bg_api_key_row *row)
{
	text *wanted = cstring_to_text_with_len(prefix, BG_API_KEY_PREFIX);
	TimestampTz now = GetCurrentTimestamp();
	bool found;
	search s;

	memset(row, 0, sizeof(*row));
	found = find_row(&s, "api_keys", "api_keys_prefix_key", "prefix", F_TEXTEQ,
	                 PointerGetDatum(wanted));
	if (found)
	{
		bool is_null;
		bytea *hash;
		Datum at;

		row->id = DatumGetInt64(value_of(&s, "id", &is_null));
		row->user_id = DatumGetInt64(value_of(&s, "user_id", &is_null));
		hash = DatumGetByteaPP(value_of(&s, "secret_hash", &is_null));
		found = VARSIZE_ANY_EXHDR(hash) == BG_SECRET_HASH;
		if (found)
			memcpy(row->secret_hash, VARDATA_ANY(hash), BG_SECRET_HASH);
		(void) value_of(&s, "revoked_at", &row->is_live);
		at = value_of(&s, "expires_at", &is_null);
		if (!is_null && DatumGetTimestampTz(at) <= now)
			row->is_live = false;
		at = value_of(&s, "last_used_at", &is_null);
		row->was_unused = is_null || DatumGetTimestampTz(at) < now - USECS_PER_HOUR;
		read_scopes(row, value_of(&s, "scopes", &is_null));
	}
	end_search(&s);
	return found;
}

/* Runs one statement as the owner of the tables, as foreign keys are checked. Returns the number of rows. */
static uint64 run_as_owner(const char *table, const char *statement, int n, Oid *types,
                           Datum *values, int64 *id)
{
	HeapTuple entry = SearchSysCache1(RELOID, ObjectIdGetDatum(table_oid(table)));
	Oid owner;
	Oid user;
	int context;
	uint64 rows;
	int result;

	if (!HeapTupleIsValid(entry))
		elog(ERROR, "table %s has gone", table);
	owner = ((Form_pg_class) GETSTRUCT(entry))->relowner;
	ReleaseSysCache(entry);
	GetUserIdAndSecContext(&user, &context);
	SetUserIdAndSecContext(owner, context | SECURITY_LOCAL_USERID_CHANGE);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	result = SPI_execute_with_args(statement, n, types, values, NULL, false, 0);
	if (result < 0)
		elog(ERROR, "%s", SPI_result_code_string(result));
	rows = SPI_processed;
	if (id != NULL && rows == 1)
	{
		bool is_null;

		*id =
		    DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null));
	}
	SPI_finish();
	/* After an error the end of the (sub)transaction puts these back. */
	SetUserIdAndSecContext(user, context);
	return rows;
}

/*
 * The account is locked before its key, as by whoever deletes accounts, and neither is waited for: whoever has one locked is either
 * marking the key too, or removing it.
 */
void bg_lookup_mark_api_key(int64 key_id, int64 user_id)
{
	static const char lock_user[] =
	    "SELECT u.id FROM bountygo.users u WHERE u.id OPERATOR(pg_catalog.=) $1 "
	    "FOR KEY SHARE SKIP LOCKED";
	static const char mark_key[] =
	    "UPDATE bountygo.api_keys SET last_used_at = pg_catalog.now() "
	    "WHERE id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT k.id FROM bountygo.api_keys k "
	    "WHERE k.id OPERATOR(pg_catalog.=) $1 FOR NO KEY UPDATE SKIP LOCKED))";
	Oid types[1] = {INT8OID};
	Datum user = Int64GetDatum(user_id);
	Datum key = Int64GetDatum(key_id);

	if (XactReadOnly || IsolationUsesXactSnapshot() || RecoveryInProgress())
		return;
	if (run_as_owner("users", lock_user, 1, types, &user, NULL) == 1)
		run_as_owner("api_keys", mark_key, 1, types, &key, NULL);
}

int64 bg_lookup_make_session(int64 user_id, TimestampTz expires_at)
{
	static const char statement[] = "INSERT INTO bountygo.sessions (user_id, method, expires_at) "
	                                "VALUES ($1, 'admin', $2) RETURNING id";
	Oid types[2] = {INT8OID, TIMESTAMPTZOID};
	Datum values[2] = {Int64GetDatum(user_id), TimestampTzGetDatum(expires_at)};
	int64 id = 0;

	if (run_as_owner("sessions", statement, 2, types, values, &id) != 1)
		elog(ERROR, "could not make a session");
	return id;
}

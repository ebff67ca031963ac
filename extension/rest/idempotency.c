/*
 * idempotency.c
 *		Idempotency-Key: a POST that is sent again gets the answer of the first time, and its function does not run again. The answer is
 *		stored in the transaction that made it, so there is one exactly if its effect is there.
 *
 * Table idempotency_keys holds hashes, and the answers of routes that give secrets only sealed: to open one takes the key and the
 * body that the caller sent.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "errors.h"
#include "rest/rest.h"

#define MAX_KEY 255
#define LOCK_SEED UINT64CONST(0x62676f2d69646b65)

static const char FIND[] =
    "SELECT k.request_hash, k.status, k.location, k.headers, k.body, k.sealed"
    " FROM bountygo.idempotency_keys k"
    " WHERE k.key_hash OPERATOR(pg_catalog.=) $1"
    " AND k.expires_at OPERATOR(pg_catalog.>) pg_catalog.statement_timestamp()";
static const char STORE[] =
    "INSERT INTO bountygo.idempotency_keys"
    " (key_hash, user_id, route, request_hash, status, location, headers, body, sealed)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    " ON CONFLICT (key_hash) DO UPDATE SET user_id = excluded.user_id, route = excluded.route,"
    " request_hash = excluded.request_hash, status = excluded.status, location = excluded.location,"
    " headers = excluded.headers, body = excluded.body, sealed = excluded.sealed,"
    " created_at = excluded.created_at, expires_at = excluded.expires_at";

/* Double quotes around it are those of the draft standard, and not part of it. */
static char *read_key(const bg_headers *headers)
{
	char *key = bg_header(headers, "idempotency-key");
	int len;
	bool ok;

	if (key == NULL)
		return NULL;
	len = strlen(key);
	if (len >= 2 && key[0] == '"' && key[len - 1] == '"')
	{
		len -= 2;
		key = pnstrdup(key + 1, len);
	}
	ok = len >= 1 && len <= MAX_KEY;
	for (int i = 0; i < len && ok; i++)
		ok = key[i] > ' ' && key[i] <= '~';
	if (!ok)
		bg_error_at(ERRCODE_BG_BAD_REQUEST, "a header of the request is not valid",
		            "Idempotency-Key", "This must be 1 to 255 visible ASCII characters.",
		            "Use a random value such as a UUID, a new one for each request.");
	return key;
}

static Datum bytes(const unsigned char *from)
{
	bytea *result = palloc(VARHDRSZ + BG_HASH_SIZE);

	SET_VARSIZE(result, VARHDRSZ + BG_HASH_SIZE);
	memcpy(VARDATA(result), from, BG_HASH_SIZE);
	return PointerGetDatum(result);
}

/* People are told apart by their account, others by where they call from. */
static void hash_request(const bg_call *call, bg_idempotency *state)
{
	const char *address = bg_header(&call->headers, "client-address");

	bg_hash_start();
	bg_hash_add(&state->user_id, sizeof(state->user_id));
	bg_hash_add_part(state->user_id != 0 || address == NULL ? "" : address);
	bg_hash_add(&call->route->id, sizeof(call->route->id));
	bg_hash_add_part(state->key);
	bg_hash_end(state->key_hash);

	bg_hash_start();
	for (int i = 0; i < call->n_words; i++)
	{
		bg_hash_add_part(call->names[i]);
		bg_hash_add_part(call->vals[i]);
	}
	if (call->body != NULL)
		bg_hash_add(VARDATA_ANY(call->body), VARSIZE_ANY_EXHDR(call->body));
	bg_hash_end(state->request_hash);
}

/* What only the caller can say again, as hexadecimal digits. Not stored, and not to be had from what is. */
static Datum seal_context(const bg_call *call, const bg_idempotency *state)
{
	unsigned char digest[BG_HASH_SIZE];
	char digits[2 * BG_HASH_SIZE + 1];

	bg_hash_start();
	bg_hash_add_part(state->key);
	if (call->body != NULL)
		bg_hash_add(VARDATA_ANY(call->body), VARSIZE_ANY_EXHDR(call->body));
	bg_hash_end(digest);
	for (int i = 0; i < BG_HASH_SIZE; i++)
		snprintf(digits + 2 * i, 3, "%02x", digest[i]);
	return CStringGetTextDatum(digits);
}

/* By name, as the role of the call may not: what it seals is its own. */
static Oid sealer(const char *name, Oid first)
{
	Oid types[2] = {first, TEXTOID};

	return LookupFuncName(list_make2(makeString("bountygo"), makeString(pstrdup(name))), 2, types,
	                      true);
}

/* NULL if it can't be opened. */
static text *unseal(Datum sealed, Datum context)
{
	Oid function = sealer("unseal", BYTEAOID);
	FmgrInfo info;
	Datum result;

	LOCAL_FCINFO(call, 2);

	if (!OidIsValid(function))
		return NULL;
	fmgr_info(function, &info);
	InitFunctionCallInfoData(*call, &info, 2, InvalidOid, NULL, NULL);
	call->args[0].value = sealed;
	call->args[0].isnull = false;
	call->args[1].value = context;
	call->args[1].isnull = false;
	result = FunctionCallInvoke(call);
	return call->isnull ? NULL : DatumGetTextPCopy(result);
}

static void lock(const bg_idempotency *state)
{
	uint64 key = hash_bytes_extended(state->key_hash, BG_HASH_SIZE, LOCK_SEED);

	if (!DatumGetBool(
	        DirectFunctionCall1(pg_try_advisory_xact_lock_int8, Int64GetDatum((int64) key))))
		ereport(ERROR, (errcode(ERRCODE_BG_CONFLICT),
		                errmsg("a request with this Idempotency-Key is being worked on"),
		                errhint("Wait a moment and send it again to get its answer.")));
}

static void run_query(SPIPlanPtr *plan, const char *query, int n, Oid *types, Datum *values,
                      const char *nulls, int expected)
{
	SPIPlanPtr fresh;

	if (*plan == NULL)
	{
		fresh = SPI_prepare(query, n, types);
		if (fresh == NULL || SPI_keepplan(fresh) != 0)
			elog(ERROR, "could not plan the look at idempotency keys");
		*plan = fresh;
	}
	if (SPI_execute_plan(*plan, values, nulls, false, 0) != expected)
		elog(ERROR, "could not look at idempotency keys");
}

static Datum column(int number, bool *is_null)
{
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, number, is_null);
}

static text *text_column(int number)
{
	bool is_null;
	Datum value = column(number, &is_null);

	return is_null ? NULL : DatumGetTextPCopy(value);
}

static void take_headers(ArrayType *list, bg_answer *answer)
{
	Datum *words;
	bool *nulls;
	int n;

	deconstruct_array(list, TEXTOID, -1, false, TYPALIGN_INT, &words, &nulls, &n);
	for (int i = 0; i + 1 < n; i += 2)
		if (!nulls[i] && !nulls[i + 1])
			bg_answer_header(answer, TextDatumGetCString(words[i]),
			                 TextDatumGetCString(words[i + 1]));
}

/* The stored answer, in the memory of the call; SPI is connected. */
static void take_stored(const bg_call *call, const bg_idempotency *state, bg_answer *answer)
{
	bytea *request;
	bool is_null;
	Datum sealed;
	Datum list;

	request = DatumGetByteaPP(column(1, &is_null));
	if (VARSIZE_ANY_EXHDR(request) != BG_HASH_SIZE ||
	    memcmp(VARDATA_ANY(request), state->request_hash, BG_HASH_SIZE) != 0)
		bg_error_invalid("Idempotency-Key", "This was used for another request.",
		                 "Use a new key for each request, and the same only to send one again.");
	answer->status = DatumGetInt16(column(2, &is_null));
	answer->location = text_column(3);
	list = column(4, &is_null);
	if (!is_null)
		take_headers(DatumGetArrayTypePCopy(list), answer);
	bg_answer_header(answer, "idempotency-replayed", "true");
	answer->body = text_column(5);
	sealed = column(6, &is_null);
	if (is_null)
		return;
	answer->body = unseal(sealed, seal_context(call, state));
	if (answer->body == NULL)
		ereport(ERROR, (errcode(ERRCODE_BG_CONFLICT),
		                errmsg("the answer to this request can't be read any more"),
		                errhint("Use a new Idempotency-Key to send the request again.")));
}

bool bg_idempotency_begin(bg_call *call, bg_idempotency *state, bg_answer *answer)
{
	static SPIPlanPtr plan = NULL;
	MemoryContext before = CurrentMemoryContext;
	Oid types[] = {BYTEAOID};
	Datum values[1];
	bool found;

	state->key = read_key(&call->headers);
	/* What will be undone leaves nothing to give again. */
	if (call->prefer.undo)
		state->key = NULL;
	if (state->key == NULL)
		return false;
	state->user_id = bg_session_user_id();
	hash_request(call, state);
	lock(state);
	values[0] = bytes(state->key_hash);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	run_query(&plan, FIND, lengthof(types), types, values, NULL, SPI_OK_SELECT);
	found = SPI_processed > 0;
	if (found)
	{
		MemoryContext inside = MemoryContextSwitchTo(before);

		take_stored(call, state, answer);
		MemoryContextSwitchTo(inside);
	}
	SPI_finish();
	return found;
}

void bg_idempotency_store(const bg_call *call, const bg_idempotency *state, const bg_answer *answer,
                          ArrayType *headers)
{
	static SPIPlanPtr plan = NULL;
	Oid types[] = {BYTEAOID, INT8OID,      INT4OID, BYTEAOID, INT2OID,
	               TEXTOID,  TEXTARRAYOID, TEXTOID, BYTEAOID};
	Datum values[] = {bytes(state->key_hash),
	                  Int64GetDatum(state->user_id),
	                  Int32GetDatum(call->route->id),
	                  bytes(state->request_hash),
	                  Int16GetDatum((int16) answer->status),
	                  PointerGetDatum(answer->location),
	                  PointerGetDatum(headers),
	                  PointerGetDatum(answer->body),
	                  (Datum) 0};
	char nulls[] = {' ',
	                state->user_id == 0 ? 'n' : ' ',
	                ' ',
	                ' ',
	                ' ',
	                answer->location == NULL ? 'n' : ' ',
	                headers == NULL ? 'n' : ' ',
	                answer->body == NULL ? 'n' : ' ',
	                'n'};

	/* Refused after something was committed: it may be tried again. */
	if (state->key == NULL || answer->status >= 400)
		return;
	if (call->route->is_secret && answer->body != NULL)
	{
		Oid function = sealer("seal", TEXTOID);

		if (!OidIsValid(function))
			return;
		values[8] =
		    OidFunctionCall2(function, PointerGetDatum(answer->body), seal_context(call, state));
		nulls[8] = ' ';
		nulls[7] = 'n';
	}
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	run_query(&plan, STORE, lengthof(types), types, values, nulls, SPI_OK_INSERT);
	SPI_finish();
}

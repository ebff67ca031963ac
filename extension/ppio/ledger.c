/*
 * ledger.c
 *		What a model call may cost and what it did cost. Server side; see ppio.h.
 *
 * The decisions are SQL functions (60-ppio.sql), so that they are atomic however many workers ask; here are their callers, which add
 * the settings. Call inside a transaction with SPI connected and a snapshot.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "../config.h"
#include "ppio.h"

/* Never more than this of a provider's word for when to come back. */
#define MAX_PAUSE_S 120

typedef struct statement
{
	const char *sql;
	int args;
	Oid types[8];
	SPIPlanPtr plan;
} statement;

static statement admit = {"SELECT a.verdict, a.call_id, a.retry_at FROM bountygo.ppio_admit($1, "
                          "$2, $3, $4, $5, $6, $7) a",
                          7,
                          {INT8OID, TEXTOID, INT8OID, INT8OID, INT4OID, INT4OID, INT4OID},
                          NULL};
static statement store_reply = {"SELECT bountygo.ppio_store_reply($1, $2, $3, $4)",
                                4,
                                {INT8OID, INT4OID, BYTEAOID, INT4OID},
                                NULL};
static statement fail = {"SELECT bountygo.ppio_fail($1, $2, $3, $4, $5, $6, $7)",
                         7,
                         {INT8OID, TEXTOID, INT4OID, INT4OID, BOOLOID, INT4OID, INT4OID},
                         NULL};
static statement settle = {
    "SELECT bountygo.ppio_settle($1, $2, $3, $4)", 4, {INT8OID, TEXTOID, INT8OID, INT8OID}, NULL};

/* Runs a statement that gives exactly one row. "nulls" as for SPI, or NULL. */
static void run(statement *s, Datum *values, const char *nulls)
{
	if (s->plan == NULL)
	{
		SPIPlanPtr plan = SPI_prepare(s->sql, s->args, s->types);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare a statement of the model ledger: %s",
			     SPI_result_code_string(SPI_result));
		s->plan = plan;
	}
	if (SPI_execute_plan(s->plan, values, nulls, false, 1) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "a statement of the model ledger gave no row");
}

bg_admission bg_ledger_admit(int64_t job_id, int64_t tokens, int64_t *call_id, int64_t *retry_at)
{
	Datum values[7];
	char nulls[] = "       ";
	HeapTuple row;
	TupleDesc description;
	bool is_null;
	Datum datum;
	char *verdict;

	*call_id = 0;
	*retry_at = 0;
	if (bg_ppio_key() == NULL)
		return BG_ADMIT_NO_KEY;
	values[0] = Int64GetDatum(job_id);
	nulls[0] = job_id > 0 ? ' ' : 'n';
	values[1] = CStringGetTextDatum(bg_ppio_model);
	values[2] = Int64GetDatum(tokens);
	values[3] = Int64GetDatum((int64) bg_ppio_daily_tokens * 1000);
	values[4] = Int32GetDatum(bg_ppio_rate_per_minute);
	values[5] = Int32GetDatum(bg_ppio_breaker_open_s);
	values[6] = Int32GetDatum(bg_ppio_user_daily_calls);
	run(&admit, values, nulls);

	row = SPI_tuptable->vals[0];
	description = SPI_tuptable->tupdesc;
	verdict = SPI_getvalue(row, description, 1);
	datum = SPI_getbinval(row, description, 2, &is_null);
	if (!is_null)
		*call_id = DatumGetInt64(datum);
	datum = SPI_getbinval(row, description, 3, &is_null);
	if (!is_null)
		*retry_at = DatumGetTimestampTz(datum);
	SPI_freetuptable(SPI_tuptable);
	if (verdict != NULL && strcmp(verdict, "admit") == 0)
		return BG_ADMIT;
	if (verdict != NULL && strcmp(verdict, "budget") == 0)
		return BG_ADMIT_BUDGET;
	if (verdict != NULL && strcmp(verdict, "quota") == 0)
		return BG_ADMIT_QUOTA;
	return BG_ADMIT_LATER;
}

void bg_ledger_store_reply(int64_t call_id, int http_status, const char *reply, size_t len,
                           long elapsed_ms)
{
	bytea *bytes = palloc(len + VARHDRSZ);
	Datum values[4];

	SET_VARSIZE(bytes, len + VARHDRSZ);
	memcpy(VARDATA(bytes), reply, len);
	values[0] = Int64GetDatum(call_id);
	values[1] = Int32GetDatum(http_status);
	values[2] = PointerGetDatum(bytes);
	values[3] = Int32GetDatum((int32) Min(elapsed_ms, PG_INT32_MAX));
	run(&store_reply, values, NULL);
	SPI_freetuptable(SPI_tuptable);
	pfree(bytes);
}

void bg_ledger_fail(int64_t call_id, const char *outcome, int http_status, long retry_after_s,
                    bool counts_for_breaker)
{
	Datum values[7];
	char nulls[] = "       ";

	values[0] = Int64GetDatum(call_id);
	values[1] = CStringGetTextDatum(outcome);
	values[2] = Int32GetDatum(http_status);
	nulls[2] = http_status > 0 ? ' ' : 'n';
	values[3] = Int32GetDatum((int32) Min(retry_after_s, MAX_PAUSE_S));
	nulls[3] = retry_after_s >= 0 ? ' ' : 'n';
	values[4] = BoolGetDatum(counts_for_breaker);
	values[5] = Int32GetDatum(bg_ppio_breaker_failures);
	values[6] = Int32GetDatum(bg_ppio_breaker_open_s);
	run(&fail, values, nulls);
	SPI_freetuptable(SPI_tuptable);
}

void bg_ledger_settle(int64_t call_id, const char *outcome, int64_t prompt_tokens,
                      int64_t completion_tokens)
{
	Datum values[4];
	char nulls[] = "    ";

	values[0] = Int64GetDatum(call_id);
	values[1] = CStringGetTextDatum(outcome);
	values[2] = Int64GetDatum(prompt_tokens);
	nulls[2] = prompt_tokens >= 0 ? ' ' : 'n';
	values[3] = Int64GetDatum(completion_tokens);
	nulls[3] = completion_tokens >= 0 ? ' ' : 'n';
	run(&settle, values, nulls);
	SPI_freetuptable(SPI_tuptable);
}

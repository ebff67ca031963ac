/*
 * queue.c
 *		The worker's statements: saved plans over the functions of 51-queue-work.sql, and rows turned into jobs in hand.
 *
 * Nothing here begins or ends a transaction; what belongs into one together is decided in worker.c.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "../config.h"
#include "work.h"

typedef enum statement_id
{
	IS_ENABLED,
	TAKE_SLOT,
	LEAVE_SLOT,
	EXPIRE,
	CLAIM_PAGES,
	CLAIM_STAGE,
	NEXT,
	RENEW,
	COUNT,
	STORE_PAGES,
	LOCK_HOSTS,
	FINISH,
	FAIL,
	STORE_KEYS,
	DEFER,
	EVERY_MINUTE,
	STATEMENTS
} statement_id;

#define MAX_ARGS 13
#define STORE_COLUMNS 13

typedef struct statement
{
	const char *sql;
	int args;
	Oid types[MAX_ARGS];
	SPIPlanPtr plan;
} statement;

/* Enums are passed as text: their OIDs change when the extension is made anew. */
static statement statements[STATEMENTS] = {
    [IS_ENABLED] = {"SELECT c.enabled FROM bountygo.worker_control c", 0, {0}, NULL},
    [TAKE_SLOT] = {"SELECT bountygo.queue_take_slot($1, $2, $3, $4)",
                   4,
                   {INT4OID, INT4OID, TIMESTAMPTZOID, INT4OID},
                   NULL},
    [LEAVE_SLOT] = {"SELECT bountygo.queue_leave_slot($1, $2)", 2, {INT4OID, INT4OID}, NULL},
    [EXPIRE] = {"SELECT bountygo.queue_expire($1), bountygo.schedule_keys()", 1, {INT4OID}, NULL},
    [CLAIM_PAGES] = {"SELECT * FROM bountygo.queue_claim_pages($1, $2, $3, $4, $5, $6)",
                     6,
                     {INT4OID, INT4OID, INT4OID, INTERVALOID, INTERVALOID, TIMESTAMPTZOID},
                     NULL},
    [CLAIM_STAGE] =
        {"SELECT * FROM bountygo.queue_claim_stage($1, $2::bountygo.job_stage, $3, $4, $5)",
         5,
         {INT4OID, TEXTOID, INT4OID, INTERVALOID, TIMESTAMPTZOID},
         NULL},
    [NEXT] = {"SELECT bountygo.queue_next($1)", 1, {TIMESTAMPTZOID}, NULL},
    [RENEW] = {"SELECT bountygo.queue_renew($1, $2, $3)",
               3,
               {INT8ARRAYOID, INT4ARRAYOID, INTERVALOID},
               NULL},
    [COUNT] = {"SELECT bountygo.queue_count($1, $2, $3, $4, $5, $6, $7, $8)",
               8,
               {INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, TEXTOID},
               NULL},
    [STORE_PAGES] =
        {"SELECT * FROM bountygo.queue_store_pages($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
         "$11, $12, $13)",
         13,
         {INT8ARRAYOID, INT4ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT4ARRAYOID, TEXTARRAYOID,
          TEXTARRAYOID, TEXTARRAYOID, INT4ARRAYOID, JSONBARRAYOID, BOOLARRAYOID, TEXTARRAYOID,
          INT4ARRAYOID},
         NULL},
    [LOCK_HOSTS] =
        {"SELECT true FROM bountygo.hosts h WHERE h.host = ANY ($1) ORDER BY h.host FOR UPDATE",
         1,
         {TEXTARRAYOID},
         NULL},
    [FINISH] = {"SELECT bountygo.queue_finish($1, $2, $3, $4, $5, $6::bountygo.outcome)",
                6,
                {INT8OID, INT4OID, INT8OID, JSONBOID, TEXTOID, TEXTOID},
                NULL},
    [FAIL] = {"SELECT bountygo.queue_fail_any($1, $2, $3::bountygo.outcome, $4, $5, $6, $7, $8, "
              "$9, $10, "
              "$11, $12)",
              12,
              {INT8OID, INT4OID, TEXTOID, TEXTOID, TEXTOID, BOOLOID, BOOLOID, INT4OID, INT4OID,
               INT4OID, INT4OID, INT4OID},
              NULL},
    [STORE_KEYS] = {"SELECT bountygo.queue_store_keys($1, $2, $3, $4, $5)",
                    5,
                    {INT8OID, INT4OID, TEXTOID, INT4OID, INT4OID},
                    NULL},
    [EVERY_MINUTE] = {"SELECT bountygo.every_minute()", 0, {0}, NULL},
    [DEFER] =
        {"SELECT CASE WHEN bountygo.queue_defer($1, $2, $3, $4) THEN 'queued' ELSE 'lost' END",
         4,
         {INT8OID, INT4OID, TIMESTAMPTZOID, TEXTOID},
         NULL},
};

static void run(statement_id id, Datum *values, const char *nulls)
{
	statement *s = &statements[id];

	if (s->plan == NULL)
	{
		SPIPlanPtr plan = SPI_prepare(s->sql, s->args, s->types);

		if (plan == NULL || SPI_keepplan(plan) != 0)
			elog(ERROR, "could not prepare a statement of the queue: %s",
			     SPI_result_code_string(SPI_result));
		s->plan = plan;
	}
	if (SPI_execute_plan(s->plan, values, nulls, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "a statement of the queue failed: %s", SPI_result_code_string(SPI_result));
}

/* The text of the only column of the only row; NULL if it is null. */
static char *run_scalar(statement_id id, Datum *values, const char *nulls)
{
	run(id, values, nulls);
	if (SPI_processed != 1)
		elog(ERROR, "a statement of the queue gave %llu rows", (unsigned long long) SPI_processed);
	return SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
}

/* ---- values ------------------------------------------------------------------------------------------------ */

static Datum interval_of(int64 milliseconds)
{
	Interval *interval = palloc0(sizeof(Interval));

	interval->time = milliseconds * 1000;
	return IntervalPGetDatum(interval);
}

/* Bytes from outside become text only if they are valid in the server's encoding. */
static Datum text_or_null(const char *utf8, char *null)
{
	*null = utf8 == NULL ? 'n' : ' ';
	if (utf8 == NULL)
		return (Datum) 0;
	return CStringGetTextDatum(pg_any_to_server(utf8, strlen(utf8), PG_UTF8));
}

/* Header values are bytes of any kind: what is not valid UTF-8 is left out rather than spoil the page. */
static Datum header_or_null(const char *value, char *null)
{
	if (value != NULL && !pg_verify_mbstr(PG_UTF8, value, strlen(value), true))
		value = NULL;
	return text_or_null(value, null);
}

static Datum json_or_null(const char *utf8, size_t len, char *null)
{
	*null = utf8 == NULL ? 'n' : ' ';
	if (utf8 == NULL)
		return (Datum) 0;
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(pg_any_to_server(utf8, len, PG_UTF8)));
}

static HeapTuple row_at(uint64 row)
{
	return SPI_tuptable->vals[row];
}

static int64 int_at(uint64 row, const char *name)
{
	TupleDesc desc = SPI_tuptable->tupdesc;
	int column = SPI_fnumber(desc, name);
	bool is_null;
	Datum value = SPI_getbinval(row_at(row), desc, column, &is_null);

	if (is_null)
		return 0;
	return TupleDescAttr(desc, column - 1)->atttypid == INT8OID ? DatumGetInt64(value)
	                                                            : DatumGetInt32(value);
}

static bool bool_at(uint64 row, const char *name)
{
	bool is_null;
	Datum value = SPI_getbinval(row_at(row), SPI_tuptable->tupdesc,
	                            SPI_fnumber(SPI_tuptable->tupdesc, name), &is_null);

	return !is_null && DatumGetBool(value);
}

/* A column as malloc'd UTF-8; NULL if it is null. */
static char *copy_at(uint64 row, const char *name, size_t *len)
{
	char *value =
	    SPI_getvalue(row_at(row), SPI_tuptable->tupdesc, SPI_fnumber(SPI_tuptable->tupdesc, name));
	char *copy;

	if (value == NULL)
		return NULL;
	value = pg_server_to_any(value, strlen(value), PG_UTF8);
	copy = strdup(value);
	if (copy == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	if (len != NULL)
		*len = strlen(copy);
	return copy;
}

static bg_job *new_job(bg_worker *worker, uint64 row)
{
	bg_job *job = calloc(1, sizeof(bg_job));

	if (job == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	/* On the list at once: should the transaction fail, worker.c frees what is NEW. */
	dlist_push_tail(&worker->jobs, &job->node);
	job->phase = BG_PHASE_NEW;
	job->id = int_at(row, "id");
	job->token = (int32) int_at(row, "lease_token");
	job->is_public = bool_at(row, "is_public");
	job->snapshot_id = int_at(row, "snapshot_id");
	job->retry_after_s = -1;
	return job;
}

/* ---- the slot ---------------------------------------------------------------------------------------------- */

bool bg_queue_is_enabled(void)
{
	char *enabled;

	run(IS_ENABLED, NULL, NULL);
	if (SPI_processed != 1)
		return false;
	enabled = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	return enabled != NULL && enabled[0] == 't';
}

bool bg_queue_take_slot(int slot)
{
	Datum values[] = {Int32GetDatum(slot), Int32GetDatum(MyProcPid),
	                  TimestampTzGetDatum(MyStartTimestamp), Int32GetDatum(bg_max_crashes)};
	char *taken = run_scalar(TAKE_SLOT, values, NULL);

	return taken != NULL && taken[0] == 't';
}

void bg_queue_leave_slot(int slot)
{
	Datum values[] = {Int32GetDatum(slot), Int32GetDatum(MyProcPid)};

	run(LEAVE_SLOT, values, NULL);
}

void bg_queue_expire(void)
{
	Datum values[] = {Int32GetDatum(bg_max_crashes)};

	run(EXPIRE, values, NULL);
}

TimestampTz bg_queue_next(TimestampTz moment)
{
	Datum values[] = {TimestampTzGetDatum(moment)};
	bool is_null;
	Datum value;

	run(NEXT, values, NULL);
	value = SPI_getbinval(row_at(0), SPI_tuptable->tupdesc, 1, &is_null);
	return is_null ? 0 : DatumGetTimestampTz(value);
}

void bg_queue_count(bg_worker *worker)
{
	bg_counts *c = &worker->counts;
	char nulls[] = "        ";
	Datum values[] = {Int32GetDatum(worker->slot), Int32GetDatum(c->claimed),
	                  Int32GetDatum(c->done),      Int32GetDatum(c->failed),
	                  Int32GetDatum(c->retried),   Int32GetDatum(c->lost),
	                  Int32GetDatum(c->restarts),  0};

	values[7] = text_or_null(worker->error, &nulls[7]);
	run(COUNT, values, nulls);
}

/* ---- claiming ---------------------------------------------------------------------------------------------- */

int bg_queue_claim_pages(bg_worker *worker, int slots, TimestampTz moment)
{
	Datum values[] = {Int32GetDatum(worker->slot),
	                  Int32GetDatum(slots),
	                  Int32GetDatum(bg_fetch_per_host),
	                  interval_of(bg_fetch_delay_ms),
	                  interval_of(bg_lease_s * INT64CONST(1000)),
	                  TimestampTzGetDatum(moment)};
	uint64 rows;

	run(CLAIM_PAGES, values, NULL);
	rows = SPI_processed;
	for (uint64 i = 0; i < rows; i++)
	{
		bg_job *job = new_job(worker, i);

		job->is_keys = strcmp(SPI_getvalue(row_at(i), SPI_tuptable->tupdesc,
		                                   SPI_fnumber(SPI_tuptable->tupdesc, "kind")),
		                      "jwks") == 0;
		job->host = copy_at(i, "host", NULL);
		job->url = copy_at(i, "url", NULL);
		job->etag = copy_at(i, "etag", NULL);
		job->last_modified = copy_at(i, "last_modified", NULL);
	}
	worker->counts.claimed += (int) rows;
	return (int) rows;
}

int bg_queue_claim_stage(bg_worker *worker, const char *stage, int slots, TimestampTz moment)
{
	Datum values[] = {Int32GetDatum(worker->slot), CStringGetTextDatum(stage), Int32GetDatum(slots),
	                  interval_of(bg_lease_s * INT64CONST(1000)), TimestampTzGetDatum(moment)};
	SPITupleTable *table;
	uint64 rows;

	run(CLAIM_STAGE, values, NULL);
	rows = SPI_processed;
	table = SPI_tuptable;
	for (uint64 i = 0; i < rows; i++)
	{
		bg_job *job = new_job(worker, i);
		bool is_null;
		Datum reply;

		job->model_stage = strcmp(stage, "model") == 0;
		job->url = copy_at(i, "url", NULL);
		job->content = copy_at(i, "content", &job->content_len);
		job->is_text = job->content != NULL;
		job->result = copy_at(i, "result", &job->result_len);
		job->call_id = int_at(i, "call_id");
		job->tries = (int) int_at(i, "tries");
		job->waited_long = bool_at(i, "waited");
		reply = SPI_getbinval(table->vals[i], table->tupdesc, SPI_fnumber(table->tupdesc, "reply"),
		                      &is_null);
		if (!is_null)
		{
			bytea *bytes = DatumGetByteaPP(reply);

			job->reply_len = VARSIZE_ANY_EXHDR(bytes);
			job->reply = malloc(job->reply_len + 1);
			if (job->reply == NULL)
				ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
			memcpy(job->reply, VARDATA_ANY(bytes), job->reply_len);
		}
	}
	worker->counts.claimed += (int) rows;
	return (int) rows;
}

void bg_queue_renew(bg_worker *worker)
{
	Datum *ids;
	Datum *tokens;
	Datum values[3];
	dlist_iter iter;
	int count = 0;
	int n = 0;
	uint64 kept;

	dlist_foreach(iter, &worker->jobs) count++;
	if (count == 0)
		return;
	ids = palloc(sizeof(Datum) * count);
	tokens = palloc(sizeof(Datum) * count);
	dlist_foreach(iter, &worker->jobs)
	{
		bg_job *job = dlist_container(bg_job, node, iter.cur);

		/* What this transaction has ended holds no lease any more; if it fails, the job is stored again under its token. */
		if (job->is_over)
			continue;
		ids[n] = Int64GetDatum(job->id);
		tokens[n++] = Int32GetDatum(job->token);
	}
	if (n == 0)
		return;
	values[0] = PointerGetDatum(
	    construct_array(ids, n, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
	values[1] =
	    PointerGetDatum(construct_array(tokens, n, INT4OID, sizeof(int32), true, TYPALIGN_INT));
	values[2] = interval_of(bg_lease_s * INT64CONST(1000));
	run(RENEW, values, NULL);
	kept = SPI_processed;
	dlist_foreach(iter, &worker->jobs)
	{
		bg_job *job = dlist_container(bg_job, node, iter.cur);
		bool found = job->is_over;

		for (uint64 i = 0; i < kept && !found; i++)
			found = int_at(i, "queue_renew") == job->id;
		if (!found)
			job->token = 0;
	}
}

/* ---- ending ------------------------------------------------------------------------------------------------ */

/* One argument of queue_store_pages(): a value of each page. */
typedef struct column
{
	Oid type;
	Datum *values;
	bool *nulls;
} column;

static Datum array_of(const column *c, int n)
{
	int16 len;
	bool by_value;
	char align;
	int lower = 1;

	get_typlenbyvalalign(c->type, &len, &by_value, &align);
	return PointerGetDatum(
	    construct_md_array(c->values, c->nulls, 1, &n, &lower, c->type, len, by_value, align));
}

static void fill_page(column *columns, int i, const bg_queue_page *stored)
{
	const bg_job *job = stored->job;
	const bg_fetch_result *page = job->fetch != NULL ? bg_fetch_get_result(job->fetch) : NULL;
	char nulls[STORE_COLUMNS];
	Datum values[STORE_COLUMNS];

	memset(nulls, ' ', sizeof(nulls));
	values[0] = Int64GetDatum(job->id);
	values[1] = Int32GetDatum(job->token);
	values[2] = text_or_null(job->is_text ? NULL : job->url, &nulls[2]);
	values[3] = text_or_null(page != NULL ? page->final_url : job->url, &nulls[3]);
	values[4] = Int32GetDatum(page != NULL ? page->status : 0);
	nulls[4] = page != NULL ? ' ' : 'n';
	values[5] = header_or_null(page != NULL ? page->content_type : NULL, &nulls[5]);
	values[6] = header_or_null(page != NULL ? page->etag : NULL, &nulls[6]);
	values[7] = header_or_null(page != NULL ? page->last_modified : NULL, &nulls[7]);
	values[8] = Int32GetDatum((int32) (page != NULL ? page->body_len : job->content_len));
	values[9] = json_or_null(job->answer, job->answer_len, &nulls[9]);
	values[10] = BoolGetDatum(stored->to_model);
	values[11] = text_or_null(stored->model_outcome, &nulls[11]);
	values[12] = Int32GetDatum(
	    page != NULL && page->crawl_delay_s > 0 ? (int32) Min(page->crawl_delay_s, 60) : 0);
	for (int c = 0; c < STORE_COLUMNS; c++)
	{
		columns[c].values[i] = values[c];
		columns[c].nulls[i] = nulls[c] == 'n';
	}
}

void bg_queue_store_pages(bg_queue_page *pages, int n)
{
	column columns[STORE_COLUMNS] = {{INT8OID}, {INT4OID}, {TEXTOID}, {TEXTOID}, {INT4OID},
	                                 {TEXTOID}, {TEXTOID}, {TEXTOID}, {INT4OID}, {JSONBOID},
	                                 {BOOLOID}, {TEXTOID}, {INT4OID}};
	Datum values[STORE_COLUMNS];

	for (int c = 0; c < STORE_COLUMNS; c++)
	{
		columns[c].values = palloc(sizeof(Datum) * n);
		columns[c].nulls = palloc(sizeof(bool) * n);
	}
	for (int i = 0; i < n; i++)
		fill_page(columns, i, &pages[i]);
	for (int c = 0; c < STORE_COLUMNS; c++)
		values[c] = array_of(&columns[c], n);
	run(STORE_PAGES, values, NULL);
	for (int i = 0; i < n; i++)
		pages[i].state = "lost";
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		int64 id = int_at(row, "job");

		for (int i = 0; i < n; i++)
			if (pages[i].job->id == id)
				pages[i].state = SPI_getvalue(row_at(row), SPI_tuptable->tupdesc, 2);
	}
}

void bg_queue_lock_hosts(bg_job *const *jobs, int n)
{
	column hosts = {TEXTOID, palloc(sizeof(Datum) * n), palloc(sizeof(bool) * n)};
	Datum values[1];

	for (int i = 0; i < n; i++)
	{
		char null;

		hosts.values[i] = text_or_null(jobs[i]->host, &null);
		hosts.nulls[i] = null == 'n';
	}
	values[0] = array_of(&hosts, n);
	run(LOCK_HOSTS, values, NULL);
}

char *bg_queue_finish(const bg_job *job, const char *result, size_t result_len,
                      const char *model_outcome, bg_outcome outcome)
{
	char nulls[] = "      ";
	Datum values[6];

	values[0] = Int64GetDatum(job->id);
	values[1] = Int32GetDatum(job->token);
	values[2] = Int64GetDatum(job->snapshot_id);
	values[3] = json_or_null(result, result_len, &nulls[3]);
	values[4] = text_or_null(model_outcome, &nulls[4]);
	values[5] = CStringGetTextDatum(bg_outcome_name(outcome));
	return run_scalar(FINISH, values, nulls);
}

static char *fail(const bg_job *job, const char *outcome, const char *code, const char *why,
                  bool transient)
{
	char nulls[] = "            ";
	Datum values[12];

	values[0] = Int64GetDatum(job->id);
	values[1] = Int32GetDatum(job->token);
	values[2] = text_or_null(outcome, &nulls[2]);
	values[3] = text_or_null(code, &nulls[3]);
	values[4] = text_or_null(why, &nulls[4]);
	values[5] = BoolGetDatum(transient);
	values[6] = BoolGetDatum(job->crashed);
	values[7] = Int32GetDatum((int32) Min(job->retry_after_s, PG_INT32_MAX));
	values[8] = Int32GetDatum(bg_backoff_base_s);
	values[9] = Int32GetDatum(bg_backoff_max_s);
	values[10] = Int32GetDatum(bg_max_crashes);
	values[11] = Int32GetDatum(job->fetch != NULL ? bg_fetch_get_result(job->fetch)->status : 0);
	return run_scalar(FAIL, values, nulls);
}

char *bg_queue_fail(const bg_job *job, const char *code)
{
	char *why = pstrdup(bg_outcome_why(job->outcome));

	if (job->detail[0] != '\0' && pg_verify_mbstr(PG_UTF8, job->detail, strlen(job->detail), true))
		why = psprintf("%s (%s)", why, job->detail);
	return fail(job, bg_outcome_name(job->outcome), code, why,
	            bg_outcome_is_transient(job->outcome) != 0);
}

char *bg_queue_fail_internal(const bg_job *job, const char *code)
{
	return fail(
	    job, NULL, code,
	    psprintf("The result could not be stored (SQLSTATE %s): see the server's log.", code),
	    true);
}

char *bg_queue_store_keys(const bg_job *job)
{
	const bg_fetch_result *page = bg_fetch_get_result(job->fetch);
	const char *body = page->body;
	char nulls[] = "     ";
	Datum values[] = {Int64GetDatum(job->id), Int32GetDatum(job->token), 0,
	                  Int32GetDatum(bg_backoff_base_s), Int32GetDatum(bg_backoff_max_s)};

	/* Bytes that are no text are no keys, which NULL says. */
	if (memchr(body, 0, page->body_len) != NULL ||
	    !pg_verify_mbstr(PG_UTF8, body, (int) page->body_len, true))
		body = NULL;
	values[2] = text_or_null(body != NULL ? pnstrdup(body, page->body_len) : NULL, &nulls[2]);
	return run_scalar(STORE_KEYS, values, nulls);
}

char *bg_queue_defer(const bg_job *job, TimestampTz until, const char *why)
{
	Datum values[] = {Int64GetDatum(job->id), Int32GetDatum(job->token), TimestampTzGetDatum(until),
	                  CStringGetTextDatum(why)};

	return run_scalar(DEFER, values, NULL);
}

bool bg_queue_every_minute(void)
{
	char *more = run_scalar(EVERY_MINUTE, NULL, NULL);

	return more != NULL && more[0] == 't';
}

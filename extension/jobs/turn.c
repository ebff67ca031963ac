/*
 * turn.c
 *		The worker's transactions: when there is one, what goes into it, and what happens if it fails.
 *
 * Storing (T2, T3), renewing (T4) and claiming (T1) share one transaction a turn, so that many jobs share one flush of the log.
 * It commits before the first byte of a claimed job goes out. Nothing here waits for the network.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_extension.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "../config.h"
#include "work.h"

#define RETRY_FIRST_MS 5000
#define RETRY_LAST_MS 300000
/* While busy, claims wait until half of the places are free, but no longer than this. */
#define CLAIM_DELAY_MS 20
#define EXPIRE_EVERY_MS 1000
#define NEXT_EVERY_MS 200
#define MINUTE_MS 60000
/* ... and with more rows than one transaction should take. */
#define MORE_MS 1000

bool bg_turn_begin(const char *activity)
{
	Oid extension;
	Oid jobs;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	extension = get_extension_oid("bountygo", true);
	if (OidIsValid(extension))
	{
		/* DROP EXTENSION waits for us, or we for it, but not for long: lock_timeout is set. */
		LockDatabaseObject(ExtensionRelationId, extension, 0, AccessShareLock);
		if (get_extension_oid("bountygo", true) != extension)
			extension = InvalidOid;
	}
	if (!OidIsValid(extension))
	{
		CommitTransactionCommand();
		return false;
	}
	/* What writing the queue takes, before any of it is read: to raise the lock later deadlocks with a REINDEX of the table. */
	jobs = get_relname_relid("jobs", get_namespace_oid("bountygo", true));
	if (OidIsValid(jobs))
		LockRelationOid(jobs, RowExclusiveLock);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	PushActiveSnapshot(GetTransactionSnapshot());
	pgstat_report_activity(STATE_RUNNING, activity);
	return true;
}

void bg_turn_commit(void)
{
	SPI_finish();
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
}

static int abort_turn(void)
{
	int code = geterrcode();

	HOLD_INTERRUPTS();
	EmitErrorReport();
	AbortOutOfAnyTransaction();
	FlushErrorState();
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
	RESUME_INTERRUPTS();
	return code;
}

/* Errors that are no job's fault: the worker waits and tries again, and no attempt is charged. */
static bool is_common(int code)
{
	switch (ERRCODE_TO_CATEGORY(code))
	{
		case ERRCODE_SYNTAX_ERROR_OR_ACCESS_RULE_VIOLATION: /* 42: a table or privilege is missing */
		case ERRCODE_TRANSACTION_ROLLBACK:                  /* 40 */
		case ERRCODE_INSUFFICIENT_RESOURCES:                /* 53 */
		case ERRCODE_OPERATOR_INTERVENTION:                 /* 57 */
		case ERRCODE_SYSTEM_ERROR:                          /* 58 */
		case ERRCODE_CONFIG_FILE_ERROR:                     /* F0 */
			return true;
		default:
			return code == ERRCODE_LOCK_NOT_AVAILABLE || code == ERRCODE_READ_ONLY_SQL_TRANSACTION;
	}
}

static void write_counts(bg_worker *worker)
{
	static const bg_counts none = {0};

	if (memcmp(&worker->counts, &none, sizeof(none)) != 0 || worker->error != NULL)
		bg_queue_count(worker);
}

static void counts_written(bg_worker *worker)
{
	memset(&worker->counts, 0, sizeof(worker->counts));
	free(worker->error);
	worker->error = NULL;
}

/* Says in worker_status what is wrong, in a transaction of its own: the next turn that succeeds may be far off. */
static void write_error(bg_worker *worker)
{
	PG_TRY();
	{
		if (bg_turn_begin("bountygo: noting an error"))
		{
			write_counts(worker);
			bg_turn_commit();
			counts_written(worker);
		}
	}
	PG_CATCH();
	{
		abort_turn();
	}
	PG_END_TRY();
}

static void wait_after_error(bg_worker *worker, int code)
{
	bool at_once = ERRCODE_TO_CATEGORY(code) == ERRCODE_TRANSACTION_ROLLBACK ||
	               code == ERRCODE_LOCK_NOT_AVAILABLE;

	if (at_once)
		worker->retry_pause_ms = 100;
	else if (worker->retry_pause_ms < RETRY_FIRST_MS)
		worker->retry_pause_ms = RETRY_FIRST_MS;
	else
		worker->retry_pause_ms = Min(worker->retry_pause_ms * 2, RETRY_LAST_MS);
	worker->retry_ms = bg_loop_now_ms() + worker->retry_pause_ms;
	worker->want_pages = worker->want_model = true;
	bg_worker_note(worker, unpack_sql_state(code));
	if (!at_once)
		write_error(worker);
}

static int compare_hosts(const void *a, const void *b)
{
	const bg_job *x = *(bg_job *const *) a;
	const bg_job *y = *(bg_job *const *) b;
	int order = strcmp(x->host != NULL ? x->host : "", y->host != NULL ? y->host : "");

	return order != 0 ? order : (x->id > y->id) - (x->id < y->id);
}

/* The READY jobs, by host: workers that update rows of hosts in one order can't deadlock. */
static bg_job **ready_jobs(bg_worker *worker, int *count)
{
	bg_job **ready;
	dlist_iter iter;
	int n = 0;

	dlist_foreach(iter, &worker->jobs) n +=
	    dlist_container(bg_job, node, iter.cur)->phase == BG_PHASE_READY;
	ready = palloc(sizeof(bg_job *) * (n + 1));
	n = 0;
	dlist_foreach(iter, &worker->jobs)
	{
		bg_job *job = dlist_container(bg_job, node, iter.cur);

		if (job->phase == BG_PHASE_READY)
			ready[n++] = job;
	}
	qsort(ready, n, sizeof(bg_job *), compare_hosts);
	*count = n;
	return ready;
}

/* ---- claiming ---------------------------------------------------------------------------------------------- */

typedef struct in_hand
{
	int fetching;
	int reading; /* text and pages that wait for a reader or are in one */
	int asking;
	int ready;
	int64_t ready_since;
} in_hand;

static in_hand count_in_hand(bg_worker *worker)
{
	in_hand n = {0};
	dlist_iter iter;

	dlist_foreach(iter, &worker->jobs)
	{
		bg_job *job = dlist_container(bg_job, node, iter.cur);

		if (job->phase == BG_PHASE_READY)
		{
			if (n.ready++ == 0 || job->ready_ms < n.ready_since)
				n.ready_since = job->ready_ms;
		}
		else if (job->model_stage)
			n.asking++;
		else if (job->phase == BG_PHASE_FETCH || job->phase == BG_PHASE_NEW)
			n.fetching++;
		else
			n.reading++;
	}
	return n;
}

/* Places for pages: as many as may be fetched at once, and no more than the readers keep up with. */
static int free_pages(const in_hand *n)
{
	return Min(bg_fetch_concurrency - n->fetching,
	           bg_fetch_concurrency * 2 - n->fetching - n->reading);
}

static bool may_claim(bg_worker *worker, const in_hand *n)
{
	return worker->enabled && !bg_paused && !worker->rebuild &&
	       ((worker->want_pages && free_pages(n) > 0) ||
	        (worker->want_model && n->asking < bg_ppio_concurrency));
}

/* A claim for each place that falls free would be too many: many at once, or what there is after a moment. 0 = now, -1 = none. */
static long claim_due(bg_worker *worker, const in_hand *n)
{
	if (!may_claim(worker, n))
		return -1;
	if (free_pages(n) >= Max(1, bg_fetch_concurrency / 2))
		return 0;
	return Max(0, worker->claimed_ms + CLAIM_DELAY_MS - bg_loop_now_ms());
}

static void mark_fresh(bg_worker *worker)
{
	dlist_iter iter;

	dlist_foreach(iter, &worker->jobs)
	{
		bg_job *job = dlist_container(bg_job, node, iter.cur);

		if (job->phase == BG_PHASE_NEW)
			job->is_fresh = true;
	}
}

/* When to look again. With more work due than places, that is not worth a look at each claim. */
static void look_ahead(bg_worker *worker, TimestampTz moment)
{
	int64_t now = worker->claimed_ms;

	if (worker->want_pages && now - worker->looked_ms < NEXT_EVERY_MS)
	{
		worker->next_due = moment + NEXT_EVERY_MS * INT64CONST(1000);
		return;
	}
	worker->looked_ms = now;
	worker->next_due = bg_queue_next(moment);
	/* A lease that has run out waits for the next look at leases. */
	if (worker->next_due != 0 && worker->next_due <= moment)
		worker->next_due = moment + (worker->expired_ms + EXPIRE_EVERY_MS - now) * INT64CONST(1000);
}

static void claim(bg_worker *worker, const in_hand *n)
{
	int pages = free_pages(n);
	int asks = bg_ppio_concurrency - n->asking;
	bool usable = bg_pool_is_usable(worker);
	/* What is due and what comes later are told apart by one reading of the clock, or something could fall between. */
	TimestampTz moment = GetCurrentTimestamp();
	dlist_iter iter;

	worker->claimed_ms = bg_loop_now_ms();
	worker->enabled = bg_queue_is_enabled();
	if (!worker->enabled)
		return;
	if (worker->claimed_ms - worker->expired_ms >= EXPIRE_EVERY_MS)
	{
		bg_queue_expire();
		worker->expired_ms = worker->claimed_ms;
	}
	/* A want that found all its places taken stays: it is looked for again when a place is free. */
	if (worker->want_pages && pages > 0 && usable)
	{
		worker->want_pages = bg_queue_claim_pages(worker, pages, moment) >= pages;
		worker->want_pages |=
		    bg_queue_claim_stage(worker, "read", bg_readers, moment) >= bg_readers;
	}
	if (worker->want_model && asks > 0 && usable)
		worker->want_model = bg_queue_claim_stage(worker, "model", asks, moment) >= asks;
	mark_fresh(worker);
	dlist_foreach(iter, &worker->jobs)
	{
		bg_job *job = dlist_container(bg_job, node, iter.cur);

		if (job->is_fresh && job->model_stage)
			job->is_over = !bg_model_prepare(worker, job);
	}
	look_ahead(worker, moment);
	if (!usable)
	{
		worker->want_pages = worker->want_model = false;
		worker->next_due = GetCurrentTimestamp() + 5 * USECS_PER_SEC;
	}
}

/* ---- the turn ---------------------------------------------------------------------------------------------- */

long bg_turn_due(bg_worker *worker)
{
	in_hand n = count_in_hand(worker);
	int64_t now = bg_loop_now_ms();
	long wait;
	long until;

	if (worker->retry_ms > now)
		return worker->retry_ms - now;
	wait = claim_due(worker, &n);
	if (wait == 0)
		return 0;
	if (n.ready > 0)
	{
		if (n.ready >= BG_TURN_BATCH || n.fetching + n.reading + n.asking == 0)
			return 0;
		until = Max(0, n.ready_since + BG_TURN_DELAY_MS - now);
		wait = wait < 0 ? until : Min(wait, until);
	}
	if (n.ready + n.fetching + n.reading + n.asking > 0)
	{
		until = Max(0, worker->renewed_ms + bg_lease_s * 1000L / 3 - now);
		wait = wait < 0 ? until : Min(wait, until);
	}
	return wait;
}

/* After the commit: jobs that are over go, the others go on. */
static void settle_jobs(bg_worker *worker)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &worker->jobs)
	{
		bg_job *job = dlist_container(bg_job, node, iter.cur);

		if (job->token == 0)
		{
			/* Its lease is lost, to another worker or because it was cancelled. */
			worker->counts.lost++;
			bg_job_free(worker, job);
		}
		else if (job->is_over)
			bg_job_free(worker, job);
		else if (job->is_fresh)
		{
			job->is_fresh = false;
			bg_pipeline_start(worker, job);
		}
		else if (job->phase == BG_PHASE_READY && job->action == BG_ACTION_STORE_REPLY)
		{
			/* The reply is safe: now it may be read. */
			job->action = BG_ACTION_NONE;
			job->phase = BG_PHASE_QUEUED;
		}
	}
}

/* After an abort: what was claimed was not, and what was ended was not. */
static void forget_turn(bg_worker *worker, const bg_counts *counts)
{
	dlist_mutable_iter iter;

	worker->counts = *counts;
	dlist_foreach_modify(iter, &worker->jobs)
	{
		bg_job *job = dlist_container(bg_job, node, iter.cur);

		job->is_over = false;
		if (job->is_fresh || job->phase == BG_PHASE_NEW)
			bg_job_free(worker, job);
	}
}

/* T3: in a transaction of its own, never in the one that failed. */
static void give_up(bg_worker *worker, bg_job *job, int code)
{
	PG_TRY();
	{
		if (bg_turn_begin("bountygo: giving a job back"))
		{
			bg_queue_fail_internal(job, unpack_sql_state(code));
			bg_turn_commit();
		}
		worker->counts.retried++;
	}
	PG_CATCH();
	{
		/* Its lease will run out. */
		abort_turn();
	}
	PG_END_TRY();
	bg_job_free(worker, job);
}

/* The batch failed: each job by itself, so that one bad job costs only itself. */
static void run_one_by_one(bg_worker *worker)
{
	int count;
	bg_job **ready = ready_jobs(worker, &count);

	for (int i = 0; i < count; i++)
	{
		bg_job *job = ready[i];
		bg_counts before = worker->counts;
		volatile int code = 0;

		PG_TRY();
		{
			if (bg_turn_begin("bountygo: storing one page"))
			{
				job->is_over = bg_pipeline_apply(worker, job);
				bg_turn_commit();
			}
		}
		PG_CATCH();
		{
			code = abort_turn();
		}
		PG_END_TRY();
		if (code == 0)
			continue;
		worker->counts = before;
		job->is_over = false;
		if (is_common(code))
		{
			wait_after_error(worker, code);
			break;
		}
		give_up(worker, job, code);
	}
	settle_jobs(worker);
}

bool bg_turn_run(bg_worker *worker)
{
	in_hand n = count_in_hand(worker);
	bool claims;
	bool renews = bg_loop_now_ms() - worker->renewed_ms >= bg_lease_s * 1000L / 3;
	bg_counts before = worker->counts;
	volatile bool is_there = true;
	volatile int code = 0;
	MemoryContext context = CurrentMemoryContext;
	int count;
	bg_job **ready = ready_jobs(worker, &count);

	/* What ends makes room for its host, and this transaction commits anyway. */
	if (count > 0)
		worker->want_pages = true;
	claims = claim_due(worker, &n) == 0;
	PG_TRY();
	{
		is_there = bg_turn_begin("bountygo: storing pages, claiming jobs");
		if (is_there)
		{
			bg_pipeline_apply_all(worker, ready, count);
			if (renews)
				bg_queue_renew(worker);
			if (claims)
				claim(worker, &n);
			write_counts(worker);
			bg_turn_commit();
		}
	}
	PG_CATCH();
	{
		code = abort_turn();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	if (!is_there)
		return false;
	if (code == 0)
	{
		/* A wait inside the transaction (for a lock, for a standby) may have taken a wake-up that was meant for the loop. */
		if (count > 0 || worker->counts.claimed > before.claimed)
		{
			TimestampTz soon = GetCurrentTimestamp() + NEXT_EVERY_MS * INT64CONST(1000);

			if (worker->next_due == 0 || worker->next_due > soon)
				worker->next_due = soon;
		}
		worker->retry_pause_ms = 0;
		if (renews)
			worker->renewed_ms = bg_loop_now_ms();
		counts_written(worker);
		settle_jobs(worker);
		return true;
	}
	forget_turn(worker, &before);
	if (count > 0)
		run_one_by_one(worker);
	else
		wait_after_error(worker, code);
	/* Claiming is what failed if the jobs went well: don't try it again at once. */
	if (worker->retry_ms <= bg_loop_now_ms())
		wait_after_error(worker, ERRCODE_LOCK_NOT_AVAILABLE);
	return true;
}

/* ---- by the clock ------------------------------------------------------------------------------------------ */

void bg_turn_minute(bg_worker *worker)
{
	volatile bool more = false;
	MemoryContext context = CurrentMemoryContext;

	PG_TRY();
	{
		/* Apart from the jobs: what it deletes may wait for others, and its failure must not cost them. */
		if (bg_turn_begin("bountygo: rechecks and tidying"))
		{
			more = bg_queue_every_minute();
			bg_turn_commit();
		}
	}
	PG_CATCH();
	{
		bg_worker_note(worker, unpack_sql_state(abort_turn()));
		write_error(worker);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	/* Now and then look for what nobody woke us for, too. */
	worker->want_pages = worker->want_model = true;
	worker->next_due = 0;
	worker->minute_ms = bg_loop_now_ms() + (more ? MORE_MS : MINUTE_MS);
}

/*
 * wake.c
 *		Waking workers when a transaction that made work commits, and telling whether a worker's process lives.
 *
 * There is no shared memory of our own, so that everything is the same with and without preload. All background workers of this
 * database get their latch set: a latch is a hint that every process takes with a look around, and reading the process array
 * after commit can't miss a worker that started meanwhile, as a list read before commit could. A prepared transaction wakes
 * nobody; the workers' own sweep finds its work within a minute.
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "utils/backend_status.h"
#include "utils/timestamp.h"

#include "../compat.h"
#include "jobs.h"

/* Set by wake_workers(), with the subtransaction it was first set in: what that one undoes wakes nobody. */
static bool wake_at_commit = false;
static SubTransactionId wake_of;

static void at_transaction_end(XactEvent event, void *arg);
static void at_subtransaction_end(SubXactEvent event, SubTransactionId mine,
                                  SubTransactionId parent, void *arg);
static void wake_workers(void);

PG_FUNCTION_INFO_V1(bountygo_wake_workers);
PG_FUNCTION_INFO_V1(bountygo_worker_is_live);

void bg_jobs_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}

PGDLLEXPORT Datum bountygo_wake_workers(PG_FUNCTION_ARGS)
{
	if (!wake_at_commit)
		wake_of = GetCurrentSubTransactionId();
	wake_at_commit = true;
	PG_RETURN_VOID();
}

static void at_subtransaction_end(SubXactEvent event, SubTransactionId mine,
                                  SubTransactionId parent, void *arg)
{
	if (!wake_at_commit || wake_of != mine)
		return;
	if (event == SUBXACT_EVENT_ABORT_SUB)
		wake_at_commit = false;
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		wake_of = parent;
}

static void at_transaction_end(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
			/* The commit is visible to others by now: a worker that looks after this sees the work. */
			if (wake_at_commit)
			{
				wake_at_commit = false;
				wake_workers();
			}
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			wake_at_commit = false;
			break;
		default:
			break;
	}
}

/* No lock and no allocation: this runs after commit, where nothing may fail. */
static void wake_workers(void)
{
	for (uint32 i = 0; i < ProcGlobal->allProcCount; i++)
	{
		PGPROC *proc = &ProcGlobal->allProcs[i];

		if (proc->pid != 0 && proc->databaseId == MyDatabaseId && bg_proc_is_worker(proc))
			SetLatch(&proc->procLatch);
	}
}

bool bg_worker_is_live(int pid, TimestampTz start)
{
	int count;

	pgstat_clear_backend_activity_snapshot();
	count = pgstat_fetch_stat_numbackends();
	for (int i = 1; i <= count; i++)
	{
		LocalPgBackendStatus *local = bg_backend_status(i);

		/* A restored copy of another database names that one's workers. */
		if (local != NULL && local->backendStatus.st_procpid == pid &&
		    local->backendStatus.st_databaseid == MyDatabaseId &&
		    local->backendStatus.st_proc_start_timestamp == start)
			return true;
	}
	return false;
}

PGDLLEXPORT Datum bountygo_worker_is_live(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(bg_worker_is_live(PG_GETARG_INT32(0), PG_GETARG_TIMESTAMPTZ(1)));
}

/*
 * launch.c
 *		How worker processes come to be and are ended: the launcher, and the functions behind start() and stop().
 *
 * Workers connect as a role that may do little. At the start of the server, and in the transaction that makes that role, it can't be
 * looked up, so a launcher waits until the tables and the role are there, registers the workers as start() does, and ends.
 */
#include "postgres.h"

#include <signal.h>

#include "access/htup_details.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "../compat.h"
#include "../config.h"
#include "jobs.h"
#include "work.h"

#define LOOK_AGAIN_MS 60000
#define END_WAIT_MS 5000
#define POLL_MS 20

extern PGDLLEXPORT void bg_launcher_main(Datum main_arg);

PG_FUNCTION_INFO_V1(bountygo_register_workers);
PG_FUNCTION_INFO_V1(bountygo_signal_workers);

static void fill(BackgroundWorker *worker, const char *type, const char *function)
{
	memset(worker, 0, sizeof(*worker));
	worker->bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker->bgw_start_time = BgWorkerStart_RecoveryFinished;
	strlcpy(worker->bgw_library_name, "bountygo", sizeof(worker->bgw_library_name));
	strlcpy(worker->bgw_function_name, function, sizeof(worker->bgw_function_name));
	strlcpy(worker->bgw_name, type, sizeof(worker->bgw_name));
	strlcpy(worker->bgw_type, type, sizeof(worker->bgw_type));
}

void bg_jobs_register_static(void)
{
	BackgroundWorker launcher;

	if (bg_database == NULL || bg_database[0] == '\0')
		return;
	fill(&launcher, "bountygo launcher", "bg_launcher_main");
	launcher.bgw_restart_time = 5;
	RegisterBackgroundWorker(&launcher);
}

/* The role that workers run as; InvalidOid if it is missing or may not log in. "is_new": made in this very transaction. */
static Oid worker_role(bool *is_new)
{
	HeapTuple tuple = SearchSysCache1(AUTHNAME, CStringGetDatum(bg_worker_role));
	Oid role = InvalidOid;

	*is_new = false;
	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	if (((Form_pg_authid) GETSTRUCT(tuple))->rolcanlogin)
		role = ((Form_pg_authid) GETSTRUCT(tuple))->oid;
	*is_new = TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetRawXmin(tuple->t_data));
	ReleaseSysCache(tuple);
	return role;
}

/* Which slots have a live process; SPI is connected. */
static int live_slots(bool *is_live, int *pids)
{
	int live = 0;

	memset(is_live, 0, sizeof(bool) * (BG_MAX_WORKERS + 1));
	if (SPI_execute("SELECT w.slot::integer, w.pid, w.backend_start FROM bountygo.workers w "
	                "WHERE w.pid IS NOT NULL",
	                true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read the worker slots");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple row = SPI_tuptable->vals[i];
		bool is_null;
		int slot = DatumGetInt32(SPI_getbinval(row, SPI_tuptable->tupdesc, 1, &is_null));
		int pid = DatumGetInt32(SPI_getbinval(row, SPI_tuptable->tupdesc, 2, &is_null));
		TimestampTz start =
		    DatumGetTimestampTz(SPI_getbinval(row, SPI_tuptable->tupdesc, 3, &is_null));

		if (slot < 1 || slot > BG_MAX_WORKERS || !bg_worker_is_live(pid, start))
			continue;
		is_live[slot] = true;
		pids[live++] = pid;
	}
	return live;
}

static bool register_one(BackgroundWorker *worker, int slot, Oid role,
                         BackgroundWorkerHandle **handle)
{
	bg_launch_extra extra = {.database = MyDatabaseId,
	                         .role = role,
	                         .transaction =
	                             U64FromFullTransactionId(GetTopFullTransactionIdIfAny())};

	worker->bgw_main_arg = Int32GetDatum(slot);
	worker->bgw_notify_pid = MyProcPid;
	memcpy(worker->bgw_extra, &extra, sizeof(extra));
	return RegisterDynamicBackgroundWorker(worker, handle);
}

static void complain(int started, int wanted, int level)
{
	ereport(level, (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
	                errmsg("only %d of %d BountyGo workers could be registered", started, wanted),
	                errdetail("All background worker slots of the server are in use."),
	                errhint("Raise max_worker_processes, which is %d, and restart the server.",
	                        max_worker_processes)));
}

void bg_launch_wait(const bg_launch_extra *extra)
{
	int lock_timeout = LockTimeout;
	uint64 next;

	if (extra->transaction == 0)
		return;
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	pgstat_report_activity(STATE_RUNNING, "bountygo: waiting for bountygo.start() to commit");
	next = U64FromFullTransactionId(ReadNextFullTransactionId());
	/* A process that is started again much later must not take another transaction's number for it. */
	if (next - extra->transaction < PG_INT32_MAX / 2)
	{
		/* However long that takes: to give up would mean no workers. */
		LockTimeout = 0;
		XactLockTableWait((TransactionId) extra->transaction, NULL, NULL, XLTW_None);
		LockTimeout = lock_timeout;
	}
	CommitTransactionCommand();
	pgstat_report_activity(STATE_IDLE, NULL);
}

/* Starts what is missing; returns how many slots are served or will be. SPI is connected. */
static int launch_missing(Oid role, int level)
{
	bool is_live[BG_MAX_WORKERS + 1];
	int pids[BG_MAX_WORKERS];
	BackgroundWorkerHandle *handles[BG_MAX_WORKERS];
	int live = live_slots(is_live, pids);
	int started = 0;
	int running = live;

	for (int slot = 1; slot <= bg_workers; slot++)
	{
		BackgroundWorker worker;

		if (is_live[slot])
			continue;
		fill(&worker, "bountygo worker", "bg_worker_main");
		snprintf(worker.bgw_name, sizeof(worker.bgw_name), "bountygo worker %d", slot);
		worker.bgw_restart_time = 5;
		if (!register_one(&worker, slot, role, &handles[started]))
		{
			complain(live + started, bg_workers, live + started == 0 ? level : WARNING);
			break;
		}
		started++;
	}
	for (int i = 0; i < started; i++)
	{
		pid_t pid;

		if (WaitForBackgroundWorkerStartup(handles[i], &pid) == BGWH_STARTED)
			running++;
	}
	return running;
}

PGDLLEXPORT Datum bountygo_register_workers(PG_FUNCTION_ARGS)
{
	bool is_new;
	Oid role = worker_role(&is_new);
	int running;

	if (!OidIsValid(role))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
		                errmsg("the role \"%s\" for workers does not exist or may not log in",
		                       bg_worker_role),
		                errhint("Run bountygo.init(), or set bountygo.worker_role.")));
	if (is_new)
	{
		/* Others see the role when this transaction has committed: the launcher waits for its end. */
		BackgroundWorker launcher;
		BackgroundWorkerHandle *handle;
		pid_t pid;

		fill(&launcher, "bountygo launcher", "bg_launcher_main");
		launcher.bgw_restart_time = BGW_NEVER_RESTART;
		if (!register_one(&launcher, 0, InvalidOid, &handle))
			complain(0, bg_workers, ERROR);
		if (WaitForBackgroundWorkerStartup(handle, &pid) == BGWH_POSTMASTER_DIED)
			proc_exit(1);
		PG_RETURN_INT32(bg_workers);
	}
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	running = launch_missing(role, ERROR);
	SPI_finish();
	PG_RETURN_INT32(running);
}

PGDLLEXPORT Datum bountygo_signal_workers(PG_FUNCTION_ARGS)
{
	bool is_live[BG_MAX_WORKERS + 1];
	int pids[BG_MAX_WORKERS];
	TimestampTz began = GetCurrentTimestamp();
	int count;
	int ended = 0;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	count = live_slots(is_live, pids);
	SPI_finish();
	for (int i = 0; i < count; i++)
		if (kill(pids[i], SIGTERM) != 0 && errno != ESRCH)
			ereport(WARNING, (errmsg("could not send a signal to worker process %d: %m", pids[i])));
	for (;;)
	{
		ended = 0;
		for (int i = 0; i < count; i++)
			ended += BackendPidGetProc(pids[i]) == NULL;
		if (ended == count || TimestampDifferenceExceeds(began, GetCurrentTimestamp(), END_WAIT_MS))
			break;
		CHECK_FOR_INTERRUPTS();
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, POLL_MS,
		                 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
	if (ended < count)
		ereport(WARNING, (errmsg("%d of %d workers have not ended yet", count - ended, count)));
	PG_RETURN_INT32(ended);
}

/* ---- the launcher ------------------------------------------------------------------------------------------ */

typedef enum launch_state
{
	LAUNCH_NOT_YET,
	LAUNCH_DONE
} launch_state;

static launch_state try_launch(void)
{
	launch_state state = LAUNCH_NOT_YET;
	Oid schema;
	Oid role;
	bool is_new;

	if (!bg_turn_begin("bountygo: launching workers"))
		return LAUNCH_NOT_YET;
	schema = get_namespace_oid("bountygo", true);
	role = worker_role(&is_new);
	if (OidIsValid(role) && OidIsValid(schema) &&
	    OidIsValid(get_relname_relid("worker_control", schema)) &&
	    OidIsValid(get_relname_relid("workers", schema)))
	{
		/* Stopped on purpose: start() will launch what is wanted. */
		if (!bg_queue_is_enabled() || launch_missing(role, WARNING) > 0)
			state = LAUNCH_DONE;
	}
	bg_turn_commit();
	return state;
}

void bg_launcher_main(Datum main_arg)
{
	bg_launch_extra extra;
	bool is_static;
	bool said = false;

	memcpy(&extra, MyBgworkerEntry->bgw_extra, sizeof(extra));
	is_static = !OidIsValid(extra.database);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	if (is_static)
		BackgroundWorkerInitializeConnection(bg_database, NULL, 0);
	else
		BackgroundWorkerInitializeConnectionByOid(extra.database, InvalidOid, 0);
	SetConfigOption("search_path", "pg_catalog, pg_temp", PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("lock_timeout", "10000", PGC_SUSET, PGC_S_OVERRIDE);
	bg_launch_wait(&extra);

	for (int looks = 0;; looks++)
	{
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		if (try_launch() == LAUNCH_DONE)
			proc_exit(0);
		/* Launched by a start() that has not come to anything. */
		if (!is_static && looks >= 2)
			proc_exit(0);
		if (!said)
			ereport(LOG, (errmsg("bountygo launcher waits for bountygo.start() in this database")));
		said = true;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, LOOK_AGAIN_MS,
		                 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
}

/*
 * worker.c
 *		The life of a worker process: its slot, its loop, reload, errors and end. Transactions are in turn.c.
 *
 * While it waits it holds no transaction, snapshot or lock: one WaitEventSet for its latch, the postmaster's death and one epoll
 * descriptor that stands for all sockets and readers.
 */
#include "postgres.h"

#include <sys/wait.h>

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "commands/dbcommands.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/fd.h"
#include "storage/ipc.h"
#include "storage/lmgr.h"
#include "storage/procarray.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "../compat.h"
#include "../config.h"
#include "../ppio/ppio.h"
#include "../web/egress.h"
#include "jobs.h"
#include "work.h"

#define IDLE_MS 60000 /* the sweep that finds what nobody woke us for */
#define MAX_FAILURES 5

typedef enum bg_readiness
{
	BG_NOT_READY, /* no extension, no tables: wait */
	BG_READY,
	BG_NOT_WANTED /* stopped, or another process has the slot */
} bg_readiness;

extern PGDLLEXPORT void bg_worker_main(Datum main_arg);

static bg_worker *self;
static bool has_slot;
static Oid jobs_relation;
static Oid workers_relation;
static volatile sig_atomic_t told_to_end;

/* ---- jobs in hand ------------------------------------------------------------------------------------------ */

void bg_job_free(bg_worker *worker, bg_job *job)
{
	dlist_delete(&job->node);
	bg_pool_forget(worker->readers, job);
	if (job->fetch != NULL)
		bg_fetch_free(job->fetch);
	if (job->call != NULL)
		bg_http_transfer_free(job->call);
	free(job->host);
	free(job->url);
	free(job->content);
	free(job->etag);
	free(job->last_modified);
	free(job->answer);
	free(job->result);
	free(job->request);
	free(job->reply);
	free(job);
}

void bg_job_ready(bg_job *job, bg_action action)
{
	job->phase = BG_PHASE_READY;
	job->action = action;
	job->ready_ms = bg_loop_now_ms();
}

void bg_job_fail(bg_job *job, bg_outcome outcome, const char *detail)
{
	job->outcome = outcome;
	strlcpy(job->detail, detail, sizeof(job->detail));
	bg_job_ready(job, BG_ACTION_FAIL);
}

void bg_worker_note(bg_worker *worker, const char *error)
{
	free(worker->error);
	worker->error = strdup(error);
}

static void drop_jobs(bg_worker *worker)
{
	dlist_mutable_iter iter;

	dlist_foreach_modify(iter, &worker->jobs)
	    bg_job_free(worker, dlist_container(bg_job, node, iter.cur));
}

/* ---- the network ------------------------------------------------------------------------------------------- */

static void free_network(bg_worker *worker)
{
	bg_fetcher_free(worker->fetcher);
	bg_http_free(worker->fetch_http);
	bg_http_free(worker->model_http);
	worker->fetcher = NULL;
	worker->fetch_http = worker->model_http = NULL;
}

/* All settings that connections are made with, as one text to compare. palloc'd. */
static char *network_settings(void)
{
	return psprintf("%d %d %d %d %s|%s|%s|%d %d %d %d %d %d|%d %d|%s|%s", bg_fetch_connections,
	                bg_fetch_connections_per_host, bg_dns_cache_s, bg_dns_timeout_ms,
	                bg_dns_servers, bg_user_agent, bg_ca_file, bg_fetch_connect_timeout_ms,
	                bg_fetch_read_timeout_ms, bg_fetch_total_timeout_ms, bg_fetch_max_redirects,
	                bg_fetch_max_bytes, bg_fetch_robots, bg_ppio_connections,
	                bg_ppio_connections_per_host, bg_allowed_networks, bg_allowed_ports);
}

static void build_network(bg_worker *worker)
{
	bg_http_settings pages = {
	    .max_connections = bg_fetch_connections,
	    .max_connections_per_host = bg_fetch_connections_per_host,
	    .dns_cache_s = bg_dns_cache_s,
	    .dns_timeout_ms = bg_dns_timeout_ms,
	    .dns_servers = bg_dns_servers,
	    .user_agent = bg_user_agent,
	    .ca_file = bg_ca_file,
	};
	bg_http_settings model = pages;
	bg_fetch_settings fetch = {
	    .connect_timeout_ms = bg_fetch_connect_timeout_ms,
	    .read_timeout_ms = bg_fetch_read_timeout_ms,
	    .total_timeout_ms = bg_fetch_total_timeout_ms,
	    .low_speed_bytes = 1024,
	    .low_speed_s = 10,
	    .max_redirects = bg_fetch_max_redirects,
	    .max_wire_bytes = bg_fetch_max_bytes,
	    .max_body_bytes = bg_fetch_max_bytes,
	    .obey_robots = bg_fetch_robots,
	    .robots_cache_s = 3600,
	    .agent_token = "BountyGo",
	};
	char why[160];

	if (!bg_egress_configure(bg_allowed_networks, bg_allowed_ports, why, sizeof(why)))
		ereport(ERROR, (errcode(ERRCODE_CONFIG_FILE_ERROR),
		                errmsg("the settings of allowed networks are not valid: %s", why)));
	model.max_connections = bg_ppio_connections;
	model.max_connections_per_host = bg_ppio_connections_per_host;
	worker->fetch_http = bg_http_create(worker->loop, &pages);
	worker->model_http = bg_http_create(worker->loop, &model);
	if (worker->fetch_http != NULL)
		worker->fetcher = bg_fetcher_create(worker->loop, worker->fetch_http, &fetch);
	if (worker->fetcher == NULL || worker->model_http == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	worker->rebuild = false;
	free(worker->network);
	worker->network = strdup(network_settings());
}

/* ---- settings ---------------------------------------------------------------------------------------------- */

static void pin(const char *name, const char *value)
{
	SetConfigOption(name, value, PGC_SUSET, PGC_S_OVERRIDE);
}

/* What a database or role may have set otherwise, and what we rely on. */
static void pin_settings(void)
{
	pin("search_path", "pg_catalog, pg_temp");
	pin("statement_timeout", "0");
	pin("lock_timeout", "1000");
	pin("idle_in_transaction_session_timeout", "0");
	pin("default_transaction_isolation", "read committed");
	pin("default_transaction_read_only", "off");
	pin("session_replication_role", "origin");
	pin("jit", "off");
	/* Plans are made while the queue may be empty and kept when it is long. */
	pin("enable_seqscan", "off");
	pin("plan_cache_mode", "force_generic_plan");
#ifdef USE_LZ4
	/* Compressing pages by pglz costs as much as the rest of storing them. */
	pin("default_toast_compression", "lz4");
#endif
	/* Attempts have to survive a crash, or a job that kills its worker would do so for ever (T1). */
	if (synchronous_commit == SYNCHRONOUS_COMMIT_OFF)
		pin("synchronous_commit", "local");
}

static void reload(bg_worker *worker)
{
	ConfigReloadPending = false;
	ProcessConfigFile(PGC_SIGHUP);
	bg_ppio_reload_key();
	/* Connections under way keep the settings they began with; new ones wait until those are done. */
	if (worker->network == NULL || strcmp(worker->network, network_settings()) != 0)
		worker->rebuild = true;
	worker->want_pages = worker->want_model = true;
	ereport(LOG, (errmsg("bountygo worker %d has read its settings again%s", worker->slot,
	                     bg_paused ? "; it is paused" : "")));
}

/* ---- the slot ---------------------------------------------------------------------------------------------- */

static void on_sigterm(SIGNAL_ARGS)
{
	told_to_end = true;
	die(postgres_signal_arg);
}

/*
 * Leaving in good order: the jobs go back at once, uncharged. Only if it costs no waiting, for whoever ended us waits, too; else the
 * next owner of the slot, or the lease, sees to it.
 */
static void on_exit_leave(int code, Datum arg)
{
	if (!has_slot || !told_to_end)
		return;
	has_slot = false;
	AbortOutOfAnyTransaction();
	/* No standby is waited for on the way out. */
	synchronous_commit = SYNCHRONOUS_COMMIT_LOCAL_FLUSH;
	StartTransactionCommand();
	if (ConditionalLockRelationOid(workers_relation, RowExclusiveLock) &&
	    ConditionalLockRelationOid(jobs_relation, RowExclusiveLock) &&
	    SearchSysCacheExists1(RELOID, ObjectIdGetDatum(jobs_relation)) &&
	    SearchSysCacheExists1(RELOID, ObjectIdGetDatum(workers_relation)) &&
	    SPI_connect() == SPI_OK_CONNECT)
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		bg_queue_leave_slot(self->slot);
		SPI_finish();
		PopActiveSnapshot();
	}
	CommitTransactionCommand();
}

static void on_exit_free(int code, Datum arg)
{
	if (self == NULL)
		return;
	/* The readers would see the end of their input, but a zombie of a child should not be left to anybody. */
	drop_jobs(self);
	bg_pool_free(self->readers);
	self = NULL;
}

static void say_once(const char *text)
{
	static const char *said;

	if (said != text && text != NULL)
		ereport(LOG, (errmsg("bountygo worker waits: %s", text)));
	said = text;
}

static bool same_version(void)
{
	char *version;

	if (SPI_execute("SELECT bountygo.version()", true, 1) != SPI_OK_SELECT || SPI_processed != 1)
		return false;
	version = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	return version != NULL && strcmp(version, BG_VERSION) == 0;
}

/* T0: everything is there, and the slot is ours. */
static bg_readiness get_ready(bg_worker *worker)
{
	static char database[NAMEDATALEN];
	bg_readiness readiness = BG_NOT_READY;
	Oid schema;
	char *name;

	if (RecoveryInProgress())
		return BG_NOT_READY;
	if (!bg_turn_begin("bountygo: taking the slot"))
	{
		say_once("this database has no extension bountygo");
		return BG_NOT_READY;
	}
	schema = get_namespace_oid("bountygo", true);
	jobs_relation = OidIsValid(schema) ? get_relname_relid("jobs", schema) : InvalidOid;
	workers_relation = OidIsValid(schema) ? get_relname_relid("workers", schema) : InvalidOid;
	if (!OidIsValid(workers_relation) || !OidIsValid(get_relname_relid("worker_control", schema)) ||
	    !OidIsValid(jobs_relation))
		say_once("bountygo.init() has not been run in this database");
	else if (!same_version())
		say_once("the library and the extension are of different versions: run ALTER EXTENSION "
		         "bountygo UPDATE, or restart the server");
	else if (!bg_queue_is_enabled() || !bg_queue_take_slot(worker->slot))
		readiness = BG_NOT_WANTED;
	else
		readiness = BG_READY;
	name = get_database_name(MyDatabaseId);
	strlcpy(database, name != NULL ? name : "", sizeof(database));
	bg_turn_commit();
	if (readiness == BG_READY)
	{
		say_once(NULL);
		has_slot = true;
		worker->enabled = true;
		worker->want_pages = worker->want_model = true;
		ereport(LOG, (errmsg("bountygo worker %d serves database \"%s\"", worker->slot, database)));
	}
	return readiness;
}

/* ---- the loop ---------------------------------------------------------------------------------------------- */

static void look_around(bg_worker *worker)
{
	bg_loop_run(worker->loop);
	bg_pipeline_collect(worker);
	bg_model_collect(worker);
	bg_pool_turn(worker);
}

/* Until when nothing has to be done unless something happens. */
static long time_to_wait(bg_worker *worker)
{
	long wait = IDLE_MS;
	long turn = bg_turn_due(worker);
	long minute = (long) Max(worker->minute_ms - bg_loop_now_ms(), 0);

	if (turn >= 0)
		wait = Min(wait, turn);
	wait = Min(wait, minute);
	if (worker->next_due != 0 && !bg_paused)
	{
		long due = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), worker->next_due) + 1;

		wait = Min(wait, Max(due, 5));
	}
	return wait;
}

static void wait_for_something(bg_worker *worker, WaitEventSet *set, long wait)
{
	WaitEvent events[2];
	int64_t began = bg_loop_now_ms();
	int count =
	    WaitEventSetWait(set, wait, events, lengthof(events), bg_wait_event("BountyGoWorker"));
	bool is_due = worker->next_due != 0 && GetCurrentTimestamp() >= worker->next_due;

	for (int i = 0; i < count; i++)
	{
		if ((events[i].events & WL_LATCH_SET) == 0)
			continue;
		ResetLatch(MyLatch);
		is_due = true;
	}
	/* Somebody woke us, or the time has come, or the sweep. */
	if (is_due || (count == 0 && bg_loop_now_ms() - began >= IDLE_MS))
	{
		worker->want_pages = worker->want_model = true;
		worker->next_due = 0;
	}
}

static void run(bg_worker *worker, WaitEventSet *set, MemoryContext context)
{
	for (;;)
	{
		/* Commits leave another context current. */
		MemoryContextSwitchTo(context);
		MemoryContextReset(context);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
			reload(worker);
		if (!has_slot)
		{
			switch (get_ready(worker))
			{
				case BG_NOT_WANTED:
					ereport(LOG,
					        (errmsg("bountygo worker %d is not wanted: workers are stopped, or "
					                "another process serves its slot",
					                worker->slot)));
					proc_exit(0);
				case BG_NOT_READY:
					wait_for_something(worker, set, IDLE_MS);
					continue;
				case BG_READY:
					break;
			}
		}
		look_around(worker);
		if (worker->rebuild && bg_fetch_active(worker->fetcher) == 0 &&
		    bg_http_active(worker->model_http) == 0)
		{
			dlist_iter iter;
			bool busy = false;

			/* A fetch that is over is still held by its job until the page is read. */
			dlist_foreach(iter, &worker->jobs) busy = true;
			if (!busy)
			{
				free_network(worker);
				build_network(worker);
			}
		}
		if (bg_turn_due(worker) == 0 && !bg_turn_run(worker))
		{
			/* The extension was dropped under us. */
			has_slot = false;
			drop_jobs(worker);
			continue;
		}
		if (!worker->enabled)
		{
			told_to_end = true;
			ereport(LOG, (errmsg("bountygo worker %d ends: workers are stopped", worker->slot)));
			proc_exit(0);
		}
		if (worker->minute_ms <= bg_loop_now_ms())
			bg_turn_minute(worker);
		/* Jobs that were started just now may have finished already. */
		look_around(worker);
		wait_for_something(worker, set, time_to_wait(worker));
	}
}

static void connect_as(const bg_launch_extra *extra)
{
	BackgroundWorkerInitializeConnectionByOid(extra->database, extra->role, 0);
	pgstat_report_appname(psprintf("bountygo worker %d, version %s", self->slot, BG_VERSION));
}

void bg_worker_main(Datum main_arg)
{
	static bg_worker worker;
	sigjmp_buf local_sigjmp_buf;
	bg_launch_extra extra;
	MemoryContext context;
	WaitEventSet *set;
	volatile int failures = 0;
	volatile TimestampTz failed_at = 0;

	memcpy(&extra, MyBgworkerEntry->bgw_extra, sizeof(extra));
	worker.slot = DatumGetInt32(main_arg);
	dlist_init(&worker.jobs);
	self = &worker;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, on_sigterm);
	BackgroundWorkerUnblockSignals();
	connect_as(&extra);
	pin_settings();
	bg_launch_wait(&extra);
	bg_ppio_reload_key();

	worker.loop = bg_loop_create();
	worker.readers = worker.loop != NULL ? bg_pool_create(worker.loop) : NULL;
	if (worker.readers == NULL)
		ereport(ERROR,
		        (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("could not create the event loop: %m")));
	/* The loop's own descriptors; sockets and pipes of readers are bounded by the settings. */
	(void) AcquireExternalFD();
	(void) AcquireExternalFD();
	build_network(&worker);
	before_shmem_exit(on_exit_leave, (Datum) 0);
	on_proc_exit(on_exit_free, (Datum) 0);

	set = bg_create_wait_event_set(3);
	AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	AddWaitEventToSet(set, WL_SOCKET_READABLE, bg_loop_fd(worker.loop), NULL, NULL);
	context = AllocSetContextCreate(TopMemoryContext, "bountygo loop", ALLOCSET_DEFAULT_SIZES);

	if (sigsetjmp(local_sigjmp_buf, 1) != 0)
	{
		/* As in the autovacuum launcher. Jobs in hand stay in hand; those claimed in this transaction were not claimed. */
		dlist_mutable_iter iter;

		error_context_stack = NULL;
		HOLD_INTERRUPTS();
		EmitErrorReport();
		AbortOutOfAnyTransaction();
		LWLockReleaseAll();
		FlushErrorState();
		pgstat_report_activity(STATE_IDLE, NULL);
		dlist_foreach_modify(iter, &worker.jobs)
		{
			bg_job *job = dlist_container(bg_job, node, iter.cur);

			if (job->is_fresh || job->phase == BG_PHASE_NEW)
				bg_job_free(&worker, job);
		}
		/* In a row: within a minute of each other. */
		failures = GetCurrentTimestamp() - failed_at < 60 * USECS_PER_SEC ? failures + 1 : 1;
		failed_at = GetCurrentTimestamp();
		/* Without a network there is nothing to go on with: the server starts another. */
		if (failures >= MAX_FAILURES || worker.fetcher == NULL)
			proc_exit(1);
		RESUME_INTERRUPTS();
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 1000,
		                 bg_wait_event("BountyGoWorker"));
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	PG_exception_stack = &local_sigjmp_buf;
	run(&worker, set, context);
}

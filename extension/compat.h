/*
 * compat.h
 *		Differences between PostgreSQL 15, 16, 17 and 18. The only file that tests PG_VERSION_NUM (ENGINEERING 7.9).
 */
#ifndef BG_COMPAT_H
#define BG_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "BountyGo needs PostgreSQL 15 or newer"
#endif

#include "storage/latch.h"
#if PG_VERSION_NUM >= 180000
#include "storage/waiteventset.h"
#endif
#include "storage/proc.h"
#include "utils/backend_status.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

/* A WaitEventSet that lives as long as the process: 17 took a resource owner instead of a context (commit 50c67c2019). */
static inline WaitEventSet *bg_create_wait_event_set(int events)
{
#if PG_VERSION_NUM >= 170000
	return CreateWaitEventSet(NULL, events);
#else
	return CreateWaitEventSet(TopMemoryContext, events);
#endif
}

/* The name of our waits in pg_stat_activity: 17 can name them (commit c9af054653), before it is "Extension". */
static inline uint32 bg_wait_event(const char *name)
{
#if PG_VERSION_NUM >= 170000
	return WaitEventExtensionNew(name);
#else
	(void) name;
	return PG_WAIT_EXTENSION;
#endif
}

/* The status of a backend by index from 1: renamed in 16 (commit 8dfa37b797). */
static inline LocalPgBackendStatus *bg_backend_status(int index)
{
#if PG_VERSION_NUM >= 160000
	return pgstat_get_local_beentry_by_index(index);
#else
	return pgstat_fetch_stat_local_beentry(index);
#endif
}

/* Whether a process is a background worker: 18 tells it by what is not a regular backend (commit dd71dbb94d). */
static inline bool bg_proc_is_worker(const PGPROC *proc)
{
#if PG_VERSION_NUM >= 180000
	return !proc->isRegularBackend;
#else
	return proc->isBackgroundWorker;
#endif
}

/* Callbacks of the JSON parser: void until 16 let them return an error. */
#if PG_VERSION_NUM >= 160000
#define BG_JSON_ACTION JsonParseErrorType
#define BG_JSON_ACTION_DONE return JSON_SUCCESS
#else
#define BG_JSON_ACTION void
#define BG_JSON_ACTION_DONE return
#endif

/* A lexer that undoes escapes: 17 can place it in the caller's struct. */
#if PG_VERSION_NUM >= 170000
#define bg_json_lex(json, len) \
	makeJsonLexContextCstringLen(NULL, (json), (len), GetDatabaseEncoding(), true)
#else
#define bg_json_lex(json, len) \
	makeJsonLexContextCstringLen((char *) (json), (len), GetDatabaseEncoding(), true)
#endif

#if PG_VERSION_NUM >= 180000
#define BG_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "bountygo", .version = BG_VERSION)
#else
#define BG_MODULE_MAGIC PG_MODULE_MAGIC
#endif

#endif

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
#include "utils/memutils.h"
#include "utils/wait_event.h"

/* A WaitEventSet that lives as long as the process: 17 took a resource owner instead of a context (commit 50c67c2019). */
static inline WaitEventSet *
bg_create_wait_event_set(int events)
{
#if PG_VERSION_NUM >= 170000
	return CreateWaitEventSet(NULL, events);
#else
	return CreateWaitEventSet(TopMemoryContext, events);
#endif
}

/* The name of our waits in pg_stat_activity: 17 can name them (commit c9af054653), before it is "Extension". */
static inline uint32
bg_wait_event(const char *name)
{
#if PG_VERSION_NUM >= 170000
	return WaitEventExtensionNew(name);
#else
	(void) name;
	return PG_WAIT_EXTENSION;
#endif
}

#if PG_VERSION_NUM >= 180000
#define BG_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "bountygo", .version = BG_VERSION)
#else
#define BG_MODULE_MAGIC PG_MODULE_MAGIC
#endif

#endif

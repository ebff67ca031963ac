/*
 * jobs.h
 *		The workers: registration, life, and what wakes them. Server side.
 */
#ifndef BG_JOBS_H
#define BG_JOBS_H

#include "postgres.h"

#include "datatype/timestamp.h"

#define BG_MAX_WORKERS 8

/* Registers the launcher; called by _PG_init while shared_preload_libraries is processed. */
extern void bg_jobs_register_static(void);
/* Registers the transaction callback that wakes workers after commit; called by _PG_init. */
extern void bg_jobs_init(void);
/* True if the process that started at this moment under this id still runs. */
extern bool bg_worker_is_live(int pid, TimestampTz start);

#endif

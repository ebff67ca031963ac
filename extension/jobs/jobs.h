/*
 * jobs.h
 *		The workers: registration, life, and what wakes them. Server side.
 */
#ifndef BG_JOBS_H
#define BG_JOBS_H

#include "postgres.h"

#define BG_MAX_WORKERS 8

/* Registers static workers; called by _PG_init while shared_preload_libraries is processed. */
extern void bg_jobs_register_static(void);
/* Registers the transaction callback that wakes workers after commit; called by _PG_init. */
extern void bg_jobs_init(void);

#endif

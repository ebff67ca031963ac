/*
 * bountygo.c
 *		_PG_init: settings and worker registration, nothing else.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/guc.h"

#include "auth/session.h"
#include "compat.h"
#include "config.h"
#include "jobs/jobs.h"

BG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

void _PG_init(void)
{
	if (IsBinaryUpgrade)
		return;
	bg_config_define();
	MarkGUCPrefixReserved("bountygo");
	bg_session_init();
	bg_jobs_init();
	if (process_shared_preload_libraries_in_progress)
		bg_jobs_register_static();
}

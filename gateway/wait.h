/*
 * wait.h
 *		Prefer: wait: holds a 202 answer back until its job has ended or time is up, without holding a database connection.
 */
#ifndef BG_GW_WAIT_H
#define BG_GW_WAIT_H

#include "request.h"

/* Takes over a request whose call was answered with 202. False if there is nothing to wait for; then the caller answers. */
extern bool bg_wait_begin(bg_request *request, const bg_db_result *accepted);
extern void bg_wait_notify(bg_loop *loop, int64_t job); /* 0: look at every job */
extern void bg_wait_tick(bg_request *request, uint64_t now);
extern void bg_wait_end(bg_request *request);

#endif

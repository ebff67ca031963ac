/*
 * health.h
 *		/livez, /readyz and /health.
 */
#ifndef BG_GW_HEALTH_H
#define BG_GW_HEALTH_H

#include "request.h"

/* True if path was one of these; then the request is being answered. */
extern bool bg_health_serve(bg_request *request, bg_str path);
extern void bg_health_end(bg_request *request);
extern uint64_t bg_health_started_ms; /* set by main */

#endif

/*
 * policy.h
 *		Which hosts are served and which other origins' pages may call: the settings allowed_hosts and cors_origins.
 */
#ifndef BG_GW_POLICY_H
#define BG_GW_POLICY_H

#include "request.h"

/* True if the request's Host is one that is served. */
extern bool bg_policy_host(const bg_request *request);
/* Adds what a page of another origin needs to read the answer (Fetch standard, CORS) to headers; returns how many. Values live as long as the request. */
extern int bg_policy_cors(const bg_request *request, bg_header *headers, int room);
/* True if it was a preflight and is answered. allowed: the methods of the path. */
extern bool bg_policy_preflight(bg_request *request, const char *allowed);

#endif

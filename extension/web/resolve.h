/*
 * resolve.h
 *		Names to addresses with c-ares in a bg_loop: bounded in time, in number at once, and remembered. Plain C, no threads.
 *
 * Judges no address: that is egress.c's, asked by http.c.
 */
#ifndef BG_RESOLVE_H
#define BG_RESOLVE_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "../outcome.h"
#include "loop.h"

#define BG_ADDRESSES_MAX 32

typedef union bg_address
{
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
} bg_address;

typedef struct bg_addresses
{
	int count;
	bg_address list[BG_ADDRESSES_MAX]; /* in order of arrival; port 0 */
} bg_addresses;

typedef struct bg_resolver bg_resolver;
typedef struct bg_lookup bg_lookup;
/*
 * Called once a lookup, inside bg_loop_run(): BG_OK with addresses, or BG_DNS with a detail. The lookup is gone then.
 */
typedef void (*bg_resolved)(void *arg, bg_outcome outcome, const bg_addresses *addresses,
                            const char *detail);

/* "servers": "" = the system's. "cache_s" 0 remembers nothing. NULL when out of memory. */
extern bg_resolver *bg_resolver_create(bg_loop *loop, const char *servers, long timeout_ms,
                                       long cache_s);
/* Drops what is under way without calling back. */
extern void bg_resolver_free(bg_resolver *resolver);
/* NULL when out of memory. "host" is a name or a literal address without brackets. */
extern bg_lookup *bg_resolver_start(bg_resolver *resolver, const char *host, bg_resolved resolved,
                                    void *arg);
extern void bg_lookup_cancel(bg_lookup *lookup);

#endif

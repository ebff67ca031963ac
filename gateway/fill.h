/*
 * fill.h
 *		Reads that may be answered from the cache, and how what is missing gets there: once, however many ask for it at the same time.
 */
#ifndef BG_GW_FILL_H
#define BG_GW_FILL_H

#include "cache.h"
#include "request.h"

/* True if the request was answered from memory. Otherwise it knows whether it may be cached at all. */
extern bool bg_fill_hit(bg_request *request);
/* After a miss. True if it will be answered from Redis or by a call that others share. False: it goes its own way. */
extern bool bg_fill_join(bg_request *request);
/* The request ends, whatever came of it. */
extern void bg_fill_leave(bg_request *request);
/* Its time may be over. */
extern void bg_fill_tick(bg_request *request, uint64_t now);
/* Another loop has fetched what requests here wait for. Takes the reference. */
extern void bg_fill_arrived(bg_loop *loop, bg_entry *entry);
/* True while this loop fetches something that other loops wait for. */
extern bool bg_fill_is_busy(const bg_loop *loop);

typedef struct bg_fill_state
{
	uint64_t hits;        /* answered from memory */
	uint64_t redis_hits;  /* from Redis */
	uint64_t misses;      /* calls of the database */
	uint64_t shared;      /* requests that waited for the call of another */
	uint64_t uncacheable; /* reads that had to go their own way */
	uint64_t stale;       /* answered with what was known while the database was away */
} bg_fill_state;
extern void bg_fill_look(bg_fill_state *state);

#endif

/*
 * shared.h
 *		The second level of the cache: answers in Redis, which all gateways of a database share.
 */
#ifndef BG_GW_SHARED_H
#define BG_GW_SHARED_H

#include "cache.h"
#include "redis.h"

typedef struct bg_shared_get
{
	/* Called exactly once; entry is NULL if Redis has none, or none that can be trusted, or doesn't answer in time. The reference is the callee's. */
	void (*done)(struct bg_shared_get *get, bg_entry *entry);
	void *owner;
} bg_shared_get;

extern struct bg_shared *bg_shared_create(bg_loop *loop, struct bg_redis *redis);
/* May call done at once. */
extern void bg_shared_get_entry(struct bg_shared *shared, bg_str key, uint64_t generation,
                                bg_shared_get *get);
/* Whether it arrives is nobody's concern. */
extern void bg_shared_put(struct bg_shared *shared, const bg_entry *entry, int seconds);
extern void bg_shared_close(struct bg_shared *shared);

/* The secret that all gateways of a database have from it: what is in Redis is believed only if it is signed with it. n is 0: none is believed. */
extern void bg_shared_set_secret(const void *secret, size_t n);

typedef struct bg_shared_state
{
	uint64_t gets;
	uint64_t found;
	uint64_t refused; /* not signed by us, or not of this key */
	uint64_t late;
	uint64_t skipped; /* Redis was late before, so it wasn't asked */
} bg_shared_state;
extern void bg_shared_look(bg_shared_state *state);

#endif

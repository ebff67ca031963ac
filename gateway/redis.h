/*
 * redis.h
 *		One Redis connection of a loop: commands and their replies, and whether it is there.
 */
#ifndef BG_GW_REDIS_H
#define BG_GW_REDIS_H

#include "loop.h"

typedef struct bg_redis_ping
{
	void (*done)(struct bg_redis_ping *ping, bool alive,
	             double ms); /* called exactly once, unless cancelled */
	void *owner;
	/* of redis.c */
	struct bg_redis *redis;
	struct bg_redis_ping *next;
	uint64_t began;
} bg_redis_ping;

extern struct bg_redis *bg_redis_create(bg_loop *loop, const bg_redis_target *target);
extern void bg_redis_ask(struct bg_redis *redis, bg_redis_ping *ping);
extern void bg_redis_cancel(bg_redis_ping *ping);
/* What Redis says to a command; value.s is NULL for nil, an error, or a connection that broke. Called exactly once if the command was sent. */
typedef void (*bg_redis_reply)(void *owner, void *data, bg_str value);
/* False if it can't be sent. reply may be NULL. */
extern bool bg_redis_command(struct bg_redis *redis, int n, const char **words,
                             const size_t *lengths, bg_redis_reply reply, void *owner, void *data);
extern void bg_redis_close(struct bg_redis *redis);

#endif

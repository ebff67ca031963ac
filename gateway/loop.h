/*
 * loop.h
 *		One event loop with everything that belongs to it alone; loops talk to each other only through messages.
 */
#ifndef BG_GW_LOOP_H
#define BG_GW_LOOP_H

#include <uv.h>

#include "config.h"
#include "routes.h"

struct bg_db;
struct bg_entry;
struct bg_fill;
struct bg_limits;
struct bg_redis;
struct bg_request;
struct bg_server;
struct bg_shared;
struct bg_views;
struct bg_wait;

typedef enum bg_message_type
{
	BG_MESSAGE_ROUTES, /* a new table of routes */
	BG_MESSAGE_ENTRY,  /* another loop has fetched what requests here wait for */
	BG_MESSAGE_JOB,    /* a job is finished; 0: notifications may have been lost, look at all */
	BG_MESSAGE_DRAIN   /* stop accepting, finish, end */
} bg_message_type;

typedef struct bg_message
{
	struct bg_message *next;
	bg_message_type type;
	bg_routes *routes;
	int64_t job;
	struct bg_entry *entry;
} bg_message;

typedef struct bg_loop
{
	int id;
	uv_loop_t uv;
	uv_thread_t thread;
	const bg_config *config;
	struct bg_server *server;
	struct bg_db *db;
	struct bg_redis *redis;   /* NULL: not configured */
	struct bg_shared *shared; /* answers in Redis; NULL: not configured */
	struct bg_fill *fills;    /* what is being fetched for the cache */
	struct bg_views *views;
	const struct bg_limits *limits;
	bg_routes *_Atomic routes;   /* NULL: not loaded yet; atomic for /readyz */
	struct bg_request *requests; /* at work here */
	struct bg_wait *waits;       /* of them, those that wait for a job */
	_Atomic int n_waits;         /* atomic for /metrics */
	uv_timer_t tick;             /* runs only while requests are at work */
	bool ticking;
	bool draining;
	uint64_t drain_until;

	uv_async_t wake;
	uv_mutex_t lock;
	bg_message *inbox; /* newest first, under the lock */
} bg_loop;

/* Loop 0 runs on the main thread. */
extern bg_loop *bg_loops;
extern int bg_n_loops;

/* Milliseconds of the monotonic clock, fresh (not the loop's cached time). */
extern uint64_t bg_now_ms(void);

/* From any thread. */
extern void bg_loop_send(bg_loop *loop, bg_message_type type, bg_routes *routes, int64_t job);
/* Takes the reference. */
extern void bg_loop_send_entry(bg_loop *loop, struct bg_entry *entry);
/* Starts the tick that enforces deadlines while there is work. */
extern void bg_loop_busy(bg_loop *loop);

#endif

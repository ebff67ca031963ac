/*
 * db_private.h
 *		What db.c (calls and their queue) and db_connection.c (connections and answers) share. Nobody else includes it.
 */
#ifndef BG_GW_DB_PRIVATE_H
#define BG_GW_DB_PRIVATE_H

#include <libpq-fe.h>

#include "db.h"

/* Calls in flight on a connection: more would only wait in a place where they can't be moved. */
#define DEPTH 16
#define MAX_TRIES 2

typedef enum connection_state
{
	DOWN, /* waits for its next try */
	CONNECTING,
	SETTING_UP,
	READY
} connection_state;

typedef struct flight
{
	bg_db_call *call; /* NULL: nobody waits for it any more */
	PGresult *result; /* rows or an error; told only after the Sync: COMMIT may still fail */
} flight;

typedef struct connection
{
	struct bg_db *db;
	int number;
	_Atomic connection_state
	    state; /* atomic, as n: /readyz and /metrics read them in other threads */
	PGconn *pg;
	uv_poll_t *poll; /* its own allocation: libuv lets go of it later */
	uv_timer_t timer;
	int pause_ms;
	int steps; /* of setting up that are still unanswered */
	bool setup_failed;
	bool stale; /* its statements must be prepared again: reopen when nothing is in flight */
	flight flights[DEPTH];
	int first;
	_Atomic int n;
} connection;

struct bg_db
{
	bg_loop *loop;
	int n;
	connection *connections;
	bg_db_call *queue;
	bg_db_call **queue_end;
	_Atomic int queued;
	double pace_ms; /* smoothed time between answers while there is a queue */
	uint64_t last_answer;
	bool failing; /* the last try to connect failed */
	bool closing;
};

/* db.c */
extern void bg_db_enqueue(struct bg_db *db, bg_db_call *call, bool in_front);
extern void bg_db_dequeue(struct bg_db *db, bg_db_call *call);
extern void bg_db_finish(bg_db_call *call, const bg_db_result *result);
extern void bg_db_fail(bg_db_call *call, bg_db_failure failure);
/* Gives queued calls to the connections with the fewest in flight. */
extern void bg_db_kick(struct bg_db *db);

/* db_connection.c */
extern void bg_db_connection_init(connection *c, struct bg_db *db, int number);
extern void bg_db_connection_close(connection *c);
/* Sends what is waiting in libpq and waits for answers. */
extern void bg_db_connection_watch(connection *c);
/* The connection is gone: its calls end or are sent again elsewhere, and a new try follows after a pause. */
extern void bg_db_connection_lose(connection *c, const char *why);

#endif

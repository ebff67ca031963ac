/*
 * db.h
 *		The database connections of one loop: pipelined calls of prepared statements, one Sync for each call.
 */
#ifndef BG_GW_DB_H
#define BG_GW_DB_H

#include "loop.h"

typedef enum bg_db_statement
{
	BG_DB_CALL,   /* bountygo.call() */
	BG_DB_HEALTH, /* bountygo.health() */
	BG_DB_VIEWS   /* bountygo.record_views(): body is its argument */
} bg_db_statement;

typedef enum bg_db_failure
{
	BG_DB_OK,
	BG_DB_ERROR,       /* the database raised sqlstate */
	BG_DB_UNREACHABLE, /* no connection, or it broke */
	BG_DB_BUSY,        /* waited too long for a connection */
	BG_DB_LATE         /* the deadline passed */
} bg_db_failure;

typedef struct bg_db_result
{
	bg_db_failure failure;
	int status;
	bg_str location;
	bg_str body;    /* s is NULL if there is none */
	bg_str headers; /* text[] in binary form: name, value, …; see bg_db_array_next() */
	const char *sqlstate;
	const char *message;
	const char *detail;
	const char *hint;
} bg_db_result;

/* Belongs to its caller and must outlive the call, or be cancelled. Strings are only read. */
typedef struct bg_db_call
{
	bg_db_statement statement;
	int route;
	const char *token; /* NULL: none */
	const char *names; /* array literals */
	const char *values;
	const char *headers; /* NULL: none */
	bg_str body;         /* s is NULL: none */
	bool read_only;      /* may be sent again after a lost connection or a serialisation failure */
	uint64_t deadline;   /* bg_now_ms() */
	void (*done)(struct bg_db_call *call,
	             const bg_db_result *result); /* result is valid only inside */
	void *owner;

	/* of db.c */
	struct bg_db *db;
	struct bg_db_call *next;
	struct bg_db_call **previous;
	struct bg_db_call **slot; /* in flight: what refers to it */
	uint64_t queued_at;
	int tries;
	bool active;
} bg_db_call;

extern struct bg_db *bg_db_create(bg_loop *loop, int connections);
/* May call done at once. */
extern void bg_db_submit(struct bg_db *db, bg_db_call *call);
/* done won't be called any more; a statement already sent runs on. */
extern void bg_db_cancel(bg_db_call *call);
/* Ends calls whose time is over. */
extern void bg_db_tick(struct bg_db *db);
extern void bg_db_close(struct bg_db *db);

typedef struct bg_db_state
{
	int connections;
	int ready;
	int queued;
	int in_flight;
} bg_db_state;
/* Of this loop's connections; may be read from another loop, then it is only approximately of one moment. */
extern void bg_db_look(const struct bg_db *db, bg_db_state *state);
extern bool bg_db_is_ready(const struct bg_db *db);

/* Adds an element to an array literal that begins with "{"; close it with "}". */
extern void bg_db_array_add(bg_buf *array, const char *s, size_t n);
/* The next element of a one-dimensional text[] in binary form; *at is 0 at first. False at its end, or if it is no such array. */
extern bool bg_db_array_next(bg_str array, size_t *at, bg_str *element);

#endif

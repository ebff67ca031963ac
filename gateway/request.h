/*
 * request.h
 *		One request from its arrival to its answer: what was asked, by which route, for how long.
 */
#ifndef BG_GW_REQUEST_H
#define BG_GW_REQUEST_H

#include "db.h"
#include "problem.h"
#include "redis.h"
#include "server.h"

struct bg_entry;

typedef struct bg_request
{
	bg_loop *loop;
	bg_http *http;
	struct bg_request *next; /* of the loop's requests */
	struct bg_request **previous;
	char id[65];
	char peer[64];   /* who is connected */
	char client[64]; /* who asks: the peer, or whom a trusted front names */
	uint64_t began_ns;
	uint64_t began_ms;
	uint64_t deadline;
	bool counted; /* among the requests at work */
	bool answered;
	bool head_only;
	bool has_body;
	char origin[256];    /* of the page that asks, if it sends one */
	int prefer_wait;     /* seconds, 0: not asked */
	int64_t task_viewed; /* the task this request shows, 0: none */
	char limit[64];      /* RateLimit, empty: nothing is limited */
	char policy[64];
	bg_str fields;     /* of the query: fields=…, for the look at a job */
	const char *label; /* route for log and metrics */
	bg_routes *table;  /* keeps route alive */
	const bg_route *route;
	char *token; /* NULL: anonymous */
	bg_buf names;
	bg_buf values;
	bg_buf
	    pairs; /* of reads that may be cached: name and value of each parameter, with their lengths */
	bool has_preferences;
	bg_buf cache_key; /* fill.c; n is 0: it isn't cached */
	uint64_t cache_hash;
	uint64_t cache_generation;
	struct bg_fill *fill; /* what it waits for */
	struct bg_request *fill_next;
	struct bg_request **fill_previous;
	bg_buf headers; /* array literal for bountygo.call(), empty: NULL */
	bg_buf scratch;
	bg_db_call call;
	struct bg_wait *wait;     /* wait.c: not NULL while it waits for a job */
	struct bg_health *health; /* health.c: not NULL while it is asked */
} bg_request;

/* By server.c: a request has come; it is told when the request's memory goes, answered or not. */
extern bg_request *bg_request_begin(bg_loop *loop, bg_http *http, bool admin);
extern void bg_request_end(bg_request *request);
/* By server.c: the server itself refuses a request; writes the problem, logs and counts. */
extern void bg_request_refused(bg_str method, const char *peer, int status, const char *id,
                               bg_buf *out);

/* Counts and logs it; for a request that is never answered. */
extern void bg_request_account(bg_request *request, int status, size_t bytes);
/* Fills in client from peer and what trusted fronts say. */
extern void bg_request_choose_client(bg_request *request);

/* Each request is answered once by one of these. */
extern void bg_request_answer(bg_request *request, int status, const bg_header *headers, int n,
                              const char *content_type, const char *body, size_t length);
extern void bg_request_problem(bg_request *request, const bg_problem *problem);
/* 405, or 204 for OPTIONS; allowed: the value of Allow. */
extern void bg_request_refuse_method(bg_request *request, const char *allowed);
extern void bg_request_fail(bg_request *request, int status, const char *detail,
                            const char *pointer);
/* An answer of the cache; how: for Cache-Status (RFC 9211). */
extern void bg_answer_entry(bg_request *request, const struct bg_entry *entry, const char *how);
/* What the database answered. */
extern void bg_request_result(bg_request *request, const bg_db_result *result, const char *applied);

/* Writes path and query parameters into names and values. False after answering with a problem. */
extern bool bg_request_params(bg_request *request, const bg_route_match *match, bg_str query);

/* Deadlines and clients that went away, ten times a second. Returns the number of requests still there. */
extern int bg_request_tick(bg_loop *loop);

#endif

/*
 * routes.h
 *		The immutable table of routes and how a method and a path find theirs.
 */
#ifndef BG_GW_ROUTES_H
#define BG_GW_ROUTES_H

#include "util.h"

#define BG_ROUTE_MAX_PARAMS 8

typedef struct bg_route
{
	int id;
	char *method;
	char *path;     /* template: /api/v1/tasks/{id} */
	int max_body;   /* bytes, negative: the gateway's own limit */
	int timeout_ms; /* 0: the gateway's own */
	bool is_async;
	int cache_seconds;
	uint32_t topics; /* a bit each, see topics.h */
	bool is_secret;  /* its answer is kept by nobody */
	bool shows_task; /* its answer is a task: its id is the first parameter */
	char *zone;      /* of limits */
	int n_segments;
	bg_str *segments; /* a parameter is {name} without the braces */
	bool *is_param;
} bg_route;

typedef struct bg_routes
{
	int refs; /* atomic: loops and requests share tables */
	int n;
	bg_route *routes;
} bg_routes;

typedef struct bg_route_match
{
	const bg_route *route; /* NULL: none */
	bool path_known;       /* the path exists with other methods: allow names them */
	char allow[128];
	bg_str params[BG_ROUTE_MAX_PARAMS]; /* still percent-encoded */
} bg_route_match;

extern bg_routes *bg_routes_create(int n);
/* Fills row i. False if the template is malformed. */
extern bool bg_routes_set(bg_routes *table, int i, int id, const char *method, const char *path);
extern bg_routes *bg_routes_ref(bg_routes *table);
extern void bg_routes_unref(bg_routes *table);

/*
 * Finds the route of a method and a path without its query. A slash at the end is as none, HEAD as GET, and of several templates
 * the one with the earliest literal segment wins.
 */
extern void bg_routes_match(const bg_routes *table, bg_str method, bg_str path,
                            bg_route_match *match);

#endif

/*
 * routes.c
 *		Route tables: made once from the database's rows, then only read, freed with their last user. Decodes nothing.
 */
#include "routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SEGMENTS 16

bg_routes *bg_routes_create(int n)
{
	bg_routes *table = bg_alloc(sizeof(*table));

	table->refs = 1;
	table->n = n;
	table->routes = bg_alloc(sizeof(bg_route) * (size_t) n);
	return table;
}

bg_routes *bg_routes_ref(bg_routes *table)
{
	if (table != NULL)
		__atomic_add_fetch(&table->refs, 1, __ATOMIC_RELAXED);
	return table;
}

void bg_routes_unref(bg_routes *table)
{
	if (table == NULL || __atomic_sub_fetch(&table->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (int i = 0; i < table->n; i++)
	{
		free(table->routes[i].method);
		free(table->routes[i].path);
		free(table->routes[i].zone);
		free(table->routes[i].segments);
		free(table->routes[i].is_param);
	}
	free(table->routes);
	free(table);
}

/* Splits a path that begins with a slash; -1 if it doesn't or has too many parts. "/" has none. */
static int split(bg_str path, bg_str *segments)
{
	int n = 0;
	size_t at = 1;
	size_t whole = path.n;

	if (path.n == 0 || path.s[0] != '/')
		return -1;
	if (path.n > 1 && path.s[path.n - 1] == '/')
		path.n--;
	if (path.n == 1 && path.s[0] == '/' && whole > 1)
		return -1;
	while (at < path.n)
	{
		const char *slash = memchr(path.s + at, '/', path.n - at);
		size_t end = slash ? (size_t) (slash - path.s) : path.n;

		if (n == MAX_SEGMENTS)
			return -1;
		segments[n++] = (bg_str){path.s + at, end - at};
		at = end + 1;
		if (slash != NULL && at == path.n)
			return -1;
	}
	return n;
}

bool bg_routes_set(bg_routes *table, int i, int id, const char *method, const char *path)
{
	bg_route *route = &table->routes[i];
	bg_str parts[MAX_SEGMENTS];
	int n_params = 0;

	route->id = id;
	route->method = bg_copy(method, strlen(method));
	route->path = bg_copy(path, strlen(path));
	route->n_segments = split((bg_str){route->path, strlen(route->path)}, parts);
	if (route->n_segments < 0)
		return false;
	route->segments = bg_alloc(sizeof(bg_str) * MAX_SEGMENTS);
	route->is_param = bg_alloc(sizeof(bool) * MAX_SEGMENTS);
	for (int s = 0; s < route->n_segments; s++)
	{
		bg_str part = parts[s];

		if (part.n > 2 && part.s[0] == '{' && part.s[part.n - 1] == '}')
		{
			route->is_param[s] = true;
			part.s++;
			part.n -= 2;
			n_params++;
		}
		else if (part.n == 0 || memchr(part.s, '{', part.n) != NULL)
			return false;
		route->segments[s] = part;
	}
	return n_params <= BG_ROUTE_MAX_PARAMS;
}

static bool path_fits(const bg_route *route, const bg_str *parts, int n)
{
	if (route->n_segments != n)
		return false;
	for (int s = 0; s < n; s++)
	{
		const bg_str *segment = &route->segments[s];

		if (route->is_param[s]
		        ? parts[s].n == 0
		        : parts[s].n != segment->n || memcmp(parts[s].s, segment->s, segment->n) != 0)
			return false;
	}
	return true;
}

/* True if a is more exact than b: the first segment where they differ in kind is literal in a. */
static bool more_exact(const bg_route *a, const bg_route *b)
{
	for (int s = 0; s < a->n_segments; s++)
		if (a->is_param[s] != b->is_param[s])
			return b->is_param[s];
	return false;
}

static bool same_shape(const bg_route *a, const bg_route *b)
{
	return !more_exact(a, b) && !more_exact(b, a);
}

static void allow(bg_route_match *match, const char *method)
{
	size_t n = strlen(match->allow);

	snprintf(match->allow + n, sizeof(match->allow) - n, "%s%s", n ? ", " : "", method);
	if (strcmp(method, "GET") == 0)
		allow(match, "HEAD");
}

void bg_routes_match(const bg_routes *table, bg_str method, bg_str path, bg_route_match *match)
{
	bg_str parts[MAX_SEGMENTS];
	int n = split(path, parts);
	const bg_route *best = NULL;
	int n_params = 0;

	memset(match, 0, sizeof(*match));
	if (n < 0)
		return;
	/* The path decides first, so that /tasks/mine is never taken for a task named "mine" of another method. */
	for (int i = 0; i < table->n; i++)
	{
		const bg_route *route = &table->routes[i];

		if (path_fits(route, parts, n) && (best == NULL || more_exact(route, best)))
			best = route;
	}
	if (best == NULL)
		return;
	match->path_known = true;
	if (bg_str_is(method, "HEAD"))
		method = (bg_str){"GET", 3};
	for (int i = 0; i < table->n; i++)
	{
		const bg_route *route = &table->routes[i];

		if (!path_fits(route, parts, n) || !same_shape(route, best))
			continue;
		if (bg_str_is(method, route->method))
			match->route = route;
		allow(match, route->method);
	}
	if (match->route == NULL)
		return;
	for (int s = 0; s < n; s++)
		if (match->route->is_param[s])
			match->params[n_params++] = parts[s];
}

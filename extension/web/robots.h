/*
 * robots.h
 *		What a robots.txt allows one agent (RFC 9309). Plain C; fetches nothing.
 */
#ifndef BG_ROBOTS_H
#define BG_ROBOTS_H

#include <stdbool.h>
#include <stddef.h>

#define BG_ROBOTS_MAX (512 * 1024) /* bytes that are read */

typedef struct bg_robots bg_robots;

/* Reads the rules for "agent" (a product token); whatever the bytes are. NULL when out of memory. */
extern bg_robots *bg_robots_parse(const char *text, size_t len, const char *agent);
extern void bg_robots_free(bg_robots *robots);
/* "path" is path and query of a canonical URL. */
extern bool bg_robots_allows(const bg_robots *robots, const char *path);
/* Seconds between two visits that the site asks for; -1 if it does not. */
extern long bg_robots_crawl_delay(const bg_robots *robots);

#endif

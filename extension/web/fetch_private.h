/*
 * fetch_private.h
 *		What fetch.c and origin.c share: a page on its way, and what is known of an origin's robots.txt. For nobody else.
 */
#ifndef BG_FETCH_PRIVATE_H
#define BG_FETCH_PRIVATE_H

#include "fetch.h"
#include "robots.h"
#include "url.h"

#define BG_ORIGIN_BUCKETS 512
#define BG_ORIGINS_MAX 4096

typedef struct bg_origin bg_origin;

/* What the "arg" of a transfer points to: who it is for. */
typedef struct bg_ticket
{
	bg_fetch *fetch;   /* or */
	bg_origin *origin; /* its robots.txt */
} bg_ticket;

typedef enum bg_verdict
{
	BG_ALLOW_ALL,
	BG_RULES,
	BG_DENY_ALL,
	BG_UNREACHABLE /* nothing of the site can be read now, see outcome */
} bg_verdict;

/* Scheme, host and port, and their robots.txt. */
struct bg_origin
{
	bg_ticket ticket;
	bg_fetcher *fetcher;
	bg_origin *next;
	char *key; /* "https://host:port" */
	bool known;
	int64_t until;

	bg_http_transfer *transfer; /* on its way */
	char *url;
	int redirects;
	int64_t started;

	bg_verdict verdict;
	bg_robots *rules;
	bg_outcome outcome;
	char detail[160];
	long retry_after_s;
};

typedef struct bg_fetch_list
{
	bg_fetch *first;
	bg_fetch *last;
	int count;
} bg_fetch_list;

struct bg_fetch
{
	bg_ticket ticket;
	bg_fetcher *fetcher; /* NULL once that is freed */
	bg_fetch_list *list;
	bg_fetch *next;
	bg_fetch *previous;
	void *arg;
	char *etag;
	char *last_modified;
	bg_timer *timer;
	int64_t started;
	bg_url url; /* of this hop */
	bg_origin *waiting_for;
	bg_http_transfer *transfer;
	char **visited;
	int visited_count;
	bool downgraded;
	bool is_document; /* of bg_fetch_start_document() */
	bg_fetch_result result;
};

struct bg_fetcher
{
	bg_loop *loop;
	bg_http *http;
	bg_fetch_settings settings;
	char *agent_token;
	bg_timer *wake;
	bg_fetch_list active;
	bg_fetch_list finished;
	bg_fetch_list taken;
	bg_origin *origins[BG_ORIGIN_BUCKETS];
	int origin_count;
};

/* Starts a GET within what is left of the time. */
extern bg_http_transfer *bg_fetcher_get(bg_fetcher *fetcher, const char *url,
                                        const char *const *headers, int64_t started,
                                        size_t max_wire, size_t max_body, bg_ticket *ticket);
/* Resolves a Location header against the URL it came from. */
extern bg_url_error bg_fetcher_follow(const char *location, const char *from, bg_url *url);

/* The origin of a URL, with its robots.txt known, or on its way (then "known" is false). NULL when out of memory. */
extern bg_origin *bg_origin_get(bg_fetcher *fetcher, const bg_url *url);
/* Handles the finished transfer; true once the origin is known. */
extern bool bg_origin_advance(bg_origin *origin);
extern void bg_origins_free(bg_fetcher *fetcher);

#endif

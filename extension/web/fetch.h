/*
 * fetch.h
 *		Fetching a page as a guest should: robots.txt, at most 5 redirects each checked anew, limits over all hops, one outcome.
 *		Plain C on http.h.
 */
#ifndef BG_FETCH_H
#define BG_FETCH_H

#include "http.h"

typedef struct bg_fetcher bg_fetcher;
typedef struct bg_fetch bg_fetch;

typedef struct bg_fetch_settings
{
	long connect_timeout_ms; /* 10,000 */
	long read_timeout_ms;    /* 30,000: no byte for so long */
	long total_timeout_ms;   /* 30,000: all hops together */
	long low_speed_bytes;    /* 1,024 */
	long low_speed_s;        /* 10 */
	int max_redirects;       /* 5 */
	size_t max_wire_bytes;   /* 2 MiB */
	size_t max_body_bytes;   /* 2 MiB */
	bool obey_robots;        /* true */
	long robots_cache_s;     /* 3,600 */
	const char *agent_token; /* "BountyGo" : the product token for robots.txt (RFC 9309) */
} bg_fetch_settings;

typedef struct bg_fetch_result
{
	bg_outcome outcome;
	char detail[160];
	char *final_url; /* canonical, after redirects */
	int redirects;
	int status;
	char *content_type;
	char *etag;
	char *last_modified;
	long retry_after_s; /* -1 = absent */
	long crawl_delay_s; /* from robots.txt, -1 = absent */
	char *body; /* when outcome is BG_OK, http_4xx or http_5xx (a challenge shows only in it) */
	size_t body_len;
	long total_ms;
} bg_fetch_result;

extern bg_fetcher *bg_fetcher_create(bg_loop *loop, bg_http *http,
                                     const bg_fetch_settings *settings);
extern void bg_fetcher_free(bg_fetcher *fetcher); /* aborts all */
/* Starts; "etag" and "last_modified" (or NULL) make the request conditional. NULL when out of memory. */
extern bg_fetch *bg_fetch_start(bg_fetcher *fetcher, const char *url, const char *etag,
                                const char *last_modified, void *arg);
/*
 * The same for a document of ours by agreement, such as the keys of an identity provider: any type, at most BG_DOCUMENT_MAX bytes, no
 * robots.txt, no redirects, and https unless the host is an address of an extra network.
 */
extern bg_fetch *bg_fetch_start_document(bg_fetcher *fetcher, const char *url, void *arg);
#define BG_DOCUMENT_MAX (64 * 1024)
/* Call after bg_loop_run(): takes finished transfers of this fetcher's bg_http, moves hops on, returns the next finished fetch or
 * NULL. The bg_http given to a fetcher belongs to it alone (the model uses another). */
extern bg_fetch *bg_fetch_finished(bg_fetcher *fetcher);
extern void *bg_fetch_arg(const bg_fetch *fetch);
extern bg_fetch_result *bg_fetch_get_result(bg_fetch *fetch);
extern void bg_fetch_free(bg_fetch *fetch); /* aborts if under way */
extern int bg_fetch_active(const bg_fetcher *fetcher);

#endif

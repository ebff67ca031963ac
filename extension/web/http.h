/*
 * http.h
 *		HTTP requests on libcurl's multi interface and c-ares, driven by a bg_loop. Plain C; never raises; no threads.
 *
 * Names are resolved once by c-ares, every address is checked by the egress policy (one forbidden address refuses all), the
 * checked ones are pinned with CURLOPT_RESOLVE, and the socket callback checks again what is really dialled. No redirects are
 * followed here: a 3xx is a response. All signals are blocked around libcurl calls.
 */
#ifndef BG_HTTP_H
#define BG_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../outcome.h"
#include "loop.h"

typedef struct bg_http bg_http;
typedef struct bg_http_transfer bg_http_transfer;

typedef struct bg_http_settings
{
	int max_connections;          /* in all; fetch default 100, model 20 */
	int max_connections_per_host; /* 30 / 10 */
	long dns_cache_s;             /* 300 */
	long dns_timeout_ms;          /* 3,000 */
	const char *dns_servers; /* "" = the system's; else "127.0.0.1:5353" (tests, split horizons) */
	const char *user_agent;  /* "BountyGo-URLAgent/1.0 (+contact)" */
	const char *ca_file;     /* "" = the system's; extra trust anchors for tests and intranets */
} bg_http_settings;

typedef struct bg_http_request
{
	const char *method;         /* "GET" or "POST" */
	const char *url;            /* canonical */
	const char *const *headers; /* "Name: value", NULL-terminated, or NULL */
	const char *body;           /* POST; copied */
	size_t body_len;
	bool
	    trusted; /* the model endpoint, allowed by exact configuration: the address policy is not asked */
	long connect_timeout_ms;
	long total_timeout_ms;
	long idle_timeout_ms;    /* no byte for so long: stop */
	long low_speed_bytes;    /* under so many bytes a second ... */
	long low_speed_s;        /* ... for so long: stop; 0 = off */
	size_t max_header_bytes; /* 64 KiB */
	size_t max_wire_bytes;   /* body as sent */
	size_t max_body_bytes;   /* body as decoded; at most one content encoding (gzip, deflate, br) */
} bg_http_request;

typedef struct bg_http_response
{
	bg_outcome outcome; /* BG_OK whenever a complete response came, whatever its status */
	char detail[160];   /* for the log and "why"; no address, no URL */
	int status;
	char *content_type; /* NULL if absent, like the following */
	char *location;
	char *etag;
	char *last_modified;
	long retry_after_s; /* -1 = absent; dates are turned into seconds from now */
	char *body;
	size_t body_len;
	size_t wire_bytes;
	bool any_response_byte; /* a POST may be repeated only if false */
	long total_ms;
} bg_http_response;

extern bg_http *bg_http_create(bg_loop *loop, const bg_http_settings *settings);
/* Aborts what is under way. */
extern void bg_http_free(bg_http *http);
/* Starts a request; NULL when out of memory. "arg" is given back by bg_http_transfer_arg(). */
extern bg_http_transfer *bg_http_start(bg_http *http, const bg_http_request *request, void *arg);
/* The next finished transfer, or NULL; the caller owns it and frees it. Finished ones appear during bg_loop_run(). */
extern bg_http_transfer *bg_http_finished(bg_http *http);
extern void *bg_http_transfer_arg(const bg_http_transfer *transfer);
extern bg_http_response *bg_http_transfer_response(bg_http_transfer *transfer);
/* Ends it if it is under way. The only way to free one. */
extern void bg_http_transfer_free(bg_http_transfer *transfer);
extern int bg_http_active(const bg_http *http);

#endif

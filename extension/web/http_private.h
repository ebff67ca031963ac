/*
 * http_private.h
 *		What http.c and http_transfer.c share. For nobody else.
 */
#ifndef BG_HTTP_PRIVATE_H
#define BG_HTTP_PRIVATE_H

#include <curl/curl.h>
#include <signal.h>

#include "../buffer.h"
#include "http.h"
#include "resolve.h"

typedef struct bg_transfer_list
{
	bg_http_transfer *first;
	bg_http_transfer *last;
	int count;
} bg_transfer_list;

struct bg_http
{
	bg_loop *loop;
	CURLM *multi;
	bool initialized; /* curl_global_init() is to be undone */
	bg_timer *timer;  /* libcurl's */
	bg_timer *wake;
	bg_resolver *resolver;
	char *user_agent;
	char *ca_file;
	bg_transfer_list active;
	bg_transfer_list finished;
	bg_transfer_list taken; /* by the caller, to be freed by him */
};

struct bg_http_transfer
{
	bg_http *http; /* NULL once that is freed */
	bg_transfer_list *list;
	bg_http_transfer *next;
	bg_http_transfer *previous;
	void *arg;

	/* the request, copied */
	char *url;
	char *host; /* without brackets */
	int port;
	bool post;
	char *post_body;
	size_t post_len;
	bg_http_request limits; /* only its numbers and "trusted" */
	struct curl_slist *headers;

	/* under way */
	bg_lookup *lookup;
	bg_timer *timer; /* total and idle limits */
	int64_t started;
	int64_t last_byte; /* 0 = no connection yet */
	CURL *easy;
	CURLSH *share; /* a DNS cache of its own: what is pinned here concerns nobody else */
	struct curl_slist *pins;
	bool in_multi;
	char error[CURL_ERROR_SIZE];

	/* what came */
	bool decided;    /* response.outcome was set by us; libcurl's code says nothing more */
	curl_off_t sent; /* of the request body */
	size_t header_bytes;
	int layers; /* content and transfer encodings */
	bool head_done;
	bg_buffer body;
	bg_http_response response;
};

extern void bg_http_block_signals(sigset_t *saved);
extern void bg_http_restore_signals(const sigset_t *saved);
extern void bg_transfer_list_add(bg_transfer_list *list, bg_http_transfer *transfer);
extern void bg_transfer_list_remove(bg_transfer_list *list, bg_http_transfer *transfer);
/* Sets the outcome, unless it is set already: what libcurl reports afterwards is only how the transfer was stopped. */
extern void bg_transfer_decide(bg_http_transfer *transfer, bg_outcome outcome, const char *detail);
/* Sets the timer to the next limit of time. */
extern void bg_transfer_arm(bg_http_transfer *transfer);
/* Sets the callbacks and trust anchors of the easy handle. */
extern bool bg_transfer_watch(bg_http_transfer *transfer);
/* Sets the outcome from libcurl's code, unless it is decided already. */
extern void bg_transfer_classify(bg_http_transfer *transfer, CURLcode code);
/* Releases what the transfer holds of libcurl and moves it to the finished. */
extern void bg_transfer_finish(bg_http_transfer *transfer);

#endif

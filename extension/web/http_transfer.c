/*
 * http_transfer.c
 *		One HTTP transfer: from the request to the finished response. Plain C; see http.h.
 *
 * What watches over it while libcurl works is http_watch.c.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "egress.h"
#include "http_private.h"

#define KEEP_ALIVE_S 30
#define DEFAULT_HEADER_BYTES (64 * 1024)

void bg_transfer_list_add(bg_transfer_list *list, bg_http_transfer *transfer)
{
	transfer->list = list;
	transfer->next = NULL;
	transfer->previous = list->last;
	if (list->last != NULL)
		list->last->next = transfer;
	else
		list->first = transfer;
	list->last = transfer;
	list->count++;
}

void bg_transfer_list_remove(bg_transfer_list *list, bg_http_transfer *transfer)
{
	if (transfer->previous != NULL)
		transfer->previous->next = transfer->next;
	else
		list->first = transfer->next;
	if (transfer->next != NULL)
		transfer->next->previous = transfer->previous;
	else
		list->last = transfer->previous;
	list->count--;
	transfer->list = NULL;
}

/* ---- life ---- */

static void release(bg_http_transfer *transfer)
{
	sigset_t saved;

	if (transfer->lookup != NULL)
		bg_lookup_cancel(transfer->lookup);
	transfer->lookup = NULL;
	bg_http_block_signals(&saved);
	if (transfer->in_multi)
		curl_multi_remove_handle(transfer->http->multi, transfer->easy);
	transfer->in_multi = false;
	curl_easy_cleanup(transfer->easy);
	transfer->easy = NULL;
	if (transfer->share != NULL)
		curl_share_cleanup(transfer->share);
	transfer->share = NULL;
	bg_http_restore_signals(&saved);
	curl_slist_free_all(transfer->pins);
	transfer->pins = NULL;
	bg_timer_free(transfer->timer);
	transfer->timer = NULL;
}

void bg_transfer_finish(bg_http_transfer *transfer)
{
	bg_http *http = transfer->http;
	curl_off_t wire = 0;

	if (transfer->easy != NULL &&
	    curl_easy_getinfo(transfer->easy, CURLINFO_SIZE_DOWNLOAD_T, &wire) == CURLE_OK &&
	    (size_t) wire > transfer->response.wire_bytes)
		transfer->response.wire_bytes = (size_t) wire;
	release(transfer);
	transfer->response.total_ms = (long) (bg_loop_now_ms() - transfer->started);
	if (transfer->body.data != NULL || transfer->response.outcome == BG_OK)
	{
		transfer->response.body = bg_buffer_detach(&transfer->body, &transfer->response.body_len);
		if (transfer->response.body == NULL && transfer->response.outcome == BG_OK)
		{
			transfer->decided = false;
			bg_transfer_decide(transfer, BG_BAD_RESPONSE, "out of memory");
		}
	}
	bg_transfer_list_remove(&http->active, transfer);
	bg_transfer_list_add(&http->finished, transfer);
	/* For those that end outside the loop. */
	bg_timer_set(http->wake, 0);
}

static void fail(bg_http_transfer *transfer, bg_outcome outcome, const char *detail)
{
	bg_transfer_decide(transfer, outcome, detail);
	bg_transfer_finish(transfer);
}

static void time_is_up(void *arg)
{
	bg_http_transfer *transfer = arg;
	int64_t now = bg_loop_now_ms();

	if (transfer->limits.total_timeout_ms > 0 &&
	    now >= transfer->started + transfer->limits.total_timeout_ms)
		fail(transfer, BG_TIMEOUT, "the answer took too long");
	else if (transfer->last_byte != 0 && transfer->limits.idle_timeout_ms > 0 &&
	         now >= transfer->last_byte + transfer->limits.idle_timeout_ms)
		fail(transfer, BG_TIMEOUT, "the server fell silent");
	else
		bg_transfer_arm(transfer);
}

/* "name:port:address,address": what libcurl finds instead of a lookup. */
static bool pin(bg_http_transfer *transfer, const bg_addresses *addresses)
{
	bg_buffer text;

	bg_buffer_init(&text, 0);
	bg_buffer_printf(&text, "%s:%d:", transfer->host, transfer->port);
	for (int i = 0; i < addresses->count; i++)
	{
		const bg_address *address = &addresses->list[i];
		char name[INET6_ADDRSTRLEN] = "";

		if (address->any.sa_family == AF_INET6)
			inet_ntop(AF_INET6, &address->v6.sin6_addr, name, sizeof(name));
		else
			inet_ntop(AF_INET, &address->v4.sin_addr, name, sizeof(name));
		bg_buffer_printf(&text, address->any.sa_family == AF_INET6 ? "%s[%s]" : "%s%s",
		                 i > 0 ? "," : "", name);
	}
	if (!text.failed)
		transfer->pins = curl_slist_append(NULL, text.data);
	bg_buffer_free(&text);
	return transfer->pins != NULL;
}

static bool set_options(bg_http_transfer *transfer)
{
	CURL *easy = transfer->easy;
	const bg_http_request *limits = &transfer->limits;
	CURLcode bad = CURLE_OK;

#define SET(option, value) bad = bad != CURLE_OK ? bad : curl_easy_setopt(easy, option, value)
	SET(CURLOPT_PRIVATE, (char *) transfer);
	SET(CURLOPT_ERRORBUFFER, transfer->error);
	SET(CURLOPT_URL, transfer->url);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PATH_AS_IS, 1L);
	SET(CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	/* An empty proxy is no proxy whatever the environment says; with one the address check would see the proxy. */
	SET(CURLOPT_PROXY, "");
	SET(CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_QUICK_EXIT, 1L);
	SET(CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_HTTP09_ALLOWED, 0L);
	SET(CURLOPT_ACCEPT_ENCODING, "gzip, deflate, br");
	SET(CURLOPT_HTTP_TRANSFER_DECODING, 1L);
	SET(CURLOPT_USERAGENT, transfer->http->user_agent);
	SET(CURLOPT_HTTPHEADER, transfer->headers);
	SET(CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_CONNECTTIMEOUT_MS, limits->connect_timeout_ms);
	if (limits->low_speed_s > 0)
	{
		SET(CURLOPT_LOW_SPEED_LIMIT, limits->low_speed_bytes);
		SET(CURLOPT_LOW_SPEED_TIME, limits->low_speed_s);
	}
	SET(CURLOPT_MAXFILESIZE_LARGE, (curl_off_t) limits->max_wire_bytes);
	SET(CURLOPT_MAXAGE_CONN, (long) KEEP_ALIVE_S);
	SET(CURLOPT_SHARE, transfer->share);
	SET(CURLOPT_DNS_CACHE_TIMEOUT, -1L);
	SET(CURLOPT_RESOLVE, transfer->pins);
	if (transfer->post)
	{
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) transfer->post_len);
		SET(CURLOPT_POSTFIELDS, transfer->post_body);
	}
	else
		SET(CURLOPT_HTTPGET, 1L);
#undef SET
	return bad == CURLE_OK && bg_transfer_watch(transfer);
}

/* The name is resolved: check every address, pin them, and hand the request to libcurl. */
static void resolved(void *arg, bg_outcome outcome, const bg_addresses *addresses,
                     const char *detail)
{
	bg_http_transfer *transfer = arg;
	bg_http *http = transfer->http;
	sigset_t saved;
	bool good;

	transfer->lookup = NULL;
	if (outcome != BG_OK)
	{
		fail(transfer, outcome, detail);
		return;
	}
	for (int i = 0; i < addresses->count && !transfer->limits.trusted; i++)
	{
		/* One forbidden address refuses all: a name that has both is up to something. */
		if (!bg_egress_allows(&addresses->list[i].any))
		{
			fail(transfer, BG_BLOCKED_ADDRESS, "the address is not allowed");
			return;
		}
	}
	bg_http_block_signals(&saved);
	transfer->easy = curl_easy_init();
	transfer->share = curl_share_init();
	good = transfer->easy != NULL && transfer->share != NULL &&
	       curl_share_setopt(transfer->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS) == CURLSHE_OK &&
	       (strchr(transfer->host, ':') != NULL || pin(transfer, addresses)) &&
	       set_options(transfer);
	if (good)
	{
		good = curl_multi_add_handle(http->multi, transfer->easy) == CURLM_OK;
		transfer->in_multi = good;
	}
	bg_http_restore_signals(&saved);
	if (!good)
		fail(transfer, BG_BAD_RESPONSE, "out of memory");
}

/* Takes host and port out of the URL. */
static bool split_url(bg_http_transfer *transfer)
{
	CURLU *handle = curl_url();
	char *host = NULL;
	char *port = NULL;
	bool good = handle != NULL &&
	            curl_url_set(handle, CURLUPART_URL, transfer->url, 0) == CURLUE_OK &&
	            curl_url_get(handle, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
	            curl_url_get(handle, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK;

	if (good)
	{
		size_t len = strlen(host);
		bool bracketed = len > 2 && host[0] == '[' && host[len - 1] == ']';

		transfer->host = bracketed ? strndup(host + 1, len - 2) : strdup(host);
		transfer->port = atoi(port);
	}
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(handle);
	return good && transfer->host != NULL;
}

static bool add_header(bg_http_transfer *transfer, const char *header)
{
	struct curl_slist *more = curl_slist_append(transfer->headers, header);

	if (more != NULL)
		transfer->headers = more;
	return more != NULL;
}

bg_http_transfer *bg_http_start(bg_http *http, const bg_http_request *request, void *arg)
{
	bg_http_transfer *transfer = calloc(1, sizeof(*transfer));
	bool good;

	if (transfer == NULL)
		return NULL;
	transfer->http = http;
	transfer->arg = arg;
	transfer->limits = *request;
	transfer->limits.method = NULL;
	transfer->limits.url = NULL;
	transfer->limits.headers = NULL;
	transfer->limits.body = NULL;
	if (transfer->limits.max_header_bytes == 0)
		transfer->limits.max_header_bytes = DEFAULT_HEADER_BYTES;
	transfer->response.retry_after_s = -1;
	bg_buffer_init(&transfer->body, 0);
	transfer->started = bg_loop_now_ms();
	transfer->url = strdup(request->url);
	transfer->post = strcmp(request->method, "POST") == 0;
	transfer->timer = bg_timer_create(http->loop, time_is_up, transfer);
	good = transfer->url != NULL && transfer->timer != NULL;
	if (transfer->post)
	{
		transfer->post_len = request->body_len;
		transfer->post_body = malloc(request->body_len + 1);
		good = good && transfer->post_body != NULL;
		if (transfer->post_body != NULL && request->body_len > 0)
			memcpy(transfer->post_body, request->body, request->body_len);
		/* Without this libcurl asks for leave first and waits a second for it. */
		good = good && add_header(transfer, "Expect:");
	}
	for (const char *const *h = request->headers; good && h != NULL && *h != NULL; h++)
		good = add_header(transfer, *h);
	bg_transfer_list_add(&http->active, transfer);
	if (!good)
	{
		bg_http_transfer_free(transfer);
		return NULL;
	}
	if (!split_url(transfer))
	{
		fail(transfer, BG_BAD_URL, "the URL cannot be parsed");
		return transfer;
	}
	if (!transfer->limits.trusted && !bg_egress_allows_port(transfer->port))
	{
		fail(transfer, BG_BLOCKED_ADDRESS, "the port is not allowed");
		return transfer;
	}
	bg_transfer_arm(transfer);
	transfer->lookup = bg_resolver_start(http->resolver, transfer->host, resolved, transfer);
	if (transfer->lookup == NULL)
		fail(transfer, BG_DNS, "out of memory");
	return transfer;
}

void *bg_http_transfer_arg(const bg_http_transfer *transfer)
{
	return transfer->arg;
}

bg_http_response *bg_http_transfer_response(bg_http_transfer *transfer)
{
	return &transfer->response;
}

void bg_http_transfer_free(bg_http_transfer *transfer)
{
	if (transfer == NULL)
		return;
	release(transfer);
	if (transfer->list != NULL)
		bg_transfer_list_remove(transfer->list, transfer);
	/* Keys travel in headers. */
	for (struct curl_slist *header = transfer->headers; header != NULL; header = header->next)
		explicit_bzero(header->data, strlen(header->data));
	curl_slist_free_all(transfer->headers);
	free(transfer->url);
	free(transfer->host);
	free(transfer->post_body);
	bg_buffer_free(&transfer->body);
	free(transfer->response.content_type);
	free(transfer->response.location);
	free(transfer->response.etag);
	free(transfer->response.last_modified);
	free(transfer->response.body);
	free(transfer);
}

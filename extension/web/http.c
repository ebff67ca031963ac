/*
 * http.c
 *		HTTP requests on libcurl's multi interface, driven by a bg_loop. Plain C; see http.h.
 *
 * Speaks HTTP/1.1 only: with HTTP/2 strangers share one connection and its limits, a server gets more ways to misbehave, and a
 * fetch of one page gains nothing. Does not follow redirects, retry, or keep cookies; fetch.c and the callers decide on those.
 * What a transfer is made of and its callbacks are in http_transfer.c.
 */
#include "http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "http_private.h"

#if LIBCURL_VERSION_NUM < 0x075500
#error "libcurl 7.85 or later is needed"
#endif

void bg_http_block_signals(sigset_t *saved)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, saved);
}

void bg_http_restore_signals(const sigset_t *saved)
{
	pthread_sigmask(SIG_SETMASK, saved, NULL);
}

/* Takes the finished out of the multi handle. Called after each step of libcurl, never inside one of its callbacks. */
static void reap(bg_http *http)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(http->multi, &left)) != NULL)
	{
		bg_http_transfer *transfer = NULL;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **) &transfer);
		bg_transfer_classify(transfer, code);
		bg_transfer_finish(transfer);
	}
}

static void step(bg_http *http, curl_socket_t fd, int what)
{
	sigset_t saved;
	int running;

	bg_http_block_signals(&saved);
	curl_multi_socket_action(http->multi, fd, what, &running);
	reap(http);
	bg_http_restore_signals(&saved);
}

static void socket_ready(int fd, uint32_t events, void *arg)
{
	int what = (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
	           (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
	           (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);

	step(arg, fd, what);
}

static void timer_due(void *arg)
{
	step(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
	bg_http *http = arg;
	uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);

	(void) easy;
	(void) socket_arg;
	if (what == CURL_POLL_REMOVE)
		bg_loop_unwatch(http->loop, fd);
	else if (!bg_loop_watch(http->loop, fd, events, socket_ready, http))
		return -1;
	return 0;
}

static int on_timer(CURLM *multi, long milliseconds, void *arg)
{
	(void) multi;
	bg_timer_set(((bg_http *) arg)->timer, milliseconds);
	return 0;
}

/* Nothing to do: what it is for is to make the loop's descriptor readable. */
static void wake(void *arg)
{
	(void) arg;
}

bg_http *bg_http_create(bg_loop *loop, const bg_http_settings *settings)
{
	bg_http *http = calloc(1, sizeof(*http));
	sigset_t saved;
	bool good;

	if (http == NULL)
		return NULL;
	http->loop = loop;
	bg_http_block_signals(&saved);
	good = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
	http->initialized = good;
	http->multi = good ? curl_multi_init() : NULL;
	http->timer = bg_timer_create(loop, timer_due, http);
	http->wake = bg_timer_create(loop, wake, http);
	http->user_agent = strdup(settings->user_agent != NULL ? settings->user_agent : "");
	http->ca_file = strdup(settings->ca_file != NULL ? settings->ca_file : "");
	http->resolver = bg_resolver_create(loop, settings->dns_servers, settings->dns_timeout_ms,
	                                    settings->dns_cache_s);
	good = http->multi != NULL && http->timer != NULL && http->wake != NULL &&
	       http->user_agent != NULL && http->ca_file != NULL && http->resolver != NULL;
	if (good)
	{
		curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
		curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
		curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_timer);
		curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
		curl_multi_setopt(http->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
		                  (long) settings->max_connections);
		curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long) settings->max_connections);
		curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
		                  (long) settings->max_connections_per_host);
		curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	}
	bg_http_restore_signals(&saved);
	if (!good)
	{
		bg_http_free(http);
		return NULL;
	}
	return http;
}

void bg_http_free(bg_http *http)
{
	sigset_t saved;

	if (http == NULL)
		return;
	while (http->active.first != NULL)
		bg_http_transfer_free(http->active.first);
	while (http->finished.first != NULL)
		bg_http_transfer_free(http->finished.first);
	/* Transfers handed out and not freed yet live on with what they hold; only their way back is cut. */
	while (http->taken.first != NULL)
	{
		bg_http_transfer *transfer = http->taken.first;

		bg_transfer_list_remove(&http->taken, transfer);
		transfer->http = NULL;
	}
	bg_http_block_signals(&saved);
	if (http->multi != NULL)
		curl_multi_cleanup(http->multi);
	if (http->initialized)
		curl_global_cleanup();
	bg_http_restore_signals(&saved);
	bg_resolver_free(http->resolver);
	bg_timer_free(http->timer);
	bg_timer_free(http->wake);
	free(http->user_agent);
	free(http->ca_file);
	free(http);
}

bg_http_transfer *bg_http_finished(bg_http *http)
{
	bg_http_transfer *transfer = http->finished.first;

	if (transfer != NULL)
	{
		bg_transfer_list_remove(&http->finished, transfer);
		bg_transfer_list_add(&http->taken, transfer);
	}
	return transfer;
}

int bg_http_active(const bg_http *http)
{
	return http->active.count;
}

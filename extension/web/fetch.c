/*
 * fetch.c
 *		Fetching a page as a guest should. Plain C on http.h; see fetch.h.
 *
 * A fetch is a chain of hops; before each the URL is judged anew and the origin's robots.txt (origin.c) asked. Does not retry
 * and does not wait between visits: the queue does.
 */
#include "fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "egress.h"
#include "fetch_private.h"

/* ---- lists ---- */

static void list_add(bg_fetch_list *list, bg_fetch *fetch)
{
	fetch->list = list;
	fetch->next = NULL;
	fetch->previous = list->last;
	if (list->last != NULL)
		list->last->next = fetch;
	else
		list->first = fetch;
	list->last = fetch;
	list->count++;
}

static void list_remove(bg_fetch *fetch)
{
	bg_fetch_list *list = fetch->list;

	if (fetch->previous != NULL)
		fetch->previous->next = fetch->next;
	else
		list->first = fetch->next;
	if (fetch->next != NULL)
		fetch->next->previous = fetch->previous;
	else
		list->last = fetch->previous;
	list->count--;
	fetch->list = NULL;
}

/* ---- the end of a fetch ---- */

static void stop(bg_fetch *fetch)
{
	if (fetch->transfer != NULL)
		bg_http_transfer_free(fetch->transfer);
	fetch->transfer = NULL;
	fetch->waiting_for = NULL;
	bg_timer_free(fetch->timer);
	fetch->timer = NULL;
}

static void finish(bg_fetch *fetch, bg_outcome outcome, const char *detail)
{
	bg_fetcher *fetcher = fetch->fetcher;
	bg_fetch_result *result = &fetch->result;

	stop(fetch);
	result->outcome = outcome;
	snprintf(result->detail, sizeof(result->detail), "%s", detail);
	result->total_ms = (long) (bg_loop_now_ms() - fetch->started);
	if (fetch->url.canonical != NULL)
	{
		result->final_url = fetch->url.canonical;
		fetch->url.canonical = NULL;
	}
	list_remove(fetch);
	list_add(&fetcher->finished, fetch);
	/* It may end outside the loop: make its descriptor readable, so that somebody comes and looks. */
	bg_timer_set(fetcher->wake, 0);
}

static void time_is_up(void *arg)
{
	finish(arg, BG_TIMEOUT, "all hops together took too long");
}

static void wake(void *arg)
{
	(void) arg;
}

/* ---- hops ---- */

bg_http_transfer *bg_fetcher_get(bg_fetcher *fetcher, const char *url, const char *const *headers,
                                 int64_t started, size_t max_wire, size_t max_body,
                                 bg_ticket *ticket)
{
	const bg_fetch_settings *settings = &fetcher->settings;
	long left = settings->total_timeout_ms - (long) (bg_loop_now_ms() - started);
	bg_http_request request;

	memset(&request, 0, sizeof(request));
	request.method = "GET";
	request.url = url;
	request.headers = headers;
	request.connect_timeout_ms = settings->connect_timeout_ms;
	request.total_timeout_ms = left > 1 ? left : 1;
	request.idle_timeout_ms = settings->read_timeout_ms;
	request.low_speed_bytes = settings->low_speed_bytes;
	request.low_speed_s = settings->low_speed_s;
	request.max_wire_bytes = max_wire;
	request.max_body_bytes = max_body;
	return bg_http_start(fetcher->http, &request, ticket);
}

/*
 * Servers put raw bytes into Location that a URL may not have: spaces, and letters in the page's own encoding. As browsers do,
 * these are percent-encoded; in a host name they are wrong then, too.
 */
bg_url_error bg_fetcher_follow(const char *location, const char *from, bg_url *url)
{
	bg_buffer text;
	size_t len = strlen(location);
	bool valid = bg_utf8_valid(location, len);
	bg_url_error error;

	memset(url, 0, sizeof(*url));
	if (len > BG_URL_MAX)
		return BG_URL_TOO_LONG;
	bg_buffer_init(&text, 0);
	for (size_t i = 0; i < len; i++)
	{
		unsigned char c = (unsigned char) location[i];

		if ((c >= 0x80 && !valid) || c == ' ')
			bg_buffer_printf(&text, "%%%02X", c);
		else
			bg_buffer_putc(&text, (char) c);
	}
	if (len == 0)
		bg_buffer_puts(&text, "");
	error = text.failed ? BG_URL_MEMORY : bg_url_parse(text.data, text.len, from, url);
	bg_buffer_free(&text);
	return error;
}

static bool is_clean_header(const char *value)
{
	for (; *value != '\0'; value++)
		if ((unsigned char) *value < 0x20 || *value == 0x7F)
			return false;
	return true;
}

static void request_page(bg_fetch *fetch)
{
	bg_fetcher *fetcher = fetch->fetcher;
	const char *headers[4] = {
	    fetch->is_document ? "Accept: application/json,*/*;q=0.1"
	                       : "Accept: text/html,application/xhtml+xml,text/plain;q=0.9,*/*;q=0.1"};
	size_t max_wire = fetcher->settings.max_wire_bytes;
	size_t max_body = fetcher->settings.max_body_bytes;
	bg_buffer match;
	bg_buffer since;
	int count = 1;

	if (fetch->is_document)
		max_wire = max_body = BG_DOCUMENT_MAX;
	bg_buffer_init(&match, 0);
	bg_buffer_init(&since, 0);
	if (fetch->etag != NULL)
	{
		bg_buffer_printf(&match, "If-None-Match: %s", fetch->etag);
		headers[count++] = match.data;
	}
	if (fetch->last_modified != NULL)
	{
		bg_buffer_printf(&since, "If-Modified-Since: %s", fetch->last_modified);
		headers[count++] = since.data;
	}
	if (!match.failed && !since.failed)
		fetch->transfer = bg_fetcher_get(fetcher, fetch->url.canonical, headers, fetch->started,
		                                 max_wire, max_body, &fetch->ticket);
	bg_buffer_free(&match);
	bg_buffer_free(&since);
	if (fetch->transfer == NULL)
		finish(fetch, BG_BAD_RESPONSE, "out of memory");
}

/* The origin's robots.txt is known: go on, or not. */
static void obey(bg_fetch *fetch, const bg_origin *origin)
{
	const char *path = strchr(strstr(fetch->url.canonical, "://") + 3, '/');

	fetch->waiting_for = NULL;
	fetch->result.crawl_delay_s = -1;
	if (origin->verdict == BG_RULES)
		fetch->result.crawl_delay_s = bg_robots_crawl_delay(origin->rules);
	if (origin->verdict == BG_UNREACHABLE || origin->verdict == BG_DENY_ALL)
	{
		fetch->result.retry_after_s = origin->retry_after_s;
		finish(fetch, origin->outcome, origin->detail);
	}
	else if (origin->verdict == BG_RULES && !bg_robots_allows(origin->rules, path))
		finish(fetch, BG_ROBOTS_DENIED, "a rule of robots.txt covers this page");
	else
		request_page(fetch);
}

static void begin_hop(bg_fetch *fetch)
{
	bg_origin *origin;

	if (!fetch->fetcher->settings.obey_robots || fetch->is_document)
	{
		request_page(fetch);
		return;
	}
	origin = bg_origin_get(fetch->fetcher, &fetch->url);
	if (origin == NULL)
		finish(fetch, BG_BAD_RESPONSE, "out of memory");
	else if (origin->known)
		obey(fetch, origin);
	else
		fetch->waiting_for = origin;
}

static void refuse_url(bg_fetch *fetch, bg_url_error error)
{
	finish(fetch, error == BG_URL_ADDRESS ? BG_BLOCKED_ADDRESS : BG_BAD_URL,
	       bg_url_error_text(error));
}

static void redirect(bg_fetch *fetch, const char *location)
{
	bg_url next;
	bg_url_error error;

	if (location == NULL)
	{
		finish(fetch, BG_BAD_RESPONSE, "a redirect without a target");
		return;
	}
	if (fetch->is_document)
	{
		finish(fetch, BG_TOO_MANY_REDIRECTS, "redirects are not followed here");
		return;
	}
	if (fetch->result.redirects >= fetch->fetcher->settings.max_redirects)
	{
		finish(fetch, BG_TOO_MANY_REDIRECTS, "more redirects than the limit");
		return;
	}
	fetch->result.redirects++;
	error = bg_fetcher_follow(location, fetch->url.canonical, &next);
	if (error != BG_URL_OK)
	{
		refuse_url(fetch, error);
		return;
	}
	fetch->downgraded = fetch->downgraded || (fetch->url.is_https && !next.is_https);
	fetch->visited[fetch->visited_count++] = fetch->url.canonical;
	fetch->url.canonical = NULL;
	bg_url_free(&fetch->url);
	fetch->url = next;
	for (int i = 0; i < fetch->visited_count; i++)
		if (strcmp(fetch->visited[i], next.canonical) == 0)
		{
			finish(fetch, BG_TOO_MANY_REDIRECTS, "the redirects go in a circle");
			return;
		}
	begin_hop(fetch);
}

/* Missing types are left to the reader, which looks at the bytes. */
static bool is_readable(const bg_fetch *fetch)
{
	const char *content_type = fetch->result.content_type;
	static const char *const types[] = {"text/html", "application/xhtml+xml", "text/plain",
	                                    "text/markdown"};
	size_t len;

	if (fetch->is_document || content_type == NULL || *content_type == '\0')
		return true;
	len = strcspn(content_type, "; \t,");
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strlen(types[i]) == len && strncasecmp(types[i], content_type, len) == 0)
			return true;
	return false;
}

static void take(bg_fetch_result *result, bg_http_response *response)
{
	result->status = response->status;
	result->retry_after_s = response->retry_after_s;
	result->content_type = response->content_type;
	result->etag = response->etag;
	result->last_modified = response->last_modified;
	response->content_type = NULL;
	response->etag = NULL;
	response->last_modified = NULL;
}

static void take_body(bg_fetch_result *result, bg_http_response *response)
{
	result->body = response->body;
	result->body_len = response->body_len;
	response->body = NULL;
}

static void page_arrived(bg_fetch *fetch)
{
	bg_http_transfer *transfer = fetch->transfer;
	bg_http_response *response = bg_http_transfer_response(transfer);
	bg_fetch_result *result = &fetch->result;
	int status = response->status;
	bool conditional = fetch->etag != NULL || fetch->last_modified != NULL;
	char detail[160];

	fetch->transfer = NULL;
	snprintf(detail, sizeof(detail), "the site answered %d", status);
	if (response->outcome == BG_OK &&
	    (status == 301 || status == 302 || status == 303 || status == 307 || status == 308))
	{
		result->status = status;
		redirect(fetch, response->location);
		bg_http_transfer_free(transfer);
		return;
	}
	take(result, response);
	if (response->outcome == BG_TOO_LARGE && status / 100 == 2 && !is_readable(fetch))
		finish(fetch, BG_UNSUPPORTED_TYPE, "the type is neither HTML nor plain text");
	else if (response->outcome != BG_OK)
		finish(fetch, response->outcome, response->detail);
	else if (status == 304 && conditional)
		finish(fetch, BG_NOT_MODIFIED, "");
	else if (status == 404 || status == 410)
		finish(fetch, BG_GONE, detail);
	else if (status == 429 || (status == 503 && result->retry_after_s >= 0))
		finish(fetch, BG_RATE_LIMITED, detail);
	else if (status == 408)
		finish(fetch, BG_TIMEOUT, detail);
	else if (status / 100 == 4 || status / 100 == 5)
	{
		/* The body goes along: it may be a challenge, which only its text tells. */
		take_body(result, response);
		finish(fetch, status / 100 == 4 ? BG_HTTP_4XX : BG_HTTP_5XX, detail);
	}
	else if (status / 100 != 2)
		finish(fetch, BG_BAD_RESPONSE, detail);
	else if (!is_readable(fetch))
		finish(fetch, BG_UNSUPPORTED_TYPE, "the type is neither HTML nor plain text");
	else if (response->body_len == 0)
		finish(fetch, BG_EMPTY, "the body is empty");
	else
	{
		take_body(result, response);
		finish(fetch, BG_OK,
		       fetch->downgraded
		           ? "a redirect led from https to http; the page was read unprotected"
		           : "");
	}
	bg_http_transfer_free(transfer);
}

/* ---- the public face ---- */

bg_fetcher *bg_fetcher_create(bg_loop *loop, bg_http *http, const bg_fetch_settings *settings)
{
	bg_fetcher *fetcher = calloc(1, sizeof(*fetcher));

	if (fetcher == NULL)
		return NULL;
	fetcher->loop = loop;
	fetcher->http = http;
	fetcher->settings = *settings;
	if (fetcher->settings.max_redirects < 0)
		fetcher->settings.max_redirects = 0;
	fetcher->agent_token =
	    strdup(settings->agent_token != NULL ? settings->agent_token : "BountyGo");
	fetcher->settings.agent_token = fetcher->agent_token;
	fetcher->wake = bg_timer_create(loop, wake, fetcher);
	if (fetcher->agent_token == NULL || fetcher->wake == NULL)
	{
		bg_fetcher_free(fetcher);
		return NULL;
	}
	return fetcher;
}

void bg_fetcher_free(bg_fetcher *fetcher)
{
	if (fetcher == NULL)
		return;
	while (fetcher->active.first != NULL)
		bg_fetch_free(fetcher->active.first);
	while (fetcher->finished.first != NULL)
		bg_fetch_free(fetcher->finished.first);
	/* Results that somebody still looks at stay his. */
	while (fetcher->taken.first != NULL)
	{
		bg_fetch *fetch = fetcher->taken.first;

		list_remove(fetch);
		fetch->fetcher = NULL;
	}
	bg_origins_free(fetcher);
	bg_timer_free(fetcher->wake);
	free(fetcher->agent_token);
	free(fetcher);
}

static bg_fetch *start(bg_fetcher *fetcher, const char *url, const char *etag,
                       const char *last_modified, bool is_document, void *arg)
{
	bg_fetch *fetch = calloc(1, sizeof(*fetch));
	bg_url_error error;
	bool good;

	if (fetch == NULL)
		return NULL;
	fetch->ticket.fetch = fetch;
	fetch->fetcher = fetcher;
	fetch->arg = arg;
	fetch->is_document = is_document;
	fetch->started = bg_loop_now_ms();
	fetch->result.retry_after_s = -1;
	fetch->result.crawl_delay_s = -1;
	fetch->timer = bg_timer_create(fetcher->loop, time_is_up, fetch);
	fetch->visited = calloc((size_t) fetcher->settings.max_redirects + 1, sizeof(char *));
	good = fetch->timer != NULL && fetch->visited != NULL;
	/* Validators come from strangers: what could end a header line is not sent back. */
	if (etag != NULL && is_clean_header(etag))
		good = (fetch->etag = strdup(etag)) != NULL && good;
	if (last_modified != NULL && is_clean_header(last_modified))
		good = (fetch->last_modified = strdup(last_modified)) != NULL && good;
	list_add(&fetcher->active, fetch);
	if (!good)
	{
		bg_fetch_free(fetch);
		return NULL;
	}
	bg_timer_set(fetch->timer, fetcher->settings.total_timeout_ms);
	error = bg_url_parse(url, strlen(url), NULL, &fetch->url);
	if (error != BG_URL_OK)
		refuse_url(fetch, error);
	else if (is_document && !fetch->url.is_https && !bg_egress_is_extra(fetch->url.host))
		finish(fetch, BG_BAD_URL, "this is fetched over https only");
	else
		begin_hop(fetch);
	return fetch;
}

bg_fetch *bg_fetch_start(bg_fetcher *fetcher, const char *url, const char *etag,
                         const char *last_modified, void *arg)
{
	return start(fetcher, url, etag, last_modified, false, arg);
}

bg_fetch *bg_fetch_start_document(bg_fetcher *fetcher, const char *url, void *arg)
{
	return start(fetcher, url, NULL, NULL, true, arg);
}

bg_fetch *bg_fetch_finished(bg_fetcher *fetcher)
{
	bg_http_transfer *transfer;
	bg_fetch *fetch;

	while ((transfer = bg_http_finished(fetcher->http)) != NULL)
	{
		bg_ticket *ticket = bg_http_transfer_arg(transfer);

		if (ticket->fetch != NULL)
			page_arrived(ticket->fetch);
		else if (bg_origin_advance(ticket->origin))
		{
			/* The list changes under each that goes on, so look from the start again. */
			for (fetch = fetcher->active.first; fetch != NULL;)
			{
				if (fetch->waiting_for == ticket->origin)
				{
					obey(fetch, ticket->origin);
					fetch = fetcher->active.first;
				}
				else
					fetch = fetch->next;
			}
		}
	}
	fetch = fetcher->finished.first;
	if (fetch != NULL)
	{
		list_remove(fetch);
		list_add(&fetcher->taken, fetch);
	}
	return fetch;
}

void *bg_fetch_arg(const bg_fetch *fetch)
{
	return fetch->arg;
}

bg_fetch_result *bg_fetch_get_result(bg_fetch *fetch)
{
	return &fetch->result;
}

void bg_fetch_free(bg_fetch *fetch)
{
	if (fetch == NULL)
		return;
	stop(fetch);
	if (fetch->list != NULL)
		list_remove(fetch);
	for (int i = 0; i < fetch->visited_count; i++)
		free(fetch->visited[i]);
	free(fetch->visited);
	bg_url_free(&fetch->url);
	free(fetch->etag);
	free(fetch->last_modified);
	free(fetch->result.final_url);
	free(fetch->result.content_type);
	free(fetch->result.etag);
	free(fetch->result.last_modified);
	free(fetch->result.body);
	free(fetch);
}

int bg_fetch_active(const bg_fetcher *fetcher)
{
	return fetcher->active.count;
}

/*
 * origin.c
 *		The robots.txt of each origin: fetched once for all who wait, remembered for a while. Plain C; see fetch.h.
 *
 * RFC 9309: 4xx = no rules; 5xx = nothing may be read; redirects are followed five times, then there are no rules. If the
 * site cannot be reached at all the page's outcome is that, so that the page is tried again. What the rules say is robots.c's.
 */
#include "fetch_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REDIRECTS 5
#define DENIED_S 60 /* a failing server is asked again soon */
#define UNREACHABLE_S 5
#define ROBOTS_WIRE (16 * 1024 * 1024)

static unsigned bucket_of(const char *key)
{
	unsigned hash = 2166136261u;

	for (; *key != '\0'; key++)
		hash = (hash ^ (unsigned char) *key) * 16777619u;
	return hash % BG_ORIGIN_BUCKETS;
}

static void forget_rules(bg_origin *origin)
{
	bg_robots_free(origin->rules);
	origin->rules = NULL;
	origin->known = false;
}

static void origin_free(bg_origin *origin)
{
	forget_rules(origin);
	if (origin->transfer != NULL)
		bg_http_transfer_free(origin->transfer);
	free(origin->url);
	free(origin->key);
	free(origin);
}

void bg_origins_free(bg_fetcher *fetcher)
{
	for (int i = 0; i < BG_ORIGIN_BUCKETS; i++)
		while (fetcher->origins[i] != NULL)
		{
			bg_origin *origin = fetcher->origins[i];

			fetcher->origins[i] = origin->next;
			origin_free(origin);
		}
	fetcher->origin_count = 0;
}

/* Makes room: what is past its time first, then anything that is not on its way. Nobody waits for a known one. */
static void evict(bg_fetcher *fetcher)
{
	int64_t now = bg_loop_now_ms();

	for (int pass = 0; pass < 2 && fetcher->origin_count >= BG_ORIGINS_MAX; pass++)
		for (int i = 0; i < BG_ORIGIN_BUCKETS; i++)
		{
			bg_origin **link = &fetcher->origins[i];

			while (*link != NULL)
			{
				bg_origin *origin = *link;

				if (origin->known && (origin->until <= now ||
				                      (pass == 1 && fetcher->origin_count > BG_ORIGINS_MAX / 2)))
				{
					*link = origin->next;
					fetcher->origin_count--;
					origin_free(origin);
				}
				else
					link = &origin->next;
			}
		}
}

static bool conclude(bg_origin *origin, bg_verdict verdict, bg_outcome outcome, const char *detail)
{
	long seconds = origin->fetcher->settings.robots_cache_s;
	long most = verdict == BG_DENY_ALL      ? DENIED_S
	            : verdict == BG_UNREACHABLE ? UNREACHABLE_S
	                                        : seconds;

	origin->verdict = verdict;
	origin->outcome = outcome;
	snprintf(origin->detail, sizeof(origin->detail), "%s", detail);
	origin->known = true;
	origin->until = bg_loop_now_ms() + (seconds < most ? seconds : most) * 1000;
	free(origin->url);
	origin->url = NULL;
	return true;
}

static bool request(bg_origin *origin)
{
	static const char *const headers[] = {"Accept: text/plain,*/*;q=0.1", NULL};

	origin->transfer = bg_fetcher_get(origin->fetcher, origin->url, headers, origin->started,
	                                  ROBOTS_WIRE, BG_ROBOTS_MAX, &origin->ticket);
	return origin->transfer != NULL;
}

bg_origin *bg_origin_get(bg_fetcher *fetcher, const bg_url *url)
{
	bg_buffer key;
	bg_origin *origin;
	unsigned bucket;

	bg_buffer_init(&key, 0);
	bg_buffer_printf(&key, strchr(url->host, ':') != NULL ? "%s://[%s]:%d" : "%s://%s:%d",
	                 url->is_https ? "https" : "http", url->host, url->port);
	if (key.failed)
		return NULL;
	bucket = bucket_of(key.data);
	for (origin = fetcher->origins[bucket]; origin != NULL && strcmp(origin->key, key.data) != 0;)
		origin = origin->next;
	if (origin == NULL)
	{
		if (fetcher->origin_count >= BG_ORIGINS_MAX)
			evict(fetcher);
		origin = calloc(1, sizeof(*origin));
		if (origin == NULL)
		{
			bg_buffer_free(&key);
			return NULL;
		}
		origin->ticket.origin = origin;
		origin->fetcher = fetcher;
		origin->key = bg_buffer_detach(&key, NULL);
		origin->next = fetcher->origins[bucket];
		fetcher->origins[bucket] = origin;
		fetcher->origin_count++;
	}
	bg_buffer_free(&key);
	if (origin->known && origin->until > bg_loop_now_ms())
		return origin;
	if (origin->transfer != NULL)
		return origin;

	forget_rules(origin);
	origin->redirects = 0;
	origin->retry_after_s = -1;
	origin->started = bg_loop_now_ms();
	if (asprintf(&origin->url, "%s/robots.txt", origin->key) < 0)
		origin->url = NULL;
	if (origin->url == NULL || !request(origin))
		conclude(origin, BG_UNREACHABLE, BG_BAD_RESPONSE, "out of memory");
	return origin;
}

/* A redirect: true if it is being followed. */
static bool follow(bg_origin *origin, const char *location)
{
	bg_url next;

	if (origin->redirects == REDIRECTS || location == NULL ||
	    bg_fetcher_follow(location, origin->url, &next) != BG_URL_OK)
		return false;
	origin->redirects++;
	free(origin->url);
	origin->url = strdup(next.canonical);
	bg_url_free(&next);
	return origin->url != NULL && request(origin);
}

bool bg_origin_advance(bg_origin *origin)
{
	bg_http_transfer *transfer = origin->transfer;
	bg_http_response *response = bg_http_transfer_response(transfer);
	int status = response->status;
	char detail[160];
	bool known = true;

	origin->transfer = NULL;
	/* Of a file that is too long the beginning counts. */
	if (response->outcome == BG_TOO_LARGE && response->body != NULL && status / 100 == 2)
		response->outcome = BG_OK;
	if (response->outcome != BG_OK)
	{
		snprintf(detail, sizeof(detail), "robots.txt: %.140s", response->detail);
		if (response->outcome == BG_TOO_LARGE)
			conclude(origin, BG_DENY_ALL, BG_ROBOTS_DENIED, detail);
		else if (response->outcome == BG_BLOCKED_ADDRESS && origin->redirects > 0)
			conclude(origin, BG_ALLOW_ALL, BG_OK, "");
		else
			conclude(origin, BG_UNREACHABLE, response->outcome, detail);
	}
	else if (status / 100 == 2)
	{
		origin->rules =
		    bg_robots_parse(response->body, response->body_len, origin->fetcher->agent_token);
		if (origin->rules != NULL)
			conclude(origin, BG_RULES, BG_OK, "");
		else
			conclude(origin, BG_UNREACHABLE, BG_BAD_RESPONSE, "out of memory");
	}
	else if (status == 429 || (status == 503 && response->retry_after_s >= 0))
	{
		origin->retry_after_s = response->retry_after_s;
		conclude(origin, BG_UNREACHABLE, BG_RATE_LIMITED,
		         "robots.txt: the site asks to be called less often");
	}
	else if (status / 100 == 5)
	{
		snprintf(detail, sizeof(detail), "robots.txt answered %d, so nothing may be read", status);
		conclude(origin, BG_DENY_ALL, BG_ROBOTS_DENIED, detail);
	}
	else if (status / 100 == 3 && follow(origin, response->location))
		known = false;
	else
		conclude(origin, BG_ALLOW_ALL, BG_OK, "");
	bg_http_transfer_free(transfer);
	return known;
}

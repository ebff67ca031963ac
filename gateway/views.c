/*
 * views.c
 *		Collects views of tasks in memory and passes them to bountygo.record_views() once a second. What a view is worth (one a viewer
 *		and day) is decided there; addresses leave this process only for that function, which keeps a salted hash of them.
 *
 * A viewer who looks again the same day is told once by each loop, as far as its memory goes. While the database can't be reached or says
 * that it can't just now views wait, up to a bound; a batch may be sent twice, which counts nobody twice.
 */
#include "views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "cache.h"
#include "log.h"

#define FLUSH_MS 1000
#define MAX_BATCH 1000
#define MAX_BATCHES 10
#define PATIENCE_MS 10000
/* Tries of a batch while the database says that it can't just now: a minute or so. */
#define MAX_TRIES 60
#define MAX_AGENT 400
#define N_SEEN 65536 /* a loop */

struct bg_views
{
	bg_loop *loop;
	uv_timer_t timer;
	bool ticking;
	bool sent; /* the first batch is under way */
	int tries; /* of the first batch, that the database answered with an error */
	/* A ring of batches: JSON objects with commas between. */
	bg_buf batches[MAX_BATCHES];
	int sizes[MAX_BATCHES];
	int first;
	int n; /* batches with something in them */
	bg_db_call call;
	uint64_t seen[N_SEEN]; /* hashes of task, viewer and day that were told already */
};

static uint64_t told;
static uint64_t lost;

static void on_timer(uv_timer_t *timer)
{
	struct bg_views *views = timer->data;

	views->ticking = false;
	bg_views_flush(views);
}

static void tick(struct bg_views *views)
{
	if (views->ticking || views->loop->draining)
		return;
	views->ticking = true;
	uv_timer_start(&views->timer, on_timer, FLUSH_MS, 0);
}

struct bg_views *bg_views_create(bg_loop *loop)
{
	struct bg_views *views = bg_alloc(sizeof(*views));

	views->loop = loop;
	uv_timer_init(&loop->uv, &views->timer);
	views->timer.data = views;
	return views;
}

static int last_of(const struct bg_views *views)
{
	return (views->first + views->n - 1) % MAX_BATCHES;
}

/* Host of a URL, without its user, port and path; empty if it is none. */
static bg_str host_of(bg_str url)
{
	size_t at = url.n > 8 && strncasecmp(url.s, "https://", 8) == 0  ? 8
	            : url.n > 7 && strncasecmp(url.s, "http://", 7) == 0 ? 7
	                                                                 : 0;
	size_t end = at;

	if (at == 0)
		return (bg_str){NULL, 0};
	while (end < url.n && strchr("/?#:", url.s[end]) == NULL && end - at < 253)
	{
		unsigned char c = (unsigned char) url.s[end];

		if (c <= 0x20 || c >= 0x7f || c == '@')
			return (bg_str){NULL, 0};
		end++;
	}
	return (bg_str){url.s + at, end - at};
}

static bool is_own_host(const bg_request *request, bg_str host)
{
	bg_str own = bg_http_host(request->http);

	return own.s != NULL && own.n >= host.n && strncasecmp(own.s, host.s, host.n) == 0 &&
	       (own.n == host.n || own.s[host.n] == ':');
}

void bg_views_add(struct bg_views *views, const bg_request *request)
{
	bg_str agent = bg_http_header(request->http, "user-agent", 0);
	bg_str referer = bg_http_header(request->http, "referer", 0);
	bg_str source = referer.s ? host_of(referer) : (bg_str){NULL, 0};
	char viewer[sizeof(request->client) + MAX_AGENT + 2];
	char view[sizeof(viewer) + 64];
	bg_buf *out;
	int last;
	char at[32];
	time_t now = time(NULL);
	struct tm utc;
	uint64_t hash;

	gmtime_r(&now, &utc);
	strftime(at, sizeof(at), "%Y-%m-%dT%H:%M:%SZ", &utc);
	snprintf(viewer, sizeof(viewer), "%s %.*s", request->client,
	         (int) (agent.n < MAX_AGENT ? agent.n : MAX_AGENT), agent.s ? agent.s : "");
	/* The same once more that day would count for nothing. */
	hash = bg_cache_hash(
	    (bg_str){view, (size_t) snprintf(view, sizeof(view), "%lld %.10s %s",
	                                     (long long) request->task_viewed, at, viewer)});
	if (views->seen[hash % N_SEEN] == hash)
		return;
	/* What is under way isn't added to. */
	if (views->n == 0 || views->sizes[last_of(views)] >= MAX_BATCH ||
	    (views->sent && views->n == 1))
	{
		if (views->n == MAX_BATCHES)
		{
			__atomic_add_fetch(&lost, 1, __ATOMIC_RELAXED);
			return;
		}
		views->n++;
	}
	views->seen[hash % N_SEEN] = hash;
	last = last_of(views);
	out = &views->batches[last];
	bg_buf_printf(out, "%s{\"task_id\":%lld,\"viewer\":", views->sizes[last] ? "," : "[",
	              (long long) request->task_viewed);
	bg_buf_json(out, viewer, strlen(viewer));
	bg_buf_puts(out, ",\"source\":");
	if (source.n > 0 && !is_own_host(request, source))
		bg_buf_json(out, source.s, source.n);
	else
		bg_buf_puts(out, "null");
	bg_buf_printf(out, ",\"at\":\"%s\"}", at);
	if (++views->sizes[last] >= MAX_BATCH && !views->sent)
		bg_views_flush(views);
	tick(views);
}

/* An error of the moment: waiting for others, a restart, no room. */
static bool is_passing(const char *sqlstate)
{
	static const char *const classes[] = {"08", "40", "53", "55", "57"};

	for (size_t i = 0; sqlstate != NULL && i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strncmp(sqlstate, classes[i], 2) == 0)
			return true;
	return false;
}

static void on_told(bg_db_call *call, const bg_db_result *result)
{
	struct bg_views *views = call->owner;
	int size = views->sizes[views->first];

	views->sent = false;
	if (result->failure == BG_DB_OK)
		__atomic_add_fetch(&told, (uint64_t) size, __ATOMIC_RELAXED);
	else if (views->loop->draining ||
	         (result->failure == BG_DB_ERROR &&
	          (!is_passing(result->sqlstate) || ++views->tries >= MAX_TRIES)))
	{
		bg_log(BG_LOG_ERROR, NULL, "%d views of tasks are not counted: %s %s", size,
		       result->sqlstate ? result->sqlstate : "no database",
		       result->message ? result->message : "");
		__atomic_add_fetch(&lost, (uint64_t) size, __ATOMIC_RELAXED);
	}
	else
	{
		/* Not told, as far as we know: again, later. */
		views->batches[views->first].n--;
		tick(views);
		return;
	}
	views->tries = 0;
	views->batches[views->first].n = 0;
	views->sizes[views->first] = 0;
	views->first = (views->first + 1) % MAX_BATCHES;
	views->n--;
	if (views->loop->draining)
		bg_views_flush(views);
	else if (views->n > 0)
		tick(views);
}

bool bg_views_flush(struct bg_views *views)
{
	bg_db_call *call = &views->call;
	bg_buf *batch = &views->batches[views->first];

	if (views->n == 0 || views->sent)
		return views->n == 0;
	bg_buf_puts(batch, "]");
	views->sent = true;
	memset(call, 0, sizeof(*call));
	call->statement = BG_DB_VIEWS;
	call->body = (bg_str){batch->s, batch->n};
	call->deadline = bg_now_ms() + PATIENCE_MS;
	call->done = on_told;
	call->owner = views;
	bg_db_submit(views->loop->db, call);
	return views->n == 0;
}

void bg_views_close(struct bg_views *views)
{
	int left = 0;

	bg_db_cancel(&views->call);
	for (int i = 0; i < MAX_BATCHES; i++)
	{
		left += views->sizes[i];
		bg_buf_free(&views->batches[i]);
	}
	if (left > 0)
		bg_log(BG_LOG_WARNING, NULL, "%d views of tasks are not counted: the gateway ends", left);
	uv_close((uv_handle_t *) &views->timer, NULL);
}

void bg_views_look(uint64_t *told_out, uint64_t *lost_out)
{
	*told_out = __atomic_load_n(&told, __ATOMIC_RELAXED);
	*lost_out = __atomic_load_n(&lost, __ATOMIC_RELAXED);
}

/*
 * notify.c
 *		The listening connection: loads the route table at the start and whenever it changes, and passes on which jobs have ended.
 *
 * A connection of its own because notifications reach a busy one late (GATEWAY: pitfalls). Opens itself again for ever; after that
 * everything that may have been missed is looked at afresh.
 */
#include "notify.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "shared.h"
#include "topics.h"

#define CONNECT_TIMEOUT_MS 5000
#define MAX_PAUSE_MS 2000

static const char LISTEN_SQL[] =
    "LISTEN bountygo_routes; LISTEN bountygo_job; LISTEN bountygo_cache";
/* Tells the secret of the shared cache, and every listener a new generation of every topic: so all agree, whatever one has missed. */
static const char GREET_SQL[] = "SELECT encode(bountygo.gateway_greeting(), 'hex')";
static const char ROUTES_SQL[] =
    "SELECT id, method, path, coalesce(max_body, -1), coalesce(timeout_ms, 0), is_async,"
    " is_secret, rate_zone, cache_seconds, array_to_string(cache_topics, ',')"
    " FROM bountygo.gateway_routes()";

typedef enum listener_state
{
	DOWN,
	CONNECTING,
	LISTENING, /* LISTEN is being answered */
	GREETING,
	LOADING, /* the routes are on their way */
	IDLE,
	CLOSED
} listener_state;

static struct
{
	bg_loop *loop;
	listener_state state;
	PGconn *pg;
	uv_poll_t *poll;
	uv_timer_t timer;
	int pause_ms;
	bool reload;      /* routes have changed while they were loading */
	char failed[300]; /* why the query failed; its end may come with a later read */
	char said[300];   /* the failure that is in the log already */
} self;

static void on_poll(uv_poll_t *poll, int status, int events);
static void on_timer(uv_timer_t *timer);

static void free_poll(uv_handle_t *handle)
{
	free(handle);
}

static void release(void)
{
	if (self.poll != NULL)
	{
		uv_poll_stop(self.poll);
		uv_close((uv_handle_t *) self.poll, free_poll);
		self.poll = NULL;
	}
	PQfinish(self.pg);
	self.pg = NULL;
}

static void retry(const char *why)
{
	char text[300];

	snprintf(text, sizeof(text), "%.*s", (int) strcspn(why, "\n"), why);
	/* Once for each reason, not for each try. */
	if (strcmp(self.said, text) != 0)
		bg_log(BG_LOG_WARNING, NULL, "listening connection: %s", text);
	memcpy(self.said, text, sizeof(text));
	bg_topics_hear(false);
	release();
	self.state = DOWN;
	self.pause_ms = self.pause_ms ? self.pause_ms * 2 : 50;
	if (self.pause_ms > MAX_PAUSE_MS)
		self.pause_ms = MAX_PAUSE_MS;
	uv_timer_start(&self.timer, on_timer, (uint64_t) (self.pause_ms / 2 + rand() % self.pause_ms),
	               0);
}

static void watch(void)
{
	uv_poll_start(self.poll, UV_READABLE | (PQflush(self.pg) == 1 ? UV_WRITABLE : 0), on_poll);
}

static void open_poll(void)
{
	self.poll = bg_alloc(sizeof(*self.poll));
	uv_poll_init(&self.loop->uv, self.poll, PQsocket(self.pg));
}

/* Like connecting, an answer has its time: a server that is silent is given up. */
static bool ask(listener_state state, const char *sql)
{
	self.state = state;
	self.failed[0] = '\0';
	if (!PQsendQuery(self.pg, sql))
	{
		retry(PQerrorMessage(self.pg));
		return false;
	}
	uv_timer_start(&self.timer, on_timer, CONNECT_TIMEOUT_MS, 0);
	return true;
}

static void load(void)
{
	self.reload = false;
	ask(LOADING, ROUTES_SQL);
}

static void tell_all(bg_message_type type, bg_routes *routes, int64_t job)
{
	for (int i = 0; i < bg_n_loops; i++)
		bg_loop_send(&bg_loops[i], type, bg_routes_ref(routes), job);
}

/* "tasks,tags": a bit each; 0 if one has no place, so that nothing is cached that couldn't be dropped. */
static uint32_t read_topics(const char *names)
{
	uint32_t topics = 0;

	while (*names != '\0')
	{
		size_t n = strcspn(names, ",");
		int place = bg_topic_place((bg_str){names, n});

		if (place < 0)
			return 0;
		topics |= (uint32_t) 1 << place;
		names += n + (names[n] == ',');
	}
	return topics;
}

static void take_routes(const PGresult *rows)
{
	int n = PQntuples(rows);
	bg_routes *table = bg_routes_create(n);

	for (int i = 0; i < n; i++)
	{
		const char *path = PQgetvalue(rows, i, 2);
		bg_route *route = &table->routes[i];

		if (!bg_routes_set(table, i, atoi(PQgetvalue(rows, i, 0)), PQgetvalue(rows, i, 1), path))
		{
			bg_log(BG_LOG_ERROR, NULL, "route %s is left out: its path isn't understood",
			       PQgetvalue(rows, i, 0));
			route->n_segments = -1;
		}
		route->max_body = atoi(PQgetvalue(rows, i, 3));
		route->timeout_ms = atoi(PQgetvalue(rows, i, 4));
		route->is_async = PQgetvalue(rows, i, 5)[0] == 't';
		route->is_secret = PQgetvalue(rows, i, 6)[0] == 't';
		route->zone = bg_copy(PQgetvalue(rows, i, 7), (size_t) PQgetlength(rows, i, 7));
		route->cache_seconds = atoi(PQgetvalue(rows, i, 8));
		route->topics = read_topics(PQgetvalue(rows, i, 9));
		if (route->topics == 0)
			route->cache_seconds = 0;
		route->shows_task =
		    strcmp(PQgetvalue(rows, i, 1), "GET") == 0 && strcmp(path, "/api/v1/tasks/{id}") == 0;
	}
	tell_all(BG_MESSAGE_ROUTES, table, 0);
	bg_routes_unref(table);
	bg_log(BG_LOG_INFO, NULL, "%d routes loaded", n);
	self.said[0] = '\0';
	self.pause_ms = 0;
	/* Notifications of the time without a connection are lost. */
	tell_all(BG_MESSAGE_JOB, NULL, 0);
}

static void take_greeting(const PGresult *row)
{
	unsigned char secret[64];
	const char *hex = PQntuples(row) == 1 && !PQgetisnull(row, 0, 0) ? PQgetvalue(row, 0, 0) : "";
	size_t n = strlen(hex) / 2;
	unsigned value;

	if (n > sizeof(secret))
		n = 0;
	for (size_t i = 0; i < n; i++)
		secret[i] = sscanf(hex + 2 * i, "%2x", &value) == 1 ? (unsigned char) value : 0;
	bg_shared_set_secret(secret, n >= 16 ? n : 0);
	memset(secret, 0, sizeof(secret));
}

static void take_notifications(void)
{
	PGnotify *notify;

	while ((notify = PQnotifies(self.pg)) != NULL)
	{
		if (strcmp(notify->relname, "bountygo_routes") == 0)
			self.reload = true;
		else if (strcmp(notify->relname, "bountygo_cache") == 0)
		{
			const char *space = strchr(notify->extra, ' ');

			/* "topic transaction" */
			if (space != NULL)
				bg_topic_touch(
				    bg_topic_place((bg_str){notify->extra, (size_t) (space - notify->extra)}),
				    strtoull(space + 1, NULL, 10));
		}
		else
		{
			int64_t job = strtoll(notify->extra, NULL, 10);

			if (job > 0)
				tell_all(BG_MESSAGE_JOB, NULL, job);
		}
		PQfreemem(notify);
	}
}

/*
 * What has arrived; each query ends with a NULL result. The server sends an error at once and the end of the query later, so
 * both need not be there in the same call.
 */
static void take_results(void)
{
	while ((self.state == LISTENING || self.state == GREETING || self.state == LOADING) &&
	       !PQisBusy(self.pg))
	{
		PGresult *result = PQgetResult(self.pg);

		if (result != NULL)
		{
			ExecStatusType status = PQresultStatus(result);

			if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
			{
				const char *why = PQresultErrorMessage(result);

				snprintf(self.failed, sizeof(self.failed), "%s",
				         why[0] != '\0' ? why : "the database answered in an unexpected form");
			}
			else if (self.state == GREETING)
				take_greeting(result);
			else if (self.state == LOADING)
				take_routes(result);
			PQclear(result);
		}
		else if (self.failed[0] != '\0')
		{
			retry(self.failed);
			return;
		}
		else if (self.state == LISTENING)
			ask(GREETING, GREET_SQL);
		else if (self.state == GREETING)
		{
			bg_topics_hear(true);
			load();
		}
		else
		{
			self.state = IDLE;
			uv_timer_stop(&self.timer);
		}
	}
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	if (self.poll != poll)
		return;
	if (self.state == CONNECTING)
	{
		int before = PQsocket(self.pg);
		PostgresPollingStatusType next;

		uv_poll_stop(self.poll);
		next = PQconnectPoll(self.pg);
		if (next == PGRES_POLLING_FAILED)
		{
			retry(PQerrorMessage(self.pg));
			return;
		}
		if (PQsocket(self.pg) != before)
		{
			uv_close((uv_handle_t *) self.poll, free_poll);
			open_poll();
		}
		if (next != PGRES_POLLING_OK)
		{
			uv_poll_start(self.poll, next == PGRES_POLLING_READING ? UV_READABLE : UV_WRITABLE,
			              on_poll);
			return;
		}
		PQsetnonblocking(self.pg, 1);
		if (!ask(LISTENING, LISTEN_SQL))
			return;
	}
	else if ((events & UV_READABLE) || status != 0)
	{
		if (!PQconsumeInput(self.pg))
		{
			retry(PQerrorMessage(self.pg));
			return;
		}
		take_results();
		if (self.pg == NULL)
			return;
		take_notifications();
		if (self.reload && self.state == IDLE)
			load();
		if (self.pg == NULL)
			return;
	}
	watch();
}

static void on_notice(void *data, const char *message)
{
	(void) data;
	bg_log(BG_LOG_INFO, NULL, "database: %.*s", (int) strcspn(message, "\n"), message);
}

static void on_timer(uv_timer_t *timer)
{
	const char *const keywords[] = {"dbname", "client_encoding", "application_name",
	                                "keepalives_idle", NULL};
	const char *const values[] = {self.loop->config->database, "UTF8", "bountygo-gateway listener",
	                              "30", NULL};

	uv_timer_stop(timer);
	if (self.state == CONNECTING || self.state == LISTENING || self.state == GREETING ||
	    self.state == LOADING)
	{
		retry("the database didn't answer in time");
		return;
	}
	if (self.state != DOWN)
		return;
	self.pg = PQconnectStartParams(keywords, values, 1);
	self.state = CONNECTING;
	if (self.pg == NULL || PQstatus(self.pg) == CONNECTION_BAD || PQsocket(self.pg) < 0)
	{
		retry(self.pg ? PQerrorMessage(self.pg) : "out of memory");
		return;
	}
	PQsetNoticeProcessor(self.pg, on_notice, NULL);
	open_poll();
	uv_poll_start(self.poll, UV_WRITABLE, on_poll);
	uv_timer_start(timer, on_timer, CONNECT_TIMEOUT_MS, 0);
}

void bg_notify_start(bg_loop *loop)
{
	self.loop = loop;
	uv_timer_init(&loop->uv, &self.timer);
	uv_timer_start(&self.timer, on_timer, 0, 0);
}

void bg_notify_stop(void)
{
	release();
	self.state = CLOSED;
	uv_close((uv_handle_t *) &self.timer, NULL);
}

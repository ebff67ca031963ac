/*
 * db.c
 *		Pool of pipelined libpq connections of one loop: connecting, sending, reading, queueing, giving up in time.
 *
 * Everything is asynchronous: a connection that is lost is opened again with growing pauses while the loop goes on. Doesn't know what
 * a call means, nor HTTP. The role's rights and the statement's own transaction decide what a call may do.
 */
#include "db.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

#define DEPTH \
	16 /* calls in flight on a connection: more only wait in a place where they can't be moved */
#define CONNECT_TIMEOUT_MS 5000
#define MAX_TRIES 2

static const char CALL_SQL[] = "SELECT status, location, body FROM bountygo.call($1,$2,$3,$4,$5)";
static const char HEALTH_SQL[] = "SELECT 200, NULL::text, bountygo.health()::text";
/* A generic plan at once: the arguments don't change it, planning it again only costs. */
static const char SETUP_SQL[] =
    "SELECT pg_catalog.set_config('statement_timeout', $1, false),"
    " pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', false),"
    " pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false)";
#define SETUP_STEPS 3 /* settings, two prepared statements */

typedef enum connection_state
{
	DOWN, /* waits for its next try */
	CONNECTING,
	SETTING_UP,
	READY
} connection_state;

typedef struct flight
{
	bg_db_call *call; /* NULL: nobody waits for it any more */
	PGresult *
	    result; /* rows, or the first error; told only after the Sync, because COMMIT may still fail */
} flight;

typedef struct connection
{
	struct bg_db *db;
	int number;
	connection_state state;
	PGconn *pg;
	uv_poll_t *poll; /* its own allocation: libuv lets go of it later */
	uv_timer_t timer;
	int pause_ms;
	int steps; /* of setting up that are still unanswered */
	bool setup_failed;
	bool stale; /* its statements must be prepared again: reopen when nothing is in flight */
	uint64_t since;
	flight flights[DEPTH];
	int first;
	int n;
} connection;

struct bg_db
{
	bg_loop *loop;
	int n;
	connection *connections;
	bg_db_call *queue;
	bg_db_call **queue_end;
	int queued;
	double pace_ms; /* smoothed time between answers while there is a queue */
	uint64_t last_answer;
	bool failing; /* the last try to connect failed */
	bool closing;
};

static void start_connecting(connection *c);
static void lose(connection *c, const char *why);
static void on_poll(uv_poll_t *poll, int status, int events);
static void kick(struct bg_db *db);

void bg_db_array_add(bg_buf *array, const char *s, size_t n)
{
	bg_buf_puts(array, array->n > 1 ? ",\"" : "\"");
	for (size_t i = 0; i < n; i++)
	{
		if (s[i] == '"' || s[i] == '\\')
			bg_buf_add(array, "\\", 1);
		bg_buf_add(array, s + i, 1);
	}
	bg_buf_puts(array, "\"");
}

/* ---- calls ---- */

static void enqueue(struct bg_db *db, bg_db_call *call, bool in_front)
{
	if (in_front)
	{
		call->next = db->queue;
		call->previous = &db->queue;
		if (db->queue != NULL)
			db->queue->previous = &call->next;
		else
			db->queue_end = &call->next;
		db->queue = call;
	}
	else
	{
		call->next = NULL;
		call->previous = db->queue_end;
		*db->queue_end = call;
		db->queue_end = &call->next;
	}
	db->queued++;
}

static void dequeue(struct bg_db *db, bg_db_call *call)
{
	*call->previous = call->next;
	if (call->next != NULL)
		call->next->previous = call->previous;
	else
		db->queue_end = call->previous;
	call->next = NULL;
	call->previous = NULL;
	db->queued--;
}

static void finish(bg_db_call *call, const bg_db_result *result)
{
	call->active = false;
	call->done(call, result);
}

static void fail(bg_db_call *call, bg_db_failure failure)
{
	bg_db_result result = {.failure = failure};

	finish(call, &result);
}

void bg_db_submit(struct bg_db *db, bg_db_call *call)
{
	bool any = false;

	call->active = true;
	call->db = db;
	call->slot = NULL;
	call->previous = NULL;
	call->tries = 0;
	call->queued_at = bg_now_ms();
	for (int i = 0; i < db->n; i++)
		any = any || db->connections[i].state == READY;
	if ((!any && db->failing) || db->closing)
	{
		fail(call, BG_DB_UNREACHABLE);
		return;
	}
	/* Time bounds the queue, not a count: refuse what can't be answered in time, before it waits. */
	if (any && db->queued > 0 &&
	    db->queued * db->pace_ms > BG_LIVE(db->loop->config, db_pool_timeout_ms))
	{
		fail(call, BG_DB_BUSY);
		return;
	}
	enqueue(db, call, false);
	kick(db);
}

void bg_db_cancel(bg_db_call *call)
{
	if (!call->active)
		return;
	call->active = false;
	if (call->slot != NULL)
		*call->slot = NULL;
	else if (call->previous != NULL)
		dequeue(call->db, call);
	call->slot = NULL;
}

/* Sends a call; false if the connection can't take it. */
static bool send_call(connection *c, bg_db_call *call)
{
	flight *f = &c->flights[(c->first + c->n) % DEPTH];
	char route[16];
	int sent;

	if (call->statement == BG_DB_CALL)
	{
		const char *values[5] = {route, call->token, call->names, call->values, call->body.s};
		const int lengths[5] = {0, 0, 0, 0, (int) call->body.n};
		const int formats[5] = {0, 0, 0, 0, 1};

		snprintf(route, sizeof(route), "%d", call->route);
		sent = PQsendQueryPrepared(c->pg, "call", 5, values, lengths, formats, 1);
	}
	else
		sent = PQsendQueryPrepared(c->pg, "health", 0, NULL, NULL, NULL, 1);
	if (!sent || !PQpipelineSync(c->pg))
		return false;
	f->call = call;
	f->result = NULL;
	call->slot = &f->call;
	call->tries++;
	c->n++;
	return true;
}

static void watch(connection *c)
{
	int events = UV_READABLE;

	if (PQflush(c->pg) == 1)
		events |= UV_WRITABLE;
	uv_poll_start(c->poll, events, on_poll);
}

/* Gives queued calls to the connections with the fewest in flight. */
static void kick(struct bg_db *db)
{
	while (db->queue != NULL)
	{
		connection *best = NULL;
		bg_db_call *call = db->queue;

		for (int i = 0; i < db->n; i++)
		{
			connection *c = &db->connections[i];

			if (c->state == READY && !c->stale && c->n < DEPTH && (best == NULL || c->n < best->n))
				best = c;
		}
		if (best == NULL)
			return;
		dequeue(db, call);
		if (!send_call(best, call))
		{
			enqueue(db, call, true);
			lose(best, PQerrorMessage(best->pg));
			continue;
		}
		watch(best);
	}
}

/* ---- answers ---- */

static bool field(const PGresult *result, int column, bg_str *value)
{
	if (PQgetisnull(result, 0, column))
	{
		*value = (bg_str){NULL, 0};
		return false;
	}
	*value = (bg_str){PQgetvalue(result, 0, column), (size_t) PQgetlength(result, 0, column)};
	return true;
}

static bool read_rows(const PGresult *result, bg_db_result *out)
{
	bg_str status;
	uint32_t number;

	if (PQntuples(result) != 1 || PQnfields(result) != 3 || !field(result, 0, &status) ||
	    status.n != sizeof(number))
		return false;
	memcpy(&number, status.s, sizeof(number));
	out->status = (int) ntohl(number);
	field(result, 1, &out->location);
	field(result, 2, &out->body);
	return out->status >= 200 && out->status <= 599;
}

/* The Sync of the first flight has come: what is in f->result is final. */
static void land(connection *c)
{
	struct bg_db *db = c->db;
	flight f = c->flights[c->first];
	bg_db_result result = {.failure = BG_DB_OK};
	uint64_t now = bg_now_ms();

	c->first = (c->first + 1) % DEPTH;
	c->n--;
	if (db->last_answer != 0 && db->queued > 0)
		db->pace_ms += ((double) (now - db->last_answer) - db->pace_ms) * 0.05;
	db->last_answer = now;
	if (f.call == NULL)
	{
		PQclear(f.result);
		return;
	}
	f.call->slot = NULL;
	if (f.result == NULL || PQresultStatus(f.result) != PGRES_TUPLES_OK)
	{
		const char *sqlstate = f.result ? PQresultErrorField(f.result, PG_DIAG_SQLSTATE) : NULL;

		result.failure = BG_DB_ERROR;
		result.sqlstate = sqlstate ? sqlstate : "XX000";
		/* The statement's plan is out of date (0A000) or it is gone (26000): nothing ran, so it may be sent again. */
		if (strcmp(result.sqlstate, "0A000") == 0 || strcmp(result.sqlstate, "26000") == 0)
			c->stale = true;
		if (f.call->tries < MAX_TRIES &&
		    (c->stale || (f.call->read_only && (strcmp(result.sqlstate, "40001") == 0 ||
		                                        strcmp(result.sqlstate, "40P01") == 0))))
		{
			enqueue(db, f.call, true);
			PQclear(f.result);
			return;
		}
		result.message = f.result ? PQresultErrorField(f.result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
		result.detail = f.result ? PQresultErrorField(f.result, PG_DIAG_MESSAGE_DETAIL) : NULL;
		result.hint = f.result ? PQresultErrorField(f.result, PG_DIAG_MESSAGE_HINT) : NULL;
	}
	else if (!read_rows(f.result, &result))
	{
		result.failure = BG_DB_ERROR;
		result.sqlstate = "XX000";
		result.message = "the database answered in an unexpected form";
	}
	finish(f.call, &result);
	PQclear(f.result);
}

static void set_up_done(connection *c)
{
	struct bg_db *db = c->db;

	if (c->setup_failed)
	{
		lose(c, "the database isn't ready: bountygo.start() must have run there");
		return;
	}
	c->state = READY;
	c->pause_ms = 0;
	uv_timer_stop(&c->timer);
	if (db->failing || db->last_answer == 0)
		bg_log(BG_LOG_INFO, NULL, "database connection %d of loop %d is ready", c->number,
		       db->loop->id);
	db->failing = false;
	kick(db);
}

/* Takes what has arrived. False if the connection is of no more use. */
static bool drain_results(connection *c, const char **why)
{
	while ((c->n > 0 || c->steps > 0) && !PQisBusy(c->pg))
	{
		PGresult *result = PQgetResult(c->pg);
		ExecStatusType status;

		if (result == NULL)
			continue;
		status = PQresultStatus(result);
		if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH)
		{
			/* PQgetResult would say so for ever. */
			PQclear(result);
			*why = "a COPY was begun in the pipeline";
			return false;
		}
		if (c->steps > 0)
		{
			if (status == PGRES_FATAL_ERROR)
			{
				c->setup_failed = true;
				bg_log(BG_LOG_DEBUG, NULL, "setting up a database connection: %s",
				       PQresultErrorMessage(result));
			}
			PQclear(result);
			if (status == PGRES_PIPELINE_SYNC && --c->steps == 0)
			{
				set_up_done(c);
				if (c->state != READY)
					return true;
			}
			continue;
		}
		if (status == PGRES_PIPELINE_SYNC)
		{
			PQclear(result);
			land(c);
		}
		else
		{
			flight *f = &c->flights[c->first];

			/* An error after the rows is one of the commit: it is what counts. */
			if (f->result == NULL ||
			    (status == PGRES_FATAL_ERROR && PQresultStatus(f->result) == PGRES_TUPLES_OK))
			{
				PQclear(f->result);
				f->result = result;
			}
			else
				PQclear(result);
		}
	}
	return true;
}

/* ---- connections ---- */

static void free_poll(uv_handle_t *handle)
{
	free(handle);
}

static void release(connection *c)
{
	if (c->poll != NULL)
	{
		uv_poll_stop(c->poll);
		uv_close((uv_handle_t *) c->poll, free_poll);
		c->poll = NULL;
	}
	PQfinish(c->pg);
	c->pg = NULL;
}

static void on_retry(uv_timer_t *timer)
{
	connection *c = timer->data;

	if (c->state == DOWN)
		start_connecting(c);
	else if (c->state != READY)
		lose(c, "the database didn't answer in time");
}

/* The connection is gone: its calls end or are sent again elsewhere, and a new try follows after a pause. */
static void lose(connection *c, const char *why)
{
	struct bg_db *db = c->db;
	flight lost[DEPTH];
	int n = c->n;
	bool was_ready = c->state == READY;
	bool renew = was_ready && c->stale;
	char text[300];

	/* libpq's text goes with the connection. */
	snprintf(text, sizeof(text), "%s", why);
	text[strcspn(text, "\n")] = '\0';
	for (int i = 0; i < n; i++)
		lost[i] = c->flights[(c->first + i) % DEPTH];
	c->n = 0;
	c->first = 0;
	c->steps = 0;
	c->stale = false;
	c->setup_failed = false;
	release(c);
	c->state = DOWN;
	if (db->closing)
		return;
	if (!renew)
	{
		if (was_ready || !db->failing)
			bg_log(BG_LOG_WARNING, NULL, "database connection %d of loop %d: %s", c->number,
			       db->loop->id, text);
		if (!was_ready)
			db->failing = true;
		c->pause_ms = c->pause_ms ? c->pause_ms * 2 : 50;
		if (c->pause_ms > 2000)
			c->pause_ms = 2000;
	}
	/* Spread, so that many gateways don't knock at the same moment. */
	uv_timer_start(&c->timer, on_retry,
	               renew ? 0 : (uint64_t) (c->pause_ms / 2 + rand() % c->pause_ms), 0);
	for (int i = n - 1; i >= 0; i--)
	{
		bg_db_call *call = lost[i].call;

		PQclear(lost[i].result);
		if (call == NULL)
			continue;
		call->slot = NULL;
		if (call->read_only && call->tries < MAX_TRIES)
			enqueue(db, call, true);
		else
			fail(call, BG_DB_UNREACHABLE);
	}
	if (db->failing)
	{
		bool any = false;

		for (int i = 0; i < db->n; i++)
			any = any || db->connections[i].state == READY;
		while (!any && db->queue != NULL)
		{
			bg_db_call *call = db->queue;

			dequeue(db, call);
			fail(call, BG_DB_UNREACHABLE);
		}
	}
}

static bool set_up(connection *c)
{
	char timeout[16];
	const char *values[1] = {timeout};
	int ms = BG_LIVE(c->db->loop->config, request_timeout_ms);

	/* A little below the request's own time, so that the database gives up first and says so. */
	snprintf(timeout, sizeof(timeout), "%d", ms > 1000 ? ms - 250 : ms * 3 / 4);
	c->state = SETTING_UP;
	c->steps = SETUP_STEPS;
	c->setup_failed = false;
	return PQsetnonblocking(c->pg, 1) == 0 && PQenterPipelineMode(c->pg) &&
	       PQsendQueryParams(c->pg, SETUP_SQL, 1, NULL, values, NULL, NULL, 0) &&
	       PQpipelineSync(c->pg) && PQsendPrepare(c->pg, "call", CALL_SQL, 0, NULL) &&
	       PQpipelineSync(c->pg) && PQsendPrepare(c->pg, "health", HEALTH_SQL, 0, NULL) &&
	       PQpipelineSync(c->pg);
}

static void open_poll(connection *c)
{
	c->poll = bg_alloc(sizeof(*c->poll));
	uv_poll_init(&c->db->loop->uv, c->poll, PQsocket(c->pg));
	c->poll->data = c;
}

static void go_on_connecting(connection *c)
{
	int before = PQsocket(c->pg);
	PostgresPollingStatusType next;

	/* Several addresses: libpq may close the socket and open another, even of the same number, so nothing may watch it meanwhile. */
	uv_poll_stop(c->poll);
	next = PQconnectPoll(c->pg);
	if (next != PGRES_POLLING_FAILED && PQsocket(c->pg) != before)
	{
		uv_close((uv_handle_t *) c->poll, free_poll);
		open_poll(c);
	}
	switch (next)
	{
		case PGRES_POLLING_READING:
			uv_poll_start(c->poll, UV_READABLE, on_poll);
			break;
		case PGRES_POLLING_WRITING:
			uv_poll_start(c->poll, UV_WRITABLE, on_poll);
			break;
		case PGRES_POLLING_OK:
			if (set_up(c))
				watch(c);
			else
				lose(c, PQerrorMessage(c->pg));
			break;
		default:
			lose(c, PQerrorMessage(c->pg));
	}
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	connection *c = poll->data;
	const char *why = NULL;

	if (c->poll != poll)
		return;
	if (c->state == CONNECTING)
	{
		go_on_connecting(c);
		return;
	}
	/* A poll error is learnt by reading, too. */
	if ((events & UV_READABLE) || status != 0)
	{
		bool good = PQconsumeInput(c->pg);
		struct bg_db *db = c->db;

		if (!drain_results(c, &why))
			good = false;
		if (c->pg == NULL)
			return;
		if (!good || PQstatus(c->pg) == CONNECTION_BAD)
		{
			lose(c, why ? why : PQerrorMessage(c->pg));
			kick(db);
			return;
		}
		if (c->stale && c->n == 0)
		{
			lose(c, "prepared statements are out of date");
			return;
		}
		kick(db);
		if (c->pg == NULL)
			return;
	}
	watch(c);
}

static void start_connecting(connection *c)
{
	const char *const keywords[] = {"dbname", "client_encoding", "application_name", NULL};
	const char *const values[] = {c->db->loop->config->database, "UTF8", "bountygo-gateway", NULL};

	c->pg = PQconnectStartParams(keywords, values, 1);
	c->since = bg_now_ms();
	if (c->pg == NULL || PQstatus(c->pg) == CONNECTION_BAD || PQsocket(c->pg) < 0)
	{
		c->state = CONNECTING;
		lose(c, c->pg ? PQerrorMessage(c->pg) : "out of memory");
		return;
	}
	c->state = CONNECTING;
	open_poll(c);
	uv_poll_start(c->poll, UV_WRITABLE, on_poll);
	uv_timer_start(&c->timer, on_retry, CONNECT_TIMEOUT_MS, 0);
}

struct bg_db *bg_db_create(bg_loop *loop, int connections)
{
	struct bg_db *db = bg_alloc(sizeof(*db));

	db->loop = loop;
	db->n = connections;
	db->queue_end = &db->queue;
	db->connections = bg_alloc(sizeof(connection) * (size_t) connections);
	for (int i = 0; i < connections; i++)
	{
		connection *c = &db->connections[i];

		c->db = db;
		c->number = i + 1;
		uv_timer_init(&loop->uv, &c->timer);
		c->timer.data = c;
		uv_timer_start(&c->timer, on_retry, 0, 0);
	}
	return db;
}

void bg_db_tick(struct bg_db *db)
{
	uint64_t now = bg_now_ms();
	uint64_t patience = (uint64_t) BG_LIVE(db->loop->config, db_pool_timeout_ms);

	for (bg_db_call *call = db->queue, *next; call != NULL; call = next)
	{
		next = call->next;
		if (now < call->deadline && now - call->queued_at < patience)
			continue;
		dequeue(db, call);
		fail(call, now >= call->deadline ? BG_DB_LATE : BG_DB_BUSY);
		/* done() may have changed the queue. */
		next = db->queue;
	}
	for (int i = 0; i < db->n; i++)
	{
		connection *c = &db->connections[i];

		for (int k = 0; k < c->n; k++)
		{
			flight *f = &c->flights[(c->first + k) % DEPTH];
			bg_db_call *call = f->call;

			/* The statement runs on until its own timeout: a cancel could hit the next one in the pipeline. */
			if (call != NULL && now >= call->deadline)
			{
				f->call = NULL;
				call->slot = NULL;
				fail(call, BG_DB_LATE);
			}
		}
	}
}

void bg_db_look(const struct bg_db *db, bg_db_state *state)
{
	memset(state, 0, sizeof(*state));
	state->connections = db->n;
	state->queued = __atomic_load_n(&db->queued, __ATOMIC_RELAXED);
	for (int i = 0; i < db->n; i++)
	{
		state->ready += __atomic_load_n(&db->connections[i].state, __ATOMIC_RELAXED) == READY;
		state->in_flight += __atomic_load_n(&db->connections[i].n, __ATOMIC_RELAXED);
	}
}

bool bg_db_is_ready(const struct bg_db *db)
{
	for (int i = 0; i < db->n; i++)
		if (db->connections[i].state == READY)
			return true;
	return false;
}

void bg_db_close(struct bg_db *db)
{
	db->closing = true;
	for (int i = 0; i < db->n; i++)
	{
		connection *c = &db->connections[i];

		for (int k = 0; k < c->n; k++)
			PQclear(c->flights[(c->first + k) % DEPTH].result);
		c->n = 0;
		if (c->pg != NULL)
			release(c);
		uv_close((uv_handle_t *) &c->timer, NULL);
	}
}

/*
 * db_connection.c
 *		One pipelined libpq connection: opening, setting up, reading answers, losing and opening it again.
 *
 * Everything is asynchronous: a connection that is lost is opened again with growing pauses while the loop goes on.
 */
#include "db_private.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

#define CONNECT_TIMEOUT_MS 5000

static const char CALL_SQL[] =
    "SELECT status, location, body, headers FROM bountygo.call($1,$2,$3,$4,$5,$6)";
static const char HEALTH_SQL[] = "SELECT 200, NULL::text, bountygo.health()::text, NULL::text[]";
static const char VIEWS_SQL[] =
    "SELECT 200, NULL::text, bountygo.record_views($1::jsonb)::text, NULL::text[]";
/* A generic plan at once: the arguments don't change it, planning it again only costs. */
static const char SETUP_SQL[] =
    "SELECT pg_catalog.set_config('statement_timeout', $1, false),"
    " pg_catalog.set_config('plan_cache_mode', 'force_generic_plan', false),"
    " pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false)";
#define SETUP_STEPS 4 /* settings, three prepared statements */

static void start_connecting(connection *c);
static void on_poll(uv_poll_t *poll, int status, int events);

void bg_db_connection_watch(connection *c)
{
	int events = UV_READABLE;

	if (PQflush(c->pg) == 1)
		events |= UV_WRITABLE;
	uv_poll_start(c->poll, events, on_poll);
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

	if (PQntuples(result) != 1 || PQnfields(result) != 4 || !field(result, 0, &status) ||
	    status.n != sizeof(number))
		return false;
	memcpy(&number, status.s, sizeof(number));
	out->status = (int) ntohl(number);
	field(result, 1, &out->location);
	field(result, 2, &out->body);
	field(result, 3, &out->headers);
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
			bg_db_enqueue(db, f.call, true);
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
	bg_db_finish(f.call, &result);
	PQclear(f.result);
}

static void set_up_done(connection *c)
{
	struct bg_db *db = c->db;

	if (c->setup_failed)
	{
		bg_db_connection_lose(c, "the database isn't ready: bountygo.start() must have run there");
		return;
	}
	c->state = READY;
	c->pause_ms = 0;
	uv_timer_stop(&c->timer);
	if (db->failing || db->last_answer == 0)
		bg_log(BG_LOG_INFO, NULL, "database connection %d of loop %d is ready", c->number,
		       db->loop->id);
	db->failing = false;
	bg_db_kick(db);
}

/* Takes what has arrived. False if the connection is of no more use. */
static bool drain_results(connection *c, const char **why)
{
	int nothing = 0;

	while ((c->n > 0 || c->steps > 0) && !PQisBusy(c->pg))
	{
		PGresult *result = PQgetResult(c->pg);
		ExecStatusType status;

		if (result == NULL)
		{
			/* Between two calls there is one; a broken connection gives no end of them. */
			if (PQstatus(c->pg) == CONNECTION_BAD || ++nothing > 2 * DEPTH)
				return false;
			continue;
		}
		nothing = 0;
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
		bg_db_connection_lose(c, "the database didn't answer in time");
}

void bg_db_connection_lose(connection *c, const char *why)
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
			bg_db_enqueue(db, call, true);
		else
			bg_db_fail(call, BG_DB_UNREACHABLE);
	}
	if (db->failing)
	{
		bool any = false;

		for (int i = 0; i < db->n; i++)
			any = any || db->connections[i].state == READY;
		while (!any && db->queue != NULL)
		{
			bg_db_call *call = db->queue;

			bg_db_dequeue(db, call);
			bg_db_fail(call, BG_DB_UNREACHABLE);
		}
	}
}

/* What libpq would print to standard error is a line of the log like any other. */
static void on_notice(void *data, const char *message)
{
	(void) data;
	bg_log(BG_LOG_INFO, NULL, "database: %.*s", (int) strcspn(message, "\n"), message);
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
	       PQpipelineSync(c->pg) && PQsendPrepare(c->pg, "views", VIEWS_SQL, 0, NULL) &&
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
				bg_db_connection_watch(c);
			else
				bg_db_connection_lose(c, PQerrorMessage(c->pg));
			break;
		default:
			bg_db_connection_lose(c, PQerrorMessage(c->pg));
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
			bg_db_connection_lose(c, why ? why : PQerrorMessage(c->pg));
			bg_db_kick(db);
			return;
		}
		if (c->stale && c->n == 0)
		{
			bg_db_connection_lose(c, "prepared statements are out of date");
			return;
		}
		bg_db_kick(db);
		if (c->pg == NULL)
			return;
	}
	bg_db_connection_watch(c);
}

static void start_connecting(connection *c)
{
	const char *const keywords[] = {"dbname", "client_encoding", "application_name", NULL};
	const char *const values[] = {c->db->loop->config->database, "UTF8", "bountygo-gateway", NULL};

	c->pg = PQconnectStartParams(keywords, values, 1);
	if (c->pg == NULL || PQstatus(c->pg) == CONNECTION_BAD || PQsocket(c->pg) < 0)
	{
		c->state = CONNECTING;
		bg_db_connection_lose(c, c->pg ? PQerrorMessage(c->pg) : "out of memory");
		return;
	}
	c->state = CONNECTING;
	PQsetNoticeProcessor(c->pg, on_notice, NULL);
	open_poll(c);
	uv_poll_start(c->poll, UV_WRITABLE, on_poll);
	uv_timer_start(&c->timer, on_retry, CONNECT_TIMEOUT_MS, 0);
}

void bg_db_connection_init(connection *c, struct bg_db *db, int number)
{
	c->db = db;
	c->number = number;
	uv_timer_init(&db->loop->uv, &c->timer);
	c->timer.data = c;
	uv_timer_start(&c->timer, on_retry, 0, 0);
}

void bg_db_connection_close(connection *c)
{
	for (int k = 0; k < c->n; k++)
		PQclear(c->flights[(c->first + k) % DEPTH].result);
	c->n = 0;
	if (c->pg != NULL)
		release(c);
	uv_close((uv_handle_t *) &c->timer, NULL);
}

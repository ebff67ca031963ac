/*
 * db.c
 *		Calls of one loop: which connection takes them, how long they may wait, when they are given up.
 *
 * Doesn't know what a call means, nor HTTP. The role's rights and the statement's own transaction decide what a call may do.
 */
#include "db_private.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

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

static uint32_t number_at(bg_str array, size_t at)
{
	uint32_t number;

	memcpy(&number, array.s + at, sizeof(number));
	return ntohl(number);
}

/* array_send(): dimensions, flags, type; for each dimension length and lower bound; for each element length and bytes. */
bool bg_db_array_next(bg_str array, size_t *at, bg_str *element)
{
	uint32_t length;

	if (array.s == NULL || array.n < 20 || number_at(array, 0) != 1)
		return false;
	if (*at == 0)
		*at = 20;
	if (array.n - *at < 4)
		return false;
	length = number_at(array, *at);
	*at += 4;
	if (length == UINT32_MAX)
		*element = (bg_str){NULL, 0};
	else if (length > array.n - *at)
		return false;
	else
	{
		*element = (bg_str){array.s + *at, length};
		*at += length;
	}
	return true;
}

/* ---- calls ---- */

void bg_db_enqueue(struct bg_db *db, bg_db_call *call, bool in_front)
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

void bg_db_dequeue(struct bg_db *db, bg_db_call *call)
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

void bg_db_finish(bg_db_call *call, const bg_db_result *result)
{
	call->active = false;
	call->done(call, result);
}

void bg_db_fail(bg_db_call *call, bg_db_failure failure)
{
	bg_db_result result = {.failure = failure};

	bg_db_finish(call, &result);
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
		bg_db_fail(call, BG_DB_UNREACHABLE);
		return;
	}
	/* Time bounds the queue, not a count: refuse what can't be answered in time, before it waits. */
	if (any && db->queued > 0 &&
	    db->queued * db->pace_ms > BG_LIVE(db->loop->config, db_pool_timeout_ms))
	{
		bg_db_fail(call, BG_DB_BUSY);
		return;
	}
	bg_db_enqueue(db, call, false);
	bg_db_kick(db);
}

void bg_db_cancel(bg_db_call *call)
{
	if (!call->active)
		return;
	call->active = false;
	if (call->slot != NULL)
		*call->slot = NULL;
	else if (call->previous != NULL)
		bg_db_dequeue(call->db, call);
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
		const char *values[6] = {route,        call->token,  call->names,
		                         call->values, call->body.s, call->headers};
		const int lengths[6] = {0, 0, 0, 0, (int) call->body.n, 0};
		const int formats[6] = {0, 0, 0, 0, 1, 0};

		snprintf(route, sizeof(route), "%d", call->route);
		sent = PQsendQueryPrepared(c->pg, "call", 6, values, lengths, formats, 1);
	}
	else if (call->statement == BG_DB_VIEWS)
		sent = PQsendQueryPrepared(c->pg, "views", 1, &call->body.s, NULL, NULL, 1);
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

void bg_db_kick(struct bg_db *db)
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
		bg_db_dequeue(db, call);
		if (!send_call(best, call))
		{
			bg_db_enqueue(db, call, true);
			bg_db_connection_lose(best, PQerrorMessage(best->pg));
			continue;
		}
		bg_db_connection_watch(best);
	}
}

struct bg_db *bg_db_create(bg_loop *loop, int connections)
{
	struct bg_db *db = bg_alloc(sizeof(*db));

	db->loop = loop;
	db->n = connections;
	db->queue_end = &db->queue;
	db->connections = bg_alloc(sizeof(connection) * (size_t) connections);
	for (int i = 0; i < connections; i++)
		bg_db_connection_init(&db->connections[i], db, i + 1);
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
		bg_db_dequeue(db, call);
		bg_db_fail(call, now >= call->deadline ? BG_DB_LATE : BG_DB_BUSY);
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
				bg_db_fail(call, BG_DB_LATE);
			}
		}
	}
}

void bg_db_look(const struct bg_db *db, bg_db_state *state)
{
	memset(state, 0, sizeof(*state));
	state->connections = db->n;
	state->queued = db->queued;
	for (int i = 0; i < db->n; i++)
	{
		state->ready += db->connections[i].state == READY;
		state->in_flight += db->connections[i].n;
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
		bg_db_connection_close(&db->connections[i]);
}

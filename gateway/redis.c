/*
 * redis.c
 *		Asynchronous hiredis on libuv: connects on demand, authenticates, sends commands, gives up PING after a second.
 *
 * The adapter is our own: the one that comes with hiredis 0.14 ignores poll errors, so that a refused connection is never
 * noticed. Here an error becomes a read, which fails and says so. Knows nothing of what is stored.
 */
#include "redis.h"

#include <async.h>
#include <hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

#define PATIENCE_MS 1000

struct bg_redis
{
	bg_loop *loop;
	bg_redis_target target;
	redisAsyncContext *context;
	bg_redis_ping *pings; /* unanswered */
	uv_timer_t timer;
	bool down; /* said so in the log */
	bool closing;
};

/* ---- adapter ---- */

typedef struct adapter
{
	uv_poll_t poll;
	redisAsyncContext *context;
	int events;
} adapter;

static void on_poll(uv_poll_t *poll, int status, int events)
{
	adapter *a = poll->data;

	if (status != 0)
		events = UV_READABLE;
	if (a->context != NULL && (events & UV_READABLE))
		redisAsyncHandleRead(a->context);
	if (a->context != NULL && (events & UV_WRITABLE))
		redisAsyncHandleWrite(a->context);
}

static void want(adapter *a, int events)
{
	a->events = events;
	if (events != 0)
		uv_poll_start(&a->poll, events, on_poll);
	else
		uv_poll_stop(&a->poll);
}

static void add_read(void *data)
{
	want(data, ((adapter *) data)->events | UV_READABLE);
}

static void del_read(void *data)
{
	want(data, ((adapter *) data)->events & ~UV_READABLE);
}

static void add_write(void *data)
{
	want(data, ((adapter *) data)->events | UV_WRITABLE);
}

static void del_write(void *data)
{
	want(data, ((adapter *) data)->events & ~UV_WRITABLE);
}

static void free_adapter(uv_handle_t *handle)
{
	free(handle->data);
}

static void clean_up(void *data)
{
	adapter *a = data;

	a->context = NULL;
	uv_poll_stop(&a->poll);
	uv_close((uv_handle_t *) &a->poll, free_adapter);
}

static bool attach(redisAsyncContext *context, uv_loop_t *loop)
{
	adapter *a = bg_alloc(sizeof(*a));

	if (uv_poll_init(loop, &a->poll, context->c.fd) != 0)
	{
		free(a);
		return false;
	}
	a->poll.data = a;
	a->context = context;
	context->ev.data = a;
	context->ev.addRead = add_read;
	context->ev.delRead = del_read;
	context->ev.addWrite = add_write;
	context->ev.delWrite = del_write;
	context->ev.cleanup = clean_up;
	return true;
}

/* ---- pings ---- */

static void end_ping(struct bg_redis *redis, bg_redis_ping *ping, bool alive)
{
	bg_redis_ping **at = &redis->pings;

	while (*at != NULL && *at != ping)
		at = &(*at)->next;
	if (*at == NULL)
		return;
	*at = ping->next;
	if (redis->pings == NULL)
		uv_timer_stop(&redis->timer);
	if (redis->down == alive)
	{
		redis->down = !alive;
		bg_log(alive ? BG_LOG_INFO : BG_LOG_WARNING, NULL, "redis is %s",
		       alive ? "there" : "not reachable");
	}
	ping->redis = NULL;
	ping->done(ping, alive, (double) (uv_hrtime() - ping->began) / 1e6);
}

static void end_all(struct bg_redis *redis)
{
	while (redis->pings != NULL)
		end_ping(redis, redis->pings, false);
}

static void on_connect(const redisAsyncContext *context, int status)
{
	struct bg_redis *redis = context->data;

	/* On failure hiredis frees the context itself. */
	if (status != REDIS_OK && redis != NULL && redis->context == context)
	{
		redis->context = NULL;
		end_all(redis);
	}
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
	struct bg_redis *redis = context->data;

	(void) status;
	if (redis != NULL && redis->context == context)
	{
		redis->context = NULL;
		end_all(redis);
	}
}

static void drop(struct bg_redis *redis)
{
	redisAsyncContext *context = redis->context;

	redis->context = NULL;
	if (context != NULL)
	{
		context->data = NULL;
		redisAsyncFree(context);
	}
}

static void on_timeout(uv_timer_t *timer)
{
	struct bg_redis *redis = timer->data;

	/* The connection hangs: a fresh one is made with the next question. */
	drop(redis);
	end_all(redis);
}

/* Replies come in order; a ping may have been cancelled or ended meanwhile, so it is looked up, not trusted. */
static void on_pong(redisAsyncContext *context, void *answer, void *data)
{
	struct bg_redis *redis = context->data;
	redisReply *reply = answer;

	if (redis != NULL)
		end_ping(redis, data,
		         reply != NULL && reply->type == REDIS_REPLY_STATUS &&
		             strcmp(reply->str, "PONG") == 0);
}

static bool connect_now(struct bg_redis *redis)
{
	const bg_redis_target *target = &redis->target;
	redisAsyncContext *context = redisAsyncConnect(target->host, target->port);

	if (context == NULL)
		return false;
	if (context->err != 0 || !attach(context, &redis->loop->uv))
	{
		redisAsyncFree(context);
		return false;
	}
	context->data = redis;
	redis->context = context;
	redisAsyncSetConnectCallback(context, on_connect);
	redisAsyncSetDisconnectCallback(context, on_disconnect);
	if (target->user[0] != '\0')
		redisAsyncCommand(context, NULL, NULL, "AUTH %s %s", target->user, target->password);
	else if (target->password[0] != '\0')
		redisAsyncCommand(context, NULL, NULL, "AUTH %s", target->password);
	if (target->database != 0)
		redisAsyncCommand(context, NULL, NULL, "SELECT %d", target->database);
	return true;
}

struct bg_redis *bg_redis_create(bg_loop *loop, const bg_redis_target *target)
{
	struct bg_redis *redis = bg_alloc(sizeof(*redis));

	redis->loop = loop;
	redis->target = *target;
	uv_timer_init(&loop->uv, &redis->timer);
	redis->timer.data = redis;
	return redis;
}

void bg_redis_ask(struct bg_redis *redis, bg_redis_ping *ping)
{
	ping->redis = redis;
	ping->began = uv_hrtime();
	ping->next = redis->pings;
	redis->pings = ping;
	if ((redis->context == NULL && !connect_now(redis)) ||
	    redisAsyncCommand(redis->context, on_pong, ping, "PING") != REDIS_OK)
	{
		end_ping(redis, ping, false);
		return;
	}
	if (!uv_is_active((uv_handle_t *) &redis->timer))
	{
		uv_update_time(&redis->loop->uv);
		uv_timer_start(&redis->timer, on_timeout, PATIENCE_MS, 0);
	}
}

typedef struct command
{
	bg_redis_reply reply;
	void *owner;
	void *data;
} command;

/* hiredis calls back for every command it took, with no reply if the connection goes. */
static void on_answer(redisAsyncContext *context, void *answer, void *data)
{
	command *c = data;
	redisReply *reply = answer;
	bg_str value = {NULL, 0};

	(void) context;
	if (reply != NULL && (reply->type == REDIS_REPLY_STRING || reply->type == REDIS_REPLY_STATUS))
		value = (bg_str){reply->str, (size_t) reply->len};
	if (c->reply != NULL)
		c->reply(c->owner, c->data, value);
	free(c);
}

bool bg_redis_command(struct bg_redis *redis, int n, const char **words, const size_t *lengths,
                      bg_redis_reply reply, void *owner, void *data)
{
	command *c;

	if (redis->closing || (redis->context == NULL && !connect_now(redis)))
		return false;
	c = bg_alloc(sizeof(*c));
	*c = (command){.reply = reply, .owner = owner, .data = data};
	if (redisAsyncCommandArgv(redis->context, on_answer, c, n, words, lengths) == REDIS_OK)
		return true;
	free(c);
	return false;
}

void bg_redis_cancel(bg_redis_ping *ping)
{
	if (ping->redis == NULL)
		return;
	for (bg_redis_ping **at = &ping->redis->pings; *at != NULL; at = &(*at)->next)
		if (*at == ping)
		{
			*at = ping->next;
			break;
		}
	ping->redis = NULL;
}

void bg_redis_close(struct bg_redis *redis)
{
	redis->closing = true;
	drop(redis);
	uv_close((uv_handle_t *) &redis->timer, NULL);
}

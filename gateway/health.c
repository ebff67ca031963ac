/*
 * health.c
 *		Whether the gateway lives, can serve, and is well with what it depends on. The database judges itself; Redis is added here.
 *
 * Names no hosts, no addresses and no keys: these answers are public.
 */
#include "health.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"

#define PATIENCE_MS 2000

#ifndef BG_VERSION
#define BG_VERSION "1.0"
#endif

uint64_t bg_health_started_ms;

typedef struct bg_health
{
	bg_request *request;
	bg_redis_ping ping;
	json_t *answer;
	json_t *redis;
} bg_health;

static json_t *status_only(const char *status)
{
	return json_pack("{s:s}", "status", status);
}

static void finish_when_both(bg_health *health)
{
	bg_request *request = health->request;
	json_t *answer = health->answer;
	const char *status;
	int code;
	char *text;

	if (answer == NULL || health->redis == NULL)
		return;
	status = json_string_value(json_object_get(answer, "status"));
	if (status != NULL && strcmp(status, "healthy") == 0 &&
	    strcmp(json_string_value(json_object_get(health->redis, "status")), "unreachable") == 0)
		json_object_set_new(answer, "status", json_string("degraded"));
	json_object_set(json_object_get(answer, "components"), "redis", health->redis);
	status = json_string_value(json_object_get(answer, "status"));
	code = status != NULL && strcmp(status, "unhealthy") != 0 ? 200 : 503;
	text = json_dumps(answer, JSON_COMPACT | JSON_REAL_PRECISION(6));
	bg_request_answer(request, code, &(bg_header){"retry-after", "1"}, code == 503,
	                  "application/json", text, strlen(text));
	free(text);
	bg_health_end(request);
}

static void on_database(bg_db_call *call, const bg_db_result *result)
{
	bg_request *request = call->owner;
	bg_health *health = request->health;

	if (result->failure == BG_DB_OK && result->body.s != NULL)
		health->answer = json_loadb(result->body.s, result->body.n, 0, NULL);
	if (result->failure == BG_DB_ERROR)
		bg_log(BG_LOG_ERROR, request->id, "asking the database for its health: %s %s",
		       result->sqlstate, result->message ? result->message : "");
	if (!json_is_object(health->answer) ||
	    !json_is_object(json_object_get(health->answer, "components")))
	{
		json_decref(health->answer);
		health->answer =
		    json_pack("{s:s, s:s, s:I, s:{s:{s:s}}}", "status", "unhealthy", "version", BG_VERSION,
		              "uptime_seconds", (json_int_t) ((bg_now_ms() - bg_health_started_ms) / 1000),
		              "components", "database", "status",
		              result->failure == BG_DB_ERROR ? "failing" : "unreachable");
	}
	finish_when_both(health);
}

static void on_redis(bg_redis_ping *ping, bool alive, double ms)
{
	bg_health *health = ping->owner;

	health->redis = status_only(alive ? "healthy" : "unreachable");
	if (alive)
		json_object_set_new(health->redis, "latency_ms",
		                    json_real((double) (int64_t) (ms * 1000 + 0.5) / 1000));
	finish_when_both(health);
}

static void ask(bg_request *request)
{
	bg_health *health = bg_alloc(sizeof(*health));
	bg_loop *loop = request->loop;
	bg_db_call *call = &request->call;

	request->health = health;
	health->request = request;
	health->ping.owner = health;
	health->ping.done = on_redis;
	call->statement = BG_DB_HEALTH;
	call->read_only = true;
	call->deadline = bg_now_ms() + PATIENCE_MS;
	call->done = on_database;
	call->owner = request;
	/* Either may answer at once; only the second one ends the request. */
	if (loop->redis == NULL)
		health->redis = status_only("not_configured");
	bg_db_submit(loop->db, call);
	if (loop->redis != NULL)
		bg_redis_ask(loop->redis, &health->ping);
}

static void say(bg_request *request, const char *body)
{
	bg_request_answer(request, 200, NULL, 0, "application/json", body, strlen(body));
}

/* The kernel chooses the loop of a connection: ready is who can serve on each of them. */
static bool all_ready(void)
{
	for (int i = 0; i < bg_n_loops; i++)
		if (bg_loops[i].routes == NULL || !bg_db_is_ready(bg_loops[i].db))
			return false;
	return true;
}

bool bg_health_serve(bg_request *request, bg_str path)
{
	bg_str method = bg_http_method(request->http);
	const char *const own[] = {"/livez", "/readyz", "/health"};
	int which = -1;

	if (path.n > 1 && path.s[path.n - 1] == '/')
		path.n--;
	for (int i = 0; i < 3; i++)
		if (bg_str_is(path, own[i]))
			which = i;
	if (which < 0)
		return false;
	request->label = own[which];
	if (!bg_str_is(method, "GET") && !bg_str_is(method, "HEAD"))
		bg_request_refuse_method(request, "GET, HEAD");
	else if (which == 0)
		say(request, "{\"status\":\"alive\"}");
	else if (which == 2)
		ask(request);
	else if (!all_ready())
		bg_request_fail(request, 503, "the database can't be reached now; try again soon", NULL);
	else
		say(request, "{\"status\":\"ready\"}");
	return true;
}

void bg_health_end(bg_request *request)
{
	bg_health *health = request->health;

	request->health = NULL;
	bg_redis_cancel(&health->ping);
	json_decref(health->answer);
	json_decref(health->redis);
	free(health);
}

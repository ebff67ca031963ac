/*
 * request.c
 *		The way of one request: checks of its form, route, parameters, the call, the answer. Knows no business rule: what is allowed
 *		and what values mean is decided in the database.
 */
#include "request.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "docs.h"
#include "fill.h"
#include "head.h"
#include "health.h"
#include "limit.h"
#include "log.h"
#include "metrics.h"
#include "policy.h"
#include "wait.h"

#define MAX_TOKEN 4096
#define MAX_WAIT_SECONDS 30
/* Younger requests end by themselves soon: looking after their clients isn't worth a system call. */
#define GONE_AFTER_MS 100

/* ---- beginning and end ---- */

static bool id_is_sane(bg_str id)
{
	if (id.n < 8 || id.n > 64)
		return false;
	for (size_t i = 0; i < id.n; i++)
	{
		char c = id.s[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      c == '.' || c == '_' || c == '-'))
			return false;
	}
	return true;
}

static void choose_id(bg_request *request)
{
	bg_str sent = bg_http_header(request->http, "x-request-id", 0);

	if (sent.s != NULL && id_is_sane(sent) &&
	    bg_http_header(request->http, "x-request-id", 1).s == NULL)
		snprintf(request->id, sizeof(request->id), "%.*s", (int) sent.n, sent.s);
	else
	{
		char id[33];

		bg_random_id(id);
		snprintf(request->id, sizeof(request->id), "%s", id);
	}
}

void bg_request_end(bg_request *request)
{
	/* Not answered: the connection broke. */
	if (!request->answered)
		bg_request_account(request, 499, 0);
	bg_fill_leave(request);
	if (request->wait != NULL)
		bg_wait_end(request);
	if (request->health != NULL)
		bg_health_end(request);
	bg_db_cancel(&request->call);
	if (request->counted)
		bg_metrics_at_work(-1);
	*request->previous = request->next;
	if (request->next != NULL)
		request->next->previous = request->previous;
	bg_routes_unref(request->table);
	free(request->token);
	bg_buf_free(&request->names);
	bg_buf_free(&request->values);
	bg_buf_free(&request->headers);
	bg_buf_free(&request->pairs);
	bg_buf_free(&request->cache_key);
	bg_buf_free(&request->scratch);
	free(request);
}

/* ---- what was asked ---- */

static bool add_param(bg_request *request, bg_str name, bg_str value, bool from_query)
{
	bg_buf *scratch = &request->scratch;
	size_t split;
	char pointer[140];

	scratch->n = 0;
	if (!bg_percent_decode(name, from_query, scratch))
	{
		bg_request_fail(request, 400,
		                "The name of a parameter isn't valid UTF-8 text in percent-encoding.", "?");
		return false;
	}
	split = scratch->n;
	if (!bg_percent_decode(value, from_query, scratch))
	{
		snprintf(pointer, sizeof(pointer), "%s%.*s", from_query ? "?" : "", (int) split,
		         scratch->s);
		bg_request_fail(request, 400, "The value isn't valid UTF-8 text in percent-encoding.",
		                pointer);
		return false;
	}
	bg_db_array_add(&request->names, scratch->s, split);
	bg_db_array_add(&request->values, scratch->s + split, scratch->n - split);
	if (request->route->cache_seconds > 0)
	{
		uint32_t lengths[2] = {(uint32_t) split, (uint32_t) (scratch->n - split)};

		bg_buf_add(&request->pairs, (char *) &lengths[0], sizeof(uint32_t));
		bg_buf_add(&request->pairs, scratch->s, split);
		bg_buf_add(&request->pairs, (char *) &lengths[1], sizeof(uint32_t));
		bg_buf_add(&request->pairs, scratch->s + split, lengths[1]);
	}
	return true;
}

bool bg_request_params(bg_request *request, const bg_route_match *match, bg_str query)
{
	int n = 0;

	request->names.n = 0;
	request->values.n = 0;
	bg_buf_puts(&request->names, "{");
	bg_buf_puts(&request->values, "{");
	/* Those of the path come first: bountygo.call() counts on it. */
	for (int s = 0; s < match->route->n_segments; s++)
		if (match->route->is_param[s] &&
		    !add_param(request, match->route->segments[s], match->params[n++], false))
			return false;
	for (size_t at = 0; at < query.n;)
	{
		const char *end = memchr(query.s + at, '&', query.n - at);
		size_t length = end ? (size_t) (end - query.s) - at : query.n - at;
		bg_str pair = {query.s + at, length};
		const char *equals = memchr(pair.s, '=', pair.n);
		bg_str name = {pair.s, equals ? (size_t) (equals - pair.s) : pair.n};
		bg_str value = {equals ? equals + 1 : pair.s + pair.n, equals ? pair.n - name.n - 1 : 0};

		at += length + 1;
		if (bg_str_is(name, "fields"))
			request->fields = pair;
		if (length > 0 && !add_param(request, name, value, true))
			return false;
	}
	bg_buf_puts(&request->names, "}");
	bg_buf_puts(&request->values, "}");
	return true;
}

static bool read_token(bg_request *request)
{
	bg_str field = bg_http_header(request->http, "authorization", 0);
	bg_str token;

	if (field.s == NULL)
		return true;
	if (bg_http_header(request->http, "authorization", 1).s != NULL)
	{
		bg_request_fail(request, 400, "there must be one Authorization field, not several", NULL);
		return false;
	}
	token =
	    bg_str_trim((bg_str){field.s + (field.n > 7 ? 7 : field.n), field.n > 7 ? field.n - 7 : 0});
	for (size_t i = 0; i < token.n; i++)
		if (token.s[i] <= 0x20 || token.s[i] >= 0x7f)
			token.n = 0;
	if (field.n <= 7 || strncasecmp(field.s, "bearer ", 7) != 0 || token.n == 0 ||
	    token.n > MAX_TOKEN)
	{
		request->token = bg_copy("", 0);
		bg_request_fail(request, 401, "the Authorization field must be: Bearer, a space, the token",
		                NULL);
		return false;
	}
	request->token = bg_copy(token.s, token.n);
	return true;
}

/* Of the preferences only waiting is ours; the others are the database's. */
static void read_prefer(bg_request *request)
{
	for (int nth = 0;; nth++)
	{
		bg_str field = bg_http_header(request->http, "prefer", nth);
		bg_str one;

		if (field.s == NULL)
			return;
		while (bg_str_next(&field, &one))
		{
			int seconds = 0;

			if (one.n < 6 || one.n > 10 || strncasecmp(one.s, "wait=", 5) != 0)
				continue;
			for (size_t i = 5; i < one.n && seconds >= 0; i++)
				seconds = one.s[i] >= '0' && one.s[i] <= '9' ? seconds * 10 + one.s[i] - '0' : -1;
			if (seconds > 0 && request->prefer_wait == 0)
				request->prefer_wait = seconds < MAX_WAIT_SECONDS ? seconds : MAX_WAIT_SECONDS;
		}
	}
}

static void add_header(bg_request *request, const char *name, const char *value, size_t n)
{
	bg_buf_puts(&request->headers, request->headers.n ? "" : "{");
	bg_db_array_add(&request->headers, name, strlen(name));
	bg_db_array_add(&request->headers, value, n);
}

/* The fields that the database answers for. Most reads have none of them, which keeps their call short. */
static bool read_conditions(bg_request *request, bool reads)
{
	static const char *const names[] = {"idempotency-key", "if-match", "if-none-match", "prefer"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		bg_buf *all = &request->scratch;

		all->n = 0;
		for (int nth = 0;; nth++)
		{
			bg_str field = bg_http_header(request->http, names[i], nth);

			if (field.s == NULL)
				break;
			for (size_t k = 0; k < field.n; k++)
				if ((unsigned char) field.s[k] < 0x20 || (unsigned char) field.s[k] > 0x7e)
				{
					bg_request_fail(request, 400,
					                "This header may hold visible ASCII characters only.",
					                names[i]);
					return false;
				}
			if (nth > 0 && i == 0)
			{
				bg_request_fail(request, 400, "There must be one such header, not several.",
				                names[i]);
				return false;
			}
			bg_buf_puts(all, nth > 0 ? ", " : "");
			bg_buf_add(all, field.s, field.n);
		}
		if (all->n > 0 && i != 2)
			request->has_preferences = true;
		if (all->n > 0)
			add_header(request, names[i], all->s, all->n);
	}
	if (!reads)
	{
		bg_str agent = bg_http_header(request->http, "user-agent", 0);

		add_header(request, "bountygo-topics", "1", 1);
		add_header(request, "client-address", request->client, strlen(request->client));
		if (agent.s != NULL && agent.n <= 400 && bg_utf8_valid(agent.s, agent.n))
			add_header(request, "user-agent", agent.s, agent.n);
	}
	if (request->headers.n > 0)
		bg_buf_puts(&request->headers, "}");
	return true;
}

/* False after answering with 429. */
static bool take_turn(bg_request *request)
{
	bg_limit_verdict verdict;
	bg_str token = {request->token, request->token ? strlen(request->token) : 0};
	bg_problem problem = {.status = 429, .hint = "Wait as long as Retry-After says."};

	if (!bg_limit_take(request->loop->limits, request->route->zone, request->client, token,
	                   uv_hrtime(), &verdict))
		return true;
	snprintf(request->limit, sizeof(request->limit), "\"%s\";r=%d;t=%d", verdict.zone->name,
	         verdict.remaining, verdict.reset_s);
	snprintf(request->policy, sizeof(request->policy), "\"%s\";q=%d;w=%d", verdict.zone->name,
	         verdict.zone->burst, (int) (verdict.zone->burst / verdict.zone->rate + 0.999));
	if (verdict.allowed)
		return true;
	problem.retry_after = verdict.retry_after;
	bg_request_problem(request, &problem);
	return false;
}

static bool takes_patches(bg_str method)
{
	return bg_str_is(method, "PATCH") || bg_str_is(method, "PUT");
}

static bool check_body(bg_request *request)
{
	bg_str body = bg_http_body(request->http);
	bg_str type = bg_http_header(request->http, "content-type", 0);
	bg_str media = type;
	const char *semicolon = type.n ? memchr(type.s, ';', type.n) : NULL;
	int limit = request->route->max_body;

	if (limit >= 0 && body.n > (size_t) limit)
	{
		char detail[120];

		snprintf(detail, sizeof(detail), "The body may have %d bytes at most here.", limit);
		bg_request_fail(request, 413, detail, "");
		return false;
	}
	if (body.n == 0)
		return true;
	if (semicolon != NULL)
		media.n = (size_t) (semicolon - type.s);
	if (bg_http_header(request->http, "content-encoding", 0).s != NULL)
	{
		bg_request_fail(request, 415, "The body must be sent as it is, without Content-Encoding.",
		                "content-encoding");
		return false;
	}
	/* What PATCH and PUT take is a merge patch (RFC 7396), which has a type of its own. */
	if (!bg_str_is_nocase(bg_str_trim(media), "application/json") &&
	    !(takes_patches(bg_http_method(request->http)) &&
	      bg_str_is_nocase(bg_str_trim(media), "application/merge-patch+json")))
	{
		bg_request_fail(request, 415, NULL, NULL);
		return false;
	}
	if (semicolon != NULL)
	{
		bg_str parameter = bg_str_trim((bg_str){semicolon + 1, type.n - media.n - 1});

		if (strncasecmp(parameter.s, "charset=", parameter.n < 8 ? parameter.n : 8) == 0 &&
		    !bg_str_is_nocase(parameter, "charset=utf-8") &&
		    !bg_str_is_nocase(parameter, "charset=\"utf-8\""))
		{
			bg_request_fail(request, 415, "the body must be in UTF-8", NULL);
			return false;
		}
	}
	if (!bg_utf8_valid(body.s, body.n))
	{
		bg_request_fail(request, 400, "The body isn't valid UTF-8 text.", "");
		return false;
	}
	return true;
}

/* ---- the call ---- */

static void on_called(bg_db_call *call, const bg_db_result *result)
{
	bg_request *request = call->owner;

	if (result->failure == BG_DB_OK && result->status == 202 && request->route->is_async &&
	    request->prefer_wait > 0 && bg_wait_begin(request, result))
		return;
	bg_request_result(request, result, NULL);
}

static void set_deadline(bg_request *request)
{
	int own = BG_LIVE(request->loop->config, request_timeout_ms);
	int timeout = request->route->timeout_ms;

	if (timeout <= 0 || timeout > own)
		timeout = own;
	request->deadline = request->began_ms + (uint64_t) timeout;
}

static void call_route(bg_request *request)
{
	bg_db_call *call = &request->call;
	call->statement = BG_DB_CALL;
	call->route = request->route->id;
	call->token = request->token;
	call->names = request->names.s;
	call->values = request->values.s;
	call->headers = request->headers.n > 0 ? request->headers.s : NULL;
	call->body = bg_http_body(request->http);
	if (call->body.n == 0)
		call->body.s = NULL;
	call->read_only = strcmp(request->route->method, "GET") == 0;
	call->deadline = request->deadline;
	call->done = on_called;
	call->owner = request;
	bg_db_submit(request->loop->db, call);
}

static void serve(bg_request *request)
{
	bg_str method = bg_http_method(request->http);
	bg_str path = bg_http_target(request->http);
	bg_str query = {NULL, 0};
	const char *mark = path.n ? memchr(path.s, '?', path.n) : NULL;
	bg_route_match match;
	bool reads;

	if (mark != NULL)
	{
		query = (bg_str){mark + 1, path.n - (size_t) (mark + 1 - path.s)};
		path.n = (size_t) (mark - path.s);
	}
	if (path.n == 0 || path.s[0] != '/' || memchr(path.s, '#', path.n) != NULL)
	{
		bg_request_fail(request, 400, "the request target must be a path that begins with a slash",
		                NULL);
		return;
	}
	if (!bg_policy_host(request))
	{
		bg_request_fail(request, 421, NULL, NULL);
		return;
	}
	if (bg_health_serve(request, path))
		return;
	if (bg_docs_hidden(request, path))
	{
		bg_request_fail(request, 404, "there is no such path", NULL);
		return;
	}
	if (bg_docs_serve(request, path))
		return;
	if (request->loop->routes == NULL)
	{
		bg_request_fail(request, 503, "the database can't be reached now; try again soon", NULL);
		return;
	}
	request->table = bg_routes_ref(request->loop->routes);
	bg_routes_match(request->table, method, path, &match);
	if (match.route == NULL)
	{
		if (match.path_known)
			bg_request_refuse_method(request, match.allow);
		else
			bg_request_fail(request, 404, "there is no such path", NULL);
		return;
	}
	request->route = match.route;
	request->label = match.route->path;
	reads = strcmp(match.route->method, "GET") == 0;
	read_prefer(request);
	if (!read_token(request) || !take_turn(request) || !check_body(request) ||
	    !read_conditions(request, reads) || !bg_request_params(request, &match, query))
		return;
	if (match.route->shows_task && bg_str_is(method, "GET"))
		request->task_viewed = strtoll(match.params[0].s, NULL, 10);
	set_deadline(request);
	/* What is in memory is answered however much there is to do. */
	if (bg_fill_hit(request))
		return;
	request->counted = true;
	if (bg_metrics_at_work(1) > BG_LIVE(request->loop->config, max_concurrent_requests))
	{
		bg_request_fail(request, 503, "there is too much to do now; try again soon", NULL);
		return;
	}
	if (!bg_fill_join(request))
		call_route(request);
}

/* Kept, as an answer repeats it: only what an origin may look like. */
static void choose_origin(bg_request *request)
{
	bg_str origin = bg_http_header(request->http, "origin", 0);

	if (origin.s == NULL || origin.n >= sizeof(request->origin))
		return;
	for (size_t i = 0; i < origin.n; i++)
		if (origin.s[i] <= 0x20 || origin.s[i] >= 0x7f || origin.s[i] == ',')
			return;
	snprintf(request->origin, sizeof(request->origin), "%.*s", (int) origin.n, origin.s);
}

bg_request *bg_request_begin(bg_loop *loop, bg_http *http, bool admin)
{
	bg_request *request = bg_alloc(sizeof(*request));
	bg_str raw = bg_http_raw_head(http);
	const char *why = NULL;
	int refused;

	request->loop = loop;
	request->http = http;
	request->began_ns = uv_hrtime();
	request->began_ms = bg_now_ms();
	request->label = "none";
	request->has_body = bg_http_body(http).s != NULL;
	request->next = loop->requests;
	request->previous = &loop->requests;
	if (request->next != NULL)
		request->next->previous = &request->next;
	loop->requests = request;
	bg_http_peer(http, request->peer, sizeof(request->peer));
	bg_request_choose_client(request);
	choose_origin(request);
	choose_id(request);
	bg_loop_busy(loop);
	refused = bg_head_check(raw.s, raw.n, &why);
	if (refused != 0)
	{
		/* Whatever follows on this connection can't be trusted to be a request. */
		request->has_body = true;
		request->label = "refused";
		bg_request_fail(request, refused, why, NULL);
	}
	else if (admin)
	{
		bg_buf body = {0};

		request->label = "admin";
		if (bg_str_is(bg_http_target(http), "/metrics"))
		{
			bg_metrics_write(&body);
			bg_request_answer(request, 200, NULL, 0, "text/plain; version=0.0.4; charset=utf-8",
			                  body.s, body.n);
		}
		else
			bg_request_fail(request, 404, "there is only /metrics here", NULL);
		bg_buf_free(&body);
	}
	else
		serve(request);
	return request;
}

/* ---- time ---- */

/* A client that closes its connection while its answer is made: reading is stopped then, so the socket is asked. */
static void drop_gone(bg_loop *loop, uint64_t now)
{
	struct pollfd fds[256];
	bg_request *who[256];
	nfds_t n = 0;

	for (bg_request *r = loop->requests; r != NULL && n < 256; r = r->next)
		if (!r->answered && now - r->began_ms >= GONE_AFTER_MS)
		{
			fds[n] = (struct pollfd){.fd = bg_http_socket(r->http), .events = POLLRDHUP};
			who[n++] = r;
		}
	if (n == 0 || poll(fds, n, 0) <= 0)
		return;
	for (nfds_t i = 0; i < n; i++)
		if (fds[i].revents & (POLLRDHUP | POLLHUP | POLLERR))
		{
			bg_fill_leave(who[i]);
			if (who[i]->wait != NULL)
				bg_wait_end(who[i]);
			if (who[i]->health != NULL)
				bg_health_end(who[i]);
			bg_db_cancel(&who[i]->call);
			bg_request_fail(who[i], 499, NULL, NULL);
		}
}

int bg_request_tick(bg_loop *loop)
{
	uint64_t now = bg_now_ms();
	int n = 0;

	bg_db_tick(loop->db);
	for (bg_request *r = loop->requests, *next; r != NULL; r = next)
	{
		next = r->next;
		if (r->wait != NULL && !r->answered)
			bg_wait_tick(r, now);
		else if (r->fill != NULL)
			bg_fill_tick(r, now);
	}
	drop_gone(loop, now);
	for (bg_request *r = loop->requests; r != NULL; r = r->next)
		n++;
	return n;
}

/*
 * answer.c
 *		How a request is answered: problems, what the database said, headers that every answer has, and the record kept of it.
 */
#include "request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fill.h"
#include "log.h"
#include "metrics.h"
#include "pack.h"
#include "policy.h"
#include "topics.h"
#include "views.h"

#define MAX_HEADERS 32

void bg_request_account(bg_request *request, int status, size_t bytes)
{
	double ms = (double) (uv_hrtime() - request->began_ns) / 1e6;
	static const char *const methods[] = {"GET",   "HEAD",   "POST",   "PUT",
	                                      "PATCH", "DELETE", "OPTIONS"};
	bg_str method = bg_http_method(request->http);
	const char *name = "other";
	bg_access access = {.request_id = request->id,
	                    .client = request->client,
	                    .method = method,
	                    .route = request->label,
	                    .status = status,
	                    .bytes = bytes,
	                    .ms = ms};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (bg_str_is(method, methods[i]))
			name = methods[i];
	bg_metrics_request(name, request->label, status, ms / 1000);
	bg_log_access(&access);
}

void bg_request_refused(bg_str method, const char *peer, int status, const char *id, bg_buf *out)
{
	bg_problem problem = {.status = status, .retry_after = -1};
	bg_access access = {
	    .request_id = id, .client = peer, .method = method, .route = "refused", .status = status};

	bg_problem_write(&problem, id, out);
	access.bytes = out->n;
	bg_metrics_request("other", "refused", status, 0);
	bg_log_access(&access);
}

static bool is_front(const bg_request *request, bg_str address)
{
	return bg_str_is_listed(address, request->loop->config->trusted_fronts);
}

/* Fronts add whom they see at the end, so the last address that is no front of ours is the client; what stands before it is hearsay. */
void bg_request_choose_client(bg_request *request)
{
	bg_str last = {request->peer, strlen(request->peer)};
	int nth = 0;

	if (is_front(request, last))
	{
		while (bg_http_header(request->http, "x-forwarded-for", nth).s != NULL)
			nth++;
		while (nth-- > 0 && is_front(request, last))
		{
			bg_str field = bg_http_header(request->http, "x-forwarded-for", nth);
			size_t end = field.n;

			while (end > 0 && is_front(request, last))
			{
				size_t start = end;

				while (start > 0 && field.s[start - 1] != ',')
					start--;
				last = bg_str_trim((bg_str){field.s + start, end - start});
				end = start > 0 ? start - 1 : 0;
			}
		}
	}
	if (last.n == 0 || last.n >= sizeof(request->client) ||
	    strspn(last.s, "0123456789abcdefABCDEF:.") < last.n)
		last = (bg_str){request->peer, strlen(request->peer)};
	snprintf(request->client, sizeof(request->client), "%.*s", (int) last.n, last.s);
}

static bool close_after(bg_request *request)
{
	if (request->loop->draining)
		return true;
	/* Should a proxy in front and we disagree on where a body ends, nothing may follow it (GATEWAY: decisions). */
	return request->has_body && !is_front(request, (bg_str){request->peer, strlen(request->peer)});
}

/* What may keep the answer: the caller alone, if it was told who is calling, and only after asking whether it is still true. */
static const char *cache_control(const bg_request *request, int status)
{
	bg_str method = bg_http_method(request->http);

	if (status >= 400 || (!bg_str_is(method, "GET") && !bg_str_is(method, "HEAD")) ||
	    (request->route != NULL && request->route->is_secret))
		return "no-store";
	return request->token != NULL ? "private, no-cache" : "no-cache";
}

void bg_request_answer(bg_request *request, int status, const bg_header *headers, int n,
                       const char *content_type, const char *body, size_t length)
{
	bg_header all[MAX_HEADERS] = {{"x-request-id", request->id},
	                              {"x-content-type-options", "nosniff"},
	                              {"cache-control", cache_control(request, status)}};
	int count = 3;
	bool close = close_after(request) || status == 499 || status == 431 || status == 414;

	if (request->answered)
		return;
	request->answered = true;
	if (request->route != NULL)
		all[count++] = (bg_header){"vary", "authorization, accept-encoding"};
	if (request->limit[0] != '\0')
	{
		all[count++] = (bg_header){"ratelimit", request->limit};
		all[count++] = (bg_header){"ratelimit-policy", request->policy};
	}
	count += bg_policy_cors(request, all + count, MAX_HEADERS - count);
	for (int i = 0; i < n && count < MAX_HEADERS; i++)
		all[count++] = headers[i];
	bg_request_account(request, status, length);
	bg_http_answer(request->http, status, all, count, content_type, body, length, close);
}

void bg_request_refuse_method(bg_request *request, const char *allowed)
{
	bg_buf body = {0};
	bg_problem problem = {.status = 405, .retry_after = -1};
	bg_header header = {"allow", allowed};

	if (bg_str_is(bg_http_method(request->http), "OPTIONS"))
	{
		if (bg_policy_preflight(request, allowed))
			return;
		bg_request_answer(request, 204, &header, 1, NULL, NULL, 0);
		return;
	}
	bg_problem_write(&problem, request->id, &body);
	bg_request_answer(request, 405, &header, 1, "application/problem+json", body.s, body.n);
	bg_buf_free(&body);
}

void bg_request_problem(bg_request *request, const bg_problem *problem)
{
	bg_buf body = {0};
	bg_header headers[2];
	int n = 0;
	char retry[16];

	bg_problem_write(problem, request->id, &body);
	if (problem->retry_after >= 0)
	{
		snprintf(retry, sizeof(retry), "%d", problem->retry_after);
		headers[n++] = (bg_header){"retry-after", retry};
	}
	if (problem->status == 401)
		headers[n++] =
		    (bg_header){"www-authenticate",
		                request->token ? "Bearer realm=\"bountygo\", error=\"invalid_token\""
		                               : "Bearer realm=\"bountygo\""};
	bg_request_answer(request, problem->status, headers, n, "application/problem+json", body.s,
	                  body.n);
	bg_buf_free(&body);
}

void bg_request_fail(bg_request *request, int status, const char *detail, const char *pointer)
{
	bg_problem problem = {
	    .status = status, .detail = detail, .pointer = pointer, .retry_after = -1};

	if (status == 503)
		problem.retry_after = 1;
	bg_request_problem(request, &problem);
}

/* A representation of its own has a tag of its own. There is room for six more characters. */
static void mark_packed(char *tag)
{
	memcpy(tag + strlen(tag) - 1, "-gzip\"", 7);
}

/* One member of If-None-Match is the tag, compared weakly (RFC 9110, 13.1.2), whether packed or not. */
static bool is_known(const bg_request *request, const char *etag)
{
	size_t n = strlen(etag);

	for (int nth = 0;; nth++)
	{
		bg_str field = bg_http_header(request->http, "if-none-match", nth);
		bg_str one;

		if (field.s == NULL)
			return false;
		while (bg_str_next(&field, &one))
		{
			if (one.n > 2 && one.s[0] == 'W' && one.s[1] == '/')
				one = (bg_str){one.s + 2, one.n - 2};
			if (bg_str_is(one, "*") || bg_str_is(one, etag))
				return true;
			/* "tag-gzip" is the packed form of "tag". */
			if (one.n == n + 5 && memcmp(one.s, etag, n - 1) == 0 &&
			    memcmp(one.s + n - 1, "-gzip\"", 6) == 0)
				return true;
		}
	}
}

void bg_answer_entry(bg_request *request, const bg_entry *entry, const char *how)
{
	bg_header headers[8];
	int n = 0;
	char age[24];
	char status[80];
	char tag[120];
	uint64_t now = bg_now_ms();
	bool packed = entry->packed.s != NULL && BG_LIVE(request->loop->config, compress_from) > 0 &&
	              bg_pack_wanted(bg_http_header(request->http, "accept-encoding", 0));

	if (entry->failure != BG_DB_OK)
	{
		bg_db_result result = {.failure = entry->failure,
		                       .sqlstate = entry->sqlstate,
		                       .message = entry->message,
		                       .detail = entry->detail,
		                       .hint = entry->hint};

		bg_request_result(request, &result, NULL);
		return;
	}
	snprintf(status, sizeof(status), "bountygo; %s", how);
	headers[n++] = (bg_header){"cache-status", status};
	snprintf(age, sizeof(age), "%llu",
	         (unsigned long long) (now > entry->filled_ms ? (now - entry->filled_ms) / 1000 : 0));
	headers[n++] = (bg_header){"age", age};
	if (entry->link != NULL)
		headers[n++] = (bg_header){"link", entry->link};
	if (entry->etag != NULL && strlen(entry->etag) < sizeof(tag) - 6)
	{
		snprintf(tag, sizeof(tag), "%s", entry->etag);
		if (packed)
			mark_packed(tag);
		headers[n++] = (bg_header){"etag", tag};
	}
	if (request->task_viewed > 0 && entry->status == 200)
		bg_views_add(request->loop->views, request);
	if (entry->etag != NULL && is_known(request, entry->etag))
	{
		bg_request_answer(request, 304, headers, n, NULL, NULL, 0);
		return;
	}
	if (packed)
		headers[n++] = (bg_header){"content-encoding", "gzip"};
	bg_request_answer(
	    request, entry->status, headers, n, entry->type ? entry->type : "application/json",
	    packed ? entry->packed.s : entry->body.s, packed ? entry->packed.n : entry->body.n);
}

static bool is_one_line(bg_str s)
{
	return s.s != NULL && memchr(s.s, '\n', s.n) == NULL && memchr(s.s, '\r', s.n) == NULL &&
	       memchr(s.s, '\0', s.n) == NULL;
}

/* "topic transaction", with commas between: what this write changed. */
static void read_changes(bg_str all)
{
	bg_str one;

	while (bg_str_next(&all, &one))
	{
		const char *space = memchr(one.s, ' ', one.n);

		if (space != NULL)
			bg_topic_expect((bg_str){one.s, (size_t) (space - one.s)},
			                strtoull(space + 1, NULL, 10));
	}
}

/* Compressed, if the client takes that and it is worth it. A representation of its own has a tag of its own. headers has room for one more. */
static void answer_packed(bg_request *request, const bg_db_result *result, bg_header *headers,
                          int n, const char *type)
{
	int from = BG_LIVE(request->loop->config, compress_from);
	bg_buf packed = {0};
	char tag[120];

	if (from == 0 || result->body.n < (size_t) from ||
	    !bg_pack_wanted(bg_http_header(request->http, "accept-encoding", 0)) ||
	    !bg_pack(result->body, 1, &packed) || packed.n >= result->body.n)
	{
		bg_request_answer(request, result->status, headers, n, type, result->body.s,
		                  result->body.n);
		bg_buf_free(&packed);
		return;
	}
	for (int i = 0; i < n; i++)
		if (strcmp(headers[i].name, "etag") == 0 && strlen(headers[i].value) < sizeof(tag) - 6)
		{
			snprintf(tag, sizeof(tag), "%s", headers[i].value);
			mark_packed(tag);
			headers[i].value = tag;
		}
	headers[n++] = (bg_header){"content-encoding", "gzip"};
	bg_request_answer(request, result->status, headers, n, type, packed.s, packed.n);
	bg_buf_free(&packed);
}

/* The database's answer with its headers. applied: what of Prefer was done here, or NULL. */
static void answer_call(bg_request *request, const bg_db_result *result, const char *applied)
{
	bg_header headers[MAX_HEADERS - 8];
	int room = (int) (sizeof(headers) / sizeof(headers[0])) - 2;
	int n = 0;
	char *texts[2 * (MAX_HEADERS - 8) + 4];
	int n_texts = 0;
	size_t at = 0;
	bg_str name;
	bg_str value;
	const char *type = "application/json";
	bg_buf preferences = {0};

	if (result->location.s != NULL && is_one_line(result->location))
	{
		texts[n_texts] = bg_copy(result->location.s, result->location.n);
		headers[n++] = (bg_header){"location", texts[n_texts++]};
	}
	while (n < room && bg_db_array_next(result->headers, &at, &name) &&
	       bg_db_array_next(result->headers, &at, &value))
	{
		if (!is_one_line(name) || !is_one_line(value))
			continue;
		if (bg_str_is(name, "bountygo-changed"))
		{
			read_changes(value);
			continue;
		}
		if (bg_str_is(name, "preference-applied"))
		{
			bg_buf_add(&preferences, value.s, value.n);
			continue;
		}
		texts[n_texts++] = bg_copy(value.s, value.n);
		if (bg_str_is(name, "content-type"))
		{
			type = texts[n_texts - 1];
			continue;
		}
		texts[n_texts++] = bg_copy(name.s, name.n);
		headers[n] = (bg_header){texts[n_texts - 1], texts[n_texts - 2]};
		n++;
	}
	if (applied != NULL)
		bg_buf_printf(&preferences, "%s%s", preferences.n ? ", " : "", applied);
	if (preferences.n > 0)
		headers[n++] = (bg_header){"preference-applied", preferences.s};
	if (request->task_viewed > 0 && (result->status == 200 || result->status == 304))
		bg_views_add(request->loop->views, request);
	if (result->status == 204 || result->status == 304 || result->body.s == NULL)
		bg_request_answer(request, result->status, headers, n, NULL, NULL, 0);
	else
		answer_packed(request, result, headers, n, type);
	for (int i = 0; i < n_texts; i++)
		free(texts[i]);
	bg_buf_free(&preferences);
}

void bg_request_result(bg_request *request, const bg_db_result *result, const char *applied)
{
	bg_sql_error error = {.sqlstate = result->sqlstate,
	                      .message = result->message,
	                      .detail = result->detail,
	                      .hint = result->hint,
	                      .anonymous = request->token == NULL};
	bg_sql_verdict verdict;

	switch (result->failure)
	{
		case BG_DB_UNREACHABLE:
			bg_request_fail(request, 503, "the database can't be reached now; try again soon",
			                NULL);
			return;
		case BG_DB_BUSY:
			bg_request_fail(request, 503, "there is too much to do now; try again soon", NULL);
			return;
		case BG_DB_LATE:
			bg_request_fail(request, 504, NULL, NULL);
			return;
		case BG_DB_ERROR:
			bg_problem_from_sql(&error, &verdict);
			if (verdict.log)
				bg_log(verdict.problem.status >= 500 ? BG_LOG_ERROR : BG_LOG_WARNING, request->id,
				       "%s answered with %d: %s %s%s%s", request->label, verdict.problem.status,
				       error.sqlstate, error.message ? error.message : "", error.detail ? "; " : "",
				       error.detail ? error.detail : "");
			bg_request_problem(request, &verdict.problem);
			return;
		case BG_DB_OK:
			break;
	}
	/* Refused after something was committed: there is no error to say more. */
	if (result->status >= 400)
		bg_request_fail(request, result->status, NULL, NULL);
	else
		answer_call(request, result, applied);
}

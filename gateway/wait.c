/*
 * wait.c
 *		Prefer: wait. A request whose call began a job registers for the job's end first, then looks at the job with the caller's own
 *		token, and looks again whenever the database says that it has ended: so no end can be missed in between.
 *
 * While it waits it holds neither a database connection nor a place among the requests at work.
 */
#include "wait.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "metrics.h"

typedef struct bg_wait
{
	bg_request *request;
	struct bg_wait *next;
	struct bg_wait **previous;
	int64_t job;
	uint64_t until;
	int status; /* what is answered when time is up */
	char *location;
	bg_buf body;
	bool looking;
	bool again; /* it must be looked at once more: the job ended meanwhile, or the look failed */
	char applied[24];
} bg_wait;

static void look(bg_wait *wait);

static void answer(bg_wait *wait, int status)
{
	bg_request *request = wait->request;
	bg_db_result result = {.failure = BG_DB_OK, .status = status};

	result.body = (bg_str){wait->body.s, wait->body.n};
	/* Where to go on looking matters only as long as there is something to look for. */
	if (status == 202)
		result.location = (bg_str){wait->location, strlen(wait->location)};
	bg_request_result(request, &result, wait->applied);
	bg_wait_end(request);
}

/* True if the job object says that nothing more will happen. */
static bool is_final(bg_str body)
{
	json_t *job = json_loadb(body.s, body.n, 0, NULL);
	const char *state = json_string_value(json_object_get(job, "state"));
	bool final = state != NULL && (strcmp(state, "done") == 0 || strcmp(state, "dead") == 0 ||
	                               strcmp(state, "cancelled") == 0);

	json_decref(job);
	return final;
}

static void on_looked(bg_db_call *call, const bg_db_result *result)
{
	bg_request *request = call->owner;
	bg_wait *wait = request->wait;

	wait->looking = false;
	if (result->failure == BG_DB_OK && result->status == 200 && result->body.s != NULL)
	{
		wait->body.n = 0;
		bg_buf_add(&wait->body, result->body.s, result->body.n);
		if (is_final(result->body))
		{
			answer(wait, 200);
			return;
		}
	}
	else if (result->failure == BG_DB_ERROR || result->failure == BG_DB_OK)
	{
		/* The job can't be seen this way: say what was said at first. */
		answer(wait, 202);
		return;
	}
	else
	{
		/* What the listening connection told may be lost with this look: a tick looks again or ends the waiting. */
		wait->again = true;
		return;
	}
	if (bg_now_ms() >= wait->until)
		answer(wait, 202);
	else if (wait->again)
		look(wait);
}

static void look(bg_wait *wait)
{
	bg_request *request = wait->request;
	uint64_t timeout = (uint64_t) BG_LIVE(request->loop->config, request_timeout_ms);

	wait->looking = true;
	wait->again = false;
	request->call.deadline = bg_now_ms() + timeout;
	bg_db_submit(request->loop->db, &request->call);
}

/* The number at the end of a path, or -1. */
static int64_t job_of(bg_str path)
{
	int64_t job = 0;
	size_t at = path.n;

	while (at > 0 && path.s[at - 1] >= '0' && path.s[at - 1] <= '9')
		at--;
	if (at == path.n || path.n - at > 18 || at == 0 || path.s[at - 1] != '/')
		return -1;
	for (; at < path.n; at++)
		job = job * 10 + (path.s[at] - '0');
	return job;
}

bool bg_wait_begin(bg_request *request, const bg_db_result *accepted)
{
	bg_loop *loop = request->loop;
	bg_route_match match;
	bg_wait *wait;
	int64_t job;

	if (accepted->location.s == NULL || loop->draining ||
	    loop->n_waits >= BG_LIVE(loop->config, max_waiting_requests) / bg_n_loops)
		return false;
	job = job_of(accepted->location);
	bg_routes_match(request->table, (bg_str){"GET", 3}, accepted->location, &match);
	if (job < 0 || match.route == NULL)
		return false;
	wait = bg_alloc(sizeof(*wait));
	wait->request = request;
	wait->job = job;
	wait->location = bg_copy(accepted->location.s, accepted->location.n);
	bg_buf_add(&wait->body, accepted->body.s ? accepted->body.s : "{}",
	           accepted->body.s ? accepted->body.n : 2);
	wait->until = request->began_ms + (uint64_t) request->prefer_wait * 1000;
	snprintf(wait->applied, sizeof(wait->applied), "wait=%d", request->prefer_wait);
	wait->next = loop->waits;
	wait->previous = &loop->waits;
	if (wait->next != NULL)
		wait->next->previous = &wait->next;
	loop->waits = wait;
	loop->n_waits++;
	request->wait = wait;
	if (request->counted)
	{
		request->counted = false;
		bg_metrics_at_work(-1);
	}
	/* Our own path is well-formed; of the query only what trims the answer is meant for the job, too. */
	bg_request_params(request, &match, request->fields);
	request->call.route = match.route->id;
	request->call.names = request->names.s;
	request->call.values = request->values.s;
	request->call.headers = NULL;
	request->call.body = (bg_str){NULL, 0};
	request->call.read_only = true;
	request->call.done = on_looked;
	look(wait);
	return true;
}

void bg_wait_notify(bg_loop *loop, int64_t job)
{
	for (bg_wait *wait = loop->waits, *next; wait != NULL; wait = next)
	{
		next = wait->next;
		if (job != 0 && wait->job != job)
			continue;
		if (wait->looking)
			wait->again = true;
		else
			look(wait);
	}
}

void bg_wait_tick(bg_request *request, uint64_t now)
{
	bg_wait *wait = request->wait;

	if (wait->looking)
		return;
	if (now >= wait->until || request->loop->draining)
		answer(wait, 202);
	/* Each loop has connections of its own: the listening one may have been back before them. */
	else if (wait->again && bg_db_is_ready(request->loop->db))
		look(wait);
}

void bg_wait_end(bg_request *request)
{
	bg_wait *wait = request->wait;

	request->wait = NULL;
	*wait->previous = wait->next;
	if (wait->next != NULL)
		wait->next->previous = wait->previous;
	request->loop->n_waits--;
	bg_buf_free(&wait->body);
	free(wait->location);
	free(wait);
}

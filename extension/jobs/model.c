/*
 * model.c
 *		The model's stage of a job: whether to ask, the call, and what its answer, or its failure, leads to.
 *
 * The reply is committed as it came before anything parses it (ENGINEERING 7.4, T2a), and it is parsed in a reader like any other
 * hostile input. Whatever goes wrong, the job ends with the rules' result, marked with the reason.
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "../config.h"
#include "../ppio/ppio.h"
#include "answer.h"
#include "work.h"

#define MS_TO_TIMESTAMP(ms) ((int64) (ms) *1000)
/* Retry-After is honoured, but not for ever: a job that waited a quarter of an hour ends by rules. */
#define LONGEST_WAIT_S 900

bool bg_model_is_wanted(const bg_job *job, const char **reason)
{
	size_t len;
	bool wanted;

	*reason = NULL;
	if (job->is_public)
		return false;
	if (bg_ppio_key() == NULL)
	{
		*reason = "no_key";
		return false;
	}
	free(bg_prompt_from_json(bg_ppio_model, job->answer, job->answer_len, bg_ppio_max_tokens, &len,
	                         &wanted));
	return wanted;
}

static bool finish_by_rules(bg_worker *worker, const bg_job *job, const char *reason)
{
	char *state = bg_queue_finish(job, NULL, 0, reason, BG_OK);

	if (strcmp(state, "done") == 0)
		worker->counts.done++;
	else
		worker->counts.lost++;
	return true;
}

bool bg_model_prepare(bg_worker *worker, bg_job *job)
{
	bool wanted;
	int64_t retry_at = 0;

	if (job->reply != NULL)
		return true;
	if (job->result == NULL)
	{
		/* Not an error of the claim, which others share. */
		bg_queue_fail_internal(job, "02000");
		worker->counts.retried++;
		return false;
	}
	if (bg_ppio_key() == NULL)
		return !finish_by_rules(worker, job, "no_key");
	if (job->tries >= bg_ppio_tries || job->waited_long)
		return !finish_by_rules(worker, job, "unavailable");
	job->request = bg_prompt_from_json(bg_ppio_model, job->result, job->result_len,
	                                   bg_ppio_max_tokens, &job->request_len, &wanted);
	if (!wanted)
		return !finish_by_rules(worker, job, NULL);
	if (job->request == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	switch (bg_ledger_admit(job->id, bg_prompt_reserve_tokens(job->request_len, bg_ppio_max_tokens),
	                        &job->call_id, &retry_at))
	{
		case BG_ADMIT:
			return true;
		case BG_ADMIT_LATER:
			bg_queue_defer(job, Max(retry_at, GetCurrentTimestamp() + MS_TO_TIMESTAMP(50)),
			               "The model is not available at the moment; the job waits for it.");
			return false;
		case BG_ADMIT_BUDGET:
			return !finish_by_rules(worker, job, "budget");
		case BG_ADMIT_QUOTA:
			return !finish_by_rules(worker, job, "quota");
		case BG_ADMIT_NO_KEY:
			return !finish_by_rules(worker, job, "no_key");
	}
	return false;
}

/* Marks a call that did not lead to a usable reply. */
static void call_failed(bg_job *job, bg_outcome outcome, int status, bool may_retry, bool counts)
{
	job->outcome = outcome;
	job->http_status = status;
	job->may_retry = may_retry;
	job->counts_for_breaker = counts;
	bg_job_ready(job, BG_ACTION_MODEL_FAILED);
}

void bg_model_start(bg_worker *worker, bg_job *job)
{
	char url[1200];
	char authorization[4200];
	size_t len = strlen(bg_ppio_url);
	const char *key = bg_ppio_key();
	const char *headers[] = {authorization, "Content-Type: application/json",
	                         "Accept: application/json", NULL};
	bg_http_request request = {
	    .method = "POST",
	    .url = url,
	    .headers = headers,
	    .body = job->request,
	    .body_len = job->request_len,
	    .trusted =
	        true, /* exactly the host that the superuser's setting names; redirects are not followed */
	    .connect_timeout_ms = bg_ppio_connect_timeout_ms,
	    .total_timeout_ms = bg_ppio_total_timeout_ms,
	    .idle_timeout_ms = bg_ppio_read_timeout_ms,
	    .max_header_bytes = 64 * 1024,
	    .max_wire_bytes = BG_COMPLETION_MAX,
	    .max_body_bytes = BG_COMPLETION_MAX,
	};

	while (len > 0 && bg_ppio_url[len - 1] == '/')
		len--;
	snprintf(url, sizeof(url), "%.*s/chat/completions", (int) len, bg_ppio_url);
	snprintf(authorization, sizeof(authorization), "Authorization: Bearer %s",
	         key != NULL ? key : "");
	job->call = bg_http_start(worker->model_http, &request, job);
	explicit_bzero(authorization, sizeof(authorization));
	free(job->request);
	job->request = NULL;
	if (job->call == NULL)
		call_failed(job, BG_CONNECT, 0, true, false);
	else
		job->phase = BG_PHASE_ASK;
}

void bg_model_collect(bg_worker *worker)
{
	bg_http_transfer *call;

	while ((call = bg_http_finished(worker->model_http)) != NULL)
	{
		bg_job *job = bg_http_transfer_arg(call);
		bg_http_response *response = bg_http_transfer_response(call);
		int status = response->status;

		job->retry_after_s = response->retry_after_s;
		job->elapsed_ms = response->total_ms;
		if (bg_log_min_duration_ms >= 0 && response->total_ms >= bg_log_min_duration_ms)
			ereport(LOG, (errmsg("job %lld: the model answered in %ld ms, status %d",
			                     (long long) job->id, response->total_ms, status)));
		if (response->outcome != BG_OK)
			/* Once it has begun to answer it has been paid for: no second time. */
			call_failed(job, response->outcome, status, !response->any_response_byte, true);
		else if (status == 200 && response->body != NULL)
		{
			job->reply = response->body;
			job->reply_len = response->body_len;
			response->body = NULL;
			job->http_status = status;
			bg_job_ready(job, BG_ACTION_STORE_REPLY);
		}
		else if (status == 429 || (status == 503 && response->retry_after_s >= 0))
			call_failed(job, BG_RATE_LIMITED, status, true, false);
		else if (status >= 500 || status == 408 || status == 425)
			call_failed(job, BG_HTTP_5XX, status, true, true);
		else
			/* Not tried again: the request or the key is wrong, and a wrong key is wrong for every job. */
			call_failed(job, status >= 400 ? BG_HTTP_4XX : BG_BAD_RESPONSE, status, false,
			            status == 401 || status == 402 || status == 403);
		bg_http_transfer_free(call);
		job->call = NULL;
	}
}

static void settle(const bg_job *job)
{
	bg_answer_model model = bg_answer_get_model(job->answer, job->answer_len);

	bg_ledger_settle(job->call_id, model.outcome[0] != '\0' ? model.outcome : "bad_json",
	                 model.prompt_tokens, model.completion_tokens);
}

static bool after_failure(bg_worker *worker, bg_job *job)
{
	int64 pause_ms = (int64) (1000 << Min(job->tries, 10)) * pg_prng_double(&pg_global_prng_state);

	bg_ledger_fail(job->call_id, bg_outcome_name(job->outcome), job->http_status,
	               job->retry_after_s, job->counts_for_breaker);
	if (job->retry_after_s >= 0)
		pause_ms = (int64) job->retry_after_s * 1000;
	else if (job->outcome == BG_RATE_LIMITED)
		pause_ms += 1000;
	if (!job->may_retry || pause_ms > LONGEST_WAIT_S * INT64CONST(1000) ||
	    (job->outcome != BG_RATE_LIMITED && job->tries + 1 >= bg_ppio_tries))
		return finish_by_rules(worker, job, "unavailable");
	bg_queue_defer(job, GetCurrentTimestamp() + MS_TO_TIMESTAMP(pause_ms),
	               "The model did not answer; it is asked again.");
	worker->counts.retried++;
	return true;
}

bool bg_model_apply(bg_worker *worker, bg_job *job)
{
	char *state;

	switch (job->action)
	{
		case BG_ACTION_STORE_REPLY:
			bg_ledger_store_reply(job->call_id, job->http_status, job->reply, job->reply_len,
			                      job->elapsed_ms);
			/* To a reader only once this has committed: worker.c moves it on. */
			return false;
		case BG_ACTION_MODEL_FAILED:
			return after_failure(worker, job);
		case BG_ACTION_COMPLETE:
			if (job->answer == NULL)
			{
				bg_ledger_settle(job->call_id, "reader_crashed", -1, -1);
				return finish_by_rules(worker, job, "unavailable");
			}
			settle(job);
			state = bg_queue_finish(job, job->answer, job->answer_len, NULL, BG_OK);
			if (strcmp(state, "done") == 0)
				worker->counts.done++;
			else
				worker->counts.lost++;
			return true;
		default:
			elog(ERROR, "unexpected action %d of job %lld", (int) job->action, (long long) job->id);
	}
	return true;
}

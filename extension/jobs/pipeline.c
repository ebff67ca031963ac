/*
 * pipeline.c
 *		What becomes of a job: fetch, read, store, and which outcome leads where. The model's stage is in model.c.
 *
 * Between transactions jobs move from phase to phase; what has to be written waits in phase READY for worker.c's next transaction.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "../config.h"
#include "answer.h"
#include "work.h"

#define STORE_AT_ONCE 64 /* bounds the memory that one statement takes */

void bg_pipeline_start(bg_worker *worker, bg_job *job)
{
	if (job->model_stage)
	{
		if (job->reply != NULL)
			job->phase = BG_PHASE_QUEUED;
		else
			bg_model_start(worker, job);
		return;
	}
	if (job->is_text)
	{
		job->phase = BG_PHASE_QUEUED;
		return;
	}
	if (job->url == NULL)
	{
		/* Only a row written by hand looks like this. */
		bg_job_fail(job, BG_BAD_URL, "no URL");
		return;
	}
	if (job->is_keys)
		job->fetch = bg_fetch_start_document(worker->fetcher, job->url, job);
	else
		job->fetch = bg_fetch_start(worker->fetcher, job->url, job->etag, job->last_modified, job);
	if (job->fetch == NULL)
		bg_job_fail(job, BG_CONNECT, "out of memory");
	else
		job->phase = BG_PHASE_FETCH;
}

void bg_pipeline_collect(bg_worker *worker)
{
	bg_fetch *fetch;

	while ((fetch = bg_fetch_finished(worker->fetcher)) != NULL)
	{
		bg_job *job = bg_fetch_arg(fetch);
		const bg_fetch_result *page = bg_fetch_get_result(fetch);

		if (bg_log_min_duration_ms >= 0 && page->total_ms >= bg_log_min_duration_ms)
			ereport(LOG, (errmsg("job %lld: fetched in %ld ms, outcome %s", (long long) job->id,
			                     page->total_ms, bg_outcome_name(page->outcome))));
		job->retry_after_s = page->retry_after_s;
		if (page->outcome == BG_OK && page->body != NULL && job->is_keys)
			bg_job_ready(job, BG_ACTION_STORE_KEYS);
		else if (page->outcome == BG_OK && page->body != NULL)
			job->phase = BG_PHASE_QUEUED;
		else if (page->outcome == BG_OK)
			bg_job_fail(job, BG_EMPTY, "");
		else if (page->outcome == BG_NOT_MODIFIED && job->snapshot_id != 0)
			bg_job_ready(job, BG_ACTION_UNCHANGED);
		else
			bg_job_fail(job, page->outcome == BG_NOT_MODIFIED ? BG_BAD_RESPONSE : page->outcome,
			            page->detail);
	}
}

/* The reader has answered ("answer"), or has died on it (the job is READY to fail). */
void bg_pipeline_answered(bg_worker *worker, bg_job *job)
{
	bg_outcome outcome;

	if (job->model_stage)
	{
		if (job->phase == BG_PHASE_READY)
			job->reason = "unavailable";
		bg_job_ready(job, BG_ACTION_COMPLETE);
		return;
	}
	if (job->phase == BG_PHASE_READY)
		return;
	outcome =
	    job->answer == NULL ? BG_OUTCOME_COUNT : bg_answer_outcome(job->answer, job->answer_len);
	if (outcome == BG_OK)
		bg_job_ready(job, BG_ACTION_STORE);
	else if (outcome == BG_OUTCOME_COUNT)
	{
		job->crashed = true;
		bg_job_fail(job, BG_READER_CRASHED, "its answer is not valid");
	}
	else
		bg_job_fail(job, outcome, "");
}

static bool count_end(bg_worker *worker, const char *state)
{
	if (strcmp(state, "done") == 0)
		worker->counts.done++;
	else if (strcmp(state, "dead") == 0)
		worker->counts.failed++;
	else if (strcmp(state, "queued") == 0)
		worker->counts.retried++;
	else if (strcmp(state, "lost") == 0)
		worker->counts.lost++;
	return true;
}

static void store_pages(bg_worker *worker, bg_job **jobs, int n)
{
	bg_queue_page pages[STORE_AT_ONCE];

	Assert(n <= STORE_AT_ONCE);
	for (int i = 0; i < n; i++)
	{
		pages[i] = (bg_queue_page){.job = jobs[i]};
		pages[i].to_model =
		    !jobs[i]->is_public && bg_model_is_wanted(jobs[i], &pages[i].model_outcome);
	}
	bg_queue_store_pages(pages, n);
	for (int i = 0; i < n; i++)
		jobs[i]->is_over = count_end(worker, pages[i].state);
}

bool bg_pipeline_apply(bg_worker *worker, bg_job *job)
{
	char *state;

	switch (job->action)
	{
		case BG_ACTION_STORE:
			store_pages(worker, &job, 1);
			return true;
		case BG_ACTION_UNCHANGED:
			return count_end(worker, bg_queue_finish(job, NULL, 0, NULL, BG_NOT_MODIFIED));
		case BG_ACTION_FAIL:
			state = bg_queue_fail(job, bg_outcome_name(job->outcome));
			if (strcmp(state, "dead") == 0)
				ereport(LOG, (errmsg("job %lld is dead: %s", (long long) job->id,
				                     bg_outcome_name(job->outcome))));
			return count_end(worker, state);
		case BG_ACTION_STORE_KEYS:
			return count_end(worker, bg_queue_store_keys(job));
		case BG_ACTION_NONE:
			return true;
		default:
			return bg_model_apply(worker, job);
	}
}

void bg_pipeline_apply_all(bg_worker *worker, bg_job **jobs, int n)
{
	bg_job *pages[STORE_AT_ONCE];
	int count = 0;
	int stored = 0;

	for (int i = 0; i < n; i++)
		stored += jobs[i]->action == BG_ACTION_STORE;
	/* Rows of hosts are updated in two passes then, and must be locked in one. */
	if (stored > 0 && (stored < n || n > STORE_AT_ONCE))
		bg_queue_lock_hosts(jobs, n);
	for (int i = 0; i < n; i++)
	{
		if (jobs[i]->action != BG_ACTION_STORE)
			jobs[i]->is_over = bg_pipeline_apply(worker, jobs[i]);
		else
			pages[count++] = jobs[i];
		if (count > 0 && (count == STORE_AT_ONCE || i == n - 1))
		{
			store_pages(worker, pages, count);
			count = 0;
		}
	}
}

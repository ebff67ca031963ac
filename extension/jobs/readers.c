/*
 * readers.c
 *		The worker's pool of bountygo-reader children: who reads what, for how long, and who takes a dead one's place.
 *
 * Callbacks of the loop only move bytes and look at the clock; jobs are touched in bg_pool_turn().
 */
#include "postgres.h"

#include <sys/epoll.h>
#include <unistd.h>

#include "../config.h"
#include "work.h"

#define MAX_READERS 32
#define LOOK_AGAIN_MS 5000

typedef struct pool_reader
{
	bg_pool *pool;
	bg_reader *child; /* NULL: not started */
	bg_timer *limit;  /* the hard limit of one page */
	/* What it has been sent, the first being read: NULL for a job that went. The others are sent ahead, for the time that the
	 * worker spends in a transaction. */
	bg_job *jobs[BG_READER_AHEAD];
	int count;
	bool watches_write;
} pool_reader;

struct bg_pool
{
	bg_loop *loop;
	pool_reader readers[MAX_READERS];
	int64_t missing_until_ms; /* the program could not be started: not before then again */
	bool said_missing;
};

static void on_io(int fd, uint32_t events, void *arg);
static void on_limit(void *arg);

bg_pool *bg_pool_create(bg_loop *loop)
{
	bg_pool *pool = calloc(1, sizeof(bg_pool));

	if (pool == NULL)
		return NULL;
	pool->loop = loop;
	for (int i = 0; i < MAX_READERS; i++)
		pool->readers[i].pool = pool;
	return pool;
}

static void stop(pool_reader *reader)
{
	bg_pool *pool = reader->pool;

	if (reader->child == NULL)
		return;
	bg_timer_set(reader->limit, -1);
	bg_loop_unwatch(pool->loop, bg_reader_read_fd(reader->child));
	if (reader->watches_write)
		bg_loop_unwatch(pool->loop, bg_reader_write_fd(reader->child));
	reader->watches_write = false;
	bg_reader_stop(reader->child);
	reader->child = NULL;
}

void bg_pool_free(bg_pool *pool)
{
	if (pool == NULL)
		return;
	for (int i = 0; i < MAX_READERS; i++)
	{
		stop(&pool->readers[i]);
		if (pool->readers[i].limit != NULL)
			bg_timer_free(pool->readers[i].limit);
	}
	free(pool);
}

/* Starts a child if there is none. False if that fails. */
static bool start(pool_reader *reader)
{
	bg_pool *pool = reader->pool;
	char *program;

	if (reader->child != NULL)
		return true;
	if (bg_loop_now_ms() < pool->missing_until_ms)
		return false;
	if (reader->limit == NULL)
		reader->limit = bg_timer_create(pool->loop, on_limit, reader);
	program = bg_config_reader_program();
	if (reader->limit != NULL && access(program, X_OK) == 0)
		reader->child = bg_reader_start(program);
	if (reader->child != NULL &&
	    !bg_loop_watch(pool->loop, bg_reader_read_fd(reader->child), EPOLLIN, on_io, reader))
	{
		bg_reader_stop(reader->child);
		reader->child = NULL;
	}
	if (reader->child == NULL)
	{
		int saved = errno;

		pool->missing_until_ms = bg_loop_now_ms() + LOOK_AGAIN_MS;
		if (!pool->said_missing)
		{
			errno = saved;
			ereport(WARNING,
			        (errmsg("could not start the program that reads pages: %m"),
			         errhint("Check bountygo.reader_path. No page is claimed until it is there.")));
		}
		pool->said_missing = true;
	}
	else
		pool->said_missing = false;
	pfree(program);
	return reader->child != NULL;
}

bool bg_pool_is_usable(bg_worker *worker)
{
	if (start(&worker->readers->readers[0]))
		return true;
	bg_worker_note(worker, "bountygo-reader cannot be started");
	return false;
}

/* Follows what the child wants to be woken for. */
static void follow(pool_reader *reader, bg_reader_state state)
{
	bg_pool *pool = reader->pool;

	if (state == BG_READER_WRITING && !reader->watches_write)
		reader->watches_write =
		    bg_loop_watch(pool->loop, bg_reader_write_fd(reader->child), EPOLLOUT, on_io, reader);
	else if (state != BG_READER_WRITING && reader->watches_write)
	{
		bg_loop_unwatch(pool->loop, bg_reader_write_fd(reader->child));
		reader->watches_write = false;
	}
	/* The end of file of a dead child stays readable: don't spin on it. */
	if (state == BG_READER_DEAD)
		bg_loop_unwatch(pool->loop, bg_reader_read_fd(reader->child));
}

static void on_io(int fd, uint32_t events, void *arg)
{
	pool_reader *reader = arg;

	if (reader->child != NULL)
		follow(reader, bg_reader_pump(reader->child));
}

static void on_limit(void *arg)
{
	pool_reader *reader = arg;

	if (reader->child == NULL || reader->count == 0)
		return;
	/* The answer may have come while the worker was busy. */
	follow(reader, bg_reader_pump(reader->child));
	if (bg_reader_get_state(reader->child) == BG_READER_DONE ||
	    bg_reader_get_state(reader->child) == BG_READER_DEAD)
		return;
	bg_reader_expire(reader->child);
	follow(reader, BG_READER_DEAD);
}

static bool send_job(pool_reader *reader, bg_job *job)
{
	const bg_fetch_result *page;

	if (job->model_stage)
		return bg_reader_send_ahead(reader->child, BG_READER_COMPLETE, job->result, job->result_len,
		                            NULL, 0, job->reply, job->reply_len);
	if (job->is_text)
		return bg_reader_send_ahead(reader->child, BG_READER_TEXT, NULL, 0, job->url,
		                            job->url != NULL ? strlen(job->url) : 0, job->content,
		                            job->content_len);
	page = bg_fetch_get_result(job->fetch);
	return bg_reader_send_ahead(
	    reader->child, BG_READER_HTML, page->content_type,
	    page->content_type != NULL ? strlen(page->content_type) : 0, page->final_url,
	    page->final_url != NULL ? strlen(page->final_url) : 0, page->body, page->body_len);
}

/* The reader is stopped: what it was sent ahead waits again, untouched. */
static void requeue(pool_reader *reader)
{
	for (int i = 0; i < reader->count; i++)
		if (reader->jobs[i] != NULL)
			reader->jobs[i]->phase = BG_PHASE_QUEUED;
	reader->count = 0;
	stop(reader);
}

static bg_job *shift(pool_reader *reader)
{
	bg_job *job = reader->jobs[0];

	memmove(reader->jobs, reader->jobs + 1, sizeof(bg_job *) * --reader->count);
	return job;
}

/* Takes what a child has come to: answers, or its death. */
static void take(bg_worker *worker, pool_reader *reader)
{
	while (bg_reader_get_state(reader->child) == BG_READER_DONE)
	{
		bg_job *job = shift(reader);
		size_t len = 0;
		char *answer = bg_reader_take(reader->child, &len);

		bg_timer_set(reader->limit, reader->count > 0 ? BG_READER_HARD_LIMIT_MS : -1);
		if (job == NULL)
			free(answer);
		else
		{
			job->answer = answer;
			job->answer_len = len;
			bg_pipeline_answered(worker, job);
		}
		if (reader->count > 0)
			follow(reader, bg_reader_pump(reader->child));
		else if (bg_reader_served(reader->child) >= bg_reader_pages)
		{
			stop(reader);
			return;
		}
	}
	if (bg_reader_get_state(reader->child) == BG_READER_DEAD)
	{
		bg_outcome death = (bg_outcome) bg_reader_death(reader->child);
		bg_job *job = reader->count > 0 ? shift(reader) : NULL;

		ereport(LOG, (errmsg("a bountygo-reader ended while it read for job %lld: %s",
		                     job != NULL ? (long long) job->id : 0LL, bg_outcome_name(death))));
		requeue(reader);
		worker->counts.restarts++;
		if (job != NULL)
		{
			job->crashed = true;
			bg_job_fail(job, death, "");
			bg_pipeline_answered(worker, job);
		}
	}
}

/* The reader with the least to do that takes one more; NULL if none does. */
static pool_reader *least_busy(bg_pool *pool)
{
	pool_reader *best = NULL;

	for (int i = 0; i < bg_readers; i++)
	{
		pool_reader *reader = &pool->readers[i];

		if (best != NULL && reader->count >= best->count)
			continue;
		if (reader->child == NULL ||
		    (bg_reader_has_room(reader->child) &&
		     bg_reader_served(reader->child) + reader->count < bg_reader_pages))
			best = reader;
	}
	return best;
}

void bg_pool_turn(bg_worker *worker)
{
	bg_pool *pool = worker->readers;
	dlist_iter iter;

	for (int i = 0; i < MAX_READERS; i++)
	{
		if (pool->readers[i].child != NULL)
			take(worker, &pool->readers[i]);
		if (pool->readers[i].child != NULL && pool->readers[i].count == 0 && i >= bg_readers)
			stop(&pool->readers[i]);
	}
	dlist_foreach(iter, &worker->jobs)
	{
		bg_job *job = dlist_container(bg_job, node, iter.cur);
		pool_reader *reader;

		if (job->phase != BG_PHASE_QUEUED)
			continue;
		reader = least_busy(pool);
		if (reader == NULL || !start(reader))
			return;
		if (!send_job(reader, job))
		{
			/* It is larger than the reader takes. */
			bg_job_fail(job, BG_TOO_LARGE, "");
			bg_pipeline_answered(worker, job);
			continue;
		}
		job->phase = BG_PHASE_READ;
		if (reader->count == 0)
			bg_timer_set(reader->limit, BG_READER_HARD_LIMIT_MS);
		reader->jobs[reader->count++] = job;
		follow(reader, bg_reader_pump(reader->child));
		/* A quick answer is here already, and its event with it: there will be no other. */
		take(worker, reader);
	}
}

/* A job that is no longer ours: if it is being read, its reader is stopped, for the answer has no taker. */
void bg_pool_forget(bg_pool *pool, bg_job *job)
{
	for (int i = 0; i < MAX_READERS; i++)
	{
		pool_reader *reader = &pool->readers[i];

		for (int k = 0; k < reader->count; k++)
		{
			if (reader->jobs[k] != job)
				continue;
			reader->jobs[k] = NULL;
			if (k == 0)
				requeue(reader);
		}
	}
}

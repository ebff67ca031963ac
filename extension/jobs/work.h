/*
 * work.h
 *		What the files of jobs/ share inside a worker process. Not for others.
 *
 * A job in hand is on malloc, as is all that hangs on it: it lives across transactions and is handed to libcurl and the readers. It is
 * on one list from its claim to its end and is freed by bg_job_free() alone.
 */
#ifndef BG_WORK_H
#define BG_WORK_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "lib/ilist.h"

#include "../outcome.h"
#include "../reader/client.h"
#include "../web/fetch.h"

typedef enum bg_phase
{
	BG_PHASE_NEW,    /* claimed; starts once the claim has committed */
	BG_PHASE_FETCH,  /* on the network */
	BG_PHASE_ASK,    /* the model is asked */
	BG_PHASE_QUEUED, /* waits for a reader */
	BG_PHASE_READ,   /* in a reader */
	BG_PHASE_READY   /* "action" says what the next transaction does with it */
} bg_phase;

typedef enum bg_action
{
	BG_ACTION_NONE,
	BG_ACTION_STORE,        /* "answer" is a page's result */
	BG_ACTION_FAIL,         /* "outcome", "detail", "crashed" */
	BG_ACTION_UNCHANGED,    /* the page is that of "snapshot_id" */
	BG_ACTION_STORE_REPLY,  /* "reply" came: store it, then have it read */
	BG_ACTION_COMPLETE,     /* "answer" is the result with the model's part */
	BG_ACTION_MODEL_FAILED, /* no usable reply */
	BG_ACTION_RULES,        /* end with the rules' result; "reason" says why */
	BG_ACTION_STORE_KEYS    /* the page is an identity provider's keys */
} bg_action;

typedef struct bg_job
{
	dlist_node node;
	bg_phase phase;
	bg_action action;
	int64_t ready_ms; /* when it became READY */
	bool is_fresh;    /* claimed in the transaction under way */
	bool is_over;     /* ended in the transaction under way */

	int64 id;
	int32 token;
	bool model_stage;
	bool is_text;
	bool is_keys; /* of kind jwks: no reader sees it */
	bool is_public;
	char *host;
	char *url;     /* NULL for text that was handed in without one */
	char *content; /* such text */
	size_t content_len;
	int64 snapshot_id; /* the last one of this URL, or the one the model is asked about; 0 = none */
	char *etag;
	char *last_modified;

	bg_fetch *fetch;
	char *answer; /* the reader's */
	size_t answer_len;
	bg_outcome outcome;
	char detail[160];
	bool crashed; /* its page killed the reader */

	/* The model stage */
	bg_http_transfer *call;
	int64 call_id;
	int tries;
	bool waited_long;
	char *result; /* the rules' result with its text */
	size_t result_len;
	char *request; /* body of the call, until it starts */
	size_t request_len;
	char *reply;
	size_t reply_len;
	int http_status;
	long retry_after_s;
	long elapsed_ms;
	bool may_retry;
	bool counts_for_breaker;
	const char *reason; /* static */
} bg_job;

typedef struct bg_counts
{
	int claimed;
	int done;
	int failed;
	int retried;
	int lost;
	int restarts;
} bg_counts;

typedef struct bg_pool bg_pool;

typedef struct bg_worker
{
	int slot;
	bg_loop *loop;
	bg_http *fetch_http;
	bg_fetcher *fetcher;
	bg_http *model_http;
	bg_pool *readers;
	dlist_head jobs;      /* all in hand */
	bg_counts counts;     /* not yet written to the slot's row */
	char *error;          /* malloc'd, for last_error, or NULL */
	TimestampTz next_due; /* when the queue has work next; 0 = nothing waits */
	bool enabled;         /* what worker_control said last */
	bool want_pages;      /* there may be pages or texts that are due */
	bool want_model;      /* ... or jobs for the model */
	/* Settings of the network changed: claim nothing until the old connections are idle. */
	bool rebuild;
	char *network; /* malloc'd: the settings that connections are made with */
	int64_t renewed_ms;
	int64_t claimed_ms;
	int64_t expired_ms; /* when leases of others were looked at */
	int64_t looked_ms;  /* when next_due was asked for */
	int64_t retry_ms;   /* after an error of no job: nothing is written before */
	int64_t minute_ms;  /* when bg_turn_minute() is due */
	long retry_pause_ms;
} bg_worker;

/* ---- worker.c ---- */
extern void bg_job_free(bg_worker *worker, bg_job *job);
extern void bg_job_ready(bg_job *job, bg_action action);
extern void bg_job_fail(bg_job *job, bg_outcome outcome, const char *detail);
extern void bg_worker_note(bg_worker *worker, const char *error);

/* ---- turn.c ---- */
/* Begins a transaction with SPI and a snapshot; false (and none begun) if the extension is not there. */
extern bool bg_turn_begin(const char *activity);
extern void bg_turn_commit(void);
/* In a catch block: reports the error and aborts. Returns its SQLSTATE. */
/* One transaction: writes what is READY, renews, claims; then starts what was claimed. False: the extension is gone. */
extern bool bg_turn_run(bg_worker *worker);
/* Milliseconds until a turn has something to do: 0 = now, -1 = not before something happens. */
extern long bg_turn_due(bg_worker *worker);
/* What is done by the clock, in a transaction of its own; when next: worker->minute_ms. */
extern void bg_turn_minute(bg_worker *worker);
#define BG_TURN_BATCH 32    /* finished jobs that are stored at once ... */
#define BG_TURN_DELAY_MS 20 /* ... or when the first has waited so long */

/* ---- queue.c: inside a transaction with SPI connected ---- */
extern bool bg_queue_is_enabled(void);
extern bool bg_queue_take_slot(int slot);
extern void bg_queue_leave_slot(int slot);
/* Takes back what others let run out, and makes jobs for identity providers whose keys are wanted or old. */
extern void bg_queue_expire(void);
extern int bg_queue_claim_pages(bg_worker *worker, int slots, TimestampTz moment);
extern int bg_queue_claim_stage(bg_worker *worker, const char *stage, int slots,
                                TimestampTz moment);
extern TimestampTz bg_queue_next(TimestampTz moment);
/* Renews all leases; jobs that are no longer ours are marked by token 0. */
extern void bg_queue_renew(bg_worker *worker);
extern void bg_queue_count(bg_worker *worker);
/* Locks the rows of the jobs' hosts, in one order for all workers. */
extern void bg_queue_lock_hosts(bg_job *const *jobs, int n);
/* A page to store, and what became of its job: "done", "model" or "lost" (palloc'd). */
typedef struct bg_queue_page
{
	const bg_job *job;
	bool to_model;
	const char *model_outcome;
	const char *state;
} bg_queue_page;
extern void bg_queue_store_pages(bg_queue_page *pages, int n);
/* The following return "done", "dead", "queued", "model" or "lost" (palloc'd). */
extern char *bg_queue_finish(const bg_job *job, const char *result, size_t result_len,
                             const char *model_outcome, bg_outcome outcome);
extern char *bg_queue_store_keys(const bg_job *job);
extern char *bg_queue_fail(const bg_job *job, const char *code);
extern char *bg_queue_fail_internal(const bg_job *job, const char *code);
/* True if there is more to do at once. */
extern bool bg_queue_every_minute(void);
extern char *bg_queue_defer(const bg_job *job, TimestampTz until, const char *why);

/* ---- readers.c ---- */
extern bg_pool *bg_pool_create(bg_loop *loop);
extern void bg_pool_free(bg_pool *readers);
/* Gives waiting jobs (phase QUEUED) to idle readers and takes what is done. Call after bg_loop_run(). */
extern void bg_pool_turn(bg_worker *worker);
/* False if the program is missing: then nothing may be claimed that needs it. Looks again every 5 seconds. */
extern bool bg_pool_is_usable(bg_worker *worker);
extern void bg_pool_forget(bg_pool *readers, bg_job *job);

/* ---- pipeline.c ---- */
extern void bg_pipeline_start(bg_worker *worker, bg_job *job);
extern void bg_pipeline_collect(bg_worker *worker);
extern void bg_pipeline_answered(bg_worker *worker, bg_job *job);
/* In a transaction: does what the job is READY for. True if the job is over, false if it goes on (its phase says how). */
extern bool bg_pipeline_apply(bg_worker *worker, bg_job *job);
/* The same for many, which are marked as over. */
extern void bg_pipeline_apply_all(bg_worker *worker, bg_job **jobs, int n);

/* ---- model.c ---- */
/* In the claim's transaction: admits the call or ends the job without it. True if the job goes on. */
extern bool bg_model_prepare(bg_worker *worker, bg_job *job);
extern void bg_model_start(bg_worker *worker, bg_job *job);
extern void bg_model_collect(bg_worker *worker);
extern bool bg_model_apply(bg_worker *worker, bg_job *job);
extern bool bg_model_is_wanted(const bg_job *job, const char **reason);

/* ---- launch.c ---- */
typedef struct bg_launch_extra
{
	Oid database;
	Oid role;
	uint64 transaction; /* of the start() that launches, to be waited for; 0 = none */
} bg_launch_extra;

/* Waits for the end of the transaction that launched this process: what it made can't be seen before, and nobody tells us. */
extern void bg_launch_wait(const bg_launch_extra *extra);

#endif

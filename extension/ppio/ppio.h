/*
 * ppio.h
 *		Asking PPIO, an OpenAI-compatible chat completions API, for what the rules left open.
 *
 * prompt.c and completion.c are plain C over memory; ledger.c talks to the database (call only inside a transaction with SPI
 * connected). The HTTP request itself is made by jobs/ through web/http.
 */
#ifndef BG_PPIO_H
#define BG_PPIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Not jansson.h: its json_object() is also a function of the server, so that no file may see both headers, and no code in the library
 * may call that one (it would reach the server's).
 */
typedef struct json_t json_t;

/* ---- prompt.c: plain C ------------------------------------------------------------------------------------- */

#define BG_PROMPT_MAX_TEXT (32 * 1024) /* bytes of page text given to the model */

/* True if the result has fields that the rules left open or in conflict and that a model may fill. */
extern bool bg_prompt_wanted(const json_t *result);
/*
 * The JSON body of the request: JSON mode, temperature 0, max_tokens, system and user message; the page's text is delimited and
 * declared to be data. "result" is an extraction result with its "text". malloc'd; NULL when out of memory.
 */
extern char *bg_prompt_build(const char *model, const json_t *result, int max_tokens, size_t *len);
/*
 * Both from the result's JSON text, for callers that include server headers. NULL with *wanted false: nothing to ask (or not a
 * result); NULL with *wanted true: out of memory.
 */
extern char *bg_prompt_from_json(const char *model, const char *result, size_t result_len,
                                 int max_tokens, size_t *len, bool *wanted);
/* Tokens to reserve: an upper bound of prompt plus max_tokens for a body of so many bytes. */
extern int64_t bg_prompt_reserve_tokens(size_t body_len, int max_tokens);

/* ---- completion.c: plain C, also linked into bountygo-reader ------------------------------------------------- */

#define BG_COMPLETION_MAX (256 * 1024) /* bytes of a reply */

typedef enum bg_completion_outcome
{
	BG_COMPLETION_OK,
	BG_COMPLETION_BAD_JSON, /* envelope or content is not JSON (prose around one JSON object is tolerated) */
	BG_COMPLETION_BAD_SCHEMA, /* JSON of another shape */
	BG_COMPLETION_TRUNCATED,  /* finish_reason length, or cut */
	BG_COMPLETION_REFUSED     /* finish_reason content_filter or a refusal */
} bg_completion_outcome;

typedef struct bg_completion
{
	json_t *fields; /* {name: {"value", "quote"}}, only known names and types; NULL unless OK */
	int64_t prompt_tokens; /* -1 = not stated */
	int64_t completion_tokens;
} bg_completion;

extern bg_completion_outcome bg_completion_parse(const char *reply, size_t len,
                                                 bg_completion *completion);
extern void bg_completion_free(bg_completion *completion);
extern const char *bg_completion_outcome_name(bg_completion_outcome outcome);

/* ---- ledger.c: server side, inside a transaction ------------------------------------------------------------- */

typedef enum bg_admission
{
	BG_ADMIT,        /* *call_id holds the reserved row of model_calls */
	BG_ADMIT_LATER,  /* breaker open, provider paused or rate reached: try at *retry_at */
	BG_ADMIT_BUDGET, /* today's budget is used up: finish by rules, or wait until tomorrow */
	BG_ADMIT_QUOTA,  /* the user's calls of today are used up: finish by rules */
	BG_ADMIT_NO_KEY  /* no key configured: rules only */
} bg_admission;

/* Reserves tokens for a call before it is made. *retry_at is microseconds of the PostgreSQL epoch (TimestampTz). */
extern bg_admission bg_ledger_admit(int64_t job_id, int64_t tokens, int64_t *call_id,
                                    int64_t *retry_at);
/* Stores the raw reply as it came (its own commit follows), before anything parses it. */
extern void bg_ledger_store_reply(int64_t call_id, int http_status, const char *reply, size_t len,
                                  long elapsed_ms);
/* The call failed before a usable reply: releases the reservation, feeds the breaker. "retry_after_s" -1 = none. */
extern void bg_ledger_fail(int64_t call_id, const char *outcome, int http_status,
                           long retry_after_s, bool counts_for_breaker);
/* Replaces the reservation by what was spent (-1: the reservation stands) and closes the call. */
extern void bg_ledger_settle(int64_t call_id, const char *outcome, int64_t prompt_tokens,
                             int64_t completion_tokens);
/* The API key from the key file, or NULL. Read at start and reload; never logged. */
extern const char *bg_ppio_key(void);
extern void bg_ppio_reload_key(void);

#endif

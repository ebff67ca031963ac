/*
 * extract.h
 *		What bountygo-reader answers: page/ and facts/ put together into the extraction result of API.md.
 *
 * Plain C. Every function returns malloc'd JSON text (valid UTF-8, no NUL) and its length, or NULL when out of memory.
 */
#ifndef BG_EXTRACT_H
#define BG_EXTRACT_H

#include <stddef.h>

/* The extraction result of a page. "url" and "content_type" may be NULL. */
extern char *bg_extract_html(const char *bytes, size_t len, const char *url,
                             const char *content_type, size_t *out_len);
/* The extraction result of plain text or Markdown (valid UTF-8). */
extern char *bg_extract_text(const char *text, size_t len, const char *url, size_t *out_len);
/*
 * Joins a model's raw HTTP reply to an earlier result. "result" is that result's JSON, with its "text". Returns the new result,
 * with "model": {"outcome": ok | bad_json | bad_schema | truncated | refused, "accepted": [names], "rejected": [...],
 * "prompt_tokens", "completion_tokens"}; with any outcome but ok the fields are those of "result".
 */
extern char *bg_extract_complete(const char *result, size_t result_len, const char *reply,
                                 size_t reply_len, size_t *out_len);

#endif

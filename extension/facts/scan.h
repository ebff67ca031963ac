/*
 * scan.h
 *		Small searches that the files of facts/ share: bytes, words, cues. Plain C over memory, internal to facts/.
 *
 * A "cue" is a lower-case phrase searched in lower-cased text. Where it begins or ends with an ASCII letter or digit, it must
 * stand at a word boundary there; a trailing '*' gives up the boundary at the end ("announc*").
 */
#ifndef BG_SCAN_H
#define BG_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BG_SCAN_NONE ((size_t) -1)

static inline bool bg_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool bg_is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool bg_is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static inline bool bg_is_alpha(char c)
{
	return bg_is_upper(c) || bg_is_lower(c);
}

static inline bool bg_is_alnum(char c)
{
	return bg_is_alpha(c) || bg_is_digit(c);
}

static inline bool bg_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static inline char bg_to_lower(char c)
{
	return bg_is_upper(c) ? (char) (c + 32) : c;
}

static inline char bg_to_upper(char c)
{
	return bg_is_lower(c) ? (char) (c - 32) : c;
}

/* The first occurrence of bytes in bytes, or NULL. */
extern const char *bg_scan_find(const char *text, size_t len, const char *what, size_t size);
/* True if the bytes at "at" begin with the string. */
extern bool bg_scan_has(const char *text, size_t len, size_t at, const char *string);
/* The same, ASCII case folded; "string" must be lower case. */
extern bool bg_scan_has_fold(const char *text, size_t len, size_t at, const char *string);
/* True if the bytes before "at" end with the string. */
extern bool bg_scan_ends(const char *text, size_t at, const char *string);
/* Position after blanks (space, tab, NBSP, ideographic and thin spaces) and Markdown emphasis from "at". */
extern size_t bg_scan_skip(const char *text, size_t len, size_t at);
/* Position before such blanks, going backwards from "at". */
extern size_t bg_scan_skip_back(const char *text, size_t at);
/* Which pairs of bytes occur: tells quickly of most cues that they don't. */
typedef struct bg_pairs
{
	uint64_t bits[64];
} bg_pairs;

extern void bg_pairs_of(bg_pairs *pairs, const char *lower, size_t from, size_t to);
/* False if the cue is certainly not there. */
extern bool bg_pairs_may(const bg_pairs *pairs, const char *cue);
/* First cue of a NULL-terminated list in lower[from..to); *end gets its end. BG_SCAN_NONE if none. */
extern size_t bg_cue_first(const char *lower, size_t from, size_t to, const char *const *cues,
                           size_t *end);
/* The cue that ends last in lower[from..to). */
extern size_t bg_cue_last(const char *lower, size_t from, size_t to, const char *const *cues,
                          size_t *end);
extern bool bg_cue_any(const char *lower, size_t from, size_t to, const char *const *cues);
/* How many of the cues occur at least once. */
extern int bg_cue_kinds(const char *lower, size_t from, size_t to, const char *const *cues);
/* How often one cue occurs, up to "most". */
extern int bg_cue_count(const char *lower, size_t from, size_t to, const char *cue, int most);
/* True if the text has a CJK ideograph in [from..to). */
extern bool bg_scan_cjk(const char *text, size_t from, size_t to);
/* True if it has kana. */
extern bool bg_scan_kana(const char *text, size_t from, size_t to);
/* Moves a byte offset back to the start of a UTF-8 sequence. */
extern size_t bg_scan_align(const char *text, size_t at);

#endif

/*
 * util.h
 *		Small things every part of the gateway needs: string views, growing buffers, UTF-8 and percent-encoding checks.
 *
 * Plain C over memory. Memory that can't be had ends the process: there is nothing sensible left to do for a gateway.
 */
#ifndef BG_GW_UTIL_H
#define BG_GW_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bg_str
{
	const char *s;
	size_t n;
} bg_str;

typedef struct bg_buf
{
	char *s; /* NUL-terminated once something was added */
	size_t n;
	size_t room;
} bg_buf;

extern void *bg_alloc(size_t size); /* zeroed */
extern char *bg_copy(const char *s, size_t n);

extern void bg_buf_add(bg_buf *buf, const char *s, size_t n);
extern void bg_buf_puts(bg_buf *buf, const char *s);
extern void bg_buf_printf(bg_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A JSON string with its quotes; what isn't UTF-8 becomes U+FFFD. */
extern void bg_buf_json(bg_buf *buf, const char *s, size_t n);
extern void bg_buf_free(bg_buf *buf);

extern bool bg_str_is(bg_str str, const char *other);
extern bool bg_str_is_nocase(bg_str str, const char *other);
extern bg_str bg_str_trim(bg_str str); /* spaces and tabs */
/* The next element of a list with commas between, trimmed, which may be empty; rest becomes what follows it. False at the end. */
extern bool bg_str_next(bg_str *rest, bg_str *element);
/* True if the list, with commas or spaces between, has this element, whatever its case. */
extern bool bg_str_is_listed(bg_str str, const char *list);

/* Length of the valid UTF-8 character at s, 0 if there is none. No surrogates, no overlong forms, nothing over U+10FFFF. */
extern int bg_utf8_length(const char *s, size_t n);
/* True if all of it is UTF-8 without NUL. */
extern bool bg_utf8_valid(const char *s, size_t n);

/* Decodes %XX (and + as a space if asked) at the end of out. False if an escape is malformed or the result isn't valid text. */
extern bool bg_percent_decode(bg_str in, bool plus, bg_buf *out);

/* A fresh request id of 32 hexadecimal digits. */
extern void bg_random_id(char id[33]);

#endif

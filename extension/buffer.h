/*
 * buffer.h
 *		A growable byte buffer on malloc, and UTF-8 arithmetic.
 *
 * Ground for the plain C modules (page, facts, web, reader, ppio): no server header, no exceptions.
 * An allocation failure sets "failed" and makes later appends no-ops, so callers check once at the end.
 */
#ifndef BG_BUFFER_H
#define BG_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bg_buffer
{
	char *data; /* NUL-terminated once anything was appended; NULL before */
	size_t len; /* bytes, without the NUL */
	size_t capacity;
	size_t limit; /* most bytes it may hold; 0 = no limit. Going over sets "failed" */
	bool failed;  /* out of memory or over the limit: contents end before what failed */
} bg_buffer;

extern void bg_buffer_init(bg_buffer *buffer, size_t limit);
extern void bg_buffer_append(bg_buffer *buffer, const void *bytes, size_t len);
extern void bg_buffer_puts(bg_buffer *buffer, const char *string);
extern void bg_buffer_putc(bg_buffer *buffer, char c);
extern void bg_buffer_printf(bg_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Drops everything after "len" bytes. */
extern void bg_buffer_truncate(bg_buffer *buffer, size_t len);
/* Hands the bytes over to the caller (free()); NULL if failed. The buffer is empty afterwards. */
extern char *bg_buffer_detach(bg_buffer *buffer, size_t *len);
extern void bg_buffer_free(bg_buffer *buffer);

/* Copies a string into an array of "size" bytes, cut at its end if it is longer; always terminated. */
extern void bg_string_copy(char *to, size_t size, const char *from);

/* Decodes one code point at *position (< len), advances it. Invalid bytes: U+FFFD, advances by 1. */
extern uint32_t bg_utf8_next(const char *bytes, size_t len, size_t *position);
/* Number of code points in bytes[0..len). Counts lead bytes: input must be valid UTF-8. */
extern size_t bg_utf8_count(const char *bytes, size_t len);
/* Byte offset of the code point with the given index; len if there are fewer. */
extern size_t bg_utf8_offset(const char *bytes, size_t len, size_t index);
/* True if valid UTF-8 without NUL. */
extern bool bg_utf8_valid(const char *bytes, size_t len);
/*
 * Appends bytes as text fit for PostgreSQL: invalid sequences become U+FFFD, NUL and C0 controls other than newline
 * and tab are dropped, CR LF and CR become newline.
 */
extern void bg_utf8_clean(bg_buffer *out, const char *bytes, size_t len);

#endif

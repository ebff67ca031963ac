/*
 * page_read.h
 *		What the tests of page/ share: reading a page from a string, and building large ones.
 */
#ifndef BG_TEST_PAGE_READ_H
#define BG_TEST_PAGE_READ_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "buffer.h"
#include "page/page.h"

#define HTML "text/html"
#define URL "https://example.org/dir/page"

#define assert_has(text, part)                               \
	do                                                       \
	{                                                        \
		if (strstr((text), (part)) == NULL)                  \
			fail_msg("no \"%s\" in \"%s\"", (part), (text)); \
	} while (0)
#define assert_lacks(text, part)                          \
	do                                                    \
	{                                                     \
		if (strstr((text), (part)) != NULL)               \
			fail_msg("\"%s\" in \"%s\"", (part), (text)); \
	} while (0)

static inline bg_outcome read_bytes(const char *bytes, size_t len, const char *type, bg_page *page)
{
	/* Exactly as long as it is said to be, so that a sanitizer sees a read past the end. */
	char *copy = malloc(len > 0 ? len : 1);
	bg_outcome outcome;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	outcome = bg_page_read(copy, len, type, URL, NULL, page);
	free(copy);
	assert_non_null(page->text);
	assert_non_null(page->jsonld);
	assert_int_equal(strlen(page->text), page->text_len);
	assert_true(bg_utf8_valid(page->text, page->text_len));
	return outcome;
}

static inline bg_outcome read_string(const char *html, bg_page *page)
{
	return read_bytes(html, strlen(html), HTML, page);
}

static inline void repeat(bg_buffer *out, const char *piece, size_t times)
{
	while (times-- > 0)
		bg_buffer_puts(out, piece);
}

/* Seconds of processor time for one reading of a large page. */
static inline double time_reading(const bg_buffer *html, bg_page *page, bg_outcome *outcome)
{
	clock_t start = clock();

	*outcome = read_bytes(html->data, html->len, HTML, page);
	return (double) (clock() - start) / CLOCKS_PER_SEC;
}

#endif

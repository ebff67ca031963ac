/*
 * page.c
 *		Fuzzer: any bytes as a page. The first byte chooses what the header says; text and values must come out clean.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "page/page.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *value)
{
	if (value != NULL && !bg_utf8_valid(value, strlen(value)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {
	    "text/html; charset=utf-8",
	    "text/html",
	    NULL,
	    "text/plain",
	    "text/html; charset=gbk",
	    "text/html; charset=utf-16le",
	    "text/html; charset=shift_jis",
	    "application/xhtml+xml",
	};
	bg_page_limits limits = bg_page_default_limits;
	bg_page page;
	uint8_t first;

	if (size == 0)
		return 0;
	bg_page_prepare();
	first = data[0];
	/* Small limits are reached by small inputs. */
	if ((first & 0x80) != 0)
	{
		limits.max_depth = 8;
		limits.max_nodes = 64;
		limits.max_attributes = 4;
		limits.max_text = 128;
	}
	bg_page_read((const char *) data + 1, size - 1, types[first & 7], "https://example.org/a/b?c",
	             &limits, &page);
	if (page.text == NULL || page.jsonld == NULL || strlen(page.text) != page.text_len ||
	    page.nodes > limits.max_nodes)
		abort();
	check(page.text);
	check(page.title.value);
	check(page.author.value);
	check(page.published.value);
	check(page.site.value);
	check(page.canonical.value);
	check(page.description.value);
	check(page.image.value);
	check(page.keywords.value);
	check(page.document_title);
	check(page.heading);
	bg_page_free(&page);
	return 0;
}

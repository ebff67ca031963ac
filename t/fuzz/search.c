/*
 * search.c
 *		Fuzzes the scanner of search, distances and forms. The input is one text; its first tokens are the words.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "search/parser.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(void *context, const char *form, size_t len)
{
	if (len > *(const size_t *) context)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bg_search_parser parser;
	bg_search_token token;
	char before[BG_SEARCH_MAX_TOKEN];
	size_t before_len = 0;
	size_t tokens = 0;

	bg_search_parser_init(&parser, (const char *) data, size);
	while (bg_search_parser_next(&parser, &token))
	{
		int there;

		if (token.len == 0 || token.len > BG_SEARCH_MAX_TOKEN || token.kind < 1 ||
		    token.kind > BG_SEARCH_KINDS || ++tokens > 3 * size + 1)
			abort();
		there = bg_search_distance(before, before_len, token.text, token.len, 2);
		if (there != bg_search_distance(token.text, token.len, before, before_len, 2) ||
		    there < 0 || there > 3)
			abort();
		if (tokens < 16)
			bg_search_forms(token.text, token.len, 2, look, &token.len);
		(void) bg_search_is_single(token.text, token.len);
		memcpy(before, token.text, token.len);
		before_len = token.len;
	}
	return 0;
}

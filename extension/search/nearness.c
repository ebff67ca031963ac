/*
 * nearness.c
 *		How far two words are from each other, and the forms by which near ones are found in an index; see parser.h.
 */
#include <string.h>

#include "search/characters.h"
#include "search/parser.h"

/* The characters of a word, or -1. */
static int decode(const char *word, size_t len, uint32_t codes[BG_SEARCH_MAX_WORD])
{
	int n = 0;

	for (size_t at = 0; at < len;)
	{
		bg_char c = bg_char_read((const unsigned char *) word + at, len - at);

		if (n == BG_SEARCH_MAX_WORD || c.code == 0)
			return -1;
		codes[n++] = c.code;
		at += c.len;
	}
	return n;
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

bool bg_search_is_single(const char *text, size_t len)
{
	bg_char c = bg_char_read((const unsigned char *) text, len);

	return c.len == len && c.class == BG_CHAR_DENSE;
}

int bg_search_distance(const char *a, size_t a_len, const char *b, size_t b_len, int limit)
{
	uint32_t left[BG_SEARCH_MAX_WORD];
	uint32_t right[BG_SEARCH_MAX_WORD];
	int rows[3][BG_SEARCH_MAX_WORD + 1];
	int n = decode(a, a_len, left);
	int m = decode(b, b_len, right);
	int *before = rows[0];
	int *above = rows[1];
	int *now = rows[2];

	if (n < 0 || m < 0 || n - m > limit || m - n > limit)
		return limit + 1;
	for (int j = 0; j <= m; j++)
		above[j] = j;
	for (int i = 1; i <= n; i++)
	{
		int *spare = before;

		now[0] = i;
		for (int j = 1; j <= m; j++)
		{
			now[j] = least(least(above[j], now[j - 1]) + 1,
			               above[j - 1] + (left[i - 1] != right[j - 1]));
			if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
		before = above;
		above = now;
		now = spare;
	}
	return least(above[m], limit + 1);
}

static void take_form(const uint32_t *codes, int n, int skip, int skip_too, bg_search_take take,
                      void *context)
{
	char form[BG_SEARCH_MAX_WORD * 4];
	size_t len = 0;

	for (int i = 0; i < n; i++)
		if (i != skip && i != skip_too)
			len += bg_char_write(form + len, codes[i]);
	take(context, form, len);
}

bool bg_search_forms(const char *word, size_t len, int gaps, bg_search_take take, void *context)
{
	uint32_t codes[BG_SEARCH_MAX_WORD] = {0};
	int n = decode(word, len, codes);

	if (n < 0)
		return false;
	take_form(codes, n, -1, -1, take, context);
	for (int i = 0; gaps > 0 && n > 1 && i < n; i++)
	{
		/* Which of two equal neighbours goes makes no difference. */
		if (i > 0 && codes[i] == codes[i - 1])
			continue;
		take_form(codes, n, i, -1, take, context);
		for (int j = i + 1; gaps > 1 && n > 2 && j < n; j++)
			take_form(codes, n, i, j, take, context);
	}
	return true;
}

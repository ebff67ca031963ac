/*
 * scan.c
 *		Small searches over text: blanks, cues at word boundaries, scripts. Plain C; see scan.h.
 *
 * It knows nothing of money, dates or tasks.
 */
/* memmem */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "scan.h"

#include <string.h>

const char *bg_scan_find(const char *text, size_t len, const char *what, size_t size)
{
	return memmem(text, len, what, size);
}

bool bg_scan_has(const char *text, size_t len, size_t at, const char *string)
{
	size_t need = strlen(string);

	return at <= len && len - at >= need && memcmp(text + at, string, need) == 0;
}

bool bg_scan_has_fold(const char *text, size_t len, size_t at, const char *string)
{
	for (; *string != '\0'; string++, at++)
		if (at >= len || bg_to_lower(text[at]) != *string)
			return false;
	return true;
}

bool bg_scan_ends(const char *text, size_t at, const char *string)
{
	size_t need = strlen(string);

	return at >= need && memcmp(text + at - need, string, need) == 0;
}

/* Length of the blank at "at", 0 if none. */
static size_t blank_at(const char *text, size_t len, size_t at)
{
	if (at >= len)
		return 0;
	if (text[at] == ' ' || text[at] == '\t' || text[at] == '*' || text[at] == '`')
		return 1;
	if (bg_scan_has(text, len, at, "\xC2\xA0"))
		return 2;
	if (bg_scan_has(text, len, at, "\xE3\x80\x80") || bg_scan_has(text, len, at, "\xE2\x80\x89") ||
	    bg_scan_has(text, len, at, "\xE2\x80\xAF"))
		return 3;
	return 0;
}

size_t bg_scan_skip(const char *text, size_t len, size_t at)
{
	size_t blank;

	while ((blank = blank_at(text, len, at)) > 0)
		at += blank;
	return at;
}

size_t bg_scan_skip_back(const char *text, size_t at)
{
	for (;;)
	{
		if (at >= 1 && blank_at(text, at, at - 1) == 1)
			at -= 1;
		else if (at >= 2 && blank_at(text, at, at - 2) == 2)
			at -= 2;
		else if (at >= 3 && blank_at(text, at, at - 3) == 3)
			at -= 3;
		else
			return at;
	}
}

/* First occurrence of one cue at or after "from"; the length without '*' goes to *size. */
static size_t find_cue(const char *lower, size_t from, size_t to, const char *cue, size_t *size)
{
	size_t need = strlen(cue);
	bool open = need > 1 && cue[need - 1] == '*';

	if (open)
		need--;
	*size = need;
	while (from < to && to - from >= need)
	{
		const char *hit = memmem(lower + from, to - from, cue, need);
		size_t at;

		if (hit == NULL)
			break;
		at = (size_t) (hit - lower);
		if ((!bg_is_alnum(cue[0]) || at == 0 || !bg_is_alnum(lower[at - 1])) &&
		    (open || !bg_is_alnum(cue[need - 1]) || at + need >= to ||
		     !bg_is_alnum(lower[at + need])))
			return at;
		from = at + 1;
	}
	return BG_SCAN_NONE;
}

static unsigned pair_index(char a, char b)
{
	return ((unsigned char) a * 37u + (unsigned char) b) & 4095u;
}

void bg_pairs_of(bg_pairs *pairs, const char *lower, size_t from, size_t to)
{
	memset(pairs, 0, sizeof(*pairs));
	for (size_t i = from; i + 1 < to; i++)
	{
		unsigned index = pair_index(lower[i], lower[i + 1]);

		pairs->bits[index >> 6] |= 1ull << (index & 63);
	}
}

bool bg_pairs_may(const bg_pairs *pairs, const char *cue)
{
	unsigned index;

	if (pairs == NULL || cue[0] == '\0' || cue[1] == '\0' || cue[1] == '*')
		return true;
	index = pair_index(cue[0], cue[1]);
	return (pairs->bits[index >> 6] >> (index & 63) & 1) != 0;
}

/* The pairs of a stretch, if the list is long enough to be worth them. */
static const bg_pairs *prepare(bg_pairs *pairs, const char *lower, size_t from, size_t to,
                               const char *const *cues)
{
	for (int i = 0; i < 6; i++)
		if (cues[i] == NULL)
			return NULL;
	bg_pairs_of(pairs, lower, from, to);
	return pairs;
}

size_t bg_cue_first(const char *lower, size_t from, size_t to, const char *const *cues, size_t *end)
{
	bg_pairs pairs;
	const bg_pairs *known = NULL;
	size_t best = BG_SCAN_NONE;

	if (from >= to)
		return best;
	known = prepare(&pairs, lower, from, to, cues);
	for (; *cues != NULL; cues++)
	{
		size_t size;
		size_t at =
		    bg_pairs_may(known, *cues) ? find_cue(lower, from, to, *cues, &size) : BG_SCAN_NONE;

		if (at != BG_SCAN_NONE && (best == BG_SCAN_NONE || at < best))
		{
			best = at;
			if (end != NULL)
				*end = at + size;
		}
	}
	return best;
}

size_t bg_cue_last(const char *lower, size_t from, size_t to, const char *const *cues, size_t *end)
{
	bg_pairs pairs;
	const bg_pairs *known = NULL;
	size_t best = BG_SCAN_NONE;
	size_t best_end = 0;

	if (from < to)
		known = prepare(&pairs, lower, from, to, cues);
	for (; from < to && *cues != NULL; cues++)
	{
		size_t size;
		size_t at =
		    bg_pairs_may(known, *cues) ? find_cue(lower, from, to, *cues, &size) : BG_SCAN_NONE;

		while (at != BG_SCAN_NONE)
		{
			if (best == BG_SCAN_NONE || at + size > best_end ||
			    (at + size == best_end && at < best))
			{
				best = at;
				best_end = at + size;
			}
			at = find_cue(lower, at + 1, to, *cues, &size);
		}
	}
	if (end != NULL)
		*end = best_end;
	return best;
}

bool bg_cue_any(const char *lower, size_t from, size_t to, const char *const *cues)
{
	bg_pairs pairs;
	const bg_pairs *known = NULL;
	size_t size;

	if (from >= to)
		return false;
	known = prepare(&pairs, lower, from, to, cues);
	for (; *cues != NULL; cues++)
		if (bg_pairs_may(known, *cues) && find_cue(lower, from, to, *cues, &size) != BG_SCAN_NONE)
			return true;
	return false;
}

int bg_cue_kinds(const char *lower, size_t from, size_t to, const char *const *cues)
{
	bg_pairs pairs;
	const bg_pairs *known = NULL;
	int kinds = 0;
	size_t size;

	if (from >= to)
		return 0;
	known = prepare(&pairs, lower, from, to, cues);
	for (; *cues != NULL; cues++)
		kinds +=
		    bg_pairs_may(known, *cues) && find_cue(lower, from, to, *cues, &size) != BG_SCAN_NONE;
	return kinds;
}

int bg_cue_count(const char *lower, size_t from, size_t to, const char *cue, int most)
{
	int count = 0;
	size_t size;

	while (count < most)
	{
		size_t at = find_cue(lower, from, to, cue, &size);

		if (at == BG_SCAN_NONE)
			break;
		count++;
		from = at + size;
	}
	return count;
}

bool bg_scan_cjk(const char *text, size_t from, size_t to)
{
	/* U+4E00..U+9FFF start with the bytes E4 B8 to E9 BF. */
	for (; from + 2 < to; from++)
		if ((unsigned char) text[from] >= 0xE4 && (unsigned char) text[from] <= 0xE9)
			return true;
	return false;
}

bool bg_scan_kana(const char *text, size_t from, size_t to)
{
	for (; from + 2 < to; from++)
		if ((unsigned char) text[from] == 0xE3 &&
		    ((unsigned char) text[from + 1] == 0x81 || (unsigned char) text[from + 1] == 0x82 ||
		     (unsigned char) text[from + 1] == 0x83))
			return true;
	return false;
}

size_t bg_scan_align(const char *text, size_t at)
{
	while (at > 0 && ((unsigned char) text[at] & 0xC0) == 0x80)
		at--;
	return at;
}

/*
 * money.c
 *		Amounts of money in running text: numbers as people write them, with their unit, ranges and "up to". Plain C; see facts.h.
 *
 * A number without a unit is no money here, and no unit is ever assumed. It doesn't know what an amount is for: that is rules.
 */
#include "facts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "scan.h"
#include "units.h"

/* True if the ambiguous ways of writing the number are settled by the unit. */
static bool settle(bg_number *n, const char *code, bool prefixed)
{
	if (n->one_dot_group)
	{
		if (bg_unit_groups_with_dot(code))
		{
			n->scale = 0;
			if (n->multiplied)
				return false;
		}
		else if (bg_unit_is_fiat(code) && !n->multiplied)
			return false; /* $1.500: neither reading is safe */
	}
	if (n->decimal_comma && bg_unit_is_fiat(code) && !bg_unit_groups_with_dot(code) &&
	    !n->multiplied)
		return false;
	if (n->spaced && !prefixed && !bg_unit_groups_with_dot(code) && strcmp(code, "CHF") != 0)
		return false;
	return n->mantissa > 0;
}

/* A number with its unit at "at". */
static bool read_money(const char *text, size_t len, size_t at, const char *inherited, bg_number *n,
                       char *code, size_t *start, size_t *end)
{
	char before[16] = "";
	char after[16] = "";
	size_t before_start = at;
	size_t after_end = 0;
	size_t place;

	if (!bg_number_read(text, len, at, n))
		return false;
	*start = at;
	bg_unit_before(text, len, at, before, &before_start);
	place = n->end;
	if (place < len && text[place] == '+')
		place++;
	place = bg_scan_skip(text, len, place);
	/* After a dollar sign only a known unit overrides it ("$500 USDC"); alone, a plausible ticker will do. */
	if (place - n->end <= 6 &&
	    bg_unit_after(text, len, place, before[0] == '\0' && inherited[0] == '\0', after,
	                  &after_end) != NULL &&
	    !(before[0] != '\0' && text[place] == '$'))
	{
		/* "300 USD/hour" keeps its unit; "$143.1/ETH" has none after it */
		*end = after_end;
	}
	else
		after[0] = '\0';
	if (n->short_multiple && before[0] == '\0' && after[0] == '\0')
	{
		/* "5m" is metres or minutes, unless a unit says otherwise */
		n->mantissa = n->bare_mantissa;
		n->scale = n->bare_scale;
		n->end = n->bare_end;
		n->multiplied = n->short_multiple = false;
	}
	if (after[0] != '\0')
		bg_string_copy(code, BG_CURRENCY_SIZE, after);
	else if (before[0] != '\0')
		bg_string_copy(code, BG_CURRENCY_SIZE, before);
	else if (inherited[0] != '\0')
		bg_string_copy(code, BG_CURRENCY_SIZE, inherited);
	else
		return false;
	if (before[0] != '\0')
		*start = before_start;
	if (after[0] == '\0')
		*end = n->end;
	/* base units and such: 10 %, 5th, 3x are no amounts even if a code stands before them */
	if (after[0] == '\0' && *end < len &&
	    (text[*end] == '%' || (bg_is_alpha(text[*end]) && !n->multiplied)))
		return false;
	return settle(n, code, before[0] != '\0');
}

/* Size of a range's dash or word at "at", blanks included; 0 if none. */
static size_t range_separator(const char *text, size_t len, size_t at, bool between)
{
	static const char *const dashes[] = {"-", "\xE2\x80\x93", "\xE2\x80\x94", "~", "～", "至", "到",
	                                     "—", "to ",          "and "};
	size_t from = bg_scan_skip(text, len, at);

	for (size_t i = 0; i < sizeof(dashes) / sizeof(dashes[0]); i++)
		if (bg_scan_has(text, len, from, dashes[i]))
		{
			if (strcmp(dashes[i], "and ") == 0 && !between)
				continue;
			return bg_scan_skip(text, len, from + strlen(dashes[i])) - at;
		}
	return 0;
}

/* Where the digits of the next bg_number begin, if a number (with or without a sign before it) is at "at". */
static size_t number_start(const char *text, size_t len, size_t at)
{
	size_t limit = at + 8 < len ? at + 8 : len;
	size_t size;

	while (at < limit && bg_number_digit(text, len, at, &size) < 0)
	{
		if (text[at] == '\n' || text[at] == '.' || text[at] == ',')
			return BG_SCAN_NONE;
		at++;
	}
	return at < limit ? at : BG_SCAN_NONE;
}

static bool is_up_to(const char *text, size_t start)
{
	/* clang-format off */
	static const char *const cues[] = {
		"up to", "max", "max.", "maximum*", "as much as", "as high as", "capped at",
		"no more than", "最高", "高达", "不超过", "至多", "最多", "上限", "可达", "up-to", NULL
	};
	/* clang-format on */
	char window[48];
	size_t from = start > 40 ? start - 40 : 0;
	size_t n = 0;
	size_t end = 0;

	for (size_t i = from; i < start; i++)
	{
		if (text[i] == '\n' || text[i] == ';')
			n = 0;
		else
			window[n++] = bg_to_lower(text[i]);
	}
	if (bg_cue_last(window, 0, n, cues, &end) == BG_SCAN_NONE)
		return false;
	/* another number between the cue and this one takes the cue for itself */
	for (size_t i = end; i < n; i++)
		if (bg_is_digit(window[i]) || window[i] == ',' || window[i] == '.')
			return false;
	return true;
}

/* True if a number may begin at "at", judged by what is before it. */
static bool may_begin(const char *text, size_t at)
{
	char before;

	if (at == 0)
		return true;
	before = text[at - 1];
	if (bg_is_digit(before) || before == '_' || before == '#' || before == '@' || before == '/' ||
	    before == '\\' || before == '=' || before == '&')
		return false;
	if ((before == '.' || before == ',' || before == ':') && at > 1 && bg_is_digit(text[at - 2]))
		return false;
	if (bg_is_alpha(before))
	{
		char code[BG_CURRENCY_SIZE];
		size_t start;

		return bg_unit_before(text, at, at, code, &start) != NULL;
	}
	return true;
}

bool bg_money_next(const char *text, size_t len, size_t *position, bg_money *money)
{
	size_t at = *position;

	while (at < len)
	{
		bg_number n;
		bg_number m;
		char code[BG_CURRENCY_SIZE] = "";
		char code2[16] = "";
		size_t start;
		size_t end;
		size_t start2;
		size_t end2;
		size_t size;
		size_t gap;
		size_t next;
		bool own;
		bool between;

		/* nothing else begins a number; ideographs begin with E4..E9 */
		if (!bg_is_digit(text[at]) && (unsigned char) text[at] < 0xE3)
		{
			at++;
			continue;
		}
		if (bg_number_digit(text, len, at, &size) < 0 && bg_number_ideograph(text, len, at) < 0)
		{
			at++;
			continue;
		}
		if (!may_begin(text, at))
		{
			bg_number_run(text, len, at, &next);
			at = next > at ? next : at + 1;
			continue;
		}
		own = read_money(text, len, at, "", &n, code, &start, &end);
		if (!own && (!bg_number_read(text, len, at, &n) || (n.end < len && text[n.end] == '%')))
		{
			bg_number_run(text, len, at, &next);
			at = next > at ? next : at + 1;
			continue;
		}
		if (!own)
		{
			start = at;
			end = n.end;
		}
		between = start >= 8 && bg_scan_has_fold(text, len, start - 8, "between ");
		gap = range_separator(text, len, end, between);
		next = gap > 0 ? number_start(text, len, end + gap) : BG_SCAN_NONE;
		if (next != BG_SCAN_NONE && read_money(text, len, next, code, &m, code2, &start2, &end2) &&
		    start2 >= end && (!own || strcmp(code, code2) == 0 || code[0] == '\0'))
		{
			if (m.multiplied && !n.multiplied && m.bare_mantissa != m.mantissa && n.scale == 0 &&
			    m.bare_scale == 0 && n.mantissa < m.bare_mantissa && bg_number_compare(&n, &m) < 0)
			{
				/* $5-25k: the multiple belongs to both */
				bg_number scaled = n;
				bg_wide factor = m.mantissa / m.bare_mantissa;

				scaled.mantissa *= factor;
				if (bg_number_compare(&scaled, &m) < 0)
					n = scaled;
			}
			if (bg_number_compare(&n, &m) < 0 && (own || settle(&n, code2, false)))
			{
				memset(money, 0, sizeof(*money));
				bg_string_copy(money->currency, sizeof(money->currency), code2);
				if (bg_number_put(&m, money->digits, sizeof(money->digits)) &&
				    bg_number_put(&n, money->min_digits, sizeof(money->min_digits)))
				{
					money->amount = strtod(money->digits, NULL);
					money->min = strtod(money->min_digits, NULL);
					money->is_maximum = is_up_to(text, start);
					money->span.start = start;
					money->span.end = end2;
					*position = end2;
					return true;
				}
			}
		}
		if (own)
		{
			memset(money, 0, sizeof(*money));
			bg_string_copy(money->currency, sizeof(money->currency), code);
			if (bg_number_put(&n, money->digits, sizeof(money->digits)))
			{
				money->amount = strtod(money->digits, NULL);
				money->min = NAN;
				money->is_maximum = is_up_to(text, start);
				money->span.start = start;
				money->span.end = end;
				*position = end;
				return true;
			}
		}
		at = n.end > at ? n.end : at + 1;
	}
	*position = len;
	return false;
}

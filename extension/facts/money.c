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

#include "scan.h"
#include "units.h"

typedef unsigned __int128 wide;

#define MAX_DIGITS 24

/* A decimal number: mantissa / 10^scale. */
typedef struct number
{
	wide mantissa;
	int scale;
	size_t start;
	size_t end;
	bool one_dot_group;  /* "5.000": thousands or three decimals */
	bool decimal_comma;  /* "1,50" */
	bool spaced;         /* grouped by plain spaces */
	bool multiplied;     /* k, million, 万 ... */
	bool short_multiple; /* a single letter, which only a unit makes a multiple ("5m") */
	wide bare_mantissa;  /* before the short multiple */
	int bare_scale;
	size_t bare_end;
} number;

/* ASCII or full-width digit at "at": its value and size; -1 if none. */
static int digit_at(const char *text, size_t len, size_t at, size_t *size)
{
	if (at >= len)
		return -1;
	if (bg_is_digit(text[at]))
	{
		*size = 1;
		return text[at] - '0';
	}
	if (len - at >= 3 && (unsigned char) text[at] == 0xEF && (unsigned char) text[at + 1] == 0xBC &&
	    (unsigned char) text[at + 2] >= 0x90 && (unsigned char) text[at + 2] <= 0x99)
	{
		*size = 3;
		return (unsigned char) text[at + 2] - 0x90;
	}
	return -1;
}

/* Number of digits in a row from "at"; *end after them. */
static int digit_run(const char *text, size_t len, size_t at, size_t *end)
{
	int count = 0;
	size_t size;

	while (digit_at(text, len, at, &size) >= 0)
	{
		at += size;
		count++;
	}
	*end = at;
	return count;
}

/* A separator between groups of digits: its kind (',', '.', '\'', ' ', 'n' for narrow or no-break space) or 0. */
static char separator_at(const char *text, size_t len, size_t at, size_t *size)
{
	static const struct
	{
		const char *bytes;
		char kind;
	} separators[] = {{",", ','},           {"，", ','},       {".", '.'},
	                  {"．", '.'},          {"'", '\''},       {"\xE2\x80\x99", '\''},
	                  {" ", ' '},           {"\xC2\xA0", 'n'}, {"\xE2\x80\x89", 'n'},
	                  {"\xE2\x80\xAF", 'n'}};

	for (size_t i = 0; i < sizeof(separators) / sizeof(separators[0]); i++)
		if (bg_scan_has(text, len, at, separators[i].bytes))
		{
			*size = strlen(separators[i].bytes);
			return separators[i].kind;
		}
	return 0;
}

static bool take_digits(const char *text, size_t from, size_t to, number *n, int *taken)
{
	size_t size = 1;

	while (from < to)
	{
		int digit = digit_at(text, to, from, &size);

		if (digit < 0 || ++*taken > MAX_DIGITS)
			return false;
		n->mantissa = n->mantissa * 10 + (unsigned) digit;
		from += size;
	}
	return true;
}

/* The digits with their grouping and decimals. */
static bool read_digits(const char *text, size_t len, size_t at, number *n)
{
	size_t end;
	size_t next;
	size_t size;
	int taken = 0;
	int first = digit_run(text, len, at, &end);
	char group = 0;
	int groups = 0;

	memset(n, 0, sizeof(*n));
	n->start = at;
	if (first == 0 || !take_digits(text, at, end, n, &taken))
		return false;
	/* groups of three (or Indian groups of two before the last) */
	while (first <= 3)
	{
		char kind = separator_at(text, len, end, &size);
		int run;

		if (kind == 0 || (group != 0 && kind != group))
			break;
		run = digit_run(text, len, end + size, &next);
		if (run == 2 && kind == ',' && groups >= 0)
		{
			/* 1,00,000 */
			size_t last;
			size_t more;

			if (separator_at(text, len, next, &more) != ',' ||
			    (digit_run(text, len, next + more, &last) != 3 &&
			     digit_run(text, len, next + more, &last) != 2))
				break;
		}
		else if (run != 3)
			break;
		if (kind == '.' && groups == 0)
		{
			/* 5.000 alone stays open; 5.000.000 and 5.000,00 are groups */
			size_t more;
			char second = separator_at(text, len, next, &more);
			size_t ignored;

			if (!((second == '.' && digit_run(text, len, next + more, &ignored) == 3) ||
			      (second == ',' && digit_run(text, len, next + more, &ignored) == 2)))
				break;
		}
		if (!take_digits(text, end + size, next, n, &taken))
			return false;
		group = kind;
		groups++;
		end = next;
		if (kind == ' ')
			n->spaced = true;
	}
	/* decimals */
	{
		char kind = separator_at(text, len, end, &size);
		int run = kind == '.' || kind == ',' ? digit_run(text, len, end + size, &next) : 0;

		if (kind == '.' && run > 0 && group != '.' && run <= 18)
		{
			n->one_dot_group = run == 3 && groups == 0 && first <= 3 && n->mantissa != 0;
			if (!take_digits(text, end + size, next, n, &taken))
				return false;
			n->scale = run;
			end = next;
		}
		else if (kind == ',' && run > 0 && run <= 2 && group != ',')
		{
			n->decimal_comma = true;
			if (!take_digits(text, end + size, next, n, &taken))
				return false;
			n->scale = run;
			end = next;
		}
	}
	/* 1.2.3 and 2026.10.4 are no numbers */
	if ((separator_at(text, len, end, &size) == '.') && digit_run(text, len, end + size, &next) > 0)
		return false;
	n->end = end;
	return true;
}

static bool multiply(number *n, int zeros)
{
	while (zeros > 0 && n->scale > 0)
	{
		n->scale--;
		zeros--;
	}
	while (zeros-- > 0)
	{
		if (n->mantissa > ((wide) -1) / 100)
			return false;
		n->mantissa *= 10;
	}
	return true;
}

/* 千 万 億 and so on at "at": zeros and size; 0 if none. */
static int cjk_multiple(const char *text, size_t len, size_t at, size_t *size)
{
	static const struct
	{
		const char *bytes;
		int zeros;
	} multiples[] = {{"百万", 6}, {"千万", 7}, {"百萬", 6}, {"千萬", 7}, {"万", 4},
	                 {"萬", 4},   {"亿", 8},   {"億", 8},   {"千", 3},   {"百", 2}};

	for (size_t i = 0; i < sizeof(multiples) / sizeof(multiples[0]); i++)
		if (bg_scan_has(text, len, at, multiples[i].bytes))
		{
			*size = strlen(multiples[i].bytes);
			return multiples[i].zeros;
		}
	return 0;
}

/* 8万2千: further digits with smaller multiples are added. */
static bool read_cjk_multiples(const char *text, size_t len, number *n)
{
	size_t size;
	size_t at = bg_scan_skip(text, len, n->end);
	int zeros = cjk_multiple(text, len, at, &size);

	if (zeros == 0)
		return true;
	if (!multiply(n, zeros))
		return false;
	n->multiplied = true;
	n->end = at + size;
	for (;;)
	{
		number more;
		int less;

		if (digit_at(text, len, n->end, &size) < 0 || !read_digits(text, len, n->end, &more))
			return true;
		less = cjk_multiple(text, len, more.end, &size);
		if (less == 0 || less >= zeros)
		{
			/* 1万500元: plain digits may end it */
			if (less == 0 && more.scale == 0 && more.mantissa < 10000 && more.mantissa >= 100 &&
			    n->scale == 0)
			{
				n->mantissa += more.mantissa;
				n->end = more.end;
			}
			return true;
		}
		if (!multiply(&more, less) || more.scale > 0 || n->scale > 0)
			return true;
		n->mantissa += more.mantissa;
		n->end = more.end + size;
		zeros = less;
	}
}

/* k, m, bn, thousand, million after the digits. */
static bool read_multiple(const char *text, size_t len, number *n)
{
	static const struct
	{
		const char *word;
		int zeros;
		bool attached; /* must touch the digits */
	} words[] = {{"thousand", 3, false}, {"million", 6, false}, {"billion", 9, false},
	             {"mln", 6, false},      {"mio", 6, false},     {"mm", 6, true},
	             {"mn", 6, true},        {"bn", 9, true},       {"k", 3, true},
	             {"m", 6, true},         {"b", 9, true},        {"w", 4, true}};
	size_t skipped = bg_scan_skip(text, len, n->end);
	char code[16];
	size_t end;

	n->bare_mantissa = n->mantissa;
	n->bare_scale = n->scale;
	n->bare_end = n->end;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		size_t at = words[i].attached ? n->end : skipped;
		size_t after = at + strlen(words[i].word);

		if (!bg_scan_has_fold(text, len, at, words[i].word))
			continue;
		/* "5kUSD" is fine, "5km" is not */
		if (after < len && bg_is_alpha(text[after]) &&
		    (words[i].word[1] != '\0' ||
		     bg_unit_after(text, len, after, false, code, &end) == NULL))
			continue;
		if (after < len && bg_is_digit(text[after]))
			continue;
		n->multiplied = true;
		n->short_multiple = words[i].word[1] == '\0' && words[i].word[0] != 'k';
		if (!multiply(n, words[i].zeros))
			return false;
		n->end = after;
		return true;
	}
	return read_cjk_multiples(text, len, n);
}

static int cjk_digit(const char *text, size_t len, size_t at)
{
	static const char *const digits[] = {"零", "一", "二", "三", "四", "五",
	                                     "六", "七", "八", "九", "两"};

	for (int i = 0; i < 11; i++)
		if (bg_scan_has(text, len, at, digits[i]))
			return i == 10 ? 2 : i;
	return -1;
}

/* 五千, 三万五千, 一百二十: numbers in Chinese characters. */
static bool read_cjk_number(const char *text, size_t len, size_t at, number *n)
{
	unsigned long long total = 0;
	unsigned long long section = 0;
	unsigned long long digit = 0;
	bool multiple = false;

	memset(n, 0, sizeof(*n));
	n->start = at;
	for (int i = 0; i < 16; i++)
	{
		int value = cjk_digit(text, len, at);

		if (value >= 0)
		{
			digit = (unsigned long long) value;
			at += 3;
		}
		else if (bg_scan_has(text, len, at, "十"))
		{
			section += (digit == 0 ? 1 : digit) * 10;
			digit = 0;
			at += 3;
			multiple = true;
		}
		else if (bg_scan_has(text, len, at, "百") || bg_scan_has(text, len, at, "千"))
		{
			section += digit * (bg_scan_has(text, len, at, "百") ? 100 : 1000);
			digit = 0;
			at += 3;
			multiple = true;
		}
		else if (bg_scan_has(text, len, at, "万") || bg_scan_has(text, len, at, "萬") ||
		         bg_scan_has(text, len, at, "亿") || bg_scan_has(text, len, at, "億"))
		{
			bool wan = bg_scan_has(text, len, at, "万") || bg_scan_has(text, len, at, "萬");

			total = (total + section + digit) * (wan ? 10000ULL : 100000000ULL);
			section = digit = 0;
			at += 3;
			multiple = true;
		}
		else
			break;
		if (total > 1000000000000000ULL)
			return false;
	}
	total += section + digit;
	n->mantissa = n->bare_mantissa = total;
	n->end = n->bare_end = at;
	n->multiplied = multiple;
	return multiple && total > 0;
}

static bool read_number(const char *text, size_t len, size_t at, number *n)
{
	if (cjk_digit(text, len, at) >= 0)
		return read_cjk_number(text, len, at, n);
	return read_digits(text, len, at, n) && read_multiple(text, len, n);
}

/* True if the ambiguous ways of writing the number are settled by the unit. */
static bool settle(number *n, const char *code, bool prefixed)
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

/* Canonical decimal without trailing zeros of the fraction. */
static bool put_digits(const number *n, char *out, size_t size)
{
	char digits[48];
	int count = 0;
	int scale = n->scale;
	wide value = n->mantissa;
	size_t at = 0;

	while (scale > 0 && value % 10 == 0)
	{
		value /= 10;
		scale--;
	}
	do
	{
		digits[count++] = (char) ('0' + (int) (value % 10));
		value /= 10;
	} while (value > 0);
	while (count <= scale)
		digits[count++] = '0';
	if ((size_t) count + 2 > size)
		return false;
	while (count > 0)
	{
		out[at++] = digits[--count];
		if (count == scale && scale > 0)
			out[at++] = '.';
	}
	out[at] = '\0';
	return true;
}

static int compare(const number *a, const number *b)
{
	long double x = (long double) a->mantissa / powl(10, a->scale);
	long double y = (long double) b->mantissa / powl(10, b->scale);

	return x < y ? -1 : x > y;
}

/* A number with its unit at "at". */
static bool read_money(const char *text, size_t len, size_t at, const char *inherited, number *n,
                       char *code, size_t *start, size_t *end)
{
	char before[16] = "";
	char after[16] = "";
	size_t before_start = at;
	size_t after_end = 0;
	size_t place;

	if (!read_number(text, len, at, n))
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
		strcpy(code, after);
	else if (before[0] != '\0')
		strcpy(code, before);
	else if (inherited[0] != '\0')
		strcpy(code, inherited);
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

/* Where the digits of the next number begin, if a number (with or without a sign before it) is at "at". */
static size_t number_start(const char *text, size_t len, size_t at)
{
	size_t limit = at + 8 < len ? at + 8 : len;
	size_t size;

	while (at < limit && digit_at(text, len, at, &size) < 0)
	{
		if (text[at] == '\n' || text[at] == '.' || text[at] == ',')
			return BG_SCAN_NONE;
		at++;
	}
	return at < limit ? at : BG_SCAN_NONE;
}

static bool is_up_to(const char *text, size_t start)
{
	static const char *const cues[] = {
	    "up to",     "max",          "max.", "maximum*", "as much as", "as high as",
	    "capped at", "no more than", "最高", "高达",     "不超过",     "至多",
	    "最多",      "上限",         "可达", "up-to",    NULL};
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
		char code[16];
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
		number n;
		number m;
		char code[16] = "";
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
		if (digit_at(text, len, at, &size) < 0 && cjk_digit(text, len, at) < 0)
		{
			at++;
			continue;
		}
		if (!may_begin(text, at))
		{
			digit_run(text, len, at, &next);
			at = next > at ? next : at + 1;
			continue;
		}
		own = read_money(text, len, at, "", &n, code, &start, &end);
		if (!own && (!read_number(text, len, at, &n) || (n.end < len && text[n.end] == '%')))
		{
			digit_run(text, len, at, &next);
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
			    m.bare_scale == 0 && n.mantissa < m.bare_mantissa && compare(&n, &m) < 0)
			{
				/* $5-25k: the multiple belongs to both */
				number scaled = n;
				wide factor = m.mantissa / m.bare_mantissa;

				scaled.mantissa *= factor;
				if (compare(&scaled, &m) < 0)
					n = scaled;
			}
			if (compare(&n, &m) < 0 && (own || settle(&n, code2, false)))
			{
				memset(money, 0, sizeof(*money));
				strcpy(money->currency, code2);
				if (put_digits(&m, money->digits, sizeof(money->digits)) &&
				    put_digits(&n, money->min_digits, sizeof(money->min_digits)))
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
			strcpy(money->currency, code);
			if (put_digits(&n, money->digits, sizeof(money->digits)))
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

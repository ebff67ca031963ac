/*
 * number.c
 *		Reads numbers as people write them, exactly. Plain C; see number.h.
 *
 * It knows no units, but for one question: whether a letter after digits begins one ("5kUSD"). What stays open ("5.000") is marked for
 * the caller to settle.
 */
#include "number.h"

#include <math.h>
#include <string.h>

#include "scan.h"
#include "units.h"

#define MAX_DIGITS 24

/* ASCII or full-width digit at "at": its value and size; -1 if none. */
int bg_number_digit(const char *text, size_t len, size_t at, size_t *size)
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
int bg_number_run(const char *text, size_t len, size_t at, size_t *end)
{
	int count = 0;
	size_t size;

	while (bg_number_digit(text, len, at, &size) >= 0)
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

static bool take_digits(const char *text, size_t from, size_t to, bg_number *n, int *taken)
{
	size_t size = 1;

	while (from < to)
	{
		int digit = bg_number_digit(text, to, from, &size);

		if (digit < 0 || ++*taken > MAX_DIGITS)
			return false;
		n->mantissa = n->mantissa * 10 + (unsigned) digit;
		from += size;
	}
	return true;
}

/* The digits with their grouping and decimals. */
static bool read_digits(const char *text, size_t len, size_t at, bg_number *n)
{
	size_t end;
	size_t next;
	size_t size;
	int taken = 0;
	int first = bg_number_run(text, len, at, &end);
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
		run = bg_number_run(text, len, end + size, &next);
		if (run == 2 && kind == ',' && groups >= 0)
		{
			/* 1,00,000 */
			size_t last;
			size_t more;

			if (separator_at(text, len, next, &more) != ',' ||
			    (bg_number_run(text, len, next + more, &last) != 3 &&
			     bg_number_run(text, len, next + more, &last) != 2))
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

			if (!((second == '.' && bg_number_run(text, len, next + more, &ignored) == 3) ||
			      (second == ',' && bg_number_run(text, len, next + more, &ignored) == 2)))
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
		int run = kind == '.' || kind == ',' ? bg_number_run(text, len, end + size, &next) : 0;

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
	if ((separator_at(text, len, end, &size) == '.') &&
	    bg_number_run(text, len, end + size, &next) > 0)
		return false;
	n->end = end;
	return true;
}

static bool multiply(bg_number *n, int zeros)
{
	while (zeros > 0 && n->scale > 0)
	{
		n->scale--;
		zeros--;
	}
	while (zeros-- > 0)
	{
		if (n->mantissa > ((bg_wide) -1) / 100)
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
static bool read_cjk_multiples(const char *text, size_t len, bg_number *n)
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
		bg_number more;
		int less;

		if (bg_number_digit(text, len, n->end, &size) < 0 || !read_digits(text, len, n->end, &more))
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
static bool read_multiple(const char *text, size_t len, bg_number *n)
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

int bg_number_ideograph(const char *text, size_t len, size_t at)
{
	static const char *const digits[] = {"零", "一", "二", "三", "四", "五",
	                                     "六", "七", "八", "九", "两"};

	for (int i = 0; i < 11; i++)
		if (bg_scan_has(text, len, at, digits[i]))
			return i == 10 ? 2 : i;
	return -1;
}

/* 五千, 三万五千, 一百二十: numbers in Chinese characters. */
static bool read_cjk_number(const char *text, size_t len, size_t at, bg_number *n)
{
	unsigned long long total = 0;
	unsigned long long section = 0;
	unsigned long long digit = 0;
	bool multiple = false;

	memset(n, 0, sizeof(*n));
	n->start = at;
	for (int i = 0; i < 16; i++)
	{
		int value = bg_number_ideograph(text, len, at);

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

bool bg_number_read(const char *text, size_t len, size_t at, bg_number *n)
{
	if (bg_number_ideograph(text, len, at) >= 0)
		return read_cjk_number(text, len, at, n);
	return read_digits(text, len, at, n) && read_multiple(text, len, n);
}

/* Canonical decimal without trailing zeros of the fraction. */
bool bg_number_put(const bg_number *n, char *out, size_t size)
{
	char digits[48];
	int count = 0;
	int scale = n->scale;
	bg_wide value = n->mantissa;
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

int bg_number_compare(const bg_number *a, const bg_number *b)
{
	long double x = (long double) a->mantissa / powl(10, a->scale);
	long double y = (long double) b->mantissa / powl(10, b->scale);

	return x < y ? -1 : x > y;
}

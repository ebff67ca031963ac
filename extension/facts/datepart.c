/*
 * datepart.c
 *		Calendar dates as they are written, English and Chinese. Plain C; see dateparts.h.
 *
 * It abstains where the order of day and month is open and on lunar and republican years.
 */
#include "dateparts.h"

#include <string.h>

#include "scan.h"

static const char *const month_names[] = {"january",   "february", "march",    "april",
                                          "may",       "june",     "july",     "august",
                                          "september", "october",  "november", "december"};

int bg_part_number(const char *text, size_t len, size_t at, int most, size_t *end)
{
	int value = 0;
	int count = 0;

	for (;;)
	{
		if (at < len && bg_is_digit(text[at]))
			value = value * 10 + text[at++] - '0';
		else if (len - at >= 3 && at < len && (unsigned char) text[at] == 0xEF &&
		         (unsigned char) text[at + 1] == 0xBC && (unsigned char) text[at + 2] >= 0x90 &&
		         (unsigned char) text[at + 2] <= 0x99)
		{
			value = value * 10 + (unsigned char) text[at + 2] - 0x90;
			at += 3;
		}
		else
			break;
		if (++count > most)
			return -1;
	}
	*end = at;
	return count == 0 ? -1 : value;
}

/* A month's name or abbreviation at a word boundary; 0 if none. */
static int month_at(const char *text, size_t len, size_t at, size_t *end)
{
	size_t n = 0;

	if (at >= len || (at > 0 && bg_is_alpha(text[at - 1])))
		return 0;
	while (at + n < len && bg_is_alpha(text[at + n]))
		n++;
	if (n < 3 || n > 9)
		return 0;
	for (int i = 0; i < 12; i++)
	{
		size_t full = strlen(month_names[i]);
		bool match = n == full ? bg_scan_has_fold(text, len, at, month_names[i])
		                       : (n == 3 || (n == 4 && i == 8)) && n < full;

		for (size_t k = 0; match && k < n; k++)
			match = bg_to_lower(text[at + k]) == month_names[i][k];
		if (!match)
			continue;
		/* "may" and "march" are words */
		if (!bg_is_upper(text[at]) && (i == 2 || i == 4))
			return 0;
		*end = at + n;
		if (n < full && *end < len && text[*end] == '.')
			++*end;
		return i + 1;
	}
	return 0;
}

static size_t skip_ordinal(const char *text, size_t len, size_t at)
{
	static const char *const endings[] = {"st", "nd", "rd", "th"};

	for (int i = 0; i < 4; i++)
		if (bg_scan_has_fold(text, len, at, endings[i]) &&
		    (at + 2 >= len || !bg_is_alnum(text[at + 2])))
			return at + 2;
	return at;
}

/* Dash of a range, or 0. */
size_t bg_part_dash(const char *text, size_t len, size_t at)
{
	static const char *const dashes[] = {"--", "-",  "–",  "—", "－", "~",
	                                     "～", "至", "到", "→", "−"};

	for (size_t i = 0; i < sizeof(dashes) / sizeof(dashes[0]); i++)
		if (bg_scan_has(text, len, at, dashes[i]))
			return strlen(dashes[i]);
	return 0;
}

/* A year of four digits after a date ("4, 2026"); 0 if none. */
static int trailing_year(const char *text, size_t len, size_t at, size_t *end)
{
	size_t from = bg_scan_skip(text, len, at);
	int year;

	if (bg_scan_has(text, len, from, ",") || bg_scan_has(text, len, from, "/") ||
	    bg_scan_has(text, len, from, "-"))
		from = bg_scan_skip(text, len, from + 1);
	else if (bg_scan_has_fold(text, len, from, "of "))
		from += 3;
	else if (bg_scan_has(text, len, from, "'"))
	{
		/* Oct 4 '26 */
		year = bg_part_number(text, len, from + 1, 2, end);
		return year >= 0 && *end == from + 3 ? 2000 + year : 0;
	}
	year = bg_part_number(text, len, from, 4, end);
	if (year < 1970 || year > 2199 ||
	    (*end < len && (text[*end] == ':' || bg_is_alpha(text[*end]))))
		return 0;
	return year;
}

/* October 4th, 2026; Oct 1-5; October 2026. */
static bool read_month_first(const char *text, size_t len, size_t at, bg_part *p)
{
	size_t end;
	size_t next;
	size_t dash;
	int month = month_at(text, len, at, &end);
	int day;

	if (month == 0)
		return false;
	memset(p, 0, sizeof(*p));
	p->month = month;
	p->start = at;
	next = bg_scan_skip(text, len, end);
	if (bg_scan_has(text, len, next, ",") || bg_scan_has(text, len, next, "-") ||
	    bg_scan_has(text, len, next, "/"))
		next = bg_scan_skip(text, len, next + 1);
	if (bg_scan_has_fold(text, len, next, "the "))
		next += 4;
	day = bg_part_number(text, len, next, 4, &p->end);
	if (day >= 1970 && day <= 2199 && p->end == next + 4)
	{
		p->year = day;
		return p->end >= len || (!bg_is_alnum(text[p->end]) && text[p->end] != ':');
	}
	if (day < 1 || day > 31)
		return false;
	p->day = day;
	/* "Oct 4:" is fine, "May 4:30" and "May 4.5" and "May 4k" are not */
	if (p->end + 1 < len && (text[p->end] == ':' || text[p->end] == '.' || text[p->end] == ',') &&
	    bg_is_digit(text[p->end + 1]) && text[p->end] != ',')
		return false;
	end = skip_ordinal(text, len, p->end);
	if (end == p->end && end < len && (bg_is_alpha(text[end]) || text[end] == '%'))
		return false;
	p->end = end;
	/* Oct 1-5 */
	next = bg_scan_skip(text, len, end);
	dash = bg_part_dash(text, len, next);
	if (dash > 0)
	{
		size_t second_end;
		int second;

		next = bg_scan_skip(text, len, next + dash);
		second = bg_part_number(text, len, next, 4, &second_end);
		if (second > day && second <= 31 && second_end - next <= 2 &&
		    !(second_end < len && (text[second_end] == ':' || text[second_end] == '%')))
		{
			size_t ordinal = skip_ordinal(text, len, second_end);
			size_t ignored;
			size_t month_word = bg_scan_skip(text, len, ordinal);

			/* "Oct 1 - 5 Nov" and "9am" are read elsewhere */
			if ((ordinal > second_end || ordinal >= len || !bg_is_alpha(text[ordinal])) &&
			    month_at(text, len, month_word, &ignored) == 0 &&
			    !bg_scan_has_fold(text, len, month_word, "am") &&
			    !bg_scan_has_fold(text, len, month_word, "pm"))
			{
				p->day = second;
				p->end = ordinal;
				p->is_range = true;
			}
		}
	}
	p->year = trailing_year(text, len, p->end, &next);
	if (p->year != 0)
		p->end = next;
	return true;
}

/* 4 October 2026, 4th of Oct, 4-Oct-2026. */
static bool read_day_first(const char *text, size_t len, size_t at, bg_part *p)
{
	size_t end;
	size_t next;
	int day = bg_part_number(text, len, at, 2, &end);
	int month;

	if (day < 1 || day > 31)
		return false;
	memset(p, 0, sizeof(*p));
	next = bg_scan_skip(text, len, skip_ordinal(text, len, end));
	if (bg_scan_has(text, len, next, "-"))
		next++;
	else if (bg_scan_has_fold(text, len, next, "of "))
		next += 3;
	month = month_at(text, len, next, &end);
	if (month == 0)
		return false;
	p->start = at;
	p->day = day;
	p->month = month;
	p->end = end;
	p->year = trailing_year(text, len, end, &next);
	if (p->year != 0)
		p->end = next;
	return true;
}

/* 2026-10-04, 2026/10/4, 2026.10.4. */
static bool read_iso(const char *text, size_t len, size_t at, bg_part *p)
{
	size_t end;
	size_t next;
	int year = bg_part_number(text, len, at, 4, &end);
	char separator;

	if (year < 1970 || year > 2199 || end - at != 4 || end >= len)
		return false;
	separator = text[end];
	if (separator != '-' && separator != '/' && separator != '.')
		return false;
	memset(p, 0, sizeof(*p));
	p->start = at;
	p->year = year;
	p->month = bg_part_number(text, len, end + 1, 2, &next);
	if (p->month < 1 || next >= len || text[next] != separator)
		return false;
	p->day = bg_part_number(text, len, next + 1, 2, &p->end);
	if (p->day < 1)
		return false;
	return p->end >= len ||
	       !(bg_is_alpha(text[p->end]) && text[p->end] != 'T' && text[p->end] != 't');
}

/* 10/04/2026: only when one of them can't be a month, or they are equal; 4.10.2026 is day first. */
static bool read_numeric(const char *text, size_t len, size_t at, bg_part *p)
{
	size_t end;
	size_t next;
	int first = bg_part_number(text, len, at, 2, &end);
	int second;
	char separator;

	if (first < 1 || first > 31 || end >= len)
		return false;
	separator = text[end];
	if (separator != '-' && separator != '/' && separator != '.')
		return false;
	second = bg_part_number(text, len, end + 1, 2, &next);
	if (second < 1 || second > 31 || next >= len || text[next] != separator)
		return false;
	memset(p, 0, sizeof(*p));
	p->start = at;
	p->year = bg_part_number(text, len, next + 1, 4, &p->end);
	if (p->year < 1970 || p->year > 2199 || p->end - next != 5)
		return false;
	if (first > 12 || separator == '.' || first == second)
	{
		p->day = first;
		p->month = second;
	}
	else if (second > 12)
	{
		p->month = first;
		p->day = second;
	}
	else
		p->month = BG_PART_OPEN; /* open: a date that doesn't exist is skipped as a whole */
	return true;
}

/* 2026年10月4日, 10月4日, 2026年10月. */
static bool read_chinese(const char *text, size_t len, size_t at, bg_part *p)
{
	size_t end;
	size_t next;
	int number = bg_part_number(text, len, at, 4, &end);

	if (number < 0)
		return false;
	memset(p, 0, sizeof(*p));
	p->start = at;
	next = bg_scan_skip(text, len, end);
	if (bg_scan_has(text, len, next, "年"))
	{
		if (number < 1970 || number > 2199)
			return false;
		p->year = number;
		next = bg_scan_skip(text, len, next + 3);
		number = bg_part_number(text, len, next, 2, &end);
		next = bg_scan_skip(text, len, end);
	}
	else if (number > 12 || bg_scan_ends(text, at, "年") ||
	         (at >= 4 && bg_scan_ends(text, at - 1, "年")))
		return false; /* a year of another calendar */
	if (number < 1 || !bg_scan_has(text, len, next, "月"))
		return false;
	p->month = number;
	p->end = next + 3;
	next = bg_scan_skip(text, len, next + 3);
	number = bg_part_number(text, len, next, 2, &end);
	if (number >= 0)
	{
		size_t mark = bg_scan_skip(text, len, end);

		if (bg_scan_has(text, len, mark, "日") || bg_scan_has(text, len, mark, "号") ||
		    bg_scan_has(text, len, mark, "號"))
		{
			p->day = number;
			p->end = mark + 3;
			return true;
		}
		/* "10月4-8日": the end */
		if (bg_part_dash(text, len, mark) > 0)
		{
			size_t second = mark + bg_part_dash(text, len, mark);
			int last = bg_part_number(text, len, second, 2, &end);

			if (last > number && bg_scan_has(text, len, end, "日"))
			{
				p->day = last;
				p->end = end + 3;
				p->is_range = true;
				return true;
			}
		}
	}
	return p->year != 0;
}

static bool other_calendar_before(const char *text, size_t at)
{
	static const char *const marks[] = {"农历", "農曆", "阴历", "陰曆", "民国", "民國", "旧历"};
	size_t near = bg_scan_skip_back(text, at);

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (bg_scan_ends(text, near, marks[i]))
			return true;
	return false;
}

/* A date that begins at "at". p->month BG_PART_OPEN: a date, but not readable. */
bool bg_part_read(const char *text, size_t len, size_t at, bg_part *p)
{
	bool found;

	if (at >= len)
		return false;
	if (bg_is_alpha(text[at]))
		return read_month_first(text, len, at, p);
	if (!bg_is_digit(text[at]) && (unsigned char) text[at] != 0xEF)
		return false;
	if (at > 0)
	{
		char before = text[at - 1];

		if (bg_is_alnum(before) || before == '_' || before == '#' || before == '$' ||
		    ((before == '.' || before == '/' || before == '-' || before == ':') && at > 1 &&
		     bg_is_digit(text[at - 2])))
			return false;
	}
	found = read_iso(text, len, at, p) || read_chinese(text, len, at, p) ||
	        read_numeric(text, len, at, p) || read_day_first(text, len, at, p);
	if (found && other_calendar_before(text, at))
		p->month = BG_PART_OPEN;
	return found;
}

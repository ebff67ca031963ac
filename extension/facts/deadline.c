/*
 * deadline.c
 *		Dates and times in running text, English and Chinese, as windows of instants (law 3). Plain C; see facts.h.
 *
 * It doesn't know which date is a deadline: that is rules. It abstains where the order of day and month is open, where a date
 * doesn't exist, and on lunar and republican years.
 */
#include "dates.h"

#include <stdio.h>
#include <string.h>

#include "scan.h"

typedef struct part
{
	int year; /* 0 = not stated */
	int month;
	int day; /* 0 = not stated */
	size_t start;
	size_t end;
	bool is_range; /* "Oct 1-5" */
} part;

typedef struct clock
{
	int seconds; /* since midnight; may be 86400 */
	bool has_seconds;
	bool either_midnight; /* "midnight": start or end of the day */
} clock;

static const char *const month_names[] = {"january",   "february", "march",    "april",
                                          "may",       "june",     "july",     "august",
                                          "september", "october",  "november", "december"};

static int number_at(const char *text, size_t len, size_t at, int most, size_t *end)
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
static size_t dash_at(const char *text, size_t len, size_t at)
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
		year = number_at(text, len, from + 1, 2, end);
		return year >= 0 && *end == from + 3 ? 2000 + year : 0;
	}
	year = number_at(text, len, from, 4, end);
	if (year < 1970 || year > 2199 ||
	    (*end < len && (text[*end] == ':' || bg_is_alpha(text[*end]))))
		return 0;
	return year;
}

/* October 4th, 2026; Oct 1-5; October 2026. */
static bool read_month_first(const char *text, size_t len, size_t at, part *p)
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
	day = number_at(text, len, next, 4, &p->end);
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
	dash = dash_at(text, len, next);
	if (dash > 0)
	{
		size_t second_end;
		int second;

		next = bg_scan_skip(text, len, next + dash);
		second = number_at(text, len, next, 4, &second_end);
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
static bool read_day_first(const char *text, size_t len, size_t at, part *p)
{
	size_t end;
	size_t next;
	int day = number_at(text, len, at, 2, &end);
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
static bool read_iso(const char *text, size_t len, size_t at, part *p)
{
	size_t end;
	size_t next;
	int year = number_at(text, len, at, 4, &end);
	char separator;

	if (year < 1970 || year > 2199 || end - at != 4 || end >= len)
		return false;
	separator = text[end];
	if (separator != '-' && separator != '/' && separator != '.')
		return false;
	memset(p, 0, sizeof(*p));
	p->start = at;
	p->year = year;
	p->month = number_at(text, len, end + 1, 2, &next);
	if (p->month < 1 || next >= len || text[next] != separator)
		return false;
	p->day = number_at(text, len, next + 1, 2, &p->end);
	if (p->day < 1)
		return false;
	return p->end >= len ||
	       !(bg_is_alpha(text[p->end]) && text[p->end] != 'T' && text[p->end] != 't');
}

/* 10/04/2026: only when one of them can't be a month, or they are equal; 4.10.2026 is day first. */
static bool read_numeric(const char *text, size_t len, size_t at, part *p)
{
	size_t end;
	size_t next;
	int first = number_at(text, len, at, 2, &end);
	int second;
	char separator;

	if (first < 1 || first > 31 || end >= len)
		return false;
	separator = text[end];
	if (separator != '-' && separator != '/' && separator != '.')
		return false;
	second = number_at(text, len, end + 1, 2, &next);
	if (second < 1 || second > 31 || next >= len || text[next] != separator)
		return false;
	memset(p, 0, sizeof(*p));
	p->start = at;
	p->year = number_at(text, len, next + 1, 4, &p->end);
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
		p->month = 99; /* open: a date that doesn't exist is skipped as a whole */
	return true;
}

/* 2026年10月4日, 10月4日, 2026年10月. */
static bool read_chinese(const char *text, size_t len, size_t at, part *p)
{
	size_t end;
	size_t next;
	int number = number_at(text, len, at, 4, &end);

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
		number = number_at(text, len, next, 2, &end);
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
	number = number_at(text, len, next, 2, &end);
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
		if (dash_at(text, len, mark) > 0)
		{
			size_t second = mark + dash_at(text, len, mark);
			int last = number_at(text, len, second, 2, &end);

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

/* A date that begins at "at". p->month 99: a date, but not readable. */
static bool read_date(const char *text, size_t len, size_t at, part *p)
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
		p->month = 99;
	return found;
}

/* am or pm at "at": +1, +2, or 0. */
static int half_day(const char *text, size_t len, size_t at, size_t *end)
{
	static const char *const halves[] = {"a.m.", "p.m.", "am", "pm", "a.m", "p.m"};

	for (int i = 0; i < 6; i++)
	{
		size_t after = at + strlen(halves[i]);

		if (bg_scan_has_fold(text, len, at, halves[i]) &&
		    (after >= len || !bg_is_alnum(text[after])))
		{
			*end = after;
			return i % 2 + 1;
		}
	}
	return 0;
}

static size_t colon_at(const char *text, size_t len, size_t at)
{
	if (bg_scan_has(text, len, at, ":"))
		return 1;
	if (bg_scan_has(text, len, at, "："))
		return 3;
	return 0;
}

static bool read_word_time(const char *text, size_t len, size_t at, clock *c, size_t *end)
{
	static const struct
	{
		const char *word;
		int seconds;
		bool either;
	} words[] = {{"12 noon", 43200, false}, {"12 midnight", 0, true}, {"noon", 43200, false},
	             {"midnight", 0, true},     {"零点", 0, false},       {"正午", 43200, false},
	             {"午夜", 0, true}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (bg_scan_has_fold(text, len, at, words[i].word))
		{
			*end = at + strlen(words[i].word);
			if (*end < len && bg_is_alnum(text[*end]) && bg_is_alpha(words[i].word[0]))
				continue;
			c->seconds = words[i].seconds;
			c->either_midnight = words[i].either;
			c->has_seconds = false;
			return true;
		}
	return false;
}

/* 上午, 下午 and so on before a Chinese time: 1 morning, 2 afternoon or evening, 3 noon; 0 none. */
static int chinese_half(const char *text, size_t len, size_t at, size_t *end)
{
	static const struct
	{
		const char *word;
		int half;
	} halves[] = {{"上午", 1}, {"早上", 1}, {"凌晨", 1}, {"中午", 3}, {"下午", 2},
	              {"晚上", 2}, {"晚间", 2}, {"傍晚", 2}, {"晚", 2},   {"早", 1}};

	for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++)
		if (bg_scan_has(text, len, at, halves[i].word))
		{
			*end = bg_scan_skip(text, len, at + strlen(halves[i].word));
			return halves[i].half;
		}
	*end = at;
	return 0;
}

/* A time of day at "at". */
static bool read_time(const char *text, size_t len, size_t at, clock *c, size_t *end)
{
	int half;
	int hour;
	int minute = 0;
	int second = 0;
	size_t next;
	size_t colon;
	size_t after;
	bool chinese = false;

	memset(c, 0, sizeof(*c));
	if (at >= len)
		return false;
	if (read_word_time(text, len, at, c, end))
		return true;
	half = chinese_half(text, len, at, &at);
	hour = number_at(text, len, at, 2, &next);
	if (hour < 0 || hour > 24)
		return false;
	colon = colon_at(text, len, next);
	if (colon > 0)
	{
		minute = number_at(text, len, next + colon, 2, &after);
		if (minute < 0 || minute > 59)
			return false;
		next = after;
		colon = colon_at(text, len, next);
		if (colon > 0)
		{
			second = number_at(text, len, next + colon, 2, &after);
			if (second >= 0 && second <= 60)
			{
				next = after;
				c->has_seconds = true;
				if (next + 1 < len && text[next] == '.' && bg_is_digit(text[next + 1]))
					number_at(text, len, next + 1, 9, &next);
			}
			else
				second = 0;
		}
	}
	else if (bg_scan_has(text, len, next, "点") || bg_scan_has(text, len, next, "點") ||
	         bg_scan_has(text, len, next, "时"))
	{
		chinese = true;
		next += 3;
		if (bg_scan_has(text, len, next, "半"))
		{
			minute = 30;
			next += 3;
		}
		else if (bg_scan_has(text, len, next, "整") || bg_scan_has(text, len, next, "钟"))
			next += 3;
		else
		{
			int more = number_at(text, len, next, 2, &after);

			if (more >= 0 && more <= 59)
			{
				minute = more;
				next = after;
				if (bg_scan_has(text, len, next, "分"))
					next += 3;
			}
		}
	}
	else
	{
		/* "5 PM"; a bare number is no time */
		size_t blank = bg_scan_skip(text, len, next);
		int which = half_day(text, len, blank, &after);

		if (which == 0 || hour > 12 || hour == 0)
			return false;
		c->seconds = (hour % 12 + (which == 2 ? 12 : 0)) * 3600;
		*end = after;
		return true;
	}
	if (half == 0 && !chinese)
	{
		size_t blank = bg_scan_skip(text, len, next);
		int which = half_day(text, len, blank, &after);

		if (which > 0 && hour <= 12)
		{
			hour = hour % 12 + (which == 2 ? 12 : 0);
			next = after;
		}
		else if (which > 0)
			next = after; /* "23:59 PM" */
	}
	else if (half == 2 && hour < 12)
		hour += 12;
	else if (half == 3 && hour < 11)
		hour += 12;
	if (hour == 24 && (minute != 0 || second != 0))
		return false;
	c->seconds = hour * 3600 + minute * 60 + second;
	*end = next;
	return true;
}

/* What may stand between a date and its time, or a time and its zone. */
static size_t skip_connectors(const char *text, size_t len, size_t at, bool for_zone)
{
	static const char *const date_to_time[] = {
	    ",", "at ", "@",  "by ", "before ", "until ", "till ", "T",   "|", "-",
	    "–", "—",   "，", "的",  "当天",    "当日",   "日",    "eod", NULL};
	static const char *const time_to_zone[] = {",",    "(",   "（", "[", "前",
	                                           "之前", "in ", "，", "/", NULL};
	const char *const *list = for_zone ? time_to_zone : date_to_time;

	for (int steps = 0; steps < 3; steps++)
	{
		bool moved = false;

		at = bg_scan_skip(text, len, at);
		for (size_t i = 0; list[i] != NULL; i++)
			if (bg_scan_has_fold(text, len, at, list[i]) ||
			    (list[i][0] == 'T' && at < len && text[at] == 'T' && at + 1 < len &&
			     bg_is_digit(text[at + 1])))
			{
				at += strlen(list[i]);
				moved = true;
				break;
			}
		if (!moved)
			break;
	}
	return bg_scan_skip(text, len, at);
}

/* A weekday, perhaps in brackets, and the like after a date. */
static size_t skip_weekday(const char *text, size_t len, size_t at)
{
	static const char *const days[] = {
	    "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sun", "mon",
	    "tue",    "tues",   "wed",     "thu",       "thur",     "thurs",  "fri",      "sat"};
	static const char *const marks[] = {"星期", "周", "週", "礼拜"};
	size_t from = bg_scan_skip(text, len, at);
	size_t end = 0;
	size_t open = 0;

	if (bg_scan_has(text, len, from, "("))
		open = 1;
	else if (bg_scan_has(text, len, from, "（"))
		open = 3;
	else if (bg_scan_has(text, len, from, ","))
		from = bg_scan_skip(text, len, from + 1);
	from += open;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]) && end == 0; i++)
		if (bg_scan_has(text, len, from, marks[i]) && len - from > strlen(marks[i]) + 3)
			end = from + strlen(marks[i]) + 3;
	for (size_t i = 0; i < sizeof(days) / sizeof(days[0]) && end == 0; i++)
		if (bg_scan_has_fold(text, len, from, days[i]) &&
		    (from + strlen(days[i]) >= len || !bg_is_alnum(text[from + strlen(days[i])])))
			end = from + strlen(days[i]);
	if (end == 0)
		return at;
	if (end < len && text[end] == '.')
		end++;
	if (open > 0)
	{
		if (bg_scan_has(text, len, end, ")"))
			return end + 1;
		if (bg_scan_has(text, len, end, "）"))
			return end + 3;
		return at;
	}
	return end;
}

/* The zone after "at", if any. */
static bool zone_after(const char *text, size_t len, size_t at, bg_zone *zone, size_t *end)
{
	size_t from = skip_connectors(text, len, at, true);

	if (from > at + 12 || !bg_zone_read(text, len, from, zone, end))
		return false;
	/* a bare offset must touch the time or stand in brackets: "17:00 -0200" is fine, "Oct 4 -1000" hardly ever comes */
	if (*end < len && text[*end] == ')' && from > 0 && (text[from - 1] == '('))
		++*end;
	else if (bg_scan_has(text, len, *end, "）") && bg_scan_ends(text, from, "（"))
		*end += 3;
	return true;
}

/* "11:59 PM EDT on " right before a date. */
static bool time_before(const char *text, size_t len, size_t at, clock *c, bg_zone *zone,
                        bool *has_zone, size_t *start)
{
	size_t from = at > 48 ? at - 48 : 0;

	for (size_t i = at; i > from; i--)
		if (text[i - 1] == '\n')
		{
			from = i;
			break;
		}
	from = from < at ? from : at;
	for (size_t i = from; i < at; i++)
	{
		size_t end;
		size_t zone_end;
		size_t weekday;

		if (i > 0 && (bg_is_alnum(text[i - 1]) || text[i - 1] == ':'))
			continue;
		if (!bg_is_alnum(text[i]) && (unsigned char) text[i] < 0xE4)
			continue;
		if (!read_time(text, len, i, c, &end) || end > at)
			continue;
		*has_zone = zone_after(text, len, end, zone, &zone_end) && zone_end <= at;
		if (*has_zone)
			end = zone_end;
		end = bg_scan_skip(text, len, end);
		if (end < len && (text[end] == ',' || text[end] == ')'))
			end = bg_scan_skip(text, len, end + 1);
		if (bg_scan_has_fold(text, len, end, "on "))
			end = bg_scan_skip(text, len, end + 3);
		weekday = skip_weekday(text, len, end);
		end = bg_scan_skip(text, len, weekday);
		if (end < len && text[end] == ',')
			end = bg_scan_skip(text, len, end + 1);
		if (bg_scan_has_fold(text, len, end, "the "))
			end += 4;
		if (end == at)
		{
			*start = i;
			return true;
		}
	}
	return false;
}

/* The year nearest to the reference: a date far before it means the next year. */
static int year_from(const char *reference, int month, int day)
{
	int year;
	int m;
	int d;

	if (reference == NULL || !bg_date_read(reference, &year, &m, &d))
		return 0;
	if (bg_date_days(year, month, 1) + (day > 0 ? day : 28) < bg_date_days(year, m, d) - 270)
		year++;
	return year;
}

static void fill(bg_deadline *deadline, const part *p, const clock *c, const bg_zone *zone)
{
	int64_t first = bg_date_days(p->year, p->month, p->day == 0 ? 1 : p->day) * 86400;
	int last_day = p->day == 0 ? bg_date_month_length(p->year, p->month) : p->day;
	int64_t last = bg_date_days(p->year, p->month, last_day) * 86400;
	int64_t ignored;

	snprintf(deadline->date, sizeof(deadline->date), "%04u-%02u-%02u", (unsigned) p->year % 10000u,
	         (unsigned) p->month % 100u, (unsigned) last_day % 100u);
	if (zone != NULL)
		strcpy(deadline->zone, zone->name);
	if (p->day == 0)
		deadline->precision = BG_PRECISION_MONTH;
	else if (c == NULL)
		deadline->precision = BG_PRECISION_DAY;
	else
		deadline->precision = c->has_seconds ? BG_PRECISION_SECOND : BG_PRECISION_MINUTE;
	if (c == NULL || p->day == 0)
	{
		bg_zone_window(zone, first, &deadline->earliest, &ignored);
		bg_zone_window(zone, last + 86399, &ignored, &deadline->latest);
	}
	else if (c->either_midnight)
	{
		bg_zone_window(zone, first, &deadline->earliest, &ignored);
		bg_zone_window(zone, last + 86400, &ignored, &deadline->latest);
	}
	else
		bg_zone_window(zone, first + c->seconds, &deadline->earliest, &deadline->latest);
}

/* Date, time and zone at "at", with all that belongs to them. */
typedef struct moment
{
	part date;
	clock time;
	bg_zone zone;
	bool has_time;
	bool has_zone;
	bool is_range;
	size_t start;
	size_t end;
} moment;

static bool read_moment(const char *text, size_t len, size_t at, moment *m)
{
	size_t from;
	size_t end;
	size_t dash;

	memset(m, 0, sizeof(*m));
	if (!read_date(text, len, at, &m->date))
		return false;
	m->start = m->date.start;
	m->end = m->date.end;
	m->is_range = m->date.is_range;
	if (m->date.month == 99)
		return true;
	if (m->date.day > 0)
	{
		from = skip_weekday(text, len, m->end);
		from = skip_connectors(text, len, from, false);
		if (from <= m->end + 40 && read_time(text, len, from, &m->time, &end))
		{
			m->has_time = true;
			m->end = end;
			m->has_zone = zone_after(text, len, end, &m->zone, &end);
			if (m->has_zone)
				m->end = end;
			/* 20:00-22:00: the end */
			from = bg_scan_skip(text, len, m->end);
			dash = dash_at(text, len, from);
			if (dash > 0)
			{
				clock until;

				from = bg_scan_skip(text, len, from + dash);
				if (from < len && !read_date(text, len, from, &(part){0}) &&
				    read_time(text, len, from, &until, &end))
				{
					m->time = until;
					m->end = end;
					if (zone_after(text, len, end, &m->zone, &end))
					{
						m->has_zone = true;
						m->end = end;
					}
				}
			}
		}
		else if (time_before(text, len, m->start, &m->time, &m->zone, &m->has_zone, &from))
		{
			m->has_time = true;
			m->start = from;
		}
	}
	if (!m->has_zone && zone_after(text, len, m->end, &m->zone, &end))
	{
		m->has_zone = true;
		m->end = end;
	}
	if (!m->has_zone && bg_zone_read_before(text, m->start, &m->zone, &from))
	{
		m->has_zone = true;
		m->start = from;
	}
	return true;
}

/* Where the second date of a range begins, or BG_SCAN_NONE. */
static size_t second_date(const char *text, size_t len, size_t at)
{
	static const char *const words[] = {"to ",      "until ", "till ",
	                                    "through ", "thru ",  "and ends on "};
	size_t from = skip_weekday(text, len, at);
	size_t gap;

	from = bg_scan_skip(text, len, from);
	if (from < len && text[from] == ',')
		from = bg_scan_skip(text, len, from + 1);
	gap = dash_at(text, len, from);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && gap == 0; i++)
		if (bg_scan_has_fold(text, len, from, words[i]))
			gap = strlen(words[i]);
	if (gap == 0)
		return BG_SCAN_NONE;
	from = bg_scan_skip(text, len, from + gap);
	gap = skip_weekday(text, len, from);
	if (gap > from)
	{
		from = bg_scan_skip(text, len, gap);
		if (from < len && text[from] == ',')
			from = bg_scan_skip(text, len, from + 1);
	}
	return from;
}

/* 8日, 10/5 and other short second dates of a range. */
static bool short_second(const char *text, size_t len, size_t at, const moment *first,
                         moment *second)
{
	size_t end;
	size_t next;
	int number = number_at(text, len, at, 2, &end);
	part p;

	if (number < 1 || number > 31 || first->date.day == 0)
		return false;
	memset(&p, 0, sizeof(p));
	p.start = at;
	p.year = first->date.year;
	if (bg_scan_has(text, len, end, "日") || bg_scan_has(text, len, end, "号"))
	{
		p.month = first->date.month;
		p.day = number;
		p.end = end + 3;
	}
	else if (end < len && (text[end] == '/' || text[end] == '.' || text[end] == '-') &&
	         first->date.year != 0)
	{
		int day = number_at(text, len, end + 1, 2, &next);

		if (number > 12 || day < 1 || day > 31 ||
		    (next < len && (bg_is_alnum(text[next]) || text[next] == '/')))
			return false;
		p.month = number;
		p.day = day;
		p.end = next;
	}
	else
		return false;
	memset(second, 0, sizeof(*second));
	second->date = p;
	second->start = p.start;
	second->end = p.end;
	next = skip_connectors(text, len, skip_weekday(text, len, p.end), false);
	if (read_time(text, len, next, &second->time, &end))
	{
		second->has_time = true;
		second->end = end;
	}
	if (zone_after(text, len, second->end, &second->zone, &end))
	{
		second->has_zone = true;
		second->end = end;
	}
	return true;
}

/* Follows a range to its end: "m" becomes the last date, with the year it must have. */
static void follow_range(const char *text, size_t len, moment *m)
{
	for (int i = 0; i < 2; i++)
	{
		moment second;
		size_t at = second_date(text, len, m->end);
		size_t start = m->start;

		if (at == BG_SCAN_NONE || at >= len)
			return;
		if (!read_moment(text, len, at, &second) || second.start < at)
		{
			if (!short_second(text, len, at, m, &second))
				return;
		}
		if (second.date.month == 99 && m->date.month != 99)
			return;
		if (second.date.year == 0 && m->date.year != 0 && second.date.month != 99)
		{
			second.date.year = m->date.year;
			if (second.date.month < m->date.month)
				second.date.year++;
		}
		if (!second.has_zone && m->has_zone)
		{
			second.zone = m->zone;
			second.has_zone = true;
		}
		*m = second;
		m->start = start;
		m->is_range = true;
	}
}

bool bg_deadline_scan(const char *text, size_t len, size_t *position, const char *reference,
                      bg_deadline *deadline, bool *yearless, bool *is_range)
{
	size_t at = *position;

	while (at < len)
	{
		moment m;
		char c = text[at];

		if (!(bg_is_digit(c) || (unsigned char) c == 0xEF ||
		      (bg_is_alpha(c) && (at == 0 || !bg_is_alpha(text[at - 1])))) ||
		    !read_moment(text, len, at, &m))
		{
			/* the rest of a number is no date */
			if (bg_is_digit(c))
				while (at + 1 < len && bg_is_digit(text[at + 1]))
					at++;
			at++;
			continue;
		}
		if (m.start < *position)
			m.start = m.date.start;
		follow_range(text, len, &m);
		memset(deadline, 0, sizeof(*deadline));
		deadline->span.start = m.start;
		deadline->span.end = m.end;
		at = m.end > at ? m.end : at + 1;
		if (m.date.month == 99)
			continue;
		*yearless = false;
		*is_range = m.is_range;
		if (m.date.year == 0)
			m.date.year = year_from(reference, m.date.month, m.date.day);
		if (m.date.year == 0)
		{
			if (!bg_date_valid(2024, m.date.month, m.date.day == 0 ? 1 : m.date.day))
				continue;
			*yearless = true;
			*position = at;
			return true;
		}
		if (!bg_date_valid(m.date.year, m.date.month, m.date.day == 0 ? 1 : m.date.day))
			continue;
		fill(deadline, &m.date, m.has_time ? &m.time : NULL, m.has_zone ? &m.zone : NULL);
		*position = at;
		return true;
	}
	*position = len;
	return false;
}

bool bg_deadline_next(const char *text, size_t len, size_t *position, const char *reference,
                      bg_deadline *deadline)
{
	bool yearless;
	bool is_range;

	while (bg_deadline_scan(text, len, position, reference, deadline, &yearless, &is_range))
		if (!yearless)
			return true;
	return false;
}

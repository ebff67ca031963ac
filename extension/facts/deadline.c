/*
 * deadline.c
 *		Dates and times in running text, English and Chinese, as windows of instants (law 3). Plain C; see facts.h.
 *
 * It doesn't know which date is a deadline: that is rules. It abstains where the order of day and month is open, where a date
 * doesn't exist, and on lunar and republican years.
 */
#include "dateparts.h"

#include <stdio.h>
#include <string.h>

#include "scan.h"

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

static void fill(bg_deadline *deadline, const bg_part *p, const bg_daytime *c, const bg_zone *zone)
{
	int64_t first = bg_date_days(p->year, p->month, p->day == 0 ? 1 : p->day) * 86400;
	int last_day = p->day == 0 ? bg_date_month_length(p->year, p->month) : p->day;
	int64_t last = bg_date_days(p->year, p->month, last_day) * 86400;
	int64_t ignored;

	snprintf(deadline->date, sizeof(deadline->date), "%04u-%02u-%02u", (unsigned) p->year % 10000u,
	         (unsigned) p->month % 100u, (unsigned) last_day % 100u);
	if (zone != NULL)
		bg_string_copy(deadline->zone, sizeof(deadline->zone), zone->name);
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
	bg_part date;
	bg_daytime time;
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
	if (!bg_part_read(text, len, at, &m->date))
		return false;
	m->start = m->date.start;
	m->end = m->date.end;
	m->is_range = m->date.is_range;
	if (m->date.month == BG_PART_OPEN)
		return true;
	if (m->date.day > 0)
	{
		from = bg_daytime_weekday(text, len, m->end);
		from = bg_daytime_connectors(text, len, from, false);
		if (from <= m->end + 40 && bg_daytime_read(text, len, from, &m->time, &end))
		{
			m->has_time = true;
			m->end = end;
			m->has_zone = bg_daytime_zone(text, len, end, &m->zone, &end);
			if (m->has_zone)
				m->end = end;
			/* (9:00am PT) */
			if (bg_scan_has(text, len, m->end, ")") &&
			    memchr(text + m->date.end, '(', m->end - m->date.end) != NULL)
				m->end++;
			else if (bg_scan_has(text, len, m->end, "）"))
				m->end += 3;
			/* 20:00-22:00: the end */
			from = bg_scan_skip(text, len, m->end);
			dash = bg_part_dash(text, len, from);
			if (dash > 0)
			{
				bg_daytime until;

				from = bg_scan_skip(text, len, from + dash);
				if (from < len && !bg_part_read(text, len, from, &(bg_part){0}) &&
				    bg_daytime_read(text, len, from, &until, &end))
				{
					m->time = until;
					m->end = end;
					if (bg_daytime_zone(text, len, end, &m->zone, &end))
					{
						m->has_zone = true;
						m->end = end;
					}
				}
			}
		}
		else if (bg_daytime_before(text, len, m->start, &m->time, &m->zone, &m->has_zone, &from))
		{
			m->has_time = true;
			m->start = from;
		}
	}
	if (!m->has_zone && bg_daytime_zone(text, len, m->end, &m->zone, &end))
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
	size_t from = bg_daytime_weekday(text, len, at);
	size_t gap;

	from = bg_scan_skip(text, len, from);
	if (from < len && text[from] == ',')
		from = bg_scan_skip(text, len, from + 1);
	gap = bg_part_dash(text, len, from);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]) && gap == 0; i++)
		if (bg_scan_has_fold(text, len, from, words[i]))
			gap = strlen(words[i]);
	if (gap == 0)
		return BG_SCAN_NONE;
	from = bg_scan_skip(text, len, from + gap);
	gap = bg_daytime_weekday(text, len, from);
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
	int number = bg_part_number(text, len, at, 2, &end);
	bg_part p;

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
		int day = bg_part_number(text, len, end + 1, 2, &next);

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
	next = bg_daytime_connectors(text, len, bg_daytime_weekday(text, len, p.end), false);
	if (bg_daytime_read(text, len, next, &second->time, &end))
	{
		second->has_time = true;
		second->end = end;
	}
	if (bg_daytime_zone(text, len, second->end, &second->zone, &end))
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
		if (second.date.month == BG_PART_OPEN && m->date.month != BG_PART_OPEN)
			return;
		if (second.date.year == 0 && m->date.year != 0 && second.date.month != BG_PART_OPEN)
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
		if (m.date.month == BG_PART_OPEN)
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

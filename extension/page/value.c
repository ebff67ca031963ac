/*
 * value.c
 *		Small tools over metadata values: white space, dates as stated, absolute links. Guesses nothing: a date that can be
 *		read two ways is no date.
 */
#include "document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_URL 2048

/* The length of the white space at p: ASCII, no-break and ideographic space, zero-width characters; 0 if none. */
static size_t space_at(const char *p, size_t len)
{
	const unsigned char *u = (const unsigned char *) p;

	if (u[0] <= ' ' || u[0] == 0x7F)
		return 1;
	if (len >= 2 && u[0] == 0xC2 && u[1] == 0xA0)
		return 2;
	if (len >= 3 && ((u[0] == 0xE3 && u[1] == 0x80 && u[2] == 0x80) ||
	                 (u[0] == 0xE2 && u[1] == 0x80 && (u[2] <= 0x8B || u[2] == 0xAF)) ||
	                 (u[0] == 0xEF && u[1] == 0xBB && u[2] == 0xBF)))
		return 3;
	return 0;
}

char *bg_value_fold(const char *bytes, size_t len, size_t max)
{
	bg_buffer out;
	size_t i = 0;
	bool gap = false;

	bg_buffer_init(&out, 0);
	while (i < len)
	{
		size_t space = space_at(bytes + i, len - i);
		size_t start = i;

		if (space > 0)
		{
			gap = out.len > 0;
			i += space;
			continue;
		}
		while (i < len && space_at(bytes + i, len - i) == 0)
			i++;
		if (out.len + (i - start) + 1 > max)
		{
			i = start + (max > out.len + 1 ? max - out.len - 1 : 0);
			while (i > start && ((unsigned char) bytes[i] & 0xC0) == 0x80)
				i--;
			len = i;
		}
		if (gap && i > start)
			bg_buffer_putc(&out, ' ');
		gap = false;
		bg_buffer_append(&out, bytes + start, i - start);
	}
	if (out.len == 0)
	{
		bg_buffer_free(&out);
		return NULL;
	}
	return bg_buffer_detach(&out, NULL);
}

/* ---- dates ------------------------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads min..max digits; -1 if they are not there or more follow. */
static int number(const char **p, int min, int max)
{
	int value = 0;
	int count = 0;

	while (count < max && is_digit((*p)[count]))
		value = value * 10 + ((*p)[count++] - '0');
	if (count < min || is_digit((*p)[count]))
		return -1;
	*p += count;
	return value;
}

static bool is_day(int year, int month, int day)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return year >= 1900 && year <= 2200 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= days[month - 1] + (month == 2 && leap);
}

static int month_at(const char **p)
{
	static const char *const names[] = {"january",   "february", "march",    "april",
	                                    "may",       "june",     "july",     "august",
	                                    "september", "october",  "november", "december"};
	size_t len = 0;

	while (((*p)[len] | 0x20) >= 'a' && ((*p)[len] | 0x20) <= 'z')
		len++;
	if (len < 3)
		return -1;
	for (int i = 0; i < 12; i++)
	{
		if (len <= strlen(names[i]) && strncasecmp(*p, names[i], len) == 0)
		{
			*p += len;
			if (**p == '.')
				(*p)++;
			return i + 1;
		}
	}
	if (len == 4 && strncasecmp(*p, "sept", 4) == 0)
	{
		*p += len + ((*p)[4] == '.');
		return 9;
	}
	return -1;
}

static void skip(const char **p, const char *set)
{
	while (**p != '\0' && strchr(set, **p) != NULL)
		(*p)++;
}

/* The time of day and the zone after a date, if they are there; appended to "out". */
static void read_time(const char *p, char *out, size_t size)
{
	int hour;
	int minute;
	int second = 0;
	size_t used;

	if (*p != 'T' && *p != 't' && *p != ' ' && *p != ',')
		return;
	skip(&p, " ,Tt");
	hour = number(&p, 1, 2);
	if (hour < 0 || hour > 24 || *p != ':')
		return;
	p++;
	minute = number(&p, 2, 2);
	if (minute < 0 || minute > 59)
		return;
	if (*p == ':')
	{
		p++;
		second = number(&p, 2, 2);
		if (second < 0 || second > 60)
			return;
	}
	if (*p == '.' || (*p == ',' && is_digit(p[1])))
	{
		p++;
		while (is_digit(*p))
			p++;
	}
	skip(&p, " ");
	if (strncasecmp(p, "pm", 2) == 0 || strncasecmp(p, "am", 2) == 0)
	{
		if (hour < 1 || hour > 12)
			return;
		hour = hour % 12 + ((*p | 0x20) == 'p' ? 12 : 0);
		p += 2;
		skip(&p, " ");
	}
	used = strlen(out);
	snprintf(out + used, size - used, "T%02d:%02d:%02d", hour, minute, second);
	used = strlen(out);
	if (*p == 'Z' || *p == 'z' || strncasecmp(p, "GMT", 3) == 0 || strncasecmp(p, "UTC", 3) == 0)
		snprintf(out + used, size - used, "Z");
	else if (*p == '+' || *p == '-')
	{
		char sign = *p++;
		int zone_hour;
		int zone_minute = 0;

		if (is_digit(p[0]) && is_digit(p[1]) && is_digit(p[2]) && is_digit(p[3]))
		{
			zone_hour = (p[0] - '0') * 10 + p[1] - '0';
			zone_minute = (p[2] - '0') * 10 + p[3] - '0';
		}
		else
		{
			zone_hour = number(&p, 1, 2);
			if (*p == ':')
			{
				p++;
				zone_minute = number(&p, 2, 2);
			}
		}
		if (zone_hour >= 0 && zone_hour <= 14 && zone_minute >= 0 && zone_minute <= 59)
			snprintf(out + used, size - used, "%c%02d:%02d", sign, zone_hour, zone_minute);
	}
}

/* "October 4, 2026", "4 Oct 2026", "Sun, 04 Oct 2026 12:00:00 GMT". */
static bool read_named_month(const char *p, int date[3], const char **rest)
{
	static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

	for (int i = 0; i < 7; i++)
	{
		if (strncasecmp(p, days[i], 3) == 0)
		{
			while ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z')
				p++;
			skip(&p, " ,.");
			break;
		}
	}
	if (is_digit(*p))
	{
		date[2] = number(&p, 1, 2);
		skip(&p, " -.");
		date[1] = month_at(&p);
	}
	else
	{
		date[1] = month_at(&p);
		skip(&p, " ");
		date[2] = number(&p, 1, 2);
		if (strncasecmp(p, "st", 2) == 0 || strncasecmp(p, "nd", 2) == 0 ||
		    strncasecmp(p, "rd", 2) == 0 || strncasecmp(p, "th", 2) == 0)
			p += 2;
	}
	skip(&p, " ,-");
	date[0] = number(&p, 4, 4);
	*rest = p;
	return is_day(date[0], date[1], date[2]);
}

/* "2026-10-04", "2026/10/4", "20261004", "2026年10月4日", "2026-10", "2026". Parts not stated are 0. */
static bool read_year_first(const char *p, int date[3], const char **rest)
{
	size_t digits = strspn(p, "0123456789");
	char separator;

	date[1] = date[2] = 0;
	if (digits == 8)
	{
		date[0] = (p[0] - '0') * 1000 + (p[1] - '0') * 100 + (p[2] - '0') * 10 + p[3] - '0';
		date[1] = (p[4] - '0') * 10 + p[5] - '0';
		date[2] = (p[6] - '0') * 10 + p[7] - '0';
		*rest = p + 8;
		return is_day(date[0], date[1], date[2]);
	}
	date[0] = number(&p, 4, 4);
	*rest = p;
	if (date[0] < 1900 || date[0] > 2200)
		return false;
	if (*p == '\0')
		return true;
	if (strncmp(p, "年", 3) == 0)
	{
		p += 3;
		skip(&p, " ");
		date[1] = number(&p, 1, 2);
		skip(&p, " ");
		if (strncmp(p, "月", 3) != 0)
			return false;
		p += 3;
		skip(&p, " ");
		date[2] = number(&p, 1, 2);
		skip(&p, " ");
		*rest = strncmp(p, "日", 3) == 0 ? p + 3 : p;
		return is_day(date[0], date[1], date[2]);
	}
	separator = *p++;
	if (strchr("-/.", separator) == NULL)
		return false;
	date[1] = number(&p, 1, 2);
	*rest = p;
	if (date[1] < 1 || date[1] > 12)
		return false;
	if (*p == '\0')
		return true;
	if (*p++ != separator)
		return false;
	date[2] = number(&p, 1, 2);
	*rest = p;
	return is_day(date[0], date[1], date[2]);
}

/* "04.10.2026" is day first; "10/4/2026" only says which is which if one of them is over 12. */
static bool read_year_last(const char *p, int date[3], const char **rest)
{
	int first = number(&p, 1, 2);
	char separator = *p;
	int second;

	if (first < 0 || (separator != '.' && separator != '/' && separator != '-'))
		return false;
	p++;
	second = number(&p, 1, 2);
	if (second < 0 || *p++ != separator)
		return false;
	date[0] = number(&p, 4, 4);
	*rest = p;
	if (separator == '.' || first > 12 || first == second)
	{
		date[2] = first;
		date[1] = second;
	}
	else if (second > 12)
	{
		date[1] = first;
		date[2] = second;
	}
	else
		return false;
	return is_day(date[0], date[1], date[2]);
}

bool bg_value_date(const char *text, char out[40])
{
	const char *rest;
	int date[3];

	skip(&text, " \t\n");
	if (!read_year_first(text, date, &rest) && !read_year_last(text, date, &rest) &&
	    !read_named_month(text, date, &rest))
		return false;
	if (date[1] == 0)
		snprintf(out, 40, "%04d", date[0]);
	else if (date[2] == 0)
		snprintf(out, 40, "%04d-%02d", date[0], date[1]);
	else
	{
		snprintf(out, 40, "%04d-%02d-%02d", date[0], date[1], date[2]);
		read_time(rest, out, 40);
	}
	return true;
}

/* ---- links ------------------------------------------------------------------------------------------------- */

static bool is_http(const char *url)
{
	return strncasecmp(url, "http://", 7) == 0 || strncasecmp(url, "https://", 8) == 0;
}

/* Resolves "." and ".." in the path that begins at "path", in place. */
static void remove_dots(char *path)
{
	char *end = path + strcspn(path, "?#");
	char *from = path;
	char *to = path;

	while (from < end)
	{
		char *next = from + 1;

		while (next < end && *next != '/')
			next++;
		if (next - from == 2 && from[1] == '.')
		{
			if (next == end)
				*to++ = '/';
		}
		else if (next - from == 3 && from[1] == '.' && from[2] == '.')
		{
			while (to > path && *--to != '/')
				;
			if (next == end)
				*to++ = '/';
		}
		else
		{
			memmove(to, from, (size_t) (next - from));
			to += next - from;
		}
		from = next;
	}
	memmove(to, end, strlen(end) + 1);
}

char *bg_value_url(const char *base, const char *link)
{
	bg_buffer out;
	char *folded = link == NULL ? NULL : bg_value_fold(link, strlen(link), MAX_URL + 1);
	size_t scheme = 0;
	size_t origin = 0;
	size_t path_end = 0;
	char *joined;

	if (folded == NULL || strpbrk(folded, " <>\"") != NULL || strlen(folded) >= MAX_URL)
	{
		free(folded);
		return NULL;
	}
	if (is_http(folded))
		return folded;
	if (base != NULL && is_http(base))
	{
		scheme = strcspn(base, ":");
		origin = scheme + 3 + strcspn(base + scheme + 3, "/?#");
		path_end = origin + strcspn(base + origin, "?#");
	}
	/* Another scheme has its colon before any slash. */
	if (origin == 0 || folded[strcspn(folded, ":/?#")] == ':')
	{
		free(folded);
		return NULL;
	}
	bg_buffer_init(&out, 2 * MAX_URL);
	if (strncmp(folded, "//", 2) == 0)
		bg_buffer_append(&out, base, scheme + 1);
	else
	{
		bg_buffer_append(&out, base, origin);
		if (folded[0] == '?')
			bg_buffer_append(&out, base + origin, path_end - origin);
		else if (folded[0] != '/' && folded[0] != '#')
		{
			size_t slash = path_end;

			while (slash > origin && base[slash - 1] != '/')
				slash--;
			bg_buffer_append(&out, base + origin, slash - origin);
			if (slash == origin)
				bg_buffer_putc(&out, '/');
		}
		else if (folded[0] == '#')
			bg_buffer_append(&out, base + origin, strcspn(base + origin, "#"));
	}
	bg_buffer_puts(&out, folded);
	free(folded);
	joined = bg_buffer_detach(&out, NULL);
	if (joined != NULL)
	{
		char *host = strstr(joined, "://");
		char *path = host == NULL ? NULL : strchr(host + 3, '/');

		if (path != NULL)
			remove_dots(path);
	}
	return joined;
}

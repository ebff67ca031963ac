/*
 * daytime.c
 *		Times of day and what stands around them: am and pm, noon, 下午6点半, weekdays, zones. Plain C; see dateparts.h.
 */
#include "dateparts.h"

#include <string.h>

#include "scan.h"

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

static bool read_word_time(const char *text, size_t len, size_t at, bg_daytime *c, size_t *end)
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
bool bg_daytime_read(const char *text, size_t len, size_t at, bg_daytime *c, size_t *end)
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
	hour = bg_part_number(text, len, at, 2, &next);
	if (hour < 0 || hour > 24)
		return false;
	colon = colon_at(text, len, next);
	if (colon > 0)
	{
		minute = bg_part_number(text, len, next + colon, 2, &after);
		if (minute < 0 || minute > 59)
			return false;
		next = after;
		colon = colon_at(text, len, next);
		if (colon > 0)
		{
			second = bg_part_number(text, len, next + colon, 2, &after);
			if (second >= 0 && second <= 60)
			{
				next = after;
				c->has_seconds = true;
				if (next + 1 < len && text[next] == '.' && bg_is_digit(text[next + 1]))
					bg_part_number(text, len, next + 1, 9, &next);
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
			int more = bg_part_number(text, len, next, 2, &after);

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
size_t bg_daytime_connectors(const char *text, size_t len, size_t at, bool for_zone)
{
	/* clang-format off */
		static const char *const date_to_time[] = {
			"(", "（", ",", "at ", "@", "by ", "before ", "until ", "till ", "T", "|", "-", "–",
			"—", "，", "的", "当天", "当日", "日", "eod", NULL
		};
	/* clang-format on */
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
size_t bg_daytime_weekday(const char *text, size_t len, size_t at)
{
	/* clang-format off */
		static const char *const days[] = {
			"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sun",
			"mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat"
		};
	/* clang-format on */
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
bool bg_daytime_zone(const char *text, size_t len, size_t at, bg_zone *zone, size_t *end)
{
	size_t from = bg_daytime_connectors(text, len, at, true);

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
bool bg_daytime_before(const char *text, size_t len, size_t at, bg_daytime *c, bg_zone *zone,
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
		if (!bg_daytime_read(text, len, i, c, &end) || end > at)
			continue;
		*has_zone = bg_daytime_zone(text, len, end, zone, &zone_end) && zone_end <= at;
		if (*has_zone)
			end = zone_end;
		end = bg_scan_skip(text, len, end);
		if (end < len && (text[end] == ',' || text[end] == ')'))
			end = bg_scan_skip(text, len, end + 1);
		if (bg_scan_has_fold(text, len, end, "on "))
			end = bg_scan_skip(text, len, end + 3);
		weekday = bg_daytime_weekday(text, len, end);
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

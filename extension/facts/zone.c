/*
 * zone.c
 *		Calendar arithmetic and the time zones that people write: abbreviations, offsets, cities, IANA names. Plain C; see dates.h.
 *
 * Summer time is computed for zones of the US, Europe and south-east Australia by today's rules (and the US rule before 2007);
 * others are taken as fixed. It reads no zone files.
 */
#include "dates.h"

#include <stdio.h>
#include <string.h>

#include "scan.h"

#define HOUR 3600
#define DAY 86400

int64_t bg_date_days(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + doe - 719468;
}

int bg_date_month_length(int year, int month)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (month == 2 && ((year % 4 == 0 && year % 100 != 0) || year % 400 == 0))
		return 29;
	return lengths[month - 1];
}

bool bg_date_valid(int year, int month, int day)
{
	return year >= 1970 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= bg_date_month_length(year, month);
}

bool bg_date_read(const char *text, int *year, int *month, int *day)
{
	static const char shape[] = "dddd-dd-dd";

	for (int i = 0; shape[i] != '\0'; i++)
		if (shape[i] == 'd' ? !bg_is_digit(text[i]) : text[i] != '-')
			return false;
	*year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + text[3] - '0';
	*month = (text[5] - '0') * 10 + text[6] - '0';
	*day = (text[8] - '0') * 10 + text[9] - '0';
	return bg_date_valid(*year, *month, *day);
}

void bg_date_rfc3339(int64_t seconds, char *out)
{
	int64_t days = seconds / DAY;
	int64_t rest = seconds % DAY;
	int64_t era;
	int64_t doe;
	int64_t yoe;
	int64_t doy;
	int64_t mp;
	int year;
	int month;
	int day;

	if (rest < 0)
	{
		rest += DAY;
		days--;
	}
	days += 719468;
	era = (days >= 0 ? days : days - 146096) / 146097;
	doe = days - era * 146097;
	yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	mp = (5 * doy + 2) / 153;
	day = (int) (doy - (153 * mp + 2) / 5 + 1);
	month = (int) (mp < 10 ? mp + 3 : mp - 9);
	year = (int) (yoe + era * 400 + (month <= 2));
	snprintf(out, 32, "%04d-%02d-%02dT%02d:%02d:%02dZ", (int) (year % 10000), month, day,
	         (int) (rest / 3600), (int) (rest / 60 % 60), (int) (rest % 60));
}

/* Day of the n-th Sunday (1..4) of a month, or its last one (n = 0), as days since 1970. */
static int64_t sunday(int year, int month, int n)
{
	int64_t first = bg_date_days(year, month, 1);
	int64_t day =
	    first + (10 - (first % 7 + 7) % 7) % 7; /* 1970-01-01 was a Thursday: 3 mod 7 is Sunday */
	int length = bg_date_month_length(year, month);

	if (n > 0)
		return day + 7 * (n - 1);
	while (day + 7 < first + length)
		day += 7;
	return day;
}

static int year_of(int64_t seconds)
{
	char text[32];
	int year = 1970;
	int month;
	int day;

	bg_date_rfc3339(seconds, text);
	bg_date_read(text, &year, &month, &day);
	return year;
}

static bool is_summer(const bg_zone *zone, int64_t local)
{
	int year = year_of(local);
	int64_t from;
	int64_t to;

	switch (zone->rule)
	{
		case BG_ZONE_US:
			from = (year >= 2007 ? sunday(year, 3, 2) : sunday(year, 4, 1)) * DAY + 2 * HOUR;
			to = (year >= 2007 ? sunday(year, 11, 1) : sunday(year, 10, 0)) * DAY + 2 * HOUR;
			return local >= from && local < to;
		case BG_ZONE_EU:
			from = sunday(year, 3, 0) * DAY + HOUR + zone->offset;
			to = sunday(year, 10, 0) * DAY + 2 * HOUR + zone->offset;
			return local >= from && local < to;
		case BG_ZONE_AU:
			from = sunday(year, 10, 1) * DAY + 2 * HOUR;
			to = sunday(year, 4, 1) * DAY + 3 * HOUR;
			return local >= from || local < to;
		default:
			return false;
	}
}

void bg_zone_window(const bg_zone *zone, int64_t local, int64_t *earliest, int64_t *latest)
{
	if (zone == NULL)
	{
		*earliest = local - 14 * HOUR;
		*latest = local + 12 * HOUR;
	}
	else if (zone->rule == BG_ZONE_AMBIGUOUS)
	{
		*earliest = local - zone->offset;
		*latest = local - zone->west;
	}
	else
		*earliest = *latest = local - zone->offset - (is_summer(zone, local) ? HOUR : 0);
}

typedef struct zone_name
{
	const char *name; /* lower case for abbreviations and words; IANA as it is */
	bg_zone_rule rule;
	int minutes;
	int west;
	const char *shown; /* NULL: as written */
} zone_name;

/* Words that may be longer than others in the list come first. */
static const zone_name words[] = {
    {"anywhere on earth", BG_ZONE_FIXED, -720, 0, "AoE"},
    {"aoe", BG_ZONE_FIXED, -720, 0, "AoE"},
    {"central european summer time", BG_ZONE_FIXED, 120, 0, NULL},
    {"central european time", BG_ZONE_EU, 60, 0, "Europe/Berlin"},
    {"coordinated universal time", BG_ZONE_FIXED, 0, 0, "UTC"},
    {"china standard time", BG_ZONE_FIXED, 480, 0, "Asia/Shanghai"},
    {"india standard time", BG_ZONE_FIXED, 330, 0, "Asia/Kolkata"},
    {"indian standard time", BG_ZONE_FIXED, 330, 0, "Asia/Kolkata"},
    {"japan standard time", BG_ZONE_FIXED, 540, 0, "Asia/Tokyo"},
    {"korea standard time", BG_ZONE_FIXED, 540, 0, "Asia/Seoul"},
    {"singapore standard time", BG_ZONE_FIXED, 480, 0, "Asia/Singapore"},
    {"british summer time", BG_ZONE_FIXED, 60, 0, NULL},
    {"eastern standard time", BG_ZONE_FIXED, -300, 0, NULL},
    {"eastern daylight time", BG_ZONE_FIXED, -240, 0, NULL},
    {"pacific standard time", BG_ZONE_FIXED, -480, 0, NULL},
    {"pacific daylight time", BG_ZONE_FIXED, -420, 0, NULL},
    {"central standard time", BG_ZONE_FIXED, -360, 0, NULL},
    {"central daylight time", BG_ZONE_FIXED, -300, 0, NULL},
    {"mountain standard time", BG_ZONE_FIXED, -420, 0, NULL},
    {"mountain daylight time", BG_ZONE_FIXED, -360, 0, NULL},
    {"us eastern time", BG_ZONE_US, -300, 0, "America/New_York"},
    {"us pacific time", BG_ZONE_US, -480, 0, "America/Los_Angeles"},
    {"us eastern", BG_ZONE_US, -300, 0, "America/New_York"},
    {"us pacific", BG_ZONE_US, -480, 0, "America/Los_Angeles"},
    {"eastern time", BG_ZONE_US, -300, 0, "America/New_York"},
    {"central time", BG_ZONE_US, -360, 0, "America/Chicago"},
    {"mountain time", BG_ZONE_US, -420, 0, "America/Denver"},
    {"pacific time", BG_ZONE_US, -480, 0, "America/Los_Angeles"},
    {"new york time", BG_ZONE_US, -300, 0, "America/New_York"},
    {"los angeles time", BG_ZONE_US, -480, 0, "America/Los_Angeles"},
    {"san francisco time", BG_ZONE_US, -480, 0, "America/Los_Angeles"},
    {"london time", BG_ZONE_EU, 0, 0, "Europe/London"},
    {"uk time", BG_ZONE_EU, 0, 0, "Europe/London"},
    {"berlin time", BG_ZONE_EU, 60, 0, "Europe/Berlin"},
    {"paris time", BG_ZONE_EU, 60, 0, "Europe/Paris"},
    {"beijing time", BG_ZONE_FIXED, 480, 0, "Asia/Shanghai"},
    {"shanghai time", BG_ZONE_FIXED, 480, 0, "Asia/Shanghai"},
    {"hong kong time", BG_ZONE_FIXED, 480, 0, "Asia/Hong_Kong"},
    {"taipei time", BG_ZONE_FIXED, 480, 0, "Asia/Taipei"},
    {"singapore time", BG_ZONE_FIXED, 480, 0, "Asia/Singapore"},
    {"tokyo time", BG_ZONE_FIXED, 540, 0, "Asia/Tokyo"},
    {"seoul time", BG_ZONE_FIXED, 540, 0, "Asia/Seoul"},
    {"sydney time", BG_ZONE_AU, 600, 0, "Australia/Sydney"},
    {"eastern", BG_ZONE_US, -300, 0, "America/New_York"},
    {"pacific", BG_ZONE_US, -480, 0, "America/Los_Angeles"},
    {"central", BG_ZONE_US, -360, 0, "America/Chicago"},
    {"mountain", BG_ZONE_US, -420, 0, "America/Denver"},
};

/* Abbreviations, upper case; read with the letters around them. */
static const zone_name abbreviations[] = {
    {"AOE", BG_ZONE_FIXED, -720, 0, "AoE"},      {"Z", BG_ZONE_FIXED, 0, 0, "UTC"},
    {"EST", BG_ZONE_FIXED, -300, 0, NULL},       {"EDT", BG_ZONE_FIXED, -240, 0, NULL},
    {"CST", BG_ZONE_AMBIGUOUS, 480, -360, NULL}, {"CDT", BG_ZONE_FIXED, -300, 0, NULL},
    {"MST", BG_ZONE_FIXED, -420, 0, NULL},       {"MDT", BG_ZONE_FIXED, -360, 0, NULL},
    {"PST", BG_ZONE_FIXED, -480, 0, NULL},       {"PDT", BG_ZONE_FIXED, -420, 0, NULL},
    {"ET", BG_ZONE_US, -300, 0, NULL},           {"CT", BG_ZONE_US, -360, 0, NULL},
    {"MT", BG_ZONE_US, -420, 0, NULL},           {"PT", BG_ZONE_US, -480, 0, NULL},
    {"AKST", BG_ZONE_FIXED, -540, 0, NULL},      {"AKDT", BG_ZONE_FIXED, -480, 0, NULL},
    {"HST", BG_ZONE_FIXED, -600, 0, NULL},       {"BRT", BG_ZONE_FIXED, -180, 0, NULL},
    {"ART", BG_ZONE_FIXED, -180, 0, NULL},       {"WET", BG_ZONE_FIXED, 0, 0, NULL},
    {"WEST", BG_ZONE_FIXED, 60, 0, NULL},        {"BST", BG_ZONE_FIXED, 60, 0, NULL},
    {"CET", BG_ZONE_FIXED, 60, 0, NULL},         {"CEST", BG_ZONE_FIXED, 120, 0, NULL},
    {"EET", BG_ZONE_FIXED, 120, 0, NULL},        {"EEST", BG_ZONE_FIXED, 180, 0, NULL},
    {"MSK", BG_ZONE_FIXED, 180, 0, NULL},        {"TRT", BG_ZONE_FIXED, 180, 0, NULL},
    {"WAT", BG_ZONE_FIXED, 60, 0, NULL},         {"CAT", BG_ZONE_FIXED, 120, 0, NULL},
    {"SAST", BG_ZONE_FIXED, 120, 0, NULL},       {"EAT", BG_ZONE_FIXED, 180, 0, NULL},
    {"GST", BG_ZONE_FIXED, 240, 0, NULL},        {"PKT", BG_ZONE_FIXED, 300, 0, NULL},
    {"IST", BG_ZONE_AMBIGUOUS, 330, 60, NULL},   {"NPT", BG_ZONE_FIXED, 345, 0, NULL},
    {"ICT", BG_ZONE_FIXED, 420, 0, NULL},        {"WIB", BG_ZONE_FIXED, 420, 0, NULL},
    {"SGT", BG_ZONE_FIXED, 480, 0, NULL},        {"HKT", BG_ZONE_FIXED, 480, 0, NULL},
    {"PHT", BG_ZONE_FIXED, 480, 0, NULL},        {"MYT", BG_ZONE_FIXED, 480, 0, NULL},
    {"AWST", BG_ZONE_FIXED, 480, 0, NULL},       {"JST", BG_ZONE_FIXED, 540, 0, NULL},
    {"KST", BG_ZONE_FIXED, 540, 0, NULL},        {"AEST", BG_ZONE_FIXED, 600, 0, NULL},
    {"AEDT", BG_ZONE_FIXED, 660, 0, NULL},       {"NZST", BG_ZONE_FIXED, 720, 0, NULL},
    {"NZDT", BG_ZONE_FIXED, 780, 0, NULL},
};

static const zone_name iana[] = {
    {"Etc/UTC", BG_ZONE_FIXED, 0, 0, NULL},
    {"America/New_York", BG_ZONE_US, -300, 0, NULL},
    {"America/Toronto", BG_ZONE_US, -300, 0, NULL},
    {"America/Detroit", BG_ZONE_US, -300, 0, NULL},
    {"America/Chicago", BG_ZONE_US, -360, 0, NULL},
    {"America/Denver", BG_ZONE_US, -420, 0, NULL},
    {"America/Phoenix", BG_ZONE_FIXED, -420, 0, NULL},
    {"America/Los_Angeles", BG_ZONE_US, -480, 0, NULL},
    {"America/Vancouver", BG_ZONE_US, -480, 0, NULL},
    {"America/Sao_Paulo", BG_ZONE_FIXED, -180, 0, NULL},
    {"America/Bogota", BG_ZONE_FIXED, -300, 0, NULL},
    {"America/Argentina/Buenos_Aires", BG_ZONE_FIXED, -180, 0, NULL},
    {"Europe/London", BG_ZONE_EU, 0, 0, NULL},
    {"Europe/Dublin", BG_ZONE_EU, 0, 0, NULL},
    {"Europe/Lisbon", BG_ZONE_EU, 0, 0, NULL},
    {"Europe/Berlin", BG_ZONE_EU, 60, 0, NULL},
    {"Europe/Paris", BG_ZONE_EU, 60, 0, NULL},
    {"Europe/Madrid", BG_ZONE_EU, 60, 0, NULL},
    {"Europe/Rome", BG_ZONE_EU, 60, 0, NULL},
    {"Europe/Amsterdam", BG_ZONE_EU, 60, 0, NULL},
    {"Europe/Brussels", BG_ZONE_EU, 60, 0, NULL},
    {"Europe/Vienna", BG_ZONE_EU, 60, 0, NULL},
    {"Europe/Zurich", BG_ZONE_EU, 60, 0, NULL},
    {"Europe/Prague", BG_ZONE_EU, 60, 0, NULL},
    {"Europe/Warsaw", BG_ZONE_EU, 60, 0, NULL},
    {"Europe/Stockholm", BG_ZONE_EU, 60, 0, NULL},
    {"Europe/Oslo", BG_ZONE_EU, 60, 0, NULL},
    {"Europe/Copenhagen", BG_ZONE_EU, 60, 0, NULL},
    {"Europe/Budapest", BG_ZONE_EU, 60, 0, NULL},
    {"Europe/Athens", BG_ZONE_EU, 120, 0, NULL},
    {"Europe/Helsinki", BG_ZONE_EU, 120, 0, NULL},
    {"Europe/Kyiv", BG_ZONE_EU, 120, 0, NULL},
    {"Europe/Istanbul", BG_ZONE_FIXED, 180, 0, NULL},
    {"Europe/Moscow", BG_ZONE_FIXED, 180, 0, NULL},
    {"Africa/Lagos", BG_ZONE_FIXED, 60, 0, NULL},
    {"Africa/Nairobi", BG_ZONE_FIXED, 180, 0, NULL},
    {"Africa/Johannesburg", BG_ZONE_FIXED, 120, 0, NULL},
    {"Asia/Dubai", BG_ZONE_FIXED, 240, 0, NULL},
    {"Asia/Karachi", BG_ZONE_FIXED, 300, 0, NULL},
    {"Asia/Kolkata", BG_ZONE_FIXED, 330, 0, NULL},
    {"Asia/Calcutta", BG_ZONE_FIXED, 330, 0, NULL},
    {"Asia/Dhaka", BG_ZONE_FIXED, 360, 0, NULL},
    {"Asia/Bangkok", BG_ZONE_FIXED, 420, 0, NULL},
    {"Asia/Ho_Chi_Minh", BG_ZONE_FIXED, 420, 0, NULL},
    {"Asia/Jakarta", BG_ZONE_FIXED, 420, 0, NULL},
    {"Asia/Shanghai", BG_ZONE_FIXED, 480, 0, NULL},
    {"Asia/Hong_Kong", BG_ZONE_FIXED, 480, 0, NULL},
    {"Asia/Taipei", BG_ZONE_FIXED, 480, 0, NULL},
    {"Asia/Singapore", BG_ZONE_FIXED, 480, 0, NULL},
    {"Asia/Manila", BG_ZONE_FIXED, 480, 0, NULL},
    {"Asia/Tokyo", BG_ZONE_FIXED, 540, 0, NULL},
    {"Asia/Seoul", BG_ZONE_FIXED, 540, 0, NULL},
    {"Australia/Brisbane", BG_ZONE_FIXED, 600, 0, NULL},
    {"Australia/Sydney", BG_ZONE_AU, 600, 0, NULL},
    {"Australia/Melbourne", BG_ZONE_AU, 600, 0, NULL},
    {"Australia/Perth", BG_ZONE_FIXED, 480, 0, NULL},
};

static const zone_name chinese[] = {
    {"北京时间", BG_ZONE_FIXED, 480, 0, "Asia/Shanghai"},
    {"北京時間", BG_ZONE_FIXED, 480, 0, "Asia/Shanghai"},
    {"中国时间", BG_ZONE_FIXED, 480, 0, "Asia/Shanghai"},
    {"东八区", BG_ZONE_FIXED, 480, 0, "Asia/Shanghai"},
    {"香港时间", BG_ZONE_FIXED, 480, 0, "Asia/Hong_Kong"},
    {"香港時間", BG_ZONE_FIXED, 480, 0, "Asia/Hong_Kong"},
    {"台北時間", BG_ZONE_FIXED, 480, 0, "Asia/Taipei"},
    {"台北时间", BG_ZONE_FIXED, 480, 0, "Asia/Taipei"},
    {"台湾时间", BG_ZONE_FIXED, 480, 0, "Asia/Taipei"},
    {"新加坡时间", BG_ZONE_FIXED, 480, 0, "Asia/Singapore"},
    {"东京时间", BG_ZONE_FIXED, 540, 0, "Asia/Tokyo"},
    {"日本时间", BG_ZONE_FIXED, 540, 0, "Asia/Tokyo"},
    {"美东时间", BG_ZONE_US, -300, 0, "America/New_York"},
    {"美國東部時間", BG_ZONE_US, -300, 0, "America/New_York"},
    {"美国东部时间", BG_ZONE_US, -300, 0, "America/New_York"},
    {"太平洋时间", BG_ZONE_US, -480, 0, "America/Los_Angeles"},
    {"美西时间", BG_ZONE_US, -480, 0, "America/Los_Angeles"},
    {"世界协调时", BG_ZONE_FIXED, 0, 0, "UTC"},
};

static void set_zone(bg_zone *zone, const zone_name *from, const char *text, size_t at, size_t end)
{
	size_t n = end - at < sizeof(zone->name) - 1 ? end - at : sizeof(zone->name) - 1;

	memset(zone, 0, sizeof(*zone));
	zone->rule = from->rule;
	zone->offset = from->minutes * 60;
	zone->west = from->west * 60;
	if (from->shown != NULL)
		bg_string_copy(zone->name, sizeof(zone->name), from->shown);
	else
		memcpy(zone->name, text + at, n);
}

/* "+8", "-05:30", "+0800" at "at": seconds. */
static bool read_offset(const char *text, size_t len, size_t at, bool bare, int *seconds,
                        size_t *end)
{
	int sign = 0;
	int digits[4] = {0, 0, 0, 0};
	int n = 0;
	int hours;
	int minutes = 0;

	if (at < len && (text[at] == '+' || text[at] == '-'))
	{
		sign = text[at] == '+' ? 1 : -1;
		at++;
	}
	else if (bg_scan_has(text, len, at, "＋"))
	{
		sign = 1;
		at += 3;
	}
	else if (bg_scan_has(text, len, at, "−") || bg_scan_has(text, len, at, "\xE2\x80\x93"))
	{
		sign = -1;
		at += 3;
	}
	if (sign == 0)
		return false;
	while (n < 4 && at < len && bg_is_digit(text[at]))
		digits[n++] = text[at++] - '0';
	if (n == 0 || n == 3 || (at < len && bg_is_digit(text[at])))
		return false;
	hours = n == 1 ? digits[0] : digits[0] * 10 + digits[1];
	if (n == 4)
		minutes = digits[2] * 10 + digits[3];
	else if (at + 2 < len && text[at] == ':' && bg_is_digit(text[at + 1]) &&
	         bg_is_digit(text[at + 2]))
	{
		minutes = (text[at + 1] - '0') * 10 + text[at + 2] - '0';
		at += 3;
		n = 4;
	}
	/* After a time, a bare offset must be complete: "17:00 -2" is something else. */
	if (hours > 14 || minutes > 59 || (bare && n != 4))
		return false;
	*seconds = sign * (hours * HOUR + minutes * 60);
	*end = at;
	return true;
}

static bool boundary(const char *text, size_t len, size_t end)
{
	return end >= len || !(bg_is_alnum(text[end]) || text[end] == '_');
}

static bool read_utc(const char *text, size_t len, size_t at, bg_zone *zone, size_t *end)
{
	static const zone_name utc = {"UTC", BG_ZONE_FIXED, 0, 0, NULL};
	size_t after = at + 3;
	size_t gap;
	int seconds;

	if (!bg_scan_has_fold(text, len, at, "utc") && !bg_scan_has_fold(text, len, at, "gmt"))
		return false;
	gap = after < len && text[after] == ' ' ? after + 1 : after;
	if (read_offset(text, len, gap, false, &seconds, end) && boundary(text, len, *end))
	{
		set_zone(zone, &utc, text, at, *end);
		zone->offset = seconds;
		return true;
	}
	if (!boundary(text, len, after))
		return false;
	set_zone(zone, &utc, text, at, after);
	*end = after;
	return true;
}

bool bg_zone_read(const char *text, size_t len, size_t at, bg_zone *zone, size_t *end)
{
	static const zone_name offset = {"", BG_ZONE_FIXED, 0, 0, NULL};
	char letters[8];
	size_t n = 0;
	int seconds;

	if (at >= len)
		return false;
	if (read_utc(text, len, at, zone, end))
		return true;
	if (read_offset(text, len, at, true, &seconds, end) && boundary(text, len, *end))
	{
		set_zone(zone, &offset, text, at, *end);
		zone->offset = seconds;
		return true;
	}
	for (size_t i = 0; i < sizeof(chinese) / sizeof(chinese[0]); i++)
		if (bg_scan_has(text, len, at, chinese[i].name))
		{
			*end = at + strlen(chinese[i].name);
			set_zone(zone, &chinese[i], text, at, *end);
			return true;
		}
	if (!bg_is_alpha(text[at]))
		return false;
	for (size_t i = 0; i < sizeof(iana) / sizeof(iana[0]); i++)
		if (bg_scan_has(text, len, at, iana[i].name) &&
		    boundary(text, len, at + strlen(iana[i].name)))
		{
			*end = at + strlen(iana[i].name);
			set_zone(zone, &iana[i], text, at, *end);
			return true;
		}
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (bg_scan_has_fold(text, len, at, words[i].name) &&
		    boundary(text, len, at + strlen(words[i].name)))
		{
			/* "central" and the like need their capital */
			if (strchr(words[i].name, ' ') == NULL && !bg_is_upper(text[at]) &&
			    strcmp(words[i].name, "aoe") != 0)
				continue;
			*end = at + strlen(words[i].name);
			set_zone(zone, &words[i], text, at, *end);
			return true;
		}
	while (at + n < len && bg_is_alpha(text[at + n]) && n < sizeof(letters) - 1)
	{
		letters[n] = text[at + n];
		n++;
	}
	letters[n] = '\0';
	if (n == 0 || !boundary(text, len, at + n))
		return false;
	for (size_t i = 0; i < sizeof(abbreviations) / sizeof(abbreviations[0]); i++)
		if (strcmp(abbreviations[i].name, letters) == 0)
		{
			*end = at + n;
			set_zone(zone, &abbreviations[i], text, at, *end);
			return true;
		}
	return false;
}

bool bg_zone_read_before(const char *text, size_t at, bg_zone *zone, size_t *start)
{
	size_t near = bg_scan_skip_back(text, at);

	if (near > 0 && text[near - 1] == ',')
		near = bg_scan_skip_back(text, near - 1);
	for (size_t i = 0; i < sizeof(chinese) / sizeof(chinese[0]); i++)
		if (bg_scan_ends(text, near, chinese[i].name))
		{
			*start = near - strlen(chinese[i].name);
			set_zone(zone, &chinese[i], text, *start, near);
			return true;
		}
	return false;
}

/*
 * facts_deadline.c
 *		Dates and times as people write them (facts/deadline.c): windows of instants, and abstentions (law 3).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "facts/dates.h"
#include "facts/facts.h"

typedef struct date_case
{
	const char *text;
	const char *reference;
	const char *date; /* NULL: no date */
	const char *earliest;
	const char *latest;
	const char *zone;
	bg_precision precision;
} date_case;

#define DAY(d, before, after) d, before "T10:00:00Z", after "T11:59:59Z", "", BG_PRECISION_DAY
/* October 4, 2026, anywhere on Earth */
#define OCTOBER_4 DAY("2026-10-04", "2026-10-03", "2026-10-05")
#define AT(d, instant, zone) d, instant, instant, zone, BG_PRECISION_MINUTE
#define NOTHING NULL, NULL, NULL, NULL, BG_PRECISION_DAY

static const date_case cases[] = {
    /* a day without a zone is the whole of it, everywhere */
    {"2026-10-04", NULL, OCTOBER_4},
    {"2026/10/4", NULL, OCTOBER_4},
    {"2026.10.4", NULL, OCTOBER_4},
    {"October 4, 2026", NULL, OCTOBER_4},
    {"October 4th, 2026", NULL, OCTOBER_4},
    {"Oct. 4 2026", NULL, OCTOBER_4},
    {"4 October 2026", NULL, OCTOBER_4},
    {"4th of October, 2026", NULL, OCTOBER_4},
    {"4-Oct-2026", NULL, OCTOBER_4},
    {"Sunday, October 4, 2026", NULL, OCTOBER_4},
    {"2026年10月4日", NULL, OCTOBER_4},
    {"2026 年 10 月 4 日", NULL, OCTOBER_4},
    {"２０２６年１０月４日", NULL, OCTOBER_4},
    {"4.10.2026", NULL, OCTOBER_4},
    {"10/14/2026", NULL, DAY("2026-10-14", "2026-10-13", "2026-10-15")},
    {"14/10/2026", NULL, DAY("2026-10-14", "2026-10-13", "2026-10-15")},
    {"10/10/2026", NULL, DAY("2026-10-10", "2026-10-09", "2026-10-11")},
    {"February 29, 2028", NULL, DAY("2028-02-29", "2028-02-28", "2028-03-01")},
    /* with a zone: that day there */
    {"Oct 4, 2026 AoE", NULL, "2026-10-04", "2026-10-04T12:00:00Z", "2026-10-05T11:59:59Z", "AoE",
     BG_PRECISION_DAY},
    {"October 4, 2026 (UTC)", NULL, "2026-10-04", "2026-10-04T00:00:00Z", "2026-10-04T23:59:59Z",
     "UTC", BG_PRECISION_DAY},
    /* times */
    {"October 4th, 2026 11:59 PM EDT", NULL, AT("2026-10-04", "2026-10-05T03:59:00Z", "EDT")},
    {"11:59 PM EDT on October 4th, 2026", NULL, AT("2026-10-04", "2026-10-05T03:59:00Z", "EDT")},
    {"October 4, 2026 at 5pm PT", NULL, AT("2026-10-04", "2026-10-05T00:00:00Z", "PT")},
    {"December 4, 2026 at 5pm PT", NULL, AT("2026-12-04", "2026-12-05T01:00:00Z", "PT")},
    {"Oct 4, 2026, 17:00 CEST", NULL, AT("2026-10-04", "2026-10-04T15:00:00Z", "CEST")},
    {"4 Oct 2026 17:00 Europe/Berlin", NULL,
     AT("2026-10-04", "2026-10-04T15:00:00Z", "Europe/Berlin")},
    {"4 Dec 2026 17:00 Europe/Berlin", NULL,
     AT("2026-12-04", "2026-12-04T16:00:00Z", "Europe/Berlin")},
    {"2026-10-04 17:00 UTC+8", NULL, AT("2026-10-04", "2026-10-04T09:00:00Z", "UTC+8")},
    {"2026-10-04 17:00 (UTC+05:30)", NULL, AT("2026-10-04", "2026-10-04T11:30:00Z", "UTC+05:30")},
    {"2026-10-04 17:00 GMT-3", NULL, AT("2026-10-04", "2026-10-04T20:00:00Z", "GMT-3")},
    {"2026-10-04T17:00Z", NULL, AT("2026-10-04", "2026-10-04T17:00:00Z", "UTC")},
    {"2026-10-04T17:00:00+08:00", NULL, "2026-10-04", "2026-10-04T09:00:00Z",
     "2026-10-04T09:00:00Z", "+08:00", BG_PRECISION_SECOND},
    {"2023-09-30T23:59:59+0800", NULL, "2023-09-30", "2023-09-30T15:59:59Z", "2023-09-30T15:59:59Z",
     "+0800", BG_PRECISION_SECOND},
    {"2026-03-17T15:00:00.000Z", NULL, "2026-03-17", "2026-03-17T15:00:00Z", "2026-03-17T15:00:00Z",
     "UTC", BG_PRECISION_SECOND},
    {"Sun May 29 2022 17:30:00", NULL, "2022-05-29", "2022-05-29T03:30:00Z", "2022-05-30T05:30:00Z",
     "", BG_PRECISION_SECOND},
    {"2022年12月27日23:59", NULL, "2022-12-27", "2022-12-27T09:59:00Z", "2022-12-28T11:59:00Z", "",
     BG_PRECISION_MINUTE},
    {"2017-11-03 23:59 (北京时间)", NULL,
     AT("2017-11-03", "2017-11-03T15:59:00Z", "Asia/Shanghai")},
    {"北京时间2026年10月4日18点", NULL, AT("2026-10-04", "2026-10-04T10:00:00Z", "Asia/Shanghai")},
    {"2026年10月4日（周日）下午6点半 北京时间", NULL,
     AT("2026-10-04", "2026-10-04T10:30:00Z", "Asia/Shanghai")},
    {"2026.2.1 12:00 前（UTC+8）", NULL, AT("2026-02-01", "2026-02-01T04:00:00Z", "UTC+8")},
    {"October 4, 2026, 24:00 UTC", NULL, AT("2026-10-04", "2026-10-05T00:00:00Z", "UTC")},
    {"October 4, 2026, noon UTC", NULL, AT("2026-10-04", "2026-10-04T12:00:00Z", "UTC")},
    {"midnight PT on October 4, 2026", NULL, "2026-10-04", "2026-10-04T07:00:00Z",
     "2026-10-05T07:00:00Z", "PT", BG_PRECISION_MINUTE},
    {"5pm AoE, October 4, 2026", NULL, AT("2026-10-04", "2026-10-05T05:00:00Z", "AoE")},
    {"October 4, 2026 9:00 pm Eastern Time", NULL,
     AT("2026-10-04", "2026-10-05T01:00:00Z", "America/New_York")},
    {"1 May 2018, 5:00pm EST", NULL, AT("2018-05-01", "2018-05-01T22:00:00Z", "EST")},
    /* an abbreviation with two meanings: both */
    {"October 4, 2026 12:00 CST", NULL, "2026-10-04", "2026-10-04T04:00:00Z",
     "2026-10-04T18:00:00Z", "CST", BG_PRECISION_MINUTE},
    /* ends of summer time in the US and in Europe */
    {"November 1, 2026 5pm ET", NULL, AT("2026-11-01", "2026-11-01T22:00:00Z", "ET")},
    {"October 31, 2026 5pm ET", NULL, AT("2026-10-31", "2026-10-31T21:00:00Z", "ET")},
    {"October 25, 2026 17:00 London time", NULL,
     AT("2026-10-25", "2026-10-25T17:00:00Z", "Europe/London")},
    /* ranges: their end, in the right year */
    {"Aug 17 – Sep 03, 2026", NULL, DAY("2026-09-03", "2026-09-02", "2026-09-04")},
    {"Dec 28 – Jan 03, 2027", NULL, DAY("2027-01-03", "2027-01-02", "2027-01-04")},
    {"Dec 28, 2026 – Jan 03", NULL, DAY("2027-01-03", "2027-01-02", "2027-01-04")},
    {"September 16-25, 2026", NULL, DAY("2026-09-25", "2026-09-24", "2026-09-26")},
    {"2020年9月16日至9月25日", NULL, DAY("2020-09-25", "2020-09-24", "2020-09-26")},
    {"2023年1月7日 - 8日", NULL, DAY("2023-01-08", "2023-01-07", "2023-01-09")},
    {"2022/12/26 - 2023/02/21", NULL, DAY("2023-02-21", "2023-02-20", "2023-02-22")},
    {"from 13 April 2018, 9:00am EST, to 1 May 2018, 5:00pm EST", NULL,
     AT("2018-05-01", "2018-05-01T22:00:00Z", "EST")},
    {"1 May 2026 to 3 June 2026", NULL, DAY("2026-06-03", "2026-06-02", "2026-06-04")},
    /* months */
    {"October 2026", NULL, "2026-10-31", "2026-09-30T10:00:00Z", "2026-11-01T11:59:59Z", "",
     BG_PRECISION_MONTH},
    {"2026年10月", NULL, "2026-10-31", "2026-09-30T10:00:00Z", "2026-11-01T11:59:59Z", "",
     BG_PRECISION_MONTH},
    /* a year only from the document */
    {"October 4", "2026-08-20", OCTOBER_4},
    {"10月4日", "2026-08-20", OCTOBER_4},
    {"January 5", "2026-12-20", DAY("2027-01-05", "2027-01-04", "2027-01-06")},
    {"June 1", "2026-12-20", DAY("2026-06-01", "2026-05-31", "2026-06-02")},
    {"October 4", NULL, NOTHING},
    {"10月4日", NULL, NOTHING},
    /* abstentions */
    {"10/04/2026", NULL, NOTHING},
    {"February 30, 2026", NULL, NOTHING},
    {"2026-13-01", NULL, NOTHING},
    {"2026-02-29", NULL, NOTHING},
    {"农历2026年8月15日", NULL, NOTHING},
    {"民国115年10月4日", NULL, NOTHING},
    {"TBA", NULL, NOTHING},
    {"待定", NULL, NOTHING},
    {"you may 4 times", "2026-01-01", NOTHING},
    {"version 2026.10", NULL, NOTHING},
    {"1.2.3", NULL, NOTHING},
    {"in 4 days", "2026-01-01", NOTHING},
    {"block 753984", "2026-01-01", NOTHING},
    {"", NULL, NOTHING},
};

static void reads_the_table(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const date_case *c = &cases[i];
		size_t position = 0;
		bg_deadline when;
		char earliest[32];
		char latest[32];
		bool found = bg_deadline_next(c->text, strlen(c->text), &position, c->reference, &when);

		if (found != (c->date != NULL))
			print_error("\"%s\": %s\n", c->text, found ? when.date : "nothing");
		assert_int_equal(found, c->date != NULL);
		if (!found)
			continue;
		bg_date_rfc3339(when.earliest, earliest);
		bg_date_rfc3339(when.latest, latest);
		if (strcmp(when.date, c->date) != 0 || strcmp(earliest, c->earliest) != 0 ||
		    strcmp(latest, c->latest) != 0 || strcmp(when.zone, c->zone) != 0 ||
		    when.precision != c->precision)
			print_error("\"%s\": %s %s..%s zone \"%s\" precision %d\n", c->text, when.date,
			            earliest, latest, when.zone, (int) when.precision);
		assert_string_equal(when.date, c->date);
		assert_string_equal(earliest, c->earliest);
		assert_string_equal(latest, c->latest);
		assert_string_equal(when.zone, c->zone);
		assert_int_equal(when.precision, c->precision);
		assert_true(when.earliest <= when.latest);
		assert_true(when.span.start < when.span.end && when.span.end <= strlen(c->text));
	}
}

static void the_same_day_four_ways(void **state)
{
	static const char *const texts[] = {"October 4, 2026", "Oct 4, 2026 AoE", "Oct 4, 2026, 24:00",
	                                    "midnight PT, October 4, 2026"};
	bg_deadline windows[4];

	(void) state;
	for (int i = 0; i < 4; i++)
	{
		size_t position = 0;

		assert_true(bg_deadline_next(texts[i], strlen(texts[i]), &position, NULL, &windows[i]));
		assert_string_equal(windows[i].date, "2026-10-04");
		for (int k = 0; k < i; k++)
			assert_false(windows[k].earliest == windows[i].earliest &&
			             windows[k].latest == windows[i].latest);
	}
}

static void calendar_is_sound(void **state)
{
	(void) state;
	assert_int_equal(bg_date_days(1970, 1, 1), 0);
	assert_int_equal(bg_date_days(2000, 3, 1), 11017);
	assert_int_equal(bg_date_days(2026, 10, 4), 20730);
	for (int64_t day = 0; day < 60000; day++)
	{
		char text[32];
		int y;
		int m;
		int d;

		bg_date_rfc3339(day * 86400 + 86399, text);
		assert_true(bg_date_read(text, &y, &m, &d));
		assert_int_equal(bg_date_days(y, m, d), day);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(reads_the_table),
	    cmocka_unit_test(the_same_day_four_ways),
	    cmocka_unit_test(calendar_is_sound),
	};

	return cmocka_run_group_tests_name("facts_deadline", tests, NULL, NULL);
}

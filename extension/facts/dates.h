/*
 * dates.h
 *		Calendar arithmetic and time zones by name. Plain C, internal to facts/.
 */
#ifndef BG_DATES_H
#define BG_DATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "facts.h"

/* How the offset of a zone follows from the date. */
typedef enum bg_zone_rule
{
	BG_ZONE_FIXED,    /* offset stands */
	BG_ZONE_US,       /* one hour more from March to November */
	BG_ZONE_EU,       /* one hour more from March to October */
	BG_ZONE_AU,       /* one hour more from October to April */
	BG_ZONE_AMBIGUOUS /* an abbreviation with two meanings: from "offset" (east) to "west" */
} bg_zone_rule;

typedef struct bg_zone
{
	char name[40];
	bg_zone_rule rule;
	int offset; /* seconds east of UTC, in winter */
	int west;   /* the other meaning of an ambiguous abbreviation */
} bg_zone;

/* Days since 1970-01-01 of a proleptic Gregorian date. */
extern int64_t bg_date_days(int year, int month, int day);
extern int bg_date_month_length(int year, int month);
extern bool bg_date_valid(int year, int month, int day);
/* The year, month and day of "YYYY-MM-DD..."; false if it is none. */
extern bool bg_date_read(const char *text, int *year, int *month, int *day);
/* "2026-10-04T23:59:59Z" of Unix seconds; "out" takes 32 bytes. */
extern void bg_date_rfc3339(int64_t seconds, char *out);
/* The window of Unix seconds that a local time (seconds since 1970 as if UTC) can mean in a zone (NULL: anywhere on Earth). */
extern void bg_zone_window(const bg_zone *zone, int64_t local, int64_t *earliest, int64_t *latest);
/* A zone written at "at" (blanks, brackets and commas before it are the caller's); *end after it. */
extern bool bg_zone_read(const char *text, size_t len, size_t at, bg_zone *zone, size_t *end);
/* A zone whose Chinese or "... time" name ends at "at" (blanks skipped): 北京时间 2026年10月4日. */
extern bool bg_zone_read_before(const char *text, size_t at, bg_zone *zone, size_t *start);

/* bg_deadline_next() that also stops at dates without a year, with *yearless set and no window. */
extern bool bg_deadline_scan(const char *text, size_t len, size_t *position, const char *reference,
                             bg_deadline *deadline, bool *yearless, bool *is_range);

#endif

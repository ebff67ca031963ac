/*
 * dateparts.h
 *		Dates and times of day as they are written, before they become instants. Plain C, internal to facts/.
 */
#ifndef BG_DATEPARTS_H
#define BG_DATEPARTS_H

#include "dates.h"

/* The month of a date that is one, but can't be read safely. */
#define BG_PART_OPEN 99

typedef struct bg_part
{
	int year; /* 0 = not stated */
	int month;
	int day; /* 0 = not stated */
	size_t start;
	size_t end;
	bool is_range; /* "Oct 1-5" */
} bg_part;

typedef struct bg_daytime
{
	int seconds; /* since midnight; may be 86400 */
	bool has_seconds;
	bool either_midnight; /* "midnight": start or end of the day */
} bg_daytime;

/* A number of at most so many digits (ASCII or full-width) at "at", or -1. */
extern int bg_part_number(const char *text, size_t len, size_t at, int most, size_t *end);
/* Size of the dash of a range at "at", or 0. */
extern size_t bg_part_dash(const char *text, size_t len, size_t at);
/* A date that begins at "at"; its month may be BG_PART_OPEN. */
extern bool bg_part_read(const char *text, size_t len, size_t at, bg_part *p);
/* A time of day at "at". */
extern bool bg_daytime_read(const char *text, size_t len, size_t at, bg_daytime *c, size_t *end);
/* Position after what may stand between a date and its time, or a time and its zone. */
extern size_t bg_daytime_connectors(const char *text, size_t len, size_t at, bool for_zone);
/* Position after a weekday, perhaps in brackets; "at" if there is none. */
extern size_t bg_daytime_weekday(const char *text, size_t len, size_t at);
/* The zone after "at", if any. */
extern bool bg_daytime_zone(const char *text, size_t len, size_t at, bg_zone *zone, size_t *end);
/* "11:59 PM EDT on " right before a date at "at". */
extern bool bg_daytime_before(const char *text, size_t len, size_t at, bg_daytime *c, bg_zone *zone,
                              bool *has_zone, size_t *start);

#endif

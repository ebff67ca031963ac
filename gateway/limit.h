/*
 * limit.h
 *		How often one client may ask: GCRA (ITU-T I.371), one zone a kind of route, for addresses and for tokens alike.
 */
#ifndef BG_GW_LIMIT_H
#define BG_GW_LIMIT_H

#include "util.h"

#define BG_LIMIT_ZONES 8

typedef struct bg_limit_zone
{
	char name[16];
	double rate; /* requests a second, in the long run */
	int burst;   /* requests at once after a time of rest */
} bg_limit_zone;

typedef struct bg_limits
{
	int n; /* 0: nothing is limited */
	bg_limit_zone zones[BG_LIMIT_ZONES];
} bg_limits;

typedef struct bg_limit_verdict
{
	bool allowed;
	const bg_limit_zone *zone;
	int remaining;   /* requests that would be let through now */
	int reset_s;     /* until all of the burst is there again */
	int retry_after; /* seconds until the next one is, when this one is not allowed */
} bg_limit_verdict;

/* "api=10/20,auth=5/10": zone=rate per second/burst; "off" for none. False with a sentence in problem. */
extern bool bg_limits_parse(const char *text, bg_limits *limits, bg_buf *problem);

/*
 * Counts one request of a client and of its token (n is 0: none) in a zone; both must have room, and neither pays if one has none. A zone that
 * isn't named in the limits falls under "api". Clients with IPv6 count by their /64. now in nanoseconds of a monotonic clock. Thread-safe.
 * False: not limited at all, the verdict is unset.
 */
extern bool bg_limit_take(const bg_limits *limits, const char *zone, const char *address,
                          bg_str token, uint64_t now, bg_limit_verdict *verdict);

#endif

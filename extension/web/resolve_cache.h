/*
 * resolve_cache.h
 *		What lookups of names gave, remembered for a while. For resolve.c alone.
 */
#ifndef BG_RESOLVE_CACHE_H
#define BG_RESOLVE_CACHE_H

#include "resolve.h"

#define BG_NAME_BUCKETS 1024

typedef struct bg_known_name
{
	struct bg_known_name *next;
	char *host;
	int64_t until;
	bg_outcome outcome;
	const char *detail; /* a constant */
	bg_addresses addresses;
} bg_known_name;

typedef struct bg_name_cache
{
	long positive_s; /* how long addresses are kept; 0 = nothing is kept at all */
	int count;
	bg_known_name *buckets[BG_NAME_BUCKETS];
} bg_name_cache;

extern const bg_known_name *bg_names_find(bg_name_cache *cache, const char *host);
/* "definite": the name does not exist, rather than nobody could tell. */
extern void bg_names_keep(bg_name_cache *cache, const char *host, bg_outcome outcome,
                          const char *detail, bool definite, const bg_addresses *addresses);
extern void bg_names_free(bg_name_cache *cache);

#endif

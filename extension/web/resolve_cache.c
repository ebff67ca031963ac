/*
 * resolve_cache.c
 *		What lookups of names gave, remembered for a while. Plain C; see resolve_cache.h.
 */
#include "resolve_cache.h"

#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 4096
#define NEGATIVE_S 60 /* the name does not exist */
#define FAILURE_S 10  /* nobody could tell */

static unsigned bucket_of(const char *host)
{
	unsigned hash = 2166136261u;

	for (; *host != '\0'; host++)
		hash = (hash ^ (unsigned char) *host) * 16777619u;
	return hash % BG_NAME_BUCKETS;
}

static void forget(bg_name_cache *cache, bg_known_name **link)
{
	bg_known_name *entry = *link;

	*link = entry->next;
	free(entry->host);
	free(entry);
	cache->count--;
}

static void drop_old(bg_name_cache *cache, bg_known_name **link)
{
	int64_t now = bg_loop_now_ms();

	while (*link != NULL)
	{
		if ((*link)->until <= now)
			forget(cache, link);
		else
			link = &(*link)->next;
	}
}

const bg_known_name *bg_names_find(bg_name_cache *cache, const char *host)
{
	bg_known_name **bucket = &cache->buckets[bucket_of(host)];
	bg_known_name *entry;

	drop_old(cache, bucket);
	for (entry = *bucket; entry != NULL && strcmp(entry->host, host) != 0;)
		entry = entry->next;
	return entry;
}

void bg_names_keep(bg_name_cache *cache, const char *host, bg_outcome outcome, const char *detail,
                   bool definite, const bg_addresses *addresses)
{
	bg_known_name *entry;
	long seconds = cache->positive_s;
	unsigned bucket = bucket_of(host);

	if (outcome != BG_OK)
		seconds = seconds <= 0 ? 0 : definite ? NEGATIVE_S : FAILURE_S;
	if (seconds <= 0)
		return;
	/* Full: drop what is past its time, and if that is not enough, some bucket or other. */
	for (unsigned i = 0; i < BG_NAME_BUCKETS && cache->count >= NAMES_MAX; i++)
		drop_old(cache, &cache->buckets[i]);
	for (unsigned i = 1; i <= BG_NAME_BUCKETS && cache->count >= NAMES_MAX; i++)
		while (cache->buckets[(bucket + i) % BG_NAME_BUCKETS] != NULL)
			forget(cache, &cache->buckets[(bucket + i) % BG_NAME_BUCKETS]);
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL || (entry->host = strdup(host)) == NULL)
	{
		free(entry);
		return;
	}
	entry->until = bg_loop_now_ms() + seconds * 1000;
	entry->outcome = outcome;
	entry->detail = detail;
	if (addresses != NULL)
		entry->addresses = *addresses;
	entry->next = cache->buckets[bucket];
	cache->buckets[bucket] = entry;
	cache->count++;
}

void bg_names_free(bg_name_cache *cache)
{
	for (int i = 0; i < BG_NAME_BUCKETS; i++)
		while (cache->buckets[i] != NULL)
			forget(cache, &cache->buckets[i]);
}

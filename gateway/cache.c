/*
 * cache.c
 *		The table of answers in memory: shards with a lock each, the clock algorithm for what must go. Knows neither HTTP nor Redis.
 */
#include "cache.h"

#include <openssl/rand.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "pack.h"

#define N_SHARDS 16
#define N_BUCKETS 4096 /* a shard */

typedef struct shard
{
	pthread_mutex_t lock;
	bg_entry *buckets[N_BUCKETS];
	size_t bytes;
	uint64_t entries;
	uint64_t evicted;
	unsigned hand;
} shard;

static shard shards[N_SHARDS];
static size_t bound; /* a shard */
static uint64_t seed[2];

void bg_cache_init(size_t bytes)
{
	bound = bytes / N_SHARDS;
	if (RAND_bytes((unsigned char *) seed, sizeof(seed)) != 1)
		abort();
	for (int i = 0; i < N_SHARDS; i++)
		pthread_mutex_init(&shards[i].lock, NULL);
}

static uint64_t rotate(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

/* SipHash-1-3 (Aumasson, Bernstein): a flood of chosen keys can't make one bucket long. */
uint64_t bg_cache_hash(bg_str key)
{
	uint64_t v0 = seed[0] ^ 0x736f6d6570736575ull;
	uint64_t v1 = seed[1] ^ 0x646f72616e646f6dull;
	uint64_t v2 = seed[0] ^ 0x6c7967656e657261ull;
	uint64_t v3 = seed[1] ^ 0x7465646279746573ull;
	size_t at = 0;
	uint64_t word = 0;

#define ROUND()                                                       \
	do                                                                \
	{                                                                 \
		v0 += v1, v1 = rotate(v1, 13), v1 ^= v0, v0 = rotate(v0, 32); \
		v2 += v3, v3 = rotate(v3, 16), v3 ^= v2;                      \
		v0 += v3, v3 = rotate(v3, 21), v3 ^= v0;                      \
		v2 += v1, v1 = rotate(v1, 17), v1 ^= v2, v2 = rotate(v2, 32); \
	} while (0)

	for (; at + 8 <= key.n; at += 8)
	{
		memcpy(&word, key.s + at, 8);
		v3 ^= word;
		ROUND();
		v0 ^= word;
	}
	word = (uint64_t) key.n << 56;
	for (int i = 0; at < key.n; at++, i++)
		word |= (uint64_t) (unsigned char) key.s[at] << 8 * i;
	v3 ^= word;
	ROUND();
	v0 ^= word;
	v2 ^= 0xff;
	ROUND();
	ROUND();
	ROUND();
#undef ROUND
	return v0 ^ v1 ^ v2 ^ v3;
}

/* ---- entries ---- */

char *bg_entry_text(const char *s, size_t n)
{
	return s == NULL ? NULL : bg_copy(s, n);
}

bg_entry *bg_entry_create(bg_str key, uint64_t generation)
{
	bg_entry *entry = bg_alloc(sizeof(*entry));

	entry->refs = 1;
	entry->key = (bg_str){bg_copy(key.s, key.n), key.n};
	entry->hash = bg_cache_hash(key);
	entry->generation = generation;
	entry->bytes = sizeof(*entry) + key.n + 256;
	return entry;
}

void bg_entry_set_body(bg_entry *entry, bg_str body, int pack_from)
{
	entry->body = (bg_str){bg_copy(body.s, body.n), body.n};
	entry->bytes += body.n;
	if (pack_from > 0 && body.n >= (size_t) pack_from)
	{
		bg_buf packed = {0};

		if (bg_pack(body, 6, &packed) && packed.n < body.n)
		{
			entry->packed = (bg_str){bg_copy(packed.s, packed.n), packed.n};
			entry->bytes += packed.n;
		}
		bg_buf_free(&packed);
	}
}

bg_entry *bg_entry_ref(bg_entry *entry)
{
	__atomic_add_fetch(&entry->refs, 1, __ATOMIC_RELAXED);
	return entry;
}

void bg_entry_unref(bg_entry *entry)
{
	if (entry == NULL || __atomic_sub_fetch(&entry->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	free((char *) entry->key.s);
	free((char *) entry->body.s);
	free((char *) entry->packed.s);
	free(entry->etag);
	free(entry->link);
	free(entry->type);
	free(entry->sqlstate);
	free(entry->message);
	free(entry->detail);
	free(entry->hint);
	free(entry);
}

/* ---- the table ---- */

static shard *shard_of(uint64_t hash)
{
	return &shards[hash >> 60];
}

static bg_entry **bucket_of(shard *of, uint64_t hash)
{
	return &of->buckets[hash % N_BUCKETS];
}

/* Where the pointer to a key's entry is; it points to NULL if there is none. */
static bg_entry **seek(shard *in, bg_str key, uint64_t hash)
{
	bg_entry **at = bucket_of(in, hash);

	while (*at != NULL && ((*at)->hash != hash || (*at)->key.n != key.n ||
	                       memcmp((*at)->key.s, key.s, key.n) != 0))
		at = &(*at)->next;
	return at;
}

static void take_out(shard *from, bg_entry **at)
{
	bg_entry *entry = *at;

	*at = entry->next;
	from->bytes -= entry->bytes;
	from->entries--;
	bg_entry_unref(entry);
}

bg_entry *bg_cache_find(bg_str key, uint64_t hash, uint64_t generation, uint64_t now)
{
	shard *in = shard_of(hash);
	bg_entry *found;

	if (bound == 0)
		return NULL;
	pthread_mutex_lock(&in->lock);
	found = *seek(in, key, hash);
	if (found != NULL && found->generation == generation && now < found->until_ms)
	{
		found->used = true;
		bg_entry_ref(found);
	}
	else
		found = NULL;
	pthread_mutex_unlock(&in->lock);
	return found;
}

bg_entry *bg_cache_find_any(bg_str key, uint64_t hash)
{
	shard *in = shard_of(hash);
	bg_entry *found;

	if (bound == 0)
		return NULL;
	pthread_mutex_lock(&in->lock);
	found = *seek(in, key, hash);
	if (found != NULL)
		bg_entry_ref(found);
	pthread_mutex_unlock(&in->lock);
	return found;
}

/* What hasn't been used since the hand came by last goes, until there is room. */
static void make_room(shard *in)
{
	while (in->bytes > bound && in->entries > 0)
	{
		bg_entry **at = &in->buckets[in->hand];

		while (*at != NULL && in->bytes > bound)
		{
			if ((*at)->used)
			{
				(*at)->used = false;
				at = &(*at)->next;
				continue;
			}
			take_out(in, at);
			in->evicted++;
		}
		in->hand = (in->hand + 1) % N_BUCKETS;
	}
}

void bg_cache_keep(bg_entry *entry)
{
	shard *in = shard_of(entry->hash);
	bg_entry **at;

	if (entry->bytes > bound / 4)
		return;
	bg_entry_ref(entry);
	pthread_mutex_lock(&in->lock);
	at = seek(in, entry->key, entry->hash);
	if (*at != NULL)
		take_out(in, at);
	at = bucket_of(in, entry->hash);
	entry->next = *at;
	*at = entry;
	in->bytes += entry->bytes;
	in->entries++;
	make_room(in);
	pthread_mutex_unlock(&in->lock);
}

void bg_cache_look(bg_cache_state *state)
{
	memset(state, 0, sizeof(*state));
	for (int i = 0; i < N_SHARDS; i++)
	{
		pthread_mutex_lock(&shards[i].lock);
		state->entries += shards[i].entries;
		state->bytes += shards[i].bytes;
		state->evicted += shards[i].evicted;
		pthread_mutex_unlock(&shards[i].lock);
	}
}

/*
 * topics.c
 *		Generations of the cache's topics. See topics.h. Knows nothing of what is cached.
 */
#include "topics.h"

#include <pthread.h>
#include <string.h>

#define N_SEEN 64
#define N_EXPECTED 16

typedef struct topic
{
	char name[64];
	uint64_t generation; /* 0: not known. Atomic, as is the next */
	uint64_t expected;   /* mix of the transactions below; 0: none */
	/* Under the lock: */
	uint64_t seen[N_SEEN]; /* transactions of the last notifications */
	int next_seen;
	uint64_t waiting[N_EXPECTED]; /* whose notification hasn't come; 0: free */
} topic;

static topic topics[BG_MAX_TOPICS];
static int n_topics;
static bool hearing;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdull;
	x ^= x >> 33;
	x *= 0xc4ceb9fe1a85ec53ull;
	return x ^ x >> 33;
}

static int find(bg_str name)
{
	int n = __atomic_load_n(&n_topics, __ATOMIC_ACQUIRE);

	for (int i = 0; i < n; i++)
		if (bg_str_is(name, topics[i].name))
			return i;
	return -1;
}

int bg_topic_place(bg_str name)
{
	int place = find(name);

	if (place >= 0 || name.n == 0 || name.n >= sizeof(topics[0].name) || n_topics == BG_MAX_TOPICS)
		return place;
	memcpy(topics[n_topics].name, name.s, name.n);
	__atomic_store_n(&n_topics, n_topics + 1, __ATOMIC_RELEASE);
	return n_topics - 1;
}

/* The lock is held. */
static void sum_up(topic *t)
{
	uint64_t all = 0;

	for (int i = 0; i < N_EXPECTED; i++)
		if (t->waiting[i] != 0)
			all ^= mix(t->waiting[i] ^ 0x9e3779b97f4a7c15ull);
	__atomic_store_n(&t->expected, all, __ATOMIC_RELEASE);
}

void bg_topic_touch(int place, uint64_t transaction)
{
	topic *t;

	if (place < 0)
		return;
	t = &topics[place];
	pthread_mutex_lock(&lock);
	__atomic_store_n(&t->generation, transaction, __ATOMIC_RELEASE);
	t->seen[t->next_seen++ % N_SEEN] = transaction;
	for (int i = 0; i < N_EXPECTED; i++)
		if (t->waiting[i] == transaction)
		{
			t->waiting[i] = 0;
			sum_up(t);
		}
	pthread_mutex_unlock(&lock);
}

void bg_topic_expect(bg_str name, uint64_t transaction)
{
	int place = find(name);
	topic *t;
	int free_one = -1;
	bool seen = false;

	if (place < 0 || transaction == 0)
		return;
	t = &topics[place];
	pthread_mutex_lock(&lock);
	for (int i = 0; i < N_SEEN; i++)
		seen = seen || t->seen[i] == transaction;
	for (int i = 0; i < N_EXPECTED; i++)
		if (t->waiting[i] == 0)
			free_one = i;
	if (!seen && __atomic_load_n(&hearing, __ATOMIC_ACQUIRE))
	{
		/* With more writes under way than places the oldest known generation is given up: nothing is cached until the next notification. */
		if (free_one < 0)
			__atomic_store_n(&t->generation, 0, __ATOMIC_RELEASE);
		else
		{
			t->waiting[free_one] = transaction;
			sum_up(t);
		}
	}
	pthread_mutex_unlock(&lock);
}

void bg_topics_hear(bool heard)
{
	pthread_mutex_lock(&lock);
	if (!heard)
		for (int i = 0; i < BG_MAX_TOPICS; i++)
		{
			__atomic_store_n(&topics[i].generation, 0, __ATOMIC_RELEASE);
			memset(topics[i].waiting, 0, sizeof(topics[i].waiting));
			memset(topics[i].seen, 0, sizeof(topics[i].seen));
			sum_up(&topics[i]);
		}
	__atomic_store_n(&hearing, heard, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&lock);
}

uint64_t bg_topics_generation(uint32_t set)
{
	uint64_t all = 1;

	if (!__atomic_load_n(&hearing, __ATOMIC_ACQUIRE) || set == 0)
		return 0;
	for (int i = 0; i < BG_MAX_TOPICS; i++)
		if (set & (uint32_t) 1 << i)
		{
			uint64_t generation = __atomic_load_n(&topics[i].generation, __ATOMIC_ACQUIRE);
			uint64_t expected = __atomic_load_n(&topics[i].expected, __ATOMIC_ACQUIRE);

			if (generation == 0)
				return 0;
			all = mix(all ^ mix(generation + (uint64_t) i) ^ expected);
		}
	return all ? all : 1;
}

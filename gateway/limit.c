/*
 * limit.c
 *		The rate limiter. See limit.h. State is in this process; it knows neither HTTP nor what a token means.
 *
 * A client is known by a keyed hash of zone and address (or token), in sets of a fixed table: a set that is full gives up the entry that
 * is nearest to being at rest, so that a flood of addresses can't make memory grow.
 */
#include "limit.h"

#include <arpa/inet.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define N_SETS 16384
#define WAYS 8
#define N_LOCKS 64
#define SECOND 1000000000.0

typedef struct entry
{
	uint64_t key; /* 0: free */
	uint64_t tat; /* theoretical arrival time of the next request, ns */
} entry;

static entry table[N_SETS][WAYS];
static pthread_mutex_t locks[N_LOCKS];
static unsigned char secret[16];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void start(void)
{
	for (int i = 0; i < N_LOCKS; i++)
		pthread_mutex_init(&locks[i], NULL);
	if (RAND_bytes(secret, sizeof(secret)) != 1)
		abort();
}

bool bg_limits_parse(const char *text, bg_limits *limits, bg_buf *problem)
{
	limits->n = 0;
	if (strcmp(text, "off") == 0)
		return true;
	while (*text != '\0')
	{
		bg_limit_zone *zone = &limits->zones[limits->n];
		int used = 0;

		if (limits->n == BG_LIMIT_ZONES ||
		    sscanf(text, " %15[a-z_] = %lf / %d %n", zone->name, &zone->rate, &zone->burst,
		           &used) != 3 ||
		    used == 0 || !(zone->rate >= 0.01 && zone->rate <= 1e6) || zone->burst < 1 ||
		    zone->burst > 1000000 || (text[used] != ',' && text[used] != '\0'))
		{
			bg_buf_puts(problem, "it must be \"off\", or zones such as api=10/20,auth=5/10: a "
			                     "name, requests a second from 0.01, burst from 1");
			limits->n = 0;
			return false;
		}
		limits->n++;
		text += used + (text[used] == ',');
	}
	for (int i = 0; i < limits->n; i++)
		if (strcmp(limits->zones[i].name, "api") == 0)
			return true;
	limits->n = 0;
	bg_buf_puts(problem, "it must name the zone api, which counts what has no zone of its own");
	return false;
}

static const bg_limit_zone *find(const bg_limits *limits, const char *name)
{
	const bg_limit_zone *fallback = NULL;

	for (int i = 0; i < limits->n; i++)
	{
		if (strcmp(limits->zones[i].name, name) == 0)
			return &limits->zones[i];
		if (strcmp(limits->zones[i].name, "api") == 0)
			fallback = &limits->zones[i];
	}
	return fallback;
}

static uint64_t hash(char kind, const bg_limit_zone *zone, const void *bytes, size_t n)
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	unsigned char text[sizeof(secret) + 1 + sizeof(zone->name) + SHA256_DIGEST_LENGTH];
	size_t at = sizeof(secret);
	uint64_t key;

	/* What is long is hashed first, so that the buffer has one size. */
	if (n > SHA256_DIGEST_LENGTH)
	{
		SHA256(bytes, n, digest);
		bytes = digest;
		n = sizeof(digest);
	}
	memset(text, 0, sizeof(text));
	memcpy(text, secret, sizeof(secret));
	text[at++] = (unsigned char) kind;
	memcpy(text + at, zone->name, sizeof(zone->name));
	at += sizeof(zone->name);
	memcpy(text + at, bytes, n);
	SHA256(text, at + n, digest);
	memcpy(&key, digest, sizeof(key));
	return key ? key : 1;
}

static uint64_t address_key(const bg_limit_zone *zone, const char *address)
{
	unsigned char six[16];
	unsigned char four[4];

	if (inet_pton(AF_INET, address, four) == 1)
		return hash('4', zone, four, sizeof(four));
	if (inet_pton(AF_INET6, address, six) == 1)
	{
		if (IN6_IS_ADDR_V4MAPPED((struct in6_addr *) six))
			return hash('4', zone, six + 12, 4);
		return hash('6', zone, six, 8);
	}
	return hash('?', zone, address, strlen(address));
}

/* The entry of a key, made if there is none; its set's lock is held. */
static entry *seek(uint64_t key, uint64_t now)
{
	entry *set = table[key % N_SETS];
	entry *worst = &set[0];

	for (int i = 0; i < WAYS; i++)
	{
		if (set[i].key == key)
			return &set[i];
		if (set[i].tat < worst->tat)
			worst = &set[i];
	}
	*worst = (entry){.key = key, .tat = now};
	return worst;
}

static pthread_mutex_t *lock_of(uint64_t key)
{
	return &locks[key % N_SETS % N_LOCKS];
}

/* Takes one request. Returns what is left, negative if there is no room; wait tells how long until there is. */
static int take(uint64_t key, const bg_limit_zone *zone, uint64_t now, uint64_t *wait,
                uint64_t *rest)
{
	uint64_t step = (uint64_t) (SECOND / zone->rate);
	uint64_t room = step * (uint64_t) zone->burst;
	pthread_mutex_t *lock = lock_of(key);
	uint64_t tat;
	int left;

	pthread_mutex_lock(lock);
	{
		entry *e = seek(key, now);

		tat = e->tat > now ? e->tat : now;
		if (tat - now + step > room)
		{
			*wait = tat - now + step - room;
			left = -1;
		}
		else
		{
			tat += step;
			left = (int) ((room - (tat - now)) / step);
			e->tat = tat;
		}
	}
	pthread_mutex_unlock(lock);
	*rest = tat - now;
	return left;
}

/* Gives a request back that another limit refused. */
static void give_back(uint64_t key, const bg_limit_zone *zone, uint64_t now)
{
	uint64_t step = (uint64_t) (SECOND / zone->rate);
	pthread_mutex_t *lock = lock_of(key);

	pthread_mutex_lock(lock);
	{
		entry *e = seek(key, now);

		if (e->tat >= step)
			e->tat -= step;
	}
	pthread_mutex_unlock(lock);
}

static int seconds(uint64_t ns)
{
	return (int) ((ns + 999999999) / 1000000000);
}

bool bg_limit_take(const bg_limits *limits, const char *zone_name, const char *address,
                   bg_str token, uint64_t now, bg_limit_verdict *verdict)
{
	const bg_limit_zone *zone;
	uint64_t by_address;
	uint64_t wait = 0;
	uint64_t rest = 0;
	int left;

	if (limits->n == 0)
		return false;
	pthread_once(&once, start);
	zone = find(limits, zone_name);
	by_address = address_key(zone, address);
	left = take(by_address, zone, now, &wait, &rest);
	if (left >= 0 && token.n > 0)
	{
		uint64_t token_rest;
		int of_token = take(hash('t', zone, token.s, token.n), zone, now, &wait, &token_rest);

		if (of_token < 0)
			give_back(by_address, zone, now);
		if (of_token < left)
		{
			left = of_token;
			rest = token_rest;
		}
	}
	*verdict = (bg_limit_verdict){.allowed = left >= 0,
	                              .zone = zone,
	                              .remaining = left < 0 ? 0 : left,
	                              .reset_s = seconds(rest),
	                              .retry_after = left < 0 ? seconds(wait) : 0};
	return true;
}

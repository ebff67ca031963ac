/*
 * cache.h
 *		Answers kept in this process: a bounded table that all loops share. What an answer is valid for is its generation and its time.
 */
#ifndef BG_GW_CACHE_H
#define BG_GW_CACHE_H

#include "util.h"

/* An answer of the database to a read without a token. Immutable once others can see it; shared by reference. */
typedef struct bg_entry
{
	int refs; /* atomic */
	bg_str key;
	uint64_t hash;
	uint64_t generation; /* of its topics, when it was read */
	uint64_t filled_ms;  /* bg_now_ms() */
	uint64_t until_ms;   /* not used after that */
	int failure;         /* bg_db_failure; BG_DB_ERROR: the four texts at the end say which */
	int status;
	bg_str body;
	bg_str packed; /* the body in gzip, s is NULL if it isn't worth it */
	char *etag;    /* NULL: none */
	char *link;
	char *type; /* of the content */
	char *sqlstate;
	char *message;
	char *detail;
	char *hint;
	size_t bytes; /* memory */

	/* of cache.c */
	struct bg_entry *next; /* in its bucket */
	bool used;             /* since the hand of the clock came by */
} bg_entry;

/* Everything is copied; packs the body if it is long enough. Texts may be NULL. One reference, the caller's. */
extern bg_entry *bg_entry_create(bg_str key, uint64_t generation);
/* pack_from: bytes from which the body is packed as well; 0: never. */
extern void bg_entry_set_body(bg_entry *entry, bg_str body, int pack_from);
extern char *bg_entry_text(const char *s, size_t n);
extern bg_entry *bg_entry_ref(bg_entry *entry);
extern void bg_entry_unref(bg_entry *entry);
/* A good hash of the key, for this process only. */
extern uint64_t bg_cache_hash(bg_str key);

/* bytes: the bound of all entries together; 0: nothing is kept. */
extern void bg_cache_init(size_t bytes);
/* The entry of a key if it is of this generation and still in its time, with a reference; else NULL. */
extern bg_entry *bg_cache_find(bg_str key, uint64_t hash, uint64_t generation, uint64_t now);
/* The entry of a key whatever its generation and time, for when the database is away. */
extern bg_entry *bg_cache_find_any(bg_str key, uint64_t hash);
/* Takes the place of what has the same key. The cache takes a reference of its own. */
extern void bg_cache_keep(bg_entry *entry);

typedef struct bg_cache_state
{
	uint64_t entries;
	uint64_t bytes;
	uint64_t evicted;
} bg_cache_state;
extern void bg_cache_look(bg_cache_state *state);

#endif

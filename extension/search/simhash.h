/*
 * simhash.h
 *		Fingerprints of texts by which near-duplicates are found, and what titles tell about two tasks. Plain C over memory.
 *
 * What these functions return is stored: a change of them makes fingerprints in existing databases worthless.
 */
#ifndef BG_SIMHASH_H
#define BG_SIMHASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Text with fewer features than this has no fingerprint: short texts are alike by chance. */
#define BG_SIMHASH_LEAST 8

typedef struct bg_simhash
{
	int64_t sums[64];
	uint64_t features;
} bg_simhash;

typedef struct bg_simhash_span
{
	const char *text; /* UTF-8; NULL = none */
	size_t len;
} bg_simhash_span;

/* The body: word triples and pairs of CJK characters, each with weight 1. */
extern void bg_simhash_body(bg_simhash *hash, const char *utf8, size_t len);
/* What is known of it, after the body: all words together weigh "share" hundredths of the body, each word at least 1. */
extern void bg_simhash_fact(bg_simhash *hash, char kind, const char *utf8, size_t len, int share);
/* False if there was too little text. */
extern bool bg_simhash_end(const bg_simhash *hash, uint64_t *value);
extern int bg_simhash_distance(uint64_t a, uint64_t b);

/* Hashes of a few passages of five words (or CJK pairs), the same ones in every copy of a text; returns how many there are. Most edits
 * leave most of them, where a fingerprint may already differ in each of its parts. */
#define BG_SIMHASH_PASSAGES 4
extern int bg_simhash_passages(const char *utf8, size_t len, uint64_t *hashes);

/* A hash of the words of a text, whatever stands between them; 0 if it has fewer than two. */
extern uint64_t bg_simhash_words(const char *utf8, size_t len);
/* How alike the words of two titles are, 0 to 1. Titles of which one is the other with something added come out high. */
extern double bg_simhash_titles(const bg_simhash_span *a, const bg_simhash_span *b);
/* True if both name years, or both name other numbers (editions, rounds), and neither names all of the other's: then they are not one
 * task. Amounts of money do not count. */
extern bool bg_simhash_conflict(const bg_simhash_span *a, const bg_simhash_span *b);

#endif

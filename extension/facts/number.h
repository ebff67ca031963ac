/*
 * number.h
 *		Numbers as people write them: grouping, decimals, k and million, 万 and 亿, full-width digits. Plain C, internal to facts/.
 */
#ifndef BG_NUMBER_H
#define BG_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

typedef unsigned __int128 bg_wide;

/* A decimal number: mantissa / 10^scale. */
typedef struct bg_number
{
	bg_wide mantissa;
	int scale;
	size_t start;
	size_t end;
	bool one_dot_group;    /* "5.000": thousands or three decimals */
	bool decimal_comma;    /* "1,50" */
	bool spaced;           /* grouped by plain spaces */
	bool multiplied;       /* k, million, 万 ... */
	bool short_multiple;   /* a single letter, which only a unit makes a multiple ("5m") */
	bg_wide bare_mantissa; /* before the short multiple */
	int bare_scale;
	size_t bare_end;
} bg_number;

/* ASCII or full-width digit at "at": its value and size; -1 if none. */
extern int bg_number_digit(const char *text, size_t len, size_t at, size_t *size);
/* Number of digits in a row from "at"; *end after them. */
extern int bg_number_run(const char *text, size_t len, size_t at, size_t *end);
/* The digit that a Chinese character stands for, or -1. */
extern int bg_number_ideograph(const char *text, size_t len, size_t at);
/* The number that begins at "at", with its multiples. False if there is none, or none that is safe to read. */
extern bool bg_number_read(const char *text, size_t len, size_t at, bg_number *n);
/* Canonical decimal without trailing zeros of the fraction; false if "out" is too small. */
extern bool bg_number_put(const bg_number *n, char *out, size_t size);
/* -1, 0 or 1. */
extern int bg_number_compare(const bg_number *a, const bg_number *b);

#endif

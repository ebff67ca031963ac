/*
 * units.h
 *		The names of currencies and tokens. Plain C, internal to facts/.
 */
#ifndef BG_UNITS_H
#define BG_UNITS_H

#include <stdbool.h>
#include <stddef.h>

typedef enum bg_unit_kind
{
	BG_UNIT_FIAT,
	BG_UNIT_TOKEN,
	BG_UNIT_POINTS
} bg_unit_kind;

/*
 * The unit that is written right after a number at "at" (blanks skipped by the caller). NULL if there is none; else its code,
 * which "code" (16 bytes) holds, and *end is set. With "loose", also unknown tickers in capitals.
 */
extern const char *bg_unit_after(const char *text, size_t len, size_t at, bool loose, char *code,
                                 size_t *end);
/* The unit that is written right before a number at "at": symbol or code. *start is set. */
extern const char *bg_unit_before(const char *text, size_t len, size_t at, char *code,
                                  size_t *start);
/* True if "code" is money issued by a state, whose decimal groups are known. */
extern bool bg_unit_is_fiat(const char *code);
/* True if "code" is points or experience, not something of value. */
extern bool bg_unit_is_points(const char *code);
/* True if numbers in it are customarily written 5.000,00. */
extern bool bg_unit_groups_with_dot(const char *code);

#endif

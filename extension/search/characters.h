/*
 * characters.h
 *		What search knows of characters: classes, lower case, UTF-8. Plain C, the same whatever the locale.
 */
#ifndef BG_SEARCH_CHARACTERS_H
#define BG_SEARCH_CHARACTERS_H

#include <stddef.h>
#include <stdint.h>

typedef enum bg_char_class
{
	BG_CHAR_END,
	BG_CHAR_BLANK,   /* white space, punctuation, symbols, bytes that are no UTF-8 */
	BG_CHAR_IGNORED, /* joiners and marks without width: they part nothing */
	BG_CHAR_APOSTROPHE,
	BG_CHAR_ASCII, /* a letter a to z */
	BG_CHAR_LETTER,
	BG_CHAR_DIGIT,
	BG_CHAR_DENSE /* Han, kana, Hangul, Thai and their like: no spaces between words */
} bg_char_class;

typedef struct bg_char
{
	uint32_t code; /* full-width forms as the ordinary ones */
	uint8_t len;   /* bytes; 0 at the end */
	bg_char_class class;
} bg_char;

extern bg_char bg_char_read(const unsigned char *text, size_t len);
/* At most 4 bytes; returns how many. */
extern size_t bg_char_write(char *to, uint32_t code);
extern uint32_t bg_char_lower(uint32_t code);

#endif

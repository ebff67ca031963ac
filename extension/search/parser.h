/*
 * parser.h
 *		From text to the words that search knows: a scanner that hands out one token at a time, already lower-cased. Plain C: no
 *		allocation, no server, no dictionary (stemming and stop words are the server's).
 */
#ifndef BG_SEARCH_PARSER_H
#define BG_SEARCH_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BG_SEARCH_MAX_TOKEN 128 /* bytes; what is longer is cut at a character */
#define BG_SEARCH_MAX_PARTS 16
#define BG_SEARCH_MAX_WORD 40 /* characters of words that are compared by distance */

/* The numbers are those of the text search parser's token types in SQL. */
typedef enum bg_search_kind
{
	BG_SEARCH_WORD = 1, /* ASCII letters, perhaps with an apostrophe: stemmed as English */
	BG_SEARCH_FOREIGN,  /* letters of other alphabets */
	BG_SEARCH_NUMBER,   /* 2026, 3.5, 10,000 (as 10000) */
	BG_SEARCH_MIXED,    /* letters and digits: web3, erc20 */
	BG_SEARCH_NAME,     /* c++, c#, .net */
	BG_SEARCH_COMPOUND, /* zero-knowledge, node.js as a whole; its parts follow */
	BG_SEARCH_SIGNED,   /* $sol, @handle, #tag as a whole; the word follows */
	BG_SEARCH_PAIR,     /* two neighbours of a script that puts no spaces between words */
	BG_SEARCH_LAST,     /* the last one of such a run, so that each character begins a token */
	BG_SEARCH_SINGLE,   /* such a character that stands alone */
	BG_SEARCH_KINDS = BG_SEARCH_SINGLE
} bg_search_kind;

typedef struct bg_search_token
{
	bg_search_kind kind;
	const char *text; /* in the parser's memory: valid until the next token */
	size_t len;
} bg_search_token;

typedef struct bg_search_part
{
	uint8_t kind;
	uint16_t start;
	uint16_t len;
} bg_search_part;

typedef struct bg_search_parser
{
	const unsigned char *text;
	size_t len;
	size_t at;
	bool in_run;       /* the character at hand was the second of a pair */
	bool after_letter; /* the character before was part of a word */
	int n_parts;
	int next_part;
	bg_search_part parts[BG_SEARCH_MAX_PARTS + 2];
	size_t used;
	char buffer[2 * BG_SEARCH_MAX_TOKEN + 8];
} bg_search_parser;

/* "text" is UTF-8, whatever is broken in it counts as white space; it must live as long as the parser. */
extern void bg_search_parser_init(bg_search_parser *parser, const char *text, size_t len);
/* False at the end. */
extern bool bg_search_parser_next(bg_search_parser *parser, bg_search_token *token);

/* True for one character, of 3 or 4 bytes, of a script without spaces. */
extern bool bg_search_is_single(const char *text, size_t len);

/*
 * How many insertions, deletions, replacements and swaps of neighbours make one word the other, in characters; more than "limit" is
 * not counted on. Words of more than BG_SEARCH_MAX_WORD characters, or that are no UTF-8, are limit + 1 apart.
 */
extern int bg_search_distance(const char *a, size_t a_len, const char *b, size_t b_len, int limit);

/*
 * The forms of a word with up to "gaps" (0 to 2) characters left out, itself first: two words are near each other if they share one.
 * Calls "take" for each (some may come twice); returns false for words too long or that are no UTF-8.
 */
typedef void (*bg_search_take)(void *context, const char *form, size_t len);
extern bool bg_search_forms(const char *word, size_t len, int gaps, bg_search_take take,
                            void *context);

#endif

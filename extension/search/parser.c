/*
 * parser.c
 *		Splits text into tokens for search; see parser.h. One pass, each byte looked at a bounded number of times.
 *
 * Words keep what makes them names (c++, .net, web3). Scripts without spaces become overlapping pairs, which find any part of a run
 * as a phrase; the last character of a run comes once more alone, so that each character begins some token and one that is asked for
 * alone is found as a prefix. Full-width forms are read as the ordinary ones.
 */
#include <string.h>

#include "search/characters.h"
#include "search/parser.h"

#define MAX_COMPOUND (2 * BG_SEARCH_MAX_TOKEN)

typedef struct segment
{
	bool has_letter;
	bool has_foreign;
	bool has_digit;
	size_t chars;
} segment;

void bg_search_parser_init(bg_search_parser *parser, const char *text, size_t len)
{
	parser->text = (const unsigned char *) text;
	parser->len = len;
	parser->at = 0;
	parser->in_run = false;
	parser->after_letter = false;
	parser->n_parts = 0;
	parser->next_part = 0;
	parser->used = 0;
}

/* The character at a place, its bytes, and its class; at the end: class END, no bytes. */
static bg_char peek(const bg_search_parser *parser, size_t at)
{
	return bg_char_read(parser->text + at, parser->len - at);
}

static bool is_wordly(bg_char_class class)
{
	return class == BG_CHAR_ASCII || class == BG_CHAR_LETTER || class == BG_CHAR_DIGIT;
}

static void append(bg_search_parser *parser, uint32_t code)
{
	parser->used += bg_char_write(parser->buffer + parser->used, code);
}

static void add_part(bg_search_parser *parser, bg_search_kind kind, size_t start, size_t len)
{
	bg_search_part *part = &parser->parts[parser->n_parts++];

	part->kind = kind;
	part->start = (uint16_t) start;
	part->len = (uint16_t) len;
}

/*
 * Letters and digits up to what is neither, lower-cased into the buffer as far as they fit. Apostrophes between letters belong to
 * it, commas between groups of three digits go.
 */
static segment read_segment(bg_search_parser *parser, size_t room)
{
	segment found = {0};
	size_t end = parser->used + room;
	bool full = false;

	for (;;)
	{
		bg_char c = peek(parser, parser->at);

		if (c.class == BG_CHAR_IGNORED)
		{
			parser->at += c.len;
			continue;
		}
		if (c.class == BG_CHAR_APOSTROPHE && found.has_letter && !found.has_digit)
		{
			bg_char next = peek(parser, parser->at + c.len);

			if (next.class != BG_CHAR_ASCII && next.class != BG_CHAR_LETTER)
				break;
			c.code = '\'';
		}
		else if (c.code == ',' && found.has_digit && !found.has_letter)
		{
			size_t at = parser->at + c.len;
			int digits = 0;

			for (; digits < 4; digits++)
			{
				bg_char next = peek(parser, at);

				if (next.class != BG_CHAR_DIGIT)
					break;
				at += next.len;
			}
			if (digits != 3)
				break;
			parser->at += c.len;
			continue;
		}
		else if (!is_wordly(c.class))
			break;
		parser->at += c.len;
		found.has_digit |= c.class == BG_CHAR_DIGIT;
		found.has_letter |= c.class == BG_CHAR_ASCII || c.class == BG_CHAR_LETTER;
		c.code = bg_char_lower(c.code);
		found.has_foreign |= c.code >= 0x80 && c.class == BG_CHAR_LETTER;
		found.chars++;
		full = full || parser->used + 4 > end;
		if (!full)
			append(parser, c.code);
	}
	return found;
}

static bg_search_kind kind_of(segment s)
{
	if (s.has_letter && s.has_digit)
		return BG_SEARCH_MIXED;
	if (s.has_digit)
		return BG_SEARCH_NUMBER;
	return s.has_foreign ? BG_SEARCH_FOREIGN : BG_SEARCH_WORD;
}

/* A sign between two segments that makes them one: its character, else 0. */
static uint32_t joiner(const bg_search_parser *parser)
{
	bg_char c = peek(parser, parser->at);

	if (c.code != '-' && c.code != '.' && c.code != '_' && c.code != '&' && c.code != 0x2010 &&
	    c.code != 0x2011)
		return 0;
	if (!is_wordly(peek(parser, parser->at + c.len).class))
		return 0;
	return c.code == 0x2010 || c.code == 0x2011 ? '-' : c.code;
}

/* "++" or, after a single letter, "#", if no word follows: c++, f#. */
static bool read_suffix(bg_search_parser *parser, segment last)
{
	bg_char c = peek(parser, parser->at);
	bg_char second = peek(parser, parser->at + c.len);
	bool is_plus = c.code == '+' && second.code == '+';
	size_t len = is_plus ? c.len + second.len : c.len;

	if (!last.has_letter || !(is_plus || (c.code == '#' && last.chars == 1 && !last.has_foreign)) ||
	    is_wordly(peek(parser, parser->at + len).class))
		return false;
	parser->at += len;
	append(parser, is_plus ? '+' : '#');
	if (is_plus)
		append(parser, '+');
	return true;
}

/* A word, with all that belongs to it, becomes the parts that are handed out next. */
static void read_word(bg_search_parser *parser, uint32_t sign)
{
	segment last = {0};
	bool numbers_only = true;
	int n = 0;
	size_t start;
	uint32_t join = 0;

	parser->used = 0;
	parser->n_parts = 0;
	parser->next_part = 0;
	if (sign != 0)
		append(parser, sign);
	/* The whole comes first; its place is kept until it is known. */
	add_part(parser, BG_SEARCH_COMPOUND, 0, 0);
	do
	{
		if (join != 0)
		{
			parser->at += peek(parser, parser->at).len;
			append(parser, join);
		}
		start = parser->used;
		last = read_segment(parser, BG_SEARCH_MAX_TOKEN);
		numbers_only = numbers_only && !last.has_letter && (join == 0 || join == '.');
		add_part(parser, kind_of(last), start, parser->used - start);
		n++;
		join = joiner(parser);
	} while (join != 0 && n < BG_SEARCH_MAX_PARTS &&
	         parser->used + BG_SEARCH_MAX_TOKEN < MAX_COMPOUND);

	if (n == 1 && read_suffix(parser, last))
	{
		parser->parts[0] = (bg_search_part){BG_SEARCH_NAME, 0, (uint16_t) parser->used};
		/* "c" would be found by any letter c. */
		if (last.chars == 1)
			parser->n_parts = 1;
	}
	else if (sign == '.')
		parser->parts[0] = (bg_search_part){BG_SEARCH_NAME, 0, (uint16_t) parser->used};
	else if (n > 1 && numbers_only)
	{
		/* 3.5 and 1.000.000, not their parts. */
		parser->parts[0] = (bg_search_part){BG_SEARCH_NUMBER, 0, (uint16_t) parser->used};
		parser->n_parts = 1;
	}
	else if (n > 1 || sign != 0)
		parser->parts[0] = (bg_search_part){sign != 0 ? BG_SEARCH_SIGNED : BG_SEARCH_COMPOUND, 0,
		                                    (uint16_t) parser->used};
	else
		parser->next_part = 1;
	if (parser->parts[0].len > BG_SEARCH_MAX_TOKEN && parser->next_part == 0)
		parser->next_part = 1;
}

static bool hand_out(bg_search_parser *parser, bg_search_token *token)
{
	while (parser->next_part < parser->n_parts)
	{
		const bg_search_part *part = &parser->parts[parser->next_part++];

		if (part->len == 0)
			continue;
		token->kind = part->kind;
		token->text = parser->buffer + part->start;
		token->len = part->len;
		return true;
	}
	return false;
}

/* One character of a script without spaces, with its neighbour if there is one. */
static void read_dense(bg_search_parser *parser, bg_char c, bg_search_token *token)
{
	bg_char next;
	size_t at = parser->at + c.len;

	while ((next = peek(parser, at)).class == BG_CHAR_IGNORED)
		at += next.len;
	parser->used = 0;
	append(parser, c.code);
	if (next.class == BG_CHAR_DENSE)
	{
		append(parser, next.code);
		token->kind = BG_SEARCH_PAIR;
	}
	else
		token->kind = parser->in_run ? BG_SEARCH_LAST : BG_SEARCH_SINGLE;
	parser->in_run = next.class == BG_CHAR_DENSE;
	parser->at = at;
	token->text = parser->buffer;
	token->len = parser->used;
}

bool bg_search_parser_next(bg_search_parser *parser, bg_search_token *token)
{
	if (hand_out(parser, token))
		return true;
	while (parser->at < parser->len)
	{
		bg_char c = peek(parser, parser->at);
		uint32_t sign = 0;

		if (c.class == BG_CHAR_DENSE)
		{
			parser->after_letter = false;
			read_dense(parser, c, token);
			return true;
		}
		if (is_wordly(c.class))
		{
			parser->after_letter = true;
			read_word(parser, 0);
			if (hand_out(parser, token))
				return true;
			continue;
		}
		if (!parser->after_letter &&
		    (c.code == '$' || c.code == '@' || c.code == '#' || c.code == '.'))
		{
			bg_char next = peek(parser, parser->at + c.len);

			/* $500 is a number, not a token's name. */
			if (next.class == BG_CHAR_ASCII || next.class == BG_CHAR_LETTER)
				sign = c.code;
		}
		parser->at += c.len;
		parser->after_letter = false;
		if (sign != 0)
		{
			parser->after_letter = true;
			read_word(parser, sign);
			if (hand_out(parser, token))
				return true;
		}
	}
	return false;
}

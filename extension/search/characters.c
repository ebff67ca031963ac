/*
 * characters.c
 *		Classes and lower case of characters by ranges, not by the locale: a database of locale C must find the same. Complete
 *		normalisation (NFKC) is the server's, before the text comes here; full-width forms are folded here as well.
 */
#include <stdbool.h>

#include "search/characters.h"

typedef struct range
{
	uint32_t first;
	uint32_t last;
	bg_char_class class;
} range;

/* By code; what stands in no range is a letter. Below U+0080: see read_ascii. */
static const range ranges[] = {
    {0x80, 0xA9, BG_CHAR_BLANK},         {0xAB, 0xAC, BG_CHAR_BLANK},
    {0xAD, 0xAD, BG_CHAR_IGNORED},       {0xAE, 0xB4, BG_CHAR_BLANK},
    {0xB6, 0xB9, BG_CHAR_BLANK},         {0xBB, 0xBF, BG_CHAR_BLANK},
    {0xD7, 0xD7, BG_CHAR_BLANK},         {0xF7, 0xF7, BG_CHAR_BLANK},
    {0x2C2, 0x2DF, BG_CHAR_BLANK},       {0x37E, 0x37E, BG_CHAR_BLANK},
    {0x387, 0x387, BG_CHAR_BLANK},       {0x55A, 0x55F, BG_CHAR_BLANK},
    {0x589, 0x58F, BG_CHAR_BLANK},       {0x5BE, 0x5BE, BG_CHAR_BLANK},
    {0x60C, 0x60D, BG_CHAR_BLANK},       {0x61B, 0x61F, BG_CHAR_BLANK},
    {0x660, 0x669, BG_CHAR_DIGIT},       {0x66A, 0x66D, BG_CHAR_BLANK},
    {0x6D4, 0x6D4, BG_CHAR_BLANK},       {0x6F0, 0x6F9, BG_CHAR_DIGIT},
    {0x964, 0x965, BG_CHAR_BLANK},       {0x966, 0x96F, BG_CHAR_DIGIT},
    {0xE01, 0xE3A, BG_CHAR_DENSE},       {0xE3F, 0xE3F, BG_CHAR_BLANK},
    {0xE40, 0xE4E, BG_CHAR_DENSE},       {0xE4F, 0xE4F, BG_CHAR_BLANK},
    {0xE50, 0xE59, BG_CHAR_DIGIT},       {0xE5A, 0xE5B, BG_CHAR_BLANK},
    {0xE81, 0xECE, BG_CHAR_DENSE},       {0xEDC, 0xEDF, BG_CHAR_DENSE},
    {0x1000, 0x103F, BG_CHAR_DENSE},     {0x104A, 0x104F, BG_CHAR_BLANK},
    {0x1050, 0x109F, BG_CHAR_DENSE},     {0x1100, 0x11FF, BG_CHAR_DENSE},
    {0x1780, 0x17D3, BG_CHAR_DENSE},     {0x17D4, 0x17DB, BG_CHAR_BLANK},
    {0x2000, 0x200A, BG_CHAR_BLANK},     {0x200B, 0x200F, BG_CHAR_IGNORED},
    {0x2010, 0x2018, BG_CHAR_BLANK},     {0x2019, 0x2019, BG_CHAR_APOSTROPHE},
    {0x201A, 0x205F, BG_CHAR_BLANK},     {0x2060, 0x2064, BG_CHAR_IGNORED},
    {0x2065, 0x2BFF, BG_CHAR_BLANK},     {0x2CF9, 0x2CFF, BG_CHAR_BLANK},
    {0x2E00, 0x2E7F, BG_CHAR_BLANK},     {0x2E80, 0x2FDF, BG_CHAR_DENSE},
    {0x2FE0, 0x3004, BG_CHAR_BLANK},     {0x3005, 0x3007, BG_CHAR_DENSE},
    {0x3008, 0x3020, BG_CHAR_BLANK},     {0x3021, 0x302F, BG_CHAR_DENSE},
    {0x3030, 0x3030, BG_CHAR_BLANK},     {0x3031, 0x303C, BG_CHAR_DENSE},
    {0x303D, 0x3040, BG_CHAR_BLANK},     {0x3041, 0x309A, BG_CHAR_DENSE},
    {0x309B, 0x309C, BG_CHAR_BLANK},     {0x309D, 0x309F, BG_CHAR_DENSE},
    {0x30A0, 0x30A0, BG_CHAR_BLANK},     {0x30A1, 0x30FA, BG_CHAR_DENSE},
    {0x30FB, 0x30FB, BG_CHAR_BLANK},     {0x30FC, 0x31EF, BG_CHAR_DENSE},
    {0x31F0, 0x31FF, BG_CHAR_DENSE},     {0x3200, 0x33FF, BG_CHAR_BLANK},
    {0x3400, 0x4DBF, BG_CHAR_DENSE},     {0x4DC0, 0x4DFF, BG_CHAR_BLANK},
    {0x4E00, 0x9FFF, BG_CHAR_DENSE},     {0xA490, 0xA4CF, BG_CHAR_BLANK},
    {0xA960, 0xA97C, BG_CHAR_DENSE},     {0xAC00, 0xD7FF, BG_CHAR_DENSE},
    {0xE000, 0xF8FF, BG_CHAR_BLANK},     {0xF900, 0xFAFF, BG_CHAR_DENSE},
    {0xFE00, 0xFE0F, BG_CHAR_IGNORED},   {0xFE10, 0xFE6F, BG_CHAR_BLANK},
    {0xFEFF, 0xFEFF, BG_CHAR_IGNORED},   {0xFF5F, 0xFF65, BG_CHAR_BLANK},
    {0xFF66, 0xFFDC, BG_CHAR_DENSE},     {0xFFDD, 0xFFFF, BG_CHAR_BLANK},
    {0x1B000, 0x1B2FF, BG_CHAR_DENSE},   {0x1D100, 0x1D3FF, BG_CHAR_BLANK},
    {0x1EE00, 0x1FBFF, BG_CHAR_BLANK},   {0x20000, 0x3FFFF, BG_CHAR_DENSE},
    {0xE0000, 0xE0FFF, BG_CHAR_IGNORED}, {0xF0000, 0x10FFFF, BG_CHAR_BLANK},
};

static bg_char_class class_of_ascii(uint32_t code)
{
	if ((code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z'))
		return BG_CHAR_ASCII;
	if (code >= '0' && code <= '9')
		return BG_CHAR_DIGIT;
	return code == '\'' ? BG_CHAR_APOSTROPHE : BG_CHAR_BLANK;
}

static bg_char_class class_of(uint32_t code)
{
	size_t low = 0;
	size_t high = sizeof(ranges) / sizeof(ranges[0]);

	if (code < 0x80)
		return class_of_ascii(code);
	while (low < high)
	{
		size_t middle = (low + high) / 2;

		if (code > ranges[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < sizeof(ranges) / sizeof(ranges[0]) && code >= ranges[low].first)
		return ranges[low].class;
	return BG_CHAR_LETTER;
}

/* Bytes of a well-formed character at "text", its code in *code; 0 if it is none. */
static size_t decode(const unsigned char *text, size_t len, uint32_t *code)
{
	uint32_t c = text[0];
	size_t need = c < 0x80                ? 1
	              : c >= 0xC2 && c < 0xE0 ? 2
	              : c >= 0xE0 && c < 0xF0 ? 3
	              : c >= 0xF0 && c < 0xF5 ? 4
	                                      : 0;

	if (need == 0 || need > len)
		return 0;
	if (need > 1)
		c &= 0x7Fu >> need;
	for (size_t i = 1; i < need; i++)
	{
		if ((text[i] & 0xC0) != 0x80)
			return 0;
		c = c << 6 | (text[i] & 0x3Fu);
	}
	if ((need == 3 && (c < 0x800 || (c >= 0xD800 && c < 0xE000))) ||
	    (need == 4 && (c < 0x10000 || c > 0x10FFFF)))
		return 0;
	*code = c;
	return need;
}

bg_char bg_char_read(const unsigned char *text, size_t len)
{
	bg_char found = {0, 0, BG_CHAR_END};

	if (len == 0)
		return found;
	found.len = (uint8_t) decode(text, len, &found.code);
	if (found.len == 0)
	{
		found.len = 1;
		found.class = BG_CHAR_BLANK;
		return found;
	}
	if (found.code >= 0xFF01 && found.code <= 0xFF5E)
		found.code -= 0xFEE0;
	found.class = class_of(found.code);
	return found;
}

size_t bg_char_write(char *to, uint32_t code)
{
	if (code < 0x80)
	{
		to[0] = (char) code;
		return 1;
	}
	if (code < 0x800)
	{
		to[0] = (char) (0xC0 | code >> 6);
		to[1] = (char) (0x80 | (code & 0x3F));
		return 2;
	}
	if (code < 0x10000)
	{
		to[0] = (char) (0xE0 | code >> 12);
		to[1] = (char) (0x80 | (code >> 6 & 0x3F));
		to[2] = (char) (0x80 | (code & 0x3F));
		return 3;
	}
	to[0] = (char) (0xF0 | code >> 18);
	to[1] = (char) (0x80 | (code >> 12 & 0x3F));
	to[2] = (char) (0x80 | (code >> 6 & 0x3F));
	to[3] = (char) (0x80 | (code & 0x3F));
	return 4;
}

static bool between(uint32_t code, uint32_t first, uint32_t last)
{
	return code >= first && code <= last;
}

/* Alphabets whose capitals stand at even places before their small letters, and those at odd ones. */
static uint32_t lower_pairs(uint32_t code)
{
	if (between(code, 0x139, 0x148) || between(code, 0x179, 0x17E) || between(code, 0x1CD, 0x1DC) ||
	    between(code, 0x4C1, 0x4CE))
		return code + (code & 1);
	if (between(code, 0x100, 0x137) || between(code, 0x14A, 0x177) || between(code, 0x1DE, 0x1EF) ||
	    between(code, 0x1F8, 0x21F) || between(code, 0x222, 0x233) || between(code, 0x370, 0x373) ||
	    between(code, 0x3D8, 0x3EF) || between(code, 0x460, 0x481) || between(code, 0x48A, 0x4BF) ||
	    between(code, 0x4D0, 0x52F) || between(code, 0x1E00, 0x1E95) ||
	    between(code, 0x1EA0, 0x1EFF))
		return code | 1;
	return code;
}

uint32_t bg_char_lower(uint32_t code)
{
	if (code < 0x80)
		return code >= 'A' && code <= 'Z' ? code + 32 : code;
	if (code < 0x100)
		return between(code, 0xC0, 0xDE) && code != 0xD7 ? code + 32 : code;
	switch (code)
	{
		case 0x130: /* İ: without its dot, as typed by those who have no such key */
			return 'i';
		case 0x178:
			return 0xFF;
		case 0x17F:
			return 's';
		case 0x386:
			return 0x3AC;
		case 0x38C:
			return 0x3CC;
		case 0x3C2: /* the final sigma is a sigma */
			return 0x3C3;
		case 0x4C0:
			return 0x4CF;
		case 0x1E9E:
			return 0xDF;
		default:
			break;
	}
	if (between(code, 0x388, 0x38A))
		return code + 37;
	if (between(code, 0x38E, 0x38F))
		return code + 63;
	if ((between(code, 0x391, 0x3AB) && code != 0x3A2) || between(code, 0x410, 0x42F))
		return code + 32;
	if (between(code, 0x400, 0x40F))
		return code + 80;
	if (between(code, 0x531, 0x556))
		return code + 48;
	return lower_pairs(code);
}

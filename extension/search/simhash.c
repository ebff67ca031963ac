/*
 * simhash.c
 *		64-bit fingerprints (Charikar's simhash) whose distance tells how alike two texts are. Plain C; see simhash.h.
 *
 * Words are runs of letters and digits in lower case; full-width forms are their ASCII ones. CJK text, which has no spaces, counts by
 * pairs of characters. Bytes that are not UTF-8 separate words. Nothing here allocates, except bounded lists on the stack.
 */
#include "simhash.h"

#define MAX_WORDS 64 /* of a title; the rest is not looked at */
#define HASH_SEED UINT64_C(0xcbf29ce484222325)

/* ---- characters -------------------------------------------------------------------------------------------- */

typedef enum char_class
{
	SEPARATOR,
	LETTER,
	CJK
} char_class;

/* The code point at "at", which moves on; 0 for bytes that are none. */
static uint32_t next_char(const char *text, size_t len, size_t *at)
{
	const unsigned char *p = (const unsigned char *) text + *at;
	size_t left = len - *at;
	uint32_t c = p[0];
	size_t more = c < 0x80 ? 0 : c >= 0xf0 && c < 0xf5 ? 3 : c >= 0xe0 ? 2 : c >= 0xc2 ? 1 : 9;

	if (more == 9 || c >= 0xf5 || more >= left)
	{
		(*at)++;
		return more == 0 ? c : 0;
	}
	if (more > 0)
		c &= 0x3fu >> more;
	for (size_t i = 1; i <= more; i++)
	{
		if ((p[i] & 0xc0) != 0x80)
		{
			(*at)++;
			return 0;
		}
		c = c << 6 | (p[i] & 0x3f);
	}
	*at += more + 1;
	return c;
}

static bool is_between(uint32_t c, uint32_t first, uint32_t last)
{
	return c >= first && c <= last;
}

static uint32_t to_lower(uint32_t c)
{
	if (is_between(c, 0xff01, 0xff5e))
		c -= 0xfee0;
	if (is_between(c, 'A', 'Z') || (is_between(c, 0xc0, 0xde) && c != 0xd7) ||
	    (is_between(c, 0x391, 0x3a9) && c != 0x3a2) || is_between(c, 0x410, 0x42f))
		return c + 32;
	if (is_between(c, 0x400, 0x40f))
		return c + 80;
	/* Pairs of capital and small letter: mostly even and odd, in two stretches the other way round. */
	if (is_between(c, 0x139, 0x148) || is_between(c, 0x179, 0x17e))
		return c + (c & 1);
	if ((is_between(c, 0x100, 0x137) && c != 0x130) || is_between(c, 0x14a, 0x177) ||
	    is_between(c, 0x1e00, 0x1eff) || is_between(c, 0x460, 0x481) || is_between(c, 0x48a, 0x4bf))
		return c | 1;
	return c;
}

static char_class class_of(uint32_t c)
{
	if (c < 0x80)
		return is_between(c, 'a', 'z') || is_between(c, '0', '9') || c == '+' || c == '#'
		           ? LETTER
		           : SEPARATOR;
	if (is_between(c, 0x3041, 0x30ff) || is_between(c, 0x3400, 0x4dbf) ||
	    is_between(c, 0x4e00, 0x9fff) || is_between(c, 0xac00, 0xd7af) ||
	    is_between(c, 0xf900, 0xfaff) || is_between(c, 0x20000, 0x3134f))
		return c == 0x30fb ? SEPARATOR : CJK;
	/* Punctuation, symbols, emoji, private use; what is left are letters of some script. */
	if (c < 0xc0 || c == 0xd7 || c == 0xf7 || is_between(c, 0x2000, 0x2bff) ||
	    is_between(c, 0x2e00, 0x2e7f) || is_between(c, 0x3000, 0x3040) ||
	    is_between(c, 0xe000, 0xf8ff) || is_between(c, 0xfe00, 0xfeff) ||
	    is_between(c, 0xff00, 0xff20) || is_between(c, 0xff5b, 0xff65) ||
	    is_between(c, 0xfff0, 0xffff) || c >= 0x1f000)
		return SEPARATOR;
	return LETTER;
}

/* ---- hashes ------------------------------------------------------------------------------------------------ */

static uint64_t mix(uint64_t h)
{
	h ^= h >> 33;
	h *= UINT64_C(0xff51afd7ed558ccd);
	h ^= h >> 33;
	h *= UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

static uint64_t add_char(uint64_t h, uint32_t c)
{
	return (h ^ c) * UINT64_C(0x100000001b3);
}

static uint64_t join(uint64_t a, uint64_t b)
{
	return mix(a * UINT64_C(0x9e3779b97f4a7c15) + b);
}

/* ---- words ------------------------------------------------------------------------------------------------- */

typedef struct reader
{
	const char *text;
	size_t len;
	size_t at;
	uint32_t last_cjk; /* the CJK character just before, 0 = none */
	bool paired;       /* it is part of a pair already */
} reader;

typedef struct token
{
	uint64_t hash;
	bool is_cjk;
} token;

/* The next word, or pair of CJK characters (a single one if it stands alone). */
static bool next_token(reader *r, token *t)
{
	uint64_t h = HASH_SEED;
	bool in_word = false;

	for (;;)
	{
		size_t before = r->at;
		uint32_t c = r->at < r->len ? to_lower(next_char(r->text, r->len, &r->at)) : 0;
		char_class class = class_of(c);

		if (in_word)
		{
			if (class == LETTER)
			{
				h = add_char(h, c);
				continue;
			}
			r->at = before;
			*t = (token){mix(h), false};
			return true;
		}
		if (class == CJK)
		{
			uint32_t last = r->last_cjk;

			r->last_cjk = c;
			r->paired = last != 0;
			if (last == 0)
				continue;
			*t = (token){mix(add_char(add_char(HASH_SEED, last), c)), true};
			return true;
		}
		if (r->last_cjk != 0)
		{
			uint32_t last = r->last_cjk;

			r->last_cjk = 0;
			if (!r->paired)
			{
				r->at = before;
				*t = (token){mix(add_char(HASH_SEED, last)), true};
				return true;
			}
		}
		if (class == LETTER)
		{
			in_word = true;
			h = add_char(h, c);
		}
		else if (before >= r->len)
			return false;
	}
}

/* ---- the fingerprint --------------------------------------------------------------------------------------- */

static bool holds(const uint64_t *list, int n, uint64_t value)
{
	for (int i = 0; i < n; i++)
		if (list[i] == value)
			return true;
	return false;
}

static void add_feature(bg_simhash *hash, uint64_t h, int64_t weight)
{
	for (int i = 0; i < 64; i++)
		hash->sums[i] += (h >> i & 1) != 0 ? weight : -weight;
}

void bg_simhash_body(bg_simhash *hash, const char *utf8, size_t len)
{
	reader r = {utf8, len, 0, 0, false};
	uint64_t words[2] = {0, 0};
	size_t n = 0;
	token t;

	while (next_token(&r, &t))
	{
		if (t.is_cjk)
		{
			add_feature(hash, t.hash, 1);
			hash->features++;
			continue;
		}
		if (n++ >= 2)
		{
			add_feature(hash, join(join(words[0], words[1]), t.hash), 1);
			hash->features++;
		}
		words[0] = words[1];
		words[1] = t.hash;
	}
}

void bg_simhash_fact(bg_simhash *hash, char kind, const char *utf8, size_t len, int share)
{
	reader r = {utf8, len, 0, 0, false};
	uint64_t words[MAX_WORDS];
	int n = 0;
	int64_t weight;
	token t;

	while (n < MAX_WORDS && next_token(&r, &t))
		words[n++] = join((unsigned char) kind, t.hash);
	if (n == 0)
		return;
	weight = (int64_t) (hash->features * (uint64_t) share / 100) / n;
	for (int i = 0; i < n; i++)
		add_feature(hash, words[i], weight > 0 ? weight : 1);
}

bool bg_simhash_end(const bg_simhash *hash, uint64_t *value)
{
	uint64_t bits = 0;

	for (int i = 0; i < 64; i++)
		bits |= (uint64_t) (hash->sums[i] > 0) << i;
	*value = bits;
	return hash->features >= BG_SIMHASH_LEAST;
}

int bg_simhash_distance(uint64_t a, uint64_t b)
{
	return __builtin_popcountll(a ^ b);
}

/* The smallest hashes: which passages those are depends on the passages alone, not on what stands around them. */
int bg_simhash_passages(const char *utf8, size_t len, uint64_t *hashes)
{
	reader r = {utf8, len, 0, 0, false};
	uint64_t words[5] = {0};
	size_t seen = 0;
	int n = 0;
	token t;

	while (next_token(&r, &t))
	{
		uint64_t h = 0;
		int place;

		words[seen++ % 5] = t.hash;
		if (seen < 5)
			continue;
		for (size_t i = seen; i < seen + 5; i++)
			h = join(h, words[i % 5]);
		if ((n == BG_SIMHASH_PASSAGES && h >= hashes[n - 1]) || holds(hashes, n, h))
			continue;
		if (n < BG_SIMHASH_PASSAGES)
			n++;
		for (place = n - 1; place > 0 && hashes[place - 1] > h; place--)
			hashes[place] = hashes[place - 1];
		hashes[place] = h;
	}
	return n;
}

/* ---- titles ------------------------------------------------------------------------------------------------ */

static int words_of(const bg_simhash_span *title, uint64_t *words)
{
	reader r = {title->text, title->text != NULL ? title->len : 0, 0, 0, false};
	int n = 0;
	token t;

	while (n < MAX_WORDS && next_token(&r, &t))
		if (!holds(words, n, t.hash))
			words[n++] = t.hash;
	return n;
}

uint64_t bg_simhash_words(const char *utf8, size_t len)
{
	reader r = {utf8, len, 0, 0, false};
	uint64_t h = HASH_SEED;
	int n = 0;
	token t;

	for (; next_token(&r, &t); n++)
		h = join(h, t.hash);
	return n < 2 ? 0 : h;
}

double bg_simhash_titles(const bg_simhash_span *a, const bg_simhash_span *b)
{
	uint64_t x[MAX_WORDS];
	uint64_t y[MAX_WORDS];
	int m = words_of(a, x);
	int n = words_of(b, y);
	int least = m < n ? m : n;
	int both = 0;
	double dice;
	double within;

	if (least == 0)
		return 0;
	for (int i = 0; i < m; i++)
		both += holds(y, n, x[i]);
	dice = 2.0 * both / (m + n);
	/* A repost adds "apply now" or its own name to the title; a single shared word says little. */
	within = least >= 2 ? 0.9 * both / least : 0;
	return dice > within ? dice : within;
}

/* ---- numbers ----------------------------------------------------------------------------------------------- */

/* The value of a CJK numeral below ten thousand (二十三, 二〇二六), read as far as it goes; 0 if there is none. */
static uint64_t cjk_number(const char *text, size_t len, size_t *at)
{
	static const uint32_t digits[] = {0x3007, 0x4e00, 0x4e8c, 0x4e09, 0x56db,
	                                  0x4e94, 0x516d, 0x4e03, 0x516b, 0x4e5d};
	uint64_t total = 0;
	uint64_t row = 0;

	for (;;)
	{
		size_t before = *at;
		uint32_t c = *at < len ? to_lower(next_char(text, len, at)) : 0;
		uint64_t unit = c == 0x5341 ? 10 : c == 0x767e ? 100 : c == 0x5343 ? 1000 : 0;
		int digit = -1;

		for (int i = 0; i < 10 && digit < 0; i++)
			if (digits[i] == c)
				digit = i;
		if (c == 0x96f6) /* the other way to write nought */
			digit = 0;
		if ((digit < 0 && unit == 0) || row > 99999)
		{
			*at = before;
			return total + row;
		}
		if (unit != 0)
		{
			total += (row == 0 ? 1 : row) * unit;
			row = 0;
		}
		else
			row = row * 10 + (uint64_t) digit;
	}
}

typedef struct numbers
{
	uint64_t years[MAX_WORDS];
	uint64_t others[MAX_WORDS]; /* editions, rounds, numbers of issues */
	int n_years;
	int n_others;
} numbers;

/* Whether what follows a number makes it an amount: "5000 USDC", "10k", "100 万元". */
static bool is_amount(const char *text, size_t len, size_t at)
{
	static const uint32_t units[] = {0x4e07, 0x5143, 0x7f8e, 0x5757, 0x5200, 0x20ac, '$', '%'};
	size_t end;
	uint32_t c;

	if (at < len && (text[at] == 'k' || text[at] == 'K' || text[at] == 'm' || text[at] == 'M'))
		return true;
	while (at < len && (text[at] == ' ' || text[at] == '+'))
		at++;
	if (at >= len)
		return false;
	for (end = at; end < len && is_between((unsigned char) text[end], 'A', 'Z'); end++)
		;
	if (end - at >= 3 && end - at <= 5 &&
	    (end == len || class_of(to_lower((unsigned char) text[end])) == SEPARATOR))
		return true;
	c = next_char(text, len, &at);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (units[i] == c)
			return true;
	return false;
}

static void add_number(uint64_t *list, int *n, uint64_t number)
{
	if (*n < MAX_WORDS && !holds(list, *n, number))
		list[(*n)++] = number;
}

/* Numbers in digits ("2026"; "v2" and "web3" are names), and after 第 also in CJK numerals. Amounts of money are left out: they
 * are compared as rewards. */
static void read_numbers(const bg_simhash_span *title, numbers *found)
{
	size_t len = title->text != NULL ? title->len : 0;
	size_t at = 0;
	bool after_letter = false;
	bool after_sign = false;

	found->n_years = found->n_others = 0;
	while (at < len)
	{
		uint32_t c = to_lower(next_char(title->text, len, &at));
		uint64_t number;

		if (c == 0x7b2c)
		{
			number = cjk_number(title->text, len, &at);
			if (number != 0)
				add_number(found->others, &found->n_others, number);
			after_letter = after_sign = false;
			continue;
		}
		if (!is_between(c, '0', '9') || after_letter)
		{
			after_letter = class_of(c) == LETTER && c != '#' && c != '+';
			after_sign = c == '$' || c == 0xa3 || c == 0xa5 || is_between(c, 0x20a0, 0x20cf);
			continue;
		}
		number = c - '0';
		while (at < len)
		{
			size_t before = at;

			c = to_lower(next_char(title->text, len, &at));
			if (c == ',' && at < len && is_between((unsigned char) title->text[at], '0', '9'))
				continue;
			if (!is_between(c, '0', '9') || number > UINT64_MAX / 20)
			{
				at = before;
				break;
			}
			number = number * 10 + (c - '0');
		}
		if (!after_sign && !is_amount(title->text, len, at))
		{
			if (number >= 1990 && number < 2100)
				add_number(found->years, &found->n_years, number);
			else
				add_number(found->others, &found->n_others, number);
		}
		after_letter = true;
		after_sign = false;
	}
}

static bool differ(const uint64_t *x, int m, const uint64_t *y, int n)
{
	int both = 0;

	for (int i = 0; i < m; i++)
		both += holds(y, n, x[i]);
	return both < m && both < n;
}

bool bg_simhash_conflict(const bg_simhash_span *a, const bg_simhash_span *b)
{
	numbers x;
	numbers y;

	read_numbers(a, &x);
	read_numbers(b, &y);
	return differ(x.years, x.n_years, y.years, y.n_years) ||
	       differ(x.others, x.n_others, y.others, y.n_others);
}

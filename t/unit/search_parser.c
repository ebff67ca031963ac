/*
 * search_parser.c
 *		Tokens of mixed text, broken and endless text, distances between words and the forms that find near ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "search/characters.h"
#include "search/parser.h"

static const char letters[] = "?wfnmNCSpls";

/* The tokens of a text as "w:word n:2026 ..." */
static char *tokens_of(const char *text, size_t len)
{
	static char out[65536];
	bg_search_parser parser;
	bg_search_token token;
	size_t used = 0;

	out[0] = '\0';
	bg_search_parser_init(&parser, text, len);
	while (bg_search_parser_next(&parser, &token))
	{
		assert_in_range(token.kind, 1, BG_SEARCH_KINDS);
		assert_in_range(token.len, 1, BG_SEARCH_MAX_TOKEN);
		if (used + token.len + 4 < sizeof(out))
			used +=
			    (size_t) snprintf(out + used, sizeof(out) - used, "%s%c:%.*s", used > 0 ? " " : "",
			                      letters[token.kind], (int) token.len, token.text);
	}
	return out;
}

static void test_tokens(void **state)
{
	static const struct
	{
		const char *text;
		const char *tokens;
	} rows[] = {
	    {"", ""},
	    {" \t\n .,;!? -- ... ", ""},
	    {"Hello, World", "w:hello w:world"},
	    {"ÉCOLE Straße ΣΊΣΥΦΟΣ ПРИВЕТ Łódź İstanbul",
	     "f:école f:straße f:σίσυφοσ f:привет f:łódź w:istanbul"},
	    {"2026 10,000 1,00 3.5 1.000.000", "n:2026 n:10000 n:1 n:00 n:3.5 n:1.000.000"},
	    {"10,0000", "n:10 n:0000"},
	    {"web3 ERC20 0xAb", "m:web3 m:erc20 m:0xab"},
	    {"C++ c# F# g++ .NET", "N:c++ N:c# N:f# N:g++ N:.net w:net"},
	    {"Notepad++ c++20 issue#1 c#1", "N:notepad++ w:notepad w:c n:20 w:issue n:1 w:c n:1"},
	    {"zero-knowledge", "C:zero-knowledge w:zero w:knowledge"},
	    {"Node.js R&D snake_case",
	     "C:node.js w:node w:js C:r&d w:r w:d C:snake_case w:snake w:case"},
	    {"$SOL @handle #DeFi $500", "S:$sol w:sol S:@handle w:handle S:#defi w:defi n:500"},
	    {"bob@mail.example", "w:bob C:mail.example w:mail w:example"},
	    {"world's don\xE2\x80\x99t O'Reilly 'quoted'", "w:world's w:don't w:o'reilly w:quoted"},
	    {"黑客松", "p:黑客 p:客松 l:松"},
	    {"赛", "s:赛"},
	    {"参加黑客松2026 赛!", "p:参加 p:加黑 p:黑客 p:客松 l:松 n:2026 s:赛"},
	    {"Solana黑客松", "w:solana p:黑客 p:客松 l:松"},
	    {"설계 デザイン", "p:설계 l:계 p:デザ p:ザイ p:イン l:ン"},
	    {"征文、翻译。", "p:征文 l:文 p:翻译 l:译"},
	    {"ＷＥＢ３　Ｃ＋＋", "m:web3 N:c++"},
	    {"a\xE2\x80\x8B"
	     "b so\xC2\xAD"
	     "ft",
	     "w:ab w:soft"},
	    {"黑\xE2\x80\x8B客", "p:黑客 l:客"},
	    {"𠀀𠀁", "p:𠀀𠀁 l:𠀁"},
	    {"🚀launch🚀", "w:launch"},
	    {"a\xFF"
	     "b \xE9\xBB",
	     "w:a w:b"},
	    {"\xC0\x80 \xED\xA0\x80 \xF4\x90\x80\x80 x", "w:x"},
	    {"- -- -a a- a--b", "w:a w:a w:a w:b"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(tokens_of(rows[i].text, strlen(rows[i].text)), rows[i].tokens);
	/* A zero byte parts words and ends nothing. */
	assert_string_equal(tokens_of("a\0b", 3), "w:a w:b");
}

static void test_long(void **state)
{
	size_t len = 1 << 20;
	char *text = malloc(len);
	static const char *const units[] = {
	    "a",  "a-",           "-",  "$",           "a.", "1,",           "1,111",
	    "a'", "\xE9\xBB\x91", "+",  "c++",         "#",  "\xE2\x80\x8B", "\xFF",
	    "@a", "a&",           ".a", "\xE2\x80\x99"};
	clock_t began = clock();

	for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++)
	{
		size_t n = strlen(units[u]);
		bg_search_parser parser;
		bg_search_token token;
		size_t bytes = 0;

		for (size_t i = 0; i < len; i++)
			text[i] = units[u][i % n];
		bg_search_parser_init(&parser, text, len);
		while (bg_search_parser_next(&parser, &token))
		{
			assert_in_range(token.len, 1, BG_SEARCH_MAX_TOKEN);
			bytes += token.len;
		}
		/* Compounds come twice, pairs twice and a bit. */
		assert_true(bytes <= 3 * len);
	}
	/* 18 MB; a scan that is quadratic anywhere takes hours. */
	assert_true((double) (clock() - began) / CLOCKS_PER_SEC < 20);
	/* What is too long is cut, the same way each time, at a character. */
	for (size_t i = 0; i + 2 < 600; i += 2)
		memcpy(text + i, "\xC3\xA9", 2);
	text[598] = ' ';
	text[599] = 'x';
	assert_true(strlen(tokens_of(text, 600)) % 2 == 0);
	free(text);
}

static void test_lower(void **state)
{
	/* Lower case is lower case already, and a letter stays a letter. */
	for (uint32_t code = 0x41; code < 0x30000; code++)
	{
		uint32_t low = bg_char_lower(code);
		char bytes[4];
		size_t len;
		bg_char c;

		if (code >= 0xD800 && code < 0xE000)
			continue;
		assert_int_equal(bg_char_lower(low), low);
		len = bg_char_write(bytes, low);
		c = bg_char_read((const unsigned char *) bytes, len);
		assert_int_equal(c.len, len);
		if (!(low >= 0xFF01 && low <= 0xFF5E))
			assert_int_equal(c.code, low);
	}
}

static int distance(const char *a, const char *b, int limit)
{
	int there = bg_search_distance(a, strlen(a), b, strlen(b), limit);

	assert_int_equal(there, bg_search_distance(b, strlen(b), a, strlen(a), limit));
	return there;
}

static void test_distance(void **state)
{
	char *longer = calloc(1, 100);

	assert_int_equal(distance("", "", 2), 0);
	assert_int_equal(distance("", "ab", 2), 2);
	assert_int_equal(distance("hakathon", "hackathon", 2), 1);
	assert_int_equal(distance("sloana", "solana", 2), 1);
	assert_int_equal(distance("kitten", "sitting", 5), 3);
	assert_int_equal(distance("kitten", "sitting", 2), 3);
	assert_int_equal(distance("éa", "ea", 2), 1);
	assert_int_equal(distance("abc", "abcdefgh", 2), 3);
	memset(longer, 'a', BG_SEARCH_MAX_WORD);
	assert_int_equal(distance(longer, longer, 2), 0);
	longer[BG_SEARCH_MAX_WORD] = 'a';
	assert_int_equal(distance(longer, longer, 2), 3);
	assert_int_equal(distance("a\xFF", "a\xFF", 1), 2);
	free(longer);
}

static int n_forms;
static bool shared;

static void count_form(void *context, const char *form, size_t len)
{
	n_forms++;
	if (context != NULL && strlen(context) == len && memcmp(context, form, len) == 0)
		shared = true;
}

typedef struct other
{
	const char *word;
} other;

static void meet(void *context, const char *form, size_t len)
{
	char copy[BG_SEARCH_MAX_WORD * 4 + 1];

	memcpy(copy, form, len);
	copy[len] = '\0';
	bg_search_forms(((other *) context)->word, strlen(((other *) context)->word), 1, count_form,
	                copy);
}

/* Words one step apart share a form with one gap each. */
static void test_forms(void **state)
{
	static const char *const near[][2] = {{"hakathon", "hackathon"}, {"sloana", "solana"},
	                                      {"desing", "design"},      {"bountx", "bounty"},
	                                      {"bounty", "bounty"},      {"secuirty", "security"}};

	for (size_t i = 0; i < sizeof(near) / sizeof(near[0]); i++)
	{
		other with = {near[i][1]};

		shared = false;
		assert_true(bg_search_forms(near[i][0], strlen(near[i][0]), 1, meet, &with));
		assert_true(shared);
	}
	n_forms = 0;
	assert_true(bg_search_forms("abcd", 4, 0, count_form, NULL));
	assert_int_equal(n_forms, 1);
	n_forms = 0;
	assert_true(bg_search_forms("abcd", 4, 1, count_form, NULL));
	assert_int_equal(n_forms, 5);
	n_forms = 0;
	assert_true(bg_search_forms("abcd", 4, 2, count_form, NULL));
	assert_int_equal(n_forms, 11);
	assert_false(bg_search_forms("\xFF", 1, 2, count_form, NULL));
}

static void test_single(void **state)
{
	assert_true(bg_search_is_single("赛", 3));
	assert_false(bg_search_is_single("赛事", 6));
	assert_false(bg_search_is_single("a", 1));
	assert_false(bg_search_is_single("é", 2));
	assert_false(bg_search_is_single("", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tokens), cmocka_unit_test(test_long),
	    cmocka_unit_test(test_lower),  cmocka_unit_test(test_distance),
	    cmocka_unit_test(test_forms),  cmocka_unit_test(test_single),
	};

	return cmocka_run_group_tests_name("search_parser", tests, NULL, NULL);
}

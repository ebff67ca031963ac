/*
 * facts_evidence.c
 *		Quotes: finding them, citing metadata, offsets in characters (facts/evidence.c, law 1).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "facts/facts.h"

static bool located(const char *text, const char *quote, bg_span *span)
{
	return bg_evidence_locate(text, strlen(text), quote, span);
}

static void finds_exactly_first(void **state)
{
	bg_span span;

	(void) state;
	assert_true(located("Reward: 500 USDC, reward: 500 usdc", "reward: 500 usdc", &span));
	assert_int_equal(span.start, 18);
	assert_int_equal(span.end, 34);
}

static void folds_white_space_then_case(void **state)
{
	bg_span span;

	(void) state;
	assert_true(located("a prize  of\n\t500 USDC here", "prize of 500 USDC", &span));
	assert_int_equal(span.start, 2);
	assert_int_equal(span.end, 21);
	assert_true(located("A PRIZE of 500 usdc", "a prize OF 500 USDC", &span));
	assert_int_equal(span.start, 0);
	assert_int_equal(span.end, 19);
	assert_true(located("x", "  x \n", &span));
}

static void does_not_find_what_is_not_there(void **state)
{
	bg_span span = {1, 2};

	(void) state;
	assert_false(located("Reward: 500 USDC", "Reward: 600 USDC", &span));
	assert_int_equal(span.start, span.end);
	assert_false(located("Reward", "", &span));
	assert_false(located("Reward", "   ", &span));
	assert_false(located("", "x", &span));
	assert_false(located("prizeof", "prize of", &span));
	assert_false(located("short", "shorter", &span));
}

static void is_not_quadratic(void **state)
{
	size_t len = 1 << 20;
	char *text = malloc(len + 1);
	char quote[2001];
	bg_span span;

	(void) state;
	assert_non_null(text);
	memset(text, 'a', len);
	text[len] = '\0';
	memset(quote, 'A', 1999);
	quote[1999] = 'b';
	quote[2000] = '\0';
	assert_false(bg_evidence_locate(text, len, quote, &span));
	free(text);
}

static void cites_where_it_stands_or_at_the_end(void **state)
{
	bg_buffer text;
	bg_span span;

	(void) state;
	bg_buffer_init(&text, 0);
	bg_buffer_puts(&text, "Made by Fernwick.\nMore text");
	assert_true(bg_evidence_cite(&text, "og:site_name", "Fernwick", &span));
	assert_int_equal(span.start, 8);
	assert_string_equal(text.data, "Made by Fernwick.\nMore text");
	assert_true(bg_evidence_cite(&text, "og:site_name", "Larkspur", &span));
	assert_string_equal(text.data, "Made by Fernwick.\nMore text\nog:site_name: Larkspur\n");
	assert_memory_equal(text.data + span.start, "Larkspur", 8);
	assert_int_equal(span.end - span.start, 8);
	/* part of another word is not the name */
	assert_true(bg_evidence_cite(&text, "site", "wick", &span));
	assert_memory_equal(text.data + span.start - 6, "site: wick", 10);
	assert_false(bg_evidence_cite(&text, "x", "", &span));
	assert_false(bg_evidence_cite(&text, "x", "\xFF", &span));
	bg_buffer_free(&text);
}

static void counts_characters(void **state)
{
	static const char text[] = "奖金：5000元";
	bg_span span;
	json_t *field;

	(void) state;
	assert_true(located(text, "5000元", &span));
	field = bg_evidence_field(text, strlen(text), span, "rule", 0.5, json_integer(5000));
	assert_non_null(field);
	assert_int_equal(json_integer_value(json_object_get(field, "start")), 3);
	assert_int_equal(json_integer_value(json_object_get(field, "end")), 8);
	assert_string_equal(json_string_value(json_object_get(field, "quote")), "5000元");
	assert_string_equal(json_string_value(json_object_get(field, "method")), "rule");
	json_decref(field);
	/* no span, no field: the value is released */
	span.end = span.start;
	assert_null(bg_evidence_field(text, strlen(text), span, "rule", 0.5, json_integer(1)));
	span.end = strlen(text) + 1;
	assert_null(bg_evidence_field(text, strlen(text), span, "rule", 0.5, json_integer(1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(finds_exactly_first),
	    cmocka_unit_test(folds_white_space_then_case),
	    cmocka_unit_test(does_not_find_what_is_not_there),
	    cmocka_unit_test(is_not_quadratic),
	    cmocka_unit_test(cites_where_it_stands_or_at_the_end),
	    cmocka_unit_test(counts_characters),
	};

	return cmocka_run_group_tests_name("facts_evidence", tests, NULL, NULL);
}

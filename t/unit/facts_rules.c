/*
 * facts_rules.c
 *		The rule extractor against traps: small documents with the value expected, or the abstention. Evidence is checked on all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "buffer.h"
#include "reader/extract.h"

#include "facts_traps_more.h"

static json_t *extracted(const char *text)
{
	size_t len = 0;
	char *json = bg_extract_text(text, strlen(text), NULL, &len);
	json_t *result;

	assert_non_null(json);
	result = json_loadb(json, len, 0, NULL);
	assert_non_null(result);
	free(json);
	return result;
}

static const json_t *value_of(const json_t *result, const char *field)
{
	return json_object_get(json_object_get(json_object_get(result, "fields"), field), "value");
}

/* The characters [start, end) of the text are the quote. */
static void evidence_holds(const json_t *result, const json_t *row)
{
	const json_t *text = json_object_get(result, "text");
	const char *bytes = json_string_value(text);
	size_t len = json_string_length(text);
	const json_t *quote = json_object_get(row, "quote");
	size_t start =
	    bg_utf8_offset(bytes, len, (size_t) json_integer_value(json_object_get(row, "start")));
	size_t end =
	    bg_utf8_offset(bytes, len, (size_t) json_integer_value(json_object_get(row, "end")));

	assert_true(json_is_string(quote) && start < end && end <= len);
	assert_int_equal(end - start, json_string_length(quote));
	assert_memory_equal(bytes + start, json_string_value(quote), end - start);
}

static void all_evidence_holds(const json_t *result)
{
	const char *name;
	json_t *row;
	size_t i;

	json_object_foreach (json_object_get(result, "fields"), name, row)
		evidence_holds(result, row);
	json_array_foreach (json_object_get(result, "rewards"), i, row)
		evidence_holds(result, row);
	json_array_foreach (json_object_get(result, "milestones"), i, row)
		evidence_holds(result, row);
}

static void is_string(const trap *t, const char *what, const char *expected, const json_t *value)
{
	const char *got = json_string_value(value);

	if (expected == NULL)
		return;
	if (strcmp(expected, "none") == 0)
	{
		if (got != NULL)
			print_error("%s: %s is %s\n", t->name, what, got);
		assert_null(got);
		return;
	}
	if (got == NULL || strcmp(got, expected) != 0)
		print_error("%s: %s is %s, not %s\n", t->name, what, got != NULL ? got : "nothing",
		            expected);
	assert_non_null(got);
	assert_string_equal(got, expected);
}

static void is_number(const trap *t, const char *what, const char *expected, const json_t *value)
{
	char got[40] = "none";

	if (expected == NULL)
		return;
	if (json_is_integer(value))
		snprintf(got, sizeof(got), "%lld", (long long) json_integer_value(value));
	else if (json_is_real(value))
		snprintf(got, sizeof(got), "%g", json_real_value(value));
	if (strcmp(got, expected) != 0)
		print_error("%s: %s is %s, not %s\n", t->name, what, got, expected);
	assert_string_equal(got, expected);
}

static void check_all(const trap *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		const trap *t = &list[i];
		json_t *result = extracted(t->text);
		const json_t *reward = value_of(result, "reward");
		const json_t *deadline = value_of(result, "deadline");

		if (json_is_true(json_object_get(result, "is_task")) != t->is_task)
			print_error("%s: is_task\n", t->name);
		assert_int_equal(json_is_true(json_object_get(result, "is_task")), t->is_task);
		all_evidence_holds(result);
		is_string(t, "title", t->title, value_of(result, "title"));
		is_string(t, "organizer", t->organizer, value_of(result, "organizer"));
		is_string(t, "category", t->category, value_of(result, "category"));
		is_number(t, "amount", t->amount, json_object_get(reward, "amount"));
		is_number(t, "min", t->min, json_object_get(reward, "min"));
		is_string(t, "currency", t->currency, json_object_get(reward, "currency"));
		is_string(t, "distribution", t->distribution, json_object_get(reward, "distribution"));
		is_string(t, "deadline", t->deadline, json_object_get(deadline, "date"));
		is_string(t, "latest", t->latest, json_object_get(deadline, "latest"));
		is_string(t, "missing deadline", t->why,
		          json_object_get(json_object_get(result, "missing"), "deadline"));
		if (t->eligibility != NULL)
		{
			const char *eligibility = json_string_value(value_of(result, "eligibility"));

			assert_non_null(eligibility);
			assert_non_null(strstr(eligibility, t->eligibility));
		}
		if (t->rows > 0)
			assert_int_equal(json_array_size(json_object_get(result, "rewards")), t->rows);
		if (t->milestones > 0)
			assert_int_equal(json_array_size(json_object_get(result, "milestones")), t->milestones);
		if (!t->is_task)
		{
			assert_null(reward);
			assert_null(deadline);
		}
		json_decref(result);
	}
}

static void traps_are_avoided(void **state)
{
	(void) state;
	check_all(traps, sizeof(traps) / sizeof(traps[0]));
}

static void pages_of_all_kinds(void **state)
{
	(void) state;
	check_all(pages, sizeof(pages) / sizeof(pages[0]));
}

/* Blocks in another order and an advertisement more don't change what is found. */
static void order_does_not_matter(void **state)
{
	static const char *const orders[] = {
	    "# Reed bounty\n\nReward: $700\n\nSubmission deadline: 3 May 2027\n\nSubmit a patch.\n",
	    "# Reed bounty\n\nSubmit a patch.\n\nSubmission deadline: 3 May 2027\n\nReward: $700\n",
	    "# Reed bounty\n\nSubmission deadline: 3 May 2027\n\nBuy a kettle today.\n\nReward: "
	    "$700\n\nSubmit a patch.\n"};

	(void) state;
	for (int i = 0; i < 3; i++)
	{
		json_t *result = extracted(orders[i]);
		const json_t *amount = json_object_get(value_of(result, "reward"), "amount");

		assert_int_equal(json_integer_value(amount), 700);
		assert_string_equal(
		    json_string_value(json_object_get(value_of(result, "deadline"), "date")), "2027-05-03");
		assert_string_equal(json_string_value(value_of(result, "title")), "Reed bounty");
		json_decref(result);
	}
}

static void numbers_are_exact(void **state)
{
	static const char text[] = "# Bounty\n\nReward: 0.9 USDC\n\nSubmit a fix.\n";
	size_t len;
	char *json = bg_extract_text(text, strlen(text), NULL, &len);

	(void) state;
	assert_non_null(json);
	assert_non_null(strstr(json, "\"amount\":0.9,"));
	free(json);
}

static void blank_text_is_empty(void **state)
{
	json_t *result = extracted(" \n\t\n");

	(void) state;
	assert_string_equal(json_string_value(json_object_get(result, "outcome")), "empty");
	assert_int_equal(json_object_size(json_object_get(result, "fields")), 0);
	assert_true(json_is_false(json_object_get(result, "is_task")));
	json_decref(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(traps_are_avoided),     cmocka_unit_test(pages_of_all_kinds),
	    cmocka_unit_test(order_does_not_matter), cmocka_unit_test(numbers_are_exact),
	    cmocka_unit_test(blank_text_is_empty),
	};

	return cmocka_run_group_tests_name("facts_rules", tests, NULL, NULL);
}

/*
 * facts_pages.c
 *		The sample pages of t/pages through the whole reader: the values of NAME.expected.json, and evidence on every field and row.
 *
 * Run from the top of the tree. A member of an expectation that is null means that no value may be given.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "buffer.h"
#include "reader/extract.h"

static char *read_file(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	char *bytes = malloc(1 << 20);

	assert_non_null(file);
	assert_non_null(bytes);
	*len = fread(bytes, 1, 1 << 20, file);
	fclose(file);
	return bytes;
}

static void evidence_holds(const char *path, const json_t *result, const json_t *row)
{
	const json_t *text = json_object_get(result, "text");
	const char *bytes = json_string_value(text);
	size_t len = json_string_length(text);
	const json_t *quote = json_object_get(row, "quote");
	size_t start =
	    bg_utf8_offset(bytes, len, (size_t) json_integer_value(json_object_get(row, "start")));
	size_t end =
	    bg_utf8_offset(bytes, len, (size_t) json_integer_value(json_object_get(row, "end")));

	if (!json_is_string(quote) || end - start != json_string_length(quote) ||
	    memcmp(bytes + start, json_string_value(quote), end - start) != 0)
		print_error("%s: evidence \"%s\"\n", path, json_string_value(quote));
	assert_true(json_is_string(quote) && start < end && end <= len);
	assert_int_equal(end - start, json_string_length(quote));
	assert_memory_equal(bytes + start, json_string_value(quote), end - start);
}

/* What the result says under the name of an expectation; borrowed, NULL for nothing. */
static const json_t *said(const json_t *result, const char *name)
{
	static const struct
	{
		const char *name;
		const char *field;
		const char *member;
	} places[] = {{"amount", "reward", "amount"},     {"min", "reward", "min"},
	              {"currency", "reward", "currency"}, {"distribution", "reward", "distribution"},
	              {"deadline", "deadline", "date"},   {"earliest", "deadline", "earliest"},
	              {"latest", "deadline", "latest"},   {"text", "deadline", "text"}};
	const json_t *fields = json_object_get(result, "fields");
	const json_t *value;

	if (strcmp(name, "is_task") == 0)
		return json_object_get(result, "is_task");
	if (strcmp(name, "metadata_title") == 0)
		return json_object_get(json_object_get(result, "metadata"), "title");
	if (strcmp(name, "deadline_missing") == 0)
		return json_object_get(json_object_get(result, "missing"), "deadline");
	if (strcmp(name, "method") == 0)
		return json_object_get(json_object_get(fields, "title"), "method");
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (strcmp(places[i].name, name) == 0)
		{
			value = json_object_get(json_object_get(fields, places[i].field), "value");
			value = json_object_get(value, places[i].member);
			return json_is_null(value) ? NULL : value;
		}
	return json_object_get(json_object_get(fields, name), "value");
}

static bool has_tags(const json_t *expected, const json_t *got)
{
	size_t i;
	json_t *tag;

	json_array_foreach (expected, i, tag)
	{
		bool found = false;
		size_t k;
		json_t *other;

		json_array_foreach (got, k, other)
			found = found || json_equal(tag, other);
		if (!found)
			return false;
	}
	return true;
}

static bool agrees(const json_t *result, const char *name, const json_t *expected)
{
	const json_t *got = said(result, name);

	if (strcmp(name, "rows") == 0)
		return json_integer_value(expected) ==
		       (json_int_t) json_array_size(json_object_get(result, "rewards"));
	if (json_is_null(expected))
		return got == NULL;
	if (got == NULL)
		return false;
	if (strcmp(name, "tags") == 0)
		return has_tags(expected, got);
	if (strcmp(name, "eligibility") == 0)
		return strstr(json_string_value(got), json_string_value(expected)) != NULL;
	return json_equal(expected, got);
}

static void check_page(const char *path)
{
	char expectation[512];
	size_t len;
	size_t out_len;
	char *bytes = read_file(path, &len);
	char *json = bg_extract_html(bytes, len, "https://page.example/x", "text/html", &out_len);
	json_t *result;
	json_t *expected;
	const char *name;
	json_t *value;
	size_t i;

	assert_non_null(json);
	result = json_loadb(json, out_len, 0, NULL);
	assert_non_null(result);
	snprintf(expectation, sizeof(expectation), "%.*s.expected.json", (int) strlen(path) - 5, path);
	expected = json_load_file(expectation, 0, NULL);
	assert_non_null(expected);
	assert_string_equal(json_string_value(json_object_get(result, "outcome")), "ok");
	json_object_foreach (expected, name, value)
	{
		if (!agrees(result, name, value))
		{
			char *got = json_dumps(said(result, name), JSON_ENCODE_ANY);

			print_error("%s: %s is %s\n", path, name, got != NULL ? got : "nothing");
			free(got);
		}
		assert_true(agrees(result, name, value));
	}
	json_object_foreach (json_object_get(result, "fields"), name, value)
		evidence_holds(path, result, value);
	json_array_foreach (json_object_get(result, "rewards"), i, value)
		evidence_holds(path, result, value);
	json_array_foreach (json_object_get(result, "milestones"), i, value)
		evidence_holds(path, result, value);
	json_decref(result);
	json_decref(expected);
	free(json);
	free(bytes);
}

static void pages_give_what_they_say(void **state)
{
	glob_t pages;

	(void) state;
	assert_int_equal(glob("t/pages/*.html", 0, NULL, &pages), 0);
	assert_true(pages.gl_pathc >= 11);
	for (size_t i = 0; i < pages.gl_pathc; i++)
		check_page(pages.gl_pathv[i]);
	globfree(&pages);
}

static void an_article_keeps_its_text(void **state)
{
	size_t len;
	size_t out_len;
	char *bytes = read_file("t/pages/article.en.html", &len);
	char *json = bg_extract_html(bytes, len, NULL, "text/html", &out_len);
	json_t *result = json_loadb(json, out_len, 0, NULL);
	const char *text = json_string_value(json_object_get(result, "text"));

	(void) state;
	assert_non_null(text);
	assert_null(strstr(text, "og:"));
	assert_null(strstr(text, "description:"));
	assert_int_equal(json_array_size(json_object_get(result, "rewards")), 0);
	json_decref(result);
	free(json);
	free(bytes);
}

static void what_cannot_be_read_has_no_fields(void **state)
{
	static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
	size_t out_len;
	char *json = bg_extract_html(png, sizeof(png), NULL, "image/png", &out_len);
	json_t *result;

	(void) state;
	assert_non_null(json);
	result = json_loadb(json, out_len, 0, NULL);
	assert_string_not_equal(json_string_value(json_object_get(result, "outcome")), "ok");
	assert_int_equal(json_object_size(json_object_get(result, "fields")), 0);
	assert_true(json_is_false(json_object_get(result, "is_task")));
	json_decref(result);
	free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(pages_give_what_they_say),
	    cmocka_unit_test(an_article_keeps_its_text),
	    cmocka_unit_test(what_cannot_be_read_has_no_fields),
	};

	return cmocka_run_group_tests_name("facts_pages", tests, NULL, NULL);
}

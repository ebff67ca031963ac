/*
 * ppio_completion.c
 *		Replies of models, good and bad, through the strict parser.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "ppio/ppio.h"

#define OK BG_COMPLETION_OK
#define BAD_JSON BG_COMPLETION_BAD_JSON
#define BAD_SCHEMA BG_COMPLETION_BAD_SCHEMA
#define TRUNCATED BG_COMPLETION_TRUNCATED
#define REFUSED BG_COMPLETION_REFUSED

typedef struct content_case
{
	const char *label;
	const char *content; /* of the message */
	bg_completion_outcome outcome;
	const char *fields; /* expected, when OK */
} content_case;

#define TITLE "{\"title\": {\"value\": \"Fix the parser\", \"quote\": \"Fix the parser\"}}"

static const content_case contents[] = {
    {"plain", TITLE, OK, TITLE},
    {"white space around", "\n\t " TITLE " \n", OK, TITLE},
    {"fence", "```json\n" TITLE "\n```", OK, TITLE},
    {"prose", "Here is the JSON you asked for:\n" TITLE "\nLet me know!", OK, TITLE},
    {"braces in prose", "I use {curly} braces. " TITLE, OK, TITLE},
    {"braces in strings", "{\"title\": {\"value\": \"a } b\", \"quote\": \"a } b \\\" {\"}}", OK,
     "{\"title\": {\"value\": \"a } b\", \"quote\": \"a } b \\\" {\"}}"},
    {"nothing stated", "{}", OK, "{}"},
    {"all null", "{\"title\": null, \"reward\": null}", OK, "{}"},
    {"null value", "{\"title\": {\"value\": null, \"quote\": null}}", OK, "{}"},
    {"value without quote", "{\"title\": {\"value\": \"Fix\"}}", OK, "{}"},
    {"empty quote", "{\"title\": {\"value\": \"Fix\", \"quote\": \"  \"}}", OK, "{}"},
    {"unknown member beside a known one", "{\"mood\": \"good\", \"title\": null}", OK, "{}"},
    {"wrapped", "{\"fields\": " TITLE "}", OK, TITLE},
    {"two objects", TITLE "\n" TITLE, BAD_JSON, NULL},
    {"no object", "The page states nothing.", BAD_JSON, NULL},
    {"empty", "", BAD_JSON, NULL},
    {"array", "[1, 2]", BAD_JSON, NULL},
    {"duplicate members", "{\"title\": null, \"title\": null}", BAD_JSON, NULL},
    {"single quotes", "{'title': null}", BAD_JSON, NULL},
    {"trailing comma", "{\"title\": null,}", BAD_JSON, NULL},
    {"not a number", "{\"reward\": {\"value\": {\"amount\": NaN}, \"quote\": \"x\"}}", BAD_JSON,
     NULL},
    {"number out of range", "{\"reward\": {\"value\": {\"amount\": 1e999}, \"quote\": \"x\"}}",
     BAD_JSON, NULL},
    {"escaped NUL", "{\"title\": {\"value\": \"a\\u0000b\", \"quote\": \"a\"}}", BAD_JSON, NULL},
    {"lone surrogate", "{\"title\": {\"value\": \"\\ud800\", \"quote\": \"a\"}}", BAD_JSON, NULL},
    {"cut", "{\"title\": {\"value\": \"Fix the par", TRUNCATED, NULL},
    {"object, then another that is cut", TITLE " {\"title\"", BAD_JSON, NULL},
    {"field is a string", "{\"title\": \"Fix\"}", BAD_SCHEMA, NULL},
    {"field is a list", "{\"title\": [\"Fix\"]}", BAD_SCHEMA, NULL},
    {"title is a number", "{\"title\": {\"value\": 5, \"quote\": \"5\"}}", BAD_SCHEMA, NULL},
    {"quote is a list", "{\"title\": {\"value\": \"a\", \"quote\": [\"a\"]}}", BAD_SCHEMA, NULL},
    {"reward is a string", "{\"reward\": {\"value\": \"$5\", \"quote\": \"$5\"}}", BAD_SCHEMA,
     NULL},
    {"amount is an object", "{\"reward\": {\"value\": {\"amount\": {}}, \"quote\": \"$5\"}}",
     BAD_SCHEMA, NULL},
    {"amount with words", "{\"reward\": {\"value\": {\"amount\": \"5 USD\"}, \"quote\": \"$5\"}}",
     BAD_SCHEMA, NULL},
    {"tags are a string", "{\"tags\": {\"value\": \"rust\", \"quote\": \"rust\"}}", BAD_SCHEMA,
     NULL},
    {"a tag is a number", "{\"tags\": {\"value\": [\"rust\", 5], \"quote\": \"rust\"}}", BAD_SCHEMA,
     NULL},
    {"deadline is a string", "{\"deadline\": {\"value\": \"2026-10-04\", \"quote\": \"Oct 4\"}}",
     BAD_SCHEMA, NULL},
    {"answers another question", "{\"answer\": 42}", BAD_SCHEMA, NULL},
    {"reward",
     "{\"reward\": {\"value\": {\"amount\": 5000, \"currency\": \"USDC\", \"distribution\": "
     "\"tiers\", "
     "\"extra\": 1}, \"quote\": \"5,000 USDC\"}}",
     OK,
     "{\"reward\": {\"value\": {\"amount\": 5000, \"currency\": \"USDC\", \"distribution\": "
     "\"tiers\"}, "
     "\"quote\": \"5,000 USDC\"}}"},
    {"reward as exact decimal",
     "{\"reward\": {\"value\": {\"amount\": \"0.5\", \"currency\": null}, "
     "\"quote\": \"0.5 ETH\"}}",
     OK, "{\"reward\": {\"value\": {\"amount\": 0.5}, \"quote\": \"0.5 ETH\"}}"},
    {"negative reward", "{\"reward\": {\"value\": {\"amount\": -5}, \"quote\": \"-5\"}}", OK, "{}"},
    {"absurd reward", "{\"reward\": {\"value\": {\"amount\": 1e300}, \"quote\": \"1e300\"}}", OK,
     "{}"},
    {"currency too long",
     "{\"reward\": {\"value\": {\"amount\": 5, \"currency\": \"ABCDEFGHIJKLMNOPQ\"}, \"quote\": "
     "\"5\"}}",
     OK, "{}"},
    {"unknown distribution",
     "{\"reward\": {\"value\": {\"amount\": 5, \"distribution\": \"all\"}, \"quote\": \"5\"}}", OK,
     "{\"reward\": {\"value\": {\"amount\": 5}, \"quote\": \"5\"}}"},
    {"deadline",
     "{\"deadline\": {\"value\": {\"date\": \"2028-02-29\", \"time\": \"23:59\", \"zone\": "
     "\"UTC+8\"}, "
     "\"quote\": \"Feb 29, 2028\"}}",
     OK,
     "{\"deadline\": {\"value\": {\"date\": \"2028-02-29\", \"time\": \"23:59\", \"zone\": "
     "\"UTC+8\"}, "
     "\"quote\": \"Feb 29, 2028\"}}"},
    {"no such day",
     "{\"deadline\": {\"value\": {\"date\": \"2027-02-29\"}, \"quote\": \"Feb 29\"}}", OK, "{}"},
    {"no such time",
     "{\"deadline\": {\"value\": {\"date\": \"2027-02-28\", \"time\": \"25:00\"}, \"quote\": "
     "\"x\"}}",
     OK, "{}"},
    {"date in words", "{\"deadline\": {\"value\": {\"date\": \"tomorrow\"}, \"quote\": \"x\"}}", OK,
     "{}"},
    {"category", "{\"category\": {\"value\": \"hackathon\", \"quote\": \"Hackathon\"}}", OK,
     "{\"category\": {\"value\": \"hackathon\", \"quote\": \"Hackathon\"}}"},
    {"category outside the list", "{\"category\": {\"value\": \"crime\", \"quote\": \"x\"}}", OK,
     "{}"},
    {"tags",
     "{\"tags\": {\"value\": [\"rust\", \" \", \"Solana\"], \"quote\": \"rust and Solana\"}}", OK,
     "{\"tags\": {\"value\": [\"rust\", \"Solana\"], \"quote\": \"rust and Solana\"}}"},
    {"no tags", "{\"tags\": {\"value\": [], \"quote\": \"x\"}}", OK, "{}"},
    {"controls are cleaned", "{\"title\": {\"value\": \"a\\u0007b \", \"quote\": \"ab\"}}", OK,
     "{\"title\": {\"value\": \"ab\", \"quote\": \"ab\"}}"},
    {"one over its limit leaves the others",
     "{\"organizer\": {\"value\": \"ORG\", \"quote\": \"ORG\"}, \"category\": {\"value\": \"x\", "
     "\"quote\": "
     "\"x\"}}",
     OK, "{\"organizer\": {\"value\": \"ORG\", \"quote\": \"ORG\"}}"},
};

static char *envelope(const char *content, const char *finish)
{
	json_t *reply =
	    json_pack("{s:s, s:[{s:i, s:{s:s, s:s}, s:s}], s:{s:i, s:i}}", "id", "x", "choices",
	              "index", 0, "message", "role", "assistant", "content", content, "finish_reason",
	              finish, "usage", "prompt_tokens", 120, "completion_tokens", 30);
	char *bytes = json_dumps(reply, 0);

	json_decref(reply);
	assert_non_null(bytes);
	return bytes;
}

static void check(const char *label, const char *reply, size_t len, bg_completion_outcome expected,
                  const char *fields)
{
	bg_completion completion;
	/* An exact copy on the heap, so that the sanitizer sees a read past its end. */
	char *copy = malloc(len + 1);
	bg_completion_outcome outcome;

	memcpy(copy, reply, len);
	outcome = bg_completion_parse(copy, len, &completion);
	free(copy);
	if (outcome != expected)
		fail_msg("%s: %s, expected %s", label, bg_completion_outcome_name(outcome),
		         bg_completion_outcome_name(expected));
	assert_int_equal(completion.fields != NULL, expected == BG_COMPLETION_OK);
	if (fields != NULL)
	{
		json_t *wanted = json_loads(fields, 0, NULL);

		assert_non_null(wanted);
		if (!json_equal(wanted, completion.fields))
		{
			char *got = json_dumps(completion.fields, 0);

			fail_msg("%s: %s", label, got);
		}
		json_decref(wanted);
	}
	bg_completion_free(&completion);
}

static void test_contents(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]); i++)
	{
		char *reply = envelope(contents[i].content, "stop");

		check(contents[i].label, reply, strlen(reply), contents[i].outcome, contents[i].fields);
		free(reply);
	}
}

static void test_envelopes(void **state)
{
	static const content_case envelopes[] = {
	    {"empty", "", BAD_JSON, NULL},
	    {"HTML", "<html>502 Bad Gateway</html>", BAD_JSON, NULL},
	    {"cut", "{\"choices\": [{\"message\": {\"content\": \"{", TRUNCATED, NULL},
	    {"an error", "{\"error\": {\"message\": \"no\"}}", BAD_SCHEMA, NULL},
	    {"no choices", "{\"choices\": []}", BAD_SCHEMA, NULL},
	    {"choices is an object", "{\"choices\": {}}", BAD_SCHEMA, NULL},
	    {"content is null", "{\"choices\": [{\"message\": {\"content\": null}}]}", BAD_SCHEMA,
	     NULL},
	    {"content is a list", "{\"choices\": [{\"message\": {\"content\": [\"{}\"]}}]}", BAD_SCHEMA,
	     NULL},
	    {"refusal", "{\"choices\": [{\"message\": {\"content\": null, \"refusal\": \"I can't\"}}]}",
	     REFUSED, NULL},
	    {"filtered",
	     "{\"choices\": [{\"message\": {\"content\": \"{}\"}, \"finish_reason\": "
	     "\"content_filter\"}]}",
	     REFUSED, NULL},
	    {"no finish reason", "{\"choices\": [{\"message\": {\"content\": \"{}\"}}]}", OK, "{}"},
	    {"duplicate", "{\"choices\": [], \"choices\": []}", BAD_JSON, NULL},
	    {"followed by more", "{\"choices\": []} {}", BAD_JSON, NULL},
	    {"bad UTF-8", "{\"choices\": \"\xff\"}", BAD_JSON, NULL},
	};
	char *reply = envelope("{}", "length");

	(void) state;
	check("finish_reason length", reply, strlen(reply), TRUNCATED, NULL);
	free(reply);
	for (size_t i = 0; i < sizeof(envelopes) / sizeof(envelopes[0]); i++)
		check(envelopes[i].label, envelopes[i].content, strlen(envelopes[i].content),
		      envelopes[i].outcome, envelopes[i].fields);
}

static void test_usage(void **state)
{
	static const char odd[] =
	    "{\"choices\": [{\"message\": {\"content\": \"{}\"}}], \"usage\": {\"prompt_tokens\": -5, "
	    "\"completion_tokens\": \"30\"}}";
	bg_completion completion;
	char *reply = envelope("no JSON here", "stop");

	(void) state;
	/* A useless reply has its price, too. */
	assert_int_equal(bg_completion_parse(reply, strlen(reply), &completion), BAD_JSON);
	assert_int_equal(completion.prompt_tokens, 120);
	assert_int_equal(completion.completion_tokens, 30);
	bg_completion_free(&completion);
	free(reply);
	assert_int_equal(bg_completion_parse(odd, sizeof(odd) - 1, &completion), OK);
	assert_int_equal(completion.prompt_tokens, -1);
	assert_int_equal(completion.completion_tokens, -1);
	bg_completion_free(&completion);
}

/* "before", then "unit" so often that "size" bytes are reached, then "after". */
static char *repeated(const char *before, const char *unit, size_t size, const char *after)
{
	size_t unit_len = strlen(unit);
	size_t count = size / unit_len;
	char *text = malloc(strlen(before) + count * unit_len + strlen(after) + 1);
	char *at = stpcpy(text, before);

	for (size_t i = 0; i < count; i++)
		at = stpcpy(at, unit);
	stpcpy(at, after);
	return text;
}

static void test_sizes(void **state)
{
	char *text;
	char *reply;

	(void) state;
	text = repeated("{\"choices\": [], \"x\": \"", "a", BG_COMPLETION_MAX, "\"}");
	check("huge", text, strlen(text), TRUNCATED, NULL);
	free(text);
	text = repeated("", "[", 5000, "");
	check("deep list", text, strlen(text), BAD_JSON, NULL);
	free(text);
	text = repeated("{\"a\":", "{\"a\":", 20000, "");
	check("deep envelope", text, strlen(text), BAD_JSON, NULL);
	free(text);
	text = repeated("", "{", 200000, "");
	reply = envelope(text, "stop");
	check("only braces", reply, strlen(reply), BAD_JSON, NULL);
	free(reply);
	free(text);
	text = repeated("", "{} ", 200000, "");
	reply = envelope(text, "stop");
	check("many objects", reply, strlen(reply), BAD_JSON, NULL);
	free(reply);
	free(text);
	text = repeated("{\"title\": {\"value\": \"", "a", 256, "\", \"quote\": \"a\"}}");
	reply = envelope(text, "stop");
	check("title of 256 characters", reply, strlen(reply), OK, "{}");
	free(reply);
	free(text);
	text = repeated("{\"title\": {\"value\": \"a\", \"quote\": \"", "a", 2001, "\"}}");
	reply = envelope(text, "stop");
	check("quote over its limit", reply, strlen(reply), OK, "{}");
	free(reply);
	free(text);
}

/* Whatever is cut off a good reply, the parser stays within what it was given. */
static void test_every_cut(void **state)
{
	char *reply = envelope("Sure: " TITLE, "stop");
	size_t len = strlen(reply);

	(void) state;
	for (size_t i = 0; i < len; i++)
	{
		bg_completion completion;
		char *copy = malloc(i + 1);

		memcpy(copy, reply, i);
		assert_int_not_equal(bg_completion_parse(copy, i, &completion), OK);
		bg_completion_free(&completion);
		free(copy);
	}
	free(reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_contents),  cmocka_unit_test(test_envelopes),
	    cmocka_unit_test(test_usage),     cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_every_cut),
	};

	return cmocka_run_group_tests_name("ppio_completion", tests, NULL, NULL);
}

/*
 * completion.c
 *		The model's reply, parsed strictly: envelope, content, schema. Plain C, also linked into bountygo-reader; see ppio.h.
 *
 * Does not look at quotes: whether they are in the page and support the value is for facts/reconcile.c. Two kinds of fault are told
 * apart: another shape than asked for makes the whole reply bad_schema; a value of the right shape that is over a limit or outside its
 * list is dropped, and the others stand.
 */
#include "ppio.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "../buffer.h"

#define MAX_DEPTH 32
#define MAX_QUOTE 2000 /* bytes */
#define MAX_TAGS 20
#define MAX_USAGE 1000000000

typedef enum verdict
{
	FIELD_OK,
	FIELD_DROPPED,
	FIELD_BAD
} verdict;

static const char *const categories[] = {
    "development",     "design",          "content",   "research", "security", "marketing",
    "translation",     "community",       "hackathon", "grant",    "meme",     "web3_interaction",
    "social_giveaway", "trading_contest", "quiz",      "other",    NULL};
static const char *const distributions[] = {"each",   "split", "raffle", "tiers",
                                            "points", "perks", "quote",  NULL};

const char *bg_completion_outcome_name(bg_completion_outcome outcome)
{
	switch (outcome)
	{
		case BG_COMPLETION_OK:
			return "ok";
		case BG_COMPLETION_BAD_JSON:
			return "bad_json";
		case BG_COMPLETION_BAD_SCHEMA:
			return "bad_schema";
		case BG_COMPLETION_TRUNCATED:
			return "truncated";
		case BG_COMPLETION_REFUSED:
			return "refused";
	}
	return "bad_json";
}

void bg_completion_free(bg_completion *completion)
{
	json_decref(completion->fields);
	completion->fields = NULL;
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

/*
 * Where the object that starts at bytes[0] ends (exclusive); 0 if it does not. Counts brackets outside strings; *too_deep if
 * they nest over MAX_DEPTH, so that the parser never recurses further.
 */
static size_t object_end(const char *bytes, size_t len, bool *too_deep)
{
	int depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++)
	{
		char c = bytes[i];

		if (in_string)
		{
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		}
		else if (c == '"')
			in_string = true;
		else if (c == '{' || c == '[')
		{
			if (++depth > MAX_DEPTH)
				*too_deep = true;
		}
		else if ((c == '}' || c == ']') && --depth <= 0)
			return i + 1;
	}
	return 0;
}

static bg_completion_outcome parse_envelope(const char *reply, size_t len, json_t **envelope)
{
	bool too_deep = false;
	size_t start = 0;

	*envelope = NULL;
	if (len > BG_COMPLETION_MAX)
		return BG_COMPLETION_TRUNCATED;
	while (start < len && strchr(" \t\r\n", reply[start]) != NULL && reply[start] != '\0')
		start++;
	if (start == len || reply[start] != '{')
		return BG_COMPLETION_BAD_JSON;
	if (object_end(reply + start, len - start, &too_deep) == 0)
		return too_deep ? BG_COMPLETION_BAD_JSON : BG_COMPLETION_TRUNCATED;
	if (!too_deep)
		*envelope = json_loadb(reply, len, JSON_REJECT_DUPLICATES, NULL);
	return *envelope != NULL ? BG_COMPLETION_OK : BG_COMPLETION_BAD_JSON;
}

/*
 * The one JSON object in what may have prose or a code fence around it. Braces of prose that are no JSON are passed over; a
 * second object makes the reply ambiguous. Linear: nothing is scanned twice.
 */
static bg_completion_outcome parse_content(const char *content, size_t len, json_t **object)
{
	size_t i = 0;

	*object = NULL;
	while (i < len)
	{
		const char *brace = memchr(content + i, '{', len - i);
		bool too_deep = false;
		size_t end;
		json_t *found;

		if (brace == NULL)
			break;
		i = (size_t) (brace - content);
		end = object_end(brace, len - i, &too_deep);
		if (end == 0 || too_deep)
		{
			bool cut = end == 0 && !too_deep && *object == NULL;

			json_decref(*object);
			*object = NULL;
			return cut ? BG_COMPLETION_TRUNCATED : BG_COMPLETION_BAD_JSON;
		}
		found = json_loadb(brace, end, JSON_REJECT_DUPLICATES, NULL);
		if (found != NULL && *object != NULL)
		{
			json_decref(found);
			json_decref(*object);
			*object = NULL;
			return BG_COMPLETION_BAD_JSON;
		}
		if (found != NULL)
			*object = found;
		i += end;
	}
	return *object != NULL ? BG_COMPLETION_OK : BG_COMPLETION_BAD_JSON;
}

/* ---- Values ---------------------------------------------------------------------------------------------------- */

static bool is_listed(const char *value, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(value, *list) == 0)
			return true;
	return false;
}

/* A string without control characters and outer white space, of at most "most" characters; NULL if there is none. */
static json_t *clean_string(const json_t *value, size_t most)
{
	bg_buffer buffer;
	json_t *cleaned = NULL;
	size_t start = 0;

	bg_buffer_init(&buffer, 0);
	bg_utf8_clean(&buffer, json_string_value(value), json_string_length(value));
	if (!buffer.failed && buffer.data != NULL)
	{
		size_t end = buffer.len;

		while (start < end && strchr(" \t\n", buffer.data[start]) != NULL)
			start++;
		while (end > start && strchr(" \t\n", buffer.data[end - 1]) != NULL)
			end--;
		if (end > start && bg_utf8_count(buffer.data + start, end - start) <= most)
			cleaned = json_stringn(buffer.data + start, end - start);
	}
	bg_buffer_free(&buffer);
	return cleaned;
}

static verdict check_string(const json_t *value, size_t most, json_t **checked)
{
	if (!json_is_string(value))
		return FIELD_BAD;
	*checked = clean_string(value, most);
	return *checked != NULL ? FIELD_OK : FIELD_DROPPED;
}

static verdict check_listed(const json_t *value, const char *const *list, json_t **checked)
{
	if (!json_is_string(value))
		return FIELD_BAD;
	if (!is_listed(json_string_value(value), list))
		return FIELD_DROPPED;
	*checked = json_copy((json_t *) value);
	return *checked != NULL ? FIELD_OK : FIELD_DROPPED;
}

/* A member that may be absent or null; false if it is there with another type than string. */
static bool optional_string(const json_t *object, const char *name, const char **value)
{
	const json_t *member = json_object_get(object, name);

	*value = NULL;
	if (member == NULL || json_is_null(member))
		return true;
	*value = json_string_value(member);
	return *value != NULL;
}

/* Plain decimal digits in a string, as models write amounts that they want to keep exact. */
static bool is_decimal(const char *string)
{
	size_t digits = strspn(string, "0123456789");
	size_t fraction;

	if (digits == 0 || digits > 15)
		return false;
	if (string[digits] == '\0')
		return true;
	fraction = strspn(string + digits + 1, "0123456789");
	return string[digits] == '.' && fraction > 0 && fraction <= 18 &&
	       string[digits + 1 + fraction] == '\0';
}

static verdict check_reward(const json_t *value, json_t **checked)
{
	const json_t *amount = json_object_get(value, "amount");
	const char *currency;
	const char *distribution;
	json_t *number;
	double size;

	if (!json_is_object(value) || !optional_string(value, "currency", &currency) ||
	    !optional_string(value, "distribution", &distribution))
		return FIELD_BAD;
	if (amount == NULL || json_is_null(amount))
		return FIELD_DROPPED;
	if (json_is_number(amount))
		number = json_copy((json_t *) amount);
	else if (json_is_string(amount) && is_decimal(json_string_value(amount)))
	{
		const char *digits = json_string_value(amount);

		number = strchr(digits, '.') != NULL ? json_real(strtod(digits, NULL))
		                                     : json_integer(strtoll(digits, NULL, 10));
	}
	else
		return FIELD_BAD;
	size = json_number_value(number);
	if (number == NULL || !isfinite(size) || size < 0 || size > 1e15 ||
	    (currency != NULL && (currency[0] == '\0' || strlen(currency) > 16 ||
	                          strcspn(currency, " \t\n\"'<>&") < strlen(currency))))
	{
		json_decref(number);
		return FIELD_DROPPED;
	}
	if (distribution != NULL && !is_listed(distribution, distributions))
		distribution = NULL;
	*checked = json_pack("{s:o, s:s*, s:s*}", "amount", number, "currency", currency,
	                     "distribution", distribution);
	return *checked != NULL ? FIELD_OK : FIELD_DROPPED;
}

/* "YYYY-MM-DD", a day of the calendar. */
static bool is_date(const char *string)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year;
	int month;
	int day;
	int last;

	if (strlen(string) != 10 || strspn(string, "0123456789") != 4 || string[4] != '-' ||
	    strspn(string + 5, "0123456789") != 2 || string[7] != '-' ||
	    strspn(string + 8, "0123456789") != 2)
		return false;
	year = atoi(string);
	month = atoi(string + 5);
	day = atoi(string + 8);
	if (year < 1970 || month < 1 || month > 12)
		return false;
	last = days[month - 1];
	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		last++;
	return day >= 1 && day <= last;
}

/* "HH:MM" or "HH:MM:SS"; 24:00 is how people write the end of a day. */
static bool is_time(const char *string)
{
	size_t len = strlen(string);

	if ((len != 5 && len != 8) || strspn(string, "0123456789") != 2 || string[2] != ':' ||
	    strspn(string + 3, "0123456789") != 2)
		return false;
	if (len == 8 &&
	    (string[5] != ':' || strspn(string + 6, "0123456789") != 2 || atoi(string + 6) > 59))
		return false;
	if (atoi(string) == 24)
		return strcmp(string + 3, "00") == 0 || strcmp(string + 3, "00:00") == 0;
	return atoi(string) < 24 && atoi(string + 3) < 60;
}

static verdict check_deadline(const json_t *value, json_t **checked)
{
	const char *date;
	const char *time;
	const char *zone;

	if (!json_is_object(value) || !optional_string(value, "date", &date) ||
	    !optional_string(value, "time", &time) || !optional_string(value, "zone", &zone))
		return FIELD_BAD;
	if (date == NULL || !is_date(date) || (time != NULL && !is_time(time)) ||
	    (zone != NULL && (zone[0] == '\0' || strlen(zone) >= 40)))
		return FIELD_DROPPED;
	*checked = json_pack("{s:s, s:s*, s:s*}", "date", date, "time", time, "zone", zone);
	return *checked != NULL ? FIELD_OK : FIELD_DROPPED;
}

static verdict check_tags(const json_t *value, json_t **checked)
{
	json_t *tags;
	json_t *element;
	size_t index;

	if (!json_is_array(value))
		return FIELD_BAD;
	json_array_foreach (value, index, element)
	{
		if (!json_is_string(element))
			return FIELD_BAD;
	}
	tags = json_array();
	json_array_foreach (value, index, element)
	{
		json_t *tag = json_array_size(tags) < MAX_TAGS ? clean_string(element, 100) : NULL;

		if (tag != NULL)
			json_array_append_new(tags, tag);
	}
	if (json_array_size(tags) == 0)
	{
		json_decref(tags);
		return FIELD_DROPPED;
	}
	*checked = tags;
	return FIELD_OK;
}

static verdict check_value(const char *name, const json_t *value, json_t **checked)
{
	if (strcmp(name, "title") == 0)
		return check_string(value, 255, checked);
	if (strcmp(name, "organizer") == 0)
		return check_string(value, 200, checked);
	if (strcmp(name, "reward") == 0)
		return check_reward(value, checked);
	if (strcmp(name, "deadline") == 0)
		return check_deadline(value, checked);
	if (strcmp(name, "category") == 0)
		return check_listed(value, categories, checked);
	if (strcmp(name, "tags") == 0)
		return check_tags(value, checked);
	if (strcmp(name, "eligibility") == 0)
		return check_string(value, 2000, checked);
	return check_string(value, 500, checked); /* summary */
}

/* ---- Schema ---------------------------------------------------------------------------------------------------- */

static bool is_known(const char *name)
{
	static const char *const names[] = {"title", "organizer",   "reward",  "deadline", "category",
	                                    "tags",  "eligibility", "summary", NULL};

	return is_listed(name, names);
}

/* null, or {"value", "quote"}; a value without a quote is as good as none (law 1). */
static verdict check_field(const char *name, const json_t *field, json_t **checked)
{
	const json_t *value = json_object_get(field, "value");
	const json_t *quote = json_object_get(field, "quote");
	json_t *checked_value = NULL;
	json_t *checked_quote;
	verdict found;

	if (json_is_null(field))
		return FIELD_DROPPED;
	if (!json_is_object(field) || (quote != NULL && !json_is_null(quote) && !json_is_string(quote)))
		return FIELD_BAD;
	if (value == NULL || json_is_null(value))
		return FIELD_DROPPED;
	found = check_value(name, value, &checked_value);
	if (found != FIELD_OK)
		return found;
	checked_quote = json_is_string(quote) && json_string_length(quote) <= MAX_QUOTE
	                    ? clean_string(quote, MAX_QUOTE)
	                    : NULL;
	if (checked_quote == NULL)
	{
		json_decref(checked_value);
		return FIELD_DROPPED;
	}
	*checked = json_pack("{s:o, s:o}", "value", checked_value, "quote", checked_quote);
	return *checked != NULL ? FIELD_OK : FIELD_DROPPED;
}

static bg_completion_outcome check_fields(json_t *object, json_t **fields)
{
	json_t *checked_fields = json_object();
	json_t *field;
	const char *name;
	size_t known = 0;

	json_object_foreach (object, name, field)
	{
		json_t *checked = NULL;
		verdict found;

		if (!is_known(name))
			continue;
		known++;
		found = check_field(name, field, &checked);
		if (found == FIELD_BAD)
		{
			json_decref(checked_fields);
			return BG_COMPLETION_BAD_SCHEMA;
		}
		if (found == FIELD_OK)
			json_object_set_new(checked_fields, name, checked);
	}
	/* An empty object says that the page states nothing; an object of other things answers another question. */
	if (checked_fields == NULL || (known == 0 && json_object_size(object) > 0))
	{
		json_decref(checked_fields);
		return BG_COMPLETION_BAD_SCHEMA;
	}
	*fields = checked_fields;
	return BG_COMPLETION_OK;
}

static int64_t usage_of(const json_t *envelope, const char *name)
{
	const json_t *count = json_object_get(json_object_get(envelope, "usage"), name);

	if (!json_is_integer(count) || json_integer_value(count) < 0 ||
	    json_integer_value(count) > MAX_USAGE)
		return -1;
	return json_integer_value(count);
}

static bg_completion_outcome check_envelope(const json_t *envelope, json_t **fields)
{
	const json_t *choice = json_array_get(json_object_get(envelope, "choices"), 0);
	const json_t *message = json_object_get(choice, "message");
	const json_t *content = json_object_get(message, "content");
	const char *finish = json_string_value(json_object_get(choice, "finish_reason"));
	json_t *object;
	bg_completion_outcome outcome;

	if (!json_is_object(message))
		return BG_COMPLETION_BAD_SCHEMA;
	if (json_string_length(json_object_get(message, "refusal")) > 0 ||
	    (finish != NULL && strcmp(finish, "content_filter") == 0))
		return BG_COMPLETION_REFUSED;
	if (finish != NULL && strcmp(finish, "length") == 0)
		return BG_COMPLETION_TRUNCATED;
	if (!json_is_string(content))
		return BG_COMPLETION_BAD_SCHEMA;
	outcome = parse_content(json_string_value(content), json_string_length(content), &object);
	if (outcome != BG_COMPLETION_OK)
		return outcome;
	/* Some models wrap the answer once more. */
	if (json_object_size(object) == 1 && json_is_object(json_object_get(object, "fields")))
		outcome = check_fields(json_object_get(object, "fields"), fields);
	else
		outcome = check_fields(object, fields);
	json_decref(object);
	return outcome;
}

bg_completion_outcome bg_completion_parse(const char *reply, size_t len, bg_completion *completion)
{
	json_t *envelope;
	bg_completion_outcome outcome;

	completion->fields = NULL;
	completion->prompt_tokens = -1;
	completion->completion_tokens = -1;
	outcome = parse_envelope(reply, len, &envelope);
	if (outcome != BG_COMPLETION_OK)
		return outcome;
	completion->prompt_tokens = usage_of(envelope, "prompt_tokens");
	completion->completion_tokens = usage_of(envelope, "completion_tokens");
	outcome = check_envelope(envelope, &completion->fields);
	json_decref(envelope);
	return outcome;
}

/*
 * extract.c
 *		Puts page/, facts/ and ppio/completion.c together into the extraction result of API.md. Plain C; see extract.h.
 *
 * It composes; what a page says is found elsewhere. A page that could not be read has no fields.
 */
#include "extract.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "../buffer.h"
#include "../facts/facts.h"
#include "../outcome.h"
#include "../page/page.h"
#include "../ppio/ppio.h"

/* Cited metadata is added to a text; the whole must stay under what a frame can carry. */
#define MAX_TEXT (4u * 1024 * 1024)

static double elapsed_ms(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) (now.tv_sec - from->tv_sec) * 1e3 +
	       (double) (now.tv_nsec - from->tv_nsec) / 1e6;
}

static json_t *string_or_null(const char *value)
{
	json_t *string = value != NULL && value[0] != '\0' ? json_string(value) : NULL;

	return string != NULL ? string : json_null();
}

static json_t *metadata_of(const bg_page *page)
{
	json_t *metadata = json_object();

	if (metadata == NULL)
		return NULL;
	json_object_set_new(metadata, "title", string_or_null(page != NULL ? page->title.value : NULL));
	json_object_set_new(metadata, "author",
	                    string_or_null(page != NULL ? page->author.value : NULL));
	json_object_set_new(metadata, "published",
	                    string_or_null(page != NULL ? page->published.value : NULL));
	json_object_set_new(metadata, "site", string_or_null(page != NULL ? page->site.value : NULL));
	json_object_set_new(metadata, "canonical",
	                    string_or_null(page != NULL ? page->canonical.value : NULL));
	json_object_set_new(metadata, "description",
	                    string_or_null(page != NULL ? page->description.value : NULL));
	json_object_set_new(metadata, "image", string_or_null(page != NULL ? page->image.value : NULL));
	return metadata;
}

static char *dumped(json_t *result, size_t *out_len)
{
	/* 15 digits write a decimal as it was read: 0.9, not 0.90000000000000002 */
	char *text = result != NULL ? json_dumps(result, JSON_COMPACT | JSON_REAL_PRECISION(15)) : NULL;

	json_decref(result);
	if (text != NULL)
		*out_len = strlen(text);
	return text;
}

/* Language of a text without metadata, by its script. */
static const char *script_language(const char *text, size_t len)
{
	size_t letters = 0;
	size_t ideographs = 0;
	size_t kana = 0;
	size_t position = 0;

	while (position < len && position < 65536)
	{
		uint32_t c = bg_utf8_next(text, len, &position);

		if (c >= 0x4E00 && c <= 0x9FFF)
			ideographs++;
		else if (c >= 0x3041 && c <= 0x30FF)
			kana++;
		else if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))
			letters++;
	}
	if (kana * 5 > ideographs && kana > 10)
		return "ja";
	if (ideographs * 3 > letters && ideographs > 0)
		return "zh";
	return letters > 20 ? "en" : NULL;
}

/* Rules over a text, and the object around what they find. Takes "text". */
static char *compose(bg_buffer *text, const bg_page *page, const char *url, bg_outcome outcome,
                     size_t bytes, const struct timespec *start, size_t *out_len)
{
	json_t *result = json_object();
	json_t *facts = NULL;
	json_t *stats = json_object();
	const char *language = page != NULL && page->language != NULL ? page->language : NULL;

	if (outcome == BG_OK)
	{
		facts = bg_rules_extract(text, page, url);
		if (facts == NULL)
			goto failed;
	}
	if (language == NULL && text->len > 0)
		language = script_language(text->data, text->len);
	if (result == NULL || stats == NULL || text->failed)
		goto failed;
	json_object_set_new(result, "outcome", json_string(bg_outcome_name(outcome)));
	json_object_set_new(result, "is_task",
	                    json_boolean(json_is_true(json_object_get(facts, "is_task"))));
	json_object_set_new(result, "language", string_or_null(language));
	json_object_set_new(result, "url", string_or_null(url));
	json_object_set_new(result, "snapshot_id", json_null());
	json_object_set_new(result, "fields",
	                    facts != NULL ? json_incref(json_object_get(facts, "fields"))
	                                  : json_object());
	json_object_set_new(result, "rewards",
	                    facts != NULL ? json_incref(json_object_get(facts, "rewards"))
	                                  : json_array());
	json_object_set_new(result, "milestones",
	                    facts != NULL ? json_incref(json_object_get(facts, "milestones"))
	                                  : json_array());
	json_object_set_new(result, "missing",
	                    facts != NULL ? json_incref(json_object_get(facts, "missing"))
	                                  : json_object());
	json_object_set_new(result, "metadata", metadata_of(page));
	json_object_set_new(result, "text",
	                    json_stringn(text->data != NULL ? text->data : "", text->len));
	json_object_set_new(stats, "bytes", json_integer((json_int_t) bytes));
	json_object_set_new(stats, "nodes",
	                    json_integer((json_int_t) (page != NULL ? page->nodes : 0)));
	json_object_set_new(stats, "ms", json_real((double) (long) (elapsed_ms(start) * 1000) / 1000));
	json_object_set_new(result, "stats", stats);
	json_decref(facts);
	bg_buffer_free(text);
	return dumped(result, out_len);

failed:
	json_decref(result);
	json_decref(stats);
	json_decref(facts);
	bg_buffer_free(text);
	return NULL;
}

char *bg_extract_html(const char *bytes, size_t len, const char *url, const char *content_type,
                      size_t *out_len)
{
	struct timespec start;
	bg_page page;
	bg_outcome outcome;
	bg_buffer text;
	char *answer;

	clock_gettime(CLOCK_MONOTONIC, &start);
	outcome = bg_page_read(bytes, len, content_type, url, &bg_page_default_limits, &page);
	bg_buffer_init(&text, MAX_TEXT);
	bg_buffer_append(&text, page.text != NULL ? page.text : "",
	                 page.text != NULL ? page.text_len : 0);
	answer = compose(&text, &page, url, outcome, len, &start, out_len);
	bg_page_free(&page);
	return answer;
}

char *bg_extract_text(const char *content, size_t len, const char *url, size_t *out_len)
{
	struct timespec start;
	bg_buffer text;
	bool blank = true;

	clock_gettime(CLOCK_MONOTONIC, &start);
	bg_buffer_init(&text, MAX_TEXT);
	bg_utf8_clean(&text, content, len);
	for (size_t i = 0; i < text.len && blank; i++)
		blank = strchr(" \t\n", text.data[i]) != NULL;
	return compose(&text, NULL, url, blank ? BG_EMPTY : BG_OK, len, &start, out_len);
}

/* Names of the fields that the model's reply changed. */
static json_t *accepted_names(const json_t *before, const json_t *after)
{
	json_t *names = json_array();
	const char *name;
	json_t *field;

	json_object_foreach (json_object_get(after, "fields"), name, field)
	{
		const char *method = json_string_value(json_object_get(field, "method"));

		if (method != NULL && strcmp(method, "model") == 0 &&
		    !json_equal(field, json_object_get(json_object_get(before, "fields"), name)))
			json_array_append_new(names, json_string(name));
	}
	return names;
}

char *bg_extract_complete(const char *result, size_t result_len, const char *reply,
                          size_t reply_len, size_t *out_len)
{
	json_t *earlier = json_loadb(result, result_len, 0, NULL);
	json_t *joined = NULL;
	json_t *model = json_object();
	bg_completion completion;
	bg_completion_outcome outcome;
	const char *text;

	if (!json_is_object(earlier) || model == NULL)
	{
		json_decref(earlier);
		json_decref(model);
		return NULL;
	}
	memset(&completion, 0, sizeof(completion));
	outcome = bg_completion_parse(reply, reply_len, &completion);
	text = json_string_value(json_object_get(earlier, "text"));
	if (outcome == BG_COMPLETION_OK && text != NULL)
		joined = bg_reconcile(text, json_string_length(json_object_get(earlier, "text")), earlier,
		                      completion.fields);
	else
		joined = json_incref(earlier);
	if (joined != NULL)
	{
		json_t *rejected = outcome == BG_COMPLETION_OK ? json_object_get(joined, "rejected") : NULL;

		json_object_set_new(model, "outcome", json_string(bg_completion_outcome_name(outcome)));
		json_object_set_new(model, "accepted", accepted_names(earlier, joined));
		json_object_set_new(model, "rejected",
		                    rejected != NULL ? json_incref(rejected) : json_array());
		json_object_set_new(model, "prompt_tokens",
		                    completion.prompt_tokens >= 0 ? json_integer(completion.prompt_tokens)
		                                                  : json_null());
		json_object_set_new(model, "completion_tokens",
		                    completion.completion_tokens >= 0
		                        ? json_integer(completion.completion_tokens)
		                        : json_null());
		json_object_del(joined, "rejected");
		json_object_set(joined, "model", model);
	}
	bg_completion_free(&completion);
	json_decref(model);
	json_decref(earlier);
	return dumped(joined, out_len);
}

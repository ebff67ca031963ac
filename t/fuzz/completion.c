/*
 * completion.c
 *		Fuzzes the parser of model replies: the bytes once as the whole reply, once as the content of a good envelope.
 *
 * What it accepts must keep to the schema that reconciliation and SQL rely on.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "buffer.h"
#include "ppio/ppio.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check(const char *reply, size_t len)
{
	bg_completion completion;
	bg_completion_outcome outcome = bg_completion_parse(reply, len, &completion);
	const char *name;
	json_t *field;

	require(bg_completion_outcome_name(outcome) != NULL);
	require((outcome == BG_COMPLETION_OK) == (completion.fields != NULL));
	require(completion.prompt_tokens >= -1 && completion.completion_tokens >= -1);
	json_object_foreach (completion.fields, name, field)
	{
		const json_t *quote = json_object_get(field, "quote");

		require(json_object_size(field) == 2 && json_object_get(field, "value") != NULL);
		require(json_is_string(quote) && json_string_length(quote) > 0);
		require(bg_utf8_valid(json_string_value(quote), json_string_length(quote)));
	}
	bg_completion_free(&completion);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *content = json_stringn((const char *) data, size);

	check((const char *) data, size);
	/* Fails when the bytes are not UTF-8: no reply can hold them either. */
	if (content != NULL)
	{
		json_t *envelope = json_pack("{s:[{s:{s:o}}]}", "choices", "message", "content", content);
		char *reply = json_dumps(envelope, 0);

		if (reply != NULL)
			check(reply, strlen(reply));
		free(reply);
		json_decref(envelope);
	}
	return 0;
}

/*
 * extract.c
 *		Fuzzes the whole reader: bytes as a page, as text, and as a model's reply to what was extracted.
 *
 * Whatever comes, the answer is valid JSON of the agreed form.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "buffer.h"
#include "reader/extract.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void check(char *answer, size_t len, const uint8_t *data, size_t size)
{
	json_t *result;
	char *joined;
	size_t joined_len = 0;
	bool ok;

	require(answer != NULL && strlen(answer) == len && bg_utf8_valid(answer, len));
	result = json_loadb(answer, len, 0, NULL);
	require(result != NULL);
	ok = strcmp(json_string_value(json_object_get(result, "outcome")), "ok") == 0;
	require(json_is_object(json_object_get(result, "fields")));
	require(json_is_array(json_object_get(result, "rewards")));
	require(json_is_string(json_object_get(result, "text")));
	require(ok || json_object_size(json_object_get(result, "fields")) == 0);
	json_decref(result);
	joined = bg_extract_complete(answer, len, (const char *) data, size, &joined_len);
	require(joined != NULL && strlen(joined) == joined_len);
	free(joined);
	free(answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t len = 0;
	char *answer = bg_extract_html((const char *) data, size, "https://page.example/a", NULL, &len);

	check(answer, len, data, size);
	answer = bg_extract_text((const char *) data, size, NULL, &len);
	check(answer, len, data, size);
	return 0;
}

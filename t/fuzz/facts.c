/*
 * facts.c
 *		Fuzzes the readers of facts/: money, dates, evidence and the rules over arbitrary text; and reconciliation with quotes out of it.
 *
 * Scanners must move on and stay inside the text; every field and row must quote what stands at its offsets.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "buffer.h"
#include "facts/facts.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition)
{
	if (!condition)
		abort();
}

static void scan(const char *text, size_t len)
{
	size_t position = 0;
	size_t before = 0;
	bg_money money;
	bg_deadline when;

	while (bg_money_next(text, len, &position, &money))
	{
		require(position > before && position <= len);
		require(money.span.start < money.span.end && money.span.end <= len);
		require(money.amount > 0 && money.digits[0] != '\0' && money.currency[0] != '\0');
		before = position;
	}
	require(position == len);
	for (int i = 0; i < 2; i++)
	{
		position = before = 0;
		while (bg_deadline_next(text, len, &position, i == 0 ? NULL : "2026-10-04", &when))
		{
			require(position > before && position <= len);
			require(when.span.start < when.span.end && when.span.end <= len);
			require(when.earliest <= when.latest && strlen(when.date) == 10);
			before = position;
		}
		require(position == len);
	}
}

static void evidence_holds(const bg_buffer *text, const json_t *row)
{
	const json_t *quote = json_object_get(row, "quote");
	size_t start = bg_utf8_offset(text->data, text->len,
	                              (size_t) json_integer_value(json_object_get(row, "start")));
	size_t end = bg_utf8_offset(text->data, text->len,
	                            (size_t) json_integer_value(json_object_get(row, "end")));

	require(json_is_string(quote) && start < end && end <= text->len);
	require(end - start == json_string_length(quote));
	require(memcmp(text->data + start, json_string_value(quote), end - start) == 0);
}

static void extract(const char *bytes, size_t len)
{
	bg_buffer text;
	json_t *result;
	json_t *model = json_object();
	json_t *joined;
	const char *name;
	json_t *row;
	size_t i;

	bg_buffer_init(&text, 0);
	bg_buffer_append(&text, bytes, len);
	result = bg_rules_extract(&text, NULL, NULL);
	require(result != NULL && model != NULL);
	json_object_foreach (json_object_get(result, "fields"), name, row)
	{
		evidence_holds(&text, row);
		json_object_set_new(model, name,
		                    json_pack("{s:O, s:O}", "value", json_object_get(row, "value"), "quote",
		                              json_object_get(row, "quote")));
	}
	json_array_foreach (json_object_get(result, "rewards"), i, row)
		evidence_holds(&text, row);
	json_array_foreach (json_object_get(result, "milestones"), i, row)
		evidence_holds(&text, row);
	joined = bg_reconcile(text.data, text.len, result, model);
	require(joined != NULL);
	json_object_foreach (json_object_get(joined, "fields"), name, row)
		evidence_holds(&text, row);
	json_decref(joined);
	json_decref(model);
	json_decref(result);
	bg_buffer_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bg_buffer clean;

	bg_buffer_init(&clean, 0);
	bg_utf8_clean(&clean, (const char *) data, size);
	bg_buffer_puts(&clean, "");
	scan(clean.data, clean.len);
	extract(clean.data, clean.len);
	bg_buffer_free(&clean);
	return 0;
}

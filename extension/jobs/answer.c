/*
 * answer.c
 *		The few things the worker must know of a reader's answer; all else of it goes to the database as it is. Plain C; see answer.h.
 */
#include "answer.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

bg_outcome bg_answer_outcome(const char *answer, size_t len)
{
	static const char prefix[] = "{\"outcome\":\"ok\",";
	bg_outcome outcome = BG_OUTCOME_COUNT;
	json_t *json;
	const char *name;

	/* Most answers need no parsing to know, and the server's parser reads them all the same. */
	if (len > sizeof(prefix) && memcmp(answer, prefix, sizeof(prefix) - 1) == 0)
		return BG_OK;
	json = json_loadb(answer, len, 0, NULL);
	name = json_string_value(json_object_get(json, "outcome"));
	for (int i = 0; name != NULL && i < BG_OUTCOME_COUNT; i++)
		if (strcmp(bg_outcome_name((bg_outcome) i), name) == 0)
			outcome = (bg_outcome) i;
	json_decref(json);
	return outcome;
}

static int64_t count_of(const json_t *model, const char *name)
{
	const json_t *value = json_object_get(model, name);

	return json_is_integer(value) && json_integer_value(value) >= 0 ? json_integer_value(value)
	                                                                : -1;
}

bg_answer_model bg_answer_get_model(const char *answer, size_t len)
{
	bg_answer_model model = {.prompt_tokens = -1, .completion_tokens = -1};
	json_t *json = json_loadb(answer, len, 0, NULL);
	const json_t *part = json_object_get(json, "model");
	const char *outcome = json_string_value(json_object_get(part, "outcome"));

	if (outcome != NULL)
	{
		snprintf(model.outcome, sizeof(model.outcome), "%s", outcome);
		model.prompt_tokens = count_of(part, "prompt_tokens");
		model.completion_tokens = count_of(part, "completion_tokens");
	}
	json_decref(json);
	return model;
}

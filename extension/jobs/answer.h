/*
 * answer.h
 *		The few things the worker must know of a reader's answer. Plain C, apart from the server's headers, which clash with jansson's.
 */
#ifndef BG_ANSWER_H
#define BG_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "../outcome.h"

typedef struct bg_answer_model
{
	char outcome[40];      /* "" = the answer has no model part */
	int64_t prompt_tokens; /* -1 = not stated */
	int64_t completion_tokens;
} bg_answer_model;

/* The outcome that an answer states; BG_OUTCOME_COUNT if it states none or is no JSON. */
extern bg_outcome bg_answer_outcome(const char *answer, size_t len);
extern bg_answer_model bg_answer_get_model(const char *answer, size_t len);

#endif

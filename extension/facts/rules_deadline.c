/*
 * rules_deadline.c
 *		Which of the dates is the last moment to submit, and the milestones. Plain C; see rules.h.
 *
 * Past deadlines stay past. An event's own date is never taken for a deadline.
 */
#include "rules.h"

#include <string.h>

json_t *bg_rules_deadline_value(const bg_deadline *when, const char *text, size_t len)
{
	static const char *const precisions[] = {"month", "day", "minute", "second"};
	json_t *value = json_object();
	char instant[32];

	if (value == NULL)
		return NULL;
	json_object_set_new(value, "date", json_string(when->date));
	bg_date_rfc3339(when->earliest, instant);
	json_object_set_new(value, "earliest", json_string(instant));
	bg_date_rfc3339(when->latest, instant);
	json_object_set_new(value, "latest", json_string(instant));
	json_object_set_new(value, "text", json_stringn(text, len));
	json_object_set_new(value, "precision", json_string(precisions[when->precision]));
	json_object_set_new(value, "zone",
	                    when->zone[0] == '\0' ? json_null() : json_string(when->zone));
	return value;
}

static bool is_far(const bg_deadline *when)
{
	return strncmp(when->date, "2090", 4) >= 0;
}

/* JobPosting.validThrough. An Event's endDate is no deadline. */
static bool structured_deadline(bg_doc *doc, bg_found *found)
{
	const char *valid = bg_doc_ld_string(doc->job, "validThrough");
	size_t position = 0;
	bg_deadline when;
	bg_span span;

	if (valid == NULL || strlen(valid) > 64 ||
	    !bg_deadline_next(valid, strlen(valid), &position, NULL, &when) || is_far(&when))
		return false;
	if (!bg_doc_cite(doc, "JobPosting.validThrough", valid, &span))
		return false;
	found->value = bg_rules_deadline_value(&when, valid, strlen(valid));
	found->span = span;
	found->method = "jsonld";
	found->confidence = 0.95;
	return found->value != NULL;
}

static bool same_window(const bg_deadline *a, const bg_deadline *b)
{
	return strcmp(a->date, b->date) == 0 || (a->earliest <= b->latest && b->earliest <= a->latest);
}

static bool unstated(bg_doc *doc)
{
	static const char *const cues[] = {"deadline",           "closes", "due", "截止", "ends on",
	                                   "application closes", NULL};
	static const char *const weekdays[] = {
	    "monday",   "tuesday",   "wednesday", "thursday", "friday", "saturday", "sunday",
	    "tomorrow", "next week", "本周",      "下周",     "明天",   NULL};

	for (size_t i = 0; i < doc->line_count && i < 2000; i++)
		if (bg_cue_any(doc->lower, doc->lines[i].start, doc->lines[i].end, cues) &&
		    bg_cue_any(doc->lower, doc->lines[i].start, doc->lines[i].end, weekdays))
			return true;
	return false;
}

bool bg_rules_deadline(bg_doc *doc, bg_found *found)
{
	const bg_dated *best = NULL;
	bool conflict = false;
	bool yearless = false;

	if (doc->job != NULL && structured_deadline(doc, found))
		return true;
	for (size_t i = 0; i < doc->date_count; i++)
	{
		const bg_dated *dated = &doc->dates[i];

		if (dated->purpose < BG_PURPOSE_REGISTRATION)
			continue;
		if (dated->yearless)
		{
			yearless = yearless || dated->purpose >= BG_PURPOSE_END;
			continue;
		}
		if (is_far(&dated->when))
			continue;
		if (best == NULL || dated->purpose > best->purpose ||
		    (dated->purpose == best->purpose && dated->extended && !best->extended))
		{
			best = dated;
			conflict = false;
		}
		else if (dated->purpose == best->purpose && !same_window(&dated->when, &best->when) &&
		         !best->extended && !dated->extended)
		{
			/* The same words with two dates: two cities, two rounds. A plain end is only ever the first one's. */
			if (dated->purpose >= BG_PURPOSE_DEADLINE && dated->purpose == BG_PURPOSE_SUBMISSION)
				conflict = true;
		}
	}
	if (best != NULL && yearless && best->purpose <= BG_PURPOSE_END)
	{
		/* a nearer deadline without a year stands against a mere end */
		for (size_t i = 0; i < doc->date_count; i++)
			if (doc->dates[i].yearless && doc->dates[i].purpose > best->purpose)
			{
				bg_doc_missing(doc, "deadline", "ambiguous");
				return false;
			}
	}
	if (best == NULL || conflict)
	{
		bg_doc_missing(doc, "deadline",
		               conflict || yearless || unstated(doc) ? "ambiguous" : "absent");
		return false;
	}
	found->value = bg_rules_deadline_value(&best->when, doc->text + best->when.span.start,
	                                       best->when.span.end - best->when.span.start);
	found->span = best->when.span;
	found->method = "rule";
	found->confidence = best->purpose >= BG_PURPOSE_DEADLINE ? 0.9 : 0.75;
	return found->value != NULL;
}

json_t *bg_rules_milestones(bg_doc *doc)
{
	json_t *rows = json_array();

	if (rows == NULL)
		return NULL;
	for (size_t i = 0; i < doc->date_count && json_array_size(rows) < BG_RULES_MAX_ROWS; i++)
	{
		const bg_dated *dated = &doc->dates[i];
		bg_span span = dated->when.span;
		json_t *row;
		json_t *value;

		if (dated->yearless || is_far(&dated->when) || (strcmp(dated->kind, "other") == 0))
			continue;
		row = bg_evidence_field(doc->text, doc->len, span, "rule", 0.7, json_null());
		value =
		    bg_rules_deadline_value(&dated->when, doc->text + span.start, span.end - span.start);
		if (row != NULL && value != NULL)
		{
			json_object_del(row, "value");
			json_object_update(row, value);
			json_object_set_new(row, "kind", json_string(dated->kind));
			json_array_append(rows, row);
		}
		json_decref(row);
		json_decref(value);
	}
	return rows;
}

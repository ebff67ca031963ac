/*
 * rules.c
 *		The extractor that needs no model: runs the rules in order and writes their findings down. Plain C; see facts.h.
 *
 * It never fills in what the text doesn't say; each field that stays empty gets its reason in "missing".
 */
#include "rules.h"

#include <string.h>

typedef bool (*bg_rule)(bg_doc *doc, bg_found *found);

typedef struct rule
{
	const char *field;
	bg_rule run;
	bool of_any_page; /* also where there is no task */
} rule;

static const rule rules[] = {
    {"organizer", bg_rules_organizer, false},     {"category", bg_rules_category, false},
    {"reward", bg_rules_reward, false},           {"deadline", bg_rules_deadline, false},
    {"eligibility", bg_rules_eligibility, false}, {"tags", bg_rules_tags, false},
    {"summary", bg_rules_summary, true},
};

#define RULE_COUNT (sizeof(rules) / sizeof(rules[0]))

static void put(json_t *fields, bg_doc *doc, const char *name, bg_found *found)
{
	json_t *field;

	if (found->value == NULL)
		return;
	field = bg_evidence_field(doc->out->data, doc->out->len, found->span, found->method,
	                          found->confidence, json_incref(found->value));
	if (field != NULL && found->quotes != NULL)
		json_object_set(field, "quotes", found->quotes);
	if (field != NULL)
		json_object_set_new(fields, name, field);
}

json_t *bg_rules_extract(bg_buffer *text, const bg_page *page, const char *url)
{
	bg_doc doc;
	bg_found title = {NULL, {0, 0}, NULL, 0, NULL};
	bg_found found[RULE_COUNT];
	json_t *result = NULL;
	json_t *fields = json_object();
	json_t *rows = NULL;
	json_t *milestones = NULL;

	memset(found, 0, sizeof(found));
	if (!bg_doc_open(&doc, text, page, url) || fields == NULL)
		goto done;
	/* Nothing is appended to a page before it is known to be a task: the title is looked up, and cited again below. */
	bg_rules_title(&doc, &title);
	if (!bg_rules_amounts(&doc) || !bg_rules_dates(&doc))
		goto done;
	doc.is_task = bg_rules_is_task(&doc);
	doc.cite = doc.is_task;
	if (doc.is_task && title.value == NULL && doc.title != NULL)
		bg_rules_retitle(&doc, &title);
	if (title.value == NULL)
		bg_doc_missing(&doc, "title", "absent");
	else
		doc.title_span = title.span;
	for (size_t i = 0; i < RULE_COUNT; i++)
		if (doc.is_task || rules[i].of_any_page)
		{
			if (!rules[i].run(&doc, &found[i]))
			{
				bg_found_clear(&found[i]);
				bg_doc_missing(&doc, rules[i].field, "absent");
			}
			/* the first of them: tags look at it */
			if (i == 0 && found[i].value != NULL)
				doc.organizer = json_string_value(found[i].value);
		}
	if (text->failed)
		goto done;
	put(fields, &doc, "title", &title);
	for (size_t i = 0; i < RULE_COUNT; i++)
		put(fields, &doc, rules[i].field, &found[i]);
	rows = doc.is_task ? bg_rules_rows(&doc) : json_array();
	milestones = doc.is_task ? bg_rules_milestones(&doc) : json_array();
	result = json_object();
	if (result == NULL || rows == NULL || milestones == NULL)
		goto done;
	json_object_set_new(result, "is_task", json_boolean(doc.is_task));
	json_object_set(result, "fields", fields);
	json_object_set(result, "rewards", rows);
	json_object_set(result, "milestones", milestones);
	json_object_set(result, "missing", doc.missing);

done:
	if (result != NULL && (rows == NULL || milestones == NULL))
	{
		json_decref(result);
		result = NULL;
	}
	bg_found_clear(&title);
	for (size_t i = 0; i < RULE_COUNT; i++)
		bg_found_clear(&found[i]);
	json_decref(fields);
	json_decref(rows);
	json_decref(milestones);
	bg_doc_close(&doc);
	return result;
}

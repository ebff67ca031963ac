/*
 * rules.h
 *		What the files of the rule extractor share: the prepared document and what each finds in it. Plain C, internal to facts/.
 */
#ifndef BG_RULES_H
#define BG_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "dates.h"
#include "facts.h"
#include "scan.h"

#define BG_RULES_MAX_LINES 20000
#define BG_RULES_MAX_AMOUNTS 600
#define BG_RULES_MAX_DATES 400
#define BG_RULES_MAX_ROWS 100
/* Keywords are looked for in the beginning of a text only: what a page is, it says early. */
#define BG_RULES_MAX_KEYWORDS (48 * 1024)

typedef struct bg_line
{
	size_t start;   /* of the content: after heading marks, bullets, quote marks */
	size_t end;     /* without trailing blanks */
	int level;      /* 1..6: heading; 0: none */
	bool item;      /* bullet or numbered */
	bool row;       /* of a Markdown table */
	size_t heading; /* index of the heading above it, or BG_SCAN_NONE */
} bg_line;

/* What an amount is for. */
typedef enum bg_role
{
	BG_ROLE_MENTION,  /* nothing says what it is for */
	BG_ROLE_OFFER,    /* a sentence about a reward */
	BG_ROLE_SEVERITY, /* a row of a table by severity */
	BG_ROLE_PRIZE,    /* a row of a list of places */
	BG_ROLE_LABEL,    /* "Reward: $500" */
	BG_ROLE_TOTAL,    /* a stated pool, total or maximum of the programme */
	BG_ROLE_TITLE,    /* in the title */
	BG_ROLE_OTHER     /* fee, revenue, conversion, last year's, an example */
} bg_role;

typedef struct bg_amount
{
	bg_money money;
	bg_role role;
	size_t line;
	int count; /* how many are given */
} bg_amount;

/* What a date is for; the larger, the better as the deadline. */
typedef enum bg_purpose
{
	BG_PURPOSE_OTHER, /* start, event, results, voting, payout, publication */
	BG_PURPOSE_UNKNOWN,
	BG_PURPOSE_REGISTRATION, /* last day to sign up */
	BG_PURPOSE_END,          /* ends, closes, due, a range of the activity */
	BG_PURPOSE_DEADLINE,     /* "deadline" of whatever */
	BG_PURPOSE_SUBMISSION
} bg_purpose;

typedef struct bg_dated
{
	bg_deadline when;
	bg_purpose purpose;
	const char *
	    kind; /* milestone: start, end, registration, submission, judging, results, event, payout, other */
	bool yearless;
	bool is_range;
	bool extended;
	size_t line;
} bg_dated;

/* A value with where it stands. */
typedef struct bg_found
{
	json_t *value; /* NULL: nothing */
	bg_span span;
	const char *method;
	double confidence;
	json_t *quotes; /* of the elements of a list, each in its place; NULL for single values */
} bg_found;

typedef struct bg_doc
{
	char *text; /* the main text at entry */
	size_t len;
	char *scan;      /* same length: code, URLs and markup blanked */
	char *lower;     /* scan in lower case */
	size_t keywords; /* how much of it is searched for keywords */
	bg_line *lines;
	size_t line_count;
	bg_buffer *out; /* the text that metadata is cited in */
	const bg_page *page;
	const char *url;
	bool cite; /* metadata may be appended to the text */
	bool is_task;
	bool chinese; /* mostly */
	bool issue;   /* looks like an issue of a code host */
	char *title;  /* cleaned */
	char *title_lower;
	size_t title_line;        /* BG_SCAN_NONE: not from the text */
	bg_span title_span;       /* in the final text */
	size_t title_end;         /* end of the title in its line */
	const char *title_source; /* where metadata states it; NULL: from the text */
	const char *title_method;
	const char *category;
	const char *organizer; /* borrowed, or NULL */
	bg_amount *amounts;
	size_t amount_count;
	bg_money title_money;         /* "[$500]" in a page's title, which is no part of its text */
	const char *title_with_money; /* that title; NULL: none */
	bg_dated *dates;
	size_t date_count;
	char reference[12]; /* a date of the document itself, or "" */
	json_t *missing;
	json_t *job;   /* borrowed: JSON-LD JobPosting, or NULL */
	json_t *event; /* borrowed: JSON-LD Event, Hackathon and the like, or NULL */
} bg_doc;

/* rules_doc.c */
extern bool bg_doc_open(bg_doc *doc, bg_buffer *text, const bg_page *page, const char *url);
extern void bg_doc_close(bg_doc *doc);
/* Index of the line with this offset. */
extern size_t bg_doc_line(const bg_doc *doc, size_t at);
/* The line before that has content, or BG_SCAN_NONE. */
extern size_t bg_doc_line_before(const bg_doc *doc, size_t line);
/* True if the line stands below a heading that leads to other tasks. */
extern bool bg_doc_elsewhere(const bg_doc *doc, size_t line);
extern void bg_doc_missing(bg_doc *doc, const char *field, const char *reason);
/* A value that metadata states: located in the text, or cited at its end if that is allowed. */
extern bool bg_doc_cite(bg_doc *doc, const char *source, const char *value, bg_span *span);
/* A JSON string, cleaned of markup and white space, or NULL. malloc'd. */
extern char *bg_doc_clean(const char *bytes, size_t len);
/* A string member of a JSON-LD object, following "name" of an object or the first of an array; borrowed or NULL. */
extern const char *bg_doc_ld_string(const json_t *object, const char *key);
extern void bg_found_clear(bg_found *found);

/* rules_title.c: fills doc->title; the field */
extern bool bg_rules_title(bg_doc *doc, bg_found *found);
/* Cites a title that isn't in the text, once metadata may be appended. */
extern bool bg_rules_retitle(bg_doc *doc, bg_found *found);
extern bool bg_rules_summary(bg_doc *doc, bg_found *found);
/* rules_organizer.c */
extern bool bg_rules_organizer(bg_doc *doc, bg_found *found);
/* rules_amounts.c: finds and sorts the amounts; rules_reward.c: the field and the rows */
extern bool bg_rules_amounts(bg_doc *doc);
extern bool bg_rules_reward(bg_doc *doc, bg_found *found);
extern json_t *bg_rules_rows(bg_doc *doc);
/* rules_deadline.c */
extern bool bg_rules_dates(bg_doc *doc);
extern bool bg_rules_deadline(bg_doc *doc, bg_found *found);
extern json_t *bg_rules_milestones(bg_doc *doc);
/* The value object of a deadline. "text" is the part of the final text it was read from. */
extern json_t *bg_rules_deadline_value(const bg_deadline *when, const char *text, size_t len);
/* A JSON number, exactly as written: integer if it is one. */
extern json_t *bg_rules_number(const char *digits);
/* rules_kind.c */
extern bool bg_rules_is_task(bg_doc *doc);
extern bool bg_rules_category(bg_doc *doc, bg_found *found);
extern bool bg_rules_eligibility(bg_doc *doc, bg_found *found);
/* taxonomy.c */
extern bool bg_rules_tags(bg_doc *doc, bg_found *found);

#endif

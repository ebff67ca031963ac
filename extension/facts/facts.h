/*
 * facts.h
 *		From text and metadata to the fields of a task, each with its quote. Plain C over memory.
 *
 * money.c (amounts and currencies), deadline.c (windows), evidence.c (locating quotes, support), rules.c (the
 * extractor that needs no model), reconcile.c (quoted model values beside the rules' values).
 * Law 1: a value without a quote in the text does not exist. Law 3: a deadline is a window.
 */
#ifndef BG_FACTS_H
#define BG_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "../buffer.h"
#include "../page/page.h"

/* ---- evidence.c -------------------------------------------------------------------------------------------- */

typedef struct bg_span
{
	size_t start; /* bytes into the text, inclusive */
	size_t end;   /* exclusive; start == end: no span */
} bg_span;

/* Finds a quote: exactly, then with white space folded, then also with case folded. False if it is not there. */
extern bool bg_evidence_locate(const char *text, size_t len, const char *quote, bg_span *span);
/*
 * The span of a metadata value: where it stands in the text, else a line "source: value" is appended to the text (which
 * is why the snapshot's text ends with the metadata that is quoted) and the value's span there is returned.
 */
extern bool bg_evidence_cite(bg_buffer *text, const char *source, const char *value, bg_span *span);
/* {"value", "quote", "start", "end", "method", "confidence"}; start and end in characters. Steals "value". */
extern json_t *bg_evidence_field(const char *text, size_t len, bg_span span, const char *method,
                                 double confidence, json_t *value);

/*
 * For a field whose value is a list: adds an element to field "quotes", {"value", "quote", "start", "end"}, so that each has its own
 * place. Steals "value". False when out of memory or there is no span.
 */
extern bool bg_evidence_add_quote(json_t *quotes, const char *text, size_t len, bg_span span,
                                  json_t *value);

/* ---- money.c ----------------------------------------------------------------------------------------------- */

#define BG_CURRENCY_SIZE 16 /* bytes of a currency code with its end */

typedef struct bg_money
{
	double amount; /* the amount, or the upper end of a range; exact decimal text is in "digits" */
	double min;    /* lower end of a range, or NAN */
	char digits[40]; /* canonical decimal of amount, "10000" or "0.5", fit for numeric */
	char min_digits[40];
	/* ISO 4217 or token, upper case ("USD", "USDC", "CNY"); "" = the text names none */
	char currency[BG_CURRENCY_SIZE];
	bool is_maximum; /* "up to" */
	bg_span span;
} bg_money;

/* The next amount of money at or after *position; false when there is no other. Never guesses a currency. */
extern bool bg_money_next(const char *text, size_t len, size_t *position, bg_money *money);

/* ---- deadline.c -------------------------------------------------------------------------------------------- */

typedef enum bg_precision
{
	BG_PRECISION_MONTH,
	BG_PRECISION_DAY,
	BG_PRECISION_MINUTE,
	BG_PRECISION_SECOND
} bg_precision;

typedef struct bg_deadline
{
	int64_t earliest; /* Unix seconds: first instant it can mean */
	int64_t latest;   /* Unix seconds: last instant it can mean */
	char date[11];    /* calendar date as written, YYYY-MM-DD */
	char zone[40];    /* as written or IANA: "AoE", "UTC+8", "America/New_York"; "" = not stated */
	bg_precision precision;
	bg_span span;
} bg_deadline;

/*
 * The next date or date with time at or after *position. "reference" (YYYY-MM-DD from the document itself, or NULL) fills in a
 * missing year; without it a date without a year is skipped. Ranges give their end. False when there is no other.
 */
extern bool bg_deadline_next(const char *text, size_t len, size_t *position, const char *reference,
                             bg_deadline *deadline);

/* ---- rules.c ----------------------------------------------------------------------------------------------- */

/*
 * Reads the fields out of a page ("page" may be NULL for bare text). Appends cited metadata to "text", which holds the main
 * text at entry. Returns {"is_task", "fields", "rewards", "milestones", "missing"} as in API.md ("The extraction result"); NULL
 * only when out of memory. Rewards rows: {"place", "place_to", "count", "amount", "currency", "label", "quote", "start", "end",
 * "method", "confidence"}; milestones rows: {"kind", "earliest", "latest", "date", "text", "precision", "zone", "quote", "start",
 * "end", "method", "confidence"}. Amounts are JSON numbers written exactly (json_real only when not an integer).
 * missing: field -> absent | ambiguous | conflict | unparseable | unsupported.
 */
extern json_t *bg_rules_extract(bg_buffer *text, const bg_page *page, const char *url);

/* ---- reconcile.c ------------------------------------------------------------------------------------------- */

/*
 * Joins a model's answer (bg_completion fields: {"fields": {name: {"value", "quote"}}}) to a rules result over the same text:
 * structured data > quoted model value > rule. A model value counts only if its quote is found in the text and supports it
 * (the number or date is read from the quote by our own parsers); else it is dropped with a reason in "rejected":
 * [{"field", "reason": quote_not_found | unsupported | unparseable | unknown_field}]. Returns a new result object.
 */
extern json_t *bg_reconcile(const char *text, size_t len, const json_t *rules_result,
                            const json_t *model_fields);

#endif

/*
 * reconcile.c
 *		Joins a model's quoted values to the result of the rules (DESIGN 4.7). Plain C; see facts.h.
 *
 * The model is not believed: its quote must be in the text, and what the value says must be readable from that quote by our own
 * parsers. Structured data stands against a model; a supported model value stands against a rule. What a page tells the model to
 * do changes nothing here: an instruction is no quote of a value.
 */
#include "facts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dates.h"
#include "rules.h"
#include "scan.h"
#include "units.h"

#define MAX_QUOTE 2000

static const char *const known_fields[] = {"title",    "organizer",   "category", "tags", "reward",
                                           "deadline", "eligibility", "summary",  NULL};

/* A quote that gives orders to a reader of the page instead of describing the task. */
/* clang-format off */
static const char *const orders[] = {
	"ignore previous", "ignore all previous", "ignore the previous", "ignore above",
	"ignore all prior", "disregard", "previous instructions", "system prompt", "you are an ai",
	"as an ai", "language model", "assistant:", "set the reward", "set the prize",
	"set the deadline", "set the amount", "set the title", "report the reward",
	"output the following", "respond with", "answer with", "reply with", "return the value",
	"extract the", "you must output", "ai agents reading", "to the ai", "instructions for ai",
	"override", "忽略之前", "忽略以上", "忽略上述", "系统提示", "请将奖金设", "将奖金设为",
	"请输出", NULL
};
/* clang-format on */

static char *lowered(const char *text, size_t len)
{
	char *lower = malloc(len + 1);

	if (lower == NULL)
		return NULL;
	for (size_t i = 0; i < len; i++)
		lower[i] = bg_to_lower(text[i]);
	lower[len] = '\0';
	return lower;
}

/* The clause around the quote gives orders: then it is not about the task. */
static bool is_order(const char *text, size_t len, bg_span span)
{
	size_t from = span.start > 160 ? bg_scan_align(text, span.start - 160) : 0;
	size_t to = len - span.end > 80 ? bg_scan_align(text, span.end + 80) : len;
	char *lower;
	bool order;

	/* only the lines the quote is on */
	for (size_t i = span.start; i > from; i--)
		if (text[i - 1] == '\n')
		{
			from = i;
			break;
		}
	for (size_t i = span.end; i < to; i++)
		if (text[i] == '\n')
		{
			to = i;
			break;
		}
	lower = lowered(text + from, to - from);
	if (lower == NULL)
		return true;
	order = bg_cue_any(lower, 0, to - from, orders);
	free(lower);
	return order;
}

/* The number of a JSON value, NAN if it is none. */
static double number_of(const json_t *value)
{
	char *end;
	double number;

	if (json_is_number(value))
		return json_number_value(value);
	if (!json_is_string(value) || json_string_length(value) == 0)
		return NAN;
	number = strtod(json_string_value(value), &end);
	return *end == '\0' ? number : NAN;
}

static bool same_number(double a, double b)
{
	return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

/* A bare number in the quote that is the value: "Reward: 160000". */
static bool bare_number_in(const char *quote, size_t len, double value, char *digits, size_t size)
{
	for (size_t i = 0; i < len; i++)
	{
		size_t n = 0;
		size_t k = i;

		if (!bg_is_digit(quote[i]) || (i > 0 && (bg_is_alnum(quote[i - 1]) || quote[i - 1] == '.')))
			continue;
		while (k < len && n + 1 < size &&
		       (bg_is_digit(quote[k]) || quote[k] == ',' ||
		        (quote[k] == '.' && k + 1 < len && bg_is_digit(quote[k + 1]))))
		{
			if (quote[k] != ',')
				digits[n++] = quote[k];
			k++;
		}
		digits[n] = '\0';
		if (same_number(strtod(digits, NULL), value) &&
		    (k >= len || (!bg_is_alpha(quote[k]) && quote[k] != '%')))
			return true;
		i = k > i ? k - 1 : i;
	}
	return false;
}

/* {"amount", "min", "currency", "distribution"} as far as the quote supports it; NULL with a reason if it doesn't. */
static json_t *check_reward(const char *quote, size_t len, const json_t *value, const char **reason)
{
	double amount = number_of(json_object_get(value, "amount"));
	double min = number_of(json_object_get(value, "min"));
	const char *currency = json_string_value(json_object_get(value, "currency"));
	const json_t *distribution = json_object_get(value, "distribution");
	size_t position = 0;
	bg_money money;
	json_t *result;
	char wanted[16] = "";
	char digits[48];

	*reason = "unsupported";
	if (isnan(amount) || amount <= 0)
	{
		*reason = "unparseable";
		return NULL;
	}
	for (size_t i = 0; currency != NULL && currency[i] != '\0' && i + 1 < sizeof(wanted); i++)
		wanted[i] = bg_to_upper(currency[i]);
	while (bg_money_next(quote, len, &position, &money))
	{
		/* a sign stands for the currency that our reading gives it */
		if (!same_number(money.amount, amount) ||
		    (wanted[0] != '\0' && strcmp(wanted, money.currency) != 0))
			continue;
		result = json_object();
		if (result == NULL)
			return NULL;
		json_object_set_new(result, "amount", bg_rules_number(money.digits));
		json_object_set_new(result, "min",
		                    !isnan(min) && !isnan(money.min) && same_number(min, money.min)
		                        ? bg_rules_number(money.min_digits)
		                        : json_null());
		json_object_set_new(result, "currency", json_string(money.currency));
		json_object_set_new(result, "distribution",
		                    json_is_string(distribution) ? json_deep_copy(distribution)
		                                                 : json_null());
		return result;
	}
	if (wanted[0] == '\0' && bare_number_in(quote, len, amount, digits, sizeof(digits)))
		return json_pack("{s:o, s:n, s:n, s:o}", "amount", bg_rules_number(digits), "min",
		                 "currency", "distribution",
		                 json_is_string(distribution) ? json_deep_copy(distribution) : json_null());
	return NULL;
}

/* A window read from the quote by our parser that has the date the model gave. */
static json_t *check_deadline(const char *quote, size_t len, const json_t *value,
                              const char *reference, const char **reason)
{
	const char *said = json_is_string(value) ? json_string_value(value)
	                                         : json_string_value(json_object_get(value, "date"));
	size_t position = 0;
	bg_deadline when;
	int year;
	int month;
	int day;

	if (said == NULL || !bg_date_read(said, &year, &month, &day))
	{
		*reason = "unparseable";
		return NULL;
	}
	*reason = "unsupported";
	while (bg_deadline_next(quote, len, &position, reference, &when))
		if (strncmp(when.date, said, 10) == 0)
			return bg_rules_deadline_value(&when, quote + when.span.start,
			                               when.span.end - when.span.start);
	return NULL;
}

/* A text value: it must stand in the text itself, at best in the quote. */
static json_t *check_text(const char *quote, size_t quote_len, const json_t *value,
                          const char **reason)
{
	const char *said = json_string_value(value);
	bg_span span;

	if (said == NULL || said[0] == '\0')
	{
		*reason = "unparseable";
		return NULL;
	}
	*reason = "unsupported";
	if (!bg_evidence_locate(quote, quote_len, said, &span))
		return NULL;
	return json_string(said);
}

/* Tags that occur in the text. */
static json_t *check_tags(const char *text, size_t len, const json_t *value, const char **reason)
{
	json_t *kept = json_array();
	size_t i;
	json_t *tag;

	*reason = "unsupported";
	if (!json_is_array(value))
		*reason = "unparseable";
	json_array_foreach (value, i, tag)
	{
		bg_span span;

		if (json_is_string(tag) && bg_evidence_locate(text, len, json_string_value(tag), &span))
			json_array_append(kept, tag);
	}
	if (json_array_size(kept) > 0)
		return kept;
	json_decref(kept);
	return NULL;
}

/* Where each tag stands. */
static json_t *tag_quotes(const char *text, size_t len, const json_t *tags)
{
	json_t *quotes = json_array();
	size_t i;
	json_t *tag;

	json_array_foreach (tags, i, tag)
	{
		bg_span span;

		if (bg_evidence_locate(text, len, json_string_value(tag), &span))
			bg_evidence_add_quote(quotes, text, len, span, json_incref(tag));
	}
	return quotes;
}

/* The value in our form if the quote supports it. */
static json_t *check(const char *name, const char *text, size_t len, bg_span span,
                     const json_t *value, const char *reference, const char **reason)
{
	const char *quote = text + span.start;
	size_t quote_len = span.end - span.start;

	if (strcmp(name, "reward") == 0)
		return check_reward(quote, quote_len, value, reason);
	if (strcmp(name, "deadline") == 0)
		return check_deadline(quote, quote_len, value, reference, reason);
	if (strcmp(name, "tags") == 0)
		return check_tags(text, len, value, reason);
	if (strcmp(name, "category") == 0)
	{
		*reason = "unparseable";
		return json_is_string(value) ? json_string(json_string_value(value)) : NULL;
	}
	return check_text(quote, quote_len, value, reason);
}

static bool is_known(const char *name)
{
	for (size_t i = 0; known_fields[i] != NULL; i++)
		if (strcmp(known_fields[i], name) == 0)
			return true;
	return false;
}

static void reject(json_t *rejected, const char *name, const char *reason)
{
	json_array_append_new(rejected, json_pack("{s:s, s:s}", "field", name, "reason", reason));
}

/* A year for dates in quotes: from a date of the rules, else from the first full date of the text. */
static void find_reference(const char *text, size_t len, char *reference)
{
	size_t position = 0;
	bg_deadline when;

	reference[0] = '\0';
	if (bg_deadline_next(text, len < 65536 ? len : bg_scan_align(text, 65535), &position, NULL,
	                     &when))
		bg_string_copy(reference, sizeof(when.date), when.date);
}

json_t *bg_reconcile(const char *text, size_t len, const json_t *rules_result,
                     const json_t *model_fields)
{
	json_t *result = json_deep_copy(rules_result);
	json_t *rejected = json_array();
	json_t *fields;
	json_t *missing;
	const char *name;
	json_t *offered;
	char reference[12];

	if (result == NULL || rejected == NULL)
	{
		json_decref(result);
		json_decref(rejected);
		return NULL;
	}
	if (!json_is_object(json_object_get(result, "fields")))
		json_object_set_new(result, "fields", json_object());
	if (!json_is_object(json_object_get(result, "missing")))
		json_object_set_new(result, "missing", json_object());
	fields = json_object_get(result, "fields");
	missing = json_object_get(result, "missing");
	find_reference(text, len, reference);
	json_object_foreach ((json_t *) model_fields, name, offered)
	{
		const json_t *value = json_object_get(offered, "value");
		const char *quote = json_string_value(json_object_get(offered, "quote"));
		json_t *current = json_object_get(fields, name);
		const char *method = json_string_value(json_object_get(current, "method"));
		const char *reason = "unparseable";
		json_t *accepted = NULL;
		bg_span span;

		if (!is_known(name))
		{
			reject(rejected, name, "unknown_field");
			continue;
		}
		if (value == NULL || json_is_null(value))
			continue;
		if (quote == NULL || strlen(quote) > MAX_QUOTE ||
		    !bg_evidence_locate(text, len, quote, &span))
			reason = "quote_not_found";
		else if (is_order(text, len, span))
			reason = "unsupported";
		else
			accepted = check(name, text, len, span, value, reference[0] != '\0' ? reference : NULL,
			                 &reason);
		if (accepted == NULL)
		{
			reject(rejected, name, reason);
			if (current == NULL)
				json_object_set_new(missing, name, json_string("unsupported"));
			continue;
		}
		/* what the page states in structured form, or a person said, stands */
		if (method != NULL && (strcmp(method, "jsonld") == 0 || strncmp(method, "user", 4) == 0))
		{
			json_decref(accepted);
			continue;
		}
		current = bg_evidence_field(text, len, span, "model", 0.85, accepted);
		if (current != NULL)
		{
			if (strcmp(name, "tags") == 0)
				json_object_set_new(current, "quotes",
				                    tag_quotes(text, len, json_object_get(current, "value")));
			json_object_set_new(fields, name, current);
			json_object_del(missing, name);
		}
	}
	if (json_object_get(rules_result, "rejected") == NULL || json_array_size(rejected) > 0)
		json_object_set(result, "rejected", rejected);
	json_decref(rejected);
	return result;
}

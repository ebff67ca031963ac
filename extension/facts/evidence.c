/*
 * evidence.c
 *		Where a quote stands in the text, and the JSON of a field with its evidence (law 1). Plain C; see facts.h.
 *
 * It doesn't judge whether a quote supports a value: that is reconcile.c.
 */
#include "facts.h"

#include <string.h>

#include "scan.h"

/* Blank in a quote: ASCII white space or NBSP; its length, or 0. */
static size_t space_at(const char *text, size_t len, size_t at)
{
	if (at < len && bg_is_space(text[at]))
		return 1;
	if (bg_scan_has(text, len, at, "\xC2\xA0"))
		return 2;
	return 0;
}

static size_t skip_spaces(const char *text, size_t len, size_t at)
{
	size_t size;

	while ((size = space_at(text, len, at)) > 0)
		at += size;
	return at;
}

/* End of the match of "quote" at "at" with runs of white space being equal, or BG_SCAN_NONE. */
static size_t match_folded(const char *text, size_t len, size_t at, const char *quote,
                           size_t quote_len, bool fold_case)
{
	size_t q = 0;

	while (q < quote_len)
	{
		if (space_at(quote, quote_len, q) > 0)
		{
			if (space_at(text, len, at) == 0)
				return BG_SCAN_NONE;
			q = skip_spaces(quote, quote_len, q);
			at = skip_spaces(text, len, at);
			continue;
		}
		if (at >= len)
			return BG_SCAN_NONE;
		if (text[at] != quote[q] && (!fold_case || bg_to_lower(text[at]) != bg_to_lower(quote[q])))
			return BG_SCAN_NONE;
		at++;
		q++;
	}
	return at;
}

static bool find_folded(const char *text, size_t len, const char *quote, size_t quote_len,
                        bool fold_case, bg_span *span)
{
	char lower = bg_to_lower(quote[0]);
	char upper = bg_to_upper(quote[0]);
	size_t budget =
	    8 * len + 4096; /* a quote like "a a a a" over such a text must not be quadratic */

	for (size_t at = 0; at < len; at++)
	{
		size_t end;

		if (text[at] != quote[0] && (!fold_case || (text[at] != lower && text[at] != upper)))
			continue;
		if (budget == 0)
			return false;
		budget -= budget < quote_len ? budget : (quote_len / 8 + 1);
		end = match_folded(text, len, at, quote, quote_len, fold_case);
		if (end != BG_SCAN_NONE)
		{
			span->start = at;
			span->end = end;
			return true;
		}
	}
	return false;
}

bool bg_evidence_locate(const char *text, size_t len, const char *quote, bg_span *span)
{
	size_t quote_len = strlen(quote);
	size_t from = skip_spaces(quote, quote_len, 0);
	const char *hit;

	span->start = span->end = 0;
	while (quote_len > from && bg_is_space(quote[quote_len - 1]))
		quote_len--;
	if (from >= quote_len || len == 0)
		return false;
	quote += from;
	quote_len -= from;
	hit = bg_scan_find(text, len, quote, quote_len);
	if (hit != NULL)
	{
		span->start = (size_t) (hit - text);
		span->end = span->start + quote_len;
		return true;
	}
	return find_folded(text, len, quote, quote_len, false, span) ||
	       find_folded(text, len, quote, quote_len, true, span);
}

/* A short name found inside a longer word ("ion" in "competition") is another thing. */
static bool stands_alone(const char *text, size_t len, bg_span span)
{
	return !(
	    (span.start > 0 && bg_is_alnum(text[span.start]) && bg_is_alnum(text[span.start - 1])) ||
	    (span.end < len && bg_is_alnum(text[span.end - 1]) && bg_is_alnum(text[span.end])));
}

bool bg_evidence_cite(bg_buffer *text, const char *source, const char *value, bg_span *span)
{
	size_t value_len = strlen(value);

	span->start = span->end = 0;
	if (value_len == 0 || !bg_utf8_valid(value, value_len))
		return false;
	if (text->len > 0 && bg_evidence_locate(text->data, text->len, value, span) &&
	    stands_alone(text->data, text->len, *span))
		return true;
	if (text->len > 0 && text->data[text->len - 1] != '\n')
		bg_buffer_putc(text, '\n');
	bg_buffer_puts(text, source);
	bg_buffer_puts(text, ": ");
	span->start = text->len;
	bg_buffer_puts(text, value);
	span->end = text->len;
	bg_buffer_putc(text, '\n');
	if (text->failed)
	{
		span->start = span->end = 0;
		return false;
	}
	return true;
}

/* {"value", "quote", "start", "end"}. Steals "value"; NULL without a span or memory. */
static json_t *placed(const char *text, size_t len, bg_span span, json_t *value)
{
	size_t start;
	size_t count;
	json_t *quote;
	json_t *object;

	if (value == NULL)
		return NULL;
	if (span.start >= span.end || span.end > len)
	{
		json_decref(value);
		return NULL;
	}
	start = bg_utf8_count(text, span.start);
	count = bg_utf8_count(text + span.start, span.end - span.start);
	quote = json_stringn(text + span.start, span.end - span.start);
	object = json_object();
	if (object == NULL || quote == NULL)
	{
		json_decref(value);
		json_decref(quote);
		json_decref(object);
		return NULL;
	}
	json_object_set_new(object, "value", value);
	json_object_set_new(object, "quote", quote);
	json_object_set_new(object, "start", json_integer((json_int_t) start));
	json_object_set_new(object, "end", json_integer((json_int_t) (start + count)));
	return object;
}

json_t *bg_evidence_field(const char *text, size_t len, bg_span span, const char *method,
                          double confidence, json_t *value)
{
	json_t *field = placed(text, len, span, value);

	if (field == NULL)
		return NULL;
	/* What stands in an element (h1, title) was picked by a rule; that it was one is the parser's own business. */
	json_object_set_new(field, "method",
	                    json_string(strcmp(method, "html") == 0 ? "rule" : method));
	json_object_set_new(field, "confidence", json_real(confidence));
	return field;
}

bool bg_evidence_add_quote(json_t *quotes, const char *text, size_t len, bg_span span,
                           json_t *value)
{
	json_t *element = placed(text, len, span, value);

	return element != NULL && json_array_append_new(quotes, element) == 0;
}

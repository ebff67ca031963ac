/*
 * headers.c
 *		The header fields of the request in hand: reading the list, what Prefer asks for (RFC 7240), and bountygo.request_header().
 *		Conditions and idempotency keys are read by those who act on them.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "errors.h"
#include "rest/rest.h"

#define MAX_HEADERS 64

/* Points into the memory of the call under way, which takes it back when it ends, however that may be. */
static const bg_headers *shown = NULL;

extern PGDLLEXPORT Datum bountygo_request_header(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(bountygo_request_header);

static void refuse_list(void)
{
	ereport(ERROR,
	        (errcode(ERRCODE_BG_BAD_REQUEST),
	         errmsg("the headers of the call must be a flat list of names and values, at most %d",
	                MAX_HEADERS)));
}

void bg_headers_read(ArrayType *list, bg_headers *headers)
{
	Datum *words;
	bool *nulls;
	int n;

	if (ARR_NDIM(list) > 1)
		refuse_list();
	deconstruct_array(list, TEXTOID, -1, false, TYPALIGN_INT, &words, &nulls, &n);
	if (n % 2 != 0 || n > 2 * MAX_HEADERS)
		refuse_list();
	headers->names = palloc(Max(n, 1) * sizeof(char *));
	headers->values = palloc(Max(n, 1) * sizeof(char *));
	for (int i = 0; i < n; i += 2)
	{
		if (nulls[i] || nulls[i + 1])
			refuse_list();
		headers->names[headers->n] = TextDatumGetCString(words[i]);
		headers->values[headers->n++] = TextDatumGetCString(words[i + 1]);
	}
}

char *bg_header(const bg_headers *headers, const char *name)
{
	char *value = NULL;

	for (int i = 0; i < headers->n; i++)
		if (pg_strcasecmp(headers->names[i], name) == 0)
			value =
			    value == NULL ? headers->values[i] : psprintf("%s, %s", value, headers->values[i]);
	return value;
}

static bool is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static const char *skip_space(const char *at)
{
	return at + strspn(at, " \t");
}

/* A token or a quoted string, in "word"; moves past it. */
static const char *read_word(const char *at, StringInfo word)
{
	resetStringInfo(word);
	if (*at == '"')
	{
		for (at++; *at != '\0' && *at != '"'; at++)
		{
			if (*at == '\\' && at[1] != '\0')
				at++;
			appendStringInfoChar(word, *at);
		}
		return *at == '"' ? at + 1 : at;
	}
	while (is_token_char(*at))
		appendStringInfoChar(word, *at++);
	return at;
}

/* Past the parameters of a preference, to what follows the next comma. */
static const char *skip_to_comma(const char *at, StringInfo word)
{
	while (*at != '\0' && *at != ',')
	{
		const char *next = read_word(at, word);

		at = next == at ? at + 1 : next;
	}
	return *at == ',' ? at + 1 : at;
}

/* What is unknown is passed over, and so is what does not read: a preference is no condition. Of two of a name the first counts. */
void bg_headers_prefer(const bg_headers *headers, bg_preferences *prefer)
{
	const char *at = bg_header(headers, "prefer");
	bool seen_count = false;
	bool seen_tx = false;
	StringInfoData name;
	StringInfoData value;

	if (at == NULL)
		return;
	initStringInfo(&name);
	initStringInfo(&value);
	while (*at != '\0')
	{
		at = skip_space(read_word(skip_space(at), &name));
		resetStringInfo(&value);
		if (*at == '=')
			at = read_word(skip_space(at + 1), &value);
		if (pg_strcasecmp(name.data, "count") == 0 && !seen_count)
		{
			seen_count = true;
			if (strcmp(value.data, "exact") == 0)
				prefer->count = "exact";
			else if (strcmp(value.data, "estimated") == 0)
				prefer->count = "estimated";
		}
		else if (pg_strcasecmp(name.data, "tx") == 0 && !seen_tx)
		{
			seen_tx = true;
			prefer->undo = strcmp(value.data, "rollback") == 0;
		}
		at = skip_to_comma(at, &value);
	}
}

void bg_headers_show(const bg_headers *headers)
{
	shown = headers;
}

/* bountygo.request_header(name text) RETURNS text */
Datum bountygo_request_header(PG_FUNCTION_ARGS)
{
	char *value = shown == NULL ? NULL : bg_header(shown, text_to_cstring(PG_GETARG_TEXT_PP(0)));

	if (value == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(value));
}

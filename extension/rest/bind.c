/*
 * bind.c
 *		From the names and values of a request to the arguments of the route's function: path, query, body, and what Prefer asks for.
 *		Collects all that is wrong; calls nothing.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "errors.h"
#include "rest/rest.h"

#define MAX_NAME_SHOWN 60
#define MAX_DISTANCE 3

void bg_nearest_start(bg_nearest *nearest, const char *name)
{
	nearest->name = name;
	nearest->best = NULL;
	nearest->distance = MAX_DISTANCE + 1;
}

void bg_nearest_try(bg_nearest *nearest, const char *candidate)
{
	int len = strlen(nearest->name);
	int other = strlen(candidate);
	int distance;

	if (len >= NAMEDATALEN || other >= NAMEDATALEN)
		return;
	distance = varstr_levenshtein_less_equal(nearest->name, len, candidate, other, 1, 1, 1,
	                                         nearest->distance, true);
	if (distance < nearest->distance && distance < Max(len, other))
	{
		nearest->distance = distance;
		nearest->best = candidate;
	}
}

const char *bg_shorten(const char *name)
{
	int len = strlen(name);

	if (len <= MAX_NAME_SHOWN)
		return name;
	return psprintf("%s...", pnstrdup(name, pg_mbcliplen(name, len, MAX_NAME_SHOWN)));
}

/* "count" and "clear" are for Prefer and for null: callers can't name them. */
static int find_argument(const bg_route *route, const char *name)
{
	for (int i = 0; i < route->n_arguments; i++)
		if (i != route->count_argument && i != route->clear_argument &&
		    strcmp(route->arguments[i].name, name) == 0)
			return i;
	return -1;
}

static bool is_in_path(const bg_route *route, const char *name)
{
	for (int i = 0; i < route->n_path; i++)
		if (strcmp(route->path[i], name) == 0)
			return true;
	return false;
}

static char *hint_for(const bg_route *route, const char *name, bool in_query)
{
	bg_nearest nearest;
	StringInfoData all;

	initStringInfo(&all);
	bg_nearest_start(&nearest, name);
	for (int i = 0; i < route->n_arguments; i++)
	{
		if (i == route->count_argument || i == route->clear_argument ||
		    is_in_path(route, route->arguments[i].name))
			continue;
		appendStringInfo(&all, "%s%s", all.len == 0 ? "" : ", ", route->arguments[i].name);
		bg_nearest_try(&nearest, route->arguments[i].name);
	}
	if (in_query && route->is_json)
		bg_nearest_try(&nearest, "fields");
	if (nearest.best != NULL)
		return psprintf("Did you mean \"%s\"?", nearest.best);
	if (all.len == 0)
		return pstrdup("This operation takes no parameters.");
	return psprintf("Known are: %s.", all.data);
}

static void unknown_name(bg_call *call, const char *name, const char *pointer, bool in_query)
{
	bg_problem_add(&call->problems, pointer, hint_for(call->route, name, in_query),
	               "This is not known to the operation.");
}

static void bind(bg_call *call, int index, const bg_value *value, const char *pointer)
{
	bg_argument *argument = &call->route->arguments[index];

	if ((call->given & UINT64CONST(1) << index) != 0)
	{
		bg_problem_add(&call->problems, pointer, NULL, "This is given more than once.");
		return;
	}
	call->given |= UINT64CONST(1) << index;
	if (bg_convert(argument, value, pointer, &call->problems, &call->values[index],
	               &call->nulls[index]) &&
	    call->nulls[index] && call->route->is_strict)
		bg_problem_add(&call->problems, pointer, NULL, "This must not be null.");
}

static void refuse_words(const char *message)
{
	ereport(ERROR, (errcode(ERRCODE_BG_BAD_REQUEST), errmsg("%s", message)));
}

void bg_call_words(bg_call *call, ArrayType *names_array, ArrayType *vals_array)
{
	Datum *names;
	Datum *vals;
	bool *name_nulls;
	bool *val_nulls;
	int n_vals;

	if (names_array == NULL && vals_array == NULL && call->route->n_path == 0)
		return;
	if (names_array == NULL || vals_array == NULL)
		refuse_words("names and values of the call do not match the route");
	deconstruct_array(names_array, TEXTOID, -1, false, TYPALIGN_INT, &names, &name_nulls,
	                  &call->n_words);
	deconstruct_array(vals_array, TEXTOID, -1, false, TYPALIGN_INT, &vals, &val_nulls, &n_vals);
	if (call->n_words != n_vals || call->n_words < call->route->n_path)
		refuse_words("names and values of the call do not match the route");
	call->names = palloc(Max(n_vals, 1) * sizeof(char *));
	call->vals = palloc(Max(n_vals, 1) * sizeof(char *));
	for (int i = 0; i < n_vals; i++)
	{
		if (name_nulls[i] || val_nulls[i])
			refuse_words("names and values of the call must not be null");
		call->names[i] = TextDatumGetCString(names[i]);
		call->vals[i] = TextDatumGetCString(vals[i]);
	}
	for (int i = 0; i < call->route->n_path; i++)
		if (strcmp(call->names[i], call->route->path[i]) != 0)
			refuse_words("names and values of the call do not match the route");
}

static bg_value word(const char *text)
{
	return (bg_value){.kind = BG_VALUE_WORD, .text = text};
}

/* A name that stands in the query more than once makes the elements of an array. */
static void bind_words(bg_call *call)
{
	bg_route *route = call->route;

	for (int i = 0; i < call->n_words; i++)
	{
		bool in_path = i < route->n_path;
		const char *name = call->names[i];
		int index = find_argument(route, name);
		bg_value value = word(call->vals[i]);
		const char *pointer;
		bool seen = false;

		/* The path itself is no query: its template shows which part is meant. */
		pointer = psprintf(in_path ? "{%s}" : "?%s", bg_shorten(name));
		if (index < 0 && !in_path && route->is_json && strcmp(name, "fields") == 0)
		{
			if (call->fields != NULL)
				bg_problem_add(&call->problems, pointer, NULL, "This is given more than once.");
			call->fields = call->vals[i];
			continue;
		}
		if (index < 0)
		{
			unknown_name(call, name, pointer, !in_path);
			continue;
		}
		if (!in_path && route->arguments[index].is_array)
		{
			for (int j = route->n_path; j < i && !seen; j++)
				seen = strcmp(call->names[j], name) == 0;
			if (seen)
				continue;
			value = (bg_value){.kind = BG_VALUE_ARRAY,
			                   .items = palloc((call->n_words - i) * sizeof(bg_value))};
			for (int j = i; j < call->n_words; j++)
				if (strcmp(call->names[j], name) == 0)
					value.items[value.n_items++] = word(call->vals[j]);
		}
		bind(call, index, &value, pointer);
	}
}

/* What a merge patch sets to null goes into the function's argument "clear". */
static void bind_clear(bg_call *call, Datum *names, int n)
{
	int index = call->route->clear_argument;

	if (n == 0)
		return;
	call->given |= UINT64CONST(1) << index;
	call->values[index] =
	    PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT));
}

static void bind_body(bg_call *call)
{
	bg_field *fields;
	int len = call->body == NULL ? 0 : VARSIZE_ANY_EXHDR(call->body);
	Datum *cleared;
	int n_cleared = 0;
	int n;

	if (len == 0)
		return;
	if (call->route->is_get)
		ereport(ERROR, (errcode(ERRCODE_BG_BAD_REQUEST), errmsg("a GET request takes no body"),
		                errhint("Pass parameters in the query string.")));
	n = bg_body_parse(text_to_cstring(call->body), len, &fields);
	cleared = palloc(Max(n, 1) * sizeof(Datum));
	for (int i = 0; i < n; i++)
	{
		int index = find_argument(call->route, fields[i].name);
		char *pointer = bg_pointer(bg_shorten(fields[i].name));

		if (index < 0)
			unknown_name(call, fields[i].name, pointer, false);
		else if (fields[i].value.kind == BG_VALUE_NULL && call->route->clear_argument >= 0 &&
		         (call->given & UINT64CONST(1) << index) == 0)
			cleared[n_cleared++] = CStringGetTextDatum(fields[i].name);
		else
			bind(call, index, &fields[i].value, pointer);
	}
	bind_clear(call, cleared, n_cleared);
}

static void check_required(bg_call *call)
{
	for (int i = 0; i < call->route->n_arguments; i++)
		if (!call->route->arguments[i].has_default && (call->given & UINT64CONST(1) << i) == 0)
			bg_problem_add(&call->problems,
			               call->route->is_get ? psprintf("?%s", call->route->arguments[i].name)
			                                   : bg_pointer(call->route->arguments[i].name),
			               NULL, "This is required.");
}

/* A function that can't count is not asked to; what was applied is told apart from what was asked. */
static void bind_count(bg_call *call)
{
	int index = call->route->count_argument;
	bg_value value = {.kind = BG_VALUE_STRING, .text = call->prefer.count};

	if (index < 0)
		call->prefer.count = NULL;
	if (call->prefer.count != NULL)
		bind(call, index, &value, "Prefer");
}

void bg_call_bind(bg_call *call)
{
	bind_words(call);
	bind_body(call);
	bind_count(call);
	check_required(call);
	if (call->fields != NULL)
		bg_fields_read(call);
}

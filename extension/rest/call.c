/*
 * call.c
 *		bountygo.call(): one REST request. Finds the route, fixes who is calling, binds names to the function's arguments, calls, and
 *		shapes the answer. Errors of the function itself pass through untouched; what HTTP makes of them is the gateway's business.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/varlena.h"

#include "errors.h"
#include "rest/rest.h"

#define MAX_NAME_SHOWN 60
#define MAX_DISTANCE 3

extern PGDLLEXPORT Datum bountygo_call(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(bountygo_call);

typedef struct binding
{
	bg_route *route;
	bg_problems problems;
	uint64 given;
	Datum values[BG_REST_MAX_ARGS];
	bool nulls[BG_REST_MAX_ARGS];
} binding;

typedef struct answer
{
	int status;
	text *location;
	text *body;
} answer;

/* A function behind a route may not call routes: the state below belongs to one call. */
static bool in_call = false;

static int find_argument(const bg_route *route, const char *name)
{
	for (int i = 0; i < route->n_arguments; i++)
		if (strcmp(route->arguments[i].name, name) == 0)
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

static char *hint_for(const bg_route *route, const char *name)
{
	const char *nearest = NULL;
	int distance = MAX_DISTANCE + 1;
	int len = strlen(name);
	StringInfoData all;

	initStringInfo(&all);
	for (int i = 0; i < route->n_arguments; i++)
	{
		const char *candidate = route->arguments[i].name;
		int d;

		if (is_in_path(route, candidate))
			continue;
		appendStringInfo(&all, "%s%s", all.len == 0 ? "" : ", ", candidate);
		if (len >= NAMEDATALEN)
			continue;
		d = varstr_levenshtein_less_equal(name, len, candidate, strlen(candidate), 1, 1, 1,
		                                  distance, true);
		if (d < distance && d < Max(len, (int) strlen(candidate)))
		{
			distance = d;
			nearest = candidate;
		}
	}
	if (nearest != NULL)
		return psprintf("Did you mean \"%s\"?", nearest);
	if (all.len == 0)
		return pstrdup("This operation takes no parameters.");
	return psprintf("Known are: %s.", all.data);
}

static void unknown_name(binding *to, const char *name, const char *pointer)
{
	bg_problem_add(&to->problems, pointer, hint_for(to->route, name),
	               "This is not known to the operation.");
}

static const char *shorten(const char *name)
{
	int len = strlen(name);

	if (len <= MAX_NAME_SHOWN)
		return name;
	return psprintf("%s...", pnstrdup(name, pg_mbcliplen(name, len, MAX_NAME_SHOWN)));
}

static void bind(binding *to, int index, const bg_value *value, const char *pointer)
{
	bg_argument *argument = &to->route->arguments[index];

	if ((to->given & UINT64CONST(1) << index) != 0)
	{
		bg_problem_add(&to->problems, pointer, NULL, "This is given more than once.");
		return;
	}
	to->given |= UINT64CONST(1) << index;
	if (bg_convert(argument, value, pointer, &to->problems, &to->values[index],
	               &to->nulls[index]) &&
	    to->nulls[index] && to->route->is_strict)
		bg_problem_add(&to->problems, pointer, NULL, "This must not be null.");
}

/* Names from the path and the query. A name that stands there more than once makes the elements of an array. */
static void bind_words(binding *to, ArrayType *names_array, ArrayType *vals_array)
{
	Datum *names;
	Datum *vals;
	bool *name_nulls;
	bool *val_nulls;
	char **words;
	bg_value *items;
	int n_names;
	int n_vals;

	deconstruct_array(names_array, TEXTOID, -1, false, TYPALIGN_INT, &names, &name_nulls, &n_names);
	deconstruct_array(vals_array, TEXTOID, -1, false, TYPALIGN_INT, &vals, &val_nulls, &n_vals);
	if (n_names != n_vals || n_names < to->route->n_path)
		ereport(ERROR, (errcode(ERRCODE_BG_BAD_REQUEST),
		                errmsg("names and values of the call do not match the route")));
	words = palloc(Max(n_names, 1) * sizeof(char *));
	items = palloc0(Max(n_names, 1) * sizeof(bg_value));
	for (int i = 0; i < n_names; i++)
	{
		if (name_nulls[i] || val_nulls[i])
			ereport(ERROR, (errcode(ERRCODE_BG_BAD_REQUEST),
			                errmsg("names and values of the call must not be null")));
		words[i] = TextDatumGetCString(names[i]);
		items[i].kind = BG_VALUE_WORD;
		items[i].text = TextDatumGetCString(vals[i]);
	}
	for (int i = 0; i < n_names; i++)
	{
		bool in_path = i < to->route->n_path;
		int index = find_argument(to->route, words[i]);
		bg_value value = items[i];
		const char *pointer;
		bool seen = false;

		if (in_path && strcmp(words[i], to->route->path[i]) != 0)
			ereport(ERROR, (errcode(ERRCODE_BG_BAD_REQUEST),
			                errmsg("names and values of the call do not match the route")));
		/* The path itself is no query: its template shows which part is meant. */
		pointer = psprintf(in_path ? "{%s}" : "?%s", shorten(words[i]));
		if (index < 0)
		{
			unknown_name(to, words[i], pointer);
			continue;
		}
		if (!in_path && to->route->arguments[index].is_array)
		{
			for (int j = to->route->n_path; j < i && !seen; j++)
				seen = strcmp(words[j], words[i]) == 0;
			if (seen)
				continue;
			value = (bg_value){.kind = BG_VALUE_ARRAY,
			                   .items = palloc((n_names - i) * sizeof(bg_value))};
			for (int j = i; j < n_names; j++)
				if (strcmp(words[j], words[i]) == 0)
					value.items[value.n_items++] = items[j];
		}
		bind(to, index, &value, pointer);
	}
}

static void bind_body(binding *to, text *body)
{
	bg_field *fields;
	int len = VARSIZE_ANY_EXHDR(body);
	int n;

	if (len == 0)
		return;
	if (to->route->is_get)
		ereport(ERROR, (errcode(ERRCODE_BG_BAD_REQUEST), errmsg("a GET request takes no body"),
		                errhint("Pass parameters in the query string.")));
	n = bg_body_parse(text_to_cstring(body), len, &fields);
	for (int i = 0; i < n; i++)
	{
		int index = find_argument(to->route, fields[i].name);
		char *pointer = bg_pointer(shorten(fields[i].name));

		if (index < 0)
			unknown_name(to, fields[i].name, pointer);
		else
			bind(to, index, &fields[i].value, pointer);
	}
}

static void check_required(binding *to)
{
	for (int i = 0; i < to->route->n_arguments; i++)
		if (!to->route->arguments[i].has_default && (to->given & UINT64CONST(1) << i) == 0)
			bg_problem_add(&to->problems,
			               to->route->is_get ? psprintf("?%s", to->route->arguments[i].name)
			                                 : bg_pointer(to->route->arguments[i].name),
			               NULL, "This is required.");
}

static void check_caller(const bg_route *route, text *token)
{
	if (!route->reads_token || token == NULL)
		bg_session_forget();
	else
		bg_session_authenticate(VARDATA_ANY(token), VARSIZE_ANY_EXHDR(token));
	if (bg_session_role() >= route->least)
		return;
	if (bg_session_role() == BG_ROLE_NONE)
		ereport(ERROR, (errcode(ERRCODE_BG_SIGN_IN), errmsg("sign in first"),
		                errhint("Send an access token: Authorization: Bearer ...")));
	ereport(ERROR, (errcode(ERRCODE_BG_FORBIDDEN), errmsg("your role does not allow this")));
}

/* The value of a member of the answer as text, or NULL. */
static char *member(Jsonb *json, const char *name)
{
	JsonbValue *value;

	if (!JB_ROOT_IS_OBJECT(json))
		return NULL;
	value = getKeyJsonValueFromContainer(&json->root, name, strlen(name), NULL);
	if (value == NULL)
		return NULL;
	if (value->type == jbvString)
		return pnstrdup(value->val.string.val, value->val.string.len);
	if (value->type == jbvNumeric)
		return DatumGetCString(
		    DirectFunctionCall1(numeric_out, NumericGetDatum(value->val.numeric)));
	return NULL;
}

/* "/tasks/{id}" with the answer's members put in; NULL if one is missing. {id} may be called job_id in the answer. */
static text *make_location(const char *location, Jsonb *json)
{
	StringInfoData out;
	const char *open;
	const char *close;

	initStringInfo(&out);
	while ((open = strchr(location, '{')) != NULL && (close = strchr(open, '}')) != NULL)
	{
		char *name = pnstrdup(open + 1, close - open - 1);
		char *value = member(json, name);

		if (value == NULL && strcmp(name, "id") == 0)
			value = member(json, "job_id");
		if (value == NULL)
			return NULL;
		appendBinaryStringInfo(&out, location, open - location);
		appendStringInfoString(&out, value);
		location = close + 1;
	}
	appendStringInfoString(&out, location);
	return cstring_to_text_with_len(out.data, out.len);
}

static void shape_answer(const bg_route *route, Datum value, answer *to)
{
	StringInfoData out;
	Jsonb *json;

	if (route->result_type == JSONOID)
	{
		to->body = DatumGetTextPCopy(value);
		if (!route->is_async && route->location == NULL)
			return;
		json = DatumGetJsonbP(
		    DirectFunctionCall1(jsonb_in, CStringGetDatum(text_to_cstring(to->body))));
	}
	else
	{
		json = DatumGetJsonbP(value);
		/* Written behind room for a varlena header, which saves a copy. */
		initStringInfo(&out);
		appendStringInfoSpaces(&out, VARHDRSZ);
		JsonbToCString(&out, &json->root, VARSIZE(json));
		SET_VARSIZE(out.data, out.len);
		to->body = (text *) out.data;
	}
	if (route->is_async)
	{
		char *state = member(json, "state");

		to->status = state != NULL && (strcmp(state, "queued") == 0 || strcmp(state, "leased") == 0)
		                 ? 202
		                 : 200;
	}
	if (route->location != NULL && (to->status == 201 || to->status == 202))
		to->location = make_location(route->location, json);
}

static void run(binding *from, answer *to)
{
	bg_route *route = from->route;
	MemoryContext before = CurrentMemoryContext;
	Datum values[BG_REST_MAX_ARGS];
	char nulls[BG_REST_MAX_ARGS];
	int n = 0;
	int result;
	Datum value = (Datum) 0;
	bool is_null = true;

	for (int i = 0; i < route->n_arguments; i++)
		if ((from->given & UINT64CONST(1) << i) != 0)
		{
			values[n] = from->values[i];
			nulls[n++] = from->nulls[i] ? 'n' : ' ';
		}
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	result =
	    SPI_execute_plan(bg_route_plan_get(route, from->given), values, nulls, route->is_get, 0);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "the call of a route failed: %s", SPI_result_code_string(result));
	if (SPI_processed > 1)
		ereport(ERROR,
		        (errcode(ERRCODE_CARDINALITY_VIOLATION),
		         errmsg("function bountygo.%s returned more than one row", route->function)));
	if (SPI_processed == 1)
		value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);

	to->status = route->status;
	if (route->result_type == VOIDOID || route->status == 204)
		to->status = 204;
	else if (!is_null)
	{
		MemoryContext inside = MemoryContextSwitchTo(before);

		shape_answer(route, value, to);
		MemoryContextSwitchTo(inside);
	}
	else if (route->is_get)
		ereport(ERROR, (errcode(ERRCODE_BG_NOT_FOUND), errmsg("there is no such thing"),
		                errhint("It does not exist, or you may not see it.")));
	else
		to->status = 204;
	SPI_finish();
}

/* The shape of the answer, made once per backend. */
static TupleDesc answer_shape(void)
{
	static TupleDesc shape = NULL;

	if (shape == NULL)
	{
		MemoryContext before = MemoryContextSwitchTo(TopMemoryContext);
		TupleDesc fresh = CreateTemplateTupleDesc(4);

		TupleDescInitEntry(fresh, 1, "status", INT4OID, -1, 0);
		TupleDescInitEntry(fresh, 2, "location", TEXTOID, -1, 0);
		TupleDescInitEntry(fresh, 3, "body", TEXTOID, -1, 0);
		TupleDescInitEntry(fresh, 4, "headers", TEXTARRAYOID, -1, 0);
		shape = BlessTupleDesc(fresh);
		MemoryContextSwitchTo(before);
	}
	return shape;
}

/*
 * bountygo.call(route integer, token text, names text[], vals text[], body text, headers text[], OUT status integer,
 * OUT location text, OUT body text, OUT headers text[])
 */
Datum bountygo_call(PG_FUNCTION_ARGS)
{
	binding bound = {0};
	answer to = {0};
	Datum values[4];
	bool nulls[4];
	bool was_read_only = XactReadOnly;

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_BG_NOT_FOUND), errmsg("there is no such route")));
	if (in_call)
		ereport(ERROR, (errcode(ERRCODE_BG_BAD_REQUEST), errmsg("calls can not be nested")));
	in_call = true;
	PG_TRY();
	{
		bound.route = bg_route_get(PG_GETARG_INT32(0));
		check_caller(bound.route, PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1));
		if (!PG_ARGISNULL(2) && !PG_ARGISNULL(3))
			bind_words(&bound, PG_GETARG_ARRAYTYPE_P(2), PG_GETARG_ARRAYTYPE_P(3));
		else if (bound.route->n_path > 0 || PG_ARGISNULL(2) != PG_ARGISNULL(3))
			ereport(ERROR, (errcode(ERRCODE_BG_BAD_REQUEST),
			                errmsg("names and values of the call do not match the route")));
		if (!PG_ARGISNULL(4))
			bind_body(&bound, PG_GETARG_TEXT_PP(4));
		check_required(&bound);
		bg_problems_raise(&bound.problems);
		/* What GET promises is kept by the server. On an error the (sub)transaction's end puts the old value back. */
		if (bound.route->is_get)
			XactReadOnly = true;
		run(&bound, &to);
		XactReadOnly = was_read_only;
	}
	PG_FINALLY();
	{
		in_call = false;
	}
	PG_END_TRY();

	values[0] = Int32GetDatum(to.status);
	values[1] = PointerGetDatum(to.location);
	values[2] = PointerGetDatum(to.body);
	nulls[0] = false;
	nulls[1] = to.location == NULL;
	nulls[2] = to.body == NULL;
	nulls[3] = true;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(answer_shape(), values, nulls)));
}

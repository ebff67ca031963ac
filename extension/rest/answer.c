/*
 * answer.c
 *		Calls the function behind a route and shapes what it returns: status, Location, Link, entity tag, body. Does not look at what
 *		the caller demands of them.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "errors.h"
#include "rest/rest.h"

#define MAX_LINK 8000 /* a header field must fit into what clients take */

void bg_answer_header(bg_answer *answer, const char *name, const char *value)
{
	if (answer->n_headers + 2 > (int) lengthof(answer->headers))
		elog(ERROR, "too many headers");
	answer->headers[answer->n_headers++] = CStringGetTextDatum(name);
	answer->headers[answer->n_headers++] = CStringGetTextDatum(value);
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

static void append_encoded(StringInfo out, const char *text)
{
	for (; *text != '\0'; text++)
	{
		unsigned char c = *text;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    strchr("-._~", c) != NULL)
			appendStringInfoChar(out, c);
		else
			appendStringInfo(out, "%%%02X", c);
	}
}

/* RFC 8288: the same list from where this page ends. */
static void add_link(const bg_call *call, const char *cursor, bg_answer *to)
{
	const char *path = call->route->path_template;
	const char *open;
	const char *close;
	StringInfoData out;
	int nth = 0;

	initStringInfo(&out);
	appendStringInfoChar(&out, '<');
	while ((open = strchr(path, '{')) != NULL && (close = strchr(open, '}')) != NULL)
	{
		appendBinaryStringInfo(&out, path, open - path);
		append_encoded(&out, call->vals[nth++]);
		path = close + 1;
	}
	appendStringInfo(&out, "%s?", path);
	for (; nth < call->n_words; nth++)
	{
		if (strcmp(call->names[nth], "cursor") == 0)
			continue;
		append_encoded(&out, call->names[nth]);
		appendStringInfoChar(&out, '=');
		append_encoded(&out, call->vals[nth]);
		appendStringInfoChar(&out, '&');
	}
	appendStringInfoString(&out, "cursor=");
	append_encoded(&out, cursor);
	appendStringInfoString(&out, ">; rel=\"next\"");
	if (out.len <= MAX_LINK)
		bg_answer_header(to, "link", out.data);
}

/* Written behind room for a varlena header, which saves a copy. */
static text *write_json(Jsonb *json)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfoSpaces(&out, VARHDRSZ);
	JsonbToCString(&out, &json->root, VARSIZE(json));
	SET_VARSIZE(out.data, out.len);
	return (text *) out.data;
}

/*
 * Where the top-level member "counts" stands in an object as the server writes it, from its name to the end of its value. They are
 * counted by what others do: an edit must not be refused because somebody looked.
 */
static bool find_counts(const char *json, int len, int *start, int *end)
{
	static const char name[] = "\"counts\":";
	int depth = 0;
	bool found = false;

	for (int i = 0; i < len; i++)
	{
		char c = json[i];

		if (c == '"')
		{
			if (depth == 1 && !found && len - i > (int) strlen(name) &&
			    memcmp(json + i, name, strlen(name)) == 0)
			{
				found = true;
				*start = i;
			}
			for (i++; i < len && json[i] != '"'; i++)
				if (json[i] == '\\')
					i++;
		}
		else if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		if (found && i > *start + (int) strlen(name) && depth <= 1 &&
		    (c == ',' || (c == '}' && depth == 0)))
		{
			*end = i;
			return true;
		}
	}
	return false;
}

static void hash_text(const text *body, char *to)
{
	bg_hash_start();
	bg_hash_add(VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body));
	bg_hash_end_short(to);
}

/*
 * "B" of what is sent; for what can be written "V.B", where V is the version: of the whole answer, whatever part of it was asked
 * for. full: the whole answer.
 */
static void add_tag(const bg_call *call, const text *full, bg_answer *to)
{
	char version[24];
	char body[24];
	const char *json = VARDATA_ANY(full);
	int len = VARSIZE_ANY_EXHDR(full);
	int start;
	int end;

	hash_text(to->body, body);
	if (!call->route->is_written)
		snprintf(to->tag, sizeof(to->tag), "\"%s\"", body);
	else
	{
		if (call->route->is_json && find_counts(json, len, &start, &end))
		{
			bg_hash_start();
			bg_hash_add(json, start);
			bg_hash_add(json + end, len - end);
			bg_hash_end_short(version);
		}
		else if (full != to->body)
			hash_text(full, version);
		else
			strlcpy(version, body, sizeof(version));
		snprintf(to->tag, sizeof(to->tag), "\"%s.%s\"", version, body);
	}
}

static void shape_answer(bg_call *call, Datum value, bg_answer *to)
{
	const bg_route *route = call->route;
	bool has_tag = route->is_get && to->status == 200 && !route->is_secret;
	Jsonb *json = NULL;
	text *full = NULL;
	char *next;

	if (route->result_type == JSONBOID)
		json = DatumGetJsonbP(value);
	else
		full = DatumGetTextPCopy(value);
	if (json == NULL && route->is_json &&
	    (route->is_async || route->location != NULL || call->pick != NULL ||
	     route->cursor_argument >= 0 || (has_tag && route->is_written)))
		json =
		    DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text_to_cstring(full))));
	/* If it is trimmed and nobody needs the rest, the rest is not written. */
	if (call->pick != NULL)
		to->body = write_json(bg_fields_trim(call, json));
	else
		to->body = full != NULL ? full : write_json(json);
	if (has_tag && route->is_written && json != NULL)
		full = call->pick == NULL && route->result_type == JSONBOID ? to->body : write_json(json);
	if (has_tag)
		add_tag(call, full == NULL ? to->body : full, to);
	if (route->is_async && json != NULL)
	{
		char *state = member(json, "state");

		to->status = state != NULL && (strcmp(state, "queued") == 0 || strcmp(state, "leased") == 0)
		                 ? 202
		                 : 200;
	}
	if (route->location != NULL && json != NULL && (to->status == 201 || to->status == 202))
		to->location = make_location(route->location, json);
	if (route->is_get && route->cursor_argument >= 0 && json != NULL &&
	    (next = member(json, "next")) != NULL)
		add_link(call, next, to);
	if (route->content_type != NULL)
		bg_answer_header(to, "content-type", route->content_type);
}

static void no_answer(const bg_route *route, bg_answer *to)
{
	if (route->null_status != 0)
		to->status = route->null_status;
	else if (route->is_get)
		ereport(ERROR, (errcode(ERRCODE_BG_NOT_FOUND), errmsg("there is no such thing"),
		                errhint("It does not exist, or you may not see it.")));
	else
		to->status = 204;
}

/* A GET that checks what a write will meet must see what is there now, not what was there when the statement began. */
static void run(bg_call *call, bg_answer *to, bool read_only)
{
	bg_route *route = call->route;
	MemoryContext before = CurrentMemoryContext;
	Datum values[BG_REST_MAX_ARGS];
	char nulls[BG_REST_MAX_ARGS];
	int n = 0;
	int result;
	Datum value = (Datum) 0;
	bool is_null = true;

	for (int i = 0; i < route->n_arguments; i++)
		if ((call->given & UINT64CONST(1) << i) != 0)
		{
			values[n] = call->values[i];
			nulls[n++] = call->nulls[i] ? 'n' : ' ';
		}
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	result = SPI_execute_plan(bg_route_plan_get(route, call->given), values, nulls, read_only, 0);
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

		shape_answer(call, value, to);
		MemoryContextSwitchTo(inside);
	}
	else
		no_answer(route, to);
	SPI_finish();
}

void bg_answer_run(bg_call *call, bg_answer *to)
{
	bool was_read_only = XactReadOnly;

	/* What GET promises is kept by the server. On an error the (sub)transaction's end puts the old value back. */
	if (call->route->is_get)
		XactReadOnly = true;
	run(call, to, call->route->is_get);
	XactReadOnly = was_read_only;
}

/* What would only be found at commit. */
static void check_constraints(void)
{
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute("SET CONSTRAINTS ALL IMMEDIATE", false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "could not check constraints");
	SPI_finish();
}

bool bg_answer_try(bg_call *call, bg_answer *to, bool may_be_missing)
{
	MemoryContext before = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	bool was_read_only = XactReadOnly;
	volatile bool found = true;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(before);
	PG_TRY();
	{
		XactReadOnly = was_read_only || call->route->is_get;
		/* What a GET without sign-in gives, it gives to nobody in particular. The rollback brings the caller back. */
		if (!call->route->reads_token)
			bg_session_forget();
		run(call, to, false);
		if (!call->route->is_get)
			check_constraints();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(before);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData *error;

		MemoryContextSwitchTo(before);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(before);
		CurrentResourceOwner = owner;
		if (!may_be_missing || error->sqlerrcode != ERRCODE_BG_NOT_FOUND)
			ReThrowError(error);
		FreeErrorData(error);
		found = false;
	}
	PG_END_TRY();
	return found;
}

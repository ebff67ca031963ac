/*
 * call.c
 *		bountygo.call(): one REST request. Finds the route, fixes who is calling, and takes the request through its steps. Errors of the
 *		function itself pass through untouched; what HTTP makes of them is the gateway's business.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "errors.h"
#include "rest/rest.h"

extern PGDLLEXPORT Datum bountygo_call(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(bountygo_call);

/* A function behind a route may not call routes: the state below belongs to one call. */
static bool in_call = false;

/* "tasks:write" lets read as well. */
static bool has_scope(const char *const *scopes, int n, const char *wanted)
{
	const char *action = strchr(wanted, ':');

	for (int i = 0; i < n; i++)
	{
		if (strcmp(scopes[i], wanted) == 0)
			return true;
		if (action != NULL && strcmp(action, ":read") == 0 &&
		    strncmp(scopes[i], wanted, action - wanted) == 0 &&
		    strcmp(scopes[i] + (action - wanted), ":write") == 0)
			return true;
	}
	return false;
}

/*
 * What an API key may do. Where anyone may call, a key without the scope is anyone: it sees what everybody sees, and nothing of its
 * owner.
 */
static void check_scope(const bg_route *route)
{
	int n = 0;
	const char *const *scopes = bg_session_scopes(&n);

	if (scopes == NULL || (route->scope != NULL && has_scope(scopes, n, route->scope)))
		return;
	if (route->is_open)
		bg_session_forget();
	else if (route->scope == NULL)
		ereport(ERROR, (errcode(ERRCODE_BG_FORBIDDEN), errmsg("no API key may do this"),
		                errhint("Sign in and use an access token.")));
	else
		ereport(ERROR,
		        (errcode(ERRCODE_BG_FORBIDDEN),
		         errmsg("this API key lacks the scope %s", route->scope),
		         errhint("Make a key with that scope, or sign in and use an access token.")));
}

static void check_caller(const bg_route *route, text *token)
{
	if (!route->reads_token || token == NULL)
		bg_session_forget();
	else
		bg_session_authenticate(VARDATA_ANY(token), VARSIZE_ANY_EXHDR(token));
	if (bg_session_role() != BG_ROLE_NONE)
		check_scope(route);
	if (bg_session_role() >= route->least)
		return;
	if (bg_session_role() == BG_ROLE_NONE)
		ereport(ERROR, (errcode(ERRCODE_BG_SIGN_IN), errmsg("sign in first"),
		                errhint("Send an access token: Authorization: Bearer ...")));
	ereport(ERROR, (errcode(ERRCODE_BG_FORBIDDEN), errmsg("your role does not allow this")));
}

static void add_applied(const bg_call *call, bg_answer *answer)
{
	if (call->prefer.count == NULL && !call->prefer.undo)
		return;
	bg_answer_header(answer, "preference-applied",
	                 psprintf("%s%s%s%s", call->prefer.count == NULL ? "" : "count=",
	                          call->prefer.count == NULL ? "" : call->prefer.count,
	                          call->prefer.count != NULL && call->prefer.undo ? ", " : "",
	                          call->prefer.undo ? "tx=rollback" : ""));
}

static ArrayType *list_headers(bg_answer *answer)
{
	if (answer->n_headers == 0)
		return NULL;
	return construct_array(answer->headers, answer->n_headers, TEXTOID, -1, false, TYPALIGN_INT);
}

static ArrayType *answer_read(bg_call *call, bg_answer *answer)
{
	bg_answer_run(call, answer);
	bg_conditions_after_read(call, answer);
	if (answer->tag[0] != '\0')
		bg_answer_header(answer, "etag", answer->tag);
	add_applied(call, answer);
	return list_headers(answer);
}

/* What it hands out would be good although nobody could tell that it was, and what it notes against the caller would be forgotten. */
static void refuse_dry_run(void)
{
	bg_error_at(ERRCODE_BG_INVALID, "the request is not valid", "Prefer",
	            "This operation has no dry run.", "Leave tx=rollback out to have it done.");
}

static ArrayType *answer_write(bg_call *call, bg_answer *answer)
{
	bg_idempotency idempotency = {0};
	ArrayType *headers;

	if (call->route->is_post && call->headers.n > 0 &&
	    bg_idempotency_begin(call, &idempotency, answer))
		return list_headers(answer);
	bg_conditions_before_write(call);
	if (call->prefer.undo && (call->route->is_secret || call->route->null_status != 0))
		refuse_dry_run();
	if (call->prefer.undo)
	{
		bg_answer_try(call, answer, false);
		answer->location = NULL;
	}
	else
		bg_answer_run(call, answer);
	add_applied(call, answer);
	headers = list_headers(answer);
	if (idempotency.key != NULL)
		bg_idempotency_store(call, &idempotency, answer, headers);
	/* For the gateway alone, so that it needn't wait for the notification; a repeated answer has changed nothing. */
	if (!call->prefer.undo && bg_header(&call->headers, "bountygo-topics") != NULL &&
	    bg_topics_changed() != NULL)
	{
		bg_answer_header(answer, "bountygo-changed", bg_topics_changed());
		headers = list_headers(answer);
	}
	return headers;
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
	bg_call call = {0};
	bg_answer answer = {0};
	ArrayType *volatile headers = NULL;
	Datum values[4];
	bool nulls[4];

	if (PG_ARGISNULL(0))
		ereport(ERROR, (errcode(ERRCODE_BG_NOT_FOUND), errmsg("there is no such route")));
	if (in_call)
		ereport(ERROR, (errcode(ERRCODE_BG_BAD_REQUEST), errmsg("calls can not be nested")));
	in_call = true;
	PG_TRY();
	{
		if (!PG_ARGISNULL(5))
		{
			bg_headers_read(PG_GETARG_ARRAYTYPE_P(5), &call.headers);
			bg_headers_prefer(&call.headers, &call.prefer);
		}
		bg_headers_show(&call.headers);
		call.route = bg_route_get(PG_GETARG_INT32(0));
		check_caller(call.route, PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1));
		bg_call_words(&call, PG_ARGISNULL(2) ? NULL : PG_GETARG_ARRAYTYPE_P(2),
		              PG_ARGISNULL(3) ? NULL : PG_GETARG_ARRAYTYPE_P(3));
		call.body = PG_ARGISNULL(4) ? NULL : PG_GETARG_TEXT_PP(4);
		bg_call_bind(&call);
		bg_problems_raise(&call.problems);
		headers = call.route->is_get ? answer_read(&call, &answer) : answer_write(&call, &answer);
	}
	PG_FINALLY();
	{
		in_call = false;
		bg_headers_show(NULL);
	}
	PG_END_TRY();

	values[0] = Int32GetDatum(answer.status);
	values[1] = PointerGetDatum(answer.location);
	values[2] = PointerGetDatum(answer.body);
	values[3] = PointerGetDatum(headers);
	nulls[0] = false;
	nulls[1] = answer.location == NULL;
	nulls[2] = answer.body == NULL;
	nulls[3] = headers == NULL;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(answer_shape(), values, nulls)));
}

/*
 * provider.c
 *		ID tokens of OpenID Connect providers, for SQL. Which providers are trusted, and whose the account is, SQL decides.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "auth/oidc.h"

extern PGDLLEXPORT Datum bountygo_oidc_check(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_oidc_key_id(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(bountygo_oidc_check);
PG_FUNCTION_INFO_V1(bountygo_oidc_key_id);

/* JSON and tokens are UTF-8, whatever the database is kept in. */
static char *to_utf8(char *text)
{
	return pg_server_to_any(text, strlen(text), PG_UTF8);
}

static const char **read_list(FunctionCallInfo fcinfo, int argument, int *n)
{
	const char **list;
	Datum *values;
	bool *nulls;
	int count;

	*n = 0;
	if (PG_ARGISNULL(argument))
		return NULL;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), TEXTOID, -1, false, TYPALIGN_INT, &values,
	                  &nulls, &count);
	list = palloc_array(const char *, count + 1);
	for (int i = 0; i < count; i++)
		if (!nulls[i])
			list[(*n)++] = to_utf8(TextDatumGetCString(values[i]));
	return list;
}

/* bountygo.oidc_check(id_token, jwks, issuer, audiences, authorized_parties, at, OUT verdict, OUT claims) */
Datum bountygo_oidc_check(PG_FUNCTION_ARGS)
{
	bg_oidc_verdict verdict = BG_OIDC_REFUSED;
	bg_oidc_expected expected = {0};
	char *claims = NULL;
	Datum values[2];
	bool nulls[2] = {false, true};
	TupleDesc row;

	if (get_call_result_type(fcinfo, NULL, &row) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "oidc_check must return a record");
	/* Without an issuer or an audience nothing can be for us. */
	if (!PG_ARGISNULL(0) && !PG_ARGISNULL(1) && !PG_ARGISNULL(2) && !PG_ARGISNULL(3))
	{
		text *token = PG_GETARG_TEXT_PP(0);
		Jsonb *jwks = PG_GETARG_JSONB_P(1);
		char *set = to_utf8(JsonbToCString(NULL, &jwks->root, VARSIZE(jwks)));
		TimestampTz at = PG_ARGISNULL(5) ? GetCurrentTimestamp() : PG_GETARG_TIMESTAMPTZ(5);

		expected.issuer = to_utf8(text_to_cstring(PG_GETARG_TEXT_PP(2)));
		expected.audiences = read_list(fcinfo, 3, &expected.n_audiences);
		expected.parties = read_list(fcinfo, 4, &expected.n_parties);
		expected.now =
		    at / USECS_PER_SEC + (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY;
		if (!TIMESTAMP_NOT_FINITE(at))
			verdict = bg_oidc_check(VARDATA_ANY(token), VARSIZE_ANY_EXHDR(token), set, strlen(set),
			                        &expected, &claims);
	}
	if (claims != NULL)
	{
		char *kept = pstrdup(claims);

		/* Before anything can fail, as this is not the server's memory. */
		free(claims);
		kept = pg_any_to_server(kept, strlen(kept), PG_UTF8);
		values[1] = DirectFunctionCall1(jsonb_in, CStringGetDatum(kept));
		nulls[1] = false;
	}
	values[0] = CStringGetTextDatum(bg_oidc_verdict_name(verdict));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls)));
}

/* bountygo.oidc_key_id(id_token text) RETURNS text */
Datum bountygo_oidc_key_id(PG_FUNCTION_ARGS)
{
	text *token = PG_GETARG_TEXT_PP(0);
	char *kid = bg_oidc_key_id(VARDATA_ANY(token), VARSIZE_ANY_EXHDR(token));
	char *kept;

	if (kid == NULL)
		PG_RETURN_NULL();
	kept = pstrdup(kid);
	free(kid);
	PG_RETURN_TEXT_P(cstring_to_text(pg_any_to_server(kept, strlen(kept), PG_UTF8)));
}

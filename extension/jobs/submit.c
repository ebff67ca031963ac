/*
 * submit.c
 *		bountygo.url_check(): the URL module for SQL. What is done with the answer is decided in 50-queue.sql.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"

#include "../config.h"
#include "../web/egress.h"
#include "../web/url.h"

PG_FUNCTION_INFO_V1(bountygo_url_check);

/* The policy is process-wide and follows the settings; reading them again costs two comparisons. */
static void follow_settings(void)
{
	static char *networks = NULL;
	static char *ports = NULL;
	char why[160];

	if (networks != NULL && strcmp(networks, bg_allowed_networks) == 0 &&
	    strcmp(ports, bg_allowed_ports) == 0)
		return;
	if (!bg_egress_configure(bg_allowed_networks, bg_allowed_ports, why, sizeof(why)))
		ereport(ERROR, (errcode(ERRCODE_CONFIG_FILE_ERROR),
		                errmsg("the settings of allowed networks are not valid")));
	free(networks);
	free(ports);
	networks = strdup(bg_allowed_networks);
	ports = strdup(bg_allowed_ports);
	if (networks == NULL || ports == NULL)
	{
		free(networks);
		networks = NULL;
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	}
}

PGDLLEXPORT Datum bountygo_url_check(PG_FUNCTION_ARGS)
{
	text *input = PG_GETARG_TEXT_PP(0);
	TupleDesc desc;
	Datum values[3] = {0};
	bool nulls[3] = {true, true, true};
	bg_url url;
	bg_url_error error;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	follow_settings();
	error = bg_url_parse(VARDATA_ANY(input), VARSIZE_ANY_EXHDR(input), NULL, &url);
	if (error == BG_URL_MEMORY)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	if (error == BG_URL_OK)
	{
		/* Both are ASCII, so that no conversion is needed whatever the database's encoding. */
		values[0] = CStringGetTextDatum(url.canonical);
		values[1] = CStringGetTextDatum(url.host);
		nulls[0] = nulls[1] = false;
		bg_url_free(&url);
	}
	else
	{
		values[2] = CStringGetTextDatum(bg_url_error_text(error));
		nulls[2] = false;
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

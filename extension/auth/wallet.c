/*
 * wallet.c
 *		Addresses, messages and signatures of wallets, for SQL. Which message is ours, and who owns a wallet, SQL decides.
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "auth/ethereum.h"
#include "auth/siwe.h"

extern PGDLLEXPORT Datum bountygo_checksum_address(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_recover_address(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_siwe_read(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_siwe_message(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(bountygo_checksum_address);
PG_FUNCTION_INFO_V1(bountygo_recover_address);
PG_FUNCTION_INFO_V1(bountygo_siwe_read);
PG_FUNCTION_INFO_V1(bountygo_siwe_message);

/* bountygo.checksum_address(address text) RETURNS text */
Datum bountygo_checksum_address(PG_FUNCTION_ARGS)
{
	text *address = PG_GETARG_TEXT_PP(0);
	char proper[BG_ADDRESS_LENGTH + 1];

	if (!bg_ethereum_address(VARDATA_ANY(address), VARSIZE_ANY_EXHDR(address), proper))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(proper));
}

/* bountygo.recover_address(message text, signature text) RETURNS text */
Datum bountygo_recover_address(PG_FUNCTION_ARGS)
{
	text *message = PG_GETARG_TEXT_PP(0);
	text *signature = PG_GETARG_TEXT_PP(1);
	char address[BG_ADDRESS_LENGTH + 1];
	/* Wallets sign UTF-8, whatever the database is kept in. The message itself comes back if there is nothing to convert. */
	char *bytes = pg_server_to_any(VARDATA_ANY(message), VARSIZE_ANY_EXHDR(message), PG_UTF8);
	size_t len = bytes == VARDATA_ANY(message) ? VARSIZE_ANY_EXHDR(message) : strlen(bytes);

	if (!bg_ethereum_signer(bytes, len, VARDATA_ANY(signature), VARSIZE_ANY_EXHDR(signature),
	                        address))
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(address));
}

static void put_text(StringInfo out, bg_siwe_text value)
{
	if (value.text == NULL)
		appendStringInfoString(out, "null");
	else
		escape_json(out, pnstrdup(value.text, value.len));
}

static void put_member(StringInfo out, const char *name, bg_siwe_text value)
{
	appendStringInfo(out, "%c\"%s\":", out->len == 0 ? '{' : ',', name);
	put_text(out, value);
}

/* bountygo.siwe_read(message text) RETURNS jsonb */
Datum bountygo_siwe_read(PG_FUNCTION_ARGS)
{
	text *message = PG_GETARG_TEXT_PP(0);
	bg_siwe *fields = palloc(sizeof(bg_siwe));
	StringInfoData out;

	if (!bg_siwe_read(VARDATA_ANY(message), VARSIZE_ANY_EXHDR(message), fields))
		PG_RETURN_NULL();
	initStringInfo(&out);
	put_member(&out, "scheme", fields->scheme);
	put_member(&out, "domain", fields->domain);
	put_member(&out, "address", fields->address);
	put_member(&out, "statement", fields->statement);
	put_member(&out, "uri", fields->uri);
	appendStringInfo(&out, ",\"version\":\"1\",\"chain_id\":" INT64_FORMAT, fields->chain_id);
	put_member(&out, "nonce", fields->nonce);
	put_member(&out, "issued_at", fields->issued_at);
	put_member(&out, "expiration_time", fields->expiration_time);
	put_member(&out, "not_before", fields->not_before);
	put_member(&out, "request_id", fields->request_id);
	appendStringInfoString(&out,
	                       fields->has_resources ? ",\"resources\":[" : ",\"resources\":null");
	for (int i = 0; i < fields->n_resources; i++)
	{
		if (i > 0)
			appendStringInfoChar(&out, ',');
		put_text(&out, fields->resources[i]);
	}
	appendStringInfoString(&out, fields->has_resources ? "]}" : "}");
	PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(out.data)));
}

static bg_siwe_text text_argument(FunctionCallInfo fcinfo, int n)
{
	bg_siwe_text value = {NULL, 0};

	if (!PG_ARGISNULL(n))
	{
		text *given = PG_GETARG_TEXT_PP(n);

		value.text = VARDATA_ANY(given);
		value.len = VARSIZE_ANY_EXHDR(given);
	}
	return value;
}

/* In UTC, with milliseconds, as JavaScript writes them. */
static bg_siwe_text time_argument(FunctionCallInfo fcinfo, int n)
{
	bg_siwe_text value = {NULL, 0};
	struct pg_tm tm;
	fsec_t fraction;

	if (PG_ARGISNULL(n))
		return value;
	value.text = "";
	if (TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(n)) ||
	    timestamp2tm(PG_GETARG_TIMESTAMPTZ(n), NULL, &tm, &fraction, NULL, NULL) != 0)
		return value;
	value.text = psprintf("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year, tm.tm_mon, tm.tm_mday,
	                      tm.tm_hour, tm.tm_min, tm.tm_sec, (int) fraction / 1000);
	value.len = strlen(value.text);
	return value;
}

/* bountygo.siwe_message(domain, address, statement, uri, chain_id, nonce, issued_at, expires_at) RETURNS text */
Datum bountygo_siwe_message(PG_FUNCTION_ARGS)
{
	bg_siwe *fields = palloc0(sizeof(bg_siwe));
	char address[BG_ADDRESS_LENGTH + 1];
	char *message;
	text *result;

	for (int i = 0; i < 7; i++)
		if (i != 2 && PG_ARGISNULL(i))
			PG_RETURN_NULL();
	fields->domain = text_argument(fcinfo, 0);
	fields->address = text_argument(fcinfo, 1);
	if (!bg_ethereum_address(fields->address.text, fields->address.len, address))
		PG_RETURN_NULL();
	fields->address.text = address;
	fields->statement = text_argument(fcinfo, 2);
	fields->uri = text_argument(fcinfo, 3);
	fields->chain_id = PG_GETARG_INT64(4);
	fields->nonce = text_argument(fcinfo, 5);
	fields->issued_at = time_argument(fcinfo, 6);
	fields->expiration_time = time_argument(fcinfo, 7);
	message = bg_siwe_write(fields);
	if (message == NULL)
		PG_RETURN_NULL();
	result = cstring_to_text(message);
	free(message);
	PG_RETURN_TEXT_P(result);
}

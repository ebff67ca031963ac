/*
 * secrets.c
 *		Random names, comparison in constant time and sealing, for SQL.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include <openssl/crypto.h>

#include "auth/base64url.h"
#include "errors.h"

#define MAX_RANDOM 1024

extern PGDLLEXPORT Datum bountygo_random_token(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_random_name(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_equal_secrets(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(bountygo_random_token);
PG_FUNCTION_INFO_V1(bountygo_random_name);
PG_FUNCTION_INFO_V1(bountygo_equal_secrets);

static void get_random(void *to, size_t len)
{
	if (!pg_strong_random(to, len))
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not get random bytes")));
}

/* bountygo.random_token(bytes integer) RETURNS text */
Datum bountygo_random_token(PG_FUNCTION_ARGS)
{
	int32 len = PG_GETARG_INT32(0);
	unsigned char bytes[MAX_RANDOM];
	text *result;

	if (len < 1 || len > MAX_RANDOM)
		bg_error_invalid("/bytes", "This must be from 1 to 1024.", NULL);
	get_random(bytes, len);
	result = palloc(VARHDRSZ + BG_BASE64URL_LENGTH(len));
	SET_VARSIZE(result, VARHDRSZ + bg_base64url_encode(bytes, len, VARDATA(result)));
	explicit_bzero(bytes, len);
	PG_RETURN_TEXT_P(result);
}

/* bountygo.random_name(length integer) RETURNS text */
Datum bountygo_random_name(PG_FUNCTION_ARGS)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	int32 len = PG_GETARG_INT32(0);
	text *result;
	char *out;

	if (len < 1 || len > MAX_RANDOM)
		bg_error_invalid("/length", "This must be from 1 to 1024.", NULL);
	result = palloc(VARHDRSZ + len);
	SET_VARSIZE(result, VARHDRSZ + len);
	out = VARDATA(result);
	for (int32 i = 0; i < len;)
	{
		uint8 bytes[64];

		get_random(bytes, sizeof(bytes));
		/* 252 is the largest multiple of 36 in a byte: what is above would favour the first letters. */
		for (size_t j = 0; j < sizeof(bytes) && i < len; j++)
			if (bytes[j] < 252)
				out[i++] = letters[bytes[j] % 36];
	}
	PG_RETURN_TEXT_P(result);
}

/* bountygo.equal_secrets(a bytea, b bytea) RETURNS boolean */
Datum bountygo_equal_secrets(PG_FUNCTION_ARGS)
{
	bytea *a = PG_GETARG_BYTEA_PP(0);
	bytea *b = PG_GETARG_BYTEA_PP(1);

	PG_RETURN_BOOL(VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
	               CRYPTO_memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0);
}

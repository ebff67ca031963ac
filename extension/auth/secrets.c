/*
 * secrets.c
 *		Random names, comparison in constant time and sealing, for SQL.
 */
#include "postgres.h"

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"

#include <openssl/crypto.h>

#include "auth/base64url.h"
#include "auth/keys.h"
#include "auth/seal.h"
#include "errors.h"

#define MAX_RANDOM 1024

extern PGDLLEXPORT Datum bountygo_random_token(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_random_name(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_equal_secrets(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_seal(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_unseal(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(bountygo_random_token);
PG_FUNCTION_INFO_V1(bountygo_random_name);
PG_FUNCTION_INFO_V1(bountygo_equal_secrets);
PG_FUNCTION_INFO_V1(bountygo_seal);
PG_FUNCTION_INFO_V1(bountygo_unseal);

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

/* bountygo.seal(plain text, context text) RETURNS bytea */
Datum bountygo_seal(PG_FUNCTION_ARGS)
{
	char *plain = text_to_cstring(PG_GETARG_TEXT_PP(0));
	text *context = PG_GETARG_TEXT_PP(1);
	char *bytes = pg_server_to_any(plain, strlen(plain), PG_UTF8);
	size_t len = strlen(bytes);
	bytea *sealed = palloc(VARHDRSZ + len + BG_SEAL_OVERHEAD);
	const bg_jwt_key *keys;
	unsigned char nonce[12];

	(void) bg_keys_need(&keys);
	get_random(nonce, sizeof(nonce));
	if (!bg_seal(keys[0].bytes, keys[0].len, VARDATA_ANY(context), VARSIZE_ANY_EXHDR(context),
	             nonce, bytes, len, (unsigned char *) VARDATA(sealed)))
		bg_error_invalid("/context",
		                 "This must have at most 255 bytes, what is sealed at most 16 MB.", NULL);
	explicit_bzero(bytes, len);
	SET_VARSIZE(sealed, VARHDRSZ + len + BG_SEAL_OVERHEAD);
	PG_RETURN_BYTEA_P(sealed);
}

/* bountygo.unseal(sealed bytea, context text) RETURNS text */
Datum bountygo_unseal(PG_FUNCTION_ARGS)
{
	bytea *sealed = PG_GETARG_BYTEA_PP(0);
	text *context = PG_GETARG_TEXT_PP(1);
	size_t len = VARSIZE_ANY_EXHDR(sealed);
	const bg_jwt_key *keys;
	int n = bg_keys_need(&keys);
	char *plain;

	if (len < BG_SEAL_OVERHEAD)
		PG_RETURN_NULL();
	plain = palloc(len);
	for (int i = 0; i < n; i++)
	{
		if (!bg_unseal(keys[i].bytes, keys[i].len, VARDATA_ANY(context), VARSIZE_ANY_EXHDR(context),
		               (unsigned char *) VARDATA_ANY(sealed), len, plain))
			continue;
		plain[len - BG_SEAL_OVERHEAD] = '\0';
		PG_RETURN_TEXT_P(cstring_to_text(pg_any_to_server(plain, len - BG_SEAL_OVERHEAD, PG_UTF8)));
	}
	PG_RETURN_NULL();
}

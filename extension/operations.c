/*
 * operations.c
 *		Small functions that SQL needs from C: signatures of cursors, quotes at spans of a text, and what doctor() looks at.
 *
 * Secrets are read and used here, never returned: doctor() learns only what is wrong with a file.
 */
#include "postgres.h"

#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "auth/jwt.h"
#include "auth/keys.h"
#include "catalog/pg_type.h"
#include "common/hmac.h"
#include "common/sha2.h"
#include "config.h"
#include "errors.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

#define CURSOR_MAC_BYTES 16
#define CURSOR_DOMAIN "bountygo cursor: "

PG_FUNCTION_INFO_V1(bountygo_cursor_mac);
PG_FUNCTION_INFO_V1(bountygo_cursor_is_ours);
PG_FUNCTION_INFO_V1(bountygo_quotes_at);
PG_FUNCTION_INFO_V1(bountygo_secret_status);
PG_FUNCTION_INFO_V1(bountygo_reader_problem);
PG_FUNCTION_INFO_V1(bountygo_library_version);

extern PGDLLEXPORT Datum bountygo_cursor_mac(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_cursor_is_ours(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_quotes_at(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_secret_status(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_reader_problem(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_library_version(PG_FUNCTION_ARGS);

/* The prefix keeps this use of the signing key apart from tokens, which never hold a space. */
static void sign_cursor(const bg_jwt_key *key, text *payload, uint8 mac[PG_SHA256_DIGEST_LENGTH])
{
	pg_hmac_ctx *context = pg_hmac_create(PG_SHA256);
	bool failed;

	if (context == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	failed =
	    pg_hmac_init(context, (const uint8 *) (key ? key->bytes : ""), key ? key->len : 0) < 0 ||
	    pg_hmac_update(context, (const uint8 *) CURSOR_DOMAIN, strlen(CURSOR_DOMAIN)) < 0 ||
	    pg_hmac_update(context, (const uint8 *) VARDATA_ANY(payload), VARSIZE_ANY_EXHDR(payload)) <
	        0 ||
	    pg_hmac_final(context, mac, PG_SHA256_DIGEST_LENGTH) < 0;
	pg_hmac_free(context);
	if (failed)
		ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not sign a cursor")));
}

/*
 * bountygo.cursor_mac(payload) bytea
 *
 * Without a key the result is a checksum: it tells a mistyped cursor, and a forged one gains nothing but another place in a list.
 */
Datum bountygo_cursor_mac(PG_FUNCTION_ARGS)
{
	const bg_jwt_key *keys;
	const char *why;
	uint8 mac[PG_SHA256_DIGEST_LENGTH];
	bytea *result = palloc(VARHDRSZ + CURSOR_MAC_BYTES);

	sign_cursor(bg_keys_get(&keys, &why) > 0 ? &keys[0] : NULL, PG_GETARG_TEXT_PP(0), mac);
	SET_VARSIZE(result, VARHDRSZ + CURSOR_MAC_BYTES);
	memcpy(VARDATA(result), mac, CURSOR_MAC_BYTES);
	PG_RETURN_BYTEA_P(result);
}

/* bountygo.cursor_is_ours(payload, mac) boolean: whoever is reading a list while the key is changed goes on reading. */
Datum bountygo_cursor_is_ours(PG_FUNCTION_ARGS)
{
	text *payload = PG_GETARG_TEXT_PP(0);
	bytea *given = PG_GETARG_BYTEA_PP(1);
	const bg_jwt_key *keys;
	const char *why;
	int n = bg_keys_get(&keys, &why);
	uint8 mac[PG_SHA256_DIGEST_LENGTH];

	if (VARSIZE_ANY_EXHDR(given) != CURSOR_MAC_BYTES)
		PG_RETURN_BOOL(false);
	for (int i = 0; i < Max(n, 1); i++)
	{
		sign_cursor(n > 0 ? &keys[i] : NULL, payload, mac);
		if (CRYPTO_memcmp(VARDATA_ANY(given), mac, CURSOR_MAC_BYTES) == 0)
			PG_RETURN_BOOL(true);
	}
	PG_RETURN_BOOL(false);
}

typedef struct edge
{
	int32 position; /* characters */
	int32 bytes;    /* found by the walk; -1 = behind the end */
	int32 index;    /* of the span: 2 i its start, 2 i + 1 its end */
} edge;

static int compare_edges(const void *a, const void *b)
{
	int32 x = ((const edge *) a)->position;
	int32 y = ((const edge *) b)->position;

	return (x > y) - (x < y);
}

static int compare_indexes(const void *a, const void *b)
{
	return ((const edge *) a)->index - ((const edge *) b)->index;
}

/* Fills in "bytes" of the edges, which are sorted by position, in one pass over the text. */
static void walk_text(const char *text, int32 len, edge *edges, int count)
{
	int32 position = 0;
	int32 offset = 0;
	int next = 0;

	while (next < count)
	{
		while (next < count && edges[next].position <= position)
		{
			edges[next].bytes = edges[next].position < 0 ? -1 : offset;
			next++;
		}
		if (offset >= len)
			break;
		offset += pg_mblen(text + offset);
		position++;
	}
	for (; next < count; next++)
		edges[next].bytes = -1;
}

/* bountygo.quotes_at(text, starts integer[], ends integer[]) text[] */
Datum bountygo_quotes_at(PG_FUNCTION_ARGS)
{
	text *source = PG_GETARG_TEXT_PP(0);
	ArrayType *starts = PG_GETARG_ARRAYTYPE_P(1);
	ArrayType *ends = PG_GETARG_ARRAYTYPE_P(2);
	const char *bytes = VARDATA_ANY(source);
	Datum *start_values;
	Datum *end_values;
	Datum *quotes;
	bool *start_nulls;
	bool *end_nulls;
	bool *nulls;
	edge *edges;
	int count;
	int end_count;
	int bounds[1];
	int lower[1] = {1};

	if (ARR_NDIM(starts) > 1 || ARR_NDIM(ends) > 1)
		ereport(ERROR,
		        (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR), errmsg("spans must be flat arrays")));
	deconstruct_array(starts, INT4OID, 4, true, TYPALIGN_INT, &start_values, &start_nulls, &count);
	deconstruct_array(ends, INT4OID, 4, true, TYPALIGN_INT, &end_values, &end_nulls, &end_count);
	if (count != end_count)
		ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
		                errmsg("there must be as many ends as starts")));
	if (count == 0)
		PG_RETURN_ARRAYTYPE_P(construct_empty_array(TEXTOID));

	edges = palloc_array(edge, 2 * count);
	for (int i = 0; i < count; i++)
	{
		bool known = !start_nulls[i] && !end_nulls[i];

		edges[2 * i].index = 2 * i;
		edges[2 * i].position = known ? DatumGetInt32(start_values[i]) : -1;
		edges[2 * i + 1].index = 2 * i + 1;
		edges[2 * i + 1].position = known ? DatumGetInt32(end_values[i]) : -1;
	}
	qsort(edges, 2 * count, sizeof(edge), compare_edges);
	walk_text(bytes, VARSIZE_ANY_EXHDR(source), edges, 2 * count);
	qsort(edges, 2 * count, sizeof(edge), compare_indexes);

	quotes = palloc0_array(Datum, count);
	nulls = palloc_array(bool, count);
	for (int i = 0; i < count; i++)
	{
		int32 start = edges[2 * i].bytes;
		int32 end = edges[2 * i + 1].bytes;

		nulls[i] = start < 0 || end <= start;
		if (!nulls[i])
			quotes[i] = PointerGetDatum(cstring_to_text_with_len(bytes + start, end - start));
	}
	bounds[0] = count;
	PG_RETURN_ARRAYTYPE_P(
	    construct_md_array(quotes, nulls, 1, bounds, lower, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Random bytes in hexadecimal have 16 different ones, less by bad luck. */
#define MIN_DISTINCT_BYTES 8

static int distinct_bytes(const char *text)
{
	bool seen[256] = {false};
	int count = 0;

	for (; *text != '\0'; text++)
	{
		count += !seen[(unsigned char) *text];
		seen[(unsigned char) *text] = true;
	}
	return count;
}

static bool is_signing_key(const char *secret)
{
	const char *why;
	char *key = bg_jwt_key_file == NULL || bg_jwt_key_file[0] == '\0'
	                ? NULL
	                : bg_config_read_secret(bg_jwt_key_file, &why);
	bool same = key != NULL && strcmp(key, secret) == 0;

	if (key != NULL)
	{
		explicit_bzero(key, strlen(key));
		pfree(key);
	}
	return same;
}

/* bountygo.secret_status(setting) text: NULL if the secret's file is fine, else what is wrong with it. */
Datum bountygo_secret_status(PG_FUNCTION_ARGS)
{
	char *setting = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bool is_previous = strcmp(setting, "jwt_previous_key_file") == 0;
	bool is_jwt = is_previous || strcmp(setting, "jwt_key_file") == 0;
	const char *why = "it cannot be read";
	const char *path;
	char *secret;
	size_t len;
	bool is_same;
	bool is_weak;

	if (!is_jwt && strcmp(setting, "ppio_key_file") != 0)
		bg_error_invalid(
		    "/setting", "This must be jwt_key_file, jwt_previous_key_file or ppio_key_file.", NULL);
	path = is_previous ? bg_jwt_previous_key_file : is_jwt ? bg_jwt_key_file : bg_ppio_key_file;
	if (path == NULL || path[0] == '\0')
		PG_RETURN_TEXT_P(cstring_to_text("not set"));
	secret = bg_config_read_secret(path, &why);
	if (secret == NULL)
		PG_RETURN_TEXT_P(cstring_to_text(why));
	len = strlen(secret);
	is_same = is_previous && is_signing_key(secret);
	is_weak = is_jwt && distinct_bytes(secret) < MIN_DISTINCT_BYTES;
	explicit_bzero(secret, len);
	pfree(secret);
	if (len == 0)
		PG_RETURN_TEXT_P(cstring_to_text("the file is empty"));
	if (is_jwt && len < BG_JWT_MIN_KEY)
		PG_RETURN_TEXT_P(cstring_to_text(
		    psprintf("the key has %zu bytes, at least %d are needed", len, BG_JWT_MIN_KEY)));
	if (is_weak)
		PG_RETURN_TEXT_P(cstring_to_text("the key repeats a few characters: it can be guessed"));
	if (is_same)
		PG_RETURN_TEXT_P(cstring_to_text("it holds the same key as jwt_key_file"));
	PG_RETURN_NULL();
}

/* bountygo.reader_problem() text: NULL if the reader's program can be started, else why not. */
Datum bountygo_reader_problem(PG_FUNCTION_ARGS)
{
	char *path = bg_config_reader_program();
	struct stat file;

	if (stat(path, &file) != 0)
		PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s: %s", path, strerror(errno))));
	if (!S_ISREG(file.st_mode) || access(path, X_OK) != 0)
		PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s is not a program that can be run", path)));
	PG_RETURN_NULL();
}

/* bountygo.library_version() text */
Datum bountygo_library_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(BG_VERSION));
}

/*
 * fingerprint.c
 *		simhash.c for SQL: simhash(), hamming(), similar_keys(), title_similarity(), titles_conflict().
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "simhash.h"

#define BANDS 4
#define TITLE 4
#define PART 5
#define PASSAGE 6
#define MAX_PARTS 16

extern PGDLLEXPORT Datum bountygo_simhash(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_hamming(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_similar_keys(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_title_similarity(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_titles_conflict(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(bountygo_simhash);
PG_FUNCTION_INFO_V1(bountygo_hamming);
PG_FUNCTION_INFO_V1(bountygo_similar_keys);
PG_FUNCTION_INFO_V1(bountygo_title_similarity);
PG_FUNCTION_INFO_V1(bountygo_titles_conflict);

static bg_simhash_span span_of(const text *value)
{
	return (bg_simhash_span){VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};
}

/* The elements of a text[] that are not null, at most MAX_PARTS. */
static int texts_of(ArrayType *array, bg_simhash_span *spans)
{
	Datum *values;
	bool *nulls;
	int count;
	int n = 0;

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &values, &nulls, &count);
	for (int i = 0; i < count && n < MAX_PARTS; i++)
		if (!nulls[i])
			spans[n++] = span_of(DatumGetTextPP(values[i]));
	return n;
}

Datum bountygo_simhash(PG_FUNCTION_ARGS)
{
	bg_simhash hash = {{0}, 0};
	bg_simhash_span dates[MAX_PARTS];
	bg_simhash_span body;
	uint64_t value;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	body = span_of(PG_GETARG_TEXT_PP(0));
	bg_simhash_body(&hash, body.text, body.len);
	for (int i = 1; i <= 2; i++)
	{
		bg_simhash_span fact;

		if (PG_ARGISNULL(i))
			continue;
		fact = span_of(PG_GETARG_TEXT_PP(i));
		bg_simhash_fact(&hash, i == 1 ? 't' : 'o', fact.text, fact.len, i == 1 ? 6 : 3);
	}
	if (!PG_ARGISNULL(3))
	{
		int n = texts_of(PG_GETARG_ARRAYTYPE_P(3), dates);

		for (int i = 0; i < n; i++)
			bg_simhash_fact(&hash, 'd', dates[i].text, dates[i].len, 6 / n);
	}
	if (!bg_simhash_end(&hash, &value))
		PG_RETURN_NULL();
	PG_RETURN_INT64((int64) value);
}

Datum bountygo_hamming(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(
	    bg_simhash_distance((uint64_t) PG_GETARG_INT64(0), (uint64_t) PG_GETARG_INT64(1)));
}

static Datum key_of(uint64_t hash, int kind)
{
	/* The kind in the low bits keeps a band from meeting a title. */
	return Int32GetDatum((int32) ((uint32_t) (hash >> 32 ^ hash) << 4 | (uint32_t) kind));
}

Datum bountygo_similar_keys(PG_FUNCTION_ARGS)
{
	Datum keys[BANDS + BG_SIMHASH_PASSAGES + 1 + MAX_PARTS];
	uint64_t passages[BG_SIMHASH_PASSAGES];
	bg_simhash_span parts[MAX_PARTS];
	int n = 0;

	if (!PG_ARGISNULL(0))
	{
		uint64_t value = (uint64_t) PG_GETARG_INT64(0);

		for (int i = 0; i < BANDS; i++)
			keys[n++] = key_of(value >> (i * 16) & 0xffff, i);
	}
	if (!PG_ARGISNULL(1))
	{
		bg_simhash_span body = span_of(PG_GETARG_TEXT_PP(1));
		int count = bg_simhash_passages(body.text, body.len, passages);

		for (int i = 0; i < count; i++)
			keys[n++] = key_of(passages[i], PASSAGE);
	}
	if (!PG_ARGISNULL(2))
	{
		bg_simhash_span title = span_of(PG_GETARG_TEXT_PP(2));
		uint64_t words = bg_simhash_words(title.text, title.len);

		if (words != 0)
			keys[n++] = key_of(words, TITLE);
	}
	if (!PG_ARGISNULL(3))
	{
		int count = texts_of(PG_GETARG_ARRAYTYPE_P(3), parts);

		for (int i = 0; i < count; i++)
		{
			uint64_t words = bg_simhash_words(parts[i].text, parts[i].len);

			if (words != 0)
				keys[n++] = key_of(words, PART);
		}
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(keys, n, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

Datum bountygo_title_similarity(PG_FUNCTION_ARGS)
{
	bg_simhash_span a = span_of(PG_GETARG_TEXT_PP(0));
	bg_simhash_span b = span_of(PG_GETARG_TEXT_PP(1));

	PG_RETURN_FLOAT4((float4) bg_simhash_titles(&a, &b));
}

Datum bountygo_titles_conflict(PG_FUNCTION_ARGS)
{
	bg_simhash_span a = span_of(PG_GETARG_TEXT_PP(0));
	bg_simhash_span b = span_of(PG_GETARG_TEXT_PP(1));

	PG_RETURN_BOOL(bg_simhash_conflict(&a, &b));
}

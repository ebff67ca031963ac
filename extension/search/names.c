/*
 * names.c
 *		How alike two short names are, by the pieces that they share, and those pieces for an index: SQL functions name_grams() and
 *		name_score(). Names come as bountygo.name_key() makes them. It knows characters of any server encoding, but no words: search of
 *		tasks is in parser.c and nearness.c.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

extern PGDLLEXPORT Datum bountygo_name_grams(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_name_score(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(bountygo_name_grams);
PG_FUNCTION_INFO_V1(bountygo_name_score);

/* Longer names are told apart by their beginning. */
#define MAX_CHARS 512

typedef struct gram
{
	const char *start;
	int len;
} gram;

static int compare(const void *a, const void *b)
{
	const gram *x = a;
	const gram *y = b;
	int order = memcmp(x->start, y->start, Min(x->len, y->len));

	return order != 0 ? order : x->len - y->len;
}

/*
 * The pieces of a name, sorted, each once: three characters in a row, with a space before and after the name, and pairs of characters
 * that are no letters of an alphabet (two Chinese characters are a word). They point into a copy that lives in the current context.
 */
static int grams_of(const text *name, gram **out)
{
	int size = VARSIZE_ANY_EXHDR(name);
	char *padded = palloc(size + 3);
	int starts[MAX_CHARS + 3];
	int chars = 0;
	int n = 0;
	int kept = 0;
	gram *grams;

	padded[0] = ' ';
	memcpy(padded + 1, VARDATA_ANY(name), size);
	padded[size + 1] = ' ';
	padded[size + 2] = '\0';
	for (int at = 0; at < size + 2 && chars < MAX_CHARS + 2; chars++)
	{
		starts[chars] = at;
		at += Min(pg_mblen(padded + at), size + 2 - at);
		starts[chars + 1] = at;
	}
	grams = palloc(sizeof(gram) * (2 * chars + 1));
	for (int i = 0; i + 3 <= chars; i++)
		grams[n++] = (gram){padded + starts[i], starts[i + 3] - starts[i]};
	for (int i = 1; i + 3 <= chars; i++)
	{
		/* Five bytes for two characters: at least one of three. */
		if (starts[i + 2] - starts[i] >= 5)
			grams[n++] = (gram){padded + starts[i], starts[i + 2] - starts[i]};
	}
	qsort(grams, n, sizeof(gram), compare);
	for (int i = 0; i < n; i++)
	{
		if (kept == 0 || compare(&grams[kept - 1], &grams[i]) != 0)
			grams[kept++] = grams[i];
	}
	*out = grams;
	return kept;
}

Datum bountygo_name_grams(PG_FUNCTION_ARGS)
{
	gram *grams;
	int n = grams_of(PG_GETARG_TEXT_PP(0), &grams);
	Datum *items = palloc(sizeof(Datum) * (n + 1));

	for (int i = 0; i < n; i++)
		items[i] = PointerGetDatum(cstring_to_text_with_len(grams[i].start, grams[i].len));
	PG_RETURN_ARRAYTYPE_P(construct_array(items, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Where the name begins with, has a word that begins with, or contains what is wanted. */
static float4 contains(const char *key, int key_len, const char *wanted, int wanted_len)
{
	float4 best = 0;

	if (wanted_len == 0 || wanted_len > key_len)
		return 0;
	if (memcmp(key, wanted, wanted_len) == 0)
		return key_len == wanted_len ? 1.0f : 0.95f;
	for (int at = pg_mblen(key); at + wanted_len <= key_len; at += pg_mblen(key + at))
	{
		if (memcmp(key + at, wanted, wanted_len) != 0)
			continue;
		if (key[at - 1] == ' ')
			return 0.9f;
		best = 0.85f;
	}
	return best;
}

Datum bountygo_name_score(PG_FUNCTION_ARGS)
{
	const text *wanted = PG_GETARG_TEXT_PP(0);
	const text *key = PG_GETARG_TEXT_PP(1);
	float4 score = contains(VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key), VARDATA_ANY(wanted),
	                        VARSIZE_ANY_EXHDR(wanted));
	gram *a;
	gram *b;
	int n;
	int m;
	int shared = 0;

	if (score > 0)
		PG_RETURN_FLOAT4(score);
	n = grams_of(wanted, &a);
	m = grams_of(key, &b);
	for (int i = 0, j = 0; i < n && j < m;)
	{
		int order = compare(&a[i], &b[j]);

		shared += order == 0;
		i += order <= 0;
		j += order >= 0;
	}
	/* Most of what was asked for is there; how much else is there decides among equals. */
	if (n > 0 && 2 * shared >= n)
		score = 0.6f * shared / n + 0.2f * shared / Max(m, 1);
	PG_RETURN_FLOAT4(score);
}

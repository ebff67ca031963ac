/*
 * words.c
 *		parser.c for the server: the text search parser bountygo.words, and what the search functions in SQL need of words. There is no
 *		headline function: pairs of characters overlap, so a headline made of tokens would repeat text.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "tsearch/ts_public.h"
#include "tsearch/ts_utils.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "search/parser.h"

#define MAX_FORMS (1 + BG_SEARCH_MAX_WORD + BG_SEARCH_MAX_WORD * (BG_SEARCH_MAX_WORD - 1) / 2)

extern PGDLLEXPORT Datum bountygo_words_start(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_words_next(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_words_end(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_words_types(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_prefix_singles(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_word_forms(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bountygo_word_distance(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(bountygo_words_start);
PG_FUNCTION_INFO_V1(bountygo_words_next);
PG_FUNCTION_INFO_V1(bountygo_words_end);
PG_FUNCTION_INFO_V1(bountygo_words_types);
PG_FUNCTION_INFO_V1(bountygo_prefix_singles);
PG_FUNCTION_INFO_V1(bountygo_word_forms);
PG_FUNCTION_INFO_V1(bountygo_word_distance);

/* By kind. */
static const struct
{
	const char *alias;
	const char *description;
} types[BG_SEARCH_KINDS] = {
    {"word", "Word of ASCII letters"},
    {"foreign", "Word of other letters"},
    {"number", "Number"},
    {"mixed", "Word of letters and digits"},
    {"name", "Name with signs, as C++ or .NET"},
    {"compound", "Compound as a whole; its parts follow"},
    {"signed", "Word with its sign, as $SOL or @handle; the word follows"},
    {"pair", "Two neighbours of a script without spaces"},
    {"last", "The last character of such a run"},
    {"single", "Such a character alone"},
};

Datum bountygo_words_start(PG_FUNCTION_ARGS)
{
	char *text = (char *) PG_GETARG_POINTER(0);
	bg_search_parser *parser = palloc(sizeof(bg_search_parser));

	bg_search_parser_init(parser, text, PG_GETARG_INT32(1));
	PG_RETURN_POINTER(parser);
}

Datum bountygo_words_next(PG_FUNCTION_ARGS)
{
	bg_search_parser *parser = (bg_search_parser *) PG_GETARG_POINTER(0);
	char **text = (char **) PG_GETARG_POINTER(1);
	int *len = (int *) PG_GETARG_POINTER(2);
	bg_search_token token;

	while (bg_search_parser_next(parser, &token))
	{
		/* Where the server does not speak UTF-8, only what is the same in all its encodings is a word. */
		if (GetDatabaseEncoding() != PG_UTF8 && token.kind != BG_SEARCH_NUMBER)
		{
			size_t i = 0;

			while (i < token.len && !IS_HIGHBIT_SET(token.text[i]))
				i++;
			if (i < token.len)
				continue;
		}
		*text = unconstify(char *, token.text);
		*len = (int) token.len;
		PG_RETURN_INT32(token.kind);
	}
	*text = NULL;
	*len = 0;
	PG_RETURN_INT32(0);
}

Datum bountygo_words_end(PG_FUNCTION_ARGS)
{
	pfree(PG_GETARG_POINTER(0));
	PG_RETURN_VOID();
}

Datum bountygo_words_types(PG_FUNCTION_ARGS)
{
	LexDescr *list = palloc0((BG_SEARCH_KINDS + 1) * sizeof(LexDescr));

	for (int i = 0; i < BG_SEARCH_KINDS; i++)
	{
		list[i].lexid = i + 1;
		list[i].alias = pstrdup(types[i].alias);
		list[i].descr = pstrdup(types[i].description);
	}
	PG_RETURN_POINTER(list);
}

/* bountygo.prefix_singles(tsquery): a lone character of a dense script stands for all tokens that begin with it. */
Datum bountygo_prefix_singles(PG_FUNCTION_ARGS)
{
	TSQuery query = PG_GETARG_TSQUERY_COPY(0);
	QueryItem *items = GETQUERY(query);
	const char *operands = GETOPERAND(query);

	for (int i = 0; i < query->size; i++)
		if (items[i].type == QI_VAL &&
		    bg_search_is_single(operands + items[i].qoperand.distance, items[i].qoperand.length))
			items[i].qoperand.prefix = true;
	PG_RETURN_TSQUERY(query);
}

typedef struct collected
{
	Datum forms[MAX_FORMS];
	int n;
} collected;

static void collect(void *context, const char *form, size_t len)
{
	collected *to = context;

	if (to->n < MAX_FORMS)
		to->forms[to->n++] = PointerGetDatum(cstring_to_text_with_len(form, len));
}

/* bountygo.word_forms(word text, gaps integer) */
Datum bountygo_word_forms(PG_FUNCTION_ARGS)
{
	text *word = PG_GETARG_TEXT_PP(0);
	int gaps = PG_GETARG_INT32(1);
	collected *to = palloc0(sizeof(collected));

	bg_search_forms(VARDATA_ANY(word), VARSIZE_ANY_EXHDR(word), Min(Max(gaps, 0), 2), collect, to);
	PG_RETURN_ARRAYTYPE_P(construct_array(to->forms, to->n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* bountygo.word_distance(a text, b text, most integer) */
Datum bountygo_word_distance(PG_FUNCTION_ARGS)
{
	text *a = PG_GETARG_TEXT_PP(0);
	text *b = PG_GETARG_TEXT_PP(1);
	int most = PG_GETARG_INT32(2);

	PG_RETURN_INT32(bg_search_distance(VARDATA_ANY(a), VARSIZE_ANY_EXHDR(a), VARDATA_ANY(b),
	                                   VARSIZE_ANY_EXHDR(b),
	                                   Min(Max(most, 0), BG_SEARCH_MAX_WORD)));
}

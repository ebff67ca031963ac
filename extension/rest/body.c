/*
 * body.c
 *		Reads the JSON object of a request body with the server's own parser, and refuses what that parser lets pass: duplicate names,
 *		depth, control characters. Does not know the route or its types.
 */
#include "postgres.h"

#include "common/jsonapi.h"
#include "mb/pg_wchar.h"

#include "compat.h"
#include "errors.h"
#include "rest/rest.h"

typedef struct key
{
	char *name;
	int offset; /* of its value */
} key;

typedef struct level
{
	bool is_array;
	key *keys; /* of an object */
	int n_keys;
	int max_keys;
} level;

typedef struct reading
{
	const char *json;
	int len;
	JsonLexContext *lex;
	int depth;
	level levels[BG_REST_MAX_DEPTH + 1];
	bg_field *fields;
	int n_fields;
	int max_fields;
	int max_items;
	int start; /* of the field's value */
	int item_start;
} reading;

char *bg_pointer(const char *name)
{
	StringInfoData pointer;

	initStringInfo(&pointer);
	appendStringInfoChar(&pointer, '/');
	for (; *name != '\0'; name++)
	{
		if (*name == '~')
			appendStringInfoString(&pointer, "~0");
		else if (*name == '/')
			appendStringInfoString(&pointer, "~1");
		else
			appendStringInfoChar(&pointer, *name);
	}
	return pointer.data;
}

/*
 * The pointer of the value at an offset. What stands before it has been read without error, so this need not be strict. Names are
 * taken as written.
 */
static char *pointer_at(const char *json, int offset)
{
	StringInfoData pointer;
	struct
	{
		int index; /* of an array's element; -1: object */
		const char *name;
		int len;
	} path[BG_REST_MAX_DEPTH + 1];
	int depth = 0;
	bool in_value = false;

	for (int i = 0; i < offset; i++)
	{
		char c = json[i];

		if (c == '"')
		{
			int start = i + 1;

			while (++i < offset && json[i] != '"')
				if (json[i] == '\\')
					i++;
			if (i < offset && depth > 0 && path[depth - 1].index < 0 && !in_value)
			{
				path[depth - 1].name = json + start;
				path[depth - 1].len = i - start;
			}
		}
		else if ((c == '{' || c == '[') && depth <= BG_REST_MAX_DEPTH)
		{
			path[depth].index = c == '[' ? 0 : -1;
			path[depth].name = NULL;
			path[depth].len = 0;
			depth++;
			in_value = c == '[';
		}
		else if ((c == '}' || c == ']') && depth > 0)
		{
			depth--;
			in_value = true;
		}
		else if (c == ':')
			in_value = true;
		else if (c == ',' && depth > 0)
		{
			if (path[depth - 1].index >= 0)
				path[depth - 1].index++;
			else
			{
				in_value = false;
				path[depth - 1].name = NULL;
			}
		}
	}
	initStringInfo(&pointer);
	for (int i = 0; i < depth; i++)
	{
		if (path[i].index >= 0)
			appendStringInfo(&pointer, "/%d", path[i].index);
		else if (path[i].name != NULL && (in_value || i < depth - 1))
			appendStringInfoString(&pointer, bg_pointer(pnstrdup(path[i].name, path[i].len)));
	}
	return pointer.data;
}

static int token_offset(const reading *state)
{
	return state->lex->token_start == NULL ? state->len
	                                       : (int) (state->lex->token_start - state->json);
}

static void not_an_object(void)
{
	bg_error_invalid("", "The body must be a JSON object.", NULL);
}

static void check_text(reading *state, const char *text, int offset)
{
	for (; *text != '\0'; text++)
		if ((unsigned char) *text < ' ' && *text != '\n' && *text != '\t' &&
		    !(*text == '\r' && text[1] == '\n'))
			bg_error_invalid(pointer_at(state->json, offset),
			                 "This must not hold control characters other than line feed and tab.",
			                 NULL);
}

static bg_value_kind kind_of(JsonTokenType token)
{
	switch (token)
	{
		case JSON_TOKEN_OBJECT_START:
			return BG_VALUE_OBJECT;
		case JSON_TOKEN_ARRAY_START:
			return BG_VALUE_ARRAY;
		case JSON_TOKEN_STRING:
			return BG_VALUE_STRING;
		case JSON_TOKEN_NUMBER:
			return BG_VALUE_NUMBER;
		case JSON_TOKEN_TRUE:
			return BG_VALUE_TRUE;
		case JSON_TOKEN_FALSE:
			return BG_VALUE_FALSE;
		default:
			return BG_VALUE_NULL;
	}
}

static void enter(reading *state, bool is_array)
{
	level *inner;

	if (state->depth == 0 && is_array)
		not_an_object();
	if (state->depth >= BG_REST_MAX_DEPTH)
		bg_error_invalid(pointer_at(state->json, token_offset(state)),
		                 "The body must not be nested deeper than 32 levels.", NULL);
	inner = &state->levels[++state->depth];
	inner->is_array = is_array;
	inner->n_keys = 0;
}

static BG_JSON_ACTION object_start(void *arg)
{
	enter(arg, false);
	BG_JSON_ACTION_DONE;
}

static BG_JSON_ACTION array_start(void *arg)
{
	enter(arg, true);
	BG_JSON_ACTION_DONE;
}

static int compare_keys(const void *a, const void *b)
{
	const key *left = a;
	const key *right = b;
	int order = strcmp(left->name, right->name);

	return order != 0 ? order : left->offset - right->offset;
}

/* Sorted at the object's end: linear memory, and no quadratic search for an attacker to ask for. */
static BG_JSON_ACTION object_end(void *arg)
{
	reading *state = arg;
	level *inner = &state->levels[state->depth--];

	qsort(inner->keys, inner->n_keys, sizeof(key), compare_keys);
	for (int i = 1; i < inner->n_keys; i++)
		if (strcmp(inner->keys[i - 1].name, inner->keys[i].name) == 0)
			bg_error_invalid(pointer_at(state->json, inner->keys[i].offset),
			                 "This name stands twice in its object.", NULL);
	BG_JSON_ACTION_DONE;
}

static BG_JSON_ACTION array_end(void *arg)
{
	((reading *) arg)->depth--;
	BG_JSON_ACTION_DONE;
}

static BG_JSON_ACTION object_field_start(void *arg, char *name, bool is_null)
{
	reading *state = arg;
	level *inner = &state->levels[state->depth];
	bg_field *field;

	check_text(state, name, token_offset(state));
	if (inner->n_keys == inner->max_keys)
	{
		inner->max_keys = inner->max_keys == 0 ? 16 : inner->max_keys * 2;
		inner->keys = inner->keys == NULL ? palloc(inner->max_keys * sizeof(key))
		                                  : repalloc(inner->keys, inner->max_keys * sizeof(key));
	}
	inner->keys[inner->n_keys].name = name;
	inner->keys[inner->n_keys++].offset = token_offset(state);
	if (state->depth == 1)
	{
		if (state->n_fields == state->max_fields)
		{
			state->max_fields = state->max_fields == 0 ? 16 : state->max_fields * 2;
			state->fields = state->fields == NULL
			                    ? palloc(state->max_fields * sizeof(bg_field))
			                    : repalloc(state->fields, state->max_fields * sizeof(bg_field));
		}
		field = &state->fields[state->n_fields++];
		memset(field, 0, sizeof(*field));
		field->name = name;
		field->value.kind = kind_of(state->lex->token_type);
		state->max_items = 0;
		state->start = token_offset(state);
	}
	BG_JSON_ACTION_DONE;
}

static const char *slice(const reading *state, int start)
{
	return pnstrdup(state->json + start, state->lex->prev_token_terminator - (state->json + start));
}

static BG_JSON_ACTION object_field_end(void *arg, char *name, bool is_null)
{
	reading *state = arg;
	bg_value *value;

	if (state->depth == 1)
	{
		value = &state->fields[state->n_fields - 1].value;
		if (value->kind == BG_VALUE_OBJECT || value->kind == BG_VALUE_ARRAY)
			value->text = slice(state, state->start);
	}
	BG_JSON_ACTION_DONE;
}

static bool in_top_array(const reading *state)
{
	return state->depth == 2 && state->levels[2].is_array;
}

static BG_JSON_ACTION element_start(void *arg, bool is_null)
{
	reading *state = arg;
	bg_value *array;

	if (in_top_array(state))
	{
		array = &state->fields[state->n_fields - 1].value;
		if (array->n_items == state->max_items)
		{
			state->max_items = state->max_items == 0 ? 16 : state->max_items * 2;
			array->items = array->items == NULL
			                   ? palloc(state->max_items * sizeof(bg_value))
			                   : repalloc(array->items, state->max_items * sizeof(bg_value));
		}
		memset(&array->items[array->n_items], 0, sizeof(bg_value));
		array->items[array->n_items++].kind = kind_of(state->lex->token_type);
		state->item_start = token_offset(state);
	}
	BG_JSON_ACTION_DONE;
}

static BG_JSON_ACTION element_end(void *arg, bool is_null)
{
	reading *state = arg;
	bg_value *array;
	bg_value *item;

	if (in_top_array(state))
	{
		array = &state->fields[state->n_fields - 1].value;
		item = &array->items[array->n_items - 1];
		if (item->kind == BG_VALUE_OBJECT || item->kind == BG_VALUE_ARRAY)
			item->text = slice(state, state->item_start);
	}
	BG_JSON_ACTION_DONE;
}

static BG_JSON_ACTION scalar(void *arg, char *text, JsonTokenType type)
{
	reading *state = arg;
	bg_value *value;

	if (state->depth == 0)
		not_an_object();
	if (type == JSON_TOKEN_STRING)
		check_text(state, text, (int) (state->lex->prev_token_terminator - state->json) - 1);
	if (state->depth == 1)
		state->fields[state->n_fields - 1].value.text = text;
	else if (in_top_array(state))
	{
		value = &state->fields[state->n_fields - 1].value;
		value->items[value->n_items - 1].text = text;
	}
	BG_JSON_ACTION_DONE;
}

static void refuse_json(const char *pointer, const char *detail)
{
	bg_error_at(ERRCODE_BG_BAD_REQUEST, "the body is not valid JSON", pointer, detail, NULL);
}

static void refuse_syntax(const reading *state, JsonParseErrorType error)
{
	int offset = token_offset(state);

	switch (error)
	{
		case JSON_UNICODE_CODE_POINT_ZERO:
			bg_error_invalid(pointer_at(state->json, offset), "This must not hold \\u0000.", NULL);
			break;
		case JSON_UNICODE_HIGH_SURROGATE:
		case JSON_UNICODE_LOW_SURROGATE:
			bg_error_invalid(pointer_at(state->json, offset),
			                 "This holds half of a surrogate pair, which is no character.",
			                 "Write characters beyond U+FFFF as two escapes, or as UTF-8.");
			break;
		default:
			if (error == JSON_EXPECTED_MORE || offset >= state->len)
				refuse_json("", "The body ends too early.");
			refuse_json(pointer_at(state->json, offset),
			            psprintf("What stands at character %d is not allowed there.",
			                     pg_mbstrlen_with_len(state->json, offset) + 1));
	}
}

int bg_body_parse(const char *json, int len, bg_field **fields)
{
	reading *state = palloc0(sizeof(reading));
	JsonSemAction actions = {
	    .semstate = state,
	    .object_start = object_start,
	    .object_end = object_end,
	    .array_start = array_start,
	    .array_end = array_end,
	    .object_field_start = object_field_start,
	    .object_field_end = object_field_end,
	    .array_element_start = element_start,
	    .array_element_end = element_end,
	    .scalar = scalar,
	};
	JsonParseErrorType error;

	state->json = json;
	state->len = len;
	state->lex = bg_json_lex(json, len);
	error = pg_parse_json(state->lex, &actions);
	if (error != JSON_SUCCESS)
		refuse_syntax(state, error);
	*fields = state->fields;
	return state->n_fields;
}

/*
 * convert.c
 *		From a value as sent to a datum of an argument's type, refusing what PostgreSQL's input functions are too kind to: NaN,
 *		infinities, fractions for integers, "tomorrow" for a time, "yes" for a boolean, strings for numbers.
 *
 * An error of an input function itself is caught only to be raised again as UB422, so no subtransaction is needed: the transaction
 * ends either way.
 */
#include "postgres.h"

#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "errors.h"
#include "rest/rest.h"

#define MAX_PROBLEMS 20
#define MAX_NUMBER 100 /* characters */
#define MAX_EXPONENT 99

void bg_problem_add(bg_problems *problems, const char *pointer, const char *hint,
                    const char *detail, ...)
{
	va_list args;
	StringInfoData text;

	if (problems->count++ >= MAX_PROBLEMS)
		return;
	if (problems->count == 1)
		initStringInfo(&problems->list);
	initStringInfo(&text);
	for (;;)
	{
		int needed;

		va_start(args, detail);
		needed = appendStringInfoVA(&text, detail, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&text, needed);
	}
	appendStringInfoString(&problems->list, problems->count == 1 ? "[" : ", ");
	appendStringInfoString(&problems->list, "{\"pointer\": ");
	escape_json(&problems->list, pointer);
	appendStringInfoString(&problems->list, ", \"detail\": ");
	escape_json(&problems->list, text.data);
	appendStringInfoChar(&problems->list, '}');
	if (problems->hint == NULL && hint != NULL)
		problems->hint = pstrdup(hint);
}

void bg_problems_raise(bg_problems *problems)
{
	if (problems->count == 0)
		return;
	appendStringInfoChar(&problems->list, ']');
	ereport(ERROR, (errcode(ERRCODE_BG_INVALID), errmsg("the request is not valid"),
	                errdetail_internal("%s", problems->list.data),
	                problems->hint != NULL ? errhint("%s", problems->hint) : 0));
}

static bg_type_class class_of(Oid type)
{
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return BG_TYPE_INTEGER;
		case NUMERICOID:
		case FLOAT4OID:
		case FLOAT8OID:
			return BG_TYPE_NUMBER;
		case BOOLOID:
			return BG_TYPE_BOOLEAN;
		case TEXTOID:
		case VARCHAROID:
			return BG_TYPE_TEXT;
		case TIMESTAMPTZOID:
			return BG_TYPE_TIME;
		case DATEOID:
			return BG_TYPE_DATE;
		case JSONOID:
		case JSONBOID:
			return BG_TYPE_JSON;
		case UUIDOID:
		case INETOID:
		case INTERVALOID:
			return BG_TYPE_OTHER;
		default:
			return type_is_enum(type) ? BG_TYPE_ENUM : BG_TYPE_NONE;
	}
}

bool bg_argument_fill(bg_argument *argument, MemoryContext context)
{
	Oid element = get_element_type(argument->type);
	Oid function;

	argument->is_array = OidIsValid(element);
	argument->element = argument->is_array ? element : argument->type;
	argument->base = getBaseType(argument->element);
	argument->class = class_of(argument->base);
	getTypeInputInfo(argument->element, &function, &argument->io_param);
	fmgr_info_cxt(function, &argument->input, context);
	get_typlenbyvalalign(argument->element, &argument->length, &argument->by_value,
	                     &argument->align);
	return argument->class != BG_TYPE_NONE;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* JSON's grammar of an integer: no plus sign, no leading zero, nothing else. */
static bool is_integer(const char *text)
{
	if (*text == '-')
		text++;
	if (!is_digit(*text) || (*text == '0' && text[1] != '\0'))
		return false;
	while (is_digit(*text))
		text++;
	return *text == '\0';
}

/* JSON's grammar of a number, with bounds that keep a short text from becoming a very long number. */
static bool is_number(const char *text)
{
	int exponent = 0;

	if (strlen(text) > MAX_NUMBER)
		return false;
	if (*text == '-')
		text++;
	if (!is_digit(*text) || (*text == '0' && is_digit(text[1])))
		return false;
	while (is_digit(*text))
		text++;
	if (*text == '.')
	{
		if (!is_digit(*++text))
			return false;
		while (is_digit(*text))
			text++;
	}
	if (*text == 'e' || *text == 'E')
	{
		text++;
		if (*text == '+' || *text == '-')
			text++;
		if (!is_digit(*text))
			return false;
		while (is_digit(*text) && exponent <= MAX_EXPONENT)
			exponent = exponent * 10 + (*text++ - '0');
		if (exponent > MAX_EXPONENT)
			return false;
	}
	return *text == '\0';
}

/* "d" stands for a digit. Returns what follows the pattern, or NULL. */
static const char *match(const char *text, const char *pattern)
{
	for (; *pattern != '\0'; pattern++, text++)
		if (*pattern == 'd' ? !is_digit(*text) : *text != *pattern)
			return NULL;
	return text;
}

static int two(const char *digits)
{
	return (digits[0] - '0') * 10 + (digits[1] - '0');
}

static bool is_date(const char *text)
{
	const char *end = match(text, "dddd-dd-dd");

	return end != NULL && *end == '\0';
}

/* RFC 3339, section 5.6: a date, a time and an offset, all of them. */
static bool is_time(const char *text)
{
	const char *rest = match(text, "dddd-dd-dd");

	if (rest == NULL || (*rest != 'T' && *rest != 't') || match(rest + 1, "dd:dd:dd") == NULL ||
	    two(rest + 1) > 23 || two(rest + 4) > 59 || two(rest + 7) > 59)
		return false;
	rest += 9;
	if (*rest == '.')
	{
		const char *start = ++rest;

		while (is_digit(*rest))
			rest++;
		if (rest == start || rest - start > 9)
			return false;
	}
	if (*rest == 'Z' || *rest == 'z')
		return rest[1] == '\0';
	if ((*rest != '+' && *rest != '-') || match(rest + 1, "dd:dd") == NULL || two(rest + 1) > 23 ||
	    two(rest + 4) > 59)
		return false;
	return rest[6] == '\0';
}

static bool has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char) *text < ' ' && *text != '\n' && *text != '\t' &&
		    !(*text == '\r' && text[1] == '\n'))
			return true;
	return false;
}

/* Line ends of forms and of some systems become the ones that stored text has. */
static Datum make_text(const char *string)
{
	size_t len = strlen(string);
	text *result = palloc(VARHDRSZ + len);
	char *out = VARDATA(result);

	for (const char *in = string; *in != '\0'; in++)
		if (*in != '\r')
			*out++ = *in;
	SET_VARSIZE(result, out - (char *) result);
	return PointerGetDatum(result);
}

static char *enum_labels(Oid type)
{
	CatCList *list = SearchSysCacheList1(ENUMTYPOIDNAME, ObjectIdGetDatum(type));
	int n = list->n_members;
	Form_pg_enum *entries = palloc(n * sizeof(Form_pg_enum));
	StringInfoData labels;

	/* A handful of labels: insertion by their order in the type. */
	for (int i = 0; i < n; i++)
	{
		Form_pg_enum entry = (Form_pg_enum) GETSTRUCT(&list->members[i]->tuple);
		int at = i;

		for (; at > 0 && entries[at - 1]->enumsortorder > entry->enumsortorder; at--)
			entries[at] = entries[at - 1];
		entries[at] = entry;
	}
	initStringInfo(&labels);
	for (int i = 0; i < n; i++)
		appendStringInfo(&labels, "%s%s", i == 0 ? "" : ", ", NameStr(entries[i]->enumlabel));
	ReleaseSysCacheList(list);
	return labels.data;
}

static const char *type_in_words(const bg_argument *argument)
{
	switch (argument->class)
	{
		case BG_TYPE_INTEGER:
			switch (argument->base)
			{
				case INT2OID:
					return "an integer from -32768 to 32767";
				case INT4OID:
					return "an integer from -2147483648 to 2147483647";
				default:
					return "an integer from -9223372036854775808 to 9223372036854775807";
			}
		case BG_TYPE_NUMBER:
			return "a number of at most 100 characters and an exponent of at most 99";
		case BG_TYPE_BOOLEAN:
			return "true or false";
		case BG_TYPE_TEXT:
			return "a string";
		case BG_TYPE_TIME:
			return "a time with zone like 2026-10-04T23:59:00Z";
		case BG_TYPE_DATE:
			return "a date like 2026-10-04";
		case BG_TYPE_ENUM:
			return psprintf("one of %s", enum_labels(argument->base));
		case BG_TYPE_JSON:
			return "given in the body";
		default:
			return psprintf("a string that holds a value of type %s",
			                format_type_be(argument->base));
	}
}

/* Whether a value is of the kind and spelling that the class takes. */
static bool is_acceptable(const bg_argument *argument, const bg_value *value)
{
	bool is_word = value->kind == BG_VALUE_WORD;
	bool is_string = is_word || value->kind == BG_VALUE_STRING;
	const char *text = value->text;

	switch (argument->class)
	{
		case BG_TYPE_INTEGER:
			return (is_word || value->kind == BG_VALUE_NUMBER) && is_integer(text);
		case BG_TYPE_NUMBER:
			return (is_word || value->kind == BG_VALUE_NUMBER) && is_number(text);
		case BG_TYPE_BOOLEAN:
			if (is_word)
				return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
			return value->kind == BG_VALUE_TRUE || value->kind == BG_VALUE_FALSE;
		case BG_TYPE_TIME:
			return is_string && is_time(text);
		case BG_TYPE_DATE:
			return is_string && is_date(text);
		case BG_TYPE_JSON:
			return !is_word;
		case BG_TYPE_TEXT:
		case BG_TYPE_ENUM:
		default:
			return is_string;
	}
}

static Datum call_input(bg_argument *argument, char *text, const char *pointer,
                        bg_problems *problems)
{
	MemoryContext before = CurrentMemoryContext;
	Datum result = (Datum) 0;

	PG_TRY();
	{
		result = InputFunctionCall(&argument->input, text, argument->io_param, -1);
	}
	PG_CATCH();
	{
		ErrorData *error;
		int category;

		MemoryContextSwitchTo(before);
		error = CopyErrorData();
		category = ERRCODE_TO_CATEGORY(error->sqlerrcode);
		/* Cancellation, lack of memory and the like are not the caller's fault. */
		if (category != ERRCODE_DATA_EXCEPTION &&
		    category != ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION &&
		    category != ERRCODE_PROGRAM_LIMIT_EXCEEDED)
			PG_RE_THROW();
		FlushErrorState();
		if (category == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION)
			bg_problem_add(problems, pointer, NULL, "This is not allowed by its type, %s.",
			               format_type_be(argument->element));
		else
			bg_problem_add(problems, pointer, NULL, "This must be %s.", type_in_words(argument));
		bg_problems_raise(problems);
	}
	PG_END_TRY();
	return result;
}

static bool convert_one(bg_argument *argument, const bg_value *value, const char *pointer,
                        bg_problems *problems, Datum *result)
{
	char *string = (char *) value->text;
	bool is_domain =
	    argument->element != argument->base; /* whose checks are in its input function */

	if (!is_acceptable(argument, value))
	{
		bg_problem_add(problems, pointer, NULL, "This must be %s.", type_in_words(argument));
		return false;
	}
	switch (argument->class)
	{
		case BG_TYPE_BOOLEAN:
			if (is_domain)
				break;
			*result = BoolGetDatum(string[0] == 't');
			return true;
		case BG_TYPE_JSON:
			if (value->kind == BG_VALUE_STRING)
			{
				StringInfoData quoted;

				initStringInfo(&quoted);
				escape_json(&quoted, string);
				string = quoted.data;
			}
			break;
		case BG_TYPE_TEXT:
		case BG_TYPE_OTHER:
			if (has_control(string))
			{
				bg_problem_add(
				    problems, pointer, NULL,
				    "This must not hold control characters other than line feed and tab.");
				return false;
			}
			if (argument->class == BG_TYPE_TEXT)
			{
				*result = make_text(string);
				if (!is_domain)
					return true;
				string = TextDatumGetCString(*result);
			}
			break;
		default:
			break;
	}
	*result = call_input(argument, string, pointer, problems);
	return true;
}

static bool convert_array(bg_argument *argument, const bg_value *value, const char *pointer,
                          bg_problems *problems, Datum *result)
{
	/* A parameter given once is an array of one. */
	const bg_value *items = value->kind == BG_VALUE_ARRAY ? value->items : value;
	int n = value->kind == BG_VALUE_ARRAY ? value->n_items : 1;
	Datum *elements;
	bool ok = true;

	if (value->kind != BG_VALUE_ARRAY && value->kind != BG_VALUE_WORD)
	{
		bg_problem_add(problems, pointer, NULL, "This must be an array, each element %s.",
		               type_in_words(argument));
		return false;
	}
	elements = palloc(Max(n, 1) * sizeof(Datum));
	for (int i = 0; i < n; i++)
	{
		const char *place = pointer[0] == '/' ? psprintf("%s/%d", pointer, i) : pointer;

		if (items[i].kind == BG_VALUE_NULL)
		{
			bg_problem_add(problems, place, NULL, "This must not be null.");
			ok = false;
		}
		else if (!convert_one(argument, &items[i], place, problems, &elements[i]))
			ok = false;
	}
	if (ok)
		*result = PointerGetDatum(construct_array(elements, n, argument->element, argument->length,
		                                          argument->by_value, argument->align));
	return ok;
}

bool bg_convert(bg_argument *argument, const bg_value *value, const char *pointer,
                bg_problems *problems, Datum *result, bool *is_null)
{
	*is_null = value->kind == BG_VALUE_NULL;
	*result = (Datum) 0;
	if (*is_null)
		return true;
	if (argument->is_array)
		return convert_array(argument, value, pointer, problems, result);
	return convert_one(argument, value, pointer, problems, result);
}

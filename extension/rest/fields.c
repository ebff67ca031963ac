/*
 * fields.c
 *		?fields=: which members of the answer the caller wants. Names are checked against the schema of the route's answer if there is
 *		one, else against the answer itself; a list is trimmed item by item.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "errors.h"
#include "rest/rest.h"

#define MAX_FIELDS 50
#define MAX_DEPTH 8
#define MAX_LENGTH 200 /* bytes of a dotted name */

static const char *const pointer = "?fields";

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* The names in the schema of the route's answer, read once per backend. */
static void load_known(bg_route *route)
{
	Datum argument = CStringGetTextDatum(route->answer);
	Oid type = TEXTOID;
	bool is_null = true;
	Datum list = (Datum) 0;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute_with_args("SELECT bountygo.answer_fields($1)", 1, &type, &argument, NULL, true,
	                          1) != SPI_OK_SELECT)
		elog(ERROR, "could not read the schema of an answer");
	if (SPI_processed == 1)
		list = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
	if (!is_null)
	{
		Datum *names;
		bool *nulls;
		int n;
		char **known;

		deconstruct_array(DatumGetArrayTypeP(list), TEXTOID, -1, false, TYPALIGN_INT, &names,
		                  &nulls, &n);
		known = MemoryContextAlloc(route->context, Max(n, 1) * sizeof(char *));
		for (int i = 0; i < n; i++)
			known[i] = MemoryContextStrdup(route->context, TextDatumGetCString(names[i]));
		qsort(known, n, sizeof(char *), compare_names);
		route->fields = known;
		route->n_fields = n;
		route->has_fields = true;
	}
	SPI_finish();
	route->knows_fields = true;
}

static bool is_known(const bg_route *route, const char *name)
{
	return bsearch(&name, route->fields, route->n_fields, sizeof(char *), compare_names) != NULL;
}

/* Also what stands in a member that may hold anything. */
static bool is_allowed(const bg_route *route, const char *name)
{
	if (is_known(route, name) || is_known(route, "*"))
		return true;
	for (const char *dot = strchr(name, '.'); dot != NULL; dot = strchr(dot + 1, '.'))
		if (is_known(route, psprintf("%s.*", pnstrdup(name, dot - name))))
			return true;
	return false;
}

/* Lists keep their frame: what is trimmed are their items. */
static bool is_frame(const bg_route *route, const char *name)
{
	size_t n = route->answer == NULL ? 0 : strlen(route->answer);

	return (route->cursor_argument >= 0 || (n > 4 && strcmp(route->answer + n - 4, "List") == 0)) &&
	       (strcmp(name, "items") == 0 || strncmp(name, "items.", 6) == 0 ||
	        strcmp(name, "next") == 0);
}

static void unknown_field(bg_call *call, const char *name, const char *nearest)
{
	if (is_frame(call->route, name))
	{
		bg_problem_add(&call->problems, pointer, "Name members of the items, such as \"id\".",
		               "\"%s\" is there anyway.", bg_shorten(name));
		return;
	}
	bg_problem_add(&call->problems, pointer,
	               nearest == NULL ? NULL : psprintf("Did you mean \"%s\"?", nearest),
	               "\"%s\" is not a member of the answer.", bg_shorten(name));
}

static void check_known(bg_call *call, const char *name)
{
	bg_nearest nearest;

	if (is_allowed(call->route, name))
		return;
	bg_nearest_start(&nearest, name);
	for (int i = 0; i < call->route->n_fields; i++)
		if (strchr(call->route->fields[i], '*') == NULL)
			bg_nearest_try(&nearest, call->route->fields[i]);
	unknown_field(call, name, nearest.best);
}

/* False if a part of the name is empty or there are too many. */
static bool add_pick(bg_pick **list, char *name)
{
	bg_pick *pick = NULL;

	for (int depth = 0; name != NULL; depth++)
	{
		char *dot = strchr(name, '.');

		if (dot != NULL)
			*dot = '\0';
		if (name[0] == '\0' || depth == MAX_DEPTH)
			return false;
		while (*list != NULL && strcmp((*list)->name, name) != 0)
			list = &(*list)->next;
		pick = *list;
		if (pick == NULL)
		{
			pick = *list = palloc0(sizeof(bg_pick));
			pick->name = name;
		}
		list = &pick->inner;
		name = dot == NULL ? NULL : dot + 1;
	}
	pick->whole = true;
	return true;
}

void bg_fields_read(bg_call *call)
{
	char *name = pstrdup(call->fields);
	int n = 0;

	if (call->route->answer != NULL && !call->route->knows_fields)
		load_known(call->route);
	while (name != NULL)
	{
		char *comma = strchr(name, ',');

		if (comma != NULL)
			*comma = '\0';
		if (++n > MAX_FIELDS)
		{
			bg_problem_add(&call->problems, pointer, NULL, "This must not hold more than %d names.",
			               MAX_FIELDS);
			return;
		}
		if (strlen(name) > MAX_LENGTH || !add_pick(&call->pick, pstrdup(name)))
		{
			bg_problem_add(&call->problems, pointer, NULL,
			               "This must be names of the answer's members, separated by commas; a "
			               "member of a member as \"reward.amount\".");
			return;
		}
		if (call->route->has_fields)
			check_known(call, name);
		name = comma == NULL ? NULL : comma + 1;
	}
}

static const bg_pick *find_pick(const bg_pick *list, const JsonbValue *key)
{
	for (; list != NULL; list = list->next)
		if ((int) strlen(list->name) == key->val.string.len &&
		    memcmp(list->name, key->val.string.val, key->val.string.len) == 0)
			return list;
	return NULL;
}

/* Arrays are trimmed element by element; what has no members stays as it is. */
static JsonbValue *trim(JsonbParseState **state, JsonbContainer *container, const bg_pick *pick)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue value;
	JsonbValue *result = NULL;
	const bg_pick *picked = NULL;

	check_stack_depth();
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			picked = find_pick(pick, &value);
			if (picked != NULL)
				result = pushJsonbValue(state, WJB_KEY, &value);
		}
		else if (token == WJB_VALUE && picked == NULL)
			continue;
		else if ((token == WJB_VALUE && !picked->whole) || token == WJB_ELEM)
		{
			if (value.type == jbvBinary)
				result =
				    trim(state, value.val.binary.data, token == WJB_ELEM ? pick : picked->inner);
			else
				result = pushJsonbValue(state, token, &value);
		}
		else
			result = pushJsonbValue(state, token,
			                        token == WJB_VALUE ||
			                                (token == WJB_BEGIN_ARRAY && value.val.array.rawScalar)
			                            ? &value
			                            : NULL);
	}
	return result;
}

static JsonbContainer *items_of(Jsonb *json)
{
	JsonbValue *items;

	if (!JB_ROOT_IS_OBJECT(json))
		return NULL;
	items = getKeyJsonValueFromContainer(&json->root, "items", strlen("items"), NULL);
	if (items == NULL || items->type != jbvBinary || !JsonContainerIsArray(items->val.binary.data))
		return NULL;
	return items->val.binary.data;
}

static bool has_member(JsonbContainer *container, const char *name)
{
	return JsonContainerIsObject(container) &&
	       getKeyJsonValueFromContainer(container, name, strlen(name), NULL) != NULL;
}

static void try_members(bg_nearest *nearest, JsonbContainer *container)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue value;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_KEY)
			bg_nearest_try(nearest, pnstrdup(value.val.string.val, value.val.string.len));
}

/* Without a schema the answer is all there is to tell what has been mistyped. A list without items tells nothing. */
static void check_present(bg_call *call, Jsonb *json, JsonbContainer *items)
{
	int n = items == NULL ? 1 : JsonContainerSize(items);

	for (const bg_pick *pick = call->pick; pick != NULL && n > 0; pick = pick->next)
	{
		bg_nearest nearest;
		bool found = false;

		bg_nearest_start(&nearest, pick->name);
		for (int i = 0; i < n && !found; i++)
		{
			JsonbValue *item = items == NULL ? NULL : getIthJsonbValueFromContainer(items, i);
			JsonbContainer *container = items == NULL             ? &json->root
			                            : item->type == jbvBinary ? item->val.binary.data
			                                                      : NULL;

			if (container == NULL || !JsonContainerIsObject(container))
				continue;
			found = has_member(container, pick->name);
			if (!found)
				try_members(&nearest, container);
		}
		if (!found)
			unknown_field(call, pick->name, nearest.best);
	}
	bg_problems_raise(&call->problems);
}

Jsonb *bg_fields_trim(bg_call *call, Jsonb *json)
{
	JsonbContainer *items = items_of(json);
	JsonbParseState *state = NULL;
	const bg_pick *pick = call->pick;

	if (!call->route->has_fields)
		check_present(call, json, items);
	if (JB_ROOT_IS_SCALAR(json))
		return json;
	if (items != NULL)
	{
		/* Every other member of a list stays: where it goes on, how many there are. */
		JsonbIterator *iterator = JsonbIteratorInit(&json->root);
		JsonbIteratorToken token;
		JsonbValue value;
		bg_pick *list = NULL;

		while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
			if (token == WJB_KEY)
			{
				bg_pick *one = palloc0(sizeof(bg_pick));

				one->name = pnstrdup(value.val.string.val, value.val.string.len);
				one->whole = strcmp(one->name, "items") != 0;
				one->inner = one->whole ? NULL : call->pick;
				one->next = list;
				list = one;
			}
		pick = list;
	}
	return JsonbValueToJsonb(trim(&state, &json->root, pick));
}

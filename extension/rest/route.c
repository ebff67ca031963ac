/*
 * route.c
 *		What a route is and how its function is called: read once per backend, kept until the routes table or a function changes.
 *
 * Plans: one per route and set of given arguments, so that defaults fold into them, generic, and bounded in number. The function
 * stands in FROM with named arguments; that is what lets LANGUAGE sql STABLE functions be inlined.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/async.h"
#include "commands/trigger.h"
#include "funcapi.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "errors.h"
#include "rest/rest.h"

#define MAX_PLANS 256 /* in all */

/* In this backend's memory; the callbacks only raise the generation, since they may run in the middle of a call. */
static HTAB *routes = NULL;
static uint64 generation = 1;
static Oid routes_relid = InvalidOid;
static int n_plans = 0;
static uint64 calls = 0;

extern PGDLLEXPORT Datum bountygo_routes_changed(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(bountygo_routes_changed);

static void relation_changed(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == routes_relid)
		generation++;
}

static void function_changed(Datum arg, int cache, uint32 hash)
{
	generation++;
}

static void start_cache(void)
{
	HASHCTL control = {.keysize = sizeof(int32), .entrysize = sizeof(bg_route)};

	routes = hash_create("bountygo routes", 64, &control, HASH_ELEM | HASH_BLOBS);
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(PROCOID, function_changed, (Datum) 0);
}

static void forget(bg_route *route)
{
	for (int i = 0; i < route->n_plans; i++)
		SPI_freeplan(route->plans[i].plan);
	n_plans -= route->n_plans;
	route->n_plans = 0;
	if (route->context != NULL)
		MemoryContextDelete(route->context);
	route->context = NULL;
}

static char *column(HeapTuple row, TupleDesc shape, const char *name)
{
	int number = SPI_fnumber(shape, name);
	bool is_null;
	Datum value;
	Oid output;
	bool is_varlena;

	if (number <= 0)
		elog(ERROR, "table routes has no column %s", name);
	value = heap_getattr(row, number, shape, &is_null);
	if (is_null)
		return NULL;
	getTypeOutputInfo(TupleDescAttr(shape, number - 1)->atttypid, &output, &is_varlena);
	return OidOutputFunctionCall(output, value);
}

/* "/tasks/{id}/evidence": the names in braces. */
static void read_path(bg_route *route, const char *path)
{
	const char *open;

	route->path = palloc(strlen(path) * sizeof(char *));
	while ((open = strchr(path, '{')) != NULL && (path = strchr(open, '}')) != NULL)
		route->path[route->n_path++] = pnstrdup(open + 1, path - open - 1);
}

/* What else there is under the same path. */
static void read_siblings(bg_route *route, Relation table)
{
	TupleDesc shape = RelationGetDescr(table);
	SysScanDesc scan;
	ScanKeyData which;
	HeapTuple row;

	ScanKeyInit(&which, get_attnum(RelationGetRelid(table), "path"), BTEqualStrategyNumber,
	            F_TEXTEQ, CStringGetTextDatum(route->path_template));
	scan = systable_beginscan(table, InvalidOid, false, GetActiveSnapshot(), 1, &which);
	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		char *method = column(row, shape, "method");

		if (strcmp(method, "GET") == 0)
			route->get_id = pg_strtoint32(column(row, shape, "id"));
		else if (strcmp(method, "POST") != 0)
			route->is_written = true;
	}
	systable_endscan(scan);
}

/* False if there is no such route. Reads past row-level security, as the caller needs no right to the table. */
static bool read_row(bg_route *route)
{
	Relation table;
	SysScanDesc scan;
	ScanKeyData which;
	HeapTuple row;
	bool found;

	routes_relid = get_relname_relid("routes", get_namespace_oid("bountygo", false));
	if (!OidIsValid(routes_relid))
		ereport(ERROR, (errcode(ERRCODE_BG_UNAVAILABLE), errmsg("this database is not set up yet"),
		                errhint("A superuser runs SELECT bountygo.init().")));
	table = table_open(routes_relid, AccessShareLock);
	ScanKeyInit(&which, get_attnum(routes_relid, "id"), BTEqualStrategyNumber, F_INT4EQ,
	            Int32GetDatum(route->id));
	scan = systable_beginscan(table, RelationGetPrimaryKeyIndex(table), true, GetActiveSnapshot(),
	                          1, &which);
	row = systable_getnext(scan);
	found = HeapTupleIsValid(row);
	if (found)
	{
		TupleDesc shape = RelationGetDescr(table);
		char *auth = column(row, shape, "auth");

		char *code = column(row, shape, "null_code");

		route->method = column(row, shape, "method");
		route->is_get = strcmp(route->method, "GET") == 0;
		route->is_post = strcmp(route->method, "POST") == 0;
		route->function = column(row, shape, "function");
		route->reads_token = strcmp(auth, "none") != 0;
		route->is_open = !route->reads_token || strcmp(auth, "optional") == 0;
		route->scope = column(row, shape, "scope");
		route->least = strcmp(auth, "user") == 0        ? BG_ROLE_USER
		               : strcmp(auth, "moderator") == 0 ? BG_ROLE_MODERATOR
		               : strcmp(auth, "admin") == 0     ? BG_ROLE_ADMIN
		                                                : BG_ROLE_NONE;
		route->status = pg_strtoint16(column(row, shape, "success_status"));
		route->location = column(row, shape, "location");
		route->is_async = strcmp(column(row, shape, "is_async"), "t") == 0;
		route->answer = column(row, shape, "answer");
		route->content_type = column(row, shape, "content_type");
		if (strcmp(route->content_type, "application/json") == 0)
			route->content_type = NULL;
		route->is_secret = strcmp(column(row, shape, "is_secret"), "t") == 0;
		/* "UB401" */
		route->null_status = code == NULL ? 0 : pg_strtoint16(code + 2);
		route->path_template = column(row, shape, "path");
		read_path(route, route->path_template);
	}
	systable_endscan(scan);
	if (found)
		read_siblings(route, table);
	table_close(table, AccessShareLock);
	return found;
}

static void not_callable(const bg_route *route, const char *why)
{
	ereport(
	    ERROR,
	    (errcode(ERRCODE_BG_NOT_BUILT), errmsg("this operation is not available on this server"),
	     errdetail_log("Function bountygo.%s of route %d %s.", route->function, route->id, why)));
}

static int place_of(const bg_route *route, const char *name, bg_type_class class, bool is_array)
{
	for (int i = 0; i < route->n_arguments; i++)
		if (strcmp(route->arguments[i].name, name) == 0 && route->arguments[i].class == class &&
		    route->arguments[i].is_array == is_array)
			return i;
	return -1;
}

static void read_arguments(bg_route *route, HeapTuple tuple)
{
	Form_pg_proc function = (Form_pg_proc) GETSTRUCT(tuple);
	Oid *types;
	char **names;
	char *modes;
	int total = get_func_arg_info(tuple, &types, &names, &modes);

	if (function->pronargs > BG_REST_MAX_ARGS)
		not_callable(route, "has too many arguments");
	route->arguments = palloc0(Max(function->pronargs, 1) * sizeof(bg_argument));
	for (int i = 0; i < total; i++)
	{
		bg_argument *argument;

		if (modes != NULL && modes[i] != PROARGMODE_IN)
		{
			if (modes[i] != PROARGMODE_TABLE && modes[i] != PROARGMODE_OUT)
				not_callable(route, "has arguments that are not plain IN arguments");
			continue;
		}
		if (names == NULL || names[i] == NULL || names[i][0] == '\0')
			not_callable(route, "has arguments without a name");
		argument = &route->arguments[route->n_arguments++];
		argument->name = names[i];
		argument->type = types[i];
		argument->has_default = route->n_arguments > function->pronargs - function->pronargdefaults;
		if (!bg_argument_fill(argument, CurrentMemoryContext))
			not_callable(route, "has an argument of a type that requests can not carry");
	}
	route->is_strict = function->proisstrict;
	route->result_type = function->prorettype;
	if (route->result_type != JSONBOID && route->result_type != JSONOID &&
	    route->result_type != TEXTOID && route->result_type != VOIDOID)
		not_callable(route, "returns neither jsonb, json, text nor void");
	route->is_json =
	    (route->result_type == JSONBOID || route->result_type == JSONOID) && route->status != 204;
	route->count_argument = place_of(route, "count", BG_TYPE_ENUM, false);
	route->clear_argument = place_of(route, "clear", BG_TYPE_TEXT, true);
	route->cursor_argument = place_of(route, "cursor", BG_TYPE_TEXT, false);
}

static void read_function(bg_route *route)
{
	Oid schema = get_namespace_oid("bountygo", false);
	CatCList *list = SearchSysCacheList1(PROCNAMEARGSNSP, CStringGetDatum(route->function));
	HeapTuple found = NULL;

	for (int i = 0; i < list->n_members; i++)
	{
		HeapTuple tuple = &list->members[i]->tuple;

		if (((Form_pg_proc) GETSTRUCT(tuple))->pronamespace != schema)
			continue;
		if (found != NULL)
			not_callable(route, "has more than one form");
		found = tuple;
	}
	if (found == NULL || ((Form_pg_proc) GETSTRUCT(found))->prokind != PROKIND_FUNCTION)
		not_callable(route, "does not exist");
	read_arguments(route, found);
	ReleaseCatCacheList(list);
}

bg_route *bg_route_get(int32 id)
{
	bg_route *route;
	bg_route fresh = {.id = id};
	MemoryContext before;
	bool known;

	if (routes == NULL)
		start_cache();
	calls++;
	route = hash_search(routes, &id, HASH_FIND, &known);
	if (known && route->generation == generation)
		return route;

	/* Built aside, so that an error on the way leaves nothing half made. */
	fresh.generation = generation;
	fresh.context =
	    AllocSetContextCreate(CurrentMemoryContext, "bountygo route", ALLOCSET_SMALL_SIZES);
	before = MemoryContextSwitchTo(fresh.context);
	if (!read_row(&fresh))
	{
		if (known)
		{
			forget(route);
			hash_search(routes, &id, HASH_REMOVE, NULL);
		}
		ereport(ERROR, (errcode(ERRCODE_BG_NOT_FOUND), errmsg("there is no such route")));
	}
	read_function(&fresh);
	MemoryContextSwitchTo(before);

	if (known)
		forget(route);
	else
		route = hash_search(routes, &id, HASH_ENTER, NULL);
	*route = fresh;
	MemoryContextSetParent(route->context, CacheMemoryContext);
	return route;
}

static void drop_plan(bg_route *route, int i)
{
	SPI_freeplan(route->plans[i].plan);
	route->plans[i] = route->plans[--route->n_plans];
	n_plans--;
}

/* The plan of this route, or of any if route is NULL, that was not used for longest. */
static void drop_oldest_plan(bg_route *of)
{
	HASH_SEQ_STATUS scan;
	bg_route *route;
	bg_route *owner = NULL;
	int oldest = 0;

	hash_seq_init(&scan, routes);
	while ((route = hash_seq_search(&scan)) != NULL)
		for (int i = 0; i < route->n_plans && (of == NULL || of == route); i++)
			if (owner == NULL || route->plans[i].used < owner->plans[oldest].used)
			{
				owner = route;
				oldest = i;
			}
	if (owner != NULL)
		drop_plan(owner, oldest);
}

static char *write_query(const bg_route *route, uint64 given, Oid *types, int *n)
{
	StringInfoData query;

	*n = 0;
	initStringInfo(&query);
	appendStringInfo(&query, "SELECT answer.value FROM bountygo.%s(",
	                 quote_identifier(route->function));
	for (int i = 0; i < route->n_arguments; i++)
	{
		if ((given & UINT64CONST(1) << i) == 0)
			continue;
		types[(*n)++] = route->arguments[i].type;
		appendStringInfo(&query, "%s%s => $%d", *n == 1 ? "" : ", ",
		                 quote_identifier(route->arguments[i].name), *n);
	}
	appendStringInfoString(&query, ") AS answer (value)");
	return query.data;
}

SPIPlanPtr bg_route_plan_get(bg_route *route, uint64 given)
{
	Oid types[BG_REST_MAX_ARGS];
	SPIPlanPtr plan;
	char *query;
	int n;

	for (int i = 0; i < route->n_plans; i++)
		if (route->plans[i].given == given)
		{
			route->plans[i].used = calls;
			return route->plans[i].plan;
		}
	query = write_query(route, given, types, &n);
	plan = SPI_prepare_cursor(query, n, types, CURSOR_OPT_GENERIC_PLAN | CURSOR_OPT_PARALLEL_OK);
	if (plan == NULL)
		elog(ERROR, "could not plan the call of a route: %s", SPI_result_code_string(SPI_result));
	if (route->n_plans == BG_ROUTE_PLANS)
		drop_oldest_plan(route);
	else if (n_plans >= MAX_PLANS)
		drop_oldest_plan(NULL);
	SPI_keepplan(plan);
	route->plans[route->n_plans++] = (bg_route_plan){.given = given, .plan = plan, .used = calls};
	n_plans++;
	return plan;
}

/*
 * Trigger on bountygo.routes: every backend reads its routes again, and gateways hear of it. Keeps caches true, so it is right in a
 * restore as well.
 */
Datum bountygo_routes_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		                errmsg("routes_changed may only be called as a trigger")));
	CacheInvalidateRelcacheByRelid(RelationGetRelid(trigger->tg_relation));
	Async_Notify("bountygo_routes", "");
	return PointerGetDatum(NULL);
}

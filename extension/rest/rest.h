/*
 * rest.h
 *		Shared by the parts of bountygo.call(): what a caller sent, what a route wants, what is wrong with it. Server side.
 */
#ifndef BG_REST_H
#define BG_REST_H

#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"

#include "auth/session.h"

#define BG_REST_MAX_DEPTH 32 /* of a JSON body */
#define BG_REST_MAX_ARGS 64  /* of a function behind a route; a bit each in a plan's mask */

/* One value as it was sent. */
typedef enum bg_value_kind
{
	BG_VALUE_NULL,
	BG_VALUE_TRUE,
	BG_VALUE_FALSE,
	BG_VALUE_NUMBER,
	BG_VALUE_STRING,
	BG_VALUE_OBJECT,
	BG_VALUE_ARRAY,
	BG_VALUE_WORD /* from the path or the query: text without a type */
} bg_value_kind;

typedef struct bg_value
{
	bg_value_kind kind;
	const char
	    *text; /* of a scalar: as it reads; of an object or array: its JSON. NUL-terminated */
	struct bg_value *items; /* of an array */
	int n_items;
} bg_value;

typedef struct bg_field
{
	char *name;
	bg_value value;
} bg_field;

/* Problems found so far: one error reports them all. */
typedef struct bg_problems
{
	StringInfoData list;
	int count;
	char *hint; /* of the first problem that has one */
} bg_problems;

extern void bg_problem_add(bg_problems *problems, const char *pointer, const char *hint,
                           const char *detail, ...) pg_attribute_printf(4, 5);
extern void bg_problems_raise(bg_problems *problems);
/* "/name" with RFC 6901 escapes. palloc'd */
extern char *bg_pointer(const char *name);

/*
 * body.c: the members of a JSON object. Raises UB400 for what is no JSON, UB422 for duplicate names, depth, control characters and
 * lone surrogates, at any level.
 */
extern int bg_body_parse(const char *json, int len, bg_field **fields);

/* What an argument of a function takes. */
typedef enum bg_type_class
{
	BG_TYPE_INTEGER,
	BG_TYPE_NUMBER,
	BG_TYPE_BOOLEAN,
	BG_TYPE_TEXT,
	BG_TYPE_TIME, /* timestamptz */
	BG_TYPE_DATE,
	BG_TYPE_ENUM,
	BG_TYPE_JSON,
	BG_TYPE_OTHER, /* whatever the type's input function takes, from a string */
	BG_TYPE_NONE   /* not for requests: the input function takes too much */
} bg_type_class;

typedef struct bg_argument
{
	char *name;
	Oid type;
	bool has_default;
	bool is_array;
	Oid element; /* the type itself if it is no array */
	Oid base;    /* of the element, if that is a domain */
	bg_type_class class;
	FmgrInfo input; /* of the element */
	Oid io_param;
	int16 length;
	bool by_value;
	char align;
} bg_argument;

/* convert.c */
/* Fills in what follows from argument->type; false if requests can't carry that type. */
extern bool bg_argument_fill(bg_argument *argument, MemoryContext context);
/* False after adding a problem; or raises UB422 if the type's own input function refuses. */
extern bool bg_convert(bg_argument *argument, const bg_value *value, const char *pointer,
                       bg_problems *problems, Datum *result, bool *is_null);

/* route.c */
typedef struct bg_route_plan
{
	uint64 given; /* which arguments it passes */
	SPIPlanPtr plan;
	uint64 used; /* when last, in calls */
} bg_route_plan;

#define BG_ROUTE_PLANS 16

typedef struct bg_route
{
	int32 id; /* hash key */
	uint64 generation;
	MemoryContext context;
	char *method;
	bool is_get;
	char *function;
	bg_role least; /* BG_ROLE_NONE: anyone */
	bool reads_token;
	int status;
	char *location;
	bool is_async;
	int n_path; /* names in the path, which come first among the names of a call */
	char **path;
	Oid result_type;
	bool is_strict;
	int n_arguments;
	bg_argument *arguments;
	int n_plans;
	bg_route_plan plans[BG_ROUTE_PLANS];
} bg_route;

/* Raises UB404 if there is none, UB501 if its function is not there. Valid until the next call. */
extern bg_route *bg_route_get(int32 id);
/* Needs SPI connected. */
extern SPIPlanPtr bg_route_plan_get(bg_route *route, uint64 given);

#endif

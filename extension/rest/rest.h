/*
 * rest.h
 *		Shared by the parts of bountygo.call(): what a caller sent, what a route wants, what is wrong with it, what the answer is.
 *		Server side.
 */
#ifndef BG_REST_H
#define BG_REST_H

#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/jsonb.h"

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
	bool is_post;
	char *path_template;
	char *function;
	bool is_open;  /* to anyone: auth is none or optional */
	bg_role least; /* BG_ROLE_NONE: anyone */
	bool reads_token;
	char *scope; /* or NULL */
	int status;
	char *location;
	bool is_async;
	char *answer;       /* name of its schema, or NULL */
	char *content_type; /* NULL: application/json */
	bool is_secret;
	int null_status; /* of NULL as answer; 0: what it is for every route */
	int32
	    get_id; /* the route that reads what this one writes: GET of the same path; 0: there is none */
	bool is_written; /* of a GET: its path has a PATCH, PUT or DELETE */
	int n_path;      /* names in the path, which come first among the names of a call */
	char **path;
	Oid result_type;
	bool is_json; /* it may be trimmed */
	bool is_strict;
	int n_arguments;
	bg_argument *arguments;
	int count_argument; /* -1: none */
	int clear_argument;
	int cursor_argument;
	bool knows_fields; /* the three below are filled in */
	bool has_fields;   /* false: the answer's schema is not known */
	int n_fields;
	char **fields; /* dotted names of the answer's members; "a.*": whatever stands in a */
	int n_plans;
	bg_route_plan plans[BG_ROUTE_PLANS];
} bg_route;

/* Raises UB404 if there is none, UB501 if its function is not there. Valid until the next call. */
extern bg_route *bg_route_get(int32 id);
/* Needs SPI connected. */
extern SPIPlanPtr bg_route_plan_get(bg_route *route, uint64 given);

/* headers.c */
typedef struct bg_headers
{
	int n;
	char **names;
	char **values;
} bg_headers;

typedef struct bg_preferences
{
	const char *count; /* "exact" or "estimated", or NULL */
	bool undo;         /* tx=rollback */
} bg_preferences;

/* A flat list: name, value, name, value. Raises UB400 if it is none. */
extern void bg_headers_read(ArrayType *list, bg_headers *headers);
/* The value, those of several fields of one name joined by commas; NULL if there is none. */
extern char *bg_header(const bg_headers *headers, const char *name);
extern void bg_headers_prefer(const bg_headers *headers, bg_preferences *prefer);
/* What bountygo.request_header() looks into; NULL: no call is under way. */
extern void bg_headers_show(const bg_headers *headers);

/* fields.c: which members of the answer are wanted. */
typedef struct bg_pick
{
	char *name;
	bool whole; /* with all that stands in it */
	struct bg_pick *inner;
	struct bg_pick *next;
} bg_pick;

/* bind.c */
typedef struct bg_call
{
	bg_route *route;
	bg_headers headers;
	bg_preferences prefer;
	bg_problems problems;
	int n_words; /* from path and query */
	char **names;
	char **vals;
	text *body;
	const char *fields; /* as sent, or NULL */
	bg_pick *pick;
	uint64 given;
	Datum values[BG_REST_MAX_ARGS];
	bool nulls[BG_REST_MAX_ARGS];
} bg_call;

/* Either array may be NULL. */
extern void bg_call_words(bg_call *call, ArrayType *names, ArrayType *vals);
/* Binds all that was sent, and collects what is wrong with it in call->problems. */
extern void bg_call_bind(bg_call *call);

/* Looks for the known name that an unknown one was meant to be. */
typedef struct bg_nearest
{
	const char *name;
	const char *best; /* NULL: none is near */
	int distance;
} bg_nearest;

extern void bg_nearest_start(bg_nearest *nearest, const char *name);
extern void bg_nearest_try(bg_nearest *nearest, const char *candidate);
/* A name as it is shown in an error: not longer than 60 characters. */
extern const char *bg_shorten(const char *name);

/* answer.c */
#define BG_TAG_SIZE 64
#define BG_REST_MAX_HEADERS 8

typedef struct bg_answer
{
	int status;
	text *location;
	text *body;
	char tag[BG_TAG_SIZE]; /* entity tag with its quotes; "" if there is none */
	int n_headers;
	Datum headers[2 * BG_REST_MAX_HEADERS];
} bg_answer;

extern void bg_answer_header(bg_answer *answer, const char *name, const char *value);
/* Calls the function behind the route and shapes what it returns. */
extern void bg_answer_run(bg_call *call, bg_answer *to);
/*
 * The same, and then everything it did is undone. False if it raised UB404, which only happens if "may_be_missing"; other errors
 * pass.
 */
extern bool bg_answer_try(bg_call *call, bg_answer *to, bool may_be_missing);

/* topics.c */
/* What this transaction has changed of what gateways cache, as "topic transaction, …"; NULL: nothing. */
extern const char *bg_topics_changed(void);

/* fields.c */
/* Reads call->fields into call->pick; problems are collected. */
extern void bg_fields_read(bg_call *call);
extern Jsonb *bg_fields_trim(bg_call *call, Jsonb *json);

/* hash.c */
#define BG_HASH_SIZE 32

extern void bg_hash_start(void);
extern void bg_hash_add(const void *bytes, size_t n);
/* With its length in front, so that parts can't be cut differently. */
extern void bg_hash_add_part(const char *part);
extern void bg_hash_end(unsigned char *digest);
/* 22 characters and a NUL: the first 128 bits as base64url. */
extern void bg_hash_end_short(char *to);

/* conditions.c */
/* Before a write: takes its lock, and raises UB412 if what is there is not what the caller saw. */
extern void bg_conditions_before_write(bg_call *call);
/* After a GET: raises UB412, or makes the answer a 304. */
extern void bg_conditions_after_read(const bg_call *call, bg_answer *answer);

/* idempotency.c */
typedef struct bg_idempotency
{
	char *key; /* NULL: not asked for */
	unsigned char key_hash[BG_HASH_SIZE];
	unsigned char request_hash[BG_HASH_SIZE];
	int64 user_id;
} bg_idempotency;

/* True if the answer is there already. Raises UB400, UB409 or UB422. */
extern bool bg_idempotency_begin(bg_call *call, bg_idempotency *state, bg_answer *answer);
extern void bg_idempotency_store(const bg_call *call, const bg_idempotency *state,
                                 const bg_answer *answer, ArrayType *headers);

#endif

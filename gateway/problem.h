/*
 * problem.h
 *		What a client is told when something is wrong: RFC 9457 problem+json, and which status an SQLSTATE becomes.
 */
#ifndef BG_GW_PROBLEM_H
#define BG_GW_PROBLEM_H

#include "util.h"

typedef struct bg_problem
{
	int status;
	const char *detail; /* NULL: the fixed sentence of the status */
	const char *hint;   /* may be NULL */
	const char
	    *errors; /* JSON list of {pointer, detail}, may be NULL; ignored if it is no such list */
	const char *pointer; /* instead of errors: one error with this pointer and the detail */
	int retry_after;     /* seconds, -1: none */
} bg_problem;

/* The answer's body. request_id may be NULL. */
extern void bg_problem_write(const bg_problem *problem, const char *request_id, bg_buf *out);
extern const char *bg_problem_title(int status);

/*
 * What an error of the database means. Fills problem; message, detail and hint are passed on only for class UB, by reference.
 * "repeat" says whether the same read-only call may succeed at once; "log" whether the original belongs into the log.
 */
typedef struct bg_sql_error
{
	const char *sqlstate;
	const char *message;
	const char *detail;
	const char *hint;
	bool anonymous; /* the caller sent no token */
} bg_sql_error;

typedef struct bg_sql_verdict
{
	bg_problem problem;
	bool repeat;
	bool log;
} bg_sql_verdict;

extern void bg_problem_from_sql(const bg_sql_error *error, bg_sql_verdict *verdict);

#endif

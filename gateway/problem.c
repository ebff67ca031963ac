/*
 * problem.c
 *		Problem documents and the table from SQLSTATE to HTTP status (ENGINEERING 7.7). Sends nothing.
 */
#include "problem.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

typedef struct status_text
{
	int status;
	const char *title;
	const char *detail;
} status_text;

static const status_text statuses[] = {
    {400, "Bad Request", "the request can't be understood"},
    {401, "Unauthorized", "sign in: this needs a valid token"},
    {403, "Forbidden", "you are not allowed to do this"},
    {404, "Not Found", "there is nothing here, or nothing that you may see"},
    {405, "Method Not Allowed", "this method can't be used here"},
    {408, "Request Timeout", "the request took too long to arrive"},
    {409, "Conflict", "the present state does not permit this"},
    {410, "Gone", "this is no longer here"},
    {412, "Precondition Failed", "the object has changed in the meantime"},
    {413, "Content Too Large", "the request body is larger than allowed"},
    {414, "URI Too Long", "the request target is longer than allowed"},
    {415, "Unsupported Media Type", "the body must be application/json"},
    {417, "Expectation Failed", "the expectation of the request can't be met"},
    {421, "Misdirected Request", "this host is not served here"},
    {422, "Unprocessable Content", "a value is not acceptable"},
    {429, "Too Many Requests", "too many requests; try again later"},
    {431, "Request Header Fields Too Large", "the header fields are larger than allowed"},
    {499, "Client Closed Request", "the client went away"},
    {500, "Internal Server Error",
     "something went wrong here; the request id helps to find out what"},
    {501, "Not Implemented", "this is not available here"},
    {502, "Bad Gateway", "a service that is needed answered badly"},
    {503, "Service Unavailable", "the service can't answer now; try again soon"},
    {504, "Gateway Timeout", "the answer took too long"},
};
#define N_STATUSES (sizeof(statuses) / sizeof(statuses[0]))

static const status_text *text_of(int status)
{
	for (size_t i = 0; i < N_STATUSES; i++)
		if (statuses[i].status == status)
			return &statuses[i];
	return text_of(500);
}

const char *bg_problem_title(int status)
{
	return text_of(status)->title;
}

/* The list if it is one of objects with a text "pointer" and a text "detail"; else NULL. */
static json_t *checked_errors(const char *text)
{
	json_t *list = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	size_t i;
	json_t *item;

	if (!json_is_array(list) || json_array_size(list) == 0)
	{
		json_decref(list);
		return NULL;
	}
	json_array_foreach (list, i, item)
	{
		if (!json_is_string(json_object_get(item, "pointer")) ||
		    !json_is_string(json_object_get(item, "detail")))
		{
			json_decref(list);
			return NULL;
		}
	}
	return list;
}

void bg_problem_write(const bg_problem *problem, const char *request_id, bg_buf *out)
{
	const status_text *text = text_of(problem->status);
	/* What is wrong with a part of the request stands beside its pointer. */
	const char *detail = problem->detail && !problem->pointer ? problem->detail : text->detail;
	json_t *errors = problem->errors ? checked_errors(problem->errors) : NULL;

	bg_buf_printf(out, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d,\"code\":\"UB%d\"",
	              text->title, problem->status, problem->status);
	bg_buf_puts(out, ",\"detail\":");
	bg_buf_json(out, detail, strlen(detail));
	if (problem->hint != NULL && problem->hint[0] != '\0')
	{
		bg_buf_puts(out, ",\"hint\":");
		bg_buf_json(out, problem->hint, strlen(problem->hint));
	}
	if (errors != NULL)
	{
		char *dump = json_dumps(errors, JSON_COMPACT);

		if (dump != NULL)
			bg_buf_printf(out, ",\"errors\":%s", dump);
		free(dump);
		json_decref(errors);
	}
	else if (problem->pointer != NULL)
	{
		bg_buf_puts(out, ",\"errors\":[{\"pointer\":");
		bg_buf_json(out, problem->pointer, strlen(problem->pointer));
		bg_buf_puts(out, ",\"detail\":");
		detail = problem->detail ? problem->detail : text->detail;
		bg_buf_json(out, detail, strlen(detail));
		bg_buf_puts(out, "}]");
	}
	if (request_id != NULL)
	{
		bg_buf_puts(out, ",\"request_id\":");
		bg_buf_json(out, request_id, strlen(request_id));
	}
	bg_buf_puts(out, "}");
}

/* First match wins; a shorter text stands for a class or a range of codes that begin so. */
typedef struct sqlstate_row
{
	const char *prefix;
	int status;
	int anonymous_status; /* 0: the same */
	int retry_after;      /* -1: none */
	bool repeat;
	bool log;
} sqlstate_row;

static const sqlstate_row sqlstates[] = {
    {"23505", 409, 0, -1, false, true}, {"23P01", 409, 0, -1, false, true},
    {"23503", 409, 0, -1, false, true}, {"23502", 422, 0, -1, false, true},
    {"23514", 422, 0, -1, false, true}, {"22", 422, 0, -1, false, true},
    {"25006", 405, 0, -1, false, true}, {"42501", 403, 401, -1, false, true},
    {"40001", 503, 0, 0, true, true},   {"40P01", 503, 0, 0, true, true},
    {"55P03", 503, 0, 1, false, true},  {"57014", 504, 0, -1, false, true},
    {"57P01", 503, 0, 1, false, true},  {"57P02", 503, 0, 1, false, true},
    {"57P03", 503, 0, 1, false, true},  {"08", 503, 0, 1, false, true},
    {"53", 503, 0, 1, false, true},     {"54", 400, 0, -1, false, true},
    {"", 500, 0, -1, false, true},
};

/* The status of class UB, or 0: only statuses that have a text count. */
static int own_status(const char *sqlstate)
{
	int status;

	if (strlen(sqlstate) != 5 || strncmp(sqlstate, "UB", 2) != 0)
		return 0;
	status = atoi(sqlstate + 2);
	for (size_t i = 0; i < N_STATUSES; i++)
		if (statuses[i].status == status)
			return status;
	return 500;
}

/* Whole seconds from 0 to a day, or -1. */
static int seconds(const char *text)
{
	char *end;
	long number;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return -1;
	number = strtol(text, &end, 10);
	return *end == '\0' && number <= 86400 ? (int) number : -1;
}

void bg_problem_from_sql(const bg_sql_error *error, bg_sql_verdict *verdict)
{
	int status = own_status(error->sqlstate);

	memset(verdict, 0, sizeof(*verdict));
	verdict->problem.retry_after = -1;
	if (status != 0)
	{
		verdict->problem.status = status;
		verdict->problem.hint = error->hint;
		verdict->problem.detail = error->message;
		if (status == 429 || status == 503)
		{
			verdict->problem.retry_after = seconds(error->detail);
			if (verdict->problem.retry_after < 0)
				verdict->problem.retry_after = 1;
		}
		else
			verdict->problem.errors = error->detail;
		verdict->log = status == 500;
		return;
	}
	for (size_t i = 0; i < sizeof(sqlstates) / sizeof(sqlstates[0]); i++)
	{
		const sqlstate_row *row = &sqlstates[i];

		if (strncmp(error->sqlstate, row->prefix, strlen(row->prefix)) != 0)
			continue;
		verdict->problem.status =
		    error->anonymous && row->anonymous_status ? row->anonymous_status : row->status;
		verdict->problem.retry_after = row->retry_after;
		verdict->repeat = row->repeat;
		verdict->log = row->log;
		return;
	}
}

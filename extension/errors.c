/*
 * errors.c
 *		Raising errors of SQLSTATE class UB. See errors.h.
 */
#include "postgres.h"

#include "errors.h"
#include "lib/stringinfo.h"
#include "utils/json.h"

void bg_error_at(int code, const char *message, const char *pointer, const char *detail,
                 const char *hint)
{
	StringInfoData list;

	initStringInfo(&list);
	appendStringInfoString(&list, "[{\"pointer\": ");
	escape_json(&list, pointer);
	appendStringInfoString(&list, ", \"detail\": ");
	escape_json(&list, detail);
	appendStringInfoString(&list, "}]");
	ereport(ERROR, (errcode(code), errmsg_internal("%s", message),
	                errdetail_internal("%s", list.data), hint != NULL ? errhint("%s", hint) : 0));
	pg_unreachable();
}

void bg_error_invalid(const char *pointer, const char *detail, const char *hint)
{
	bg_error_at(ERRCODE_BG_INVALID, "the request is not valid", pointer, detail, hint);
}

/*
 * errors.c
 *		Raising errors of SQLSTATE class UB. See errors.h.
 */
#include "postgres.h"

#include "errors.h"
#include "lib/stringinfo.h"
#include "utils/json.h"

void bg_error_invalid(const char *pointer, const char *detail, const char *hint)
{
	StringInfoData list;

	initStringInfo(&list);
	appendStringInfoString(&list, "[{\"pointer\": ");
	escape_json(&list, pointer);
	appendStringInfoString(&list, ", \"detail\": ");
	escape_json(&list, detail);
	appendStringInfoString(&list, "}]");
	ereport(ERROR, (errcode(ERRCODE_BG_INVALID), errmsg("the request is not valid"),
	                errdetail_internal("%s", list.data), hint != NULL ? errhint("%s", hint) : 0));
	pg_unreachable();
}

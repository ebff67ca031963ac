/*
 * instant.c
 *		An instant as RFC 3339 text, for SQL. Answers hold four of them a task, and to_char() reads its format anew for each.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

extern PGDLLEXPORT Datum bountygo_rfc3339(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(bountygo_rfc3339);

/* bountygo.rfc3339(instant timestamptz): in UTC whatever the session's zone; infinity is no instant. */
Datum bountygo_rfc3339(PG_FUNCTION_ARGS)
{
	TimestampTz instant = PG_GETARG_TIMESTAMPTZ(0);
	char buffer[64];
	struct pg_tm tm;
	fsec_t fraction;
	int len;

	/* Without a zone to turn it into, the instant is taken as it is stored, in UTC. */
	if (TIMESTAMP_NOT_FINITE(instant) ||
	    timestamp2tm(instant, NULL, &tm, &fraction, NULL, NULL) != 0)
		PG_RETURN_NULL();
	len = snprintf(buffer, sizeof(buffer), "%04d-%02d-%02dT%02d:%02d:%02d",
	               tm.tm_year > 0 ? tm.tm_year : 1 - tm.tm_year, tm.tm_mon, tm.tm_mday, tm.tm_hour,
	               tm.tm_min, tm.tm_sec);
	if (fraction != 0)
		len += snprintf(buffer + len, sizeof(buffer) - len, ".%06d", (int) fraction);
	buffer[len++] = 'Z';
	PG_RETURN_TEXT_P(cstring_to_text_with_len(buffer, len));
}

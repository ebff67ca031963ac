/*
 * topics.c
 *		Which topics of the gateways' caches a transaction changes: told to every gateway when it commits, and to the caller of call() at
 *		once. See DESIGN 6. Does not know what is cached.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/async.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "rest/rest.h"

#define CHANNEL "bountygo_cache"

extern PGDLLEXPORT Datum bountygo_topics_changed(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(bountygo_topics_changed);

/* Of this transaction: lives in TopTransactionContext, so the transaction's end forgets it. */
static struct
{
	FullTransactionId transaction;
	StringInfo list; /* "topic transaction", with commas between */
} changed;

static bool is_listed(const char *topic)
{
	size_t n = strlen(topic);

	for (const char *at = changed.list->data; *at != '\0';)
	{
		const char *comma = strchr(at, ',');

		if (strncmp(at, topic, n) == 0 && at[n] == ' ')
			return true;
		if (comma == NULL)
			break;
		at = comma + 2;
	}
	return false;
}

/* Statement trigger; its arguments are the topics. The server sends each notification once a transaction, however often it is asked. */
Datum bountygo_topics_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	FullTransactionId now;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
		                errmsg("topics_changed may only be called as a trigger")));
	now = GetTopFullTransactionId();
	if (changed.list == NULL || !FullTransactionIdEquals(changed.transaction, now))
	{
		MemoryContext before = MemoryContextSwitchTo(TopTransactionContext);

		changed.list = makeStringInfo();
		changed.transaction = now;
		MemoryContextSwitchTo(before);
	}
	for (int i = 0; i < trigger->tg_trigger->tgnargs; i++)
	{
		const char *topic = trigger->tg_trigger->tgargs[i];
		char *text = psprintf("%s " UINT64_FORMAT, topic, U64FromFullTransactionId(now));

		Async_Notify(CHANNEL, text);
		if (!is_listed(topic))
			appendStringInfo(changed.list, "%s%s", changed.list->len == 0 ? "" : ", ", text);
	}
	return PointerGetDatum(NULL);
}

/* What this transaction has changed so far, for the gateway that made the call; NULL: nothing. */
const char *bg_topics_changed(void)
{
	FullTransactionId now = GetTopFullTransactionIdIfAny();

	if (changed.list == NULL || !FullTransactionIdIsValid(now) ||
	    !FullTransactionIdEquals(changed.transaction, now) || changed.list->len == 0)
		return NULL;
	return changed.list->data;
}

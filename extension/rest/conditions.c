/*
 * conditions.c
 *		If-Match and If-None-Match (RFC 9110, 13): against the entity tag of a GET that was answered, or, before a write, against that
 *		of the GET of the same path, run again as the same caller while no other writer can come between.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

#include "errors.h"
#include "rest/rest.h"

#define TAG_PART 22 /* characters of a hash in a tag */
#define LOCK_SEED UINT64CONST(0x62676f2d77726974)

typedef struct entity_tag
{
	bool is_any; /* "*" */
	bool is_weak;
	const char *opaque; /* between the quotes */
	int len;
} entity_tag;

typedef enum tag_list
{
	LIST_MISS,
	LIST_MATCH,
	LIST_MALFORMED
} tag_list;

static void refuse(const char *message, const char *hint)
{
	ereport(ERROR, (errcode(ERRCODE_BG_PRECONDITION), errmsg("%s", message), errhint("%s", hint)));
}

static void malformed(const char *name)
{
	bg_error_at(ERRCODE_BG_BAD_REQUEST, "a header of the request is not valid", name,
	            "This must be * or a list of entity tags, each in double quotes.", NULL);
}

static const char *skip(const char *at, const char *what)
{
	return at + strspn(at, what);
}

/* Past one tag and the comma behind it; NULL if there is something else. */
static const char *read_tag(const char *at, entity_tag *tag)
{
	tag->is_weak = at[0] == 'W' && at[1] == '/';
	if (tag->is_weak)
		at += 2;
	if (*at++ != '"')
		return NULL;
	tag->opaque = at;
	while ((unsigned char) *at > ' ' && *at != '"' && *at != 0x7f)
		at++;
	tag->len = at - tag->opaque;
	if (*at++ != '"')
		return NULL;
	at = skip(at, " \t");
	if (*at != '\0' && *at != ',')
		return NULL;
	return skip(at, " \t,");
}

/*
 * Tags of ours are of fixed length, which tells a suffix that says how the answer was encoded on its way ("-gzip"). by_version: only
 * the part before the dot counts, as the tag was given with a part of the answer or with all of it.
 */
static bool is_same(const entity_tag *tag, const char *ours, bool by_version)
{
	int len = strlen(ours) - 2;
	bool has_version = ours[1 + TAG_PART] == '.';

	if (by_version && has_version)
		return tag->len > TAG_PART && tag->opaque[TAG_PART] == '.' &&
		       memcmp(tag->opaque, ours + 1, TAG_PART) == 0;
	return tag->len >= len && (tag->len == len || tag->opaque[len] == '-') &&
	       memcmp(tag->opaque, ours + 1, len) == 0;
}

/* ours: "" if what is there has no tag. */
static tag_list match(const char *list, const char *ours, bool weakly, bool by_version)
{
	tag_list result = LIST_MISS;
	const char *at = skip(list, " \t,");

	if (*at == '*' && *skip(at + 1, " \t") == '\0')
		return LIST_MATCH;
	if (*at == '\0')
		return LIST_MALFORMED;
	while (*at != '\0')
	{
		entity_tag tag;

		at = read_tag(at, &tag);
		if (at == NULL)
			return LIST_MALFORMED;
		if ((weakly || !tag.is_weak) && ours[0] != '\0' && is_same(&tag, ours, by_version))
			result = LIST_MATCH;
	}
	return result;
}

static void changed(void)
{
	refuse("this is not what you have seen: it was changed since",
	       "GET it again, look at what changed, and send If-Match with the new ETag.");
}

static void no_representation(void)
{
	refuse("there is nothing here that If-Match could be compared with",
	       "Leave If-Match out, or check the path with a GET.");
}

static void exists(void)
{
	refuse("there is something here already, and If-None-Match asks that there be nothing",
	       "Leave If-None-Match out, or use another path.");
}

/*
 * Writers of one thing come one after the other, also those without a condition: between the look at what is there and the write
 * nobody else writes. One thing is what one GET function answers, whatever path leads there; a path without a name in it is the
 * caller's own thing, unless something is added to it.
 */
static void lock_for_write(const bg_call *call, const bg_route *get)
{
	StringInfoData what;
	uint64 key;

	initStringInfo(&what);
	appendStringInfoString(&what, get->function);
	for (int i = 0; i < call->route->n_path; i++)
	{
		appendStringInfoChar(&what, '\0');
		appendStringInfoString(&what, call->vals[i]);
	}
	if (call->route->n_path == 0 && !call->route->is_post)
		appendStringInfo(&what, "%c" INT64_FORMAT, '\0', bg_session_user_id());
	key = hash_bytes_extended((unsigned char *) what.data, what.len, LOCK_SEED);
	DirectFunctionCall1(pg_advisory_xact_lock_int8, Int64GetDatum((int64) key));
}

/* What the caller would get now; false if there is nothing. */
static bool look(const bg_call *call, bg_route *get, bg_answer *answer)
{
	bg_call reading = {
	    .route = get, .n_words = call->route->n_path, .names = call->names, .vals = call->vals};

	bg_call_bind(&reading);
	bg_problems_raise(&reading.problems);
	return bg_answer_try(&reading, answer, true) && answer->status == 200;
}

void bg_conditions_before_write(bg_call *call)
{
	const char *if_match = bg_header(&call->headers, "if-match");
	const char *if_none_match = bg_header(&call->headers, "if-none-match");
	bool has_condition = if_match != NULL || if_none_match != NULL;
	bg_answer *answer;
	bg_route *get;
	bool found;

	if (if_match != NULL && match(if_match, "", false, true) == LIST_MALFORMED)
		malformed("If-Match");
	if (if_none_match != NULL && match(if_none_match, "", true, false) == LIST_MALFORMED)
		malformed("If-None-Match");
	if (call->route->get_id == 0)
	{
		/* RFC 9110, 13.1.1: the condition is false if there is no current representation. */
		if (if_match != NULL)
			no_representation();
		return;
	}
	if (call->route->is_post && !has_condition)
		return;
	get = bg_route_get(call->route->get_id);
	lock_for_write(call, get);
	if (!has_condition)
		return;
	answer = palloc0(sizeof(bg_answer));
	found = look(call, get, answer);
	if (if_match != NULL && !found)
		no_representation();
	if (if_match != NULL && match(if_match, answer->tag, false, true) != LIST_MATCH)
		changed();
	if (if_none_match != NULL && found &&
	    match(if_none_match, answer->tag, true, true) == LIST_MATCH)
		exists();
}

void bg_conditions_after_read(const bg_call *call, bg_answer *answer)
{
	const char *if_match;
	const char *if_none_match;
	tag_list verdict;

	if (answer->status != 200)
		return;
	if_match = bg_header(&call->headers, "if-match");
	if_none_match = bg_header(&call->headers, "if-none-match");
	if (if_match != NULL)
	{
		verdict = match(if_match, answer->tag, false, false);
		if (verdict == LIST_MALFORMED)
			malformed("If-Match");
		if (verdict == LIST_MISS)
			changed();
	}
	/* One that does not read matches nothing: the whole answer is never wrong. */
	if (if_none_match != NULL && answer->tag[0] != '\0' &&
	    match(if_none_match, answer->tag, true, false) == LIST_MATCH)
	{
		answer->status = 304;
		answer->body = NULL;
	}
}

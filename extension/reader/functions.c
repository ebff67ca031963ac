/*
 * functions.c
 *		extract_html() and extract_text(): this backend's own reader child, and how a query waits for it. Server side.
 *
 * The backend never parses the page, it only copies bytes to the child and JSON back. One child a backend, started when first
 * needed, kept, replaced after bountygo.reader_pages pages, ended with the backend. A query that is cancelled in the middle ends
 * the child, since nobody would take its answer.
 */
#include "postgres.h"

#include <ctype.h>

#include "access/detoast.h"
#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"

#include "../compat.h"
#include "../config.h"
#include "../errors.h"
#include "../outcome.h"
#include "../web/url.h"
#include "client.h"

#define MAX_PAGE (2 * 1024 * 1024) /* bytes, as the reader's own limit */
#define MIN_CONTENT 10             /* characters */
#define MAX_CONTENT 200000         /* characters */
#define MAX_CONTENT_TYPE 1024      /* bytes; a longer header says nothing that is worth reading */

static bg_reader *reader;

extern PGDLLEXPORT Datum bg_extract_html_sql(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bg_extract_text_sql(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum bg_reader_status_sql(PG_FUNCTION_ARGS);

PG_FUNCTION_INFO_V1(bg_extract_html_sql);
PG_FUNCTION_INFO_V1(bg_extract_text_sql);
PG_FUNCTION_INFO_V1(bg_reader_status_sql);

static void stop_reader(void)
{
	bg_reader *stopped = reader;

	reader = NULL;
	bg_reader_stop(stopped);
}

static void stop_reader_at_exit(int code, Datum arg)
{
	stop_reader();
}

/* A live, idle reader in the static variable. */
static void ensure_reader(void)
{
	static bool registered;
	char *program;

	if (reader != NULL &&
	    (bg_reader_pump(reader) != BG_READER_IDLE || bg_reader_served(reader) >= bg_reader_pages))
		stop_reader();
	if (reader != NULL)
		return;
	if (!registered)
	{
		on_proc_exit(stop_reader_at_exit, (Datum) 0);
		registered = true;
	}
	program = bg_config_reader_program();
	reader = bg_reader_start(program);
	if (reader == NULL)
	{
		int saved = errno;

		ereport(LOG, (errmsg("could not start \"%s\": %s", program, strerror(saved))));
		ereport(ERROR,
		        (errcode(ERRCODE_BG_UNAVAILABLE), errmsg("the page reader could not be started"),
		         errhint("The server's log has the reason; bountygo.doctor() has the fix.")));
	}
	pfree(program);
}

/* Waits until the reader has answered or is dead. Raises only what CHECK_FOR_INTERRUPTS() raises. */
static bg_reader_state await_answer(void)
{
	bg_reader_state state;

	while ((state = bg_reader_pump(reader)) == BG_READER_WRITING || state == BG_READER_READING)
	{
		long left = BG_READER_HARD_LIMIT_MS - bg_reader_elapsed_ms(reader);
		bool writing = state == BG_READER_WRITING;

		if (left <= 0)
		{
			bg_reader_expire(reader);
			return BG_READER_DEAD;
		}
		/* A child that dies makes both descriptors ready. */
		(void) WaitLatchOrSocket(MyLatch,
		                         WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH |
		                             (writing ? WL_SOCKET_WRITEABLE : WL_SOCKET_READABLE),
		                         writing ? bg_reader_write_fd(reader) : bg_reader_read_fd(reader),
		                         left, bg_wait_event("BountygoReader"));
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	return state;
}

/* The result of a page that was not read. */
static Datum failure(bg_outcome outcome, const char *url, size_t bytes)
{
	StringInfoData json;

	initStringInfo(&json);
	appendStringInfo(&json,
	                 "{\"outcome\": \"%s\", \"is_task\": false, \"language\": null, \"url\": ",
	                 bg_outcome_name(outcome));
	if (url != NULL)
		escape_json(&json, url);
	else
		appendStringInfoString(&json, "null");
	appendStringInfo(
	    &json,
	    ", \"snapshot_id\": null, \"fields\": {}, \"rewards\": [], \"milestones\": [], "
	    "\"missing\": {}, "
	    "\"metadata\": {\"title\": null, \"author\": null, \"published\": null, \"site\": null, "
	    "\"canonical\": null, \"description\": null, \"image\": null}, \"text\": \"\", "
	    "\"stats\": {\"bytes\": %zu, \"nodes\": 0, \"ms\": 0}}",
	    bytes);
	/* The URL is UTF-8, as everything that readers see. */
	return DirectFunctionCall1(jsonb_in,
	                           CStringGetDatum(pg_any_to_server(json.data, json.len, PG_UTF8)));
}

/*
 * The answer as jsonb; false if it is none. The reader is not believed: a bug that a page found may be speaking. Errors of
 * the input functions can be caught without a subtransaction, for they touch nothing but memory. A character that the database's
 * encoding lacks raises an error: that is nobody's crash.
 */
static bool parse_answer(char *json, size_t len, Datum *result)
{
	MemoryContext context = CurrentMemoryContext;
	volatile bool is_json = false;
	char *text;

	if (!pg_verify_mbstr(PG_UTF8, json, (int) len, true))
		return false;
	text = pg_any_to_server(json, (int) len, PG_UTF8);
	PG_TRY();
	{
		*result = DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
		is_json = JB_ROOT_IS_OBJECT(DatumGetJsonbP(*result));
	}
	PG_CATCH();
	{
		int code = geterrcode();

		MemoryContextSwitchTo(context);
		if (ERRCODE_TO_CATEGORY(code) != ERRCODE_DATA_EXCEPTION &&
		    code != ERRCODE_STATEMENT_TOO_COMPLEX && code != ERRCODE_PROGRAM_LIMIT_EXCEEDED)
			PG_RE_THROW();
		FlushErrorState();
	}
	PG_END_TRY();
	return is_json;
}

/*
 * One exchange with the reader: true and the result, or false and why the child died. It is gone then, and whenever an error
 * is raised.
 */
static bool exchange(bg_reader_op op, const char *content_type, const char *url, const char *body,
                     size_t len, Datum *result, bg_outcome *death)
{
	char *volatile answer = NULL;
	size_t answer_len = 0;
	volatile bool is_read = false;

	*death = BG_READER_CRASHED;
	if (!bg_reader_send(reader, op, content_type, content_type == NULL ? 0 : strlen(content_type),
	                    url, url == NULL ? 0 : strlen(url), body, len))
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"),
		                errdetail("Failed on a request to the page reader.")));
	PG_TRY();
	{
		if (await_answer() == BG_READER_DONE)
		{
			answer = bg_reader_take(reader, &answer_len);
			is_read = answer != NULL && parse_answer(answer, answer_len, result);
		}
		else
			*death = (bg_outcome) bg_reader_death(reader);
	}
	PG_CATCH();
	{
		free(answer);
		stop_reader();
		PG_RE_THROW();
	}
	PG_END_TRY();
	free(answer);
	if (!is_read)
		stop_reader();
	return is_read;
}

/*
 * Has the reader read one page. All strings in UTF-8. A child that had read others before may have died of something else than
 * this page: a fresh one decides.
 */
static Datum read_page(bg_reader_op op, const char *content_type, const char *url, const char *body,
                       size_t len)
{
	Datum result = (Datum) 0;
	bg_outcome death;
	bool fresh;

	do
	{
		ensure_reader();
		fresh = bg_reader_served(reader) == 0;
		if (exchange(op, content_type, url, body, len, &result, &death))
			return result;
		ereport(LOG, (errmsg("the page reader ended on a page: %s", bg_outcome_name(death))));
	} while (death == BG_READER_CRASHED && !fresh);
	return failure(death, url, len);
}

/* The argument as UTF-8, or NULL if it is NULL. */
static char *utf8_argument(FunctionCallInfo fcinfo, int n)
{
	text *value;
	char *string;

	if (PG_ARGISNULL(n))
		return NULL;
	value = PG_GETARG_TEXT_PP(n);
	string = text_to_cstring(value);
	return pg_server_to_any(string, (int) strlen(string), PG_UTF8);
}

/*
 * True for an absolute URI of another scheme than http and https (RFC 3986, section 3): a saved file, a message. It names where bytes
 * are from and nothing more.
 */
static bool is_other_uri(const char *uri)
{
	size_t scheme =
	    strspn(uri, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

	if (scheme < 2 || !isalpha((unsigned char) uri[0]) || uri[scheme] != ':' ||
	    uri[scheme + 1] == '\0' || strlen(uri) > BG_URL_MAX)
		return false;
	for (const char *p = uri + scheme; *p != '\0'; p++)
		if ((unsigned char) *p <= ' ' || *p == 0x7F || strchr("\"<>\\^`{|}@", *p) != NULL)
			return false;
	return true;
}

/*
 * The url argument in canonical form, NULL if none is given. It only says where bytes are from and nothing will be fetched, so
 * addresses and ports that the egress policy refuses are fine as they are, and so are other schemes.
 */
static char *url_argument(FunctionCallInfo fcinfo, int n)
{
	char *given = utf8_argument(fcinfo, n);
	bg_url url = {0};
	bg_url_error error;
	char *canonical;

	if (given == NULL)
		return NULL;
	error = bg_url_parse(given, strlen(given), NULL, &url);
	if (error == BG_URL_OK)
	{
		size_t size = strlen(url.canonical) + 1;

		canonical = MemoryContextAllocExtended(CurrentMemoryContext, size, MCXT_ALLOC_NO_OOM);
		if (canonical != NULL)
			memcpy(canonical, url.canonical, size);
		bg_url_free(&url);
		if (canonical == NULL)
			error = BG_URL_MEMORY;
		else
			return canonical;
	}
	bg_url_free(&url);
	if (error == BG_URL_ADDRESS || error == BG_URL_PORT ||
	    (error == BG_URL_SCHEME && is_other_uri(given)))
		return given;
	if (error == BG_URL_MEMORY)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory")));
	bg_error_invalid("/url", bg_url_error_text(error),
	                 "Give the address that the text is from, such as https://example.org/page, or "
	                 "leave url out.");
}

/* extract_html(html bytea, url text, content_type text) */
Datum bg_extract_html_sql(PG_FUNCTION_ARGS)
{
	char *url;
	char *content_type;
	bytea *html;
	size_t len;

	if (PG_ARGISNULL(0))
		bg_error_invalid("/html", "This is required.", "Give the bytes of the page.");
	url = url_argument(fcinfo, 1);
	content_type = utf8_argument(fcinfo, 2);
	if (content_type != NULL && strlen(content_type) > MAX_CONTENT_TYPE)
		bg_error_invalid("/content_type", "This must have at most 1024 bytes.", NULL);
	/* Of a giant only so much is decompressed and read that the reader sees that it is one; its text is that of the part read. */
	len = toast_raw_datum_size(PG_GETARG_DATUM(0)) - VARHDRSZ;
	html = len > MAX_PAGE ? PG_GETARG_BYTEA_P_SLICE(0, 0, MAX_PAGE + 1) : PG_GETARG_BYTEA_PP(0);
	return read_page(BG_READER_HTML, content_type, url, VARDATA_ANY(html), VARSIZE_ANY_EXHDR(html));
}

/* extract_text(content text, url text) */
Datum bg_extract_text_sql(PG_FUNCTION_ARGS)
{
	char *url;
	text *content;
	char *utf8;
	int characters;

	if (PG_ARGISNULL(0))
		bg_error_invalid("/content", "This is required.", "Give 10 to 200000 characters of text.");
	/* A character has at most four bytes: do not decompress a giant to count it. */
	if (toast_raw_datum_size(PG_GETARG_DATUM(0)) - VARHDRSZ > (Size) 4 * MAX_CONTENT)
		characters = MAX_CONTENT + 1;
	else
	{
		content = PG_GETARG_TEXT_PP(0);
		characters = pg_mbstrlen_with_len(VARDATA_ANY(content), VARSIZE_ANY_EXHDR(content));
	}
	if (characters < MIN_CONTENT)
		bg_error_invalid("/content", "This must have at least 10 characters.",
		                 "Give 10 to 200000 characters of text.");
	if (characters > MAX_CONTENT)
		bg_error_invalid("/content", "This must have at most 200000 characters.",
		                 "Give 10 to 200000 characters of text.");
	url = url_argument(fcinfo, 1);
	utf8 = utf8_argument(fcinfo, 0);
	return read_page(BG_READER_TEXT, NULL, url, utf8, strlen(utf8));
}

/* reader_status(OUT pid integer, OUT pages integer) */
Datum bg_reader_status_sql(PG_FUNCTION_ARGS)
{
	TupleDesc description;
	Datum values[2] = {0};
	bool nulls[2] = {true, false};

	if (get_call_result_type(fcinfo, NULL, &description) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "reader_status() must return a row");
	if (reader != NULL && bg_reader_pump(reader) == BG_READER_DEAD)
		stop_reader();
	if (reader != NULL)
	{
		nulls[0] = false;
		values[0] = Int32GetDatum((int32) bg_reader_pid(reader));
		values[1] = Int32GetDatum(bg_reader_served(reader));
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(description), values, nulls)));
}

/*
 * main.c
 *		The program bountygo-reader: reads pages for PostgreSQL in a process of its own, behind a pipe, with hard limits.
 *
 * Requests come on descriptor 0, answers go to descriptor 1 (protocol.h); it ends when the pipe does. It opens nothing, connects
 * to nothing and knows nothing of databases. The owner (client.c) starts, feeds, times and replaces it.
 */
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../page/page.h"
#include "extract.h"
#include "limits.h"
#include "protocol.h"

/* Reads all of it; false at the end of input or on an error. */
static bool read_fully(void *into, size_t len)
{
	char *at = into;

	while (len > 0)
	{
		ssize_t got = read(STDIN_FILENO, at, len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		len -= (size_t) got;
	}
	return true;
}

static bool write_fully(const void *from, size_t len)
{
	const char *at = from;

	while (len > 0)
	{
		ssize_t put = write(STDOUT_FILENO, at, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		at += put;
		len -= (size_t) put;
	}
	return true;
}

static bool write_answer(bg_reader_status status, const char *json, size_t len)
{
	bg_reader_answer answer = {
	    .magic = BG_READER_MAGIC, .status = (uint32_t) status, .len = (uint32_t) len};

	return write_fully(&answer, sizeof(answer)) && write_fully(json, len);
}

static void give_up_on_memory(void)
{
	write_answer(BG_READER_OUT_OF_MEMORY, NULL, 0);
	_exit(BG_EXIT_MEMORY);
}

/* What lazily loads files or takes random bytes, done once while it still can. */
static void warm_up(void)
{
	static const char page[] =
	    "<html><head><title>Warm</title><script type=\"application/ld+json\">{\"@type\": \"Event\"}"
	    "</script></head><body><h1>Warm</h1><p>Prize: $100. Deadline: October 4, 2026, 17:00 PT."
	    "</p></body></html>";
	static const char reply[] =
	    "{\"choices\": [{\"message\": {\"content\": \"{}\"}, \"finish_reason\": \"stop\"}]}";
	char *result;
	char *completed;
	size_t result_len = 0;
	size_t len = 0;

	bg_page_prepare();
	tzset();
	result =
	    bg_extract_html(page, sizeof(page) - 1, "https://example.org/", "text/html", &result_len);
	completed = result == NULL
	                ? NULL
	                : bg_extract_complete(result, result_len, reply, sizeof(reply) - 1, &len);
	free(completed);
	free(result);
	free(bg_extract_text(page, sizeof(page) - 1, NULL, &len));
}

static char *read_page(const bg_reader_request *request, const char *a, const char *b,
                       const char *body, size_t *len)
{
	const char *url = request->b_len > 0 ? b : NULL;

	switch ((bg_reader_op) request->op)
	{
		case BG_READER_HTML:
			return bg_extract_html(body, request->body_len, url, request->a_len > 0 ? a : NULL,
			                       len);
		case BG_READER_TEXT:
			return bg_extract_text(body, request->body_len, url, len);
		case BG_READER_COMPLETE:
			return bg_extract_complete(a, request->a_len, body, request->body_len, len);
	}
	_exit(BG_EXIT_PROTOCOL);
}

/* One request and its answer; false when the owner is gone. */
static bool serve(void)
{
	bg_reader_request request;
	char *bytes;
	char *a;
	char *b;
	char *body;
	char *json;
	size_t len = 0;
	bool ok;

	if (!read_fully(&request, sizeof(request)))
		return false;
	if (request.magic != BG_READER_MAGIC || request.a_len > BG_READER_MAX_ANSWER ||
	    request.b_len > BG_READER_MAX_BODY || request.body_len > BG_READER_MAX_BODY)
		_exit(BG_EXIT_PROTOCOL);
	bytes = malloc((size_t) request.a_len + request.b_len + request.body_len + 3);
	if (bytes == NULL)
		give_up_on_memory();
	a = bytes;
	b = a + request.a_len + 1;
	body = b + request.b_len + 1;
	if (!read_fully(a, request.a_len) || !read_fully(b, request.b_len) ||
	    !read_fully(body, request.body_len))
		_exit(EXIT_SUCCESS);
	a[request.a_len] = b[request.b_len] = body[request.body_len] = '\0';

	bg_limits_start_page();
	json = read_page(&request, a, b, body, &len);
	bg_limits_end_page();
	if (json == NULL || len > BG_READER_MAX_ANSWER)
		give_up_on_memory();
	free(bytes);
	ok = write_answer(BG_READER_ANSWERED, json, len);
	free(json);
	return ok;
}

/* Gives up what is not needed; false with the name of what this system does not grant. */
static bool confine(const char **what)
{
	if (!bg_limits_isolate(what))
		return false;
	warm_up();
	return bg_limits_seal(what);
}

/* Tries the limits in a child, for what is confined cannot even write a line to a file. */
static int check(void)
{
	const char *what = NULL;
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(confine(&what) ? EXIT_SUCCESS : BG_EXIT_UNCONFINED);
	if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
	{
		puts("confined");
		return EXIT_SUCCESS;
	}
	puts("not confined: this system does not grant the limits that reading hostile pages needs");
	return BG_EXIT_UNCONFINED;
}

int main(int argc, char **argv)
{
	const char *what = NULL;

	if (argc > 1 && strcmp(argv[1], "--check") == 0)
		return check();
	if (argc > 1)
	{
		fprintf(stderr,
		        "bountygo-reader reads web pages for PostgreSQL, which starts it itself.\n"
		        "With --check it says whether this system grants the limits that it sets.\n");
		return strcmp(argv[1], "--help") == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	}
	/* Pages come one after another: let go of large blocks, keep the small ones. */
	mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
	mallopt(M_TRIM_THRESHOLD, 8 * 1024 * 1024);
	if (!confine(&what))
	{
		dprintf(STDERR_FILENO, "bountygo-reader: this system does not grant: %s\n", what);
		return BG_EXIT_UNCONFINED;
	}
	while (serve())
		;
	/* No exit handlers: the filter need not know what they call. */
	_exit(EXIT_SUCCESS);
}

/*
 * reader_client.c
 *		The owner's side of the reader: with children that misbehave (this program, run as one), and with the real one.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "buffer.h"
#include "outcome.h"
#include "reader/client.h"
#include "reader/limits.h"

#define SELF "/proc/self/exe"
#define REAL "extension/reader/bountygo-reader" /* tests run in the top directory */

/* ---- A child that does what the request's body says ------------------------------------------------------------ */

static void child_read(void *into, size_t len)
{
	for (size_t done = 0; done < len;)
	{
		ssize_t got = read(STDIN_FILENO, (char *) into + done, len - done);

		if (got <= 0)
			_exit(0);
		done += (size_t) got;
	}
}

static void child_write(const void *from, size_t len)
{
	for (size_t done = 0; done < len;)
	{
		ssize_t put = write(STDOUT_FILENO, (const char *) from + done, len - done);

		if (put <= 0)
			_exit(0);
		done += (size_t) put;
	}
}

static void child_answer(uint32_t magic, uint32_t status, uint32_t len, const char *json)
{
	bg_reader_answer answer = {.magic = magic, .status = status, .len = len};

	child_write(&answer, sizeof(answer));
	if (json != NULL)
		child_write(json, strlen(json));
}

static int child(void)
{
	bg_reader_request request;
	char *bytes;
	const char *word;

	for (;;)
	{
		child_read(&request, sizeof(request));
		bytes = calloc(1, (size_t) request.a_len + request.b_len + 64);
		child_read(bytes, request.a_len + request.b_len);
		word = bytes + request.a_len;
		if (strcmp(word, "early") == 0)
		{
			child_answer(BG_READER_MAGIC, BG_READER_ANSWERED, 2, "{}");
			pause();
		}
		if (strcmp(word, "oom early") == 0)
		{
			child_answer(BG_READER_MAGIC, BG_READER_OUT_OF_MEMORY, 0, NULL);
			_exit(BG_EXIT_MEMORY);
		}
		if (strcmp(word, "deaf") == 0)
			pause();
		for (uint32_t i = 0; i < request.body_len; i++)
		{
			char byte[4096];
			uint32_t part =
			    request.body_len - i < sizeof(byte) ? request.body_len - i : sizeof(byte);

			child_read(byte, part);
			i += part - 1;
		}
		if (strcmp(word, "good") == 0)
			child_answer(BG_READER_MAGIC, BG_READER_ANSWERED, 2, "{}");
		else if (strcmp(word, "memory") == 0)
			_exit(BG_EXIT_MEMORY);
		else if (strcmp(word, "cpu") == 0)
			_exit(BG_EXIT_CPU);
		else if (strcmp(word, "abort") == 0)
			abort();
		else if (strcmp(word, "leave") == 0)
			_exit(0);
		else if (strcmp(word, "hang") == 0)
			pause();
		else if (strcmp(word, "close") == 0)
		{
			close(STDOUT_FILENO);
			pause();
		}
		else if (strcmp(word, "garbage") == 0)
			child_answer(0x12345678, BG_READER_ANSWERED, 2, "{}");
		else if (strcmp(word, "status") == 0)
			child_answer(BG_READER_MAGIC, 7, 2, "{}");
		else if (strcmp(word, "huge") == 0)
			child_answer(BG_READER_MAGIC, BG_READER_ANSWERED, BG_READER_MAX_ANSWER + 1, "{}");
		else if (strcmp(word, "nothing") == 0)
			child_answer(BG_READER_MAGIC, BG_READER_ANSWERED, 0, NULL);
		else if (strcmp(word, "short") == 0)
		{
			child_answer(BG_READER_MAGIC, BG_READER_ANSWERED, 100, "{}");
			_exit(0);
		}
		else if (strcmp(word, "twice") == 0)
			child_answer(BG_READER_MAGIC, BG_READER_ANSWERED, 2, "{}{}");
		else if (strcmp(word, "large") == 0)
		{
			char *json = malloc(BG_READER_MAX_ANSWER + 1);

			memset(json, 'x', BG_READER_MAX_ANSWER);
			json[BG_READER_MAX_ANSWER] = '\0';
			child_answer(BG_READER_MAGIC, BG_READER_ANSWERED, BG_READER_MAX_ANSWER, json);
			free(json);
		}
		else if (strcmp(word, "surroundings") == 0)
		{
			sigset_t mask;
			bool clean = sigprocmask(SIG_BLOCK, NULL, &mask) == 0 && !sigismember(&mask, SIGTERM) &&
			             signal(SIGUSR1, SIG_DFL) == SIG_DFL && environ[0] == NULL &&
			             getpgrp() == getpid();

			child_answer(BG_READER_MAGIC, BG_READER_ANSWERED, 2, clean ? "ok" : "no");
		}
		free(bytes);
	}
}

/* ---- Helpers --------------------------------------------------------------------------------------------------- */

/* Pumps until the reader waits for nothing, at most "limit_ms"; what a caller in the server does. */
static bg_reader_state finish(bg_reader *reader, long limit_ms)
{
	bg_reader_state state;

	while ((state = bg_reader_pump(reader)) == BG_READER_WRITING || state == BG_READER_READING)
	{
		struct pollfd fds[2] = {{.fd = bg_reader_read_fd(reader), .events = POLLIN},
		                        {.fd = bg_reader_write_fd(reader), .events = POLLOUT}};
		long left = limit_ms - bg_reader_elapsed_ms(reader);

		if (left <= 0)
		{
			bg_reader_expire(reader);
			return BG_READER_DEAD;
		}
		poll(fds, state == BG_READER_WRITING ? 2 : 1, (int) left);
	}
	return state;
}

static bg_reader *start(const char *path)
{
	bg_reader *reader = bg_reader_start(path);

	if (reader == NULL)
		fail_msg("%s: %s", path, strerror(errno));
	assert_int_equal(bg_reader_get_state(reader), BG_READER_IDLE);
	return reader;
}

static void send_word(bg_reader *reader, const char *word, size_t body_len)
{
	char *body = calloc(1, body_len + 1);

	assert_true(
	    bg_reader_send(reader, BG_READER_HTML, NULL, 0, word, strlen(word), body, body_len));
	free(body);
}

static void assert_reaped(pid_t pid)
{
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
}

/*
 * A caller that pumps once after sending and then waits for events must not miss an answer that was there at once: the call that
 * ends the request leaves the answer in the pipe.
 */
static void test_event_for_answer(void **state)
{
	(void) state;
	for (int i = 0; i < 200; i++)
	{
		bg_reader *reader = start(SELF);
		struct pollfd fd = {.fd = bg_reader_read_fd(reader), .events = POLLIN};
		size_t len;

		send_word(reader, "good", 1);
		assert_int_equal(bg_reader_pump(reader), BG_READER_READING);
		assert_int_equal(poll(&fd, 1, 10000), 1);
		assert_int_equal(finish(reader, 10000), BG_READER_DONE);
		free(bg_reader_take(reader, &len));
		bg_reader_stop(reader);
	}
}

/* What comes of a child that does "word". */
static void assert_death(const char *word, size_t body_len, int expected)
{
	bg_reader *reader = start(SELF);
	pid_t pid = bg_reader_pid(reader);

	send_word(reader, word, body_len);
	if (finish(reader, 10000) != BG_READER_DEAD)
		fail_msg("%s: not dead", word);
	if (bg_reader_death(reader) != expected)
		fail_msg("%s: %s", word, bg_outcome_name(bg_reader_death(reader)));
	assert_false(bg_reader_send(reader, BG_READER_HTML, NULL, 0, NULL, 0, "x", 1));
	assert_reaped(pid);
	bg_reader_stop(reader);
}

/* ---- Tests with children that misbehave ------------------------------------------------------------------------ */

static void test_exchange(void **state)
{
	bg_reader *reader = start(SELF);
	pid_t pid = bg_reader_pid(reader);
	size_t len = 0;
	char *answer;

	(void) state;
	for (int i = 1; i <= 3; i++)
	{
		send_word(reader, "good", (size_t) i * 1000000);
		assert_null(bg_reader_take(reader, &len));
		assert_false(bg_reader_send(reader, BG_READER_HTML, NULL, 0, NULL, 0, "x", 1));
		assert_int_equal(finish(reader, 10000), BG_READER_DONE);
		answer = bg_reader_take(reader, &len);
		assert_non_null(answer);
		assert_int_equal(len, 2);
		assert_string_equal(answer, "{}");
		free(answer);
		assert_int_equal(bg_reader_served(reader), i);
		assert_int_equal(bg_reader_get_state(reader), BG_READER_IDLE);
	}
	send_word(reader, "large", 1);
	assert_int_equal(finish(reader, 10000), BG_READER_DONE);
	answer = bg_reader_take(reader, &len);
	assert_int_equal(len, BG_READER_MAX_ANSWER);
	free(answer);
	bg_reader_stop(reader);
	assert_reaped(pid);
	bg_reader_stop(NULL);
}

static void test_deaths(void **state)
{
	(void) state;
	assert_death("memory", 10, BG_TOO_COMPLEX);
	assert_death("oom early", 4000000, BG_TOO_COMPLEX);
	assert_death("cpu", 10, BG_TOO_COMPLEX);
	assert_death("abort", 10, BG_READER_CRASHED);
	assert_death("leave", 10, BG_READER_CRASHED);
	assert_death("close", 10, BG_READER_CRASHED);
	assert_death("garbage", 10, BG_READER_CRASHED);
	assert_death("status", 10, BG_READER_CRASHED);
	assert_death("huge", 10, BG_READER_CRASHED);
	assert_death("nothing", 10, BG_READER_CRASHED);
	assert_death("short", 10, BG_READER_CRASHED);
	assert_death("early", 4000000, BG_READER_CRASHED);
}

static void test_babble(void **state)
{
	bg_reader *reader = start(SELF);
	size_t len;

	(void) state;
	send_word(reader, "twice", 10);
	assert_int_equal(finish(reader, 10000), BG_READER_DONE);
	free(bg_reader_take(reader, &len));
	/* What follows an answer belongs to no question. */
	while (bg_reader_pump(reader) == BG_READER_IDLE)
		poll(&(struct pollfd){.fd = bg_reader_read_fd(reader), .events = POLLIN}, 1, 10000);
	assert_int_equal(bg_reader_get_state(reader), BG_READER_DEAD);
	assert_int_equal(bg_reader_death(reader), BG_READER_CRASHED);
	bg_reader_stop(reader);
}

static void send_word_ahead(bg_reader *reader, const char *word, size_t body_len)
{
	char *body = calloc(1, body_len + 1);

	assert_true(
	    bg_reader_send_ahead(reader, BG_READER_HTML, NULL, 0, word, strlen(word), body, body_len));
	free(body);
}

/* Requests sent ahead: answered in their order; the first that is unanswered is what a child dies of. */
static void test_ahead(void **state)
{
	static const char *words[] = {"good", "large", "good", "good"};
	bg_reader *reader = start(SELF);
	size_t len;

	(void) state;
	for (int i = 0; i < 4; i++)
		send_word_ahead(reader, words[i], 10000);
	assert_int_equal(bg_reader_unanswered(reader), 4);
	assert_false(bg_reader_send(reader, BG_READER_HTML, NULL, 0, NULL, 0, "x", 1));
	for (int i = 0; i < 4; i++)
	{
		assert_int_equal(finish(reader, 10000), BG_READER_DONE);
		/* What is sent while an answer waits changes nothing. */
		if (i == 0)
			send_word_ahead(reader, "large", 3000000);
		free(bg_reader_take(reader, &len));
		assert_int_equal(len, strcmp(words[i], "good") == 0 ? 2 : BG_READER_MAX_ANSWER);
		assert_int_equal(bg_reader_unanswered(reader), 4 - i);
	}
	assert_int_equal(finish(reader, 10000), BG_READER_DONE);
	free(bg_reader_take(reader, &len));
	assert_int_equal(len, BG_READER_MAX_ANSWER);
	assert_int_equal(bg_reader_get_state(reader), BG_READER_IDLE);
	assert_int_equal(bg_reader_served(reader), 5);

	for (int i = 0; i < BG_READER_AHEAD; i++)
	{
		assert_true(bg_reader_has_room(reader));
		send_word_ahead(reader, i == 1 ? "abort" : "good", 1);
	}
	assert_false(bg_reader_has_room(reader));
	assert_false(bg_reader_send_ahead(reader, BG_READER_HTML, NULL, 0, NULL, 0, "x", 1));
	assert_int_equal(finish(reader, 10000), BG_READER_DONE);
	free(bg_reader_take(reader, &len));
	assert_int_equal(finish(reader, 10000), BG_READER_DEAD);
	assert_int_equal(bg_reader_served(reader), 6);
	assert_int_equal(bg_reader_death(reader), BG_READER_CRASHED);
	assert_false(bg_reader_has_room(reader));
	bg_reader_stop(reader);

	/* An answer to what is not in its hands yet is none, whatever was answered before. */
	reader = start(SELF);
	send_word_ahead(reader, "good", 10);
	send_word_ahead(reader, "early", 4000000);
	assert_int_equal(finish(reader, 10000), BG_READER_DONE);
	free(bg_reader_take(reader, &len));
	assert_int_equal(finish(reader, 10000), BG_READER_DEAD);
	assert_int_equal(bg_reader_death(reader), BG_READER_CRASHED);
	bg_reader_stop(reader);

	/* Little that is unsent: a large page goes alone. */
	reader = start(SELF);
	send_word_ahead(reader, "good", 4000000);
	assert_false(bg_reader_has_room(reader));
	bg_reader_stop(reader);
}

/* However long requests follow each other without a gap, what has been sent is not kept. */
static void test_ahead_without_end(void **state)
{
	bg_reader *reader = start(SELF);
	struct mallinfo2 memory;
	size_t len;
	int sent = 0;
	int taken = 0;

	(void) state;
	while (taken < 60)
	{
		bg_reader_state now = bg_reader_pump(reader);
		struct pollfd ready[] = {{.fd = bg_reader_read_fd(reader), .events = POLLIN},
		                         {.fd = bg_reader_write_fd(reader), .events = POLLOUT}};

		assert_int_not_equal(now, BG_READER_DEAD);
		if (now == BG_READER_DONE)
		{
			free(bg_reader_take(reader, &len));
			taken++;
		}
		else if (sent < 60 && bg_reader_has_room(reader))
		{
			send_word_ahead(reader, "good", 1500000);
			sent++;
			memory = mallinfo2();
			assert_true(memory.uordblks + memory.hblkhd < 16 * 1024 * 1024);
		}
		else
			poll(ready, now == BG_READER_WRITING ? 2 : 1, 10000);
	}
	bg_reader_stop(reader);
}

static void test_hard_stop(void **state)
{
	static const char *const words[] = {"hang", "deaf"};

	(void) state;
	for (size_t i = 0; i < 2; i++)
	{
		bg_reader *reader = start(SELF);
		pid_t pid = bg_reader_pid(reader);

		send_word(reader, words[i], 4000000);
		assert_int_equal(finish(reader, 200), BG_READER_DEAD);
		assert_int_equal(bg_reader_death(reader), BG_TOO_COMPLEX);
		assert_true(bg_reader_elapsed_ms(reader) < 5000);
		assert_reaped(pid);
		bg_reader_stop(reader);
	}
}

static void test_killed(void **state)
{
	bg_reader *reader = start(SELF);

	(void) state;
	/* In the middle of a request. */
	send_word(reader, "hang", 10);
	assert_int_equal(bg_reader_pump(reader), BG_READER_READING);
	kill(bg_reader_pid(reader), SIGKILL);
	assert_int_equal(finish(reader, 10000), BG_READER_DEAD);
	assert_int_equal(bg_reader_death(reader), BG_READER_CRASHED);
	bg_reader_stop(reader);
	/* While idle. */
	reader = start(SELF);
	kill(bg_reader_pid(reader), SIGKILL);
	while (bg_reader_pump(reader) == BG_READER_IDLE)
		poll(&(struct pollfd){.fd = bg_reader_read_fd(reader), .events = POLLIN}, 1, 10000);
	assert_int_equal(bg_reader_get_state(reader), BG_READER_DEAD);
	bg_reader_stop(reader);
}

static void on_signal(int signal_number)
{
	(void) signal_number;
}

static void test_surroundings(void **state)
{
	sigset_t all;
	sigset_t before;
	bg_reader *reader;
	size_t len = 0;
	char *answer;

	(void) state;
	/* As a database backend: handlers installed, signals blocked, an environment. */
	sigfillset(&all);
	signal(SIGUSR1, on_signal);
	sigprocmask(SIG_SETMASK, &all, &before);
	reader = start(SELF);
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGUSR1, SIG_DFL);
	send_word(reader, "surroundings", 1);
	assert_int_equal(finish(reader, 10000), BG_READER_DONE);
	answer = bg_reader_take(reader, &len);
	assert_string_equal(answer, "ok");
	free(answer);
	bg_reader_stop(reader);
}

static void test_refusals(void **state)
{
	bg_reader *reader;

	(void) state;
	assert_null(bg_reader_start("/nonexistent/bountygo-reader"));
	assert_int_equal(errno, ENOENT);
	reader = start(SELF);
	assert_false(bg_reader_send(reader, BG_READER_HTML, NULL, 0, NULL, 0, "x",
	                            (size_t) BG_READER_MAX_BODY + 1));
	assert_int_equal(bg_reader_get_state(reader), BG_READER_IDLE);
	bg_reader_stop(reader);
}

/* ---- Tests with bountygo-reader --------------------------------------------------------------------------------- */

/* Reads a page with a real reader; the outcome, or "dead: ..." */
static const char *read_page(bg_reader *reader, const char *body, size_t len)
{
	static char outcome[64];
	size_t answer_len = 0;
	char *answer;
	json_t *result;

	assert_true(bg_reader_send(reader, BG_READER_HTML, "text/html", 9, "https://example.org/", 20,
	                           body, len));
	if (finish(reader, BG_READER_HARD_LIMIT_MS) == BG_READER_DEAD)
	{
		snprintf(outcome, sizeof(outcome), "dead: %s", bg_outcome_name(bg_reader_death(reader)));
		return outcome;
	}
	answer = bg_reader_take(reader, &answer_len);
	assert_true(bg_utf8_valid(answer, answer_len));
	result = json_loadb(answer, answer_len, JSON_REJECT_DUPLICATES, NULL);
	if (result == NULL)
		fail_msg("not JSON: %.200s", answer);
	snprintf(outcome, sizeof(outcome), "%s", json_string_value(json_object_get(result, "outcome")));
	json_decref(result);
	free(answer);
	return outcome;
}

static void test_real_page(void **state)
{
	static const char page[] =
	    "<!doctype html><html lang=en><head><title>Parser "
	    "bounty</title></head><body><article><h1>Parser "
	    "bounty</h1><p>We pay 5,000 USDC for a parser that survives hostile pages. Submit your "
	    "work "
	    "by 4 October 2026, 17:00 UTC. Everybody may take part.</p></article></body></html>";
	bg_reader *reader = start(REAL);

	(void) state;
	for (int i = 0; i < 20; i++)
		assert_string_equal(read_page(reader, page, sizeof(page) - 1), "ok");
	assert_int_equal(bg_reader_served(reader), 20);
	bg_reader_stop(reader);
}

/* Legacy character sets are there although no file can be opened any more; one that is not there is no reason to die. */
static void test_real_charsets(void **state)
{
	static const char *const names[] = {
	    "gb18030",      "gbk",     "big5",         "shift_jis",    "euc-jp",
	    "euc-kr",       "koi8-r",  "windows-1251", "windows-1252", "iso-8859-2",
	    "windows-1256", "tis-620", "x-nonsense",   "ibm1047"};
	bg_reader *reader = start(REAL);

	(void) state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		char page[512];
		const char *outcome;

		snprintf(page, sizeof(page),
		         "<html><head><meta charset=\"%s\"><title>T</title></head><body><p>Some words that "
		         "stand in "
		         "the main text of this page, enough of them to be read. "
		         "\xc4\xe3\xba\xc3</p></body></html>",
		         names[i]);
		outcome = read_page(reader, page, strlen(page));
		if (strcmp(outcome, "ok") != 0)
			fail_msg("%s: %s", names[i], outcome);
	}
	bg_reader_stop(reader);
}

/* An answer of the reader as JSON; fails if there is none. */
static json_t *answer_of(bg_reader *reader)
{
	size_t len = 0;
	char *answer;
	json_t *json;

	assert_int_equal(finish(reader, BG_READER_HARD_LIMIT_MS), BG_READER_DONE);
	answer = bg_reader_take(reader, &len);
	json = json_loadb(answer, len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	free(answer);
	return json;
}

/* The model's reply goes through the same process: what it quotes from the text counts, what it makes up does not. */
static void test_real_complete(void **state)
{
	static const char text[] = "Parser week\nWrite a parser and tell us how it went.\nEligibility: "
	                           "students of any university may take part.\n";
	static const char *const contents[] = {
	    "{\"eligibility\": {\"value\": \"students of any university\", \"quote\": \"students of "
	    "any university may take part\"}, "
	    "\"organizer\": {\"value\": \"Nobody\", \"quote\": \"organised by Nobody\"}}",
	    "no JSON at all"};
	static const char *const outcomes[] = {"ok", "bad_json"};
	bg_reader *reader = start(REAL);
	json_t *result;
	char *earlier;

	(void) state;
	assert_true(bg_reader_send(reader, BG_READER_TEXT, NULL, 0, NULL, 0, text, sizeof(text) - 1));
	result = answer_of(reader);
	json_object_del(json_object_get(result, "fields"), "eligibility");
	json_object_set_new(json_object_get(result, "missing"), "eligibility", json_string("absent"));
	earlier = json_dumps(result, 0);
	json_decref(result);
	for (int i = 0; i < 2; i++)
	{
		json_t *envelope = json_pack("{s:[{s:{s:s}, s:s}], s:{s:i, s:i}}", "choices", "message",
		                             "content", contents[i], "finish_reason", "stop", "usage",
		                             "prompt_tokens", 90, "completion_tokens", 9);
		char *reply = json_dumps(envelope, 0);
		json_t *fields;

		assert_true(bg_reader_send(reader, BG_READER_COMPLETE, earlier, strlen(earlier), NULL, 0,
		                           reply, strlen(reply)));
		result = answer_of(reader);
		fields = json_object_get(result, "fields");
		assert_string_equal(
		    json_string_value(json_object_get(json_object_get(result, "model"), "outcome")),
		    outcomes[i]);
		assert_int_equal(
		    json_integer_value(json_object_get(json_object_get(result, "model"), "prompt_tokens")),
		    90);
		assert_null(json_object_get(fields, "organizer"));
		assert_int_equal(json_object_get(fields, "eligibility") != NULL, i == 0);
		json_decref(result);
		json_decref(envelope);
		free(reply);
	}
	free(earlier);
	bg_reader_stop(reader);
}

typedef struct hostile_page
{
	const char *label;
	const char *before;
	const char *unit;
	bool numbered; /* the unit holds %zu */
	size_t size;
} hostile_page;

static const hostile_page hostile_pages[] = {
    {"list items", "<html><body>", "<li>", false, 2097152},
    {"paragraphs under many levels", "<html><body><div><div><div><div>", "<p>x", false, 2097152},
    {"deep", "<html><body>", "<div>", false, 2097152},
    {"deep formatting", "<html><body>", "<b><i>", false, 2097152},
    {"open tables", "<html><body>", "<table><tr><td>", false, 2097152},
    {"open lists in tables", "<html><body>", "<table><li>", false, 2097152},
    {"attributes", "<html><body><p ", "a%zu=1 ", true, 2097152},
    {"attributes without end", "<html><body><p ", "a", false, 2097152},
    {"entities", "<html><body><p>", "&amp;", false, 2097152},
    {"unknown entities", "<html><body><p>", "&x;", false, 2097152},
    {"comments", "<html><body>", "<!--", false, 2097152},
    {"angles", "<html><body>", "<", false, 2097152},
    {"end tags", "<html><body>", "</p>", false, 2097152},
    {"open scripts", "<html><body>", "<script>", false, 2097152},
    {"open JSON", "<html><head><script type=\"application/ld+json\">", "[", false, 2097152},
    {"many JSON", "<html><head>",
     "<script type=\"application/ld+json\">{\"@type\":\"Event\"}</script>", false, 2097152},
    {"links", "<html><body>", "<a href=\"/x\">y</a>", false, 2097152},
    {"numbers", "<html><body><p>", "$1,000 ", false, 1900000},
    {"commas", "<html><body><p>$", "1,000,", false, 1900000},
    {"dates", "<html><body><p>", "October 4, 2026 - ", false, 1900000},
    {"digits", "<html><body><p>", "1", false, 2000000},
    {"spaces", "<html><body><p>", " ", false, 2000000},
    {"words", "<html><body><p>", "deadline prize reward ", false, 1900000},
    {"Chinese", "<html><body><p>", "\xe5\xa5\x96\xe9\x87\x91", false, 1900000},
    {"invalid UTF-8", "<html><body><p>", "\xc3\x28\xff", false, 1900000},
};

/* No page costs more than itself: an answer, or a death by the reader's own limits, each within the hard stop. */
static void test_real_hostile(void **state)
{
	bg_reader *reader = start(REAL);

	(void) state;
	for (size_t i = 0; i < sizeof(hostile_pages) / sizeof(hostile_pages[0]); i++)
	{
		const hostile_page *page = &hostile_pages[i];
		bg_buffer body;
		const char *outcome;
		long elapsed;
		size_t n = 0;

		bg_buffer_init(&body, 0);
		bg_buffer_puts(&body, page->before);
		while (body.len + strlen(page->unit) + 16 < page->size)
		{
			if (page->numbered)
				bg_buffer_printf(&body, "a%zu=1 ", n++);
			else
				bg_buffer_puts(&body, page->unit);
		}
		outcome = read_page(reader, body.data, body.len);
		elapsed = bg_reader_elapsed_ms(reader);
		bg_buffer_free(&body);
		if (getenv("BOUNTYGO_TEST_VERBOSE") != NULL)
			print_message("%-30s %-20s %ld ms\n", page->label, outcome, elapsed);
		if (strcmp(outcome, "dead: reader_crashed") == 0)
			fail_msg("%s: %s", page->label, outcome);
		if (bg_reader_get_state(reader) == BG_READER_DEAD)
		{
			bg_reader_stop(reader);
			reader = start(REAL);
		}
	}
	bg_reader_stop(reader);
}

/* An honest page of the largest size is read, many times, by one child. */
static void test_real_large(void **state)
{
	bg_reader *reader = start(REAL);
	bg_buffer body;

	(void) state;
	bg_buffer_init(&body, 0);
	bg_buffer_puts(&body, "<html><body><article><h1>A long page</h1>");
	while (body.len < 2097152 - 200)
		bg_buffer_puts(
		    &body, "<p>Some honest words about the work, <b>the reward</b> and how to take part "
		           "in it, which is what pages of this size hold.</p>\n");
	for (int i = 0; i < 5; i++)
		assert_string_equal(read_page(reader, body.data, body.len), "ok");
	bg_buffer_free(&body);
	bg_reader_stop(reader);
}

/* The owner goes away in the middle: the child does, too, without being killed. */
static void test_real_leaves(void **state)
{
	FILE *check = popen(REAL " --check </dev/null", "r");
	char line[64] = "";

	(void) state;
	assert_non_null(check);
	assert_non_null(fgets(line, sizeof(line), check));
	assert_string_equal(line, "confined\n");
	assert_int_equal(pclose(check), 0);
	/* Without a request: the end of input is the end of work. */
	assert_int_equal(system(REAL " </dev/null >/dev/null"), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_exchange),      cmocka_unit_test(test_event_for_answer),
	    cmocka_unit_test(test_deaths),        cmocka_unit_test(test_babble),
	    cmocka_unit_test(test_ahead),         cmocka_unit_test(test_ahead_without_end),
	    cmocka_unit_test(test_hard_stop),     cmocka_unit_test(test_killed),
	    cmocka_unit_test(test_surroundings),  cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_real_page),     cmocka_unit_test(test_real_charsets),
	    cmocka_unit_test(test_real_complete), cmocka_unit_test(test_real_hostile),
	    cmocka_unit_test(test_real_large),    cmocka_unit_test(test_real_leaves),
	};

	if (argc > 0 && strcmp(argv[0], "bountygo-reader") == 0)
		return child();
	return cmocka_run_group_tests_name("reader_client", tests, NULL, NULL);
}

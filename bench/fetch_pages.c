/*
 * fetch_pages.c
 *		The ceilings for bench/jobs: the same pages fetched by a bare curl-multi program, with and without reading them.
 *
 * usage: fetch_pages URL-PREFIX COUNT CONCURRENCY [READER-PROGRAM READERS]
 *
 * Fetches URL-PREFIX0 … URL-PREFIX(COUNT-1), CONCURRENCY at once, over kept connections. With a reader program each page is
 * also read by one of READERS children of it, as a worker does. No database, no robots.txt, no checks. Prints pages a second.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "../extension/buffer.h"
#include "../extension/reader/client.h"

typedef struct page
{
	struct page *next;
	char *body;
	size_t len;
	char url[512];
} page;

typedef struct transfer
{
	CURL *easy;
	bg_buffer body;
	char url[512];
} transfer;

static const char *prefix;
static long count;
static long started;
static long fetched;
static long finished;
static long failed;
static page *waiting;
static page **waiting_end = &waiting;
static bg_reader *readers[32];
static int n_readers;

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static size_t take(char *bytes, size_t size, size_t n, void *arg)
{
	transfer *t = arg;

	bg_buffer_append(&t->body, bytes, size * n);
	return t->body.failed ? 0 : size * n;
}

static void start_next(CURLM *multi, transfer *t)
{
	snprintf(t->url, sizeof(t->url), "%s%ld", prefix, started++);
	bg_buffer_truncate(&t->body, 0);
	curl_easy_setopt(t->easy, CURLOPT_URL, t->url);
	curl_multi_add_handle(multi, t->easy);
}

static void take_answers(bg_reader *reader)
{
	while (bg_reader_pump(reader) == BG_READER_DONE)
	{
		size_t len;
		char *answer = bg_reader_take(reader, &len);

		failed += answer == NULL;
		free(answer);
		finished++;
		if (bg_reader_unanswered(reader) == 0)
			break;
	}
	if (bg_reader_get_state(reader) == BG_READER_DEAD)
	{
		fprintf(stderr, "a reader died\n");
		exit(1);
	}
}

static bg_reader *least_busy(void)
{
	bg_reader *best = NULL;

	for (int i = 0; i < n_readers; i++)
		if (bg_reader_has_room(readers[i]) &&
		    (best == NULL || bg_reader_unanswered(readers[i]) < bg_reader_unanswered(best)))
			best = readers[i];
	return best;
}

/* Takes what was answered and gives waiting pages to readers, as many ahead as a worker does. */
static void pump_readers(void)
{
	bg_reader *reader;

	for (int i = 0; i < n_readers; i++)
		take_answers(readers[i]);
	while (waiting != NULL && (reader = least_busy()) != NULL)
	{
		page *p = waiting;

		waiting = p->next;
		if (waiting == NULL)
			waiting_end = &waiting;
		if (!bg_reader_send_ahead(reader, BG_READER_HTML, "text/html", 9, p->url, strlen(p->url),
		                          p->body, p->len))
			failed++, finished++;
		free(p->body);
		free(p);
		take_answers(reader);
	}
}

static void collect(CURLM *multi)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi, &left)) != NULL)
	{
		transfer *t;
		long status = 0;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **) &t);
		curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
		failed += message->data.result != CURLE_OK || status != 200;
		curl_multi_remove_handle(multi, message->easy_handle);
		fetched++;
		if (n_readers == 0)
			finished++;
		else
		{
			page *p = calloc(1, sizeof(page));

			if (p == NULL)
				exit(1);
			memcpy(p->url, t->url, sizeof(p->url));
			p->body = bg_buffer_detach(&t->body, &p->len);
			*waiting_end = p;
			waiting_end = &p->next;
		}
		if (started < count)
			start_next(multi, t);
	}
}

int main(int argc, char **argv)
{
	CURLM *multi;
	transfer *transfers;
	int concurrency;
	int running;
	double began;
	double elapsed;

	if (argc != 4 && argc != 6)
	{
		fprintf(stderr, "usage: %s URL-PREFIX COUNT CONCURRENCY [READER-PROGRAM READERS]\n",
		        argv[0]);
		return 2;
	}
	prefix = argv[1];
	count = atol(argv[2]);
	concurrency = atoi(argv[3]);
	if (argc == 6)
	{
		n_readers = atoi(argv[5]);
		for (int i = 0; i < n_readers; i++)
			if ((readers[i] = bg_reader_start(argv[4])) == NULL)
			{
				perror(argv[4]);
				return 1;
			}
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	multi = curl_multi_init();
	curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long) concurrency);
	transfers = calloc((size_t) concurrency, sizeof(transfer));
	began = seconds();
	for (int i = 0; i < concurrency; i++)
	{
		transfer *t = &transfers[i];

		bg_buffer_init(&t->body, 4 * 1024 * 1024);
		t->easy = curl_easy_init();
		curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
		curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, take);
		curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
		curl_easy_setopt(t->easy, CURLOPT_PROXY, "");
		if (started < count)
			start_next(multi, t);
	}
	while (finished < count)
	{
		struct curl_waitfd fds[64];
		unsigned int n = 0;

		curl_multi_perform(multi, &running);
		collect(multi);
		pump_readers();
		for (int i = 0; i < n_readers; i++)
		{
			bg_reader_state state = bg_reader_get_state(readers[i]);

			if (state != BG_READER_WRITING && state != BG_READER_READING)
				continue;
			fds[n++] = (struct curl_waitfd){bg_reader_read_fd(readers[i]), CURL_WAIT_POLLIN, 0};
			if (state == BG_READER_WRITING)
				fds[n++] =
				    (struct curl_waitfd){bg_reader_write_fd(readers[i]), CURL_WAIT_POLLOUT, 0};
		}
		if (finished < count)
			curl_multi_poll(multi, fds, n, 1000, NULL);
	}
	elapsed = seconds() - began;
	printf("%.0f\n", (double) count / elapsed);
	for (int i = 0; i < n_readers; i++)
		bg_reader_stop(readers[i]);
	for (int i = 0; i < concurrency; i++)
	{
		curl_easy_cleanup(transfers[i].easy);
		bg_buffer_free(&transfers[i].body);
	}
	free(transfers);
	curl_multi_cleanup(multi);
	if (failed > 0)
		fprintf(stderr, "%ld of %ld pages failed\n", failed, count);
	return failed > 0;
}

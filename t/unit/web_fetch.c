/*
 * web_fetch.c
 *		Fetching pages from a server that behaves and misbehaves: every outcome, robots.txt, redirects, limits, lookups.
 *
 * The honest server listens on 127.0.0.2, which the policy is told to allow; a socket on 127.0.0.1 proves that nobody comes.
 */
#define _GNU_SOURCE /* memmem */
#include <sys/stat.h>

#include "web/egress.h"
#include "web/fetch.h"
#include "web_servers.h"

static server web;
static server dns;
static int forbidden = -1;
static int forbidden_port;
static char root[] = P_tmpdir "/bountygo-fetch-XXXXXX";

/* Everything of one test. */
typedef struct bench
{
	bg_loop *loop;
	bg_http *http;
	bg_fetcher *fetcher;
	bg_fetch_settings settings;
	bg_http_settings http_settings;
	char dns_servers[32];
} bench;

static void bench_init(bench *b)
{
	memset(b, 0, sizeof(*b));
	snprintf(b->dns_servers, sizeof(b->dns_servers), "127.0.0.1:%d", dns.port);
	b->http_settings = (bg_http_settings){.max_connections = 100,
	                                      .max_connections_per_host = 30,
	                                      .dns_cache_s = 300,
	                                      .dns_timeout_ms = 1000,
	                                      .dns_servers = b->dns_servers,
	                                      .user_agent = "BountyGo-URLAgent/1.0 (+test)",
	                                      .ca_file = ""};
	b->settings = (bg_fetch_settings){.connect_timeout_ms = 5000,
	                                  .read_timeout_ms = 5000,
	                                  .total_timeout_ms = 10000,
	                                  .low_speed_bytes = 1024,
	                                  .low_speed_s = 10,
	                                  .max_redirects = 5,
	                                  .max_wire_bytes = 2 << 20,
	                                  .max_body_bytes = 2 << 20,
	                                  .obey_robots = true,
	                                  .robots_cache_s = 3600,
	                                  .agent_token = "BountyGo"};
}

static void bench_start(bench *b)
{
	b->loop = bg_loop_create();
	assert_non_null(b->loop);
	b->http = bg_http_create(b->loop, &b->http_settings);
	assert_non_null(b->http);
	b->fetcher = bg_fetcher_create(b->loop, b->http, &b->settings);
	assert_non_null(b->fetcher);
}

static void bench_stop(bench *b)
{
	bg_fetcher_free(b->fetcher);
	bg_http_free(b->http);
	bg_loop_free(b->loop);
}

/* Turns the loop until a fetch is finished. */
static bg_fetch *next_finished(bench *b)
{
	for (;;)
	{
		bg_fetch *fetch = bg_fetch_finished(b->fetcher);

		if (fetch != NULL)
			return fetch;
		if (!turn(b->loop, 20000))
			fail_msg("nothing happens");
	}
}

/* "/path" on the honest server. */
static const char *on_web(const char *path)
{
	static char urls[4][512];
	static int at;

	at = (at + 1) % 4;
	snprintf(urls[at], sizeof(urls[at]), "http://127.0.0.2:%d%s", web.port, path);
	return urls[at];
}

static bg_fetch *fetch_in(bench *b, const char *url)
{
	bg_fetch *fetch = bg_fetch_start(b->fetcher, url, NULL, NULL, b);
	bg_fetch *finished;

	assert_non_null(fetch);
	finished = next_finished(b);
	assert_ptr_equal(finished, fetch);
	assert_ptr_equal(bg_fetch_arg(fetch), b);
	return fetch;
}

static void expect(bench *b, const char *url, bg_outcome outcome)
{
	bg_fetch *fetch = fetch_in(b, url);
	bg_fetch_result *result = bg_fetch_get_result(fetch);

	if (result->outcome != outcome)
		fail_msg("%s: %s instead of %s (%s)", url, bg_outcome_name(result->outcome),
		         bg_outcome_name(outcome), result->detail);
	/* For people and the log: no addresses, no URLs. */
	assert_null(strstr(result->detail, "127.0"));
	assert_null(strstr(result->detail, ".test"));
	bg_fetch_free(fetch);
}

static void write_file(const char *name, const char *text)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", root, name);
	if (text == NULL)
	{
		unlink(path);
		return;
	}
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int setup(void **state)
{
	char ports[64];
	char why[128];
	const char *web_arguments[] = {"--root", root, "--host", "127.0.0.2", NULL};
	const char *dns_arguments[] = {"good.test=127.0.0.2",
	                               "inside.test=127.0.0.1",
	                               "both.test=127.0.0.2,127.0.0.1",
	                               "mapped.test=::ffff:127.0.0.1",
	                               "v6.test=::1",
	                               "half.test=127.0.0.2,fd00::1",
	                               "rebind.test=127.0.0.2;127.0.0.1",
	                               "stuck.test=silent",
	                               "*.stuck.test=silent",
	                               "broken.test=servfail",
	                               "none.test=none",
	                               "closed.test=127.0.0.2",
	                               NULL};

	(void) state;
	assert_non_null(mkdtemp(root));
	write_file("page.html", "<p>hello</p>");
	write_file("note.txt", "hello");
	write_file("paper.pdf", "%PDF");
	write_file("denied.html", "<p>no</p>");
	web = server_start("HttpServer", web_arguments);
	dns = server_start("DnsServer", dns_arguments);
	forbidden = listen_forbidden(&forbidden_port);
	snprintf(ports, sizeof(ports), "%d, %d, 1", web.port, forbidden_port);
	assert_true(bg_egress_configure("127.0.0.2/32", ports, why, sizeof(why)));
	return 0;
}

static int teardown(void **state)
{
	const char *names[] = {"page.html",   "note.txt",   "paper.pdf",
	                       "denied.html", "robots.txt", "robots.status"};
	char why[128];

	(void) state;
	server_stop(&web);
	server_stop(&dns);
	close(forbidden);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		write_file(names[i], NULL);
	rmdir(root);
	bg_egress_configure("", "", why, sizeof(why));
	return 0;
}

static void test_page(void **state)
{
	bench b;
	bg_fetch *fetch;
	bg_fetch_result *result;

	(void) state;
	bench_init(&b);
	bench_start(&b);
	fetch = fetch_in(&b, on_web("/page.html?utm_source=x#y"));
	result = bg_fetch_get_result(fetch);
	assert_int_equal(result->outcome, BG_OK);
	assert_int_equal(result->status, 200);
	assert_string_equal(result->final_url, on_web("/page.html"));
	assert_string_equal(result->content_type, "text/html");
	assert_int_equal(result->body_len, strlen("<p>hello</p>"));
	assert_memory_equal(result->body, "<p>hello</p>", result->body_len);
	assert_int_equal(result->redirects, 0);
	assert_int_equal(result->retry_after_s, -1);
	assert_int_equal(result->crawl_delay_s, -1);
	bg_fetch_free(fetch);
	assert_int_equal(bg_fetch_active(b.fetcher), 0);
	bench_stop(&b);
}

static void test_outcomes(void **state)
{
	static const struct
	{
		const char *path;
		bg_outcome outcome;
	} rows[] = {
	    {"/page.html", BG_OK},
	    {"/note.txt", BG_OK},
	    {"/gzip", BG_OK},
	    {"/deflate", BG_OK},
	    {"/etag", BG_OK},
	    {"/type", BG_OK},
	    {"/type?t=TEXT/HTML%3Bcharset=gbk", BG_OK},
	    {"/slow?ms=50", BG_OK},
	    {"/paper.pdf", BG_UNSUPPORTED_TYPE},
	    {"/type?t=image/png", BG_UNSUPPORTED_TYPE},
	    {"/huge?t=application/zip", BG_UNSUPPORTED_TYPE},
	    {"/empty", BG_EMPTY},
	    {"/status/204", BG_EMPTY},
	    {"/missing", BG_GONE},
	    {"/status/404", BG_GONE},
	    {"/status/410", BG_GONE},
	    {"/status/400", BG_HTTP_4XX},
	    {"/status/401", BG_HTTP_4XX},
	    {"/status/403", BG_HTTP_4XX},
	    {"/status/451", BG_HTTP_4XX},
	    {"/status/408", BG_TIMEOUT},
	    {"/status/429", BG_RATE_LIMITED},
	    {"/status/500", BG_HTTP_5XX},
	    {"/status/502", BG_HTTP_5XX},
	    {"/status/503", BG_HTTP_5XX},
	    {"/status/304", BG_BAD_RESPONSE},
	    {"/status/300", BG_BAD_RESPONSE},
	    {"/location", BG_BAD_RESPONSE},
	    {"/huge", BG_TOO_LARGE},
	    {"/huge?bytes=2097153", BG_TOO_LARGE},
	    {"/huge?bytes=2097152", BG_OK},
	    {"/chunked-forever", BG_TOO_LARGE},
	    {"/endless", BG_TOO_LARGE},
	    {"/gzip-bomb?mb=16", BG_TOO_LARGE},
	    {"/headers-forever", BG_TOO_LARGE},
	    {"/interim-forever", BG_TOO_LARGE},
	    {"/two-encodings", BG_BAD_RESPONSE},
	    {"/unknown-encoding", BG_BAD_RESPONSE},
	    {"/broken-gzip", BG_BAD_RESPONSE},
	    {"/truncated", BG_BAD_RESPONSE},
	    {"/truncated-chunked", BG_BAD_RESPONSE},
	    {"/reset", BG_BAD_RESPONSE},
	    {"/garbage", BG_BAD_RESPONSE},
	    {"/redirect-loop", BG_TOO_MANY_REDIRECTS},
	};
	bench b;

	(void) state;
	bench_init(&b);
	bench_start(&b);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		expect(&b, on_web(rows[i].path), rows[i].outcome);
	bench_stop(&b);
}

/* Documents of ours by agreement: any type, no robots.txt, but nothing else is more than for pages. */
static void test_documents(void **state)
{
	const struct
	{
		const char *url;
		bg_outcome outcome;
	} cases[] = {
	    {on_web("/paper.pdf"), BG_OK},
	    {on_web("/denied.html"), BG_OK},
	    {on_web("/redirect?to=/page.html"), BG_TOO_MANY_REDIRECTS},
	    {on_web("/huge"), BG_TOO_LARGE},
	};
	bench b;
	bg_fetch *fetch;
	char inside[64];

	(void) state;
	write_file("robots.txt", "User-agent: *\nDisallow: /\n");
	bench_init(&b);
	bench_start(&b);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		fetch = bg_fetch_start_document(b.fetcher, cases[i].url, &b);
		assert_non_null(fetch);
		assert_ptr_equal(next_finished(&b), fetch);
		assert_int_equal(bg_fetch_get_result(fetch)->outcome, cases[i].outcome);
		bg_fetch_free(fetch);
	}
	/* Without TLS only from an address that is listed, and not from a name that leads there. */
	snprintf(inside, sizeof(inside), "http://good.test:%d/page.html", web.port);
	fetch = bg_fetch_start_document(b.fetcher, inside, &b);
	assert_ptr_equal(next_finished(&b), fetch);
	assert_int_equal(bg_fetch_get_result(fetch)->outcome, BG_BAD_URL);
	bg_fetch_free(fetch);
	fetch = bg_fetch_start_document(b.fetcher, "http://8.8.8.8/keys", &b);
	assert_ptr_equal(next_finished(&b), fetch);
	assert_int_equal(bg_fetch_get_result(fetch)->outcome, BG_BAD_URL);
	bg_fetch_free(fetch);
	write_file("robots.txt", NULL);
	bench_stop(&b);
}

static void test_timeouts(void **state)
{
	bench b;

	(void) state;
	bench_init(&b);
	b.settings.read_timeout_ms = 300;
	bench_start(&b);
	expect(&b, on_web("/hang"), BG_TIMEOUT);
	expect(&b, on_web("/slow?ms=3000"), BG_TIMEOUT);
	/* Each byte within the idle limit, all of them not within the total. */
	bench_stop(&b);
	b.settings.total_timeout_ms = 600;
	bench_start(&b);
	expect(&b, on_web("/drip?n=1000&ms=50"), BG_TIMEOUT);
	expect(&b, on_web("/drip?n=3&ms=20"), BG_OK);
	bench_stop(&b);
	/* Fast enough for the idle limit, too slow in bytes. */
	b.settings.total_timeout_ms = 20000;
	b.settings.low_speed_s = 1;
	bench_start(&b);
	expect(&b, on_web("/drip?n=1000&ms=50"), BG_TIMEOUT);
	bench_stop(&b);
}

static void test_retry_after(void **state)
{
	bench b;
	bg_fetch *fetch;
	long seconds;

	(void) state;
	bench_init(&b);
	bench_start(&b);
	fetch = fetch_in(&b, on_web("/retry-after?s=30"));
	assert_int_equal(bg_fetch_get_result(fetch)->outcome, BG_RATE_LIMITED);
	assert_int_equal(bg_fetch_get_result(fetch)->retry_after_s, 30);
	bg_fetch_free(fetch);
	fetch = fetch_in(&b, on_web("/retry-after?s=90&status=429&date=1"));
	assert_int_equal(bg_fetch_get_result(fetch)->outcome, BG_RATE_LIMITED);
	seconds = bg_fetch_get_result(fetch)->retry_after_s;
	assert_true(seconds >= 85 && seconds <= 90);
	bg_fetch_free(fetch);
	fetch = fetch_in(&b, on_web("/retry-after?s=nonsense"));
	assert_int_equal(bg_fetch_get_result(fetch)->outcome, BG_HTTP_5XX);
	assert_int_equal(bg_fetch_get_result(fetch)->retry_after_s, -1);
	bg_fetch_free(fetch);
	fetch = fetch_in(&b, on_web("/retry-after?s=99999999999"));
	assert_true(bg_fetch_get_result(fetch)->retry_after_s > 24 * 3600);
	bg_fetch_free(fetch);
	bench_stop(&b);
}

static void test_conditional(void **state)
{
	bench b;
	bg_fetch *fetch;
	bg_fetch_result *result;

	(void) state;
	bench_init(&b);
	bench_start(&b);
	fetch = fetch_in(&b, on_web("/etag"));
	result = bg_fetch_get_result(fetch);
	assert_string_equal(result->etag, "\"v1\"");
	assert_string_equal(result->last_modified, "Sat, 01 Jun 2024 10:00:00 GMT");
	bg_fetch_free(fetch);
	fetch = bg_fetch_start(b.fetcher, on_web("/etag"), "\"v1\"", NULL, NULL);
	assert_ptr_equal(next_finished(&b), fetch);
	assert_int_equal(bg_fetch_get_result(fetch)->outcome, BG_NOT_MODIFIED);
	assert_null(bg_fetch_get_result(fetch)->body);
	bg_fetch_free(fetch);
	fetch = bg_fetch_start(b.fetcher, on_web("/etag"), NULL, "Sat, 01 Jun 2024 10:00:00 GMT", NULL);
	assert_ptr_equal(next_finished(&b), fetch);
	assert_int_equal(bg_fetch_get_result(fetch)->outcome, BG_NOT_MODIFIED);
	bg_fetch_free(fetch);
	fetch = bg_fetch_start(b.fetcher, on_web("/etag"), "\"v0\"", NULL, NULL);
	assert_ptr_equal(next_finished(&b), fetch);
	assert_int_equal(bg_fetch_get_result(fetch)->outcome, BG_OK);
	bg_fetch_free(fetch);
	/* A validator that would begin a new header line is not sent. */
	fetch = bg_fetch_start(b.fetcher, on_web("/echo"), "x\r\nX-Evil: 1", NULL, NULL);
	assert_ptr_equal(next_finished(&b), fetch);
	result = bg_fetch_get_result(fetch);
	assert_int_equal(result->outcome, BG_OK);
	assert_null(memmem(result->body, result->body_len, "X-Evil", 6));
	assert_non_null(
	    memmem(result->body, result->body_len, "User-Agent: BountyGo-URLAgent/1.0", 33));
	assert_null(memmem(result->body, result->body_len, "Cookie", 6));
	bg_fetch_free(fetch);
	bench_stop(&b);
}

static void test_redirects(void **state)
{
	bench b;
	bg_fetch *fetch;
	char path[256];

	(void) state;
	bench_init(&b);
	bench_start(&b);
	fetch = fetch_in(&b, on_web("/redirect?to=/page.html&n=5"));
	assert_int_equal(bg_fetch_get_result(fetch)->outcome, BG_OK);
	assert_int_equal(bg_fetch_get_result(fetch)->redirects, 5);
	assert_string_equal(bg_fetch_get_result(fetch)->final_url, on_web("/page.html"));
	bg_fetch_free(fetch);
	expect(&b, on_web("/redirect?to=/page.html&n=6"), BG_TOO_MANY_REDIRECTS);
	for (int status = 301; status <= 308; status++)
	{
		if (status >= 304 && status <= 306)
			continue;
		snprintf(path, sizeof(path), "/redirect?to=note.txt&status=%d", status);
		expect(&b, on_web(path), BG_OK);
	}
	/* Refused before anything is dialled. */
	expect(&b, on_web("/redirect?to=ftp://127.0.0.2/"), BG_BAD_URL);
	expect(&b, on_web("/redirect?to=file:///etc/passwd"), BG_BAD_URL);
	expect(&b, on_web("/redirect?to=http://user:pass@good.test/"), BG_BAD_URL);
	expect(&b, on_web("/redirect?to=http://good.test:22/"), BG_BAD_URL);
	expect(&b, on_web("/redirect?to=http://[::1%2525lo]/"), BG_BAD_URL);
	expect(&b, on_web("/location?raw=/page.html%20"), BG_OK);
	expect(&b, on_web("/location?raw=/no%20such"), BG_GONE);
	expect(&b, on_web("/location?raw=/%D6%D0"), BG_GONE);
	expect(&b, on_web("/location?raw=/\\evil"), BG_BAD_URL);
	/* Every way to write the loopback address. */
	static const char *const hosts[] = {
	    "127.0.0.1",          "127.1",           "2130706433", "0x7f000001", "0177.0.0.1",
	    "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "localhost",  "0",          "127.0.0.1.",
	    "inside.test",        "mapped.test",     "both.test",  "v6.test",    "half.test"};
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
	{
		snprintf(path, sizeof(path), "/redirect?to=http://%s:%d/", hosts[i], forbidden_port);
		expect(&b, on_web(path), BG_BLOCKED_ADDRESS);
		snprintf(path, sizeof(path), "http://%s:%d/", hosts[i], forbidden_port);
		expect(&b, path, BG_BLOCKED_ADDRESS);
	}
	assert_nobody_connected(forbidden);
	bench_stop(&b);
}

static void test_bad_urls(void **state)
{
	bench b;

	(void) state;
	bench_init(&b);
	bench_start(&b);
	expect(&b, "", BG_BAD_URL);
	expect(&b, "gopher://good.test/", BG_BAD_URL);
	expect(&b, "http://good.test:25/", BG_BAD_URL);
	expect(&b, "http://127.0.0.1/", BG_BLOCKED_ADDRESS);
	expect(&b, "http://127.0.0.2:1/", BG_CONNECT);
	bench_stop(&b);
}

static void test_names(void **state)
{
	bench b;
	char url[128];

	(void) state;
	bench_init(&b);
	bench_start(&b);
	snprintf(url, sizeof(url), "http://good.test:%d/page.html", web.port);
	expect(&b, url, BG_OK);
	snprintf(url, sizeof(url), "http://GOOD.test.:%d/page.html", web.port);
	expect(&b, url, BG_OK);
	expect(&b, "http://absent.test/", BG_DNS);
	expect(&b, "http://none.test/", BG_DNS);
	expect(&b, "http://broken.test/", BG_DNS);
	expect(&b, "http://stuck.test/", BG_DNS);
	expect(&b, "http://closed.test:1/", BG_CONNECT);
	assert_nobody_connected(forbidden);
	bench_stop(&b);
}

/* A name that shows a good address first and the loopback address then: nothing is remembered, each hop asks again. */
static void test_rebinding(void **state)
{
	bench b;
	char url[128];

	(void) state;
	bench_init(&b);
	b.http_settings.dns_cache_s = 0;
	b.settings.obey_robots = false;
	bench_start(&b);
	snprintf(url, sizeof(url), "http://rebind.test:%d/page.html", web.port);
	expect(&b, url, BG_OK);
	for (int i = 0; i < 20; i++)
		expect(&b, url, BG_BLOCKED_ADDRESS);
	snprintf(url, sizeof(url), "http://rebind.test:%d/page.html", forbidden_port);
	expect(&b, url, BG_BLOCKED_ADDRESS);
	assert_nobody_connected(forbidden);
	bench_stop(&b);
}

/* Names nobody answers for hold up only themselves. */
static void test_stuck_names(void **state)
{
	enum
	{
		STUCK = 15
	};
	bench b;
	int good = 0;
	int64_t started;

	(void) state;
	bench_init(&b);
	b.http_settings.dns_timeout_ms = 2000;
	bench_start(&b);
	for (int i = 0; i < STUCK; i++)
	{
		char url[64];

		snprintf(url, sizeof(url), "http://n%d.stuck.test/", i);
		assert_non_null(bg_fetch_start(b.fetcher, url, NULL, NULL, NULL));
	}
	started = bg_loop_now_ms();
	for (int i = 0; i < 20; i++)
	{
		char url[64];

		snprintf(url, sizeof(url), "http://good.test:%d/page.html", web.port);
		assert_non_null(bg_fetch_start(b.fetcher, url, NULL, NULL, &b));
	}
	while (good < 20)
	{
		bg_fetch *fetch = next_finished(&b);

		assert_ptr_equal(bg_fetch_arg(fetch), &b);
		assert_int_equal(bg_fetch_get_result(fetch)->outcome, BG_OK);
		bg_fetch_free(fetch);
		good++;
	}
	assert_true(bg_loop_now_ms() - started < 1500);
	for (int i = 0; i < STUCK; i++)
	{
		bg_fetch *fetch = next_finished(&b);

		assert_int_equal(bg_fetch_get_result(fetch)->outcome, BG_DNS);
		bg_fetch_free(fetch);
	}
	bench_stop(&b);
}

static void test_robots(void **state)
{
	bench b;
	bg_fetch *fetch;

	(void) state;
	bench_init(&b);
	write_file("robots.txt", "User-agent: *\nDisallow: /denied\nCrawl-delay: 3\n");
	bench_start(&b);
	fetch = fetch_in(&b, on_web("/page.html"));
	assert_int_equal(bg_fetch_get_result(fetch)->outcome, BG_OK);
	assert_int_equal(bg_fetch_get_result(fetch)->crawl_delay_s, 3);
	bg_fetch_free(fetch);
	expect(&b, on_web("/denied.html"), BG_ROBOTS_DENIED);
	expect(&b, on_web("/redirect?to=/denied.html"), BG_ROBOTS_DENIED);
	/* Remembered: a change is not noticed until the time is over. */
	write_file("robots.txt", "User-agent: *\nDisallow: /\n");
	expect(&b, on_web("/page.html"), BG_OK);
	bench_stop(&b);

	bench_start(&b);
	expect(&b, on_web("/page.html"), BG_ROBOTS_DENIED);
	bench_stop(&b);

	b.settings.obey_robots = false;
	bench_start(&b);
	expect(&b, on_web("/page.html"), BG_OK);
	bench_stop(&b);

	b.settings.obey_robots = true;
	write_file("robots.txt", NULL);
	static const struct
	{
		const char *status;
		bg_outcome outcome;
	} rows[] = {{"404", BG_OK},
	            {"403", BG_OK},
	            {"204", BG_OK},
	            {"429", BG_RATE_LIMITED},
	            {"500", BG_ROBOTS_DENIED},
	            {"503", BG_ROBOTS_DENIED}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		write_file("robots.status", rows[i].status);
		bench_start(&b);
		expect(&b, on_web("/page.html"), rows[i].outcome);
		bench_stop(&b);
	}
	write_file("robots.status", NULL);
}

static void test_robots_far(void **state)
{
	bench b;
	char status[128];
	size_t len = 700 * 1024;
	char *text = malloc(len + 1);

	(void) state;
	bench_init(&b);
	b.settings.read_timeout_ms = 300;
	/* Redirects are followed; in a circle or to where nobody may go they lead to no rules. */
	write_file("note.txt", "User-agent: *\nDisallow: /page\n");
	write_file("robots.status", "301 /note.txt");
	bench_start(&b);
	expect(&b, on_web("/page.html"), BG_ROBOTS_DENIED);
	expect(&b, on_web("/note.txt"), BG_OK);
	bench_stop(&b);
	write_file("note.txt", "hello");
	write_file("robots.status", "302 /robots.txt");
	bench_start(&b);
	expect(&b, on_web("/page.html"), BG_OK);
	bench_stop(&b);
	snprintf(status, sizeof(status), "302 http://127.0.0.1:%d/robots.txt", forbidden_port);
	write_file("robots.status", status);
	bench_start(&b);
	expect(&b, on_web("/page.html"), BG_OK);
	bench_stop(&b);
	snprintf(status, sizeof(status), "302 http://inside.test:%d/robots.txt", forbidden_port);
	write_file("robots.status", status);
	bench_start(&b);
	expect(&b, on_web("/page.html"), BG_OK);
	bench_stop(&b);
	assert_nobody_connected(forbidden);
	/* Who can't be reached for robots.txt can't be reached. */
	write_file("robots.status", "302 /hang");
	bench_start(&b);
	expect(&b, on_web("/page.html"), BG_TIMEOUT);
	bench_stop(&b);
	write_file("robots.status", NULL);
	/* Of a file over 512 KiB the beginning counts. */
	memset(text, '\n', len);
	text[len] = '\0';
	memcpy(text, "User-agent: *\nDisallow: /page", 29);
	memcpy(text + len - 20, "\nDisallow: /note\n", 18);
	write_file("robots.txt", text);
	bench_start(&b);
	expect(&b, on_web("/page.html"), BG_ROBOTS_DENIED);
	expect(&b, on_web("/note.txt"), BG_OK);
	bench_stop(&b);
	write_file("robots.txt", NULL);
	free(text);
}

/* How often the server was asked for robots.txt so far, by its own count. */
static int robots_asked(bench *b)
{
	char url[64];
	bg_http_request request = {.method = "GET",
	                           .url = url,
	                           .total_timeout_ms = 5000,
	                           .max_wire_bytes = 65536,
	                           .max_body_bytes = 65536};
	bg_loop *loop = bg_loop_create();
	bg_http *http = bg_http_create(loop, &b->http_settings);
	bg_http_transfer *transfer;
	const char *at;
	int count;

	snprintf(url, sizeof(url), "http://127.0.0.2:%d/count", web.port);
	assert_non_null(bg_http_start(http, &request, NULL));
	while ((transfer = bg_http_finished(http)) == NULL)
		assert_true(turn(loop, 5000));
	assert_int_equal(bg_http_transfer_response(transfer)->outcome, BG_OK);
	at = strstr(bg_http_transfer_response(transfer)->body, "\"/robots.txt\":");
	count = at != NULL ? atoi(at + strlen("\"/robots.txt\":")) : 0;
	bg_http_transfer_free(transfer);
	bg_http_free(http);
	bg_loop_free(loop);
	return count;
}

/* Many at once: robots.txt is asked for once. */
static void test_many(void **state)
{
	enum
	{
		COUNT = 60
	};
	bench b;
	int before;

	(void) state;
	bench_init(&b);
	before = robots_asked(&b);
	bench_start(&b);
	for (int i = 0; i < COUNT; i++)
		assert_non_null(bg_fetch_start(b.fetcher, on_web("/page.html"), NULL, NULL, NULL));
	assert_int_equal(bg_fetch_active(b.fetcher), COUNT);
	for (int i = 0; i < COUNT; i++)
	{
		bg_fetch *fetch = next_finished(&b);

		assert_int_equal(bg_fetch_get_result(fetch)->outcome, BG_OK);
		bg_fetch_free(fetch);
	}
	bench_stop(&b);
	assert_int_equal(robots_asked(&b), before + 1);
}

/* Freed in every state: waiting for robots.txt, for a name, for the page, finished and not taken. */
static void test_abandon(void **state)
{
	bench b;
	bg_fetch *fetch;

	(void) state;
	bench_init(&b);
	for (int turns = 0; turns < 8; turns++)
	{
		bench_start(&b);
		fetch = bg_fetch_start(b.fetcher, on_web("/hang"), NULL, NULL, NULL);
		assert_non_null(bg_fetch_start(b.fetcher, on_web("/page.html"), NULL, NULL, NULL));
		assert_non_null(bg_fetch_start(b.fetcher, "http://stuck.test/", NULL, NULL, NULL));
		assert_non_null(bg_fetch_start(b.fetcher, "nonsense:", NULL, NULL, NULL));
		for (int i = 0; i < turns; i++)
		{
			turn(b.loop, 10);
			if (i == 3)
			{
				bg_fetch *any = bg_fetch_finished(b.fetcher);

				/* A finished one may even outlive its fetcher. */
				if (any != NULL && turns == 7)
				{
					bg_fetch_free(fetch);
					bench_stop(&b);
					bg_fetch_free(any);
					break;
				}
				bg_fetch_free(any);
			}
		}
		if (turns == 7)
			return;
		bg_fetch_free(fetch);
		bench_stop(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_page),        cmocka_unit_test(test_outcomes),
	    cmocka_unit_test(test_timeouts),    cmocka_unit_test(test_retry_after),
	    cmocka_unit_test(test_conditional), cmocka_unit_test(test_redirects),
	    cmocka_unit_test(test_bad_urls),    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_rebinding),   cmocka_unit_test(test_stuck_names),
	    cmocka_unit_test(test_robots),      cmocka_unit_test(test_robots_far),
	    cmocka_unit_test(test_many),        cmocka_unit_test(test_abandon),
	    cmocka_unit_test(test_documents),
	};

	return cmocka_run_group_tests_name("web_fetch", tests, setup, teardown);
}

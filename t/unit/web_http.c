/*
 * web_http.c
 *		HTTP transfers and name lookups: TLS, trusted requests, connections, limits, caches, and what is left behind.
 */
#include <dirent.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "web/egress.h"
#include "web/http.h"
#include "web/resolve.h"
#include "web_servers.h"

static server web;
static server inner; /* on 127.0.0.1: only trusted requests may go there */
static server dns;
static int forbidden = -1;
static int forbidden_port;
static char dns_servers[32];
static char anchors[] = P_tmpdir "/bountygo-anchors-XXXXXX";

typedef struct bench
{
	bg_loop *loop;
	bg_http *http;
	bg_http_settings settings;
	bg_http_request request; /* what get() and post() begin with */
} bench;

static void bench_init(bench *b)
{
	memset(b, 0, sizeof(*b));
	b->settings = (bg_http_settings){.max_connections = 100,
	                                 .max_connections_per_host = 30,
	                                 .dns_cache_s = 300,
	                                 .dns_timeout_ms = 1000,
	                                 .dns_servers = dns_servers,
	                                 .user_agent = "BountyGo-URLAgent/1.0 (+test)",
	                                 .ca_file = ""};
	b->request = (bg_http_request){.method = "GET",
	                               .connect_timeout_ms = 5000,
	                               .total_timeout_ms = 10000,
	                               .idle_timeout_ms = 5000,
	                               .max_wire_bytes = 2 << 20,
	                               .max_body_bytes = 2 << 20};
}

static void bench_start(bench *b)
{
	b->loop = bg_loop_create();
	assert_non_null(b->loop);
	b->http = bg_http_create(b->loop, &b->settings);
	assert_non_null(b->http);
}

static void bench_stop(bench *b)
{
	bg_http_free(b->http);
	bg_loop_free(b->loop);
}

static bg_http_transfer *next_finished(bench *b)
{
	bg_http_transfer *transfer;

	while ((transfer = bg_http_finished(b->http)) == NULL)
		if (!turn(b->loop, 15000))
			fail_msg("nothing happens");
	return transfer;
}

static bg_http_transfer *get(bench *b, const char *url)
{
	bg_http_transfer *transfer;

	b->request.url = url;
	transfer = bg_http_start(b->http, &b->request, b);
	assert_non_null(transfer);
	assert_ptr_equal(next_finished(b), transfer);
	assert_ptr_equal(bg_http_transfer_arg(transfer), b);
	assert_int_equal(bg_http_active(b->http), 0);
	return transfer;
}

static void expect(bench *b, const char *url, bg_outcome outcome)
{
	bg_http_transfer *transfer = get(b, url);
	bg_http_response *response = bg_http_transfer_response(transfer);

	if (response->outcome != outcome)
		fail_msg("%s: %s instead of %s (%s)", url, bg_outcome_name(response->outcome),
		         bg_outcome_name(outcome), response->detail);
	bg_http_transfer_free(transfer);
}

static const char *on(const server *s, const char *path)
{
	static char url[256];

	snprintf(url, sizeof(url), "http://127.0.0.%d:%d%s", s == &web ? 2 : 1, s->port, path);
	return url;
}

/* A number out of the server's /stats: "connections", or the bytes sent for a path. */
static long stats(bench *b, const char *name)
{
	bg_http_transfer *transfer = get(b, on(&web, "/stats"));
	char key[64];
	const char *at;
	long value;

	snprintf(key, sizeof(key), "\"%s\":", name);
	assert_int_equal(bg_http_transfer_response(transfer)->outcome, BG_OK);
	at = strstr(bg_http_transfer_response(transfer)->body, key);
	value = at != NULL ? atol(at + strlen(key)) : 0;
	bg_http_transfer_free(transfer);
	return value;
}

static int setup(void **state)
{
	char ports[64];
	char why[128];
	const char *web_arguments[] = {"--host", "127.0.0.2", NULL};
	const char *inner_arguments[] = {NULL};
	const char *dns_arguments[] = {"tls.test=127.0.0.2",
	                               "wrong.test=127.0.0.2",
	                               "good.test=127.0.0.2",
	                               "two.test=127.0.0.2,127.0.0.3",
	                               "turn.test=127.0.0.2;127.0.0.3",
	                               "later.test=none;127.0.0.2",
	                               "only4.test=127.0.0.2",
	                               "slow6.test=127.0.0.2",
	                               "*.stuck.test=silent",
	                               "rebind.test=127.0.0.2;127.0.0.1",
	                               NULL};

	(void) state;
	signal(SIGPIPE, SIG_IGN);
	web = server_start("HttpServer", web_arguments);
	inner = server_start("HttpServer", inner_arguments);
	dns = server_start("DnsServer", dns_arguments);
	snprintf(dns_servers, sizeof(dns_servers), "127.0.0.1:%d", dns.port);
	forbidden = listen_forbidden(&forbidden_port);
	close(mkstemp(anchors));
	snprintf(ports, sizeof(ports), "1-65535");
	assert_true(bg_egress_configure("127.0.0.2/31", ports, why, sizeof(why)));
	return 0;
}

static int teardown(void **state)
{
	char why[128];

	(void) state;
	server_stop(&web);
	server_stop(&inner);
	server_stop(&dns);
	close(forbidden);
	unlink(anchors);
	bg_egress_configure("", "", why, sizeof(why));
	return 0;
}

/* ---- trusted and others ---- */

static void test_trusted(void **state)
{
	static const char *const headers[] = {"Content-Type: application/json", "X-Test: yes", NULL};
	bench b;
	bg_http_transfer *transfer;
	bg_http_response *response;

	(void) state;
	bench_init(&b);
	bench_start(&b);
	expect(&b, on(&inner, "/echo"), BG_BLOCKED_ADDRESS);

	b.request.trusted = true;
	b.request.method = "POST";
	b.request.headers = headers;
	b.request.body = "{\"a\":1}";
	b.request.body_len = 7;
	transfer = get(&b, on(&inner, "/echo"));
	response = bg_http_transfer_response(transfer);
	assert_int_equal(response->outcome, BG_OK);
	assert_int_equal(response->status, 200);
	assert_true(response->any_response_byte);
	assert_non_null(strstr(response->body, "POST /echo HTTP/1.1"));
	assert_non_null(strstr(response->body, "X-Test: yes"));
	assert_non_null(strstr(response->body, "Content-Type: application/json"));
	assert_null(strstr(response->body, "Expect:"));
	assert_non_null(strstr(response->body, "\r\n{\"a\":1}"));
	bg_http_transfer_free(transfer);

	/* The connection is still open; who is not trusted doesn't get it. */
	b.request.trusted = false;
	b.request.method = "GET";
	expect(&b, on(&inner, "/echo"), BG_BLOCKED_ADDRESS);
	bench_stop(&b);
}

static void test_post_repeatable(void **state)
{
	bench b;
	bg_http_transfer *transfer;

	(void) state;
	bench_init(&b);
	b.request.method = "POST";
	b.request.body = "x";
	b.request.body_len = 1;
	bench_start(&b);
	transfer = get(&b, "http://127.0.0.2:1/");
	assert_int_equal(bg_http_transfer_response(transfer)->outcome, BG_CONNECT);
	assert_false(bg_http_transfer_response(transfer)->any_response_byte);
	bg_http_transfer_free(transfer);
	/* A literal address of IPv6 cannot be pinned and needs no lookup: it is dialled, and nobody is there. */
	b.request.trusted = true;
	expect(&b, "http://[::1]:1/", BG_CONNECT);
	b.request.trusted = false;
	expect(&b, "http://[::1]:1/", BG_BLOCKED_ADDRESS);
	transfer = get(&b, on(&web, "/reset"));
	assert_false(bg_http_transfer_response(transfer)->any_response_byte);
	bg_http_transfer_free(transfer);
	transfer = get(&b, on(&web, "/truncated"));
	assert_int_equal(bg_http_transfer_response(transfer)->outcome, BG_BAD_RESPONSE);
	assert_true(bg_http_transfer_response(transfer)->any_response_byte);
	bg_http_transfer_free(transfer);
	bench_stop(&b);
}

/* A proxy in the environment would hide whom we talk to. */
static void test_proxy_ignored(void **state)
{
	bench b;
	char proxy[64];

	(void) state;
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", forbidden_port);
	setenv("http_proxy", proxy, 1);
	setenv("https_proxy", proxy, 1);
	setenv("ALL_PROXY", proxy, 1);
	bench_init(&b);
	bench_start(&b);
	expect(&b, on(&web, "/gzip"), BG_OK);
	expect(&b, "https://127.0.0.2:1/", BG_CONNECT);
	bench_stop(&b);
	unsetenv("http_proxy");
	unsetenv("https_proxy");
	unsetenv("ALL_PROXY");
	assert_nobody_connected(forbidden);
}

/* ---- connections ---- */

static void test_connections(void **state)
{
	bench b;
	long before;

	(void) state;
	bench_init(&b);
	b.settings.max_connections_per_host = 3;
	bench_start(&b);
	before = stats(&b, "connections");
	for (int i = 0; i < 5; i++)
		expect(&b, on(&web, "/gzip"), BG_OK);
	assert_int_equal(stats(&b, "connections"), before); /* kept alive */
	b.request.url = on(&web, "/slow?ms=30");
	for (int i = 0; i < 12; i++)
		assert_non_null(bg_http_start(b.http, &b.request, NULL));
	assert_int_equal(bg_http_active(b.http), 12);
	for (int i = 0; i < 12; i++)
	{
		bg_http_transfer *transfer = next_finished(&b);

		assert_int_equal(bg_http_transfer_response(transfer)->outcome, BG_OK);
		bg_http_transfer_free(transfer);
	}
	assert_int_equal(stats(&b, "connections"), before + 2);
	bench_stop(&b);
}

static void test_limits(void **state)
{
	bench b;
	bg_http_transfer *transfer;
	bg_http_response *response;

	(void) state;
	bench_init(&b);
	bench_start(&b);
	/* What the server could send beyond the limit. */
	expect(&b, on(&web, "/endless"), BG_TOO_LARGE);
	expect(&b, on(&web, "/chunked-forever"), BG_TOO_LARGE);
	assert_in_range(stats(&b, "/endless"), 2 << 20, 3 << 20);
	assert_in_range(stats(&b, "/chunked-forever"), 2 << 20, 3 << 20);
	/* An announced length needs no body to be refused. */
	transfer = get(&b, on(&web, "/huge"));
	assert_int_equal(bg_http_transfer_response(transfer)->outcome, BG_TOO_LARGE);
	bg_http_transfer_free(transfer);
	assert_true(stats(&b, "/huge") < 1 << 20);

	/* The beginning is kept. */
	b.request.max_body_bytes = 1000;
	transfer = get(&b, on(&web, "/endless"));
	response = bg_http_transfer_response(transfer);
	assert_int_equal(response->outcome, BG_TOO_LARGE);
	assert_int_equal(response->body_len, 1000);
	bg_http_transfer_free(transfer);

	/* Little on the wire, much decoded; and the limit of the wire by itself. */
	b.request.max_body_bytes = 2 << 20;
	transfer = get(&b, on(&web, "/gzip-bomb?mb=64"));
	response = bg_http_transfer_response(transfer);
	assert_int_equal(response->outcome, BG_TOO_LARGE);
	assert_true(response->wire_bytes < 128 * 1024);
	assert_int_equal(response->body_len, 2 << 20);
	bg_http_transfer_free(transfer);
	b.request.max_wire_bytes = 10000;
	expect(&b, on(&web, "/gzip-bomb?mb=64"), BG_TOO_LARGE);
	expect(&b, on(&web, "/chunked-forever"), BG_TOO_LARGE);
	expect(&b, on(&web, "/gzip"), BG_OK);

	b.request.max_header_bytes = 20;
	expect(&b, on(&web, "/gzip"), BG_TOO_LARGE);
	bench_stop(&b);
}

static void test_decoded(void **state)
{
	bench b;
	bg_http_transfer *transfer;

	(void) state;
	bench_init(&b);
	bench_start(&b);
	transfer = get(&b, on(&web, "/gzip"));
	assert_string_equal(bg_http_transfer_response(transfer)->body, "<p>packed</p>");
	bg_http_transfer_free(transfer);
	transfer = get(&b, on(&web, "/deflate"));
	assert_string_equal(bg_http_transfer_response(transfer)->body, "<p>packed</p>");
	bg_http_transfer_free(transfer);
	transfer = get(&b, on(&web, "/status/404"));
	assert_int_equal(bg_http_transfer_response(transfer)->outcome, BG_OK);
	assert_int_equal(bg_http_transfer_response(transfer)->status, 404);
	bg_http_transfer_free(transfer);
	transfer = get(&b, on(&web, "/redirect?to=/elsewhere"));
	assert_int_equal(bg_http_transfer_response(transfer)->status, 302);
	assert_string_equal(bg_http_transfer_response(transfer)->location, "/elsewhere");
	bg_http_transfer_free(transfer);
	bench_stop(&b);
}

/* ---- TLS ---- */

/* A server with a certificate of its own making for "name"; its answer is always the same page. */
static server tls_start(const char *name, long not_after, int max_version)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t len = sizeof(address);
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	X509_NAME *subject;
	X509V3_CTX context;
	X509_EXTENSION *extension;
	char names[64];
	FILE *file;
	server s;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_non_null(key);
	X509_set_version(certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), (long) time(NULL) ^ (long) getpid());
	X509_gmtime_adj(X509_getm_notBefore(certificate), -7200);
	X509_gmtime_adj(X509_getm_notAfter(certificate), not_after);
	X509_set_pubkey(certificate, key);
	subject = X509_get_subject_name(certificate);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *) name, -1, -1,
	                           0);
	X509_set_issuer_name(certificate, subject);
	X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
	snprintf(names, sizeof(names), "DNS:%s", name);
	extension = X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name, names);
	assert_non_null(extension);
	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	file = fopen(anchors, "w");
	assert_non_null(file);
	PEM_write_X509(file, certificate);
	fclose(file);

	inet_pton(AF_INET, "127.0.0.2", &address.sin_addr);
	assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 16), 0);
	getsockname(fd, (struct sockaddr *) &address, &len);
	s.port = ntohs(address.sin_port);
	s.pid = fork();
	assert_true(s.pid >= 0);
	if (s.pid == 0)
	{
		static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
		                             "Content-Length: 6\r\nConnection: close\r\n\r\nsecret";
		SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

		if (max_version != 0)
		{
			SSL_CTX_set_security_level(tls, 0);
			SSL_CTX_set_max_proto_version(tls, max_version);
		}
		SSL_CTX_use_certificate(tls, certificate);
		SSL_CTX_use_PrivateKey(tls, key);
		for (;;)
		{
			int client = accept(fd, NULL, NULL);
			SSL *ssl = SSL_new(tls);
			char request[4096];

			SSL_set_fd(ssl, client);
			if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof(request)) > 0)
			{
				SSL_write(ssl, answer, sizeof(answer) - 1);
				SSL_shutdown(ssl);
			}
			SSL_free(ssl);
			close(client);
		}
	}
	close(fd);
	X509_free(certificate);
	EVP_PKEY_free(key);
	return s;
}

static void test_tls(void **state)
{
	bench b;
	server s;
	char url[64];
	bg_http_transfer *transfer;

	(void) state;
	bench_init(&b);
	s = tls_start("tls.test", 3600, 0);
	snprintf(url, sizeof(url), "https://tls.test:%d/", s.port);
	bench_start(&b);
	expect(&b, url, BG_TLS); /* nobody vouches for it */
	bench_stop(&b);
	b.settings.ca_file = anchors;
	bench_start(&b);
	transfer = get(&b, url);
	assert_int_equal(bg_http_transfer_response(transfer)->outcome, BG_OK);
	assert_string_equal(bg_http_transfer_response(transfer)->body, "secret");
	bg_http_transfer_free(transfer);
	snprintf(url, sizeof(url), "https://wrong.test:%d/", s.port);
	expect(&b, url, BG_TLS); /* another name */
	snprintf(url, sizeof(url), "https://127.0.0.2:%d/", s.port);
	expect(&b, url, BG_TLS);
	snprintf(url, sizeof(url), "https://127.0.0.2:%d/", web.port);
	expect(&b, url, BG_TLS); /* no TLS at all */
	bench_stop(&b);
	server_stop(&s);

	s = tls_start("tls.test", -3600, 0);
	snprintf(url, sizeof(url), "https://tls.test:%d/", s.port);
	bench_start(&b);
	expect(&b, url, BG_TLS); /* expired */
	bench_stop(&b);
	server_stop(&s);

	s = tls_start("tls.test", 3600, TLS1_1_VERSION);
	snprintf(url, sizeof(url), "https://tls.test:%d/", s.port);
	bench_start(&b);
	expect(&b, url, BG_TLS); /* too old */
	b.settings.ca_file = "/nonexistent";
	bench_stop(&b);
	bench_start(&b);
	expect(&b, url, BG_TLS);
	bench_stop(&b);
	server_stop(&s);
}

/* ---- names ---- */

typedef struct answer
{
	int calls;
	bg_outcome outcome;
	bg_addresses addresses;
} answer;

static void note_answer(void *arg, bg_outcome outcome, const bg_addresses *addresses,
                        const char *detail)
{
	answer *a = arg;

	a->calls++;
	a->outcome = outcome;
	assert_true(outcome == BG_OK || detail != NULL);
	if (outcome == BG_OK)
		a->addresses = *addresses;
}

static const char *first_address(const answer *a)
{
	static char text[INET6_ADDRSTRLEN];
	const bg_address *address = &a->addresses.list[0];

	if (address->any.sa_family == AF_INET6)
		return inet_ntop(AF_INET6, &address->v6.sin6_addr, text, sizeof(text));
	return inet_ntop(AF_INET, &address->v4.sin_addr, text, sizeof(text));
}

static void lookup(bg_loop *loop, bg_resolver *resolver, const char *name, answer *a)
{
	memset(a, 0, sizeof(*a));
	assert_non_null(bg_resolver_start(resolver, name, note_answer, a));
	assert_int_equal(a->calls, 0); /* never inside the call */
	while (a->calls == 0)
		assert_true(turn(loop, 10000));
	assert_int_equal(a->calls, 1);
}

static void test_lookups(void **state)
{
	bg_loop *loop = bg_loop_create();
	bg_resolver *resolver = bg_resolver_create(loop, dns_servers, 1000, 300);
	answer a;
	answer many[5];

	(void) state;
	lookup(loop, resolver, "good.test", &a);
	assert_int_equal(a.outcome, BG_OK);
	assert_int_equal(a.addresses.count, 1);
	assert_string_equal(first_address(&a), "127.0.0.2");
	lookup(loop, resolver, "two.test", &a);
	assert_int_equal(a.addresses.count, 2);
	lookup(loop, resolver, "93.184.216.34", &a);
	assert_string_equal(first_address(&a), "93.184.216.34");
	lookup(loop, resolver, "2001:db8::1", &a);
	assert_string_equal(first_address(&a), "2001:db8::1");
	lookup(loop, resolver, "absent.test", &a);
	assert_int_equal(a.outcome, BG_DNS);
	lookup(loop, resolver, "x.localhost", &a);
	assert_string_equal(first_address(&a), "127.0.0.1");

	/* Five who ask at once share one question; later ones are answered from memory. */
	memset(many, 0, sizeof(many));
	for (int i = 0; i < 5; i++)
		assert_non_null(bg_resolver_start(resolver, "turn.test", note_answer, &many[i]));
	for (int i = 0; i < 5; i++)
	{
		while (many[i].calls == 0)
			assert_true(turn(loop, 5000));
		assert_string_equal(first_address(&many[i]), "127.0.0.2");
	}
	lookup(loop, resolver, "turn.test", &a);
	assert_string_equal(first_address(&a), "127.0.0.2");
	/* That there is no such name is remembered, too. */
	lookup(loop, resolver, "later.test", &a);
	assert_int_equal(a.outcome, BG_DNS);
	lookup(loop, resolver, "later.test", &a);
	assert_int_equal(a.outcome, BG_DNS);
	bg_resolver_free(resolver);

	resolver = bg_resolver_create(loop, dns_servers, 1000, 0);
	lookup(loop, resolver, "turn.test", &a);
	assert_string_equal(first_address(&a), "127.0.0.3");
	lookup(loop, resolver, "later.test", &a);
	assert_int_equal(a.outcome, BG_OK);
	bg_resolver_free(resolver);

	/* The hosts file needs no server; without one other names fail, and soon. */
	resolver = bg_resolver_create(loop, "127.0.0.1:1", 1000, 300);
	lookup(loop, resolver, "localhost", &a);
	assert_int_equal(a.outcome, BG_OK);
	lookup(loop, resolver, "good.test", &a);
	assert_int_equal(a.outcome, BG_DNS);
	bg_resolver_free(resolver);
	bg_loop_free(loop);
}

static void test_lookup_queue(void **state)
{
	bg_loop *loop = bg_loop_create();
	bg_resolver *resolver = bg_resolver_create(loop, dns_servers, 3000, 300);
	bg_lookup *stuck[16];
	answer unused = {0};
	answer good = {0};
	int64_t started = bg_loop_now_ms();

	(void) state;
	for (int i = 0; i < 16; i++)
	{
		char name[32];

		snprintf(name, sizeof(name), "n%d.stuck.test", i);
		stuck[i] = bg_resolver_start(resolver, name, note_answer, &unused);
		assert_non_null(stuck[i]);
	}
	assert_non_null(bg_resolver_start(resolver, "good.test", note_answer, &good));
	/* All places are taken. One gives up: the next has its turn at once. */
	while (bg_loop_now_ms() - started < 100)
		turn(loop, 20);
	assert_int_equal(good.calls, 0);
	bg_lookup_cancel(stuck[3]);
	while (good.calls == 0)
		assert_true(turn(loop, 2000));
	assert_int_equal(good.outcome, BG_OK);
	assert_true(bg_loop_now_ms() - started < 1500);
	while (unused.calls < 15)
		assert_true(turn(loop, 5000));
	assert_in_range(bg_loop_now_ms() - started, 2000, 4000);
	bg_resolver_free(resolver);
	bg_loop_free(loop);
}

/* ---- what is left behind ---- */

static int count_entries(const char *directory)
{
	DIR *dir = opendir(directory);
	int count = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		count++;
	closedir(dir);
	return count;
}

/* Names are the hard case: a change between check and dial must find no gap, in many rounds. */
static void test_rebinding_rounds(void **state)
{
	bench b;

	(void) state;
	bench_init(&b);
	b.settings.dns_cache_s = 0;
	bench_start(&b);
	for (int i = 0; i < 1000; i++)
	{
		char url[64];
		bg_http_transfer *transfer;

		snprintf(url, sizeof(url), "http://rebind.test:%d/", forbidden_port);
		transfer = get(&b, url);
		/* The first address is dialled and closed there; the others are refused. */
		assert_int_equal(bg_http_transfer_response(transfer)->outcome,
		                 i == 0 ? BG_CONNECT : BG_BLOCKED_ADDRESS);
		bg_http_transfer_free(transfer);
	}
	bench_stop(&b);
	assert_nobody_connected(forbidden);
}

static void test_nothing_left(void **state)
{
	bench b;
	int descriptors = count_entries("/proc/self/fd");
	sigset_t before;
	sigset_t after;
	char url[64];

	(void) state;
	sigprocmask(SIG_SETMASK, NULL, &before);
	bench_init(&b);
	bench_start(&b);
	snprintf(url, sizeof(url), "http://good.test:%d/gzip", web.port);
	for (int i = 0; i < 50; i++)
	{
		expect(&b, url, BG_OK);
		expect(&b, on(&web, "/truncated"), BG_BAD_RESPONSE);
		expect(&b, "http://absent.test/", BG_DNS);
	}
	/* No thread was made: "." and ".." and this one. */
	assert_int_equal(count_entries("/proc/self/task"), 3);
	bench_stop(&b);
	sigprocmask(SIG_SETMASK, NULL, &after);
	for (int i = 1; i < NSIG; i++)
		assert_int_equal(sigismember(&before, i), sigismember(&after, i));
	assert_int_equal(count_entries("/proc/self/fd"), descriptors);
}

static void test_abandon(void **state)
{
	bench b;

	(void) state;
	bench_init(&b);
	for (int turns = 0; turns < 6; turns++)
	{
		bg_http_transfer *one;
		bg_http_transfer *taken;

		bench_start(&b);
		b.request.url = on(&web, "/hang");
		one = bg_http_start(b.http, &b.request, NULL);
		assert_non_null(bg_http_start(b.http, &b.request, NULL));
		b.request.url = "http://n.stuck.test/";
		assert_non_null(bg_http_start(b.http, &b.request, NULL));
		b.request.url = "nonsense";
		assert_non_null(bg_http_start(b.http, &b.request, NULL));
		taken = bg_http_finished(b.http);
		assert_int_equal(bg_http_transfer_response(taken)->outcome, BG_BAD_URL);
		for (int i = 0; i < turns; i++)
			turn(b.loop, 10);
		bg_http_transfer_free(one);
		assert_int_equal(bg_http_active(b.http), 2);
		bench_stop(&b);
		bg_http_transfer_free(taken);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_trusted),       cmocka_unit_test(test_post_repeatable),
	    cmocka_unit_test(test_proxy_ignored), cmocka_unit_test(test_connections),
	    cmocka_unit_test(test_limits),        cmocka_unit_test(test_decoded),
	    cmocka_unit_test(test_tls),           cmocka_unit_test(test_lookups),
	    cmocka_unit_test(test_lookup_queue),  cmocka_unit_test(test_rebinding_rounds),
	    cmocka_unit_test(test_nothing_left),  cmocka_unit_test(test_abandon),
	};

	return cmocka_run_group_tests_name("web_http", tests, setup, teardown);
}

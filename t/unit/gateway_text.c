/*
 * gateway_text.c
 *		Unit tests of the gateway's plain parts: text, heads, routes, problems, settings.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "config.h"
#include "head.h"
#include "problem.h"
#include "routes.h"
#include "util.h"

static bg_str str(const char *s)
{
	return (bg_str){s, strlen(s)};
}

static void test_utf8(void **state)
{
	(void) state;
	assert_true(bg_utf8_valid("a\xc3\xbc\xe9\xbb\x91\xf0\x9f\x98\x80", 10));
	assert_true(bg_utf8_valid("", 0));
	assert_false(bg_utf8_valid("a\0b", 3));
	assert_false(bg_utf8_valid("\xc0\xaf", 2));
	assert_false(bg_utf8_valid("\xe0\x80\xaf", 3));
	assert_false(bg_utf8_valid("\xed\xa0\x80", 3));
	assert_false(bg_utf8_valid("\xf4\x90\x80\x80", 4));
	assert_false(bg_utf8_valid("\xf8\x88\x80\x80\x80", 5));
	assert_false(bg_utf8_valid("\x80", 1));
	assert_false(bg_utf8_valid("\xe9\xbb", 2));
}

static void test_percent(void **state)
{
	bg_buf out = {0};

	(void) state;
	assert_true(bg_percent_decode(str("a%2Fb+c%e9%bb%91"), true, &out));
	assert_string_equal(out.s, "a/b c\xe9\xbb\x91");
	out.n = 0;
	assert_true(bg_percent_decode(str("a+b"), false, &out));
	assert_string_equal(out.s, "a+b");
	out.n = 0;
	assert_true(bg_percent_decode(str(""), true, &out));
	assert_int_equal(out.n, 0);
	assert_false(bg_percent_decode(str("%"), true, &out));
	assert_false(bg_percent_decode(str("%4"), true, &out));
	assert_false(bg_percent_decode(str("%zz"), true, &out));
	assert_false(bg_percent_decode(str("%ff"), true, &out));
	assert_false(bg_percent_decode(str("a%00"), true, &out));
	bg_buf_free(&out);
}

static void test_json_string(void **state)
{
	bg_buf out = {0};
	json_t *read;

	(void) state;
	bg_buf_json(&out, "a\"\\\n\x01\xff\xc3\xbc", 8);
	read = json_loads(out.s, JSON_DECODE_ANY, NULL);
	assert_non_null(read);
	assert_string_equal(json_string_value(read), "a\"\\\n\x01\xef\xbf\xbd\xc3\xbc");
	json_decref(read);
	bg_buf_free(&out);
}

static int head(const char *text)
{
	const char *why = NULL;
	int status = bg_head_check(text, strlen(text), &why);

	assert_true(status == 0 || (why != NULL && why[0] != '\0'));
	return status;
}

#define LINE "GET / HTTP/1.1\r\n"

static void test_head(void **state)
{
	bg_buf big = {0};

	(void) state;
	assert_int_equal(head(LINE "Host: a\r\n\r\nbody"), 0);
	assert_int_equal(head(LINE "host:[::1]:80\r\nX: \r\n\r\n"), 0);
	assert_int_equal(head("GET / HTTP/1.0\r\n\r\n"), 0);
	assert_int_equal(head(LINE "Host: a\r\nContent-Length: 5\r\n\r\n"), 0);
	assert_int_equal(head(LINE "Host: a\r\nTransfer-Encoding: chunked\r\n\r\n"), 0);
	assert_int_equal(head(LINE "\r\n"), 400);
	assert_int_equal(head(LINE "Host: a\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(head(LINE "Host: \r\n\r\n"), 400);
	assert_int_equal(head(LINE "Host: a,b\r\n\r\n"), 400);
	assert_int_equal(head(LINE "Host: a:123456\r\n\r\n"), 400);
	assert_int_equal(head(LINE "Host: a:x\r\n\r\n"), 400);
	assert_int_equal(head(LINE "Host: [::1\r\n\r\n"), 400);
	assert_int_equal(head(LINE "Host: a\r\n folded\r\n\r\n"), 400);
	assert_int_equal(head(LINE "Host : a\r\n\r\n"), 400);
	assert_int_equal(head(LINE "Host: a\r\nnocolon\r\n\r\n"), 400);
	assert_int_equal(head(LINE "Host: a\r\n: x\r\n\r\n"), 400);
	assert_int_equal(head(LINE "Host: a\r\nX: a\rb\r\n\r\n"), 400);
	assert_int_equal(head(LINE "Host: a\nX: b\r\n\r\n"), 400);
	assert_int_equal(head("GET / HTTP/1.1\nHost: a\n\n"), 400);
	assert_int_equal(head("GET /\r\nHost: a\r\n\r\n"), 400);
	assert_int_equal(head(LINE "Host: a\r\nContent-Length: +5\r\n\r\n"), 400);
	assert_int_equal(head(LINE "Host: a\r\nContent-Length: 5, 5\r\n\r\n"), 400);
	assert_int_equal(head(LINE "Host: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n"), 400);
	assert_int_equal(
	    head(LINE "Host: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
	assert_int_equal(head(LINE "Host: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"), 400);
	assert_int_equal(
	    head(LINE "Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
	    400);
	assert_int_equal(head("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
	assert_int_equal(head(""), 400);
	assert_int_equal(head(LINE "Host: a\r\n"), 400);

	bg_buf_puts(&big, "GET /");
	for (int i = 0; i < 8191; i++)
		bg_buf_puts(&big, "a");
	bg_buf_puts(&big, " HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(head(big.s), 0);
	big.n = 5;
	for (int i = 0; i < 8192; i++)
		bg_buf_puts(&big, "a");
	bg_buf_puts(&big, " HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_int_equal(head(big.s), 414);
	big.n = 0;
	bg_buf_puts(&big, LINE "Host: a\r\nX: ");
	for (int i = 0; i < 16400; i++)
		bg_buf_puts(&big, "a");
	bg_buf_puts(&big, "\r\n\r\n");
	assert_int_equal(head(big.s), 431);
	big.n = 0;
	bg_buf_puts(&big, LINE "Host: a\r\n");
	for (int i = 0; i < 100; i++)
		bg_buf_puts(&big, "X: a\r\n");
	bg_buf_puts(&big, "\r\n");
	assert_int_equal(head(big.s), 431);
	bg_buf_free(&big);
}

static const bg_route *match(const bg_routes *table, const char *method, const char *path,
                             bg_route_match *found)
{
	bg_routes_match(table, str(method), str(path), found);
	return found->route;
}

static void test_routes(void **state)
{
	bg_routes *table = bg_routes_create(6);
	bg_route_match found;

	(void) state;
	assert_true(bg_routes_set(table, 0, 10, "GET", "/tasks/{id}"));
	assert_true(bg_routes_set(table, 1, 11, "GET", "/tasks/mine"));
	assert_true(bg_routes_set(table, 2, 12, "DELETE", "/tasks/{id}"));
	assert_true(bg_routes_set(table, 3, 13, "GET", "/"));
	assert_true(bg_routes_set(table, 4, 14, "POST", "/tasks/{id}/tags/{tag}"));
	assert_false(bg_routes_set(table, 5, 15, "GET", "/a{b}"));
	assert_int_equal(match(table, "GET", "/tasks/7", &found)->id, 10);
	assert_int_equal(found.params[0].n, 1);
	assert_int_equal(match(table, "HEAD", "/tasks/7/", &found)->id, 10);
	assert_int_equal(match(table, "GET", "/tasks/mine", &found)->id, 11);
	assert_int_equal(match(table, "GET", "/", &found)->id, 13);
	assert_int_equal(match(table, "POST", "/tasks/1/tags/a%2Fb", &found)->id, 14);
	assert_memory_equal(found.params[1].s, "a%2Fb", 5);
	assert_null(match(table, "POST", "/tasks/7", &found));
	assert_true(found.path_known);
	assert_string_equal(found.allow, "GET, HEAD, DELETE");
	/* A literal path hides the parameter's methods: "mine" is no id. */
	assert_null(match(table, "DELETE", "/tasks/mine", &found));
	assert_string_equal(found.allow, "GET, HEAD");
	assert_null(match(table, "GET", "/tasks", &found));
	assert_false(found.path_known);
	assert_null(match(table, "GET", "/tasks//", &found));
	assert_null(match(table, "GET", "//", &found));
	assert_null(match(table, "GET", "", &found));
	assert_null(match(table, "GET", "tasks/7", &found));
	assert_null(match(table, "GET", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", &found));
	bg_routes_unref(table);
}

static json_t *written(const bg_problem *problem)
{
	bg_buf out = {0};
	json_t *json;

	bg_problem_write(problem, "id", &out);
	json = json_loads(out.s, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(json);
	bg_buf_free(&out);
	return json;
}

static void test_problems(void **state)
{
	static const int statuses[] = {400, 401, 403, 404, 405, 408, 409, 410, 412, 413, 414,
	                               415, 417, 422, 429, 431, 499, 500, 501, 502, 503, 504};
	json_t *json;

	(void) state;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
	{
		json = written(&(bg_problem){.status = statuses[i]});
		assert_int_equal(json_integer_value(json_object_get(json, "status")), statuses[i]);
		assert_true(strlen(json_string_value(json_object_get(json, "detail"))) > 10);
		json_decref(json);
	}
	json = written(&(bg_problem){.status = 422,
	                             .detail = "a \"quoted\" thing",
	                             .errors = "[{\"pointer\":\"/a\",\"detail\":\"b\"}]"});
	assert_string_equal(json_string_value(json_object_get(json, "detail")), "a \"quoted\" thing");
	assert_int_equal(json_array_size(json_object_get(json, "errors")), 1);
	json_decref(json);
	/* What is no list of errors never gets out: it may be anything. */
	for (int i = 0; i < 4; i++)
	{
		static const char *const bad[] = {"[]", "SELECT secret",
		                                  "[{\"pointer\":1,\"detail\":\"x\"}]",
		                                  "{\"pointer\":\"/a\",\"detail\":\"b\"}"};

		json = written(&(bg_problem){.status = 422, .errors = bad[i]});
		assert_null(json_object_get(json, "errors"));
		json_decref(json);
	}
}

static void test_sqlstates(void **state)
{
	static const struct
	{
		const char *code;
		int known;
		int anonymous;
	} rows[] = {{"UB404", 404, 404}, {"UB422", 422, 422}, {"UB999", 500, 500}, {"UBabc", 500, 500},
	            {"23505", 409, 409}, {"23P01", 409, 409}, {"23503", 409, 409}, {"23502", 422, 422},
	            {"23514", 422, 422}, {"22P02", 422, 422}, {"25006", 405, 405}, {"42501", 403, 401},
	            {"40001", 503, 503}, {"55P03", 503, 503}, {"57014", 504, 504}, {"57P01", 503, 503},
	            {"08006", 503, 503}, {"53300", 503, 503}, {"54001", 400, 400}, {"42P01", 500, 500},
	            {"P0001", 500, 500}, {"XX000", 500, 500}, {"23000", 500, 500}};

	(void) state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (int anonymous = 0; anonymous < 2; anonymous++)
		{
			bg_sql_error error = {.sqlstate = rows[i].code,
			                      .message = "secret",
			                      .detail = "secret",
			                      .hint = "secret",
			                      .anonymous = anonymous};
			bg_sql_verdict verdict;
			bool own = strncmp(rows[i].code, "UB", 2) == 0;

			bg_problem_from_sql(&error, &verdict);
			assert_int_equal(verdict.problem.status, anonymous ? rows[i].anonymous : rows[i].known);
			assert_int_equal(verdict.problem.detail != NULL, own);
			assert_int_equal(verdict.problem.hint != NULL, own);
		}
}

static void test_settings(void **state)
{
	bg_config config;
	bg_buf problems = {0};
	bg_redis_target target;
	char host[64];
	int port;

	(void) state;
	bg_config_defaults(&config);
	assert_int_equal(bg_config_check(&config, &problems), 0);
	assert_true(bg_config_parse(&config,
	                            "# comment\n\n threads = 3 \r\nlog_level=debug\nlisten = \":81\"",
	                            "file", &problems));
	assert_int_equal(config.threads, 3);
	assert_string_equal(config.log_level, "debug");
	assert_string_equal(config.listen, ":81");
	assert_int_equal(problems.n, 0);
	assert_false(bg_config_parse(
	    &config, "threads = x\nnonsense = 1\nlog_level = loud\nno equals\nmax_body = 1", "file",
	    &problems));
	assert_non_null(
	    strstr(problems.s, "file, line 1: threads must be a whole number from 0 to 256"));
	assert_non_null(strstr(problems.s, "file, line 2: there is no setting \"nonsense\""));
	assert_non_null(
	    strstr(problems.s, "file, line 3: log_level must be one of error|warning|info|debug"));
	assert_non_null(strstr(problems.s, "file, line 4: a line has the form"));
	assert_non_null(strstr(problems.s, "file, line 5: max_body must be a whole number from 1024"));
	problems.n = 0;
	assert_true(bg_config_set(&config, "listen", "nowhere", "x", &problems));
	assert_true(bg_config_set(&config, "redis_url", "http://x", "x", &problems));
	assert_true(bg_config_set(&config, "database", "password=secret nonsense", "x", &problems));
	assert_int_equal(bg_config_check(&config, &problems), 3);
	assert_null(strstr(problems.s, "secret"));
	bg_config_free(&config);
	bg_buf_free(&problems);

	assert_true(bg_config_endpoint("[::1]:80", host, sizeof(host), &port));
	assert_string_equal(host, "::1");
	assert_int_equal(port, 80);
	assert_true(bg_config_endpoint(":0", host, sizeof(host), &port));
	assert_false(bg_config_endpoint("::1:80", host, sizeof(host), &port));
	assert_false(bg_config_endpoint("a:65536", host, sizeof(host), &port));
	assert_false(bg_config_endpoint("a", host, sizeof(host), &port));
	assert_false(bg_config_endpoint("a:", host, sizeof(host), &port));
	assert_true(bg_config_redis("redis://u:p%40@h:1/2", &target));
	assert_string_equal(target.user, "u");
	assert_string_equal(target.password, "p@");
	assert_string_equal(target.host, "h");
	assert_int_equal(target.port, 1);
	assert_int_equal(target.database, 2);
	assert_true(bg_config_redis("redis://h", &target));
	assert_int_equal(target.port, 6379);
	assert_false(bg_config_redis("redis://h/x", &target));
	assert_false(bg_config_redis("redis://", &target));
}

static void test_reload(void **state)
{
	bg_config running;
	bg_config fresh;
	bg_buf notes = {0};

	(void) state;
	bg_config_defaults(&running);
	bg_config_defaults(&fresh);
	assert_true(bg_config_set(&fresh, "max_concurrent_requests", "7", "x", &notes));
	assert_true(bg_config_set(&fresh, "threads", "9", "x", &notes));
	assert_true(bg_config_set(&fresh, "log_level", "error", "x", &notes));
	bg_config_reload(&running, &fresh, &notes);
	assert_int_equal(running.max_concurrent_requests, 7);
	assert_int_equal(running.threads, 0);
	assert_string_equal(running.log_level, "error");
	assert_non_null(strstr(notes.s, "threads needs a restart"));
	assert_non_null(strstr(notes.s, "max_concurrent_requests changed"));
	bg_config_free(&running);
	bg_config_free(&fresh);
	bg_buf_free(&notes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_utf8),        cmocka_unit_test(test_percent),
	    cmocka_unit_test(test_json_string), cmocka_unit_test(test_head),
	    cmocka_unit_test(test_routes),      cmocka_unit_test(test_problems),
	    cmocka_unit_test(test_sqlstates),   cmocka_unit_test(test_settings),
	    cmocka_unit_test(test_reload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

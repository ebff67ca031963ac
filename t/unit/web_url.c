/*
 * web_url.c
 *		The canonical form of URLs, and what is refused: a table of honest and hostile ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "web/egress.h"
#include "web/url.h"

typedef struct honest
{
	const char *input;
	const char *canonical;
} honest;

static const honest honest_urls[] = {
    {"https://example.com", "https://example.com/"},
    {"https://example.com/", "https://example.com/"},
    {"HTTPS://EXAMPLE.COM/Path", "https://example.com/Path"},
    {"http://example.com:80/", "http://example.com/"},
    {"https://example.com:443/", "https://example.com/"},
    {"http://example.com:443/", "http://example.com:443/"},
    {"https://example.com:/x", "https://example.com/x"},
    {"https://example.com./x", "https://example.com/x"},
    {"example.com", "https://example.com/"},
    {"example.com/a?b=c", "https://example.com/a?b=c"},
    {"example.com:443/a", "https://example.com/a"},
    {"//example.com/a", "https://example.com/a"},
    {"  https://example.com/a\n", "https://example.com/a"},
    {"\xE3\x80\x80https://example.com/a\xC2\xA0", "https://example.com/a"},
    {"https://example.com/a#part", "https://example.com/a"},
    {"https://example.com/a?#part", "https://example.com/a"},
    {"https://example.com?q=1", "https://example.com/?q=1"},
    {"https://example.com/a/./b/../c", "https://example.com/a/c"},
    {"https://example.com/../../a", "https://example.com/a"},
    {"https://example.com/a/..", "https://example.com/"},
    {"https://example.com/a/.", "https://example.com/a/"},
    {"https://example.com/a/%2e%2e/b", "https://example.com/b"},
    {"https://example.com/a/%2E%2e/../b", "https://example.com/b"},
    {"https://example.com/a//b", "https://example.com/a//b"},
    {"https://example.com/%7euser/%41", "https://example.com/~user/A"},
    {"https://example.com/%e4%b8%ad", "https://example.com/%E4%B8%AD"},
    {"https://example.com/\xE4\xB8\xAD", "https://example.com/%E4%B8%AD"},
    {"https://example.com/?q=\xE4\xB8\xAD&p=1", "https://example.com/?q=%E4%B8%AD&p=1"},
    {"https://example.com/a%2Fb%3Fc", "https://example.com/a%2Fb%3Fc"},
    {"https://example.com/100%", "https://example.com/100%25"},
    {"https://example.com/%zz", "https://example.com/%25zz"},
    {"https://example.com/%%34%31", "https://example.com/%2541"},
    {"https://example.com/a|b\"c<d>", "https://example.com/a%7Cb%22c%3Cd%3E"},
    {"https://example.com/a[1]{2}", "https://example.com/a%5B1%5D%7B2%7D"},
    {"https://example.com/a+b?c+d", "https://example.com/a+b?c+d"},
    {"https://example.com/a@b:c;d=e", "https://example.com/a@b:c;d=e"},
    {"https://example.com/?u=http://other.example/x",
     "https://example.com/?u=http://other.example/x"},
    {"https://example.com/?utm_source=x", "https://example.com/"},
    {"https://example.com/?a=1&utm_source=x&b=2&UTM_Medium=y", "https://example.com/?a=1&b=2"},
    {"https://example.com/?b=2&a=1", "https://example.com/?b=2&a=1"},
    {"https://example.com/?gclid=1&fbclid=2&mc_eid=3&igshid=4&spm=a.b&id=5",
     "https://example.com/?id=5"},
    {"https://example.com/?utm%5Fsource=x&id=5", "https://example.com/?id=5"},
    {"https://example.com/?utmost=1&glid=2&spam=3", "https://example.com/?utmost=1&glid=2&spam=3"},
    {"https://example.com/?a&b=&=c", "https://example.com/?a&b=&=c"},
    {"https://example.com/?a=1&&b=2&", "https://example.com/?a=1&b=2"},
    {"https://xn--fiqs8s.example/", "https://xn--fiqs8s.example/"},
    {"https://\xE4\xB8\xAD\xE5\x9B\xBD.example/", "https://xn--fiqs8s.example/"},
    {"https://\xE4\xB8\xAD\xE5\x9B\xBD\xE3\x80\x82"
     "example/",
     "https://xn--fiqs8s.example/"},
    {"https://B\xC3\x9C"
     "CHER.example/",
     "https://xn--bcher-kva.example/"},
    {"https://fa\xC3\x9F.example/", "https://xn--fa-hia.example/"},
    {"https://\xEF\xBD\x85xample.com/", "https://example.com/"},
    {"https://%65xample.com/", "https://example.com/"},
    {"https://my_host.example.com/", "https://my_host.example.com/"},
    {"https://sub-domain.example.co.uk/a.b,c", "https://sub-domain.example.co.uk/a.b,c"},
    {"https://intranet/", "https://intranet/"},
    {"https://1.example/", "https://1.example/"},
    {"https://1e100.net/", "https://1e100.net/"},
    {"https://0x.example.0xyz/", "https://0x.example.0xyz/"},
    {"http://93.184.216.34/", "http://93.184.216.34/"},
    {"http://1572395042/", "http://93.184.216.34/"},
    {"http://0x5db8d822/", "http://93.184.216.34/"},
    {"http://0135.0270.0330.042/", "http://93.184.216.34/"},
    {"http://93.184.55330/", "http://93.184.216.34/"},
    {"http://93.184.216.34./", "http://93.184.216.34/"},
    {"http://[2606:4700:4700::1111]/", "http://[2606:4700:4700::1111]/"},
    {"http://[2606:4700:4700:0:0:0:0:1111]:80/", "http://[2606:4700:4700::1111]/"},
    {"http://[2606:4700:4700::ABCD]/", "http://[2606:4700:4700::abcd]/"},
    {"http://[::ffff:93.184.216.34]/", "http://[::ffff:93.184.216.34]/"},
};

typedef struct hostile
{
	const char *input;
	bg_url_error error;
} hostile;

static const hostile hostile_urls[] = {
    {"", BG_URL_EMPTY},
    {"   ", BG_URL_EMPTY},
    {"https://example.com/a b", BG_URL_CONTROL},
    {"https://exam ple.com/", BG_URL_CONTROL},
    {"https://example.com/a\tb", BG_URL_CONTROL},
    {"https://example.com/a\r\nHost: evil", BG_URL_CONTROL},
    {"https://example.com/\x01", BG_URL_CONTROL},
    {"https://example.com/\x7F", BG_URL_CONTROL},
    {"https://example.com\\@127.0.0.1/", BG_URL_CONTROL},
    {"https:\\\\example.com/", BG_URL_CONTROL},
    {"https://example.com/\xFF", BG_URL_CONTROL},
    {"https://example.com/\xC0\xAF", BG_URL_CONTROL},
    {"https://exam\xE2\x80\x8Bple.com/", BG_URL_CONTROL},
    {"https://example.com/\xE2\x80\xAE", BG_URL_CONTROL},
    {"https://example\xC2\xADx.com/", BG_URL_CONTROL},
    {"ftp://example.com/", BG_URL_SCHEME},
    {"file:///etc/passwd", BG_URL_SCHEME},
    {"gopher://example.com/", BG_URL_SCHEME},
    {"javascript:alert(1)", BG_URL_SCHEME},
    {"data:text/html,x", BG_URL_SCHEME},
    {"mailto:a@example.com", BG_URL_SCHEME},
    {"httpx://example.com/", BG_URL_SCHEME},
    {"unix:/run/x.sock", BG_URL_SCHEME},
    {"dict://127.0.0.1:11211/", BG_URL_SCHEME},
    {"http:example.com", BG_URL_SYNTAX},
    {"http:/example.com/", BG_URL_SYNTAX},
    {"http:///example.com/", BG_URL_HOST},
    {"hello", BG_URL_SYNTAX},
    {"/path/only", BG_URL_SYNTAX},
    {"?query", BG_URL_SYNTAX},
    {"http://user:pass@example.com/", BG_URL_CREDENTIALS},
    {"http://user@example.com/", BG_URL_CREDENTIALS},
    {"http://@example.com/", BG_URL_CREDENTIALS},
    {"http://example.com:80@127.0.0.1/", BG_URL_CREDENTIALS},
    {"http://a@b@c.com/", BG_URL_CREDENTIALS},
    {"user@example.com", BG_URL_CREDENTIALS},
    {"http://", BG_URL_HOST},
    {"http://./", BG_URL_HOST},
    {"http://a..b/", BG_URL_HOST},
    {"http://.example.com/", BG_URL_HOST},
    {"http://example.com../", BG_URL_HOST},
    {"http://exa$mple.com/", BG_URL_HOST},
    {"http://exam%00ple.com/", BG_URL_HOST},
    {"http://exam%2fple.com/", BG_URL_HOST},
    {"http://exam%252eple.com/", BG_URL_HOST},
    {"http://1.2.3.4.5/", BG_URL_HOST},
    {"http://256.1.1.1/", BG_URL_HOST},
    {"http://4294967296/", BG_URL_HOST},
    {"http://08.8.8.8/", BG_URL_HOST},
    {"http://foo.123/", BG_URL_HOST},
    {"http://foo.0x7f/", BG_URL_HOST},
    {"http://[::1/", BG_URL_HOST},
    {"http://[fe80::1%25eth0]/", BG_URL_HOST},
    {"http://[fe80::1%eth0]/", BG_URL_HOST},
    {"http://[2606:4700::1111%25lo]/", BG_URL_HOST},
    {"http://[example.com]/", BG_URL_HOST},
    {"http://[]/", BG_URL_HOST},
    {"http://[v1.x]/", BG_URL_HOST},
    {"http://example.com:0/", BG_URL_PORT},
    {"http://example.com:22/", BG_URL_PORT},
    {"http://example.com:8080/", BG_URL_PORT},
    {"http://example.com:65536/", BG_URL_PORT},
    {"http://example.com:99999999999/", BG_URL_PORT},
    {"http://example.com:80x/", BG_URL_PORT},
    {"example.com:22", BG_URL_PORT},
    {"http://127.0.0.1/", BG_URL_ADDRESS},
    {"http://127.0.0.1:443/", BG_URL_ADDRESS},
    {"http://127.1/", BG_URL_ADDRESS},
    {"http://127.0.1/", BG_URL_ADDRESS},
    {"http://2130706433/", BG_URL_ADDRESS},
    {"http://0x7f000001/", BG_URL_ADDRESS},
    {"http://0X7F.0.0.1/", BG_URL_ADDRESS},
    {"http://0177.0.0.1/", BG_URL_ADDRESS},
    {"http://0177.0x0.1/", BG_URL_ADDRESS},
    {"http://017700000001/", BG_URL_ADDRESS},
    {"http://00000177.0.0.1/", BG_URL_ADDRESS},
    {"http://127.0.0.1./", BG_URL_ADDRESS},
    {"http://%31%32%37.0.0.1/", BG_URL_ADDRESS},
    {"http://\xEF\xBC\x91\xEF\xBC\x92\xEF\xBC\x97.0.0.1/", BG_URL_ADDRESS},
    {"http://127\xE3\x80\x82"
     "0\xE3\x80\x82"
     "0\xE3\x80\x82"
     "1/",
     BG_URL_ADDRESS},
    {"http://\xE2\x91\xA0\xE2\x91\xA1\xE2\x91\xA6.0.0.1/", BG_URL_ADDRESS},
    {"http://0/", BG_URL_ADDRESS},
    {"http://0.0.0.0/", BG_URL_ADDRESS},
    {"http://10.0.0.1/", BG_URL_ADDRESS},
    {"http://172.16.5.4/", BG_URL_ADDRESS},
    {"http://192.168.1.1/", BG_URL_ADDRESS},
    {"http://169.254.169.254/latest/meta-data/", BG_URL_ADDRESS},
    {"http://2852039166/", BG_URL_ADDRESS},
    {"http://100.100.100.200/", BG_URL_ADDRESS},
    {"http://224.0.0.1/", BG_URL_ADDRESS},
    {"http://255.255.255.255/", BG_URL_ADDRESS},
    {"http://[::]/", BG_URL_ADDRESS},
    {"http://[::1]/", BG_URL_ADDRESS},
    {"http://[0:0:0:0:0:0:0:1]/", BG_URL_ADDRESS},
    {"http://[::ffff:127.0.0.1]/", BG_URL_ADDRESS},
    {"http://[::ffff:7f00:1]/", BG_URL_ADDRESS},
    {"http://[::127.0.0.1]/", BG_URL_ADDRESS},
    {"http://[64:ff9b::7f00:1]/", BG_URL_ADDRESS},
    {"http://[2002:7f00:1::]/", BG_URL_ADDRESS},
    {"http://[fe80::1]/", BG_URL_ADDRESS},
    {"http://[fd00:ec2::254]/", BG_URL_ADDRESS},
    {"http://[ff02::1]/", BG_URL_ADDRESS},
    {"http://localhost/", BG_URL_ADDRESS},
    {"http://LOCALHOST./", BG_URL_ADDRESS},
    {"http://a.localhost/", BG_URL_ADDRESS},
    {"http://\xEF\xBD\x8Cocalhost/", BG_URL_ADDRESS},
    {"https://localhost:443/", BG_URL_ADDRESS},
};

static bg_url_error parse(const char *text, const char *relative_to, bg_url *url)
{
	return bg_url_parse(text, strlen(text), relative_to, url);
}

static void test_honest(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(honest_urls) / sizeof(honest_urls[0]); i++)
	{
		bg_url url;
		bg_url again;
		bg_url_error error = parse(honest_urls[i].input, NULL, &url);

		if (error != BG_URL_OK)
			fail_msg("%s: %s", honest_urls[i].input, bg_url_error_text(error));
		assert_string_equal(url.canonical, honest_urls[i].canonical);
		assert_int_equal(parse(url.canonical, NULL, &again), BG_URL_OK);
		assert_string_equal(again.canonical, url.canonical);
		assert_string_equal(again.host, url.host);
		assert_int_equal(again.port, url.port);
		assert_int_equal(again.is_https, url.is_https);
		bg_url_free(&url);
		bg_url_free(&again);
	}
}

static void test_hostile(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(hostile_urls) / sizeof(hostile_urls[0]); i++)
	{
		bg_url url;
		bg_url_error error = parse(hostile_urls[i].input, NULL, &url);

		if (error != hostile_urls[i].error)
			fail_msg("%s: expected \"%s\", got \"%s\" (%s)", hostile_urls[i].input,
			         bg_url_error_text(hostile_urls[i].error), bg_url_error_text(error),
			         url.canonical != NULL ? url.canonical : "-");
		assert_null(url.canonical);
		assert_null(url.host);
	}
}

static void test_relative(void **state)
{
	static const struct
	{
		const char *base;
		const char *location;
		const char *canonical; /* NULL: refused with */
		bg_url_error error;
	} rows[] = {
	    {"https://example.com/a/b?c=d", "e", "https://example.com/a/e", BG_URL_OK},
	    {"https://example.com/a/b?c=d", "/e?f", "https://example.com/e?f", BG_URL_OK},
	    {"https://example.com/a/b?c=d", "?f=g", "https://example.com/a/b?f=g", BG_URL_OK},
	    {"https://example.com/a/b?c=d", "#f", "https://example.com/a/b?c=d", BG_URL_OK},
	    {"https://example.com/a/b", "../../../c", "https://example.com/c", BG_URL_OK},
	    {"https://example.com/a/b", "./c/./d", "https://example.com/a/c/d", BG_URL_OK},
	    {"https://example.com/a/b", "//other.example/c", "https://other.example/c", BG_URL_OK},
	    {"https://example.com/a/b", "http://other.example/c", "http://other.example/c", BG_URL_OK},
	    {"https://example.com/a", "/b#c?d", "https://example.com/b", BG_URL_OK},
	    {"https://example.com/a", "other.example", "https://example.com/other.example", BG_URL_OK},
	    {"https://example.com/a", "//127.0.0.1/", NULL, BG_URL_ADDRESS},
	    {"https://example.com/a", "//user@other.example/", NULL, BG_URL_CREDENTIALS},
	    {"https://example.com/a", "///other.example/", NULL, BG_URL_HOST},
	    {"https://example.com/a", "http://localhost:80/", NULL, BG_URL_ADDRESS},
	    {"https://example.com/a", "file:///etc/passwd", NULL, BG_URL_SCHEME},
	    {"https://example.com/a", "javascript:x", NULL, BG_URL_SCHEME},
	    {"https://example.com/a", "https:b", NULL, BG_URL_SYNTAX},
	    {"https://example.com/a", "http://other.example:6379/", NULL, BG_URL_PORT},
	    {"https://example.com/a", "/\\evil", NULL, BG_URL_CONTROL},
	    {"https://example.com/a", "", NULL, BG_URL_EMPTY},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		bg_url url;
		bg_url_error error = parse(rows[i].location, rows[i].base, &url);

		if (error != rows[i].error)
			fail_msg("%s: got \"%s\" (%s)", rows[i].location, bg_url_error_text(error),
			         url.canonical != NULL ? url.canonical : "-");
		if (error == BG_URL_OK)
			assert_string_equal(url.canonical, rows[i].canonical);
		bg_url_free(&url);
	}
}

static void test_lengths(void **state)
{
	char text[BG_URL_MAX * 5];
	bg_url url;
	const char *start = "https://example.com/";

	(void) state;
	memset(text, 'a', sizeof(text));
	memcpy(text, start, strlen(start));
	assert_int_equal(bg_url_parse(text, BG_URL_MAX, NULL, &url), BG_URL_OK);
	assert_int_equal(strlen(url.canonical), BG_URL_MAX);
	bg_url_free(&url);
	assert_int_equal(bg_url_parse(text, BG_URL_MAX + 1, NULL, &url), BG_URL_TOO_LONG);
	assert_int_equal(bg_url_parse(text, sizeof(text), NULL, &url), BG_URL_TOO_LONG);
	/* It fits as given, not when it is encoded. */
	memset(text + strlen(start), '"', BG_URL_MAX - strlen(start));
	assert_int_equal(bg_url_parse(text, BG_URL_MAX, NULL, &url), BG_URL_TOO_LONG);
	assert_null(url.canonical);
	/* A NUL inside is a control character, not an end. */
	assert_int_equal(bg_url_parse("https://example.com/\0x", 22, NULL, &url), BG_URL_CONTROL);
	/* Labels of 63 and names of 253 at most. */
	memset(text + 8, 'a', 64);
	memcpy(text + 8 + 63, ".com/", 5);
	assert_int_equal(bg_url_parse(text, 8 + 63 + 5, NULL, &url), BG_URL_OK);
	bg_url_free(&url);
	memset(text + 8, 'a', 64);
	memcpy(text + 8 + 64, ".com/", 5);
	assert_int_equal(bg_url_parse(text, 8 + 64 + 5, NULL, &url), BG_URL_HOST);
}

static void test_policy(void **state)
{
	char why[128] = "";
	bg_url url;

	(void) state;
	assert_true(bg_egress_configure("127.0.0.2, fd00::/8", "8080, 9000-9010", why, sizeof(why)));
	assert_int_equal(parse("http://127.0.0.2:8080/", NULL, &url), BG_URL_OK);
	assert_string_equal(url.canonical, "http://127.0.0.2:8080/");
	assert_string_equal(url.host, "127.0.0.2");
	assert_int_equal(url.port, 8080);
	bg_url_free(&url);
	assert_int_equal(parse("http://127.3:9010/", NULL, &url), BG_URL_ADDRESS);
	assert_int_equal(parse("http://0x7f000002:9010/", NULL, &url), BG_URL_OK);
	bg_url_free(&url);
	assert_int_equal(parse("http://[FD00::1]:9005/", NULL, &url), BG_URL_OK);
	assert_string_equal(url.host, "fd00::1");
	bg_url_free(&url);
	assert_int_equal(parse("http://127.0.0.2:9011/", NULL, &url), BG_URL_PORT);
	assert_int_equal(parse("http://127.0.0.1:8080/", NULL, &url), BG_URL_ADDRESS);
	assert_int_equal(parse("http://localhost:8080/", NULL, &url), BG_URL_ADDRESS);
	assert_int_equal(parse("example.com:8080/x", NULL, &url), BG_URL_OK);
	assert_string_equal(url.canonical, "https://example.com:8080/x");
	bg_url_free(&url);
	assert_true(bg_egress_configure("127.0.0.0/8", "", why, sizeof(why)));
	assert_int_equal(parse("http://localhost/", NULL, &url), BG_URL_OK);
	bg_url_free(&url);
	assert_true(bg_egress_configure("", "", why, sizeof(why)));
	assert_int_equal(parse("http://localhost/", NULL, &url), BG_URL_ADDRESS);
}

static void test_error_texts(void **state)
{
	(void) state;
	for (int error = BG_URL_OK; error <= BG_URL_MEMORY; error++)
	{
		const char *text = bg_url_error_text((bg_url_error) error);

		assert_non_null(text);
		assert_true(strlen(text) > 5 && text[strlen(text) - 1] == '.');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_honest),   cmocka_unit_test(test_hostile),
	    cmocka_unit_test(test_relative), cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_policy),   cmocka_unit_test(test_error_texts),
	};

	return cmocka_run_group_tests_name("web_url", tests, NULL, NULL);
}

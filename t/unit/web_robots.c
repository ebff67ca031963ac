/*
 * web_robots.c
 *		What robots.txt allows: groups, precedence, patterns, broken files.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "web/robots.h"

static void test_table(void **state)
{
	static const struct
	{
		const char *text;
		const char *path;
		bool allowed;
	} rows[] = {
	    {"", "/x", true},
	    {"User-agent: *\nDisallow:\n", "/x", true},
	    {"User-agent: *\nDisallow: /\n", "/x", false},
	    {"User-agent: *\nDisallow: /\n", "/robots.txt", true},
	    {"User-agent: *\nDisallow: /a\n", "/a", false},
	    {"User-agent: *\nDisallow: /a\n", "/abc", false},
	    {"User-agent: *\nDisallow: /a/\n", "/a", true},
	    {"User-agent: *\nDisallow: /A\n", "/a", true},
	    {"USER-AGENT: *\nDISALLOW: /a\n", "/a", false},
	    {"user-agent:*\ndisallow:/a\n", "/a", false},
	    {"User-agent: *\r\nDisallow: /a\r\n", "/a", false},
	    {"User-agent: *\rDisallow: /a\r", "/a", false},
	    {"\xEF\xBB\xBFUser-agent: *\nDisallow: /a\n", "/a", false},
	    {"User-agent: * # all\nDisallow: /a # this\n", "/a", false},
	    {"# nothing\nDisallow: /a\n", "/a", true},
	    {"User-agent: *\nDisallow: /a\nAllow: /a/b\n", "/a/b/c", true},
	    {"User-agent: *\nAllow: /a/b\nDisallow: /a\n", "/a/c", false},
	    {"User-agent: *\nDisallow: /a\nAllow: /a\n", "/a", true},
	    {"User-agent: *\nAllow: /a\nDisallow: /a\n", "/a", true},
	    {"User-agent: *\nAllow: /\nDisallow: /a\n", "/a", false},
	    {"User-agent: *\nDisallow: /*.pdf$\n", "/a/b.pdf", false},
	    {"User-agent: *\nDisallow: /*.pdf$\n", "/a/b.pdf?x", true},
	    {"User-agent: *\nDisallow: /*.pdf$\n", "/a.pdf/b.pdf", false},
	    {"User-agent: *\nDisallow: /a*b*c\n", "/axxbxxc", false},
	    {"User-agent: *\nDisallow: /a*b*c\n", "/axxcxxb", true},
	    {"User-agent: *\nDisallow: /a$\n", "/a", false},
	    {"User-agent: *\nDisallow: /a$\n", "/ab", true},
	    {"User-agent: *\nDisallow: /$\n", "/", false},
	    {"User-agent: *\nDisallow: /$\n", "/a", true},
	    {"User-agent: *\nDisallow: *\n", "/a", false},
	    {"User-agent: *\nDisallow: *?id=\n", "/a?id=1", false},
	    {"User-agent: *\nDisallow: /*?\n", "/a?b", false},
	    {"User-agent: *\nDisallow: /*?\n", "/a", true},
	    {"User-agent: *\nDisallow: /a*$\n", "/abc", false},
	    {"User-agent: *\nDisallow: /a**$\n", "/a", false},
	    {"User-agent: *\nDisallow: /a*bc$\n", "/abcbc", false},
	    {"User-agent: *\nDisallow: /ab*b$\n", "/ab", true},
	    {"User-agent: *\nDisallow: /\xE4\xB8\xAD\n", "/%E4%B8%AD", false},
	    {"User-agent: *\nDisallow: /%e4%b8%ad\n", "/%E4%B8%AD", false},
	    {"User-agent: *\nDisallow: /%7ea\n", "/~a", false},
	    {"User-agent: *\nDisallow: /a%2Fb\n", "/a/b", true},
	    {"User-agent: *\nDisallow: /a%2Ab\n", "/axb", true},
	    {"User-agent: *\nDisallow: a\n", "/a", true},
	    {"User-agent: BountyGo\nDisallow: /a\n", "/a", false},
	    {"User-agent: bountygo\nDisallow: /a\n", "/a", false},
	    {"User-agent: BountyGo/1.0\nDisallow: /a\n", "/a", false},
	    {"User-agent: BountyGo-URLAgent\nDisallow: /a\n", "/a", false},
	    {"User-agent: BountyGoer\nDisallow: /a\n", "/a", true},
	    {"User-agent: Bounty\nDisallow: /a\n", "/a", true},
	    {"User-agent: other\nDisallow: /a\n", "/a", true},
	    {"User-agent: *\nDisallow: /\n\nUser-agent: BountyGo\nDisallow: /b\n", "/a", true},
	    {"User-agent: BountyGo\nDisallow: /b\n\nUser-agent: *\nDisallow: /\n", "/b", false},
	    {"User-agent: BountyGo\nDisallow:\n\nUser-agent: *\nDisallow: /\n", "/b", true},
	    {"User-agent: BountyGo\n\nUser-agent: x\nDisallow: /a\n", "/a", false},
	    {"User-agent: x\nUser-agent: BountyGo\nDisallow: /a\n", "/a", false},
	    {"User-agent: BountyGo\nSitemap: /s\nUser-agent: x\nDisallow: /a\n", "/a", false},
	    {"User-agent: BountyGo\nDisallow: /a\nUser-agent: x\nDisallow: /b\n", "/b", true},
	    {"User-agent: BountyGo\nDisallow: /a\nUser-agent: x\nDisallow: /c\nUser-agent: "
	     "bountygo\nDisallow: /b\n",
	     "/b", false},
	    {"User-agent: *\nDisallow /a\nnonsense\n: x\n:\n", "/a", true},
	    {"<!DOCTYPE html><html><body>User-agent: *</body>", "/a", true},
	    {"User-agent: *\nDisallow: /a", "/a", false},
	    {"User-agent: *\n\nDisallow: /a\n\nDisallow: /b", "/b", false},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		bg_robots *robots = bg_robots_parse(rows[i].text, strlen(rows[i].text), "BountyGo");

		assert_non_null(robots);
		if (bg_robots_allows(robots, rows[i].path) != rows[i].allowed)
			fail_msg("%s should be %s by \"%s\"", rows[i].path,
			         rows[i].allowed ? "allowed" : "denied", rows[i].text);
		bg_robots_free(robots);
	}
}

static void test_delay(void **state)
{
	static const struct
	{
		const char *text;
		long delay;
	} rows[] = {
	    {"User-agent: *\nDisallow: /x\n", -1},
	    {"User-agent: *\nCrawl-delay: 10\n", 10},
	    {"User-agent: *\ncrawl-delay: 0.5\n", 1},
	    {"User-agent: *\nCrawl-delay: 0\n", 0},
	    {"User-agent: *\nCrawl-delay: 1e9\n", -1},
	    {"User-agent: *\nCrawl-delay: -5\n", -1},
	    {"User-agent: *\nCrawl-delay: 9999999\n", 86400},
	    {"User-agent: *\nCrawl-delay: 5\nUser-agent: BountyGo\nCrawl-delay: 7\n", 7},
	    {"User-agent: *\nCrawl-delay: 5\nUser-agent: BountyGo\nDisallow: /a\n", -1},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		bg_robots *robots = bg_robots_parse(rows[i].text, strlen(rows[i].text), "BountyGo");

		assert_int_equal(bg_robots_crawl_delay(robots), rows[i].delay);
		bg_robots_free(robots);
	}
}

/* Past 512 KiB nothing is read, and no line is read in half. */
static void test_large(void **state)
{
	size_t len = BG_ROBOTS_MAX + 4096;
	char *text = malloc(len);
	size_t at;
	bg_robots *robots;
	const char *early = "User-agent: *\nDisallow: /early\n";
	const char *line = "Disallow: /late-and-long\n";

	(void) state;
	memset(text, '\n', len);
	memcpy(text, early, strlen(early));
	/* The limit falls into the middle of this line. */
	at = BG_ROBOTS_MAX - 12;
	memcpy(text + at, line, strlen(line));
	robots = bg_robots_parse(text, len, "BountyGo");
	assert_false(bg_robots_allows(robots, "/early"));
	assert_true(bg_robots_allows(robots, "/late-and-long"));
	assert_true(bg_robots_allows(robots, "/other"));
	bg_robots_free(robots);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),
	    cmocka_unit_test(test_delay),
	    cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests_name("web_robots", tests, NULL, NULL);
}

/*
 * gateway_limit.c
 *		The rate limiter: exact bursts, the long-run rate, what shares a limit and what does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "limit.h"

#define SECOND 1000000000ull

static const bg_str nobody = {NULL, 0};

static bg_limits parsed(const char *text)
{
	bg_limits limits;
	bg_buf problem = {0};

	assert_true(bg_limits_parse(text, &limits, &problem));
	bg_buf_free(&problem);
	return limits;
}

static bool take(const bg_limits *limits, const char *zone, const char *address, const char *token,
                 uint64_t now, bg_limit_verdict *verdict)
{
	bg_str t = nobody;

	if (token != NULL)
		for (t.s = token; token[t.n] != '\0';)
			t.n++;
	assert_true(bg_limit_take(limits, zone, address, t, now, verdict));
	return verdict->allowed;
}

static void settings_are_read(void **state)
{
	static const char *const bad[] = {
	    "",          "api",        "api=10",        "api=0/20",
	    "api=10/0",  "auth=5/10",  "api=nan/5",     "api=10/20;auth=5/5",
	    "api=1e9/5", "API=10/20,", "api=10/20 x=1", "api=-1/5"};
	bg_limits limits = parsed("api=10/20, auth=0.5/3");

	(void) state;
	assert_int_equal(limits.n, 2);
	assert_string_equal(limits.zones[1].name, "auth");
	assert_true(limits.zones[1].rate == 0.5);
	assert_int_equal(limits.zones[1].burst, 3);
	assert_int_equal(parsed("off").n, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		bg_buf problem = {0};

		if (bg_limits_parse(bad[i], &limits, &problem) && bad[i][0] != '\0')
			fail_msg("\"%s\" was taken", bad[i]);
		if (bad[i][0] != '\0')
			assert_true(problem.n > 0);
		bg_buf_free(&problem);
	}
}

static void off_limits_nothing(void **state)
{
	bg_limits limits = parsed("off");
	bg_limit_verdict verdict;

	(void) state;
	assert_false(bg_limit_take(&limits, "api", "192.0.2.1", nobody, SECOND, &verdict));
}

static void a_burst_is_exact(void **state)
{
	bg_limits limits = parsed("api=10/20");
	bg_limit_verdict verdict;

	(void) state;
	for (int i = 0; i < 20; i++)
	{
		assert_true(take(&limits, "api", "192.0.2.2", NULL, SECOND, &verdict));
		assert_int_equal(verdict.remaining, 19 - i);
	}
	assert_false(take(&limits, "api", "192.0.2.2", NULL, SECOND, &verdict));
	assert_int_equal(verdict.retry_after, 1);
	assert_int_equal(verdict.reset_s, 2);
	/* A tenth of a second later there is room for one. */
	assert_true(take(&limits, "api", "192.0.2.2", NULL, SECOND + SECOND / 10, &verdict));
	assert_false(take(&limits, "api", "192.0.2.2", NULL, SECOND + SECOND / 10, &verdict));
}

static void the_long_run_rate_holds(void **state)
{
	bg_limits limits = parsed("api=10/20");
	bg_limit_verdict verdict;
	int allowed = 0;

	(void) state;
	/* A thousand requests a second for 100 s. */
	for (uint64_t i = 0; i < 100000; i++)
		allowed += take(&limits, "api", "192.0.2.3", NULL, SECOND + i * (SECOND / 1000), &verdict);
	assert_in_range(allowed, 1000, 1020);
}

static void zones_and_clients_are_apart(void **state)
{
	bg_limits limits = parsed("api=1/1,auth=1/1");
	bg_limit_verdict verdict;

	(void) state;
	assert_true(take(&limits, "api", "192.0.2.4", NULL, SECOND, &verdict));
	assert_false(take(&limits, "api", "192.0.2.4", NULL, SECOND, &verdict));
	assert_true(take(&limits, "auth", "192.0.2.4", NULL, SECOND, &verdict));
	assert_true(take(&limits, "api", "192.0.2.5", NULL, SECOND, &verdict));
	/* A zone that isn't named counts as api. */
	assert_false(take(&limits, "write", "192.0.2.4", NULL, SECOND, &verdict));
	/* One network of IPv6 is one client; IPv4 in IPv6's clothes is itself. */
	assert_true(take(&limits, "api", "2001:db8:0:1::1", NULL, SECOND, &verdict));
	assert_false(take(&limits, "api", "2001:db8:0:1:ffff::2", NULL, SECOND, &verdict));
	assert_true(take(&limits, "api", "2001:db8:0:2::1", NULL, SECOND, &verdict));
	assert_false(take(&limits, "api", "::ffff:192.0.2.4", NULL, SECOND, &verdict));
}

static void tokens_count_from_everywhere(void **state)
{
	bg_limits limits = parsed("api=1/2");
	bg_limit_verdict verdict;

	(void) state;
	assert_true(take(&limits, "api", "198.51.100.1", "a token", SECOND, &verdict));
	assert_true(take(&limits, "api", "198.51.100.2", "a token", SECOND, &verdict));
	assert_false(take(&limits, "api", "198.51.100.3", "a token", SECOND, &verdict));
	/* Who was refused for the token's sake has not paid for the address. */
	assert_true(take(&limits, "api", "198.51.100.3", NULL, SECOND, &verdict));
	assert_int_equal(verdict.remaining, 1);
	/* Changing tokens doesn't help an address. */
	assert_true(take(&limits, "api", "198.51.100.4", "one", SECOND, &verdict));
	assert_true(take(&limits, "api", "198.51.100.4", "two", SECOND, &verdict));
	assert_false(take(&limits, "api", "198.51.100.4", "three", SECOND, &verdict));
}

static void a_flood_of_addresses_is_harmless(void **state)
{
	bg_limits limits = parsed("api=10/20");
	bg_limit_verdict verdict;
	char address[40];

	(void) state;
	for (int i = 0; i < 20; i++)
		assert_true(take(&limits, "api", "203.0.113.1", NULL, SECOND, &verdict));
	for (int i = 0; i < 300000; i++)
	{
		snprintf(address, sizeof(address), "2001:db8:%x:%x::1", i >> 16, i & 0xffff);
		take(&limits, "api", address, NULL, SECOND, &verdict);
	}
	/* Who has used up the burst is not forgotten for those that asked once. */
	assert_false(take(&limits, "api", "203.0.113.1", NULL, SECOND, &verdict));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(settings_are_read),
	                                   cmocka_unit_test(off_limits_nothing),
	                                   cmocka_unit_test(a_burst_is_exact),
	                                   cmocka_unit_test(the_long_run_rate_holds),
	                                   cmocka_unit_test(zones_and_clients_are_apart),
	                                   cmocka_unit_test(tokens_count_from_everywhere),
	                                   cmocka_unit_test(a_flood_of_addresses_is_harmless)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

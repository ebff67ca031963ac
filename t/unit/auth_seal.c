/*
 * auth_seal.c
 *		Sealed secrets: opened with the same key and for the same use only, and only if nothing was altered.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth/base64url.h"
#include "auth/seal.h"

#define KEY "an-example-key-of-forty-eight-bytes-for-unit-tests"
#define USE "webhook secret"

static const unsigned char nonce[12] = "0123456789a";

static void test_round_trip(void **state)
{
	static const size_t lengths[] = {0, 1, 15, 16, 17, 1000};

	(void) state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
	{
		size_t len = lengths[i];
		char *plain = malloc(len + 1);
		unsigned char *sealed = malloc(len + BG_SEAL_OVERHEAD);
		char *opened = malloc(len + 1);

		memset(plain, 's', len);
		assert_true(bg_seal(KEY, strlen(KEY), USE, strlen(USE), nonce, plain, len, sealed));
		assert_true(
		    bg_unseal(KEY, strlen(KEY), USE, strlen(USE), sealed, len + BG_SEAL_OVERHEAD, opened));
		assert_memory_equal(opened, plain, len);
		/* Not in clear. */
		if (len >= 15)
			assert_memory_not_equal(sealed + 13, plain, len);
		assert_false(bg_unseal(KEY "x", strlen(KEY) + 1, USE, strlen(USE), sealed,
		                       len + BG_SEAL_OVERHEAD, opened));
		assert_false(bg_unseal(KEY, strlen(KEY), USE, strlen(USE) - 1, sealed,
		                       len + BG_SEAL_OVERHEAD, opened));
		assert_false(bg_unseal(KEY, strlen(KEY), "", 0, sealed, len + BG_SEAL_OVERHEAD, opened));
		free(plain);
		free(sealed);
		free(opened);
	}
}

static void test_altered(void **state)
{
	unsigned char sealed[6 + BG_SEAL_OVERHEAD];
	char opened[6];

	(void) state;
	assert_true(bg_seal(KEY, strlen(KEY), USE, strlen(USE), nonce, "secret", 6, sealed));
	for (size_t i = 0; i < sizeof(sealed); i++)
		for (int bit = 0; bit < 8; bit++)
		{
			sealed[i] ^= (unsigned char) (1 << bit);
			assert_false(
			    bg_unseal(KEY, strlen(KEY), USE, strlen(USE), sealed, sizeof(sealed), opened));
			sealed[i] ^= (unsigned char) (1 << bit);
		}
	/* Cut anywhere. */
	for (size_t len = 0; len < sizeof(sealed); len++)
		assert_false(bg_unseal(KEY, strlen(KEY), USE, strlen(USE), sealed, len, opened));
	assert_true(bg_unseal(KEY, strlen(KEY), USE, strlen(USE), sealed, sizeof(sealed), opened));
	assert_memory_equal(opened, "secret", 6);
}

/* Made with another implementation (crypto of Node.js). */
static void test_known(void **state)
{
	static const char expected[] =
	    "013031323334353637383961001ba24c35017317bba1fa75a2d11181ba393d0157bf30";
	unsigned char sealed[6 + BG_SEAL_OVERHEAD];
	char hex[2 * sizeof(sealed) + 1];

	(void) state;
	assert_true(bg_seal(KEY, strlen(KEY), USE, strlen(USE), nonce, "secret", 6, sealed));
	for (size_t i = 0; i < sizeof(sealed); i++)
		snprintf(hex + 2 * i, 3, "%02x", sealed[i]);
	assert_string_equal(hex, expected);
}

static void test_limits(void **state)
{
	char context[256];
	unsigned char sealed[BG_SEAL_OVERHEAD];

	(void) state;
	memset(context, 'c', sizeof(context));
	assert_true(bg_seal(KEY, strlen(KEY), context, 255, nonce, "", 0, sealed));
	assert_false(bg_seal(KEY, strlen(KEY), context, 256, nonce, "", 0, sealed));
}

/* What may be sealed can be opened, up to the last byte. */
static void test_largest(void **state)
{
	size_t len = 1 << 24;
	char *plain = calloc(1, len + 1);
	unsigned char *sealed = malloc(len + 1 + BG_SEAL_OVERHEAD);
	char *opened = malloc(len);

	(void) state;
	assert_true(bg_seal(KEY, strlen(KEY), USE, strlen(USE), nonce, plain, len, sealed));
	assert_true(
	    bg_unseal(KEY, strlen(KEY), USE, strlen(USE), sealed, len + BG_SEAL_OVERHEAD, opened));
	assert_memory_equal(opened, plain, len);
	assert_false(bg_seal(KEY, strlen(KEY), USE, strlen(USE), nonce, plain, len + 1, sealed));
	free(plain);
	free(sealed);
	free(opened);
}

/* Base64 as tokens use it: the examples of RFC 4648, and each value in one spelling only. */
static void test_base64url(void **state)
{
	static const char *const pairs[][2] = {
	    {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
	    {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "-_8"}};
	static const char *const wrong[] = {"Z",     "Zh",   "Zm9",  "Zg==",  "Zg=",  "Zm9v ",
	                                    " Zm9v", "Zm+v", "Zm/v", "Zm\nv", "Zm9vY"};
	unsigned char bytes[16];
	char text[16];

	(void) state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
	{
		size_t len = strlen(pairs[i][0]);

		assert_int_equal(bg_base64url_encode((const unsigned char *) pairs[i][0], len, text),
		                 strlen(pairs[i][1]));
		assert_int_equal(BG_BASE64URL_LENGTH(len), strlen(pairs[i][1]));
		assert_memory_equal(text, pairs[i][1], strlen(pairs[i][1]));
		assert_int_equal(bg_base64url_decode(pairs[i][1], strlen(pairs[i][1]), bytes), len);
		assert_memory_equal(bytes, pairs[i][0], len);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (bg_base64url_decode(wrong[i], strlen(wrong[i]), bytes) >= 0)
			fail_msg("%s", wrong[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip), cmocka_unit_test(test_altered),
	    cmocka_unit_test(test_known),      cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_largest),    cmocka_unit_test(test_base64url),
	};

	return cmocka_run_group_tests_name("auth_seal", tests, NULL, NULL);
}

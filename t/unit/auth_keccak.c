/*
 * auth_keccak.c
 *		Keccak-256: known answers, lengths around the size of a block among them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth/keccak.h"

static void check(const void *data, size_t len, const char *expected)
{
	unsigned char hash[BG_KECCAK_LENGTH];
	char hex[2 * BG_KECCAK_LENGTH + 1];

	bg_keccak256(data, len, hash);
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	assert_string_equal(hex, expected);
}

static void test_words(void **state)
{
	static const char fox[] = "The quick brown fox jumps over the lazy dog";

	(void) state;
	check("", 0, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
	check("abc", 3, "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
	check(fox, strlen(fox), "4d741b6f1eb29cb2a9b9911c82f56fa8d73b04959d3d9d222895df6c0b28aa15");
	/* How contracts name a function: its first four bytes are a9059cbb. */
	check("transfer(address,uint256)", 25,
	      "a9059cbb2ab09eb219583f4a59a5d0623ade346d962bcd4e46b11da047c9049b");
}

/* Made with another implementation (viem): so many letters a. */
static void test_lengths(void **state)
{
	static const struct
	{
		size_t len;
		const char *hash;
	} cases[] = {
	    {1, "3ac225168df54212a25c1c01fd35bebfea408fdac2e31ddd6f80a4bbf9a5f1cb"},
	    {135, "34367dc248bbd832f4e3e69dfaac2f92638bd0bbd18f2912ba4ef454919cf446"},
	    {136, "a6c4d403279fe3e0af03729caada8374b5ca54d8065329a3ebcaeb4b60aa386e"},
	    {137, "d869f639c7046b4929fc92a4d988a8b22c55fbadb802c0c66ebcd484f1915f39"},
	    {271, "132f47effd6c8b1b299efa53fe68aece77ec8ae4eb2e294f668eec94f76001e1"},
	    {272, "cf7fcd4f705ee749930d19ca84561a9bf62516bd90a471545fa2f49fdc7e63c8"},
	    {273, "5a7b8187d2778e614097fac3097573de1fee4d972304d3360796a857029bb176"},
	    {1000, "b6a4ac1f51884d71f30fa397a5e155de3099e11fc0edef5d08b646e621e19de9"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char *data = malloc(cases[i].len); /* so that ASan sees a byte read too far */

		assert_non_null(data);
		memset(data, 'a', cases[i].len);
		check(data, cases[i].len, cases[i].hash);
		free(data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests_name("auth_keccak", tests, NULL, NULL);
}

/*
 * auth_ethereum.c
 *		Addresses and signatures of wallets: real ones pass, everything near them is refused.
 *
 * The signatures were made with another implementation (viem's privateKeyToAccount(…).signMessage) from keys made up for this.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth/ethereum.h"

#define TEN "xxxxxxxxxx"
#define LONG \
	TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN /* 200 */

static bool address_of(const char *given, char out[BG_ADDRESS_LENGTH + 1])
{
	size_t len = strlen(given);
	char *exact = malloc(len == 0 ? 1 : len); /* so that ASan sees a byte read too far */
	bool ok;

	assert_non_null(exact);
	memcpy(exact, given, len);
	ok = bg_ethereum_address(exact, len, out);
	free(exact);
	return ok;
}

static bool signer_of(const char *message, const char *signature, char out[BG_ADDRESS_LENGTH + 1])
{
	size_t len = strlen(signature);
	char *exact = malloc(len == 0 ? 1 : len);
	bool ok;

	assert_non_null(exact);
	memcpy(exact, signature, len);
	ok = bg_ethereum_signer(message, strlen(message), exact, len, out);
	free(exact);
	return ok;
}

/* The examples of EIP-55. */
static void test_addresses(void **state)
{
	static const char *const proper[] = {
	    "0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
	    "0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26",
	    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
	    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"};
	static const char *const wrong[] = {
	    "",
	    "0x",
	    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe",
	    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed0",
	    "0X5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
	    "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed00",
	    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeg",
	    " 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe",
	    "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", /* one capital too many */
	    "0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed", /* one too few */
	    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5D359",
	};
	char out[BG_ADDRESS_LENGTH + 1];
	char other[BG_ADDRESS_LENGTH + 1];

	(void) state;
	for (size_t i = 0; i < sizeof(proper) / sizeof(proper[0]); i++)
	{
		assert_true(address_of(proper[i], out));
		assert_string_equal(out, proper[i]);
		for (int j = 0; j <= BG_ADDRESS_LENGTH; j++)
			other[j] = j > 1 && proper[i][j] >= 'A' && proper[i][j] <= 'F'
			               ? (char) (proper[i][j] - 'A' + 'a')
			               : proper[i][j];
		assert_true(address_of(other, out));
		assert_string_equal(out, proper[i]);
		for (int j = 0; j <= BG_ADDRESS_LENGTH; j++)
			other[j] = j > 1 && proper[i][j] >= 'a' && proper[i][j] <= 'f'
			               ? (char) (proper[i][j] - 'a' + 'A')
			               : proper[i][j];
		assert_true(address_of(other, out));
		assert_string_equal(out, proper[i]);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (address_of(wrong[i], out))
			fail_msg("%s", wrong[i]);
}

static const struct
{
	const char *message;
	const char *address;
	const char *signature;
} signatures[] = {
    {"", "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A",
     "0x2a78cca8e3c7653cb7943898806b3b9d74811a26fa9f9db6c4ba07bf714664cb2f841b084f5264df14711a2cc77"
     "a6cf0c0cecb6691a132a2a8c6e9321f23d55d1b"},
    {"hello", "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A",
     "0x9208d5f86a1f5d9c1908dbb42969925675ceb388616fc5b186c248e4967a03e02e9d28a1adcb8cce60ebcef9756"
     "dee20522a2987afea3055f4edd8380d425f891b"},
    {"\345\244\232\350\257\255\350\250\200 \342\234\223 message",
     "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A",
     "0x4a518ec848de150ddc7f774a6b3cc2bcb1f319de9b08754f327dc8a83bf26c410064d85d95688eed1a672aa3c9e"
     "496dd97cd522b50ba751833743bd2f7c9d8cd1b"},
    {LONG, "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A",
     "0x0aeb27e71ace56e6b98429f98be80087a1d1f96afbca6482ee61d5c6e063f4d82798d686928b2ed7ce72d9a61ab"
     "bac188915361c97e7c860a5c5bbc9a23571df1c"},
    {"a\nb", "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A",
     "0xbc9a3140ebaad049308bcae39a715c7e7a8709916760ed29cffebc8e4031f79053e2b84c1a6c60cd169737c8992"
     "e5cb4806668f08b6561b6ce4bec3c783df1dc1b"},
    {"", "0xF5A5E415061470A8b9137959180901aEa72450a4",
     "0xea9068cd3d9bc9094678cea2aada207082160e4004b72bb4b9c33abf3bb529d3755f8f578de02cbe05ed5b5ebf4"
     "b790b9905216b516b0131af4c24f3862e9b0a1c"},
    {"hello", "0xF5A5E415061470A8b9137959180901aEa72450a4",
     "0x20d86b4caed234cac69690bbc07e98f8c2938ee777a40319c9478fdf0d156d9a6e008661b046ff8078583b54959"
     "48c6e006a62c28322802340ec1bec312ff8821c"},
    {"\345\244\232\350\257\255\350\250\200 \342\234\223 message",
     "0xF5A5E415061470A8b9137959180901aEa72450a4",
     "0xb860fc407ab7ca4d293fd28c98e68f1b8bf4e4ff4938970c3e13d50c87c21aa47f35a6ce00a10d657b336b10c8c"
     "67aad3b2688b1f96b7f431f57ba00d06691f51b"},
    {LONG, "0xF5A5E415061470A8b9137959180901aEa72450a4",
     "0xb101d6e7af6b8d704cf36a0fb937ea6681108be2386cabb56f5f2e1fdbcafe6436ab8f0506a7a676d89d5e7ef6d"
     "257036f142cb1886f29d8e576f9e8417b825b1c"},
    {"a\nb", "0xF5A5E415061470A8b9137959180901aEa72450a4",
     "0x6251874773684f0d0d8a184fd2571f0d797804dd52c6e6c328df699fe9ff8ba975a9121cedea20dfcaef57b7a74"
     "746aa9404af1e8b4ba8e1c1aa3fac1cf419b01c"},
    {"", "0xe11d6A43AaAEe32096486114353f251A4eD8da08",
     "0xe84f9b9fdce2f1be9c6d3978d6d2f18467e1d7183108d88c8747349221c0d5de5be6e53bfa51207e8c117ac9eac"
     "15cd562fc76a2e54f9a849f671957eecfe35c1b"},
    {"hello", "0xe11d6A43AaAEe32096486114353f251A4eD8da08",
     "0xc5d2f9594574b56b957df69b02b978944198e3a97969dc91259332f713c9866d46e3b648f6f1fd25b816c25ef96"
     "33260d4c1396958159afbff4535772fb43ffa1b"},
    {"\345\244\232\350\257\255\350\250\200 \342\234\223 message",
     "0xe11d6A43AaAEe32096486114353f251A4eD8da08",
     "0x16cb83838daf03afaf516d2e31a8c742c8c6937264e2db8747925f1a0426c75a56b3c6d7b542cdc657643872817"
     "ab87ddf63b34ff383a53831421758cadf9d4a1c"},
    {LONG, "0xe11d6A43AaAEe32096486114353f251A4eD8da08",
     "0x78820f33289c226aa01f927bf12a76c76e0beb576b9a77ecec46349d4d3b69da3652c4b16e5df2f49d10bfb1760"
     "b58a2f1667c09fd2911bfacceade87e8fd0fc1c"},
    {"a\nb", "0xe11d6A43AaAEe32096486114353f251A4eD8da08",
     "0x9cd3dfac6602f6f294f026f455b9dc798d9526ac6c875c4c6abe711ba43ac6e81af124cb2d6035480a5167a4040"
     "2f2b0952fbea7ad6f0f0cdfa73a7163baf6fd1b"},
};

#define N_SIGNATURES (sizeof(signatures) / sizeof(signatures[0]))

static void test_signatures(void **state)
{
	char out[BG_ADDRESS_LENGTH + 1];
	char copy[BG_SIGNATURE_LENGTH + 1];

	(void) state;
	for (size_t i = 0; i < N_SIGNATURES; i++)
	{
		assert_true(signer_of(signatures[i].message, signatures[i].signature, out));
		assert_string_equal(out, signatures[i].address);
		/* v as 0 or 1, which some wallets give */
		strcpy(copy, signatures[i].signature);
		memcpy(copy + 130, strcmp(copy + 130, "1b") == 0 ? "00" : "01", 2);
		assert_true(signer_of(signatures[i].message, copy, out));
		assert_string_equal(out, signatures[i].address);
		/* Digits in capitals are the same bytes. */
		for (int j = 2; j < BG_SIGNATURE_LENGTH; j++)
			if (copy[j] >= 'a' && copy[j] <= 'f')
				copy[j] = (char) (copy[j] - 'a' + 'A');
		assert_true(signer_of(signatures[i].message, copy, out));
		assert_string_equal(out, signatures[i].address);
		/* Another message, or the other v: somebody else, or nobody. */
		if (signer_of(LONG "y", signatures[i].signature, out))
			assert_string_not_equal(out, signatures[i].address);
		strcpy(copy, signatures[i].signature);
		copy[131] = copy[131] == 'b' ? 'c' : 'b';
		if (signer_of(signatures[i].message, copy, out))
			assert_string_not_equal(out, signatures[i].address);
	}
}

/* Any digit changed: another signer, or none. */
static void test_altered(void **state)
{
	char out[BG_ADDRESS_LENGTH + 1];
	char copy[BG_SIGNATURE_LENGTH + 1];

	(void) state;
	strcpy(copy, signatures[1].signature);
	for (int i = 0; i < BG_SIGNATURE_LENGTH; i++)
	{
		static const char others[] = "0f xg\n\"";
		char kept = copy[i];

		for (size_t j = 0; j < sizeof(others); j++)
		{
			copy[i] = others[j];
			if (copy[i] == kept)
				continue;
			/* The NUL among them, too. */
			if (bg_ethereum_signer(signatures[1].message, strlen(signatures[1].message), copy,
			                       BG_SIGNATURE_LENGTH, out))
				assert_string_not_equal(out, signatures[1].address);
		}
		copy[i] = kept;
	}
}

#define R "9208d5f86a1f5d9c1908dbb42969925675ceb388616fc5b186c248e4967a03e0"
#define S "2e9d28a1adcb8cce60ebcef9756dee20522a2987afea3055f4edd8380d425f89"
/* The order of the curve less S: the second signature that anyone can make of the first. */
#define HIGH_S "d162d75e523473319f1431068a9211de6884b35eff5e6fe5cae48654c2f3e1b8"
#define ORDER "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define ONES "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

static void test_refused(void **state)
{
	static const char *const wrong[] = {
	    "",
	    "0x",
	    "0x" R S,        /* no v */
	    "0x" R S "1b1b", /* too long */
	    R S "1b",        /* no 0x */
	    R S "1b00",      /* of the right length */
	    "0X" R S "1b",
	    "0x" R HIGH_S "1b", /* EIP-2 */
	    "0x" R HIGH_S "1c",
	    "0x" R ZERO "1b",
	    "0x" ZERO S "1b",
	    "0x" ZERO ZERO "1b",
	    "0x" ORDER S "1b",
	    "0x" R ORDER "1b",
	    "0x" ONES S "1b",
	    "0x" R ONES "1b",
	    "0x" R S "02",
	    "0x" R S "1a",
	    "0x" R S "1d", /* 29, 30: r beyond the order, which no wallet gives */
	    "0x" R S "1e",
	    "0x" R S "25", /* 37: EIP-155, for transactions */
	    "0x" R S "26",
	    "0x" R S "ff",
	    /* EIP-2098 */
	    "0x" R S,
	    "0x" R "ae9d28a1adcb8cce60ebcef9756dee20522a2987afea3055f4edd8380d425f89",
	    "0x" R S " 1b",
	    "0x" R S "1b ",
	    "0x" R S "1b\n",
	    "0x" R S "gg",
	};
	char out[BG_ADDRESS_LENGTH + 1];
	char *huge = malloc(70000);

	(void) state;
	assert_true(signer_of("hello", "0x" R S "1b", out));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (signer_of("hello", wrong[i], out))
			fail_msg("%s", wrong[i]);
	assert_non_null(huge);
	memset(huge, 'a', 69999);
	huge[69999] = '\0';
	assert_false(signer_of(huge, "0x" R S "1b", out));
	free(huge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_signatures),
	    cmocka_unit_test(test_altered),
	    cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("auth_ethereum", tests, NULL, NULL);
}

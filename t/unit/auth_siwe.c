/*
 * auth_siwe.c
 *		Messages of EIP-4361: what wallets' libraries write is read, whatever the grammar doesn't have is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth/siwe.h"

#define ADDRESS "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
#define ASK " wants you to sign in with your Ethereum account:\n" ADDRESS "\n\n"
#define HEAD "example.com" ASK "Sign in, please.\n\n"
#define TIME "2026-01-02T03:04:05.678Z"
#define CORE \
	"URI: https://example.com/path\nVersion: 1\nChain ID: 1\nNonce: foobarbaz1\nIssued At: " TIME

static bool reads(const char *message)
{
	size_t len = strlen(message);
	char *exact = malloc(len == 0 ? 1 : len); /* so that ASan sees a byte read too far */
	bg_siwe out;
	bool ok;

	assert_non_null(exact);
	memcpy(exact, message, len);
	ok = bg_siwe_read(exact, len, &out);
	free(exact);
	return ok;
}

static void is_text(bg_siwe_text value, const char *expected)
{
	assert_int_equal(value.len, strlen(expected));
	assert_non_null(value.text);
	assert_memory_equal(value.text, expected, value.len);
}

/* As viem's createSiweMessage writes it. */
static void test_full(void **state)
{
	static const char message[] = HEAD CORE
	    "\nExpiration Time: 2026-01-02T03:09:05.678Z\nNot Before: 2026-01-02T03:04:00.000Z\n"
	    "Request ID: req-1\nResources:\n- https://example.com/a\n"
	    "- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/";
	bg_siwe m;
	char *again;

	(void) state;
	assert_true(bg_siwe_read(message, strlen(message), &m));
	assert_null(m.scheme.text);
	is_text(m.domain, "example.com");
	is_text(m.address, ADDRESS);
	is_text(m.statement, "Sign in, please.");
	is_text(m.uri, "https://example.com/path");
	assert_int_equal(m.chain_id, 1);
	is_text(m.nonce, "foobarbaz1");
	is_text(m.issued_at, TIME);
	is_text(m.expiration_time, "2026-01-02T03:09:05.678Z");
	is_text(m.not_before, "2026-01-02T03:04:00.000Z");
	is_text(m.request_id, "req-1");
	assert_true(m.has_resources);
	assert_int_equal(m.n_resources, 2);
	is_text(m.resources[1], "ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/");
	again = bg_siwe_write(&m);
	assert_non_null(again);
	assert_string_equal(again, message);
	free(again);
}

static void test_short(void **state)
{
	static const char message[] =
	    "https://localhost:3000" ASK "\nURI: https://localhost:3000\nVersion: 1\nChain ID: 137\n"
	    "Nonce: foobarbaz1\nIssued At: " TIME;
	bg_siwe m;
	char *again;

	(void) state;
	assert_true(bg_siwe_read(message, strlen(message), &m));
	is_text(m.scheme, "https");
	is_text(m.domain, "localhost:3000");
	assert_null(m.statement.text);
	assert_null(m.expiration_time.text);
	assert_null(m.not_before.text);
	assert_null(m.request_id.text);
	assert_false(m.has_resources);
	assert_int_equal(m.chain_id, 137);
	again = bg_siwe_write(&m);
	assert_non_null(again);
	assert_string_equal(again, message);
	free(again);
}

static void test_taken(void **state)
{
	static const char *const messages[] = {
	    HEAD CORE,
	    HEAD CORE "\nRequest ID: ",
	    HEAD CORE "\nRequest ID: a%20b:@!$&'()*+,;=-._~",
	    HEAD CORE "\nResources:",
	    HEAD CORE "\nResources:\n- urn:isbn:0451450523",
	    HEAD CORE "\nNot Before: 2026-01-02T03:04:05Z",
	    HEAD CORE "\nExpiration Time: 2024-02-29T23:59:60+05:30\nResources:\n- a:b",
	    "[2001:db8::1]:8443" ASK "\n" CORE,
	    "127.0.0.1" ASK "\n" CORE,
	    "xn--fiqs8s.example" ASK "\n" CORE,
	    "example.com" ASK "a:/?#[]@!$&'()*+,;=-._~ Z\n\n" CORE,
	    HEAD
	    "URI: did:example:123#key?x\nVersion: 1\nChain ID: 9223372036854775807\nNonce: 12345678\n"
	    "Issued At: 0001-01-01T00:00:00.123456789-15:59",
	    HEAD
	    "URI: https://[::1]:80/a?b=[]\nVersion: 1\nChain ID: 1\nNonce: 12345678\nIssued At: " TIME,
	};

	(void) state;
	for (size_t i = 0; i + 1 < sizeof(messages) / sizeof(messages[0]); i++)
		if (!reads(messages[i]))
			fail_msg("%s", messages[i]);
	/* Brackets belong to hosts. */
	assert_false(reads(messages[sizeof(messages) / sizeof(messages[0]) - 1]));
}

#define WITH(uri, version, chain, nonce, at)                                                  \
	HEAD "URI: " uri "\nVersion: " version "\nChain ID: " chain "\nNonce: " nonce "\nIssued " \
	     "At: " at

static void test_refused(void **state)
{
	static const char *const messages[] = {
	    "",
	    "\n",
	    "example.com",
	    "example.com" ASK,
	    HEAD,
	    /* Line ends, and what stands around the message. */
	    HEAD CORE "\n",
	    HEAD CORE " ",
	    "\n" HEAD CORE,
	    " " HEAD CORE,
	    HEAD CORE "\r",
	    "example.com wants you to sign in with your Ethereum account:\r\n" ADDRESS
	    "\r\n\r\n\r\n" CORE,
	    HEAD CORE "\nSomething: else",
	    /* The domain. */
	    ASK "\n" CORE,
	    "a b" ASK "\n" CORE,
	    "example.com/" ASK "\n" CORE,
	    "example.com:" ASK "\n" CORE,
	    "example.com:x" ASK "\n" CORE,
	    "example.com:123456" ASK "\n" CORE,
	    "bank.example@evil.example" ASK "\n" CORE,
	    "://example.com" ASK "\n" CORE,
	    "1http://example.com" ASK "\n" CORE,
	    "https:/example.com" ASK "\n" CORE,
	    "[::1" ASK "\n" CORE,
	    "[]" ASK "\n" CORE,
	    "b\xc3\xbc\x63her.example" ASK "\n" CORE,
	    "example.com%2" ASK "\n" CORE,
	    "example.com wants you to sign in with your ethereum account:\n" ADDRESS "\n\n\n" CORE,
	    "example.com  wants you to sign in with your Ethereum account:\n" ADDRESS "\n\n\n" CORE,
	    /* The address: not in EIP-55 form, or none. */
	    "e.com wants you to sign in with your Ethereum account:\n"
	    "0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a\n\n\n" CORE,
	    "e.com wants you to sign in with your Ethereum account:\n"
	    "0x19E7E376E7C213B7E7E7E46CC70A5DD086DAFF2A\n\n\n" CORE,
	    "e.com wants you to sign in with your Ethereum account:\n"
	    "0x19e7E376E7C213B7E7e7e46cc70A5dD086DAff2A\n\n\n" CORE,
	    "e.com wants you to sign in with your Ethereum account:\n0x19E7\n\n\n" CORE,
	    "e.com wants you to sign in with your Ethereum account:\n " ADDRESS "\n\n\n" CORE,
	    "e.com wants you to sign in with your Ethereum account:\n\n\n\n" CORE,
	    /* The statement. */
	    "example.com" ASK CORE,
	    "example.com" ASK "\n\n\n" CORE,
	    "example.com" ASK "Sign in.\n" CORE,
	    "example.com" ASK "Sign in.\n\n\n" CORE,
	    "example.com" ASK "one\ntwo\n\n" CORE,
	    "example.com" ASK "tab\there\n\n" CORE,
	    "example.com" ASK "\"quoted\"\n\n" CORE,
	    "example.com" ASK "100%\n\n" CORE,
	    "example.com" ASK "na\xc3\xafve\n\n" CORE,
	    /* The fields. */
	    WITH("", "1", "1", "12345678", TIME),
	    WITH("example.com", "1", "1", "12345678", TIME),
	    WITH("//example.com", "1", "1", "12345678", TIME),
	    WITH("1http://example.com", "1", "1", "12345678", TIME),
	    WITH("https://a b", "1", "1", "12345678", TIME),
	    WITH("https://example.com/%zz", "1", "1", "12345678", TIME),
	    WITH("https://example.com/%4", "1", "1", "12345678", TIME),
	    WITH("https://example.com/<", "1", "1", "12345678", TIME),
	    WITH("https://example.com/#a#b", "1", "1", "12345678", TIME),
	    WITH("https://user@example.com/", "1", "1", "12345678", TIME),
	    WITH("https://a.example", "2", "1", "12345678", TIME),
	    WITH("https://a.example", "", "1", "12345678", TIME),
	    WITH("https://a.example", "1.0", "1", "12345678", TIME),
	    WITH("https://a.example", "1", "", "12345678", TIME),
	    WITH("https://a.example", "1", "0", "12345678", TIME),
	    WITH("https://a.example", "1", "01", "12345678", TIME),
	    WITH("https://a.example", "1", "-1", "12345678", TIME),
	    WITH("https://a.example", "1", "0x1", "12345678", TIME),
	    WITH("https://a.example", "1", "1.0", "12345678", TIME),
	    WITH("https://a.example", "1", "9223372036854775808", "12345678", TIME),
	    WITH("https://a.example", "1", "99999999999999999999999", "12345678", TIME),
	    WITH("https://a.example", "1", "1", "1234567", TIME),
	    WITH("https://a.example", "1", "1", "", TIME),
	    WITH("https://a.example", "1", "1", "1234567-", TIME),
	    WITH("https://a.example", "1", "1", "12345678 ", TIME),
	    WITH("https://a.example", "1", "1", "12345678\xc3\xa9", TIME),
	    WITH("https://a.example", "1", "1", "12345678", ""),
	    WITH("https://a.example", "1", "1", "12345678", "now"),
	    /* Order, repetition, spelling. */
	    HEAD
	    "Version: 1\nURI: https://example.com\nChain ID: 1\nNonce: foobarbaz1\nIssued At: " TIME,
	    HEAD CORE "\nNot Before: " TIME "\nExpiration Time: " TIME,
	    HEAD CORE "\nRequest ID: 1\nNot Before: " TIME,
	    HEAD CORE "\nResources:\nRequest ID: 1",
	    HEAD CORE "\nExpiration Time: " TIME "\nExpiration Time: " TIME,
	    HEAD CORE "\nexpiration time: " TIME,
	    HEAD CORE "\nExpiration Time:" TIME,
	    HEAD CORE "\nExpiration Time: ",
	    HEAD CORE "\nRequest ID: a b",
	    HEAD CORE "\nRequest ID: a/b",
	    HEAD CORE "\nRequest ID: %4",
	    HEAD CORE "\nResources: ",
	    HEAD CORE "\nResources:\n",
	    HEAD CORE "\nResources:\n-",
	    HEAD CORE "\nResources:\n- ",
	    HEAD CORE "\nResources:\n- no uri",
	    HEAD CORE "\nResources:\n-https://example.com",
	    HEAD CORE "\nResources:\n- https://example.com\n",
	    HEAD CORE "\nResources:\n- https://example.com\n\n- https://example.com",
	};

	(void) state;
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		if (reads(messages[i]))
			fail_msg("%zu: %s", i, messages[i]);
}

/* Every character but those of free text is there for a reason: another in its place is noticed or gives another message. */
static void test_every_character(void **state)
{
	static const char message[] = HEAD CORE "\nExpiration Time: " TIME;
	static const char others[] = "\n\r\t \"%\x01\x80\xff<\\^`{|}";
	char copy[sizeof(message)];
	bg_siwe m;

	(void) state;
	for (size_t i = 0; i < sizeof(message) - 1; i++)
		for (size_t j = 0; j < sizeof(others); j++)
		{
			memcpy(copy, message, sizeof(message));
			copy[i] = others[j];
			if (copy[i] != message[i] && bg_siwe_read(copy, sizeof(message) - 1, &m))
			{
				char *again = bg_siwe_write(&m);

				/* Then it is the statement that reads otherwise. */
				assert_int_equal(others[j], ' ');
				assert_in_range((size_t) (m.statement.text - copy), 0, i);
				assert_true(i < (size_t) (m.statement.text - copy) + m.statement.len);
				assert_non_null(again);
				assert_memory_equal(again, copy, sizeof(message) - 1);
				free(again);
			}
		}
	/* Cut anywhere, it is none, but where an optional field begins and in fractions of a second. */
	for (size_t i = 0; i < sizeof(message) - 1; i++)
		if (bg_siwe_read(message, i, &m))
			assert_int_equal(i, strlen(HEAD CORE));
}

static void test_limits(void **state)
{
	char *message = malloc(BG_SIWE_MAX + 100);
	bg_siwe m;
	size_t n;

	(void) state;
	assert_non_null(message);
	strcpy(message, HEAD CORE "\nResources:");
	for (int i = 0; i < BG_SIWE_MAX_RESOURCES; i++)
		strcat(message, "\n- a:b");
	assert_true(bg_siwe_read(message, strlen(message), &m));
	assert_int_equal(m.n_resources, BG_SIWE_MAX_RESOURCES);
	strcat(message, "\n- a:b");
	assert_false(bg_siwe_read(message, strlen(message), &m));
	strcpy(message, HEAD CORE "\nRequest ID: ");
	n = strlen(message);
	memset(message + n, 'a', BG_SIWE_MAX + 50 - n);
	assert_true(bg_siwe_read(message, BG_SIWE_MAX, &m));
	assert_false(bg_siwe_read(message, BG_SIWE_MAX + 1, &m));
	free(message);
}

static void test_times(void **state)
{
	static const char *const good[] = {"2026-01-02T03:04:05Z",     "2024-02-29T00:00:00Z",
	                                   "2000-02-29T00:00:00Z",     "9999-12-31T23:59:59.999999999Z",
	                                   "2026-12-31T23:59:60Z",     "2026-01-02T03:04:05.1+00:00",
	                                   "2026-01-02T03:04:05-12:30"};
	static const char *const bad[] = {
	    "",
	    "2026-01-02",
	    "2026-01-02T03:04:05",
	    "2026-01-02T03:04Z",
	    "2026-01-02 03:04:05Z",
	    "2026-01-02t03:04:05z",
	    "2026-1-2T03:04:05Z",
	    "+2026-01-02T03:04:05Z",
	    "0000-01-02T03:04:05Z",
	    "2026-00-02T03:04:05Z",
	    "2026-13-02T03:04:05Z",
	    "2026-01-00T03:04:05Z",
	    "2026-01-32T03:04:05Z",
	    "2026-04-31T03:04:05Z",
	    "2026-02-29T03:04:05Z",
	    "1900-02-29T03:04:05Z",
	    "2026-01-02T24:00:00Z",
	    "2026-01-02T03:60:05Z",
	    "2026-01-02T03:04:61Z",
	    "2026-01-02T03:04:05.Z",
	    "2026-01-02T03:04:05,5Z",
	    "2026-01-02T03:04:05.1234567890Z",
	    "2026-01-02T03:04:05.5",
	    "2026-01-02T03:04:05+0000",
	    "2026-01-02T03:04:05+00",
	    "2026-01-02T03:04:05+16:00",
	    "2026-01-02T03:04:05+00:60",
	    "2026-01-02T03:04:05ZZ",
	    "2026-01-02T03:04:05Z ",
	    "2026-01-02T03:04:05 Z",
	};

	(void) state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!bg_rfc3339_valid(good[i], strlen(good[i])))
			fail_msg("%s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (bg_rfc3339_valid(bad[i], strlen(bad[i])))
			fail_msg("%s", bad[i]);
}

static bg_siwe_text text(const char *value)
{
	bg_siwe_text result = {value, value == NULL ? 0 : strlen(value)};

	return result;
}

/* What is written is what was meant, or nothing is. */
static void test_write(void **state)
{
	bg_siwe good = {.domain = text("example.com"),
	                .address = text(ADDRESS),
	                .statement = text("Sign in."),
	                .uri = text("https://example.com"),
	                .chain_id = 1,
	                .nonce = text("12345678"),
	                .issued_at = text(TIME)};
	bg_siwe m;
	char *message;

	(void) state;
	message = bg_siwe_write(&good);
	assert_non_null(message);
	assert_string_equal(message,
	                    "example.com" ASK "Sign in.\n\nURI: https://example.com\nVersion: 1\n"
	                    "Chain ID: 1\nNonce: 12345678\nIssued At: " TIME);
	free(message);
#define REFUSED(field, value) \
	m = good;                 \
	m.field = value;          \
	assert_null(bg_siwe_write(&m))
	REFUSED(domain, text(NULL));
	REFUSED(domain, text("https://example.com"));
	REFUSED(domain, text("a.example" ASK "\n" CORE "\n"));
	REFUSED(address, text("0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a"));
	REFUSED(statement, text(""));
	REFUSED(statement, text("a\n\nURI: https://evil.example\nVersion: 1"));
	REFUSED(uri, text(NULL));
	REFUSED(uri, text("a:b\nVersion: 1\nChain ID: 2\nNonce: 12345678\nIssued At: " TIME));
	REFUSED(chain_id, 0);
	REFUSED(chain_id, -1);
	REFUSED(nonce, text("1234567"));
	REFUSED(nonce, text("12345678\nIssued At: " TIME));
	REFUSED(issued_at, text(TIME "\nExpiration Time: " TIME));
	REFUSED(issued_at, text(TIME "\nRequest ID: x"));
	REFUSED(expiration_time, text(TIME "\nResources:\n- https://evil.example"));
	REFUSED(request_id, text("x\nResources:\n- https://evil.example"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_full),
	    cmocka_unit_test(test_short),
	    cmocka_unit_test(test_taken),
	    cmocka_unit_test(test_refused),
	    cmocka_unit_test(test_every_character),
	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_write),
	};

	return cmocka_run_group_tests_name("auth_siwe", tests, NULL, NULL);
}

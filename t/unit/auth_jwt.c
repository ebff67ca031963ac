/*
 * auth_jwt.c
 *		Access tokens: those of ours pass, everything else is refused for the right reason.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "auth/jwt.h"

#define KEY "an-example-key-of-forty-eight-bytes-for-unit-tests"
#define NOW 1800000000
#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define PAYLOAD                                                                                  \
	"{\"iss\":\"bountygo\",\"aud\":\"api\",\"sub\":\"42\",\"role\":\"user\",\"iat\":1799999900," \
	"\"exp\":1800000800,\"sid\":7,\"jti\":\"abc\"}"

/* A key, or several, as the verifier takes them. */
static const bg_jwt_key *one_key(const char *bytes, size_t len)
{
	static bg_jwt_key key;

	assert_true(bg_jwt_key_set(&key, bytes, len));
	return &key;
}

#define OURS one_key(KEY, strlen(KEY)), 1

/* Encodes with OpenSSL's base64, so that our own encoder isn't checked by itself. */
static size_t encode(const char *in, size_t len, char *out)
{
	size_t n =
	    (size_t) EVP_EncodeBlock((unsigned char *) out, (const unsigned char *) in, (int) len);

	while (n > 0 && out[n - 1] == '=')
		n--;
	for (size_t i = 0; i < n; i++)
		out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
	out[n] = '\0';
	return n;
}

/* A correctly signed token of any header and payload. */
static char *forge(const char *header, size_t header_len, const char *payload, size_t payload_len)
{
	static char token[16384];
	unsigned char mac[32];
	unsigned int mac_len = 0;
	size_t n = encode(header, header_len, token);

	token[n++] = '.';
	n += encode(payload, payload_len, token + n);
	assert_non_null(
	    HMAC(EVP_sha256(), KEY, (int) strlen(KEY), (unsigned char *) token, n, mac, &mac_len));
	token[n++] = '.';
	encode((char *) mac, mac_len, token + n);
	return token;
}

static bg_jwt_result verify_at(const char *token, int64_t now)
{
	bg_jwt_claims claims;
	size_t len = strlen(token);
	char *exact = malloc(len + 1); /* so that ASan sees a byte read too far */
	bg_jwt_result result;

	assert_non_null(exact);
	memcpy(exact, token, len);
	exact = realloc(exact, len == 0 ? 1 : len);
	result = bg_jwt_verify(exact, len, OURS, "bountygo", "api", now, &claims);
	free(exact);
	/* Whatever was refused leaves no claim behind. */
	if (result != BG_JWT_OK)
		assert_true(claims.sub == 0 && claims.role[0] == '\0');
	return result;
}

static bg_jwt_result verify(const char *header, const char *payload)
{
	return verify_at(forge(header, strlen(header), payload, strlen(payload)), NOW);
}

static void test_round_trip(void **state)
{
	bg_jwt_claims in = {.sub = INT64_MAX,
	                    .sid = 9,
	                    .role = "moderator",
	                    .iat = NOW,
	                    .exp = NOW + 900,
	                    .jti = "0123456789abcdef"};
	bg_jwt_claims out;
	char *token = bg_jwt_sign(&in, one_key(KEY, strlen(KEY)), "bountygo", "api");

	(void) state;
	assert_non_null(token);
	assert_int_equal(bg_jwt_verify(token, strlen(token), OURS, "bountygo", "api", NOW, &out),
	                 BG_JWT_OK);
	assert_true(out.sub == in.sub && out.sid == 9 && out.iat == in.iat && out.exp == in.exp);
	assert_string_equal(out.role, "moderator");
	assert_string_equal(out.jti, in.jti);
	assert_int_equal(bg_jwt_verify(token, strlen(token), one_key(KEY "x", strlen(KEY) + 1), 1,
	                               "bountygo", "api", NOW, &out),
	                 BG_JWT_SIGNATURE);
	free(token);
	assert_int_equal(verify(HEADER, PAYLOAD), BG_JWT_OK);
}

static void test_known_vector(void **state)
{
	/* RFC 7515, appendix A.1. Its claims are not ours; that they are looked at proves that the signature holds. */
	static const char token[] =
	    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
	    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0"
	    "dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
	static const unsigned char key[] = {
	    3,   35,  53, 75,  43,  15, 165, 188, 131, 126, 6,   101, 119, 123, 166, 143,
	    90,  179, 40, 230, 240, 84, 201, 40,  169, 15,  132, 178, 210, 80,  46,  191,
	    211, 251, 90, 146, 210, 6,  71,  239, 150, 138, 180, 195, 119, 98,  61,  34,
	    61,  46,  33, 114, 5,   46, 79,  8,   192, 205, 154, 245, 103, 208, 128, 163};
	bg_jwt_claims claims;
	char altered[sizeof(token)];

	(void) state;
	assert_int_equal(bg_jwt_verify(token, strlen(token), one_key((const char *) key, sizeof(key)),
	                               1, "joe", "api", 1300819000, &claims),
	                 BG_JWT_CLAIMS);
	memcpy(altered, token, sizeof(token));
	altered[60] = altered[60] == 'A' ? 'B' : 'A';
	assert_int_equal(bg_jwt_verify(altered, strlen(altered),
	                               one_key((const char *) key, sizeof(key)), 1, "joe", "api",
	                               1300819000, &claims),
	                 BG_JWT_SIGNATURE);
}

static void test_every_character_counts(void **state)
{
	char *token = strdup(forge(HEADER, strlen(HEADER), PAYLOAD, strlen(PAYLOAD)));
	size_t len = strlen(token);

	(void) state;
	assert_int_equal(verify_at(token, NOW), BG_JWT_OK);
	for (size_t i = 0; i < len; i++)
	{
		static const char others[] = "Ag_.=+/ \n\x80";
		char kept = token[i];

		for (size_t j = 0; j < sizeof(others) - 1; j++)
		{
			if (others[j] == kept)
				continue;
			token[i] = others[j];
			assert_int_not_equal(verify_at(token, NOW), BG_JWT_OK);
		}
		token[i] = kept;
	}
	for (size_t i = 0; i < len; i++)
	{
		char kept = token[i];

		token[i] = '\0';
		assert_int_not_equal(verify_at(token, NOW), BG_JWT_OK);
		token[i] = kept;
	}
	free(token);
}

static void test_headers(void **state)
{
	static const struct
	{
		const char *header;
		bg_jwt_result result;
	} cases[] = {
	    {"{\"alg\":\"HS256\"}", BG_JWT_OK},
	    {"{\"typ\":\"jwt\",\"alg\":\"HS256\",\"x\":[{}]}", BG_JWT_OK},
	    /* A key that we don't have, whatever the signature; one of another kind. */
	    {"{\"alg\":\"HS256\",\"kid\":\"2\"}", BG_JWT_SIGNATURE},
	    {"{\"alg\":\"HS256\",\"kid\":\"\"}", BG_JWT_SIGNATURE},
	    {"{\"alg\":\"HS256\",\"kid\":\"AAAAAAAAAAA\"}", BG_JWT_SIGNATURE},
	    {"{\"alg\":\"HS256\",\"kid\":\"../../../dev/null\"}", BG_JWT_SIGNATURE},
	    {"{\"alg\":\"HS256\",\"kid\":7}", BG_JWT_MALFORMED},
	    {"{\"alg\":\"HS256\",\"kid\":null}", BG_JWT_MALFORMED},
	    /* Keys that a token brings along or points to are not looked at. */
	    {"{\"alg\":\"HS256\",\"jku\":\"https://evil.example/"
	     "\",\"jwk\":{\"kty\":\"oct\",\"k\":\"\"}}",
	     BG_JWT_OK},
	    {"{\"alg\":\"none\"}", BG_JWT_ALGORITHM},
	    {"{\"alg\":\"None\",\"typ\":\"JWT\"}", BG_JWT_ALGORITHM},
	    {"{\"alg\":\"hs256\"}", BG_JWT_ALGORITHM},
	    {"{\"alg\":\"HS512\"}", BG_JWT_ALGORITHM},
	    {"{\"alg\":\"RS256\"}", BG_JWT_ALGORITHM},
	    {"{\"alg\":[\"HS256\"]}", BG_JWT_ALGORITHM},
	    {"{\"alg\":\"HS256 \"}", BG_JWT_ALGORITHM},
	    {"{\"typ\":\"JWT\"}", BG_JWT_ALGORITHM},
	    {"{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", BG_JWT_ALGORITHM},
	    {"{\"alg\":\"HS256\",\"typ\":null}", BG_JWT_ALGORITHM},
	    {"{\"alg\":\"HS256\",\"crit\":[\"exp\"]}", BG_JWT_ALGORITHM},
	    {"{\"alg\":\"HS256\",\"b64\":false}", BG_JWT_ALGORITHM},
	    {"{\"alg\":\"none\",\"alg\":\"HS256\"}", BG_JWT_MALFORMED},
	    {"[\"HS256\"]", BG_JWT_MALFORMED},
	    {"{\"alg\":\"HS256\"} x", BG_JWT_MALFORMED},
	    {"{\"alg\":\"HS256\\u0000\"}", BG_JWT_MALFORMED},
	    {"", BG_JWT_MALFORMED},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (verify(cases[i].header, PAYLOAD) != cases[i].result)
			fail_msg("%s: %d", cases[i].header, verify(cases[i].header, PAYLOAD));
}

#define CLAIMS(rest) \
	"{\"iss\":\"bountygo\",\"aud\":\"api\",\"sub\":\"42\",\"sid\":7,\"role\":\"user\"," rest "}"
#define TIMES "\"iat\":1799999900,\"exp\":1800000800"
#define WHO(rest) \
	"{\"iss\":\"bountygo\",\"aud\":\"api\",\"sid\":7,\"role\":\"user\"," TIMES rest "}"
#define SESSION(rest) \
	"{\"iss\":\"bountygo\",\"aud\":\"api\",\"sub\":\"42\",\"role\":\"user\"," TIMES rest "}"

static void test_claims(void **state)
{
	static const struct
	{
		const char *payload;
		bg_jwt_result result;
	} cases[] = {
	    {CLAIMS(TIMES), BG_JWT_OK},
	    {CLAIMS("\"iat\":1799990000,\"exp\":1799999941"), BG_JWT_OK}, /* 59 s past: leeway */
	    {CLAIMS("\"iat\":1799990000,\"exp\":1799999940"), BG_JWT_EXPIRED},
	    {CLAIMS("\"iat\":1800000060,\"exp\":1800000800"), BG_JWT_OK},
	    {CLAIMS("\"iat\":1800000061,\"exp\":1800000800"), BG_JWT_NOT_YET},
	    {CLAIMS(TIMES ",\"nbf\":1800000060"), BG_JWT_OK},
	    {CLAIMS(TIMES ",\"nbf\":1800000061"), BG_JWT_NOT_YET},
	    {CLAIMS(TIMES ",\"nbf\":\"1800000000\""), BG_JWT_CLAIMS},
	    {CLAIMS("\"iat\":1799999900"), BG_JWT_CLAIMS},
	    {CLAIMS("\"exp\":1800000800"), BG_JWT_CLAIMS},
	    {CLAIMS("\"iat\":1799999900,\"exp\":1800000800.5"), BG_JWT_CLAIMS},
	    {CLAIMS("\"iat\":1799999900,\"exp\":\"1800000800\""), BG_JWT_CLAIMS},
	    {CLAIMS("\"iat\":1799999900,\"exp\":9223372036854775807"), BG_JWT_CLAIMS},
	    {CLAIMS("\"iat\":1799999900,\"exp\":99999999999999999999"), BG_JWT_MALFORMED},
	    {CLAIMS("\"iat\":-1,\"exp\":1800000800"), BG_JWT_CLAIMS},
	    {CLAIMS("\"iat\":1800000000,\"exp\":1800000000"), BG_JWT_CLAIMS},
	    {CLAIMS(TIMES ",\"exp\":1900000000"), BG_JWT_MALFORMED}, /* twice */
	    {SESSION(""), BG_JWT_CLAIMS},                            /* nothing that could be revoked */
	    {SESSION(",\"sid\":9007199254740991"), BG_JWT_OK},
	    {SESSION(",\"sid\":0"), BG_JWT_CLAIMS},
	    {SESSION(",\"sid\":-7"), BG_JWT_CLAIMS},
	    {SESSION(",\"sid\":7.0"), BG_JWT_CLAIMS},
	    {SESSION(",\"sid\":\"7\""), BG_JWT_CLAIMS},
	    {SESSION(",\"sid\":null"), BG_JWT_CLAIMS},
	    {CLAIMS(TIMES ",\"jti\":7"), BG_JWT_CLAIMS},
	    {CLAIMS(TIMES ",\"jti\":\"0123456789012345678901234567890123456789\""), BG_JWT_CLAIMS},
	    {WHO(""), BG_JWT_CLAIMS},
	    {WHO(",\"sub\":42"), BG_JWT_CLAIMS},
	    {WHO(",\"sub\":\"\""), BG_JWT_CLAIMS},
	    {WHO(",\"sub\":\"0\""), BG_JWT_CLAIMS},
	    {WHO(",\"sub\":\"-1\""), BG_JWT_CLAIMS},
	    {WHO(",\"sub\":\"042\""), BG_JWT_CLAIMS},
	    {WHO(",\"sub\":\"42 \""), BG_JWT_CLAIMS},
	    {WHO(",\"sub\":\"9223372036854775807\""), BG_JWT_OK},
	    {WHO(",\"sub\":\"9223372036854775808\""), BG_JWT_CLAIMS},
	    {"{\"iss\":\"bountygo\",\"aud\":\"api\",\"sub\":\"42\",\"sid\":7," TIMES "}",
	     BG_JWT_CLAIMS}, /* no role */
	    {"{\"iss\":\"other\",\"aud\":\"api\",\"sub\":\"42\",\"sid\":7,\"role\":\"user\"," TIMES "}",
	     BG_JWT_ISSUER},
	    {"{\"aud\":\"api\",\"sub\":\"42\",\"sid\":7,\"role\":\"user\"," TIMES "}", BG_JWT_ISSUER},
	    {"{\"iss\":\"bountygo\",\"sub\":\"42\",\"sid\":7,\"role\":\"user\"," TIMES "}",
	     BG_JWT_AUDIENCE},
	    {"{\"iss\":\"bountygo\",\"aud\":\"ap\",\"sub\":\"42\",\"sid\":7,\"role\":\"user\"," TIMES
	     "}",
	     BG_JWT_AUDIENCE},
	    {"{\"iss\":\"bountygo\",\"aud\":[\"x\",\"api\"],\"sub\":\"42\",\"sid\":7,\"role\":"
	     "\"user\"," TIMES "}",
	     BG_JWT_OK},
	    {"{\"iss\":\"bountygo\",\"aud\":[\"x\",7],\"sub\":\"42\",\"sid\":7,\"role\":\"user\"," TIMES
	     "}",
	     BG_JWT_AUDIENCE},
	    {"[]", BG_JWT_MALFORMED},
	    {"null", BG_JWT_MALFORMED},
	    {"", BG_JWT_MALFORMED},
	    {"\xff\xfe", BG_JWT_MALFORMED},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (verify(HEADER, cases[i].payload) != cases[i].result)
			fail_msg("%s: %d", cases[i].payload, verify(HEADER, cases[i].payload));
}

static void test_shapes(void **state)
{
	char *good = strdup(forge(HEADER, strlen(HEADER), PAYLOAD, strlen(PAYLOAD)));
	size_t len = strlen(good);
	char *long_one = malloc(len + BG_JWT_MAX + 1);
	char *deep = malloc(4000);
	bg_jwt_claims claims;
	bg_jwt_key short_key;

	(void) state;
	assert_int_equal(verify_at("", NOW), BG_JWT_MALFORMED);
	assert_int_equal(verify_at(".", NOW), BG_JWT_MALFORMED);
	assert_int_equal(verify_at("..", NOW), BG_JWT_MALFORMED);
	assert_int_equal(verify_at("a.b.c.d", NOW), BG_JWT_MALFORMED);
	assert_int_equal(verify_at("Bearer x", NOW), BG_JWT_MALFORMED);
	/* alg none with an empty signature */
	assert_int_equal(verify_at("eyJhbGciOiJub25lIn0.e30.", NOW), BG_JWT_ALGORITHM);
	/* The signature cut off, or padded. */
	*strrchr(good, '.') = '\0';
	assert_int_equal(verify_at(good, NOW), BG_JWT_MALFORMED);
	good[strlen(good)] = '.';
	strcpy(long_one, good);
	*(strrchr(long_one, '.') + 1) = '\0';
	assert_int_equal(verify_at(long_one, NOW), BG_JWT_SIGNATURE);
	strcpy(long_one, good);
	strcat(long_one, "=");
	assert_int_equal(verify_at(long_one, NOW), BG_JWT_SIGNATURE);
	/* The unused bits of the last character: the same bytes, another spelling. */
	strcpy(long_one, good);
	long_one[len - 1]++;
	assert_int_not_equal(verify_at(long_one, NOW), BG_JWT_OK);
	memset(long_one, 'a', len + BG_JWT_MAX);
	long_one[len + BG_JWT_MAX] = '\0';
	assert_int_equal(verify_at(long_one, NOW), BG_JWT_MALFORMED);
	/* Deep nesting in a token of ours ends in an answer, not in a stack overflow. */
	memset(deep, '[', 2900);
	deep[2900] = '\0';
	assert_int_equal(verify(HEADER, deep), BG_JWT_MALFORMED);
	/* A short key is refused whatever the token. */
	assert_false(bg_jwt_key_set(&short_key, KEY, 31));
	short_key = *one_key(KEY, strlen(KEY));
	short_key.len = 31;
	assert_int_equal(bg_jwt_verify(good, len, &short_key, 1, "bountygo", "api", NOW, &claims),
	                 BG_JWT_FAILED);
	assert_int_equal(bg_jwt_verify(good, len, &short_key, 0, "bountygo", "api", NOW, &claims),
	                 BG_JWT_FAILED);
	claims = (bg_jwt_claims){.sub = 1, .sid = 1, .role = "user", .iat = 1, .exp = 2};
	assert_null(bg_jwt_sign(&claims, &short_key, "bountygo", "api"));
	/* Nor is a token made that nobody could revoke. */
	claims.sid = 0;
	assert_null(bg_jwt_sign(&claims, one_key(KEY, strlen(KEY)), "bountygo", "api"));
	free(deep);
	free(long_one);
	free(good);
}

/* A new key signs, the one before still verifies, others do neither. */
static void test_two_keys(void **state)
{
	static const char old_bytes[] = "the-key-before-the-present-one-0123456789";
	static const char new_bytes[] = "the-present-key-of-enough-bytes-0123456789";
	bg_jwt_claims in = {.sub = 1, .sid = 2, .role = "user", .iat = NOW, .exp = NOW + 900};
	bg_jwt_claims out;
	bg_jwt_key keys[2];
	char *by_old;
	char *by_new;

	(void) state;
	assert_true(bg_jwt_key_set(&keys[0], new_bytes, strlen(new_bytes)));
	assert_true(bg_jwt_key_set(&keys[1], old_bytes, strlen(old_bytes)));
	assert_string_not_equal(keys[0].id, keys[1].id);
	assert_int_equal(strlen(keys[0].id), BG_JWT_KEY_ID - 1);
	by_new = bg_jwt_sign(&in, &keys[0], "bountygo", "api");
	by_old = bg_jwt_sign(&in, &keys[1], "bountygo", "api");
	assert_non_null(by_new);
	assert_non_null(by_old);
	assert_int_equal(bg_jwt_verify(by_new, strlen(by_new), keys, 2, "bountygo", "api", NOW, &out),
	                 BG_JWT_OK);
	assert_int_equal(bg_jwt_verify(by_old, strlen(by_old), keys, 2, "bountygo", "api", NOW, &out),
	                 BG_JWT_OK);
	/* After the next change the old one is gone. */
	assert_int_equal(bg_jwt_verify(by_old, strlen(by_old), keys, 1, "bountygo", "api", NOW, &out),
	                 BG_JWT_SIGNATURE);
	/* A token that says it is of one key must be of that one: its name is under the signature, so this takes both keys. */
	strcpy(keys[0].id, keys[1].id);
	assert_int_equal(bg_jwt_verify(by_old, strlen(by_old), keys, 1, "bountygo", "api", NOW, &out),
	                 BG_JWT_SIGNATURE);
	/* printf %s "$key" | sha256sum | xxd -r -p | head -c 8 | base64 */
	assert_true(bg_jwt_key_set(&keys[0], KEY, strlen(KEY)));
	assert_string_equal(keys[0].id, "5_BHtD5GBG8");
	free(by_new);
	free(by_old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_round_trip),
	    cmocka_unit_test(test_known_vector),
	    cmocka_unit_test(test_every_character_counts),
	    cmocka_unit_test(test_headers),
	    cmocka_unit_test(test_claims),
	    cmocka_unit_test(test_shapes),
	    cmocka_unit_test(test_two_keys),
	};

	return cmocka_run_group_tests_name("auth_jwt", tests, NULL, NULL);
}

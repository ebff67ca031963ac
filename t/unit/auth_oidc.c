/*
 * auth_oidc.c
 *		ID tokens: those that the issuer made for us pass; everything on the list of RFC 8725, and more, does not.
 *
 * Keys are made for each run and tokens signed with OpenSSL directly, so that our code isn't checked by itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "auth/jwk.h"
#include "auth/oidc.h"

#define NOW 1800000000
#define ISSUER "https://id.example"

static EVP_PKEY *rsa;
static EVP_PKEY *other_rsa;
static EVP_PKEY *small_rsa;
static EVP_PKEY *p256;
static EVP_PKEY *other_p256;
static EVP_PKEY *p384;

static char rsa_jwk[1024]; /* without braces, so that tests can add members */
static char other_rsa_jwk[1024];
static char small_rsa_jwk[1024];
static char p256_jwk[512];
static char other_p256_jwk[512];

static size_t encode(const void *in, size_t len, char *out)
{
	size_t n = (size_t) EVP_EncodeBlock((unsigned char *) out, in, (int) len);

	while (n > 0 && out[n - 1] == '=')
		n--;
	for (size_t i = 0; i < n; i++)
		out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
	out[n] = '\0';
	return n;
}

static void encode_number(EVP_PKEY *key, const char *name, int len, char *out)
{
	unsigned char bytes[512];
	BIGNUM *number = NULL;

	assert_int_equal(EVP_PKEY_get_bn_param(key, name, &number), 1);
	if (len == 0)
		len = BN_num_bytes(number);
	assert_int_equal(BN_bn2binpad(number, bytes, len), len);
	encode(bytes, (size_t) len, out);
	BN_free(number);
}

static void write_rsa(EVP_PKEY *key, char *out, size_t size)
{
	char n[800];
	char e[16];

	encode_number(key, OSSL_PKEY_PARAM_RSA_N, 0, n);
	encode_number(key, OSSL_PKEY_PARAM_RSA_E, 0, e);
	snprintf(out, size, "\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"", n, e);
}

static void write_ec(EVP_PKEY *key, char *out, size_t size)
{
	char x[64];
	char y[64];

	encode_number(key, OSSL_PKEY_PARAM_EC_PUB_X, 32, x);
	encode_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, 32, y);
	snprintf(out, size, "\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"", x, y);
}

static int make_keys(void **state)
{
	(void) state;
	rsa = EVP_RSA_gen(2048);
	other_rsa = EVP_RSA_gen(2048);
	small_rsa = EVP_RSA_gen(1024);
	p256 = EVP_EC_gen("P-256");
	other_p256 = EVP_EC_gen("P-256");
	p384 = EVP_EC_gen("P-384");
	if (!rsa || !other_rsa || !small_rsa || !p256 || !other_p256 || !p384)
		return -1;
	write_rsa(rsa, rsa_jwk, sizeof(rsa_jwk));
	write_rsa(other_rsa, other_rsa_jwk, sizeof(other_rsa_jwk));
	write_rsa(small_rsa, small_rsa_jwk, sizeof(small_rsa_jwk));
	write_ec(p256, p256_jwk, sizeof(p256_jwk));
	write_ec(other_p256, other_p256_jwk, sizeof(other_p256_jwk));
	return 0;
}

static int free_keys(void **state)
{
	(void) state;
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(other_rsa);
	EVP_PKEY_free(small_rsa);
	EVP_PKEY_free(p256);
	EVP_PKEY_free(other_p256);
	EVP_PKEY_free(p384);
	return 0;
}

/* r and s at their full length instead of DER. */
static size_t flatten(unsigned char *signature, size_t len, int half)
{
	const unsigned char *at = signature;
	ECDSA_SIG *parsed = d2i_ECDSA_SIG(NULL, &at, (long) len);
	unsigned char flat[132];

	assert_non_null(parsed);
	BN_bn2binpad(ECDSA_SIG_get0_r(parsed), flat, half);
	BN_bn2binpad(ECDSA_SIG_get0_s(parsed), flat + half, half);
	ECDSA_SIG_free(parsed);
	memcpy(signature, flat, 2 * (size_t) half);
	return 2 * (size_t) half;
}

static char token[24000];

/* A correctly signed token of any header and payload. */
static char *sign_with(EVP_PKEY *key, const char *digest, const char *header, const char *payload)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char signature[1200];
	size_t len = sizeof(signature);
	size_t n = encode(header, strlen(header), token);

	token[n++] = '.';
	n += encode(payload, strlen(payload), token + n);
	assert_int_equal(EVP_DigestSignInit_ex(context, NULL, digest, NULL, NULL, key, NULL), 1);
	assert_int_equal(EVP_DigestSign(context, signature, &len, (const unsigned char *) token, n), 1);
	EVP_MD_CTX_free(context);
	if (EVP_PKEY_is_a(key, "EC"))
		len = flatten(signature, len, (EVP_PKEY_get_bits(key) + 7) / 8);
	token[n++] = '.';
	encode(signature, len, token + n);
	return token;
}

static const char *const audiences[] = {"client", "app"};
static const char *const parties[] = {"https://app.example"};
static char *claims;

static bg_oidc_verdict check_as(const char *text, const char *jwks, const char *const *azp,
                                int n_azp)
{
	bg_oidc_expected expected = {ISSUER, audiences, 2, azp, n_azp, NOW};
	size_t len = strlen(text);
	char *exact = malloc(len == 0 ? 1 : len); /* so that ASan sees a byte read too far */
	bg_oidc_verdict verdict;

	assert_non_null(exact);
	memcpy(exact, text, len);
	free(claims);
	claims = NULL;
	verdict = bg_oidc_check(exact, len, jwks, strlen(jwks), &expected, &claims);
	free(exact);
	/* Whatever was refused leaves no claim behind. */
	assert_int_equal(verdict == BG_OIDC_OK, claims != NULL);
	return verdict;
}

static bg_oidc_verdict check(const char *text, const char *jwks)
{
	return check_as(text, jwks, NULL, 0);
}

/* A set with both keys: "r" and "e". */
static const char *both(void)
{
	static char set[2048];

	snprintf(set, sizeof(set),
	         "{\"keys\":[{%s,\"kid\":\"r\",\"use\":\"sig\",\"alg\":\"RS256\"},{%s,\"kid\":\"e\"}]}",
	         rsa_jwk, p256_jwk);
	return set;
}

#define RS "{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"JWT\"}"
#define ES "{\"alg\":\"ES256\",\"kid\":\"e\"}"
#define TIMES "\"iat\":1799999900,\"exp\":1800000800"
#define WHO "\"iss\":\"" ISSUER "\",\"sub\":\"user-1\""
#define PAYLOAD "{" WHO ",\"aud\":\"client\"," TIMES "}"

static const char *kept(const char *name)
{
	static char text[512];
	json_t *object = json_loads(claims, 0, NULL);
	char *value;

	assert_non_null(object);
	value =
	    json_dumps(json_object_get(object, name), JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
	snprintf(text, sizeof(text), "%s", value == NULL ? "absent" : value);
	free(value);
	json_decref(object);
	return text;
}

static void test_good(void **state)
{
	(void) state;
	assert_int_equal(check(sign_with(rsa, "SHA256", RS, PAYLOAD), both()), BG_OIDC_OK);
	assert_string_equal(kept("sub"), "\"user-1\"");
	assert_string_equal(kept("iss"), "\"" ISSUER "\"");
	assert_string_equal(kept("aud"), "\"client\"");
	assert_string_equal(kept("exp"), "1800000800");
	assert_string_equal(kept("email"), "absent");
	assert_string_equal(kept("email_verified"), "absent");
	assert_int_equal(check(sign_with(p256, "SHA256", ES, PAYLOAD), both()), BG_OIDC_OK);
	assert_int_equal(
	    check(sign_with(p256, "SHA256", ES,
	                    "{" WHO ",\"aud\":[\"client\"]," TIMES
	                    ",\"nbf\":1799999900,\"nonce\":\"n\",\"email\":\"a@b.example\","
	                    "\"email_verified\":true,\"name\":\"\\u540d\\u5b57\",\"picture\":\"https://"
	                    "p.example/\","
	                    "\"phone_number\":\"1\",\"address\":{\"x\":1},\"at_hash\":\"x\"}"),
	          both()),
	    BG_OIDC_OK);
	assert_string_equal(kept("email"), "\"a@b.example\"");
	assert_string_equal(kept("email_verified"), "true");
	assert_string_equal(kept("name"), "\"\xe5\x90\x8d\xe5\xad\x97\"");
	assert_string_equal(kept("picture"), "\"https://p.example/\"");
	assert_string_equal(kept("nonce"), "\"n\"");
	assert_string_equal(kept("nbf"), "1799999900");
	/* Only what is used comes through. */
	assert_string_equal(kept("phone_number"), "absent");
	assert_string_equal(kept("address"), "absent");
}

/* Claims of the wrong type are as if they were not there. */
static void test_odd_claims(void **state)
{
	static const struct
	{
		const char *more;
		const char *email;
		const char *verified;
		const char *name;
	} cases[] = {
	    {"\"email\":\"a@b.example\"", "\"a@b.example\"", "false", "absent"},
	    {"\"email\":\"a@b.example\",\"email_verified\":\"true\"", "\"a@b.example\"", "true",
	     "absent"},
	    {"\"email\":\"a@b.example\",\"email_verified\":\"True\"", "\"a@b.example\"", "false",
	     "absent"},
	    {"\"email\":\"a@b.example\",\"email_verified\":1", "\"a@b.example\"", "false", "absent"},
	    {"\"email\":\"a@b.example\",\"email_verified\":[true]", "\"a@b.example\"", "false",
	     "absent"},
	    {"\"email\":7,\"email_verified\":true", "absent", "absent", "absent"},
	    {"\"email\":\"\",\"email_verified\":true", "absent", "absent", "absent"},
	    {"\"email\":\"a@b.example\\r\\nBcc: c\",\"email_verified\":true", "absent", "absent",
	     "absent"},
	    {"\"name\":{\"x\":1}", "absent", "absent", "absent"},
	    {"\"name\":\"a\\u0007\"", "absent", "absent", "absent"},
	    {"\"name\":\"Ann\"", "absent", "absent", "\"Ann\""},
	};
	char payload[512];

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		snprintf(payload, sizeof(payload), "{%s,\"aud\":\"client\",%s,%s}", WHO, TIMES,
		         cases[i].more);
		assert_int_equal(check(sign_with(p256, "SHA256", ES, payload), both()), BG_OIDC_OK);
		assert_string_equal(kept("email"), cases[i].email);
		assert_string_equal(kept("email_verified"), cases[i].verified);
		assert_string_equal(kept("name"), cases[i].name);
	}
}

static void test_headers(void **state)
{
	static const struct
	{
		const char *header;
		bg_oidc_verdict verdict;
	} cases[] = {
	    {"{\"alg\":\"RS256\",\"kid\":\"r\"}", BG_OIDC_OK},
	    {"{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"jwt\"}", BG_OIDC_OK},
	    /* Keys that the token brings along or points to change nothing. */
	    {"{\"alg\":\"RS256\",\"kid\":\"r\",\"jku\":\"https://evil.example\",\"x5u\":\"https://"
	     "evil.example\","
	     "\"x5c\":[\"AA\"],\"jwk\":{\"kty\":\"RSA\"}}",
	     BG_OIDC_OK},
	    {"{\"alg\":\"none\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"None\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"nonE\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":null,\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":[\"RS256\"],\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"rs256\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256 \",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS384\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS512\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"PS256\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"HS256\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"EdDSA\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RSA-OAEP\",\"enc\":\"A256GCM\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"ES256\",\"kid\":\"r\"}", BG_OIDC_REFUSED}, /* the key is of another kind */
	    {"{\"alg\":\"RS256\",\"kid\":\"e\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":\"x\"}", BG_OIDC_UNKNOWN_KEY},
	    {"{\"alg\":\"RS256\",\"kid\":\"R\"}", BG_OIDC_UNKNOWN_KEY},
	    {"{\"alg\":\"RS256\",\"kid\":\"r \"}", BG_OIDC_UNKNOWN_KEY},
	    {"{\"alg\":\"RS256\"}", BG_OIDC_REFUSED}, /* which of the two? */
	    {"{\"alg\":\"RS256\",\"kid\":\"\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":7}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":null}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"at+jwt\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"logout+jwt\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":\"JOSE\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":\"r\",\"typ\":7}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":\"r\",\"crit\":[\"exp\"]}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":\"r\",\"crit\":[]}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":\"r\",\"b64\":false}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"none\",\"alg\":\"RS256\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":\"x\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\",\"kid\":\"r\"} x", BG_OIDC_REFUSED},
	    {"[\"RS256\"]", BG_OIDC_REFUSED},
	    {"null", BG_OIDC_REFUSED},
	    {"{", BG_OIDC_REFUSED},
	    {"{\"alg\":\"RS256\\u0000\",\"kid\":\"r\"}", BG_OIDC_REFUSED},
	};
	char kid[5200];

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		bg_oidc_verdict verdict = check(sign_with(rsa, "SHA256", cases[i].header, PAYLOAD), both());

		if (verdict != cases[i].verdict)
			fail_msg("%s: %s", cases[i].header, bg_oidc_verdict_name(verdict));
	}
	snprintf(kid, sizeof(kid), "{\"alg\":\"RS256\",\"kid\":\"%0256d\"}", 0);
	assert_int_equal(check(sign_with(rsa, "SHA256", kid, PAYLOAD), both()), BG_OIDC_REFUSED);
	snprintf(kid, sizeof(kid), "{\"alg\":\"RS256\",\"kid\":\"r\",\"x\":\"%04500d\"}", 0);
	assert_int_equal(check(sign_with(rsa, "SHA256", kid, PAYLOAD), both()), BG_OIDC_REFUSED);
}

static void test_claims(void **state)
{
#define CLAIMS(rest) "{" WHO ",\"aud\":\"client\"," rest "}"
#define AUD(rest) "{" WHO "," TIMES rest "}"
#define SUB(rest) "{\"iss\":\"" ISSUER "\",\"aud\":\"client\"," TIMES rest "}"
#define ISS(rest) "{\"sub\":\"user-1\",\"aud\":\"client\"," TIMES rest "}"
	static const struct
	{
		const char *payload;
		bg_oidc_verdict verdict;
	} cases[] = {
	    {CLAIMS(TIMES), BG_OIDC_OK},
	    {CLAIMS("\"iat\":1799990000,\"exp\":1799999941"), BG_OIDC_OK}, /* 59 s past: leeway */
	    {CLAIMS("\"iat\":1799990000,\"exp\":1799999940"), BG_OIDC_EXPIRED},
	    {CLAIMS("\"iat\":1,\"exp\":2"), BG_OIDC_EXPIRED},
	    {CLAIMS("\"iat\":1800000060,\"exp\":1800000800"), BG_OIDC_OK},
	    {CLAIMS("\"iat\":1800000061,\"exp\":1800000800"), BG_OIDC_NOT_YET},
	    {CLAIMS(TIMES ",\"nbf\":1800000060"), BG_OIDC_OK},
	    {CLAIMS(TIMES ",\"nbf\":1800000061"), BG_OIDC_NOT_YET},
	    {CLAIMS(TIMES ",\"nbf\":\"1800000000\""), BG_OIDC_REFUSED},
	    {CLAIMS(TIMES ",\"nbf\":null"), BG_OIDC_REFUSED},
	    {CLAIMS("\"iat\":1799999900"), BG_OIDC_REFUSED},
	    {CLAIMS("\"exp\":1800000800"), BG_OIDC_REFUSED},
	    {CLAIMS("\"iat\":1799999900,\"exp\":\"1800000800\""), BG_OIDC_REFUSED},
	    {CLAIMS("\"iat\":1799999900,\"exp\":1800000800.5"), BG_OIDC_REFUSED},
	    {CLAIMS("\"iat\":1799999900,\"exp\":1e300"), BG_OIDC_REFUSED},
	    {CLAIMS("\"iat\":1799999900,\"exp\":9223372036854775807"), BG_OIDC_REFUSED},
	    {CLAIMS("\"iat\":1799999900,\"exp\":99999999999999999999"), BG_OIDC_REFUSED},
	    {CLAIMS("\"iat\":-1,\"exp\":1800000800"), BG_OIDC_REFUSED},
	    {CLAIMS("\"iat\":1800000000,\"exp\":1800000000"), BG_OIDC_REFUSED},
	    {CLAIMS(TIMES ",\"exp\":1900000000"), BG_OIDC_REFUSED}, /* twice */
	    {CLAIMS(TIMES ",\"sub\":\"user-2\""), BG_OIDC_REFUSED},
	    {CLAIMS(TIMES ",\"a\":{\"b\":1,\"b\":2}"), BG_OIDC_REFUSED},
	    /* audiences */
	    {AUD(""), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":\"\""), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":\"clien\""), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":\"client2\""), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":\"CLIENT\""), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":null"), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":7"), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":{}"), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":{\"client\":1}"), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":[]"), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":[\"app\"]"), BG_OIDC_OK},
	    {AUD(",\"aud\":[\"other\"]"), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":[[\"client\"]]"), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":[\"client\",\"app\"]"), BG_OIDC_REFUSED}, /* several need azp */
	    {AUD(",\"aud\":[\"client\",\"app\"],\"azp\":\"client\""), BG_OIDC_OK},
	    {AUD(",\"aud\":[\"client\",\"other\"],\"azp\":\"client\""), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":[\"client\",7],\"azp\":\"client\""), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":\"client\",\"azp\":\"app\""), BG_OIDC_OK},
	    {AUD(",\"aud\":\"client\",\"azp\":\"other\""), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":\"client\",\"azp\":[\"client\"]"), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":\"client\",\"azp\":null"), BG_OIDC_REFUSED},
	    {AUD(",\"azp\":\"client\""), BG_OIDC_REFUSED}, /* no audience, no parties */
	    /* issuer */
	    {ISS(""), BG_OIDC_REFUSED},
	    {ISS(",\"iss\":\"https://id.example/\""), BG_OIDC_REFUSED},
	    {ISS(",\"iss\":\"http://id.example\""), BG_OIDC_REFUSED},
	    {ISS(",\"iss\":\"https://ID.example\""), BG_OIDC_REFUSED},
	    {ISS(",\"iss\":\"https://id.example.evil.example\""), BG_OIDC_REFUSED},
	    {ISS(",\"iss\":[\"https://id.example\"]"), BG_OIDC_REFUSED},
	    {ISS(",\"iss\":null"), BG_OIDC_REFUSED},
	    /* subject */
	    {SUB(""), BG_OIDC_REFUSED},
	    {SUB(",\"sub\":\"\""), BG_OIDC_REFUSED},
	    {SUB(",\"sub\":7"), BG_OIDC_REFUSED},
	    {SUB(",\"sub\":null"), BG_OIDC_REFUSED},
	    {SUB(",\"sub\":\"a\\u0000b\""), BG_OIDC_REFUSED},
	    {SUB(",\"sub\":\"a\\nb\""), BG_OIDC_REFUSED},
	    {SUB(",\"sub\":\"x\""), BG_OIDC_OK},
	    {"[]", BG_OIDC_REFUSED},
	    {"null", BG_OIDC_REFUSED},
	    {"\"text\"", BG_OIDC_REFUSED},
	    {"{}", BG_OIDC_REFUSED},
	    {"{} {}", BG_OIDC_REFUSED},
	    {"\xff\xfe", BG_OIDC_REFUSED},
	};
	char payload[1024];

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		bg_oidc_verdict verdict = check(sign_with(p256, "SHA256", ES, cases[i].payload), both());

		if (verdict != cases[i].verdict)
			fail_msg("%s: %s", cases[i].payload, bg_oidc_verdict_name(verdict));
	}
	snprintf(payload, sizeof(payload), SUB(",\"sub\":\"%0255d\""), 0);
	assert_int_equal(check(sign_with(p256, "SHA256", ES, payload), both()), BG_OIDC_OK);
	snprintf(payload, sizeof(payload), SUB(",\"sub\":\"%0256d\""), 0);
	assert_int_equal(check(sign_with(p256, "SHA256", ES, payload), both()), BG_OIDC_REFUSED);
}

/* Providers whose session tokens have no audience, only the party that they were made for. */
static void test_parties(void **state)
{
	static const struct
	{
		const char *payload;
		bg_oidc_verdict verdict;
	} cases[] = {
	    {AUD(",\"azp\":\"https://app.example\""), BG_OIDC_OK},
	    {AUD(",\"azp\":\"https://other.example\""), BG_OIDC_REFUSED},
	    {AUD(""), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":\"client\""), BG_OIDC_OK},
	    {AUD(",\"aud\":\"client\",\"azp\":\"https://app.example\""), BG_OIDC_OK},
	    {AUD(",\"aud\":\"client\",\"azp\":\"client\""), BG_OIDC_REFUSED},
	    {AUD(",\"aud\":\"other\",\"azp\":\"https://app.example\""), BG_OIDC_REFUSED},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		bg_oidc_verdict verdict =
		    check_as(sign_with(p256, "SHA256", ES, cases[i].payload), both(), parties, 1);

		if (verdict != cases[i].verdict)
			fail_msg("%s: %s", cases[i].payload, bg_oidc_verdict_name(verdict));
	}
}

static char *set_of(const char *format, ...)
{
	static char set[4096];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(set, sizeof(set), format, arguments);
	va_end(arguments);
	return set;
}

/* Which keys verify, and which do not although they could. */
static void test_keys(void **state)
{
	static const char *const fits[] = {"", ",\"use\":\"sig\"", ",\"key_ops\":[\"verify\"]",
	                                   ",\"alg\":\"RS256\"", ",\"x5t\":\"x\",\"ext\":true"};
	static const char *const unfit[] = {",\"use\":\"enc\"",
	                                    ",\"use\":7",
	                                    ",\"key_ops\":[\"sign\"]",
	                                    ",\"key_ops\":[]",
	                                    ",\"key_ops\":\"verify\"",
	                                    ",\"alg\":\"RS512\"",
	                                    ",\"alg\":\"PS256\"",
	                                    ",\"alg\":\"RSA-OAEP\"",
	                                    ",\"alg\":null"};
	char *good;

	(void) state;
	good = strdup(sign_with(rsa, "SHA256", "{\"alg\":\"RS256\"}", PAYLOAD));
	/* The one key of a set needs no name. */
	for (size_t i = 0; i < sizeof(fits) / sizeof(fits[0]); i++)
		assert_int_equal(check(good, set_of("{\"keys\":[{%s%s}]}", rsa_jwk, fits[i])), BG_OIDC_OK);
	for (size_t i = 0; i < sizeof(unfit) / sizeof(unfit[0]); i++)
		if (check(good, set_of("{\"keys\":[{%s%s}]}", rsa_jwk, unfit[i])) != BG_OIDC_REFUSED)
			fail_msg("%s", unfit[i]);
	assert_int_equal(check(good, set_of("{\"keys\":[{%s}]}", other_rsa_jwk)), BG_OIDC_REFUSED);
	assert_int_equal(check(good, set_of("{\"keys\":[{%s},{%s}]}", rsa_jwk, p256_jwk)),
	                 BG_OIDC_REFUSED);
	/* Sets that are none. */
	assert_int_equal(check(good, ""), BG_OIDC_REFUSED);
	assert_int_equal(check(good, "{}"), BG_OIDC_REFUSED);
	assert_int_equal(check(good, "{\"keys\":{}}"), BG_OIDC_REFUSED);
	assert_int_equal(check(good, "[]"), BG_OIDC_REFUSED);
	assert_int_equal(check(good, "{\"keys\":[null]}"), BG_OIDC_REFUSED);
	assert_int_equal(check(good, "{\"keys\":[[]]}"), BG_OIDC_REFUSED);
	assert_int_equal(check(good, "{\"keys\":[]}"), BG_OIDC_UNKNOWN_KEY);
	/* Broken keys. */
	assert_int_equal(check(good, "{\"keys\":[{\"kty\":\"RSA\"}]}"), BG_OIDC_REFUSED);
	assert_int_equal(check(good, "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AA\",\"e\":\"AQAB\"}]}"),
	                 BG_OIDC_REFUSED);
	assert_int_equal(check(good, "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"!\",\"e\":\"AQAB\"}]}"),
	                 BG_OIDC_REFUSED);
	assert_int_equal(check(good, "{\"keys\":[{\"kty\":\"RSA\",\"n\":7,\"e\":7}]}"),
	                 BG_OIDC_REFUSED);
	free(good);
	/* A weak key is refused even if the signature is right, as is one beyond all bounds. */
	assert_int_equal(check(sign_with(small_rsa, "SHA256", "{\"alg\":\"RS256\"}", PAYLOAD),
	                       set_of("{\"keys\":[{%s}]}", small_rsa_jwk)),
	                 BG_OIDC_REFUSED);
	/* Two keys of one name: the one of the right kind, whichever comes first. */
	good = strdup(sign_with(p256, "SHA256", "{\"alg\":\"ES256\",\"kid\":\"k\"}", PAYLOAD));
	assert_int_equal(check(good, set_of("{\"keys\":[{%s,\"kid\":\"k\"},{%s,\"kid\":\"k\"}]}",
	                                    rsa_jwk, p256_jwk)),
	                 BG_OIDC_OK);
	assert_int_equal(check(good, set_of("{\"keys\":[{%s,\"kid\":\"k\"},{%s,\"kid\":\"k\"}]}",
	                                    other_p256_jwk, p256_jwk)),
	                 BG_OIDC_OK);
	assert_int_equal(check(good, set_of("{\"keys\":[{%s,\"kid\":\"k\"}]}", other_p256_jwk)),
	                 BG_OIDC_REFUSED);
	assert_int_equal(
	    check(good, set_of("{\"keys\":[{%s,\"kid\":\"k\",\"alg\":\"ES384\"}]}", p256_jwk)),
	    BG_OIDC_REFUSED);
	/* Points that are not on the curve, or not of its length. */
	assert_int_equal(check(good, "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\","
	                             "\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
	                             "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}]}"),
	                 BG_OIDC_REFUSED);
	assert_int_equal(check(good, "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\","
	                             "\"x\":\"AA\",\"y\":\"AQ\"}]}"),
	                 BG_OIDC_REFUSED);
	assert_int_equal(check(good, "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-384\",\"kid\":\"k\","
	                             "\"x\":\"AA\",\"y\":\"AQ\"}]}"),
	                 BG_OIDC_REFUSED);
	free(good);
	/* Another curve that says it is ES256, another digest. */
	assert_int_equal(check(sign_with(p384, "SHA256", ES, PAYLOAD), both()), BG_OIDC_REFUSED);
	assert_int_equal(check(sign_with(rsa, "SHA512", RS, PAYLOAD), both()), BG_OIDC_REFUSED);
	assert_int_equal(check(sign_with(p256, "SHA384", ES, PAYLOAD), both()), BG_OIDC_REFUSED);
}

/* HMAC with the public key as the secret: what everybody has then signs for everybody (RFC 8725, 2.1). */
static void test_confusion(void **state)
{
	BIO *pem = BIO_new(BIO_s_mem());
	char *key;
	long key_len;

	(void) state;
	assert_int_equal(PEM_write_bio_PUBKEY(pem, rsa), 1);
	key_len = BIO_get_mem_data(pem, &key);
	for (int i = 0; i < 2; i++)
	{
		const char *header = i == 0 ? "{\"alg\":\"HS256\",\"kid\":\"r\"}" : RS;
		unsigned char mac[32];
		unsigned int mac_len;
		size_t n = encode(header, strlen(header), token);

		token[n++] = '.';
		n += encode(PAYLOAD, strlen(PAYLOAD), token + n);
		HMAC(EVP_sha256(), key, (int) key_len, (unsigned char *) token, n, mac, &mac_len);
		token[n++] = '.';
		encode(mac, mac_len, token + n);
		assert_int_equal(check(token, both()), BG_OIDC_REFUSED);
		/* And a symmetric key in the set is no key to us. */
		assert_int_equal(
		    check(token, "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"r\",\"k\":\"AAAA\"}]}"),
		    BG_OIDC_REFUSED);
	}
	BIO_free(pem);
}

static void test_shapes(void **state)
{
	char *good = strdup(sign_with(rsa, "SHA256", RS, PAYLOAD));
	char *es = strdup(sign_with(p256, "SHA256", ES, PAYLOAD));
	size_t len = strlen(good);
	char *copy = malloc(len + BG_OIDC_MAX + 10);
	char *payload;

	(void) state;
	assert_int_equal(check("", both()), BG_OIDC_REFUSED);
	assert_int_equal(check(".", both()), BG_OIDC_REFUSED);
	assert_int_equal(check("..", both()), BG_OIDC_REFUSED);
	assert_int_equal(check("a.b.c", both()), BG_OIDC_REFUSED);
	assert_int_equal(check("a.b.c.d.e", both()), BG_OIDC_REFUSED); /* JWE */
	assert_int_equal(check("{\"payload\":\"\",\"signatures\":[]}", both()), BG_OIDC_REFUSED);
	/* alg none with an empty signature */
	assert_int_equal(check("eyJhbGciOiJub25lIn0.e30.", both()), BG_OIDC_REFUSED);
	/* The signature cut off, doubled, padded; the token twice; one more part. */
	strcpy(copy, good);
	*(strrchr(copy, '.') + 1) = '\0';
	assert_int_equal(check(copy, both()), BG_OIDC_REFUSED);
	*strrchr(copy, '.') = '\0';
	assert_int_equal(check(copy, both()), BG_OIDC_REFUSED);
	sprintf(copy, "%s=", good);
	assert_int_equal(check(copy, both()), BG_OIDC_REFUSED);
	sprintf(copy, "%s%s", good, strrchr(good, '.') + 1);
	assert_int_equal(check(copy, both()), BG_OIDC_REFUSED);
	sprintf(copy, "%s.", good);
	assert_int_equal(check(copy, both()), BG_OIDC_REFUSED);
	sprintf(copy, " %s", good);
	assert_int_equal(check(copy, both()), BG_OIDC_REFUSED);
	sprintf(copy, "%s\n", good);
	assert_int_equal(check(copy, both()), BG_OIDC_REFUSED);
	/* Any character of either kind of token. */
	for (int kind = 0; kind < 2; kind++)
	{
		const char *original = kind == 0 ? es : good;

		for (size_t i = 0; i < strlen(original); i += kind == 0 ? 1 : 7)
		{
			static const char others[] = "Ag_.=+/ \n\x80";

			strcpy(copy, original);
			for (size_t j = 0; j < sizeof(others) - 1; j++)
			{
				copy[i] = others[j];
				if (copy[i] != original[i] && check(copy, both()) == BG_OIDC_OK)
					fail_msg("%s", copy);
			}
		}
	}
	/* ECDSA: zeros, and (r, s) in DER. */
	strcpy(copy, es);
	memset(strrchr(copy, '.') + 1, 'A', 86);
	assert_int_equal(check(copy, both()), BG_OIDC_REFUSED);
	/* Too long, also if it is well signed. */
	payload = malloc(BG_OIDC_MAX);
	memset(payload, ' ', BG_OIDC_MAX);
	memcpy(payload, PAYLOAD, strlen(PAYLOAD));
	payload[11000] = '\0';
	assert_int_equal(check(sign_with(rsa, "SHA256", RS, payload), both()), BG_OIDC_OK);
	payload[11000] = ' ';
	payload[12200] = '\0';
	assert_int_equal(check(sign_with(rsa, "SHA256", RS, payload), both()), BG_OIDC_REFUSED);
	/* Deep nesting ends in an answer, not in a stack overflow. */
	memset(payload, '[', 11000);
	payload[11000] = '\0';
	assert_int_equal(check(sign_with(rsa, "SHA256", RS, payload), both()), BG_OIDC_REFUSED);
	free(payload);
	free(copy);
	free(good);
	free(es);
}

static void test_key_id(void **state)
{
	char *kid;
	const char *text;

	(void) state;
	text = sign_with(p256, "SHA256", ES, PAYLOAD);
	kid = bg_oidc_key_id(text, strlen(text));
	assert_string_equal(kid, "e");
	free(kid);
	text = sign_with(p256, "SHA256", "{\"alg\":\"ES256\"}", PAYLOAD);
	assert_null(bg_oidc_key_id(text, strlen(text)));
	assert_null(bg_oidc_key_id("", 0));
	assert_null(bg_oidc_key_id("a.b.c", 5));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),      cmocka_unit_test(test_odd_claims),
	    cmocka_unit_test(test_headers),   cmocka_unit_test(test_claims),
	    cmocka_unit_test(test_parties),   cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_confusion), cmocka_unit_test(test_shapes),
	    cmocka_unit_test(test_key_id),
	};
	int failed = cmocka_run_group_tests_name("auth_oidc", tests, make_keys, free_keys);

	free(claims);
	return failed;
}

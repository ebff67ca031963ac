/*
 * auth_oidc_keys.c
 *		The keys that ID tokens are checked with: which of a set verify, and which do not although they could.
 */
#include "auth_oidc.h"

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

/* Keys of the right kind that say they are of another curve, or that anyone could sign for. */
static void test_odd_keys(void **state)
{
	static const unsigned char prefix[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
	                                       0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
	                                       0x01, 0x05, 0x00, 0x04, 0x20};
	unsigned char padded[256];
	char *x = strstr(p256_jwk, "\"x\"");
	char *many = malloc(8192);
	char modulus[800];
	unsigned int len;
	size_t n;

	(void) state;
	assert_non_null(many);
	(void) sign_with(p256, "SHA256", ES, PAYLOAD);
	assert_int_equal(check(token, set_of("{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",%s}]}", x)),
	                 BG_OIDC_UNKNOWN_KEY);
	assert_int_equal(
	    check(token, set_of("{\"keys\":[{\"kty\":\"EC\",\"kid\":\"e\",\"crv\":\"P-256\",%s}]}", x)),
	    BG_OIDC_OK);
	assert_int_equal(
	    check(token,
	          set_of("{\"keys\":[{\"kty\":\"EC\",\"kid\":\"e\",\"crv\":\"secp256k1\",%s}]}", x)),
	    BG_OIDC_REFUSED);
	assert_int_equal(check(token, set_of("{\"keys\":[{\"kty\":\"EC\",\"kid\":\"e\",%s}]}", x)),
	                 BG_OIDC_REFUSED);
	assert_int_equal(
	    check(token,
	          set_of("{\"keys\":[{\"kty\":\"OKP\",\"kid\":\"e\",\"crv\":\"P-256\",%s}]}", x)),
	    BG_OIDC_REFUSED);
	/* A hundred keys are enough for anybody. */
	for (int extra = 99; extra <= 100; extra++)
	{
		n = (size_t) snprintf(many, 8192, "{\"keys\":[{%s,\"kid\":\"e\"}", p256_jwk);
		for (int i = 0; i < extra; i++)
			n += (size_t) snprintf(many + n, 8192 - n, ",{}");
		snprintf(many + n, 8192 - n, "]}");
		assert_int_equal(check(token, many), extra == 99 ? BG_OIDC_OK : BG_OIDC_REFUSED);
	}
	free(many);
	/* With the exponent 1 a signature is only the padded digest. */
	n = encode(RS, strlen(RS), token);
	token[n++] = '.';
	n += encode(PAYLOAD, strlen(PAYLOAD), token + n);
	memset(padded, 0xff, sizeof(padded));
	padded[0] = 0;
	padded[1] = 1;
	padded[sizeof(padded) - 32 - sizeof(prefix) - 1] = 0;
	memcpy(padded + sizeof(padded) - 32 - sizeof(prefix), prefix, sizeof(prefix));
	assert_int_equal(EVP_Digest(token, n, padded + sizeof(padded) - 32, &len, EVP_sha256(), NULL),
	                 1);
	token[n++] = '.';
	encode(padded, sizeof(padded), token + n);
	encode_number(rsa, OSSL_PKEY_PARAM_RSA_N, 0, modulus);
	for (int i = 0; i < 4; i++)
	{
		static const char *const exponents[] = {"AQ", "AA", "Ag", "AQAAAAE"};

		assert_int_equal(
		    check(token,
		          set_of("{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"r\",\"n\":\"%s\",\"e\":\"%s\"}]}",
		                 modulus, exponents[i])),
		    BG_OIDC_REFUSED);
	}
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_odd_keys),
	    cmocka_unit_test(test_confusion),
	};
	int failed = cmocka_run_group_tests_name("auth_oidc_keys", tests, make_keys, free_keys);

	free(claims);
	return failed;
}

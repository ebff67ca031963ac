/*
 * auth_oidc.h
 *		What the tests of ID tokens share: keys made for the run, key sets, and tokens signed with OpenSSL directly, so that our code
 *		isn't checked by itself.
 */
#ifndef AUTH_OIDC_H
#define AUTH_OIDC_H

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

#endif

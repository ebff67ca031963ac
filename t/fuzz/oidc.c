/*
 * oidc.c
 *		Fuzzer: any bytes as an ID token, as the header or payload of one, and as a key set. The fuzzer has no key, so none may pass,
 *		but for payloads, which are signed with a key made at the start.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "auth/oidc.h"

#define MAX_TOKEN 24000

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static EVP_PKEY *key;
static char keys[512];

static size_t encode(const uint8_t *in, size_t len, char *out)
{
	size_t n = (size_t) EVP_EncodeBlock((unsigned char *) out, in, (int) len);

	while (n > 0 && out[n - 1] == '=')
		n--;
	for (size_t i = 0; i < n; i++)
		out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
	out[n] = '\0';
	return n;
}

static void coordinate(const char *name, char *out)
{
	unsigned char bytes[32];
	BIGNUM *number = NULL;

	if (EVP_PKEY_get_bn_param(key, name, &number) != 1 || BN_bn2binpad(number, bytes, 32) != 32)
		abort();
	encode(bytes, sizeof(bytes), out);
	BN_free(number);
}

static void make_key(void)
{
	char x[64];
	char y[64];

	key = EVP_EC_gen("P-256");
	if (key == NULL)
		abort();
	coordinate(OSSL_PKEY_PARAM_EC_PUB_X, x);
	coordinate(OSSL_PKEY_PARAM_EC_PUB_Y, y);
	snprintf(
	    keys, sizeof(keys),
	    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"e\",\"x\":\"%s\",\"y\":\"%s\"}]}",
	    x, y);
}

static size_t sign(char *token, size_t n)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char der[128];
	unsigned char flat[64];
	const unsigned char *at = der;
	size_t len = sizeof(der);
	ECDSA_SIG *signature;

	if (EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) != 1 ||
	    EVP_DigestSign(context, der, &len, (const unsigned char *) token, n) != 1)
		abort();
	EVP_MD_CTX_free(context);
	signature = d2i_ECDSA_SIG(NULL, &at, (long) len);
	BN_bn2binpad(ECDSA_SIG_get0_r(signature), flat, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(signature), flat + 32, 32);
	ECDSA_SIG_free(signature);
	token[n++] = '.';
	return n + encode(flat, sizeof(flat), token + n);
}

static bg_oidc_verdict check(const char *token, size_t len, const char *set, size_t set_len)
{
	static const char *const audiences[] = {"client"};
	bg_oidc_expected expected = {"https://id.example", audiences, 1, audiences, 1, 1800000000};
	char *exact = malloc(len == 0 ? 1 : len);
	bg_oidc_verdict verdict;
	char *claims;

	if (exact == NULL)
		abort();
	memcpy(exact, token, len);
	verdict = bg_oidc_check(exact, len, set, set_len, &expected, &claims);
	if ((verdict == BG_OIDC_OK) != (claims != NULL))
		abort();
	free(claims);
	free(bg_oidc_key_id(exact, len));
	free(exact);
	return verdict;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char header[] = "{\"alg\":\"ES256\",\"kid\":\"e\"}";
	static const char payload[] =
	    "{\"iss\":\"https://"
	    "id.example\",\"sub\":\"1\",\"aud\":\"client\",\"iat\":1800000000,\"exp\":1800000900}";
	char token[MAX_TOKEN];
	size_t n;

	if (key == NULL)
		make_key();
	if (size == 0 || size > 8000)
		return 0;
	switch (data[0] % 4)
	{
		case 0: /* as it is */
			if (check((const char *) data + 1, size - 1, keys, strlen(keys)) == BG_OIDC_OK)
				abort();
			break;
		case 1: /* the payload of a signed one */
			n = encode((const uint8_t *) header, sizeof(header) - 1, token);
			token[n++] = '.';
			n += encode(data + 1, size - 1, token + n);
			(void) check(token, sign(token, n), keys, strlen(keys));
			break;
		case 2: /* the header of a signed one */
			n = encode(data + 1, size - 1, token);
			token[n++] = '.';
			n += encode((const uint8_t *) payload, sizeof(payload) - 1, token + n);
			(void) check(token, sign(token, n), keys, strlen(keys));
			break;
		default: /* the key set */
			n = encode((const uint8_t *) header, sizeof(header) - 1, token);
			token[n++] = '.';
			n += encode((const uint8_t *) payload, sizeof(payload) - 1, token + n);
			n = sign(token, n);
			(void) check(token, n, (const char *) data + 1, size - 1);
	}
	return 0;
}

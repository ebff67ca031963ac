/*
 * jwt.c
 *		Fuzzer: any bytes as a token, and any bytes as the header or payload of a correctly signed one.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "auth/jwt.h"

#define KEY "an-example-key-of-forty-eight-bytes-for-fuzzing-it"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t encode(const uint8_t *in, size_t len, char *out)
{
	size_t n = (size_t) EVP_EncodeBlock((unsigned char *) out, in, (int) len);

	while (n > 0 && out[n - 1] == '=')
		n--;
	for (size_t i = 0; i < n; i++)
		out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
	return n;
}

static void verify(const char *token, size_t len)
{
	bg_jwt_claims claims;
	bg_jwt_key key;
	char *exact = malloc(len == 0 ? 1 : len);

	if (exact == NULL || !bg_jwt_key_set(&key, KEY, strlen(KEY)))
		abort();
	memcpy(exact, token, len);
	/* Every accepted token names someone and ends. */
	if (bg_jwt_verify(exact, len, &key, 1, "bountygo", "api", 1800000000, &claims) == BG_JWT_OK &&
	    (claims.sub <= 0 || claims.sid <= 0 || claims.exp <= claims.iat || claims.role[0] == '\0'))
		abort();
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char header[] = "{\"alg\":\"HS256\"}";
	char token[12288];
	unsigned char mac[32];
	unsigned int mac_len;
	size_t n;

	if (size == 0 || size > 4000)
		return 0;
	if (data[0] % 3 == 0)
	{
		verify((const char *) data + 1, size - 1);
		return 0;
	}
	if (data[0] % 3 == 1)
		n = encode((const uint8_t *) header, sizeof(header) - 1, token);
	else
		n = encode(data + 1, size - 1, token);
	token[n++] = '.';
	if (data[0] % 3 == 1)
		n += encode(data + 1, size - 1, token + n);
	else
		n += encode((const uint8_t *) "{}", 2, token + n);
	HMAC(EVP_sha256(), KEY, (int) strlen(KEY), (unsigned char *) token, n, mac, &mac_len);
	token[n++] = '.';
	n += encode(mac, mac_len, token + n);
	verify(token, n);
	return 0;
}

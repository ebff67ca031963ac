/*
 * jwk.c
 *		Verification with keys of a JWK set. See jwk.h. Does not know where the set comes from, nor what was signed.
 *
 * The algorithm is never taken from the token alone: the key must be of its kind (RFC 8725, 3.1), so that an RSA key cannot be used
 * as the secret of an HMAC.
 */
#include "jwk.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base64url.h"

#define MIN_MODULUS 2048
#define MAX_MODULUS 8192
#define MAX_NUMBER (MAX_MODULUS / 8 + 1) /* bytes; a leading zero is forgiven */
#define P256_LENGTH 32

static bool is_string(const json_t *value, const char *expected)
{
	return json_is_string(value) && json_string_length(value) == strlen(expected) &&
	       memcmp(json_string_value(value), expected, strlen(expected)) == 0;
}

bg_jwk_algorithm bg_jwk_algorithm_named(const char *name, size_t len)
{
	if (len == 5 && memcmp(name, "RS256", 5) == 0)
		return BG_JWK_RS256;
	if (len == 5 && memcmp(name, "ES256", 5) == 0)
		return BG_JWK_ES256;
	return BG_JWK_NONE;
}

static bool may_verify(const json_t *operations)
{
	const json_t *operation;
	size_t i;

	if (operations == NULL)
		return true;
	json_array_foreach (operations, i, operation)
	{
		if (is_string(operation, "verify"))
			return true;
	}
	return false;
}

bool bg_jwk_fits(const json_t *jwk, bg_jwk_algorithm algorithm)
{
	const json_t *use = json_object_get(jwk, "use");
	const json_t *alg = json_object_get(jwk, "alg");

	if ((use != NULL && !is_string(use, "sig")) || !may_verify(json_object_get(jwk, "key_ops")))
		return false;
	if (algorithm == BG_JWK_RS256)
		return is_string(json_object_get(jwk, "kty"), "RSA") &&
		       (alg == NULL || is_string(alg, "RS256"));
	return algorithm == BG_JWK_ES256 && is_string(json_object_get(jwk, "kty"), "EC") &&
	       is_string(json_object_get(jwk, "crv"), "P-256") &&
	       (alg == NULL || is_string(alg, "ES256"));
}

/* The bytes of a member; -1 if it is no base64url of at most "size" bytes. */
static long get_bytes(const json_t *jwk, const char *name, unsigned char *out, size_t size)
{
	const json_t *value = json_object_get(jwk, name);
	size_t len = json_string_length(value);

	if (!json_is_string(value) || len == 0 || len > BG_BASE64URL_LENGTH(size))
		return -1;
	return bg_base64url_decode(json_string_value(value), len, out);
}

static EVP_PKEY *make_key(const char *type, OSSL_PARAM *params)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (context == NULL || params == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(context);
	return key;
}

/* An odd exponent of 3 to 2^32: larger ones only make verifying slow. */
static bool is_sound(const BIGNUM *modulus, const BIGNUM *exponent)
{
	int bits = BN_num_bits(modulus);

	return bits >= MIN_MODULUS && bits <= MAX_MODULUS && BN_is_odd(modulus) &&
	       BN_num_bits(exponent) <= 32 && BN_is_odd(exponent) && !BN_is_one(exponent);
}

static EVP_PKEY *read_rsa(const json_t *jwk)
{
	unsigned char n[MAX_NUMBER];
	unsigned char e[8];
	long n_len = get_bytes(jwk, "n", n, sizeof(n));
	long e_len = get_bytes(jwk, "e", e, sizeof(e));
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	BIGNUM *modulus = n_len > 0 ? BN_bin2bn(n, (int) n_len, NULL) : NULL;
	BIGNUM *exponent = e_len > 0 ? BN_bin2bn(e, (int) e_len, NULL) : NULL;
	EVP_PKEY *key = NULL;

	if (builder != NULL && modulus != NULL && exponent != NULL && is_sound(modulus, exponent) &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
	    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
	{
		params = OSSL_PARAM_BLD_to_param(builder);
		key = make_key("RSA", params);
	}
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(builder);
	BN_free(modulus);
	BN_free(exponent);
	return key;
}

static EVP_PKEY *read_p256(const json_t *jwk)
{
	unsigned char point[1 + 2 * P256_LENGTH] = {POINT_CONVERSION_UNCOMPRESSED};
	char group[] = "P-256";
	OSSL_PARAM params[3];

	/* Each coordinate has its full length (RFC 7518, 6.2.1.2). OpenSSL refuses points that are not on the curve. */
	if (get_bytes(jwk, "x", point + 1, P256_LENGTH) != P256_LENGTH ||
	    get_bytes(jwk, "y", point + 1 + P256_LENGTH, P256_LENGTH) != P256_LENGTH)
		return NULL;
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point));
	params[2] = OSSL_PARAM_construct_end();
	return make_key("EC", params);
}

/* r and s one after the other (RFC 7518, 3.4) as the DER that OpenSSL wants. Returns its length, or 0. */
static size_t signature_to_der(const unsigned char *signature, size_t len, unsigned char **der)
{
	ECDSA_SIG *parsed = ECDSA_SIG_new();
	BIGNUM *r = NULL;
	BIGNUM *s = NULL;
	int n = 0;

	*der = NULL;
	if (parsed != NULL && len == 2 * P256_LENGTH)
	{
		r = BN_bin2bn(signature, P256_LENGTH, NULL);
		s = BN_bin2bn(signature + P256_LENGTH, P256_LENGTH, NULL);
		if (r != NULL && s != NULL && ECDSA_SIG_set0(parsed, r, s) == 1)
		{
			r = s = NULL; /* they are of "parsed" now */
			n = i2d_ECDSA_SIG(parsed, der);
		}
	}
	BN_free(r);
	BN_free(s);
	ECDSA_SIG_free(parsed);
	return n > 0 ? (size_t) n : 0;
}

static bool verify_digest(EVP_PKEY *key, const char *data, size_t len,
                          const unsigned char *signature, size_t signature_len)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	/* For RSA keys the padding of PKCS #1 v1.5 is what they start with. */
	bool ok =
	    context != NULL &&
	    EVP_DigestVerifyInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) == 1 &&
	    EVP_DigestVerify(context, signature, signature_len, (const unsigned char *) data, len) == 1;

	EVP_MD_CTX_free(context);
	return ok;
}

bool bg_jwk_verify(const json_t *jwk, bg_jwk_algorithm algorithm, const char *data, size_t len,
                   const unsigned char *signature, size_t signature_len)
{
	EVP_PKEY *key = NULL;
	unsigned char *der = NULL;
	bool ok = false;

	if (!bg_jwk_fits(jwk, algorithm))
		return false;
	if (algorithm == BG_JWK_RS256)
	{
		key = read_rsa(jwk);
		ok = key != NULL && signature_len == (size_t) EVP_PKEY_get_size(key) &&
		     verify_digest(key, data, len, signature, signature_len);
	}
	else
	{
		size_t der_len = signature_to_der(signature, signature_len, &der);

		key = der_len > 0 ? read_p256(jwk) : NULL;
		ok = key != NULL && verify_digest(key, data, len, der, der_len);
		OPENSSL_free(der);
	}
	EVP_PKEY_free(key);
	/* What was refused must not turn up as the error of somebody else's connection. */
	ERR_clear_error();
	return ok;
}

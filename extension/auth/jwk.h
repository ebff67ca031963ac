/*
 * jwk.h
 *		Public keys of a JSON Web Key Set (RFC 7517) and the signatures that they verify. Plain C over OpenSSL and jansson.
 */
#ifndef BG_JWK_H
#define BG_JWK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

typedef enum bg_jwk_algorithm
{
	BG_JWK_NONE,
	BG_JWK_RS256, /* RSA of 2048 to 8192 bits, PKCS #1 v1.5, SHA-256 */
	BG_JWK_ES256  /* ECDSA on P-256, SHA-256 */
} bg_jwk_algorithm;

/* The algorithm of that name; BG_JWK_NONE for every other. */
extern bg_jwk_algorithm bg_jwk_algorithm_named(const char *name, size_t len);
/* Whether a key is for verifying signatures of this algorithm, by its kty, crv, use, key_ops and alg. */
extern bool bg_jwk_fits(const json_t *jwk, bg_jwk_algorithm algorithm);
/* False also if the key itself is malformed or weak. */
extern bool bg_jwk_verify(const json_t *jwk, bg_jwk_algorithm algorithm, const char *data,
                          size_t len, const unsigned char *signature, size_t signature_len);

#endif

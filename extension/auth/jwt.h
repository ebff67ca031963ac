/*
 * jwt.h
 *		HS256 JSON Web Tokens (RFC 7519, RFC 7515) with the hardening of RFC 8725. Plain C over OpenSSL and jansson.
 */
#ifndef BG_JWT_H
#define BG_JWT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BG_JWT_MIN_KEY 32 /* bytes: 256 bits */
#define BG_JWT_MAX 4096   /* bytes of a token */
#define BG_JWT_LEEWAY 60  /* seconds */

typedef struct bg_jwt_claims
{
	int64_t sub; /* user id */
	int64_t sid; /* session id, 0 = none */
	char role[16];
	int64_t iat;
	int64_t exp;
	char jti[40];
} bg_jwt_claims;

typedef enum bg_jwt_result
{
	BG_JWT_OK,
	BG_JWT_MALFORMED,
	BG_JWT_ALGORITHM, /* alg is not HS256, or an unknown crit or typ */
	BG_JWT_SIGNATURE,
	BG_JWT_EXPIRED,
	BG_JWT_NOT_YET,
	BG_JWT_ISSUER,
	BG_JWT_AUDIENCE,
	BG_JWT_CLAIMS, /* a claim is missing or of the wrong type */
	BG_JWT_FAILED  /* out of memory, OpenSSL */
} bg_jwt_result;

extern bg_jwt_result bg_jwt_verify(const char *token, size_t len, const char *key, size_t key_len,
                                   const char *issuer, const char *audience, int64_t now,
                                   bg_jwt_claims *claims);
/* malloc'd token, or NULL. */
extern char *bg_jwt_sign(const bg_jwt_claims *claims, const char *key, size_t key_len,
                         const char *issuer, const char *audience);

#endif

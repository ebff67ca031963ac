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

#define BG_JWT_KEY_ID 12 /* bytes of a key id, with its NUL */

/* "kid" of RFC 7515: the first 8 bytes of the key's SHA-256, so that a new key gets another id by itself. */
typedef struct bg_jwt_key
{
	const char *bytes;
	size_t len;
	char id[BG_JWT_KEY_ID];
} bg_jwt_key;

typedef struct bg_jwt_claims
{
	int64_t sub; /* user id */
	int64_t sid; /* session id: a token without one is refused */
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

/* Points at the bytes and fills in the id; false if they are too few. */
extern bool bg_jwt_key_set(bg_jwt_key *key, const char *bytes, size_t len);
/* Any of the keys may have signed; a token that names a key ("kid") must be of that one. */
extern bg_jwt_result bg_jwt_verify(const char *token, size_t len, const bg_jwt_key *keys,
                                   int n_keys, const char *issuer, const char *audience,
                                   int64_t now, bg_jwt_claims *claims);
/* malloc'd token, or NULL. */
extern char *bg_jwt_sign(const bg_jwt_claims *claims, const bg_jwt_key *key, const char *issuer,
                         const char *audience);

#endif

/*
 * oidc.h
 *		ID tokens of OpenID Connect: RFC 7515 and 7519, with the hardening of RFC 8725. Plain C over OpenSSL and jansson.
 */
#ifndef BG_OIDC_H
#define BG_OIDC_H

#include <stddef.h>
#include <stdint.h>

#define BG_OIDC_MAX 16384 /* bytes of a token */
#define BG_OIDC_LEEWAY 60 /* seconds */

typedef enum bg_oidc_verdict
{
	BG_OIDC_OK,
	BG_OIDC_UNKNOWN_KEY, /* made with a key that is not in the set: the provider may have a new one */
	BG_OIDC_EXPIRED,
	BG_OIDC_NOT_YET, /* nbf or iat lie in the future */
	BG_OIDC_REFUSED
} bg_oidc_verdict;

/* What the token must say. */
typedef struct bg_oidc_expected
{
	const char *issuer;
	const char *const *audiences; /* every aud must be one of them */
	int n_audiences;
	const char *const
	    *parties; /* azp must be one of them; none: then it must be one of the audiences */
	int n_parties;
	int64_t now; /* seconds since 1970 */
} bg_oidc_expected;

/*
 * "jwks" is the key set as JSON. If the verdict is BG_OIDC_OK, *claims is a malloc'd JSON object of the claims that are kept, each
 * of its proper type; otherwise NULL.
 */
extern bg_oidc_verdict bg_oidc_check(const char *token, size_t len, const char *jwks,
                                     size_t jwks_len, const bg_oidc_expected *expected,
                                     char **claims);
/* The "kid" that the token's header names, malloc'd; NULL if it names none or is malformed. Nothing is verified. */
extern char *bg_oidc_key_id(const char *token, size_t len);
extern const char *bg_oidc_verdict_name(bg_oidc_verdict verdict);

#endif

/*
 * oidc.c
 *		Whether an ID token is what its issuer made for us. See oidc.h.
 *
 * The signature is checked before the claims are decoded. Keys come from the given set only: what the header points to or brings along
 * (jku, x5u, jwk, x5c) is not looked at. Does not fetch keys and does not know users.
 */
#include "oidc.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base64url.h"
#include "jwk.h"

#define MAX_HEADER 4096
#define MAX_KID 255
#define MAX_KEYS 100 /* of a set */
#define MAX_SUBJECT 255
#define MAX_CLAIM 2048
#define MAX_SIGNATURE 1024                /* bytes: RSA of 8192 bits */
#define MAX_NUMBER ((json_int_t) 1 << 53) /* what every JSON reader can hold */

typedef struct parts
{
	const char *header;
	size_t header_len;
	const char *payload;
	size_t payload_len;
	const char *signature;
	size_t signature_len;
} parts;

typedef struct header
{
	bg_jwk_algorithm algorithm;
	char kid[MAX_KID + 1]; /* "" if there is none */
} header;

const char *bg_oidc_verdict_name(bg_oidc_verdict verdict)
{
	static const char *const names[] = {"ok", "unknown_key", "expired", "not_yet", "refused"};

	return names[verdict];
}

static bool is_string(const json_t *value, const char *expected)
{
	return json_is_string(value) && json_string_length(value) == strlen(expected) &&
	       memcmp(json_string_value(value), expected, strlen(expected)) == 0;
}

/* The compact form: exactly three parts, none of them empty. */
static bool split(const char *token, size_t len, parts *out)
{
	const char *end = token + len;
	const char *first;
	const char *second;

	if (len == 0 || len > BG_OIDC_MAX)
		return false;
	first = memchr(token, '.', len);
	second = first == NULL ? NULL : memchr(first + 1, '.', (size_t) (end - first - 1));
	if (second == NULL || memchr(second + 1, '.', (size_t) (end - second - 1)) != NULL)
		return false;
	out->header = token;
	out->header_len = (size_t) (first - token);
	out->payload = first + 1;
	out->payload_len = (size_t) (second - first - 1);
	out->signature = second + 1;
	out->signature_len = (size_t) (end - second - 1);
	return out->header_len > 0 && out->header_len <= MAX_HEADER && out->payload_len > 0 &&
	       out->signature_len > 0;
}

/* A JSON object without duplicate names, or NULL. */
static json_t *parse_part(const char *part, size_t len)
{
	unsigned char *bytes = malloc(len + 1);
	json_t *object = NULL;
	long n;

	if (bytes == NULL)
		return NULL;
	n = bg_base64url_decode(part, len, bytes);
	if (n >= 0)
		object = json_loadb((const char *) bytes, (size_t) n, JSON_REJECT_DUPLICATES, NULL);
	free(bytes);
	if (object != NULL && !json_is_object(object))
	{
		json_decref(object);
		object = NULL;
	}
	return object;
}

/* Absent or "JWT" in any case: tokens for other uses (at+jwt, logout+jwt, …) say so here (RFC 8725, 3.11). */
static bool is_jwt(const json_t *typ)
{
	const char *text = json_string_value(typ);

	return typ == NULL ||
	       (json_is_string(typ) && json_string_length(typ) == 3 && (text[0] | 0x20) == 'j' &&
	        (text[1] | 0x20) == 'w' && (text[2] | 0x20) == 't');
}

static bool read_kid(const json_t *object, char kid[MAX_KID + 1])
{
	const json_t *value = json_object_get(object, "kid");

	kid[0] = '\0';
	if (value == NULL)
		return true;
	if (!json_is_string(value) || json_string_length(value) == 0 ||
	    json_string_length(value) > MAX_KID)
		return false;
	memcpy(kid, json_string_value(value), json_string_length(value) + 1);
	return true;
}

static bool read_header(const parts *token, header *out)
{
	json_t *object = parse_part(token->header, token->header_len);
	const json_t *alg;
	bool ok;

	if (object == NULL)
		return false;
	alg = json_object_get(object, "alg");
	out->algorithm = json_is_string(alg)
	                     ? bg_jwk_algorithm_named(json_string_value(alg), json_string_length(alg))
	                     : BG_JWK_NONE;
	ok = out->algorithm != BG_JWK_NONE && is_jwt(json_object_get(object, "typ")) &&
	     json_object_get(object, "crit") == NULL && json_object_get(object, "b64") == NULL &&
	     read_kid(object, out->kid);
	json_decref(object);
	return ok;
}

/* Two keys of a set may share an id if they are of different kinds (RFC 7517, 4.5), so more than one may have to be tried. */
static bg_oidc_verdict check_signature(const parts *token, const header *head, const json_t *keys)
{
	unsigned char signature[MAX_SIGNATURE + 1];
	size_t n_keys = json_array_size(keys);
	bg_oidc_verdict verdict = BG_OIDC_UNKNOWN_KEY;
	json_t *key;
	size_t i;
	long n;

	if (n_keys > MAX_KEYS || (head->kid[0] == '\0' && n_keys > 1) ||
	    token->signature_len > BG_BASE64URL_LENGTH(MAX_SIGNATURE))
		return BG_OIDC_REFUSED;
	n = bg_base64url_decode(token->signature, token->signature_len, signature);
	if (n <= 0)
		return BG_OIDC_REFUSED;
	json_array_foreach (keys, i, key)
	{
		if (head->kid[0] != '\0' && !is_string(json_object_get(key, "kid"), head->kid))
			continue;
		verdict = BG_OIDC_REFUSED;
		if (bg_jwk_verify(key, head->algorithm, token->header,
		                  token->header_len + 1 + token->payload_len, signature, (size_t) n))
			return BG_OIDC_OK;
	}
	return verdict;
}

static bool get_time(const json_t *payload, const char *name, bool is_required, int64_t *out)
{
	const json_t *value = json_object_get(payload, name);
	json_int_t seconds = json_integer_value(value);

	*out = 0;
	if (value == NULL)
		return !is_required;
	if (!json_is_integer(value) || seconds < 0 || seconds > MAX_NUMBER)
		return false;
	*out = (int64_t) seconds;
	return true;
}

static bool is_among(const json_t *value, const char *const *list, int n)
{
	for (int i = 0; i < n; i++)
		if (is_string(value, list[i]))
			return true;
	return false;
}

/*
 * OpenID Connect Core, 3.1.3.7: every audience is trusted, several need azp, and azp is ours. A token without any audience is taken only
 * if azp is one of the parties that were named for this issuer: session tokens of some providers are like that.
 */
static bool is_for_us(const json_t *payload, const bg_oidc_expected *expected)
{
	const json_t *aud = json_object_get(payload, "aud");
	const json_t *azp = json_object_get(payload, "azp");
	const json_t *one;
	size_t i;

	if (azp != NULL &&
	    !(expected->n_parties > 0 ? is_among(azp, expected->parties, expected->n_parties)
	                              : is_among(azp, expected->audiences, expected->n_audiences)))
		return false;
	if (aud == NULL)
		return azp != NULL && expected->n_parties > 0;
	if (json_is_string(aud))
		return is_among(aud, expected->audiences, expected->n_audiences);
	if (json_array_size(aud) == 0 || (json_array_size(aud) > 1 && azp == NULL))
		return false;
	json_array_foreach (aud, i, one)
	{
		if (!is_among(one, expected->audiences, expected->n_audiences))
			return false;
	}
	return true;
}

/* Text that a table can hold: of some length, without control characters. */
static bool is_clean(const json_t *value, size_t max)
{
	const char *c = json_string_value(value);
	size_t len = json_string_length(value);

	if (!json_is_string(value) || len == 0 || len > max)
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char) c[i] < 0x20 || c[i] == 0x7f)
			return false;
	return true;
}

static bg_oidc_verdict check_claims(const json_t *payload, const bg_oidc_expected *expected)
{
	int64_t exp;
	int64_t nbf;
	int64_t iat;

	if (!is_string(json_object_get(payload, "iss"), expected->issuer) ||
	    !is_for_us(payload, expected) || !is_clean(json_object_get(payload, "sub"), MAX_SUBJECT) ||
	    !get_time(payload, "exp", true, &exp) || !get_time(payload, "iat", true, &iat) ||
	    !get_time(payload, "nbf", false, &nbf) || exp <= iat)
		return BG_OIDC_REFUSED;
	if (exp <= expected->now - BG_OIDC_LEEWAY)
		return BG_OIDC_EXPIRED;
	if (nbf > expected->now + BG_OIDC_LEEWAY || iat > expected->now + BG_OIDC_LEEWAY)
		return BG_OIDC_NOT_YET;
	return BG_OIDC_OK;
}

/* The claims that we use. One of the wrong type is left out, as if the provider had not made it. */
static char *keep_claims(const json_t *payload)
{
	static const char *const texts[] = {"iss",     "sub",        "azp",         "email",
	                                    "name",    "given_name", "family_name", "locale",
	                                    "picture", "nonce",      "sid"};
	static const char *const times[] = {"exp", "iat", "nbf", "auth_time"};
	json_t *kept = json_pack("{}");
	json_t *verified = json_object_get(payload, "email_verified");
	json_t *aud = json_object_get(payload, "aud");
	char *text;
	bool ok = kept != NULL;

	for (size_t i = 0; ok && i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		json_t *value = json_object_get(payload, texts[i]);

		if (is_clean(value, MAX_CLAIM))
			ok = json_object_set(kept, texts[i], value) == 0;
	}
	for (size_t i = 0; ok && i < sizeof(times) / sizeof(times[0]); i++)
	{
		json_t *value = json_object_get(payload, times[i]);

		if (json_is_integer(value))
			ok = json_object_set(kept, times[i], value) == 0;
	}
	if (ok && aud != NULL)
		ok = json_object_set(kept, "aud", aud) == 0;
	/* Some send it as text. Whatever isn't true is false, and without an address there is nothing to verify. */
	if (ok && json_object_get(kept, "email") != NULL)
		ok = json_object_set_new(
		         kept, "email_verified",
		         json_boolean(json_is_true(verified) || is_string(verified, "true"))) == 0;
	text = ok ? json_dumps(kept, JSON_COMPACT) : NULL;
	json_decref(kept);
	return text;
}

bg_oidc_verdict bg_oidc_check(const char *token, size_t len, const char *jwks, size_t jwks_len,
                              const bg_oidc_expected *expected, char **claims)
{
	bg_oidc_verdict verdict;
	json_t *set;
	json_t *payload;
	parts split_token;
	header head;

	*claims = NULL;
	if (!split(token, len, &split_token) || !read_header(&split_token, &head))
		return BG_OIDC_REFUSED;
	set = json_loadb(jwks, jwks_len, JSON_REJECT_DUPLICATES, NULL);
	verdict = json_is_array(json_object_get(set, "keys"))
	              ? check_signature(&split_token, &head, json_object_get(set, "keys"))
	              : BG_OIDC_REFUSED;
	json_decref(set);
	if (verdict != BG_OIDC_OK)
		return verdict;
	payload = parse_part(split_token.payload, split_token.payload_len);
	if (payload == NULL)
		return BG_OIDC_REFUSED;
	verdict = check_claims(payload, expected);
	if (verdict == BG_OIDC_OK)
	{
		*claims = keep_claims(payload);
		if (*claims == NULL)
			verdict = BG_OIDC_REFUSED;
	}
	json_decref(payload);
	return verdict;
}

char *bg_oidc_key_id(const char *token, size_t len)
{
	parts split_token;
	json_t *object;
	char kid[MAX_KID + 1];
	char *result = NULL;

	if (!split(token, len, &split_token))
		return NULL;
	object = parse_part(split_token.header, split_token.header_len);
	if (object != NULL && read_kid(object, kid) && kid[0] != '\0')
		result = strdup(kid);
	json_decref(object);
	return result;
}

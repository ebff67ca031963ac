/*
 * jwt.c
 *		HS256 JSON Web Tokens: signing and verification. See jwt.h.
 *
 * The signature is checked before the payload is decoded, so an attacker's JSON is never parsed beyond a small header. Does not
 * know users, sessions or where the key comes from. Plain C.
 */
#include "jwt.h"

#include <jansson.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base64url.h"

#define MAC_LENGTH 32
#define MAX_HEADER 512              /* characters of the encoded header */
#define MAX_NUMBER 9007199254740991 /* 2^53 - 1: what every JSON reader can hold */

static bool hmac_sha256(const char *key, size_t key_len, const char *data, size_t len,
                        unsigned char mac[MAC_LENGTH])
{
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
	    OSSL_PARAM_construct_end(),
	};
	EVP_MAC *method = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *context = method == NULL ? NULL : EVP_MAC_CTX_new(method);
	size_t n = 0;
	bool ok = context != NULL &&
	          EVP_MAC_init(context, (const unsigned char *) key, key_len, params) == 1 &&
	          EVP_MAC_update(context, (const unsigned char *) data, len) == 1 &&
	          EVP_MAC_final(context, mac, &n, MAC_LENGTH) == 1 && n == MAC_LENGTH;

	EVP_MAC_CTX_free(context);
	EVP_MAC_free(method);
	return ok;
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

static bool is_string(const json_t *value, const char *expected)
{
	return json_is_string(value) && json_string_length(value) == strlen(expected) &&
	       memcmp(json_string_value(value), expected, strlen(expected)) == 0;
}

static bool same_letters(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++)
		if ((*a | 0x20) != (*b | 0x20))
			return false;
	return *a == *b;
}

/* "kid" gets the id of the key that the header names, or "" if it names none. */
static bg_jwt_result check_header(const char *part, size_t len, char kid[BG_JWT_KEY_ID])
{
	json_t *header;
	json_t *typ;
	json_t *id;
	bg_jwt_result result = BG_JWT_OK;

	if (len > MAX_HEADER)
		return BG_JWT_MALFORMED;
	header = parse_part(part, len);
	if (header == NULL)
		return BG_JWT_MALFORMED;
	typ = json_object_get(header, "typ");
	id = json_object_get(header, "kid");
	kid[0] = '\0';
	if (!is_string(json_object_get(header, "alg"), "HS256") ||
	    json_object_get(header, "crit") != NULL || json_object_get(header, "b64") != NULL ||
	    (typ != NULL && !(json_is_string(typ) && json_string_length(typ) == 3 &&
	                      same_letters(json_string_value(typ), "JWT"))))
		result = BG_JWT_ALGORITHM;
	else if (id != NULL && !json_is_string(id))
		result = BG_JWT_MALFORMED;
	/* One of another length can't be ours. */
	else if (id != NULL && json_string_length(id) != BG_JWT_KEY_ID - 1)
		result = BG_JWT_SIGNATURE;
	else if (id != NULL)
		memcpy(kid, json_string_value(id), BG_JWT_KEY_ID);
	json_decref(header);
	return result;
}

static bool get_number(const json_t *object, const char *name, bool required, int64_t *out)
{
	const json_t *value = json_object_get(object, name);

	*out = 0;
	if (value == NULL)
		return !required;
	if (!json_is_integer(value))
		return false;
	*out = (int64_t) json_integer_value(value);
	return *out >= 0 && *out <= MAX_NUMBER;
}

static bool get_string(const json_t *object, const char *name, bool required, char *out,
                       size_t size)
{
	const json_t *value = json_object_get(object, name);

	out[0] = '\0';
	if (value == NULL)
		return !required;
	if (!json_is_string(value) || json_string_length(value) >= size ||
	    (required && json_string_length(value) == 0))
		return false;
	memcpy(out, json_string_value(value), json_string_length(value) + 1);
	return true;
}

/* "sub" is a user id: decimal digits without sign or leading zero. */
static bool get_subject(const json_t *object, int64_t *out)
{
	char digits[20];
	int64_t id = 0;

	if (!get_string(object, "sub", true, digits, sizeof(digits)) || digits[0] == '0')
		return false;
	for (const char *c = digits; *c != '\0'; c++)
	{
		if (*c < '0' || *c > '9' || id > (INT64_MAX - (*c - '0')) / 10)
			return false;
		id = id * 10 + (*c - '0');
	}
	*out = id;
	return true;
}

static bool is_audience(const json_t *value, const char *audience)
{
	size_t i;
	const json_t *member;

	if (!json_is_array(value))
		return is_string(value, audience);
	json_array_foreach (value, i, member)
	{
		if (is_string(member, audience))
			return true;
	}
	return false;
}

static bg_jwt_result check_claims(const json_t *payload, const char *issuer, const char *audience,
                                  int64_t now, bg_jwt_claims *claims)
{
	int64_t nbf;

	if (!get_subject(payload, &claims->sub) || !get_number(payload, "sid", true, &claims->sid) ||
	    claims->sid == 0 ||
	    !get_string(payload, "role", true, claims->role, sizeof(claims->role)) ||
	    !get_string(payload, "jti", false, claims->jti, sizeof(claims->jti)) ||
	    !get_number(payload, "iat", true, &claims->iat) ||
	    !get_number(payload, "exp", true, &claims->exp) ||
	    !get_number(payload, "nbf", false, &nbf) || claims->exp <= claims->iat)
		return BG_JWT_CLAIMS;
	if (!is_string(json_object_get(payload, "iss"), issuer))
		return BG_JWT_ISSUER;
	if (!is_audience(json_object_get(payload, "aud"), audience))
		return BG_JWT_AUDIENCE;
	if (claims->exp <= now - BG_JWT_LEEWAY)
		return BG_JWT_EXPIRED;
	if (nbf > now + BG_JWT_LEEWAY || claims->iat > now + BG_JWT_LEEWAY)
		return BG_JWT_NOT_YET;
	return BG_JWT_OK;
}

bool bg_jwt_key_set(bg_jwt_key *key, const char *bytes, size_t len)
{
	unsigned char digest[32];
	unsigned int n;

	if (len < BG_JWT_MIN_KEY || EVP_Digest(bytes, len, digest, &n, EVP_sha256(), NULL) != 1)
		return false;
	key->bytes = bytes;
	key->len = len;
	key->id[bg_base64url_encode(digest, 8, key->id)] = '\0';
	OPENSSL_cleanse(digest, sizeof(digest));
	return true;
}

/* BG_JWT_OK if one of the keys, the named one if one is named, made the signature. */
static bg_jwt_result check_signature(const char *token, size_t signed_len,
                                     const unsigned char given[MAC_LENGTH], const bg_jwt_key *keys,
                                     int n_keys, const char *kid)
{
	unsigned char mac[MAC_LENGTH];

	for (int i = 0; i < n_keys; i++)
	{
		if (kid[0] != '\0' && memcmp(kid, keys[i].id, BG_JWT_KEY_ID) != 0)
			continue;
		if (!hmac_sha256(keys[i].bytes, keys[i].len, token, signed_len, mac))
			return BG_JWT_FAILED;
		if (CRYPTO_memcmp(given, mac, MAC_LENGTH) == 0)
			return BG_JWT_OK;
	}
	return BG_JWT_SIGNATURE;
}

bg_jwt_result bg_jwt_verify(const char *token, size_t len, const bg_jwt_key *keys, int n_keys,
                            const char *issuer, const char *audience, int64_t now,
                            bg_jwt_claims *claims)
{
	const char *first;
	const char *second;
	size_t header_len;
	size_t signed_len;
	size_t signature_len;
	unsigned char given[MAC_LENGTH + 1];
	char kid[BG_JWT_KEY_ID];
	json_t *payload;
	bg_jwt_result result;

	memset(claims, 0, sizeof(*claims));
	for (int i = 0; i < n_keys; i++)
		if (keys[i].len < BG_JWT_MIN_KEY)
			return BG_JWT_FAILED;
	if (n_keys < 1)
		return BG_JWT_FAILED;
	if (len == 0 || len > BG_JWT_MAX)
		return BG_JWT_MALFORMED;
	first = memchr(token, '.', len);
	if (first == NULL)
		return BG_JWT_MALFORMED;
	header_len = (size_t) (first - token);
	second = memchr(first + 1, '.', len - header_len - 1);
	if (second == NULL)
		return BG_JWT_MALFORMED;
	signed_len = (size_t) (second - token);
	signature_len = len - signed_len - 1;
	if (memchr(second + 1, '.', signature_len) != NULL)
		return BG_JWT_MALFORMED;

	result = check_header(token, header_len, kid);
	if (result != BG_JWT_OK)
		return result;
	/* 43 characters hold 32 bytes; any other length can't be an HS256 signature. */
	if (signature_len != 43 || bg_base64url_decode(second + 1, signature_len, given) != MAC_LENGTH)
		return BG_JWT_SIGNATURE;
	result = check_signature(token, signed_len, given, keys, n_keys, kid);
	if (result != BG_JWT_OK)
		return result;

	payload = parse_part(first + 1, signed_len - header_len - 1);
	if (payload == NULL)
		return BG_JWT_MALFORMED;
	result = check_claims(payload, issuer, audience, now, claims);
	json_decref(payload);
	if (result != BG_JWT_OK)
		memset(claims, 0, sizeof(*claims));
	return result;
}

/* The JSON of the claims; sid and jti are left out when there are none. */
static char *claims_to_json(const bg_jwt_claims *claims, const char *issuer, const char *audience)
{
	char subject[24];
	json_t *payload;
	char *text = NULL;

	snprintf(subject, sizeof(subject), "%lld", (long long) claims->sub);
	payload = json_pack("{s:s, s:s, s:s, s:I, s:s, s:I, s:I}", "iss", issuer, "aud", audience,
	                    "sub", subject, "sid", (json_int_t) claims->sid, "role", claims->role,
	                    "iat", (json_int_t) claims->iat, "exp", (json_int_t) claims->exp);
	if (payload == NULL)
		return NULL;
	if (claims->jti[0] == '\0' ||
	    json_object_set_new(payload, "jti", json_string(claims->jti)) == 0)
		text = json_dumps(payload, JSON_COMPACT);
	json_decref(payload);
	return text;
}

char *bg_jwt_sign(const bg_jwt_claims *claims, const bg_jwt_key *key, const char *issuer,
                  const char *audience)
{
	char header[64];
	size_t header_len;
	unsigned char mac[MAC_LENGTH];
	char *payload;
	char *token = NULL;
	size_t len;

	if (key->len < BG_JWT_MIN_KEY || claims->sid <= 0)
		return NULL;
	header_len = (size_t) snprintf(header, sizeof(header),
	                               "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"%s\"}", key->id);
	payload = claims_to_json(claims, issuer, audience);
	if (payload == NULL)
		return NULL;
	len = strlen(payload);
	if (len < BG_JWT_MAX / 2)
		token = malloc((header_len + len + MAC_LENGTH) * 4 / 3 + 16);
	if (token != NULL)
	{
		size_t n = bg_base64url_encode((const unsigned char *) header, header_len, token);

		token[n++] = '.';
		n += bg_base64url_encode((const unsigned char *) payload, len, token + n);
		if (hmac_sha256(key->bytes, key->len, token, n, mac))
		{
			token[n++] = '.';
			n += bg_base64url_encode(mac, MAC_LENGTH, token + n);
			token[n] = '\0';
		}
		else
		{
			free(token);
			token = NULL;
		}
	}
	free(payload);
	return token;
}

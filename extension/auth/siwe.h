/*
 * siwe.h
 *		Messages of EIP-4361, Sign-In with Ethereum: read strictly, written as the standard has them. Plain C.
 */
#ifndef BG_SIWE_H
#define BG_SIWE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BG_SIWE_MAX 8192 /* bytes of a message */
#define BG_SIWE_MAX_RESOURCES 50
#define BG_SIWE_MAX_CHAIN INT64_MAX

/* A part of the message that was read; text is NULL if the field is absent. Not NUL-terminated. */
typedef struct bg_siwe_text
{
	const char *text;
	size_t len;
} bg_siwe_text;

typedef struct bg_siwe
{
	bg_siwe_text scheme;
	bg_siwe_text domain;
	bg_siwe_text address; /* in EIP-55 form: any other is refused */
	bg_siwe_text statement;
	bg_siwe_text uri;
	int64_t chain_id;
	bg_siwe_text nonce;
	bg_siwe_text issued_at; /* RFC 3339, checked */
	bg_siwe_text expiration_time;
	bg_siwe_text not_before;
	bg_siwe_text request_id;
	bool has_resources;
	int n_resources;
	bg_siwe_text resources[BG_SIWE_MAX_RESOURCES];
} bg_siwe;

/*
 * Reads a whole message; what it fills in points into it. False for whatever the grammar doesn't have, and stricter than that: no
 * user name in the domain, no leading zeros in the chain id, an empty statement is none.
 */
extern bool bg_siwe_read(const char *message, size_t len, bg_siwe *out);
/* malloc'd message, NUL-terminated; NULL if the fields make none that bg_siwe_read takes. */
extern char *bg_siwe_write(const bg_siwe *fields);
/* A date and time of RFC 3339 that exists, with a zone, at most 9 digits of a second. */
extern bool bg_rfc3339_valid(const char *text, size_t len);

#endif

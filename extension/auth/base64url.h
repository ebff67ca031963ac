/*
 * base64url.h
 *		Base64 of RFC 4648, section 5, without padding, and strict: one value has one spelling. Plain C.
 */
#ifndef BG_BASE64URL_H
#define BG_BASE64URL_H

#include <stddef.h>

/* Characters that "len" bytes become; there is no terminating NUL. */
#define BG_BASE64URL_LENGTH(len) (((len) *4 + 2) / 3)

/* Returns the number of characters. */
extern size_t bg_base64url_encode(const unsigned char *in, size_t len, char *out);
/* "out" has room for len * 3 / 4 bytes. Returns the number of bytes, or -1. */
extern long bg_base64url_decode(const char *in, size_t len, unsigned char *out);

#endif

/*
 * base64url.c
 *		Base64 as tokens use it. See base64url.h. Takes no padding, no white space, no foreign character.
 */
#include "base64url.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int value_of(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '-')
		return 62;
	if (c == '_')
		return 63;
	return -1;
}

/* Unused bits must be zero, so that nothing can be spelt twice. */
long bg_base64url_decode(const char *in, size_t len, unsigned char *out)
{
	uint32_t bits = 0;
	int count = 0;
	long n = 0;

	if (len % 4 == 1)
		return -1;
	for (size_t i = 0; i < len; i++)
	{
		int value = value_of((unsigned char) in[i]);

		if (value < 0)
			return -1;
		bits = bits << 6 | (uint32_t) value;
		count += 6;
		if (count >= 8)
		{
			count -= 8;
			out[n++] = (unsigned char) (bits >> count);
			bits &= (1u << count) - 1;
		}
	}
	return bits == 0 ? n : -1;
}

size_t bg_base64url_encode(const unsigned char *in, size_t len, char *out)
{
	uint32_t bits = 0;
	int count = 0;
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
	{
		bits = bits << 8 | in[i];
		count += 8;
		while (count >= 6)
		{
			count -= 6;
			out[n++] = alphabet[bits >> count & 63];
			bits &= (1u << count) - 1;
		}
	}
	if (count > 0)
		out[n++] = alphabet[bits << (6 - count) & 63];
	return n;
}

/*
 * ethereum.c
 *		Addresses and signatures of wallets. See ethereum.h.
 *
 * Knows accounts with a key; contracts that sign (EIP-1271) would need a node to ask. Does not know what a message says.
 */
#include "ethereum.h"

#include <secp256k1.h>
#include <secp256k1_recovery.h>
#include <stdio.h>
#include <string.h>

#include "buffer.h"
#include "keccak.h"

#define MAX_MESSAGE (64 * 1024)

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* "digits" are 40 of lower case; capitals where the hash of the digits has a high nibble. */
static void put_capitals(const char *digits, char out[BG_ADDRESS_LENGTH + 1])
{
	unsigned char hash[BG_KECCAK_LENGTH];

	bg_keccak256(digits, 40, hash);
	memcpy(out, "0x", 2);
	for (int i = 0; i < 40; i++)
	{
		int nibble = hash[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15;

		out[2 + i] = digits[i] >= 'a' && nibble >= 8 ? (char) (digits[i] - 'a' + 'A') : digits[i];
	}
	out[BG_ADDRESS_LENGTH] = '\0';
}

bool bg_ethereum_address(const char *address, size_t len, char out[BG_ADDRESS_LENGTH + 1])
{
	char digits[40];
	bool has_lower = false;
	bool has_upper = false;

	if (len != BG_ADDRESS_LENGTH || address[0] != '0' || address[1] != 'x')
		return false;
	for (int i = 0; i < 40; i++)
	{
		char c = address[2 + i];

		if (hex_value(c) < 0)
			return false;
		has_lower |= c >= 'a';
		has_upper |= c >= 'A' && c <= 'F';
		digits[i] = c >= 'A' && c <= 'F' ? (char) (c - 'A' + 'a') : c;
	}
	put_capitals(digits, out);
	/* Capitals here and there are a checksum, which guards against mistyped addresses. */
	return !(has_lower && has_upper) || memcmp(address, out, BG_ADDRESS_LENGTH) == 0;
}

static bool read_signature(const char *text, size_t len, unsigned char bytes[65])
{
	if (len != BG_SIGNATURE_LENGTH || text[0] != '0' || text[1] != 'x')
		return false;
	for (int i = 0; i < 65; i++)
	{
		int high = hex_value(text[2 + 2 * i]);
		int low = hex_value(text[3 + 2 * i]);

		if (high < 0 || low < 0)
			return false;
		bytes[i] = (unsigned char) (high << 4 | low);
	}
	return true;
}

/* Half of the order of the curve, rounded down: the largest s that is taken. */
static bool is_low(const unsigned char s[32])
{
	static const unsigned char half[32] = {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	                                       0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	                                       0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d,
	                                       0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0};

	return memcmp(s, half, sizeof(half)) <= 0;
}

/* EIP-191, version 0x45: the prefix keeps a signed message from being a transaction. */
static bool hash_message(const char *message, size_t len, unsigned char hash[BG_KECCAK_LENGTH])
{
	bg_buffer text;
	bool ok;

	bg_buffer_init(&text, 0);
	bg_buffer_printf(&text,
	                 "\x19"
	                 "Ethereum Signed Message:\n%zu",
	                 len);
	bg_buffer_append(&text, message, len);
	ok = !text.failed;
	if (ok)
		bg_keccak256(text.data, text.len, hash);
	bg_buffer_free(&text);
	return ok;
}

bool bg_ethereum_signer(const char *message, size_t len, const char *signature,
                        size_t signature_len, char out[BG_ADDRESS_LENGTH + 1])
{
	unsigned char bytes[65];
	unsigned char hash[BG_KECCAK_LENGTH];
	unsigned char point[65];
	char digits[41];
	size_t point_len = sizeof(point);
	secp256k1_ecdsa_recoverable_signature parsed;
	secp256k1_pubkey key;
	int v;

	if (len > MAX_MESSAGE || !read_signature(signature, signature_len, bytes))
		return false;
	v = bytes[64] >= 27 ? bytes[64] - 27 : bytes[64];
	if (v > 1 || !is_low(bytes + 32) || !hash_message(message, len, hash) ||
	    secp256k1_ecdsa_recoverable_signature_parse_compact(secp256k1_context_static, &parsed,
	                                                        bytes, v) != 1 ||
	    secp256k1_ecdsa_recover(secp256k1_context_static, &key, &parsed, hash) != 1 ||
	    secp256k1_ec_pubkey_serialize(secp256k1_context_static, point, &point_len, &key,
	                                  SECP256K1_EC_UNCOMPRESSED) != 1)
		return false;
	bg_keccak256(point + 1, 64, hash);
	for (int i = 0; i < 20; i++)
		snprintf(digits + 2 * i, 3, "%02x", hash[12 + i]);
	put_capitals(digits, out);
	return true;
}

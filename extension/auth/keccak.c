/*
 * keccak.c
 *		Keccak-256. See keccak.h. OpenSSL has SHA-3 only, which pads otherwise and so gives other hashes.
 */
#include "keccak.h"

#include <stdint.h>
#include <string.h>

#define RATE 136 /* bytes a block: 1600 bits less twice the 256 of the result */
#define ROUNDS 24

static uint64_t rotate(uint64_t x, unsigned n)
{
	return n == 0 ? x : x << n | x >> (64 - n);
}

/* The permutation Keccak-f[1600] of FIPS 202, section 3; lane (x, y) is a[x + 5 y]. */
static void permute(uint64_t a[25])
{
	static const uint64_t constants[ROUNDS] = {
	    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
	    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
	    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
	    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
	    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
	    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};
	static const unsigned char offsets[25] = {0,  1,  62, 28, 27, 36, 44, 6,  55, 20, 3,  10, 43,
	                                          25, 39, 41, 45, 15, 21, 8,  18, 2,  61, 56, 14};

	for (int round = 0; round < ROUNDS; round++)
	{
		uint64_t b[25];
		uint64_t c[5];

		/* theta */
		for (int x = 0; x < 5; x++)
			c[x] = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
		for (int x = 0; x < 5; x++)
		{
			uint64_t d = c[(x + 4) % 5] ^ rotate(c[(x + 1) % 5], 1);

			for (int y = 0; y < 25; y += 5)
				a[x + y] ^= d;
		}
		/* rho and pi */
		for (int x = 0; x < 5; x++)
			for (int y = 0; y < 5; y++)
				b[y + 5 * ((2 * x + 3 * y) % 5)] = rotate(a[x + 5 * y], offsets[x + 5 * y]);
		/* chi */
		for (int y = 0; y < 25; y += 5)
			for (int x = 0; x < 5; x++)
				a[x + y] = b[x + y] ^ (~b[(x + 1) % 5 + y] & b[(x + 2) % 5 + y]);
		/* iota */
		a[0] ^= constants[round];
	}
}

static void absorb(uint64_t state[25], const unsigned char block[RATE])
{
	for (int i = 0; i < RATE / 8; i++)
	{
		uint64_t lane = 0;

		for (int j = 7; j >= 0; j--)
			lane = lane << 8 | block[8 * i + j];
		state[i] ^= lane;
	}
	permute(state);
}

void bg_keccak256(const void *data, size_t len, unsigned char hash[BG_KECCAK_LENGTH])
{
	const unsigned char *bytes = data;
	unsigned char last[RATE] = {0};
	uint64_t state[25] = {0};

	for (; len >= RATE; len -= RATE, bytes += RATE)
		absorb(state, bytes);
	if (len > 0)
		memcpy(last, bytes, len);
	last[len] = 0x01;
	last[RATE - 1] |= 0x80;
	absorb(state, last);
	for (int i = 0; i < BG_KECCAK_LENGTH; i++)
		hash[i] = (unsigned char) (state[i / 8] >> 8 * (i % 8));
}

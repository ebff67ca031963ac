/*
 * keccak.h
 *		Keccak-256 as Ethereum uses it: the padding of the original submission, not that of SHA3-256. Plain C.
 */
#ifndef BG_KECCAK_H
#define BG_KECCAK_H

#include <stddef.h>

#define BG_KECCAK_LENGTH 32

extern void bg_keccak256(const void *data, size_t len, unsigned char hash[BG_KECCAK_LENGTH]);

#endif

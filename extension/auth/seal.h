/*
 * seal.h
 *		Secrets at rest: AES-256-GCM under a key derived (HKDF-SHA-256) from a master key and the use. Plain C over OpenSSL.
 */
#ifndef BG_SEAL_H
#define BG_SEAL_H

#include <stdbool.h>
#include <stddef.h>

/* version, nonce, tag */
#define BG_SEAL_OVERHEAD (1 + 12 + 16)

/*
 * "context" says what the secret is for; a sealed secret can't be opened as one for another use. "out" has room for len +
 * BG_SEAL_OVERHEAD bytes. "nonce" is 12 random bytes.
 */
extern bool bg_seal(const char *key, size_t key_len, const char *context, size_t context_len,
                    const unsigned char nonce[12], const char *plain, size_t len,
                    unsigned char *out);
/* "out" has room for len - BG_SEAL_OVERHEAD bytes. False if it was not sealed so, or was altered. */
extern bool bg_unseal(const char *key, size_t key_len, const char *context, size_t context_len,
                      const unsigned char *sealed, size_t len, char *out);

#endif

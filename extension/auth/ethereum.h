/*
 * ethereum.h
 *		Addresses (EIP-55) and who signed a message (EIP-191, personal_sign). Plain C over libsecp256k1.
 */
#ifndef BG_ETHEREUM_H
#define BG_ETHEREUM_H

#include <stdbool.h>
#include <stddef.h>

#define BG_ADDRESS_LENGTH 42    /* characters: 0x and 40 digits */
#define BG_SIGNATURE_LENGTH 132 /* characters: 0x and 65 bytes */

/*
 * The address with the capitals of EIP-55. Takes 0x and 40 hexadecimal digits: all in one case, or with the right capitals. False for
 * anything else.
 */
extern bool bg_ethereum_address(const char *address, size_t len, char out[BG_ADDRESS_LENGTH + 1]);
/*
 * The address whose key signed the message. The signature is r, s and v, 65 bytes as 0x and hexadecimal digits; v is 0, 1, 27 or 28, s the
 * lower of its two values (EIP-2), so that nobody can make a second signature of a first. The compact form of EIP-2098 is
 * refused: personal_sign never gives it. False if the signature is malformed or of no key.
 */
extern bool bg_ethereum_signer(const char *message, size_t len, const char *signature,
                               size_t signature_len, char out[BG_ADDRESS_LENGTH + 1]);

#endif

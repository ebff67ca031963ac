/*
 * siwe.c
 *		Fuzzer: any bytes as a message of EIP-4361, as an address and as a signature. What is read is written back as it was.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/ethereum.h"
#include "auth/siwe.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A message that the fuzzer need not find by itself, with room for what it has. */
static const char start[] = "example.com wants you to sign in with your Ethereum account:\n"
                            "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A\n\n";

static void read_message(const char *bytes, size_t len)
{
	char *exact = malloc(len == 0 ? 1 : len);
	bg_siwe fields;

	if (exact == NULL)
		abort();
	memcpy(exact, bytes, len);
	if (bg_siwe_read(exact, len, &fields))
	{
		char *again = bg_siwe_write(&fields);

		if (again == NULL || strlen(again) != len || memcmp(again, exact, len) != 0)
			abort();
		free(again);
	}
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char address[BG_ADDRESS_LENGTH + 1];
	char message[10000];

	if (size == 0 || size > 9000)
		return 0;
	switch (data[0] % 4)
	{
		case 0:
			read_message((const char *) data + 1, size - 1);
			break;
		case 1:
			memcpy(message, start, sizeof(start) - 1);
			memcpy(message + sizeof(start) - 1, data + 1, size - 1);
			read_message(message, sizeof(start) - 1 + size - 1);
			break;
		case 2:
			if (bg_ethereum_address((const char *) data + 1, size - 1, address) &&
			    strlen(address) != BG_ADDRESS_LENGTH)
				abort();
			break;
		default:
			(void) bg_ethereum_signer("message", 7, (const char *) data + 1, size - 1, address);
			if (size > 65)
			{
				static const char digits[] = "0123456789abcdef";
				char signature[BG_SIGNATURE_LENGTH] = "0x";

				for (int i = 0; i < 65; i++)
				{
					signature[2 + 2 * i] = digits[data[1 + i] >> 4];
					signature[3 + 2 * i] = digits[data[1 + i] & 15];
				}
				/* v of 64 bytes in 65 would be refused at once. */
				signature[130] = '0';
				signature[131] = (data[65] & 1) != 0 ? '1' : '0';
				if (bg_ethereum_signer("message", 7, signature, sizeof(signature), address) &&
				    strlen(address) != BG_ADDRESS_LENGTH)
					abort();
			}
	}
	(void) bg_rfc3339_valid((const char *) data, size);
	return 0;
}

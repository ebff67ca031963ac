/*
 * hash.c
 *		SHA-256 in parts, for entity tags and for what is stored of idempotent requests. One at a time.
 *
 * The algorithm and its context are fetched once per backend: with OpenSSL 3 that costs more than hashing a page of text.
 */
#include "postgres.h"

#include <openssl/evp.h>

#include "rest/rest.h"

#define SHORT_BYTES 16 /* 128 bits */

static EVP_MD *sha256 = NULL;
static EVP_MD_CTX *context = NULL;

static void failed(void)
{
	ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not compute a hash")));
}

void bg_hash_start(void)
{
	if (sha256 == NULL)
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (context == NULL)
		context = EVP_MD_CTX_new();
	if (sha256 == NULL || context == NULL || EVP_DigestInit_ex(context, sha256, NULL) != 1)
		failed();
}

void bg_hash_add(const void *bytes, size_t n)
{
	if (EVP_DigestUpdate(context, bytes, n) != 1)
		failed();
}

void bg_hash_add_part(const char *part)
{
	uint64 n = strlen(part);

	bg_hash_add(&n, sizeof(n));
	bg_hash_add(part, n);
}

void bg_hash_end(unsigned char *digest)
{
	if (EVP_DigestFinal_ex(context, digest, NULL) != 1)
		failed();
}

void bg_hash_end_short(char *to)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned char digest[BG_HASH_SIZE];
	uint32 bits = 0;
	int n_bits = 0;

	bg_hash_end(digest);
	for (int i = 0; i < SHORT_BYTES; i++)
	{
		bits = bits << 8 | digest[i];
		for (n_bits += 8; n_bits >= 6; n_bits -= 6)
			*to++ = letters[bits >> (n_bits - 6) & 63];
	}
	*to++ = letters[bits << (6 - n_bits) & 63];
	*to = '\0';
}

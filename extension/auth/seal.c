/*
 * seal.c
 *		Sealing and opening. See seal.h. Does not know where the master key comes from.
 */
#include "seal.h"

#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#define VERSION 1
#define NONCE_LENGTH 12
#define TAG_LENGTH 16
#define KEY_LENGTH 32
#define LABEL "bountygo seal 1: "
#define MAX_CONTEXT 255
#define MAX_PLAIN (1 << 24)

static bool derive_key(const char *key, size_t key_len, const char *context, size_t context_len,
                       unsigned char out[KEY_LENGTH])
{
	unsigned char info[sizeof(LABEL) + MAX_CONTEXT];
	char digest[] = "SHA256";
	EVP_KDF *method = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *derivation = method == NULL ? NULL : EVP_KDF_CTX_new(method);
	OSSL_PARAM params[4];
	bool ok;

	memcpy(info, LABEL, sizeof(LABEL) - 1);
	memcpy(info + sizeof(LABEL) - 1, context, context_len);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (char *) key, key_len);
	params[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info,
	                                              sizeof(LABEL) - 1 + context_len);
	params[3] = OSSL_PARAM_construct_end();
	ok = derivation != NULL && EVP_KDF_derive(derivation, out, KEY_LENGTH, params) == 1;
	EVP_KDF_CTX_free(derivation);
	EVP_KDF_free(method);
	return ok;
}

/* One pass either way. The version is under the tag as well. */
static bool run_cipher(bool encrypts, const unsigned char key[KEY_LENGTH],
                       const unsigned char nonce[NONCE_LENGTH], const unsigned char *in, size_t len,
                       unsigned char *out, unsigned char tag[TAG_LENGTH])
{
	static const unsigned char version = VERSION;
	EVP_CIPHER *method = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	EVP_CIPHER_CTX *cipher = method == NULL ? NULL : EVP_CIPHER_CTX_new();
	unsigned char nothing[TAG_LENGTH];
	int n = 0;
	int rest = 0;
	bool ok = cipher != NULL &&
	          EVP_CipherInit_ex2(cipher, method, key, nonce, encrypts ? 1 : 0, NULL) == 1 &&
	          EVP_CipherUpdate(cipher, NULL, &n, &version, 1) == 1;

	n = 0;
	if (ok && len > 0)
		ok = EVP_CipherUpdate(cipher, out, &n, in, (int) len) == 1 && (size_t) n == len;
	if (ok && !encrypts)
		ok = EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, TAG_LENGTH, tag) == 1;
	ok = ok && EVP_CipherFinal_ex(cipher, nothing, &rest) == 1 && rest == 0;
	if (ok && encrypts)
		ok = EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, TAG_LENGTH, tag) == 1;
	EVP_CIPHER_CTX_free(cipher);
	EVP_CIPHER_free(method);
	return ok;
}

bool bg_seal(const char *key, size_t key_len, const char *context, size_t context_len,
             const unsigned char nonce[12], const char *plain, size_t len, unsigned char *out)
{
	unsigned char derived[KEY_LENGTH];
	bool ok;

	if (context_len > MAX_CONTEXT || len > MAX_PLAIN ||
	    !derive_key(key, key_len, context, context_len, derived))
		return false;
	out[0] = VERSION;
	memcpy(out + 1, nonce, NONCE_LENGTH);
	ok = run_cipher(true, derived, nonce, (const unsigned char *) plain, len,
	                out + 1 + NONCE_LENGTH, out + 1 + NONCE_LENGTH + len);
	OPENSSL_cleanse(derived, sizeof(derived));
	return ok;
}

bool bg_unseal(const char *key, size_t key_len, const char *context, size_t context_len,
               const unsigned char *sealed, size_t len, char *out)
{
	unsigned char derived[KEY_LENGTH];
	unsigned char tag[TAG_LENGTH];
	size_t plain_len;
	bool ok;

	if (len < BG_SEAL_OVERHEAD || len - BG_SEAL_OVERHEAD > MAX_PLAIN || sealed[0] != VERSION ||
	    context_len > MAX_CONTEXT || !derive_key(key, key_len, context, context_len, derived))
		return false;
	plain_len = len - BG_SEAL_OVERHEAD;
	memcpy(tag, sealed + len - TAG_LENGTH, TAG_LENGTH);
	ok = run_cipher(false, derived, sealed + 1, sealed + 1 + NONCE_LENGTH, plain_len,
	                (unsigned char *) out, tag);
	/* What GCM decrypted before it saw the tag is not to be used. */
	if (!ok)
		OPENSSL_cleanse(out, plain_len);
	OPENSSL_cleanse(derived, sizeof(derived));
	ERR_clear_error();
	return ok;
}

/*
 * key.c
 *		The key of the model API: from its file into this process's memory, and nowhere else. Server side; see ppio.h.
 */
#include "postgres.h"

#include <string.h>

#include "utils/memutils.h"

#include "../config.h"
#include "ppio.h"

#define MAX_KEY 4096

static char *key;
static bool is_read;

static void forget(void)
{
	if (key == NULL)
		return;
	explicit_bzero(key, strlen(key));
	pfree(key);
	key = NULL;
}

/* It becomes part of a header line: visible ASCII only. */
static bool is_header_safe(const char *secret)
{
	size_t len = strlen(secret);

	if (len == 0 || len > MAX_KEY)
		return false;
	for (size_t i = 0; i < len; i++)
		if (secret[i] <= ' ' || secret[i] > '~')
			return false;
	return true;
}

void bg_ppio_reload_key(void)
{
	const char *why = NULL;
	char *secret;

	forget();
	is_read = true;
	if (bg_ppio_key_file == NULL || bg_ppio_key_file[0] == '\0')
		return;
	secret = bg_config_read_secret(bg_ppio_key_file, &why);
	if (secret != NULL && !is_header_safe(secret))
	{
		explicit_bzero(secret, strlen(secret));
		pfree(secret);
		secret = NULL;
		why = "it is empty, too long, or holds other characters than visible ASCII";
	}
	if (secret == NULL)
	{
		ereport(LOG, (errmsg("the key of the model API cannot be used: %s",
		                     why != NULL ? why : "it cannot be read"),
		              errhint("Set bountygo.ppio_key_file to a file of mode 0600 that holds "
		                      "nothing but the key.")));
		return;
	}
	key = MemoryContextStrdup(TopMemoryContext, secret);
	explicit_bzero(secret, strlen(secret));
	pfree(secret);
}

const char *bg_ppio_key(void)
{
	if (!is_read)
		bg_ppio_reload_key();
	return key;
}

/*
 * keys.c
 *		The signing keys of this backend. See keys.h.
 *
 * Read once, and again when a setting changed or the server's configuration was reloaded. Never shown to SQL.
 */
#include "postgres.h"

#include "auth/keys.h"
#include "config.h"
#include "errors.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include <openssl/crypto.h>

#define MAX_KEYS 2

static bg_jwt_key loaded[MAX_KEYS];
static int n_loaded;
/* What they were read from. */
static char *paths[MAX_KEYS];
static TimestampTz loaded_at;

static const char *path_of(int which)
{
	const char *path = which == 0 ? bg_jwt_key_file : bg_jwt_previous_key_file;

	return path == NULL ? "" : path;
}

static void forget_keys(void)
{
	for (int i = 0; i < n_loaded; i++)
	{
		OPENSSL_cleanse((char *) loaded[i].bytes, loaded[i].len);
		pfree((char *) loaded[i].bytes);
	}
	n_loaded = 0;
	for (int i = 0; i < MAX_KEYS; i++)
	{
		if (paths[i] != NULL)
			pfree(paths[i]);
		paths[i] = NULL;
	}
}

/* Returns NULL, or what is wrong with the file. */
static const char *load_key(const char *path)
{
	const char *why = NULL;
	char *bytes = bg_config_read_secret(path, &why);
	char *kept;
	size_t len;

	if (bytes == NULL)
		return why;
	len = strlen(bytes);
	kept = MemoryContextStrdup(TopMemoryContext, bytes);
	OPENSSL_cleanse(bytes, len);
	pfree(bytes);
	if (bg_jwt_key_set(&loaded[n_loaded], kept, len))
	{
		n_loaded++;
		return NULL;
	}
	OPENSSL_cleanse(kept, len);
	pfree(kept);
	return "the key is shorter than 256 bits";
}

int bg_keys_get(const bg_jwt_key **keys, const char **why)
{
	const char *problem;

	*keys = loaded;
	/* The paths come last: without them, loading was cut short. */
	if (n_loaded > 0 && paths[MAX_KEYS - 1] != NULL && loaded_at == PgReloadTime &&
	    strcmp(paths[0], path_of(0)) == 0 && strcmp(paths[1], path_of(1)) == 0)
		return n_loaded;
	forget_keys();
	*why = path_of(0)[0] == '\0' ? "bountygo.jwt_key_file is not set" : load_key(path_of(0));
	if (*why != NULL)
		return 0;
	/* Without the key before, people sign in again: no reason to refuse everyone. */
	problem = path_of(1)[0] == '\0' ? NULL : load_key(path_of(1));
	if (problem != NULL)
		ereport(LOG, (errmsg("bountygo.jwt_previous_key_file cannot be used: %s", problem)));
	for (int i = 0; i < MAX_KEYS; i++)
		paths[i] = MemoryContextStrdup(TopMemoryContext, path_of(i));
	loaded_at = PgReloadTime;
	return n_loaded;
}

int bg_keys_need(const bg_jwt_key **keys)
{
	const char *why = NULL;
	int n = bg_keys_get(keys, &why);

	if (n == 0)
		ereport(ERROR,
		        (errcode(ERRCODE_BG_UNAVAILABLE), errmsg("signing key is not configured"),
		         errdetail_log("%s", why),
		         errhint("The operator finds the reason with SELECT * FROM bountygo.doctor().")));
	return n;
}

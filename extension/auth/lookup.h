/*
 * lookup.h
 *		Accounts, sessions and API keys as the tables have them now, past row-level security. Server side.
 */
#ifndef BG_LOOKUP_H
#define BG_LOOKUP_H

#include "postgres.h"

#include "auth/session.h"
#include "utils/timestamp.h"

#define BG_API_KEY_PREFIX 12 /* characters that find the row */
#define BG_SECRET_HASH 32    /* bytes */

typedef struct bg_session_row
{
	int64 user_id;
	TimestampTz expires_at;
} bg_session_row;

typedef struct bg_api_key_row
{
	int64 id;
	int64 user_id;
	uint8 secret_hash[BG_SECRET_HASH];
	bool is_live;    /* neither revoked nor expired */
	bool was_unused; /* not marked as used within the last hour */
	char **scopes;   /* palloc'd where the caller was */
	int n_scopes;
} bg_api_key_row;

/* The role of an account; BG_ROLE_NONE if there is none or it is disabled. */
extern bg_role bg_lookup_user(int64 user_id);
/* False if there is no such session, or it is revoked or over. */
extern bool bg_lookup_session(int64 session_id, bg_session_row *row);
/* False if no key has this prefix, which is of BG_API_KEY_PREFIX characters. */
extern bool bg_lookup_api_key(const char *prefix, bg_api_key_row *row);
/* Notes that a key is in use. Does nothing where nothing can be written, or if another does the same just now. */
extern void bg_lookup_mark_api_key(int64 key_id, int64 user_id);
/* Makes a session of method 'admin'. Returns its id. */
extern int64 bg_lookup_make_session(int64 user_id, TimestampTz expires_at);

extern bg_role bg_role_from_name(const char *name);
extern const char *bg_role_name(bg_role role);

#endif

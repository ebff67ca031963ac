/*
 * session.h
 *		Who is calling, for this transaction. Server side.
 *
 * The caller is kept in this backend's memory, set only by a verified token (or by nobody), and forgotten at the end of the
 * transaction. SQL sees it through bountygo.current_user_id() and bountygo.current_user_role(), which policies use.
 */
#ifndef BG_SESSION_H
#define BG_SESSION_H

#include "postgres.h"

typedef enum bg_role
{
	BG_ROLE_NONE, /* anonymous */
	BG_ROLE_USER,
	BG_ROLE_MODERATOR,
	BG_ROLE_ADMIN
} bg_role;

/*
 * Verifies a bearer token (an access token or an API key; NULL or "" = anonymous) and fixes the caller until the transaction ends.
 * Raises UB401.
 */
extern void bg_session_authenticate(const char *token, size_t len);
extern void bg_session_forget(void);
extern int64 bg_session_user_id(void); /* 0 = anonymous */
extern bg_role bg_session_role(void);
extern int64 bg_session_id(void); /* of the access token; 0 = none, or an API key */
/*
 * What an API key may do, "area:read" or "area:write"; NULL = everything that the role may. Valid until the caller changes.
 */
extern const char *const *bg_session_scopes(int *n);
/* Registers the transaction callback; called by _PG_init. */
extern void bg_session_init(void);

#endif

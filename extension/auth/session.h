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

/* Verifies a bearer token (JWT; NULL or "" = anonymous) and fixes the caller until the transaction ends. Raises UB401. */
extern void bg_session_authenticate(const char *token, size_t len);
extern void bg_session_forget(void);
extern int64 bg_session_user_id(void); /* 0 = anonymous */
extern bg_role bg_session_role(void);
/* Registers the transaction callback; called by _PG_init. */
extern void bg_session_init(void);

#endif

/*
 * keys.h
 *		The keys that sign and verify tokens, read from the files that the settings name. Server side.
 */
#ifndef BG_KEYS_H
#define BG_KEYS_H

#include "auth/jwt.h"

/*
 * The keys: the first signs (bountygo.jwt_key_file), the second, if there is one, still verifies (bountygo.jwt_previous_key_file).
 * Returns how many; 0 and why if there is none to sign with. Valid until the next call.
 */
extern int bg_keys_get(const bg_jwt_key **keys, const char **why);
/* The same, or UB503. */
extern int bg_keys_need(const bg_jwt_key **keys);

#endif

/*
 * notify.h
 *		The connection that listens to the database and loads the routes. It belongs to loop 0 and tells the others.
 */
#ifndef BG_GW_NOTIFY_H
#define BG_GW_NOTIFY_H

#include "loop.h"

extern void bg_notify_start(bg_loop *loop);
extern void bg_notify_stop(void);

#endif

/*
 * views.h
 *		Views of tasks: remembered here, told to the database in batches.
 */
#ifndef BG_GW_VIEWS_H
#define BG_GW_VIEWS_H

#include "request.h"

struct bg_views;

extern struct bg_views *bg_views_create(bg_loop *loop);
/* A task was shown to somebody. */
extern void bg_views_add(struct bg_views *views, const bg_request *request);
/* Sends what is there now; true when nothing is left to be sent or answered. */
extern bool bg_views_flush(struct bg_views *views);
extern void bg_views_close(struct bg_views *views);
/* Of all loops: views told to the database, views given up. */
extern void bg_views_look(uint64_t *told, uint64_t *lost);

#endif

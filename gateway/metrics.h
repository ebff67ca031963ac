/*
 * metrics.h
 *		Counters of the process, in Prometheus' text form.
 */
#ifndef BG_GW_METRICS_H
#define BG_GW_METRICS_H

#include "util.h"

/* One answered request. route is a template or a fixed word, never what a client sent. Any thread. */
extern void bg_metrics_request(const char *method, const char *route, int status, double seconds);
extern void bg_metrics_write(bg_buf *out);
extern int bg_metrics_at_work(int change); /* requests at work in the process, after the change */

#endif

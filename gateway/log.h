/*
 * log.h
 *		One line per event on standard output, as JSON or text. Callers never pass tokens, bodies or query strings.
 */
#ifndef BG_GW_LOG_H
#define BG_GW_LOG_H

#include "util.h"

typedef enum bg_log_level
{
	BG_LOG_ERROR,
	BG_LOG_WARNING,
	BG_LOG_INFO,
	BG_LOG_DEBUG
} bg_log_level;

extern void bg_log_setup(const char *level, const char *format);
extern bool bg_log_wants(bg_log_level level);

/* request_id may be NULL. */
extern void bg_log(bg_log_level level, const char *request_id, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

typedef struct bg_access
{
	const char *request_id;
	const char *client;
	bg_str method;
	const char *route; /* the template, so that no id and no query string is logged */
	int status;
	size_t bytes;
	double ms;
} bg_access;
extern void bg_log_access(const bg_access *access);

#endif

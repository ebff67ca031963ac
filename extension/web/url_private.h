/*
 * url_private.h
 *		What url.c and url_host.c share. For nobody else.
 */
#ifndef BG_URL_PRIVATE_H
#define BG_URL_PRIVATE_H

#include "url.h"

/* -1 if it is no hexadecimal digit. */
extern int bg_url_hex_value(char c);
/* From the host as libcurl gives it (addresses of IPv6 in brackets) to its normal form, malloc'd. */
extern bg_url_error bg_url_normalize_host(const char *given, char **out);

#endif

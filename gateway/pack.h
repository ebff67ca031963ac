/*
 * pack.h
 *		gzip (RFC 1952) by zlib, and which encodings a client takes (RFC 9110, 12.5.3).
 */
#ifndef BG_GW_PACK_H
#define BG_GW_PACK_H

#include "util.h"

/* The body in gzip, at the end of out. False if it can't be done. */
extern bool bg_pack(bg_str body, int level, bg_buf *out);
/* True if the value of Accept-Encoding (s is NULL: there is none) takes gzip and doesn't prefer the body as it is. */
extern bool bg_pack_wanted(bg_str accept_encoding);

#endif

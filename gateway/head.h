/*
 * head.h
 *		What the head of an HTTP/1.1 request, as it came over the wire, must fulfil before the gateway acts on it.
 */
#ifndef BG_GW_HEAD_H
#define BG_GW_HEAD_H

#include "util.h"

#define BG_HEAD_MAX_TARGET 8192
#define BG_HEAD_MAX_FIELDS 100
#define BG_HEAD_MAX_SIZE 16384

/*
 * Checks the bytes from the request line to the empty line. Returns 0 if all is well, else the status of the refusal (400, 414, 431)
 * with a sentence in *why. libh2o 2.2.5 accepts what is ambiguous behind another proxy (two lengths, a length and a transfer
 * coding, folded lines, bare line feeds, no Host, two Hosts) and hides it from handlers: so the bytes themselves are read.
 */
extern int bg_head_check(const char *bytes, size_t n, const char **why);

#endif

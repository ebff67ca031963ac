/*
 * docs.h
 *		The page at /docs and the files it is made of.
 */
#ifndef BG_GW_DOCS_H
#define BG_GW_DOCS_H

#include "request.h"

/* Reads the files of a directory (not below it) into memory, once, at the start. False with a sentence in error; an empty name is no directory. */
extern bool bg_docs_load(const char *directory, bg_buf *error);
/* True if the path is /docs or below and the request was answered. */
extern bool bg_docs_serve(bg_request *request, bg_str path);
/* True for what the setting docs = off hides. */
extern bool bg_docs_hidden(const bg_request *request, bg_str path);

#endif

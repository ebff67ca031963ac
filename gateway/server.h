/*
 * server.h
 *		The HTTP server of a loop. server.c is the only file that knows h2o; everybody else sees this.
 */
#ifndef BG_GW_SERVER_H
#define BG_GW_SERVER_H

#include "loop.h"

typedef struct bg_http bg_http; /* one request, until it is answered or its connection is gone */
struct bg_request;

typedef struct bg_header
{
	const char *name; /* lower case */
	const char *value;
} bg_header;

/* Makes the server and listens; all loops bind the same address. False with a sentence in error. */
extern struct bg_server *bg_server_create(bg_loop *loop, bg_buf *error);
/* Where it listens, for the log: matters when port 0 was asked for. */
extern int bg_server_port(struct bg_server *server, bool admin);
/* Stops accepting and lets connections end after the request at hand. */
extern void bg_server_drain(struct bg_server *server);

extern bg_str bg_http_method(bg_http *http);
extern bg_str bg_http_target(bg_http *http); /* path and query as sent */
extern bg_str bg_http_host(bg_http *http);   /* with its port; h2o takes the field away */
extern bg_str bg_http_body(bg_http *http);   /* s is NULL: none */
/* Value of the nth field of that name, from 0; s is NULL if there is none. */
extern bg_str bg_http_header(bg_http *http, const char *name, int nth);
/* The bytes from the request line on, as they came; n is 0 if they can't be had. */
extern bg_str bg_http_raw_head(bg_http *http);
extern void bg_http_peer(bg_http *http, char *text, size_t size);
extern int bg_http_socket(bg_http *http);

/* Copies everything. The connection is closed afterwards if asked, or if it must be. */
extern void bg_http_answer(bg_http *http, int status, const bg_header *headers, int n,
                           const char *content_type, const char *body, size_t length, bool close);

#endif

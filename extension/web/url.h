/*
 * url.h
 *		The canonical form of a URL. Plain C over libcurl's URL API.
 */
#ifndef BG_URL_H
#define BG_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "../buffer.h"

#define BG_URL_MAX 2048 /* bytes */

typedef enum bg_url_error
{
	BG_URL_OK,
	BG_URL_EMPTY,
	BG_URL_TOO_LONG,    /* over BG_URL_MAX bytes, as given or canonical */
	BG_URL_CONTROL,     /* control characters, white space inside, backslash, invalid UTF-8 */
	BG_URL_SCHEME,      /* not http or https */
	BG_URL_CREDENTIALS, /* user:password@ */
	BG_URL_HOST,        /* no host, or not a valid name or address */
	BG_URL_PORT,        /* not 80, 443 or a listed extra port */
	BG_URL_ADDRESS, /* a literal address (also decimal, octal, hex, mapped) or localhost that policy refuses */
	BG_URL_SYNTAX,
	BG_URL_MEMORY
} bg_url_error;

typedef struct bg_url
{
	char *
	    canonical; /* scheme, lower-case punycode host, no default port, dot segments resolved, tracking parameters and
						fragment removed (the order of the rest is kept), percent-encoding normalised */
	char *host; /* lower-case, punycode; addresses in their normal form, IPv6 without brackets */
	int port;
	bool is_https;
} bg_url;

/*
 * Parses "input" into *url. "relative_to" (canonical, or NULL) resolves a Location header. Without a scheme "https://" is
 * assumed for names with a dot. Policy for literal addresses and ports is the egress module's. On error *url is empty.
 */
extern bg_url_error bg_url_parse(const char *input, size_t len, const char *relative_to,
                                 bg_url *url);
extern void bg_url_free(bg_url *url);
/*
 * Appends a path or query with its percent-encoding normalised: unreserved characters decoded, hexadecimal digits in upper case,
 * whatever may not stand in a URL encoded. Done twice it changes nothing more. Also for the patterns of robots.txt.
 */
extern void bg_url_normalize(bg_buffer *out, const char *text, size_t len);
/* A sentence that says what is wrong and what would be right, English. */
extern const char *bg_url_error_text(bg_url_error error);

#endif

/*
 * url.c
 *		Fuzzes bg_url_parse(): whatever comes out is canonical, allowed, and stays as it is when parsed again.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "web/egress.h"
#include "web/url.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *text, size_t len, const char *relative_to)
{
	bg_url url;
	bg_url again;
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (bg_url_parse(text, len, relative_to, &url) != BG_URL_OK)
	{
		if (url.canonical != NULL || url.host != NULL)
			abort();
		return;
	}
	if (strlen(url.canonical) > BG_URL_MAX || !bg_egress_allows_port(url.port))
		abort();
	for (const char *p = url.canonical; *p != '\0'; p++)
		if (*p <= 0x20 || *p >= 0x7F || *p == '\\' || *p == '#')
			abort();
	/* No spelling of a forbidden address gets through, as the C library reads it. */
	if (inet_aton(url.host, &v4.sin_addr) == 1 && !bg_egress_allows((struct sockaddr *) &v4))
		abort();
	if (inet_pton(AF_INET6, url.host, &v6.sin6_addr) == 1 &&
	    !bg_egress_allows((struct sockaddr *) &v6))
		abort();
	if (bg_url_parse(url.canonical, strlen(url.canonical), NULL, &again) != BG_URL_OK ||
	    strcmp(url.canonical, again.canonical) != 0 || strcmp(url.host, again.host) != 0 ||
	    url.port != again.port || url.is_https != again.is_https)
		abort();
	bg_url_free(&again);
	bg_url_free(&url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check((const char *) data, size, NULL);
	check((const char *) data, size, "https://example.com/a/b?c=d");
	return 0;
}

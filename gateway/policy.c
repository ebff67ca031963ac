/*
 * policy.c
 *		Hosts and origins. See policy.h. Nothing is sent with credentials of the browser's own: tokens come in Authorization, which a page
 *		must have itself, so no origin is ever allowed them.
 */
#include "policy.h"

#include <string.h>

bool bg_policy_host(const bg_request *request)
{
	const char *allowed = request->loop->config->allowed_hosts;
	bg_str host = bg_http_host(request->http);
	const char *colon;

	if (allowed[0] == '\0')
		return true;
	/* The port is not part of the name; an IPv6 address has colons of its own. */
	colon = host.n > 0 && host.s[0] == '[' ? memchr(host.s, ']', host.n) : host.s;
	if (colon != NULL)
		colon = memchr(colon, ':', host.n - (size_t) (colon - host.s));
	if (colon != NULL)
		host.n = (size_t) (colon - host.s);
	return bg_str_is_listed(host, allowed);
}

static bg_str allowed_origin(const bg_request *request)
{
	bg_str origin = bg_http_header(request->http, "origin", 0);

	if (origin.s == NULL || origin.n > 255 ||
	    !bg_str_is_listed(origin, request->loop->config->cors_origins))
		return (bg_str){NULL, 0};
	return origin;
}

int bg_policy_cors(const bg_request *request, bg_header *headers, int room)
{
	bg_str origin;
	int n = 0;

	if (request->loop->config->cors_origins[0] == '\0' || room < 3)
		return 0;
	/* Also for other origins, or a cache would give them what was meant for one. */
	headers[n++] = (bg_header){"vary", "origin"};
	origin = allowed_origin(request);
	if (origin.s == NULL)
		return n;
	headers[n++] = (bg_header){"access-control-allow-origin", request->origin};
	headers[n++] =
	    (bg_header){"access-control-expose-headers",
	                "etag, link, location, retry-after, x-request-id, ratelimit, ratelimit-policy, "
	                "preference-applied, idempotency-replayed, cache-status, age"};
	return n;
}

bool bg_policy_preflight(bg_request *request, const char *allowed)
{
	const bg_header headers[] = {{"access-control-allow-methods", allowed},
	                             {"access-control-allow-headers",
	                              "authorization, content-type, idempotency-key, if-match, "
	                              "if-none-match, prefer, x-request-id"},
	                             {"access-control-max-age", "600"},
	                             {"allow", allowed}};

	if (bg_http_header(request->http, "access-control-request-method", 0).s == NULL ||
	    allowed_origin(request).s == NULL)
		return false;
	bg_request_answer(request, 204, headers, 4, NULL, NULL, 0);
	return true;
}

/*
 * outcome.h
 *		What came of fetching and reading a page: a fact with a stable code (DESIGN 4.3).
 *
 * The names are the labels of the SQL enum bountygo.outcome; a unit test keeps the two in step.
 */
#ifndef BG_OUTCOME_H
#define BG_OUTCOME_H

typedef enum bg_outcome
{
	BG_OK,
	BG_NOT_MODIFIED,
	BG_ROBOTS_DENIED,
	BG_BLOCKED_ADDRESS, /* the address, or one a redirect led to, is not a public one */
	BG_BAD_URL,         /* a redirect led to a URL that is refused (scheme, credentials, length) */
	BG_CHALLENGE,       /* "prove that you are human" */
	BG_LOGIN_WALL,
	BG_EMPTY,       /* nothing to read, also a shell that only JavaScript fills */
	BG_TOO_LARGE,   /* over a byte limit */
	BG_TOO_COMPLEX, /* over the reader's limits of nodes, time or memory */
	BG_TIMEOUT,
	BG_DNS,     /* the name does not resolve */
	BG_CONNECT, /* refused, reset, unreachable */
	BG_TLS,
	BG_GONE, /* 404, 410 */
	BG_HTTP_4XX,
	BG_HTTP_5XX,
	BG_RATE_LIMITED, /* 429, or 503 with Retry-After */
	BG_TOO_MANY_REDIRECTS,
	BG_BAD_RESPONSE,     /* not HTTP, broken encoding, cut short */
	BG_UNSUPPORTED_TYPE, /* neither HTML nor plain text */
	BG_READER_CRASHED,   /* bountygo-reader died on it */
	BG_CANCELLED,
	BG_OUTCOME_COUNT
} bg_outcome;

/* The stable code, for example "blocked_address". */
extern const char *bg_outcome_name(bg_outcome outcome);
/* A sentence for people, English, without names of hosts. */
extern const char *bg_outcome_why(bg_outcome outcome);
/* True if trying again later can help: connect, tls, timeout, dns, http_5xx, rate_limited, bad_response. */
extern int bg_outcome_is_transient(bg_outcome outcome);

#endif

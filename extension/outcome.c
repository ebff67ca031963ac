/*
 * outcome.c
 *		Names and meanings of the outcomes of a fetch. Plain C; see outcome.h.
 */
#include "outcome.h"

#include <stddef.h>

typedef struct outcome_text
{
	const char *name;
	const char *why;
	int transient;
} outcome_text;

static const outcome_text outcomes[BG_OUTCOME_COUNT] = {
    [BG_OK] = {"ok", "The page was fetched and read.", 0},
    [BG_NOT_MODIFIED] = {"not_modified", "The page has not changed since it was last read.", 0},
    [BG_ROBOTS_DENIED] = {"robots_denied",
                          "The site's robots.txt does not allow this page to be read.", 0},
    [BG_BLOCKED_ADDRESS] = {"blocked_address",
                            "The URL leads to an address that is not on the public Internet.", 0},
    [BG_BAD_URL] = {"bad_url", "The page redirects to a URL that is not allowed.", 0},
    [BG_CHALLENGE] = {"challenge", "The site asks visitors to prove that they are human.", 0},
    [BG_LOGIN_WALL] = {"login_wall", "The page can be read only after signing in.", 0},
    [BG_EMPTY] = {"empty", "The page holds no text to read.", 0},
    [BG_TOO_LARGE] = {"too_large", "The page is larger than the limit.", 0},
    [BG_TOO_COMPLEX] = {"too_complex",
                        "Reading the page takes more time, memory or elements than the limit.", 0},
    [BG_TIMEOUT] = {"timeout", "The site did not answer in time.", 1},
    [BG_DNS] = {"dns", "The name in the URL does not resolve.", 1},
    [BG_CONNECT] = {"connect", "The site does not accept connections.", 1},
    [BG_TLS] = {"tls", "The site's certificate or TLS handshake is not valid.", 1},
    [BG_GONE] = {"gone", "The page does not exist (any more).", 0},
    [BG_HTTP_4XX] = {"http_4xx", "The site refused the request.", 0},
    [BG_HTTP_5XX] = {"http_5xx", "The site failed to answer.", 1},
    [BG_RATE_LIMITED] = {"rate_limited", "The site asks to be called less often.", 1},
    [BG_TOO_MANY_REDIRECTS] = {"too_many_redirects", "The page redirects too many times.", 0},
    [BG_BAD_RESPONSE] = {"bad_response", "The site's answer is broken or cut short.", 1},
    [BG_UNSUPPORTED_TYPE] = {"unsupported_type", "The page is neither HTML nor plain text.", 0},
    [BG_READER_CRASHED] = {"reader_crashed", "The reader process died on this page.", 0},
    [BG_CANCELLED] = {"cancelled", "The job was cancelled.", 0},
};

const char *bg_outcome_name(bg_outcome outcome)
{
	return outcome < BG_OUTCOME_COUNT ? outcomes[outcome].name : NULL;
}

const char *bg_outcome_why(bg_outcome outcome)
{
	return outcome < BG_OUTCOME_COUNT ? outcomes[outcome].why : NULL;
}

int bg_outcome_is_transient(bg_outcome outcome)
{
	return outcome < BG_OUTCOME_COUNT && outcomes[outcome].transient;
}

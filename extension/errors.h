/*
 * errors.h
 *		SQLSTATE class UB: the subclass is the HTTP status (ENGINEERING 7.7). Server side only.
 */
#ifndef BG_ERRORS_H
#define BG_ERRORS_H

#include "utils/elog.h"

#define BG_ERRCODE(status_digits) \
	MAKE_SQLSTATE('U', 'B', status_digits[0], status_digits[1], status_digits[2])
#define ERRCODE_BG_BAD_REQUEST BG_ERRCODE("400")
#define ERRCODE_BG_SIGN_IN BG_ERRCODE("401")
#define ERRCODE_BG_FORBIDDEN BG_ERRCODE("403")
#define ERRCODE_BG_NOT_FOUND BG_ERRCODE("404")
#define ERRCODE_BG_CONFLICT BG_ERRCODE("409")
#define ERRCODE_BG_GONE BG_ERRCODE("410")
#define ERRCODE_BG_PRECONDITION BG_ERRCODE("412")
#define ERRCODE_BG_TOO_LARGE BG_ERRCODE("413")
#define ERRCODE_BG_MEDIA_TYPE BG_ERRCODE("415")
#define ERRCODE_BG_INVALID BG_ERRCODE("422")
#define ERRCODE_BG_TOO_MANY BG_ERRCODE("429")
#define ERRCODE_BG_NOT_BUILT BG_ERRCODE("501")
#define ERRCODE_BG_BAD_UPSTREAM BG_ERRCODE("502")
#define ERRCODE_BG_UNAVAILABLE BG_ERRCODE("503")
#define ERRCODE_BG_UPSTREAM_TIMEOUT BG_ERRCODE("504")

/* An error of class UB that names a place: DETAIL is a list of one, see bg_error_invalid. Does not return. */
extern void bg_error_at(int code, const char *message, const char *pointer, const char *detail,
                        const char *hint) __attribute__((noreturn));

/*
 * UB422 for one field: DETAIL is [{"pointer": "/url", "detail": "..."}]. "pointer" is an RFC 6901 JSON pointer into the body, or
 * "?name" for a query parameter, or "" for the body as a whole. Does not return.
 */
extern void bg_error_invalid(const char *pointer, const char *detail, const char *hint)
    __attribute__((noreturn));

#endif

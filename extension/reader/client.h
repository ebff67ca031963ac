/*
 * client.h
 *		How a PostgreSQL process talks to a bountygo-reader child: start, feed, read the answer, kill. Plain C, non-blocking,
 *		never raises; the caller waits on the descriptors (a WaitEventSet in a backend, the loop in a worker).
 */
#ifndef BG_READER_CLIENT_H
#define BG_READER_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "protocol.h"

typedef struct bg_reader bg_reader;

typedef enum bg_reader_state
{
	BG_READER_IDLE,    /* ready for bg_reader_send() */
	BG_READER_WRITING, /* wants to write its request; may be readable, too */
	BG_READER_READING, /* waits for the answer */
	BG_READER_DONE,    /* bg_reader_take() gives the answer */
	BG_READER_DEAD /* the child is gone or broke the protocol: bg_reader_stop() and start another */
} bg_reader_state;

/* Starts a child. "path" is the program; NULL on failure with errno set. */
extern bg_reader *bg_reader_start(const char *path);
/* Kills (if needed), reaps and frees. NULL is fine. */
extern void bg_reader_stop(bg_reader *reader);

extern pid_t bg_reader_pid(const bg_reader *reader);
extern int bg_reader_write_fd(const bg_reader *reader); /* poll for OUT while WRITING */
extern int bg_reader_read_fd(const bg_reader *reader);  /* poll for IN always: EOF tells of death */
extern bg_reader_state bg_reader_get_state(const bg_reader *reader);

/* Queues one request (copies what it is given). False if not IDLE, too large or out of memory. */
extern bool bg_reader_send(bg_reader *reader, bg_reader_op op, const char *a, size_t a_len,
                           const char *b, size_t b_len, const char *body, size_t body_len);
/*
 * Requests may be sent ahead, so that the child goes on while its owner is busy: answers come in the order of the requests. If the
 * child dies, the first that is unanswered is what it died of; the others were not looked at. True if bg_reader_send_ahead() has
 * room for one more: fewer than BG_READER_AHEAD unanswered and little that is unsent.
 */
#define BG_READER_AHEAD 16
extern bool bg_reader_has_room(const bg_reader *reader);
/* Like bg_reader_send(), but also while earlier requests are under way. */
extern bool bg_reader_send_ahead(bg_reader *reader, bg_reader_op op, const char *a, size_t a_len,
                                 const char *b, size_t b_len, const char *body, size_t body_len);
/* Requests without an answer taken. */
extern int bg_reader_unanswered(const bg_reader *reader);
/*
 * Moves bytes as far as they go without blocking; returns the new state. The call that writes the last of the request never gives
 * DONE: the answer is read once the caller is woken for it.
 */
extern bg_reader_state bg_reader_pump(bg_reader *reader);
/* Milliseconds since the request was sent, or became the first in line; the caller kills after bg_reader_hard_limit_ms. */
extern long bg_reader_elapsed_ms(const bg_reader *reader);
/*
 * The answer's JSON, malloc'd, when DONE; NULL if not DONE. Afterwards the reader is IDLE; if more was sent ahead, pump again: the
 * next answer may be here already.
 */
extern char *bg_reader_take(bg_reader *reader, size_t *len);
/* Pages answered so far, for replacement after N. */
extern int bg_reader_served(const bg_reader *reader);
/*
 * Why it died, once DEAD: BG_TOO_COMPLEX for its own limits (CPU, memory, hard stop), BG_READER_CRASHED else. An int of
 * bg_outcome to keep this header small.
 */
extern int bg_reader_death(const bg_reader *reader);
/* Ends the child because it took too long; state becomes DEAD with BG_TOO_COMPLEX. */
extern void bg_reader_expire(bg_reader *reader);

#define BG_READER_HARD_LIMIT_MS 2000

#endif

/*
 * client.c
 *		The owner's side of bountygo-reader: starts a child, feeds it, takes its answer, kills it. See client.h.
 *
 * Requests go through a socket pair (send() can be told not to raise SIGPIPE), answers come through a pipe. Does not wait: the
 * caller does. What the child writes is not believed: frames are checked, lengths are bounded.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "client.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../buffer.h"
#include "../outcome.h"
#include "limits.h"

#define ANSWER_PIPE_SIZE (256 * 1024) /* fewer wake-ups for a large answer; a wish */
#define MAX_UNSENT (256 * 1024)       /* more is not sent ahead */

struct bg_reader
{
	pid_t pid; /* 0 once reaped */
	int write_fd;
	int read_fd;
	bg_reader_state state;
	bg_buffer request; /* what is not sent yet, and some of what was since the last one */
	size_t sent;
	uint64_t queued_in_all;         /* bytes of all requests */
	uint64_t ends[BG_READER_AHEAD]; /* where each unanswered one ends, counted as above */
	int first;                      /* ... the oldest of them */
	int unanswered;
	bg_reader_answer head;
	size_t head_len; /* bytes of head that are here */
	char *answer;
	size_t answer_len;
	struct timespec started;
	int served;
	int death;
};

/* Moves a descriptor above the standard ones, so that the child's dup2() cannot hit it. Closes the old one. */
static int lift_fd(int fd)
{
	int lifted;

	if (fd > STDERR_FILENO)
		return fd;
	lifted = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(fd);
	return lifted;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static bool set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

/*
 * posix_spawn: the C library blocks all signals until exec, so that no handler of the server runs in the child. A process group of
 * its own keeps it out of the signals that the postmaster sends to the groups of its children (a cancelled query, say).
 */
static int spawn(const char *path, int in, int out, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	sigset_t all;
	char *argv[] = {"bountygo-reader", NULL};
	char *environment[] = {NULL};
	int error;

	error = posix_spawn_file_actions_init(&actions);
	if (error != 0)
		return error;
	error = posix_spawnattr_init(&attributes);
	if (error != 0)
	{
		posix_spawn_file_actions_destroy(&actions);
		return error;
	}
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setpgroup(&attributes, 0);
	error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
	                                                  POSIX_SPAWN_SETPGROUP);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	if (error == 0)
		error = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
	if (error == 0)
		error = posix_spawn(pid, path, &actions, &attributes, argv, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return error;
}

bg_reader *bg_reader_start(const char *path)
{
	bg_reader *reader = calloc(1, sizeof(*reader));
	int request[2] = {-1, -1};
	int answer[2] = {-1, -1};
	int error = 0;

	if (reader == NULL)
		return NULL;
	reader->death = BG_READER_CRASHED;
	bg_buffer_init(&reader->request, 0);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, request) != 0 ||
	    pipe2(answer, O_CLOEXEC) != 0)
		error = errno;
	for (int i = 0; error == 0 && i < 2; i++)
	{
		request[i] = lift_fd(request[i]);
		answer[i] = lift_fd(answer[i]);
		if (request[i] < 0 || answer[i] < 0)
			error = errno;
	}
	if (error == 0 && (!set_nonblocking(request[0]) || !set_nonblocking(answer[0])))
		error = errno;
	if (error == 0)
	{
		(void) fcntl(answer[1], F_SETPIPE_SZ, ANSWER_PIPE_SIZE);
		error = spawn(path, request[1], answer[1], &reader->pid);
	}
	close_fd(&request[1]);
	close_fd(&answer[1]);
	if (error != 0)
	{
		close_fd(&request[0]);
		close_fd(&answer[0]);
		free(reader);
		errno = error;
		return NULL;
	}
	reader->write_fd = request[0];
	reader->read_fd = answer[0];
	reader->state = BG_READER_IDLE;
	return reader;
}

/*
 * Ends and reaps the child. A child that ended by itself keeps its exit status: the kill does nothing to it. Returns the
 * status, or -1.
 */
static int reap(bg_reader *reader)
{
	int status = -1;

	if (reader->pid <= 0)
		return -1;
	kill(reader->pid, SIGKILL);
	while (waitpid(reader->pid, &status, 0) < 0)
	{
		if (errno != EINTR)
		{
			status = -1;
			break;
		}
	}
	reader->pid = 0;
	return status;
}

static void drop_exchange(bg_reader *reader)
{
	bg_buffer_free(&reader->request);
	bg_buffer_init(&reader->request, 0);
	reader->sent = 0;
	free(reader->answer);
	reader->answer = NULL;
	reader->answer_len = 0;
	reader->head_len = 0;
	reader->queued_in_all = 0;
	reader->first = 0;
	reader->unanswered = 0;
}

static bg_reader_state die(bg_reader *reader, int death)
{
	reader->death = death;
	reader->state = BG_READER_DEAD;
	drop_exchange(reader);
	return reader->state;
}

/* The pipe ended: the exit status tells why. */
static bg_reader_state bury(bg_reader *reader)
{
	int status = reap(reader);
	bool own_limit = status >= 0 && WIFEXITED(status) &&
	                 (WEXITSTATUS(status) == BG_EXIT_MEMORY || WEXITSTATUS(status) == BG_EXIT_CPU);

	return die(reader, own_limit ? BG_TOO_COMPLEX : BG_READER_CRASHED);
}

/* The child writes what it should not. */
static bg_reader_state condemn(bg_reader *reader)
{
	reap(reader);
	return die(reader, BG_READER_CRASHED);
}

void bg_reader_stop(bg_reader *reader)
{
	if (reader == NULL)
		return;
	reap(reader);
	close_fd(&reader->write_fd);
	close_fd(&reader->read_fd);
	drop_exchange(reader);
	free(reader);
}

pid_t bg_reader_pid(const bg_reader *reader)
{
	return reader->pid;
}

int bg_reader_write_fd(const bg_reader *reader)
{
	return reader->write_fd;
}

int bg_reader_read_fd(const bg_reader *reader)
{
	return reader->read_fd;
}

bg_reader_state bg_reader_get_state(const bg_reader *reader)
{
	return reader->state;
}

int bg_reader_unanswered(const bg_reader *reader)
{
	return reader->unanswered;
}

bool bg_reader_has_room(const bg_reader *reader)
{
	return reader->state != BG_READER_DEAD &&
	       (reader->unanswered == 0 || (reader->unanswered < BG_READER_AHEAD &&
	                                    reader->request.len - reader->sent < MAX_UNSENT));
}

/* Of a stream that never runs dry only the rest is kept, which is little (bg_reader_has_room). */
static void drop_sent(bg_reader *reader)
{
	size_t left = reader->request.len - reader->sent;

	if (reader->sent == 0)
		return;
	memmove(reader->request.data, reader->request.data + reader->sent, left);
	bg_buffer_truncate(&reader->request, left);
	reader->sent = 0;
}

bool bg_reader_send_ahead(bg_reader *reader, bg_reader_op op, const char *a, size_t a_len,
                          const char *b, size_t b_len, const char *body, size_t body_len)
{
	bg_reader_request request = {.magic = BG_READER_MAGIC,
	                             .op = (uint32_t) op,
	                             .a_len = (uint32_t) a_len,
	                             .b_len = (uint32_t) b_len,
	                             .body_len = (uint32_t) body_len};
	size_t before;

	if (!bg_reader_has_room(reader) || a_len > BG_READER_MAX_ANSWER || b_len > BG_READER_MAX_BODY ||
	    body_len > BG_READER_MAX_BODY)
		return false;
	drop_sent(reader);
	before = reader->request.len;
	bg_buffer_append(&reader->request, &request, sizeof(request));
	bg_buffer_append(&reader->request, a, a_len);
	bg_buffer_append(&reader->request, b, b_len);
	bg_buffer_append(&reader->request, body, body_len);
	if (reader->request.failed)
	{
		/* What was there before it is whole and goes on. */
		reader->request.failed = false;
		bg_buffer_truncate(&reader->request, before);
		return false;
	}
	reader->queued_in_all += reader->request.len - before;
	reader->ends[(reader->first + reader->unanswered) % BG_READER_AHEAD] = reader->queued_in_all;
	if (reader->unanswered++ == 0)
		clock_gettime(CLOCK_MONOTONIC, &reader->started);
	if (reader->state != BG_READER_DONE)
		reader->state = BG_READER_WRITING;
	return true;
}

bool bg_reader_send(bg_reader *reader, bg_reader_op op, const char *a, size_t a_len, const char *b,
                    size_t b_len, const char *body, size_t body_len)
{
	return reader->state == BG_READER_IDLE &&
	       bg_reader_send_ahead(reader, op, a, a_len, b, b_len, body, body_len);
}

/* Writes as much of the request as fits. A broken pipe is left for the reading side to find and explain. */
static void pump_request(bg_reader *reader)
{
	while (reader->sent < reader->request.len)
	{
		ssize_t put = send(reader->write_fd, reader->request.data + reader->sent,
		                   reader->request.len - reader->sent, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return;
		reader->sent += (size_t) put;
	}
	bg_buffer_free(&reader->request);
	bg_buffer_init(&reader->request, 0);
	reader->sent = 0;
	reader->state = BG_READER_READING;
}

/* The oldest request is in the child's hands as a whole. */
static bool is_asked(const bg_reader *reader)
{
	uint64_t sent = reader->queued_in_all - (reader->request.len - reader->sent);

	return reader->unanswered > 0 && sent >= reader->ends[reader->first];
}

/* Takes the head of the answer seriously only if it is one. False: the child has been dealt with. */
static bool accept_head(bg_reader *reader)
{
	if (reader->head.magic == BG_READER_MAGIC && reader->head.status == BG_READER_OUT_OF_MEMORY)
	{
		reap(reader);
		die(reader, BG_TOO_COMPLEX);
		return false;
	}
	if (reader->head.magic != BG_READER_MAGIC || reader->head.status != BG_READER_ANSWERED ||
	    reader->head.len == 0 || reader->head.len > BG_READER_MAX_ANSWER || !is_asked(reader))
	{
		condemn(reader);
		return false;
	}
	reader->answer = malloc((size_t) reader->head.len + 1);
	if (reader->answer == NULL)
	{
		reap(reader);
		die(reader, BG_TOO_COMPLEX);
		return false;
	}
	return true;
}

static bg_reader_state pump_answer(bg_reader *reader)
{
	for (;;)
	{
		bool in_head = reader->head_len < sizeof(reader->head);
		char *into = in_head ? (char *) &reader->head + reader->head_len
		                     : reader->answer + reader->answer_len;
		size_t want = in_head ? sizeof(reader->head) - reader->head_len
		                      : reader->head.len - reader->answer_len;
		ssize_t got = read(reader->read_fd, into, want);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return reader->state;
		if (got <= 0)
			return bury(reader);
		/* Nobody asked: a child that speaks first has lost its mind. */
		if (reader->state == BG_READER_IDLE)
			return condemn(reader);
		if (in_head)
		{
			reader->head_len += (size_t) got;
			if (reader->head_len == sizeof(reader->head) && !accept_head(reader))
				return reader->state;
			continue;
		}
		reader->answer_len += (size_t) got;
		if (reader->answer_len == reader->head.len)
		{
			reader->answer[reader->answer_len] = '\0';
			reader->state = BG_READER_DONE;
			return reader->state;
		}
	}
}

bg_reader_state bg_reader_pump(bg_reader *reader)
{
	if (reader->state == BG_READER_DONE || reader->state == BG_READER_DEAD)
		return reader->state;
	if (reader->state == BG_READER_WRITING)
	{
		pump_request(reader);
		/* The answer comes with an event of its own, so that a caller may pump without looking at what it gets. */
		if (reader->state == BG_READER_READING)
			return reader->state;
	}
	return pump_answer(reader);
}

long bg_reader_elapsed_ms(const bg_reader *reader)
{
	struct timespec now;

	if (reader->started.tv_sec == 0 && reader->started.tv_nsec == 0)
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long) (now.tv_sec - reader->started.tv_sec) * 1000 +
	       (now.tv_nsec - reader->started.tv_nsec) / 1000000;
}

char *bg_reader_take(bg_reader *reader, size_t *len)
{
	char *answer;

	if (reader->state != BG_READER_DONE)
		return NULL;
	answer = reader->answer;
	*len = reader->answer_len;
	reader->answer = NULL;
	reader->answer_len = 0;
	reader->head_len = 0;
	reader->first = (reader->first + 1) % BG_READER_AHEAD;
	reader->unanswered--;
	reader->served++;
	if (reader->unanswered > 0)
		clock_gettime(CLOCK_MONOTONIC, &reader->started);
	reader->state = reader->unanswered == 0              ? BG_READER_IDLE
	                : reader->request.len > reader->sent ? BG_READER_WRITING
	                                                     : BG_READER_READING;
	return answer;
}

int bg_reader_served(const bg_reader *reader)
{
	return reader->served;
}

int bg_reader_death(const bg_reader *reader)
{
	return reader->death;
}

void bg_reader_expire(bg_reader *reader)
{
	reap(reader);
	die(reader, BG_TOO_COMPLEX);
}

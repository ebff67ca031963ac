/*
 * web_servers.h
 *		For the tests of the network side: starts the Perl test servers, and turns a bg_loop until something is so.
 */
#ifndef WEB_SERVERS_H
#define WEB_SERVERS_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "web/loop.h"

typedef struct server
{
	pid_t pid;
	int port;
} server;

/* Runs BountyGo::<module> with the arguments (NULL-terminated) and waits until it says its port. */
static inline server server_start(const char *module, const char *const *arguments)
{
	char use[64];
	char main_call[96];
	const char *argv[64] = {"perl", "-It/lib",       use, "-e", main_call, "--", "--port-file",
	                        "-",    "--with-parent", "1"};
	int count = 10;
	int out[2];
	char line[16] = "";
	size_t got = 0;
	server s;

	snprintf(use, sizeof(use), "-MBountyGo::%s", module);
	snprintf(main_call, sizeof(main_call), "BountyGo::%s->main", module);
	while (*arguments != NULL && count < 63)
		argv[count++] = *arguments++;
	assert_int_equal(pipe(out), 0);
	s.pid = fork();
	assert_true(s.pid >= 0);
	if (s.pid == 0)
	{
		dup2(out[1], STDOUT_FILENO);
		close(out[0]);
		close(out[1]);
		execvp("perl", (char *const *) argv);
		_exit(127);
	}
	close(out[1]);
	while (got < sizeof(line) - 1 && strchr(line, '\n') == NULL)
	{
		ssize_t n = read(out[0], line + got, sizeof(line) - 1 - got);

		if (n <= 0)
			break;
		got += (size_t) n;
	}
	close(out[0]);
	s.port = atoi(line);
	if (s.port == 0)
		fail_msg("the test server %s does not start; run the tests from the top of the tree",
		         module);
	return s;
}

static inline void server_stop(server *s)
{
	if (s->pid > 0)
	{
		kill(s->pid, SIGTERM);
		waitpid(s->pid, NULL, 0);
	}
	s->pid = 0;
}

/* A socket that listens on 127.0.0.1 and never accepts: *port is set. */
static inline int listen_forbidden(int *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *) &address, &len), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

static inline void assert_nobody_connected(int fd)
{
	assert_int_equal(accept(fd, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
}

/* Waits at most "most_ms" for the loop to have something to do and does it. False if nothing came. */
static inline bool turn(bg_loop *loop, int most_ms)
{
	struct pollfd poll_fd = {.fd = bg_loop_fd(loop), .events = POLLIN};

	if (poll(&poll_fd, 1, most_ms) <= 0)
		return false;
	bg_loop_run(loop);
	return true;
}

#endif

/*
 * reader_limits.c
 *		What a process can still do after it has given up what bountygo-reader gives up: each attempt in a child of its own.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "reader/limits.h"

#define REACHED 42 /* the attempt was refused, politely */
#define DONE 43    /* the attempt succeeded */

typedef int (*attempt)(void);

/* Runs the attempt in a confined child and returns its wait status. */
static int confined(attempt what)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
	{
		const char *failed;

		if (!bg_limits_isolate(&failed) || !bg_limits_seal(&failed))
			_exit(BG_EXIT_UNCONFINED);
		_exit(what());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void assert_exits(attempt what, int expected)
{
	int status = confined(what);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), expected);
}

static void assert_killed(attempt what)
{
	int status = confined(what);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

static int try_nothing(void)
{
	return DONE;
}

static int try_open(void)
{
	return open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? REACHED : DONE;
}

static int try_create(void)
{
	return open("/tmp/bountygo-limits", O_WRONLY | O_CREAT, 0600) < 0 && errno == EACCES ? REACHED
	                                                                                     : DONE;
}

static int try_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int try_unix_socket(void)
{
	int pair[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

static int try_fork(void)
{
	return fork() == 0 ? 0 : DONE;
}

static int try_exec(void)
{
	char *const argv[] = {"true", NULL};

	return execv("/bin/true", argv);
}

static int try_kill_parent(void)
{
	return kill(getppid(), 0);
}

static int try_ptrace(void)
{
	return (int) ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static int try_executable_memory(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
	            0) == MAP_FAILED;
}

static int try_make_executable(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

static int try_map_file(void)
{
	return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, STDIN_FILENO, 0) == MAP_FAILED;
}

static int try_write_elsewhere(void)
{
	return (int) write(7, "x", 1);
}

static int try_read_elsewhere(void)
{
	char byte;

	return (int) read(STDOUT_FILENO, &byte, 1);
}

static int try_old_interface(void)
{
#ifdef __x86_64__
	/* getpid by the 32 bit gate: a filter that only knows 64 bit numbers would not see it. */
	long result = 20;

	__asm__ volatile("int $0x80" : "+a"(result) : : "memory");
	return DONE;
#else
	return kill(getppid(), 0);
#endif
}

static int try_little_memory(void)
{
	volatile char *block = malloc(BG_LIMITS_GROWTH / 2);

	if (block == NULL)
		return REACHED;
	for (size_t i = 0; i < BG_LIMITS_GROWTH / 2; i += 4096)
		block[i] = 1;
	return DONE;
}

static int try_much_memory(void)
{
	size_t got = 0;

	while (got < 2 * (BG_LIMITS_GROWTH + BG_LIMITS_FRAMES))
	{
		volatile char *block = malloc(65536);

		if (block == NULL)
			return REACHED;
		block[0] = 1;
		got += 65536;
	}
	return DONE;
}

static int try_burning(void)
{
	volatile uint64_t turns = 0;

	bg_limits_start_page();
	for (;;)
		turns++;
	return DONE;
}

static int try_burning_after_page(void)
{
	struct timespec from;
	struct timespec now;

	/* A page that ended in time leaves no clock behind for the next one. */
	bg_limits_start_page();
	bg_limits_end_page();
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	do
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	while ((now.tv_sec - from.tv_sec) * 1000 + (now.tv_nsec - from.tv_nsec) / 1000000 <
	       BG_LIMITS_CPU_MS + 200);
	return DONE;
}

static void test_harmless(void **state)
{
	(void) state;
	assert_exits(try_nothing, DONE);
	assert_exits(try_little_memory, DONE);
	assert_exits(try_burning_after_page, DONE);
}

static void test_files(void **state)
{
	(void) state;
	assert_exits(try_open, REACHED);
	assert_exits(try_create, REACHED);
	assert_killed(try_map_file);
	assert_killed(try_write_elsewhere);
	assert_killed(try_read_elsewhere);
}

static void test_system_calls(void **state)
{
	(void) state;
	assert_killed(try_socket);
	assert_killed(try_unix_socket);
	assert_killed(try_fork);
	assert_killed(try_exec);
	assert_killed(try_kill_parent);
	assert_killed(try_ptrace);
	assert_killed(try_old_interface);
}

static void test_code(void **state)
{
	(void) state;
	assert_killed(try_executable_memory);
	assert_killed(try_make_executable);
}

static void test_memory(void **state)
{
	(void) state;
	assert_exits(try_much_memory, REACHED);
}

static void test_cpu(void **state)
{
	struct rusage before;
	struct rusage after;
	double seconds;

	(void) state;
	getrusage(RUSAGE_CHILDREN, &before);
	assert_exits(try_burning, BG_EXIT_CPU);
	getrusage(RUSAGE_CHILDREN, &after);
	seconds = (double) (after.ru_utime.tv_sec - before.ru_utime.tv_sec) +
	          (double) (after.ru_utime.tv_usec - before.ru_utime.tv_usec) / 1e6;
	assert_true(seconds < 1.5);
}

static void test_isolation(void **state)
{
	int status;
	int extra = dup(STDERR_FILENO);
	pid_t pid;

	(void) state;
	assert_true(extra > STDERR_FILENO);
	setenv("BOUNTYGO_SECRET", "x", 1);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
	{
		const char *failed;
		char directory[8] = "";
		struct rlimit core;

		if (!bg_limits_isolate(&failed))
			_exit(1);
		if (fcntl(extra, F_GETFD) != -1)
			_exit(2);
		if (getenv("BOUNTYGO_SECRET") != NULL)
			_exit(3);
		if (getcwd(directory, sizeof(directory)) == NULL || strcmp(directory, "/") != 0)
			_exit(4);
		if (getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0)
			_exit(5);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	close(extra);
}

/* The confined process waits for input that never comes; its parent dies; so must it, or the pipe would stay open. */
static void test_orphan(void **state)
{
	int alive[2];
	int input[2];
	int status;
	char byte;
	pid_t pid;

	(void) state;
	assert_int_equal(pipe(alive), 0);
	assert_int_equal(pipe(input), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
	{
		int ready[2];

		if (pipe(ready) != 0)
			_exit(1);
		if (fork() == 0)
		{
			const char *failed;

			dup2(input[0], STDIN_FILENO);
			dup2(ready[1], STDERR_FILENO);
			dup2(alive[1], STDOUT_FILENO);
			if (bg_limits_isolate(&failed) && bg_limits_seal(&failed) &&
			    write(STDERR_FILENO, "r", 1) == 1 && read(STDIN_FILENO, &byte, 1) >= 0)
				_exit(0);
			_exit(1);
		}
		close(alive[1]);
		_exit(read(ready[0], &byte, 1) == 1 ? 0 : 2);
	}
	close(alive[1]);
	close(input[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	/* Ends only when the grandchild is gone: input[1] is still open here. */
	alarm(10);
	assert_int_equal(read(alive[0], &byte, 1), 0);
	alarm(0);
	close(alive[0]);
	close(input[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_harmless),     cmocka_unit_test(test_files),
	    cmocka_unit_test(test_system_calls), cmocka_unit_test(test_code),
	    cmocka_unit_test(test_memory),       cmocka_unit_test(test_cpu),
	    cmocka_unit_test(test_isolation),    cmocka_unit_test(test_orphan),
	};

	return cmocka_run_group_tests_name("reader_limits", tests, NULL, NULL);
}

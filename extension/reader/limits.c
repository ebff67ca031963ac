/*
 * limits.c
 *		Confines the calling process for good. See limits.h.
 *
 * A page can be anything, and parsers have bugs: what is left after bg_limits_seal() is reading descriptor 0, writing to 1
 * and 2, memory up to a bound, and the clock. Opening a file is refused with an error and not by death, because C libraries
 * try to (an unknown character set makes iconv look for a module) and go on well without; everything else kills.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "limits.h"

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define SEALED_STACK ((rlim_t) 8 * 1024 * 1024)

#ifndef BG_NO_LIMITS

static timer_t cpu_timer;
static bool has_cpu_timer;

static bool set_limit(int resource, rlim_t value)
{
	struct rlimit limit = {.rlim_cur = value, .rlim_max = value};

	return setrlimit(resource, &limit) == 0;
}

/* When the machine runs out of memory the kernel should take this process, not a database backend. Best effort. */
static void volunteer_for_oom(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
	{
		if (write(fd, "900", 3) < 0)
			errno = 0;
		close(fd);
	}
}

static void on_cpu_limit(int signal_number)
{
	(void) signal_number;
	_exit(BG_EXIT_CPU);
}

static bool create_cpu_timer(void)
{
	struct sigaction action = {.sa_handler = on_cpu_limit};
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGXCPU};

	if (sigaction(SIGXCPU, &action, NULL) != 0)
		return false;
	if (timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &cpu_timer) != 0)
		return false;
	has_cpu_timer = true;
	return true;
}

/* Bytes of address space in use, or 0. */
static size_t address_space(void)
{
	char line[64];
	ssize_t len;
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	len = read(fd, line, sizeof(line) - 1);
	close(fd);
	if (len <= 0)
		return 0;
	line[len] = '\0';
	return (size_t) strtoull(line, NULL, 10) * (size_t) sysconf(_SC_PAGESIZE);
}

static bool load_filter(void)
{
	static const int allowed[] = {
	    SCMP_SYS(munmap),         SCMP_SYS(brk),          SCMP_SYS(madvise),
	    SCMP_SYS(exit),           SCMP_SYS(exit_group),   SCMP_SYS(rt_sigreturn),
	    SCMP_SYS(clock_gettime),  SCMP_SYS(gettimeofday), SCMP_SYS(time),
	    SCMP_SYS(futex),          SCMP_SYS(getrandom),    SCMP_SYS(timer_settime),
	    SCMP_SYS(restart_syscall)};
	static const int refused[] = {SCMP_SYS(open),       SCMP_SYS(openat),   SCMP_SYS(openat2),
	                              SCMP_SYS(stat),       SCMP_SYS(lstat),    SCMP_SYS(newfstatat),
	                              SCMP_SYS(statx),      SCMP_SYS(access),   SCMP_SYS(faccessat),
	                              SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat)};
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	bool ok = filter != NULL;

	ok = ok && seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS) == 0;
	for (size_t i = 0; ok && i < sizeof(allowed) / sizeof(allowed[0]); i++)
		ok = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
	for (size_t i = 0; ok && i < sizeof(refused) / sizeof(refused[0]); i++)
		ok = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), refused[i], 0) == 0;
	ok = ok && seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(read), 1,
	                            SCMP_A0(SCMP_CMP_EQ, STDIN_FILENO)) == 0;
	ok = ok && seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
	                            SCMP_A0(SCMP_CMP_EQ, STDOUT_FILENO)) == 0;
	ok = ok && seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1,
	                            SCMP_A0(SCMP_CMP_EQ, STDERR_FILENO)) == 0;
	/* Memory, but never memory that can be run. */
	ok = ok && seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
	                            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
	                            SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS)) == 0;
	ok = ok && seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mremap), 0) == 0;
	ok = ok && seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
	                            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) == 0;
	ok = ok && seccomp_load(filter) == 0;
	if (filter != NULL)
		seccomp_release(filter);
	return ok;
}

#endif /* !BG_NO_LIMITS */

static void close_inherited(void)
{
	if (close_range(STDERR_FILENO + 1, ~0U, 0) == 0)
		return;
	/* Kernels before 5.9. */
	for (int fd = (int) sysconf(_SC_OPEN_MAX) - 1; fd > STDERR_FILENO; fd--)
		close(fd);
}

bool bg_limits_isolate(const char **what)
{
	close_inherited();
	clearenv();
#ifdef BG_NO_LIMITS
	*what = NULL;
	return true;
#else
	volunteer_for_oom();
	*what = "prctl";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0) != 0)
		return false;
	*what = "directory";
	if (chdir("/") != 0)
		return false;
	*what = "rlimit";
	if (!set_limit(RLIMIT_CORE, 0) || !set_limit(RLIMIT_FSIZE, 0) ||
	    !set_limit(RLIMIT_NOFILE, 16) || !set_limit(RLIMIT_NPROC, 0) ||
	    !set_limit(RLIMIT_MEMLOCK, 0) || !set_limit(RLIMIT_MSGQUEUE, 0))
		return false;
	*what = "timer";
	return create_cpu_timer();
#endif
}

bool bg_limits_seal(const char **what)
{
#ifdef BG_NO_LIMITS
	*what = NULL;
	return true;
#else
	size_t base = address_space();
	struct rlimit stack;

	*what = "statm";
	if (base == 0)
		return false;
	*what = "rlimit";
	if (getrlimit(RLIMIT_STACK, &stack) != 0)
		return false;
	if (stack.rlim_cur == RLIM_INFINITY || stack.rlim_cur > SEALED_STACK)
		stack.rlim_cur = SEALED_STACK;
	if (!set_limit(RLIMIT_STACK, stack.rlim_cur) ||
	    !set_limit(RLIMIT_AS, base + BG_LIMITS_GROWTH + BG_LIMITS_FRAMES) ||
	    !set_limit(RLIMIT_NOFILE, STDERR_FILENO + 1))
		return false;
	*what = "seccomp";
	return load_filter();
#endif
}

#ifndef BG_NO_LIMITS
static void set_cpu_timer(long milliseconds)
{
	struct itimerspec spec = {
	    .it_value = {.tv_sec = milliseconds / 1000, .tv_nsec = milliseconds % 1000 * 1000000}};

	if (has_cpu_timer)
		timer_settime(cpu_timer, 0, &spec, NULL);
}
#endif

void bg_limits_start_page(void)
{
#ifndef BG_NO_LIMITS
	set_cpu_timer(BG_LIMITS_CPU_MS);
#endif
}

void bg_limits_end_page(void)
{
#ifndef BG_NO_LIMITS
	set_cpu_timer(0);
#endif
}

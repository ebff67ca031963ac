/*
 * limits.h
 *		What the process that reads hostile pages takes away from itself: descriptors, files, processes, memory, system calls, time.
 *
 * Linux only. Order: bg_limits_isolate() first thing in main(), then whatever opens files (character sets, libraries), then
 * bg_limits_seal(), then bytes from outside. Built with BG_NO_LIMITS (sanitizers need the system calls and the address space)
 * nothing but the closing of descriptors happens; such a build is for tests only.
 */
#ifndef BG_READER_LIMITS_H
#define BG_READER_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

#define BG_LIMITS_GROWTH ((size_t) 64 * 1024 * 1024) /* bytes a page may take beyond the base */
#define BG_LIMITS_FRAMES \
	((size_t) 16 * 1024 * 1024) /* room for the request and the answer beside it */
#define BG_LIMITS_CPU_MS 1000   /* CPU time a page may take */

/* Exit statuses by which the owner tells what happened. */
#define BG_EXIT_UNCONFINED 70 /* a limit could not be set: nothing was read */
#define BG_EXIT_MEMORY 71
#define BG_EXIT_CPU 72
#define BG_EXIT_PROTOCOL 73

/*
 * No new privileges, death with the parent, no descriptor but 0 to 2, "/" as directory, no core, no file growth, no
 * process, no environment. False with the name of what failed in *what.
 */
extern bool bg_limits_isolate(const char **what);
/* Bounds the address space at what is in use plus growth and frames; admits only the system calls that reading takes. */
extern bool bg_limits_seal(const char **what);
/* Starts the CPU clock of one page; at BG_LIMITS_CPU_MS the process ends with BG_EXIT_CPU. */
extern void bg_limits_start_page(void);
extern void bg_limits_end_page(void);

#endif

/*
 * loop.h
 *		One epoll descriptor with one timer descriptor inside: everything a worker waits for outside PostgreSQL. Plain C.
 *
 * The worker adds bg_loop_fd() to its WaitEventSet once and calls bg_loop_run() when it is readable. Callbacks run inside
 * bg_loop_run(); they must not raise (ENGINEERING 7.5), so they only note what happened for the caller to look at afterwards.
 */
#ifndef BG_LOOP_H
#define BG_LOOP_H

#include <stdbool.h>
#include <stdint.h>

typedef struct bg_loop bg_loop;
typedef struct bg_timer bg_timer;
typedef void (*bg_loop_io)(int fd, uint32_t epoll_events, void *arg);
typedef void (*bg_loop_alarm)(void *arg);

extern bg_loop *bg_loop_create(void); /* NULL with errno */
extern void bg_loop_free(bg_loop *loop);
extern int bg_loop_fd(const bg_loop *loop);
/* Watches fd (EPOLLIN | EPOLLOUT ...); again with other events changes them. False with errno. */
extern bool bg_loop_watch(bg_loop *loop, int fd, uint32_t epoll_events, bg_loop_io io, void *arg);
/* Safe inside callbacks, also for a descriptor whose event is still pending in this turn. */
extern void bg_loop_unwatch(bg_loop *loop, int fd);
/* One-shot timers. bg_timer_set() (re)arms in milliseconds from now; -1 disarms. */
extern bg_timer *bg_timer_create(bg_loop *loop, bg_loop_alarm alarm, void *arg);
extern void bg_timer_set(bg_timer *timer, long milliseconds);
extern void bg_timer_free(bg_timer *timer);
/* Handles what is ready, without waiting: timers first, then descriptors. Returns the number of callbacks. */
extern int bg_loop_run(bg_loop *loop);
extern int64_t bg_loop_now_ms(void); /* monotonic */

#endif

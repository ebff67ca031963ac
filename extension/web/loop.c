/*
 * loop.c
 *		One epoll descriptor with a timerfd inside, and one-shot timers on a heap. Plain C; see loop.h.
 *
 * Does not wait: whoever owns the loop waits on its descriptor and calls bg_loop_run(). Timers are freed by who made them,
 * before the loop is.
 */
#include "loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_A_TURN 64

/* One slot per descriptor number. The generation tells a pending event of a former watch from one of the present watch. */
typedef struct watch
{
	bg_loop_io io; /* NULL = not watched */
	void *arg;
	uint32_t generation;
} watch;

struct bg_timer
{
	bg_loop *loop;
	bg_loop_alarm alarm;
	void *arg;
	int64_t deadline; /* ms */
	uint64_t sequence;
	int index; /* in the heap; -1 = not armed */
};

struct bg_loop
{
	int epoll;
	int clock;
	int64_t clock_set; /* what the timerfd is set to; -1 = off */
	watch *watches;
	int watch_count;
	bg_timer **heap;
	int heap_len;
	int heap_room;
	int timers; /* that exist, armed or not */
	uint64_t sequence;
};

int64_t bg_loop_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bg_loop *bg_loop_create(void)
{
	bg_loop *loop = calloc(1, sizeof(*loop));
	struct epoll_event event = {.events = EPOLLIN};

	if (loop == NULL)
		return NULL;
	loop->clock_set = -1;
	loop->clock = -1;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll >= 0)
		loop->clock = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	event.data.u64 = UINT64_MAX;
	if (loop->clock < 0 || epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->clock, &event) != 0)
	{
		int saved = errno;

		bg_loop_free(loop);
		errno = saved;
		return NULL;
	}
	return loop;
}

void bg_loop_free(bg_loop *loop)
{
	if (loop == NULL)
		return;
	if (loop->clock >= 0)
		close(loop->clock);
	if (loop->epoll >= 0)
		close(loop->epoll);
	free(loop->watches);
	free(loop->heap);
	free(loop);
}

int bg_loop_fd(const bg_loop *loop)
{
	return loop->epoll;
}

bool bg_loop_watch(bg_loop *loop, int fd, uint32_t epoll_events, bg_loop_io io, void *arg)
{
	struct epoll_event event = {.events = epoll_events};
	watch *slot;

	if (fd < 0 || io == NULL)
	{
		errno = EINVAL;
		return false;
	}
	if (fd >= loop->watch_count)
	{
		int count = loop->watch_count < 64 ? 64 : loop->watch_count;
		watch *watches;

		while (count <= fd)
			count *= 2;
		watches = realloc(loop->watches, (size_t) count * sizeof(*watches));
		if (watches == NULL)
			return false;
		memset(watches + loop->watch_count, 0,
		       (size_t) (count - loop->watch_count) * sizeof(*watches));
		loop->watches = watches;
		loop->watch_count = count;
	}
	slot = &loop->watches[fd];
	if (slot->io == NULL)
		slot->generation++;
	event.data.u64 = (uint64_t) slot->generation << 32 | (uint32_t) fd;
	/* A descriptor may have been closed and its number reused behind our back: take what the kernel knows as the truth. */
	if (epoll_ctl(loop->epoll, EPOLL_CTL_MOD, fd, &event) != 0 &&
	    (errno != ENOENT || epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) != 0))
		return false;
	slot->io = io;
	slot->arg = arg;
	return true;
}

void bg_loop_unwatch(bg_loop *loop, int fd)
{
	if (fd < 0 || fd >= loop->watch_count || loop->watches[fd].io == NULL)
		return;
	loop->watches[fd].io = NULL;
	loop->watches[fd].arg = NULL;
	loop->watches[fd].generation++;
	/* Fails if it is closed already; then the kernel has dropped it. */
	(void) epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
}

/* ---- timers ---- */

static bool before(const bg_timer *a, const bg_timer *b)
{
	return a->deadline != b->deadline ? a->deadline < b->deadline : a->sequence < b->sequence;
}

static void place(bg_loop *loop, int index, bg_timer *timer)
{
	loop->heap[index] = timer;
	timer->index = index;
}

static void sift(bg_loop *loop, int index)
{
	bg_timer *timer = loop->heap[index];

	while (index > 0 && before(timer, loop->heap[(index - 1) / 2]))
	{
		place(loop, index, loop->heap[(index - 1) / 2]);
		index = (index - 1) / 2;
	}
	for (;;)
	{
		int child = 2 * index + 1;

		if (child >= loop->heap_len)
			break;
		if (child + 1 < loop->heap_len && before(loop->heap[child + 1], loop->heap[child]))
			child++;
		if (!before(loop->heap[child], timer))
			break;
		place(loop, index, loop->heap[child]);
		index = child;
	}
	place(loop, index, timer);
}

static void disarm(bg_timer *timer)
{
	bg_loop *loop = timer->loop;
	int index = timer->index;

	if (index < 0)
		return;
	timer->index = -1;
	loop->heap_len--;
	if (index < loop->heap_len)
	{
		place(loop, index, loop->heap[loop->heap_len]);
		sift(loop, index);
	}
}

/* Sets the timerfd to the earliest deadline, if it is not set so already. */
static void set_clock(bg_loop *loop)
{
	int64_t deadline = loop->heap_len > 0 ? loop->heap[0]->deadline : -1;
	struct itimerspec when = {{0, 0}, {0, 0}};

	if (deadline == loop->clock_set)
		return;
	if (deadline >= 0)
	{
		when.it_value.tv_sec = (time_t) (deadline / 1000);
		when.it_value.tv_nsec = (long) (deadline % 1000) * 1000000 + 1;
	}
	if (timerfd_settime(loop->clock, TFD_TIMER_ABSTIME, &when, NULL) == 0)
		loop->clock_set = deadline;
}

bg_timer *bg_timer_create(bg_loop *loop, bg_loop_alarm alarm, void *arg)
{
	bg_timer *timer;

	/* Room in the heap is taken for every timer that exists, so that arming one cannot fail. */
	if (loop->timers == loop->heap_room)
	{
		int room = loop->heap_room < 32 ? 32 : loop->heap_room * 2;
		bg_timer **heap = realloc(loop->heap, (size_t) room * sizeof(*heap));

		if (heap == NULL)
			return NULL;
		loop->heap = heap;
		loop->heap_room = room;
	}
	timer = calloc(1, sizeof(*timer));
	if (timer == NULL)
		return NULL;
	timer->loop = loop;
	timer->alarm = alarm;
	timer->arg = arg;
	timer->index = -1;
	loop->timers++;
	return timer;
}

void bg_timer_set(bg_timer *timer, long milliseconds)
{
	bg_loop *loop = timer->loop;

	disarm(timer);
	if (milliseconds >= 0)
	{
		timer->deadline = bg_loop_now_ms() + milliseconds;
		timer->sequence = ++loop->sequence;
		place(loop, loop->heap_len++, timer);
		sift(loop, timer->index);
	}
	set_clock(loop);
}

void bg_timer_free(bg_timer *timer)
{
	if (timer == NULL)
		return;
	disarm(timer);
	set_clock(timer->loop);
	timer->loop->timers--;
	free(timer);
}

int bg_loop_run(bg_loop *loop)
{
	struct epoll_event events[EVENTS_A_TURN];
	int64_t now = bg_loop_now_ms();
	uint64_t last = loop->sequence; /* timers armed from now on wait for the next turn */
	uint64_t expirations;
	int calls = 0;
	int count;

	if (read(loop->clock, &expirations, sizeof(expirations)) > 0)
		loop->clock_set = -1;
	while (loop->heap_len > 0 && loop->heap[0]->deadline <= now && loop->heap[0]->sequence <= last)
	{
		bg_timer *timer = loop->heap[0];

		disarm(timer);
		calls++;
		timer->alarm(timer->arg);
	}
	set_clock(loop);

	count = epoll_wait(loop->epoll, events, EVENTS_A_TURN, 0);
	for (int i = 0; i < count; i++)
	{
		int fd = (int) (uint32_t) events[i].data.u64;
		uint32_t generation = (uint32_t) (events[i].data.u64 >> 32);

		if (events[i].data.u64 == UINT64_MAX || fd >= loop->watch_count ||
		    loop->watches[fd].io == NULL || loop->watches[fd].generation != generation)
			continue;
		calls++;
		loop->watches[fd].io(fd, events[i].events, loop->watches[fd].arg);
	}
	return calls;
}

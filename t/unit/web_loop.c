/*
 * web_loop.c
 *		The loop: order of timers, descriptors that go away while their event waits, re-arming inside callbacks.
 */
#include <sys/epoll.h>

#include "web_servers.h"

typedef struct note
{
	bg_loop *loop;
	char *log;
	char name;
	bg_timer *self;
	bg_timer *other;
	int again;
} note;

static void write_name(void *arg)
{
	note *n = arg;
	size_t len = strlen(n->log);

	n->log[len] = n->name;
	n->log[len + 1] = '\0';
	if (n->again-- > 0)
		bg_timer_set(n->self, 0);
	if (n->other != NULL)
	{
		bg_timer_free(n->other);
		n->other = NULL;
	}
}

static void test_timer_order(void **state)
{
	bg_loop *loop = bg_loop_create();
	char log[64] = "";
	long delays[] = {40, 10, 0, 20, 10, 30};
	note notes[6];
	bg_timer *timers[6];

	(void) state;
	for (int i = 0; i < 6; i++)
	{
		notes[i] = (note){.loop = loop, .log = log, .name = (char) ('a' + i)};
		timers[i] = bg_timer_create(loop, write_name, &notes[i]);
		assert_non_null(timers[i]);
		bg_timer_set(timers[i], delays[i]);
	}
	bg_timer_set(timers[5], -1);
	bg_timer_set(timers[3], 5);
	while (strlen(log) < 5)
		assert_true(turn(loop, 1000));
	assert_string_equal(log, "cdbea");
	assert_false(turn(loop, 50));
	for (int i = 0; i < 6; i++)
		bg_timer_free(timers[i]);
	bg_loop_free(loop);
}

static void test_timer_in_callback(void **state)
{
	bg_loop *loop = bg_loop_create();
	char log[64] = "";
	note a = {.loop = loop, .log = log, .name = 'a', .again = 2};
	note b = {.loop = loop, .log = log, .name = 'b'};

	(void) state;
	a.self = bg_timer_create(loop, write_name, &a);
	a.other = bg_timer_create(loop, write_name, &b);
	bg_timer_set(a.self, 0);
	bg_timer_set(a.other, 0);
	/* A timer armed in its own callback waits for the next turn; the other is freed before it is due. */
	assert_true(turn(loop, 1000));
	assert_string_equal(log, "a");
	assert_true(turn(loop, 1000));
	assert_true(turn(loop, 1000));
	assert_string_equal(log, "aaa");
	assert_false(turn(loop, 20));
	bg_timer_free(a.self);
	bg_loop_free(loop);
}

static void test_many_timers(void **state)
{
	enum
	{
		COUNT = 500
	};
	bg_loop *loop = bg_loop_create();
	static char log[COUNT + 1];
	static note notes[COUNT];
	static bg_timer *timers[COUNT];
	unsigned seed = 7;

	(void) state;
	for (int i = 0; i < COUNT; i++)
	{
		notes[i] = (note){.loop = loop, .log = log, .name = 'x'};
		timers[i] = bg_timer_create(loop, write_name, &notes[i]);
		seed = seed * 1103515245u + 12345u;
		notes[i].name = (char) ('0' + seed / 65536 % 10);
		bg_timer_set(timers[i], (notes[i].name - '0') * 10);
	}
	while (strlen(log) < COUNT)
		assert_true(turn(loop, 1000));
	for (int i = 1; i < COUNT; i++)
		assert_true(log[i - 1] <= log[i]);
	for (int i = 0; i < COUNT; i++)
		bg_timer_free(timers[i]);
	bg_loop_free(loop);
}

typedef struct pair
{
	bg_loop *loop;
	int here[2];
	int there[2];
	int calls;
	bool reuse;
} pair;

static void drop_other(int fd, uint32_t events, void *arg)
{
	pair *p = arg;
	int other = fd == p->here[0] ? p->here[1] : p->here[0];

	assert_true(events & EPOLLIN);
	p->calls++;
	bg_loop_unwatch(p->loop, other);
	bg_loop_unwatch(p->loop, fd);
	if (p->reuse)
	{
		/* The number comes back for another socket, which has nothing to read. */
		int fresh[2];

		close(other);
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fresh), 0);
		if (fresh[0] != other)
		{
			assert_true(dup2(fresh[0], other) == other);
			close(fresh[0]);
		}
		close(fresh[1] == other ? -1 : fresh[1]);
		assert_true(bg_loop_watch(p->loop, other, EPOLLOUT, drop_other, p));
	}
}

static void test_unwatch_pending(void **state)
{
	(void) state;
	for (int reuse = 0; reuse < 2; reuse++)
	{
		pair p = {.loop = bg_loop_create(), .reuse = reuse == 1};

		for (int i = 0; i < 2; i++)
		{
			int both[2];

			assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, both), 0);
			p.here[i] = both[0];
			p.there[i] = both[1];
			assert_true(bg_loop_watch(p.loop, both[0], EPOLLIN, drop_other, &p));
			assert_int_equal(write(both[1], "x", 1), 1);
		}
		/* Both are ready; the first callback takes the second away. */
		assert_int_equal(bg_loop_run(p.loop), 1);
		assert_int_equal(p.calls, 1);
		for (int i = 0; i < 2; i++)
		{
			close(p.here[i]);
			close(p.there[i]);
		}
		bg_loop_free(p.loop);
	}
}

static void count_call(int fd, uint32_t events, void *arg)
{
	(void) fd;
	(void) events;
	++*(int *) arg;
}

static void test_watch_changes(void **state)
{
	bg_loop *loop = bg_loop_create();
	int both[2];
	int calls = 0;

	(void) state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, both), 0);
	assert_true(bg_loop_watch(loop, both[0], EPOLLIN, count_call, &calls));
	assert_int_equal(bg_loop_run(loop), 0);
	assert_true(bg_loop_watch(loop, both[0], EPOLLIN | EPOLLOUT, count_call, &calls));
	assert_int_equal(bg_loop_run(loop), 1);
	bg_loop_unwatch(loop, both[0]);
	bg_loop_unwatch(loop, both[0]);
	bg_loop_unwatch(loop, 9999);
	assert_int_equal(bg_loop_run(loop), 0);
	/* Closed without a word, number used again: the new one can be watched. */
	assert_true(bg_loop_watch(loop, both[0], EPOLLIN, count_call, &calls));
	close(both[0]);
	close(both[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, both), 0);
	assert_true(bg_loop_watch(loop, both[0], EPOLLOUT, count_call, &calls));
	assert_int_equal(bg_loop_run(loop), 1);
	assert_int_equal(calls, 2);
	assert_false(bg_loop_watch(loop, -1, EPOLLIN, count_call, &calls));
	close(both[0]);
	close(both[1]);
	bg_loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_timer_order),   cmocka_unit_test(test_timer_in_callback),
	    cmocka_unit_test(test_many_timers),   cmocka_unit_test(test_unwatch_pending),
	    cmocka_unit_test(test_watch_changes),
	};

	return cmocka_run_group_tests_name("web_loop", tests, NULL, NULL);
}

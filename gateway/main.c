/*
 * main.c
 *		Starts the loops, passes messages between them, and ends them in order. Serves nothing itself.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "db.h"
#include "docs.h"
#include "fill.h"
#include "health.h"
#include "limit.h"
#include "log.h"
#include "loop.h"
#include "notify.h"
#include "redis.h"
#include "request.h"
#include "server.h"
#include "shared.h"
#include "views.h"
#include "wait.h"

#define TICK_MS 100

#ifndef BG_VERSION
#define BG_VERSION "1.0"
#endif

bg_loop *bg_loops;
int bg_n_loops;

static bg_config config;
static bg_limits limits;
static int argument_count;
static char **arguments;
static uv_signal_t signals[3];
static uv_sem_t ended; /* loops of other threads that have */

uint64_t bg_now_ms(void)
{
	return uv_hrtime() / 1000000;
}

/* ---- a loop ---- */

static void close_one(uv_handle_t *handle, void *data)
{
	(void) data;
	if (!uv_is_closing(handle) && handle->type == UV_SIGNAL)
		uv_close(handle, NULL);
}

/* All requests here are answered, or their time is up. */
static void end_loop(bg_loop *loop)
{
	uv_timer_stop(&loop->tick);
	bg_views_close(loop->views);
	bg_db_close(loop->db);
	if (loop->redis != NULL)
	{
		bg_redis_close(loop->redis);
		bg_shared_close(loop->shared);
	}
	if (loop->id == 0)
		bg_notify_stop();
	uv_walk(&loop->uv, close_one, NULL);
	uv_stop(&loop->uv);
}

static void on_tick(uv_timer_t *timer)
{
	bg_loop *loop = timer->data;
	int n = bg_request_tick(loop);

	/* Views that are remembered here only are told before the end. */
	if (loop->draining && ((n == 0 && !bg_fill_is_busy(loop) && bg_views_flush(loop->views)) ||
	                       bg_now_ms() >= loop->drain_until))
	{
		if (n > 0)
			bg_log(BG_LOG_WARNING, NULL, "%d requests are cut off: drain_timeout_ms is over", n);
		end_loop(loop);
	}
	else if (n == 0 && !loop->draining)
	{
		uv_timer_stop(timer);
		loop->ticking = false;
	}
}

void bg_loop_busy(bg_loop *loop)
{
	if (loop->ticking)
		return;
	loop->ticking = true;
	uv_timer_start(&loop->tick, on_tick, TICK_MS, TICK_MS);
}

static void drain(bg_loop *loop)
{
	if (loop->draining)
		return;
	loop->draining = true;
	loop->drain_until = bg_now_ms() + (uint64_t) BG_LIVE(loop->config, drain_timeout_ms);
	bg_server_drain(loop->server);
	loop->ticking = true;
	uv_timer_start(&loop->tick, on_tick, 1, TICK_MS / 4);
}

static void on_message(uv_async_t *async)
{
	bg_loop *loop = async->data;
	bg_message *newest;
	bg_message *ordered = NULL;

	uv_mutex_lock(&loop->lock);
	newest = loop->inbox;
	loop->inbox = NULL;
	uv_mutex_unlock(&loop->lock);
	while (newest != NULL)
	{
		bg_message *next = newest->next;

		newest->next = ordered;
		ordered = newest;
		newest = next;
	}
	while (ordered != NULL)
	{
		bg_message *message = ordered;

		ordered = message->next;
		switch (message->type)
		{
			case BG_MESSAGE_ENTRY:
				bg_fill_arrived(loop, message->entry);
				break;
			case BG_MESSAGE_ROUTES:
				bg_routes_unref(loop->routes);
				loop->routes = message->routes;
				break;
			case BG_MESSAGE_JOB:
				bg_wait_notify(loop, message->job);
				break;
			case BG_MESSAGE_DRAIN:
				drain(loop);
				break;
		}
		free(message);
	}
}

static void post(bg_loop *loop, bg_message *message)
{
	uv_mutex_lock(&loop->lock);
	message->next = loop->inbox;
	loop->inbox = message;
	uv_mutex_unlock(&loop->lock);
	uv_async_send(&loop->wake);
}

void bg_loop_send(bg_loop *loop, bg_message_type type, bg_routes *routes, int64_t job)
{
	bg_message *message = bg_alloc(sizeof(*message));

	message->type = type;
	message->routes = routes;
	message->job = job;
	post(loop, message);
}

void bg_loop_send_entry(bg_loop *loop, bg_entry *entry)
{
	bg_message *message = bg_alloc(sizeof(*message));

	message->type = BG_MESSAGE_ENTRY;
	message->entry = entry;
	post(loop, message);
}

static bool set_up_loop(bg_loop *loop, int id, bg_buf *error)
{
	bg_redis_target target;
	int each = config.db_pool_size / bg_n_loops;

	loop->id = id;
	loop->config = &config;
	loop->limits = &limits;
	uv_loop_init(&loop->uv);
	uv_mutex_init(&loop->lock);
	uv_async_init(&loop->uv, &loop->wake, on_message);
	loop->wake.data = loop;
	uv_timer_init(&loop->uv, &loop->tick);
	loop->tick.data = loop;
	/* What doesn't divide goes to the first loops. */
	each += id < config.db_pool_size % bg_n_loops;
	loop->db = bg_db_create(loop, each > 0 ? each : 1);
	loop->views = bg_views_create(loop);
	if (bg_config_redis(config.redis_url, &target))
	{
		loop->redis = bg_redis_create(loop, &target);
		loop->shared = bg_shared_create(loop, loop->redis);
	}
	loop->server = bg_server_create(loop, error);
	return loop->server != NULL;
}

static void run_loop(void *data)
{
	bg_loop *loop = data;

	uv_run(&loop->uv, UV_RUN_DEFAULT);
}

/* The thread stays until the process ends: libh2o keeps free memory by thread, which would be lost with it. */
static void run_thread(void *data)
{
	run_loop(data);
	uv_sem_post(&ended);
	for (;;)
		pause();
}

/* ---- signals ---- */

static void reload(void)
{
	bg_config fresh;
	bg_config_action action;
	bg_buf text = {0};

	if (bg_config_load(&fresh, argument_count, arguments, &action, &text) > 0)
		bg_log(BG_LOG_ERROR, NULL, "settings are left as they were: %s", text.s);
	else
	{
		text.n = 0;
		bg_config_reload(&config, &fresh, &text);
		bg_log_setup(config.log_level, config.log_format);
		bg_log(BG_LOG_INFO, NULL, "settings read again: %s", text.n ? text.s : "nothing changed");
	}
	bg_buf_free(&text);
	bg_config_free(&fresh);
}

static void on_signal(uv_signal_t *handle, int number)
{
	(void) handle;
	if (number == SIGHUP)
	{
		reload();
		return;
	}
	bg_log(BG_LOG_INFO, NULL,
	       "ending: no new connections, requests at work go on for %d ms at most",
	       config.drain_timeout_ms);
	for (int i = 0; i < bg_n_loops; i++)
		bg_loop_send(&bg_loops[i], BG_MESSAGE_DRAIN, NULL, 0);
}

static void watch_signals(uv_loop_t *uv)
{
	static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};

	for (int i = 0; i < 3; i++)
	{
		uv_signal_init(uv, &signals[i]);
		uv_signal_start(&signals[i], on_signal, numbers[i]);
	}
	signal(SIGPIPE, SIG_IGN);
}

/* ---- start ---- */

static void print(FILE *to, bg_buf *text)
{
	fputs(text->n ? text->s : "", to);
	bg_buf_free(text);
}

/* The usual 1,024 descriptors are for programs that use select(); a thousand idle clients would shut out all others. */
static void raise_file_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max)
		return;
	files.rlim_cur = files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		bg_log(BG_LOG_WARNING, NULL, "the limit of open files can't be raised: %s",
		       strerror(errno));
}

static int run(void)
{
	bg_buf error = {0};

	raise_file_limit();
	bg_n_loops = config.threads > 0 ? config.threads : (int) sysconf(_SC_NPROCESSORS_ONLN);
	if (bg_n_loops < 1)
		bg_n_loops = 1;
	bg_loops = bg_alloc(sizeof(bg_loop) * (size_t) bg_n_loops);
	srand((unsigned) (uv_hrtime() ^ (uint64_t) getpid()));
	bg_health_started_ms = bg_now_ms();
	bg_cache_init((size_t) config.cache_size * 1024 * 1024);
	bg_limits_parse(config.rate_limits, &limits, &error);
	if (strcmp(config.docs, "on") == 0 && !bg_docs_load(config.docs_dir, &error))
	{
		bg_log(BG_LOG_WARNING, NULL, "%s", error.s);
		error.n = 0;
	}
	for (int i = 0; i < bg_n_loops; i++)
		if (!set_up_loop(&bg_loops[i], i, &error))
		{
			bg_log(BG_LOG_ERROR, NULL, "%s", error.s);
			return 1;
		}
	watch_signals(&bg_loops[0].uv);
	bg_notify_start(&bg_loops[0]);
	bg_log(BG_LOG_INFO, NULL,
	       "bountygo-gateway %s listens on port %d, for operators on port %d, with %d loops",
	       BG_VERSION, bg_server_port(bg_loops[0].server, false),
	       bg_server_port(bg_loops[0].server, true), bg_n_loops);
	uv_sem_init(&ended, 0);
	for (int i = 1; i < bg_n_loops; i++)
		if (uv_thread_create(&bg_loops[i].thread, run_thread, &bg_loops[i]) != 0)
		{
			bg_log(BG_LOG_ERROR, NULL, "a thread can't be started: %s", strerror(errno));
			return 1;
		}
	run_loop(&bg_loops[0]);
	for (int i = 1; i < bg_n_loops; i++)
		uv_sem_wait(&ended);
	bg_log(BG_LOG_INFO, NULL, "ended");
	return 0;
}

int main(int argc, char **argv)
{
	bg_config_action action;
	bg_buf text = {0};
	int problems = bg_config_load(&config, argc, argv, &action, &text);

	argument_count = argc;
	arguments = argv;
	if (action == BG_CONFIG_HELP || action == BG_CONFIG_SETTINGS)
	{
		text.n = 0;
		(action == BG_CONFIG_HELP ? bg_config_usage : bg_config_markdown)(&text);
		print(stdout, &text);
		return 0;
	}
	if (action == BG_CONFIG_VERSION)
	{
		puts("bountygo-gateway " BG_VERSION);
		return 0;
	}
	if (problems > 0)
	{
		print(stderr, &text);
		return 2;
	}
	bg_buf_free(&text);
	if (action == BG_CONFIG_CHECK)
	{
		puts("settings: fine");
		return 0;
	}
	bg_log_setup(config.log_level, config.log_format);
	return run();
}

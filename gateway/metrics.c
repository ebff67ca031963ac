/*
 * metrics.c
 *		Counts requests by method, route and status. The number of series is bounded: names come from the route table only.
 */
#include "metrics.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cache.h"
#include "db.h"
#include "fill.h"
#include "shared.h"
#include "views.h"

#define MAX_SERIES 4096
#define N_BUCKETS 8

static const double buckets[N_BUCKETS] = {0.001, 0.0025, 0.01, 0.025, 0.1, 0.25, 1, 10};

typedef struct series
{
	char method[16];
	char route[200];
	int status;
	uint64_t count;
	double sum;
	uint64_t below[N_BUCKETS];
} series;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static series all[MAX_SERIES];
static int n_series;
static uint64_t overflow;
static int at_work;

static uint32_t hash(const char *s, uint32_t h)
{
	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char) *s) * 16777619u;
	return h;
}

void bg_metrics_request(const char *method, const char *route, int status, double seconds)
{
	uint32_t at = hash(route, hash(method, 2166136261u ^ (uint32_t) status)) % MAX_SERIES;

	pthread_mutex_lock(&lock);
	for (;;)
	{
		series *s = &all[at];

		if (s->count == 0)
		{
			if (n_series >= MAX_SERIES / 2)
			{
				overflow++;
				break;
			}
			n_series++;
			snprintf(s->method, sizeof(s->method), "%s", method);
			snprintf(s->route, sizeof(s->route), "%s", route);
			s->status = status;
		}
		else if (s->status != status || strcmp(s->route, route) != 0 ||
		         strcmp(s->method, method) != 0)
		{
			at = (at + 1) % MAX_SERIES;
			continue;
		}
		s->count++;
		s->sum += seconds;
		for (int b = 0; b < N_BUCKETS; b++)
			s->below[b] += seconds <= buckets[b];
		break;
	}
	pthread_mutex_unlock(&lock);
}

int bg_metrics_at_work(int change)
{
	return __atomic_add_fetch(&at_work, change, __ATOMIC_RELAXED);
}

static void describe(bg_buf *out, const char *name, const char *type, const char *help)
{
	bg_buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_requests(bg_buf *out)
{
	describe(out, "bountygo_http_requests_total", "counter", "Requests answered.");
	for (int i = 0; i < MAX_SERIES; i++)
		if (all[i].count > 0)
			bg_buf_printf(out,
			              "bountygo_http_requests_total{method=\"%s\",route=\"%s\",status=\"%d\"} "
			              "%llu\n",
			              all[i].method, all[i].route, all[i].status,
			              (unsigned long long) all[i].count);
	describe(out, "bountygo_http_request_duration_seconds", "histogram",
	         "Time from the arrival of a request to its answer.");
	for (int i = 0; i < MAX_SERIES; i++)
	{
		series *s = &all[i];

		if (s->count == 0)
			continue;
		for (int b = 0; b <= N_BUCKETS; b++)
		{
			bg_buf_printf(
			    out,
			    "bountygo_http_request_duration_seconds_bucket{method=\"%s\",route=\"%s\","
			    "status=\"%d\",le=\"",
			    s->method, s->route, s->status);
			if (b < N_BUCKETS)
				bg_buf_printf(out, "%g\"} %llu\n", buckets[b], (unsigned long long) s->below[b]);
			else
				bg_buf_printf(out, "+Inf\"} %llu\n", (unsigned long long) s->count);
		}
		bg_buf_printf(out,
		              "bountygo_http_request_duration_seconds_sum{method=\"%s\",route=\"%s\","
		              "status=\"%d\"} %.6f\n"
		              "bountygo_http_request_duration_seconds_count{method=\"%s\",route=\"%s\","
		              "status=\"%d\"} %llu\n",
		              s->method, s->route, s->status, s->sum, s->method, s->route, s->status,
		              (unsigned long long) s->count);
	}
	describe(out, "bountygo_http_requests_uncounted_total", "counter",
	         "Requests answered for which there was no room to count them one by one.");
	bg_buf_printf(out, "bountygo_http_requests_uncounted_total %llu\n",
	              (unsigned long long) overflow);
}

static void write_cache(bg_buf *out)
{
	bg_fill_state reads;
	bg_cache_state memory;
	bg_shared_state redis;

	bg_fill_look(&reads);
	bg_cache_look(&memory);
	bg_shared_look(&redis);
	describe(out, "bountygo_cache_reads_total", "counter",
	         "Reads that may be answered from the cache, by how they were.");
	bg_buf_printf(out,
	              "bountygo_cache_reads_total{how=\"memory\"} "
	              "%llu\nbountygo_cache_reads_total{how=\"redis\"} %llu\n"
	              "bountygo_cache_reads_total{how=\"database\"} "
	              "%llu\nbountygo_cache_reads_total{how=\"shared\"} %llu\n"
	              "bountygo_cache_reads_total{how=\"uncacheable\"} "
	              "%llu\nbountygo_cache_reads_total{how=\"no_database\"} %llu\n",
	              (unsigned long long) reads.hits, (unsigned long long) reads.redis_hits,
	              (unsigned long long) reads.misses, (unsigned long long) reads.shared,
	              (unsigned long long) reads.uncacheable, (unsigned long long) reads.stale);
	describe(out, "bountygo_cache_entries", "gauge", "Answers in memory.");
	bg_buf_printf(out, "bountygo_cache_entries %llu\n", (unsigned long long) memory.entries);
	describe(out, "bountygo_cache_bytes", "gauge", "Memory they take.");
	bg_buf_printf(out, "bountygo_cache_bytes %llu\n", (unsigned long long) memory.bytes);
	describe(out, "bountygo_cache_evictions_total", "counter",
	         "Answers that went because memory was full.");
	bg_buf_printf(out, "bountygo_cache_evictions_total %llu\n",
	              (unsigned long long) memory.evicted);
	describe(out, "bountygo_redis_reads_total", "counter",
	         "Answers that Redis was asked for, by what came of it.");
	bg_buf_printf(out,
	              "bountygo_redis_reads_total{outcome=\"found\"} "
	              "%llu\nbountygo_redis_reads_total{outcome=\"refused\"} %llu\n"
	              "bountygo_redis_reads_total{outcome=\"late\"} "
	              "%llu\nbountygo_redis_reads_total{outcome=\"skipped\"} %llu\n"
	              "bountygo_redis_reads_total{outcome=\"asked\"} %llu\n",
	              (unsigned long long) redis.found, (unsigned long long) redis.refused,
	              (unsigned long long) redis.late, (unsigned long long) redis.skipped,
	              (unsigned long long) redis.gets);
}

void bg_metrics_write(bg_buf *out)
{
	static const char *const names[] = {"connections", "ready", "queued", "in_flight"};
	static const char *const help[] = {
	    "Database connections wanted.", "Database connections that can take calls.",
	    "Calls that wait for a database connection.", "Calls sent and not yet answered."};

	pthread_mutex_lock(&lock);
	write_requests(out);
	pthread_mutex_unlock(&lock);
	describe(out, "bountygo_http_requests_at_work", "gauge", "Requests that are not answered yet.");
	bg_buf_printf(out, "bountygo_http_requests_at_work %d\n", bg_metrics_at_work(0));
	for (int m = 0; m < 4; m++)
	{
		char name[64];

		snprintf(name, sizeof(name), "bountygo_database_%s", names[m]);
		describe(out, name, "gauge", help[m]);
		for (int i = 0; i < bg_n_loops; i++)
		{
			bg_db_state state;
			int values[4];

			bg_db_look(bg_loops[i].db, &state);
			values[0] = state.connections;
			values[1] = state.ready;
			values[2] = state.queued;
			values[3] = state.in_flight;
			bg_buf_printf(out, "%s{loop=\"%d\"} %d\n", name, i, values[m]);
		}
	}
	describe(out, "bountygo_job_waiters", "gauge", "Requests that wait for their job to end.");
	for (int i = 0; i < bg_n_loops; i++)
		bg_buf_printf(out, "bountygo_job_waiters{loop=\"%d\"} %d\n", i, bg_loops[i].n_waits);
	write_cache(out);
	{
		uint64_t told;
		uint64_t lost;

		bg_views_look(&told, &lost);
		describe(out, "bountygo_task_views_total", "counter",
		         "Times a task was shown, by whether the database was told.");
		bg_buf_printf(out,
		              "bountygo_task_views_total{told=\"yes\"} %llu\n"
		              "bountygo_task_views_total{told=\"no\"} %llu\n",
		              (unsigned long long) told, (unsigned long long) lost);
	}
}

/*
 * fill.c
 *		Single flight. Each loop keeps the requests that wait for an answer in a fill of its own; of all loops that want the same answer
 *		one fetches it (Redis, then the database) and sends it to the others.
 *
 * An answer belongs to the generation that its topics had before it was asked for. What changed since has another generation, so it
 * can't be found any more: no answer is ever deleted for being old. Knows no HTTP beyond which headers make a read special.
 */
#include "fill.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"
#include "shared.h"
#include "topics.h"

#define N_FLIGHTS 1024
#define MAX_PAIRS 64
#define NEGATIVE_SECONDS 5

/* Of one loop: who waits for a key here. */
typedef struct bg_fill
{
	bg_loop *loop;
	struct bg_fill *next;
	struct bg_fill **previous;
	bg_str key;
	uint64_t hash;
	uint64_t generation;
	int cache_seconds;
	bg_request *waiters;
	bool leads;
	bg_routes *table; /* keeps the route's strings */
	/* Of the one that leads: what the call is made of outlives the requests. */
	bg_buf names;
	bg_buf values;
	bg_db_call call;
	bg_shared_get get;
} bg_fill;

/* Of the process: which loop fetches a key, and which others want it. */
typedef struct flight
{
	struct flight *next;
	char *key;
	size_t n;
	uint64_t hash;
	uint64_t generation;
	uint64_t loops; /* a bit each, without the leader */
} flight;

static flight *flights[N_FLIGHTS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bg_fill_state counts;

#define COUNT(what) __atomic_add_fetch(&counts.what, 1, __ATOMIC_RELAXED)

/* ---- keys ---- */

typedef struct pair
{
	const char *bytes; /* length of the name, the name, length of the value, the value */
	size_t n;
	uint32_t name_n;
	int place;
} pair;

static int compare(const void *a, const void *b)
{
	const pair *x = a;
	const pair *y = b;
	size_t n = x->name_n < y->name_n ? x->name_n : y->name_n;
	int order = memcmp(x->bytes + sizeof(uint32_t), y->bytes + sizeof(uint32_t), n);

	if (order == 0)
		order = x->name_n < y->name_n ? -1 : x->name_n > y->name_n;
	/* Values of one name mean something by their order. */
	return order != 0 ? order : x->place - y->place;
}

/* Route, then names and values, sorted by name: the order of a query's parameters makes no difference. False if there are too many. */
static bool make_key(const bg_request *request, bg_buf *key)
{
	pair pairs[MAX_PAIRS];
	int n = 0;
	uint32_t id = (uint32_t) request->route->id;

	for (size_t at = 0; at < request->pairs.n; n++)
	{
		uint32_t length;
		pair *p = &pairs[n];

		if (n == MAX_PAIRS)
			return false;
		p->bytes = request->pairs.s + at;
		p->place = n;
		memcpy(&p->name_n, p->bytes, sizeof(uint32_t));
		memcpy(&length, p->bytes + sizeof(uint32_t) + p->name_n, sizeof(uint32_t));
		p->n = 2 * sizeof(uint32_t) + p->name_n + length;
		at += p->n;
	}
	qsort(pairs, (size_t) n, sizeof(pair), compare);
	bg_buf_add(key, (const char *) &id, sizeof(id));
	for (int i = 0; i < n; i++)
		bg_buf_add(key, pairs[i].bytes, pairs[i].n);
	return true;
}

/* ---- fills of a loop ---- */

static bg_fill *find_fill(bg_loop *loop, bg_str key, uint64_t hash, uint64_t generation)
{
	for (bg_fill *fill = loop->fills; fill != NULL; fill = fill->next)
		if (fill->hash == hash && fill->generation == generation && fill->key.n == key.n &&
		    memcmp(fill->key.s, key.s, key.n) == 0)
			return fill;
	return NULL;
}

static void free_fill(bg_fill *fill)
{
	*fill->previous = fill->next;
	if (fill->next != NULL)
		fill->next->previous = fill->previous;
	bg_routes_unref(fill->table);
	bg_buf_free(&fill->names);
	bg_buf_free(&fill->values);
	free((char *) fill->key.s);
	free(fill);
}

static void wait_for(bg_fill *fill, bg_request *request)
{
	request->fill = fill;
	request->fill_next = fill->waiters;
	request->fill_previous = &fill->waiters;
	if (fill->waiters != NULL)
		fill->waiters->fill_previous = &request->fill_next;
	fill->waiters = request;
}

void bg_fill_leave(bg_request *request)
{
	if (request->fill == NULL)
		return;
	*request->fill_previous = request->fill_next;
	if (request->fill_next != NULL)
		request->fill_next->fill_previous = request->fill_previous;
	request->fill = NULL;
}

/* Everybody here gets the entry. Answering may end requests, so the list is read anew each time. */
static void hand_out(bg_fill *fill, bg_entry *entry, const char *how)
{
	bg_entry *old = NULL;

	/* Not when it is only busy: then what is known may be older than a change that was heard of. */
	if (entry->failure == BG_DB_UNREACHABLE)
		old = bg_cache_find_any(fill->key, fill->hash);
	while (fill->waiters != NULL)
	{
		bg_request *request = fill->waiters;

		bg_fill_leave(request);
		if (old != NULL)
			COUNT(stale);
		bg_answer_entry(request, old != NULL ? old : entry,
		                old != NULL ? "hit; detail=no-database" : how);
	}
	bg_entry_unref(old);
}

void bg_fill_arrived(bg_loop *loop, bg_entry *entry)
{
	bg_fill *fill = find_fill(loop, entry->key, entry->hash, entry->generation);

	if (fill != NULL && !fill->leads)
	{
		hand_out(fill, entry, "fwd=miss; collapsed");
		free_fill(fill);
	}
	bg_entry_unref(entry);
}

bool bg_fill_is_busy(const bg_loop *loop)
{
	return loop->fills != NULL;
}

/* ---- flights of the process ---- */

/* True if this loop is the first to want it, and so leads. */
static bool board(const bg_fill *fill)
{
	flight **at = &flights[fill->hash % N_FLIGHTS];
	bool leads = false;

	pthread_mutex_lock(&lock);
	while (*at != NULL &&
	       ((*at)->hash != fill->hash || (*at)->generation != fill->generation ||
	        (*at)->n != fill->key.n || memcmp((*at)->key, fill->key.s, fill->key.n) != 0))
		at = &(*at)->next;
	if (*at == NULL)
	{
		*at = bg_alloc(sizeof(flight));
		**at = (flight){.key = bg_copy(fill->key.s, fill->key.n),
		                .n = fill->key.n,
		                .hash = fill->hash,
		                .generation = fill->generation};
		leads = true;
	}
	else
		(*at)->loops |= (uint64_t) 1 << fill->loop->id;
	pthread_mutex_unlock(&lock);
	return leads;
}

/* The flight is over: from now on who wants the same starts another. Returns who waits. */
static uint64_t land(const bg_fill *fill)
{
	flight **at = &flights[fill->hash % N_FLIGHTS];
	flight *over;
	uint64_t loops;

	pthread_mutex_lock(&lock);
	while ((*at)->hash != fill->hash || (*at)->generation != fill->generation ||
	       (*at)->n != fill->key.n || memcmp((*at)->key, fill->key.s, fill->key.n) != 0)
		at = &(*at)->next;
	over = *at;
	*at = over->next;
	pthread_mutex_unlock(&lock);
	loops = over->loops;
	free(over->key);
	free(over);
	return loops;
}

static void finish(bg_fill *fill, bg_entry *entry, const char *how)
{
	uint64_t loops = land(fill);

	for (int i = 0; i < bg_n_loops && i < 64; i++)
		if (loops & (uint64_t) 1 << i)
			bg_loop_send_entry(&bg_loops[i], bg_entry_ref(entry));
	hand_out(fill, entry, how);
	free_fill(fill);
	bg_entry_unref(entry);
}

/* ---- fetching ---- */

static bg_entry *entry_of(const bg_fill *fill, const bg_db_result *result)
{
	bg_entry *entry = bg_entry_create(fill->key, fill->generation);
	uint64_t now = bg_now_ms();
	size_t at = 0;
	bg_str name;
	bg_str value;

	entry->failure = result->failure;
	entry->status = result->status;
	entry->filled_ms = now;
	if (result->failure == BG_DB_ERROR)
	{
		entry->sqlstate = bg_entry_text(result->sqlstate, strlen(result->sqlstate));
		if (result->message != NULL)
			entry->message = bg_copy(result->message, strlen(result->message));
		if (result->detail != NULL)
			entry->detail = bg_copy(result->detail, strlen(result->detail));
		if (result->hint != NULL)
			entry->hint = bg_copy(result->hint, strlen(result->hint));
		if (strcmp(entry->sqlstate, "UB404") == 0)
			entry->until_ms =
			    now + (uint64_t) (fill->cache_seconds < NEGATIVE_SECONDS ? fill->cache_seconds
			                                                             : NEGATIVE_SECONDS) *
			              1000;
		return entry;
	}
	if (result->failure != BG_DB_OK)
		return entry;
	while (bg_db_array_next(result->headers, &at, &name) &&
	       bg_db_array_next(result->headers, &at, &value))
	{
		char **to = bg_str_is(name, "etag")           ? &entry->etag
		            : bg_str_is(name, "link")         ? &entry->link
		            : bg_str_is(name, "content-type") ? &entry->type
		                                              : NULL;

		if (to != NULL && *to == NULL && value.s != NULL)
			*to = bg_copy(value.s, value.n);
	}
	if (result->body.s != NULL)
		bg_entry_set_body(entry, result->body, BG_LIVE(fill->loop->config, compress_from));
	if (result->status == 200)
		entry->until_ms = now + (uint64_t) fill->cache_seconds * 1000;
	return entry;
}

static void on_called(bg_db_call *call, const bg_db_result *result)
{
	bg_fill *fill = call->owner;
	bg_entry *entry = entry_of(fill, result);

	if (entry->until_ms > 0)
	{
		bg_cache_keep(entry);
		if (fill->loop->shared != NULL && !entry->failure)
			bg_shared_put(fill->loop->shared, entry, fill->cache_seconds);
	}
	finish(fill, entry, entry->until_ms > 0 ? "fwd=miss; stored" : "fwd=miss");
}

static void call_database(bg_fill *fill)
{
	COUNT(misses);
	bg_loop_busy(fill->loop);
	bg_db_submit(fill->loop->db, &fill->call);
}

static void on_got(bg_shared_get *get, bg_entry *entry)
{
	bg_fill *fill = get->owner;

	if (entry == NULL)
	{
		call_database(fill);
		return;
	}
	COUNT(redis_hits);
	bg_cache_keep(entry);
	finish(fill, entry, "hit; detail=redis");
}

static void lead(bg_fill *fill, bg_request *request)
{
	bg_db_call *call = &fill->call;
	uint64_t timeout = (uint64_t) BG_LIVE(fill->loop->config, request_timeout_ms);

	fill->leads = true;
	fill->names = request->names;
	fill->values = request->values;
	memset(&request->names, 0, sizeof(bg_buf));
	memset(&request->values, 0, sizeof(bg_buf));
	call->statement = BG_DB_CALL;
	call->route = request->route->id;
	call->names = fill->names.s;
	call->values = fill->values.s;
	call->read_only = true;
	call->deadline = bg_now_ms() + (request->route->timeout_ms > 0 &&
	                                        (uint64_t) request->route->timeout_ms < timeout
	                                    ? (uint64_t) request->route->timeout_ms
	                                    : timeout);
	call->done = on_called;
	call->owner = fill;
	if (fill->loop->shared != NULL)
	{
		fill->get.owner = fill;
		fill->get.done = on_got;
		bg_shared_get_entry(fill->loop->shared, fill->key, fill->generation, &fill->get);
	}
	else
		call_database(fill);
}

bool bg_fill_hit(bg_request *request)
{
	bg_loop *loop = request->loop;
	bg_str method = bg_http_method(request->http);
	bg_str key;
	bg_entry *entry;

	if (request->route->cache_seconds == 0 || request->token != NULL || request->has_preferences ||
	    !(bg_str_is(method, "GET") || bg_str_is(method, "HEAD")) || loop->id >= 64 ||
	    loop->draining)
		return false;
	if (!make_key(request, &request->cache_key))
	{
		request->cache_key.n = 0;
		COUNT(uncacheable);
		return false;
	}
	key = (bg_str){request->cache_key.s, request->cache_key.n};
	request->cache_hash = bg_cache_hash(key);
	request->cache_generation = bg_topics_generation(request->route->topics);
	if (request->cache_generation != 0)
	{
		entry =
		    bg_cache_find(key, request->cache_hash, request->cache_generation, request->began_ms);
		if (entry == NULL)
			return false;
		COUNT(hits);
		bg_answer_entry(request, entry, "hit");
	}
	else
	{
		/* Nothing is heard of changes. What is known is used only if the database can't be asked, either. */
		entry = bg_db_is_ready(loop->db) ? NULL : bg_cache_find_any(key, request->cache_hash);
		if (entry == NULL)
		{
			request->cache_key.n = 0;
			COUNT(uncacheable);
			return false;
		}
		COUNT(stale);
		bg_answer_entry(request, entry, "hit; detail=no-database");
	}
	bg_entry_unref(entry);
	return true;
}

bool bg_fill_join(bg_request *request)
{
	bg_loop *loop = request->loop;
	bg_str key = {request->cache_key.s, request->cache_key.n};
	bg_fill *fill;

	if (key.n == 0)
		return false;
	fill = find_fill(loop, key, request->cache_hash, request->cache_generation);
	if (fill != NULL)
	{
		COUNT(shared);
		wait_for(fill, request);
		return true;
	}
	fill = bg_alloc(sizeof(*fill));
	fill->loop = loop;
	fill->key = key;
	request->cache_key = (bg_buf){NULL, 0, 0};
	fill->hash = request->cache_hash;
	fill->generation = request->cache_generation;
	fill->cache_seconds = request->route->cache_seconds;
	fill->table = bg_routes_ref(request->table);
	fill->next = loop->fills;
	fill->previous = &loop->fills;
	if (fill->next != NULL)
		fill->next->previous = &fill->next;
	loop->fills = fill;
	wait_for(fill, request);
	if (board(fill))
		lead(fill, request);
	else
		COUNT(shared);
	return true;
}

void bg_fill_tick(bg_request *request, uint64_t now)
{
	if (request->fill == NULL || now < request->deadline)
		return;
	bg_fill_leave(request);
	bg_request_fail(request, 504, NULL, NULL);
}

void bg_fill_look(bg_fill_state *state)
{
	const uint64_t *from = (const uint64_t *) &counts;
	uint64_t *to = (uint64_t *) state;

	for (size_t i = 0; i < sizeof(counts) / sizeof(uint64_t); i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

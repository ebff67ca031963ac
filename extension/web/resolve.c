/*
 * resolve.c
 *		Names to addresses with c-ares in a bg_loop. Plain C; see resolve.h.
 *
 * Each query has a c-ares channel of its own: giving up is destroying it, a stuck server holds up nobody else, the source port is
 * new every time, and a changed resolv.conf is noticed. c-ares is asked for answers only, not to sort them, because for
 * sorting it opens sockets to the addresses themselves. It keeps /etc/hosts.
 */
#include "resolve.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>

#include "resolve_cache.h"

#define QUERIES_AT_ONCE 16
#define SECOND_FAMILY_MS 1000

typedef struct query query;

/* Somebody who waits for a name. */
struct bg_lookup
{
	bg_resolver *resolver;
	query *of; /* NULL once it stands in the list of the answered */
	bg_resolved resolved;
	void *arg;
	bg_outcome outcome;
	const char *detail;
	bg_addresses *addresses; /* own copy */
	bg_lookup *next;
	bg_lookup *previous;
};

typedef struct lookup_list
{
	bg_lookup *first;
	bg_lookup *last;
} lookup_list;

struct query
{
	bg_resolver *resolver;
	char *host;
	lookup_list waiting;
	ares_channel channel; /* NULL = not started */
	bool ended;
	int open; /* families not answered yet */
	bool definite;
	bg_addresses addresses;
	bg_timer *limit;  /* the end of patience */
	bg_timer *pacing; /* c-ares' own retries */
	query *next;
};

struct bg_resolver
{
	bg_loop *loop;
	char *servers;
	long timeout_ms;
	query *queries; /* running first, then queued in order of arrival */
	int running;
	lookup_list answered;
	bg_timer *deliver;
	bg_name_cache cache;
};

static void start_queued(bg_resolver *resolver);

/* ---- lists of lookups ---- */

static void list_add(lookup_list *list, bg_lookup *lookup)
{
	lookup->next = NULL;
	lookup->previous = list->last;
	if (list->last != NULL)
		list->last->next = lookup;
	else
		list->first = lookup;
	list->last = lookup;
}

static void list_remove(lookup_list *list, bg_lookup *lookup)
{
	if (lookup->previous != NULL)
		lookup->previous->next = lookup->next;
	else
		list->first = lookup->next;
	if (lookup->next != NULL)
		lookup->next->previous = lookup->previous;
	else
		list->last = lookup->previous;
}

static void lookup_free(bg_lookup *lookup)
{
	free(lookup->addresses);
	free(lookup);
}

/* ---- answering ---- */

/* Moves a lookup to the answered; its callback runs in the next turn of the loop, never inside the caller. */
static void answer(bg_lookup *lookup, bg_outcome outcome, const char *detail,
                   const bg_addresses *addresses)
{
	bg_resolver *resolver = lookup->resolver;

	lookup->of = NULL;
	lookup->outcome = outcome;
	lookup->detail = detail;
	if (outcome == BG_OK)
	{
		lookup->addresses = malloc(sizeof(*addresses));
		if (lookup->addresses != NULL)
			*lookup->addresses = *addresses;
		else
		{
			lookup->outcome = BG_DNS;
			lookup->detail = "out of memory";
		}
	}
	list_add(&resolver->answered, lookup);
	bg_timer_set(resolver->deliver, 0);
}

static void deliver(void *arg)
{
	bg_resolver *resolver = arg;
	int most = 0;

	/* A callback may start and cancel lookups; those started now wait for the next turn. */
	for (bg_lookup *lookup = resolver->answered.first; lookup != NULL; lookup = lookup->next)
		most++;
	while (most-- > 0 && resolver->answered.first != NULL)
	{
		bg_lookup *lookup = resolver->answered.first;

		list_remove(&resolver->answered, lookup);
		lookup->resolved(lookup->arg, lookup->outcome, lookup->addresses, lookup->detail);
		lookup_free(lookup);
	}
	if (resolver->answered.first != NULL)
		bg_timer_set(resolver->deliver, 0);
}

/* ---- queries ---- */

static void query_free(query *q)
{
	bg_resolver *resolver = q->resolver;
	query **link = &resolver->queries;

	while (*link != q)
		link = &(*link)->next;
	*link = q->next;
	if (q->channel != NULL)
	{
		/* Calls back with ARES_EDESTRUCTION; "ended" makes those no-ops. */
		q->ended = true;
		ares_destroy(q->channel);
		resolver->running--;
	}
	bg_timer_free(q->limit);
	bg_timer_free(q->pacing);
	free(q->host);
	free(q);
}

/* Answers everybody who waits and ends the query. Not to be called inside c-ares. */
static void conclude(query *q, const char *failure)
{
	bg_resolver *resolver = q->resolver;
	bg_outcome outcome = q->addresses.count > 0 ? BG_OK : BG_DNS;

	if (failure == NULL)
		failure = q->definite ? "the name does not exist" : "no name server gave an answer";
	bg_names_keep(&resolver->cache, q->host, outcome, failure, q->definite, &q->addresses);
	while (q->waiting.first != NULL)
	{
		bg_lookup *lookup = q->waiting.first;

		list_remove(&q->waiting, lookup);
		answer(lookup, outcome, outcome == BG_OK ? NULL : failure, &q->addresses);
	}
	query_free(q);
	start_queued(resolver);
}

static void out_of_time(void *arg)
{
	query *q = arg;

	/* With one family answered the other is not worth more waiting. */
	conclude(q, "the name lookup took too long");
}

/* After each call into c-ares: ends the query if all is known, else sets the timer for its next retry. */
static void after_ares(query *q)
{
	struct timeval most = {3600, 0};
	struct timeval room;
	struct timeval *next;

	if (q->ended)
	{
		conclude(q, NULL);
		return;
	}
	next = ares_timeout(q->channel, &most, &room);
	bg_timer_set(q->pacing, (long) next->tv_sec * 1000 + next->tv_usec / 1000 + 1);
}

static void pace(void *arg)
{
	query *q = arg;

	ares_process_fd(q->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	after_ares(q);
}

static void socket_ready(int fd, uint32_t events, void *arg)
{
	query *q = arg;
	bool failed = (events & (EPOLLERR | EPOLLHUP)) != 0;

	ares_process_fd(q->channel, failed || (events & EPOLLIN) ? fd : ARES_SOCKET_BAD,
	                failed || (events & EPOLLOUT) ? fd : ARES_SOCKET_BAD);
	after_ares(q);
}

static void socket_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	query *q = arg;
	bg_loop *loop = q->resolver->loop;

	if (!readable && !writable)
		bg_loop_unwatch(loop, fd);
	else /* unwatched it would only time out, which is an answer, too */
		(void) bg_loop_watch(loop, fd, (readable ? EPOLLIN : 0) | (writable ? EPOLLOUT : 0),
		                     socket_ready, q);
}

static void add_address(bg_addresses *addresses, const struct sockaddr *address)
{
	bg_address *slot = &addresses->list[addresses->count];

	/* More are not needed: only what stands in the list is dialled, and all of that is checked. */
	if (addresses->count == BG_ADDRESSES_MAX)
		return;
	memset(slot, 0, sizeof(*slot));
	if (address->sa_family == AF_INET)
		memcpy(&slot->v4, address, sizeof(slot->v4));
	else if (address->sa_family == AF_INET6)
		memcpy(&slot->v6, address, sizeof(slot->v6));
	else
		return;
	slot->v4.sin_port = 0;
	addresses->count++;
}

static void family_answered(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	query *q = arg;

	(void) timeouts;
	if (!q->ended)
	{
		if (status == ARES_SUCCESS && info != NULL)
			for (struct ares_addrinfo_node *node = info->nodes; node != NULL; node = node->ai_next)
				add_address(&q->addresses, node->ai_addr);
		if (status != ARES_SUCCESS && status != ARES_ENOTFOUND && status != ARES_ENODATA)
			q->definite = false;
		if (--q->open == 0)
			q->ended = true;
		else if (q->addresses.count > 0)
			bg_timer_set(q->limit, q->resolver->timeout_ms < SECOND_FAMILY_MS
			                           ? q->resolver->timeout_ms
			                           : SECOND_FAMILY_MS);
	}
	if (info != NULL)
		ares_freeaddrinfo(info);
}

/* Takes what /etc/hosts says. */
static void add_from_file(query *q, int family)
{
	struct hostent *entry = NULL;

	if (ares_gethostbyname_file(q->channel, q->host, family, &entry) != ARES_SUCCESS)
		return;
	for (char **address = entry->h_addr_list; *address != NULL; address++)
	{
		bg_address one;

		memset(&one, 0, sizeof(one));
		one.any.sa_family = (sa_family_t) entry->h_addrtype;
		if (entry->h_addrtype == AF_INET)
			memcpy(&one.v4.sin_addr, *address, 4);
		else if (entry->h_addrtype == AF_INET6)
			memcpy(&one.v6.sin6_addr, *address, 16);
		add_address(&q->addresses, &one.any);
	}
	ares_free_hostent(entry);
}

/* RFC 6761: such names are never asked of a server. */
static bool is_localhost(const char *host)
{
	size_t len = strlen(host);

	return strcmp(host, "localhost") == 0 ||
	       (len > 10 && strcmp(host + len - 10, ".localhost") == 0);
}

static void query_start(query *q)
{
	static char lookups[] = "b";
	struct sockaddr_in loopback = {.sin_family = AF_INET,
	                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	bg_resolver *resolver = q->resolver;
	struct ares_options options;
	struct ares_addrinfo_hints hints;
	int rc;

	memset(&options, 0, sizeof(options));
	options.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES;
	/* Three tries, each twice as long as the one before, within the whole. */
	options.timeout = (int) (resolver->timeout_ms / 8);
	if (options.timeout < 50)
		options.timeout = 50;
	options.tries = 3;
	options.lookups = lookups;
	options.sock_state_cb = socket_state;
	options.sock_state_cb_data = q;
	rc = ares_init_options(&q->channel, &options,
	                       ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_LOOKUPS |
	                           ARES_OPT_SOCK_STATE_CB);
	if (rc != ARES_SUCCESS)
	{
		q->channel = NULL;
		conclude(q, "the resolver cannot be set up");
		return;
	}
	resolver->running++;
	if (resolver->servers[0] != '\0' &&
	    ares_set_servers_ports_csv(q->channel, resolver->servers) != ARES_SUCCESS)
	{
		conclude(q, "the name servers of the settings are not valid");
		return;
	}
	add_from_file(q, AF_INET6);
	add_from_file(q, AF_INET);
	if (q->addresses.count == 0 && is_localhost(q->host))
		add_address(&q->addresses, (const struct sockaddr *) &loopback);
	if (q->addresses.count > 0)
	{
		conclude(q, NULL);
		return;
	}

	q->definite = true;
	q->open = 2;
	bg_timer_set(q->limit, resolver->timeout_ms);
	memset(&hints, 0, sizeof(hints));
	hints.ai_flags = ARES_AI_NOSORT;
	hints.ai_socktype = SOCK_STREAM;
	hints.ai_family = AF_INET6;
	ares_getaddrinfo(q->channel, q->host, NULL, &hints, family_answered, q);
	hints.ai_family = AF_INET;
	ares_getaddrinfo(q->channel, q->host, NULL, &hints, family_answered, q);
	after_ares(q);
}

static void start_queued(bg_resolver *resolver)
{
	while (resolver->running < QUERIES_AT_ONCE)
	{
		query *q = resolver->queries;

		while (q != NULL && q->channel != NULL)
			q = q->next;
		if (q == NULL)
			return;
		query_start(q);
	}
}

bg_resolver *bg_resolver_create(bg_loop *loop, const char *servers, long timeout_ms, long cache_s)
{
	bg_resolver *resolver = calloc(1, sizeof(*resolver));

	if (resolver == NULL)
		return NULL;
	resolver->loop = loop;
	resolver->timeout_ms = timeout_ms > 0 ? timeout_ms : 3000;
	resolver->cache.positive_s = cache_s;
	resolver->servers = strdup(servers != NULL ? servers : "");
	resolver->deliver = bg_timer_create(loop, deliver, resolver);
	if (resolver->servers == NULL || resolver->deliver == NULL ||
	    ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS)
	{
		free(resolver->servers);
		bg_timer_free(resolver->deliver);
		free(resolver);
		return NULL;
	}
	return resolver;
}

void bg_resolver_free(bg_resolver *resolver)
{
	if (resolver == NULL)
		return;
	while (resolver->queries != NULL)
	{
		query *q = resolver->queries;

		while (q->waiting.first != NULL)
		{
			bg_lookup *lookup = q->waiting.first;

			list_remove(&q->waiting, lookup);
			lookup_free(lookup);
		}
		query_free(q);
	}
	while (resolver->answered.first != NULL)
	{
		bg_lookup *lookup = resolver->answered.first;

		list_remove(&resolver->answered, lookup);
		lookup_free(lookup);
	}
	bg_names_free(&resolver->cache);
	bg_timer_free(resolver->deliver);
	free(resolver->servers);
	free(resolver);
	ares_library_cleanup();
}

static query *query_create(bg_resolver *resolver, const char *host)
{
	query *q = calloc(1, sizeof(*q));
	query **link = &resolver->queries;

	if (q == NULL)
		return NULL;
	q->resolver = resolver;
	q->host = strdup(host);
	q->limit = bg_timer_create(resolver->loop, out_of_time, q);
	q->pacing = bg_timer_create(resolver->loop, pace, q);
	if (q->host == NULL || q->limit == NULL || q->pacing == NULL)
	{
		bg_timer_free(q->limit);
		bg_timer_free(q->pacing);
		free(q->host);
		free(q);
		return NULL;
	}
	while (*link != NULL)
		link = &(*link)->next;
	*link = q;
	return q;
}

bg_lookup *bg_resolver_start(bg_resolver *resolver, const char *host, bg_resolved resolved,
                             void *arg)
{
	bg_lookup *lookup = calloc(1, sizeof(*lookup));
	bg_addresses literal = {0};
	bg_address one;
	const bg_known_name *known;
	query *q;

	if (lookup == NULL)
		return NULL;
	lookup->resolver = resolver;
	lookup->resolved = resolved;
	lookup->arg = arg;

	memset(&one, 0, sizeof(one));
	if (inet_pton(AF_INET, host, &one.v4.sin_addr) == 1)
		one.any.sa_family = AF_INET;
	else if (inet_pton(AF_INET6, host, &one.v6.sin6_addr) == 1)
		one.any.sa_family = AF_INET6;
	if (one.any.sa_family != 0)
	{
		add_address(&literal, &one.any);
		answer(lookup, BG_OK, NULL, &literal);
		return lookup;
	}
	known = bg_names_find(&resolver->cache, host);
	if (known != NULL)
	{
		answer(lookup, known->outcome, known->outcome == BG_OK ? NULL : known->detail,
		       &known->addresses);
		return lookup;
	}
	for (q = resolver->queries; q != NULL && strcmp(q->host, host) != 0;)
		q = q->next;
	if (q == NULL)
		q = query_create(resolver, host);
	if (q == NULL)
	{
		lookup_free(lookup);
		return NULL;
	}
	lookup->of = q;
	list_add(&q->waiting, lookup);
	start_queued(resolver);
	return lookup;
}

void bg_lookup_cancel(bg_lookup *lookup)
{
	query *q = lookup->of;

	if (q == NULL)
		list_remove(&lookup->resolver->answered, lookup);
	else
	{
		bg_resolver *resolver = lookup->resolver;

		list_remove(&q->waiting, lookup);
		if (q->waiting.first == NULL)
		{
			query_free(q);
			start_queued(resolver);
		}
	}
	lookup_free(lookup);
}

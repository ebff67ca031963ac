/*
 * shared.c
 *		Answers in Redis. See shared.h. A key is made of the request and the generation of its topics, so nothing is ever deleted there;
 *		values are signed, so whatever else gets into Redis is a miss. A Redis that is late is left alone for a while.
 */
#include "shared.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <time.h>

#include "log.h"

#define MAC 32
#define VERSION 1
#define REST_MS 1000
#define MAX_VALUE (4 * 1024 * 1024)
#define MAX_PENDING 1000

/* A question under way; lives until Redis answers, even if nobody waits for it any more. */
typedef struct question
{
	struct question *next;
	struct question **previous;
	bg_shared_get *get; /* NULL: given up */
	bg_str key;
	uint64_t generation;
	uint64_t began;
} question;

struct bg_shared
{
	bg_loop *loop;
	struct bg_redis *redis;
	question *oldest;
	question **newest;
	int pending;
	uint64_t rest_until;
	uv_timer_t timer;
};

static unsigned char secret[64];
static size_t secret_n;
static pthread_mutex_t secret_lock = PTHREAD_MUTEX_INITIALIZER;
static bg_shared_state counts;

#define COUNT(what) __atomic_add_fetch(&counts.what, 1, __ATOMIC_RELAXED)

void bg_shared_set_secret(const void *bytes, size_t n)
{
	pthread_mutex_lock(&secret_lock);
	secret_n = n <= sizeof(secret) ? n : 0;
	memcpy(secret, bytes, secret_n);
	pthread_mutex_unlock(&secret_lock);
}

/* HMAC-SHA256 of a purpose, the key, its generation and a text. False without a secret. */
static bool sign(char purpose, bg_str key, uint64_t generation, bg_str text, unsigned char mac[MAC])
{
	unsigned char own[sizeof(secret)];
	size_t n;
	bg_buf all = {0};
	uint64_t length = key.n;
	bool good;

	pthread_mutex_lock(&secret_lock);
	n = secret_n;
	memcpy(own, secret, n);
	pthread_mutex_unlock(&secret_lock);
	if (n == 0)
		return false;
	bg_buf_add(&all, &purpose, 1);
	bg_buf_add(&all, (char *) &generation, sizeof(generation));
	bg_buf_add(&all, (char *) &length, sizeof(length));
	bg_buf_add(&all, key.s, key.n);
	bg_buf_add(&all, text.s ? text.s : "", text.n);
	good = HMAC(EVP_sha256(), own, (int) n, (unsigned char *) all.s, all.n, mac, NULL) != NULL;
	bg_buf_free(&all);
	OPENSSL_cleanse(own, sizeof(own));
	return good;
}

/* The name under which Redis has it. */
static bool name_of(bg_str key, uint64_t generation, char name[5 + 32 + 1])
{
	unsigned char mac[MAC];

	if (!sign('n', key, generation, (bg_str){NULL, 0}, mac))
		return false;
	memcpy(name, "bg:1:", 5);
	for (int i = 0; i < 16; i++)
	{
		name[5 + 2 * i] = "0123456789abcdef"[mac[i] >> 4];
		name[6 + 2 * i] = "0123456789abcdef"[mac[i] & 15];
	}
	name[5 + 32] = '\0';
	return true;
}

/* ---- values ---- */

static void put_number(bg_buf *out, uint64_t number)
{
	bg_buf_add(out, (char *) &number, sizeof(number));
}

static void put_text(bg_buf *out, const char *s, size_t n)
{
	put_number(out, s ? n : UINT64_MAX);
	if (s != NULL)
		bg_buf_add(out, s, n);
}

static bool take_number(bg_str in, size_t *at, uint64_t *number)
{
	if (in.n - *at < sizeof(*number))
		return false;
	memcpy(number, in.s + *at, sizeof(*number));
	*at += sizeof(*number);
	return true;
}

static bool take_text(bg_str in, size_t *at, bg_str *text)
{
	uint64_t n;

	*text = (bg_str){NULL, 0};
	if (!take_number(in, at, &n))
		return false;
	if (n == UINT64_MAX)
		return true;
	if (n > in.n - *at)
		return false;
	*text = (bg_str){in.s + *at, n};
	*at += n;
	return true;
}

static uint64_t wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t) now.tv_sec * 1000 + (uint64_t) now.tv_nsec / 1000000;
}

static void write_value(const bg_entry *entry, int seconds, bg_buf *out)
{
	put_number(out, VERSION);
	put_number(out, (uint64_t) entry->status);
	put_number(out, wall_ms());
	put_number(out, (uint64_t) seconds * 1000);
	put_text(out, entry->etag, entry->etag ? strlen(entry->etag) : 0);
	put_text(out, entry->link, entry->link ? strlen(entry->link) : 0);
	put_text(out, entry->type, entry->type ? strlen(entry->type) : 0);
	put_text(out, entry->body.s, entry->body.n);
}

static bg_entry *read_value(bg_str key, uint64_t generation, bg_str value, int pack_from)
{
	unsigned char mac[MAC];
	bg_str in = {value.s + MAC, value.n - MAC};
	size_t at = 0;
	uint64_t version;
	uint64_t status;
	uint64_t filled;
	uint64_t life;
	uint64_t age;
	uint64_t now = bg_now_ms();
	bg_str etag;
	bg_str link;
	bg_str type;
	bg_str body;
	bg_entry *entry;

	if (value.n < MAC || value.n > MAX_VALUE || !sign('v', key, generation, in, mac) ||
	    CRYPTO_memcmp(mac, value.s, MAC) != 0 || !take_number(in, &at, &version) ||
	    version != VERSION || !take_number(in, &at, &status) || !take_number(in, &at, &filled) ||
	    !take_number(in, &at, &life) || !take_text(in, &at, &etag) || !take_text(in, &at, &link) ||
	    !take_text(in, &at, &type) || !take_text(in, &at, &body))
	{
		COUNT(refused);
		return NULL;
	}
	/* Clocks of machines differ a little; never by more than a life, or it isn't used. */
	age = wall_ms() > filled ? wall_ms() - filled : 0;
	if (age >= life)
		return NULL;
	entry = bg_entry_create(key, generation);
	entry->status = (int) status;
	entry->filled_ms = now > age ? now - age : 0;
	entry->until_ms = now + life - age;
	entry->etag = bg_entry_text(etag.s, etag.n);
	entry->link = bg_entry_text(link.s, link.n);
	entry->type = bg_entry_text(type.s, type.n);
	if (body.s != NULL)
		bg_entry_set_body(entry, body, pack_from);
	return entry;
}

/* ---- asking ---- */

static void answer(question *q, bg_entry *entry)
{
	bg_shared_get *get = q->get;

	q->get = NULL;
	if (get != NULL)
		get->done(get, entry);
	else
		bg_entry_unref(entry);
}

static void forget(struct bg_shared *shared, question *q)
{
	*q->previous = q->next;
	if (q->next != NULL)
		q->next->previous = q->previous;
	else
		shared->newest = q->previous;
	shared->pending--;
	free((char *) q->key.s);
	free(q);
}

static void on_reply(void *owner, void *data, bg_str value)
{
	struct bg_shared *shared = owner;
	question *q = data;
	bg_entry *entry = NULL;

	if (q->get != NULL && value.s != NULL)
		entry =
		    read_value(q->key, q->generation, value, BG_LIVE(shared->loop->config, compress_from));
	if (entry != NULL)
		COUNT(found);
	answer(q, entry);
	forget(shared, q);
}

static void on_timer(uv_timer_t *timer)
{
	struct bg_shared *shared = timer->data;
	uint64_t now = bg_now_ms();
	uint64_t patience = (uint64_t) BG_LIVE(shared->loop->config, redis_timeout_ms);

	/* Answering may ask again, which comes to the end of the list. */
	for (question *q = shared->oldest, *next; q != NULL && now - q->began >= patience; q = next)
	{
		next = q->next;
		if (q->get == NULL)
			continue;
		COUNT(late);
		shared->rest_until = now + REST_MS;
		answer(q, NULL);
	}
	for (question *q = shared->oldest; q != NULL; q = q->next)
		if (q->get != NULL)
		{
			uint64_t passed = now - q->began;

			uv_timer_start(&shared->timer, on_timer, passed < patience ? patience - passed : 1, 0);
			return;
		}
}

void bg_shared_get_entry(struct bg_shared *shared, bg_str key, uint64_t generation,
                         bg_shared_get *get)
{
	char name[5 + 32 + 1];
	const char *words[2] = {"GET", name};
	const size_t lengths[2] = {3, sizeof(name) - 1};
	question *q;
	uint64_t now = bg_now_ms();

	if (now < shared->rest_until || shared->pending >= MAX_PENDING ||
	    !name_of(key, generation, name))
	{
		COUNT(skipped);
		get->done(get, NULL);
		return;
	}
	COUNT(gets);
	q = bg_alloc(sizeof(*q));
	q->get = get;
	q->key = (bg_str){bg_copy(key.s, key.n), key.n};
	q->generation = generation;
	q->began = now;
	q->previous = shared->newest;
	*shared->newest = q;
	shared->newest = &q->next;
	shared->pending++;
	if (!bg_redis_command(shared->redis, 2, words, lengths, on_reply, shared, q))
	{
		shared->rest_until = now + REST_MS;
		answer(q, NULL);
		forget(shared, q);
		return;
	}
	if (!uv_is_active((uv_handle_t *) &shared->timer))
		uv_timer_start(&shared->timer, on_timer,
		               (uint64_t) BG_LIVE(shared->loop->config, redis_timeout_ms), 0);
}

void bg_shared_put(struct bg_shared *shared, const bg_entry *entry, int seconds)
{
	char name[5 + 32 + 1];
	char life[16];
	bg_buf value = {0};
	unsigned char mac[MAC];
	const char *words[5] = {"SET", name, NULL, "EX", life};
	size_t lengths[5] = {3, sizeof(name) - 1, 0, 2, 0};

	if (bg_now_ms() < shared->rest_until || shared->pending >= MAX_PENDING ||
	    !name_of(entry->key, entry->generation, name))
		return;
	bg_buf_add(&value, (char *) mac, MAC);
	write_value(entry, seconds, &value);
	if (value.n <= MAX_VALUE &&
	    sign('v', entry->key, entry->generation, (bg_str){value.s + MAC, value.n - MAC}, mac))
	{
		memcpy(value.s, mac, MAC);
		words[2] = value.s;
		lengths[2] = value.n;
		lengths[4] = (size_t) snprintf(life, sizeof(life), "%d", seconds);
		bg_redis_command(shared->redis, 5, words, lengths, NULL, NULL, NULL);
	}
	bg_buf_free(&value);
}

struct bg_shared *bg_shared_create(bg_loop *loop, struct bg_redis *redis)
{
	struct bg_shared *shared = bg_alloc(sizeof(*shared));

	shared->loop = loop;
	shared->redis = redis;
	shared->newest = &shared->oldest;
	uv_timer_init(&loop->uv, &shared->timer);
	shared->timer.data = shared;
	return shared;
}

/* After Redis is closed: every question has been answered then. */
void bg_shared_close(struct bg_shared *shared)
{
	uv_close((uv_handle_t *) &shared->timer, NULL);
}

void bg_shared_look(bg_shared_state *state)
{
	const uint64_t *from = (const uint64_t *) &counts;
	uint64_t *to = (uint64_t *) state;

	for (size_t i = 0; i < sizeof(counts) / sizeof(uint64_t); i++)
		to[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
}

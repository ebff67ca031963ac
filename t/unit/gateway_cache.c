/*
 * gateway_cache.c
 *		The gateway's cache without a gateway: entries and their bound, generations of topics, encodings that clients take.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cache.h"
#include "pack.h"
#include "topics.h"

static bg_str str(const char *s)
{
	return (bg_str){s, strlen(s)};
}

static void keep(const char *key, uint64_t generation, const char *body, uint64_t until)
{
	bg_entry *entry = bg_entry_create(str(key), generation);

	entry->until_ms = until;
	bg_entry_set_body(entry, str(body), 1000);
	bg_cache_keep(entry);
	bg_entry_unref(entry);
}

static bool is_there(const char *key, uint64_t generation, uint64_t now, const char *body)
{
	bg_entry *found = bg_cache_find(str(key), bg_cache_hash(str(key)), generation, now);
	bool same = found != NULL && found->body.n == strlen(body) &&
	            memcmp(found->body.s, body, found->body.n) == 0;

	bg_entry_unref(found);
	return same;
}

static void an_entry_has_its_generation_and_time(void **state)
{
	(void) state;
	keep("a", 7, "one", 100);
	assert_true(is_there("a", 7, 99, "one"));
	assert_false(is_there("a", 8, 99, "one"));
	assert_false(is_there("a", 7, 100, "one"));
	assert_false(is_there("b", 7, 99, "one"));
	keep("a", 8, "two", 100);
	assert_true(is_there("a", 8, 99, "two"));
	assert_false(is_there("a", 7, 99, "one"));
}

static void memory_is_bounded(void **state)
{
	char key[32];
	static char body[4000];
	bg_cache_state now;

	(void) state;
	/* What can't be compressed, so that every entry has its size. */
	for (size_t i = 0; i < sizeof(body) - 1; i++)
		body[i] = (char) ('!' + (i * 7919 + i * i) % 90);
	for (int i = 0; i < 5000; i++)
	{
		snprintf(key, sizeof(key), "key %d", i);
		keep(key, 1, body, 1000);
		/* What is asked for again and again stays. */
		if (i > 0)
			assert_true(is_there("key 0", 1, 1, body));
	}
	bg_cache_look(&now);
	assert_in_range(now.bytes, 1, 4 * 1024 * 1024);
	assert_true(now.entries > 100);
	assert_true(now.evicted > 1000);
	/* What is larger than a share of it is not kept at all. */
	{
		static char huge[300000];

		memset(huge, 'x', sizeof(huge) - 1);
		keep("huge", 1, huge, 1000);
		assert_false(is_there("huge", 1, 1, huge));
	}
}

static void generations_follow_notifications(void **state)
{
	int a = bg_topic_place(str("a"));
	int b = bg_topic_place(str("b"));
	uint32_t both = (uint32_t) 1 << a | (uint32_t) 1 << b;
	uint64_t first;
	uint64_t second;
	uint64_t own;

	(void) state;
	assert_int_equal(bg_topic_place(str("a")), a);
	assert_int_not_equal(a, b);
	assert_int_equal(bg_topics_generation(both), 0);
	bg_topics_hear(true);
	assert_int_equal(bg_topics_generation(both), 0);
	bg_topic_touch(a, 5);
	assert_int_equal(bg_topics_generation(both), 0);
	bg_topic_touch(b, 6);
	first = bg_topics_generation(both);
	assert_true(first != 0);
	assert_int_equal(bg_topics_generation(0), 0);
	bg_topic_touch(b, 8);
	second = bg_topics_generation(both);
	assert_true(second != 0 && second != first);
	/* A write of our own counts before its notification comes, and not twice. */
	bg_topic_expect(str("a"), 9);
	own = bg_topics_generation(both);
	assert_true(own != second && own != 0);
	bg_topic_touch(a, 7);
	assert_true(bg_topics_generation(both) != own);
	bg_topic_touch(a, 9);
	own = bg_topics_generation(both);
	bg_topic_expect(str("a"), 9);
	assert_int_equal(bg_topics_generation(both), own);
	bg_topic_expect(str("nobody asked for"), 9);
	assert_int_equal(bg_topics_generation(both), own);
	/* What wasn't heard is not known. */
	bg_topics_hear(false);
	assert_int_equal(bg_topics_generation(both), 0);
	bg_topics_hear(true);
	assert_int_equal(bg_topics_generation(both), 0);
}

static void more_writes_than_places(void **state)
{
	int c = bg_topic_place(str("c"));
	uint32_t set = (uint32_t) 1 << c;

	(void) state;
	bg_topic_touch(c, 1);
	for (uint64_t i = 100; i < 200; i++)
		bg_topic_expect(str("c"), i);
	/* Nothing is believed until all of it has been heard. */
	assert_int_equal(bg_topics_generation(set), 0);
	for (uint64_t i = 100; i < 200; i++)
		bg_topic_touch(c, i);
	assert_true(bg_topics_generation(set) != 0);
}

static void encodings(void **state)
{
	static const struct
	{
		const char *value;
		bool wanted;
	} rows[] = {{"gzip", true},
	            {"br, gzip;q=0.5", true},
	            {"GZIP", true},
	            {"x-gzip", true},
	            {"*", true},
	            {"*;q=0", false},
	            {"gzip;q=0", false},
	            {"gzip; q=0.000", false},
	            {"gzip;q=1.000", true},
	            {"identity;q=1, gzip;q=0.5", false},
	            {"identity;q=0.5, gzip;q=0.5", true},
	            {"br", false},
	            {"", false},
	            {"gzip;q=abc", false},
	            {"gzip;q=0.0001", false},
	            {"gzipped", false},
	            {",,gzip,,", true}};

	(void) state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (bg_pack_wanted(str(rows[i].value)) != rows[i].wanted)
			fail_msg("\"%s\"", rows[i].value);
	assert_false(bg_pack_wanted((bg_str){NULL, 0}));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_entry_has_its_generation_and_time), cmocka_unit_test(memory_is_bounded),
	    cmocka_unit_test(generations_follow_notifications),
	    cmocka_unit_test(more_writes_than_places), cmocka_unit_test(encodings)};

	bg_cache_init(4 * 1024 * 1024);
	return cmocka_run_group_tests(tests, NULL, NULL);
}

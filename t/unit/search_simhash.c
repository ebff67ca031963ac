/*
 * search_simhash.c
 *		Fingerprints: they stay what they are (they are stored), alike texts are near, others far, and titles tell editions apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "search/simhash.h"

static const char *const hackathon =
    "The Harbour Data Hackathon is a four week online event for people who want to build open "
    "tools for "
    "rivers, harbours and coasts. Teams of up to five may take part. Every project has to be "
    "published "
    "under a free licence, come with a short film of at most three minutes, and be submitted on "
    "the "
    "event page before the deadline. The jury looks at usefulness, quality of the code and how "
    "well the "
    "data sets of the harbour are used. Prizes are paid in USDC to one wallet for each team within "
    "two "
    "weeks after the winners are announced. Mentors answer questions in the chat on weekdays.";
static const char *const grant =
    "We fund maintainers of widely used libraries so that they can spend a quarter of a year on "
    "the work "
    "nobody else pays for: triage, releases, documentation and security reviews. Send a plan of "
    "two pages "
    "with milestones and a budget. Applications are reviewed by three engineers every month, and "
    "the first "
    "half of the sum is transferred when the agreement is signed. Companies cannot apply.";
static const char *const essay =
    "本次征文活动面向所有热爱开源的朋友,请围绕我与开源这一主题撰写原创文章,字数不少于两千字。"
    "稿件一经采用,作者将获得奖金和纪念品。请在截止日期之前将作品发送到活动邮箱,"
    "并注明真实姓名和联系方式。";

static uint64_t hash_of(const char *body, const char *title, const char *organizer,
                        const char *date)
{
	bg_simhash hash = {{0}, 0};
	uint64_t value;

	bg_simhash_body(&hash, body, strlen(body));
	if (title != NULL)
		bg_simhash_fact(&hash, 't', title, strlen(title), 10);
	if (organizer != NULL)
		bg_simhash_fact(&hash, 'o', organizer, strlen(organizer), 5);
	if (date != NULL)
		bg_simhash_fact(&hash, 'd', date, strlen(date), 10);
	assert_true(bg_simhash_end(&hash, &value));
	return value;
}

static int distance(const char *a, const char *b)
{
	return bg_simhash_distance(hash_of(a, NULL, NULL, NULL), hash_of(b, NULL, NULL, NULL));
}

static char *join(const char *a, const char *b, const char *c)
{
	char *text = malloc(strlen(a) + strlen(b) + strlen(c) + 1);

	assert_non_null(text);
	strcpy(text, a);
	strcat(text, b);
	strcat(text, c);
	return text;
}

static double alike(const char *a, const char *b)
{
	bg_simhash_span x = {a, strlen(a)};
	bg_simhash_span y = {b, strlen(b)};
	double value = bg_simhash_titles(&x, &y);

	assert_true(value == bg_simhash_titles(&y, &x));
	return value;
}

static bool conflict(const char *a, const char *b)
{
	bg_simhash_span x = {a, strlen(a)};
	bg_simhash_span y = {b, strlen(b)};
	bool value = bg_simhash_conflict(&x, &y);

	assert_true(value == bg_simhash_conflict(&y, &x));
	return value;
}

/* Databases hold them: a change of the algorithm must be meant, and come with a migration. */
static void stays(void **state)
{
	assert_true(hash_of(hackathon, NULL, NULL, NULL) == UINT64_C(0xea0025ef6fe2e2c6));
	assert_true(hash_of(essay, "我与开源", "开源社", "2026-10-04") == UINT64_C(0x8c021bf9170c4415));
	assert_true(bg_simhash_words("Harbour Data Hackathon", 22) == UINT64_C(0x5d9f25226f906eb1));
}

static void form_does_not_matter(void **state)
{
	char upper[2048];
	size_t n = 0;

	for (const char *c = hackathon; *c != '\0'; c++)
	{
		upper[n++] = *c >= 'a' && *c <= 'z' ? (char) (*c - 32) : *c;
		if (*c == ' ')
			upper[n++] = '\n';
	}
	upper[n] = '\0';
	assert_int_equal(distance(hackathon, upper), 0);
	/* Full-width letters and digits are their ASCII ones; accents have a small form. */
	assert_true(alike("ＷＥＢ３ hackathon", "web3 Hackathon") > 0.99);
	assert_true(alike("ÉCOLE ŻÓŁW ΑΘΗΝΑ МОСКВА", "école żółw αθηνα москва") > 0.99);
	assert_true(alike("奖金：一万元", "奖金 一万元") > 0.99);
}

static void near_and_far(void **state)
{
	char *repost =
	    join("Found on Devboard. ", hackathon, " Share this page with your friends and follow us.");
	char *edited = join(hackathon, " Update: the jury has been announced.", "");
	char *essay_repost = join("转载:", essay, "更多活动请关注公众号。");

	assert_int_equal(distance(hackathon, hackathon), 0);
	assert_in_range(distance(hackathon, repost), 0, 14);
	assert_in_range(distance(hackathon, edited), 0, 10);
	assert_in_range(distance(essay, essay_repost), 0, 14);
	assert_in_range(distance(hackathon, grant), 20, 64);
	assert_in_range(distance(hackathon, essay), 20, 64);
	assert_in_range(distance(grant, essay), 20, 64);
	free(repost);
	free(edited);
	free(essay_repost);
}

static int shared_passages(const char *a, const char *b)
{
	uint64_t x[BG_SIMHASH_PASSAGES];
	uint64_t y[BG_SIMHASH_PASSAGES];
	int m = bg_simhash_passages(a, strlen(a), x);
	int n = bg_simhash_passages(b, strlen(b), y);
	int both = 0;

	for (int i = 0; i < m; i++)
		for (int k = 0; k < n; k++)
			both += x[i] == y[k];
	return both;
}

static void passages(void **state)
{
	char *repost =
	    join("Found on Devboard. ", hackathon, " Share this page with your friends and follow us.");
	char *essay_repost = join("转载:", essay, "更多活动请关注公众号。");
	uint64_t hashes[BG_SIMHASH_PASSAGES];

	assert_int_equal(shared_passages(hackathon, hackathon), BG_SIMHASH_PASSAGES);
	assert_in_range(shared_passages(hackathon, repost), 2, BG_SIMHASH_PASSAGES);
	assert_in_range(shared_passages(essay, essay_repost), 2, BG_SIMHASH_PASSAGES);
	assert_int_equal(shared_passages(hackathon, grant), 0);
	assert_int_equal(bg_simhash_passages("four words are few", 18, hashes), 0);
	assert_int_equal(bg_simhash_passages("five words are just enough", 26, hashes), 1);
	/* The same passage over and over is one. */
	assert_int_equal(bg_simhash_passages("go go go go go go go go", 23, hashes), 1);
	free(repost);
	free(essay_repost);
}

static void facts_weigh(void **state)
{
	uint64_t first = hash_of(hackathon, "Harbour Data Hackathon 2025", "Harbour Lab", "2025-10-04");
	uint64_t same = hash_of(hackathon, "Harbour Data Hackathon 2025", "Harbour Lab", "2025-10-04");
	uint64_t next = hash_of(hackathon, "Harbour Data Hackathon 2026", "Harbour Lab", "2026-10-03");

	assert_true(first == same);
	assert_int_not_equal(bg_simhash_distance(first, next), 0);
	/* The same words mean something else in another place. */
	assert_int_not_equal(bg_simhash_distance(hash_of(hackathon, "harbour", NULL, NULL),
	                                         hash_of(hackathon, NULL, "harbour", NULL)),
	                     64);
}

static void too_little(void **state)
{
	static const char *const texts[] = {"", "Win 100 USDC.", "one two three four five", "奖金"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		bg_simhash hash = {{0}, 0};
		uint64_t value;

		bg_simhash_body(&hash, texts[i], strlen(texts[i]));
		bg_simhash_fact(&hash, 't', "A long title of many words that still is no text", 48, 10);
		assert_false(bg_simhash_end(&hash, &value));
	}
	assert_true(bg_simhash_words("", 0) == 0);
	assert_true(bg_simhash_words("Bounty!", 7) == 0);
	assert_true(bg_simhash_words("Two words", 9) == bg_simhash_words("two, WORDS.", 11));
}

/* Any bytes are a text. */
static void broken_text(void **state)
{
	static const char bytes[] = "\xff\xfe\xc3\x28 \xe4\xb8 word \xf0\x9f\x92 \xed\xa0\x80 \xc0\x80 "
	                            "\xf5\x90\x80\x80 \xe4\xb8\xad";

	for (size_t len = 0; len < sizeof(bytes); len++)
	{
		char *exact = malloc(len + 1);
		bg_simhash hash = {{0}, 0};
		bg_simhash_span span = {exact, len};
		uint64_t hashes[BG_SIMHASH_PASSAGES];

		assert_non_null(exact);
		memcpy(exact, bytes, len);
		bg_simhash_body(&hash, exact, len);
		bg_simhash_fact(&hash, 't', exact, len, 10);
		assert_in_range(bg_simhash_passages(exact, len, hashes), 0, BG_SIMHASH_PASSAGES);
		(void) bg_simhash_titles(&span, &span);
		assert_false(bg_simhash_conflict(&span, &span));
		free(exact);
	}
	assert_true(alike("\xff\xfe", "\xff\xfe") == 0);
}

static void titles(void **state)
{
	assert_true(alike("Harbour Data Hackathon", "Harbour Data Hackathon") > 0.99);
	assert_true(alike("Harbour Data Hackathon", "Harbour Data Hackathon – apply now | Devboard") >
	            0.8);
	assert_true(alike("Harbour Data Hackathon", "Rust Maintainer Grant") < 0.1);
	assert_true(alike("Hackathon", "Harbour Data Hackathon of the North") < 0.5);
	assert_true(alike("我与开源征文大赛", "我与开源征文大赛投稿入口") > 0.8);
	assert_true(alike("我与开源征文大赛", "智能合约安全竞赛") < 0.2);
	assert_true(alike("", "Harbour") == 0);
}

static void editions(void **state)
{
	assert_true(conflict("Harbour Hackathon 2025", "Harbour Hackathon 2026"));
	assert_true(conflict("Season 2 Harbour Hackathon 2026", "Harbour Hackathon 2026, season 3"));
	assert_true(conflict("Bounty #12: fix the parser", "Bounty #13: fix the parser"));
	assert_true(conflict("第三届征文大赛", "第四届征文大赛"));
	assert_true(conflict("第十二期", "第2期"));
	assert_false(conflict("第十二期", "第12期"));
	assert_false(conflict("第二十届征文", "第20届征文"));
	assert_false(conflict("Harbour Hackathon 2026", "Harbour Hackathon"));
	assert_false(conflict("Harbour Hackathon 2026", "Harbour Hackathon 2026: win 10,000 USDC"));
	assert_false(conflict("Win 10,000 USDC", "Win 10000 USDC"));
	assert_false(conflict("Win 5000 USDC at the Harbour Jam", "Harbour Jam 2026"));
	assert_false(conflict("$5,000 Harbour Jam", "Harbour Jam: 7 rounds"));
	assert_false(conflict("10k for tools", "20k for tools"));
	assert_false(conflict("100万元征文", "5期征文"));
	assert_true(conflict("Win 5000 USDC in round 2", "Win 5000 USDC in round 3"));
	assert_true(conflict("Jam 2025, round 2", "Jam 2026, round 2"));
	assert_false(conflict("Web3 jam", "Web2 jam"));
	assert_false(conflict("２０２６ jam", "2026 jam"));
	assert_false(conflict("", "2026"));
	assert_true(conflict("99999999999999999999999999 a", "88888888888888888888888888 a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(stays),        cmocka_unit_test(form_does_not_matter),
	    cmocka_unit_test(near_and_far), cmocka_unit_test(facts_weigh),
	    cmocka_unit_test(passages),     cmocka_unit_test(too_little),
	    cmocka_unit_test(broken_text),  cmocka_unit_test(titles),
	    cmocka_unit_test(editions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

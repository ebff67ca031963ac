/*
 * page_article.c
 *		The main text: what stays, what goes, how blocks are written; and what a page is when it is not the page.
 */
#include "page_read.h"

#define S1 \
	"The programme pays researchers for reports of bugs, provided that they follow the rules. "
#define S2 "Every report is read within two days, and a reward is paid when the bug is confirmed. "
#define S3 \
	"Reports by automatic scanners are not accepted, nor are those without steps to repeat them. "
#define BODY "<p>" S1 "</p><p>" S2 "</p><p>" S3 "</p>"
#define LINKS                                                                               \
	"<li><a href=/a>About us here</a><li><a href=/b>Our careers</a><li><a href=/c>Contact " \
	"page</a>"

static void read_utf8(const char *html, bg_page *page, bg_outcome outcome)
{
	bg_outcome got = read_bytes(html, strlen(html), "text/html; charset=utf-8", page);

	if (got != outcome)
		fail_msg("%s: %s", bg_outcome_name(got), html);
}

static void test_boilerplate_goes(void **state)
{
	static const char *const around[] = {
	    "<nav><ul>" LINKS "</ul></nav>",
	    "<aside><p>Boiler words, which are not wanted.</p></aside>",
	    "<footer><p>Boiler words, which are not wanted.</p></footer>",
	    "<div class='share-bar'>Boiler words</div>",
	    "<div class='ad'>Boiler words</div>",
	    "<div class='col ads-slot'>Boiler words</div>",
	    "<div id=relatedPosts><p>Boiler words, which are not wanted.</p></div>",
	    "<div class='post__newsletter'><p>Boiler words, which are not wanted.</p></div>",
	    "<div class=comments><p>Boiler words, which are not wanted.</p></div>",
	    "<div id=onetrust-consent-sdk><p>Boiler words, which are not wanted.</p></div>",
	    "<div style='color: red; DISPLAY : none'><p>Boiler words, which are not wanted.</p></div>",
	    "<div hidden><p>Boiler words, which are not wanted.</p></div>",
	    "<span class=sr-only>Boiler words</span>",
	    "<div role=navigation>Boiler words</div>",
	    "<div role=dialog aria-modal=true><p>Boiler words, which are not wanted.</p></div>",
	    "<form><select><option>Boiler words</select><button>Boiler words</button></form>",
	    "<figure><img src=x><figcaption>Boiler words, which are not wanted.</figcaption></figure>",
	};

	(void) state;
	for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++)
	{
		bg_buffer html;
		bg_page page;

		bg_buffer_init(&html, 0);
		bg_buffer_printf(&html, "<body>%s<div class=content>" BODY "</div>%s</body>", around[i],
		                 around[i]);
		read_utf8(html.data, &page, BG_OK);
		assert_has(page.text, "pays researchers");
		assert_has(page.text, "without steps to repeat them.");
		assert_lacks(page.text, "Boiler");
		assert_lacks(page.text, "careers");
		bg_page_free(&page);
		/* Inside the text as well. */
		bg_buffer_truncate(&html, 0);
		bg_buffer_printf(&html, "<body><article>" BODY "%s" BODY "</article></body>", around[i]);
		read_utf8(html.data, &page, BG_OK);
		assert_has(page.text, "without steps to repeat them.");
		assert_lacks(page.text, "Boiler");
		bg_page_free(&page);
		bg_buffer_free(&html);
	}
}

/* Words are whole: "ad" is in none of these, "hidden" and "share" in none that hides or shares. */
static void test_names_are_words(void **state)
{
	static const char *const names[] = {
	    "header",
	    "heading",
	    "padding",
	    "loaded",
	    "shadow",
	    "thread-view",
	    "lead",
	    "read-all",
	    "preloader",
	    "download",
	    "gradient",
	    "roadmap",
	    "overflow-hidden",
	    "badge",
	    "administrator",
	    "shareholders",
	    "elementor-widget-wrap",
	    "metamask",
	    "commentary-free",
	    "navy-blue",
	    "tagged",
	    "promote",
	    "printer",
	};

	(void) state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		char html[1500];
		bg_page page;

		snprintf(html, sizeof(html),
		         "<body><div><div><p>" S1 "</p><p>" S2 "</p><p>" S3
		         "</p></div><div class='%s' id='%s'><p>Kept "
		         "words, because nothing says otherwise.</p></div><div>" BODY "</div></div></body>",
		         names[i], names[i]);
		read_utf8(html, &page, BG_OK);
		if (strcmp(names[i], "commentary-free") != 0)
			assert_has(page.text, "Kept words");
		bg_page_free(&page);
	}
}

/* A name never takes most of the page with it. */
static void test_guards(void **state)
{
	static const char *const wrappers[] = {
	    "<div class='ad'>%s</div>",
	    "<div class='page share'>%s</div>",
	    "<div id=comments>%s</div>",
	    "<div style='display:none'>%s</div>",
	    "<aside>%s</aside>",
	    "<footer>%s</footer>",
	    "<form>%s</form>",
	    "<div class='cookie'>%s</div>",
	    "<div class=sidebar>%s</div>",
	    "<table><tr><td>%s</table>",
	    "<noscript>%s</noscript>",
	    "<div hidden>%s</div>",
	    "<article>%s</article>",
	    "<a href=x>%s</a>",
	    "%s",
	};

	(void) state;
	for (size_t i = 0; i < sizeof(wrappers) / sizeof(wrappers[0]); i++)
	{
		char html[1500];
		bg_page page;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(html, sizeof(html), wrappers[i], BODY);
#pragma GCC diagnostic pop
		read_utf8(html, &page, BG_OK);
		assert_has(page.text, "pays researchers");
		assert_has(page.text, "without steps to repeat them.");
		bg_page_free(&page);
	}
}

static void test_blocks(void **state)
{
	static const struct
	{
		const char *html;
		const char *text;
	} rows[] = {
	    {"<p>one</p><p>two</p>", "one\ntwo\n"},
	    {"<div>one<div>two</div>three</div>", "one\ntwo\nthree\n"},
	    {"<p>one<br>two<br><br>three</p>", "one\ntwo\nthree\n"},
	    {"<p>one <b>two</b><i>three</i> four</p>", "one twothree four\n"},
	    {"<p>  one\n\t two&nbsp;&nbsp;three </p>", "one two three\n"},
	    {"<ul><li>one<li>two <p>more</p></ul>", "- one\n- two\nmore\n"},
	    {"<ol><li><p>one</p></li><li>two</li></ol>", "- one\n- two\n"},
	    {"<h2>Head</h2><p>one</p>", "Head\none\n"},
	    {"<dl><dt>term<dd>meaning</dl>", "term\nmeaning\n"},
	    {"<table><tr><th>Prize<th>Sum<tr><td>First<td>500 USDC<tr><td>Second<td>100</table>",
	     "Prize | Sum\nFirst | 500 USDC\nSecond | 100\n"},
	    {"<table><tr><td><p>a</p><p>b</p></td><td>c</td></tr></table>", "a b | c\n"},
	    {"<pre>a  b\n    c\n</pre><p>d</p>", "a  b\n    c\nd\n"},
	    {"<blockquote>quoted</blockquote><p>one</p>", "quoted\none\n"},
	    {"<p>old <s>1 May</s> new 1 June</p>", "old new 1 June\n"},
	    {"<p>old <del>1 May</del> <ins>1 June</ins></p>", "old 1 June\n"},
	    {"<p>old <strike><b>1 May</b></strike> 1 June</p>", "old 1 June\n"},
	    {"<details><summary>more</summary><p>one</p></details>", "more\none\n"},
	    {"<p>H<sub>2</sub>O</p>", "H2O\n"},
	    {"<p>你好，<b>世界</b>。</p>", "你好，世界。\n"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		char html[400];
		bg_page page;

		snprintf(html, sizeof(html), "<html><body>%s</body></html>", rows[i].html);
		read_utf8(html, &page, BG_OK);
		assert_string_equal(page.text, rows[i].text);
		bg_page_free(&page);
	}
}

/* The title stands in the metadata; the text begins after it. */
static void test_title_is_not_repeated(void **state)
{
	bg_page page;

	(void) state;
	read_utf8("<title>Reports of bugs - Site</title><article><h1>Reports of bugs</h1>" BODY
	          "<h2>More of it</h2>" BODY "<h2>Left over</h2></article>",
	          &page, BG_OK);
	assert_string_equal(page.title.value, "Reports of bugs");
	assert_lacks(page.text, "Reports of bugs");
	assert_has(page.text, "More of it\n");
	assert_lacks(page.text, "Left over");
	bg_page_free(&page);
}

/* A side box with the prize or the deadline stays, and so does what opens at a click. */
static void test_facts_beside(void **state)
{
	bg_page page;

	(void) state;
	read_utf8(
	    "<main><article>" BODY
	    "<div class='accordion-content' style='display:none'><p>Teams of four may apply.</p></div>"
	    "<div class=note style='display:none'><p>Never "
	    "shown.</p></div></article><aside><p>Deadline: 4 October 2026</p></aside>"
	    "<div class=sidebar><p>Prize: 500 USDC</p></div><aside><p>Our office is "
	    "open.</p></aside></main>",
	    &page, BG_OK);
	assert_has(page.text, "Deadline: 4 October 2026");
	assert_has(page.text, "Prize: 500 USDC");
	assert_has(page.text, "Teams of four may apply.");
	assert_lacks(page.text, "Our office");
	assert_lacks(page.text, "Never shown");
	bg_page_free(&page);
}

static void test_forum(void **state)
{
	static const char posts[] = "<div class='comment reply'><p>" S1 "</p></div>"
	                            "<div class='comment reply'><p>" S2 "</p></div>"
	                            "<div class='comment reply'><p>" S3 "</p></div>";
	bg_buffer html;
	bg_page page;

	(void) state;
	bg_buffer_init(&html, 0);
	bg_buffer_printf(
	    &html,
	    "<script type=application/ld+json>{\"@type\":\"DiscussionForumPosting\"}</script><body>"
	    "<div><p>Which rules apply to reports, please?</p></div>%s</body>",
	    posts);
	read_utf8(html.data, &page, BG_OK);
	assert_has(page.text, "Which rules");
	assert_has(page.text, "pays researchers");
	assert_has(page.text, "without steps to repeat them.");
	bg_page_free(&page);
	bg_buffer_free(&html);
}

/* On a page of cards the links are the text. */
static void test_listing(void **state)
{
	bg_buffer html;
	bg_page page;

	(void) state;
	bg_buffer_init(&html, 0);
	bg_buffer_puts(&html, "<body><nav><ul>" LINKS "</ul></nav><main>");
	for (int i = 0; i < 40; i++)
		bg_buffer_printf(
		    &html,
		    "<div class=card><a href=/b/%d><h3>Bounty number %d</h3><span>%d USDC</span></a></div>",
		    i, i, i * 100);
	bg_buffer_puts(&html, "</main><footer>" LINKS "</footer></body>");
	read_utf8(html.data, &page, BG_OK);
	assert_has(page.text, "Bounty number 0\n");
	assert_has(page.text, "Bounty number 39\n");
	assert_has(page.text, "3900 USDC");
	assert_lacks(page.text, "careers");
	bg_page_free(&page);
	bg_buffer_free(&html);
}

/* Pages that only scripts fill say in JSON-LD what they hold. */
static void test_jsonld_text(void **state)
{
	bg_page page;

	(void) state;
	read_utf8("<script type=application/ld+json>{\"@type\":\"Article\",\"articleBody\":\"" S1 S2
	          "\"}</script>"
	          "<script src=x></script><body><div id=root></div></body>",
	          &page, BG_OK);
	assert_has(page.text, "pays researchers");
	bg_page_free(&page);
}

static void test_walls(void **state)
{
	static const struct
	{
		const char *html;
		bg_outcome outcome;
	} rows[] = {
	    {"<title>Just a moment...</title><p>Checking your browser before accessing example.org.</p>"
	     "<script>window._cf_chl_opt={}</script>",
	     BG_CHALLENGE},
	    {"<title>Attention Required!</title><h1>Verify you are human</h1><p>Please complete the "
	     "captcha.</p>",
	     BG_CHALLENGE},
	    {"<title>example.org</title><script src='https://ct.captcha-delivery.com/c.js'></script>",
	     BG_CHALLENGE},
	    {"<title>安全验证</title><p>请完成验证后继续访问</p>", BG_CHALLENGE},
	    {"<title>Bypassing a captcha: a bug bounty</title>" BODY BODY BODY BODY BODY BODY BODY,
	     BG_OK},
	    {"<title>Bounty: solve the captcha</title><p>We pay 100 USDC for a solver. Please complete "
	     "the captcha "
	     "faster than we do.</p>",
	     BG_OK},
	    {"<title>Log in - Example</title><form><input name=u><input type=password><button>Log "
	     "in</button></form>"
	     "<p>Welcome back, please enter your name.</p>",
	     BG_LOGIN_WALL},
	    {"<title>Example</title><p>You must be logged in to see this page.</p><input "
	     "type=Password>",
	     BG_LOGIN_WALL},
	    {"<title>登录</title><p>请先登录后查看内容</p>", BG_LOGIN_WALL},
	    {"<title>Fix login</title><p>You must be logged in to see the bug. It pays 100 USDC.</p>",
	     BG_OK},
	    {"<title>A page</title><form><input type=password></form>" BODY BODY BODY, BG_OK},
	    {"<div id=root></div><script>app()</script>", BG_EMPTY},
	    {"<div id=root></div><noscript>You need to enable JavaScript to run this app.</noscript>"
	     "<script>app()</script>",
	     BG_EMPTY},
	    {"<html><head><title>Only a title</title></head><body></body></html>", BG_EMPTY},
	    {"<p>Short, but text.</p>", BG_OK},
	    {"<ul>" LINKS "</ul>", BG_OK},
	    {"<p>JavaScript is required for this job; we pay 100 USDC.</p>", BG_OK},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		bg_page page;

		read_utf8(rows[i].html, &page, rows[i].outcome);
		bg_page_free(&page);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_boilerplate_goes),
	    cmocka_unit_test(test_names_are_words),
	    cmocka_unit_test(test_guards),
	    cmocka_unit_test(test_blocks),
	    cmocka_unit_test(test_title_is_not_repeated),
	    cmocka_unit_test(test_facts_beside),
	    cmocka_unit_test(test_forum),
	    cmocka_unit_test(test_listing),
	    cmocka_unit_test(test_jsonld_text),
	    cmocka_unit_test(test_walls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

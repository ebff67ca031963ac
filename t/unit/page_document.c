/*
 * page_document.c
 *		Bytes to tree under attack: nesting, floods of tags and attributes, broken markup, types that are no pages. Every limit
 *		holds, and no text of an honest page is lost to one.
 */
#include "page_read.h"

/* Seconds that any body within the byte limit may take; the tests run under sanitizers as well. */
#if defined(__SANITIZE_ADDRESS__)
#define MAX_SECONDS 5.0
#else
#define MAX_SECONDS 1.0
#endif
#define MAX_BYTES (2 * 1024 * 1024)

static void test_deep_divs_keep_text(void **state)
{
	bg_buffer html;
	bg_page page;

	(void) state;
	bg_buffer_init(&html, 0);
	for (int i = 0; i < 300; i++)
		bg_buffer_printf(&html, "<div>Level %d of this page, which nests without need.", i);
	repeat(&html, "</div>", 299);
	bg_buffer_puts(&html, "<p>And what follows them.</p></div>");
	assert_int_equal(read_bytes(html.data, html.len, HTML, &page), BG_OK);
	assert_has(page.text, "Level 0 of this page, which nests without need.\n");
	assert_has(page.text, "Level 255 of this page, which nests without need.\n");
	assert_has(page.text, "Level 256 of this page, which nests without need.\n");
	assert_has(page.text, "Level 299 of this page, which nests without need.\n");
	assert_has(page.text, "And what follows them.\n");
	assert_true(page.truncated);
	bg_page_free(&page);
	bg_buffer_free(&html);
}

static void test_nesting_without_end(void **state)
{
	static const char *const tags[] = {"div",        "b",   "table><tr><td", "ul><li",
	                                   "blockquote", "x-y", "span",          "p"};

	(void) state;
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
	{
		bg_buffer html;
		bg_page page;
		bg_outcome outcome;
		char tag[32];

		snprintf(tag, sizeof(tag), "<%s>", tags[i]);
		bg_buffer_init(&html, 0);
		bg_buffer_puts(&html, "<p>The words before.</p>");
		repeat(&html, tag, 100000);
		bg_buffer_puts(&html, "The words inside.");
		assert_true(time_reading(&html, &page, &outcome) < MAX_SECONDS);
		assert_has(page.text, "The words before.\n");
		assert_true(page.nodes <= bg_page_default_limits.max_nodes);
		bg_page_free(&page);
		bg_buffer_free(&html);
	}
}

static void test_nested_and_closed(void **state)
{
	bg_buffer html;
	bg_page page;
	bg_outcome outcome;

	(void) state;
	bg_buffer_init(&html, 0);
	repeat(&html, "<div>", 100000);
	bg_buffer_puts(&html, "deep inside");
	repeat(&html, "</div>", 100000);
	bg_buffer_puts(&html, "<p>behind it all</p>");
	assert_true(time_reading(&html, &page, &outcome) < MAX_SECONDS);
	assert_has(page.text, "deep inside\n");
	bg_page_free(&page);
	bg_buffer_free(&html);
}

/* libxml2 compares every attribute with all before it: 100,000 of them would take a minute. */
static void test_attribute_flood(void **state)
{
	bg_buffer html;
	bg_page page;
	bg_outcome outcome;

	(void) state;
	bg_buffer_init(&html, 0);
	bg_buffer_puts(&html, "<p ");
	for (int i = 0; i < 50000; i++)
		bg_buffer_printf(&html, "a%d=1 class=c%d ", i, i);
	bg_buffer_puts(&html, ">The words of the page.</p>");
	assert_true(time_reading(&html, &page, &outcome) < MAX_SECONDS / 10);
	assert_int_equal(outcome, BG_OK);
	assert_string_equal(page.text, "The words of the page.\n");
	assert_true(page.truncated);
	bg_page_free(&page);
	bg_buffer_free(&html);
}

/* Whatever fills the page: done within the second, within the nodes. */
static void test_floods(void **state)
{
	static const char *const pieces[] = {
	    "<li>",
	    "<p>",
	    "</p>",
	    "<a>",
	    "<a href=x>",
	    "<br>",
	    "<!--",
	    "<!",
	    "<?",
	    "<",
	    "</",
	    "&",
	    "&#",
	    "&amp;",
	    "<script>",
	    "<style>",
	    "<svg>",
	    "<title>",
	    "<textarea>",
	    "<iframe>",
	    "<select><option>",
	    "<form>",
	    "<table><tr><td>",
	    "</i>",
	    "<body class=a>",
	    "<html lang=en>",
	    "<meta name=a content=b>",
	    "<script type=\"application/ld+json\">[[],",
	    "<script type=\"application/ld+json\">{}</script>",
	    "<h1>a</h1>",
	    "<time datetime=2026-01-01>",
	    "<a href=\"",
	    "<a b='",
	    "<link rel=canonical href=x>",
	    "<p class=\"share ad post-content\">w",
	    "<![CDATA[",
	    "]]>",
	    "\xFF",
	    "\xE4\xBD",
	    "a",
	    " ",
	    "\n",
	    "<td>cell",
	    "<del>a",
	    "<p hidden>a",
	    "<noscript>a",
	    "<template>a",
	};

	(void) state;
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
	{
		static const char *const starts[] = {"", "<html><body><div><b><b><b><b><b>", "<pre>"};

		for (size_t k = 0; k < sizeof(starts) / sizeof(starts[0]); k++)
		{
			bg_buffer html;
			bg_page page;
			bg_outcome outcome;
			double seconds;

			bg_buffer_init(&html, 0);
			bg_buffer_puts(&html, starts[k]);
			repeat(&html, pieces[i], (MAX_BYTES - html.len) / strlen(pieces[i]));
			seconds = time_reading(&html, &page, &outcome);
			if (seconds >= MAX_SECONDS)
				fail_msg("\"%s\" took %.2f s", pieces[i], seconds);
			assert_true(page.nodes <= bg_page_default_limits.max_nodes);
			assert_true(page.text_len <= bg_page_default_limits.max_text);
			bg_page_free(&page);
			bg_buffer_free(&html);
		}
	}
}

static void test_node_limit(void **state)
{
	bg_page_limits limits = bg_page_default_limits;
	bg_buffer html;
	bg_page page;

	(void) state;
	limits.max_nodes = 100;
	bg_buffer_init(&html, 0);
	bg_buffer_puts(&html, "<p>The first paragraph, which is read.</p>");
	repeat(&html, "<p>More and more of it.</p>", 200);
	assert_int_equal(bg_page_read(html.data, html.len, HTML, NULL, &limits, &page), BG_OK);
	assert_true(page.nodes <= 100);
	assert_true(page.truncated);
	assert_has(page.text, "The first paragraph, which is read.\n");
	bg_page_free(&page);
	limits = bg_page_default_limits;
	limits.max_text = 50;
	assert_int_equal(bg_page_read(html.data, html.len, HTML, NULL, &limits, &page), BG_OK);
	assert_true(page.text_len <= 50);
	assert_true(page.truncated);
	bg_page_free(&page);
	limits = bg_page_default_limits;
	limits.max_bytes = 1000;
	assert_int_equal(bg_page_read(html.data, html.len, HTML, NULL, &limits, &page), BG_TOO_LARGE);
	assert_int_equal(page.bytes, html.len);
	assert_true(page.truncated);
	assert_has(page.text, "The first paragraph, which is read.\n");
	bg_page_free(&page);
	bg_buffer_free(&html);
}

/* Elements that hold no text are cut out before the parser; broken ones do not take the page with them. */
static void test_raw_elements(void **state)
{
	static const struct
	{
		const char *html;
		const char *text;
	} rows[] = {
	    {"<p>before<script>var a = '<p>no</p>';</script> after</p>", "before after\n"},
	    {"<p>before<SCRIPT>no</ScRiPt > after</p>", "before after\n"},
	    {"<p>before<style>p { a: b }</style> after</p>", "before after\n"},
	    {"<p>before<svg><title>no</title><text>no</text></svg> after</p>", "before after\n"},
	    {"<p>before<svg/> after</p>", "before after\n"},
	    {"<p>before<!-- no --> after</p>", "before after\n"},
	    {"<p>before<!--> after</p>", "before after\n"},
	    {"<p>before<!-- no > after</p>", "before after\n"},
	    {"<p>before<![CDATA[x]]> after</p>", "before after\n"},
	    {"<p>before<svg> after</p>", "before after\n"},
	    {"<p>before<iframe> after</p>", "before after\n"},
	    {"<p>before after<script>no", "before after\n"},
	    {"<p>before after<style>no", "before after\n"},
	    {"<p>before after<a href=\"x", "before after\n"},
	    {"<p>before after<", "before after<\n"},
	    {"<p>1 < 2 and 3 <4> 5</p>", "1 < 2 and 3 <4> 5\n"},
	    {"<p>before<textarea><p>no</textarea> after</p>", "before after\n"},
	    {"before</p></div></html> after", "before\nafter\n"},
	    {"<div><template shadowrootmode=open><p>before after</p></template></div>",
	     "before after\n"},
	    {"<p>a&amp;b &lt;c&gt; &eacute; &#233; &#x4F60; &nbsp; d</p>", "a&b <c> é é 你 d\n"},
	    {"<p>soft&shy;hyphen zero\xE2\x80\x8Bwidth</p>", "softhyphen zerowidth\n"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		bg_page page;

		assert_int_equal(
		    read_bytes(rows[i].html, strlen(rows[i].html), "text/html; charset=utf-8", &page),
		    BG_OK);
		assert_string_equal(page.text, rows[i].text);
		bg_page_free(&page);
	}
}

static void test_types(void **state)
{
	static const struct
	{
		const char *bytes;
		size_t len;
		const char *type;
		bg_outcome outcome;
	} rows[] = {
	    {"%PDF-1.7 ...", 12, HTML, BG_UNSUPPORTED_TYPE},
	    {"%PDF-1.7 ...", 12, NULL, BG_UNSUPPORTED_TYPE},
	    {"\x89PNG\r\n\x1A\n....", 12, HTML, BG_UNSUPPORTED_TYPE},
	    {"\xFF\xD8\xFF\xE0....", 8, "text/plain", BG_UNSUPPORTED_TYPE},
	    {"GIF89a......", 12, NULL, BG_UNSUPPORTED_TYPE},
	    {"PK\x03\x04........", 12, HTML, BG_UNSUPPORTED_TYPE},
	    {"RIFF....WEBPVP8 ", 16, HTML, BG_UNSUPPORTED_TYPE},
	    {"\0\0\0\x18"
	     "ftypmp42",
	     12, HTML, BG_UNSUPPORTED_TYPE},
	    {"\x1F\x8B\x08\0....", 8, HTML, BG_UNSUPPORTED_TYPE},
	    {"<p>text</p>", 11, "image/png", BG_UNSUPPORTED_TYPE},
	    {"<p>text</p>", 11, "application/pdf", BG_UNSUPPORTED_TYPE},
	    {"{\"a\": 1}", 8, "application/json", BG_UNSUPPORTED_TYPE},
	    {"<p>text</p>", 11, "application/xhtml+xml; charset=utf-8", BG_OK},
	    {"<p>text</p>", 11, "", BG_OK},
	    {"<p>text</p>", 11, NULL, BG_OK},
	    {"<p>text</p>", 11, "application/octet-stream", BG_OK},
	    {"plain text", 10, "text/plain", BG_OK},
	    {"# Mark", 6, "text/markdown; charset=utf-8", BG_OK},
	    {"", 0, HTML, BG_EMPTY},
	    {"  \n ", 4, "text/plain", BG_EMPTY},
	    {"", 0, NULL, BG_EMPTY},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		bg_page page;
		bg_outcome outcome = read_bytes(rows[i].bytes, rows[i].len, rows[i].type, &page);

		if (outcome != rows[i].outcome)
			fail_msg("row %zu: %s", i, bg_outcome_name(outcome));
		bg_page_free(&page);
	}
}

static void test_plain_text(void **state)
{
	static const char text[] =
	    "# A bounty\r\n\r\n\r\n\r\n* 500 USDC <b>in</b> &amp; out  \r\n\tindented\n\n\nlast";
	bg_page page;

	(void) state;
	assert_int_equal(read_bytes(text, strlen(text), "text/markdown", &page), BG_OK);
	assert_string_equal(page.text,
	                    "# A bounty\n\n* 500 USDC <b>in</b> &amp; out\n\tindented\n\nlast\n");
	assert_string_equal(page.title.value, "A bounty");
	assert_null(page.document_title);
	bg_page_free(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_deep_divs_keep_text),
	    cmocka_unit_test(test_nesting_without_end),
	    cmocka_unit_test(test_nested_and_closed),
	    cmocka_unit_test(test_attribute_flood),
	    cmocka_unit_test(test_floods),
	    cmocka_unit_test(test_node_limit),
	    cmocka_unit_test(test_raw_elements),
	    cmocka_unit_test(test_types),
	    cmocka_unit_test(test_plain_text),
	};

	bg_page_prepare();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

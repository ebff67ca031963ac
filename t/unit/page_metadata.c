/*
 * page_metadata.c
 *		Title, author, dates, links, language; JSON-LD in the shapes that sites serve it.
 */
#include "page_read.h"

#define PAGE(head, body) "<html><head>" head "</head><body>" body "</body></html>"

static void assert_meta(const bg_meta *meta, const char *value, const char *method,
                        const char *source)
{
	if (value == NULL)
	{
		if (meta->value != NULL)
			fail_msg("\"%s\" from %s instead of nothing", meta->value, meta->source);
		return;
	}
	assert_non_null(meta->value);
	assert_string_equal(meta->value, value);
	if (method != NULL)
		assert_string_equal(meta->method, method);
	if (source != NULL)
		assert_string_equal(meta->source, source);
}

static void test_titles(void **state)
{
	static const struct
	{
		const char *html;
		const char *title;
		const char *source;
	} rows[] = {
	    {PAGE("<title>Fix the parser - Example</title>", "<h1>Fix the parser</h1><p>x"),
	     "Fix the parser", "h1"},
	    {PAGE("<title>Fix the parser</title>", "<p>x"), "Fix the parser", "title"},
	    {PAGE("<title>Fix the parser | Example Site</title><meta property=og:site_name "
	          "content='Example Site'>",
	          "<p>x"),
	     "Fix the parser", "title"},
	    {PAGE("<title>Example: Fix the parser - Example</title><meta property=og:title "
	          "content='Fix the parser'>"
	          "<meta property=og:site_name content=example>",
	          "<h1>Example</h1><p>x"),
	     "Fix the parser", "og:title"},
	    {PAGE("<meta name=twitter:title content='Fix the parser'>", "<p>x"), "Fix the parser",
	     "twitter:title"},
	    {PAGE("<title>A</title><meta property=og:title content='Fix &amp; mend  the\nparser'>",
	          "<p>x"),
	     "Fix & mend the parser", "og:title"},
	    {PAGE("<title>Engineer at Example</title><script "
	          "type=application/ld+json>{\"@type\":\"JobPosting\","
	          "\"title\":\"Engineer\"}</script>",
	          "<p>x"),
	     "Engineer", "JobPosting.title"},
	    {PAGE("", "<h1>Alone on the <em>page</em></h1><p>x"), "Alone on the page", "h1"},
	    {PAGE("<title>全球黑客松_示例网</title>", "<p>x"), "全球黑客松", "title"},
	    {PAGE("<title> \n </title>", "<p>x"), NULL, NULL},
	    {PAGE("<title>A <b> in a title</title>", "<p>x"), "A <b> in a title", "title"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		bg_page page;

		read_bytes(rows[i].html, strlen(rows[i].html), "text/html; charset=utf-8", &page);
		assert_meta(&page.title, rows[i].title, NULL, rows[i].source);
		bg_page_free(&page);
	}
}

static void test_precedence(void **state)
{
	static const char html[] = PAGE(
	    "<title>T</title><link rel='shortlink canonical' href='/a/../b?x=1'>"
	    "<meta property=og:url content='https://example.org/og'>"
	    "<meta property='og:image' content='//cdn.example.org/i.png'>"
	    "<meta property='og:description' content='From the graph.'>"
	    "<meta name=Description content='From the meta.'>"
	    "<meta name=keywords content='c, postgres'>"
	    "<meta name=author content='Meta Author'>"
	    "<meta property='article:published_time' content='2026-01-02T03:04:05+01:00'>"
	    "<meta property='article:modified_time' content='2026-02-03'>"
	    "<meta property='og:site_name' content='The Site'>"
	    "<script "
	    "type='application/ld+json'>{\"@context\":\"https://schema.org\",\"@type\":\"Article\","
	    "\"author\":[{\"@type\":\"Person\",\"name\":\"Ann A\"},{\"name\":\"Bo B\"}],"
	    "\"datePublished\":\"2026-01-01\",\"keywords\":[\"x\",\"y\"]}</script>",
	    "<h1>Heading</h1><p>Text");
	bg_page page;

	(void) state;
	read_string(html, &page);
	assert_meta(&page.canonical, "https://example.org/b?x=1", "html", "canonical");
	assert_meta(&page.image, "https://cdn.example.org/i.png", "meta", "og:image");
	assert_meta(&page.description, "From the graph.", "meta", "og:description");
	assert_meta(&page.keywords, "c, postgres", "meta", "keywords");
	assert_meta(&page.author, "Ann A, Bo B", "jsonld", "author");
	assert_meta(&page.published, "2026-01-01", "jsonld", "datePublished");
	assert_meta(&page.modified, "2026-02-03", "meta", "article:modified_time");
	assert_meta(&page.site, "The Site", "meta", "og:site_name");
	assert_string_equal(page.document_title, "T");
	assert_string_equal(page.heading, "Heading");
	bg_page_free(&page);
}

static void test_dates(void **state)
{
	static const struct
	{
		const char *stated;
		const char *iso;
	} rows[] = {
	    {"2026-10-04", "2026-10-04"},
	    {"2026-10-04T12:30:00Z", "2026-10-04T12:30:00Z"},
	    {"2026-10-04T12:30:00.123+0800", "2026-10-04T12:30:00+08:00"},
	    {"2026-10-04 12:30", "2026-10-04T12:30:00"},
	    {"2026/10/4", "2026-10-04"},
	    {"20261004", "2026-10-04"},
	    {"2026-10", "2026-10"},
	    {"2026", "2026"},
	    {"October 4, 2026", "2026-10-04"},
	    {"Oct. 4th, 2026", "2026-10-04"},
	    {"4 October 2026", "2026-10-04"},
	    {"Sun, 04 Oct 2026 12:30:00 GMT", "2026-10-04T12:30:00Z"},
	    {"2026年10月4日", "2026-10-04"},
	    {"04.10.2026", "2026-10-04"},
	    {"25/12/2026", "2026-12-25"},
	    {"12/25/2026", "2026-12-25"},
	    {"10/04/2026", NULL}, /* could be either */
	    {"2026-02-30", NULL},
	    {"2026-13-01", NULL},
	    {"yesterday", NULL},
	    {"", NULL},
	    {"0000-00-00", NULL},
	    {"1760000000", NULL},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		char html[300];
		bg_page page;

		snprintf(html, sizeof(html), "<meta charset=utf-8><meta name=date content=\"%s\"><p>x",
		         rows[i].stated);
		read_string(html, &page);
		assert_meta(&page.published, rows[i].iso, "meta", "date");
		bg_page_free(&page);
	}
}

/* Dates are stated or absent, never taken from running text or the footer. */
static void test_dates_elsewhere(void **state)
{
	static const struct
	{
		const char *html;
		const char *url;
		const char *date;
		const char *source;
	} rows[] = {
	    {"<p>Posted on 4 October 2026.</p><footer>&copy; 2026</footer>", NULL, NULL, NULL},
	    {"<p>By me <time datetime='2026-10-04'>today</time></p>", NULL, "2026-10-04", "time"},
	    {"<time datetime=2026-10-04>a</time><time datetime=2026-10-05>b</time>", NULL, NULL, NULL},
	    {"<time>2026-10-04</time>", NULL, NULL, NULL},
	    {"<p><span itemprop='datePublished' content='2026-10-04'>x</span>", NULL, "2026-10-04",
	     "datePublished"},
	    {"<p>x", "https://example.org/2026/10/04/post", "2026-10-04", "url"},
	    {"<p>x", "https://example.org/2026-10-04/post", "2026-10-04", "url"},
	    {"<p>x", "https://example.org/2026/99/04/post", NULL, NULL},
	    {"<p>x", "https://example.org/v/2026/10", NULL, NULL},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		bg_page page;

		bg_page_read(rows[i].html, strlen(rows[i].html), HTML, rows[i].url, NULL, &page);
		assert_meta(&page.published, rows[i].date, "html", rows[i].source);
		bg_page_free(&page);
	}
}

static void test_languages(void **state)
{
	static const struct
	{
		const char *html;
		const char *language;
	} rows[] = {
	    {"<html lang=EN-us><p>x", "en-us"},
	    {"<html lang=zh_Hans><p>x", "zh-hans"},
	    {"<meta http-equiv=content-language content=de><p>x", "de"},
	    {"<meta property=og:locale content=fr_FR><p>x", "fr-fr"},
	    {"<script "
	     "type=application/ld+json>{\"@type\":\"Article\",\"inLanguage\":\"ja\"}</script><p>x",
	     "ja"},
	    {"<html lang=''><p>x", NULL},
	    {"<html lang='<script>'><p>x", NULL},
	    {"<p>The people of the town want to know what is going on, and for whom the bell tolls at "
	     "the end "
	     "of the day in the middle of winter.",
	     "en"},
	    {"<p>Der Wettbewerb beginnt am Montag und endet am Freitag, alle Teilnehmer werden "
	     "gebeten, ihre "
	     "Arbeiten rechtzeitig einzureichen und die Regeln zu beachten.",
	     NULL},
	    {"<meta charset=utf-8><p>我们希望你可以参加这次黑客松比赛，奖金总额为十万元人民币。", "zh"},
	    {"<meta "
	     "charset=utf-8><p>これは日本語のページです。大会に参加してください。賞金があります。",
	     NULL},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		bg_page page;

		read_string(rows[i].html, &page);
		if (rows[i].language == NULL)
		{
			if (page.language != NULL)
				fail_msg("row %zu: \"%s\"", i, page.language);
		}
		else
		{
			if (page.language == NULL)
				fail_msg("row %zu: nothing", i);
			assert_string_equal(page.language, rows[i].language);
		}
		bg_page_free(&page);
	}
}

static void test_links(void **state)
{
	static const struct
	{
		const char *link;
		const char *url;
	} rows[] = {
	    {"https://other.example/x", "https://other.example/x"},
	    {"//other.example/x", "https://other.example/x"},
	    {"/x", "https://example.org/x"},
	    {"x", "https://example.org/dir/x"},
	    {"../x", "https://example.org/x"},
	    {"../../../x", "https://example.org/x"},
	    {"./x/./y/..", "https://example.org/dir/x/"},
	    {"?q=a/../b", "https://example.org/dir/page?q=a/../b"},
	    {" /x ", "https://example.org/x"},
	    {"javascript:alert(1)", NULL},
	    {"data:text/html,x", NULL},
	    {"mailto:x@example.org", NULL},
	    {"ftp://example.org/x", NULL},
	    {"", NULL},
	    {"http://a b/", NULL},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		char html[300];
		bg_page page;

		snprintf(html, sizeof(html), "<link rel=canonical href=\"%s\"><p>x", rows[i].link);
		read_string(html, &page);
		assert_meta(&page.canonical, rows[i].url, "html", "canonical");
		bg_page_free(&page);
	}
}

static void test_jsonld(void **state)
{
	static const struct
	{
		const char *block;
		size_t count;
		const char *name; /* of the first object */
	} rows[] = {
	    {"{\"name\":\"a\"}", 1, "a"},
	    {"[{\"name\":\"a\"},{\"name\":\"b\"}]", 2, "a"},
	    {"{\"@context\":\"x\",\"@graph\":[{\"name\":\"a\"},{\"name\":\"b\"}]}", 2, "a"},
	    {"{\"@type\":\"Thing\",\"name\":\"o\",\"@graph\":[{\"name\":\"a\"}]}", 2, "o"},
	    {"[[{\"name\":\"a\"}],[{\"@graph\":{\"name\":\"b\"}}]]", 2, "a"},
	    {"<!-- {\"name\":\"a\"} -->", 1, "a"},
	    {"//<![CDATA[\n{\"name\":\"a\"}\n//]]>", 1, "a"},
	    {"/*<![CDATA[*/{\"name\":\"a\"}/*]]>*/", 1, "a"},
	    {"{\"name\":\"a\",}", 1, "a"},
	    {"{\"list\":[1,2,],\"name\":\"a\"}", 1, "a"},
	    {"{\"name\":\"a\nb\"}", 1, "a b"},
	    {"{\"name\":\"a\\'b\"}", 1, "a'b"},
	    {"{\"name\":\"a\\u0000b\"}", 1, "a b"},
	    {"{\"name\":\"a\\ud800b\"}", 1,
	     "a\xEF\xBF\xBD"
	     "b"},
	    {"{\"name\":\"\\ud83d\\ude00\"}", 1, "\xF0\x9F\x98\x80"},
	    {"{\"name\":\"a\"};", 1, "a"},
	    {"{\"name\":\"a\"}{\"name\":\"b\"}", 2, "a"},
	    {"{\"n\":123456789012345678901234567890,\"name\":\"a\"}", 1, "a"},
	    {"{\"name\":\"a\"", 0, NULL},
	    {"{name:a}", 0, NULL},
	    {"", 0, NULL},
	    {"null", 0, NULL},
	    {"[1,2,\"x\"]", 0, NULL},
	    {"{}", 1, NULL},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		char html[500];
		const char *name;
		bg_page page;

		snprintf(html, sizeof(html),
		         "<script type='application/ld+json; charset=utf-8'>%s</script><p>text",
		         rows[i].block);
		assert_int_equal(read_string(html, &page), BG_OK);
		if (json_array_size(page.jsonld) != rows[i].count)
			fail_msg("%zu objects in %s", json_array_size(page.jsonld), rows[i].block);
		name = json_string_value(json_object_get(json_array_get(page.jsonld, 0), "name"));
		if (rows[i].name == NULL)
			assert_null(name);
		else
		{
			assert_non_null(name);
			assert_string_equal(name, rows[i].name);
		}
		bg_page_free(&page);
	}
}

/* A block that is broken does not take the others with it; one that nests without end does no harm. */
static void test_jsonld_blocks(void **state)
{
	static const char html[] =
	    "<script type=application/ld+json>{broken</script>"
	    "<script type=text/javascript>{\"name\":\"no\"}</script>"
	    "<script type=\"application/ld+json\">{\"name\":\"a\"}</script><p>text";
	bg_buffer deep;
	bg_page page;

	(void) state;
	assert_int_equal(read_string(html, &page), BG_OK);
	assert_int_equal(json_array_size(page.jsonld), 1);
	bg_page_free(&page);
	bg_buffer_init(&deep, 0);
	bg_buffer_puts(&deep, "<script type=application/ld+json>");
	repeat(&deep, "[{\"@graph\":", 40000);
	bg_buffer_puts(&deep, "</script><p>text");
	assert_int_equal(read_bytes(deep.data, deep.len, HTML, &page), BG_OK);
	assert_int_equal(json_array_size(page.jsonld), 0);
	bg_page_free(&page);
	bg_buffer_free(&deep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_titles),    cmocka_unit_test(test_precedence),
	    cmocka_unit_test(test_dates),     cmocka_unit_test(test_dates_elsewhere),
	    cmocka_unit_test(test_languages), cmocka_unit_test(test_links),
	    cmocka_unit_test(test_jsonld),    cmocka_unit_test(test_jsonld_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

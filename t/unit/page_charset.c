/*
 * page_charset.c
 *		Encodings: header, byte order mark, the page's own word, guesses; broken bytes.
 */
#include "page_read.h"

typedef struct sample
{
	const char *charset; /* expected */
	const char *label;   /* in the header or meta; NULL = none, it is guessed */
	const char *bytes;
	const char *text; /* UTF-8 that must be in the text */
} sample;

/* The same few words in every encoding, written as bytes so that this file is ASCII with UTF-8 expectations. */
static const sample samples[] = {
    {"utf-8", "utf-8", "\xE4\xBD\xA0\xE5\xA5\xBD", "你好"},
    {"utf-8", "UTF8", "\xE4\xBD\xA0\xE5\xA5\xBD", "你好"},
    {"gb18030", "gbk", "\xC4\xE3\xBA\xC3", "你好"},
    {"gb18030", "GB2312", "\xC4\xE3\xBA\xC3", "你好"},
    {"gb18030", "gb18030", "\xC4\xE3\xBA\xC3\x95\x32\x82\x36", "你好𠀀"},
    {"big5", "big5", "\xA7\x41\xA6\x6E", "你好"},
    {"big5", "big5-hkscs", "\xA7\x41\xA6\x6E", "你好"},
    {"shift_jis", "shift_jis", "\x82\xB1\x82\xF1\x82\xC9", "こんに"},
    {"shift_jis", "windows-31j", "\x87\x40", "①"},
    {"euc-jp", "euc-jp", "\xA4\xB3\xA4\xF3\xA4\xCB", "こんに"},
    {"iso-2022-jp", "iso-2022-jp", "\x1B$B$3$s$K\x1B(B", "こんに"},
    {"euc-kr", "euc-kr", "\xBE\xC8\xB3\xE7", "안녕"},
    {"euc-kr", "ks_c_5601-1987", "\xBE\xC8\xB3\xE7", "안녕"},
    {"windows-1252", "iso-8859-1", "caf\xE9 \x80 10", "café € 10"},
    {"windows-1252", "latin1", "na\xEFve", "naïve"},
    {"windows-1250", "windows-1250", "\xE8 \x9E", "č ž"},
    {"windows-1251", "cp1251", "\xCF\xF0\xE8\xE2\xE5\xF2", "Привет"},
    {"windows-1253", "windows-1253", "\xE1\xE2\xE3", "αβγ"},
    {"windows-1254", "iso-8859-9", "\xFE\xF0", "şğ"},
    {"windows-1256", "windows-1256", "\xE3\xD1\xCD\xC8\xC7", "مرحبا"},
    {"iso-8859-2", "latin2", "\xE8 \xBE", "č ž"},
    {"iso-8859-15", "iso-8859-15", "\xA4 5", "€ 5"},
    {"koi8-r", "koi8-r", "\xF0\xD2\xC9\xD7\xC5\xD4", "Привет"},
    {"windows-874", "tis-620", "\xA1\xA2", "กข"},
};

static void check(const char *bytes, size_t len, const char *type, const sample *want)
{
	bg_page page;

	read_bytes(bytes, len, type, &page);
	assert_string_equal(page.charset, want->charset);
	assert_has(page.text, want->text);
	bg_page_free(&page);
}

static void test_header(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
	{
		char html[300];
		char type[100];

		snprintf(html, sizeof(html), "<html><body><p>%s</p></body></html>", samples[i].bytes);
		snprintf(type, sizeof(type), "text/html; charset=%s", samples[i].label);
		check(html, strlen(html), type, &samples[i]);
		snprintf(type, sizeof(type), "TEXT/HTML;Charset = \"%s\"", samples[i].label);
		check(html, strlen(html), type, &samples[i]);
	}
}

static void test_meta(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
	{
		static const char *const forms[] = {
		    "<meta charset=%s><p>%s</p>",
		    "<!-- charset=x --><META CHARSET = '%s' /><p>%s</p>",
		    "<meta http-equiv=Content-Type content=\"text/html; charset=%s\"><p>%s</p>",
		    "<?xml version=\"1.0\" encoding=\"%s\"?><html><p>%s</p></html>",
		};

		for (size_t k = 0; k < sizeof(forms) / sizeof(forms[0]); k++)
		{
			char html[300];

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(html, sizeof(html), forms[k], samples[i].label, samples[i].bytes);
#pragma GCC diagnostic pop
			check(html, strlen(html), HTML, &samples[i]);
		}
	}
}

static void test_precedence(void **state)
{
	static const sample utf8 = {"utf-8", NULL, NULL, "é"};
	static const sample greek = {"windows-1253", NULL, NULL, "ι"};
	static const char bom[] = "\xEF\xBB\xBF<meta charset=gbk><p>\xC3\xA9</p>";
	static const char own[] = "<meta charset=gbk><p>\xC3\xA9</p>";
	static const char lie[] = "<meta charset=utf-8><p>\xE9</p>";

	(void) state;
	check(bom, strlen(bom), "text/html; charset=gbk", &utf8);
	check(own, strlen(own), "text/html; charset=utf-8", &utf8);
	check(lie, strlen(lie), "text/html; charset=windows-1253", &greek);
}

static void test_utf16(void **state)
{
	static const char little[] = "\xFF\xFE<\0p\0>\0\x60\x4F}Y<\0/\0p\0>\0";
	static const char big[] = "\xFE\xFF\0<\0p\0>\x4F\x60Y}\0<\0/\0p\0>";
	static const char bare[] = "<\0p\0>\0h\0e\0l\0l\0o\0 \0y\0o\0u\0<\0/\0p\0>\0";
	static const sample le = {"utf-16le", NULL, NULL, "你好"};
	static const sample be = {"utf-16be", NULL, NULL, "你好"};
	static const sample guessed = {"utf-16le", NULL, NULL, "hello you"};

	(void) state;
	check(little, sizeof(little) - 1, HTML, &le);
	check(big, sizeof(big) - 1, HTML, &be);
	check(bare, sizeof(bare) - 1, HTML, &guessed);
	check(bare, sizeof(bare) - 1, "text/html; charset=utf-16le", &guessed);
}

static void test_guess(void **state)
{
	static const sample rows[] = {
	    {"gb18030", NULL,
	     "<title>\xD4\xDA\xCF\xDF\xC9\xEA\xC7\xEB</"
	     "title><p>\xCE\xD2\xC3\xC7\xCF\xA3\xCD\xFB\xC4\xE3\xBF"
	     "\xC9\xD2\xD4\xB2\xCE\xBC\xD3\xD5\xE2\xB4\xCE\xB1\xC8\xC8\xFC\xA1\xA3</p>",
	     "我们希望你可以参加这次比赛"},
	    {"big5", NULL,
	     "<p>"
	     "\xA7\xDA\xAD\xCC\xA7\xC6\xB1\xE6\xA7\x41\xA5\x69\xA5\x48\xB0\xD1\xA5\x5B\xB3\x6F\xA6\xB8"
	     "\xA4\xF1\xC1\xC9\xA1\x43</p>",
	     "我們希望你可以參加這次比賽"},
	    {"shift_jis", NULL,
	     "<p>"
	     "\x82\xB1\x82\xEA\x82\xCD\x93\xFA\x96\x7B\x8C\xEA\x82\xCC\x83\x65\x83\x58\x83\x67\x82\xC5"
	     "\x82\xB7</p>",
	     "これは日本語のテストです"},
	    {"euc-jp", NULL,
	     "<p>"
	     "\xA4\xB3\xA4\xEC\xA4\xCF\xC6\xFC\xCB\xDC\xB8\xEC\xA4\xCE\xA5\xC6\xA5\xB9\xA5\xC8\xA4\xC7"
	     "\xA4\xB9</p>",
	     "これは日本語のテストです"},
	    {"euc-kr", NULL,
	     "<p>\xBE\xC8\xB3\xE7\xC7\xCF\xBC\xBC\xBF\xE4 \xC0\xCC\xB0\xCD\xC0\xBA "
	     "\xC7\xD1\xB1\xB9\xBE\xEE \xB9\xAE\xC0\xE5\xC0\xD4\xB4\xCF\xB4\xD9</p>",
	     "안녕하세요 이것은 한국어 문장입니다"},
	    {"windows-1251", NULL,
	     "<p>\xDD\xF2\xEE \xEF\xF0\xEE\xF1\xF2\xEE\xE9 \xF2\xE5\xEA\xF1\xF2 \xED\xE0 "
	     "\xF0\xF3\xF1\xF1\xEA\xEE\xEC</p>",
	     "Это простой текст на русском"},
	    {"windows-1252", NULL, "<p>Le caf\xE9 est tr\xE8s bon, \xE0 bient\xF4t mon ami</p>",
	     "Le café est très bon, à bientôt"},
	    {"utf-8", NULL, "<p>plain words only</p>", "plain words only"},
	    {"utf-8", NULL, "<p>na\xC3\xAFve and \xE4\xBD\xA0\xE5\xA5\xBD</p>", "naïve and 你好"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check(rows[i].bytes, strlen(rows[i].bytes), i % 2 == 0 ? HTML : NULL, &rows[i]);
}

/* Broken bytes become U+FFFD; what follows them is read. */
static void test_broken(void **state)
{
	static const struct
	{
		const char *type;
		const char *bytes;
		const char *text;
	} rows[] = {
	    {"text/html; charset=utf-8", "<p>one \xE4\xBD two</p>", "one \xEF\xBF\xBD"},
	    {"text/html; charset=utf-8", "<p>one \xFF two</p>", "one \xEF\xBF\xBD two"},
	    {"text/html; charset=utf-8", "<p>one \xC0\xAF two</p>", "two"},
	    {"text/html; charset=utf-8", "<p>one \xED\xA0\x80 two</p>", "two"},
	    {"text/html; charset=utf-8", "<p>one two \xE4\xBD", "one two \xEF\xBF\xBD"},
	    {"text/html; charset=gbk", "<p>one \xFF two</p>", "one \xEF\xBF\xBD two"},
	    {"text/html; charset=gbk", "<p>one two \xC4", "one two \xEF\xBF\xBD"},
	    {"text/html; charset=shift_jis", "<p>one \x81 two</p>", "two"},
	    {"text/html; charset=euc-jp", "<p>one \xFF two</p>", "one \xEF\xBF\xBD two"},
	    {"text/html; charset=no-such-thing", "<p>one two</p>", "one two"},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
	{
		bg_page page;

		assert_int_equal(read_bytes(rows[i].bytes, strlen(rows[i].bytes), rows[i].type, &page),
		                 BG_OK);
		assert_has(page.text, rows[i].text);
		bg_page_free(&page);
	}
}

/* NUL and control characters never reach the text. */
static void test_controls(void **state)
{
	static const char html[] =
	    "<title>a\0b\x01</title><p>one\0two \x02three\x7F\x1B four\r\nfive</p>";
	bg_page page;

	(void) state;
	assert_int_equal(read_bytes(html, sizeof(html) - 1, "text/html; charset=utf-8", &page), BG_OK);
	assert_string_equal(page.text, "onetwo three four five\n");
	assert_string_equal(page.title.value, "ab");
	bg_page_free(&page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_header),     cmocka_unit_test(test_meta),
	    cmocka_unit_test(test_precedence), cmocka_unit_test(test_utf16),
	    cmocka_unit_test(test_guess),      cmocka_unit_test(test_broken),
	    cmocka_unit_test(test_controls),
	};
	int failed;

	/* Once with conversions opened as needed, once with all of them ahead. */
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	bg_page_prepare();
	return failed + cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * page.c
 *		Reads a page: type, encoding, tree, metadata, main text, verdict, in that order. The steps are in the other files.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "document.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <libxml/parser.h>

const bg_page_limits bg_page_default_limits = {
    .max_bytes = 2 * 1024 * 1024,
    .max_nodes = 200000,
    .max_depth = 256,
    .max_attributes = 1000,
    .max_text = 1024 * 1024,
};

typedef enum page_type
{
	PAGE_HTML,
	PAGE_TEXT,
	PAGE_OTHER
} page_type;

static bool starts_with(const char *bytes, size_t len, const char *magic, size_t magic_len)
{
	return len >= magic_len && memcmp(bytes, magic, magic_len) == 0;
}

/* Files that are neither text nor markup, whatever the header says. */
static bool is_binary(const char *bytes, size_t len)
{
	static const struct
	{
		const char *bytes;
		size_t len;
	} magics[] = {
	    {"%PDF-", 5},
	    {"\x89PNG\r\n\x1A\n", 8},
	    {"\xFF\xD8\xFF", 3},
	    {"GIF87a", 6},
	    {"GIF89a", 6},
	    {"PK\x03\x04", 4},
	    {"PK\x05\x06", 4},
	    {"\x1F\x8B", 2},
	    {"BZh", 3},
	    {"\xFD"
	     "7zXZ",
	     5},
	    {"7z\xBC\xAF\x27\x1C", 6},
	    {"Rar!\x1A\x07", 6},
	    {"\x28\xB5\x2F\xFD", 4},
	    {"\x7F"
	     "ELF",
	     4},
	    {"MZ\x90", 3},
	    {"OggS", 4},
	    {"ID3", 3},
	    {"fLaC", 4},
	    {"\x1A\x45\xDF\xA3", 4},
	    {"wOFF", 4},
	    {"wOF2", 4},
	    {"\0asm", 4},
	    {"\xD0\xCF\x11\xE0", 4},
	    {"II*\0", 4},
	    {"MM\0*", 4},
	    {"\0\0\1\0", 4},
	    {"{\\rtf", 5},
	    {"SQLite format 3", 15},
	};

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
	{
		if (starts_with(bytes, len, magics[i].bytes, magics[i].len))
			return true;
	}
	if (len >= 12 && memcmp(bytes, "RIFF", 4) == 0 &&
	    (memcmp(bytes + 8, "WEBP", 4) == 0 || memcmp(bytes + 8, "WAVE", 4) == 0 ||
	     memcmp(bytes + 8, "AVI ", 4) == 0))
		return true;
	return len >= 12 && memcmp(bytes + 4, "ftyp", 4) == 0;
}

static bool type_is(const char *type, size_t len, const char *name)
{
	return strlen(name) == len && strncasecmp(type, name, len) == 0;
}

/* True if the start of the bytes is markup. */
static bool looks_like_html(const char *bytes, size_t len)
{
	static const char *const starts[] = {"<!doctype html", "<html",  "<head", "<body", "<!--",
	                                     "<?xml",          "<title", "<meta", "<div",  "<script",
	                                     "<article",       "<main",  "<p",    "<h1",   "<table"};
	size_t i = 0;

	if (starts_with(bytes, len, "\xEF\xBB\xBF", 3))
		i = 3;
	while (i < len && strchr(" \t\r\n", bytes[i]) != NULL && bytes[i] != '\0')
		i++;
	for (size_t k = 0; k < sizeof(starts) / sizeof(starts[0]); k++)
	{
		size_t start_len = strlen(starts[k]);

		if (len - i > start_len && strncasecmp(bytes + i, starts[k], start_len) == 0)
			return true;
	}
	return false;
}

static bool has_utf16_mark(const char *bytes, size_t len)
{
	return starts_with(bytes, len, "\xFF\xFE", 2) || starts_with(bytes, len, "\xFE\xFF", 2);
}

static page_type sniff(const char *bytes, size_t len, const char *content_type)
{
	static const char *const texts[] = {"text/plain", "text/markdown", "text/x-markdown",
	                                    "text/x-rst", "text/org"};
	size_t type_len;

	if (!has_utf16_mark(bytes, len) && is_binary(bytes, len))
		return PAGE_OTHER;
	if (content_type != NULL)
		content_type += strspn(content_type, " \t");
	type_len = content_type == NULL ? 0 : strcspn(content_type, "; \t,");
	if (type_len == 0 || type_is(content_type, type_len, "application/octet-stream") ||
	    type_is(content_type, type_len, "*/*") || memchr(content_type, '/', type_len) == NULL)
	{
		/* Nothing is said. Text has no NUL bytes but in UTF-16. */
		if (looks_like_html(bytes, len) || has_utf16_mark(bytes, len))
			return PAGE_HTML;
		if (memchr(bytes, '\0', len < 1024 ? len : 1024) != NULL && len % 2 != 0)
			return PAGE_OTHER;
		if (memchr(bytes, '<', len < 1024 ? len : 1024) != NULL || type_len == 0)
			return PAGE_HTML;
		return PAGE_OTHER;
	}
	if (type_is(content_type, type_len, "text/html") ||
	    type_is(content_type, type_len, "application/xhtml+xml") ||
	    type_is(content_type, type_len, "application/vnd.wap.xhtml+xml"))
		return PAGE_HTML;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		if (type_is(content_type, type_len, texts[i]))
			return PAGE_TEXT;
	}
	if ((type_is(content_type, type_len, "text/xml") ||
	     type_is(content_type, type_len, "application/xml")) &&
	    memmem(bytes, len < 1024 ? len : 1024, "<html", 5) != NULL)
		return PAGE_HTML;
	return PAGE_OTHER;
}

/* A guess where the page is silent, only when the script decides: "zh" or "en", else NULL. */
static char *guess_language(const char *text, size_t len)
{
	static const char *const english[] = {" the ", " and ", " to ", " of ", " is ", " for "};
	size_t han = 0;
	size_t kana = 0;
	size_t hangul = 0;
	size_t ascii = 0;
	size_t other = 0;
	size_t position = 0;
	size_t words = 0;

	if (len > 20000)
		len = bg_utf8_offset(text, 20000, 20000);
	while (position < len)
	{
		uint32_t c = bg_utf8_next(text, len, &position);

		if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
			ascii++;
		else if (c >= 0x4E00 && c <= 0x9FFF)
			han++;
		else if (c >= 0x3040 && c <= 0x30FF)
			kana++;
		else if (c >= 0xAC00 && c <= 0xD7A3)
			hangul++;
		else if (c >= 0xC0 && c < 0x2000)
			other++;
	}
	if (han >= 10 && kana * 20 < han && hangul * 20 < han && han * 3 > ascii)
		return strdup("zh");
	if (ascii < 60 || (han + kana + hangul + other) * 50 > ascii)
		return NULL;
	/* Other languages write with the same letters: English shows in its small words. */
	for (size_t i = 0; i < sizeof(english) / sizeof(english[0]); i++)
		words += memmem(text, len, english[i], strlen(english[i])) != NULL;
	return words >= 4 ? strdup("en") : NULL;
}

/* The text without blanks at line ends, at most one empty line in a row, ending with a newline. */
static void tidy_plain(const char *text, size_t len, size_t max, bg_page *page)
{
	bg_buffer out;
	size_t i = 0;
	size_t empty = 0;

	bg_buffer_init(&out, 0);
	while (i < len)
	{
		const char *newline = memchr(text + i, '\n', len - i);
		size_t end = newline == NULL ? len : (size_t) (newline - text);
		size_t next = end + 1;

		while (end > i && (text[end - 1] == ' ' || text[end - 1] == '\t'))
			end--;
		if (end == i)
			empty++;
		else
		{
			if (out.len > 0 && empty > 0)
				bg_buffer_putc(&out, '\n');
			if (out.len + (end - i) + 1 > max)
			{
				end = i + (max > out.len + 1 ? max - out.len - 1 : 0);
				while (end > i && ((unsigned char) text[end] & 0xC0) == 0x80)
					end--;
				page->truncated = true;
				next = len;
			}
			empty = 0;
			bg_buffer_append(&out, text + i, end - i);
			bg_buffer_putc(&out, '\n');
		}
		i = next;
	}
	page->text = bg_buffer_detach(&out, &page->text_len);
}

/* The first line of a plain text is its title if it looks like one: Markdown's "# ". */
static void read_plain(const char *text, size_t len, size_t max, bg_page *page)
{
	size_t line;

	tidy_plain(text, len, max, page);
	if (page->text == NULL)
		return;
	line = strcspn(page->text, "\n");
	if (strncmp(page->text, "# ", 2) == 0 && line < 300)
	{
		page->title.value = bg_value_fold(page->text + 2, line - 2, 300);
		page->title.method = "html";
		page->title.source = "h1";
		if (page->title.value != NULL)
			page->heading = strdup(page->title.value);
	}
}

static bg_outcome read_html(const char *html, size_t len, const char *url,
                            const bg_page_limits *limits, bg_page *page)
{
	bg_document document;
	bg_article article;
	bg_outcome outcome = BG_TOO_COMPLEX;

	memset(&article, 0, sizeof(article));
	if (bg_document_parse(html, len, limits, &document))
	{
		page->nodes = document.count - 1;
		json_decref(page->jsonld);
		page->jsonld = bg_jsonld_read(&document);
		bg_metadata_read(&document, url, page);
		bg_title_read(&document, page);
		if (bg_article_read(&document, page, url, limits->max_text, &article))
		{
			if (article.text.len + 4 >= limits->max_text)
				page->truncated = true;
			page->text = bg_buffer_detach(&article.text, &page->text_len);
			if (page->text != NULL)
				outcome = bg_wall_check(html, len, &document, page, &article);
		}
		bg_buffer_free(&article.text);
		page->truncated |= document.truncated;
	}
	bg_document_free(&document);
	return outcome;
}

bg_outcome bg_page_read(const char *bytes, size_t len, const char *content_type, const char *url,
                        const bg_page_limits *limits, bg_page *page)
{
	bg_buffer decoded;
	bg_outcome outcome;
	page_type type;
	size_t whole = len;

	if (limits == NULL)
		limits = &bg_page_default_limits;
	memset(page, 0, sizeof(*page));
	page->charset = "utf-8";
	page->bytes = len;
	page->jsonld = json_array();
	if (len > limits->max_bytes)
	{
		len = limits->max_bytes;
		page->truncated = true;
	}
	type = len == 0 ? PAGE_HTML : sniff(bytes, len, content_type);
	bg_buffer_init(&decoded, 0);
	if (type == PAGE_OTHER)
		outcome = BG_UNSUPPORTED_TYPE;
	else
	{
		page->charset = bg_charset_decode(bytes, len, content_type, type == PAGE_HTML, &decoded);
		if (decoded.failed)
			outcome = BG_TOO_COMPLEX;
		else if (type == PAGE_TEXT)
		{
			read_plain(decoded.data == NULL ? "" : decoded.data, decoded.len, limits->max_text,
			           page);
			outcome = page->text == NULL ? BG_TOO_COMPLEX : page->text_len == 0 ? BG_EMPTY : BG_OK;
		}
		else
			outcome =
			    read_html(decoded.data == NULL ? "" : decoded.data, decoded.len, url, limits, page);
	}
	bg_buffer_free(&decoded);
	if (page->text == NULL)
	{
		page->text = strdup("");
		page->text_len = 0;
	}
	if (page->jsonld == NULL)
		page->jsonld = json_array();
	if (page->language == NULL && page->text != NULL)
		page->language = guess_language(page->text, page->text_len);
	if (page->text == NULL || page->jsonld == NULL)
		return BG_TOO_COMPLEX;
	return whole > len ? BG_TOO_LARGE : outcome;
}

void bg_page_free(bg_page *page)
{
	bg_meta *metas[] = {&page->title,       &page->author, &page->published,
	                    &page->modified,    &page->site,   &page->canonical,
	                    &page->description, &page->image,  &page->keywords};

	for (size_t i = 0; i < sizeof(metas) / sizeof(metas[0]); i++)
		free(metas[i]->value);
	free(page->text);
	free(page->language);
	free(page->document_title);
	free(page->heading);
	json_decref(page->jsonld);
	memset(page, 0, sizeof(*page));
}

void bg_page_prepare(void)
{
	bg_charset_prepare();
	json_object_seed(0);
	xmlInitParser();
}

/*
 * scan.c
 *		The pass over the bytes before the parser: cuts out what is never read, keeps JSON-LD aside, tames attributes.
 *
 * It knows tags, attributes and the elements whose body is not markup. It builds no tree and repairs nothing; the parser
 * does. Linear in the page: a search for an end that failed once is never made again.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "document.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Longest value that is kept: more is of no use to any reader and only feeds the parser. */
#define MAX_VALUE 32768
#define MAX_JSONLD_BLOCKS 64

/* The elements whose body is skipped or taken as plain text, to remember that one has no end tag any more. */
typedef enum raw_kind
{
	RAW_SCRIPT,
	RAW_STYLE,
	RAW_SVG,
	RAW_IFRAME,
	RAW_TEXTAREA,
	RAW_TITLE,
	RAW_COMMENT,
	RAW_COUNT
} raw_kind;

typedef struct scanner
{
	const char *html;
	size_t len;
	size_t position;
	size_t max_attributes;
	size_t max_tags;
	size_t tags;
	size_t max_depth; /* 0 = no limit here */
	size_t depth;
	size_t opened[TAG_COUNT];  /* of each tag, open and written */
	size_t dropped[TAG_COUNT]; /* of each tag, open and left out for their depth */
	bool endless[RAW_COUNT];
	bg_document *document;
	bg_buffer *out;
} scanner;

typedef struct tag_scan
{
	bg_tag tag;
	const char *name;
	size_t name_len;
	bool empty;  /* ends with "/>" */
	bool jsonld; /* a script of that type */
	bool shadow; /* a template whose content is shown */
} tag_scan;

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The next "</name" in any case, or NULL. */
static const char *find_end_tag(const char *from, const char *end, const char *name)
{
	size_t len = strlen(name);

	while (from < end && (from = memchr(from, '<', (size_t) (end - from))) != NULL)
	{
		if ((size_t) (end - from) < len + 2)
			return NULL;
		if (from[1] == '/' && strncasecmp(from + 2, name, len) == 0 &&
		    ((size_t) (end - from) == len + 2 || !is_letter(from[len + 2])))
			return from;
		from++;
	}
	return NULL;
}

static bool contains(const char *text, size_t len, const char *word)
{
	size_t word_len = strlen(word);

	for (size_t i = 0; i + word_len <= len; i++)
	{
		if (strncasecmp(text + i, word, word_len) == 0)
			return true;
	}
	return false;
}

/* True if an inline style hides its element. White space may stand anywhere. */
static bool style_hides(const char *style, size_t len)
{
	char folded[512];
	size_t used = 0;

	for (size_t i = 0; i < len && used < sizeof(folded); i++)
	{
		if (!is_space(style[i]))
			folded[used++] = style[i];
	}
	return contains(folded, used, "display:none") || contains(folded, used, "visibility:hidden");
}

static void write_value(bg_buffer *out, const char *value, size_t len)
{
	const char *end = value + len;

	while (value < end)
	{
		const char *quote = memchr(value, '"', (size_t) (end - value));

		if (quote == NULL)
			quote = end;
		bg_buffer_append(out, value, (size_t) (quote - value));
		if (quote == end)
			break;
		bg_buffer_puts(out, "&quot;");
		value = quote + 1;
	}
}

static void write_attribute(scanner *scan, tag_scan *tag, bg_attr attr, const char *value,
                            size_t len)
{
	if (attr == ATTR_STYLE)
	{
		if (style_hides(value, len))
			bg_buffer_puts(scan->out, " style=\"none\"");
		return;
	}
	if (attr == ATTR_TYPE && tag->tag == TAG_SCRIPT)
		tag->jsonld = contains(value, len, "ld+json");
	if (len > MAX_VALUE)
	{
		/* Cut at a character's start. */
		len = MAX_VALUE;
		while (len > 0 && ((unsigned char) value[len] & 0xC0) == 0x80)
			len--;
		scan->document->truncated = true;
	}
	bg_buffer_putc(scan->out, ' ');
	bg_buffer_puts(scan->out, bg_attr_name(attr));
	bg_buffer_puts(scan->out, "=\"");
	write_value(scan->out, value, len);
	bg_buffer_putc(scan->out, '"');
}

/*
 * Reads attributes up to and with the '>' and writes those that are kept. False at the end of the page: like in a
 * browser, a tag cut short is no tag.
 */
static bool scan_attributes(scanner *scan, tag_scan *tag)
{
	const char *p = scan->html + scan->position;
	const char *end = scan->html + scan->len;
	uint32_t seen = 0;
	size_t count = 0;

	for (;;)
	{
		const char *name;
		const char *value = "";
		size_t name_len;
		size_t value_len = 0;
		bg_attr attr;

		while (p < end && (is_space(*p) || *p == '/'))
			p++;
		if (p >= end)
			return false;
		if (*p == '>')
		{
			tag->empty = p[-1] == '/';
			scan->position = (size_t) (p + 1 - scan->html);
			return true;
		}
		name = p++;
		while (p < end && !is_space(*p) && *p != '/' && *p != '>' && *p != '=')
			p++;
		name_len = (size_t) (p - name);
		while (p < end && is_space(*p))
			p++;
		if (p < end && *p == '=')
		{
			p++;
			while (p < end && is_space(*p))
				p++;
			if (p < end && (*p == '"' || *p == '\''))
			{
				const char *quote = memchr(p + 1, *p, (size_t) (end - p - 1));

				if (quote == NULL)
					return false;
				value = p + 1;
				value_len = (size_t) (quote - value);
				p = quote + 1;
			}
			else
			{
				value = p;
				while (p < end && !is_space(*p) && *p != '>')
					p++;
				value_len = (size_t) (p - value);
			}
		}
		if (++count > scan->max_attributes)
		{
			scan->document->truncated = true;
			continue;
		}
		if (tag->tag == TAG_TEMPLATE && name_len > 10 && strncasecmp(name, "shadowroot", 10) == 0)
			tag->shadow = true;
		attr = bg_attr_find(name, name_len);
		if (attr == ATTR_NONE || (seen & (UINT32_C(1) << attr)) != 0)
			continue;
		seen |= UINT32_C(1) << attr;
		write_attribute(scan, tag, attr, value, value_len);
	}
}

static void keep_jsonld(scanner *scan, const char *body, size_t len)
{
	bg_document *document = scan->document;

	if (document->jsonld_count >= MAX_JSONLD_BLOCKS)
	{
		document->truncated = true;
		return;
	}
	document->jsonld_spans[document->jsonld_count].start = document->jsonld.len;
	document->jsonld_spans[document->jsonld_count].len = len;
	document->jsonld_count++;
	bg_buffer_append(&document->jsonld, body, len);
}

/* Writes text in which '<' does not begin a tag. */
static void write_plain(bg_buffer *out, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end)
	{
		const char *less = memchr(text, '<', (size_t) (end - text));

		if (less == NULL)
			less = end;
		bg_buffer_append(out, text, (size_t) (less - text));
		if (less == end)
			break;
		bg_buffer_puts(out, "&lt;");
		text = less + 1;
	}
}

/*
 * After a start tag whose body is not markup: skips or copies the body with its end tag. "mark" is where the start tag was
 * written.
 */
static void scan_raw(scanner *scan, const tag_scan *tag, size_t mark)
{
	raw_kind kind;
	const char *body = scan->html + scan->position;
	const char *end = scan->html + scan->len;
	const char *close = NULL;
	const char *after;

	switch (tag->tag)
	{
		case TAG_SCRIPT:
			kind = RAW_SCRIPT;
			scan->document->scripted = true;
			break;
		case TAG_STYLE:
			kind = RAW_STYLE;
			break;
		case TAG_SVG:
			kind = RAW_SVG;
			break;
		case TAG_IFRAME:
			kind = RAW_IFRAME;
			break;
		case TAG_TEXTAREA:
			kind = RAW_TEXTAREA;
			break;
		default:
			kind = RAW_TITLE;
			break;
	}
	if (kind == RAW_SVG && tag->empty)
	{
		bg_buffer_truncate(scan->out, mark);
		return;
	}
	if (!scan->endless[kind])
		close = find_end_tag(body, end, bg_tag_name(tag->tag));
	if (close == NULL)
	{
		scan->endless[kind] = true;
		bg_buffer_truncate(scan->out, mark);
		/* Without an end the rest of the page is its body in a browser; of the others we keep what follows. */
		if (kind == RAW_SCRIPT || kind == RAW_STYLE)
		{
			scan->position = scan->len;
			scan->document->truncated = true;
		}
		return;
	}
	after = memchr(close, '>', (size_t) (end - close));
	scan->position = after == NULL ? scan->len : (size_t) (after + 1 - scan->html);
	if (kind == RAW_TITLE)
	{
		write_plain(scan->out, body, (size_t) (close - body));
		bg_buffer_puts(scan->out, "</title>");
		return;
	}
	bg_buffer_truncate(scan->out, mark);
	if (tag->jsonld)
		keep_jsonld(scan, body, (size_t) (close - body));
}

static bool is_raw(bg_tag tag)
{
	return tag == TAG_SCRIPT || tag == TAG_STYLE || tag == TAG_SVG || tag == TAG_IFRAME ||
	       tag == TAG_TEXTAREA || tag == TAG_TITLE;
}

/* Reads the name at the position and moves behind it. */
static void scan_name(scanner *scan, tag_scan *tag)
{
	size_t start = scan->position;

	while (scan->position < scan->len && !is_space(scan->html[scan->position]) &&
	       scan->html[scan->position] != '/' && scan->html[scan->position] != '>')
		scan->position++;
	memset(tag, 0, sizeof(*tag));
	tag->name = scan->html + start;
	tag->name_len = scan->position - start;
	tag->tag = bg_tag_find(tag->name, tag->name_len);
}

static void write_name(scanner *scan, const tag_scan *tag)
{
	if (tag->tag != TAG_OTHER)
		bg_buffer_puts(scan->out, bg_tag_name(tag->tag));
	else
		bg_buffer_puts(scan->out,
		               "bg-x"); /* one name for all the unknown: the parser keeps each it meets */
}

static void scan_start_tag(scanner *scan)
{
	size_t mark = scan->out->len;
	bool is_void;
	tag_scan tag;

	scan_name(scan, &tag);
	is_void = (bg_tag_flags(tag.tag) & TAG_IS_VOID) != 0;
	bg_buffer_putc(scan->out, '<');
	write_name(scan, &tag);
	if (!scan_attributes(scan, &tag))
	{
		bg_buffer_truncate(scan->out, mark);
		scan->position = scan->len;
		return;
	}
	bg_buffer_putc(scan->out, '>');
	if (is_raw(tag.tag))
	{
		scan_raw(scan, &tag, mark);
		return;
	}
	if (tag.shadow)
	{
		bg_buffer_truncate(scan->out, mark);
		return;
	}
	scan->tags++;
	if (is_void)
		return;
	if (scan->max_depth == 0 || scan->depth < scan->max_depth)
	{
		scan->depth++;
		scan->opened[tag.tag]++;
		return;
	}
	bg_buffer_truncate(scan->out, mark);
	scan->dropped[tag.tag]++;
	if ((bg_tag_flags(tag.tag) & TAG_IS_BLOCK) != 0)
		bg_buffer_puts(scan->out, "<br>");
}

static void scan_end_tag(scanner *scan)
{
	const char *after;
	tag_scan tag;

	scan->position += 2;
	scan_name(scan, &tag);
	after = memchr(scan->html + scan->position, '>', scan->len - scan->position);
	scan->position = after == NULL ? scan->len : (size_t) (after + 1 - scan->html);
	if (scan->dropped[tag.tag] > 0)
	{
		scan->dropped[tag.tag]--;
		if ((bg_tag_flags(tag.tag) & TAG_IS_BLOCK) != 0)
			bg_buffer_puts(scan->out, "<br>");
		return;
	}
	/* The parser would search its whole stack for each end tag that has no start. */
	if (scan->opened[tag.tag] == 0)
	{
		/* An empty paragraph in a browser. */
		if (tag.tag == TAG_P)
			bg_buffer_puts(scan->out, "<br>");
		return;
	}
	scan->opened[tag.tag]--;
	scan->depth--;
	if (is_raw(tag.tag))
		return;
	bg_buffer_puts(scan->out, "</");
	write_name(scan, &tag);
	bg_buffer_putc(scan->out, '>');
}

/* After "<!" or "<?": a comment, a doctype or something bogus; all skipped. */
static void scan_declaration(scanner *scan)
{
	const char *p = scan->html + scan->position;
	size_t left = scan->len - scan->position;
	const char *end = NULL;

	if (left >= 4 && memcmp(p, "<!--", 4) == 0 && !scan->endless[RAW_COMMENT])
	{
		end = memmem(p + 2, left - 2, "-->", 3);
		if (end != NULL)
			end += 3;
		else
			scan->endless[RAW_COMMENT] = true;
	}
	if (end == NULL)
	{
		end = memchr(p, '>', left);
		if (end != NULL)
			end++;
	}
	scan->position = end == NULL ? scan->len : (size_t) (end - scan->html);
}

void bg_scan_markup(const char *html, size_t len, const bg_page_limits *limits, size_t max_depth,
                    bg_document *document, bg_buffer *out)
{
	scanner scan;

	memset(&scan, 0, sizeof(scan));
	scan.html = html;
	scan.len = len;
	scan.max_attributes = limits->max_attributes;
	scan.max_tags = limits->max_nodes;
	scan.max_depth = max_depth;
	scan.document = document;
	scan.out = out;
	document->jsonld_count = 0;
	bg_buffer_truncate(&document->jsonld, 0);
	if (document->jsonld_spans == NULL)
		document->jsonld_spans = calloc(MAX_JSONLD_BLOCKS, sizeof(*document->jsonld_spans));
	if (document->jsonld_spans == NULL)
	{
		document->failed = true;
		return;
	}
	while (scan.position < len && !out->failed)
	{
		const char *less = memchr(html + scan.position, '<', len - scan.position);
		size_t text = (less == NULL ? len : (size_t) (less - html)) - scan.position;
		char next;

		bg_buffer_append(out, html + scan.position, text);
		scan.position += text;
		if (less == NULL)
			break;
		next = scan.position + 1 < len ? less[1] : '\0';
		if (is_letter(next))
		{
			if (scan.tags >= scan.max_tags)
			{
				document->truncated = true;
				break;
			}
			scan.position++;
			scan_start_tag(&scan);
		}
		else if (next == '/' && scan.position + 2 < len && is_letter(less[2]))
			scan_end_tag(&scan);
		else if (next == '!' || next == '?' || next == '/')
			scan_declaration(&scan);
		else
		{
			bg_buffer_puts(out, "&lt;");
			scan.position++;
		}
	}
	if (out->failed || document->jsonld.failed)
		document->failed = true;
}

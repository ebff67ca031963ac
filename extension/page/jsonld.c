/*
 * jsonld.c
 *		The JSON-LD blocks of a page to one flat array of objects. Mends what sites get wrong often (comments, CDATA, raw
 *		control characters, trailing commas, broken escapes); interprets nothing.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "document.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_BYTES (512 * 1024) /* of all blocks together: the parser's heap is many times that */
#define MAX_OBJECTS 2000
#define MAX_COMMENT 2048

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static int hex4(const char *p, const char *end)
{
	int value = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++)
	{
		int c = (unsigned char) p[i];

		if (c >= '0' && c <= '9')
			c -= '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			c = (c | 0x20) - 'a' + 10;
		else
			return -1;
		value = value * 16 + c;
	}
	return value;
}

/* Copies what follows a backslash inside a string, mended; returns the place after it. */
static const char *mend_escape(const char *p, const char *end, bg_buffer *out)
{
	int unit;

	if (p >= end)
		return p;
	if (*p != 'u')
	{
		if (strchr("\"\\/bfnrt", *p) != NULL && *p != '\0')
		{
			bg_buffer_putc(out, '\\');
			bg_buffer_putc(out, *p);
			return p + 1;
		}
		/* An escape that JSON does not know: the character alone, if it may stand so. */
		return p;
	}
	unit = hex4(p + 1, end);
	if (unit < 0)
		return p;
	if (unit >= 0xD800 && unit <= 0xDBFF && end - p >= 11 && p[5] == '\\' && p[6] == 'u')
	{
		int low = hex4(p + 7, end);

		if (low >= 0xDC00 && low <= 0xDFFF)
		{
			bg_buffer_putc(out, '\\');
			bg_buffer_append(out, p, 11);
			return p + 11;
		}
	}
	if (unit < 0x20)
		bg_buffer_putc(out, ' ');
	else if (unit >= 0xD800 && unit <= 0xDFFF)
		bg_buffer_puts(out, "\\ufffd");
	else
	{
		bg_buffer_putc(out, '\\');
		bg_buffer_append(out, p, 5);
	}
	return p + 5;
}

/* Writes the block so that a strict parser reads it, if that is possible at all. */
static void mend(const char *p, size_t len, bg_buffer *out)
{
	const char *end = p + len;
	bool in_string = false;

	while (p < end)
	{
		char c = *p;

		if (in_string)
		{
			p++;
			if (c == '\\')
				p = mend_escape(p, end, out);
			else if ((unsigned char) c < 0x20)
				bg_buffer_putc(out, ' ');
			else
			{
				bg_buffer_putc(out, c);
				in_string = c != '"';
			}
			continue;
		}
		if (end - p >= 4 && memcmp(p, "<!--", 4) == 0)
			p += 4;
		else if (end - p >= 3 && memcmp(p, "-->", 3) == 0)
			p += 3;
		else if (end - p >= 9 && memcmp(p, "<![CDATA[", 9) == 0)
			p += 9;
		else if (end - p >= 3 && memcmp(p, "]]>", 3) == 0)
			p += 3;
		else if (c == '/' && end - p >= 2 && (p[1] == '/' || p[1] == '*'))
		{
			/* A comment of JavaScript's, or half of the comment that wraps a CDATA mark. */
			size_t window = (size_t) (end - p) < MAX_COMMENT ? (size_t) (end - p) : MAX_COMMENT;
			const char *close = p[1] == '*' ? memmem(p, window, "*/", 2) : memchr(p, '\n', window);
			size_t length = close == NULL ? 2 : (size_t) (close - p) + (p[1] == '*' ? 2 : 0);

			p += memmem(p, length, "CDATA[", 6) != NULL ? 2 : length;
		}
		else if (c == '*' && end - p >= 2 && p[1] == '/')
			p += 2;
		else if (c == ',')
		{
			const char *next = p + 1;

			while (next < end && is_space(*next))
				next++;
			if (next == end || (*next != '}' && *next != ']' && *next != ','))
				bg_buffer_putc(out, ',');
			p = next;
		}
		else
		{
			bg_buffer_putc(out, c);
			in_string = c == '"';
			p++;
		}
	}
}

/* Appends the objects of "value" to the array: arrays and @graph are opened, from a list instead of by recursion. */
static void flatten(json_t *value, json_t *objects)
{
	json_t *pending = json_array();
	json_t *item;
	size_t index;

	json_array_append(pending, value);
	for (size_t i = 0; i < json_array_size(pending) && i < 4 * MAX_OBJECTS &&
	                   json_array_size(objects) < MAX_OBJECTS;
	     i++)
	{
		json_t *next = json_array_get(pending, i);
		json_t *graph = json_object_get(next, "@graph");

		if (json_is_array(next))
		{
			json_array_foreach (next, index, item)
			{
				if (json_array_size(pending) < 4 * MAX_OBJECTS)
					json_array_append(pending, item);
			}
		}
		else if (json_is_object(next))
		{
			if (graph == NULL || json_object_get(next, "@type") != NULL)
				json_array_append(objects, next);
			if (json_is_array(graph) || json_is_object(graph))
				json_array_append(pending, graph);
		}
	}
	json_decref(pending);
}

json_t *bg_jsonld_read(const bg_document *document)
{
	json_t *objects = json_array();
	size_t used = 0;

	for (size_t i = 0; i < document->jsonld_count && objects != NULL; i++)
	{
		const bg_span *span = &document->jsonld_spans[i];
		bg_buffer mended;
		size_t position = 0;

		used += span->len;
		if (used > MAX_BYTES || span->len == 0)
			continue;
		bg_buffer_init(&mended, 0);
		mend(document->jsonld.data + span->start, span->len, &mended);
		/* Some blocks hold several values, one after the other. */
		while (!mended.failed && position < mended.len)
		{
			json_error_t error;
			json_t *value;
			const char *start = mended.data + position;
			size_t left = mended.len - position;

			if (*start != '{' && *start != '[')
			{
				position++;
				continue;
			}
			value = json_loadb(start, left, JSON_DISABLE_EOF_CHECK, &error);
			if (value == NULL)
				value = json_loadb(start, left, JSON_DISABLE_EOF_CHECK | JSON_DECODE_INT_AS_REAL,
				                   &error);
			if (value == NULL)
				break;
			flatten(value, objects);
			json_decref(value);
			position += error.position > 0 ? (size_t) error.position : left;
		}
		bg_buffer_free(&mended);
	}
	return objects;
}

static bool type_is(const char *type, const char *name)
{
	const char *slash;

	if (type == NULL)
		return false;
	slash = strrchr(type, '/');
	if (slash != NULL)
		type = slash + 1;
	else if (strncasecmp(type, "schema:", 7) == 0)
		type += 7;
	return strcasecmp(type, name) == 0;
}

bool bg_jsonld_is(const json_t *object, const char *type)
{
	const json_t *types = json_object_get(object, "@type");
	const json_t *item;
	size_t index;

	if (json_is_string(types))
		return type_is(json_string_value(types), type);
	json_array_foreach (types, index, item)
	{
		if (type_is(json_string_value(item), type))
			return true;
	}
	return false;
}

const char *bg_jsonld_string(const json_t *object, const char *key)
{
	static const char *const inside[] = {"name", "@value", "url", "@id"};
	const json_t *value = json_object_get(object, key);

	if (json_is_array(value))
		value = json_array_get(value, 0);
	if (json_is_string(value))
		return json_string_length(value) > 0 ? json_string_value(value) : NULL;
	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
	{
		const json_t *part = json_object_get(value, inside[i]);

		if (json_is_array(part))
			part = json_array_get(part, 0);
		if (json_is_string(part) && json_string_length(part) > 0)
			return json_string_value(part);
	}
	return NULL;
}

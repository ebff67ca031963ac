/*
 * buffer.c
 *		A growable byte buffer on malloc, and UTF-8 arithmetic. Plain C; see buffer.h.
 */
#include "buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bg_buffer_init(bg_buffer *buffer, size_t limit)
{
	memset(buffer, 0, sizeof(*buffer));
	buffer->limit = limit;
}

static bool reserve(bg_buffer *buffer, size_t more)
{
	size_t need;
	size_t capacity;
	char *data;

	if (buffer->failed)
		return false;
	if (more > SIZE_MAX - buffer->len - 1 ||
	    (buffer->limit > 0 && buffer->len + more > buffer->limit))
	{
		buffer->failed = true;
		return false;
	}
	need = buffer->len + more + 1;
	if (need <= buffer->capacity)
		return true;
	capacity = buffer->capacity < 64 ? 64 : buffer->capacity;
	while (capacity < need)
		capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
	data = realloc(buffer->data, capacity);
	if (data == NULL)
	{
		buffer->failed = true;
		return false;
	}
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

void bg_buffer_append(bg_buffer *buffer, const void *bytes, size_t len)
{
	if (!reserve(buffer, len))
		return;
	if (len > 0)
		memcpy(buffer->data + buffer->len, bytes, len);
	buffer->len += len;
	buffer->data[buffer->len] = '\0';
}

void bg_buffer_puts(bg_buffer *buffer, const char *string)
{
	bg_buffer_append(buffer, string, strlen(string));
}

void bg_buffer_putc(bg_buffer *buffer, char c)
{
	bg_buffer_append(buffer, &c, 1);
}

void bg_buffer_printf(bg_buffer *buffer, const char *format, ...)
{
	va_list args;
	va_list again;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (len < 0)
		buffer->failed = true;
	else if (reserve(buffer, (size_t) len))
	{
		vsnprintf(buffer->data + buffer->len, (size_t) len + 1, format, again);
		buffer->len += (size_t) len;
	}
	va_end(again);
}

void bg_buffer_truncate(bg_buffer *buffer, size_t len)
{
	if (len < buffer->len)
	{
		buffer->len = len;
		buffer->data[len] = '\0';
	}
}

char *bg_buffer_detach(bg_buffer *buffer, size_t *len)
{
	char *data;
	size_t limit = buffer->limit;

	bg_buffer_append(buffer, "", 0);
	if (buffer->failed)
	{
		bg_buffer_free(buffer);
		return NULL;
	}
	data = buffer->data;
	if (len != NULL)
		*len = buffer->len;
	bg_buffer_init(buffer, limit);
	return data;
}

void bg_buffer_free(bg_buffer *buffer)
{
	size_t limit = buffer->limit;

	free(buffer->data);
	bg_buffer_init(buffer, limit);
}

void bg_string_copy(char *to, size_t size, const char *from)
{
	size_t len = strnlen(from, size - 1);

	memcpy(to, from, len);
	to[len] = '\0';
}

uint32_t bg_utf8_next(const char *bytes, size_t len, size_t *position)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *) bytes + *position;
	size_t left = len - *position;
	uint32_t value;
	size_t size;

	if (p[0] < 0x80)
	{
		*position += 1;
		return p[0];
	}
	if (p[0] >= 0xC2 && p[0] <= 0xDF)
		size = 2;
	else if (p[0] >= 0xE0 && p[0] <= 0xEF)
		size = 3;
	else if (p[0] >= 0xF0 && p[0] <= 0xF4)
		size = 4;
	else
		size = 0;
	if (size == 0 || size > left)
	{
		*position += 1;
		return 0xFFFD;
	}
	value = p[0] & (0xFFu >> (size + 1));
	for (size_t i = 1; i < size; i++)
	{
		if ((p[i] & 0xC0) != 0x80)
		{
			*position += 1;
			return 0xFFFD;
		}
		value = (value << 6) | (p[i] & 0x3F);
	}
	if (value < least[size] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
	{
		*position += 1;
		return 0xFFFD;
	}
	*position += size;
	return value;
}

size_t bg_utf8_count(const char *bytes, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += ((unsigned char) bytes[i] & 0xC0) != 0x80;
	return count;
}

size_t bg_utf8_offset(const char *bytes, size_t len, size_t index)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
	{
		if (((unsigned char) bytes[i] & 0xC0) == 0x80)
			continue;
		if (count == index)
			return i;
		count++;
	}
	return len;
}

bool bg_utf8_valid(const char *bytes, size_t len)
{
	size_t position = 0;

	while (position < len)
	{
		size_t before = position;
		uint32_t value = bg_utf8_next(bytes, len, &position);

		/* A real U+FFFD takes three bytes; one made of a bad byte takes one. */
		if (value == 0 || (value == 0xFFFD && position - before == 1))
			return false;
	}
	return true;
}

void bg_utf8_clean(bg_buffer *out, const char *bytes, size_t len)
{
	size_t position = 0;
	size_t copied = 0;

	while (position < len)
	{
		size_t before = position;
		uint32_t value = bg_utf8_next(bytes, len, &position);
		const char *instead;

		if (value == 0xFFFD && position - before == 1)
			instead = "\xEF\xBF\xBD";
		else if (value == '\r')
			instead = position < len && bytes[position] == '\n' ? "" : "\n";
		else if ((value < 0x20 && value != '\n' && value != '\t') || value == 0x7F)
			instead = "";
		else
			continue;
		bg_buffer_append(out, bytes + copied, before - copied);
		bg_buffer_puts(out, instead);
		copied = position;
	}
	bg_buffer_append(out, bytes + copied, len - copied);
}

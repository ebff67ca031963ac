/*
 * util.c
 *		String views, growing buffers, UTF-8 and percent-encoding checks. Knows nothing of HTTP or of the database.
 */
#include "util.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <unistd.h>

static void out_of_memory(void)
{
	static const char text[] = "bountygo-gateway: out of memory\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(71);
	_exit(70);
}

void *bg_alloc(size_t size)
{
	void *p = calloc(1, size ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

char *bg_copy(const char *s, size_t n)
{
	char *copy = bg_alloc(n + 1);

	if (n > 0)
		memcpy(copy, s, n);
	return copy;
}

static void reserve(bg_buf *buf, size_t more)
{
	size_t room = buf->room ? buf->room : 64;

	if (buf->n + more < buf->room)
		return;
	while (room <= buf->n + more)
		room *= 2;
	buf->s = realloc(buf->s, room);
	if (buf->s == NULL)
		out_of_memory();
	buf->room = room;
}

void bg_buf_add(bg_buf *buf, const char *s, size_t n)
{
	reserve(buf, n);
	if (n > 0)
		memcpy(buf->s + buf->n, s, n);
	buf->n += n;
	buf->s[buf->n] = '\0';
}

void bg_buf_puts(bg_buf *buf, const char *s)
{
	bg_buf_add(buf, s, strlen(s));
}

void bg_buf_printf(bg_buf *buf, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		return;
	reserve(buf, (size_t) n + 1);
	va_start(args, format);
	vsnprintf(buf->s + buf->n, (size_t) n + 1, format, args);
	va_end(args);
	buf->n += (size_t) n;
}

void bg_buf_json(bg_buf *buf, const char *s, size_t n)
{
	bg_buf_add(buf, "\"", 1);
	for (size_t i = 0; i < n;)
	{
		unsigned char c = (unsigned char) s[i];
		int length = bg_utf8_length(s + i, n - i);

		if (c == '"' || c == '\\')
			bg_buf_printf(buf, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			bg_buf_printf(buf, "\\u%04x", c);
		else if (length == 0)
			bg_buf_puts(buf, "\\ufffd");
		else
			bg_buf_add(buf, s + i, (size_t) length);
		i += length > 0 ? (size_t) length : 1;
	}
	bg_buf_add(buf, "\"", 1);
}

void bg_buf_free(bg_buf *buf)
{
	free(buf->s);
	memset(buf, 0, sizeof(*buf));
}

bool bg_str_is(bg_str str, const char *other)
{
	return str.n == strlen(other) && memcmp(str.s, other, str.n) == 0;
}

bool bg_str_is_nocase(bg_str str, const char *other)
{
	return str.n == strlen(other) && strncasecmp(str.s, other, str.n) == 0;
}

bg_str bg_str_trim(bg_str str)
{
	while (str.n > 0 && (str.s[0] == ' ' || str.s[0] == '\t'))
	{
		str.s++;
		str.n--;
	}
	while (str.n > 0 && (str.s[str.n - 1] == ' ' || str.s[str.n - 1] == '\t'))
		str.n--;
	return str;
}

bool bg_str_next(bg_str *rest, bg_str *element)
{
	const char *comma;
	size_t n;

	if (rest->n == 0)
		return false;
	comma = memchr(rest->s, ',', rest->n);
	n = comma ? (size_t) (comma - rest->s) : rest->n;
	*element = bg_str_trim((bg_str){rest->s, n});
	n += comma != NULL;
	*rest = (bg_str){rest->s + n, rest->n - n};
	return true;
}

bool bg_str_is_listed(bg_str str, const char *list)
{
	while (*list != '\0')
	{
		size_t n = strcspn(list, ", ");

		if (n > 0 && n == str.n && strncasecmp(list, str.s, n) == 0)
			return true;
		list += n + strspn(list + n, ", ");
	}
	return false;
}

int bg_utf8_length(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *) s;
	int length;

	if (n == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	length = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (n < (size_t) length)
		return 0;
	for (int i = 1; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return length;
}

bool bg_utf8_valid(const char *s, size_t n)
{
	for (size_t i = 0; i < n;)
	{
		int length = s[i] == '\0' ? 0 : bg_utf8_length(s + i, n - i);

		if (length == 0)
			return false;
		i += (size_t) length;
	}
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool bg_percent_decode(bg_str in, bool plus, bg_buf *out)
{
	size_t start = out->n;

	bg_buf_add(out, "", 0);
	for (size_t i = 0; i < in.n; i++)
	{
		char c = in.s[i];

		if (c == '%')
		{
			int high = i + 2 < in.n ? hex_digit(in.s[i + 1]) : -1;
			int low = i + 2 < in.n ? hex_digit(in.s[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char) (high * 16 + low);
			i += 2;
		}
		else if (c == '+' && plus)
			c = ' ';
		bg_buf_add(out, &c, 1);
	}
	return bg_utf8_valid(out->s + start, out->n - start);
}

void bg_random_id(char id[33])
{
	unsigned char bytes[16];
	size_t have = 0;

	while (have < sizeof(bytes))
	{
		ssize_t n = getrandom(bytes + have, sizeof(bytes) - have, 0);

		if (n > 0)
			have += (size_t) n;
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
}

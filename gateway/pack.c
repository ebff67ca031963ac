/*
 * pack.c
 *		Compression of answers. See pack.h. Decides nothing about which answers.
 */
#include "pack.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zlib.h>

bool bg_pack(bg_str body, int level, bg_buf *out)
{
	z_stream z = {0};
	size_t room;
	char *bytes;
	bool done;

	if (body.n > UINT32_MAX / 2 ||
	    deflateInit2(&z, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	room = deflateBound(&z, body.n);
	bytes = bg_alloc(room);
	z.next_in = (unsigned char *) body.s;
	z.avail_in = (unsigned) body.n;
	z.next_out = (unsigned char *) bytes;
	z.avail_out = (unsigned) room;
	done = deflate(&z, Z_FINISH) == Z_STREAM_END;
	if (done)
		bg_buf_add(out, bytes, z.total_out);
	deflateEnd(&z);
	free(bytes);
	return done;
}

/* "q=0.5" in thousandths; 1000 without one; 0 for what can't be read. */
static int weight(bg_str parameter)
{
	int value = 0;
	int scale = 1000;
	size_t i = 2;

	parameter = bg_str_trim(parameter);
	if (parameter.n < 3 || strncasecmp(parameter.s, "q=", 2) != 0)
		return parameter.n == 0 ? 1000 : 0;
	if (parameter.s[2] != '0' && parameter.s[2] != '1')
		return 0;
	value = (parameter.s[2] - '0') * 1000;
	for (i = parameter.n > 3 && parameter.s[3] == '.' ? 4 : parameter.n; i < parameter.n; i++)
	{
		if (parameter.s[i] < '0' || parameter.s[i] > '9' || scale == 1)
			return 0;
		scale /= 10;
		value += (parameter.s[i] - '0') * scale;
	}
	return value > 1000 ? 1000 : value;
}

bool bg_pack_wanted(bg_str accept)
{
	int gzip = -1;
	int any = -1;
	int identity = -1;
	bg_str one;

	if (accept.s == NULL)
		return false;
	while (bg_str_next(&accept, &one))
	{
		const char *semicolon = memchr(one.s, ';', one.n);
		bg_str name = one;
		bg_str rest = {NULL, 0};
		int q;

		if (semicolon != NULL)
		{
			name.n = (size_t) (semicolon - one.s);
			rest = (bg_str){semicolon + 1, one.n - name.n - 1};
		}
		name = bg_str_trim(name);
		q = weight(rest);
		if (bg_str_is_nocase(name, "gzip") || bg_str_is_nocase(name, "x-gzip"))
			gzip = q;
		else if (bg_str_is(name, "*"))
			any = q;
		else if (bg_str_is_nocase(name, "identity"))
			identity = q;
	}
	if (gzip < 0)
		gzip = any;
	return gzip > 0 && gzip >= identity;
}

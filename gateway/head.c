/*
 * head.c
 *		Strict reading of a request's head: framing and Host must be unambiguous. Doesn't interpret any other field.
 */
#include "head.h"

#include <string.h>

typedef struct head_facts
{
	int fields;
	int hosts;
	int lengths;
	int codings;
} head_facts;

static bool is_token_char(unsigned char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* reg-name, IPv4 or [IPv6], with an optional port. */
static bool host_is_sane(bg_str host)
{
	size_t i = 0;

	if (host.n == 0 || host.n > 255 + 6)
		return false;
	if (host.s[0] == '[')
	{
		for (i = 1; i < host.n && host.s[i] != ']'; i++)
			if (strchr("0123456789abcdefABCDEF:.", host.s[i]) == NULL || host.s[i] == '\0')
				return false;
		if (i >= host.n)
			return false;
		i++;
	}
	else
		for (; i < host.n && host.s[i] != ':'; i++)
		{
			unsigned char c = (unsigned char) host.s[i];

			if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			      c == '-' || c == '.' || c == '_'))
				return false;
		}
	if (i == host.n)
		return i > 0;
	if (i == 0 || host.s[i] != ':' || host.n - i > 6)
		return false;
	for (i++; i < host.n; i++)
		if (host.s[i] < '0' || host.s[i] > '9')
			return false;
	return true;
}

static bool is_number(bg_str value)
{
	for (size_t i = 0; i < value.n; i++)
		if (value.s[i] < '0' || value.s[i] > '9')
			return false;
	return value.n > 0 && value.n <= 18;
}

static const char *check_field(bg_str line, head_facts *facts)
{
	const char *colon = memchr(line.s, ':', line.n);
	bg_str name;
	bg_str value;

	if (line.s[0] == ' ' || line.s[0] == '\t')
		return "header fields must not be folded over several lines";
	if (colon == NULL || colon == line.s)
		return "a header field must have a name and a colon";
	name = (bg_str){line.s, (size_t) (colon - line.s)};
	value = bg_str_trim((bg_str){colon + 1, line.n - name.n - 1});
	for (size_t i = 0; i < name.n; i++)
		if (!is_token_char((unsigned char) name.s[i]))
			return "the name of a header field has a character that is not allowed";
	for (size_t i = 0; i < value.n; i++)
	{
		unsigned char c = (unsigned char) value.s[i];

		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return "a header field has a control character";
	}
	facts->fields++;
	if (bg_str_is_nocase(name, "host"))
	{
		facts->hosts++;
		if (!host_is_sane(value))
			return "the Host field must be a name or an address, with a port if need be";
	}
	else if (bg_str_is_nocase(name, "content-length"))
	{
		facts->lengths++;
		if (!is_number(value))
			return "Content-Length must be one number";
	}
	else if (bg_str_is_nocase(name, "transfer-encoding"))
	{
		facts->codings++;
		if (!bg_str_is_nocase(value, "chunked"))
			return "the only transfer coding that is understood is chunked";
	}
	return NULL;
}

int bg_head_check(const char *bytes, size_t n, const char **why)
{
	head_facts facts = {0};
	size_t at = 0;
	bool first = true;
	bool http_1_1 = false;

	for (;;)
	{
		const char *feed = at < n ? memchr(bytes + at, '\n', n - at) : NULL;
		bg_str line;

		if (feed == NULL)
		{
			*why = at > BG_HEAD_MAX_SIZE ? "the header fields are larger than 16 KiB in all"
			                             : "the head of the request is not complete";
			return at > BG_HEAD_MAX_SIZE ? 431 : 400;
		}
		if (feed == bytes + at || feed[-1] != '\r')
		{
			*why = "lines of the head must end with CR LF";
			return 400;
		}
		line = (bg_str){bytes + at, (size_t) (feed - 1 - (bytes + at))};
		at = (size_t) (feed + 1 - bytes);
		if (first)
		{
			const char *space = memchr(line.s, ' ', line.n);
			const char *last = line.n ? memrchr(line.s, ' ', line.n) : NULL;

			if (space == NULL || last == space || space[1] == ' ')
			{
				*why = "the request line must be: method, target, version";
				return 400;
			}
			if (last - space - 1 > BG_HEAD_MAX_TARGET)
			{
				*why = "the request target is longer than 8 KiB";
				return 414;
			}
			http_1_1 =
			    bg_str_is((bg_str){last + 1, line.n - (size_t) (last + 1 - line.s)}, "HTTP/1.1");
			/* The limit of the size counts fields only. */
			bytes += at;
			n -= at;
			at = 0;
			first = false;
			continue;
		}
		if (line.n == 0)
			break;
		*why = check_field(line, &facts);
		if (*why != NULL)
			return 400;
		if (facts.fields > BG_HEAD_MAX_FIELDS)
		{
			*why = "there are more than 100 header fields";
			return 431;
		}
	}
	if (at > BG_HEAD_MAX_SIZE)
	{
		*why = "the header fields are larger than 16 KiB in all";
		return 431;
	}
	if (facts.hosts > 1 || (facts.hosts == 0 && http_1_1))
	{
		*why =
		    facts.hosts ? "there must be one Host field, not several" : "the Host field is missing";
		return 400;
	}
	if (facts.lengths + facts.codings > 1)
	{
		*why = "the length of the body is stated more than once";
		return 400;
	}
	if (facts.codings > 0 && !http_1_1)
	{
		*why = "a transfer coding needs HTTP/1.1";
		return 400;
	}
	return 0;
}

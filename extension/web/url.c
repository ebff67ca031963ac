/*
 * url.c
 *		The canonical form of a URL. Plain C; see url.h.
 *
 * libcurl's URL API splits and resolves; this file judges the parts, normalises them and puts them together again. Hosts are
 * url_host.c's.
 */
#include "url.h"

#include <curl/curl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "egress.h"
#include "url_private.h"

#define CURL_FLAGS (CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS)

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int bg_url_hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* White space and characters nobody sees, which in a URL are a mistake or a trick. */
static bool is_invisible(uint32_t c)
{
	return c <= 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0xAD || c == 0x1680 || c == 0x180E ||
	       (c >= 0x2000 && c <= 0x200F) || (c >= 0x2028 && c <= 0x202F) ||
	       (c >= 0x205F && c <= 0x206F) || c == 0x3000 || c == 0xFEFF;
}

static bool is_trimmed(uint32_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0xA0 || c == 0x3000 ||
	       c == 0xFEFF;
}

/* Cuts white space at both ends, then refuses what may not stand inside. */
static bg_url_error check_text(const char **input, size_t *len)
{
	const char *text = *input;
	size_t position = 0;
	size_t start = 0;
	size_t end = 0;
	bool begun = false;

	if (!bg_utf8_valid(text, *len))
		return BG_URL_CONTROL;
	while (position < *len)
	{
		size_t before = position;

		if (!is_trimmed(bg_utf8_next(text, *len, &position)))
		{
			if (!begun)
				start = before;
			begun = true;
			end = position;
		}
	}
	if (!begun)
		return BG_URL_EMPTY;
	*input = text + start;
	*len = end - start;
	if (*len > BG_URL_MAX)
		return BG_URL_TOO_LONG;
	for (position = 0; position < *len;)
	{
		uint32_t c = bg_utf8_next(*input, *len, &position);

		if (is_invisible(c) || c == '\\')
			return BG_URL_CONTROL;
	}
	return BG_URL_OK;
}

void bg_url_normalize(bg_buffer *out, const char *text, size_t len)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++)
	{
		unsigned char c = (unsigned char) text[i];
		bool encoded = false;

		if (c == '%' && i + 2 < len && bg_url_hex_value(text[i + 1]) >= 0 &&
		    bg_url_hex_value(text[i + 2]) >= 0)
		{
			c = (unsigned char) (bg_url_hex_value(text[i + 1]) * 16 +
			                     bg_url_hex_value(text[i + 2]));
			encoded = true;
			i += 2;
		}
		/* A reserved character that came encoded stays so: decoded it would mean something else. */
		if (is_alpha((char) c) || is_digit((char) c) || (c != '\0' && strchr("-._~", c) != NULL) ||
		    (!encoded && c != '\0' && strchr("!$&'()*+,;=:@/?", c) != NULL))
			bg_buffer_putc(out, (char) c);
		else
		{
			char escape[3] = {'%', hex[c >> 4], hex[c & 15]};

			bg_buffer_append(out, escape, 3);
		}
	}
}

/* RFC 3986 5.2.4, in place, on an absolute path. */
static size_t remove_dot_segments(char *path, size_t len)
{
	size_t from = 0;
	size_t to = 0;

	while (from < len)
	{
		size_t end = from + 1;
		size_t segment;

		while (end < len && path[end] != '/')
			end++;
		segment = end - from - 1;
		if (segment == 1 && path[from + 1] == '.')
		{
			if (end == len)
				path[to++] = '/';
		}
		else if (segment == 2 && path[from + 1] == '.' && path[from + 2] == '.')
		{
			while (to > 0 && path[--to] != '/')
				;
			if (end == len)
				path[to++] = '/';
		}
		else
		{
			memmove(path + to, path + from, end - from);
			to += end - from;
		}
		from = end;
	}
	if (to == 0)
		path[to++] = '/';
	return to;
}

/* Parameters that only tell who sent the reader here. */
static bool is_tracking(const char *name, size_t len)
{
	static const char *const names[] = {
	    "gclid",       "gclsrc",     "dclid",  "gbraid",    "wbraid",    "fbclid",  "msclkid",
	    "yclid",       "twclid",     "ttclid", "li_fat_id", "mc_cid",    "mc_eid",  "igshid",
	    "igsh",        "spm",        "_hsenc", "_hsmi",     "mkt_tok",   "vero_id", "oly_enc_id",
	    "oly_anon_id", "rb_clickid", "s_cid",  "wickedid",  "_openstat", "__hstc",  "__hssc",
	    "__hsfp",      "_ga",        "_gl",
	};

	if (len > 4 && strncasecmp(name, "utm_", 4) == 0)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == len && strncasecmp(names[i], name, len) == 0)
			return true;
	return false;
}

static void append_query(bg_buffer *out, const char *query)
{
	bg_buffer clean;
	bool first = true;

	bg_buffer_init(&clean, 0);
	bg_url_normalize(&clean, query, strlen(query));
	for (size_t at = 0; at < clean.len;)
	{
		const char *parameter = clean.data + at;
		const char *end = memchr(parameter, '&', clean.len - at);
		size_t len = end != NULL ? (size_t) (end - parameter) : clean.len - at;
		const char *equals = memchr(parameter, '=', len);
		size_t name_len = equals != NULL ? (size_t) (equals - parameter) : len;

		/* An empty parameter says nothing; dropping it keeps the form stable when its neighbours go. */
		if (len > 0 && !is_tracking(parameter, name_len))
		{
			bg_buffer_putc(out, first ? '?' : '&');
			bg_buffer_append(out, parameter, len);
			first = false;
		}
		at += len + 1;
	}
	out->failed = out->failed || clean.failed;
	bg_buffer_free(&clean);
}

static bg_url_error from_curl(CURLUcode code)
{
	switch (code)
	{
		case CURLUE_OK:
			return BG_URL_OK;
		case CURLUE_OUT_OF_MEMORY:
			return BG_URL_MEMORY;
		case CURLUE_BAD_PORT_NUMBER:
			return BG_URL_PORT;
		case CURLUE_NO_HOST:
		case CURLUE_BAD_HOSTNAME:
		case CURLUE_BAD_IPV6:
			return BG_URL_HOST;
		default:
			return BG_URL_SYNTAX;
	}
}

/* Length of a scheme that "text" starts with, without the colon; 0 if there is none. */
static size_t scheme_length(const char *text)
{
	size_t len = 0;

	if (!is_alpha(text[0]))
		return 0;
	while (is_alpha(text[len]) || is_digit(text[len]) ||
	       (text[len] != '\0' && strchr("+-.", text[len])))
		len++;
	return text[len] == ':' ? len : 0;
}

/*
 * Makes "text" (NUL-terminated) an absolute http or https URL in *out: adds the scheme people leave out, or resolves it.
 */
static bg_url_error make_absolute(const char *text, const char *relative_to, bg_buffer *out)
{
	size_t scheme = scheme_length(text);
	size_t host;
	CURLU *handle;
	char *resolved = NULL;
	bg_url_error error;

	if (scheme > 0 && relative_to == NULL && strncmp(text + scheme, "://", 3) != 0 &&
	    memchr(text, '.', scheme) != NULL)
	{
		/* "example.com:8080/path" rather than a scheme called "example.com". */
		size_t digits = strspn(text + scheme + 1, "0123456789");

		if (digits > 0 && strchr("/?#", text[scheme + 1 + digits]) != NULL)
			scheme = 0;
	}
	if (scheme > 0)
	{
		if (!(scheme == 4 && strncasecmp(text, "http", 4) == 0) &&
		    !(scheme == 5 && strncasecmp(text, "https", 5) == 0))
			return BG_URL_SCHEME;
		/* Browsers also take "http:host" and "http:///host"; who writes that hopes to be understood in two ways. */
		if (strncmp(text + scheme, "://", 3) != 0)
			return BG_URL_SYNTAX;
		bg_buffer_puts(out, text);
		return BG_URL_OK;
	}
	if (relative_to == NULL)
	{
		if (strncmp(text, "//", 2) == 0)
			text += 2;
		host = strcspn(text, "/?#");
		if (host == 0)
			return BG_URL_SYNTAX;
		if (memchr(text, '@', host) != NULL)
			return BG_URL_CREDENTIALS;
		if (memchr(text, '.', host) == NULL && strstr(text, "\xE3\x80\x82") == NULL)
			return BG_URL_SYNTAX;
		bg_buffer_puts(out, "https://");
		bg_buffer_puts(out, text);
		return BG_URL_OK;
	}

	/* What libcurl would be generous with is done here: it takes any number of slashes for two. */
	if (strncmp(text, "//", 2) == 0)
	{
		bg_buffer_puts(out, strncmp(relative_to, "https:", 6) == 0 ? "https:" : "http:");
		bg_buffer_puts(out, text);
		return BG_URL_OK;
	}
	if (text[0] == '#')
	{
		/* The same page; libcurl would take the last segment off. */
		bg_buffer_puts(out, relative_to);
		return BG_URL_OK;
	}
	handle = curl_url();
	if (handle == NULL)
		return BG_URL_MEMORY;
	error = from_curl(curl_url_set(handle, CURLUPART_URL, relative_to, CURL_FLAGS));
	if (error == BG_URL_OK)
		error = from_curl(curl_url_set(handle, CURLUPART_URL, text, CURL_FLAGS));
	if (error == BG_URL_OK)
		error = from_curl(curl_url_get(handle, CURLUPART_URL, &resolved, 0));
	if (error == BG_URL_OK)
		bg_buffer_puts(out, resolved);
	curl_free(resolved);
	curl_url_cleanup(handle);
	return error;
}

/* The parts of an absolute URL, judged and put together again. */
static bg_url_error compose(const char *text, bg_url *url, bg_buffer *out)
{
	const char *authority = strstr(text, "://") + 3;
	size_t authority_len = strcspn(authority, "/?#");
	CURLU *handle;
	char *host = NULL;
	char *port = NULL;
	char *path = NULL;
	char *query = NULL;
	bg_url_error error;

	if (authority_len == 0)
		return BG_URL_HOST;
	if (memchr(authority, '@', authority_len) != NULL)
		return BG_URL_CREDENTIALS;
	handle = curl_url();
	if (handle == NULL)
		return BG_URL_MEMORY;
	error = from_curl(curl_url_set(handle, CURLUPART_URL, text, CURL_FLAGS));
	if (error == BG_URL_OK)
		error = from_curl(curl_url_get(handle, CURLUPART_HOST, &host, 0));
	if (error == BG_URL_OK)
		error = from_curl(curl_url_get(handle, CURLUPART_PATH, &path, 0));
	if (error == BG_URL_OK)
	{
		CURLUcode no_port = curl_url_get(handle, CURLUPART_PORT, &port, 0);
		CURLUcode no_query = curl_url_get(handle, CURLUPART_QUERY, &query, 0);

		if (no_port == CURLUE_OUT_OF_MEMORY || no_query == CURLUE_OUT_OF_MEMORY)
			error = BG_URL_MEMORY;
	}
	if (error == BG_URL_OK && host[0] == '[' && memchr(authority, '%', authority_len) != NULL)
		error = BG_URL_HOST; /* a zone id, which libcurl takes apart */
	if (error == BG_URL_OK)
		error = bg_url_normalize_host(host, &url->host);
	if (error == BG_URL_OK)
	{
		url->is_https = strncasecmp(text, "https:", 6) == 0;
		url->port = port != NULL ? atoi(port) : (url->is_https ? 443 : 80);
		if (!bg_egress_allows_port(url->port))
			error = BG_URL_PORT;
	}
	if (error == BG_URL_OK)
	{
		bool v6 = strchr(url->host, ':') != NULL;
		size_t at;

		bg_buffer_printf(out, "%s://%s%s%s", url->is_https ? "https" : "http", v6 ? "[" : "",
		                 url->host, v6 ? "]" : "");
		if (url->port != (url->is_https ? 443 : 80))
			bg_buffer_printf(out, ":%d", url->port);
		at = out->len;
		if (path[0] != '/')
			bg_buffer_putc(out, '/');
		bg_url_normalize(out, path, strlen(path));
		if (!out->failed)
			bg_buffer_truncate(out, at + remove_dot_segments(out->data + at, out->len - at));
		if (query != NULL)
			append_query(out, query);
	}
	curl_free(host);
	curl_free(port);
	curl_free(path);
	curl_free(query);
	curl_url_cleanup(handle);
	return error;
}

bg_url_error bg_url_parse(const char *input, size_t len, const char *relative_to, bg_url *url)
{
	bg_buffer text;
	bg_buffer absolute;
	bg_buffer canonical;
	bg_url_error error;

	memset(url, 0, sizeof(*url));
	/* Far over the limit there is no point in looking at every byte. */
	if (len > 4 * BG_URL_MAX)
		return BG_URL_TOO_LONG;
	error = check_text(&input, &len);
	if (error != BG_URL_OK)
		return error;
	bg_buffer_init(&text, 0);
	bg_buffer_init(&absolute, 0);
	bg_buffer_init(&canonical, 0);
	bg_buffer_append(&text, input, len);
	if (text.failed)
		error = BG_URL_MEMORY;
	if (error == BG_URL_OK)
		error = make_absolute(text.data, relative_to, &absolute);
	if (error == BG_URL_OK && absolute.failed)
		error = BG_URL_MEMORY;
	if (error == BG_URL_OK)
		error = compose(absolute.data, url, &canonical);
	if (error == BG_URL_OK && canonical.len > BG_URL_MAX)
		error = BG_URL_TOO_LONG;
	if (error == BG_URL_OK)
	{
		url->canonical = bg_buffer_detach(&canonical, NULL);
		if (url->canonical == NULL)
			error = BG_URL_MEMORY;
	}
	bg_buffer_free(&text);
	bg_buffer_free(&absolute);
	bg_buffer_free(&canonical);
	if (error != BG_URL_OK)
		bg_url_free(url);
	return error;
}

void bg_url_free(bg_url *url)
{
	free(url->canonical);
	free(url->host);
	memset(url, 0, sizeof(*url));
}

const char *bg_url_error_text(bg_url_error error)
{
	switch (error)
	{
		case BG_URL_OK:
			return "The URL is fine.";
		case BG_URL_EMPTY:
			return "The URL is empty; give one such as https://example.com/page.";
		case BG_URL_TOO_LONG:
			return "The URL is longer than 2048 bytes.";
		case BG_URL_CONTROL:
			return "The URL contains white space, control characters, backslashes or invalid "
			       "UTF-8; "
			       "percent-encode them.";
		case BG_URL_SCHEME:
			return "The URL must begin with http:// or https://.";
		case BG_URL_CREDENTIALS:
			return "The URL must not contain a user name or password.";
		case BG_URL_HOST:
			return "The URL has no valid host name or address.";
		case BG_URL_PORT:
			return "The URL's port is not allowed; use 80 or 443.";
		case BG_URL_ADDRESS:
			return "The URL's address is not on the public Internet.";
		case BG_URL_SYNTAX:
			return "This is not a URL; give one such as https://example.com/page.";
		case BG_URL_MEMORY:
			return "Out of memory.";
	}
	return "This is not a URL.";
}

/*
 * siwe.c
 *		The grammar of EIP-4361, line by line. See siwe.h. Does not know clocks, nonces or signatures.
 */
#include "siwe.h"

#include <stdlib.h>
#include <string.h>

#include "buffer.h"
#include "ethereum.h"

#define MAX_NONCE 128
#define INVITATION " wants you to sign in with your Ethereum account:"

typedef struct input
{
	const char *at;
	const char *end;
} input;

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* RFC 3986: unreserved and sub-delims. */
static bool is_plain(char c)
{
	return c != '\0' && (is_letter(c) || is_digit(c) || strchr("-._~!$&'()*+,;=", c) != NULL);
}

/* An escaped byte, or a character of the class or among "others". Advances over it. */
static bool skip_character(const char **at, const char *end, const char *others)
{
	const char *c = *at;

	if (c >= end)
		return false;
	if (*c == '%')
	{
		if (end - c < 3 || !is_hex(c[1]) || !is_hex(c[2]))
			return false;
		*at = c + 3;
		return true;
	}
	if (!is_plain(*c) && (*c == '\0' || strchr(others, *c) == NULL))
		return false;
	*at = c + 1;
	return true;
}

/* [host] of RFC 3986, by its characters: what stands inside the brackets only names a host to people. */
static bool skip_literal(const char **at, const char *end)
{
	const char *c = *at + 1;

	while (c < end && *c != ']')
		if (!is_hex(*c) && *c != ':' && *c != '.')
			return false;
		else
			c++;
	if (c >= end || c == *at + 1)
		return false;
	*at = c + 1;
	return true;
}

/* host [":" port] of RFC 3986. A user name before it would only mislead whoever reads it in the wallet. */
static bool is_authority(const char *at, const char *end)
{
	const char *start = at;

	if (at < end && *at == '[')
	{
		if (!skip_literal(&at, end))
			return false;
	}
	else
		while (at < end && *at != ':')
			if (!skip_character(&at, end, ""))
				return false;
	if (at == start)
		return false;
	if (at == end)
		return true;
	/* the colon */
	if (*at++ != ':' || at == end || end - at > 5)
		return false;
	for (; at < end; at++)
		if (!is_digit(*at))
			return false;
	return true;
}

static bool skip_scheme(const char **at, const char *end)
{
	const char *c = *at;

	if (c >= end || !is_letter(*c))
		return false;
	while (c < end && (is_letter(*c) || is_digit(*c) || *c == '+' || *c == '-' || *c == '.'))
		c++;
	*at = c;
	return true;
}

/* URI of RFC 3986: a scheme, and after it what its grammar allows. */
static bool is_uri(bg_siwe_text text)
{
	const char *at = text.text;
	const char *end = at + text.len;

	if (!skip_scheme(&at, end) || at >= end || *at++ != ':')
		return false;
	if (end - at >= 2 && at[0] == '/' && at[1] == '/')
	{
		const char *stop = at += 2;

		while (stop < end && *stop != '/' && *stop != '?' && *stop != '#')
			stop++;
		/* Schemes such as file: have none. */
		if (stop > at && !is_authority(at, stop))
			return false;
		at = stop;
	}
	while (at < end && *at != '#')
		if (!skip_character(&at, end, ":@/?"))
			return false;
	if (at < end)
		at++;
	while (at < end)
		if (!skip_character(&at, end, ":@/?"))
			return false;
	return true;
}

static bool read_digits(const char *text, int n, int *value)
{
	*value = 0;
	for (int i = 0; i < n; i++)
	{
		if (!is_digit(text[i]))
			return false;
		*value = *value * 10 + (text[i] - '0');
	}
	return true;
}

static int days_of(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

/* Z, or an offset from UTC as clocks on Earth have them: PostgreSQL takes no others. */
static bool is_zone(const char *at, size_t len)
{
	int hours;
	int minutes;

	if (len == 1)
		return *at == 'Z';
	return len == 6 && (at[0] == '+' || at[0] == '-') && at[3] == ':' &&
	       read_digits(at + 1, 2, &hours) && read_digits(at + 4, 2, &minutes) && hours <= 15 &&
	       minutes <= 59;
}

bool bg_rfc3339_valid(const char *text, size_t len)
{
	int year;
	int month;
	int day;
	int hour;
	int minute;
	int second;
	size_t n = 19;

	if (len < 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
	    text[16] != ':' || !read_digits(text, 4, &year) || !read_digits(text + 5, 2, &month) ||
	    !read_digits(text + 8, 2, &day) || !read_digits(text + 11, 2, &hour) ||
	    !read_digits(text + 14, 2, &minute) || !read_digits(text + 17, 2, &second))
		return false;
	/* 60 is for leap seconds. */
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_of(year, month) || hour > 23 ||
	    minute > 59 || second > 60)
		return false;
	if (text[n] == '.')
	{
		size_t first = ++n;

		while (n < len && is_digit(text[n]))
			n++;
		if (n == first || n - first > 9)
			return false;
	}
	return n < len && is_zone(text + n, len - n);
}

/* The next line, without its end. The last one has none; false if there is no line left. */
static bool next_line(input *in, bg_siwe_text *line)
{
	const char *stop;

	if (in->at == NULL)
		return false;
	stop = memchr(in->at, '\n', (size_t) (in->end - in->at));
	line->text = in->at;
	line->len = (size_t) ((stop == NULL ? in->end : stop) - in->at);
	in->at = stop == NULL ? NULL : stop + 1;
	return true;
}

/* What follows "label" in the next line, if that begins so; otherwise nothing is taken. */
static bool next_field(input *in, const char *label, bg_siwe_text *value)
{
	input rest = *in;
	bg_siwe_text line;
	size_t n = strlen(label);

	if (!next_line(&rest, &line) || line.len < n || memcmp(line.text, label, n) != 0)
		return false;
	value->text = line.text + n;
	value->len = line.len - n;
	*in = rest;
	return true;
}

/* [ scheme "://" ] domain " wants you to sign in with your Ethereum account:" */
static bool read_invitation(bg_siwe_text line, bg_siwe *out)
{
	size_t n = strlen(INVITATION);
	const char *at = line.text;
	const char *after = at;
	const char *end;

	if (line.len <= n || memcmp(line.text + line.len - n, INVITATION, n) != 0)
		return false;
	end = line.text + line.len - n;
	if (skip_scheme(&after, end) && end - after > 3 && memcmp(after, "://", 3) == 0)
	{
		out->scheme.text = at;
		out->scheme.len = (size_t) (after - at);
		at = after + 3;
	}
	out->domain.text = at;
	out->domain.len = (size_t) (end - at);
	return is_authority(at, end);
}

static bool is_checksummed(bg_siwe_text address)
{
	char proper[BG_ADDRESS_LENGTH + 1];

	return bg_ethereum_address(address.text, address.len, proper) &&
	       memcmp(address.text, proper, BG_ADDRESS_LENGTH) == 0;
}

/* reserved, unreserved and spaces: ASCII without quotes, backslashes, percent signs and braces. */
static bool is_statement(bg_siwe_text text)
{
	for (size_t i = 0; i < text.len; i++)
	{
		char c = text.text[i];

		if (!is_plain(c) && (c == '\0' || strchr(":/?#[]@ ", c) == NULL))
			return false;
	}
	return text.len > 0;
}

static bool is_nonce(bg_siwe_text text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_letter(text.text[i]) && !is_digit(text.text[i]))
			return false;
	return text.len >= 8 && text.len <= MAX_NONCE;
}

static bool read_chain(bg_siwe_text text, int64_t *chain)
{
	*chain = 0;
	if (text.len == 0 || text.text[0] == '0')
		return false;
	for (size_t i = 0; i < text.len; i++)
	{
		int digit = text.text[i] - '0';

		if (!is_digit(text.text[i]) || *chain > (BG_SIWE_MAX_CHAIN - digit) / 10)
			return false;
		*chain = *chain * 10 + digit;
	}
	return true;
}

static bool is_time(bg_siwe_text text)
{
	return bg_rfc3339_valid(text.text, text.len);
}

/* *pchar, so it may be empty. */
static bool is_request_id(bg_siwe_text text)
{
	const char *at = text.text;

	while (at < text.text + text.len)
		if (!skip_character(&at, text.text + text.len, ":@"))
			return false;
	return true;
}

static bool read_resources(input *in, bg_siwe *out)
{
	bg_siwe_text value;

	if (!next_field(in, "Resources:", &value))
		return true;
	out->has_resources = true;
	if (value.len != 0)
		return false;
	while (next_field(in, "- ", &value))
	{
		if (out->n_resources == BG_SIWE_MAX_RESOURCES || !is_uri(value))
			return false;
		out->resources[out->n_resources++] = value;
	}
	return true;
}

/* A field that may be left out. */
static bool read_optional(input *in, const char *label, bool (*check)(bg_siwe_text),
                          bg_siwe_text *value)
{
	return !next_field(in, label, value) || check(*value);
}

bool bg_siwe_read(const char *message, size_t len, bg_siwe *out)
{
	input in = {message, message + len};
	bg_siwe_text line;
	bg_siwe_text chain;

	memset(out, 0, sizeof(*out));
	if (len == 0 || len > BG_SIWE_MAX)
		return false;
	if (!next_line(&in, &line) || !read_invitation(line, out) || !next_line(&in, &out->address) ||
	    !is_checksummed(out->address) || !next_line(&in, &line) || line.len != 0 ||
	    !next_line(&in, &line))
		return false;
	if (line.len != 0)
	{
		out->statement = line;
		if (!is_statement(line) || !next_line(&in, &line) || line.len != 0)
			return false;
	}
	if (!next_field(&in, "URI: ", &out->uri) || !is_uri(out->uri) ||
	    !next_field(&in, "Version: ", &line) || line.len != 1 || line.text[0] != '1' ||
	    !next_field(&in, "Chain ID: ", &chain) || !read_chain(chain, &out->chain_id) ||
	    !next_field(&in, "Nonce: ", &out->nonce) || !is_nonce(out->nonce) ||
	    !next_field(&in, "Issued At: ", &out->issued_at) || !is_time(out->issued_at))
		return false;
	return read_optional(&in, "Expiration Time: ", is_time, &out->expiration_time) &&
	       read_optional(&in, "Not Before: ", is_time, &out->not_before) &&
	       read_optional(&in, "Request ID: ", is_request_id, &out->request_id) &&
	       read_resources(&in, out) && in.at == NULL;
}

static void put(bg_buffer *out, const char *label, bg_siwe_text value, const char *after)
{
	if (value.text == NULL)
		return;
	bg_buffer_puts(out, label);
	bg_buffer_append(out, value.text, value.len);
	bg_buffer_puts(out, after);
}

static bool is_same(bg_siwe_text a, bg_siwe_text b)
{
	return (a.text == NULL) == (b.text == NULL) && a.len == b.len &&
	       (a.len == 0 || memcmp(a.text, b.text, a.len) == 0);
}

static bool is_same_message(const bg_siwe *a, const bg_siwe *b)
{
	if (!is_same(a->scheme, b->scheme) || !is_same(a->domain, b->domain) ||
	    !is_same(a->address, b->address) || !is_same(a->statement, b->statement) ||
	    !is_same(a->uri, b->uri) || a->chain_id != b->chain_id || !is_same(a->nonce, b->nonce) ||
	    !is_same(a->issued_at, b->issued_at) || !is_same(a->expiration_time, b->expiration_time) ||
	    !is_same(a->not_before, b->not_before) || !is_same(a->request_id, b->request_id) ||
	    a->has_resources != b->has_resources || a->n_resources != b->n_resources)
		return false;
	for (int i = 0; i < a->n_resources; i++)
		if (!is_same(a->resources[i], b->resources[i]))
			return false;
	return true;
}

char *bg_siwe_write(const bg_siwe *fields)
{
	bg_siwe check;
	bg_buffer out;
	char *message;
	size_t len;

	bg_buffer_init(&out, BG_SIWE_MAX);
	put(&out, "", fields->scheme, "://");
	put(&out, "", fields->domain, INVITATION "\n");
	put(&out, "", fields->address, "\n\n");
	put(&out, "", fields->statement, "\n");
	put(&out, "\nURI: ", fields->uri, "\n");
	bg_buffer_printf(&out, "Version: 1\nChain ID: %lld\n", (long long) fields->chain_id);
	put(&out, "Nonce: ", fields->nonce, "\n");
	put(&out, "Issued At: ", fields->issued_at, "");
	put(&out, "\nExpiration Time: ", fields->expiration_time, "");
	put(&out, "\nNot Before: ", fields->not_before, "");
	put(&out, "\nRequest ID: ", fields->request_id, "");
	if (fields->has_resources)
		bg_buffer_puts(&out, "\nResources:");
	for (int i = 0; i < fields->n_resources; i++)
		put(&out, "\n- ", fields->resources[i], "");
	message = bg_buffer_detach(&out, &len);
	/* Read again, so that no field can smuggle in a line, and thereby another field. */
	if (message != NULL &&
	    (!bg_siwe_read(message, len, &check) || !is_same_message(fields, &check)))
	{
		free(message);
		message = NULL;
	}
	bg_buffer_free(&out);
	return message;
}

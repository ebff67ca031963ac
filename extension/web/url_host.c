/*
 * url_host.c
 *		The host of a URL: names, internationalised names, addresses in all their spellings. Plain C; see url.h.
 *
 * Looks nothing up: names are judged by their form only.
 */
#include <arpa/inet.h>
#include <idn2.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "egress.h"
#include "url_private.h"

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * Reads an IPv4 address as the C library's resolver would: one to four parts, decimal, octal or hexadecimal, the last filling
 * what is left. "*is_number" tells whether the last label is a number, so that the name can be nothing but an address.
 */
static bool parse_ipv4(const char *host, uint32_t *address, bool *is_number)
{
	uint64_t parts[4];
	int count = 0;
	const char *last = strrchr(host, '.');
	size_t digits;

	last = last != NULL ? last + 1 : host;
	digits = strspn(last, "0123456789");
	*is_number = *last != '\0' && last[digits] == '\0';
	if (last[0] == '0' && (last[1] == 'x' || last[1] == 'X') &&
	    last[2 + strspn(last + 2, "0123456789abcdefABCDEF")] == '\0')
		*is_number = true;
	if (!*is_number)
		return false;
	for (const char *p = host;; p++)
	{
		uint64_t value = 0;
		int base = 10;

		if (count == 4 || !is_digit(*p))
			return false;
		if (*p == '0' && (p[1] == 'x' || p[1] == 'X'))
		{
			base = 16;
			p += 2;
		}
		else if (*p == '0')
			base = 8;
		for (; *p != '\0' && *p != '.'; p++)
		{
			int digit = bg_url_hex_value(*p);

			if (digit < 0 || digit >= base)
				return false;
			value = value * (uint64_t) base + (uint64_t) digit;
			if (value > UINT32_MAX)
				return false;
		}
		parts[count++] = value;
		if (*p == '\0')
			break;
	}
	*address = 0;
	for (int i = 0; i < count - 1; i++)
	{
		if (parts[i] > 255)
			return false;
		*address |= (uint32_t) parts[i] << (24 - 8 * i);
	}
	if (count > 1 && parts[count - 1] >> (8 * (5 - count)) != 0)
		return false;
	*address |= (uint32_t) parts[count - 1];
	return true;
}

static bool allowed_ipv4(uint32_t address)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};

	return bg_egress_allows((struct sockaddr *) &in);
}

static bool allowed_ipv6(const struct in6_addr *address)
{
	struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_addr = *address};

	return bg_egress_allows((struct sockaddr *) &in);
}

/* Letters, digits, hyphens and underscores in labels of 1 to 63, 253 in all. */
static bool is_name(const char *host)
{
	size_t label = 0;

	if (strlen(host) > 253)
		return false;
	for (const char *p = host; *p != '\0'; p++)
	{
		if (*p == '.')
		{
			if (label == 0)
				return false;
			label = 0;
		}
		else if (!is_alpha(*p) && !is_digit(*p) && *p != '-' && *p != '_')
			return false;
		else if (++label > 63)
			return false;
	}
	return label > 0;
}

bg_url_error bg_url_normalize_host(const char *given, char **out)
{
	char *host = NULL;
	char text[INET6_ADDRSTRLEN];
	bool ascii = true;
	bool is_number;
	uint32_t address;
	size_t len;

	*out = NULL;
	len = strlen(given);
	if (given[0] == '[')
	{
		struct in6_addr in6;

		/* With a zone id it is longer or no address: both are refused. */
		if (len < 4 || given[len - 1] != ']' || len - 2 >= sizeof(text))
			return BG_URL_HOST;
		memcpy(text, given + 1, len - 2);
		text[len - 2] = '\0';
		if (inet_pton(AF_INET6, text, &in6) != 1 ||
		    inet_ntop(AF_INET6, &in6, text, sizeof(text)) == NULL)
			return BG_URL_HOST;
		if (!allowed_ipv6(&in6))
			return BG_URL_ADDRESS;
		*out = strdup(text);
		return *out != NULL ? BG_URL_OK : BG_URL_MEMORY;
	}

	for (const char *p = given; *p != '\0'; p++)
		ascii = ascii && (unsigned char) *p < 0x80;
	if (ascii)
		host = strdup(given);
	else
	{
		char *puny = NULL;
		int rc = bg_utf8_valid(given, len)
		             ? idn2_to_ascii_8z(given, &puny, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL)
		             : IDN2_ENCODING_ERROR;

		if (rc == IDN2_MALLOC)
			return BG_URL_MEMORY;
		if (rc != IDN2_OK)
			return BG_URL_HOST;
		host = strdup(puny);
		idn2_free(puny);
	}
	if (host == NULL)
		return BG_URL_MEMORY;
	for (char *p = host; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p += 'a' - 'A';
	len = strlen(host);
	if (len > 0 && host[len - 1] == '.')
		host[--len] = '\0';
	if (!is_name(host))
	{
		free(host);
		return BG_URL_HOST;
	}
	if (parse_ipv4(host, &address, &is_number))
	{
		struct in_addr in = {htonl(address)};

		free(host);
		if (!allowed_ipv4(address))
			return BG_URL_ADDRESS;
		if (inet_ntop(AF_INET, &in, text, sizeof(text)) == NULL)
			return BG_URL_HOST;
		*out = strdup(text);
		return *out != NULL ? BG_URL_OK : BG_URL_MEMORY;
	}
	if (is_number)
	{
		free(host);
		return BG_URL_HOST;
	}
	/* RFC 6761: these names are this machine. Which address they have is for the lookup to tell. */
	if (strcmp(host, "localhost") == 0 || (len > 10 && strcmp(host + len - 10, ".localhost") == 0))
	{
		if (!allowed_ipv4(INADDR_LOOPBACK) && !allowed_ipv6(&in6addr_loopback))
		{
			free(host);
			return BG_URL_ADDRESS;
		}
	}
	*out = host;
	return BG_URL_OK;
}

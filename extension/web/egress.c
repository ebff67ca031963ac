/*
 * egress.c
 *		Which addresses and ports may be reached. Plain C; see egress.h.
 *
 * Decides on addresses only; names are resolve.c's. What is not known to be public is refused: of IPv6 only 2000::/3 is looked
 * at, less what the IANA registry of special purposes takes out of it.
 */
#include "egress.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define OWN_REFRESH_S 3
#define ENTRIES_MAX 256

typedef struct network
{
	int family;
	int bits;
	unsigned char address[16];
} network;

typedef struct port_range
{
	int low;
	int high;
} port_range;

/* The policy and the cache of own addresses: process-wide, as the header says. */
static network *extra_networks;
static int extra_network_count;
static port_range *extra_ports;
static int extra_port_count;
static network *own_addresses;
static int own_count;
static time_t own_read; /* monotonic seconds; 0 = never */

/* Registries of special purpose addresses (RFC 6890 and successors), and two addresses only clouds answer. */
static const char *const refused_v4[] = {
    "0.0.0.0/8",       /* this network */
    "10.0.0.0/8",      /* private */
    "100.64.0.0/10",   /* carrier-grade NAT */
    "127.0.0.0/8",     /* loopback */
    "168.63.129.16",   /* a cloud's own agent address, public only by its number */
    "169.254.0.0/16",  /* link-local, metadata services */
    "172.16.0.0/12",   /* private */
    "192.0.0.0/24",    /* protocol assignments */
    "192.0.2.0/24",    /* documentation */
    "192.88.99.0/24",  /* 6to4 relays */
    "192.168.0.0/16",  /* private */
    "198.18.0.0/15",   /* benchmarks */
    "198.51.100.0/24", /* documentation */
    "203.0.113.0/24",  /* documentation */
    "224.0.0.0/4",     /* multicast */
    "240.0.0.0/4",     /* reserved, broadcast */
};

static const char *const refused_v6[] = {
    "2001::/23",     /* protocol assignments: Teredo, ORCHID, benchmarks */
    "2001:db8::/32", /* documentation */
    "2002::/16",     /* 6to4 */
    "3fff::/20",     /* documentation */
    "3ffe::/16",     /* former 6bone */
};

static bool parse_number(const char *text, size_t len, int most, int *value)
{
	int result = 0;

	if (len == 0 || len > 5)
		return false;
	for (size_t i = 0; i < len; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
		result = result * 10 + (text[i] - '0');
	}
	*value = result;
	return result <= most;
}

/* "10.0.0.0/8" or "10.1.2.3". Bits beyond the mask must be zero, lest somebody believes that they count. */
static bool parse_network(const char *text, size_t len, network *out)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = memchr(text, '/', len);
	size_t address_len = slash != NULL ? (size_t) (slash - text) : len;
	int most;

	memset(out, 0, sizeof(*out));
	if (address_len == 0 || address_len >= sizeof(address))
		return false;
	memcpy(address, text, address_len);
	address[address_len] = '\0';
	out->family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
	most = out->family == AF_INET6 ? 128 : 32;
	if (inet_pton(out->family, address, out->address) != 1)
		return false;
	out->bits = most;
	if (slash != NULL && !parse_number(slash + 1, len - address_len - 1, most, &out->bits))
		return false;
	for (int bit = out->bits; bit < most; bit++)
		if (out->address[bit / 8] & (0x80 >> bit % 8))
			return false;
	return true;
}

static bool contains(const network *net, int family, const unsigned char *address)
{
	int bytes = net->bits / 8;
	int rest = net->bits % 8;

	if (net->family != family || memcmp(net->address, address, (size_t) bytes) != 0)
		return false;
	return rest == 0 || ((net->address[bytes] ^ address[bytes]) & (0xFF00 >> rest & 0xFF)) == 0;
}

/* Takes the next entry of a list parted by commas and white space. */
static bool next_entry(const char **list, const char **entry, size_t *len)
{
	*list += strspn(*list, ", \t\r\n");
	*entry = *list;
	*len = strcspn(*list, ", \t\r\n");
	*list += *len;
	return *len > 0;
}

static bool parse_networks(const char *list, network **networks, int *count, char *why,
                           size_t why_len)
{
	network *result = NULL;
	const char *entry;
	size_t len;

	*networks = NULL;
	*count = 0;
	if (list == NULL)
		return true;
	while (next_entry(&list, &entry, &len))
	{
		network one;
		network *more;

		if (!parse_network(entry, len, &one))
		{
			snprintf(why, why_len, "\"%.*s\" is not a network such as 10.1.2.0/24 or fd00::/8",
			         (int) (len > 64 ? 64 : len), entry);
			free(result);
			return false;
		}
		more = *count < ENTRIES_MAX ? realloc(result, (size_t) (*count + 1) * sizeof(*more)) : NULL;
		if (more == NULL)
		{
			snprintf(why, why_len, "more than %d networks, or out of memory", ENTRIES_MAX);
			free(result);
			return false;
		}
		result = more;
		result[(*count)++] = one;
	}
	*networks = result;
	return true;
}

static bool parse_ports(const char *list, port_range **ports, int *count, char *why, size_t why_len)
{
	port_range *result = NULL;
	const char *entry;
	size_t len;

	*ports = NULL;
	*count = 0;
	if (list == NULL)
		return true;
	while (next_entry(&list, &entry, &len))
	{
		const char *dash = memchr(entry, '-', len);
		size_t low_len = dash != NULL ? (size_t) (dash - entry) : len;
		port_range one = {0, 0};
		port_range *more;
		bool good = parse_number(entry, low_len, 65535, &one.low) && one.low > 0;

		one.high = one.low;
		if (good && dash != NULL)
			good =
			    parse_number(dash + 1, len - low_len - 1, 65535, &one.high) && one.high >= one.low;
		if (!good)
		{
			snprintf(why, why_len, "\"%.*s\" is not a port or a range such as 9000-9010",
			         (int) (len > 64 ? 64 : len), entry);
			free(result);
			return false;
		}
		more = *count < ENTRIES_MAX ? realloc(result, (size_t) (*count + 1) * sizeof(*more)) : NULL;
		if (more == NULL)
		{
			snprintf(why, why_len, "more than %d ports, or out of memory", ENTRIES_MAX);
			free(result);
			return false;
		}
		result = more;
		result[(*count)++] = one;
	}
	*ports = result;
	return true;
}

bool bg_egress_check_networks(const char *networks, char *why, size_t why_len)
{
	network *parsed;
	int count;
	bool good = parse_networks(networks, &parsed, &count, why, why_len);

	if (good)
		free(parsed);
	return good;
}

bool bg_egress_check_ports(const char *ports, char *why, size_t why_len)
{
	port_range *parsed;
	int count;
	bool good = parse_ports(ports, &parsed, &count, why, why_len);

	if (good)
		free(parsed);
	return good;
}

bool bg_egress_configure(const char *networks, const char *ports, char *why, size_t why_len)
{
	network *new_networks;
	port_range *new_ports;
	int network_count;
	int port_count;

	if (!parse_networks(networks, &new_networks, &network_count, why, why_len))
		return false;
	if (!parse_ports(ports, &new_ports, &port_count, why, why_len))
	{
		free(new_networks);
		return false;
	}
	free(extra_networks);
	free(extra_ports);
	extra_networks = new_networks;
	extra_network_count = network_count;
	extra_ports = new_ports;
	extra_port_count = port_count;
	return true;
}

/* Reads the addresses of this machine's interfaces, unless they were read a moment ago. On failure the old list stays. */
static void refresh_own(void)
{
	struct timespec now;
	struct ifaddrs *interfaces;
	network *result;
	int count = 0;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (own_read != 0 && now.tv_sec - own_read < OWN_REFRESH_S)
		return;
	own_read = now.tv_sec > 0 ? now.tv_sec : 1;
	if (getifaddrs(&interfaces) != 0)
		return;
	for (struct ifaddrs *i = interfaces; i != NULL; i = i->ifa_next)
		count++;
	result = calloc((size_t) count + 1, sizeof(*result));
	if (result != NULL)
	{
		count = 0;
		for (struct ifaddrs *i = interfaces; i != NULL; i = i->ifa_next)
		{
			network *own = &result[count];

			if (i->ifa_addr == NULL)
				continue;
			own->family = i->ifa_addr->sa_family;
			if (own->family == AF_INET)
			{
				own->bits = 32;
				memcpy(own->address, &((struct sockaddr_in *) i->ifa_addr)->sin_addr, 4);
				count++;
			}
			else if (own->family == AF_INET6)
			{
				own->bits = 128;
				memcpy(own->address, &((struct sockaddr_in6 *) i->ifa_addr)->sin6_addr, 16);
				count++;
			}
		}
		free(own_addresses);
		own_addresses = result;
		own_count = count;
	}
	freeifaddrs(interfaces);
}

static bool in_list(const char *const *list, size_t count, int family, const unsigned char *address)
{
	for (size_t i = 0; i < count; i++)
	{
		network net;

		/* An entry that does not parse would be our own mistake; refusing is the safe side of it. */
		if (!parse_network(list[i], strlen(list[i]), &net) || contains(&net, family, address))
			return true;
	}
	return false;
}

bool bg_egress_allows(const struct sockaddr *address)
{
	static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
	unsigned char bytes[16];
	int family = address->sa_family;

	if (family == AF_INET)
		memcpy(bytes, &((const struct sockaddr_in *) address)->sin_addr, 4);
	else if (family == AF_INET6)
	{
		memcpy(bytes, &((const struct sockaddr_in6 *) address)->sin6_addr, 16);
		if (memcmp(bytes, mapped, sizeof(mapped)) == 0)
		{
			/* The kernel dials IPv4 for these, so IPv4's rules count. */
			family = AF_INET;
			memmove(bytes, bytes + 12, 4);
		}
	}
	else
		return false;

	for (int i = 0; i < extra_network_count; i++)
		if (contains(&extra_networks[i], family, bytes))
			return true;

	if (family == AF_INET)
	{
		if (in_list(refused_v4, sizeof(refused_v4) / sizeof(refused_v4[0]), family, bytes))
			return false;
	}
	else
	{
		/*
		 * Global unicast is 2000::/3. Outside it lie the unspecified and loopback addresses, IPv4-compatible forms, NAT64
		 * (64:ff9b::/96 and 64:ff9b:1::/48), unique local, link-local, site-local and multicast addresses.
		 */
		if ((bytes[0] & 0xE0) != 0x20 ||
		    in_list(refused_v6, sizeof(refused_v6) / sizeof(refused_v6[0]), family, bytes))
			return false;
	}

	refresh_own();
	for (int i = 0; i < own_count; i++)
		if (contains(&own_addresses[i], family, bytes))
			return false;
	return true;
}

bool bg_egress_allows_port(int port)
{
	if (port == 80 || port == 443)
		return true;
	for (int i = 0; i < extra_port_count; i++)
		if (port >= extra_ports[i].low && port <= extra_ports[i].high)
			return true;
	return false;
}

bool bg_egress_is_extra(const char *host)
{
	unsigned char bytes[16];
	int family = AF_INET;

	if (inet_pton(AF_INET, host, bytes) != 1)
	{
		family = AF_INET6;
		if (inet_pton(AF_INET6, host, bytes) != 1)
			return false;
	}
	for (int i = 0; i < extra_network_count; i++)
		if (contains(&extra_networks[i], family, bytes))
			return true;
	return false;
}

/*
 * egress.h
 *		Which addresses and ports may be reached. Plain C. One process-wide policy, replaced when settings are read.
 */
#ifndef BG_EGRESS_H
#define BG_EGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/*
 * Sets the extra networks ("127.0.0.0/8, 10.1.2.0/24, fd00::/8") and extra ports ("8080, 9000-9010"; applies to every address).
 * Both "" by default. False (policy unchanged) and a message in "why" if one does not parse.
 */
extern bool bg_egress_configure(const char *networks, const char *ports, char *why, size_t why_len);
/* Only checks the syntax; for GUC check hooks. */
extern bool bg_egress_check_networks(const char *networks, char *why, size_t why_len);
extern bool bg_egress_check_ports(const char *ports, char *why, size_t why_len);

/*
 * True if the address may be connected to: global unicast only (loopback, private, link-local, CGNAT, multicast, documentation,
 * benchmark, 6to4, Teredo, NAT64 and mapped forms of refused IPv4, unspecified, reserved, and the addresses of this
 * machine's own interfaces are refused), unless an extra network contains it. The port is not looked at.
 */
extern bool bg_egress_allows(const struct sockaddr *address);
extern bool bg_egress_allows_port(int port);
/* True if the text is an address, IPv4 or IPv6 without brackets, in one of the extra networks. */
extern bool bg_egress_is_extra(const char *host);

#endif

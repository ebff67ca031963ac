/*
 * web_egress.c
 *		The address policy: a table of public and other addresses, own interfaces, extra networks and ports.
 */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include <cmocka.h>

#include "web/egress.h"

static bool allows(const char *text)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return bg_egress_allows((struct sockaddr *) &v4);
	assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return bg_egress_allows((struct sockaddr *) &v6);
}

static void test_table(void **state)
{
	static const struct
	{
		const char *address;
		bool allowed;
	} rows[] = {
	    {"8.8.8.8", true},
	    {"1.1.1.1", true},
	    {"93.184.216.34", true},
	    {"9.255.255.255", true},
	    {"11.0.0.0", true},
	    {"100.63.255.255", true},
	    {"100.128.0.0", true},
	    {"126.255.255.255", true},
	    {"128.0.0.0", true},
	    {"169.253.255.255", true},
	    {"169.255.0.0", true},
	    {"172.15.255.255", true},
	    {"172.32.0.0", true},
	    {"192.0.1.0", true},
	    {"192.0.3.0", true},
	    {"192.167.255.255", true},
	    {"192.169.0.0", true},
	    {"198.17.255.255", true},
	    {"198.20.0.0", true},
	    {"203.0.112.255", true},
	    {"203.0.114.0", true},
	    {"223.255.255.255", true},
	    {"0.0.0.0", false},
	    {"0.1.2.3", false},
	    {"10.0.0.0", false},
	    {"10.255.255.255", false},
	    {"100.64.0.0", false},
	    {"100.100.100.200", false},
	    {"100.127.255.255", false},
	    {"127.0.0.0", false},
	    {"127.0.0.1", false},
	    {"127.255.255.255", false},
	    {"168.63.129.16", false},
	    {"169.254.0.0", false},
	    {"169.254.169.254", false},
	    {"172.16.0.0", false},
	    {"172.31.255.255", false},
	    {"192.0.0.1", false},
	    {"192.0.0.170", false},
	    {"192.0.2.1", false},
	    {"192.88.99.1", false},
	    {"192.168.0.1", false},
	    {"198.18.0.0", false},
	    {"198.19.255.255", false},
	    {"198.51.100.7", false},
	    {"203.0.113.7", false},
	    {"224.0.0.1", false},
	    {"239.255.255.255", false},
	    {"240.0.0.1", false},
	    {"255.255.255.255", false},
	    {"2606:4700:4700::1111", true},
	    {"2001:4860:4860::8888", true},
	    {"2a00:1450:4001::1", true},
	    {"2400:cb00::1", true},
	    {"2001:200::1", true},
	    {"2001:db7:ffff::1", true},
	    {"2001:db9::1", true},
	    {"2003::1", true},
	    {"::ffff:8.8.8.8", true},
	    {"::", false},
	    {"::1", false},
	    {"::2", false},
	    {"::7f00:1", false},
	    {"::127.0.0.1", false},
	    {"::8.8.8.8", false},
	    {"::ffff:127.0.0.1", false},
	    {"::ffff:10.1.2.3", false},
	    {"::ffff:169.254.169.254", false},
	    {"::ffff:0:127.0.0.1", false},
	    {"64:ff9b::8.8.8.8", false},
	    {"64:ff9b::127.0.0.1", false},
	    {"64:ff9b:1::1", false},
	    {"100::1", false},
	    {"1fff::1", false},
	    {"2001::1", false},
	    {"2001:0:4136:e378::1", false},
	    {"2001:2::1", false},
	    {"2001:10::1", false},
	    {"2001:20::1", false},
	    {"2001:db8::1", false},
	    {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", false},
	    {"2002::1", false},
	    {"2002:7f00:1::", false},
	    {"2002:808:808::1", false},
	    {"3fff::1", false},
	    {"3fff:fff::1", false},
	    {"4000::1", false},
	    {"5f00::1", false},
	    {"fc00::1", false},
	    {"fd00:ec2::254", false},
	    {"fe80::1", false},
	    {"febf::1", false},
	    {"fec0::1", false},
	    {"ff02::1", false},
	    {"ffff::1", false},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (allows(rows[i].address) != rows[i].allowed)
			fail_msg("%s should be %s", rows[i].address, rows[i].allowed ? "allowed" : "refused");
}

static void test_other_families(void **state)
{
	struct sockaddr_un path = {.sun_family = AF_UNIX};
	struct sockaddr none = {.sa_family = AF_UNSPEC};

	(void) state;
	assert_false(bg_egress_allows((struct sockaddr *) &path));
	assert_false(bg_egress_allows(&none));
}

static void test_extra_networks(void **state)
{
	char why[128];

	(void) state;
	assert_true(bg_egress_configure("127.0.0.2/32 10.1.2.0/23,fd00:1::/33", "", why, sizeof(why)));
	assert_true(allows("127.0.0.2"));
	assert_true(allows("::ffff:127.0.0.2"));
	assert_false(allows("127.0.0.1"));
	assert_false(allows("127.0.0.3"));
	assert_false(allows("::ffff:127.0.0.1"));
	assert_true(allows("10.1.2.0"));
	assert_true(allows("10.1.3.255"));
	assert_false(allows("10.1.4.0"));
	assert_false(allows("10.1.1.255"));
	assert_true(allows("fd00:1:7fff::1"));
	assert_false(allows("fd00:1:8000::1"));
	assert_true(allows("8.8.8.8"));

	assert_true(bg_egress_is_extra("10.1.2.9"));
	assert_true(bg_egress_is_extra("fd00:1:7fff::1"));
	assert_false(bg_egress_is_extra("8.8.8.8"));
	assert_false(bg_egress_is_extra("10.1.4.0"));
	assert_false(bg_egress_is_extra("localhost"));
	assert_false(bg_egress_is_extra("10.1.2.9.example"));
	assert_false(bg_egress_is_extra(""));

	/* What does not parse changes nothing. */
	assert_false(bg_egress_configure("10.0.0.0/8, nonsense", "", why, sizeof(why)));
	assert_non_null(strstr(why, "nonsense"));
	assert_false(allows("10.9.9.9"));
	assert_true(allows("10.1.2.3"));
	assert_false(bg_egress_configure("10.0.0.0/8", "0", why, sizeof(why)));
	assert_false(allows("10.9.9.9"));

	assert_true(bg_egress_configure("0.0.0.0/0", NULL, why, sizeof(why)));
	assert_true(allows("127.0.0.1"));
	assert_false(allows("::1"));
	assert_true(bg_egress_configure(NULL, NULL, why, sizeof(why)));
	assert_false(allows("127.0.0.2"));
}

static void test_syntax(void **state)
{
	static const char *const good[] = {
	    "",     " ",        "10.0.0.0/8",          "10.1.2.3",
	    "::/0", "fd00::/8", "10.0.0.0/8,,fd00::1", "0.0.0.0/0\n::1/128"};
	static const char *const bad[] = {"10.0.0.0/33", "10.0.0.0/",           "10.0.0.0/-1",
	                                  "10.0.0/8",    "10.1.2.3/8",          "fd00::/129",
	                                  "x",           "10.0.0.0/8;10.1.2.3", "/8",
	                                  "fd00::1/8",   "1.2.3.4/032x"};
	static const char *const good_ports[] = {"", "8080", "1-65535", "80 ,443", "9000-9000"};
	static const char *const bad_ports[] = {"0",   "65536", "8080-80", "-1",
	                                        "80-", "x",     "80:90",   "000080"};
	char why[128];

	(void) state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(bg_egress_check_networks(good[i], why, sizeof(why)));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (bg_egress_check_networks(bad[i], why, sizeof(why)))
			fail_msg("%s should not parse", bad[i]);
	for (size_t i = 0; i < sizeof(good_ports) / sizeof(good_ports[0]); i++)
		assert_true(bg_egress_check_ports(good_ports[i], why, sizeof(why)));
	for (size_t i = 0; i < sizeof(bad_ports) / sizeof(bad_ports[0]); i++)
		if (bg_egress_check_ports(bad_ports[i], why, sizeof(why)))
			fail_msg("%s should not parse", bad_ports[i]);
}

static void test_ports(void **state)
{
	char why[128];

	(void) state;
	assert_true(bg_egress_configure("", "", why, sizeof(why)));
	assert_true(bg_egress_allows_port(80));
	assert_true(bg_egress_allows_port(443));
	assert_false(bg_egress_allows_port(0));
	assert_false(bg_egress_allows_port(-1));
	assert_false(bg_egress_allows_port(22));
	assert_false(bg_egress_allows_port(8080));
	assert_true(bg_egress_configure("", "8080, 9000-9010", why, sizeof(why)));
	assert_true(bg_egress_allows_port(8080));
	assert_true(bg_egress_allows_port(9000));
	assert_true(bg_egress_allows_port(9010));
	assert_false(bg_egress_allows_port(9011));
	assert_false(bg_egress_allows_port(8999));
	assert_true(bg_egress_configure("", "", why, sizeof(why)));
	assert_false(bg_egress_allows_port(8080));
}

/* Whatever addresses this machine has, public ones among them, are refused. */
static void test_own_interfaces(void **state)
{
	struct ifaddrs *interfaces;
	char why[128];

	(void) state;
	assert_int_equal(getifaddrs(&interfaces), 0);
	for (struct ifaddrs *i = interfaces; i != NULL; i = i->ifa_next)
		if (i->ifa_addr != NULL &&
		    (i->ifa_addr->sa_family == AF_INET || i->ifa_addr->sa_family == AF_INET6))
			assert_false(bg_egress_allows(i->ifa_addr));
	assert_true(bg_egress_configure("0.0.0.0/0 ::/0", "", why, sizeof(why)));
	for (struct ifaddrs *i = interfaces; i != NULL; i = i->ifa_next)
		if (i->ifa_addr != NULL && i->ifa_addr->sa_family == AF_INET)
			assert_true(bg_egress_allows(i->ifa_addr));
	assert_true(bg_egress_configure("", "", why, sizeof(why)));
	freeifaddrs(interfaces);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_table),          cmocka_unit_test(test_other_families),
	    cmocka_unit_test(test_extra_networks), cmocka_unit_test(test_syntax),
	    cmocka_unit_test(test_ports),          cmocka_unit_test(test_own_interfaces),
	};

	return cmocka_run_group_tests_name("web_egress", tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "filter.h"
#include "cli/parse.h"
#include "records.h"
#include "unit.h"

static bool address_passes(const char *filter, const char *address, uint16_t port)
{
	struct address_filter parsed;
	uint8_t bytes[16];

	assert_null(parse_address(filter, &parsed));
	address_of(bytes, address);
	return filter_address(&parsed, bytes, port);
}

struct row {
	const char *filter, *address;
	uint16_t port;
	bool passes;
};

static const struct row rows[] = {
	{"10.0.0.5", "10.0.0.5", 1, true},
	{"10.0.0.5", "10.0.0.4", 1, false},
	{"10.0.0.5:80", "10.0.0.5", 80, true},
	{"10.0.0.5:80", "10.0.0.5", 81, false},
	{"10.0.0.0/8", "10.255.255.255", 1, true},
	{"10.0.0.0/8", "11.0.0.0", 1, false},
	{"10.0.0.0/9", "10.127.255.255", 1, true},
	{"10.0.0.0/9", "10.128.0.0", 1, false},
	{"10.32.0.0/13", "10.39.0.1", 1, true},
	{"10.32.0.0/13", "10.40.0.1", 1, false},
	{"192.168.1.254/31", "192.168.1.255", 1, true},
	{"192.168.1.254/31", "192.168.1.253", 1, false},
	{"192.168.1.1/32", "192.168.1.1", 1, true},
	{"192.168.1.1/32", "192.168.1.0", 1, false},
	{"128.0.0.0/1", "255.0.0.1", 1, true},
	{"128.0.0.0/1", "127.255.255.255", 1, false},
	/* the bits behind the prefix do not count */
	{"10.1.2.3/8", "10.9.9.9", 1, true},
	/* all of IPv4, and only that */
	{"0.0.0.0/0", "1.2.3.4", 1, true},
	{"0.0.0.0/0", "2001:db8::1", 1, false},
	{"0.0.0.0/0:80", "1.2.3.4", 81, false},
	{"::1", "::1", 1, true},
	{"::1", "::2", 1, false},
	{"[::1]:80", "::1", 80, true},
	{"[::1]:80", "::1", 81, false},
	{"2001:db8::/32", "2001:db8:ffff::1", 1, true},
	{"2001:db8::/32", "2001:db9::1", 1, false},
	{"2001:db8::/33", "2001:db8:7fff::1", 1, true},
	{"2001:db8::/33", "2001:db8:8000::1", 1, false},
	{"fe80::/10", "febf::1", 1, true},
	{"fe80::/10", "fec0::1", 1, false},
	{"2001:db8::8/125", "2001:db8::f", 1, true},
	{"2001:db8::8/125", "2001:db8::10", 1, false},
	{"2001:db8::2/127", "2001:db8::3", 1, true},
	{"2001:db8::2/127", "2001:db8::4", 1, false},
	{"2001:db8::2/128", "2001:db8::3", 1, false},
	{"[2001:db8::/33]:443", "2001:db8::1", 443, true},
	{"[2001:db8::/33]:443", "2001:db8::1", 80, false},
	{"::/0", "2001:db8::1", 1, true},
	/* v4-mapped: the same address in either form */
	{"::ffff:10.0.0.5", "10.0.0.5", 1, true},
	{"::ffff:10.0.0.0/104", "10.9.9.9", 1, true},
	{"::ffff:10.0.0.0/104", "11.9.9.9", 1, false},
	{"10.0.0.0/8", "::10.0.0.1", 1, false},
};

static void an_address_passes_by_its_prefix_and_port(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		check(address_passes(rows[i].filter, rows[i].address, rows[i].port) ==
			      rows[i].passes,
		      "%s: %s port %u", rows[i].filter, rows[i].address, rows[i].port);
}

static unsigned int bit(const uint8_t *bytes, uint32_t at)
{
	return bytes[at >> 3] >> (7 - (at & 7)) & 1;
}

/* Bit by bit, for every prefix: what the fast way must agree with. */
static void every_prefix_agrees_with_a_comparison_bit_by_bit(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		struct address_filter filter = {.prefix = (uint32_t)(random_next(&seed) % 129)};
		uint32_t flip = (uint32_t)(random_next(&seed) % 128);
		uint8_t address[16];
		int expected = 1;

		for (int i = 0; i < 16; i++)
			address[i] = filter.address[i] = (uint8_t)random_next(&seed);
		address[flip >> 3] ^= (uint8_t)(0x80 >> (flip & 7));
		if (random_next(&seed) % 2)
			address[15] = (uint8_t)random_next(&seed);
		for (uint32_t at = 0; at < filter.prefix; at++)
			if (bit(address, at) != bit(filter.address, at))
				expected = 0;
		check(filter_address(&filter, address, 1) == expected, "prefix %u, bit %u",
		      filter.prefix, flip);
	}
}

static void ports_pass_by_list_and_range(void **state)
{
	static struct port_filter filter;

	(void)state;
	assert_null(parse_ports("1,80,8000-8003,65535", &filter));
	for (uint32_t port = 0; port <= 65535; port++) {
		int expected =
			port == 1 || port == 80 || (port >= 8000 && port <= 8003) || port == 65535;

		check(filter_port(&filter, (uint16_t)port) == expected, "port %u", port);
	}
}

static void without_a_filter_every_port_passes(void **state)
{
	static const struct port_filter filter;

	(void)state;
	assert_true(filter_port(&filter, 0));
	assert_true(filter_port(&filter, 65535));
}

static void an_empty_filter_lets_every_tuple_pass(void **state)
{
	static const struct tuple_filter filter;
	struct tuple v4 = tuple_plain(), v6 = tuple_of("::1", 0, "::1", 80);

	(void)state;
	assert_true(filter_tuple(&filter, &v4, 1));
	assert_true(filter_tuple(&filter, &v6, 0));
}

static void the_family_is_that_of_the_socket(void **state)
{
	static struct tuple_filter filter;
	struct tuple v4 = tuple_plain(), v6 = tuple_of("::1", 1, "::1", 80), mapped = v4;

	(void)state;
	mapped.family = AF_INET6;
	filter.families = FILTER_FAMILY_INET;
	assert_true(filter_tuple(&filter, &v4, 1));
	assert_false(filter_tuple(&filter, &v6, 1));
	assert_false(filter_tuple(&filter, &mapped, 1));
	filter.families = FILTER_FAMILY_INET6;
	assert_false(filter_tuple(&filter, &v4, 1));
	assert_true(filter_tuple(&filter, &v6, 1));
	assert_true(filter_tuple(&filter, &mapped, 1));
	filter.families = FILTER_FAMILY_INET | FILTER_FAMILY_INET6;
	assert_true(filter_tuple(&filter, &v4, 1));
	assert_true(filter_tuple(&filter, &mapped, 1));
}

static void the_namespace_must_be_the_same(void **state)
{
	static struct tuple_filter filter;
	struct tuple tuple = tuple_plain();

	(void)state;
	filter.netns = NETNS;
	assert_true(filter_tuple(&filter, &tuple, 1));
	filter.netns = NETNS + 1;
	assert_false(filter_tuple(&filter, &tuple, 1));
}

static void all_that_is_given_must_match(void **state)
{
	static struct tuple_filter filter;
	struct tuple tuple = tuple_plain(), other;

	(void)state;
	assert_null(parse_address("10.0.0.1:40000", &filter.laddr));
	assert_null(parse_address("10.0.0.0/24", &filter.raddr));
	assert_null(parse_ports("80,443", &filter.rport));
	assert_null(parse_ports("40000-40001", &filter.lport));
	assert_true(filter_tuple(&filter, &tuple, 1));
	other = tuple;
	other.lport = 40001; /* in the list, not in the address */
	assert_false(filter_tuple(&filter, &other, 1));
	other = tuple;
	other.rport = 81;
	assert_false(filter_tuple(&filter, &other, 1));
	other = tuple;
	other.raddr[14] = 1;
	assert_false(filter_tuple(&filter, &other, 1));
	other = tuple;
	other.laddr[15] = 9;
	assert_false(filter_tuple(&filter, &other, 1));
}

static void a_port_alone_filters_any_address(void **state)
{
	static struct tuple_filter filter;
	struct tuple tuple = tuple_plain();

	(void)state;
	filter.raddr.port = 80;
	assert_true(filter_tuple(&filter, &tuple, 1));
	filter.raddr.port = 81;
	assert_false(filter_tuple(&filter, &tuple, 1));
}

/* connect() has not chosen it yet: that must not decide. */
static void a_local_port_that_is_not_known_yet_passes(void **state)
{
	static struct tuple_filter filter;
	struct tuple tuple = tuple_plain();

	(void)state;
	tuple.lport = 0;
	assert_null(parse_ports("40000", &filter.lport));
	assert_null(parse_address("10.0.0.1:40000", &filter.laddr));
	assert_true(filter_tuple(&filter, &tuple, 0));
	assert_false(filter_tuple(&filter, &tuple, 1));
	/* the rest decides already */
	assert_null(parse_ports("81", &filter.rport));
	assert_false(filter_tuple(&filter, &tuple, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_passes_by_its_prefix_and_port),
		cmocka_unit_test(every_prefix_agrees_with_a_comparison_bit_by_bit),
		cmocka_unit_test(ports_pass_by_list_and_range),
		cmocka_unit_test(without_a_filter_every_port_passes),
		cmocka_unit_test(an_empty_filter_lets_every_tuple_pass),
		cmocka_unit_test(the_family_is_that_of_the_socket),
		cmocka_unit_test(the_namespace_must_be_the_same),
		cmocka_unit_test(all_that_is_given_must_match),
		cmocka_unit_test(a_port_alone_filters_any_address),
		cmocka_unit_test(a_local_port_that_is_not_known_yet_passes),
	};

	return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}

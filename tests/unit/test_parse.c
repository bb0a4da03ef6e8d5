// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/parse.h"
#include "records.h"
#include "unit.h"

static bool has_port(const struct port_filter *filter, unsigned int port)
{
	return filter->bitmap[port >> 3] >> (port & 7) & 1;
}

static unsigned int ports_of(const struct port_filter *filter)
{
	unsigned int count = 0;

	for (unsigned int port = 0; port <= 65535; port++)
		count += has_port(filter, port);
	return count;
}

struct ports {
	const char *text;
	unsigned int count;
	unsigned int among[4]; /* 0: no more */
};

static void ports_are_numbers_ranges_and_lists(void **state)
{
	static const struct ports rows[] = {
		{"80", 1, {80}},
		{"1", 1, {1}},
		{"65535", 1, {65535}},
		{"0080", 1, {80}},
		{"80,443", 2, {80, 443}},
		{"80,80", 1, {80}},
		{"8000-8999", 1000, {8000, 8500, 8999}},
		{"80-80", 1, {80}},
		{"8000-8999,80", 1001, {80, 8000, 8999}},
		{"1-10,5-20", 20, {1, 10, 11, 20}},
		{"1-65535", 65535, {1, 65535}},
	};
	static struct port_filter filter;

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		check(!parse_ports(rows[i].text, &filter), "%s is refused", rows[i].text);
		assert_true(filter.active);
		assert_int_equal(ports_of(&filter), rows[i].count);
		for (size_t at = 0; at < COUNT(rows[i].among) && rows[i].among[at]; at++)
			assert_true(has_port(&filter, rows[i].among[at]));
	}
}

static void ports_that_cannot_be_are_refused(void **state)
{
	static const char *const wrong[] = {
		"",	  "0",	      "65536",	  "99999",   "4294967376", "18446744073709551696",
		"-1",	  "+80",      "80-",	  "-80",     "80--90",	   "90-80",
		"0-80",	  "80-0",     "80-65536", ",",	     ",80",	   "80,",
		"80,,90", "80 ",      " 80",	  "80, 443", "80;443",	   "http",
		"80x",	  "0x50",     "8e1",	  "80.0",    "80-90-100",  "1-2,2-1",
		"80\n",	  "\xd9\xa1", "80,0",
	};
	static struct port_filter filter;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		check(parse_ports(wrong[i], &filter), "\"%s\" is taken", wrong[i]);
}

struct address {
	const char *text, *address;
	uint32_t prefix, port;
};

static void an_address_may_have_a_prefix_and_a_port(void **state)
{
	static const struct address rows[] = {
		{"10.0.0.5", "10.0.0.5", 128, 0},
		{"10.0.0.0/8", "10.0.0.0", 104, 0},
		{"10.0.0.5/32", "10.0.0.5", 128, 0},
		{"0.0.0.0/0", "0.0.0.0", 96, 0},
		{"10.0.0.5:3306", "10.0.0.5", 128, 3306},
		{"10.0.0.5:1", "10.0.0.5", 128, 1},
		{"10.0.0.5:65535", "10.0.0.5", 128, 65535},
		{"10.0.0.0/8:80", "10.0.0.0", 104, 80},
		{"::1", "::1", 128, 0},
		{"::", "::", 128, 0},
		{"::/0", "::", 0, 0},
		{"2001:db8::/32", "2001:db8::", 32, 0},
		{"2001:DB8::1", "2001:db8::1", 128, 0},
		{"[::1]", "::1", 128, 0},
		{"[::1]:80", "::1", 128, 80},
		{"[2001:db8::/32]:80", "2001:db8::", 32, 80},
		{"[2001:db8::/32]", "2001:db8::", 32, 0},
		{"::ffff:10.0.0.5", "10.0.0.5", 128, 0},
		{"[::ffff:10.0.0.5]:80", "10.0.0.5", 128, 80},
		{"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8", 128, 0},
		{"1111:2222:3333:4444:5555:6666:7777:8888/127",
		 "1111:2222:3333:4444:5555:6666:7777:8888", 127, 0},
		{"[1111:2222:3333:4444:5555:6666:255.255.255.255]:65535",
		 "1111:2222:3333:4444:5555:6666:255.255.255.255", 128, 65535},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct address_filter filter;
		uint8_t expected[16];

		check(!parse_address(rows[i].text, &filter), "%s is refused", rows[i].text);
		address_of(expected, rows[i].address);
		check(memcmp(filter.address, expected, 16) == 0, "%s: address", rows[i].text);
		check(filter.prefix == rows[i].prefix, "%s: prefix", rows[i].text);
		check(filter.port == rows[i].port, "%s: port", rows[i].text);
	}
}

static void an_address_that_cannot_be_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		"10.0.0",
		"10.0.0.256",
		"10.0.0.0.1",
		"010.0.0.1",
		"0x0a.0.0.1",
		"10",
		"10.0.0.0/33",
		"10.0.0.0/",
		"10.0.0.0/-1",
		"10.0.0.0/8/8",
		"10.0.0.0/255.0.0.0",
		"10.0.0.0/ 8",
		"10.0.0.0/8x",
		"1.2.3.4:",
		"1.2.3.4:0",
		"1.2.3.4:65536",
		"1.2.3.4:-1",
		"1.2.3.4:80x",
		"1.2.3.4:80:90",
		"1.2.3.4:http",
		"1.2.3.4:80/24",
		"1.2.3.4 ",
		" 1.2.3.4",
		"1.2.3.4\n",
		":80",
		":",
		"/",
		"/8",
		"*:80",
		"localhost",
		"example.org:80",
		"::1/129",
		"::1/",
		"::1/x",
		":::",
		"1:2:3:4:5:6:7:8:9",
		"12345::",
		"fe80::1%eth0",
		"[",
		"]",
		"[]",
		"[]:80",
		"[:]",
		"[::1",
		"::1]",
		"[::1:80",
		"[::1]80",
		"[::1]:",
		"[::1]:0",
		"[::1]:65536",
		"[::1]:80x",
		"[::1]x:80",
		"[::1]/64",
		"[::1]:80:80",
		"[[::1]]:80",
		"[10.0.0.1]:80",
		"[10.0.0.1]",
		"x[::1]:80",
		"11111111111111111111111111111111111111111111111111111111111111111111111111111111",
	};
	struct address_filter filter;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		check(parse_address(wrong[i], &filter), "\"%s\" is taken", wrong[i]);
}

struct states {
	const char *text;
	uint32_t states;
};

static void states_are_a_list_of_names(void **state)
{
	static const struct states rows[] = {
		{"TIME_WAIT", 1U << TCP_TIME_WAIT},
		{"time-wait", 1U << TCP_TIME_WAIT},
		{"TIME_WAIT,close-wait", 1U << TCP_TIME_WAIT | 1U << TCP_CLOSE_WAIT},
		{"CLOSE,CLOSE", 1U << TCP_CLOSE},
		{"LISTEN,CLOSING,SYN_SENT",
		 1U << TCP_LISTEN | 1U << TCP_CLOSING | 1U << TCP_SYN_SENT},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint32_t states = 0;

		check(!parse_states(rows[i].text, &states), "%s is refused", rows[i].text);
		assert_int_equal(states, rows[i].states);
	}
}

static void states_that_cannot_be_are_refused(void **state)
{
	static const char *const wrong[] = {
		"",
		",",
		"TIME_WAIT,",
		",TIME_WAIT",
		"TIME_WAIT,,CLOSE",
		"TIME_WAITS",
		"TIME_WAI",
		"UNKNOWN",
		"6",
		"TIME_WAIT CLOSE",
		" TIME_WAIT",
		"TIME_WAIT ",
		"all",
		"NEW_SYN_RECV",
		"TIME_WAITTIME_WAITTIME_WAITTIME_WAIT",
	};
	uint32_t states;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		check(parse_states(wrong[i], &states), "\"%s\" is taken", wrong[i]);
}

static void a_pid_is_a_number_that_the_kernel_can_give(void **state)
{
	uint32_t pid = 0;

	(void)state;
	assert_null(parse_pid("1", &pid));
	assert_int_equal(pid, 1);
	assert_null(parse_pid("4194303", &pid));
	assert_int_equal(pid, 4194303);
}

static void a_pid_that_cannot_be_is_refused(void **state)
{
	static const char *const wrong[] = {
		"",   "0", "00", "-1", "+1",  "4194305", "4294967297", "18446744073709551617",
		"1x", "x", " 1", "1 ", "1.0", "0x1",	 "self",       "1,2",
	};
	uint32_t pid;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		check(parse_pid(wrong[i], &pid), "\"%s\" is taken", wrong[i]);
}

struct seconds {
	const char *text;
	double seconds;
};

static void seconds_may_have_a_fraction(void **state)
{
	static const struct seconds rows[] = {
		{"1", 1},    {"0.5", 0.5},    {".5", 0.5},	   {"60", 60},
		{"60.", 60}, {"0.001", 1e-3}, {"1000000000", 1e9}, {"00001.50", 1.5},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		double seconds = 0;

		check(!parse_seconds(rows[i].text, &seconds), "%s is refused", rows[i].text);
		check(seconds == rows[i].seconds, "%s: %f", rows[i].text, seconds);
	}
}

static void seconds_that_cannot_be_are_refused(void **state)
{
	static const char *const wrong[] = {
		"",	"0",	    "0.0",
		"-1",	"-0.5",	    "+1",
		"nan",	"NAN",	    "inf",
		"-inf", "infinity", "1e3",
		"1E3",	"0x10",	    "0x1p4",
		".",	"..",	    "1.2.3",
		"1,5",	"1s",	    "1 ",
		" 1",	"1\n",	    "1000000001",
		"one",	"1e-400",   "99999999999999999999999999999999",
	};
	double seconds;

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++)
		check(parse_seconds(wrong[i], &seconds), "\"%s\" is taken", wrong[i]);
}

/* An interval that is no nanosecond long would be a loop that never sleeps. */
static void seconds_too_short_to_be_waited_for_are_refused(void **state)
{
	double seconds;

	(void)state;
	assert_non_null(parse_seconds("0.0000000001", &seconds));
	assert_non_null(parse_seconds("0.0000000000000000000000000000000000001", &seconds));
}

static void a_count_is_one_or_more(void **state)
{
	static const char *const wrong[] = {"",
					    "0",
					    "00",
					    "-1",
					    "+1",
					    "1.5",
					    "1e3",
					    "0x10",
					    "x",
					    "1x",
					    " 1",
					    "1 ",
					    "99999999999999999999"};
	uint32_t count = 0;

	(void)state;
	assert_null(parse_count("1", &count));
	assert_int_equal(count, 1);
	assert_null(parse_count("100000", &count));
	assert_int_equal(count, 100000);
	assert_null(parse_count("007", &count));
	assert_int_equal(count, 7);
	for (size_t i = 0; i < COUNT(wrong); i++)
		check(parse_count(wrong[i], &count), "\"%s\" is taken", wrong[i]);
}

static void a_ring_has_a_power_of_two(void **state)
{
	static const char *const wrong[] = {"",
					    "0",
					    "1",
					    "2",
					    "3",
					    "5",
					    "100",
					    "4.0",
					    "4k",
					    "-4",
					    " 4",
					    "2097152",
					    "0x40",
					    "16 ",
					    "1000",
					    "4,8",
					    "4 8",
					    "16M",
					    "99999999999999999999"};
	uint32_t kib = 0;

	(void)state;
	for (uint32_t size = 4; size <= 1 << 20; size *= 2) {
		char text[16];

		snprintf(text, sizeof(text), "%u", size);
		assert_null(parse_ring_size(text, &kib));
		assert_int_equal(kib, size);
	}
	for (size_t i = 0; i < COUNT(wrong); i++)
		check(parse_ring_size(wrong[i], &kib), "\"%s\" is taken", wrong[i]);
}

static void an_age_may_be_zero(void **state)
{
	static const char *const wrong[] = {
		"",  "-1", "-0",  "+1", "nan", "inf",  "1e3", "0x1",
		".", "1s", "1,5", " 1", "1 ",  "1..2", "x",   "99999999999999999999999999"};
	double seconds = -1;

	(void)state;
	assert_null(parse_age("0", &seconds));
	assert_true(seconds == 0);
	assert_null(parse_age("0.5", &seconds));
	assert_true(seconds == 0.5);
	assert_null(parse_age("3600", &seconds));
	assert_true(seconds == 3600);
	for (size_t i = 0; i < COUNT(wrong); i++)
		check(parse_age(wrong[i], &seconds), "\"%s\" is taken", wrong[i]);
}

static void a_listening_address_has_a_port(void **state)
{
	static const char *const good[] = {
		"127.0.0.1:9878", "[::1]:1", "[2001:db8::1]:65535", ":80", "0.0.0.0:0", "[::]:80"};
	static const char *const bad[] = {"",
					  "x",
					  "80",
					  "127.0.0.1",
					  "127.0.0.1:",
					  "::1:80",
					  "[::1]",
					  "[::1:80",
					  "1.2.3:80",
					  ":65536",
					  "a.b:80",
					  "127.0.0.1:80x",
					  "[127.0.0.1]:80",
					  "[]:80",
					  "[::1]x:80",
					  ":-1"};
	struct listen_address address;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++)
		check(!parse_listen_address(good[i], &address), "%s is refused", good[i]);
	for (size_t i = 0; i < COUNT(bad); i++)
		check(parse_listen_address(bad[i], &address), "%s is taken", bad[i]);
	assert_null(parse_listen_address("1.2.3.4:80", &address));
	assert_memory_equal(address.address + 10, "\xff\xff\1\2\3\4", 6);
	assert_true(address.port == 80 && !address.all);
	assert_null(parse_listen_address(":81", &address));
	assert_true(address.port == 81 && address.all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_listening_address_has_a_port),
		cmocka_unit_test(ports_are_numbers_ranges_and_lists),
		cmocka_unit_test(ports_that_cannot_be_are_refused),
		cmocka_unit_test(an_address_may_have_a_prefix_and_a_port),
		cmocka_unit_test(an_address_that_cannot_be_is_refused),
		cmocka_unit_test(states_are_a_list_of_names),
		cmocka_unit_test(states_that_cannot_be_are_refused),
		cmocka_unit_test(a_pid_is_a_number_that_the_kernel_can_give),
		cmocka_unit_test(a_pid_that_cannot_be_is_refused),
		cmocka_unit_test(seconds_may_have_a_fraction),
		cmocka_unit_test(seconds_that_cannot_be_are_refused),
		cmocka_unit_test(seconds_too_short_to_be_waited_for_are_refused),
		cmocka_unit_test(a_count_is_one_or_more),
		cmocka_unit_test(a_ring_has_a_power_of_two),
		cmocka_unit_test(an_age_may_be_zero),
	};

	return cmocka_run_group_tests_name("parse", tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The ports view on paper: JSON, and the table. */
#include "ports_screen.h"

#define DESTINATION                                                                                \
	"\"netns\":4026531840,\"family\":\"ipv4\",\"laddr\":\"10.0.0.1\",\"raddr\":\"10.0.0.2\","  \
	"\"rport\":80,"
#define UNBOUND                                                                                    \
	"\"netns\":4026531840,\"family\":\"ipv4\",\"laddr\":\"10.0.0.1\",\"lport\":null,"          \
	"\"raddr\":\"10.0.0.2\",\"rport\":80,"
#define PROCESS(pid)                                                                               \
	"{\"pid\":" #pid ",\"start_time\":\"1970-01-01T00:00:0" #pid ".000000Z\","                 \
	"\"comm\":\"client\",\"exe\":null,\"cgroup\":null,\"container\":null}"

static void the_object_is_that_of_the_contract(void **state)
{
	struct screen *screen = *state;

	reserve(screen, LOW, LOW);
	list_bound(screen, LOW + 1, LOW + 1, 30);
	connect_range(screen, LOW + 2, LOW + 4, 7);
	connects(screen, 1, LOW + 5, 0);
	waits(screen, LOW + 2, LOW + 2, true);
	pass(screen, SECOND);
	refresh(screen, false);
	connects(screen, 2, LOW + 6, 7);
	pass(screen, 2 * SECOND);
	refresh(screen, false);
	assert_string_equal(
		json_of(screen, 0),
		"{\"type\":\"ports\",\"time\":\"2024-03-01T00:16:43.000000Z\",\"seq\":"
		"2," DESTINATION
		"\"range_low\":40000,\"range_high\":40009,\"reserved\":1,\"blocked_by_bind\":1,"
		"\"blocked_by\":[{\"process\":{\"pid\":30,\"start_time\":\"1970-01-01T00:00:30."
		"000000Z\","
		"\"comm\":\"binder\",\"exe\":null,\"cgroup\":null,\"container\":null},\"ports\":1}]"
		","
		"\"supply\":8,\"supply_is_upper_bound\":false,\"used\":5,\"bound\":0,"
		"\"bound_in_range\":0,\"free\":3,\"reusable\":1,"
		"\"by_state\":{\"ESTABLISHED\":4,\"TIME_WAIT\":1},"
		"\"by_owner\":[{\"process\":" PROCESS(
			7) ",\"key\":null,\"ports\":4},"
			   "{\"process\":null,\"key\":null,\"ports\":1}],"
			   "\"listeners_in_range\":[],\"consumed_per_s\":0.500000,"
			   "\"sustainable_per_s\":0.133333,\"exhausted_in_s\":null,"
			   "\"incomplete\":false}\n"
			   "{\"type\":\"refresh\",\"time\":\"2024-03-01T00:16:43.000000Z\","
			   "\"view\":\"ports\",\"seq\":2,\"rows\":1,\"incomplete\":false}\n");
}

static void a_failure_is_that_of_the_contract(void **state)
{
	struct screen *screen = *state;

	screen->settings.low = screen->settings.high = LOW;
	list_nothing(screen);
	connects(screen, 1, LOW, 7);
	fails(screen, 8);
	pass(screen, SECOND);
	fails(screen, 8);
	refresh(screen, false);
	assert_string_equal(
		strstr(json_of(screen, 0), "{\"type\":\"port_failure\""),
		"{\"type\":\"port_failure\",\"time\":\"2024-03-01T00:16:41.000000Z\",\"seq\":1,"
		"\"owner\":" PROCESS(
			8) ",\"key\":null,\"call\":\"connect\",\"errno\":\"EADDRNOTAVAIL\","
			   "\"cause\":\"range_exhausted\"," UNBOUND
			   "\"count\":2,\"first\":\"2024-03-01T00:16:40.000005Z\","
			   "\"last\":\"2024-03-01T00:16:41.000005Z\",\"search_ns\":"
			   "5000,\"census\":{"
			   "\"type\":\"ports\",\"time\":\"2024-03-01T00:16:40."
			   "000005Z\",\"seq\":1," DESTINATION
			   "\"range_low\":40000,\"range_high\":40000,\"reserved\":0,"
			   "\"blocked_by_bind\":0,\"blocked_by\":[],"
			   "\"supply\":1,\"supply_is_upper_bound\":false,\"used\":1,"
			   "\"bound\":0,\"bound_in_range\":0,\"free\":0,"
			   "\"reusable\":0,\"by_"
			   "state\":{\"ESTABLISHED\":1},"
			   "\"by_owner\":[{\"process\":" PROCESS(
				   7) ",\"key\":null,\"ports\":1}],"
				      "\"listeners_in_range\":[],\"consumed_per_s\":null,"
				      "\"sustainable_per_s\":0.016667,\"exhausted_"
				      "in_s\":0.000000,"
				      "\"incomplete\":false},\"in_the_way\":null,"
				      "\"stacks\":null,\"incomplete\":false}\n"
				      "{\"type\":\"refresh\",\"time\":\"2024-03-01T00:"
				      "16:41.000000Z\","
				      "\"view\":\"ports\",\"seq\":1,\"rows\":2,"
				      "\"incomplete\":false}\n");
}

static void without_settings_the_supply_is_null(void **state)
{
	struct screen *screen = *state;

	connects(screen, 1, LOW, 7);
	refresh(screen, false);
	assert_non_null(strstr(json_of(screen, 0),
			       "\"range_low\":null,\"range_high\":null,\"reserved\":null,"
			       "\"blocked_by_bind\":null,\"blocked_by\":null,\"supply\":null,"
			       "\"supply_is_upper_bound\":null,\"used\":1,\"bound\":0,"
			       "\"bound_in_range\":null,\"free\":null,"));
}

static void without_bpf_the_supply_is_an_upper_bound(void **state)
{
	struct screen *screen = *state;

	screen->world->model.lacks = WANT(BOUND_PORTS);
	connects(screen, 1, LOW, 7);
	list_bound(screen, HIGH, HIGH, 0);
	refresh(screen, false);
	assert_non_null(strstr(json_of(screen, 0),
			       "\"reserved\":0,\"blocked_by_bind\":null,\"blocked_by\":null,"
			       "\"supply\":10,\"supply_is_upper_bound\":true,\"used\":1,"
			       "\"bound\":null,\"bound_in_range\":null,\"free\":null,"
			       "\"reusable\":null,"));
}

static void of_both_families_none_is_told(void **state)
{
	struct screen *screen = *state;

	connects(screen, 1, LOW, 7);
	screen->to = tuple_of("::ffff:10.0.0.1", 0, "::ffff:10.0.0.2", 80);
	connects(screen, 2, LOW + 1, 7);
	refresh(screen, false);
	assert_non_null(strstr(json_of(screen, 0), "\"family\":null,\"laddr\":\"10.0.0.1\","));
}

static void a_port_in_use_has_no_census(void **state)
{
	struct screen *screen = *state;

	fails_with(screen, 7, FAILURE_IN_USE, 0, 0);
	refresh(screen, false);
	assert_non_null(strstr(json_of(screen, 0), "\"cause\":\"tuple_in_use\","));
	assert_non_null(strstr(json_of(screen, 0), "\"census\":null,"));
}

static void the_limit_bounds_rows_and_failures_apart(void **state)
{
	struct screen *screen = *state;

	for (uint16_t i = 0; i < 5; i++) {
		screen->to.rport = 80 + i;
		connects(screen, 1U + i, LOW, 7);
		fails(screen, 7);
	}
	refresh(screen, false);
	assert_non_null(strstr(json_of(screen, 2), "\"rows\":4,"));
	assert_non_null(strstr(json_of(screen, 0), "\"rows\":10,"));
}

static void a_loss_is_told_in_every_object(void **state)
{
	struct screen *screen = *state;
	struct losses losses = {.ring_full = 1};

	connects(screen, 1, LOW, 7);
	fails(screen, 7);
	feed(screen->world, loss_of(screen->time_ns, &losses));
	refresh(screen, false);
	assert_null(strstr(json_of(screen, 0), "\"incomplete\":false"));
}

static void the_table_names_who_holds_what(void **state)
{
	struct screen *screen = *state;

	connect_range(screen, LOW, LOW + 3, 7);
	connects(screen, 1, LOW + 4, 8);
	waits(screen, LOW, LOW, true);
	pass(screen, SECOND);
	list_bound(screen, HIGH, HIGH, 30);
	refresh(screen, false);
	assert_true(says(screen, "  1 destination\n"));
	assert_true(says(screen, "10.0.0.2:80 "));
	assert_true(says(screen, " 5/9 [#####     ]  55%"));
	assert_true(says(screen,
			 "        3 ESTABLISHED + 1 TIME_WAIT of client[7], 1 ESTABLISHED of "
			 "client[8]; 1 could be reused; bind() blocks 1\n"));
}

static void many_owners_are_summed_up(void **state)
{
	struct screen *screen = *state;

	for (uint16_t i = 0; i < 9; i++)
		feed(screen->world,
		     step_of(screen, 1U + i, LOW + i, TCP_FIN_WAIT1, TCP_CLOSING, 1 + i));
	refresh(screen, false);
	assert_true(says(screen, ", 5 of 5 more\n"));
}

static void none_free_is_exhausted(void **state)
{
	struct screen *screen = *state;

	connect_range(screen, LOW, HIGH, 7);
	refresh(screen, false);
	assert_true(says(screen, " 10/10 [##########] 100%"));
	assert_true(says(screen, " EXHAUSTED\n"));
}

static void none_free_but_some_reusable_is_no_end(void **state)
{
	struct screen *screen = *state;

	connect_range(screen, LOW, HIGH, 7);
	waits(screen, LOW, LOW, true);
	pass(screen, SECOND);
	refresh(screen, false);
	assert_true(says(screen, " REUSES\n"));
	assert_false(says(screen, "EXHAUSTED"));
}

static void eight_of_ten_are_near(void **state)
{
	struct screen *screen = *state;

	connect_range(screen, LOW, HIGH - 3, 7);
	refresh(screen, false);
	assert_false(says(screen, "NEAR"));
	connects(screen, HIGH, HIGH, 7);
	refresh(screen, false);
	assert_true(says(screen, " NEAR\n"));
}

static void a_steady_growth_has_a_time_left(void **state)
{
	struct screen *screen = *state;

	for (uint16_t i = 0; i < 6; i++) {
		connects(screen, 1U + i, LOW + i, 7);
		refresh(screen, false);
		pass(screen, SECOND);
	}
	assert_true(says(screen, " 4.0s\n"));
}

static void a_supply_that_may_be_less_has_a_question_mark(void **state)
{
	struct screen *screen = *state;

	screen->world->model.lacks = WANT(BOUND_PORTS);
	connect_range(screen, LOW, LOW + 3, 7);
	list_bound(screen, HIGH, HIGH, 0);
	refresh(screen, false);
	assert_true(says(screen, " 4/10? ["));
	assert_false(says(screen, "EXHAUSTED"));
}

static void a_supply_of_none_is_exhausted(void **state)
{
	struct screen *screen = *state;

	connects(screen, 1, LOW, 7);
	refresh(screen, false);
	reserve(screen, LOW, HIGH);
	fails(screen, 8);
	refresh(screen, false);
	assert_true(says(screen, " 0/0 ["));
	assert_true(says(screen, "none held now; 10 reserved\n"));
	assert_true(says(screen, "client[8] -> 10.0.0.2:80: no free port, 1 time, last "));
	assert_true(says(screen, "        0 of 0 held; 10 reserved\n"));
}

static void a_failure_says_who_held_the_ports(void **state)
{
	struct screen *screen = *state;

	connect_range(screen, LOW, HIGH, 7);
	refresh(screen, false);
	pass(screen, SECOND);
	fails(screen, 8);
	fails(screen, 8);
	refresh(screen, false);
	assert_true(says(screen, "client[8] -> 10.0.0.2:80: no free port, 2 times, last "));
	assert_true(says(screen,
			 "        10 of 10 held: 10 ESTABLISHED of client[7]; 2.0/s wanted, "
			 "0.2/s sustainable\n"));
}

static void a_blocked_failure_says_who_bound(void **state)
{
	struct screen *screen = *state;

	list_bound(screen, LOW, HIGH, 30);
	fails(screen, 8);
	refresh(screen, false);
	assert_true(
		says(screen, "client[8] -> 10.0.0.2:80: no free port, because of bind(), 1 time"));
	assert_true(says(screen,
			 "        bind() blocks 10 of ports 40000-40009: 10 by "
			 "binder[30]\n"
			 "        for every destination; IP_BIND_ADDRESS_NO_PORT before bind() "
			 "avoids that\n"));
}

static void a_port_in_use_is_said_to_be(void **state)
{
	struct screen *screen = *state;

	fails_with(screen, 8, FAILURE_IN_USE, 0, 0);
	refresh(screen, false);
	assert_true(says(screen, "client[8] -> 10.0.0.2:80: its port is in use, 1 time"));
}

static void failures_leave_the_screen_after_a_minute(void **state)
{
	struct screen *screen = *state;

	fails(screen, 8);
	pass(screen, 60 * SECOND);
	refresh(screen, false);
	assert_true(says(screen, "client[8]"));
	pass(screen, SECOND);
	refresh(screen, false);
	assert_false(says(screen, "client[8]"));
}

static void colors_stand_out_where_it_is_near(void **state)
{
	struct screen *screen = *state;
	struct text_style style = {.columns = 80, .color = true};

	connect_range(screen, LOW, LOW, 7);
	refresh(screen, false);
	assert_null(strchr(table_of(screen, style), '\033'));
	connect_range(screen, LOW + 1, HIGH - 1, 7);
	refresh(screen, false);
	assert_non_null(strstr(table_of(screen, style), "\033[33m10.0.0.2:80"));
	connects(screen, HIGH, HIGH, 7);
	fails(screen, 8);
	refresh(screen, false);
	assert_non_null(strstr(table_of(screen, style), "\033[31m10.0.0.2:80"));
	assert_non_null(strstr(table_of(screen, style), "\033[31mclient[8] ->"));
}

static void check_width(const char *text, size_t columns)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		check(length <= columns, "%zu columns: %.*s", length, (int)length, text);
		text += length + 1;
	}
}

static size_t lines_in(const char *text)
{
	size_t lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

static struct record_transition with_long_names(struct record_transition record)
{
	record.owner = process_of(4194303, "fifteen-letters");
	return record;
}

/* All ports of the greatest range held by owners with long names, towards the longest address. */
static void fill_as_wide_as_can_be(struct screen *screen)
{
	screen->to = tuple_of("2001:db8:ffff:ffff:ffff:ffff:ffff:fffe", 0,
			      "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 65535);
	screen->settings.low = 1;
	screen->settings.high = 65535;
	list_nothing(screen);
	for (uint32_t port = 1; port <= 65535; port++) {
		feed(screen->world, with_long_names(step_of(screen, port, 0, TCP_CLOSE,
							    TCP_SYN_SENT, 4194303 - port % 5)));
		feed(screen->world,
		     step_of(screen, port, (uint16_t)port, TCP_SYN_SENT, TCP_ESTABLISHED, 0));
	}
}

/* What a fast machine on loopback does, and what it cannot. */
static void check_widths(struct screen *screen, unsigned int columns)
{
	static const uint64_t rates[] = {99999, 100000, 999999, 9999999, 123456789012};
	static const uint64_t holds_ns[] = {1, 50000, 999999, 60 * SECOND, 100000 * SECOND};
	struct losses losses = {.ring_full = 3};
	struct text_style style = {.columns = columns};
	struct port_row *row = only_row(screen);

	feed(screen->world, loss_of(screen->time_ns, &losses));
	for (size_t i = 0; i < COUNT(rates); i++) {
		row->consumed += rates[i] * 10;
		row->released = 1000000000;
		row->held_ns = row->released * holds_ns[i];
		pass(screen, 10 * SECOND);
		refresh(screen, false);
		row->now.hold_ns = 0;
		check_width(table_of(screen, style), columns);
	}
}

static void fails_with_long_names(struct screen *screen, unsigned int failure)
{
	struct record_transition record =
		with_long_names(step_of(screen, 1000001, 0, TCP_SYN_SENT, TCP_CLOSE, 1));

	record.failure = (uint8_t)failure;
	feed(screen->world, record);
}

static void no_line_is_wider_than(struct screen *screen, unsigned int columns)
{
	struct text_style style = {.columns = columns};

	fill_as_wide_as_can_be(screen);
	fails_with_long_names(screen, FAILURE_NO_PORT);
	fails_with_long_names(screen, FAILURE_IN_USE);
	check_widths(screen, columns);
	for (size_t i = 0; i < screen->ports.recent_count; i++)
		screen->ports.recent[i]->count = 999999999999;
	check_width(table_of(screen, style), columns);
	list_bound(screen, 2, 65535, 4194302);
	fails_with_long_names(screen, FAILURE_NO_PORT);
	refresh(screen, false);
	check_width(table_of(screen, style), columns);
}

static void at_80_columns_no_line_is_wider(void **state)
{
	no_line_is_wider_than(*state, 80);
}

static void at_120_columns_no_line_is_wider(void **state)
{
	no_line_is_wider_than(*state, 120);
}

/* One port more at each refresh, and these are as far apart as can be asked for. */
static void the_longest_time_left_is_no_wider(void **state)
{
	struct screen *screen = *state;
	struct text_style style = {.columns = 80};

	screen->settings.low = 1;
	screen->settings.high = 65535;
	list_nothing(screen);
	for (uint16_t i = 1; i <= 6; i++) {
		connects(screen, i, i, 7);
		refresh(screen, false);
		pass(screen, 1000000000 * SECOND);
	}
	check_width(table_of(screen, style), 80);
}

/* Of sockets whose ends were lost there may be more than ports. */
static void more_than_all_is_no_wider(void **state)
{
	struct screen *screen = *state;
	struct text_style style = {.columns = 80};

	screen->settings.high = LOW;
	list_nothing(screen);
	for (uint16_t i = 1; i <= 60000; i++)
		connects(screen, i, LOW, 7);
	refresh(screen, false);
	assert_true(says(screen, "60000/1 [##########] 999%"));
	check_width(table_of(screen, style), 80);
}

static void the_screen_is_never_scrolled(void **state)
{
	struct screen *screen = *state;

	for (uint16_t i = 0; i < 30; i++) {
		screen->to.rport = 80 + i;
		connects(screen, 1U + i, LOW, 7);
		fails(screen, 100 + i);
	}
	for (unsigned int times = 0; times < 2; times++) {
		refresh(screen, false);
		for (unsigned int lines = 20; lines < 80; lines++) {
			struct text_style style = {.columns = 80, .lines = lines};
			size_t shown = lines_in(table_of(screen, style));

			check(shown < lines, "%zu lines of %u", shown, lines);
			check(shown + 4 > lines || shown >= 62, "%zu of %u", shown, lines);
		}
		pass(screen, 61 * SECOND); /* the failures are gone, and leave their place */
	}
}

static void hostile_names_are_harmless(void **state)
{
	struct screen *screen = *state;
	struct record_transition record = step_of(screen, 1, LOW, TCP_SYN_SENT, TCP_ESTABLISHED, 7);
	struct text_style style = {.columns = 80};

	memcpy(record.owner.comm, "\033[31m\n\r\b\t\377x\0", 12);
	feed(screen->world, record);
	record.new_state = TCP_CLOSE;
	record.cookie = 2;
	record.tuple.lport = 0;
	record.failure = FAILURE_NO_PORT;
	feed(screen->world, record);
	refresh(screen, false);
	assert_int_equal(screen->ports.failures.shown_count, 1);
	assert_null(strchr(table_of(screen, style), '\033'));
	assert_int_equal(lines_in(table_of(screen, style)), 6);
	assert_null(strchr(json_of(screen, 0), '\033'));
	check_width(table_of(screen, style), 80);
}

static void the_worst_in_two_lines(void **state)
{
	struct screen *screen = *state;

	connect_range(screen, LOW, LOW + 3, 7);
	refresh(screen, false);
	screen->output.length = 0;
	ports_show_worst(&screen->ports, ports_shown(&screen->ports, 0), &screen->output, 0);
	assert_string_equal(text_of(screen), "4 of 10 ports are in use towards 10.0.0.2:80:\n"
					     "        4 ESTABLISHED of client[7]\n\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		screen_test(the_object_is_that_of_the_contract),
		screen_test(a_failure_is_that_of_the_contract),
		unlisted_test(without_settings_the_supply_is_null),
		screen_test(without_bpf_the_supply_is_an_upper_bound),
		screen_test(of_both_families_none_is_told),
		screen_test(a_port_in_use_has_no_census),
		screen_test(the_limit_bounds_rows_and_failures_apart),
		screen_test(a_loss_is_told_in_every_object),
		screen_test(the_table_names_who_holds_what),
		screen_test(many_owners_are_summed_up),
		screen_test(none_free_is_exhausted),
		screen_test(none_free_but_some_reusable_is_no_end),
		screen_test(eight_of_ten_are_near),
		screen_test(a_steady_growth_has_a_time_left),
		screen_test(a_supply_that_may_be_less_has_a_question_mark),
		screen_test(a_supply_of_none_is_exhausted),
		screen_test(a_failure_says_who_held_the_ports),
		screen_test(a_blocked_failure_says_who_bound),
		screen_test(a_port_in_use_is_said_to_be),
		screen_test(failures_leave_the_screen_after_a_minute),
		screen_test(colors_stand_out_where_it_is_near),
		screen_test(at_80_columns_no_line_is_wider),
		screen_test(at_120_columns_no_line_is_wider),
		screen_test(the_longest_time_left_is_no_wider),
		screen_test(more_than_all_is_no_wider),
		screen_test(the_screen_is_never_scrolled),
		screen_test(hostile_names_are_harmless),
		screen_test(the_worst_in_two_lines),
	};

	return cmocka_run_group_tests_name("ports_show", tests, NULL, NULL);
}

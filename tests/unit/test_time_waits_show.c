// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "time_waits_screen.h"

static void the_object_is_that_of_the_contract(void **state)
{
	struct screen *screen = *state;

	lives(screen, 1, 7);
	pass(screen, 33 * SECOND);
	ends(screen, 1, END_REUSED);
	lives(screen, 2, 7);
	refresh(screen, false);
	assert_string_equal(
		json_of(screen, 0),
		"{\"type\":\"time_wait\",\"time\":\"2024-03-01T00:17:13.000000Z\",\"seq\":1,"
		"\"process\":{\"pid\":7,\"start_time\":\"1970-01-01T00:00:07.000000Z\","
		"\"comm\":\"owner\",\"exe\":null,\"cgroup\":null,\"container\":null},"
		"\"key\":null,\"owner_by\":\"connect\",\"closer\":null,\"direction\":\"out\","
		"\"netns\":4026531840,\"family\":\"ipv4\",\"laddr\":\"10.0.0.1\",\"lport\":null,"
		"\"raddr\":\"10.0.0.2\",\"rport\":80,\"sockets\":1,\"predates\":0,"
		"\"fin_wait2\":0,\"created\":2,\"ended\":1,\"closed\":2,\"closed_first\":2,"
		"\"closed_by_reset\":0,"
		"\"rearmed\":0,\"overflow\":0,\"created_per_s\":null,"
		"\"reasons\":{\"expired\":0,\"reused\":1,\"syn\":0,\"reset\":0,\"destroyed\":0,"
		"\"unknown\":0},"
		"\"lifetime\":{\"count\":1,\"min_s\":33.000000000,\"p50_s\":33.000000000,"
		"\"p90_s\":33.000000000,\"p99_s\":33.000000000,\"max_s\":33.000000000,"
		"\"buckets\":[{\"le_s\":5.000000000,\"count\":0},"
		"{\"le_s\":10.000000000,\"count\":0},{\"le_s\":15.000000000,\"count\":0},"
		"{\"le_s\":20.000000000,\"count\":0},{\"le_s\":25.000000000,\"count\":0},"
		"{\"le_s\":30.000000000,\"count\":0},{\"le_s\":35.000000000,\"count\":1},"
		"{\"le_s\":40.000000000,\"count\":0},{\"le_s\":45.000000000,\"count\":0},"
		"{\"le_s\":50.000000000,\"count\":0},{\"le_s\":55.000000000,\"count\":0},"
		"{\"le_s\":59.400000000,\"count\":0},{\"le_s\":66.000000000,\"count\":0},"
		"{\"le_s\":null,\"count\":0}]},"
		"\"fin_wait2_lifetime\":{\"count\":0,\"min_s\":null,\"p50_s\":null,"
		"\"p90_s\":null,\"p99_s\":null,\"max_s\":null,"
		"\"buckets\":[{\"le_s\":0.016384000,\"count\":0},{\"le_s\":null,\"count\":0}]},"
		"\"connected\":{\"count\":2,\"min_s\":0.005000000,\"p50_s\":0.005000000,"
		"\"p90_s\":0.005000000,\"p99_s\":0.005000000,\"max_s\":0.005000000,"
		"\"buckets\":[{\"le_s\":0.008192000,\"count\":2},{\"le_s\":null,\"count\":0}]},"
		"\"idle\":{\"count\":0,\"min_s\":null,\"p50_s\":null,\"p90_s\":null,\"p99_s\":null,"
		"\"max_s\":null,\"buckets\":[{\"le_s\":0.000001000,\"count\":0},{\"le_s\":null,"
		"\"count\":0}]},"
		"\"sent_bytes\":0,\"received_bytes\":0,\"reset_by_data\":0,"
		"\"incomplete\":false}\n"
		"{\"type\":\"refresh\",\"time\":\"2024-03-01T00:17:13.000000Z\","
		"\"view\":\"timewait\",\"seq\":1,\"rows\":1,\"incomplete\":false}\n");
}

static void a_service_has_no_remote_end(void **state)
{
	struct screen *screen = *state;
	struct record_transition record = owned(1, screen->time_ns, TCP_FIN_WAIT1, 7);

	record.direction = DIRECTION_IN;
	feed(screen->world, record);
	enters(screen, 1);
	refresh(screen, false);
	assert_non_null(strstr(json_of(screen, 0),
			       "\"direction\":\"in\",\"netns\":4026531840,\"family\":\"ipv4\","
			       "\"laddr\":\"10.0.0.1\",\"lport\":40000,\"raddr\":null,"
			       "\"rport\":null,"));
}

static void what_the_sockets_of_a_row_do_not_share_is_null(void **state)
{
	struct screen *screen = *state;
	struct record_transition record = owned(2, screen->time_ns, TCP_FIN_WAIT1, 7);

	lives(screen, 1, 7);
	record.owner_by = OWNER_HOLDER;
	record.closer = process_of(8, "child");
	record.tuple.family = AF_INET6;
	feed(screen->world, record);
	enters(screen, 2);
	assert_int_equal(only_row(screen)->sockets, 2);
	assert_non_null(strstr(json_of(screen, 0), "\"owner_by\":null,\"closer\":null,"));
	assert_non_null(strstr(json_of(screen, 0), "\"family\":null,"));
}

static void a_closer_of_them_all_is_shown(void **state)
{
	struct screen *screen = *state;

	for (uint64_t cookie = 1; cookie <= 2; cookie++) {
		struct record_transition record = owned(cookie, screen->time_ns, TCP_FIN_WAIT1, 7);

		record.closer = process_of(8, "child");
		feed(screen->world, record);
		enters(screen, cookie);
	}
	refresh(screen, false);
	assert_non_null(strstr(json_of(screen, 0), "\"closer\":{\"pid\":8,"));
}

static void unknown_owners_have_a_row_without_process_and_key(void **state)
{
	struct screen *screen = *state;

	again_by(screen, BY_COMM);
	lives(screen, 1, 0);
	refresh(screen, false);
	assert_non_null(strstr(json_of(screen, 0),
			       "\"process\":null,\"key\":null,\"owner_by\":null,\"closer\":null"));
}

static void the_limit_bounds_what_is_printed(void **state)
{
	struct screen *screen = *state;

	for (uint32_t pid = 1; pid <= 5; pid++)
		lives(screen, pid, pid);
	refresh(screen, false);
	assert_non_null(strstr(json_of(screen, 2), "\"rows\":2,"));
	assert_non_null(strstr(json_of(screen, 9), "\"rows\":5,"));
}

static const char *table_of(struct screen *screen, struct text_style style)
{
	screen->output.length = 0;
	time_waits_show_text(&screen->waits, &screen->output, &style, false);
	return text_of(screen);
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

/* A histogram of as many as that, all alike but for one. */
static void fill(struct histogram *histogram, uint64_t ns, uint32_t count)
{
	histogram_add(histogram, ns);
	histogram->count += count;
	histogram->bins[0].count += count;
	histogram_add(histogram, ns / 1000);
}

/* The greatest figures that are plausible, of durations as wide as they get. */
static void swell(struct time_wait_row *row, uint64_t lifetime_ns)
{
	row->sockets = row->predates = row->fin_wait2 = 131072;
	row->created = 40ULL * 1000 * 1000 * 1000;
	row->closed = row->closed_first = row->ended = row->created;
	row->overflow = row->rearmed = 4000 * 1000 * 1000ULL;
	for (unsigned int reason = END_EXPIRED; reason <= END_UNKNOWN; reason++)
		row->reasons[reason] = row->created / 6;
	fill(&row->lifetime, lifetime_ns, 4000 * 1000 * 1000U);
	fill(&row->fin_wait2_lifetime, lifetime_ns, 4000 * 1000 * 1000U);
	fill(&row->connected, lifetime_ns, 4000 * 1000 * 1000U);
}

static void no_line_is_wider_than(struct screen *screen, unsigned int columns)
{
	static const uint64_t lives_ns[] = {
		9960 * 1000, 9996 * 100,    999600,	  999600 * 1000,  99960 * MS,
		60928 * MS,  3599 * SECOND, 400 * SECOND, 86399 * SECOND, 86400 * 365 * SECOND};
	struct losses losses = {.ring_full = 3};
	struct text_style style = {.columns = columns};

	for (size_t i = 0; i < COUNT(lives_ns); i++) {
		struct record_transition record;
		struct time_wait_row *row;

		again_by(screen, BY_PID);
		record = owned(1, screen->time_ns, TCP_FIN_WAIT1, 4194303);
		memcpy(record.owner.comm, "fifteen-letters", 16);
		record.closer = process_of(4194302, "fifteen-LETTERS");
		record.tuple = tuple_of("2001:db8:ffff:ffff:ffff:ffff:ffff:fffe", 40000,
					"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", 65535);
		feed(screen->world, record);
		enters(screen, 1);
		refresh(screen, false);
		pass(screen, SECOND);
		row = time_waits_shown(&screen->waits, 0);
		row->created = 131072;
		row->sockets = 131072;
		feed(screen->world, loss_of(screen->time_ns, &losses));
		time_waits_refresh(&screen->waits, screen->time_ns, false);
		check_width(table_of(screen, style), columns);
		swell(row, lives_ns[i]);
		row->created = 131072;
		time_waits_refresh(&screen->waits, screen->time_ns, false);
		for (unsigned int details = 0; details < 2; details++) {
			style.details = details;
			check_width(table_of(screen, style), columns);
		}
		style.details = false;
		screen->output.length = 0;
		time_waits_show_text(&screen->waits, &screen->output, &style, true);
		check_width(text_of(screen), columns);
	}
}

static void at_80_columns_no_line_is_wider(void **state)
{
	no_line_is_wider_than(*state, 80);
}

static void at_120_columns_no_line_is_wider(void **state)
{
	no_line_is_wider_than(*state, 120);
}

static void the_screen_is_never_scrolled(void **state)
{
	struct screen *screen = *state;
	uint64_t cookie = 100;

	listing_begins(screen);
	feed(screen->world, minisocket_row(1, screen->time_ns, TCP_TIME_WAIT, LENGTH));
	listing_ends(screen);
	for (uint32_t pid = 1; pid <= 40; pid++) {
		for (unsigned int times = 0; times < pid; times++) {
			lives(screen, ++cookie, pid);
			pass(screen, pid * pid * pid * MS);
			if (times % 2)
				ends(screen, cookie, END_SYN);
		}
	}
	refresh(screen, false);
	for (unsigned int lines = 8; lines < 120; lines++)
		for (unsigned int details = 0; details < 2; details++) {
			struct text_style style = {
				.columns = 80, .lines = lines, .details = details};
			size_t shown = lines_in(table_of(screen, style));

			if (!details || lines > 50)
				check(shown < lines, "%zu lines of %u", shown, lines);
		}
}

static void the_table_says_what_it_is(void **state)
{
	struct screen *screen = *state;
	struct text_style style = {.columns = 120};
	const char *text;

	listing_begins(screen);
	feed(screen->world, minisocket_row(9, screen->time_ns, TCP_TIME_WAIT, LENGTH));
	listing_ends(screen);
	lives(screen, 1, 7);
	pass(screen, 30 * SECOND);
	ends(screen, 1, END_REUSED);
	lives(screen, 2, 7);
	refresh(screen, false);
	text = table_of(screen, style);
	assert_non_null(strstr(text, "2 sockets in TIME_WAIT"));
	assert_non_null(strstr(text, "1 older than tcplinger: who made them is not known"));
	assert_non_null(strstr(text, "to 10.0.0.2:80"));
	assert_non_null(strstr(text, "1 ended: 1 reused"));
	assert_non_null(strstr(text, "in TIME_WAIT: 1, half within 30.0s"));
	assert_non_null(strstr(text, "(nobody known)"));
	assert_null(strchr(text, '\033'));
}

static void those_of_a_listener_are_said_to_be_charged_to_it(void **state)
{
	struct screen *screen = *state;
	struct record_socket listener = socket_row(8, screen->time_ns, TCP_LISTEN);
	struct record_socket served = minisocket_row(9, screen->time_ns, TCP_TIME_WAIT, LENGTH);

	listener.tuple = tuple_of("10.0.0.1", 443, "0.0.0.0", 0);
	listener.owner = process_of(3, "httpd");
	listener.owner_by = OWNER_LISTEN;
	served.tuple = tuple_of("10.0.0.1", 443, "10.0.0.2", 50000);
	listing_begins(screen);
	feed(screen->world, listener);
	feed(screen->world, served);
	feed(screen->world, minisocket_row(10, screen->time_ns, TCP_TIME_WAIT, LENGTH));
	listing_ends(screen);
	refresh(screen, false);
	assert_non_null(strstr(table_of(screen, (struct text_style){.columns = 80}),
			       "    2 older than tcplinger, 1 charged to a listener; "
			       "gone"));
}

static void hostile_names_are_harmless(void **state)
{
	struct screen *screen = *state;
	struct record_transition record = owned(1, screen->time_ns, TCP_FIN_WAIT1, 7);
	struct text_style style = {.columns = 80, .details = true};

	memcpy(record.owner.comm, "\033[31m\n\r\b\t\377x\0", 12);
	record.closer = process_of(8, "\033]0;x\007");
	feed(screen->world, record);
	enters(screen, 1);
	refresh(screen, false);
	assert_null(strchr(table_of(screen, style), '\033'));
	assert_null(strchr(table_of(screen, style), '\007'));
	assert_null(strchr(json_of(screen, 0), '\033'));
	check_width(table_of(screen, style), 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		screen_test(the_object_is_that_of_the_contract),
		screen_test(a_service_has_no_remote_end),
		screen_test(what_the_sockets_of_a_row_do_not_share_is_null),
		screen_test(a_closer_of_them_all_is_shown),
		screen_test(unknown_owners_have_a_row_without_process_and_key),
		screen_test(the_limit_bounds_what_is_printed),
		screen_test(at_80_columns_no_line_is_wider),
		screen_test(at_120_columns_no_line_is_wider),
		screen_test(the_screen_is_never_scrolled),
		screen_test(the_table_says_what_it_is),
		screen_test(those_of_a_listener_are_said_to_be_charged_to_it),
		screen_test(hostile_names_are_harmless),
	};

	return cmocka_run_group_tests_name("time_waits_show", tests, NULL, NULL);
}

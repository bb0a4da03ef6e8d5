// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "closing_screen.h"
#include "model/verdict_closing.h"

static void look(struct closing_screen *screen, const struct record_socket *records, size_t count)
{
	closing_begins(screen);
	for (size_t i = 0; i < count; i++) {
		struct record_socket record = records[i];

		record.header.time_ns = screen->time_ns;
		feed(screen->world, record);
	}
	closing_ends(screen, false);
}

static void each_verdict_takes_80_percent(void **state)
{
	static const struct {
		struct closing_counts old;
		enum closing_verdict verdict;
	} cases[] = {
		{{0}, CLOSING_TRANSIENT},
		{{5, 4, 1, 0}, CLOSING_PEER_DOES_NOT_CLOSE},
		{{5, 3, 2, 0}, CLOSING_MIXED},
		{{5, 1, 4, 0}, CLOSING_PEER_SILENT},
		{{5, 1, 0, 4}, CLOSING_PEER_WINDOW_CLOSED},
		{{5, 0, 0, 3}, CLOSING_MIXED},
		{{1, 0, 0, 0}, CLOSING_MIXED},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check(closing_verdict_of(&cases[i].old) == cases[i].verdict, "case %zu: %s", i,
		      closing_verdict_name(closing_verdict_of(&cases[i].old)));
}

static void who_holds_it_owns_it(void **state)
{
	struct closing_screen *screen = *state;
	const struct closing_row *row;

	closing_begins(screen);
	feed(screen->world, fin_wait2_row(screen, 1, 20 * SECOND));
	feed(screen->world, holder_of(1, screen->time_ns, 9, "late"));
	feed(screen->world, holder_of(1, screen->time_ns, 8, "early"));
	closing_ends(screen, false);
	assert_int_equal(screen->closing.rows.shown_count, 1);
	row = closing_row_of(screen, 8);
	assert_non_null(row);
	assert_int_equal(row->owner_by.value, OWNER_HOLDER);
	assert_int_equal(row->verdict, CLOSING_PEER_DOES_NOT_CLOSE);
	assert_true(row->oldest[0].age_ns == 20 * SECOND && row->oldest[0].fd == 3);
	assert_false(row->oldest[0].listed->at_least);
}

static void a_holder_is_remembered_where_nobody_asks_again(void **state)
{
	struct closing_screen *screen = *state;
	struct record_socket record = fin_wait2_row(screen, 1, SECOND);

	closing_begins(screen);
	feed(screen->world, record);
	feed(screen->world, holder_of(1, screen->time_ns, 8, "holder"));
	closing_ends(screen, false);
	screen->time_ns += SECOND;
	look(screen, &record, 1);
	assert_non_null(closing_row_of(screen, 8));
}

static void an_orphan_is_charged_to_who_was_seen_to_close_it(void **state)
{
	struct closing_screen *screen = *state;
	struct record_transition step =
		transition_of(1, screen->time_ns - SECOND, TCP_CLOSE_WAIT, TCP_LAST_ACK);
	struct record_socket record = last_ack_row(screen, 1, 0, 0);

	screen->world->model.last_states = 0; /* as `trace` has it */
	step.owner = process_of(6, "maker");
	step.owner_by = OWNER_CONNECT;
	step.closer = process_of(7, "closer");
	feed(screen->world, step);
	look(screen, &record, 1);
	assert_non_null(closing_row_of(screen, 7));
	assert_int_equal(closing_row_of(screen, 7)->owner_by.value, OWNER_CLOSE);
	assert_int_equal(closing_row_of(screen, 7)->orphans, 1);
	/* the stream has told when it was closed */
	assert_true(closing_row_of(screen, 7)->oldest[0].age_ns == SECOND);
	assert_false(closing_row_of(screen, 7)->oldest[0].listed->at_least);
}

static void silence_takes_two_listings_or_one_look_alone(void **state)
{
	struct closing_screen *screen = *state;
	struct record_socket record = last_ack_row(screen, 1, 30 * SECOND, 3);

	look(screen, &record, 1);
	assert_int_equal(closing_row_of(screen, 0)->verdict, CLOSING_TRANSIENT);
	screen->time_ns += SECOND;
	look(screen, &record, 1);
	assert_int_equal(closing_row_of(screen, 0)->verdict, CLOSING_PEER_SILENT);
	assert_true(closing_row_of(screen, 0)->oldest[0].age_ns == 31 * SECOND);
	assert_true(closing_row_of(screen, 0)->oldest[0].listed->at_least);

	closing_again(screen, (struct view_config){.age_ns = 10 * SECOND, .once = true});
	record.retrans_ns = 0;
	look(screen, &record, 1);
	assert_int_equal(closing_row_of(screen, 0)->verdict, CLOSING_PEER_SILENT);
	assert_false(closing_row_of(screen, 0)->oldest[0].age_known);
}

static void an_answer_breaks_the_silence(void **state)
{
	struct closing_screen *screen = *state;
	struct record_socket record = last_ack_row(screen, 1, 30 * SECOND, 3);

	look(screen, &record, 1);
	screen->time_ns += SECOND;
	record.times.acked_ns = screen->time_ns;
	look(screen, &record, 1);
	assert_int_equal(closing_row_of(screen, 0)->verdict, CLOSING_TRANSIENT);
}

static void a_window_that_answers_is_no_silence(void **state)
{
	struct closing_screen *screen = *state;
	struct record_socket record = socket_row(1, screen->time_ns, TCP_FIN_WAIT1);

	closing_again(screen, (struct view_config){.once = true});
	record.flags = SOCKET_ZERO_WINDOW;
	record.unacked = 0;
	record.unsent = 5001;
	record.probes = 1; /* on its way */
	look(screen, &record, 1);
	assert_int_equal(closing_row_of(screen, 0)->verdict, CLOSING_PEER_WINDOW_CLOSED);
	assert_true(closing_row_of(screen, 0)->unsent_bytes == 5000); /* without our FIN */
	record.probes = 2;
	look(screen, &record, 1);
	assert_int_equal(closing_row_of(screen, 0)->verdict, CLOSING_PEER_SILENT);
}

static void bytes_are_without_our_FIN(void **state)
{
	static const struct {
		unsigned int state;
		uint32_t unacked, unsent, bytes_unacked, bytes_unsent;
	} cases[] = {
		{TCP_FIN_WAIT1, 1, 0, 0, 0},	 {TCP_FIN_WAIT1, 101, 0, 100, 0},
		{TCP_FIN_WAIT1, 100, 1, 100, 0}, {TCP_LAST_ACK, 100, 51, 100, 50},
		{TCP_FIN_WAIT2, 0, 0, 0, 0},
	};
	struct closing_screen *screen = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct record_socket record = socket_row(1, screen->time_ns, cases[i].state);

		record.unacked = cases[i].unacked;
		record.unsent = cases[i].unsent;
		look(screen, &record, 1);
		check(closing_row_of(screen, 0)->unacked_bytes == cases[i].bytes_unacked &&
			      closing_row_of(screen, 0)->unsent_bytes == cases[i].bytes_unsent,
		      "case %zu", i);
	}
}

static void the_age_of_FIN_WAIT2_is_exact_unless_something_came_later(void **state)
{
	static const struct {
		uint64_t acked_s, received_s, sent_s, keepalive_s;
		bool at_least;
	} cases[] = {
		{30, 40, 50, 0, false}, /* ago: the ACK came after the last data */
		{30, 30, 50, 0, true},	/* data came with it, or it with data */
		{30, 30, 30, 0,
		 false}, /* what we sent last was acknowledged at once, FIN and all */
		{30, 40, 50, 20, true}, /* it may have answered a probe */
		{30, 40, 50, 60, false},
	};
	struct closing_screen *screen = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct record_socket record = fin_wait2_row(screen, i + 1, 0);

		record.times.acked_ns = screen->time_ns - cases[i].acked_s * SECOND;
		record.times.received_ns = screen->time_ns - cases[i].received_s * SECOND;
		record.times.sent_ns = screen->time_ns - cases[i].sent_s * SECOND;
		record.times.keepalive_ns = cases[i].keepalive_s * SECOND;
		look(screen, &record, 1);
		check(closing_row_of(screen, 0)->oldest[0].listed->at_least == cases[i].at_least &&
			      closing_row_of(screen, 0)->oldest[0].age_ns == 30 * SECOND,
		      "case %zu", i);
	}
}

static void what_is_older_than_the_tool_and_tells_nothing_has_no_age(void **state)
{
	struct closing_screen *screen = *state;
	struct record_socket records[] = {socket_row(1, BEGIN, TCP_FIN_WAIT1),
					  socket_row(2, BEGIN, TCP_FIN_WAIT1)};
	uint64_t age_ns;

	look(screen, records, 1);
	assert_false(closing_oldest_ns(closing_row_of(screen, 0), &age_ns));
	screen->time_ns += 3 * SECOND;
	look(screen, records, 2); /* from then on a least one; what is new is young */
	assert_true(closing_oldest_ns(closing_row_of(screen, 0), &age_ns));
	assert_true(age_ns == 3 * SECOND);
	assert_true(closing_row_of(screen, 0)->oldest[1].age_known);
}

static void a_connection_begins_anew_where_its_socket_does(void **state)
{
	struct closing_screen *screen = *state;
	struct record_socket record = socket_row(1, BEGIN, TCP_SYN_SENT);

	screen->world->model.needs.refreshed |= 1U << TCP_SYN_SENT;
	record.retrans_ns = BEGIN - 50 * SECOND;
	look(screen, &record, 1);
	assert_int_equal(screen->closing.rows.shown_count, 0);
	screen->time_ns += SECOND;
	record = socket_row(1, screen->time_ns, TCP_FIN_WAIT1);
	look(screen, &record, 1);
	assert_true(closing_row_of(screen, 0)->oldest[0].age_ns == 0);
}

static void rows_are_by_place_and_group(void **state)
{
	struct closing_screen *screen = *state;
	struct record_socket records[3] = {
		fin_wait2_row(screen, 1, 20 * SECOND),
		fin_wait2_row(screen, 2, 20 * SECOND),
		fin_wait2_row(screen, 3, 20 * SECOND),
	};

	records[1].tuple.lport++; /* the same place */
	records[2].tuple.rport++;
	look(screen, records, 3);
	assert_int_equal(screen->closing.rows.shown_count, 2);
	assert_int_equal(closing_shown(&screen->closing, 0)->sockets, 2);
	closing_again(screen, (struct view_config){.by = BY_COMM});
	for (int i = 0; i < 2; i++) {
		records[i].owner = process_of(7 + (uint32_t)i, "same");
		records[i].owner_by = OWNER_CONNECT;
	}
	look(screen, records, 2);
	assert_int_equal(screen->closing.rows.shown_count, 1);
	assert_string_equal(closing_shown(&screen->closing, 0)->row.name, "same");
}

static void filters_choose_what_is_shown_and_titles_say_of_how_many(void **state)
{
	struct closing_screen *screen = *state;
	struct record_socket records[2] = {fin_wait2_row(screen, 1, SECOND),
					   last_ack_row(screen, 2, SECOND, 1)};

	closing_again(screen, (struct view_config){.states = 1U << TCP_LAST_ACK});
	look(screen, records, 2);
	assert_int_equal(screen->closing.sockets, 1);
	assert_int_equal(closing_row_of(screen, 0)->by_state[TCP_LAST_ACK], 1);
	closing_again(screen, (struct view_config){0});
	screen->filter.pid = 8;
	closing_begins(screen);
	feed(screen->world, records[0]);
	feed(screen->world, records[1]);
	feed(screen->world, holder_of(1, screen->time_ns, 7, "first"));
	feed(screen->world, holder_of(1, screen->time_ns, 8, "second"));
	closing_ends(screen, false);
	assert_non_null(strstr(closing_shown_as(screen, false, 0),
			       "1 of 2 sockets that close, and do not end"));
	assert_non_null(closing_row_of(screen, 7)); /* its row: the other holds it as well */
}

static void minisockets_are_no_part_of_it(void **state)
{
	struct closing_screen *screen = *state;

	closing_begins(screen);
	feed(screen->world, minisocket_row(1, screen->time_ns, TCP_FIN_WAIT2, SECOND));
	closing_ends(screen, false);
	assert_int_equal(screen->closing.sockets, 0);
}

static void holders_are_asked_for_where_any_can_be(void **state)
{
	struct closing_screen *screen = *state;
	struct record_socket record = last_ack_row(screen, 1, 0, 0);
	struct questions questions;

	questions_init(&questions);
	look(screen, &record, 1);
	closing_ask(&screen->closing, &questions);
	assert_false(questions_have(&questions, QUESTION_HOLDERS));
	record = fin_wait2_row(screen, 1, 0);
	look(screen, &record, 1);
	closing_ask(&screen->closing, &questions);
	assert_true(questions_have(&questions, QUESTION_HOLDERS));
	questions_free(&questions);
}

static void a_row_without_sockets_is_shown_once_more(void **state)
{
	struct closing_screen *screen = *state;
	struct record_socket record = fin_wait2_row(screen, 1, 20 * SECOND);

	look(screen, &record, 1);
	look(screen, NULL, 0);
	assert_int_equal(screen->closing.rows.shown_count, 1);
	assert_non_null(strstr(closing_shown_as(screen, false, 0), "none left"));
	assert_non_null(strstr(closing_shown_as(screen, true, 0),
			       "\"sockets\":0,\"by_state\":{},\"orphans\":0,\"oldest_s\":null,"
			       "\"unacked_bytes\":0,\"unsent_bytes\":0,\"retransmits\":0,"
			       "\"zero_window\":0,\"verdict\":\"peer_does_not_close\","
			       "\"connections\":[],\"omitted\":0"));
	look(screen, NULL, 0);
	assert_int_equal(screen->closing.rows.shown_count, 0);
}

static void the_object_is_that_of_the_contract(void **state)
{
	struct closing_screen *screen = *state;
	struct record_socket record = fin_wait2_row(screen, 0xabc, 20 * SECOND);

	closing_begins(screen);
	feed(screen->world, record);
	feed(screen->world, holder_of(0xabc, screen->time_ns, 8, "holder"));
	closing_ends(screen, false);
	assert_string_equal(
		closing_shown_as(screen, true, 0),
		"{\"type\":\"closing\",\"time\":\"2024-03-01T00:16:40.000000Z\",\"seq\":1,"
		"\"process\":{\"pid\":8,\"start_time\":\"1970-01-01T00:00:08.000000Z\","
		"\"comm\":\"holder\",\"exe\":null,\"cgroup\":null,\"container\":null},"
		"\"key\":null,\"owner_by\":\"holder\",\"direction\":\"out\","
		"\"netns\":4026531840,\"family\":\"ipv4\",\"laddr\":\"10.0.0.1\",\"lport\":null,"
		"\"raddr\":\"10.0.0.2\",\"rport\":80,\"sockets\":1,\"by_state\":{\"FIN_WAIT2\":1},"
		"\"orphans\":0,\"oldest_s\":20.000000000,\"unacked_bytes\":0,\"unsent_bytes\":0,"
		"\"retransmits\":0,\"zero_window\":0,\"verdict\":\"peer_does_not_close\","
		"\"connections\":[{\"cookie\":\"abc\",\"netns\":4026531840,\"family\":\"ipv4\","
		"\"laddr\":\"10.0.0.1\",\"lport\":40000,\"raddr\":\"10.0.0.2\",\"rport\":80,"
		"\"direction\":\"out\",\"state\":\"FIN_WAIT2\",\"fd\":3,\"age_s\":20.000000000,"
		"\"age_is_lower_bound\":false,\"unacked_bytes\":0,\"unsent_bytes\":0,"
		"\"retransmits\":0,\"holders\":[{\"pid\":8,\"comm\":\"holder\",\"fd\":3}],"
		"\"holders_total\":1}],\"omitted\":0,\"incomplete\":false}\n"
		"{\"type\":\"refresh\",\"time\":\"2024-03-01T00:16:40.000000Z\","
		"\"view\":\"closing\",\"seq\":1,\"rows\":1,\"incomplete\":false}\n");
}

static void each_verdict_has_its_sentence(void **state)
{
	static const char *const sentences[CLOSING_VERDICTS] = {
		[CLOSING_TRANSIENT] = "nothing to say yet",
		[CLOSING_PEER_DOES_NOT_CLOSE] = "1 peer got our FIN, and has not closed: with a "
						"descriptor left, the kernel waits for ever",
		[CLOSING_PEER_SILENT] = "nobody answers what is sent again (3 times so far)",
		[CLOSING_PEER_WINDOW_CLOSED] = "1 peer answers, and takes no data: 99 bytes wait, "
					       "our FIN behind",
		[CLOSING_MIXED] = "no cause has 80 %: of 1 old enough, 0 wait for the peer's FIN",
	};
	struct closing_screen *screen = *state;
	struct record_socket records[CLOSING_VERDICTS] = {
		[CLOSING_TRANSIENT] = fin_wait2_row(screen, 1, SECOND),
		[CLOSING_PEER_DOES_NOT_CLOSE] = fin_wait2_row(screen, 2, 20 * SECOND),
		[CLOSING_PEER_SILENT] = last_ack_row(screen, 3, 20 * SECOND, 3),
		[CLOSING_PEER_WINDOW_CLOSED] = last_ack_row(screen, 4, 20 * SECOND, 0),
		[CLOSING_MIXED] = last_ack_row(screen, 5, 20 * SECOND, 0),
	};

	records[CLOSING_PEER_WINDOW_CLOSED].flags |= SOCKET_ZERO_WINDOW;
	records[CLOSING_PEER_WINDOW_CLOSED].unsent = 99; /* of which one is the FIN */
	for (unsigned int i = 0; i < CLOSING_VERDICTS; i++) {
		const char *text;

		look(screen, &records[i], 1);
		screen->time_ns += 11 * SECOND * (i != CLOSING_TRANSIENT);
		if (i == CLOSING_PEER_DOES_NOT_CLOSE)
			screen->time_ns -= 11 * SECOND;
		look(screen, &records[i], 1);
		text = closing_shown_as(screen, false, 0);
		check(strstr(text, closing_verdict_name(i)) && strstr(text, sentences[i]), "%u: %s",
		      i, text);
	}
}

static void the_other_end_may_be_on_this_host(void **state)
{
	struct closing_screen *screen = *state;
	struct record_socket other = close_wait_row(2, screen->time_ns, 0, 0, 0);

	other.tuple = tuple_of("10.0.0.2", 80, "10.0.0.1", 40000);
	closing_begins(screen);
	feed(screen->world, fin_wait2_row(screen, 1, 20 * SECOND));
	feed(screen->world, other);
	feed(screen->world, holder_of(1, screen->time_ns, 8, "holder"));
	feed(screen->world, holder_of(2, screen->time_ns, 9, "sleeper"));
	closing_ends(screen, false);
	assert_int_equal(screen->closing.sockets, 1);
	assert_non_null(strstr(closing_shown_as(screen, false, 0),
			       "sleeper[9] holds the other end, in CLOSE_WAIT"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_verdict_takes_80_percent),
		closing_test(who_holds_it_owns_it),
		closing_test(a_holder_is_remembered_where_nobody_asks_again),
		closing_test(an_orphan_is_charged_to_who_was_seen_to_close_it),
		closing_test(silence_takes_two_listings_or_one_look_alone),
		closing_test(an_answer_breaks_the_silence),
		closing_test(a_window_that_answers_is_no_silence),
		closing_test(bytes_are_without_our_FIN),
		closing_test(the_age_of_FIN_WAIT2_is_exact_unless_something_came_later),
		closing_test(what_is_older_than_the_tool_and_tells_nothing_has_no_age),
		closing_test(a_connection_begins_anew_where_its_socket_does),
		closing_test(rows_are_by_place_and_group),
		closing_test(filters_choose_what_is_shown_and_titles_say_of_how_many),
		closing_test(minisockets_are_no_part_of_it),
		closing_test(holders_are_asked_for_where_any_can_be),
		closing_test(a_row_without_sockets_is_shown_once_more),
		closing_test(the_object_is_that_of_the_contract),
		closing_test(each_verdict_has_its_sentence),
		closing_test(the_other_end_may_be_on_this_host),
	};

	return cmocka_run_group_tests_name("closing_view", tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>

#include "model/verdict_opening.h"
#include "view/opening/opening.h"
#include "world.h"

#define BEGIN (1000 * SECOND)

struct screen {
	struct world *world;
	struct process_filter filter;
	struct tuple_filter tuples;
	struct opening opening;
	struct output output;
	uint64_t time_ns;
};

static void begin(struct screen *screen, struct view_config config)
{
	config.processes = &screen->filter;
	config.tuples = &screen->tuples;
	screen->world = world_new(NULL, &screen->filter);
	screen->world->model.needs = opening_view.needs;
	screen->time_ns = BEGIN;
	opening_init(&screen->opening, &config, &screen->world->model);
	world_shows(screen->world, &opening_view.observer, &screen->opening);
	output_init(&screen->output, -1, NULL);
}

static void end(struct screen *screen)
{
	opening_free(&screen->opening);
	output_free(&screen->output);
	world_free(screen->world);
}

static int setup(void **state)
{
	struct screen *screen = calloc(1, sizeof(*screen));

	assert_non_null(screen);
	begin(screen, (struct view_config){0});
	*state = screen;
	return 0;
}

static int teardown(void **state)
{
	end(*state);
	free(*state);
	return 0;
}

#define screen_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* A refresh that lists these. */
static void look(struct screen *screen, const struct record_socket *records, size_t count)
{
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_BEGINS));
	for (size_t i = 0; i < count; i++) {
		struct record_socket record = records[i];

		record.header.time_ns = screen->time_ns;
		feed(screen->world, record);
	}
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_ENDS));
	opening_refresh(&screen->opening, screen->time_ns, false);
}

static void step(struct screen *screen, uint64_t cookie, unsigned int old, unsigned int new,
		 unsigned int error)
{
	struct record_transition record = transition_of(cookie, screen->time_ns, old, new);

	if (new == TCP_SYN_SENT)
		record.tuple.lport = 0;
	record.owner = process_of(7, "client");
	record.owner_by = OWNER_CONNECT;
	record.direction = DIRECTION_OUT;
	record.error = (uint16_t)error;
	feed(screen->world, record);
}

static void try(struct screen *screen, uint64_t cookie, uint64_t took_ns, unsigned int new,
		unsigned int error)
{
	step(screen, cookie, TCP_CLOSE, TCP_SYN_SENT, 0);
	screen->time_ns += took_ns;
	step(screen, cookie, TCP_SYN_SENT, new, error);
}

static const struct opening_row *only(const struct screen *screen)
{
	assert_int_equal(screen->opening.rows.shown_count, 1);
	return opening_shown(&screen->opening, 0);
}

static struct record_socket syn_sent_row(uint64_t cookie, uint64_t since_ns, uint8_t retransmits)
{
	struct record_socket record = socket_row(cookie, since_ns, TCP_SYN_SENT);

	record.retransmits = retransmits;
	record.retrans_ns = since_ns;
	record.unacked = 1;
	record.owner = process_of(7, "client");
	record.owner_by = OWNER_CONNECT;
	return record;
}

static struct record_socket listener_row_of(uint64_t cookie, uint32_t queue, uint32_t limit,
					    uint32_t drops)
{
	struct record_socket record = socket_row(cookie, BEGIN, TCP_LISTEN);

	record.tuple = tuple_of("10.0.0.2", 80, "0.0.0.0", 0);
	record.recvq = queue;
	record.queue_limit = limit;
	record.drops = drops;
	record.owner = process_of(9, "server");
	record.owner_by = OWNER_LISTEN;
	return record;
}

static struct record_namespace counted_of(uint32_t netns, uint64_t overflows, uint64_t failed)
{
	struct record_namespace record = namespace_of(BEGIN, netns);

	record.listen_overflows = overflows;
	record.conntrack.insert_failed = record.conntrack.drop = failed;
	return record;
}

static const char *shown(struct screen *screen, bool json)
{
	struct text_style text = {.details = true};

	screen->output.length = 0;
	if (json)
		opening_show_json(&screen->opening, &screen->output, 0);
	else
		opening_show_text(&screen->opening, &screen->output, &text, false);
	*output_reserve(&screen->output, 1) = 0;
	return screen->output.text;
}

static void how_a_connect_ended(void **state)
{
	static const struct {
		unsigned int error;
		bool no_port;
		uint64_t took_ns;
		enum connect_end end;
	} cases[] = {
		{0, true, 0, CONNECT_NO_PORT},
		{ETIMEDOUT, false, 130 * SECOND, CONNECT_UNANSWERED},
		{ECONNREFUSED, false, 0, CONNECT_REFUSED},
		{EHOSTUNREACH, false, 0, CONNECT_UNREACHABLE},
		{ENETUNREACH, false, 0, CONNECT_UNREACHABLE},
		{ECONNABORTED, false, 0, CONNECT_OTHER},
		{0, false, SECOND / 2, CONNECT_OTHER},
		{0, false, 5 * SECOND, CONNECT_UNANSWERED},
		{0, false, UINT64_MAX, CONNECT_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check(connect_end_of(cases[i].error, cases[i].no_port, cases[i].took_ns) ==
			      cases[i].end,
		      "case %zu", i);
}

static void each_verdict(void **state)
{
	static const struct {
		struct opening_facts facts;
		enum opening_verdict verdict;
	} cases[] = {
		{{.silent = 0}, OPENING_FINE},
		{{.ends = {[CONNECT_ESTABLISHED] = 100}}, OPENING_FINE},
		{{.ends = {[CONNECT_ESTABLISHED] = 4}, .silent = 3}, OPENING_NO_ANSWER},
		{{.ends = {[CONNECT_UNANSWERED] = 1}}, OPENING_NO_ANSWER},
		{{.ends = {[CONNECT_REFUSED] = 2, [CONNECT_UNANSWERED] = 1}}, OPENING_REFUSED},
		{{.ends = {[CONNECT_UNREACHABLE] = 1}}, OPENING_UNREACHABLE},
		{{.ends = {[CONNECT_NO_PORT] = 1}}, OPENING_NO_PORT},
		/* one in ten thousand is none that is worth a word */
		{{.ends = {[CONNECT_ESTABLISHED] = 10000, [CONNECT_REFUSED] = 1}}, OPENING_FINE},
		{{.ends = {[CONNECT_ESTABLISHED] = 9, [CONNECT_REFUSED] = 1}}, OPENING_REFUSED},
		{{.ends = {[CONNECT_OTHER] = 5}}, OPENING_FINE},
		{{.ends = {[CONNECT_ESTABLISHED] = 3}, .handshakes = true, .median_ns = SECOND},
		 OPENING_SLOW},
		{{.ends = {[CONNECT_ESTABLISHED] = 3}, .handshakes = true, .median_ns = SECOND - 1},
		 OPENING_FINE},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check(opening_verdict_of(&cases[i].facts) == cases[i].verdict, "case %zu: %s", i,
		      opening_verdict_name(opening_verdict_of(&cases[i].facts)));
}

static void each_verdict_of_a_listener(void **state)
{
	static const struct {
		uint32_t queue, limit;
		bool overflowed;
		enum listener_verdict verdict;
	} cases[] = {
		{0, 0, false, LISTENER_FINE},	    {1, 0, false, LISTENER_FULL},
		{2, 2, false, LISTENER_FILLING},    {3, 2, false, LISTENER_FULL},
		{0, 128, true, LISTENER_FULL},	    {63, 128, false, LISTENER_FINE},
		{64, 128, false, LISTENER_FILLING},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check(listener_verdict_of(cases[i].queue, cases[i].limit, cases[i].overflowed) ==
			      cases[i].verdict,
		      "case %zu", i);
}

static void connects_are_counted_by_how_they_end(void **state)
{
	struct screen *screen = *state;
	const struct opening_row *row;

	try(screen, 1, SECOND / 10, TCP_ESTABLISHED, 0);
	try(screen, 2, SECOND / 10, TCP_CLOSE, ECONNREFUSED);
	try(screen, 3, SECOND / 10, TCP_CLOSE, 0);
	try(screen, 4, SECOND / 10, TCP_CLOSE, EIO);
	step(screen, 5, TCP_CLOSE, TCP_SYN_SENT, 0);
	look(screen, NULL, 0);
	row = only(screen);
	assert_true(row->attempts == 5 && row->established == 1 && row->failures == 3);
	assert_true(row->failed[FAILED_ECONNREFUSED] == 1 && row->failed[FAILED_GAVE_UP] == 1 &&
		    row->failed[FAILED_OTHER] == 1);
	assert_true(row->handshake.count == 1 && row->handshake.min_ns == SECOND / 10);
	assert_int_equal(row->verdict, OPENING_REFUSED);
	assert_non_null(strstr(shown(screen, false),
			       "of 5, 1 came about, 1 ECONNREFUSED, 1 other, 1 gave_up: nothing "
			       "listens there"));
}

static void who_got_no_port_failed(void **state)
{
	struct screen *screen = *state;
	struct record_transition record;

	step(screen, 1, TCP_CLOSE, TCP_SYN_SENT, 0);
	record = transition_of(1, screen->time_ns, TCP_SYN_SENT, TCP_CLOSE);
	record.tuple.lport = 0;
	record.failure = FAILURE_NO_PORT;
	record.direction = DIRECTION_OUT;
	feed(screen->world, record);
	look(screen, NULL, 0);
	assert_true(only(screen)->failed[FAILED_EADDRNOTAVAIL] == 1);
	assert_int_equal(only(screen)->verdict, OPENING_NO_PORT);
}

static void two_that_connect_to_each_other_come_about(void **state)
{
	struct screen *screen = *state;

	step(screen, 1, TCP_CLOSE, TCP_SYN_SENT, 0);
	step(screen, 1, TCP_SYN_SENT, TCP_SYN_RECV, 0);
	step(screen, 1, TCP_SYN_RECV, TCP_ESTABLISHED, 0);
	look(screen, NULL, 0);
	assert_true(only(screen)->attempts == 1 && only(screen)->established == 1);
}

static void those_that_wait_are_as_old_as_their_first_SYN(void **state)
{
	struct screen *screen = *state;
	struct record_socket records[] = {
		syn_sent_row(1, BEGIN - 3 * SECOND, 2),
		syn_sent_row(2, BEGIN - 7 * SECOND, 3),
		syn_sent_row(3, BEGIN, 0),
	};
	const struct opening_row *row;

	look(screen, records, 3);
	row = only(screen);
	assert_true(row->pending == 3 && row->silent == 2 && row->retransmits == 3);
	assert_true(row->oldest_known && row->oldest_ns == 7 * SECOND);
	assert_int_equal(row->verdict, OPENING_NO_ANSWER);
	assert_int_equal(rows_process(&screen->opening.rows, row->row.process)->id.pid, 7);
	look(screen, NULL, 0);
	assert_true(only(screen)->pending == 0); /* once more */
	look(screen, NULL, 0);
	assert_int_equal(screen->opening.rows.shown_count, 0);
}

static void a_verdict_forgets_what_is_minutes_ago(void **state)
{
	struct screen *screen = *state;

	try(screen, 1, 0, TCP_CLOSE, ECONNREFUSED);
	look(screen, NULL, 0);
	assert_int_equal(only(screen)->verdict, OPENING_REFUSED);
	for (uint64_t i = 2; i < 5; i++) {
		screen->time_ns += 61 * SECOND;
		try(screen, i, 0, TCP_ESTABLISHED, 0);
		look(screen, NULL, 0);
	}
	assert_int_equal(only(screen)->verdict, OPENING_FINE);
	assert_true(only(screen)->failures == 1);
}

static void a_filter_on_local_ports_waits_for_the_port(void **state)
{
	struct screen *screen = *state;

	screen->tuples.lport.active = 1;
	screen->tuples.lport.bitmap[40000 / 8] = 1 << 40000 % 8;
	try(screen, 1, 0, TCP_ESTABLISHED, 0);
	screen->tuples.lport.bitmap[40000 / 8] = 0;
	try(screen, 2, 0, TCP_ESTABLISHED, 0);
	step(screen, 3, TCP_CLOSE, TCP_SYN_SENT, 0);
	look(screen, NULL, 0);
	assert_true(only(screen)->attempts == 1 && only(screen)->established == 1);
}

static const struct listener_row *first_listener(const struct screen *screen)
{
	assert_true(screen->opening.listeners.shown_count > 0);
	return opening_listener(&screen->opening, 0);
}

static void establish(struct screen *screen, uint64_t cookie)
{
	struct record_transition record =
		transition_of(cookie, screen->time_ns, TCP_SYN_RECV, TCP_ESTABLISHED);

	record.tuple = tuple_of("10.0.0.2", 80, "10.0.0.9", (uint16_t)(50000 + cookie));
	record.direction = DIRECTION_IN;
	feed(screen->world, record);
}

/* Listeners, known to the model as the stream's first listing has them. */
static void know(struct screen *screen, const struct record_socket *records, size_t count)
{
	struct record_listing listing = listing_of(screen->time_ns, LISTING_BEGINS, 0);

	listing.scope = LISTING_CONNECTIONS;
	feed(screen->world, listing);
	for (size_t i = 0; i < count; i++)
		feed(screen->world, records[i]);
	listing.phase = LISTING_ENDS;
	feed(screen->world, listing);
}

static void accepted_is_what_came_and_is_not_queued(void **state)
{
	struct screen *screen = *state;
	struct record_socket record = listener_row_of(100, 2, 128, 0);

	know(screen, &record, 1);
	look(screen, &record, 1);
	assert_true(first_listener(screen)->accepted == 0);
	for (uint64_t cookie = 1; cookie <= 5; cookie++)
		establish(screen, cookie);
	record.recvq = 3; /* two were there, five came: four are gone */
	screen->time_ns += SECOND;
	look(screen, &record, 1);
	assert_true(first_listener(screen)->accepted == 4);
	assert_non_null(strstr(shown(screen, true), "\"accepted\":4,"));
	assert_int_equal(screen->opening.rows.shown_count, 0);
}

static void what_came_before_the_first_refresh_is_no_older(void **state)
{
	struct screen *screen = *state;
	struct record_socket record = listener_row_of(100, 0, 128, 0);

	know(screen, &record, 1);
	establish(screen, 1);
	screen->time_ns += SECOND;
	record.recvq = 3; /* two were there */
	look(screen, &record, 1);
	assert_true(first_listener(screen)->accepted == 0);
	screen->time_ns += SECOND;
	record.recvq = 0;
	look(screen, &record, 1);
	assert_true(first_listener(screen)->accepted == 3);
}

static void what_comes_while_the_queue_is_listed_counts_the_next_time(void **state)
{
	struct screen *screen = *state;
	struct record_socket record = listener_row_of(100, 0, 128, 0);

	know(screen, &record, 1);
	look(screen, &record, 1);
	screen->time_ns += SECOND;
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_BEGINS));
	record.header.time_ns = screen->time_ns;
	feed(screen->world, record);
	screen->time_ns++;
	establish(screen, 1); /* told, and not in the queue that was listed */
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_ENDS));
	opening_refresh(&screen->opening, screen->time_ns, false);
	screen->time_ns += SECOND;
	record.recvq = 1;
	look(screen, &record, 1);
	assert_true(first_listener(screen)->accepted == 0);
	screen->time_ns += SECOND;
	record.recvq = 0;
	look(screen, &record, 1);
	assert_true(first_listener(screen)->accepted == 1);
}

static void which_of_several_accepted_is_not_known(void **state)
{
	struct screen *screen = *state;
	struct record_socket records[] = {listener_row_of(100, 1, 128, 0),
					  listener_row_of(101, 2, 128, 0)};

	look(screen, records, 2);
	assert_true(first_listener(screen)->shared);
	assert_null(strstr(shown(screen, true), "\"accepted\":0"));
	records[1].tuple.lport++;
	look(screen, records, 2);
	assert_false(first_listener(screen)->shared);
}

static void overflows_are_told_apart_where_the_sums_agree(void **state)
{
	struct screen *screen = *state;
	struct record_socket records[] = {listener_row_of(100, 1, 8, 5),
					  listener_row_of(101, 1, 8, 1)};

	records[1].tuple.lport++;
	know(screen, records, 2);
	look(screen, records, 2);
	feed(screen->world, counted_of(NETNS, 10, 0));
	look(screen, records, 2);
	assert_true(first_listener(screen)->counted && first_listener(screen)->overflows == 0);
	records[0].drops += 3;
	records[1].drops += 1;
	feed(screen->world, counted_of(NETNS, 14, 0));
	look(screen, records, 2);
	assert_int_equal(first_listener(screen)->verdict, LISTENER_FULL);
	assert_true(first_listener(screen)->overflows +
			    opening_listener(&screen->opening, 1)->overflows ==
		    4);
	/* one was dropped for another reason: they cannot be told apart any more */
	records[1].drops += 1;
	feed(screen->world, counted_of(NETNS, 15, 0));
	screen->time_ns += SECOND;
	records[0].drops += 1;
	look(screen, records, 2);
	assert_true(first_listener(screen)->overflows == 5);
}

static void what_limits_it(void **state)
{
	struct screen *screen = *state;
	struct record_socket record = listener_row_of(100, 1, 128, 0);

	look(screen, &record, 1);
	assert_null(listeners_limited_by(&screen->opening, first_listener(screen)));
	feed(screen->world, counted_of(NETNS, 0, 0));
	assert_string_equal(listeners_limited_by(&screen->opening, first_listener(screen)),
			    "somaxconn");
	record.queue_limit = 5;
	look(screen, &record, 1);
	assert_string_equal(listeners_limited_by(&screen->opening, first_listener(screen)),
			    "backlog");
}

static void the_other_end_may_be_on_this_host(void **state)
{
	struct screen *screen = *state;
	struct record_socket records[] = {syn_sent_row(1, BEGIN, 1), listener_row_of(100, 3, 2, 0)};
	const struct listener_row *found;

	look(screen, records, 2);
	found = opening_other_end(&screen->opening, only(screen));
	assert_non_null(found);
	assert_true(found->row.key == 100);
	assert_non_null(strstr(shown(screen, false),
			       "server[9] listens there, and has no room: 3 in its queue of 2"));
	feed(screen->world, counted_of(NETNS, 0, 0));
	feed(screen->world, counted_of(NETNS, 0, 9));
	assert_false(opening_is_inferred(&screen->opening, only(screen))); /* it is seen */
	/* one that stands for all addresses may be meant, or not */
	address_of(records[1].tuple.laddr, "0.0.0.0");
	look(screen, records, 2);
	assert_null(opening_other_end(&screen->opening, only(screen)));
	address_of(records[0].tuple.raddr, "10.0.0.1"); /* its own: it is */
	look(screen, records, 2);
	for (size_t i = 0; i < screen->opening.rows.shown_count; i++)
		if (opening_shown(&screen->opening, i)->pending)
			found = opening_other_end(&screen->opening,
						  opening_shown(&screen->opening, i));
	assert_true(found && found->row.key == 100);
}

static void tracking_is_of_the_namespace_or_of_the_host(void **state)
{
	struct screen *screen = *state;
	struct record_socket record = syn_sent_row(1, BEGIN, 1);
	struct tracking tracking;

	screen->world->model.netns = 1;
	look(screen, &record, 1);
	assert_false(opening_tracking(&screen->opening, NETNS, &tracking));
	feed(screen->world, counted_of(NETNS, 0, 5));
	feed(screen->world, counted_of(1, 0, 7));
	assert_true(opening_tracking(&screen->opening, NETNS, &tracking));
	assert_true(tracking.netns == NETNS && !tracking_grew(&tracking));
	assert_false(opening_is_inferred(&screen->opening, only(screen)));
	feed(screen->world, counted_of(1, 0, 9));
	assert_true(opening_tracking(&screen->opening, NETNS, &tracking));
	assert_true(tracking.netns == 1 && tracking.conntrack.insert_failed == 2);
	assert_true(opening_is_inferred(&screen->opening, only(screen)));
	feed(screen->world, counted_of(NETNS, 0, 6));
	opening_tracking(&screen->opening, NETNS, &tracking);
	assert_true(tracking.netns == NETNS && tracking.conntrack.drop == 1);
	assert_non_null(strstr(shown(screen, false),
			       "meanwhile connection tracking dropped 1 packets, 1 for want of a "
			       "port to translate to, with 4 of 1000 entries (inferred)"));
}

static bool asks(const struct screen *screen, enum question_kind kind)
{
	struct questions questions;
	bool asked;

	questions_init(&questions);
	opening_ask(&screen->opening, &questions);
	asked = questions_have(&questions, kind);
	questions_free(&questions);
	return asked;
}

static void what_is_asked(void **state)
{
	struct screen *screen = *state;
	struct record_socket record = listener_row_of(100, 0, 8, 0);

	assert_true(asks(screen, QUESTION_NAMESPACE)); /* what grows, grows from then on */
	look(screen, NULL, 0);
	assert_false(asks(screen, QUESTION_NAMESPACE) || asks(screen, QUESTION_HOLDERS));
	look(screen, &record, 1);
	assert_true(asks(screen, QUESTION_HOLDERS) && asks(screen, QUESTION_NAMESPACE));
	feed(screen->world, counted_of(NETNS, 0, 0));
	assert_false(asks(screen, QUESTION_NAMESPACE) || asks(screen, QUESTION_THREADS));
	record.recvq = 9;
	look(screen, &record, 1);
	assert_true(asks(screen, QUESTION_THREADS));
	record = syn_sent_row(1, BEGIN, 0);
	look(screen, &record, 1);
	assert_true(asks(screen, QUESTION_NAMESPACE));
}

static void without_a_stream_nothing_is_counted(void **state)
{
	struct screen *screen = *state;
	struct record_socket records[] = {syn_sent_row(1, BEGIN - 2 * SECOND, 1),
					  listener_row_of(100, 1, 8, 0)};

	feed(screen->world, source_of(BEGIN, 1U << WANT_TRANSITIONS));
	look(screen, records, 2);
	assert_non_null(strstr(shown(screen, true),
			       "\"pending\":1,\"oldest_s\":2.000000000,\"retransmits\":1,"
			       "\"attempts\":null,\"established\":null,\"failed\":null,"
			       "\"handshake\":null,\"verdict\":\"no_answer\""));
	assert_non_null(strstr(shown(screen, true),
			       "\"accepted\":null,\"accepted_per_s\":null,\"overflows\":null"));
	assert_non_null(strstr(shown(screen, false), "1 waits: the SYN is sent again"));
}

static void the_objects_are_those_of_the_contract(void **state)
{
	struct screen *screen = *state;
	struct record_socket records[] = {syn_sent_row(1, BEGIN - SECOND, 1),
					  listener_row_of(100, 3, 2, 4)};

	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_BEGINS));
	feed(screen->world, records[0]);
	feed(screen->world, records[1]);
	feed(screen->world, holder_of(100, screen->time_ns, 9, "server"));
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_ENDS));
	feed(screen->world, counted_of(NETNS, 0, 0));
	opening_refresh(&screen->opening, screen->time_ns, false);
	assert_string_equal(
		shown(screen, true),
		"{\"type\":\"opening\",\"time\":\"2024-03-01T00:16:40.000000Z\",\"seq\":1,"
		"\"process\":{\"pid\":7,\"start_time\":\"1970-01-01T00:00:07.000000Z\","
		"\"comm\":\"client\",\"exe\":null,\"cgroup\":null,\"container\":null},"
		"\"key\":null,\"direction\":\"out\",\"netns\":4026531840,\"family\":\"ipv4\","
		"\"laddr\":\"10.0.0.1\",\"lport\":null,\"raddr\":\"10.0.0.2\",\"rport\":80,"
		"\"pending\":1,\"oldest_s\":1.000000000,\"retransmits\":1,\"attempts\":0,"
		"\"established\":0,\"failed\":{\"gave_up\":0},\"handshake\":{\"count\":0,"
		"\"min_s\":null,\"p50_s\":null,\"p90_s\":null,\"p99_s\":null,\"max_s\":null,"
		"\"buckets\":[{\"le_s\":0.000001000,\"count\":0},{\"le_s\":null,\"count\":0}]},"
		"\"verdict\":\"no_answer\","
		"\"evidence\":{\"listener\":{\"direction\":\"in\",\"netns\":4026531840,"
		"\"family\":\"ipv4\",\"laddr\":\"10.0.0.2\",\"lport\":80,\"raddr\":null,"
		"\"rport\":null,\"queue\":3,\"queue_limit\":2,\"holders\":[{\"pid\":9,"
		"\"comm\":\"server\",\"fd\":3}]},\"conntrack\":{\"netns\":4026531840,"
		"\"count\":4,\"max\":1000,\"insert_failed\":0,\"drop\":0,\"early_drop\":0},"
		"\"inferred\":false},\"stacks\":null,\"incomplete\":false}\n"
		"{\"type\":\"listener\",\"time\":\"2024-03-01T00:16:40.000000Z\",\"seq\":1,"
		"\"process\":{\"pid\":9,\"start_time\":\"1970-01-01T00:00:09.000000Z\","
		"\"comm\":\"server\",\"exe\":null,\"cgroup\":null,\"container\":null},"
		"\"key\":null,\"holders\":[{\"pid\":9,\"comm\":\"server\",\"fd\":3}],"
		"\"holders_total\":1,\"netns\":4026531840,\"family\":\"ipv4\","
		"\"laddr\":\"10.0.0.2\",\"lport\":80,\"queue\":3,\"queue_limit\":2,"
		"\"syn_queue\":0,\"dropped\":4,\"accepted\":0,\"accepted_per_s\":null,"
		"\"overflows\":0,\"limited_by\":\"backlog\",\"evidence\":{\"cause\":null,"
		"\"threads\":null,\"looked_at\":null,\"waiting\":null,\"state\":null,"
		"\"wchan\":null,\"syscall\":null,\"names\":null,\"idle_loop\":null,"
		"\"stopped\":null,\"tracer\":null,\"frozen\":null,\"cpu_share\":null,"
		"\"starved\":null,\"unwatched\":null,\"listener\":null,\"peer\":null},"
		"\"verdict\":\"full\",\"incomplete\":false}\n"
		"{\"type\":\"refresh\",\"time\":\"2024-03-01T00:16:40.000000Z\","
		"\"view\":\"opening\",\"seq\":1,\"rows\":2,\"incomplete\":false}\n");
}

static void a_listener_that_is_fine_is_shown_last(void **state)
{
	struct screen *screen = *state;
	struct record_socket record = listener_row_of(100, 0, 8, 0);

	look(screen, &record, 1);
	assert_int_equal(screen->opening.listeners.shown_count, 0);
	opening_refresh(&screen->opening, screen->time_ns, true);
	assert_int_equal(screen->opening.listeners.shown_count, 1);
}

static void a_listener_is_its_new_holders(void **state)
{
	struct screen *screen = *state;
	struct record_socket record = listener_row_of(100, 1, 8, 0);

	record.owner = (struct process_id){0};
	record.owner_by = OWNER_NONE;
	look(screen, &record, 1);
	assert_int_equal(first_listener(screen)->row.process, 0);
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_BEGINS));
	feed(screen->world, record);
	feed(screen->world, holder_of(100, screen->time_ns, 9, "server"));
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_ENDS));
	opening_refresh(&screen->opening, screen->time_ns, false);
	assert_int_equal(
		rows_process(&screen->opening.listeners, first_listener(screen)->row.process)
			->id.pid,
		9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(how_a_connect_ended),
		cmocka_unit_test(each_verdict),
		cmocka_unit_test(each_verdict_of_a_listener),
		screen_test(connects_are_counted_by_how_they_end),
		screen_test(who_got_no_port_failed),
		screen_test(two_that_connect_to_each_other_come_about),
		screen_test(those_that_wait_are_as_old_as_their_first_SYN),
		screen_test(a_verdict_forgets_what_is_minutes_ago),
		screen_test(a_filter_on_local_ports_waits_for_the_port),
		screen_test(accepted_is_what_came_and_is_not_queued),
		screen_test(what_came_before_the_first_refresh_is_no_older),
		screen_test(what_comes_while_the_queue_is_listed_counts_the_next_time),
		screen_test(which_of_several_accepted_is_not_known),
		screen_test(overflows_are_told_apart_where_the_sums_agree),
		screen_test(what_limits_it),
		screen_test(the_other_end_may_be_on_this_host),
		screen_test(tracking_is_of_the_namespace_or_of_the_host),
		screen_test(what_is_asked),
		screen_test(without_a_stream_nothing_is_counted),
		screen_test(the_objects_are_those_of_the_contract),
		screen_test(a_listener_that_is_fine_is_shown_last),
		screen_test(a_listener_is_its_new_holders),
	};

	return cmocka_run_group_tests_name("opening_view", tests, NULL, NULL);
}

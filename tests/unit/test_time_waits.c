// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "timewait.h"
#include "timewait_show.h"
#include "world.h"

#define BEGIN	  (1000 * SECOND)
#define MS	  1000000ULL
#define LENGTH	  (60 * (int64_t)SECOND)
#define SHORT	  (15 * (int64_t)SECOND)
#define WHOLE	  12 /* the bucket of those that lived a time-out to its end */
#define CONNECTED (5 * MS)

static const struct clock_offsets clocks = {1709251200 * (int64_t)SECOND, 0};

struct screen {
	struct world *world;
	struct process_filter filter;
	struct time_waits waits;
	struct output output;
	uint64_t time_ns;
	uint64_t older; /* than the tool, and once counted: begun, for the books */
};

static void on_transition(void *context, const struct transition *transition)
{
	time_waits_transition(&((struct screen *)context)->waits, transition);
}

static void on_minisocket(void *context, struct connection *connection, enum minisocket_event event,
			  uint64_t time_ns)
{
	time_waits_minisocket(&((struct screen *)context)->waits, connection, event, time_ns);
}

static void on_listed(void *context)
{
	time_waits_listed(&((struct screen *)context)->waits);
}

static void on_counters(void *context, const struct record_counters *counters)
{
	time_waits_counters(&((struct screen *)context)->waits, counters);
}

static void screen_init(struct screen *screen, enum grouping by)
{
	screen->world = world_new(NULL, &screen->filter);
	screen->world->model.last_states |= 1U << TCP_CLOSE_WAIT;
	screen->world->model.observer = (struct model_observer){
		.transition = on_transition,
		.minisocket = on_minisocket,
		.listed = on_listed,
		.counters = on_counters,
		.context = screen,
	};
	screen->time_ns = BEGIN;
	screen->older = 0;
	time_waits_init(&screen->waits, &screen->filter, by, &screen->world->model);
	output_init(&screen->output, -1, NULL);
}

static void screen_free(struct screen *screen)
{
	time_waits_free(&screen->waits);
	output_free(&screen->output);
	world_free(screen->world);
}

static void again_by(struct screen *screen, enum grouping by)
{
	screen_free(screen);
	screen_init(screen, by);
}

/* Of all rows. */
struct sums {
	uint64_t sockets, predates, fin_wait2, created, ended, reasons;
};

static void sum_row(void *context, struct row *shown)
{
	const struct time_wait_row *row = (const struct time_wait_row *)shown;
	struct sums *sums = context;

	sums->sockets += row->sockets;
	sums->predates += row->predates;
	sums->fin_wait2 += row->fin_wait2;
	sums->created += row->created;
	sums->ended += row->ended;
	for (unsigned int i = 0; i < END_REASONS; i++)
		sums->reasons += row->reasons[i];
	assert_true(row->predates <= row->sockets);
	assert_true(row->closed_first <= row->closed);
	assert_true(row->lifetime.count <= row->ended);
}

static struct sums sum_up(const struct screen *screen)
{
	struct sums sums = {0};

	rows_each(&screen->waits.rows, sum_row, &sums);
	return sums;
}

static void count_connection(void *context, struct connection *connection)
{
	struct sums *sums = context;

	if (!connection->row)
		return;
	sums->sockets += connection->state == TCP_TIME_WAIT;
	sums->predates +=
		connection->state == TCP_TIME_WAIT && connection->flags & CONNECTION_PREDATES;
	sums->fin_wait2 += connection->state == TCP_FIN_WAIT2;
}

/* What must hold at any time: what is there is what began less what ended, and in the model. */
static void check_books(const struct screen *screen)
{
	struct sums sums = sum_up(screen), there = {0};

	assert_int_equal(sums.sockets, screen->older + sums.created - sums.ended);
	assert_int_equal(sums.ended, sums.reasons);
	connections_each(&screen->world->model.connections, count_connection, &there);
	assert_int_equal(sums.sockets, there.sockets);
	assert_int_equal(sums.predates, there.predates);
	assert_int_equal(sums.fin_wait2, there.fin_wait2);
}

static int setup(void **state)
{
	struct screen *screen = calloc(1, sizeof(*screen));

	assert_non_null(screen);
	screen_init(screen, BY_PID);
	*state = screen;
	return 0;
}

static int teardown(void **state)
{
	struct screen *screen = *state;

	screen_free(screen);
	free(screen);
	return 0;
}

#define screen_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static void pass(struct screen *screen, uint64_t ns)
{
	screen->time_ns += ns;
}

static void refresh(struct screen *screen, bool last)
{
	check_books(screen);
	time_waits_refresh(&screen->waits, screen->time_ns, last);
}

/* The row that this process made, whether it would be shown or not. */
static const struct time_wait_row *row_of(struct screen *screen, uint32_t pid)
{
	refresh(screen, true);
	for (size_t i = 0; i < screen->waits.rows.shown_count; i++) {
		const struct time_wait_row *row = time_waits_shown(&screen->waits, i);
		const struct process *process = rows_process(&screen->waits.rows, row->row.process);

		if ((process ? process->id.pid : 0) == pid)
			return row;
	}
	return NULL;
}

static const struct time_wait_row *only_row(struct screen *screen)
{
	refresh(screen, true);
	assert_int_equal(screen->waits.rows.shown_count, 1);
	return time_waits_shown(&screen->waits, 0);
}

static struct record_transition owned(uint64_t cookie, uint64_t time_ns, unsigned int new_state,
				      uint32_t pid)
{
	struct record_transition record =
		transition_of(cookie, time_ns, TCP_ESTABLISHED, new_state);

	record.since_ns = time_ns - CONNECTED;
	record.direction = DIRECTION_OUT;
	record.owner = process_of(pid, "owner");
	record.owner_by = pid ? OWNER_CONNECT : OWNER_NONE;
	return record;
}

/* The owner closes first. */
static void closes(struct screen *screen, uint64_t cookie, uint32_t pid)
{
	struct record_transition record = owned(cookie, screen->time_ns, TCP_FIN_WAIT1, pid);

	record.closer = record.owner;
	feed(screen->world, record);
}

/* The peer's ACK has come, not its FIN. */
static void waits(struct screen *screen, uint64_t cookie)
{
	feed(screen->world,
	     timewait_of(cookie, screen->time_ns, TIMEWAIT_ARMED, TCP_FIN_WAIT2, LENGTH));
}

static void enters(struct screen *screen, uint64_t cookie)
{
	feed(screen->world,
	     timewait_of(cookie, screen->time_ns, TIMEWAIT_ARMED, TCP_TIME_WAIT, LENGTH));
}

/* With nothing left, or never reached: only the time of the record counts. */
static void ends(struct screen *screen, uint64_t cookie, enum end_reason reason)
{
	feed(screen->world, timewait_end(cookie, screen->time_ns, TCP_TIME_WAIT, 0, reason));
}

static void lives(struct screen *screen, uint64_t cookie, uint32_t pid)
{
	closes(screen, cookie, pid);
	enters(screen, cookie);
}

static void listing_begins(struct screen *screen)
{
	feed(screen->world, listing_of(screen->time_ns, LISTING_BEGINS, 0));
}

static void listing_ends(struct screen *screen)
{
	feed(screen->world, listing_of(screen->time_ns, LISTING_NAMESPACE, NETNS));
	feed(screen->world, listing_of(screen->time_ns, LISTING_ENDS, 0));
	if (screen->world->model.listing.number == 1)
		screen->older = sum_up(screen).predates;
	check_books(screen);
}

static void list_nothing(struct screen *screen)
{
	listing_begins(screen);
	listing_ends(screen);
}

static void a_time_wait_is_charged_to_who_connected(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;

	lives(screen, 1, 7);
	row = row_of(screen, 7);
	assert_int_equal(row->sockets, 1);
	assert_int_equal(row->created, 1);
	assert_int_equal(row->ended, 0);
	assert_int_equal(row->predates, 0);
	assert_int_equal(row->closed, 1);
	assert_int_equal(row->closed_first, 1);
	assert_int_equal(row->direction, DIRECTION_OUT);
	assert_int_equal(row->tuple.lport, 0);
	assert_int_equal(row->tuple.rport, 80);
	assert_null(time_waits_closer(&screen->waits, row));
	assert_true(histogram_percentile(&row->connected, 0.5) == CONNECTED);
}

static void who_closed_instead_is_named(void **state)
{
	struct screen *screen = *state;
	struct record_transition record = owned(1, screen->time_ns, TCP_FIN_WAIT1, 7);

	record.closer = process_of(8, "child");
	feed(screen->world, record);
	enters(screen, 1);
	assert_int_equal(time_waits_closer(&screen->waits, row_of(screen, 7))->id.pid, 8);
	/* another one was closed by its owner: they have no closer in common */
	lives(screen, 2, 7);
	assert_null(time_waits_closer(&screen->waits, row_of(screen, 7)));
}

static void a_natural_end_has_lived_a_whole_life(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;

	lives(screen, 1, 7);
	pass(screen, 61 * SECOND);
	ends(screen, 1, END_EXPIRED);
	row = row_of(screen, 7);
	assert_int_equal(row->sockets, 0);
	assert_int_equal(row->ended, 1);
	assert_int_equal(row->reasons[END_EXPIRED], 1);
	assert_true(histogram_percentile(&row->lifetime, 0.5) == 61 * SECOND);
}

static void each_end_is_counted_by_its_reason(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;
	uint64_t cookie = 0;

	for (unsigned int reason = END_EXPIRED; reason <= END_UNKNOWN; reason++)
		for (unsigned int times = 0; times < reason; times++) {
			lives(screen, ++cookie, 7);
			pass(screen, SECOND);
			ends(screen, cookie, reason);
		}
	row = row_of(screen, 7);
	assert_int_equal(row->created, cookie);
	assert_int_equal(row->ended, cookie);
	for (unsigned int reason = END_EXPIRED; reason <= END_UNKNOWN; reason++)
		assert_int_equal(row->reasons[reason], reason);
	assert_int_equal(row->lifetime.count, cookie);
	assert_true(histogram_percentile(&row->lifetime, 1) == SECOND);
}

/* Whoever closes second has no TIME_WAIT: nothing more is streamed of it. */
static void where_the_peer_closes_first_there_is_none(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;

	feed(screen->world, owned(1, screen->time_ns, TCP_CLOSE_WAIT, 7));
	assert_false(world_knows(screen->world, 1));
	row = row_of(screen, 7);
	assert_int_equal(row->closed, 1);
	assert_int_equal(row->closed_first, 0);
	assert_int_equal(row->connected.count, 1);
	assert_int_equal(row->created, 0);
	refresh(screen, false);
	assert_int_equal(screen->waits.rows.shown_count, 0);
}

/* Broken off: no FIN was sent, so nothing is said of how long it was connected. */
static void an_abort_is_a_close_by_whoever_broke_it_off(void **state)
{
	struct record_transition ours, theirs;
	const struct time_wait_row *row;
	struct screen *screen = *state;

	theirs = owned(1, screen->time_ns, TCP_CLOSE, 7);
	feed(screen->world, theirs);
	row = row_of(screen, 7);
	assert_int_equal(row->closed, 1);
	assert_int_equal(row->closed_first, 0);
	ours = owned(2, screen->time_ns, TCP_CLOSE, 7);
	ours.closer = ours.owner;
	feed(screen->world, ours);
	row = row_of(screen, 7);
	assert_int_equal(row->closed, 2);
	assert_int_equal(row->closed_first, 1);
	assert_int_equal(row->connected.count, 0);
}

/* A FIN right behind the handshake: the state of ESTABLISHED is passed over. */
static void a_connection_that_never_was_established_is_closed_too(void **state)
{
	struct screen *screen = *state;
	struct record_transition record = owned(1, screen->time_ns, TCP_FIN_WAIT1, 7);

	record.old_state = TCP_SYN_RECV;
	record.since_ns = 0;
	record.direction = DIRECTION_IN;
	feed(screen->world, record);
	assert_int_equal(row_of(screen, 7)->closed, 1);
	assert_int_equal(row_of(screen, 7)->closed_first, 1);
	assert_int_equal(row_of(screen, 7)->connected.count, 0);
}

static void waiting_for_the_peers_fin_is_counted_apart(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;

	closes(screen, 1, 7);
	waits(screen, 1);
	row = row_of(screen, 7);
	assert_int_equal(row->fin_wait2, 1);
	assert_int_equal(row->sockets, 0);
	assert_int_equal(row->created, 0);
	pass(screen, 3 * SECOND);
	enters(screen, 1);
	row = row_of(screen, 7);
	assert_int_equal(row->fin_wait2, 0);
	assert_int_equal(row->sockets, 1);
	assert_int_equal(row->created, 1);
	assert_true(histogram_percentile(&row->fin_wait2_lifetime, 0.5) == 3 * SECOND);
	pass(screen, SECOND);
	ends(screen, 1, END_SYN);
	row = row_of(screen, 7);
	assert_true(histogram_percentile(&row->lifetime, 0.5) == SECOND);
	assert_int_equal(row->fin_wait2_lifetime.count, 1);
}

static void a_fin_that_never_comes_is_no_end_of_a_time_wait(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;

	closes(screen, 1, 7);
	waits(screen, 1);
	pass(screen, 2 * SECOND);
	feed(screen->world, timewait_end(1, screen->time_ns, TCP_FIN_WAIT2, 0, END_EXPIRED));
	row = row_of(screen, 7);
	assert_int_equal(row->fin_wait2, 0);
	assert_int_equal(row->ended, 0);
	assert_true(histogram_percentile(&row->fin_wait2_lifetime, 0.5) == 2 * SECOND);
}

/* Found by the look at the live ones, within a refresh. */
static void a_fin_that_came_silently_is_dated_by_the_timer(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;

	closes(screen, 1, 7);
	waits(screen, 1);
	pass(screen, 3 * SECOND);
	feed(screen->world, timewait_of(1, screen->time_ns, TIMEWAIT_SEEN, TCP_TIME_WAIT,
					LENGTH - (int64_t)SECOND));
	row = row_of(screen, 7);
	assert_int_equal(row->fin_wait2, 0);
	assert_int_equal(row->sockets, 1);
	assert_true(histogram_percentile(&row->fin_wait2_lifetime, 0.5) == 2 * SECOND);
}

static void born_whole_it_never_was_in_fin_wait2(void **state)
{
	struct screen *screen = *state;

	closes(screen, 1, 7);
	pass(screen, SECOND);
	enters(screen, 1);
	assert_int_equal(row_of(screen, 7)->fin_wait2_lifetime.count, 0);
}

static void a_fin_that_comes_again_is_counted(void **state)
{
	struct screen *screen = *state;

	lives(screen, 1, 7);
	for (unsigned int times = 0; times < 3; times++) {
		pass(screen, SECOND);
		enters(screen, 1);
	}
	assert_int_equal(row_of(screen, 7)->rearmed, 3);
	assert_int_equal(row_of(screen, 7)->created, 1);
	ends(screen, 1, END_RESET);
	assert_true(histogram_percentile(&row_of(screen, 7)->lifetime, 0.5) == 3 * SECOND);
}

/* From FIN_WAIT2 to CLOSE without a minisocket. */
static void fails_to_wait(struct screen *screen, uint64_t cookie, uint32_t pid, bool aborted)
{
	struct record_transition record = owned(cookie, screen->time_ns, TCP_CLOSE, pid);

	closes(screen, cookie, pid);
	record.old_state = TCP_FIN_WAIT2;
	record.since_ns = 0;
	record.refused = !aborted;
	feed(screen->world, record);
}

static void settle(struct screen *screen, uint64_t counter)
{
	uint32_t netns;

	while (time_waits_want_counters(&screen->waits, &netns)) {
		assert_int_equal(netns, NETNS);
		feed(screen->world, counters_of(screen->time_ns, counter));
		time_waits_settle(&screen->waits, netns);
	}
}

static void what_the_kernel_refused_is_overflow(void **state)
{
	struct screen *screen = *state;

	feed(screen->world, counters_of(screen->time_ns, 100));
	list_nothing(screen);
	for (uint64_t cookie = 1; cookie <= 3; cookie++)
		fails_to_wait(screen, cookie, 7, false);
	fails_to_wait(screen, 4, 8, true);
	settle(screen, 102);
	assert_int_equal(row_of(screen, 7)->overflow, 2);
	assert_int_equal(row_of(screen, 7)->closed, 3);
	assert_int_equal(row_of(screen, 7)->created, 0);
	assert_int_equal(row_of(screen, 8)->overflow, 0);
}

/* Those of others were refused too: they are not to confirm what this one broke off itself. */
static void refusals_of_others_confirm_nothing(void **state)
{
	struct screen *screen = *state;

	list_nothing(screen);
	screen->filter.pid = 8;
	for (uint64_t cookie = 1; cookie <= 3; cookie++)
		fails_to_wait(screen, cookie, 7, false);
	settle(screen, 3);
	fails_to_wait(screen, 4, 8, false);
	settle(screen, 3);
	assert_null(row_of(screen, 7));
	assert_int_equal(row_of(screen, 8)->overflow, 0);
}

static uint64_t whole_lives(const struct screen *screen, const struct time_wait_row *row)
{
	uint64_t counts[HISTOGRAM_EDGES + 1];
	struct histogram_scale scale;

	histogram_scale_life(&scale, screen->world->model.timewait_ns);
	histogram_buckets(&row->lifetime, &scale, counts);
	return counts[WHOLE];
}

static void live_for_15_s(struct screen *screen, uint64_t cookie)
{
	closes(screen, cookie, 7);
	feed(screen->world,
	     timewait_of(cookie, screen->time_ns, TIMEWAIT_ARMED, TCP_TIME_WAIT, SHORT));
	pass(screen, 15 * SECOND + 200 * MS);
	ends(screen, cookie, END_EXPIRED);
}

static void a_length_of_15_s_is_configured(void **state)
{
	struct screen *screen = *state;

	screen->world->model.timewait_ns = (uint64_t)SHORT;
	live_for_15_s(screen, 1);
	assert_true(screen->world->model.timewait_ns == (uint64_t)SHORT);
	assert_int_equal(whole_lives(screen, row_of(screen, 7)), 1);
}

static void a_length_of_15_s_is_learned(void **state)
{
	struct screen *screen = *state;

	live_for_15_s(screen, 1);
	assert_true(screen->world->model.timewait_ns == (uint64_t)SHORT);
	assert_int_equal(whole_lives(screen, row_of(screen, 7)), 1);
	/* and dates what is only seen: 5 s ago of 15 */
	closes(screen, 2, 7);
	waits(screen, 2);
	pass(screen, 9 * SECOND);
	feed(screen->world,
	     timewait_of(2, screen->time_ns, TIMEWAIT_SEEN, TCP_TIME_WAIT, 10 * (int64_t)SECOND));
	assert_true(histogram_percentile(&row_of(screen, 7)->fin_wait2_lifetime, 0.5) ==
		    4 * SECOND);
	pass(screen, SECOND);
	ends(screen, 2, END_SYN);
	assert_true(histogram_percentile(&row_of(screen, 7)->lifetime, 0) == 6 * SECOND);
}

static void what_is_older_than_the_tool_is_nobodys(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;

	listing_begins(screen);
	for (uint64_t cookie = 1; cookie <= 3; cookie++)
		feed(screen->world,
		     minisocket_row(cookie, screen->time_ns, TCP_TIME_WAIT, 20 * (int64_t)SECOND));
	feed(screen->world, minisocket_row(4, screen->time_ns, TCP_FIN_WAIT2, LENGTH));
	listing_ends(screen);
	row = row_of(screen, 0);
	assert_int_equal(row->sockets, 3);
	assert_int_equal(row->predates, 3);
	assert_int_equal(row->fin_wait2, 1);
	assert_int_equal(row->created, 0);
	pass(screen, 20 * SECOND);
	ends(screen, 1, END_EXPIRED);
	row = row_of(screen, 0);
	assert_int_equal(row->sockets, 2);
	assert_int_equal(row->predates, 2);
	assert_int_equal(row->ended, 1);
	assert_true(histogram_percentile(&row->lifetime, 0.5) == 60 * SECOND);
}

/* Its connection is older than the tool, its TIME_WAIT is not. */
static void what_enters_while_we_watch_is_created(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;

	listing_begins(screen);
	feed(screen->world, socket_row(1, screen->time_ns, TCP_ESTABLISHED));
	feed(screen->world, minisocket_row(2, screen->time_ns, TCP_FIN_WAIT2, LENGTH));
	listing_ends(screen);
	pass(screen, SECOND);
	lives(screen, 1, 0);
	enters(screen, 2);
	row = row_of(screen, 0);
	assert_int_equal(row->sockets, 2);
	assert_int_equal(row->created, 2);
}

/* The hooks are attached before what exists is listed; the ring is read later. */
static void what_begins_between_attaching_and_listing_is_created(void **state)
{
	struct screen *screen = *state;

	pass(screen, SECOND);
	listing_begins(screen);
	screen->time_ns -= SECOND;
	lives(screen, 1, 7);
	pass(screen, SECOND);
	feed(screen->world,
	     minisocket_row(1, screen->time_ns, TCP_TIME_WAIT, LENGTH - (int64_t)SECOND));
	listing_ends(screen);
	assert_int_equal(row_of(screen, 7)->sockets, 1);
	assert_int_equal(row_of(screen, 7)->created, 1);
	assert_int_equal(row_of(screen, 7)->predates, 0);
}

static void what_ends_before_the_first_refresh_leaves_the_books_alone(void **state)
{
	struct screen *screen = *state;

	listing_begins(screen);
	feed(screen->world,
	     minisocket_row(1, screen->time_ns, TCP_TIME_WAIT, 20 * (int64_t)SECOND));
	ends(screen, 1, END_SYN);
	listing_ends(screen);
	assert_true(sum_up(screen).sockets == 0);
}

/* Nobody had asked for a cookie, and no listing showed it: it was never counted. */
static void what_was_never_there_cannot_end(void **state)
{
	struct screen *screen = *state;

	list_nothing(screen);
	pass(screen, 10 * SECOND);
	feed(screen->world,
	     timewait_end(0, screen->time_ns, TCP_TIME_WAIT, 20 * (int64_t)SECOND, END_SYN));
	feed(screen->world,
	     timewait_end(5, screen->time_ns, TCP_TIME_WAIT, 20 * (int64_t)SECOND, END_SYN));
	check_books(screen);
	assert_true(sum_up(screen).sockets == 0);
	assert_true(sum_up(screen).created == 0);
}

static void what_is_gone_at_the_next_listing_ended_for_unknown_reasons(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;

	list_nothing(screen);
	pass(screen, SECOND);
	lives(screen, 1, 7);
	lives(screen, 2, 7);
	closes(screen, 3, 7);
	waits(screen, 3);
	pass(screen, SECOND);
	listing_begins(screen);
	feed(screen->world,
	     minisocket_row(1, screen->time_ns, TCP_TIME_WAIT, LENGTH - (int64_t)SECOND));
	listing_ends(screen);
	row = row_of(screen, 7);
	assert_int_equal(row->sockets, 1);
	assert_int_equal(row->fin_wait2, 0);
	assert_int_equal(row->ended, 1);
	assert_int_equal(row->reasons[END_UNKNOWN], 1);
	assert_int_equal(row->lifetime.count, 0);
}

static void what_only_a_later_listing_shows_was_created_meanwhile(void **state)
{
	struct screen *screen = *state;

	list_nothing(screen);
	pass(screen, 10 * SECOND);
	listing_begins(screen);
	feed(screen->world,
	     minisocket_row(1, screen->time_ns, TCP_TIME_WAIT, LENGTH - 5 * (int64_t)SECOND));
	listing_ends(screen);
	assert_int_equal(row_of(screen, 0)->created, 1);
	assert_int_equal(row_of(screen, 0)->predates, 0);
	ends(screen, 1, END_EXPIRED);
	assert_int_equal(row_of(screen, 0)->ended, 1);
	assert_true(histogram_percentile(&row_of(screen, 0)->lifetime, 1) == 5 * SECOND);
}

/* Its birth was lost; the listing shows it, and it ends before the listing does. */
static void what_is_found_and_ends_within_a_listing_began_and_ended(void **state)
{
	struct screen *screen = *state;

	list_nothing(screen);
	pass(screen, 10 * SECOND);
	closes(screen, 1, 7);
	pass(screen, SECOND);
	listing_begins(screen);
	feed(screen->world, minisocket_row(1, screen->time_ns, TCP_TIME_WAIT, LENGTH));
	pass(screen, MS);
	ends(screen, 1, END_SYN);
	listing_ends(screen);
	assert_int_equal(row_of(screen, 7)->created, 1);
	assert_int_equal(row_of(screen, 7)->ended, 1);
}

/* Without BPF each refresh lists anew. */
static void listings_alone_count_what_comes_and_goes(void **state)
{
	struct screen *screen = *state;

	for (unsigned int n = 0; n < 5; n++) {
		listing_begins(screen);
		for (uint64_t cookie = n + 1; cookie <= n + 4; cookie++)
			feed(screen->world,
			     minisocket_row(cookie, screen->time_ns, TCP_TIME_WAIT, LENGTH));
		listing_ends(screen);
		refresh(screen, false);
		pass(screen, SECOND);
	}
	assert_int_equal(row_of(screen, 0)->sockets, 4);
	assert_int_equal(row_of(screen, 0)->created, 4);
	assert_int_equal(row_of(screen, 0)->reasons[END_UNKNOWN], 4);
}

/* The row of a listing may be read before the record of what it shows. */
static void a_birth_that_a_listing_was_ahead_of_is_counted_once(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;
	uint64_t born_ns;

	list_nothing(screen);
	pass(screen, SECOND);
	closes(screen, 1, 7);
	closes(screen, 2, 7);
	born_ns = screen->time_ns + MS;
	pass(screen, SECOND);
	listing_begins(screen);
	feed(screen->world,
	     minisocket_row(1, screen->time_ns, TCP_TIME_WAIT, LENGTH - (int64_t)SECOND));
	feed(screen->world, minisocket_row(2, screen->time_ns, TCP_FIN_WAIT2, LENGTH));
	feed(screen->world, timewait_of(1, born_ns, TIMEWAIT_ARMED, TCP_TIME_WAIT, LENGTH));
	feed(screen->world, timewait_of(2, born_ns, TIMEWAIT_ARMED, TCP_FIN_WAIT2, LENGTH));
	listing_ends(screen);
	row = row_of(screen, 7);
	assert_int_equal(row->sockets, 1);
	assert_int_equal(row->created, 1);
	assert_int_equal(row->fin_wait2, 1);
	assert_int_equal(row->predates, 0);
	assert_int_equal(row->rearmed, 0);
}

/* At the first listing it would seem to be older than the tool. */
static void a_birth_that_the_first_listing_was_ahead_of_is_created(void **state)
{
	struct screen *screen = *state;

	listing_begins(screen);
	pass(screen, MS);
	feed(screen->world, minisocket_row(1, screen->time_ns + MS, TCP_TIME_WAIT, LENGTH));
	lives(screen, 1, 7);
	listing_ends(screen);
	assert_int_equal(row_of(screen, 7)->created, 1);
	assert_int_equal(row_of(screen, 7)->predates, 0);
	assert_int_equal(row_of(screen, 7)->sockets, 1);
}

/* The timer's clock has ticks: it may date the FIN before or after its own record. */
static void a_fin_that_a_listing_was_ahead_of_is_counted_once(void **state)
{
	static const int64_t ticks[] = {-4 * (int64_t)MS, 0, 4 * (int64_t)MS};
	struct screen *screen = *state;

	for (size_t i = 0; i < COUNT(ticks); i++) {
		const struct time_wait_row *row;
		uint64_t fin_ns;

		again_by(screen, BY_PID);
		list_nothing(screen);
		pass(screen, SECOND);
		closes(screen, 1, 7);
		waits(screen, 1);
		pass(screen, SECOND);
		fin_ns = screen->time_ns;
		pass(screen, SECOND);
		listing_begins(screen);
		feed(screen->world, minisocket_row(1, screen->time_ns, TCP_TIME_WAIT,
						   LENGTH - (int64_t)SECOND + ticks[i]));
		feed(screen->world, timewait_of(1, fin_ns, TIMEWAIT_ARMED, TCP_TIME_WAIT, LENGTH));
		listing_ends(screen);
		row = row_of(screen, 7);
		check(row->sockets == 1 && row->created == 1 && row->fin_wait2 == 0 &&
			      row->rearmed == 0 && row->fin_wait2_lifetime.count == 1,
		      "%lld: %u sockets, %llu created, %u in FIN_WAIT2, %llu rearmed",
		      (long long)ticks[i], row->sockets, (unsigned long long)row->created,
		      row->fin_wait2, (unsigned long long)row->rearmed);
	}
}

/* The close was lost, the birth was not. */
static void a_birth_out_of_any_state_is_a_birth(void **state)
{
	struct screen *screen = *state;
	struct record_transition record = owned(1, screen->time_ns, TCP_ESTABLISHED, 7);

	record.old_state = TCP_SYN_SENT;
	record.since_ns = 0;
	feed(screen->world, record);
	pass(screen, SECOND);
	enters(screen, 1);
	assert_int_equal(row_of(screen, 7)->sockets, 1);
	assert_int_equal(row_of(screen, 7)->created, 1);
	ends(screen, 1, END_SYN);
	assert_int_equal(row_of(screen, 7)->ended, 1);
}

static void destinations_have_rows_of_their_own_and_local_ports_have_not(void **state)
{
	struct screen *screen = *state;

	for (uint16_t i = 0; i < 12; i++) {
		struct record_transition record = owned(i + 1, screen->time_ns, TCP_FIN_WAIT1, 7);

		record.tuple = tuple_of("10.0.0.1", 40000 + i, "10.0.0.2", 80 + i % 3);
		feed(screen->world, record);
		enters(screen, i + 1);
	}
	refresh(screen, false);
	assert_int_equal(screen->waits.rows.shown_count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(time_waits_shown(&screen->waits, i)->sockets, 4);
}

static void a_service_is_one_row_whoever_its_clients_are(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;

	for (uint16_t i = 0; i < 12; i++) {
		struct record_transition record = owned(i + 1, screen->time_ns, TCP_FIN_WAIT1, 7);

		record.tuple = tuple_of("10.0.0.1", 80, "10.0.0.2", 50000 + i);
		record.tuple.raddr[15] = (uint8_t)i;
		record.direction = DIRECTION_IN;
		feed(screen->world, record);
		enters(screen, i + 1);
	}
	row = only_row(screen);
	assert_int_equal(row->sockets, 12);
	assert_int_equal(row->tuple.lport, 80);
	assert_int_equal(row->tuple.rport, 0);
	assert_int_equal(row->direction, DIRECTION_IN);
}

static void an_unknown_direction_is_taken_for_out(void **state)
{
	struct screen *screen = *state;
	struct record_transition record = owned(1, screen->time_ns, TCP_FIN_WAIT1, 7);

	record.direction = DIRECTION_UNKNOWN;
	feed(screen->world, record);
	enters(screen, 1);
	assert_int_equal(only_row(screen)->direction, DIRECTION_UNKNOWN);
	lives(screen, 2, 7);
	assert_int_equal(only_row(screen)->sockets, 2);
	assert_int_equal(only_row(screen)->direction, DIRECTION_OUT);
}

static void a_group_has_the_sockets_of_all_its_processes(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *row;

	again_by(screen, BY_COMM);
	for (uint32_t pid = 100; pid < 110; pid++)
		lives(screen, pid, pid);
	row = only_row(screen);
	assert_int_equal(row->sockets, 10);
	assert_int_equal(row->row.process, 0);
	assert_string_equal(row->row.name, "owner");
}

static void a_group_keeps_destinations_apart(void **state)
{
	struct screen *screen = *state;

	again_by(screen, BY_COMM);
	for (uint16_t i = 0; i < 4; i++) {
		struct record_transition record =
			owned(i + 1, screen->time_ns, TCP_FIN_WAIT1, 100 + i);

		record.tuple.rport = 80 + i / 2;
		feed(screen->world, record);
		enters(screen, i + 1);
	}
	refresh(screen, false);
	assert_int_equal(screen->waits.rows.shown_count, 2);
}

static void an_owner_who_closes_is_no_closer_of_its_group(void **state)
{
	struct screen *screen = *state;

	again_by(screen, BY_COMM);
	lives(screen, 1, 7);
	assert_null(time_waits_closer(&screen->waits, only_row(screen)));
	lives(screen, 2, 8);
	assert_null(time_waits_closer(&screen->waits, only_row(screen)));
}

static void a_filter_leaves_out_what_others_own(void **state)
{
	struct screen *screen = *state;

	screen->filter.pid = 8;
	lives(screen, 1, 7);
	lives(screen, 2, 8);
	closes(screen, 3, 7);
	waits(screen, 3);
	assert_int_equal(only_row(screen)->sockets, 1);
	assert_non_null(row_of(screen, 8));
	ends(screen, 1, END_SYN);
	list_nothing(screen);
	assert_null(row_of(screen, 7));
}

/* The cgroup of a process is read behind the record that names it. */
static void a_filter_that_matches_later_keeps_the_books(void **state)
{
	struct screen *screen = *state;

	screen->filter.cgroup = "/web";
	lives(screen, 1, 7);
	closes(screen, 2, 7);
	waits(screen, 2);
	feed(screen->world, description_of(7, "owner", "/bin/owner", "/web"));
	pass(screen, SECOND);
	check_books(screen);
	ends(screen, 1, END_SYN);
	check_books(screen);
	enters(screen, 2);
	check_books(screen);
	assert_int_equal(only_row(screen)->sockets, 1);
}

/* A better owner is found while it waits: it stays where it is counted. */
static void a_better_owner_moves_no_time_wait(void **state)
{
	struct screen *screen = *state;
	struct record_transition record = owned(1, screen->time_ns, TCP_FIN_WAIT1, 7);

	record.owner_by = OWNER_LISTEN;
	feed(screen->world, record);
	enters(screen, 1);
	pass(screen, SECOND);
	listing_begins(screen);
	feed(screen->world,
	     minisocket_row(1, screen->time_ns, TCP_TIME_WAIT, LENGTH - (int64_t)SECOND));
	feed(screen->world, holder_of(1, screen->time_ns, 8, "holder"));
	listing_ends(screen);
	assert_int_equal(world_owner(screen->world, 1), 8);
	assert_int_equal(row_of(screen, 7)->sockets, 1);
	ends(screen, 1, END_SYN);
	assert_int_equal(row_of(screen, 7)->ended, 1);
	assert_int_equal(row_of(screen, 7)->sockets, 0);
	assert_null(row_of(screen, 8));
}

static void a_row_is_shown_once_more_at_zero(void **state)
{
	struct screen *screen = *state;

	lives(screen, 1, 7);
	refresh(screen, false);
	assert_int_equal(screen->waits.rows.shown_count, 1);
	ends(screen, 1, END_SYN);
	refresh(screen, false);
	assert_int_equal(screen->waits.rows.shown_count, 1);
	assert_int_equal(time_waits_shown(&screen->waits, 0)->ended, 1);
	refresh(screen, false);
	assert_int_equal(screen->waits.rows.shown_count, 0);
	lives(screen, 2, 7);
	refresh(screen, false);
	assert_int_equal(time_waits_shown(&screen->waits, 0)->created, 2);
}

static void the_rate_is_of_those_that_began(void **state)
{
	struct screen *screen = *state;
	double per_s;

	lives(screen, 1, 7);
	refresh(screen, false);
	assert_false(time_waits_rate(&screen->waits, time_waits_shown(&screen->waits, 0), &per_s));
	for (uint64_t cookie = 2; cookie <= 21; cookie++) {
		lives(screen, cookie, 7);
		ends(screen, cookie, END_REUSED);
	}
	pass(screen, 2 * SECOND);
	refresh(screen, false);
	assert_true(time_waits_rate(&screen->waits, time_waits_shown(&screen->waits, 0), &per_s));
	assert_true(per_s == 10);
}

/* Cron jobs: all is over, and not shown, before the next ones come. */
static void the_rate_of_a_row_that_returns_is_since_a_refresh_before(void **state)
{
	struct screen *screen = *state;
	double per_s;

	refresh(screen, false);
	lives(screen, 1, 7);
	ends(screen, 1, END_DESTROYED);
	for (unsigned int s = 0; s < 180; s++) {
		pass(screen, SECOND);
		refresh(screen, false);
	}
	assert_int_equal(screen->waits.rows.shown_count, 0);
	for (uint64_t cookie = 2; cookie <= 31; cookie++)
		lives(screen, cookie, 7);
	pass(screen, SECOND);
	refresh(screen, false);
	assert_true(time_waits_rate(&screen->waits, time_waits_shown(&screen->waits, 0), &per_s));
	assert_true(per_s == 0.5);
}

static void each_figure_sorts(void **state)
{
	struct screen *screen = *state;

	listing_begins(screen);
	for (uint64_t cookie = 50; cookie < 54; cookie++)
		feed(screen->world, minisocket_row(cookie, screen->time_ns, TCP_TIME_WAIT, LENGTH));
	listing_ends(screen);
	lives(screen, 1, 7);
	refresh(screen, false);
	for (uint64_t cookie = 2; cookie <= 4; cookie++) {
		lives(screen, cookie, 8);
		pass(screen, 200 * MS);
		enters(screen, cookie);
		ends(screen, cookie, END_REUSED);
	}
	closes(screen, 5, 8);
	waits(screen, 5);
	fails_to_wait(screen, 6, 8, false);
	settle(screen, 1);
	pass(screen, SECOND);
	refresh(screen, true);
	for (size_t i = 0; time_waits_sort_keys[i]; i++) {
		const char *key = time_waits_sort_keys[i];
		bool old = strcmp(key, "sockets") == 0 || strcmp(key, "predates") == 0;
		uint32_t process;

		time_waits_sort(&screen->waits, key);
		process = time_waits_shown(&screen->waits, 0)->row.process;
		if (strcmp(key, "created_per_s") == 0)
			continue;
		check((process ? rows_process(&screen->waits.rows, process)->id.pid : 0) ==
			      (old ? 0 : 8),
		      "%s", key);
	}
}

static void a_loss_makes_all_rows_incomplete(void **state)
{
	struct screen *screen = *state;
	struct losses losses = {.ring_full = 3};

	lives(screen, 1, 7);
	assert_false(row_of(screen, 7)->row.incomplete);
	feed(screen->world, loss_of(screen->time_ns, &losses));
	lives(screen, 2, 8);
	assert_true(row_of(screen, 7)->row.incomplete);
	assert_true(screen->waits.incomplete);
	lives(screen, 3, 9);
	assert_false(row_of(screen, 9)->row.incomplete);
	assert_false(screen->waits.incomplete);
	assert_true(row_of(screen, 7)->row.incomplete);
}

static void the_total_is_of_all_rows(void **state)
{
	struct screen *screen = *state;

	for (uint32_t pid = 1; pid <= 5; pid++) {
		lives(screen, pid, pid);
		lives(screen, pid + 10, pid);
		pass(screen, SECOND);
		ends(screen, pid, END_SYN);
	}
	refresh(screen, false);
	assert_int_equal(screen->waits.total.sockets, 5);
	assert_int_equal(screen->waits.total.created, 10);
	assert_int_equal(screen->waits.total.ended, 5);
	for (unsigned int times = 0; times < 2; times++) {
		time_waits_sum_histograms(&screen->waits);
		assert_int_equal(screen->waits.total.lifetime.count, 5);
		assert_int_equal(screen->waits.total.connected.count, 10);
	}
}

static const char *text_of(struct screen *screen)
{
	*output_reserve(&screen->output, 1) = 0;
	return screen->output.text;
}

static const char *json_of(struct screen *screen, size_t limit)
{
	screen->output.length = 0;
	time_waits_show_json(&screen->waits, &screen->output, &clocks, limit);
	return text_of(screen);
}

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

/* Each with a child that closed, as a server's worker does. */
static void come_and_go(struct screen *screen, uint32_t rows)
{
	for (uint32_t i = 0; i < rows; i++) {
		struct record_transition record = owned(1, screen->time_ns, TCP_FIN_WAIT1, 7);

		record.tuple.raddr[14] = (uint8_t)(i >> 16);
		record.tuple.raddr[15] = (uint8_t)(i >> 8);
		record.tuple.rport = (uint16_t)(1 + i % 256);
		record.closer = process_of(8, "child");
		feed(screen->world, record);
		enters(screen, 1);
		pass(screen, MS);
		ends(screen, 1, END_SYN);
	}
}

static void the_longest_idle_rows_become_one_without_a_place(void **state)
{
	struct screen *screen = *state;
	const struct time_wait_row *other;
	const char *json;

	come_and_go(screen, ROWS_MAX + 1);
	refresh(screen, true);
	other = (struct time_wait_row *)rows_find(&screen->waits.rows, ROWS_OTHER);
	assert_true(other->created > 1);
	assert_int_equal(other->created, other->ended);
	assert_int_equal(other->created, other->lifetime.count);
	assert_int_equal(other->created, other->connected.count);
	assert_int_equal(screen->waits.total.created, ROWS_MAX + 1);
	time_waits_sort(&screen->waits, "created");
	json = json_of(screen, 1);
	assert_non_null(strstr(
		json, "\"process\":null,\"key\":\"other\",\"owner_by\":null,\"closer\":null,"
		      "\"direction\":\"unknown\",\"netns\":null,\"family\":null,\"laddr\":null,"
		      "\"lport\":null,\"raddr\":null,\"rport\":null,\"sockets\":0,"));
}

static void a_forgotten_row_releases_its_closer(void **state)
{
	struct screen *screen = *state;
	struct processes *processes = &screen->world->model.connections.processes;
	struct process_id id = process_of(8, "child");
	const struct process *closer;

	come_and_go(screen, ROWS_MAX + 1);
	refresh(screen, false);
	closer = processes_get(processes, processes_number(processes, &id));
	assert_int_equal(closer->references + 1, screen->waits.rows.pool.live);
}

static const char *table_of(struct screen *screen, struct text_style style)
{
	screen->output.length = 0;
	time_waits_show_text(&screen->waits, &screen->output, &clocks, &style);
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
		time_waits_show_total(&screen->waits, &screen->output, BEGIN, &style);
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
		screen_test(a_time_wait_is_charged_to_who_connected),
		screen_test(who_closed_instead_is_named),
		screen_test(a_natural_end_has_lived_a_whole_life),
		screen_test(each_end_is_counted_by_its_reason),
		screen_test(where_the_peer_closes_first_there_is_none),
		screen_test(an_abort_is_a_close_by_whoever_broke_it_off),
		screen_test(a_connection_that_never_was_established_is_closed_too),
		screen_test(waiting_for_the_peers_fin_is_counted_apart),
		screen_test(a_fin_that_never_comes_is_no_end_of_a_time_wait),
		screen_test(a_fin_that_came_silently_is_dated_by_the_timer),
		screen_test(born_whole_it_never_was_in_fin_wait2),
		screen_test(a_fin_that_comes_again_is_counted),
		screen_test(what_the_kernel_refused_is_overflow),
		screen_test(refusals_of_others_confirm_nothing),
		screen_test(a_length_of_15_s_is_configured),
		screen_test(a_length_of_15_s_is_learned),
		screen_test(what_is_older_than_the_tool_is_nobodys),
		screen_test(what_enters_while_we_watch_is_created),
		screen_test(what_begins_between_attaching_and_listing_is_created),
		screen_test(what_ends_before_the_first_refresh_leaves_the_books_alone),
		screen_test(what_was_never_there_cannot_end),
		screen_test(what_is_gone_at_the_next_listing_ended_for_unknown_reasons),
		screen_test(what_only_a_later_listing_shows_was_created_meanwhile),
		screen_test(what_is_found_and_ends_within_a_listing_began_and_ended),
		screen_test(listings_alone_count_what_comes_and_goes),
		screen_test(a_birth_that_a_listing_was_ahead_of_is_counted_once),
		screen_test(a_birth_that_the_first_listing_was_ahead_of_is_created),
		screen_test(a_fin_that_a_listing_was_ahead_of_is_counted_once),
		screen_test(a_birth_out_of_any_state_is_a_birth),
		screen_test(destinations_have_rows_of_their_own_and_local_ports_have_not),
		screen_test(a_service_is_one_row_whoever_its_clients_are),
		screen_test(an_unknown_direction_is_taken_for_out),
		screen_test(a_group_has_the_sockets_of_all_its_processes),
		screen_test(a_group_keeps_destinations_apart),
		screen_test(an_owner_who_closes_is_no_closer_of_its_group),
		screen_test(a_filter_leaves_out_what_others_own),
		screen_test(a_filter_that_matches_later_keeps_the_books),
		screen_test(a_better_owner_moves_no_time_wait),
		screen_test(a_row_is_shown_once_more_at_zero),
		screen_test(the_rate_is_of_those_that_began),
		screen_test(the_rate_of_a_row_that_returns_is_since_a_refresh_before),
		screen_test(each_figure_sorts),
		screen_test(a_loss_makes_all_rows_incomplete),
		screen_test(the_total_is_of_all_rows),
		screen_test(the_object_is_that_of_the_contract),
		screen_test(a_service_has_no_remote_end),
		screen_test(what_the_sockets_of_a_row_do_not_share_is_null),
		screen_test(a_closer_of_them_all_is_shown),
		screen_test(unknown_owners_have_a_row_without_process_and_key),
		screen_test(the_limit_bounds_what_is_printed),
		screen_test(the_longest_idle_rows_become_one_without_a_place),
		screen_test(a_forgotten_row_releases_its_closer),
		screen_test(at_80_columns_no_line_is_wider),
		screen_test(at_120_columns_no_line_is_wider),
		screen_test(the_screen_is_never_scrolled),
		screen_test(the_table_says_what_it_is),
		screen_test(hostile_names_are_harmless),
	};

	return cmocka_run_group_tests_name("time_waits", tests, NULL, NULL);
}

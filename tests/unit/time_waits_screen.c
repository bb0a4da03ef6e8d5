// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "time_waits_screen.h"

void screen_init(struct screen *screen, enum grouping by)
{
	struct view_config config = {.processes = &screen->filter, .by = by};

	screen->world = world_new(NULL, &screen->filter);
	screen->world->model.last_states |= 1U << TCP_CLOSE_WAIT;
	screen->time_ns = BEGIN;
	screen->older = 0;
	time_waits_init(&screen->waits, &config, &screen->world->model);
	world_shows(screen->world, &timewait_view.observer, &screen->waits);
	output_init(&screen->output, -1, NULL);
}

static void screen_free(struct screen *screen)
{
	time_waits_free(&screen->waits);
	output_free(&screen->output);
	world_free(screen->world);
}

void again_by(struct screen *screen, enum grouping by)
{
	screen_free(screen);
	screen_init(screen, by);
}

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

struct sums sum_up(const struct screen *screen)
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

void check_books(const struct screen *screen)
{
	struct sums sums = sum_up(screen), there = {0};

	assert_int_equal(sums.sockets, screen->older + sums.created - sums.ended);
	assert_int_equal(sums.ended, sums.reasons);
	connections_each(&screen->world->model.connections, count_connection, &there);
	assert_int_equal(sums.sockets, there.sockets);
	assert_int_equal(sums.predates, there.predates);
	assert_int_equal(sums.fin_wait2, there.fin_wait2);
}

int setup(void **state)
{
	struct screen *screen = calloc(1, sizeof(*screen));

	assert_non_null(screen);
	screen_init(screen, BY_PID);
	*state = screen;
	return 0;
}

int teardown(void **state)
{
	struct screen *screen = *state;

	screen_free(screen);
	free(screen);
	return 0;
}

void pass(struct screen *screen, uint64_t ns)
{
	screen->time_ns += ns;
}

void refresh(struct screen *screen, bool last)
{
	check_books(screen);
	time_waits_refresh(&screen->waits, screen->time_ns, last);
}

const struct time_wait_row *row_of(struct screen *screen, uint32_t pid)
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

const struct time_wait_row *only_row(struct screen *screen)
{
	refresh(screen, true);
	assert_int_equal(screen->waits.rows.shown_count, 1);
	return time_waits_shown(&screen->waits, 0);
}

struct record_transition owned(uint64_t cookie, uint64_t time_ns, unsigned int new_state,
			       uint32_t pid)
{
	struct record_transition record =
		transition_of(cookie, time_ns, TCP_ESTABLISHED, new_state);

	record.direction = DIRECTION_OUT;
	record.owner = process_of(pid, "owner");
	record.owner_by = pid ? OWNER_CONNECT : OWNER_NONE;
	return record;
}

void establishes(struct screen *screen, uint64_t cookie)
{
	feed(screen->world,
	     transition_of(cookie, screen->time_ns - CONNECTED, TCP_SYN_SENT, TCP_ESTABLISHED));
}

void closes(struct screen *screen, uint64_t cookie, uint32_t pid)
{
	struct record_transition record = owned(cookie, screen->time_ns, TCP_FIN_WAIT1, pid);

	establishes(screen, cookie);
	record.closer = record.owner;
	feed(screen->world, record);
}

void waits(struct screen *screen, uint64_t cookie)
{
	feed(screen->world,
	     timewait_of(cookie, screen->time_ns, TIMEWAIT_ARMED, TCP_FIN_WAIT2, LENGTH));
}

void enters(struct screen *screen, uint64_t cookie)
{
	feed(screen->world,
	     timewait_of(cookie, screen->time_ns, TIMEWAIT_ARMED, TCP_TIME_WAIT, LENGTH));
}

void ends(struct screen *screen, uint64_t cookie, enum end_reason reason)
{
	feed(screen->world, timewait_end(cookie, screen->time_ns, TCP_TIME_WAIT, 0, reason));
}

void lives(struct screen *screen, uint64_t cookie, uint32_t pid)
{
	closes(screen, cookie, pid);
	enters(screen, cookie);
}

void listing_begins(struct screen *screen)
{
	feed(screen->world, listing_of(screen->time_ns, LISTING_BEGINS, 0));
}

void listing_ends(struct screen *screen)
{
	feed(screen->world, listing_of(screen->time_ns, LISTING_NAMESPACE, NETNS));
	feed(screen->world, listing_of(screen->time_ns, LISTING_ENDS, 0));
	if (screen->world->model.listing.number == 1)
		screen->older = sum_up(screen).predates;
	check_books(screen);
}

void list_nothing(struct screen *screen)
{
	listing_begins(screen);
	listing_ends(screen);
}

void fails_to_wait(struct screen *screen, uint64_t cookie, uint32_t pid, bool aborted)
{
	struct record_transition record = owned(cookie, screen->time_ns, TCP_CLOSE, pid);

	closes(screen, cookie, pid);
	record.old_state = TCP_FIN_WAIT2;
	record.refused = !aborted;
	feed(screen->world, record);
}

void settle(struct screen *screen, uint64_t counter)
{
	struct questions questions;

	questions_init(&questions);
	time_waits_ask(&screen->waits, &questions);
	for (uint32_t i = 0; i < questions_count(&questions); i++) {
		assert_int_equal(questions_get(&questions, i)->netns, NETNS);
		feed(screen->world, counters_of(screen->time_ns, counter));
	}
	questions_free(&questions);
	refresh(screen, false);
}

const char *text_of(struct screen *screen)
{
	*output_reserve(&screen->output, 1) = 0;
	return screen->output.text;
}

const char *json_of(struct screen *screen, size_t limit)
{
	screen->output.length = 0;
	time_waits_show_json(&screen->waits, &screen->output, limit);
	return text_of(screen);
}

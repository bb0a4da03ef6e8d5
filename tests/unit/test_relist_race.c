// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Listings race with a stream that loses records: sockets live and die, by chance, between any two
 * rows and before any record is read. After a listing during which nothing was lost the model is
 * what exists, to the socket; it never shows one twice, and its books always balance.
 */
#include "time_waits_screen.h"

#define RACES	1000
#define SLOTS	12 /* sockets at once */
#define RING	64 /* records, the largest ring; a small one loses */
#define ROWS	4  /* that the kernel takes before they are read */
#define LOSSES	3  /* phases with loss in each race */
#define RELISTS 64 /* until one is whole, at most */

/* A socket as the kernel has it; cookie 0: none. */
struct slot {
	uint64_t cookie;
	uint64_t entered_ns; /* its state */
	uint8_t state;	     /* of a minisocket: its substate */
	bool minisocket;
	bool unseen; /* the peer's FIN came, and nothing told it */
};

union record {
	struct record_header header;
	struct record_transition transition;
	struct record_timewait timewait;
};

struct race {
	struct screen *screen;
	uint64_t seed;
	uint64_t cookie; /* the last one given out */
	struct slot slots[SLOTS];
	union record ring[RING];
	uint32_t size; /* of the ring now: records */
	uint32_t head;
	uint32_t tail;
	uint64_t lost;
};

static uint32_t chance(struct race *race, uint32_t of)
{
	return (uint32_t)(random_next(&race->seed) % of);
}

static void emit(struct race *race, union record record)
{
	if (race->head - race->tail >= race->size)
		race->lost++;
	else
		race->ring[race->head++ % RING] = record;
}

static void enter(struct race *race, struct slot *slot, unsigned int state)
{
	slot->state = (uint8_t)state;
	slot->entered_ns = race->screen->time_ns;
}

static void move(struct race *race, struct slot *slot, unsigned int state)
{
	union record record = {.transition = transition_of(slot->cookie, race->screen->time_ns,
							   slot->state, state)};

	emit(race, record);
	enter(race, slot, state);
	if (state == TCP_CLOSE)
		*slot = (struct slot){0};
}

static int64_t remaining(const struct race *race, const struct slot *slot)
{
	return LENGTH - (int64_t)(race->screen->time_ns - slot->entered_ns);
}

static void tell_minisocket(struct race *race, const struct slot *slot, enum timewait_action action)
{
	union record record = {
		.timewait = timewait_of(slot->cookie, race->screen->time_ns, action, slot->state,
					remaining(race, slot)),
	};

	if (action == TIMEWAIT_ENDED)
		record.timewait.end_reason = END_EXPIRED;
	emit(race, record);
}

/* The full socket is closed as soon as a minisocket stands for it, which is not always told. */
static void become_minisocket(struct race *race, struct slot *slot)
{
	union record closed = {.transition = transition_of(slot->cookie, race->screen->time_ns,
							   TCP_FIN_WAIT2, TCP_CLOSE)};

	slot->minisocket = true;
	enter(race, slot, chance(race, 2) ? TCP_FIN_WAIT2 : TCP_TIME_WAIT);
	tell_minisocket(race, slot, TIMEWAIT_ARMED);
	if (chance(race, 2))
		emit(race, closed);
}

static void step_minisocket(struct race *race, struct slot *slot)
{
	if (slot->state == TCP_TIME_WAIT || chance(race, 4) == 0) {
		tell_minisocket(race, slot, TIMEWAIT_ENDED);
		*slot = (struct slot){0};
		return;
	}
	enter(race, slot, TCP_TIME_WAIT);
	slot->unseen = chance(race, 2);
	if (!slot->unseen)
		tell_minisocket(race, slot, TIMEWAIT_ARMED);
}

static void step_socket(struct race *race, struct slot *slot)
{
	static const uint8_t after_established[] = {TCP_FIN_WAIT1, TCP_FIN_WAIT1, TCP_CLOSE_WAIT,
						    TCP_CLOSE};

	switch (slot->state) {
	case TCP_CLOSE:
		slot->cookie = ++race->cookie;
		move(race, slot, TCP_SYN_SENT);
		break;
	case TCP_SYN_SENT:
		move(race, slot, TCP_ESTABLISHED);
		break;
	case TCP_ESTABLISHED:
		move(race, slot, after_established[chance(race, COUNT(after_established))]);
		break;
	case TCP_FIN_WAIT1:
		move(race, slot, TCP_FIN_WAIT2);
		break;
	case TCP_FIN_WAIT2:
		become_minisocket(race, slot);
		break;
	case TCP_CLOSE_WAIT:
		move(race, slot, TCP_LAST_ACK);
		break;
	case TCP_LAST_ACK:
		move(race, slot, TCP_CLOSE);
		break;
	}
}

/* Something happens to one socket. */
static void step(struct race *race)
{
	struct slot *slot = &race->slots[chance(race, SLOTS)];

	pass(race->screen, MS);
	if (!slot->cookie)
		slot->state = TCP_CLOSE;
	if (slot->minisocket)
		step_minisocket(race, slot);
	else
		step_socket(race, slot);
}

/* At most `count` records reach the model. */
static void consume(struct race *race, uint32_t count)
{
	for (; count && race->tail != race->head; count--) {
		const union record *record = &race->ring[race->tail++ % RING];

		world_apply(race->screen->world, &record->header, record->header.size);
	}
}

static void drain(struct race *race)
{
	consume(race, UINT32_MAX);
}

/* Which of them got the peer's FIN unseen: once an interval, as find_time_wait does. */
static void find_time_wait(struct race *race)
{
	for (unsigned int i = 0; i < SLOTS; i++) {
		struct slot *slot = &race->slots[i];

		if (!slot->unseen)
			continue;
		slot->unseen = false;
		tell_minisocket(race, slot, TIMEWAIT_SEEN);
	}
}

/* Things happen, and what is told of them is read, or not yet. */
static void run(struct race *race, unsigned int steps)
{
	while (steps--) {
		step(race);
		consume(race, chance(race, 3));
	}
}

static struct record_socket row_of_slot(const struct race *race, const struct slot *slot)
{
	uint64_t now_ns = race->screen->time_ns;

	if (slot->minisocket)
		return minisocket_row(slot->cookie, now_ns, slot->state, remaining(race, slot));
	return socket_row(slot->cookie, now_ns, slot->state);
}

struct rows_read {
	struct record_socket rows[ROWS];
	unsigned int count;
};

static void read_rows(struct race *race, struct rows_read *read)
{
	for (unsigned int i = 0; i < read->count; i++)
		feed(race->screen->world, read->rows[i]);
	read->count = 0;
	consume(race, chance(race, RING));
}

static void listing_ended(struct screen *screen)
{
	struct sums sums;

	feed(screen->world, listing_of(screen->time_ns, LISTING_NAMESPACE, NETNS));
	feed(screen->world, listing_of(screen->time_ns, LISTING_ENDS, 0));
	sums = sum_up(screen);
	if (screen->world->model.listing.number == 1)
		screen->older = sums.sockets + sums.ended - sums.created;
	check_books(screen);
}

/* The tool looks into each slot in turn, while things happen. */
static void list(struct race *race)
{
	struct rows_read read = {.count = 0};

	listing_begins(race->screen);
	for (unsigned int i = 0; i < SLOTS; i++) {
		for (unsigned int busy = chance(race, 4); busy; busy--)
			step(race);
		if (race->slots[i].cookie)
			read.rows[read.count++] = row_of_slot(race, &race->slots[i]);
		if (read.count == ROWS || chance(race, 4) == 0)
			read_rows(race, &read);
	}
	read_rows(race, &read);
	drain(race);
	listing_ended(race->screen);
}

static void report(struct race *race)
{
	struct losses losses = {.ring_full = race->lost};

	feed(race->screen->world, loss_of(race->screen->time_ns, &losses));
}

/* As live_heal does: what is lost meanwhile takes another listing. */
static void heal(struct race *race)
{
	uint64_t lost;
	unsigned int relists = 0;

	report(race);
	do {
		assert_true(++relists <= RELISTS);
		lost = race->lost;
		if (relists == RELISTS / 2)
			race->size = RING; /* the load goes down */
		list(race);
		report(race);
	} while (race->lost != lost);
	assert_false(race->screen->world->model.unhealed);
}

static unsigned int count_if_known(const struct race *race, const struct slot *slot)
{
	const struct connection *connection;

	if (!slot->cookie)
		return 0;
	check(world_knows(race->screen->world, slot->cookie), "socket %u in %u is not known",
	      (unsigned int)slot->cookie, slot->state);
	connection = world_find(race->screen->world, slot->cookie);
	check(connection->state == slot->state, "socket %u is in %u, the model says %u",
	      (unsigned int)slot->cookie, slot->state, connection->state);
	assert_int_equal(!!(connection->flags & CONNECTION_MINISOCKET), slot->minisocket);
	return 1;
}

/* To the socket: what exists, and what the view counts of it. */
static void check_present(struct race *race)
{
	unsigned int there = 0, time_waits = 0, fin_wait2 = 0;
	struct sums sums;

	find_time_wait(race);
	drain(race);
	for (unsigned int i = 0; i < SLOTS; i++) {
		const struct slot *slot = &race->slots[i];

		there += count_if_known(race, slot);
		time_waits += slot->minisocket && slot->state == TCP_TIME_WAIT;
		fin_wait2 += slot->minisocket && slot->state == TCP_FIN_WAIT2;
	}
	assert_int_equal(race->screen->world->model.connections.pool.live, there);
	refresh(race->screen, false);
	sums = sum_up(race->screen);
	assert_int_equal(sums.sockets, time_waits);
	assert_int_equal(sums.fin_wait2, fin_wait2);
}

static void race_once(struct race *race)
{
	race->screen->world->model.last_states = 1U << TCP_CLOSE; /* all is streamed */
	race->size = RING;
	for (unsigned int i = 0; i < 4 * SLOTS; i++)
		step(race); /* before the tool: in nobody's ring */
	race->head = race->tail = 0;
	race->lost = 0;
	heal(race);
	check_present(race);
	for (unsigned int phase = 0; phase < LOSSES; phase++) {
		race->size = 1 + chance(race, 16);
		run(race, 20 + chance(race, 200));
		check_books(race->screen);
		heal(race);
		race->size = RING;
		check_present(race);
		for (unsigned int i = 0; i < 10; i++) {
			run(race, chance(race, RING));
			drain(race);
			check_books(race->screen);
		}
		check_present(race);
	}
}

static void the_present_is_right_after_each_listing(void **state)
{
	struct screen *screen = *state;
	unsigned int lossy = 0;

	for (uint64_t seed = 1; seed <= RACES; seed++) {
		struct race race = {.screen = screen, .seed = seed * 0x9e3779b97f4a7c15ULL};

		race_once(&race);
		lossy += race.lost != 0;
		again_by(screen, BY_PID);
	}
	assert_true(lossy > RACES / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {screen_test(the_present_is_right_after_each_listing)};

	return cmocka_run_group_tests_name("relist-race", tests, NULL, NULL);
}

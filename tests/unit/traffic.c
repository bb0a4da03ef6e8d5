// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "traffic.h"

#include <errno.h>

#include "records.h"
#include "unit.h"

#define SLOTS	  40 /* sockets at once */
#define OLDER	  12 /* of those, at most: older than the tool */
#define REFRESHES 8
#define STEPS	  60 /* between two refreshes, at most */
#define MS	  1000000ULL
#define LENGTH	  (60 * (int64_t)SECOND)
#define LOW	  40000
#define HIGH	  40015
#define LISTENERS 9
#define CLIENT	  TRAFFIC_PID /* the first pid of each kind */
#define CLIENTS	  3
#define LISTENING 201
#define SERVERS	  2
#define WORKER	  301 /* who accepts */
#define WORKERS	  2

/* A socket as the kernel has it; cookie 0: none. */
struct slot {
	uint64_t cookie;
	uint64_t began_ns;	 /* connect() */
	uint64_t established_ns; /* 0: not seen */
	uint64_t entered_ns;	 /* its state */
	struct tuple tuple;
	uint32_t owner; /* pid */
	uint32_t unread;
	uint8_t state; /* of a minisocket: its substate */
	uint8_t direction;
	uint8_t owner_by;
	bool older; /* than the tool: the programs know nothing of it */
	bool minisocket;
	bool unaccepted;
	bool timestamps;
	bool bound;
};

/* What is listened to: half of the range that connect() has, too. */
static const uint16_t served[LISTENERS] = {8080,    LOW + 1, LOW + 2, LOW + 3, LOW + 4,
					   LOW + 5, LOW + 6, LOW + 7, LOW + 8};

struct traffic {
	struct record_list *list;
	uint64_t seed;
	uint64_t time_ns;
	uint64_t cookie; /* the last one given out */
	uint64_t overflow;
	struct slot slots[SLOTS];
};

static uint32_t chance(struct traffic *traffic, uint32_t of)
{
	return (uint32_t)(random_next(&traffic->seed) % of);
}

static void emit(struct traffic *traffic, const struct record_header *record)
{
	record_list_add(traffic->list, TOLD_STREAM, record);
}

static struct process_id process_at(uint32_t pid)
{
	return process_of(pid, pid >= WORKER ? "worker" : pid >= LISTENING ? "server" : "client");
}

static void enter(const struct traffic *traffic, struct slot *slot, unsigned int state)
{
	slot->state = (uint8_t)state;
	slot->entered_ns = traffic->time_ns;
	if (state == TCP_ESTABLISHED)
		slot->established_ns = traffic->time_ns;
}

static struct record_transition step_of(const struct traffic *traffic, const struct slot *slot,
					unsigned int state)
{
	struct record_transition record =
		transition_of(slot->cookie, traffic->time_ns, slot->state, state);

	record.tuple = slot->tuple;
	if (slot->state == TCP_CLOSE && !slot->bound)
		record.tuple.lport = 0; /* none chosen yet */
	if (slot->direction == DIRECTION_IN)
		record.direction = DIRECTION_IN; /* a copy of its listener */
	if (slot->older)
		return record;
	record.owner = process_at(slot->owner);
	record.owner_by = slot->owner_by;
	record.direction = slot->direction;
	record.bound = slot->bound && slot->direction == DIRECTION_OUT;
	return record;
}

/* `closer`: whose doing it is; 0: the peer's. */
static void move_by(struct traffic *traffic, struct slot *slot, unsigned int state, uint32_t closer)
{
	struct record_transition record = step_of(traffic, slot, state);

	if (closer)
		record.closer = process_at(closer);
	else if (state == TCP_CLOSE && slot->state != TCP_LAST_ACK)
		record.error = ECONNRESET;
	emit(traffic, &record.header);
	enter(traffic, slot, state);
	if (state == TCP_CLOSE)
		*slot = (struct slot){0};
}

static void move(struct traffic *traffic, struct slot *slot, unsigned int state)
{
	move_by(traffic, slot, state, 0);
}

static void get_no_port(struct traffic *traffic, struct slot *slot, enum port_failure_kind failure)
{
	struct record_transition record = step_of(traffic, slot, TCP_CLOSE);

	record.failure = (uint8_t)failure;
	if (failure == FAILURE_NO_PORT)
		record.tuple.lport = 0;
	emit(traffic, &record.header);
	*slot = (struct slot){0};
}

static struct record_timewait minisocket_of(const struct traffic *traffic, const struct slot *slot,
					    enum timewait_action action)
{
	int64_t elapsed_ns = (int64_t)(traffic->time_ns - slot->entered_ns);
	struct record_timewait record = timewait_of(slot->cookie, traffic->time_ns, action,
						    slot->state, LENGTH - elapsed_ns);

	record.tuple = slot->tuple;
	record.timestamps = slot->timestamps;
	record.bound = slot->bound || slot->direction == DIRECTION_IN;
	return record;
}

static void arm(struct traffic *traffic, struct slot *slot, unsigned int substate, bool rearmed)
{
	struct record_timewait record;

	slot->minisocket = true;
	enter(traffic, slot, substate);
	record = minisocket_of(traffic, slot, TIMEWAIT_ARMED);
	record.rearmed = rearmed;
	emit(traffic, &record.header);
}

/* The peer's FIN was seen by looking: a while ago. */
static void find(struct traffic *traffic, struct slot *slot)
{
	struct record_timewait record;

	enter(traffic, slot, TCP_TIME_WAIT);
	traffic->time_ns += MS;
	record = minisocket_of(traffic, slot, TIMEWAIT_SEEN);
	emit(traffic, &record.header);
}

static void end(struct traffic *traffic, struct slot *slot)
{
	struct record_timewait record = minisocket_of(traffic, slot, TIMEWAIT_ENDED);

	record.end_reason = (uint8_t)(END_EXPIRED + chance(traffic, END_UNKNOWN));
	emit(traffic, &record.header);
	*slot = (struct slot){0};
}

static void refuse(struct traffic *traffic, struct slot *slot)
{
	struct record_transition record = step_of(traffic, slot, TCP_CLOSE);

	record.refused = true;
	emit(traffic, &record.header);
	traffic->overflow++;
	*slot = (struct slot){0};
}

static void step_connecting(struct traffic *traffic, struct slot *slot)
{
	switch (chance(traffic, 8)) {
	case 0:
		move(traffic, slot, TCP_CLOSE);
		break;
	case 1:
		move(traffic, slot, TCP_SYN_RECV); /* both at once */
		break;
	case 2:
		break; /* nobody answers yet */
	default:
		move(traffic, slot, TCP_ESTABLISHED);
	}
}

static void step_syn_recv(struct traffic *traffic, struct slot *slot)
{
	static const uint8_t next[] = {TCP_ESTABLISHED, TCP_FIN_WAIT1, TCP_CLOSE_WAIT, TCP_CLOSE};
	unsigned int state = next[chance(traffic, COUNT(next))];

	move_by(traffic, slot, state, state == TCP_FIN_WAIT1 ? slot->owner : 0);
}

static void step_established(struct traffic *traffic, struct slot *slot)
{
	uint32_t what = chance(traffic, 8);

	if (slot->unaccepted && what < 4) {
		slot->unaccepted = false;
		slot->owner = WORKER + chance(traffic, WORKERS);
		slot->owner_by = OWNER_ACCEPT;
	} else if (what < 4 && !slot->unaccepted) {
		move_by(traffic, slot, TCP_FIN_WAIT1, slot->owner);
	} else if (what == 7) {
		move_by(traffic, slot, TCP_CLOSE, chance(traffic, 2) ? slot->owner : 0);
	} else {
		slot->unread = 1 + chance(traffic, 2) * 1000;
		move(traffic, slot, TCP_CLOSE_WAIT);
	}
}

static void step_close_wait(struct traffic *traffic, struct slot *slot)
{
	switch (chance(traffic, 6)) {
	case 0:
	case 1:
		if (!slot->unaccepted)
			move_by(traffic, slot, TCP_LAST_ACK, slot->owner);
		break;
	case 2:
		slot->unread = slot->unaccepted ? slot->unread : 0;
		break;
	case 3:
		move(traffic, slot, TCP_CLOSE);
	}
}

static void step_fin_wait1(struct traffic *traffic, struct slot *slot)
{
	switch (chance(traffic, 6)) {
	case 0:
		move(traffic, slot, TCP_CLOSING);
		break;
	case 1:
		move(traffic, slot, TCP_CLOSE);
		break;
	case 2:
		move(traffic, slot, TCP_FIN_WAIT2); /* shutdown() only: it stays one */
		break;
	default:
		move(traffic, slot, TCP_FIN_WAIT2);
		arm(traffic, slot, chance(traffic, 2) ? TCP_FIN_WAIT2 : TCP_TIME_WAIT, false);
	}
}

static void step_fin_wait2(struct traffic *traffic, struct slot *slot)
{
	uint32_t what = chance(traffic, 6);

	if (what == 0)
		refuse(traffic, slot);
	else
		arm(traffic, slot, what == 1 ? TCP_FIN_WAIT2 : TCP_TIME_WAIT, false);
}

/* One whose port bind() chose is told to end by a listing alone, where only ports are looked at: it
 * outlives what is made here. */
static void step_minisocket(struct traffic *traffic, struct slot *slot)
{
	uint32_t what = chance(traffic, 6);

	if (slot->bound)
		return;
	if (what == 0)
		end(traffic, slot);
	else if (slot->state == TCP_TIME_WAIT && what == 1)
		arm(traffic, slot, TCP_TIME_WAIT, true);
	else if (slot->state == TCP_FIN_WAIT2 && what < 4)
		arm(traffic, slot, TCP_TIME_WAIT, false);
	else if (slot->state == TCP_FIN_WAIT2)
		find(traffic, slot);
}

static void step(struct traffic *traffic, struct slot *slot)
{
	if (slot->minisocket) {
		step_minisocket(traffic, slot);
		return;
	}
	switch (slot->state) {
	case TCP_SYN_SENT:
		step_connecting(traffic, slot);
		break;
	case TCP_SYN_RECV:
		step_syn_recv(traffic, slot);
		break;
	case TCP_ESTABLISHED:
		step_established(traffic, slot);
		break;
	case TCP_CLOSE_WAIT:
		step_close_wait(traffic, slot);
		break;
	case TCP_LAST_ACK:
		move(traffic, slot, TCP_CLOSE);
		break;
	case TCP_FIN_WAIT1:
		step_fin_wait1(traffic, slot);
		break;
	case TCP_FIN_WAIT2:
		step_fin_wait2(traffic, slot);
		break;
	case TCP_CLOSING:
		arm(traffic, slot, TCP_TIME_WAIT, false);
	}
}

static struct slot *make(struct traffic *traffic, struct slot *slot)
{
	*slot = (struct slot){
		.cookie = ++traffic->cookie,
		.began_ns = traffic->time_ns,
		.entered_ns = traffic->time_ns,
		.state = TCP_CLOSE,
		.timestamps = chance(traffic, 4) != 0,
	};
	return slot;
}

static void make_outgoing(struct traffic *traffic, struct slot *slot)
{
	make(traffic, slot);
	slot->direction = DIRECTION_OUT;
	slot->owner = CLIENT + chance(traffic, CLIENTS);
	slot->owner_by = OWNER_CONNECT;
	slot->bound = chance(traffic, 8) == 0;
	slot->tuple = tuple_of("10.0.0.1", (uint16_t)(LOW + chance(traffic, HIGH - LOW + 1)),
			       "10.0.0.2", (uint16_t)(TRAFFIC_PORT + chance(traffic, 3)));
}

static void make_incoming(struct traffic *traffic, struct slot *slot)
{
	uint32_t listener = chance(traffic, LISTENERS);

	make(traffic, slot);
	slot->direction = DIRECTION_IN;
	slot->owner = LISTENING + listener % SERVERS;
	slot->owner_by = OWNER_LISTEN;
	slot->unaccepted = true;
	slot->tuple = tuple_of("10.0.0.1", served[listener], "10.0.0.9",
			       (uint16_t)(50000 + traffic->cookie));
}

static void begin_outgoing(struct traffic *traffic, struct slot *slot)
{
	make_outgoing(traffic, slot);
	move(traffic, slot, TCP_SYN_SENT);
	if (chance(traffic, 5) == 0)
		get_no_port(traffic, slot, slot->bound ? FAILURE_IN_USE : FAILURE_NO_PORT);
}

static void begin_incoming(struct traffic *traffic, struct slot *slot)
{
	make_incoming(traffic, slot);
	slot->state = TCP_SYN_RECV;
	move(traffic, slot, TCP_ESTABLISHED);
}

static void fail_at_once(struct traffic *traffic)
{
	static const uint8_t failures[] = {FAILURE_NO_SOURCE, FAILURE_BIND_NO_PORT,
					   FAILURE_BIND_IN_USE};
	struct record_failure record =
		failure_of(traffic->time_ns, failures[chance(traffic, COUNT(failures))]);

	record.cookie = ++traffic->cookie;
	record.tuple = tuple_of("10.0.0.1", 0, "10.0.0.2", TRAFFIC_PORT);
	if (record.failure >= FAILURE_BIND_NO_PORT)
		record.tuple = tuple_of("10.0.0.1", LOW + 1, "0.0.0.0", 0);
	record.process = process_at(CLIENT + chance(traffic, CLIENTS));
	emit(traffic, &record.header);
}

static void live(struct traffic *traffic)
{
	struct slot *slot = &traffic->slots[LISTENERS + chance(traffic, SLOTS - LISTENERS)];

	traffic->time_ns += (1 + chance(traffic, 100)) * MS;
	if (slot->cookie)
		step(traffic, slot);
	else if (chance(traffic, 20) == 0)
		fail_at_once(traffic);
	else if (chance(traffic, 2))
		begin_outgoing(traffic, slot);
	else
		begin_incoming(traffic, slot);
}

static void make_listeners(struct traffic *traffic)
{
	for (uint16_t i = 0; i < LISTENERS; i++) {
		struct slot *slot = make(traffic, &traffic->slots[i]);

		slot->owner = LISTENING + i % SERVERS;
		slot->tuple = tuple_of("10.0.0.1", served[i], "0.0.0.0", 0);
		slot->older = true;
		slot->state = TCP_LISTEN;
	}
}

static void make_older(struct traffic *traffic, struct slot *slot)
{
	static const uint8_t states[] = {TCP_SYN_SENT,	TCP_ESTABLISHED, TCP_FIN_WAIT1,
					 TCP_FIN_WAIT2, TCP_TIME_WAIT,	 TCP_CLOSE_WAIT,
					 TCP_LAST_ACK,	TCP_CLOSING};

	if (chance(traffic, 2))
		make_outgoing(traffic, slot);
	else
		make_incoming(traffic, slot);
	slot->state = states[chance(traffic, COUNT(states))];
	if (slot->state == TCP_SYN_SENT && slot->direction == DIRECTION_IN)
		slot->state = TCP_ESTABLISHED;
	slot->older = true;
	slot->unaccepted = false;
	slot->minisocket = slot->state == TCP_TIME_WAIT;
	slot->entered_ns = traffic->time_ns - chance(traffic, 50) * SECOND;
	slot->unread = chance(traffic, 3);
}

static void list_socket(struct traffic *traffic, enum told_when when, const struct slot *slot)
{
	struct record_socket record = socket_row(slot->cookie, traffic->time_ns, slot->state);
	int64_t elapsed_ns = (int64_t)(traffic->time_ns - slot->entered_ns);

	record.tuple = slot->tuple;
	record.recvq = slot->unread;
	if (slot->minisocket) {
		record.flags = SOCKET_MINISOCKET | (slot->timestamps ? SOCKET_TIMESTAMPS : 0);
		record.remaining_ns = LENGTH - elapsed_ns;
	} else if (!slot->older) {
		record.owner = process_at(slot->owner);
		record.owner_by = slot->owner_by;
		record.direction = slot->direction;
	} else if (slot->direction == DIRECTION_IN && slot->state != TCP_LISTEN) {
		record.direction = DIRECTION_IN; /* a copy of its listener */
	}
	if (slot->bound || slot->direction == DIRECTION_IN || slot->state == TCP_LISTEN)
		record.flags |= SOCKET_BOUND;
	if (slot->unaccepted)
		record.flags |= SOCKET_UNACCEPTED;
	if (slot->state == TCP_CLOSE_WAIT && !slot->older)
		record.times.acked_ns = slot->entered_ns;
	record_list_add(traffic->list, when, &record.header);
}

static void list_holder(struct traffic *traffic, enum told_when when, const struct slot *slot)
{
	struct record_holder record = holder_of(slot->cookie, traffic->time_ns, slot->owner, "");

	record.process = process_at(slot->owner);
	record.netns = NETNS;
	if (slot->bound || slot->direction == DIRECTION_IN || slot->state == TCP_LISTEN)
		record.bound_port = slot->tuple.lport;
	record_list_add_holder(traffic->list, when, &record, slot->state,
			       slot->older ? DIRECTION_UNKNOWN : slot->direction);
}

/* Of sockets that a process may hold: it has closed what is in LAST_ACK, say. */
static bool has_holder(const struct slot *slot)
{
	if (!slot->cookie || slot->minisocket || slot->unaccepted)
		return false;
	return slot->state == TCP_LISTEN || slot->state == TCP_ESTABLISHED ||
	       slot->state == TCP_CLOSE_WAIT || slot->state == TCP_SYN_SENT;
}

static void list_counters(struct traffic *traffic, enum told_when when)
{
	struct record_counters record = counters_of(traffic->time_ns, traffic->overflow);

	record_list_add(traffic->list, when, &record.header);
}

static void list_all(struct traffic *traffic)
{
	struct record_ports ports = port_settings_of(traffic->time_ns, LOW, HIGH);

	record_list_add(traffic->list, TOLD_LISTING, &ports.header);
	for (int i = 0; i < SLOTS; i++)
		if (traffic->slots[i].cookie)
			list_socket(traffic, TOLD_LISTING, &traffic->slots[i]);
	list_counters(traffic, TOLD_LISTING);
	for (int i = 0; i < SLOTS; i++)
		if (has_holder(&traffic->slots[i]))
			list_holder(traffic, TOLD_LISTING, &traffic->slots[i]);
}

static void list_close_waits(struct traffic *traffic)
{
	for (int i = 0; i < SLOTS; i++)
		if (traffic->slots[i].cookie)
			list_socket(traffic, TOLD_CLOSE_WAITS, &traffic->slots[i]);
	for (int i = 0; i < SLOTS; i++)
		if (has_holder(&traffic->slots[i]))
			list_holder(traffic, TOLD_CLOSE_WAITS, &traffic->slots[i]);
}

static void answer_facts(struct traffic *traffic, uint32_t pid)
{
	struct record_facts record = facts_of(traffic->time_ns, pid);

	record.process = process_at(pid);
	record.facts.fds = 10 + chance(traffic, 10);
	record.facts.threads = record.facts.looked_at = 1;
	record.facts.looked_for_ns = SECOND;
	record.facts.ran_ns = record.facts.starved_ns = SECOND / 10;
	record.facts.state = 'S';
	record_list_add(traffic->list, TOLD_ANSWER, &record.header);
}

static void refresh(struct traffic *traffic)
{
	struct record_refresh record = refresh_of(traffic->time_ns + 3 * MS);

	traffic->time_ns += MS;
	list_all(traffic);
	traffic->time_ns += MS;
	list_close_waits(traffic);
	traffic->time_ns += MS;
	list_counters(traffic, TOLD_ANSWER);
	for (uint32_t i = 0; i < CLIENTS; i++)
		answer_facts(traffic, CLIENT + i);
	for (uint32_t i = 0; i < SERVERS; i++)
		answer_facts(traffic, LISTENING + i);
	for (uint32_t i = 0; i < WORKERS; i++)
		answer_facts(traffic, WORKER + i);
	record_list_add(traffic->list, TOLD_REFRESH, &record.header);
	traffic->time_ns += MS;
}

static void begin(struct traffic *traffic)
{
	uint32_t older = chance(traffic, OLDER);

	make_listeners(traffic);
	for (uint32_t i = 0; i < older; i++)
		make_older(traffic, &traffic->slots[LISTENERS + i]);
	list_all(traffic);
	traffic->time_ns += MS;
}

void traffic_make(struct record_list *list, uint64_t seed)
{
	struct traffic traffic = {
		.list = list,
		.seed = seed * 0x9e3779b97f4a7c15,
		.time_ns = 1000 * SECOND,
	};

	*list = (struct record_list){0};
	begin(&traffic);
	for (int i = 0; i < REFRESHES; i++) {
		uint32_t steps = chance(&traffic, STEPS);

		for (uint32_t j = 0; j < steps; j++)
			live(&traffic);
		refresh(&traffic);
	}
}

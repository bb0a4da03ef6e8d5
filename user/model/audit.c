// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Where the kernel counts (net/ipv4):
 * ActiveOpens: tcp_connect, when the SYN has been sent: not where connect() found no port.
 * PassiveOpens: tcp_create_openreq_child. The child has no addresses yet; it leaves SYN_RECV soon,
 *	as a simultaneous open does, which came there from SYN_SENT.
 * AttemptFails: tcp_done in SYN_SENT or SYN_RECV, so not where the process closes; and where a
 *	request socket gets a reset, which is EmbryonicRsts as well (tcp_check_req).
 * EstabResets: tcp_set_state, ESTABLISHED or CLOSE_WAIT -> CLOSE.
 * TW, TWKilled: __inet_twsk_schedule at birth, TWKilled for a time-out of up to 4 s.
 * TWRecycled: __inet_check_established.
 * TCPTimeWaitOverflow: tcp_time_wait; seen as the end of a full socket that no minisocket follows,
 *	which may be an abort as well.
 */
#include "model/audit.h"

#include <string.h>

#define KILLED_NS 4000000000 /* __inet_twsk_schedule: 4 * HZ */

void audit_init(struct audit *audit, const struct tuple_filter *filter)
{
	*audit = (struct audit){.filter = filter};
	pool_init(&audit->namespaces, sizeof(struct audit_namespace));
	pool_init(&audit->minisockets, sizeof(struct audit_minisocket));
	index_init(&audit->by_cookie, &audit->namespaces);
	index_init(&audit->by_socket, &audit->minisockets);
}

void audit_free(struct audit *audit)
{
	index_free(&audit->by_cookie);
	index_free(&audit->by_socket);
	pool_free(&audit->namespaces);
	pool_free(&audit->minisockets);
}

struct audit_namespace *audit_find_namespace(const struct audit *audit, uint64_t cookie)
{
	uint32_t number = index_find(&audit->by_cookie, cookie);

	return number ? pool_get(&audit->namespaces, number) : NULL;
}

static struct audit_namespace *meet_namespace(struct audit *audit, uint64_t cookie, uint32_t netns)
{
	struct audit_namespace *space = audit_find_namespace(audit, cookie);
	uint32_t number;

	if (space)
		return space;
	number = pool_add(&audit->namespaces);
	space = pool_get(&audit->namespaces, number);
	*space = (struct audit_namespace){
		.cookie = cookie,
		.netns = netns,
		.end_ns = UINT64_MAX,
		.end_read_ns = UINT64_MAX,
	};
	index_add(&audit->by_cookie, number);
	return space;
}

static bool in_interval(const struct audit_namespace *space, uint64_t time_ns)
{
	return time_ns >= space->begin_ns && time_ns <= space->end_read_ns;
}

static bool on_edge(const struct audit_namespace *space, uint64_t time_ns)
{
	return time_ns <= space->begin_read_ns || time_ns >= space->end_ns;
}

static void add(struct audit_namespace *space, enum counter counter, int64_t number, bool filtered,
		uint64_t time_ns)
{
	struct audit_count *count = &space->counts[counter];

	if (on_edge(space, time_ns))
		*(filtered ? &count->edge_filtered : &count->edge_seen) += number;
	else
		*(filtered ? &count->filtered : &count->seen) += number;
}

static bool is_filtered(const struct audit *audit, const struct tuple *tuple, bool lport_known)
{
	return !filter_tuple(audit->filter, tuple, lport_known);
}

/* connect() has chosen its port only now: its SYN_SENT was taken for one that matches. */
static void correct_active_open(const struct audit *audit, struct audit_namespace *space,
				const struct record_transition *record)
{
	const struct tuple *tuple = &record->tuple;

	if (!tuple->lport || is_filtered(audit, tuple, false) || !is_filtered(audit, tuple, true))
		return;
	add(space, COUNTER_ACTIVE_OPENS, -1, false, record->header.time_ns);
	add(space, COUNTER_ACTIVE_OPENS, 1, true, record->header.time_ns);
}

/*
 * tcp_done, rather than close() or shutdown(). A child that the kernel cannot keep is dead by then
 * (inet_csk_prepare_forced_close); one that came second, made by another CPU of the same request,
 * or whose listener has gone is not, nor is it counted (inet_ehash_nolisten, inet_child_forget).
 */
static bool attempt_failed(const struct record_transition *record)
{
	if (record->new_state != TCP_CLOSE)
		return false;
	if (record->old_state == TCP_SYN_SENT)
		return record->error != 0;
	return record->old_state == TCP_SYN_RECV && (record->error || record->dead);
}

static bool is_reset(const struct record_transition *record)
{
	return record->new_state == TCP_CLOSE &&
	       (record->old_state == TCP_ESTABLISHED || record->old_state == TCP_CLOSE_WAIT);
}

static void count_opens(struct audit *audit, struct audit_namespace *space,
			const struct record_transition *record, bool filtered)
{
	uint64_t time_ns = record->header.time_ns;

	if (record->old_state == TCP_CLOSE && record->new_state == TCP_SYN_SENT)
		add(space, COUNTER_ACTIVE_OPENS, 1, is_filtered(audit, &record->tuple, false),
		    time_ns);
	if (record->old_state == TCP_SYN_SENT)
		correct_active_open(audit, space, record);
	if (record->failure != FAILURE_NONE)
		add(space, COUNTER_ACTIVE_OPENS, -1, filtered, time_ns);
	if (record->old_state == TCP_SYN_RECV)
		add(space, COUNTER_PASSIVE_OPENS, 1, filtered, time_ns);
	if (record->old_state == TCP_SYN_SENT && record->new_state == TCP_SYN_RECV)
		add(space, COUNTER_PASSIVE_OPENS, -1, filtered, time_ns);
}

static void count_transition(struct audit *audit, const struct record_transition *record)
{
	const struct tuple *tuple = &record->tuple;
	struct audit_namespace *space = meet_namespace(audit, record->netns_cookie, tuple->netns);
	bool filtered = is_filtered(audit, tuple, tuple->lport != 0);
	uint64_t time_ns = record->header.time_ns;

	if (!in_interval(space, time_ns))
		return;
	count_opens(audit, space, record, filtered);
	if (attempt_failed(record))
		add(space, COUNTER_ATTEMPT_FAILS, 1, filtered, time_ns);
	if (is_reset(record))
		add(space, COUNTER_ESTAB_RESETS, 1, filtered, time_ns);
	if (record->refused)
		add(space, COUNTER_TIME_WAIT_OVERFLOW, 1, filtered, time_ns);
}

static struct audit_minisocket *find_minisocket(const struct audit *audit, uint64_t cookie)
{
	uint32_t number = index_find(&audit->by_socket, cookie);

	return number ? pool_get(&audit->minisockets, number) : NULL;
}

static struct audit_minisocket *keep_minisocket(struct audit *audit,
						const struct audit_namespace *space,
						uint64_t cookie, const struct tuple *tuple)
{
	uint32_t number = pool_add(&audit->minisockets);
	struct audit_minisocket *minisocket = pool_get(&audit->minisockets, number);

	*minisocket = (struct audit_minisocket){
		.cookie = cookie,
		.netns_cookie = space->cookie,
		.filtered = is_filtered(audit, tuple, true),
	};
	index_add(&audit->by_socket, number);
	return minisocket;
}

/* True if the first listing of the namespace is over: what was there then is known. */
static bool is_listed(const struct audit *audit, const struct audit_namespace *space,
		      uint64_t time_ns)
{
	if (audit->phase != AUDIT_BEGINS)
		return true;
	return space->begin_read_ns && time_ns > space->begin_read_ns;
}

/* Rows and records come in any order. */
static void meet_at(struct audit_minisocket *minisocket, uint64_t time_ns)
{
	if (time_ns > minisocket->met_ns)
		minisocket->met_ns = time_ns;
}

/* It is there, and its birth was not told up to now; if it `may_be_young`, that may come yet. */
static void meet_minisocket(struct audit *audit, struct audit_namespace *space, uint64_t cookie,
			    const struct tuple *tuple, uint64_t time_ns, bool may_be_young)
{
	struct audit_minisocket *minisocket = find_minisocket(audit, cookie);

	if (!minisocket) {
		minisocket = keep_minisocket(audit, space, cookie, tuple);
		minisocket->late = is_listed(audit, space, time_ns);
		minisocket->may_be_young = may_be_young;
		space->late[minisocket->filtered] += minisocket->late;
	}
	if (!may_be_young)
		minisocket->may_be_young = false;
	meet_at(minisocket, time_ns);
}

/* A listing may have shown it before its birth is told. */
static void take_back_late(struct audit_namespace *space, struct audit_minisocket *minisocket)
{
	space->late[minisocket->filtered] -= minisocket->late;
	minisocket->late = false;
	minisocket->may_be_young = false;
}

/* Its timer is started: it is born, unless it is known. */
static void count_armed(struct audit *audit, struct audit_namespace *space,
			const struct record_timewait *record)
{
	enum counter counter =
		record->remaining_ns > KILLED_NS ? COUNTER_TIME_WAITS : COUNTER_KILLED;
	struct audit_minisocket *minisocket = find_minisocket(audit, record->cookie);
	uint64_t time_ns = record->header.time_ns;

	if (record->rearmed || (minisocket && !minisocket->may_be_young)) {
		meet_minisocket(audit, space, record->cookie, &record->tuple, time_ns,
				record->rearmed);
		return;
	}
	if (minisocket)
		take_back_late(space, minisocket);
	else
		minisocket = keep_minisocket(audit, space, record->cookie, &record->tuple);
	minisocket->born_ns = time_ns;
	meet_at(minisocket, time_ns);
	if (!in_interval(space, time_ns))
		return;
	add(space, counter, 1, minisocket->filtered, time_ns);
	space->edge_born += on_edge(space, time_ns);
}

static void forget_minisocket(struct audit *audit, uint64_t cookie)
{
	uint32_t number = index_find(&audit->by_socket, cookie);

	if (!number)
		return;
	index_remove(&audit->by_socket, cookie);
	pool_remove(&audit->minisockets, number);
}

/* Without a cookie: nobody had asked for it, nor has a listing, which gives it one. */
static void count_end_of_unknown(const struct audit *audit, struct audit_namespace *space,
				 const struct record_timewait *record)
{
	if (!record->cookie || !is_listed(audit, space, record->header.time_ns)) {
		space->older_ended++;
	} else {
		space->late[is_filtered(audit, &record->tuple, true)]++;
		space->late_ended++;
	}
}

static void count_ended(struct audit *audit, struct audit_namespace *space,
			const struct record_timewait *record)
{
	const struct audit_minisocket *minisocket = find_minisocket(audit, record->cookie);
	uint64_t time_ns = record->header.time_ns;

	if (!in_interval(space, time_ns))
		return;
	if (record->end_reason == END_REUSED)
		add(space, COUNTER_RECYCLED, 1, is_filtered(audit, &record->tuple, true), time_ns);
	if (!minisocket)
		count_end_of_unknown(audit, space, record);
	else
		space->older_ended += !minisocket->late && minisocket->born_ns < space->begin_ns;
	space->edge_ended += on_edge(space, time_ns);
}

static void count_timewait(struct audit *audit, const struct record_timewait *record)
{
	const struct tuple *tuple = &record->tuple;
	struct audit_namespace *space = meet_namespace(audit, record->netns_cookie, tuple->netns);
	uint64_t time_ns = record->header.time_ns;

	if (time_ns > space->end_read_ns)
		return;
	if (record->action == TIMEWAIT_ENDED && record->end_reason != END_REARMED) {
		count_ended(audit, space, record);
		forget_minisocket(audit, record->cookie);
	} else if (record->cookie && record->action == TIMEWAIT_ARMED) {
		count_armed(audit, space, record);
	} else if (record->cookie) {
		meet_minisocket(audit, space, record->cookie, tuple, time_ns, false);
	}
}

static void count_listed(struct audit *audit, const struct record_socket *record)
{
	struct audit_namespace *space;

	if (!(record->flags & SOCKET_MINISOCKET) || !record->cookie)
		return;
	space = meet_namespace(audit, record->netns_cookie, record->tuple.netns);
	if (record->header.time_ns <= space->end_read_ns)
		meet_minisocket(audit, space, record->cookie, &record->tuple,
				record->header.time_ns, true);
}

/* What was seen before is in the kernel's counters at the beginning. */
static void begin_namespace(struct audit_namespace *space, const struct record_counters *record)
{
	*space = (struct audit_namespace){
		.cookie = space->cookie,
		.netns = space->netns,
		.begin_ns = record->header.time_ns,
		.begin_read_ns = record->read_ns,
		.end_ns = UINT64_MAX,
		.end_read_ns = UINT64_MAX,
	};
	memcpy(space->begin, record->values, sizeof(space->begin));
}

static void end_namespace(struct audit_namespace *space, const struct record_counters *record)
{
	space->counted = true;
	space->end_ns = record->header.time_ns;
	space->end_read_ns = record->read_ns;
	memcpy(space->end, record->values, sizeof(space->end));
}

static void take_counters(struct audit *audit, const struct record_counters *record)
{
	struct audit_namespace *space;

	if (audit->phase != AUDIT_BEGINS && audit->phase != AUDIT_ENDS)
		return;
	audit->time_ns = record->read_ns;
	space = meet_namespace(audit, record->netns_cookie, record->netns);
	if (audit->phase == AUDIT_BEGINS)
		begin_namespace(space, record);
	else
		end_namespace(space, record);
}

/* What was there before it began, and is not among its rows, is gone. */
static void note_listed(const struct audit *audit, uint32_t netns)
{
	for (uint32_t i = 1; i < audit->namespaces.used; i++) {
		struct audit_namespace *space = pool_get(&audit->namespaces, i);

		if (space->netns == netns)
			space->listed_ns = audit->listing_ns;
	}
}

static void follow_listing(struct audit *audit, const struct record_listing *record)
{
	if (record->scope == LISTING_CLOSE_WAITS)
		return;
	if (record->phase == LISTING_BEGINS)
		audit->listing_ns = record->header.time_ns;
	else if (record->phase == LISTING_NAMESPACE)
		note_listed(audit, record->netns);
	else if (audit->phase == AUDIT_BEGINS)
		audit->phase = AUDIT_RUNS;
}

static void take_listing(struct audit *audit, const struct record_header *record)
{
	if (record->type == RECORD_SOCKET)
		count_listed(audit, (const void *)record);
	else
		follow_listing(audit, (const void *)record);
}

void audit_record(struct audit *audit, const struct record_header *record)
{
	switch (record->type) {
	case RECORD_TRANSITION:
		count_transition(audit, (const void *)record);
		break;
	case RECORD_TIMEWAIT:
		count_timewait(audit, (const void *)record);
		break;
	case RECORD_COUNTERS:
		take_counters(audit, (const void *)record);
		break;
	case RECORD_SOCKET:
	case RECORD_LISTING:
		if (audit->phase != AUDIT_IS_OVER)
			take_listing(audit, record);
		break;
	}
}

void audit_enter(struct audit *audit, enum audit_phase phase)
{
	audit->phase = phase;
}

const struct audit_namespace *audit_namespace_at(const struct audit *audit, uint32_t place)
{
	return place + 1 < audit->namespaces.used ? pool_get(&audit->namespaces, place + 1) : NULL;
}

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
#include "audit.h"

#include <string.h>

#define KILLED_NS 4000000000   /* __inet_twsk_schedule: 4 * HZ */
#define LOST_MAX  (1ULL << 62) /* as no counter is greater: sums of them fit */

/* A minisocket that lives. */
struct audit_minisocket {
	uint64_t cookie;  /* first, for the index */
	uint64_t born_ns; /* 0: not seen to begin, but rearmed */
	uint64_t netns_cookie;
	uint32_t filtered;
	uint32_t reserved;
};

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

static struct audit_namespace *find_namespace(const struct audit *audit, uint64_t cookie)
{
	uint32_t number = index_find(&audit->by_cookie, cookie);

	return number ? pool_get(&audit->namespaces, number) : NULL;
}

static struct audit_namespace *meet_namespace(struct audit *audit, uint64_t cookie, uint32_t netns)
{
	struct audit_namespace *space = find_namespace(audit, cookie);
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

static void keep_minisocket(struct audit *audit, const struct record_timewait *record,
			    uint64_t born_ns)
{
	uint32_t number = pool_add(&audit->minisockets);
	struct audit_minisocket *minisocket = pool_get(&audit->minisockets, number);

	*minisocket = (struct audit_minisocket){
		.cookie = record->cookie,
		.born_ns = born_ns,
		.netns_cookie = record->netns_cookie,
		.filtered = is_filtered(audit, &record->tuple, true),
	};
	index_add(&audit->by_socket, number);
}

/* Its timer is started: it is born, unless it is known. */
static void count_armed(struct audit *audit, struct audit_namespace *space,
			const struct record_timewait *record)
{
	enum counter counter =
		record->remaining_ns > KILLED_NS ? COUNTER_TIME_WAITS : COUNTER_KILLED;
	uint64_t time_ns = record->header.time_ns;

	if (index_find(&audit->by_socket, record->cookie))
		return;
	keep_minisocket(audit, record, record->rearmed ? 0 : time_ns);
	if (record->rearmed)
		return;
	add(space, counter, 1, is_filtered(audit, &record->tuple, true), time_ns);
	space->edge_born += on_edge(space, time_ns);
}

/* True if it was not there when the interval began. */
static bool forget_minisocket(struct audit *audit, const struct audit_namespace *space,
			      uint64_t cookie)
{
	uint32_t number = index_find(&audit->by_socket, cookie);
	bool young;

	if (!number)
		return false;
	young = ((struct audit_minisocket *)pool_get(&audit->minisockets, number))->born_ns >=
		space->begin_ns;
	index_remove(&audit->by_socket, cookie);
	pool_remove(&audit->minisockets, number);
	return young;
}

static void count_ended(struct audit *audit, struct audit_namespace *space,
			const struct record_timewait *record)
{
	uint64_t time_ns = record->header.time_ns;

	if (record->end_reason == END_REARMED) {
		if (!index_find(&audit->by_socket, record->cookie))
			keep_minisocket(audit, record, 0);
		return;
	}
	if (record->end_reason == END_REUSED)
		add(space, COUNTER_RECYCLED, 1, is_filtered(audit, &record->tuple, true), time_ns);
	space->older_ended += !forget_minisocket(audit, space, record->cookie);
	space->edge_ended += on_edge(space, time_ns);
}

/* One without a cookie is older than the tool, and may be rearmed. */
static void count_timewait(struct audit *audit, const struct record_timewait *record)
{
	struct audit_namespace *space =
		meet_namespace(audit, record->netns_cookie, record->tuple.netns);

	if (!in_interval(space, record->header.time_ns))
		return;
	if (record->action == TIMEWAIT_ARMED && record->cookie)
		count_armed(audit, space, record);
	else if (record->action == TIMEWAIT_ENDED &&
		 (record->cookie || record->end_reason != END_REARMED))
		count_ended(audit, space, record);
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

void audit_record(struct audit *audit, const struct record_header *record)
{
	const struct record_listing *listing = (const void *)record;

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
	case RECORD_LISTING:
		if (audit->phase == AUDIT_BEGINS && listing->scope != LISTING_CLOSE_WAITS &&
		    listing->phase == LISTING_ENDS)
			audit->phase = AUDIT_RUNS;
		break;
	}
}

void audit_enter(struct audit *audit, enum audit_phase phase)
{
	audit->phase = phase;
}

static int64_t clamp(int64_t number, int64_t low, int64_t high)
{
	if (number < low)
		return low;
	return number > high ? high : number;
}

/* As much of `missing` as `number`, which may be of either sign, can make up for. */
static int64_t part(int64_t missing, int64_t number)
{
	return number < 0 ? clamp(missing, number, 0) : clamp(missing, 0, number);
}

static int64_t missing_of(const struct audit_line *line)
{
	int64_t missing = line->kernel - line->seen;

	for (int i = 0; i < AUDIT_WHYS; i++)
		missing -= line->explained[i];
	return missing;
}

static void settle_counter(const struct audit_namespace *space, struct audit_line *line,
			   enum counter counter)
{
	const struct audit_count *count = &space->counts[counter];

	line->kernel = (int64_t)(space->end[counter] - space->begin[counter]);
	line->seen = count->seen;
	line->explained[AUDIT_FILTER] = count->filtered;
	line->seen += part(missing_of(line), count->edge_seen);
	line->explained[AUDIT_FILTER] += part(missing_of(line), count->edge_filtered);
}

/* So many ends of full sockets may have been refusals: the kernel says how many were. */
static void settle_overflow(const struct audit_namespace *space, struct audit_line *line)
{
	const struct audit_count *count = &space->counts[COUNTER_TIME_WAIT_OVERFLOW];

	line->kernel = (int64_t)(space->end[COUNTER_TIME_WAIT_OVERFLOW] -
				 space->begin[COUNTER_TIME_WAIT_OVERFLOW]);
	line->seen = part(line->kernel, count->seen + count->edge_seen);
	line->explained[AUDIT_FILTER] =
		part(missing_of(line), count->filtered + count->edge_filtered);
}

static void settle_present(const struct audit_namespace *space, struct audit_line *line)
{
	int64_t older = (int64_t)space->begin[COUNTER_MINISOCKETS] - space->older_ended;

	line->kernel = (int64_t)space->end[COUNTER_MINISOCKETS];
	line->explained[AUDIT_PREDATES] = older > 0 ? older : 0;
	line->seen += clamp(missing_of(line), -space->edge_born, space->edge_ended);
}

static bool is_of_minisockets(enum counter counter)
{
	return counter >= COUNTER_TIME_WAITS && counter <= COUNTER_MINISOCKETS;
}

/* A record stands for one event, which one counter counts, beside that of what is there now. */
static void blame_losses(struct audit_line *line, enum counter counter, int64_t *lost,
			 int64_t *lost_minisockets)
{
	int64_t missing = missing_of(line), *budget = lost;

	if (counter == COUNTER_MINISOCKETS) {
		budget = lost_minisockets;
		line->explained[AUDIT_LOST] = clamp(missing, -*budget, *budget);
	} else {
		line->explained[AUDIT_LOST] = part(missing, *budget);
	}
	*budget -= missing < 0 ? -line->explained[AUDIT_LOST] : line->explained[AUDIT_LOST];
}

static void settle_line(const struct audit_namespace *space, struct audit_line *line,
			enum counter counter, bool follows_time_wait)
{
	if (counter == COUNTER_MINISOCKETS)
		settle_present(space, line);
	else if (counter == COUNTER_TIME_WAIT_OVERFLOW)
		settle_overflow(space, line);
	else
		settle_counter(space, line, counter);
	if (counter == COUNTER_ATTEMPT_FAILS)
		line->explained[AUDIT_REQUESTS] =
			part(missing_of(line), (int64_t)(space->end[COUNTER_EMBRYONIC_RESETS] -
							 space->begin[COUNTER_EMBRYONIC_RESETS]));
	if (!follows_time_wait && is_of_minisockets(counter))
		line->explained[AUDIT_UNFOLLOWED] = missing_of(line);
}

/* Nothing to compare with: what was seen is said alone. */
static void settle_gone(struct audit_namespace *space)
{
	for (unsigned int i = 0; i < COUNTER_MINISOCKETS; i++)
		space->lines[i].seen = space->counts[i].seen + space->counts[i].edge_seen;
	space->lines[COUNTER_TIME_WAIT_OVERFLOW].seen = 0; /* the kernel does not confirm it */
}

static void count_present(struct audit *audit)
{
	for (uint32_t i = 1; i < audit->minisockets.used; i++) {
		const struct audit_minisocket *one = pool_get(&audit->minisockets, i);
		struct audit_namespace *space;

		if (index_find(&audit->by_socket, one->cookie) != i)
			continue; /* a free element */
		space = find_namespace(audit, one->netns_cookie);
		if (!one->born_ns || one->born_ns < space->begin_ns)
			continue;
		if (one->filtered)
			space->lines[COUNTER_MINISOCKETS].explained[AUDIT_FILTER]++;
		else
			space->lines[COUNTER_MINISOCKETS].seen++;
	}
}

void audit_settle(struct audit *audit, const struct losses *losses, bool follows_time_wait)
{
	uint64_t total = losses->ring_full + losses->skipped + losses->refused;
	int64_t lost = (int64_t)(total < LOST_MAX ? total : LOST_MAX);
	int64_t lost_minisockets = lost;

	count_present(audit);
	for (uint32_t i = 1; i < audit->namespaces.used; i++) {
		struct audit_namespace *space = pool_get(&audit->namespaces, i);

		if (!space->counted) {
			settle_gone(space);
			continue;
		}
		for (enum counter counter = 0; counter < AUDITED; counter++) {
			struct audit_line *line = &space->lines[counter];

			settle_line(space, line, counter, follows_time_wait);
			blame_losses(line, counter, &lost, &lost_minisockets);
			line->unexplained = missing_of(line);
		}
	}
}

const struct audit_namespace *audit_namespace_at(const struct audit *audit, uint32_t place)
{
	return place + 1 < audit->namespaces.used ? pool_get(&audit->namespaces, place + 1) : NULL;
}

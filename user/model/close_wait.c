// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/close_wait.h"

#include "base/memory.h"
#include "base/time.h"

#define GONE_MIN       64
#define DELAYED_ACK_NS (200 * NS_PER_MS) /* TCP_DELACK_MAX, include/net/tcp.h */

void close_waits_init(struct close_waits *close_waits, struct connections *connections)
{
	*close_waits = (struct close_waits){.connections = connections};
	pool_init(&close_waits->pool, sizeof(struct close_wait));
	index_init(&close_waits->index, &close_waits->pool);
}

void close_waits_free(struct close_waits *close_waits)
{
	index_free(&close_waits->index);
	pool_free(&close_waits->pool);
	holders_free(&close_waits->holders);
	holders_free(&close_waits->holders_before);
	free(close_waits->gone);
}

static struct close_wait *get(const struct close_waits *close_waits, uint32_t number)
{
	return pool_get(&close_waits->pool, number);
}

/* What is unread tells the kind (Recv-Q): no BPF needed. The order of these questions matters. */
static enum close_wait_kind kind_of(const struct record_socket *record)
{
	if (record->flags & SOCKET_UNACCEPTED)
		return KIND_UNACCEPTED;
	if (record->flags & SOCKET_OPAQUE)
		return KIND_UNKNOWN;
	if (record->recvq > 1)
		return KIND_UNREAD_DATA;
	if (record->recvq == 1)
		return KIND_FIN_ONLY;
	return record->flags & SOCKET_SENDING ? KIND_SENDING : KIND_DRAINED;
}

static unsigned int direction_of(const struct close_waits *close_waits,
				 const struct record_socket *record)
{
	if (record->direction != DIRECTION_UNKNOWN)
		return record->direction;
	if (record->flags & SOCKET_UNACCEPTED ||
	    connections_listener(close_waits->connections, &record->tuple, 0))
		return DIRECTION_IN;
	return DIRECTION_UNKNOWN;
}

/* Seen for the first time, or used once more. */
static void begin_anew(const struct close_waits *close_waits, struct close_wait *close_wait)
{
	close_wait->seen_ns = close_waits->time_ns;
	close_wait->since_ns = close_waits->time_ns;
	close_wait->at_least = true;
	close_wait->died = false;
}

static struct close_wait *find_or_add(struct close_waits *close_waits,
				      const struct record_socket *record)
{
	uint32_t number = index_find(&close_waits->index, record->cookie);
	struct close_wait *close_wait;

	if (number)
		return get(close_waits, number);
	number = pool_add(&close_waits->pool);
	close_wait = get(close_waits, number);
	close_wait->cookie = record->cookie;
	close_wait->tuple = record->tuple;
	begin_anew(close_waits, close_wait);
	index_add(&close_waits->index, number);
	return close_wait;
}

/* The owner of what nobody has accepted is its listener's, where the kernel tells none. */
static uint32_t owner_of(const struct close_waits *close_waits, const struct record_socket *record)
{
	const struct connection *listener;

	if (record->owner.pid || !(record->flags & SOCKET_UNACCEPTED))
		return processes_number(&close_waits->connections->processes, &record->owner);
	listener = connections_queue(close_waits->connections, &record->tuple, 0);
	return listener ? listener->owner : 0;
}

static void refer(struct close_waits *close_waits, struct close_wait *close_wait, uint32_t number,
		  unsigned int owner_by)
{
	struct processes *processes = &close_waits->connections->processes;

	processes_reference(processes, number);
	processes_release(processes, close_wait->owner);
	close_wait->owner = number;
	close_wait->owner_by = owner_by;
}

static void set_owner(struct close_waits *close_waits, struct close_wait *close_wait,
		      const struct record_socket *record)
{
	uint32_t number = owner_of(close_waits, record);

	if (number)
		refer(close_waits, close_wait, number, record->owner_by);
}

/*
 * The kernel keeps when an ACK came last. That was the FIN, unless something was acknowledged
 * later: a keepalive probe, or data of ours (tcp_ack: rcv_tstamp, tcp_keepalive_timer).
 */
static bool last_ack_is_fin(const struct record_socket *record)
{
	const struct socket_times *times = &record->times;
	uint64_t idle_ns = record->header.time_ns - times->received_ns;

	if (record->flags & (SOCKET_SENDING | SOCKET_OPAQUE))
		return false;
	if (times->keepalive_ns && idle_ns >= times->keepalive_ns)
		return false;
	return !(record->flags & SOCKET_SENT) || times->received_ns > times->sent_ns ||
	       times->acked_ns > times->sent_ns + times->rto_ns + DELAYED_ACK_NS;
}

/* What was found out once holds: later probes only hide it. */
static void set_age(struct close_wait *close_wait, const struct record_socket *record)
{
	const struct socket_times *times = &record->times;

	if (!close_wait->at_least || !times->acked_ns)
		return;
	if (last_ack_is_fin(record)) {
		close_wait->since_ns = times->acked_ns;
		close_wait->at_least = false;
	} else if (times->acked_ns < close_wait->since_ns) {
		close_wait->since_ns = times->acked_ns;
	}
}

/* What it was before is kept: dead it has lost its local port, and its Recv-Q says nothing. */
static void note_dead(struct close_waits *close_waits, struct close_wait *close_wait)
{
	bool was_close_wait = close_wait->state == TCP_CLOSE_WAIT;

	if (was_close_wait && close_wait->listed == close_waits->listing)
		close_waits->in_close_wait--; /* it died while they were listed */
	close_wait->died |= was_close_wait;
	if (close_wait->state != TCP_CLOSE)
		close_wait->dead_ns = close_waits->time_ns;
}

static void note_alive(struct close_waits *close_waits, struct close_wait *close_wait,
		       const struct record_socket *record)
{
	if (close_wait->state == TCP_CLOSE)
		begin_anew(close_waits, close_wait);
	close_wait->tuple = record->tuple;
	set_age(close_wait, record);
	close_wait->received_ns = record->times.received_ns;
	close_wait->sent_ns = record->flags & SOCKET_SENT ? record->times.sent_ns : 0;
	close_wait->recvq = record->recvq;
	close_wait->listener = record->listener;
	close_wait->flags = record->flags;
	close_wait->kind = kind_of(record);
	close_wait->direction = direction_of(close_waits, record);
	if (close_wait->listed != close_waits->listing)
		close_waits->in_close_wait += record->state == TCP_CLOSE_WAIT;
}

void close_waits_socket(struct close_waits *close_waits, const struct record_socket *record)
{
	struct close_wait *close_wait = find_or_add(close_waits, record);

	if (record->header.time_ns < close_wait->told_ns)
		return;
	close_wait->told_ns = record->header.time_ns;
	if (record->state == TCP_CLOSE)
		note_dead(close_waits, close_wait);
	else
		note_alive(close_waits, close_wait, record);
	close_wait->state = record->state;
	close_waits->states |= 1U << record->state;
	close_wait->inode = record->inode;
	close_wait->listed = close_waits->listing;
	set_owner(close_waits, close_wait, record);
}

void close_waits_holder(struct close_waits *close_waits, const struct record_holder *record)
{
	if (close_waits->active && record->process.pid)
		holders_add(&close_waits->holders, &close_waits->connections->processes, record);
}

static void let_go(struct close_waits *close_waits, const struct close_wait *close_wait)
{
	processes_release(&close_waits->connections->processes, close_wait->owner);
	processes_release(&close_waits->connections->processes, close_wait->first);
}

static void forget_the_gone(struct close_waits *close_waits)
{
	for (size_t i = 0; i < close_waits->gone_count; i++)
		let_go(close_waits, &close_waits->gone[i]);
	close_waits->gone_count = 0;
}

/* What the last listing showed is what the one before showed, from now on. */
static void turn_over(struct close_waits *close_waits)
{
	struct holders older = close_waits->holders_before;

	close_waits->holders_before = close_waits->holders;
	close_waits->holders = older;
	holders_clear(&close_waits->holders, &close_waits->connections->processes);
	forget_the_gone(close_waits);
	close_waits->before_ns = close_waits->time_ns;
}

static void begin(struct close_waits *close_waits, uint64_t time_ns)
{
	turn_over(close_waits);
	close_waits->active = true;
	close_waits->listing++;
	close_waits->time_ns = time_ns;
	if (!close_waits->first_ns)
		close_waits->first_ns = time_ns;
	close_waits->in_close_wait = 0;
}

/* Each knows its holders, sorted, from now on until the next listing begins. */
static void link_holders(struct close_waits *close_waits)
{
	const struct holders *holders = &close_waits->holders;
	struct holder_range run;

	for (size_t i = 0; i < holders->count; i += run.count) {
		uint32_t number;

		run = holders_run(holders, i);
		number = index_find(&close_waits->index, run.first->cookie);
		if (!number)
			continue; /* a listener */
		get(close_waits, number)->held_at = (uint32_t)i;
		get(close_waits, number)->held = (uint32_t)run.count;
		get(close_waits, number)->held_in = close_waits->listing;
	}
}

static struct holder_range holders_of(const struct close_waits *close_waits,
				      const struct close_wait *close_wait)
{
	if (!close_wait->held || close_wait->held_in != close_waits->listing)
		return (struct holder_range){0};
	return (struct holder_range){close_waits->holders.items + close_wait->held_at,
				     close_wait->held};
}

/* One whose descriptor is there still was not closed, whatever became of it. */
static bool was_closed(const struct close_waits *close_waits, const struct close_wait *close_wait)
{
	return close_wait->state == TCP_CLOSE_WAIT && !holders_of(close_waits, close_wait).count;
}

static void note_gone(struct close_waits *close_waits, const struct close_wait *close_wait)
{
	if (close_waits->gone_count == close_waits->gone_capacity) {
		close_waits->gone_capacity = 2 * close_waits->gone_capacity + GONE_MIN;
		close_waits->gone = memory_resize(close_waits->gone, close_waits->gone_capacity,
						  sizeof(*close_waits->gone));
	}
	close_waits->gone[close_waits->gone_count++] = *close_wait;
}

/* What was closed is kept as gone. */
static void remove_number(struct close_waits *close_waits, uint32_t number)
{
	struct close_wait *close_wait = get(close_waits, number);

	if (was_closed(close_waits, close_wait))
		note_gone(close_waits, close_wait);
	else
		let_go(close_waits, close_wait);
	index_remove(&close_waits->index, close_wait->cookie);
	pool_remove(&close_waits->pool, number);
}

static void remember_first(struct close_waits *close_waits, struct close_wait *close_wait,
			   uint32_t process)
{
	struct processes *processes = &close_waits->connections->processes;

	if (close_wait->first == process)
		return;
	if (close_wait->first && processes_compare(processes, close_wait->first, process) <= 0)
		return;
	processes_reference(processes, process);
	processes_release(processes, close_wait->first);
	close_wait->first = process;
}

/* Whom nothing else is known to own is its first holder's, so that it need not be looked up again.
 */
static void own_by_holders(struct close_waits *close_waits, struct close_wait *close_wait,
			   struct holder_range holders)
{
	if (!holders.count)
		return;
	remember_first(close_waits, close_wait, holders.first->process);
	if (!close_wait->owner)
		refer(close_waits, close_wait, holders.first->process, OWNER_HOLDER);
}

/* A listing that did not ask for it says nothing of it: it is as it was. */
static void keep_if_loose(struct close_waits *close_waits, struct close_wait *close_wait)
{
	if (!close_wait->loose || close_wait->listed == close_waits->listing)
		return;
	close_wait->listed = close_waits->listing;
	close_waits->in_close_wait += close_wait->state == TCP_CLOSE_WAIT;
}

static bool is_loose(const struct close_wait *close_wait, struct holder_range holders)
{
	return close_wait->state != TCP_CLOSE && !(close_wait->flags & SOCKET_UNACCEPTED) &&
	       !holders.count;
}

/* What the listing has shown of one, or not. */
static void settle(struct close_waits *close_waits, const struct record_listing *record,
		   uint32_t number)
{
	struct close_wait *close_wait = get(close_waits, number);
	struct holder_range holders = holders_of(close_waits, close_wait);

	if (record->partial)
		keep_if_loose(close_waits, close_wait);
	if (!record->broken && close_wait->listed != close_waits->listing) {
		remove_number(close_waits, number);
		return;
	}
	close_waits->states |= 1U << close_wait->state;
	close_wait->loose = is_loose(close_wait, holders);
	own_by_holders(close_waits, close_wait, holders);
}

static void end(struct close_waits *close_waits, const struct record_listing *record)
{
	struct processes *processes = &close_waits->connections->processes;
	const struct pool *pool = &close_waits->pool;

	forget_the_gone(close_waits); /* there are some if it ends twice */
	close_waits->active = false;
	close_waits->broken = record->broken;
	holders_sort(&close_waits->holders, processes);
	if (record->broken)
		holders_keep(&close_waits->holders, &close_waits->holders_before, processes);
	link_holders(close_waits);
	close_waits->states = 0;
	for (uint32_t i = pool_next(pool, 0); i; i = pool_next(pool, i))
		settle(close_waits, record, i);
}

void close_waits_listing(struct close_waits *close_waits, const struct record_listing *record)
{
	if (record->phase == LISTING_BEGINS)
		begin(close_waits, record->header.time_ns);
	else if (record->phase == LISTING_ENDS)
		end(close_waits, record);
}

struct holder_range close_waits_holders_of(const struct close_waits *close_waits, uint64_t cookie)
{
	return holders_find(&close_waits->holders, cookie);
}

const struct connection *close_waits_listener(const struct close_waits *close_waits,
					      const struct close_wait *close_wait)
{
	const struct connections *connections = close_waits->connections;
	const struct connection *listener = NULL;

	if (close_wait->listener)
		listener = connections_find(connections, close_wait->listener);
	if (listener && listener->state == TCP_LISTEN)
		return listener;
	return connections_queue(connections, &close_wait->tuple, close_wait->owner);
}

struct holder_range close_waits_holders(const struct close_waits *close_waits,
					const struct close_wait *close_wait)
{
	const struct connection *listener;

	if (close_wait->kind != KIND_UNACCEPTED || close_wait->state == TCP_CLOSE)
		return holders_of(close_waits, close_wait);
	listener = close_waits_listener(close_waits, close_wait);
	return close_waits_holders_of(close_waits, listener ? listener->cookie : 0);
}

struct holder_range close_waits_holders_before(const struct close_waits *close_waits,
					       const struct close_wait *close_wait)
{
	return holders_find(&close_waits->holders_before, close_wait->cookie);
}

static void each_in(const struct close_waits *close_waits, uint32_t states,
		    void (*visit)(void *context, const struct close_wait *close_wait),
		    void *context)
{
	const struct pool *pool = &close_waits->pool;

	if (!(states & close_waits->states))
		return;
	for (uint32_t i = pool_next(pool, 0); i; i = pool_next(pool, i))
		if (states & 1U << get(close_waits, i)->state)
			visit(context, get(close_waits, i));
}

void close_waits_each_partner(const struct close_waits *close_waits,
			      void (*visit)(void *context, const struct close_wait *close_wait),
			      void *context)
{
	each_in(close_waits, 1U << TCP_FIN_WAIT1 | 1U << TCP_FIN_WAIT2, visit, context);
}

void close_waits_each(const struct close_waits *close_waits,
		      void (*visit)(void *context, const struct close_wait *close_wait),
		      void *context)
{
	each_in(close_waits, 1U << TCP_CLOSE_WAIT, visit, context);
}

void close_waits_each_dead(const struct close_waits *close_waits,
			   void (*visit)(void *context, const struct close_wait *close_wait),
			   void *context)
{
	each_in(close_waits, 1U << TCP_CLOSE, visit, context);
}

void close_waits_each_gone(const struct close_waits *close_waits,
			   void (*visit)(void *context, const struct close_wait *close_wait),
			   void *context)
{
	for (size_t i = 0; i < close_waits->gone_count; i++)
		visit(context, &close_waits->gone[i]);
}

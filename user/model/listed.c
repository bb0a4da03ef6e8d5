// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/listed.h"

#include "base/memory.h"
#include "base/time.h"

/* So near to the last data that we sent, the last ACK is that of our FIN. */
#define AT_ONCE_NS     (20 * NS_PER_MS)
#define UNANSWERED_MIN 2		/* probes: one may just be on its way */
#define APART_NS       (20 * NS_PER_MS) /* without BPF equal times are told a tick apart */

void listed_init(struct listed_sockets *sockets, struct connections *connections)
{
	*sockets = (struct listed_sockets){.connections = connections};
	pool_init(&sockets->pool, sizeof(struct listed));
	index_init(&sockets->index, &sockets->pool);
}

void listed_free(struct listed_sockets *sockets)
{
	index_free(&sockets->index);
	pool_free(&sockets->pool);
}

static struct listed *get(const struct listed_sockets *sockets, uint32_t number)
{
	return pool_get(&sockets->pool, number);
}

void listed_begin(struct listed_sockets *sockets, uint64_t time_ns)
{
	sockets->listing++;
	sockets->time_ns = time_ns;
	if (!sockets->first_ns)
		sockets->first_ns = time_ns;
}

static bool is_closing(unsigned int state)
{
	return CLOSING_STATES & 1U << state;
}

static void begin_life(const struct listed_sockets *sockets, struct listed *listed)
{
	listed->seen_ns = listed->since_ns = sockets->time_ns;
	listed->stuck_ns = 0;
	listed->at_least = true;
}

static struct listed *find_or_add(struct listed_sockets *sockets, uint64_t cookie)
{
	uint32_t number = index_find(&sockets->index, cookie);
	struct listed *listed;

	if (number)
		return get(sockets, number);
	number = pool_add(&sockets->pool);
	listed = get(sockets, number);
	listed->cookie = cookie;
	begin_life(sockets, listed);
	index_add(&sockets->index, number);
	return listed;
}

static unsigned int direction_of(const struct listed_sockets *sockets,
				 const struct record_socket *record)
{
	if (record->state == TCP_LISTEN)
		return DIRECTION_UNKNOWN;
	if (record->state == TCP_SYN_SENT)
		return DIRECTION_OUT;
	if (record->direction != DIRECTION_UNKNOWN)
		return record->direction;
	return connections_listener(sockets->connections, &record->tuple, 0) ? DIRECTION_IN
									     : DIRECTION_UNKNOWN;
}

static void refer(struct listed_sockets *sockets, struct listed *listed, uint32_t number,
		  unsigned int owner_by)
{
	struct processes *processes = &sockets->connections->processes;

	processes_reference(processes, number);
	processes_release(processes, listed->owner);
	listed->owner = number;
	listed->owner_by = (uint8_t)owner_by;
}

void listed_own(struct listed_sockets *sockets, struct listed *listed, uint32_t process)
{
	refer(sockets, listed, process, OWNER_HOLDER);
}

/*
 * Whoever has a descriptor is found by that. Who closed an orphan, or who waits for an answer, is
 * known where that was streamed.
 */
static void learn_owner(struct listed_sockets *sockets, struct listed *listed,
			const struct record_socket *record, const struct connection *connection)
{
	struct processes *processes = &sockets->connections->processes;
	bool streamed = record->flags & SOCKET_ORPHAN || record->state == TCP_SYN_SENT;

	if (connection && connection->closer && record->flags & SOCKET_ORPHAN)
		refer(sockets, listed, connection->closer, OWNER_CLOSE);
	else if (listed->owner)
		return;
	else if (connection && connection->owner && streamed)
		refer(sockets, listed, connection->owner, connection->owner_by);
	else
		refer(sockets, listed, processes_number(processes, &record->owner),
		      record->owner_by);
}

static void learn_since(struct listed *listed, uint64_t since_ns, bool at_least)
{
	if (!since_ns || !listed->at_least)
		return;
	if (!at_least) {
		listed->since_ns = since_ns;
		listed->at_least = false;
	} else if (since_ns < listed->since_ns) {
		listed->since_ns = since_ns;
	}
}

/*
 * The last ACK was that of our FIN, unless data came with it later, or it answered a probe of ours.
 * The FIN went with our last data, or after it: where the ACK came at once, it is that.
 */
static bool last_ack_is_of_fin(const struct record_socket *record)
{
	const struct socket_times *times = &record->times;
	uint64_t idle_ns = record->header.time_ns - times->received_ns;

	if (record->flags & SOCKET_MPTCP)
		return false;
	if (times->acked_ns <= times->sent_ns + AT_ONCE_NS)
		return true;
	if (times->keepalive_ns && idle_ns >= times->keepalive_ns)
		return false;
	return times->received_ns < times->acked_ns;
}

/* What is sent again is the FIN alone: that was sent before. */
static bool sends_fin_again(const struct record_socket *record)
{
	return record->retransmits && record->unacked == 1 && !record->unsent &&
	       record->state != TCP_FIN_WAIT2;
}

static void learn_age(struct listed *listed, const struct record_socket *record,
		      const struct connection *connection)
{
	if (record->state == TCP_SYN_SENT)
		learn_since(listed, record->retrans_ns, false);
	else if (record->state == TCP_FIN_WAIT2)
		learn_since(listed, record->times.acked_ns, !last_ack_is_of_fin(record));
	else if (sends_fin_again(record))
		learn_since(listed, record->retrans_ns, true);
	if (connection && connection->since_ns && connection->state == record->state &&
	    record->state != TCP_FIN_WAIT2)
		learn_since(listed, connection->since_ns, false);
}

/* What is sent again and acknowledges nothing, since the listing before if that was so then. */
static void learn_silence(const struct listed_sockets *sockets, struct listed *listed,
			  const struct record_socket *record)
{
	bool again = record->retransmits || record->probes >= UNANSWERED_MIN;
	bool answered = record->times.acked_ns > listed->acked_ns + APART_NS;

	if (!again)
		listed->stuck_ns = 0;
	else if (!listed->stuck_ns || answered)
		listed->stuck_ns = sockets->time_ns;
}

/* Our FIN is the last thing that it sends, and counts as a byte. */
static void take_bytes(struct listed *listed, const struct record_socket *record)
{
	bool fin = is_closing(record->state) && record->unacked + record->unsent;

	listed->unsent = record->unsent - (fin && record->unsent);
	listed->unacked = record->unacked - (fin && !record->unsent);
	if (record->state == TCP_SYN_SENT)
		listed->unacked = listed->unsent = 0;
}

static void take_queue(struct listed *listed, const struct record_socket *record)
{
	listed->queue = record->recvq;
	listed->queue_limit = record->queue_limit;
	listed->syn_queue = record->syn_queue;
	listed->drops = record->drops;
}

void listed_socket(struct listed_sockets *sockets, const struct record_socket *record)
{
	const struct connection *connection =
		connections_find(sockets->connections, record->cookie);
	struct listed *listed;

	if (!record->cookie || record->flags & SOCKET_MINISOCKET)
		return;
	listed = find_or_add(sockets, record->cookie);
	if (is_closing(listed->state) != is_closing(record->state))
		begin_life(sockets, listed);
	learn_age(listed, record, connection);
	learn_silence(sockets, listed, record);
	learn_owner(sockets, listed, record, connection);
	take_bytes(listed, record);
	take_queue(listed, record);
	listed->tuple = record->tuple;
	listed->state = record->state;
	listed->flags = record->flags;
	listed->inode = record->inode;
	listed->acked_ns = record->times.acked_ns;
	listed->retransmits = record->retransmits;
	listed->probes = record->probes;
	listed->direction = (uint8_t)direction_of(sockets, record);
	listed->listing = sockets->listing;
}

static void remove_number(struct listed_sockets *sockets, uint32_t number)
{
	refer(sockets, get(sockets, number), 0, OWNER_NONE);
	index_remove(&sockets->index, get(sockets, number)->cookie);
	pool_remove(&sockets->pool, number);
}

static void remove_the_gone(struct listed_sockets *sockets)
{
	const struct pool *pool = &sockets->pool;

	for (uint32_t i = pool_next(pool, 0); i; i = pool_next(pool, i))
		if (get(sockets, i)->listing != sockets->listing)
			remove_number(sockets, i);
}

void listed_end(struct listed_sockets *sockets, bool broken)
{
	sockets->broken = broken;
	remove_the_gone(sockets);
}

bool listed_age_ns(const struct listed_sockets *sockets, const struct listed *listed,
		   uint64_t *age_ns)
{
	uint64_t now_ns = sockets->time_ns, since_ns = listed->since_ns;

	*age_ns = now_ns > since_ns ? now_ns - since_ns : 0;
	return *age_ns || !listed->at_least || listed->seen_ns != sockets->first_ns;
}

bool listed_sends_again(const struct listed *listed)
{
	return listed->stuck_ns;
}

bool listed_is_silent(const struct listed_sockets *sockets, const struct listed *listed, bool once)
{
	return listed->stuck_ns && (once || listed->stuck_ns < sockets->time_ns);
}

void listed_each(const struct listed_sockets *sockets, uint32_t states,
		 void (*visit)(void *context, struct listed *listed), void *context)
{
	const struct pool *pool = &sockets->pool;

	for (uint32_t i = pool_next(pool, 0); i; i = pool_next(pool, i)) {
		struct listed *listed = get(sockets, i);

		if (listed->listing == sockets->listing && states & 1U << listed->state)
			visit(context, listed);
	}
}

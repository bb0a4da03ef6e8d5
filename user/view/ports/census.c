// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/ports/census.h"

#include "base/memory.h"
#include "base/search.h"

bool census_concerns(const struct connection *connection)
{
	if (connection->flags & CONNECTION_GONE || connection->direction == DIRECTION_IN)
		return false;
	if (connection->state == TCP_CLOSE || connection->state == TCP_LISTEN)
		return false;
	return connection->tuple.lport != 0;
}

static void forget_owners(struct census *census, struct processes *processes)
{
	for (size_t i = 0; i < census->owner_count; i++)
		processes_release(processes, census->owners[i].process);
	census->owner_count = 0;
}

void census_free(struct census *census, struct processes *processes)
{
	if (!census->sharers || --*census->sharers == 0) {
		forget_owners(census, processes);
		free(census->owners);
		free(census->sharers);
	}
	*census = (struct census){0};
}

struct census census_share(struct census *census)
{
	if (!census->sharers) {
		census->sharers = memory_new(1, sizeof(*census->sharers));
		*census->sharers = 1;
	}
	++*census->sharers;
	return *census;
}

void census_begin(struct census *census, const struct model *model, uint32_t netns,
		  uint16_t own_low, uint16_t own_high)
{
	const struct port_space *space = port_spaces_find(&model->ports, netns);
	struct census fresh = {
		.owners = census->owners,
		.owner_capacity = census->owner_capacity,
		.supply_known = space != NULL,
	};

	forget_owners(census, model->ports.processes);
	*census = fresh;
	if (space)
		port_supply(space, own_low, own_high, &census->supply);
}

static uint64_t process_of(const void *owner)
{
	return ((const struct census_owner *)owner)->process;
}

/* The place of the owner among those found so far, by number, or where it would be. */
static size_t place_of(const struct census *census, uint32_t process)
{
	return search_place(census->owners, census->owner_count, sizeof(*census->owners),
			    process_of, process);
}

static struct census_owner *owner_of(struct census *census, struct processes *processes,
				     uint32_t process)
{
	size_t place = place_of(census, process);
	struct census_owner *owner;

	if (place < census->owner_count && census->owners[place].process == process)
		return &census->owners[place];
	if (census->owner_count == census->owner_capacity) {
		census->owner_capacity = census->owner_capacity ? census->owner_capacity * 2 : 4;
		census->owners = memory_resize(census->owners, census->owner_capacity,
					       sizeof(*census->owners));
	}
	owner = &census->owners[place];
	memmove(owner + 1, owner, (census->owner_count - place) * sizeof(*owner));
	*owner = (struct census_owner){.process = process};
	processes_reference(processes, process);
	census->owner_count++;
	return owner;
}

static bool is_reusable(const struct port_space *space, const struct connection *connection,
			uint64_t time_ns)
{
	bool timestamps = connection->flags & CONNECTION_TIMESTAMPS;
	uint64_t since_ns = connection->since_ns;

	if (connection->state != TCP_TIME_WAIT || !since_ns || since_ns > time_ns)
		return false;
	return port_reusable(space, &connection->tuple, timestamps, time_ns - since_ns);
}

/* A TIME_WAIT will be held for its whole length, or until connect() may have it. */
static uint64_t hold_ns(const struct model *model, const struct port_space *space,
			const struct connection *connection, uint64_t time_ns)
{
	bool timestamps = connection->flags & CONNECTION_TIMESTAMPS;
	uint64_t length_ns = model->timewait_ns;
	uint64_t age_ns = time_ns - connection->began_ns;

	if (connection->state != TCP_TIME_WAIT || connection->since_ns < connection->began_ns)
		return age_ns;
	if (space && port_reusable(space, &connection->tuple, timestamps, UINT64_MAX))
		length_ns = space->tw_reuse_delay_ns;
	length_ns += connection->since_ns - connection->began_ns;
	return age_ns > length_ns ? age_ns : length_ns;
}

/*
 * As far as the view's own needs tell it: a row is the same whatever is streamed for others. What
 * is in SYN_SENT, or in FIN_WAIT2 before a minisocket stands for it, only a listing shows. CLOSE:
 * it is not known of yet.
 */
static unsigned int state_of(const struct model *model, const struct connection *connection)
{
	bool streamed = connection->since_ns > model->listing.begin_ns;

	if (connection->state == TCP_SYN_SENT && !connection->listed)
		return TCP_CLOSE;
	if (connection->state == TCP_FIN_WAIT2 && streamed &&
	    !(connection->flags & CONNECTION_MINISOCKET))
		return TCP_FIN_WAIT1;
	return connection->state;
}

static void count_bound(struct census *census, const struct port_space *space, uint16_t port)
{
	census->bound++;
	census->bound_in_range += space && port_in_range(space, &census->supply, port);
}

void census_count(struct census *census, struct model *model, const struct connection *connection,
		  uint64_t time_ns)
{
	const struct port_space *space = port_spaces_find(&model->ports, connection->tuple.netns);
	unsigned int state = state_of(model, connection);
	struct census_owner *owner;

	if (state == TCP_CLOSE)
		return;
	if (connection->flags & CONNECTION_BOUND) {
		count_bound(census, space, connection->tuple.lport);
		return;
	}
	if (space && !port_supplied(space, &census->supply, connection->tuple.lport))
		return;
	owner = owner_of(census, &model->connections.processes, connection->owner);
	owner->ports++;
	owner->by_state[state]++;
	census->by_state[state]++;
	census->used++;
	if (space && is_reusable(space, connection, time_ns))
		census->reusable++;
	if (!connection->began_ns || connection->began_ns > time_ns)
		return;
	census->held++;
	census->hold_ns += hold_ns(model, space, connection, time_ns);
}

static int more_ports(const void *a, const void *b, void *processes)
{
	const struct census_owner *left = a, *right = b;

	if (left->ports != right->ports)
		return left->ports > right->ports ? -1 : 1;
	return processes_compare(processes, left->process, right->process);
}

void census_sort_owners(struct census *census, const struct processes *processes)
{
	if (census->owner_count)
		qsort_r(census->owners, census->owner_count, sizeof(*census->owners), more_ports,
			(void *)processes);
}

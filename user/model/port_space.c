// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/port_space.h"

#include "base/memory.h"
#include "base/time.h"

#define REUSE_ON       1
#define REUSE_LOOPBACK 2

static bool in_bitmap(const uint8_t *bitmap, uint32_t port)
{
	return bitmap[port >> 3] >> (port & 7) & 1;
}

static void count_supply(const struct port_space *space, struct port_supply *supply)
{
	for (uint32_t port = supply->low; port <= supply->high; port++) {
		if (in_bitmap(space->reserved, port))
			supply->reserved++;
		else if (in_bitmap(space->bound, port))
			supply->blocked++;
		else
			supply->supply++;
	}
}

void port_supply(const struct port_space *space, uint16_t own_low, uint16_t own_high,
		 struct port_supply *supply)
{
	if (!own_low && !own_high) {
		*supply = space->whole;
		return;
	}
	*supply = (struct port_supply){.low = space->low, .high = space->high};
	if (supply->low <= own_low && own_low <= supply->high)
		supply->low = own_low;
	if (supply->low <= own_high && own_high <= supply->high)
		supply->high = own_high;
	count_supply(space, supply);
}

void port_spaces_init(struct port_spaces *ports, struct processes *processes)
{
	*ports = (struct port_spaces){.processes = processes};
}

static void release_holders(struct port_spaces *ports)
{
	for (size_t i = 0; i < ports->holder_count; i++)
		processes_release(ports->processes, ports->holders[i].process);
	ports->holder_count = 0;
}

void port_spaces_free(struct port_spaces *ports)
{
	release_holders(ports);
	free(ports->spaces);
	free(ports->holders);
}

static struct port_space *find(const struct port_spaces *ports, uint32_t netns)
{
	for (size_t i = 0; i < ports->space_count; i++)
		if (ports->spaces[i].netns == netns)
			return &ports->spaces[i];
	return NULL;
}

static struct port_space *find_or_add(struct port_spaces *ports, uint32_t netns)
{
	struct port_space *space = find(ports, netns);

	if (space)
		return space;
	ports->spaces =
		memory_resize(ports->spaces, ports->space_count + 1, sizeof(*ports->spaces));
	space = &ports->spaces[ports->space_count++];
	memset(space, 0, sizeof(*space));
	space->netns = netns;
	return space;
}

void port_spaces_settings(struct port_spaces *ports, const struct record_ports *record)
{
	struct port_space *space = find_or_add(ports, record->netns);

	space->low = record->low;
	space->high = record->high;
	space->tw_reuse = record->tw_reuse;
	space->tw_reuse_delay_ns = record->tw_reuse_delay_ms * NS_PER_MS;
	memcpy(space->reserved, record->reserved, sizeof(space->reserved));
	space->listed = true;
}

static void add_holder(struct port_spaces *ports, const struct bound_holder *holder)
{
	if (ports->holder_count == ports->holder_capacity) {
		ports->holder_capacity = ports->holder_capacity ? ports->holder_capacity * 2 : 64;
		ports->holders = memory_resize(ports->holders, ports->holder_capacity,
					       sizeof(*ports->holders));
	}
	ports->holders[ports->holder_count++] = *holder;
	processes_reference(ports->processes, holder->process);
}

void port_spaces_bound(struct port_spaces *ports, uint32_t netns, uint16_t port, uint32_t process)
{
	struct port_space *space = find(ports, netns);

	if (!space || port < space->low || port > space->high)
		return;
	space->listing[port >> 3] |= (uint8_t)(1 << (port & 7));
	if (process)
		add_holder(ports, &(struct bound_holder){netns, port, process});
}

static void begin(struct port_spaces *ports)
{
	release_holders(ports);
	for (size_t i = 0; i < ports->space_count; i++) {
		memset(ports->spaces[i].listing, 0, PORT_BITMAP);
		ports->spaces[i].listed = false;
	}
}

static int by_process(const void *a, const void *b, void *processes)
{
	const struct bound_holder *left = a, *right = b;
	int order;

	if (left->netns != right->netns)
		return left->netns < right->netns ? -1 : 1;
	order = processes_compare(processes, left->process, right->process);
	if (order)
		return order;
	return (left->port > right->port) - (left->port < right->port);
}

/* Namespaces that were not listed are gone. */
static void end(struct port_spaces *ports)
{
	size_t kept = 0;

	if (ports->holder_count)
		qsort_r(ports->holders, ports->holder_count, sizeof(*ports->holders), by_process,
			ports->processes);
	for (size_t i = 0; i < ports->space_count; i++) {
		struct port_space *space = &ports->spaces[i];

		if (!space->listed)
			continue;
		space->known = true;
		memcpy(space->bound, space->listing, PORT_BITMAP);
		space->whole = (struct port_supply){.low = space->low, .high = space->high};
		count_supply(space, &space->whole);
		if (kept != i)
			ports->spaces[kept] = *space;
		kept++;
	}
	ports->space_count = kept;
}

void port_spaces_listing(struct port_spaces *ports, const struct record_listing *record)
{
	if (record->phase == LISTING_BEGINS)
		begin(ports);
	else if (record->phase == LISTING_ENDS)
		end(ports);
}

const struct port_space *port_spaces_find(const struct port_spaces *ports, uint32_t netns)
{
	const struct port_space *space = find(ports, netns);

	return space && space->known ? space : NULL;
}

bool port_in_range(const struct port_space *space, const struct port_supply *supply, uint16_t port)
{
	return port >= supply->low && port <= supply->high && !in_bitmap(space->reserved, port);
}

bool port_supplied(const struct port_space *space, const struct port_supply *supply, uint16_t port)
{
	return port_in_range(space, supply, port) && !in_bitmap(space->bound, port);
}

/* Keeps the greatest, in their order; of equals the first that came. */
static size_t keep_greatest(struct port_blocker *blockers, size_t count, size_t max,
			    struct port_blocker blocker)
{
	for (size_t i = 0; i < count; i++) {
		struct port_blocker other = blockers[i];

		if (other.ports >= blocker.ports)
			continue;
		blockers[i] = blocker;
		blocker = other;
	}
	if (count < max)
		blockers[count++] = blocker;
	return count;
}

/* From `i` on, those of one process, a port that it holds twice once; where the next one's begin.
 */
static size_t count_of_one(const struct port_spaces *ports, size_t i,
			   const struct port_space *space, const struct port_supply *supply,
			   struct port_blocker *blocker)
{
	const struct bound_holder *first = &ports->holders[i], *before = NULL;

	*blocker = (struct port_blocker){.process = first->process};
	for (; i < ports->holder_count; i++) {
		const struct bound_holder *holder = &ports->holders[i];

		if (holder->process != first->process || holder->netns != first->netns)
			break;
		if (!port_in_range(space, supply, holder->port) ||
		    (before && before->port == holder->port))
			continue;
		before = holder;
		blocker->ports++;
	}
	return i;
}

/* They are sorted by process: those of one follow each other. */
size_t port_spaces_blockers(const struct port_spaces *ports, uint32_t netns,
			    const struct port_supply *supply, struct port_blocker *blockers,
			    size_t max)
{
	const struct port_space *space = port_spaces_find(ports, netns);
	struct port_blocker blocker;
	size_t count = 0, i = 0;

	while (space && i < ports->holder_count) {
		if (ports->holders[i].netns != netns) {
			i++;
			continue;
		}
		i = count_of_one(ports, i, space, supply, &blocker);
		if (blocker.ports)
			count = keep_greatest(blockers, count, max, blocker);
	}
	return count;
}

uint32_t port_spaces_holder(const struct port_spaces *ports, uint32_t netns, uint16_t port)
{
	for (size_t i = 0; i < ports->holder_count; i++)
		if (ports->holders[i].netns == netns && ports->holders[i].port == port)
			return ports->holders[i].process;
	return 0;
}

bool address_is_loopback(const uint8_t *address)
{
	static const uint8_t v6[16] = {[15] = 1};
	static const uint8_t v4[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(address, v6, 16) == 0 ||
	       (memcmp(address, v4, sizeof(v4)) == 0 && address[12] == 127);
}

bool port_reusable(const struct port_space *space, const struct tuple *tuple, bool timestamps,
		   uint64_t age_ns)
{
	if (!timestamps || age_ns < space->tw_reuse_delay_ns)
		return false;
	if (space->tw_reuse == REUSE_LOOPBACK)
		return address_is_loopback(tuple->laddr) || address_is_loopback(tuple->raddr);
	return space->tw_reuse == REUSE_ON;
}

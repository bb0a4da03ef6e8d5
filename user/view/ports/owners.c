// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The owners of a census, by process or by group. */
#include "base/memory.h"
#include "view/ports/ports.h"

struct grouped {
	uint64_t key;
	struct census_owner owner;
};

static int by_key(const void *a, const void *b)
{
	const struct grouped *left = a, *right = b;

	return (left->key > right->key) - (left->key < right->key);
}

/* The census has them by ports, then by process: of equals the first comes first here as well. */
static int by_ports(const void *a, const void *b)
{
	const struct grouped *left = a, *right = b;

	if (left->owner.ports != right->owner.ports)
		return left->owner.ports > right->owner.ports ? -1 : 1;
	return by_key(a, b);
}

static void merge(struct census_owner *into, const struct census_owner *owner)
{
	into->ports += owner->ports;
	for (unsigned int state = 0; state < TCP_STATES; state++)
		into->by_state[state] += owner->by_state[state];
}

/* Those of one group follow each other; how many groups there are. */
static size_t merge_groups(struct grouped *items, size_t count)
{
	size_t groups = 0;

	for (size_t i = 0; i < count; i++) {
		if (groups && items[groups - 1].key == items[i].key)
			merge(&items[groups - 1].owner, &items[i].owner);
		else
			items[groups++] = items[i];
	}
	return groups;
}

static void take(struct port_owners *owners, const struct census_owner *owner)
{
	if (owners->count < PORTS_LISTED) {
		owners->items[owners->count++] = *owner;
		return;
	}
	owners->omitted++;
	owners->others += owner->ports;
}

static void take_groups(const struct ports *view, const struct census *census,
			struct port_owners *owners)
{
	struct grouped *items = memory_new(census->owner_count + 1, sizeof(*items));
	size_t groups;

	for (size_t i = 0; i < census->owner_count; i++) {
		const struct process *process =
			rows_process(&view->rows, census->owners[i].process);

		items[i].owner = census->owners[i];
		items[i].key = grouping_key(view->config.by, process);
	}
	qsort(items, census->owner_count, sizeof(*items), by_key);
	groups = merge_groups(items, census->owner_count);
	qsort(items, groups, sizeof(*items), by_ports);
	for (size_t i = 0; i < groups; i++)
		take(owners, &items[i].owner);
	free(items);
}

struct port_owners ports_owners(const struct ports *view, const struct census *census)
{
	struct port_owners owners = {0};

	if (view->config.by != BY_PID) {
		take_groups(view, census, &owners);
		return owners;
	}
	for (size_t i = 0; i < census->owner_count; i++)
		take(&owners, &census->owners[i]);
	return owners;
}

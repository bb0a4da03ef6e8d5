// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/growth.h"

#include <string.h>

#include "base/memory.h"
#include "base/time.h"

#define WINDOW_NS (60 * NS_PER_S)
#define LEAST_NS                                                                                   \
	(NS_PER_S / 20) /* over less a change says nothing: one more socket were 1,000/s           \
			 */

static uint64_t time_of(const struct growth_clock *clock, uint32_t refresh)
{
	return clock->time_ns[refresh % GROWTH_REFRESHES];
}

void growth_tick(struct growth_clock *clock, uint64_t time_ns)
{
	clock->kept =
		!clock->newest || time_ns - time_of(clock, clock->newest) >= NS_PER_S * 9 / 10;
	clock->now_ns = time_ns;
	if (clock->kept)
		clock->time_ns[++clock->newest % GROWTH_REFRESHES] = time_ns;
}

/* The oldest refresh that is known, not before `first`, and within 60 s of `time_ns`. */
static uint32_t oldest(const struct growth_clock *clock, uint32_t first, uint64_t time_ns)
{
	uint32_t refresh = first ? first : 1;

	if (clock->newest >= GROWTH_REFRESHES && refresh <= clock->newest - GROWTH_REFRESHES)
		refresh = clock->newest - GROWTH_REFRESHES + 1;
	while (refresh <= clock->newest && time_ns > time_of(clock, refresh) + WINDOW_NS)
		refresh++;
	return refresh;
}

/* Drops what holds for none of the refreshes that will be asked for. */
static void forget(struct growth *growth, const struct growth_clock *clock)
{
	uint32_t needed = oldest(clock, 1, time_of(clock, clock->newest)), dropped = 0;

	while (dropped + 1 < growth->count && growth->changes[dropped + 1].refresh <= needed)
		dropped++;
	growth->count -= dropped;
	memmove(growth->changes, growth->changes + dropped,
		growth->count * sizeof(*growth->changes));
}

static void resize(struct growth *growth, uint32_t capacity)
{
	growth->capacity = capacity;
	growth->changes = memory_resize(growth->changes, capacity, sizeof(*growth->changes));
}

static void append(struct growth *growth, uint32_t refresh, double value)
{
	if (growth->count == growth->capacity)
		resize(growth, growth->capacity ? 2 * growth->capacity : 1);
	growth->changes[growth->count++] =
		(struct growth_change){.value = value, .refresh = refresh};
}

void growth_begin(struct growth *growth, uint64_t refresh_ns)
{
	growth->first_ns = refresh_ns;
}

void growth_add(struct growth *growth, const struct growth_clock *clock, double value)
{
	if (!growth->first_ns) {
		growth->first_ns = clock->now_ns;
		growth->first = value;
	}
	if (!clock->kept)
		return;
	if (growth->count > 1)
		forget(growth, clock);
	if (!growth->count || growth->changes[growth->count - 1].value != value)
		append(growth, clock->newest, value);
	else if (growth->count <= growth->capacity / 4)
		resize(growth, growth->capacity / 2);
}

static double value_at(const struct growth *growth, uint32_t refresh)
{
	uint32_t i = growth->count - 1;

	while (i && growth->changes[i].refresh > refresh)
		i--;
	return growth->changes[i].value;
}

static bool is_recent(uint64_t first_ns, uint64_t time_ns)
{
	return first_ns && first_ns < time_ns && time_ns - first_ns <= WINDOW_NS;
}

/* What it was, and when: at the oldest refresh that counts. */
struct base {
	uint64_t time_ns;
	double value;
};

static bool find_base(const struct growth *growth, const struct growth_clock *clock,
		      uint64_t time_ns, struct base *base)
{
	uint32_t refresh;

	if (is_recent(growth->first_ns, time_ns)) {
		*base = (struct base){growth->first_ns, growth->first};
		return true;
	}
	if (!growth->count)
		return false;
	refresh = oldest(clock, growth->changes[0].refresh, time_ns);
	if (refresh > clock->newest || time_of(clock, refresh) + LEAST_NS > time_ns)
		return false;
	*base = (struct base){time_of(clock, refresh), value_at(growth, refresh)};
	return true;
}

bool growth_per_s(const struct growth *growth, const struct growth_clock *clock, uint64_t time_ns,
		  double value, double *per_s)
{
	struct base base;

	if (!find_base(growth, clock, time_ns, &base))
		return false;
	*per_s = (value - base.value) * NS_PER_S / (double)(time_ns - base.time_ns);
	return true;
}

double growth_change(const struct growth *growth, const struct growth_clock *clock,
		     uint64_t time_ns, double value)
{
	struct base base;

	return find_base(growth, clock, time_ns, &base) ? value - base.value : 0;
}

void growth_free(struct growth *growth)
{
	free(growth->changes);
	*growth = (struct growth){0};
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "growth.h"

#define NS_PER_S  1000000000ULL
#define WINDOW_NS (60 * NS_PER_S)

static uint32_t slot(const struct growth *growth, uint32_t i)
{
	return (growth->first + i) % GROWTH_SAMPLES;
}

static void forget(struct growth *growth, uint64_t time_ns)
{
	while (growth->count && (growth->count == GROWTH_SAMPLES ||
				 time_ns - growth->time_ns[growth->first] > WINDOW_NS)) {
		growth->first = slot(growth, 1);
		growth->count--;
	}
}

/* Refreshes that come faster than one a second are not all kept. */
void growth_add(struct growth *growth, uint64_t time_ns, double value)
{
	uint32_t last = slot(growth, growth->count ? growth->count - 1 : 0);

	if (growth->count && time_ns - growth->time_ns[last] < NS_PER_S * 9 / 10)
		return;
	forget(growth, time_ns);
	last = slot(growth, growth->count++);
	growth->time_ns[last] = time_ns;
	growth->value[last] = value;
}

void growth_begin(struct growth *growth, uint64_t refresh_ns)
{
	if (refresh_ns)
		growth_add(growth, refresh_ns, 0);
}

bool growth_per_s(const struct growth *growth, uint64_t time_ns, double value, double *per_s)
{
	for (uint32_t i = 0; i < growth->count; i++) {
		uint64_t then = growth->time_ns[slot(growth, i)];

		if (then >= time_ns || time_ns - then > WINDOW_NS)
			continue;
		*per_s = (value - growth->value[slot(growth, i)]) * NS_PER_S /
			 (double)(time_ns - then);
		return true;
	}
	return false;
}

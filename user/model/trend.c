// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/trend.h"

#include <string.h>

#include "base/memory.h"

#define STEPS_KEPT (TREND_MOST_NS / TREND_GRAIN_NS + 1)

static uint32_t step_at(const struct trend *trend, uint64_t time_ns)
{
	return (uint32_t)((time_ns - trend->first_ns) / TREND_GRAIN_NS);
}

/* Drops what holds for none of the last ten minutes. */
static void forget(struct trend *trend, uint32_t now)
{
	uint32_t oldest = now > STEPS_KEPT ? now - STEPS_KEPT : 0, dropped = 0;

	while (dropped + 1 < trend->step_count && trend->steps[dropped + 1].step <= oldest)
		dropped++;
	trend->step_count -= dropped;
	memmove(trend->steps, trend->steps + dropped, trend->step_count * sizeof(*trend->steps));
}

static void append(struct trend *trend, struct trend_step step)
{
	if (trend->step_count == trend->capacity) {
		trend->capacity = trend->capacity ? 2 * trend->capacity : 1;
		trend->steps = memory_resize(trend->steps, trend->capacity, sizeof(*trend->steps));
	}
	trend->steps[trend->step_count++] = step;
}

void trend_add(struct trend *trend, uint64_t time_ns, uint32_t count)
{
	struct trend_step *last;
	uint32_t now;

	if (!trend->step_count)
		*trend = (struct trend){.first_ns = time_ns,
					.first = count,
					.steps = trend->steps,
					.capacity = trend->capacity};
	if (time_ns < trend->first_ns)
		return;
	now = step_at(trend, time_ns);
	trend->seen += !trend->step_count || now != trend->last;
	trend->last = now;
	if (trend->step_count)
		forget(trend, now);
	last = trend->step_count ? &trend->steps[trend->step_count - 1] : NULL;
	if (last && last->step == now)
		last->count = count;
	else if (!last || last->count != count)
		append(trend, (struct trend_step){now, count});
}

void trend_free(struct trend *trend)
{
	free(trend->steps);
	*trend = (struct trend){0};
}

bool trend_is_known(const struct trend *trend, uint64_t time_ns)
{
	uint64_t steps, judged = TREND_MOST_NS / TREND_GRAIN_NS;

	if (!trend->step_count || time_ns < trend->first_ns + TREND_LEAST_NS)
		return false;
	steps = step_at(trend, time_ns) + 1;
	if (steps < judged)
		judged = steps;
	return trend->seen * judged / steps > TREND_MOST;
}

/* What it was when `step` began. */
static uint32_t count_before(const struct trend *trend, uint32_t step)
{
	uint32_t i = trend->step_count - 1;

	if (!step)
		return trend->first;
	while (i && trend->steps[i].step >= step)
		i--;
	return trend->steps[i].count;
}

bool trend_rises(const struct trend *trend, uint64_t time_ns)
{
	uint64_t from_ns = trend->first_ns, length_ns;
	uint32_t rises = 0, first, before, now;

	if (!trend_is_known(trend, time_ns))
		return false;
	if (time_ns - from_ns > TREND_MOST_NS)
		from_ns = time_ns - TREND_MOST_NS;
	length_ns = time_ns - from_ns;
	first = before = count_before(trend, step_at(trend, from_ns));
	for (uint32_t span = 1; span <= TREND_SPANS; span++) {
		now = trend->steps[trend->step_count - 1].count;
		if (span < TREND_SPANS)
			now = count_before(
				trend, step_at(trend, from_ns + length_ns * span / TREND_SPANS));
		rises += now > before;
		before = now;
	}
	return rises >= TREND_MOST && before > first && trend_is_enough(before - first, length_ns);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/began.h"

#include "base/time.h"
#include "model/trend.h"

#define FILLED_MIN 9 /* of BEGAN_SPANS: fewer are bursts */
#define RECENT_NS  (60 * NS_PER_S)

void began_note(struct began *began, uint64_t since_ns)
{
	if (!began->count || since_ns < began->from_ns)
		began->from_ns = since_ns;
	began->count++;
}

static uint64_t length_of(const struct began *began, uint64_t now_ns)
{
	return now_ns > began->from_ns ? now_ns - began->from_ns : 0;
}

/* What would begin later, begins now. */
void began_count(struct began *began, uint64_t since_ns, uint64_t now_ns)
{
	uint64_t length_ns = length_of(began, now_ns);
	uint64_t span = BEGAN_SPANS - 1;

	if (since_ns < now_ns && length_ns)
		span = (since_ns - began->from_ns) * BEGAN_SPANS / length_ns;
	began->counts[span < BEGAN_SPANS ? span : BEGAN_SPANS - 1]++;
	began->recent += since_ns + RECENT_NS >= now_ns;
}

uint64_t began_span_ns(const struct began *began, uint64_t now_ns, unsigned int i)
{
	return began->from_ns + length_of(began, now_ns) * i / BEGAN_SPANS;
}

static bool is_steady(const struct began *began)
{
	unsigned int filled = 0;

	for (unsigned int i = 0; i < BEGAN_SPANS; i++)
		filled += began->counts[i] != 0;
	return filled >= FILLED_MIN;
}

bool began_growth(const struct began *began, uint64_t now_ns, double *per_s)
{
	uint64_t length_ns = length_of(began, now_ns);

	if (!is_steady(began) || !length_ns)
		return false;
	if (length_ns > RECENT_NS)
		length_ns = RECENT_NS;
	*per_s = (double)began->recent * NS_PER_S / (double)length_ns;
	return true;
}

bool began_rises(const struct began *began, uint64_t now_ns)
{
	return is_steady(began) && began->counts[BEGAN_SPANS - 1] &&
	       trend_is_enough(began->count, length_of(began, now_ns));
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/needs.h"

void needs_join(struct needs *needs, const struct needs *other)
{
	for (unsigned int state = 0; state < TCP_STATES; state++)
		needs->told[state] |= other->told[state];
	needs->listed |= other->listed;
	needs->refreshed |= other->refreshed;
	needs->snapshot |= other->snapshot;
	needs->wants |= other->wants;
}

uint32_t needs_last_states(const struct needs *needs)
{
	uint32_t last = ALL_STATES & ~needs->listed;

	for (unsigned int state = 0; state < TCP_STATES; state++)
		if (needs->told[state] & ~(1U << TCP_CLOSE))
			last &= ~(1U << state);
	return last;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/needs.h"

const struct needs stacks_needs = {
	.told =
		{
			[TCP_CLOSE] = 1U << TCP_SYN_SENT,
			[TCP_SYN_SENT] = 1U << TCP_CLOSE,
			[TCP_SYN_RECV] = ALL_STATES,
			[TCP_ESTABLISHED] = 1U << TCP_FIN_WAIT1 | 1U << TCP_CLOSE,
			[TCP_CLOSE_WAIT] = 1U << TCP_LAST_ACK | 1U << TCP_CLOSE,
		},
	.listed = 1U << TCP_SYN_SENT | 1U << TCP_SYN_RECV | 1U << TCP_ESTABLISHED |
		  1U << TCP_CLOSE_WAIT,
	.wants = WANT(STACKS),
};

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

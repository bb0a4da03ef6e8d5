// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What was lost is counted, told, and healed by listing what exists now. */
#include <string.h>

#include "base/time.h"
#include "source/clock.h"
#include "source/live/internal.h"

#define HEAL_MIN_NS NS_PER_S
#define HEAL_MAX_NS (60 * NS_PER_S)
#define HEAL_SHARE  10

void live_losses(const struct live *live, struct losses *losses)
{
	*losses = live->bpf->bss->losses;
	losses->skipped = live_skipped(live);
	losses->refused = live->refused;
	losses->relists = live->relists;
	losses->stacks_dropped += live->calls.dropped;
}

static void report(struct live *live, const struct losses *losses)
{
	struct record_loss record = {
		.header = {RECORD_LOSS, sizeof(record), 0, clock_now_ns(CLOCK_MONOTONIC)},
		.losses = *losses,
	};

	live->reported = *losses;
	live_hand_on(live, &record.header);
}

/* One part in HEAL_SHARE of the time at most is spent on healing, less while that fills the ring.
 */
static uint64_t heal_pause(const struct live *live, uint64_t took_ns, bool filled)
{
	uint64_t pause_ns = filled ? live->heal_pause_ns * 2 : HEAL_MIN_NS;

	if (pause_ns < took_ns * HEAL_SHARE)
		pause_ns = took_ns * HEAL_SHARE;
	return pause_ns < HEAL_MAX_NS ? pause_ns : HEAL_MAX_NS;
}

/* What is lost while it runs may be what it has listed already: that takes another. */
static void relist(struct live *live)
{
	uint64_t begin_ns = clock_now_ns(CLOCK_MONOTONIC), end_ns;
	struct losses before = live->reported, losses;

	live->relists++;
	live->tables_at_ns = 0;
	live_list(live);
	live_losses(live, &losses);
	live->dirty = losses_total(&losses) != losses_total(&before);
	end_ns = clock_now_ns(CLOCK_MONOTONIC);
	live->heal_pause_ns =
		heal_pause(live, end_ns - begin_ns, losses.ring_full != before.ring_full);
	report(live, &losses);
	live->heal_at_ns = end_ns + live->heal_pause_ns;
}

static void note_losses(struct live *live)
{
	struct losses losses;

	live_losses(live, &losses);
	if (memcmp(&losses, &live->reported, sizeof(losses)) == 0)
		return;
	live->dirty |= losses_total(&losses) != losses_total(&live->reported);
	report(live, &losses);
}

void live_heal(struct live *live)
{
	note_losses(live);
	if (live->dirty && clock_now_ns(CLOCK_MONOTONIC) >= live->heal_at_ns)
		relist(live);
}

void live_heal_now(struct live *live)
{
	live->heal_at_ns = 0;
	live_heal(live);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What TIME_WAITs say. */
#include "view/advice/internal.h"

#define MINISOCKET_BYTES 256 /* of the kernel's memory, each: a slab object of its tw_sock_TCP */

/* The destination that has used most of its supply, what can be reused counted as free. */
struct most_used {
	const struct port_row *row;
	double share;
};

static struct most_used find_most_used(const struct ports *ports)
{
	struct most_used most = {0};

	for (size_t i = 0; i < ports->rows.shown_count; i++) {
		const struct port_row *row = ports_shown(ports, i);
		double share;

		if (ports_used_share(row, &share) && (!most.row || share > most.share))
			most = (struct most_used){row, share};
	}
	return most;
}

void judge_time_wait_harmless(struct judging *judging, const void *row)
{
	const struct adviser_config *config = &judging->adviser->config;
	const struct time_wait_row *total = &config->time_waits->total;
	struct most_used most = find_most_used(config->ports);
	struct advice *advice;

	(void)row;
	if (total->sockets < TIME_WAITS_MANY || total->overflow || most.share > HARMLESS_SHARE)
		return;
	advice = advise(judging, SEVERITY_INFO, SAY_TIME_WAIT_HARMLESS);
	tell_number(advice, "sockets", total->sockets);
	tell_bytes(advice, "kernel_bytes", (uint64_t)total->sockets * MINISOCKET_BYTES);
	if (!most.row)
		return;
	tell_place(advice, "most_used", &most.row->tuple, DIRECTION_OUT);
	tell_share(advice, "most_used_share", most.share);
}

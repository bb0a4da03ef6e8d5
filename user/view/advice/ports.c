// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the use of ports says. */
#include "view/advice/internal.h"

static bool runs_out(const struct ports *ports, const struct port_row *row)
{
	double seconds, consumed, sustainable;

	return ports_exhausted_in(row, &seconds) && seconds <= CRITICAL_WITHIN_S &&
	       ports_consumed(ports, row, &consumed) &&
	       ports_sustainable(ports, row, &sustainable) && consumed > sustainable;
}

void judge_ports_near(struct judging *judging, const void *at)
{
	const struct ports *ports = judging->adviser->config.ports;
	const struct port_row *row = at;
	struct advice *advice;
	double share;

	if (!ports_taken_share(row, &share) || (share < PORTS_NEAR_SHARE && !runs_out(ports, row)))
		return;
	advice =
		advise(judging, share > PORTS_CRITICAL_SHARE ? SEVERITY_CRITICAL : SEVERITY_WARNING,
		       SAY_PORTS_NEAR);
	about_place(advice, &row->tuple, DIRECTION_OUT);
	tell_row(judging, advice, &ports_table, ports, row);
	if (row->now.reusable)
		tell_number(advice, "reusable", row->now.reusable);
	advice->weight = share;
}

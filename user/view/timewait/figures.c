// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is asked of the rows once they are counted. */
#include "view/timewait/timewait.h"

struct known {
	unsigned int state;
	uint64_t count;
};

static void count_known(void *context, struct connection *connection)
{
	struct known *known = context;

	known->count += connection->state == known->state &&
			(connection->flags & (CONNECTION_MINISOCKET | CONNECTION_GONE)) ==
				CONNECTION_MINISOCKET;
}

uint64_t time_waits_known(const struct time_waits *waits, unsigned int state)
{
	struct known known = {.state = state};

	connections_each(&waits->model->connections, count_known, &known);
	return known.count;
}

struct time_wait_row *time_waits_shown(const struct time_waits *waits, size_t i)
{
	return (struct time_wait_row *)waits->rows.shown[i];
}

bool time_waits_rate(const struct time_waits *waits, const struct time_wait_row *row, double *per_s)
{
	return growth_per_s(&row->growth, &waits->clock, waits->time_ns, (double)row->created,
			    per_s);
}

const struct process *time_waits_closer(const struct time_waits *waits,
					const struct time_wait_row *row)
{
	return row->closer.mixed ? NULL : rows_process(&waits->rows, row->closer.value);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is asked of the rows once they are counted. */
#include "view/timewait/timewait.h"

#include <string.h>

const char *const time_waits_sort_keys[] = {
	"sockets",	"predates", "fin_wait2",     "created",	 "ended", "closed",
	"closed_first", "rearmed",  "created_per_s", "overflow", NULL};

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

static double figure(const void *view, const struct row *shown, const char *key)
{
	const struct time_wait_row *row = (const struct time_wait_row *)shown;
	const struct {
		const char *key;
		uint64_t figure;
	} figures[] = {
		{"predates", row->predates}, {"fin_wait2", row->fin_wait2},
		{"created", row->created},   {"ended", row->ended},
		{"closed", row->closed},     {"closed_first", row->closed_first},
		{"rearmed", row->rearmed},   {"overflow", row->overflow},
	};
	double per_s = 0;

	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		if (strcmp(figures[i].key, key) == 0)
			return (double)figures[i].figure;
	if (strcmp(key, "created_per_s") == 0)
		time_waits_rate(view, row, &per_s);
	else
		return row->sockets;
	return per_s;
}

void time_waits_sort(struct time_waits *waits, const char *key)
{
	rows_sort(&waits->rows, figure, waits, key);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What sockets say that close, and do not end. */
#include "view/advice/internal.h"

static struct advice *advise_row(struct judging *judging, const struct closing_row *row,
				 enum severity severity, enum saying saying)
{
	struct advice *advice = advise(judging, severity, saying);

	about_process(judging, advice, row->row.process);
	about_place(advice, &row->tuple, row->direction);
	tell_row(judging, advice, &closing_table, judging->adviser->config.closing, row);
	tell_place(advice, "place", &row->tuple, row->direction);
	if (!advice_figure(advice, "sockets"))
		tell_number(advice, "sockets", row->sockets);
	advice->weight = row->sockets;
	return advice;
}

/* Owned ones, which no time-out ends; of the oldest, so that three are enough to be sure. */
static uint32_t count_forgotten(const struct closing_row *row)
{
	uint32_t count = 0;

	for (size_t i = 0; i < CLOSING_OLDEST && row->oldest[i].listed; i++) {
		const struct closing_socket *socket = &row->oldest[i];

		count += socket->listed->state == TCP_FIN_WAIT2 && socket->age_known &&
			 !(socket->listed->flags & SOCKET_ORPHAN) &&
			 socket->age_ns > FIN_WAIT2_AGE_NS;
	}
	return count;
}

void judge_fin_wait2_owned(struct judging *judging, const void *at)
{
	const struct closing_row *row = at;

	if (row->sockets && row->verdict == CLOSING_PEER_DOES_NOT_CLOSE &&
	    count_forgotten(row) >= SOCKETS_LEAST)
		advise_row(judging, row, SEVERITY_WARNING, SAY_FIN_WAIT2_OWNED);
}

void judge_last_ack_silent(struct judging *judging, const void *at)
{
	const struct closing_row *row = at;

	if (row->sockets && row->verdict == CLOSING_PEER_SILENT && row->old.silent >= SOCKETS_LEAST)
		advise_row(judging, row, SEVERITY_INFO, SAY_PEER_SILENT);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/outcome.h"

/*
 * connect() goes back to CLOSE because it got no port, or not the one that bind() took: before it
 * has sent a SYN. What is in sk_err then is of the connection before: only a SYN clears it
 * (tcp_connect_init). After the SYN it is a reset, a time-out, or close() meanwhile. A port given
 * back leaves its number in the socket (inet_sport).
 */
static void resolve_connect(struct record_transition *record)
{
	if (record->old_state != TCP_SYN_SENT || record->new_state != TCP_CLOSE)
		return;
	if (record->unsent)
		record->error = 0;
	if (record->unsent && !record->port_held)
		record->tuple.lport = 0;
	if (record->error)
		return;
	if (!record->tuple.lport)
		record->failure = FAILURE_NO_PORT;
	else if (record->unsent)
		record->failure = FAILURE_IN_USE;
	if (record->failure != FAILURE_NO_PORT)
		record->range_low = record->range_high = 0;
}

/*
 * The peer's RST may be handled in process context as well (backlog), as is `ss -K`: both set
 * sk_err before the state changes (tcp_reset, tcp_abort), close() does not.
 */
static void resolve_closer(struct record_transition *record)
{
	if (record->new_state == TCP_CLOSE && record->error)
		record->closer = (struct process_id){0};
}

void outcome_resolve(struct record_transition *record, bool refusals_told)
{
	resolve_connect(record);
	resolve_closer(record);
	if (!refusals_told && becomes_minisocket(record->old_state, record->new_state))
		record->refused = !record->error;
}

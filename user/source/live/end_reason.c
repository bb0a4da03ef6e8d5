// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/live/end_reason.h"

/*
 * Callers of inet_twsk_deschedule_put, of __mod_timer, and of expiring timers, by kernel: 6.1 to
 * 7.2.
 */
const struct end_function end_functions[] = {
	{"__mod_timer", END_REARMED},
	{"timers_dead_cpu", END_MOVED}, /* its CPU went offline: another has it now */
	{"__run_timers", END_EXPIRED},
	{"__run_timer_base", END_EXPIRED},
	{"expire_timers", END_EXPIRED},
	{"__inet_hash_connect", END_REUSED},
	{"__inet_check_established", END_REUSED},
	{"__inet6_check_established", END_REUSED},
	{"tcp_timewait_state_process", END_RESET},
	{"tcp_v4_rcv", END_SYN},
	{"tcp_v6_rcv", END_SYN},
	{"nf_tproxy_handle_time_wait4", END_SYN},
	{"nf_tproxy_handle_time_wait6", END_SYN},
	{"tcp_abort", END_DESTROYED},
	{"inet_twsk_purge", END_DESTROYED},
	{"tcp_twsk_purge", END_DESTROYED},
};
const size_t end_function_count = sizeof(end_functions) / sizeof(end_functions[0]);

static enum end_reason reason_at(const struct end_ranges *ranges, uint64_t address)
{
	for (size_t i = 0; i < ranges->count; i++)
		if (address >= ranges->items[i].start && address < ranges->items[i].end)
			return ranges->items[i].reason;
	return END_NONE;
}

/* The innermost that is known; END_NONE: none is. */
static enum end_reason reason_on_stack(const struct end_ranges *ranges,
				       const struct record_timewait_end *record)
{
	enum end_reason reason = END_NONE;

	for (int i = 0; i < TIMEWAIT_FRAMES && record->frames[i] && reason == END_NONE; i++)
		reason = reason_at(ranges, record->frames[i]);
	return reason;
}

/* In FIN_WAIT2 no SYN is let in: what tcp_v4_rcv ends there is data (TCP_TW_RST). */
bool end_is_by_data(const struct end_ranges *ranges, const struct record_timewait_end *record)
{
	return record->timewait.substate == TCP_FIN_WAIT2 &&
	       reason_on_stack(ranges, record) == END_SYN;
}

enum end_reason end_reason_of(const struct end_ranges *ranges,
			      const struct record_timewait_end *record)
{
	const struct record_timewait *timewait = &record->timewait;
	enum end_reason reason = reason_on_stack(ranges, record);

	if (end_is_by_data(ranges, record))
		return END_RESET;
	if (reason != END_NONE)
		return reason;
	return !ranges->count && timewait->remaining_ns <= 0 ? END_EXPIRED : END_UNKNOWN;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* All rules, in the order of docs/diagnose.md. */
#include "base/macros.h"
#include "view/advice/internal.h"

const struct rule rules[] = {
	{"close_wait_leak", SUBJECT_LEAKS, .judge = judge_close_wait_leak,
	 .evidence = {"cause", "sockets", "oldest_s", "growth_per_s", "began", "fds", "fd_limit",
		      "fds_exhausted_in_s", "place", "stack"}},
	{"time_wait_harmless", SUBJECT_WHOLE, .judge = judge_time_wait_harmless,
	 .evidence = {"sockets", "kernel_bytes", "most_used", "most_used_share"}},
	{"ports_near", SUBJECT_PORTS, WANT(BOUND_PORTS), .judge = judge_ports_near,
	 .evidence = {"used", "supply", "by_state", "by_owner", "consumed_per_s",
		      "sustainable_per_s", "exhausted_in_s"}},
};

const size_t rule_count = LENGTH(rules);

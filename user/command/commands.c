// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "commands.h"

#include <stddef.h>

#include "leaks.h"

const struct command summary_command = {
	.name = "",
	.summary = "how many sockets there are in each state, and what to run next",
	.description =
		"tcplinger names the cause when TCP connections linger: CLOSE_WAIT, TIME_WAIT, "
		"ports that\n"
		"run out. Without a command it shows how many sockets there are in each state.",
	.options = OPTION_BITS_ALWAYS | OPTION_BITS_TUPLES | OPTION_BITS_PROCESSES |
		   OPTION_BIT(OPTION_NO_BPF),
	.run = run_summary,
};

const struct command commands[] = {
	{
		.name = "trace",
		.summary = "each TCP transition as it happens, with its owner",
		.description = "Shows each transition of every TCP connection as it happens, "
			       "TIME_WAIT included: who\n"
			       "owns the connection, how long it was in the state it leaves (MS), "
			       "and why a TIME_WAIT ended.",
		.options = OPTION_BITS_ALWAYS | OPTION_BITS_TUPLES | OPTION_BITS_PROCESSES |
			   OPTION_BIT(OPTION_STATE) | OPTION_BIT(OPTION_INTERVAL) |
			   OPTION_BIT(OPTION_DURATION) | OPTION_BIT(OPTION_HOOKS) |
			   OPTION_BIT(OPTION_READY_FILE),
		.why_not = trace_why_not,
		.run = run_trace,
	},
	{
		.name = "leaks",
		.summary = "CLOSE_WAIT by process, with a verdict: leak, stall, backlog, ...",
		.description = "Shows who holds sockets in CLOSE_WAIT, where the peer has closed "
			       "and the application has\n"
			       "not, and why: a descriptor leak, a stall, a pool that keeps dead "
			       "connections, a backlog that\n"
			       "nobody accepts. The verdict is over sockets older than --age.",
		.options = OPTION_BITS_ALWAYS | OPTION_BITS_TUPLES | OPTION_BITS_PROCESSES |
			   OPTION_BITS_TABLE | OPTION_BIT(OPTION_AGE),
		.sort_keys = leaks_sort_keys,
		.run = run_leaks,
	},
};
const size_t command_count = sizeof(commands) / sizeof(commands[0]);

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/commands.h"

#include <stddef.h>

#include "view/leaks/leaks.h"
#include "view/ports/ports.h"
#include "view/timewait/timewait.h"

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
			   OPTION_BIT(OPTION_READY_FILE) | OPTION_BIT(OPTION_RING_SIZE) |
			   OPTION_BIT(OPTION_AUDIT),
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
	{
		.name = "timewait",
		.summary = "TIME_WAIT by process and destination or service, lifetimes, ends",
		.description =
			"Shows who makes the TIME_WAITs: by process and destination (to) or "
			"service (at), how many\n"
			"now, how many a second, the share that this side closed first "
			"(FIRST), how they end and how\n"
			"long they live (P50, P99), with histograms; -v: a histogram for each "
			"row.",
		.options = OPTION_BITS_ALWAYS | OPTION_BITS_TUPLES | OPTION_BITS_PROCESSES |
			   OPTION_BITS_TABLE,
		.sort_keys = time_waits_sort_keys,
		.run = run_timewait,
	},
	{
		.name = "ports",
		.summary = "destinations by use of their ports; why connect() got none",
		.description =
			"Shows how many of the ports that connect() may choose are in use "
			"towards each destination,\n"
			"who holds them, how many are taken a second (NEW/S) against what lasts "
			"(MOST/S), and which\n"
			"connects failed with EADDRNOTAVAIL, and why.",
		.options = OPTION_BITS_ALWAYS | OPTION_BITS_TUPLES | OPTION_BITS_PROCESSES |
			   (OPTION_BITS_TABLE & ~OPTION_BIT(OPTION_BY)),
		.sort_keys = ports_sort_keys,
		.why_not = ports_why_not,
		.run = run_ports,
	},
	{
		.name = "doctor",
		.summary = "what this kernel and these privileges allow, and what is lost",
		.description =
			"Shows what tcplinger can see on this host: the form that each hook takes, "
			"by a self-test, what\n"
			"the kernel and the privileges allow, what each missing thing costs, and "
			"how much kernel memory\n"
			"tracing takes.",
		.options = OPTION_BITS_ALWAYS | OPTION_BIT(OPTION_HOOKS),
		.run = run_doctor,
	},
};
const size_t command_count = sizeof(commands) / sizeof(commands[0]);

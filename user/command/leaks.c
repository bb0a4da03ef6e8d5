// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/commands.h"
#include "command/watch.h"
#include "view/leaks/leaks.h"

static int run(const struct options *options)
{
	return watch_view(options, &leaks_view);
}

const struct command leaks_command = {
	.name = "leaks",
	.summary = "CLOSE_WAIT by process, with a verdict: leak, stall, backlog or another",
	.description = "Shows who holds sockets in CLOSE_WAIT, where the peer has closed "
		       "and the application has\n"
		       "not, and why: a descriptor leak, a stall, a pool that keeps dead "
		       "connections, a backlog that\n"
		       "nobody accepts. The verdict is over sockets older than --age.",
	.options = OPTION_BITS_ALWAYS | OPTION_BITS_TUPLES | OPTION_BITS_PROCESSES |
		   OPTION_BITS_TABLE | OPTION_BITS_STACKS | OPTION_BIT(OPTION_AGE),
	.table = &leaks_table,
	.run = run,
};

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/commands.h"
#include "command/watch.h"
#include "view/closing/closing.h"

static int run(const struct options *options)
{
	return watch_view(options, &closing_view);
}

const struct command closing_command = {
	.name = "closing",
	.summary = "FIN_WAIT, CLOSING, LAST_ACK: who waits for which peer, and why",
	.description =
		"Shows connections that this side has closed, or half-closed, and that do "
		"not come to their end:\n"
		"by process and destination (to) or service (at), orphans too. The peer does "
		"not close, does not\n"
		"answer, or takes no data. The verdict is over sockets older than --age.",
	.options = OPTION_BITS_ALWAYS | OPTION_BITS_TUPLES | OPTION_BITS_PROCESSES |
		   OPTION_BITS_TABLE | OPTION_BIT(OPTION_AGE) | OPTION_BIT(OPTION_STATE),
	.table = &closing_table,
	.run = run,
};

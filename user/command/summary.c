// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/commands.h"
#include "command/watch.h"
#include "view/summary/summary.h"

static int run(const struct options *options)
{
	struct options now = *options;

	/* what exists now, which needs no BPF */
	now.once = now.no_bpf = true;
	return watch_view(&now, &summary_view);
}

const struct command summary_command = {
	.name = "",
	.summary = "how many sockets there are in each state, and what to run next",
	.description =
		"tcplinger names the cause when TCP connections linger: CLOSE_WAIT, TIME_WAIT, "
		"ports that\n"
		"run out. Without a command it shows how many sockets there are in each state.",
	.options = OPTION_BITS_ALWAYS | OPTION_BITS_TUPLES | OPTION_BITS_PROCESSES |
		   OPTION_BIT(OPTION_NO_BPF) | OPTION_BITS_INPUT,
	.run = run,
};

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/stop.h"

#include <stddef.h>

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

const volatile sig_atomic_t *stop_on_signals(void)
{
	/* no SA_RESTART: a write to a reader that stalls must come back */
	struct sigaction action = {.sa_handler = on_signal};
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
	return &stop;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* hold: sockets that stay in CLOSE_WAIT. */

#include "load_session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* One process where the limit of descriptors allows it, otherwise several. */
static int hold_server(struct session *session)
{
	uint64_t wanted = session->options->connections;
	uint64_t each = session->options->unaccepted ? wanted : most_descriptors(wanted + 64) - 64;
	int err;

	for (uint64_t held = each; held < wanted; held += each) {
		if (fork() == 0)
			_exit(hold_some(session, each) ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	err = hold_some(session, session->options->unaccepted ? 0 : each);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	return err;
}

/* An end of file for each, which nobody reads: close() here makes CLOSE_WAIT there. */
static int hold_connect(struct session *session)
{
	bool accepted = !session->options->unaccepted;
	uint64_t n = 0;

	for (; n < session->options->connections && !stop; n++) {
		int fd;

		if (accepted && n % AHEAD_STEP == 0 && wait_for_server(session, n, AHEAD_MAX))
			return -1;
		fd = connect_one(session, n);
		if (fd < 0)
			return stop ? 0 : -1;
		close(fd);
		atomic_store(&session->progress->started, n + 1);
	}
	return accepted ? wait_for_server(session, n, 0) : 0;
}

int hold(const struct options *options, struct result *result)
{
	struct session session;
	double begin;
	int err;

	if (session_start(&session, options, hold_server))
		return -1;
	begin = now_s();
	err = hold_connect(&session);
	result->unit = "connections";
	result->count = atomic_load(&session.progress->started);
	result->seconds = now_s() - begin;
	if (!err) {
		printf("held by %d\n", (int)session.server);
		fflush(stdout);
		sleep_unless_stopped((uint32_t)(options->duration_s * 1000));
	}
	return session_end(&session) || err ? -1 : 0;
}

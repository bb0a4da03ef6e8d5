// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* storm: connect() failing as fast as it can, once each port towards one destination is held. */

#include "load_session.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	PORTS_MAX = 65536,
	TRIES_PER_LOOK = 16,
	SETTLE_MS = 500,
};

struct storm {
	struct session session;
	int fds[PORTS_MAX]; /* what holds the ports */
	uint64_t held;
	uint64_t failures;
};

static int storm_server(struct session *session)
{
	return hold_some(session, UINT64_MAX);
}

/* Returns 1 for a port taken, 0 for none free, -1 for an error. */
static int storm_connect(const struct storm *storm, int *fd)
{
	union address address;
	socklen_t size = destination(&storm->session, 0, &address);
	int saved;

	*fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return fail("socket");
	if (!connect(*fd, &address.any, size))
		return 1;
	saved = errno;
	close(*fd);
	errno = saved;
	return errno == EADDRNOTAVAIL ? 0 : fail("connect");
}

/* The connect() that finds the last port taken is the first failure. */
static int storm_fill(struct storm *storm)
{
	while (!stop && storm->held < PORTS_MAX) {
		int fd, taken;

		if (storm->held % AHEAD_STEP == 0 &&
		    wait_for_server(&storm->session, storm->held, AHEAD_MAX))
			return -1;
		taken = storm_connect(storm, &fd);
		if (taken < 0)
			return stop ? 0 : -1;
		if (!taken) {
			storm->failures++;
			break;
		}
		storm->fds[storm->held++] = fd;
		atomic_store(&storm->session.progress->started, storm->held);
	}
	return wait_for_server(&storm->session, storm->held, 0);
}

static int storm_rage(struct storm *storm, double end)
{
	while (!stop && now_s() < end) {
		for (int i = 0; i < TRIES_PER_LOOK; i++) {
			int fd;
			int taken = storm_connect(storm, &fd);

			if (taken < 0)
				return -1;
			if (taken) {
				close(fd);
				errno = EISCONN;
				return fail("a port became free");
			}
			storm->failures++;
		}
	}
	return 0;
}

static int storm_run(struct storm *storm, const struct options *options, struct result *result)
{
	double begin;
	int err;

	if (storm_fill(storm))
		return -1;
	sleep_unless_stopped(SETTLE_MS);
	announce(options, "begin");
	begin = now_s();
	err = storm_rage(storm, begin + options->duration_s);
	result->seconds = now_s() - begin;
	announce(options, "end");
	if (options->announce)
		sleep_unless_stopped(SETTLE_MS); /* before all the closes */
	result->count = storm->failures;
	result->held = storm->held;
	return err;
}

int storm(const struct options *options, struct result *result)
{
	struct storm *storm = calloc(1, sizeof(*storm));
	int err;

	result->unit = "failures";
	if (!storm)
		return fail("calloc");
	most_descriptors(PORTS_MAX + 64);
	if (session_start(&storm->session, options, storm_server)) {
		free(storm);
		return -1;
	}
	err = storm_run(storm, options, result);
	while (storm->held)
		close(storm->fds[--storm->held]);
	err = session_end(&storm->session) || err ? -1 : 0;
	free(storm);
	return err;
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A session: the client process and the server process, from first to last. */

#ifndef LOAD_SESSION_H
#define LOAD_SESSION_H

#include "load.h"

#include <netinet/in.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/types.h>

enum {
	/* A full accept queue drops SYNs, and a SYN sent again costs a second: stay well below. */
	AHEAD_MAX = 512,
	/* How often the client looks at how far the server is. */
	AHEAD_STEP = 64,
	SERVER_PATIENCE_S = 10,
};

/* Seen by both processes; each writes a cache line of its own. */
struct progress {
	alignas(64) _Atomic uint64_t started;
	alignas(64) _Atomic uint64_t served;
};

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

struct listeners {
	int fds[LISTENERS_MAX];
	uint16_t ports[LISTENERS_MAX];
	int count;
};

struct session {
	const struct options *options;
	struct listeners listeners;
	struct progress *progress;
	int control; /* read end in the server, write end in the client: closed means stop */
	pid_t server;
};

typedef int (*server_fn)(struct session *session);

int session_start(struct session *session, const struct options *options, server_fn serve);
/* Returns when the server has served what was started, and has exited. */
int session_end(struct session *session);

/* The n-th connection's; returns the size of what it wrote. */
socklen_t destination(const struct session *session, uint64_t n, union address *address);
/* Returns a connected socket or -1; one that a signal interrupted is closed silently. */
int connect_one(const struct session *session, uint64_t n);
void read_to_end(int fd);
/* Waits, for a bounded time, until the server is at most `ahead` connections behind. */
int wait_for_server(const struct session *session, uint64_t started, uint64_t ahead);

/* In the server. Returns 1 for a connection, 0 for none waiting, -1 for an error. */
int accept_one(struct session *session, int listener, int flags, int *fd);
/* Holds `quota` of what comes until the client says stop; it never reads. */
int hold_some(struct session *session, uint64_t quota);

#endif

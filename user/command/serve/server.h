/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * HTTP beside the tracing: one thread, and never a wait. So many connections are served at once;
 * who would be one more waits in the queue of the listener. Who takes too long is cut off.
 */
#ifndef TCPLINGER_SERVE_SERVER_H
#define TCPLINGER_SERVE_SERVER_H

#include "command/serve/guard.h"
#include "command/serve/listen.h"
#include "command/serve/site.h"

#define CLIENTS 64

/* Whether who asks may: of a request. */
enum client_may { CLIENT_UNKNOWN, CLIENT_WAITS, CLIENT_MAY, CLIENT_MAY_NOT };

/* A connection, and since when it is at what it is at. */
struct client {
	int fd;	    /* -1: none */
	bool asked; /* once at least: what comes now is another request */
	bool answering;
	enum client_may may;
	struct MHD_Connection *connection; /* while it waits for that */
	uint64_t since_ns;
};

struct MHD_Daemon;

struct server {
	struct MHD_Daemon *daemon;
	struct listeners *listeners; /* borrowed */
	struct site *site;	     /* borrowed */
	int epoll;		     /* of the listeners, while there is room, and of the daemon */
	bool accepts;
	struct client clients[CLIENTS];
	size_t client_count;
	struct client *checked;	   /* whose password is being checked; NULL: nobody's */
	const struct guard *guard; /* borrowed */
	uint64_t looked_ns;	   /* for who takes too long */
};

/* False, with errno, if the kernel or the library refuse. Does not move while it runs. */
bool server_start(struct server *server, struct listeners *listeners, struct site *site,
		  const struct guard *guard);
void server_stop(struct server *server);

/* A descriptor that can be read when there is something to do. */
int server_wait_on(const struct server *server);

/* Does what there is to do, and does not wait. */
void server_turn(struct server *server);

#endif

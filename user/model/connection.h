/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The connections that the model knows, by socket cookie: one for a TCP socket's life, TIME_WAIT
 * included.
 */
#ifndef TCPLINGER_CONNECTION_H
#define TCPLINGER_CONNECTION_H

#include <stdbool.h>

#include "base/index.h"
#include "model/call_paths.h"
#include "model/process.h"
#include "record.h"

enum connection_flags {
	CONNECTION_MINISOCKET =
		1 << 0,		  /* the full socket is gone or going: a minisocket stands for it */
	CONNECTION_GONE = 1 << 1, /* ended while a listing ran: kept until the listing is over */
	CONNECTION_PREDATES = 1 << 2,	/* listed, not seen to begin: older than the tool */
	CONNECTION_HELD = 1 << 3,	/* a process that the filter asks for holds or closed it */
	CONNECTION_TIMESTAMPS = 1 << 4, /* a minisocket that tcp_tw_reuse may have */
	CONNECTION_UNTOLD = 1 << 5,	/* only a listing has shown its minisocket yet */
	CONNECTION_BOUND = 1 << 6,	/* bind() chose its port, not connect() */
};

struct connection {
	uint64_t cookie;
	uint64_t since_ns; /* when it entered `state`; 0: not seen */
	uint64_t began_ns; /* when connect() began; 0: not seen, or accepted */
	union {
		/* when a minisocket in FIN_WAIT2 was made of it; 0: not seen, or none */
		uint64_t waits_ns;
		/* of a listener: connections that wait to be accepted, when last listed, and the
		   most that may: it is full when more wait */
		struct {
			uint32_t queue;
			uint32_t queue_limit;
		};
	};
	uint64_t time_ns; /* of the newest evidence: a record older than it does not change the
			     state */
	struct tuple tuple;
	uint32_t owner; /* numbers in `processes`; 0: unknown */
	uint32_t closer;
	uint32_t listens; /* of a listener: to whom its children are charged at first */
	uint8_t state;
	uint8_t owner_by;
	uint8_t direction;
	uint8_t flags;
	uint32_t listed; /* the last listing that showed it */
	uint32_t row;	 /* for the observer to use: where a view counts it; 0: nowhere */
};

_Static_assert(sizeof(struct connection) == 112, "500,000 of them in 64 MB, with their index");

struct connections {
	struct pool pool;
	struct index index;
	struct processes processes;
	struct call_paths calls;
	uint32_t *listeners; /* numbers of those in LISTEN: few, so a list will do */
	uint32_t listener_count;
};

void connections_init(struct connections *connections);
void connections_free(struct connections *connections);

/* NULL if there is none. Valid until connections_add or connections_remove. */
struct connection *connections_find(const struct connections *connections, uint64_t cookie);
struct connection *connections_add(struct connections *connections, uint64_t cookie);
/* A socket that is used once more: its number, cookie and calls stay, all else is forgotten. */
struct connection *connections_renew(struct connections *connections,
				     struct connection *connection);
void connections_remove(struct connections *connections, struct connection *connection);

/* Moves a connection to `state` as of `time_ns`; `since_ns` 0 where the entry was not seen. */
void connections_enter(struct connections *connections, struct connection *connection,
		       unsigned int state, uint64_t since_ns, uint64_t time_ns);

/* Charges it to `process` if the evidence is better than what there is; no process, no change. */
void connections_own(struct connections *connections, struct connection *connection,
		     const struct process_id *process, unsigned int owner_by);

/* The same by the process's number. */
void connections_charge(struct connections *connections, struct connection *connection,
			uint32_t number, unsigned int owner_by);

/* Who called listen(), or, of an older one, was the first that was found to hold it. */
void connections_listens(struct connections *connections, struct connection *connection,
			 const struct process_id *process);

/* The first process that closed it stays the closer. */
void connections_close(struct connections *connections, struct connection *connection,
		       const struct process_id *process);

/*
 * The listener that a connection with this tuple came from, or NULL. Several may share a port
 * (SO_REUSEPORT): then the one that `owner` (a number in `processes`, 0: unknown) owns.
 */
const struct connection *connections_listener(const struct connections *connections,
					      const struct tuple *tuple, uint32_t owner);

/* The one with this cookie, if it can be it; else the one that the tuple tells. */
const struct connection *connections_parent(const struct connections *connections,
					    const struct tuple *tuple, uint64_t cookie);

/* The same of a connection that waits to be accepted: of several the one with the longest queue. */
const struct connection *connections_queue(const struct connections *connections,
					   const struct tuple *tuple, uint32_t owner);

/* Calls `visit` for each; it must not add any, and remove none but this one. */
void connections_each(const struct connections *connections,
		      void (*visit)(void *context, struct connection *connection), void *context);

#endif

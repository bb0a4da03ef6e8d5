/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the records add up to: connections, their owners, their TIME_WAITs. Pure: no system calls,
 * no clock, no printing. Records come in the order of the ring, which is the truth; they are never
 * sorted by time.
 */
#ifndef TCPLINGER_MODEL_H
#define TCPLINGER_MODEL_H

#include "model/close_wait.h"
#include "model/connection.h"
#include "filter.h"
#include "model/port_space.h"
#include "model/process_filter.h"

#define UNKNOWN_NS UINT64_MAX

/* One transition of a connection, the kernel's or one that its tracepoint never shows. */
struct transition {
	struct connection *connection; /* as it is after the transition; `row` may be set */
	const struct process *owner;   /* NULL: unknown */
	const struct process *closer;
	uint64_t time_ns;
	uint64_t in_old_ns; /* UNKNOWN_NS: not seen to enter */
	uint8_t old_state;
	uint8_t new_state;
	uint8_t end_reason; /* END_NONE but for the end of a minisocket */
	uint8_t failure;    /* enum port_failure_kind */
	uint16_t range_low; /* of its own range, if it has one */
	uint16_t range_high;
};

/* What happens to a minisocket that is no transition of its connection. */
enum minisocket_event {
	MINISOCKET_WAITS,   /* born in FIN_WAIT2 */
	MINISOCKET_REARMED, /* the peer's FIN came again: our last ACK was lost */
	MINISOCKET_REFUSED, /* not born: tcp_max_tw_buckets, if the kernel has counted it too */
};

/* Called within model_apply; what it is given is valid during the call. Each may be NULL. */
struct model_observer {
	void (*transition)(void *context, const struct transition *transition);
	void (*minisocket)(void *context, struct connection *connection,
			   enum minisocket_event event, uint64_t time_ns);
	/*
	 * bind(), or connect() before it looked for a port, failed: `connection` has the tuple that
	 * was asked for and the owner, and is not one of the model's.
	 */
	void (*failure)(void *context, const struct transition *transition);
	/* A listing has ended: what exists is what it showed. */
	void (*listed)(void *context);
	void (*counters)(void *context, const struct record_counters *counters);
	void (*loss)(void *context, uint64_t time_ns, const struct losses *losses);
	void *context;
};

/* Where sockets in CLOSE_WAIT that are listed go. */
enum close_waits_mode {
	CLOSE_WAITS_CONNECTIONS, /* to `connections`, as all others */
	CLOSE_WAITS_APART,	 /* to `close_waits` alone: a view that watches nothing else */
	CLOSE_WAITS_BOTH,
};

struct model_config {
	/* Connections that do not match are dropped as soon as that is known. NULL: all. Borrowed.
	 */
	const struct tuple_filter *filter;
	/*
	 * Marks connections whose holders match; the view decides by that and by the owner. NULL:
	 * none.
	 */
	const struct process_filter *processes;
	/* The length of TIME_WAIT until one is seen whole: the kernel's tells better. */
	uint64_t timewait_ns;
	enum close_waits_mode close_waits;
	/* A connection that enters one of these (bit 1 << state) is over: nothing more will be
	 * streamed. */
	uint32_t last_states;
	struct model_observer observer;
};

struct listing {
	uint32_t number; /* counts listings; 0: there was none */
	bool active;
	uint64_t begin_ns;
	uint64_t first_ns;    /* when the first one began: what is older predates the tool */
	uint32_t *namespaces; /* listed wholly since it began */
	size_t namespace_count;
	uint64_t losses; /* reported when it began: those it heals */
};

struct model {
	struct connections connections;
	struct close_waits close_waits;
	struct port_spaces ports;
	struct listing listing;
	const struct tuple_filter *filter;
	const struct process_filter *processes;
	enum close_waits_mode close_waits_mode;
	uint32_t last_states;
	uint64_t timewait_ns; /* length of TIME_WAIT, learned from the kernel */
	struct model_observer observer;
	struct losses losses;
	bool unhealed; /* no listing has begun since the last loss and ended: what exists now is
			  not known */
};

void model_init(struct model *model, const struct model_config *config);
void model_free(struct model *model);

/* True if a process that `filter` asks for owns, holds or closed the connection. */
bool model_concerns(const struct model *model, const struct connection *connection,
		    const struct process_filter *filter);

/*
 * True if what exists now, or what happened since the last call, is not all known: something was
 * lost. `seen` is the caller's, 0 at first.
 */
bool model_has_lost(const struct model *model, uint64_t *seen);

/* Applies one record that record_decode has let pass. */
void model_apply(struct model *model, const struct record_header *record);

#endif

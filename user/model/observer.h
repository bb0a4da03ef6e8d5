/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the model tells whoever wants to be told. */
#ifndef TCPLINGER_OBSERVER_H
#define TCPLINGER_OBSERVER_H

#include <stdbool.h>

#include "model/connection.h"

#define UNKNOWN_NS UINT64_MAX

/* One transition of a connection, the kernel's or one that its tracepoint never shows. */
struct transition {
	struct connection *connection; /* as it is after the transition; `row` may be set */
	const struct process *owner;   /* NULL: unknown */
	const struct process *closer;
	uint64_t time_ns;
	uint64_t in_old_ns; /* UNKNOWN_NS: not seen to enter */
	uint64_t since_ns;  /* when it entered the old state; 0: not seen */
	uint8_t old_state;
	uint8_t new_state;
	uint8_t end_reason; /* END_NONE but for the end of a minisocket */
	uint8_t failure;    /* enum port_failure_kind */
	uint16_t error;	    /* sk_err, of this connection; 0: none */
	uint16_t range_low; /* of its own range, if it has one */
	uint16_t range_high;
	bool by_data;		       /* a minisocket that the peer's data ended */
	const struct carried *carried; /* at the first FIN, or an abort; NULL: not told */
};

/* What happens to a minisocket that is no transition of its connection. */
enum minisocket_event {
	MINISOCKET_WAITS,   /* born in FIN_WAIT2 */
	MINISOCKET_REARMED, /* the peer's FIN came again: our last ACK was lost */
	MINISOCKET_REFUSED, /* not born: tcp_max_tw_buckets, if the kernel has counted it too */
};

/* Called within model_apply; what it is given is valid during the call. Each may be NULL. */
struct observer {
	void (*transition)(void *context, const struct transition *transition);
	void (*minisocket)(void *context, struct connection *connection,
			   enum minisocket_event event, uint64_t time_ns);
	/*
	 * bind(), or connect() before it looked for a port, failed: `connection` has the tuple that
	 * was asked for and the owner, and is not one of the model's.
	 */
	void (*failure)(void *context, const struct transition *transition);
	/* A listing has ended: of its scope, what exists is what it showed. */
	void (*listed)(void *context, enum listing_scope scope);
	void (*counters)(void *context, const struct record_counters *counters);
	void (*namespaces)(void *context, const struct record_namespace *record);
	/* More was lost, on the whole, than before. */
	void (*loss)(void *context, uint64_t time_ns, const struct losses *losses);
};

#endif

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
#include "model/host.h"
#include "model/listed.h"
#include "filter.h"
#include "base/time.h"
#include "model/observer.h"
#include "model/port_space.h"
#include "model/process_filter.h"
#include "record/needs.h"

struct model_config {
	/* Of all views together: where CLOSE_WAITs are kept, and when a connection is over. Copied.
	 */
	const struct needs *needs;
	/* Connections that do not match are dropped as soon as that is known. NULL: all. Borrowed.
	 */
	const struct tuple_filter *filter;
	/*
	 * Marks connections whose holders match; the view decides by that and by the owner. NULL:
	 * none.
	 */
	const struct process_filter *processes;
};

#define MODEL_OBSERVERS 8

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
	struct listed_sockets listed;
	struct port_spaces ports;
	struct host host;
	struct listing listing;
	const struct tuple_filter *filter;
	const struct process_filter *processes;
	struct needs needs;
	uint32_t last_states; /* a connection that enters one of these (bit 1 << state) is over */
	enum listing_scope scope; /* of the listing that runs, or of the last one */
	uint32_t netns;		  /* inode number of the source's own namespace; 0: not known */
	uint32_t lacks;	      /* what the source of the stream cannot give: bit 1 << enum want */
	uint64_t began_ns;    /* when the stream did */
	uint64_t timewait_ns; /* length of TIME_WAIT, as the source says, then learned */
	struct clock_offsets clocks;
	uint64_t suspended_ns; /* CLOCK_BOOTTIME minus CLOCK_MONOTONIC: starts are in the first */
	struct {
		const struct observer *observer;
		void *context;
	} observers[MODEL_OBSERVERS];
	size_t observer_count;
	struct losses losses;
	bool unhealed; /* no listing has begun since the last loss and ended: what exists now is
			  not known */
};

void model_init(struct model *model, const struct model_config *config);
void model_free(struct model *model);

/* From now on `observer`, which must outlive the model, is told; at most MODEL_OBSERVERS. */
void model_observe(struct model *model, const struct observer *observer, void *context);

/* True if the source cannot give it: what the view shows without is less, or an estimate. */
static inline bool model_lacks(const struct model *model, enum want want)
{
	return model->lacks >> want & 1;
}

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

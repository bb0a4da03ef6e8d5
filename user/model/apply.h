/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The parts of model_apply, one file for each kind of record. */
#ifndef TCPLINGER_APPLY_H
#define TCPLINGER_APPLY_H

#include "model/model.h"

void apply_transition(struct model *model, const struct record_transition *record);
void apply_timewait(struct model *model, const struct record_timewait *record);
void apply_socket(struct model *model, const struct record_socket *record);
void apply_holder(struct model *model, const struct record_holder *record);
void apply_owner(struct model *model, const struct record_owner *record);
void apply_listing(struct model *model, const struct record_listing *record);

/*
 * Moves the connection to `new_state` and tells the observers. `in_old_ns` is taken from when the
 * connection entered its state, if that was seen and the state is `old_state`.
 */
void model_transition(struct model *model, struct connection *connection, uint64_t time_ns,
		      unsigned int old_state, unsigned int new_state, unsigned int end_reason);

/* The same with all that is known of it filled in, but for what the model itself knows. */
void model_move(struct model *model, struct connection *connection, struct transition *transition);

/* Tells the observers of a transition without moving the connection. */
void model_tell(struct model *model, struct connection *connection, uint64_t time_ns,
		unsigned int old_state, unsigned int new_state, unsigned int end_reason,
		uint64_t in_old_ns);

/* The connection has ended: it is removed, or, while a listing runs, kept as gone. */
void model_end(struct model *model, struct connection *connection);

/* A minisocket is found to be a true TIME_WAIT: the peer's FIN has come, when its timer says. */
void timewait_seen(struct model *model, struct connection *connection, uint64_t time_ns,
		   int64_t remaining_ns);

/* When a minisocket entered TIME_WAIT, by its timer: rearmed whenever the peer's FIN comes again.
 */
uint64_t timewait_entry_ns(const struct model *model, uint64_t time_ns, int64_t remaining_ns);

/* To each observer that wants it (observer.h). */
void tell_transition(const struct model *model, const struct transition *transition);
void tell_minisocket(const struct model *model, struct connection *connection,
		     enum minisocket_event event, uint64_t time_ns);
void tell_failure(const struct model *model, const struct transition *transition);
void tell_listed(const struct model *model, enum listing_scope scope);
void tell_counters(const struct model *model, const struct record_counters *counters);
void tell_namespace(const struct model *model, const struct record_namespace *record);
void tell_loss(const struct model *model, uint64_t time_ns, const struct losses *losses);

/*
 * Charged to whoever listens where nothing better is known: at the listener with that cookie; 0, or
 * one that cannot be it: at one that its tuple tells.
 */
void model_own_by_listener(struct model *model, struct connection *connection, uint64_t cookie);

/* A process holds, or closed, the connection: noted where the process filter asks for it. */
void model_held(struct model *model, struct connection *connection,
		const struct process_id *process);

#endif

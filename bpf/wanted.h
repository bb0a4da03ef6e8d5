/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is wanted of what happens and exists, said once for both halves: the programs leave out what
 * is not, and where an audit has them tell more, user space does.
 */
#ifndef TCPLINGER_WANTED_H
#define TCPLINGER_WANTED_H

#include "filter.h"

/*
 * connect() chooses the port while in SYN_SENT: what comes next is let through whatever it is, so
 * that user space can drop a connection that turns out not to be wanted.
 */
static inline int filter_transition(const volatile struct tuple_filter *filter,
				    const struct tuple *tuple, int old_state, int new_state)
{
	if (old_state == TCP_LISTEN || new_state == TCP_LISTEN)
		return filter_listener(filter, tuple);
	return filter_tuple(filter, tuple, tuple->lport && old_state != TCP_SYN_SENT);
}

/* As it is now: without a port where connect() has not chosen one. */
static inline int filter_socket(const volatile struct tuple_filter *filter,
				const struct tuple *tuple, int state)
{
	if (state == TCP_LISTEN)
		return filter_listener(filter, tuple);
	return filter_tuple(filter, tuple, tuple->lport != 0);
}

static inline int filter_minisocket(const volatile struct tuple_filter *filter,
				    const struct tuple *tuple)
{
	return filter_tuple(filter, tuple, 1);
}

/* What was accepted, not a listener: its port says nothing of a range. */
static inline int is_accepted(__u8 direction, int old_state, int new_state)
{
	return direction == DIRECTION_IN && old_state != TCP_LISTEN && new_state != TCP_LISTEN;
}

/* Where only outgoing ones are wanted: none of a port that connect() has not chosen. */
static inline int wanted_minisocket(__u32 outgoing, int bound)
{
	return !outgoing || !bound;
}

/*
 * Where only outgoing ones are wanted: neither what was accepted nor its listener's port, unless
 * that is one of the range (`low` to `high`), which connect() might have chosen. `bound_port`: 0 if
 * bind() did not take it.
 */
static inline int counts_for_range(__u8 direction, int state, __u16 bound_port, __u32 low,
				   __u32 high)
{
	if (!is_accepted(direction, state, state))
		return 1;
	return bound_port && bound_port >= low && bound_port <= high;
}

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which sockets the epoll sets of a process watch, from the fdinfo of their descriptors. While one
 * is printed its owner's epoll_ctl and epoll_wait stall: 19,000 entries take some 20 ms. So the
 * sets of a process are read at most once in EPOLL_PAUSE_NS, and not at all of one with many
 * descriptors.
 */
#ifndef TCPLINGER_EPOLL_H
#define TCPLINGER_EPOLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"
#include "record/sink.h"

#define EPOLL_PAUSE_NS	  (30 * NS_PER_S)
#define EPOLL_DESCRIPTORS 10000 /* of a process; one with more is not looked at */

/* When whose sets were read. */
struct epoll_reader {
	struct recent *readings; /* NULL: none yet */
};

void epoll_reader_free(struct epoll_reader *reader);

/* True if the sets of the process may be read now: then they count as read. */
bool epoll_is_due(struct epoll_reader *reader, const struct process_id *process, uint64_t time_ns);

/* Sends what they watch, RECORD_WATCHED, if that is due and the process is still there. */
void epoll_answer(struct epoll_reader *reader, const struct process_id *process, uint64_t time_ns,
		  const struct record_sink *sink);

/*
 * Sends what is watched by the sets in a directory that is like the one of a process. `sockets`:
 * the device of sockets, as fdinfo shows it.
 */
void epoll_tell(int dir, uint32_t sockets, const struct process_id *process, uint64_t time_ns,
		const struct record_sink *sink);

/* The device of sockets; 0 if it cannot be told. */
uint32_t epoll_socket_device(void);

#endif

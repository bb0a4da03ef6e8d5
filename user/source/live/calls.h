/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who connects, accepts and reads an end of file, and from which code: a ring beside the other. */
#ifndef TCPLINGER_CALLS_H
#define TCPLINGER_CALLS_H

#include <bpf/libbpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "source/stacks/known.h"

struct calls {
	struct stacks *stacks; /* NULL: nobody asks */
	struct ring_buffer *ring;
	int waits; /* on both rings; on the other alone while this one rests */
	bool rests;
	int64_t credit_ns;    /* so long it may work, */
	uint64_t credited_ns; /* as of then */
	uint64_t works_until_ns;
	struct known known;
	struct pool told; /* the ids of stacks that were */
	struct index told_index;
	uint64_t told_ns;  /* since when these are kept, */
	uint64_t known_ns; /* and what is known */
	uint64_t dropped;
};

#endif

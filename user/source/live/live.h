/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The live source: BPF programs that stream what happens, and lists of what exists already. Loss is
 * reported as a record, and healed by listing again.
 */
#ifndef TCPLINGER_LIVE_H
#define TCPLINGER_LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "source/live/programs.h"
#include "source/source.h"

struct live;

extern const struct source_kind live_kind;

/*
 * Loads and attaches. NULL, with the reason, where the kernel or the privileges do not allow it.
 * `survey` receives what was found while loading, when it is closed or not opened at all; NULL: not
 * asked for.
 */
struct live *live_open(const struct source_config *config, struct survey *survey,
		       struct refusal *refusal);
void live_close(struct live *live);

/* A map of the programs, and what it takes in the kernel. */
struct live_map {
	char name[32];
	uint64_t bytes;
	uint32_t entries; /* of a ring: bytes */
	bool ring;	  /* that of records */
	bool stacks;	  /* there with --stacks alone */
};

/* Fills `maps`, at most `max`; how many. */
size_t live_maps(const struct live *live, struct live_map *maps, size_t max);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The live source: BPF programs that stream what happens, and lists of what exists already.
 * Open, list, then poll in a loop; loss is reported as a record, and healed by listing again.
 */
#ifndef TCPLINGER_LIVE_H
#define TCPLINGER_LIVE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "filter.h"
#include "source/live/hooks.h"
#include "source/live/kallsyms.h"
#include "source/live/programs.h"
#include "source/source.h"

struct live;

/* What a view needs: only that is attached, streamed and listed. */
enum live_watch {
	WATCH_TRANSITIONS, /* every transition, TIME_WAIT included */
	WATCH_TIME_WAITS,  /* how connections end, from the first FIN on; minisockets */
	WATCH_PORTS,	   /* connections that were not accepted, from connect() on; minisockets */
	WATCH_CLOSE_WAITS, /* listeners, and what is in CLOSE_WAIT at each refresh */
	WATCH_EVERYTHING,  /* what any of these needs */
	WATCH_NOTHING,	   /* no live source: what exists is listed once, by another */
	WATCHES,
};

struct live_config {
	enum live_watch watch;
	const struct tuple_filter *filter; /* copied into the kernel */
	enum hooks_mode hooks;
	uint32_t ring_kib; /* of the ring buffer, a power of 2; 0: as a busy host needs it */
	const volatile sig_atomic_t *stop; /* set by a signal: return to the caller soon */
	struct record_sink sink;
	struct record_sink audit; /* all that the kernel's counters stand for; unset: none */
	struct survey *survey;	  /* receives what was found while loading; NULL: not asked for */
	bool verbose;		  /* libbpf's messages to stderr */
};

/* Loads and attaches. NULL, with the reason, where the kernel or the privileges do not allow it. */
struct live *live_open(const struct live_config *config, struct refusal *refusal);

/*
 * Nothing more is streamed; after it, live_drain still yields what the ring holds, and what exists
 * can still be listed.
 */
void live_detach(struct live *live);
void live_close(struct live *live);

/* Everything that exists now, between the records of the stream: at the start, and after a loss. */
void live_list(struct live *live);

/* Waits up to `timeout_ms` for records, hands on at most a batch, and returns. */
void live_poll(struct live *live, int timeout_ms);

/* Hands on all that is in the ring now. */
void live_drain(struct live *live);

/*
 * Once an interval, for WATCH_CLOSE_WAITS: all that is in CLOSE_WAIT, and, where `need_holders`
 * says so after the last socket, every descriptor of those and of listeners.
 */
void live_list_close_waits(struct live *live, bool (*need_holders)(void *context), void *context);

/*
 * What the kernel has counted in a namespace (0: in each that is watched), as RECORD_COUNTERS;
 * every listing tells it, too.
 */
void live_count(struct live *live, uint32_t netns);

/* False if there are TIME_WAITs that cannot be followed here. */
bool live_follows_time_wait(const struct live *live);

/*
 * Once an interval: which minisockets got the peer's FIN unseen; and, where a program is refused
 * without which something is not streamed, everything that exists.
 */
void live_catch_up(struct live *live);

/*
 * Sends a RECORD_LOSS if more was lost since the last call, and lists again, with back-off so that
 * healing does not cause more loss; live_heal_now without.
 */
void live_heal(struct live *live);
void live_heal_now(struct live *live);

/* Network namespaces that exist but could not be listed: no privilege, or no descriptors left. */
size_t live_unseen(const struct live *live);

/* The totals so far. */
void live_losses(const struct live *live, struct losses *losses);

/* What this source cannot tell here, and why: a line each for stderr. */
void live_each_limit(const struct live *live, void (*say)(const char *line));

/* True if listings know what bind() has taken. */
bool live_knows_bound(const struct live *live);

/* A map of the programs, and what it takes in the kernel. */
struct live_map {
	char name[32];
	uint64_t bytes;
	uint32_t entries; /* of a ring: bytes */
	bool ring;
};

/* Fills `maps`, at most `max`; how many. Storage in sockets comes on top, for each socket. */
size_t live_maps(const struct live *live, struct live_map *maps, size_t max);

/* Why TIME_WAIT cannot be followed; NULL if it can. The caller frees `kallsyms`. */
const char *live_timewait_obstacle(const struct kernel *kernel, struct kallsyms *kallsyms);

#endif

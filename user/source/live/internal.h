/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What live.c and live_list.c share. */
#ifndef TCPLINGER_LIVE_INTERNAL_H
#define TCPLINGER_LIVE_INTERNAL_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "source/proc/describe.h"
#include "source/live/kallsyms.h"
#include "source/live/kernel.h"
#include "source/live/live.h"
#include "source/live/programs.h"
#include "base/macros.h"
#include "settings.h" /* before the skeleton, which has one of them in its rodata */
#include "tcplinger.skel.h"

/* What each watch attaches, streams and lists. */
struct needs {
	uint32_t stream[TCP_STATES]; /* by old state: which new ones (bit 1 << state) are told */
	uint32_t list;		     /* sockets in these states (bit 1 << state) are listed */
	bool minisockets;	     /* followed by their timers */
	bool close_waits;	     /* marked, and listed at each refresh */
	bool established;	     /* since when is kept */
	bool outgoing;		     /* what was accepted is left out; ports are told of */
	uint32_t hooks;		     /* bit 1 << enum hook: those beside transitions */
};

extern const struct needs live_needs[];

struct live {
	struct live_config config;
	struct kernel kernel;
	struct hooks hooks;
	struct tcplinger_bpf *bpf;
	struct ring_buffer *ring;
	struct bpf_link *links[PARTS]; /* NULL: not attached */
	struct refusals refusals;
	struct plan plan;
	uint32_t wanted_hooks; /* bit 1 << enum hook */
	struct kallsyms kallsyms;
	struct describer describer;
	struct losses reported;
	uint64_t refused;
	uint64_t relists;
	bool dirty;	     /* a loss that no listing has healed yet */
	uint64_t heal_at_ns; /* not before */
	uint64_t heal_pause_ns;
	uint64_t ring_records; /* at most in the ring at once */
	uint32_t batch;	       /* records of this poll */
	uint16_t ports_low;    /* of all namespaces' ip_local_port_range */
	uint16_t ports_high;
	size_t unseen;	      /* namespaces that could not be listed */
	const char *obstacle; /* why TIME_WAIT cannot be followed; NULL: it can */
};

/* live_audit.c: true if all that the kernel's counters stand for is streamed, too. */
bool live_audits(const struct live *live);

/* True if minisockets are followed, for the view or for the audit. */
bool live_needs_minisockets(const struct live *live);

/* Which transitions from `old` (bit 1 << new state) an audit wants to be told of. */
uint32_t live_audited(const struct live *live, unsigned int old);

/* Sockets in which states (bit 1 << state) are listed, for the view or for the audit. */
uint32_t live_listed(const struct live *live);

/* What an audit changes in the settings of a view. */
void live_audit_configure(const struct live *live, struct settings *settings);

/* To the sinks: to the audit's all, to the view's what it would have got without the audit. */
void live_hand_on(struct live *live, const struct record_header *record);

/* What the kernel has counted in this thread's namespace, which is `netns`. */
bool live_read_counters(const struct live *live, struct record_counters *record, uint32_t netns);

/* Checks what the kernel wrote, completes it, hands it on. */
void live_receive(struct live *live, const void *data, size_t size);

/* live_needs.c: what the programs do at each transition; before the load. */
void live_plan(const struct live *live, struct settings *settings);

/* live_load.c: loads and attaches all that is needed and not refused. False, with the reason, where
 * what is left is nothing to the view. */
bool live_load(struct live *live, struct refusal *refusal);
void live_unload(struct live *live);

/* live_parts.c: would the view have it, in the forms that were chosen, if nothing is refused? */
bool live_needs_part(const struct live *live, enum part part);

/* Makes the plan of what is needed and was not refused; before the load. */
void live_plan_parts(struct live *live);

/* Notes that the part is refused, with its errno, and plans anew. */
void live_refuse_part(struct live *live, enum part part, int error);

/* True if what is not streamed has to be listed at each refresh. */
bool live_must_relist(const struct live *live);

/* A line for each thing that is lost because something was refused. */
void live_each_loss(const struct live *live, void (*say)(const char *line));

/* What became of each part; before the programs are closed. */
void live_survey(const struct live *live, struct survey *survey);

/* Runs of programs that the kernel skipped because one of them was running on that CPU. */
uint64_t live_skipped(const struct live *live);

#endif

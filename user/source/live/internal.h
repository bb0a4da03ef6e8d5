/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the files of the live source share. */
#ifndef TCPLINGER_LIVE_INTERNAL_H
#define TCPLINGER_LIVE_INTERNAL_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "base/pairs.h"
#include "source/live/calls.h"
#include "source/proc/describe.h"
#include "source/live/kallsyms.h"
#include "source/live/kernel.h"
#include "source/live/live.h"
#include "source/live/programs.h"
#include "record/needs.h"
#include "base/macros.h"
#include "settings.h" /* before the skeleton, which has one of them in its rodata */
#include "tcplinger.skel.h"

struct live {
	const struct source_config *config;
	struct survey *survey;
	struct needs needs; /* of the views */
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
	struct calls calls;
	struct losses reported;
	uint64_t refused;
	uint64_t relists;
	bool dirty;	     /* a loss that no listing has healed yet */
	uint64_t heal_at_ns; /* not before */
	uint64_t heal_pause_ns;
	uint64_t ring_records; /* at most in the ring at once */
	uint32_t batch;	       /* records of this poll */
	uint64_t failed[256];  /* cookies: see ring.c */
	size_t failed_next;
	uint16_t ports_low; /* of all namespaces' ip_local_port_range */
	uint16_t ports_high;
	size_t unseen;	       /* namespaces that could not be listed */
	uint64_t list_at_ns;   /* what is not streamed is not listed again before */
	uint64_t listing_ns;   /* when the last listing of all began, */
	uint64_t listed_ns;    /* and ended */
	uint64_t failed_ns;    /* when a connect() or bind() failed last */
	uint64_t tables_at_ns; /* where descriptors tell most, the tables are not read before */
	uint64_t tables_ns;    /* CPU time that this has taken in this refresh */
	uint64_t refresh_ns;   /* when this refresh began */
	const char *obstacle;  /* why TIME_WAIT cannot be followed; NULL: it can */
};

/* audit.c: true if all that the kernel's counters stand for is streamed, too. */
bool live_audits(const struct live *live);

/* True if minisockets are followed, for the view or for the audit. */
bool live_needs_minisockets(const struct live *live);

/* True if no view wants what was accepted: only outgoing connections. */
bool live_wants_outgoing(const struct live *live);

/* Which transitions from `old` (bit 1 << new state) an audit wants to be told of. */
uint32_t live_audited(const struct live *live, unsigned int old);

/* plan.c: sockets in which states (bit 1 << state) are listed, for the view or for the audit. */
uint32_t live_listed(const struct live *live);

/* What an audit changes in the settings of a view. */
void live_audit_configure(const struct live *live, struct settings *settings);

/* To the sinks: to the audit's all, to the view's what it would have got without the audit. */
void live_hand_on(struct live *live, const struct record_header *record);

/* What the kernel has counted in this thread's namespace, which is `netns`. */
bool live_read_counters(const struct live *live, struct record_counters *record, uint32_t netns);

/* ring.c: reads what the programs tell. False, with the reason, if it cannot be. */
bool live_open_ring(struct live *live, struct refusal *refusal);

/* Checks what the kernel wrote, completes it, hands it on. */
void live_receive(struct live *live, const void *data, size_t size);

/* Hands on what has come, at most a batch; false if nothing had. */
bool live_take(struct live *live);

/* Hands on all that is in the ring now. */
void live_drain(struct live *live);

/*
 * calls.c: opens what tells of stacks, where anybody asks. False, with the reason, if it cannot be.
 */
bool live_open_calls(struct live *live, struct refusal *refusal);
void live_close_calls(struct live *live);

/* Hands on the calls that have come, for a short while; at the end, for a longer one. */
void live_take_calls(struct live *live);
void live_take_last_calls(struct live *live);

/* What can be read when something has come. */
int live_waits_on(const struct live *live);

/* What the passes of one listing tell each other. */
struct passes {
	enum listing_scope scope;
	bool described;		    /* list_holders tells the sockets as well, */
	bool tables;		    /* and the tables of all namespaces are read, too; */
	bool only_waiting;	    /* or of some, for what is in accept queues alone */
	struct pairs inodes;	    /* cookies by inode: whose holders are not known by cookie */
	struct pairs waiting;	    /* listeners by the cookies of what is in their accept queues */
	struct pairs waiting_in;    /* the namespaces where any is */
	struct record_socket *held; /* what waits, found in the tables */
	size_t held_count;
};

/* rows.c: reads an iterator to its end. False if the kernel broke off. */
bool live_read_rows(struct live *live, enum part part, struct passes *passes);

/* One that the tables tell. */
void live_receive_socket(struct live *live, struct passes *passes,
			 const struct record_socket *record);

/* What was held back, when all have told. */
void live_tell_held(struct live *live, struct passes *passes);

/* list.c: everything that exists now, between the records of the stream: at the start, and after a
 * loss. */
void live_list(struct live *live);

/* The same and what is `refreshed`: as live_list_close_waits, at once. */
void live_list_all(struct live *live);

/* What is `refreshed`, with every descriptor of it and of listeners where that is asked for. */
void live_list_close_waits(struct live *live);

/* Which connections of a process do not get rid of their data, if list_holders can tell. */
void live_list_sending(struct live *live, const struct process_id *process);

/* What the kernel has counted in a namespace (0: in each that is watched), as RECORD_COUNTERS. */
void live_count(struct live *live, uint32_t netns);

/* heal.c: the totals of what was lost so far. */
void live_losses(const struct live *live, struct losses *losses);

/*
 * Sends a RECORD_LOSS if more was lost since the last call, and lists again, with back-off so that
 * healing does not cause more loss; live_heal_now without.
 */
void live_heal(struct live *live);
void live_heal_now(struct live *live);

/* plan.c: whether the views want to be told of transitions; else all is listed at each refresh. */
bool live_needs_stream(const struct live *live);

/* plan.c: who listens is told beside what else is; for itself alone it is not worth a program. */
void live_complete_needs(struct live *live);

/* plan.c: true where what changes is streamed, and what is `refreshed` has listings of its own. */
bool live_lists_apart(const struct live *live);

/* plan.c: which hooks (bit 1 << enum hook) the needs ask for. */
uint32_t live_hooks(const struct live *live);

/* What the programs do at each transition; before the load. */
void live_plan(const struct live *live, struct settings *settings);

/* load.c: loads and attaches all that is needed and not refused. False, with the reason, where what
 * is left is nothing to the view. */
bool live_load(struct live *live, struct refusal *refusal);

/* The hooks are taken off; listings still work. */
void live_detach(struct live *live);
void live_unload(struct live *live);

/* Runs of programs that the kernel skipped because one of them was running on that CPU. */
uint64_t live_skipped(const struct live *live);

/* programs.c: would the view have it, in the forms that were chosen, if nothing is refused? */
bool live_needs_part(const struct live *live, enum part part);

/* True for a program that tells stacks, and for what it takes. */
bool live_is_of_stacks(enum part part);

/* Makes the plan of what is needed and was not refused; before the load. */
void live_plan_parts(struct live *live);

/* Notes that the part is refused, with its errno, and plans anew. */
void live_refuse_part(struct live *live, enum part part, int error);

/* What cannot be given here: bit 1 << enum want. */
uint32_t live_lacks(const struct live *live);

/* True if what is not streamed has to be listed at each refresh. */
bool live_must_relist(const struct live *live);

/* A line for each thing that is lost because something was refused. */
void live_each_loss(const struct live *live, void (*say)(const char *line));

/* What became of each part; before the programs are closed. */
void live_survey(const struct live *live, struct survey *survey);

#endif

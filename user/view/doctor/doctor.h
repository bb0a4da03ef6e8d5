/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What `doctor` found: what this host and these privileges allow, and what each lack costs. */
#ifndef TCPLINGER_DOCTOR_H
#define TCPLINGER_DOCTOR_H

#include "view/objects.h"
#include "writer/output.h"
#include "view/text.h"

#define DOCTOR_PARTS	    32
#define DOCTOR_CAPABILITIES 16
#define DOCTOR_MAPS	    16

enum answer { ANSWER_UNKNOWN, ANSWER_NO, ANSWER_YES };

/* A program or a map. Strings are static, but for `why`. */
struct doctor_part {
	const char *name;
	const char *kind;	 /* "hook", "listing", "search", "map" */
	const char *form;	 /* "tracepoint", "fentry", .., "none": not used; NULL: a map */
	enum answer fired;	 /* in the self-test; unknown: not tested */
	char why[192];		 /* why it is not used; "": it is, or nothing asks for it */
	const char *without;	 /* what is lost by that; NULL: nothing */
	const char *replaced_by; /* NULL: nothing does */
	const char *function;	 /* which it traces, and what the self-test says of that: "fired" */
	const char *function_state; /* NULL: none */
};

struct doctor_capability {
	const char *name;
	bool have;
	char without[320]; /* what is lost for want of it; "": nothing */
};

struct doctor_map {
	char name[32];
	uint64_t bytes;
	bool stacks; /* there with --stacks alone */
};

struct doctor {
	/* the host */
	char release[128];
	bool btf;
	char lockdown[32];     /* "": the kernel does not say */
	char cgroup_root[256]; /* of v2; "": not mounted */
	bool cgroup_v1;	       /* is mounted, too */
	uint64_t timewait_ns;
	bool addresses; /* in /proc/kallsyms */
	enum answer rdonly_cast;
	enum answer probe_reads;
	bool bpf;
	bool surveyed;	   /* it came to loading: each part is known */
	char refusal[512]; /* why not */

	struct doctor_part parts[DOCTOR_PARTS];
	size_t part_count;
	struct doctor_capability capabilities[DOCTOR_CAPABILITIES];
	size_t capability_count;

	/* what tracing takes in the kernel; nothing is known where it is refused */
	struct doctor_map maps[DOCTOR_MAPS];
	size_t map_count;
	uint64_t ring_bytes;   /* what it holds */
	uint64_t socket_bytes; /* for each socket that is traced, on top of the maps: none */
};

/* For people; `style->details`: each function of the self-test, each map. */
void doctor_text(const struct doctor *doctor, struct output *output,
		 const struct text_style *style);

/* `host`, then each `hook`, each `capability`, then `memory`. `time_ns`: CLOCK_MONOTONIC. */
void doctor_json(const struct doctor *doctor, struct output *output, uint64_t time_ns,
		 const struct clock_offsets *clocks);

#endif

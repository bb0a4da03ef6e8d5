/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The programs and maps of bpf/, each of which a host may refuse: what each is for, what takes its
 * place, and what is lost where nothing does. Loading, what stderr says and `doctor` go by this one
 * table.
 */
#ifndef TCPLINGER_PROGRAMS_H
#define TCPLINGER_PROGRAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "functions.h"
#include "source/live/hooks.h"

/* In the order in which programs are attached: those of minisockets before transitions, so that no
 * birth is told without its end, and those of stacks, so that a connect's is there before it. */
enum part {
	PART_MINISOCKET_REFUSED,
	PART_MINISOCKET_ENDED,
	PART_MINISOCKET_REARMED,
	PART_TIMEWAIT_ENDED,
	PART_ACCEPTED_BY,
	PART_ACCEPTED_BY_FLAGS,
	PART_CONNECT_IPV6,
	PART_BIND_IPV4,
	PART_BIND_IPV6,
	PART_STACK_ACCEPT,
	PART_STACK_ACCEPT_FLAGS,
	PART_STACK_CONNECT,
	PART_STACK_EOF,
	PART_TRANSITIONS,
	PART_TRANSITIONS_MISSED,
	PART_LIST_SOCKETS,
	PART_LIST_HOLDERS,
	PART_FIND_TIME_WAIT,
	PART_RODATA,
	PART_BSS,
	PART_RECORDS,
	PART_FIN_WAIT2,
	PART_LAST_CALLS,
	PART_STACKS,
	PART_STACK_SCRATCH,
	PART_PYTHONS,
	PARTS,
};

enum part_kind {
	PART_HOOK,    /* runs when something happens */
	PART_LISTING, /* is read: what exists */
	PART_SEARCH,  /* is run: what became of something */
	PART_MAP,
};

struct part_facts {
	const char *name; /* as in bpf/, and as bpftool shows it */
	enum part_kind kind;
	const char *form; /* "tracepoint", "fentry", "iterator", "syscall"; NULL: a map */
	enum hook hook;	  /* what it is for; of all: HOOK_TRANSITIONS */
	enum traced_function function; /* which it traces; FUNCTIONS: none */
	const char *replaced_by;       /* what does the same where it is refused; NULL: nothing */
	/* What is lost where it is refused: by any view, by one of CLOSE_WAITs, by one of ports.
	 * NULL: nothing. */
	const char *without;
	const char *without_bound;
};
extern const struct part_facts live_part_facts[PARTS];

/* The errno of each part that was tried and refused; 0 of all others. */
struct refusals {
	int errors[PARTS];
};

/* What the programs can do here together, for what a view needs. */
struct plan {
	bool minisockets; /* they are followed, in one form or the other */
	bool minisockets_fentry;
	bool twice;	    /* what one program of transitions misses the other takes */
	bool refusals;	    /* each minisocket that is refused is told */
	bool silent_fins;   /* the peer's FIN that moves no timer is looked for */
	bool last_calls;    /* what each CPU did last is known */
	bool stacks;	    /* of user code are told */
	bool wanted[PARTS]; /* loaded, or made */
};

/* What became of a part here. */
struct part_state {
	bool used;
	char why[192];	     /* why not; "": it is used, or nothing asks for it */
	const char *without; /* what is lost by that; NULL: nothing */
	const char *replaced_by;
};

/* What was found while loading, whether it succeeded or not. */
struct survey {
	bool taken; /* false: it did not come to loading */
	struct hooks hooks;
	struct part_state parts[PARTS];
};

#endif

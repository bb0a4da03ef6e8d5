/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was found out about a process, for the views that explain. */
#ifndef TCPLINGER_PROCESS_FACTS_H
#define TCPLINGER_PROCESS_FACTS_H

#include <stdbool.h>
#include <stdint.h>

#define FACTS_UNKNOWN UINT64_MAX
#define FACTS_NAME    64

struct process_facts {
	uint64_t fds;	   /* FACTS_UNKNOWN: not told */
	uint64_t fd_limit; /* FACTS_UNKNOWN: not told, or none */
	bool looked;	   /* the rest was looked up */
	uint32_t threads;
	uint32_t looked_at;	  /* of these; what follows is of those looked at */
	uint32_t waiting;	  /* threads in the state and place below, where most are */
	char state;		  /* as in proc(5): R S D T ...; 0: unknown */
	char wchan[FACTS_NAME];	  /* function of the kernel; "": not told */
	char syscall[FACTS_NAME]; /* name; "": not told, or in none */
	uint32_t stopped;	  /* threads stopped by a signal or a debugger */
	uint32_t frozen;	  /* threads in the freezer */
	uint64_t run_ns;	  /* on a CPU, all threads, since they began */
	uint64_t starved_ns;	  /* runnable, waiting for one */
};

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which code of a process opens connections, and reads their ends of file; how many it opened from
 * there, and how many of these were closed. Of each connection that lives, which it was.
 */
#ifndef TCPLINGER_CALL_PATHS_H
#define TCPLINGER_CALL_PATHS_H

#include <stdbool.h>

#include "model/call_stacks.h"
#include "model/process.h"

/* A stack of a process's, and what it does there. */
struct call_path {
	uint64_t key;
	uint64_t opened;  /* connections; or, where it is the end of file: so many had it read */
	uint64_t closed;  /* and of these, those that are over */
	uint32_t process; /* number, referred to */
	uint32_t stack;	  /* likewise */
	uint32_t references;
	uint8_t event; /* enum stack_event */
};

/* Of a connection: numbers of paths, referred to; 0: not known. */
struct connection_calls {
	uint64_t cookie;
	uint64_t time_ns; /* of the last */
	uint32_t opener;  /* by connect() or accept() */
	uint32_t reader;  /* of its end of file */
	bool closed;	  /* has been counted so */
	bool abandoned;	  /* it ended, and nobody had closed it */
};

struct call_paths {
	struct call_stacks stacks;
	struct pool paths;
	struct index path_index;
	struct pool connections;
	struct index connection_index;
	struct processes *processes; /* borrowed */
	struct awaited {
		uint64_t cookie;
		uint64_t time_ns;
	} * awaited;
	size_t awaited_count;
};

void call_paths_init(struct call_paths *paths, struct processes *processes);
void call_paths_free(struct call_paths *paths);

/* A call: the first of a kind counts, but for connect(), which makes a new connection. */
void call_paths_call(struct call_paths *paths, const struct record_call *record);

/* The process has closed it, or it came to nothing; `abandoned`: it ended, and it has not. */
void call_paths_close(struct call_paths *paths, uint64_t cookie, bool abandoned);

/* It is over. */
void call_paths_forget(struct call_paths *paths, uint64_t cookie);

/* What is known of a connection; NULL: nothing. Valid until the next call. */
const struct connection_calls *call_paths_of(const struct call_paths *paths, uint64_t cookie);

/* The path that opened it, or, where that is not known, read its end of file; 0: neither is. */
uint32_t call_paths_origin(const struct call_paths *paths, uint64_t cookie);

/* NULL for 0. Valid while it is referred to, by a connection or: */
const struct call_path *call_paths_get(const struct call_paths *paths, uint32_t number);
void call_paths_reference(struct call_paths *paths, uint32_t number);
void call_paths_release(struct call_paths *paths, uint32_t number);

/* Calls `visit` for each; it must not change any. */
void call_paths_each(const struct call_paths *paths,
		     void (*visit)(void *context, uint32_t number, const struct call_path *path),
		     void *context);

/*
 * Nothing else is known of the connection yet, at `time_ns`. Those before `before_ns` that `exists`
 * does not know then are over.
 */
void call_paths_await(struct call_paths *paths, uint64_t cookie, uint64_t time_ns);
void call_paths_settle(struct call_paths *paths, uint64_t before_ns,
		       bool (*exists)(const void *context, uint64_t cookie), const void *context);

/* Forgets the connections whose last call was before `before_ns` and that `exists` does not know.
 */
void call_paths_sweep(struct call_paths *paths, uint64_t before_ns,
		      bool (*exists)(const void *context, uint64_t cookie), const void *context);

#endif

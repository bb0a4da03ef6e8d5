/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How many of what a row counts came from which code: by row and path (model/call_paths.h), shown
 * by row and stack, as the processes of a group have stacks in common.
 */
#ifndef TCPLINGER_STACK_TALLY_H
#define TCPLINGER_STACK_TALLY_H

#include "model/call_paths.h"
#include "view/text.h"
#include "writer/json.h"

#define STACKS_SHOWN 10 /* of a row, in JSON */

/* A stack of a row. */
struct stack_line {
	uint64_t row;
	uint64_t count;	 /* of what the row counts now */
	uint64_t opened; /* of the paths together: model/call_paths.h */
	uint64_t closed;
	uint32_t stack;
	uint32_t process; /* one of those that it is of */
	uint8_t event;	  /* enum stack_event */
};

struct stack_tally {
	struct call_paths *paths; /* borrowed */
	struct pool pool;
	struct index index;
	struct stack_line *lines; /* as of the last stack_tally_rank: by row, the greatest first */
	size_t line_count;
};

void stack_tally_init(struct stack_tally *tally, struct call_paths *paths);
void stack_tally_free(struct stack_tally *tally);

/* Nothing is counted any more; of `zero`, but what was stays known. */
void stack_tally_clear(struct stack_tally *tally);
void stack_tally_zero(struct stack_tally *tally);

/* `path` 0: nothing to count. A count of 0 makes it known. */
void stack_tally_add(struct stack_tally *tally, uint64_t row, uint32_t path, uint32_t count);

/* What is counted by the row `from` is added to what `to` has of `row`. */
void stack_tally_move(const struct stack_tally *from, uint64_t row_from, struct stack_tally *to,
		      uint64_t row);

/* The lines, as of now. They are valid until the next record. */
void stack_tally_rank(struct stack_tally *tally);

/* Those of a row. */
const struct stack_line *stack_tally_of(const struct stack_tally *tally, uint64_t row,
					size_t *count);

/* Below a row, for the greatest that have a count: "connect() in leak.c:41 fetch: 3 pending". */
void stack_tally_show(const struct stack_tally *tally, uint64_t row, const char *noun,
		      struct output *output, const struct text_style *style);

/* Counts by comm, for stack_tally_fold. */
void stack_tally_add_by_comm(struct stack_tally *tally, uint32_t path, uint32_t count);

/* `stacks` of a row: the greatest. `tally` NULL: null, nobody asked. */
void stack_tally_write(struct json *json, const char *key, const struct stack_tally *tally,
		       uint64_t row);

/* All lines with a count, as flame graph tools read them. */
void stack_tally_fold(const struct stack_tally *tally, struct output *output);

#endif

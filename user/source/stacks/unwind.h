/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From a frame to its caller's: by a rule, which says where the caller's registers are. Rules are
 * made once of what libdw tells (cfi.h), and then cost nothing: it takes half a millisecond to ask
 * libdw for every frame of every stack.
 */
#ifndef TCPLINGER_UNWIND_H
#define TCPLINGER_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source/stacks/arch.h"

/* A copy of the memory of a stack. */
struct unwind_memory {
	const uint8_t *bytes;
	uint64_t start;
	uint64_t size;
};

/* A frame: what its registers hold. */
struct unwind_cursor {
	uint64_t registers[ARCH_REGISTERS];
	uint64_t known; /* bit 1 << number: those that are known */
	bool exact;	/* stands on an instruction; else behind a call */
	bool switched;	/* the caller may be on another stack: it is below a signal's frame */
};

enum unwind_recovery {
	RECOVER_SAME,	  /* it holds what it holds in the caller */
	RECOVER_NOT,	  /* nothing tells */
	RECOVER_SAVED,	  /* in memory, `offset` from the CFA */
	RECOVER_CFA,	  /* it is the CFA and `offset` */
	RECOVER_REGISTER, /* the register number `offset` holds it */
};

enum unwind_rule_kind {
	RULE_NONE,     /* there is no CFI of this code */
	RULE_SIMPLE,   /* the CFA is a register and an offset, registers are as above */
	RULE_COMPUTED, /* by expressions: cfi_step */
};

/* The canonical frame address (CFA) is what the stack pointer was in the caller, before the call.
 */
struct unwind_rule {
	uint64_t address; /* where it holds */
	uint8_t kind;	  /* enum unwind_rule_kind */
	uint8_t cfa_register;
	uint8_t return_register; /* holds the return address, in the caller's registers */
	bool signal;		 /* the caller was interrupted, it did not call */
	int32_t cfa_offset;
	struct {
		int32_t offset;
		uint8_t how; /* enum unwind_recovery */
	} registers[ARCH_REGISTERS];
};

enum unwind_result {
	UNWIND_DONE,
	UNWIND_OUTERMOST, /* there is no caller */
	UNWIND_MEMORY,	  /* it is not in the copy */
	UNWIND_LOST,	  /* nothing tells, or what is told cannot be */
};

static inline bool unwind_knows(const struct unwind_cursor *cursor, unsigned int number)
{
	return number < ARCH_REGISTERS && cursor->known >> number & 1;
}

static inline void unwind_set(struct unwind_cursor *cursor, unsigned int number, uint64_t value)
{
	cursor->registers[number] = value;
	cursor->known |= 1ULL << number;
}

/* A word of the stack; false if the copy does not have it. */
bool unwind_read(const struct unwind_memory *memory, uint64_t address, uint64_t *value);

/* To the caller's frame, by a simple rule. Unless it is done, the cursor stays as it is. */
enum unwind_result unwind_by_rule(struct unwind_cursor *cursor, const struct unwind_rule *rule,
				  const struct unwind_memory *memory);

/* The same by the frame pointer. Of code that has none, this is wrong: ask for a rule first. */
enum unwind_result unwind_by_frame_pointer(struct unwind_cursor *cursor,
					   const struct unwind_memory *memory);

/*
 * What is common to all: takes `caller`, whose program counter is in its `return_register`, unless
 * that is 0 or not known, or the caller is not further down the stack.
 */
enum unwind_result unwind_enter(struct unwind_cursor *cursor, struct unwind_cursor *caller,
				unsigned int return_register, bool signal);

#endif

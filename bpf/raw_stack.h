/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The stack of the current thread as the programs tell it, in a ring of its own: addresses,
 * registers and the beginning of the stack's memory, of which the live source makes a struct stack.
 */
#ifndef TCPLINGER_RAW_STACK_H
#define TCPLINGER_RAW_STACK_H

#include "python_frames.h"
#include "stack.h"

#define RAW_STACK_FRAMES    64
#define RAW_STACK_REGISTERS 33	       /* x86-64: 17, arm64: 33 */
#define RAW_STACK_BYTES	    (16 << 10) /* of its memory, at most */
#define RAW_STACK_CHUNK	    1024

/*
 * Registers are in the order of DWARF. x86-64: rax rdx rcx rbx rsi rdi rbp rsp r8..r15, 16: rip.
 * arm64: x0..x30, 31: sp, 32: pc.
 */
struct raw_stack {
	struct record_header header; /* `size`: with `bytes`, of which there are `copied` */
	__u64 cookie;
	struct process_id process;
	__u64 image;	   /* grows with each program that the process executes */
	__u64 start_stack; /* where that one's first stack began: by chance, another place each time
			    */
	__u32 tid;
	__u8 event;  /* enum stack_event */
	__u8 walked; /* frames that the kernel found by frame pointers */
	__u8 whole;  /* the copy ends where the stack's memory does, not where the room for it */
	__u8 reserved;
	__u64 instruction_pointer;
	__u64 stack_pointer; /* where `bytes` were */
	__u64 frame_pointer;
	__u64 registers[RAW_STACK_REGISTERS];
	__u64 frames[RAW_STACK_FRAMES];		   /* innermost first */
	struct python_frame python[PYTHON_FRAMES]; /* innermost first */
	__u8 python_entry[PYTHON_FRAMES];
	__u32 copied; /* of `bytes` */
	__u32 python_count;
	__u8 bytes[RAW_STACK_BYTES];
};

/* What is there in any case. */
#define RAW_STACK_HEAD (sizeof(struct raw_stack) - RAW_STACK_BYTES)

_Static_assert(sizeof(struct raw_stack) == 1440 + RAW_STACK_BYTES, "raw_stack");

#endif

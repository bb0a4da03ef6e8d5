/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Stacks of user code, as everybody but the live source sees them: with names, where there are any.
 */
#ifndef TCPLINGER_STACK_H
#define TCPLINGER_STACK_H

#include "record.h"

/* What the process did, that this is the stack of. */
enum stack_event {
	STACK_CONNECT = 1, /* it opened the connection */
	STACK_ACCEPT,	   /* it took the connection from the accept queue */
	STACK_EOF,	   /* it read the connection's end of file */
	STACK_EVENTS,
};

/* Why a stack has no more frames. Numbers stay: recordings have them. */
enum stack_end {
	STACK_WHOLE,	   /* it goes down to where the thread began */
	STACK_CUT_FRAMES,  /* it has more than STACK_FRAMES */
	STACK_CUT_COPY,	   /* the copy of the stack ends before it does */
	STACK_CUT_UNWIND,  /* nothing tells how to go on from the last one */
	STACK_CUT_PROCESS, /* the process had gone, or it may not be read */
	STACK_ENDS,
};

enum stack_frame_flags {
	FRAME_INLINED = 1 << 0, /* its code is a part of the next one's, the caller's */
	FRAME_FILE_KNOWN = 1 << 1,
	FRAME_MAPPED = 1 << 2, /* `address` is one of the module's, as its symbol table counts */
	FRAME_FLAGS = 1 << 3,
};

#define FRAME_TEXT     128 /* what is longer is cut, and ends in "..." */
#define FRAME_BUILD_ID 20
#define STACK_FRAMES   64

/* A source tells each stack once in so many: who forgets one that was told longer ago may be told
 * again. */
#define STACKS_KEPT 16384

/* Texts are hostile, and end in a zero. "", 0: not known. */
struct stack_frame {
	__u64 address; /* of the instruction behind the call; innermost: where it stands */
	__u64 offset;  /* from the beginning of `symbol` */
	__u32 line;
	__u8 flags; /* enum stack_frame_flags */
	__u8 build_id_length;
	__u8 build_id[FRAME_BUILD_ID];
	__u8 reserved[6];
	char symbol[FRAME_TEXT]; /* demangled */
	char module[FRAME_TEXT]; /* the file's path, in the process's mount namespace */
	char file[FRAME_TEXT];	 /* of the source */
};

struct stack {
	__u8 end; /* enum stack_end */
	__u8 count;
	__u8 reserved[6];
	struct stack_frame frames[STACK_FRAMES]; /* innermost first; what is behind `count` is
						    nothing */
};

/*
 * Told once before the calls that were made from it, and once more after many others: a reader may
 * forget. `header.size` is as long as its frames: record_stack_size.
 */
struct record_stack {
	struct record_header header;
	__u64 id; /* by what is in it: two processes of one program may have the same. Never 0 */
	struct stack stack;
};

static inline __u16 record_stack_size(unsigned int frames)
{
	return (__u16)(sizeof(struct record_stack) -
		       (STACK_FRAMES - frames) * sizeof(struct stack_frame));
}

struct record_call {
	struct record_header header;
	__u64 cookie; /* of the connection */
	__u64 stack;  /* id */
	__u8 event;   /* enum stack_event */
	__u8 reserved[7];
	struct process_id process;
};

_Static_assert(sizeof(struct record_call) == 80, "record_call");
_Static_assert(sizeof(struct record_stack) == 27680, "record_stack");
_Static_assert(sizeof(struct stack_frame) == 432, "stack_frame");
_Static_assert(sizeof(struct stack) == 27656, "stack");

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Frames of Python functions, which are in the memory of the interpreter, not on the stack: they
 * have to be read while the call is made. Where they are differs from version to version; user
 * space finds it out, once for each process.
 */
#ifndef TCPLINGER_PYTHON_FRAMES_H
#define TCPLINGER_PYTHON_FRAMES_H

#include "record.h"

#define PYTHON_FRAMES	 32
#define PYTHON_THREADS	 64   /* of a process are looked at for the one that calls */
#define PYTHON_PROCESSES 1024 /* those that called last */

/* Where `_PyRuntime` is, and places in what follows from there, in the order they are gone. */
struct python_layout {
	__u64 runtime;
	__u32 interpreters;  /* in that: the first interpreter */
	__u32 threads;	     /* in an interpreter: the first thread */
	__u32 next_thread;   /* in a thread */
	__u32 thread_id;     /* .., as gettid() says */
	__u32 cframe;	     /* .. */
	__u32 current_frame; /* in a cframe: the innermost frame */
	__u32 code;	     /* in a frame: what it executes */
	__u32 instruction;   /* .., and where it stands in that */
	__u32 previous;	     /* .., its caller */
	__u32 entry;	     /* ..: does the interpreter return to C behind it? */
};

struct python_frame {
	__u64 code;
	__u64 instruction;
};

#endif

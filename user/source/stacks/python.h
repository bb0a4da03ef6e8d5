/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Python functions. The kernel side walks the interpreter's frames while the call is made, so that
 * they are those of the call; what they execute (a code object: name, file, lines) outlives it, and
 * is read here. Of CPython 3.11 and 3.12.
 */
#ifndef TCPLINGER_STACKS_PYTHON_H
#define TCPLINGER_STACKS_PYTHON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "python_frames.h"
#include "source/stacks/object.h"
#include "stack.h"

/* The function that executes Python: each of its frames stands for some of Python's. */
#define PYTHON_EVALUATES "_PyEval_EvalFrameDefault"

struct python_version; /* where things are */

/* All zero: the process is no Python, or one that is not known. */
struct python {
	const struct python_version *version;
	uint64_t code_type; /* where PyCode_Type is: every code object says that it is of it */
};

/* What an ELF file of the interpreter tells, as its symbols count; 0: it does not. */
struct python_symbols {
	uint64_t runtime;
	uint64_t version;
	uint64_t code_type;
};

void python_find_symbols(const struct object *object, struct python_symbols *symbols);

/*
 * `memory`: /proc/PID/mem of a process that has the file's code `bias` bytes behind where its
 * symbols are. False: that is no such version.
 */
bool python_open(struct python *python, const struct python_symbols *symbols, uint64_t bias,
		 int memory, struct python_layout *layout);

/* Does the interpreter return to C behind a frame, of which this byte was read? */
bool python_enters(const struct python *python, uint8_t entry);

/* Is that frame there for C alone, and no function's? */
bool python_is_shim(const struct python *python, uint8_t entry);

/*
 * The function and the line that a frame stands in; false: what is there is no code object, or not
 * the one that the instruction is in, or the frame is none of a function.
 */
bool python_frame(const struct python *python, int memory, const struct python_frame *from,
		  struct stack_frame *frame);

/* The line of the instruction that many bytes from the beginning of the code; 0: not told. */
uint32_t python_line(const uint8_t *table, size_t size, uint32_t first_line, uint64_t offset);

#endif

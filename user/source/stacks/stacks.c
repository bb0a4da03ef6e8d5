// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/stacks/stacks.h"

#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "source/clock.h"
#include "source/stacks/debug_file.h"
#include "source/stacks/image.h"
#include "source/stacks/pythons.h"

#define IMAGES 64

struct stacks {
	struct library library;
	struct image *images[IMAGES];
	size_t count;
	uint64_t now_ns;
	void (*python_found)(void *context, uint32_t pid, const struct python_layout *layout);
	void *context;
};

/* One stack on its way. */
struct climb {
	struct stacks *stacks;
	struct image *image;
	const struct raw_stack *raw;
	struct unwind_cursor cursor;
	struct unwind_memory memory;
	struct stack *out;
	struct stack_walk *walk;
	bool repeats;	 /* may be known again by its walk */
	uint32_t python; /* of its frames, so many are told already */
};

struct stacks *stacks_open(void)
{
	struct stacks *stacks = calloc(1, sizeof(*stacks));

	if (stacks)
		stacks->library.folder = DEBUG_FOLDER;
	return stacks;
}

static void drop_image(struct stacks *stacks, size_t at)
{
	image_free(stacks->images[at]);
	stacks->images[at] = stacks->images[--stacks->count];
}

void stacks_close(struct stacks *stacks)
{
	if (!stacks)
		return;
	while (stacks->count)
		drop_image(stacks, stacks->count - 1);
	library_free(&stacks->library);
	free(stacks);
}

void stacks_on_python(struct stacks *stacks,
		      void (*found)(void *context, uint32_t pid,
				    const struct python_layout *layout),
		      void *context)
{
	stacks->python_found = found;
	stacks->context = context;
	pythons_find(&stacks->library, found, context);
}

static bool is_of(const struct image *image, const struct process_id *process)
{
	return image->process.pid == process->pid && image->process.start_ns == process->start_ns;
}

void stacks_forget(struct stacks *stacks, const struct process_id *process)
{
	for (size_t i = stacks->count; i; i--)
		if (is_of(stacks->images[i - 1], process))
			drop_image(stacks, i - 1);
}

static void drop_oldest(struct stacks *stacks)
{
	size_t oldest = 0;

	for (size_t i = 1; i < stacks->count; i++)
		if (stacks->images[i]->used_ns < stacks->images[oldest]->used_ns)
			oldest = i;
	drop_image(stacks, oldest);
}

/* First of all, so that as few calls as possible come before the kernel side knows. */
static struct image *add_image(struct stacks *stacks, const struct raw_stack *raw)
{
	struct image *image =
		image_new(&raw->process, raw->image, raw->start_stack, &stacks->library);
	struct python_layout layout;

	stacks->images[stacks->count++] = image;
	image_refresh(image, stacks->now_ns);
	if (python_of(image, stacks->now_ns, &layout) && stacks->python_found)
		stacks->python_found(stacks->context, raw->process.pid, &layout);
	return image;
}

/* What the process executed before is dropped with it. */
static struct image *find_image(struct stacks *stacks, const struct raw_stack *raw)
{
	for (size_t i = 0; i < stacks->count; i++)
		if (is_of(stacks->images[i], &raw->process) &&
		    stacks->images[i]->number == raw->image)
			return stacks->images[i];
	stacks_forget(stacks, &raw->process);
	if (stacks->count == IMAGES)
		drop_oldest(stacks);
	return add_image(stacks, raw);
}

/* Adds what is at an address to the stack; false if there is no more room. */
static bool add_place(struct climb *climb, const struct place *place, bool behind_call)
{
	struct stack *out = climb->out;

	for (uint32_t i = 0; i < place->count; i++) {
		struct stack_frame *frame = &out->frames[out->count];

		if (out->count == STACK_FRAMES)
			return false;
		*frame = place->frames[i];
		frame->address += behind_call;
		if (frame->symbol[0])
			frame->offset += behind_call;
		out->count++;
	}
	return true;
}

/* The functions that the interpreter runs in one of its frames; false: not one can be told. */
static bool add_functions(struct climb *climb, int memory)
{
	const struct python *python = &climb->image->python;
	const struct raw_stack *raw = climb->raw;
	bool told = false, ends = false;

	while (climb->python < raw->python_count && climb->out->count < STACK_FRAMES && !ends) {
		uint32_t at = climb->python++;
		struct stack_frame *frame = &climb->out->frames[climb->out->count];

		ends = python_enters(python, raw->python_entry[at]);
		if (python_is_shim(python, raw->python_entry[at]))
			continue;
		told |= python_frame(python, memory, &raw->python[at], frame);
		climb->out->count++;
	}
	return told;
}

/* In place of the interpreter's own frame, which is the last one. */
static void add_python(struct climb *climb)
{
	struct stack *out = climb->out;
	uint8_t count = out->count;
	struct stack_frame own = out->frames[count - 1];
	int memory;

	climb->repeats = false;
	if (!climb->image->python.version || climb->python == climb->raw->python_count)
		return;
	memory = image_open_memory(climb->image);
	if (memory < 0)
		return;
	out->count--;
	if (!add_functions(climb, memory)) {
		out->frames[count - 1] = own;
		out->count = count;
	}
	close(memory);
}

static bool runs_python(const struct climb *climb)
{
	const struct stack *out = climb->out;

	return out->count && strcmp(out->frames[out->count - 1].symbol, PYTHON_EVALUATES) == 0;
}

/*
 * A return address is behind a call, which may be the last instruction of its function, and of its
 * line: what is looked for is what is before it. So it is with a system call.
 */
static bool add_address(struct climb *climb, uint64_t address, bool behind_call,
			struct image_code *code)
{
	*code = image_find(climb->image, address - behind_call, climb->stacks->now_ns);
	if (!add_place(climb, image_place(climb->image, code), behind_call))
		return false;
	if (runs_python(climb))
		add_python(climb);
	return true;
}

/* What a JIT compiler made is other code the next time, what a signal interrupted did not call. */
static void note_walk(struct climb *climb, const struct image_code *code)
{
	struct stack_walk *walk = climb->walk;

	climb->repeats &= code->module && !climb->cursor.exact;
	walk->instructions[walk->count] = climb->cursor.registers[ARCH_PC];
	walk->pointers[walk->count++] = climb->cursor.registers[ARCH_SP];
}

static enum stack_end end_of(const struct climb *climb, enum unwind_result result)
{
	if (result == UNWIND_OUTERMOST)
		return STACK_WHOLE;
	if (!image_known(climb->image))
		return STACK_CUT_PROCESS;
	if (result == UNWIND_MEMORY && (!climb->raw->whole || !climb->raw->copied))
		return STACK_CUT_COPY;
	return STACK_CUT_UNWIND;
}

static enum stack_end unwind(struct climb *climb)
{
	enum unwind_result result = UNWIND_DONE;
	struct image_code code;

	while (result == UNWIND_DONE) {
		uint64_t address = climb->cursor.registers[ARCH_PC];

		if (climb->walk->count == STACK_FRAMES)
			return STACK_CUT_FRAMES;
		if (!add_address(climb, address, !climb->cursor.exact, &code))
			return STACK_CUT_FRAMES;
		note_walk(climb, &code);
		result = image_step(climb->image, &code, &climb->cursor, &climb->memory);
	}
	return end_of(climb, result);
}

/* Where the kernel, which went by frame pointers alone, was at the same address. */
static size_t find_walked(const struct raw_stack *raw, uint64_t address)
{
	for (size_t i = 0; i < raw->walked; i++)
		if (raw->frames[i] == address)
			return i + 1;
	return raw->walked;
}

/* The kernel may have gone further: it had all of the stack. */
static void add_walked(struct climb *climb)
{
	const struct raw_stack *raw = climb->raw;
	struct image_code code;

	climb->repeats = false;
	for (size_t i = find_walked(raw, climb->cursor.registers[ARCH_PC]); i < raw->walked; i++)
		if (!add_address(climb, raw->frames[i], true, &code))
			climb->out->end = STACK_CUT_FRAMES;
}

static void begin(struct climb *climb)
{
	const struct raw_stack *raw = climb->raw;
	struct unwind_cursor *cursor = &climb->cursor;

	memcpy(cursor->registers, raw->registers, sizeof(cursor->registers));
	cursor->known = (1ULL << ARCH_REGISTERS) - 1;
	unwind_set(cursor, ARCH_PC, raw->instruction_pointer);
	unwind_set(cursor, ARCH_SP, raw->stack_pointer);
	unwind_set(cursor, ARCH_FP, raw->frame_pointer);
	climb->memory = (struct unwind_memory){raw->bytes, raw->stack_pointer, raw->copied};
	climb->out->count = 0;
	memset(climb->out->reserved, 0, sizeof(climb->out->reserved));
	climb->walk->count = 0;
	climb->repeats = ARCH_MACHINE == EM_X86_64;
}

void stacks_resolve(struct stacks *stacks, const struct raw_stack *raw, struct stack *out,
		    struct stack_walk *walk)
{
	struct climb climb = {.stacks = stacks, .raw = raw, .out = out, .walk = walk};

	stacks->now_ns = clock_now_ns(CLOCK_MONOTONIC);
	climb.image = find_image(stacks, raw);
	climb.image->used_ns = stacks->now_ns;
	image_refresh(climb.image, stacks->now_ns);
	begin(&climb);
	out->end = (uint8_t)unwind(&climb);
	if (out->end != STACK_WHOLE && out->end != STACK_CUT_FRAMES)
		add_walked(&climb);
	if (!climb.repeats)
		walk->count = 0;
	library_tidy(&stacks->library, stacks->now_ns);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/stacks/known.h"

#include <string.h>

#include "base/hash.h"

/* Where a thread stands after having come there by certain steps. */
struct step {
	uint64_t key;	  /* of the process, and of all addresses up to here */
	uint64_t id;	  /* the stack ends here, and is this; 0: it goes on */
	uint64_t to_next; /* from this frame's stack pointer to where the return address is */
	bool varies;	  /* in more than one way */
};

void known_init(struct known *known)
{
	pool_init(&known->steps, sizeof(struct step));
	index_init(&known->index, &known->steps);
}

void known_free(struct known *known)
{
	index_free(&known->index);
	pool_free(&known->steps);
}

void known_forget(struct known *known)
{
	known_free(known);
	known_init(known);
}

static uint64_t key_after(uint64_t key, uint64_t instruction)
{
	return hash_bytes(key, &instruction, sizeof(instruction));
}

static uint64_t first_key(const struct raw_stack *raw)
{
	uint64_t image[] = {raw->process.pid, raw->process.start_ns, raw->image};

	return key_after(hash_bytes(0, image, sizeof(image)), raw->instruction_pointer);
}

/* False if it is outside of the copy. `at`: the address. */
static bool read_word(const struct raw_stack *raw, uint64_t at, uint64_t *word)
{
	uint64_t offset = at - raw->stack_pointer;

	if (offset > raw->copied || raw->copied - offset < sizeof(*word))
		return false;
	memcpy(word, raw->bytes + offset, sizeof(*word));
	return true;
}

static struct step *find(const struct known *known, uint64_t key)
{
	uint32_t number = index_find(&known->index, key);

	return number ? pool_get(&known->steps, number) : NULL;
}

uint64_t known_find(const struct known *known, const struct raw_stack *raw)
{
	uint64_t key = first_key(raw), pointer = raw->stack_pointer, instruction;
	const struct step *step;

	for (unsigned int i = 0; i < STACK_FRAMES; i++) {
		step = find(known, key);
		if (!step || step->varies)
			return 0;
		if (step->id)
			return step->id;
		if (!read_word(raw, pointer + step->to_next, &instruction))
			return 0;
		pointer += step->to_next + sizeof(instruction);
		key = key_after(key, instruction);
	}
	return 0;
}

static void add_step(struct known *known, uint64_t key, uint64_t id, uint64_t to_next)
{
	struct step *step = find(known, key);
	uint32_t number;

	if (step) {
		step->varies |= step->id != id || step->to_next != to_next;
		return;
	}
	number = pool_add(&known->steps);
	step = pool_get(&known->steps, number);
	*step = (struct step){.key = key, .id = id, .to_next = to_next};
	index_add(&known->index, number);
}

/* The return address is where it is said to be: else nothing can be known by it. */
static bool is_as_told(const struct raw_stack *raw, const struct stack_walk *walk)
{
	uint64_t word;

	if (!walk->count || walk->count > STACK_FRAMES ||
	    walk->instructions[0] != raw->instruction_pointer ||
	    walk->pointers[0] != raw->stack_pointer)
		return false;
	for (uint32_t i = 1; i < walk->count; i++)
		if (walk->pointers[i] < walk->pointers[i - 1] + sizeof(word) ||
		    !read_word(raw, walk->pointers[i] - sizeof(word), &word) ||
		    word != walk->instructions[i])
			return false;
	return true;
}

void known_add(struct known *known, const struct raw_stack *raw, const struct stack_walk *walk,
	       uint64_t id)
{
	uint64_t key = first_key(raw);

	if (!is_as_told(raw, walk))
		return;
	if (known->steps.live > KNOWN_STEPS)
		known_forget(known);
	for (uint32_t i = 1; i < walk->count; i++) {
		add_step(known, key, 0,
			 walk->pointers[i] - sizeof(uint64_t) - walk->pointers[i - 1]);
		key = key_after(key, walk->instructions[i]);
	}
	add_step(known, key, id, 0);
}

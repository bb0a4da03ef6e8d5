// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/stacks/unwind.h"

#include <string.h>

#define WORD sizeof(uint64_t)

bool unwind_read(const struct unwind_memory *memory, uint64_t address, uint64_t *value)
{
	uint64_t place = address - memory->start;

	if (address < memory->start || memory->size < WORD || place > memory->size - WORD)
		return false;
	memcpy(value, memory->bytes + place, WORD);
	return true;
}

enum unwind_result unwind_enter(struct unwind_cursor *cursor, struct unwind_cursor *caller,
				unsigned int return_register, bool signal)
{
	uint64_t address;

	if (!unwind_knows(caller, return_register))
		return UNWIND_LOST;
	address = arch_code_address(caller->registers[return_register]);
	if (!address)
		return UNWIND_OUTERMOST;
	if (!signal && !cursor->exact && !cursor->switched &&
	    caller->registers[ARCH_SP] <= cursor->registers[ARCH_SP])
		return UNWIND_LOST;
	unwind_set(caller, ARCH_PC, address);
	caller->exact = caller->switched = signal;
	*cursor = *caller;
	return UNWIND_DONE;
}

/* One register of the caller's; false if the memory that it is in was not copied. */
static bool recover(struct unwind_cursor *caller, const struct unwind_cursor *cursor,
		    const struct unwind_rule *rule, unsigned int number, uint64_t cfa,
		    const struct unwind_memory *memory)
{
	uint64_t offset = (uint64_t)(int64_t)rule->registers[number].offset, value = cfa + offset;

	switch (rule->registers[number].how) {
	case RECOVER_SAVED:
		if (!unwind_read(memory, cfa + offset, &value))
			return false;
		break;
	case RECOVER_CFA:
		break;
	case RECOVER_REGISTER:
		if (!unwind_knows(cursor, (unsigned int)offset))
			return true;
		value = cursor->registers[offset];
		break;
	case RECOVER_SAME:
		if (!unwind_knows(cursor, number))
			return true;
		value = cursor->registers[number];
		break;
	default:
		return true;
	}
	unwind_set(caller, number, value);
	return true;
}

enum unwind_result unwind_by_rule(struct unwind_cursor *cursor, const struct unwind_rule *rule,
				  const struct unwind_memory *memory)
{
	struct unwind_cursor caller = {0};
	uint64_t cfa;

	if (rule->registers[rule->return_register].how == RECOVER_NOT)
		return UNWIND_OUTERMOST;
	if (!unwind_knows(cursor, rule->cfa_register))
		return UNWIND_LOST;
	cfa = cursor->registers[rule->cfa_register] + (uint64_t)(int64_t)rule->cfa_offset;
	for (unsigned int i = 0; i < ARCH_REGISTERS; i++)
		if (!recover(&caller, cursor, rule, i, cfa, memory) && i == rule->return_register)
			return UNWIND_MEMORY;
	if (!unwind_knows(&caller, ARCH_SP))
		unwind_set(&caller, ARCH_SP, cfa);
	return unwind_enter(cursor, &caller, rule->return_register, rule->signal);
}

/* On both architectures it points to the caller's, and the return address is behind that. */
enum unwind_result unwind_by_frame_pointer(struct unwind_cursor *cursor,
					   const struct unwind_memory *memory)
{
	uint64_t frame = cursor->registers[ARCH_FP], next, address;
	struct unwind_cursor caller = {0};

	if (!unwind_knows(cursor, ARCH_FP))
		return UNWIND_LOST;
	if (!frame)
		return UNWIND_OUTERMOST;
	if (frame < cursor->registers[ARCH_SP] || frame % WORD)
		return UNWIND_LOST;
	if (!unwind_read(memory, frame, &next) || !unwind_read(memory, frame + WORD, &address))
		return UNWIND_MEMORY;
	unwind_set(&caller, ARCH_FP, next);
	unwind_set(&caller, ARCH_SP, frame + 2 * WORD);
	unwind_set(&caller, ARCH_PC, address);
	return unwind_enter(cursor, &caller, ARCH_PC, false);
}

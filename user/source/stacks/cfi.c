// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/stacks/cfi.h"

#include <dwarf.h>
#include <stdlib.h>

#include "source/stacks/expression.h"

static Dwarf_Frame *find(Dwarf_CFI *const *tables, size_t count, uint64_t address)
{
	Dwarf_Frame *frame;

	for (size_t i = 0; i < count; i++)
		if (tables[i] && dwarf_cfi_addrframe(tables[i], address, &frame) == 0)
			return frame;
	return NULL;
}

static bool fits(int64_t offset)
{
	return offset == (int32_t)offset;
}

static bool simple_cfa(Dwarf_Frame *frame, struct unwind_rule *rule)
{
	Dwarf_Op *ops;
	size_t count;
	int64_t offset;

	if (dwarf_frame_cfa(frame, &ops, &count) != 0 || count != 1)
		return false;
	if (ops[0].atom >= DW_OP_breg0 && ops[0].atom <= DW_OP_breg31) {
		rule->cfa_register = (uint8_t)(ops[0].atom - DW_OP_breg0);
		offset = (int64_t)ops[0].number;
	} else if (ops[0].atom == DW_OP_bregx && ops[0].number < ARCH_REGISTERS) {
		rule->cfa_register = (uint8_t)ops[0].number;
		offset = (int64_t)ops[0].number2;
	} else {
		return false;
	}
	rule->cfa_offset = (int32_t)offset;
	return rule->cfa_register < ARCH_REGISTERS && fits(offset);
}

/* The CFA and a number, then perhaps that this is the value, not where it is (cfi.h of elfutils).
 */
static bool from_cfa(const Dwarf_Op *ops, size_t count, struct unwind_rule *rule, int number)
{
	int64_t offset = 0;

	if (!count || ops[0].atom != DW_OP_call_frame_cfa)
		return false;
	if (count > 1 && ops[1].atom == DW_OP_plus_uconst) {
		offset = (int64_t)ops[1].number;
		ops++;
		count--;
	}
	rule->registers[number].offset = (int32_t)offset;
	rule->registers[number].how = RECOVER_SAVED;
	if (count == 2 && ops[1].atom == DW_OP_stack_value) {
		rule->registers[number].how = RECOVER_CFA;
		count--;
	}
	return count == 1 && fits(offset);
}

static bool from_register(const Dwarf_Op *ops, size_t count, struct unwind_rule *rule, int number)
{
	uint64_t other;

	if (count != 1)
		return false;
	if (ops[0].atom >= DW_OP_reg0 && ops[0].atom <= DW_OP_reg31)
		other = ops[0].atom - DW_OP_reg0;
	else if (ops[0].atom == DW_OP_regx)
		other = ops[0].number;
	else
		return false;
	rule->registers[number].how = RECOVER_REGISTER;
	rule->registers[number].offset = (int32_t)other;
	return other < ARCH_REGISTERS;
}

static bool simple_register(Dwarf_Frame *frame, struct unwind_rule *rule, int number)
{
	Dwarf_Op memory[3], *ops;
	size_t count;

	/* one that libdw does not know of is not saved by anybody */
	if (dwarf_frame_register(frame, number, memory, &ops, &count) != 0) {
		rule->registers[number].how = RECOVER_NOT;
		return true;
	}
	if (count)
		return from_cfa(ops, count, rule, number) ||
		       from_register(ops, count, rule, number);
	rule->registers[number].how = ops ? RECOVER_NOT : RECOVER_SAME;
	return true;
}

static bool is_simple(Dwarf_Frame *frame, struct unwind_rule *rule)
{
	bool simple = simple_cfa(frame, rule);

	for (int i = 0; i < ARCH_REGISTERS && simple; i++)
		simple = simple_register(frame, rule, i);
	return simple;
}

void cfi_rule(Dwarf_CFI *const *tables, size_t count, uint64_t address, struct unwind_rule *rule)
{
	Dwarf_Frame *frame = find(tables, count, address);
	int return_register;

	*rule = (struct unwind_rule){.address = address, .kind = RULE_NONE};
	if (!frame)
		return;
	return_register = dwarf_frame_info(frame, NULL, NULL, &rule->signal);
	if (return_register >= 0 && return_register < ARCH_REGISTERS) {
		rule->return_register = (uint8_t)return_register;
		rule->kind = is_simple(frame, rule) ? RULE_SIMPLE : RULE_COMPUTED;
	}
	free(frame);
}

static bool compute_cfa(Dwarf_Frame *frame, struct expression *expression)
{
	Dwarf_Op *ops;
	size_t count;

	expression->cfa_known = false;
	if (dwarf_frame_cfa(frame, &ops, &count) != 0 || !count ||
	    !expression_value(expression, ops, count, &expression->cfa))
		return false;
	expression->cfa_known = true;
	return true;
}

static void compute_register(Dwarf_Frame *frame, const struct expression *expression, int number,
			     struct unwind_cursor *caller)
{
	Dwarf_Op memory[3], *ops;
	uint64_t value;
	size_t count;

	if (dwarf_frame_register(frame, number, memory, &ops, &count) != 0)
		return;
	if (count) {
		if (expression_load(expression, ops, count, &value))
			unwind_set(caller, (unsigned int)number, value);
	} else if (!ops && unwind_knows(expression->cursor, (unsigned int)number)) {
		unwind_set(caller, (unsigned int)number, expression->cursor->registers[number]);
	}
}

/* Where the return address is undefined there is none to return to. */
static bool is_outermost(Dwarf_Frame *frame, int return_register)
{
	Dwarf_Op memory[3], *ops;
	size_t count;

	return dwarf_frame_register(frame, return_register, memory, &ops, &count) == 0 && !count &&
	       ops;
}

static enum unwind_result step(Dwarf_Frame *frame, struct unwind_cursor *cursor,
			       const struct unwind_memory *memory)
{
	struct expression expression = {.cursor = cursor, .memory = memory};
	struct unwind_cursor caller = {0};
	bool signal;
	int return_register = dwarf_frame_info(frame, NULL, NULL, &signal);

	if (return_register < 0)
		return UNWIND_LOST;
	if (is_outermost(frame, return_register))
		return UNWIND_OUTERMOST;
	if (!compute_cfa(frame, &expression))
		return UNWIND_LOST;
	for (int i = 0; i < ARCH_REGISTERS; i++)
		compute_register(frame, &expression, i, &caller);
	if (!unwind_knows(&caller, ARCH_SP))
		unwind_set(&caller, ARCH_SP, expression.cfa);
	/* it is said how to find it, and it could not be read */
	if (!unwind_knows(&caller, (unsigned int)return_register))
		return UNWIND_MEMORY;
	return unwind_enter(cursor, &caller, (unsigned int)return_register, signal);
}

enum unwind_result cfi_step(Dwarf_CFI *const *tables, size_t count, uint64_t address,
			    struct unwind_cursor *cursor, const struct unwind_memory *memory)
{
	Dwarf_Frame *frame = find(tables, count, address);
	enum unwind_result result;

	if (!frame)
		return UNWIND_LOST;
	result = step(frame, cursor, memory);
	free(frame);
	return result;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/stacks/expression.h"

#include <dwarf.h>

#define DEPTH 16

struct machine {
	const struct expression *expression;
	uint64_t stack[DEPTH];
	size_t depth;
};

static bool push(struct machine *machine, uint64_t value)
{
	if (machine->depth == DEPTH)
		return false;
	machine->stack[machine->depth++] = value;
	return true;
}

static bool push_register(struct machine *machine, uint64_t number, uint64_t offset)
{
	const struct unwind_cursor *cursor = machine->expression->cursor;

	return number < ARCH_REGISTERS && unwind_knows(cursor, (unsigned int)number) &&
	       push(machine, cursor->registers[number] + offset);
}

static bool load(struct machine *machine)
{
	uint64_t *top = machine->stack + machine->depth;

	return machine->depth && unwind_read(machine->expression->memory, top[-1], &top[-1]);
}

static bool compute(uint8_t atom, uint64_t *one, uint64_t other)
{
	int64_t signed_one = (int64_t)*one, signed_other = (int64_t)other;

	switch (atom) {
	case DW_OP_and:
		*one &= other;
		break;
	case DW_OP_or:
		*one |= other;
		break;
	case DW_OP_xor:
		*one ^= other;
		break;
	case DW_OP_plus:
		*one += other;
		break;
	case DW_OP_minus:
		*one -= other;
		break;
	case DW_OP_mul:
		*one *= other;
		break;
	case DW_OP_shl:
		*one = other < 64 ? *one << other : 0;
		break;
	case DW_OP_shr:
		*one = other < 64 ? *one >> other : 0;
		break;
	case DW_OP_eq:
		*one = *one == other;
		break;
	case DW_OP_ne:
		*one = *one != other;
		break;
	case DW_OP_ge:
		*one = signed_one >= signed_other;
		break;
	case DW_OP_gt:
		*one = signed_one > signed_other;
		break;
	case DW_OP_le:
		*one = signed_one <= signed_other;
		break;
	case DW_OP_lt:
		*one = signed_one < signed_other;
		break;
	default:
		return false;
	}
	return true;
}

/* What takes two, and leaves one. */
static bool run_binary(struct machine *machine, uint8_t atom)
{
	if (machine->depth < 2)
		return false;
	machine->depth--;
	return compute(atom, &machine->stack[machine->depth - 1], machine->stack[machine->depth]);
}

static bool is_constant(uint8_t atom)
{
	return (atom >= DW_OP_const1u && atom <= DW_OP_consts) || atom == DW_OP_addr;
}

static bool run_one(struct machine *machine, const Dwarf_Op *op)
{
	const struct expression *expression = machine->expression;
	uint8_t atom = op->atom;

	if (atom >= DW_OP_lit0 && atom <= DW_OP_lit31)
		return push(machine, atom - DW_OP_lit0);
	if (atom >= DW_OP_breg0 && atom <= DW_OP_breg31)
		return push_register(machine, atom - DW_OP_breg0, op->number);
	if (is_constant(atom))
		return push(machine, op->number);
	switch (atom) {
	case DW_OP_bregx:
		return push_register(machine, op->number, op->number2);
	case DW_OP_call_frame_cfa:
		return expression->cfa_known && push(machine, expression->cfa);
	case DW_OP_deref:
		return load(machine);
	case DW_OP_plus_uconst:
		return machine->depth && (machine->stack[machine->depth - 1] += op->number, true);
	case DW_OP_dup:
		return machine->depth && push(machine, machine->stack[machine->depth - 1]);
	case DW_OP_drop:
		return machine->depth && machine->depth--;
	default:
		return run_binary(machine, atom);
	}
}

bool expression_value(const struct expression *expression, const Dwarf_Op *ops, size_t count,
		      uint64_t *value)
{
	struct machine machine = {.expression = expression};

	for (size_t i = 0; i < count; i++)
		if (!run_one(&machine, &ops[i]))
			return false;
	if (!machine.depth)
		return false;
	*value = machine.stack[machine.depth - 1];
	return true;
}

bool expression_load(const struct expression *expression, const Dwarf_Op *ops, size_t count,
		     uint64_t *value)
{
	const struct unwind_cursor *cursor = expression->cursor;
	uint64_t place;

	if (ops[count - 1].atom == DW_OP_stack_value)
		return expression_value(expression, ops, count - 1, value);
	if (count == 1 && ops[0].atom >= DW_OP_reg0 && ops[0].atom <= DW_OP_reg31) {
		unsigned int number = ops[0].atom - DW_OP_reg0;

		*value = unwind_knows(cursor, number) ? cursor->registers[number] : 0;
		return unwind_knows(cursor, number);
	}
	return expression_value(expression, ops, count, &place) &&
	       unwind_read(expression->memory, place, value);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From frame to frame, in memory that the test has made. */
#include <dwarf.h>

#include "source/stacks/expression.h"
#include "source/stacks/unwind.h"
#include "unit.h"

#define STACK 0x7000

static uint64_t words[8];
static const struct unwind_memory memory = {(const uint8_t *)words, STACK, sizeof(words)};

static void stand(struct unwind_cursor *cursor, uint64_t sp, uint64_t fp)
{
	*cursor = (struct unwind_cursor){0};
	unwind_set(cursor, ARCH_PC, 0x1000);
	unwind_set(cursor, ARCH_SP, sp);
	unwind_set(cursor, ARCH_FP, fp);
}

static struct unwind_rule rule_of(int cfa_register, int cfa_offset)
{
	struct unwind_rule rule = {.kind = RULE_SIMPLE,
				   .cfa_register = (uint8_t)cfa_register,
				   .cfa_offset = cfa_offset,
				   .return_register = ARCH_PC};

	rule.registers[ARCH_PC].how = RECOVER_SAVED;
	rule.registers[ARCH_PC].offset = -8;
	rule.registers[ARCH_SP].how = RECOVER_CFA;
	return rule;
}

static void reads_only_what_was_copied(void **state)
{
	uint64_t value;

	(void)state;
	words[7] = 42;
	assert_true(unwind_read(&memory, STACK + 56, &value));
	assert_int_equal(value, 42);
	assert_false(unwind_read(&memory, STACK + 57, &value));
	assert_false(unwind_read(&memory, STACK - 1, &value));
	assert_false(unwind_read(&memory, UINT64_MAX - 3, &value));
	assert_false(unwind_read(&(struct unwind_memory){NULL, STACK, 0}, STACK, &value));
}

static void a_rule_recovers_registers(void **state)
{
	struct unwind_rule rule = rule_of(ARCH_SP, 32);
	struct unwind_cursor cursor;

	(void)state;
	stand(&cursor, STACK, 0x99);
	words[3] = 0x2000;
	words[1] = 0x7777;
	rule.registers[ARCH_FP].how = RECOVER_SAVED;
	rule.registers[ARCH_FP].offset = -24;
	rule.registers[0].how = RECOVER_REGISTER;
	rule.registers[0].offset = ARCH_FP;
	rule.registers[1].how = RECOVER_SAME;
	rule.registers[2].how = RECOVER_NOT;
	assert_int_equal(unwind_by_rule(&cursor, &rule, &memory), UNWIND_DONE);
	assert_int_equal(cursor.registers[ARCH_PC], 0x2000);
	assert_int_equal(cursor.registers[ARCH_SP], STACK + 32);
	assert_int_equal(cursor.registers[ARCH_FP], 0x7777);
	assert_int_equal(cursor.registers[0], 0x99);
	assert_false(unwind_knows(&cursor, 1)); /* nor was it before */
	assert_false(unwind_knows(&cursor, 2));
	assert_false(cursor.exact);
}

static void says_why_it_ends(void **state)
{
	struct unwind_rule rule = rule_of(ARCH_SP, 8);
	struct unwind_cursor cursor, before;

	(void)state;
	stand(&cursor, STACK, 0);
	before = cursor;
	words[0] = 0;
	assert_int_equal(unwind_by_rule(&cursor, &rule, &memory), UNWIND_OUTERMOST);
	rule.registers[ARCH_PC].how = RECOVER_NOT;
	assert_int_equal(unwind_by_rule(&cursor, &rule, &memory), UNWIND_OUTERMOST);
	rule = rule_of(ARCH_SP, sizeof(words) + 16);
	assert_int_equal(unwind_by_rule(&cursor, &rule, &memory), UNWIND_MEMORY);
	rule = rule_of(3, 8); /* a register that nobody told of */
	assert_int_equal(unwind_by_rule(&cursor, &rule, &memory), UNWIND_LOST);
	assert_memory_equal(&cursor, &before, sizeof(before));
}

/* A hostile file says that the caller is where the frame is, or above. */
static void never_goes_round_in_circles(void **state)
{
	struct unwind_rule rule = rule_of(ARCH_FP, 8);
	struct unwind_cursor cursor;

	(void)state;
	words[0] = words[1] = 0x2000;
	stand(&cursor, STACK + 8, STACK);
	assert_int_equal(unwind_by_rule(&cursor, &rule, &memory), UNWIND_LOST);
	stand(&cursor, STACK + 16, STACK);
	assert_int_equal(unwind_by_rule(&cursor, &rule, &memory), UNWIND_LOST);
}

static void goes_by_the_frame_pointer(void **state)
{
	struct unwind_cursor cursor;

	(void)state;
	words[2] = STACK + 40;
	words[3] = 0x2000;
	words[5] = 0;
	words[6] = 0x3000;
	stand(&cursor, STACK, STACK + 16);
	assert_int_equal(unwind_by_frame_pointer(&cursor, &memory), UNWIND_DONE);
	assert_int_equal(cursor.registers[ARCH_PC], 0x2000);
	assert_int_equal(unwind_by_frame_pointer(&cursor, &memory), UNWIND_DONE);
	assert_int_equal(cursor.registers[ARCH_PC], 0x3000);
	assert_int_equal(unwind_by_frame_pointer(&cursor, &memory), UNWIND_OUTERMOST);
}

static void a_frame_pointer_that_is_none_leads_nowhere(void **state)
{
	struct unwind_cursor cursor;

	(void)state;
	stand(&cursor, STACK + 8, STACK); /* above the stack pointer */
	assert_int_equal(unwind_by_frame_pointer(&cursor, &memory), UNWIND_LOST);
	stand(&cursor, STACK, STACK + 3);
	assert_int_equal(unwind_by_frame_pointer(&cursor, &memory), UNWIND_LOST);
	stand(&cursor, STACK, STACK + 8000);
	assert_int_equal(unwind_by_frame_pointer(&cursor, &memory), UNWIND_MEMORY);
	cursor.known = 0;
	assert_int_equal(unwind_by_frame_pointer(&cursor, &memory), UNWIND_LOST);
}

/* What every procedure linkage table on x86-64 has: 8 more once it has pushed. */
static void computes_expressions(void **state)
{
	const Dwarf_Op plt[] = {
		{DW_OP_breg7, 8, 0, 0}, {DW_OP_breg16, 0, 0, 0}, {DW_OP_lit15, 0, 0, 0},
		{DW_OP_and, 0, 0, 0},	{DW_OP_lit11, 0, 0, 0},	 {DW_OP_ge, 0, 0, 0},
		{DW_OP_lit3, 0, 0, 0},	{DW_OP_shl, 0, 0, 0},	 {DW_OP_plus, 0, 0, 0}};
	const Dwarf_Op saved[] = {{DW_OP_breg7, 16, 0, 0}, {DW_OP_deref, 0, 0, 0}};
	struct unwind_cursor cursor;
	struct expression expression = {.cursor = &cursor, .memory = &memory};
	uint64_t value;

	(void)state;
	cursor = (struct unwind_cursor){0};
	unwind_set(&cursor, 7, STACK);
	if (ARCH_REGISTERS < 17)
		skip();
	unwind_set(&cursor, 16, 0x100a);
	assert_true(expression_value(&expression, plt, COUNT(plt), &value));
	assert_int_equal(value, STACK + 8);
	unwind_set(&cursor, 16, 0x100b);
	assert_true(expression_value(&expression, plt, COUNT(plt), &value));
	assert_int_equal(value, STACK + 16);
	words[2] = STACK + 24;
	words[3] = 77;
	assert_true(expression_load(&expression, saved, COUNT(saved), &value));
	assert_int_equal(value, 77);
}

static void refuses_expressions_that_cannot_be(void **state)
{
	const Dwarf_Op none[] = {{DW_OP_plus, 0, 0, 0}}, unknown[] = {{DW_OP_skip, 0, 0, 0}};
	const Dwarf_Op nowhere[] = {{DW_OP_const8u, 1, 0, 0}, {DW_OP_deref, 0, 0, 0}};
	const Dwarf_Op far[] = {{DW_OP_bregx, 1000, 0, 0}},
		       cfa[] = {{DW_OP_call_frame_cfa, 0, 0, 0}};
	const Dwarf_Op deref[] = {{DW_OP_deref, 0, 0, 0}};
	struct unwind_cursor cursor = {0};
	struct expression expression = {.cursor = &cursor, .memory = &memory};
	Dwarf_Op many[64];
	uint64_t value;

	(void)state;
	for (size_t i = 0; i < COUNT(many); i++)
		many[i] = (Dwarf_Op){DW_OP_lit1, 0, 0, 0};
	assert_false(expression_value(&expression, none, 1, &value));
	assert_false(expression_value(&expression, unknown, 1, &value));
	assert_false(expression_value(&expression, nowhere, 2, &value));
	assert_false(expression_value(&expression, far, 1, &value));
	assert_false(expression_value(&expression, cfa, 1, &value));
	assert_false(expression_value(&expression, deref, 1, &value));
	assert_false(expression_value(&expression, many, COUNT(many), &value));
	assert_false(expression_value(&expression, many, 0, &value));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_only_what_was_copied),
		cmocka_unit_test(a_rule_recovers_registers),
		cmocka_unit_test(says_why_it_ends),
		cmocka_unit_test(never_goes_round_in_circles),
		cmocka_unit_test(goes_by_the_frame_pointer),
		cmocka_unit_test(a_frame_pointer_that_is_none_leads_nowhere),
		cmocka_unit_test(computes_expressions),
		cmocka_unit_test(refuses_expressions_that_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

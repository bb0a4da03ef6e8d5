// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Functions of Python: a real interpreter, whose frames the test walks as the kernel side does. */
#include <sys/wait.h>

#include "source/stacks/python.h"
#include "specimen.h"

#define PYTHON_3_11 "/usr/bin/python3.11"

static const char source[] = "import signal\n"			    /* 1 */
			     "class Pool:\n"			    /* 2 */
			     "    def take(self):\n"		    /* 3 */
			     "        print('ready', flush=True)\n" /* 4 */
			     "        signal.pause()\n"		    /* 5 */
			     "def work(_, __):\n"		    /* 6 */
			     "    Pool().take()\n"		    /* 7 */
			     "def main():\n"			    /* 8 */
			     "    sorted([1, 2], key=lambda n:\n"   /* 9 */
			     "        work(n,\n"		    /* 10 */
			     "             n))\n"		    /* 11 */
			     "main()\n";			    /* 12 */

/* Of Objects/locations.md: entries of one line, of many, of none, and back. */
static void finds_lines(void **state)
{
	static const uint8_t table[] = {
		0x80 | 10 << 3 | 1, 0,	  4,	   /* 4 bytes: the first line */
		0x80 | 11 << 3 | 0, 0,	  4,	   /* 2: the next one */
		0x80 | 13 << 3 | 0, 6,		   /* 2: three further on */
		0x80 | 15 << 3 | 0,		   /* 2: no line */
		0x80 | 14 << 3 | 0, 5,	  0, 1, 2, /* 2: two back */
		0x80 | 3 << 3 | 7,  0x21,	   /* 16: the same one */
	};
	static const struct {
		uint64_t offset;
		uint32_t line;
	} lines[] = {{0, 100},	{3, 100},  {4, 101},  {6, 104}, {8, 0},
		     {10, 102}, {12, 102}, {27, 102}, {28, 0},	{UINT64_MAX, 0}};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++)
		assert_int_equal(python_line(table, sizeof(table), 100, lines[i].offset),
				 lines[i].line);
	assert_int_equal(python_line(table, 0, 100, 0), 0);
	assert_int_equal(python_line((const uint8_t *)"\x10", 1, 100, 0), 0);
	assert_int_equal(python_line((const uint8_t *)"\xe8\x7f", 2, 100, 0), 0);
}

struct kernel_side {
	struct python_layout layout;
	pid_t wanted;
	bool told;
};

static void on_python(void *context, uint32_t pid, const struct python_layout *layout)
{
	struct kernel_side *side = context;

	if ((pid_t)pid != side->wanted)
		return;
	side->layout = *layout;
	side->told = true;
}

static uint64_t word(int memory, uint64_t address)
{
	uint64_t value = 0;

	return pread(memory, &value, sizeof(value), (off_t)address) > 0 ? value : 0;
}

/* As bpf/python.bpf.h. */
static void walk(const struct python_layout *layout, struct raw_stack *raw)
{
	uint64_t frame, thread;
	char path[64];
	int memory;

	snprintf(path, sizeof(path), "/proc/%u/mem", raw->process.pid);
	memory = open(path, O_RDONLY | O_CLOEXEC);
	thread = word(memory,
		      word(memory, layout->runtime + layout->interpreters) + layout->threads);
	assert_int_equal(word(memory, thread + layout->thread_id), raw->process.pid);
	frame = word(memory, word(memory, thread + layout->cframe) + layout->current_frame);
	for (raw->python_count = 0; frame && raw->python_count < PYTHON_FRAMES;
	     raw->python_count++) {
		struct python_frame *to = &raw->python[raw->python_count];

		to->code = word(memory, frame + layout->code);
		to->instruction = word(memory, frame + layout->instruction);
		raw->python_entry[raw->python_count] = (uint8_t)word(memory, frame + layout->entry);
		frame = word(memory, frame + layout->previous);
	}
	close(memory);
}

struct bench {
	struct tree tree;
	struct kernel_side side;
	struct stacks *stacks;
	struct raw_stack raw;
	struct stack stack;
	struct stack_walk walk;
};

static int setup(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	tree_open(&bench->tree);
	tree_write(&bench->tree, "work.py", source);
	bench->stacks = stacks_open();
	*state = bench;
	return 0;
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	if (bench->side.wanted)
		specimen_end(bench->side.wanted);
	stacks_close(bench->stacks);
	tree_close(&bench->tree);
	free(bench);
	return 0;
}

static const char *resolve(struct bench *bench)
{
	stacks_resolve(bench->stacks, &bench->raw, &bench->stack, &bench->walk);
	return specimen_text(&bench->stack, "");
}

static void begin(struct bench *bench)
{
	if (access(PYTHON_3_11, X_OK) != 0 || geteuid() != 0)
		skip();
	bench->side.wanted = specimen_start(&bench->tree, PYTHON_3_11 " work.py");
	specimen_stack(bench->side.wanted, &bench->raw);
}

#define FUNCTIONS "Pool.take work.py:5 <- work work.py:7 <- main.<locals>.<lambda> work.py:10 <- "
#define CALLERS	  "main work.py:9 <- <module> work.py:12 <- "

static void names_functions_and_lines(void **state)
{
	struct bench *bench = *state;
	const char *text;

	begin(bench);
	stacks_on_python(bench->stacks, on_python, &bench->side);
	assert_true(bench->side.told);
	walk(&bench->side.layout, &bench->raw);
	text = resolve(bench);
	check(strstr(text, FUNCTIONS), "%s", text);
	check(strstr(text, CALLERS), "%s", text);
	assert_null(specimen_frame(&bench->stack, PYTHON_EVALUATES));
	assert_int_equal(bench->stack.end, STACK_WHOLE);
	assert_int_equal(bench->walk.count, 0); /* other functions may stand behind the same walk */
}

/* Before the kernel side knows, and where it does not tell: C functions are all there is. */
static void is_told_of_at_its_first_stack(void **state)
{
	struct bench *bench = *state;

	begin(bench);
	stacks_on_python(bench->stacks, on_python, &bench->side);
	bench->side.told = false;
	resolve(bench);
	assert_true(bench->side.told);
	assert_non_null(specimen_frame(&bench->stack, PYTHON_EVALUATES));
	assert_int_equal(bench->walk.count, 0);
}

/* What was read was no code object, or is not the one that the instruction is in. */
static void believes_no_other_memory(void **state)
{
	struct bench *bench = *state;
	struct python_frame *frames = bench->raw.python;

	begin(bench);
	stacks_on_python(bench->stacks, on_python, &bench->side);
	walk(&bench->side.layout, &bench->raw);
	frames[0].code += 8;
	frames[1].instruction += 1 << 20;
	frames[2].code = UINT64_MAX;
	assert_null(strstr(resolve(bench), "Pool.take"));
	assert_null(specimen_frame(&bench->stack, "work"));
	assert_null(specimen_frame(&bench->stack, "main.<locals>.<lambda>"));
	assert_non_null(specimen_frame(&bench->stack, "main"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_lines),
		cmocka_unit_test_setup_teardown(names_functions_and_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(is_told_of_at_its_first_stack, setup, teardown),
		cmocka_unit_test_setup_teardown(believes_no_other_memory, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

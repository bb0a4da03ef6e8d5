// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Stacks of real programs, compiled in several ways, that sleep where they would leak. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "source/proc/procfs.h"
#include "source/sandbox.h"
#include "source/stacks/debug_info.h"
#include "specimen.h"

static const char source[] =
	"#include <stdio.h>\n"						 /* 1 */
	"#include <unistd.h>\n"						 /* 2 */
	"volatile int n;\n"						 /* 3 */
	"static inline __attribute__((always_inline)) void take(void)\n" /* 4 */
	"{\n"								 /* 5 */
	"  pause(); n++;\n"						 /* 6 */
	"}\n"								 /* 7 */
	"__attribute__((noinline)) void leak(int depth)\n"		 /* 8 */
	"{\n"								 /* 9 */
	"  char room[1 << 10]; room[n] = 1;\n"				 /* 10 */
	"  if (depth) leak(depth - 1);\n"				 /* 11 */
	"  else { puts(\"ready\"); fflush(stdout); take(); }\n"		 /* 12 */
	"  n += room[n];\n"						 /* 13 */
	"}\n"								 /* 14 */
	"__attribute__((noinline)) void handle(int depth)\n"		 /* 15 */
	"{\n"								 /* 16 */
	"  leak(depth); n++;\n"						 /* 17 */
	"}\n"								 /* 18 */
	"int main(int argc, char **argv)\n"				 /* 19 */
	"{\n"								 /* 20 */
	"  handle(argv[1] ? (argc = *argv[1] - '0', argc * argc) : 0);\n"
	"  return n;\n"
	"}\n";

struct bench {
	struct tree tree;
	struct stacks *stacks;
	struct raw_stack raw;
	struct stack stack;
	struct stack_walk walk;
	pid_t child;
};

static int setup(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));

	tree_open(&bench->tree);
	tree_write(&bench->tree, "leak.c", source);
	bench->stacks = stacks_open();
	*state = bench;
	return 0;
}

static int teardown(void **state)
{
	struct bench *bench = *state;

	if (bench->child)
		specimen_end(bench->child);
	stacks_close(bench->stacks);
	tree_close(&bench->tree);
	free(bench);
	return 0;
}

static void resolve(struct bench *bench)
{
	stacks_resolve(bench->stacks, &bench->raw, &bench->stack, &bench->walk);
}

/* The stack of a program of the folder, in so far as it is of that. */
static const char *look(struct bench *bench, const char *program)
{
	if (bench->child)
		specimen_end(bench->child);
	bench->child = specimen_start(&bench->tree, program);
	specimen_stack(bench->child, &bench->raw);
	resolve(bench);
	return specimen_text(&bench->stack, bench->tree.path);
}

#define FUNCTIONS "leak <- handle <- main <- _start"

static void without_frame_pointers(void **state)
{
	struct bench *bench = *state;

	specimen_shell(&bench->tree, "gcc -O2 -fomit-frame-pointer leak.c -o leak");
	assert_string_equal(look(bench, "./leak"), FUNCTIONS);
	assert_int_equal(bench->stack.end, STACK_WHOLE);
	assert_int_equal(bench->stack.frames[bench->stack.count - 1].flags, FRAME_MAPPED);
}

/* As musl's are, and what a JIT compiler makes. */
static void by_frame_pointers_alone(void **state)
{
	struct bench *bench = *state;

	specimen_shell(&bench->tree,
		       "gcc -O1 -fno-omit-frame-pointer -fno-asynchronous-unwind-tables "
		       "-fno-unwind-tables leak.c -o leak");
	assert_string_equal(look(bench, "./leak"), FUNCTIONS);
	assert_int_equal(bench->stack.end, STACK_WHOLE);
}

static void with_lines_and_inlined_functions(void **state)
{
	struct bench *bench = *state;
	const struct stack_frame *take, *leak;

	specimen_shell(&bench->tree, "gcc -O2 -g leak.c -o leak");
	assert_string_equal(look(bench, "./leak"),
			    "take leak.c:6 <- leak leak.c:12 <- handle leak.c:17 <- main leak.c:21 "
			    "<- _start");
	take = specimen_frame(&bench->stack, "take");
	leak = specimen_frame(&bench->stack, "leak");
	assert_int_equal(take->flags, FRAME_INLINED | FRAME_FILE_KNOWN | FRAME_MAPPED);
	assert_int_equal(leak->flags, FRAME_FILE_KNOWN | FRAME_MAPPED);
	assert_int_equal(take->address, leak->address);
	assert_int_equal(take->build_id_length, FRAME_BUILD_ID);
}

static void of_debug_frame_alone(void **state)
{
	struct bench *bench = *state;

	specimen_shell(&bench->tree, "gcc -O2 -g -fno-asynchronous-unwind-tables "
				     "-fno-unwind-tables -fomit-frame-pointer leak.c -o leak");
	assert_string_equal(look(bench, "./leak"),
			    "take leak.c:6 <- leak leak.c:12 <- handle leak.c:17 <- main leak.c:21 "
			    "<- _start");
}

static void of_compressed_debug_sections(void **state)
{
	struct bench *bench = *state;

	specimen_shell(&bench->tree, "gcc -O2 -g -gz=zlib leak.c -o leak");
	assert_string_equal(look(bench, "./leak"),
			    "take leak.c:6 <- leak leak.c:12 <- handle leak.c:17 <- main leak.c:21 "
			    "<- _start");
}

static void of_a_stripped_program(void **state)
{
	struct bench *bench = *state;

	specimen_shell(&bench->tree, "gcc -O2 -g leak.c -o leak && strip leak");
	assert_string_equal(look(bench, "./leak"), "? <- ? <- ? <- ?");
	assert_int_equal(bench->stack.end, STACK_WHOLE);
	assert_true(bench->stack.frames[1].address > 0);
	assert_int_equal(bench->stack.frames[1].build_id_length, FRAME_BUILD_ID);
}

static void of_cpp(void **state)
{
	struct bench *bench = *state;

	tree_write(&bench->tree, "leak.cc",
		   "#include <cstdio>\n#include <unistd.h>\n"
		   "namespace net { template <class T> struct Pool { T n = 0;\n"
		   "  __attribute__((noinline)) void take() { puts(\"ready\"); fflush(stdout); "
		   "pause(); n++; } }; }\n"
		   "int main() { net::Pool<int> pool; pool.take(); return pool.n; }\n");
	specimen_shell(&bench->tree, "g++ -O2 -g leak.cc -o leak");
	assert_string_equal(look(bench, "./leak"),
			    "net::Pool<int>::take leak.cc:4 <- main leak.cc:5 <- _start");
}

/* Stripped, as most that are shipped: it knows its own functions. */
static void of_go(void **state)
{
	struct bench *bench = *state;

	if (system("command -v go >/dev/null") != 0)
		skip();
	tree_write(&bench->tree, "leak.go",
		   "package main\n"
		   "import (\"fmt\"; \"syscall\")\n"
		   "type pool struct{ n int }\n"
		   "//go:noinline\n"
		   "func (p *pool) take() {\n"
		   "  fmt.Println(\"ready\"); syscall.Select(0, nil, nil, nil, nil); p.n++\n"
		   "}\n"
		   "func main() { p := &pool{}; p.take(); fmt.Println(p.n) }\n");
	specimen_shell(&bench->tree, "GOCACHE=${GOCACHE:-/tmp/tcplinger-go-cache} GO111MODULE=off "
				     "go build -ldflags '-s -w' -o leak leak.go");
	assert_non_null(strstr(look(bench, "./leak"), "syscall.Select zsyscall_linux_"));
	assert_non_null(
		strstr(specimen_text(&bench->stack, bench->tree.path),
		       " <- main.(*pool).take leak.go:6 <- main.main leak.go:8 <- runtime.main"));
	assert_int_equal(bench->stack.end, STACK_WHOLE);
}

static void where_the_file_was_deleted(void **state)
{
	struct bench *bench = *state;

	if (geteuid() != 0)
		skip(); /* /proc/PID/map_files takes a capability */
	specimen_shell(&bench->tree, "gcc -O2 -g leak.c -o leak");
	bench->child = specimen_start(&bench->tree, "./leak");
	specimen_shell(&bench->tree, "rm leak && echo hello >leak");
	specimen_stack(bench->child, &bench->raw);
	resolve(bench);
	assert_string_equal(specimen_text(&bench->stack, bench->tree.path),
			    "take leak.c:6 <- leak leak.c:12 <- handle leak.c:17 <- main leak.c:21 "
			    "<- _start");
}

/* 81 frames of 1 kB: the copy ends first. */
static void deeper_than_the_copy(void **state)
{
	struct bench *bench = *state;

	specimen_shell(&bench->tree, "gcc -O1 -fomit-frame-pointer leak.c -o leak");
	look(bench, "./leak 9");
	assert_int_equal(bench->stack.end, STACK_CUT_COPY);
	assert_true(bench->stack.count > 5);
	assert_null(specimen_frame(&bench->stack, "main"));
	assert_string_equal(bench->stack.frames[4].symbol, "leak");
}

/* The kernel's walk had all of the stack. */
static void deeper_than_the_copy_by_frame_pointers(void **state)
{
	struct bench *bench = *state;
	const struct stack_frame *last;
	unsigned int count;

	specimen_shell(&bench->tree, "gcc -O1 -fno-omit-frame-pointer leak.c -o leak");
	look(bench, "./leak 9");
	count = bench->stack.count;
	bench->raw.frames[0] = bench->raw.instruction_pointer;
	bench->raw.frames[1] = bench->walk.instructions[count - 1];
	bench->raw.frames[2] = bench->walk.instructions[1];
	bench->raw.walked = 3;
	resolve(bench);
	last = &bench->stack.frames[bench->stack.count - 1];
	assert_int_equal(bench->stack.count, count + 1);
	assert_string_equal(last->symbol, "leak");
	assert_int_equal(bench->walk.count, 0);
}

/* A host that refuses to copy memory: what the kernel walked is all there is. */
static void without_a_copy(void **state)
{
	struct bench *bench = *state;

	specimen_shell(&bench->tree, "gcc -O2 -fno-omit-frame-pointer leak.c -o leak");
	look(bench, "./leak");
	memcpy(bench->raw.frames, bench->walk.instructions, sizeof(bench->raw.frames));
	bench->raw.walked = (uint8_t)bench->walk.count;
	bench->raw.copied = 0;
	resolve(bench);
	assert_string_equal(specimen_text(&bench->stack, bench->tree.path), FUNCTIONS);
	assert_int_equal(bench->stack.end, STACK_CUT_COPY);
}

static void remembered_when_it_has_gone(void **state)
{
	struct bench *bench = *state;

	specimen_shell(&bench->tree, "gcc -O2 -g leak.c -o leak");
	look(bench, "./leak");
	specimen_end(bench->child);
	bench->child = 0;
	resolve(bench);
	assert_string_equal(specimen_text(&bench->stack, bench->tree.path),
			    "take leak.c:6 <- leak leak.c:12 <- handle leak.c:17 <- main leak.c:21 "
			    "<- _start");
	stacks_forget(bench->stacks, &bench->raw.process);
	resolve(bench);
	assert_int_equal(bench->stack.end, STACK_CUT_PROCESS);
}

/* Nobody looked while it was there: its addresses are all that is left. */
static void gone_at_once(void **state)
{
	struct bench *bench = *state;

	specimen_shell(&bench->tree, "gcc -O2 leak.c -o leak");
	bench->child = specimen_start(&bench->tree, "./leak");
	specimen_stack(bench->child, &bench->raw);
	specimen_end(bench->child);
	bench->child = 0;
	bench->raw.frames[0] = bench->raw.instruction_pointer;
	bench->raw.frames[1] = 0x4000;
	bench->raw.walked = 2;
	resolve(bench);
	assert_int_equal(bench->stack.end, STACK_CUT_PROCESS);
	assert_int_equal(bench->stack.count, 2);
	assert_int_equal(bench->stack.frames[0].address, bench->raw.instruction_pointer);
	assert_int_equal(bench->stack.frames[0].flags, 0);
	assert_string_equal(bench->stack.frames[0].symbol, "");
	assert_int_equal(bench->stack.frames[1].address, 0x4000);
}

/* The process executes another program: what was known of the first one does not name the second.
 */
static void another_program(void **state)
{
	struct bench *bench = *state;

	specimen_shell(&bench->tree, "gcc -O2 leak.c -o leak && sed s/leak/drip/ leak.c >drip.c && "
				     "gcc -O2 -no-pie drip.c -o drip");
	look(bench, "./leak");
	bench->child =
		(specimen_end(bench->child), specimen_start(&bench->tree, "sh -c 'exec ./drip'"));
	specimen_stack(bench->child, &bench->raw);
	bench->raw.image = 2;
	resolve(bench);
	assert_non_null(specimen_frame(&bench->stack, "drip"));
	assert_null(specimen_frame(&bench->stack, "leak"));
}

/* Where the live source does it. */
static void in_the_sandbox(void **state)
{
	struct bench *bench = *state;
	int status;
	pid_t child;

	specimen_shell(&bench->tree, "gcc -O2 -g leak.c -o leak");
	bench->child = specimen_start(&bench->tree, "./leak");
	specimen_stack(bench->child, &bench->raw);
	child = fork();
	if (!child) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (!sandbox_enter(0))
			_exit(2);
		resolve(bench);
		_exit(!specimen_frame(&bench->stack, "take") || bench->stack.end != STACK_WHOLE);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* What was called by one program, and comes to us when the process executes another one. */
static void executed_another_program_meanwhile(void **state)
{
	struct bench *bench = *state;
	int process;

	specimen_shell(&bench->tree, "gcc -O2 leak.c -o leak");
	bench->child = specimen_start(&bench->tree, "./leak");
	specimen_stack(bench->child, &bench->raw);
	process = procfs_open((uint32_t)bench->child);
	bench->raw.start_stack = procfs_start_stack(process);
	close(process);
	assert_int_not_equal(bench->raw.start_stack, 0);
	bench->raw.start_stack += 16;
	resolve(bench);
	assert_int_equal(bench->stack.end, STACK_CUT_PROCESS);
	assert_null(specimen_frame(&bench->stack, "leak"));
	bench->raw.start_stack -= 16;
	bench->raw.image++;
	resolve(bench);
	assert_non_null(specimen_frame(&bench->stack, "leak"));
}

/* Ten thousand stacks, each another one, of addresses that lead anywhere. */
static void ten_thousand_stacks(void **state)
{
	struct bench *bench = *state;
	uint64_t seed = 7;

	specimen_shell(&bench->tree, "gcc -O2 -g leak.c -o leak");
	look(bench, "./leak");
	for (int i = 0; i < 10000; i++) {
		struct raw_stack *raw = &bench->raw;

		raw->process.start_ns += i % 100 == 0;
		raw->image += i % 50 == 0;
		for (size_t j = 0; j < 16; j++)
			raw->frames[j] = random_next(&seed) % 2 ? bench->walk.instructions[0] + j
								: random_next(&seed);
		raw->instruction_pointer = raw->frames[0];
		raw->copied = (uint32_t)(random_next(&seed) % RAW_STACK_BYTES);
		raw->walked = 16;
		resolve(bench);
		assert_true(bench->stack.count >= 1 && bench->stack.count <= STACK_FRAMES);
		assert_true(bench->stack.end < STACK_ENDS);
	}
}

static const char *frames_text(struct bench *bench, const char *name)
{
	static char text[512];
	struct stack_frame frames[SCOPES_MAX];
	struct debug_info info;
	const struct symbol *symbol;
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", bench->tree.path, name);
	assert_true(debug_info_open(&info, open(path, O_RDONLY | O_CLOEXEC), bench->tree.path,
				    "/usr/bin/leak"));
	text[0] = 0;
	for (size_t i = 0; i < info.symtab.count; i++) {
		symbol = &info.symtab.items[i];
		if (strcmp(symbol->name, "handle") != 0)
			continue;
		debug_info_frames(&info, symbol->start, true, frames);
		snprintf(text, sizeof(text), "%s:%u", frames[0].symbol, frames[0].line);
	}
	debug_info_close(&info);
	return text;
}

/* FOLDER/.build-id/ab/cdef.debug, FOLDER/usr/bin/leak.debug: as in /usr/lib/debug. */
static void debug_files(void **state)
{
	struct bench *bench = *state;

	specimen_shell(&bench->tree, "gcc -O2 -g leak.c -o leak && "
				     "objcopy --only-keep-debug leak leak.debug && strip leak");
	assert_string_equal(frames_text(bench, "leak"), "");
	specimen_shell(&bench->tree,
		       "objcopy --add-gnu-debuglink=leak.debug leak && mkdir -p usr/bin && "
		       "mv leak.debug usr/bin/");
	assert_string_equal(frames_text(bench, "leak"), "handle:16");
	specimen_shell(&bench->tree,
		       "id=$(readelf -n leak | sed -n 's/.*Build ID: //p') && "
		       "mkdir -p .build-id/${id%%${id#??}} && "
		       "mv usr/bin/leak.debug .build-id/${id%%${id#??}}/${id#??}.debug");
	assert_string_equal(frames_text(bench, "leak"), "handle:16");
}

/* The debug file of another build, a pipe, a link's name that leads away: none is taken. */
static void debug_files_of_others(void **state)
{
	struct bench *bench = *state;

	specimen_shell(&bench->tree,
		       "gcc -O2 -g leak.c -o leak && objcopy --only-keep-debug leak x.debug && "
		       "strip leak && objcopy --add-gnu-debuglink=x.debug leak && "
		       "gcc -O1 -g leak.c -o other && mkdir -p usr/bin && "
		       "objcopy --only-keep-debug other usr/bin/x.debug");
	assert_string_equal(frames_text(bench, "leak"), "");
	specimen_shell(&bench->tree, "rm usr/bin/x.debug && mkfifo usr/bin/x.debug");
	assert_string_equal(frames_text(bench, "leak"), "");
}

/* Neither pipes nor scripts nor programs of other machines are read any further. */
static void no_elf_files(void **state)
{
	struct bench *bench = *state;
	struct debug_info info;
	char path[256];

	tree_write(&bench->tree, "script", "#!/bin/sh\n");
	snprintf(path, sizeof(path), "%s/script", bench->tree.path);
	assert_false(debug_info_open(&info, open(path, O_RDONLY | O_CLOEXEC), "/nowhere", path));
	specimen_shell(&bench->tree, "gcc -c leak.c -o leak.o && printf '\\002' | "
				     "dd of=leak.o bs=1 seek=18 conv=notrunc status=none");
	snprintf(path, sizeof(path), "%s/leak.o", bench->tree.path);
	assert_false(debug_info_open(&info, open(path, O_RDONLY | O_CLOEXEC), "/nowhere", path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_frame_pointers, setup, teardown),
		cmocka_unit_test_setup_teardown(by_frame_pointers_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(with_lines_and_inlined_functions, setup, teardown),
		cmocka_unit_test_setup_teardown(of_debug_frame_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(of_compressed_debug_sections, setup, teardown),
		cmocka_unit_test_setup_teardown(of_a_stripped_program, setup, teardown),
		cmocka_unit_test_setup_teardown(of_cpp, setup, teardown),
		cmocka_unit_test_setup_teardown(of_go, setup, teardown),
		cmocka_unit_test_setup_teardown(where_the_file_was_deleted, setup, teardown),
		cmocka_unit_test_setup_teardown(deeper_than_the_copy, setup, teardown),
		cmocka_unit_test_setup_teardown(deeper_than_the_copy_by_frame_pointers, setup,
						teardown),
		cmocka_unit_test_setup_teardown(without_a_copy, setup, teardown),
		cmocka_unit_test_setup_teardown(remembered_when_it_has_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(gone_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(another_program, setup, teardown),
		cmocka_unit_test_setup_teardown(in_the_sandbox, setup, teardown),
		cmocka_unit_test_setup_teardown(executed_another_program_meanwhile, setup,
						teardown),
		cmocka_unit_test_setup_teardown(ten_thousand_stacks, setup, teardown),
		cmocka_unit_test_setup_teardown(debug_files, setup, teardown),
		cmocka_unit_test_setup_teardown(debug_files_of_others, setup, teardown),
		cmocka_unit_test_setup_teardown(no_elf_files, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

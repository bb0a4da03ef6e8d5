// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Frames in words: whose they are, where they are, and nothing that a terminal would obey. */
#include "view/stack_frames.h"

#include <stdlib.h>

#include "records.h"
#include "unit.h"

struct scene {
	struct call_stacks stacks;
	struct record_stack record;
};

static int setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	call_stacks_init(&scene->stacks);
	*state = scene;
	return 0;
}

static int teardown(void **state)
{
	call_stacks_free(&((struct scene *)*state)->stacks);
	free(*state);
	return 0;
}

static void check_said(struct scene *scene, bool details, const char *wanted)
{
	struct sentence sentence = {0};

	scene->record.id++;
	call_stacks_define(&scene->stacks, &scene->record);
	say_stack(&sentence, &scene->stacks, call_stacks_find(&scene->stacks, scene->record.id),
		  details);
	assert_string_equal(sentence.text, wanted);
}

static void begin(struct scene *scene, const char *const *symbols, unsigned int count)
{
	uint64_t id = scene->record.id;

	scene->record = stack_of(id, symbols, count);
}

static struct stack_frame *frame(struct scene *scene, unsigned int i)
{
	return &scene->record.stack.frames[i];
}

static void the_innermost_of_the_user_are_said(void **state)
{
	static const char *const symbols[] = {"connect", "a", "b", "c", "d", "main"};
	struct scene *scene = *state;

	begin(scene, symbols, 6);
	strcpy(frame(scene, 0)->module, "/lib/libc.so.6");
	check_said(scene, false, "app.c:2 a <- app.c:3 b <- app.c:4 c <- app.c:5 d");
	check_said(scene, true,
		   "app.c:1 connect <- app.c:2 a <- app.c:3 b <- app.c:4 c <- app.c:5 d <- "
		   "app.c:6 main");
}

static void where_all_is_a_runtime_it_is_said(void **state)
{
	static const char *const symbols[] = {"connect", "start"};
	struct scene *scene = *state;

	begin(scene, symbols, 2);
	strcpy(frame(scene, 0)->module, "/lib/libc.so.6");
	strcpy(frame(scene, 1)->module, "/lib/libc.so.6");
	check_said(scene, false, "app.c:1 connect <- app.c:2 start");
}

static void what_is_known_of_a_place_is_said(void **state)
{
	static const char *const symbols[] = {"f", "g", "", ""};
	struct scene *scene = *state;

	begin(scene, symbols, 4);
	for (unsigned int i = 0; i < 4; i++)
		frame(scene, i)->file[0] = 0;
	frame(scene, 1)->module[0] = 0;
	frame(scene, 3)->module[0] = 0;
	check_said(scene, false, "f (app) <- g <- app+0x1002 <- 0x1003");
	begin(scene, symbols, 1);
	frame(scene, 0)->line = 0;
	check_said(scene, false, "app.c f");
}

static void why_it_ends_early_is_said(void **state)
{
	static const char *const symbols[] = {"f"};
	struct scene *scene = *state;

	begin(scene, symbols, 1);
	scene->record.stack.end = STACK_CUT_COPY;
	check_said(scene, false, "app.c:1 f (cut: 16 kB of it were copied)");
	begin(scene, symbols, 0);
	scene->record.stack.end = STACK_CUT_PROCESS;
	check_said(scene, false, "? (cut: the process had gone, or may not be read)");
}

static void names_are_harmless(void **state)
{
	static const char *const symbols[] = {"\033[31mevil\n"};
	struct scene *scene = *state;

	begin(scene, symbols, 1);
	strcpy(frame(scene, 0)->file, "/src/\a.c");
	check_said(scene, false, "\\x07.c:1 \\x1b[31mevil\\x0a");
}

static void runtimes_are_told_from_what_runs_in_them(void **state)
{
	static const struct {
		const char *module, *symbol;
		bool runtime;
		const char *file; /* NULL: not known */
	} cases[] = {
		{"/lib/x86_64-linux-gnu/libc.so.6", "connect", true, NULL},
		{"/lib64/ld-linux-x86-64.so.2", "_start", true, NULL},
		{"/usr/bin/python3.11", "_PyEval_EvalFrameDefault", true, NULL},
		{"/usr/bin/node", "uv__tcp_connect", true, NULL},
		{"/usr/lib/jvm/java-17/lib/server/libjvm.so", "JavaCalls::call", true, NULL},
		{"", "void java.net.Socket.connect(java.net.SocketAddress, int)", true, NULL},
		{"", "void com.shop.Client.fetch()", false, NULL},
		{"/opt/app", "runtime.goexit", true, NULL},
		{"/opt/app", "net.(*Dialer).DialContext", true, NULL},
		{"/opt/app", "net/http.(*Client).Do", false, NULL},
		{"/opt/app", "main.fetch", false, NULL},
		{"/opt/app", "_start", true, NULL},
		{"/opt/app", "_starter", false, NULL},
		{"", "internalConnect", true, "node:net"},
		{"", "fetch", false, "/srv/app.js"},
		{"", "create_connection", true, "/usr/lib/python3.11/socket.py"},
		{"", "_find_and_load", true, "<frozen importlib._bootstrap>"},
		{"", "get", false, "/usr/lib/python3/dist-packages/requests/api.py"},
		{"", "get", false, "/srv/env/lib/python3.12/site-packages/requests/api.py"},
		{"/opt/libcurl.so.4", "curl_easy_perform", false, NULL},
		{"/opt/app", "network_loop", false, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct stack_frame frame = {0};

		strcpy(frame.module, cases[i].module);
		strcpy(frame.symbol, cases[i].symbol);
		strcpy(frame.file, cases[i].file ? cases[i].file : "");
		check(frame_is_runtime(&frame) == cases[i].runtime, "%s of %s", cases[i].symbol,
		      cases[i].module);
	}
}

static void a_folded_name_parts_no_names(void **state)
{
	static const char *const symbols[] = {"a;b\n", "", "main"};
	struct record_call call = call_of(1, SECOND, STACK_CONNECT, 7, 1);
	struct record_stack record = stack_of(1, symbols, 3);
	struct processes processes;
	struct stack_tally tally;
	struct call_paths paths;
	struct output output;

	(void)state;
	memcpy(call.process.comm, "x;y", 4);
	processes_init(&processes);
	call_paths_init(&paths, &processes);
	stack_tally_init(&tally, &paths);
	output_init(&output, -1, NULL);
	call_stacks_define(&paths.stacks, &record);
	call_paths_call(&paths, &call);
	stack_tally_add_by_comm(&tally, call_paths_origin(&paths, 1), 3);
	stack_tally_rank(&tally);
	stack_tally_fold(&tally, &output);
	*output_reserve(&output, 1) = 0;
	assert_string_equal(output.text, "x:y;main;app+0x1001;a:b\\x0a 3\n");
	output_free(&output);
	stack_tally_free(&tally);
	call_paths_free(&paths);
	processes_free(&processes);
}

#define frames_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		frames_test(the_innermost_of_the_user_are_said),
		frames_test(where_all_is_a_runtime_it_is_said),
		frames_test(what_is_known_of_a_place_is_said),
		frames_test(why_it_ends_early_is_said),
		frames_test(names_are_harmless),
		cmocka_unit_test(runtimes_are_told_from_what_runs_in_them),
		cmocka_unit_test(a_folded_name_parts_no_names),
	};

	return cmocka_run_group_tests_name("stack-frames", tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/stack_frames.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "writer/format.h"

#define FRAMES_SAID 4
#define HARMLESS    (4 * FRAME_TEXT + 1)

const char *stack_event_name(unsigned int event)
{
	static const char *const names[STACK_EVENTS] = {
		[STACK_CONNECT] = "connect",
		[STACK_ACCEPT] = "accept",
		[STACK_EOF] = "eof",
	};

	return names[event];
}

/* The name of a file without its folders. */
static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool begins_with(const char *text, const char *const *beginnings, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(text, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	return false;
}

/* What every program is linked with, and what runs the code of others. */
static bool is_runtime_module(const char *module)
{
	static const char *const names[] = {
		"libc.so",   "libc-",	    "ld-",     "ld.so",	  "libpthread", "libstdc++",
		"libgcc_s",  "libpython",   "python2", "python3", "libjvm",	"libnet.so",
		"libnio.so", "libjava.so",  "java",    "node",	  "libnode",	"libuv",
		"perl",	     "libperl",	    "ruby",    "libruby", "php",	"libphp",
		"[vdso]",    "libjimage.so"};

	return module[0] && begins_with(base_of(module), names, LENGTH(names));
}

/* "void java.net.Socket.connect(..)" is of java.net.Socket. */
static const char *behind_type(const char *symbol)
{
	size_t end = strcspn(symbol, "(");

	while (end && symbol[end - 1] != ' ')
		end--;
	return symbol + end;
}

static bool is_runtime_symbol(const char *symbol)
{
	static const char *const names[] = {
		"runtime.", "syscall.", "internal/", "net.",	    "crypto/", /* Go's */
		"java.",    "sun.",	"jdk.",	     "Interpreter", "call_stub", "StubRoutines",
	};

	return strcmp(symbol, "_start") == 0 || begins_with(symbol, names, LENGTH(names)) ||
	       begins_with(behind_type(symbol), names, LENGTH(names)) ||
	       strstr(symbol, "Builtin:") == symbol;
}

/* Its functions are the language's own: Python's, but for what was installed besides, and Node's.
 */
static bool is_runtime_file(const char *file)
{
	return strncmp(file, "<frozen ", strlen("<frozen ")) == 0 ||
	       strncmp(file, "node:", strlen("node:")) == 0 ||
	       (strstr(file, "/lib/python3.") && !strstr(file, "-packages/"));
}

/* Code that a compiler made at run time is the application's, and has no module. */
bool frame_is_runtime(const struct stack_frame *frame)
{
	return is_runtime_module(frame->module) || is_runtime_symbol(frame->symbol) ||
	       is_runtime_file(frame->file);
}

static void say_harmless(struct sentence *sentence, const char *text)
{
	char harmless[HARMLESS];

	format_harmless(harmless, text, FRAME_TEXT, SIZE_MAX);
	say(sentence, "%s", harmless);
}

/* "leak.c:41 fetch" */
static void say_line(struct sentence *sentence, const struct stack_frame *frame)
{
	say_harmless(sentence, base_of(frame->file));
	if (frame->line)
		say(sentence, ":%u", frame->line);
	if (frame->symbol[0])
		say(sentence, " ");
	say_harmless(sentence, frame->symbol);
}

/* "fetch (libfoo.so.1)", "libfoo.so.1+0x1234" */
static void say_address(struct sentence *sentence, const struct stack_frame *frame)
{
	const char *module = base_of(frame->module);

	say_harmless(sentence, frame->symbol[0] ? frame->symbol : module);
	if (!frame->symbol[0])
		say(sentence, "%s0x%llx", module[0] ? "+" : "", frame->address);
	else if (module[0])
		say(sentence, " (");
	if (!frame->symbol[0] || !module[0])
		return;
	say_harmless(sentence, module);
	say(sentence, ")");
}

static void say_frame(struct sentence *sentence, const struct stack_frame *frame)
{
	if (frame->file[0])
		say_line(sentence, frame);
	else
		say_address(sentence, frame);
}

static bool is_all_runtime(const struct call_stacks *stacks, const struct call_stack *stack)
{
	for (unsigned int i = 0; i < stack->count; i++)
		if (!frame_is_runtime(call_stack_frame(stacks, stack, i)))
			return false;
	return true;
}

static const char *why_cut(const struct call_stack *stack)
{
	static const char *const texts[STACK_ENDS] = {
		[STACK_CUT_FRAMES] = "cut: it is deeper",
		[STACK_CUT_COPY] = "cut: 16 kB of it were copied",
		[STACK_CUT_UNWIND] = "cut: nothing tells the next caller",
		[STACK_CUT_PROCESS] = "cut: the process had gone, or may not be read",
	};

	return texts[stack->end];
}

void say_stack(struct sentence *sentence, const struct call_stacks *stacks, uint32_t number,
	       bool details)
{
	const struct call_stack *stack = call_stacks_get(stacks, number);
	bool all = details || is_all_runtime(stacks, stack);
	unsigned int said = 0, i;

	for (i = 0; i < stack->count && (details || said < FRAMES_SAID); i++) {
		const struct stack_frame *frame = call_stack_frame(stacks, stack, i);

		if (!all && frame_is_runtime(frame))
			continue;
		say(sentence, "%s", said++ ? " <- " : "");
		say_frame(sentence, frame);
	}
	if (!stack->count)
		say(sentence, "?");
	if (stack->end != STACK_WHOLE && i == stack->count)
		say(sentence, " (%s)", why_cut(stack));
}

static void write_text(struct json *json, const char *key, const char *text)
{
	json_string(json, key, text[0] ? text : NULL, FRAME_TEXT);
}

static void write_build_id(struct json *json, const struct stack_frame *frame)
{
	char text[2 * FRAME_BUILD_ID + 1];

	for (unsigned int i = 0; i < frame->build_id_length; i++)
		snprintf(text + (size_t)2 * i, 3, "%02x", frame->build_id[i]);
	json_plain(json, "build_id", frame->build_id_length ? text : NULL);
}

static void write_frame(struct json *json, const struct stack_frame *frame)
{
	json_open(json, NULL, '{');
	write_text(json, "symbol", frame->symbol);
	if (frame->symbol[0])
		json_number(json, "offset", frame->offset);
	else
		json_null(json, "offset");
	write_text(json, "module", frame->module);
	write_build_id(json, frame);
	write_text(json, "file", frame->file);
	if (frame->line)
		json_number(json, "line", frame->line);
	else
		json_null(json, "line");
	json_number(json, "address", frame->address);
	json_close(json, '}');
}

void stack_write(struct json *json, const char *key, const struct call_stacks *stacks,
		 const struct stack_line *line)
{
	const struct call_stack *stack = call_stacks_get(stacks, line->stack);

	json_open(json, key, '{');
	json_plain(json, "event", stack_event_name(line->event));
	json_number(json, "count", line->count);
	json_number(json, "opened", line->opened);
	json_number(json, "closed", line->closed);
	json_bool(json, "truncated", stack->end != STACK_WHOLE);
	json_open(json, "frames", '[');
	for (unsigned int i = 0; i < stack->count; i++)
		write_frame(json, call_stack_frame(stacks, stack, i));
	json_close(json, ']');
	json_close(json, '}');
}

/* A name of the line: what parts names, and what ends the line, is replaced. */
static void fold_text(struct output *output, const char *text, size_t size)
{
	char harmless[HARMLESS];

	format_harmless(harmless, text, size, SIZE_MAX);
	for (char *at = harmless; *at; at++)
		if (*at == ';')
			*at = ':';
	output_string(output, harmless);
}

static void fold_frame(struct output *output, const struct stack_frame *frame)
{
	output_string(output, ";");
	if (frame->symbol[0]) {
		fold_text(output, frame->symbol, FRAME_TEXT);
		return;
	}
	if (frame->module[0])
		fold_text(output, base_of(frame->module), FRAME_TEXT);
	output_format(output, "%s0x%llx", frame->module[0] ? "+" : "", frame->address);
}

void stack_fold(struct output *output, const struct call_paths *paths,
		const struct stack_line *line)
{
	const struct call_stack *stack = call_stacks_get(&paths->stacks, line->stack);
	const struct process *process = processes_get(paths->processes, line->process);

	fold_text(output, process->id.comm, sizeof(process->id.comm));
	for (unsigned int i = stack->count; i--;)
		fold_frame(output, call_stack_frame(&paths->stacks, stack, i));
	output_format(output, " %" PRIu64, line->count);
	output_line(output);
}

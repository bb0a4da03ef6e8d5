// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "specimen.h"

#include <elf.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "source/proc/procfs.h"
#include "source/stacks/arch.h"

void specimen_shell(const struct tree *tree, const char *format, ...)
{
	char command[2048], full[2200];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	snprintf(full, sizeof(full), "cd %s && %s", tree->path, command);
	check(system(full) == 0, "%s", command);
}

static void run(const struct tree *tree, const char *program, int out)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
	dup2(out, STDOUT_FILENO);
	if (chdir(tree->path) == 0)
		execl("/bin/sh", "sh", "-c", program, (char *)NULL);
	_exit(1);
}

pid_t specimen_start(const struct tree *tree, const char *program)
{
	char command[512], byte;
	int ends[2];
	pid_t child;

	snprintf(command, sizeof(command), "exec %s", program);
	assert_int_equal(pipe(ends), 0);
	child = fork();
	if (!child)
		run(tree, command, ends[1]);
	close(ends[1]);
	check(read(ends[0], &byte, 1) == 1, "%s does not start", program);
	close(ends[0]);
	return child;
}

void specimen_end(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* Until it sleeps: what it prints comes before. */
static void wait_until_asleep(pid_t child)
{
	char path[64], text[512], *state;

	snprintf(path, sizeof(path), "/proc/%d/stat", child);
	for (int i = 0; i < 1000; i++) {
		assert_true(procfs_read(AT_FDCWD, path, text, sizeof(text)) > 0);
		state = strrchr(text, ')');
		if (state && state[2] == 'S')
			return;
		usleep(5000);
	}
	fail_msg("it does not sleep");
}

#if defined(__x86_64__)
static void take_registers(const unsigned long long *user, __u64 *registers)
{
	/* of struct user_regs_struct: r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx si di .. */
	static const int places[] = {10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0, 16};

	for (size_t i = 0; i < COUNT(places); i++)
		registers[i] = user[places[i]];
}
#else
static void take_registers(const unsigned long long *user, __u64 *registers)
{
	memcpy(registers, user, ARCH_REGISTERS * sizeof(*registers));
}
#endif

static void copy_memory(pid_t child, struct raw_stack *raw)
{
	for (raw->copied = 0; raw->copied < RAW_STACK_BYTES;) {
		uint64_t place = raw->stack_pointer + raw->copied;
		size_t size = RAW_STACK_CHUNK - place % RAW_STACK_CHUNK;
		struct iovec to = {raw->bytes + raw->copied, size}, from = {(void *)place, size};

		if (raw->copied + size > RAW_STACK_BYTES)
			return;
		if (process_vm_readv(child, &to, 1, &from, 1, 0) != (ssize_t)size)
			break;
		raw->copied += (uint32_t)size;
	}
	raw->whole = 1;
}

void specimen_stack_of(pid_t child, pid_t thread, struct raw_stack *raw)
{
	unsigned long long user[64];
	struct iovec place = {user, sizeof(user)};
	int process = procfs_open((uint32_t)child);

	memset(raw, 0, sizeof(*raw));
	assert_true(procfs_identify(process, &raw->process));
	close(process);
	wait_until_asleep(thread);
	assert_int_equal(ptrace(PTRACE_SEIZE, thread, NULL, NULL), 0);
	assert_int_equal(ptrace(PTRACE_INTERRUPT, thread, NULL, NULL), 0);
	assert_int_equal(waitpid(thread, NULL, __WALL), thread);
	assert_int_equal(ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &place), 0);
	take_registers(user, raw->registers);
	raw->instruction_pointer = raw->registers[ARCH_PC];
	raw->stack_pointer = raw->registers[ARCH_SP];
	raw->frame_pointer = raw->registers[ARCH_FP];
	copy_memory(child, raw);
	ptrace(PTRACE_DETACH, thread, NULL, NULL);
}

void specimen_stack(pid_t child, struct raw_stack *raw)
{
	specimen_stack_of(child, child, raw);
}

const struct stack_frame *specimen_frame(const struct stack *stack, const char *symbol)
{
	for (unsigned int i = 0; i < stack->count; i++)
		if (strcmp(stack->frames[i].symbol, symbol) == 0)
			return &stack->frames[i];
	return NULL;
}

static const char *base_name(const char *path)
{
	return strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
}

const char *specimen_text(const struct stack *stack, const char *module)
{
	static char text[64 << 10];
	size_t length = 0;

	text[0] = 0;
	for (unsigned int i = 0; i < stack->count; i++) {
		const struct stack_frame *frame = &stack->frames[i];

		if (!strstr(frame->module, module))
			continue;
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%s",
					   length ? " <- " : "",
					   frame->symbol[0] ? frame->symbol : "?");
		if (frame->flags & FRAME_FILE_KNOWN)
			length += (size_t)snprintf(text + length, sizeof(text) - length, " %s:%u",
						   base_name(frame->file), frame->line);
	}
	return text;
}

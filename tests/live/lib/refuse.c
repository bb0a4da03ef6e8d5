// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A host that refuses programs or maps by name, for LD_PRELOAD: libbpf calls bpf(2) by syscall(3).
 * REFUSE: names, as the kernel has them (15 characters), with commas between; REFUSE_ERRNO: what it
 * answers; REFUSE_ATTACH, if set: programs load, and cannot be attached. ITERATORS: a file that
 * gets a byte for each iterator that is begun, refused or not.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ARGUMENTS 6

static long call(long number, const long *arguments)
{
	long (*next)(long, ...) = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");

	return next(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
		    arguments[5]);
}

static bool is_listed(const char *name)
{
	const char *names = getenv("REFUSE"), *at = names;
	size_t length = strnlen(name, BPF_OBJ_NAME_LEN - 1);

	while (length && at && (at = strstr(at, name))) {
		bool begins = at == names || at[-1] == ',';

		if (begins && (at[length] == 0 || at[length] == ','))
			return true;
		at += length;
	}
	return false;
}

static bool is_program_listed(__u32 fd)
{
	struct bpf_prog_info info = {0};
	union bpf_attr attributes = {
		.info = {.bpf_fd = fd, .info_len = sizeof(info), .info = (__u64)&info}};
	long arguments[ARGUMENTS] = {BPF_OBJ_GET_INFO_BY_FD, (long)&attributes, sizeof(attributes)};

	return call(SYS_bpf, arguments) == 0 && is_listed(info.name);
}

static bool refused(const long *arguments)
{
	const union bpf_attr *attributes = (const void *)arguments[1];
	bool attaching = getenv("REFUSE_ATTACH") != NULL;

	switch (arguments[0]) {
	case BPF_PROG_LOAD:
		return !attaching && is_listed(attributes->prog_name);
	case BPF_MAP_CREATE:
		return is_listed(attributes->map_name);
	case BPF_RAW_TRACEPOINT_OPEN:
		return attaching && is_program_listed(attributes->raw_tracepoint.prog_fd);
	case BPF_LINK_CREATE:
		return attaching && is_program_listed(attributes->link_create.prog_fd);
	default:
		return false;
	}
}

/* Opened before there is a sandbox that forbids it. */
static int open_iterators(void)
{
	const char *path = getenv("ITERATORS");

	return path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
}

static void count_iterator(void)
{
	static int fd = -2;

	if (fd == -2)
		fd = open_iterators();
	if (fd >= 0 && write(fd, "i", 1) != 1)
		abort();
}

long syscall(long number, ...)
{
	long arguments[ARGUMENTS];
	va_list list;

	va_start(list, number);
	for (int i = 0; i < ARGUMENTS; i++)
		arguments[i] = va_arg(list, long);
	va_end(list);
	if (number == SYS_bpf && arguments[0] == BPF_ITER_CREATE)
		count_iterator();
	if (number == SYS_bpf && refused(arguments)) {
		errno = atoi(getenv("REFUSE_ERRNO"));
		return -1;
	}
	return call(number, arguments);
}

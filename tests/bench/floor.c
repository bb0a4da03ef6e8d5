// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* floor OBJECT: attaches every program of a BPF object, prints "ready", waits for SIGTERM. */

#define _GNU_SOURCE 1

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>

#define LINKS_MAX 8

struct attached {
	struct bpf_link *links[LINKS_MAX];
	int count;
};

static int attach_all(struct bpf_object *object, struct attached *attached)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object)
	{
		if (attached->count == LINKS_MAX)
			return -E2BIG;
		struct bpf_link *link = bpf_program__attach(program);
		if (!link)
			return -errno;
		attached->links[attached->count++] = link;
	}
	return 0;
}

static void detach_all(struct attached *attached)
{
	while (attached->count)
		bpf_link__destroy(attached->links[--attached->count]);
}

static int say_ready_and_wait(const sigset_t *stop)
{
	int signal_number;

	if (puts("ready") == EOF || fflush(stdout))
		return -EIO;
	return -sigwait(stop, &signal_number);
}

static int run(const char *path, const sigset_t *stop)
{
	struct attached attached = {.count = 0};
	struct bpf_object *object = bpf_object__open_file(path, NULL);
	int err;

	if (!object)
		return -errno;
	err = bpf_object__load(object);
	if (!err)
		err = attach_all(object, &attached);
	if (!err)
		err = say_ready_and_wait(stop);
	detach_all(&attached);
	bpf_object__close(object);
	return err;
}

int main(int argc, char **argv)
{
	sigset_t stop;
	int err;

	if (argc != 2) {
		fprintf(stderr, "usage: floor OBJECT\n");
		return 2;
	}
	/* Blocked from the start: a signal that comes before sigwait() is not lost. */
	sigemptyset(&stop);
	sigaddset(&stop, SIGTERM);
	sigaddset(&stop, SIGINT);
	sigprocmask(SIG_BLOCK, &stop, NULL);
	err = run(argv[1], &stop);
	if (err) {
		fprintf(stderr, "floor: %s: %s\n", argv[1], strerror(-err));
		return 1;
	}
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit.h"

static char file[] = "/tmp/tcplinger-sandbox-XXXXXX";

static int start_program(void)
{
	return execl("/bin/true", "true", NULL);
}

static int start_process(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return (int)pid;
}

static int open_for_writing(void)
{
	return open(file, O_WRONLY);
}

static int open_for_both(void)
{
	return open(file, O_RDWR);
}

static int empty(void)
{
	return open(file, O_RDONLY | O_TRUNC);
}

static int make_one(void)
{
	return open("/tmp/tcplinger-sandbox-new", O_RDONLY | O_CREAT, 0600);
}

static int write_a_stream(void)
{
	return fopen(file, "a") ? 0 : -1;
}

static int remove_one(void)
{
	return unlink(file);
}

static int stop_a_process(void)
{
	return kill(getppid(), 0);
}

static int queue_a_signal(void)
{
	return sigqueue(getppid(), 0, (union sigval){0});
}

static int stop_a_thread(void)
{
	return (int)syscall(SYS_tgkill, getppid(), getppid(), 0);
}

static int limit_a_process(void)
{
	return prlimit(getppid(), RLIMIT_NOFILE, NULL, NULL);
}

static int slow_a_process(void)
{
	return setpriority(PRIO_PROCESS, (id_t)getppid(), 19);
}

static int make_a_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0);
}

static int connect_to_one(void)
{
	const struct sockaddr nobody = {.sa_family = AF_UNSPEC};

	return connect(STDIN_FILENO, &nobody, sizeof(nobody));
}

static int (*const forbidden[])(void) = {
	start_program, start_process,	open_for_writing, open_for_both,  empty,
	make_one,      write_a_stream,	remove_one,	  stop_a_process, queue_a_signal,
	stop_a_thread, limit_a_process, slow_a_process,	  make_a_socket,  connect_to_one};

static int read_one(void)
{
	char byte;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : (int)read(fd, &byte, 1);
}

static bool can_do_what_it_needs(void)
{
	struct rlimit limit;

	return read_one() == 1 && getrlimit(RLIMIT_NOFILE, &limit) == 0 && raise(0) == 0 &&
	       socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0;
}

/* 0: as it should be; else what was not. */
static int confined(void)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || !sandbox_enter())
		return 100;
	for (size_t i = 0; i < COUNT(forbidden); i++) {
		errno = 0;
		if (forbidden[i]() != -1 || errno != EPERM)
			return (int)i + 1;
	}
	return can_do_what_it_needs() ? 0 : 101;
}

static void only_reading_is_left(void **state)
{
	int fd = mkstemp(file), status;
	pid_t pid;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	close(fd);
	pid = fork();
	if (pid == 0)
		_exit(confined());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(unlink(file), 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_reading_is_left),
	};

	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Processes by the thousand, each with one connection to this one, over loopback. Their names come
 * from stdin, 16 bytes each, any bytes but NUL; the pid of each is printed when it is done.
 *
 *   pass COUNT    each connects, closes first, and exits: it leaves a TIME_WAIT
 *   hold COUNT    each connects, is closed by us, reads to the end, and never closes: a CLOSE_WAIT;
 *                 all exit when stdin ends
 *   again COUNT   as pass, but each has the pid of the first (clone3 with set_tid; 77: not allowed
 *                 here)
 *   spaces COUNT  as pass, but each has a network namespace of its own, which goes with it
 *
 * A third argument is the port to listen on.
 */
#define _GNU_SOURCE 1

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sched.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SKIP = 77, BACKLOG = 64, NAME = 16 };

static in_port_t port; /* 0: any */

/* A start is known to the hundredth of a second: two processes of one pid have two of them. */
static const struct timespec apart = {.tv_nsec = 25000000};

static int fail(const char *what)
{
	perror(what);
	exit(1);
}

static int open_listener(struct sockaddr_in *place)
{
	socklen_t size = sizeof(*place);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	*place = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
	place->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)place, size) || listen(fd, BACKLOG) ||
	    getsockname(fd, (struct sockaddr *)place, &size))
		fail("listen");
	return fd;
}

static int dial(const struct sockaddr_in *place)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)place, sizeof(*place)))
		fail("connect");
	return fd;
}

static void read_to_end(int fd)
{
	char data[64];

	while (read(fd, data, sizeof(data)) > 0)
		;
}

static int take(int listener)
{
	int fd = accept(listener, NULL, NULL);

	return fd < 0 ? fail("accept") : fd;
}

static void take_and_follow(int listener)
{
	int fd = take(listener);

	read_to_end(fd);
	close(fd);
}

static void read_name(char *name)
{
	for (ssize_t had = 0, n; had < NAME; had += n) {
		n = read(STDIN_FILENO, name + had, (size_t)(NAME - had));
		if (n <= 0)
			fail("a name");
	}
}

/* fork(), with this pid if it is not 0. */
static pid_t fork_as(pid_t pid)
{
	struct clone_args arguments = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&pid,
		.set_tid_size = 1,
	};

	if (!pid)
		return fork();
	return (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
}

/* For a child of the next name. */
static pid_t fork_named(char *name)
{
	pid_t pid;

	read_name(name);
	pid = fork();
	if (pid < 0)
		fail("fork");
	return pid;
}

static void say(pid_t pid)
{
	printf("%d\n", pid);
	fflush(stdout);
}

static void await(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status != 0)
		exit(1);
}

static pid_t pass(int listener, const struct sockaddr_in *place, const char *name, pid_t as)
{
	pid_t pid = fork_as(as);

	if (pid < 0)
		return pid;
	if (pid == 0) {
		prctl(PR_SET_NAME, name);
		close(dial(place));
		_exit(0);
	}
	take_and_follow(listener);
	await(pid);
	return pid;
}

static int run_pass(int count)
{
	struct sockaddr_in place;
	int listener = open_listener(&place);
	char name[NAME];

	for (int i = 0; i < count; i++) {
		pid_t pid;

		read_name(name);
		pid = pass(listener, &place, name, 0);
		if (pid < 0)
			fail("fork");
		printf("%d\n", pid);
	}
	return fflush(stdout);
}

static int run_again(int count)
{
	struct sockaddr_in place;
	int listener = open_listener(&place);
	char name[NAME];
	pid_t pid = 0;

	for (int i = 0; i < count; i++) {
		read_name(name);
		pid = pass(listener, &place, name, pid);
		if (pid < 0)
			return errno == EPERM || errno == ENOSYS ? SKIP : fail("clone3");
		say(pid);
		nanosleep(&apart, NULL);
	}
	return 0;
}

/* `stay` ends when the parent does. */
static void hold(const struct sockaddr_in *place, const char *name, const int *stay)
{
	char byte;

	prctl(PR_SET_NAME, name);
	close(stay[1]);
	read_to_end(dial(place));
	say(getpid());
	_exit(read(stay[0], &byte, 1) != 0);
}

static int run_hold(int count)
{
	struct sockaddr_in place;
	int listener = open_listener(&place);
	char name[NAME];
	int stay[2];

	if (pipe(stay))
		fail("pipe");
	for (int i = 0; i < count; i++) {
		pid_t pid = fork_named(name);

		if (pid == 0)
			hold(&place, name, stay);
		close(take(listener));
	}
	read_to_end(STDIN_FILENO);
	close(stay[1]);
	while (wait(NULL) > 0)
		;
	return 0;
}

static void bring_up_loopback(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request))
		fail("lo");
	close(fd);
}

/* In a namespace of its own, both ends. */
static void pass_alone(const char *name)
{
	struct sockaddr_in place;
	int listener;

	prctl(PR_SET_NAME, name);
	if (unshare(CLONE_NEWNET))
		fail("unshare");
	bring_up_loopback();
	listener = open_listener(&place);
	close(dial(&place));
	take_and_follow(listener);
	_exit(0);
}

static int run_spaces(int count)
{
	char name[NAME];

	for (int i = 0; i < count; i++) {
		pid_t pid = fork_named(name);

		if (pid == 0)
			pass_alone(name);
		await(pid);
		say(pid);
	}
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int count);
	} modes[] = {
		{"pass", run_pass},
		{"hold", run_hold},
		{"again", run_again},
		{"spaces", run_spaces},
	};

	if (argc == 4)
		port = htons((in_port_t)atoi(argv[3]));
	for (size_t i = 0; (argc == 3 || argc == 4) && i < sizeof(modes) / sizeof(modes[0]); i++)
		if (strcmp(argv[1], modes[i].name) == 0)
			return modes[i].run(atoi(argv[2]));
	return 2;
}

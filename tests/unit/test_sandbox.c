// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command/commands.h"
#include "source/privilege.h"
#include "unit.h"

#define WAITING 2

static int listener;
static int waiting[WAITING]; /* to be accepted */
static int home;	     /* the folder that the test was started in */

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

/* Functions that return their error instead of setting it. */
static int returned(int error)
{
	errno = error;
	return error ? -1 : 0;
}

/* By clone() with CLONE_VM, as threads are, which the C library takes where it has no clone3(). */
static int spawn_process(void)
{
	char name[] = "true", *argv[] = {name, NULL};
	pid_t pid;

	return returned(posix_spawn(&pid, "/bin/true", NULL, NULL, argv, argv + 1));
}

static void *do_nothing(void *context)
{
	return context;
}

static int start_thread(void)
{
	pthread_t thread;
	int error = pthread_create(&thread, NULL, do_nothing, NULL);

	if (!error)
		error = pthread_join(thread, NULL);
	return returned(error);
}

static int open_for_writing(void)
{
	return open("file", O_WRONLY);
}

static int open_for_both(void)
{
	return open("file", O_RDWR);
}

static int empty(void)
{
	return open("emptied", O_RDONLY | O_TRUNC);
}

static int make_one(void)
{
	return open("new", O_RDONLY | O_CREAT, 0600);
}

/* By open(2), which the C library does not take any more. */
static int make_one_the_old_way(void)
{
#ifdef SYS_open
	return (int)syscall(SYS_open, "newer", O_WRONLY | O_CREAT, 0600);
#else
	return open("newer", O_WRONLY | O_CREAT, 0600);
#endif
}

static int write_a_stream(void)
{
	return fopen("file", "a") ? 0 : -1;
}

static int cut_one(void)
{
	return truncate("file", 1);
}

static int open_handle_for_writing(void)
{
	struct file_handle *handle = calloc(1, sizeof(*handle) + MAX_HANDLE_SZ);
	int mount, fd;

	handle->handle_bytes = MAX_HANDLE_SZ;
	name_to_handle_at(AT_FDCWD, "file", handle, &mount, 0);
	fd = open_by_handle_at(AT_FDCWD, handle, O_WRONLY);
	free(handle);
	return fd;
}

static int remove_one(void)
{
	return unlink("removed");
}

static int remove_one_of_a_folder(void)
{
	return unlinkat(AT_FDCWD, "removed too", 0);
}

static int remove_a_folder(void)
{
	return rmdir("folder");
}

static int remove_a_folder_of_a_folder(void)
{
	return unlinkat(AT_FDCWD, "folder", AT_REMOVEDIR);
}

static int rename_one(void)
{
	return rename("renamed", "renamed now");
}

static int rename_one_of_a_folder(void)
{
	return renameat(AT_FDCWD, "renamed too", AT_FDCWD, "renamed too now");
}

static int link_one(void)
{
	return link("file", "linked");
}

static int make_a_folder(void)
{
	return mkdir("folder/another", 0700);
}

static int permit_one(void)
{
	return chmod("file", 0666);
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

static int listen_anew(void)
{
	return listen(listener, 1);
}

static int accept_one(void)
{
	return accept(listener, NULL, NULL);
}

static int accept_one_closed_on_exec(void)
{
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}

/* Each answers EPERM but where its permission is given; 0: there is none. */
static const struct {
	int (*try)(void);
	uint32_t permission;
	const char *name;
} attempts[] = {
	{start_program, 0, "start a program"},
	{start_process, 0, "start a process"},
	{spawn_process, 0, "spawn a process"},
	{start_thread, SANDBOX_THREADS, "start a thread"},
	{open_for_writing, SANDBOX_WRITE_FILES, "open a file for writing"},
	{open_for_both, SANDBOX_WRITE_FILES, "open a file for reading and writing"},
	{empty, SANDBOX_WRITE_FILES, "empty a file"},
	{make_one, SANDBOX_WRITE_FILES, "make a file"},
	{make_one_the_old_way, SANDBOX_WRITE_FILES, "make a file by open(2)"},
	{write_a_stream, SANDBOX_WRITE_FILES, "open a stream for appending"},
	{cut_one, 0, "truncate() a file"},
	{open_handle_for_writing, 0, "open a handle for writing"},
	{remove_one, SANDBOX_UNLINK, "unlink() a file"},
	{remove_one_of_a_folder, SANDBOX_UNLINK, "unlinkat() a file"},
	{remove_a_folder, 0, "rmdir() a folder"},
	{remove_a_folder_of_a_folder, 0, "unlinkat() a folder"},
	{rename_one, SANDBOX_RENAME, "rename() a file"},
	{rename_one_of_a_folder, SANDBOX_RENAME, "renameat() a file"},
	{link_one, 0, "link a file"},
	{make_a_folder, 0, "make a folder"},
	{permit_one, 0, "chmod() a file"},
	{stop_a_process, 0, "send a signal"},
	{queue_a_signal, 0, "queue a signal"},
	{stop_a_thread, 0, "send a signal to a thread"},
	{limit_a_process, 0, "limit a process"},
	{slow_a_process, 0, "slow a process"},
	{make_a_socket, 0, "make a socket"},
	{connect_to_one, 0, "connect"},
	{listen_anew, 0, "listen"},
	{accept_one, SANDBOX_ACCEPT, "accept()"},
	{accept_one_closed_on_exec, SANDBOX_ACCEPT, "accept4()"},
};

static const uint32_t permissions[] = {SANDBOX_ACCEPT, SANDBOX_THREADS, SANDBOX_WRITE_FILES,
				       SANDBOX_RENAME, SANDBOX_UNLINK};

static int read_one(void)
{
	char byte;
	int fd = open("file", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : (int)read(fd, &byte, 1);
}

static bool can_do_what_it_needs(void)
{
	struct rlimit limit;

	return read_one() == 1 && getrlimit(RLIMIT_NOFILE, &limit) == 0 && raise(0) == 0 &&
	       socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0) >= 0;
}

static void make_file(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "xy", 2), 2);
	close(fd);
}

static void be_waited_for(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);

	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_int_equal(listen(listener, WAITING), 0);
	assert_int_equal(getsockname(listener, (void *)&address, &length), 0);
	for (int i = 0; i < WAITING; i++) {
		waiting[i] = socket(AF_INET, SOCK_STREAM, 0);
		address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		assert_int_equal(connect(waiting[i], (void *)&address, sizeof(address)), 0);
	}
}

/* All that is tried has something to be tried on. */
static void make_room(char *folder)
{
	static const char *const files[] = {"file",	   "emptied", "removed",
					    "removed too", "renamed", "renamed too"};

	home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_non_null(mkdtemp(folder));
	assert_int_equal(chdir(folder), 0);
	for (size_t i = 0; i < COUNT(files); i++)
		make_file(files[i]);
	assert_int_equal(mkdir("folder", 0700), 0);
	be_waited_for();
}

static void remove_room(const char *folder)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	assert_int_equal(fchdir(home), 0);
	close(home);
	assert_int_equal(system(command), 0);
	close(listener);
	for (int i = 0; i < WAITING; i++)
		close(waiting[i]);
}

enum outcome { AS_IT_SHOULD_BE = COUNT(attempts), NO_FILTER, NOT_ENOUGH };

static bool is_as_permitted(size_t attempt, uint32_t allows)
{
	bool done;

	errno = 0;
	done = attempts[attempt].try() != -1;
	return attempts[attempt].permission & allows ? done : !done && errno == EPERM;
}

/* Or the number of what was not as it should be. */
static int confined(uint64_t allows)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || !sandbox_enter((uint32_t)allows))
		return NO_FILTER;
	for (size_t i = 0; i < COUNT(attempts); i++)
		if (!is_as_permitted(i, (uint32_t)allows))
			return (int)i;
	return can_do_what_it_needs() ? AS_IT_SHOULD_BE : NOT_ENOUGH;
}

/* What it returns in a process of its own. */
static int in_a_child(int (*act)(uint64_t argument), uint64_t argument)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(act(argument));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void try_all(uint32_t allows, const char *who)
{
	char folder[] = "/tmp/tcplinger-sandbox-XXXXXX";
	int found;

	make_room(folder);
	found = in_a_child(confined, allows);
	remove_room(folder);
	check(found != NO_FILTER, "%s: no filter", who);
	check(found != NOT_ENOUGH, "%s: what every command needs is forbidden", who);
	check(found == AS_IT_SHOULD_BE, "%s, allowed %#x: %s", who, allows,
	      found < (int)COUNT(attempts) ? attempts[found].name : "?");
}

static void only_reading_is_left(void **state)
{
	(void)state;
	try_all(0, "nobody");
}

static void a_permission_lifts_what_it_names_and_nothing_else(void **state)
{
	uint32_t all = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(permissions); i++) {
		try_all(permissions[i], "alone");
		all |= permissions[i];
	}
	try_all(all, "together");
}

/* Whoever asks for more than nothing says so here, too. */
static const struct {
	const char *name;
	uint32_t allows;
} asking[] = {
	{"top", SANDBOX_WRITE_FILES},
	{"record", SANDBOX_RENAME | SANDBOX_UNLINK | SANDBOX_WRITE_FILES},
	{"export", SANDBOX_RENAME | SANDBOX_UNLINK},
	{"report", SANDBOX_RENAME | SANDBOX_UNLINK},
	{"record", SANDBOX_RENAME | SANDBOX_UNLINK | SANDBOX_WRITE_FILES},
};

static uint32_t expected(const char *name)
{
	for (size_t i = 0; i < COUNT(asking); i++)
		if (strcmp(asking[i].name, name) == 0)
			return asking[i].allows;
	return 0;
}

static void try_command(const struct command *command)
{
	check(command->sandbox.allows == expected(command->name), "%s", command->name);
	check(!command->sandbox.capabilities, "%s", command->name);
	try_all(command->sandbox.allows, command->name);
}

static void each_command_is_confined_to_what_it_says(void **state)
{
	(void)state;
	try_command(default_command);
	for (size_t i = 0; i < command_count; i++)
		try_command(commands[i]);
}

static void what_either_asks_for_is_taken(void **state)
{
	struct sandbox both = sandbox_join((struct sandbox){SANDBOX_ACCEPT, 1},
					   (struct sandbox){SANDBOX_RENAME, 1ULL << 40});

	(void)state;
	assert_int_equal(both.allows, SANDBOX_ACCEPT | SANDBOX_RENAME);
	assert_int_equal(both.capabilities, 1 | 1ULL << 40);
}

/* Bit 1 << number. */
static uint64_t capabilities_now(void)
{
	cap_t caps = cap_get_proc();
	uint64_t set = 0;

	for (cap_value_t i = 0; i < cap_max_bits(); i++) {
		cap_flag_value_t value = CAP_CLEAR;

		cap_get_flag(caps, i, CAP_PERMITTED, &value);
		set |= value == CAP_SET ? 1ULL << i : 0;
	}
	cap_free(caps);
	return set;
}

static int keeps(uint64_t capabilities)
{
	uint64_t before = capabilities_now();

	return privilege_keep(capabilities) && capabilities_now() == (before & capabilities) &&
	       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

/* Of those that it has, which are none for most users. */
static void the_capabilities_that_are_named_are_kept(void **state)
{
	(void)state;
	assert_true(in_a_child(keeps, 0));
	assert_true(in_a_child(keeps, 1ULL << CAP_SYS_PTRACE));
	assert_true(in_a_child(keeps, 1ULL << CAP_SYS_PTRACE | 1ULL << CAP_NET_RAW));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_reading_is_left),
		cmocka_unit_test(a_permission_lifts_what_it_names_and_nothing_else),
		cmocka_unit_test(each_command_is_confined_to_what_it_says),
		cmocka_unit_test(what_either_asks_for_is_taken),
		cmocka_unit_test(the_capabilities_that_are_named_are_kept),
	};

	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}

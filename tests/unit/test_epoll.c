// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What epoll sets watch: of a process that a test has written, and of the test itself. */
#include "source/proc/epoll.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "model/process.h"
#include "record/decode.h"
#include "records.h"
#include "source/proc/procfs.h"
#include "tree.h"
#include "unit.h"

#define SOCKETS 0x8
#define EVENTS	"anon_inode:[eventpoll]"

struct desk {
	struct tree tree;
	struct epoll_reader reader;
	struct processes processes;
	struct process_id process;
	uint32_t number;
	uint32_t records;
	uint64_t last; /* inode told */
	unsigned int flags;
};

static void take(void *context, const struct record_header *record)
{
	const struct record_watched *watched = (const void *)record;
	struct desk *desk = context;

	assert_ptr_equal(record_decode(record, record->size), record);
	assert_int_equal(record->type, RECORD_WATCHED);
	processes_watch(&desk->processes, watched);
	if (watched->inode)
		assert_true(watched->inode > desk->last);
	else
		desk->flags = watched->flags;
	desk->last = watched->inode;
	desk->records++;
}

static int setup(void **state)
{
	struct desk *desk = calloc(1, sizeof(*desk));
	int self = procfs_open((uint32_t)getpid());

	assert_true(procfs_identify(self, &desk->process));
	close(self);
	tree_open(&desk->tree);
	processes_init(&desk->processes);
	desk->number = processes_number(&desk->processes, &desk->process);
	mkdirat(desk->tree.dir, "fd", 0700);
	mkdirat(desk->tree.dir, "fdinfo", 0700);
	*state = desk;
	return 0;
}

static int teardown(void **state)
{
	struct desk *desk = *state;

	tree_close(&desk->tree);
	processes_free(&desk->processes);
	epoll_reader_free(&desk->reader);
	free(desk);
	return 0;
}

static enum epoll_watched watched(const struct desk *desk, uint64_t inode)
{
	return processes_watched(processes_get(&desk->processes, desk->number), inode, 0);
}

static void read_tree(struct desk *desk)
{
	struct record_sink sink = {take, desk};

	desk->records = desk->flags = 0;
	epoll_tell(desk->tree.dir, SOCKETS, &desk->process, SECOND, &sink);
}

#define HEAD "pos:\t0\nflags:\t02000002\nmnt_id:\t17\nino:\t1038\n"

static void sockets_are_matched_by_inode_and_device(void **state)
{
	struct desk *desk = *state;

	tree_link(&desk->tree, "fd/0", "/dev/null");
	tree_link(&desk->tree, "fd/3", EVENTS);
	tree_link(&desk->tree, "fd/5", "socket:[4096]");
	tree_write(&desk->tree, "fdinfo/0", HEAD);
	tree_write(&desk->tree, "fdinfo/3",
		   HEAD
		   "tfd:        5 events:       19 data:                5  pos:0 ino:1000 sdev:8\n"
		   "tfd:        6 events: 40000000 data: ffffffffffffffff  pos:0 ino:abc sdev:8\n"
		   "tfd:        7 events:     2004 data:                0  pos:0 ino:7 sdev:8\n"
		   "tfd:        8 events:       19 data:                0  pos:0 ino:9 sdev:f\n"
		   "tfd:        9 events:       19\n"
		   "nonsense\n");
	read_tree(desk);
	assert_int_equal(desk->flags, WATCHED_HAS_SETS | WATCHED_READABLE);
	assert_int_equal(desk->records, 4);
	assert_int_equal(watched(desk, 0x1000), WATCHED_IN);
	assert_int_equal(watched(desk, 0xabc), WATCHED_OTHER);
	assert_int_equal(watched(desk, 7), WATCHED_OTHER);
	assert_int_equal(watched(desk, 9), WATCHED_NO); /* no socket, and in no set of any */
}

static void of_two_sets_the_one_for_reading_counts(void **state)
{
	struct desk *desk = *state;

	tree_link(&desk->tree, "fd/3", EVENTS);
	tree_link(&desk->tree, "fd/4", EVENTS);
	tree_write(&desk->tree, "fdinfo/3", "tfd: 5 events: 4 data: 5 pos:0 ino:10 sdev:8\n");
	tree_write(&desk->tree, "fdinfo/4", "tfd: 5 events: 1 data: 5 pos:0 ino:10 sdev:8\n");
	read_tree(desk);
	assert_int_equal(desk->records, 2);
	assert_int_equal(watched(desk, 0x10), WATCHED_IN);
}

static void without_a_set_nothing_is_known(void **state)
{
	struct desk *desk = *state;

	tree_link(&desk->tree, "fd/5", "socket:[4096]");
	read_tree(desk);
	assert_int_equal(desk->flags, WATCHED_READABLE);
	assert_int_equal(watched(desk, 4096), WATCHED_UNKNOWN);
}

static void a_set_that_cannot_be_read_leaves_the_rest_unknown(void **state)
{
	struct desk *desk = *state;

	tree_link(&desk->tree, "fd/3", EVENTS);
	tree_link(&desk->tree, "fd/4", EVENTS);
	tree_write(&desk->tree, "fdinfo/3", "tfd: 5 events: 1 data: 5 pos:0 ino:10 sdev:8\n");
	read_tree(desk);
	assert_int_equal(desk->flags, WATCHED_HAS_SETS);
	assert_int_equal(watched(desk, 0x10), WATCHED_IN);
	assert_int_equal(watched(desk, 0x11), WATCHED_UNKNOWN);
}

static void a_set_of_very_many_is_told_as_far_as_that(void **state)
{
	struct desk *desk = *state;
	char *text = malloc((WATCHED_MAX + 1) * 64), *at = text;

	for (unsigned int i = 1; i <= WATCHED_MAX + 1; i++)
		at += sprintf(at, "tfd: 5 events: 1 data: 5 pos:0 ino:%x sdev:8\n", i);
	tree_link(&desk->tree, "fd/3", EVENTS);
	tree_write(&desk->tree, "fdinfo/3", text);
	free(text);
	read_tree(desk);
	assert_int_equal(desk->flags, WATCHED_HAS_SETS | WATCHED_TOO_MANY);
	assert_int_equal(desk->records, WATCHED_MAX + 1);
	assert_int_equal(watched(desk, WATCHED_MAX), WATCHED_IN);
	assert_int_equal(watched(desk, WATCHED_MAX + 1), WATCHED_UNKNOWN);
}

static void a_process_is_read_once_in_a_while(void **state)
{
	struct desk *desk = *state;
	struct process_id other = process_of(2, "other");
	const uint64_t begin = 100 * SECOND;

	assert_true(epoll_is_due(&desk->reader, &desk->process, begin));
	assert_false(epoll_is_due(&desk->reader, &desk->process, begin));
	assert_true(epoll_is_due(&desk->reader, &other, begin + SECOND));
	assert_false(epoll_is_due(&desk->reader, &desk->process, begin + EPOLL_PAUSE_NS - 1));
	assert_true(epoll_is_due(&desk->reader, &desk->process, begin + EPOLL_PAUSE_NS));
	assert_false(epoll_is_due(&desk->reader, &other, begin + EPOLL_PAUSE_NS));
}

/* What is forgotten too early would be read too often. */
static void who_was_read_a_moment_ago_is_never_forgotten(void **state)
{
	struct desk *desk = *state;
	uint32_t read = 0;

	for (uint32_t pid = 1; pid <= 5000; pid++) {
		struct process_id id = process_of(pid, "many");

		read += epoll_is_due(&desk->reader, &id, 100 * SECOND + pid);
	}
	for (uint32_t pid = 1; pid <= read; pid++) {
		struct process_id id = process_of(pid, "many");

		assert_false(epoll_is_due(&desk->reader, &id, 101 * SECOND));
	}
	assert_in_range(read, 100, 4999);
}

static uint64_t inode_of(int fd)
{
	struct stat stat;

	assert_int_equal(fstat(fd, &stat), 0);
	return stat.st_ino;
}

static void watch(int set, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events};

	assert_int_equal(epoll_ctl(set, EPOLL_CTL_ADD, fd, &event), 0);
}

static void read_self(struct desk *desk)
{
	struct record_sink sink = {take, desk};

	desk->records = desk->flags = 0;
	epoll_answer(&desk->reader, &desk->process, 100 * SECOND, &sink);
}

/* Four connected pairs; the first of each is looked at. */
static void open_pairs(int pairs[4][2])
{
	for (int i = 0; i < 4; i++)
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
}

static void close_pairs(int pairs[4][2])
{
	for (int i = 0; i < 4; i++) {
		close(pairs[i][0]);
		close(pairs[i][1]);
	}
}

static void what_this_process_watches_is_read(void **state)
{
	int set = epoll_create1(EPOLL_CLOEXEC), pairs[4][2], copy;
	struct desk *desk = *state;
	struct epoll_event event;

	open_pairs(pairs);
	copy = dup(pairs[0][0]); /* registered by a number that is closed by then */
	watch(set, copy, EPOLLIN | EPOLLET);
	close(copy);
	watch(set, pairs[1][0], EPOLLOUT | EPOLLET);
	watch(set, pairs[2][0], EPOLLIN | EPOLLONESHOT);
	assert_int_equal(write(pairs[2][1], "x", 1), 1);
	while (epoll_wait(set, &event, 1, 0) == 1 && event.events != EPOLLIN)
		;
	read_self(desk);
	assert_int_equal(desk->flags, WATCHED_HAS_SETS | WATCHED_READABLE);
	assert_int_equal(watched(desk, inode_of(pairs[0][0])), WATCHED_IN);
	assert_int_equal(watched(desk, inode_of(pairs[1][0])), WATCHED_OTHER);
	assert_int_equal(watched(desk, inode_of(pairs[2][0])), WATCHED_OTHER);
	assert_int_equal(watched(desk, inode_of(pairs[3][0])), WATCHED_NO);
	read_self(desk); /* within the pause: the answer holds */
	assert_int_equal(desk->records, 0);
	assert_int_equal(watched(desk, inode_of(pairs[0][0])), WATCHED_IN);
	close_pairs(pairs);
	close(set);
}

static void a_process_with_very_many_descriptors_is_not_looked_at(void **state)
{
	struct rlimit limit, most = {EPOLL_DESCRIPTORS + 100, EPOLL_DESCRIPTORS + 100};
	int set = epoll_create1(EPOLL_CLOEXEC);
	struct desk *desk = *state;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max > most.rlim_max)
		most.rlim_max = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &most) != 0) {
		close(set);
		skip();
	}
	for (int fd = 100; fd < 100 + EPOLL_DESCRIPTORS; fd++)
		assert_int_equal(dup2(set, fd), fd);
	read_self(desk);
	for (int fd = 100; fd < 100 + EPOLL_DESCRIPTORS; fd++)
		close(fd);
	close(set);
	setrlimit(RLIMIT_NOFILE, &limit);
	assert_int_equal(desk->flags, WATCHED_TOO_MANY);
	assert_int_equal(desk->records, 1);
}

static void a_process_that_is_gone_gives_no_answer(void **state)
{
	struct desk *desk = *state;

	desk->process.start_ns += SECOND;
	read_self(desk);
	assert_int_equal(desk->records, 0);
}

#define epoll_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		epoll_test(sockets_are_matched_by_inode_and_device),
		epoll_test(of_two_sets_the_one_for_reading_counts),
		epoll_test(without_a_set_nothing_is_known),
		epoll_test(a_set_that_cannot_be_read_leaves_the_rest_unknown),
		epoll_test(a_set_of_very_many_is_told_as_far_as_that),
		epoll_test(a_process_is_read_once_in_a_while),
		epoll_test(who_was_read_a_moment_ago_is_never_forgotten),
		epoll_test(what_this_process_watches_is_read),
		epoll_test(a_process_with_very_many_descriptors_is_not_looked_at),
		epoll_test(a_process_that_is_gone_gives_no_answer),
	};

	return cmocka_run_group_tests_name("epoll", tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is made of /proc/PID: of one that a test has written. */
#include "source/proc/facts.h"

#include <seccomp.h>
#include <signal.h>
#include <sys/wait.h>

#include "records.h"
#include "tree.h"
#include "unit.h"

#define PID 7

/* A process in writing, and what reads it. */
struct desk {
	struct tree tree;
	struct facts_reader reader;
	struct process_id process;
	uint64_t time_ns;
	struct process_facts facts; /* of the last look */
};

static int setup(void **state)
{
	struct desk *desk = calloc(1, sizeof(*desk));

	tree_open(&desk->tree);
	desk->process = process_of(PID, "process");
	desk->time_ns = 1000 * SECOND;
	*state = desk;
	return 0;
}

static int teardown(void **state)
{
	struct desk *desk = *state;

	tree_close(&desk->tree);
	facts_close(&desk->reader);
	free(desk);
	return 0;
}

static void put(struct desk *desk, uint32_t tid, const char *file, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "task/%u/%s", tid, file);
	tree_write(&desk->tree, path, text);
}

static void put_syscall(struct desk *desk, uint32_t tid, const char *name)
{
	int number = seccomp_syscall_resolve_name(name);
	char text[64];

	assert_true(number >= 0);
	snprintf(text, sizeof(text), "%d 0x3 0x0 0x7ffd 0x55\n", number);
	put(desk, tid, "syscall", text);
}

/* `syscall`: NULL where it is in none. */
static void put_thread(struct desk *desk, uint32_t tid, const char *name, char state,
		       const char *syscall)
{
	char text[128];

	snprintf(text, sizeof(text), "%u (%s) %c 1 1 1 0 -1\n", tid, name, state);
	put(desk, tid, "stat", text);
	if (syscall)
		put_syscall(desk, tid, syscall);
	else
		put(desk, tid, "syscall", "running\n");
	put(desk, tid, "schedstat", "0 0 1\n");
}

static const struct process_facts *look(struct desk *desk)
{
	desk->facts = (struct process_facts){.fds = FACTS_UNKNOWN, .fd_limit = FACTS_UNKNOWN};
	facts_read_folder(&desk->reader, desk->tree.dir, &desk->process, desk->time_ns,
			  &desk->facts);
	return &desk->facts;
}

static void threads_that_all_wait_for_events_are_an_idle_loop(void **state)
{
	static const char *const calls[] = {"epoll_pwait", "epoll_pwait2", "ppoll", "pselect6",
					    "io_uring_enter"};
	struct desk *desk = *state;

	for (uint32_t i = 0; i < COUNT(calls); i++)
		put_thread(desk, PID + i, "loop", 'S', calls[i]);
	assert_int_equal(look(desk)->idle_loop, 1);
	assert_int_equal(desk->facts.looked, 1);
	assert_int_equal(desk->facts.threads, COUNT(calls));
	assert_int_equal(desk->facts.waiting, 1);
}

static void what_poll_waits_for_is_not_told(void **state)
{
	struct desk *desk = *state;

	put_thread(desk, PID, "loop", 'S', "epoll_pwait");
	put_thread(desk, PID + 1, "loop", 'S', "io_uring_enter");
	assert_int_equal(look(desk)->polls, 0);
	put_thread(desk, PID + 1, "loop", 'S', "pselect6");
	assert_int_equal(look(desk)->polls, 1);
	assert_int_equal(desk->facts.idle_loop, 1);
	put_thread(desk, PID + 1, "loop", 'R', NULL);
	assert_int_equal(look(desk)->polls, 0);
	put_thread(desk, PID + 1, "loop", 'S', NULL);
	put(desk, PID + 1, "wchan", "poll_schedule_timeout.constprop.0");
	assert_int_equal(look(desk)->polls, 1);
}

static void a_thread_in_a_futex_is_no_idle_one_and_is_told(void **state)
{
	struct desk *desk = *state;

	put_thread(desk, PID, "loop", 'S', "epoll_pwait");
	put_thread(desk, PID + 1, "loop", 'S', "epoll_pwait");
	put_thread(desk, PID + 2, "worker", 'S', "futex");
	assert_int_equal(look(desk)->idle_loop, 0);
	assert_int_equal(desk->facts.waiting, 1);
	assert_int_equal(desk->facts.state, 'S');
	assert_string_equal(desk->facts.syscall, "futex");
}

static void who_runs_or_is_stopped_in_epoll_is_not_idle(void **state)
{
	static const char states[] = "RDTt";
	struct desk *desk = *state;

	for (size_t i = 0; i < COUNT(states) - 1; i++) {
		put_thread(desk, PID, "loop", states[i], "epoll_pwait");
		check(!look(desk)->idle_loop, "%c", states[i]);
		assert_int_equal(desk->facts.state, states[i]);
	}
}

/* What Yama lets an unprivileged caller see. */
static void without_system_calls_the_function_tells(void **state)
{
	static const struct {
		const char *wchan;
		bool idle;
	} functions[] = {
		{"ep_poll", true},
		{"poll_schedule_timeout.constprop.0", true},
		{"do_epoll_wait", true},
		{"futex_wait_queue", false},
		{"ep_pollution", false},
		{"", false},
		{"0", false},
	};
	struct desk *desk = *state;

	for (size_t i = 0; i < COUNT(functions); i++) {
		put_thread(desk, PID, "loop", 'S', NULL);
		put(desk, PID, "wchan", functions[i].wchan);
		check(look(desk)->idle_loop == functions[i].idle, "%s", functions[i].wchan);
	}
}

static void put_node(struct desk *desk, const char *exe)
{
	tree_link(&desk->tree, "exe", exe);
	put_thread(desk, PID, "node", 'S', "epoll_pwait");
	put_thread(desk, PID + 1, "node", 'S', "futex");
	put_thread(desk, PID + 2, "libuv-worker", 'S', "futex");
}

static void workers_of_node_may_wait_in_a_futex(void **state)
{
	struct desk *desk = *state;

	put_node(desk, "/usr/bin/node");
	assert_int_equal(look(desk)->idle_loop, 1);
	put_node(desk, "/usr/bin/nodejs");
	assert_int_equal(look(desk)->idle_loop, 1);
	put_node(desk, "/usr/bin/python3");
	assert_int_equal(look(desk)->idle_loop, 0);
	put_node(desk, "/usr/node/bin/java");
	assert_int_equal(look(desk)->idle_loop, 0);
}

static void a_worker_of_node_that_works_is_told(void **state)
{
	struct desk *desk = *state;

	put_node(desk, "/usr/bin/node");
	put_thread(desk, PID + 2, "libuv-worker", 'S', "fsync");
	assert_int_equal(look(desk)->idle_loop, 0);
	assert_string_equal(desk->facts.syscall, "fsync");
	assert_int_equal(desk->facts.waiting, 1);
}

static void node_whose_main_thread_is_busy_is_about_that(void **state)
{
	struct desk *desk = *state;

	put_node(desk, "/usr/bin/node");
	put_thread(desk, PID, "node", 'R', NULL);
	assert_int_equal(look(desk)->idle_loop, 0);
	assert_int_equal(desk->facts.state, 'R');
	assert_int_equal(desk->facts.waiting, 1);
}

static void node_whose_main_thread_waits_for_a_worker_is_not_idle(void **state)
{
	struct desk *desk = *state;

	put_node(desk, "/usr/bin/node");
	put_thread(desk, PID, "node", 'S', "futex");
	assert_int_equal(look(desk)->idle_loop, 0);
	assert_string_equal(desk->facts.syscall, "futex");
	assert_int_equal(desk->facts.waiting, 3);
}

static void the_number_at_the_end_of_a_name_is_folded(void **state)
{
	struct desk *desk = *state;

	put_thread(desk, PID, "java", 'S', "futex");
	for (uint32_t i = 1; i <= 3; i++) {
		char name[16];

		snprintf(name, sizeof(name), "pool-1-thread-%u", i);
		put_thread(desk, PID + i, name, 'S', i == 1 ? "futex" : "read");
	}
	put_thread(desk, PID + 4, "C2 Compiler", 'S', "futex");
	put_thread(desk, PID + 5, "42", 'S', "futex");
	assert_int_equal(look(desk)->names_total, 4);
	assert_string_equal(desk->facts.names[0].name, "pool-1-thread-*");
	assert_int_equal(desk->facts.names[0].threads, 3);
	assert_string_equal(desk->facts.names[0].waiting_in, "read");
	assert_string_equal(desk->facts.names[1].name, "*");
	assert_string_equal(desk->facts.names[2].name, "C2 Compiler");
	assert_string_equal(desk->facts.names[3].name, "java");
	assert_int_equal(desk->facts.names[4].threads, 0);
}

static void ten_names_are_kept_of_however_many(void **state)
{
	struct desk *desk = *state;
	uint32_t tid = PID;

	for (uint32_t i = 0; i < 12; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%c-thread", (char)('a' + i));
		for (uint32_t j = 0; j <= i; j++)
			put_thread(desk, tid++, name, 'S', "read");
	}
	assert_int_equal(look(desk)->names_total, 12);
	for (uint32_t i = 0; i < FACTS_NAMES; i++)
		assert_int_equal(desk->facts.names[i].threads, 12 - i);
}

static void a_hostile_name_is_a_name(void **state)
{
	struct desk *desk = *state;

	put_thread(desk, PID, ") R 1 (\x01\xff", 'S', "read");
	put_thread(desk, PID + 1, "", 'S', "read");
	put(desk, PID + 2, "stat", "9 (no end");
	put(desk, PID + 3, "stat", "");
	assert_int_equal(look(desk)->looked_at, 2);
	assert_int_equal(desk->facts.threads, 4);
	assert_int_equal(desk->facts.state, 'S');
	assert_string_equal(desk->facts.names[0].name, "");
	assert_string_equal(desk->facts.names[1].name, ") R 1 (\x01\xff");
}

static void of_very_many_threads_some_are_looked_at(void **state)
{
	struct desk *desk = *state;

	for (uint32_t i = 0; i < FACTS_THREADS + 44; i++)
		put_thread(desk, PID + i, "worker", 'S', "futex");
	assert_int_equal(look(desk)->threads, FACTS_THREADS + 44);
	assert_int_equal(desk->facts.looked_at, FACTS_THREADS);
	assert_int_equal(desk->facts.waiting, FACTS_THREADS);
	assert_int_equal(desk->facts.names[0].threads, FACTS_THREADS);
}

static void stops_are_counted_and_a_tracer_matters_in_one_only(void **state)
{
	struct desk *desk = *state;
	pid_t tracer = fork();
	char text[64];

	while (!tracer)
		pause();
	snprintf(text, sizeof(text), "Name:\tx\nTracerPid:\t%d\nUid:\t0\n", tracer);
	put_thread(desk, PID, "x", 'S', "read");
	put(desk, PID, "status", text);
	put_thread(desk, PID + 1, "x", 'T', NULL);
	assert_int_equal(look(desk)->stopped, 1);
	assert_int_equal(desk->facts.traced, 0);
	assert_int_equal(desk->facts.tracer.pid, 0);
	put_thread(desk, PID, "x", 't', NULL);
	while (look(desk)->stopped != 2) /* until the tracer has come to rest */
		usleep(1000);
	assert_int_equal(desk->facts.traced, 1);
	assert_int_equal(desk->facts.tracer.pid, tracer);
	assert_string_equal(desk->facts.tracer.comm, "test_facts");
	kill(tracer, SIGKILL);
	waitpid(tracer, NULL, 0);
}

static void a_frozen_thread_is_known_by_its_function(void **state)
{
	static const char *const functions[] = {"__refrigerator", "do_freezer_trap", "get_signal"};
	struct desk *desk = *state;

	for (size_t i = 0; i < COUNT(functions); i++) {
		put_thread(desk, PID, "x", 'S', "epoll_pwait");
		put(desk, PID, "wchan", functions[i]);
		check(look(desk)->frozen == 1 && !desk->facts.idle_loop, "%s", functions[i]);
	}
}

/* Where the cgroups are mounted: in the tree. */
static char *mounted(const struct desk *desk, const char *folder)
{
	char *path = malloc(128);

	snprintf(path, 128, "%s/%s", desk->tree.path, folder);
	return path;
}

static void all_of_a_frozen_cgroup_are_frozen(void **state)
{
	struct desk *desk = *state;

	desk->reader.freezer.unified = mounted(desk, "v2");
	desk->reader.freezer.legacy = mounted(desk, "v1");
	put_thread(desk, PID, "x", 'S', "epoll_pwait");
	put_thread(desk, PID + 1, "x", 'S', "epoll_pwait");
	tree_write(&desk->tree, "cgroup",
		   "6:notfreezer:/other\n5:cpu,freezer:/a/b\n0::/system.slice/x:y.service\n");
	tree_write(&desk->tree, "v1/other/freezer.state", "FROZEN\n");
	assert_int_equal(look(desk)->frozen, 0);
	tree_write(&desk->tree, "v2/system.slice/x:y.service/cgroup.events",
		   "populated 1\nfrozen 0\n");
	tree_write(&desk->tree, "v1/a/b/freezer.state", "THAWED\n");
	assert_int_equal(look(desk)->frozen, 0);
	assert_int_equal(desk->facts.idle_loop, 1);
	tree_write(&desk->tree, "v1/a/b/freezer.state", "FROZEN\n");
	assert_int_equal(look(desk)->frozen, 2);
	tree_write(&desk->tree, "v1/a/b/freezer.state", "THAWED\n");
	tree_write(&desk->tree, "v2/system.slice/x:y.service/cgroup.events",
		   "populated 1\nfrozen 1\n");
	assert_int_equal(look(desk)->frozen, 2);
	assert_int_equal(desk->facts.idle_loop, 0);
}

static void put_times(struct desk *desk, uint32_t tid, uint64_t starved_ns)
{
	char text[64];

	snprintf(text, sizeof(text), "1 %llu 3\n", (unsigned long long)starved_ns);
	put(desk, tid, "schedstat", text);
}

static void put_ran(struct desk *desk, unsigned int user, unsigned int system)
{
	char text[128];

	snprintf(text, sizeof(text), "7 (a) b) S 1 1 1 0 -1 4194304 1 2 3 4 %u %u 9 9 20\n", user,
		 system);
	tree_write(&desk->tree, "stat", text);
}

static void figures_are_those_since_the_last_look(void **state)
{
	struct desk *desk = *state;

	for (uint32_t i = 0; i < 3; i++)
		put_thread(desk, PID + i, "x", 'S', "read");
	put_times(desk, PID, 500 * SECOND);
	put_ran(desk, 1000, 500);
	assert_true(look(desk)->looked_for_ns == 0);
	assert_true(desk->facts.ran_ns == 0 && desk->facts.starved_ns == 0);
	desk->time_ns += 10 * SECOND;
	put_times(desk, PID, 502 * SECOND);
	put_times(desk, PID + 1, 3 * SECOND);
	put_thread(desk, PID + 9, "new", 'S', "read");
	put_times(desk, PID + 9, 9 * SECOND); /* who knows since when */
	put_ran(desk, 1100, 550);
	assert_true(look(desk)->looked_for_ns == 10 * SECOND);
	assert_true(desk->facts.ran_ns == SECOND * 3 / 2);
	assert_true(desk->facts.starved_ns == 3 * SECOND);
}

static void a_thread_of_the_same_number_is_another(void **state)
{
	struct desk *desk = *state;

	put_thread(desk, PID, "x", 'S', "read");
	put_times(desk, PID, 5 * SECOND);
	look(desk);
	desk->time_ns += 10 * SECOND;
	put_times(desk, PID, SECOND);
	assert_true(look(desk)->starved_ns == FACTS_UNKNOWN);
	assert_true(desk->facts.looked_for_ns == 10 * SECOND);
}

static void a_process_of_the_same_number_is_another(void **state)
{
	struct desk *desk = *state;

	put_thread(desk, PID, "x", 'S', "read");
	look(desk);
	desk->time_ns += SECOND;
	desk->process.start_ns += SECOND;
	assert_true(look(desk)->looked_for_ns == 0);
}

/* It is counted when it is over, and began before the last look. */
static void a_wait_is_no_longer_than_the_time_between(void **state)
{
	struct desk *desk = *state;

	put_thread(desk, PID, "x", 'S', "read");
	look(desk);
	desk->time_ns += SECOND;
	put_times(desk, PID, 7 * SECOND);
	assert_true(look(desk)->starved_ns == SECOND);
}

/* Runnable then and now, and it had no turn: the kernel has not counted it yet. */
static void a_wait_that_goes_on_is_all_the_time_between(void **state)
{
	static const struct {
		char then, now;
		const char *schedstat;
		bool waits;
	} cases[] = {
		{'R', 'R', "1 500 3\n", true},	{'R', 'R', "2 500 3\n", false}, /* it runs */
		{'R', 'R', "1 500 4\n", false}, {'S', 'R', "1 500 3\n", false},
		{'R', 'S', "1 500 3\n", false},
	};
	struct desk *desk = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		put_thread(desk, PID, "x", cases[i].then, "read");
		put(desk, PID, "schedstat", "1 500 3\n");
		look(desk);
		desk->time_ns += SECOND;
		put_thread(desk, PID, "x", cases[i].now, "read");
		put(desk, PID, "schedstat", cases[i].schedstat);
		check(look(desk)->starved_ns == (cases[i].waits ? SECOND : 0), "case %zu", i);
		desk->time_ns += SECOND;
	}
}

static void without_schedstat_starvation_is_unknown(void **state)
{
	struct desk *desk = *state;

	put_thread(desk, PID, "x", 'S', "read");
	put(desk, PID, "schedstat", "");
	look(desk);
	desk->time_ns += SECOND;
	assert_true(look(desk)->starved_ns == FACTS_UNKNOWN);
}

static uint64_t look_at(struct desk *desk, uint32_t pid)
{
	desk->process.pid = pid;
	desk->time_ns += SECOND;
	return look(desk)->looked_for_ns;
}

static void who_was_not_looked_at_for_longest_is_forgotten(void **state)
{
	struct desk *desk = *state;

	put_thread(desk, PID, "x", 'S', "read");
	for (uint32_t pid = 1; pid <= LOOKS_PROCESSES; pid++)
		assert_true(look_at(desk, pid) == 0);
	for (uint32_t pid = 1; pid <= LOOKS_PROCESSES; pid++)
		assert_true(look_at(desk, pid) == LOOKS_PROCESSES * SECOND);
	look_at(desk, LOOKS_PROCESSES + 1);
	assert_true(look_at(desk, 2) == LOOKS_PROCESSES * SECOND);
	assert_true(look_at(desk, 1) == 0);
}

static void a_process_that_is_gone_is_not_looked_at(void **state)
{
	struct desk *desk = *state;
	struct process_facts facts = {.fds = 3, .fd_limit = 4};
	struct process_id gone = process_of(0x3fffff, "gone");

	facts_read_threads(&desk->reader, &gone, SECOND, &facts);
	assert_int_equal(facts.looked, 0);
	assert_int_equal(facts.threads, 0);
	assert_true(facts.fds == 3 && facts.fd_limit == 4);
	look(desk); /* an empty folder */
	assert_int_equal(desk->facts.looked, 0);
}

#define facts_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		facts_test(threads_that_all_wait_for_events_are_an_idle_loop),
		facts_test(what_poll_waits_for_is_not_told),
		facts_test(a_thread_in_a_futex_is_no_idle_one_and_is_told),
		facts_test(who_runs_or_is_stopped_in_epoll_is_not_idle),
		facts_test(without_system_calls_the_function_tells),
		facts_test(workers_of_node_may_wait_in_a_futex),
		facts_test(a_worker_of_node_that_works_is_told),
		facts_test(node_whose_main_thread_is_busy_is_about_that),
		facts_test(node_whose_main_thread_waits_for_a_worker_is_not_idle),
		facts_test(the_number_at_the_end_of_a_name_is_folded),
		facts_test(ten_names_are_kept_of_however_many),
		facts_test(a_hostile_name_is_a_name),
		facts_test(of_very_many_threads_some_are_looked_at),
		facts_test(stops_are_counted_and_a_tracer_matters_in_one_only),
		facts_test(a_frozen_thread_is_known_by_its_function),
		facts_test(all_of_a_frozen_cgroup_are_frozen),
		facts_test(figures_are_those_since_the_last_look),
		facts_test(a_thread_of_the_same_number_is_another),
		facts_test(a_process_of_the_same_number_is_another),
		facts_test(a_wait_is_no_longer_than_the_time_between),
		facts_test(a_wait_that_goes_on_is_all_the_time_between),
		facts_test(without_schedstat_starvation_is_unknown),
		facts_test(who_was_not_looked_at_for_longest_is_forgotten),
		facts_test(a_process_that_is_gone_is_not_looked_at),
	};

	return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}

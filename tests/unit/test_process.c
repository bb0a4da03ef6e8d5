// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdlib.h>

#include "model/process.h"
#include "records.h"
#include "unit.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int setup(void **state)
{
	struct processes *processes = calloc(1, sizeof(*processes));

	processes_init(processes);
	*state = processes;
	return 0;
}

static int teardown(void **state)
{
	processes_free(*state);
	free(*state);
	return 0;
}

static uint32_t number(struct processes *processes, struct process_id id)
{
	return processes_number(processes, &id);
}

static void describe(struct processes *processes, uint32_t pid, const char *exe, const char *cgroup)
{
	struct record_process record = description_of(pid, "process", exe, cgroup);

	processes_describe(processes, &record);
}

static void no_pid_is_no_process(void **state)
{
	struct processes *processes = *state;

	assert_int_equal(number(processes, process_of(0, "nobody")), 0);
	assert_null(processes_get(processes, 0));
	describe(processes, 0, "/bin/nobody", "/");
	assert_int_equal(processes->pool.live, 0);
	/* harmless */
	processes_reference(processes, 0);
	processes_release(processes, 0);
}

static void a_process_has_one_number(void **state)
{
	struct processes *processes = *state;
	uint32_t first = number(processes, process_of(7, "seven"));

	assert_int_not_equal(first, 0);
	assert_int_equal(number(processes, process_of(7, "seven")), first);
	assert_int_not_equal(number(processes, process_of(8, "eight")), first);
	assert_int_equal(processes_get(processes, first)->id.pid, 7);
	assert_string_equal(processes_get(processes, first)->id.comm, "seven");
}

static void a_pid_that_is_reused_is_another_process(void **state)
{
	struct processes *processes = *state;
	struct process_id old = process_of(7, "old"), new = process_of(7, "new");
	uint32_t first, second;

	new.start_ns = old.start_ns + SECOND / 100;
	first = number(processes, old);
	second = number(processes, new);
	assert_int_not_equal(first, second);
	assert_string_equal(processes_get(processes, first)->id.comm, "old");
	assert_string_equal(processes_get(processes, second)->id.comm, "new");
}

/* BPF tells nanoseconds, /proc hundredths of a second. */
static void starts_by_bpf_and_by_proc_are_the_same_process(void **state)
{
	struct processes *processes = *state;
	struct process_id bpf = process_of(7, "seven"), proc = bpf;

	bpf.start_ns = 12349999999;
	proc.start_ns = 12340000000;
	assert_int_equal(number(processes, bpf), number(processes, proc));
}

static void the_largest_pids_are_told_apart(void **state)
{
	struct processes *processes = *state;
	struct process_id a = process_of(4194303, "a"), b = process_of(1, "b");

	a.start_ns = b.start_ns = SECOND;
	assert_int_not_equal(number(processes, a), number(processes, b));
}

static void exec_changes_the_comm(void **state)
{
	struct processes *processes = *state;
	struct process_id id = process_of(7, "sh");
	uint32_t shell = processes_meet(processes, &id);

	id = process_of(7, "sleep");
	assert_int_equal(processes_meet(processes, &id), shell);
	assert_string_equal(processes_get(processes, shell)->id.comm, "sleep");
}

/* The owner entry of a socket is as old as the socket. */
static void an_old_record_does_not_bring_the_old_comm_back(void **state)
{
	struct processes *processes = *state;
	struct process_id id = process_of(7, "sleep");
	uint32_t sleep = processes_meet(processes, &id);

	assert_int_equal(number(processes, process_of(7, "sh")), sleep);
	assert_string_equal(processes_get(processes, sleep)->id.comm, "sleep");
}

static void a_description_tells_exe_cgroup_and_container(void **state)
{
	struct processes *processes = *state;
	const struct process *process;

	describe(processes, 7, "/usr/bin/seven", "/system.slice/docker-" ID ".scope");
	process = processes_get(processes, number(processes, process_of(7, "process")));
	assert_string_equal(process->exe, "/usr/bin/seven");
	assert_string_equal(process->cgroup, "/system.slice/docker-" ID ".scope");
	assert_string_equal(process->container, "0123456789ab");
}

static void what_a_later_description_does_not_know_is_kept(void **state)
{
	struct processes *processes = *state;
	const struct process *process;

	describe(processes, 7, "/usr/bin/seven", "/system.slice");
	describe(processes, 7, "", "");
	process = processes_get(processes, number(processes, process_of(7, "process")));
	assert_string_equal(process->exe, "/usr/bin/seven");
	assert_string_equal(process->cgroup, "/system.slice");
	describe(processes, 7, "/usr/bin/eight", "");
	assert_string_equal(process->exe, "/usr/bin/eight");
	assert_string_equal(process->cgroup, "/system.slice");
}

static bool known(const struct processes *processes, uint32_t pid)
{
	struct process_id id = process_of(pid, "process");

	for (uint32_t i = 0; i <= processes->index.mask; i++) {
		uint32_t slot = processes->index.slots[i].number;

		if (slot && processes_get(processes, slot)->id.pid == id.pid)
			return true;
	}
	return false;
}

static void a_process_is_forgotten_only_after_twice_the_descriptions_kept(void **state)
{
	struct processes *processes = *state;
	uint32_t pid = 0, last;

	/* until the sweep */
	do
		describe(processes, ++pid, "/bin/process", "/");
	while (processes->pool.live == pid);
	last = pid - 1; /* described before the sweep */
	assert_false(known(processes, 1));
	assert_true(known(processes, last - 2 * DESCRIPTIONS_KEPT));
	assert_false(known(processes, last - 2 * DESCRIPTIONS_KEPT - 1));
	assert_true(known(processes, last));
	assert_true(known(processes, pid));
}

static void a_process_that_a_connection_refers_to_is_not_forgotten(void **state)
{
	struct processes *processes = *state;
	uint32_t referred = number(processes, process_of(1, "process"));
	uint32_t released = number(processes, process_of(2, "process"));

	processes_reference(processes, referred);
	processes_reference(processes, released);
	processes_release(processes, released);
	for (uint32_t pid = 1; pid < 100000; pid++)
		describe(processes, pid, "/bin/process", "/");
	assert_true(known(processes, 1));
	assert_false(known(processes, 2));
	assert_int_equal(processes_get(processes, referred)->id.pid, 1);
}

static void weeks_of_cron_jobs_take_no_more_memory(void **state)
{
	struct processes *processes = *state;
	uint32_t most = 0;

	for (uint32_t pid = 1; pid < 200000; pid++) {
		describe(processes, pid, "/bin/process", "/");
		if (processes->pool.live > most)
			most = processes->pool.live;
	}
	assert_in_range(most, 1, 5 * DESCRIPTIONS_KEPT);
}

static void watch(struct processes *processes, uint64_t inode, unsigned int how)
{
	struct record_watched record = watched_of(SECOND, 7, inode, how);

	number(processes, record.process);
	processes_watch(processes, &record);
}

static enum epoll_watched watched(struct processes *processes, uint64_t inode)
{
	uint32_t process = number(processes, process_of(7, "process"));

	return processes_watched(processes_get(processes, process), inode, SECOND);
}

#define ALL_READ (WATCHED_HAS_SETS | WATCHED_READABLE)

static void what_a_process_watches_is_found_by_inode(void **state)
{
	struct processes *processes = *state;

	assert_int_equal(watched(processes, 5), WATCHED_UNKNOWN);
	watch(processes, 5, WATCH_IN); /* an answer without beginning */
	assert_int_equal(watched(processes, 5), WATCHED_UNKNOWN);
	watch(processes, 0, ALL_READ);
	assert_int_equal(watched(processes, 5), WATCHED_NO);
	for (uint64_t inode = 1000; inode; inode -= 2)
		watch(processes, inode, inode % 4 ? WATCH_IN : WATCH_OTHER);
	for (uint64_t inode = 1; inode <= 1002; inode++)
		assert_int_equal(watched(processes, inode), inode % 2 || inode > 1000 ? WATCHED_NO
							    : inode % 4		      ? WATCHED_IN
									: WATCHED_OTHER);
	assert_int_equal(watched(processes, 0), WATCHED_UNKNOWN);
}

static void a_socket_in_two_sets_is_watched_for_what_either_does(void **state)
{
	struct processes *processes = *state;

	watch(processes, 0, ALL_READ);
	watch(processes, 5, WATCH_OTHER);
	watch(processes, 5, WATCH_IN);
	watch(processes, 5, WATCH_OTHER);
	assert_int_equal(watched(processes, 5), WATCHED_IN);
}

/* It may have been accepted since. */
static void sets_that_were_read_before_a_socket_came_do_not_tell_of_it(void **state)
{
	struct processes *processes = *state;
	const struct process *process;

	watch(processes, 0, ALL_READ);
	watch(processes, 5, WATCH_IN);
	process = processes_get(processes, number(processes, process_of(7, "process")));
	assert_int_equal(processes_watched(process, 6, SECOND), WATCHED_NO);
	assert_int_equal(processes_watched(process, 6, SECOND + 1), WATCHED_UNKNOWN);
	assert_int_equal(processes_watched(process, 5, SECOND + 1), WATCHED_IN);
}

static void an_answer_takes_the_place_of_the_one_before(void **state)
{
	struct processes *processes = *state;

	watch(processes, 0, ALL_READ);
	watch(processes, 5, WATCH_IN);
	watch(processes, 0, ALL_READ);
	assert_int_equal(watched(processes, 5), WATCHED_NO);
}

/* Two views may ask, each for what it wants. */
static void descriptors_alone_do_not_undo_a_look_at_threads(void **state)
{
	struct processes *processes = *state;
	uint32_t process = number(processes, process_of(7, "process"));
	struct record_facts record = facts_of(SECOND, 7);
	const struct process_facts *facts;

	record.facts = (struct process_facts){.fds = 1, .looked = true, .threads = 3};
	processes_find_out(processes, &record);
	record.facts = (struct process_facts){.fds = 2, .fd_limit = 9};
	processes_find_out(processes, &record);
	facts = &processes_get(processes, process)->readings->now;
	assert_true(facts->looked && facts->threads == 3);
	assert_true(facts->fds == 2 && facts->fd_limit == 9);
	record.facts = (struct process_facts){.fds = 2, .looked = true, .threads = 4};
	processes_find_out(processes, &record);
	assert_int_equal(facts->threads, 4);
}

static void without_a_set_or_where_one_is_unread_nobody_knows(void **state)
{
	struct processes *processes = *state;

	watch(processes, 0, WATCHED_READABLE);
	assert_int_equal(watched(processes, 5), WATCHED_UNKNOWN);
	watch(processes, 0, WATCHED_HAS_SETS);
	watch(processes, 6, WATCH_IN);
	assert_int_equal(watched(processes, 5), WATCHED_UNKNOWN);
	assert_int_equal(watched(processes, 6), WATCHED_IN);
}

static void more_than_is_kept_is_not_known(void **state)
{
	struct processes *processes = *state;

	watch(processes, 0, ALL_READ);
	for (uint64_t inode = 1; inode <= WATCHED_MAX + 1; inode++)
		watch(processes, inode, WATCH_IN);
	assert_int_equal(watched(processes, WATCHED_MAX), WATCHED_IN);
	assert_int_equal(watched(processes, WATCHED_MAX + 1), WATCHED_UNKNOWN);
}

static void what_an_unknown_process_watches_nobody_wants(void **state)
{
	struct record_watched record = watched_of(SECOND, 7, 0, ALL_READ);
	struct processes *processes = *state;

	processes_watch(processes, &record);
	assert_int_equal(processes->pool.live, 0);
}

struct container {
	const char *cgroup;
	const char *id;
};

#define SHORT "0123456789ab"
#define POD   "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod0f1e2d3c_4b5a.slice/"

static const struct container containers[] = {
	{"/system.slice/docker-" ID ".scope", SHORT},
	{"/docker/" ID, SHORT},
	{"/docker/buildx/" ID, SHORT},
	{"/machine.slice/libpod-" ID ".scope", SHORT},
	{"/machine.slice/libpod-" ID ".scope/container", SHORT},
	{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope", SHORT},
	{"/system.slice/containerd.service/default/" ID, SHORT},
	{POD "cri-containerd-" ID ".scope", SHORT},
	{POD "crio-" ID ".scope", SHORT},
	{"/kubepods/besteffort/pod0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0/" ID, SHORT},
	{"/system.slice/containerd.service/kubepods-pod1.slice:cri-containerd:" ID, SHORT},
	{"/ecs/fedcba9876543210fedcba9876543210/" ID, SHORT},
	/* the innermost counts: docker in docker */
	{"/docker/ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff/docker/" ID,
	 SHORT},
	{"/docker/" ID "/init.scope", SHORT},
	{"", ""},
	{"/", ""},
	{"/init.scope", ""},
	{"/system.slice/ssh.service", ""},
	{"/user.slice/user-1000.slice/session-1.scope", ""},
	{"/lxc.payload.web", ""},
	{"/machine.slice/systemd-nspawn@web.service", ""},
	/* too short, too long */
	{"/docker/0123456789ab", ""},
	{"/docker/a" ID, ""},
	{"/docker/" ID "0", ""},
	{"/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde", ""},
	{POD, ""},
};

static void a_container_is_found_in_the_path_of_its_cgroup(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(containers); i++) {
		char id[13] = "unchanged";

		container_of_cgroup(containers[i].cgroup, id);
		check(strcmp(id, containers[i].id) == 0, "%s: \"%s\"", containers[i].cgroup, id);
	}
}

#define process_test(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		process_test(no_pid_is_no_process),
		process_test(a_process_has_one_number),
		process_test(a_pid_that_is_reused_is_another_process),
		process_test(starts_by_bpf_and_by_proc_are_the_same_process),
		process_test(the_largest_pids_are_told_apart),
		process_test(exec_changes_the_comm),
		process_test(an_old_record_does_not_bring_the_old_comm_back),
		process_test(a_description_tells_exe_cgroup_and_container),
		process_test(what_a_later_description_does_not_know_is_kept),
		process_test(a_process_is_forgotten_only_after_twice_the_descriptions_kept),
		process_test(a_process_that_a_connection_refers_to_is_not_forgotten),
		process_test(weeks_of_cron_jobs_take_no_more_memory),
		process_test(what_a_process_watches_is_found_by_inode),
		process_test(a_socket_in_two_sets_is_watched_for_what_either_does),
		process_test(sets_that_were_read_before_a_socket_came_do_not_tell_of_it),
		process_test(an_answer_takes_the_place_of_the_one_before),
		process_test(descriptors_alone_do_not_undo_a_look_at_threads),
		process_test(without_a_set_or_where_one_is_unread_nobody_knows),
		process_test(more_than_is_kept_is_not_known),
		process_test(what_an_unknown_process_watches_nobody_wants),
		cmocka_unit_test(a_container_is_found_in_the_path_of_its_cgroup),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/process_filter.h"
#include "records.h"
#include "unit.h"

static struct process process_in(uint32_t pid, const char *comm, char *cgroup)
{
	return (struct process){.id = process_of(pid, comm), .cgroup = cgroup};
}

static void nobody_matches_only_a_filter_that_asks_for_nothing(void **state)
{
	struct process_filter none = {0}, pid = {.pid = 1}, comm = {.comm = "x"},
			      cgroup = {.cgroup = "/"};

	(void)state;
	assert_true(process_filter_match(&none, NULL));
	assert_false(process_filter_match(&pid, NULL));
	assert_false(process_filter_match(&comm, NULL));
	assert_false(process_filter_match(&cgroup, NULL));
	assert_false(process_filter_active(&none));
	assert_true(process_filter_active(&pid));
	assert_true(process_filter_active(&comm));
	assert_true(process_filter_active(&cgroup));
}

static void a_pid_matches_itself(void **state)
{
	struct process process = process_in(7, "seven", NULL);

	(void)state;
	assert_true(process_filter_match(&(struct process_filter){.pid = 7}, &process));
	assert_false(process_filter_match(&(struct process_filter){.pid = 70}, &process));
	assert_true(process_filter_match(&(struct process_filter){0}, &process));
}

struct row {
	const char *wanted, *has;
	bool matches;
};

static void a_comm_matches_whole(void **state)
{
	static const struct row rows[] = {
		{"nginx", "nginx", true},
		{"nginx", "nginx2", false},
		{"nginx", "ngin", false},
		{"nginx", "Nginx", false},
		{"nginx", "", false},
		{"123456789012345", "123456789012345", true},
		/* not terminated: the kernel's is 16 bytes */
		{"123456789012345", "1234567890123456", false},
		{"1234567890123456", "1234567890123456", true},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct process process = process_in(7, rows[i].has, NULL);
		struct process_filter filter = {.comm = rows[i].wanted};

		check(process_filter_match(&filter, &process) == rows[i].matches, "%s: %s",
		      rows[i].wanted, rows[i].has);
	}
}

static void a_cgroup_matches_itself_and_all_below_it(void **state)
{
	static const struct row rows[] = {
		{"/system.slice", "/system.slice", true},
		{"/system.slice/", "/system.slice", true},
		{"/system.slice", "/system.slice/ssh.service", true},
		{"/system.slice/", "/system.slice/ssh.service", true},
		{"/system.slice", "/system.slice2", false},
		{"/system.slice", "/system", false},
		{"/system.slice", "/", false},
		{"/system.slice/ssh.service", "/system.slice", false},
		{"/", "/", true},
		{"/", "/system.slice", true},
		{"/", NULL, false},
		{"/system.slice", NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct process process = process_in(7, "seven", (char *)rows[i].has);
		struct process_filter filter = {.cgroup = rows[i].wanted};

		check(process_filter_match(&filter, &process) == rows[i].matches, "%s: %s",
		      rows[i].wanted, rows[i].has ? rows[i].has : "(unknown)");
	}
}

static void all_that_is_given_must_match(void **state)
{
	struct process process = process_in(7, "seven", "/a");
	struct process_filter filter = {.pid = 7, .comm = "seven", .cgroup = "/a"};

	(void)state;
	assert_true(process_filter_match(&filter, &process));
	filter.pid = 8;
	assert_false(process_filter_match(&filter, &process));
	filter.pid = 7;
	filter.comm = "eight";
	assert_false(process_filter_match(&filter, &process));
	filter.comm = "seven";
	filter.cgroup = "/b";
	assert_false(process_filter_match(&filter, &process));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_matches_only_a_filter_that_asks_for_nothing),
		cmocka_unit_test(a_pid_matches_itself),
		cmocka_unit_test(a_comm_matches_whole),
		cmocka_unit_test(a_cgroup_matches_itself_and_all_below_it),
		cmocka_unit_test(all_that_is_given_must_match),
	};

	return cmocka_run_group_tests_name("process_filter", tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdlib.h>

#include "view/grouping.h"
#include "records.h"
#include "unit.h"

static char exe[] = "/usr/bin/nginx", cgroup[] = "/system.slice/nginx.service";

static struct process sample(uint32_t pid, const char *comm)
{
	struct process process = {
		.key = pid * 1000, .id = process_of(pid, comm), .exe = exe, .cgroup = cgroup};

	memcpy(process.container, "0123456789ab", 13);
	return process;
}

static void a_group_has_the_name_of_what_it_is_by(void **state)
{
	struct process process = sample(7, "nginx");
	char text[17];

	(void)state;
	assert_string_equal(grouping_name(BY_COMM, &process, text), "nginx");
	assert_string_equal(grouping_name(BY_EXE, &process, text), exe);
	assert_string_equal(grouping_name(BY_CGROUP, &process, text), cgroup);
	assert_string_equal(grouping_name(BY_CONTAINER, &process, text), "0123456789ab");
	assert_string_equal(grouping_name(BY_PID, &process, text), "");
}

static void what_is_unknown_has_no_group(void **state)
{
	struct process process = {.key = 5, .id = process_of(5, "")};
	char text[17];

	(void)state;
	for (int by = BY_PID; by < GROUPINGS; by++) {
		assert_string_equal(grouping_name((enum grouping)by, NULL, text), "");
		assert_true(grouping_key((enum grouping)by, NULL) == 0);
		assert_string_equal(grouping_name((enum grouping)by, &process, text), "");
		if (by != BY_PID && by != BY_COMM)
			check(grouping_key((enum grouping)by, &process) == 0, "by %s",
			      grouping_names[by]);
	}
	assert_true(grouping_key(BY_PID, &process) == 5);
}

static void an_empty_comm_is_a_name(void **state)
{
	struct process a = sample(7, ""), b = sample(8, "");

	(void)state;
	assert_true(grouping_key(BY_COMM, &a) != 0);
	assert_true(grouping_key(BY_COMM, &a) == grouping_key(BY_COMM, &b));
}

static void processes_of_one_name_have_one_key(void **state)
{
	struct process a = sample(7, "nginx"), b = sample(8, "nginx"), c = sample(9, "other");

	(void)state;
	assert_true(grouping_key(BY_COMM, &a) == grouping_key(BY_COMM, &b));
	assert_true(grouping_key(BY_COMM, &a) != grouping_key(BY_COMM, &c));
	assert_true(grouping_key(BY_EXE, &a) == grouping_key(BY_EXE, &c));
	assert_true(grouping_key(BY_PID, &a) != grouping_key(BY_PID, &b));
}

/* A comm of 16 bytes has no end of its own. */
static void a_comm_that_is_not_terminated_ends(void **state)
{
	struct process process = sample(7, "");
	char text[17];

	(void)state;
	memset(process.id.comm, 'x', sizeof(process.id.comm));
	assert_string_equal(grouping_name(BY_COMM, &process, text), "xxxxxxxxxxxxxxxx");
}

static void the_words_are_those_of_the_option(void **state)
{
	(void)state;
	assert_string_equal(grouping_names[BY_PID], "pid");
	assert_string_equal(grouping_names[BY_COMM], "comm");
	assert_string_equal(grouping_names[BY_EXE], "exe");
	assert_string_equal(grouping_names[BY_CGROUP], "cgroup");
	assert_string_equal(grouping_names[BY_CONTAINER], "container");
	assert_int_equal(COUNT(grouping_names), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_has_the_name_of_what_it_is_by),
		cmocka_unit_test(what_is_unknown_has_no_group),
		cmocka_unit_test(an_empty_comm_is_a_name),
		cmocka_unit_test(processes_of_one_name_have_one_key),
		cmocka_unit_test(a_comm_that_is_not_terminated_ends),
		cmocka_unit_test(the_words_are_those_of_the_option),
	};

	return cmocka_run_group_tests_name("grouping", tests, NULL, NULL);
}

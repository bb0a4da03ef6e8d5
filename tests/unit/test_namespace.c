// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/proc/namespace.h"
#include "tree.h"

#define STAT "thread-self/net/stat/nf_conntrack"
#define NAMES                                                                                      \
	"entries  clashres found new invalid ignore delete chainlength insert insert_failed drop " \
	"early_drop icmp_error  expect_new expect_create expect_delete search_restart\n"

/* As seq_printf has it: hexadecimal, a line for each CPU. */
static void figures_are_hexadecimal_and_of_all_CPUs(void **state)
{
	struct conntrack conntrack;
	struct tree tree;

	(void)state;
	tree_open(&tree);
	tree_write(&tree, STAT,
		   NAMES "00000010  00000000 00000000 00000000 00000002 00000000 00000000 00000000 "
			 "00000000 0000000f 00000010 00000001 00000000  00000000 00000000 00000000 "
			 "00000000\n"
			 "00000010  00000000 00000000 00000000 00000000 00000000 00000000 00000000 "
			 "00000000 00000001 00000001 00000000 00000000  00000000 00000000 00000000 "
			 "00000000\n");
	tree_write(&tree, "sys/net/netfilter/nf_conntrack_count", "16\n");
	tree_write(&tree, "sys/net/netfilter/nf_conntrack_max", "262144\n");
	assert_true(conntrack_read(tree.dir, &conntrack));
	assert_true(conntrack.insert_failed == 16 && conntrack.drop == 17);
	assert_true(conntrack.early_drop == 1);
	assert_true(conntrack.count == 16 && conntrack.max == 262144);
	tree_close(&tree);
}

static void none_is_none(void **state)
{
	struct conntrack conntrack;
	struct tree tree;

	(void)state;
	tree_open(&tree);
	assert_false(conntrack_read(tree.dir, &conntrack));
	tree_close(&tree);
}

static void what_is_cut_or_odd_is_no_crash(void **state)
{
	static const char *const texts[] = {
		"\n",
		"drop",
		"drop\n",
		"drop\n\n",
		"drop insert_failed\n1\n",
		"drop\nxyz\n",
		"drop\n1 2 3 4 5 6\n",
	};
	struct conntrack conntrack;
	struct tree tree;

	(void)state;
	tree_open(&tree);
	for (size_t i = 0; i < COUNT(texts); i++) {
		tree_write(&tree, STAT, texts[i]);
		assert_true(conntrack_read(tree.dir, &conntrack));
		assert_true(conntrack.drop <= 1 && !conntrack.insert_failed);
	}
	tree_close(&tree);
}

static void that_of_this_thread_is_read(void **state)
{
	struct record_namespace record;

	(void)state;
	namespace_read(&record, 7);
	assert_int_equal(record.netns, 7);
	assert_true(record.somaxconn > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_are_hexadecimal_and_of_all_CPUs),
		cmocka_unit_test(none_is_none),
		cmocka_unit_test(what_is_cut_or_odd_is_no_crash),
		cmocka_unit_test(that_of_this_thread_is_read),
	};

	return cmocka_run_group_tests_name("namespace", tests, NULL, NULL);
}

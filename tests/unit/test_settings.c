// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What /proc says of a namespace's settings and of the host, from folders that look like it. */
#include "record/decode.h"
#include "record/names.h"
#include "source/proc/host.h"
#include "source/proc/settings.h"
#include "tree.h"

static void each_setting_is_where_its_name_says(void **state)
{
	struct record_settings record;
	char path[SETTING_PATH], below[128], text[16];
	struct tree tree;

	(void)state;
	tree_open(&tree);
	for (unsigned int i = 0; i < SETTINGS; i++) {
		setting_path(i, path);
		assert_null(strchr(path, '.'));
		snprintf(below, sizeof(below), "sys/%s", path);
		snprintf(text, sizeof(text), "%u\n", 100 + i);
		tree_write(&tree, below, text);
	}
	settings_read(tree.dir, &record, 7);
	assert_int_equal(record.netns, 7);
	for (unsigned int i = 0; i < SETTINGS; i++)
		assert_int_equal(record.values[i], 100 + i);
	tree_close(&tree);
}

static void what_is_not_there_is_unknown(void **state)
{
	struct record_settings record;
	struct record_host host;
	struct tree tree;

	(void)state;
	tree_open(&tree);
	settings_read(tree.dir, &record, 7);
	host_read(tree.dir, &host);
	for (unsigned int i = 0; i < SETTINGS; i++)
		assert_true(record.values[i] == FACTS_UNKNOWN);
	for (unsigned int i = 0; i < HOST_FIGURES; i++)
		assert_true(host.values[i] == FACTS_UNKNOWN);
	tree_close(&tree);
}

static uint64_t read_as(const struct tree *tree, const char *text)
{
	struct record_settings record;

	tree_write(tree, "sys/net/ipv4/tcp_ehash_entries", text);
	settings_read(tree->dir, &record, 7);
	assert_non_null(record_decode(&record, sizeof(record)));
	return record.values[SETTING_CONNECTION_BUCKETS];
}

static void a_value_is_its_first_number(void **state)
{
	struct tree tree;

	(void)state;
	tree_open(&tree);
	assert_int_equal(read_as(&tree, "-262144\n"), 262144); /* the host's table */
	assert_int_equal(read_as(&tree, "32768\t60999\n"), 32768);
	assert_true(read_as(&tree, "\n") == FACTS_UNKNOWN);
	assert_true(read_as(&tree, "none\n") == FACTS_UNKNOWN);
	assert_true(read_as(&tree, "99999999999999999999\n") == FACTS_UNKNOWN);
	assert_true(read_as(&tree, "-99999999999999999999\n") == FACTS_UNKNOWN);
	tree_close(&tree);
}

#define PAGE (uint64_t) sysconf(_SC_PAGESIZE)

static void the_host_is_told_whole(void **state)
{
	struct record_host record;
	struct tree tree;

	(void)state;
	tree_open(&tree);
	tree_write(&tree, "thread-self/net/sockstat",
		   "sockets: used 290\nTCP: inuse 5 orphan 3 tw 2 alloc 6 mem 7\nUDP: inuse 2\n");
	tree_write(&tree, "sys/net/ipv4/tcp_mem", "44451\t59268\t88902\n");
	tree_write(&tree, "pressure/cpu",
		   "some avg10=37.31 avg60=48.35 avg300=54.55 total=321506662\n"
		   "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
	tree_write(&tree, "slabinfo",
		   "slabinfo - version: 2.1\n# name <active_objs> ..\n"
		   "request_sock_TCPv6 0 0 304 13 1 : tunables 0 0 0 : slabdata 9 9 0\n"
		   "tw_sock_TCPv6 96 176 264 16 2 : tunables 0 0 0 : slabdata 11 11 0\n"
		   "tw_sock_TCP   64 128 256 16 1 : tunables 0 0 0 : slabdata  8  8 0\n");
	host_read(tree.dir, &record);
	assert_int_equal(record.values[HOST_ORPHANS], 3);
	assert_int_equal(record.values[HOST_SOCKETS], 6);
	assert_int_equal(record.values[HOST_MEMORY_BYTES], 7 * PAGE);
	assert_int_equal(record.values[HOST_MEMORY_LIMIT], 88902 * PAGE);
	assert_int_equal(record.values[HOST_STARVED_SHARE], 3731);
	assert_int_equal(record.values[HOST_STARVED_NS], 321506662000);
	assert_int_equal(record.values[HOST_TIMEWAIT_SIZE], 256);
	assert_int_equal(record.values[HOST_TIMEWAIT_BYTES], (11 * 2 + 8) * PAGE);
	tree_close(&tree);
}

static void what_is_odd_is_unknown(void **state)
{
	static const char *const files[][2] = {
		{"thread-self/net/sockstat", "TCP: inuse 5 orphan\n"},
		{"thread-self/net/sockstat", "UDP: inuse 2\n"},
		{"sys/net/ipv4/tcp_mem", "1 2\n"},
		{"sys/net/ipv4/tcp_mem", "1 2 18446744073709551615\n"},
		{"pressure/cpu", "some avg10=101.00 avg60=0.00 avg300=0.00 total=1\n"},
		{"pressure/cpu",
		 "some avg10=1.00 avg60=0.00 avg300=0.00 total=18446744073709551615\n"},
		{"pressure/cpu", "some\n"},
		{"slabinfo", "\ntw_sock_TCP 64 128\n"},
		{"slabinfo", "\ntw_sock_TCP 1 1 1 1 99999999 : tunables 0 0 0 : slabdata 1 1 0\n"},
		{"slabinfo", "\ntw_sock_TCPv7 1 1 1 1 1 : tunables 0 0 0 : slabdata 1 1 0\n"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(files); i++) {
		struct record_host record;
		struct tree tree;

		tree_open(&tree);
		tree_write(&tree, files[i][0], files[i][1]);
		host_read(tree.dir, &record);
		for (unsigned int j = 0; j < HOST_FIGURES; j++)
			check(record.values[j] == FACTS_UNKNOWN, "%s: figure %u", files[i][1], j);
		tree_close(&tree);
	}
}

/* Those that every kernel has, in any namespace. */
static void those_of_this_thread_are_read(void **state)
{
	int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct record_settings record;
	struct record_host host;

	(void)state;
	settings_read(proc, &record, 7);
	host_read(proc, &host);
	assert_true(record.values[SETTING_FIN_TIMEOUT] != FACTS_UNKNOWN);
	assert_true(record.values[SETTING_MAX_TW_BUCKETS] != FACTS_UNKNOWN);
	assert_true(record.values[SETTING_TW_RECYCLE] == FACTS_UNKNOWN);
	assert_true(host.values[HOST_SOCKETS] != FACTS_UNKNOWN);
	close(proc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_setting_is_where_its_name_says),
		cmocka_unit_test(what_is_not_there_is_unknown),
		cmocka_unit_test(a_value_is_its_first_number),
		cmocka_unit_test(the_host_is_told_whole),
		cmocka_unit_test(what_is_odd_is_unknown),
		cmocka_unit_test(those_of_this_thread_are_read),
	};

	return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}

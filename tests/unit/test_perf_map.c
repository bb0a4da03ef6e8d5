// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What JIT compilers say, and what others say in their place. */
#include "source/stacks/jit.h"
#include "source/stacks/maps.h"
#include "tree.h"

static void parse(struct perf_map *map, const char *text)
{
	perf_map_parse(map, strdup(text), strlen(text));
}

static const char *name_at(const struct perf_map *map, uint64_t address)
{
	const struct perf_map_entry *entry = perf_map_find(map, address);
	static char name[PERF_MAP_NAME];

	if (!entry)
		return NULL;
	perf_map_name(map, entry, name);
	return name;
}

static void finds_what_holds_an_address(void **state)
{
	struct perf_map map;

	(void)state;
	parse(&map, "1000 10 first\n0x1020 8 second one\n1028 8 third\n");
	assert_int_equal(map.count, 3);
	assert_string_equal(name_at(&map, 0x1000), "first");
	assert_string_equal(name_at(&map, 0x100f), "first");
	assert_null(name_at(&map, 0x1010));
	assert_null(name_at(&map, 0xfff));
	assert_string_equal(name_at(&map, 0x1020), "second one");
	assert_string_equal(name_at(&map, 0x102f), "third");
	assert_null(name_at(&map, UINT64_MAX));
	perf_map_free(&map);
}

/* Code moves, and its place is used again: what is said later is right. */
static void the_later_one_is_right(void **state)
{
	struct perf_map map;

	(void)state;
	parse(&map, "1000 100 old\n1040 10 new\n1000 8 newest\n1000 4 newer still\n");
	assert_string_equal(name_at(&map, 0x1048), "new");
	assert_string_equal(name_at(&map, 0x1080), "old");
	assert_string_equal(name_at(&map, 0x1006), "newest");
	assert_string_equal(name_at(&map, 0x1002), "newer still");
	perf_map_free(&map);
}

static void skips_what_is_no_line(void **state)
{
	static const char *const lies[] = {
		"",
		"\n",
		"x",
		"1000",
		"1000 10\n",
		"1000 10 \n",
		"-1 5 a\n",
		" 1000 10 a\n",
		"1000 -5 a\n",
		"1000  10 a\n",
		"1000 0 a\n",
		"zz 10 a\n",
		"1000 zz a\n",
		"1000 10 cut",
		"ffffffffffffffff 10 wraps\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lies); i++) {
		struct perf_map map;

		parse(&map, lies[i]);
		check(map.count == 0, "%s", lies[i]);
		assert_null(name_at(&map, 0x1000));
		perf_map_free(&map);
	}
}

static void a_long_name_is_cut(void **state)
{
	struct stack_frame frame = {.address = 0x1004};
	char text[3000];
	struct perf_map map;

	(void)state;
	snprintf(text, sizeof(text), "1000 10 %02000d\n", 7);
	parse(&map, text);
	jit_name(&map, &frame);
	assert_int_equal(strlen(frame.symbol), FRAME_TEXT - 1);
	assert_string_equal(frame.symbol + FRAME_TEXT - 4, "...");
	assert_int_equal(frame.offset, 4);
	perf_map_free(&map);
}

static void knows_the_habits_of_languages(void **state)
{
	static const struct {
		const char *said, *symbol, *file;
	} names[] = {
		{"py::Pool.take:/srv/app/pool.py", "Pool.take", "/srv/app/pool.py"},
		{"py::odd", "py::odd", ""},
		{"JS:*handle /srv/app.js:12:3", "handle", "/srv/app.js"},
		{"JS:~Module._load node:internal/modules/cjs/loader:1003:24", "Module._load",
		 "node:internal/modules/cjs/loader"},
		{"LazyCompile:~fetch /srv/app.js:12:9", "fetch", "/srv/app.js"},
		{"JS:~ /srv/app.js:1:1", "(anonymous at 1:1)", "/srv/app.js"},
		{"JS:", "JS:", ""},
		{"JS:~a b", "JS:~a b", ""},
		{"Lcom/example/Pool;::take", "Lcom/example/Pool;::take", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct stack_frame frame = {.address = 0x1000};
		struct perf_map map;
		char text[256];

		snprintf(text, sizeof(text), "1000 10 %s\n", names[i].said);
		parse(&map, text);
		jit_name(&map, &frame);
		assert_string_equal(frame.symbol, names[i].symbol);
		assert_string_equal(frame.file, names[i].file);
		assert_int_equal(frame.line, 0);
		perf_map_free(&map);
	}
}

/* A folder as /proc/PID is one, of a process that runs as we do, and is 7 in its namespace. */
static void make_process(struct tree *tree)
{
	char status[128];

	tree_open(tree);
	snprintf(status, sizeof(status), "Name:\tx\nUid:\t%u\t%u\t%u\t%u\nNSpid:\t812\t7\n",
		 getuid(), geteuid(), getuid(), getuid());
	tree_write(tree, "status", status);
	tree_folders(tree, "root/tmp/x");
}

static void reads_the_map_of_its_own_namespaces(void **state)
{
	struct perf_map map = {0};
	struct tree tree;

	(void)state;
	make_process(&tree);
	assert_false(perf_map_refresh(&map, tree.dir));
	tree_write(&tree, "root/tmp/perf-812.map", "1000 10 wrong\n");
	tree_write(&tree, "root/tmp/perf-7.map", "1000 10 right\n");
	assert_true(perf_map_refresh(&map, tree.dir));
	assert_string_equal(name_at(&map, 0x1000), "right");
	assert_false(perf_map_refresh(&map, tree.dir));
	tree_write(&tree, "root/tmp/perf-7.map", "1000 10 right\n1000 10 it grew\n");
	assert_true(perf_map_refresh(&map, tree.dir));
	assert_string_equal(name_at(&map, 0x1000), "it grew");
	unlinkat(tree.dir, "root/tmp/perf-7.map", 0);
	assert_true(perf_map_refresh(&map, tree.dir));
	assert_null(name_at(&map, 0x1000));
	perf_map_free(&map);
	tree_close(&tree);
}

static void follows_no_link(void **state)
{
	struct perf_map map = {0};
	struct tree tree;

	(void)state;
	make_process(&tree);
	tree_write(&tree, "root/elsewhere", "1000 10 stolen\n");
	tree_link(&tree, "root/tmp/perf-7.map", "../elsewhere");
	assert_false(perf_map_refresh(&map, tree.dir));
	unlinkat(tree.dir, "root/tmp/perf-7.map", 0);
	mkfifoat(tree.dir, "root/tmp/perf-7.map", 0600); /* which would block for ever */
	assert_false(perf_map_refresh(&map, tree.dir));
	unlinkat(tree.dir, "root/tmp/perf-7.map", 0);
	mkdirat(tree.dir, "root/tmp/perf-7.map", 0700);
	assert_false(perf_map_refresh(&map, tree.dir));
	unlinkat(tree.dir, "root/tmp/perf-7.map", AT_REMOVEDIR);
	unlinkat(tree.dir, "root/tmp", AT_REMOVEDIR);
	tree_write(&tree, "root/other/perf-7.map", "1000 10 stolen\n");
	tree_link(&tree, "root/tmp", "other");
	assert_false(perf_map_refresh(&map, tree.dir));
	tree_close(&tree);
}

static void takes_no_map_that_others_may_write(void **state)
{
	struct perf_map map = {0};
	struct tree tree;

	(void)state;
	make_process(&tree);
	tree_write(&tree, "root/tmp/perf-7.map", "1000 10 anybody\n");
	fchmodat(tree.dir, "root/tmp/perf-7.map", 0666, 0);
	assert_false(perf_map_refresh(&map, tree.dir));
	fchmodat(tree.dir, "root/tmp/perf-7.map", 0644, 0);
	if (geteuid() == 0 && fchownat(tree.dir, "root/tmp/perf-7.map", 4711, 4711, 0) == 0)
		assert_false(perf_map_refresh(&map, tree.dir));
	tree_close(&tree);
}

/* Of a gigabyte, the end: an address that only the beginning names may have another name by now. */
static void reads_no_more_than_its_bound(void **state)
{
	const char *line = "\n2000 10 last\n";
	struct perf_map map = {0};
	struct tree tree;
	int fd;

	(void)state;
	make_process(&tree);
	tree_write(&tree, "root/tmp/perf-7.map", "1000 10 first\n");
	fd = openat(tree.dir, "root/tmp/perf-7.map", O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(fd, line, strlen(line), 1 << 30), strlen(line));
	close(fd);
	assert_true(perf_map_refresh(&map, tree.dir));
	assert_true(map.cut);
	assert_null(name_at(&map, 0x1000));
	assert_string_equal(name_at(&map, 0x2000), "last");
	perf_map_free(&map);
	tree_close(&tree);
}

static void tells_code_from_other_mappings(void **state)
{
	struct mapping mapping;

	(void)state;
	assert_true(maps_parse(
		"7f0000001000-7f0000003000 r-xp 00002000 fd:01 4711   /usr/lib/a b\n", &mapping));
	assert_string_equal(mapping.path, "/usr/lib/a b");
	assert_int_equal(mapping.start, 0x7f0000001000);
	assert_int_equal(mapping.offset, 0x2000);
	assert_int_equal(mapping.inode, 4711);
	free(mapping.path);
	assert_true(maps_parse("1000-2000 rwxp 00000000 00:00 0 \n", &mapping));
	assert_string_equal(mapping.path, "");
	free(mapping.path);
	assert_true(maps_parse("1000-2000 r-xp 00000000 fd:01 9 /tmp/x (deleted)\n", &mapping));
	assert_string_equal(mapping.path, "/tmp/x");
	free(mapping.path);
	assert_false(maps_parse("1000-2000 rw-p 00000000 00:00 0 \n", &mapping));
	assert_false(maps_parse("2000-1000 r-xp 00000000 00:00 0 \n", &mapping));
	assert_false(maps_parse("nonsense\n", &mapping));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_holds_an_address),
		cmocka_unit_test(the_later_one_is_right),
		cmocka_unit_test(skips_what_is_no_line),
		cmocka_unit_test(a_long_name_is_cut),
		cmocka_unit_test(knows_the_habits_of_languages),
		cmocka_unit_test(reads_the_map_of_its_own_namespaces),
		cmocka_unit_test(follows_no_link),
		cmocka_unit_test(takes_no_map_that_others_may_write),
		cmocka_unit_test(reads_no_more_than_its_bound),
		cmocka_unit_test(tells_code_from_other_mappings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

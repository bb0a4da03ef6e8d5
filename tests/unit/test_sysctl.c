// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which line of which file sets a setting at boot, as systemd-sysctl would have it. */
#include "record/decode.h"
#include "source/proc/settings.h"
#include "source/proc/sysctl.h"
#include "tree.h"

#define RECYCLE "net.ipv4.tcp_tw_recycle"
#define REUSE	"net.ipv4.tcp_tw_reuse"

/* What was answered. */
struct answer {
	uint32_t begun;
	uint16_t unread;
	struct record_sysctl lines[SETTINGS];
};

static void take(void *context, const struct record_header *header)
{
	const struct record_sysctl *record = (const void *)record_decode(header, header->size);
	struct answer *answer = context;

	assert_non_null(record);
	if (!record->line) {
		answer->begun++;
		answer->unread = record->unread;
		return;
	}
	assert_int_equal(answer->begun, 1);
	answer->lines[record->setting] = *record;
}

static struct answer ask(const struct tree *tree)
{
	struct answer answer = {0};
	struct record_sink sink = {take, &answer};

	sysctls_answer(tree->dir, &sink);
	assert_int_equal(answer.begun, 1);
	return answer;
}

static void expect(const struct answer *answer, enum setting setting, const char *file,
		   uint32_t line, const char *value)
{
	const struct record_sysctl *record = &answer->lines[setting];

	assert_int_equal(record->line, line);
	assert_string_equal(record->file, line ? file : "");
	assert_string_equal(record->value, line ? value : "");
}

static void expect_none(const struct answer *answer, enum setting setting)
{
	expect(answer, setting, "", 0, "");
}

static void a_line_is_named_with_its_file(void **state)
{
	struct answer answer;
	struct tree tree;

	(void)state;
	tree_open(&tree);
	tree_write(&tree, "etc/sysctl.conf",
		   "# " RECYCLE " = 0\n; and\n\n  " RECYCLE "=1\n-net/ipv4/tcp_fin_timeout = 15 \n"
		   "net.ipv4.ip_local_port_range = 1024 65535\nnonsense\n=\n=5\n-\n");
	answer = ask(&tree);
	expect(&answer, SETTING_TW_RECYCLE, "/etc/sysctl.conf", 4, "1");
	expect(&answer, SETTING_FIN_TIMEOUT, "/etc/sysctl.conf", 5, "15");
	expect(&answer, SETTING_PORT_RANGE, "/etc/sysctl.conf", 6, "1024 65535");
	expect_none(&answer, SETTING_TW_REUSE);
	assert_int_equal(answer.unread, 0);
	tree_close(&tree);
}

/* By the names of files, not of folders; and the folder first in order has one name for itself. */
static void later_names_win_and_first_folders_override(void **state)
{
	struct answer answer;
	struct tree tree;

	(void)state;
	tree_open(&tree);
	tree_write(&tree, "usr/lib/sysctl.d/90-b.conf", REUSE "=2\n" RECYCLE "=1\n");
	tree_write(&tree, "etc/sysctl.d/10-a.conf", REUSE "=1\n");
	answer = ask(&tree);
	expect(&answer, SETTING_TW_REUSE, "/usr/lib/sysctl.d/90-b.conf", 1, "2");
	expect(&answer, SETTING_TW_RECYCLE, "/usr/lib/sysctl.d/90-b.conf", 2, "1");
	tree_write(&tree, "run/sysctl.d/90-b.conf", REUSE "=0\n");
	answer = ask(&tree);
	expect(&answer, SETTING_TW_REUSE, "/run/sysctl.d/90-b.conf", 1, "0");
	expect_none(&answer, SETTING_TW_RECYCLE);
	tree_link(&tree, "etc/sysctl.d/90-b.conf", "/dev/null");
	answer = ask(&tree);
	expect(&answer, SETTING_TW_REUSE, "/etc/sysctl.d/10-a.conf", 1, "1");
	assert_int_equal(answer.unread, 0);
	tree_close(&tree);
}

/* As Debian has it: then it has its place among the others. */
static void a_link_to_sysctl_conf_stands_for_it(void **state)
{
	struct answer answer;
	struct tree tree;

	(void)state;
	tree_open(&tree);
	tree_write(&tree, "etc/sysctl.conf", RECYCLE "=1\n");
	tree_write(&tree, "etc/sysctl.d/zz.conf", RECYCLE "=0\n");
	answer = ask(&tree);
	expect(&answer, SETTING_TW_RECYCLE, "/etc/sysctl.conf", 1, "1");
	tree_link(&tree, "etc/sysctl.d/99-sysctl.conf", "../sysctl.conf");
	answer = ask(&tree);
	expect(&answer, SETTING_TW_RECYCLE, "/etc/sysctl.d/zz.conf", 1, "0");
	unlinkat(tree.dir, "etc/sysctl.d/zz.conf", 0);
	answer = ask(&tree);
	expect(&answer, SETTING_TW_RECYCLE, "/etc/sysctl.conf", 1, "1");
	tree_close(&tree);
}

/* A pattern is of what this kernel has, and gives way to whoever names the setting. */
static void a_pattern_sets_what_nobody_names(void **state)
{
	struct answer answer;
	struct tree tree;

	(void)state;
	tree_open(&tree);
	tree_write(&tree, "proc/sys/net/ipv4/tcp_tw_reuse", "0\n");
	tree_write(&tree, "etc/sysctl.d/90.conf", "net.ipv4.tcp_tw_*=1\n");
	answer = ask(&tree);
	expect(&answer, SETTING_TW_REUSE, "/etc/sysctl.d/90.conf", 1, "1");
	expect_none(&answer, SETTING_TW_RECYCLE);
	tree_write(&tree, "etc/sysctl.d/10.conf", REUSE "=0\n");
	answer = ask(&tree);
	expect(&answer, SETTING_TW_REUSE, "/etc/sysctl.d/10.conf", 1, "0");
	tree_write(&tree, "etc/sysctl.d/10.conf", "-" REUSE "\n");
	answer = ask(&tree);
	expect_none(&answer, SETTING_TW_REUSE);
	tree_close(&tree);
}

static void only_conf_files_count(void **state)
{
	static const char *const others[] = {
		"etc/sysctl.d/README",
		"etc/sysctl.d/10.conf.bak",
		"etc/sysctl.d/.10.conf",
		"etc/sysctl.d/.conf",
	};
	struct answer answer;
	struct tree tree;

	(void)state;
	tree_open(&tree);
	for (size_t i = 0; i < COUNT(others); i++)
		tree_write(&tree, others[i], RECYCLE "=1\n");
	tree_link(&tree, "etc/sysctl.d/10.conf", "nowhere");
	answer = ask(&tree);
	expect_none(&answer, SETTING_TW_RECYCLE);
	assert_int_equal(answer.unread, 0);
	tree_close(&tree);
}

/* Nobody waits for a pipe, and what stands in a folder is not known. */
static void what_is_no_file_is_said_to_be_unread(void **state)
{
	struct answer answer;
	struct tree tree;

	(void)state;
	tree_open(&tree);
	tree_folders(&tree, "etc/sysctl.d/10.conf/");
	assert_int_equal(mkfifoat(tree.dir, "etc/sysctl.d/20.conf", 0600), 0);
	tree_write(&tree, "run/sysctl.d", "");
	answer = ask(&tree);
	assert_int_equal(answer.unread, 3);
	tree_close(&tree);
}

#define LARGE (300 << 10)

static void of_a_file_too_large_whole_lines_count(void **state)
{
	char *text = malloc(LARGE + 1);
	struct answer answer;
	struct tree tree;

	(void)state;
	assert_non_null(text);
	memset(text, '#', LARGE);
	text[LARGE] = 0;
	memcpy(text, RECYCLE "=1\n", strlen(RECYCLE "=1\n"));
	tree_open(&tree);
	tree_write(&tree, "etc/sysctl.conf", text);
	free(text);
	answer = ask(&tree);
	expect(&answer, SETTING_TW_RECYCLE, "/etc/sysctl.conf", 1, "1");
	assert_int_equal(answer.unread, 1);
	tree_close(&tree);
}

static void write_bytes(const struct tree *tree, const char *path, const char *bytes, size_t size)
{
	int fd;

	tree_write(tree, path, "");
	fd = openat(tree->dir, path, O_WRONLY | O_CLOEXEC);
	assert_true(write(fd, bytes, size) == (ssize_t)size);
	close(fd);
}

static void what_is_no_text_ends_a_file(void **state)
{
	static const char bytes[] = RECYCLE "=1\nx\0y\n" REUSE "=1\n";
	struct answer answer;
	struct tree tree;

	(void)state;
	tree_open(&tree);
	write_bytes(&tree, "etc/sysctl.conf", bytes, sizeof(bytes) - 1);
	answer = ask(&tree);
	expect(&answer, SETTING_TW_RECYCLE, "/etc/sysctl.conf", 1, "1");
	expect_none(&answer, SETTING_TW_REUSE);
	assert_int_equal(answer.unread, 1);
	tree_close(&tree);
}

static void a_long_value_is_cut_and_a_long_name_is_not(void **state)
{
	char name[256], path[320], text[512];
	struct answer answer;
	struct tree tree;

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	memcpy(name + 250, ".conf", 6);
	snprintf(path, sizeof(path), "usr/local/lib/sysctl.d/%s", name);
	snprintf(text, sizeof(text), "%s=%s%0100d\n", RECYCLE, "1", 0);
	tree_open(&tree);
	tree_write(&tree, path, text);
	answer = ask(&tree);
	assert_string_equal(answer.lines[SETTING_TW_RECYCLE].file + 1, path);
	assert_int_equal(strlen(answer.lines[SETTING_TW_RECYCLE].value), SYSCTL_VALUE_MAX - 1);
	tree_close(&tree);
}

static void without_any_file_nothing_is_set(void **state)
{
	struct answer answer;
	struct tree tree;

	(void)state;
	tree_open(&tree);
	answer = ask(&tree);
	assert_int_equal(answer.unread, 0);
	for (unsigned int i = 0; i < SETTINGS; i++)
		expect_none(&answer, i);
	tree_close(&tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_named_with_its_file),
		cmocka_unit_test(later_names_win_and_first_folders_override),
		cmocka_unit_test(a_link_to_sysctl_conf_stands_for_it),
		cmocka_unit_test(a_pattern_sets_what_nobody_names),
		cmocka_unit_test(only_conf_files_count),
		cmocka_unit_test(what_is_no_file_is_said_to_be_unread),
		cmocka_unit_test(of_a_file_too_large_whole_lines_count),
		cmocka_unit_test(what_is_no_text_ends_a_file),
		cmocka_unit_test(a_long_value_is_cut_and_a_long_name_is_not),
		cmocka_unit_test(without_any_file_nothing_is_set),
	};

	return cmocka_run_group_tests_name("sysctl", tests, NULL, NULL);
}

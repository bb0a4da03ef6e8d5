// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <getopt.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/status.h"
#include "unit.h"

#define ARGUMENTS 10

static struct options options;
static char complaint[4096];

/* Reads a command line as a program does that was just started; what it complains of is kept. */
static int read_line(const char *line)
{
	char *argv[ARGUMENTS + 2] = {(char *)"tcplinger"};
	static char words[256];
	FILE *file = tmpfile();
	int argc = 1, status, old = dup(STDERR_FILENO);
	size_t length;

	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
		assert_in_range(argc, 1, ARGUMENTS);
		argv[argc++] = strcmp(word, "''") == 0 ? (char *)"" : word;
	}
	fflush(stderr);
	dup2(fileno(file), STDERR_FILENO);
	optind = 0; /* getopt begins anew */
	status = options_read(&options, argc, argv);
	fflush(stderr);
	dup2(old, STDERR_FILENO);
	close(old);
	rewind(file);
	length = fread(complaint, 1, sizeof(complaint) - 1, file);
	complaint[length] = 0;
	fclose(file);
	return status;
}

static void accept(const char *line)
{
	check(read_line(line) == STATUS_DONE, "%s: %s", line, complaint);
	check(!complaint[0], "%s: %s", line, complaint);
}

static void without_arguments_it_is_the_summary(void **state)
{
	(void)state;
	accept("");
	assert_ptr_equal(options.command, default_command);
	assert_true(options.interval_s == 1);
	assert_true(options.duration_s == 0);
	assert_false(options.json);
}

static void the_command_comes_first(void **state)
{
	(void)state;
	accept("trace");
	assert_string_equal(options.command->name, "trace");
	accept("--json");
	assert_ptr_equal(options.command, default_command);
}

static void each_option_is_taken(void **state)
{
	(void)state;
	accept("trace -p 7 -c nginx --cgroup / --state TIME_WAIT");
	assert_int_equal(options.processes.pid, 7);
	assert_string_equal(options.processes.comm, "nginx");
	assert_string_equal(options.processes.cgroup, "/");
	assert_int_equal(options.states, 1U << TCP_TIME_WAIT);
	accept("trace --lport 80 --rport 1-2 --laddr ::1 --raddr=10.0.0.0/8");
	assert_true(options.tuples.lport.active);
	assert_true(options.tuples.rport.active);
	assert_int_equal(options.tuples.laddr.prefix, 128);
	assert_int_equal(options.tuples.raddr.prefix, 104);
	accept("trace -4 -6 -i 0.5 -d 2 --json -v");
	assert_int_equal(options.tuples.families, FILTER_FAMILY_INET | FILTER_FAMILY_INET6);
	assert_true(options.interval_s == 0.5);
	assert_true(options.duration_s == 2);
	assert_true(options.json);
	assert_true(options.verbose);
	accept("trace --ready-file /tmp/x --color never --hooks tracepoint");
	assert_string_equal(options.ready_file, "/tmp/x");
	assert_int_equal(options.color, COLOR_NEVER);
	assert_int_equal(options.hooks, HOOKS_TRACEPOINT);
	accept("trace --color always --hooks fentry");
	assert_int_equal(options.color, COLOR_ALWAYS);
	assert_int_equal(options.hooks, HOOKS_FENTRY);
	accept("trace --color auto --hooks auto");
	assert_int_equal(options.color, COLOR_AUTO);
	assert_int_equal(options.hooks, HOOKS_AUTO);
	assert_int_equal(options.ring_kib, 0);
	accept("leaks --ring-size 64");
	assert_int_equal(options.ring_kib, 64);
	accept("trace --ring-size 4");
	accept("--no-bpf");
	assert_true(options.no_bpf);
	accept("--help");
	assert_true(options.help);
	accept("trace -h");
	assert_true(options.help);
	accept("--version");
	assert_true(options.version);
}

static void the_options_of_serve_are_taken(void **state)
{
	(void)state;
	accept("serve");
	assert_int_equal(options.serve.address_count, 0);
	assert_int_equal(options.serve.max_series, 0);
	assert_null(options.serve.textfile);
	assert_false(options.serve.labels_container);
	accept("serve --web.listen-address 127.0.0.1:1 --web.listen-address=:2 --max-series 5");
	assert_int_equal(options.serve.address_count, 2);
	assert_int_equal(options.serve.max_series, 5);
	accept("serve --textfile /tmp/x.prom --labels container --age 1");
	assert_string_equal(options.serve.textfile, "/tmp/x.prom");
	assert_true(options.serve.labels_container);
}

static void the_options_of_a_table_are_taken(void **state)
{
	static const char *const groups[] = {"pid", "comm", "exe", "cgroup", "container"};
	char line[64];

	(void)state;
	accept("leaks");
	assert_string_equal(options.command->name, "leaks");
	assert_true(options.age_s == 10);
	assert_int_equal(options.by, BY_PID);
	assert_int_equal(options.limit, 0);
	assert_false(options.once);
	assert_null(options.sort);
	accept("leaks --once --no-bpf");
	assert_true(options.once);
	assert_true(options.no_bpf);
	accept("leaks --limit 5 --age 0.5 --sort oldest_s");
	assert_int_equal(options.limit, 5);
	assert_true(options.age_s == 0.5);
	assert_string_equal(options.sort, "oldest_s");
	accept("leaks --audit -d 5");
	assert_true(options.audit);
	accept("leaks --age 0 -i 2 -d 3 -v --json");
	assert_true(options.age_s == 0);
	for (size_t i = 0; i < COUNT(groups); i++) {
		snprintf(line, sizeof(line), "leaks --by %s", groups[i]);
		accept(line);
		assert_int_equal(options.by, i);
	}
	for (size_t i = 0; i < options.command->table->count; i++) {
		const struct member *member = &options.command->table->members[i];

		if (!member_sorts(member))
			continue;
		snprintf(line, sizeof(line), "leaks --sort %s", member->key);
		accept(line);
	}
}

/* A namespace may be named by a process in it. */
static void a_namespace_may_be_that_of_a_process(void **state)
{
	char line[64];

	(void)state;
	snprintf(line, sizeof(line), "trace --netns %d", (int)getpid());
	accept(line);
	assert_int_not_equal(options.tuples.netns, 0);
	accept("trace --netns /proc/self/ns/net");
	assert_int_not_equal(options.tuples.netns, 0);
}

struct refused {
	const char *line;
	const char *named[2]; /* what the complaint must name: the bad value, what is accepted */
};

static const struct refused refusals[] = {
	{"nonsense", {"nonsense", "trace"}},
	{"''", {"no such command", "trace"}},
	{"trace nonsense", {"nonsense", "not expected"}},
	{"trace --nonsense", {"--nonsense", "trace --help"}},
	{"--nonsense", {"--nonsense", "tcplinger --help"}},
	{"trace -x", {"-x", "no such option"}},
	{"trace -4x", {"-x", "no such option"}},
	{"trace --pid", {"--pid", "needs an argument"}},
	{"trace -p", {"--pid", "needs an argument"}},
	{"trace --json=1", {"--json", "takes no argument"}},
	{"trace -p 0", {"--pid 0", "1 to 4194304"}},
	{"trace -c ''", {"--comm", "1 to 15"}},
	{"trace -c 1234567890123456", {"1234567890123456", "1 to 15"}},
	{"trace --cgroup a", {"--cgroup a", "beginning with /"}},
	{"trace --cgroup ''", {"--cgroup ''", "beginning with /"}},
	{"trace --netns nonsense", {"nonsense", "/run/netns"}},
	{"trace --netns ''", {"--netns", "/run/netns"}},
	{"trace --netns 4194303999", {"4194303999", "/run/netns"}},
	{"trace --netns /etc/passwd", {"/etc/passwd", "namespace"}},
	{"trace --lport 65536", {"--lport 65536", "1 to 65535"}},
	{"trace --rport 2-1", {"--rport 2-1", "N <= M"}},
	{"trace --laddr 10.0.0.0/33", {"--laddr 10.0.0.0/33", "PREFIX"}},
	{"trace --raddr 1.2.3.4:", {"--raddr 1.2.3.4:", "PORT"}},
	{"trace --state nonsense", {"nonsense", "TIME_WAIT"}},
	{"trace -i 0", {"--interval 0", "greater than 0"}},
	{"trace -d -1", {"--duration -1", "greater than 0"}},
	{"trace --hooks kprobe", {"--hooks kprobe", "fentry"}},
	{"trace --ring-size 100", {"--ring-size 100", "power of 2"}},
	{"leaks --ring-size 64 --no-bpf", {"--ring-size", "--no-bpf"}},
	{"--ring-size 64", {"--ring-size", "means nothing to the summary"}},
	{"trace --color maybe", {"--color maybe", "always"}},
	{"trace --ready-file ''", {"--ready-file", "path"}},
	{"trace --no-bpf", {"--no-bpf", "trace"}},
	{"leaks --age x", {"--age x", "0.5"}},
	{"leaks --age -1", {"--age -1", "0.5"}},
	{"leaks --by foo", {"--by foo", "container"}},
	{"leaks --sort verdict", {"--sort verdict", "unread_bytes"}},
	{"leaks --limit 0", {"--limit 0", "1 or more"}},
	{"leaks --state CLOSE_WAIT", {"--state", "means nothing to leaks"}},
	{"leaks --once=1", {"--once", "takes no argument"}},
	{"leaks --audit --no-bpf", {"--audit", "--no-bpf"}},
	{"leaks --no-bpf --audit", {"--audit", "--no-bpf"}},
	{"ports --audit --once", {"--audit", "--once"}},
	{"--audit", {"--audit", "means nothing to the summary"}},
	{"trace --age 1", {"--age", "means nothing to trace"}},
	{"trace --by comm", {"--by", "means nothing to trace"}},
	{"trace --sort sockets", {"--sort", "means nothing to trace"}},
	{"trace --limit 1", {"--limit", "means nothing to trace"}},
	{"trace --once", {"--once", "means nothing to trace"}},
	{"--by comm", {"--by", "means nothing to the summary"}},
	{"--age 1", {"--age", "means nothing to the summary"}},
	{"--state LISTEN", {"--state", "means nothing to the summary"}},
	{"--interval 1", {"--interval", "means nothing to the summary"}},
	{"--duration 1", {"--duration", "means nothing to the summary"}},
};

static void wrong_usage_is_one_line_that_names_it_and_what_is_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		const char *line = refusals[i].line;

		check(read_line(line) == STATUS_USAGE, "\"%s\" is taken", line);
		check(strchr(complaint, '\n') == complaint + strlen(complaint) - 1,
		      "\"%s\": not one line: %s", line, complaint);
		for (size_t at = 0; at < COUNT(refusals[i].named); at++)
			check(strstr(complaint, refusals[i].named[at]), "\"%s\": no \"%s\" in %s",
			      line, refusals[i].named[at], complaint);
	}
}

static void a_complaint_is_harmless_to_the_terminal(void **state)
{
	(void)state;
	assert_int_equal(read_line("trace --lport \033[31m\a"), STATUS_USAGE);
	assert_null(strchr(complaint, '\033'));
	assert_null(strchr(complaint, '\a'));
	assert_non_null(strstr(complaint, "\\x1b[31m\\x07"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_arguments_it_is_the_summary),
		cmocka_unit_test(the_command_comes_first),
		cmocka_unit_test(each_option_is_taken),
		cmocka_unit_test(the_options_of_serve_are_taken),
		cmocka_unit_test(the_options_of_a_table_are_taken),
		cmocka_unit_test(a_namespace_may_be_that_of_a_process),
		cmocka_unit_test(wrong_usage_is_one_line_that_names_it_and_what_is_accepted),
		cmocka_unit_test(a_complaint_is_harmless_to_the_terminal),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}

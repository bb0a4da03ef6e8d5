// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "source/netns.h"
#include "cli/parse.h"
#include "cli/status.h"
#include "source/proc/cgroup.h"

#define COMM_MAX       15 /* TASK_COMM_LEN - 1 */
#define NETNS_ACCEPTED "a name under /run/netns, a path or a pid"
#define CGROUP_ACCEPTED                                                                            \
	"a path below the cgroup v2 root, beginning with /, or one in the mounted cgroupfs"

/*
 * A row takes its value from `text` (NULL without argument): NULL, or what would have been
 * accepted.
 */
struct option_row {
	const char *name;
	char letter;	      /* 0: none */
	const char *argument; /* NULL: takes none */
	const char *help;
	const char *(*take)(struct options *options, const char *text);
};

/* The place of `text` among `words`, or -1. */
static int word(const char *text, const char *const *words, size_t count)
{
	for (int i = 0; i < (int)count; i++)
		if (strcmp(words[i], text) == 0)
			return i;
	return -1;
}

static const char *take_pid(struct options *options, const char *text)
{
	return parse_pid(text, &options->processes.pid);
}

static const char *take_comm(struct options *options, const char *text)
{
	options->processes.comm = text;
	if (!text[0] || strlen(text) > COMM_MAX)
		return "a comm has 1 to 15 bytes";
	return NULL;
}

static const char *take_cgroup(struct options *options, const char *text)
{
	if (text[0] != '/')
		return CGROUP_ACCEPTED;
	options->processes.cgroup = cgroup_resolve(text);
	return options->processes.cgroup ? NULL : "there is no such cgroup; " CGROUP_ACCEPTED;
}

static const char *take_netns(struct options *options, const char *text)
{
	if (netns_resolve(text, &options->tuples.netns))
		return NULL;
	if (errno == EACCES || errno == EPERM)
		return "no permission to look at it; " NETNS_ACCEPTED;
	if (errno == EINVAL)
		return "it is no network namespace; " NETNS_ACCEPTED;
	return "there is no such namespace; " NETNS_ACCEPTED;
}

static const char *take_lport(struct options *options, const char *text)
{
	return parse_ports(text, &options->tuples.lport);
}

static const char *take_rport(struct options *options, const char *text)
{
	return parse_ports(text, &options->tuples.rport);
}

static const char *take_laddr(struct options *options, const char *text)
{
	return parse_address(text, &options->tuples.laddr);
}

static const char *take_raddr(struct options *options, const char *text)
{
	return parse_address(text, &options->tuples.raddr);
}

static const char *take_ipv4(struct options *options, const char *text)
{
	(void)text;
	options->tuples.families |= FILTER_FAMILY_INET;
	return NULL;
}

static const char *take_ipv6(struct options *options, const char *text)
{
	(void)text;
	options->tuples.families |= FILTER_FAMILY_INET6;
	return NULL;
}

static const char *take_state(struct options *options, const char *text)
{
	return parse_states(text, &options->states);
}

static const char *take_by(struct options *options, const char *text)
{
	int by = word(text, grouping_names, GROUPINGS);

	options->by = (enum grouping)by;
	return by < 0 ? "pid, comm, exe, cgroup or container" : NULL;
}

static const char *take_once(struct options *options, const char *text)
{
	(void)text;
	options->once = true;
	return NULL;
}

static const char *take_limit(struct options *options, const char *text)
{
	return parse_count(text, &options->limit);
}

/* What is accepted depends on the command: see take_option. */
static const char *take_sort(struct options *options, const char *text)
{
	options->sort = text;
	return table_find(options->command->table, text) ? NULL : "";
}

static const char *take_age(struct options *options, const char *text)
{
	return parse_age(text, &options->age_s);
}

static const char *take_interval(struct options *options, const char *text)
{
	return parse_seconds(text, &options->interval_s);
}

static const char *take_duration(struct options *options, const char *text)
{
	return parse_seconds(text, &options->duration_s);
}

static const char *take_json(struct options *options, const char *text)
{
	(void)text;
	options->json = true;
	return NULL;
}

static const char *take_hooks(struct options *options, const char *text)
{
	static const char *const words[] = {"auto", "tracepoint", "fentry"};
	int mode = word(text, words, LENGTH(words));

	options->hooks = (enum hooks_mode)mode;
	return mode < 0 ? "auto, fentry or tracepoint" : NULL;
}

static const char *take_no_bpf(struct options *options, const char *text)
{
	(void)text;
	options->no_bpf = true;
	return NULL;
}

static const char *take_ring_size(struct options *options, const char *text)
{
	return parse_ring_size(text, &options->ring_kib);
}

static const char *take_ready_file(struct options *options, const char *text)
{
	options->ready_file = text;
	return parse_new_file(text);
}

static const char *take_audit(struct options *options, const char *text)
{
	(void)text;
	options->audit = true;
	return NULL;
}

static const char *take_color(struct options *options, const char *text)
{
	static const char *const words[] = {"auto", "always", "never"};
	int mode = word(text, words, LENGTH(words));

	options->color = (enum color_mode)mode;
	return mode < 0 ? "auto, always or never" : NULL;
}

static const char *take_verbose(struct options *options, const char *text)
{
	(void)text;
	options->verbose = true;
	return NULL;
}

static const char *take_help(struct options *options, const char *text)
{
	(void)text;
	options->help = true;
	return NULL;
}

static const char *take_version(struct options *options, const char *text)
{
	(void)text;
	options->version = true;
	return NULL;
}

static const struct option_row rows[OPTIONS] = {
	[OPTION_PID] = {"pid", 'p', "PID", "only what this process owns or holds", take_pid},
	[OPTION_COMM] = {"comm", 'c', "NAME", "the same for all processes of this name", take_comm},
	[OPTION_CGROUP] = {"cgroup", 0, "PATH",
			   "the same for all processes of this cgroup (v2) and below", take_cgroup},
	[OPTION_NETNS] = {"netns", 0, "NAME|PATH|PID", "only this network namespace", take_netns},
	[OPTION_LPORT] = {"lport", 0, "PORTS", "only these local ports: N, N-M, or a list",
			  take_lport},
	[OPTION_RPORT] = {"rport", 0, "PORTS", "only these remote ports", take_rport},
	[OPTION_LADDR] = {"laddr", 0, "ADDRESS",
			  "only this local address or prefix, also with a port", take_laddr},
	[OPTION_RADDR] = {"raddr", 0, "ADDRESS",
			  "only this remote address: 10.0.0.5:3306, [::1]:80, 10.0.0.0/8",
			  take_raddr},
	[OPTION_IPV4] = {"ipv4", '4', NULL, "only IPv4 sockets", take_ipv4},
	[OPTION_IPV6] = {"ipv6", '6', NULL, "only IPv6 sockets, v4-mapped connections included",
			 take_ipv6},
	[OPTION_STATE] = {"state", 0, "LIST",
			  "only sockets in these states, or transitions from or to them",
			  take_state},
	[OPTION_BY] = {"by", 0, "GROUP",
		       "a row for each pid, comm, exe, cgroup or container (default pid)", take_by},
	[OPTION_ONCE] = {"once", 0, NULL, "show what exists now, once", take_once},
	[OPTION_LIMIT] = {"limit", 0, "N", "at most this many rows", take_limit},
	[OPTION_SORT] = {"sort", 0, "KEY", "the greatest of this figure first", take_sort},
	[OPTION_AGE] = {"age", 0, "SECONDS", "younger sockets say nothing yet (default 10)",
			take_age},
	[OPTION_INTERVAL] = {"interval", 'i', "SECONDS", "time between refreshes (default 1)",
			     take_interval},
	[OPTION_DURATION] = {"duration", 'd', "SECONDS", "stop after this time", take_duration},
	[OPTION_JSON] = {"json", 0, NULL, "one JSON object per line", take_json},
	[OPTION_HOOKS] = {"hooks", 0, "FORM", "auto, fentry or tracepoint (default auto)",
			  take_hooks},
	[OPTION_NO_BPF] = {"no-bpf", 0, NULL, "from sock_diag and /proc alone", take_no_bpf},
	[OPTION_RING_SIZE] = {"ring-size", 0, "KIB",
			      "memory for what has happened and is not read yet (default 16384)",
			      take_ring_size},
	[OPTION_READY_FILE] = {"ready-file", 0, "PATH",
			       "create this file when everything is watched", take_ready_file},
	[OPTION_AUDIT] = {"audit", 0, NULL,
			  "at the end: the kernel's counters beside what was seen", take_audit},
	[OPTION_COLOR] = {"color", 0, "WHEN", "auto, always or never (NO_COLOR is honoured)",
			  take_color},
	[OPTION_VERBOSE] = {"verbose", 'v', NULL, "more detail; messages of libbpf on stderr",
			    take_verbose},
	[OPTION_HELP] = {"help", 'h', NULL, "show this help", take_help},
	[OPTION_VERSION] = {"version", 0, NULL, "show the version", take_version},
};

static int unknown_option(const char *text, const struct command *command)
{
	return fail(STATUS_USAGE, "%s: there is no such option; tcplinger %s%s--help lists them",
		    text, command->name, command->name[0] ? " " : "");
}

/* What getopt needs, made of the rows; `letters` is its string of short options. */
static void getopt_tables(struct option *longs, char *letters)
{
	*letters++ = '+';
	*letters++ = ':';
	for (int i = 0; i < OPTIONS; i++) {
		longs[i] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].argument ? required_argument : no_argument,
			.val = 256 + i,
		};
		if (!rows[i].letter)
			continue;
		*letters++ = rows[i].letter;
		if (rows[i].argument)
			*letters++ = ':';
	}
	longs[OPTIONS] = (struct option){0};
	*letters = 0;
}

static int row_of(int value)
{
	if (value >= 256)
		return value - 256;
	for (int i = 0; i < OPTIONS; i++)
		if (rows[i].letter == value)
			return i;
	return -1;
}

static void add_word(char *list, size_t size, const char *name)
{
	size_t length = strlen(list);

	snprintf(list + length, size - length, "%s%s", length ? ", " : "", name);
}

static int unknown_sort_key(const struct command *command, const char *text)
{
	char list[256] = "";

	for (size_t i = 0; i < command->table->count; i++)
		if (member_sorts(&command->table->members[i]))
			add_word(list, sizeof(list), command->table->members[i].key);
	return fail(STATUS_USAGE, "--sort %s: a figure of a row: %s", text, list);
}

static int take_option(struct options *options, int id, const char *text)
{
	const struct command *command = options->command;
	const char *accepted, *why = NULL;

	if (!(command->options & OPTION_BIT(id))) {
		if (command->why_not)
			why = command->why_not((enum option_id)id);
		return fail(STATUS_USAGE, "--%s means nothing to %s%s%s", rows[id].name,
			    command->name[0] ? command->name : "the summary", why ? ": " : "",
			    why ? why : "");
	}
	accepted = rows[id].take(options, text);
	if (accepted && id == OPTION_SORT)
		return unknown_sort_key(command, text);
	if (accepted)
		return fail(STATUS_USAGE, "--%s %s: %s", rows[id].name, text[0] ? text : "''",
			    accepted);
	return STATUS_DONE;
}

/* The row that an incomplete or wrong option was about, for the complaint. */
static int complain_of_option(const struct options *options, int problem, char **argv)
{
	int id = row_of(optopt);
	char letter[3] = {'-', (char)optopt, 0};

	if (problem == ':' && id >= 0)
		return fail(STATUS_USAGE, "--%s needs an argument: %s", rows[id].name,
			    rows[id].argument);
	if (id >= 0 && optopt >= 256)
		return fail(STATUS_USAGE, "--%s takes no argument", rows[id].name);
	return unknown_option(optopt > 0 && optopt < 256 ? letter : argv[optind - 1],
			      options->command);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < command_count; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int unknown_command(const char *name)
{
	char list[256] = "";

	for (size_t i = 0; i < command_count; i++)
		add_word(list, sizeof(list), commands[i]->name);
	return fail(STATUS_USAGE, "%s: there is no such command; there is: %s", name, list);
}

/* Options that contradict each other. */
static int check_together(const struct options *options)
{
	if (options->no_bpf && options->hooks != HOOKS_AUTO)
		return fail(STATUS_USAGE, "--no-bpf: there are no hooks without BPF; one of "
					  "--no-bpf and --hooks is enough");
	if (options->ring_kib && options->no_bpf)
		return fail(STATUS_USAGE, "--ring-size: there is no ring without BPF; one of "
					  "--ring-size and --no-bpf is enough");
	if (options->audit && options->no_bpf)
		return fail(STATUS_USAGE, "--audit: what happens is seen by BPF programs only; one "
					  "of --audit and --no-bpf is enough");
	if (options->audit && options->once)
		return fail(STATUS_USAGE, "--audit: counts what happens in an interval; with "
					  "-d SECONDS, not with --once");
	return STATUS_DONE;
}

int options_read(struct options *options, int argc, char **argv)
{
	struct option longs[OPTIONS + 1];
	char letters[3 * OPTIONS];
	int value, status;

	*options = (struct options){.command = default_command, .interval_s = 1, .age_s = 10};
	if (argc > 1 && argv[1][0] != '-') {
		options->command = find_command(argv[1]);
		if (!options->command)
			return unknown_command(argv[1]);
		argc--;
		argv++;
	}
	getopt_tables(longs, letters);
	opterr = 0;
	while ((value = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (value == '?' || value == ':')
			return complain_of_option(options, value, argv);
		status = take_option(options, row_of(value), optarg);
		if (status != STATUS_DONE)
			return status;
	}
	status = check_together(options);
	if (status != STATUS_DONE)
		return status;
	if (optind < argc)
		return fail(STATUS_USAGE,
			    "%s: not expected here; the usage is: tcplinger [COMMAND] [OPTION]...",
			    argv[optind]);
	return STATUS_DONE;
}

static void print_option(const struct option_row *row)
{
	char left[64];

	snprintf(left, sizeof(left), "  %c%c%c --%s %s", row->letter ? '-' : ' ',
		 row->letter ? row->letter : ' ', row->letter ? ',' : ' ', row->name,
		 row->argument ? row->argument : "");
	printf("%-29s %s\n", left, row->help);
}

static void print_options(uint64_t options)
{
	printf("\nOptions:\n");
	for (int i = 0; i < OPTIONS; i++)
		if (options & OPTION_BIT(i))
			print_option(&rows[i]);
}

static void print_figures(const struct table *table)
{
	printf("\nFigures of a row, for --sort:\n");
	for (size_t i = 0; i < table->count; i++)
		if (member_sorts(&table->members[i]))
			printf("  %-26s %s\n", table->members[i].key, table->members[i].help);
}

void help_print(const struct options *options)
{
	const struct command *command = options->command;

	if (command != default_command) {
		printf("Usage: tcplinger %s [OPTION]...\n\n%s\n", command->name,
		       command->description);
		print_options(command->options);
		if (command->table)
			print_figures(command->table);
		return;
	}
	printf("Usage: tcplinger [COMMAND] [OPTION]...\n\n%s\n\nCommands:\n", command->description);
	for (size_t i = 0; i < command_count; i++)
		printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
	printf("\n`tcplinger COMMAND --help` shows the options of a command.\n");
	print_options(command->options);
}

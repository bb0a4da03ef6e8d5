// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/option_table.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "cli/status.h"
#include "source/proc/cgroup.h"

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
			.name = option_rows[i].name,
			.has_arg = option_rows[i].argument ? required_argument : no_argument,
			.val = 256 + i,
		};
		if (!option_rows[i].letter)
			continue;
		*letters++ = option_rows[i].letter;
		if (option_rows[i].argument)
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
		if (option_rows[i].letter == value)
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
		return fail(STATUS_USAGE, "--%s means nothing to %s%s%s", option_rows[id].name,
			    command->name[0] ? command->name : "the summary", why ? ": " : "",
			    why ? why : "");
	}
	options->given |= OPTION_BIT(id);
	accepted = option_rows[id].take(options, text);
	if (accepted && id == OPTION_SORT)
		return unknown_sort_key(command, text);
	if (accepted)
		return fail(STATUS_USAGE, "--%s %s: %s", option_rows[id].name,
			    text[0] ? text : "''", accepted);
	return STATUS_DONE;
}

/* The row that an incomplete or wrong option was about, for the complaint. */
static int complain_of_option(const struct options *options, int problem, char **argv)
{
	int id = row_of(optopt);
	char letter[3] = {'-', (char)optopt, 0};

	if (problem == ':' && id >= 0)
		return fail(STATUS_USAGE, "--%s needs an argument: %s", option_rows[id].name,
			    option_rows[id].argument);
	if (id >= 0 && optopt >= 256)
		return fail(STATUS_USAGE, "--%s takes no argument", option_rows[id].name);
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
	if (options->stacks && options->no_bpf)
		return fail(STATUS_USAGE, "--stacks: they are told by BPF programs only; one of "
					  "--stacks and --no-bpf is enough");
	if (options->folded && !options->stacks)
		return fail(STATUS_USAGE,
			    "--folded %s: without --stacks there is nothing to "
			    "write; with --stacks",
			    options->folded);
	if (options->audit && options->once)
		return fail(STATUS_USAGE, "--audit: counts what happens in an interval; with "
					  "-d SECONDS, not with --once");
	if (options->serve.textfile && (options->serve.address_count || options->serve.config))
		return fail(STATUS_USAGE, "--textfile: nothing listens then; one of --textfile and "
					  "--web.listen-address or --web.config.file is enough");
	return STATUS_DONE;
}

/* As locale(7) has it: the first of these that is set and not empty. */
static const struct language *language_of_environment(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < LENGTH(names); i++) {
		const char *locale = getenv(names[i]);

		if (locale && locale[0])
			return language_of_locale(locale);
	}
	return NULL;
}

/* What asks this host, where a recording is read in its place. */
static int check_input(const struct options *options)
{
	static const enum option_id asking[] = {OPTION_NETNS, OPTION_NO_BPF, OPTION_HOOKS,
						OPTION_AUDIT, OPTION_RING_SIZE};

	if (options->at.given && !options->input)
		return fail(STATUS_USAGE, "--at: a time of a recording: with --input FILE");
	for (size_t i = 0; options->input && i < LENGTH(asking); i++)
		if (options->given & OPTION_BIT(asking[i]))
			return fail(STATUS_USAGE,
				    "--%s asks this host: with --input FILE a recording is read in "
				    "its place; one of the two is enough",
				    option_rows[asking[i]].name);
	return STATUS_DONE;
}

/* A recording's is taken as it is: here it need not be. */
static int resolve_cgroup(struct options *options)
{
	const char *given = options->processes.cgroup;

	if (!given || options->input)
		return STATUS_DONE;
	options->processes.cgroup = cgroup_resolve(given);
	if (options->processes.cgroup)
		return STATUS_DONE;
	return fail(STATUS_USAGE, "--cgroup %s: there is no such cgroup; " CGROUP_ACCEPTED, given);
}

static int check(struct options *options)
{
	int status = check_together(options);

	if (status == STATUS_DONE)
		status = check_input(options);
	return status == STATUS_DONE ? resolve_cgroup(options) : status;
}

int options_read(struct options *options, int argc, char **argv)
{
	struct option longs[OPTIONS + 1];
	char letters[3 * OPTIONS];
	int value, status;

	*options = (struct options){
		.command = default_command,
		.interval_s = 1,
		.age_s = 10,
		.fail_on = SEVERITIES,
		.language = language_of_environment(),
	};
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
	status = check(options);
	if (status != STATUS_DONE)
		return status;
	if (options->command->takes_words && optind < argc && strcmp(argv[optind - 1], "--") == 0)
		options->words = argv + optind;
	else if (optind < argc)
		return fail(STATUS_USAGE,
			    "%s: not expected here; the usage is: tcplinger [COMMAND] [OPTION]...",
			    argv[optind]);
	return STATUS_DONE;
}

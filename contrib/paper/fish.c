// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "paper.h"

static void put_quoted(FILE *file, const char *text)
{
	fputc('\'', file);
	for (; *text; text++) {
		if (strchr("'\\", *text))
			fputc('\\', file);
		fputc(*text, file);
	}
	fputc('\'', file);
}

static void put_value(FILE *file, const struct command *command, enum option_id option)
{
	switch (values_of(option)) {
	case VALUES_WORDS:
		fputs(" -x -a '", file);
		values_words(file, command, option);
		fputc('\'', file);
		break;
	case VALUES_FILE:
		fputs(" -r -F", file);
		break;
	case VALUES_PID:
		fputs(" -x -a '(__fish_complete_pids)'", file);
		break;
	case VALUES_ANY:
		fputs(" -x", file);
		break;
	default:
		break;
	}
}

static void put_option(FILE *file, const struct command *command, enum option_id option)
{
	const struct option_row *row = &option_rows[option];

	if (command == default_command)
		fputs("complete -c tcplinger -n __fish_use_subcommand", file);
	else
		fprintf(file, "complete -c tcplinger -n '__fish_seen_subcommand_from %s'",
			command->name);
	if (row->letter)
		fprintf(file, " -s %c", row->letter);
	fprintf(file, " -l %s -d ", row->name);
	put_quoted(file, row->help);
	put_value(file, command, option);
	fputc('\n', file);
}

static void put_options(FILE *file, const struct command *command)
{
	for (unsigned int i = 0; i < OPTIONS; i++)
		if (command->options & OPTION_BIT(i))
			put_option(file, command, i);
}

void write_fish(FILE *file)
{
	fputs("# fish completion of tcplinger: generated from its table of options\n"
	      "complete -c tcplinger -f\n",
	      file);
	for (size_t i = 0; i < command_count; i++) {
		fprintf(file, "complete -c tcplinger -n __fish_use_subcommand -a %s -d ",
			commands[i]->name);
		put_quoted(file, commands[i]->summary);
		fputc('\n', file);
	}
	put_options(file, default_command);
	for (size_t i = 0; i < command_count; i++)
		put_options(file, commands[i]);
}

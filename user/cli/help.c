// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What --help prints, in the user's language; names and words to type stay as they are. */
#include <stdio.h>

#include "cli/option_table.h"

static void print_option(const struct option_row *row, const struct language *language)
{
	char left[64];

	snprintf(left, sizeof(left), "  %c%c%c --%s %s", row->letter ? '-' : ' ',
		 row->letter ? row->letter : ' ', row->letter ? ',' : ' ', row->name,
		 row->argument ? row->argument : "");
	printf("%-29s %s\n", left, language_text(language, row->help));
}

static void print_options(uint64_t options, const struct language *language)
{
	printf("\n%s\n", language_text(language, "Options:"));
	for (int i = 0; i < OPTIONS; i++)
		if (options & OPTION_BIT(i))
			print_option(&option_rows[i], language);
}

static void print_figures(const struct table *table, const struct language *language)
{
	printf("\n%s\n", language_text(language, "Figures of a row, for --sort:"));
	for (size_t i = 0; i < table->count; i++)
		if (member_sorts(&table->members[i]))
			printf("  %-26s %s\n", table->members[i].key,
			       language_text(language, table->members[i].help));
}

static void print_command(const struct command *command, const struct language *language)
{
	printf(language_text(language, "Usage: tcplinger %s [OPTION]...\n"), command->name);
	printf("\n%s\n", language_text(language, command->description));
	print_options(command->options, language);
	if (command->table)
		print_figures(command->table, language);
}

static void print_commands(const struct language *language)
{
	printf("%s\n\n%s\n\n%s\n",
	       language_text(language, "Usage: tcplinger [COMMAND] [OPTION]..."),
	       language_text(language, default_command->description),
	       language_text(language, "Commands:"));
	for (size_t i = 0; i < command_count; i++)
		printf("  %-10s %s\n", commands[i]->name,
		       language_text(language, commands[i]->summary));
	printf("\n%s\n",
	       language_text(language,
			     "`tcplinger COMMAND --help` shows the options of a command."));
	print_options(default_command->options, language);
}

void help_print(const struct options *options)
{
	if (options->command == default_command)
		print_commands(options->language);
	else
		print_command(options->command, options->language);
}

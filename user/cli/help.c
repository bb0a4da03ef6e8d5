// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What --help prints. */
#include <stdio.h>

#include "cli/option_table.h"

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
			print_option(&option_rows[i]);
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

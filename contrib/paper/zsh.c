// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <string.h>

#include "paper.h"

/* Within single quotes and a description. */
static void put_text(FILE *file, const char *text)
{
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", file);
		else if (strchr("[]:\\", *text))
			fprintf(file, "\\%c", *text);
		else
			fputc(*text, file);
}

static void put_value(FILE *file, const struct command *command, enum option_id option)
{
	enum values values = values_of(option);

	if (values == VALUES_NONE)
		return;
	fprintf(file, ":%s:", option_rows[option].argument);
	if (values == VALUES_WORDS) {
		fputc('(', file);
		values_words(file, command, option);
		fputc(')', file);
	} else if (values == VALUES_FILE) {
		fputs("_files", file);
	} else if (values == VALUES_PID) {
		fputs("_pids", file);
	} else {
		fputc(' ', file);
	}
}

static void put_form(FILE *file, const struct command *command, enum option_id option, bool letter)
{
	const struct option_row *row = &option_rows[option];

	fputs("\t\t'*", file);
	if (letter)
		fprintf(file, "-%c%s[", row->letter, row->argument ? "+" : "");
	else
		fprintf(file, "--%s%s[", row->name, row->argument ? "=" : "");
	put_text(file, row->help);
	fputc(']', file);
	put_value(file, command, option);
	fputs("' \\\n", file);
}

static void put_options(FILE *file, const struct command *command)
{
	fputs("_arguments \\\n", file);
	for (unsigned int i = 0; i < OPTIONS; i++) {
		if (!(command->options & OPTION_BIT(i)))
			continue;
		if (option_rows[i].letter)
			put_form(file, command, i, true);
		put_form(file, command, i, false);
	}
}

static void put_command(FILE *file, const struct command *command)
{
	fprintf(file, "\t%s)\n\t\tshift words; (( CURRENT-- ))\n\t\t", command->name);
	put_options(file, command);
	fputs("\t\t&& return ;;\n", file);
}

static void put_commands(FILE *file)
{
	fputs("\tlocal -a commands=(\n", file);
	for (size_t i = 0; i < command_count; i++) {
		fprintf(file, "\t\t'%s:", commands[i]->name);
		put_text(file, commands[i]->summary);
		fputs("'\n", file);
	}
	fputs("\t)\n", file);
}

void write_zsh(FILE *file)
{
	fputs("#compdef tcplinger\n# generated from the table of options of tcplinger\n"
	      "_tcplinger() {\n",
	      file);
	put_commands(file);
	fputs("\tif (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n"
	      "\t\t_describe command commands && return\n\tfi\n\tcase $words[2] in\n",
	      file);
	for (size_t i = 0; i < command_count; i++)
		put_command(file, commands[i]);
	fputs("\t*)\n\t\t", file);
	put_options(file, default_command);
	fputs("\t\t&& return ;;\n\tesac\n}\n"
	      "if [[ $funcstack[1] == _tcplinger ]]; then\n\t_tcplinger \"$@\"\nelse\n"
	      "\tcompdef _tcplinger tcplinger\nfi\n",
	      file);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A manual page in mdoc(7). */
#include <ctype.h>
#include <string.h>

#include "paper.h"

#define WIDTH 76

/* Bytes that mean something to roff are shown as they are. */
static void put_word(FILE *file, const char *word, size_t length)
{
	if (*word == '.' || *word == '\'')
		fputs("\\&", file);
	for (size_t i = 0; i < length; i++)
		if (word[i] == '\\')
			fputs("\\e", file);
		else if (word[i] == '-')
			fputs("\\-", file);
		else
			fputc(word[i], file);
}

/* "connect()" with what follows it, on a line of its own. */
static bool put_function(FILE *file, const char *word, size_t length, size_t used)
{
	size_t name = strcspn(word, "(");

	if (!name || name + 2 > length || strncmp(word + name, "()", 2) != 0)
		return false;
	fprintf(file, "%s.Fn %.*s", used ? "\n" : "", (int)name, word);
	for (size_t i = name + 2; i < length; i++)
		fprintf(file, " %c", word[i]);
	fputc('\n', file);
	return true;
}

/* Of text, a line for each sentence, and more where it takes them. */
static void put_text(FILE *file, const char *text)
{
	size_t used = 0;

	while (*(text += strspn(text, " \n"))) {
		size_t length = strcspn(text, " \n");

		if (put_function(file, text, length, used)) {
			used = 0;
			text += length;
			continue;
		}
		if (used + length + 1 > WIDTH) {
			fputc('\n', file);
			used = 0;
		}
		if (used)
			fputc(' ', file);
		put_word(file, text, length);
		used += length + 1;
		if (strchr(".?!", text[length - 1]))
			used = WIDTH;
		text += length;
	}
	if (used)
		fputc('\n', file);
}

static void put_option(FILE *file, const struct option_row *row)
{
	fputs(".It", file);
	if (row->letter)
		fprintf(file, " Fl %c ,", row->letter);
	fprintf(file, " Fl Fl %s", row->name);
	if (row->argument)
		fprintf(file, " Ar %s", row->argument);
	fputc('\n', file);
	put_text(file, row->help);
}

static void put_options(FILE *file, const struct command *command)
{
	fputs(".Bl -tag -width Ds\n", file);
	for (unsigned int i = 0; i < OPTIONS; i++)
		if (command->options & OPTION_BIT(i))
			put_option(file, &option_rows[i]);
	fputs(".El\n", file);
}

static void put_figures(FILE *file, const struct table *table)
{
	fputs("Figures of a row, for\n.Fl Fl sort :\n.Bl -tag -width Ds\n", file);
	for (size_t i = 0; i < table->count; i++) {
		if (!member_sorts(&table->members[i]))
			continue;
		fprintf(file, ".It Cm %s\n", table->members[i].key);
		put_text(file, table->members[i].help);
	}
	fputs(".El\n", file);
}

static void put_commands(FILE *file)
{
	fputs("The commands:\n.Bl -tag -width timewait\n", file);
	for (size_t i = 0; i < command_count; i++) {
		fprintf(file, ".It Cm %s\n", commands[i]->name);
		put_text(file, commands[i]->summary);
	}
	fputs(".El\n.Pp\nEach has a manual page of its own,\n.Nm tcplinger Ns \\-COMMAND .\n",
	      file);
}

static void put_synopsis(FILE *file, const struct command *command)
{
	fputs(".Sh SYNOPSIS\n.Nm tcplinger\n", file);
	if (command == default_command)
		fputs(".Op Ar COMMAND\n", file);
	else
		fprintf(file, ".Cm %s\n", command->name);
	fputs(".Op Ar OPTION ...\n", file);
	if (command->takes_words)
		fputs(".Op Fl Fl Ar COMMAND ...\n", file);
}

static void put_statuses(FILE *file)
{
	fputs(".Sh EXIT STATUS\n"
	      "0: done.\n1: it failed.\n2: wrong usage.\n3: this host refuses what it takes.\n"
	      "4: found, where\n.Fl Fl fail\\-on\nasked for it.\n",
	      file);
}

void write_manual(FILE *file, const struct command *command, const char *date)
{
	bool whole = command == default_command;

	fprintf(file, ".Dd %s\n.Dt TCPLINGER%s", date, whole ? "" : "-");
	for (const char *letter = command->name; *letter; letter++)
		fputc(toupper((unsigned char)*letter), file);
	fputs(" 8\n.Os\n.Sh NAME\n", file);
	fprintf(file, ".Nm tcplinger%s%s\n.Nd ", whole ? "" : "-", command->name);
	put_text(file, command->summary);
	put_synopsis(file, command);
	fputs(".Sh DESCRIPTION\n", file);
	put_text(file, command->description);
	fputs(".Pp\n", file);
	if (whole)
		put_commands(file);
	fputs(whole ? ".Pp\nOptions without a command:\n" : "Options:\n", file);
	put_options(file, command);
	if (command->table) {
		fputs(".Pp\n", file);
		put_figures(file, command->table);
	}
	put_statuses(file);
	fprintf(file, ".Sh SEE ALSO\n.Xr %s\n",
		whole ? "ss 8 ,\n.Xr tcplinger-diagnose 8" : "tcplinger 8");
}

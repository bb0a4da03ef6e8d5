// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "paper.h"

static void put_options(FILE *file, const struct command *command)
{
	for (unsigned int i = 0; i < OPTIONS; i++) {
		if (!(command->options & OPTION_BIT(i)))
			continue;
		if (option_rows[i].letter)
			fprintf(file, "-%c ", option_rows[i].letter);
		fprintf(file, "--%s ", option_rows[i].name);
	}
}

static void put_value(FILE *file, const struct command *command, enum option_id option)
{
	const struct option_row *row = &option_rows[option];

	fputs("\t\t", file);
	if (row->letter)
		fprintf(file, "-%c|", row->letter);
	fprintf(file, "--%s) ", row->name);
	switch (values_of(option)) {
	case VALUES_WORDS:
		fputs("words='", file);
		values_words(file, command, option);
		fputs("' ;;\n", file);
		break;
	case VALUES_FILE:
		fputs("files=1 ;;\n", file);
		break;
	case VALUES_PID:
		fputs("words=$(cd /proc && echo [0-9]*) ;;\n", file);
		break;
	default:
		fputs("words= ;;\n", file);
	}
}

static void put_command(FILE *file, const struct command *command)
{
	fprintf(file, "\t%s)\n\t\twords='", command == default_command ? "*" : command->name);
	put_options(file, command);
	for (size_t i = 0; command == default_command && i < command_count; i++)
		fprintf(file, "%s ", commands[i]->name);
	fputs("'\n\t\tcase $before in\n", file);
	for (unsigned int i = 0; i < OPTIONS; i++)
		if (command->options & OPTION_BIT(i) && option_rows[i].argument)
			put_value(file, command, i);
	fputs("\t\tesac ;;\n", file);
}

void write_bash(FILE *file)
{
	fputs("# bash completion of tcplinger: generated from its table of options\n"
	      "_tcplinger() {\n"
	      "\tlocal word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words "
	      "files=\n"
	      "\tlocal command=${COMP_WORDS[1]}\n"
	      "\t[ \"$COMP_CWORD\" -gt 1 ] || command=\n"
	      "\tif [ \"$word\" = = ]; then word=; fi\n"
	      "\tif [ \"$before\" = = ]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
	      "\tcase $command in\n",
	      file);
	for (size_t i = 0; i < command_count; i++)
		put_command(file, commands[i]);
	put_command(file, default_command);
	fputs("\tesac\n"
	      "\tif [ \"$files\" ]; then\n\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
	      "\telse\n\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n\tfi\n"
	      "}\ncomplete -o filenames -F _tcplinger tcplinger\n",
	      file);
}

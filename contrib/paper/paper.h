/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is generated from the tables of commands and options: manual pages, completions. */
#ifndef TCPLINGER_PAPER_H
#define TCPLINGER_PAPER_H

#include <stdio.h>

#include "cli/option_table.h"

/* What stands behind an option that is completed. */
enum values {
	VALUES_NONE,  /* it takes none */
	VALUES_ANY,   /* it takes one, of which nothing is known */
	VALUES_WORDS, /* one of values_words() */
	VALUES_FILE,
	VALUES_PID,
};
enum values values_of(enum option_id option);

/* The words, with blanks between them; of --sort the keys of a command's rows. */
void values_words(FILE *file, const struct command *command, enum option_id option);

/* In `file`, of one command; the manual's `date` is as .Dd has it. */
void write_manual(FILE *file, const struct command *command, const char *date);

/* In `file`, of all of them. */
void write_bash(FILE *file);
void write_zsh(FILE *file);
void write_fish(FILE *file);

#endif

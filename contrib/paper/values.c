// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Words that options take. tests/tools/test_completions.py gives each of them to the tool. */
#include <string.h>

#include "paper.h"

static const char *const words[OPTIONS] = {
	[OPTION_BY] = "pid comm exe cgroup container",
	[OPTION_HOOKS] = "auto fentry tracepoint",
	[OPTION_FAIL_ON] = "info warning critical",
	[OPTION_COLOR] = "auto always never",
	[OPTION_LANG] = "en zh",
	[OPTION_LABELS] = "container",
};

enum values values_of(enum option_id option)
{
	const char *argument = option_rows[option].argument;

	if (!argument)
		return VALUES_NONE;
	if (words[option] || option == OPTION_SORT)
		return VALUES_WORDS;
	if (strcmp(argument, "FILE") == 0 || strcmp(argument, "PATH") == 0)
		return VALUES_FILE;
	return strcmp(argument, "PID") == 0 ? VALUES_PID : VALUES_ANY;
}

void values_words(FILE *file, const struct command *command, enum option_id option)
{
	const struct table *table = command->table;

	if (words[option])
		fputs(words[option], file);
	else
		for (size_t i = 0; table && i < table->count; i++)
			if (member_sorts(&table->members[i]))
				fprintf(file, "%s ", table->members[i].key);
}

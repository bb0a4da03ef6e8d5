// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The filter line: words of the command line, taken by the same table of options. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "cli/option_table.h"
#include "command/top/top.h"

#define FILTERS (OPTION_BITS_TUPLES | OPTION_BITS_PROCESSES)

/* A filter line cut into words, in place: what is taken of them points here. */
struct words {
	char text[PROMPT_MAX];
	char *next;
};

static char *next_word(struct words *words)
{
	char *word = words->next + strspn(words->next, " ");
	size_t length = strcspn(word, " ");

	if (!length)
		return NULL;
	words->next = word + length + !!word[length];
	word[length] = 0;
	return word;
}

static bool is_filter(int id)
{
	return FILTERS >> id & 1;
}

/* --name, or --name=value, of which `value` is set. -1: it is none. */
static int find_long(char *word, char **value)
{
	char *equals = strchr(word, '=');

	if (equals)
		*equals = 0;
	*value = equals ? equals + 1 : NULL;
	for (int i = 0; i < OPTIONS; i++)
		if (is_filter(i) && strcmp(option_rows[i].name, word + 2) == 0)
			return i;
	return -1;
}

/* -p, or -pvalue. */
static int find_short(char *word, char **value)
{
	*value = word[1] && word[2] ? word + 2 : NULL;
	for (int i = 0; i < OPTIONS; i++)
		if (is_filter(i) && option_rows[i].letter && option_rows[i].letter == word[1])
			return i;
	return -1;
}

static int find_option(char *word, char **value)
{
	*value = NULL;
	if (word[0] != '-')
		return -1;
	return word[1] == '-' ? find_long(word, value) : find_short(word, value);
}

static bool take(struct options *options, struct words *words, char *word, char *why, size_t size)
{
	char *value;
	int id = find_option(word, &value);
	const char *accepted;

	if (id < 0) {
		snprintf(why, size,
			 "%s: no filter; there is --lport --rport --laddr --raddr "
			 "--netns -p -c --cgroup -4 -6",
			 word);
		return false;
	}
	if (option_rows[id].argument && !value)
		value = next_word(words);
	if (option_rows[id].argument && !value) {
		snprintf(why, size, "%s needs an argument: %s", word, option_rows[id].argument);
		return false;
	}
	accepted = option_rows[id].take(options, value);
	if (accepted)
		snprintf(why, size, "--%s %s: %s", option_rows[id].name, value, accepted);
	return !accepted;
}

bool top_filter(struct top *top, const char *line, char *why, size_t size)
{
	struct options *options = top->options;
	struct words words;
	struct options *wanted = memory_new(1, sizeof(*wanted)); /* port bitmaps: 16 kB */
	bool taken = true;
	char *word;

	*wanted = *options;
	wanted->tuples = (struct tuple_filter){0};
	wanted->processes = (struct process_filter){0};
	snprintf(words.text, sizeof(words.text), "%s", line);
	words.next = words.text;
	while (taken && (word = next_word(&words)))
		taken = take(wanted, &words, word, why, size);
	if (taken) {
		*options = *wanted;
		snprintf(top->comm, sizeof(top->comm), "%s",
			 wanted->processes.comm ? wanted->processes.comm : "");
		if (wanted->processes.comm)
			options->processes.comm = top->comm;
		snprintf(top->filter, sizeof(top->filter), "%s", line);
		top_restart(top);
	}
	free(wanted);
	return taken;
}

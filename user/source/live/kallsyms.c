// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/live/kallsyms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* A function's last resort for an end, where the next symbol lies before it (modules). */
#define FUNCTION_MAX 16384

/* "name", and the parts that compilers split off: "name.cold", "name.isra.0". */
static bool is_function(const char *symbol, const char *name)
{
	size_t length = strlen(name);

	return strncmp(symbol, name, length) == 0 && (symbol[length] == 0 || symbol[length] == '.');
}

static enum end_reason reason_of(const char *symbol)
{
	for (size_t i = 0; i < end_function_count; i++)
		if (is_function(symbol, end_functions[i].name))
			return end_functions[i].reason;
	return END_NONE;
}

static void add_range(struct end_ranges *ranges, uint64_t start, enum end_reason reason)
{
	ranges->items = memory_resize(ranges->items, ranges->count + 1, sizeof(*ranges->items));
	ranges->items[ranges->count++] = (struct end_range){start, start + FUNCTION_MAX, reason};
}

/* Core symbols come in the order of their addresses: the next one ends the range before it. */
static void end_range(struct end_ranges *ranges, uint64_t address)
{
	struct end_range *last = ranges->count ? &ranges->items[ranges->count - 1] : NULL;

	if (last && address > last->start && address < last->end)
		last->end = address;
}

/* Only names that begin like one of ours are compared whole: the file has 200,000 lines. */
static bool may_matter(const char *symbol)
{
	return strchr("_etin", symbol[0]) != NULL;
}

static void read_line(struct kallsyms *kallsyms, char *line)
{
	char *rest, *symbol;
	uint64_t address = strtoull(line, &rest, 16);
	enum end_reason reason;

	if (rest[0] != ' ' || !rest[1] || rest[2] != ' ')
		return;
	end_range(&kallsyms->ends, address);
	symbol = rest + 3;
	if (!address || !may_matter(symbol))
		return;
	symbol[strcspn(symbol, "\t\n")] = 0;
	reason = reason_of(symbol);
	if (reason != END_NONE)
		add_range(&kallsyms->ends, address, reason);
	else if (strcmp(symbol, "tw_timer_handler") == 0)
		kallsyms->tw_timer_handler = address;
}

bool kallsyms_read(struct kallsyms *kallsyms)
{
	FILE *file = fopen("/proc/kallsyms", "re");
	size_t capacity = 0;
	char *line = NULL;

	*kallsyms = (struct kallsyms){0};
	if (!file)
		return false;
	while (getline(&line, &capacity, file) > 0)
		read_line(kallsyms, line);
	free(line);
	fclose(file);
	return kallsyms->tw_timer_handler != 0;
}

void kallsyms_free(struct kallsyms *kallsyms)
{
	free(kallsyms->ends.items);
	kallsyms->ends = (struct end_ranges){0};
}

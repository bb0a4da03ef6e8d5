// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/history.h"

#include <stdbool.h>
#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

void history_init(struct history *history, enum history_kind kind)
{
	*history = (struct history){.kind = kind, .stride = 1};
}

void history_free(struct history *history)
{
	for (size_t i = 0; i < history->count; i++) {
		free(history->series[i]->name);
		free(history->series[i]->group);
		free(history->series[i]);
	}
	history->count = 0;
}

static uint64_t hash_of(const char *name)
{
	return hash_bytes(0, name, strlen(name));
}

static struct history_series *find(const struct history *history, const char *name)
{
	uint64_t hash = hash_of(name);

	for (size_t i = 0; i < history->count; i++)
		if (history->series[i]->hash == hash && strcmp(history->series[i]->name, name) == 0)
			return history->series[i];
	return NULL;
}

static struct history_series *add(struct history *history, const char *name, const char *group)
{
	struct history_series *series = memory_new(1, sizeof(*series));

	series->name = memory_string(name);
	series->group = memory_string(group);
	series->hash = hash_of(name);
	history->series[history->count++] = series;
	return series;
}

/* Where there is no room for a series of its own. */
static struct history_series *series_of_group(struct history *history, const char *group)
{
	struct history_series *series = find(history, group);

	if (!series && history->groups >= HISTORY_GROUPS) {
		group = HISTORY_OTHERS;
		series = find(history, group);
	}
	if (series)
		return series;
	history->groups++;
	return add(history, group, group);
}

static struct history_series *series_of(struct history *history, const char *name,
					const char *group)
{
	struct history_series *series = find(history, name);

	if (series)
		return series;
	if (history->count - history->groups < HISTORY_SERIES)
		return add(history, name, group);
	return series_of_group(history, group);
}

void history_add(struct history *history, const char *name, const char *group, double value)
{
	if (value <= 0)
		return;
	series_of(history, name, group)->now += value;
	history->total.now += value;
}

static double together(enum history_kind kind, double one, double other)
{
	if (kind == HISTORY_COUNT)
		return one + other;
	return one > other ? one : other;
}

static void note(const struct history *history, struct history_series *series)
{
	double *value = &series->values[history->points - 1];

	*value = together(history->kind, *value, series->now);
	series->now = 0;
}

static void halve(const struct history *history, struct history_series *series)
{
	double *values = series->values;

	for (size_t i = 0; i < HISTORY_POINTS / 2; i++)
		values[i] = together(history->kind, values[2 * i], values[2 * i + 1]);
	memset(values + HISTORY_POINTS / 2, 0, HISTORY_POINTS / 2 * sizeof(*values));
}

static void make_room(struct history *history)
{
	halve(history, &history->total);
	for (size_t i = 0; i < history->count; i++)
		halve(history, history->series[i]);
	for (size_t i = 0; i < HISTORY_POINTS / 2; i++)
		history->times_ns[i] = history->times_ns[2 * i + 1];
	history->points = HISTORY_POINTS / 2;
	history->stride *= 2;
}

void history_refresh(struct history *history, uint64_t time_ns)
{
	if (!history->points || history->filled == history->stride) {
		if (history->points == HISTORY_POINTS)
			make_room(history);
		history->points++;
		history->filled = 0;
	}
	history->filled++;
	history->times_ns[history->points - 1] = time_ns;
	note(history, &history->total);
	for (size_t i = 0; i < history->count; i++)
		note(history, history->series[i]);
}

const double *history_values(const struct history *history, const char *name)
{
	const struct history_series *series = find(history, name);

	return series ? series->values : NULL;
}

static struct history_line *find_line(const struct history_lines *lines, const char *name)
{
	for (size_t i = 0; i < lines->count; i++)
		if (strcmp(lines->items[i].name, name) == 0)
			return &lines->items[i];
	return NULL;
}

/* Its room is there. */
static struct history_line *line_of(struct history_lines *lines, const char *name)
{
	struct history_line *line = find_line(lines, name);

	if (!line) {
		line = &lines->items[lines->count++];
		line->name = name;
	}
	return line;
}

static void count_in(struct history_line *line, const double *values, size_t figures)
{
	line->figures += figures;
	for (size_t i = 0; i < HISTORY_POINTS; i++) {
		line->values[i] += values[i];
		if (line->values[i] > line->greatest)
			line->greatest = line->values[i];
	}
}

static int compare(const void *left, const void *right)
{
	const struct history_line *one = left, *other = right;

	if (one->greatest != other->greatest)
		return one->greatest < other->greatest ? 1 : -1;
	return strcmp(one->name, other->name);
}

static struct history_lines gather(const struct history *history, bool by_group)
{
	struct history_lines lines = {memory_new(history->count + 1, sizeof(*lines.items)), 0};

	for (size_t i = 0; i < history->count; i++) {
		const struct history_series *series = history->series[i];

		count_in(line_of(&lines, by_group ? series->group : series->name), series->values,
			 1);
	}
	qsort(lines.items, lines.count, sizeof(*lines.items), compare);
	while (lines.count && lines.items[lines.count - 1].greatest <= 0)
		lines.count--;
	return lines;
}

/* The last ones become one. */
static void fold(struct history_lines *lines, size_t most)
{
	struct history_line others = {.name = HISTORY_OTHERS};

	for (size_t i = most - 1; i < lines->count; i++)
		count_in(&others, lines->items[i].values, lines->items[i].figures);
	lines->items[most - 1] = others;
	lines->count = most;
}

/* A group of one goes by the name of that one. */
static void name_alone(const struct history *history, const struct history_lines *lines)
{
	for (size_t i = 0; i < history->count; i++) {
		struct history_line *line = find_line(lines, history->series[i]->group);

		if (line && line->figures == 1)
			line->name = history->series[i]->name;
	}
}

struct history_lines history_lines(const struct history *history, size_t most)
{
	struct history_lines lines = gather(history, false);

	if (lines.count <= most)
		return lines;
	history_lines_free(&lines);
	lines = gather(history, true);
	name_alone(history, &lines);
	if (lines.count > most)
		fold(&lines, most);
	return lines;
}

void history_lines_free(struct history_lines *lines)
{
	free(lines->items);
}

double history_greatest(const struct history *history, uint64_t *time_ns)
{
	double greatest = 0;

	for (size_t i = 0; i < history->points; i++) {
		if (history->total.values[i] <= greatest)
			continue;
		greatest = history->total.values[i];
		*time_ns = history->times_ns[i];
	}
	return greatest;
}

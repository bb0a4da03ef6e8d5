// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/stack_tally.h"

#include "base/hash.h"
#include "base/memory.h"
#include "view/stack_frames.h"

#define STACKS_SAID 3
#define COUNTS_MAX  200000 /* of rows and paths: more are not counted */

struct stack_count {
	uint64_t key;
	uint64_t row;
	uint32_t path; /* referred to */
	uint32_t count;
};

void stack_tally_init(struct stack_tally *tally, struct call_paths *paths)
{
	*tally = (struct stack_tally){.paths = paths};
	pool_init(&tally->pool, sizeof(struct stack_count));
	index_init(&tally->index, &tally->pool);
}

static void each(const struct stack_tally *tally,
		 void (*visit)(void *context, struct stack_count *count), void *context)
{
	for (uint32_t number = 1; number <= tally->pool.live; number++)
		visit(context, pool_get(&tally->pool, number));
}

static void release(void *context, struct stack_count *count)
{
	const struct stack_tally *tally = context;

	call_paths_release(tally->paths, count->path);
}

void stack_tally_free(struct stack_tally *tally)
{
	each(tally, release, tally);
	index_free(&tally->index);
	pool_free(&tally->pool);
	free(tally->lines);
	tally->lines = NULL;
	tally->line_count = 0;
}

void stack_tally_clear(struct stack_tally *tally)
{
	struct call_paths *paths = tally->paths;

	if (!tally->pool.live)
		return;
	stack_tally_free(tally);
	stack_tally_init(tally, paths);
}

static void zero(void *context, struct stack_count *count)
{
	(void)context;
	count->count = 0;
}

void stack_tally_zero(struct stack_tally *tally)
{
	each(tally, zero, NULL);
}

static struct stack_count *count_of(struct stack_tally *tally, uint64_t row, uint32_t path)
{
	uint64_t key = hash_bytes(row, &path, sizeof(path));
	uint32_t number = index_find(&tally->index, key);
	struct stack_count *count;

	if (number)
		return pool_get(&tally->pool, number);
	if (tally->pool.live >= COUNTS_MAX)
		return NULL;
	number = pool_add(&tally->pool);
	count = pool_get(&tally->pool, number);
	*count = (struct stack_count){.key = key, .row = row, .path = path};
	call_paths_reference(tally->paths, path);
	index_add(&tally->index, number);
	return count;
}

void stack_tally_add(struct stack_tally *tally, uint64_t row, uint32_t path, uint32_t added)
{
	struct stack_count *count = path ? count_of(tally, row, path) : NULL;

	if (count)
		count->count += added;
}

void stack_tally_move(const struct stack_tally *from, uint64_t row_from, struct stack_tally *to,
		      uint64_t row)
{
	for (uint32_t number = 1; number <= from->pool.live; number++) {
		const struct stack_count *count = pool_get(&from->pool, number);

		if (count->row == row_from)
			stack_tally_add(to, row, count->path, count->count);
	}
}

void stack_tally_add_by_comm(struct stack_tally *tally, uint32_t number, uint32_t added)
{
	const struct call_path *path = call_paths_get(tally->paths, number);

	if (path)
		stack_tally_add(tally,
				grouping_key(BY_COMM,
					     processes_get(tally->paths->processes, path->process)),
				number, added);
}

static int by_row_and_stack(const void *left, const void *right)
{
	const struct stack_line *a = left, *b = right;

	if (a->row != b->row)
		return a->row < b->row ? -1 : 1;
	if (a->event != b->event)
		return a->event < b->event ? -1 : 1;
	return (a->stack > b->stack) - (a->stack < b->stack);
}

static int by_row_and_count(const void *left, const void *right)
{
	const struct stack_line *a = left, *b = right;

	if (a->row != b->row)
		return a->row < b->row ? -1 : 1;
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	if (a->opened != b->opened)
		return a->opened > b->opened ? -1 : 1;
	return by_row_and_stack(left, right);
}

static void add_line(void *context, struct stack_count *count)
{
	struct stack_tally *tally = context;
	const struct call_path *path = call_paths_get(tally->paths, count->path);

	tally->lines[tally->line_count++] = (struct stack_line){
		.row = count->row,
		.count = count->count,
		.opened = path->opened,
		.closed = path->closed,
		.stack = path->stack,
		.process = path->process,
		.event = path->event,
	};
}

/* Of a group each process has a path of its own. */
static void merge_lines(struct stack_tally *tally)
{
	size_t merged = 0;

	for (size_t i = 1; i < tally->line_count; i++) {
		struct stack_line *to = &tally->lines[merged], *line = &tally->lines[i];

		if (by_row_and_stack(to, line) != 0) {
			tally->lines[++merged] = *line;
			continue;
		}
		to->count += line->count;
		to->opened += line->opened;
		to->closed += line->closed;
	}
	tally->line_count = tally->line_count ? merged + 1 : 0;
}

void stack_tally_rank(struct stack_tally *tally)
{
	tally->lines =
		memory_resize(tally->lines, (size_t)tally->pool.live + 1, sizeof(*tally->lines));
	tally->line_count = 0;
	each(tally, add_line, tally);
	qsort(tally->lines, tally->line_count, sizeof(*tally->lines), by_row_and_stack);
	merge_lines(tally);
	qsort(tally->lines, tally->line_count, sizeof(*tally->lines), by_row_and_count);
}

/* Where the row's lines begin, or would. */
static size_t first_of(const struct stack_tally *tally, uint64_t row)
{
	size_t low = 0, high = tally->line_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (tally->lines[middle].row < row)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct stack_line *stack_tally_of(const struct stack_tally *tally, uint64_t row,
					size_t *count)
{
	size_t first = first_of(tally, row), end = first;

	while (end < tally->line_count && tally->lines[end].row == row)
		end++;
	*count = end - first;
	return tally->lines + first;
}

void stack_tally_show(const struct stack_tally *tally, uint64_t row, const char *noun,
		      struct output *output, const struct text_style *style)
{
	size_t count;
	const struct stack_line *lines = stack_tally_of(tally, row, &count);

	for (size_t i = 0; i < count && i < STACKS_SAID && lines[i].count; i++) {
		struct sentence sentence = {0};

		say(&sentence, "%s() in ", stack_event_name(lines[i].event));
		say_stack(&sentence, &tally->paths->stacks, lines[i].stack, style->details);
		say(&sentence, ": %llu %s", (unsigned long long)lines[i].count, noun);
		text_sentence(output, &sentence, style->columns);
	}
}

void stack_tally_write(struct json *json, const char *key, const struct stack_tally *tally,
		       uint64_t row)
{
	const struct stack_line *lines;
	size_t count;

	if (!tally) {
		json_null(json, key);
		return;
	}
	lines = stack_tally_of(tally, row, &count);
	json_open(json, key, '[');
	for (size_t i = 0; i < count && i < STACKS_SHOWN; i++)
		stack_write(json, NULL, &tally->paths->stacks, &lines[i]);
	json_close(json, ']');
}

void stack_tally_fold(const struct stack_tally *tally, struct output *output)
{
	for (size_t i = 0; i < tally->line_count; i++)
		if (tally->lines[i].count)
			stack_fold(output, tally->paths, &tally->lines[i]);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * --stacks: which code opened what is leaked, and read its end of file. The proof is the contrast:
 * of all that one path opened nothing was closed, of what another opened everything.
 */
#include "view/leaks/leaks.h"
#include "view/stack_frames.h"

#define STACKS_SAID 3 /* of each kind; the JSON has more */

static const struct call_paths *paths_of(const struct leaks *leaks)
{
	return &leaks->model->connections.calls;
}

void leaks_count_stacks(struct leaks *leaks, struct leak_row *row,
			const struct close_wait *close_wait)
{
	const struct connection_calls *calls;

	if (!leaks->config.stacks)
		return;
	calls = call_paths_of(paths_of(leaks), close_wait->cookie);
	if (!calls)
		return;
	stack_tally_add(&leaks->stacks, row->row.key, calls->opener, 1);
	stack_tally_add(&leaks->stacks, row->row.key, calls->reader, 1);
}

void leaks_count_origin(struct leaks *leaks, const struct close_wait *close_wait)
{
	if (leaks->config.stacks)
		stack_tally_add_by_comm(&leaks->origins,
					call_paths_origin(paths_of(leaks), close_wait->cookie), 1);
}

static void add_healthy(void *context, uint32_t number, const struct call_path *path)
{
	struct leaks *leaks = context;
	const struct leak_row *row = leaks_row_of(leaks, path->process);

	if (row && row->sockets)
		stack_tally_add(&leaks->stacks, row->row.key, number, 0);
}

void leaks_rank_stacks(struct leaks *leaks)
{
	if (!leaks->config.stacks)
		return;
	call_paths_each(paths_of(leaks), add_healthy, leaks);
	stack_tally_rank(&leaks->stacks);
	stack_tally_rank(&leaks->origins);
}

void leaks_json_stacks(struct json *json, const struct member *member, const void *view,
		       const void *row)
{
	const struct leaks *leaks = view;

	stack_tally_write(json, member->key, leaks->config.stacks ? &leaks->stacks : NULL,
			  ((const struct leak_row *)row)->row.key);
}

void leaks_fold(void *self, struct output *output)
{
	stack_tally_fold(&((struct leaks *)self)->origins, output);
}

/* What a row has of one kind. */
struct stacks {
	const struct stack_line *lines;
	size_t count;
};

static bool is_opener(const struct stack_line *line)
{
	return line->event != STACK_EOF;
}

const struct stack_line *leaks_worst_stack(const struct leaks *leaks, const struct leak_row *row)
{
	const struct stack_line *worst = NULL;
	size_t count;
	const struct stack_line *lines = stack_tally_of(&leaks->stacks, row->row.key, &count);

	for (size_t i = 0; i < count && lines[i].count; i++)
		if (!worst || (is_opener(&lines[i]) && !is_opener(worst)))
			worst = &lines[i];
	return worst;
}

/* "; 0 of 1204 from 2 other paths" */
static void say_others(struct sentence *sentence, struct stacks stacks)
{
	uint64_t opened = 0;
	size_t paths = 0;

	for (size_t i = 0; i < stacks.count; i++) {
		if (!is_opener(&stacks.lines[i]) || stacks.lines[i].count)
			continue;
		opened += stacks.lines[i].opened;
		paths++;
	}
	if (!paths)
		return;
	say(sentence, "; 0 of %llu from ", (unsigned long long)opened);
	if (paths == 1)
		say(sentence, "another path");
	else
		say(sentence, "%zu other paths", paths);
}

static void say_opened(struct sentence *sentence, const struct leaks *leaks,
		       const struct leak_row *row, const struct stack_line *line, bool details)
{
	bool leak = leaks_verdict(row) == VERDICT_LEAK;

	say(sentence, "opened by %s in ", stack_event_name(line->event));
	say_stack(sentence, &paths_of(leaks)->stacks, line->stack, details);
	say(sentence, ": %llu of %llu from here %s, %llu closed", (unsigned long long)line->count,
	    (unsigned long long)line->opened, leak ? "leaked" : "in CLOSE_WAIT",
	    (unsigned long long)line->closed);
}

static void say_read(struct sentence *sentence, const struct leaks *leaks,
		     const struct stack_line *line, bool details)
{
	say(sentence, "end of file read in ");
	say_stack(sentence, &paths_of(leaks)->stacks, line->stack, details);
	say(sentence, ": %llu of %llu not closed, %llu closed", (unsigned long long)line->count,
	    (unsigned long long)line->opened, (unsigned long long)line->closed);
}

/* Those of one kind that sockets of the row came from. */
static void show_kind(const struct leaks *leaks, struct output *output, const struct leak_row *row,
		      struct stacks stacks, bool openers, const struct text_style *style)
{
	size_t said = 0;

	for (size_t i = 0; i < stacks.count && said < STACKS_SAID; i++) {
		const struct stack_line *line = &stacks.lines[i];
		struct sentence sentence = {0};

		if (is_opener(line) != openers || !line->count)
			continue;
		if (openers)
			say_opened(&sentence, leaks, row, line, style->details);
		else
			say_read(&sentence, leaks, line, style->details);
		if (openers && !said)
			say_others(&sentence, stacks);
		said++;
		text_sentence(output, &sentence, style->columns);
	}
}

void leaks_show_stacks(const struct leaks *leaks, struct output *output, const struct leak_row *row,
		       const struct text_style *style)
{
	struct sentence unknown = {0};
	struct stacks stacks;

	if (!leaks->config.stacks || !row->sockets)
		return;
	stacks.lines = stack_tally_of(&leaks->stacks, row->row.key, &stacks.count);
	show_kind(leaks, output, row, stacks, true, style);
	show_kind(leaks, output, row, stacks, false, style);
	if (stacks.count && stacks.lines[0].count)
		return;
	say(&unknown, "which code opened %s was not seen: %s older than the watch, or %s accepted",
	    row->sockets == 1 ? "it" : "them", row->sockets == 1 ? "it is" : "they are",
	    row->sockets == 1 ? "was" : "were");
	text_sentence(output, &unknown, style->columns);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/holders.h"

struct shown_holders {
	const struct rows *rows;
	uint64_t own; /* key of the row's group */
	const struct holder **first;
	size_t count;
};

static bool is_own(const struct shown_holders *shown, const struct holder *holder)
{
	const struct process *process = rows_process(shown->rows, holder->process);

	return grouping_key(shown->rows->config.by, process) == shown->own;
}

static bool comes_before(const struct shown_holders *shown, const struct holder *a,
			 const struct holder *b)
{
	uint32_t a_pid = rows_process(shown->rows, a->process)->id.pid;
	uint32_t b_pid = rows_process(shown->rows, b->process)->id.pid;

	if (is_own(shown, a) != is_own(shown, b))
		return is_own(shown, a);
	if (a_pid != b_pid)
		return a_pid < b_pid;
	return a->fd < b->fd;
}

static void put_in_place(struct shown_holders *shown, const struct holder *holder)
{
	for (size_t i = 0; i < shown->count; i++) {
		const struct holder *other = shown->first[i];

		if (!comes_before(shown, holder, other))
			continue;
		shown->first[i] = holder;
		holder = other;
	}
	if (shown->count < HOLDERS_SHOWN)
		shown->first[shown->count++] = holder;
}

size_t holders_choose(const struct rows *rows, struct holder_range range, uint32_t process,
		      const struct holder **first)
{
	struct shown_holders shown = {
		.rows = rows,
		.own = grouping_key(rows->config.by, rows_process(rows, process)),
		.first = first,
	};

	for (size_t i = 0; i < range.count; i++)
		put_in_place(&shown, &range.first[i]);
	return shown.count;
}

void holder_write(struct json *json, const struct processes *processes, const struct holder *holder)
{
	const struct process *process = processes_get(processes, holder->process);

	json_open(json, NULL, '{');
	json_number(json, "pid", process->id.pid);
	json_string(json, "comm", process->id.comm, sizeof(process->id.comm));
	json_number(json, "fd", holder->fd);
	json_close(json, '}');
}

void holders_list(struct json *json, const struct rows *rows, struct holder_range range,
		  uint32_t process)
{
	const struct holder *first[HOLDERS_SHOWN];
	size_t shown = holders_choose(rows, range, process, first);

	json_open(json, "holders", '[');
	for (size_t i = 0; i < shown; i++)
		holder_write(json, rows->processes, first[i]);
	json_close(json, ']');
}

void holders_write(struct json *json, const struct rows *rows, struct holder_range range,
		   uint32_t process)
{
	holders_list(json, rows, range, process);
	json_number(json, "holders_total", range.count);
}

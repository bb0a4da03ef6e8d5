// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who connects to where, the processes of one name together: why it does not come about, or too
 * often. */
#include "view/advice/internal.h"

#include <string.h>

#include "base/hash.h"
#include "base/memory.h"

/* What processes of one name do towards one place. */
struct crowd {
	uint64_t key;
	const struct opening_row *most; /* the row of most; */
	uint64_t refused;
	uint64_t attempts;  /* of those that made few connections */
	uint32_t processes; /* likewise */
};

struct crowds {
	struct judging *judging;
	struct crowd *items;
	size_t count;
};

static const struct opening *opening_of(const struct judging *judging)
{
	return judging->adviser->config.opening;
}

static uint64_t key_of(const struct opening *opening, const struct opening_row *row)
{
	const struct process *process = rows_process(&opening->rows, row->row.process);
	uint64_t key = hash_bytes(0, &row->tuple, sizeof(row->tuple));

	if (process)
		key = hash_bytes(key, process->id.comm,
				 strnlen(process->id.comm, sizeof(process->id.comm)));
	return key;
}

/* Made one or two, and they are over: what keeps them is no process of one connection. */
static bool made_few(const struct adviser *adviser, const struct opening_row *row)
{
	const struct time_wait_row *closed = (const struct time_wait_row *)rows_find(
		&adviser->config.time_waits->rows, row->row.key);
	bool recently = !adviser->config.recent ||
			adviser->time_ns - row->row.active_ns <= JUDGED_RECENT_NS;

	return recently && row->row.process && row->attempts &&
	       row->attempts <= CONNECTIONS_OF_ONE && closed && closed->closed;
}

static void note_row(void *context, struct row *noted)
{
	const struct opening_row *row = (const struct opening_row *)noted;
	struct crowds *crowds = context;
	const struct adviser *adviser = crowds->judging->adviser;
	bool few = made_few(adviser, row);

	if (noted->key == ROWS_OTHER)
		return;
	crowds->items[crowds->count++] = (struct crowd){
		.key = key_of(adviser->config.opening, row),
		.most = row,
		.refused = counted_since(crowds->judging, noted->key,
					 row->failed[FAILED_ECONNREFUSED]),
		.attempts = few ? row->attempts : 0,
		.processes = few,
	};
}

/* Who did most is first. */
static int by_key(const void *a, const void *b)
{
	const struct crowd *left = a, *right = b;

	if (left->key != right->key)
		return left->key < right->key ? -1 : 1;
	return (left->most->attempts < right->most->attempts) -
	       (left->most->attempts > right->most->attempts);
}

static size_t join(struct crowd *items, size_t count)
{
	size_t crowds = 0;

	for (size_t i = 0; i < count; i++) {
		struct crowd *last = &items[crowds - !!crowds];

		if (!crowds || last->key != items[i].key) {
			items[crowds++] = items[i];
			continue;
		}
		last->refused += items[i].refused;
		last->attempts += items[i].attempts;
		last->processes += items[i].processes;
	}
	return crowds;
}

static void each_crowd(struct judging *judging,
		       void (*visit)(struct judging *judging, const struct crowd *crowd))
{
	const struct rows *rows = &opening_of(judging)->rows;
	struct crowds crowds = {
		.judging = judging,
		.items = memory_new(rows->pool.live + 1, sizeof(*crowds.items)),
	};

	rows_each(rows, note_row, &crowds);
	qsort(crowds.items, crowds.count, sizeof(*crowds.items), by_key);
	crowds.count = join(crowds.items, crowds.count);
	for (size_t i = 0; i < crowds.count; i++)
		visit(judging, &crowds.items[i]);
	free(crowds.items);
}

static struct advice *advise_row(struct judging *judging, const struct opening_row *row,
				 enum severity severity, enum saying saying)
{
	struct advice *advice = advise(judging, severity, saying);

	about_process(judging, advice, row->row.process);
	about_place(advice, &row->tuple, DIRECTION_OUT);
	tell_place(advice, "place", &row->tuple, DIRECTION_OUT);
	tell_process(judging, advice, "owner", row->row.process);
	tell_row(judging, advice, &opening_table, opening_of(judging), row);
	return advice;
}

static void tell_comm(const struct judging *judging, struct advice *advice, uint32_t number)
{
	const struct process *process = rows_process(&opening_of(judging)->rows, number);

	if (process)
		tell_name(advice, "comm", process->id.comm, sizeof(process->id.comm));
}

static void judge_crowd(struct judging *judging, const struct crowd *crowd)
{
	double per_s = rate_of(judging, crowd->key, crowd->attempts);
	bool heavy = is_a_tenth(judging->adviser, &crowd->most->tuple, per_s);
	struct advice *advice;

	if (crowd->processes < PROCESSES_LEAST)
		return;
	advice = advise_row(judging, crowd->most, heavy ? SEVERITY_WARNING : SEVERITY_INFO,
			    SAY_PROCESS_PER_CONNECTION);
	tell_comm(judging, advice, crowd->most->row.process);
	tell_number(advice, "processes", crowd->processes);
	tell_rate(advice, "rate_per_s", per_s);
	advice->weight = crowd->processes;
	software_helps(judging, advice, TOPIC_POOL);
}

void judge_process_per_connection(struct judging *judging, const void *row)
{
	(void)row;
	each_crowd(judging, judge_crowd);
}

static void judge_refusals(struct judging *judging, const struct crowd *crowd)
{
	struct advice *advice;

	if (crowd->refused < REFUSED_LEAST)
		return;
	advice = advise_row(judging, crowd->most, SEVERITY_WARNING, SAY_REFUSED);
	tell_number(advice, "count", crowd->refused);
	advice->weight = (double)crowd->refused;
}

void judge_refused(struct judging *judging, const void *row)
{
	(void)row;
	each_crowd(judging, judge_refusals);
}

void judge_no_answer(struct judging *judging, const void *at)
{
	const struct opening *opening = opening_of(judging);
	const struct opening_row *row = at;
	const struct listener_row *other_end;
	struct tracking tracking;
	struct advice *advice;

	if (row->unanswered < NO_ANSWER_PENDING)
		return;
	other_end = opening_other_end(opening, row);
	advice = advise_row(judging, row, SEVERITY_WARNING, SAY_NO_ANSWER);
	advice->weight = row->pending;
	advice->listener = other_end ? other_end->row.key : 0;
	if (opening_tracking(opening, row->tuple.netns, &tracking) && tracking_grew(&tracking))
		tell_word(advice, "tracking", "inferred");
}

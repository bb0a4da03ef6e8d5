// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is asked about rows, and what the answers say. */
#include "base/memory.h"
#include "view/leaks/leaks.h"
#include "view/threads.h"

#define LOOKS_A_REFRESH	  100 /* the threads of so many processes are looked at, */
#define SENDERS_A_REFRESH 4   /* of so many what they cannot send is looked for */
#define THREADS_A_REFRESH 400 /* of fewer if they are more threads: each takes some 50 us */

struct need {
	const struct leaks *leaks;
	bool holders;
	bool another_look;
};

static void look_for_need(void *context, const struct close_wait *close_wait)
{
	struct need *need = context;
	const struct close_waits *close_waits = &need->leaks->model->close_waits;

	if (close_wait->listed != close_waits->listing)
		return;
	if (close_wait->kind == KIND_UNACCEPTED || !close_wait->owner ||
	    leaks_is_old(need->leaks, close_wait))
		need->holders = true;
	if (close_wait_is_in_doubt(close_waits, close_wait, need->leaks->config.age_ns))
		need->another_look = true;
}

/* A leg of who has sockets in CLOSE_WAIT: whether it is a relay depends on it. */
static void look_for_doubt(void *context, const struct close_wait *partner)
{
	struct need *need = context;
	const struct close_waits *close_waits = &need->leaks->model->close_waits;
	struct holder_range holders;

	if (need->another_look ||
	    !close_wait_is_in_doubt(close_waits, partner, need->leaks->config.age_ns))
		return;
	holders = close_waits_holders(close_waits, partner);
	for (size_t i = 0; i < holders.count; i++)
		need->another_look |= leaks_row_of(need->leaks, holders.first[i].process) != NULL;
}

static struct need needs_of_sockets(const struct leaks *leaks)
{
	struct need need = {
		.leaks = leaks,
		.holders = process_filter_active(leaks->config.processes),
	};

	close_waits_each(&leaks->model->close_waits, look_for_need, &need);
	close_waits_each_partner(&leaks->model->close_waits, look_for_doubt, &need);
	return need;
}

uint32_t leaks_about(const struct leak_row *row)
{
	return row->about ? row->about : row->row.process;
}

bool leaks_wants_evidence(const struct leak_row *row)
{
	return leaks_about(row) && (row->old.all || row->dead);
}

bool leaks_wants_watched(const struct leak_row *row)
{
	return leaks_about(row) && !row->listener && verdict_asks_for_watched(&row->old);
}

/* The rows whose processes are to be looked at, and how many it is the turn of: the first. */
struct turn {
	struct leak_row **rows;
	size_t count;
	size_t looked;
};

static void collect(void *context, struct row *collected)
{
	struct leak_row *row = (struct leak_row *)collected;
	struct turn *turn = context;

	if (leaks_wants_evidence(row))
		turn->rows[turn->count++] = row;
}

/* Who was not looked at for longest; of equals, who has most sockets. */
static int by_turn(const void *a, const void *b)
{
	const struct leak_row *left = *(struct leak_row *const *)a;
	const struct leak_row *right = *(struct leak_row *const *)b;

	if (left->looked_ns != right->looked_ns)
		return left->looked_ns < right->looked_ns ? -1 : 1;
	if (left->sockets != right->sockets)
		return left->sockets > right->sockets ? -1 : 1;
	return (left->row.key > right->row.key) - (left->row.key < right->row.key);
}

/* By what they took the last time: that does not change while questions are asked. */
static size_t affordable(const struct turn *turn)
{
	size_t looked = 0, threads = 0;

	for (; looked < turn->count && looked < LOOKS_A_REFRESH; looked++) {
		threads += turn->rows[looked]->threads;
		if (looked && threads > THREADS_A_REFRESH)
			break;
	}
	return looked;
}

/* The caller frees `rows`. */
static struct turn turn_of(const struct leaks *leaks)
{
	struct turn turn = {.rows = memory_new(leaks->rows.pool.live + 1, sizeof(*turn.rows))};

	rows_each(&leaks->rows, collect, &turn);
	qsort(turn.rows, turn.count, sizeof(*turn.rows), by_turn);
	turn.looked = affordable(&turn);
	return turn;
}

struct asking {
	const struct leaks *leaks;
	struct questions *questions;
};

static void ask_of(const struct asking *asking, uint32_t process, enum question_kind kind)
{
	questions_put_process(asking->questions, kind, &leaks_process(asking->leaks, process)->id);
}

/* Of all that hold a listener, or some of very many. */
static void ask_of_holders(const struct asking *asking, const struct leak_row *row)
{
	struct holder_range range = leaks_listener_holders(asking->leaks, row);
	const struct holder *holder = range.count ? range.first : NULL;

	for (size_t i = 0; holder && i < LEAKS_LISTENER_LOOKS; i++) {
		ask_of(asking, holder->process, QUESTION_THREADS);
		holder = leaks_next_process(range, holder);
	}
}

static void ask_of_threads(const struct asking *asking, const struct leak_row *row)
{
	if (row->listener)
		ask_of_holders(asking, row);
	else
		ask_of(asking, leaks_about(row), QUESTION_THREADS);
	if (leaks_wants_watched(row))
		ask_of(asking, leaks_about(row), QUESTION_WATCHED);
}

/* Who looks at its threads tells its descriptors as well. */
static void ask_of_descriptors(const struct asking *asking, uint32_t process)
{
	const struct process_id *id = &leaks_process(asking->leaks, process)->id;

	if (!questions_have_process(asking->questions, QUESTION_THREADS, id))
		questions_put_process(asking->questions, QUESTION_DESCRIPTORS, id);
}

static void ask_of_row(void *context, struct row *asked)
{
	const struct leak_row *row = (const struct leak_row *)asked;

	if (row->row.process && leaks_has_any(row))
		ask_of_descriptors(context, row->row.process);
	if (leaks_wants_ancestors(((const struct asking *)context)->leaks, row))
		ask_of(context, leaks_about(row), QUESTION_ANCESTORS);
}

/* One of a group's, each of which may be the nearest to its limit. */
static void ask_of_process(void *context, const struct count *count)
{
	if (count->process)
		ask_of_descriptors(context, count->process);
}

/* Each takes a pass over all descriptors: by turns, as the rows are looked at. */
static void ask_of_senders(const struct asking *asking, const struct turn *turn)
{
	size_t asked = 0;

	for (size_t i = 0; i < turn->looked && asked < SENDERS_A_REFRESH; i++) {
		if (!leaks_wants_sending(asking->leaks, turn->rows[i]))
			continue;
		ask_of(asking, leaks_about(turn->rows[i]), QUESTION_SENDING);
		asked++;
	}
}

void leaks_ask(const void *self, struct questions *questions)
{
	const struct leaks *leaks = self;
	struct asking asking = {leaks, questions};
	struct need need = needs_of_sockets(leaks);
	struct turn turn = turn_of(leaks);

	if (need.another_look)
		questions_put(questions, QUESTION_STILL);
	if (need.holders)
		questions_put(questions, QUESTION_HOLDERS);
	for (size_t i = 0; i < turn.looked; i++)
		ask_of_threads(&asking, turn.rows[i]);
	ask_of_senders(&asking, &turn);
	rows_each(&leaks->rows, ask_of_row, &asking);
	tally_each(&leaks->processes, ask_of_process, &asking);
	free(turn.rows);
}

/* What was asked for it, not what others may have asked. */
static void note_told(void *context, struct row *told)
{
	struct leak_row *row = (struct leak_row *)told;

	(void)context;
	if (!leaks_about(row) || !leaks_has_any(row))
		return;
	row->told = true;
	if (!leaks_wants_evidence(row)) {
		row->looked = false;
		row->looked_ns = 0;
	}
}

void leaks_note_looks(struct leaks *leaks)
{
	struct turn turn = turn_of(leaks);

	rows_each(&leaks->rows, note_told, NULL);
	for (size_t i = 0; i < turn.looked; i++) {
		turn.rows[i]->looked = true;
		turn.rows[i]->looked_ns = leaks->time_ns;
		turn.rows[i]->threads = leaks_facts(leaks, turn.rows[i]).looked_at;
	}
	free(turn.rows);
}

static const struct process_facts *facts_of(const struct leaks *leaks, const struct leak_row *row,
					    uint32_t number)
{
	static const struct process_facts unknown = {.fds = FACTS_UNKNOWN,
						     .fd_limit = FACTS_UNKNOWN};
	const struct process *process = leaks_process(leaks, number);

	return process && row->told && process->readings ? &process->readings->now : &unknown;
}

const struct process_facts *leaks_descriptors(const struct leaks *leaks, const struct leak_row *row)
{
	return facts_of(leaks, row, row->row.process ? row->row.process : row->nearest);
}

struct process_facts leaks_facts(const struct leaks *leaks, const struct leak_row *row)
{
	const struct process_facts *descriptors = leaks_descriptors(leaks, row);
	struct process_facts facts;

	if (leaks_listener(leaks, row))
		facts = leaks_listener_facts(leaks, row);
	else
		facts = *facts_of(leaks, row, leaks_about(row));
	facts.fds = descriptors->fds;
	facts.fd_limit = descriptors->fd_limit;
	facts.looked = facts.looked && row->looked;
	return facts;
}

double leaks_starved(const struct leaks *leaks, const struct leak_row *row)
{
	struct process_facts facts = leaks_facts(leaks, row);

	return threads_share(&facts, facts.starved_ns);
}

/* As young as it may be: its sets may have been read before it was there. */
enum epoll_watched leaks_watched(const struct leaks *leaks, const struct leak_row *row,
				 uint32_t process, const struct close_wait *close_wait)
{
	const struct close_waits *close_waits = &leaks->model->close_waits;
	uint64_t age_ns = close_wait_age_ns(close_waits, close_wait);

	if (!row->looked || process != leaks_about(row) || !leaks_wants_watched(row))
		return WATCHED_UNKNOWN;
	return processes_watched(leaks_process(leaks, process), close_wait->inode,
				 close_waits->time_ns - age_ns);
}

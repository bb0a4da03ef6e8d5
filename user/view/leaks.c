// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "leaks.h"

#include <string.h>

#include "memory.h"

const char *const leaks_sort_keys[] = {"sockets", "unread_bytes", "oldest_s", "growth_per_s",
				       "fds",	  "fd_limit",	  NULL};

void leaks_init(struct leaks *leaks, const struct leaks_config *config, struct model *model)
{
	*leaks = (struct leaks){.config = *config, .model = model};
	pool_init(&leaks->pool, sizeof(struct leak_row));
	index_init(&leaks->index, &leaks->pool);
}

static void each_row(const struct leaks *leaks, void (*visit)(struct leaks *, struct leak_row *))
{
	for (uint32_t i = 0; i <= leaks->index.mask; i++) {
		uint32_t number = leaks->index.slots[i].number;

		if (number)
			visit((struct leaks *)leaks, pool_get(&leaks->pool, number));
	}
}

static void free_row(struct leaks *leaks, struct leak_row *row)
{
	processes_release(&leaks->model->connections.processes, row->process);
	free(row->name);
}

void leaks_free(struct leaks *leaks)
{
	each_row(leaks, free_row);
	index_free(&leaks->index);
	pool_free(&leaks->pool);
	free(leaks->shown);
}

const struct process *leaks_process(const struct leaks *leaks, uint32_t number)
{
	return processes_get(&leaks->model->connections.processes, number);
}

static struct leak_row *row_of(struct leaks *leaks, uint32_t number)
{
	const struct process *process = leaks_process(leaks, number);
	uint64_t key = grouping_key(leaks->config.by, process);
	uint32_t row_number = index_find(&leaks->index, key);
	struct leak_row *row;
	char text[17];

	if (row_number)
		return pool_get(&leaks->pool, row_number);
	row_number = pool_add(&leaks->pool);
	row = pool_get(&leaks->pool, row_number);
	row->key = key;
	row->starved = -1;
	row->facts.fds = row->facts.fd_limit = FACTS_UNKNOWN;
	if (leaks->config.by == BY_PID) {
		row->process = number;
		processes_reference(&leaks->model->connections.processes, number);
	} else if (key) {
		row->name = memory_string(grouping_name(leaks->config.by, process, text));
	}
	index_add(&leaks->index, row_number);
	return row;
}

/* Cookies are given out in order: they decide between sockets that were there from the start. */
static bool is_older(const struct leak_socket *a, const struct leak_socket *b)
{
	if (a->age_ns != b->age_ns)
		return a->age_ns > b->age_ns;
	return a->close_wait->cookie < b->close_wait->cookie;
}

/* Keeps the oldest, in their order. */
static void keep_oldest(struct leak_row *row, struct leak_socket socket)
{
	for (int i = 0; i < LEAKS_OLDEST; i++) {
		struct leak_socket other = row->oldest[i];

		if (other.close_wait && !is_older(&socket, &other))
			continue;
		row->oldest[i] = socket;
		if (!other.close_wait)
			return;
		socket = other;
	}
}

static bool says_something(const struct leaks *leaks, uint64_t age_ns)
{
	return leaks->config.once || age_ns >= leaks->config.age_ns;
}

static void charge(struct leaks *leaks, uint32_t process, const struct close_wait *close_wait,
		   int64_t fd)
{
	uint64_t age_ns = close_wait_age_ns(&leaks->model->close_waits, close_wait);
	struct leak_row *row = row_of(leaks, process);

	if (row->last_cookie == close_wait->cookie)
		return;
	row->last_cookie = close_wait->cookie;
	row->sockets++;
	row->kinds[close_wait->kind]++;
	if (close_wait->recvq > 1)
		row->unread_bytes += close_wait->recvq - 1;
	if (says_something(leaks, age_ns))
		row->verdicts[verdict_of_socket(close_wait->kind, close_wait->direction)]++;
	keep_oldest(row, (struct leak_socket){close_wait, age_ns, fd});
}

static bool concerns(const struct leaks *leaks, const struct close_wait *close_wait,
		     struct holder_range holders)
{
	const struct process_filter *filter = leaks->config.processes;

	if (!process_filter_active(filter) ||
	    process_filter_match(filter, leaks_process(leaks, close_wait->owner)))
		return true;
	for (size_t i = 0; i < holders.count; i++)
		if (process_filter_match(filter, leaks_process(leaks, holders.first[i].process)))
			return true;
	return false;
}

/* To its holders, who are the ones who can close; a young one to its owner, and so what nobody
 * holds. */
static void charge_socket(void *context, const struct close_wait *close_wait)
{
	struct leaks *leaks = context;
	const struct close_waits *close_waits = &leaks->model->close_waits;
	struct holder_range holders = close_waits_holders(close_waits, close_wait);
	bool unaccepted = close_wait->kind == KIND_UNACCEPTED;
	bool young = !says_something(leaks, close_wait_age_ns(close_waits, close_wait));

	if (!concerns(leaks, close_wait, holders))
		return;
	if (young && close_wait->owner_by != OWNER_HOLDER && close_wait->owner && !unaccepted)
		holders.count = 0;
	for (size_t i = 0; i < holders.count; i++)
		charge(leaks, holders.first[i].process, close_wait,
		       unaccepted ? -1 : (int64_t)holders.first[i].fd);
	if (!holders.count)
		charge(leaks, close_wait->owner, close_wait, -1);
}

struct need {
	const struct leaks *leaks;
	bool holders;
};

static void look_for_need(void *context, const struct close_wait *close_wait)
{
	struct need *need = context;
	const struct close_waits *close_waits = &need->leaks->model->close_waits;

	if (close_wait->listed == close_waits->listing &&
	    (close_wait->kind == KIND_UNACCEPTED || !close_wait->owner ||
	     says_something(need->leaks, close_wait_age_ns(close_waits, close_wait))))
		need->holders = true;
}

bool leaks_need_holders(const struct leaks *leaks)
{
	struct need need = {.leaks = leaks};

	close_waits_each(&leaks->model->close_waits, look_for_need, &need);
	return need.holders || process_filter_active(leaks->config.processes);
}

static void clear_row(struct leaks *leaks, struct leak_row *row)
{
	(void)leaks;
	row->sockets = 0;
	row->unread_bytes = 0;
	row->last_cookie = 0;
	memset(row->kinds, 0, sizeof(row->kinds));
	memset(row->verdicts, 0, sizeof(row->verdicts));
	memset(row->oldest, 0, sizeof(row->oldest));
}

static void show_row(struct leaks *leaks, struct leak_row *row)
{
	leaks->shown[leaks->shown_count++] = row;
}

static void show_if_due(struct leaks *leaks, struct leak_row *row)
{
	if (row->sockets || row->was_shown)
		show_row(leaks, row);
	row->was_shown = row->sockets != 0;
}

static void note_losses(struct leaks *leaks)
{
	uint64_t losses = losses_total(&leaks->model->losses);

	leaks->incomplete = losses != leaks->losses || leaks->model->close_waits.broken;
	leaks->losses = losses;
}

struct idle {
	uint64_t *keys;
	size_t count;
};

/* Rows without sockets have nothing to tell: beyond the bound they are forgotten. */
static void forget_idle(struct leaks *leaks)
{
	struct idle idle = {.keys = memory_new(leaks->pool.live, sizeof(*idle.keys))};

	for (uint32_t i = 0; i <= leaks->index.mask; i++) {
		uint32_t number = leaks->index.slots[i].number;
		const struct leak_row *row = number ? pool_get(&leaks->pool, number) : NULL;

		if (row && !row->sockets && !row->was_shown)
			idle.keys[idle.count++] = row->key;
	}
	for (size_t i = 0; i < idle.count; i++) {
		uint32_t number = index_find(&leaks->index, idle.keys[i]);

		free_row(leaks, pool_get(&leaks->pool, number));
		index_remove(&leaks->index, idle.keys[i]);
		pool_remove(&leaks->pool, number);
	}
	free(idle.keys);
}

void leaks_refresh(struct leaks *leaks, bool last)
{
	if (leaks->pool.live > LEAKS_ROWS_MAX)
		forget_idle(leaks);
	each_row(leaks, clear_row);
	close_waits_each(&leaks->model->close_waits, charge_socket, leaks);
	leaks->shown = memory_resize(leaks->shown, leaks->pool.live + 1, sizeof(*leaks->shown));
	leaks->shown_count = 0;
	each_row(leaks, last ? show_row : show_if_due);
	leaks->seq++;
	note_losses(leaks);
	leaks_sort(leaks, leaks_sort_keys[0]);
	for (size_t i = 0; i < leaks->shown_count; i++)
		growth_add(&leaks->shown[i]->growth, leaks->model->close_waits.time_ns,
			   leaks->shown[i]->sockets);
}

bool leaks_wants_evidence(const struct leak_row *row)
{
	enum verdict verdict = leaks_verdict(row);

	return row->process && (verdict == VERDICT_STALL || verdict == VERDICT_NOT_READING);
}

void leaks_take_facts(struct leak_row *row, const struct process_facts *facts)
{
	uint64_t ran = facts->run_ns - row->facts.run_ns;
	uint64_t starved = facts->starved_ns - row->facts.starved_ns;

	row->starved = -1;
	if (row->facts.looked && facts->looked && ran + starved > 0)
		row->starved = (double)starved / (double)(ran + starved);
	row->facts = *facts;
}

enum verdict leaks_verdict(const struct leak_row *row)
{
	return verdict_of_counts(row->verdicts);
}

uint64_t leaks_oldest_ns(const struct leak_row *row)
{
	return row->oldest[0].close_wait ? row->oldest[0].age_ns : 0;
}

static double known(uint64_t figure)
{
	return figure == FACTS_UNKNOWN ? -1 : (double)figure;
}

static double figure(const struct leaks *leaks, const struct leak_row *row, const char *key)
{
	double per_s = 0;

	if (strcmp(key, "unread_bytes") == 0)
		return (double)row->unread_bytes;
	if (strcmp(key, "oldest_s") == 0)
		return (double)leaks_oldest_ns(row);
	if (strcmp(key, "fds") == 0)
		return known(row->facts.fds);
	if (strcmp(key, "fd_limit") == 0)
		return known(row->facts.fd_limit);
	if (strcmp(key, "growth_per_s") == 0) {
		growth_per_s(&row->growth, leaks->model->close_waits.time_ns, row->sockets, &per_s);
		return per_s;
	}
	return row->sockets;
}

struct order {
	const struct leaks *leaks;
	const char *key;
};

/* The greater figure first, the lower key for equals, so that rows do not jump. */
static int compare(const void *a, const void *b, void *context)
{
	const struct leak_row *left = *(struct leak_row *const *)a;
	const struct leak_row *right = *(struct leak_row *const *)b;
	const struct order *order = context;
	double difference =
		figure(order->leaks, left, order->key) - figure(order->leaks, right, order->key);

	if (difference != 0)
		return difference > 0 ? -1 : 1;
	return (left->key > right->key) - (left->key < right->key);
}

void leaks_sort(struct leaks *leaks, const char *key)
{
	struct order order = {leaks, key};

	if (leaks->shown_count)
		qsort_r(leaks->shown, leaks->shown_count, sizeof(*leaks->shown), compare, &order);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "writer/format.h"
#include "view/leaks/leaks.h"
#include "view/objects.h"
#include "record/names.h"

static void number_or_null(struct json *json, const char *key, uint64_t figure)
{
	if (figure == FACTS_UNKNOWN)
		json_null(json, key);
	else
		json_number(json, key, figure);
}

static void holder(struct json *json, const struct leaks *leaks, const struct holder *holder)
{
	const struct process *process = leaks_process(leaks, holder->process);

	json_open(json, NULL, '{');
	json_number(json, "pid", process->id.pid);
	json_string(json, "comm", process->id.comm, sizeof(process->id.comm));
	json_number(json, "fd", holder->fd);
	json_close(json, '}');
}

static void holders(struct json *json, const struct leaks *leaks,
		    const struct close_wait *close_wait)
{
	struct holder_range range = {0};

	if (close_wait->kind != KIND_UNACCEPTED)
		range = close_waits_holders(&leaks->model->close_waits, close_wait);
	json_open(json, "holders", '[');
	for (size_t i = 0; i < range.count; i++)
		holder(json, leaks, &range.first[i]);
	json_close(json, ']');
}

static void connection(struct json *json, const struct leaks *leaks,
		       const struct leak_socket *socket)
{
	const struct close_wait *close_wait = socket->close_wait;

	json_open(json, NULL, '{');
	json_hex(json, "cookie", close_wait->cookie);
	object_tuple(json, &close_wait->tuple, false);
	json_plain(json, "direction", direction_name(close_wait->direction));
	if (socket->fd < 0)
		json_null(json, "fd");
	else
		json_number(json, "fd", (uint64_t)socket->fd);
	json_seconds(json, "age_s", socket->age_ns);
	json_bool(json, "age_is_lower_bound", !close_wait->since_ns);
	json_number(json, "recvq_bytes", close_wait->recvq);
	json_plain(json, "kind", close_wait_kind_name(close_wait->kind));
	holders(json, leaks, close_wait);
	json_close(json, '}');
}

static uint32_t connections(struct json *json, const struct leaks *leaks,
			    const struct leak_row *row)
{
	uint32_t count = 0;

	json_open(json, "connections", '[');
	for (; count < LEAKS_OLDEST && row->oldest[count].close_wait; count++)
		connection(json, leaks, &row->oldest[count]);
	json_close(json, ']');
	return count;
}

static void evidence(struct json *json, const struct leaks *leaks, const struct leak_row *row)
{
	struct process_facts facts = leaks_facts(leaks, row);
	double starved = leaks_starved(leaks, row);
	char state[2] = {(char)facts.state, 0};

	if (!leaks_wants_evidence(row) || !facts.looked) {
		json_null(json, "evidence");
		return;
	}
	json_open(json, "evidence", '{');
	json_number(json, "threads", facts.threads);
	json_number(json, "waiting", facts.waiting);
	json_plain(json, "state", facts.state ? state : NULL);
	json_string(json, "wchan", facts.wchan[0] ? facts.wchan : NULL, FACTS_NAME);
	json_string(json, "syscall", facts.syscall[0] ? facts.syscall : NULL, FACTS_NAME);
	json_number(json, "stopped", facts.stopped);
	json_number(json, "frozen", facts.frozen);
	if (starved < 0)
		json_null(json, "starved");
	else
		json_real(json, "starved", starved);
	json_close(json, '}');
}

static void kinds(struct json *json, const struct leak_row *row)
{
	json_open(json, "kinds", '{');
	for (unsigned int kind = 0; kind < KINDS; kind++)
		json_number(json, close_wait_kind_name(kind), row->kinds[kind]);
	json_close(json, '}');
}

static void growth(struct json *json, const struct leaks *leaks, const struct leak_row *row)
{
	double per_s;

	if (leaks_growth(leaks, row, &per_s))
		json_real(json, "growth_per_s", per_s);
	else
		json_null(json, "growth_per_s");
}

static void show_row(const struct leaks *leaks, struct output *output, const struct leak_row *row)
{
	const struct clock_offsets *clocks = &leaks->model->clocks;
	struct process_facts facts = leaks_facts(leaks, row);
	struct json json;
	uint32_t shown;

	object_begin(&json, output, "close_wait", leaks->time_ns, clocks);
	json_number(&json, "seq", leaks->rows.seq);
	object_process(&json, "process", leaks_process(leaks, row->row.process), clocks);
	json_string(&json, "key", row->row.name, SIZE_MAX);
	json_number(&json, "sockets", row->sockets);
	kinds(&json, row);
	json_number(&json, "unread_bytes", row->unread_bytes);
	if (row->sockets)
		json_seconds(&json, "oldest_s", leaks_oldest_ns(row));
	else
		json_null(&json, "oldest_s");
	growth(&json, leaks, row);
	number_or_null(&json, "fds", facts.fds);
	number_or_null(&json, "fd_limit", facts.fd_limit);
	json_plain(&json, "verdict", verdict_name(leaks_verdict(row)));
	evidence(&json, leaks, row);
	shown = connections(&json, leaks, row);
	json_number(&json, "omitted", row->sockets - shown);
	json_bool(&json, "incomplete", leaks->incomplete);
	json_end(&json);
}

void leaks_show_json(void *self, struct output *output, size_t limit)
{
	const struct leaks *leaks = self;
	size_t rows = limit && limit < leaks->rows.shown_count ? limit : leaks->rows.shown_count;

	for (size_t i = 0; i < rows; i++)
		show_row(leaks, output, leaks_shown(leaks, i));
	object_refresh(output, "leaks", leaks->time_ns, &leaks->model->clocks, leaks->rows.seq,
		       rows, leaks->incomplete);
}

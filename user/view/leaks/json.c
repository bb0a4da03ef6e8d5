// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The members of a row, each said once. */
#include "base/macros.h"
#include "record/names.h"
#include "view/leaks/leaks.h"
#include "writer/format.h"

static const struct leak_row *of(const void *row)
{
	return row;
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
	json_bool(json, "age_is_lower_bound", close_wait->at_least);
	json_number(json, "recvq_bytes", close_wait->recvq);
	json_plain(json, "kind", close_wait_kind_name(socket->kind));
	holders(json, leaks, close_wait);
	json_close(json, '}');
}

static uint32_t oldest_count(const struct leak_row *row)
{
	uint32_t count = 0;

	while (count < LEAKS_OLDEST && row->oldest[count].close_wait)
		count++;
	return count;
}

static void write_connections(struct json *json, const struct member *member, const void *view,
			      const void *row)
{
	json_open(json, member->key, '[');
	for (uint32_t i = 0; i < oldest_count(of(row)); i++)
		connection(json, view, &of(row)->oldest[i]);
	json_close(json, ']');
}

static void write_evidence(struct json *json, const struct member *member, const void *view,
			   const void *at)
{
	const struct leaks *leaks = view;
	const struct leak_row *row = at;
	struct process_facts facts = leaks_facts(leaks, row);
	double starved = leaks_starved(leaks, row);
	char state[2] = {(char)facts.state, 0};

	if (!leaks_wants_evidence(row) || !facts.looked) {
		json_null(json, member->key);
		return;
	}
	json_open(json, member->key, '{');
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

static void write_process(struct json *json, const struct member *member, const void *view,
			  const void *row)
{
	const struct leaks *leaks = view;

	object_process(json, member->key, leaks_process(leaks, of(row)->row.process),
		       &leaks->model->clocks);
}

static void write_group(struct json *json, const struct member *member, const void *view,
			const void *row)
{
	(void)view;
	json_string(json, member->key, of(row)->row.name, SIZE_MAX);
}

static void write_verdict(struct json *json, const struct member *member, const void *view,
			  const void *row)
{
	(void)view;
	json_plain(json, member->key, verdict_name(leaks_verdict(row)));
}

static void write_omitted(struct json *json, const struct member *member, const void *view,
			  const void *row)
{
	(void)view;
	json_number(json, member->key, of(row)->sockets - oldest_count(row));
}

static void write_incomplete(struct json *json, const struct member *member, const void *view,
			     const void *row)
{
	(void)row;
	json_bool(json, member->key, ((const struct leaks *)view)->incomplete);
}

static struct value oldest_s(const void *view, const void *row)
{
	(void)view;
	return value_number(of(row)->sockets, leaks_oldest_ns(row));
}

static struct value growth_per_s_of(const void *view, const void *row)
{
	double per_s = 0;
	bool known = leaks_growth(view, row, &per_s);

	return value_real(known, per_s);
}

static struct value fds(const void *view, const void *row)
{
	uint64_t count = leaks_facts(view, row).fds;

	return value_number(count != FACTS_UNKNOWN, count);
}

static struct value fd_limit(const void *view, const void *row)
{
	uint64_t limit = leaks_facts(view, row).fd_limit;

	return value_number(limit != FACTS_UNKNOWN, limit);
}

static const struct dimension kinds = {close_wait_kind_name, 0, KINDS};

#define GAUGE(name) .key = name, .kind = FIGURE_GAUGE

static const struct member members[] = {
	{"process", .write = write_process},
	{"key", .write = write_group},
	{GAUGE("sockets"), MEMBER_AT(struct leak_row, sockets), .present = true,
	 .title = "CLOSE_WAIT", .help = "in CLOSE_WAIT now"},
	{GAUGE("kinds"), MEMBER_AT(struct leak_row, kinds[0]), .dimension = &kinds},
	{GAUGE("unread_bytes"), MEMBER_AT(struct leak_row, unread_bytes), .unit = UNIT_BYTES,
	 .help = "data that is not read, without FINs"},
	{GAUGE("oldest_s"), .unit = UNIT_SECONDS, .value = oldest_s, .title = "OLDEST",
	 .help = "age of the oldest"},
	{GAUGE("growth_per_s"), .unit = UNIT_PER_S, .value = growth_per_s_of, .title = "GROWTH/S",
	 .help = "more sockets a second, over a minute at most"},
	{GAUGE("fds"), .value = fds, .title = "FDS", .help = "descriptors of the process"},
	{GAUGE("fd_limit"), .value = fd_limit, .title = "LIMIT",
	 .help = "and how many it may have"},
	{"verdict", .write = write_verdict},
	{"evidence", .write = write_evidence},
	{"connections", .write = write_connections},
	{"omitted", .write = write_omitted},
	{"incomplete", .write = write_incomplete},
};

const struct table leaks_table = {"close_wait", members, LENGTH(members)};

void leaks_show_json(void *self, struct output *output, size_t limit)
{
	const struct leaks *leaks = self;
	const struct clock_offsets *clocks = &leaks->model->clocks;
	size_t rows = table_show_rows(&leaks_table, output, leaks, &leaks->rows, leaks->time_ns,
				      limit, clocks);

	object_refresh(output, "leaks", leaks->time_ns, clocks, leaks->rows.seq, rows,
		       leaks->incomplete);
}

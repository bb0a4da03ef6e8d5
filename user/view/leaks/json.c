// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The members of a row, each said once. */
#include "base/macros.h"
#include "record/names.h"
#include "view/holders.h"
#include "view/leaks/leaks.h"
#include "view/threads.h"
#include "view/row_members.h"
#include "writer/format.h"

static const struct leak_row *of(const void *row)
{
	return row;
}

static void holders_of(struct json *json, const struct leaks *leaks,
		       const struct leak_socket *socket)
{
	struct holder_range range = {0};

	if (socket->close_wait->kind != KIND_UNACCEPTED)
		range = close_waits_holders(&leaks->model->close_waits, socket->close_wait);
	holders_write(json, &leaks->rows, range, socket->process);
}

/* NULL: not known. */
static const char *const watched_names[] = {
	[WATCHED_UNKNOWN] = NULL,
	[WATCHED_NO] = "no",
	[WATCHED_IN] = "in",
	[WATCHED_OTHER] = "other",
};

static void connection(struct json *json, const struct leaks *leaks, const struct leak_row *row,
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
	json_plain(json, "watched",
		   watched_names[leaks_watched(leaks, row, socket->process, close_wait)]);
	holders_of(json, leaks, socket);
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
		connection(json, view, of(row), &of(row)->oldest[i]);
	json_close(json, ']');
}

/* Null where its epoll sets were not asked about, or that had no answer. */
static void unwatched(struct json *json, const struct leaks *leaks, const struct leak_row *row)
{
	const struct process *process = leaks_process(leaks, leaks_about(row));

	if (process && process->watches && row->looked && leaks_wants_watched(row))
		json_number(json, "unwatched", row->old.unwatched);
	else
		json_null(json, "unwatched");
}

static void write_evidence(struct json *json, const struct member *member, const void *view,
			   const void *row)
{
	const struct leaks *leaks = view;
	struct process_facts facts = leaks_facts(leaks, row);

	json_open(json, member->key, '{');
	json_plain(json, "cause", leak_cause_name(of(row)->judgement.cause));
	threads_write(json, &facts, &leaks->model->clocks);
	unwatched(json, leaks, row);
	leaks_json_listener(json, leaks, row);
	leaks_json_peer(json, leaks, row);
	json_close(json, '}');
}

static void write_owner_by(struct json *json, const struct member *member, const void *view,
			   const void *row)
{
	(void)view;
	row_owner_by(json, member->key, &of(row)->owner_by);
}

static void write_process(struct json *json, const struct member *member, const void *view,
			  const void *row)
{
	const struct leaks *leaks = view;

	object_process(json, member->key, leaks_process(leaks, of(row)->row.process),
		       &leaks->model->clocks);
}

static void write_maker(struct json *json, const struct member *member, const void *view,
			const void *row)
{
	const struct leaks *leaks = view;

	object_process(json, member->key, leaks_maker(leaks, row), &leaks->model->clocks);
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

static void write_began(struct json *json, const struct member *member, const void *view,
			const void *row)
{
	const struct clock_offsets *clocks = &((const struct leaks *)view)->model->clocks;
	uint64_t now_ns = ((const struct leaks *)view)->time_ns;
	const struct began *began = &of(row)->began;

	if (!began->count) {
		json_null(json, member->key);
		return;
	}
	json_open(json, member->key, '[');
	for (unsigned int i = 0; i < BEGAN_SPANS; i++) {
		json_open(json, NULL, '{');
		object_time(json, "from", began_span_ns(began, now_ns, i), clocks);
		object_time(json, "to", began_span_ns(began, now_ns, i + 1), clocks);
		json_number(json, "count", began->counts[i]);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static struct value dead(const void *view, const void *row)
{
	uint32_t count = leaks_dead(view, row);

	return value_number(count != COUNT_UNKNOWN, count);
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
	uint64_t count = leaks_descriptors(view, row)->fds;

	return value_number(count != FACTS_UNKNOWN, count);
}

static struct value fd_limit(const void *view, const void *row)
{
	uint64_t limit = leaks_descriptors(view, row)->fd_limit;

	return value_number(limit != FACTS_UNKNOWN, limit);
}

static struct value fds_exhausted_in_s(const void *view, const void *row)
{
	double seconds = 0;
	bool known = leaks_fds_exhausted_in(view, row, &seconds);

	return value_real(known, seconds);
}

static const struct dimension kinds = {close_wait_kind_name, 0, KINDS};

#define GAUGE(name) .key = name, .kind = FIGURE_GAUGE

static const struct member members[] = {
	{"process", .write = write_process},
	{"key", .write = row_write_key},
	{"owner_by", .write = write_owner_by},
	{GAUGE("sockets"), MEMBER_AT(struct leak_row, sockets), .present = true,
	 .title = "CLOSE_WAIT", .help = "in CLOSE_WAIT now"},
	{GAUGE("kinds"), MEMBER_AT(struct leak_row, kinds[0]), .dimension = &kinds},
	{GAUGE("dead"), .value = dead, .present = true,
	 .help = "connections that are gone, but not closed"},
	{GAUGE("unread_bytes"), MEMBER_AT(struct leak_row, unread_bytes), .unit = UNIT_BYTES,
	 .help = "data that is not read, without FINs"},
	{GAUGE("oldest_s"), .unit = UNIT_SECONDS, .value = oldest_s, .title = "OLDEST",
	 .help = "age of the oldest"},
	{"began", .write = write_began},
	{GAUGE("growth_per_s"), .unit = UNIT_PER_S, .value = growth_per_s_of, .title = "GROWTH/S",
	 .help = "more sockets a second, dead or not, over a minute at most"},
	{GAUGE("fds"), .value = fds, .title = "FDS", .help = "descriptors of the process"},
	{GAUGE("fd_limit"), .value = fd_limit, .title = "LIMIT",
	 .help = "and how many it may have"},
	{GAUGE("fds_exhausted_in_s"), .value = fds_exhausted_in_s,
	 .help = "until the last descriptor goes, at this growth"},
	{"verdict", .write = write_verdict},
	{"evidence", .write = write_evidence},
	{"places", .write = leaks_json_places},
	{"maker", .write = write_maker},
	{"connections", .write = write_connections},
	{"omitted", .write = write_omitted},
	{"stacks", .write = leaks_json_stacks},
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

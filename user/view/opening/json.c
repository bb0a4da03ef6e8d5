// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The members of both kinds of rows, each said once. */
#include "base/macros.h"
#include "record/names.h"
#include "view/holders.h"
#include "view/opening/opening.h"
#include "view/place.h"
#include "view/row_members.h"
#include "view/threads.h"

static const struct opening_row *of(const void *row)
{
	return row;
}

static const struct listener_row *listener(const void *row)
{
	return row;
}

static const struct clock_offsets *clocks_of(const void *view)
{
	return &((const struct opening *)view)->model->clocks;
}

static bool counts(const void *view)
{
	return !model_lacks(((const struct opening *)view)->model, WANT_TRANSITIONS);
}

/* Both kinds begin with a struct row. */
static void write_process(struct json *json, const struct member *member, const void *view,
			  const void *row)
{
	const struct opening *opening = view;

	object_process(json, member->key,
		       rows_process(&opening->rows, ((const struct row *)row)->process),
		       clocks_of(view));
}

static void write_place(struct json *json, const struct member *member, const void *view,
			const void *row)
{
	(void)member;
	(void)view;
	json_plain(json, "direction", direction_name(DIRECTION_OUT));
	place_write(json, &of(row)->row, &of(row)->tuple, DIRECTION_OUT, &of(row)->family);
}

static void write_failed(struct json *json, const struct member *member, const void *view,
			 const void *row)
{
	if (!counts(view)) {
		json_null(json, member->key);
		return;
	}
	json_open(json, member->key, '{');
	for (unsigned int i = 0; i < FAILED_WAYS; i++)
		if (of(row)->failed[i] || i == FAILED_GAVE_UP)
			json_number(json, connect_failure_name(i), of(row)->failed[i]);
	json_close(json, '}');
}

static void write_handshake(struct json *json, const struct member *member, const void *view,
			    const void *row)
{
	struct histogram_scale scale;

	if (!counts(view)) {
		json_null(json, member->key);
		return;
	}
	histogram_scale_log2(&scale, &of(row)->handshake, 0, HISTOGRAM_EDGES);
	object_histogram(json, member->key, &of(row)->handshake, &scale);
}

static void write_verdict(struct json *json, const struct member *member, const void *view,
			  const void *row)
{
	(void)view;
	json_plain(json, member->key, opening_verdict_name(of(row)->verdict));
}

static void write_other_end(struct json *json, const struct opening *opening,
			    const struct opening_row *row)
{
	const struct listener_row *found = opening_other_end(opening, row);

	if (!found) {
		json_null(json, "listener");
		return;
	}
	json_open(json, "listener", '{');
	json_plain(json, "direction", direction_name(DIRECTION_IN));
	object_tuple(json, &found->tuple, true);
	json_number(json, "queue", found->queue);
	json_number(json, "queue_limit", found->queue_limit);
	holders_list(json, &opening->listeners, listeners_holders(opening, found),
		     found->row.process);
	json_close(json, '}');
}

static void write_tracking(struct json *json, const struct opening *opening,
			   const struct opening_row *row)
{
	struct tracking tracking;

	if (!opening_tracking(opening, row->tuple.netns, &tracking)) {
		json_null(json, "conntrack");
		return;
	}
	json_open(json, "conntrack", '{');
	json_number(json, "netns", tracking.netns);
	json_number(json, "count", tracking.conntrack.count);
	json_number(json, "max", tracking.conntrack.max);
	json_number(json, "insert_failed", tracking.conntrack.insert_failed);
	json_number(json, "drop", tracking.conntrack.drop);
	json_number(json, "early_drop", tracking.conntrack.early_drop);
	json_close(json, '}');
}

static void write_evidence(struct json *json, const struct member *member, const void *view,
			   const void *row)
{
	json_open(json, member->key, '{');
	write_other_end(json, view, row);
	write_tracking(json, view, row);
	json_bool(json, "inferred", opening_is_inferred(view, row));
	json_close(json, '}');
}

static struct value oldest_s(const void *view, const void *row)
{
	(void)view;
	return value_number(of(row)->oldest_known, of(row)->oldest_ns);
}

static struct value attempts(const void *view, const void *row)
{
	return value_number(counts(view), of(row)->attempts);
}

static struct value established(const void *view, const void *row)
{
	return value_number(counts(view), of(row)->established);
}

static struct value failures(const void *view, const void *row)
{
	return value_number(counts(view), of(row)->failures);
}

#define GAUGE(row, field)   .key = #field, .kind = FIGURE_GAUGE, MEMBER_AT(struct row, field)
#define COUNTER(row, field) .key = #field, .kind = FIGURE_COUNTER, MEMBER_AT(struct row, field)

static void write_stacks(struct json *json, const struct member *member, const void *view,
			 const void *row)
{
	stack_tally_write(json, member->key, opening_stacks(view), ((const struct row *)row)->key);
}

static const struct member members[] = {
	{"process", .write = write_process},
	{"key", .write = row_write_key},
	{NULL, .write = write_place},
	{GAUGE(opening_row, pending), .present = true, .title = "PENDING",
	 .help = "in SYN_SENT now"},
	{"oldest_s", .kind = FIGURE_GAUGE, .unit = UNIT_SECONDS, .value = oldest_s,
	 .title = "OLDEST", .help = "since the first SYN, of the oldest of these"},
	{GAUGE(opening_row, retransmits), .title = "RETRANS",
	 .help = "SYNs sent again, of the one with most"},
	{COUNTER(opening_row, attempts), .value = attempts, .title = "TRIED",
	 .help = "connects that sent a SYN, or got no port"},
	{COUNTER(opening_row, established), .value = established, .title = "MADE",
	 .help = "of these, those that came about"},
	/* and, by hand, in how many ways it did not */
	{"failed", .write = write_failed, .kind = FIGURE_COUNTER,
	 MEMBER_AT(struct opening_row, failures), .value = failures, .title = "FAILED",
	 .help = "and those that did not"},
	{"handshake", .write = write_handshake},
	{"verdict", .write = write_verdict},
	{"evidence", .write = write_evidence},
	{"stacks", .write = write_stacks},
	{"incomplete", .write = row_write_incomplete},
};

const struct table opening_table = {"opening", members, LENGTH(members)};

static void write_holders(struct json *json, const struct member *member, const void *view,
			  const void *row)
{
	const struct opening *opening = view;

	(void)member;
	holders_write(json, &opening->listeners, listeners_holders(opening, listener(row)),
		      listener(row)->row.process);
}

static void write_listener_place(struct json *json, const struct member *member, const void *view,
				 const void *row)
{
	(void)member;
	(void)view;
	object_local(json, &listener(row)->tuple);
	json_number(json, "lport", listener(row)->tuple.lport);
}

static void write_limited_by(struct json *json, const struct member *member, const void *view,
			     const void *row)
{
	json_plain(json, member->key, listeners_limited_by(view, listener(row)));
}

/* As that of `close_wait`. */
static void write_threads(struct json *json, const struct member *member, const void *view,
			  const void *row)
{
	struct process_facts facts = listeners_facts(view, listener(row));

	json_open(json, member->key, '{');
	json_null(json, "cause");
	threads_write(json, &facts, clocks_of(view));
	json_null(json, "unwatched");
	json_null(json, "listener");
	json_null(json, "peer");
	json_close(json, '}');
}

static void write_listener_verdict(struct json *json, const struct member *member, const void *view,
				   const void *row)
{
	(void)view;
	json_plain(json, member->key, listener_verdict_name(listener(row)->verdict));
}

static struct value syn_queue(const void *view, const void *row)
{
	(void)view;
	return value_number(listener(row)->syn_queue != SYN_QUEUE_UNKNOWN,
			    listener(row)->syn_queue);
}

static struct value accepted(const void *view, const void *row)
{
	return value_number(listeners_count(view, row), listener(row)->accepted);
}

static struct value accepted_per_s(const void *view, const void *row)
{
	double per_s = 0;
	bool known = listeners_rate(view, row, &per_s);

	return value_real(known, per_s);
}

static struct value overflows(const void *view, const void *row)
{
	(void)view;
	return value_number(listener(row)->counted, listener(row)->overflows);
}

static const struct member listener_members[] = {
	{"process", .write = write_process},
	{"key", .write = row_write_key},
	{NULL, .write = write_holders},
	{NULL, .write = write_listener_place},
	{GAUGE(listener_row, queue), .present = true},
	{GAUGE(listener_row, queue_limit)},
	{"syn_queue", .kind = FIGURE_GAUGE, .value = syn_queue},
	{GAUGE(listener_row, dropped), .title = "DROPPED"},
	{COUNTER(listener_row, accepted), .value = accepted, .title = "ACCEPTED"},
	{"accepted_per_s", .kind = FIGURE_GAUGE, .unit = UNIT_PER_S, .value = accepted_per_s,
	 .title = "ACC/S"},
	{COUNTER(listener_row, overflows), .value = overflows},
	{"limited_by", .write = write_limited_by},
	{"evidence", .write = write_threads},
	{"verdict", .write = write_listener_verdict},
	{"incomplete", .write = row_write_incomplete},
};

const struct table listener_table = {"listener", listener_members, LENGTH(listener_members)};

void opening_show_json(void *self, struct output *output, size_t limit)
{
	const struct opening *opening = self;
	const struct clock_offsets *clocks = clocks_of(opening);
	size_t rows = table_show_rows(&opening_table, output, opening, &opening->rows,
				      opening->time_ns, limit, clocks);

	rows += table_show_rows(&listener_table, output, opening, &opening->listeners,
				opening->time_ns, limit, clocks);
	object_refresh(output, "opening", opening->time_ns, clocks, opening->rows.seq, rows,
		       opening->incomplete);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The members of a destination, and of a failure, each said once. */
#include "base/macros.h"
#include "record/names.h"
#include "view/objects.h"
#include "view/ports/internal.h"
#include "view/row_members.h"

static const struct port_row *of(const void *row)
{
	return row;
}

static const struct clock_offsets *clocks_of(const void *view)
{
	return &((const struct ports *)view)->model->clocks;
}

static bool knows_bound(const void *view, const void *row)
{
	return of(row)->now.supply_known && ports_know_bound(view);
}

/* Destination: no local port. */
static void write_place(struct json *json, const struct member *member, const void *view,
			const void *row)
{
	struct tuple place = of(row)->tuple;

	(void)member;
	(void)view;
	place.family = of(row)->family.mixed ? 0 : (uint16_t)of(row)->family.value;
	if (of(row)->range)
		object_nowhere(json, place.netns);
	else
		object_destination(json, &place);
}

static void write_states(struct json *json, const struct member *member, const void *view,
			 const void *row)
{
	const struct census *census = &of(row)->now;

	(void)view;
	json_open(json, member->key, '{');
	for (unsigned int state = TCP_ESTABLISHED; state < TCP_STATES; state++)
		if (census->by_state[state])
			json_number(json, tcp_state_name(state), census->by_state[state]);
	json_close(json, '}');
}

/* A process, or the name of the group that it stands for. */
static void write_group(struct json *json, const struct ports *ports, uint32_t number)
{
	const struct process *process = rows_process(&ports->rows, number);
	bool by_pid = ports->config.by == BY_PID;
	char text[17];

	object_process(json, "process", by_pid ? process : NULL, clocks_of(ports));
	if (!by_pid && grouping_key(ports->config.by, process))
		json_string(json, "key", grouping_name(ports->config.by, process, text), SIZE_MAX);
	else
		json_null(json, "key");
}

static void write_owners(struct json *json, const struct member *member, const void *view,
			 const void *row)
{
	struct port_owners owners = ports_owners(view, &of(row)->now);

	json_open(json, member->key, '[');
	for (size_t i = 0; i < owners.count; i++) {
		json_open(json, NULL, '{');
		write_group(json, view, owners.items[i].process);
		json_number(json, "ports", owners.items[i].ports);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void write_blockers(struct json *json, const struct member *member, const void *view,
			   const void *row)
{
	const struct ports *ports = view;
	struct port_blocker blockers[PORTS_LISTED];
	size_t count = port_spaces_blockers(&ports->model->ports, of(row)->tuple.netns,
					    &of(row)->now.supply, blockers, PORTS_LISTED);

	if (!knows_bound(view, row)) {
		json_null(json, member->key);
		return;
	}
	json_open(json, member->key, '[');
	for (size_t i = 0; i < count; i++) {
		json_open(json, NULL, '{');
		object_process(json, "process", rows_process(&ports->rows, blockers[i].process),
			       clocks_of(view));
		json_number(json, "ports", blockers[i].ports);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void write_listeners(struct json *json, const struct member *member, const void *view,
			    const void *row)
{
	const struct ports *ports = view;
	const struct connection *listeners[PORTS_LISTED];
	size_t count = ports_listeners_in_range(ports, of(row), listeners, PORTS_LISTED);

	if (!of(row)->now.supply_known) {
		json_null(json, member->key);
		return;
	}
	json_open(json, member->key, '[');
	for (size_t i = 0; i < count; i++) {
		json_open(json, NULL, '{');
		object_process(json, "process", rows_process(&ports->rows, listeners[i]->owner),
			       clocks_of(view));
		json_number(json, "lport", listeners[i]->tuple.lport);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void write_is_upper_bound(struct json *json, const struct member *member, const void *view,
				 const void *row)
{
	if (of(row)->now.supply_known)
		json_bool(json, member->key, !ports_know_bound(view));
	else
		json_null(json, member->key);
}

static void write_incomplete(struct json *json, const struct member *member, const void *view,
			     const void *row)
{
	(void)row;
	json_bool(json, member->key, ((const struct ports *)view)->incomplete);
}

/* Of the settings of a namespace: not known where they could not be read. */
static struct value setting(const void *row, uint32_t number)
{
	return value_number(of(row)->now.supply_known, number);
}

static struct value range_low(const void *view, const void *row)
{
	(void)view;
	return setting(row, of(row)->now.supply.low);
}

static struct value range_high(const void *view, const void *row)
{
	(void)view;
	return setting(row, of(row)->now.supply.high);
}

static struct value reserved(const void *view, const void *row)
{
	(void)view;
	return setting(row, of(row)->now.supply.reserved);
}

static struct value blocked_by_bind(const void *view, const void *row)
{
	return value_number(knows_bound(view, row), of(row)->now.supply.blocked);
}

static struct value bound(const void *view, const void *row)
{
	return value_number(ports_know_bound(view), of(row)->now.bound);
}

static struct value bound_in_range(const void *view, const void *row)
{
	return value_number(knows_bound(view, row), of(row)->now.bound_in_range);
}

static struct value supply(const void *view, const void *row)
{
	uint32_t number;
	bool known = ports_supply(&of(row)->now, &number);

	(void)view;
	return value_number(known, number);
}

static struct value free_ports(const void *view, const void *row)
{
	uint32_t number, used = of(row)->now.used;
	bool known = ports_supply(&of(row)->now, &number) && ports_know_bound(view);

	return value_number(known, number > used ? number - used : 0);
}

static struct value reusable(const void *view, const void *row)
{
	const struct ports *ports = view;

	return value_number(ports_know_bound(ports), of(row)->now.reusable);
}

static struct value consumed_per_s(const void *view, const void *row)
{
	double per_s = 0;
	bool known = ports_consumed(view, row, &per_s);

	return value_real(known, per_s);
}

static struct value sustainable_per_s(const void *view, const void *row)
{
	double per_s = 0;
	bool known = ports_sustainable(view, row, &per_s);

	return value_real(known, per_s);
}

static struct value exhausted_in_s(const void *view, const void *row)
{
	double seconds = 0;
	bool known = ports_exhausted_in(row, &seconds);

	(void)view;
	return value_real(known, seconds);
}

#define GAUGE(name) .key = name, .kind = FIGURE_GAUGE

static const struct member members[] = {
	{NULL, .write = write_place},
	{"range_low", .value = range_low},
	{"range_high", .value = range_high},
	{GAUGE("reserved"), .value = reserved, .help = "of the range: ip_local_reserved_ports"},
	{GAUGE("blocked_by_bind"), .value = blocked_by_bind, .help = "taken by bind() for all"},
	{"blocked_by", .write = write_blockers},
	{GAUGE("supply"), .value = supply, .help = "what is left of the range"},
	{"supply_is_upper_bound", .write = write_is_upper_bound},
	{GAUGE("used"), MEMBER_AT(struct port_row, now.used), .present = true,
	 .title = "USED/SUPPLY", .help = "held towards the destination"},
	{GAUGE("bound"), .value = bound, .present = true,
	 .help = "held towards it, chosen by bind()"},
	{GAUGE("bound_in_range"), .value = bound_in_range, .help = "of these, those of the range"},
	{GAUGE("free"), .value = free_ports, .help = "not held"},
	{GAUGE("reusable"), .value = reusable, .help = "TIME_WAITs that connect() would take over"},
	{"by_state", .write = write_states},
	{"by_owner", .write = write_owners},
	{"listeners_in_range", .write = write_listeners},
	{GAUGE("consumed_per_s"), .unit = UNIT_PER_S, .value = consumed_per_s, .title = "NEW/S",
	 .help = "taken a second, over a minute at most"},
	{GAUGE("sustainable_per_s"), .unit = UNIT_PER_S, .value = sustainable_per_s,
	 .title = "MOST/S", .help = "what lasts: supply by how long a port is held"},
	{GAUGE("exhausted_in_s"), .value = exhausted_in_s, .title = "LEFT",
	 .help = "until none is free, at a steady rate"},
	{"incomplete", .write = write_incomplete},
};

const struct table ports_table = {"ports", members, LENGTH(members)};

/* bind() has no destination: only the local address is told. */
static void write_census_place(struct json *json, const struct port_failure *failure)
{
	if (!ports_failed_to_bind(failure)) {
		object_destination(json, &failure->tuple);
		return;
	}
	object_local(json, &failure->tuple);
	json_null(json, "raddr");
	json_null(json, "rport");
}

/* The destination as it was at the failure, with the range of the socket that failed. */
static void write_census_of(struct json *json, const struct ports *ports,
			    const struct port_failure *failure)
{
	const struct port_row *row = ports_destination(ports, &failure->tuple);
	struct port_row then = {0}; /* bind() has no destination, and so no rates */

	if (row)
		then = *row;
	then.now = failure->census;
	json_plain(json, "type", "ports");
	object_time(json, "time", failure->census_ns, &ports->model->clocks);
	json_number(json, "seq", ports->rows.seq);
	if (!row)
		write_census_place(json, failure);
	for (size_t i = row ? 0 : 1; i < LENGTH(members); i++)
		member_write(json, &members[i], ports, &then);
}

/* What connect() calls not available, bind() calls in use. */
static bool is_in_use(const struct port_failure *failure)
{
	return failure->failure == FAILURE_BIND_IN_USE || failure->failure == FAILURE_BIND_NO_PORT;
}

static const struct port_failure *failed(const void *row)
{
	return row;
}

static void write_in_the_way(struct json *json, const struct member *member, const void *view,
			     const void *row)
{
	const struct in_the_way *way = &failed(row)->in_the_way;
	const struct ports *ports = view;

	if (!way->found) {
		json_null(json, member->key);
		return;
	}
	json_open(json, member->key, '{');
	json_plain(json, "state", tcp_state_name(way->state));
	object_process(json, "owner", rows_process(&ports->failures, way->process),
		       clocks_of(view));
	if (way->remaining_ns == UNKNOWN_NS)
		json_null(json, "remaining_s");
	else
		json_seconds(json, "remaining_s", way->remaining_ns);
	json_close(json, '}');
}

static void write_owner(struct json *json, const struct member *member, const void *view,
			const void *row)
{
	const struct ports *ports = view;

	object_process(json, member->key, rows_process(&ports->failures, failed(row)->row.process),
		       clocks_of(view));
}

static void write_call(struct json *json, const struct member *member, const void *view,
		       const void *row)
{
	(void)view;
	json_plain(json, member->key, ports_failed_to_bind(row) ? "bind" : "connect");
}

static void write_errno(struct json *json, const struct member *member, const void *view,
			const void *row)
{
	(void)view;
	json_plain(json, member->key, is_in_use(row) ? "EADDRINUSE" : "EADDRNOTAVAIL");
}

static void write_cause(struct json *json, const struct member *member, const void *view,
			const void *row)
{
	(void)view;
	json_plain(json, member->key, port_cause_name(failed(row)->cause));
}

static void write_failure_place(struct json *json, const struct member *member, const void *view,
				const void *row)
{
	(void)member;
	(void)view;
	object_tuple(json, &failed(row)->tuple, ports_failed_to_bind(row));
}

static void write_first(struct json *json, const struct member *member, const void *view,
			const void *row)
{
	object_time(json, member->key, failed(row)->first_ns, clocks_of(view));
}

static void write_last(struct json *json, const struct member *member, const void *view,
		       const void *row)
{
	object_time(json, member->key, failed(row)->last_ns, clocks_of(view));
}

static void write_census(struct json *json, const struct member *member, const void *view,
			 const void *row)
{
	if (!ports_were_short(row)) {
		json_null(json, member->key);
		return;
	}
	json_open(json, member->key, '{');
	write_census_of(json, view, row);
	json_close(json, '}');
}

static struct value search_ns(const void *view, const void *row)
{
	(void)view;
	return value_number(failed(row)->search_ns != UNKNOWN_NS, failed(row)->search_ns);
}

static void write_stacks(struct json *json, const struct member *member, const void *view,
			 const void *row)
{
	stack_tally_write(json, member->key, port_failures_stacks(view),
			  ((const struct row *)row)->key);
}

static const struct member failure_members[] = {
	{"owner", .write = write_owner},
	{"key", .write = row_write_key},
	{"call", .write = write_call},
	{"errno", .write = write_errno},
	{"cause", .write = write_cause},
	{NULL, .write = write_failure_place},
	{"count", .kind = FIGURE_COUNTER, MEMBER_AT(struct port_failure, count)},
	{"first", .write = write_first},
	{"last", .write = write_last},
	{"search_ns", .kind = FIGURE_GAUGE, .value = search_ns},
	{"census", .write = write_census},
	{"in_the_way", .write = write_in_the_way},
	{"stacks", .write = write_stacks},
	{"incomplete", .write = write_incomplete},
};

const struct table port_failures_table = {"port_failure", failure_members, LENGTH(failure_members)};

void ports_show_json(void *self, struct output *output, size_t limit)
{
	const struct ports *ports = self;
	const struct clock_offsets *clocks = &ports->model->clocks;
	size_t rows = table_show_rows(&ports_table, output, ports, &ports->rows, ports->time_ns,
				      limit, clocks);
	size_t failures = ports->failures.shown_count;

	if (limit && failures > limit)
		failures = limit;
	for (size_t i = 0; i < failures; i++)
		table_show_row(&port_failures_table, output, ports, ports->failures.shown[i],
			       ports->time_ns, ports->rows.seq, clocks);
	object_refresh(output, "ports", ports->time_ns, clocks, ports->rows.seq, rows + failures,
		       ports->incomplete);
}

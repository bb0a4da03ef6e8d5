// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "record/names.h"
#include "view/objects.h"
#include "view/ports/ports.h"

static void number_if(struct json *json, const char *key, bool known, uint64_t number)
{
	if (known)
		json_number(json, key, number);
	else
		json_null(json, key);
}

static void real_if(struct json *json, const char *key, bool known, double number)
{
	if (known)
		json_real(json, key, number);
	else
		json_null(json, key);
}

/* Destination: no local port. */
static void show_destination(struct json *json, const struct tuple *tuple,
			     const struct common *family)
{
	struct tuple place = *tuple;

	if (family)
		place.family = family->mixed ? 0 : (uint16_t)family->value;
	object_destination(json, &place);
}

static void show_supply(struct json *json, const struct ports *ports, const struct census *census)
{
	bool known = census->supply_known;
	uint32_t supply;
	bool told = ports_supply(ports, census, &supply);

	number_if(json, "range_low", known, census->supply.low);
	number_if(json, "range_high", known, census->supply.high);
	number_if(json, "reserved", known, census->supply.reserved);
	number_if(json, "blocked_by_bind", told, census->supply.blocked);
	number_if(json, "supply", told, supply);
	json_number(json, "used", census->used);
	number_if(json, "free", told, supply > census->used ? supply - census->used : 0);
	number_if(json, "reusable", !model_lacks(ports->model, WANT_BOUND_PORTS), census->reusable);
}

static void show_states(struct json *json, const struct census *census)
{
	json_open(json, "by_state", '{');
	for (unsigned int state = TCP_ESTABLISHED; state < TCP_STATES; state++)
		if (census->by_state[state])
			json_number(json, tcp_state_name(state), census->by_state[state]);
	json_close(json, '}');
}

static void show_owners(struct json *json, const struct ports *ports, const struct census *census,
			const struct clock_offsets *clocks)
{
	json_open(json, "by_owner", '[');
	for (size_t i = 0; i < census->owner_count; i++) {
		const struct census_owner *owner = &census->owners[i];

		json_open(json, NULL, '{');
		object_process(json, "process", rows_process(&ports->rows, owner->process), clocks);
		json_number(json, "ports", owner->ports);
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void show_rates(struct json *json, const struct ports *ports, const struct port_row *row)
{
	double number = 0;
	bool known = ports_consumed(ports, row, &number);

	real_if(json, "consumed_per_s", known, number);
	known = ports_sustainable(ports, row, &number);
	real_if(json, "sustainable_per_s", known, number);
	known = ports_exhausted_in(ports, row, &number);
	real_if(json, "exhausted_in_s", known, number);
}

static void show_census(struct json *json, const struct ports *ports, const struct port_row *row,
			const struct census *census, const struct clock_offsets *clocks)
{
	show_supply(json, ports, census);
	show_states(json, census);
	show_owners(json, ports, census, clocks);
	show_rates(json, ports, row);
	json_bool(json, "incomplete", ports->incomplete);
}

static void show_row(const struct ports *ports, struct output *output,
		     const struct clock_offsets *clocks, const struct port_row *row)
{
	struct json json;

	object_begin(&json, output, "ports", ports->time_ns, clocks);
	json_number(&json, "seq", ports->rows.seq);
	show_destination(&json, &row->tuple, &row->family);
	show_census(&json, ports, row, &row->now, clocks);
	json_end(&json);
}

/* bind() has no destination: only the local address is told. */
static void show_place(struct json *json, const struct port_failure *failure)
{
	if (!ports_failed_to_bind(failure)) {
		show_destination(json, &failure->tuple, NULL);
		return;
	}
	object_local(json, &failure->tuple);
	json_null(json, "raddr");
	json_null(json, "rport");
}

/* As of the failure: with the range of the socket that failed. */
static void show_failure_census(struct json *json, const struct ports *ports,
				const struct port_failure *failure,
				const struct clock_offsets *clocks)
{
	const struct port_row *row = ports_destination(ports, &failure->tuple);
	struct port_row none = {0}; /* bind() has no destination, and so no rates */

	if (!row)
		row = &none;
	if (!ports_were_short(failure)) {
		json_null(json, "census");
		return;
	}
	json_open(json, "census", '{');
	json_plain(json, "type", "ports");
	object_time(json, "time", failure->census_ns, clocks);
	json_number(json, "seq", ports->rows.seq);
	if (row == &none)
		show_place(json, failure);
	else
		show_destination(json, &row->tuple, &row->family);
	show_census(json, ports, row, &failure->census, clocks);
	json_close(json, '}');
}

/* What connect() calls not available, bind() calls in use. */
static bool is_in_use(const struct port_failure *failure)
{
	return failure->failure == FAILURE_BIND_IN_USE || failure->failure == FAILURE_BIND_NO_PORT;
}

static void show_failure(const struct ports *ports, struct output *output,
			 const struct clock_offsets *clocks, const struct port_failure *failure)
{
	struct json json;

	object_begin(&json, output, "port_failure", ports->time_ns, clocks);
	json_number(&json, "seq", ports->rows.seq);
	object_process(&json, "owner", rows_process(&ports->failures, failure->row.process),
		       clocks);
	json_plain(&json, "call", ports_failed_to_bind(failure) ? "bind" : "connect");
	json_plain(&json, "errno", is_in_use(failure) ? "EADDRINUSE" : "EADDRNOTAVAIL");
	json_plain(&json, "cause", port_cause_name(failure->cause));
	show_place(&json, failure);
	json_number(&json, "count", failure->count);
	object_time(&json, "first", failure->first_ns, clocks);
	object_time(&json, "last", failure->last_ns, clocks);
	number_if(&json, "search_ns", failure->search_ns != UNKNOWN_NS, failure->search_ns);
	show_failure_census(&json, ports, failure, clocks);
	json_bool(&json, "incomplete", ports->incomplete);
	json_end(&json);
}

void ports_show_json(void *self, struct output *output, size_t limit)
{
	const struct ports *ports = self;
	const struct clock_offsets *clocks = &ports->model->clocks;
	size_t rows = ports->rows.shown_count, failures = ports->failures.shown_count;

	if (limit && limit < rows)
		rows = limit;
	for (size_t i = 0; i < rows; i++)
		show_row(ports, output, clocks, ports_shown(ports, i));
	for (size_t i = 0; i < failures; i++)
		show_failure(ports, output, clocks, ports_failure(ports, i));
	object_refresh(output, "ports", ports->time_ns, clocks, ports->rows.seq, rows + failures,
		       ports->incomplete);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The members of a row, each said once. */
#include "base/macros.h"
#include "record/names.h"
#include "view/closing/closing.h"
#include "view/holders.h"
#include "view/place.h"
#include "view/row_members.h"

static const struct closing_row *of(const void *row)
{
	return row;
}

static const struct clock_offsets *clocks_of(const void *view)
{
	return &((const struct closing *)view)->model->clocks;
}

static void write_process(struct json *json, const struct member *member, const void *view,
			  const void *row)
{
	const struct closing *closing = view;

	object_process(json, member->key, rows_process(&closing->rows, of(row)->row.process),
		       clocks_of(view));
}

static void write_owner_by(struct json *json, const struct member *member, const void *view,
			   const void *row)
{
	(void)view;
	row_owner_by(json, member->key, &of(row)->owner_by);
}

static void write_direction(struct json *json, const struct member *member, const void *view,
			    const void *row)
{
	(void)view;
	json_plain(json, member->key, direction_name(of(row)->direction));
}

static void write_place(struct json *json, const struct member *member, const void *view,
			const void *row)
{
	(void)member;
	(void)view;
	place_write(json, &of(row)->row, &of(row)->tuple, of(row)->direction, &of(row)->family);
}

static void write_states(struct json *json, const struct member *member, const void *view,
			 const void *row)
{
	(void)view;
	json_open(json, member->key, '{');
	for (unsigned int state = 0; state < TCP_STATES; state++)
		if (of(row)->by_state[state])
			json_number(json, tcp_state_name(state), of(row)->by_state[state]);
	json_close(json, '}');
}

static void write_verdict(struct json *json, const struct member *member, const void *view,
			  const void *row)
{
	(void)view;
	json_plain(json, member->key, closing_verdict_name(of(row)->verdict));
}

static void write_age(struct json *json, const struct closing_socket *socket)
{
	if (socket->age_known)
		json_seconds(json, "age_s", socket->age_ns);
	else
		json_null(json, "age_s");
	json_bool(json, "age_is_lower_bound", socket->listed->at_least);
}

static void connection(struct json *json, const struct closing *closing,
		       const struct closing_socket *socket)
{
	const struct listed *listed = socket->listed;

	json_open(json, NULL, '{');
	json_hex(json, "cookie", listed->cookie);
	object_tuple(json, &listed->tuple, false);
	json_plain(json, "direction", direction_name(listed->direction));
	json_plain(json, "state", tcp_state_name(listed->state));
	if (socket->fd < 0)
		json_null(json, "fd");
	else
		json_number(json, "fd", (uint64_t)socket->fd);
	write_age(json, socket);
	json_number(json, "unacked_bytes", listed->unacked);
	json_number(json, "unsent_bytes", listed->unsent);
	json_number(json, "retransmits", listed->retransmits);
	holders_write(json, &closing->rows, closing_holders(closing, listed), listed->owner);
	json_close(json, '}');
}

static uint32_t oldest_count(const struct closing_row *row)
{
	return row->sockets < CLOSING_OLDEST ? row->sockets : CLOSING_OLDEST;
}

static void write_connections(struct json *json, const struct member *member, const void *view,
			      const void *row)
{
	json_open(json, member->key, '[');
	for (uint32_t i = 0; i < oldest_count(of(row)); i++)
		connection(json, view, &of(row)->oldest[i]);
	json_close(json, ']');
}

static void write_omitted(struct json *json, const struct member *member, const void *view,
			  const void *row)
{
	(void)view;
	json_number(json, member->key, of(row)->sockets - oldest_count(of(row)));
}

static void write_incomplete(struct json *json, const struct member *member, const void *view,
			     const void *row)
{
	(void)row;
	json_bool(json, member->key, ((const struct closing *)view)->incomplete);
}

static struct value oldest_s(const void *view, const void *row)
{
	uint64_t age_ns;
	bool known = closing_oldest_ns(row, &age_ns);

	(void)view;
	return value_number(known, age_ns);
}

#define GAUGE(field) .key = #field, .kind = FIGURE_GAUGE, MEMBER_AT(struct closing_row, field)

static const struct member members[] = {
	{"process", .write = write_process},
	{"key", .write = row_write_key},
	{"owner_by", .write = write_owner_by},
	{"direction", .write = write_direction},
	{NULL, .write = write_place},
	{GAUGE(sockets), .present = true, .title = "NOW", .help = "that close, and do not end"},
	{"by_state", .write = write_states},
	{GAUGE(orphans), .title = "ORPHANS", .help = "of these, without a descriptor"},
	{"oldest_s", .kind = FIGURE_GAUGE, .unit = UNIT_SECONDS, .value = oldest_s,
	 .title = "OLDEST", .help = "since our FIN, of the oldest"},
	{GAUGE(unacked_bytes), .unit = UNIT_BYTES, .help = "sent, not acknowledged"},
	{GAUGE(unsent_bytes), .unit = UNIT_BYTES, .help = "waiting to be sent"},
	{GAUGE(retransmits), .title = "RETRANS", .help = "in vain, of the one with most"},
	{GAUGE(zero_window), .help = "whose peer takes no data"},
	{"verdict", .write = write_verdict},
	{"connections", .write = write_connections},
	{"omitted", .write = write_omitted},
	{"incomplete", .write = write_incomplete},
};

const struct table closing_table = {"closing", members, LENGTH(members)};

void closing_show_json(void *self, struct output *output, size_t limit)
{
	const struct closing *closing = self;
	const struct clock_offsets *clocks = clocks_of(closing);
	size_t rows = table_show_rows(&closing_table, output, closing, &closing->rows,
				      closing->time_ns, limit, clocks);

	object_refresh(output, "closing", closing->time_ns, clocks, closing->rows.seq, rows,
		       closing->incomplete);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The members of a row, each said once. */
#include "base/macros.h"
#include "record/names.h"
#include "view/place.h"
#include "view/row_members.h"
#include "view/timewait/timewait.h"

static const struct time_wait_row *of(const void *row)
{
	return row;
}

static const struct clock_offsets *clocks_of(const void *view)
{
	return &((const struct time_waits *)view)->model->clocks;
}

static void write_process(struct json *json, const struct member *member, const void *view,
			  const void *row)
{
	const struct time_waits *waits = view;

	object_process(json, member->key, rows_process(&waits->rows, of(row)->row.process),
		       clocks_of(view));
}

static void write_owner_by(struct json *json, const struct member *member, const void *view,
			   const void *row)
{
	(void)view;
	row_owner_by(json, member->key, &of(row)->owner_by);
}

static void write_closer(struct json *json, const struct member *member, const void *view,
			 const void *row)
{
	object_process(json, member->key, time_waits_closer(view, of(row)), clocks_of(view));
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

static struct value created_per_s(const void *view, const void *row)
{
	double per_s = 0;
	bool known = time_waits_rate(view, row, &per_s);

	return value_real(known, per_s);
}

static void scale_lifetime(struct histogram_scale *scale, const void *view, const void *row)
{
	(void)row;
	histogram_scale_life(scale, ((const struct time_waits *)view)->model->timewait_ns);
}

static void scale_fin_wait2(struct histogram_scale *scale, const void *view, const void *row)
{
	(void)view;
	histogram_scale_log2(scale, &of(row)->fin_wait2_lifetime, FIN_WAIT2_NS, HISTOGRAM_EDGES);
}

static void scale_connected(struct histogram_scale *scale, const void *view, const void *row)
{
	(void)view;
	histogram_scale_log2(scale, &of(row)->connected, 0, HISTOGRAM_EDGES);
}

static void scale_idle(struct histogram_scale *scale, const void *view, const void *row)
{
	(void)view;
	histogram_scale_log2(scale, &of(row)->idle, 0, HISTOGRAM_EDGES);
}

static const struct dimension reasons = {end_reason_name, END_EXPIRED, END_UNKNOWN + 1};

#define GAUGE(field)   .key = #field, .kind = FIGURE_GAUGE, MEMBER_AT(struct time_wait_row, field)
#define COUNTER(field) .key = #field, .kind = FIGURE_COUNTER, MEMBER_AT(struct time_wait_row, field)

static const struct member members[] = {
	{"process", .write = write_process},
	{"key", .write = row_write_key},
	{"owner_by", .write = write_owner_by},
	{"closer", .write = write_closer},
	{"direction", .write = write_direction},
	{NULL, .write = write_place},
	{GAUGE(sockets), .present = true, .title = "NOW", .help = "in TIME_WAIT now"},
	{GAUGE(predates), .help = "of these, older than tcplinger"},
	{GAUGE(fin_wait2), .present = true,
	 .help = "waiting for the peer's FIN, without a process"},
	{COUNTER(created), .help = "entered TIME_WAIT"},
	{COUNTER(ended), .help = "left it, for whatever reason"},
	{COUNTER(closed), .help = "connections closed"},
	{COUNTER(closed_first), .help = "of these, by this side first"},
	{COUNTER(closed_by_reset), .help = "ended by an RST of this side's"},
	{COUNTER(rearmed), .help = "the peer's FIN came again"},
	{COUNTER(overflow), .help = "refused: tcp_max_tw_buckets"},
	{"created_per_s", .kind = FIGURE_GAUGE, .unit = UNIT_PER_S, .value = created_per_s,
	 .title = "NEW/S", .help = "entered TIME_WAIT a second, over a minute at most"},
	{"reasons", .kind = FIGURE_COUNTER, MEMBER_AT(struct time_wait_row, reasons[0]),
	 .dimension = &reasons},
	{COUNTER(lifetime), .unit = UNIT_SECONDS, .scale = scale_lifetime},
	{COUNTER(fin_wait2_lifetime), .unit = UNIT_SECONDS, .scale = scale_fin_wait2},
	{COUNTER(connected), .unit = UNIT_SECONDS, .scale = scale_connected},
	{COUNTER(idle), .unit = UNIT_SECONDS, .scale = scale_idle},
	{COUNTER(sent_bytes), .unit = UNIT_BYTES, .help = "data of the connections closed"},
	{COUNTER(received_bytes), .unit = UNIT_BYTES, .help = "likewise"},
	{COUNTER(reset_by_data), .help = "that waited for a FIN and got data"},
	{"incomplete", .write = row_write_incomplete},
};

const struct table time_waits_table = {"time_wait", members, LENGTH(members)};

void time_waits_show_json(void *self, struct output *output, size_t limit)
{
	const struct time_waits *waits = self;
	const struct clock_offsets *clocks = &waits->model->clocks;
	size_t rows = table_show_rows(&time_waits_table, output, waits, &waits->rows,
				      waits->time_ns, limit, clocks);

	object_refresh(output, "timewait", waits->time_ns, clocks, waits->rows.seq, rows,
		       waits->incomplete);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Records from hostile bytes: through the gate, into the model, onto the screen. The input's first
 * byte says how the rest is read. Raw: it is cut into pieces, each offered to record_decode as it
 * is. Shaped: small numbers become records that pass, of few connections and processes, so that
 * they meet: the model's own paths are reached sooner.
 */
#include <stdlib.h>
#include <string.h>

#include "record/decode.h"
#include "invariants.h"
#include "shape.h"

#define RECORD_MAX	 sizeof(struct record_ports) /* the largest */
#define AUDIT_ENDS_BYTES 64			     /* of input are left then */

static void on_transition(void *context, const struct transition *transition)
{
	struct world *world = context;

	must(transition->old_state > 0 && transition->old_state < TCP_STATES);
	must(transition->new_state > 0 && transition->new_state < TCP_STATES);
	must(transition->end_reason < END_REASONS);
	must(transition->connection != NULL);
	trace_transition(&world->trace, transition);
	time_waits_transition(&world->waits, transition);
	ports_transition(&world->ports, transition);
	world->output.length = 0;
}

static void on_failure(void *context, const struct transition *transition)
{
	ports_transition(&((struct world *)context)->ports, transition);
}

static void on_minisocket(void *context, struct connection *connection, enum minisocket_event event,
			  uint64_t time_ns)
{
	time_waits_minisocket(&((struct world *)context)->waits, connection, event, time_ns);
}

static void on_listed(void *context)
{
	time_waits_listed(&((struct world *)context)->waits);
}

static void on_counters(void *context, const struct record_counters *counters)
{
	struct world *world = context;

	time_waits_counters(&world->waits, counters);
	time_waits_settle(&world->waits, counters->netns);
}

static void on_loss(void *context, uint64_t time_ns, const struct losses *losses)
{
	struct world *world = context;

	world->losses = *losses;
	trace_loss(&world->trace, time_ns, losses);
	world->output.length = 0;
}

static void refresh_time_waits(struct world *world, const struct text_style *text)
{
	static const struct clock_offsets clocks;

	check_time_waits(world);
	time_waits_refresh(&world->waits, world->time_ns, world->mode & MODE_ONCE);
	if (world->mode & MODE_JSON)
		time_waits_show_json(&world->waits, &world->output, &clocks, 0);
	else
		time_waits_show_text(&world->waits, &world->output, &clocks, text);
	world->output.length = 0;
}

static void refresh_ports(struct world *world, const struct text_style *text)
{
	static const struct clock_offsets clocks;

	ports_refresh(&world->ports, world->time_ns, world->mode & MODE_ONCE);
	rows_each(&world->ports.rows, check_port_row, NULL);
	rows_each(&world->ports.failures, check_port_failure, NULL);
	if (world->mode & MODE_JSON)
		ports_show_json(&world->ports, &world->output, &clocks, 0);
	else
		ports_show_text(&world->ports, &world->output, &clocks, text);
	world->output.length = 0;
}

/* After a listing, as the view does it: no pointer of a refresh outlives the next record. */
static void refresh(struct world *world)
{
	static const struct clock_offsets clocks;
	struct text_style text = {.details = true, .color = world->mode & MODE_COLOR};

	refresh_time_waits(world, &text);
	refresh_ports(world, &text);
	if (!(world->mode & MODE_LEAKS))
		return;
	leaks_need_holders(&world->leaks);
	leaks_refresh(&world->leaks, false);
	for (size_t i = 0; i < world->leaks.rows.shown_count; i++)
		check_row(leaks_shown(&world->leaks, i));
	if (world->mode & MODE_JSON)
		leaks_show_json(&world->leaks, &world->output, &clocks, 0);
	else
		leaks_show_text(&world->leaks, &world->output, &clocks, &text);
	world->output.length = 0;
}

static void offer(struct world *world, const void *data, size_t size)
{
	const struct record_header *record = record_decode(data, size);

	if (!record)
		return;
	audit_record(&world->audit, record);
	model_apply(&world->model, record);
	if (record->type == RECORD_LISTING &&
	    ((const struct record_listing *)record)->phase == LISTING_ENDS)
		refresh(world);
}

static void feed_shaped(struct world *world, struct input *input)
{
	_Alignas(8) uint8_t record[RECORD_MAX] = {0};
	struct record_header *header = (void *)record;

	header->type = 1 + below(input, RECORD_TYPES - 1);
	/* mostly forward, as time goes; at times as far back as two CPUs may differ */
	world->time_ns += take(input, 1) * SECOND / 16;
	header->time_ns = world->time_ns - below(input, 4) * SECOND;
	shape(input, header);
	offer(world, record, header->size);
}

/* A copy of the exact size: a read beyond it is seen. */
static void feed_raw(struct world *world, struct input *input)
{
	size_t size = take(input, 2) % RECORD_MAX;
	void *record;

	if (size > input->size)
		size = input->size;
	record = malloc(size ? size : 1);
	memcpy(record, input->data, size);
	offer(world, record, size);
	free(record);
	input->data += size;
	input->size -= size;
}

static void open_views(struct world *world, const struct tuple_filter *tuples,
		       const struct process_filter *processes)
{
	struct leaks_config leaks = {
		.processes = processes,
		.by = world->mode & MODE_BY_COMM ? BY_COMM : BY_PID,
		.age_ns = 10 * SECOND,
		.once = world->mode & MODE_ONCE,
	};
	struct ports_config ports = {
		.tuples = tuples,
		.processes = processes,
		.without_bpf = world->mode & MODE_LEAKS,
	};
	struct trace_config trace = {
		.tuples = tuples,
		.processes = processes,
		.json = world->mode & MODE_JSON,
		.color = world->mode & MODE_COLOR,
		.columns = 120,
	};

	trace_init(&world->trace, &trace, &world->output, &world->model);
	leaks_init(&world->leaks, &leaks, &world->model);
	time_waits_init(&world->waits, processes, leaks.by, &world->model);
	ports_init(&world->ports, &ports, &world->model);
	audit_init(&world->audit, tuples);
}

static void open_world(struct world *world)
{
	static const struct tuple_filter all;
	static const struct tuple_filter some = {.rport = {.active = 1, .bitmap = {0x0e}}};
	static const struct process_filter everyone, someone = {.pid = 1};
	const struct tuple_filter *tuples = world->mode & MODE_FILTER ? &some : &all;
	const struct process_filter *processes =
		world->mode & MODE_PROCESSES ? &someone : &everyone;
	struct model_config config = {
		.filter = tuples,
		.processes = processes,
		.timewait_ns = 60 * SECOND,
		.close_waits =
			world->mode & MODE_LEAKS ? CLOSE_WAITS_APART : CLOSE_WAITS_CONNECTIONS,
		.observer = {.transition = on_transition,
			     .failure = on_failure,
			     .minisocket = on_minisocket,
			     .listed = on_listed,
			     .counters = on_counters,
			     .loss = on_loss,
			     .context = world},
	};

	model_init(&world->model, &config);
	output_init(&world->output, -1, NULL);
	open_views(world, tuples, processes);
}

static void close_world(struct world *world)
{
	audit_free(&world->audit);
	ports_free(&world->ports);
	time_waits_free(&world->waits);
	leaks_free(&world->leaks);
	output_free(&world->output);
	model_free(&world->model);
}

/* As at the end of a session: what comes last has the counters. */
static void settle_audit(struct world *world)
{
	static const struct clock_offsets clocks;

	audit_enter(&world->audit, AUDIT_IS_OVER);
	audit_settle(&world->audit, &world->losses, !(world->mode & MODE_ONCE));
	check_audit(&world->audit);
	if (world->mode & MODE_JSON)
		audit_show_json(&world->audit, &world->output, &clocks);
	else
		audit_show_text(&world->audit, &world->output, 80);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	struct world world = {.time_ns = 100 * SECOND, .mode = (unsigned int)take(&input, 1)};

	open_world(&world);
	while (input.size) {
		if (input.size < AUDIT_ENDS_BYTES)
			audit_enter(&world.audit, AUDIT_ENDS);
		if (world.mode & MODE_RAW)
			feed_raw(&world, &input);
		else
			feed_shaped(&world, &input);
	}
	settle_audit(&world);
	check_world(&world);
	close_world(&world);
	return 0;
}

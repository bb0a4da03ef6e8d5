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

#define RECORD_MAX	 sizeof(struct record_stack) /* the largest */
#define AUDIT_ENDS_BYTES 64			     /* of input are left then */

static void on_transition(void *context, const struct transition *transition)
{
	struct world *world = context;

	must(transition->old_state > 0 && transition->old_state < TCP_STATES);
	must(transition->new_state > 0 && transition->new_state < TCP_STATES);
	must(transition->end_reason < END_REASONS);
	must(transition->connection != NULL);
	world->output.length = 0;
}

static void on_loss(void *context, uint64_t time_ns, const struct losses *losses)
{
	struct world *world = context;

	world->losses = *losses;
	object_loss(&world->output, time_ns, losses, &world->model.clocks);
	world->output.length = 0;
}

/* Asking changes nothing: what is asked twice is asked once. */
static void check_questions(struct world *world, const struct view *view, void *self)
{
	struct questions questions;
	uint32_t count;

	questions_init(&questions);
	view->ask(self, &questions);
	count = questions_count(&questions);
	view->ask(self, &questions);
	must(questions_count(&questions) == count);
	questions_free(&questions);
	(void)world;
}

static void show(struct world *world, const struct view *view, void *self)
{
	struct text_style text = {.details = true, .color = world->mode & MODE_COLOR};
	bool last = world->mode & MODE_ONCE;

	if (view->ask)
		check_questions(world, view, self);
	view->refresh(self, world->time_ns, last);
	if (world->mode & MODE_JSON)
		view->show_json(self, &world->output, 0);
	else
		view->show_text(self, &world->output, &text, last);
	world->output.length = 0;
}

/* By what all of them show now; what it says is its own, and outlives the records. */
static void diagnose(struct world *world)
{
	struct text_style text = {.color = world->mode & MODE_COLOR, .columns = 120};
	struct questions questions;

	questions_init(&questions);
	adviser_ask(&world->adviser, &questions);
	questions_free(&questions);
	adviser_judge(&world->adviser, world->time_ns);
	if (world->mode & MODE_JSON)
		adviser_show_json(&world->adviser, &world->output);
	else
		adviser_show_text(&world->adviser, &world->output, &text);
	world->output.length = 0;
}

/* After a listing, as the view does it: no pointer of a refresh outlives the next record. */
static void refresh(struct world *world)
{
	check_time_waits(world);
	show(world, &timewait_view, &world->waits);
	show(world, &ports_view, &world->ports);
	rows_each(&world->ports.rows, check_port_row, NULL);
	rows_each(&world->ports.failures, check_port_failure, NULL);
	show(world, &leaks_view, &world->leaks);
	for (size_t i = 0; i < world->leaks.rows.shown_count; i++)
		check_row(leaks_shown(&world->leaks, i));
	show(world, &closing_view, &world->closing);
	for (size_t i = 0; i < world->closing.rows.shown_count; i++)
		check_closing_row(closing_shown(&world->closing, i));
	show(world, &opening_view, &world->opening);
	rows_each(&world->opening.rows, check_opening_row, NULL);
	diagnose(world);
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

static void open_view(struct world *world, const struct view *view, void *self,
		      const struct view_config *config)
{
	view->init(self, config, &world->model);
	model_observe(&world->model, &view->observer, self);
}

static void open_views(struct world *world, const struct tuple_filter *tuples,
		       const struct process_filter *processes)
{
	struct view_config config = {
		.tuples = tuples,
		.processes = processes,
		.by = world->mode & MODE_BY_COMM ? BY_COMM : BY_PID,
		.age_ns = 10 * SECOND,
		.once = world->mode & MODE_ONCE,
		.json = world->mode & MODE_JSON,
		.stacks = true,
		.style = {.color = world->mode & MODE_COLOR, .columns = 120},
		.output = &world->output,
	};

	open_view(world, &trace_view, &world->trace, &config);
	open_view(world, &leaks_view, &world->leaks, &config);
	open_view(world, &timewait_view, &world->waits, &config);
	open_view(world, &ports_view, &world->ports, &config);
	open_view(world, &closing_view, &world->closing, &config);
	open_view(world, &opening_view, &world->opening, &config);
	audit_init(&world->audit, tuples);
}

static void open_adviser(struct world *world)
{
	struct adviser_config config = {
		.model = &world->model,
		.leaks = &world->leaks,
		.time_waits = &world->waits,
		.ports = &world->ports,
		.opening = &world->opening,
		.closing = &world->closing,
		.recent = world->mode & MODE_ONCE,
	};

	adviser_init(&world->adviser, &config);
}

static void open_world(struct world *world)
{
	static const struct observer checks = {.transition = on_transition, .loss = on_loss};
	static const struct tuple_filter all;
	static const struct tuple_filter some = {.rport = {.active = 1, .bitmap = {0x0e}}};
	static const struct process_filter everyone, someone = {.pid = 1};
	const struct tuple_filter *tuples = world->mode & MODE_FILTER ? &some : &all;
	const struct process_filter *processes =
		world->mode & MODE_PROCESSES ? &someone : &everyone;
	struct needs needs = timewait_view.needs;
	struct model_config config = {.needs = &needs, .filter = tuples, .processes = processes};

	needs_join(&needs, &leaks_view.needs);
	needs_join(&needs, &closing_view.needs);
	needs_join(&needs, &opening_view.needs);
	if (!(world->mode & MODE_LEAKS))
		needs_join(&needs, &trace_view.needs);
	model_init(&world->model, &config);
	output_init(&world->output, -1, NULL);
	open_views(world, tuples, processes);
	open_adviser(world);
	model_observe(&world->model, &checks, world);
}

static void close_world(struct world *world)
{
	audit_free(&world->audit);
	adviser_free(&world->adviser);
	opening_free(&world->opening);
	closing_free(&world->closing);
	ports_free(&world->ports);
	time_waits_free(&world->waits);
	leaks_free(&world->leaks);
	trace_free(&world->trace);
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

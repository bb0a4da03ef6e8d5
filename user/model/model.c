// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/apply.h"

#include <stdlib.h>

void model_init(struct model *model, const struct model_config *config)
{
	*model = (struct model){
		.filter = config->filter,
		.processes = config->processes,
		.close_waits_mode = config->close_waits,
		.last_states = config->last_states | 1U << TCP_CLOSE,
		.timewait_ns = config->timewait_ns,
		.observer = config->observer,
	};
	connections_init(&model->connections);
	close_waits_init(&model->close_waits, &model->connections);
	port_spaces_init(&model->ports, &model->connections.processes);
}

void model_free(struct model *model)
{
	close_waits_free(&model->close_waits);
	port_spaces_free(&model->ports);
	connections_free(&model->connections);
	free(model->listing.namespaces);
}

bool model_has_lost(const struct model *model, uint64_t *seen)
{
	uint64_t losses = losses_total(&model->losses);
	bool lost = losses != *seen || model->unhealed;

	*seen = losses;
	return lost;
}

static void apply_loss(struct model *model, const struct record_loss *record)
{
	if (losses_total(&record->losses) != losses_total(&model->losses))
		model->unhealed = true;
	model->losses = record->losses;
	if (model->observer.loss)
		model->observer.loss(model->observer.context, record->header.time_ns,
				     &record->losses);
}

static void apply_socket_row(struct model *model, const struct record_socket *record)
{
	bool apart = record->state == TCP_CLOSE_WAIT &&
		     model->close_waits_mode != CLOSE_WAITS_CONNECTIONS;

	if (record->flags & SOCKET_BOUND)
		port_spaces_bound(&model->ports, record->tuple.netns, record->tuple.lport, 0);
	if (record->state == TCP_CLOSE && record->flags & SOCKET_BOUND)
		return; /* bound, and no connection yet */
	if (apart)
		close_waits_socket(&model->close_waits, record);
	if (!apart || model->close_waits_mode == CLOSE_WAITS_BOTH)
		apply_socket(model, record);
}

static void apply_holder_row(struct model *model, const struct record_holder *record)
{
	if (model->close_waits_mode != CLOSE_WAITS_CONNECTIONS)
		close_waits_holder(&model->close_waits, record);
	apply_holder(model, record);
	if (record->bound_port)
		port_spaces_bound(&model->ports, record->netns, record->bound_port,
				  processes_meet(&model->connections.processes, &record->process));
}

static void apply_failure(struct model *model, const struct record_failure *record)
{
	struct processes *processes = &model->connections.processes;
	uint32_t owner = processes_meet(processes, &record->process);
	struct connection connection = {
		.cookie = record->cookie,
		.tuple = record->tuple,
		.direction = DIRECTION_OUT,
		.state = TCP_CLOSE,
		.owner = owner,
	};
	struct transition transition = {
		.connection = &connection,
		.owner = processes_get(processes, owner),
		.time_ns = record->header.time_ns,
		.in_old_ns = UNKNOWN_NS,
		.old_state = TCP_CLOSE,
		.new_state = TCP_CLOSE,
		.failure = record->failure,
		.range_low = record->range_low,
		.range_high = record->range_high,
	};

	if (model->observer.failure)
		model->observer.failure(model->observer.context, &transition);
}

static void apply_listing_mark(struct model *model, const struct record_listing *record)
{
	if (record->scope != LISTING_CLOSE_WAITS) {
		port_spaces_listing(&model->ports, record);
		apply_listing(model, record);
	}
	if (record->scope != LISTING_LISTENERS &&
	    model->close_waits_mode != CLOSE_WAITS_CONNECTIONS)
		close_waits_listing(&model->close_waits, record);
}

void model_apply(struct model *model, const struct record_header *record)
{
	switch (record->type) {
	case RECORD_TRANSITION:
		apply_transition(model, (const void *)record);
		break;
	case RECORD_TIMEWAIT:
		apply_timewait(model, (const void *)record);
		break;
	case RECORD_SOCKET:
		apply_socket_row(model, (const void *)record);
		break;
	case RECORD_HOLDER:
		apply_holder_row(model, (const void *)record);
		break;
	case RECORD_LISTING:
		apply_listing_mark(model, (const void *)record);
		break;
	case RECORD_PROCESS:
		processes_describe(&model->connections.processes, (const void *)record);
		break;
	case RECORD_LOSS:
		apply_loss(model, (const void *)record);
		break;
	case RECORD_PORTS:
		port_spaces_settings(&model->ports, (const void *)record);
		break;
	case RECORD_FAILURE:
		apply_failure(model, (const void *)record);
		break;
	case RECORD_COUNTERS:
		if (model->observer.counters)
			model->observer.counters(model->observer.context, (const void *)record);
		break;
	}
}

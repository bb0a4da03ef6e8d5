// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "apply.h"

#include <stdlib.h>

void model_init(struct model *model, const struct model_config *config)
{
	*model = (struct model){
		.filter = config->filter,
		.processes = config->processes,
		.close_waits_mode = config->close_waits,
		.timewait_ns = config->timewait_ns,
		.observer = config->observer,
	};
	connections_init(&model->connections);
	close_waits_init(&model->close_waits, &model->connections);
}

void model_free(struct model *model)
{
	close_waits_free(&model->close_waits);
	connections_free(&model->connections);
	free(model->listing.namespaces);
}

void model_tell(struct model *model, const struct connection *connection, uint64_t time_ns,
		unsigned int old_state, unsigned int new_state, unsigned int end_reason,
		uint64_t in_old_ns)
{
	const struct processes *processes = &model->connections.processes;
	struct transition transition = {
		.connection = connection,
		.owner = processes_get(processes, connection->owner),
		.closer = processes_get(processes, connection->closer),
		.time_ns = time_ns,
		.in_old_ns = in_old_ns,
		.old_state = old_state,
		.new_state = new_state,
		.end_reason = end_reason,
	};

	if (model->observer.transition)
		model->observer.transition(model->observer.context, &transition);
}

void model_transition(struct model *model, struct connection *connection, uint64_t time_ns,
		      unsigned int old_state, unsigned int new_state, unsigned int end_reason)
{
	uint64_t in_old_ns = UNKNOWN_NS;

	if (connection->since_ns && connection->state == old_state)
		in_old_ns = time_ns > connection->since_ns ? time_ns - connection->since_ns : 0;
	connections_enter(&model->connections, connection, new_state, time_ns, time_ns);
	model_tell(model, connection, time_ns, old_state, new_state, end_reason, in_old_ns);
}

void model_end(struct model *model, struct connection *connection)
{
	if (model->listing.active)
		connection->flags |= CONNECTION_GONE;
	else
		connections_remove(&model->connections, connection);
}

unsigned int direction_in_state(unsigned int direction, unsigned int state)
{
	return state == TCP_LISTEN ? DIRECTION_UNKNOWN : direction;
}

void model_own_by_listener(struct model *model, struct connection *connection)
{
	const struct connection *listener;
	const struct process *process;

	if (connection->owner || connection->direction != DIRECTION_IN)
		return;
	listener = connections_listener(&model->connections, &connection->tuple, 0);
	if (!listener || !listener->owner)
		return;
	process = processes_get(&model->connections.processes, listener->owner);
	connections_own(&model->connections, connection, &process->id, OWNER_LISTEN);
}

void model_held(struct model *model, struct connection *connection,
		const struct process_id *process)
{
	struct processes *processes = &model->connections.processes;

	if (!model->processes || !process->pid)
		return;
	if (process_filter_match(model->processes,
				 processes_get(processes, processes_number(processes, process))))
		connection->flags |= CONNECTION_HELD;
}

bool model_concerns(const struct model *model, const struct connection *connection,
		    const struct process_filter *filter)
{
	return !process_filter_active(filter) || connection->flags & CONNECTION_HELD ||
	       process_filter_match(
		       filter, processes_get(&model->connections.processes, connection->owner));
}

static void apply_loss(struct model *model, const struct record_loss *record)
{
	model->losses = record->losses;
	if (model->observer.loss)
		model->observer.loss(model->observer.context, record->header.time_ns,
				     &record->losses);
}

static void apply_socket_row(struct model *model, const struct record_socket *record)
{
	bool apart = record->state == TCP_CLOSE_WAIT &&
		     model->close_waits_mode != CLOSE_WAITS_CONNECTIONS;

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
}

static void apply_listing_mark(struct model *model, const struct record_listing *record)
{
	if (record->scope == LISTING_ALL)
		apply_listing(model, record);
	if (model->close_waits_mode != CLOSE_WAITS_CONNECTIONS)
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
	}
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the records of every kind have in common. */
#include "model/apply.h"

static void tell(struct model *model, struct connection *connection, struct transition *transition)
{
	const struct processes *processes = &model->connections.processes;

	transition->connection = connection;
	transition->owner = processes_get(processes, connection->owner);
	transition->closer = processes_get(processes, connection->closer);
	tell_transition(model, transition);
}

void model_tell(struct model *model, struct connection *connection, uint64_t time_ns,
		unsigned int old_state, unsigned int new_state, unsigned int end_reason,
		uint64_t in_old_ns)
{
	struct transition transition = {
		.time_ns = time_ns,
		.in_old_ns = in_old_ns,
		.old_state = old_state,
		.new_state = new_state,
		.end_reason = end_reason,
	};

	tell(model, connection, &transition);
}

void model_move(struct model *model, struct connection *connection, struct transition *transition)
{
	bool seen = connection->state == transition->old_state && connection->since_ns;
	uint64_t since_ns = seen ? connection->since_ns : 0, time_ns = transition->time_ns;

	transition->since_ns = since_ns;
	transition->in_old_ns = UNKNOWN_NS;
	if (seen)
		transition->in_old_ns = time_ns > since_ns ? time_ns - since_ns : 0;
	connections_enter(&model->connections, connection, transition->new_state, time_ns, time_ns);
	tell(model, connection, transition);
}

void model_transition(struct model *model, struct connection *connection, uint64_t time_ns,
		      unsigned int old_state, unsigned int new_state, unsigned int end_reason)
{
	struct transition transition = {
		.time_ns = time_ns,
		.old_state = old_state,
		.new_state = new_state,
		.end_reason = end_reason,
	};

	model_move(model, connection, &transition);
}

void model_end(struct model *model, struct connection *connection)
{
	if (model->listing.active)
		connection->flags |= CONNECTION_GONE;
	else
		connections_remove(&model->connections, connection);
}

void model_own_by_listener(struct model *model, struct connection *connection, uint64_t cookie)
{
	const struct connection *listener;
	uint32_t process;

	if (connection->owner || connection->direction != DIRECTION_IN)
		return;
	listener = connections_parent(&model->connections, &connection->tuple, cookie);
	if (!listener)
		return;
	process = listener->listens ? listener->listens : listener->owner;
	connections_charge(&model->connections, connection, process, OWNER_LISTEN);
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

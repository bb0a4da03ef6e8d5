// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/apply.h"
#include "wanted.h"

#include <stdlib.h>
#include <string.h>

#define LATE_NS (NS_PER_S / 2) /* what is told of one connection comes within such a time */

void model_init(struct model *model, const struct model_config *config)
{
	*model = (struct model){
		.needs = *config->needs,
		.filter = config->filter,
		.processes = config->processes,
		.last_states = needs_last_states(config->needs) | 1U << TCP_CLOSE,
		.timewait_ns = DEFAULT_TIMEWAIT_NS,
	};
	connections_init(&model->connections);
	close_waits_init(&model->close_waits, &model->connections);
	listed_init(&model->listed, &model->connections);
	port_spaces_init(&model->ports, &model->connections.processes);
}

void model_free(struct model *model)
{
	close_waits_free(&model->close_waits);
	listed_free(&model->listed);
	port_spaces_free(&model->ports);
	host_free(&model->host);
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
	if (memcmp(&record->losses, &model->losses, sizeof(record->losses)) == 0)
		return;
	model->losses = record->losses;
	tell_loss(model, record->header.time_ns, &record->losses);
}

static bool keeps_apart(const struct model *model)
{
	return model->needs.refreshed;
}

/* What was connected once, and is over but for its descriptors. */
static bool is_dead(const struct model *model, const struct record_socket *record)
{
	return record->state == TCP_CLOSE && needs_want(&model->needs, WANT_DEAD);
}

/* True for a row of those that are kept apart, in a listing that shows them all. Of MPTCP it is the
 * socket that counts, not its subflows. */
static bool is_apart(const struct model *model, const struct record_socket *record)
{
	uint32_t kept = (CLOSE_WAIT_STATES | LISTED_STATES) & ~(1U << TCP_LISTEN);

	return !(record->flags & (SOCKET_MINISOCKET | SOCKET_MPTCP)) &&
	       (is_dead(model, record) || kept & model->needs.refreshed & 1U << record->state) &&
	       model->scope != LISTING_CONNECTIONS;
}

/* Such a row is one of connections as well, where a view asks for those. */
static bool is_connection(const struct model *model, const struct record_socket *record)
{
	if (is_dead(model, record))
		return false;
	if (!is_apart(model, record))
		return true;
	return model->scope != LISTING_CLOSE_WAITS && model->needs.listed & 1U << record->state;
}

/* What a verdict needs is told whatever the filter says. */
static bool is_asked_for(const struct model *model, const struct record_socket *record)
{
	return !model->filter || filter_socket(model->filter, &record->tuple, record->state);
}

/* A listing of CLOSE_WAITs alone shows few of the ports that are bound, and those once more. Where
 * not all can be known, a part says nothing. */
static bool tells_bound(const struct model *model)
{
	return model->scope != LISTING_CLOSE_WAITS && !model_lacks(model, WANT_BOUND_PORTS);
}

/* A listener is known as a connection as well, whoever lists it. */
static bool is_listener(const struct model *model, const struct record_socket *record)
{
	return record->state == TCP_LISTEN && model->needs.refreshed & 1U << TCP_LISTEN &&
	       model->scope != LISTING_CONNECTIONS;
}

/* What nobody has any more, in FIN_WAIT, is no leg of a relay's. */
static void apply_apart(struct model *model, const struct record_socket *record)
{
	uint32_t state = 1U << record->state;

	if (state & (CLOSE_WAIT_STATES | 1U << TCP_CLOSE) &&
	    (record->state == TCP_CLOSE_WAIT || record->inode))
		close_waits_socket(&model->close_waits, record);
	if (state & LISTED_STATES)
		listed_socket(&model->listed, record);
}

static void apply_socket_row(struct model *model, const struct record_socket *record)
{
	if (tells_bound(model) && record->flags & SOCKET_BOUND)
		port_spaces_bound(&model->ports, record->tuple.netns, record->tuple.lport, 0);
	if (record->state == TCP_CLOSE && record->flags & SOCKET_BOUND)
		return; /* bound, and no connection yet */
	if (is_apart(model, record))
		apply_apart(model, record);
	if (is_listener(model, record))
		listed_socket(&model->listed, record);
	if (is_connection(model, record) && is_asked_for(model, record))
		apply_socket(model, record);
}

static void apply_holder_row(struct model *model, const struct record_holder *record)
{
	if (keeps_apart(model))
		close_waits_holder(&model->close_waits, record);
	apply_holder(model, record);
	if (tells_bound(model) && record->bound_port)
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

	tell_failure(model, &transition);
}

static void mark_apart(struct model *model, const struct record_listing *record)
{
	close_waits_listing(&model->close_waits, record);
	if (record->phase == LISTING_BEGINS)
		listed_begin(&model->listed, record->header.time_ns);
	else if (record->phase == LISTING_ENDS)
		listed_end(&model->listed, record->broken);
}

static void apply_listing_mark(struct model *model, const struct record_listing *record)
{
	model->scope = record->scope;
	if (record->scope != LISTING_CLOSE_WAITS) {
		port_spaces_listing(&model->ports, record);
		apply_listing(model, record);
	}
	if (record->scope != LISTING_CONNECTIONS && keeps_apart(model))
		mark_apart(model, record);
	if (record->phase != LISTING_ENDS)
		return;
	tell_listed(model, record->scope);
	if (record->scope != LISTING_CLOSE_WAITS)
		model->unhealed = losses_total(&model->losses) != model->listing.losses;
}

/* It may be told before the transition that makes a connection of it, or once that is over. */
static void apply_call(struct model *model, const struct record_call *record)
{
	struct connections *connections = &model->connections;

	processes_meet(&connections->processes, &record->process);
	call_paths_call(&connections->calls, record);
	if (!connections_find(connections, record->cookie))
		call_paths_await(&connections->calls, record->cookie, record->header.time_ns);
}

static uint64_t suspended_ns(int64_t monotonic_offset_ns, int64_t boottime_offset_ns)
{
	if (monotonic_offset_ns <= boottime_offset_ns)
		return 0;
	return (uint64_t)monotonic_offset_ns - (uint64_t)boottime_offset_ns;
}

/* What it says of itself. */
static void apply_source(struct model *model, const struct record_source *record)
{
	host_begin(&model->host);
	model->began_ns = record->header.time_ns;
	model->lacks = record->lacks;
	model->netns = record->netns;
	model->timewait_ns = record->timewait_ns;
	model->clocks.monotonic_ns = record->monotonic_offset_ns;
	model->clocks.boottime_ns = record->boottime_offset_ns;
	model->suspended_ns = suspended_ns(record->monotonic_offset_ns, record->boottime_offset_ns);
}

static bool is_there(const void *context, uint64_t cookie)
{
	return connections_find(context, cookie) != NULL;
}

static void forget_late_calls(struct model *model, uint64_t time_ns)
{
	struct connections *connections = &model->connections;

	if (time_ns > LATE_NS)
		call_paths_settle(&connections->calls, time_ns - LATE_NS, is_there, connections);
}

static void apply_refresh(struct model *model, const struct record_refresh *record)
{
	model->clocks.monotonic_ns = record->monotonic_offset_ns;
	model->suspended_ns = suspended_ns(record->monotonic_offset_ns, record->boottime_offset_ns);
	forget_late_calls(model, record->header.time_ns);
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
	case RECORD_OWNER:
		apply_owner(model, (const void *)record);
		break;
	case RECORD_LISTING:
		apply_listing_mark(model, (const void *)record);
		break;
	case RECORD_PROCESS:
		processes_describe(&model->connections.processes, (const void *)record);
		break;
	case RECORD_STACK:
		call_stacks_define(&model->connections.calls.stacks, (const void *)record);
		break;
	case RECORD_CALL:
		apply_call(model, (const void *)record);
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
		host_counts(&model->host, (const void *)record);
		tell_counters(model, (const void *)record);
		break;
	case RECORD_NAMESPACE:
		host_sees(&model->host, (const void *)record);
		tell_namespace(model, (const void *)record);
		break;
	case RECORD_SETTINGS:
		host_set_up(&model->host, (const void *)record);
		break;
	case RECORD_HOST:
		host_is_at(&model->host, (const void *)record);
		break;
	case RECORD_SYSCTL:
		host_boots_with(&model->host, (const void *)record);
		break;
	case RECORD_SOURCE:
		apply_source(model, (const void *)record);
		break;
	case RECORD_REFRESH:
		apply_refresh(model, (const void *)record);
		break;
	case RECORD_FACTS:
		processes_find_out(&model->connections.processes, (const void *)record);
		break;
	case RECORD_SENDING:
		processes_send(&model->connections.processes, (const void *)record);
		break;
	case RECORD_WATCHED:
		processes_watch(&model->connections.processes, (const void *)record);
		break;
	}
}

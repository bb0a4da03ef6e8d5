// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Records from hostile bytes: through the gate, into the model, onto the screen. The input's first
 * byte says how the rest is read. Raw: it is cut into pieces, each offered to record_decode as it
 * is. Shaped: small numbers become records that pass, of few connections and processes, so that
 * they meet: the model's own paths are reached sooner.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "decode.h"
#include "fuzz.h"
#include "leaks_show.h"
#include "ports_show.h"
#include "timewait_show.h"
#include "trace.h"

#define SECOND	   1000000000ULL
#define RECORD_MAX sizeof(struct record_ports) /* the largest */

enum mode {
	MODE_RAW = 1,
	MODE_FILTER = 2,
	MODE_PROCESSES = 4,
	MODE_JSON = 8,
	MODE_COLOR = 16,
	MODE_LEAKS = 32,
	MODE_BY_COMM = 64,
	MODE_ONCE = 128,
};

struct input {
	const uint8_t *data;
	size_t size;
};

struct world {
	struct model model;
	struct output output;
	struct trace trace;
	struct leaks leaks;
	struct time_waits waits;
	struct ports ports;
	unsigned int mode;
	uint64_t time_ns;
};

/* 0 where the input is at its end. */
static uint64_t take(struct input *input, size_t bytes)
{
	uint64_t number = 0;

	for (; bytes && input->size; bytes--, input->size--)
		number = number << 8 | *input->data++;
	return number;
}

static uint8_t below(struct input *input, unsigned int limit)
{
	return (uint8_t)(take(input, 1) % limit);
}

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

	trace_loss(&world->trace, time_ns, losses);
	world->output.length = 0;
}

static struct process_id take_process(struct input *input)
{
	struct process_id id = {.pid = below(input, 4)};

	id.start_ns = below(input, 2) * SECOND;
	memset(id.comm, (int)take(input, 1), sizeof(id.comm));
	return id;
}

static struct tuple take_tuple(struct input *input)
{
	struct tuple tuple = {
		.family = below(input, 2) ? AF_INET6 : AF_INET,
		.lport = below(input, 4),
		.rport = below(input, 4),
		.netns = below(input, 2),
	};

	tuple.laddr[15] = below(input, 2);
	tuple.raddr[15] = below(input, 2);
	return tuple;
}

/* Mostly a time-out's length; at times what no timer has, as in freed memory. */
static int64_t take_remaining(struct input *input)
{
	static const int64_t extremes[] = {INT64_MIN, INT64_MIN / 2, -1,
					   0,	      INT64_MAX / 2, INT64_MAX};
	unsigned int choice = below(input, 16);

	if (choice < sizeof(extremes) / sizeof(extremes[0]))
		return extremes[choice];
	return (int64_t)(take(input, 1) * SECOND) - (int64_t)(20 * SECOND);
}

static void shape_transition(struct input *input, struct record_transition *record)
{
	record->cookie = below(input, 8);
	record->tuple = take_tuple(input);
	record->old_state = 1 + below(input, TCP_STATES - 1);
	record->new_state = 1 + below(input, TCP_STATES - 1);
	record->owner_by = below(input, OWNER_EVIDENCES);
	record->direction = below(input, DIRECTIONS);
	record->owner = take_process(input);
	record->closer = take_process(input);
	if (record->old_state == TCP_SYN_SENT && record->new_state == TCP_CLOSE) {
		record->failure = below(input, FAILURES);
		record->range_low = below(input, 4);
		record->range_high = below(input, 4);
	}
}

static void shape_timewait(struct input *input, struct record_timewait *record)
{
	record->cookie = below(input, 8);
	record->tuple = take_tuple(input);
	record->action = 1 + below(input, TIMEWAIT_ACTIONS - 1);
	record->substate = below(input, 2) ? TCP_TIME_WAIT : TCP_FIN_WAIT2;
	record->end_reason = below(input, END_REASONS);
	record->remaining_ns = take_remaining(input);
}

static void shape_socket(struct input *input, struct record_socket *record)
{
	record->cookie = below(input, 8);
	record->tuple = take_tuple(input);
	record->flags = (uint8_t)take(input, 1);
	record->recvq = below(input, 4);
	record->since_ns = below(input, 2) * take(input, 1) * SECOND;
	record->state = 1 + below(input, TCP_STATES - 1);
	if (record->flags & SOCKET_MINISOCKET)
		record->state = record->state % 2 ? TCP_TIME_WAIT : TCP_FIN_WAIT2;
	record->owner_by = below(input, OWNER_EVIDENCES);
	record->direction = below(input, DIRECTIONS);
	record->remaining_ns = take_remaining(input);
	record->owner = take_process(input);
}

static void shape_holder(struct input *input, struct record_holder *record)
{
	record->cookie = below(input, 8);
	record->process = take_process(input);
	record->fd = below(input, 3);
	record->netns = below(input, 2);
	record->bound_port = below(input, 4);
}

static void shape_ports(struct input *input, struct record_ports *record)
{
	record->netns = below(input, 2);
	record->low = below(input, 4);
	record->high = record->low + below(input, 4);
	record->tw_reuse = below(input, 4);
	record->tw_reuse_delay_ms = below(input, 4) * 1000;
	record->reserved[0] = (uint8_t)take(input, 1);
}

static void shape_process(struct input *input, struct record_process *record)
{
	record->process = take_process(input);
	memset(record->exe, (int)take(input, 1), below(input, 4) * 300);
	memset(record->cgroup, (int)take(input, 1), below(input, 4) * 64);
}

static void shape(struct input *input, struct record_header *header)
{
	switch (header->type) {
	case RECORD_TRANSITION:
		shape_transition(input, (void *)header);
		header->size = sizeof(struct record_transition);
		break;
	case RECORD_TIMEWAIT:
		shape_timewait(input, (void *)header);
		header->size = sizeof(struct record_timewait);
		break;
	case RECORD_SOCKET:
		shape_socket(input, (void *)header);
		header->size = sizeof(struct record_socket);
		break;
	case RECORD_HOLDER:
		shape_holder(input, (void *)header);
		header->size = sizeof(struct record_holder);
		break;
	case RECORD_LISTING:
		((struct record_listing *)header)->phase = 1 + below(input, LISTING_PHASES - 1);
		((struct record_listing *)header)->netns = below(input, 2);
		((struct record_listing *)header)->scope = below(input, LISTING_SCOPES);
		header->size = sizeof(struct record_listing);
		break;
	case RECORD_PROCESS:
		shape_process(input, (void *)header);
		header->size = sizeof(struct record_process);
		break;
	case RECORD_LOSS:
		header->size = sizeof(struct record_loss);
		break;
	case RECORD_COUNTERS:
		((struct record_counters *)header)->netns = below(input, 2);
		((struct record_counters *)header)->values[COUNTER_TIME_WAIT_OVERFLOW] =
			below(input, 8);
		header->size = sizeof(struct record_counters);
		break;
	case RECORD_PORTS:
		shape_ports(input, (void *)header);
		header->size = sizeof(struct record_ports);
		break;
	}
}

static void check_row(const struct leak_row *row)
{
	uint32_t kinds = 0, verdicts = 0;

	for (unsigned int i = 0; i < KINDS; i++)
		kinds += row->kinds[i];
	for (unsigned int i = 0; i < VERDICTS; i++)
		verdicts += row->verdicts[i];
	must(kinds == row->sockets);
	must(verdicts <= row->sockets);
	for (unsigned int i = 0; i < LEAKS_OLDEST; i++)
		must(!row->oldest[i].close_wait == (i >= row->sockets));
	for (unsigned int i = 1; i < LEAKS_OLDEST && row->oldest[i].close_wait; i++)
		must(row->oldest[i - 1].age_ns >= row->oldest[i].age_ns);
}

/* Of all rows of TIME_WAIT, or of the connections that they count. */
struct sums {
	uint64_t sockets, fin_wait2, reasons;
};

static void sum_row(void *context, struct row *shown)
{
	const struct time_wait_row *row = (const struct time_wait_row *)shown;
	uint64_t reasons = 0;
	struct sums *sums = context;

	for (unsigned int i = 0; i < END_REASONS; i++)
		reasons += row->reasons[i];
	must(reasons == row->ended);
	must(row->predates <= row->sockets);
	must(row->closed_first <= row->closed);
	must(row->lifetime.count <= row->ended);
	must(row->connected.count <= row->closed);
	sums->sockets += row->sockets;
	sums->fin_wait2 += row->fin_wait2;
}

static void sum_connection(void *context, struct connection *connection)
{
	struct sums *sums = context;

	if (!connection->row)
		return;
	must(connection->flags & CONNECTION_MINISOCKET);
	must(connection->state == TCP_TIME_WAIT || connection->state == TCP_FIN_WAIT2);
	if (connection->state == TCP_TIME_WAIT)
		sums->sockets++;
	else
		sums->fin_wait2++;
}

static void check_time_waits(const struct world *world)
{
	struct sums rows = {0}, there = {0};

	rows_each(&world->waits.rows, sum_row, &rows);
	connections_each(&world->model.connections, sum_connection, &there);
	must(rows.sockets == there.sockets);
	must(rows.fin_wait2 == there.fin_wait2);
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

static void check_census(const struct census *census)
{
	const struct port_supply *supply = &census->supply;
	uint32_t states = 0, owners = 0;

	for (unsigned int i = 0; i < TCP_STATES; i++)
		states += census->by_state[i];
	for (size_t i = 0; i < census->owner_count; i++) {
		owners += census->owners[i].ports;
		must(!i || census->owners[i - 1].ports >= census->owners[i].ports);
	}
	must(census->used == states && census->used == owners);
	must(census->reusable <= census->by_state[TCP_TIME_WAIT]);
	must(census->held <= census->used);
	must(supply->low <= supply->high);
	must(!census->supply_known || supply->reserved + supply->blocked + supply->supply ==
					      supply->high - supply->low + 1U);
}

static void check_port_row(void *context, struct row *row)
{
	(void)context;
	check_census(&((struct port_row *)row)->now);
}

static void check_port_failure(void *context, struct row *row)
{
	const struct port_failure *failure = (const struct port_failure *)row;

	(void)context;
	must(failure->cause < CAUSES);
	must(failure->count && failure->count == failure->shown_count);
	check_census(&failure->census);
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

struct audit {
	const struct world *world;
	uint64_t references;
	uint32_t listeners;
};

static void audit_connection(void *context, struct connection *connection)
{
	struct audit *audit = context;

	audit->references += !!connection->owner + !!connection->closer;
	audit->listeners += connection->state == TCP_LISTEN;
	must(connection->state > 0 && connection->state < TCP_STATES);
	must(!connection->owner == (connection->owner_by == OWNER_NONE));
}

static void audit_close_wait(void *context, const struct close_wait *close_wait)
{
	struct audit *audit = context;

	audit->references += !!close_wait->owner;
	must(close_wait->kind < KINDS);
}

static uint64_t audit_holders(const struct close_waits *close_waits)
{
	uint64_t references = 0;

	for (size_t i = 0; i < close_waits->holder_count; i++)
		references += !!close_waits->holders[i].process;
	return references;
}

static void audit_row(void *context, struct row *row)
{
	*(uint64_t *)context += !!row->process;
}

static void audit_closer(void *context, struct row *row)
{
	*(uint64_t *)context += !!((struct time_wait_row *)row)->closer.value;
}

/* Censuses that were shared refer to their owners once. */
struct port_audit {
	uint64_t references;
	const uint32_t *shared[4096];
	size_t shared_count;
};

static bool is_counted(struct port_audit *audit, const struct census *census)
{
	for (size_t i = 0; i < audit->shared_count; i++)
		if (audit->shared[i] == census->sharers)
			return true;
	must(audit->shared_count < sizeof(audit->shared) / sizeof(audit->shared[0]));
	audit->shared[audit->shared_count++] = census->sharers;
	return false;
}

static void audit_census(struct port_audit *audit, const struct census *census)
{
	if (census->sharers && is_counted(audit, census))
		return;
	for (size_t i = 0; i < census->owner_count; i++)
		audit->references += !!census->owners[i].process;
}

static void audit_port_row(void *context, struct row *row)
{
	const struct port_row *port = (const struct port_row *)row;

	audit_census(context, &port->now);
	audit_census(context, &port->failing_census.census);
}

static void audit_port_failure(void *context, struct row *row)
{
	const struct port_failure *failure = (const struct port_failure *)row;
	struct port_audit *audit = context;

	audit->references += !!row->process + !!failure->binder;
	audit_census(audit, &failure->census);
}

static void audit_ports(const struct world *world, uint64_t *references)
{
	struct port_audit audit = {0};

	rows_each(&world->ports.rows, audit_port_row, &audit);
	rows_each(&world->ports.failures, audit_port_failure, &audit);
	rows_each(&world->ports.pending, audit_port_failure, &audit);
	*references += audit.references + world->model.ports.holder_count;
}

/* What must hold whatever was applied. */
static void audit(const struct world *world)
{
	const struct connections *connections = &world->model.connections;
	const struct processes *processes = &connections->processes;
	struct audit audit = {.world = world};
	uint64_t references = 0;

	connections_each(connections, audit_connection, &audit);
	close_waits_each(&world->model.close_waits, audit_close_wait, &audit);
	audit.references += audit_holders(&world->model.close_waits);
	rows_each(&world->leaks.rows, audit_row, &audit.references);
	rows_each(&world->waits.rows, audit_row, &audit.references);
	rows_each(&world->waits.rows, audit_closer, &audit.references);
	audit_ports(world, &audit.references);
	check_time_waits(world);
	for (uint32_t i = 0; i <= processes->index.mask; i++) {
		uint32_t number = processes->index.slots[i].number;

		if (number)
			references += processes_get(processes, number)->references;
	}
	must(references == audit.references);
	must(audit.listeners == connections->listener_count);
	must(connections->pool.live == connections->index.used);
	must(processes->pool.live == processes->index.used);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tuple_filter all;
	static struct tuple_filter some;
	static const struct process_filter everyone, someone = {.pid = 1};
	struct input input = {data, size};
	unsigned int mode = (unsigned int)take(&input, 1);
	const struct tuple_filter *tuples = mode & MODE_FILTER ? &some : &all;
	const struct process_filter *processes = mode & MODE_PROCESSES ? &someone : &everyone;
	struct world world = {.time_ns = 100 * SECOND, .mode = mode};
	struct model_config config = {
		.filter = tuples,
		.processes = processes,
		.timewait_ns = 60 * SECOND,
		.close_waits = mode & MODE_LEAKS ? CLOSE_WAITS_APART : CLOSE_WAITS_CONNECTIONS,
		.observer = {.transition = on_transition,
			     .failure = on_failure,
			     .minisocket = on_minisocket,
			     .listed = on_listed,
			     .counters = on_counters,
			     .loss = on_loss,
			     .context = &world},
	};
	struct leaks_config leaks = {
		.processes = processes,
		.by = mode & MODE_BY_COMM ? BY_COMM : BY_PID,
		.age_ns = 10 * SECOND,
		.once = mode & MODE_ONCE,
	};
	struct ports_config ports = {
		.tuples = tuples,
		.processes = processes,
		.without_bpf = mode & MODE_LEAKS,
	};
	struct trace_config trace = {
		.tuples = tuples,
		.processes = processes,
		.json = mode & MODE_JSON,
		.color = mode & MODE_COLOR,
		.columns = 120,
	};

	some.rport.active = 1;
	some.rport.bitmap[0] = 0x0e;
	model_init(&world.model, &config);
	output_init(&world.output, -1, NULL);
	trace_init(&world.trace, &trace, &world.output, &world.model);
	leaks_init(&world.leaks, &leaks, &world.model);
	time_waits_init(&world.waits, processes, leaks.by, &world.model);
	ports_init(&world.ports, &ports, &world.model);
	while (input.size) {
		if (mode & MODE_RAW)
			feed_raw(&world, &input);
		else
			feed_shaped(&world, &input);
	}
	audit(&world);
	ports_free(&world.ports);
	time_waits_free(&world.waits);
	leaks_free(&world.leaks);
	output_free(&world.output);
	model_free(&world.model);
	return 0;
}

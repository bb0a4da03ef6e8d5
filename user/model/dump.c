// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/dump.h"

#include <stdio.h>
#include <string.h>

struct dump {
	const struct model *model;
	const struct record_sink *sink;
	uint64_t time_ns;
};

static void put(const struct dump *dump, const struct record_header *record)
{
	sink_record(dump->sink, record);
}

static void put_source(const struct dump *dump)
{
	const struct model *model = dump->model;
	struct record_source source = {
		.header = {RECORD_SOURCE, sizeof(source), 0, dump->time_ns},
		.lacks = model->lacks,
		.netns = model->netns,
		.timewait_ns = model->timewait_ns,
		.monotonic_offset_ns = model->clocks.monotonic_ns,
		.boottime_offset_ns = model->clocks.boottime_ns,
	};
	struct record_loss loss = {
		.header = {RECORD_LOSS, sizeof(loss), 0, dump->time_ns},
		.losses = model->losses,
	};

	put(dump, &source.header);
	if (losses_total(&model->losses))
		put(dump, &loss.header);
}

/* What was told: it has a type then. */
static void put_told(const struct dump *dump, const struct record_header *record)
{
	if (record->type)
		put(dump, record);
}

static void put_host(const struct dump *dump)
{
	const struct host *host = &dump->model->host;

	put_told(dump, &host->first.header);
	put_told(dump, &host->last.header);
	for (size_t i = 0; i < host->count; i++) {
		const struct host_netns *netns = &host->namespaces[i];

		put_told(dump, &netns->settings.header);
		put_told(dump, &netns->first_seen.header);
		put_told(dump, &netns->seen.header);
		put_told(dump, &netns->first_counted.header);
		put_told(dump, &netns->counted.header);
	}
}

/* One without a line begins the answer. */
static void put_sysctls(const struct dump *dump)
{
	const struct host *host = &dump->model->host;
	struct record_sysctl begins = {
		.header = {RECORD_SYSCTL, sizeof(begins), 0, dump->time_ns},
		.unread = (uint16_t)host->unread,
	};

	if (!host->sysctls_told)
		return;
	put(dump, &begins.header);
	for (size_t i = 0; i < SETTINGS; i++)
		if (host->sysctls[i].line)
			put(dump, &host->sysctls[i].header);
}

static void put_ports(const struct dump *dump, const struct port_space *space)
{
	struct record_ports record = {
		.header = {RECORD_PORTS, sizeof(record), 0, dump->time_ns},
		.netns = space->netns,
		.low = space->low,
		.high = space->high,
		.tw_reuse = space->tw_reuse,
		.tw_reuse_delay_ms = (uint32_t)(space->tw_reuse_delay_ns / NS_PER_MS),
	};

	memcpy(record.reserved, space->reserved, sizeof(record.reserved));
	put(dump, &record.header);
}

static void put_process(void *context, const struct process *process)
{
	const struct dump *dump = context;
	struct record_process record = {
		.header = {RECORD_PROCESS, sizeof(record), 0, dump->time_ns},
		.process = process->id,
	};

	if (!process->exe && !process->cgroup)
		return;
	snprintf(record.exe, sizeof(record.exe), "%s", process->exe ? process->exe : "");
	snprintf(record.cgroup, sizeof(record.cgroup), "%s",
		 process->cgroup ? process->cgroup : "");
	put(dump, &record.header);
}

static void put_mark(const struct dump *dump, enum listing_phase phase)
{
	struct record_listing record = {
		.header = {RECORD_LISTING, sizeof(record), 0, dump->time_ns},
		.phase = phase,
		.scope = LISTING_CONNECTIONS,
	};

	put(dump, &record.header);
}

static uint16_t flags_of(const struct connection *connection)
{
	bool minisocket =
		connection->state == TCP_TIME_WAIT ||
		(connection->state == TCP_FIN_WAIT2 && connection->flags & CONNECTION_MINISOCKET);

	return (uint16_t)((minisocket ? SOCKET_MINISOCKET : 0) |
			  (connection->flags & CONNECTION_TIMESTAMPS ? SOCKET_TIMESTAMPS : 0) |
			  (connection->flags & CONNECTION_BOUND ? SOCKET_BOUND : 0));
}

/* Of a TIME_WAIT: until it ends by itself, as far as is known when it began. */
static int64_t remaining_ns(const struct dump *dump, const struct connection *connection)
{
	uint64_t since_ns = connection->since_ns ? connection->since_ns : connection->time_ns;

	return (int64_t)(since_ns + dump->model->timewait_ns - dump->time_ns);
}

static void put_connection(void *context, struct connection *connection)
{
	const struct dump *dump = context;
	const struct processes *processes = &dump->model->connections.processes;
	const struct process *owner = processes_get(processes, connection->owner);
	struct record_socket record = {
		.header = {RECORD_SOCKET, sizeof(record), 0, dump->time_ns},
		.cookie = connection->cookie,
		.tuple = connection->tuple,
		.state = connection->state,
		.owner_by = connection->owner_by,
		.direction = connection->direction,
		.flags = flags_of(connection),
	};

	if (connection->flags & CONNECTION_GONE || connection->state == TCP_CLOSE)
		return;
	if (owner)
		record.owner = owner->id;
	if (connection->state == TCP_LISTEN) {
		record.recvq = connection->queue;
		record.queue_limit = connection->queue_limit;
		record.syn_queue = SYN_QUEUE_UNKNOWN;
	}
	if (connection->state == TCP_TIME_WAIT)
		record.remaining_ns = remaining_ns(dump, connection);
	put(dump, &record.header);
}

/* Not a listing of the kernel's: what it does not show may well exist. */
void model_dump(const struct model *model, uint64_t time_ns, const struct record_sink *sink)
{
	struct dump dump = {model, sink, time_ns};

	put_source(&dump);
	put_host(&dump);
	put_sysctls(&dump);
	processes_each(&model->connections.processes, put_process, &dump);
	put_mark(&dump, LISTING_BEGINS);
	for (size_t i = 0; i < model->ports.space_count; i++)
		put_ports(&dump, &model->ports.spaces[i]);
	connections_each(&model->connections, put_connection, &dump);
	put_mark(&dump, LISTING_ENDS);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/objects.h"

#include <arpa/inet.h>
#include <limits.h>

#include "writer/format.h"
#include "record/names.h"

void object_begin(struct json *json, struct output *output, const char *type, uint64_t time_ns,
		  const struct clock_offsets *clocks)
{
	json_begin(json, output);
	json_plain(json, "type", type);
	object_time(json, "time", time_ns, clocks);
}

void object_time(struct json *json, const char *key, uint64_t time_ns,
		 const struct clock_offsets *clocks)
{
	char time[FORMAT_TIME];
	size_t length = format_time_after(&json->output->utc, time,
					  time_ns + (uint64_t)clocks->monotonic_ns);

	json_put_quoted(json, json_key(key), time, length);
}

void object_process(struct json *json, const char *key, const struct process *process,
		    const struct clock_offsets *clocks)
{
	char time[FORMAT_TIME];

	if (!process) {
		json_null(json, key);
		return;
	}
	format_time(time, process->id.start_ns + (uint64_t)clocks->boottime_ns);
	json_open(json, key, '{');
	json_number(json, "pid", process->id.pid);
	json_plain(json, "start_time", process->id.start_ns ? time : NULL);
	json_string(json, "comm", process->id.comm, sizeof(process->id.comm));
	json_string(json, "exe", process->exe, PATH_MAX);
	json_string(json, "cgroup", process->cgroup, PATH_MAX);
	json_plain(json, "container", process->container[0] ? process->container : NULL);
	json_close(json, '}');
}

static void address(struct json *json, const char *key, const uint8_t *bytes)
{
	char text[INET6_ADDRSTRLEN];
	size_t length = format_address(text, bytes);

	json_put_quoted(json, json_key(key), text, length);
}

static void port(struct json *json, const char *key, uint16_t number)
{
	if (number)
		json_number(json, key, number);
	else
		json_null(json, key);
}

static const char *family_name(unsigned int family)
{
	switch (family) {
	case AF_INET:
		return "ipv4";
	case AF_INET6:
		return "ipv6";
	default:
		return NULL;
	}
}

void object_no_tuple(struct json *json)
{
	static const char *const keys[] = {"netns", "family", "laddr", "lport", "raddr", "rport"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		json_null(json, keys[i]);
}

void object_tuple(struct json *json, const struct tuple *tuple, bool local)
{
	json_number(json, "netns", tuple->netns);
	json_plain(json, "family", family_name(tuple->family));
	address(json, "laddr", tuple->laddr);
	port(json, "lport", tuple->lport);
	if (local) {
		json_null(json, "raddr");
		json_null(json, "rport");
		return;
	}
	address(json, "raddr", tuple->raddr);
	port(json, "rport", tuple->rport);
}

void object_place(struct json *json, const struct tuple *place, unsigned int direction)
{
	json_plain(json, "direction", direction_name(direction));
	object_tuple(json, place, direction == DIRECTION_IN);
}

void object_local(struct json *json, const struct tuple *tuple)
{
	json_number(json, "netns", tuple->netns);
	json_plain(json, "family", family_name(tuple->family));
	address(json, "laddr", tuple->laddr);
}

void object_destination(struct json *json, const struct tuple *tuple)
{
	object_local(json, tuple);
	address(json, "raddr", tuple->raddr);
	port(json, "rport", tuple->rport);
}

void object_nowhere(struct json *json, uint32_t netns)
{
	json_number(json, "netns", netns);
	json_null(json, "family");
	json_null(json, "laddr");
	json_null(json, "raddr");
	json_null(json, "rport");
}

static void percentile(struct json *json, const char *key, const struct histogram *histogram,
		       double part)
{
	if (histogram->count)
		json_seconds(json, key, histogram_percentile(histogram, part));
	else
		json_null(json, key);
}

static void bucket(struct json *json, const struct histogram_scale *scale, uint32_t i,
		   uint64_t count)
{
	json_open(json, NULL, '{');
	if (i < scale->edges)
		json_seconds(json, "le_s", scale->edges_ns[i]);
	else
		json_null(json, "le_s");
	json_number(json, "count", count);
	json_close(json, '}');
}

void object_histogram(struct json *json, const char *key, const struct histogram *histogram,
		      const struct histogram_scale *scale)
{
	uint64_t counts[HISTOGRAM_EDGES + 1];

	json_open(json, key, '{');
	json_number(json, "count", histogram->count);
	percentile(json, "min_s", histogram, 0);
	percentile(json, "p50_s", histogram, 0.5);
	percentile(json, "p90_s", histogram, 0.9);
	percentile(json, "p99_s", histogram, 0.99);
	percentile(json, "max_s", histogram, 1);
	json_open(json, "buckets", '[');
	histogram_buckets(histogram, scale, counts);
	for (uint32_t i = 0; i <= scale->edges; i++)
		bucket(json, scale, i, counts[i]);
	json_close(json, ']');
	json_close(json, '}');
}

void object_loss(struct output *output, uint64_t time_ns, const struct losses *losses,
		 const struct clock_offsets *clocks)
{
	struct json json;

	object_begin(&json, output, "loss", time_ns, clocks);
	json_number(&json, "ring_full", losses->ring_full);
	json_number(&json, "skipped", losses->skipped);
	json_number(&json, "map_full", losses->map_full);
	json_number(&json, "no_memory", losses->no_memory);
	json_number(&json, "refused", losses->refused);
	json_number(&json, "stacks_dropped", losses->stacks_dropped);
	json_number(&json, "relists", losses->relists);
	json_end(&json);
}

void object_refresh(struct output *output, const char *view, uint64_t time_ns,
		    const struct clock_offsets *clocks, uint64_t seq, size_t rows, bool incomplete)
{
	struct json json;

	object_begin(&json, output, "refresh", time_ns, clocks);
	json_plain(&json, "view", view);
	json_number(&json, "seq", seq);
	json_number(&json, "rows", rows);
	json_bool(&json, "incomplete", incomplete);
	json_end(&json);
}

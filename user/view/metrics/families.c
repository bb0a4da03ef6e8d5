// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table of all metrics: what each is made of. docs/metrics.md says what it means. */
#include <stdio.h>

#include "base/macros.h"
#include "base/time.h"
#include "record/names.h"
#include "view/closing/closing.h"
#include "view/leaks/leaks.h"
#include "view/metrics/internal.h"
#include "view/opening/opening.h"
#include "view/ports/ports.h"
#include "view/timewait/timewait.h"
#include "writer/format.h"

static struct rows *close_waits(void *view)
{
	return &((struct leaks *)view)->rows;
}

static struct rows *time_waits(void *view)
{
	return &((struct time_waits *)view)->rows;
}

static struct rows *destinations(void *view)
{
	return &((struct ports *)view)->rows;
}

static struct rows *port_failures(void *view)
{
	return &((struct ports *)view)->failures;
}

static struct rows *closing(void *view)
{
	return &((struct closing *)view)->rows;
}

static struct rows *opening(void *view)
{
	return &((struct opening *)view)->rows;
}

static struct rows *listeners(void *view)
{
	return &((struct opening *)view)->listeners;
}

const struct metric_set metric_sets[METRIC_ROWS] = {
	[METRIC_CLOSE_WAITS] = {&leaks_view, &leaks_table, close_waits},
	[METRIC_TIME_WAITS] = {&timewait_view, &time_waits_table, time_waits},
	[METRIC_PORTS] = {&ports_view, &ports_table, destinations},
	[METRIC_PORT_FAILURES] = {&ports_view, &port_failures_table, port_failures},
	[METRIC_CLOSING] = {&closing_view, &closing_table, closing},
	[METRIC_OPENING] = {&opening_view, &opening_table, opening},
	[METRIC_LISTENERS] = {&opening_view, &listener_table, listeners},
};

/* Seconds by powers of two, from a thousandth to 35 minutes. */
#define MS(k) ((uint64_t)NS_PER_MS << (k))
#define POWERS                                                                                     \
	MS(0), MS(1), MS(2), MS(3), MS(4), MS(5), MS(6), MS(7), MS(8), MS(9), MS(10), MS(11),      \
		MS(12), MS(13), MS(14), MS(15)
#define GREATER_POWERS MS(16), MS(17), MS(18), MS(19), MS(20), MS(21)
#define SECOND(n)      ((uint64_t)NS_PER_S * (n))

static const struct histogram_scale seconds = {{POWERS, GREATER_POWERS}, 22};

/* And each second around the minute that a TIME_WAIT lasts. */
static const struct histogram_scale minute = {
	{POWERS, SECOND(58), SECOND(59), SECOND(60), SECOND(61), SECOND(62), SECOND(63), SECOND(64),
	 SECOND(65), MS(16), SECOND(66), MS(17), MS(18), MS(19), MS(20), MS(21)},
	31};

static const struct leak_row *leak(const void *row)
{
	return row;
}

static const struct time_wait_row *time_wait(const void *row)
{
	return row;
}

static const struct port_row *destination(const void *row)
{
	return row;
}

static const struct port_failure *failure(const void *row)
{
	return row;
}

static const struct listener_row *listener(const void *row)
{
	return row;
}

static const char *verdict_label(char *text, const void *row, unsigned int i)
{
	(void)text;
	(void)i;
	return verdict_name(leaks_verdict(row));
}

static const char *direction_label(char *text, const void *row, unsigned int i)
{
	(void)text;
	(void)i;
	return direction_name(time_wait(row)->direction);
}

static const char *reason_label(char *text, const void *row, unsigned int i)
{
	(void)text;
	(void)row;
	return end_reason_name(i);
}

static const char *first_label(char *text, const void *row, unsigned int i)
{
	(void)text;
	(void)row;
	return i ? "true" : "false";
}

static const char *netns_label(char *text, const void *row, unsigned int i)
{
	(void)i;
	snprintf(text, METRIC_TEXT, "%u", destination(row)->tuple.netns);
	return text;
}

static const char *destination_label(char *text, const void *row, unsigned int i)
{
	(void)i;
	format_endpoint(text, destination(row)->tuple.raddr, destination(row)->tuple.rport);
	return text;
}

static const char *call_label(char *text, const void *row, unsigned int i)
{
	(void)text;
	(void)i;
	return ports_failed_to_bind(row) ? "bind" : "connect";
}

static const char *cause_label(char *text, const void *row, unsigned int i)
{
	(void)text;
	(void)i;
	return port_cause_name(failure(row)->cause);
}

static const char *state_label(char *text, const void *row, unsigned int i)
{
	(void)text;
	(void)row;
	return tcp_state_name(i);
}

static const char *errno_label(char *text, const void *row, unsigned int i)
{
	(void)text;
	(void)row;
	return connect_failure_name(i);
}

static const char *address_label(char *text, const void *row, unsigned int i)
{
	(void)i;
	format_endpoint(text, listener(row)->tuple.laddr, listener(row)->tuple.lport);
	return text;
}

static struct value descriptors_used(const void *view, const void *row)
{
	const struct process_facts *facts = leaks_descriptors(view, row);
	bool known = leaks_has_any(leak(row)) && facts->fds != FACTS_UNKNOWN &&
		     facts->fd_limit != FACTS_UNKNOWN && facts->fd_limit;

	return value_real(known, known ? (double)facts->fds / (double)facts->fd_limit : 0);
}

static struct value reason_at(const void *row, unsigned int i)
{
	return value_number(true, time_wait(row)->reasons[i]);
}

static struct value closed_at(const void *row, unsigned int i)
{
	uint64_t first = time_wait(row)->closed_first;

	return value_number(true, i ? first : time_wait(row)->closed - first);
}

static struct value state_at(const void *row, unsigned int i)
{
	return value_number(true, ((const struct closing_row *)row)->by_state[i]);
}

static struct value failed_at(const void *row, unsigned int i)
{
	return value_number(true, ((const struct opening_row *)row)->failed[i]);
}

static const struct histogram *lifetime(const void *row)
{
	return &time_wait(row)->lifetime;
}

static const struct histogram *connected(const void *row)
{
	return &time_wait(row)->connected;
}

/* A destination that is not used is not shown. */
static struct value supply_of(const void *view, const void *row)
{
	uint32_t supply = 0;
	bool known = destination(row)->now.used && ports_supply(&destination(row)->now, &supply);

	(void)view;
	return value_number(known, supply);
}

static double used_share(const void *view, const void *row)
{
	struct value supply = supply_of(view, row);

	return supply.number ? (double)destination(row)->now.used / (double)supply.number : 0;
}

static struct value queue_of(const void *view, const void *row)
{
	(void)view;
	return value_number(listener(row)->there, listener(row)->queue);
}

static struct value queue_limit_of(const void *view, const void *row)
{
	(void)view;
	return value_number(listener(row)->there, listener(row)->queue_limit);
}

/* One whose limit is 0 still takes one connection. */
static double queue_share(const void *view, const void *row)
{
	(void)view;
	return (double)listener(row)->queue / ((double)listener(row)->queue_limit + 1);
}

static const struct dimension reasons = {NULL, END_EXPIRED, END_UNKNOWN + 1};
static const struct dimension truth = {NULL, 0, 2};
static const struct dimension states = {NULL, 0, TCP_STATES};
static const struct dimension failures = {NULL, 0, FAILED_WAYS};

const struct metric metric_table[] = {
	{"close_wait_sockets", METRIC_GAUGE, METRIC_CLOSE_WAITS, true,
	 .labels = {{"verdict", verdict_label}}, .figure = "sockets",
	 .help = "Sockets in CLOSE_WAIT that processes of this name hold."},
	{"close_wait_oldest_seconds", METRIC_GAUGE, METRIC_CLOSE_WAITS, true, .figure = "oldest_s",
	 .greatest = true, .help = "Age of the oldest of them."},
	{"dead_descriptors", METRIC_GAUGE, METRIC_CLOSE_WAITS, true, .figure = "dead",
	 .help = "Descriptors of connections that are gone and were not closed."},
	{"descriptors_used_ratio", METRIC_GAUGE, METRIC_CLOSE_WAITS, true,
	 .value = descriptors_used, .greatest = true,
	 .help = "Descriptors to their limit, of the process of this name that is nearest it; of "
		 "those that hold CLOSE_WAITs or dead descriptors."},
	{"time_wait_sockets", METRIC_GAUGE, METRIC_TIME_WAITS, true,
	 .labels = {{"direction", direction_label}}, .figure = "sockets",
	 .help = "Sockets in TIME_WAIT that processes of this name left."},
	{"time_waits_total", METRIC_COUNTER, METRIC_TIME_WAITS, true,
	 .labels = {{"direction", direction_label}}, .figure = "created",
	 .help = "Sockets that entered TIME_WAIT."},
	{"time_wait_ends_total", METRIC_COUNTER, METRIC_TIME_WAITS, true,
	 .labels = {{"reason", reason_label}}, .dimension = &reasons, .at = reason_at,
	 .help = "Ends of TIME_WAITs, and why."},
	{"time_wait_overflows_total", METRIC_COUNTER, METRIC_TIME_WAITS, true, .figure = "overflow",
	 .help = "Sockets that skipped TIME_WAIT for want of room (tcp_max_tw_buckets)."},
	{"time_wait_duration_seconds", METRIC_HISTOGRAM, METRIC_TIME_WAITS, .histogram = lifetime,
	 .scale = &minute, .help = "How long sockets were in TIME_WAIT."},
	{"connected_seconds", METRIC_HISTOGRAM, METRIC_TIME_WAITS, true, .histogram = connected,
	 .scale = &seconds, .help = "How long connections lived, until the first FIN."},
	{"connections_closed_total", METRIC_COUNTER, METRIC_TIME_WAITS, true,
	 .labels = {{"closed_first", first_label}}, .dimension = &truth, .at = closed_at,
	 .help = "Connections closed, by this side first or not."},
	{"ports_used", METRIC_GAUGE, METRIC_PORTS,
	 .labels = {{"netns", netns_label}, {"destination", destination_label}}, .figure = "used",
	 .share = used_share, .help = "Ports of the supply that are held towards a destination."},
	{"ports_supply", METRIC_GAUGE, METRIC_PORTS,
	 .labels = {{"netns", netns_label}, {"destination", destination_label}}, .value = supply_of,
	 .share = used_share, .help = "Ports that there are for a destination."},
	{"port_failures_total", METRIC_COUNTER, METRIC_PORT_FAILURES, true,
	 .labels = {{"call", call_label}, {"cause", cause_label}}, .figure = "count",
	 .help = "Calls of connect() or bind() that got no port."},
	{"closing_sockets", METRIC_GAUGE, METRIC_CLOSING, true, .labels = {{"state", state_label}},
	 .dimension = &states, .at = state_at,
	 .help = "Sockets that close and do not come to their end."},
	{"connects_pending", METRIC_GAUGE, METRIC_OPENING, true, .figure = "pending",
	 .help = "Connections that wait for an answer, in SYN_SENT."},
	{"connect_failures_total", METRIC_COUNTER, METRIC_OPENING, true,
	 .labels = {{"errno", errno_label}}, .dimension = &failures, .at = failed_at,
	 .help = "Connections that did not come about; gave_up: the application ended it first."},
	{"listener_queue", METRIC_GAUGE, METRIC_LISTENERS, true,
	 .labels = {{"address", address_label}}, .value = queue_of, .share = queue_share,
	 .zeros = true, .help = "Connections that wait to be accepted."},
	{"listener_queue_limit", METRIC_GAUGE, METRIC_LISTENERS, true,
	 .labels = {{"address", address_label}}, .value = queue_limit_of, .share = queue_share,
	 .zeros = true, .help = "How many may wait there."},
	{"findings", METRIC_GAUGE, METRIC_STREAM, .write = write_findings,
	 .help = "What is wrong, as of the last minute, by rule; see tcplinger diagnose."},
	{"records_lost_total", METRIC_COUNTER, METRIC_STREAM, .write = write_losses,
	 .help = "Records that were lost on the way from the kernel."},
	{"relists_total", METRIC_COUNTER, METRIC_STREAM, .write = write_relists,
	 .help = "Listings of what exists, made because something was lost."},
	{"incomplete", METRIC_GAUGE, METRIC_STREAM, .write = write_incomplete,
	 .help = "1 if something was lost, and what exists now is not known yet."},
	{"build_info", METRIC_GAUGE, METRIC_STREAM, .write = write_build,
	 .help = "The version of tcplinger."},
	{"hook_info", METRIC_GAUGE, METRIC_STREAM, .write = write_hooks,
	 .help = "The programs that tell what happens, and in which form."},
	{"series_omitted", METRIC_GAUGE, METRIC_STREAM, .write = write_omitted,
	 .help = "Series of a family that are left out, the smallest (--max-series)."},
};
const size_t metric_count = LENGTH(metric_table);

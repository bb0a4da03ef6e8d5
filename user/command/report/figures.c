// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is kept of each refresh. */
#include "base/macros.h"
#include "command/report/report.h"
#include "view/place.h"
#include "writer/format.h"

const char *const report_loss_names[REPORT_LOSSES] = {
	"ring_full", "skipped", "map_full", "no_memory", "refused", "stacks_dropped", "relists",
};

/* Those that bind() and accept queues add to the ways in which connect() fails. */
#define FAILED_BIND	FAILED_WAYS
#define FAILED_OVERFLOW (FAILED_WAYS + CAUSES)

/* By the process, in the group of those of its name. */
static void note_process(struct history *history, const struct process *process, double value)
{
	struct sentence name = {0}, group = {0};

	text_process(&name, process);
	if (process)
		text_group(&group, process->id.comm);
	history_add(history, name.text, process ? group.text : name.text, value);
}

static void note_close_waits(struct report *report)
{
	const struct leaks *leaks = report->adviser.config.leaks;

	for (size_t i = 0; i < leaks->rows.shown_count; i++) {
		const struct leak_row *row = leaks_shown(leaks, i);

		note_process(&report->close_waits, leaks_process(leaks, row->row.process),
			     row->sockets);
	}
}

static void note_time_waits(struct report *report)
{
	const struct time_waits *waits = report->adviser.config.time_waits;

	for (size_t i = 0; i < waits->rows.shown_count; i++) {
		const struct time_wait_row *row = time_waits_shown(waits, i);

		note_process(&report->time_waits, rows_process(&waits->rows, row->row.process),
			     row->sockets);
	}
}

/* "10.0.0.5:3306 from 10.0.0.1": each local address has a supply of its own. */
static void say_destination(struct sentence *sentence, const struct tuple *tuple)
{
	char remote[FORMAT_ENDPOINT], local[FORMAT_ENDPOINT];

	format_endpoint(remote, tuple->raddr, tuple->rport);
	format_address(local, tuple->laddr);
	say(sentence, "%s from %s", remote, local);
}

static void note_ports(struct report *report)
{
	const struct ports *ports = report->adviser.config.ports;

	for (size_t i = 0; i < ports->rows.shown_count; i++) {
		const struct port_row *row = ports_shown(ports, i);
		struct sentence name = {0};
		uint32_t supply;

		if (row->range || !ports_supply(&row->now, &supply))
			continue;
		say_destination(&name, &row->tuple);
		history_add(&report->used, name.text, name.text, row->now.used);
		history_add(&report->supplies, name.text, name.text, supply);
	}
}

static void count_connects(void *context, struct row *row)
{
	const struct opening_row *opening = (const void *)row;
	uint64_t *failed = context;

	for (size_t i = 0; i < FAILED_WAYS; i++)
		failed[i] += opening->failed[i];
}

static void count_binds(void *context, struct row *row)
{
	const struct port_failure *failure = (const void *)row;
	uint64_t *failed = context;

	if (ports_failed_to_bind(failure))
		failed[FAILED_BIND + failure->cause] += failure->count;
}

static void count_overflows(void *context, struct row *row)
{
	const struct listener_row *listener = (const void *)row;
	uint64_t *failed = context;

	failed[FAILED_OVERFLOW] += listener->overflows;
}

static void say_failure(struct sentence *sentence, size_t way)
{
	if (way == FAILED_OVERFLOW)
		say(sentence, "accept queue full");
	else if (way >= FAILED_BIND)
		say(sentence, "bind: %s", port_cause_name((unsigned int)(way - FAILED_BIND)));
	else
		say(sentence, "connect: %s", connect_failure_name((unsigned int)way));
}

static void note_grown(struct history *history, const char *name, uint64_t *before, uint64_t now)
{
	if (now > *before)
		history_add(history, name, name, (double)(now - *before));
	*before = now;
}

static void note_failures(struct report *report)
{
	const struct adviser_config *views = &report->adviser.config;
	uint64_t failed[REPORT_FAILURES] = {0};

	rows_each(&views->opening->rows, count_connects, failed);
	rows_each(&views->ports->failures, count_binds, failed);
	rows_each(&views->opening->listeners, count_overflows, failed);
	for (size_t i = 0; i < REPORT_FAILURES; i++) {
		struct sentence name = {0};

		say_failure(&name, i);
		note_grown(&report->failures, name.text, &report->failed[i], failed[i]);
	}
}

void report_note_losses(struct report *report, const struct losses *losses)
{
	const uint64_t now[REPORT_LOSSES] = {
		losses->ring_full, losses->skipped,	   losses->map_full, losses->no_memory,
		losses->refused,   losses->stacks_dropped, losses->relists,
	};

	for (size_t i = 0; i < REPORT_LOSSES; i++)
		note_grown(&report->losses, report_loss_names[i], &report->lost[i], now[i]);
}

void report_note(struct report *report, uint64_t time_ns)
{
	struct history *const histories[] = {
		&report->close_waits, &report->time_waits, &report->used,
		&report->supplies,    &report->failures,   &report->losses,
	};

	note_close_waits(report);
	note_time_waits(report);
	note_ports(report);
	note_failures(report);
	for (size_t i = 0; i < LENGTH(histories); i++)
		history_refresh(histories[i], time_ns);
	if (!report->refreshes++)
		report->begun_ns = time_ns;
	report->time_ns = time_ns;
}

bool report_streams(const struct report *report)
{
	return !model_lacks(&report->watch->model, WANT_TRANSITIONS);
}

uint64_t report_clock(const struct report *report, uint64_t time_ns)
{
	return time_ns + (uint64_t)report->watch->model.clocks.monotonic_ns;
}

void report_init(struct report *report, struct watch *watch)
{
	*report = (struct report){.watch = watch};
	advise_on(&report->adviser, watch, false);
	history_init(&report->close_waits, HISTORY_GAUGE);
	history_init(&report->time_waits, HISTORY_GAUGE);
	history_init(&report->used, HISTORY_GAUGE);
	history_init(&report->supplies, HISTORY_GAUGE);
	history_init(&report->failures, HISTORY_COUNT);
	history_init(&report->losses, HISTORY_COUNT);
}

void report_free(struct report *report)
{
	history_free(&report->close_waits);
	history_free(&report->time_waits);
	history_free(&report->used);
	history_free(&report->supplies);
	history_free(&report->failures);
	history_free(&report->losses);
	adviser_free(&report->adviser);
}

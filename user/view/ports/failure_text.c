// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A failure in words: what was asked for, and why it was not to be had. */
#include "base/time.h"
#include "record/names.h"
#include "view/ports/internal.h"
#include "writer/format.h"

static void say_binder(struct sentence *sentence, const struct ports *ports,
		       const struct port_failure *failure)
{
	if (!failure->binder)
		return;
	say(sentence, ": %u by ", failure->binder_ports);
	text_process(sentence, rows_process(&ports->failures, failure->binder));
}

static void say_rates(struct sentence *sentence, const struct ports *ports,
		      const struct port_failure *failure)
{
	const struct port_row *row = ports_destination(ports, &failure->tuple);
	double consumed, failed, most;

	if (!row || !ports_consumed(ports, row, &consumed) || !ports_failed(ports, row, &failed))
		return;
	say(sentence, "; %.1f/s wanted", consumed + failed);
	if (ports_sustainable(ports, row, &most))
		say(sentence, ", %.1f/s sustainable", most);
}

/* "TIME_WAIT of curl[812], for 42 s still" */
static void say_in_the_way(struct sentence *sentence, const struct ports *ports,
			   const struct port_failure *failure)
{
	const struct in_the_way *way = &failure->in_the_way;

	if (!way->found)
		return;
	say(sentence, ": %s of ",
	    way->state == TCP_CLOSE ? "a bound socket" : tcp_state_name(way->state));
	text_process(sentence, rows_process(&ports->failures, way->process));
	if (way->remaining_ns != UNKNOWN_NS)
		say(sentence, ", for %.0f s still", (double)way->remaining_ns / NS_PER_S);
}

static void say_why(struct sentence *sentence, const struct ports *ports,
		    const struct port_failure *failure)
{
	const struct census *census = &failure->census;
	uint32_t supply = census->supply.supply;

	switch (failure->cause) {
	case CAUSE_RANGE_EXHAUSTED:
		say(sentence, "%u of %u held%s", census->used, supply,
		    census->owner_count ? ": " : "");
		ports_say_owners(sentence, ports, census);
		if (!supply)
			say(sentence, "; %u reserved", census->supply.reserved);
		say_rates(sentence, ports, failure);
		break;
	case CAUSE_BLOCKED_BY_BIND:
		say(sentence, "bind() blocks %u of ports %u-%u", census->supply.blocked,
		    census->supply.low, census->supply.high);
		say_binder(sentence, ports, failure);
		break;
	case CAUSE_TUPLE_IN_USE:
		say(sentence, "the port that it bound, %u, is in use towards this destination",
		    failure->tuple.lport);
		say_in_the_way(sentence, ports, failure);
		break;
	case CAUSE_NO_SOURCE_ADDRESS:
		say(sentence, "the device of its route has no address that it could use");
		break;
	case CAUSE_PORT_IN_USE:
		say(sentence, "another socket has the port");
		say_in_the_way(sentence, ports, failure);
		if (!failure->in_the_way.found)
			say(sentence, ": `ss -tanp` shows whose");
		break;
	case CAUSE_ADDRESS_NOT_LOCAL:
		say(sentence, "no interface of its network namespace has this address");
		break;
	default:
		say(sentence, "the settings of its network namespace cannot be read");
	}
}

static void show_advice(struct output *output, const struct port_failure *failure,
			const struct text_style *style)
{
	struct sentence advice = {0};

	if (failure->cause != CAUSE_BLOCKED_BY_BIND)
		return;
	say(&advice, "for every destination; IP_BIND_ADDRESS_NO_PORT before bind() avoids that");
	text_sentence(output, &advice, style->columns);
}

static const char *headline(const struct port_failure *failure)
{
	switch (failure->cause) {
	case CAUSE_BLOCKED_BY_BIND:
		return "no free port, because of bind()";
	case CAUSE_TUPLE_IN_USE:
		return "its port is in use";
	case CAUSE_NO_SOURCE_ADDRESS:
		return "no source address";
	case CAUSE_PORT_IN_USE:
		return "the port is in use";
	case CAUSE_ADDRESS_NOT_LOCAL:
		return "the address is not local";
	default:
		return "no free port";
	}
}

void ports_failure_header(struct output *output, const struct text_style *style)
{
	(void)style;
	output_string(output, "CONNECTS AND BINDS THAT FAILED");
	output_line(output);
}

void ports_failure_line(const void *view, struct output *output, const struct row *row,
			const struct text_style *style)
{
	const struct port_failure *failure = (const struct port_failure *)row;
	char time[FORMAT_TIME], place[FORMAT_ENDPOINT];
	bool bind = ports_failed_to_bind(failure);
	const struct ports *ports = view;
	struct sentence title = {0};

	format_clock(time, failure->last_ns + (uint64_t)ports->model->clocks.monotonic_ns);
	if (bind)
		format_endpoint(place, failure->tuple.laddr, failure->tuple.lport);
	else
		format_endpoint(place, failure->tuple.raddr, failure->tuple.rport);
	say(&title, "%s", style->color ? TEXT_RED : "");
	if (row->name)
		text_group(&title, row->name);
	else
		text_process(&title, rows_process(&ports->failures, row->process));
	say(&title, " %s %s: %s", bind ? "bind()" : "->", place, headline(failure));
	say(&title, ", %llu time%s, last %.8s", (unsigned long long)failure->count,
	    plural(failure->count), time);
	say(&title, "%s", style->color ? TEXT_PLAIN : "");
	text_wrap(output, 0, INDENT, title.text, style->columns);
}

void ports_failure_more(const void *view, struct output *output, const struct row *row,
			const struct text_style *style)
{
	const struct port_failure *failure = (const struct port_failure *)row;
	const struct ports *ports = view;
	struct sentence why = {0};

	say_why(&why, ports, failure);
	text_sentence(output, &why, style->columns);
	if (port_failures_stacks(ports))
		stack_tally_show(&ports->stacks.settled, failure->row.key, "failed", output, style);
	show_advice(output, failure, style);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the use of ports says, and connects and binds that got none. */
#include "view/advice/internal.h"

#include <arpa/inet.h>
#include <string.h>

#define WIDE_SUPPLY 64512 /* of 1024-65535 */

static const struct ports *ports_of(const struct judging *judging)
{
	return judging->adviser->config.ports;
}

static bool runs_out(const struct ports *ports, const struct port_row *row)
{
	double seconds, consumed, sustainable;

	return ports_exhausted_in(row, &seconds) && seconds <= CRITICAL_WITHIN_S &&
	       ports_consumed(ports, row, &consumed) &&
	       ports_sustainable(ports, row, &sustainable) && consumed > sustainable;
}

static bool is_near(const struct ports *ports, const struct port_row *row)
{
	double taken;

	return row->wanted && ports_taken_share(row, &taken) &&
	       (taken >= PORTS_NEAR_SHARE || runs_out(ports, row));
}

/* What a range from 1024 to 65535 would sustain, where this one is not as wide. */
static void tell_wider(const struct ports *ports, struct advice *advice, const struct port_row *row)
{
	double sustainable;

	if (row->now.supply.supply && row->now.supply.supply < WIDE_SUPPLY / 2 &&
	    ports_sustainable(ports, row, &sustainable))
		tell_rate(advice, "wider_per_s",
			  sustainable * WIDE_SUPPLY / row->now.supply.supply);
}

static struct advice *advise_row(struct judging *judging, const struct port_row *row,
				 enum severity severity, enum saying saying)
{
	struct advice *advice = advise(judging, severity, saying);

	if (row->range)
		advice->netns = row->tuple.netns;
	else
		about_place(advice, &row->tuple, DIRECTION_OUT);
	tell_row(judging, advice, &ports_table, ports_of(judging), row);
	return advice;
}

static uint32_t greatest_owner(const struct ports *ports, const struct census *census)
{
	struct port_owners owners = ports_owners(ports, census);

	return owners.count ? owners.items[0].process : 0;
}

void judge_ports_near(struct judging *judging, const void *at)
{
	const struct ports *ports = ports_of(judging);
	const struct port_row *row = at;
	struct advice *advice;
	uint32_t owner;
	double taken;

	if (!is_near(ports, row))
		return;
	ports_taken_share(row, &taken);
	owner = greatest_owner(ports, &row->now);
	advice = advise_row(judging, row,
			    taken > PORTS_CRITICAL_SHARE ? SEVERITY_CRITICAL : SEVERITY_WARNING,
			    SAY_PORTS_NEAR);
	if (row->now.reusable)
		tell_number(advice, "reusable", row->now.reusable);
	tell_wider(ports, advice, row);
	tell_process(judging, advice, "holder", owner);
	software_helps_of(judging, advice, TOPIC_REUSE, owner);
	advice->weight = taken;
}

static struct advice *advise_failure(struct judging *judging, const struct port_failure *failure,
				     enum severity severity, enum saying saying)
{
	bool bind = ports_failed_to_bind(failure);
	struct advice *advice = advise(judging, severity, saying);

	about_process(judging, advice, failure->row.process);
	about_place(advice, &failure->tuple, bind ? DIRECTION_IN : DIRECTION_OUT);
	tell_row(judging, advice, &port_failures_table, ports_of(judging), failure);
	tell_word(advice, "call", bind ? "bind()" : "connect()");
	advice->weight = (double)failure->count;
	return advice;
}

void judge_ports_exhausted(struct judging *judging, const void *at)
{
	const struct ports *ports = ports_of(judging);
	const struct port_failure *failure = at;
	uint64_t count = counted_since(judging, failure->row.key, failure->count);
	const struct port_row *row = ports_destination(ports, &failure->tuple);
	struct advice *advice;
	uint32_t owner;

	if (failure->cause != CAUSE_RANGE_EXHAUSTED || ports_failed_to_bind(failure) || !count)
		return;
	owner = greatest_owner(ports, &failure->census);
	advice = advise(judging, SEVERITY_CRITICAL, SAY_PORTS_EXHAUSTED);
	tell_number(advice, "count", count);
	about_process(judging, advice, failure->row.process);
	about_place(advice, &failure->tuple, DIRECTION_OUT);
	tell_process(judging, advice, "owner", owner);
	tell_row(judging, advice, &port_failures_table, ports, failure);
	tell_number(advice, "supply", failure->census.supply.supply);
	if (row)
		tell_wider(ports, advice, row);
	software_helps_of(judging, advice, TOPIC_REUSE, owner);
	advice->weight = (double)count;
}

static void tell_range(struct advice *advice, const struct port_supply *supply)
{
	struct figure_draft draft;

	draft_begin(&draft);
	json_open(&draft.json, "range", '[');
	json_number(&draft.json, NULL, supply->low);
	json_number(&draft.json, NULL, supply->high);
	json_close(&draft.json, ']');
	draft_end(&draft, advice, "range");
	tell(advice, "low", FIGURE_PLAIN)->number = supply->low;
	tell(advice, "high", FIGURE_PLAIN)->number = supply->high;
}

/* Connects of a namespace that got no port for it. */
struct blocked_connects {
	struct judging *judging;
	uint32_t netns;
	uint64_t count;
};

static void add_blocked(void *context, struct row *row)
{
	const struct port_failure *failure = (const struct port_failure *)row;
	struct blocked_connects *blocked = context;
	uint64_t count = counted_since(blocked->judging, row->key, failure->count);

	if (failure->cause == CAUSE_BLOCKED_BY_BIND && failure->tuple.netns == blocked->netns)
		blocked->count += count;
}

void judge_ports_taken_by_bind(struct judging *judging, const void *at)
{
	const struct ports *ports = ports_of(judging);
	const struct port_row *row = at;
	struct blocked_connects blocked = {judging, row->tuple.netns, 0};
	struct port_blocker greatest;
	struct advice *advice;

	if (!row->range)
		return;
	rows_each(&ports->failures, add_blocked, &blocked);
	if (!row->wanted || ports_blocked_share(row) < BLOCKED_SHARE)
		return;
	advice = advise_row(judging, row, blocked.count ? SEVERITY_CRITICAL : SEVERITY_WARNING,
			    SAY_TAKEN_BY_BIND);
	tell_range(advice, &row->now.supply);
	tell_number(advice, "blocked", row->now.supply.blocked);
	tell_share(advice, "share", ports_blocked_share(row));
	if (blocked.count)
		tell_number(advice, "failed", blocked.count);
	if (port_spaces_blockers(&ports->model->ports, row->tuple.netns, &row->now.supply,
				 &greatest, 1)) {
		tell_process(judging, advice, "blocker", greatest.process);
		tell_number(advice, "blocker_ports", greatest.ports);
		software_helps_of(judging, advice, TOPIC_BIND, greatest.process);
	}
}

void judge_port_tuple_in_use(struct judging *judging, const void *at)
{
	const struct port_failure *failure = at;
	uint64_t count = counted_since(judging, failure->row.key, failure->count);
	bool port = failure->cause == CAUSE_PORT_IN_USE;
	struct advice *advice;

	if ((failure->cause != CAUSE_TUPLE_IN_USE && !port) || !count)
		return;
	advice = advise_failure(judging, failure, SEVERITY_WARNING,
				port ? SAY_PORT_IN_USE : SAY_TUPLE_IN_USE);
	tell_number(advice, "count", count);
	if (!failure->in_the_way.found)
		return;
	if (failure->in_the_way.remaining_ns != UNKNOWN_NS)
		tell_ns(advice, "remaining_s", failure->in_the_way.remaining_ns);
	tell_word(advice, "state", tcp_state_name(failure->in_the_way.state));
	tell_process(judging, advice, "in_the_way_of", failure->in_the_way.process);
}

void judge_address_missing(struct judging *judging, const void *at)
{
	const struct port_failure *failure = at;
	uint64_t count = counted_since(judging, failure->row.key, failure->count);
	bool local = failure->cause == CAUSE_ADDRESS_NOT_LOCAL;
	struct advice *advice;
	char address[INET6_ADDRSTRLEN];

	if ((failure->cause != CAUSE_NO_SOURCE_ADDRESS && !local) || !count)
		return;
	advice = advise_failure(judging, failure, SEVERITY_CRITICAL,
				local ? SAY_NOT_LOCAL : SAY_NO_SOURCE);
	tell_number(advice, "count", count);
	format_address(address, local ? failure->tuple.laddr : failure->tuple.raddr);
	tell_name(advice, "address", address, sizeof(address));
}

/* As a row of a destination would have it, of a whole namespace. */
struct in_range {
	const struct connection *listeners[PORTS_LISTED];
	size_t count;
};

static bool is_asked_for(const struct ports *ports, const struct connection *listener)
{
	const struct view_config *config = &ports->config;

	return (!config->tuples || filter_listener(config->tuples, &listener->tuple)) &&
	       model_concerns(ports->model, listener, config->processes);
}

static struct in_range find_in_range(const struct ports *ports, const struct port_space *space)
{
	struct port_row row = {.tuple.netns = space->netns, .now.supply = space->whole};
	const struct connection *all[PORTS_LISTED];
	size_t count = ports_listeners_in_range(ports, &row, all, PORTS_LISTED);
	struct in_range found = {.count = 0};

	for (size_t i = 0; i < count; i++)
		if (is_asked_for(ports, all[i]))
			found.listeners[found.count++] = all[i];
	return found;
}

static void tell_ports(struct advice *advice, const struct in_range *found)
{
	struct sentence list = {0};
	struct figure_draft draft;

	draft_begin(&draft);
	json_open(&draft.json, "ports", '[');
	for (size_t i = 0; i < found->count; i++) {
		json_number(&draft.json, NULL, found->listeners[i]->tuple.lport);
		say(&list, "%s%u", i ? "," : "", found->listeners[i]->tuple.lport);
	}
	json_close(&draft.json, ']');
	draft_end(&draft, advice, "ports");
	tell_name(advice, "list", list.text, list.length);
}

static void tell_listeners(const struct judging *judging, struct advice *advice,
			   const struct in_range *found)
{
	const struct ports *ports = ports_of(judging);
	struct figure_draft draft;

	draft_begin(&draft);
	json_open(&draft.json, "processes", '[');
	for (size_t i = 0; i < found->count; i++) {
		json_open(&draft.json, NULL, '{');
		object_process(&draft.json, "process",
			       rows_process(&ports->rows, found->listeners[i]->owner),
			       &ports->model->clocks);
		json_number(&draft.json, "lport", found->listeners[i]->tuple.lport);
		json_close(&draft.json, '}');
	}
	json_close(&draft.json, ']');
	draft_end(&draft, advice, "processes");
}

static void judge_range(struct judging *judging, const struct port_space *space)
{
	struct in_range found = find_in_range(ports_of(judging), space);
	struct advice *advice;

	if (!found.count)
		return;
	advice = advise(judging, SEVERITY_INFO, SAY_LISTENER_IN_RANGE);
	advice->netns = space->netns;
	tell_ports(advice, &found);
	tell_listeners(judging, advice, &found);
	tell_number(advice, "count", found.count);
	tell(advice, "low", FIGURE_PLAIN)->number = space->whole.low;
	tell(advice, "high", FIGURE_PLAIN)->number = space->whole.high;
	tell_process(judging, advice, "listener", found.listeners[0]->owner);
}

/* Namespaces that a filter leaves out are not judged. */
void judge_listener_in_range(struct judging *judging, const void *row)
{
	const struct port_spaces *spaces = &judging->adviser->config.model->ports;

	(void)row;
	for (size_t i = 0; i < spaces->space_count; i++)
		if (spaces->spaces[i].known)
			judge_range(judging, &spaces->spaces[i]);
}

static bool is_towards(const struct tuple *tuple, const struct tuple *destination)
{
	return tuple->netns == destination->netns && tuple->rport == destination->rport &&
	       memcmp(tuple->laddr, destination->laddr, sizeof(tuple->laddr)) == 0 &&
	       memcmp(tuple->raddr, destination->raddr, sizeof(tuple->raddr)) == 0;
}

static void note_exhausted(void *context, struct row *row)
{
	const struct port_failure *failure = (const struct port_failure *)row;
	struct port_row *wanted = context;

	wanted->passes |= failure->cause == CAUSE_RANGE_EXHAUSTED &&
			  !ports_failed_to_bind(failure) &&
			  is_towards(&failure->tuple, &wanted->tuple);
}

/* Connects failed towards it, ever since it is watched. */
static bool was_exhausted(const struct ports *ports, const struct port_row *row)
{
	struct port_row wanted = {.tuple = row->tuple};

	if (!row->failed)
		return false;
	rows_each(&ports->failures, note_exhausted, &wanted);
	return wanted.passes;
}

void judge_tw_reuse_would_help(struct judging *judging, const void *at)
{
	const struct ports *ports = ports_of(judging);
	const struct port_row *row = at;
	const struct port_space *space = port_spaces_find(&ports->model->ports, row->tuple.netns);
	uint32_t waits = row->now.by_state[TCP_TIME_WAIT];
	uint64_t timestamps;
	struct advice *advice;

	if (!space || row->range || !waits || (!is_near(ports, row) && !was_exhausted(ports, row)))
		return;
	if (waits < REUSABLE_SHARE * row->now.used || space->tw_reuse == 1 ||
	    (space->tw_reuse == 2 && address_is_loopback(row->tuple.raddr)) ||
	    !host_setting(&ports->model->host, row->tuple.netns, SETTING_TIMESTAMPS, &timestamps) ||
	    !timestamps)
		return;
	advice = advise_row(judging, row, SEVERITY_INFO, SAY_TW_REUSE_WOULD_HELP);
	tell_number(advice, "frees", waits);
	tell_number(advice, "value", space->tw_reuse);
	advice->weight = waits;
}

/* One destination's, of connects that got no port. */
void judge_port_search_slow(struct judging *judging, const void *at)
{
	const struct port_row *row = at;
	uint64_t median_ns = histogram_percentile(&row->searches, 0.5);
	struct advice *advice;

	if ((!row->wanted && !row->asked) || median_ns <= (uint64_t)SEARCH_SLOW_NS)
		return;
	advice = advise_row(judging, row, SEVERITY_WARNING, SAY_SEARCH_SLOW);
	tell_number(advice, "search_ns", median_ns);
	tell_ns(advice, "search", median_ns);
	tell_number(advice, "searches", row->searches.count);
	advice->weight = (double)median_ns;
}

static void note_searches(void *context, struct row *row)
{
	*(uint64_t *)context += ((const struct port_row *)row)->searches.count;
}

const char *why_not_searches(const struct adviser *adviser)
{
	uint64_t searches = 0;

	rows_each(&adviser->config.ports->rows, note_searches, &searches);
	return searches ? NULL
			: N_("no search for a port was timed: those of connects that fail are");
}

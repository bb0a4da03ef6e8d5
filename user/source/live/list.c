// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Listing what exists: the sockets of every namespace, and the descriptors of every process. */
#include "source/clock.h"
#include "source/proc/descriptors.h"
#include "source/diag.h"
#include "source/live/internal.h"
#include "source/netns.h"
#include "source/proc/port_settings.h"

/* Reading all tables may take one part in so many of a CPU, where descriptors tell the most. */
#define TABLES_SHARE 100

static void mark(struct live *live, struct record_listing record)
{
	record.header = (struct record_header){RECORD_LISTING, sizeof(record), 0,
					       clock_now_ns(CLOCK_MONOTONIC)};
	live_hand_on(live, &record.header);
}

static void mark_begin(struct live *live, enum listing_scope scope)
{
	mark(live, (struct record_listing){.phase = LISTING_BEGINS, .scope = scope});
}

static void mark_namespace(struct live *live, enum listing_scope scope, uint32_t netns)
{
	mark(live,
	     (struct record_listing){.phase = LISTING_NAMESPACE, .scope = scope, .netns = netns});
}

static void mark_end(struct live *live, const struct passes *passes, bool broken)
{
	mark(live, (struct record_listing){.phase = LISTING_ENDS,
					   .scope = passes->scope,
					   .broken = broken,
					   .partial = !passes->tables});
}

/* Of this thread's namespace. */
static void report_counters(struct live *live, uint32_t netns)
{
	struct record_counters record;

	if (live_read_counters(live, &record, netns))
		live_hand_on(live, &record.header);
}

/* Of this thread's namespace. The listing leaves out ports that no connect() chooses. */
static void report_ports(struct live *live, uint32_t netns)
{
	struct record_ports record;

	if (!port_settings_read(&record, netns))
		return;
	live->bpf->bss->list_low = record.low;
	live->bpf->bss->list_high = record.high;
	if (record.low < live->ports_low)
		live->ports_low = record.low;
	if (record.high > live->ports_high)
		live->ports_high = record.high;
	live_hand_on(live, &record.header);
}

struct diag_rows {
	struct live *live;
	struct passes *passes;
};

static void receive_from_diag(void *context, const struct record_header *record)
{
	const struct diag_rows *rows = context;

	if (record->type == RECORD_SOCKET)
		live_receive_socket(rows->live, rows->passes, (const void *)record);
	else
		live_receive(rows->live, record, record->size);
}

/* Those in CLOSE_WAIT and what belongs to them are told. */
static bool refreshes(const struct live *live, enum listing_scope scope)
{
	return live->needs.refreshed & BIT(TCP_CLOSE_WAIT) && scope != LISTING_CONNECTIONS;
}

/* In place of a program. Request sockets, which it does not list, are said to be in SYN_RECV. */
static struct diag_listing diag_listing(struct live *live, struct diag_rows *rows)
{
	return (struct diag_listing){
		.filter = &live->bpf->rodata->settings.filter,
		.sink = {receive_from_diag, rows},
		.states = live->bpf->bss->list_states & ~BIT(TCP_SYN_RECV),
		.unfiltered = live->bpf->bss->list_described,
	};
}

/* list_holders tells of those that have a descriptor. */
static bool list_msks_here(struct live *live, uint32_t netns, struct passes *passes)
{
	struct diag_rows rows = {live, passes};
	struct diag_listing config = diag_listing(live, &rows);

	return !refreshes(live, passes->scope) || live->links[PART_LIST_HOLDERS] ||
	       diag_list_msks_here(&config, netns);
}

static bool list_by_diag(struct live *live, uint32_t netns, struct passes *passes)
{
	struct diag_rows rows = {live, passes};
	struct diag_listing config = diag_listing(live, &rows);
	bool whole = diag_list_here(&config, netns);

	live_take(live);
	return whole;
}

static bool list_sockets_here(struct live *live, uint32_t netns, struct passes *passes)
{
	bool whole = live->links[PART_LIST_SOCKETS]
			     ? live_read_rows(live, PART_LIST_SOCKETS, passes)
			     : list_by_diag(live, netns, passes);

	return list_msks_here(live, netns, passes) && whole;
}

/* iter/tcp walks the host's whole hash table for each namespace: empty ones are passed over. */
static bool list_namespace(struct live *live, uint32_t netns, struct passes *passes)
{
	bool alone = passes->scope == LISTING_CLOSE_WAITS;

	if (needs_want(&live->needs, WANT_PORT_SETTINGS) && !alone)
		report_ports(live, netns);
	if (netns_has_tcp() && !list_sockets_here(live, netns, passes))
		return false;
	mark_namespace(live, passes->scope, netns);
	if (live_needs_minisockets(live) && !alone)
		report_counters(live, netns);
	return true;
}

static bool wanted(const struct live *live, uint32_t netns)
{
	return !live->config->filter->netns || live->config->filter->netns == netns;
}

/* The tables of namespaces. */
struct reading {
	struct live *live;
	struct passes *passes;
	bool whole; /* until now */
};

static bool is_due(const void *context, uint32_t netns, bool own)
{
	const struct reading *reading = context;
	const struct passes *passes = reading->passes;

	(void)own;
	return wanted(reading->live, netns) &&
	       (passes->tables || pairs_find(&passes->waiting_in, netns));
}

static void read_namespace(void *context, uint32_t netns)
{
	struct reading *reading = context;

	reading->whole = list_namespace(reading->live, netns, reading->passes) && reading->whole;
}

/* False if some namespace could not be listed. */
static bool list_namespaces(struct live *live, struct passes *passes)
{
	struct reading reading = {live, passes, true};
	struct netns_list list;
	bool entered;

	live->ports_low = UINT16_MAX;
	live->ports_high = 0;
	netns_find(&list);
	live->unseen = netns_missing(&list, live->config->filter->netns);
	entered = netns_visit_list(&list, is_due, read_namespace, &reading);
	netns_list_free(&list);
	return entered && reading.whole && !live->unseen;
}

struct counting {
	struct live *live;
	uint32_t netns;
};

static bool is_counted(const void *context, uint32_t netns, bool own)
{
	const struct counting *counting = context;

	(void)own;
	return counting->netns ? netns == counting->netns : wanted(counting->live, netns);
}

static void count(void *context, uint32_t netns)
{
	report_counters(((const struct counting *)context)->live, netns);
}

void live_count(struct live *live, uint32_t netns)
{
	struct counting counting = {live, netns};

	netns_visit(is_counted, count, &counting);
}

static bool list_holders(struct live *live, struct passes *passes)
{
	struct diag_rows rows = {live, passes};
	struct record_sink sink = {receive_from_diag, &rows};

	if (!live->links[PART_LIST_HOLDERS]) {
		descriptors_list(&passes->inodes, &sink);
		return true;
	}
	pairs_sort(&passes->inodes);
	live->bpf->bss->list_low = live->ports_low;
	live->bpf->bss->list_high = live->ports_high;
	return live_read_rows(live, PART_LIST_HOLDERS, passes);
}

static bool holders_are_asked_for(const struct live *live)
{
	return live->plan.wanted[PART_TRANSITIONS] || /* what is streamed refers to them, too */
	       questions_asked(live->config->ask, live->config->context, QUESTION_HOLDERS);
}

/* The tables tell of the sockets, /proc or list_holders of who holds them. */
static bool list_by_tables(struct live *live, struct passes *passes)
{
	bool whole;

	passes->tables = true;
	whole = list_namespaces(live, passes);
	if (passes->scope == LISTING_CLOSE_WAITS)
		live->bpf->bss->list_states = live->needs.refreshed;
	if (holders_are_asked_for(live))
		list_holders(live, passes);
	return whole;
}

/* Those whose FIN is sent, and that nobody has any more, are in the tables alone. */
static bool tables_are_due(const struct live *live, const struct passes *passes)
{
	bool orphans = live->needs.refreshed & (BIT(TCP_CLOSING) | BIT(TCP_LAST_ACK));
	bool asked = orphans ||
		     (passes->scope == LISTING_ALL && live_listed(live) & ~live->needs.refreshed);

	return asked || clock_now_ns(CLOCK_MONOTONIC) >= live->tables_at_ns;
}

/*
 * What has neither a descriptor nor a place in an accept queue only tables tell: direct descriptors
 * of io_uring, those in flight, the kernel's own.
 */
static bool list_tables(struct live *live, struct passes *passes)
{
	uint64_t took_ns = clock_now_ns(CLOCK_THREAD_CPUTIME_ID);
	bool whole = list_namespaces(live, passes);

	took_ns = clock_now_ns(CLOCK_THREAD_CPUTIME_ID) - took_ns;
	live->tables_ns += took_ns;
	live->tables_at_ns = clock_now_ns(CLOCK_MONOTONIC) + took_ns * (TABLES_SHARE - 1);
	return whole;
}

/* The tables of some namespaces, for what waits in the accept queues there. */
static bool list_waiting(struct live *live, struct passes *passes)
{
	if (passes->tables || !passes->waiting_in.count)
		return true;
	passes->only_waiting = true;
	return list_namespaces(live, passes);
}

/*
 * In all namespaces at once. Where the tables are read as well they come first: who has been
 * accepted meanwhile is told last, with its holder.
 */
static bool list_by_descriptors(struct live *live, struct passes *passes)
{
	bool whole;

	passes->described = true;
	passes->tables = tables_are_due(live, passes);
	whole = !passes->tables || list_tables(live, passes);
	whole = list_holders(live, passes) && whole;
	pairs_sort(&passes->waiting);
	pairs_sort(&passes->waiting_in);
	whole = list_waiting(live, passes) && whole;
	live_tell_held(live, passes);
	if (!passes->tables && whole)
		mark_namespace(live, passes->scope, 0);
	return whole;
}

/* Of which states those who hold a socket tell it as well. */
static uint32_t described(const struct live *live, enum listing_scope scope)
{
	uint32_t dead = needs_want(&live->needs, WANT_DEAD) ? BIT(TCP_CLOSE) : 0;

	return refreshes(live, scope) ? live->needs.refreshed | dead : 0;
}

/* Sockets in `states` (bit 1 << state), and their holders. */
static void list(struct live *live, enum listing_scope scope, uint32_t states)
{
	struct passes passes = {.scope = scope};
	bool whole;

	live->bpf->bss->list_states = states;
	live->bpf->bss->list_again = live->listed_ns != 0;
	live->bpf->bss->list_described = described(live, scope);
	mark_begin(live, scope);
	if (refreshes(live, scope) && live->links[PART_LIST_HOLDERS])
		whole = list_by_descriptors(live, &passes);
	else
		whole = list_by_tables(live, &passes);
	live_drain(live); /* what the rows have shown already comes before the end */
	mark_end(live, &passes, !whole);
	pairs_free(&passes.inodes);
	pairs_free(&passes.waiting);
	pairs_free(&passes.waiting_in);
	free(passes.held);
}

void live_list(struct live *live)
{
	live->listing_ns = clock_now_ns(CLOCK_MONOTONIC);
	list(live, live_lists_apart(live) ? LISTING_CONNECTIONS : LISTING_ALL, live_listed(live));
	live->listed_ns = clock_now_ns(CLOCK_MONOTONIC);
}

/* What is streamed and what is `refreshed`, in one. */
void live_list_all(struct live *live)
{
	live->listing_ns = clock_now_ns(CLOCK_MONOTONIC);
	live_drain(live);
	list(live, LISTING_ALL, live_listed(live) | live->needs.refreshed);
	live->listed_ns = clock_now_ns(CLOCK_MONOTONIC);
}

void live_list_close_waits(struct live *live)
{
	live_drain(live);
	list(live, LISTING_CLOSE_WAITS, live->needs.refreshed);
}

void live_list_sending(struct live *live, const struct process_id *process)
{
	struct record_sending begins = {
		.header = {RECORD_SENDING, sizeof(begins), 0, clock_now_ns(CLOCK_MONOTONIC)},
		.process = *process,
	};
	struct passes passes = {.scope = LISTING_CLOSE_WAITS};

	if (!live->links[PART_LIST_HOLDERS])
		return;
	live_hand_on(live, &begins.header);
	live->bpf->bss->list_states = 0;
	live->bpf->bss->list_described = 0;
	live->bpf->bss->list_sender = process->pid;
	live_read_rows(live, PART_LIST_HOLDERS, &passes);
	live->bpf->bss->list_sender = 0;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Listing what exists: the sockets of every namespace, then the descriptors of every process. */
#include <errno.h>
#include <unistd.h>

#include "source/clock.h"
#include "source/proc/descriptors.h"
#include "source/diag.h"
#include "source/live/internal.h"
#include "source/netns.h"
#include "source/proc/port_settings.h"

/* A read of rows: less than the kernel has at once on any host, so that tests cut there as well. */
#define ROWS_BYTES 16384

/* The descriptor of an MPTCP socket holds each of its inodes. */
static void receive_msk_holder(struct live *live, const struct inodes *inodes,
			       const struct record_holder *record)
{
	const struct inode_cookie *subflow = inodes_find(inodes, record->inode);
	const struct inode_cookie *end = inodes->items + inodes->count;
	struct record_holder holder = *record;

	for (; subflow && subflow < end && subflow->inode == record->inode; subflow++) {
		holder.cookie = subflow->cookie;
		live_receive(live, &holder, sizeof(holder));
	}
}

/*
 * The holders of an MPTCP socket, which list_holders tells by inode, are those of its subflows; and
 * /proc knows nothing but inodes.
 */
static void note_inode(const struct live *live, struct inodes *inodes,
		       const struct record_socket *socket)
{
	bool asked = socket->flags & SOCKET_MPTCP || !live->links[PART_LIST_HOLDERS];

	if (asked && socket->inode)
		inodes_add(inodes, socket->inode, socket->cookie);
}

static void receive_row(struct live *live, struct inodes *inodes,
			const struct record_header *record)
{
	if (record->type == RECORD_SOCKET) {
		note_inode(live, inodes, (const void *)record);
	} else if (!((const struct record_holder *)record)->cookie) {
		receive_msk_holder(live, inodes, (const void *)record);
		return;
	}
	live_receive(live, record, record->size);
}

/*
 * Reads an iterator to its end. A read yields whole records of `bytes` each, as it asks for a
 * multiple of them: the kernel's buffer is eight pages (bpf_iter.c), larger than ours where pages
 * are, and what does not fit stays there for the next read. The stream is served in between, so
 * that its ring does not fill meanwhile; and before the rows, so that what led to them is told
 * first. False if the kernel broke off.
 */
static bool read_rows(struct live *live, int fd, size_t bytes, struct inodes *inodes)
{
	_Alignas(8) char buffer[ROWS_BYTES];
	ssize_t n;

	for (;;) {
		n = read(fd, buffer, sizeof(buffer) / bytes * bytes);
		if (n < 0 && (errno == EAGAIN || errno == EINTR) && !*live->config->stop)
			continue;
		if (n <= 0)
			return n == 0;
		if ((size_t)n % bytes != 0) {
			live->refused++;
			return false;
		}
		if (*live->config->stop)
			live_drain(live); /* polling then takes a record at a time */
		else
			live_take(live);
		for (size_t at = 0; at < (size_t)n; at += bytes)
			receive_row(live, inodes, (const void *)(buffer + at));
	}
}

static bool run_iterator(struct live *live, enum part part, size_t bytes, struct inodes *inodes)
{
	int fd = bpf_iter_create(bpf_link__fd(live->links[part]));
	bool whole;

	if (fd < 0)
		return false;
	whole = read_rows(live, fd, bytes, inodes);
	close(fd);
	return whole;
}

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

static void mark_end(struct live *live, enum listing_scope scope, bool broken)
{
	mark(live,
	     (struct record_listing){.phase = LISTING_ENDS, .scope = scope, .broken = broken});
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

static void receive_from_diag(void *context, const struct record_header *record)
{
	live_receive(context, record, record->size);
}

/* In place of list_sockets. Request sockets, which it does not list, are said to be in SYN_RECV. */
static bool list_by_diag(struct live *live, uint32_t netns, struct inodes *inodes)
{
	struct diag_listing config = {
		.filter = &live->bpf->rodata->settings.filter,
		.sink = {receive_from_diag, live},
		.states = live->bpf->bss->list_states & ~BIT(TCP_SYN_RECV),
		.ports = needs_want(&live->needs, WANT_PORT_SETTINGS),
	};
	bool whole = diag_list_here(&config, netns, inodes);

	live_take(live);
	return whole;
}

static bool list_sockets_here(struct live *live, uint32_t netns, struct inodes *inodes)
{
	if (live->links[PART_LIST_SOCKETS])
		return run_iterator(live, PART_LIST_SOCKETS, sizeof(struct record_socket), inodes);
	return list_by_diag(live, netns, inodes);
}

/* iter/tcp walks the host's whole hash table for each namespace: empty ones are passed over. */
static bool list_namespace(struct live *live, uint32_t netns, enum listing_scope scope,
			   struct inodes *inodes)
{
	if (needs_want(&live->needs, WANT_PORT_SETTINGS) && scope != LISTING_CLOSE_WAITS)
		report_ports(live, netns);
	if (netns_has_tcp() && !list_sockets_here(live, netns, inodes))
		return false;
	mark_namespace(live, scope, netns);
	if (live_needs_minisockets(live) && scope != LISTING_CLOSE_WAITS)
		report_counters(live, netns);
	return true;
}

static bool wanted(const struct live *live, uint32_t netns)
{
	return !live->config->filter->netns || live->config->filter->netns == netns;
}

/* False if some namespace could not be listed. */
static bool list_sockets(struct live *live, enum listing_scope scope, struct inodes *inodes)
{
	struct netns_list list;
	bool whole;

	live->ports_low = UINT16_MAX;
	live->ports_high = 0;
	netns_find(&list);
	live->unseen = netns_missing(&list, live->config->filter->netns);
	whole = live->unseen == 0;
	for (size_t i = 0; i < list.count; i++) {
		if (!wanted(live, list.items[i].inode))
			continue;
		whole = (i == 0 || netns_enter(list.items[i].fd)) &&
			list_namespace(live, list.items[i].inode, scope, inodes) && whole;
		if (i != 0)
			netns_return(&list);
	}
	netns_list_free(&list);
	return whole;
}

void live_count(struct live *live, uint32_t netns)
{
	struct netns_list list;

	netns_find(&list);
	for (size_t i = 0; i < list.count; i++) {
		uint32_t inode = list.items[i].inode;

		if ((netns ? inode != netns : !wanted(live, inode)) ||
		    (i && !netns_enter(list.items[i].fd)))
			continue;
		report_counters(live, inode);
		if (i)
			netns_return(&list);
	}
	netns_list_free(&list);
}

static void list_holders(struct live *live, struct inodes *inodes)
{
	struct record_sink sink = {receive_from_diag, live};

	if (!live->links[PART_LIST_HOLDERS]) {
		descriptors_list(inodes, &sink);
		return;
	}
	inodes_sort(inodes);
	live->bpf->bss->list_low = live->ports_low;
	live->bpf->bss->list_high = live->ports_high;
	run_iterator(live, PART_LIST_HOLDERS, sizeof(struct record_holder), inodes);
}

static bool holders_are_asked_for(const struct live *live)
{
	return questions_asked(live->config->ask, live->config->context, QUESTION_HOLDERS);
}

void live_list(struct live *live)
{
	enum listing_scope scope = live_lists_apart(live) ? LISTING_CONNECTIONS : LISTING_ALL;
	struct inodes inodes = {0};
	bool whole;

	live->bpf->bss->list_states = live_listed(live);
	mark_begin(live, scope);
	whole = list_sockets(live, scope, &inodes);
	/* what is streamed later refers to them, too */
	if (live->plan.wanted[PART_TRANSITIONS] || holders_are_asked_for(live))
		list_holders(live, &inodes);
	live_drain(live); /* what the rows have shown already comes before the end */
	mark_end(live, scope, !whole);
	inodes_free(&inodes);
	live->listed_ns = clock_now_ns(CLOCK_MONOTONIC);
}

void live_list_close_waits(struct live *live)
{
	struct inodes inodes = {0};
	bool whole;

	live_drain(live);
	mark_begin(live, LISTING_CLOSE_WAITS);
	live->bpf->bss->list_states = live->needs.refreshed & ~BIT(TCP_LISTEN);
	whole = list_sockets(live, LISTING_CLOSE_WAITS, &inodes);
	live->bpf->bss->list_states = live->needs.refreshed | BIT(TCP_LISTEN);
	if (holders_are_asked_for(live))
		list_holders(live, &inodes);
	mark_end(live, LISTING_CLOSE_WAITS, !whole);
	inodes_free(&inodes);
}

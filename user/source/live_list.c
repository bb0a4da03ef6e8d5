// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Listing what exists: the sockets of every namespace, then the descriptors of every process. */
#include <errno.h>
#include <unistd.h>

#include "clock.h"
#include "descriptors.h"
#include "live_internal.h"
#include "netns.h"
#include "port_settings.h"

/* A read of rows: less than the kernel has at once on any host, so that tests cut there as well. */
#define ROWS_BYTES 16384

/* The descriptor of an MPTCP socket holds each of its subflows. */
static void receive_msk_holder(struct live *live, const struct inodes *subflows,
			       const struct record_holder *record)
{
	const struct inode_cookie *subflow = inodes_find(subflows, record->inode);
	const struct inode_cookie *end = subflows->items + subflows->count;
	struct record_holder holder = *record;

	for (; subflow && subflow < end && subflow->inode == record->inode; subflow++) {
		holder.cookie = subflow->cookie;
		live_receive(live, &holder, sizeof(holder));
	}
}

/* So that the holders of its MPTCP socket are known for its own. */
static void add_subflow(struct inodes *subflows, const struct record_socket *socket)
{
	if (socket->flags & SOCKET_MPTCP && socket->inode)
		inodes_add(subflows, socket->inode, socket->cookie);
}

static void receive_row(struct live *live, struct inodes *subflows,
			const struct record_header *record)
{
	if (record->type == RECORD_SOCKET) {
		add_subflow(subflows, (const void *)record);
	} else if (!((const struct record_holder *)record)->cookie) {
		receive_msk_holder(live, subflows, (const void *)record);
		return;
	}
	live_receive(live, record, record->size);
}

/*
 * Reads an iterator to its end. A read yields whole records of `bytes` each, as it asks for a
 * multiple of them: the kernel's buffer is eight pages (bpf_iter.c), larger than ours where pages
 * are, and what does not fit stays there for the next read. The stream is served in between, so
 * that its ring does not fill meanwhile. False if the kernel broke off.
 */
static bool read_rows(struct live *live, int fd, size_t bytes, struct inodes *subflows)
{
	_Alignas(8) char buffer[ROWS_BYTES];
	ssize_t n;

	for (;;) {
		n = read(fd, buffer, sizeof(buffer) / bytes * bytes);
		if (n < 0 && (errno == EAGAIN || errno == EINTR) && !*live->config.stop)
			continue;
		if (n <= 0)
			return n == 0;
		if ((size_t)n % bytes != 0) {
			live->refused++;
			return false;
		}
		for (size_t at = 0; at < (size_t)n; at += bytes)
			receive_row(live, subflows, (const void *)(buffer + at));
		if (*live->config.stop)
			live_drain(live); /* polling then takes a record at a time */
		else
			live_poll(live, 0);
	}
}

static bool run_iterator(struct live *live, struct bpf_link *link, size_t bytes,
			 struct inodes *subflows)
{
	int fd = bpf_iter_create(bpf_link__fd(link));
	bool whole;

	if (fd < 0)
		return false;
	whole = read_rows(live, fd, bytes, subflows);
	close(fd);
	return whole;
}

static void mark_end(struct live *live, enum listing_scope scope, bool broken)
{
	struct record_listing record = {
		.header = {RECORD_LISTING, sizeof(record), 0, clock_now_ns(CLOCK_MONOTONIC)},
		.phase = LISTING_ENDS,
		.scope = scope,
		.broken = broken,
	};

	live_hand_on(live, &record.header);
}

static void mark(struct live *live, enum listing_phase phase, enum listing_scope scope,
		 uint32_t netns)
{
	struct record_listing record = {
		.header = {RECORD_LISTING, sizeof(record), 0, clock_now_ns(CLOCK_MONOTONIC)},
		.phase = phase,
		.scope = scope,
		.netns = netns,
	};

	live_hand_on(live, &record.header);
}

/* Of this thread's namespace. */
static void report_counters(struct live *live, uint32_t netns)
{
	struct record_counters record;

	if (live_read_counters(live, &record, netns))
		live_hand_on(live, &record.header);
}

/*
 * Of this thread's namespace. The listing leaves out ports that no connect() chooses.
 */
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

/* iter/tcp walks the host's whole hash table for each namespace: empty ones are passed over. */
static bool list_namespace(struct live *live, uint32_t netns, enum listing_scope scope,
			   struct inodes *subflows)
{
	if (live_needs[live->config.watch].outgoing)
		report_ports(live, netns);
	if (netns_has_tcp() &&
	    !run_iterator(live, live->sockets, sizeof(struct record_socket), subflows))
		return false;
	mark(live, LISTING_NAMESPACE, scope, netns);
	if (live_needs_minisockets(live) && scope != LISTING_CLOSE_WAITS)
		report_counters(live, netns);
	return true;
}

static bool wanted(const struct live *live, uint32_t netns)
{
	return !live->config.filter->netns || live->config.filter->netns == netns;
}

/* False if some namespace could not be listed. */
static bool list_sockets(struct live *live, enum listing_scope scope, struct inodes *subflows)
{
	struct netns_list list;
	bool whole;

	live->ports_low = UINT16_MAX;
	live->ports_high = 0;
	netns_find(&list);
	live->unseen = netns_missing(&list, live->config.filter->netns);
	whole = live->unseen == 0;
	for (size_t i = 0; i < list.count; i++) {
		if (!wanted(live, list.items[i].inode))
			continue;
		whole = (i == 0 || netns_enter(list.items[i].fd)) &&
			list_namespace(live, list.items[i].inode, scope, subflows) && whole;
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

static void list_holders(struct live *live, struct inodes *subflows)
{
	inodes_sort(subflows);
	live->bpf->bss->list_low = live->ports_low;
	live->bpf->bss->list_high = live->ports_high;
	run_iterator(live, live->holders, sizeof(struct record_holder), subflows);
}

void live_list(struct live *live)
{
	enum listing_scope scope =
		live_needs[live->config.watch].close_waits ? LISTING_LISTENERS : LISTING_ALL;
	struct inodes subflows = {0};

	live->bpf->bss->list_states = live_listed(live);
	mark(live, LISTING_BEGINS, scope, 0);
	list_sockets(live, scope, &subflows);
	list_holders(live, &subflows);
	live_drain(live); /* what the rows have shown already comes before the end */
	mark_end(live, scope, false);
	inodes_free(&subflows);
}

void live_list_close_waits(struct live *live, bool (*need_holders)(void *context), void *context)
{
	struct inodes subflows = {0};
	bool whole;

	live_drain(live);
	mark(live, LISTING_BEGINS, LISTING_CLOSE_WAITS, 0);
	live->bpf->bss->list_states = 1U << TCP_CLOSE_WAIT;
	whole = list_sockets(live, LISTING_CLOSE_WAITS, &subflows);
	live->bpf->bss->list_states = 1U << TCP_LISTEN | 1U << TCP_CLOSE_WAIT;
	if (need_holders(context))
		list_holders(live, &subflows);
	mark_end(live, LISTING_CLOSE_WAITS, !whole);
	inodes_free(&subflows);
}

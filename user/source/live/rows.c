// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reading an iterator: its rows, checked, completed, handed on. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "source/live/internal.h"
#include "waiting.h"

/* A read of rows: less than the kernel has at once on any host, so that tests cut there as well. */
#define ROWS_BYTES 16384

/* The descriptor of an MPTCP socket holds each of its inodes. */
static void receive_msk_holder(struct live *live, const struct passes *passes,
			       const struct record_holder *record)
{
	const struct pair *subflow = pairs_find(&passes->inodes, record->inode);
	struct record_holder holder = *record;

	for (; subflow; subflow = pairs_next(&passes->inodes, subflow)) {
		holder.cookie = subflow->value;
		live_receive(live, &holder, sizeof(holder));
	}
}

static void receive_holder(struct live *live, const struct passes *passes,
			   const struct record_holder *record)
{
	if (record->cookie)
		live_receive(live, record, sizeof(*record));
	else
		receive_msk_holder(live, passes, record);
}

/*
 * The holders of an MPTCP socket, which list_holders tells by inode, are those of its subflows; and
 * /proc knows nothing but inodes.
 */
static void note_inode(const struct live *live, struct passes *passes,
		       const struct record_socket *socket)
{
	bool asked = socket->flags & SOCKET_MPTCP || !live->links[PART_LIST_HOLDERS];

	if (asked && socket->inode)
		pairs_add(&passes->inodes, socket->inode, socket->cookie);
}

static bool waits(const struct record_socket *record)
{
	return record->flags & SOCKET_UNACCEPTED && record->state == TCP_CLOSE_WAIT;
}

static void hold_back(struct passes *passes, const struct record_socket *record)
{
	passes->held = memory_resize(passes->held, passes->held_count + 1, sizeof(*passes->held));
	passes->held[passes->held_count++] = *record;
}

/* What waits to be accepted, until it is known in whose queue. */
void live_receive_socket(struct live *live, struct passes *passes,
			 const struct record_socket *record)
{
	if (passes->described && waits(record)) {
		hold_back(passes, record);
		return;
	}
	if (passes->only_waiting)
		return;
	note_inode(live, passes, record);
	live_receive(live, record, sizeof(*record));
}

void live_tell_held(struct live *live, struct passes *passes)
{
	for (size_t i = 0; i < passes->held_count; i++) {
		struct record_socket *socket = &passes->held[i];
		const struct pair *waiting = pairs_find(&passes->waiting, socket->cookie);

		if (waiting)
			socket->listener = waiting->value;
		live_receive(live, socket, sizeof(*socket));
	}
}

static void receive_waiting(struct passes *passes, const struct row_waiting *row)
{
	pairs_add(&passes->waiting, row->cookie, row->listener);
	if (!passes->waiting_in.count ||
	    passes->waiting_in.items[passes->waiting_in.count - 1].key != row->netns)
		pairs_add(&passes->waiting_in, row->netns, 0);
}

/* False for what is none. */
static bool receive_row(struct live *live, struct passes *passes, const struct record_header *row)
{
	if (row->type == RECORD_SOCKET && row->size == sizeof(struct record_socket))
		live_receive_socket(live, passes, (const void *)row);
	else if (row->type == RECORD_HOLDER && row->size == sizeof(struct record_holder))
		receive_holder(live, passes, (const void *)row);
	else if (row->type == RECORD_SENDING)
		live_receive(live, row, row->size);
	else if (row->type == ROW_WAITING && row->size == sizeof(struct row_waiting))
		receive_waiting(passes, (const void *)row);
	else
		return false;
	return true;
}

/* What was read and not yet received: the last row may be there in part. */
struct rows {
	_Alignas(8) char bytes[ROWS_BYTES];
	size_t count;
};

/* False if what was read are no rows. */
static bool receive_rows(struct live *live, struct passes *passes, struct rows *rows)
{
	const struct record_header *row;
	size_t at = 0;

	while (rows->count - at >= sizeof(*row)) {
		row = (const void *)(rows->bytes + at);
		if (row->size > rows->count - at && row->size <= sizeof(rows->bytes))
			break;
		if (row->size > rows->count - at || !receive_row(live, passes, row)) {
			live->refused++;
			return false;
		}
		at += row->size;
	}
	rows->count -= at;
	memmove(rows->bytes, rows->bytes + at, rows->count);
	return true;
}

/*
 * Reads an iterator to its end. The kernel's buffer is eight pages (bpf_iter.c), larger than ours:
 * what does not fit stays there for the next read. The stream is served in between, so that its
 * ring does not fill meanwhile; and before the rows, so that what led to them is told first. False
 * if the kernel broke off.
 */
static bool read_rows(struct live *live, int fd, struct passes *passes)
{
	struct rows rows = {.count = 0};
	ssize_t n;

	for (;;) {
		n = read(fd, rows.bytes + rows.count, sizeof(rows.bytes) - rows.count);
		if (n < 0 && (errno == EAGAIN || errno == EINTR) && !*live->config->stop)
			continue;
		if (n <= 0)
			return n == 0 && rows.count == 0;
		rows.count += (size_t)n;
		if (*live->config->stop)
			live_drain(live); /* polling then takes a record at a time */
		else
			live_take(live);
		if (!receive_rows(live, passes, &rows))
			return false;
	}
}

bool live_read_rows(struct live *live, enum part part, struct passes *passes)
{
	int fd = bpf_iter_create(bpf_link__fd(live->links[part]));
	bool whole;

	if (fd < 0)
		return false;
	whole = read_rows(live, fd, passes);
	close(fd);
	return whole;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/proc/epoll.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/memory.h"
#include "source/proc/descriptors.h"
#include "source/proc/procfs.h"
#include "source/proc/recent.h"

#define READINGS    1024 /* processes whose last reading is remembered */
#define FILE_BYTES  (256 * 1024)
#define KERNEL_BITS 20 /* MINORBITS, include/linux/kdev_t.h */

void epoll_reader_free(struct epoll_reader *reader)
{
	free(reader->readings);
	reader->readings = NULL;
}

/* Where all that are remembered are young, another has to wait as well. */
bool epoll_is_due(struct epoll_reader *reader, const struct process_id *process, uint64_t time_ns)
{
	struct recent *reading;

	if (!reader->readings)
		reader->readings = memory_new(READINGS, sizeof(*reader->readings));
	reading = recent_find(reader->readings, READINGS, sizeof(*reading), process);
	if (reading->time_ns && time_ns - reading->time_ns < EPOLL_PAUSE_NS)
		return false;
	*reading = (struct recent){time_ns, process->start_ns, process->pid};
	return true;
}

/* The sandbox allows this kind of socket, and all are on one device (net/socket.c, sock_mnt). */
uint32_t epoll_socket_device(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	uint32_t device = 0;
	struct stat stat;

	if (fd < 0)
		return 0;
	if (fstat(fd, &stat) == 0)
		device = major(stat.st_dev) << KERNEL_BITS | minor(stat.st_dev);
	close(fd);
	return device;
}

struct entry {
	uint64_t inode;
	unsigned int how; /* enum epoll_watch */
};

struct entries {
	struct entry *items; /* WATCHED_MAX */
	size_t count;
	unsigned int flags; /* enum watched_flags */
	uint32_t sockets;   /* their device */
};

static void add(struct entries *entries, uint64_t inode, unsigned int events)
{
	unsigned int how = events & (EPOLLIN | EPOLLRDNORM) ? WATCH_IN : WATCH_OTHER;

	if (entries->count < WATCHED_MAX) {
		entries->items[entries->count++] = (struct entry){inode, how};
		return;
	}
	entries->flags |= WATCHED_TOO_MANY;
	entries->flags &= ~(unsigned int)WATCHED_READABLE;
}

/*
 * "tfd: 5 events: 19 data: 5 pos:0 ino:1a2b sdev:8" (fs/eventpoll.c, ep_show_fdinfo). The
 * descriptor is the one at registration, and may be closed or another by now: the inode is what it
 * was and is. A one-shot that is spent has none of its events any more, only EPOLLONESHOT.
 */
static void take_line(struct entries *entries, const char *line)
{
	unsigned int events, device;
	unsigned long inode;

	if (sscanf(line, "tfd: %*d events: %x data: %*x pos:%*d ino:%lx sdev:%x", &events, &inode,
		   &device) == 3 &&
	    device == entries->sockets && inode)
		add(entries, inode, events);
}

/* In big reads, once: what the kernel prints it prints as a whole. */
static bool read_set(struct entries *entries, int fdinfo, const char *name)
{
	int fd = openat(fdinfo, name, O_RDONLY | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char *buffer, *line = NULL;
	size_t size = 0;
	bool done;

	if (!file) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	buffer = memory_new(1, FILE_BYTES);
	setvbuf(file, buffer, _IOFBF, FILE_BYTES);
	while (getline(&line, &size, file) > 0)
		take_line(entries, line);
	done = !ferror(file);
	fclose(file);
	free(line);
	free(buffer);
	return done;
}

static bool is_set(int fds, const char *name)
{
	char link[64];
	ssize_t n = readlinkat(fds, name, link, sizeof(link) - 1);

	if (n < 0)
		return false;
	link[n] = 0;
	return strcmp(link, "anon_inode:[eventpoll]") == 0;
}

/* One that was closed meanwhile cannot be read, and watches nothing. */
static void read_sets(struct entries *entries, DIR *fds, int fdinfo)
{
	struct dirent *entry;

	entries->flags = WATCHED_READABLE;
	while ((entry = readdir(fds))) {
		if (!is_set(dirfd(fds), entry->d_name))
			continue;
		entries->flags |= WATCHED_HAS_SETS;
		if (!read_set(entries, fdinfo, entry->d_name) && is_set(dirfd(fds), entry->d_name))
			entries->flags &= ~(unsigned int)WATCHED_READABLE;
	}
}

static void read_process(struct entries *entries, int dir)
{
	uint64_t count = descriptors_count(dir);
	DIR *fds, *fdinfo;

	if (count == FACTS_UNKNOWN || !entries->sockets)
		return;
	if (count > EPOLL_DESCRIPTORS) {
		entries->flags = WATCHED_TOO_MANY;
		return;
	}
	fds = procfs_folder(dir, "fd");
	fdinfo = procfs_folder(dir, "fdinfo");
	if (fds && fdinfo)
		read_sets(entries, fds, dirfd(fdinfo));
	if (fds)
		closedir(fds);
	if (fdinfo)
		closedir(fdinfo);
}

/* The lowest inode first; of one in two sets, the one for reading. */
static int compare(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;

	if (left->inode != right->inode)
		return left->inode > right->inode ? 1 : -1;
	return (int)left->how - (int)right->how;
}

static void tell_entries(const struct entries *entries, struct record_watched *record,
			 const struct record_sink *sink)
{
	record->flags = 0;
	for (size_t i = 0; i < entries->count; i++) {
		if (record->inode == entries->items[i].inode)
			continue;
		record->inode = entries->items[i].inode;
		record->how = (uint8_t)entries->items[i].how;
		sink_record(sink, &record->header);
	}
}

void epoll_tell(int dir, uint32_t sockets, const struct process_id *process, uint64_t time_ns,
		const struct record_sink *sink)
{
	struct entries entries = {.items = memory_new(WATCHED_MAX, sizeof(struct entry)),
				  .sockets = sockets};
	struct record_watched record = {
		.header = {RECORD_WATCHED, sizeof(record), 0, time_ns},
		.process = *process,
	};

	read_process(&entries, dir);
	qsort(entries.items, entries.count, sizeof(*entries.items), compare);
	record.flags = (uint8_t)entries.flags;
	sink_record(sink, &record.header);
	tell_entries(&entries, &record, sink);
	free(entries.items);
}

void epoll_answer(struct epoll_reader *reader, const struct process_id *process, uint64_t time_ns,
		  const struct record_sink *sink)
{
	int dir;

	if (!epoll_is_due(reader, process, time_ns))
		return;
	dir = procfs_open_same(process);
	if (dir < 0)
		return;
	epoll_tell(dir, epoll_socket_device(), process, time_ns, sink);
	close(dir);
}

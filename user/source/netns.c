// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/netns.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <mntent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/memory.h"
#include "source/proc/procfs.h"

#define NAMES_DIR "/run/netns" /* ip-netns(8) */

static bool known(const struct netns_list *list, uint32_t inode)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].inode == inode)
			return true;
	return false;
}

/* A plain file under /run/netns is a name whose mount is gone; a namespace may be of another kind.
 */
static bool is_namespace(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == NSFS_MAGIC &&
	       ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET;
}

static void add(struct netns_list *list, int dir, const char *path)
{
	struct stat stat;
	int fd;

	if (fstatat(dir, path, &stat, 0) < 0 || known(list, (uint32_t)stat.st_ino))
		return;
	fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && !is_namespace(fd)) {
		close(fd);
		return;
	}
	list->items = memory_resize(list->items, list->count + 1, sizeof(*list->items));
	list->items[list->count++] = (struct netns){(uint32_t)stat.st_ino, fd};
}

/* Makes `fd` the namespace of this thread; false with errno. */
static bool enter(int fd)
{
	return setns(fd, CLONE_NEWNET) == 0;
}

/* To this thread's own; ends the program if that fails, which netns_find has tried. */
static void go_back(const struct netns_list *list)
{
	if (!list->count || list->items[0].fd < 0 || enter(list->items[0].fd))
		return;
	fputs("tcplinger: cannot return to its own network namespace\n", stderr);
	_Exit(1);
}

/* Those that cannot be opened, or entered: known, but not to be had. */
static void drop_unseen(struct netns_list *list)
{
	size_t kept = list->count ? 1 : 0;

	for (size_t i = 1; i < list->count; i++) {
		if (list->items[i].fd >= 0 && enter(list->items[i].fd)) {
			list->items[kept++] = list->items[i];
			continue;
		}
		if (list->items[i].fd >= 0)
			close(list->items[i].fd);
		list->unseen++;
	}
	list->count = kept;
	go_back(list);
}

/*
 * Entering one needs CAP_SYS_ADMIN over it, and coming back over our own: who cannot come back (the
 * root of a user namespace) must not leave.
 */
static void confine(struct netns_list *list)
{
	for (size_t i = 1; i < list->count; i++)
		if (list->items[i].fd >= 0)
			close(list->items[i].fd);
	list->unseen = list->count ? list->count - 1 : 0;
	list->count = list->count ? 1 : 0;
}

static void add_processes(struct netns_list *list)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char path[300];

	if (!proc)
		return;
	while ((entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "%s/ns/net", entry->d_name);
		add(list, dirfd(proc), path);
	}
	closedir(proc);
}

static void add_names(struct netns_list *list)
{
	DIR *names = opendir(NAMES_DIR);
	struct dirent *entry;

	if (!names)
		return;
	while ((entry = readdir(names)))
		if (entry->d_name[0] != '.')
			add(list, dirfd(names), entry->d_name);
	closedir(names);
}

/* Container runtimes keep theirs alive by a mount: /run/docker/netns/..., /var/run/cni/... */
static void add_mounts(struct netns_list *list)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *mount;

	if (!mounts)
		return;
	while ((mount = getmntent(mounts)))
		if (strcmp(mount->mnt_type, "nsfs") == 0 &&
		    strncmp(mount->mnt_fsname, "net:", 4) == 0)
			add(list, AT_FDCWD, mount->mnt_dir);
	endmntent(mounts);
}

void netns_find(struct netns_list *list)
{
	*list = (struct netns_list){0};
	add(list, AT_FDCWD, "/proc/self/ns/net");
	add_processes(list);
	add_names(list);
	add_mounts(list);
	if (list->count && list->items[0].fd >= 0 && enter(list->items[0].fd))
		drop_unseen(list);
	else
		confine(list);
}

size_t netns_missing(const struct netns_list *list, uint32_t wanted)
{
	if (!wanted)
		return list->unseen;
	return list->unseen && !known(list, wanted) ? 1 : 0;
}

void netns_list_free(struct netns_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].fd >= 0)
			close(list->items[i].fd);
	free(list->items);
	*list = (struct netns_list){0};
}

bool netns_visit_list(const struct netns_list *list,
		      bool (*wanted)(const void *context, uint32_t inode, bool own),
		      void (*visit)(void *context, uint32_t inode), void *context)
{
	bool all = true;

	for (size_t i = 0; i < list->count; i++) {
		if (!wanted(context, list->items[i].inode, i == 0))
			continue;
		if (i && !enter(list->items[i].fd)) {
			all = false;
			continue;
		}
		visit(context, list->items[i].inode);
		if (i)
			go_back(list);
	}
	return all;
}

void netns_visit(bool (*wanted)(const void *context, uint32_t inode, bool own),
		 void (*visit)(void *context, uint32_t inode), void *context)
{
	struct netns_list list;

	netns_find(&list);
	netns_visit_list(&list, wanted, visit, context);
	netns_list_free(&list);
}

/*
 * net/ipv4/proc.c: "TCP: inuse 5 orphan 0 tw 2 alloc 6 mem 1"; orphan, alloc and mem are the
 * host's.
 */
static bool any_in_use(const char *path, const char *format)
{
	unsigned int in_use = 0, tw = 0;
	char text[1024], *line;

	if (procfs_read(AT_FDCWD, path, text, sizeof(text)) < 0)
		return true; /* unknown: look */
	line = strstr(text, "TCP");
	return line && sscanf(line, format, &in_use, &tw) >= 1 && (in_use || tw);
}

bool netns_has_tcp(void)
{
	return any_in_use("/proc/thread-self/net/sockstat", "TCP: inuse %u orphan %*u tw %u") ||
	       any_in_use("/proc/thread-self/net/sockstat6", "TCP6: inuse %u");
}

/* net/core/sock.c, proto_seq_printf: "MPTCP      1936      2 ...": name, size, sockets here. */
bool netns_has_mptcp(void)
{
	FILE *file = fopen("/proc/thread-self/net/protocols", "re");
	char line[256];
	int sockets = 0;
	bool any = false;

	while (file && !any && fgets(line, sizeof(line), file))
		any = (sscanf(line, "MPTCP %*d %d", &sockets) == 1 ||
		       sscanf(line, "MPTCPv6 %*d %d", &sockets) == 1) &&
		      sockets > 0;
	if (file)
		fclose(file);
	return any;
}

static bool resolve_path(const char *path, uint32_t *inode)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat stat;
	bool found;

	if (fd < 0)
		return false;
	found = is_namespace(fd) && fstat(fd, &stat) == 0;
	if (found)
		*inode = (uint32_t)stat.st_ino;
	else
		errno = EINVAL;
	close(fd);
	return found;
}

bool netns_resolve(const char *text, uint32_t *inode)
{
	char path[4096];

	if (!strchr(text, '/')) {
		snprintf(path, sizeof(path), NAMES_DIR "/%s", text);
		if (text[0] && resolve_path(path, inode))
			return true;
	} else {
		return resolve_path(text, inode);
	}
	if (text[strspn(text, "0123456789")] == 0 && text[0] && strlen(text) < 10) {
		snprintf(path, sizeof(path), "/proc/%s/ns/net", text);
		return resolve_path(path, inode);
	}
	return resolve_path(text, inode);
}

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Network namespaces: finding them, entering them. */
#ifndef TCPLINGER_NETNS_H
#define TCPLINGER_NETNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct netns {
	uint32_t inode;
	int fd;
};

struct netns_list {
	struct netns *items;
	size_t count;
};

/*
 * Every namespace that a process is in, that has a name under /run/netns, or that is mounted: the
 * caller's own first. Those of processes that may not be looked at are left out. The caller frees.
 */
void netns_find(struct netns_list *list);
void netns_list_free(struct netns_list *list);

/* Makes `fd` the namespace of this thread; false with errno. */
bool netns_enter(int fd);

/* False if no TCP socket of any kind exists in this thread's namespace, TIME_WAIT included. */
bool netns_has_tcp(void);

/*
 * The namespace that a user means: a name under /run/netns first, then a path, then a pid. False if
 * there is none; errno tells why.
 */
bool netns_resolve(const char *text, uint32_t *inode);

#endif

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
	struct netns *items; /* this thread's own first, if there is any */
	size_t count;
	size_t unseen; /* there are so many more, which this process may not enter, or look at */
};

/*
 * Every namespace that a process is in, that has a name under /run/netns, or that is mounted, and
 * that may be entered and left again: the caller's own first. The caller frees.
 */
void netns_find(struct netns_list *list);
void netns_list_free(struct netns_list *list);

/*
 * How many were not to be had of those that `wanted` (an inode; 0: all) stands for; none if it is
 * gone.
 */
size_t netns_missing(const struct netns_list *list, uint32_t wanted);

/*
 * Calls `visit` in each namespace that `wanted` picks by its inode, `own` for the caller's own;
 * this thread is in it meanwhile.
 */
void netns_visit(bool (*wanted)(const void *context, uint32_t inode, bool own),
		 void (*visit)(void *context, uint32_t inode), void *context);

/* The same of a list that was made before. False if one that is wanted could not be entered. */
bool netns_visit_list(const struct netns_list *list,
		      bool (*wanted)(const void *context, uint32_t inode, bool own),
		      void (*visit)(void *context, uint32_t inode), void *context);

/* False if no TCP socket of any kind exists in this thread's namespace, TIME_WAIT included. */
bool netns_has_tcp(void);

/* True if there is an MPTCP socket in it. */
bool netns_has_mptcp(void);

/*
 * The namespace that a user means: a name under /run/netns first, then a path, then a pid. False if
 * there is none; errno tells why.
 */
bool netns_resolve(const char *text, uint32_t *inode);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A folder of files for a test, as /proc/PID is one; all of it goes with tree_close. */
#ifndef TCPLINGER_UNIT_TREE_H
#define TCPLINGER_UNIT_TREE_H

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

struct tree {
	char path[64];
	int dir;
};

static inline void tree_open(struct tree *tree)
{
	snprintf(tree->path, sizeof(tree->path), "/tmp/tcplinger-tree-XXXXXX");
	assert_non_null(mkdtemp(tree->path));
	tree->dir = open(tree->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(tree->dir >= 0);
}

static inline int tree_remove_one(const char *path, const struct stat *stat, int type,
				  struct FTW *walk)
{
	(void)stat;
	(void)type;
	(void)walk;
	return remove(path);
}

static inline void tree_close(struct tree *tree)
{
	close(tree->dir);
	nftw(tree->path, tree_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* With the folders that it is in. */
static inline void tree_folders(const struct tree *tree, const char *path)
{
	char part[256];

	for (const char *at = path; (at = strchr(at, '/')); at++) {
		snprintf(part, sizeof(part), "%.*s", (int)(at - path), path);
		mkdirat(tree->dir, part, 0700);
	}
}

static inline void tree_write(const struct tree *tree, const char *path, const char *text)
{
	size_t length = strlen(text);
	int fd;

	tree_folders(tree, path);
	fd = openat(tree->dir, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_true(write(fd, text, length) == (ssize_t)length);
	close(fd);
}

static inline void tree_link(const struct tree *tree, const char *path, const char *target)
{
	tree_folders(tree, path);
	unlinkat(tree->dir, path, 0);
	assert_int_equal(symlinkat(target, tree->dir, path), 0);
}

#endif

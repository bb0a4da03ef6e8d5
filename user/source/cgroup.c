// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cgroup.h"

#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * include/linux/exportfs.h: a handle of kernfs is the 64-bit id that bpf_get_current_cgroup_id
 * tells.
 */
#define FILEID_KERNFS 0xfe

static char *find_root(void)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	char *root = NULL;
	struct mntent *mount;

	if (!mounts)
		return NULL;
	while (!root && (mount = getmntent(mounts)))
		if (strcmp(mount->mnt_type, "cgroup2") == 0)
			root = strdup(mount->mnt_dir);
	endmntent(mounts);
	return root;
}

void cgroups_open(struct cgroups *cgroups)
{
	cgroups->root_path = find_root();
	cgroups->root = -1;
	if (cgroups->root_path)
		cgroups->root = open(cgroups->root_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void cgroups_close(struct cgroups *cgroups)
{
	if (cgroups->root >= 0)
		close(cgroups->root);
	free(cgroups->root_path);
}

static int open_id(const struct cgroups *cgroups, uint64_t id)
{
	struct {
		struct file_handle handle;
		uint64_t id;
	} handle = {.handle = {.handle_bytes = sizeof(id), .handle_type = FILEID_KERNFS}};

	memcpy(handle.handle.f_handle, &id, sizeof(id));
	return open_by_handle_at(cgroups->root, &handle.handle, O_RDONLY | O_PATH | O_CLOEXEC);
}

bool cgroups_path(const struct cgroups *cgroups, uint64_t id, char *path, size_t size)
{
	size_t skip = cgroups->root_path ? strlen(cgroups->root_path) : 0;
	char link[32], full[4096];
	ssize_t n;
	int fd;

	if (cgroups->root < 0 || !id)
		return false;
	fd = open_id(cgroups, id);
	if (fd < 0)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, full, sizeof(full) - 1);
	close(fd);
	if (n < 0)
		return false;
	full[n] = 0;
	if (strncmp(full, cgroups->root_path, skip) != 0 || strstr(full, " (deleted)"))
		return false;
	if ((size_t)n - skip >= size)
		return false;
	strcpy(path, full[skip] ? full + skip : "/");
	return true;
}

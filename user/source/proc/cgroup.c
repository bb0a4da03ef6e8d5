// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/proc/cgroup.h"

#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * include/linux/exportfs.h: a handle of kernfs is the 64-bit id that bpf_get_current_cgroup_id
 * tells.
 */
#define FILEID_KERNFS 0xfe

static const char *next_legacy(FILE *mounts, const char *controller)
{
	struct mntent *mount;

	while (mounts && (mount = getmntent(mounts)))
		if (strcmp(mount->mnt_type, "cgroup") == 0 && hasmntopt(mount, controller))
			return mount->mnt_dir;
	return NULL;
}

/* The next mount of the v2 hierarchy; NULL if there is none. */
static const char *next_mount(FILE *mounts)
{
	struct mntent *mount;

	while (mounts && (mount = getmntent(mounts)))
		if (strcmp(mount->mnt_type, "cgroup2") == 0)
			return mount->mnt_dir;
	return NULL;
}

char *cgroup_find_mount(const char *controller)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	const char *mount = controller ? next_legacy(mounts, controller) : next_mount(mounts);
	char *path = mount ? strdup(mount) : NULL;

	if (mounts)
		endmntent(mounts);
	return path;
}

void cgroups_open(struct cgroups *cgroups)
{
	cgroups->root_path = cgroup_find_mount(NULL);
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

/* True for the one way to write the path of a directory: a filter compares them as they are. */
static bool is_directory(const char *path)
{
	char real[PATH_MAX];
	size_t length = strlen(path);
	struct stat stat_of;

	while (length > 1 && path[length - 1] == '/')
		length--;
	return realpath(path, real) && strlen(real) == length && memcmp(real, path, length) == 0 &&
	       stat(real, &stat_of) == 0 && S_ISDIR(stat_of.st_mode);
}

static const char *resolve_in(const char *mount, const char *text)
{
	size_t length = strlen(mount);
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s%s", mount, text) < sizeof(path) &&
	    is_directory(path))
		return text;
	if (strncmp(text, mount, length) != 0 || !is_directory(text))
		return NULL;
	if (text[length] == '/')
		return text + length;
	return text[length] ? NULL : "/";
}

const char *cgroup_resolve(const char *text)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	const char *mount = next_mount(mounts), *path = mount ? NULL : text;

	for (; mount && !path; mount = next_mount(mounts))
		path = resolve_in(mount, text);
	if (mounts)
		endmntent(mounts);
	return path;
}

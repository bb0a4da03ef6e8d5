// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/stacks/pythons.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "source/clock.h"
#include "source/proc/procfs.h"

/* The program itself, or the library that it consists of. */
static bool is_named_python(const char *path)
{
	const char *base = strrchr(path, '/');

	base = base ? base + 1 : path;
	return strncmp(base, "python", strlen("python")) == 0 ||
	       strncmp(base, "libpython", strlen("libpython")) == 0;
}

static bool runs_python(int process)
{
	char exe[PATH_MAX];
	ssize_t length = readlinkat(process, "exe", exe, sizeof(exe) - 1);

	exe[length < 0 ? 0 : length] = 0;
	return is_named_python(exe);
}

bool python_of(struct image *image, uint64_t now_ns, struct python_layout *layout)
{
	for (size_t i = 0; i < image->maps.count; i++) {
		const struct mapping *mapping = &image->maps.items[i];
		struct image_code code;

		if (!is_named_python(mapping->path))
			continue;
		code = image_find(image, mapping->start, now_ns);
		if (image_finds_python(image, &code, layout))
			return true;
	}
	return false;
}

static bool look_at(struct library *library, uint32_t pid, struct python_layout *layout)
{
	uint64_t now_ns = clock_now_ns(CLOCK_MONOTONIC);
	int process = procfs_open(pid);
	struct process_id id;
	struct image *image;
	bool found;

	if (process < 0)
		return false;
	found = runs_python(process) && procfs_identify(process, &id);
	close(process);
	if (!found)
		return false;
	image = image_new(&id, 0, 0, library);
	image_refresh(image, now_ns);
	found = python_of(image, now_ns, layout);
	image_free(image);
	return found;
}

void pythons_find(struct library *library,
		  void (*found)(void *context, uint32_t pid, const struct python_layout *layout),
		  void *context)
{
	DIR *processes = opendir("/proc");
	struct python_layout layout;
	struct dirent *entry;

	while (processes && (entry = readdir(processes))) {
		uint32_t pid = (uint32_t)strtoul(entry->d_name, NULL, 10);

		if (isdigit((unsigned char)entry->d_name[0]) && look_at(library, pid, &layout))
			found(context, pid, &layout);
	}
	if (processes)
		closedir(processes);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/proc/freezer.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source/proc/cgroup.h"
#include "source/proc/procfs.h"

#define CONTROLLER "freezer"

void freezer_open(struct freezer *freezer)
{
	freezer->unified = cgroup_find_mount(NULL);
	freezer->legacy = cgroup_find_mount(CONTROLLER);
}

void freezer_close(struct freezer *freezer)
{
	free(freezer->unified);
	free(freezer->legacy);
	*freezer = (struct freezer){0};
}

/* In a cgroup's file, `text`? What is frozen with its parent says so as well. */
static bool says(const char *mount, const char *cgroup, const char *file, const char *text)
{
	char path[PATH_MAX], content[256];

	if (!mount ||
	    (size_t)snprintf(path, sizeof(path), "%s%s/%s", mount, cgroup, file) >= sizeof(path))
		return false;
	return procfs_read(AT_FDCWD, path, content, sizeof(content)) > 0 && strstr(content, text);
}

static bool is_among(const char *controllers, const char *controller)
{
	size_t length = strlen(controller);

	for (const char *at = controllers; (at = strstr(at, controller)); at += length)
		if ((at == controllers || at[-1] == ',') && (!at[length] || at[length] == ','))
			return true;
	return false;
}

/* "0::PATH" for v2, "NUMBER:CONTROLLER,...:PATH" for v1 (cgroups(7)). */
static bool is_frozen_by(const struct freezer *freezer, char *line)
{
	char *controllers = strchr(line, ':');
	char *path = controllers ? strchr(controllers + 1, ':') : NULL;

	if (!path)
		return false;
	*path++ = 0;
	if (!*++controllers)
		return says(freezer->unified, path, "cgroup.events", "frozen 1");
	return is_among(controllers, CONTROLLER) &&
	       says(freezer->legacy, path, "freezer.state", "FROZEN");
}

bool freezer_has_frozen(const struct freezer *freezer, int process)
{
	char text[4096], *rest;

	if (procfs_read(process, "cgroup", text, sizeof(text)) <= 0)
		return false;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (is_frozen_by(freezer, line))
			return true;
	return false;
}

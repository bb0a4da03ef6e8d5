// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/stacks/debug_file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "source/stacks/regular.h"

#define BUILD_ID_SHORTEST 2
#define CHECKED_BYTES	  (256 << 20) /* a file that has no build-id is told by its CRC */

static bool same_id(const struct object *object, const uint8_t *id, size_t length)
{
	return object->build_id_length == length && memcmp(object->build_id, id, length) == 0;
}

static bool open_at(const char *path, struct object *object)
{
	struct stat stat;
	int fd = regular_open(AT_FDCWD, path, 0, &stat);

	return fd >= 0 && object_open(object, fd);
}

/* FOLDER/.build-id/ab/cdef.debug, if it has that id itself. */
static bool open_by_id(const char *folder, const uint8_t *id, size_t length, struct object *object)
{
	char path[PATH_MAX], digits[2 * FRAME_BUILD_ID + 1] = "";

	*object = (struct object){.fd = -1};
	if (length < BUILD_ID_SHORTEST || length > FRAME_BUILD_ID)
		return false;
	for (size_t i = 0; i < length; i++)
		snprintf(digits + 2 * i, 3, "%02x", id[i]);
	snprintf(path, sizeof(path), "%s/.build-id/%.2s/%s.debug", folder, digits, digits + 2);
	if (!open_at(path, object))
		return false;
	if (same_id(object, id, length))
		return true;
	object_close(object);
	return false;
}

static bool has_crc(int fd, uint32_t wanted)
{
	uint8_t bytes[1 << 16];
	uLong crc = crc32(0, NULL, 0);
	off_t at = 0;
	ssize_t n;

	while (at < CHECKED_BYTES && (n = pread(fd, bytes, sizeof(bytes), at)) > 0) {
		crc = crc32(crc, bytes, (uInt)n);
		at += n;
	}
	return crc == wanted;
}

static bool belongs(const struct object *debug, const struct object *object, uint32_t crc)
{
	if (object->build_id_length && debug->build_id_length)
		return same_id(debug, object->build_id, object->build_id_length);
	return has_crc(debug->fd, crc);
}

/* A name, then its CRC, aligned (gdb's manual, "Separate Debug Files"). NULL: no such section. */
static const char *debug_link(const struct object *object, uint32_t *crc)
{
	GElf_Shdr header;
	Elf_Data *data;
	size_t length;

	if (!object_section(object, ".gnu_debuglink", &header, &data) || !data || !data->d_buf)
		return NULL;
	length = strnlen(data->d_buf, data->d_size);
	length = (length + sizeof(*crc)) / sizeof(*crc) * sizeof(*crc);
	if (length + sizeof(*crc) > data->d_size)
		return NULL;
	memcpy(crc, (const char *)data->d_buf + length, sizeof(*crc));
	return data->d_buf;
}

/* The name is the file's own word: it leads nowhere else. */
static bool is_plain_name(const char *name)
{
	return name[0] && name[0] != '.' && !strchr(name, '/');
}

static bool is_plain_path(const char *path)
{
	return path[0] == '/' && !strstr(path, "/../");
}

static bool open_by_link(const char *folder, const struct object *object, const char *path,
			 struct object *debug)
{
	uint32_t crc;
	const char *name = debug_link(object, &crc), *base = strrchr(path, '/');
	char place[PATH_MAX];

	if (!name || !is_plain_name(name) || !base || !is_plain_path(path) ||
	    snprintf(place, sizeof(place), "%s%.*s/%s", folder, (int)(base - path), path, name) >=
		    (int)sizeof(place) ||
	    !open_at(place, debug))
		return false;
	if (belongs(debug, object, crc))
		return true;
	object_close(debug);
	return false;
}

bool debug_file_open(const char *folder, const struct object *object, const char *path,
		     struct object *debug)
{
	return open_by_id(folder, object->build_id, object->build_id_length, debug) ||
	       open_by_link(folder, object, path, debug);
}

/* FOLDER/.dwz/.., which is where Debian has them: only what is in the folder. */
static bool open_named(const char *folder, const char *path, const uint8_t *id, size_t length,
		       struct object *supplement)
{
	if (strncmp(path, folder, strlen(folder)) != 0 || path[strlen(folder)] != '/' ||
	    !is_plain_path(path) || !open_at(path, supplement))
		return false;
	if (same_id(supplement, id, length))
		return true;
	object_close(supplement);
	return false;
}

bool debug_file_open_supplement(const char *folder, const struct object *object,
				struct object *supplement)
{
	GElf_Shdr header;
	Elf_Data *data;
	const uint8_t *id;
	size_t length;

	*supplement = (struct object){.fd = -1};
	if (!object_section(object, ".gnu_debugaltlink", &header, &data))
		return true;
	if (!data || !data->d_buf)
		return false;
	length = strnlen(data->d_buf, data->d_size) + 1;
	if (length >= data->d_size)
		return false;
	id = (const uint8_t *)data->d_buf + length;
	length = data->d_size - length;
	return open_by_id(folder, id, length, supplement) ||
	       open_named(folder, data->d_buf, id, length, supplement);
}

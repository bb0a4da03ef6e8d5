// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/proc/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/memory.h"
#include "source/clock.h"
#include "source/proc/procfs.h"
#include "source/proc/settings.h"

#define FILES_MAX  1024 /* of all folders together */
#define FILE_BYTES (256 << 10)
#define NAME_BYTES 256
#define WHITE	   " \t\r"
#define CONF	   "etc/sysctl.conf"

/* Those of one name: the first folder's alone. */
static const char *const folders[] = {
	"etc/sysctl.d",	    "run/sysctl.d", "usr/local/lib/sysctl.d",
	"usr/lib/sysctl.d", "lib/sysctl.d",
};

struct file {
	const char *folder;
	char name[NAME_BYTES];
};

/* What files have said so far. */
struct sysctls {
	int root;
	struct file *files;
	size_t count;
	struct stat conf; /* of /etc/sysctl.conf */
	bool has_conf;	  /* it is there, and has not been read yet */
	uint16_t unread;
	struct record_sysctl lines[SETTINGS]; /* line 0: not set */
	bool by_key[SETTINGS]; /* said of this setting alone: no pattern changes it */
};

static void cannot_read(struct sysctls *sysctls)
{
	if (sysctls->unread < UINT16_MAX)
		sysctls->unread++;
}

static bool has_file(const struct sysctls *sysctls, const char *name)
{
	for (size_t i = 0; i < sysctls->count; i++)
		if (strcmp(sysctls->files[i].name, name) == 0)
			return true;
	return false;
}

static bool is_conf(const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && length > 5 && length < NAME_BYTES &&
	       strcmp(name + length - 5, ".conf") == 0;
}

static void add_file(struct sysctls *sysctls, const char *folder, const char *name)
{
	struct file *file;

	if (!is_conf(name) || has_file(sysctls, name))
		return;
	if (sysctls->count == FILES_MAX) {
		cannot_read(sysctls);
		return;
	}
	file = &sysctls->files[sysctls->count++];
	file->folder = folder;
	strcpy(file->name, name);
}

static void add_folder(struct sysctls *sysctls, const char *folder)
{
	DIR *entries = procfs_folder(sysctls->root, folder);
	struct dirent *entry;

	if (!entries) {
		if (errno != ENOENT)
			cannot_read(sysctls);
		return;
	}
	while ((entry = readdir(entries)))
		add_file(sysctls, folder, entry->d_name);
	closedir(entries);
}

static int by_name(const void *left, const void *right)
{
	return strcmp(((const struct file *)left)->name, ((const struct file *)right)->name);
}

/* Without white space around it; in place. */
static char *strip(char *text)
{
	size_t length;

	text += strspn(text, WHITE);
	length = strlen(text);
	while (length && strchr(WHITE, text[length - 1]))
		length--;
	text[length] = 0;
	return text;
}

/* The first separator is the one that divides: net.ipv4.conf.eth0/100.x, net/ipv4/conf/eth0.100/x
 */
static void normalize(char *key)
{
	char *first = strpbrk(key, "./");

	if (!first || *first == '/')
		return;
	for (; *first; first++) {
		if (*first == '.')
			*first = '/';
		else if (*first == '/')
			*first = '.';
	}
}

static bool is_pattern(const char *key)
{
	return strpbrk(key, "*?[") != NULL;
}

/* Whether this kernel has it: a pattern is of what there is. */
static bool exists(const struct sysctls *sysctls, const char *path)
{
	char below[SETTING_PATH + 16];

	snprintf(below, sizeof(below), "proc/sys/%s", path);
	return faccessat(sysctls->root, below, F_OK, 0) == 0;
}

static bool concerns(const struct sysctls *sysctls, const char *key, enum setting setting)
{
	char path[SETTING_PATH];

	setting_path(setting, path);
	if (!is_pattern(key))
		return strcmp(key, path) == 0;
	return !sysctls->by_key[setting] && fnmatch(key, path, FNM_PATHNAME) == 0 &&
	       exists(sysctls, path);
}

/* Where a line stands. */
struct at {
	const char *file;
	uint32_t line;
};

/* `value` NULL: no longer what an earlier line or a pattern says. */
static void set(struct sysctls *sysctls, const struct at *at, const char *key, const char *value)
{
	for (unsigned int i = 0; i < SETTINGS; i++) {
		struct record_sysctl *line = &sysctls->lines[i];

		if (!concerns(sysctls, key, i))
			continue;
		*line = (struct record_sysctl){.setting = (uint16_t)i,
					       .line = value ? at->line : 0};
		snprintf(line->file, sizeof(line->file), "/%s", at->file);
		snprintf(line->value, sizeof(line->value), "%s", value ? value : "");
		sysctls->by_key[i] = !is_pattern(key);
	}
}

/* "-" before a key: it may fail; and without a value, it is not to be set. */
static void take_line(struct sysctls *sysctls, const struct at *at, char *line)
{
	char *key = strip(line), *value;

	if (!*key || strchr("#;", *key))
		return;
	value = strchr(key, '=');
	if (value)
		*value++ = 0;
	else if (*key != '-')
		return;
	key = strip(key + (*key == '-'));
	normalize(key);
	set(sysctls, at, key + strspn(key, "/"), value ? strip(value) : NULL);
}

static void take_text(struct sysctls *sysctls, const char *file, char *text)
{
	struct at at = {.file = file};

	for (char *line = text; line;) {
		char *end = strchr(line, '\n');

		if (end)
			*end++ = 0;
		at.line++;
		take_line(sysctls, &at, line);
		line = end;
	}
}

/* What is cut, or no text, is said to be unread; whole lines before that count. */
static void take_open(struct sysctls *sysctls, const char *file, int fd)
{
	char *text = memory_new(1, FILE_BYTES + 1);
	long length = procfs_read_from(fd, text, FILE_BYTES + 1);

	if (length < 0 || length == FILE_BYTES || (long)strlen(text) < length) {
		char *end = strrchr(text, '\n');

		cannot_read(sysctls);
		text[end ? end - text : 0] = 0;
	}
	take_text(sysctls, file, text);
	free(text);
}

/* A device stands for a file that is not wanted, a dangling link for none. */
static void take_file(struct sysctls *sysctls, const char *path)
{
	int fd = openat(sysctls->root, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat stat = {0};

	if (fd < 0) {
		if (errno != ENOENT)
			cannot_read(sysctls);
		return;
	}
	if (fstat(fd, &stat) == 0 && S_ISREG(stat.st_mode)) {
		bool conf = sysctls->has_conf && stat.st_ino == sysctls->conf.st_ino &&
			    stat.st_dev == sysctls->conf.st_dev;

		sysctls->has_conf = sysctls->has_conf && !conf;
		take_open(sysctls, conf ? CONF : path, fd);
	} else if (!S_ISCHR(stat.st_mode)) {
		cannot_read(sysctls);
	}
	close(fd);
}

static void take_all(struct sysctls *sysctls)
{
	char path[SYSCTL_FILE_MAX - 1];

	sysctls->has_conf = fstatat(sysctls->root, CONF, &sysctls->conf, 0) == 0;
	for (size_t i = 0; i < LENGTH(folders); i++)
		add_folder(sysctls, folders[i]);
	qsort(sysctls->files, sysctls->count, sizeof(*sysctls->files), by_name);
	for (size_t i = 0; i < sysctls->count; i++) {
		snprintf(path, sizeof(path), "%s/%s", sysctls->files[i].folder,
			 sysctls->files[i].name);
		take_file(sysctls, path);
	}
	if (sysctls->has_conf)
		take_file(sysctls, CONF);
}

static void tell(const struct record_sink *sink, struct record_sysctl *record)
{
	record->header = (struct record_header){RECORD_SYSCTL, sizeof(*record), 0,
						clock_now_ns(CLOCK_MONOTONIC)};
	sink_record(sink, &record->header);
}

void sysctls_answer(int root, const struct record_sink *sink)
{
	struct sysctls *sysctls = memory_new(1, sizeof(*sysctls));
	struct record_sysctl begins = {0};

	sysctls->root = root;
	sysctls->files = memory_new(FILES_MAX, sizeof(*sysctls->files));
	take_all(sysctls);
	begins.unread = sysctls->unread;
	tell(sink, &begins);
	for (unsigned int i = 0; i < SETTINGS; i++)
		if (sysctls->lines[i].line)
			tell(sink, &sysctls->lines[i]);
	free(sysctls->files);
	free(sysctls);
}

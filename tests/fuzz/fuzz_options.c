// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Whole command lines: the input's words, ended by NUL, are the arguments. What is taken can be;
 * what is not is named in one harmless line.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <unistr.h>

#include "source/proc/cgroup.h"
#include "command/commands.h"
#include "fuzz.h"
#include "source/netns.h"
#include "cli/status.h"

#define ARGUMENTS_MAX 32

/* Nothing outside of the program is looked at (tests.mk, --wrap). */
bool __wrap_netns_resolve(const char *text, uint32_t *inode);
const char *__wrap_cgroup_resolve(const char *text);

bool __wrap_netns_resolve(const char *text, uint32_t *inode)
{
	*inode = 1;
	errno = text[0] == 'p' ? EPERM : ENOENT;
	return text[0] == 'n';
}

const char *__wrap_cgroup_resolve(const char *text)
{
	return text[1] == 'n' ? NULL : text;
}

struct line {
	char *text; /* of the exact size: a read beyond it is seen */
	char *arguments[ARGUMENTS_MAX + 2];
	int count;
};

static void split(struct line *line, const uint8_t *data, size_t size)
{
	*line = (struct line){.text = malloc(size + 1), .arguments = {"tcplinger"}, .count = 1};
	memcpy(line->text, data, size);
	line->text[size] = 0;
	for (size_t at = 0; at < size && line->count <= ARGUMENTS_MAX;
	     at += strlen(line->text + at) + 1)
		line->arguments[line->count++] = line->text + at;
}

static void check_complaint(const char *text, size_t size)
{
	must(size && text[size - 1] == '\n');
	must(!u8_check((const uint8_t *)text, size));
	for (size_t i = 0; i < size - 1; i++)
		must((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
}

static void check_options(const struct options *options)
{
	must(isfinite(options->interval_s) && options->interval_s > 0);
	must(isfinite(options->age_s) && options->age_s >= 0);
	must(isfinite(options->duration_s) && options->duration_s >= 0);
	must(options->by < GROUPINGS);
	must(options->tuples.laddr.prefix <= 128 && options->tuples.raddr.prefix <= 128);
	must(options->states < 1U << TCP_STATES);
	must(!options->processes.comm || strlen(options->processes.comm) <= 15);
	must(!(options->no_bpf && (options->audit || options->hooks != HOOKS_AUTO)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct options options;
	FILE *saved = stderr;
	struct line line;
	char *said = NULL;
	size_t length = 0;
	int status;

	split(&line, data, size);
	stderr = open_memstream(&said, &length);
	optind = 0; /* getopt begins anew */
	status = options_read(&options, line.count, line.arguments);
	fclose(stderr);
	stderr = saved;
	if (status == STATUS_DONE)
		check_options(&options);
	else
		check_complaint(said, length);
	must(status == STATUS_DONE ? !length : status == STATUS_USAGE);
	free(said);
	free(line.text);
	return 0;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Several views on one stream of one source: what no command does yet.
 *
 *   together VIEW=FILE... leaks [OPTIONS]
 *
 * What each view shows goes to its file; the options are those of the command.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/macros.h"
#include "cli/status.h"
#include "command/watch.h"
#include "view/closing/closing.h"
#include "view/leaks/leaks.h"
#include "view/opening/opening.h"
#include "view/ports/ports.h"
#include "view/timewait/timewait.h"
#include "view/trace/trace.h"

static const struct view *const known[] = {&leaks_view, &timewait_view, &ports_view,
					   &trace_view, &closing_view,	&opening_view};

struct chosen {
	const struct view *views[WATCH_VIEWS];
	int fds[WATCH_VIEWS];
	size_t count;
};

static const struct view *find(const char *name, size_t length)
{
	for (size_t i = 0; i < LENGTH(known); i++)
		if (strlen(known[i]->name) == length && strncmp(known[i]->name, name, length) == 0)
			return known[i];
	return NULL;
}

/* False for what is no VIEW=FILE. */
static bool choose(struct chosen *chosen, const char *word)
{
	const char *equals = word ? strchr(word, '=') : NULL;
	const struct view *view = equals ? find(word, (size_t)(equals - word)) : NULL;

	if (!view || chosen->count == WATCH_VIEWS)
		return false;
	chosen->views[chosen->count] = view;
	chosen->fds[chosen->count] =
		open(equals + 1, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (chosen->fds[chosen->count++] < 0)
		_Exit(fail(STATUS_FAILED, "%s: %s", word, strerror(errno)));
	return true;
}

int main(int argc, char **argv)
{
	static struct chosen chosen;
	static struct options options;
	static struct watch watch;
	int words = 0, status;

	while (choose(&chosen, argv[1 + words]))
		words++;
	if (!words)
		return STATUS_USAGE;
	status = options_read(&options, argc - words, argv + words);
	if (status != STATUS_DONE)
		return status;
	libbpf_set_print(NULL);
	watch_init(&watch, &options, chosen.views, chosen.fds, chosen.count);
	status = watch_run(&watch);
	watch_free(&watch);
	return status;
}

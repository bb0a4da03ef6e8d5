/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Running views: one source, one model, any set of views on it, each with an output of its own.
 * What the commands that watch have in common.
 */
#ifndef TCPLINGER_WATCH_H
#define TCPLINGER_WATCH_H

#include "cli/options.h"
#include "model/audit.h"
#include "source/source.h"
#include "view/view.h"

#define WATCH_VIEWS 8

struct watched {
	const struct view *view;
	void *self;
	struct output output;
};

struct watch {
	const struct options *options;
	const volatile sig_atomic_t *stop;
	/* What is listed and streamed: not all filters, where a view takes a census. */
	struct tuple_filter filter;
	struct model model;
	struct audit audit; /* of --audit */
	struct source source;
	struct watched views[WATCH_VIEWS];
	size_t view_count;
	struct refusal refusal;
	bool without_bpf; /* because of `refusal`, not because the user asked for it */
	bool said;	  /* what cannot be seen */
	bool last;	  /* the refresh that comes is the last one */
	uint64_t shown;	  /* refreshes so far */
};

/* An instance of each of the views, on one model; `fds`: where each is shown. */
void watch_init(struct watch *watch, const struct options *options, const struct view *const *views,
		const int *fds, size_t count);
void watch_free(struct watch *watch);

/*
 * Opens the source (without BPF where that is refused and not insisted on), runs until the end. An
 * exit status.
 */
int watch_run(struct watch *watch);

/* All of it for a command of one view. */
int watch_view(const struct options *options, const struct view *view);

#endif

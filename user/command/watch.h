/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Running views: one source, one model, any set of views on it, each with an output of its own.
 * What the commands that watch have in common.
 */
#ifndef TCPLINGER_WATCH_H
#define TCPLINGER_WATCH_H

#include "cli/options.h"
#include "command/input.h"
#include "model/audit.h"
#include "source/source.h"
#include "view/view.h"

#define WATCH_VIEWS 8

struct watched {
	const struct view *view;
	void *self;
	struct output output;
};

struct watch;

/*
 * Who makes use of the views of a watch: prints them, judges them, keeps the stream. `self` is the
 * consumer's own. Each function but `finish` may be NULL.
 */
struct consumer {
	const char *without_stream; /* what it has without BPF: ends a sentence; NULL: as the first
				       view says */
	struct observer observer;   /* of the model, after the views */
	struct sandbox sandbox;	    /* what it does once all is watched, besides the command's */
	/* Every record, before the model and the views are told. */
	void (*record)(void *self, struct watch *watch, const struct record_header *record);
	/* Asked as the views are, after them: it must change nothing. */
	void (*ask)(void *self, const struct watch *watch, struct questions *questions);
	/* All views have chosen their rows, which are valid until the next record. */
	void (*refreshed)(void *self, struct watch *watch, uint64_t time_ns);
	/* A descriptor to wait on besides the source's; -1: none just now. */
	int (*wait_on)(const void *self);
	/* After each wait, which is never long. False: the watch is to end. */
	bool (*turn)(void *self, struct watch *watch);
	/* True while the stream is to stand still, and not to end either. */
	bool (*holds)(const void *self);
	/* At the end, unless the watch failed; an exit status, `status` unless it is worse. */
	int (*finish)(void *self, struct watch *watch, int status);
};

struct watch {
	const struct options *options;
	const struct consumer *consumer;
	void *consumer_self;
	const volatile sig_atomic_t *stop;
	/* What is listed and streamed: not all filters, where a view takes a census. */
	struct tuple_filter filter;
	struct model model;
	struct audit audit; /* of --audit */
	struct input input; /* of --input */
	struct source source;
	struct watched views[WATCH_VIEWS];
	size_t view_count;
	struct refusal refusal;
	struct output folded; /* the file of --folded */
	bool without_bpf;     /* because of `refusal`, not because the user asked for it */
	bool said;	      /* what cannot be seen */
	bool last;	      /* the refresh that is shown is the last one */
	uint64_t shown;	      /* refreshes so far */
	uint64_t time_ns;     /* how far the stream has come: its last refresh, or its end */
};

/* An instance of each of the views, on one model; `fds`: where each is shown. */
void watch_init(struct watch *watch, const struct options *options, const struct view *const *views,
		const int *fds, size_t count);
void watch_free(struct watch *watch);

/*
 * All views anew, by the options as they are now; what the model knows stays, counters begin again.
 * While it runs, and not from within a record.
 */
void watch_restart(struct watch *watch);

/*
 * Of a recording: all anew from the first refresh at that time or later, which the next turn tells;
 * from its beginning, and false, if there is none. Likewise.
 */
bool watch_seek(struct watch *watch, uint64_t time_ns);

/* Instead of printing the views: their `fds` are not used then, and may be NULL. */
void watch_consume(struct watch *watch, const struct consumer *consumer, void *self);

/* The instance of one of its views; NULL: it has none. */
void *watch_find(const struct watch *watch, const struct view *view);

/*
 * Opens the source (without BPF where that is refused and not insisted on), runs until the end. An
 * exit status.
 */
int watch_run(struct watch *watch);

/* All of it for a command of one view. */
int watch_view(const struct options *options, const struct view *view);

/* One line on stderr. */
void watch_note(const char *line);

#endif

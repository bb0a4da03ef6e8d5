/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the commands that watch have in common: source, model, output, and the loop that drives
 * them.
 */
#ifndef TCPLINGER_SESSION_H
#define TCPLINGER_SESSION_H

#include "model/audit.h"
#include "source/live/live.h"
#include "model/model.h"
#include "view/objects.h"
#include "cli/options.h"

struct session {
	const struct options *options;
	enum live_watch watch;
	/* What is listed and streamed. Not all filters: who holds a destination's ports is told by
	 * all of its connections. */
	struct tuple_filter filter;
	const volatile sig_atomic_t *stop;
	struct model model;
	struct audit audit; /* of --audit */
	struct live *live;  /* NULL: nothing streams */
	struct output output;
	struct clock_offsets clocks;
};

/* What a command does in the loop; each may be NULL. */
struct session_hooks {
	bool (*refresh)(
		void *context);	     /* at the start and once an interval; false: it cannot go on */
	void (*last)(void *context); /* at the end: nothing more is streamed, all can be listed */
	void *context;
};

void session_init(struct session *session, const struct options *options, enum live_watch watch,
		  const volatile sig_atomic_t *stop, struct model_observer observer);
void session_free(struct session *session);

/* Where a source's records go: into the session's model. */
struct record_sink session_sink(struct session *session);

/* Loads, attaches and lists. STATUS_DONE, or STATUS_REFUSED with the reason. */
int session_open(struct session *session, struct refusal *refusal);

/* How long a TIME_WAIT lasts here, as far as the kernel says. */
uint64_t session_timewait_ns(void);

/*
 * What listings cannot see for want of privileges, each with what it would take, "" if nothing:
 * `unseen` network namespaces (or the one that --netns asks for), and what the capabilities tell.
 */
#define UNSEEN_MAX 512
void session_unseen(const struct session *session, size_t unseen, char *text, size_t size);

/* Says so on stderr, in one line. */
void session_say_unseen(const struct session *session, size_t unseen);

/* The line on stderr that ends a command that watched: what it showed, and what was lost. */
void session_say_losses(const struct session *session, uint64_t shown, const char *what);

/* Shows the audit, if one was asked for: after all else, but for the last `loss`. */
void session_show_audit(struct session *session);

/* Creates the --ready-file, if one was asked for. An exit status. */
int session_ready(const struct session *session);

/*
 * Runs until a signal, the end of the duration, or an error of the output. An exit status, which is
 * not that of the output: session_output_status has that.
 */
int session_run(struct session *session, const struct session_hooks *hooks);

/* The exit status that the output's fate asks for: a reader that went away is no failure. */
int session_output_status(const struct session *session);

/* True where colour is wanted: a terminal, unless the user or NO_COLOR says otherwise. */
bool session_color(const struct options *options);

/* The terminal's columns and lines; 0 where stdout is none. */
void session_terminal(unsigned int *columns, unsigned int *lines);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The commands that show a table again and again, with BPF or without: what they have in common.
 * Each refresh brings the model up to date, counts rows, and shows them.
 */
#ifndef TCPLINGER_TABLE_H
#define TCPLINGER_TABLE_H

#include "command/session.h"
#include "view/text.h"

/* What a command's table is like; `context` is the command's own. */
struct table_view {
	const char *name;	      /* of the command */
	const char *lost_without_bpf; /* what cannot be seen without it: ends a sentence */
	enum live_watch watch;
	/* Lists what exists, without BPF. False, with the reason, where the kernel refuses. */
	bool (*list)(void *context, struct refusal *refusal, size_t *unseen);
	/* Brings up to date what the stream does not tell; NULL: nothing. */
	void (*update)(void *context);
	/* Counts the rows of this refresh. */
	void (*refresh)(void *context, bool last);
	void (*show_json)(void *context);
	void (*show_text)(void *context, const struct text_style *style, bool last);
	void *context;
};

struct table {
	struct session session;
	struct table_view view;
	bool redraws; /* a terminal, again and again */
	struct refusal refusal;
	uint64_t shown;	  /* refreshes so far */
	bool failed;	  /* the kernel cannot even list sockets */
	size_t unseen;	  /* namespaces that sock_diag could not list */
	bool without_bpf; /* because of `refusal`, not because the user asked for it */
	bool said;	  /* what cannot be seen */
};

/* The model is there after it. */
void table_init(struct table *table, const struct options *options, const struct table_view *view,
		struct model_observer observer);
void table_free(struct table *table);

/* Something was lost: for the observer's callback. */
void table_loss(struct table *table, uint64_t time_ns, const struct losses *losses);

/*
 * Opens the source (without BPF where that is refused and not insisted on), runs until the end. An
 * exit status.
 */
int table_run(struct table *table);

#endif

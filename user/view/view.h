/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a view is: what it needs of a source, what it wants to be told of the model, and how it is
 * shown. Any set of views runs on one stream; each has an instance of its own.
 */
#ifndef TCPLINGER_VIEW_H
#define TCPLINGER_VIEW_H

#include "model/model.h"
#include "record/needs.h"
#include "record/question.h"
#include "view/grouping.h"
#include "view/sheet.h"
#include "view/table.h"
#include "view/text.h"

/* What the user wants of it. What is pointed to must outlive the view. */
struct view_config {
	const struct tuple_filter *tuples;
	const struct process_filter *processes;
	uint32_t states; /* bit 1 << state: only transitions from or to these; 0: all */
	enum grouping by;
	const char *sort;     /* one of its keys; NULL: its own order */
	uint64_t age_ns;      /* younger sockets say nothing yet */
	uint64_t interval_ns; /* from one refresh to the next, as the user asked; 0: not said */
	bool once;	      /* shown once: what exists now */
	bool brief;	      /* watched for a short time, shown at its end */
	bool json;
	bool stacks; /* which code opens connections is shown */
	struct text_style style;
	struct output *output; /* of a view that shows as it happens */
};

struct view {
	const char *name; /* of the command, and in its `refresh` */
	struct needs needs;
	uint32_t essential;	    /* WANT(): without these it has more from listings alone */
	const char *without_stream; /* what is not seen then: ends a sentence */
	const struct table *table;  /* of its rows, for --sort and help; NULL: it has none */
	const struct sheet *sheets; /* of all its rows, the main one first */
	size_t sheet_count;
	size_t bytes; /* of an instance */
	void (*init)(void *self, const struct view_config *config, struct model *model);
	void (*free)(void *self);
	struct observer observer;
	/* What its rows want to know, as of now: changes nothing. NULL: nothing. */
	void (*ask)(const void *self, struct questions *questions);
	/* Counts and chooses its rows. NULL: it has none, and shows as it happens. */
	void (*refresh)(void *self, uint64_t time_ns, bool last);
	/* The rows of this refresh, `limit` at most (0: all), and the `refresh` object. */
	void (*show_json)(void *self, struct output *output, size_t limit);
	void (*show_text)(void *self, struct output *output, const struct text_style *style,
			  bool last);
	/* As of the last refresh, the stacks of what it shows: a line for each. NULL: it has none.
	 */
	void (*fold)(void *self, struct output *output);
	bool plain;			     /* one answer: without a `loss` object behind it */
	uint64_t (*shown)(const void *self); /* what it has shown as it happened; NULL: nothing */
};

#endif

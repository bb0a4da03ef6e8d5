/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Records that are written down, and a source that hands on those it is asked for, as a real one.
 */
#ifndef TCPLINGER_UNIT_RECORD_LIST_H
#define TCPLINGER_UNIT_RECORD_LIST_H

#include "source/source.h"

/* When a source tells it. */
enum told_when {
	TOLD_STREAM,	  /* as it happens */
	TOLD_LISTING,	  /* in a listing of all there is: at the start, for some at each refresh */
	TOLD_CLOSE_WAITS, /* in one of what is in CLOSE_WAIT, at a refresh */
	TOLD_ANSWER,	  /* if it is asked */
	TOLD_REFRESH,	  /* ends a refresh */
};

/* Those of a refresh follow each other in the order above; first of all is a listing. */
struct written {
	struct record_header *record;
	enum told_when when;
	uint8_t state; /* of a holder: that of its socket, as the kernel has it */
	uint8_t direction;
};

struct record_list {
	struct written *items;
	size_t count;
	size_t capacity;
};

void record_list_add(struct record_list *list, enum told_when when,
		     const struct record_header *record);
void record_list_add_holder(struct record_list *list, enum told_when when,
			    const struct record_holder *record, unsigned int state,
			    unsigned int direction);
void record_list_free(struct record_list *list);

struct list_source {
	const struct record_list *list;
	const struct source_config *config;
	size_t at;
	uint16_t low; /* ip_local_port_range, as last told */
	uint16_t high;
};

extern const struct source_kind list_kind; /* of a struct list_source */

/* All of a list, from the RECORD_SOURCE that begins a stream to the refresh that is its last. */
void list_play(const struct record_list *list, const struct source_config *config);

#endif

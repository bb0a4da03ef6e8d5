/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What views show of a stream, as text. */
#ifndef TCPLINGER_UNIT_STAGE_H
#define TCPLINGER_UNIT_STAGE_H

#include "command/watch.h"

struct stage {
	struct watch watch;
	int fds[WATCH_VIEWS];
};

void stage_begin(struct stage *stage, const struct options *options,
		 const struct view *const *views, size_t count);

/* For a source's sink, and its ask: a refresh is shown when its record comes. */
void stage_record(void *context, const struct record_header *record);
void stage_ask(void *context, struct questions *questions);

/* Of each view what it has shown, to be freed. */
void stage_end(struct stage *stage, char **texts);

/* Two of these are the same. */
void check_same(const char *name, uint64_t seed, const char *one, const char *other);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A recording as a source: the stream as it was, its refreshes as fast as they can be read. */
#ifndef TCPLINGER_REPLAY_H
#define TCPLINGER_REPLAY_H

#include "source/source.h"

/* `config` has a recording; it and that must outlive the source. */
void *replay_open(const struct source_config *config);

extern const struct source_kind replay_kind;

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a model knows, as records: one that is fed with them knows the same, as far as records can
 * say it. What is past is not in them: transitions, ages of states, who has closed.
 */
#ifndef TCPLINGER_DUMP_H
#define TCPLINGER_DUMP_H

#include "model/model.h"
#include "record/sink.h"

/* `time_ns`: now, of the stream. */
void model_dump(const struct model *model, uint64_t time_ns, const struct record_sink *sink);

#endif

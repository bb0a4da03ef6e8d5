/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Where records go. */
#ifndef TCPLINGER_SINK_H
#define TCPLINGER_SINK_H

#include "record.h"

struct record_sink {
	void (*record)(void *context, const struct record_header *record);
	void *context;
};

static inline void sink_record(const struct record_sink *sink, const struct record_header *record)
{
	sink->record(sink->context, record);
}

#endif

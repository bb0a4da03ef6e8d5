/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What every source has in common: it hands records to a sink, and says why when it cannot. */
#ifndef TCPLINGER_SOURCE_H
#define TCPLINGER_SOURCE_H

#include "record.h"

struct record_sink {
	void (*record)(void *context, const struct record_header *record);
	void *context;
};

static inline void sink_record(const struct record_sink *sink, const struct record_header *record)
{
	sink->record(sink->context, record);
}

/* Why a source cannot work here: one line for the user. */
struct refusal {
	char text[512];
};

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The JSON objects of docs/json.md that more than one view prints. */
#ifndef TCPLINGER_OBJECTS_H
#define TCPLINGER_OBJECTS_H

#include "writer/json.h"
#include "base/histogram.h"
#include "base/time.h"
#include "model/model.h"

/* A time beside that of the object itself. */
void object_time(struct json *json, const char *key, uint64_t time_ns,
		 const struct clock_offsets *clocks);

/* NULL: null. */
void object_process(struct json *json, const char *key, const struct process *process,
		    const struct clock_offsets *clocks);

/* `netns`, `family`, `laddr`, `lport`, `raddr`, `rport`; `local`: null for the remote end. */
void object_tuple(struct json *json, const struct tuple *tuple, bool local);

/* The same of a destination: no `lport`. */
void object_destination(struct json *json, const struct tuple *tuple);

/* A place (view/place.h): `direction`, and the same keys, null for what it is not by. */
void object_place(struct json *json, const struct tuple *place, unsigned int direction);

/* `netns`, `family` and `laddr` alone. */
void object_local(struct json *json, const struct tuple *tuple);

/* The same of a namespace as a whole. */
void object_nowhere(struct json *json, uint32_t netns);

/* The same keys as of a tuple, all null. */
void object_no_tuple(struct json *json);

/* Counts, percentiles and buckets. */
void object_histogram(struct json *json, const char *key, const struct histogram *histogram,
		      const struct histogram_scale *scale);

/* `type` and `time`, which every object begins with. `time_ns`: CLOCK_MONOTONIC. */
void object_begin(struct json *json, struct output *output, const char *type, uint64_t time_ns,
		  const struct clock_offsets *clocks);

/* A whole `loss` line. */
void object_loss(struct output *output, uint64_t time_ns, const struct losses *losses,
		 const struct clock_offsets *clocks);

/* A whole `refresh` line: `rows` were printed before it. */
void object_refresh(struct output *output, const char *view, uint64_t time_ns,
		    const struct clock_offsets *clocks, uint64_t seq, size_t rows, bool incomplete);

#endif

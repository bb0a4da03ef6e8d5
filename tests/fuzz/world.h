/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A model with every view on it, and an audit beside it: what the records of an input are offered
 * to. */
#ifndef TCPLINGER_FUZZ_WORLD_H
#define TCPLINGER_FUZZ_WORLD_H

#include "view/advice/advice.h"
#include "view/audit/show.h"
#include "fuzz.h"
#include "view/objects.h"
#include "view/closing/closing.h"
#include "view/leaks/leaks.h"
#include "view/opening/opening.h"
#include "view/ports/ports.h"
#include "view/timewait/timewait.h"
#include "view/trace/trace.h"

enum mode {
	MODE_RAW = 1,
	MODE_FILTER = 2,
	MODE_PROCESSES = 4,
	MODE_JSON = 8,
	MODE_COLOR = 16,
	MODE_LEAKS = 32,
	MODE_BY_COMM = 64,
	MODE_ONCE = 128,
};

struct world {
	struct model model;
	struct output output;
	struct trace trace;
	struct leaks leaks;
	struct time_waits waits;
	struct ports ports;
	struct closing closing;
	struct opening opening;
	struct adviser adviser;
	struct audit audit;
	struct losses losses; /* the newest */
	unsigned int mode;
	uint64_t time_ns;
};

#endif

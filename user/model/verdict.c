// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/verdict.h"

#include "model/close_wait.h"

#define MAJORITY_PERCENT 80

static const char *const verdicts[VERDICTS] = {
	[VERDICT_TRANSIENT] = "transient",
	[VERDICT_LEAK] = "leak",
	[VERDICT_STALL] = "stall",
	[VERDICT_IDLE_POOL] = "idle_pool",
	[VERDICT_NOT_READING] = "not_reading",
	[VERDICT_BACKLOG] = "backlog",
	[VERDICT_HALF_CLOSED] = "half_closed",
	[VERDICT_UNKNOWN] = "unknown",
	[VERDICT_MIXED] = "mixed",
};

static const char *const kinds[KINDS] = {
	[KIND_UNREAD_DATA] = "unread_data", [KIND_FIN_ONLY] = "fin_only",
	[KIND_DRAINED] = "drained",	    [KIND_SENDING] = "sending",
	[KIND_UNACCEPTED] = "unaccepted",   [KIND_UNKNOWN] = "unknown",
};

enum verdict verdict_of_socket(unsigned int kind, unsigned int direction)
{
	switch (kind) {
	case KIND_UNREAD_DATA:
		return VERDICT_STALL;
	case KIND_FIN_ONLY:
		return direction == DIRECTION_IN ? VERDICT_NOT_READING : VERDICT_IDLE_POOL;
	case KIND_DRAINED:
		return VERDICT_LEAK;
	case KIND_SENDING:
		return VERDICT_HALF_CLOSED;
	case KIND_UNACCEPTED:
		return VERDICT_BACKLOG;
	default:
		return VERDICT_UNKNOWN;
	}
}

enum verdict verdict_of_counts(const uint32_t *counts)
{
	uint64_t all = 0;

	for (unsigned int i = 0; i < VERDICTS; i++)
		all += counts[i];
	if (!all)
		return VERDICT_TRANSIENT;
	for (unsigned int i = 0; i < VERDICTS; i++)
		if (counts[i] && (uint64_t)counts[i] * 100 >= all * MAJORITY_PERCENT)
			return (enum verdict)i;
	return VERDICT_MIXED;
}

const char *verdict_name(enum verdict verdict)
{
	return verdicts[verdict];
}

const char *close_wait_kind_name(unsigned int kind)
{
	return kinds[kind];
}

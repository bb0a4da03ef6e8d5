// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/sending.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/memory.h"

#define REMEMBERED 64 /* connections of an answer */

struct answer {
	bool given;
	uint32_t count; /* above REMEMBERED: there were more */
	uint64_t cookies[REMEMBERED];
};

struct sending {
	struct answer before;
	struct answer now;
};

void sending_apply(struct sending **sending, const struct record_sending *record)
{
	struct answer *now;

	if (!*sending && !record->cookie)
		*sending = memory_new(1, sizeof(**sending));
	if (!*sending)
		return;
	now = &(*sending)->now;
	if (!record->cookie) {
		(*sending)->before = *now;
		*now = (struct answer){.given = true};
	} else if (now->count < REMEMBERED) {
		now->cookies[now->count++] = record->cookie;
	} else {
		now->count = REMEMBERED + 1;
	}
}

void sending_free(struct sending *sending)
{
	free(sending);
}

static uint32_t remembered(const struct answer *answer)
{
	return answer->count < REMEMBERED ? answer->count : REMEMBERED;
}

static bool has(const struct answer *answer, uint64_t cookie)
{
	for (uint32_t i = 0; i < remembered(answer); i++)
		if (answer->cookies[i] == cookie)
			return true;
	return false;
}

enum blocked sending_blocked(const struct sending *sending)
{
	if (!sending || !sending->before.given)
		return BLOCKED_UNKNOWN;
	for (uint32_t i = 0; i < remembered(&sending->now); i++)
		if (has(&sending->before, sending->now.cookies[i]))
			return BLOCKED_YES;
	if (sending->now.count > REMEMBERED || sending->before.count > REMEMBERED)
		return BLOCKED_UNKNOWN;
	return BLOCKED_NO;
}

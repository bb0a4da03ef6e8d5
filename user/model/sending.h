/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which connections of a process did not get rid of their data, when it was asked about twice. */
#ifndef TCPLINGER_SENDING_H
#define TCPLINGER_SENDING_H

#include <stdint.h>

#include "record.h"

enum blocked {
	BLOCKED_UNKNOWN, /* nobody asked twice, or there were too many to remember */
	BLOCKED_NO,
	BLOCKED_YES, /* one had data both times */
};

struct sending;

/* Made by the record that begins an answer; what has no beginning is passed over. */
void sending_apply(struct sending **sending, const struct record_sending *record);
void sending_free(struct sending *sending);

/* `sending`: NULL where nobody asked. */
enum blocked sending_blocked(const struct sending *sending);

#endif

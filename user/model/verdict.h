/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a set of sockets in CLOSE_WAIT says about the process that could close them. */
#ifndef TCPLINGER_VERDICT_H
#define TCPLINGER_VERDICT_H

#include <stddef.h>
#include <stdint.h>

enum verdict {
	VERDICT_TRANSIENT,   /* none is old enough to say anything */
	VERDICT_LEAK,	     /* drained: it never calls close() */
	VERDICT_STALL,	     /* unread data: it does not read */
	VERDICT_IDLE_POOL,   /* fin_only, of connections it made: kept in a pool, unwatched */
	VERDICT_NOT_READING, /* fin_only, of connections it accepted */
	VERDICT_BACKLOG,     /* nobody accepts them */
	VERDICT_HALF_CLOSED, /* it still sends: legal */
	VERDICT_UNKNOWN,
	VERDICT_MIXED, /* no kind has 80 % */
	VERDICTS,
};

/* The verdict on one socket of a kind (enum close_wait_kind) and direction. */
enum verdict verdict_of_socket(unsigned int kind, unsigned int direction);

/* The verdict on many: `counts` holds how many sockets have each verdict. */
enum verdict verdict_of_counts(const uint32_t *counts);

/* "leak"; static. */
const char *verdict_name(enum verdict verdict);
const char *close_wait_kind_name(unsigned int kind);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What sockets that close, and do not come to an end, say about the other end: a function of
 * counts. docs/closing.md says what each means, and what to do.
 */
#ifndef TCPLINGER_VERDICT_CLOSING_H
#define TCPLINGER_VERDICT_CLOSING_H

#include <stdint.h>

enum closing_verdict {
	CLOSING_TRANSIENT,	     /* none is old enough to say anything */
	CLOSING_PEER_DOES_NOT_CLOSE, /* it has our FIN, and sends none */
	CLOSING_PEER_SILENT,	     /* nobody answers what is sent again */
	CLOSING_PEER_WINDOW_CLOSED,  /* it takes no more data, and our FIN is behind that */
	CLOSING_MIXED,		     /* none of these */
	CLOSING_VERDICTS,
};

/* Sockets that are old enough, by what decides; one may count as more than one. */
struct closing_counts {
	uint32_t all;
	uint32_t fin_wait2;
	uint32_t silent;
	uint32_t zero_window; /* of these those that answer */
};

enum closing_verdict closing_verdict_of(const struct closing_counts *old);

/* "peer_silent"; static. */
const char *closing_verdict_name(enum closing_verdict verdict);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Why connections do not come about: functions of counts. docs/opening.md says what each means,
 * and what to do.
 */
#ifndef TCPLINGER_VERDICT_OPENING_H
#define TCPLINGER_VERDICT_OPENING_H

#include <stdbool.h>
#include <stdint.h>

/* Of those who connect to a destination. */
enum opening_verdict {
	OPENING_FINE,
	OPENING_NO_ANSWER,   /* the SYN is sent again and again */
	OPENING_REFUSED,     /* an RST answers it */
	OPENING_UNREACHABLE, /* a router, or our own host, says that there is no way */
	OPENING_NO_PORT,     /* connect() found no local port */
	OPENING_SLOW,	     /* they come about, late */
	OPENING_VERDICTS,
};

/* How a connect() ended. */
enum connect_end {
	CONNECT_ESTABLISHED,
	CONNECT_UNANSWERED, /* timed out, or the application gave up after a SYN was sent again */
	CONNECT_REFUSED,
	CONNECT_UNREACHABLE,
	CONNECT_NO_PORT,
	CONNECT_OTHER, /* the application gave up at once; destroyed; .. */
	CONNECT_ENDS,
};

struct opening_facts {
	uint64_t ends[CONNECT_ENDS]; /* in the last minute or two */
	uint32_t silent;	     /* that wait now, and have sent their SYN again */
	bool handshakes;	     /* some were measured: */
	uint64_t median_ns;
};

/*
 * How a connect() ended that did not come about: by sk_err (0: none), and how long it took
 * (UINT64_MAX: not known). `no_port`: it was refused one.
 */
enum connect_end connect_end_of(unsigned int error, bool no_port, uint64_t took_ns);

/* What went wrong most, where that is a tenth of all at least. */
enum opening_verdict opening_verdict_of(const struct opening_facts *facts);

/* "no_answer"; static. */
const char *opening_verdict_name(enum opening_verdict verdict);

/* Of a listener. */
enum listener_verdict {
	LISTENER_FINE,
	LISTENER_FILLING, /* half of its queue is in use, or more */
	LISTENER_FULL,	  /* it has no room for one more, or had none just now */
	LISTENER_VERDICTS,
};

enum listener_verdict listener_verdict_of(uint32_t queue, uint32_t limit, bool overflowed);
const char *listener_verdict_name(enum listener_verdict verdict);

#endif

/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What it takes for a rule to fire: all of them, and nowhere else. docs/diagnose.md has the same.
 */
#ifndef TCPLINGER_ADVICE_THRESHOLDS_H
#define TCPLINGER_ADVICE_THRESHOLDS_H

#include "base/time.h"

/* close_wait_* */
#define SOCKETS_LEAST	     3	 /* a leak, not_reading, dead, peers that do not close */
#define OTHER_SOCKETS	     100 /* close_wait_other, unless it grows */
#define ANSWER_AWAITED_NS    (600 * NS_PER_S) /* so long may the answer to a half-close take */
#define CRITICAL_WITHIN_S    3600	      /* what runs out by then is critical */
#define DESCRIPTORS_SHARE    0.8	      /* descriptor_limit, or */
#define DESCRIPTORS_WITHIN_S 86400	      /* by growth */
#define STARVED_SHARE	     (1.0 / 3)	      /* no_cpu: of the wall time */

/* those that do not end */
#define FIN_WAIT2_AGE_NS   (60 * NS_PER_S) /* fin_wait2_owned */
#define HALF_CLOSED_AGE_NS (10 * NS_PER_S) /* half_closed_pair */

/* TIME_WAIT, and how it comes about */
#define TIME_WAITS_MANY	    1000 /* before that nobody asks */
#define HARMLESS_SHARE	    0.5	 /* time_wait_harmless: of the ports of the most used destination */
#define OVERFLOW_NEAR	    0.9	 /* time_wait_overflow: of tcp_max_tw_buckets */
#define CLOSES_PER_S	    5	 /* short_connections */
#define SHORT_NS	    (1 * NS_PER_S)    /* half of them lasted no longer, */
#define SHORT_IDLE_NS	    (10 * NS_PER_MS)  /* or were closed as soon as all was said */
#define SUSTAINED_SHARE	    0.1		      /* of what the destination sustains: a warning */
#define PROCESSES_LEAST	    10		      /* process_per_connection */
#define CONNECTIONS_OF_ONE  2		      /* at most: each process makes one or two */
#define RESET_CLOSED	    20		      /* reset_instead_of_close: so many closed, */
#define RESET_SHARE	    0.5		      /* and this part of them by an RST */
#define RACE_CLOSES	    20		      /* keepalive_race: so many closed first, */
#define RACE_SPREAD	    0.2		      /* p90 of idle within this of p10 */
#define RACE_IDLE_NS	    (100 * NS_PER_MS) /* less is no time-out */
#define NOT_A_FIN_TIMEOUT_S 60		      /* fin_timeout_misread: its default */
#define TRACKED_TIME_WAIT_S 60		      /* conntrack_time_wait: the kernel's own */
#define REUSABLE_SHARE	    0.25	      /* tw_reuse_would_help: of the used */
#define USELESS_SHARE	    0.9		      /* tw_reuse_useless: of TIME_WAITs, incoming */

/* ports */
#define PORTS_NEAR_SHARE     PORTS_NEAR
#define PORTS_CRITICAL_SHARE 0.95
#define BLOCKED_SHARE	     0.5	     /* ports_taken_by_bind: of a range */
#define SEARCH_SLOW_NS	     (1 * NS_PER_MS) /* port_search_slow: the median */

/* What was wrong and is not now: told if it was for so long. */
#define KEPT_NS ((uint64_t)(10 * NS_PER_S))

/* opening, conntrack */
#define NO_ANSWER_PENDING 3 /* no_answer: so many that wait for long */
#define REFUSED_LEAST	  3
#define TRACKED_SHARE	  0.9 /* conntrack_full: of its maximum */

#endif

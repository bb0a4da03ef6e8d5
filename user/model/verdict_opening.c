// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/verdict_opening.h"

#include <errno.h>

#include "base/time.h"

#define PROBLEM_PART  10       /* one in so many, at least, is worth a word */
#define SLOW_NS	      NS_PER_S /* a SYN was lost, or its answer */
#define SENT_AGAIN_NS NS_PER_S /* TCP_TIMEOUT_INIT, include/net/tcp.h */

static const char *const verdicts[OPENING_VERDICTS] = {
	[OPENING_FINE] = "fine",       [OPENING_NO_ANSWER] = "no_answer",
	[OPENING_REFUSED] = "refused", [OPENING_UNREACHABLE] = "unreachable",
	[OPENING_NO_PORT] = "no_port", [OPENING_SLOW] = "slow",
};

static const char *const listener_verdicts[LISTENER_VERDICTS] = {
	[LISTENER_FINE] = "fine",
	[LISTENER_FILLING] = "filling",
	[LISTENER_FULL] = "full",
};

/* Where the application gave up itself, by then a SYN had been sent again or not. */
static enum connect_end gave_up(uint64_t took_ns)
{
	return took_ns != UINT64_MAX && took_ns >= SENT_AGAIN_NS ? CONNECT_UNANSWERED
								 : CONNECT_OTHER;
}

enum connect_end connect_end_of(unsigned int error, bool no_port, uint64_t took_ns)
{
	if (no_port)
		return CONNECT_NO_PORT;
	switch (error) {
	case 0:
		return gave_up(took_ns);
	case ETIMEDOUT:
		return CONNECT_UNANSWERED;
	case ECONNREFUSED:
	case ECONNRESET:
		return CONNECT_REFUSED;
	case EHOSTUNREACH:
	case ENETUNREACH:
	case EHOSTDOWN:
	case ENONET:
	case EACCES:
		return CONNECT_UNREACHABLE;
	default:
		return CONNECT_OTHER;
	}
}

static enum opening_verdict late_or_fine(const struct opening_facts *facts)
{
	return facts->handshakes && facts->median_ns >= SLOW_NS ? OPENING_SLOW : OPENING_FINE;
}

enum opening_verdict opening_verdict_of(const struct opening_facts *facts)
{
	static const enum opening_verdict of_end[CONNECT_ENDS] = {
		[CONNECT_UNANSWERED] = OPENING_NO_ANSWER,
		[CONNECT_REFUSED] = OPENING_REFUSED,
		[CONNECT_UNREACHABLE] = OPENING_UNREACHABLE,
		[CONNECT_NO_PORT] = OPENING_NO_PORT,
	};
	uint64_t all = 0, problems = 0, most = 0;
	enum opening_verdict verdict = OPENING_FINE;

	for (unsigned int end = 0; end < CONNECT_ENDS; end++) {
		uint64_t count = facts->ends[end] + (end == CONNECT_UNANSWERED ? facts->silent : 0);

		all += count;
		if (of_end[end] == OPENING_FINE)
			continue;
		problems += count;
		if (count > most) {
			most = count;
			verdict = of_end[end];
		}
	}
	return problems && problems >= all / PROBLEM_PART ? verdict : late_or_fine(facts);
}

const char *opening_verdict_name(enum opening_verdict verdict)
{
	return verdicts[verdict];
}

/* The kernel lets in one more than the limit (sk_acceptq_is_full). */
enum listener_verdict listener_verdict_of(uint32_t queue, uint32_t limit, bool overflowed)
{
	if (queue > limit || overflowed)
		return LISTENER_FULL;
	return queue && queue >= limit - limit / 2 ? LISTENER_FILLING : LISTENER_FINE;
}

const char *listener_verdict_name(enum listener_verdict verdict)
{
	return listener_verdicts[verdict];
}

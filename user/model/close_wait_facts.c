// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is known of one socket: how long, whether it is dead, of which kind. */
#include "base/time.h"
#include "model/close_wait.h"
#include "record/question.h"

#define FAREWELL_BYTES 512
#define FAREWELL_NS    NS_PER_S

static uint64_t age_at(const struct close_wait *close_wait, uint64_t time_ns)
{
	return time_ns > close_wait->since_ns ? time_ns - close_wait->since_ns : 0;
}

uint64_t close_wait_age_ns(const struct close_waits *close_waits,
			   const struct close_wait *close_wait)
{
	return age_at(close_wait, close_waits->time_ns);
}

/* There from the start, and as old as its last data at most. */
static bool may_be_of_age(const struct close_waits *close_waits,
			  const struct close_wait *close_wait, uint64_t age_ns, uint64_t time_ns)
{
	return close_wait->at_least && close_wait->received_ns &&
	       close_wait->seen_ns == close_waits->first_ns &&
	       time_ns >= close_wait->received_ns + age_ns;
}

static bool is_of_age_at(const struct close_waits *close_waits, const struct close_wait *close_wait,
			 uint64_t age_ns, uint64_t time_ns)
{
	return age_at(close_wait, time_ns) >= age_ns ||
	       (may_be_of_age(close_waits, close_wait, age_ns, time_ns) &&
		time_ns >= close_wait->seen_ns + STILL_NS);
}

bool close_wait_is_of_age(const struct close_waits *close_waits,
			  const struct close_wait *close_wait, uint64_t age_ns)
{
	return is_of_age_at(close_waits, close_wait, age_ns, close_waits->time_ns);
}

bool close_wait_was_of_age(const struct close_waits *close_waits,
			   const struct close_wait *close_wait, uint64_t age_ns)
{
	return is_of_age_at(close_waits, close_wait, age_ns, close_waits->before_ns);
}

bool close_wait_is_in_doubt(const struct close_waits *close_waits,
			    const struct close_wait *close_wait, uint64_t age_ns)
{
	return !close_wait_is_of_age(close_waits, close_wait, age_ns) &&
	       may_be_of_age(close_waits, close_wait, age_ns, close_waits->time_ns);
}

bool close_wait_is_dead(const struct close_waits *close_waits, const struct close_wait *close_wait,
			uint64_t age_ns)
{
	return close_wait->state == TCP_CLOSE &&
	       close_waits->time_ns >= close_wait->dead_ns + age_ns;
}

bool close_wait_died_before(const struct close_waits *close_waits,
			    const struct close_wait *close_wait)
{
	return close_wait->state == TCP_CLOSE && close_wait->dead_ns == close_waits->first_ns;
}

enum close_wait_kind close_wait_kind(const struct close_wait *close_wait, uint64_t recent_ns)
{
	if (close_wait->kind == KIND_DRAINED && close_wait->sent_ns > recent_ns)
		return KIND_SENDING;
	return close_wait->kind;
}

bool close_wait_is_farewell(const struct close_wait *close_wait)
{
	uint32_t unread = close_wait->recvq ? close_wait->recvq - 1 : 0;
	uint64_t since_ns = close_wait->since_ns, received_ns = close_wait->received_ns;

	if (close_wait->kind != KIND_UNREAD_DATA || close_wait->direction == DIRECTION_IN ||
	    unread > FAREWELL_BYTES || !(close_wait->flags & SOCKET_READ))
		return false;
	return close_wait->at_least || received_ns + FAREWELL_NS >= since_ns;
}

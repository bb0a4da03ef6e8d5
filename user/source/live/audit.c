// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The stream of an audit: all that a kernel's counter stands for, whatever the view needs and
 * whatever its filter lets through. What the view would not have got without the audit is kept from
 * it here.
 */
#include <string.h>
#include <time.h>

#include "source/proc/counters.h"
#include "source/live/internal.h"
#include "wanted.h"

/* Between an event's record and the kernel's counting of it may be the rest of a packet's way. */
#define APART_NS 1000000

/* Which transitions the counters stand for: see audit.c. */
static const uint32_t audited[TCP_STATES] = {
	[TCP_CLOSE] = BIT(TCP_SYN_SENT),      [TCP_SYN_SENT] = BIT(TCP_STATES) - 1,
	[TCP_SYN_RECV] = BIT(TCP_STATES) - 1, [TCP_ESTABLISHED] = BIT(TCP_CLOSE),
	[TCP_CLOSE_WAIT] = BIT(TCP_CLOSE),    [TCP_FIN_WAIT2] = BIT(TCP_CLOSE),
	[TCP_CLOSING] = BIT(TCP_CLOSE),
};

bool live_audits(const struct live *live)
{
	return live->config->audit.record != NULL;
}

bool live_needs_minisockets(const struct live *live)
{
	return needs_want(&live->needs, WANT_MINISOCKETS) || live_audits(live);
}

bool live_wants_outgoing(const struct live *live)
{
	return !needs_want(&live->needs, WANT_ACCEPTED);
}

uint32_t live_audited(const struct live *live, unsigned int old)
{
	return live_audits(live) ? audited[old] : 0;
}

void live_audit_configure(const struct live *live, struct settings *settings)
{
	if (!live_audits(live))
		return;
	memset(&settings->filter, 0, sizeof(settings->filter));
	settings->filter.netns = live->config->filter->netns;
	settings->audit = true;
}

static bool wants_transition(const struct live *live, const struct record_transition *record)
{
	if (!(live->needs.told[record->old_state] & BIT(record->new_state)))
		return false;
	if (live_wants_outgoing(live) && record->old_state == TCP_SYN_RECV)
		return false;
	return filter_transition(live->config->filter, &record->tuple, record->old_state,
				 record->new_state);
}

static bool wants_timewait(const struct live *live, const struct record_timewait *record)
{
	return needs_want(&live->needs, WANT_MINISOCKETS) &&
	       wanted_minisocket(live_wants_outgoing(live), record->bound) &&
	       filter_minisocket(live->config->filter, &record->tuple);
}

/* Only outgoing ones are listed with an audit, too, where a view wants no others. */
static bool wants_socket(const struct live *live, const struct record_socket *record)
{
	if (record->flags & SOCKET_MINISOCKET && !(live->needs.listed & BIT(TCP_TIME_WAIT)))
		return false;
	return live->needs.refreshed & BIT(record->state) ||
	       filter_socket(live->config->filter, &record->tuple, record->state);
}

static bool view_wants(const struct live *live, const struct record_header *record)
{
	switch (record->type) {
	case RECORD_TRANSITION:
		return wants_transition(live, (const void *)record);
	case RECORD_TIMEWAIT:
		return wants_timewait(live, (const void *)record);
	case RECORD_SOCKET:
		return wants_socket(live, (const void *)record);
	default:
		return true;
	}
}

void live_hand_on(struct live *live, const struct record_header *record)
{
	if (live_audits(live)) {
		sink_record(&live->config->audit, record);
		if (!view_wants(live, record))
			return;
	}
	sink_record(&live->config->sink, record);
}

/*
 * Nothing is read from the ring meanwhile: what comes of this time tells by its own that the kernel
 * may or may not have counted it yet.
 */
bool live_read_counters(const struct live *live, struct record_counters *record, uint32_t netns)
{
	struct timespec apart = {.tv_nsec = APART_NS};

	if (!live_audits(live))
		return counters_read(record, netns);
	nanosleep(&apart, NULL);
	if (!counters_read(record, netns))
		return false;
	record->header.time_ns -= APART_NS;
	record->read_ns += APART_NS;
	return true;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What each watch needs of the programs, and what they have to do at each transition for it. */
#include "source/live/internal.h"

#define ALL_STATES (BIT(TCP_STATES) - 1)

const struct needs live_needs[WATCHES] = {
	[WATCH_TRANSITIONS] =
		{
			.stream =
				{
					[TCP_ESTABLISHED... TCP_LAST_ACK] = ALL_STATES,
					/* the clone of a listener: it has no addresses yet */
					[TCP_LISTEN] = ALL_STATES & ~BIT(TCP_SYN_RECV),
					[TCP_CLOSING] = ALL_STATES,
				},
			.list = ALL_STATES,
			.minisockets = true,
			.hooks = BIT(HOOK_ACCEPT) | BIT(HOOK_TIME_WAIT),
		},
	[WATCH_TIME_WAITS] =
		{
			.stream =
				{
					[TCP_ESTABLISHED] = ALL_STATES,
					[TCP_SYN_RECV] = BIT(TCP_FIN_WAIT1) | BIT(TCP_CLOSE_WAIT),
					[TCP_FIN_WAIT1] = BIT(TCP_CLOSE),
					[TCP_FIN_WAIT2] = BIT(TCP_CLOSE),
					[TCP_CLOSING] = BIT(TCP_CLOSE),
					[TCP_CLOSE] = BIT(TCP_LISTEN),
					[TCP_LISTEN] = BIT(TCP_CLOSE),
				},
			/* whoever closes second has nothing more to tell */
			.list = ALL_STATES & ~(BIT(TCP_CLOSE_WAIT) | BIT(TCP_LAST_ACK)),
			.minisockets = true,
			.established = true,
			.hooks = BIT(HOOK_ACCEPT) | BIT(HOOK_TIME_WAIT),
		},
	[WATCH_PORTS] =
		{
			.stream =
				{
					/* what is still in SYN_SENT, a listing shows; what waits in
					   FIN_WAIT2, its minisocket or a listing */
					[TCP_ESTABLISHED] = ALL_STATES,
					[TCP_SYN_SENT] = ALL_STATES,
					[TCP_SYN_RECV] = ALL_STATES,
					[TCP_FIN_WAIT1] = ALL_STATES & ~BIT(TCP_FIN_WAIT2),
					[TCP_FIN_WAIT2] = ALL_STATES,
					[TCP_CLOSE] = BIT(TCP_LISTEN),
					[TCP_CLOSE_WAIT] = ALL_STATES,
					[TCP_LAST_ACK] = ALL_STATES,
					[TCP_LISTEN] = BIT(TCP_CLOSE),
					[TCP_CLOSING] = ALL_STATES,
				},
			.list = ALL_STATES,
			.minisockets = true,
			.outgoing = true,
			.hooks = BIT(HOOK_TIME_WAIT) | BIT(HOOK_CONNECT) | BIT(HOOK_BIND),
		},
	[WATCH_EVERYTHING] =
		{
			.stream = {[TCP_ESTABLISHED... TCP_CLOSING] = ALL_STATES},
			.list = ALL_STATES,
			.minisockets = true,
			.close_waits = true,
			.established = true,
			.hooks = BIT(HOOKS) - 1,
		},
	[WATCH_CLOSE_WAITS] =
		{
			.stream =
				{
					[TCP_CLOSE] = BIT(TCP_LISTEN),
					[TCP_LISTEN] = BIT(TCP_CLOSE),
				},
			/* CLOSE_WAITs are listed apart, at each refresh */
			.list = BIT(TCP_LISTEN),
			.close_waits = true,
			.hooks = BIT(HOOK_ACCEPT),
		},
};

/* connect(), listen() */
static bool begins(unsigned int old, unsigned int new)
{
	return old == TCP_CLOSE && (new == TCP_SYN_SENT || new == TCP_LISTEN);
}

/*
 * close() or shutdown() sends a FIN; or, with unread data or SO_LINGER 0, an RST: then it may be
 * the peer's as well (outcome.c).
 */
static bool may_close(unsigned int old, unsigned int new)
{
	if (new == TCP_FIN_WAIT1 || new == TCP_LAST_ACK)
		return true;
	return new == TCP_CLOSE &&
	       (old == TCP_ESTABLISHED || old == TCP_CLOSE_WAIT || old == TCP_SYN_RECV);
}

static uint8_t todo_told(const struct needs *needs, unsigned int old, unsigned int new)
{
	uint8_t todo = TODO_TELL;

	if (old == TCP_SYN_SENT || (needs->established && old == TCP_ESTABLISHED))
		todo |= TODO_SINCE;
	if (may_close(old, new))
		todo |= TODO_CLOSER;
	if (old == TCP_SYN_SENT && new == TCP_CLOSE)
		todo |= TODO_CONNECT;
	if (becomes_minisocket(old, new))
		todo |= TODO_MINISOCKET;
	return todo;
}

static uint8_t todo_at(const struct live *live, unsigned int old, unsigned int new)
{
	const struct needs *needs = &live_needs[live->config.watch];
	uint32_t told = needs->stream[old] | live_audited(live, old);
	uint8_t todo = told & BIT(new) ? todo_told(needs, old, new) : 0;

	if (begins(old, new))
		todo |= TODO_OWN;
	if (needs->established && new == TCP_ESTABLISHED)
		todo |= TODO_TIME;
	if (needs->close_waits && new == TCP_CLOSE_WAIT)
		todo |= TODO_MARK;
	return todo;
}

void live_plan(const struct live *live, struct settings *settings)
{
	for (unsigned int old = 0; old < TCP_STATES; old++)
		for (unsigned int new = 0; new < TCP_STATES; new ++)
			settings->todo[old][new] = todo_at(live, old, new);
}

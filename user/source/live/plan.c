// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the needs of the views ask of the programs: which hooks, and what at each transition. */
#include "source/live/internal.h"

static bool wants(const struct live *live, enum want want)
{
	return needs_want(&live->needs, want);
}

uint32_t live_hooks(const struct live *live)
{
	uint32_t hooks = live_needs_minisockets(live) ? BIT(HOOK_TIME_WAIT) : 0;

	/* a form that is forced is tried, also where the view would attach nothing */
	if (wants(live, WANT_ACCEPTORS) || wants(live, WANT_STACKS) ||
	    live->config->hooks != HOOKS_AUTO)
		hooks |= BIT(HOOK_ACCEPT);
	if (wants(live, WANT_CONNECT_FAILURES))
		hooks |= BIT(HOOK_CONNECT);
	if (wants(live, WANT_BIND_FAILURES))
		hooks |= BIT(HOOK_BIND);
	return hooks;
}

bool live_needs_stream(const struct live *live)
{
	for (unsigned int old = 0; old < TCP_STATES; old++)
		if (live->needs.told[old] || live_audited(live, old))
			return true;
	return false;
}

bool live_lists_apart(const struct live *live)
{
	return live->needs.refreshed && live->plan.wanted[PART_TRANSITIONS];
}

uint32_t live_listed(const struct live *live)
{
	uint32_t states = live->needs.listed;

	if (live_audits(live))
		states |= BIT(TCP_TIME_WAIT);
	return live_lists_apart(live) ? states : states | live->needs.refreshed;
}

void live_complete_needs(struct live *live)
{
	if (!wants(live, WANT_LISTENERS) || !live_needs_stream(live))
		return;
	live->needs.told[TCP_CLOSE] |= BIT(TCP_LISTEN);
	live->needs.told[TCP_LISTEN] |= BIT(TCP_CLOSE);
}

/* connect(), listen() */
static bool begins(unsigned int old, unsigned int new)
{
	return old == TCP_CLOSE && (new == TCP_SYN_SENT || new == TCP_LISTEN);
}

/* connect() gets no port, or no answer, or not the one that it wants. */
static bool fails(unsigned int old, unsigned int new)
{
	return old == TCP_SYN_SENT && new == TCP_CLOSE;
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

static bool is_first_fin(unsigned int old, unsigned int new)
{
	if (old == TCP_SYN_RECV)
		return new == TCP_FIN_WAIT1 || new == TCP_CLOSE_WAIT;
	return old == TCP_ESTABLISHED;
}

static uint8_t todo_told(unsigned int old, unsigned int new)
{
	uint8_t todo = TODO_TELL;

	if (begins(old, new) || fails(old, new) || may_close(old, new))
		todo |= TODO_ACTOR;
	if (old == TCP_SYN_RECV)
		todo |= TODO_LISTENER;
	if (fails(old, new))
		todo |= TODO_CONNECT;
	if (becomes_minisocket(old, new))
		todo |= TODO_MINISOCKET;
	if (is_first_fin(old, new))
		todo |= TODO_CARRIED;
	return todo;
}

/* Of a listener's children, which are told as they leave SYN_RECV. */
static bool told_of_children(const struct live *live)
{
	return live->needs.told[TCP_SYN_RECV] && wants(live, WANT_ACCEPTED);
}

static uint8_t todo_at(const struct live *live, unsigned int old, unsigned int new)
{
	uint32_t told = live->needs.told[old] | live_audited(live, old);
	uint8_t todo = told & BIT(new) ? todo_told(old, new) : 0;

	if (old == TCP_LISTEN && new == TCP_SYN_RECV && told_of_children(live))
		todo |= TODO_BIRTH;
	return todo;
}

void live_plan(const struct live *live, struct settings *settings)
{
	for (unsigned int old = 0; old < TCP_STATES; old++)
		for (unsigned int new = 0; new < TCP_STATES; new ++)
			settings->todo[old][new] = todo_at(live, old, new);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The ladder: what stands for what, and what of it is used here. */
#include <stdio.h>
#include <string.h>

#include "source/error_text.h"
#include "source/live/internal.h"
#include "source/privilege.h"

#define WITHOUT_SECOND                                                                             \
	"a transition that comes while another is being looked at is missed; each is counted as "  \
	"skipped, and what exists is listed again"
#define BOUND_UNSEEN "which ports bind() has taken is not all known: a supply is an upper bound"

#define WITHOUT_STACKS	      "--stacks tells nothing"
#define WITHOUT_ACCEPT_STACKS "--stacks does not tell what code accepts"

#define PART(name_, kind_, form_) .name = name_, .kind = kind_, .form = form_, .function = FUNCTIONS
#define MAP(name_)		  PART(name_, PART_MAP, NULL)
#define FENTRY(name_, hook_, function_)                                                            \
	.name = name_, .kind = PART_HOOK, .form = "fentry", .hook = hook_,                         \
	.function = FUNCTION_##function_

/* What an fentry program's loss costs is said with its hook (hooks.c), or here. */
const struct part_facts live_part_facts[PARTS] = {
	[PART_MINISOCKET_REFUSED] = {FENTRY("minisocket_refused", HOOK_TIME_WAIT, inet_twsk_alloc)},
	[PART_MINISOCKET_ENDED] = {FENTRY("minisocket_ended", HOOK_TIME_WAIT, inet_twsk_kill)},
	[PART_MINISOCKET_REARMED] = {FENTRY("minisocket_rearmed", HOOK_TIME_WAIT,
					    __inet_twsk_schedule)},
	[PART_TIMEWAIT_ENDED] = {PART("timewait_ended", PART_HOOK, "tracepoint"),
				 .hook = HOOK_TIME_WAIT, .without = LOSS_OF_TIME_WAIT},
	[PART_ACCEPTED_BY] = {FENTRY("accepted_by", HOOK_ACCEPT, inet_csk_accept)},
	[PART_ACCEPTED_BY_FLAGS] = {FENTRY("accepted_by_flags", HOOK_ACCEPT, inet_csk_accept)},
	[PART_CONNECT_IPV6] = {FENTRY("connect_ipv6", HOOK_CONNECT, tcp_v6_connect)},
	[PART_BIND_IPV4] = {FENTRY("bind_ipv4", HOOK_BIND, __inet_bind)},
	[PART_BIND_IPV6] = {FENTRY("bind_ipv6", HOOK_BIND, __inet6_bind)},
	[PART_STACK_ACCEPT] = {FENTRY("stack_accept", HOOK_ACCEPT, inet_csk_accept),
			       .without = WITHOUT_ACCEPT_STACKS},
	[PART_STACK_ACCEPT_FLAGS] = {FENTRY("stack_accept_flags", HOOK_ACCEPT, inet_csk_accept),
				     .without = WITHOUT_ACCEPT_STACKS},
	[PART_STACK_CONNECT] = {PART("stack_connect", PART_HOOK, "tracepoint"),
				.without = "--stacks does not tell what code connects"},
	[PART_STACK_EOF] = {PART("stack_eof", PART_HOOK, "tracepoint"),
			    .without = "--stacks does not tell what code reads an end of file"},
	[PART_TRANSITIONS] = {PART("transitions", PART_HOOK, "tracepoint"),
			      .without = "transitions are not seen, nor who connects, closes and "
					 "fails; what exists is listed at each refresh"},
	[PART_TRANSITIONS_MISSED] = {PART("transitions_missed", PART_HOOK, "tracepoint"),
				     .without = WITHOUT_SECOND},
	[PART_LIST_SOCKETS] = {PART("list_sockets", PART_LISTING, "iterator"),
			       .replaced_by = "sock_diag", .without_bound = BOUND_UNSEEN},
	[PART_LIST_HOLDERS] = {PART("list_holders", PART_LISTING, "iterator"),
			       .replaced_by = "/proc/PID/fd", .without_bound = BOUND_UNSEEN},
	[PART_FIND_TIME_WAIT] = {PART("find_time_wait", PART_SEARCH, "syscall"),
				 .hook = HOOK_TIME_WAIT,
				 .replaced_by = "a listing at each refresh"},
	[PART_RODATA] = {MAP("tcplinge.rodata"), .without = LOSS_OF_TRACING},
	[PART_BSS] = {MAP("tcplinge.bss"), .without = LOSS_OF_TRACING},
	[PART_RECORDS] = {MAP("records"), .without = LOSS_OF_TRACING},
	[PART_FIN_WAIT2] = {MAP("fin_wait2"), .hook = HOOK_TIME_WAIT,
			    .replaced_by = "a listing at each refresh"},
	[PART_LAST_CALLS] = {MAP("last_calls"), .without = WITHOUT_SECOND},
	[PART_STACKS] = {MAP("stacks"), .without = WITHOUT_STACKS},
	[PART_STACK_SCRATCH] = {MAP("stack_scratch"), .without = WITHOUT_STACKS},
	[PART_PYTHONS] = {MAP("pythons"), .without = WITHOUT_STACKS},
};

static bool follows(const struct live *live)
{
	return live_needs_minisockets(live) && live->kallsyms.tw_timer_handler;
}

static bool fentry(const struct live *live, enum hook hook)
{
	return live->hooks.forms[hook].fentry;
}

/* Of two programs for one function the one that this kernel's has arguments for. */
static bool fits(const struct live *live, enum part part)
{
	switch (part) {
	case PART_ACCEPTED_BY:
	case PART_STACK_ACCEPT:
		return live->kernel.accept_argument;
	case PART_ACCEPTED_BY_FLAGS:
	case PART_STACK_ACCEPT_FLAGS:
		return !live->kernel.accept_argument;
	default:
		return true;
	}
}

bool live_is_of_stacks(enum part part)
{
	switch (part) {
	case PART_STACK_ACCEPT:
	case PART_STACK_ACCEPT_FLAGS:
	case PART_STACK_CONNECT:
	case PART_STACK_EOF:
	case PART_STACKS:
	case PART_STACK_SCRATCH:
	case PART_PYTHONS:
		return true;
	default:
		return false;
	}
}

/* Its hook may be wanted for stacks alone; a form that is forced is tried. */
static bool needs_acceptors(const struct live *live)
{
	return needs_want(&live->needs, WANT_ACCEPTORS) || live->config->hooks != HOOKS_AUTO;
}

bool live_needs_part(const struct live *live, enum part part)
{
	const struct part_facts *facts = &live_part_facts[part];

	if (live_is_of_stacks(part) && !needs_want(&live->needs, WANT_STACKS))
		return false;
	if ((part == PART_ACCEPTED_BY || part == PART_ACCEPTED_BY_FLAGS) && !needs_acceptors(live))
		return false;
	if (facts->function != FUNCTIONS)
		return fentry(live, facts->hook) && fits(live, part) &&
		       (facts->hook != HOOK_TIME_WAIT || follows(live));
	switch (part) {
	case PART_TRANSITIONS:
	case PART_TRANSITIONS_MISSED:
	case PART_LAST_CALLS:
		return live_needs_stream(live);
	case PART_TIMEWAIT_ENDED:
	case PART_FIND_TIME_WAIT:
	case PART_FIN_WAIT2:
		return follows(live) && !fentry(live, HOOK_TIME_WAIT);
	default:
		return true;
	}
}

static bool is_of_minisockets(int part)
{
	return live_part_facts[part].hook == HOOK_TIME_WAIT;
}

static bool usable(const struct live *live, enum part part)
{
	return !live->refusals.errors[part];
}

static bool wanted(const struct live *live, const struct plan *plan, enum part part)
{
	if (!live_needs_part(live, part) || !usable(live, part))
		return false;
	if (live_is_of_stacks(part) && !plan->stacks)
		return false;
	switch (part) {
	case PART_TRANSITIONS_MISSED:
		return plan->twice;
	case PART_FIND_TIME_WAIT:
	case PART_FIN_WAIT2:
		return plan->silent_fins;
	default:
		return !is_of_minisockets(part) || plan->minisockets;
	}
}

void live_plan_parts(struct live *live)
{
	struct plan *plan = &live->plan;

	*plan = (struct plan){
		.minisockets_fentry = fentry(live, HOOK_TIME_WAIT),
		.last_calls =
			live_needs_part(live, PART_LAST_CALLS) && usable(live, PART_LAST_CALLS),
	};
	plan->twice = plan->last_calls && usable(live, PART_TRANSITIONS) &&
		      usable(live, PART_TRANSITIONS_MISSED);
	plan->minisockets =
		follows(live) && (plan->minisockets_fentry || usable(live, PART_TIMEWAIT_ENDED));
	plan->refusals = plan->minisockets_fentry && plan->last_calls;
	plan->stacks = needs_want(&live->needs, WANT_STACKS) && usable(live, PART_STACKS) &&
		       usable(live, PART_STACK_SCRATCH) && usable(live, PART_PYTHONS);
	plan->silent_fins = plan->minisockets && !plan->minisockets_fentry &&
			    usable(live, PART_FIN_WAIT2) && usable(live, PART_FIND_TIME_WAIT);
	for (int part = 0; part < PARTS; part++)
		plan->wanted[part] = wanted(live, plan, part);
}

/* A better form that is refused after all: the hook does with the other. */
static void give_up_form(struct live *live, const struct part_facts *facts, int error)
{
	struct hook_form *form = &live->hooks.forms[facts->hook];
	char text[ERROR_TEXT_SIZE];

	form->fentry = false;
	snprintf(form->why, sizeof(form->why), "%s is refused: %s", facts->name,
		 error_text(error, text, sizeof(text)));
}

void live_refuse_part(struct live *live, enum part part, int error)
{
	const struct part_facts *facts = &live_part_facts[part];

	live->refusals.errors[part] = error;
	if (facts->function != FUNCTIONS && !live_is_of_stacks(part))
		give_up_form(live, facts, error);
	live_plan_parts(live);
}

uint32_t live_lacks(const struct live *live)
{
	uint32_t lacks = 0;

	if (!usable(live, PART_TRANSITIONS))
		lacks |= WANT(TRANSITIONS);
	if (!live->plan.minisockets)
		lacks |= WANT(MINISOCKETS);
	if (!usable(live, PART_LIST_SOCKETS) || !usable(live, PART_LIST_HOLDERS))
		lacks |= WANT(BOUND_PORTS);
	if (!usable(live, PART_LIST_HOLDERS))
		lacks |= WANT(DEAD);
	if (!fentry(live, HOOK_ACCEPT))
		lacks |= WANT(ACCEPTORS);
	if (!fentry(live, HOOK_CONNECT))
		lacks |= WANT(CONNECT_FAILURES);
	if (!fentry(live, HOOK_BIND))
		lacks |= WANT(BIND_FAILURES);
	if (!live->plan.stacks)
		lacks |= WANT(STACKS);
	return lacks;
}

bool live_must_relist(const struct live *live)
{
	const struct plan *plan = &live->plan;

	return !plan->wanted[PART_TRANSITIONS] ||
	       (plan->minisockets && !plan->minisockets_fentry && !plan->silent_fins);
}

/* NULL: nothing that the view shows. */
static const char *lost_by_view(const struct live *live, int part)
{
	const struct part_facts *facts = &live_part_facts[part];

	if (facts->without)
		return facts->without;
	return needs_want(&live->needs, WANT_BOUND_PORTS) ? facts->without_bound : NULL;
}

static const char *lost(const struct live *live, int part)
{
	bool refused = live->refusals.errors[part] && live_needs_part(live, part);

	return refused ? lost_by_view(live, part) : NULL;
}

static bool same_loss(const struct live *live, int one, int other)
{
	return lost(live, other) && strcmp(lost(live, one), lost(live, other)) == 0;
}

/* The first of those that have lost the same speaks for all. */
static bool is_first(const struct live *live, int part)
{
	for (int other = 0; other < part; other++)
		if (same_loss(live, part, other))
			return false;
	return true;
}

/* "list_sockets, list_holders" */
static void name_all(const struct live *live, int part, char *text, size_t size)
{
	size_t length = 0;

	for (int other = part; other < PARTS && length < size; other++)
		if (same_loss(live, part, other))
			length += (size_t)snprintf(text + length, size - length, "%s%s",
						   length ? ", " : "", live_part_facts[other].name);
}

void live_each_loss(const struct live *live, void (*say)(const char *line))
{
	char names[256], error[ERROR_TEXT_SIZE], line[512];

	for (int part = 0; part < PARTS; part++) {
		if (!lost(live, part) || !is_first(live, part))
			continue;
		name_all(live, part, names, sizeof(names));
		error_text(live->refusals.errors[part], error, sizeof(error));
		snprintf(line, sizeof(line), "this kernel refuses %s (%s): %s", names, error,
			 lost(live, part));
		say(line);
	}
}

/* Which part is of no use without which. */
static const struct {
	enum part part;
	enum part partner;
} partners[] = {
	{PART_TRANSITIONS_MISSED, PART_TRANSITIONS}, {PART_TRANSITIONS_MISSED, PART_LAST_CALLS},
	{PART_FIND_TIME_WAIT, PART_FIN_WAIT2},	     {PART_FIND_TIME_WAIT, PART_TIMEWAIT_ENDED},
	{PART_FIN_WAIT2, PART_FIND_TIME_WAIT},	     {PART_FIN_WAIT2, PART_TIMEWAIT_ENDED},
};

static bool is_map_of_stacks(int part)
{
	return part == PART_STACKS || part == PART_STACK_SCRATCH || part == PART_PYTHONS;
}

static bool depends(int part, int partner)
{
	if (partner == PART_RECORDS || (live_is_of_stacks(part) && is_map_of_stacks(partner)))
		return true;
	for (size_t i = 0; i < LENGTH(partners); i++)
		if ((int)partners[i].part == part && (int)partners[i].partner == partner)
			return true;
	return false;
}

/* What a part is of no use without, if that is refused; PARTS: nothing is. */
static int refused_partner(const struct live *live, int part)
{
	for (int partner = 0; partner < PARTS; partner++)
		if (live->refusals.errors[partner] && depends(part, partner))
			return partner;
	return PARTS;
}

static void say_why(const struct live *live, int part, char *why, size_t size)
{
	const struct part_facts *facts = &live_part_facts[part];
	char error[ERROR_TEXT_SIZE];
	int partner;

	if (live->refusals.errors[part]) {
		error_text(live->refusals.errors[part], why, size);
		return;
	}
	if (live->obstacle && is_of_minisockets(part)) {
		snprintf(why, size, "%s", live->obstacle);
		return;
	}
	if (!fits(live, part)) {
		snprintf(why, size, "for other kernels than this");
		return;
	}
	if (facts->function != FUNCTIONS && !fentry(live, facts->hook)) {
		snprintf(why, size, "%s", live->hooks.forms[facts->hook].why);
		return;
	}
	partner = live_needs_part(live, part) ? refused_partner(live, part) : PARTS;
	if (partner != PARTS)
		snprintf(why, size, "of no use without %s: %s", live_part_facts[partner].name,
			 error_text(live->refusals.errors[partner], error, sizeof(error)));
}

/* Of an fentry program: what its hook's other form costs, if that is what is used. */
static const char *lost_by_survey(const struct live *live, int part)
{
	const struct part_facts *facts = &live_part_facts[part];

	if (live->obstacle && is_of_minisockets(part))
		return LOSS_OF_TIME_WAIT;
	if (facts->function == FUNCTIONS && !live_needs_part(live, part))
		return NULL;
	if (facts->function == FUNCTIONS && facts->without)
		return facts->without;
	if (facts->function == FUNCTIONS)
		return facts->without_bound;
	if (fentry(live, facts->hook) || !fits(live, part))
		return NULL;
	return facts->without ? facts->without : hook_without(facts->hook);
}

void live_survey(const struct live *live, struct survey *survey)
{
	survey->taken = true;
	survey->hooks = live->hooks;
	for (int part = 0; part < PARTS; part++) {
		struct part_state *state = &survey->parts[part];

		*state = (struct part_state){.used = live->bpf && live->plan.wanted[part]};
		if (state->used)
			continue;
		say_why(live, part, state->why, sizeof(state->why));
		state->without = lost_by_survey(live, part);
		if (live->refusals.errors[part])
			state->replaced_by = live_part_facts[part].replaced_by;
	}
}

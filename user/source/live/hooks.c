// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/live/hooks.h"

#include <stdio.h>
#include <string.h>

#include "source/error_text.h"
#include "base/macros.h"

static const struct {
	const char *without; /* its fentry form: what that costs */
	uint32_t functions;  /* all of them are needed */
	bool copies;	     /* needs bpf_probe_read_kernel */
} table[HOOKS] = {
	[HOOK_ACCEPT] =
		{
			.without = "what was accepted is charged to whoever listens, until another "
				   "closes or holds it",
			.functions = BIT(FUNCTION_inet_csk_accept),
		},
	[HOOK_TIME_WAIT] =
		{
			.without = "every timer of the host is looked at; `rearmed` is a lower "
				   "bound",
			.functions = BIT(FUNCTION_inet_twsk_alloc) |
				     BIT(FUNCTION___inet_twsk_schedule) |
				     BIT(FUNCTION_inet_twsk_kill),
		},
	[HOOK_CONNECT] =
		{
			.without = "connects that fail for want of a source address are not seen",
			.functions = BIT(FUNCTION_tcp_v6_connect),
			.copies = true,
		},
	[HOOK_BIND] =
		{
			.without = "bind() that fails is not seen",
			.functions = BIT(FUNCTION___inet_bind) | BIT(FUNCTION___inet6_bind),
			.copies = true,
		},
};

const char *hook_without(enum hook hook)
{
	return table[hook].without;
}

uint32_t hook_functions(enum hook hook)
{
	return table[hook].functions;
}

const char *function_state_name(enum function_state state)
{
	static const char *const names[] = {
		[FUNCTION_UNTRIED] = "untried", [FUNCTION_MISSING] = "missing",
		[FUNCTION_REFUSED] = "refused", [FUNCTION_SILENT] = "silent",
		[FUNCTION_FIRED] = "fired",
	};

	return names[state];
}

static const char *const states[] = {
	[FUNCTION_UNTRIED] = "was not tried",
	[FUNCTION_MISSING] = "is not in this kernel",
	[FUNCTION_REFUSED] = "cannot be traced here",
	[FUNCTION_SILENT] = "is never run as such: the kernel has it inlined",
	[FUNCTION_FIRED] = "is traced",
};

static bool fires(const struct selftest *selftest, enum traced_function function)
{
	return selftest->states[function] == FUNCTION_FIRED;
}

/* The function that stands in the way; FUNCTIONS: none does. */
static enum traced_function obstacle(const struct selftest *selftest, enum hook hook)
{
	for (int i = 0; i < FUNCTIONS; i++)
		if (table[hook].functions & BIT(i) && !fires(selftest, i))
			return i;
	return FUNCTIONS;
}

static void choose(struct hooks *hooks, enum hook hook)
{
	struct hook_form *form = &hooks->forms[hook];
	enum traced_function function = obstacle(&hooks->selftest, hook);
	char text[ERROR_TEXT_SIZE];
	bool refused;
	int error;

	form->fentry = function == FUNCTIONS;
	if (form->fentry) {
		snprintf(form->why, sizeof(form->why), "its functions were traced in a self-test");
		return;
	}
	error = hooks->selftest.errors[function];
	refused = hooks->selftest.states[function] == FUNCTION_REFUSED && error;
	snprintf(form->why, sizeof(form->why), "%s %s%s%s", function_name(function),
		 states[hooks->selftest.states[function]], refused ? ": " : "",
		 refused ? error_text(error, text, sizeof(text)) : "");
}

static uint32_t functions_of(uint32_t wanted)
{
	uint32_t functions = 0;

	for (int hook = 0; hook < HOOKS; hook++)
		if (wanted & BIT(hook))
			functions |= hook_functions(hook);
	return functions;
}

static bool has_fentry(enum hook hook)
{
	return table[hook].functions != 0;
}

bool hooks_forced(const struct hooks *hooks, uint32_t wanted, struct refusal *refusal)
{
	for (int hook = 0; hook < HOOKS; hook++) {
		if (!(wanted & BIT(hook)) || !has_fentry(hook) || hooks->forms[hook].fentry)
			continue;
		snprintf(refusal->text, sizeof(refusal->text),
			 "--hooks fentry: %s; --hooks tracepoint works here",
			 hooks->forms[hook].why);
		return false;
	}
	return true;
}

static const char *settled_why(enum hook hook, enum hooks_mode mode, const struct kernel *kernel)
{
	if (!has_fentry(hook))
		return "sees all there is to see";
	if (mode == HOOKS_TRACEPOINT)
		return "--hooks tracepoint";
	if (table[hook].copies && !kernel->probe_reads)
		return "lockdown=confidentiality forbids to read the address asked for";
	return NULL;
}

bool hooks_choose(struct hooks *hooks, uint32_t wanted, enum hooks_mode mode,
		  const struct kernel *kernel, struct refusal *refusal)
{
	uint32_t functions = functions_of(wanted);

	*hooks = (struct hooks){0};
	if (mode != HOOKS_TRACEPOINT && functions)
		selftest_run(&hooks->selftest, functions, kernel->functions);
	for (int hook = 0; hook < HOOKS; hook++) {
		const char *why = settled_why(hook, mode, kernel);

		if (!(wanted & BIT(hook)))
			continue;
		if (why)
			snprintf(hooks->forms[hook].why, sizeof(hooks->forms[hook].why), "%s", why);
		else
			choose(hooks, hook);
	}
	return mode != HOOKS_FENTRY || hooks_forced(hooks, wanted, refusal);
}

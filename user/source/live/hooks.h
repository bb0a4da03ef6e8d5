/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is traced, and in which form. Each hook has a form on a stable tracepoint, or is done
 * without; where the kernel has BPF trampolines there is an fentry form that sees more or costs
 * less.
 */
#ifndef TCPLINGER_HOOKS_H
#define TCPLINGER_HOOKS_H

#include <stdbool.h>
#include <stdint.h>

#include "source/live/kernel.h"
#include "source/live/selftest.h"
#include "source/source.h"

enum hook {
	HOOK_TRANSITIONS, /* inet_sock_set_state: there is no other form */
	HOOK_ACCEPT,	  /* who called accept() */
	HOOK_TIME_WAIT,	  /* the life of minisockets */
	HOOK_CONNECT,	  /* why connect() failed before it looked for a port */
	HOOK_BIND,	  /* why bind() failed */
	HOOKS,
};

struct hook_form {
	bool fentry;
	char why[160]; /* why this form, and not the other */
};

struct hooks {
	struct hook_form forms[HOOKS];
	struct selftest selftest;
};

/*
 * Chooses a form for the hooks of this set (bit 1 << hook). In HOOKS_AUTO those that fire in a
 * self-test of one or two loopback connections take their fentry form; HOOKS_FENTRY is refused,
 * false, where one does not; HOOKS_TRACEPOINT tests nothing.
 */
bool hooks_choose(struct hooks *hooks, uint32_t wanted, enum hooks_mode mode,
		  const struct kernel *kernel, struct refusal *refusal);

/* False, with the reason, if one of this set that has an fentry form is not in it. */
bool hooks_forced(const struct hooks *hooks, uint32_t wanted, struct refusal *refusal);

/* What it costs to do without its fentry form; static. */
const char *hook_without(enum hook hook);
const char *function_state_name(enum function_state state); /* "fired" */

/* What its fentry form traces (bit 1 << function); of some that were renamed one is enough. */
uint32_t hook_functions(enum hook hook);

#endif

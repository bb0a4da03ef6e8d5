// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The programs of the hooks: which are loaded, in the order in which they are attached. */
#include "live_internal.h"

#define PROGRAMS_MAX 16

struct attached {
	struct bpf_program *program;
	struct bpf_link **link;
	bool wanted;
};

/* Renamed in 6.10; and inet_csk_accept has other arguments since then. */
static bool is_recent(const struct live *live)
{
	return live->hooks.selftest.states[FUNCTION_inet_twsk_hashdance] == FUNCTION_MISSING;
}

/*
 * The minisocket hooks first: a full socket's end must never be seen without its minisocket's
 * birth. NULL ends the list.
 */
static void list_programs(const struct live *live, struct attached *list)
{
	struct tcplinger_bpf *bpf = live->bpf;
	bool minisockets = live_needs_minisockets(live) && live->kallsyms.tw_timer_handler;
	bool fentry = minisockets && live->hooks.forms[HOOK_TIME_WAIT].fentry;
	bool timers = minisockets && !fentry;
	bool accept = live->hooks.forms[HOOK_ACCEPT].fentry;
	bool connect = live->hooks.forms[HOOK_CONNECT].fentry;
	bool bind = live->hooks.forms[HOOK_BIND].fentry;

#define PROGRAM(name, condition)                                                                   \
	{                                                                                          \
		bpf->progs.name, &bpf->links.name, condition                                       \
	}
	const struct attached programs[PROGRAMS_MAX] = {
		PROGRAM(minisocket_refused, fentry),
		PROGRAM(minisocket_ended, fentry),
		PROGRAM(minisocket_rearmed, fentry),
		PROGRAM(minisocket_born, fentry && is_recent(live)),
		PROGRAM(minisocket_born_armed, fentry && !is_recent(live)),
		PROGRAM(timewait_ended, timers),
		PROGRAM(timewait_armed, timers),
		PROGRAM(accepted_by, accept && live->kernel.accept_argument),
		PROGRAM(accepted_by_flags, accept && !live->kernel.accept_argument),
		PROGRAM(connect_ipv6, connect),
		PROGRAM(bind_ipv4, bind),
		PROGRAM(bind_ipv6, bind),
		PROGRAM(transitions, true),
		PROGRAM(transitions_missed, true),
	};
#undef PROGRAM

	memcpy(list, programs, sizeof(programs));
}

void live_select_hooks(struct live *live)
{
	struct attached list[PROGRAMS_MAX];

	list_programs(live, list);
	for (struct attached *item = list; item->program; item++)
		bpf_program__set_autoload(item->program, item->wanted);
	bpf_program__set_autoload(live->bpf->progs.find_time_wait,
				  bpf_program__autoload(live->bpf->progs.timewait_armed));
}

bool live_attach_hooks(struct live *live)
{
	struct attached list[PROGRAMS_MAX];

	list_programs(live, list);
	for (struct attached *item = list; item->program; item++) {
		if (!item->wanted)
			continue;
		*item->link = bpf_program__attach_trace(item->program);
		if (!*item->link)
			return false;
	}
	return true;
}

static uint64_t recursion_misses(const struct bpf_program *program)
{
	struct bpf_prog_info info = {0};
	__u32 length = sizeof(info);
	int fd = bpf_program__fd(program);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &length) != 0)
		return 0;
	return info.recursion_misses;
}

/*
 * The two programs for transitions stand in for each other (bpf/transition.bpf.c): a run of one of
 * them that was skipped is no loss.
 */
uint64_t live_skipped(const struct live *live)
{
	struct attached list[PROGRAMS_MAX];
	uint64_t skipped = 0;

	list_programs(live, list);
	for (struct attached *item = list; item->program; item++)
		if (item->wanted && item->program != live->bpf->progs.transitions &&
		    item->program != live->bpf->progs.transitions_missed)
			skipped += recursion_misses(item->program);
	return skipped;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "doctor.h"

#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "clock.h"
#include "commands.h"
#include "live.h"
#include "privilege.h"
#include "procfs.h"
#include "session.h"
#include "status.h"
#include "stop.h"

#define ALL_HOOKS     ((1U << HOOKS) - 1)
#define LOCKDOWN_FILE "/sys/kernel/security/lockdown"

/* Of `owners`: measured, as no kernel tells what storage in sockets takes. */
#define SOCKET_BYTES 340

#define NO_BPF	 "BPF is refused"
#define NO_TRACE "nothing is traced: what exists is listed by sock_diag and /proc"

_Static_assert(HOOKS <= DOCTOR_HOOKS, "room for each");
_Static_assert(sizeof(((struct live_map *)0)->name) == sizeof(((struct doctor_map *)0)->name),
	       "the same names");
_Static_assert(PRIVILEGES <= DOCTOR_CAPABILITIES, "room for each");

/* "none [integrity] confidentiality" */
static void find_lockdown(struct doctor *doctor)
{
	char text[128], *begin, *end;

	if (procfs_read(AT_FDCWD, LOCKDOWN_FILE, text, sizeof(text)) < 0)
		return;
	begin = strchr(text, '[');
	end = begin ? strchr(begin, ']') : NULL;
	if (end)
		snprintf(doctor->lockdown, sizeof(doctor->lockdown), "%.*s", (int)(end - begin - 1),
			 begin + 1);
}

static void find_cgroups(struct doctor *doctor)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *mount;

	while (mounts && (mount = getmntent(mounts))) {
		if (strcmp(mount->mnt_type, "cgroup") == 0)
			doctor->cgroup_v1 = true;
		else if (strcmp(mount->mnt_type, "cgroup2") == 0 && !doctor->cgroup_root[0])
			snprintf(doctor->cgroup_root, sizeof(doctor->cgroup_root), "%s",
				 mount->mnt_dir);
	}
	if (mounts)
		endmntent(mounts);
}

static void find_host(struct doctor *doctor)
{
	struct utsname name;

	if (uname(&name) == 0)
		snprintf(doctor->release, sizeof(doctor->release), "%s", name.release);
	doctor->btf = privilege_btf();
	doctor->timewait_ns = session_timewait_ns();
	find_lockdown(doctor);
	find_cgroups(doctor);
}

static void find_capabilities(struct doctor *doctor)
{
	struct privilege list[PRIVILEGES];

	privileges_list(list, doctor->addresses);
	for (size_t i = 0; i < PRIVILEGES; i++) {
		struct doctor_capability *capability = &doctor->capabilities[i];

		capability->name = list[i].name;
		capability->have = list[i].have;
		snprintf(capability->without, sizeof(capability->without), "%s", list[i].without);
	}
	doctor->capability_count = PRIVILEGES;
}

static void take_maps(struct doctor *doctor, const struct live *live)
{
	struct live_map maps[DOCTOR_MAPS];

	doctor->map_count = live_maps(live, maps, DOCTOR_MAPS);
	doctor->socket_bytes = SOCKET_BYTES;
	for (size_t i = 0; i < doctor->map_count; i++) {
		doctor->maps[i].bytes = maps[i].bytes;
		memcpy(doctor->maps[i].name, maps[i].name, sizeof(maps[i].name));
		if (maps[i].ring)
			doctor->ring_bytes = maps[i].entries;
	}
}

/* What happens in that moment is of no interest. */
static void ignore(void *context, const struct record_header *record)
{
	(void)context;
	(void)record;
}

/* Loads and attaches what `trace` would, which is all there is for minisockets: for a moment. */
static void try_bpf(struct doctor *doctor, const struct session *session)
{
	enum hooks_mode hooks = session->options->hooks;
	struct live_config config = {
		.watch = WATCH_TRANSITIONS,
		.hooks = hooks == HOOKS_FENTRY ? HOOKS_AUTO : hooks, /* its refusal is not BPF's */
		.filter = &session->filter,
		.stop = session->stop,
		.sink = {ignore, NULL},
		.verbose = session->options->verbose,
	};
	struct refusal refusal;
	struct live *live = live_open(&config, &refusal);

	doctor->bpf = live != NULL;
	if (live)
		take_maps(doctor, live);
	else
		snprintf(doctor->refusal, sizeof(doctor->refusal), "%s", refusal.text);
	live_close(live);
}

static void take_functions(struct doctor_hook *found, const struct hooks *hooks, enum hook hook)
{
	uint32_t functions = hook_functions(hook);

	for (int i = 0; i < FUNCTIONS && found->function_count < DOCTOR_FUNCTIONS; i++)
		if (functions & 1U << i)
			found->functions[found->function_count++] = (struct doctor_function){
				function_name(i), function_state_name(hooks->selftest.states[i])};
}

static enum answer fired(const struct hooks *hooks, enum hook hook, bool tested)
{
	if (!tested || !hook_functions(hook))
		return ANSWER_UNKNOWN;
	return hook_fires(hooks, hook) ? ANSWER_YES : ANSWER_NO;
}

static enum doctor_form form_of(const struct hooks *hooks, enum hook hook)
{
	if (hooks->forms[hook].fentry)
		return DOCTOR_FENTRY;
	return hook_tracepoint(hook)[0] == '-' ? DOCTOR_NONE : DOCTOR_TRACEPOINT;
}

/* As chosen; `lack` and `without`: why there is none at all. */
static void take_hook(struct doctor *doctor, const struct hooks *hooks, enum hook hook, bool tested,
		      const char *lack, const char *without)
{
	struct doctor_hook *found = &doctor->hooks[doctor->hook_count++];

	*found = (struct doctor_hook){
		.name = hook_name(hook),
		.tracepoint = hook_tracepoint(hook),
		.form = lack ? DOCTOR_NONE : form_of(hooks, hook),
		.fired = fired(hooks, hook, tested),
		.without = lack ? without : hook_without(hook),
	};
	if (found->form == DOCTOR_FENTRY)
		found->without = NULL;
	snprintf(found->why, sizeof(found->why), "%s", lack ? lack : hooks->forms[hook].why);
	take_functions(found, hooks, hook);
}

static void find_no_hooks(struct doctor *doctor)
{
	struct hooks hooks = {0};

	for (int hook = 0; hook < HOOKS; hook++)
		take_hook(doctor, &hooks, hook, false, NO_BPF, NO_TRACE);
}

/* A forced form that is not to be had is said: `trace` would stop there. */
static void find_hooks(struct doctor *doctor, const struct kernel *kernel, enum hooks_mode mode,
		       const char *obstacle)
{
	struct refusal refusal;
	struct hooks hooks;

	if (!hooks_choose(&hooks, ALL_HOOKS, mode, kernel, &refusal))
		note("%s", refusal.text);
	for (int hook = 0; hook < HOOKS; hook++)
		take_hook(doctor, &hooks, hook, mode != HOOKS_TRACEPOINT,
			  hook == HOOK_TIME_WAIT ? obstacle : NULL, WITHOUT_TIME_WAIT);
}

static void examine(struct doctor *doctor, const struct session *session)
{
	struct kallsyms kallsyms;
	struct refusal refusal;
	struct kernel kernel;

	doctor->addresses = kallsyms_read(&kallsyms);
	kallsyms_free(&kallsyms);
	find_host(doctor);
	find_capabilities(doctor);
	try_bpf(doctor, session);
	if (!doctor->bpf || !kernel_examine(&kernel, &refusal)) {
		find_no_hooks(doctor);
		return;
	}
	doctor->rdonly_cast = kernel.rdonly_cast ? ANSWER_YES : ANSWER_NO;
	doctor->probe_reads = kernel.probe_reads ? ANSWER_YES : ANSWER_NO;
	find_hooks(doctor, &kernel, session->options->hooks,
		   live_timewait_obstacle(&kernel, &kallsyms));
	kallsyms_free(&kallsyms);
}

static void show(const struct doctor *doctor, struct session *session)
{
	struct text_style style = {
		.details = session->options->verbose,
		.color = session_color(session->options),
	};

	if (session->options->json)
		doctor_json(doctor, &session->output, clock_now_ns(CLOCK_MONOTONIC),
			    &session->clocks);
	else
		doctor_text(doctor, &session->output, &style);
	output_flush(&session->output);
}

int run_doctor(const struct options *options)
{
	struct model_observer observer = {0};
	struct doctor doctor = {0};
	struct session session;
	int status;

	session_init(&session, options, WATCH_NOTHING, stop_on_signals(), observer);
	examine(&doctor, &session);
	show(&doctor, &session);
	status = session_output_status(&session);
	session_free(&session);
	return status;
}

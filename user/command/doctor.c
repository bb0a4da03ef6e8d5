// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "view/doctor/doctor.h"

#include <fcntl.h>
#include <mntent.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "source/clock.h"
#include "command/commands.h"
#include "source/live/kallsyms.h"
#include "source/live/live.h"
#include "view/trace/trace.h"
#include "view/views.h"
#include "base/macros.h"
#include "source/privilege.h"
#include "source/proc/procfs.h"
#include "command/terminal.h"
#include "cli/status.h"
#include "command/stop.h"

#define LOCKDOWN_FILE "/sys/kernel/security/lockdown"

#define NO_BPF	 "BPF is refused"
#define NO_TRACE "nothing is traced: what exists is listed by sock_diag and /proc"

_Static_assert(PARTS <= DOCTOR_PARTS, "room for each");
_Static_assert(sizeof(((struct part_state *)0)->why) == sizeof(((struct doctor_part *)0)->why),
	       "the same words");
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
	doctor->timewait_ns = source_timewait_ns();
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
	for (size_t i = 0; i < doctor->map_count; i++) {
		doctor->maps[i].bytes = maps[i].bytes;
		doctor->maps[i].stacks = maps[i].stacks;
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

/* All that any view needs. */
static struct needs all_needs(void)
{
	struct needs needs = trace_view.needs;

	for (size_t i = 0; i < ALL_VIEWS; i++)
		needs_join(&needs, &all_views[i]->needs);
	needs_join(&needs, &stacks_needs);
	return needs;
}

/* Loads and attaches all that any view would: for a moment. */
static void try_bpf(struct doctor *doctor, const struct options *options, struct survey *survey)
{
	static const struct tuple_filter everything;
	enum hooks_mode hooks = options->hooks;
	struct source_config config = {
		.needs = all_needs(),
		.hooks = hooks == HOOKS_FENTRY ? HOOKS_AUTO : hooks, /* its refusal is not BPF's */
		.filter = &everything,
		.stop = stop_on_signals(),
		.sink = {ignore, NULL},
		.verbose = options->verbose,
	};
	struct refusal refusal;
	struct live *live = live_open(&config, survey, &refusal);

	doctor->bpf = live != NULL;
	if (live)
		take_maps(doctor, live);
	else
		snprintf(doctor->refusal, sizeof(doctor->refusal), "%s", refusal.text);
	live_close(live);
}

static enum answer fired(const struct part_facts *facts, const struct hooks *hooks, bool tested)
{
	if (!tested || facts->function == FUNCTIONS)
		return ANSWER_UNKNOWN;
	return hooks->selftest.states[facts->function] == FUNCTION_FIRED ? ANSWER_YES : ANSWER_NO;
}

static const char *form_of(const struct part_facts *facts, bool used)
{
	return facts->kind == PART_MAP || used ? facts->form : "none";
}

/* Where it did not come to loading, all is as if it had been refused. */
static void take_part(struct doctor_part *found, const struct part_facts *facts,
		      const struct part_state *state)
{
	static const char *const kinds[] = {
		[PART_HOOK] = "hook",
		[PART_LISTING] = "listing",
		[PART_SEARCH] = "search",
		[PART_MAP] = "map",
	};

	*found = (struct doctor_part){
		.name = facts->name,
		.kind = kinds[facts->kind],
		.form = form_of(facts, state->used),
		.without = state->without,
		.replaced_by = state->replaced_by,
	};
	memcpy(found->why, state->why, sizeof(found->why));
}

static void take_function(struct doctor_part *found, const struct part_facts *facts,
			  const struct hooks *hooks, bool tested)
{
	found->fired = fired(facts, hooks, tested);
	if (facts->function == FUNCTIONS)
		return;
	found->function = function_name(facts->function);
	found->function_state = function_state_name(hooks->selftest.states[facts->function]);
}

static void take_survey(struct doctor *doctor, const struct survey *survey, bool tested)
{
	static const struct part_state refused = {.why = NO_BPF, .without = NO_TRACE};

	doctor->surveyed = survey->taken;
	doctor->part_count = PARTS;
	for (int part = 0; part < PARTS; part++) {
		const struct part_facts *facts = &live_part_facts[part];
		struct doctor_part *found = &doctor->parts[part];

		take_part(found, facts, survey->taken ? &survey->parts[part] : &refused);
		take_function(found, facts, &survey->hooks, tested && survey->taken);
	}
}

/* A forced form that is not to be had is said: `trace` would stop there. */
static void say_what_is_forced(const struct survey *survey, enum hooks_mode mode)
{
	struct refusal refusal;

	if (mode == HOOKS_FENTRY && survey->taken &&
	    !hooks_forced(&survey->hooks, BIT(HOOKS) - 1, &refusal))
		note("%s", refusal.text);
}

static void examine(struct doctor *doctor, const struct options *options)
{
	enum hooks_mode mode = options->hooks;
	struct survey survey = {0};
	struct kallsyms kallsyms;
	struct refusal refusal;
	struct kernel kernel;

	doctor->addresses = kallsyms_read(&kallsyms);
	kallsyms_free(&kallsyms);
	find_host(doctor);
	find_capabilities(doctor);
	try_bpf(doctor, options, &survey);
	take_survey(doctor, &survey, mode != HOOKS_TRACEPOINT);
	say_what_is_forced(&survey, mode);
	if (!survey.taken || !kernel_examine(&kernel, &refusal))
		return;
	doctor->rdonly_cast = kernel.rdonly_cast ? ANSWER_YES : ANSWER_NO;
	doctor->probe_reads = kernel.probe_reads ? ANSWER_YES : ANSWER_NO;
}

static void show(const struct doctor *doctor, const struct options *options, struct output *output)
{
	struct text_style style = terminal_style(options);
	struct clock_offsets clocks = {.monotonic_ns = clock_realtime_offset_ns(CLOCK_MONOTONIC)};

	if (options->json)
		doctor_json(doctor, output, clock_now_ns(CLOCK_MONOTONIC), &clocks);
	else
		doctor_text(doctor, output, &style);
	output_flush(output);
}

static int run(const struct options *options)
{
	struct doctor doctor = {0};
	struct output output;
	int status;

	output_init(&output, STDOUT_FILENO, stop_on_signals());
	examine(&doctor, options);
	show(&doctor, options, &output);
	status = output_exit_status(&output);
	output_free(&output);
	return status;
}

const struct command doctor_command = {
	.name = "doctor",
	.summary = "what this kernel and these privileges allow, and what is lost",
	.description = "Shows what tcplinger can see on this host: the form that each hook takes, "
		       "by a self-test, what\n"
		       "the kernel and the privileges allow, what each missing thing costs, and "
		       "how much kernel memory\n"
		       "tracing takes.",
	.options = OPTION_BITS_ALWAYS | OPTION_BIT(OPTION_HOOKS),
	.run = run,
};

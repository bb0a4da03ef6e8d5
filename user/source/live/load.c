// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Loading the programs. All are loaded at once; libbpf then fails as a whole, whichever it was.
 * Only then each is tried alone, to find those that the host refuses, and the rest is loaded
 * without.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "source/clock.h"
#include "source/error_text.h"
#include "source/live/internal.h"
#include "source/privilege.h"
#include "source/proc/procfs.h"

#define RING_BYTES (16 << 20) /* half a second of two busy CPUs; 100,000 rows */
#define WAKE_BYTES (256 << 10)
#define WAKE_SHARE 4 /* of a ring that is not much larger: woken when it is full to this part */

/* As many minisockets as the kernel allows; the namespaces may have limits of their own, below it.
 */
static uint32_t minisockets_max(void)
{
	uint64_t max;

	if (!procfs_number(AT_FDCWD, "/proc/sys/net/ipv4/tcp_max_tw_buckets", &max) || max < 1024)
		max = 1024;
	return max > (1 << 20) ? 1 << 20 : (uint32_t)max;
}

/* Whole pages, whatever their size; one where nothing is streamed. */
static void size_ring(struct live *live, struct settings *settings)
{
	uint32_t usual = live_needs_stream(live) ? RING_BYTES : 0;
	uint32_t wanted = live->config->ring_kib ? live->config->ring_kib << 10 : usual;
	uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE);
	uint32_t bytes = wanted > page ? wanted : page;

	bpf_map__set_max_entries(live->bpf->maps.records, bytes);
	live->ring_records = bytes / sizeof(struct record_owner) + 1; /* the smallest */
	settings->wake_bytes = bytes / WAKE_SHARE < WAKE_BYTES ? bytes / WAKE_SHARE : WAKE_BYTES;
}

static struct bpf_program *program_of(const struct live *live, enum part part)
{
	return bpf_object__find_program_by_name(live->bpf->obj, live_part_facts[part].name);
}

static struct bpf_map *map_of(const struct live *live, enum part part)
{
	return bpf_object__find_map_by_name(live->bpf->obj, live_part_facts[part].name);
}

static bool is_map(int part)
{
	return live_part_facts[part].kind == PART_MAP;
}

static void select_part(const struct live *live, enum part part, bool wanted)
{
	if (part == PART_RODATA || part == PART_BSS)
		return; /* libbpf makes them in any case */
	if (is_map(part))
		bpf_map__set_autocreate(map_of(live, part), wanted);
	else
		bpf_program__set_autoload(program_of(live, part), wanted);
}

/* What the programs may use: the verifier then never comes to what they may not. */
static void tell_plan(const struct live *live, struct settings *settings)
{
	const struct plan *plan = &live->plan;

	settings->last_calls = plan->last_calls;
	settings->twice = plan->twice;
	settings->minisockets = plan->minisockets;
	settings->refusals = plan->refusals;
	settings->silent_fins = plan->silent_fins;
}

static void configure(struct live *live)
{
	struct settings *settings = &live->bpf->rodata->settings;

	memcpy(&settings->filter, live->config->filter, sizeof(settings->filter));
	settings->tw_timer_handler = live->kallsyms.tw_timer_handler;
	settings->tick_ns = clock_tick_ns();
	settings->rdonly_cast = live->kernel.rdonly_cast;
	settings->probe_reads = live->kernel.probe_reads;
	settings->outgoing = live_wants_outgoing(live);
	size_ring(live, settings);
	settings->waiting_max = minisockets_max();
	bpf_map__set_max_entries(live->bpf->maps.fin_wait2, settings->waiting_max);
	tell_plan(live, settings);
	live_plan(live, settings);
	live_audit_configure(live, settings);
}

static bool open_programs(struct live *live)
{
	live->bpf = tcplinger_bpf__open();
	if (live->bpf)
		configure(live);
	return live->bpf != NULL;
}

static void close_programs(struct live *live)
{
	for (int part = 0; part < PARTS; part++) {
		bpf_link__destroy(live->links[part]);
		live->links[part] = NULL;
	}
	tcplinger_bpf__destroy(live->bpf);
	live->bpf = NULL;
}

/* True for itself, and for the maps that a program may use. */
static bool takes_part(const struct live *live, int part, int alone)
{
	if (alone == PARTS)
		return false;
	return part == alone || (!is_map(alone) && is_map(part) && live->plan.wanted[part]);
}

/* Loads nothing but this, PARTS: nothing at all. 0, or the errno. */
static int try_alone(struct live *live, enum part alone)
{
	int error;

	if (!open_programs(live))
		return errno;
	for (int part = 0; part < PARTS; part++)
		select_part(live, part, takes_part(live, part, alone));
	error = tcplinger_bpf__load(live->bpf) ? errno : 0;
	close_programs(live);
	return error;
}

/* No part is refused for want of descriptors: the next one would be in its place. */
static bool is_scarcity(int error)
{
	return error == EMFILE || error == ENFILE;
}

/* Tries each map, or each program. How many are refused. */
static int find_refused_of(struct live *live, bool maps)
{
	int found = 0;

	for (int part = 0; part < PARTS; part++) {
		int error;

		if (!live->plan.wanted[part] || is_map(part) != maps)
			continue;
		error = try_alone(live, part);
		if (!error || is_scarcity(error))
			continue;
		live_refuse_part(live, part, error);
		found++;
	}
	return found;
}

/* Maps first: a program is tried with those that there are. */
static bool find_refused(struct live *live)
{
	int maps = find_refused_of(live, true);

	return find_refused_of(live, false) + maps > 0;
}

/*
 * Iterators are opened for each use, in the namespace of that moment; the link is what attaches
 * them.
 */
static struct bpf_link *attach_part(const struct live *live, enum part part)
{
	if (live_part_facts[part].kind == PART_LISTING)
		return bpf_program__attach_iter(program_of(live, part), NULL);
	return bpf_program__attach_trace(program_of(live, part));
}

static bool is_attached(enum part part)
{
	return live_part_facts[part].kind == PART_HOOK ||
	       live_part_facts[part].kind == PART_LISTING;
}

/* False if one could not be, which is noted as refused; `error` is set if it was not refused. */
static bool attach_all(struct live *live, int *error)
{
	for (int part = 0; part < PARTS; part++) {
		if (!live->plan.wanted[part] || !is_attached(part))
			continue;
		live->links[part] = attach_part(live, part);
		if (live->links[part])
			continue;
		if (is_scarcity(errno))
			*error = errno;
		else
			live_refuse_part(live, part, errno);
		return false;
	}
	return true;
}

static bool load_all(struct live *live)
{
	for (int part = 0; part < PARTS; part++)
		select_part(live, part, live->plan.wanted[part]);
	return tcplinger_bpf__load(live->bpf) == 0;
}

static void explain_part(struct refusal *refusal, const struct live *live, enum part part,
			 const char *lost)
{
	char error[ERROR_TEXT_SIZE];

	snprintf(refusal->text, sizeof(refusal->text), "%s: this kernel refuses %s (%s)", lost,
		 live_part_facts[part].name,
		 error_text(live->refusals.errors[part], error, sizeof(error)));
}

/* False, with the reason, if a view has nothing left to show that is worth it. */
static bool worth_it(const struct live *live, struct refusal *refusal)
{
	const struct refusals *refusals = &live->refusals;

	if (refusals->errors[PART_RECORDS]) {
		privilege_explain(refusal, "make the ring buffer", refusals->errors[PART_RECORDS]);
		return false;
	}
	if (live->config->essential & WANT(TRANSITIONS) && refusals->errors[PART_TRANSITIONS]) {
		explain_part(refusal, live, PART_TRANSITIONS, "transitions cannot be seen");
		return false;
	}
	if (live->config->essential & WANT(MINISOCKETS) && !live->plan.minisockets) {
		explain_part(refusal, live, PART_TIMEWAIT_ENDED, "TIME_WAIT is not followed");
		return false;
	}
	return live->config->hooks != HOOKS_FENTRY ||
	       hooks_forced(&live->hooks, live->wanted_hooks, refusal);
}

/*
 * One turn: true if all that is still wanted is loaded and attached. Else the errno; 0: a part
 * could not be attached, and is noted as refused.
 */
static bool load_once(struct live *live, int *error)
{
	bool loaded;

	*error = 0;
	if (!open_programs(live)) {
		*error = errno;
		return false;
	}
	loaded = load_all(live);
	if (!loaded)
		*error = errno;
	else if (attach_all(live, error))
		return true;
	close_programs(live);
	return false;
}

/* Notes the refused. False if there are none: not even an empty object loads, or each part does. */
static bool blame_parts(struct live *live, int error)
{
	return !is_scarcity(error) && !try_alone(live, PARTS) && find_refused(live);
}

bool live_load(struct live *live, struct refusal *refusal)
{
	int error;

	live_plan_parts(live);
	while (!load_once(live, &error)) {
		if (error && !blame_parts(live, error)) {
			privilege_explain(refusal, "load the BPF programs", error);
			return false;
		}
		if (!worth_it(live, refusal))
			return false;
	}
	return true;
}

void live_detach(struct live *live)
{
	for (int part = 0; part < PARTS; part++)
		if (live_part_facts[part].kind == PART_HOOK) {
			bpf_link__destroy(live->links[part]);
			live->links[part] = NULL;
		}
}

void live_unload(struct live *live)
{
	close_programs(live);
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
static bool is_stood_in_for(const struct live *live, enum part part)
{
	return live->plan.twice && (part == PART_TRANSITIONS || part == PART_TRANSITIONS_MISSED);
}

/* Those of stacks act for a process, which only the kernel interrupts: it has none to tell. */
uint64_t live_skipped(const struct live *live)
{
	uint64_t skipped = 0;

	for (int part = 0; part < PARTS; part++)
		if (live->plan.wanted[part] && live_part_facts[part].kind == PART_HOOK &&
		    !is_stood_in_for(live, part) && !live_is_of_stacks(part))
			skipped += recursion_misses(program_of(live, part));
	return skipped;
}

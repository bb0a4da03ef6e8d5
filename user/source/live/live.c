// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "source/clock.h"
#include "record/decode.h"
#include "source/live/internal.h"
#include "base/memory.h"
#include "record/outcome.h"
#include "source/privilege.h"
#include "source/proc/procfs.h"

#define BATCH	      8192 /* records handed on before the caller gets its turn */
#define HEAL_MIN_NS   1000000000ULL
#define HEAL_MAX_NS   60000000000ULL
#define HEAL_SHARE    10
#define BATCH_IS_FULL (-ECANCELED)

/* A minisocket that ended carries the kernel's stack: here it becomes a reason. */
static void receive_timewait(struct live *live, const struct record_timewait *record)
{
	struct record_timewait resolved = *record;

	if (record->action == TIMEWAIT_ENDED)
		resolved.end_reason = end_reason_of(&live->kallsyms.ends, record);
	live_hand_on(live, &resolved.header);
}

static void describe(struct live *live, const struct process_id *process, bool current)
{
	describe_process(&live->describer, &live->config.sink, process, current);
}

static void receive_transition(struct live *live, const struct record_transition *record)
{
	struct record_transition resolved = *record;

	outcome_resolve(&resolved, live->plan.minisockets_fentry);
	describe(live, &resolved.owner, record_owner_is_current(&resolved));
	describe(live, &resolved.closer, true);
	live_hand_on(live, &resolved.header);
}

void live_receive(struct live *live, const void *data, size_t size)
{
	const struct record_header *record = record_decode(data, size);

	if (!record) {
		live->refused++;
		return;
	}
	switch (record->type) {
	case RECORD_TIMEWAIT:
		receive_timewait(live, (const void *)record);
		return;
	case RECORD_TRANSITION:
		receive_transition(live, (const void *)record);
		return;
	case RECORD_SOCKET:
		describe(live, &((const struct record_socket *)record)->owner, false);
		break;
	case RECORD_HOLDER:
		describe(live, &((const struct record_holder *)record)->process, true);
		break;
	case RECORD_FAILURE:
		describe(live, &((const struct record_failure *)record)->process, true);
		break;
	}
	live_hand_on(live, record);
}

static int on_sample(void *context, void *data, size_t size)
{
	struct live *live = context;

	live_receive(live, data, size);
	return ++live->batch >= BATCH || *live->config.stop ? BATCH_IS_FULL : 0;
}

static int print_verbose(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_DEBUG ? 0 : vfprintf(stderr, format, arguments);
}

static const struct needs *needs_of(const struct live *live)
{
	return &live_needs[live->config.watch];
}

static bool open_ring(struct live *live, struct refusal *refusal)
{
	live->ring = ring_buffer__new(bpf_map__fd(live->bpf->maps.records), on_sample, live, NULL);
	if (!live->ring)
		privilege_explain(refusal, "read the ring buffer", errno);
	return live->ring != NULL;
}

const char *live_timewait_obstacle(const struct kernel *kernel, struct kallsyms *kallsyms)
{
	*kallsyms = (struct kallsyms){0};
	if (!kernel->rdonly_cast && !kernel->probe_reads)
		return "lockdown=confidentiality forbids it on this kernel (Linux 6.2 or later "
		       "can)";
	if (!kallsyms_read(kallsyms))
		return privilege_for_addresses();
	return NULL;
}

struct live *live_open(const struct live_config *config, struct refusal *refusal)
{
	const char *obstacle = NULL;
	struct kernel kernel;
	struct live *live;

	libbpf_set_print(config->verbose ? print_verbose : NULL);
	if (!privilege_for_bpf(refusal) || !kernel_examine(&kernel, refusal))
		return NULL;
	live = memory_new(1, sizeof(*live));
	live->config = *config;
	live->kernel = kernel;
	live->heal_pause_ns = HEAL_MIN_NS;
	describer_open(&live->describer);
	if (live_needs_minisockets(live))
		obstacle = live_timewait_obstacle(&live->kernel, &live->kallsyms);
	live->wanted_hooks =
		(needs_of(live)->hooks | (live_audits(live) ? BIT(HOOK_TIME_WAIT) : 0)) &
		~(obstacle ? BIT(HOOK_TIME_WAIT) : 0);
	if (!hooks_choose(&live->hooks, live->wanted_hooks, config->hooks, &live->kernel,
			  refusal)) {
		live_close(live);
		return NULL;
	}
	live->obstacle = obstacle;
	/* a view of nothing else has more from listings that are taken without BPF */
	if (obstacle && config->watch == WATCH_TIME_WAITS)
		snprintf(refusal->text, sizeof(refusal->text), "TIME_WAIT is not followed: %s",
			 obstacle);
	else if (live_load(live, refusal) && open_ring(live, refusal))
		return live;
	live_close(live);
	return NULL;
}

void live_close(struct live *live)
{
	if (!live)
		return;
	if (live->config.survey)
		live_survey(live, live->config.survey);
	ring_buffer__free(live->ring);
	live_unload(live);
	kallsyms_free(&live->kallsyms);
	describer_close(&live->describer);
	free(live);
}

void live_poll(struct live *live, int timeout_ms)
{
	live->batch = 0;
	ring_buffer__consume(live->ring);
	if (live->batch == 0 && timeout_ms > 0 && !*live->config.stop) {
		ring_buffer__poll(live->ring, timeout_ms);
		ring_buffer__consume(live->ring);
	}
}

/* Where more comes than can be read, the ring is never empty: what it held at first is all. */
void live_drain(struct live *live)
{
	uint64_t read = 0;

	do {
		live->batch = 0;
		ring_buffer__consume(live->ring);
		read += live->batch;
	} while (live->batch && read < live->ring_records);
}

void live_catch_up(struct live *live)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);

	if (live->plan.silent_fins)
		bpf_prog_test_run_opts(bpf_program__fd(live->bpf->progs.find_time_wait), &options);
	if (live_must_relist(live))
		live_list(live);
}

void live_losses(const struct live *live, struct losses *losses)
{
	*losses = live->bpf->bss->losses;
	losses->skipped = live_skipped(live);
	losses->refused = live->refused;
	losses->relists = live->relists;
}

static void report(struct live *live, const struct losses *losses)
{
	struct record_loss record = {
		.header = {RECORD_LOSS, sizeof(record), 0, clock_now_ns(CLOCK_MONOTONIC)},
		.losses = *losses,
	};

	live->reported = *losses;
	live_hand_on(live, &record.header);
}

/* One part in HEAL_SHARE of the time at most is spent on healing, less while that fills the ring.
 */
static uint64_t heal_pause(const struct live *live, uint64_t took_ns, bool filled)
{
	uint64_t pause_ns = filled ? live->heal_pause_ns * 2 : HEAL_MIN_NS;

	if (pause_ns < took_ns * HEAL_SHARE)
		pause_ns = took_ns * HEAL_SHARE;
	return pause_ns < HEAL_MAX_NS ? pause_ns : HEAL_MAX_NS;
}

/* What is lost while it runs may be what it has listed already: that takes another. */
static void relist(struct live *live)
{
	uint64_t begin_ns = clock_now_ns(CLOCK_MONOTONIC), end_ns;
	struct losses before = live->reported, losses;

	live->relists++;
	live_list(live);
	live_losses(live, &losses);
	live->dirty = losses_total(&losses) != losses_total(&before);
	end_ns = clock_now_ns(CLOCK_MONOTONIC);
	live->heal_pause_ns =
		heal_pause(live, end_ns - begin_ns, losses.ring_full != before.ring_full);
	report(live, &losses);
	live->heal_at_ns = end_ns + live->heal_pause_ns;
}

static void note_losses(struct live *live)
{
	struct losses losses;

	live_losses(live, &losses);
	if (memcmp(&losses, &live->reported, sizeof(losses)) == 0)
		return;
	report(live, &losses);
	live->dirty = true;
}

void live_heal(struct live *live)
{
	note_losses(live);
	if (live->dirty && clock_now_ns(CLOCK_MONOTONIC) >= live->heal_at_ns)
		relist(live);
}

void live_heal_now(struct live *live)
{
	live->heal_at_ns = 0;
	live_heal(live);
}

void live_each_limit(const struct live *live, void (*say)(const char *line))
{
	char line[256];

	if (live->obstacle) {
		snprintf(line, sizeof(line),
			 "TIME_WAIT is not followed: %s; who left one and how it ends is not shown",
			 live->obstacle);
		say(line);
	}
	live_each_loss(live, say);
}

bool live_follows_time_wait(const struct live *live)
{
	return live->plan.minisockets;
}

size_t live_unseen(const struct live *live)
{
	return live->unseen;
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "decode.h"
#include "live_internal.h"
#include "memory.h"
#include "outcome.h"
#include "privilege.h"
#include "procfs.h"

#define RING_BYTES    (16 << 20) /* half a second of two busy CPUs; 100,000 rows */
#define WAKE_BYTES    (256 << 10)
#define WAKE_SHARE    4 /* of a ring that is not much larger: woken when it is full to this part */
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

	outcome_resolve(&resolved, live->hooks.forms[HOOK_TIME_WAIT].fentry);
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

/* As many minisockets as the kernel allows; the namespaces may have limits of their own, below it.
 */
static uint32_t minisockets_max(void)
{
	uint64_t max;

	if (!procfs_number(AT_FDCWD, "/proc/sys/net/ipv4/tcp_max_tw_buckets", &max) || max < 1024)
		max = 1024;
	return max > (1 << 20) ? 1 << 20 : (uint32_t)max;
}

static const struct needs *needs_of(const struct live *live)
{
	return &live_needs[live->config.watch];
}

static void select_programs(struct live *live, struct settings *settings)
{
	const struct needs *needs = needs_of(live);

	settings->close_waits = needs->close_waits;
	settings->outgoing = needs->outgoing;
	settings->refusals = live->hooks.forms[HOOK_TIME_WAIT].fentry;
	settings->silent_fins = !settings->refusals;
	live_select_hooks(live);
}

/* Whole pages, whatever their size. */
static void size_ring(struct live *live, struct settings *settings)
{
	uint32_t wanted = live->config.ring_kib ? live->config.ring_kib << 10 : RING_BYTES;
	uint32_t page = (uint32_t)sysconf(_SC_PAGESIZE);
	uint32_t bytes = wanted > page ? wanted : page;

	bpf_map__set_max_entries(live->bpf->maps.records, bytes);
	live->ring_records = bytes / sizeof(struct record_failure) + 1; /* the smallest */
	settings->wake_bytes = bytes / WAKE_SHARE < WAKE_BYTES ? bytes / WAKE_SHARE : WAKE_BYTES;
}

static void configure(struct live *live)
{
	struct settings *settings = &live->bpf->rodata->settings;

	memcpy(&settings->filter, live->config.filter, sizeof(settings->filter));
	settings->tw_timer_handler = live->kallsyms.tw_timer_handler;
	settings->tick_ns = clock_tick_ns();
	settings->rdonly_cast = live->kernel.rdonly_cast;
	settings->probe_reads = live->kernel.probe_reads;
	size_ring(live, settings);
	bpf_map__set_max_entries(live->bpf->maps.fin_wait2,
				 live_needs_minisockets(live) ? minisockets_max() : 1);
	select_programs(live, settings);
	live_plan(live, settings);
	live_audit_configure(live, settings);
}

/*
 * Iterators are opened for each use, in the namespace of that moment; the link is what attaches
 * them.
 */
static bool attach_iterator(struct bpf_program *program, struct bpf_link **link)
{
	*link = bpf_program__attach_iter(program, NULL);
	return *link != NULL;
}

static bool attach(struct live *live)
{
	struct tcplinger_bpf *bpf = live->bpf;

	return attach_iterator(bpf->progs.list_sockets, &live->sockets) &&
	       attach_iterator(bpf->progs.list_holders, &live->holders) && live_attach_hooks(live);
}

static bool load(struct live *live, struct refusal *refusal)
{
	live->bpf = tcplinger_bpf__open();
	if (!live->bpf) {
		privilege_explain(refusal, "open the BPF programs", errno);
		return false;
	}
	configure(live);
	if (tcplinger_bpf__load(live->bpf) != 0) {
		privilege_explain(refusal, "load the BPF programs", errno);
		return false;
	}
	live->ring = ring_buffer__new(bpf_map__fd(live->bpf->maps.records), on_sample, live, NULL);
	if (!live->ring || !attach(live)) {
		privilege_explain(refusal, "attach the BPF programs", errno);
		return false;
	}
	return true;
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
	uint32_t wanted;
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
	wanted = (needs_of(live)->hooks | (live_audits(live) ? BIT(HOOK_TIME_WAIT) : 0)) &
		 ~(obstacle ? BIT(HOOK_TIME_WAIT) : 0);
	if (!hooks_choose(&live->hooks, wanted, config->hooks, &live->kernel, refusal)) {
		live_close(live);
		return NULL;
	}
	if (obstacle)
		snprintf(live->limits, sizeof(live->limits),
			 "TIME_WAIT is not followed: %s; who left one and how it ends is not shown",
			 obstacle);
	/* a view of nothing else has more from listings that are taken without BPF */
	if (obstacle && config->watch == WATCH_TIME_WAITS)
		snprintf(refusal->text, sizeof(refusal->text), "TIME_WAIT is not followed: %s",
			 obstacle);
	else if (load(live, refusal))
		return live;
	live_close(live);
	return NULL;
}

void live_detach(struct live *live)
{
	tcplinger_bpf__detach(live->bpf);
}

void live_close(struct live *live)
{
	if (!live)
		return;
	bpf_link__destroy(live->holders);
	bpf_link__destroy(live->sockets);
	ring_buffer__free(live->ring);
	tcplinger_bpf__destroy(live->bpf);
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

void live_find_time_wait(struct live *live)
{
	int fd = bpf_program__fd(live->bpf->progs.find_time_wait);
	LIBBPF_OPTS(bpf_test_run_opts, options);

	if (fd >= 0)
		bpf_prog_test_run_opts(fd, &options);
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

const char *live_limits(const struct live *live)
{
	return live->limits;
}

bool live_follows_time_wait(const struct live *live)
{
	return live->kallsyms.tw_timer_handler != 0;
}

size_t live_unseen(const struct live *live)
{
	return live->unseen;
}

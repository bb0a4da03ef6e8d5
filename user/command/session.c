// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "command/session.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "view/audit/show.h"
#include "source/clock.h"
#include "source/netns.h"
#include "source/privilege.h"
#include "source/proc/procfs.h"
#include "source/sandbox.h"
#include "cli/status.h"

#define NS_PER_S	    1000000000ULL
#define POLL_MS		    50		    /* a line waits 100 ms at most: twice this */
#define DEFAULT_TIMEWAIT_NS (60 * NS_PER_S) /* TCP_TIMEWAIT_LEN, include/net/tcp.h */

static void apply(void *context, const struct record_header *record)
{
	model_apply(context, record);
}

static void apply_to_audit(void *context, const struct record_header *record)
{
	audit_record(context, record);
}

/*
 * Some vendors' kernels let it be set; the others' is seen with the first TIME_WAIT that is born
 * whole.
 */
uint64_t session_timewait_ns(void)
{
	uint64_t seconds;

	if (procfs_number(AT_FDCWD, "/proc/sys/net/ipv4/tcp_tw_timeout", &seconds) && seconds)
		return seconds * NS_PER_S;
	return DEFAULT_TIMEWAIT_NS;
}

static const enum close_waits_mode close_waits_modes[WATCHES] = {
	[WATCH_TRANSITIONS] = CLOSE_WAITS_CONNECTIONS,
	[WATCH_TIME_WAITS] = CLOSE_WAITS_CONNECTIONS,
	[WATCH_PORTS] = CLOSE_WAITS_CONNECTIONS,
	[WATCH_CLOSE_WAITS] = CLOSE_WAITS_APART,
	[WATCH_NOTHING] = CLOSE_WAITS_BOTH,
};

/* After the peer's FIN a connection never becomes a TIME_WAIT. */
static const uint32_t last_states[WATCHES] = {
	[WATCH_TIME_WAITS] = 1U << TCP_CLOSE_WAIT,
};

void session_init(struct session *session, const struct options *options, enum live_watch watch,
		  const volatile sig_atomic_t *stop, struct model_observer observer)
{
	struct model_config config = {
		.filter = &session->filter,
		.processes = &options->processes,
		.timewait_ns = session_timewait_ns(),
		.close_waits = close_waits_modes[watch],
		.last_states = last_states[watch],
		.observer = observer,
	};

	*session = (struct session){.options = options, .watch = watch, .stop = stop};
	if (watch == WATCH_PORTS)
		session->filter.netns = options->tuples.netns;
	else
		session->filter = options->tuples;
	session->clocks.monotonic_ns = clock_realtime_offset_ns(CLOCK_MONOTONIC);
	session->clocks.boottime_ns = clock_realtime_offset_ns(CLOCK_BOOTTIME);
	output_init(&session->output, STDOUT_FILENO, stop);
	model_init(&session->model, &config);
	audit_init(&session->audit, &session->filter);
}

void session_free(struct session *session)
{
	live_close(session->live);
	model_free(&session->model);
	audit_free(&session->audit);
	output_free(&session->output);
}

struct record_sink session_sink(struct session *session)
{
	return (struct record_sink){apply, &session->model};
}

static enum privilege_source source_of(const struct session *session)
{
	return session->live ? SOURCE_LIVE : SOURCE_DIAG;
}

static void note_line(const char *line)
{
	note("%s", line);
}

int session_open(struct session *session, struct refusal *refusal)
{
	struct live_config config = {
		.watch = session->watch,
		.hooks = session->options->hooks,
		.ring_kib = session->options->ring_kib,
		.filter = &session->filter,
		.stop = session->stop,
		.sink = session_sink(session),
		.verbose = session->options->verbose,
	};

	if (session->options->audit)
		config.audit = (struct record_sink){apply_to_audit, &session->audit};
	session->live = live_open(&config, refusal);
	if (!session->live)
		return STATUS_REFUSED;
	live_each_limit(session->live, note_line);
	live_list(session->live);
	session_say_unseen(session, live_unseen(session->live));
	return STATUS_DONE;
}

int session_ready(const struct session *session)
{
	const char *path = session->options->ready_file;
	int fd;

	if (!path)
		return STATUS_DONE;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return fail(STATUS_FAILED, "cannot create %s: %s", path, strerror(errno));
	close(fd);
	return STATUS_DONE;
}

static uint64_t deadline_ns(uint64_t start_ns, double seconds)
{
	return seconds > 0 ? start_ns + (uint64_t)(seconds * NS_PER_S) : UINT64_MAX;
}

/* Until the next thing is due, but never longer than a line may wait. */
static int poll_ms(uint64_t now_ns, uint64_t next_ns)
{
	uint64_t ms = next_ns > now_ns ? (next_ns - now_ns + 999999) / 1000000 : 0;

	return ms < POLL_MS ? (int)ms : POLL_MS;
}

static bool refresh(struct session *session, const struct session_hooks *hooks)
{
	session->clocks.monotonic_ns = clock_realtime_offset_ns(CLOCK_MONOTONIC);
	if (session->live) {
		live_catch_up(session->live);
		live_poll(session->live, 0);
	}
	return !hooks->refresh || hooks->refresh(hooks->context);
}

static void serve_stream(struct session *session, int timeout_ms)
{
	if (!session->live) {
		poll(NULL, 0, timeout_ms);
		return;
	}
	live_poll(session->live, timeout_ms);
	live_heal(session->live);
}

static void loop(struct session *session, const struct session_hooks *hooks)
{
	uint64_t now = clock_now_ns(CLOCK_MONOTONIC);
	uint64_t interval_ns = (uint64_t)(session->options->interval_s * NS_PER_S);
	uint64_t end_ns = deadline_ns(now, session->options->duration_s);
	uint64_t refresh_ns = now + interval_ns;

	while (!*session->stop && !session->output.error && now < end_ns) {
		serve_stream(session, poll_ms(now, refresh_ns < end_ns ? refresh_ns : end_ns));
		now = clock_now_ns(CLOCK_MONOTONIC);
		if (now >= refresh_ns) {
			if (!refresh(session, hooks))
				return;
			refresh_ns = now + interval_ns;
		}
		output_flush(&session->output);
	}
}

/*
 * While all is still streamed: what comes until the counters are read is counted by both. A listing
 * shows minisockets that nobody told of.
 */
static void end_audit(struct session *session)
{
	if (!session->options->audit || !session->live)
		return;
	live_list(session->live);
	audit_enter(&session->audit, AUDIT_ENDS);
	live_count(session->live, 0);
	audit_enter(&session->audit, AUDIT_IS_OVER);
}

/* What has happened up to now is in what is shown last. */
static void stop_streaming(struct live *live)
{
	live_detach(live);
	live_catch_up(live);
	live_drain(live);
}

static bool enters_namespaces(const struct session *session)
{
	uint32_t own;

	return !session->filter.netns || !netns_resolve("/proc/self/ns/net", &own) ||
	       session->filter.netns != own;
}

/* From here on nothing is loaded, attached or created. */
static void drop_privileges(const struct session *session)
{
	if (!privilege_drop(source_of(session), enters_namespaces(session)))
		note("cannot drop capabilities: %s", strerror(errno));
	else if (!sandbox_enter())
		note("no seccomp filter: %s", strerror(errno));
}

int session_run(struct session *session, const struct session_hooks *hooks)
{
	int status = session_ready(session);

	if (status != STATUS_DONE)
		return status;
	drop_privileges(session);
	malloc_trim(0); /* loading has parsed the kernel's types: a dozen megabytes */
	if (refresh(session, hooks))
		loop(session, hooks);
	end_audit(session);
	if (session->live)
		stop_streaming(session->live);
	if (hooks->last)
		hooks->last(hooks->context);
	return STATUS_DONE;
}

void session_unseen(const struct session *session, size_t unseen, char *text, size_t size)
{
	text[0] = 0;
	if (unseen && session->options->tuples.netns)
		snprintf(text, size, "what exists in that network namespace (%s)",
			 privilege_for_namespaces());
	else if (unseen)
		snprintf(text, size, "%zu other network namespaces (%s)", unseen,
			 privilege_for_namespaces());
	privilege_append_unseen(source_of(session), text, size);
}

void session_say_unseen(const struct session *session, size_t unseen)
{
	char text[UNSEEN_MAX];

	session_unseen(session, unseen, text, sizeof(text));
	if (text[0])
		note("not seen: %s", text);
}

void session_show_audit(struct session *session)
{
	unsigned int columns, lines;
	struct losses losses;

	if (!session->options->audit)
		return;
	if (!session->live) {
		note("--audit: nothing was streamed without BPF: there is nothing to audit");
		return;
	}
	live_losses(session->live, &losses);
	audit_settle(&session->audit, &losses, live_follows_time_wait(session->live));
	session_terminal(&columns, &lines);
	if (session->options->json)
		audit_show_json(&session->audit, &session->output, &session->clocks);
	else
		audit_show_text(&session->audit, &session->output, columns);
}

void session_say_losses(const struct session *session, uint64_t shown, const char *what)
{
	struct losses losses = {0};

	/* a full disk has its one line */
	if (session->output.error && session->output.error != EPIPE)
		return;
	if (session->live)
		live_losses(session->live, &losses);
	note("%llu %s shown, lost %llu records (ring full %llu, skipped %llu, map full %llu, no "
	     "memory %llu, refused %llu), relists %llu",
	     (unsigned long long)shown, what, (unsigned long long)losses_total(&losses),
	     (unsigned long long)losses.ring_full, (unsigned long long)losses.skipped,
	     (unsigned long long)losses.map_full, (unsigned long long)losses.no_memory,
	     (unsigned long long)losses.refused, (unsigned long long)losses.relists);
}

int session_output_status(const struct session *session)
{
	int error = session->output.error;

	if (session->output.unwritten)
		note("%zu bytes were not written: the reader did not take them",
		     session->output.unwritten);
	if (error == 0 || error == EPIPE)
		return STATUS_DONE;
	return fail(STATUS_FAILED, "cannot write to stdout: %s", strerror(error));
}

bool session_color(const struct options *options)
{
	const char *no_color = getenv("NO_COLOR");

	if (options->json || options->color == COLOR_NEVER)
		return false;
	if (options->color == COLOR_ALWAYS)
		return true;
	return isatty(STDOUT_FILENO) && !(no_color && no_color[0]);
}

void session_terminal(unsigned int *columns, unsigned int *lines)
{
	struct winsize size;

	*columns = *lines = 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return;
	*columns = size.ws_col;
	*lines = size.ws_row;
}

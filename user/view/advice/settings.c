// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Settings and totals, of each network namespace. */
#include "view/advice/internal.h"

#define MINISOCKET_BYTES 256 /* of the kernel's memory, where it does not tell its own figure */

static const struct host *host_of(const struct judging *judging)
{
	return &judging->adviser->config.model->host;
}

static struct advice *advise_netns(struct judging *judging, const struct netns_totals *totals,
				   enum severity severity, enum saying saying)
{
	struct advice *advice = advise(judging, severity, saying);

	advice->netns = totals->netns;
	advice->weight = (double)totals->time_waits;
	return advice;
}

static uint64_t overflow_of(const struct judging *judging, const struct netns_totals *totals)
{
	uint64_t grew = host_grew(host_of(judging), totals->netns, COUNTER_TIME_WAIT_OVERFLOW);

	return grew > totals->overflow ? grew : totals->overflow;
}

/* Near tcp_max_tw_buckets, from where on sockets skip TIME_WAIT. */
static bool is_near_buckets(const struct judging *judging, const struct netns_totals *totals,
			    uint64_t *max)
{
	return host_setting(host_of(judging), totals->netns, SETTING_MAX_TW_BUCKETS, max) &&
	       (double)totals->time_waits >= OVERFLOW_NEAR * (double)*max;
}

void judge_time_wait_harmless(struct judging *judging, const void *at)
{
	const struct netns_totals *totals = at;
	struct advice *advice;
	uint64_t size, max;

	if (totals->time_waits < TIME_WAITS_MANY || overflow_of(judging, totals) ||
	    is_near_buckets(judging, totals, &max) || totals->most_used_share > HARMLESS_SHARE)
		return;
	if (!host_figure(host_of(judging), HOST_TIMEWAIT_SIZE, &size) || !size)
		size = MINISOCKET_BYTES;
	advice = advise_netns(judging, totals, SEVERITY_INFO, SAY_TIME_WAIT_HARMLESS);
	tell_number(advice, "sockets", totals->time_waits);
	tell_bytes(advice, "kernel_bytes", totals->time_waits * size);
	if (!totals->most_used)
		return;
	tell_place(advice, "most_used", &totals->most_used->tuple, DIRECTION_OUT);
	tell_share(advice, "most_used_share", totals->most_used_share);
}

void judge_time_wait_overflow(struct judging *judging, const void *at)
{
	const struct netns_totals *totals = at;
	uint64_t overflow = counted_since(judging, totals->netns, overflow_of(judging, totals));
	uint64_t max;
	bool near = is_near_buckets(judging, totals, &max);
	struct advice *advice;

	if (!overflow && !near)
		return;
	advice = advise_netns(judging, totals, SEVERITY_WARNING,
			      overflow ? SAY_OVERFLOW : SAY_OVERFLOW_NEAR);
	tell_number(advice, "overflow", overflow);
	if (max)
		tell_number(advice, "max", max);
	tell_number(advice, "sockets", totals->time_waits);
	tell_process(judging, advice, "owner", totals->greatest);
}

void judge_tw_reuse_useless(struct judging *judging, const void *at)
{
	const struct netns_totals *totals = at;
	uint64_t value, timestamps;
	bool incoming = (double)totals->incoming >= USELESS_SHARE * (double)totals->time_waits;
	struct advice *advice;

	if (!host_setting(host_of(judging), totals->netns, SETTING_TW_REUSE, &value) || value != 1)
		return;
	if (!host_setting(host_of(judging), totals->netns, SETTING_TIMESTAMPS, &timestamps))
		timestamps = 1;
	if (timestamps && (!totals->time_waits || !incoming))
		return;
	advice = advise_netns(judging, totals, SEVERITY_INFO,
			      timestamps ? SAY_TW_REUSE_INCOMING : SAY_TW_REUSE_TIMESTAMPS);
	tell_number(advice, "value", value);
	tell_number(advice, "incoming", totals->incoming);
	tell_number(advice, "outgoing", totals->outgoing);
	tell_number(advice, "timestamps", timestamps);
}

void judge_fin_timeout_misread(struct judging *judging, const void *at)
{
	const struct netns_totals *totals = at;
	struct advice *advice;
	uint64_t value;

	if (!host_setting(host_of(judging), totals->netns, SETTING_FIN_TIMEOUT, &value) ||
	    value == NOT_A_FIN_TIMEOUT_S || totals->time_waits < TIME_WAITS_MANY)
		return;
	advice = advise_netns(judging, totals, SEVERITY_INFO, SAY_FIN_TIMEOUT);
	tell_number(advice, "value", value);
	tell_number(advice, "sockets", totals->time_waits);
	if (totals->lifetime.count)
		tell_ns(advice, "lifetime_p50_s", histogram_percentile(&totals->lifetime, 0.5));
}

static uint64_t grown(struct judging *judging, const struct netns_totals *totals,
		      unsigned int counter, uint64_t first, uint64_t now)
{
	return counted_since(judging, (uint64_t)totals->netns << 8 | counter,
			     opening_grown(first, now));
}

void judge_conntrack_full(struct judging *judging, const void *at)
{
	const struct netns_totals *totals = at;
	const struct host_netns *netns = host_netns(host_of(judging), totals->netns);
	const struct conntrack *first, *now;
	uint64_t failed, drop, early;
	struct advice *advice;
	bool full;

	if (!netns || !netns->seen.tracks)
		return;
	first = &netns->first_seen.conntrack;
	now = &netns->seen.conntrack;
	failed = grown(judging, totals, 1, first->insert_failed, now->insert_failed);
	drop = grown(judging, totals, 2, first->drop, now->drop);
	early = grown(judging, totals, 3, first->early_drop, now->early_drop);
	full = now->max && (double)now->count >= TRACKED_SHARE * (double)now->max;
	if (!full && !failed && !drop)
		return;
	advice = advise_netns(judging, totals, SEVERITY_CRITICAL,
			      full || drop ? SAY_CONNTRACK_FULL : SAY_CONNTRACK_COLLIDES);
	tell_number(advice, "count", now->count);
	tell_number(advice, "max", now->max);
	tell_number(advice, "insert_failed", failed);
	tell_number(advice, "drop", drop);
	tell_number(advice, "early_drop", early);
	tell(advice, "netns", FIGURE_PLAIN)->number = totals->netns;
}

void judge_conntrack_time_wait(struct judging *judging, const void *at)
{
	const struct netns_totals *totals = at;
	const struct host_netns *netns = host_netns(host_of(judging), totals->netns);
	struct advice *advice;
	uint64_t value;

	if (!netns || !netns->seen.tracks || !netns->seen.conntrack.count ||
	    totals->time_waits <= TIME_WAITS_MANY ||
	    !host_setting(host_of(judging), totals->netns, SETTING_CONNTRACK_TIME_WAIT, &value) ||
	    value <= TRACKED_TIME_WAIT_S)
		return;
	advice = advise_netns(judging, totals, SEVERITY_INFO, SAY_CONNTRACK_TIME_WAIT);
	tell_number(advice, "value", value);
	tell_number(advice, "count", netns->seen.conntrack.count);
	tell_number(advice, "sockets", totals->time_waits);
}

void judge_tw_recycle_gone(struct judging *judging, const void *row)
{
	const struct record_sysctl *sysctl = host_sysctl(host_of(judging), SETTING_TW_RECYCLE);
	struct advice *advice;

	(void)row;
	if (!sysctl)
		return;
	advice = advise(judging, SEVERITY_INFO, SAY_TW_RECYCLE);
	tell_name(advice, "file", sysctl->file, sizeof(sysctl->file));
	tell_number(advice, "line", sysctl->line);
	tell_name(advice, "setting", sysctl->value, sizeof(sysctl->value));
}

/* Settings, counters and files: of whatever namespace. */
const char *why_not_settings(const struct adviser *adviser)
{
	const struct host *host = &adviser->config.model->host;

	for (size_t i = 0; i < host->count; i++)
		if (host->namespaces[i].settings.header.type)
			return NULL;
	return N_("the settings of no network namespace could be read");
}

const char *why_not_sysctls(const struct adviser *adviser)
{
	const struct host *host = &adviser->config.model->host;

	if (!host->sysctls_told)
		return N_("the files that set sysctls at boot were not read");
	return host->unread && !host_sysctl(host, SETTING_TW_RECYCLE)
		       ? N_("some of the files that set sysctls at boot could not be read")
		       : NULL;
}

const char *why_not_conntrack(const struct adviser *adviser)
{
	const struct host *host = &adviser->config.model->host;

	for (size_t i = 0; i < host->count; i++)
		if (host->namespaces[i].seen.header.type)
			return NULL;
	return N_("the counters of connection tracking could not be read");
}

void tell_pressure(const struct judging *judging, struct advice *advice)
{
	double share;

	if (host_starved_share(host_of(judging), &share))
		tell_share(advice, "psi", share);
	advice->has_place = false;
}

/* In English, for the JSON. */
static void say_hidden(struct sentence *what, uint64_t lacks, uint64_t lost)
{
	say_lacks(what, lacks, NULL);
	if (lost)
		say(what, "%s%llu records were lost", what->length ? "; " : "",
		    (unsigned long long)lost);
}

/* What the stream does not tell of. */
void judge_kernel_hides(struct judging *judging, const void *row)
{
	const struct model *model = judging->adviser->config.model;
	uint64_t lost = losses_total(&model->losses), lacks = 0;
	struct advice *advice;
	struct sentence what = {0};

	(void)row;
	for (unsigned int want = 0; want < WANTS; want++)
		if (model_lacks(model, want) && needs_want(&model->needs, want) && lack_of(want))
			lacks |= UINT64_C(1) << want;
	say_hidden(&what, lacks, lost);
	if (!what.length)
		return;
	advice = advise(judging, SEVERITY_INFO, SAY_KERNEL_HIDES);
	tell_name(advice, "what", what.text, what.length);
	if (lacks)
		tell(advice, "lacks", FIGURE_LACKS)->number = lacks;
	if (lost)
		tell(advice, lacks ? "also_lost" : "lost", FIGURE_PLAIN)->number = lost;
}

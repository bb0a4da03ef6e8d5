// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "model/host.h"

#include "base/memory.h"

#define SHARES 10000.0 /* a share is told in hundredths of a percent */

void host_free(struct host *host)
{
	free(host->namespaces);
	*host = (struct host){0};
}

void host_begin(struct host *host)
{
	host_free(host);
}

static struct host_netns *find(const struct host *host, uint32_t netns)
{
	for (size_t i = 0; i < host->count; i++)
		if (host->namespaces[i].netns == netns)
			return &host->namespaces[i];
	return NULL;
}

/* Room for one more: of too many, that which nobody has asked for. */
static struct host_netns *add(struct host *host)
{
	struct host_netns *oldest;

	if (host->count < HOST_NAMESPACES) {
		host->namespaces =
			memory_resize(host->namespaces, host->count + 1, sizeof(*host->namespaces));
		return &host->namespaces[host->count++];
	}
	oldest = &host->namespaces[0];
	for (size_t i = 1; i < host->count; i++)
		if (host->namespaces[i].told_ns < oldest->told_ns)
			oldest = &host->namespaces[i];
	return oldest;
}

static struct host_netns *told_of(struct host *host, uint32_t netns, uint64_t time_ns)
{
	struct host_netns *known = find(host, netns);

	if (!known) {
		known = add(host);
		*known = (struct host_netns){.netns = netns};
	}
	known->told_ns = time_ns;
	return known;
}

void host_set_up(struct host *host, const struct record_settings *record)
{
	told_of(host, record->netns, record->header.time_ns)->settings = *record;
}

void host_sees(struct host *host, const struct record_namespace *record)
{
	struct host_netns *known = told_of(host, record->netns, record->header.time_ns);

	if (!known->first_seen.header.type)
		known->first_seen = *record;
	known->seen = *record;
}

/* An inode number is given to the next namespace: a cookie is not. */
void host_counts(struct host *host, const struct record_counters *record)
{
	struct host_netns *known = told_of(host, record->netns, record->header.time_ns);

	if (known->counted.header.type && known->counted.netns_cookie != record->netns_cookie)
		*known = (struct host_netns){.netns = record->netns,
					     .told_ns = record->header.time_ns};
	if (!known->first_counted.header.type)
		known->first_counted = *record;
	known->counted = *record;
}

void host_is_at(struct host *host, const struct record_host *record)
{
	if (!host->first.header.type)
		host->first = *record;
	host->last = *record;
}

void host_boots_with(struct host *host, const struct record_sysctl *record)
{
	if (record->line) {
		host->sysctls[record->setting] = *record;
		return;
	}
	memset(host->sysctls, 0, sizeof(host->sysctls));
	host->sysctls_told = true;
	host->unread = record->unread;
}

const struct host_netns *host_netns(const struct host *host, uint32_t netns)
{
	return find(host, netns);
}

/* Of one of many values, if the record was told. */
static bool known_value(const struct record_header *header, uint64_t of_it, uint64_t *value)
{
	bool known = header->type && of_it != FACTS_UNKNOWN;

	*value = known ? of_it : 0;
	return known;
}

bool host_setting(const struct host *host, uint32_t netns, enum setting setting, uint64_t *value)
{
	const struct host_netns *known = find(host, netns);

	*value = 0;
	return known &&
	       known_value(&known->settings.header, known->settings.values[setting], value);
}

bool host_figure(const struct host *host, enum host_figure figure, uint64_t *value)
{
	return known_value(&host->last.header, host->last.values[figure], value);
}

uint64_t host_grew(const struct host *host, uint32_t netns, enum counter counter)
{
	const struct host_netns *known = find(host, netns);
	uint64_t first, last;

	if (!known)
		return 0;
	first = known->first_counted.values[counter];
	last = known->counted.values[counter];
	return last > first ? last - first : 0;
}

bool host_starved_share(const struct host *host, double *share)
{
	const struct record_host *first = &host->first, *last = &host->last;
	uint64_t was, is, recent;

	*share = 0;
	if (known_value(&first->header, first->values[HOST_STARVED_NS], &was) &&
	    host_figure(host, HOST_STARVED_NS, &is) && is >= was &&
	    last->header.time_ns > first->header.time_ns)
		*share =
			(double)(is - was) / (double)(last->header.time_ns - first->header.time_ns);
	else if (host_figure(host, HOST_STARVED_SHARE, &recent))
		*share = (double)recent / SHARES;
	else
		return false;
	if (*share > 1)
		*share = 1;
	return true;
}

const struct record_sysctl *host_sysctl(const struct host *host, enum setting setting)
{
	return host->sysctls[setting].line ? &host->sysctls[setting] : NULL;
}

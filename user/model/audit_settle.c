// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The end of the books: what of each counter is seen, what is explained, and what is not. */
#include "model/audit.h"

#define LOST_MAX (1ULL << 62) /* as no counter is greater: sums of them fit */

static int64_t clamp(int64_t number, int64_t low, int64_t high)
{
	if (number < low)
		return low;
	return number > high ? high : number;
}

/* As much of `missing` as `number`, which may be of either sign, can make up for. */
static int64_t part(int64_t missing, int64_t number)
{
	return number < 0 ? clamp(missing, number, 0) : clamp(missing, 0, number);
}

static int64_t missing_of(const struct audit_line *line)
{
	int64_t missing = line->kernel - line->seen;

	for (int i = 0; i < AUDIT_WHYS; i++)
		missing -= line->explained[i];
	return missing;
}

/* What is not told when it is born is met later: it counts as far as the kernel counted it. */
static void settle_late(struct audit_line *line, int64_t *late)
{
	int64_t *filtered = &late[true], *seen = &late[false];
	int64_t share = part(missing_of(line), *filtered);

	line->explained[AUDIT_FILTER] += share;
	*filtered -= share;
	line->explained[AUDIT_LATE] = part(missing_of(line), *seen);
	*seen -= line->explained[AUDIT_LATE];
}

static void settle_counter(struct audit_namespace *space, struct audit_line *line,
			   enum counter counter)
{
	const struct audit_count *count = &space->counts[counter];

	line->kernel = (int64_t)(space->end[counter] - space->begin[counter]);
	line->seen = count->seen;
	line->explained[AUDIT_FILTER] = count->filtered;
	line->seen += part(missing_of(line), count->edge_seen);
	line->explained[AUDIT_FILTER] += part(missing_of(line), count->edge_filtered);
	if (counter == COUNTER_TIME_WAITS || counter == COUNTER_KILLED)
		settle_late(line, space->late);
}

/* So many ends of full sockets may have been refusals: the kernel says how many were. */
static void settle_overflow(const struct audit_namespace *space, struct audit_line *line)
{
	const struct audit_count *count = &space->counts[COUNTER_TIME_WAIT_OVERFLOW];

	line->kernel = (int64_t)(space->end[COUNTER_TIME_WAIT_OVERFLOW] -
				 space->begin[COUNTER_TIME_WAIT_OVERFLOW]);
	line->seen = part(line->kernel, count->seen + count->edge_seen);
	line->explained[AUDIT_FILTER] =
		part(missing_of(line), count->filtered + count->edge_filtered);
}

static void settle_present(struct audit_namespace *space, struct audit_line *line)
{
	int64_t older = (int64_t)space->begin[COUNTER_MINISOCKETS] - space->older_ended;
	int64_t *predates = &line->explained[AUDIT_PREDATES];
	int64_t gone;

	line->kernel = (int64_t)space->end[COUNTER_MINISOCKETS];
	*predates = older > 0 ? older : 0;
	older = clamp(space->late_ended + space->unlisted[true], 0, *predates);
	*predates += clamp(missing_of(line), -older, 0);
	settle_late(line, space->late_present);
	gone = clamp(space->edge_born + space->unlisted[false], 0, line->seen);
	line->seen += clamp(missing_of(line), -gone, space->edge_ended);
}

static bool is_of_minisockets(enum counter counter)
{
	return counter >= COUNTER_TIME_WAITS && counter <= COUNTER_MINISOCKETS;
}

/* A record stands for one event, which one counter counts, beside that of what is there now. */
static void blame_losses(struct audit_line *line, enum counter counter, int64_t *lost,
			 int64_t *lost_minisockets)
{
	int64_t missing = missing_of(line), *budget = lost;

	if (counter == COUNTER_MINISOCKETS) {
		budget = lost_minisockets;
		line->explained[AUDIT_LOST] = clamp(missing, -*budget, *budget);
	} else {
		line->explained[AUDIT_LOST] = part(missing, *budget);
	}
	*budget -= missing < 0 ? -line->explained[AUDIT_LOST] : line->explained[AUDIT_LOST];
}

static void settle_line(struct audit_namespace *space, struct audit_line *line,
			enum counter counter, bool follows_time_wait)
{
	if (counter == COUNTER_MINISOCKETS)
		settle_present(space, line);
	else if (counter == COUNTER_TIME_WAIT_OVERFLOW)
		settle_overflow(space, line);
	else
		settle_counter(space, line, counter);
	if (counter == COUNTER_ATTEMPT_FAILS)
		line->explained[AUDIT_REQUESTS] =
			part(missing_of(line), (int64_t)(space->end[COUNTER_EMBRYONIC_RESETS] -
							 space->begin[COUNTER_EMBRYONIC_RESETS]));
	if (!follows_time_wait && is_of_minisockets(counter))
		line->explained[AUDIT_UNFOLLOWED] = missing_of(line);
}

/* Nothing to compare with: what was seen is said alone. */
static void settle_gone(struct audit_namespace *space)
{
	for (unsigned int i = 0; i < COUNTER_MINISOCKETS; i++)
		space->lines[i].seen = space->counts[i].seen + space->counts[i].edge_seen;
	space->lines[COUNTER_TIME_WAIT_OVERFLOW].seen = 0; /* the kernel does not confirm it */
}

/* Where no birth is told, all of them are met late, and there is a better word for it. */
static void forget_late(struct audit_namespace *space)
{
	for (int filtered = 0; filtered < 2; filtered++)
		space->late[filtered] = space->late_present[filtered] = 0;
}

static void count_one_present(struct audit_namespace *space,
			      const struct audit_minisocket *minisocket)
{
	struct audit_line *line = &space->lines[COUNTER_MINISOCKETS];
	bool unlisted = minisocket->met_ns < space->listed_ns;

	if (minisocket->late) {
		space->late_present[minisocket->filtered]++;
	} else if (minisocket->born_ns < space->begin_ns || !minisocket->born_ns) {
		space->unlisted[true] += unlisted;
	} else if (minisocket->filtered) {
		line->explained[AUDIT_FILTER]++;
	} else {
		line->seen++;
		space->unlisted[false] += unlisted;
	}
}

static void count_present(struct audit *audit)
{
	for (uint32_t i = 1; i < audit->minisockets.used; i++) {
		const struct audit_minisocket *one = pool_get(&audit->minisockets, i);

		if (index_find(&audit->by_socket, one->cookie) == i) /* not a free element */
			count_one_present(audit_find_namespace(audit, one->netns_cookie), one);
	}
}

void audit_settle(struct audit *audit, const struct losses *losses, bool follows_time_wait)
{
	uint64_t total = losses->ring_full + losses->skipped + losses->refused;
	int64_t lost = (int64_t)(total < LOST_MAX ? total : LOST_MAX);
	int64_t lost_minisockets = lost;

	count_present(audit);
	for (uint32_t i = 1; i < audit->namespaces.used; i++) {
		struct audit_namespace *space = pool_get(&audit->namespaces, i);

		if (!space->counted) {
			settle_gone(space);
			continue;
		}
		if (!follows_time_wait)
			forget_late(space);
		for (enum counter counter = 0; counter < AUDITED; counter++) {
			struct audit_line *line = &space->lines[counter];

			settle_line(space, line, counter, follows_time_wait);
			blame_losses(line, counter, &lost, &lost_minisockets);
			line->unexplained = missing_of(line);
		}
	}
}

const char *audit_why_name(unsigned int why)
{
	static const char *const whys[AUDIT_WHYS] = {
		[AUDIT_FILTER] = "filter",     [AUDIT_LOST] = "lost",
		[AUDIT_PREDATES] = "predates", [AUDIT_REQUESTS] = "requests",
		[AUDIT_LATE] = "late",	       [AUDIT_UNFOLLOWED] = "unfollowed",
	};

	return whys[why];
}

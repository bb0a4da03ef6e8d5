// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* How a row came to be what it is, and how it goes on: when its sockets began, growth, forecast. */
#include "base/memory.h"
#include "base/time.h"
#include "view/leaks/leaks.h"
#include "writer/format.h"

#define WATCHED_NS  (10 * (uint64_t)NS_PER_S) /* a shorter watch tells no growth */
#define GROWS_PER_S 0.05		      /* less is not worth a word */
#define FORECAST_S  (7 * 86400)		      /* what is further off may well not come */
#define CLOCK_S	    (20 * 3600)		      /* so far off a time of day is no riddle */

void leaks_note_entry(struct leaks *leaks, struct leak_row *row,
		      const struct close_wait *close_wait)
{
	if (close_wait->at_least)
		return;
	if (leaks->entries.count == leaks->entries.capacity) {
		leaks->entries.capacity =
			leaks->entries.capacity ? 2 * leaks->entries.capacity : 64;
		leaks->entries.items = memory_resize(leaks->entries.items, leaks->entries.capacity,
						     sizeof(*leaks->entries.items));
	}
	leaks->entries.items[leaks->entries.count++] =
		(struct leak_entry){row, close_wait->since_ns};
	began_note(&row->began, close_wait->since_ns);
}

void leaks_draw_began(struct leaks *leaks)
{
	for (size_t i = 0; i < leaks->entries.count; i++) {
		const struct leak_entry *entry = &leaks->entries.items[i];

		began_count(&entry->row->began, entry->since_ns, leaks->model->close_waits.time_ns);
	}
	leaks->entries.count = 0;
}

static void note_trend(void *context, struct row *noted)
{
	struct leak_row *row = (struct leak_row *)noted;
	const struct leaks *leaks = context;

	if (leaks_count(row) || row->trend.step_count)
		trend_add(&row->trend, leaks->time_ns, leaks_count(row));
}

void leaks_note_trends(struct leaks *leaks)
{
	rows_each(&leaks->rows, note_trend, leaks);
}

/* A pool gives up, or uses once more, some of what it has kept for long. */
enum finding leaks_growing(const struct leaks *leaks, const struct leak_row *row)
{
	if (row->left)
		return FINDING_NO;
	if (trend_is_known(&row->trend, leaks->time_ns))
		return trend_rises(&row->trend, leaks->time_ns) ? FINDING_SEEN : FINDING_NO;
	return began_rises(&row->began, leaks->time_ns) ? FINDING_INFERRED : FINDING_NO;
}

static bool was_watched(const struct leaks *leaks, const struct leak_row *row)
{
	return row->growth.first_ns && leaks->time_ns - row->growth.first_ns >= WATCHED_NS;
}

bool leaks_growth(const struct leaks *leaks, const struct leak_row *row, double *per_s)
{
	if (!was_watched(leaks, row))
		return began_growth(&row->began, leaks->time_ns, per_s);
	return growth_per_s(&row->growth, &leaks->clock, leaks->time_ns, leaks_count(row), per_s);
}

bool leaks_grows(const struct leaks *leaks, const struct leak_row *row)
{
	double per_s;

	return leaks_growth(leaks, row, &per_s) && per_s >= GROWS_PER_S;
}

bool leaks_fds_exhausted_in(const struct leaks *leaks, const struct leak_row *row, double *seconds)
{
	const struct process_facts *facts = leaks_descriptors(leaks, row);
	double per_s;

	if (row->listener || facts->fds == FACTS_UNKNOWN || facts->fd_limit == FACTS_UNKNOWN ||
	    facts->fds > facts->fd_limit || !leaks_growth(leaks, row, &per_s) || per_s <= 0)
		return false;
	*seconds = (double)(facts->fd_limit - facts->fds) / per_s;
	return true;
}

/* "since 03:12:40", "for 2d05h": since when the oldest is there, or longer. */
static void say_since(struct sentence *sentence, const struct leaks *leaks,
		      const struct leak_row *row)
{
	const char *longer = row->oldest[0].close_wait->at_least ? " or before" : "";
	uint64_t age_ns = leaks_oldest_ns(row);
	uint64_t now_ns = leaks->time_ns + (uint64_t)leaks->model->clocks.monotonic_ns;
	char text[FORMAT_TIME];

	if (age_ns < CLOCK_S * (uint64_t)NS_PER_S) {
		format_clock(text, now_ns - age_ns);
		say(sentence, "; since %.8s%s, ", text, longer);
	} else {
		text_age(text, age_ns);
		say(sentence, "; for %s%s, ", text, longer[0] ? " or longer" : "");
	}
}

static void say_forecast(struct sentence *sentence, const struct leaks *leaks, double seconds)
{
	uint64_t in_ns = (uint64_t)(seconds * NS_PER_S);
	char text[FORMAT_TIME];

	if (seconds < CLOCK_S) {
		format_clock(text,
			     leaks->time_ns + in_ns + (uint64_t)leaks->model->clocks.monotonic_ns);
		say(sentence, ", the last goes at %.5s", text);
	} else {
		text_age(text, in_ns);
		say(sentence, ", the last goes in %s at this growth", text);
	}
}

/* A limit may have been lowered below what is open already. */
static void say_descriptors(struct sentence *sentence, const struct leaks *leaks,
			    const struct leak_row *row)
{
	const struct process_facts *facts = leaks_descriptors(leaks, row);
	double seconds;

	if (facts->fds == FACTS_UNKNOWN || facts->fd_limit == FACTS_UNKNOWN)
		return;
	say(sentence, "; %llu of %llu descriptors", (unsigned long long)facts->fds,
	    (unsigned long long)facts->fd_limit);
	if (facts->fds >= facts->fd_limit)
		say(sentence, ": none is left, opening more fails (EMFILE)");
	else if (leaks_fds_exhausted_in(leaks, row, &seconds) && seconds <= FORECAST_S)
		say_forecast(sentence, leaks, seconds);
}

void leaks_say_growth(struct sentence *sentence, const struct leaks *leaks,
		      const struct leak_row *row)
{
	double per_s;

	if (leaks_grows(leaks, row) && leaks_growth(leaks, row, &per_s)) {
		if (row->sockets)
			say_since(sentence, leaks, row);
		else
			say(sentence, "; grows by ");
		say(sentence, "%.1f/s", per_s);
	}
	say_descriptors(sentence, leaks, row);
}

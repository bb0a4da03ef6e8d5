// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What was wrong for a while and is not now: of a long watch, or of a recording, that is asked
 * about as well. With the figures of when it was so last.
 */
#include <string.h>

#include "view/advice/internal.h"

/* Whatever it says of it: reasons may change. */
static bool is_the_same(const struct advice *one, const struct advice *other)
{
	if (one->rule != other->rule || one->process != other->process)
		return one->rule == other->rule && one->cause == other->cause;
	return one->netns == other->netns &&
	       (!one->has_place || memcmp(&one->place, &other->place, sizeof(one->place)) == 0);
}

/* A process whose sockets wait for another reason now. */
static bool is_another_reason(const struct advice *was, const struct advice *is)
{
	return was->process && was->process == is->process && is_close_wait(was) &&
	       is_close_wait(is);
}

/* NULL: it is over. */
static struct advice *find_now(const struct adviser *adviser, size_t count,
			       const struct advice *was)
{
	for (size_t i = 0; i < count; i++) {
		struct advice *is = &adviser->items[i];

		if (is_the_same(was, is) || is_another_reason(was, is))
			return is;
	}
	return NULL;
}

/* What is for information tells of now alone; what was there for a moment, of nothing. */
static bool is_kept(const struct advice *was)
{
	return was->severity > SEVERITY_INFO && was->time_ns - was->since_ns >= KEPT_NS;
}

static void keep_or_forget(struct adviser *adviser, size_t count, struct advice *was)
{
	struct advice *is = find_now(adviser, count, was);

	if (is && was->since_ns < is->since_ns)
		is->since_ns = was->since_ns;
	if (is || !is_kept(was)) {
		advice_clear(adviser, was);
		return;
	}
	was->gone = true;
	*advice_add(adviser) = *was;
}

void past_keep(struct adviser *adviser, struct advice *before, size_t before_count)
{
	size_t count = adviser->count;

	for (size_t i = 0; i < before_count; i++)
		keep_or_forget(adviser, count, &before[i]);
	adviser_settle(adviser);
}

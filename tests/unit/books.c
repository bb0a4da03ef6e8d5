// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "books.h"

int setup(void **state)
{
	struct books *books = calloc(1, sizeof(*books));

	audit_init(&books->audit, &books->filter);
	*state = books;
	return 0;
}

int teardown(void **state)
{
	struct books *books = *state;

	audit_free(&books->audit);
	free(books);
	return 0;
}

void take_counters(struct books *books, const uint64_t *values, uint64_t time_ns, uint64_t cookie)
{
	struct record_counters record = counters_of(time_ns, 0);

	record.read_ns = time_ns + SECOND;
	record.netns_cookie = cookie;
	for (int i = 0; i < COUNTERS; i++)
		record.values[i] = values[i];
	audit_record(&books->audit, &record.header);
}

void listed(struct books *books)
{
	struct record_listing record = listing_of(BEGIN + SECOND, LISTING_ENDS, 0);

	audit_record(&books->audit, &record.header);
}

void begins(struct books *books)
{
	take_counters(books, books->begin, BEGIN, COOKIE);
	listed(books);
}

void ends(struct books *books)
{
	audit_enter(&books->audit, AUDIT_ENDS);
	take_counters(books, books->end, END, COOKIE);
	audit_enter(&books->audit, AUDIT_IS_OVER);
}

struct audit_line settled_after(struct books *books, enum counter counter,
				const struct losses *losses)
{
	audit_settle(&books->audit, losses, true);
	return audit_namespace_at(&books->audit, 0)->lines[counter];
}

struct audit_line settled(struct books *books, enum counter counter)
{
	return settled_after(books, counter, &(struct losses){0});
}

void moves_at(struct books *books, uint64_t time_ns, unsigned int old_state, unsigned int new_state)
{
	struct record_transition record = transition_of(7, time_ns, old_state, new_state);

	audit_record(&books->audit, &record.header);
}

void moves(struct books *books, unsigned int old_state, unsigned int new_state)
{
	moves_at(books, RUN, old_state, new_state);
}

void aborts(struct books *books, unsigned int old_state, bool aborted, bool dead)
{
	struct record_transition record = transition_of(7, RUN, old_state, TCP_CLOSE);

	record.error = aborted ? ECONNRESET : 0;
	record.dead = dead;
	audit_record(&books->audit, &record.header);
}

void is_born_at(struct books *books, uint64_t time_ns, uint64_t cookie, int64_t time_left_ns)
{
	struct record_timewait record =
		timewait_of(cookie, time_ns, TIMEWAIT_ARMED, TCP_TIME_WAIT, time_left_ns);

	audit_record(&books->audit, &record.header);
}

void is_born(struct books *books, uint64_t cookie, int64_t time_left_ns)
{
	is_born_at(books, RUN, cookie, time_left_ns);
}

void dies(struct books *books, uint64_t cookie, enum end_reason reason)
{
	struct record_timewait record = timewait_end(cookie, RUN, TCP_TIME_WAIT, 0, reason);

	audit_record(&books->audit, &record.header);
}

void check_line(const struct audit_line *line, int64_t kernel, int64_t seen, int64_t unexplained)
{
	int64_t sum = line->seen + line->unexplained;

	for (int i = 0; i < AUDIT_WHYS; i++)
		sum += line->explained[i];
	check(line->kernel == kernel && line->seen == seen && line->unexplained == unexplained,
	      "kernel %lld, seen %lld, unexplained %lld", (long long)line->kernel,
	      (long long)line->seen, (long long)line->unexplained);
	assert_true(sum == kernel);
}

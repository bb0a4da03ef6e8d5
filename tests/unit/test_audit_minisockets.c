// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Minisockets in the books: told of when they are born, or met later. */
#include "books.h"

static void minisockets_are_counted_at_birth_by_their_time(void **state)
{
	struct books *books = *state;
	struct audit_line line;

	books->end[COUNTER_TIME_WAITS] = 2;
	books->end[COUNTER_KILLED] = 1;
	books->end[COUNTER_RECYCLED] = 1;
	books->end[COUNTER_MINISOCKETS] = 2;
	begins(books);
	is_born(books, 1, MINUTE);
	is_born(books, 2, MINUTE);
	is_born(books, 3, SHORTLY);
	dies(books, 2, END_REUSED);
	ends(books);
	line = settled(books, COUNTER_TIME_WAITS);
	check_line(&line, 2, 2, 0);
	line = audit_namespace_at(&books->audit, 0)->lines[COUNTER_KILLED];
	check_line(&line, 1, 1, 0);
	line = audit_namespace_at(&books->audit, 0)->lines[COUNTER_RECYCLED];
	check_line(&line, 1, 1, 0);
	line = audit_namespace_at(&books->audit, 0)->lines[COUNTER_MINISOCKETS];
	check_line(&line, 2, 2, 0);
}

static void a_rearmed_minisocket_is_not_born_again(void **state)
{
	struct record_timewait rearmed = timewait_of(3, RUN, TIMEWAIT_ARMED, TCP_TIME_WAIT, MINUTE);
	struct books *books = *state;
	struct audit_line line;

	books->begin[COUNTER_MINISOCKETS] = 1;
	books->end[COUNTER_MINISOCKETS] = 2;
	books->end[COUNTER_TIME_WAITS] = 1;
	begins(books);
	is_born(books, 1, MINUTE);
	dies(books, 1, END_REARMED);
	is_born(books, 1, MINUTE);
	dies(books, 2, END_REARMED); /* one that was there before */
	is_born(books, 2, MINUTE);
	rearmed.rearmed = true; /* the form that tells it at once */
	audit_record(&books->audit, &rearmed.header);
	ends(books);
	line = settled(books, COUNTER_TIME_WAITS);
	check_line(&line, 1, 1, 0);
	line = audit_namespace_at(&books->audit, 0)->lines[COUNTER_MINISOCKETS];
	check_line(&line, 2, 1, 0);
	assert_true(line.explained[AUDIT_PREDATES] == 1);
}

static void what_predates_explains_what_is_there_until_it_ends(void **state)
{
	struct books *books = *state;
	struct audit_line line;

	books->begin[COUNTER_MINISOCKETS] = 5;
	books->end[COUNTER_MINISOCKETS] = 4;
	begins(books);
	is_born(books, 1, MINUTE);
	dies(books, 2, END_EXPIRED);
	dies(books, 0, END_EXPIRED); /* nobody had asked for its cookie */
	ends(books);
	line = settled(books, COUNTER_MINISOCKETS);
	check_line(&line, 4, 1, 0);
	assert_true(line.explained[AUDIT_PREDATES] == 3);
}

static void is_listed_at(struct books *books, uint64_t time_ns, uint64_t cookie)
{
	struct record_socket row = minisocket_row(cookie, time_ns, TCP_TIME_WAIT, MINUTE);

	audit_record(&books->audit, &row.header);
}

static void listing_at(struct books *books, uint64_t time_ns, enum listing_phase phase)
{
	struct record_listing record = listing_of(time_ns, phase, NETNS);

	audit_record(&books->audit, &record.header);
}

/* The rows of two that nobody told of, and of one that was born. */
static void nobody_told_of_two(struct books *books)
{
	books->end[COUNTER_TIME_WAITS] = 3;
	begins(books);
	is_born(books, 1, MINUTE);
	is_listed_at(books, RUN, 1);
	is_listed_at(books, RUN, 2);
	is_listed_at(books, RUN, 3);
}

static void a_birth_that_nobody_told_is_met_in_a_listing(void **state)
{
	struct books *books = *state;
	struct audit_line line;

	books->end[COUNTER_MINISOCKETS] = 2;
	nobody_told_of_two(books);
	dies(books, 2, END_EXPIRED);
	ends(books);
	line = settled(books, COUNTER_TIME_WAITS);
	check_line(&line, 3, 1, 0);
	assert_true(line.explained[AUDIT_LATE] == 2);
	line = audit_namespace_at(&books->audit, 0)->lines[COUNTER_MINISOCKETS];
	check_line(&line, 2, 1, 0);
	assert_true(line.explained[AUDIT_LATE] == 1);
}

static void a_birth_that_nobody_told_is_met_at_its_end_or_when_it_is_rearmed(void **state)
{
	struct books *books = *state;
	struct audit_line line;

	books->begin[COUNTER_MINISOCKETS] = 1;
	books->end[COUNTER_MINISOCKETS] = 2;
	books->end[COUNTER_TIME_WAITS] = 1;
	books->end[COUNTER_KILLED] = 1;
	begins(books);
	dies(books, 1, END_REUSED);
	dies(books, 2, END_REARMED);
	is_born(books, 2, MINUTE);
	ends(books);
	line = settled(books, COUNTER_TIME_WAITS);
	check_line(&line, 1, 0, 0);
	line = audit_namespace_at(&books->audit, 0)->lines[COUNTER_KILLED];
	check_line(&line, 1, 0, 0);
	assert_true(line.explained[AUDIT_LATE] == 1);
	line = audit_namespace_at(&books->audit, 0)->lines[COUNTER_MINISOCKETS];
	check_line(&line, 2, 0, 0);
	assert_true(line.explained[AUDIT_LATE] == 1 && line.explained[AUDIT_PREDATES] == 1);
}

static void what_a_filter_leaves_out_is_not_late(void **state)
{
	struct books *books = *state;
	struct audit_line line;

	books->filter.lport.active = true;
	books->end[COUNTER_MINISOCKETS] = 3;
	nobody_told_of_two(books);
	ends(books);
	line = settled(books, COUNTER_TIME_WAITS);
	check_line(&line, 3, 0, 0);
	assert_true(line.explained[AUDIT_FILTER] == 3);
	line = audit_namespace_at(&books->audit, 0)->lines[COUNTER_MINISOCKETS];
	check_line(&line, 3, 0, 0);
	assert_true(line.explained[AUDIT_FILTER] == 3);
}

static void a_listing_may_show_it_before_its_birth_is_told(void **state)
{
	struct books *books = *state;
	struct audit_line line;

	books->end[COUNTER_TIME_WAITS] = books->end[COUNTER_MINISOCKETS] = 2;
	is_listed_at(books, BEGIN + SECOND, 1);
	begins(books);
	is_listed_at(books, RUN, 2);
	is_born(books, 1, MINUTE);
	is_born(books, 2, MINUTE);
	ends(books);
	line = settled(books, COUNTER_TIME_WAITS);
	check_line(&line, 2, 2, 0);
	line = audit_namespace_at(&books->audit, 0)->lines[COUNTER_MINISOCKETS];
	check_line(&line, 2, 2, 0);
	assert_true(line.explained[AUDIT_LATE] == 0);
}

/* Its row was made before it ended, and is read after that. */
static void a_row_that_comes_too_late_explains_nothing(void **state)
{
	struct books *books = *state;
	struct audit_line line;

	books->end[COUNTER_TIME_WAITS] = 1;
	begins(books);
	is_born(books, 1, MINUTE);
	dies(books, 1, END_EXPIRED);
	is_listed_at(books, RUN, 1);
	ends(books);
	line = settled(books, COUNTER_TIME_WAITS);
	check_line(&line, 1, 1, 0);
	line = audit_namespace_at(&books->audit, 0)->lines[COUNTER_MINISOCKETS];
	check_line(&line, 0, 0, 0);
	assert_true(line.explained[AUDIT_LATE] == 0);
}

static void what_the_first_listing_shows_predates(void **state)
{
	struct books *books = *state;
	struct audit_line line;

	books->begin[COUNTER_MINISOCKETS] = 3;
	books->end[COUNTER_MINISOCKETS] = 2;
	for (uint64_t cookie = 1; cookie <= 3; cookie++)
		is_listed_at(books, BEGIN - 1, cookie);
	begins(books);
	dies(books, 1, END_REARMED);
	is_born(books, 1, MINUTE);
	dies(books, 2, END_EXPIRED);
	is_listed_at(books, RUN, 1);
	ends(books);
	line = settled(books, COUNTER_MINISOCKETS);
	check_line(&line, 2, 0, 0);
	assert_true(line.explained[AUDIT_PREDATES] == 2);
	line = audit_namespace_at(&books->audit, 0)->lines[COUNTER_TIME_WAITS];
	check_line(&line, 0, 0, 0);
}

/* The last listing shows none of them: it began after they were met, and came to its end. */
static void is_listed_empty(struct books *books)
{
	listing_at(books, END - 3, LISTING_BEGINS);
	listing_at(books, END - 2, LISTING_NAMESPACE);
	listing_at(books, END - 1, LISTING_ENDS);
}

static void an_end_of_an_older_one_that_nobody_told_is_found_as_well(void **state)
{
	struct books *books = *state;
	struct audit_line line;

	books->begin[COUNTER_MINISOCKETS] = 2;
	books->end[COUNTER_MINISOCKETS] = 1;
	is_listed_at(books, BEGIN - 1, 1);
	is_listed_at(books, BEGIN - 1, 2);
	begins(books);
	is_listed_empty(books);
	ends(books);
	line = settled(books, COUNTER_MINISOCKETS);
	check_line(&line, 1, 0, 0);
	assert_true(line.explained[AUDIT_PREDATES] == 1);
}

/* Something was lost, and the view relists once more; the rows are not of the interval. */
static void a_listing_after_the_end_says_nothing(void **state)
{
	struct books *books = *state;
	struct audit_line line;

	begins(books);
	is_born(books, 1, MINUTE);
	ends(books);
	listing_at(books, END + 2 * SECOND, LISTING_BEGINS);
	listing_at(books, END + 2 * SECOND, LISTING_NAMESPACE);
	listing_at(books, END + 2 * SECOND, LISTING_ENDS);
	line = settled(books, COUNTER_MINISOCKETS);
	check_line(&line, 0, 1, -1);
}

static void what_a_filter_leaves_out_never_makes_less_than_nothing(void **state)
{
	struct books *books = *state;
	struct audit_line line;

	books->filter.lport.active = true;
	begins(books);
	is_born(books, 1, MINUTE);
	is_listed_empty(books);
	ends(books);
	line = settled(books, COUNTER_MINISOCKETS);
	check_line(&line, 0, 0, -1);
	assert_true(line.explained[AUDIT_FILTER] == 1);
}

/* The record of its birth is read after the row that shows it. */
static void what_was_listed_stays_listed(void **state)
{
	struct books *books = *state;
	struct audit_line line;

	begins(books);
	listing_at(books, RUN + 1, LISTING_BEGINS);
	is_listed_at(books, RUN + 2, 1);
	is_born(books, 1, MINUTE);
	listing_at(books, RUN + 3, LISTING_NAMESPACE);
	listing_at(books, RUN + 3, LISTING_ENDS);
	ends(books);
	line = settled(books, COUNTER_MINISOCKETS);
	check_line(&line, 0, 1, -1);
}

/* Other namespaces are still being listed. */
static void the_interval_of_a_namespace_begins_with_its_own_listing(void **state)
{
	struct books *books = *state;
	struct audit_line line;

	books->end[COUNTER_TIME_WAITS] = books->end[COUNTER_MINISOCKETS] = 1;
	take_counters(books, books->begin, BEGIN, COOKIE);
	dies(books, 1, END_REARMED);
	is_born(books, 1, MINUTE);
	listed(books);
	ends(books);
	line = settled(books, COUNTER_TIME_WAITS);
	check_line(&line, 1, 0, 0);
	line = audit_namespace_at(&books->audit, 0)->lines[COUNTER_MINISOCKETS];
	check_line(&line, 1, 0, 0);
}

/* Another CPU rearms it before this one has told of its birth (the fentry form). */
static void a_rearming_may_come_before_the_birth(void **state)
{
	struct record_timewait rearmed = timewait_of(1, RUN, TIMEWAIT_ARMED, TCP_TIME_WAIT, MINUTE);
	struct books *books = *state;
	struct audit_line line;

	rearmed.rearmed = true;
	books->end[COUNTER_TIME_WAITS] = 1;
	begins(books);
	audit_record(&books->audit, &rearmed.header);
	is_born(books, 1, MINUTE);
	ends(books);
	line = settled(books, COUNTER_TIME_WAITS);
	check_line(&line, 1, 1, 0);
	assert_true(line.explained[AUDIT_LATE] == 0);
}

static void an_end_that_nobody_told_is_found_by_a_listing(void **state)
{
	for (unsigned int there = 0; there <= 2; there++) {
		struct books *books;
		struct audit_line line;

		setup((void **)&books);
		books->end[COUNTER_MINISOCKETS] = there;
		begins(books);
		is_born(books, 1, MINUTE);
		is_born(books, 2, MINUTE);
		listing_at(books, RUN + 1, LISTING_BEGINS);
		is_listed_at(books, RUN + 2, 2);
		listing_at(books, RUN + 3, LISTING_NAMESPACE);
		listing_at(books, RUN + 3, LISTING_ENDS);
		ends(books);
		line = settled(books, COUNTER_MINISOCKETS);
		if (there == 0) /* the listing has shown one */
			check_line(&line, 0, 1, -1);
		else
			check_line(&line, there, there, 0);
		teardown((void **)&books);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		books_test(minisockets_are_counted_at_birth_by_their_time),
		books_test(a_rearmed_minisocket_is_not_born_again),
		books_test(what_predates_explains_what_is_there_until_it_ends),
		books_test(a_birth_that_nobody_told_is_met_in_a_listing),
		books_test(a_birth_that_nobody_told_is_met_at_its_end_or_when_it_is_rearmed),
		books_test(what_a_filter_leaves_out_is_not_late),
		books_test(a_listing_may_show_it_before_its_birth_is_told),
		books_test(a_row_that_comes_too_late_explains_nothing),
		books_test(what_the_first_listing_shows_predates),
		cmocka_unit_test(an_end_that_nobody_told_is_found_by_a_listing),
		books_test(an_end_of_an_older_one_that_nobody_told_is_found_as_well),
		books_test(a_listing_after_the_end_says_nothing),
		books_test(what_a_filter_leaves_out_never_makes_less_than_nothing),
		books_test(what_was_listed_stays_listed),
		books_test(the_interval_of_a_namespace_begins_with_its_own_listing),
		books_test(a_rearming_may_come_before_the_birth),
	};

	return cmocka_run_group_tests_name("audit_minisockets", tests, NULL, NULL);
}

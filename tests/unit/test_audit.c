// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "audit.h"

#include <errno.h>
#include <stdlib.h>

#include "records.h"
#include "unit.h"

#define BEGIN	(10 * SECOND) /* the kernel's counters are read for a second from here on */
#define RUN	(20 * SECOND)
#define END	(30 * SECOND) /* and from here on */
#define COOKIE	1	      /* of the namespace of tuple_plain() */
#define MINUTE	((int64_t)(60 * SECOND))
#define SHORTLY ((int64_t)(3 * SECOND))

struct books {
	struct tuple_filter filter;
	struct audit audit;
	uint64_t begin[COUNTERS];
	uint64_t end[COUNTERS];
};

static int setup(void **state)
{
	struct books *books = calloc(1, sizeof(*books));

	audit_init(&books->audit, &books->filter);
	*state = books;
	return 0;
}

static int teardown(void **state)
{
	struct books *books = *state;

	audit_free(&books->audit);
	free(books);
	return 0;
}

static void take_counters(struct books *books, const uint64_t *values, uint64_t time_ns,
			  uint64_t cookie)
{
	struct record_counters record = counters_of(time_ns, 0);

	record.read_ns = time_ns + SECOND;
	record.netns_cookie = cookie;
	for (int i = 0; i < COUNTERS; i++)
		record.values[i] = values[i];
	audit_record(&books->audit, &record.header);
}

static void listed(struct books *books)
{
	struct record_listing record = listing_of(BEGIN + SECOND, LISTING_ENDS, 0);

	audit_record(&books->audit, &record.header);
}

static void begins(struct books *books)
{
	take_counters(books, books->begin, BEGIN, COOKIE);
	listed(books);
}

static void ends(struct books *books)
{
	audit_enter(&books->audit, AUDIT_ENDS);
	take_counters(books, books->end, END, COOKIE);
	audit_enter(&books->audit, AUDIT_IS_OVER);
}

static struct audit_line settled_after(struct books *books, enum counter counter,
				       const struct losses *losses)
{
	audit_settle(&books->audit, losses, true);
	return audit_namespace_at(&books->audit, 0)->lines[counter];
}

static struct audit_line settled(struct books *books, enum counter counter)
{
	return settled_after(books, counter, &(struct losses){0});
}

static void moves_at(struct books *books, uint64_t time_ns, unsigned int old_state,
		     unsigned int new_state)
{
	struct record_transition record = transition_of(7, time_ns, old_state, new_state);

	audit_record(&books->audit, &record.header);
}

static void moves(struct books *books, unsigned int old_state, unsigned int new_state)
{
	moves_at(books, RUN, old_state, new_state);
}

static void aborts(struct books *books, unsigned int old_state, bool aborted, bool dead)
{
	struct record_transition record = transition_of(7, RUN, old_state, TCP_CLOSE);

	record.error = aborted ? ECONNRESET : 0;
	record.dead = dead;
	audit_record(&books->audit, &record.header);
}

static void is_born_at(struct books *books, uint64_t time_ns, uint64_t cookie, int64_t time_left_ns)
{
	struct record_timewait record =
		timewait_of(cookie, time_ns, TIMEWAIT_ARMED, TCP_TIME_WAIT, time_left_ns);

	audit_record(&books->audit, &record.header);
}

static void is_born(struct books *books, uint64_t cookie, int64_t time_left_ns)
{
	is_born_at(books, RUN, cookie, time_left_ns);
}

static void dies(struct books *books, uint64_t cookie, enum end_reason reason)
{
	struct record_timewait record = timewait_end(cookie, RUN, TCP_TIME_WAIT, 0, reason);

	audit_record(&books->audit, &record.header);
}

static void check_line(const struct audit_line *line, int64_t kernel, int64_t seen,
		       int64_t unexplained)
{
	int64_t sum = line->seen + line->unexplained;

	for (int i = 0; i < AUDIT_WHYS; i++)
		sum += line->explained[i];
	check(line->kernel == kernel && line->seen == seen && line->unexplained == unexplained,
	      "kernel %lld, seen %lld, unexplained %lld", (long long)line->kernel,
	      (long long)line->seen, (long long)line->unexplained);
	assert_true(sum == kernel);
}

struct stepped {
	const char *name;
	unsigned int old_state, new_state;
	int counter; /* -1: none */
};

static void each_transition_is_counted_as_the_kernel_does(void **state)
{
	static const struct stepped steps[] = {
		{"connect", TCP_CLOSE, TCP_SYN_SENT, COUNTER_ACTIVE_OPENS},
		{"listen", TCP_CLOSE, TCP_LISTEN, -1},
		{"connected", TCP_SYN_SENT, TCP_ESTABLISHED, -1},
		{"child", TCP_SYN_RECV, TCP_ESTABLISHED, COUNTER_PASSIVE_OPENS},
		{"child closes", TCP_SYN_RECV, TCP_FIN_WAIT1, COUNTER_PASSIVE_OPENS},
		{"reset", TCP_ESTABLISHED, TCP_CLOSE, COUNTER_ESTAB_RESETS},
		{"reset half closed", TCP_CLOSE_WAIT, TCP_CLOSE, COUNTER_ESTAB_RESETS},
		{"closed", TCP_LAST_ACK, TCP_CLOSE, -1},
		{"FIN", TCP_ESTABLISHED, TCP_FIN_WAIT1, -1},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct books *books;

		setup((void **)&books);
		if (steps[i].counter >= 0)
			books->end[steps[i].counter] = 1;
		begins(books);
		moves(books, steps[i].old_state, steps[i].new_state);
		ends(books);
		audit_settle(&books->audit, &(struct losses){0}, true);
		for (int c = 0; c < AUDITED; c++) {
			const struct audit_line *line =
				&audit_namespace_at(&books->audit, 0)->lines[c];

			check(line->seen == (c == steps[i].counter) && !line->unexplained,
			      "%s: counter %d", steps[i].name, c);
		}
		teardown((void **)&books);
	}
}

static void a_connect_without_a_port_has_sent_no_SYN(void **state)
{
	struct record_transition failed = transition_of(7, RUN, TCP_SYN_SENT, TCP_CLOSE);
	struct books *books = *state;
	struct audit_line line;

	failed.failure = FAILURE_NO_PORT;
	begins(books);
	moves(books, TCP_CLOSE, TCP_SYN_SENT);
	audit_record(&books->audit, &failed.header);
	ends(books);
	line = settled(books, COUNTER_ACTIVE_OPENS);
	check_line(&line, 0, 0, 0);
}

static void a_simultaneous_open_is_no_passive_one(void **state)
{
	struct books *books = *state;
	struct audit_line line;

	begins(books);
	moves(books, TCP_SYN_SENT, TCP_SYN_RECV);
	moves(books, TCP_SYN_RECV, TCP_ESTABLISHED);
	ends(books);
	line = settled(books, COUNTER_PASSIVE_OPENS);
	check_line(&line, 0, 0, 0);
}

static void an_attempt_fails_unless_its_process_closes(void **state)
{
	struct books *books = *state;
	struct audit_line line;

	books->end[COUNTER_ATTEMPT_FAILS] = 3;
	begins(books);
	aborts(books, TCP_SYN_SENT, true, false);
	aborts(books, TCP_SYN_SENT, false, false); /* close(), shutdown() */
	aborts(books, TCP_SYN_RECV, true, false);
	aborts(books, TCP_SYN_RECV, false, true);  /* the kernel could not keep the child */
	aborts(books, TCP_SYN_RECV, false, false); /* another was made of the same request; or
						      close() with SO_LINGER */
	ends(books);
	line = settled(books, COUNTER_ATTEMPT_FAILS);
	check_line(&line, 3, 3, 0);
}

static void resets_of_request_sockets_explain_failed_attempts(void **state)
{
	struct books *books = *state;
	struct audit_line line;

	books->end[COUNTER_ATTEMPT_FAILS] = 5;
	books->end[COUNTER_EMBRYONIC_RESETS] = 3;
	begins(books);
	aborts(books, TCP_SYN_SENT, true, false);
	ends(books);
	line = settled(books, COUNTER_ATTEMPT_FAILS);
	check_line(&line, 5, 1, 1);
	assert_true(line.explained[AUDIT_REQUESTS] == 3);
}

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

static void the_kernel_says_which_ends_were_refusals(void **state)
{
	struct record_transition refused = transition_of(7, RUN, TCP_FIN_WAIT2, TCP_CLOSE);
	struct books *books = *state;
	struct audit_line line;

	books->begin[COUNTER_TIME_WAIT_OVERFLOW] = 10;
	books->end[COUNTER_TIME_WAIT_OVERFLOW] = 12;
	refused.refused = true;
	begins(books);
	for (int i = 0; i < 3; i++)
		audit_record(&books->audit, &refused.header);
	aborts(books, TCP_CLOSING, true, false);
	ends(books);
	line = settled(books, COUNTER_TIME_WAIT_OVERFLOW);
	check_line(&line, 2, 2, 0);
}

static void what_the_filter_leaves_out_is_explained(void **state)
{
	struct books *books = *state;
	struct record_transition record = transition_of(7, RUN, TCP_CLOSE, TCP_SYN_SENT);
	struct audit_line line;

	books->filter.lport.active = true;
	books->filter.lport.bitmap[80 / 8] = 1 << 80 % 8;
	books->end[COUNTER_ACTIVE_OPENS] = 2;
	books->end[COUNTER_ESTAB_RESETS] = 1;
	begins(books);
	record.tuple.lport = 0; /* not chosen yet */
	audit_record(&books->audit, &record.header);
	audit_record(&books->audit, &record.header);
	moves(books, TCP_SYN_SENT, TCP_ESTABLISHED); /* from port 40000 */
	moves(books, TCP_ESTABLISHED, TCP_CLOSE);
	ends(books);
	line = settled(books, COUNTER_ACTIVE_OPENS);
	check_line(&line, 2, 1, 0);
	assert_true(line.explained[AUDIT_FILTER] == 1);
	line = audit_namespace_at(&books->audit, 0)->lines[COUNTER_ESTAB_RESETS];
	check_line(&line, 1, 0, 0);
	assert_true(line.explained[AUDIT_FILTER] == 1);
}

static void losses_explain_no_more_than_was_lost(void **state)
{
	struct losses losses = {.ring_full = 2, .skipped = 1, .no_memory = 50, .map_full = 50};
	struct books *books = *state;
	struct audit_line line;

	books->end[COUNTER_ACTIVE_OPENS] = 2;
	books->end[COUNTER_ESTAB_RESETS] = 2;
	begins(books);
	ends(books);
	line = settled_after(books, COUNTER_ACTIVE_OPENS, &losses);
	check_line(&line, 2, 0, 0);
	assert_true(line.explained[AUDIT_LOST] == 2);
	line = audit_namespace_at(&books->audit, 0)->lines[COUNTER_ESTAB_RESETS];
	check_line(&line, 2, 0, 1);
}

static void a_lost_end_leaves_one_too_many(void **state)
{
	struct losses losses = {.ring_full = 1};
	struct books *books = *state;
	struct audit_line line;

	books->end[COUNTER_TIME_WAITS] = 2;
	begins(books);
	is_born(books, 1, MINUTE);
	is_born(books, 2, MINUTE);
	ends(books);
	line = settled_after(books, COUNTER_MINISOCKETS, &losses);
	check_line(&line, 0, 2, -1);
	assert_true(line.explained[AUDIT_LOST] == -1);
}

static void what_is_missing_or_too_much_is_unexplained(void **state)
{
	struct books *books = *state;
	struct audit_line line;

	books->end[COUNTER_ACTIVE_OPENS] = 3;
	begins(books);
	moves(books, TCP_CLOSE, TCP_SYN_SENT);
	moves(books, TCP_ESTABLISHED, TCP_CLOSE);
	ends(books);
	line = settled(books, COUNTER_ACTIVE_OPENS);
	check_line(&line, 3, 1, 2);
	line = audit_namespace_at(&books->audit, 0)->lines[COUNTER_ESTAB_RESETS];
	check_line(&line, 0, 1, -1);
}

static void what_cannot_be_followed_explains_what_is_of_minisockets(void **state)
{
	struct books *books = *state;
	const struct audit_namespace *space;

	books->end[COUNTER_TIME_WAITS] = 3;
	books->end[COUNTER_MINISOCKETS] = 3;
	books->end[COUNTER_ACTIVE_OPENS] = 1;
	begins(books);
	ends(books);
	audit_settle(&books->audit, &(struct losses){0}, false);
	space = audit_namespace_at(&books->audit, 0);
	assert_true(space->lines[COUNTER_TIME_WAITS].explained[AUDIT_UNFOLLOWED] == 3);
	assert_true(space->lines[COUNTER_MINISOCKETS].explained[AUDIT_UNFOLLOWED] == 3);
	assert_true(space->lines[COUNTER_ACTIVE_OPENS].unexplained == 1);
}

/* What happens while the counters are read may be in them or not: there is no telling. */
static void an_event_while_the_counters_are_read_counts_if_the_kernel_counted_it(void **state)
{
	for (int counted = 0; counted <= 4; counted++) {
		struct books *books;
		struct audit_line line;

		setup((void **)&books);
		books->end[COUNTER_ESTAB_RESETS] = (uint64_t)counted;
		moves_at(books, BEGIN - 1, TCP_ESTABLISHED, TCP_CLOSE);
		begins(books);
		moves_at(books, BEGIN - 1, TCP_ESTABLISHED, TCP_CLOSE);
		moves_at(books, BEGIN + SECOND / 2, TCP_ESTABLISHED, TCP_CLOSE);
		moves_at(books, RUN, TCP_ESTABLISHED, TCP_CLOSE);
		ends(books);
		moves_at(books, END - 1, TCP_ESTABLISHED, TCP_CLOSE);
		moves_at(books, END + SECOND / 2, TCP_ESTABLISHED, TCP_CLOSE);
		moves_at(books, END + SECOND + 1, TCP_ESTABLISHED, TCP_CLOSE);
		line = settled(books, COUNTER_ESTAB_RESETS);
		if (counted < 2) /* two are surely in the interval */
			check_line(&line, counted, 2, counted - 2);
		else
			check_line(&line, counted, counted, 0);
		teardown((void **)&books);
	}
	(void)state;
}

static void a_minisocket_on_the_edge_is_there_if_the_kernel_says_so(void **state)
{
	for (unsigned int there = 0; there <= 1; there++) {
		struct books *books;
		struct audit_line line;

		setup((void **)&books);
		books->end[COUNTER_MINISOCKETS] = there;
		begins(books);
		ends(books);
		is_born_at(books, END + SECOND / 2, 1, MINUTE);
		line = settled(books, COUNTER_MINISOCKETS);
		check_line(&line, there, there, 0);
		teardown((void **)&books);
	}
	(void)state;
}

static void a_namespace_that_was_not_there_counts_from_zero(void **state)
{
	struct books *books = *state;
	struct audit_line line;

	listed(books);
	books->end[COUNTER_ESTAB_RESETS] = 1;
	take_counters(books, books->begin, RUN, COOKIE); /* a later listing */
	moves_at(books, BEGIN, TCP_ESTABLISHED, TCP_CLOSE);
	ends(books);
	line = settled(books, COUNTER_ESTAB_RESETS);
	check_line(&line, 1, 1, 0);
	assert_true(audit_namespace_at(&books->audit, 0)->begin_ns == 0);
}

static void a_namespace_that_is_gone_has_no_figures(void **state)
{
	struct books *books = *state;
	const struct audit_namespace *space;

	begins(books);
	moves(books, TCP_ESTABLISHED, TCP_CLOSE);
	audit_enter(&books->audit, AUDIT_ENDS);
	audit_enter(&books->audit, AUDIT_IS_OVER);
	audit_settle(&books->audit, &(struct losses){0}, true);
	space = audit_namespace_at(&books->audit, 0);
	assert_false(space->counted);
	assert_true(space->lines[COUNTER_ESTAB_RESETS].seen == 1);
	assert_null(audit_namespace_at(&books->audit, 1));
}

/* The next namespace often has the inode number of the one that has just gone. */
static void namespaces_with_the_same_inode_are_told_apart(void **state)
{
	struct books *books = *state;
	const struct audit_namespace *space;

	books->begin[COUNTER_ESTAB_RESETS] = 100;
	begins(books);
	books->end[COUNTER_ESTAB_RESETS] = 1;
	audit_enter(&books->audit, AUDIT_ENDS);
	take_counters(books, books->end, END, COOKIE + 1);
	audit_enter(&books->audit, AUDIT_IS_OVER);
	audit_settle(&books->audit, &(struct losses){0}, true);
	assert_false(audit_namespace_at(&books->audit, 0)->counted);
	space = audit_namespace_at(&books->audit, 1);
	assert_true(space->counted && space->netns == NETNS);
	assert_true(space->lines[COUNTER_ESTAB_RESETS].unexplained == 1);
}

static void what_is_counted_after_the_end_is_of_no_interest(void **state)
{
	struct books *books = *state;
	struct audit_line line;

	begins(books);
	ends(books);
	books->end[COUNTER_ACTIVE_OPENS] = 5;
	take_counters(books, books->end, END + 5 * SECOND, COOKIE);
	line = settled(books, COUNTER_ACTIVE_OPENS);
	check_line(&line, 0, 0, 0);
}

/* What the decoder lets pass at most, and losses without end. */
static void the_greatest_figures_still_add_up(void **state)
{
	const uint64_t most = 1ULL << 62;

	(void)state;
	for (int falls = 0; falls < 2; falls++) {
		struct losses losses = {.ring_full = UINT64_MAX / 2 + 1};
		struct books *books;

		setup((void **)&books);
		for (int i = 0; i < COUNTERS; i++)
			*(falls ? &books->begin[i] : &books->end[i]) = most;
		begins(books);
		moves(books, TCP_CLOSE, TCP_SYN_SENT);
		is_born(books, 8, MINUTE);
		ends(books);
		audit_settle(&books->audit, &losses, true);
		for (int i = 0; i < AUDITED; i++) {
			const struct audit_line *line =
				&audit_namespace_at(&books->audit, 0)->lines[i];

			check_line(line, line->kernel, line->seen, line->unexplained);
		}
		teardown((void **)&books);
	}
}

#define books_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_transition_is_counted_as_the_kernel_does),
		books_test(a_connect_without_a_port_has_sent_no_SYN),
		books_test(a_simultaneous_open_is_no_passive_one),
		books_test(an_attempt_fails_unless_its_process_closes),
		books_test(resets_of_request_sockets_explain_failed_attempts),
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
		books_test(the_kernel_says_which_ends_were_refusals),
		books_test(what_the_filter_leaves_out_is_explained),
		books_test(losses_explain_no_more_than_was_lost),
		books_test(a_lost_end_leaves_one_too_many),
		books_test(what_is_missing_or_too_much_is_unexplained),
		books_test(what_cannot_be_followed_explains_what_is_of_minisockets),
		cmocka_unit_test(
			an_event_while_the_counters_are_read_counts_if_the_kernel_counted_it),
		cmocka_unit_test(a_minisocket_on_the_edge_is_there_if_the_kernel_says_so),
		books_test(a_namespace_that_was_not_there_counts_from_zero),
		books_test(a_namespace_that_is_gone_has_no_figures),
		books_test(namespaces_with_the_same_inode_are_told_apart),
		books_test(what_is_counted_after_the_end_is_of_no_interest),
		cmocka_unit_test(the_greatest_figures_still_add_up),
	};

	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "books.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_transition_is_counted_as_the_kernel_does),
		books_test(a_connect_without_a_port_has_sent_no_SYN),
		books_test(a_simultaneous_open_is_no_passive_one),
		books_test(an_attempt_fails_unless_its_process_closes),
		books_test(resets_of_request_sockets_explain_failed_attempts),
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

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the leaks view asks about processes, and what the answers make of its verdicts. */
#include "leaks_screen.h"

static void evidence_is_wanted_of_what_is_old(void **state)
{
	struct screen *screen = *state;

	begins(screen);
	add(screen, 1, 20 * SECOND, 7);
	add(screen, 2, 5 * SECOND, 8);
	ends(screen, false);
	assert_true(leaks_wants_evidence(row_of(screen, 7)));
	assert_false(leaks_wants_evidence(row_of(screen, 8)));
}

/* Old, with `recvq` to read, held by its owner as well. */
static void add_unread(struct screen *screen, uint64_t cookie, uint32_t pid, uint32_t recvq)
{
	struct record_socket record =
		close_wait_row(cookie, screen->time_ns, recvq, 0, screen->time_ns - 20 * SECOND);

	record.inode = cookie + 1000;
	record.direction = DIRECTION_IN;
	feed(screen->world, record);
	hold(screen, cookie, pid, 3);
}

static void tell_watched(struct screen *screen, uint32_t pid, uint64_t inode, unsigned int how)
{
	feed(screen->world, watched_of(screen->time_ns, pid, inode, how));
}

static void tell_idle(struct screen *screen, uint32_t pid)
{
	tell_facts(screen, pid,
		   (struct process_facts){
			   .looked = true, .threads = 2, .looked_at = 2, .idle_loop = true});
}

static void what_no_epoll_set_watches_is_forgotten(void **state)
{
	struct screen *screen = *state;
	const struct leak_row *row;

	begins(screen);
	for (uint64_t cookie = 1; cookie <= 5; cookie++)
		add_unread(screen, cookie, 8, 100);
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_ENDS));
	tell_idle(screen, 8);
	tell_watched(screen, 8, 0, WATCHED_HAS_SETS | WATCHED_READABLE);
	tell_watched(screen, 8, 1001, WATCH_OTHER);
	leaks_refresh(&screen->leaks, 0, false);
	row = row_of(screen, 8);
	assert_int_equal(row->old.unwatched, 4);
	assert_int_equal(leaks_verdict(row), VERDICT_LEAK);
	assert_int_equal(row->judgement.cause, LEAK_FORGOTTEN);
	assert_true(row->judgement.inferred);
	tell_watched(screen, 8, 0, WATCHED_HAS_SETS | WATCHED_READABLE);
	tell_watched(screen, 8, 1001, WATCH_IN);
	tell_watched(screen, 8, 1002, WATCH_IN);
	leaks_refresh(&screen->leaks, 0, false);
	assert_int_equal(row_of(screen, 8)->old.unwatched, 3);
	assert_int_equal(leaks_verdict(row_of(screen, 8)), VERDICT_STALL);
}

static void is_no_idle_loop(struct screen *screen, struct process_facts facts)
{
	begins(screen);
	add_unread(screen, 1, 8, 100);
	ends(screen, false);
	tell_facts(screen, 8, facts);
	tell_watched(screen, 8, 0, WATCHED_HAS_SETS | WATCHED_READABLE);
	leaks_refresh(&screen->leaks, 0, false);
	assert_int_equal(row_of(screen, 8)->old.unwatched, 1);
	assert_int_equal(leaks_verdict(row_of(screen, 8)), VERDICT_STALL);
}

/* Those that were not looked at may be busy. */
static void some_idle_threads_of_many_are_no_idle_loop(void **state)
{
	is_no_idle_loop(*state,
			(struct process_facts){
				.looked = true, .threads = 3, .looked_at = 2, .idle_loop = true});
}

static void who_waits_in_poll_may_watch_what_is_in_no_epoll_set(void **state)
{
	is_no_idle_loop(*state, (struct process_facts){.looked = true,
						       .threads = 2,
						       .looked_at = 2,
						       .idle_loop = true,
						       .polls = true});
}

static void stopped_are_all_threads_or_none(void **state)
{
	struct screen *screen = *state;
	struct process_facts facts = {.looked = true, .threads = 2, .looked_at = 2, .stopped = 1};

	look(screen, 1, false);
	tell_facts(screen, 7, facts);
	leaks_refresh(&screen->leaks, 0, false);
	assert_int_equal(leaks_verdict(row_of(screen, 7)), VERDICT_LEAK);
	facts.stopped = 2;
	tell_facts(screen, 7, facts);
	leaks_refresh(&screen->leaks, 0, false);
	assert_int_equal(leaks_verdict(row_of(screen, 7)), VERDICT_STOPPED);
	facts = (struct process_facts){.looked = true, .threads = 2, .looked_at = 2, .frozen = 2};
	tell_facts(screen, 7, facts);
	leaks_refresh(&screen->leaks, 0, false);
	assert_int_equal(leaks_verdict(row_of(screen, 7)), VERDICT_STOPPED);
}

static void epoll_sets_are_asked_about_where_they_decide(void **state)
{
	struct screen *screen = *state;

	begins(screen);
	add(screen, 1, 20 * SECOND, 7); /* drained */
	add_unread(screen, 2, 8, 100);
	add_unread(screen, 3, 9, 1);
	add(screen, 4, 5 * SECOND, 10); /* young */
	ends(screen, false);
	assert_int_equal(asked(screen, QUESTION_THREADS), 3);
	assert_int_equal(asked(screen, QUESTION_WATCHED), 2);
	assert_int_equal(asked(screen, QUESTION_DESCRIPTORS), 1);
}

/* Of 150, 100 at a time: who was not looked at yet comes first, and is not accused before. */
static void processes_are_looked_at_in_turn(void **state)
{
	struct screen *screen = *state;
	unsigned int leaks = 0, mixed = 0;

	begins(screen);
	for (uint32_t pid = 1; pid <= 150; pid++)
		add(screen, pid, 20 * SECOND, pid);
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_ENDS));
	assert_int_equal(asked(screen, QUESTION_THREADS), 100);
	assert_int_equal(asked(screen, QUESTION_DESCRIPTORS), 50);
	leaks_refresh(&screen->leaks, 0, false);
	for (size_t i = 0; i < screen->leaks.rows.shown_count; i++) {
		enum verdict verdict = leaks_verdict(leaks_shown(&screen->leaks, i));

		leaks += verdict == VERDICT_LEAK;
		mixed += verdict == VERDICT_MIXED;
	}
	assert_int_equal(leaks, 100);
	assert_int_equal(mixed, 50);
	leaks_refresh(&screen->leaks, 0, false);
	for (size_t i = 0; i < screen->leaks.rows.shown_count; i++)
		assert_int_equal(leaks_verdict(leaks_shown(&screen->leaks, i)), VERDICT_LEAK);
}

/* The share, after one more look at a process that does not read. */
static double starved(struct screen *screen, struct process_facts facts)
{
	tell_facts(screen, 8, facts);
	return leaks_starved(&screen->leaks, row_of(screen, 8));
}

/* Of three with 256 threads each two are too many at once: they take turns. */
static void many_threads_take_turns(void **state)
{
	struct screen *screen = *state;
	struct process_facts facts = {.looked = true, .threads = 300, .looked_at = 256};
	unsigned int looks[3] = {0};

	begins(screen);
	for (uint32_t pid = 1; pid <= 3; pid++)
		add(screen, pid, 20 * SECOND, pid);
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_ENDS));
	assert_int_equal(asked(screen, QUESTION_THREADS), 3); /* nobody knows yet */
	for (uint32_t pid = 1; pid <= 3; pid++)
		tell_facts(screen, pid, facts);
	leaks_refresh(&screen->leaks, 0, false);
	for (unsigned int i = 0; i < 6; i++) {
		assert_int_equal(asked(screen, QUESTION_THREADS), 1);
		assert_int_equal(asked(screen, QUESTION_DESCRIPTORS), 2);
		screen->time_ns += SECOND;
		begins(screen);
		for (uint32_t pid = 1; pid <= 3; pid++)
			add(screen, pid, 20 * SECOND, pid);
		ends(screen, false);
		for (uint32_t pid = 1; pid <= 3; pid++) {
			const struct leak_row *row = row_of(screen, pid);

			looks[pid - 1] += row->looked_ns == screen->time_ns;
			assert_int_equal(leaks_verdict(row), VERDICT_LEAK);
		}
	}
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(looks[i], 2);
}

static void starvation_needs_two_looks(void **state)
{
	struct screen *screen = *state;
	struct process_facts facts = {.looked = true};
	struct record_socket record;

	begins(screen);
	record = close_wait_row(2, screen->time_ns, 9, 0, screen->time_ns - 20 * SECOND);
	record.owner = process_of(8, "stall");
	record.owner_by = OWNER_CONNECT;
	feed(screen->world, record);
	ends(screen, false);
	assert_true(starved(screen, facts) < 0);
	facts.looked_for_ns = 100;
	facts.starved_ns = 75;
	assert_true(starved(screen, facts) == 0.75);
}

static void what_others_asked_for_is_not_shown(void **state)
{
	struct screen *screen = *state;
	struct process_facts facts = {.fds = 5, .looked = true, .threads = 3, .looked_at = 3};

	begins(screen);
	add(screen, 1, 5 * SECOND, 7); /* young: nobody asks what its threads wait in */
	ends(screen, false);
	tell_facts(screen, 7, facts);
	assert_int_equal(leaks_facts(&screen->leaks, row_of(screen, 7)).fds, 5);
	assert_false(leaks_facts(&screen->leaks, row_of(screen, 7)).looked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		screen_test(evidence_is_wanted_of_what_is_old),
		screen_test(what_no_epoll_set_watches_is_forgotten),
		screen_test(some_idle_threads_of_many_are_no_idle_loop),
		screen_test(who_waits_in_poll_may_watch_what_is_in_no_epoll_set),
		screen_test(stopped_are_all_threads_or_none),
		screen_test(epoll_sets_are_asked_about_where_they_decide),
		screen_test(processes_are_looked_at_in_turn),
		screen_test(many_threads_take_turns),
		screen_test(starvation_needs_two_looks),
		screen_test(what_others_asked_for_is_not_shown),
	};

	return cmocka_run_group_tests_name("leaks_look", tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The sentences of the leaks view: what was seen, then what it means. */
#include "leaks_screen.h"

static const char *reason(const struct screen *screen, uint32_t pid)
{
	static struct sentence sentence;

	sentence = (struct sentence){0};
	leaks_say_reason(&sentence, &screen->leaks, row_of(screen, pid));
	return sentence.text;
}

#define says(screen, pid, text) assert_string_equal(reason(screen, pid), text)

/* Old, held by process 8 since it was accepted. */
static void add_in(struct screen *screen, uint64_t cookie, uint32_t recvq, unsigned int flags)
{
	struct record_socket record = close_wait_row(cookie, screen->time_ns, recvq, flags,
						     screen->time_ns - 20 * SECOND);

	record.inode = cookie + 1000;
	record.direction = DIRECTION_IN;
	feed(screen->world, record);
	hold(screen, cookie, 8, 3);
}

static void many(struct screen *screen, unsigned int count, uint32_t recvq, unsigned int flags)
{
	screen->time_ns += 20 * SECOND;
	begins(screen);
	for (uint64_t cookie = 1; cookie <= count; cookie++)
		add_in(screen, cookie, recvq, flags);
	ends(screen, false);
}

/* As looked at since. */
static void learn(struct screen *screen, struct process_facts facts)
{
	facts.looked = true;
	tell_facts(screen, 8, facts);
	leaks_refresh(&screen->leaks, 0, false);
}

static void one_and_many_are_told_apart(void **state)
{
	struct screen *screen = *state;

	many(screen, 1, 0, 0);
	says(screen, 8, "all was read from 1 peer, it is not closed; an answer may still come");
	again_with(screen, (struct view_config){.once = true});
	many(screen, 2, 0, 0);
	says(screen, 8, "all was read from 2 peers, they are not closed; an answer may still come");
	again_with(screen, (struct view_config){.once = true});
	many(screen, 1, 2, 0);
	says(screen, 8, "does not read: 1 byte of 1 peer waits for it");
	again_with(screen, (struct view_config){.once = true});
	many(screen, 2, 2, 0);
	says(screen, 8, "does not read: 2 bytes of 2 peers wait for it");
	again_with(screen, (struct view_config){.once = true});
	many(screen, 1, 1, 0);
	says(screen, 8, "has not looked for the end of file of 1 client");
	again_with(screen, (struct view_config){.once = true});
	many(screen, 1, 0, SOCKET_SENDING);
	says(screen, 8, "still sends to 1 peer that closed first: legal");
	again_with(screen, (struct view_config){.once = true});
	many(screen, 3, 0, SOCKET_OPAQUE);
	says(screen, 8, "3 of kTLS, sockmap or MPTCP: what was read cannot be told");
}

/* Ten minutes are long for an answer, and what it made itself gets none. */
static void after_a_while_no_answer_is_to_come(void **state)
{
	struct screen *screen = *state;
	struct record_socket record =
		close_wait_row(1, screen->time_ns, 0, 0, screen->time_ns - 600 * SECOND);

	record.direction = DIRECTION_IN;
	begins(screen);
	feed(screen->world, record);
	hold(screen, 1, 8, 3);
	add(screen, 2, 20 * SECOND, 7);
	hold(screen, 2, 9, 3);
	ends(screen, false);
	says(screen, 8, "read everything from 1 peer and never called close()");
	says(screen, 9, "read everything from 1 peer and never called close()");
}

static void the_young_say_for_how_long_it_was_watched(void **state)
{
	struct screen *screen = *state;

	begins(screen);
	add(screen, 1, 5 * SECOND, 8);
	ends(screen, false);
	says(screen, 8, "watched for 0 s: none is known to be 10 s old, nothing to say yet");
	screen->time_ns += 10 * SECOND;
	begins(screen);
	add(screen, 2, 5 * SECOND, 8);
	ends(screen, false);
	says(screen, 8, "none is 10 s old: nothing to say yet");
	screen->time_ns += SECOND;
	begins(screen);
	ends(screen, false);
	says(screen, 8, "none left");
}

static void who_is_stopped_says_by_whom(void **state)
{
	struct screen *screen = *state;
	struct process_facts facts = {.threads = 1, .looked_at = 1, .stopped = 1};

	facts.fds = facts.fd_limit = FACTS_UNKNOWN;
	many(screen, 1, 9, 0);
	learn(screen, facts);
	says(screen, 8, "stopped by a signal: it cannot close 1 socket before it goes on");
	facts.traced = 1;
	learn(screen, facts);
	says(screen, 8, "in a tracing stop: it cannot close 1 socket before it goes on");
	facts.tracer = process_of(15553, "gdb\033");
	learn(screen, facts);
	says(screen, 8, "traced by gdb\\x1b[15553]: it cannot close 1 socket before it goes on");
	facts.frozen = 1;
	learn(screen, facts);
	says(screen, 8, "its cgroup is frozen: it cannot close 1 socket before it goes on");
}

static void what_is_inferred_is_said_to_be(void **state)
{
	struct screen *screen = *state;
	struct process_facts facts = {.threads = 1, .looked_at = 1, .idle_loop = true};

	facts.fds = facts.fd_limit = FACTS_UNKNOWN;
	many(screen, 2, 9, 0);
	feed(screen->world, watched_of(screen->time_ns, 8, 0, WATCHED_HAS_SETS | WATCHED_READABLE));
	learn(screen, facts);
	says(screen, 8,
	     "its event loop is idle, and 2 peers that closed are in none of its epoll sets: "
	     "forgotten (inferred: it may wait for another connection to take data)");
}

static void threads_are_told_with_what_was_looked_at(void **state)
{
	struct screen *screen = *state;
	struct process_facts facts = {.threads = 1, .looked_at = 1, .waiting = 1, .state = 'S'};

	facts.fds = facts.fd_limit = FACTS_UNKNOWN;
	strcpy(facts.syscall, "futex");
	many(screen, 1, 2, 0);
	learn(screen, facts);
	says(screen, 8,
	     "does not read: 1 byte of 1 peer waits for it; 1 of 1 thread waits in futex");
	facts.threads = 6001;
	facts.looked_at = 256;
	facts.waiting = 255;
	facts.names_total = 2;
	facts.names[0] = (struct thread_name){"Busy-*", 200, "read"};
	facts.names[1] = (struct thread_name){"pool-1-thread-*", 55, "futex"};
	learn(screen, facts);
	says(screen, 8,
	     "does not read: 1 byte of 1 peer waits for it; 255 of the 256 threads looked at, of "
	     "6001, wait in futex, most of them pool-1-thread-*");
	facts.syscall[0] = 0;
	facts.state = 'R';
	facts.threads = facts.looked_at = 2;
	facts.waiting = 1;
	facts.looked_for_ns = 100;
	facts.starved_ns = 94;
	learn(screen, facts);
	says(screen, 8,
	     "does not read: 1 byte of 1 peer waits for it; 1 of 2 threads runs; one waits for a "
	     "CPU 94 % of the time");
}

static void a_limit_that_is_reached_is_said(void **state)
{
	struct screen *screen = *state;

	many(screen, 1, 2, 0);
	learn(screen, (struct process_facts){.fds = 34, .fd_limit = 35});
	says(screen, 8, "does not read: 1 byte of 1 peer waits for it; 34 of 35 descriptors");
	learn(screen, (struct process_facts){.fds = 35, .fd_limit = 34});
	says(screen, 8,
	     "does not read: 1 byte of 1 peer waits for it; 35 of 34 descriptors: none is left, "
	     "opening more fails (EMFILE)");
}

static void mixed_counts_what_was_judged(void **state)
{
	struct screen *screen = *state;

	begins(screen);
	add_in(screen, 1, 0, 0);
	add_in(screen, 2, 9, 0);
	add(screen, 3, 5 * SECOND, 0);
	hold(screen, 3, 8, 3);
	ends(screen, false);
	says(screen, 8, "no kind has 80 %: 1 unread_data, 1 drained");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		screen_test(one_and_many_are_told_apart),
		screen_test(after_a_while_no_answer_is_to_come),
		screen_test(the_young_say_for_how_long_it_was_watched),
		screen_test(who_is_stopped_says_by_whom),
		screen_test(what_is_inferred_is_said_to_be),
		screen_test(threads_are_told_with_what_was_looked_at),
		screen_test(a_limit_that_is_reached_is_said),
		screen_test(mixed_counts_what_was_judged),
	};

	return cmocka_run_group_tests_name("leaks_reason", tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What waits to be accepted is a row of its listener, whoever of its holders could accept it. */
#include "leaks_screen.h"
#include "view/threads.h"

#define LISTENER 100 /* a cookie */

static void add_listener(struct screen *screen, uint64_t cookie, uint32_t queue)
{
	struct record_socket record = socket_row(cookie, screen->time_ns, TCP_LISTEN);

	record.tuple = tuple_of("10.0.0.1", 80, "0.0.0.0", 0);
	record.recvq = queue;
	record.queue_limit = 128;
	record.owner = process_of(6, "master");
	record.owner_by = OWNER_LISTEN;
	feed(screen->world, record);
}

/* In the queue of a listener; 0: nobody told whose. */
static void add_waiting(struct screen *screen, uint64_t cookie, uint64_t listener)
{
	struct record_socket record = close_wait_row(cookie, screen->time_ns, 1, SOCKET_UNACCEPTED,
						     screen->time_ns - 20 * SECOND);

	record.tuple = tuple_of("10.0.0.1", 80, "10.0.0.2", (uint16_t)(40000 + cookie));
	record.inode = 0;
	record.listener = listener;
	feed(screen->world, record);
}

/* Without the end of the listing and the refresh. */
static void list_prefork(struct screen *screen, uint32_t workers, unsigned int waiting)
{
	screen->time_ns += SECOND;
	begins(screen);
	add_listener(screen, LISTENER, waiting);
	for (uint32_t i = 0; i <= workers; i++)
		hold(screen, LISTENER, 6 + i, 5);
	for (uint64_t cookie = 1; cookie <= waiting; cookie++)
		add_waiting(screen, cookie, LISTENER);
}

static const struct leak_row *listener_row(const struct screen *screen, uint64_t cookie)
{
	for (size_t i = 0; i < screen->leaks.rows.shown_count; i++)
		if (leaks_shown(&screen->leaks, i)->listener == cookie)
			return leaks_shown(&screen->leaks, i);
	return NULL;
}

static const char *shown(struct screen *screen)
{
	screen->output.length = 0;
	leaks_show_json(&screen->leaks, &screen->output, 0);
	*output_reserve(&screen->output, 1) = 0;
	return screen->output.text;
}

static const char *sentence_of(const struct screen *screen, const struct leak_row *row)
{
	static struct sentence sentence;

	sentence = (struct sentence){0};
	leaks_say_reason(&sentence, &screen->leaks, row);
	leaks_say_where(&sentence, &screen->leaks, row);
	return sentence.text;
}

static void a_prefork_server_is_one_row_of_who_began_first(void **state)
{
	struct screen *screen = *state;
	const struct leak_row *row;

	list_prefork(screen, 3, 2);
	ends(screen, false);
	assert_int_equal(screen->leaks.rows.shown_count, 1);
	row = listener_row(screen, LISTENER);
	assert_int_equal(row->sockets, 2);
	assert_int_equal(leaks_process(&screen->leaks, row->row.process)->id.pid, 6);
	assert_int_equal(leaks_verdict(row), VERDICT_BACKLOG);
	assert_int_equal(row->owner_by.value, OWNER_LISTEN);
	assert_true(row->oldest[0].fd == -1);
	assert_int_equal(screen->leaks.sockets, 2);
}

static void the_evidence_has_the_listener_and_who_holds_it(void **state)
{
	struct screen *screen = *state;
	const char *text;

	list_prefork(screen, 1, 1);
	ends(screen, false);
	text = shown(screen);
	assert_non_null(strstr(text, "\"owner_by\":\"listen\""));
	assert_non_null(strstr(
		text, "\"listener\":{\"direction\":\"in\",\"netns\":4026531840,\"family\":\"ipv4\","
		      "\"laddr\":\"10.0.0.1\",\"lport\":80,\"raddr\":null,\"rport\":null,"
		      "\"queue\":1,\"queue_limit\":128,"
		      "\"holders\":[{\"pid\":6,\"comm\":\"holder\",\"fd\":5},"
		      "{\"pid\":7,\"comm\":\"holder\",\"fd\":5}],\"holders_total\":2}"));
	assert_non_null(strstr(text, "\"fd\":null"));
	assert_non_null(strstr(text, "\"watched\":null,\"holders\":[],\"holders_total\":0"));
}

static void by_a_group_it_is_a_row_of_its_own_as_well(void **state)
{
	struct screen *screen = *state;

	again_with(screen, (struct view_config){.by = BY_COMM, .once = true});
	list_prefork(screen, 2, 2);
	add(screen, 50, SECOND, 0);
	hold(screen, 50, 7, 9);
	ends(screen, false);
	assert_int_equal(screen->leaks.rows.shown_count, 2);
	assert_string_equal(listener_row(screen, LISTENER)->row.name, "holder");
	assert_int_equal(listener_row(screen, LISTENER)->sockets, 2);
	assert_string_equal(listener_row(screen, 0)->row.name, "holder");
	assert_int_equal(listener_row(screen, 0)->sockets, 1);
}

static void what_it_holds_and_what_waits_are_apart(void **state)
{
	struct screen *screen = *state;

	list_prefork(screen, 0, 3);
	add(screen, 50, 20 * SECOND, 0);
	hold(screen, 50, 6, 9);
	ends(screen, false);
	assert_int_equal(screen->leaks.rows.shown_count, 2);
	assert_int_equal(listener_row(screen, LISTENER)->sockets, 3);
	assert_int_equal(leaks_verdict(listener_row(screen, LISTENER)), VERDICT_BACKLOG);
	assert_int_equal(listener_row(screen, 0)->sockets, 1);
	assert_int_equal(leaks_verdict(listener_row(screen, 0)), VERDICT_LEAK);
	assert_int_equal(listener_row(screen, 0)->owner_by.value, OWNER_HOLDER);
}

/* SO_REUSEPORT: two share the port, and the one with the shorter queue has it. */
static void it_is_in_the_queue_that_the_kernel_tells(void **state)
{
	struct screen *screen = *state;

	begins(screen);
	add_listener(screen, LISTENER, 1);
	add_listener(screen, LISTENER + 1, 9);
	hold(screen, LISTENER, 6, 3);
	hold(screen, LISTENER + 1, 7, 3);
	add_waiting(screen, 1, LISTENER);
	ends(screen, false);
	assert_non_null(listener_row(screen, LISTENER));
	assert_null(listener_row(screen, LISTENER + 1));
	screen->time_ns += SECOND;
	begins(screen);
	hold(screen, LISTENER, 6, 3);
	hold(screen, LISTENER + 1, 7, 3);
	add_waiting(screen, 1, 0);
	ends(screen, false);
	assert_int_equal(listener_row(screen, LISTENER)->sockets, 0);
	assert_int_equal(listener_row(screen, LISTENER + 1)->sockets, 1);
}

static void a_filter_on_processes_asks_each_holder(void **state)
{
	struct screen *screen = *state;

	screen->filter.pid = 8;
	list_prefork(screen, 3, 2);
	ends(screen, false);
	assert_int_equal(listener_row(screen, LISTENER)->sockets, 2);
	assert_int_equal(screen->leaks.all, 2);
	screen->filter.pid = 20;
	list_prefork(screen, 3, 2);
	ends(screen, false);
	assert_int_equal(listener_row(screen, LISTENER)->sockets, 0);
	assert_int_equal(screen->leaks.sockets, 0);
	assert_int_equal(screen->leaks.all, 2);
}

static void tell_of(struct screen *screen, uint32_t pid, struct process_facts facts)
{
	struct record_facts record = facts_of(screen->time_ns, pid);

	facts.fds = facts.fd_limit = FACTS_UNKNOWN;
	facts.looked = true;
	facts.threads = facts.looked_at = facts.threads ? facts.threads : 1;
	record.facts = facts;
	feed(screen->world, record);
}

static void all_that_hold_it_are_looked_at(void **state)
{
	struct screen *screen = *state;
	struct process_facts waits = {.waiting = 1, .state = 'S'}, stopped = {.stopped = 1};
	struct process_facts facts;

	strcpy(waits.syscall, "epoll_wait");
	waits.names_total = 1;
	waits.names[0] = (struct thread_name){"worker", 1, "epoll_wait"};
	list_prefork(screen, 2, 1);
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_ENDS));
	assert_int_equal(asked(screen, QUESTION_THREADS), 3);
	assert_int_equal(asked(screen, QUESTION_DESCRIPTORS), 0);
	assert_int_equal(asked(screen, QUESTION_WATCHED), 0);
	tell_of(screen, 6, stopped);
	tell_of(screen, 7, waits);
	tell_of(screen, 8, waits);
	leaks_refresh(&screen->leaks, 0, false);
	facts = leaks_facts(&screen->leaks, listener_row(screen, LISTENER));
	assert_int_equal(facts.threads, 3);
	assert_int_equal(facts.waiting, 2);
	assert_int_equal(facts.names_total, 1);
	assert_int_equal(facts.names[0].threads, 2);
	assert_int_equal(leaks_verdict(listener_row(screen, LISTENER)), VERDICT_BACKLOG);
	assert_string_equal(
		sentence_of(screen, listener_row(screen, LISTENER)),
		"does not accept: 1 that gave up is in its backlog; 2 of 3 threads wait "
		"in epoll_wait; queue at 10.0.0.1:80: 1 of 128; 3 processes hold it");
	tell_of(screen, 7, stopped);
	tell_of(screen, 8, stopped);
	leaks_refresh(&screen->leaks, 0, false);
	assert_int_equal(leaks_verdict(listener_row(screen, LISTENER)), VERDICT_STOPPED);
	assert_string_equal(
		sentence_of(screen, listener_row(screen, LISTENER)),
		"stopped by a signal, 3 processes that hold a listener: it takes one of "
		"them to accept 1 socket; queue at 10.0.0.1:80: 1 of 128; 3 processes "
		"hold it");
}

/* Threads of one name that wait in different places, in processes of different looks. */
static void facts_are_put_together(void **state)
{
	struct screen *screen = *state;
	struct process_facts one = {.waiting = 1, .state = 'S', .threads = 2}, other = one, facts;
	const struct leak_row *row;

	strcpy(one.syscall, "futex");
	one.names_total = 12;
	one.names[0] = (struct thread_name){"worker", 2, "futex"};
	one.looked_for_ns = 100;
	one.ran_ns = 50;
	one.starved_ns = 10;
	one.idle_loop = true;
	strcpy(other.syscall, "read");
	other.waiting = 2;
	other.names_total = 2;
	other.names[0] = (struct thread_name){"other", 4, ""};
	other.names[1] = (struct thread_name){"worker", 3, "read"};
	other.looked_for_ns = 200;
	other.ran_ns = 100;
	other.starved_ns = 180;
	other.tracer = process_of(15, "gdb");
	list_prefork(screen, 1, 1);
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_ENDS));
	tell_of(screen, 6, one);
	tell_of(screen, 7, other);
	leaks_refresh(&screen->leaks, 0, false);
	row = listener_row(screen, LISTENER);
	facts = leaks_facts(&screen->leaks, row);
	assert_int_equal(facts.threads, 4);
	assert_int_equal(facts.waiting, 2);
	assert_string_equal(facts.syscall, "read");
	assert_false(facts.idle_loop);
	assert_int_equal(facts.tracer.pid, 15);
	assert_true(threads_share(&facts, facts.ran_ns) == 1);
	assert_true(leaks_starved(&screen->leaks, row) == 0.9);
	assert_int_equal(facts.names_total, 4);
	assert_string_equal(facts.names[0].name, "worker");
	assert_int_equal(facts.names[0].threads, 5);
	assert_string_equal(facts.names[0].waiting_in, "read");
	assert_string_equal(facts.names[1].name, "other");
}

static void of_very_many_holders_some_are_looked_at_and_shown(void **state)
{
	struct screen *screen = *state;
	const char *text;

	list_prefork(screen, 63, 1);
	feed(screen->world, close_waits_listing_of(screen->time_ns, LISTING_ENDS));
	assert_int_equal(asked(screen, QUESTION_THREADS), LEAKS_LISTENER_LOOKS);
	leaks_refresh(&screen->leaks, 0, false);
	text = sentence_of(screen, listener_row(screen, LISTENER));
	assert_non_null(strstr(text, "; 64 processes hold it, 10 of them were looked at"));
	text = shown(screen);
	assert_non_null(strstr(text, "{\"pid\":15,\"comm\":\"holder\",\"fd\":5}],"
				     "\"holders_total\":64"));
}

static void a_full_queue_is_said(void **state)
{
	struct screen *screen = *state;

	list_prefork(screen, 0, 129);
	ends(screen, false);
	assert_string_equal(sentence_of(screen, listener_row(screen, LISTENER)),
			    "does not accept: 129 that gave up are in its backlog; queue at "
			    "10.0.0.1:80: 129 of 128, full");
}

/* A direct descriptor of io_uring, or one under way, is in nobody's table. */
static void what_nobody_holds_is_charged_to_who_listens(void **state)
{
	struct screen *screen = *state;
	struct record_socket record;
	const struct leak_row *row;

	list_prefork(screen, 1, 0);
	record = close_wait_row(1, screen->time_ns, 0, 0, screen->time_ns - 20 * SECOND);
	record.tuple = tuple_of("10.0.0.1", 80, "10.0.0.2", 40000);
	feed(screen->world, record);
	record.cookie = 2;
	record.tuple = tuple_of("10.0.0.1", 40001, "10.0.0.2", 80);
	feed(screen->world, record);
	ends(screen, false);
	row = row_of(screen, 6);
	assert_int_equal(row->sockets, 1);
	assert_true(row->listener == 0);
	assert_int_equal(row->owner_by.value, OWNER_LISTEN);
	assert_string_equal(sentence_of(screen, row),
			    "all was read from 1 peer, it is not closed; an answer may still come; "
			    "no descriptor of it was found: charged to who listens there; 1 at "
			    "10.0.0.1:80");
	assert_int_equal(row_of(screen, 0)->sockets, 1);
	assert_int_equal(row_of(screen, 0)->owner_by.value, OWNER_NONE);
}

static void a_row_whose_sockets_differ_has_no_owner_by(void **state)
{
	struct screen *screen = *state;
	struct record_socket record;

	list_prefork(screen, 0, 0);
	record = close_wait_row(1, screen->time_ns, 0, 0, screen->time_ns - 20 * SECOND);
	record.tuple = tuple_of("10.0.0.1", 80, "10.0.0.2", 40000);
	feed(screen->world, record);
	record.cookie = 2;
	feed(screen->world, record);
	hold(screen, 2, 6, 9);
	ends(screen, false);
	assert_int_equal(row_of(screen, 6)->sockets, 2);
	assert_true(row_of(screen, 6)->owner_by.mixed);
	assert_non_null(strstr(shown(screen), "\"owner_by\":null"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		screen_test(a_prefork_server_is_one_row_of_who_began_first),
		screen_test(the_evidence_has_the_listener_and_who_holds_it),
		screen_test(by_a_group_it_is_a_row_of_its_own_as_well),
		screen_test(what_it_holds_and_what_waits_are_apart),
		screen_test(it_is_in_the_queue_that_the_kernel_tells),
		screen_test(a_filter_on_processes_asks_each_holder),
		screen_test(all_that_hold_it_are_looked_at),
		screen_test(facts_are_put_together),
		screen_test(of_very_many_holders_some_are_looked_at_and_shown),
		screen_test(a_full_queue_is_said),
		screen_test(what_nobody_holds_is_charged_to_who_listens),
		screen_test(a_row_whose_sockets_differ_has_no_owner_by),
	};

	return cmocka_run_group_tests_name("leaks_listener", tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who made the sockets that others hold: a parent without CLOEXEC, a process that hands them on. */
#include "leaks_screen.h"

#define PARENT 500 /* began at 500 s, as pids are seconds here, */
#define CHILD  900 /* and this one at 900 s: the sockets are of 800 s */
#define LAST   (800 * SECOND)

/* Held by `pid`, its end of file not read, its last data of `last_ns`. */
static void add_held(struct screen *screen, uint64_t cookie, uint64_t last_ns)
{
	struct record_socket record =
		close_wait_row(cookie, screen->time_ns, 1, 0, screen->time_ns - 20 * SECOND);

	record.times.received_ns = last_ns;
	record.direction = DIRECTION_OUT;
	feed(screen->world, record);
}

static void held_by(struct screen *screen, uint64_t cookie, uint32_t pid, const char *comm)
{
	feed(screen->world, holder_of(cookie, screen->time_ns, pid, comm));
}

static void describe(struct screen *screen, uint32_t pid, const char *exe)
{
	feed(screen->world, description_of(pid, "", exe, "/"));
}

/* As looked at; `parent` 0: it has ended, and nobody knows. */
static void looked_at(struct screen *screen, uint32_t pid, uint32_t parent)
{
	struct process_facts facts = {
		.fds = FACTS_UNKNOWN, .fd_limit = FACTS_UNKNOWN, .looked = true, .looked_at = 1};

	facts.threads = 1;
	if (parent)
		facts.ancestors[0] = (struct ancestor){.pid = parent, .start_ns = parent * SECOND};
	facts.ancestors[parent ? 1 : 0] = (struct ancestor){.pid = 1, .start_ns = SECOND};
	tell_facts(screen, pid, facts);
	leaks_refresh(&screen->leaks, 0, false);
}

static const char *reason(const struct screen *screen, uint32_t pid)
{
	static struct sentence sentence;

	sentence = (struct sentence){0};
	leaks_say_reason(&sentence, &screen->leaks, row_of(screen, pid));
	return sentence.text;
}

static uint32_t maker(const struct screen *screen, uint32_t pid)
{
	const struct process *maker = leaks_maker(&screen->leaks, row_of(screen, pid));

	return maker ? maker->id.pid : 0;
}

#define says(screen, pid, text)                                                                    \
	check(strstr(reason(screen, pid), text) == reason(screen, pid), "%s", reason(screen, pid))

/* Six of them, which parent and child hold, or the child alone. */
static void list_six(struct screen *screen, bool with_parent, uint64_t last_ns)
{
	begins(screen);
	for (uint64_t cookie = 1; cookie <= 6; cookie++) {
		add_held(screen, cookie, last_ns);
		held_by(screen, cookie, CHILD, "sleep");
		if (with_parent)
			held_by(screen, cookie, PARENT, "python3");
	}
	ends(screen, false);
}

static void a_child_that_holds_what_its_parent_made_has_inherited_it(void **state)
{
	struct screen *screen = *state;

	list_six(screen, true, LAST);
	assert_true(asks(screen, QUESTION_ANCESTORS));
	looked_at(screen, CHILD, PARENT);
	looked_at(screen, PARENT, 0);
	assert_false(asks(screen, QUESTION_ANCESTORS));
	says(screen, CHILD,
	     "6 are older than the process: inherited from python3[500]; no CLOEXEC");
	assert_int_equal(maker(screen, CHILD), PARENT);
	assert_false(row_of(screen, CHILD)->judgement.inferred);
	/* which holds what is its own */
	assert_int_equal(maker(screen, PARENT), 0);
	assert_int_equal(leaks_verdict(row_of(screen, PARENT)), VERDICT_IDLE_POOL);
}

/* It was seen to hold them while it lived. */
static void the_maker_is_remembered_when_it_has_ended(void **state)
{
	struct screen *screen = *state;

	list_six(screen, true, LAST);
	looked_at(screen, CHILD, PARENT);
	screen->time_ns += SECOND;
	list_six(screen, false, LAST);
	looked_at(screen, CHILD, 0); /* now it descends from init */
	says(screen, CHILD,
	     "6 are older than the process: inherited from python3[500]; no CLOEXEC");
	assert_int_equal(maker(screen, CHILD), PARENT);
}

static void of_whom_is_inferred_where_nobody_was_seen(void **state)
{
	struct screen *screen = *state;

	list_six(screen, false, LAST);
	looked_at(screen, CHILD, 0);
	says(screen, CHILD,
	     "6 are older than the process: inherited over fork or exec; no CLOEXEC (inferred)");
	assert_int_equal(maker(screen, CHILD), 0);
	assert_int_equal(row_of(screen, CHILD)->judgement.cause, LEAK_INHERITED);
}

/* Who holds them beside it, and began before, may have got them from elsewhere. */
static void who_is_no_ancestor_is_no_maker(void **state)
{
	struct screen *screen = *state;

	list_six(screen, true, LAST);
	looked_at(screen, CHILD, 0);
	assert_int_equal(maker(screen, CHILD), 0);
	says(screen, CHILD,
	     "6 are older than the process: inherited over fork or exec; no CLOEXEC (inferred)");
}

static void a_worker_of_the_same_program_is_not_blamed(void **state)
{
	struct screen *screen = *state;

	describe(screen, PARENT, "/usr/sbin/daemon");
	describe(screen, CHILD, "/usr/sbin/daemon");
	list_six(screen, true, LAST);
	looked_at(screen, CHILD, PARENT);
	assert_int_equal(leaks_verdict(row_of(screen, CHILD)), VERDICT_IDLE_POOL);
	assert_int_equal(maker(screen, CHILD), PARENT);
	/* nor if it is not known to descend from it */
	again_with(screen, (struct view_config){.age_ns = 10 * SECOND});
	describe(screen, PARENT, "/usr/sbin/daemon");
	describe(screen, CHILD, "/usr/sbin/daemon");
	list_six(screen, true, LAST);
	looked_at(screen, CHILD, 0);
	assert_int_equal(leaks_verdict(row_of(screen, CHILD)), VERDICT_IDLE_POOL);
}

static void what_carried_data_since_is_its_own(void **state)
{
	struct screen *screen = *state;

	list_six(screen, false, CHILD * SECOND - SECOND + 1);
	assert_false(asks(screen, QUESTION_ANCESTORS));
	looked_at(screen, CHILD, 0);
	assert_int_equal(leaks_verdict(row_of(screen, CHILD)), VERDICT_IDLE_POOL);
	screen->time_ns += SECOND;
	list_six(screen, false, CHILD * SECOND - SECOND);
	looked_at(screen, CHILD, 0);
	assert_int_equal(row_of(screen, CHILD)->judgement.cause, LEAK_INHERITED);
}

/* Starts are on a clock that goes on while the host is suspended. */
static void a_start_is_compared_on_the_same_clock(void **state)
{
	struct record_refresh refresh = refresh_of(BEGIN);
	struct screen *screen = *state;

	refresh.monotonic_offset_ns = world_clocks.monotonic_ns;
	refresh.boottime_offset_ns = world_clocks.monotonic_ns - 150 * (int64_t)SECOND;
	list_six(screen, false, LAST);
	feed(screen->world, refresh); /* so it began at 750 s */
	screen->time_ns += SECOND;
	list_six(screen, false, LAST);
	looked_at(screen, CHILD, 0);
	assert_int_equal(leaks_verdict(row_of(screen, CHILD)), VERDICT_IDLE_POOL);
}

static void eighty_percent_have_to_be_older(void **state)
{
	struct screen *screen = *state;

	for (unsigned int older = 7; older <= 8; older++) {
		begins(screen);
		for (uint64_t cookie = 1; cookie <= 10; cookie++) {
			add_held(screen, cookie, cookie <= older ? LAST : 950 * SECOND);
			held_by(screen, cookie, CHILD, "sleep");
		}
		ends(screen, false);
		looked_at(screen, CHILD, 0);
		assert_int_equal(leaks_verdict(row_of(screen, CHILD)),
				 older == 8 ? VERDICT_LEAK : VERDICT_IDLE_POOL);
		screen->time_ns += SECOND;
	}
}

/* A server that accepts and hands on: nothing was inherited, but who made them is told. */
static void who_accepted_is_the_maker(void **state)
{
	struct screen *screen = *state;
	struct record_socket record = close_wait_row(1, screen->time_ns, 1, 0, BEGIN - 20 * SECOND);

	record.times.received_ns = 950 * SECOND;
	record.direction = DIRECTION_IN;
	record.owner = process_of(PARENT, "master");
	record.owner_by = OWNER_ACCEPT;
	begins(screen);
	feed(screen->world, record);
	held_by(screen, 1, CHILD, "worker");
	ends(screen, false);
	looked_at(screen, CHILD, PARENT);
	assert_int_equal(maker(screen, CHILD), PARENT);
	assert_int_equal(leaks_verdict(row_of(screen, CHILD)), VERDICT_NOT_READING);
}

static void several_makers_are_none(void **state)
{
	struct screen *screen = *state;

	begins(screen);
	for (uint64_t cookie = 1; cookie <= 2; cookie++) {
		add_held(screen, cookie, LAST);
		held_by(screen, cookie, CHILD, "sleep");
		held_by(screen, cookie, PARENT + (uint32_t)cookie, "python3");
	}
	ends(screen, false);
	tell_facts(screen, CHILD,
		   (struct process_facts){.fds = FACTS_UNKNOWN,
					  .fd_limit = FACTS_UNKNOWN,
					  .looked = true,
					  .looked_at = 1,
					  .threads = 1,
					  .ancestors = {{.pid = 502, .start_ns = 502 * SECOND},
							{.pid = 501, .start_ns = 501 * SECOND}}});
	leaks_refresh(&screen->leaks, 0, false);
	assert_int_equal(maker(screen, CHILD), 0);
	says(screen, CHILD,
	     "2 are older than the process: inherited over fork or exec; no CLOEXEC");
	assert_false(row_of(screen, CHILD)->judgement.inferred);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		screen_test(a_child_that_holds_what_its_parent_made_has_inherited_it),
		screen_test(the_maker_is_remembered_when_it_has_ended),
		screen_test(of_whom_is_inferred_where_nobody_was_seen),
		screen_test(who_is_no_ancestor_is_no_maker),
		screen_test(a_worker_of_the_same_program_is_not_blamed),
		screen_test(what_carried_data_since_is_its_own),
		screen_test(a_start_is_compared_on_the_same_clock),
		screen_test(eighty_percent_have_to_be_older),
		screen_test(who_accepted_is_the_maker),
		screen_test(several_makers_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* leaks --stacks: the code that leaks, beside the code that does not. */
#include "leaks_screen.h"

#define LEAKY	11
#define HEALTHY 12
#define READER	13

static int setup_stacks(void **state)
{
	setup(state);
	again_with(*state, (struct view_config){.age_ns = 10 * SECOND, .stacks = true});
	return 0;
}

static void tell(struct screen *screen, uint64_t id, const char *symbol)
{
	const char *const symbols[] = {"connect", symbol, "main"};
	struct record_stack record = stack_of(id, symbols, 3);

	strcpy(record.stack.frames[0].module, "/usr/lib/x86_64-linux-gnu/libc.so.6");
	feed(screen->world, record);
}

static void moves(struct screen *screen, uint64_t cookie, unsigned int old, unsigned int new)
{
	feed(screen->world, transition_of(cookie, 50 * SECOND, old, new));
}

static void opens(struct screen *screen, uint64_t cookie, uint64_t stack)
{
	feed(screen->world, call_of(cookie, 50 * SECOND, STACK_CONNECT, 7, stack));
	moves(screen, cookie, TCP_CLOSE, TCP_SYN_SENT);
	moves(screen, cookie, TCP_SYN_SENT, TCP_ESTABLISHED);
}

/* Two leaked, both by one path; three from another were closed. */
static void leaks_two(struct screen *screen)
{
	tell(screen, LEAKY, "fetch");
	tell(screen, HEALTHY, "probe");
	tell(screen, READER, "read_all");
	for (uint64_t cookie = 1; cookie <= 2; cookie++) {
		opens(screen, cookie, LEAKY);
		moves(screen, cookie, TCP_ESTABLISHED, TCP_CLOSE_WAIT);
		feed(screen->world, call_of(cookie, 50 * SECOND, STACK_EOF, 7, READER));
	}
	for (uint64_t cookie = 3; cookie <= 5; cookie++) {
		opens(screen, cookie, HEALTHY);
		moves(screen, cookie, TCP_ESTABLISHED, TCP_FIN_WAIT1);
	}
	begins(screen);
	for (uint64_t cookie = 1; cookie <= 2; cookie++) {
		add(screen, cookie, 20 * SECOND, 7);
		hold(screen, cookie, 7, (uint32_t)cookie);
	}
	ends(screen, false);
}

static const char *shown(struct screen *screen, bool json)
{
	struct text_style text = {0};

	screen->output.length = 0;
	if (json)
		leaks_show_json(&screen->leaks, &screen->output, 0);
	else
		leaks_show_text(&screen->leaks, &screen->output, &text, false);
	*output_reserve(&screen->output, 1) = 0;
	return screen->output.text;
}

static void the_contrast_is_the_proof(void **state)
{
	struct screen *screen = *state;

	leaks_two(screen);
	assert_non_null(strstr(shown(screen, false),
			       "opened by connect in app.c:2 fetch <- app.c:3 main: 2 of 2 from "
			       "here leaked, 0 closed; 0 of 3 from another path\n"));
	assert_non_null(strstr(shown(screen, false),
			       "end of file read in app.c:2 read_all <- app.c:3 main: 2 of 2 not "
			       "closed, 0 closed\n"));
}

static void the_object_has_the_healthy_path_as_well(void **state)
{
	struct screen *screen = *state;
	const char *text;

	leaks_two(screen);
	text = strstr(shown(screen, true), "\"stacks\":[");
	assert_non_null(text);
	assert_non_null(
		strstr(text, "{\"event\":\"connect\",\"count\":2,\"opened\":2,\"closed\":0,"
			     "\"truncated\":false,\"frames\":[{\"symbol\":\"connect\",\"offset\":0,"
			     "\"module\":\"/usr/lib/x86_64-linux-gnu/libc.so.6\",\"build_id\":null,"
			     "\"file\":\"/src/app.c\",\"line\":1,\"address\":4096},"));
	assert_non_null(
		strstr(text, "{\"event\":\"connect\",\"count\":0,\"opened\":3,\"closed\":3,"));
	assert_non_null(strstr(text, "{\"event\":\"eof\",\"count\":2,\"opened\":2,\"closed\":0,"));
}

static void flame_graphs_have_the_opener_alone(void **state)
{
	struct screen *screen = *state;

	leaks_two(screen);
	screen->output.length = 0;
	leaks_fold(&screen->leaks, &screen->output);
	*output_reserve(&screen->output, 1) = 0;
	assert_string_equal(screen->output.text, "holder;main;fetch;connect 2\n");
}

static void what_was_not_seen_is_said(void **state)
{
	struct screen *screen = *state;

	begins(screen);
	add(screen, 1, 20 * SECOND, 7);
	hold(screen, 1, 7, 3);
	ends(screen, false);
	assert_non_null(strstr(shown(screen, false), "which code opened it was not seen"));
	assert_non_null(strstr(shown(screen, true), "\"stacks\":[],"));
}

static void processes_of_a_group_share_their_stacks(void **state)
{
	struct screen *screen = *state;

	again_with(screen,
		   (struct view_config){.age_ns = 10 * SECOND, .stacks = true, .by = BY_COMM});
	tell(screen, LEAKY, "fetch");
	for (uint64_t cookie = 1; cookie <= 2; cookie++) {
		feed(screen->world,
		     call_of(cookie, 50 * SECOND, STACK_CONNECT, (uint32_t)(7 + cookie), LEAKY));
		moves(screen, cookie, TCP_CLOSE, TCP_SYN_SENT);
		moves(screen, cookie, TCP_SYN_SENT, TCP_ESTABLISHED);
	}
	begins(screen);
	for (uint64_t cookie = 1; cookie <= 2; cookie++) {
		add(screen, cookie, 20 * SECOND, (uint32_t)(7 + cookie));
		hold(screen, cookie, (uint32_t)(7 + cookie), 3);
	}
	ends(screen, false);
	assert_non_null(
		strstr(shown(screen, true), "{\"event\":\"connect\",\"count\":2,\"opened\":2,"));
}

#define stacks_test(test) cmocka_unit_test_setup_teardown(test, setup_stacks, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		stacks_test(the_contrast_is_the_proof),
		stacks_test(the_object_has_the_healthy_path_as_well),
		stacks_test(flame_graphs_have_the_opener_alone),
		stacks_test(what_was_not_seen_is_said),
		stacks_test(processes_of_a_group_share_their_stacks),
	};

	return cmocka_run_group_tests_name("leaks-stacks", tests, NULL, NULL);
}

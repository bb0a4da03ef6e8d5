// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a view shows is the same whether it runs alone, on a stream that has only what it needs, or
 * together with others, on one that has what all of them need.
 */
#include <stdlib.h>

#include "stage.h"
#include "traffic.h"
#include "unit.h"
#include "view/leaks/leaks.h"
#include "view/opening/opening.h"
#include "view/ports/ports.h"
#include "view/timewait/timewait.h"
#include "view/trace/trace.h"

#define SEEDS 100

#define VIEWS 4

/*
 * Not `closing`: what it tells of ages and of orphans depends on the stream. It and `opening` ask
 * for holders that `leaks` then shows as well.
 */
static const struct view *const sets[][VIEWS] = {
	{&leaks_view, &timewait_view, &ports_view, &trace_view},
	{&opening_view, &timewait_view, &ports_view, &trace_view},
};

static void play(struct stage *stage, const struct record_list *list)
{
	struct source_config config = {
		.needs = stage->watch.model.needs,
		.filter = &stage->watch.filter,
		.sink = {stage_record, stage},
		.ask = stage_ask,
		.context = stage,
	};

	list_play(list, &config);
}

/* What the views show, to be freed. */
static void watch_list(const struct record_list *list, const struct options *options,
		       const struct view *const *views, size_t count, char **texts)
{
	struct stage *stage = calloc(1, sizeof(*stage));

	stage_begin(stage, options, views, count);
	play(stage, list);
	stage_end(stage, texts);
	free(stage);
}

static void check_seed(const struct options *options, const struct view *const *views,
		       uint64_t seed)
{
	char *together[VIEWS], *alone;
	struct record_list list;

	traffic_make(&list, seed);
	watch_list(&list, options, views, VIEWS, together);
	for (size_t i = 0; i < VIEWS; i++) {
		watch_list(&list, options, &views[i], 1, &alone);
		check_same(views[i]->name, seed, alone, together[i]);
		free(alone);
		free(together[i]);
	}
	record_list_free(&list);
}

static void check_seeds(const struct options *options)
{
	for (size_t set = 0; set < COUNT(sets); set++)
		for (uint64_t seed = 1; seed <= SEEDS; seed++)
			check_seed(options, sets[set], seed);
}

static void test_json(void **state)
{
	static struct options options = {.json = true, .age_s = 0.5};

	(void)state;
	check_seeds(&options);
}

static void test_text(void **state)
{
	static struct options options = {.age_s = 0.5};

	(void)state;
	check_seeds(&options);
}

static void test_with_a_filter_on_ports(void **state)
{
	static struct options options = {.json = true, .tuples.rport.active = 1};

	(void)state;
	options.tuples.rport.bitmap[TRAFFIC_PORT / 8] = 1 << TRAFFIC_PORT % 8;
	check_seeds(&options);
}

static void test_with_a_filter_on_processes(void **state)
{
	static struct options options = {.json = true, .processes.pid = TRAFFIC_PID};

	(void)state;
	check_seeds(&options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_with_a_filter_on_ports),
		cmocka_unit_test(test_with_a_filter_on_processes),
	};

	return cmocka_run_group_tests_name("together", tests, NULL, NULL);
}

// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a view shows is the same whether it runs alone, on a stream that has only what it needs, or
 * together with others, on one that has what all of them need.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "command/watch.h"
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

struct run {
	struct watch watch;
	int fds[VIEWS];
	struct list_source source;
	uint32_t refreshes;
};

static void show(struct run *run, struct watched *watched, uint64_t time_ns)
{
	if (!watched->view->refresh)
		return;
	watched->view->refresh(watched->self, time_ns, run->source.at == run->source.list->count);
	if (run->watch.options->json)
		watched->view->show_json(watched->self, &watched->output, 0);
	else
		watched->view->show_text(watched->self, &watched->output, &(struct text_style){0},
					 false);
}

static void on_record(void *context, const struct record_header *record)
{
	struct run *run = context;

	model_apply(&run->watch.model, record);
	if (record->type != RECORD_REFRESH)
		return;
	for (size_t i = 0; i < run->watch.view_count; i++)
		show(run, &run->watch.views[i], record->time_ns);
}

static void ask(void *context, struct questions *questions)
{
	const struct watch *watch = &((struct run *)context)->watch;

	for (size_t i = 0; i < watch->view_count; i++)
		if (watch->views[i].view->ask)
			watch->views[i].view->ask(watch->views[i].self, questions);
}

static void play(struct run *run, const struct record_list *list)
{
	struct source_config config = {
		.needs = run->watch.model.needs,
		.filter = &run->watch.filter,
		.sink = {on_record, run},
		.ask = ask,
		.context = run,
	};
	struct record_source begins = {
		.header = {RECORD_SOURCE, sizeof(begins), 0, list->items[0].record->time_ns},
		.timewait_ns = 60 * 1000000000ULL,
	};
	struct refusal refusal;

	run->source = (struct list_source){.list = list, .config = &config};
	on_record(run, &begins.header);
	list_kind.begin(&run->source, &refusal);
	while (list_source_turn(&run->source))
		continue;
	for (size_t i = 0; i < run->watch.view_count; i++)
		output_flush(&run->watch.views[i].output);
}

/* What the views show, to be freed. */
static void watch_list(const struct record_list *list, const struct options *options,
		       const struct view *const *views, size_t count, char **shown)
{
	struct run *run = calloc(1, sizeof(*run));

	for (size_t i = 0; i < count; i++)
		run->fds[i] = memfd_create("shown", MFD_CLOEXEC);
	watch_init(&run->watch, options, views, run->fds, count);
	play(run, list);
	watch_free(&run->watch);
	for (size_t i = 0; i < count; i++) {
		off_t length = lseek(run->fds[i], 0, SEEK_END);

		shown[i] = calloc(1, (size_t)length + 1);
		assert_int_equal(pread(run->fds[i], shown[i], (size_t)length, 0), length);
		close(run->fds[i]);
	}
	free(run);
}

#define AROUND 400 /* cmocka has room for a kilobyte */

static void check_same(const char *name, uint64_t seed, const char *alone, const char *together)
{
	size_t same = 0, from;

	while (alone[same] && alone[same] == together[same])
		same++;
	from = same > AROUND / 2 ? same - AROUND / 2 : 0;
	check(!alone[same] && !together[same], "%s, seed %llu: alone\n%.*s\ntogether\n%.*s\n", name,
	      (unsigned long long)seed, AROUND, alone + from, AROUND, together + from);
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

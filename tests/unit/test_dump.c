// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a model knows is known by one that is fed with what it dumps. */
#include <stdlib.h>

#include "model/dump.h"
#include "record/decode.h"
#include "records.h"
#include "stage.h"
#include "traffic.h"
#include "unit.h"
#include "view/views.h"

#define SEEDS 50

struct pair {
	struct model *from;
	struct model *to;
};

static void feed(void *context, const struct record_header *record)
{
	struct pair *pair = context;

	assert_non_null(record_decode(record, record->size));
	model_apply(pair->to, record);
}

static const char *text(const char *string)
{
	return string ? string : "";
}

static void check_owner(const struct pair *pair, const struct connection *was,
			const struct connection *is)
{
	const struct process *owner = processes_get(&pair->from->connections.processes, was->owner);
	const struct process *found = processes_get(&pair->to->connections.processes, is->owner);

	assert_int_equal(!owner, !found);
	if (!owner)
		return;
	assert_int_equal(found->key, owner->key);
	assert_string_equal(text(found->exe), text(owner->exe));
	assert_string_equal(text(found->cgroup), text(owner->cgroup));
	assert_int_equal(is->owner_by, was->owner_by);
}

static void check_connection(void *context, struct connection *was)
{
	const struct pair *pair = context;
	const struct connection *is = connections_find(&pair->to->connections, was->cookie);

	if (was->flags & CONNECTION_GONE || was->state == TCP_CLOSE)
		return;
	assert_non_null(is);
	assert_int_equal(is->state, was->state);
	assert_memory_equal(&is->tuple, &was->tuple, sizeof(is->tuple));
	check_owner(pair, was, is);
	if (was->state == TCP_TIME_WAIT && was->since_ns)
		assert_int_equal(is->since_ns, was->since_ns);
}

static void check_models(const struct pair *pair)
{
	connections_each(&pair->from->connections, check_connection, (void *)pair);
	assert_int_equal(pair->to->lacks, pair->from->lacks);
	assert_int_equal(pair->to->ports.space_count, pair->from->ports.space_count);
	for (size_t i = 0; i < pair->from->ports.space_count; i++) {
		const struct port_space *was = &pair->from->ports.spaces[i];
		const struct port_space *is = port_spaces_find(&pair->to->ports, was->netns);

		assert_non_null(is);
		assert_int_equal(is->low, was->low);
		assert_int_equal(is->high, was->high);
	}
}

static void dump(struct stage *stage, uint64_t time_ns)
{
	struct stage *fresh = calloc(1, sizeof(*fresh));
	static const struct options options = {.json = true, .interval_s = 1};
	struct pair pair = {&stage->watch.model, &fresh->watch.model};
	struct record_sink sink = {feed, &pair};
	char *texts[ALL_VIEWS];

	stage_begin(fresh, &options, all_views, ALL_VIEWS);
	model_dump(pair.from, time_ns, &sink);
	check_models(&pair);
	stage_end(fresh, texts);
	for (size_t i = 0; i < ALL_VIEWS; i++)
		free(texts[i]);
	free(fresh);
}

static void on_record(void *context, const struct record_header *record)
{
	stage_record(context, record);
	if (record->type == RECORD_REFRESH)
		dump(context, record->time_ns);
}

static void test_at_each_refresh(void **state)
{
	static const struct options options = {.json = true, .interval_s = 1};

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct stage *stage = calloc(1, sizeof(*stage));
		struct source_config config = {
			.sink = {on_record, stage}, .ask = stage_ask, .context = stage};
		struct record_list list;
		char *texts[ALL_VIEWS];

		traffic_make(&list, seed);
		stage_begin(stage, &options, all_views, ALL_VIEWS);
		config.needs = stage->watch.model.needs;
		config.filter = &stage->watch.filter;
		list_play(&list, &config);
		stage_end(stage, texts);
		record_list_free(&list);
		for (size_t i = 0; i < ALL_VIEWS; i++)
			free(texts[i]);
		free(stage);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_each_refresh),
	};

	return cmocka_run_group_tests_name("dump", tests, NULL, NULL);
}
